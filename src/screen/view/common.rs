//! What several pages share: the rail's rows, the line about looking, troubles in four parts, what can be done.

use super::{Paint, hand_over, pick};
use crate::engine::choices::AppChoice;
use crate::engine::findings::{StageFindings, Verdict};
use crate::engine::ids::StageId;
use crate::engine::trouble::Trouble;
use crate::engine::words::{ui, ui_with, verdict, words};
use crate::flow::derived::{tenant_name, value_not_copied};
use crate::flow::menu::{self, Item};
use crate::flow::state::{Page, Panel, State};
use crate::screen::theme::{Role, Theme};
use crate::screen::widgets::checks::tag;
use crate::screen::widgets::doc::Doc;
use crate::screen::widgets::frame::RailRow;
use crate::screen::widgets::list::{self, Button};
use crate::screen::widgets::text::{cells, pad};

/// The seven stages for the rail.
pub fn rail_rows(state: &State) -> Vec<RailRow> {
    // Before the first look there is nothing to say about any stage.
    let status = |id| {
        let found = state.findings.stage(id).filter(|s| !s.checks.is_empty());
        found.filter(|_| state.looked_at.is_some()).map(StageFindings::status)
    };
    StageId::ALL
        .into_iter()
        .map(|id| RailRow {
            title: format!("{} {}", id.number(), words().stage(id).map_or("", |s| s.short.as_str())),
            status: status(id),
            word: status(id).map_or("", verdict),
            here: state.stage() == Some(id),
        })
        .collect()
}

/// App, tenant and person, as far as they are known.
pub fn about(state: &State) -> Vec<String> {
    let app = state.facts.site.value().map(|s| s.name.clone()).or_else(|| match &state.choices.app {
        Some(AppChoice::Name(name)) => Some(name.clone()),
        Some(app @ AppChoice::Url(url)) => app.host().or_else(|| Some(url.clone())),
        Some(AppChoice::ResourceId(id)) => id.rsplit('/').next().map(str::to_owned),
        None => None,
    });
    let mut about: Vec<String> = app.into_iter().collect();
    match &state.signed_in {
        Some(person) => {
            about.extend(tenant_name(state).map(str::to_owned));
            about.push(person.upn.clone());
        }
        None if state.public_only => about.push(ui("screen.public_only").to_owned()),
        None => {}
    }
    about
}

/// What can be done, as buttons.
pub fn buttons(state: &State) -> Vec<Button> {
    let selected = menu::selected(state);
    menu::actions(state)
        .into_iter()
        .map(|action| Button {
            selected: selected == Some(Item::Action(action.id)),
            label: action.label,
            // While letters are text, no letter presses a button.
            key: action.shortcut.filter(|_| !state.typing()),
            enabled: action.enabled,
        })
        .collect()
}

/// The buttons below each other.
pub fn menu(paint: &Paint, buttons: &[Button], width: u16) -> Doc {
    let mut doc = paint.doc(width);
    list::menu(&mut doc, buttons);
    doc
}

/// The buttons beside each other.
pub fn flow(paint: &Paint, buttons: &[Button], width: u16) -> Doc {
    let mut doc = paint.doc(width);
    list::flow(&mut doc, buttons);
    doc
}

/// One line about what was just done, or what Ctrl-C will do next.
pub fn note(state: &State, paint: &Paint, width: u16) -> Option<Doc> {
    let row;
    let (role, text) = if state.interrupted {
        let running = matches!(&state.panel, Panel::Applying(apply) if !apply.at_rest())
            || matches!(state.panel, Panel::Rehearsal(_) | Panel::RehearsalPaste(_));
        (Role::Caution, ui(if running { "screen.interrupted" } else { "screen.interrupted_idle" }))
    } else if state.person_step.is_some() {
        (Role::Waiting, ui("screen.person_step"))
    } else if let Some(note) = &state.note {
        (Role::Good, note.as_str())
    } else {
        row = hand_over::about_selected(state).or_else(|| pick::about_selected(state, width))?;
        (Role::Quiet, row.as_str())
    };
    let mut doc = paint.doc(width);
    doc.pieces(&[(text, role)]);
    Some(doc)
}

/// What is waited for, or when we last looked. Nothing in it changes while there is no news.
pub fn status(state: &State, paint: &Paint, width: u16) -> Doc {
    let mut doc = paint.doc(width);
    if let Some(pause) = state.pauses.iter().max_by_key(|pause| pause.until) {
        let left = ui_with("wait.busy", &[("who", pause.who)]);
        let again = ui_with("wait.again_at", &[("time", &paint.clock(pause.until))]);
        let right = if leaving_is_safe(state) { format!("{again} {}", ui("screen.safe")) } else { again };
        both_ends(&mut doc, Some(Verdict::Waiting), &left, &right);
        return doc;
    }
    let watching = state.watch.is_some();
    let Page::Stage(id) = state.page else { return doc };
    let panel = &state.panel;
    // While the person works elsewhere, what was seen last says more than that we wait.
    let elsewhere = matches!(panel, Panel::Myself | Panel::AskAdmin);
    if let Some(waiting) = state.waiting.as_ref().filter(|_| !elsewhere) {
        let mut since = match waiting.until {
            Some(until) => ui_with("wait.again_at", &[("time", &paint.clock(until))]),
            None => ui_with("screen.since", &[("time", &paint.clock(waiting.since))]),
        };
        if waiting.safe_to_leave {
            since = format!("{since} {}", ui("screen.safe"));
        }
        both_ends(&mut doc, Some(Verdict::Waiting), &waiting.text, &since);
        return doc;
    }
    let shows =
        matches!(panel, Panel::Overview | Panel::Myself | Panel::AskAdmin | Panel::HandOver | Panel::Answer);
    if !shows {
        return doc;
    }
    let looked = match state.looked_at {
        // A watch looks every few seconds; saying so each time would be noise.
        _ if state.looking && !watching => ui("screen.looking").to_owned(),
        None => ui("screen.not_looked").to_owned(),
        Some(at) if watching && value_not_copied(state) => {
            ui_with("wait.looked_holding", &[("time", &paint.clock(at))])
        }
        Some(at) if watching => ui_with("wait.looked", &[("time", &paint.clock(at))]),
        Some(at) => ui_with("screen.looked", &[("time", &paint.clock(at))]),
    };
    if let Some(trouble) = &state.look_trouble {
        both_ends(&mut doc, Some(Verdict::Unknown), &trouble.what, &looked);
        doc.text(Role::Quiet, &trouble.next);
        return doc;
    }
    let first_open = state.findings.stage(id).and_then(|s| s.first_open());
    match (panel, first_open) {
        (Panel::Myself | Panel::AskAdmin, Some(open)) => {
            let watched = state.waiting.as_ref().map_or("", |waiting| waiting.text.as_str());
            both_ends(&mut doc, watching.then_some(Verdict::Waiting), watched, &looked);
            let tag = format!("{}  ", tag(open.verdict, verdict(open.verdict), 0));
            doc.hanging(&tag, Theme::role(open.verdict), Role::Plain, &open.evidence);
        }
        (Panel::HandOver, Some(open)) => {
            // A title says how it should be; what is wrong is said by what was seen.
            let said = match open.verdict {
                Verdict::Warn | Verdict::Fail => open.evidence.as_str(),
                _ => words().check(open.id).map_or("", |c| c.title.as_str()),
            };
            both_ends(&mut doc, Some(open.verdict), said, &looked);
        }
        (Panel::Myself | Panel::AskAdmin | Panel::HandOver, None) if state.stage_done() => {
            let done = words().stage(id).map_or("", |s| s.done.as_str());
            both_ends(&mut doc, Some(Verdict::Pass), done, &looked);
        }
        _ => both_ends(&mut doc, None, "", &looked),
    }
    doc
}

/// Whether nothing is under way that would be cut short, or left behind.
fn leaving_is_safe(state: &State) -> bool {
    match (&state.waiting, &state.panel) {
        (Some(waiting), _) => waiting.safe_to_leave,
        (None, Panel::Applying(apply)) => !apply.in_hand(),
        (None, panel) => !matches!(panel, Panel::Rehearsal(_) | Panel::RehearsalPaste(_)),
    }
}

/// A line with something at its beginning and something quiet at its end; on two lines where one is too short.
fn both_ends(doc: &mut Doc, found: Option<Verdict>, left: &str, right: &str) {
    let tag = found.map(|v| format!("{}  ", tag(v, verdict(v), 0))).unwrap_or_default();
    let role = found.map_or(Role::Plain, Theme::role);
    let room = doc.width().saturating_sub(cells(&tag) + cells(right) + 2);
    if left.is_empty() {
        let gap = " ".repeat(doc.width().saturating_sub(cells(right)));
        doc.pieces(&[(&gap, Role::Plain), (right, Role::Quiet)]);
    } else if cells(left) <= room {
        let left = pad(left, room);
        doc.pieces(&[(&tag, role), (&left, Role::Plain), ("  ", Role::Plain), (right, Role::Quiet)]);
    } else {
        doc.hanging(&tag, role, Role::Plain, left);
        doc.indented(cells(&tag), |doc| doc.text(Role::Quiet, right));
    }
}

/// A trouble in its four parts: what happened, what it means here, what to do next, and in grey the original words.
pub fn trouble(doc: &mut Doc, trouble: &Trouble) {
    doc.text(Role::Bad, &trouble.what);
    doc.text(Role::Plain, &trouble.means);
    if !trouble.next.is_empty() {
        doc.blank();
        doc.hanging("→ ", Role::Strong, Role::Plain, &trouble.next);
    }
    let mut original = trouble.original.clone();
    if let Some(code) = trouble.code.as_deref().filter(|code| !original.contains(*code)) {
        original = format!("{code} {original}");
    }
    if !original.trim().is_empty() {
        doc.blank();
        doc.text(Role::Quiet, &original);
    }
}

/// A trouble as a remark inside a page.
pub fn remark(doc: &mut Doc, trouble: &Trouble) {
    doc.hanging("! ", Role::Bad, Role::Plain, &trouble.what);
    doc.indented(2, |doc| {
        doc.text(Role::Plain, &trouble.means);
        if !trouble.next.is_empty() {
            doc.hanging("→ ", Role::Strong, Role::Plain, &trouble.next);
        }
        doc.text(Role::Quiet, &trouble.original);
    });
}
