//! Sign-ins that are refused, demanded more strongly, or run out in the middle: the next way is offered, the same step goes
//! on, nothing is done twice.

use handclasp::engine::clouds::Audience;
use handclasp::engine::ids::StageId;
use handclasp::engine::trouble::Class;
use handclasp::flow::State;
use handclasp::flow::menu::{self, ActionId, Item};
use handclasp::flow::state::{Mark, Overlay, Page, Panel, SignInState, SignInStep};
use handclasp::practice::world::StrongerSignIn;
use serde_json::json;

use super::bench::{Bench, assert_helpful, text_of};
use super::{offers, registered, run, sign_in_address, stopped};

/// How often each write was answered well.
fn made(bench: &Bench) -> Vec<(String, String)> {
    let mut made: Vec<_> = bench
        .called()
        .into_iter()
        .filter(|(_, _, status)| status.is_some_and(|status| status < 300))
        .map(|(method, end, _)| (method, end))
        .collect();
    made.sort();
    made
}

/// The four writes of a protected app, each once.
fn protected_once() -> Vec<(String, String)> {
    [("PATCH", "ID"), ("PATCH", "applications"), ("POST", "servicePrincipals"), ("PUT", "authsettingsV2")]
        .map(|(method, end)| (method.to_owned(), end.to_owned()))
        .to_vec()
}

/// Waits until the plan has stopped because somebody has to sign in again.
async fn refused(bench: &Bench) -> State {
    let state = bench.until("the plan to stop", |state| stopped(state).is_some()).await;
    let told = stopped(&state).unwrap();
    assert_helpful(&told);
    assert_eq!(told.class, Class::SignInRefused, "{told:?}");
    assert_eq!(menu::selected(&state), Some(Item::Action(ActionId::SignInAgain)));
    assert!(text_of(&state).contains(&told.what), "{}", text_of(&state));
    state
}

fn shows_code(state: &State) -> bool {
    offers(state, ActionId::CopyCode)
}

#[test]
fn a_stronger_sign_in_is_asked_for_once_and_the_same_step_goes_on() {
    run(async {
        let bench = Bench::start("second-factor").await;
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        let state = refused(&bench).await;
        let told = stopped(&state).unwrap();
        assert!(
            told.what.contains("stronger sign-in") && told.means.contains("Nothing was changed"),
            "{told:?}"
        );
        assert_eq!(told.demand.unwrap().audience, Audience::Graph);
        assert_eq!(bench.called(), [("PATCH".into(), "applications".into(), Some(401))]);

        // The same way as before, without choosing it again.
        bench.act_on(ActionId::SignInAgain).await;
        bench.until("a new code", shows_code).await;
        bench.act("approve-device-code", json!({})).await;
        bench.done().await;
        assert_eq!(made(&bench), protected_once());
        assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
        // Azure demanded the same; that sign-in was strong enough, so nobody was asked again.
        let refusals = bench.called().into_iter().filter(|(_, _, status)| *status == Some(401));
        assert_eq!(refusals.map(|(_, end, _)| end).collect::<Vec<_>>(), ["applications", "authsettingsV2"]);
        assert_eq!(
            bench.world(|world| world.sign_in.device_flows.iter().map(|f| f.strong).collect::<Vec<_>>()),
            [false, true]
        );
    });
}

#[test]
fn a_stronger_sign_in_in_the_browser_stays_in_the_browser() {
    run(async {
        let bench = Bench::start("second-factor").await;
        bench.act_on(ActionId::Start).await;
        bench.act_on(ActionId::SignInBrowser).await;
        let state = bench.until("the address", |state| sign_in_address(state).is_some()).await;
        bench.visit(&sign_in_address(&state).unwrap(), false).await;
        bench.choose_the_app().await;
        bench.for_me(StageId::Protect).await;
        refused(&bench).await;
        bench.act_on(ActionId::SignInAgain).await;
        let state = bench.until("the address", |state| sign_in_address(state).is_some()).await;
        let address = url::Url::parse(&sign_in_address(&state).unwrap()).unwrap();
        let asked = |name: &str| {
            address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        assert!(asked("claims").unwrap().contains("acrs"), "{address}");
        assert_eq!(asked("login_hint").as_deref(), Some("ada@contoso.onmicrosoft.com"));
        bench.visit(address.as_str(), false).await;
        bench.done().await;
        assert_eq!(made(&bench), protected_once());
    });
}

#[test]
fn a_stronger_sign_in_that_is_left_leaves_the_plan_where_it_stopped() {
    run(async {
        let bench = Bench::start("second-factor").await;
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        refused(&bench).await;
        bench.act_on(ActionId::SignInAgain).await;
        bench.until("a new code", shows_code).await;
        bench.act("decline-device-code", json!({})).await;
        bench.told().await;
        bench.press(handclasp::flow::event::Key::Esc);
        let state = refused(&bench).await;
        let Panel::Applying(apply) = &state.panel else { panic!("{:?}", state.panel) };
        assert_eq!(apply.steps[0].mark, Mark::Failed);
        assert_eq!(bench.called().len(), 1, "nothing was sent meanwhile");
    });
}

#[test]
fn what_one_person_confirmed_is_not_done_as_another() {
    run(async {
        let bench = Bench::start("second-factor").await;
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        refused(&bench).await;
        bench.act_on(ActionId::SignInAgain).await;
        bench.until("a new code", shows_code).await;
        let other = bench.world(|world| {
            let tenant = world.main_tenant().to_owned();
            let other = |user: &&handclasp::practice::world::User| {
                user.tenant == tenant && user.id != world.default_user
            };
            world.users.iter().find(other).unwrap().upn.clone()
        });
        bench.act("approve-device-code", json!({ "user": other })).await;
        let state = bench
            .until("a word on it", |state| {
                state.looked_at.is_some() && matches!(state.overlays.last(), Some(Overlay::Notice { .. }))
            })
            .await;
        assert_eq!(state.signed_in.as_ref().unwrap().upn, other);
        assert!(text_of(&state).contains("Somebody else is signed in"), "{}", text_of(&state));
        assert_eq!(bench.called().len(), 1, "nothing was sent in another name: {:?}", bench.called());
    });
}

#[test]
fn a_stronger_sign_in_for_looking_is_offered_where_the_look_is_shown() {
    run(async {
        let bench = Bench::start("finished").await;
        bench.at_the_app().await;
        bench.to_stage(StageId::Protect).await;
        bench.world(|world| world.switches.stronger_sign_in = StrongerSignIn::Everything);
        bench.act_on(ActionId::LookAgain).await;
        let state = bench.until("the refusal", |state| state.look_trouble.is_some()).await;
        assert_helpful(state.look_trouble.as_ref().unwrap());
        bench.act_on(ActionId::SignInAgain).await;
        bench.until("a new code", shows_code).await;
        bench.act("approve-device-code", json!({})).await;
        let state = bench.done().await;
        assert_eq!(state.stage(), Some(StageId::Protect), "back where the person was");
        assert!(bench.calls().is_empty());
    });
}

#[test]
fn where_a_code_is_blocked_the_browser_is_offered() {
    run(async {
        let bench = Bench::start("code-blocked").await;
        bench.act_on(ActionId::Start).await;
        bench.act_on(ActionId::SignInCode).await;
        bench.until("the code", shows_code).await;
        bench.act("approve-device-code", json!({})).await;
        let told = bench.told().await;
        assert_helpful(&told);
        assert_eq!(told.code.as_deref(), Some("AADSTS53003"));
        assert!(told.next.contains("the browser instead"), "{told:?}");
        let state = bench.state();
        assert!(matches!(state.page, Page::SignIn(SignInState { step: SignInStep::Choose, .. })));
        assert_eq!(menu::selected(&state), Some(Item::Action(ActionId::SignInBrowser)));
        bench.act_on(ActionId::SignInBrowser).await;
        let state = bench.until("the address", |state| sign_in_address(state).is_some()).await;
        bench.visit(&sign_in_address(&state).unwrap(), false).await;
        bench.until("the sign-in", |state| state.signed_in.is_some()).await;
    });
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_plan_is_renewed_unasked() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.at_the_app().await;
        bench.to_stage(StageId::Protect).await;
        bench.act_on(ActionId::ForMe).await;
        bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        // By the services' clock every token is over; ours does not know it until the next answer.
        bench.world(|world| world.clock.advance(2 * 3600));
        bench.act_on(ActionId::Confirm).await;
        // The look before the first change meets it; by then the clock is right, and no change is refused.
        let refused = |state: &State| state.calls.iter().any(|call| call.status == Some(401));
        bench.until("the refusal in the log, which keeps the last calls only", refused).await;
        bench.done().await;
        assert_eq!(made(&bench), protected_once());
        assert!(bench.called().iter().all(|(_, _, status)| *status != Some(401)), "{:?}", bench.called());
        assert_eq!(bench.world(|world| world.sign_in.device_flows.len()), 1, "nobody signed in again");
    });
}

#[test]
fn where_the_sign_in_cannot_be_renewed_a_new_one_goes_on_with_the_same_step() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.at_the_app().await;
        bench.to_stage(StageId::Protect).await;
        bench.act_on(ActionId::ForMe).await;
        bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        bench.world(|world| {
            world.clock.advance(2 * 3600);
            world.sign_in.refresh_tokens.clear();
        });
        bench.act_on(ActionId::Confirm).await;
        refused(&bench).await;
        bench.act_on(ActionId::SignInAgain).await;
        bench.until("a new code", shows_code).await;
        bench.act("approve-device-code", json!({})).await;
        bench.done().await;
        assert_eq!(made(&bench), protected_once());
        assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
    });
}

#[test]
fn a_clock_that_is_off_by_ten_minutes_is_put_right_by_the_services() {
    run(async {
        for off in [600, -600] {
            let bench = Bench::start("fresh").await;
            bench.world(|world| world.clock.advance(off));
            let state = bench.at_the_app().await;
            let world = bench.world(|world| world.now());
            assert!(world.duration_since(state.now).as_secs().abs() < 120, "{off}: {} {world}", state.now);
            for stage in [StageId::Protect, StageId::Register, StageId::Grant, StageId::Secret] {
                bench.for_me(stage).await;
                bench.done().await;
            }
            assert!(
                bench.called().iter().all(|(_, _, status)| status.is_some_and(|s| s < 300)),
                "{:?}",
                bench.called()
            );
            assert_eq!(bench.world(|world| world.sign_in.device_flows.len()), 1);
        }
    });
}

#[test]
fn a_sign_in_that_ends_while_a_change_is_awaited_finds_it_done() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.at_the_app().await;
        bench.world(|world| world.switches.by_id_lag_s = 3600);
        bench.for_me(StageId::Protect).await;
        bench.until("the first change to be awaited", |_| !bench.called().is_empty()).await;
        bench.world(|world| {
            world.clock.advance(2 * 3600);
            world.sign_in.refresh_tokens.clear();
            world.switches.by_id_lag_s = 0;
        });
        refused(&bench).await;
        bench.act_on(ActionId::SignInAgain).await;
        bench.until("a new code", shows_code).await;
        bench.act("approve-device-code", json!({})).await;
        bench.done().await;
        assert_eq!(made(&bench), protected_once(), "{:?}", bench.called());
        assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
    });
}
