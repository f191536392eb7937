//! The rehearsal, however it ends.

use super::*;
use crate::engine::change::ChangeKind;
use crate::engine::choices::AppChoice;
use crate::engine::facts::Rehearsal;
use crate::engine::findings::Verdict;
use crate::engine::ids::CheckId;
use crate::flow::event::RehearsalProgress;
use crate::flow::hand_over;
use crate::flow::state::{Phase, RehearsalStep};

const TEMPORARY: &str = "http://localhost:49152/handclasp-x7k2p9";

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
    let resource = fixtures::API.to_owned();
    assert_eq!(works(&effects), [&Work::StartRehearsal { resource, redirect, token_to: None }]);
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
    let effects =
        walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(fixtures::rehearsed())))));
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
    assert_eq!(walk.facts.rehearsal.value(), Some(&fixtures::rehearsed()), "a look does not forget it");
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
            let refused = Rehearsal { status: 403, ..fixtures::rehearsed() };
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
    walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(fixtures::rehearsed())))));
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

/// What is seen with a sign-in to which Azure does not show the app.
fn hidden() -> Facts {
    let absent = Seen::absent(fixtures::now(), "GET /subscriptions");
    let (functions, auth, auth_version) = Default::default();
    Facts { site: absent, functions, auth, auth_version, ..fixtures::finished() }
}

/// At step 7 of an app that is named by this address, with the secret's value.
fn unseen_at(address: &str, facts: &Facts) -> Walk {
    let mut walk = Walk::at(StageId::Pick, facts.clone());
    walk.hold_secret();
    type_address(&mut walk, address, facts);
    Turn { state: &mut walk.state, effects: Vec::new() }.open_stage(StageId::Try);
    walk.observe(facts.clone());
    walk.draw();
    walk
}

fn type_address(walk: &mut Walk, address: &str, facts: &Facts) {
    if walk.panel != Panel::TypeUrl {
        walk.choose(ActionId::PickAnother);
        walk.choose(ActionId::TypeAddress);
    }
    walk.give(Event::Paste(address.into()));
    assert!(!format!("{:?}", walk.state).contains("a-key"), "a function's key stays nowhere");
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    walk.observe(facts.clone());
}

fn whole() -> String {
    format!("https://{}/api/Hello?code=a-key", fixtures::HOST)
}

/// The plan of a rehearsal.
fn plan_of(walk: &mut Walk, facts: &Facts) {
    walk.choose(ActionId::Rehearse);
    walk.answer(Answer::RehearsalBound(Ok(TEMPORARY.into())));
    walk.observe(facts.clone());
    assert!(matches!(walk.panel, Panel::Plan(_)), "{:?}", walk.panel);
    walk.draw();
}

/// Of each rehearsal that was started, the typed host name that was confirmed to get its token.
fn started(walk: &Walk) -> Vec<Option<&str>> {
    let mut started = Vec::new();
    for work in works(&walk.all) {
        if let Work::StartRehearsal { token_to, .. } = work {
            started.push(token_to.as_deref());
        }
    }
    started
}

#[test]
fn an_app_that_is_not_seen_is_rehearsed_at_the_host_that_the_confirmed_plan_names() {
    let facts = hidden();
    let mut walk = unseen_at(&whole(), &facts);
    plan_of(&mut walk, &facts);
    let Panel::Plan(view) = &walk.panel else { unreachable!() };
    assert_eq!(view.plan.token_to.as_deref(), Some(fixtures::HOST));
    assert!(started(&walk).is_empty(), "nothing goes anywhere before the yes");
    walk.agree(facts.clone());
    assert_eq!(walk.sent()[0].kind, ChangeKind::AddRehearsalRedirect);
    let facts = after(&facts, &walk.sent()[0]);
    walk.ok();
    walk.observe(facts.clone());
    assert_eq!(started(&walk), [Some(fixtures::HOST)]);
    walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(fixtures::rehearsed())))));
    // Even where the host does not answer any more, the address goes.
    walk.observe(Facts { host: Seen::default(), ..facts });
    assert_eq!(walk.sent()[1].kind, ChangeKind::RemoveRehearsalRedirect);
}

#[test]
fn an_app_that_is_hidden_only_after_the_yes_is_asked_for_anew() {
    let mut walk = unseen_at(&whole(), &fixtures::finished());
    plan_of(&mut walk, &fixtures::finished());
    walk.choose(ActionId::Confirm);
    walk.observe(hidden());
    let Panel::Plan(view) = &walk.panel else { panic!("{:?}", walk.panel) };
    assert_eq!(view.plan.token_to.as_deref(), Some(fixtures::HOST));
    assert!(walk.sent().is_empty() && started(&walk).is_empty());
    walk.draw();
    walk.agree(hidden());
    let facts = after(&hidden(), &walk.sent()[0]);
    walk.ok();
    walk.observe(facts);
    assert_eq!(started(&walk), [Some(fixtures::HOST)]);
}

#[test]
fn without_a_functions_address_the_plan_leads_back_to_where_it_is_typed() {
    let facts = hidden();
    let mut walk = unseen_at(fixtures::HOST, &facts);
    walk.state.choices.client_app_id = Some(fixtures::CLIENT.into());
    plan_of(&mut walk, &facts);
    let Panel::Plan(view) = &walk.panel else { unreachable!() };
    assert!(view.plan.blocked.is_some() && !walk.offers(ActionId::Confirm));
    let effects = walk.choose(ActionId::TypeAddress);
    assert!(effects.contains(&Effect::CloseRehearsal) && walk.bound.is_none());
    assert_eq!((walk.stage(), &walk.panel), (Some(StageId::Pick), &Panel::TypeUrl));
    type_address(&mut walk, &whole(), &facts);
    let app = AppChoice::Url(format!("https://{}/api/Hello", fixtures::HOST));
    assert_eq!(walk.choices.app.as_ref(), Some(&app));
    assert_eq!(walk.choices.client_app_id.as_deref(), Some(fixtures::CLIENT), "it is the same app");
    assert!(hand_over::holds_secret(&walk), "and so is its secret");
}

#[test]
fn an_error_on_the_sign_in_page_ends_the_rehearsal_and_is_a_finding() {
    let (mut walk, facts) = rehearsing();
    walk.choose(ActionId::PageError);
    walk.give(Event::Paste("AADSTS50105: Your administrator has configured the application".into()));
    let effects = walk.press(Key::Enter);
    assert!(effects.contains(&Effect::CloseRehearsal));
    walk.observe(facts.clone());
    assert_eq!(walk.sent()[1].kind, ChangeKind::RemoveRehearsalRedirect);
    walk.carry_out(facts);
    let found = walk.findings.check(CheckId::TryAnswered).unwrap();
    assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    assert!(matches!(walk.overlays.last(), Some(Overlay::Trouble(_))));
    walk.press(Key::Enter);
    walk.draw();
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::ToExplained)));
    walk.press(Key::Enter);
    assert_eq!(walk.stage(), Some(StageId::Grant), "where it is mended");
}

#[test]
fn what_broke_off_takes_no_earlier_proof_away_and_who_cancelled_broke_nothing() {
    let refused = |class, code: &str| Trouble { code: Some(code.into()), ..trouble(class) };
    let verdict = |trouble: Trouble, before: bool| {
        let (mut walk, facts) = rehearsing();
        if before {
            walk.state.facts.rehearsal = Seen::is(fixtures::rehearsed(), fixtures::now(), "POST");
        }
        walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Err(trouble))));
        walk.observe(facts.clone());
        walk.carry_out(facts);
        walk.findings.check(CheckId::TryAnswered).unwrap().verdict
    };
    let no = || refused(Class::SignInRefused, "AADSTS65001");
    assert_eq!(verdict(no(), false), Verdict::Fail);
    assert_eq!(verdict(no(), true), Verdict::Fail);
    assert_eq!(verdict(refused(Class::SignInRefused, "AADSTS65004"), false), Verdict::NotTried);
    assert_eq!(verdict(trouble(Class::TimeOut), false), Verdict::NotTried);
    assert_eq!(verdict(trouble(Class::TimeOut), true), Verdict::Pass);
}
