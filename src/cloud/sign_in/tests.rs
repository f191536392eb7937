//! Signing in against the practice cloud, as a person would.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::claims::Claims;
use super::*;
use crate::cloud::fixtures::{Stage, Visitor};
use crate::cloud::http::{CloudConfig, Service};
use crate::cloud::reader::{Refused, TokenWish};
use crate::engine::clouds::Audience;
use crate::engine::facts::SecretVerdict;
use crate::engine::trouble::Class;

type Begun = (JoinHandle<Result<Session, Trouble>>, UnboundedReceiver<SignInEvent>);

fn by_code(stage: &Stage) -> Begun {
    let (events, heard) = unbounded_channel();
    let sign_in = SignIn::new(&stage.http, None);
    (tokio::spawn(async move { sign_in.with_device_code(&events).await }), heard)
}

fn by_browser(stage: &Stage, tenant: Option<&str>) -> Begun {
    let (events, heard) = unbounded_channel();
    let sign_in = SignIn::new(&stage.http, tenant);
    (tokio::spawn(async move { sign_in.with_browser(&events).await }), heard)
}

/// Types the code on the page and answers for a person.
async fn answer_code(stage: &Stage, heard: &mut UnboundedReceiver<SignInEvent>, person: &str, answer: &str) {
    let Some(SignInEvent::DeviceCode { user_code, mut verification_uri, message, .. }) = heard.recv().await
    else {
        panic!("no code was shown");
    };
    assert!(message.contains(&user_code), "{message}");
    verification_uri.query_pairs_mut().append_pair("otc", &user_code);
    let visitor = Visitor::new();
    let page = visitor.open(verification_uri).await;
    visitor.submit(&page, &[("practice_user", &stage.user(person)), ("answer", answer)]).await;
}

async fn signed_in(stage: &Stage) -> Session {
    let (session, mut heard) = by_browser(stage, None);
    let Some(SignInEvent::Browser { url }) = heard.recv().await else { panic!("no address was shown") };
    let visitor = Visitor::new();
    let page = visitor.open(url).await;
    let page = visitor.submit(&page, &[("practice_user", &stage.user("ada"))]).await;
    assert!(page.html.contains("That worked"), "{}", page.html);
    assert_eq!(heard.recv().await, Some(SignInEvent::Returned));
    session.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_code_typed_on_the_page_signs_in() {
    let stage = Stage::start("fresh").await;
    let (session, mut heard) = by_code(&stage);
    answer_code(&stage, &mut heard, "ada", "approve").await;
    let session = session.await.unwrap().unwrap();
    assert_eq!(session.person().upn, "ada@contoso.onmicrosoft.com");
    assert_eq!(
        (session.tenant(), &session.person().object_id),
        (stage.tenant().as_str(), &stage.user("ada"))
    );
    assert_eq!(heard.recv().await, Some(SignInEvent::Returned));
}

#[tokio::test]
async fn a_pause_that_is_asked_for_while_a_code_is_polled_is_kept() {
    let mut stage = Stage::start("fresh").await;
    let later = serde_json::json!({"service": "sign_in", "path": "/token",
        "action": {"kind": "status", "status": 429, "retry_after_s": 300}});
    stage.world(|world| world.faults = vec![serde_json::from_value(later).unwrap()]);
    let began = std::time::Instant::now();
    let (session, mut heard) = by_code(&stage);
    answer_code(&stage, &mut heard, "ada", "approve").await;
    session.await.unwrap().unwrap();
    // Waits go by a thousand times as fast here.
    assert!(began.elapsed() >= Duration::from_millis(300));
    let polls = stage.called().into_iter().filter(|call| call.ends_with("/token")).count();
    assert_eq!(polls, 2, "nothing was asked meanwhile");
}

#[tokio::test]
async fn what_no_connection_was_made_for_is_asked_again() {
    let mut stage = Stage::start("fresh").await;
    let (tenant, secret) = (stage.tenant(), SecretString::from("value"));
    let address = stage.practice.origin().trim_start_matches("http://").to_owned();
    drop(stage.practice);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let (events, _heard) = unbounded_channel();
    SignIn::new(&stage.http, None).with_device_code(&events).await.err().unwrap();
    probe_secret(&stage.http, &tenant, "11111111-2222-4333-8444-555555555555", &secret).await.unwrap_err();
    let mut asked = Vec::new();
    while let Ok(record) = stage.calls.try_recv() {
        asked.push(record.path.rsplit('/').next().unwrap().to_owned());
    }
    assert_eq!(asked, [["devicecode"; 4], ["token"; 4]].concat());
}

#[tokio::test]
async fn a_declined_code_says_so() {
    let stage = Stage::start("fresh").await;
    let (session, mut heard) = by_code(&stage);
    answer_code(&stage, &mut heard, "ada", "decline").await;
    let trouble = session.await.unwrap().err().unwrap();
    assert_eq!(trouble.class, Class::SignInRefused);
    assert!(trouble.what.contains("declined") && !trouble.next.is_empty(), "{trouble}");
}

#[tokio::test]
async fn a_code_that_has_run_out_says_so() {
    let stage = Stage::start("fresh").await;
    let (session, mut heard) = by_code(&stage);
    assert!(matches!(heard.recv().await, Some(SignInEvent::DeviceCode { .. })));
    stage.world(|world| world.clock.advance(901));
    let trouble = session.await.unwrap().err().unwrap();
    assert_eq!(trouble.class, Class::SignInRefused);
    assert!(trouble.what.contains("run out"), "{trouble}");
}

#[tokio::test]
async fn a_blocked_code_points_to_the_browser() {
    let stage = Stage::start("fresh").await;
    stage.world(|world| world.switches.device_code_blocked = true);
    let (session, mut heard) = by_code(&stage);
    answer_code(&stage, &mut heard, "ada", "approve").await;
    let trouble = session.await.unwrap().err().unwrap();
    assert_eq!(trouble.code.as_deref(), Some("AADSTS53003"));
    assert!(trouble.next.contains("browser"), "{trouble}");
    assert!(trouble.original.contains("correlation"), "{}", trouble.original);
}

#[tokio::test]
async fn the_browser_signs_in_and_one_refresh_token_serves_every_service() {
    let stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    assert_eq!(session.person().upn, "ada@contoso.onmicrosoft.com");
    let graph = session.token(Audience::Graph).await.unwrap();
    assert_eq!(Claims::of(&graph).audience, stage.http.cloud().graph_audience);
    let wish = TokenWish { audience: Audience::Arm, refused: None };
    let arm = session.tokens()(wish).await.unwrap();
    assert_eq!(Claims::of(&arm).audience, stage.http.cloud().arm_audience);
    let power_apps = session.token(Audience::PowerApps).await.unwrap();
    assert_eq!(Some(Claims::of(&power_apps).audience), stage.http.cloud().power_apps_audience);
    assert_eq!(Claims::of(&power_apps).user, "ada@contoso.onmicrosoft.com");
    assert_eq!(session.token(Audience::Login).await.unwrap_err().class, Class::Local);
}

#[tokio::test]
async fn a_refusal_that_comes_back_with_the_browser_is_explained() {
    let stage = Stage::start("fresh").await;
    stage.world(|world| world.switches.azure_cli_blocked = true);
    let (session, mut heard) = by_browser(&stage, None);
    let Some(SignInEvent::Browser { url }) = heard.recv().await else { panic!("no address was shown") };
    let visitor = Visitor::new();
    let page = visitor.open(url).await;
    let page = visitor.submit(&page, &[("practice_user", &stage.user("ada"))]).await;
    assert!(page.html.contains("That did not work"), "{}", page.html);
    let trouble = session.await.unwrap().err().unwrap();
    assert_eq!((trouble.class, trouble.code.as_deref()), (Class::SignInRefused, Some("AADSTS50105")));
}

#[tokio::test]
async fn an_abandoned_browser_sign_in_frees_its_port() {
    let stage = Stage::start("fresh").await;
    let (session, mut heard) = by_browser(&stage, Some("contoso.onmicrosoft.com"));
    let Some(SignInEvent::Browser { url }) = heard.recv().await else { panic!("no address was shown") };
    assert!(url.path().starts_with("/contoso.onmicrosoft.com/oauth2/v2.0/authorize"), "{url}");
    let redirect = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let port = Url::parse(&redirect).unwrap().port().unwrap();
    session.abort();
    while tokio::net::TcpListener::bind(("127.0.0.1", port)).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn tokens_are_renewed_before_their_end_and_only_once() {
    let mut stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    let first = session.token(Audience::Graph).await.unwrap();
    stage.called();
    stage.world(|world| world.clock.advance(3000));
    assert_eq!(session.token(Audience::Graph).await.unwrap().expose_secret(), first.expose_secret());
    stage.world(|world| world.clock.advance(400));
    let (a, b, c) = tokio::join!(
        session.token(Audience::Graph),
        session.token(Audience::Graph),
        session.token(Audience::Graph)
    );
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert_ne!(a.expose_secret(), first.expose_secret());
    assert!(a.expose_secret() == b.expose_secret() && b.expose_secret() == c.expose_secret());
    assert_eq!(stage.called(), [format!("POST /{}/oauth2/v2.0/token", stage.tenant())]);
    let refused = |token: &SecretString| Refused { token: token.clone(), claims: None };
    let better = session.instead(Audience::Graph, &refused(&a)).await.unwrap();
    assert_ne!(better.expose_secret(), a.expose_secret());
    let late = session.instead(Audience::Graph, &refused(&a)).await.unwrap();
    assert_eq!(late.expose_secret(), better.expose_secret(), "whoever comes late gets the one that is there");
    let same = session.instead(Audience::Graph, &refused(&better)).await.unwrap();
    assert_eq!(
        same.expose_secret(),
        better.expose_secret(),
        "a fresh token that is refused is not fetched again"
    );
    assert_eq!(stage.called().len(), 1);
}

#[tokio::test]
async fn an_outage_is_bridged_while_the_token_lives() {
    let stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    let first = session.token(Audience::Graph).await.unwrap();
    let world = stage.practice.world();
    drop(stage.practice);
    world.lock().clock.advance(3400);
    assert_eq!(session.token(Audience::Graph).await.unwrap().expose_secret(), first.expose_secret());
    world.lock().clock.advance(300);
    assert!(session.token(Audience::Graph).await.unwrap_err().class.is_network());
}

#[tokio::test]
async fn a_renewal_whose_connection_breaks_is_asked_for_again() {
    let mut stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    stage.called();
    let fault = serde_json::json!({"service": "sign_in", "path": "/token", "action": {"kind": "drop", "applied": false}});
    stage.world(|world| world.faults = vec![serde_json::from_value(fault).unwrap()]);
    session.token(Audience::Arm).await.unwrap();
    assert_eq!(stage.called().len(), 2);
}

#[tokio::test]
async fn a_sign_in_that_was_ended_asks_for_a_new_one() {
    let stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    stage.world(|world| world.sign_in.refresh_tokens.clear());
    let trouble = session.token(Audience::Arm).await.unwrap_err();
    assert_eq!((trouble.class, trouble.next.as_str()), (Class::SignInRefused, "Sign in again."));
}

#[tokio::test]
async fn what_a_service_demands_is_asked_for_unasked_once_and_then_by_a_sign_in() {
    let mut stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    let claims = crate::cloud::challenge::checked(
        r#"{"access_token": {"acrs": {"essential": true, "values": ["p1"]}}}"#,
    );
    let arm = session.token(Audience::Arm).await.unwrap();
    let weak = Refused { token: arm, claims: claims.clone() };
    stage.called();
    let trouble = session.instead(Audience::Arm, &weak).await.unwrap_err();
    assert_eq!((trouble.class, trouble.code.as_deref()), (Class::SignInRefused, Some("AADSTS50076")));
    let demand = trouble.demand.clone().unwrap();
    assert_eq!((demand.audience, Some(&demand.claims)), (Audience::Arm, claims.as_ref()));
    assert_eq!(session.instead(Audience::Arm, &weak).await.unwrap_err(), trouble);
    assert_eq!(stage.called().len(), 1, "what cannot be had unasked is not asked for twice");

    let (events, mut heard) = unbounded_channel();
    let sign_in = SignIn::new(&stage.http, None).demanded(Some(demand)).login_hint("ada");
    let stronger = tokio::spawn(async move { sign_in.with_browser(&events).await });
    let Some(SignInEvent::Browser { url }) = heard.recv().await else { panic!("no address was shown") };
    let visitor = Visitor::new();
    let page = visitor.open(url).await;
    assert!(page.html.contains("second factor"), "{}", page.html);
    visitor.submit(&page, &[("practice_user", &stage.user("ada"))]).await;
    let stronger = stronger.await.unwrap().unwrap();
    stage.called();
    let arm = stronger.token(Audience::Arm).await.unwrap();
    assert_eq!(Claims::of(&arm).audience, stage.http.cloud().arm_audience, "the sign-in itself brought it");
    assert_eq!(stage.called(), Vec::<String>::new());
    let holds = |token: &SecretString| {
        let payload = token.expose_secret().split('.').nth(1).unwrap().to_owned();
        let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload).unwrap();
        String::from_utf8(claims).unwrap().contains("\"acrs\":[\"p1\"]")
    };
    assert!(holds(&arm));
    // Its successors are asked for with the same, the other services' tokens are not.
    stage.world(|world| world.clock.advance(3400));
    assert!(holds(&stronger.token(Audience::Arm).await.unwrap()));
    assert!(!holds(&stronger.token(Audience::Graph).await.unwrap()));
}

#[tokio::test]
async fn the_tenant_can_be_switched_where_the_person_belongs() {
    let stage = Stage::start("fresh").await;
    let session = signed_in(&stage).await;
    let same = session.switch_tenant("contoso.onmicrosoft.com").await.unwrap();
    assert_eq!(same.tenant(), stage.tenant());
    same.token(Audience::Arm).await.unwrap();
    let other = session.switch_tenant("fabrikam.onmicrosoft.com").await;
    assert_eq!(other.err().unwrap().class, Class::SignInRefused);
}

#[tokio::test]
async fn a_secret_is_proved_without_changing_anything() {
    let stage = Stage::start("fresh").await;
    let (client, right) = stage.world(|world| {
        let automation = world.automation.as_ref().unwrap();
        (automation.app_id.clone(), automation.secret.clone())
    });
    let tenant = stage.tenant();
    let probe =
        async |client: &str, secret: &SecretString| probe_secret(&stage.http, &tenant, client, secret).await;
    assert_eq!(probe(&client, &right).await.unwrap(), SecretVerdict::Works);
    assert_eq!(probe(&client, &"not~the~value".into()).await.unwrap(), SecretVerdict::Wrong);
    let stranger = probe("11111111-2222-4333-8444-555555555555", &right).await.unwrap();
    assert!(matches!(stranger, SecretVerdict::Refused { code, .. } if code == "700016"));
    stage.world(|world| world.clock.advance(60 * 60 * 24 * 365 * 10));
    assert_eq!(probe(&client, &right).await.unwrap(), SecretVerdict::Expired);
    assert_eq!(stage.world(|world| world.calls.len()), 0);
}

#[tokio::test]
async fn a_redirect_url_is_asked_for_without_anybody_signing_in() {
    let stage = Stage::start("finished").await;
    let tenant = stage.tenant();
    let (client, registered) = stage.world(|world| {
        let connector = &world.connectors[0];
        let apps = world.objects(
            crate::practice::world::Kind::Application,
            &tenant,
            crate::practice::world::View::Now,
        );
        let client = apps
            .filter(|(_, doc)| doc["web"]["redirectUris"].to_string().contains(&connector.redirect_url))
            .map(|(object, _)| object.app_id().to_owned())
            .next();
        (client.unwrap(), connector.redirect_url.clone())
    });
    let other = format!("{registered}x");
    for status in [200, 400] {
        stage.world(|world| world.switches.error_page_status = status);
        let probe = async |client: &str, url: &str| probe_redirect(&stage.http, &tenant, client, url).await;
        assert_eq!(probe(&client, &registered).await, Ok(true));
        assert_eq!(probe(&client, &other).await, Ok(false), "{status}");
        let stranger = probe("11111111-2222-4333-8444-555555555555", &registered).await.unwrap_err();
        assert_eq!(stranger.code.as_deref(), Some("AADSTS700016"), "{stranger:?}");
        assert!(stranger.what.contains("not found"), "{stranger:?}");
    }
    assert_eq!(stage.world(|world| world.calls.len()), 0);
}

#[tokio::test]
async fn a_tenant_is_known_by_its_domain() {
    let stage = Stage::start("fresh").await;
    let id = stage.tenant();
    let metadata = tenant_metadata(&stage.http, "contoso.onmicrosoft.com").await.unwrap();
    assert_eq!(metadata.id, id);
    assert!(metadata.issuer_v1.ends_with(&format!("/{id}/")), "{}", metadata.issuer_v1);
    assert!(metadata.issuer_v2.ends_with(&format!("/{id}/v2.0")), "{}", metadata.issuer_v2);
    let trouble = tenant_metadata(&stage.http, "nobody.example").await.unwrap_err();
    assert_eq!(trouble.code.as_deref(), Some("AADSTS90002"));
}

#[tokio::test]
async fn a_recorded_sign_in_lets_nobody_in() {
    let stage = Stage::start("fresh").await;
    let (session, mut heard) = by_code(&stage);
    answer_code(&stage, &mut heard, "ada", "approve").await;
    let session = session.await.unwrap().unwrap();
    let graph = session.token(Audience::Graph).await.unwrap();
    session.token(Audience::Arm).await.unwrap();
    let recorded = stage.recorded.document();
    assert!(recorded["log"]["entries"].as_array().unwrap().len() >= 3);
    let recorded = recorded.to_string();
    let secrets = stage.world(|world| {
        let flows = world.sign_in.device_flows.iter();
        let flows =
            flows.flat_map(|flow| [flow.device_code.expose_secret().to_owned(), flow.user_code.clone()]);
        let refresh = world.sign_in.refresh_tokens.iter().map(|token| token.token.expose_secret().to_owned());
        flows.chain(refresh).collect::<Vec<_>>()
    });
    assert!(secrets.len() >= 3);
    for secret in secrets.iter().chain([&graph.expose_secret().to_owned()]) {
        assert!(!recorded.contains(secret.as_str()), "{secret}");
    }
}

/// Lends what a sign-in of its own gets, each token for this long; says how often it was asked.
fn lender(own: &Session, seconds: u64) -> (Lender, Arc<AtomicUsize>) {
    let (own, asked) = (own.clone(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    let lend: Lender = Arc::new(move |audience| {
        let own = own.clone();
        count.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            let token = own.token(audience).await?;
            Ok(Lent { token, lifetime: Duration::from_secs(seconds), tenant: String::new() })
        })
    });
    (lend, asked)
}

#[tokio::test]
async fn a_borrowed_sign_in_is_asked_once_for_each_service_until_the_token_is_about_to_end() {
    let stage = Stage::start("fresh").await;
    let (lend, asked) = lender(&signed_in(&stage).await, 3600);
    let session = Session::borrowed(&stage.http, lend).await.unwrap();
    assert_eq!(session.person().upn, "ada@contoso.onmicrosoft.com");
    assert_eq!((session.tenant(), asked.load(Ordering::SeqCst)), (stage.tenant().as_str(), 1));
    let graph = session.token(Audience::Graph).await.unwrap();
    let arm = session.token(Audience::Arm).await.unwrap();
    assert_eq!(Claims::of(&arm).audience, stage.http.cloud().arm_audience);
    stage.world(|world| world.clock.advance(3200));
    assert_eq!(session.token(Audience::Graph).await.unwrap().expose_secret(), graph.expose_secret());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    stage.world(|world| world.clock.advance(200));
    let (a, b) = tokio::join!(session.token(Audience::Graph), session.token(Audience::Graph));
    let a = a.unwrap();
    assert!(a.expose_secret() == b.unwrap().expose_secret() && a.expose_secret() != graph.expose_secret());
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert_eq!(session.token(Audience::Login).await.unwrap_err().class, Class::Local);
    let other = session.switch_tenant("fabrikam.onmicrosoft.com").await.err().unwrap();
    assert_eq!(other.class, Class::SignInRefused);
}

#[tokio::test]
async fn a_borrowed_token_lets_nobody_else_in() {
    let mut stage = Stage::start("fresh").await;
    let (lend, _) = lender(&signed_in(&stage).await, 3600);
    let session = Session::borrowed(&stage.http, lend).await.unwrap();
    let graph = session.token(Audience::Graph).await.unwrap();
    stage.called();
    let reader = crate::cloud::reader::Reader::new(stage.http.clone(), session.tokens());
    let mut url = stage.http.cloud().graph.join("/v1.0/me").unwrap();
    reader.get(Service::Graph, url.clone(), false).await.unwrap();
    url.set_host(Some("localhost")).unwrap();
    let elsewhere = reader.get(Service::Graph, url, false).await.err().unwrap();
    assert!(elsewhere.what.contains("localhost"), "{elsewhere}");
    assert_eq!(stage.called(), ["GET /v1.0/me"], "nothing went to the other host");
    let recorded = stage.recorded.document().to_string();
    assert!(recorded.contains("/v1.0/me") && !recorded.contains(graph.expose_secret()));
    let brought = Lent { token: graph.clone(), lifetime: Duration::ZERO, tenant: String::new() };
    assert!(!format!("{brought:?} {elsewhere:?}").contains(graph.expose_secret()));
}

#[tokio::test]
async fn a_lender_that_is_somebody_else_by_now_or_fails_is_not_gone_along_with() {
    let stage = Stage::start("fresh").await;
    let token = |tenant: &str, person: &str| -> SecretString {
        let claims = format!(r#"{{"tid":"{tenant}","oid":"{person}","upn":"{person}@contoso.example"}}"#);
        format!("e30.{}.x", base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims)).into()
    };
    let next = Arc::new(Mutex::new(Ok(token("t", "ada"))));
    let said = next.clone();
    let lend: Lender = Arc::new(move |_| {
        let told: Result<SecretString, Trouble> = said.lock().unwrap().clone();
        Box::pin(async move {
            Ok(Lent { token: told?, lifetime: Duration::from_secs(600), tenant: "unused".into() })
        })
    });
    let session = Session::borrowed(&stage.http, lend.clone()).await.unwrap();
    assert_eq!((session.tenant(), session.person().upn.as_str()), ("t", "ada@contoso.example"));
    for (tenant, person) in [("t", "bob"), ("u", "ada")] {
        *next.lock().unwrap() = Ok(token(tenant, person));
        let trouble = session.token(Audience::Arm).await.unwrap_err();
        assert_eq!((trouble.class, trouble.next.as_str()), (Class::SignInRefused, "Sign in again."));
    }
    // A token that says nothing of itself proves nothing against it.
    *next.lock().unwrap() = Ok("opaque".into());
    session.token(Audience::Arm).await.unwrap();
    let opaque = Session::borrowed(&stage.http, lend.clone()).await.unwrap();
    assert_eq!((opaque.tenant(), opaque.person()), ("unused", &PersonHint::default()));
    *next.lock().unwrap() = Err(Trouble::new(Class::TimeOut, "Too slow.", "Try again."));
    stage.world(|world| world.clock.advance(400));
    session.token(Audience::Graph).await.unwrap();
    stage.world(|world| world.clock.advance(300));
    assert_eq!(session.token(Audience::Graph).await.unwrap_err().what, "Too slow.");
    assert_eq!(Session::borrowed(&stage.http, lend).await.err().unwrap().class, Class::TimeOut);
}

#[tokio::test]
async fn an_app_that_the_tenant_does_not_know_is_the_one_that_was_signed_in_with() {
    let stage = Stage::start("fresh").await;
    let client = "11111111-2222-4333-8444-555555555555";
    let now = stage.http.now();
    let cloud = Arc::new(stage.http.cloud().clone());
    let http = Http::new(CloudConfig::new(cloud, client, Arc::new(move || now)));
    let (tell, _heard) = unbounded_channel();
    let trouble = SignIn::new(&http, None).with_device_code(&tell).await.err().unwrap();
    assert_eq!(trouble.code.as_deref(), Some("AADSTS700016"));
    assert!(trouble.what.contains(client) && trouble.next.contains("--client-id"), "{trouble}");
}
