//! One shape for everything that can go wrong with a call, in the four parts a person is shown.

use std::fmt;
use std::time::Duration;

use super::clouds::Audience;
use super::words::{say, say_with};

/// What kind of trouble it is; decided once, where the answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nothing could be reached at all.
    Offline,
    /// The host name is not known.
    Dns,
    /// A proxy stood in the way.
    Proxy,
    /// The secure connection could not be made.
    Tls,
    /// No answer in time, or the connection broke.
    TimeOut,
    /// The sign-in was refused, declined, or has run out.
    SignInRefused,
    /// Signed in, but without the right to do this.
    NotAllowed,
    /// It is not there.
    NotFound,
    /// Too many requests.
    Throttled,
    /// The service failed.
    ServiceFault,
    /// The service refused the request as wrong or conflicting.
    Refused,
    /// The answer was not what the service's description promises.
    UnexpectedAnswer,
    /// Something on this machine (no port, no disk, no browser).
    Local,
    /// The person stopped it.
    Cancelled,
}

impl Class {
    /// Whether asking the same again later may help, without anybody changing anything.
    pub const fn passes_by_itself(self) -> bool {
        matches!(
            self,
            Self::Offline | Self::Dns | Self::TimeOut | Self::Throttled | Self::ServiceFault | Self::Tls
        )
    }

    /// Whether somebody was asked and said no: trying the same again ends the same.
    pub const fn is_a_no(self) -> bool {
        matches!(self, Self::SignInRefused | Self::NotAllowed | Self::Refused | Self::NotFound)
    }

    /// Whether it comes from the network or the service rather than from the set-up (exit code 4).
    pub const fn is_network(self) -> bool {
        !matches!(
            self,
            Self::SignInRefused
                | Self::NotAllowed
                | Self::NotFound
                | Self::Cancelled
                | Self::Refused
                | Self::Local
        )
    }
}

/// A stronger sign-in that is asked for before a service goes on (a claims challenge).
///
/// Published: the identity platform's page about claims challenges, claims requests and client capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The service whose token has to come of that sign-in.
    pub audience: Audience,
    /// What the sign-in has to be asked with: a JSON object, checked and written anew. No secret.
    pub claims: String,
}

/// Something that went wrong: what happened, what it means here, what to do next, and the original words.
///
/// All texts are already cleaned of control characters; none holds a secret or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The kind.
    pub class: Class,
    /// What happened, one sentence.
    pub what: String,
    /// What it means here; may be empty.
    pub means: String,
    /// What to do next; never empty when shown.
    pub next: String,
    /// The service's own words and ids (code, request id, time), shown in grey.
    pub original: String,
    /// The service's error code (`AADSTS50011`, `Authorization_RequestDenied`, …), if it named one.
    pub code: Option<String>,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Whether the service may have carried out the change although we got no answer.
    pub uncertain: bool,
    /// The stronger sign-in that would help.
    pub demand: Option<Box<Demand>>,
    /// How long the service asked to be left alone, if it did: until then nothing is to be sent again.
    pub retry_after: Option<Duration>,
}

/// A wait in words.
pub fn spoken(wait: Duration) -> String {
    match wait.as_secs() {
        1 => say("length.second").to_owned(),
        seconds @ 0..=120 => say_with("length.seconds", &[("count", &seconds.to_string())]),
        // Rounded up: who comes early is refused again.
        seconds => say_with("length.minutes", &[("count", &seconds.div_ceil(60).to_string())]),
    }
}

/// Refusals that say that the tenant is none, or none of this cloud (microsoft-cloud 3.1).
const NO_SUCH_TENANT: [&str; 3] = ["AADSTS90002", "AADSTS900023", "AADSTS90038"];

impl Trouble {
    /// Whether the sign-in service knows no tenant of the name that it was asked for.
    pub fn says_no_such_tenant(&self) -> bool {
        self.code.as_deref().is_some_and(|code| NO_SUCH_TENANT.contains(&code))
    }

    /// A trouble with its kind, what happened and what to do; the rest empty.
    pub fn new(class: Class, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            class,
            what: what.into(),
            means: String::new(),
            next: next.into(),
            original: String::new(),
            code: None,
            status: None,
            uncertain: false,
            demand: None,
            retry_after: None,
        }
    }

    /// The same with what it means here.
    #[must_use]
    pub fn meaning(mut self, means: impl Into<String>) -> Self {
        self.means = means.into();
        self
    }

    /// The same with the service's own words.
    #[must_use]
    pub fn original(mut self, words: impl Into<String>) -> Self {
        self.original = words.into();
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for part in [&self.means, &self.next] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Trouble {}
