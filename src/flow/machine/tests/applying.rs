//! Plans: shown, confirmed, carried out one change at a time, and every way in which that can go wrong.

mod landing;
mod stopping;

use std::time::Duration;

use super::*;
use crate::engine::change::ChangeKind;
use crate::flow::effect::CopyItem;
use crate::flow::event::{CopyOutcome, Waiting};
use crate::flow::state::{Asked, Mark, Phase};

/// At the stage "protect" of a fresh app, the plan confirmed, its first change sent.
pub(super) fn protecting() -> Walk {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.confirm_for_me(fixtures::fresh());
    assert_eq!(walk.sent().len(), 1);
    walk
}

fn kinds(changes: &[Change]) -> Vec<ChangeKind> {
    changes.iter().map(|change| change.kind).collect()
}

#[test]
fn the_whole_stage_is_carried_out_from_fresh_facts_and_ends_on_continue() {
    let mut walk = protecting();
    walk.carry_out(fixtures::fresh());
    assert_eq!(
        kinds(&walk.sent()),
        [
            ChangeKind::CreateApiApp,
            ChangeKind::SetIdentifierUri,
            ChangeKind::CreateApiPrincipal,
            ChangeKind::PutAuth
        ]
    );
    assert!(walk.sent().iter().all(|change| change.waits_for().is_none()));
    assert_eq!(walk.panel, Panel::Overview);
    assert!(walk.stage_done(), "{:?}", walk.findings.stage(StageId::Protect));
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    assert_eq!(walk.stage(), Some(StageId::Protect), "it never moves on by itself");
}

#[test]
fn the_plan_is_made_from_a_look_after_the_wish() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    let effects = walk.choose(ActionId::ForMe);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    assert_eq!(walk.panel, Panel::Preparing);
    walk.observe(fixtures::finished());
    assert_eq!(walk.panel, Panel::Overview, "somebody else has done it meanwhile");
    assert!(walk.sent().is_empty());
}

#[test]
fn a_plan_that_stood_open_is_not_carried_out_from_what_was_there_then() {
    // Somebody else has done it meanwhile: nothing is left to be sent, and nothing is written over.
    let mut walk = Walk::at(StageId::Register, protected());
    walk.choose(ActionId::ForMe);
    walk.observe(protected());
    walk.draw();
    walk.agree(fixtures::finished());
    assert!(walk.sent().is_empty(), "{:?}", walk.sent());
    assert_eq!((&walk.panel, walk.note.as_deref()), (&Panel::Overview, Some(ui("plan.empty"))));
    assert!(walk.carried_out.is_empty());

    // Somebody has added to a document that is written as a whole: the plan is shown again, with that in it.
    let mut walk = Walk::at(StageId::Protect, named());
    walk.choose(ActionId::ForMe);
    walk.observe(named());
    walk.draw();
    let mut added = named();
    let Fact::Is(auth) = &mut added.auth.fact else { panic!() };
    auth.document["platform"]["runtimeVersion"] = "~2".into();
    walk.agree(added.clone());
    assert!(walk.sent().is_empty(), "{:?}", walk.sent());
    let Panel::Plan(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert_eq!(view.asked, Asked::Changed);
    let [first] = &view.plan.changes[..] else { panic!("{:?}", kinds(&view.plan.changes)) };
    assert_eq!(first.body["properties"]["platform"]["runtimeVersion"], "~2");
    walk.press(Key::Enter);
    assert!(matches!(walk.panel, Panel::Plan(_)), "not before it was drawn");
    walk.draw();
    walk.agree(added);
    assert_eq!(walk.sent().len(), 1);
}

/// The API is registered in full; the function app is not protected yet.
fn named() -> Facts {
    let done = fixtures::finished();
    Facts { api_app: done.api_app, api_principal: done.api_principal, ..fixtures::fresh() }
}

/// Everything of stage 2, nothing of stage 3.
fn protected() -> Facts {
    let mut walk = protecting();
    walk.carry_out(fixtures::fresh())
}

#[test]
fn an_old_look_before_the_first_change_is_not_taken_for_one() {
    let mut walk = protecting();
    let facts = walk.carry_out(fixtures::fresh());
    walk.draw();
    walk.choose(ActionId::Continue);
    walk.observe(facts.clone());
    walk.choose(ActionId::ForMe);
    walk.observe(facts.clone());
    walk.draw();
    let sent = walk.sent().len();
    let mut old = facts.clone();
    old.api_principal = fixtures::fresh().api_principal;
    walk.agree(old);
    assert_eq!(walk.sent().len(), sent);
    assert!(matches!(walk.panel, Panel::Applying(_)), "{:?}", walk.panel);
    walk.observe(facts);
    assert_eq!(walk.sent().last().map(|change| change.kind), Some(ChangeKind::CreateClientApp));
}

#[test]
fn a_command_that_waits_for_an_earlier_change_is_not_copied_as_if_it_were_whole() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.choose(ActionId::ForMe);
    walk.observe(fixtures::fresh());
    walk.draw();
    let Panel::Plan(view) = walk.panel.clone() else { panic!("{:?}", walk.panel) };
    let marked = view.plan.changes.iter().position(|change| change.az.contains('⟨')).unwrap();
    let whole = view.plan.changes.iter().position(|change| !change.az.contains('⟨')).unwrap();
    for (index, said) in [(marked, "clip.copied_marks"), (whole, "clip.copied_long")] {
        walk.select(&Item::Change(index));
        walk.press(Key::Enter);
        walk.give(Event::Copied { item: CopyItem::AzCommand, outcome: CopyOutcome::Copied });
        assert_eq!(walk.note.as_deref(), Some(ui(said)));
    }
}

#[test]
fn a_key_pressed_before_the_plan_was_drawn_confirms_nothing() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    let before = walk.revision;
    walk.choose(ActionId::ForMe);
    walk.observe(fixtures::fresh());
    walk.press(Key::Enter);
    // A frame of an older revision does not count either.
    walk.give(Event::Drawn { revision: before });
    walk.press(Key::Enter);
    assert!(walk.sent().is_empty());
    assert!(matches!(walk.panel, Panel::Plan(_)));
    walk.draw();
    walk.press(Key::Enter);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 1);
}

#[test]
fn a_plan_that_cannot_be_seen_takes_no_keys_and_is_seen_again_before_it_is_confirmed() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.choose(ActionId::ForMe);
    walk.observe(fixtures::fresh());
    walk.draw();
    walk.letter('?');
    walk.give(Event::Resized);
    walk.give(Event::Room { enough: false });
    let before = walk.state.clone();
    for key in [Key::Enter, Key::Esc, Key::Up, Key::Down, Key::Char('l'), Key::Char(' ')] {
        assert!(walk.press(key).is_empty());
    }
    assert!(walk.give(Event::Paste("y".into())).is_empty());
    assert_eq!(walk.state, before, "nothing happens that cannot be seen");
    let drawn_before = walk.revision;
    walk.give(Event::Resized);
    walk.give(Event::Room { enough: true });
    walk.press(Key::Esc);
    assert!(walk.overlays.is_empty(), "{:?}", walk.overlays);

    walk.draw();
    walk.give(Event::Resized);
    walk.give(Event::Drawn { revision: drawn_before });
    walk.press(Key::Enter);
    assert!(walk.sent().is_empty(), "a frame of the size before does not count");
    walk.draw();
    walk.press(Key::Enter);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 1);
}

#[test]
fn what_cannot_be_seen_can_be_left() {
    for key in [Key::CtrlC, Key::Char('q')] {
        let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
        walk.give(Event::Room { enough: false });
        walk.press(key);
        assert!(walk.quit.is_some(), "{key:?}");
    }
    let mut walk = Walk::new();
    walk.choose(ActionId::Start);
    walk.choose(ActionId::PublicOnly);
    walk.give(Event::Room { enough: false });
    walk.letter('q');
    assert_eq!((walk.quit, walk.fields.app_url.is_empty()), (None, true), "nor typed into");
}

#[test]
fn declining_changes_nothing() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.choose(ActionId::ForMe);
    walk.observe(fixtures::fresh());
    walk.draw();
    walk.choose(ActionId::Decline);
    assert_eq!(walk.panel, Panel::Overview);
    assert!(walk.sent().is_empty());
}

#[test]
fn read_only_shows_the_plan_and_offers_no_yes() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.state.setup.read_only = true;
    walk.choose(ActionId::ForMe);
    walk.observe(fixtures::fresh());
    walk.draw();
    assert!(!walk.offers(ActionId::Confirm));
    walk.press(Key::Enter);
    assert!(walk.sent().is_empty());
}

#[test]
fn what_goes_beyond_the_confirmed_plan_asks_again() {
    let mut walk = protecting();
    let mut facts = after(&fixtures::fresh(), &walk.sent()[0]);
    // Somebody has switched the permission off meanwhile.
    api(&mut facts).scopes[0].enabled = false;
    let show = facts.clone();
    let Fact::Is(auth) = &mut facts.auth.fact else { panic!() };
    auth.enabled = false;
    walk.ok();
    walk.observe(show);
    // It has not landed as it was sent until the permission is there; then more is needed than was confirmed.
    let Panel::Plan(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert_eq!(view.asked, Asked::Beyond);
    assert_eq!(view.plan.changes[0].kind, ChangeKind::ExposeScope);
    assert_eq!(view.new, [0]);
    assert_eq!(walk.sent().len(), 1);
    walk.press(Key::Enter);
    assert_eq!(walk.sent().len(), 1, "not before it was drawn");
    walk.draw();
    let Fact::Is(auth) = &mut facts.auth.fact else { panic!() };
    auth.enabled = false;
    walk.agree(facts);
    assert_eq!(walk.sent().len(), 2);
}

#[test]
fn what_was_done_meanwhile_is_left_out() {
    let mut walk = protecting();
    let first = after(&fixtures::fresh(), &walk.sent()[0]);
    let mut facts = first.clone();
    facts.api_principal = fixtures::finished().api_principal;
    walk.ok();
    walk.observe(facts.clone());
    let named = after(&facts, &walk.sent()[1]);
    walk.ok();
    walk.observe(named);
    assert_eq!(walk.sent()[2].kind, ChangeKind::PutAuth);
    assert_eq!(walk.apply().steps[2].mark, Mark::NotNeeded);
    assert_eq!(walk.apply().current, 3);
}

#[test]
fn a_missing_right_stops_and_offers_the_administrator() {
    let mut walk = protecting();
    walk.fail(trouble(Class::NotAllowed));
    assert!(matches!(walk.apply().phase, Phase::Stopped(_)));
    assert_eq!(walk.apply().steps[0].mark, Mark::Failed);
    let effects = walk.choose(ActionId::AskAdmin);
    assert!(works(&effects).iter().any(|work| matches!(work, Work::Watch { .. })));
    let effects = walk.choose(ActionId::CopyCard);
    let Some(Effect::Copy(crate::flow::effect::Clip::Text { text, .. })) = effects.first() else {
        panic!("{effects:?}")
    };
    assert!(text.contains(fixtures::TENANT), "{text}");
    walk.press(Key::Esc);
    assert!(walk.offers(ActionId::AskAdmin), "the stage remembers");
}

#[test]
fn a_late_answer_moves_nothing() {
    let mut walk = protecting();
    let sending = walk.generation;
    walk.ok();
    let before = walk.state.clone();
    for answer in [
        Answer::Applied { index: 0, result: Ok(()) },
        Answer::Observed { facts: Box::new(fixtures::finished()), at: fixtures::now(), next: None },
    ] {
        assert!(walk.give(Event::Answer { generation: sending, answer }).is_empty());
    }
    assert_eq!(walk.state, before);
}

#[test]
fn ctrl_c_lets_the_call_finish_then_stops_and_the_second_leaves() {
    let mut walk = protecting();
    assert_eq!(walk.press(Key::CtrlC), [Effect::BreakOff], "a wait ends, a call does not");
    assert!(walk.apply().stopping && walk.apply().in_hand());
    walk.ok();
    walk.observe(after(&fixtures::fresh(), &walk.sent()[0]));
    assert_eq!(walk.apply().phase, Phase::StoppedByPerson);
    assert_eq!(walk.sent().len(), 1);
    assert_eq!(walk.apply().steps[0].mark, Mark::Done);

    let mut walk = protecting();
    walk.press(Key::CtrlC);
    assert_eq!(walk.press(Key::CtrlC), [Effect::Quit { code: 130 }]);
}

#[test]
fn a_running_change_cannot_be_walked_away_from() {
    let mut walk = protecting();
    for key in [Key::Esc, Key::Left, Key::Right, Key::Char('q')] {
        walk.press(key);
        assert!(matches!(walk.panel, Panel::Applying(_)), "{key:?}");
        assert_eq!(walk.quit, None);
    }
    walk.choose(ActionId::Stop);
    assert!(walk.apply().stopping);
}

#[test]
fn a_new_secret_is_held_then_proved_once() {
    let mut walk = Walk::at(StageId::Secret, with_client(|app| app.secrets.clear()));
    let facts = walk.facts.clone();
    walk.confirm_for_me(facts.clone());
    assert_eq!(kinds(&walk.sent()), [ChangeKind::AddSecret]);
    walk.hold_secret();
    let facts = walk.carry_out(facts);
    let probes =
        |walk: &Walk| works(&walk.all).into_iter().filter(|work| **work == Work::ProbeSecret).count();
    assert_eq!(probes(&walk), 1);
    let probe = crate::engine::facts::SecretProbe {
        client_app_id: fixtures::CLIENT.into(),
        key_id: None,
        verdict: crate::engine::facts::SecretVerdict::Works,
    };
    walk.answer(Answer::SecretProbed(Ok(probe)));
    assert!(walk.stage_done());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    for _ in 0..3 {
        walk.observe(facts.clone());
    }
    assert_eq!(probes(&walk), 1, "a value is tried once, not on every look");
    assert!(walk.stage_done(), "a look does not forget the verdict");
}

#[test]
fn leaving_is_not_called_safe_while_a_secrets_value_is_only_here() {
    let mut walk = Walk::at(StageId::Secret, with_client(|app| app.secrets.clear()));
    walk.confirm_for_me(walk.facts.clone());
    walk.ok();
    assert!(walk.waiting.as_ref().is_some_and(|waiting| !waiting.safe_to_leave));
}

#[test]
fn a_secret_whose_answer_was_lost_is_said_to_be_lost() {
    let mut walk = Walk::at(StageId::Secret, with_client(|app| app.secrets.clear()));
    let facts = walk.facts.clone();
    walk.confirm_for_me(facts.clone());
    walk.fail(Trouble { uncertain: true, ..trouble(Class::TimeOut) });
    walk.observe(after(&facts, &walk.sent()[0]));
    assert!(matches!(walk.overlays.last(), Some(Overlay::Notice { .. })));
    walk.press(Key::Enter);
    assert!(walk.offers(ActionId::EnterSecret) && walk.offers(ActionId::ForMe));
    assert!(walk.offers(ActionId::GoOnWithout));
}

#[test]
fn by_hand_the_permission_that_is_asked_for_leads_on_though_nobody_has_agreed_yet() {
    let mut asked = fixtures::finished();
    api(&mut asked).pre_authorized.clear();
    asked.user_consent = Seen::default();
    let mut unasked = asked.clone();
    client(&mut unasked).required.clear();
    let mut walk = Walk::at(StageId::Grant, unasked.clone());
    walk.choose(ActionId::Myself);
    walk.observe(unasked);
    assert!(!walk.offers(ActionId::GoOnWithout), "the portal's steps are still to be done");
    walk.observe(asked);
    assert!(!walk.stage_done() && walk.offers(ActionId::GoOnWithout));
    walk.choose(ActionId::GoOnWithout);
    assert_eq!(walk.stage(), Some(StageId::Secret));
}

#[test]
fn a_plan_that_was_hidden_is_seen_again_before_it_is_confirmed() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.choose(ActionId::ForMe);
    walk.letter('?');
    walk.observe(fixtures::fresh());
    walk.draw();
    walk.press(Key::Enter);
    walk.press(Key::Enter);
    assert!(walk.sent().is_empty(), "one Enter closed the help, the next was typed blindly");
    walk.draw();
    walk.press(Key::Enter);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 1);
}

#[test]
fn a_sign_in_that_ran_out_is_offered_again() {
    let mut walk = protecting();
    walk.fail(trouble(Class::SignInRefused));
    walk.choose(ActionId::SignInAgain);
    assert!(matches!(walk.page, Page::SignIn(_)));
    walk.press(Key::Esc);
    assert!(matches!(walk.apply().phase, Phase::Stopped(_)), "the plan is still there");
    let mut walk = Walk::at(StageId::Grant, fixtures::finished());
    walk.letter('r');
    walk.answer(Answer::CouldNotObserve(trouble(Class::SignInRefused)));
    assert!(walk.offers(ActionId::SignInAgain));
}

#[test]
fn the_way_to_let_the_connector_in_is_chosen_and_the_plan_follows() {
    let mut facts = with_client(|app| app.required.clear());
    api(&mut facts).pre_authorized.clear();
    facts.grants = fixtures::gone();
    let mut walk = Walk::at(StageId::Grant, facts.clone());
    walk.choose(ActionId::ChooseConsent);
    let ways = crate::engine::choices::ConsentWay::ALL.map(Item::Consent);
    assert_eq!(menu::items(&walk)[..3], ways, "the least powerful first");
    walk.select(&ways[1]);
    let effects = walk.press(Key::Enter);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SaveChoices(_))));
    assert!(walk.sent().is_empty() && walk.note.is_some());
    walk.observe(facts.clone());
    walk.confirm_for_me(facts);
    assert!(walk.apply().confirmed.iter().any(|change| change.kind == ChangeKind::GrantEveryone));
}

#[test]
fn that_we_look_again_is_said_only_while_we_do() {
    let mut walk = protecting();
    let facts = walk.carry_out(fixtures::fresh());
    assert_eq!(walk.note.as_deref(), Some(ui("plan.done")));
    walk.observe(facts);
    assert_eq!(walk.note, None);
}

#[test]
fn what_has_stopped_is_no_longer_said_to_be_stopping() {
    let mut walk = protecting();
    walk.press(Key::CtrlC);
    assert!(walk.interrupted && walk.apply().stopping);
    walk.ok();
    walk.observe(after(&fixtures::fresh(), &walk.sent()[0].clone()));
    assert_eq!(walk.apply().phase, Phase::StoppedByPerson);
    assert_eq!((walk.interrupted, &walk.note), (false, &None));
}
