//! The rehearsal: how far it is, and the address where the person's part of it happens.

use super::{Paint, common, pick};
use crate::engine::words::{ui, ui_with};
use crate::flow::state::{RehearsalStep, RehearsalView, State};
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn binding(paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.binding"));
    doc.text(Role::Quiet, ui("stage.nothing_changed"));
    doc
}

pub fn running(state: &State, view: &RehearsalView, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    let intro = ui_with("rehearsal.intro", &[("uri", &view.redirect)]);
    doc.text(Role::Plain, &intro);
    doc.blank();
    let at = match view.step {
        RehearsalStep::Starting => 0,
        RehearsalStep::SignIn { .. } => 1,
        RehearsalStep::Redeeming => 2,
        RehearsalStep::Calling => 3,
    };
    let steps = ["screen.step_start", "screen.step_sign_in", "screen.step_redeem", "screen.step_call"];
    for (index, step) in steps.into_iter().enumerate() {
        let (mark, role) = match index.cmp(&at) {
            std::cmp::Ordering::Less => ("✓ ", Role::Good),
            std::cmp::Ordering::Equal => ("… ", Role::Waiting),
            std::cmp::Ordering::Greater => ("○ ", Role::Quiet),
        };
        let text = if index == at { Role::Strong } else { Role::Plain };
        doc.pieces(&[(mark, role), (ui(step), text)]);
    }
    if let RehearsalStep::SignIn { address } = &view.step {
        doc.blank();
        let key = if state.setup.no_browser { "screen.open_yourself" } else { "sign_in.waiting_browser" };
        doc.text(Role::Plain, ui(key));
        doc.value(address);
    }
    if let Some(trouble) = &view.trouble {
        doc.blank();
        common::remark(&mut doc, trouble);
    }
    doc
}

pub fn pasting(state: &State, view: &RehearsalView, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("rehearsal.paste_address"));
    let starts = ui_with("screen.final_address", &[("uri", &view.redirect)]);
    doc.text(Role::Quiet, &starts);
    doc.blank();
    pick::field(&mut doc, ui("screen.label_address"), &state.fields.final_address, "http://localhost");
    if let Some(trouble) = &view.trouble {
        doc.blank();
        common::remark(&mut doc, trouble);
    }
    doc
}
