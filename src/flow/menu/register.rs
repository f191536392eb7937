//! Saying which registration is the connector's: by choosing among those that are seen, or by its client ID.

use super::actions::action;
use super::{Action, ActionId};
use crate::flow::derived::{choice_of_clients, client_id, one_registration, unsaid_client, unseen_client};
use crate::flow::hand_over;
use crate::flow::state::State;

/// Whether saying it brings the person on more than anything else: it is not clear which one is meant, or nobody is
/// signed in, so that nothing else can be done here.
pub(super) fn which_first(state: &State) -> bool {
    unsaid_client(state) || state.public_only
}

/// The way to say it; once it was said of one that cannot be seen, the way to what can be checked then.
pub(super) fn which(state: &State, list: &mut Vec<Action>) {
    if choice_of_clients(state) {
        list.push(action(ActionId::ChooseClient, "flow.choose_client", Some('x')));
    }
    if unseen_client(state) && client_id(state).is_some() && !hand_over::holds_secret(state) {
        list.push(action(ActionId::ToSecret, "flow.to_secret", Some('s')));
    }
    type_client(state, list);
}

/// "Type the connector's client ID", where its registration cannot be seen, or is the API's own and needs another.
pub(super) fn type_client(state: &State, list: &mut Vec<Action>) {
    if unseen_client(state) || one_registration(state) {
        let label = if client_id(state).is_some() { "flow.retype_client" } else { "flow.type_client" };
        list.push(action(ActionId::TypeClient, label, Some('i')));
    }
}
