//! Lists to choose from: one row has the cursor, which is a leading `>` and reverse video.

use ratatui::text::Span;

use super::doc::Doc;
use super::text::{cells, fit, pad};
use crate::screen::theme::Role;

/// One row of a list.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What it is.
    pub label: String,
    /// More about it, second in rank; aligned with that of the other rows.
    pub detail: String,
}

/// Adds the rows; the one with the cursor is kept in view.
pub fn list(doc: &mut Doc, rows: &[Row], cursor: Option<usize>) {
    let most = doc.width().saturating_sub(2);
    let details = rows.iter().any(|r| !r.detail.is_empty());
    let widest = rows.iter().map(|r| cells(&r.label)).max().unwrap_or(0);
    let label_room = widest.min(if details { most * 3 / 5 } else { most });
    for (index, row) in rows.iter().enumerate() {
        let selected = cursor == Some(index);
        let add = |doc: &mut Doc| {
            let from = doc.height();
            let mark = doc.theme.cursor(selected);
            let label = pad(&row.label, label_room);
            doc.pieces(&[
                (mark, Role::Plain),
                (&label, Role::Plain),
                ("  ", Role::Plain),
                (&row.detail, Role::Quiet),
            ]);
            if selected {
                let style = doc.theme.style(Role::Selected);
                doc.bar(from, style);
            }
        };
        if selected { doc.focused(add) } else { add(doc) }
    }
}

/// One entry of a list whose entries take several lines: its title, then what is to be known of it.
pub fn choice(doc: &mut Doc, here: bool, title: &str, role: Role, about: impl FnOnce(&mut Doc)) {
    let add = |doc: &mut Doc| {
        let from = doc.height();
        doc.pieces(&[(doc.theme.cursor(here), Role::Plain), (title, role)]);
        if here {
            let style = doc.theme.style(Role::Selected);
            doc.bar(from, style);
        }
        doc.indented(2, about);
    };
    if here { doc.focused(add) } else { add(doc) }
}

/// Something to do.
#[derive(Debug, Clone)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// The letter that does the same.
    pub key: Option<char>,
    /// Whether it can be chosen now.
    pub enabled: bool,
    /// Whether the next Enter does it.
    pub selected: bool,
}

/// Buttons below each other, their letters in a column.
pub fn menu(doc: &mut Doc, buttons: &[Button]) {
    let room = doc.width().saturating_sub(6);
    let widest = buttons.iter().map(|b| cells(&b.label)).max().unwrap_or(0).min(room);
    let keys = buttons.iter().any(|b| b.key.is_some());
    for button in buttons {
        let spans = spans(doc, button, widest, keys);
        if button.selected { doc.focused(|doc| doc.push(spans)) } else { doc.push(spans) }
    }
}

/// Buttons beside each other, for where there is no room below; a button is never broken.
pub fn flow(doc: &mut Doc, buttons: &[Button]) {
    let mut line: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    let mut focus = false;
    for button in buttons {
        let label = cells(&fit(&button.label, doc.width().saturating_sub(6)));
        let spans = spans(doc, button, label, button.key.is_some());
        let width: usize = spans.iter().map(Span::width).sum();
        if used > 0 && used + 1 + width > doc.width() {
            add_line(doc, &mut line, focus);
            (used, focus) = (0, false);
        }
        if used > 0 {
            line.push(Span::raw(" "));
            used += 1;
        }
        line.extend(spans);
        used += width;
        focus |= button.selected;
    }
    add_line(doc, &mut line, focus);
}

fn add_line(doc: &mut Doc, line: &mut Vec<Span<'static>>, focus: bool) {
    let line = std::mem::take(line);
    if line.is_empty() {
        return;
    }
    if focus { doc.focused(|doc| doc.push(line)) } else { doc.push(line) }
}

/// `> Label  k `: the cursor, the label padded to a width, the letter where there are letters.
fn spans(doc: &Doc, button: &Button, width: usize, keys: bool) -> Vec<Span<'static>> {
    let (label, letter) = if button.enabled { (Role::Plain, Role::Key) } else { (Role::Quiet, Role::Quiet) };
    let key = match button.key.filter(|_| button.enabled) {
        Some(key) => format!("  {key}"),
        None if keys => "   ".to_owned(),
        None => String::new(),
    };
    let style = |role| doc.theme.style(if button.selected { Role::Selected } else { role });
    vec![
        Span::styled(doc.theme.cursor(button.selected), style(label)),
        Span::styled(pad(&button.label, width), style(label)),
        Span::styled(key, style(letter)),
        Span::styled(" ", style(label)),
    ]
}
