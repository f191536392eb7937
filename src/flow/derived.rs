//! What follows from the state without being kept in it: the filtered list, the page that is talked about, the person's part.

use crate::engine::ids::StageId;

use super::event::AppRow;
use super::state::{Listing, Page, Panel, PlanView, RehearsalStep, SignInStep, State};

/// The function apps that fit the filter: every word of it occurs in the name, host, subscription or group.
pub fn app_rows(state: &State) -> Vec<&AppRow> {
    let Listing::Is(list) = &state.apps else { return Vec::new() };
    let words: Vec<String> =
        state.fields.app_filter.text().split_whitespace().map(str::to_lowercase).collect();
    list.apps
        .iter()
        .filter(|app| {
            let hay = format!("{} {} {} {}", app.name, app.host, app.subscription, app.resource_group)
                .to_lowercase();
            words.iter().all(|word| hay.contains(word))
        })
        .collect()
}

/// Whether the shown plan is one that can be carried out at all (there is something to do, and writing is not forbidden).
pub fn confirmable(state: &State, view: &PlanView) -> bool {
    !state.setup.read_only
        && !state.public_only
        && view.plan.blocked.is_none()
        && !view.plan.changes.is_empty()
}

/// Practice only: the name of the person's part that is awaited now, as `PersonStep` carries it.
pub fn person_step(state: &State) -> Option<&'static str> {
    if !state.setup.practice {
        return None;
    }
    match (&state.page, &state.panel) {
        (Page::SignIn(sign_in), _) => match sign_in.step {
            SignInStep::Browser { .. } => Some("sign-in"),
            SignInStep::DeviceCode { .. } => Some("approve-device-code"),
            _ => None,
        },
        (Page::Stage(StageId::Protect), Panel::Myself) => Some("portal:protect"),
        (Page::Stage(StageId::Register), Panel::Myself) => Some("portal:register"),
        (Page::Stage(StageId::Grant), Panel::Myself) => Some("portal:grant"),
        (Page::Stage(StageId::Secret), Panel::Myself) => Some("portal:secret"),
        (Page::Stage(StageId::Connect), Panel::HandOver) => Some("save-connector"),
        (Page::Stage(_), Panel::Rehearsal(view)) if matches!(view.step, RehearsalStep::SignIn { .. }) => {
            Some("rehearsal-sign-in")
        }
        _ => None,
    }
}
