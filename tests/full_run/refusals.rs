//! Every refusal that can be provoked: it is told as what it is, nothing is half done, and the way goes on after it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use handclasp::cloud::change::{Patience, WaitsFor};
use handclasp::cloud::rehearsal::{Listener, rehearse};
use handclasp::cloud::sign_in::{SignIn, SignInEvent, probe_secret, tenant_metadata};
use handclasp::engine::change::{Change, ChangeKind, Method, Service};
use handclasp::engine::choices::ConsentWay;
use handclasp::engine::facts::SecretVerdict;
use handclasp::engine::ids::StageId;
use handclasp::engine::plan::{PlanInput, landed};
use handclasp::engine::trouble::{Class, Trouble};
use handclasp::practice::world::SecretPolicy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use super::changes::change;
use super::desk::{self, Desk};
use super::{made, saved};

/// Statuses that a write may be refused with, and what each is told as.
const REFUSALS: [(u16, Class); 7] = [
    (400, Class::Refused),
    (403, Class::NotAllowed),
    (404, Class::NotFound),
    (409, Class::Refused),
    (429, Class::Throttled),
    (500, Class::ServiceFault),
    (503, Class::ServiceFault),
];

/// What exists in the directory, and the settings of the app.
fn everything(desk: &Desk) -> Value {
    desk.world(|world| json!({"directory": world.directory, "auth": world.sites[0].auth_v2}))
}

/// Refuses a change in every way, each time seeing that nothing came of it.
async fn refuse(desk: &Desk, change: &Change) {
    let (path, _) = change.path.split_once('?').unwrap_or((&change.path, ""));
    let before = everything(desk);
    for (status, class) in REFUSALS {
        desk.world(|world| {
            let fault = json!({
                "method": change.method.as_str(), "path": path, "times": 0,
                "action": {"kind": "status", "status": status, "retry_after_s": (status == 429).then_some(0)},
            });
            world.faults = vec![serde_json::from_value(fault).unwrap()];
        });
        let writer = desk.writer().patience(Patience { waits: vec![Duration::ZERO; 2] });
        let trouble = writer.apply(change).await.unwrap_err();
        assert_eq!((trouble.class, trouble.status), (class, Some(status)), "{}", change.title);
        // Of a service that failed nobody knows what it had done by then.
        assert_eq!(trouble.uncertain, status == 500, "{status} {}", change.title);
        assert!(!trouble.next.is_empty() && !trouble.original.is_empty(), "{trouble:?}");
        assert_eq!(everything(desk), before, "{status} {}", change.title);
    }
    desk.world(|world| world.faults.clear());
}

#[tokio::test]
async fn each_write_may_be_refused_and_is_made_afterwards() {
    let mut desk = Desk::recorded("fresh", "refused-writes").await;
    desk.choices.consent = Some(ConsentWay::PreAuthorize);
    let mut refused = Vec::new();
    let mut secrets = Vec::new();
    for stage in [StageId::Protect, StageId::Register, StageId::Grant, StageId::Secret, StageId::Connect] {
        if stage == StageId::Connect {
            desk.choices.redirect_url = Some(saved(&desk, secrets.last().unwrap()).await);
        }
        let input = desk.input();
        loop {
            let (facts, planned) = desk.plan(stage, &input).await;
            let Some(change) = planned.changes.first() else { break };
            refuse(&desk, change).await;
            let applied = desk.writer().apply(change).await.unwrap();
            secrets.extend(applied.secret.map(|secret| secret.value));
            desk.settle(&facts, change).await;
            refused.push(change.kind);
        }
    }
    // There, and away again.
    let rehearsal_redirect = Some("http://localhost:50123/handclasp-0123456789abcdef".to_owned());
    let input = PlanInput { rehearsal_redirect, ..desk.input() };
    for _ in 0..2 {
        let (facts, planned) = desk.plan(StageId::Try, &input).await;
        refuse(&desk, &planned.changes[0]).await;
        desk.writer().apply(&planned.changes[0]).await.unwrap();
        desk.settle(&facts, &planned.changes[0]).await;
        refused.push(planned.changes[0].kind);
    }
    assert_eq!(refused.len(), 13, "{refused:?}");
    // Made once, in spite of everything.
    let good = desk.world(|world| world.calls.iter().filter(|c| c.status.is_some_and(|s| s < 300)).count());
    assert_eq!(good, 13);
    desk.close(&secrets.iter().collect::<Vec<_>>());
}

fn code(outcome: Result<impl std::fmt::Debug, Trouble>) -> (u16, String) {
    let trouble = outcome.unwrap_err();
    (trouble.status.unwrap_or_default(), trouble.code.unwrap_or_default())
}

#[tokio::test]
async fn the_directorys_own_rules_are_told_by_their_codes() {
    let desk = Desk::recorded("finished", "refused-by-rules").await;
    let writer = desk.writer();
    let facts = desk.look().await;
    let (api, client) = (facts.api_app.value().unwrap(), facts.client_app.value().unwrap());
    let of_api = |body: Value| {
        change(ChangeKind::SetIdentifierUri, Method::Patch, format!("/applications/{}", api.object_id), body)
    };
    let secret = async |policy: SecretPolicy| {
        desk.world(|world| world.switches.secret_policy = policy);
        let (_, planned) = desk.plan(StageId::Secret, &desk.input()).await;
        code(writer.apply(&planned.changes[0]).await)
    };
    assert_eq!(
        secret(SecretPolicy { forbidden: true, ..SecretPolicy::default() }).await,
        (400, "CredentialTypeNotAllowedAsPerAppPolicy".into())
    );
    assert_eq!(
        secret(SecretPolicy { max_lifetime_days: Some(90), ..SecretPolicy::default() }).await,
        (400, "CredentialInvalidLifetimeAsPerAppPolicy".into())
    );
    for (body, expected) in [
        (
            json!({"identifierUris": ["https://contoso-hello.azurewebsites.net"]}),
            "HostNameNotOnVerifiedDomain",
        ),
        (json!({"api": {"oauth2PermissionScopes": []}}), "CannotDeleteOrUpdateEnabledEntitlement"),
        (json!({"web": {"redirectUris": ["not an address"]}}), "InvalidRedirectUri"),
    ] {
        assert_eq!(code(writer.apply(&of_api(body)).await).1, expected);
    }
    let gone = format!("/applications/{}", "0c0ffee0-0000-4000-8000-000000000000");
    let gone = change(ChangeKind::AddRedirect, Method::Patch, gone, json!({"web": {"redirectUris": []}}));
    assert_eq!(code(writer.apply(&gone).await), (404, "Request_ResourceNotFound".into()));
    // What is there already is no failure, whichever status says so.
    let principal = change(
        ChangeKind::CreateClientPrincipal,
        Method::Post,
        "/servicePrincipals",
        json!({"appId": client.app_id}),
    );
    for status in [409, 400] {
        desk.world(|world| world.switches.existing_service_principal_status = status);
        let applied = writer.apply(&principal).await.unwrap();
        assert_eq!(applied.created_object_id, facts.client_principal.value().map(|p| p.id.clone()));
    }
    desk.close(&[]);
}

#[tokio::test]
async fn who_may_not_is_told_so_by_each_service() {
    let mut desk = Desk::recorded("fresh", "refused-ada").await;
    desk.choices.consent = Some(ConsentWay::PreAuthorize);
    desk.world(|world| world.switches.users_may_create_apps = false);
    let (_, planned) = desk.plan(StageId::Protect, &desk.input()).await;
    let refused = code(desk.writer().apply(&planned.changes[0]).await);
    assert_eq!(refused, (403, "Authorization_RequestDenied".into()));
    desk.world(|world| world.switches.users_may_create_apps = true);
    desk.work(StageId::Protect).await;
    desk.work(StageId::Register).await;
    desk.choices.consent = Some(ConsentWay::Everyone);
    let (_, planned) = desk.plan(StageId::Grant, &desk.input()).await;
    let grant = planned.changes.iter().find(|change| change.kind == ChangeKind::GrantEveryone).unwrap();
    assert_eq!(code(desk.writer().apply(grant).await), (403, "Authorization_RequestDenied".into()));
    desk.close(&[]);

    // Grace administers the directory and reads Azure, so she may grant, but not touch the app.
    let desk = Desk::open("issuer-mismatch", "refused-grace", "grace").await;
    let (_, planned) = desk.plan(StageId::Protect, &desk.input()).await;
    let refused = code(desk.writer().apply(&planned.changes[0]).await);
    assert_eq!(refused, (403, "AuthorizationFailed".into()));
    let facts = desk.look().await;
    let grant = change(
        ChangeKind::GrantEveryone,
        Method::Post,
        "/oauth2PermissionGrants",
        json!({
            "clientId": facts.client_principal.value().unwrap().id, "consentType": "AllPrincipals",
            "resourceId": facts.api_principal.value().unwrap().id, "scope": "user_impersonation",
        }),
    );
    for status in [409, 400] {
        desk.world(|world| world.switches.existing_grant_status = status);
        desk.writer().apply(&grant).await.unwrap();
    }
    desk.close(&[]);

    // Alan has no right anywhere.
    let desk = Desk::open("finished", "refused-alan", "alan").await;
    let facts = desk.look().await;
    assert!(facts.site.value().is_none());
    let (site, object) = desk.world(|world| {
        let app = world.directory.iter().find(|object| object.doc["tags"] == json!(["handclasp"])).unwrap();
        (world.sites[0].resource_id(), app.id.clone())
    });
    let put = Change {
        service: Service::Arm,
        ..change(
            ChangeKind::PutAuth,
            Method::Put,
            format!("{site}/config/authsettingsV2?api-version=2023-12-01"),
            json!({"properties": {"platform": {"enabled": false}}}),
        )
    };
    assert_eq!(code(desk.writer().apply(&put).await), (403, "AuthorizationFailed".into()));
    let own = change(
        ChangeKind::AddSecret,
        Method::Post,
        format!("/applications/{object}/addPassword"),
        json!({"passwordCredential": {"displayName": "x", "endDateTime": "2027-05-21T00:00:00Z"}}),
    );
    assert_eq!(code(desk.writer().apply(&own).await), (403, "Authorization_RequestDenied".into()));
    desk.close(&[]);
}

#[tokio::test]
async fn a_registration_that_is_not_yet_known_is_waited_for_by_name() {
    let desk = Desk::recorded("fresh", "refused-too-early").await;
    desk.world(|world| world.switches.by_id_lag_s = 12);
    let input = desk.input();
    let (_, planned) = desk.plan(StageId::Protect, &input).await;
    let made = desk.writer().apply(&planned.changes[0]).await.unwrap();
    let uri = change(
        ChangeKind::SetIdentifierUri,
        Method::Patch,
        format!("/applications/{}", made.created_object_id.unwrap()),
        json!({"identifierUris": [format!("api://{}", made.created_app_id.unwrap())]}),
    );
    let waits = Arc::new(Mutex::new(Vec::new()));
    let (told, world) = (waits.clone(), desk.practice.world());
    let writer = desk.writer().on_wait(Arc::new(move |reason, _| {
        told.lock().unwrap().push(reason);
        world.lock().clock.advance(5);
    }));
    writer.apply(&uri).await.unwrap();
    assert_eq!(*waits.lock().unwrap(), [WaitsFor::Registration; 3]);
    desk.close(&[]);
}

#[tokio::test]
async fn a_lost_secret_is_removed_and_one_that_is_gone_already_counts_as_removed() {
    let desk = Desk::recorded("finished", "removed-secret").await;
    let facts = desk.look().await;
    let key_id = facts.client_app.value().unwrap().secrets[0].key_id.clone();
    let input = PlanInput { remove_secret: Some(key_id), ..desk.input() };
    let (facts, planned) = desk.plan(StageId::Secret, &input).await;
    let [remove] = &planned.changes[..] else { panic!("{planned:?}") };
    assert!(!landed(remove, &facts));
    desk.writer().apply(remove).await.unwrap();
    desk.world(|world| world.clock.advance(60)); // until every read knows of it
    assert!(landed(remove, &desk.look().await));
    desk.writer().apply(remove).await.unwrap();
    let (_, nothing) = desk.plan(StageId::Secret, &input).await;
    assert!(nothing.is_empty());
    desk.close(&[]);
}

/// What comes of a device code once `then` has happened to it.
async fn device_code(desk: &Desk, then: impl AsyncFnOnce()) -> Trouble {
    let (events, mut heard) = unbounded_channel();
    let sign_in = SignIn::new(&desk.http, None);
    let meanwhile = async {
        assert!(matches!(heard.recv().await, Some(SignInEvent::DeviceCode { .. })));
        then().await;
    };
    let (session, ()) = tokio::join!(sign_in.with_device_code(&events), meanwhile);
    session.err().unwrap()
}

#[tokio::test]
async fn sign_ins_that_fail_say_how() {
    let desk = Desk::recorded("finished", "refused-sign-in").await;
    let nowhere = tenant_metadata(&desk.http, "nowhere.example").await.unwrap_err();
    assert_eq!(nowhere.code.as_deref(), Some("AADSTS90002"));

    let ada = desk.world(|world| world.auto_approve.take());
    let declined = device_code(&desk, async || {
        desk.act(json!({"step": "decline-device-code"})).await;
    });
    assert_eq!(declined.await.class, Class::SignInRefused);
    let expired = device_code(&desk, async || desk.world(|world| world.clock.advance(901)));
    assert_eq!(expired.await.class, Class::SignInRefused);
    desk.world(|world| {
        world.auto_approve = ada;
        world.switches.device_code_blocked = true;
    });
    let blocked = device_code(&desk, async || {}).await;
    assert_eq!(blocked.code.as_deref(), Some("AADSTS53003"));
    desk.world(|world| world.switches.device_code_blocked = false);

    let facts = desk.look().await;
    let chain = desk::chain(&facts);
    let secrets = desk.work(StageId::Secret).await;
    let secret = made(&secrets);
    let wrong = SecretString::from("abc8Q~not-the-value-of-any-secret-here-at");
    for status in [401, 400] {
        desk.world(|world| world.switches.invalid_client_status = status);
        let verdict = probe_secret(&desk.http, &chain.tenant, &chain.client_app_id, &wrong).await;
        assert_eq!(verdict, Ok(SecretVerdict::Wrong));
    }
    let unknown =
        probe_secret(&desk.http, &chain.tenant, "0c0ffee0-0000-4000-8000-000000000000", &secret).await;
    assert!(matches!(unknown, Ok(SecretVerdict::Refused { code, .. }) if code == "700016"));

    // A code that is none, one that was given for another address, and one that is used up.
    desk.world(|world| world.clock.advance(60));
    desk.rehearse(&secret).await.0.unwrap();
    let (used, its_own) = desk.world(|world| {
        let code = world.sign_in.codes.last().unwrap();
        (code.code.expose_secret().to_owned(), code.redirect_uri.clone())
    });
    let listener = Listener::bind().await.unwrap();
    let here = listener.redirect_uri();
    for (text, redirect, expected) in [
        ("not-a-code", &here, "AADSTS9002313"),
        (&used, &here, "AADSTS500112"),
        (&used, &its_own, "AADSTS54005"),
    ] {
        let address = listener.authorize_url(&desk.http, &chain).unwrap();
        let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let code = listener.code_from_address(&format!("{here}?code={text}&state={state}")).unwrap();
        let trouble = rehearse(&desk.http, &chain, &secret, redirect, code, || ()).await.unwrap_err();
        assert_eq!(trouble.code.as_deref(), Some(expected), "{}", trouble.original);
    }
    desk.world(|world| world.clock.advance(400 * 86_400));
    let late = probe_secret(&desk.http, &chain.tenant, &chain.client_app_id, &secret).await;
    assert_eq!(late, Ok(SecretVerdict::Expired));
    desk.close(&[&secret, &wrong]);
}

#[tokio::test]
async fn a_rehearsal_that_the_function_refuses_is_an_outcome() {
    for (scenario, status) in [("issuer-mismatch", 401), ("wrong-audience", 401), ("caller-not-allowed", 403)]
    {
        let desk = Desk::recorded(scenario, &format!("refused-by-{scenario}")).await;
        let secret = made(&desk.work(StageId::Secret).await);
        desk.world(|world| world.clock.advance(60));
        let (rehearsal, done) = desk.rehearse(&secret).await;
        let rehearsal = rehearsal.unwrap();
        assert_eq!(rehearsal.status, status, "{scenario}");
        assert_eq!(rehearsal.diagnosis.is_some(), status == 401, "{scenario} {rehearsal:?}");
        assert_eq!(done.len(), 2, "the redirect URI is away again");
        desk.close(&[&secret]);
    }
}
