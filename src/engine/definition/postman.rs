//! The two Postman forms: V1, as the tutorial has it, and V2.1, which Postman still opens (power-platform 4.3).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Described;
use super::actions::{Action, Segment};
use crate::engine::words::say;

const SAMPLE_NAME: &str = "Ada";

/// Ids come from the host and the action, so that the same app always gives the same file.
fn id(described: &Described, what: &str) -> String {
    let app = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("https://{}", described.host).as_bytes());
    Uuid::new_v5(&app, what.as_bytes()).to_string()
}

/// Stands for an answer that is text, from which an import learns its type. What the text says is not known.
fn sample_answer() -> &'static str {
    say("import.answer")
}

fn url(described: &Described, action: &Action) -> String {
    let path = action.path_with(|name| format!(":{name}"));
    let query: Vec<String> = query(action).map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("https://{}{path}{mark}{}", described.host, query.join("&"))
}

/// What goes into the query: the name to greet, where no body takes it.
fn query(action: &Action) -> impl Iterator<Item = (&'static str, &'static str)> {
    (action.greets && !action.has_body()).then_some(("name", SAMPLE_NAME)).into_iter()
}

fn body(action: &Action) -> Option<String> {
    action.has_body().then(|| {
        if action.greets { format!("{{\n\t\"name\": \"{SAMPLE_NAME}\"\n}}") } else { "{\n}".to_owned() }
    })
}

fn header() -> Value {
    json!({ "key": "Content-Type", "name": "Content-Type", "value": "application/json", "description": "", "type": "text" })
}

/// The collection in the tutorial's form.
pub fn v1(described: &Described) -> Value {
    let collection = id(described, "collection");
    let ids: Vec<String> = described.actions.iter().map(|action| id(described, &action.id)).collect();
    let requests: Vec<Value> = described
        .actions
        .iter()
        .zip(&ids)
        .map(|(action, id)| request_v1(described, action, id, &collection))
        .collect();
    json!({
        "id": collection,
        "name": described.title,
        "description": described.description,
        "auth": null,
        "events": null,
        "variables": [],
        "order": ids,
        "folders_order": [],
        "protocolProfileBehavior": {},
        "folders": [],
        "requests": requests,
    })
}

fn request_v1(described: &Described, action: &Action, request: &str, collection: &str) -> Value {
    let url = url(described, action);
    let body = body(action);
    let headers = if body.is_some() { vec![header()] } else { Vec::new() };
    let variables: Map<String, Value> =
        action.parameters().map(|(name, _)| (name.to_owned(), Value::from(""))).collect();
    let variable_data: Vec<Value> =
        action.parameters().map(|(name, _)| json!({ "key": name, "value": "", "description": "" })).collect();
    let mode = if body.is_some() { json!("raw") } else { Value::Null };
    let options = if body.is_some() { json!({ "raw": { "language": "json" } }) } else { Value::Null };
    let query: Vec<Value> = query(action)
        .map(|(name, value)| {
            json!({ "key": name, "value": value, "equals": true, "description": "", "enabled": true })
        })
        .collect();
    let mut responses = Vec::new();
    if action.greets {
        responses.push(json!({
            "id": id(described, &format!("{}/response", action.id)),
            "name": action.id,
            "status": null,
            "mime": null,
            "language": "plain",
            "text": sample_answer(),
            "responseCode": { "code": 200, "name": "OK" },
            "requestObject": {
                "data": [],
                "dataMode": mode,
                "dataOptions": options,
                "headerData": headers,
                "method": action.method,
                "pathVariableData": [],
                "queryParams": query,
                "url": url,
                "rawModeData": body,
            },
            "headers": [{ "key": "Content-Type", "value": "text/plain; charset=utf-8" }],
            "cookies": null,
            "request": request,
            "collection": collection,
        }));
    }
    json!({
        "id": request,
        "name": action.id,
        "url": url,
        "description": action.summary,
        "data": [],
        "dataOptions": options,
        "dataMode": mode,
        "headerData": headers,
        "method": action.method,
        "pathVariableData": variable_data,
        "queryParams": query,
        "auth": null,
        "events": null,
        "folder": null,
        "responses": responses,
        "rawModeData": body,
        "headers": if body.is_some() { "Content-Type: application/json\n" } else { "" },
        "pathVariables": variables,
    })
}

/// The collection in the newer form.
pub fn v2(described: &Described) -> Value {
    let items: Vec<Value> = described.actions.iter().map(|action| item_v2(described, action)).collect();
    json!({
        "info": {
            "_postman_id": id(described, "collection"),
            "name": described.title,
            "description": described.description,
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "item": items,
    })
}

fn item_v2(described: &Described, action: &Action) -> Value {
    let request = request_v2(described, action);
    let mut responses = Vec::new();
    if action.greets {
        responses.push(json!({
            "name": action.id,
            "originalRequest": request,
            "status": "OK",
            "code": 200,
            "header": [{ "key": "Content-Type", "value": "text/plain; charset=utf-8" }],
            "body": sample_answer(),
        }));
    }
    json!({ "name": action.id, "request": request, "response": responses })
}

fn request_v2(described: &Described, action: &Action) -> Value {
    let path: Vec<String> = action
        .path
        .iter()
        .map(|segment| match segment {
            Segment::Text(text) => text.clone(),
            Segment::Parameter { name, .. } => format!(":{name}"),
        })
        .collect();
    let mut address = json!({
        "raw": url(described, action),
        "protocol": "https",
        "host": described.host.split('.').collect::<Vec<_>>(),
        "path": path,
    });
    let variables: Vec<Value> =
        action.parameters().map(|(name, _)| json!({ "key": name, "value": "" })).collect();
    if !variables.is_empty() {
        address["variable"] = Value::from(variables);
    }
    let query: Vec<Value> =
        query(action).map(|(name, value)| json!({ "key": name, "value": value })).collect();
    if !query.is_empty() {
        address["query"] = Value::from(query);
    }
    let mut request = json!({
        "method": action.method,
        "header": [],
        "description": action.summary,
        "url": address,
    });
    if let Some(body) = body(action) {
        request["header"] = json!([{ "key": "Content-Type", "value": "application/json" }]);
        request["body"] = json!({ "mode": "raw", "raw": body, "options": { "raw": { "language": "json" } } });
    }
    request
}
