//! Definitions in Swagger 2.0: what the page accepts (power-platform 4.1), the one that is made from blank, and the
//! operations that can be called.

use http::Method;
use serde_json::{Map, Value, json};

use crate::practice::world::Function;

/// Most characters of a definition that is kept in a solution (power-platform 4.1).
const MOST_CHARACTERS: usize = 500_000;
/// Most characters of a title (power-platform 4.1, observed).
pub const LONGEST_TITLE: usize = 30;
/// What illegal characters in a host are answered (power-platform 4.1).
pub const ILLEGAL_HOST: &str = "ApiHubsRequestFailed: Invalid Api definition object. Please specify a valid Swagger 2.0 \
                                Url and valid list of ServiceUrls.";
/// The methods of Swagger 2.0 that an operation can have.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
/// The extensions of the platform that the published schema knows (power-platform 4.1).
const KNOWN: [&str; 31] = [
    "x-ms-api-annotation",
    "x-ms-capabilities",
    "x-ms-connector-metadata",
    "x-ms-deployment-version",
    "x-ms-docs",
    "x-ms-dynamic-list",
    "x-ms-dynamic-properties",
    "x-ms-dynamic-schema",
    "x-ms-dynamic-tree",
    "x-ms-dynamic-values",
    "x-ms-enum",
    "x-ms-enum-values",
    "x-ms-localizeDefaultValue",
    "x-ms-media-kind",
    "x-ms-no-generic-test",
    "x-ms-notification",
    "x-ms-notification-content",
    "x-ms-notification-url",
    "x-ms-operation-context",
    "x-ms-pageable",
    "x-ms-parameter-location",
    "x-ms-safe-operation",
    "x-ms-skip-url-encoding",
    "x-ms-summary",
    "x-ms-test-value",
    "x-ms-trigger",
    "x-ms-trigger-hint",
    "x-ms-trigger-metadata",
    "x-ms-trigger-value",
    "x-ms-url-encoding",
    "x-ms-visibility",
];

/// Whether a host is one that the page takes: `^[^{}/ :\\]+(?::\d+)?$` (power-platform 4.1), and nothing that ends a host
/// in an address.
pub fn is_host(host: &str) -> bool {
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let legal = |c: char| !c.is_whitespace() && !matches!(c, '{' | '}' | '/' | ':' | '\\' | '?' | '#' | '@');
    !name.is_empty()
        && name.chars().all(legal)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The first thing that the service would refuse in a definition; `strict` adds what was only observed.
pub fn problem(document: &Value, strict: bool) -> Option<String> {
    if document["openapi"].is_string() || document["swagger"] != "2.0" {
        return Some("Only OpenAPI 2.0 (\"swagger\": \"2.0\") can be imported.".to_owned());
    }
    for member in ["title", "version"] {
        if document["info"][member].as_str().is_none_or(str::is_empty) {
            return Some(format!("Required property '{member}' is missing in 'info'."));
        }
    }
    let title = document["info"]["title"].as_str().unwrap_or_default();
    if strict && title.chars().count() > LONGEST_TITLE {
        return Some(long_title());
    }
    if document["host"].as_str().is_some_and(|host| !host.is_empty() && !is_host(host)) {
        return Some(ILLEGAL_HOST.to_owned());
    }
    if document["basePath"].as_str().is_some_and(|base| !base.is_empty() && !base.starts_with('/')) {
        return Some("'basePath' has to begin with '/'.".to_owned());
    }
    if document.to_string().chars().count() > MOST_CHARACTERS {
        return Some(format!(
            "0x80044331: the 'openapidefinition' attribute of the 'connector' entity exceeded the maximum allowed length of \
             '{MOST_CHARACTERS}'."
        ));
    }
    let Some(paths) = document["paths"].as_object() else {
        return Some("Required property 'paths' is missing.".to_owned());
    };
    if let Some(path) = paths.keys().find(|path| !(path.starts_with('/') || is_vendors(path))) {
        return Some(format!("The path '{path}' does not begin with '/'."));
    }
    unknown_extension(document)
        .map(|name| format!("The definition holds '{name}', which is not known."))
        .or_else(|| of_operations(document, strict))
}

/// What the page says of a title that is too long (power-platform 7.3 #36).
pub fn long_title() -> String {
    format!("An unexpected error occurred: the title has more than {LONGEST_TITLE} characters.")
}

/// Extensions of other people are free, those of the platform are not.
fn is_vendors(name: &str) -> bool {
    name.starts_with("x-") && !name.starts_with("x-ms-")
}

/// The first `x-ms-` member that the schema does not know. Properties of a schema may be called anything.
fn unknown_extension(value: &Value) -> Option<&str> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, inner)| {
            if name.starts_with("x-ms-") && !KNOWN.contains(&name.as_str()) {
                return Some(name.as_str());
            }
            match (name.as_str(), inner) {
                ("example" | "examples" | "default" | "enum", _) => None,
                ("properties" | "definitions", Value::Object(named)) => {
                    named.values().find_map(unknown_extension)
                }
                _ => unknown_extension(inner),
            }
        }),
        Value::Array(items) => items.iter().find_map(unknown_extension),
        _ => None,
    }
}

fn of_operations(document: &Value, strict: bool) -> Option<String> {
    let mut ids = std::collections::HashSet::new();
    for (path, method, operation) in entries(document) {
        let here = format!("{} {path}", method.to_uppercase());
        let id = operation["operationId"].as_str().unwrap_or_default();
        if id.is_empty() {
            return Some(format!("{here}: 'operationId' is required."));
        }
        if !ids.insert(id.to_owned()) {
            return Some(format!("{here}: the operationId '{id}' is there already."));
        }
        if operation["responses"].as_object().is_none_or(Map::is_empty) {
            return Some(format!("{here}: 'responses' is required."));
        }
        let visible = operation["x-ms-visibility"].as_str();
        if visible.is_some_and(|word| !matches!(word, "" | "important" | "advanced" | "internal")) {
            return Some(format!("{here}: 'x-ms-visibility' is important, advanced or internal."));
        }
        let problem = parameters(document, path, operation).find_map(|one| of_parameter(one, strict));
        if let Some(problem) = problem {
            return Some(format!("{here}: {problem}"));
        }
    }
    None
}

fn of_parameter(parameter: &Value, strict: bool) -> Option<String> {
    let text = |member: &str| parameter[member].as_str().unwrap_or_default();
    let fits = match text("in") {
        "body" => parameter["schema"].is_object(),
        "path" => !text("type").is_empty() && parameter["required"] == true,
        "query" | "header" | "formData" => !text("type").is_empty(),
        _ => false,
    };
    if text("name").is_empty() || !fits {
        return Some("JSON is valid against no schemas from 'oneOf'.".to_owned());
    }
    if strict && text("name") == "connectionId" {
        return Some("the parameter name 'connectionId' is reserved.".to_owned());
    }
    (strict && text("collectionFormat") == "multi")
        .then(|| "the collectionFormat 'multi' is not supported.".to_owned())
}

/// One thing that a connector can do.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// What a maker reads.
    pub summary: String,
    /// HTTP method.
    pub method: Method,
    /// Path below the base, with its parameters in braces.
    pub path: String,
    /// Its parameters, references followed.
    pub parameters: Vec<Value>,
}

/// The operations of a definition in their order.
pub fn operations(document: &Value) -> Vec<Operation> {
    entries(document)
        .filter_map(|(path, method, operation)| {
            let text = |member: &str| operation[member].as_str().unwrap_or_default().to_owned();
            let mut all: Vec<Value> = parameters(document, path, operation).cloned().collect();
            for parameter in &mut all {
                let schema = followed(document, &parameter["schema"]).clone();
                if schema.is_object() {
                    parameter["schema"] = schema;
                }
            }
            Some(Operation {
                id: text("operationId"),
                summary: text("summary"),
                method: method.to_ascii_uppercase().parse().ok()?,
                path: path.to_owned(),
                parameters: all,
            })
        })
        .collect()
}

fn entries(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.filter(|(path, _)| path.starts_with('/')).flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods
            .filter(|(method, _)| METHODS.contains(&method.as_str()))
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// The parameters of an operation and of its path.
fn parameters<'a>(document: &'a Value, path: &str, operation: &'a Value) -> impl Iterator<Item = &'a Value> {
    let shared = document["paths"][path]["parameters"].as_array().into_iter().flatten();
    let own = operation["parameters"].as_array().into_iter().flatten();
    shared.chain(own).map(|parameter| followed(document, parameter))
}

/// What a reference within the document stands for.
fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

/// A definition as it is made from blank, action by action, of what a site's functions offer: with the name in the body
/// where the function takes a POST, else in the query. The paths go on where the base URL ends.
pub fn from_blank(functions: &[Function], title: &str, scheme: &str, host: &str, base: &str) -> Value {
    let mut paths = Map::new();
    for function in functions.iter().filter(|function| !function.disabled) {
        let route = function.route.as_deref().unwrap_or(&function.name);
        let posts = function.methods.is_empty() || function.methods.iter().any(|method| method == "post");
        let name = if posts {
            json!({"name": "body", "in": "body", "required": true,
                "schema": {"type": "object", "properties": {"name": {"type": "string", "title": "name"}}}})
        } else {
            json!({"name": "name", "in": "query", "required": false, "type": "string"})
        };
        let operation = json!({
            "operationId": function.name, "summary": function.name, "parameters": [name],
            "responses": {"default": {"description": "default", "schema": {"type": "string"}}},
        });
        let whole = format!("/api/{}", route.trim_matches('/'));
        let below = whole.strip_prefix(base.trim_end_matches('/')).filter(|rest| rest.starts_with('/'));
        let path = below.unwrap_or(&whole).to_owned();
        paths.insert(path, json!({ (if posts { "post" } else { "get" }): operation }));
    }
    let document = json!({
        "swagger": "2.0", "info": {"title": title, "description": "", "version": "1.0"}, "host": host,
        "basePath": base, "schemes": [scheme], "consumes": [], "produces": [], "paths": paths,
        "definitions": {}, "parameters": {}, "responses": {}, "securityDefinitions": {}, "security": [], "tags": [],
    });
    secured(document)
}

/// A definition with what stands on the General page. `title` is the connector's name.
pub fn placed(mut document: Value, title: &str, scheme: &str, host: &str, base: &str) -> Value {
    document["info"]["title"] = title.into();
    if !document["info"]["description"].is_string() {
        document["info"]["description"] = "".into();
    }
    document["host"] = host.into();
    document["basePath"] = base.into();
    document["schemes"] = json!([scheme]);
    secured(document)
}

/// What the wizard writes about the sign-in, whatever is configured; nothing obeys it (power-platform 1.6).
fn secured(mut document: Value) -> Value {
    let authority = "https://login.windows.net/common/oauth2/authorize";
    document["securityDefinitions"] = json!({"oauth2_auth": {
        "type": "oauth2", "flow": "accessCode", "authorizationUrl": authority, "tokenUrl": authority, "scopes": {},
    }});
    document["security"] = json!([{"oauth2_auth": []}]);
    document
}
