//! "Test operation": the gateway calls one operation of the definition with the connection's token (power-platform 6.8).

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderValue, Method};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::connect::{self, Place};
use super::definition::{Operation, operations};
use crate::practice::wire::{Reply, Request, find};
use crate::practice::world::World;
use crate::practice::{easy_auth, server};

/// What "Test operation" called, and what came back.
pub struct Tested {
    /// HTTP method of the operation.
    pub method: Method,
    /// Path that was called.
    pub path: String,
    /// The answer: the function's, Easy Auth's, or the gateway's own.
    pub reply: Reply,
}

/// Calls an operation through Easy Auth with the connection's token. `filled` is what stands in the fields of the Test
/// page: `operation`, where it is not the first, `body`, where it is typed whole, and the parameters by name.
pub fn test(world: &mut World, place: Place, filled: &[(String, String)]) -> Tested {
    let Some(saved) = world.connectors.get(place.connector) else {
        return Tested {
            method: Method::GET,
            path: String::new(),
            reply: refused(403, "The connector is gone."),
        };
    };
    let (scheme, host) = (saved.scheme.clone(), saved.host.clone());
    let base = saved.definition["basePath"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
    let listed = operations(&saved.definition);
    let chosen = match find(filled, "operation").filter(|id| !id.is_empty()) {
        Some(id) => listed.iter().find(|operation| operation.id == id),
        None => listed.first(),
    };
    let Some(operation) = chosen else {
        let reply = refused(404, "The definition has no such operation.");
        return Tested { method: Method::GET, path: base, reply };
    };
    let mut request = filled_in(operation, &base, filled);
    let (method, path) = (request.method.clone(), request.path.clone());
    let reply = match token(world, place) {
        Ok(token) => {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
            request.headers.extend(bearer.ok().map(|bearer| (AUTHORIZATION, bearer)));
            forward(world, request, &scheme, &host)
        }
        Err(refusal) => refusal,
    };
    Tested { method, path, reply }
}

/// The gateway's own refusal, before it reached the function.
fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"status": status, "source": "", "message": message}))
        .with("x-ms-failure-cause", "apihub-token-exchange")
}

/// The access token of the connection: the one it has, or where that has ended the next one (power-platform 7.3 #30).
fn token(world: &mut World, place: Place) -> Result<secrecy::SecretString, Reply> {
    let now = world.now();
    let held = |world: &World| {
        let connection = world.connectors.get(place.connector)?.connections.get(place.connection)?;
        Some((connection.access_token.clone(), connection.token_ends, connection.error.clone()))
    };
    let Some((token, ends, error)) = held(world) else {
        return Err(refused(403, "The connection is gone."));
    };
    let exchange = |reason: &str| format!("Error from token exchange: {reason}");
    let Some(token) = token else {
        let reason = error.as_deref().unwrap_or("This connection is not authenticated.");
        return Err(refused(403, &exchange(reason)));
    };
    if ends.is_none_or(|ends| now < ends) {
        return Ok(token);
    }
    connect::refresh(world, place).map_err(|reason| refused(401, &exchange(&reason)))?;
    held(world).and_then(|(token, _, _)| token).ok_or_else(|| refused(403, "The connection is gone."))
}

/// The call with its fields filled in: each parameter goes where the definition says.
fn filled_in(operation: &Operation, base: &str, filled: &[(String, String)]) -> Request {
    let mut path = operation.path.clone();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut headers = Vec::new();
    let mut body = None;
    for parameter in &operation.parameters {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = find(filled, name).filter(|value| !value.is_empty());
        match (parameter["in"].as_str().unwrap_or_default(), value) {
            ("path", value) => {
                let encoded: String =
                    url::form_urlencoded::byte_serialize(value.unwrap_or_default().as_bytes()).collect();
                path = path.replace(&format!("{{{name}}}"), &encoded.replace('+', "%20"));
            }
            ("query", Some(value)) => {
                query.append_pair(name, value);
            }
            ("header", Some(value)) => headers.push((name.to_owned(), value.to_owned())),
            ("body", _) => {
                let whole = find(filled, "body").filter(|text| !text.trim().is_empty()).map(str::to_owned);
                body = Some(whole.unwrap_or_else(|| object(&parameter["schema"], filled).to_string()));
            }
            _ => {}
        }
    }
    let mut request = Request::new(operation.method.clone(), "", &format!("{base}{path}"), &query.finish());
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            request.headers.insert(name, value);
        }
    }
    if let Some(body) = body {
        request.body = body.into_bytes();
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    request
}

/// The body from the fields that the schema names. Fields that are empty are left out.
fn object(schema: &Value, filled: &[(String, String)]) -> Value {
    let mut members = Map::new();
    for (name, kind) in schema["properties"].as_object().into_iter().flatten() {
        let Some(text) = find(filled, name).filter(|text| !text.is_empty()) else { continue };
        let typed = match kind["type"].as_str() {
            Some("integer" | "number" | "boolean" | "object" | "array") => serde_json::from_str(text).ok(),
            _ => None,
        };
        members.insert(name.clone(), typed.unwrap_or_else(|| text.into()));
    }
    Value::Object(members)
}

/// Sends a call to where host and scheme lead. A site is found by its host names, as the DNS has them: its bare name
/// leads nowhere (power-platform 1.3). What the gateway answers then is unconfirmed.
fn forward(world: &mut World, mut request: Request, scheme: &str, host: &str) -> Reply {
    let usual = if scheme == "http" { ":80" } else { ":443" };
    let name = host.strip_suffix(usual).unwrap_or(host).to_ascii_lowercase();
    let known = |site: &crate::practice::world::Site| {
        site.host_names.iter().any(|known| known.eq_ignore_ascii_case(&name))
    };
    let site = HeaderValue::from_str(&name).ok().filter(|_| world.sites.iter().any(known));
    let Some(site) = site else {
        let message = format!("The remote name could not be resolved: '{name}'");
        return Reply::json(502, &json!({"status": 502, "source": "", "message": message}));
    };
    request.host = name;
    scheme.clone_into(&mut request.scheme);
    request.headers.insert(server::SITE, site);
    request.headers.insert(USER_AGENT, HeaderValue::from_static("azure-logic-apps/1.0"));
    easy_auth::handle(world, &request)
}
