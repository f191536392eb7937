//! Power Platform environments, data policies and saved custom connectors.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

/// A Power Platform environment.
#[derive(Debug, Clone, Serialize)]
pub struct Environment {
    /// Its name in the APIs, such as `Default-{tenant}`.
    pub id: String,
    /// Tenant GUID.
    pub tenant: String,
    /// Display name.
    pub display_name: String,
    /// Region, such as `unitedstates`.
    pub location: String,
}

/// A data policy: which hosts custom connectors may call (power-platform 6.9).
#[derive(Debug, Clone, Serialize)]
pub struct DataPolicy {
    /// Its name in the APIs, a GUID.
    pub id: String,
    /// Tenant GUID.
    pub tenant: String,
    /// Display name.
    pub display_name: String,
    /// `AllEnvironments`, `ExceptEnvironments` or `OnlyEnvironments`.
    pub environment_type: String,
    /// The environments that are meant or excepted.
    pub environments: Vec<String>,
    /// `Confidential`, `General` or `Blocked`.
    pub default_classification: String,
    /// Patterns with their classification, in order; `*` and `Ignore` are added where they do not end the list.
    pub patterns: Vec<(String, String)>,
}

impl DataPolicy {
    /// One for all environments that blocks what fits a pattern.
    pub fn blocking(display_name: &str, tenant: &str, pattern: &str) -> Self {
        Self {
            id: "00000000-0000-4000-8000-0000000000d1".to_owned(),
            tenant: tenant.to_owned(),
            display_name: display_name.to_owned(),
            environment_type: "AllEnvironments".to_owned(),
            environments: Vec::new(),
            default_classification: "General".to_owned(),
            patterns: vec![(pattern.to_owned(), "Blocked".to_owned())],
        }
    }
}

/// A saved custom connector.
#[derive(Debug, Serialize)]
pub struct Connector {
    /// API name with the `shared_` prefix (power-platform 2.2).
    pub name: String,
    /// Environment it lives in.
    pub environment: String,
    /// Display name.
    pub display_name: String,
    /// Object id of the person who saved it.
    pub owner: String,
    /// Host the connector calls, without scheme.
    pub host: String,
    /// Scheme the connector calls with.
    pub scheme: String,
    /// `oAuthSettings` as saved, without the secret (power-platform 3.2).
    pub oauth: Value,
    /// The client secret as pasted.
    #[serde(skip)]
    pub client_secret: Option<SecretString>,
    /// The redirect URL that was minted when it was created (power-platform 2.2).
    pub redirect_url: String,
    /// Its definition, as saved.
    pub definition: Value,
    /// Whether the definition came from a file. One that was made from blank follows the app's functions.
    pub imported: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last saved.
    pub changed_at: Timestamp,
    /// Connections made with it.
    pub connections: Vec<Connection>,
}

/// One connection of a connector: what was pasted is remembered as it was when the connection was made.
#[derive(Debug, Serialize)]
pub struct Connection {
    /// Connection name.
    pub name: String,
    /// Object id of the person it belongs to.
    pub owner: String,
    /// `Connected` or `Error`.
    pub status: String,
    /// What went wrong, as the page shows it.
    pub error: Option<String>,
    /// `oAuthSettings` at the time of connecting; later fixes do not help it (power-platform 9).
    pub oauth: Value,
    /// The secret at the time of connecting.
    #[serde(skip)]
    pub client_secret: Option<SecretString>,
    /// Where a client that asked for a consent link wants the person back.
    pub return_to: Option<String>,
    /// Access token for the API.
    #[serde(skip)]
    pub access_token: Option<SecretString>,
    /// When the access token ends.
    pub token_ends: Option<Timestamp>,
    /// What the gateway gets the next access token with.
    #[serde(skip)]
    pub refresh_token: Option<SecretString>,
}
