//! AADSTS errors: as a JSON body, as a page, or as a redirect back to the client (microsoft-cloud 2.3 and 3).

use serde_json::{Value, json};

use super::page;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::World;

/// One refusal of the sign-in service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// AADSTS number; 0 where the service gives none.
    pub code: u32,
    /// OAuth error value.
    pub error: &'static str,
    /// Text after the number, without the trailer.
    pub text: String,
    /// `suberror`, if any.
    pub suberror: Option<&'static str>,
    /// `claims` to send back, if any.
    pub claims: Option<String>,
}

impl Refusal {
    /// A refusal without the optional members.
    pub fn new(code: u32, error: &'static str, text: impl Into<String>) -> Self {
        Self { code, error, text: text.into(), suberror: None, claims: None }
    }

    /// A parameter that is missing (AADSTS900144).
    pub fn missing(parameter: &str) -> Self {
        let text = format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new(900_144, "invalid_request", text)
    }

    /// Adds a `suberror`.
    #[must_use]
    pub fn suberror(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }

    /// The HTTP status of the JSON form.
    fn status(&self, world: &World) -> u16 {
        match self.error {
            "invalid_client" => world.switches.invalid_client_status,
            "temporarily_unavailable" => 503,
            "server_error" => 500,
            _ => 400,
        }
    }

    /// Number and text.
    fn headline(&self) -> String {
        if self.code == 0 { self.text.clone() } else { format!("AADSTS{}: {}", self.code, self.text) }
    }

    fn ids(world: &mut World, request: &Request) -> (String, String, String) {
        let trace = world.next_id("trace").to_string();
        let sent = request.header("client-request-id").and_then(|sent| sent.parse::<uuid::Uuid>().ok());
        let correlation = sent.unwrap_or_else(|| world.next_id("correlation")).to_string();
        let time = world.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        (trace, correlation, time)
    }

    fn description(&self, trace: &str, correlation: &str, time: &str) -> String {
        format!("{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}", self.headline())
    }

    /// The JSON body of the token and metadata endpoints.
    pub fn json(&self, world: &mut World, request: &Request) -> Reply {
        let (trace, correlation, time) = Self::ids(world, request);
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(&trace, &correlation, &time),
            "error_codes": if self.code == 0 { json!([]) } else { json!([self.code]) },
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        if self.code != 0 {
            let address = request.address_of("login.microsoftonline.com");
            body["error_uri"] = Value::from(format!("{address}/error?code={}", self.code));
        }
        if let Some(suberror) = self.suberror {
            body["suberror"] = suberror.into();
        }
        if let Some(claims) = &self.claims {
            body["claims"] = claims.as_str().into();
        }
        Reply::json(self.status(world), &body)
    }

    /// The page that a person sees where nothing may be sent to the redirect URI.
    pub fn page(&self, world: &mut World, request: &Request) -> Reply {
        let (trace, correlation, time) = Self::ids(world, request);
        page::refusal(world.switches.error_page_status, &self.headline(), &trace, &correlation, &time)
    }

    /// The pairs that travel to a trusted redirect URI, `state` apart.
    pub fn redirect_pairs(&self, world: &mut World, request: &Request) -> Vec<(&'static str, String)> {
        let (trace, correlation, time) = Self::ids(world, request);
        let mut pairs = vec![
            ("error", self.error.to_owned()),
            ("error_description", self.description(&trace, &correlation, &time)),
        ];
        if self.code != 0 {
            let address = request.address_of("login.microsoftonline.com");
            pairs.push(("error_uri", format!("{address}/error?code={}", self.code)));
        }
        if let Some(suberror) = self.suberror {
            pairs.push(("error_subcode", suberror.to_owned()));
        }
        pairs
    }
}
