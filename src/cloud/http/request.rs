//! What is sent: a read, or a write, which is another type.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::cloud::call_log::SignInUsed;
use crate::engine::change::Right;
use crate::engine::words::say;

/// Which service a call goes to. A call tagged with one of Microsoft's is sent only to this cloud's own host of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// The sign-in authority.
    Login,
    /// Microsoft Graph.
    Graph,
    /// Azure Resource Manager.
    Arm,
    /// The Power Apps service.
    PowerApps,
    /// The function app itself.
    Site,
}

impl Service {
    /// The name a person is shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => say("service.login"),
            Self::Graph => say("service.graph"),
            Self::Arm => say("service.arm"),
            Self::PowerApps => say("service.power_apps"),
            Self::Site => say("service.site"),
        }
    }
}

/// What a request carries.
#[derive(Clone, Default)]
pub(super) enum Body {
    #[default]
    None,
    /// Encoded already; may hold secrets.
    Form(SecretString),
    /// Serialised already; may hold a token.
    Json(SecretString),
}

/// When a call is sent again by itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Never.
    Never,
    /// Where no connection was made: then nobody has got it.
    Unsent,
    /// Where that may help.
    Helpful,
}

/// A call that changes nothing in the cloud, whatever its method.
#[derive(Clone)]
pub struct Request {
    pub(super) service: Service,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) token: Option<SecretString>,
    pub(super) only_to: Option<String>,
    pub(super) again: Again,
    pub(super) sign_in: SignInUsed,
    pub(super) right: Option<Right>,
}

impl Request {
    fn new(service: Service, method: Method, url: Url) -> Self {
        let reads = method == Method::GET || method == Method::HEAD;
        Self {
            service,
            method,
            url,
            headers: HeaderMap::new(),
            body: Body::None,
            token: None,
            only_to: None,
            again: if reads { Again::Helpful } else { Again::Never },
            sign_in: SignInUsed::Nobody,
            right: None,
        }
    }

    /// A GET; repeated by itself where that may help.
    pub fn get(service: Service, url: Url) -> Self {
        Self::new(service, Method::GET, url)
    }

    /// A POST that changes nothing: a token request, a batch of reads. Repeated only if [`Self::repeatable`] says so.
    pub fn ask(service: Service, url: Url) -> Self {
        Self::new(service, Method::POST, url)
    }

    /// A call of the function itself with its own method. Never repeated, because it runs the customer's code.
    pub fn call(url: Url, method: Method) -> Self {
        Self { again: Again::Never, ..Self::new(Service::Site, method, url) }
    }

    /// The service that it goes to.
    pub const fn service(&self) -> Service {
        self.service
    }

    /// With a bearer token. For the function app, [`Self::only_to`] must name its host as well.
    #[must_use]
    pub fn token(mut self, token: &SecretString) -> Self {
        self.token = Some(token.clone());
        if self.sign_in == SignInUsed::Nobody {
            self.sign_in =
                if self.service == Service::Site { SignInUsed::Rehearsal } else { SignInUsed::Person };
        }
        self
    }

    /// Sent again by itself where that may help: for a POST whose second answer is as good as the first.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.again = Again::Helpful;
        self
    }

    /// Sent again by itself where no connection was made at all: for a POST that may be answered only once.
    #[must_use]
    pub fn again_unsent(mut self) -> Self {
        self.again = Again::Unsent;
        self
    }

    /// Which sign-in the log of calls shows, where it is not the one that the token tells.
    #[must_use]
    pub fn sign_in(mut self, used: SignInUsed) -> Self {
        self.sign_in = used;
        self
    }

    /// The one host, over a secure connection, that may get this request: for tokens and keys of the function app.
    #[must_use]
    pub fn only_to(mut self, host: impl Into<String>) -> Self {
        self.only_to = Some(host.into());
        self
    }

    /// With a header; one whose value cannot be sent is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// With a form body that is encoded already.
    #[must_use]
    pub fn encoded_form(mut self, body: SecretString) -> Self {
        self.body = Body::Form(body);
        self.content_type("application/x-www-form-urlencoded")
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = Body::Json(body.to_string().into());
        self.content_type("application/json")
    }

    fn content_type(mut self, value: &'static str) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
        self
    }

    pub(super) fn body_text(&self) -> Option<&str> {
        match &self.body {
            Body::None => None,
            Body::Form(text) | Body::Json(text) => Some(text.expose_secret()),
        }
    }
}

/// A call that changes something in the cloud. Only [`super::Writes`] can send it.
pub struct WriteRequest(pub(super) Request);

impl WriteRequest {
    /// A POST: never repeated.
    pub fn post(service: Service, url: Url) -> Self {
        Self(Request::new(service, Method::POST, url))
    }

    /// A PATCH: never repeated here. Whether one may be sent again is decided after a look, where changes are made.
    pub fn patch(service: Service, url: Url) -> Self {
        Self(Request::new(service, Method::PATCH, url))
    }

    /// A PUT: as for PATCH.
    pub fn put(service: Service, url: Url) -> Self {
        Self(Request::new(service, Method::PUT, url))
    }

    /// With the JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// The right that it needs, for the log of calls.
    #[must_use]
    pub fn right(mut self, right: Right) -> Self {
        self.0.right = Some(right);
        self
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &SecretString) -> Self {
        Self(self.0.clone().token(token))
    }

    /// With a header; one whose value cannot be sent is left out.
    #[must_use]
    pub fn header(self, name: HeaderName, value: &str) -> Self {
        Self(self.0.header(name, value))
    }
}
