//! What ARM's answers have in common: both error envelopes, rate-limit and correlation headers (microsoft-cloud 5.1, 5.9).

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::practice::wire::{Reply, Request};
use crate::practice::world::World;

/// A refusal of ARM or of the Web resource provider.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// ARM's own envelope.
    Arm {
        /// HTTP status.
        status: u16,
        /// Error code.
        code: &'static str,
        /// Error text.
        message: String,
        /// `WWW-Authenticate`, for a 401.
        challenge: Option<String>,
    },
    /// The Web resource provider's envelope: other casing, no wrapper.
    Web {
        /// HTTP status.
        status: u16,
        /// Error code.
        code: &'static str,
        /// Five-digit code of the detail.
        extended: &'static str,
        /// Error text.
        message: String,
    },
}

/// A reply, or the refusal that takes its place.
pub type Answer = Result<Reply, Refusal>;

impl Refusal {
    /// A refusal in ARM's own envelope.
    pub fn arm(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self::Arm { status, code, message: message.into(), challenge: None }
    }

    /// A body that cannot be taken.
    pub fn content(message: impl Into<String>) -> Self {
        Self::arm(400, "InvalidRequestContent", message)
    }

    /// A resource that is not there.
    pub fn resource(kind: &str, name: &str, group: &str) -> Self {
        let message = format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to \
             https://aka.ms/ARMResourceNotFoundFix"
        );
        Self::arm(404, "ResourceNotFound", message)
    }

    /// A method that the path does not have.
    pub fn method(method: &Method) -> Self {
        Self::arm(
            405,
            "HttpResourceMethodNotAllowed",
            format!("The requested resource does not support http method '{method}'."),
        )
    }

    /// The refusal as a reply.
    pub fn into_reply(self) -> Reply {
        match self {
            Self::Arm { status, code, message, challenge } => {
                let reply = Reply::json(status, &json!({"error": {"code": code, "message": message}}))
                    .with("x-ms-failure-cause", "gateway");
                match challenge {
                    Some(challenge) => reply.with("www-authenticate", &challenge),
                    None => reply,
                }
            }
            Self::Web { status, code, extended, message } => Reply::json(
                status,
                &json!({
                    "Code": code, "Message": message, "Target": null,
                    "Details": [
                        {"Message": message},
                        {"Code": code},
                        {"ErrorEntity": {
                            "ExtendedCode": extended, "MessageTemplate": "{0}", "Parameters": [message], "Code": code,
                            "Message": message,
                        }},
                    ],
                    "Innererror": null,
                }),
            ),
        }
    }
}

/// Adds the headers that every answer has.
pub fn finish(world: &mut World, request: &Request, reply: Reply) -> Reply {
    let id = world.next_id("arm request").to_string();
    let correlation = request.header("x-ms-correlation-request-id").unwrap_or(&id).to_owned();
    let routing = format!("WESTEUROPE:{}:{id}", world.now().strftime("%Y%m%dT%H%M%SZ"));
    let in_subscription = request.path.to_ascii_lowercase().starts_with("/subscriptions/");
    let limits: &[(&str, &str)] = match (&request.method, in_subscription) {
        (_, false) => &[("x-ms-ratelimit-remaining-tenant-reads", "16499")],
        (&Method::GET | &Method::HEAD, true) => &[
            ("x-ms-ratelimit-remaining-subscription-reads", "1099"),
            ("x-ms-ratelimit-remaining-subscription-global-reads", "16499"),
        ],
        (&Method::POST, true) => &[("x-ms-ratelimit-remaining-subscription-resource-requests", "799")],
        (_, true) => &[
            ("x-ms-ratelimit-remaining-subscription-writes", "799"),
            ("x-ms-ratelimit-remaining-subscription-global-writes", "11999"),
        ],
    };
    let reply = limits.iter().fold(reply, |reply, (name, value)| reply.with(name, value));
    reply
        .with("x-ms-request-id", &id)
        .with("x-ms-correlation-request-id", &correlation)
        .with("x-ms-routing-request-id", &routing)
        .with("cache-control", "no-cache")
        .with("x-content-type-options", "nosniff")
}

/// A resource with its ETag, which changes whenever its content does.
pub fn resource(value: &Value) -> Reply {
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, value.to_string().as_bytes()).simple().to_string();
    let digest = digest.get(..15).unwrap_or_default().to_uppercase();
    Reply::json(200, value).with("content-type", "application/json").with("etag", &format!("\"{digest}\""))
}

/// A page of a list, with the address of the next one. `ends_with_link` is for the lists whose description wants the
/// member on the last page too.
pub fn page(request: &Request, items: Vec<Value>, size: usize, ends_with_link: bool) -> Reply {
    page_of(request, items, size, ends_with_link, |item| item)
}

/// The same for a list whose items take some making: only those of the page are made.
pub fn page_of<T>(
    request: &Request,
    items: Vec<T>,
    size: usize,
    ends_with_link: bool,
    make: impl Fn(T) -> Value,
) -> Reply {
    let start = request.query("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0_usize);
    let size = size.max(1);
    let more = items.len() > start.saturating_add(size);
    let value: Vec<Value> = items.into_iter().skip(start).take(size).map(make).collect();
    let mut body = json!({"value": value});
    if more {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(request.query.iter().filter(|(name, _)| name != "$skiptoken"));
        query.append_pair("$skiptoken", &start.saturating_add(size).to_string());
        let link =
            format!("{}{}?{}", request.address_of("management.azure.com"), request.path, query.finish());
        body["nextLink"] = link.into();
    } else if ends_with_link {
        body["nextLink"] = "".into();
    }
    Reply::json(200, &body)
}
