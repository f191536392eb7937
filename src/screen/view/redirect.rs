//! Bringing the redirect URL back: typed or pasted.

use super::{Paint, pick};
use crate::engine::words::ui;
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn typing(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.redirect_type"));
    doc.text(Role::Quiet, ui("screen.redirect_where"));
    doc.blank();
    pick::field(&mut doc, ui("screen.label_redirect"), &state.fields.redirect, "https://");
    doc
}
