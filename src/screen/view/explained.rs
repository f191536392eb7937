//! An error that was pasted, and what it means here: each code, what helps, and the stage where it is mended.

use super::{Paint, pick};
use crate::engine::error_codes::{Explained, Explanation};
use crate::engine::words::{ui, ui_with, words};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn pasting(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.error_paste"));
    doc.text(Role::Quiet, ui("screen.error_why"));
    doc.blank();
    pick::field(&mut doc, ui("screen.label_message"), &state.fields.error, ui("screen.error_hint"));
    doc
}

pub fn body(found: &Explained, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    for code in &found.codes {
        one(&mut doc, code);
        doc.blank();
    }
    let lines = found.support_lines();
    if !lines.is_empty() {
        doc.text(Role::Quiet, ui("explain.support"));
        doc.indented(2, |doc| lines.iter().for_each(|line| doc.text(Role::Quiet, line)));
    }
    doc
}

fn one(doc: &mut Doc, code: &Explanation) {
    doc.pieces(&[(&code.code, Role::Value), ("  ", Role::Plain), (&code.name, Role::Strong)]);
    doc.indented(2, |doc| {
        doc.text(Role::Plain, &code.means);
        doc.text(Role::Plain, &code.next);
        if let Some(stage) = code.stage.and_then(|id| words().stage(id)) {
            let number = stage.id.number().to_string();
            doc.text(
                Role::Quiet,
                &ui_with("explain.mended", &[("number", &number), ("title", &stage.title)]),
            );
        }
    });
}
