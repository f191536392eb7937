//! Signing in once more: refused, demanded more strongly, or run out.

use super::applying::protecting;
use super::*;
use crate::engine::clouds::Audience;
use crate::engine::trouble::Demand;
use crate::flow::state::Phase;

#[test]
fn a_clock_that_was_ahead_is_put_right_and_limits_still_end() {
    let mut walk = protecting();
    walk.ok();
    let ahead = walk.state.now;
    walk.give(Event::Tick { now: ahead - SignedDuration::from_secs(5) });
    assert_eq!(walk.state.now, ahead, "an answer that was overtaken turns nothing back");
    walk.give(Event::Tick { now: ahead - SignedDuration::from_mins(10) });
    assert_eq!(walk.state.now, ahead - SignedDuration::from_mins(10));
    walk.wait(i64::from(walk.setup.timing.landing_limit_s) + 1);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.apply().phase, Phase::Slow, "the wait ends when it should");
}

/// A plan whose first step was refused for want of a stronger sign-in; the way that was signed in before.
fn refused(way: SignInMethod) -> Walk {
    let mut walk = protecting();
    walk.state.again.way = Some(way);
    let demand = Demand { audience: Audience::Arm, claims: r#"{"access_token":{}}"#.into() };
    walk.fail(Trouble { demand: Some(Box::new(demand)), ..trouble(Class::SignInRefused) });
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::SignInAgain)));
    walk
}

#[test]
fn after_a_stronger_sign_in_the_same_step_goes_on_once_it_was_looked_afresh() {
    let mut walk = refused(SignInMethod::DeviceCode);
    let step = walk.sent().remove(0);
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::SignIn(SignInMethod::DeviceCode)], "the way is kept");
    assert!(walk.again.demand.is_some());
    let effects = walk.answer(Answer::SignIn(SignInProgress::Done(ada())));
    assert!(
        works(&effects).iter().all(|work| matches!(work, Work::Watch { .. })),
        "first a look: {effects:?}"
    );
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 2);
    assert_eq!(walk.sent()[1], step);
    assert_eq!(walk.apply().current, 0);
    assert_eq!(walk.again.demand, None);
    let facts = after(&fixtures::fresh(), &step);
    walk.carry_out(facts);
    let mut kinds: Vec<_> = walk.sent().iter().skip(1).map(|change| change.kind).collect();
    kinds.dedup();
    assert_eq!(kinds.len() + 1, walk.sent().len(), "each once: {kinds:?}");
}

#[test]
fn a_step_that_was_made_by_somebody_meanwhile_is_not_made_again() {
    let mut walk = refused(SignInMethod::Browser);
    let step = walk.sent().remove(0);
    walk.press(Key::Enter);
    walk.answer(Answer::SignIn(SignInProgress::Done(ada())));
    walk.observe(after(&fixtures::fresh(), &step));
    assert_ne!(walk.sent()[1].kind, step.kind);
}

#[test]
fn a_lent_sign_in_cannot_be_stronger_so_a_way_is_chosen() {
    let mut walk = refused(SignInMethod::AzCli);
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), Vec::<&Work>::new());
    let Page::SignIn(sign_in) = &walk.page else { panic!("{:?}", walk.page) };
    assert!(sign_in.trouble.is_some(), "what is demanded is said");
    walk.choose(ActionId::SignInBrowser);
    assert!(walk.again.demand.is_some() && walk.again.resume.is_some());
}

#[test]
fn a_failed_sign_in_offers_another_way_where_one_may_help() {
    for (code, tried, next) in [
        ("AADSTS53003", ActionId::SignInCode, Some(ActionId::SignInBrowser)),
        ("AADSTS53003", ActionId::SignInBrowser, Some(ActionId::SignInCode)),
        ("AADSTS53000", ActionId::SignInCode, Some(ActionId::SignInBrowser)),
        ("AADSTS50005", ActionId::SignInCode, Some(ActionId::SignInBrowser)),
        // A code is no way where the device itself is judged.
        ("AADSTS53000", ActionId::SignInBrowser, None),
        ("AADSTS50158", ActionId::SignInBrowser, None),
        ("AADSTS50057", ActionId::SignInCode, None),
    ] {
        let mut walk = Walk::new();
        walk.choose(ActionId::Start);
        walk.choose(tried);
        let said = Trouble { code: Some(code.into()), ..trouble(Class::SignInRefused) };
        walk.answer(Answer::SignIn(SignInProgress::Failed(said)));
        let Page::SignIn(sign_in) = &walk.page else { panic!("{:?}", walk.page) };
        let told = sign_in.trouble.clone().unwrap();
        assert_eq!(told.next.contains("instead"), next.is_some(), "{code} {tried:?}: {told:?}");
        // Where no other way may help, what can be done is the same once more: a new code, say.
        let expected = next.unwrap_or(tried);
        assert_eq!(menu::selected(&walk), Some(Item::Action(expected)), "{code} {tried:?}");
    }
}
