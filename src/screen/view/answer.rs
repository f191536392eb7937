//! The function's answer to the rehearsal, and what it proves.

use super::Paint;
use crate::engine::words::{ui, ui_with, words};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::table::facts;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let Some(seen) = state.facts.rehearsal.value() else {
        doc.text(Role::Plain, ui("screen.no_answer"));
        return doc;
    };
    let status = seen.status.to_string();
    let good = seen.let_in();
    let key = if seen.answers_anybody() { "rehearsal.open" } else { "rehearsal.ok" };
    let line = ui_with(key, &[("status", &status), ("person", &seen.caller)]);
    let (mark, role) = if good { ("✓ ", Role::Good) } else { ("✗ ", Role::Bad) };
    doc.hanging(mark, role, role, &line);
    doc.blank();
    if seen.answer.is_empty() {
        doc.text(Role::Quiet, ui("screen.empty_answer"));
    } else {
        doc.indented(2, |doc| doc.text(Role::Value, &seen.answer));
    }
    doc.blank();
    let diagnosis = seen.diagnosis.as_deref().unwrap_or_default();
    facts(
        &mut doc,
        &[
            (ui("screen.answer_called"), &seen.called),
            (ui("screen.answer_caller"), &seen.caller),
            (ui("screen.answer_audience"), &seen.audience),
            (ui("screen.answer_issuer"), &seen.issuer),
            (ui("screen.answer_scopes"), &seen.scopes),
            (ui("screen.answer_diagnosis"), diagnosis),
        ],
    );
    doc.blank();
    if good {
        doc.text(Role::Plain, &words().end().not_seen);
    }
    doc
}
