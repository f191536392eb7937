//! Secrets whose value is lost: offered for removal, never one that is in use; and whose end is told.

use super::*;
use crate::engine::change::ChangeKind;
use crate::engine::facts::SecretInfo;
use crate::engine::fixtures::seen;
use crate::engine::held::HeldSecret;
use crate::flow::derived::{SecretEnd, secret_end};
use crate::flow::event::CopyOutcome;

const KEY: &str = "c0ffee00-0000-4000-8000-000000000001";
const OTHER: &str = "c0ffee00-0000-4000-8000-000000000002";

/// A connector that was not saved yet, with one secret of ours, or with two.
fn unsaved(secrets: usize) -> Facts {
    with_client(|app| {
        app.web_redirects.clear();
        let first = app.secrets[0].clone();
        app.secrets.push(SecretInfo {
            key_id: OTHER.into(),
            display_name: "handclasp 2026-11-20 10:00:00".into(),
            ..first
        });
        app.secrets.truncate(secrets);
    })
}

fn hold(walk: &mut Walk, key_id: &str, made_here: bool) {
    let mut held = held();
    let secret = held.secret.as_mut().unwrap();
    (secret.key_id, secret.made_here) = (Some(key_id.into()), made_here);
    walk.give(Event::Held(held));
}

fn lost(walk: &Walk) -> Vec<&str> {
    crate::flow::derived::lost(walk).into_iter().map(|secret| secret.key_id.as_str()).collect()
}

fn saved(effects: &[Effect]) -> Vec<Vec<String>> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::SaveChoices(choices) => Some(choices.handed_over.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn one_lost_secret_is_removed_after_a_look_and_a_yes() {
    let mut walk = Walk::at(StageId::Secret, unsaved(1));
    assert_ne!(menu::selected(&walk), Some(Item::Action(ActionId::RemoveLost)), "it is never the default");
    let effects = walk.choose(ActionId::RemoveLost);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    walk.observe(unsaved(1));
    assert!(walk.sent().is_empty());
    walk.draw();
    walk.agree(unsaved(1));
    let [sent] = &walk.sent()[..] else { panic!("{:?}", walk.sent()) };
    assert_eq!((sent.kind, &sent.body["keyId"]), (ChangeKind::RemoveSecret, &KEY.into()));
    walk.carry_out(unsaved(1));
    assert_eq!(walk.panel, Panel::Overview);
    assert!(walk.overlays.is_empty(), "nothing is said of a value that did not arrive: {:?}", walk.overlays);
    assert!(!walk.offers(ActionId::RemoveLost));
    assert_eq!(walk.sent().len(), 1, "no new one is made beside it");
    walk.choose(ActionId::ForMe);
    walk.observe(unsaved(0));
    let Panel::Plan(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert_eq!(view.plan.changes[0].kind, ChangeKind::AddSecret, "the next wish is another one");
}

#[test]
fn of_several_the_person_says_which() {
    let mut walk = Walk::at(StageId::Secret, unsaved(2));
    let effects = walk.choose(ActionId::RemoveLost);
    assert!(works(&effects).is_empty());
    assert_eq!(walk.panel, Panel::LostSecrets);
    walk.select(&Item::Lost(OTHER.into()));
    walk.press(Key::Enter);
    walk.observe(unsaved(2));
    walk.draw();
    walk.agree(unsaved(2));
    assert_eq!(walk.sent()[0].body["keyId"], OTHER);
}

#[test]
fn one_that_turns_up_during_the_look_is_left_alone() {
    let mut walk = Walk::at(StageId::Secret, unsaved(1));
    walk.choose(ActionId::RemoveLost);
    hold(&mut walk, KEY, false);
    walk.observe(unsaved(1));
    assert_eq!(walk.panel, Panel::Overview);
    assert!(walk.sent().is_empty() && !walk.offers(ActionId::RemoveLost));
}

#[test]
fn what_was_copied_or_pasted_is_kept_as_in_use() {
    let mut walk = Walk::at(StageId::Secret, unsaved(2));
    hold(&mut walk, KEY, true);
    assert_eq!(lost(&walk), [OTHER]);
    assert!(saved(&walk.all).is_empty(), "what was only made is in nobody's hands yet");
    walk.press(Key::Right);
    walk.observe(unsaved(2));
    walk.select(&Item::Row(CopyItem::ClientSecret));
    let effects = walk.press(Key::Enter);
    let copied = effects.iter().position(|effect| matches!(effect, Effect::Copy(_)));
    let kept = effects.iter().position(|effect| matches!(effect, Effect::SaveChoices(_)));
    assert!(kept.is_some() && kept < copied, "kept first: {effects:?}");
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Copied });
    assert_eq!(saved(&walk.all), [vec![KEY.to_owned()]]);
    walk.give(Event::Held(Held::default()));
    assert_eq!(lost(&walk), [OTHER], "its value is gone from here, but not from the person");
    hold(&mut walk, OTHER, false);
    walk.give(Event::Held(Held::default()));
    assert!(lost(&walk).is_empty());
}

#[test]
fn a_removal_that_stopped_is_planned_again_as_a_removal() {
    let mut walk = Walk::at(StageId::Secret, unsaved(1));
    walk.choose(ActionId::RemoveLost);
    walk.observe(unsaved(1));
    walk.draw();
    walk.agree(unsaved(1));
    walk.fail(trouble(Class::NotAllowed));
    walk.observe(unsaved(1));
    walk.choose(ActionId::PlanAgain);
    walk.observe(unsaved(1));
    let Panel::Plan(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert_eq!(view.plan.changes[0].kind, ChangeKind::RemoveSecret);
}

#[test]
fn one_made_and_removed_in_the_same_run_leaves_no_look_that_counts_as_old() {
    let mut walk = Walk::at(StageId::Secret, unsaved(0));
    walk.confirm_for_me(unsaved(0));
    walk.fail(Trouble { uncertain: true, ..trouble(Class::TimeOut) });
    let made = after(&unsaved(0), &walk.sent()[0]);
    walk.observe(made.clone());
    walk.press(Key::Enter);
    walk.choose(ActionId::RemoveLost);
    walk.observe(made.clone());
    walk.draw();
    walk.agree(made.clone());
    walk.carry_out(made);
    walk.observe(unsaved(0));
    assert!(walk.watch.is_none() && !walk.lagging, "{:?}", walk.landed);
    assert!(walk.facts.client_app.value().unwrap().secrets.is_empty());
}

fn refused(code: &str, class: Class) -> Trouble {
    Trouble { code: Some(code.into()), status: Some(400), ..trouble(class) }
}

const TOO_LONG: &str = "CredentialInvalidLifetimeAsPerAppPolicy";
const FORBIDDEN: &str = "CredentialTypeNotAllowedAsPerAppPolicy";

fn planned_end(walk: &Walk) -> String {
    let Panel::Plan(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    view.plan.changes[0].body["passwordCredential"]["endDateTime"].as_str().unwrap().to_owned()
}

#[test]
fn a_secret_that_may_not_last_so_long_is_planned_shorter_and_confirmed_anew() {
    for class in [Class::Refused, Class::NotAllowed] {
        let mut walk = Walk::at(StageId::Secret, unsaved(0));
        walk.confirm_for_me(unsaved(0));
        walk.fail(refused(TOO_LONG, class));
        walk.observe(unsaved(0));
        assert_eq!(
            menu::selected(&walk),
            Some(Item::Action(ActionId::PlanAgain)),
            "the next step is at hand"
        );
        walk.choose(ActionId::PlanAgain);
        walk.observe(unsaved(0));
        assert_eq!(planned_end(&walk), "2027-02-19T00:00:00Z", "90 days");
        assert_eq!(walk.sent().len(), 1, "nothing is sent before a new yes");
        walk.draw();
        walk.agree(unsaved(0));
        walk.fail(refused(TOO_LONG, class));
        walk.observe(unsaved(0));
        walk.choose(ActionId::PlanAgain);
        walk.observe(unsaved(0));
        assert_eq!(planned_end(&walk), "2027-01-20T00:00:00Z", "60 days");
        walk.draw();
        walk.agree(unsaved(0));
        walk.hold_secret();
        walk.carry_out(unsaved(0));
        assert_eq!(walk.panel, Panel::Overview);
    }
}

#[test]
fn where_no_secret_is_allowed_the_card_asks_for_an_exception() {
    for class in [Class::Refused, Class::NotAllowed] {
        let mut walk = Walk::at(StageId::Secret, unsaved(0));
        assert!(!walk.offers(ActionId::AskAdmin), "nothing is missing as far as is known");
        walk.confirm_for_me(unsaved(0));
        walk.fail(refused(FORBIDDEN, class));
        walk.observe(unsaved(0));
        walk.choose(ActionId::AskAdmin);
        let card = crate::flow::derived::admin_card(&walk).unwrap().join("\n");
        assert!(card.contains("policy") && card.contains("Who can:"), "{card}");
        let copied = walk.choose(ActionId::CopyCard);
        assert!(matches!(&copied[..], [Effect::Copy(_)]), "{copied:?}");
        // Looking never shows whether it was granted, so it can be tried from here.
        assert!(crate::flow::derived::granted_unseen(&walk));
        walk.observe(unsaved(0));
        assert_eq!(walk.panel, Panel::AskAdmin);
        walk.choose(ActionId::ForMe);
        assert_eq!(walk.panel, Panel::Preparing);
    }
}

#[test]
fn what_will_be_missing_is_asked_for_before_it_is_refused() {
    let mut facts = fixtures::fresh();
    facts.rights.register_apps = Seen::is(false, fixtures::now(), "GET /policies/authorizationPolicy");
    let mut walk = Walk::at(StageId::Protect, facts);
    let effects = walk.choose(ActionId::AskAdmin);
    assert!(matches!(works(&effects)[..], [Work::Watch { .. }]), "the stage keeps watching: {effects:?}");
    let card = crate::flow::derived::admin_card(&walk).unwrap().join("\n");
    for part in ["Application Developer", "az rest", "To take it back", "portal.azure.com"] {
        assert!(card.contains(part), "{part}: {card}");
    }
    walk.observe(fixtures::finished());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)), "granted: it goes on");
}

/// A finished set-up whose connector has two secrets; nothing is known of whose hands they are in.
fn with_two_secrets() -> (State, Timestamp, Timestamp) {
    let mut state = Walk::at(StageId::Secret, fixtures::finished()).state;
    let mut facts = fixtures::finished();
    let mut client = facts.client_app.value().unwrap().clone();
    let first = client.secrets[0].end.unwrap();
    let second = first + SignedDuration::from_hours(24);
    let more = SecretInfo { key_id: OTHER.into(), end: Some(second), ..client.secrets[0].clone() };
    client.secrets.push(more);
    facts.client_app = seen(client);
    state.facts = facts;
    state.choices.handed_over.clear();
    (state, first, second)
}

fn held_here(key_id: Option<&str>, ends: Option<Timestamp>) -> HeldSecret {
    HeldSecret {
        client_app_id: fixtures::CLIENT.to_uppercase(),
        key_id: key_id.map(str::to_owned),
        ends,
        made: None,
        made_here: false,
    }
}

#[test]
fn the_end_is_told_of_the_secret_that_the_connector_has() {
    let (mut state, first, second) = with_two_secrets();
    assert_eq!(secret_end(&state), Some(SecretEnd::OfAll(second)), "which it is, is not known");

    let first_id = state.facts.client_app.value().unwrap().secrets[0].key_id.clone();
    state.choices.handed_over = vec![first_id.to_uppercase()];
    assert_eq!(secret_end(&state), Some(SecretEnd::Its(first)), "the one that went to the person");

    state.held.secret = Some(held_here(Some(OTHER), None));
    assert_eq!(secret_end(&state), Some(SecretEnd::Its(second)), "what is held comes first");

    let elsewhere = first - SignedDuration::from_hours(48);
    state.held.secret = Some(held_here(None, Some(elsewhere)));
    assert_eq!(secret_end(&state), Some(SecretEnd::Its(elsewhere)), "it is not listed yet");

    state.held.secret =
        Some(HeldSecret { client_app_id: fixtures::API.into(), ..held_here(Some(OTHER), None) });
    assert_eq!(secret_end(&state), Some(SecretEnd::Its(first)), "another registration's says nothing");

    state.facts.client_app = Seen::default();
    assert_eq!(secret_end(&state), None);
}

#[test]
fn the_only_copy_of_a_value_counts_as_copied_when_it_came_back_and_not_when_it_was_asked_for() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    let mut held = held();
    held.secret.as_mut().unwrap().made_here = true;
    walk.give(Event::Held(held));
    let only_copy = |walk: &Walk| crate::flow::derived::value_not_copied(walk);
    walk.select(&Item::Row(CopyItem::ClientSecret));
    walk.press(Key::Enter);
    assert!(only_copy(&walk), "it was asked for");
    walk.give(Event::Copied {
        item: CopyItem::ClientSecret,
        outcome: CopyOutcome::Failed(trouble(Class::Local)),
    });
    assert!(only_copy(&walk));
    walk.press(Key::Enter);
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Sent });
    assert!(only_copy(&walk), "a terminal does not say whether it took it");
    assert_eq!(crate::flow::derived::secret_given(&walk), None);
    walk.press(Key::Enter);
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Copied });
    assert!(!only_copy(&walk));
    walk.choose(ActionId::LookAgain);
    walk.give(Event::Copied { item: CopyItem::Host, outcome: CopyOutcome::Copied });
    assert!(!only_copy(&walk), "nor does another copy take it back");
}

#[test]
fn a_secret_in_a_field_that_is_drawn_is_not_kept_there() {
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    walk.choose(ActionId::TypeRedirect);
    walk.type_text("half-typed");
    walk.give(Event::SecretMisplaced);
    assert!(walk.fields.redirect.is_empty());
    assert!(matches!(walk.overlays.last(), Some(Overlay::Notice { .. })));
    walk.press(Key::Enter);
    assert_eq!(walk.panel, Panel::RedirectField, "the right thing can be pasted now");

    let mut nowhere = Walk::at(StageId::Grant, fixtures::finished());
    nowhere.give(Event::SecretMisplaced);
    assert!(nowhere.overlays.is_empty(), "a paste that no field takes is nothing");
}
