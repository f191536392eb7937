//! A one-line text field without a terminal: text, cursor, and the editing that keys do.

use crate::engine::words::say;
use crate::flow::event::Key;

/// The longest text that a field takes, in characters; an error message of Entra's fits in.
pub const LIMIT: usize = 8_000;

/// A line of text with a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    text: String,
    /// In characters, not bytes.
    cursor: usize,
    /// What became of the last paste (`36 characters pasted, 1 line break removed`), or why typing was refused.
    pub note: Option<String>,
}

impl Field {
    /// A field with a text in it, the cursor behind it.
    pub fn with(text: impl Into<String>) -> Self {
        let text = text.into();
        let cursor = text.chars().count();
        Self { text, cursor, note: None }
    }

    /// The text as it stands.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the cursor is, in characters from the start.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn byte(&self, at: usize) -> usize {
        self.text.char_indices().nth(at).map_or(self.text.len(), |(i, _)| i)
    }

    /// Puts text in at the cursor. Control characters are left out; what is over the limit too, with a note.
    pub fn insert(&mut self, text: &str) {
        self.note = None;
        let room = LIMIT.saturating_sub(self.text.chars().count());
        let clean: String = text.chars().filter(|c| !c.is_control()).collect();
        let fitting: String = clean.chars().take(room).collect();
        if fitting.len() < clean.len() {
            self.note = Some(say("handing_over.field_full").to_owned());
        }
        let at = self.byte(self.cursor);
        self.text.insert_str(at, &fitting);
        self.cursor += fitting.chars().count();
    }

    /// Does what an editing key does; false when the key is none of them.
    pub fn key(&mut self, key: Key) -> bool {
        let length = self.text.chars().count();
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Backspace if self.cursor > 0 => self.cut(self.cursor - 1, self.cursor),
            Key::Delete if self.cursor < length => self.cut(self.cursor, self.cursor + 1),
            Key::CtrlU => self.cut(0, length),
            Key::CtrlW => {
                let before: Vec<char> = self.text.chars().take(self.cursor).collect();
                let word_end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |i| i + 1);
                let from = before[..word_end].iter().rposition(|c| c.is_whitespace()).map_or(0, |i| i + 1);
                self.cut(from, self.cursor);
            }
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(length),
            // In an empty field there is nowhere to go: the keys are free for a list below it.
            Key::Home | Key::End if length == 0 => return false,
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = length,
            Key::Backspace | Key::Delete => {}
            _ => return false,
        }
        true
    }

    /// Drops what stands behind the first such character, which stays as a mark of it; whether anything did.
    pub fn end_behind(&mut self, mark: char) -> bool {
        let Some(end) = self.text.find(mark).map(|at| at + mark.len_utf8()) else { return false };
        let more = end < self.text.len();
        self.text.truncate(end);
        self.cursor = self.cursor.min(self.text.chars().count());
        more
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.note = None;
        let (a, b) = (self.byte(from), self.byte(to));
        self.text.replace_range(a..b, "");
        self.cursor = from;
    }
}

/// What was typed into each field, kept for when a panel is opened again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The function app's address.
    pub app_url: Field,
    /// The filter over the list of function apps.
    pub app_filter: Field,
    /// The filter over the list of tenants.
    pub tenant_filter: Field,
    /// The filter over the list of subscriptions.
    pub subscription_filter: Field,
    /// The tenant to sign in to, by id or domain.
    pub tenant: Field,
    /// The connector's client ID.
    pub client_id: Field,
    /// The connector's redirect URL.
    pub redirect: Field,
    /// A pasted sign-in error.
    pub error: Field,
    /// The final address of a rehearsal's sign-in.
    pub final_address: Field,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_by_characters_not_bytes() {
        let mut field = Field::with("äö");
        field.key(Key::Left);
        field.key(Key::Char('x'));
        assert_eq!((field.text(), field.cursor()), ("äxö", 2));
        field.key(Key::Backspace);
        field.key(Key::Delete);
        assert_eq!((field.text(), field.cursor()), ("ä", 1));
        field.key(Key::Home);
        field.key(Key::Backspace);
        assert_eq!(field.text(), "ä");
    }

    #[test]
    fn word_delete_takes_one_word_and_the_spaces_behind_it() {
        let mut field = Field::with("one two  ");
        field.key(Key::CtrlW);
        assert_eq!(field.text(), "one ");
        field.key(Key::CtrlW);
        assert_eq!(field.text(), "");
        field.key(Key::CtrlW);
        assert_eq!(field.text(), "");
    }

    #[test]
    fn a_field_takes_neither_control_characters_nor_too_much() {
        let mut field = Field::default();
        field.insert("a\u{1b}[31m\nb");
        assert_eq!(field.text(), "a[31mb");
        field.insert(&"x".repeat(LIMIT));
        assert_eq!(field.text().chars().count(), LIMIT);
        assert!(field.note.is_some());
    }
}
