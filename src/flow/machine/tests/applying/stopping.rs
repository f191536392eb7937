//! Stopping a plan under way, above all where the directory has not heard yet of what it accepted.

use super::*;

#[test]
fn an_enter_too_many_does_not_stop_a_plan() {
    let mut walk = protecting();
    walk.draw();
    assert_eq!(menu::selected(&walk), None);
    walk.press(Key::Enter);
    assert!(!walk.apply().stopping, "it shows what the next one would do");
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Stop)));
    walk.press(Key::Enter);
    assert!(walk.apply().stopping);
}

#[test]
fn what_was_accepted_before_the_stop_is_said_to_be_and_turns_to_done_once_seen() {
    let mut walk = protecting();
    walk.ok();
    let effects = walk.press(Key::CtrlC);
    assert_eq!((&walk.apply().phase, walk.note.as_deref()), (&Phase::StoppedByPerson, None));
    let every_s = walk.setup.timing.landing_s;
    let watch = Work::Watch { part: Part::Stage(StageId::Protect), every_s };
    assert_eq!(works(&effects), [&watch], "the steps are kept true");
    walk.observe(fixtures::fresh());
    assert_eq!((&walk.apply().phase, walk.apply().steps[0].mark), (&Phase::StoppedByPerson, Mark::Accepted));
    let effects = walk.observe(after(&fixtures::fresh(), &walk.sent()[0]));
    assert_eq!(walk.apply().steps[0].mark, Mark::Done);
    assert!(walk.watch.is_none() && works(&effects).is_empty());
    assert_eq!(walk.sent().len(), 1);
}

#[test]
fn asked_to_stop_it_rests_as_soon_as_the_call_is_answered() {
    let mut walk = protecting();
    walk.choose(ActionId::Stop);
    assert_eq!(walk.apply().phase, Phase::Sending);
    walk.ok();
    assert_eq!((&walk.apply().phase, walk.apply().steps[0].mark), (&Phase::StoppedByPerson, Mark::Accepted));
}

#[test]
fn back_on_the_stage_an_older_look_is_not_taken_for_what_is_there() {
    let mut walk = protecting();
    walk.ok();
    walk.press(Key::CtrlC);
    walk.draw();
    walk.press(Key::Esc);
    assert_eq!(walk.panel, Panel::Overview);
    walk.observe(fixtures::fresh());
    assert!(walk.waiting.is_some(), "it is said why the stage does not show it");
    walk.observe(after(&fixtures::fresh(), &walk.sent()[0]));
    assert!(walk.waiting.is_none() && walk.facts.api_app.value().is_some());
}

#[test]
fn a_call_without_an_answer_can_be_stopped_looking_for() {
    let mut walk = protecting();
    walk.choose(ActionId::Stop);
    walk.fail(Trouble { uncertain: true, ..trouble(Class::TimeOut) });
    assert!(matches!(walk.apply().phase, Phase::FindingOut(_)));
    walk.choose(ActionId::Stop);
    assert_eq!(walk.apply().phase, Phase::StoppedByPerson);
}

#[test]
fn a_look_that_fails_does_not_wake_a_plan_that_has_stopped() {
    let mut walk = protecting();
    walk.ok();
    walk.press(Key::CtrlC);
    walk.answer(Answer::CouldNotObserve(trouble(Class::Offline)));
    walk.wait(600);
    walk.answer(Answer::CouldNotObserve(trouble(Class::Offline)));
    assert_eq!(walk.apply().phase, Phase::StoppedByPerson);

    let mut walk = protecting();
    walk.fail(trouble(Class::NotAllowed));
    walk.answer(Answer::CouldNotObserve(trouble(Class::Offline)));
    assert!(matches!(walk.apply().phase, Phase::Stopped(_)), "{:?}", walk.apply().phase);
}
