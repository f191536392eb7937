//! The end: what exists now, when the secret ends, what to do in Power Apps next, how to undo.

use super::Paint;
use crate::engine::findings::Verdict;
use crate::engine::ids::StageId;
use crate::engine::values::values;
use crate::engine::words::{ui, ui_with, verdict, words};
use crate::flow::derived::{SecretEnd, secret_end};
use crate::flow::state::State;
use crate::screen::theme::{Role, Theme};
use crate::screen::widgets::checks::tag;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::table::facts;
use crate::screen::widgets::text::{cells, fit};

/// Longest value that is shown, in cells: it may go on over several lines, and holds no line break of its own.
const LONGEST: usize = 400;

/// The page's title: whether everything was proven.
pub fn title(state: &State) -> &'static str {
    match (works(state), unseen(state)) {
        (true, _) => &words().end().title,
        (false, true) => ui("screen.end_unseen"),
        (false, false) => ui("screen.end_open"),
    }
}

fn works(state: &State) -> bool {
    let stages = &state.findings.stages;
    !stages.is_empty() && stages.iter().all(|s| !s.checks.is_empty() && s.done())
}

/// Whether nothing but the last call is left, which may have been made where it cannot be seen.
fn unseen(state: &State) -> bool {
    let stages = &state.findings.stages;
    let last = |id| id == StageId::Try;
    !stages.is_empty()
        && stages.iter().all(|stage| stage.done() || (last(stage.id) && stage.status() == Verdict::NotTried))
}

pub fn body(state: &State, paint: &Paint, width: u16) -> Doc {
    let end = words().end();
    let mut doc = paint.doc(width);
    if works(state) {
        doc.hanging("✓ ", Role::Good, Role::Plain, &end.proven);
        doc.indented(2, |doc| doc.text(Role::Quiet, &end.not_seen));
    } else {
        let open: Vec<_> = state.findings.stages.iter().filter(|s| !s.done()).collect();
        let widest = open.iter().map(|s| cells(verdict(s.status()))).max().unwrap_or(0);
        for stage in open {
            let status = stage.status();
            let title = words().stage(stage.id).map_or("", |s| s.title.as_str());
            let tag = tag(status, verdict(status), widest);
            let number = format!("   {} ", stage.id.number());
            doc.pieces(&[(&tag, Theme::role(status)), (&number, Role::Quiet), (title, Role::Plain)]);
        }
    }
    doc.blank();
    doc.text(Role::Strong, ui("screen.end_exists"));
    exists(state, paint, &mut doc);
    doc.blank();
    if works(state) || unseen(state) {
        doc.text(Role::Strong, ui("screen.end_next"));
        for line in &end.next {
            doc.item("- ", line);
        }
        doc.item("- ", &end.secret);
        doc.blank();
    }
    doc.text(Role::Quiet, &end.undo);
    if state.setup.practice && works(state) {
        doc.text(Role::Practice, ui("practice.done"));
    }
    doc
}

fn exists(state: &State, paint: &Paint, doc: &mut Doc) {
    let facts_seen = &state.facts;
    let app = |seen: &crate::engine::facts::Seen<crate::engine::facts::Application>| {
        seen.value().map(|app| format!("{} ({})", app.display_name, app.app_id)).unwrap_or_default()
    };
    let ends = secret_end(state).map(|ends| {
        let (SecretEnd::Its(end) | SecretEnd::OfAll(end)) = ends;
        let key = match (ends, end > state.now) {
            (SecretEnd::Its(_), true) => "screen.secret_until",
            (SecretEnd::Its(_), false) => "screen.secret_ended",
            (SecretEnd::OfAll(_), true) => "screen.secrets_until",
            (SecretEnd::OfAll(_), false) => "screen.secrets_ended",
        };
        ui_with(key, &[("date", &paint.date(end))])
    });
    let ends = ends.unwrap_or_default();
    // Where the registration cannot be seen, its ID is all there is of it.
    let client = match (app(&facts_seen.client_app), &state.choices.client_app_id) {
        (unseen, Some(id)) if unseen.is_empty() => id.clone(),
        (seen, _) => seen,
    };
    let site = facts_seen.site.value().map(|s| format!("https://{}", s.host)).unwrap_or_default();
    let redirect = values(facts_seen, &state.choices, &state.held).redirect_url.unwrap_or_default();
    let [site, redirect] = [site, redirect].map(|value| fit(&value, LONGEST));
    facts(
        doc,
        &[
            (ui("screen.end_site"), &site),
            (ui("screen.end_api"), &app(&facts_seen.api_app)),
            (ui("screen.end_client"), &client),
            (ui("screen.end_secret"), &ends),
            (ui("screen.end_redirect"), &redirect),
        ],
    );
    if state.findings.stages.iter().all(|s| s.status() == Verdict::NotTried) {
        doc.text(Role::Quiet, ui("screen.not_looked"));
    }
}
