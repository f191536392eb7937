//! Saying which registration is the connector's: by choosing among those that are seen, or by its client ID.

use super::actions::action;
use super::{Action, ActionId};
use crate::flow::derived::{choice_of_clients, client_id, unsaid_client, unseen_client};
use crate::flow::state::State;

/// Whether saying it brings the person on more than anything else: it is not clear which one is meant, or nobody is
/// signed in, so that nothing else can be done here.
pub(super) fn which_first(state: &State) -> bool {
    unsaid_client(state) || (state.public_only && client_id(state).is_none())
}

/// The way to say it.
pub(super) fn which(state: &State, list: &mut Vec<Action>) {
    if choice_of_clients(state) {
        list.push(action(ActionId::ChooseClient, "flow.choose_client", Some('x')));
    }
    type_client(state, list);
}

/// "Type the connector's client ID", where its registration cannot be seen.
pub(super) fn type_client(state: &State, list: &mut Vec<Action>) {
    if unseen_client(state) {
        let label = if client_id(state).is_some() { "flow.retype_client" } else { "flow.type_client" };
        list.push(action(ActionId::TypeClient, label, Some('i')));
    }
}
