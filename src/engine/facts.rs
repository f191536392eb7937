//! Facts: what was observed in the cloud, and when. Never what was assumed.

use jiff::Timestamp;
use serde_json::Value;

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
    /// Which service principal the Resource URL names.
    pub resource: Seen<Resource>,
    /// What the token endpoint said of the held secret's value.
    pub secret_probe: Seen<SecretProbe>,
    /// The rehearsal's outcome.
    pub rehearsal: Seen<Rehearsal>,
}

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

/// The function app's resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Resource id, as ARM spells it.
    pub id: String,
    /// Name.
    pub name: String,
    /// `kind`, e.g. `functionapp,linux`.
    pub kind: String,
    /// Location as ARM spells it.
    pub location: String,
    /// `Running` or `Stopped`.
    pub state: String,
    /// Default host name: read, never composed (microsoft-cloud 5.4).
    pub host: String,
    /// All host names people may use.
    pub host_names: Vec<String>,
    /// Subscription id.
    pub subscription: String,
    /// Resource group.
    pub resource_group: String,
}

/// What the host said to a plain request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAnswer {
    /// HTTP status.
    pub status: u16,
}

/// One function of the app (microsoft-cloud 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Name.
    pub name: String,
    /// Invoke URL template as ARM gives it; `None` where it is not triggered by HTTP.
    pub invoke_url: Option<String>,
    /// HTTP methods, upper case; empty means all.
    pub methods: Vec<String>,
    /// The key it asks for on top of the sign-in.
    pub auth_level: AuthLevel,
    /// Whether it is switched off.
    pub disabled: bool,
}

/// Which key a function asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthLevel {
    /// None.
    Anonymous,
    /// A function key.
    Function,
    /// The master key.
    Admin,
    /// Not said; the host then takes function level (unconfirmed, microsoft-cloud 5.7).
    Unsaid,
}

/// Which generation of settings the site runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthVersion {
    /// "Classic"; the first write of version 2 settings moves it, one way.
    V1 {
        /// Whether classic authentication is on.
        enabled: bool,
    },
    /// Current.
    V2,
}

/// The authentication settings that matter here, and the whole document they were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSettings {
    /// `platform.enabled`.
    pub enabled: bool,
    /// `platform.configFilePath`: when set, a file rules and these values are ignored.
    pub config_file: Option<String>,
    /// `globalValidation.requireAuthentication`.
    pub require_authentication: bool,
    /// `globalValidation.unauthenticatedClientAction`, as spelt.
    pub unauthenticated_action: String,
    /// `globalValidation.excludedPaths`.
    pub excluded_paths: Vec<String>,
    /// Whether the Entra provider is on (absent counts as on).
    pub provider_enabled: bool,
    /// `registration.openIdIssuer`.
    pub issuer: Option<String>,
    /// `registration.clientId`.
    pub client_id: Option<String>,
    /// `validation.allowedAudiences`.
    pub allowed_audiences: Vec<String>,
    /// `validation.defaultAuthorizationPolicy.allowedApplications`; `None` when the member is absent.
    pub allowed_applications: Option<Vec<String>>,
    /// `validation.jwtClaimChecks.allowedClientApplications`, the older form of the same.
    pub older_allowed_applications: Vec<String>,
    /// `defaultAuthorizationPolicy.allowedPrincipals.identities`.
    pub allowed_identities: Vec<String>,
    /// `defaultAuthorizationPolicy.allowedPrincipals.groups`.
    pub allowed_groups: Vec<String>,
    /// The whole `properties` document as read: the base of read-change-write.
    pub document: Value,
}

/// What an anonymous caller is told, on two paths and in two guises (microsoft-cloud 6.2, 6.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probes {
    /// `/.auth/login/aad`, as a browser.
    pub login: Seen<ProbeAnswer>,
    /// A path that no function serves, as a browser.
    pub browser: Seen<ProbeAnswer>,
    /// The same, as a program.
    pub program: Seen<ProbeAnswer>,
    /// The function itself; only ever called after the person confirmed it.
    pub function: Seen<ProbeAnswer>,
}

/// One answer to an anonymous request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// HTTP status.
    pub status: u16,
    /// Whether there was a `WWW-Authenticate` header.
    pub challenged: bool,
    /// The tenant that the challenge or the redirect names.
    pub tenant: Option<String>,
    /// The client id that it names.
    pub client_id: Option<String>,
    /// Host that a redirect leads to.
    pub redirect_host: Option<String>,
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

/// What the Resource URL resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The value that was looked up.
    pub value: String,
    /// Client id of the service principal that carries this name.
    pub app_id: String,
}

/// The token endpoint's word on a secret's value (microsoft-cloud 2.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretProbe {
    /// The client it was tried for.
    pub client_app_id: String,
    /// Key id of the secret, when known.
    pub key_id: Option<String>,
    /// The verdict.
    pub verdict: SecretVerdict,
}

/// Verdict on a secret's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretVerdict {
    /// A token was issued.
    Works,
    /// Wrong value (7000215).
    Wrong,
    /// Ended (7000222).
    Expired,
    /// Another refusal, in the service's words.
    Refused {
        /// AADSTS number.
        code: String,
        /// Cleaned text.
        text: String,
    },
}

/// The outcome of a rehearsal (design section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// Client id it used.
    pub client_app_id: String,
    /// Resource URL it asked for.
    pub resource: String,
    /// Whether the code arrived at our listener or was pasted, and was redeemed by us.
    pub redeemed: bool,
    /// `aud` of the token.
    pub audience: String,
    /// `iss` of the token.
    pub issuer: String,
    /// Who the token is for.
    pub caller: String,
    /// Scopes in the token.
    pub scopes: String,
    /// Method and address that was called.
    pub called: String,
    /// HTTP status of the function's answer.
    pub status: u16,
    /// The answer's first characters, cleaned.
    pub answer: String,
    /// The runtime's own diagnosis when it refused (`IDX…`), if it could be had.
    pub diagnosis: Option<String>,
}
