//! Stage 6's actions: what brings the person on stands on the page, what is needed now and then behind "More"; and those of
//! an explained error.

use crate::engine::error_codes::Explained;
use crate::engine::findings::Verdict;
use crate::engine::ids::{CheckId, StageId};
use crate::engine::words::{ui_with, words};
use crate::flow::derived::page_address;
use crate::flow::hand_over;
use crate::flow::state::State;

use super::actions::{action, ask_admin, grey, practice, sign_in_again};
use super::{Action, ActionId};

/// The actions below the connector page's rows.
pub(super) fn actions(state: &State) -> Vec<Action> {
    let mut list = Vec::new();
    let done = state.stage_done();
    if done {
        list.push(action(ActionId::Continue, "action.continue", Some('c')));
    }
    let verdict = |id| state.findings.check(id).map(|f| f.verdict);
    let unregistered = state.choices.redirect_url.is_some()
        && verdict(CheckId::RedirectRegistered).is_some_and(|v| !v.settled());
    let leftover = matches!(verdict(CheckId::RedirectLeftover), Some(Verdict::Fail | Verdict::Warn));
    if unregistered {
        list.push(grey(action(ActionId::ForMe, "flow.register_redirect", Some('f')), state.public_only));
    } else if leftover {
        list.push(grey(action(ActionId::ForMe, "flow.remove_leftover", Some('f')), state.public_only));
    }
    if unregistered {
        list.push(action(ActionId::Myself, "action.myself", Some('m')));
        ask_admin(state, StageId::Connect, &mut list);
    }
    if state.choices.redirect_url.is_some() {
        // Another is taken once this one is forgotten: what was taken by mistake is not overlooked then.
        list.push(action(ActionId::ForgetRedirect, "flow.forget_redirect", Some('z')));
    } else {
        list.push(action(ActionId::CopiedRedirect, "action.redirect_copied", Some('u')));
        list.push(action(ActionId::TypeRedirect, "flow.type_redirect", Some('t')));
    }
    // One that does not work is changed from here; otherwise that is needed now and then.
    if verdict(CheckId::ResourceResolves) == Some(Verdict::Fail) {
        list.push(action(ActionId::ChooseResource, "flow.choose_resource", Some('x')));
    }
    if page_address(state).is_some() && !state.setup.no_browser {
        list.push(action(ActionId::OpenPage, "action.open_page", Some('o')));
    }
    if !hand_over::holds_secret(state) {
        list.push(action(ActionId::ToSecret, "flow.to_secret", Some('s')));
    }
    practice(state, &mut list);
    sign_in_again(state, &mut list);
    list.push(action(ActionId::More, "flow.more", Some('i')));
    list.push(grey(action(ActionId::LookAgain, "action.look_again", Some('r')), state.looking));
    list
}

/// What stands behind "More".
pub(super) fn more(state: &State) -> Vec<Action> {
    let mut list = vec![action(ActionId::WriteFiles, "action.write_files", Some('w'))];
    if !hand_over::candidates(state).is_empty() {
        list.push(action(ActionId::ChooseResource, "flow.choose_resource", Some('x')));
    }
    if page_address(state).is_some() {
        list.push(action(ActionId::CopyAddress, "flow.copy_page_address", Some('a')));
    }
    list.push(action(ActionId::PasteError, "flow.paste_error", Some('n')));
    list.push(action(ActionId::LooksDifferent, "action.looks_different", Some('d')));
    list.push(action(ActionId::Close, "action.back", None));
    list
}

/// What can be done about an explained error: going where it is mended, where that is another stage.
pub(super) fn explained(stage: StageId, found: &Explained) -> Vec<Action> {
    let mut list = Vec::new();
    if let Some(to) = found.stage().filter(|to| *to != stage) {
        list.push(to_stage(to));
    }
    list.push(action(ActionId::PasteError, "flow.explain_another", Some('x')));
    list.push(action(ActionId::Back, "action.back", None));
    list
}

/// To the stage where an error is mended that was pasted, or that a rehearsal ended with.
pub(super) fn to_stage(to: StageId) -> Action {
    let title = words().stage(to).map_or("", |words| words.title.as_str());
    let label = ui_with("flow.to_stage", &[("number", &to.number().to_string()), ("title", title)]);
    Action { id: ActionId::ToExplained, label, enabled: true, shortcut: Some('g') }
}
