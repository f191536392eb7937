//! Practice only: somebody who plays the person's part outside the terminal.

use std::future::Future;
use std::pin::Pin;

use secrecy::SecretString;

use crate::engine::trouble::Trouble;
use crate::flow::event::PersonDone;

/// What a person would have before their eyes: the address that is waited at, and what was handed over.
#[derive(Default)]
pub struct Scene {
    /// The address that the wizard shows and waits at.
    pub address: Option<String>,
    /// The host name, if it was copied.
    pub host: Option<String>,
    /// The connector's client id, if it was copied.
    pub client_id: Option<String>,
    /// The tenant id, if it was copied.
    pub tenant_id: Option<String>,
    /// The Resource URL, if it was copied.
    pub resource_url: Option<String>,
    /// The text of the file to import, if the files were written here.
    pub definition: Option<String>,
    /// The client secret, if it was copied.
    pub secret: Option<SecretString>,
}

/// What came of a step.
pub struct Part {
    /// What the wizard is told.
    pub done: PersonDone,
    /// The client secret that the portal showed, as a person would copy it and paste it here.
    pub secret: Option<SecretString>,
}

/// What a step comes back with.
pub type Played = Pin<Box<dyn Future<Output = Result<Part, Trouble>> + Send>>;

/// Plays steps such as `sign-in` or `save-connector` on the practice cloud.
pub trait PersonPart: Send + Sync {
    /// Plays one step.
    fn play(&self, step: &str, scene: Scene) -> Played;
}
