//! The server over real HTTP: faults, logs, the world's date.

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
async fn it_stops_when_it_is_dropped() {
    let practice = fresh().await;
    let origin = practice.origin().to_owned();
    drop(practice);
    // The task is aborted at its next turn; the port is then closed.
    tokio::task::yield_now().await;
    assert!(reqwest::get(origin).await.is_err());
}
