//! Making text from the clipboard fit to be looked at: it may come from anywhere.

/// Line ends become `\n`; control characters and characters that only steer the display are left out.
pub(super) fn cleaned(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                clean.push('\n');
            }
            '\n' | '\t' => clean.push(c),
            _ if c.is_control() || is_invisible(c) => {}
            _ => clean.push(c),
        }
    }
    clean
}

/// Marks that change the reading direction, have no width, or start a file.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        assert_eq!(
            cleaned("https://contoso.com/?a=1\n\tGrüße, 東京 🙂"),
            "https://contoso.com/?a=1\n\tGrüße, 東京 🙂"
        );
    }

    #[test]
    fn line_ends_become_one_kind() {
        assert_eq!(cleaned("a\r\nb\rc\n\r\nd"), "a\nb\nc\n\nd");
    }

    #[test]
    fn what_steers_a_terminal_or_a_display_is_left_out() {
        assert_eq!(cleaned("\u{feff}a\u{1b}[2Jb\u{0}c\u{9b}d\u{202e}e\u{200b}f\u{7f}"), "a[2Jbcdef");
    }
}
