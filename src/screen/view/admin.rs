//! A card to send to an administrator, while this stage keeps watching.

use super::Paint;
use crate::engine::ids::StageId;
use crate::engine::words::{ui, ui_with, words};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;

pub fn body(state: &State, stage: StageId, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.admin"));
    doc.blank();
    doc.indented(2, |doc| doc.text(Role::Value, &card(state, stage)));
    doc
}

fn card(state: &State, stage: StageId) -> String {
    let mut lines = vec![ui("admin_card.intro").to_owned(), String::new()];
    if let Some(ask) = words().stage(stage).and_then(|s| s.ask_admin.as_ref()) {
        lines.push(ui_with("admin_card.what", &[("what", &ask.what)]));
        lines.push(ui_with("admin_card.role", &[("role", &ask.role)]));
    }
    if let Some(app) = state.facts.client_app.value().or(state.facts.api_app.value()) {
        lines.push(ui_with("admin_card.app", &[("name", &app.display_name), ("id", &app.app_id)]));
    }
    if let Some(tenant) = state.facts.tenant.value() {
        lines.push(ui_with("admin_card.tenant", &[("tenant", &tenant.display_name)]));
    }
    lines.join("\n")
}
