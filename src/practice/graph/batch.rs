//! `$batch`: up to twenty requests in one, answered in any order (microsoft-cloud 4.8).

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, body};
use crate::practice::wire::{Caller, Reply, Request, Service};
use crate::practice::world::{Call, FaultAction, UnknownCall, World};

/// Most requests in one batch.
const LIMIT: usize = 20;

/// Answers `POST /v1.0/$batch`.
pub fn answer(world: &mut World, request: &Request, caller: &Caller) -> Answer {
    if request.method != Method::POST {
        return Err(Refusal::method());
    }
    let steps = read(request)?;
    let mut statuses: BTreeMap<String, u16> = BTreeMap::new();
    let mut responses = Vec::new();
    let mut waiting: Vec<&Step> = steps.iter().collect();
    while !waiting.is_empty() {
        let (ready, blocked): (Vec<&Step>, Vec<&Step>) = waiting
            .into_iter()
            .partition(|step| step.depends_on.iter().all(|other| statuses.contains_key(other)));
        if ready.is_empty() {
            return Err(malformed("The dependencies of the batch steps form a circle."));
        }
        for step in ready {
            let failed =
                step.depends_on.iter().any(|other| statuses.get(other).is_some_and(|status| *status >= 400));
            let reply = if failed {
                Refusal::new(424, "FailedDependency", "A request that this one depends on has failed.")
                    .into_reply()
            } else {
                run(world, request, caller, step)
            };
            statuses.insert(step.id.clone(), reply.status);
            responses.push(response(&step.id, &reply));
        }
        waiting = blocked;
    }
    // Clients must go by the ids; the real service promises no order.
    responses.reverse();
    Ok(body(200, &json!({"responses": responses})))
}

struct Step {
    id: String,
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Option<Value>,
    depends_on: Vec<String>,
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(400, "BadRequest", format!("Invalid batch payload format. {message}"))
}

fn read(request: &Request) -> Result<Vec<Step>, Refusal> {
    let payload = request.json().unwrap_or_default();
    let list = payload["requests"].as_array().filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| malformed("The member 'requests' is missing or empty."))?;
    if list.len() > LIMIT {
        return Err(malformed(&format!(
            "Number of batch request steps exceeds the maximum value of {LIMIT}."
        )));
    }
    let mut steps: Vec<Step> = Vec::with_capacity(list.len());
    for item in list {
        let step = step(item)?;
        if steps.iter().any(|other| other.id == step.id) {
            return Err(malformed(&format!("The id '{}' is used more than once.", step.id)));
        }
        steps.push(step);
    }
    for step in &steps {
        if step.depends_on.iter().any(|id| !steps.iter().any(|other| other.id == *id)) {
            return Err(malformed(&format!("The step '{}' depends on a step that is not there.", step.id)));
        }
    }
    Ok(steps)
}

fn step(item: &Value) -> Result<Step, Refusal> {
    let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty());
    let id = text("id").ok_or_else(|| malformed("A step has no id."))?.to_owned();
    let method =
        text("method").and_then(|name| Method::from_bytes(name.to_ascii_uppercase().as_bytes()).ok());
    let method = method.ok_or_else(|| malformed("A step has no method."))?;
    let url = text("url").ok_or_else(|| malformed("A step has no url."))?.to_owned();
    let mut headers = HeaderMap::new();
    for (name, value) in item["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Ok(name), Some(value)) = (HeaderName::try_from(name), value) {
            headers.insert(name, value);
        }
    }
    let body = item.get("body").filter(|body| !body.is_null()).cloned();
    if body.is_some() && !headers.contains_key("content-type") {
        return Err(malformed(&format!("The step '{id}' has a body without a Content-Type header.")));
    }
    let depends_on = item["dependsOn"].as_array().into_iter().flatten();
    let depends_on = depends_on.filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(Step { id, method, url, headers, body, depends_on })
}

fn run(world: &mut World, outer: &Request, caller: &Caller, step: &Step) -> Reply {
    let url = step.url.trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut inner = Request::new(step.method.clone(), &outer.host, &format!("/v1.0/{path}"), query);
    inner.scheme.clone_from(&outer.scheme);
    inner.headers = step.headers.clone();
    inner.body = step.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let reply = spoiled(world, &inner).unwrap_or_else(|| super::answer_one(world, &inner, caller));
    log(world, &inner, caller, step, &reply);
    reply
}

/// Faults strike the requests inside a batch one by one, as throttling does.
fn spoiled(world: &mut World, inner: &Request) -> Option<Reply> {
    let struck = world.faults.iter_mut().fold(None, |found: Option<FaultAction>, fault| {
        let strikes = fault.path.is_some() && fault.strikes(Service::Graph, inner);
        found.or_else(|| strikes.then(|| fault.action.clone()))
    })?;
    let FaultAction::Status { status, body: own, retry_after_s } = struck else { return None };
    let refusal = match status {
        429 => Refusal::new(429, "TooManyRequests", "Too many requests."),
        403 => Refusal::denied(),
        _ => Refusal::new(status, "UnknownError", "This failure was asked for by the practice scenario."),
    };
    let reply = match own {
        Some(own) => body(status, &own),
        None => refusal.into_reply(),
    };
    Some(match retry_after_s {
        Some(seconds) => reply.with("retry-after", &seconds.to_string()),
        None => reply,
    })
}

/// The server logs the batch as a whole, which is a read; what is inside it is logged here.
fn log(world: &mut World, inner: &Request, caller: &Caller, step: &Step, reply: &Reply) {
    if reply.unknown_path {
        world.unknown.push(UnknownCall {
            time: world.now(),
            method: inner.method.to_string(),
            host: inner.host.clone(),
            path: inner.path.clone(),
        });
    }
    if World::is_mutation(Service::Graph, &inner.method, &inner.path) {
        let call = Call {
            time: world.now(),
            service: Service::Graph,
            method: inner.method.to_string(),
            host: inner.host.clone(),
            path: inner.path.clone(),
            query: inner.raw_query.clone(),
            status: Some(reply.status),
            who: caller.name().to_owned(),
            body: step.body.clone().unwrap_or_default(),
        };
        world.record(call);
    }
}

fn response(id: &str, reply: &Reply) -> Value {
    let headers: Map<String, Value> = reply
        .headers
        .iter()
        .filter_map(|(name, value)| Some((header_name(name.as_str()), Value::from(value.to_str().ok()?))))
        .collect();
    let mut response = json!({"id": id, "status": reply.status, "headers": headers});
    if !reply.body.is_empty() {
        response["body"] = reply.to_json();
    }
    response
}

/// Header names inside a batch are spelled the way HTTP/1.1 services do.
fn header_name(name: &str) -> String {
    name.split('-')
        .map(|part| {
            let mut part = part.to_owned();
            part.get_mut(..1).map(str::make_ascii_uppercase);
            part
        })
        .collect::<Vec<_>>()
        .join("-")
}
