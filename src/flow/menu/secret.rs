//! Stage 5's actions: making the secret, pasting it, trying it, and removing one whose value is lost.

use super::actions::{action, ask_admin, grey};
use super::register::type_client;
use super::{Action, ActionId};
use crate::engine::findings::Verdict;
use crate::engine::ids::{CheckId, StageId};
use crate::flow::derived::{client_id, lost, proven_unseen, unseen_client};
use crate::flow::hand_over;
use crate::flow::state::State;

/// "Paste the secret": the value of an app whose client ID is not known could neither be kept nor tried.
pub(super) fn paste(state: &State) -> Action {
    grey(action(ActionId::EnterSecret, "action.paste_secret", Some('v')), client_id(state).is_none())
}

pub(super) fn actions(state: &State, list: &mut Vec<Action>, done: bool) {
    let held = hand_over::holds_secret(state);
    let exists = state.facts.client_app.value().is_some_and(|app| !app.secrets.is_empty());
    let make = if exists { "flow.secret_beside" } else { "action.new_secret" };
    let make = grey(action(ActionId::ForMe, make, Some('f')), state.public_only);
    let paste = paste(state);
    if proven_unseen(state) {
        list.push(action(ActionId::Continue, "action.continue", Some('c')));
    }
    // One that was made here is the only copy there is, and cannot have been mistyped.
    let pasted = state.held.secret.as_ref().is_some_and(|secret| !secret.made_here);
    if held && pasted && state.secret.refused_by_entra() {
        list.push(action(ActionId::ForgetSecret, "flow.forget_secret", Some('z')));
    }
    if held && !done {
        list.push(grey(action(ActionId::ProbeSecret, "flow.try_secret", Some('t')), state.secret.probing));
    }
    let ended = state.findings.check(CheckId::SecretEnds).is_some_and(|f| f.verdict == Verdict::Fail);
    if (exists && !held && !ended) || unseen_client(state) {
        list.extend([paste, make]);
    } else {
        list.extend([make, paste]);
    }
    type_client(state, list);
    if !lost(state).is_empty() {
        list.push(grey(action(ActionId::RemoveLost, "flow.remove_lost", Some('d')), state.public_only));
    }
    if !exists {
        list.push(action(ActionId::Myself, "action.myself", Some('m')));
    }
    if !done {
        ask_admin(state, StageId::Secret, list);
    }
    if exists && !done {
        list.push(action(ActionId::GoOnWithout, "flow.go_on_without", Some('g')));
    }
}
