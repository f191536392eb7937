//! Facts: what was observed in the cloud, and when. Never what was assumed.

mod data_policies;
mod directory;
mod rights;
mod site;
mod trials;

use jiff::Timestamp;

pub use data_policies::*;
pub use directory::*;
pub use rights::*;
pub use site::*;
pub use trials::*;

use super::choices::{AppChoice, Choices};
use super::trouble::{Class, Trouble};

/// The outcome of looking at one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fact<T> {
    /// Nobody has looked yet.
    #[default]
    NotLooked,
    /// We looked and could not see; says why.
    CouldNot(Box<Trouble>),
    /// We looked and it is not there.
    Absent,
    /// We looked and this is it.
    Is(T),
}

/// Why a fact gives no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap<'a> {
    /// Nobody has looked.
    NotLooked,
    /// Looking failed.
    CouldNot(&'a Trouble),
    /// It is not there.
    Absent,
}

/// A fact with its provenance: when it was seen, and by which call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// The fact itself.
    pub fact: Fact<T>,
    /// When the answer came, by the services' clock.
    pub at: Option<Timestamp>,
    /// Which call it came from (`GET /applications(appId=…)`); safe to show.
    pub call: String,
}

impl<T> Default for Seen<T> {
    fn default() -> Self {
        Self { fact: Fact::NotLooked, at: None, call: String::new() }
    }
}

impl<T> Seen<T> {
    /// A value, seen at a time by a call.
    pub fn is(value: T, at: Timestamp, call: impl Into<String>) -> Self {
        Self { fact: Fact::Is(value), at: Some(at), call: call.into() }
    }

    /// Known not to be there.
    pub fn absent(at: Timestamp, call: impl Into<String>) -> Self {
        Self { fact: Fact::Absent, at: Some(at), call: call.into() }
    }

    /// Looked, but could not see.
    pub fn could_not(trouble: Trouble, at: Timestamp, call: impl Into<String>) -> Self {
        Self { fact: Fact::CouldNot(Box::new(trouble)), at: Some(at), call: call.into() }
    }

    /// From the result of a call that answers "not there" with `None`. A 404 trouble counts as absent.
    pub fn from_result(result: Result<Option<T>, Trouble>, at: Timestamp, call: impl Into<String>) -> Self {
        match result {
            Ok(Some(value)) => Self::is(value, at, call),
            Ok(None) => Self::absent(at, call),
            Err(trouble) if trouble.class == Class::NotFound => Self::absent(at, call),
            Err(trouble) => Self::could_not(trouble, at, call),
        }
    }

    /// The value, or why there is none; so that a check reads with `?`.
    pub fn get(&self) -> Result<&T, Gap<'_>> {
        match &self.fact {
            Fact::Is(value) => Ok(value),
            Fact::Absent => Err(Gap::Absent),
            Fact::CouldNot(trouble) => Err(Gap::CouldNot(trouble)),
            Fact::NotLooked => Err(Gap::NotLooked),
        }
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        self.get().ok()
    }

    /// Whether we looked and it is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self.fact, Fact::Absent)
    }

    /// Whether nobody has looked yet.
    pub fn not_looked(&self) -> bool {
        matches!(self.fact, Fact::NotLooked)
    }
}

/// Everything observed about one set-up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Who is signed in.
    pub person: Seen<Person>,
    /// The tenant.
    pub tenant: Seen<Tenant>,
    /// The function app's resource.
    pub site: Seen<Site>,
    /// Where no app of the name that was given is there: names that come near it, the nearest first.
    pub alike: Seen<Vec<String>>,
    /// Whether its host answers.
    pub host: Seen<HostAnswer>,
    /// Its functions.
    pub functions: Seen<Vec<Function>>,
    /// Its authentication settings, version 2.
    pub auth: Seen<AuthSettings>,
    /// Whether the site is still on the old ("classic") settings.
    pub auth_version: Seen<AuthVersion>,
    /// What an anonymous caller is told.
    pub probes: Probes,
    /// The API's registration.
    pub api_app: Seen<Application>,
    /// The API's service principal.
    pub api_principal: Seen<ServicePrincipal>,
    /// The connector's registration.
    pub client_app: Seen<Application>,
    /// Registrations that could be the connector's, best guess first, when it is not certain.
    pub client_candidates: Seen<Vec<Candidate>>,
    /// The connector's service principal.
    pub client_principal: Seen<ServicePrincipal>,
    /// Delegated grants from the connector to the API.
    pub grants: Seen<Vec<Grant>>,
    /// Whether this person (or a group of theirs) is assigned to the API; looked at only where required.
    pub api_assigned: Seen<bool>,
    /// The same for the connector's app.
    pub client_assigned: Seen<bool>,
    /// Whether this tenant lets users consent for themselves.
    pub user_consent: Seen<UserConsent>,
    /// What this person may do here, as far as it can be read beforehand.
    pub rights: Box<Rights>,
    /// Which service principal the Resource URL names.
    pub resource: Seen<Resource>,
    /// What the sign-in page said of the redirect URL; asked only where the registration cannot be read.
    pub redirect_probe: Seen<RedirectProbe>,
    /// What the token endpoint said of the held secret's value.
    pub secret_probe: Seen<SecretProbe>,
    /// The rehearsal's outcome.
    pub rehearsal: Seen<Rehearsal>,
}

impl Facts {
    /// The last rehearsal, as long as the authentication settings are those that it met.
    pub fn rehearsal_in_force(&self) -> Option<&Rehearsal> {
        let now = self.auth.value().map(|auth| &auth.document);
        self.rehearsal.value().filter(|done| match (&done.settings, now) {
            (Some(then), Some(now)) => then == now,
            _ => true,
        })
    }

    /// Whether the function app's address was given and answers, but Azure shows no such app to this sign-in: whoever
    /// has no role on a resource is not told that it is there (microsoft-cloud 5.2).
    pub fn hidden_site(&self, choices: &Choices) -> bool {
        matches!(choices.app, Some(AppChoice::Url(_))) && self.site.is_absent() && self.host.value().is_some()
    }

    /// Why something could not be looked at with the person's sign-in, where the sign-in itself was the reason.
    pub fn sign_in_refused(&self) -> Option<&Trouble> {
        fn of<T>(seen: &Seen<T>) -> Option<&Trouble> {
            match &seen.fact {
                Fact::CouldNot(trouble) if trouble.class == Class::SignInRefused => Some(trouble),
                _ => None,
            }
        }
        of(&self.person)
            .or_else(|| of(&self.site))
            .or_else(|| of(&self.functions))
            .or_else(|| of(&self.auth))
            .or_else(|| of(&self.auth_version))
            .or_else(|| of(&self.api_app))
            .or_else(|| of(&self.api_principal))
            .or_else(|| of(&self.client_app))
            .or_else(|| of(&self.client_candidates))
            .or_else(|| of(&self.client_principal))
            .or_else(|| of(&self.grants))
            .or_else(|| of(&self.resource))
    }
}
