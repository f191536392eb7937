//! The masked field: what is typed into it is wiped from memory, and nothing but its length class leaves it.

use secrecy::SecretString;
use zeroize::Zeroize;

/// The longest secret that is taken, in bytes. Entra's are about 40 characters (microsoft-cloud 4.5).
const CAPACITY: usize = 512;

/// A one-line field for a secret. Its buffer never grows, so that no copy is left behind by a reallocation.
pub struct MaskedField {
    buffer: String,
}

impl Default for MaskedField {
    fn default() -> Self {
        Self { buffer: String::with_capacity(CAPACITY) }
    }
}

impl MaskedField {
    /// Adds one character at the end. Control characters, and what does not fit, are left out.
    pub fn push(&mut self, c: char) {
        if !c.is_control() && self.buffer.len() + c.len_utf8() <= CAPACITY {
            self.buffer.push(c);
        }
    }

    /// Adds a pasted text: the white space around it and everything from the first line break on is left out.
    pub fn paste(&mut self, text: &str) {
        let line = text.trim().lines().next().unwrap_or_default();
        line.chars().for_each(|c| self.push(c));
    }

    /// Takes the last character away.
    pub fn backspace(&mut self) {
        self.buffer.pop();
    }

    /// Wipes it.
    pub fn clear(&mut self) {
        self.buffer.zeroize();
        self.buffer.reserve(CAPACITY);
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes the value out and wipes the field.
    pub fn take(&mut self) -> SecretString {
        let value = SecretString::from(self.buffer.trim().to_owned());
        self.clear();
        value
    }
}

impl Drop for MaskedField {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_paste_is_one_line_without_the_space_around_it() {
        let mut field = MaskedField::default();
        field.paste("  abc~DEF\r\nsecond line");
        assert_eq!(field.take().expose_secret(), "abc~DEF");
        assert!(field.is_empty());
    }

    #[test]
    fn it_never_grows_and_takes_no_control_characters() {
        let mut field = MaskedField::default();
        field.paste(&"x".repeat(2000));
        field.push('\u{7}');
        field.push('é');
        assert_eq!(field.buffer.len(), CAPACITY);
        assert_eq!(field.buffer.capacity(), CAPACITY);
        field.backspace();
        assert_eq!(field.buffer.len(), CAPACITY - 1);
    }
}
