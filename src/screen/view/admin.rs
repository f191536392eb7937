//! A card to send to an administrator, while this stage keeps watching.

use super::Paint;
use crate::engine::words::ui;
use crate::flow::derived::{admin_card, granted_unseen};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui(if granted_unseen(state) { "screen.admin_unseen" } else { "screen.admin" }));
    doc.blank();
    doc.indented(2, |doc| {
        for line in admin_card(state).unwrap_or_default() {
            doc.text(Role::Value, &line);
        }
    });
    doc
}
