//! What the wizard must withstand, over the drive loop: each ends in a clear message with the next step, nothing lost,
//! nothing done twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failure here is the failure of a test"
)]

#[path = "drive_loop/bench.rs"]
mod bench;
#[path = "drive_loop/keeping.rs"]
mod keeping;
#[path = "drive_loop/pauses.rs"]
mod pauses;
#[path = "drive_loop/picking.rs"]
mod picking;
mod recordings;
#[path = "drive_loop/rights.rs"]
mod rights;
#[path = "drive_loop/signing_in.rs"]
mod signing_in;
#[path = "drive_loop/together.rs"]
mod together;
#[path = "drive_loop/unseen.rs"]
mod unseen;

use bench::{Bench, assert_helpful, finding, text_of, trouble};
use futures_util::future::join_all;
use handclasp::engine::change::Right;
use handclasp::engine::findings::Verdict;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::trouble::{Class, Trouble};
use handclasp::flow::State;
use handclasp::flow::effect::CopyItem;
use handclasp::flow::event::{CopyOutcome, Key};
use handclasp::flow::menu::{self, ActionId, Item};
use handclasp::flow::state::{Mark, Overlay, Page, Panel, Phase, RehearsalStep, SignInState, SignInStep};
use handclasp::practice::world::{Kind, View};
use serde_json::{Value, json};

type Async = tokio::runtime::Runtime;

fn run(test: impl Future<Output = ()>) {
    Async::new().unwrap().block_on(test);
}

/// The address of the sign-in that is waited for.
fn sign_in_address(state: &State) -> Option<String> {
    match (&state.page, &state.panel) {
        (Page::SignIn(SignInState { step: SignInStep::Browser { address }, .. }), _) => Some(address.clone()),
        (_, Panel::Rehearsal(view)) => match &view.step {
            RehearsalStep::SignIn { address } => Some(address.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Why a plan under way has stopped.
fn stopped(state: &State) -> Option<Trouble> {
    match &state.panel {
        Panel::Applying(apply) => match &apply.phase {
            Phase::Stopped(trouble) => Some(trouble.as_ref().clone()),
            _ => None,
        },
        _ => None,
    }
}

/// All of a message.
fn words(told: &Trouble) -> String {
    format!("{} {} {} {} {:?}", told.what, told.means, told.next, told.original, told.code)
}

fn offers(state: &State, id: ActionId) -> bool {
    menu::actions(state).iter().any(|action| action.id == id && action.enabled)
}

/// How many registrations and service principals a display name begins.
fn registered(bench: &Bench, name: &str) -> (usize, usize) {
    bench.world(|world| {
        let tenant = world.main_tenant().to_owned();
        let count = |kind| {
            world
                .objects(kind, &tenant, View::Now)
                .filter(|(_, doc)| doc["displayName"].as_str().is_some_and(|shown| shown == name))
                .count()
        };
        (count(Kind::Application), count(Kind::ServicePrincipal))
    })
}

#[test]
fn a_declined_sign_in_is_told_and_can_be_started_again() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.act_on(ActionId::Start).await;
        bench.act_on(ActionId::SignInCode).await;
        bench.until("the code", |state| offers(state, ActionId::CopyCode)).await;
        bench.act("decline-device-code", json!({})).await;
        let told = bench.told().await;
        assert_helpful(&told);
        assert!(told.what.contains("declined"), "{told:?}");
        assert!(bench.text().contains("declined"));

        bench.act_on(ActionId::SignInBrowser).await;
        let state = bench.until("the address", |state| sign_in_address(state).is_some()).await;
        assert!(text_of(&state).contains("Open this address in a browser"), "no browser is said to be open");
        bench.act_on(ActionId::CancelSignIn).await;
        bench.until("the choice again", |state| offers(state, ActionId::SignInCode)).await;
        bench.act_on(ActionId::SignInBrowser).await;
        let state = bench.until("the address", |state| sign_in_address(state).is_some()).await;
        bench.visit(&sign_in_address(&state).unwrap(), false).await;
        bench.until("the sign-in", |state| state.signed_in.is_some()).await;
        assert!(bench.calls().is_empty());
        assert_eq!(bench.leave().await, 130);
    });
}

#[test]
fn an_expired_code_is_told_and_a_new_one_works() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.act_on(ActionId::Start).await;
        bench.act_on(ActionId::SignInCode).await;
        bench.until("the code", |state| offers(state, ActionId::CopyCode)).await;
        bench.world(|world| world.clock.advance(901));
        let told = bench.told().await;
        assert_helpful(&told);
        assert!(told.what.contains("code has run out") && told.next.contains("new code"), "{told:?}");
        bench.act_on(ActionId::SignInCode).await;
        bench.until("the new code", |state| offers(state, ActionId::CopyCode)).await;
        bench.act("approve-device-code", json!({})).await;
        bench.until("the sign-in", |state| state.signed_in.is_some()).await;
    });
}

/// A set-up made in the portal by somebody who may not agree for everyone, up to its secret, held by the wizard.
async fn ready_to_rehearse() -> Bench {
    let bench = Bench::start("fresh").await;
    bench.act("protect", json!({ "action": "401" })).await;
    let client = bench.act("register", json!({})).await;
    bench.act("allow-connector", json!({})).await;
    bench.act("grant", json!({})).await;
    let secret = bench.act("secret", json!({})).await;
    // By hand it all takes longer than the directory does.
    bench.world(|world| world.clock.advance(60));
    bench.at_the_app().await;
    bench.to_stage(StageId::Register).await;
    bench.act_on(ActionId::ChooseClient).await;
    bench.choose(Item::Client(client["client_id"].as_str().unwrap().to_owned())).await;
    bench.done().await;
    bench.to_stage(StageId::Secret).await;
    bench.act_on(ActionId::EnterSecret).await;
    bench.paste(secret["value"].as_str().unwrap());
    bench.until("the field to be filled", |state| !state.secret.empty).await;
    bench.act_on(ActionId::Submit).await;
    bench.until("the secret to be proven", State::stage_done).await;
    bench
}

#[test]
fn a_declined_consent_is_told_and_the_temporary_address_goes() {
    run(async {
        let bench = Box::pin(ready_to_rehearse()).await;
        let before = bench.calls().len();
        bench.to_stage(StageId::Try).await;
        bench.act_on(ActionId::Rehearse).await;
        bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        assert_eq!(bench.calls().len(), before);
        bench.act_on(ActionId::Confirm).await;
        let state = bench.until("the address", |state| sign_in_address(state).is_some()).await;
        bench.visit(&sign_in_address(&state).unwrap(), true).await;
        let told = bench.told().await;
        assert_helpful(&told);
        assert!(words(&told).contains("declined") || words(&told).contains("AADSTS65004"), "{told:?}");
        let calls = bench.calls().split_off(before);
        let bodies: Vec<&Value> = calls.iter().map(|call| &call.body["web"]["redirectUris"]).collect();
        assert_eq!(bodies.len(), 2, "{bodies:?}");
        assert!(bodies[0].to_string().contains("/handclasp-"), "{bodies:?}");
        assert!(!bodies[1].to_string().contains("/handclasp-"), "{bodies:?}");

        let writes = |state: &State| state.calls.iter().filter(|call| call.writes).count();
        let made = bench.until("both in the log", |state| writes(state) == 2).await.calls;
        // The log names the right that each change needed.
        assert!(made.iter().all(|call| call.right == call.writes.then_some(Right::OwnApp)), "{made:?}");
    });
}

#[test]
fn reads_that_are_not_allowed_are_not_seen_and_say_why() {
    run(async {
        for (fault, check) in [
            (
                json!({"service": "arm", "method": "GET", "path": "/functions", "times": 0}),
                CheckId::AppFunctions,
            ),
            (json!({"service": "graph", "times": 0}), CheckId::ApiApp),
            (json!({"service": "arm", "path": "authsettings", "times": 0}), CheckId::ApiIssuer),
        ] {
            let bench = Bench::start("finished").await;
            let mut fault = fault;
            fault["action"] = json!({"kind": "status", "status": 403});
            bench.faults(&json!([fault]));
            let state = bench.at_the_app().await;
            let found = finding(&state, check);
            assert_eq!(found.verdict, Verdict::Unknown, "{fault}: {found:?}");
            assert!(!found.evidence.is_empty(), "{found:?}");
            assert!(bench.calls().is_empty());
        }
    });
}

#[test]
fn a_list_of_apps_that_may_not_be_read_is_told_and_an_address_helps() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.faults(&json!([{"service": "arm", "path": "resources", "times": 0, "action": {"kind": "status", "status": 403}},
            {"service": "arm", "path": "/subscriptions", "times": 0, "action": {"kind": "status", "status": 403}}]));
        bench.sign_in().await;
        let state = bench
            .until("the refusal", |state| matches!(state.apps, handclasp::flow::state::Listing::Failed(_)))
            .await;
        let handclasp::flow::state::Listing::Failed(told) = &state.apps else { unreachable!() };
        assert_helpful(told);
        assert!(offers(&state, ActionId::TypeAddress) && offers(&state, ActionId::ListAgain));
        bench.faults(&json!([]));
        bench.act_on(ActionId::ListAgain).await;
        bench
            .until("the list", |state| menu::items(state).iter().any(|item| matches!(item, Item::App(_))))
            .await;
    });
}

#[test]
fn writes_that_are_not_allowed_stop_the_plan_at_once() {
    run(async {
        for (path, method, made) in [
            ("/applications(", "PATCH", 0),
            ("/applications/", "PATCH", 1),
            ("/servicePrincipals", "POST", 2),
            ("/config/authsettingsV2", "PUT", 3),
        ] {
            let bench = Bench::start("fresh").await;
            let refused = json!({"kind": "status", "status": 403});
            bench.faults(&json!([{"path": path, "method": method, "times": 0, "action": refused}]));
            bench.at_the_app().await;
            bench.for_me(StageId::Protect).await;
            let state = bench.until("the plan to stop", |state| stopped(state).is_some()).await;
            let told = stopped(&state).unwrap();
            assert_helpful(&told);
            assert_eq!(told.class, Class::NotAllowed, "{told:?}");
            assert!(offers(&state, ActionId::AskAdmin) || offers(&state, ActionId::Myself), "{path}");
            assert!(offers(&state, ActionId::PlanAgain), "{path}");
            let called = bench.called();
            assert_eq!(
                called.len(),
                made + 1,
                "nothing is sent after a refusal, and it is not sent again: {called:?}"
            );
            assert_eq!(called[made].2, Some(403), "{called:?}");
            let Panel::Applying(apply) = &state.panel else { unreachable!() };
            let marks: Vec<Mark> = apply.steps.iter().map(|step| step.mark).collect();
            assert_eq!(marks.iter().filter(|mark| **mark == Mark::Done).count(), made, "{marks:?}");
            assert_eq!(marks[made], Mark::Failed);
        }
    });
}

#[test]
fn a_slow_directory_is_waited_out_and_nothing_is_made_twice() {
    run(async {
        let mut bench = Bench::start("slow-directory").await;
        bench.hurry();
        bench.at_the_app().await;
        for stage in [StageId::Protect, StageId::Register, StageId::Grant] {
            bench.for_me(stage).await;
            bench.done().await;
        }
        assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
        assert_eq!(registered(&bench, "contoso-hello connector"), (1, 1));
        let accepted = bench.called().into_iter().filter(|(_, _, status)| status.is_some_and(|s| s < 300));
        assert_eq!(accepted.count(), 4 + 3 + 2, "{:?}", bench.called());
    });
}

#[test]
fn a_service_that_asks_to_slow_down_is_obeyed() {
    run(async {
        let bench = Bench::start("fresh").await;
        let later = json!({"kind": "status", "status": 429, "retry_after_s": 1});
        bench.faults(&json!([
            {"service": "graph", "method": "PATCH", "path": "/applications(", "action": later},
            {"service": "graph", "method": "POST", "path": "/servicePrincipals", "action": later},
            {"service": "arm", "method": "PUT", "action": later},
            {"service": "arm", "method": "GET", "path": "/functions", "action": later},
        ]));
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        bench.done().await;
        let called = bench.called();
        let throttled = called.iter().filter(|(_, _, status)| *status == Some(429)).count();
        assert_eq!(
            (throttled, called.len()),
            (3, 7),
            "each is sent once more, after the time that was asked for: {called:?}"
        );
        assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
        let times = bench.calls();
        for pair in times.windows(2).filter(|pair| pair[0].status == Some(429)) {
            let waited = pair[1].time.as_millisecond() - pair[0].time.as_millisecond();
            assert!(waited >= 950, "asked again after {waited} ms");
        }
    });
}

/// Protects the app while the connection breaks once, at this write, after it was carried out or before.
async fn broken_at(path: &str, method: &str, applied: bool) {
    let mut bench = Bench::start("fresh").await;
    bench.hurry();
    let drop = json!({"kind": "drop", "applied": applied});
    bench.faults(&json!([{"path": path, "method": method, "action": drop}]));
    bench.at_the_app().await;
    bench.for_me(StageId::Protect).await;
    let ended =
        |state: &State| stopped(state).is_some() || (state.stage_done() && state.panel == Panel::Overview);
    let state = bench.until("an end", ended).await;
    let found = applied || method != "POST";
    assert_eq!(
        stopped(&state).is_none(),
        found,
        "what was made is found, what may be repeated is, the rest is told"
    );
    if let Some(told) = stopped(&state) {
        assert_helpful(&told);
        assert!(text_of(&state).contains(&told.next), "{}", text_of(&state));
        bench.act_on(ActionId::PlanAgain).await;
        bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        bench.act_on(ActionId::Confirm).await;
        bench.done().await;
    }
    let called = bench.called();
    let broken = called.iter().filter(|(_, _, status)| status.is_none()).count();
    let accepted = called.iter().filter(|(_, _, status)| status.is_some_and(|status| status < 300)).count();
    assert_eq!((broken, accepted), (1, if applied { 3 } else { 4 }), "nothing is done twice: {called:?}");
    assert_eq!(called.len(), broken + accepted, "{called:?}");
    assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
}

const WRITES: [(&str, &str); 4] = [
    ("/applications(", "PATCH"),
    ("/applications/", "PATCH"),
    ("/servicePrincipals", "POST"),
    ("/config/authsettingsV2", "PUT"),
];

#[test]
fn a_change_whose_answer_is_lost_is_found_done_and_not_sent_again() {
    run(async {
        join_all(WRITES.map(|(path, method)| broken_at(path, method, true))).await;
    });
}

#[test]
fn a_change_that_never_arrived_is_told_and_sent_again_only_when_the_person_says_so() {
    run(async {
        join_all(WRITES.map(|(path, method)| broken_at(path, method, false))).await;
    });
}

#[test]
fn a_secret_whose_value_was_lost_on_the_way_is_told_and_not_made_again_unasked() {
    run(async {
        let mut bench = Bench::start("flaky").await;
        bench.at_the_app().await;
        for stage in [StageId::Protect, StageId::Register, StageId::Grant] {
            bench.for_me(stage).await;
            bench.done().await;
        }
        bench.for_me(StageId::Secret).await;
        let state = bench
            .until("the notice", |state| matches!(state.overlays.last(), Some(Overlay::Notice { .. })))
            .await;
        let text = text_of(&state);
        assert!(text.contains("nobody can read it again") && text.contains("new one beside it"), "{text}");
        let added = bench.called().into_iter().filter(|(_, end, _)| end == "addPassword").count();
        assert_eq!(added, 1, "{:?}", bench.called());
        bench.act_on(ActionId::Close).await;
        bench.until("the choice", |state| offers(state, ActionId::ForMe)).await;
        bench.faults(&json!([]));
        // Secrets are told apart by the second in which they were made.
        let seen = state.now;
        bench.world(|world| world.clock.advance(60));
        bench.hurry();
        bench.act_on(ActionId::LookAgain).await;
        bench.until("a later second", |state| state.now.as_second() > seen.as_second() + 1).await;
        bench.for_me(StageId::Secret).await;
        bench.done().await;
        let added = bench.called().into_iter().filter(|(_, end, _)| end == "addPassword").count();
        assert_eq!(added, 2);

        // The one without a value can be removed, and only that one.
        let state = bench.state();
        let held = state.held.secret.clone().and_then(|held| held.key_id).unwrap();
        bench.act_on(ActionId::RemoveLost).await;
        let state = bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        let Panel::Plan(view) = &state.panel else { unreachable!() };
        assert_eq!(view.plan.changes.len(), 1);
        assert_ne!(view.plan.changes[0].body["keyId"], held.as_str());
        assert!(text_of(&state).contains("Remove the client secret"), "{}", text_of(&state));
        bench.act_on(ActionId::Confirm).await;
        let state = bench.done().await;
        let left: Vec<&str> =
            state.facts.client_app.value().unwrap().secrets.iter().map(|secret| &*secret.key_id).collect();
        assert_eq!(left, [held]);
        assert!(!offers(&state, ActionId::RemoveLost), "what is held is never offered");
        assert!(state.overlays.is_empty(), "{:?}", state.overlays);
        let removed: Vec<_> =
            bench.called().into_iter().filter(|(_, end, _)| end == "removePassword").collect();
        assert_eq!(removed, [("POST".to_owned(), "removePassword".to_owned(), Some(204))]);
        assert_eq!(registered(&bench, "contoso-hello API"), (1, 1));
        assert_eq!(registered(&bench, "contoso-hello connector"), (1, 1));
    });
}

#[test]
fn an_answer_that_is_not_json_is_told_and_nothing_is_taken_for_done() {
    run(async {
        let bench = Bench::start("finished").await;
        bench.faults(&json!([{"service": "graph", "times": 0, "action": {"kind": "not_json"}}]));
        let state = bench.at_the_app().await;
        let found = finding(&state, CheckId::ApiApp);
        assert_eq!(found.verdict, Verdict::Unknown, "{found:?}");

        let mut bench = Bench::start("fresh").await;
        bench.hurry();
        let not_json = json!({"kind": "not_json"});
        bench.faults(&json!([{"method": "PATCH", "path": "/applications(", "times": 0, "action": not_json}]));
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        let state = bench.until("the plan to stop", |state| stopped(state).is_some()).await;
        let told = stopped(&state).unwrap();
        assert_helpful(&told);
        assert_eq!(told.class, Class::UnexpectedAnswer, "{told:?}");
        assert_eq!(registered(&bench, "contoso-hello API"), (0, 0));
        assert_eq!(bench.called().len(), 1, "{:?}", bench.called());
    });
}

#[test]
fn names_full_of_control_characters_reach_no_terminal() {
    const NASTY: &str = "\u{1b}]0;taken\u{7}\u{1b}[2J\u{202e}evil\u{0}\r\n\t\u{9b}31m name";
    run(async {
        let bench = Bench::start("finished").await;
        bench.world(|world| {
            for user in &mut world.users {
                user.display_name = NASTY.to_owned();
            }
            for tenant in &mut world.tenants {
                tenant.display_name = NASTY.to_owned();
            }
            for subscription in &mut world.subscriptions {
                subscription.display_name = NASTY.to_owned();
            }
        });
        bench.faults(&json!([{"service": "graph", "method": "PATCH", "times": 0, "action": {"kind": "status", "status": 400,
            "body": {"error": {"code": NASTY, "message": NASTY}}}}]));
        bench.sign_in().await;
        bench
            .until("the list of apps", |state| {
                menu::items(state).iter().any(|item| matches!(item, Item::App(_)))
            })
            .await;
        // Drawing asserts that nothing in it acts on a terminal.
        assert!(bench.text().contains("evil"), "{}", bench.text());
        let state = bench.choose_the_app().await;
        text_of(&state);
        bench.to_stage(StageId::Secret).await;
        bench.act_on(ActionId::ForMe).await;
        text_of(&bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await);
    });
}

#[test]
fn a_clipboard_that_fails_is_never_called_copied() {
    use handclasp::platform::clipboard::Fault;
    run(async {
        for fault in [Fault::Missing, Fault::LosesWrites, Fault::Broken("the display is gone \u{1b}[2J")] {
            let bench = Bench::start("finished").await;
            bench.clipboard.set_fault(Some(fault));
            bench.at_the_app().await;
            bench.to_stage(StageId::Connect).await;
            bench.choose(Item::Row(CopyItem::Host)).await;
            let state = bench.until("the outcome", |state| state.copied.contains_key(&CopyItem::Host)).await;
            match &state.copied[&CopyItem::Host] {
                CopyOutcome::Failed(told) => assert_helpful(told),
                // The terminal may still be a way; it does not say whether it took it.
                CopyOutcome::Sent => {}
                CopyOutcome::Asks(_) => panic!("a host name needs no asking"),
                CopyOutcome::Copied => panic!("nothing was copied"),
            }
            assert_ne!(bench.clipboard.content().as_deref(), Some("contoso-hello.azurewebsites.net"));
            assert!(!text_of(&state).contains("1 copied"), "{}", text_of(&state));
        }
    });
}

#[test]
fn what_is_not_known_to_be_copied_can_be_read_whole() {
    use handclasp::platform::clipboard::Fault;
    run(async {
        let bench = Bench::start("finished").await;
        bench.clipboard.set_fault(Some(Fault::Broken("there is none")));
        bench.at_the_app().await;
        bench.to_stage(StageId::Connect).await;
        for item in [CopyItem::ClientId, CopyItem::TenantId, CopyItem::ResourceUrl] {
            bench.choose(Item::Row(item)).await;
            let state = bench.until("the outcome", |state| state.copied.contains_key(&item)).await;
            assert_ne!(state.copied[&item], CopyOutcome::Copied);
            bench.go_to(Item::Row(item)).await;
            let whole = handclasp::flow::hand_over::open_value(&state, item).unwrap();
            bench.until("the whole value", |state| text_of(state).contains(&whole)).await;
        }
    });
}

#[test]
fn a_wrong_address_an_unknown_app_and_one_that_is_not_there_each_say_what_to_do() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.act_on(ActionId::Start).await;
        bench.act_on(ActionId::PublicOnly).await;
        bench.paste("not an address");
        bench.until("the text", |state| !state.fields.app_url.is_empty()).await;
        bench.press(Key::Enter);
        let state = bench
            .until("the note", |state| {
                state.fields.app_url.note.as_deref().is_some_and(|note| note.contains("https://"))
            })
            .await;
        assert!(
            text_of(&state).contains("does not look like the address of a function app"),
            "{}",
            text_of(&state)
        );

        bench.press(Key::CtrlU);
        bench.paste("https://nobody-here.azurewebsites.net/api/Hello");
        bench.until("the text", |state| state.fields.app_url.text().contains("nobody-here")).await;
        bench.press(Key::Enter);
        let state = bench
            .until("the look", |state| state.looked_at.is_some() && state.panel != Panel::Preparing)
            .await;
        let found = finding(&state, CheckId::AppExists);
        assert!(!found.verdict.settled(), "{found:?}");
        assert!(text_of(&state).contains("nobody-here"), "{}", text_of(&state));
        assert!(offers(&state, ActionId::PickAnother), "another can be tried");
        assert!(bench.calls().is_empty());
    });
}

#[test]
fn an_app_of_another_tenant_says_so() {
    run(async {
        let bench = Bench::start("finished").await;
        let foreign = bench.world(|world| {
            let foreign = world.tenants[1].id.clone();
            let issuer = format!("https://login.microsoftonline.com/{foreign}/v2.0");
            let settings = world.sites[0].auth_v2.as_mut().unwrap();
            settings["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] =
                issuer.into();
            foreign
        });
        let state = bench.at_the_app().await;
        let found = finding(&state, CheckId::AuthTenant);
        assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
        assert!(found.evidence.contains(&foreign), "{found:?}");
        assert!(trouble(&state).is_none());
    });
}

/// Whoever may only look is shown what would be changed, and can confirm none of it; nor is there a rehearsal.
#[test]
fn what_may_only_look_changes_nothing_whatever_is_chosen() {
    run(async {
        for scenario in ["fresh", "finished"] {
            let bench = Bench::read_only(scenario).await;
            bench.at_the_app().await;
            for stage in &StageId::ALL[1..] {
                bench.to_stage(*stage).await;
                let state = bench.state();
                assert!(!offers(&state, ActionId::Rehearse), "{}", bench.text());
                if offers(&state, ActionId::ForMe) {
                    bench.act_on(ActionId::ForMe).await;
                    let state = bench
                        .until("a plan, or why there is none", |state| {
                            matches!(state.panel, Panel::Plan(_)) || trouble(state).is_some()
                        })
                        .await;
                    assert!(!offers(&state, ActionId::Confirm), "{}", bench.text());
                    bench.press(Key::Esc);
                    bench.until("the stage again", |state| state.panel == Panel::Overview).await;
                }
            }
            assert_eq!(bench.called(), [], "{scenario}");
            // Signing in, several reads in one, and what is only told to a POST.
            let reads = [
                "/token",
                "/devicecode",
                "/$batch",
                "/config/authsettings/list",
                "/Microsoft.ResourceGraph/resources",
            ];
            let made = bench.state().calls;
            assert!(made.len() > 10, "{scenario}: {made:?}");
            for call in made {
                let path = call.path.split('?').next().unwrap();
                let reading = call.method == "POST" && reads.iter().any(|read| path.ends_with(read));
                assert!(call.method == "GET" || reading, "{scenario}: {call:?}");
                assert!(!call.writes, "{scenario}: {call:?}");
            }
        }
    });
}
