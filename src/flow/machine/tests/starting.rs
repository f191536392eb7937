//! Welcome, signing in, choosing the app.

use super::*;
use crate::engine::choices::AppChoice;
use crate::flow::event::{Pause, PersonDone};
use crate::flow::state::{Listing, SignInState, SignInStep};

fn device_code(walk: &mut Walk) {
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInCode);
    walk.answer(Answer::SignIn(SignInProgress::DeviceCode {
        code: "ABCD-1234".into(),
        address: "https://microsoft.com/devicelogin".into(),
        ends: fixtures::now(),
    }));
}

#[test]
fn from_the_welcome_to_the_first_stage_with_enter_alone() {
    let mut walk = Walk::new();
    assert!(walk.press(Key::Enter).iter().all(|effect| matches!(effect, Effect::Drop { .. })));
    assert_eq!(walk.page, Page::SignIn(SignInState::default()));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::SignIn(SignInMethod::Browser)]);
    walk.answer(Answer::SignIn(SignInProgress::Browser { address: "https://login.example/".into() }));
    let effects = walk.answer(Answer::SignIn(SignInProgress::Done(ada())));
    assert_eq!(works(&effects), [&Work::ListApps]);
    assert_eq!((walk.stage(), &walk.panel), (Some(StageId::Pick), &Panel::PickApp));
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SaveChoices(_))));
    assert_eq!(walk.choices.app, Some(AppChoice::ResourceId(two_apps().apps[0].id.clone())));
    walk.observe(fixtures::fresh());
    assert_eq!((walk.stage(), &walk.panel), (Some(StageId::Pick), &Panel::Overview));
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    walk.press(Key::Enter);
    assert_eq!(walk.stage(), Some(StageId::Protect));
    assert!(walk.sent().is_empty());
}

#[test]
fn a_declined_or_expired_sign_in_says_why_and_offers_the_ways_again() {
    let mut walk = Walk::new();
    device_code(&mut walk);
    let refused = trouble(Class::SignInRefused);
    walk.answer(Answer::SignIn(SignInProgress::Failed(refused.clone())));
    assert_eq!(
        walk.page,
        Page::SignIn(SignInState { step: SignInStep::Choose, trouble: Some(Box::new(refused)) })
    );
    let effects = walk.choose(ActionId::SignInCode);
    assert_eq!(works(&effects), [&Work::SignIn(SignInMethod::DeviceCode)]);
    assert_eq!(
        walk.page,
        Page::SignIn(SignInState { step: SignInStep::Starting(SignInMethod::DeviceCode), trouble: None })
    );
}

#[test]
fn a_sign_in_that_was_left_cannot_sign_in_later() {
    let mut walk = Walk::new();
    device_code(&mut walk);
    let late = walk.generation;
    let effects = walk.press(Key::Esc);
    assert!(effects.contains(&Effect::Drop { before: walk.generation }));
    assert!(walk.generation > late);
    let done = Answer::SignIn(SignInProgress::Done(ada()));
    assert!(walk.give(Event::Answer { generation: late, answer: done }).is_empty());
    assert_eq!(walk.signed_in, None);
    walk.press(Key::Esc);
    assert_eq!(walk.page, Page::Welcome);
}

#[test]
fn the_code_is_copied_and_the_practice_row_plays_the_persons_part() {
    let mut walk = Walk::new();
    device_code(&mut walk);
    let effects = walk.press(Key::Enter);
    assert_eq!(
        effects,
        [Effect::Copy(crate::flow::effect::Clip::Text {
            item: CopyItem::DeviceCode,
            text: "ABCD-1234".into()
        })]
    );
    let effects = walk.choose(ActionId::PracticePart);
    assert_eq!(works(&effects), [&Work::PersonStep("approve-device-code".into())]);
    assert!(!walk.offers(ActionId::PracticePart), "it is being played already");
    let result = Ok(PersonDone { line: "Approved.".into(), redirect_url: None });
    walk.answer(Answer::PersonStepDone { step: "approve-device-code".into(), result });
    assert_eq!(walk.note.as_deref(), Some("Approved."));
}

#[test]
fn outside_practice_there_is_no_practice_row() {
    let mut walk = Walk::with(Setup { practice: false, ..setup() });
    device_code(&mut walk);
    assert!(!walk.offers(ActionId::PracticePart));
}

#[test]
fn letters_filter_the_list_and_are_no_shortcuts() {
    let mut walk = Walk::new();
    signed_in(&mut walk);
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    walk.type_text("q fab");
    assert_eq!(walk.quit, None);
    assert!(crate::flow::derived::app_rows(&walk).is_empty());
    walk.press(Key::CtrlU);
    walk.type_text("fab");
    assert_eq!(menu::selected(&walk), Some(Item::App(two_apps().apps[1].id.clone())));
    walk.press(Key::Esc);
    assert_eq!(crate::flow::derived::app_rows(&walk).len(), 2);
}

#[test]
fn an_app_that_is_not_listed_is_reached_by_its_address() {
    let mut walk = Walk::new();
    signed_in(&mut walk);
    walk.answer(Answer::AppsListed(Err(trouble(Class::NotAllowed))));
    assert!(matches!(walk.apps, Listing::Failed(_)));
    walk.choose(ActionId::TypeAddress);
    walk.type_text("nonsense");
    walk.press(Key::Enter);
    assert!(walk.fields.app_url.note.is_some());
    assert_eq!(walk.choices.app, None);
    // Esc keeps what was typed.
    walk.press(Key::Esc);
    assert_eq!(walk.panel, Panel::PickApp);
    walk.choose(ActionId::TypeAddress);
    assert_eq!(walk.fields.app_url.text(), "nonsense");
    walk.press(Key::CtrlU);
    walk.type_text("contoso-hello.azurewebsites.net/api/items/{id}");
    assert!(walk.press(Key::Enter).is_empty() && walk.choices.app.is_none());
    assert!(walk.fields.app_url.note.as_deref().is_some_and(|note| note.contains("braces")));
    walk.press(Key::CtrlU);
    walk.give(Event::Paste("https://contoso-hello.azurewebsites.net/api/Hello\r\n".into()));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    let whole = AppChoice::Url("https://contoso-hello.azurewebsites.net/api/Hello".into());
    assert_eq!(walk.choices.app, Some(whole));
}

/// However it gets there: terminals without bracketed paste type it.
#[test]
fn a_functions_key_is_dropped_from_its_address_at_once() {
    let address = "https://contoso-hello.azurewebsites.net/api/Hello?code=a-key";
    let ways: [fn(&mut Walk, &str); 2] = [
        |walk, text| {
            walk.give(Event::Paste(text.into()));
        },
        |walk, text| walk.type_text(text),
    ];
    for way in ways {
        let mut walk = Walk::new();
        walk.choose(ActionId::Start);
        walk.choose(ActionId::PublicOnly);
        way(&mut walk, address);
        assert_eq!(walk.fields.app_url.text(), "https://contoso-hello.azurewebsites.net/api/Hello?");
        assert!(walk.fields.app_url.note.as_deref().is_some_and(|note| note.contains("key")));
        walk.press(Key::Enter);
        let whole = AppChoice::Url("https://contoso-hello.azurewebsites.net/api/Hello".into());
        assert_eq!(walk.choices.app, Some(whole));
        assert!(!format!("{:?} {:?}", walk.state, walk.all).contains("a-key"));
    }
}

#[test]
fn public_checks_need_no_sign_in_and_change_nothing() {
    let mut walk = Walk::new();
    walk.choose(ActionId::Start);
    walk.choose(ActionId::PublicOnly);
    walk.type_text("contoso-hello.azurewebsites.net");
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    assert!(walk.public_only);
    let public = Facts { host: fixtures::fresh().host, probes: fixtures::fresh().probes, ..Facts::default() };
    walk.observe(public);
    walk.press(Key::Right);
    assert_eq!(walk.stage(), Some(StageId::Protect));
    assert!(!walk.offers(ActionId::ForMe));
}

#[test]
fn starting_again_goes_on_where_things_stand_and_only_once() {
    let mut walk = Walk::new();
    walk.state.choices = fixtures::choices();
    let effects = signed_in(&mut walk);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    walk.observe(fixtures::finished());
    assert_eq!(walk.stage(), Some(StageId::Secret), "its value is gone with the last run");
    assert!(walk.note.is_some());
    walk.press(Key::Left);
    walk.observe(fixtures::finished());
    assert_eq!(walk.stage(), Some(StageId::Grant), "a later look moves nobody");
}

#[test]
fn a_first_look_that_cannot_begin_says_so_and_lets_go_on() {
    let mut walk = Walk::new();
    walk.state.choices = fixtures::choices();
    signed_in(&mut walk);
    walk.answer(Answer::CouldNotObserve(trouble(Class::Offline)));
    assert!(matches!(walk.overlays.last(), Some(Overlay::Trouble(_))));
    walk.press(Key::Enter);
    assert!(walk.overlays.is_empty());
    assert!(walk.offers(ActionId::LookAgain) && walk.offers(ActionId::PickAnother));
}

#[test]
fn choosing_another_app_forgets_what_was_chosen_for_the_first() {
    let mut walk = Walk::at(StageId::Pick, fixtures::finished());
    walk.state.choices.redirect_url = Some(fixtures::REDIRECT.into());
    walk.choose(ActionId::PickAnother);
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    walk.press(Key::Enter);
    assert_eq!(walk.choices.redirect_url, None);
    assert_eq!(walk.facts.client_app, Seen::default());
}

#[test]
fn a_set_up_that_was_begun_is_taken_up_at_its_first_broken_link() {
    let mut broken = fixtures::finished();
    api(&mut broken).token_version = None;
    for (facts, stage) in [(fixtures::fresh(), StageId::Pick), (broken, StageId::Protect)] {
        let mut walk = Walk::new();
        signed_in(&mut walk);
        walk.answer(Answer::AppsListed(Ok(two_apps())));
        walk.press(Key::Enter);
        walk.observe(facts);
        assert_eq!(walk.stage(), Some(stage));
        assert_eq!(walk.note.is_some(), stage == StageId::Protect, "where and why is said");
    }
}

#[test]
fn the_end_leads_to_what_is_open() {
    let mut walk = Walk::at(StageId::Try, fixtures::finished());
    walk.letter('c');
    assert_eq!(walk.page, Page::End);
    walk.observe(fixtures::finished());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::ToOpen)));
    walk.press(Key::Enter);
    assert_eq!(walk.stage(), Some(StageId::Secret));
}

#[test]
fn a_tenant_that_is_none_is_named_anew_and_signed_in_to() {
    let mut walk = Walk::new();
    walk.state.choices.tenant = Some("nosuch.example".into());
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInBrowser);
    let unknown = Trouble { code: Some("AADSTS90002".into()), ..trouble(Class::SignInRefused) };
    walk.answer(Answer::SignIn(SignInProgress::Failed(unknown)));
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::NameTenant)));
    walk.press(Key::Enter);
    assert_eq!(walk.fields.tenant.text(), "nosuch.example", "what was named stands there to be mended");
    walk.press(Key::CtrlU);
    walk.give(Event::Paste("no/tenant".into()));
    walk.press(Key::Enter);
    assert!(walk.naming_tenant() && walk.fields.tenant.note.is_some(), "what cannot be one is not taken");
    walk.press(Key::CtrlU);
    walk.give(Event::Paste(" contoso.onmicrosoft.com\n".into()));
    walk.press(Key::Enter);
    assert_eq!(walk.choices.tenant.as_deref(), Some("contoso.onmicrosoft.com"));
    assert_eq!(walk.page, Page::SignIn(SignInState::default()), "the trouble is gone");
    let effects = walk.choose(ActionId::SignInBrowser);
    assert_eq!(works(&effects), [&Work::SignIn(SignInMethod::Browser)]);
    walk.press(Key::Esc);
    walk.choose(ActionId::NameTenant);
    walk.press(Key::CtrlU);
    walk.press(Key::Enter);
    assert_eq!(walk.choices.tenant, None, "an empty field stands for the account's own");
}

#[test]
fn whoever_is_signed_in_goes_to_another_tenant_by_the_list() {
    let mut walk = Walk::new();
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInBrowser);
    walk.answer(Answer::SignIn(SignInProgress::Done(ada())));
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    walk.choose(ActionId::SignInOther);
    assert!(menu::actions(&walk).iter().all(|action| action.id != ActionId::NameTenant));
}

#[test]
fn what_the_page_says_is_pasted_and_leads_to_the_other_way() {
    let mut walk = Walk::new();
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInBrowser);
    walk.answer(Answer::SignIn(SignInProgress::Browser { address: "https://login.example/".into() }));
    let late = walk.generation;
    walk.choose(ActionId::PageError);
    walk.give(Event::Paste("Something went wrong".into()));
    walk.press(Key::Enter);
    assert!(walk.fields.error.note.is_some(), "a text without a code tells nothing");
    walk.press(Key::CtrlU);
    walk.give(Event::Paste(
        "Sorry\nAADSTS53003: Access has been blocked by Conditional Access policies.".into(),
    ));
    walk.press(Key::Enter);
    let Page::SignIn(SignInState { step: SignInStep::Choose, trouble: Some(told) }) = walk.page.clone()
    else {
        panic!("{:?}", walk.page)
    };
    assert_eq!(told.code.as_deref(), Some("AADSTS53003"));
    assert_ne!(menu::selected(&walk), Some(Item::Action(ActionId::SignInBrowser)), "another way is selected");
    let done = Answer::SignIn(SignInProgress::Done(ada()));
    assert!(
        walk.give(Event::Answer { generation: late, answer: done }).is_empty(),
        "the old one was given up"
    );
}

#[test]
fn a_read_that_waits_is_told_while_it_does() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    let pause = |who, seconds| Pause { who, until: fixtures::now() + SignedDuration::from_secs(seconds) };
    let (long, short, other) =
        (pause("Microsoft Graph", 20), pause("Microsoft Graph", 5), pause("Power Apps", 1));
    for one in [long, short, other] {
        walk.give(Event::Paused(one));
    }
    let drawn = walk.revision;
    walk.give(Event::PauseOver { who: "Microsoft Graph" });
    assert!(walk.revision > drawn, "what is over has to be drawn");
    assert_eq!(walk.pauses, [long, other]);
    for who in ["Power Apps", "Microsoft Graph", "Microsoft Graph"] {
        walk.give(Event::PauseOver { who });
    }
    assert_eq!(walk.pauses, []);
}

#[test]
fn what_is_wrong_further_on_is_told_where_something_has_to_be_done_before_it() {
    let note = |facts: Facts| {
        let mut walk = Walk::new();
        walk.state.choices = fixtures::choices();
        signed_in(&mut walk);
        walk.observe(facts);
        (walk.stage(), walk.note.clone().unwrap())
    };
    let (stage, said) = note(with_client(|app| app.web_redirects.clear()));
    assert_eq!(stage, Some(StageId::Secret));
    assert_eq!(said, ui_with("flow.found_where_broken", &[("number", "5"), ("broken", "6")]));
    let (_, said) = note(fixtures::finished());
    assert_ne!(said, ui_with("flow.found_where_broken", &[("number", "5"), ("broken", "6")]));
}
