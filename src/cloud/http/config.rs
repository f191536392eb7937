//! What the cloud room is given from outside: endpoints, clock, limits, listeners.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use super::request::Service;
use super::trust::ExtraRoots;
use crate::cloud::call_log::CallRecord;
use crate::cloud::har::Har;
use crate::engine::clouds::Cloud;

/// The clock, corrected by the services' `Date` header where somebody does so.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Told the services' own time whenever one of them says it.
pub type OnServerTime = Arc<dyn Fn(Timestamp) + Send + Sync>;

/// What is told of a wait before the next try, and whom it is for.
pub type OnPause = Arc<dyn Fn(Service, Pause) + Send + Sync>;

/// A wait before a service is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// It begins, and is to last so long.
    Begins(Duration),
    /// It is over, or whoever waited has given up.
    Ends,
}

impl Pause {
    /// A shorter wait is not told.
    pub const NOTICEABLE: Duration = Duration::from_secs(2);
}

/// Everything the cloud room needs to work.
#[derive(Clone)]
pub struct CloudConfig {
    /// The endpoints.
    pub cloud: Arc<Cloud>,
    /// The public client that people sign in with (microsoft-cloud 2.10).
    pub client_id: String,
    /// The clock.
    pub now: Now,
    /// Whether the write half must not exist.
    pub read_only: bool,
    /// Gets one record for every exchange.
    pub calls: Option<UnboundedSender<CallRecord>>,
    /// Records every exchange, redacted.
    pub har: Option<Arc<Har>>,
    /// Gets the services' own time.
    pub on_server_time: Option<OnServerTime>,
    /// Is told of the waits before a service is asked again, of those that somebody may notice.
    pub on_pause: Option<OnPause>,
    /// Who is trusted beside those whom the system trusts.
    pub extra_roots: ExtraRoots,
    /// Time limits, repetition, sizes.
    pub limits: Limits,
}

impl CloudConfig {
    /// A configuration with the usual limits and nobody listening.
    pub fn new(cloud: Arc<Cloud>, client_id: impl Into<String>, now: Now) -> Self {
        Self {
            cloud,
            client_id: client_id.into(),
            now,
            read_only: false,
            calls: None,
            har: None,
            on_server_time: None,
            on_pause: None,
            extra_roots: ExtraRoots::default(),
            limits: Limits::default(),
        }
    }
}

/// Time limits, repetition and sizes: data, so that tests need not wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For making a connection.
    pub connect: Duration,
    /// For one try, from the connection to the last byte.
    pub total: Duration,
    /// How often one call is sent at most.
    pub tries: u8,
    /// The wait before the second try; doubled each time.
    pub first_wait: Duration,
    /// No wait of our own choosing is longer.
    pub longest_wait: Duration,
    /// A service that asks for a longer wait than this is not asked again by itself.
    pub longest_retry_after: Duration,
    /// The same for a change, all the waits for it together: it is on the screen meanwhile, and can be stopped.
    pub longest_pause: Duration,
    /// How many bytes of a body are read.
    pub body: usize,
    /// The same of what Azure Resource Manager and Graph answer: a page of their lists holds what it holds.
    pub list: usize,
    /// The smallest wait between two polls of the device code flow, whatever the answer says.
    pub shortest_poll: Duration,
    /// How many times as fast as they are called waits go by: once, but for tests.
    pub speed: u32,
}

impl Limits {
    /// How long a wait of this name takes.
    pub fn lasting(&self, wait: Duration) -> Duration {
        wait / self.speed.max(1)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            tries: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            longest_retry_after: Duration::from_secs(30),
            longest_pause: Duration::from_secs(300),
            body: 2 * 1024 * 1024,
            list: 32 * 1024 * 1024,
            shortest_poll: Duration::from_secs(1),
            speed: 1,
        }
    }
}
