//! The rehearsal, however it ends.

use super::*;
use crate::engine::change::ChangeKind;
use crate::engine::facts::Rehearsal;
use crate::flow::event::RehearsalProgress;
use crate::flow::state::{Phase, RehearsalStep};

const TEMPORARY: &str = "http://localhost:49152/handclasp-x7k2p9";

fn outcome() -> Rehearsal {
    Rehearsal {
        client_app_id: fixtures::CLIENT.into(),
        resource: fixtures::API.into(),
        anonymous: Some(401),
        settings: None,
        audience: fixtures::API.into(),
        issuer: format!("https://login.microsoftonline.com/{}/v2.0", fixtures::TENANT),
        caller: "ada@contoso.onmicrosoft.com".into(),
        scopes: "user_impersonation".into(),
        called: format!("POST https://{}/api/Hello", fixtures::HOST),
        status: 200,
        answer: "Hello, Ada.".into(),
        diagnosis: None,
    }
}

/// At the rehearsal, waiting for the sign-in; the facts then.
pub(super) fn rehearsing() -> (Walk, Facts) {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.hold_secret();
    let effects = walk.choose(ActionId::Rehearse);
    assert_eq!(works(&effects), [&Work::BindRehearsal]);
    walk.answer(Answer::RehearsalBound(Ok(TEMPORARY.into())));
    walk.observe(fixtures::finished());
    walk.draw();
    walk.agree(fixtures::finished());
    assert_eq!(walk.sent()[0].kind, ChangeKind::AddRehearsalRedirect);
    let facts = after(&fixtures::finished(), &walk.sent()[0]);
    walk.ok();
    let effects = walk.observe(facts.clone());
    let redirect = TEMPORARY.to_owned();
    assert_eq!(works(&effects), [&Work::StartRehearsal { resource: fixtures::API.into(), redirect }]);
    let address = "https://login.microsoftonline.com/x/oauth2/authorize".to_owned();
    walk.answer(Answer::Rehearsal(RehearsalProgress::Address(address)));
    (walk, facts)
}

#[test]
fn the_rehearsal_registers_calls_and_takes_away_again() {
    let (mut walk, facts) = rehearsing();
    let effects = walk.choose(ActionId::PracticePart);
    assert_eq!(works(&effects), [&Work::PersonStep("rehearsal-sign-in".into())]);
    walk.answer(Answer::Rehearsal(RehearsalProgress::CodeArrived));
    walk.answer(Answer::Rehearsal(RehearsalProgress::Redeemed));
    let effects = walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(outcome())))));
    assert!(effects.contains(&Effect::CloseRehearsal));
    // The person has registered one of their own meanwhile: it stays.
    let mut facts = facts;
    client(&mut facts).web_redirects.push("https://mine.example/".into());
    walk.observe(facts.clone());
    let removal = walk.sent()[1].clone();
    assert_eq!(removal.kind, ChangeKind::RemoveRehearsalRedirect);
    assert_eq!(
        removal.body,
        serde_json::json!({"web": {"redirectUris": [fixtures::REDIRECT, "https://mine.example/"]}})
    );
    walk.ok();
    let mut gone = facts;
    client(&mut gone).web_redirects.retain(|uri| uri != TEMPORARY);
    // And another one while ours was being taken away.
    client(&mut gone).web_redirects.push("https://another.example/".into());
    walk.observe(gone.clone());
    assert_eq!(walk.panel, Panel::Answer);
    walk.observe(gone);
    assert_eq!(walk.facts.rehearsal.value(), Some(&outcome()), "a look does not forget it");
    assert!(walk.stage_done());
    walk.press(Key::Enter);
    assert_eq!(walk.page, Page::End);
    assert_eq!(walk.sent().len(), 2);
}

#[test]
fn a_rehearsal_needs_the_secrets_value() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    assert!(works(&walk.choose(ActionId::Rehearse)).is_empty());
    walk.press(Key::Enter);
    assert!(walk.overlays.is_empty());
    walk.choose(ActionId::ToSecret);
    assert_eq!(walk.stage(), Some(StageId::Secret));
}

#[test]
fn however_a_rehearsal_ends_its_address_is_taken_away() {
    type End = fn(&mut Walk);
    let ends: [(&str, End); 4] = [
        ("cancelled", |walk| {
            walk.press(Key::Esc);
        }),
        ("interrupted", |walk| {
            walk.press(Key::CtrlC);
        }),
        ("failed", |walk| {
            let failed = RehearsalProgress::Done(Err(trouble(Class::SignInRefused)));
            walk.answer(Answer::Rehearsal(failed));
        }),
        ("refused by the function", |walk| {
            let refused = Rehearsal { status: 403, ..outcome() };
            walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(refused)))));
        }),
    ];
    for (name, end) in ends {
        let (mut walk, facts) = rehearsing();
        end(&mut walk);
        assert_eq!(walk.quit, None, "{name}");
        walk.observe(facts.clone());
        assert_eq!(walk.sent()[1].kind, ChangeKind::RemoveRehearsalRedirect, "{name}");
        walk.carry_out(facts);
        assert!(matches!(walk.panel, Panel::Overview | Panel::Answer), "{name}: {:?}", walk.panel);
        assert!(walk.bound.is_none());
        let failed = matches!(walk.overlays.last(), Some(Overlay::Trouble(_)));
        assert_eq!(failed, name == "failed", "{name}");
    }
}

#[test]
fn stopping_before_the_rehearsal_began_takes_the_address_away_too() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.hold_secret();
    walk.choose(ActionId::Rehearse);
    walk.answer(Answer::RehearsalBound(Ok(TEMPORARY.into())));
    walk.observe(fixtures::finished());
    walk.draw();
    walk.agree(fixtures::finished());
    walk.ok();
    walk.press(Key::CtrlC);
    let facts = after(&fixtures::finished(), &walk.sent()[0]);
    walk.observe(facts.clone());
    assert_eq!(walk.sent()[1].kind, ChangeKind::RemoveRehearsalRedirect);
    assert!(!works(&walk.all).iter().any(|work| matches!(work, Work::StartRehearsal { .. })));
}

#[test]
fn an_address_that_cannot_be_taken_away_is_said_and_not_retried_blindly() {
    let (mut walk, facts) = rehearsing();
    walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(outcome())))));
    walk.observe(facts);
    walk.fail(trouble(Class::NotAllowed));
    assert!(matches!(walk.overlays.last(), Some(Overlay::Notice { .. })));
    assert_eq!(walk.panel, Panel::Answer, "what was proven stays proven");
    assert_eq!(walk.sent().len(), 2);
}

#[test]
fn a_leftover_has_a_plan_of_its_own() {
    let left = with_client(|app| app.web_redirects.push(TEMPORARY.into()));
    let mut walk = Walk::at(StageId::Connect, left.clone());
    walk.confirm_for_me(left.clone());
    assert_eq!(walk.sent()[0].kind, ChangeKind::RemoveRehearsalRedirect);
    walk.carry_out(left);
    assert_eq!(walk.panel, Panel::HandOver);
}

#[test]
fn the_final_address_can_be_pasted_and_a_wrong_one_goes_on_waiting() {
    let (mut walk, _) = rehearsing();
    walk.choose(ActionId::PasteAddress);
    walk.give(Event::Paste(format!("{TEMPORARY}?code=abc&state=s")));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::PasteRehearsalAddress(format!("{TEMPORARY}?code=abc&state=s"))]);
    walk.answer(Answer::Rehearsal(RehearsalProgress::PasteRefused(trouble(Class::Local))));
    let Panel::RehearsalPaste(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert!(view.trouble.is_some());
    walk.answer(Answer::Rehearsal(RehearsalProgress::CodeArrived));
    let Panel::Rehearsal(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert_eq!(view.step, RehearsalStep::Redeeming);
}

#[test]
fn a_port_that_cannot_be_bound_is_told() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.hold_secret();
    walk.choose(ActionId::Rehearse);
    walk.answer(Answer::RehearsalBound(Err(trouble(Class::Local))));
    assert_eq!(walk.panel, Panel::Overview);
    assert!(matches!(walk.overlays.last(), Some(Overlay::Trouble(_))));
}

#[test]
fn a_rehearsal_that_is_stopped_before_anything_was_sent_leaves_nothing_to_take_away() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.hold_secret();
    walk.choose(ActionId::Rehearse);
    walk.answer(Answer::RehearsalBound(Ok(TEMPORARY.into())));
    walk.observe(fixtures::finished());
    walk.draw();
    walk.choose(ActionId::Confirm);
    walk.press(Key::CtrlC);
    walk.observe(fixtures::finished());
    assert!(walk.sent().is_empty());
    assert_eq!((&walk.panel, walk.bound.is_none()), (&Panel::Overview, true));
}

#[test]
fn a_rehearsal_whose_registration_is_refused_starts_nothing() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.hold_secret();
    walk.choose(ActionId::Rehearse);
    walk.answer(Answer::RehearsalBound(Ok(TEMPORARY.into())));
    walk.observe(fixtures::finished());
    walk.draw();
    walk.agree(fixtures::finished());
    walk.fail(trouble(Class::NotAllowed));
    assert!(matches!(walk.apply().phase, Phase::Stopped(_)));
    let effects = walk.press(Key::Esc);
    assert!(effects.contains(&Effect::CloseRehearsal));
}
