//! Services that ask for a pause: it is kept, said on the screen, and can be stopped.

use handclasp::engine::ids::StageId;
use handclasp::flow::State;
use handclasp::flow::menu::ActionId;
use handclasp::flow::state::{Mark, Panel, Phase};
use serde_json::{Value, json};

use super::bench::{Bench, assert_helpful, text_of};
use super::{offers, registered, run, stopped};

/// The first change of step 2 comes too early, and so many times.
fn too_early(seconds: u32, times: u32) -> Value {
    let action = json!({"kind": "status", "status": 429, "retry_after_s": seconds});
    json!([{"service": "graph", "method": "PATCH", "path": "/applications(uniqueName", "times": times, "action": action}])
}

fn paused(state: &State) -> bool {
    state.waiting.as_ref().is_some_and(|waiting| waiting.until.is_some())
}

#[test]
fn a_pause_of_a_minute_is_said_and_kept_before_a_change_is_sent_again() {
    run(async {
        let speed = 12;
        let bench = Bench::at_speed("fresh", speed).await;
        bench.faults(&too_early(60, 1));
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        let state = bench.until("the pause", paused).await;
        let text = text_of(&state);
        assert!(text.contains("Microsoft Graph asked for a pause of 60 seconds."), "{text}");
        assert!(text.contains("Asked again at ") && text.contains("It is safe to leave."), "{text}");
        assert!(text.contains("Stop waiting"), "{text}");
        bench.done().await;
        let calls = bench.calls();
        let [first, second] = [0, 1].map(|n| &calls[n]);
        assert_eq!((first.status, &first.path), (Some(429), &second.path));
        let waited = second.time.as_millisecond() - first.time.as_millisecond();
        assert!(waited >= 60_000 / i64::from(speed) - 50, "asked again after {waited} ms");
        assert_eq!((calls.len(), registered(&bench, "contoso-hello API")), (5, (1, 1)));
    });
}

#[test]
fn a_pause_that_is_longer_than_anybody_should_be_held_for_stops_the_plan() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.faults(&too_early(600, 0));
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        let state = bench.until("the plan to stop", |state| stopped(state).is_some()).await;
        let told = stopped(&state).unwrap();
        assert_helpful(&told);
        assert!(told.next.contains("10 minutes") && told.means.contains("Nothing was changed"), "{told:?}");
        assert!(offers(&state, ActionId::PlanAgain));
        bench.until("the look after it", |state| !state.looking).await;
        assert_eq!(bench.called().len(), 1, "{:?}", bench.called());
    });
}

#[test]
fn a_pause_before_a_change_can_be_stopped_and_nothing_is_sent_then() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.faults(&too_early(250, 0));
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        bench.until("the pause", paused).await;
        bench.act_on(ActionId::Stop).await;
        let by_person = |state: &State| {
            let Panel::Applying(apply) = &state.panel else { return false };
            apply.phase == Phase::StoppedByPerson && apply.steps[0].mark == Mark::ToDo
        };
        bench.until("the plan to have stopped", by_person).await;
        assert_eq!(bench.called().len(), 1, "{:?}", bench.called());
        assert_eq!(registered(&bench, "contoso-hello API"), (0, 0));
    });
}

#[test]
fn a_read_that_waits_is_said_while_it_does() {
    run(async {
        let bench = Bench::at_speed("fresh", 5).await;
        bench.at_the_app().await;
        let later = json!({"kind": "status", "status": 429, "retry_after_s": 25});
        bench.faults(&json!([{"service": "arm", "method": "GET", "action": later}]));
        bench.act_on(ActionId::LookAgain).await;
        let state = bench.until("the pause", |state| !state.pauses.is_empty()).await;
        let text = text_of(&state);
        assert!(text.contains("Azure Resource Manager is busy"), "{text}");
        assert!(text.contains("Asked again at ") && text.contains("It is safe to leave."), "{text}");
        let state = bench.until("the look", |state| state.pauses.is_empty() && !state.looking).await;
        assert!(!text_of(&state).contains("is busy"), "{}", text_of(&state));
    });
}
