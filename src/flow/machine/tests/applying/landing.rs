//! Whether a change was made: seen late, seen no longer, sent again, or never known to have arrived.

use super::*;

#[test]
fn a_change_that_is_not_seen_yet_is_waited_for_by_name_and_not_repeated() {
    let mut walk = protecting();
    let effects = walk.ok();
    let every_s = walk.setup.timing.landing_s;
    assert_eq!(works(&effects), [&Work::Watch { part: Part::Stage(StageId::Protect), every_s }]);
    assert!(walk.waiting.as_ref().is_some_and(|waiting| waiting.safe_to_leave));
    for _ in 0..5 {
        walk.wait(20);
        walk.observe(fixtures::fresh());
    }
    assert_eq!(walk.apply().phase, Phase::Landing);
    assert_eq!(walk.apply().steps[0].mark, Mark::Accepted);
    walk.wait(100);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.apply().phase, Phase::Slow);
    walk.choose(ActionId::KeepLooking);
    let facts = after(&fixtures::fresh(), &walk.sent()[0]);
    walk.observe(facts);
    assert_eq!(kinds(&walk.sent()), [ChangeKind::CreateApiApp, ChangeKind::SetIdentifierUri]);
}

#[test]
fn a_change_counts_as_made_when_two_looks_in_a_row_show_it() {
    let mut walk = protecting();
    let created = after(&fixtures::fresh(), &walk.sent()[0]);
    walk.ok();
    walk.observe_once(created.clone());
    assert_eq!((walk.sent().len(), walk.apply().seen), (1, true), "one server has it; the next may not");
    walk.observe_once(fixtures::fresh());
    assert_eq!((walk.sent().len(), walk.apply().seen), (1, false));
    walk.observe_once(created.clone());
    assert_eq!(walk.sent().len(), 1);
    walk.observe_once(created);
    assert_eq!(kinds(&walk.sent()), [ChangeKind::CreateApiApp, ChangeKind::SetIdentifierUri]);
}

#[test]
fn a_read_that_flips_back_repeats_nothing_that_was_seen() {
    let mut walk = protecting();
    let created = after(&fixtures::fresh(), &walk.sent()[0]);
    walk.ok();
    walk.observe(created.clone());
    let named = after(&created, &walk.sent()[1]);
    walk.ok();
    // The second is seen; in the same look the plan goes on. Now the registration vanishes from the reads.
    walk.observe(named.clone());
    assert_eq!(walk.sent().len(), 3);
    walk.ok();
    let mut flipped = after(&named, &walk.sent()[2]);
    flipped.api_app = fixtures::fresh().api_app;
    walk.observe(flipped);
    assert_eq!(walk.sent().len(), 3, "no twin is made");
    assert!(matches!(walk.panel, Panel::Applying(_)), "{:?}", walk.panel);
    walk.observe(after(&named, &walk.sent()[2]));
    assert_eq!(walk.sent().len(), 4);
}

#[test]
fn an_uncertain_write_is_resolved_by_looking() {
    let mut walk = protecting();
    let broken = Trouble { uncertain: true, ..trouble(Class::TimeOut) };
    walk.fail(broken.clone());
    assert!(matches!(walk.apply().phase, Phase::FindingOut(_)));
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 1, "not sent again blindly");
    walk.observe(after(&fixtures::fresh(), &walk.sent()[0]));
    assert_eq!(walk.sent().len(), 2, "it had been carried out");

    // What says how things are to be is sent again once the directory had its time to show it, twice at most.
    let mut walk = protecting();
    for sent in 1..=2 {
        walk.fail(broken.clone());
        walk.wait(30);
        walk.observe(fixtures::fresh());
        assert_eq!(walk.sent().len(), sent, "it may be on its way");
        walk.wait(60);
        walk.observe(fixtures::fresh());
        assert_eq!(walk.sent().len(), sent + 1);
        assert_eq!(walk.sent()[sent], walk.sent()[0]);
    }
    walk.fail(broken.clone());
    walk.wait(500);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.apply().phase, Phase::Stopped(Box::new(broken)));
    // Going on means a new look, a new plan and a new yes.
    walk.choose(ActionId::PlanAgain);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 3);
    walk.draw();
    walk.agree(fixtures::fresh());
    assert_eq!(walk.sent().len(), 4);
}

#[test]
fn what_did_not_arrive_is_sent_again_after_a_look_if_it_may_be_repeated() {
    let offline = trouble(Class::Offline);
    let mut walk = protecting();
    for sent in 1..=2 {
        walk.fail(offline.clone());
        assert_eq!(walk.sent().len(), sent, "not before a look");
        walk.observe(Facts::default());
        assert_eq!(walk.sent().len(), sent, "nor after one that saw nothing");
        walk.observe(fixtures::fresh());
        assert_eq!(walk.sent().len(), sent + 1);
    }
    walk.fail(offline.clone());
    assert_eq!(walk.apply().phase, Phase::Stopped(Box::new(offline.clone())));

    let mut walk = protecting();
    walk.fail(trouble(Class::Refused));
    assert!(matches!(walk.apply().phase, Phase::Stopped(_)), "a refusal is meant");

    let without_secret = with_client(|app| app.secrets.clear());
    let mut walk = Walk::at(StageId::Secret, without_secret.clone());
    walk.confirm_for_me(without_secret);
    assert_eq!(walk.sent()[0].kind, ChangeKind::AddSecret);
    walk.fail(offline.clone());
    assert_eq!(walk.apply().phase, Phase::Stopped(Box::new(offline)), "a second secret would be another one");
}

#[test]
fn nothing_is_sent_again_before_the_time_that_the_service_asked_for() {
    let asks = |class, seconds| Trouble { retry_after: Some(Duration::from_secs(seconds)), ..trouble(class) };
    let mut walk = protecting();
    walk.fail(asks(Class::ServiceFault, 240));
    let until = walk.waiting.as_ref().and_then(|waiting| waiting.until);
    assert_eq!(until, Some(walk.now + SignedDuration::from_secs(240)));
    for _ in 0..23 {
        walk.wait(10);
        walk.observe(fixtures::fresh());
        assert_eq!(walk.sent().len(), 1, "neither sent again nor given up");
    }
    walk.wait(10);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 2);
    assert_eq!(walk.sent()[1], walk.sent()[0]);

    // What was waited for already, and what is longer than anybody should be held for, is the person's to decide.
    for told in [asks(Class::Throttled, 60), trouble(Class::Throttled), asks(Class::ServiceFault, 301)] {
        let mut walk = protecting();
        walk.fail(told.clone());
        assert_eq!(walk.apply().phase, Phase::Stopped(Box::new(told)));
        walk.observe(fixtures::fresh());
        assert_eq!(walk.sent().len(), 1);
    }
}

#[test]
fn a_change_that_waits_to_be_sent_again_can_be_stopped() {
    let mut walk = protecting();
    let until = walk.now.checked_add(SignedDuration::from_secs(20)).ok();
    let text = "Microsoft Graph asked for a pause of 20 seconds.".to_owned();
    let waiting = Waiting { text, since: walk.now, safe_to_leave: true, until };
    walk.answer(Answer::Waiting(waiting));
    let stop = menu::actions(&walk).into_iter().find(|action| action.id == ActionId::Stop).unwrap();
    assert_eq!(stop.label, ui("action.stop_waiting"));
    let effects = walk.choose(ActionId::Stop);
    assert_eq!(effects, [Effect::BreakOff]);
    walk.fail(trouble(Class::Cancelled));
    assert_eq!(walk.apply().phase, Phase::StoppedByPerson);
    assert_eq!((walk.apply().steps[0].mark, &walk.waiting), (Mark::ToDo, &None));
    walk.observe(fixtures::fresh());
    assert_eq!(walk.sent().len(), 1);
    // Without a wait there is the end of the step to be waited for.
    let walk = protecting();
    let stop = menu::actions(&walk).into_iter().find(|action| action.id == ActionId::Stop).unwrap();
    assert_eq!(stop.label, ui("flow.stop_after"));
}

#[test]
fn a_look_that_is_older_than_what_was_seen_is_not_shown() {
    let mut walk = protecting();
    let facts = walk.carry_out(fixtures::fresh());
    assert!(walk.stage_done());
    walk.observe(fixtures::fresh());
    assert!(walk.stage_done(), "an old replica's answer changes nothing");
    assert!(walk.waiting.is_some() && walk.watch.is_some(), "and it is looked again");
    walk.choose(ActionId::Continue);
    walk.observe(fixtures::fresh());
    assert!(walk.facts.api_app.value().is_some());
    walk.observe(facts.clone());
    assert_eq!((&walk.waiting, &walk.watch), (&None, &None));
    walk.choose(ActionId::ForMe);
    walk.observe(fixtures::fresh());
    assert_eq!(walk.panel, Panel::Preparing, "no plan is made from an old look");
    walk.observe(facts);
    assert!(matches!(walk.panel, Panel::Plan(_)));
}

#[test]
fn what_stays_away_was_taken_back_and_is_shown_so() {
    let mut walk = protecting();
    walk.carry_out(fixtures::fresh());
    walk.observe(fixtures::fresh());
    let limit = walk.setup.timing.lag_limit_s;
    walk.wait(i64::from(limit) + 1);
    walk.observe(fixtures::fresh());
    assert!(!walk.stage_done());
    assert_eq!((&walk.waiting, &walk.watch), (&None, &None));
}

#[test]
fn a_look_that_failed_contradicts_nothing() {
    let mut walk = protecting();
    let mut facts = walk.carry_out(fixtures::fresh());
    facts.api_app.fact = Fact::CouldNot(Box::new(trouble(Class::TimeOut)));
    walk.observe(facts);
    assert!(!walk.stage_done(), "what cannot be seen is said");
}
