//! The masked field for a secret's value: it shows nothing of what is in it.

use super::Paint;
use crate::engine::words::ui;
use crate::flow::event::SecretShape;
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::field::secret_field;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width.min(84));
    doc.text(Role::Plain, ui("secret.paste_here"));
    doc.text(Role::Quiet, ui("screen.secret_where"));
    doc.blank();
    let empty = state.secret.empty;
    secret_field(&mut doc, empty, ui(if empty { "screen.secret_empty" } else { "screen.secret_something" }));
    if let Some(text) = state.secret.refused.and_then(refusal) {
        doc.blank();
        doc.hanging("! ", Role::Bad, Role::Plain, ui(text));
    }
    doc
}

const fn refusal(shape: SecretShape) -> Option<&'static str> {
    match shape {
        SecretShape::Value => None,
        SecretShape::Empty => Some("secret.empty"),
        SecretShape::Id => Some("secret.looks_like_id"),
        SecretShape::Odd => Some("screen.secret_odd"),
    }
}
