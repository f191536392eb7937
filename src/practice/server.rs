//! The one loopback port: reads a request, finds its service by host name or path, applies faults, latency and logs.

mod certificate;
mod dispatch;
mod hang_up;
mod lock;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::response::Response;
use http::HeaderValue;
use http::request::Parts;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::wire::{Caller, Reply, Request, Service};
use super::world::{Call, FaultAction, HeldCall, Shared, UnknownCall, World};
use super::{arm, connector, control, easy_auth, entra, graph, portal};
pub use certificate::{Papers, papers};
pub use dispatch::SITE;
use hang_up::{Cord, Droppable};
pub use lock::Lock;

/// Largest request body that is read, in bytes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Serves the world on a bound listener until `stop` resolves, over TLS where there is a lock for the door.
pub async fn serve(
    listener: TcpListener,
    lock: Option<Lock>,
    world: Shared,
    stop: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let router = axum::Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(world)
        .into_make_service_with_connect_info::<Cord>();
    let stopped = async move {
        // Either way it is over: the sender spoke or is gone.
        let _ = stop.await;
    };
    tokio::select! {
        ended = async { axum::serve(Droppable { listener, lock }, router).await } => ended,
        () = stopped => Ok(()),
    }
}

async fn answer(
    State(world): State<Shared>,
    ConnectInfo(cord): ConnectInfo<Cord>,
    parts: Parts,
    body: Bytes,
) -> Response {
    let (request, service) = {
        let world = world.lock();
        let mut request = read(&world, parts, &body);
        let service = dispatch::find(&world, &mut request);
        (request, service)
    };

    let (delay, spoiled) = {
        let mut world = world.lock();
        let fault = if service == Service::Control {
            None
        } else {
            // Every matching fault counts the call, but only the first that strikes acts.
            world.faults.iter_mut().fold(None, |found: Option<FaultAction>, fault| {
                let strikes = fault.strikes(service, &request);
                found.or_else(|| strikes.then(|| fault.action.clone()))
            })
        };
        (if service == Service::Control { 0 } else { world.latency_ms }, fault)
    };
    let delay = delay + if let Some(FaultAction::Delay { ms }) = spoiled { ms } else { 0 };
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }

    let holds = matches!(spoiled, Some(FaultAction::Hold));
    if holds {
        hold(&world, &request, false).await;
    }
    let response = reply(&world, &cord, service, &request, spoiled);
    if holds {
        hold(&world, &request, true).await;
    }
    response
}

/// Holds a call back until it is let go. Where the caller is gone first, nothing more comes of it.
async fn hold(world: &Shared, request: &Request, done: bool) {
    let (holds, id) = {
        let mut world = world.lock();
        (world.holds.clone(), world.next_number("held call"))
    };
    let (method, path) = (request.method.to_string(), request.path.clone());
    let body = request.json().unwrap_or(Value::Null);
    holds.hold(HeldCall { id, done, method, path, body }).await;
}

/// Does the call, or what a fault does in its place, and logs it.
fn reply(
    world: &Shared,
    cord: &Cord,
    service: Service,
    request: &Request,
    spoiled: Option<FaultAction>,
) -> Response {
    let mut world = world.lock();
    let caller = caller(&world, service, request);
    let (reply, dropped) = match spoiled {
        _ if service == Service::Nowhere => (handle(&mut world, service, request, &caller), true),
        Some(FaultAction::Status { status, body, retry_after_s }) => {
            (spoiled_status(service, status, body, retry_after_s), false)
        }
        Some(FaultAction::NotJson) => {
            (Reply::html(200, "<html><body>This is the proxy of Contoso.</body></html>"), false)
        }
        Some(FaultAction::Drop { applied: false }) => (Reply::empty(500), true),
        Some(FaultAction::Drop { applied: true }) => (handle(&mut world, service, request, &caller), true),
        Some(FaultAction::Delay { .. } | FaultAction::Hold) | None => {
            (handle(&mut world, service, request, &caller), false)
        }
    };
    log(&mut world, service, request, &caller, (!dropped).then_some(reply.status), reply.unknown_path);
    if dropped {
        cord.pull();
    }
    respond(&world, request, service, reply)
}

/// Hands a request to its service.
fn handle(world: &mut World, service: Service, request: &Request, caller: &Caller) -> Reply {
    match service {
        Service::SignIn => entra::handle(world, request),
        Service::Graph => graph::handle(world, request, caller),
        Service::Arm => arm::handle(world, request, caller),
        Service::Maker | Service::Consent => connector::handle(world, request, caller),
        Service::Portal => portal::handle(world, request, caller),
        Service::Site => easy_auth::handle(world, request),
        Service::Control => control::handle(world, request),
        // Counted, too, although it is never answered: it may be a host that the practice cloud should know.
        Service::Unknown | Service::Nowhere => Reply::unknown(),
    }
}

/// Who calls, for the services that take Entra tokens of their own audience.
fn caller(world: &World, service: Service, request: &Request) -> Caller {
    match service {
        Service::Graph | Service::Arm | Service::Maker => entra::caller(world, service, request),
        _ => Caller::Anonymous,
    }
}

fn log(
    world: &mut World,
    service: Service,
    request: &Request,
    caller: &Caller,
    status: Option<u16>,
    unknown: bool,
) {
    if unknown {
        world.unknown.push(UnknownCall {
            time: world.now(),
            method: request.method.to_string(),
            host: request.host.clone(),
            path: request.path.clone(),
        });
    }
    if World::is_mutation(service, &request.method, &request.path) {
        let call = Call {
            time: world.now(),
            service,
            method: request.method.to_string(),
            host: request.host.clone(),
            path: request.path.clone(),
            query: request.raw_query.clone(),
            status,
            who: caller.name().to_owned(),
            body: logged_body(request),
        };
        world.record(call);
    }
}

/// A body as the log keeps it: JSON as it is, a form as an object, anything else by its length.
fn logged_body(request: &Request) -> Value {
    if request.body.is_empty() {
        return Value::Null;
    }
    if let Some(body) = request.json() {
        return body;
    }
    if request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    {
        return request.form().into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    }
    json!(format!("({} bytes)", request.body.len()))
}

/// The answer of a fault that names no body: each service's own envelope for a failure.
fn spoiled_status(service: Service, status: u16, body: Option<Value>, retry_after_s: Option<u32>) -> Reply {
    let message = "This failure was asked for by the practice scenario.";
    let code = match (service, status) {
        (Service::Graph, 403) => "Authorization_RequestDenied",
        (Service::Graph, 404) => "Request_ResourceNotFound",
        (Service::Arm, 403) => "AuthorizationFailed",
        (Service::Arm, 404) => "ResourceNotFound",
        (Service::Arm, 409) => "Conflict",
        (_, 401) => "InvalidAuthenticationToken",
        (Service::Graph, 429) => "TooManyRequests",
        (_, 429) => "OperationNotAllowed",
        (_, 503) => "serviceUnavailable",
        _ => "UnknownError",
    };
    // A page, as a gateway in between would send it.
    if let Some(Value::String(page)) = &body {
        return Reply::html(status, page);
    }
    let body = body.unwrap_or_else(|| {
        if service == Service::SignIn {
            json!({"error": "temporarily_unavailable", "error_codes": [90033],
                "error_description": format!("AADSTS90033: A transient error has occurred. {message}")})
        } else {
            json!({"error": {"code": code, "message": message}})
        }
    });
    let reply = Reply::json(status, &body);
    match retry_after_s {
        Some(seconds) => reply.with("retry-after", &seconds.to_string()),
        None => reply,
    }
}

fn read(world: &World, parts: Parts, body: &Bytes) -> Request {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    // Behind several proxies the first name is the one that the client used.
    let first = |list: &str| list.split(',').next().unwrap_or_default().trim().to_owned();
    let host = header("x-forwarded-host")
        .or_else(|| header("host"))
        .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
        .map(first)
        .unwrap_or_default();
    let mut request =
        Request::new(parts.method, &host, parts.uri.path(), parts.uri.query().unwrap_or_default());
    let scheme = header("x-forwarded-proto").map(first);
    let own = world.origin.split_once("://").map_or("http", |(scheme, _)| scheme);
    request.scheme = scheme.unwrap_or_else(|| if request.is_public() { "https" } else { own }.to_owned());
    request.headers = parts.headers;
    request.body = body.to_vec();
    request
}

fn respond(world: &World, request: &Request, service: Service, reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    *headers = reply.headers;
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.entry(name).or_insert(value);
        }
    };
    // Clients correct their own clock by this header, so it has to tell the world's time.
    set("date", &world.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if matches!(service, Service::SignIn | Service::Graph | Service::Arm) {
        let correlation =
            request.header("client-request-id").or(request.header("x-ms-correlation-request-id"));
        if let Some(correlation) = correlation.filter(|_| world.switches.echo_client_request_id) {
            set("client-request-id", correlation);
        }
    }
    response
}

#[cfg(test)]
mod tests;
