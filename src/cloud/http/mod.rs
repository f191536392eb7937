//! One client for every service: sends, repeats where that is safe, logs, and guards where tokens go.

mod answer;
mod config;
mod guard;
mod reading;
mod request;
mod retry;
mod trust;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use answer::Answer;
pub use config::{CloudConfig, Limits, Now, OnPause, OnServerTime, Pause};
pub use request::{Request, Service, WriteRequest};
pub(super) use retry::{asked_for, luck, retry_after, spread};
pub use trust::ExtraRoots;

use crate::engine::clouds::Cloud;
use crate::engine::trouble::Trouble;
use request::Again;
use wire::Wire;

/// The client. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    config: CloudConfig,
    wire: Wire,
}

impl Http {
    /// A client for one cloud. Nothing is connected, and the trust store not read, before the first request; where
    /// this machine's settings cannot be used, that is what the request brings.
    pub fn new(config: CloudConfig) -> Self {
        Self { inner: Arc::new(Inner { config, wire: Wire::default() }) }
    }

    /// The endpoints.
    pub fn cloud(&self) -> &Cloud {
        &self.inner.config.cloud
    }

    /// The public client that people sign in with.
    pub fn client_id(&self) -> &str {
        &self.inner.config.client_id
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    /// The time by the corrected clock.
    pub fn now(&self) -> Timestamp {
        (self.inner.config.now)()
    }

    /// The half that can change something; does not exist in read-only mode.
    pub fn writes(&self) -> Option<Writes> {
        (!self.inner.config.read_only).then(|| Writes { http: self.clone() })
    }

    /// Sends a read and gives whatever is answered, refusals too.
    ///
    /// # Errors
    /// When no answer came, or the request must not be sent where it points.
    pub async fn send(&self, request: &Request) -> Result<Answer, Trouble> {
        self.exchange(request, false).await
    }

    /// Sends a read and gives a successful answer.
    ///
    /// # Errors
    /// When no answer came or it was a refusal.
    pub async fn read(&self, request: &Request) -> Result<Answer, Trouble> {
        self.send(request).await?.ok()
    }

    /// Sends until an answer is worth keeping. Dropping the future stops everything, the waits included.
    async fn exchange(&self, request: &Request, write: bool) -> Result<Answer, Trouble> {
        let limits = self.limits();
        if !write {
            reading::only(request, self.inner.config.read_only)?;
        }
        let route = guard::route(self.cloud(), request)?;
        // Once a try may have reached the service, a later "could not connect" does not make it undone.
        let mut may_have_landed = false;
        let mut tried = 1;
        loop {
            let outcome = self.inner.wire.once(&self.inner.config, request, &route, tried, write).await;
            let asked = match &outcome {
                Ok(answer) if retry::may_help(answer.status) => retry_after(&answer.headers, answer.at),
                Ok(_) => None,
                Err(failed) => {
                    may_have_landed |= failed.may_have_landed;
                    None
                }
            };
            let again = match (&outcome, request.again) {
                (_, Again::Never) | (Ok(_), Again::Unsent) => false,
                (Ok(answer), Again::Helpful) => retry::may_help(answer.status),
                (Err(failed), Again::Unsent) => failed.repeating_may_help && !failed.may_have_landed,
                (Err(failed), Again::Helpful) => failed.repeating_may_help,
            };
            let wait = if again { retry::wait(limits, tried, asked, luck()) } else { None };
            let Some(wait) = wait else {
                return outcome
                    .map_err(|failed| Trouble { uncertain: write && may_have_landed, ..failed.trouble });
            };
            self.pause(request.service, wait).await;
            tried += 1;
        }
    }

    /// Waits before a service is asked again, and tells of it.
    pub(super) async fn pause(&self, service: Service, wait: Duration) {
        let listener = self.inner.config.on_pause.as_ref().filter(|_| wait >= Pause::NOTICEABLE);
        let _told = listener.map(|tell| Told::begin(tell, service, wait));
        tokio::time::sleep(self.limits().lasting(wait)).await;
    }
}

/// A wait that was told of. That it is over is told as well, also where nobody waits for it to end.
struct Told<'a>(&'a OnPause, Service);

impl<'a> Told<'a> {
    fn begin(tell: &'a OnPause, service: Service, wait: Duration) -> Self {
        tell(service, Pause::Begins(wait));
        Self(tell, service)
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        (self.0)(self.1, Pause::Ends);
    }
}

/// The half that changes things. Who holds it may write; in read-only mode nobody does.
#[derive(Clone)]
pub struct Writes {
    http: Http,
}

impl Writes {
    /// Sends a write and gives whatever is answered, refusals too.
    ///
    /// # Errors
    /// When no answer came (then `uncertain` tells whether the change may have been made all the same),
    /// or the request must not be sent where it points.
    pub async fn send(&self, request: &WriteRequest) -> Result<Answer, Trouble> {
        self.http.exchange(&request.0, true).await
    }
}

#[cfg(test)]
mod tests;
