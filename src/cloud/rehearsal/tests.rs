//! The rehearsal against the practice cloud, as a person would do it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::cloud::fixtures::{Stage, Visitor};
use crate::engine::redirect_url;
use crate::practice::world::{Kind, World};

const API: &str = "aaaaaaaa-1111-4222-8333-444444444444";
const CONNECTOR: &str = "bbbbbbbb-1111-4222-8333-444444444444";
const SCOPE: &str = "cccccccc-1111-4222-8333-444444444444";

/// The registrations and settings at the end of the tutorial, with this redirect URI. Returns the secret.
fn finish(world: &mut World, redirect_uri: &str) -> SecretString {
    let tenant = world.main_tenant().to_owned();
    let application = |id: &str, app_id: &str| {
        json!({
            "id": id, "appId": app_id, "displayName": "Contoso", "signInAudience": "AzureADMyOrg",
            "identifierUris": [], "tags": [], "passwordCredentials": [], "keyCredentials": [], "appRoles": [],
            "api": {"oauth2PermissionScopes": [], "preAuthorizedApplications": [], "requestedAccessTokenVersion": 2},
            "requiredResourceAccess": [], "publicClient": {"redirectUris": []}, "spa": {"redirectUris": []},
            "web": {"redirectUris": [], "implicitGrantSettings": {"enableIdTokenIssuance": true}},
        })
    };
    let principal = |id: &str, app_id: &str, scopes: Value| {
        json!({
            "id": id, "appId": app_id, "displayName": "Contoso", "accountEnabled": true,
            "appOwnerOrganizationId": tenant, "appRoleAssignmentRequired": false, "appRoles": [],
            "oauth2PermissionScopes": scopes, "servicePrincipalNames": [app_id],
            "servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg", "tags": [], "replyUrls": [],
        })
    };
    let scope = json!({
        "id": SCOPE, "value": "user_impersonation", "type": "User", "isEnabled": true,
        "adminConsentDisplayName": "Access", "adminConsentDescription": "Access",
        "userConsentDisplayName": "Access", "userConsentDescription": "Access",
    });
    let mut api = application("api-object", API);
    api["api"]["oauth2PermissionScopes"] = json!([scope]);
    let mut connector = application("connector-object", CONNECTOR);
    connector["web"]["redirectUris"] = json!([redirect_uri]);
    connector["requiredResourceAccess"] = json!([
        {"resourceAppId": API, "resourceAccess": [{"id": SCOPE, "type": "Scope"}]},
        {"resourceAppId": "00000003-0000-0000-c000-000000000000",
         "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]},
    ]);
    world.add_object(Kind::Application, &tenant, "api-object", api, vec![]);
    world.add_object(Kind::Application, &tenant, "connector-object", connector, vec![]);
    let scopes = json!([scope]);
    world.add_object(Kind::ServicePrincipal, &tenant, "api-sp", principal("api-sp", API, scopes), vec![]);
    let sp = principal("connector-sp", CONNECTOR, json!([]));
    world.add_object(Kind::ServicePrincipal, &tenant, "connector-sp", sp, vec![]);

    let now = world.now();
    let settings = json!({
        "platform": {"enabled": true},
        "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401"},
        "identityProviders": {"azureActiveDirectory": {
            "enabled": true,
            "registration": {"clientId": API, "openIdIssuer": format!("https://login.microsoftonline.com/{tenant}/v2.0")},
            "validation": {
                "allowedAudiences": [], "defaultAuthorizationPolicy": {"allowedApplications": [API, CONNECTOR]}
            },
        }},
        "login": {"tokenStore": {"enabled": true}},
    });
    world.sites[0].store_auth_v2(settings, now, 0);
    let ends = now.checked_add(jiff::SignedDuration::from_hours(24)).unwrap();
    world.add_secret(&tenant, "connector-object", Some("secret"), now, ends).unwrap().1
}

/// Changes the auth settings of the practised site.
fn settings(stage: &Stage, change: impl FnOnce(&mut Value)) {
    stage.world(|world| {
        let now = world.now();
        let mut settings = world.sites[0].auth_v2.clone().unwrap();
        change(&mut settings);
        world.sites[0].store_auth_v2(settings, now, 0);
    });
}

fn chain(stage: &Stage) -> Chain {
    Chain {
        tenant: stage.tenant(),
        client_app_id: CONNECTOR.into(),
        resource: API.into(),
        host: stage.world(|world| world.sites[0].default_host().to_owned()),
        method: "POST".into(),
        path: "/api/Hello".into(),
        name: "Ada".into(),
    }
}

/// Signs in at the page as Ada and consents.
async fn at_the_page(stage: &Stage, url: Url, answer: &str) -> crate::cloud::fixtures::Page {
    let visitor = Visitor::new();
    let page = visitor.open(url).await;
    let page = visitor.submit(&page, &[("practice_user", &stage.user("ada"))]).await;
    visitor.submit(&page, &[("practice_consent", answer)]).await
}

/// A whole rehearsal.
async fn rehearsed(stage: &Stage, chain: &Chain) -> Result<Rehearsal, Trouble> {
    let mut listener = Listener::bind().await.unwrap();
    let secret = stage.world(|world| finish(world, &listener.redirect_uri()));
    rehearsed_with(stage, chain, &mut listener, &secret).await
}

async fn rehearsed_with(
    stage: &Stage,
    chain: &Chain,
    listener: &mut Listener,
    secret: &SecretString,
) -> Result<Rehearsal, Trouble> {
    let url = listener.authorize_url(&stage.http, chain).unwrap();
    let (code, _) = tokio::join!(listener.wait_for_code(), at_the_page(stage, url, "accept"));
    let told = AtomicBool::new(false);
    let outcome = rehearse(&stage.http, chain, secret, &listener.redirect_uri(), code?, || {
        told.store(true, Ordering::SeqCst);
    })
    .await;
    assert_eq!(told.into_inner(), outcome.is_ok(), "a code that was redeemed is told, and no other");
    outcome
}

#[tokio::test]
async fn the_function_answers_the_person_who_signed_in() {
    let mut stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    let done = rehearsed(&stage, &chain).await.unwrap();
    assert_eq!((done.status, done.diagnosis.as_deref()), (200, None));
    assert!(done.answer.contains("Ada"), "{}", done.answer);
    assert_eq!(done.audience, API);
    assert_eq!(done.caller, "ada@contoso.onmicrosoft.com");
    assert_eq!(done.scopes, "user_impersonation");
    assert_eq!(done.called, format!("POST https://{}/api/Hello", chain.host));
    assert_eq!(
        stage.called(),
        [format!("POST /{}/oauth2/token", chain.tenant), "POST /api/Hello".to_owned()],
        "nothing but the code's redemption and one call of the function"
    );
    assert_eq!(stage.world(|world| world.unknown.len()), 0);
}

#[tokio::test]
async fn a_function_without_a_body_gets_the_name_in_the_query() {
    let stage = Stage::start("fresh").await;
    let chain = Chain { method: "get".into(), ..chain(&stage) };
    let done = rehearsed(&stage, &chain).await.unwrap();
    assert_eq!(done.status, 200);
    assert!(done.answer.contains("Ada"), "{}", done.answer);
}

#[tokio::test]
async fn a_token_that_the_runtime_refuses_is_diagnosed() {
    let stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    let mut listener = Listener::bind().await.unwrap();
    let secret = stage.world(|world| finish(world, &listener.redirect_uri()));
    settings(&stage, |settings| {
        let issuer = format!("https://sts.windows.net/{}/", chain.tenant);
        settings["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] = issuer.into();
    });
    let done = rehearsed_with(&stage, &chain, &mut listener, &secret).await.unwrap();
    assert_eq!(done.status, 401);
    assert!(done.diagnosis.as_deref().is_some_and(|text| text.contains("IDX10205")), "{:?}", done.diagnosis);
}

#[tokio::test]
async fn a_caller_that_is_not_admitted_is_refused_without_a_word() {
    let stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    let mut listener = Listener::bind().await.unwrap();
    let secret = stage.world(|world| finish(world, &listener.redirect_uri()));
    settings(&stage, |settings| {
        settings["identityProviders"]["azureActiveDirectory"]["validation"]["defaultAuthorizationPolicy"]["allowedApplications"] =
            json!([API]);
    });
    let done = rehearsed_with(&stage, &chain, &mut listener, &secret).await.unwrap();
    assert_eq!(done.status, 403);
}

#[tokio::test]
async fn a_wrong_secret_is_a_refusal_of_the_sign_in() {
    let stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    let mut listener = Listener::bind().await.unwrap();
    stage.world(|world| finish(world, &listener.redirect_uri()));
    let trouble =
        rehearsed_with(&stage, &chain, &mut listener, &"not~the~secret~value".into()).await.unwrap_err();
    assert_eq!((trouble.class, trouble.code.as_deref()), (Class::SignInRefused, Some("AADSTS7000215")));
    assert!(!format!("{trouble:?}").contains("not~the~secret"), "{trouble:?}");
}

#[tokio::test]
async fn a_declined_consent_comes_back_as_trouble() {
    let stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    let mut listener = Listener::bind().await.unwrap();
    stage.world(|world| finish(world, &listener.redirect_uri()));
    let url = listener.authorize_url(&stage.http, &chain).unwrap();
    let (code, page) = tokio::join!(listener.wait_for_code(), at_the_page(&stage, url, "decline"));
    assert_eq!(code.err().unwrap().class, Class::SignInRefused);
    assert!(page.html.contains("That did not work"), "{}", page.html);
}

#[tokio::test]
async fn whether_the_sign_in_service_knows_the_redirect_uri_is_seen_without_a_page() {
    for status in [200, 400] {
        let stage = Stage::start("fresh").await;
        let chain = chain(&stage);
        let (known, unknown) = (Listener::bind().await.unwrap(), Listener::bind().await.unwrap());
        stage.world(|world| {
            world.switches.error_page_status = status;
            finish(world, &known.redirect_uri())
        });
        for (listener, expected) in [(known, true), (unknown, false)] {
            let address = listener.authorize_url(&stage.http, &chain).unwrap();
            assert_eq!(redirect_is_known(&stage.http, &address).await, Ok(expected), "{status}");
        }
    }
}

#[tokio::test]
async fn the_request_is_the_one_a_connection_makes() {
    let stage = Stage::start("fresh").await;
    let listener = Listener::bind().await.unwrap();
    assert_eq!(redirect_url::rehearsal(&listener.redirect_uri()), Some(listener.port()));
    let url = listener.authorize_url(&stage.http, &chain(&stage)).unwrap();
    assert_eq!(url.path(), format!("/{}/oauth2/authorize", stage.tenant()));
    let mut names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort();
    assert_eq!(names, ["client_id", "prompt", "redirect_uri", "resource", "response_type", "state"]);
}

#[tokio::test]
async fn the_final_address_can_be_pasted() {
    let listener = Listener::bind().await.unwrap();
    let redirect = listener.redirect_uri();
    let state = listener.state.secret();
    let good = listener.code_from_address(&format!("  {redirect}?code=0.AX&state={state}&session_state=x\n"));
    assert_eq!(good.unwrap().0.expose_secret(), "0.AX");
    let refused = listener
        .code_from_address(&format!("{redirect}?error=access_denied&error_description=x&state={state}"))
        .err()
        .unwrap();
    assert_eq!(refused.class, Class::SignInRefused);
    for other in [
        format!("{redirect}?code=c&state=other"),
        format!("http://localhost:{}/?code=c&state={state}", listener.port()),
        format!("https://evil.example/?code=c&state={state}"),
        "code=c".into(),
        String::new(),
    ] {
        let trouble = listener.code_from_address(&other).err().unwrap();
        assert!(trouble.next.contains(&redirect), "{other}: {trouble}");
    }
}

#[tokio::test]
async fn the_token_goes_to_no_other_host() {
    let stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    for path in ["@evil.example/x", "\\\\evil.example/x", "//evil.example/x", "/../.."] {
        let url = call(&Chain { path: path.into(), ..chain.clone() }).unwrap().1;
        assert_eq!(url.host_str(), Some(chain.host.as_str()), "{path}");
    }
    for host in ["evil.example/", "user@evil.example", "a b", ""] {
        assert!(call(&Chain { host: host.into(), ..chain.clone() }).is_err(), "{host}");
    }
}

#[tokio::test]
async fn a_recorded_rehearsal_holds_no_secret() {
    let stage = Stage::start("fresh").await;
    let chain = chain(&stage);
    let mut listener = Listener::bind().await.unwrap();
    let secret = stage.world(|world| finish(world, &listener.redirect_uri()));
    settings(&stage, |settings| {
        settings["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] =
            format!("https://sts.windows.net/{}/", chain.tenant).into();
    });
    rehearsed_with(&stage, &chain, &mut listener, &secret).await.unwrap();
    let recorded = stage.recorded.document().to_string();
    let code = stage.world(|world| world.sign_in.codes[0].code.expose_secret().to_owned());
    for hidden in [secret.expose_secret(), code.as_str(), "eyJ"] {
        assert!(!recorded.contains(hidden), "{hidden}");
    }
    assert!(recorded.contains("/.auth/login/aad") && recorded.contains("IDX10205"), "{recorded}");
}
