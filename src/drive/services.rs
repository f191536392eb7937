//! The clients of the cloud and the sign-in they work with.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cloud::change::Writer;
use crate::cloud::http::Http;
use crate::cloud::observe::Observer;
use crate::cloud::reader::Reader;
use crate::cloud::sign_in::Session;
use crate::engine::trouble::Trouble;
use crate::platform::az::Az;

use super::keep::Keeper;

/// The cloud's clients. Cheap to clone; all clones share the sign-in.
#[derive(Clone)]
pub struct Services {
    http: Http,
    az: Option<Az>,
    keeper: Option<Arc<Keeper>>,
    session: Arc<Mutex<Option<Session>>>,
}

impl Services {
    /// Nobody is signed in yet.
    pub fn new(http: Http) -> Self {
        Self { http, az: None, keeper: None, session: Arc::default() }
    }

    /// The same with an Azure CLI whose sign-in may be borrowed.
    #[must_use]
    pub fn with_az(self, az: Option<Az>) -> Self {
        Self { az, ..self }
    }

    /// The Azure CLI whose sign-in may be borrowed, if there is one.
    pub const fn az(&self) -> Option<&Az> {
        self.az.as_ref()
    }

    /// The same with a sign-in that is kept in the operating system's keyring.
    #[must_use]
    pub fn with_keeper(self, keeper: Option<Arc<Keeper>>) -> Self {
        Self { keeper, ..self }
    }

    /// Who keeps the sign-in, if it is kept.
    pub const fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.keeper.as_ref()
    }

    /// The sign-in that is kept for this tenant; `None` where none is.
    ///
    /// # Errors
    /// When the keyring cannot be reached, or what it kept is not good any more.
    pub async fn kept_session(&self, tenant: Option<&str>) -> Result<Option<Session>, Trouble> {
        match &self.keeper {
            Some(keeper) => keeper.session(&self.http, tenant).await,
            None => Ok(None),
        }
    }

    /// The HTTP client.
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// The sign-in, if there is one.
    pub fn session(&self) -> Option<Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on this person is signed in.
    pub fn signed_in(&self, session: Session) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }

    /// Reads as the signed-in person.
    pub fn reader(&self) -> Option<Reader> {
        self.session().map(|session| Reader::new(self.http.clone(), session.tokens()))
    }

    /// Changes as the signed-in person; not in a read-only run.
    pub fn writer(&self) -> Option<Writer> {
        self.reader().and_then(Writer::new)
    }

    /// Looks with what there is: as the signed-in person, else at what is public.
    pub fn observer(&self) -> Observer {
        match (self.session(), self.reader()) {
            (Some(session), Some(reader)) => Observer::signed_in(reader, Some(session.tenant().to_owned())),
            _ => Observer::anonymous(self.http.clone()),
        }
    }
}
