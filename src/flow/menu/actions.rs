//! The actions of every page, and what can be selected on it.

use crate::engine::findings::Verdict;
use crate::engine::ids::{CheckId, StageId};
use crate::engine::trouble::Class;
use crate::flow::derived::{app_rows, confirmable, person_step};
use crate::flow::hand_over;
use crate::flow::state::{
    Apply, Listing, Overlay, Page, Panel, Phase, PlanView, RehearsalStep, SignInStep, State,
};

use super::{Action, ActionId, Item};

fn action(id: ActionId, label: &str, shortcut: Option<char>) -> Action {
    Action { id, label: label.to_owned(), enabled: true, shortcut }
}

fn grey(mut action: Action, when: bool) -> Action {
    action.enabled = !when;
    action
}

/// What can be done now, in the order in which it is shown. With an overlay on top, its actions alone.
pub fn actions(state: &State) -> Vec<Action> {
    if let Some(overlay) = state.overlays.last() {
        return overlay_actions(state, overlay);
    }
    match &state.page {
        Page::Welcome => vec![action(ActionId::Start, "Begin", None), action(ActionId::Quit, "Leave", None)],
        Page::SignIn(sign_in) => sign_in_actions(state, &sign_in.step),
        Page::Stage(stage) => stage_actions(state, *stage),
        Page::End => vec![
            action(ActionId::Quit, "Leave", None),
            action(ActionId::LookAgain, "Look again", Some('r')),
            action(ActionId::Back, "Back to the last stage", None),
        ],
    }
}

fn overlay_actions(state: &State, overlay: &Overlay) -> Vec<Action> {
    match overlay {
        Overlay::ConfirmQuit { .. } => {
            let mut list = vec![action(ActionId::Stay, "Stay", None)];
            if state.secret_on_clipboard {
                list.push(action(ActionId::ClearAndQuit, "Clear the clipboard and leave", None));
            }
            list.push(action(ActionId::Quit, "Leave all the same", None));
            list
        }
        _ => vec![action(ActionId::Close, "Close", None)],
    }
}

fn practice(state: &State, list: &mut Vec<Action>) {
    if let Some(_step) = person_step(state) {
        list.push(grey(
            action(ActionId::PracticePart, practice_label(state), Some('p')),
            state.person_step.is_some(),
        ));
    }
}

fn practice_label(state: &State) -> &'static str {
    match (&state.page, &state.panel) {
        (Page::SignIn(_), _) | (_, Panel::Rehearsal(_)) => "Practice: do my part at the sign-in page",
        (Page::Stage(StageId::Connect), _) => "Practice: save the connector for me",
        _ => "Practice: do the portal's steps for me",
    }
}

fn open_page(state: &State, list: &mut Vec<Action>, label: &str) {
    if !state.setup.no_browser {
        list.push(action(ActionId::OpenPage, label, Some('o')));
    }
}

fn sign_in_actions(state: &State, step: &SignInStep) -> Vec<Action> {
    use crate::flow::effect::SignInMethod as M;
    match step {
        SignInStep::Choose => {
            let mut list: Vec<Action> = state
                .setup
                .methods
                .iter()
                .map(|method| match method {
                    M::Browser => action(ActionId::SignInBrowser, "Sign in with the browser", None),
                    M::DeviceCode => action(ActionId::SignInCode, "Sign in with a code, on any device", None),
                    M::AzCli => action(ActionId::SignInAz, "Use the session of the Azure CLI", None),
                })
                .collect();
            list.push(action(ActionId::PublicOnly, "Public checks only: type the app's address", None));
            list
        }
        SignInStep::Starting(_) => vec![action(ActionId::CancelSignIn, "Stop waiting", None)],
        SignInStep::Browser { .. } => {
            let mut list = Vec::new();
            practice(state, &mut list);
            open_page(state, &mut list, "Open the page");
            list.push(action(ActionId::CopyAddress, "Copy the address", Some('a')));
            list.push(action(ActionId::CancelSignIn, "Stop waiting", None));
            list
        }
        SignInStep::DeviceCode { .. } => {
            let mut list = vec![action(ActionId::CopyCode, "Copy the code", Some('c'))];
            open_page(state, &mut list, "Open the page");
            list.push(action(ActionId::CopyAddress, "Copy the address", Some('a')));
            practice(state, &mut list);
            list.push(action(ActionId::CancelSignIn, "Stop waiting", None));
            list
        }
        SignInStep::Address => submit("Look at this address"),
    }
}

fn submit(label: &str) -> Vec<Action> {
    vec![action(ActionId::Submit, label, None), action(ActionId::Back, "Back", None)]
}

fn stage_actions(state: &State, stage: StageId) -> Vec<Action> {
    match &state.panel {
        Panel::Overview => overview_actions(state, stage),
        Panel::PickApp => {
            let mut list =
                vec![action(ActionId::TypeAddress, "My app is not listed: type its address", None)];
            if !matches!(state.apps, Listing::Asked) {
                list.push(action(ActionId::ListAgain, "List the apps again", None));
            }
            if state.choices.app.is_some() {
                list.push(action(ActionId::Back, "Back", None));
            }
            list
        }
        Panel::TypeUrl => submit("Look at this address"),
        Panel::PickClient => vec![action(ActionId::Back, "Back", None)],
        Panel::Preparing | Panel::Binding => vec![action(ActionId::Back, "Stop", None)],
        Panel::Plan(view) => plan_actions(state, view),
        Panel::Applying(apply) => apply_actions(apply),
        Panel::Myself => myself_actions(state, stage),
        Panel::AskAdmin => vec![
            action(ActionId::CopyCard, "Copy the card", Some('c')),
            grey(action(ActionId::LookAgain, "Look again", Some('r')), state.looking),
            action(ActionId::Back, "Back", None),
        ],
        Panel::SecretField => submit("Take this value"),
        Panel::HandOver => hand_over_actions(state),
        Panel::Resource => vec![action(ActionId::Back, "Back", None)],
        Panel::RedirectField => submit("Take this redirect URL"),
        Panel::ErrorField => submit("Find the redirect URL in it"),
        Panel::Rehearsal(view) => {
            let mut list = Vec::new();
            if matches!(view.step, RehearsalStep::SignIn { .. }) {
                open_page(state, &mut list, "Open the page");
                practice(state, &mut list);
                list.push(action(ActionId::CopyAddress, "Copy the address", Some('a')));
                list.push(action(ActionId::PasteAddress, "Paste the final address", Some('t')));
            }
            list.push(action(ActionId::CancelRehearsal, "Stop the rehearsal", None));
            list
        }
        Panel::RehearsalPaste(_) => submit("Go on with this address"),
        Panel::Answer => vec![
            action(ActionId::Continue, "Continue", Some('c')),
            action(ActionId::Rehearse, "Rehearse once more", None),
            action(ActionId::Back, "Back", None),
        ],
    }
}

fn open_checks(state: &State, stage: StageId) -> bool {
    state.findings.stage(stage).is_none_or(|s| s.first_open().is_some())
}

fn overview_actions(state: &State, stage: StageId) -> Vec<Action> {
    let mut list = Vec::new();
    let done = state.stage_done();
    if done {
        list.push(action(ActionId::Continue, "Continue", Some('c')));
    }
    let cannot_write = state.public_only;
    let open = open_checks(state, stage);
    match stage {
        StageId::Pick => list.push(action(ActionId::PickAnother, "Choose another app", Some('a'))),
        StageId::Protect | StageId::Register | StageId::Grant => {
            if open {
                list.push(grey(action(ActionId::ForMe, "Do it for me", Some('f')), cannot_write));
                list.push(action(ActionId::Myself, "I will do it myself", Some('m')));
            }
            if stage == StageId::Register && choice_of_clients(state) {
                list.push(action(ActionId::ChooseClient, "Choose which registration it is", Some('x')));
            }
            if open && (stage == StageId::Grant || state.not_allowed.contains(&stage)) {
                list.push(action(ActionId::AskAdmin, "Ask an administrator", Some('a')));
            }
        }
        StageId::Secret => secret_actions(state, &mut list, done),
        StageId::Connect => {}
        StageId::Try => {
            list.push(grey(action(ActionId::Rehearse, "Rehearse", Some('f')), cannot_write));
            if state.held.secret.is_none() {
                list.push(action(ActionId::ToSecret, "To the secret", Some('s')));
            }
            if state.facts.rehearsal.value().is_some() {
                list.push(action(ActionId::ShowAnswer, "Show the answer", Some('a')));
            }
            list.push(action(ActionId::Myself, "I will try it on the Test page", Some('m')));
        }
    }
    list.push(grey(action(ActionId::LookAgain, "Look again", Some('r')), state.looking));
    if stage == StageId::Try && !done {
        list.push(action(ActionId::Continue, "To the end", Some('c')));
    }
    list
}

fn choice_of_clients(state: &State) -> bool {
    state.facts.client_candidates.value().is_some_and(|c| !c.is_empty())
}

fn secret_actions(state: &State, list: &mut Vec<Action>, done: bool) {
    let held = state.held.secret.is_some();
    let exists = state.facts.client_app.value().is_some_and(|app| !app.secrets.is_empty());
    let make = if exists { "Make a new one beside it" } else { "Make one for me" };
    let make = grey(action(ActionId::ForMe, make, Some('f')), state.public_only);
    let paste = action(ActionId::EnterSecret, "Paste its value", Some('v'));
    if held && !done {
        list.push(grey(
            action(ActionId::ProbeSecret, "Try the value", Some('t')),
            state.secret.probing || state.public_only,
        ));
    }
    if exists && !held {
        list.extend([paste, make]);
    } else {
        list.extend([make, paste]);
    }
    if !exists {
        list.push(action(ActionId::Myself, "I will make it myself", Some('m')));
    }
    if exists && !done {
        list.push(action(ActionId::GoOnWithout, "Go on without it", Some('g')));
    }
}

fn plan_actions(state: &State, view: &PlanView) -> Vec<Action> {
    let mut list = Vec::new();
    if confirmable(state, view) {
        let label = if view.beyond {
            "Yes, do this as well"
        } else if view.stage == StageId::Try {
            "Yes, rehearse"
        } else {
            "Yes, do this"
        };
        list.push(action(ActionId::Confirm, label, None));
    }
    list.push(action(ActionId::Decline, "No, change nothing", None));
    list
}

fn apply_actions(apply: &Apply) -> Vec<Action> {
    let back = action(ActionId::Back, "Back to the stage", None);
    match &apply.phase {
        Phase::Sending | Phase::FindingOut(_) | Phase::Landing => {
            vec![grey(action(ActionId::Stop, "Stop after this step", None), apply.stopping)]
        }
        Phase::Slow => vec![action(ActionId::KeepLooking, "Go on looking", Some('r')), back],
        Phase::StoppedByPerson => vec![action(ActionId::PlanAgain, "Go on: plan again", Some('f')), back],
        Phase::Stopped(trouble) => {
            let mut list = vec![action(ActionId::PlanAgain, "Look, and plan again", Some('f'))];
            if trouble.class == Class::NotAllowed {
                list.insert(0, action(ActionId::AskAdmin, "Ask an administrator", Some('a')));
            }
            if person_side(apply.stage) {
                list.push(action(ActionId::Myself, "I will do it myself", Some('m')));
            }
            list.push(back);
            list
        }
    }
}

const fn person_side(stage: StageId) -> bool {
    matches!(stage, StageId::Protect | StageId::Register | StageId::Grant | StageId::Secret)
}

fn myself_actions(state: &State, stage: StageId) -> Vec<Action> {
    let mut list = Vec::new();
    if state.stage_done() {
        list.push(action(ActionId::Continue, "Continue", Some('c')));
    }
    open_page(state, &mut list, "Open the page");
    list.push(action(ActionId::CopyAddress, "Copy its address", Some('a')));
    practice(state, &mut list);
    if stage == StageId::Secret {
        list.push(action(ActionId::EnterSecret, "Paste the value", Some('v')));
    }
    list.push(grey(action(ActionId::LookAgain, "Look again", Some('r')), state.looking));
    list.push(action(ActionId::Back, "Back", None));
    list
}

fn hand_over_actions(state: &State) -> Vec<Action> {
    let mut list = Vec::new();
    let done = state.stage_done();
    if done {
        list.push(action(ActionId::Continue, "Continue", Some('c')));
    }
    let verdict = |id| state.findings.check(id).map(|f| f.verdict);
    let unregistered = state.choices.redirect_url.is_some()
        && verdict(CheckId::RedirectRegistered).is_some_and(|v| !v.settled());
    let leftover = matches!(verdict(CheckId::RedirectLeftover), Some(Verdict::Fail | Verdict::Warn));
    if unregistered {
        list.push(grey(action(ActionId::ForMe, "Register the redirect URL", Some('f')), state.public_only));
    } else if leftover {
        list.push(grey(action(ActionId::ForMe, "Take the leftover away", Some('f')), state.public_only));
    }
    list.push(action(ActionId::CopiedRedirect, "I copied the redirect URL", Some('u')));
    open_page(state, &mut list, "Open the page");
    list.push(action(ActionId::LooksDifferent, "It looks different", Some('d')));
    list.push(action(ActionId::TypeRedirect, "Type the redirect URL", Some('t')));
    list.push(action(ActionId::WriteFiles, "Write the files to import", Some('w')));
    if !hand_over::candidates(state).is_empty() {
        list.push(action(ActionId::ChooseResource, "Choose another Resource URL", Some('x')));
    }
    if state.held.secret.is_none() {
        list.push(action(ActionId::ToSecret, "To the secret", Some('s')));
    }
    practice(state, &mut list);
    list.push(grey(action(ActionId::LookAgain, "Look again", Some('r')), state.looking));
    list
}

/// Everything that the arrow keys can select now, top to bottom. Greyed actions are not among it.
pub fn items(state: &State) -> Vec<Item> {
    let mut list = Vec::new();
    if state.overlays.is_empty() {
        if let Some(stage) = state.stage() {
            list.extend(stage_items(state, stage));
        }
    }
    list.extend(actions(state).into_iter().filter(|a| a.enabled).map(|a| Item::Action(a.id)));
    list
}

fn stage_items(state: &State, stage: StageId) -> Vec<Item> {
    match &state.panel {
        Panel::Overview => state
            .findings
            .stage(stage)
            .map(|s| s.checks.iter().map(|c| Item::Check(c.id)).collect())
            .unwrap_or_default(),
        Panel::PickApp => app_rows(state).into_iter().map(|app| Item::App(app.id.clone())).collect(),
        Panel::PickClient => state
            .facts
            .client_candidates
            .value()
            .map(|list| list.iter().map(|c| Item::Client(c.app_id.clone())).collect())
            .unwrap_or_default(),
        Panel::Plan(view) => (0..view.plan.changes.len()).map(Item::Change).collect(),
        Panel::HandOver => hand_over::rows(state)
            .into_iter()
            .filter(|row| row.copyable)
            .filter_map(|row| row.item.map(Item::Row))
            .collect(),
        Panel::Resource => {
            hand_over::candidates(state).into_iter().map(|c| Item::Resource(c.value)).collect()
        }
        _ => Vec::new(),
    }
}

/// What is selected when nothing has been selected yet: the thing that brings the person on.
pub fn preferred(state: &State) -> Option<Item> {
    let all = items(state);
    let first_action = || all.iter().find(|i| matches!(i, Item::Action(_))).cloned();
    if !state.overlays.is_empty() {
        return first_action();
    }
    match (&state.page, &state.panel) {
        (Page::Stage(_), Panel::PickApp | Panel::PickClient | Panel::Resource) => all.first().cloned(),
        (Page::Stage(_), Panel::HandOver) if !state.stage_done() => {
            let next = |i: &&Item| matches!(i, Item::Row(item) if !state.copied.contains_key(item));
            let untouched = state.choices.redirect_url.is_none();
            all.iter().find(next).filter(|_| untouched).cloned().or_else(first_action)
        }
        _ => first_action(),
    }
}

/// The selected item: the one that was selected, or the preferred one where that is gone.
pub fn selected(state: &State) -> Option<Item> {
    match &state.selected {
        Some(item) if items(state).contains(item) => Some(item.clone()),
        _ => preferred(state),
    }
}
