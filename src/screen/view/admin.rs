//! A card to send to an administrator, while this stage keeps watching.

use super::Paint;
use crate::engine::ids::StageId;
use crate::engine::words::ui;
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, _stage: StageId, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.admin"));
    doc.blank();
    doc.text(Role::Value, &crate::flow::derived::admin_card(state));
    doc
}
