//! Signing a person in: by browser, by device code or with a sign-in that another program lends, and holding the tokens afterwards.

mod browser;
pub mod claims;
mod device;
pub(super) mod loopback;
mod metadata;
pub(super) mod oauth;
mod probe;
mod redirect_probe;
mod session;

use std::fmt;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use url::Url;

pub use metadata::{TenantMetadata, tenant_metadata};
pub use probe::probe_secret;
pub use redirect_probe::probe_redirect;
pub use session::{Lender, Lent, PersonHint, Session};

use super::http::Http;
use crate::engine::clean::clean_line;
use crate::engine::clouds::Audience;
use crate::engine::trouble::{Demand, Trouble};
use crate::engine::words::{ui, ui_with};

/// The authority that takes work and school accounts of every tenant (microsoft-cloud 2.1).
pub const ANY_TENANT: &str = "organizations";

/// What the face shows while a sign-in is under way.
#[derive(Clone, PartialEq, Eq)]
pub enum SignInEvent {
    /// The person opens a page, on this or another device, and types a code there.
    DeviceCode {
        /// The code to type.
        user_code: String,
        /// The page, as the service names it.
        verification_uri: Url,
        /// When the code runs out.
        expires_at: Timestamp,
        /// The service's own sentence, cleaned.
        message: String,
    },
    /// The person opens this address in a browser on this computer.
    Browser {
        /// The address, to be opened or copied.
        url: Url,
    },
    /// The browser came back; the tokens are being fetched.
    Returned,
}

impl fmt::Debug for SignInEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The code lets somebody in, so it is for the screen only.
        f.write_str(match self {
            Self::DeviceCode { .. } => "DeviceCode",
            Self::Browser { .. } => "Browser",
            Self::Returned => "Returned",
        })
    }
}

/// The tenant knows no app with the client ID that was signed in with (microsoft-cloud 3.1).
const UNKNOWN_CLIENT: &str = "AADSTS700016";

/// A sign-in that can be begun. Dropping the future of one gives it up: its port is closed, its polling ends.
#[derive(Clone)]
pub struct SignIn {
    http: Http,
    tenant: String,
    login_hint: Option<String>,
    demand: Option<Box<Demand>>,
}

impl SignIn {
    /// A sign-in to the chosen tenant (id or domain), or to whichever the account belongs to.
    pub fn new(http: &Http, tenant: Option<&str>) -> Self {
        let tenant = tenant.map(str::trim).filter(|tenant| !tenant.is_empty()).unwrap_or(ANY_TENANT);
        Self { http: http.clone(), tenant: tenant.to_owned(), login_hint: None, demand: None }
    }

    /// The same, with the account's name filled in beforehand on the browser's page.
    #[must_use]
    pub fn login_hint(mut self, name: impl Into<String>) -> Self {
        self.login_hint = Some(name.into());
        self
    }

    /// The same, asked with what a service demands of its token.
    #[must_use]
    pub fn demanded(mut self, demand: Option<Box<Demand>>) -> Self {
        self.demand = demand;
        self
    }

    /// The service whose token comes with the sign-in itself.
    fn audience(&self) -> Audience {
        self.demand.as_ref().map_or(Audience::Graph, |demand| demand.audience)
    }

    /// Signs in with a code that is typed on a page (microsoft-cloud 2.4).
    ///
    /// # Errors
    /// When the code was declined, has run out, or is blocked by the tenant; or the service cannot be reached.
    pub async fn with_device_code(&self, events: &UnboundedSender<SignInEvent>) -> Result<Session, Trouble> {
        device::sign_in(self, events).await.map_err(|trouble| self.told(trouble))
    }

    /// Signs in through a browser on this computer (microsoft-cloud 2.5).
    ///
    /// # Errors
    /// When no port can be had here, the page sends back a refusal, or the service cannot be reached.
    pub async fn with_browser(&self, events: &UnboundedSender<SignInEvent>) -> Result<Session, Trouble> {
        self.tenant_exists().await?;
        browser::sign_in(self, events).await.map_err(|trouble| self.told(trouble))
    }

    /// Asks for a tenant that was named before a browser is sent there: what its page says of a wrong one never comes
    /// back (microsoft-cloud 2.3). Only a refusal counts; without an answer the sign-in itself tells.
    async fn tenant_exists(&self) -> Result<(), Trouble> {
        if self.tenant == ANY_TENANT {
            return Ok(());
        }
        match metadata::document(&self.http, &self.tenant).await {
            Err(trouble) if trouble.code.is_some() => Err(trouble),
            _ => Ok(()),
        }
    }

    /// The same trouble in the words of a sign-in: an app that the tenant does not know is the one that was signed in with.
    #[must_use]
    pub fn told(&self, mut trouble: Trouble) -> Trouble {
        if trouble.code.as_deref() == Some(UNKNOWN_CLIENT) {
            let id = clean_line(self.http.client_id(), 80);
            trouble.what = ui_with("sign_in.client_unknown", &[("id", &id)]);
            ui("sign_in.client_unknown_means").clone_into(&mut trouble.means);
            ui("sign_in.client_unknown_next").clone_into(&mut trouble.next);
        }
        trouble
    }
}

fn announce(events: &UnboundedSender<SignInEvent>, event: SignInEvent) {
    // A face that has gone away has dropped the sign-in as well, or is about to.
    let _ = events.send(event);
}

#[cfg(test)]
mod tests;
