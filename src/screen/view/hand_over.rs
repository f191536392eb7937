//! Stage 6: the connector page's fields in the page's own order, each with the value to put in.

use super::Paint;
use crate::engine::words::ui;
use crate::flow::event::CopyOutcome;
use crate::flow::hand_over::{Row, RowId, RowValue, rows};
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::text::{cells, fit, pad, short_id};

const SECTION: usize = 10;
const STATE: usize = 11;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let rows = rows(state);
    let selected = menu::selected(state);
    let labels = rows.iter().map(|r| cells(r.id.label())).max().unwrap_or(0);
    let mut section = "";
    for row in &rows {
        let here = selected == Some(Item::Row(row.id));
        let name = if row.id.section() == section { "" } else { row.id.section() };
        section = row.id.section();
        let add = |doc: &mut Doc| line(doc, row, name, labels, here);
        if here { doc.focused(add) } else { add(&mut doc) }
    }
    if !state.files.is_empty() {
        doc.blank();
        for file in &state.files {
            doc.hanging(ui("screen.file_written"), Role::Quiet, Role::Value, file);
        }
    }
    doc
}

fn line(doc: &mut Doc, row: &Row, section: &str, labels: usize, here: bool) {
    let from = doc.height();
    let lead = if here { "> " } else { "  " };
    let fixed = 2 + SECTION + labels + 2 + STATE;
    let room = doc.width().saturating_sub(fixed + 1);
    let (value, role) = match &row.value {
        RowValue::Text(text) => (short(row.id, text), if row.copyable { Role::Value } else { Role::Strong }),
        RowValue::Hidden => (String::new(), Role::Plain),
        RowValue::Missing if row.hint.is_empty() => (ui("screen.not_known").to_owned(), Role::Quiet),
        RowValue::Missing => (String::new(), Role::Quiet),
    };
    let value = fit(&value, room);
    let hint = match (value.is_empty(), row.hint) {
        (_, "") => String::new(),
        (true, hint) => fit(hint, room),
        (false, hint) => {
            let hint = format!(" ({hint})");
            if cells(&value) + cells(&hint) <= room { hint } else { String::new() }
        }
    };
    let gap = " ".repeat(room.saturating_sub(cells(&value) + cells(&hint)) + 1);
    let (state, state_role) = state_of(row);
    doc.pieces(&[
        (lead, Role::Plain),
        (&pad(section, SECTION), Role::Quiet),
        (&pad(row.id.label(), labels), Role::Plain),
        ("  ", Role::Plain),
        (&value, role),
        (&hint, Role::Quiet),
        (&gap, Role::Plain),
        (&state, state_role),
    ]);
    if here {
        let style = doc.theme.style(Role::Selected);
        doc.bar(from, style);
    }
}

/// Ids that Enter copies whole may be shown without their middle.
fn short(id: RowId, text: &str) -> String {
    match id {
        RowId::ClientId | RowId::TenantId | RowId::ResourceUrl => short_id(text),
        _ => text.to_owned(),
    }
}

/// The digit that copies the row, and what became of copying it.
fn state_of(row: &Row) -> (String, Role) {
    if !row.copyable {
        return (String::new(), Role::Plain);
    }
    let (word, role) = match &row.outcome {
        None => (ui("screen.copy"), Role::Key),
        Some(CopyOutcome::Copied) => (ui("clip.copied"), Role::Good),
        Some(CopyOutcome::Sent) => (ui("screen.copy_sent"), Role::Caution),
        Some(CopyOutcome::Failed(_)) => (ui("screen.copy_failed"), Role::Bad),
    };
    let digit = row.digit.map_or_else(String::new, |d| format!("{d} "));
    (fit(&format!("{digit}{word}"), STATE), role)
}
