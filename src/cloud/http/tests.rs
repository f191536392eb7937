//! The client against a small server of its own: real connections, real statuses, no waiting.

mod bad_days;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request as Incoming, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use url::Url;

use super::*;
use crate::cloud::call_log::{CallRecord, SignInUsed};
use crate::cloud::har::Har;
use crate::engine::trouble::Class;

type Handler = Arc<dyn Fn(usize, &str, &HeaderMap, &str) -> Response + Send + Sync>;

/// A cloud whose every service is this one server.
struct Server {
    origin: Url,
    hits: Arc<AtomicUsize>,
}

impl Server {
    async fn start(
        handler: impl Fn(usize, &str, &HeaderMap, &str) -> Response + Send + Sync + 'static,
    ) -> Self {
        let hits = Arc::new(AtomicUsize::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let handler: Handler = Arc::new(handler);
        let app = Router::new().fallback(answer).with_state((handler, hits.clone()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { origin, hits }
    }

    fn url(&self, path: &str) -> Url {
        self.origin.join(path).unwrap()
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    fn config(&self) -> CloudConfig {
        let origin = &self.origin;
        let cloud = Cloud {
            login: origin.clone(),
            graph: origin.clone(),
            arm: origin.clone(),
            site_origin: Some(origin.clone()),
            ..Cloud::named("public").unwrap()
        };
        let mut config = CloudConfig::new(Arc::new(cloud), "client", Arc::new(noon));
        config.limits.first_wait = Duration::ZERO;
        config
    }

    fn http(&self) -> Http {
        Http::new(self.config())
    }

    fn listened(&self) -> (Http, UnboundedReceiver<CallRecord>) {
        let (calls, records) = unbounded_channel();
        (Http::new(CloudConfig { calls: Some(calls), ..self.config() }), records)
    }
}

async fn answer(State((handler, hits)): State<(Handler, Arc<AtomicUsize>)>, request: Incoming) -> Response {
    let hit = hits.fetch_add(1, Ordering::SeqCst) + 1;
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    handler(hit, &parts.uri.to_string(), &parts.headers, &String::from_utf8_lossy(&body))
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn said(status: u16, body: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_owned()).into_response()
}

fn token() -> SecretString {
    "canary-token-value".into()
}

#[tokio::test]
async fn a_read_is_repeated_until_the_service_recovers() {
    let server = Server::start(|hit, _, _, _| match hit {
        1 => said(503, ""),
        2 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]).into_response(),
        _ => said(200, r#"{"id":"x"}"#),
    })
    .await;
    let (http, mut records) = server.listened();
    let answer = http.read(&Request::get(Service::Graph, server.url("/v1.0/me"))).await.unwrap();
    assert_eq!(answer.json().unwrap()["id"], "x");
    assert_eq!(answer.at, noon());
    assert_eq!(server.hits(), 3);
    let tries: Vec<_> = (0..3).map(|_| records.try_recv().unwrap()).map(|r| (r.attempt, r.status)).collect();
    assert_eq!(tries, [(1, Some(503)), (2, Some(429)), (3, Some(200))]);
}

#[tokio::test]
async fn a_wait_before_the_next_try_is_told() {
    let server = Server::start(|hit, _, _, _| match hit {
        1 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "4")]).into_response(),
        // A wait that nobody would notice.
        2 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")]).into_response(),
        _ => said(200, "{}"),
    })
    .await;
    let (tell, told) = std::sync::mpsc::channel();
    let mut config = server.config();
    config.limits.speed = 1000;
    config.on_pause = Some(Arc::new(move |service, wait| tell.send((service, wait)).unwrap()));
    Http::new(config).read(&Request::get(Service::Graph, server.url("/v1.0/me"))).await.unwrap();
    let told: Vec<(Service, Pause)> = told.try_iter().collect();
    let [(service, Pause::Begins(wait)), end] = told[..] else { panic!("{told:?}") };
    assert_eq!((service, end), (Service::Graph, (Service::Graph, Pause::Ends)));
    // And a little more, by chance.
    assert!((4_000..=5_000).contains(&wait.as_millis()), "{wait:?}");
}

#[tokio::test]
async fn the_end_of_a_wait_that_is_given_up_is_told_too() {
    let server =
        Server::start(|_, _, _, _| (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "25")]).into_response())
            .await;
    let (tell, mut told) = unbounded_channel();
    let mut config = server.config();
    config.on_pause = Some(Arc::new(move |_, pause| tell.send(pause).unwrap()));
    let http = Http::new(config);
    let request = Request::get(Service::Graph, server.url("/v1.0/me"));
    let call = tokio::spawn(async move { http.read(&request).await });
    assert!(matches!(told.recv().await, Some(Pause::Begins(_))));
    call.abort();
    assert_eq!(told.recv().await, Some(Pause::Ends));
}

#[tokio::test]
async fn what_may_be_answered_only_once_is_sent_again_only_where_nobody_got_it() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let server = Server { origin, hits: Arc::default() };
    let breaking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 512]).await;
    });
    let (http, mut records) = server.listened();
    let mut tries = || std::iter::from_fn(|| records.try_recv().ok()).count();
    let ask = Request::ask(Service::Login, server.url("/t/oauth2/v2.0/devicecode"))
        .encoded_form("client_id=c".into());
    http.send(&ask.clone().again_unsent()).await.unwrap_err();
    assert_eq!(tries(), 1, "it may have arrived");
    breaking.await.unwrap();
    // The listener is gone now.
    http.send(&ask.clone().again_unsent()).await.unwrap_err();
    assert_eq!(tries(), 4);
    http.send(&ask).await.unwrap_err();
    assert_eq!(tries(), 1);
}

#[tokio::test]
async fn four_tries_are_enough_and_a_long_wait_is_left_to_the_person() {
    let server = Server::start(|_, path, _, _| {
        if path == "/busy" {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "120")]).into_response();
        }
        said(504, "gateway")
    })
    .await;
    let http = server.http();
    let trouble = http.read(&Request::get(Service::Arm, server.url("/slow"))).await.unwrap_err();
    assert_eq!((trouble.class, server.hits(), trouble.uncertain), (Class::ServiceFault, 4, false));
    let trouble = http.read(&Request::get(Service::Arm, server.url("/busy"))).await.unwrap_err();
    assert_eq!((trouble.class, server.hits()), (Class::Throttled, 5));
    assert!(trouble.next.contains("120 seconds"), "{}", trouble.next);
}

#[tokio::test]
async fn a_write_is_never_repeated() {
    let server = Server::start(|_, _, _, _| said(502, "")).await;
    let writes = server.http().writes().unwrap();
    let url = || server.url("/v1.0/applications");
    for request in [
        WriteRequest::post(Service::Graph, url()).json(&json!({})),
        WriteRequest::put(Service::Arm, url()),
        WriteRequest::patch(Service::Graph, url()),
    ] {
        let before = server.hits();
        let trouble = writes.send(&request).await.unwrap().ok().unwrap_err();
        assert_eq!(server.hits() - before, 1);
        assert!(trouble.uncertain, "a gateway's word does not say what was done");
    }
}

#[tokio::test]
async fn read_only_has_no_write_half() {
    let server = Server::start(|_, _, _, _| said(200, "")).await;
    assert!(Http::new(CloudConfig { read_only: true, ..server.config() }).writes().is_none());
}

#[tokio::test]
async fn a_write_whose_connection_breaks_is_uncertain() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let breaking = tokio::spawn(async move {
        use tokio::io::AsyncReadExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 512]).await;
    });
    let server = Server { origin, hits: Arc::default() };
    let writes = server.http().writes().unwrap();
    let request = WriteRequest::post(Service::Graph, server.url("/v1.0/applications")).json(&json!({"a": 1}));
    let trouble = writes.send(&request).await.unwrap_err();
    assert_eq!((trouble.class, trouble.uncertain), (Class::TimeOut, true));
    for kept in ["correlation ", "time 20", "POST /v1.0/applications"] {
        assert!(trouble.original.contains(kept), "the service can be asked about it: {}", trouble.original);
    }
    breaking.await.unwrap();
    // The listener is gone now: nothing can have been sent.
    let trouble = writes.send(&request).await.unwrap_err();
    assert_eq!((trouble.class, trouble.uncertain), (Class::Offline, false));
}

#[tokio::test]
async fn an_unanswered_call_times_out() {
    // Accepts into its backlog and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        origin: Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap(),
        hits: Arc::default(),
    };
    let mut config = server.config();
    config.limits.total = Duration::from_millis(30);
    let http = Http::new(config);
    let trouble = http.read(&Request::get(Service::Arm, server.url("/x"))).await.unwrap_err();
    assert_eq!(trouble.class, Class::TimeOut);
    assert!(trouble.what.contains("Azure Resource Manager"), "{}", trouble.what);
}

#[tokio::test]
async fn a_dropped_call_is_logged_as_cancelled() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        origin: Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap(),
        hits: Arc::default(),
    };
    let (http, mut records) = server.listened();
    let call = tokio::spawn({
        let request = Request::get(Service::Graph, server.url("/v1.0/me"));
        async move { http.read(&request).await }
    });
    let _stream = listener.accept().await.unwrap();
    call.abort();
    let record = records.recv().await.unwrap();
    assert_eq!((record.status, record.problem), (None, Some(Class::Cancelled)));
}

#[tokio::test]
async fn redirects_are_answers_and_a_token_follows_none() {
    let server = Server::start(|_, _, _, _| {
        (StatusCode::FOUND, [("location", "https://evil.example/")]).into_response()
    })
    .await;
    let answer = server
        .http()
        .send(&Request::get(Service::Graph, server.url("/v1.0/me")).token(&token()))
        .await
        .unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, Some("https://evil.example/")));
    assert_eq!(answer.ok().unwrap_err().class, Class::UnexpectedAnswer);
    assert_eq!(server.hits(), 1);
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed_with_the_token() {
    let server = Server::start(|_, _, _, _| said(200, "")).await;
    let (http, mut records) = server.listened();
    let evil = Url::parse("https://evil.example/v1.0/me?$skiptoken=1").unwrap();
    let trouble = http.read(&Request::get(Service::Graph, evil).token(&token())).await.unwrap_err();
    assert!(trouble.what.contains("evil.example"), "{}", trouble.what);
    assert!(records.try_recv().is_err(), "nothing was sent");
}

#[tokio::test]
async fn a_site_is_reached_under_its_own_name() {
    let server = Server::start(|_, path, headers, _| {
        let host = headers["host"].to_str().unwrap();
        let agent = headers["user-agent"].to_str().unwrap();
        said(200, &format!("{host}{path} {agent} {}", headers.contains_key("authorization")))
    })
    .await;
    let site = Url::parse("https://contoso-hello.azurewebsites.net/api/Hello?name=Ada").unwrap();
    let (http, mut records) = server.listened();
    let answer = http.read(&Request::get(Service::Site, site)).await.unwrap();
    let agent = concat!("Handclasp/", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        answer.safe_text(),
        format!("contoso-hello.azurewebsites.net/api/Hello?name=Ada {agent} false")
    );
    let record = records.try_recv().unwrap();
    assert_eq!(record.host, "contoso-hello.azurewebsites.net");
    assert_eq!(record.sign_in, SignInUsed::Nobody);
}

#[tokio::test]
async fn large_and_strange_bodies_are_survived() {
    let server = Server::start(|_, path, _, _| match path {
        "/large" => said(200, &"x".repeat(5000)),
        "/empty" => said(204, ""),
        "/bom" => said(200, "\u{feff}{\"a\":1}"),
        _ => said(200, "<html>\u{1b}[2J proxy</html>"),
    })
    .await;
    let mut config = server.config();
    (config.limits.body, config.limits.list) = (500, 1000);
    let http = Http::new(config);
    let get = |path: &str| Request::get(Service::Arm, server.url(path));
    let large = http.read(&get("/large")).await.unwrap();
    assert_eq!((large.body.len(), large.truncated), (1000, true));
    let told = large.json().unwrap_err();
    assert!(told.what.contains("larger than this program reads"), "{told:?}");
    assert!(told.original.contains("1000 bytes were read"), "{told:?}");
    let site = Url::parse("https://contoso.azurewebsites.net/large").unwrap();
    let large = http.read(&Request::get(Service::Site, site)).await.unwrap();
    assert_eq!((large.body.len(), large.truncated), (500, true));
    assert_eq!(http.read(&get("/empty")).await.unwrap().json().unwrap(), json!(null));
    assert_eq!(http.read(&get("/bom")).await.unwrap().json().unwrap(), json!({"a": 1}));
    let trouble = http.read(&get("/html")).await.unwrap().json().unwrap_err();
    assert_eq!(trouble.class, Class::UnexpectedAnswer);
    assert!(!trouble.original.contains('\u{1b}'), "{:?}", trouble.original);
}

#[tokio::test]
async fn the_services_tell_the_time_but_a_site_does_not() {
    let server =
        Server::start(|_, _, _, _| ([("date", "Sat, 21 Nov 2026 12:00:07 GMT")], "").into_response()).await;
    let told: Arc<Mutex<Vec<Timestamp>>> = Arc::default();
    let listener = told.clone();
    let config = CloudConfig {
        on_server_time: Some(Arc::new(move |time| listener.lock().unwrap().push(time))),
        ..server.config()
    };
    let http = Http::new(config);
    http.read(&Request::get(Service::Graph, server.url("/v1.0/me"))).await.unwrap();
    let site = Url::parse("https://contoso.azurewebsites.net/").unwrap();
    http.read(&Request::get(Service::Site, site)).await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["2026-11-21T12:00:07Z".parse().unwrap()]);
}

/// The classic settings answer with the secrets of every provider (microsoft-cloud 5.5).
#[tokio::test]
async fn the_secrets_of_other_providers_are_not_recorded() {
    let names = [
        "clientSecret",
        "googleClientSecret",
        "facebookAppSecret",
        "gitHubClientSecret",
        "twitterConsumerSecret",
        "microsoftAccountClientSecret",
    ];
    let server = Server::start(move |_, _, _, _| {
        let mut properties: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!(format!("Canary-{name}")))).collect();
        properties.insert("googleClientSecretSettingName".into(), json!("GOOGLE_SETTING"));
        axum::Json(json!({ "properties": properties })).into_response()
    })
    .await;
    let memory = crate::cloud::har::tests::Shared::default();
    let har = Arc::new(Har::new(Box::new(memory.clone())).unwrap());
    let http = Http::new(CloudConfig { har: Some(har), ..server.config() });
    http.read(&Request::get(Service::Arm, server.url("/settings"))).await.unwrap();
    let recorded = memory.document().to_string();
    assert!(!recorded.contains("Canary") && recorded.contains("GOOGLE_SETTING"), "{recorded}");
}

#[tokio::test]
async fn an_answer_that_was_spoilt_on_the_way_gives_no_secret_away_either() {
    let spoilt =
        r#"{"token_type":"Bearer","refresh_token":"1.CanaryRefresh","secretText":"Canary~Text","n":1,}"#;
    let server = Server::start(move |_, _, _, _| {
        (StatusCode::OK, [("content-type", "application/json")], spoilt.to_owned()).into_response()
    })
    .await;
    for service in [Service::Login, Service::Graph] {
        let memory = crate::cloud::har::tests::Shared::default();
        let har = Arc::new(Har::new(Box::new(memory.clone())).unwrap());
        let http = Http::new(CloudConfig { har: Some(har), ..server.config() });
        let request = Request::get(service, server.url("/t/oauth2/v2.0/token"));
        let answer = http.send(&request).await.unwrap();
        let trouble = answer.json().unwrap_err();
        assert_eq!(trouble.class, Class::UnexpectedAnswer);
        assert_eq!(trouble.original.contains("token_type"), service == Service::Graph, "{trouble:?}");
        for text in [format!("{trouble:?}"), memory.document().to_string()] {
            assert!(!text.contains("Canary"), "{text}");
        }
    }
}

#[tokio::test]
async fn nothing_recorded_or_logged_holds_a_secret() {
    let server = Server::start(|_, _, headers, body| {
        assert!(headers.contains_key("client-request-id"));
        assert!(body.contains("Canary%7ESecret%2B1"), "{body}");
        let echo = json!({"error": "invalid_client", "error_codes": [7_000_215], "error_description":
            "AADSTS7000215: Invalid client secret Canary~Secret+1 provided. Trace ID: t Correlation ID: c Timestamp: x"});
        (StatusCode::UNAUTHORIZED, [("set-cookie", "fpc=Canary"), ("content-type", "application/json")], echo.to_string())
            .into_response()
    })
    .await;
    let memory = crate::cloud::har::tests::Shared::default();
    let har = Arc::new(Har::new(Box::new(memory.clone())).unwrap());
    let (calls, mut records) = unbounded_channel();
    let http = Http::new(CloudConfig { calls: Some(calls), har: Some(har), ..server.config() });
    let request = Request::ask(Service::Login, server.url("/t/oauth2/v2.0/token?sig=CanaryCanary"))
        .encoded_form("client_id=c1&client_secret=Canary%7ESecret%2B1&code=CanaryCode1".into())
        .token(&"CanaryToken".into());
    let trouble = http.read(&request).await.unwrap_err();
    assert_eq!((trouble.class, trouble.code.as_deref()), (Class::SignInRefused, Some("AADSTS7000215")));
    let record = records.try_recv().unwrap();
    let recorded = memory.document().to_string();
    for text in [format!("{trouble:?}"), format!("{record:?}"), recorded] {
        assert!(!text.contains("Canary"), "{text}");
    }
    let document = memory.document();
    let entry = &document["log"]["entries"][0];
    assert_eq!(entry["response"]["status"], 401);
    assert!(entry["request"]["postData"]["text"].as_str().unwrap().contains("client_id=c1"));
}
