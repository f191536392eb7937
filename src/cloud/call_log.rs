//! The log of calls: one record for every exchange, safe to show.

use std::time::Duration;

use jiff::Timestamp;

use super::http::Service;
use crate::engine::change::Right;
use crate::engine::trouble::Class;

/// Which sign-in a call was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SignInUsed {
    /// None: anybody may ask this.
    #[default]
    Nobody,
    /// The signed-in person.
    Person,
    /// The connector's own registration, with its secret.
    Connector,
    /// The person, through the connector: the rehearsal's token for the API.
    Rehearsal,
}

/// One exchange as it is shown in the log of calls. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When it was sent, by the corrected clock.
    pub at: Timestamp,
    /// Which service was called.
    pub service: Service,
    /// HTTP method.
    pub method: String,
    /// Host name, with the port where it is not the usual one.
    pub host: String,
    /// Path and query; ids kept, codes and tokens redacted.
    pub path: String,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// What went wrong when no answer came; `Cancelled` when nobody waited for it any more.
    pub problem: Option<Class>,
    /// How long it took.
    pub duration: Duration,
    /// The correlation id that the service or we gave it.
    pub correlation: Option<String>,
    /// Which sign-in it used.
    pub sign_in: SignInUsed,
    /// For a change: the right that it needs, whatever was answered.
    pub right: Option<Right>,
    /// 1 for the first try, more for a repetition.
    pub attempt: u8,
}
