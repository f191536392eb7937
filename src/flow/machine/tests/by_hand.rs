//! What is a person's to do: what no plan mends, what is done where it cannot be seen, and a value of which there is one copy.

use super::*;
use crate::engine::facts::Seen;
use crate::engine::ids::CheckId;
use crate::engine::words::words;

/// A set-up that is finished but for who may sign in to the connector's app, which is changed in the portal alone.
fn wrong_audience() -> Facts {
    with_client(|app| app.sign_in_audience = "PersonalMicrosoftAccount".into())
}

#[test]
fn where_no_plan_mends_what_fails_it_is_said_what_does() {
    let mut walk = Walk::at(StageId::Register, wrong_audience());
    walk.choose(ActionId::ForMe);
    walk.observe(wrong_audience());
    let Some(Overlay::Notice { text, .. }) = walk.overlays.last().cloned() else {
        panic!("{:?}", walk.panel)
    };
    let remedy = &words().check(CheckId::ClientAudience).unwrap().remedy;
    assert!(text.contains(remedy.as_str()), "{text}");
    walk.press(Key::Enter);
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Myself)));
    walk.press(Key::Enter);
    assert_eq!(walk.panel, Panel::Myself);
    assert!(!walk.offers(ActionId::PracticePart), "the portal's defaults would mend nothing");
}

#[test]
fn agreeing_later_is_no_way_on_where_something_else_fails() {
    let missing = with_client(|app| app.required.clear());
    let walk = Walk::at(StageId::Grant, missing);
    assert!(!walk.offers(ActionId::GoOnWithout));
}

#[test]
fn what_the_test_page_answered_is_the_persons_word() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.state.facts.rehearsal = Seen::default();
    walk.choose(ActionId::Myself);
    assert!(walk.watch.is_none() && walk.waiting.is_none(), "there is nothing to watch");
    walk.choose(ActionId::GoOnWithout);
    assert_eq!(walk.page, Page::End);
}

#[test]
fn another_value_is_pasted_over_an_uncopied_one_only_when_asked_for_twice() {
    let mut walk = Walk::at(StageId::Secret, fixtures::finished());
    let hold = |walk: &mut Walk, made_here: bool| {
        let mut held = held();
        let secret = held.secret.as_mut().unwrap();
        (secret.key_id, secret.made_here) = (Some("c0ffee00-0000-4000-8000-00000000000f".into()), made_here);
        walk.give(Event::Held(held));
    };
    hold(&mut walk, true);
    walk.choose(ActionId::EnterSecret);
    assert_ne!(walk.panel, Panel::SecretField);
    assert_eq!(walk.note.as_deref(), Some(ui("flow.secret_replaces")));
    walk.choose(ActionId::EnterSecret);
    assert_eq!(walk.panel, Panel::SecretField);

    let mut pasted = Walk::at(StageId::Secret, fixtures::finished());
    hold(&mut pasted, false);
    pasted.choose(ActionId::EnterSecret);
    assert_eq!(pasted.panel, Panel::SecretField, "who pasted it has it");
}

#[test]
fn where_nothing_may_be_changed_the_person_only_signs_in() {
    use crate::flow::derived::person_step;
    let mut walk = Walk::with(Setup { read_only: true, ..setup() });
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInBrowser);
    let address = "https://login.microsoftonline.com/".to_owned();
    walk.answer(Answer::SignIn(SignInProgress::Browser { address }));
    assert_eq!(person_step(&walk), Some("sign-in"));

    for stage in [StageId::Protect, StageId::Register, StageId::Grant, StageId::Connect] {
        let mut walk = Walk::at(stage, fixtures::fresh());
        if stage != StageId::Connect {
            walk.choose(ActionId::Myself);
        }
        let allowed = person_step(&walk).is_some();
        walk.state.setup.read_only = true;
        assert_eq!(person_step(&walk), None, "{stage:?}");
        assert!(allowed || stage == StageId::Register, "{stage:?}");
    }
}

#[test]
fn an_administrator_is_asked_to_grant_only_what_is_requested_already() {
    use crate::engine::choices::ConsentWay;
    let at = |requested: bool| {
        let mut facts = with_client(|app| {
            if !requested {
                app.required.clear();
            }
        });
        facts.grants = Seen::absent(fixtures::now(), "GET");
        api(&mut facts).pre_authorized.clear();
        let mut walk = Walk::at(StageId::Grant, facts.clone());
        walk.state.choices.consent = Some(ConsentWay::Everyone);
        walk.observe(facts);
        walk
    };
    assert!(!at(false).offers(ActionId::AskAdmin), "the portal would grant User.Read alone");
    assert!(at(true).offers(ActionId::AskAdmin));
    let mut refused = at(false);
    let need = crate::engine::cards::Need::Right(crate::engine::change::Right::OwnApp);
    refused.state.not_allowed.insert(StageId::Grant, need);
    assert!(refused.offers(ActionId::AskAdmin), "whoever may not request it asks for that");
}
