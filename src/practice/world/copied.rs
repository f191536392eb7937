//! What a person last copied from a page, for the steps that paste it.

use secrecy::SecretString;

/// The values on a person's mind between two pages.
#[derive(Debug, Default)]
pub struct Copied {
    /// Client id of the registration made last.
    pub client_id: Option<String>,
    /// Value of the client secret made last.
    pub secret: Option<SecretString>,
    /// Its secret id, which is often pasted in its place.
    pub secret_id: Option<String>,
    /// Redirect URL that the connector page showed last.
    pub redirect_url: Option<String>,
    /// Name of the connector saved last.
    pub connector: Option<String>,
}
