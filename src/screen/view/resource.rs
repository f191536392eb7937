//! Choosing the Resource URL: every candidate, and where it would lead.

use super::Paint;
use crate::engine::words::ui;
use crate::flow::hand_over::{candidates, resource_url};
use crate::flow::menu::{self, Item};
use crate::flow::state::State;
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::list::choice;
use crate::screen::widgets::table::facts;

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.resource"));
    let chosen = resource_url(state);
    let selected = menu::selected(state);
    for candidate in candidates(state) {
        doc.blank();
        let here = selected == Some(Item::Resource(candidate.value.clone()));
        choice(&mut doc, here, &candidate.value, Role::Value, |doc| {
            let mut marks = candidate.label.to_owned();
            if candidate.recommended {
                marks = format!("{marks}, {}", ui("screen.recommended"));
            }
            if chosen.as_deref() == Some(candidate.value.as_str()) {
                marks = format!("{marks}, {}", ui("screen.chosen"));
            }
            doc.text(Role::Quiet, &marks);
            doc.text(Role::Plain, &candidate.note);
            let needs = candidate.needs_audience.as_deref().unwrap_or_default();
            facts(doc, &[(ui("screen.needs_audience"), needs)]);
        });
    }
    doc
}
