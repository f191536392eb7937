//! Fields: one line of text with a cursor, and the masked one that shows nothing of what is in it.

use ratatui::style::Modifier;
use ratatui::text::Span;
use unicode_width::UnicodeWidthChar;

use super::doc::Doc;
use super::text::{cells, fit};
use crate::screen::theme::{MASK, Role};

/// Stands for what is cut off, before or behind what is shown.
const CUT: &str = "…";

/// A text field: its label, the part of the text around the cursor, underlined, and the terminal's cursor in it.
///
/// `cursor` counts characters. A hint stands where nothing was typed yet.
pub fn text_field(doc: &mut Doc, label: &str, text: &str, cursor: usize, hint: &str) {
    let lead = cells(label) + 2;
    let room = doc.width().saturating_sub(lead + 1).max(4);
    let (visible, column) = window(text, cursor, room);
    let (content, role) =
        if text.is_empty() { (fit(hint, room), Role::Quiet) } else { (visible, Role::Value) };
    line(doc, label, content, role, room);
    doc.cursor_at(lead + column);
}

fn line(doc: &mut Doc, label: &str, content: String, role: Role, room: usize) {
    let rest = " ".repeat((room + 1).saturating_sub(cells(&content)));
    let style = doc.theme.style(role).add_modifier(Modifier::UNDERLINED);
    let label = Span::styled(format!("{}  ", fit(label, 20)), doc.theme.style(Role::Strong));
    let rest = Span::styled(rest, doc.theme.style(Role::Quiet).add_modifier(Modifier::UNDERLINED));
    doc.focused(|doc| doc.push(vec![label, Span::styled(content, style), rest]));
}

/// The part of the text that is shown, with a mark where it is cut, and the cursor's cell in it. Characters without a width of their own, and
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
    let wide = |part: &[(char, usize)]| part.iter().map(|(_, width)| width).sum::<usize>();
    // The cursor's own cell, and one for the mark of what is cut behind it.
    let at_cursor = match &shown[cursor..] {
        [] => 1,
        [(_, width)] => *width,
        [(_, width), ..] => width + 1,
    };
    let (mut from, mut before) = (0, wide(&shown[..cursor]));
    let cut = before + at_cursor > room;
    if cut {
        (from, before) = (cursor, cells(CUT));
        while from > 0 && before + shown[from - 1].1 + at_cursor <= room {
            from -= 1;
            before += shown[from].1;
        }
    }
    let mut visible = if cut { CUT.to_owned() } else { String::new() };
    let mut used = cells(&visible);
    let rest = used + wide(&shown[from..]);
    for (c, width) in &shown[from..] {
        if rest > room && used + width + cells(CUT) > room {
            visible.push_str(CUT);
            break;
        }
        visible.push(*c);
        used += width;
    }
    (visible, before)
}

/// The masked field. The mask is as long for one character as for forty; below it one word on what is in it.
pub fn secret_field(doc: &mut Doc, label: &str, empty: bool, word: &str) {
    let lead = cells(label) + 2;
    let mask = if empty { "" } else { MASK };
    line(doc, label, mask.to_owned(), Role::Value, 40);
    doc.cursor_at(lead + cells(mask));
    doc.indented(lead, |doc| doc.text(Role::Quiet, word));
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
                assert!(text.contains(visible.trim_matches('…')));
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_marked_at_its_end() {
        let shown = |cursor| window("0123456789", cursor, 6);
        assert_eq!(shown(10), ("…6789".to_owned(), 5));
        assert_eq!(shown(0), ("01234…".to_owned(), 0));
        assert_eq!(shown(5), ("…2345…".to_owned(), 4), "the cursor's own is never under a mark");
        assert_eq!(window("0123456789", 9, 10), ("0123456789".to_owned(), 9), "nothing is cut");
    }

    #[test]
    fn what_cannot_be_seen_is_shown_as_a_dot() {
        assert_eq!(window("a\u{202e}b\u{1b}c d", 0, 20).0, "a·b·c d");
    }
}
