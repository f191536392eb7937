//! Facts about the directory: person, tenant, registrations, service principals, grants.

use jiff::Timestamp;
use serde_json::Value;

/// The signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Object id in the tenant.
    pub object_id: String,
    /// User principal name.
    pub upn: String,
    /// Display name, cleaned.
    pub display_name: String,
    /// Role template ids of the directory roles that are active now; `None` when they cannot be read.
    pub roles: Option<Vec<String>>,
    /// Whether the person is a guest here.
    pub guest: bool,
}

/// The tenant (directory).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Tenant id.
    pub id: String,
    /// Display name, cleaned; falls back to the domain.
    pub display_name: String,
    /// Default domain.
    pub domain: String,
    /// Issuer of version 1 tokens, read from the tenant's metadata (microsoft-cloud 2.2).
    pub issuer_v1: String,
    /// Issuer of version 2 tokens, read likewise.
    pub issuer_v2: String,
}

/// An app registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// Graph object id.
    pub object_id: String,
    /// Client id.
    pub app_id: String,
    /// Display name, cleaned.
    pub display_name: String,
    /// `uniqueName`: our marker where we made it.
    pub unique_name: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// `signInAudience`.
    pub sign_in_audience: String,
    /// `identifierUris`.
    pub identifier_uris: Vec<String>,
    /// `api.requestedAccessTokenVersion`; `None` and 1 mean version 1 (microsoft-cloud 2.11).
    pub token_version: Option<u8>,
    /// Exposed delegated permissions.
    pub scopes: Vec<Scope>,
    /// The whole `api` object as Graph gave it: the base of read-change-write. Its arrays are replaced
    /// whole, and whether members that are not sent are kept is not certain (microsoft-cloud 4.4).
    pub api_document: Value,
    /// `api.preAuthorizedApplications`.
    pub pre_authorized: Vec<PreAuthorized>,
    /// `requiredResourceAccess`.
    pub required: Vec<RequiredAccess>,
    /// Redirect URIs under Web.
    pub web_redirects: Vec<String>,
    /// Redirect URIs under single-page application.
    pub spa_redirects: Vec<String>,
    /// Redirect URIs under mobile and desktop.
    pub public_redirects: Vec<String>,
    /// `web.implicitGrantSettings.enableIdTokenIssuance`.
    pub id_tokens: bool,
    /// Client secrets (never their values).
    pub secrets: Vec<SecretInfo>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl Application {
    /// The token version that results: 1 unless 2 is asked for.
    pub fn effective_token_version(&self) -> u8 {
        if self.token_version == Some(2) { 2 } else { 1 }
    }

    /// The exposed scope with this value.
    pub fn scope(&self, value: &str) -> Option<&Scope> {
        self.scopes.iter().find(|s| s.value == value)
    }
}

/// An exposed delegated permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Id.
    pub id: String,
    /// Value, e.g. `user_impersonation`.
    pub value: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether only an administrator can consent (`type` is `Admin`).
    pub admin_only: bool,
}

/// A client that an API lets in without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreAuthorized {
    /// The client's client id.
    pub app_id: String,
    /// Ids of the scopes it gets.
    pub scope_ids: Vec<String>,
}

/// Permissions that a client requests of one API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredAccess {
    /// Client id of the API.
    pub resource_app_id: String,
    /// `(id, type)` pairs; type is `Scope` or `Role`.
    pub access: Vec<(String, String)>,
}

/// What is known of a client secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretInfo {
    /// Key id (the "secret ID" of the portal).
    pub key_id: String,
    /// Display name.
    pub display_name: String,
    /// First three characters of the value.
    pub hint: String,
    /// When it was made.
    pub start: Option<Timestamp>,
    /// When it ends.
    pub end: Option<Timestamp>,
}

/// A service principal (enterprise application).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePrincipal {
    /// Object id.
    pub id: String,
    /// Client id of its application.
    pub app_id: String,
    /// Whether sign-ins are enabled.
    pub enabled: bool,
    /// Whether users and apps must be assigned.
    pub assignment_required: bool,
    /// Names a resource may be asked by: client id and identifier URIs.
    pub names: Vec<String>,
}

/// A registration that could be the connector's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Client id.
    pub app_id: String,
    /// Display name, cleaned.
    pub display_name: String,
    /// Why it is offered.
    pub why: CandidateReason,
}

/// Why a registration is offered as the connector's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateReason {
    /// It carries our marker.
    Marker,
    /// It requests the API's scope.
    Requests,
    /// Easy Auth already admits it, or the API pre-authorises it.
    Admitted,
    /// This person owns it.
    Owned,
}

/// A delegated permission grant (what consent writes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Grant id.
    pub id: String,
    /// `None` for everyone, else the person's object id.
    pub principal: Option<String>,
    /// Scope values.
    pub scopes: Vec<String>,
}

/// Whether users may consent for themselves (microsoft-cloud 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserConsent {
    /// Yes.
    Allowed,
    /// Only for permissions classified as low risk.
    LowRiskOnly,
    /// No; an administrator must.
    Off,
}
