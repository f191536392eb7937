//! Text from outside, made safe to show: no control, direction or invisible characters, and never too long.
//!
//! A display name or an error text from a service is data. It may hold escape sequences that repaint the terminal,
//! marks that turn the reading direction round, or a megabyte of accents on one letter. What is shown goes through here.

use super::words::{say, say_with};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const ELLIPSIS: char = '…';
/// Accents beyond this many on one letter are dropped.
const MARKS_PER_LETTER: usize = 4;
const TAB: &str = "    ";

/// Whether a character has no place in a terminal: it acts instead of being seen, or hides.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{FFFE}' | '\u{FFFF}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a character ends a line: `\n`, `\r`, and the rarer ones that some programs honour.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{000B}' | '\u{000C}' | '\u{0085}' | '\u{2028}' | '\u{2029}')
}

/// One line of clean text, at most `max_cells` terminal cells wide. Line breaks and runs of spaces become one space;
/// what does not fit is cut and marked with an ellipsis.
pub fn clean_line(text: &str, max_cells: usize) -> String {
    // Cleaning stops soon after the width is reached: a hostile name may be a megabyte long.
    let mut line = Line::new(max_cells);
    let mut gap = false;
    for c in text.chars() {
        if is_break(c) || c.is_whitespace() {
            gap = !line.text.is_empty();
        } else if !is_hidden(c) {
            if (gap && !line.push(' ')) || !line.push(c) {
                break;
            }
            gap = false;
        }
    }
    line.finish()
}

/// Several lines of clean text, each at most `max_cells` wide, at most `max_lines` of them. Line breaks are kept,
/// more than one blank line in a row becomes one, tabs become spaces; blank lines at both ends go.
pub fn clean_block(text: &str, max_cells: usize, max_lines: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut cut = false;
    for raw in text.replace("\r\n", "\n").split(is_break) {
        let mut line = Line::new(max_cells);
        for c in raw.chars() {
            let fits = match c {
                '\t' => TAB.chars().all(|space| line.push(space)),
                c if is_hidden(c) => true,
                c if c.is_whitespace() => line.push(' '),
                c => line.push(c),
            };
            if !fits {
                break;
            }
        }
        let line = line.finish();
        if line.is_empty() && lines.last().is_none_or(String::is_empty) {
            continue;
        }
        if lines.len() == max_lines {
            if line.is_empty() {
                continue;
            }
            cut = true;
            break;
        }
        lines.push(line);
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if cut && let Some(last) = lines.last_mut() {
        let mut line = Line::new(max_cells);
        let whole = last.chars().chain([' ', ELLIPSIS]).all(|c| line.push(c));
        *last = if whole { line.text } else { line.finish() };
    }
    lines.join("\n")
}

/// A line that is being filled up to a width.
struct Line {
    text: String,
    cells: usize,
    max: usize,
    marks: usize,
    overflow: bool,
}

impl Line {
    fn new(max: usize) -> Self {
        Self { text: String::new(), cells: 0, max, marks: 0, overflow: false }
    }

    /// Adds a character; `false` when there is no room left.
    fn push(&mut self, c: char) -> bool {
        let width = c.width().unwrap_or(0);
        if width == 0 {
            // A mark without a letter would sit on whatever stands before it on the screen.
            if self.text.is_empty() || self.marks == MARKS_PER_LETTER {
                return true;
            }
            self.marks += 1;
        } else if self.cells + width > self.max {
            self.overflow = true;
            return false;
        } else {
            self.marks = 0;
        }
        self.text.push(c);
        self.cells += width;
        true
    }

    fn finish(mut self) -> String {
        if self.overflow && self.max > 0 {
            while self.text.width() + 1 > self.max && self.text.pop().is_some() {}
            self.text.truncate(self.text.trim_end().len());
            self.text.push(ELLIPSIS);
        } else {
            self.text.truncate(self.text.trim_end().len());
        }
        self.text
    }
}

/// A pasted value after cleaning, and what was done to it. It may be a secret, so it cannot be printed for debugging.
pub struct Cleaned {
    /// The value: no spaces around it, no line breaks, no invisible characters.
    pub text: String,
    /// How many characters were kept.
    pub kept: usize,
    /// How many line breaks were taken out (`\r\n` counts as one).
    pub line_breaks: usize,
    /// How many invisible or control characters were taken out.
    pub hidden: usize,
    /// How many spaces and tabs were taken off both ends.
    pub spaces: usize,
}

impl Cleaned {
    /// What happened, such as `36 characters pasted, 1 line break removed`. Never quotes the value.
    pub fn report(&self) -> String {
        let removed: Vec<String> = [
            (self.line_breaks, say("pasted.line_break"), say("pasted.line_breaks")),
            (self.hidden, say("pasted.invisible"), say("pasted.invisibles")),
            (self.spaces, say("pasted.space"), say("pasted.spaces")),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
        let count = self.kept.to_string();
        let kept = if self.kept == 1 {
            say_with("pasted.kept_one", &[("count", &count)])
        } else {
            say_with("pasted.kept", &[("count", &count)])
        };
        match removed.split_last() {
            None => kept,
            Some((last, [])) => say_with("pasted.removed", &[("kept", &kept), ("last", last)]),
            Some((last, others)) => say_with(
                "pasted.removed_more",
                &[("kept", &kept), ("others", &others.join(", ")), ("last", last)],
            ),
        }
    }
}

/// Cleans a pasted single value, such as an ID, an address or a secret. Spaces inside it are kept: whoever judges the
/// value should see them.
pub fn clean_paste(pasted: &str) -> Cleaned {
    // Room for all of it at once: growing would leave copies of a secret behind in freed memory.
    let mut text = String::with_capacity(pasted.len());
    let (mut line_breaks, mut hidden, mut after_return) = (0, 0, false);
    for c in pasted.chars() {
        if is_break(c) {
            line_breaks += usize::from(!(c == '\n' && after_return));
        } else if c != '\t' && is_hidden(c) {
            hidden += 1;
        } else {
            text.push(c);
        }
        after_return = c == '\r';
    }
    let before = text.chars().count();
    text.truncate(text.trim_end().len());
    text.drain(..text.len() - text.trim_start().len());
    let kept = text.chars().count();
    Cleaned { text, kept, line_breaks, hidden, spaces: before - kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_cleaned() {
        for (dirty, max, clean) in [
            ("Contoso", 20, "Contoso"),
            ("  Hello \t\r\n  world  ", 20, "Hello world"),
            ("\u{1b}[2Jevil\u{7}", 20, "[2Jevil"),
            ("safe\u{202e}txt.exe", 20, "safetxt.exe"),
            ("zero\u{200b}width\u{feff}", 20, "zerowidth"),
            ("\u{9b}31mred", 20, "31mred"),
            ("a\u{2028}b\u{85}c", 20, "a b c"),
            ("abcdefgh", 5, "abcd…"),
            ("abc    ", 3, "abc"),
            ("ab cdef", 4, "ab…"),
            ("日本語テキスト", 7, "日本語…"),
            ("日本", 1, "…"),
            ("abc", 0, ""),
            ("", 5, ""),
            ("\n\n", 5, ""),
            ("\u{301}lead", 9, "lead"),
        ] {
            assert_eq!(clean_line(dirty, max), clean, "{dirty:?}");
        }
    }

    #[test]
    fn a_tower_of_accents_is_cut_down() {
        let tower = format!("e{}!", "\u{301}".repeat(10_000));
        assert_eq!(clean_line(&tower, 10), format!("e{}!", "\u{301}".repeat(4)));
    }

    #[test]
    fn blocks_keep_their_lines() {
        assert_eq!(
            clean_block("\n one\t1\r\n\r\n\r\n\u{1b}two  \r three\n\n", 40, 9),
            " one    1\n\ntwo\n three"
        );
        assert_eq!(clean_block("a\nb\nc\nd", 40, 2), "a\nb …");
        assert_eq!(clean_block("abcdefgh\nb\nc", 4, 1), "abc…");
        assert_eq!(clean_block("a\nb\n\n", 40, 2), "a\nb");
        assert_eq!(clean_block("a", 40, 0), "");
    }

    #[test]
    fn a_paste_is_reported_without_quoting_it() {
        let guid = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
        for (pasted, text, report) in [
            (guid.to_owned(), guid, "36 characters pasted"),
            (format!("{guid}\n"), guid, "36 characters pasted, 1 line break removed"),
            (format!("  {guid}\r\n"), guid, "36 characters pasted, 1 line break and 2 spaces removed"),
            (
                format!("\u{feff}{guid} \n\n"),
                guid,
                "36 characters pasted, 2 line breaks, 1 invisible character and 1 space removed",
            ),
            ("x".to_owned(), "x", "1 character pasted"),
            ("a\tb".to_owned(), "a\tb", "3 characters pasted"),
            ("\n".to_owned(), "", "0 characters pasted, 1 line break removed"),
        ] {
            let cleaned = clean_paste(&pasted);
            assert_eq!(cleaned.text, text);
            assert_eq!(cleaned.report(), report);
        }
    }

    proptest! {
        #[test]
        fn a_clean_line_fits_and_hides_nothing(text in ".{0,60}|\\PC{0,60}|[\\x00-\\u{2fff}]{0,60}", max in 0_usize..40) {
            let clean = clean_line(&text, max);
            prop_assert!(clean.width() <= max);
            prop_assert!(!clean.chars().any(is_hidden));
            prop_assert_eq!(clean_line(&clean, max), clean.clone());
        }

        #[test]
        fn a_clean_block_fits_and_hides_nothing(text in "(?s).{0,200}", max in 1_usize..40, rows in 0_usize..6) {
            let clean = clean_block(&text, max, rows);
            prop_assert!(clean.lines().count() <= rows);
            for line in clean.lines() {
                prop_assert!(line.width() <= max);
                prop_assert!(!line.chars().any(is_hidden));
            }
        }

        #[test]
        fn every_pasted_character_is_accounted_for(text in "[a-c\\n\\t \\u{200b}\\u{1b}]{0,40}") {
            let cleaned = clean_paste(&text);
            prop_assert_eq!(
                cleaned.kept + cleaned.line_breaks + cleaned.hidden + cleaned.spaces,
                text.chars().count()
            );
            prop_assert_eq!(cleaned.text.trim(), cleaned.text.as_str());
        }
    }
}
