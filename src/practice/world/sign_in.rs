//! What the sign-in service remembers between two requests.

use jiff::Timestamp;
use secrecy::SecretString;

/// Codes, device flows and refresh tokens that are still known.
#[derive(Debug, Default)]
pub struct SignIn {
    /// Authorization codes, redeemed ones included (a second use is AADSTS54005).
    pub codes: Vec<AuthCode>,
    /// Device flows, finished ones included.
    pub device_flows: Vec<DeviceFlow>,
    /// Refresh tokens.
    pub refresh_tokens: Vec<RefreshToken>,
}

/// One authorization code.
#[derive(Debug, Clone)]
pub struct AuthCode {
    /// The code itself.
    pub code: SecretString,
    /// Client id it was issued to.
    pub client_id: String,
    /// Tenant GUID it was issued in.
    pub tenant: String,
    /// Object id of the person.
    pub user: String,
    /// Redirect URI, which has to be repeated exactly.
    pub redirect_uri: String,
    /// The resource as it was asked for: a v1 token echoes it as audience.
    pub audience: String,
    /// Delegated scopes granted for the resource.
    pub scopes: Vec<String>,
    /// Scopes of the protocol itself, such as `openid` and `offline_access`.
    pub protocol_scopes: Vec<String>,
    /// The `/.default` scope as it was asked for, if it was.
    pub default_scope: Option<String>,
    /// S256 challenge, if one was sent.
    pub challenge: Option<String>,
    /// Nonce for the ID token.
    pub nonce: Option<String>,
    /// Whether the redirect was registered under the Web platform and so needs the secret.
    pub confidential: bool,
    /// Whether the redirect is a single-page one, which redeems only with an `Origin` header.
    pub spa: bool,
    /// Whether the person was asked for a second factor.
    pub strong: bool,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether it was redeemed.
    pub redeemed: bool,
}

/// Where a device flow stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody has entered the code yet.
    Pending,
    /// Approved by this person (object id).
    Approved(String),
    /// Declined.
    Declined,
    /// Its tokens have been handed out.
    Redeemed,
}

/// One device flow.
#[derive(Debug, Clone)]
pub struct DeviceFlow {
    /// The code that the client polls with.
    pub device_code: SecretString,
    /// The code that the person enters.
    pub user_code: String,
    /// Client id.
    pub client_id: String,
    /// Tenant as it stood in the path: a GUID, or `common` and the like.
    pub tenant: String,
    /// Whether it was started on the v1 endpoint.
    pub v1: bool,
    /// What was asked for, as sent: `scope` on v2, `resource` on v1.
    pub asked: String,
    /// Whether the person is asked for a second factor.
    pub strong: bool,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it was last polled.
    pub polled_at: Option<Timestamp>,
    /// Where it stands.
    pub state: DeviceState,
}

/// One refresh token: per user and client, good for any resource.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// The token itself.
    pub token: SecretString,
    /// Client id.
    pub client_id: String,
    /// Tenant GUID.
    pub tenant: String,
    /// Object id of the person.
    pub user: String,
    /// Resource of the first sign-in as it was asked for, used where the client names none.
    pub audience: String,
    /// Scopes of the first sign-in.
    pub scopes: Vec<String>,
    /// Whether the person was asked for a second factor.
    pub strong: bool,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Whether redeeming it needs the client's secret.
    pub confidential: bool,
}
