//! From a Postman collection, V1, V2.0 or V2.1, to a definition (power-platform 4.3): one action for each request, with
//! its parameters learned from the samples.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// One request of a collection, whatever its form.
struct Call {
    name: String,
    method: String,
    url: String,
    body: Option<String>,
    answer: Option<String>,
}

/// The definition that a collection becomes. The error is what the dialog says.
pub fn converted(collection: &Value) -> Result<Value, String> {
    let calls = calls(collection)?;
    let Some(first) = calls.first() else {
        return Err("The Postman collection holds no request.".to_owned());
    };
    let (scheme, host, _, _) = parts(&first.url);
    let name = collection["name"].as_str().or(collection["info"]["name"].as_str()).unwrap_or_default();
    let description = collection["description"].as_str().or(collection["info"]["description"].as_str());
    let mut paths = Map::new();
    let mut taken = HashSet::new();
    for call in &calls {
        let (_, _, path, query) = parts(&call.url);
        let path: Vec<String> = path
            .split('/')
            .map(|part| part.strip_prefix(':').map_or_else(|| part.to_owned(), |name| format!("{{{name}}}")))
            .collect();
        let methods = paths.entry(path.join("/")).or_insert_with(|| json!({}));
        methods[call.method.to_ascii_lowercase()] = operation(call, &path, query, &mut taken);
    }
    Ok(json!({
        "swagger": "2.0",
        "info": {"title": name, "description": description.unwrap_or_default(), "version": "1.0"},
        "host": host, "basePath": "/", "schemes": [scheme], "consumes": [], "produces": [], "paths": paths,
        "definitions": {}, "parameters": {}, "responses": {}, "securityDefinitions": {}, "security": [], "tags": [],
    }))
}

fn calls(collection: &Value) -> Result<Vec<Call>, String> {
    if let Some(requests) = collection["requests"].as_array() {
        return Ok(requests.iter().map(of_v1).collect());
    }
    let schema = collection["info"]["schema"].as_str().unwrap_or_default();
    let newer = ["/v2.0.0/", "/v2.1.0/"].iter().any(|version| schema.contains(version));
    if !newer || !collection["item"].is_array() {
        return Err("The file is not a Postman collection V1, V2.0 or V2.1.".to_owned());
    }
    let mut calls = Vec::new();
    of_v2(&collection["item"], &mut calls);
    Ok(calls)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn of_v1(request: &Value) -> Call {
    Call {
        name: text(&request["name"]),
        method: text(&request["method"]),
        url: text(&request["url"]),
        body: request["rawModeData"].as_str().filter(|_| request["dataMode"] == "raw").map(str::to_owned),
        answer: request["responses"][0]["text"].as_str().map(str::to_owned),
    }
}

/// Folders are opened: what is in them counts like what is beside them.
fn of_v2(items: &Value, calls: &mut Vec<Call>) {
    for item in items.as_array().into_iter().flatten() {
        if item["item"].is_array() {
            of_v2(&item["item"], calls);
            continue;
        }
        let request = &item["request"];
        let url = request["url"]["raw"].as_str().or(request["url"].as_str()).or(request.as_str());
        calls.push(Call {
            name: text(&item["name"]),
            method: request["method"].as_str().unwrap_or("GET").to_owned(),
            url: url.unwrap_or_default().to_owned(),
            body: request["body"]["raw"].as_str().map(str::to_owned),
            answer: item["response"][0]["body"].as_str().map(str::to_owned),
        });
    }
}

/// Scheme, host, path and query of a request's address. Variables stay as they are written, and are refused as hosts.
fn parts(url: &str) -> (&str, &str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let at = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    (scheme, host, if path.is_empty() { "/" } else { path }, query)
}

fn operation(call: &Call, path: &[String], query: &str, taken: &mut HashSet<String>) -> Value {
    let mut parameters: Vec<Value> = path
        .iter()
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "type": "string"}))
        .collect();
    parameters.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(name, sample)| {
        json!({"name": name, "in": "query", "required": false, "type": "string", "default": sample})
    }));
    if let Some(body) = &call.body {
        let sample = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body.as_str()));
        parameters.push(json!({"name": "body", "in": "body", "required": false, "schema": learned(&sample)}));
    }
    let answer = call.answer.as_deref().unwrap_or_default();
    let answer = serde_json::from_str::<Value>(answer).unwrap_or_else(|_| Value::from(answer));
    json!({
        "operationId": unique(&call.name, taken), "summary": call.name, "parameters": parameters,
        "responses": {"default": {"description": "default", "schema": learned(&answer)}},
    })
}

fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let id: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    let id = if id.is_empty() { "Operation".to_owned() } else { id };
    let mut unique = id.clone();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{id}{number}");
        number += 1;
    }
    unique
}

/// The schema of a sample.
fn learned(sample: &Value) -> Value {
    match sample {
        Value::Object(members) => {
            let members: Map<String, Value> = members
                .iter()
                .map(|(name, value)| {
                    let mut schema = learned(value);
                    schema["title"] = name.as_str().into();
                    (name.clone(), schema)
                })
                .collect();
            json!({"type": "object", "properties": members})
        }
        Value::Array(items) => json!({"type": "array", "items": items.first().map_or(json!({}), learned)}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(number) if number.is_f64() => json!({"type": "number"}),
        Value::Number(_) => json!({"type": "integer"}),
        Value::Null | Value::String(_) => json!({"type": "string"}),
    }
}
