//! The actions of every page, and those of its overlays.

use crate::engine::findings::Verdict;
use crate::engine::forecast::{Can, may_change};
use crate::engine::ids::{CheckId, StageId};
use crate::engine::policies::{SecretRefusal, secret_refusal};
use crate::engine::trouble::Class;
use crate::engine::words::{ui, ui_with, words};
use crate::flow::derived::{
    answers_unseen, confirmable, granted_unseen, lacks_function, may_need_somebody, page_address,
    person_step, rehearsal_mended_at, text_of, unsaid_client, writes_possible,
};
use crate::flow::effect::CopyItem;
use crate::flow::hand_over;
use crate::flow::state::{
    Apply, Asked, Overlay, Page, Panel, Phase, PlanView, RehearsalStep, SignInStep, State,
};

use super::{Action, ActionId, connect, pick, register, secret};

/// An action with the text that stands under this key.
pub(super) fn action(id: ActionId, key: &str, shortcut: Option<char>) -> Action {
    Action { id, label: ui(key).to_owned(), enabled: true, shortcut }
}

pub(super) fn grey(mut action: Action, when: bool) -> Action {
    action.enabled = !when;
    action
}

/// What can be done now, in the order in which it is shown. With an overlay on top, its actions alone.
pub fn actions(state: &State) -> Vec<Action> {
    if let Some(overlay) = state.overlays.last() {
        return overlay_actions(state, overlay);
    }
    match &state.page {
        Page::Welcome => {
            vec![action(ActionId::Start, "flow.begin", None), action(ActionId::Quit, "quit.leave", None)]
        }
        Page::SignIn(sign_in) => sign_in_actions(state, &sign_in.step),
        Page::Stage(stage) => stage_actions(state, *stage),
        Page::End => {
            let mut list = vec![
                action(ActionId::Quit, "action.finish", None),
                action(ActionId::LookAgain, "action.look_again", Some('r')),
                action(ActionId::Back, "action.back", None),
            ];
            if let Some(open) = state.findings.first_open_stage() {
                // The last call may have been made where it cannot be seen.
                let at = usize::from(open == StageId::Try);
                list.insert(at, action(ActionId::ToOpen, "flow.to_open", Some('o')));
            }
            list
        }
    }
}

fn overlay_actions(state: &State, overlay: &Overlay) -> Vec<Action> {
    match overlay {
        Overlay::ConfirmQuit { .. } => {
            let mut list = vec![action(ActionId::Stay, "quit.stay", None)];
            // What was only sent to the terminal cannot be taken back from it.
            if state.secret_on_clipboard && !state.secret_only_sent() {
                list.push(action(ActionId::ClearAndQuit, "flow.clear_and_leave", None));
            }
            list.push(action(ActionId::Quit, "flow.leave_anyway", None));
            list
        }
        Overlay::More => connect::more(state),
        _ => vec![action(ActionId::Close, "flow.close", None)],
    }
}

pub(super) fn practice(state: &State, list: &mut Vec<Action>) {
    if let Some(_step) = person_step(state) {
        list.push(grey(
            action(ActionId::PracticePart, practice_label(state), Some('p')),
            state.person_step.is_some(),
        ));
    }
}

fn practice_label(state: &State) -> &'static str {
    match (&state.page, &state.panel) {
        (Page::SignIn(_), _) | (_, Panel::Rehearsal(_)) => "flow.practice_sign_in",
        (Page::Stage(StageId::Connect), Panel::HandOver) => "flow.practice_connector",
        (Page::Stage(StageId::Try), _) => "flow.practice_test",
        _ => "action.do_my_part",
    }
}

/// "Open the page", where there is one and a browser may be opened; and "Copy its address".
fn page(state: &State, list: &mut Vec<Action>) {
    if page_address(state).is_none() {
        return;
    }
    if !state.setup.no_browser {
        list.push(action(ActionId::OpenPage, "action.open_page", Some('o')));
    }
    list.push(action(ActionId::CopyAddress, "flow.copy_address", Some('a')));
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
                    M::Browser => action(ActionId::SignInBrowser, "sign_in.browser", None),
                    M::DeviceCode => action(ActionId::SignInCode, "sign_in.device", None),
                    M::AzCli => action(ActionId::SignInAz, "sign_in.az", None),
                    M::Kept => action(ActionId::SignInKept, "sign_in.kept", None),
                })
                .collect();
            list.push(action(ActionId::PublicOnly, "sign_in.none", None));
            // Whoever is signed in goes to another tenant by the list in step 1.
            if state.signed_in.is_none() {
                list.push(action(ActionId::NameTenant, "sign_in.name_tenant", Some('t')));
            }
            list
        }
        SignInStep::Starting(_) => vec![action(ActionId::CancelSignIn, "action.stop_waiting", None)],
        SignInStep::Browser { .. } => {
            let mut list = Vec::new();
            practice(state, &mut list);
            page(state, &mut list);
            list.push(action(ActionId::PageError, "sign_in.page_error", Some('e')));
            list.push(action(ActionId::CancelSignIn, "action.stop_waiting", None));
            list
        }
        SignInStep::DeviceCode { .. } => {
            let mut list = vec![action(ActionId::CopyCode, "flow.copy_code", Some('c'))];
            page(state, &mut list);
            practice(state, &mut list);
            list.push(action(ActionId::PageError, "sign_in.page_error", Some('e')));
            list.push(action(ActionId::CancelSignIn, "action.stop_waiting", None));
            list
        }
        SignInStep::Address => submit("flow.look_at_address"),
        SignInStep::Tenant => submit("flow.take_tenant"),
        SignInStep::PageError => submit("flow.explain_error"),
    }
}

fn submit(label: &str) -> Vec<Action> {
    vec![action(ActionId::Submit, label, None), action(ActionId::Back, "action.back", None)]
}

fn stage_actions(state: &State, stage: StageId) -> Vec<Action> {
    match &state.panel {
        Panel::Overview => overview_actions(state, stage),
        Panel::PickApp => pick::app_actions(state),
        Panel::PickTenant | Panel::PickSubscription => pick::list_actions(state),
        Panel::TypeUrl => submit("flow.look_at_address"),
        Panel::Preparing | Panel::Binding | Panel::Switching(_) => {
            vec![action(ActionId::Back, "action.stop_waiting", None)]
        }
        Panel::Plan(view) => plan_actions(state, view),
        Panel::Applying(apply) => apply_actions(state, apply),
        Panel::Myself => myself_actions(state, stage),
        Panel::AskAdmin => {
            let mut list = vec![
                action(ActionId::CopyCard, "flow.copy_card", Some('k')),
                grey(action(ActionId::LookAgain, "action.look_again", Some('r')), state.looking),
                action(ActionId::Back, "action.back", None),
            ];
            if granted_unseen(state) {
                list.insert(1, grey(action(ActionId::ForMe, "flow.try_again", Some('f')), state.public_only));
            }
            if state.stage_done() {
                list.insert(0, action(ActionId::Continue, "action.continue", Some('c')));
            }
            list
        }
        Panel::SecretField => submit("flow.take_secret"),
        Panel::HandOver => connect::actions(state),
        Panel::PickSlot
        | Panel::PickHost
        | Panel::PickClient
        | Panel::Resource
        | Panel::Consent
        | Panel::LostSecrets
        | Panel::Forecast => {
            vec![action(ActionId::Back, "action.back", None)]
        }
        Panel::ClientField => submit("flow.take_client"),
        Panel::RedirectField => submit("flow.take_redirect"),
        Panel::ErrorField => submit("flow.explain_it"),
        Panel::Explained(found) => connect::explained(stage, found),
        Panel::Rehearsal(view) => {
            let mut list = Vec::new();
            if matches!(view.step, RehearsalStep::SignIn { .. }) {
                practice(state, &mut list);
                page(state, &mut list);
                list.push(action(ActionId::PasteAddress, "flow.paste_address", Some('t')));
                list.push(action(ActionId::PageError, "sign_in.page_error", Some('e')));
            }
            list.push(action(ActionId::CancelRehearsal, "flow.stop_rehearsal", None));
            list
        }
        Panel::RehearsalPaste(_) => submit("flow.use_address"),
        Panel::Answer => {
            let mut list = vec![
                action(ActionId::Continue, "action.continue", Some('c')),
                action(ActionId::Rehearse, "flow.rehearse_again", None),
                action(ActionId::Back, "action.back", None),
            ];
            if !state.stage_done() {
                // An answer that proves nothing is no reason to go on.
                list.swap(0, 1);
            }
            list
        }
    }
}

/// What this person can do here, where somebody is signed in.
fn forecast(state: &State, list: &mut Vec<Action>) {
    if state.facts.person.value().is_some() {
        list.push(action(ActionId::Forecast, "flow.forecast", Some('w')));
    }
}

fn open_checks(state: &State, stage: StageId) -> bool {
    state.findings.stage(stage).is_none_or(|s| s.first_open().is_some())
}

fn overview_actions(state: &State, stage: StageId) -> Vec<Action> {
    let mut list = Vec::new();
    let done = state.stage_done();
    if done {
        list.push(action(ActionId::Continue, "action.continue", Some('c')));
    }
    let open = open_checks(state, stage);
    match stage {
        StageId::Pick => {
            if !done && answers_unseen(state) {
                list.push(action(ActionId::GoOnWithout, "flow.go_on_unseen", Some('g')));
                if may_need_somebody(state, stage) {
                    list.push(action(ActionId::AskAdmin, "action.ask_admin", None));
                }
            }
            pick::mend(state, &mut list);
            // Where the app is not there, another one is the next thing to do.
            if fails(state, StageId::Pick) && !done {
                pick::overview_actions(state, &mut list);
                forecast(state, &mut list);
            } else {
                forecast(state, &mut list);
                pick::overview_actions(state, &mut list);
            }
        }
        StageId::Protect | StageId::Register | StageId::Grant => {
            let first = register::which_first(state);
            if stage == StageId::Register && first {
                register::which(state, &mut list);
            }
            // Nothing can be prepared for an app that is not seen: asking for a role comes first there.
            let hidden = state.facts.hidden_site(&state.choices) && stage != StageId::Grant;
            if open && hidden {
                ask_admin(state, stage, &mut list);
            }
            if open {
                list.push(for_me(state, stage, hidden));
                list.push(action(ActionId::Myself, "action.myself", Some('m')));
            }
            if stage == StageId::Register && !first {
                register::which(state, &mut list);
            }
            if open {
                if stage == StageId::Grant {
                    list.push(action(ActionId::ChooseConsent, "flow.choose_consent", Some('w')));
                }
                if !hidden && !own_part_first(state, stage) {
                    ask_admin(state, stage, &mut list);
                }
                if stage == StageId::Grant && !done && asked_for(state) && !fails(state, stage) {
                    list.push(action(ActionId::GoOnWithout, "flow.agree_later", Some('g')));
                }
            }
        }
        StageId::Secret => secret::actions(state, &mut list, done),
        StageId::Connect => {}
        StageId::Try => {
            // Without the value there is nothing to rehearse with: getting it comes first.
            if !hand_over::holds_secret(state) {
                list.push(action(ActionId::ToSecret, "flow.to_secret", Some('s')));
            }
            // Trying the same again would end the same.
            if let Some(to) = rehearsal_mended_at(state) {
                list.push(connect::to_stage(to));
            }
            // A plan can be looked at where nothing may be changed; a rehearsal is nothing but what it does.
            let rehearse = action(ActionId::Rehearse, "action.rehearse", Some('f'));
            list.push(grey(rehearse, !writes_possible(state)));
            if state.facts.rehearsal.value().is_some() {
                list.push(action(ActionId::ShowAnswer, "flow.show_answer", Some('a')));
            }
            list.push(action(ActionId::Myself, "flow.test_page", Some('m')));
            list.push(action(ActionId::PasteError, "flow.paste_error", Some('x')));
        }
    }
    if stage == StageId::Protect && open {
        forecast(state, &mut list);
    }
    sign_in_again(state, &mut list);
    list.push(grey(action(ActionId::LookAgain, "action.look_again", Some('r')), state.looking));
    if stage == StageId::Try && !done {
        list.push(action(ActionId::Continue, "flow.to_end", Some('c')));
    }
    list
}

/// Whether the permission is requested, so that agreeing to it may be left for later.
fn asked_for(state: &State) -> bool {
    state.findings.check(CheckId::GrantRequested).is_some_and(|found| found.verdict.settled())
}

/// Whether the person's own part comes before an administrator's: the portal grants only what is requested.
fn own_part_first(state: &State, stage: StageId) -> bool {
    let own = |app| may_change(&state.facts, state.now, app) != Can::No;
    stage == StageId::Grant
        && !asked_for(state)
        && writes_possible(state)
        && !state.not_allowed.contains_key(&stage)
        && state.facts.client_app.value().is_some_and(own)
}

fn fails(state: &State, stage: StageId) -> bool {
    let found = state.findings.stage(stage);
    found.is_some_and(|stage| stage.checks.iter().any(|check| check.verdict == Verdict::Fail))
}

/// "Ask an admin": where one is usually needed, and where something was found missing, or will be.
pub(super) fn ask_admin(state: &State, stage: StageId, list: &mut Vec<Action>) {
    if may_need_somebody(state, stage) {
        list.push(action(ActionId::AskAdmin, "action.ask_admin", Some('a')));
    }
}

fn plan_actions(state: &State, view: &PlanView) -> Vec<Action> {
    let mut list = Vec::new();
    if confirmable(state, view) {
        let label = if view.asked == Asked::Beyond {
            "flow.confirm_more"
        } else if view.stage == StageId::Try {
            "flow.confirm_rehearsal"
        } else if view.plan.changes.len() == 1 {
            "action.confirm_one"
        } else {
            "action.confirm"
        };
        list.push(action(ActionId::Confirm, label, None));
        list.push(action(ActionId::Decline, "action.cancel", None));
    } else {
        if view.stage == StageId::Try && lacks_function(state) {
            list.push(action(ActionId::TypeAddress, "flow.type_function", Some('t')));
        }
        if view.plan.unread.is_some() {
            list.push(action(ActionId::PlanAgain, "action.look_again", Some('r')));
            ask_admin(state, view.stage, &mut list);
            list.push(action(ActionId::SignInOther, "flow.sign_in_other", None));
        }
        list.push(action(ActionId::Decline, "action.back", None));
    }
    list
}

fn apply_actions(state: &State, apply: &Apply) -> Vec<Action> {
    let back = action(ActionId::Back, "action.back", None);
    match &apply.phase {
        Phase::Sending | Phase::FindingOut(_) | Phase::Landing => {
            // While it only waits to be sent again, there is no step to be finished first.
            let waits = state.waiting.as_ref().is_some_and(|waiting| waiting.until.is_some());
            let label = if waits { "action.stop_waiting" } else { "flow.stop_after" };
            let stops = apply.stopping && (apply.in_hand() || apply.stage == StageId::Try);
            vec![grey(action(ActionId::Stop, label, None), stops)]
        }
        Phase::Slow => vec![action(ActionId::KeepLooking, "flow.keep_looking", Some('r')), back],
        Phase::StoppedByPerson => vec![action(ActionId::PlanAgain, "flow.plan_again", Some('f')), back],
        Phase::Stopped(trouble) => {
            let mut list = Vec::new();
            let policy = secret_refusal(trouble);
            let shorter = policy == Some(SecretRefusal::TooLong) && state.secret_days.is_some();
            if shorter {
                list.push(action(ActionId::PlanAgain, "flow.plan_shorter", Some('f')));
            }
            match trouble.class {
                _ if policy.is_some() => ask_admin(state, apply.stage, &mut list),
                Class::NotAllowed => ask_admin(state, apply.stage, &mut list),
                Class::SignInRefused => {
                    list.push(action(ActionId::SignInAgain, "flow.sign_in_go_on", Some('n')));
                }
                _ => {}
            }
            if !shorter {
                list.push(action(ActionId::PlanAgain, "flow.plan_again", Some('f')));
            }
            if person_side(apply.stage) {
                list.push(action(ActionId::Myself, "action.myself", Some('m')));
            }
            list.push(back);
            list
        }
    }
}

/// "Do it for me", in the words of the stage, or of what is left of it; with the reason where it cannot be chosen.
fn for_me(state: &State, stage: StageId, hidden: bool) -> Action {
    let facts = &state.facts;
    let made = facts.client_app.value().is_some() && facts.client_principal.value().is_some();
    let label = match words().stage(stage) {
        _ if stage == StageId::Register && made => ui("flow.admit"),
        Some(stage) => stage.for_me.label.as_str(),
        None => "",
    };
    let label =
        if state.public_only { ui_with("flow.sign_in_first", &[("label", label)]) } else { label.to_owned() };
    let enabled = !state.public_only && !hidden;
    Action { id: ActionId::ForMe, label, enabled, shortcut: Some('f') }
}

const fn person_side(stage: StageId) -> bool {
    matches!(
        stage,
        StageId::Protect | StageId::Register | StageId::Grant | StageId::Secret | StageId::Connect
    )
}

fn myself_actions(state: &State, stage: StageId) -> Vec<Action> {
    let mut list = Vec::new();
    if state.stage_done() {
        list.push(action(ActionId::Continue, "action.continue", Some('c')));
    } else if stage == StageId::Grant && asked_for(state) && !fails(state, stage) {
        // All of the steps are done; what is left is each person's own to do, at the connector.
        list.push(action(ActionId::GoOnWithout, "flow.agree_later", Some('g')));
    }
    if stage == StageId::Register && unsaid_client(state) {
        list.push(action(ActionId::ChooseClient, "flow.choose_client", Some('x')));
    }
    practice(state, &mut list);
    page(state, &mut list);
    // No id is ever typed.
    for (item, id, key, letter) in [
        (CopyItem::ApiId, ActionId::CopyApiId, "flow.copy_api_id", 'b'),
        (CopyItem::ClientId, ActionId::CopyClientId, "flow.copy_client_id", 'i'),
    ] {
        if asks_for(stage, item) && text_of(state, item).is_some() {
            list.push(action(id, key, Some(letter)));
        }
    }
    if stage == StageId::Secret {
        list.push(secret::paste(state));
    }
    if matches!(stage, StageId::Register | StageId::Secret) {
        register::type_client(state, &mut list);
    }
    if stage == StageId::Try {
        if !state.stage_done() {
            list.push(action(ActionId::GoOnWithout, "flow.answered_there", Some('c')));
        }
        list.push(action(ActionId::PasteError, "flow.paste_error", Some('x')));
    }
    list.push(grey(action(ActionId::LookAgain, "action.look_again", Some('r')), state.looking));
    list.push(action(ActionId::Back, "action.back", None));
    list
}

/// Whether the portal asks for this client ID at one of the stage's steps.
const fn asks_for(stage: StageId, item: CopyItem) -> bool {
    match stage {
        StageId::Register => matches!(item, CopyItem::ApiId | CopyItem::ClientId),
        StageId::Grant => matches!(item, CopyItem::ApiId),
        _ => false,
    }
}

/// "Sign in", where nobody is signed in, or the sign-in has run out.
pub(super) fn sign_in_again(state: &State, list: &mut Vec<Action>) {
    let refused = state.look_trouble.as_ref().is_some_and(|trouble| trouble.class == Class::SignInRefused);
    if state.public_only || refused {
        list.push(action(ActionId::SignInAgain, "flow.sign_in", Some('n')));
    }
}
