//! What the arrow keys can select on every page, what is selected, and what lies next to it.

use std::cmp::Ordering;

use crate::engine::choices::ConsentWay;
use crate::engine::forecast::Subject;
use crate::engine::ids::StageId;
use crate::flow::derived::{confirmable, lost, nothing_to_grant, only_by_hand, portal_steps};
use crate::flow::effect::CopyItem;
use crate::flow::event::CopyOutcome;
use crate::flow::hand_over;
use crate::flow::state::{Page, Panel, State};

use super::{ActionId, Item, actions, pick};

/// Everything that the arrow keys can select now, top to bottom. Greyed actions are not among it.
pub fn items(state: &State) -> Vec<Item> {
    let mut list = Vec::new();
    if state.overlays.is_empty()
        && let Some(stage) = state.stage()
    {
        list.extend(stage_items(state, stage));
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
        Panel::PickApp | Panel::PickTenant | Panel::PickSubscription | Panel::PickSlot | Panel::PickHost => {
            pick::items(state)
        }
        Panel::PickClient => state
            .facts
            .client_candidates
            .value()
            .map(|list| list.iter().map(|c| Item::Client(c.app_id.clone())).collect())
            .unwrap_or_default(),
        Panel::Myself => (0..portal_steps(state).len()).map(Item::Step).collect(),
        Panel::Plan(view) => (0..view.plan.changes.len()).map(Item::Change).collect(),
        Panel::HandOver => hand_over::rows(state)
            .into_iter()
            .filter(|row| row.copyable)
            .filter_map(|row| row.item.map(Item::Row))
            .collect(),
        Panel::Consent => ConsentWay::ALL.into_iter().map(Item::Consent).collect(),
        Panel::Resource => {
            hand_over::candidates(state).into_iter().map(|c| Item::Resource(c.value)).collect()
        }
        Panel::Forecast => Subject::ALL.into_iter().map(Item::Outlook).collect(),
        Panel::LostSecrets => {
            lost(state).into_iter().map(|secret| Item::Lost(secret.key_id.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// What is selected when nothing has been selected yet: the thing that brings the person on. On a plan, while one is made
/// and while it is carried out, nothing: an Enter that was meant for the page before must neither agree nor give up.
pub fn preferred(state: &State) -> Option<Item> {
    let all = items(state);
    let first_action = || all.iter().find(|i| matches!(i, Item::Action(_))).cloned();
    if !state.overlays.is_empty() {
        return first_action();
    }
    match (&state.page, &state.panel) {
        (Page::Stage(_), Panel::Plan(view)) if confirmable(state, view) => None,
        (Page::Stage(_), Panel::Preparing | Panel::Binding) => None,
        (Page::Stage(_), Panel::Applying(apply)) if !apply.at_rest() => None,
        // Whoever is there already wants to go elsewhere.
        (Page::Stage(_), Panel::PickTenant) => {
            let here = state.signed_in.as_ref().map_or("", |person| person.tenant_id.as_str());
            let elsewhere = |i: &&Item| matches!(i, Item::Tenant(id) if !id.eq_ignore_ascii_case(here));
            all.iter().find(elsewhere).or(all.first()).cloned()
        }
        (Page::Stage(StageId::Grant), Panel::Overview) if nothing_to_grant(state) => {
            let on = Item::Action(ActionId::GoOnWithout);
            all.iter().find(|item| **item == on).cloned().or_else(first_action)
        }
        (
            Page::Stage(_),
            Panel::PickApp
            | Panel::PickSubscription
            | Panel::PickSlot
            | Panel::PickHost
            | Panel::PickClient
            | Panel::Resource
            | Panel::Consent
            | Panel::LostSecrets,
        ) => all.first().cloned(),
        (Page::Stage(_), Panel::HandOver) if !state.stage_done() => {
            let next = |i: &&Item| matches!(i, Item::Row(item) if !handed(state, *item));
            let untouched = state.choices.redirect_url.is_none();
            all.iter().find(next).filter(|_| untouched).cloned().or_else(first_action)
        }
        // A plan would change nothing of what is wrong here.
        (Page::Stage(stage @ (StageId::Protect | StageId::Register | StageId::Grant)), Panel::Overview)
            if only_by_hand(state, *stage) =>
        {
            let myself = Item::Action(ActionId::Myself);
            all.iter().find(|item| **item == myself).cloned().or_else(first_action)
        }
        // A second secret is no answer to waiting for the first one's trial.
        (Page::Stage(StageId::Secret), Panel::Overview) if state.secret.probing => {
            let look = Item::Action(ActionId::LookAgain);
            all.iter().find(|item| **item == look).cloned().or_else(first_action)
        }
        // The connector page does not have a value yet that was made or pasted just now.
        (Page::Stage(_), Panel::HandOver) => {
            let secret = Item::Row(CopyItem::ClientSecret);
            let waits = !handed(state, CopyItem::ClientSecret);
            all.iter().find(|item| waits && **item == secret).cloned().or_else(first_action)
        }
        _ => first_action(),
    }
}

/// Whether a value went to the clipboard, as far as that can be known.
fn handed(state: &State, item: CopyItem) -> bool {
    matches!(state.copied.get(&item), Some(CopyOutcome::Copied | CopyOutcome::Sent))
}

/// The first of the actions.
pub fn first_action(state: &State) -> Option<Item> {
    items(state).into_iter().find(|item| matches!(item, Item::Action(_)))
}

/// The selected item: the one that was selected, or the preferred one where that is gone.
pub fn selected(state: &State) -> Option<Item> {
    match &state.selected {
        Some(item) if items(state).contains(item) => Some(item.clone()),
        _ => preferred(state),
    }
}

/// Whether a list to choose from is shown, which may be longer than any screen: the keys that turn pages move the
/// selection in it.
pub fn lists(state: &State) -> bool {
    let list = matches!(
        state.panel,
        Panel::PickApp | Panel::PickTenant | Panel::PickSubscription | Panel::PickSlot | Panel::PickHost
    );
    list && state.overlays.is_empty() && state.stage().is_some() && !pick::items(state).is_empty()
}

/// The item `rows` further down or up in the list. Beyond its last row come the actions.
pub fn further(state: &State, rows: usize, down: bool) -> Option<Item> {
    let items = items(state);
    let last = pick::items(state).len().checked_sub(1)?;
    let at = selected(state).and_then(|item| items.iter().position(|i| *i == item))?;
    let to = match (at.cmp(&last), down) {
        (Ordering::Less, true) => at.saturating_add(rows).min(last),
        (Ordering::Equal, true) => last + 1,
        (Ordering::Greater, true) => items.len() - 1,
        (Ordering::Greater, false) => last,
        (_, false) => at.saturating_sub(rows),
    };
    items.get(to).cloned()
}

/// The last row of the list.
pub fn last_row(state: &State) -> Option<Item> {
    pick::items(state).pop()
}

/// The item after the selected one, or before it; `None` at the end of the list.
pub fn neighbour(state: &State, down: bool) -> Option<Item> {
    let items = items(state);
    let at = selected(state).and_then(|item| items.iter().position(|i| *i == item))?;
    let to = if down { at.checked_add(1) } else { at.checked_sub(1) };
    to.and_then(|to| items.get(to).cloned())
}
