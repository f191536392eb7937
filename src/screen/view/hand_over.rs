//! Stage 6: the connector page's fields in the page's own order, each with the value to put in.

use super::Paint;
use crate::engine::words::ui;
use crate::flow::effect::CopyItem;
use crate::flow::event::CopyOutcome;
use crate::flow::hand_over::{Row, RowValue, rows};
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::text::{cells, chop, fit, pad, short_id, tail};

/// Cells for what became of copying, its digit included.
const STATE: usize = 8;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let rows = rows(state);
    let selected = menu::selected(state);
    let pages = rows.iter().map(|r| cells(r.page)).max().unwrap_or(0);
    // Where room is short, the pages' names stand above their rows, and the longest labels may reach into the next column
    // rather than narrow it for all.
    let short_of_room = doc.width() < 76;
    let most = if short_of_room { 19 } else { 30 };
    let labels = rows.iter().map(|r| cells(r.label)).filter(|w| *w <= most).max().unwrap_or(0);
    let mut page = "";
    for row in &rows {
        let here = row.item.is_some_and(|item| selected == Some(Item::Row(item)));
        let name = if row.page == page { "" } else { row.page };
        page = row.page;
        if short_of_room && !name.is_empty() {
            doc.text(Role::Quiet, name);
        }
        let name = if short_of_room { String::new() } else { pad(name, pages) + "  " };
        let columns = [name, pad(row.label, labels.max(cells(row.label)))];
        let add = |doc: &mut Doc| line(doc, row, &columns, here, state.secret.refused_by_entra());
        if here { doc.focused(add) } else { add(&mut doc) }
    }
    if !state.files.is_empty() {
        doc.blank();
        for file in &state.files {
            doc.hanging(&format!("{}  ", ui("screen.file_written")), Role::Quiet, Role::Value, file);
        }
    }
    doc
}

/// What to know about the selected row, for the line of notes.
pub fn about_selected(state: &State) -> Option<String> {
    let Some(Item::Row(item)) = menu::selected(state) else { return None };
    // The one that came back stands whole on the page.
    let row = rows(state).into_iter().find(|row| row.item == Some(item) && item != CopyItem::RedirectUrl)?;
    if let RowValue::Text(text) = &row.value
        && uncopied(&row)
    {
        // Whoever has to select it with the mouse, or type it, needs all of it.
        return Some(format!("{}: {text}", row.label));
    }
    let older = row.older.map(|older| format!(" / {older}")).unwrap_or_default();
    Some(format!("{}{older}: {}", row.label, row.note))
}

fn line(doc: &mut Doc, row: &Row, [page, label]: &[String; 2], here: bool, refused: bool) {
    let from = doc.height();
    // A row that is not copied has the place of the digit for its remark as well.
    let end = if row.item.is_some() { 1 + STATE } else { 0 };
    let room = doc.width().saturating_sub(2 + cells(page) + cells(label) + 1 + end);
    let (value, role) = match &row.value {
        RowValue::Choose(text) => ((*text).to_owned(), Role::Strong),
        RowValue::Text(text) if uncopied(row) && cells(text) <= room => (text.clone(), Role::Value),
        RowValue::Text(text) => (short(row.item, text, room), Role::Value),
        RowValue::Hidden if refused => (ui("hand_over.secret_refused").to_owned(), Role::Bad),
        RowValue::Hidden => (ui("hand_over.secret_ready").to_owned(), Role::Good),
        RowValue::Missing if row.item == Some(CopyItem::ClientSecret) => {
            (ui("hand_over.secret_gone").to_owned(), Role::Caution)
        }
        RowValue::Missing => (ui("screen.not_known").to_owned(), Role::Quiet),
    };
    // What is known about a row without a value to copy stands beside it, where there is room.
    let remark = match &row.value {
        RowValue::Text(text) if row.item == Some(CopyItem::ResourceUrl) && short_id(text) != *text => {
            format!("  ({})", ui("hand_over.resource_is_id"))
        }
        RowValue::Choose(_) => format!("  {}", row.note),
        _ => String::new(),
    };
    let fits = |remark: &str| cells(&value) + cells(remark) <= room;
    // The first part of a remark says the most.
    let first = remark.split_once(',').map_or("", |(first, _)| first);
    let remark = [remark.as_str(), first].into_iter().find(|remark| fits(remark)).unwrap_or_default();
    // Nothing else shows the whole of it, so it unfolds where it is selected.
    let unfolded = match &row.value {
        RowValue::Text(text) if here && row.item == Some(CopyItem::RedirectUrl) => chop(text, room),
        _ => Vec::new(),
    };
    let value = unfolded.first().cloned().unwrap_or_else(|| fit(&value, room));
    let gap = " ".repeat(room.saturating_sub(cells(&value) + cells(remark)) + 1);
    let (state, state_role) = state_of(row);
    doc.pieces(&[
        (doc.theme.cursor(here), Role::Plain),
        (page, Role::Quiet),
        (label, Role::Plain),
        (" ", Role::Plain),
        (&value, role),
        (remark, Role::Quiet),
        (&gap, Role::Plain),
        (&state, state_role),
    ]);
    let under = " ".repeat(2 + cells(page) + cells(label) + 1);
    for rest in unfolded.iter().skip(1) {
        doc.pieces(&[(&under, Role::Plain), (rest, role)]);
    }
    if here {
        let style = doc.theme.style(Role::Selected);
        doc.bar(from, style);
    }
}

/// Whether it was tried to copy the row, and the clipboard is not known to have it.
fn uncopied(row: &Row) -> bool {
    matches!(row.outcome, Some(CopyOutcome::Failed(_) | CopyOutcome::Sent))
}

/// Ids that Enter copies whole may be shown without their middle.
fn short(item: Option<CopyItem>, text: &str, room: usize) -> String {
    match item {
        Some(CopyItem::ClientId | CopyItem::TenantId | CopyItem::ResourceUrl) => short_id(text),
        // What all of them begin with tells none from another.
        Some(CopyItem::RedirectUrl) if cells(text) > room => tail(text, room),
        _ => text.to_owned(),
    }
}

/// The digit that copies the row, and what became of copying it.
fn state_of(row: &Row) -> (String, Role) {
    if !row.copyable {
        return (String::new(), Role::Plain);
    }
    let (word, role) = match &row.outcome {
        None | Some(CopyOutcome::Asks(_)) => (ui("screen.copy"), Role::Key),
        Some(CopyOutcome::Copied) => (ui("clip.copied"), Role::Good),
        Some(CopyOutcome::Sent) => (ui("screen.copy_sent"), Role::Caution),
        Some(CopyOutcome::Failed(_)) => (ui("screen.copy_failed"), Role::Bad),
    };
    let digit = row.digit.map_or_else(String::new, |d| format!("{d} "));
    (fit(&format!("{digit}{word}"), STATE), role)
}
