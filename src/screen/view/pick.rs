//! Choosing from what was found: the function app, its address, the connector's registration.

use super::{Paint, common};
use crate::engine::facts::CandidateReason;
use crate::engine::words::{ui, ui_with, words};
use crate::flow::derived::{app_rows, narrowed_to, subscription_rows, tenant_rows};
use crate::flow::event::TenantRow;
use crate::flow::menu::{self, Item};
use crate::flow::state::{Field, Listing, State};
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::field::text_field;
use crate::screen::widgets::list::{Row, choice, list};
use crate::screen::widgets::text::cells;

/// Adds a field with what was said about the last paste.
pub fn field(doc: &mut Doc, label: &str, field: &Field, hint: &str) {
    text_field(doc, label, field.text(), field.cursor(), hint);
    if let Some(note) = &field.note {
        doc.indented(cells(label) + 2, |doc| doc.text(Role::Quiet, note));
    }
}

/// Widths from which a row shows everything of its app, in cells.
const ROOMY: u16 = 100;

/// What a narrow row leaves out of the selected app, for the line of notes.
pub fn about_selected(state: &State, width: u16) -> Option<String> {
    let Some(Item::App(id)) = menu::selected(state).filter(|_| width < ROOMY) else { return None };
    let app = app_rows(state).into_iter().find(|app| app.id == id)?;
    Some(format!("{}: {} · {}", app.name, app.subscription, app.resource_group))
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
            if let Some(only) = narrowed_to(state) {
                doc.text(Role::Quiet, &ui_with("screen.narrowed", &[("subscription", &only.name)]));
            }
            if all.apps.is_empty() {
                doc.text(Role::Plain, ui("screen.no_apps"));
                doc.text(Role::Plain, &elsewhere(state));
            } else if rows.is_empty() {
                doc.text(Role::Plain, ui("screen.none_fits"));
            }
            let selected = menu::selected(state);
            let cursor = rows.iter().position(|app| selected == Some(Item::App(app.id.clone())));
            let shown: Vec<Row> = rows
                .iter()
                .map(|app| Row {
                    label: app.name.clone(),
                    // The host tells two apps apart; it comes first, since a narrow terminal cuts the end.
                    detail: format!("{} · {} · {}", app.host, app.subscription, app.resource_group),
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

/// Where apps may be that are not in this tenant, as far as it is known.
fn elsewhere(state: &State) -> String {
    let here = state.signed_in.as_ref().map_or("", |person| person.tenant_id.as_str());
    let all = state.tenants.get().map_or(&[][..], Vec::as_slice);
    let others: Vec<&str> =
        all.iter().filter(|row| !row.id.eq_ignore_ascii_case(here)).map(|row| row.name.as_str()).collect();
    match others.as_slice() {
        [] => ui("screen.no_apps_only_here").to_owned(),
        [..] => ui_with("screen.no_apps_but_there", &[("tenants", &others.join(", "))]),
    }
}

pub fn tenants(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.pick_tenant"));
    doc.blank();
    match &state.tenants {
        Listing::NotAsked | Listing::Asked => doc.text(Role::Quiet, ui("screen.listing_tenants")),
        Listing::Failed(trouble) => common::trouble(&mut doc, trouble),
        Listing::Is(all) => {
            let filter = &state.fields.tenant_filter;
            field(&mut doc, ui("screen.label_filter"), filter, ui("screen.filter_tenants"));
            doc.blank();
            let here = state.signed_in.as_ref().map_or("", |person| person.tenant_id.as_str());
            let rows = tenant_rows(state);
            let selected = menu::selected(state);
            let cursor = rows.iter().position(|row| selected == Some(Item::Tenant(row.id.clone())));
            let shown = rows.iter().map(|row| {
                let here = if row.id.eq_ignore_ascii_case(here) { ui("screen.you_are_here") } else { "" };
                let parts = [here, &row.domain, &row.id].map(str::to_owned);
                let mut parts: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
                parts.retain(|part| *part != row.name);
                Row { label: row.name.clone(), detail: parts.join(" · ") }
            });
            choices(&mut doc, &shown.collect::<Vec<_>>(), cursor, all.len());
        }
    }
    doc
}

pub fn switching(row: &TenantRow, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, &ui_with("screen.switching", &[("tenant", &row.name)]));
    doc
}

pub fn subscriptions(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.pick_subscription"));
    doc.blank();
    let filter = &state.fields.subscription_filter;
    field(&mut doc, ui("screen.label_filter"), filter, ui("screen.filter_subscriptions"));
    doc.blank();
    let count = |apps: usize| ui_with("screen.apps_in_it", &[("count", &apps.to_string())]);
    let all = state.apps.get();
    let mut items = Vec::new();
    let mut shown = Vec::new();
    if filter.is_empty() {
        items.push(Item::Subscription(None));
        let apps = all.map_or(0, |list| list.apps.len());
        shown.push(Row { label: ui("screen.every_subscription").to_owned(), detail: count(apps) });
    }
    for row in subscription_rows(state) {
        items.push(Item::Subscription(Some(row.id.clone())));
        shown.push(Row { label: row.name.clone(), detail: format!("{} · {}", count(row.apps), row.id) });
    }
    let selected = menu::selected(state);
    let cursor = items.iter().position(|item| selected.as_ref() == Some(item));
    let of = all.map_or(0, |list| list.subscriptions.len());
    choices(&mut doc, &shown, cursor, of);
    doc
}

pub fn slots(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.pick_slot"));
    doc.blank();
    match &state.slots {
        Listing::NotAsked | Listing::Asked => doc.text(Role::Quiet, ui("screen.listing_slots")),
        Listing::Failed(trouble) => common::trouble(&mut doc, trouble),
        Listing::Is(all) => {
            let selected = menu::selected(state);
            let cursor = all.iter().position(|row| selected == Some(Item::App(row.id.clone())));
            let rows: Vec<Row> =
                all.iter().map(|row| Row { label: row.name.clone(), detail: row.host.clone() }).collect();
            list(&mut doc, &rows, cursor);
        }
    }
    doc
}

pub fn hosts(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    doc.text(Role::Plain, ui("screen.pick_host"));
    doc.blank();
    let Some(site) = state.facts.site.value() else { return doc };
    let selected = menu::selected(state);
    let cursor = site.host_names.iter().position(|host| selected == Some(Item::Host(host.clone())));
    let default = site.host_names.first();
    let rows: Vec<Row> = site
        .host_names
        .iter()
        .map(|host| {
            let what = [
                (Some(host) == default).then(|| ui("screen.default_host")),
                (*host == site.host).then(|| ui("screen.host_in_use")),
            ];
            let what: Vec<&str> = what.into_iter().flatten().collect();
            Row { label: host.clone(), detail: what.join(" · ") }
        })
        .collect();
    list(&mut doc, &rows, cursor);
    doc
}

/// The rows of a filtered list, and how many of how many they are.
fn choices(doc: &mut Doc, shown: &[Row], cursor: Option<usize>, total: usize) {
    if shown.is_empty() {
        doc.text(Role::Plain, ui("screen.none_fits"));
        return;
    }
    list(doc, shown, cursor);
    if shown.len() < total {
        let (count, total) = (shown.len().to_string(), total.to_string());
        doc.text(Role::Quiet, &ui_with("screen.fits", &[("count", &count), ("total", &total)]));
    }
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
            // The ID comes first: it alone tells two of one name from each other, and is never cut.
            detail: format!("{} · {}", candidate.app_id, ui(reason(candidate.why))),
        })
        .collect();
    let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| cells(of(row))).max().unwrap_or(0);
    if widest(|row| &row.label) + widest(|row| &row.detail) + 4 <= doc.width() {
        list(&mut doc, &rows, cursor);
        return doc;
    }
    for (index, row) in rows.iter().enumerate() {
        choice(&mut doc, cursor == Some(index), &row.label, Role::Plain, |doc| {
            doc.text(Role::Quiet, &row.detail);
        });
    }
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
