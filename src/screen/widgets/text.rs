//! Text in terminal cells: cleaning, wrapping, cutting, shortening. No character is ever cut in half.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::engine::clean::{clean_block, clean_line};

/// Beyond this a text is not for reading on a screen; a hostile one may be a megabyte long.
const MOST_CELLS: usize = 4_000;
const MOST_LINES: usize = 400;

/// How many cells a text takes.
pub fn cells(text: &str) -> usize {
    text.width()
}

/// One clean line, at most `width` cells; an ellipsis stands for what was cut.
pub fn fit(text: &str, width: usize) -> String {
    clean_line(text, width)
}

/// The text clean and padded with spaces to exactly `width` cells.
pub fn pad(text: &str, width: usize) -> String {
    let mut out = fit(text, width);
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(cells(&out))));
    out
}

/// The text in lines of at most `width` cells, cleaned, broken between words; a word that is too long is broken
/// where the line ends. Line breaks in it are kept; leading spaces of its lines too.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    for raw in clean_block(text, MOST_CELLS, MOST_LINES).split('\n') {
        wrap_line(raw, width, &mut lines);
    }
    if lines == [""] {
        lines.clear();
    }
    lines
}

fn wrap_line(raw: &str, width: usize, lines: &mut Vec<String>) {
    let indent = raw.len() - raw.trim_start_matches(' ').len();
    let mut line = " ".repeat(indent.min(width / 2));
    let mut empty = true;
    for word in raw.split(' ').filter(|w| !w.is_empty()) {
        if !empty && cells(&line) + 1 + cells(word) > width {
            lines.push(std::mem::take(&mut line));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        for c in word.chars() {
            if cells(&line) + c.width().unwrap_or(0) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        empty = false;
    }
    lines.push(line);
}

/// A long single value broken over lines of `width` cells wherever the line ends, for addresses and ids.
pub fn chop(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in fit(text, MOST_CELLS).chars() {
        let w = c.width().unwrap_or(0);
        if used + w > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
        used += w;
    }
    lines
}

/// The end of a text in at most `width` cells, where its beginning says the least; an ellipsis stands for what was cut.
pub fn tail(text: &str, width: usize) -> String {
    let text = fit(text, MOST_CELLS);
    if cells(&text) <= width {
        return text;
    }
    let mut used = 1;
    let fitting = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    let end: Vec<char> = text.chars().rev().take_while(fitting).collect();
    std::iter::once('…').chain(end.into_iter().rev()).collect()
}

/// An id without its middle: `59259fa1-…-c21a`. Only for places from which the whole id can be copied.
/// What is no GUID stays as it is.
pub fn short_id(id: &str) -> String {
    let id = fit(id, MOST_CELLS);
    let parts: Vec<&str> = id.split('-').collect();
    let guid = parts.iter().map(|p| p.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_hexdigit()));
    match (guid, parts.first(), parts.last()) {
        (true, Some(first), Some(last)) => format!("{first}-…-{}", &last[last.len() - 4..]),
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wraps_between_words_and_breaks_long_ones() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("日本語テキスト", 5), ["日本", "語テ", "キス", "ト"]);
        assert_eq!(wrap("a\nb", 9), ["a", "b"]);
        assert_eq!(wrap("  two spaces", 40), ["  two spaces"]);
        assert!(wrap("", 9).is_empty());
    }

    #[test]
    fn ids_lose_their_middle_and_nothing_else_does() {
        assert_eq!(short_id("59259fa1-0b1c-4d2e-8f30-41526374c21a"), "59259fa1-…-c21a");
        assert_eq!(short_id("api://59259fa1"), "api://59259fa1");
        assert_eq!(
            short_id("日本語日本-語日-本語-日本-日本語日本語日"),
            "日本語日本-語日-本語-日本-日本語日本語日"
        );
    }

    #[test]
    fn the_end_of_a_text_is_kept_whole_and_marked() {
        assert_eq!(tail("https://example.com/a", 6), "…com/a");
        assert_eq!(tail("short", 5), "short");
        assert_eq!(tail("日本語", 4), "…語");
    }

    #[test]
    fn chopping_loses_nothing() {
        let address = "https://login.microsoftonline.com/common/oauth2/authorize?client_id=x";
        assert_eq!(chop(address, 17).concat(), address);
        assert!(chop(address, 17).iter().all(|l| cells(l) <= 17));
    }

    proptest! {
        #[test]
        fn wrapped_lines_fit_and_keep_every_word(text in "[a-c日é ]{0,80}", width in 2_usize..30) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|l| cells(l) <= width), "{:?}", lines);
            let squeeze = |s: &str| s.split_whitespace().collect::<String>();
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }

        #[test]
        fn padding_is_exact(text in ".{0,30}", width in 0_usize..30) {
            prop_assert_eq!(cells(&pad(&text, width)), width);
        }
    }
}
