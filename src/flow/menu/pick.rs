//! What can be done and selected where the tenant, the subscription or the function app is picked.

use crate::flow::derived::{app_rows, other_tenants, portal_steps, subscription_rows, tenant_rows};
use crate::flow::state::{Listing, Panel, State};

use super::actions::action;
use super::{Action, ActionId, Item};

/// What can be done beside choosing one of the apps. Where there is none, the way to another tenant comes first.
pub(super) fn app_actions(state: &State) -> Vec<Action> {
    let mut list = vec![action(ActionId::TypeAddress, "flow.type_address", None)];
    if other_tenants(state) {
        let none = state.apps.get().is_some_and(|list| list.apps.is_empty());
        list.insert(usize::from(!none), action(ActionId::PickTenant, "flow.pick_tenant", None));
    }
    if state.apps.get().is_some_and(|list| list.subscriptions.len() > 1) {
        list.push(action(ActionId::PickSubscription, "flow.pick_subscription", None));
    }
    if !matches!(state.apps, Listing::Asked) {
        list.push(action(ActionId::ListAgain, "flow.list_again", None));
    }
    list.push(other_person());
    if state.choices.app.is_some() {
        list.push(action(ActionId::Back, "action.back", None));
    }
    list
}

/// The way to another person's sign-in: the list shows what one person may see, and somebody may have two accounts.
fn other_person() -> Action {
    action(ActionId::SignInOther, "flow.sign_in_other", None)
}

/// What can be done about an app that is there and is not as it should be: the portal's steps, and going on all the same.
pub(super) fn mend(state: &State, list: &mut Vec<Action>) {
    if state.stage_done() || state.facts.site.value().is_none() {
        return;
    }
    if !portal_steps(state).is_empty() {
        list.push(action(ActionId::Myself, "action.myself", Some('m')));
        list.push(action(ActionId::GoOnWithout, "flow.go_on_anyway", Some('g')));
    }
}

/// The ways to another app, slot or host name, once an app was chosen.
pub(super) fn overview_actions(state: &State, list: &mut Vec<Action>) {
    list.push(action(ActionId::PickAnother, "flow.pick_another", Some('a')));
    if let Some(site) = state.facts.site.value().filter(|_| !state.public_only) {
        // Whether there are any is looked up only when it is asked.
        if state.slots.get().is_none_or(|all| all.len() > 1) {
            list.push(action(ActionId::PickSlot, "flow.pick_slot", Some('d')));
        }
        if site.host_names.len() > 1 {
            list.push(action(ActionId::PickHost, "flow.pick_host", Some('h')));
        }
    }
    if state.signed_in.is_some() {
        if state.facts.site.is_absent() && other_tenants(state) {
            list.push(action(ActionId::PickTenant, "flow.pick_tenant", None));
        }
        list.push(other_person());
    }
}

/// What can be done beside choosing a tenant or a subscription.
pub(super) fn list_actions(state: &State) -> Vec<Action> {
    let mut list = Vec::new();
    if state.panel == Panel::PickTenant && !matches!(state.tenants, Listing::Asked) {
        list.push(action(ActionId::ListAgain, "flow.list_tenants_again", None));
    }
    list.push(action(ActionId::Back, "action.back", None));
    list
}

/// What can be chosen: the rows that fit the filter. All subscriptions together are a choice while nothing is filtered.
pub(super) fn items(state: &State) -> Vec<Item> {
    match state.panel {
        Panel::PickApp => app_rows(state).into_iter().map(|app| Item::App(app.id.clone())).collect(),
        Panel::PickTenant => tenant_rows(state).into_iter().map(|row| Item::Tenant(row.id.clone())).collect(),
        Panel::PickSubscription => {
            let all = state.fields.subscription_filter.is_empty().then_some(Item::Subscription(None));
            let rows = subscription_rows(state).into_iter();
            all.into_iter().chain(rows.map(|row| Item::Subscription(Some(row.id.clone())))).collect()
        }
        Panel::PickSlot => {
            let rows = state.slots.get().map_or(&[][..], Vec::as_slice);
            rows.iter().map(|row| Item::App(row.id.clone())).collect()
        }
        Panel::PickHost => {
            let site = state.facts.site.value();
            site.map(|site| site.host_names.iter().cloned().map(Item::Host).collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
