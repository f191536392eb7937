//! The small request, reply and caller that every practice service speaks, whatever carries them.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The services that share the one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Entra sign-in.
    SignIn,
    /// Microsoft Graph.
    Graph,
    /// Azure Resource Manager.
    Arm,
    /// The maker's side: connector page and Power Apps APIs.
    Maker,
    /// The consent host that connectors are redirected to.
    Consent,
    /// The Azure portal.
    Portal,
    /// A function app.
    Site,
    /// The control endpoint.
    Control,
    /// No service of ours.
    Unknown,
    /// A host name that nobody has: in the DNS there is nothing of it, so really no request is ever sent there.
    Nowhere,
}

/// One HTTP request, read whole.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// `http` or `https`, as the client sees it.
    pub scheme: String,
    /// Host with port, as the client sees it (`X-Forwarded-Host` before `Host`).
    pub host: String,
    /// Path as sent, percent-encoding kept.
    pub path: String,
    /// Query as sent, without the question mark.
    pub raw_query: String,
    /// Query pairs, decoded.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request from its parts; the query is decoded here.
    pub fn new(method: Method, host: &str, path: &str, raw_query: &str) -> Self {
        Self {
            method,
            scheme: "http".to_owned(),
            host: host.to_owned(),
            path: path.to_owned(),
            raw_query: raw_query.to_owned(),
            query: pairs(raw_query.as_bytes()),
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// A plain GET on loopback; the query may follow a question mark.
    pub fn get(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self::new(Method::GET, "127.0.0.1", path, query)
    }

    /// The path with its percent-encoding taken off.
    pub fn decoded_path(&self) -> String {
        // The form decoder reads a plus as a space and splits at these, which a path means literally.
        let literal = self.path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
        pairs(literal.as_bytes()).into_iter().next().map(|(path, _)| path).unwrap_or_default()
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A header as text; `None` if absent or not readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as form pairs, decoded.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The body as JSON; `None` if it is not.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the client believes that it talks to a public host.
    pub fn is_public(&self) -> bool {
        let host = self.host_name();
        !(host.is_empty()
            || host == "localhost"
            || host.ends_with(".localhost")
            || host.starts_with("127.")
            || host == "[::1]")
    }

    /// The host without its port, in lower case.
    pub fn host_name(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name.to_owned(),
            _ => host,
        }
    }

    /// Scheme and host as the client sees them, without a final slash.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// The address of another service for this client: its public name for one that uses public names, at the port that
    /// was asked, else this server.
    pub fn address_of(&self, public_host: &str) -> String {
        if !self.is_public() {
            return self.origin();
        }
        let port = self.host.get(self.host_name().len()..).filter(|port| *port != ":443").unwrap_or_default();
        format!("https://{public_host}{port}")
    }
}

/// The first value of a name among decoded pairs.
pub fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(bytes).into_owned().collect()
}

/// One HTTP answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
    /// Whether this is the answer to a path that the service does not know; it is then counted.
    pub unknown_path: bool,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Vec::new(), unknown_path: false }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Self {
        let mut reply = Self::empty(status);
        reply.body = body.to_string().into_bytes();
        reply.with("content-type", "application/json; charset=utf-8")
    }

    /// An HTML answer.
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        let mut reply = Self::empty(status);
        reply.body = body.into().into_bytes();
        reply.with("content-type", "text/html; charset=utf-8")
    }

    /// A plain text answer.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        let mut reply = Self::empty(status);
        reply.body = body.into().into_bytes();
        reply.with("content-type", "text/plain; charset=utf-8")
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        Self::empty(302).with("location", location)
    }

    /// The answer to a path that the service does not know: 404 and counted.
    pub fn unknown() -> Self {
        let mut reply =
            Self::json(404, &serde_json::json!({"error": {"code": "NotFound", "message": "Not found."}}));
        reply.unknown_path = true;
        reply
    }

    /// Sets a header; a name or value that HTTP does not allow is left out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The body as JSON; null if it is not.
    pub fn to_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What is wrong with a bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// Not a JWT, or signed by another key or with another algorithm.
    Invalid,
    /// Its time is over (or has not begun).
    Expired,
    /// It is meant for another resource.
    WrongAudience,
    /// It came of a sign-in that is not strong enough for this call.
    TooWeak,
}

/// Who calls, as the bearer token says (signature, lifetime and audience checked).
#[derive(Debug, Clone)]
pub enum Caller {
    /// No token.
    Anonymous,
    /// A token that does not hold.
    Refused(TokenFault),
    /// A person, through a client.
    User {
        /// Tenant GUID.
        tenant: String,
        /// Object id of the person.
        id: String,
        /// User principal name.
        upn: String,
        /// Client id that asked for the token.
        client_id: String,
        /// Delegated scopes in the token.
        scopes: Vec<String>,
    },
    /// An application by itself.
    App {
        /// Tenant GUID.
        tenant: String,
        /// Object id of its service principal.
        id: String,
        /// Client id.
        client_id: String,
        /// App roles in the token.
        roles: Vec<String>,
    },
}

impl Caller {
    /// How the call log names the caller.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Refused(_) => "refused token",
            Self::User { upn, .. } => upn,
            Self::App { client_id, .. } => client_id,
        }
    }

    /// Tenant GUID of a caller with a good token.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::User { tenant, .. } | Self::App { tenant, .. } => Some(tenant),
            Self::Anonymous | Self::Refused(_) => None,
        }
    }

    /// Object id of a caller with a good token.
    pub fn object_id(&self) -> Option<&str> {
        match self {
            Self::User { id, .. } | Self::App { id, .. } => Some(id),
            Self::Anonymous | Self::Refused(_) => None,
        }
    }

    /// Whether the token carries this delegated scope or app role, ignoring case.
    pub fn may(&self, permission: &str) -> bool {
        let held = match self {
            Self::User { scopes, .. } => scopes,
            Self::App { roles, .. } => roles,
            Self::Anonymous | Self::Refused(_) => return false,
        };
        held.iter().any(|name| name.eq_ignore_ascii_case(permission))
    }
}
