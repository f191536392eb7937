//! Fields: one line of text with a cursor, and the masked one that shows nothing of what is in it.

use ratatui::text::Span;
use unicode_width::UnicodeWidthChar;

use super::doc::Doc;
use super::text::{cells, fit};
use crate::screen::theme::{MASK, Role};

const PROMPT: &str = "> ";

/// A text field: the part of the text around the cursor, underlined by its prompt, the terminal's cursor in it.
///
/// `cursor` counts characters. A hint stands where nothing was typed yet.
pub fn text_field(doc: &mut Doc, text: &str, cursor: usize, hint: &str) {
    let room = doc.width().saturating_sub(cells(PROMPT) + 1).max(4);
    let (visible, column) = window(text, cursor, room);
    let prompt = Span::styled(PROMPT, doc.theme.style(Role::Strong));
    let content = if text.is_empty() {
        Span::styled(fit(hint, room), doc.theme.style(Role::Quiet))
    } else {
        Span::styled(visible, doc.theme.style(Role::Value))
    };
    doc.focused(|doc| doc.push(vec![prompt, content]));
    doc.cursor_at(cells(PROMPT) + column);
}

/// The part of the text that is shown, and the cursor's cell in it. Characters without a width of their own, and
/// those that would act on a terminal, are shown as one cell each, so that nothing typed is invisible.
fn window(text: &str, cursor: usize, room: usize) -> (String, usize) {
    let shown: Vec<(char, usize)> = text
        .chars()
        .map(|c| match fit(c.encode_utf8(&mut [0; 4]), 2) {
            s if s.is_empty() && c != ' ' => ('·', 1),
            _ => (c, c.width().unwrap_or(1).max(1)),
        })
        .collect();
    let cursor = cursor.min(shown.len());
    let mut from = cursor;
    let mut before = 0;
    while from > 0 && before + shown[from - 1].1 < room {
        from -= 1;
        before += shown[from].1;
    }
    let mut visible = String::new();
    let mut used = 0;
    for (c, width) in &shown[from..] {
        if used + width > room {
            break;
        }
        visible.push(*c);
        used += width;
    }
    (visible, before)
}

/// The masked field. The mask is as long for one character as for forty; beside it one word on what is in it.
pub fn secret_field(doc: &mut Doc, empty: bool, word: &str) {
    let prompt = Span::styled(PROMPT, doc.theme.style(Role::Strong));
    let (mask, column) = if empty { ("", 0) } else { (MASK, cells(MASK)) };
    let gap = if empty { " " } else { "   " };
    let word =
        Span::styled(fit(word, doc.width().saturating_sub(cells(MASK) + 6)), doc.theme.style(Role::Quiet));
    let mask = Span::styled(mask, doc.theme.style(Role::Value));
    doc.focused(|doc| doc.push(vec![prompt, mask, Span::raw(gap), word]));
    doc.cursor_at(cells(PROMPT) + column);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_always_inside_and_no_wide_character_is_cut() {
        let text = "日本語abc日本語";
        for room in 4..20 {
            for cursor in 0..=text.chars().count() {
                let (visible, column) = window(text, cursor, room);
                assert!(column < room && cells(&visible) <= room, "{room} {cursor}: {visible} {column}");
                assert!(text.contains(&visible));
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown_as_a_dot() {
        assert_eq!(window("a\u{202e}b\u{1b}c d", 0, 20).0, "a·b·c d");
    }
}
