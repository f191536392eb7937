//! Certificate authorities that are trusted beside the system's own.

use std::fmt;

use reqwest::{Certificate, Client, ClientBuilder};

use crate::cloud::classify;
use crate::engine::clean::clean_line;
use crate::engine::words::{say, say_with};

/// Certificate authorities that the person named, to be trusted beside the system's own.
#[derive(Clone, Default)]
pub struct ExtraRoots(Vec<Certificate>);

impl ExtraRoots {
    /// From a PEM file's content; whatever else stands in it is passed over.
    ///
    /// # Errors
    /// One sentence on why nobody can be trusted by it.
    pub fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let unreadable = |error: &reqwest::Error| {
            clean_line(&say_with("certificates.unreadable", &[("problem", &classify::chain(error))]), 300)
        };
        let certificates = Certificate::from_pem_bundle(pem).map_err(|error| unreadable(&error))?;
        if certificates.is_empty() {
            return Err(say("certificates.none").to_owned());
        }
        // What is inside a certificate is looked at only once a client is made with it.
        let trial = Client::builder().tls_certs_only(certificates.clone()).no_proxy().build();
        trial.map_err(|error| unreadable(&error))?;
        Ok(Self(certificates))
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// A client that trusts these as well.
    pub fn trusted_by(&self, builder: ClientBuilder) -> ClientBuilder {
        if self.0.is_empty() { builder } else { builder.tls_certs_merge(self.0.iter().cloned()) }
    }
}

impl fmt::Debug for ExtraRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtraRoots({})", self.0.len())
    }
}
