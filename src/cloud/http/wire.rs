//! One exchange on the wire: sent, read up to the limit, logged and recorded.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderValue};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::config::CloudConfig;
use super::guard::Route;
use super::request::{Body, Request, Service};
use super::retry::http_date;
use crate::cloud::call_log::CallRecord;
use crate::cloud::classify;
use crate::cloud::har::{Entry, EntryAnswer};
use crate::cloud::redact::Redactor;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

const USER_AGENT: &str = concat!("Handclasp/", env!("CARGO_PKG_VERSION"));

/// The headers in which services name a request, the most telling first (microsoft-cloud 2.3, 4.1, 5.1).
const CORRELATION: [&str; 4] =
    ["client-request-id", "x-ms-correlation-request-id", "request-id", "x-ms-request-id"];

/// The connections. Each is made when it is first needed: reading the system's trust store takes longer than all
/// else that happens before the first frame.
#[derive(Default)]
pub(super) struct Wire {
    /// To the world: the system's trust and proxies.
    world: OnceLock<Result<Client, Trouble>>,
    /// To this machine: past any proxy, and never by asking a name server what `localhost` is.
    here: OnceLock<Result<Client, Trouble>>,
}

/// An exchange that brought no answer.
pub(super) struct Failed {
    pub trouble: Trouble,
    /// Whether sending it again may bring one.
    pub repeating_may_help: bool,
    /// Whether the service may have got it.
    pub may_have_landed: bool,
}

/// Resolves every name to this machine.
struct ThisMachine;

impl Resolve for ThisMachine {
    fn resolve(&self, _: Name) -> Resolving {
        let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let addresses: Addrs = Box::new(both.into_iter().map(|address| SocketAddr::new(address, 0)));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

impl Wire {
    fn client(&self, config: &CloudConfig, loopback: bool) -> Result<&Client, Trouble> {
        let made = if loopback {
            self.here.get_or_init(|| {
                client(config, |builder| builder.no_proxy().dns_resolver(Arc::new(ThisMachine)))
            })
        } else {
            self.world.get_or_init(|| client(config, |builder| builder))
        };
        made.as_ref().map_err(Clone::clone)
    }

    /// Sends a request once.
    pub(super) async fn once(
        &self,
        config: &CloudConfig,
        request: &Request,
        route: &Route,
        attempt: u8,
        write: bool,
    ) -> Result<Answer, Failed> {
        let client = self.client(config, route.loopback).map_err(|trouble| Failed {
            trouble,
            repeating_may_help: false,
            may_have_landed: false,
        })?;
        let (headers, correlation) = headers(request, route);
        let mut redactor = redactor(request);
        let mut log = Log::start(config, request, &redactor, attempt, correlation.clone());
        let mut outgoing = client.request(request.method.clone(), route.url.clone()).headers(headers.clone());
        if let Some(body) = request.body_text() {
            outgoing = outgoing.body(body.to_owned());
        }
        let outcome = match outgoing.send().await {
            Ok(response) => read(response, most(config, request.service)).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(got) => {
                redactor.learn_from_body(&got.body);
                let named = CORRELATION.iter().find_map(|name| text_header(&got.headers, name));
                log.answered(got.status, named.clone());
                log.record(request, &headers, &redactor, Ok(&got));
                if request.service != Service::Site
                    && let (Some(tell), Some(time)) =
                        (&config.on_server_time, http_date(&got.headers, "date"))
                {
                    tell(time);
                }
                Ok(Answer {
                    service: request.service,
                    status: got.status,
                    headers: got.headers,
                    body: got.body,
                    truncated: got.truncated,
                    at: (config.now)(),
                    call: format!("{} {}", request.method, redactor.path(&request.url)),
                    url: request.url.clone(),
                    correlation: named.or(correlation),
                    write,
                    redactor: Arc::new(redactor),
                })
            }
            Err(error) => {
                let error = error.without_url();
                let connecting = error.is_connect();
                let mut trouble = classify::no_answer(&error, request.service, &request.url, &redactor);
                log.failed(trouble.class);
                log.record(request, &headers, &redactor, Err(&trouble.original));
                let call = format!("{} {}", request.method, redactor.path(&request.url));
                trouble.original =
                    classify::with_ids(&trouble.original, correlation.as_deref(), (config.now)(), &call);
                Err(Failed {
                    // A broken connection is over at once, and one that is not made is given up early; an answer that
                    // was waited for in vain has used up the person's patience already.
                    repeating_may_help: !error.is_builder() && (connecting || !error.is_timeout()),
                    may_have_landed: !connecting && !error.is_builder(),
                    trouble,
                })
            }
        }
    }
}

fn client(
    config: &CloudConfig,
    special: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client, Trouble> {
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(Policy::none())
        .connect_timeout(config.limits.connect)
        .timeout(config.limits.total);
    special(config.extra_roots.trusted_by(builder)).build().map_err(|error| {
        Trouble::new(Class::Local, say("not_sent.settings"), say("not_sent.settings_next"))
            .original(classify::chain(&error))
    })
}

/// What came back, before anybody judged it.
struct Got {
    status: u16,
    reason: &'static str,
    version: &'static str,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
    truncated: bool,
}

/// How many bytes of a service's answers are read.
const fn most(config: &CloudConfig, service: Service) -> usize {
    match service {
        Service::Graph | Service::Arm => config.limits.list,
        Service::Login | Service::PowerApps | Service::Site => config.limits.body,
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Got, reqwest::Error> {
    let mut body = Zeroizing::new(Vec::new());
    let mut truncated = false;
    while let Some(chunk) = response.chunk().await? {
        let room = limit.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            truncated = true;
            break;
        }
    }
    let status = response.status();
    Ok(Got {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or_default(),
        version: match response.version() {
            http::Version::HTTP_2 => "HTTP/2",
            http::Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        },
        headers: std::mem::take(response.headers_mut()),
        body,
        truncated,
    })
}

/// The headers to send, and the correlation id among them.
fn headers(request: &Request, route: &Route) -> (HeaderMap, Option<String>) {
    let mut headers = request.headers.clone();
    let names: &[&'static str] = match request.service {
        Service::Login | Service::Graph => &["client-request-id"],
        Service::Arm => &["x-ms-correlation-request-id", "x-ms-client-request-id"],
        Service::PowerApps | Service::Site => &[],
    };
    let id = Uuid::new_v4().to_string();
    if let Ok(value) = HeaderValue::from_str(&id) {
        for name in names {
            headers.insert(*name, value.clone());
        }
    }
    if let Some(token) = &request.token {
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
        if let Ok(mut value) = HeaderValue::from_str(&bearer) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
    }
    if let Some(host) = route.host.as_deref().and_then(|host| HeaderValue::from_str(host).ok()) {
        headers.insert(HOST, host);
    }
    (headers, (!names.is_empty()).then_some(id))
}

/// Knows what the request carries.
fn redactor(request: &Request) -> Redactor {
    let mut redactor = Redactor::default();
    if let Some(token) = &request.token {
        redactor.learn(token.expose_secret());
    }
    for (name, value) in &request.headers {
        if let Ok(value) = value.to_str()
            && redactor.header(name.as_str(), value) == crate::cloud::redact::REDACTED
        {
            redactor.learn(value);
        }
    }
    if let Some(query) = request.url.query() {
        redactor.learn_from_form(query);
    }
    match &request.body {
        Body::None => {}
        Body::Form(form) => redactor.learn_from_form(form.expose_secret()),
        Body::Json(json) => {
            if let Ok(value) = serde_json::from_str(json.expose_secret()) {
                redactor.learn_from_json(&value);
            }
        }
    }
    redactor
}

fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(crate::engine::clean::clean_line(text, 64)).filter(|text| !text.is_empty())
}

/// The record of one exchange; sent off when it is over, also when nobody waits for it any more.
struct Log<'a> {
    config: &'a CloudConfig,
    record: CallRecord,
    started: Instant,
}

impl<'a> Log<'a> {
    fn start(
        config: &'a CloudConfig,
        request: &Request,
        redactor: &Redactor,
        attempt: u8,
        correlation: Option<String>,
    ) -> Self {
        let host = request.url.host_str().unwrap_or_default();
        Self {
            config,
            started: Instant::now(),
            record: CallRecord {
                at: (config.now)(),
                service: request.service,
                method: request.method.to_string(),
                host: request.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
                path: redactor.path(&request.url),
                status: None,
                problem: Some(Class::Cancelled),
                duration: std::time::Duration::ZERO,
                correlation,
                sign_in: request.sign_in,
                right: request.right,
                attempt,
            },
        }
    }

    fn answered(&mut self, status: u16, correlation: Option<String>) {
        self.record.status = Some(status);
        self.record.problem = None;
        self.record.correlation = correlation.or(self.record.correlation.take());
    }

    fn failed(&mut self, class: Class) {
        self.record.problem = Some(class);
    }

    fn record(&self, request: &Request, sent: &HeaderMap, redactor: &Redactor, outcome: Result<&Got, &str>) {
        let Some(har) = &self.config.har else { return };
        let safe = |headers: &HeaderMap| -> Vec<(String, String)> {
            headers
                .iter()
                .map(|(name, value)| {
                    let text = String::from_utf8_lossy(value.as_bytes());
                    (name.to_string(), redactor.header(name.as_str(), &text))
                })
                .collect()
        };
        let content_type = |headers: &HeaderMap| {
            headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
        };
        har.record(&Entry {
            started: self.record.at,
            milliseconds: self.started.elapsed().as_secs_f64() * 1000.0,
            method: self.record.method.clone(),
            url: redactor.url(&request.url),
            query: redactor.parameters(request.url.query().unwrap_or_default()),
            request_headers: safe(sent),
            request_body: request.body_text().map(|body| {
                let mime = content_type(sent);
                let text = redactor.body(&mime, body.as_bytes());
                (mime, text)
            }),
            answer: outcome.map_err(str::to_owned).map(|got| {
                let mime = content_type(&got.headers);
                EntryAnswer {
                    status: got.status,
                    reason: got.reason.to_owned(),
                    version: got.version,
                    headers: safe(&got.headers),
                    body: redactor.body(&mime, &got.body),
                    content_type: mime,
                    size: got.body.len(),
                }
            }),
        });
    }
}

impl Drop for Log<'_> {
    fn drop(&mut self) {
        self.record.duration = self.started.elapsed();
        if let Some(calls) = &self.config.calls {
            // Nobody may be listening any more; then nobody misses it.
            let _ = calls.send(self.record.clone());
        }
    }
}
