//! Facts that come from trying: what a name resolves to, whether a secret works, what a rehearsal came to.

use serde_json::Value;

/// What the Resource URL resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The value that was looked up.
    pub value: String,
    /// Client id of the service principal that carries this name.
    pub app_id: String,
}

/// The sign-in page's word on a redirect URL (microsoft-cloud 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectProbe {
    /// The client it was asked for.
    pub client_app_id: String,
    /// The address, to the letter.
    pub redirect_url: String,
    /// Whether it is registered, on whichever platform.
    pub registered: bool,
}

/// The token endpoint's word on a secret's value (microsoft-cloud 2.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretProbe {
    /// The client it was tried for.
    pub client_app_id: String,
    /// Key id of the secret, when known.
    pub key_id: Option<String>,
    /// The verdict.
    pub verdict: SecretVerdict,
}

/// Verdict on a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretVerdict {
    /// A token was issued.
    Works,
    /// Wrong value (7000215).
    Wrong,
    /// Ended (7000222).
    Expired,
    /// Another refusal, in the service's words.
    Refused {
        /// AADSTS number.
        code: String,
        /// Cleaned text.
        text: String,
    },
}

/// The outcome of a rehearsal (design section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// Client id it used.
    pub client_app_id: String,
    /// Resource URL it asked for.
    pub resource: String,
    /// What the same call got without a sign-in, just before, if it could be made.
    pub anonymous: Option<u16>,
    /// The authentication settings that were read last before it, if they were.
    pub settings: Option<Value>,
    /// `aud` of the token.
    pub audience: String,
    /// `iss` of the token.
    pub issuer: String,
    /// Who the token is for.
    pub caller: String,
    /// Scopes in the token.
    pub scopes: String,
    /// Method and address that was called.
    pub called: String,
    /// HTTP status of the function's answer.
    pub status: u16,
    /// The answer's first characters, cleaned.
    pub answer: String,
    /// The runtime's own diagnosis when it refused (`IDX…`), if it could be had.
    pub diagnosis: Option<String>,
}

impl Rehearsal {
    /// Whether the function answers anybody: then its answer to the token proves nothing.
    pub fn answers_anybody(&self) -> bool {
        self.anonymous.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the token was what opened the function.
    pub fn let_in(&self) -> bool {
        (200..300).contains(&self.status) && !self.answers_anybody()
    }

    /// Whether the runtime refused the token for its issuer, by its own words (microsoft-cloud 6.6). A 401 alone may have
    /// another reason: the audience, or a function key that is missing.
    pub fn issuer_refused(&self) -> bool {
        self.status == 401 && self.diagnosis.as_deref().is_some_and(|words| words.contains("IDX10205"))
    }
}
