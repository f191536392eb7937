//! The Swagger 2.0 definition, by the rules that Power Platform adds to the format (power-platform 4.1, 4.2).

use serde_json::{Map, Value, json};

use super::Described;
use super::actions::{Action, Segment, heading};
use crate::engine::words::{say, say_with};

/// The whole document.
pub fn document(described: &Described) -> Value {
    let base = base(&described.actions);
    let mut paths: Map<String, Value> = Map::new();
    for action in &described.actions {
        let path = action.path_with(|name| format!("{{{name}}}"));
        let path =
            base.as_ref().and_then(|base| path.strip_prefix(base.as_str())).unwrap_or(&path).to_owned();
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[action.method.to_ascii_lowercase()] = operation(action);
    }
    json!({
        "swagger": "2.0",
        "info": { "title": described.title, "description": described.description, "version": "1.0" },
        "host": described.host,
        "basePath": base.as_deref().unwrap_or("/"),
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json", "text/plain"],
        "paths": paths,
        "definitions": {},
        "securityDefinitions": {
            "oauth2_auth": {
                "type": "oauth2",
                "flow": "accessCode",
                "authorizationUrl": format!("{}/oauth2/authorize", described.authority),
                "tokenUrl": format!("{}/oauth2/token", described.authority),
                "scopes": {},
            },
        },
        "security": [{ "oauth2_auth": [] }],
    })
}

/// `/api` where every path begins with it and goes on, as a base path must agree with all of them.
fn base(actions: &[Action]) -> Option<String> {
    let first = match actions.first()?.path.first()? {
        Segment::Text(text) => text,
        Segment::Parameter { .. } => return None,
    };
    let shared = actions.iter().all(|action| {
        action.path.len() > 1 && matches!(action.path.first(), Some(Segment::Text(text)) if text == first)
    });
    shared.then(|| format!("/{first}"))
}

fn operation(action: &Action) -> Value {
    let mut parameters: Vec<Value> = action
        .parameters()
        .map(|(name, integer)| {
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "type": if integer { "integer" } else { "string" },
                "x-ms-summary": heading(name),
                "x-ms-url-encoding": "single",
            })
        })
        .collect();
    if action.greets && !action.has_body() {
        parameters.push(json!({
            "name": "name",
            "in": "query",
            "required": false,
            "type": "string",
            "x-ms-summary": "Name",
            "description": say("import.who"),
        }));
    } else if action.greets {
        parameters.push(json!({
            "name": "body",
            "in": "body",
            "required": true,
            "schema": {
                "type": "object",
                "properties": {
                    "name": {
                        "type": "string",
                        "title": "Name",
                        "description": say("import.who"),
                        "x-ms-summary": "Name",
                    },
                },
            },
        }));
    } else if action.has_body() {
        parameters.push(json!({
            "name": "body",
            "in": "body",
            "required": false,
            "schema": { "type": "object" },
            "x-ms-summary": "Body",
        }));
    }
    let response = if action.greets {
        json!({ "description": say("import.answer"), "schema": { "type": "string" } })
    } else {
        json!({ "description": say("import.answer") })
    };
    json!({
        "operationId": action.id,
        "summary": action.summary,
        "description": say_with("import.calls", &[("function", &action.function)]),
        "x-ms-visibility": "important",
        "parameters": parameters,
        "responses": { "200": response },
    })
}
