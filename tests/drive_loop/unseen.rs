//! A connector whose registration cannot be seen, over the drive loop: with its client ID, what the sign-in service
//! tells anybody is checked all the same. And a function app that cannot be seen, which is rehearsed at its typed address.

use handclasp::engine::choices::AppChoice;
use handclasp::engine::findings::Verdict;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::flow::State;
use handclasp::flow::effect::CopyItem;
use handclasp::flow::event::{Key, RightUsed};
use handclasp::flow::hand_over::{RowValue, rows};
use handclasp::flow::menu::{ActionId, Item};
use handclasp::flow::state::{Overlay, Panel};
use handclasp::practice::world::{Kind, View};
use serde_json::{Value, json};

use super::bench::{Bench, finding};
use super::{offers, run, sign_in_address};

/// Client IDs of the API and of the connector, as the world has them.
fn client_ids(bench: &Bench) -> (String, String) {
    bench.world(|world| {
        let tenant = world.main_tenant().to_owned();
        let of = |name: &str| {
            let mut all = world.objects(Kind::Application, &tenant, View::Now);
            let (object, _) = all.find(|(_, doc)| doc["displayName"].as_str() == Some(name)).unwrap();
            object.app_id().to_owned()
        };
        (of("contoso-hello API"), of("contoso-hello connector"))
    })
}

/// A new secret of the connector, made by somebody in the portal: its value, and its ID.
async fn made_elsewhere(bench: &Bench) -> (String, String) {
    let (_, connector) = client_ids(bench);
    let made = bench.act("secret", json!({ "client_id": connector })).await;
    bench.world(|world| world.clock.advance(120));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["value"]), text(&made["secret_id"]))
}

/// The function app by its address alone.
async fn without_a_sign_in(bench: &Bench) {
    bench.act_on(ActionId::Start).await;
    bench.act_on(ActionId::PublicOnly).await;
    bench.paste("https://contoso-hello.azurewebsites.net");
    bench.until("the address", |state| !state.fields.app_url.is_empty()).await;
    bench.press(Key::Enter);
    bench.until("the first look", |state| state.looked_at.is_some() && state.panel != Panel::Preparing).await;
}

/// Gives a text where the connector's client ID is asked for.
async fn say(bench: &Bench, text: &str) {
    if bench.state().panel != Panel::ClientField {
        bench.act_on(ActionId::TypeClient).await;
    }
    bench.press(Key::CtrlU);
    bench.until("an empty field", |state| state.fields.client_id.is_empty()).await;
    bench.paste(text);
    bench.until("the text", |state| !state.fields.client_id.is_empty()).await;
    bench.press(Key::Enter);
}

async fn paste_secret(bench: &Bench, value: &str) {
    if bench.state().panel != Panel::SecretField {
        bench.act_on(ActionId::EnterSecret).await;
    }
    bench.paste(value);
    bench.until("the field to be filled", |state| !state.secret.empty).await;
    bench.press(Key::Enter);
    bench
        .until("the field to be taken", |state| state.secret.empty || state.panel != Panel::SecretField)
        .await;
}

async fn judged(bench: &Bench, verdict: Verdict) -> State {
    bench
        .until("the verdict", move |state| {
            finding(state, CheckId::SecretWorks).verdict == verdict && !state.secret.probing
        })
        .await
}

fn row(state: &State, item: CopyItem) -> RowValue {
    rows(state).into_iter().find(|row| row.item == Some(item)).unwrap().value
}

#[test]
fn without_a_sign_in_the_connectors_secret_is_tried_and_handed_over() {
    run(async {
        let bench = Bench::start("finished").await;
        let (api, connector) = client_ids(&bench);
        let (value, id) = made_elsewhere(&bench).await;
        let before = bench.calls().len();
        without_a_sign_in(&bench).await;
        bench.to_stage(StageId::Secret).await;
        assert!(!offers(&bench.state(), ActionId::EnterSecret), "{}", bench.text());
        bench.to_stage(StageId::Register).await;

        say(&bench, &api).await;
        bench
            .until("why not", |state| {
                state.fields.client_id.note.as_deref().is_some_and(|n| n.contains("API itself"))
            })
            .await;
        assert!(bench.text().contains("of its own"), "{}", bench.text());
        say(&bench, &format!("api://{connector}")).await;
        let state = bench.until("the look", |state| state.panel == Panel::Overview && !state.looking).await;
        assert!(finding(&state, CheckId::ClientApp).evidence.contains(&connector));

        bench.to_stage(StageId::Secret).await;
        paste_secret(&bench, &id).await;
        bench.until("the refusal", |state| state.secret.refused.is_some()).await;
        assert!(bench.text().contains("secret's ID, not its value"), "{}", bench.text());
        paste_secret(&bench, &value.replace(&value[4..8], "wrng")).await;
        judged(&bench, Verdict::Fail).await;
        paste_secret(&bench, &value).await;
        let state = judged(&bench, Verdict::Pass).await;
        for check in [CheckId::SecretExists, CheckId::SecretEnds] {
            assert_eq!(finding(&state, check).verdict, Verdict::Unknown);
        }

        bench.act_on(ActionId::Continue).await;
        let state = bench.until("stage 6", |state| state.stage() == Some(StageId::Connect)).await;
        let text = |item| match row(&state, item) {
            RowValue::Text(text) => Some(text),
            _ => None,
        };
        assert_eq!(text(CopyItem::ClientId).as_deref(), Some(&*connector));
        assert_eq!(text(CopyItem::ResourceUrl).as_deref(), Some(&*api));
        assert_eq!(text(CopyItem::TenantId), Some(bench.world(|world| world.main_tenant().to_owned())));
        assert_eq!(row(&state, CopyItem::ClientSecret), RowValue::Hidden);
        bench.choose(Item::Row(CopyItem::ClientSecret)).await;
        bench.until("the copy", |state| state.secret_on_clipboard).await;
        assert_eq!(bench.clipboard.content().as_deref(), Some(&*value));
        assert_eq!(bench.calls().len(), before, "nothing was changed");
        let used: Vec<RightUsed> = bench.state().calls.iter().map(|call| call.used).collect();
        assert!(used.contains(&RightUsed::Connectors) && !used.contains(&RightUsed::Persons), "{used:?}");
    });
}

#[test]
fn a_mistyped_client_id_is_named_by_the_sign_in_service_and_can_be_put_right() {
    const NOBODY: &str = "59259fa1-0000-4000-8000-00000000c002";
    run(async {
        let bench = Bench::start("finished").await;
        let (_, connector) = client_ids(&bench);
        let (value, _) = made_elsewhere(&bench).await;
        without_a_sign_in(&bench).await;
        bench.to_stage(StageId::Secret).await;
        say(&bench, NOBODY).await;
        bench.until("the look", |state| state.panel == Panel::Overview && !state.looking).await;
        paste_secret(&bench, &value).await;
        let state = judged(&bench, Verdict::Fail).await;
        assert!(finding(&state, CheckId::SecretWorks).evidence.contains(NOBODY), "{}", bench.text());
        say(&bench, &connector).await;
        bench.until("the look", |state| state.panel == Panel::Overview && !state.looking).await;
        paste_secret(&bench, &value).await;
        judged(&bench, Verdict::Pass).await;
    });
}

#[test]
fn where_registrations_may_not_be_read_the_client_id_is_enough_and_one_that_is_none_hides_nothing() {
    run(async {
        let bench = Bench::start("finished").await;
        let (_, connector) = client_ids(&bench);
        let (value, _) = made_elsewhere(&bench).await;
        let refused = json!({"kind": "status", "status": 403});
        bench.faults(&json!([{"service": "graph", "path": "/applications", "times": 0, "action": refused}]));
        bench.at_the_app().await;
        bench.to_stage(StageId::Register).await;
        say(&bench, &connector).await;
        bench.until("the look", |state| state.panel == Panel::Overview && !state.looking).await;
        bench.to_stage(StageId::Secret).await;
        paste_secret(&bench, &value).await;
        let state = judged(&bench, Verdict::Pass).await;
        assert!(!matches!(state.overlays.last(), Some(Overlay::Trouble(_))));

        bench.to_stage(StageId::Register).await;
        say(&bench, "59259fa1-0000-4000-8000-00000000c002").await;
        bench.until("the look", |state| state.panel == Panel::Overview && !state.looking).await;
        bench.faults(&json!([]));
        bench.act_on(ActionId::LookAgain).await;
        let found = |state: &State| finding(state, CheckId::ClientApp).verdict == Verdict::Pass;
        let state = bench.until("the registration", found).await;
        assert_eq!(state.facts.client_app.value().unwrap().app_id, connector);
        assert!(!offers(&state, ActionId::TypeClient), "what is seen need not be said");
    });
}

/// The app by this address, where its choice is; waits for the look.
async fn by_address(bench: &Bench, address: &str) -> State {
    bench.paste(address);
    bench.until("the address", |state| !state.fields.app_url.is_empty()).await;
    bench.press(Key::Enter);
    bench.until("the look", |state| state.looked_at.is_some() && state.panel == Panel::Overview).await
}

/// Hosts to which the rehearsal's token went.
fn token_went_to(state: &State) -> Vec<String> {
    let calls = state.calls.iter().filter(|call| call.used == RightUsed::Rehearsals);
    calls.map(|call| call.host.clone()).collect()
}

#[test]
fn an_app_that_is_not_seen_is_rehearsed_at_its_typed_function_once_the_host_is_confirmed() {
    const HOST: &str = "contoso-hello.azurewebsites.net";
    run(async {
        let bench = Bench::start("finished").await;
        let (value, _) = made_elsewhere(&bench).await;
        bench.world(|world| world.azure_roles.clear());
        bench.sign_in().await;
        bench.until("no app", |state| state.apps.get().is_some_and(|list| list.apps.is_empty())).await;
        bench.act_on(ActionId::TypeAddress).await;
        by_address(&bench, &format!("https://{HOST}")).await;
        bench.to_stage(StageId::Secret).await;
        paste_secret(&bench, &value).await;
        judged(&bench, Verdict::Pass).await;
        let before = bench.calls().len();

        // Nobody knows which function: the plan leads back to where its address is typed.
        bench.to_stage(StageId::Try).await;
        bench.act_on(ActionId::Rehearse).await;
        let planned = |state: &State| matches!(state.panel, Panel::Plan(_));
        bench.until("the plan", planned).await;
        assert!(bench.text().contains("whole address"), "{}", bench.text());
        bench.act_on(ActionId::TypeAddress).await;
        let state = by_address(&bench, &format!("https://{HOST}/api/Hello?code=a-key-of-the-function")).await;
        assert_eq!(state.choices.app, Some(AppChoice::Url(format!("https://{HOST}/api/Hello"))));
        assert!(!format!("{state:?}").contains("a-key-of"), "it is dropped at once");

        bench.to_stage(StageId::Try).await;
        bench.act_on(ActionId::Rehearse).await;
        let state = bench.until("the plan", planned).await;
        assert!(bench.text().contains(HOST) && bench.text().contains("typed"), "{}", bench.text());
        assert_eq!((bench.calls().len(), token_went_to(&state)), (before, vec![]), "nothing yet");
        bench.act_on(ActionId::Confirm).await;
        let state = bench.until("the sign-in", |state| sign_in_address(state).is_some()).await;
        assert_eq!(token_went_to(&state), Vec::<String>::new());
        bench.visit(&sign_in_address(&state).unwrap(), false).await;
        let state = bench.until("the answer", |state| state.panel == Panel::Answer).await;
        let outcome = state.facts.rehearsal.value().unwrap();
        assert_eq!((outcome.status, outcome.anonymous), (200, Some(401)), "{outcome:?}");
        assert_eq!(outcome.called.split('?').next(), Some(&*format!("GET https://{HOST}/api/Hello")));
        assert_eq!(finding(&state, CheckId::TryAnswered).verdict, Verdict::Pass);
        assert_eq!(token_went_to(&state), [HOST]);

        // The temporary address came and went, and nothing else was changed.
        let calls = bench.calls().split_off(before);
        let bodies: Vec<String> =
            calls.iter().map(|call| call.body["web"]["redirectUris"].to_string()).collect();
        let ours: Vec<bool> = bodies.iter().map(|uris| uris.contains("/handclasp-")).collect();
        assert_eq!(ours, [true, false], "{bodies:?}");
    });
}
