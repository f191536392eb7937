//! The server over real HTTP: faults, logs, the world's date.

use secrecy::ExposeSecret;

use crate::practice::world::{Kind, View};
use crate::practice::{Options, Practice};

async fn fresh() -> Practice {
    let options = Options {
        start_at: Some("2026-11-21T09:00:00Z".parse().unwrap()),
        frozen: true,
        ..Options::default()
    };
    Practice::start("fresh", options).await.unwrap()
}

#[tokio::test]
async fn an_unknown_path_is_404_and_counted_and_dated_by_the_world() {
    let practice = fresh().await;
    let answer = reqwest::get(format!("{}/nothing/here", practice.origin())).await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["date"], "Sat, 21 Nov 2026 09:00:00 GMT");
    let world = practice.world();
    let world = world.lock();
    assert_eq!(world.unknown.len(), 1);
    assert_eq!(world.unknown[0].path, "/nothing/here");
}

#[tokio::test]
async fn a_host_name_that_nobody_has_is_no_more_answered_than_one_that_the_dns_does_not_know() {
    let practice = fresh().await;
    let client = reqwest::Client::builder().retry(reqwest::retry::never()).build().unwrap();
    let ask = |path: &str, header: &str, host: &str| {
        client.get(format!("{}{path}", practice.origin())).header(header, host).send()
    };
    for (header, host) in [
        ("host", "contoso-helo.azurewebsites.net"),
        ("host", "hello.contoso.example"),
        ("x-forwarded-host", "hello.contoso.example"),
        ("host", "graph.microsoft.us:443"),
    ] {
        let error = ask("/v1.0/organization", header, host).await.unwrap_err();
        assert!(error.is_request(), "{host}: {error:?}");
    }
    let world = practice.world();
    let hosts: Vec<String> = world.lock().unknown.iter().map(|call| call.host.clone()).collect();
    assert_eq!(hosts.len(), 4, "each is counted, with its host: {hosts:?}");

    // Names that exist are answered, a path that they do not know included; and so is this machine by any name of it.
    for (header, host, path, status) in [
        ("host", "contoso-hello.azurewebsites.net", "/api/Hello", 200),
        ("host", "graph.microsoft.com", "/v1.0/organization", 401),
        ("x-forwarded-host", "www.microsoft.com", "/nothing/here", 404),
        ("host", "localhost:7000", "/nothing/here", 404),
        ("host", "127.0.0.1", "/nothing/here", 404),
    ] {
        let answer = ask(path, header, host).await.unwrap();
        assert_eq!(answer.status(), status, "{host}{path}");
    }
    assert_eq!(world.lock().unknown.len(), 7);
}

#[tokio::test]
async fn a_dropped_connection_brings_no_answer_and_the_next_call_does() {
    let practice = fresh().await;
    let fault = toml::from_str("action = { kind = 'drop', applied = false }").unwrap();
    practice.world().lock().faults.push(fault);
    let client = reqwest::Client::builder().retry(reqwest::retry::never()).build().unwrap();
    let url = format!("{}/v1.0/organization", practice.origin());
    assert!(client.get(&url).send().await.is_err());
    assert!(client.get(&url).send().await.is_ok());
}

#[tokio::test]
async fn a_fault_may_answer_for_the_service() {
    let practice = fresh().await;
    let fault =
        toml::from_str("service = 'arm'\naction = { kind = 'status', status = 429, retry_after_s = 7 }");
    practice.world().lock().faults.push(fault.unwrap());
    let answer =
        reqwest::get(format!("{}/subscriptions?api-version=2022-12-01", practice.origin())).await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"7".parse().unwrap()));
}

#[tokio::test]
async fn a_held_call_changes_nothing_before_it_is_let_go_and_nothing_at_all_once_its_caller_is_gone() {
    let practice = fresh().await;
    let world = practice.world();
    let fault = "writes = true\ntimes = 0\naction = { kind = 'hold' }";
    world.lock().faults.push(toml::from_str(fault).unwrap());
    let holds = world.lock().holds.clone();
    let mut list = holds.follow();
    let url = format!("{}/_make/connectors", practice.origin());
    let send = || tokio::spawn(reqwest::Client::new().post(&url).body("{}").send());
    // What only reads is not held.
    assert!(reqwest::get(practice.origin()).await.is_ok());

    let caller = send();
    let arrived = list.wait_for(|held| !held.is_empty()).await.unwrap()[0].clone();
    assert_eq!((arrived.done, arrived.path.as_str()), (false, "/_make/connectors"));
    assert!(world.lock().calls.is_empty());
    caller.abort();
    list.wait_for(Vec::is_empty).await.unwrap();
    assert!(world.lock().calls.is_empty());

    let caller = send();
    let arrived = list.wait_for(|held| !held.is_empty()).await.unwrap()[0].clone();
    holds.release(arrived.id);
    let done = list.wait_for(|held| held.iter().any(|call| call.done)).await.unwrap()[0].clone();
    assert_eq!(world.lock().calls.len(), 1);
    holds.release(done.id);
    assert!(caller.await.unwrap().is_ok());
}

#[tokio::test]
async fn it_stops_when_it_is_dropped() {
    let practice = fresh().await;
    let origin = practice.origin().to_owned();
    drop(practice);
    // The task is aborted at its next turn; the port is then closed.
    tokio::task::yield_now().await;
    assert!(reqwest::get(origin).await.is_err());
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_was_done_and_is_logged_without_a_status() {
    let practice = fresh().await;
    let (tenant, id, secret) = {
        let world = practice.world();
        let world = world.lock();
        let client = world.automation.as_ref().unwrap();
        (world.main_tenant().to_owned(), client.app_id.clone(), client.secret.expose_secret().to_owned())
    };
    let client = reqwest::Client::builder().retry(reqwest::retry::never()).build().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let url = format!("{}/{tenant}/oauth2/v2.0/token", practice.origin());
    let body: serde_json::Value = client.post(url).form(&form).send().await.unwrap().json().await.unwrap();
    let token = body["access_token"].as_str().unwrap();
    let fault =
        toml::from_str("method = 'POST'\npath = '/applications'\naction = { kind = 'drop', applied = true }");
    practice.world().lock().faults.push(fault.unwrap());

    let url = format!("{}/v1.0/applications", practice.origin());
    let body = serde_json::json!({"displayName": format!("Hello {secret}")});
    let write = client.post(url).bearer_auth(token).json(&body).send().await;
    assert!(write.is_err());
    let world = practice.world();
    let world = world.lock();
    let made = world
        .objects(Kind::Application, &tenant, View::Now)
        .filter(|(_, doc)| doc["displayName"].as_str().is_some_and(|name| name.starts_with("Hello ")));
    assert_eq!(made.count(), 1);
    assert_eq!(world.calls.len(), 1);
    let call = &world.calls[0];
    assert_eq!(
        (call.status, call.who.as_str(), call.path.as_str()),
        (None, id.as_str(), "/v1.0/applications")
    );
    assert_eq!(
        call.body,
        serde_json::json!({"displayName": "Hello (removed)"}),
        "secret values are taken out"
    );
}
