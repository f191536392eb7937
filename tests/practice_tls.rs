//! The practice cloud over TLS: whoever trusts the authority of this run is served, by this machine's names and by the
//! public ones, and nobody else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use handclasp::cloud::har::Har;
use handclasp::cloud::http::{CloudConfig, ExtraRoots, Http};
use handclasp::cloud::sign_in::{SignIn, tenant_metadata};
use handclasp::engine::clouds::{Audience, Cloud};
use handclasp::practice::{Options, Practice};
use reqwest::{Certificate, Client, ClientBuilder, Version};
use serde_json::Value;

const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

async fn serve(tls: bool) -> Practice {
    let options = Options { auto_approve: Some("ada".to_owned()), tls, ..Options::default() };
    Practice::start("finished", options).await.unwrap()
}

fn port(practice: &Practice) -> u16 {
    practice.origin().rsplit(':').next().unwrap().parse().unwrap()
}

fn client() -> ClientBuilder {
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy()
}

/// A client that trusts one practice cloud's authority and no other.
fn trusting(practice: &Practice) -> ClientBuilder {
    client().tls_certs_only([Certificate::from_pem(practice.ca_pem().unwrap().as_bytes()).unwrap()])
}

async fn read(client: &Client, url: &str) -> Value {
    client.get(url).send().await.unwrap().json().await.unwrap()
}

/// Signs in as the Azure CLI does, at the endpoints that the metadata names, and asks Graph at `graph` who that is.
async fn signed_in(client: &Client, login: &str, graph: &str) -> Value {
    let metadata =
        read(client, &format!("{login}/organizations/v2.0/.well-known/openid-configuration")).await;
    let endpoint = |name: &str| metadata[name].as_str().unwrap().to_owned();
    let scope = "https://graph.microsoft.com/.default";
    let asked = [("client_id", CLI), ("scope", scope)];
    let answer = client.post(endpoint("device_authorization_endpoint")).form(&asked).send().await.unwrap();
    let device: Value = answer.json().await.unwrap();
    let code = device["device_code"].as_str().unwrap();
    let asked = [
        ("client_id", CLI),
        ("device_code", code),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
    ];
    let answer = client.post(endpoint("token_endpoint")).form(&asked).send().await.unwrap();
    let tokens: Value = answer.json().await.unwrap();
    let me = client.get(format!("{graph}/v1.0/me")).bearer_auth(tokens["access_token"].as_str().unwrap());
    me.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn who_trusts_the_runs_authority_signs_in_and_reads_over_https() {
    let practice = serve(true).await;
    let client = trusting(&practice).build().unwrap();
    let port = port(&practice);
    for host in ["127.0.0.1", "localhost"] {
        let origin = format!("https://{host}:{port}");
        let me = signed_in(&client, &origin, &origin).await;
        assert_eq!(me["userPrincipalName"], "ada@contoso.onmicrosoft.com", "{me}");
        let metadata = read(&client, &format!("{origin}/common/v2.0/.well-known/openid-configuration")).await;
        let token = format!("{origin}/common/oauth2/v2.0/token");
        assert_eq!(
            metadata["token_endpoint"], token,
            "addresses follow the name and the scheme that were asked"
        );
    }
    assert_eq!(practice.origin(), format!("https://127.0.0.1:{port}"));
    let unknown = read(&client, &format!("{}/unknown", practice.control_url())).await;
    assert_eq!(unknown, serde_json::json!([]));
}

#[tokio::test]
async fn our_own_calls_go_over_http_2() {
    let practice = serve(true).await;
    let origin: url::Url = practice.origin().parse().unwrap();
    let cloud = Cloud {
        login: origin.clone(),
        graph: origin.clone(),
        arm: origin.clone(),
        site_origin: Some(origin),
        ..Cloud::named("public").unwrap()
    };
    let world = practice.world();
    let mut config = CloudConfig::new(Arc::new(cloud), CLI, Arc::new(move || world.lock().now()));
    config.limits.shortest_poll = Duration::ZERO;
    config.extra_roots = ExtraRoots::from_pem(practice.ca_pem().unwrap().as_bytes()).unwrap();
    let record = Path::new(env!("CARGO_TARGET_TMPDIR")).join("over-http-2.har");
    config.har = Some(Arc::new(Har::new(Box::new(fs::File::create(&record).unwrap())).unwrap()));
    let http = Http::new(config);
    practice.world().lock().switches.device_code_interval_s = 0;
    tenant_metadata(&http, "contoso.onmicrosoft.com").await.unwrap();
    let (events, _heard) = tokio::sync::mpsc::unbounded_channel();
    let session = SignIn::new(&http, None).with_device_code(&events).await.unwrap();
    session.token(Audience::Arm).await.unwrap();

    let har: Value = serde_json::from_str(&fs::read_to_string(&record).unwrap()).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert!(entries.len() >= 4, "{entries:?}");
    for entry in entries {
        // Both sides offer it in the handshake (ALPN), and neither insists.
        assert_eq!(entry["response"]["httpVersion"], "HTTP/2", "{}", entry["request"]["url"]);
    }
}

#[tokio::test]
async fn public_names_that_lead_here_are_answered_with_public_names() {
    let practice = serve(true).await;
    let port = port(&practice);
    let here = SocketAddr::from(([127, 0, 0, 1], port));
    let names = ["login.microsoftonline.com", "graph.microsoft.com", "contoso-hello.azurewebsites.net"];
    let client = names.iter().fold(trusting(&practice), |client, name| client.resolve(name, here));
    let client = client.build().unwrap();
    let login = format!("https://login.microsoftonline.com:{port}");
    let graph = format!("https://graph.microsoft.com:{port}");
    let me = signed_in(&client, &login, &graph).await;
    assert_eq!(me["userPrincipalName"], "ada@contoso.onmicrosoft.com", "{me}");
    assert_eq!(me["@odata.context"], format!("{graph}/v1.0/$metadata#users/$entity"));
    let site = format!("https://contoso-hello.azurewebsites.net:{port}/api/Hello");
    let answer = client.get(site).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (401, Version::HTTP_2));

    // A proxy in front says which name was meant; that one is on the usual port.
    let asked = client.get(format!("{}/common/v2.0/.well-known/openid-configuration", practice.origin()));
    let asked =
        asked.header("x-forwarded-host", "login.microsoftonline.com").header("x-forwarded-proto", "https");
    let metadata: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["token_endpoint"], "https://login.microsoftonline.com/common/oauth2/v2.0/token");
}

#[tokio::test]
async fn without_the_runs_own_authority_nobody_gets_in() {
    let (practice, other) = (serve(true).await, serve(true).await);
    assert_ne!(practice.ca_pem(), other.ca_pem());
    let url = format!("{}/common/v2.0/.well-known/openid-configuration", practice.origin());
    for client in [trusting(&other), client()] {
        let error = client.build().unwrap().get(&url).send().await.unwrap_err();
        let told = std::iter::successors(error.source(), |error| (*error).source()).map(ToString::to_string);
        let told: Vec<String> = told.collect();
        assert!(told.iter().any(|line| line.contains("certificate")), "{told:?}");
    }
    let plain = client().build().unwrap().get(url.replace("https://", "http://")).send().await;
    assert!(plain.is_err(), "the one port speaks HTTPS only");
    // None of them has disturbed the server.
    let client = trusting(&practice).http1_only().build().unwrap();
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
}

#[tokio::test]
async fn a_client_that_says_nothing_holds_up_nobody() {
    let practice = serve(true).await;
    let silent = tokio::net::TcpStream::connect(("127.0.0.1", port(&practice))).await.unwrap();
    let client = trusting(&practice).build().unwrap();
    let url = format!("{}/common/v2.0/.well-known/openid-configuration", practice.origin());
    assert!(client.get(&url).send().await.unwrap().status().is_success());
    drop(silent);
}

#[tokio::test]
async fn without_tls_there_is_no_authority() {
    assert_eq!(serve(false).await.ca_pem(), None);
}
