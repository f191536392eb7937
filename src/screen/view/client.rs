//! Typing or pasting the connector's client ID, where its registration cannot be seen.

use super::{Paint, pick};
use crate::engine::words::ui;
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width.min(84));
    doc.text(Role::Plain, ui("screen.client_type"));
    doc.text(Role::Quiet, ui("screen.client_where"));
    doc.blank();
    doc.text(Role::Plain, ui("screen.client_unseen"));
    doc.blank();
    let hint = ui("screen.client_hint");
    pick::field(&mut doc, ui("screen.label_client"), &state.fields.client_id, hint);
    doc
}
