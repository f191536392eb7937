//! Rights and policies over the drive loop: a refusal leads to what is allowed, or to a card, and the stage goes on.

use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::trouble::Class;
use handclasp::flow::State;
use handclasp::flow::derived::admin_card;
use handclasp::flow::event::Key;
use handclasp::flow::menu::{self, ActionId, Item};
use handclasp::flow::state::Panel;
use handclasp::practice::world::{SecretPolicy, directory_role};
use serde_json::json;

use super::bench::{Bench, assert_helpful, finding, text_of};
use super::{offers, run, stopped};

/// Everything up to the secret.
async fn up_to_the_secret(bench: &Bench) {
    bench.at_the_app().await;
    for stage in [StageId::Protect, StageId::Register, StageId::Grant] {
        bench.for_me(stage).await;
        bench.done().await;
    }
}

/// Statuses of the secrets that were asked for.
fn asked(bench: &Bench) -> Vec<Option<u16>> {
    bench
        .called()
        .into_iter()
        .filter(|(_, end, _)| end == "addPassword")
        .map(|(_, _, status)| status)
        .collect()
}

#[test]
fn a_policy_that_cannot_be_read_is_learnt_from_its_refusals() {
    run(async {
        for status in [400, 403] {
            let bench = Bench::start("secret-policy").await;
            bench.world(|world| world.switches.secret_policy_status = status);
            Box::pin(up_to_the_secret(&bench)).await;
            bench.for_me(StageId::Secret).await;
            for _ in 0..2 {
                let state = bench.until("the refusal", |state| stopped(state).is_some()).await;
                let told = stopped(&state).unwrap();
                assert_helpful(&told);
                assert!(text_of(&state).contains("earlier end"), "{}", text_of(&state));
                assert_eq!(menu::selected(&state), Some(Item::Action(ActionId::PlanAgain)));
                let before = asked(&bench).len();
                bench.act_on(ActionId::PlanAgain).await;
                bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
                assert_eq!(asked(&bench).len(), before, "nothing is asked for before a new yes");
                bench.act_on(ActionId::Confirm).await;
            }
            let state = bench.done().await;
            assert_eq!(asked(&bench), [Some(status), Some(status), Some(200)], "180, 90, then 60 days");
            let secret = &state.facts.client_app.value().unwrap().secrets[0];
            let length = secret.end.unwrap().duration_since(secret.start.unwrap());
            assert!((59..=60).contains(&(length.as_hours() / 24)), "{length:?}");
            assert!(state.held.secret.is_some(), "its value is here");
        }
    });
}

#[test]
fn a_policy_that_can_be_read_is_kept_without_a_refusal() {
    run(async {
        let bench = Bench::start("secret-policy").await;
        bench.world(|world| world.switches.policies_readable = true);
        Box::pin(up_to_the_secret(&bench)).await;
        bench.for_me(StageId::Secret).await;
        bench.done().await;
        assert_eq!(asked(&bench), [Some(200)]);
    });
}

#[test]
fn where_secrets_are_forbidden_a_card_is_offered_and_an_exception_lets_it_go_on() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.world(|world| {
            world.switches.secret_policy = SecretPolicy { forbidden: true, max_lifetime_days: None };
        });
        Box::pin(up_to_the_secret(&bench)).await;
        bench.for_me(StageId::Secret).await;
        bench.until("the refusal", |state| stopped(state).is_some()).await;
        bench.act_on(ActionId::AskAdmin).await;
        let state = bench.until("the card", |state| state.panel == Panel::AskAdmin).await;
        let card = admin_card(&state).unwrap().join(" ");
        assert!(card.contains("app management policy") && card.contains("To take it back"), "{card}");
        bench.world(|world| world.switches.secret_policy = SecretPolicy::default());
        // Who may not read the policy cannot see the exception, and tries again.
        bench.act_on(ActionId::Back).await;
        bench.until("the stage", |state| state.panel == Panel::Overview).await;
        bench.for_me(StageId::Secret).await;
        bench.done().await;
    });
}

#[test]
fn a_right_that_is_missing_is_asked_for_and_the_stage_goes_on_when_it_is_granted() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.world(|world| world.switches.users_may_create_apps = false);
        bench.at_the_app().await;
        bench.for_me(StageId::Protect).await;
        let state = bench.until("the refusal", |state| stopped(state).is_some()).await;
        assert_eq!(stopped(&state).unwrap().class, Class::NotAllowed);
        bench.act_on(ActionId::AskAdmin).await;
        let state = bench.until("the card", |state| state.panel == Panel::AskAdmin).await;
        let card = admin_card(&state).unwrap().join(" ");
        assert!(card.contains("Application Developer") && card.contains("az rest --method patch"), "{card}");
        assert!(state.watch.is_some(), "it keeps watching");
        // The administrator gives the role; the watch sees it, and nothing is offered to ask for any more.
        bench.world(|world| {
            let ada = world.user("ada@contoso.onmicrosoft.com").unwrap().id.clone();
            let ada = world.users.iter_mut().find(|user| user.id == ada).unwrap();
            ada.directory_roles.push(directory_role::APPLICATION_DEVELOPER.to_owned());
        });
        bench.until("the role to be seen", on_offer).await;
        bench.for_me(StageId::Protect).await;
        bench.done().await;
    });
}

#[test]
fn an_app_that_is_not_seen_is_walked_as_far_as_can_be_and_a_role_on_it_is_asked_for() {
    run(async {
        let bench = Bench::start("finished").await;
        let roles = bench.world(|world| std::mem::take(&mut world.azure_roles));
        bench.sign_in().await;
        bench.until("no app", |state| state.apps.get().is_some_and(|list| list.apps.is_empty())).await;
        bench.act_on(ActionId::TypeAddress).await;
        bench.paste("https://contoso-hello.azurewebsites.net");
        bench.until("the address", |state| !state.fields.app_url.is_empty()).await;
        bench.press(Key::Enter);
        let looked = |state: &State| state.looked_at.is_some() && state.panel == Panel::Overview;
        let state = bench.until("the first look", looked).await;
        assert_eq!(state.stage(), Some(StageId::Pick));
        assert_eq!(menu::selected(&state), Some(Item::Action(ActionId::GoOnWithout)));
        assert!(text_of(&state).contains("answers, but this sign-in"), "{}", text_of(&state));
        // With it go only the steps that change the app itself.
        bench.to_stage(StageId::Register).await;
        let state = bench.state();
        assert!(!offers(&state, ActionId::ForMe), "{}", text_of(&state));
        assert!(finding(&state, CheckId::ClientApp).verdict.settled());
        bench.to_stage(StageId::Pick).await;
        bench.act_on(ActionId::AskAdmin).await;
        let state = bench.until("the card", |state| state.panel == Panel::AskAdmin).await;
        let card = admin_card(&state).unwrap().join(" ");
        assert!(card.contains("Reader") && card.contains("contoso-hello.azurewebsites.net"), "{card}");
        assert!(!card.contains("contoso-hello connector"), "it is about the function app: {card}");
        bench.world(|world| world.azure_roles = roles);
        let state = bench.until("the app to be seen", State::stage_done).await;
        assert_eq!(menu::selected(&state), Some(Item::Action(ActionId::Continue)));
        assert_eq!(bench.calls().len(), 0, "{}", json!(bench.called()));
    });
}

#[test]
fn what_can_be_done_here_is_one_key_away_before_step_2() {
    run(async {
        let bench = Bench::start("fresh").await;
        let state = bench.at_the_app().await;
        assert_eq!(state.stage(), Some(StageId::Pick));
        assert!(text_of(&state).contains("cannot be told"), "{}", text_of(&state));
        assert!(offers(&state, ActionId::Forecast));
        bench.press(Key::Char('w'));
        let state = bench.until("the forecast", |state: &State| state.panel == Panel::Forecast).await;
        let text = text_of(&state);
        for line in ["Create app registrations", "Create a custom connector", "Your licence covers"] {
            assert!(text.contains(line), "{line}: {text}");
        }
        bench.act_on(ActionId::Back).await;
        assert_eq!(bench.calls().len(), 0, "{}", json!(bench.called()));
    });
}

/// Whether the stage is back from its card, and offers to do now what was asked for, as the selected action.
fn on_offer(state: &State) -> bool {
    state.panel == Panel::Overview && menu::selected(state) == Some(Item::Action(ActionId::ForMe))
}
