//! Facts about the function app: its resource, its functions, its authentication settings, what callers are told.

use serde_json::Value;

use super::Seen;

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
    /// The host name that is worked with: the default one, or another of [`Self::host_names`] that was chosen. Read,
    /// never composed (microsoft-cloud 5.4).
    pub host: String,
    /// All host names people may use, the default one first.
    pub host_names: Vec<String>,
    /// Subscription id.
    pub subscription: String,
    /// Resource group.
    pub resource_group: String,
    /// Whether `publicNetworkAccess` is `Disabled`: nobody reaches it over the internet. Null, as most apps have it, says
    /// nothing (microsoft-cloud 5.4).
    pub public_access_off: bool,
}

impl Site {
    /// The same, worked with at another of its host names. One that it does not report changes nothing.
    #[must_use]
    pub fn at(mut self, host: &str) -> Self {
        if let Some(known) = self.host_names.iter().find(|known| known.eq_ignore_ascii_case(host)) {
            self.host.clone_from(known);
        }
        self
    }
}

/// What the host said to a plain request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAnswer {
    /// HTTP status.
    pub status: u16,
    /// What App Service's front end said in place of the app.
    pub front_end: Option<FrontEnd>,
}

/// What App Service's front end says before Easy Auth is asked, told by its pages. All of its marks are unconfirmed
/// (microsoft-cloud 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontEnd {
    /// The network lets this caller not in.
    Forbidden,
    /// The app is stopped.
    Stopped,
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
        /// Whether a provider's secret stands in the settings themselves. The portal's Upgrade moves those to app settings
        /// (microsoft-cloud 5.5); what becomes of them when version 2 settings are simply written is not known.
        keeps_secrets: bool,
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
    /// `validation.jwtClaimChecks.allowedGroups`, the older form of the same.
    pub older_allowed_groups: Vec<String>,
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
    /// What the front end said, where it was the one that answered.
    pub front_end: Option<FrontEnd>,
}
