//! What a person mends by hand, each where it belongs, before a scenario's way goes on: what neither a plan nor the portal's
//! steps do.

use std::collections::BTreeMap;

use handclasp::cloud::sign_in::probe_secret;
use handclasp::engine::change::{Change, ChangeKind, Method, Service};
use handclasp::engine::checks::{GRAPH_APP_ID, USER_READ_ID, assess};
use handclasp::engine::facts::{Rehearsal, SecretProbe, SecretVerdict, Seen};
use handclasp::engine::findings::Verdict;
use handclasp::engine::held::{Held, HeldSecret};
use handclasp::engine::ids::CheckId;
use handclasp::practice::world::{Function, Kind, View};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::changes::change;
use super::desk::{self, Desk};

/// Which way is gone afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By plans.
    Plan,
    /// By the portal's steps.
    Portal,
}

/// Mends what is left to a person in a scenario: nothing, where the way itself does it.
pub async fn mend(desk: &mut Desk, scenario: &str, way: Way) {
    match (scenario, way) {
        // The setting of the storage is put back, and the host starts.
        ("host-down", _) => desk.world(|world| {
            let now = world.now();
            let mut settings = world.sites[0].app_settings.clone();
            settings.insert("AzureWebJobsStorage".into(), "UseDevelopmentStorage=true".into());
            world.sites[0].store_settings(settings, now, 0);
        }),
        // Under Networking, public access is enabled again.
        ("network-closed", _) => desk.world(|world| {
            world.sites[0].config_web["publicNetworkAccess"] = json!("Enabled");
        }),
        ("app-stopped", _) => desk.world(|world| world.sites[0].state = "Running".into()),
        ("nothing-published", _) => desk.world(|world| {
            let published = Function {
                name: "Hello".into(),
                route: None,
                auth_level: Some("anonymous".into()),
                methods: vec!["get".into(), "post".into()],
                disabled: false,
                keys: BTreeMap::new(),
            };
            world.sites[0].functions.push(published);
        }),
        ("connector-off", _) => {
            let principal = desk.look().await.client_principal.value().unwrap().id.clone();
            let path = format!("/servicePrincipals/{principal}");
            graph(desk, Method::Patch, &path, json!({"accountEnabled": true})).await;
        }
        // The function is published anew: its level stands in its code.
        ("function-key", _) => {
            desk.world(|world| world.sites[0].functions[0].auth_level = Some("anonymous".into()));
        }
        ("path-excluded", _) => {
            edit_auth(desk, |auth| auth["globalValidation"]["excludedPaths"] = json!([])).await;
        }
        ("personal-accounts", _) => {
            let id = desk.look().await.client_app.value().unwrap().object_id.clone();
            let body = json!({"signInAudience": "AzureADMyOrg"});
            graph(desk, Method::Patch, &format!("/applications/{id}"), body).await;
        }
        ("not-assigned", _) => {
            let facts = desk.look().await;
            let principal = &facts.api_principal.value().unwrap().id;
            let body = json!({
                "principalId": facts.person.value().unwrap().object_id, "resourceId": principal,
                "appRoleId": "00000000-0000-0000-0000-000000000000",
            });
            graph(desk, Method::Post, &format!("/servicePrincipals/{principal}/appRoleAssignedTo"), body)
                .await;
        }
        ("one-registration", _) => {
            let told = desk.act(json!({"step": "register"})).await;
            desk.choices.client_app_id = Some(told["client_id"].as_str().unwrap().to_owned());
        }
        ("secret-cut-short", way) => {
            let told = desk.act(json!({"step": "test-connection"})).await;
            let message = told["message"].as_str().unwrap_or_default();
            assert!(message.contains("AADSTS7000215"), "the connector has the value without its end: {told}");
            if way == Way::Plan {
                pasted_and_refused(desk).await;
            }
        }
        // The portal's steps make and change what is there; these they find as they want it, or do not look at.
        ("scope-off", Way::Portal) => {
            let facts = desk.look().await;
            let api = facts.api_app.value().unwrap();
            let mut document = api.api_document.clone();
            document["oauth2PermissionScopes"][0]["isEnabled"] = json!(true);
            let path = format!("/applications/{}", api.object_id);
            graph(desk, Method::Patch, &path, json!({"api": document})).await;
        }
        ("issuer-mismatch", Way::Portal) => {
            let facts = desk.look().await;
            let api = facts.api_app.value().unwrap();
            let mut document = api.api_document.clone();
            document["requestedAccessTokenVersion"] = json!(2);
            let path = format!("/applications/{}", api.object_id);
            graph(desk, Method::Patch, &path, json!({"api": document})).await;
        }
        ("wrong-audience", Way::Portal) => {
            let id = desk.look().await.api_app.value().unwrap().app_id.clone();
            edit_auth(desk, |auth| {
                auth["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"] = json!(id);
            })
            .await;
        }
        ("profile-missing", Way::Portal) => {
            let id = desk.look().await.client_app.value().unwrap().object_id.clone();
            let required = desk.world(|world| {
                let tenant = world.main_tenant().to_owned();
                let (_, app) = world.object(Kind::Application, &tenant, &id, View::Now).unwrap();
                let mut required = app["requiredResourceAccess"].as_array().unwrap().clone();
                required.push(json!({
                    "resourceAppId": GRAPH_APP_ID,
                    "resourceAccess": [{"id": USER_READ_ID, "type": "Scope"}],
                }));
                required
            });
            let body = json!({"requiredResourceAccess": required});
            graph(desk, Method::Patch, &format!("/applications/{id}"), body).await;
        }
        ("no-enterprise-app", Way::Portal) => {
            let id = desk.look().await.api_app.value().unwrap().app_id.clone();
            graph(desk, Method::Post, "/servicePrincipals", json!({"appId": id})).await;
        }
        ("foreign-issuer", Way::Portal) => set_issuer(desk, 2).await,
        _ => return,
    }
    desk.world(|world| world.clock.advance(60));
}

/// A call of the person's own, as `az rest` makes it.
async fn graph(desk: &Desk, method: Method, path: &str, body: Value) {
    desk.writer().apply(&change(ChangeKind::SetIdentifierUri, method, path, body)).await.unwrap();
}

/// The settings of Easy Auth as they stand, with one thing changed.
async fn edit_auth(desk: &Desk, edit: impl FnOnce(&mut Value)) {
    let facts = desk.look().await;
    let mut auth = facts.auth.value().unwrap().document.clone();
    edit(&mut auth);
    let site = &facts.site.value().unwrap().id;
    let path = format!("{site}/config/authsettingsV2?api-version=2023-12-01");
    let put = change(ChangeKind::PutAuth, Method::Put, path, json!({"properties": auth}));
    desk.writer().apply(&Change { service: Service::Arm, ..put }).await.unwrap();
}

/// The issuer of the tenant's tokens of a version is typed over the one that stands there.
pub async fn set_issuer(desk: &Desk, version: u8) {
    let facts = desk.look().await;
    let tenant = facts.tenant.value().unwrap();
    let issuer = if version == 2 { &tenant.issuer_v2 } else { &tenant.issuer_v1 };
    edit_auth(desk, |auth| {
        auth["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] = json!(issuer);
    })
    .await;
}

/// What the check says of the issuer, before or after a rehearsal.
pub async fn issuer_after(desk: &Desk, rehearsal: Option<&Rehearsal>) -> Verdict {
    let mut facts = desk.look().await;
    if let Some(rehearsal) = rehearsal {
        facts.rehearsal = Seen::is(rehearsal.clone(), desk.http.now(), "POST /api/Hello");
    }
    let findings = assess(desk.http.cloud(), &facts, &desk.choices, &Held::default(), desk.http.now());
    findings.check(CheckId::ApiIssuer).unwrap().verdict
}

/// What the person has of the secret is pasted, tried and refused, and the check says so.
async fn pasted_and_refused(desk: &Desk) {
    let told = desk.act(json!({"step": "secret"})).await;
    desk.world(|world| world.clock.advance(60));
    let value = SecretString::from(told["value"].as_str().unwrap().to_owned());
    let mut facts = desk.look().await;
    let chain = desk::chain(&facts);
    let verdict = probe_secret(&desk.http, &chain.tenant, &chain.client_app_id, &value).await.unwrap();
    assert_eq!(verdict, SecretVerdict::Wrong);
    let key_id = told["secret_id"].as_str().map(str::to_owned);
    let (client_app_id, now) = (chain.client_app_id, desk.http.now());
    let held = HeldSecret {
        client_app_id: client_app_id.clone(),
        key_id: key_id.clone(),
        ends: None,
        made: None,
        made_here: false,
    };
    let probe = SecretProbe { client_app_id, key_id, verdict };
    facts.secret_probe = Seen::is(probe, now, "POST /{tenant}/oauth2/v2.0/token");
    let held = Held { secret: Some(held) };
    let findings = assess(desk.http.cloud(), &facts, &desk.choices, &held, now);
    assert_eq!(findings.check(CheckId::SecretWorks).unwrap().verdict, Verdict::Fail);
    assert_eq!(findings.first_broken(), Some(CheckId::SecretWorks));
}
