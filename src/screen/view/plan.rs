//! A plan before it is carried out: its changes, the selected one in full, and what it means for others.

use super::{Body, Paint, common, two_widths};
use crate::engine::change::{Change, Pending};
use crate::engine::words::{right, ui, ui_with};
use crate::flow::derived::confirmable;
use crate::flow::menu::{self, Item};
use crate::flow::state::{Asked, PlanView, State};
use crate::screen::theme::Role;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::json;
use crate::screen::widgets::list::{Row, list};
use crate::screen::widgets::table::facts;
use crate::screen::widgets::text::fit;

pub fn body(state: &State, view: &PlanView, paint: &Paint, width: u16) -> Body {
    let plan = &view.plan;
    if plan.changes.is_empty() {
        let mut doc = paint.doc(width);
        match &plan.blocked {
            Some(why) => doc.hanging("! ", Role::Caution, Role::Plain, why),
            None => doc.text(Role::Plain, ui("plan.empty")),
        }
        if let Some(trouble) = &plan.unread {
            doc.blank();
            common::trouble(&mut doc, trouble);
        }
        return Body::One(doc);
    }
    let selected = match menu::selected(state) {
        Some(Item::Change(index)) => plan.changes.get(index).map(|change| (index, change)),
        _ => None,
    };
    let (list_width, detail_width) = two_widths(width);
    let mut top = paint.doc(list_width);
    let count = plan.changes.len().to_string();
    let intro = match (view.asked, confirmable(state, view), plan.changes.len()) {
        (Asked::Beyond, ..) => ui("plan.grew").to_owned(),
        (Asked::Changed, ..) => ui("plan.changed").to_owned(),
        (Asked::First, true, 1) => ui("screen.plan_one").to_owned(),
        (Asked::First, true, _) => ui_with("screen.plan_many", &[("count", &count)]),
        (Asked::First, false, 1) => ui("screen.plan_one_would").to_owned(),
        (Asked::First, false, _) => ui_with("screen.plan_many_would", &[("count", &count)]),
    };
    top.text(Role::Strong, &intro);
    top.blank();
    let rows: Vec<Row> = plan
        .changes
        .iter()
        .enumerate()
        .map(|(i, change)| {
            let new =
                if view.asked != Asked::First && view.new.contains(&i) { ui("screen.plan_new") } else { "" };
            Row { label: format!("{}. {}", i + 1, change.title), detail: new.to_owned() }
        })
        .collect();
    list(&mut top, &rows, selected.map(|(i, _)| i));

    let mut detail = paint.doc(detail_width);
    if let Some((_, change)) = selected {
        one(&mut detail, change);
    } else {
        all(state, view, &mut detail);
        // Of one change there is nothing to choose: it stands there whole.
        if let [only] = plan.changes.as_slice() {
            detail.blank();
            one(&mut detail, only);
        }
    }
    Body::Two { list: top, detail }
}

/// What the whole plan means.
fn all(state: &State, view: &PlanView, doc: &mut Doc) {
    if let Some(why) = &view.plan.blocked {
        doc.hanging("! ", Role::Caution, Role::Plain, why);
    } else if state.setup.read_only {
        doc.hanging("! ", Role::Caution, Role::Plain, ui("plan.read_only"));
    } else if !confirmable(state, view) {
        doc.hanging("! ", Role::Caution, Role::Plain, ui("screen.plan_public"));
    }
    if !view.plan.consequences.is_empty() {
        doc.text(Role::Strong, ui("screen.plan_means"));
        for line in &view.plan.consequences {
            doc.hanging("! ", Role::Caution, Role::Plain, line);
        }
        doc.blank();
    }
    doc.text(Role::Quiet, ui("screen.plan_hint"));
    if confirmable(state, view) {
        doc.text(Role::Quiet, ui("screen.plan_enter"));
    }
}

/// One change in full: the same values that are then sent.
fn one(doc: &mut Doc, change: &Change) {
    for line in &change.consequences {
        doc.hanging("! ", Role::Caution, Role::Plain, line);
    }
    json::changes(doc, &change.before, &change.body);
    doc.blank();
    // Enter copies it whole; what is sent stands above.
    let az = fit(&change.az, doc.width() * 3);
    let path = format!("{} {}", change.method.as_str(), change.path);
    let later = change.waits_for().map_or(String::new(), |pending| waits(pending).to_owned());
    facts(
        doc,
        &[
            (ui("plan.needs"), right(change.right)),
            (ui("plan.undo"), &change.undo),
            (ui("screen.plan_call"), &path),
            (ui("screen.plan_later"), &later),
            (ui("screen.plan_az"), &az),
        ],
    );
}

fn waits(pending: Pending) -> &'static str {
    match pending {
        Pending::ApiAppId | Pending::ApiObjectId => ui("screen.later_api"),
        Pending::ApiPrincipalId => ui("screen.later_api_principal"),
        Pending::ClientAppId | Pending::ClientObjectId => ui("screen.later_client"),
        Pending::ClientPrincipalId => ui("screen.later_client_principal"),
        Pending::GrantId | Pending::SecretKeyId => ui("screen.later_itself"),
    }
}
