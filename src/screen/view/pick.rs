//! Choosing from what was found: the function app, its address, the connector's registration.

use super::{Paint, common};
use crate::engine::facts::CandidateReason;
use crate::engine::words::{ui, ui_with, words};
use crate::flow::derived::app_rows;
use crate::flow::menu::{self, Item};
use crate::flow::state::{Field, Listing, State};
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::field::text_field;
use crate::screen::widgets::list::{Row, list};
use crate::screen::widgets::text::cells;

/// Adds a field with what was said about the last paste.
pub fn field(doc: &mut Doc, label: &str, field: &Field, hint: &str) {
    text_field(doc, label, field.text(), field.cursor(), hint);
    if let Some(note) = &field.note {
        doc.indented(cells(label) + 2, |doc| doc.text(Role::Quiet, note));
    }
}

pub fn apps(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, words().stage(crate::engine::ids::StageId::Pick).map_or("", |s| s.why.as_str()));
    doc.blank();
    match &state.apps {
        Listing::NotAsked | Listing::Asked => doc.text(Role::Quiet, ui("screen.listing")),
        Listing::Failed(trouble) => common::trouble(&mut doc, trouble),
        Listing::Is(all) => {
            field(&mut doc, ui("screen.label_filter"), &state.fields.app_filter, ui("screen.filter"));
            let rows = app_rows(state);
            let count = rows.len().to_string();
            let total = all.apps.len().to_string();
            doc.blank();
            if all.apps.is_empty() {
                doc.text(Role::Plain, ui("screen.no_apps"));
            } else if rows.is_empty() {
                doc.text(Role::Plain, ui("screen.none_fits"));
            }
            let selected = menu::selected(state);
            let cursor = rows.iter().position(|app| selected == Some(Item::App(app.id.clone())));
            let shown: Vec<Row> = rows
                .iter()
                .map(|app| Row {
                    label: app.name.clone(),
                    detail: format!("{} · {} · {}", app.subscription, app.resource_group, app.host),
                })
                .collect();
            let at = doc.height();
            list(&mut doc, &shown, cursor);
            if at < doc.height() && rows.len() < all.apps.len() {
                doc.text(Role::Quiet, &ui_with("screen.fits", &[("count", &count), ("total", &total)]));
            }
            if !all.not_seen.is_empty() {
                doc.blank();
                doc.text(Role::Caution, ui("screen.not_seen"));
                for line in &all.not_seen {
                    doc.item("  - ", line);
                }
            }
        }
    }
    doc
}

pub fn address(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width.min(84));
    doc.text(Role::Plain, ui("screen.type_address"));
    doc.text(Role::Quiet, ui("trouble.wrong_address.next"));
    if state.signed_in.is_none() {
        doc.text(Role::Quiet, ui("sign_in.none_hint"));
    }
    doc.blank();
    field(&mut doc, ui("screen.label_address"), &state.fields.app_url, "https://");
    doc
}

pub fn clients(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.pick_client"));
    doc.blank();
    let Some(found) = state.facts.client_candidates.value().filter(|found| !found.is_empty()) else {
        doc.text(Role::Plain, ui("screen.no_clients"));
        return doc;
    };
    let selected = menu::selected(state);
    let cursor = found.iter().position(|c| selected == Some(Item::Client(c.app_id.clone())));
    let rows: Vec<Row> = found
        .iter()
        .map(|candidate| Row {
            label: candidate.display_name.clone(),
            detail: format!("{} · {}", ui(reason(candidate.why)), candidate.app_id),
        })
        .collect();
    list(&mut doc, &rows, cursor);
    doc
}

const fn reason(why: CandidateReason) -> &'static str {
    match why {
        CandidateReason::Marker => "screen.reason_marker",
        CandidateReason::Requests => "screen.reason_requests",
        CandidateReason::Admitted => "screen.reason_admitted",
        CandidateReason::Owned => "screen.reason_owned",
    }
}
