//! What Graph's answers have in common: the refusal and its envelope, headers, contexts (microsoft-cloud 4.1, 4.10).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::query;
use crate::practice::entra;
use crate::practice::wire::{Reply, Request, TokenFault};
use crate::practice::world::World;

/// The code of a refusal that demands a stronger sign-in.
const TOO_WEAK: &str = "InsufficientClaims";

/// A refusal of Graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Error code.
    pub code: &'static str,
    /// Error text.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// A reply, or the refusal that takes its place.
pub type Answer = Result<Reply, Refusal>;

impl Refusal {
    /// A refusal from its parts.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400 for a value that cannot be taken.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 400 for a query that Graph does not support (or not without the advanced-query header).
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// 404 for an object that is not there, or not there yet.
    pub fn not_found(id: &str) -> Self {
        let message = format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// 403 for a caller who may not.
    pub fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// 405 for a method that the path does not have.
    pub fn method() -> Self {
        Self::new(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    }

    /// 401 for a missing token (`None`) or one that does not hold.
    pub fn unauthenticated(fault: Option<TokenFault>) -> Self {
        let message = match fault {
            None => "Access token is empty.",
            Some(TokenFault::Invalid) => "CompactToken parsing failed with error code: 80049217",
            Some(TokenFault::Expired) => "Lifetime validation failed, the token is expired.",
            Some(TokenFault::WrongAudience) => "Access token validation failure. Invalid audience.",
            Some(TokenFault::TooWeak) => {
                let message =
                    "The presented access token does not satisfy the required authentication context.";
                return Self::new(401, TOO_WEAK, message);
            }
        };
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// The refusal as a reply. The ids inside the body are filled in by [`finish`].
    pub fn into_reply(self) -> Reply {
        let reply = Reply::json(
            self.status,
            &json!({"error": {"code": self.code, "message": self.message, "innerError": {}}}),
        );
        if self.status == 401 {
            let claims = entra::demanded_claims();
            let more = match self.code {
                TOO_WEAK => {
                    format!(", error=\"insufficient_claims\", claims=\"{}\"", BASE64_STANDARD.encode(claims))
                }
                _ => String::new(),
            };
            let challenge = "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                             client_id=\"00000003-0000-0000-c000-000000000000\"";
            return reply.with("www-authenticate", &format!("{challenge}{more}"));
        }
        reply
    }
}

/// A JSON answer with Graph's content type.
pub fn body(status: u16, value: &Value) -> Reply {
    Reply::json(status, value).with(
        "content-type",
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
    )
}

/// One entity with its context. `set` is the context's tail, such as `applications/$entity`; selected members are named in
/// it (OData JSON 4.01, 10.8).
pub fn entity(status: u16, request: &Request, set: &str, value: Value) -> Reply {
    let mut members = serde_json::Map::new();
    let selected =
        query::option(request, "select").filter(|names| !names.is_empty()).zip(set.strip_suffix("/$entity"));
    let set = selected.map_or_else(|| set.to_owned(), |(names, of)| format!("{of}({names})/$entity"));
    members.insert("@odata.context".to_owned(), context(request, &set).into());
    if let Value::Object(own) = value {
        members.extend(own);
    }
    body(status, &Value::Object(members))
}

/// The metadata address of a set as this client sees Graph.
pub fn context(request: &Request, set: &str) -> String {
    format!("{}/v1.0/$metadata#{set}", request.address_of("graph.microsoft.com"))
}

/// Adds the headers that every answer of Graph has, and the ids and date inside an error.
pub fn finish(world: &mut World, request: &Request, reply: Reply) -> Reply {
    let id = world.next_id("graph request").to_string();
    let sent = request.header("client-request-id").map(str::to_owned);
    let mut reply = reply;
    if reply.status >= 400 {
        let mut value = reply.to_json();
        if let Some(inner) = value.pointer_mut("/error/innerError") {
            *inner = json!({
                "date": world.now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": id,
                "client-request-id": sent.as_deref().unwrap_or(&id),
            });
            reply.body = value.to_string().into_bytes();
        }
    }
    let reply = reply
        .with("request-id", &id)
        .with("odata-version", "4.0")
        .with("x-ms-resource-unit", "1")
        .with("cache-control", "no-cache");
    // A sent id is echoed by the server, if its switch says so.
    if sent.is_none() { reply.with("client-request-id", &id) } else { reply }
}
