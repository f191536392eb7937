//! What came back: status, headers, a capped body, and what is needed to explain it.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::request::Service;
use crate::cloud::classify;
use crate::cloud::redact::Redactor;
use crate::engine::trouble::Trouble;

/// An answer of a service, whatever its status.
pub struct Answer {
    /// Who answered.
    pub service: Service,
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body's first bytes, at most as many as the limits allow.
    pub body: Zeroizing<Vec<u8>>,
    /// Whether the body was longer than that.
    pub truncated: bool,
    /// When it arrived, by the corrected clock.
    pub at: Timestamp,
    /// The call it answers, safe to show, such as `GET /v1.0/me`.
    pub call: String,
    /// The address that was asked.
    pub url: Url,
    /// The correlation id that the service or we gave it.
    pub correlation: Option<String>,
    /// Whether the request meant to change something.
    pub write: bool,
    pub(in crate::cloud) redactor: Arc<Redactor>,
}

impl Answer {
    /// Whether the status says success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer if its status says success, else the trouble it tells of.
    pub fn ok(self) -> Result<Self, Trouble> {
        if self.is_success() { Ok(self) } else { Err(classify::refusal(&self)) }
    }

    /// The body as JSON; an empty one is `Null`. The content type is not asked: services are careless with it.
    pub fn json(&self) -> Result<Value, Trouble> {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(text).map_err(|_| classify::not_json(self))
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text without secrets, for showing after cleaning.
    pub fn safe_text(&self) -> String {
        self.redactor.body(self.header("content-type").unwrap_or_default(), &self.body)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold tokens.
        f.debug_struct("Answer")
            .field("call", &self.call)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
