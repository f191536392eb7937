//! Switches of the world: tenant policies, delays, and every behaviour that the fact sheets mark unconfirmed.

use serde::{Deserialize, Serialize};

/// Whether ordinary users may consent for themselves (microsoft-cloud 4.3, `permissionGrantPoliciesAssigned`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserConsent {
    /// For every delegated permission of type User.
    #[default]
    Allowed,
    /// Only for permissions classified as low impact.
    LowRisk,
    /// Not at all.
    Off,
}

/// For which calls of a person Graph and Azure demand a stronger sign-in (a claims challenge).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrongerSignIn {
    /// For none.
    #[default]
    Never,
    /// For those that change something.
    Writes,
    /// For all.
    Everything,
}

/// The tenant's policy for application secrets (microsoft-cloud 4.3, `defaultAppManagementPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretPolicy {
    /// No secret may be added.
    pub forbidden: bool,
    /// Longest lifetime of a secret in days.
    pub max_lifetime_days: Option<u32>,
}

/// All switches with their usual positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Seconds until a change is seen by reads of one object (microsoft-cloud 4.9).
    pub by_id_lag_s: u32,
    /// Seconds until a change is seen by lists and filters.
    pub list_lag_s: u32,
    /// Seconds until the sign-in service knows of a change, new secrets included.
    pub sign_in_lag_s: u32,
    /// For as long again after its lag, every second read still sees the old state.
    pub flip_flop: bool,
    /// Whether users may consent for themselves.
    pub user_consent: UserConsent,
    /// Whether those who may not are offered to ask an admin (AADSTS90095 in place of 90094).
    pub admin_consent_workflow: bool,
    /// Whether ordinary users may register applications.
    pub users_may_create_apps: bool,
    /// Policy for application secrets.
    pub secret_policy: SecretPolicy,
    /// HTTP status of a secret that the policy refuses (microsoft-cloud 4.10: 400 or 403).
    pub secret_policy_status: u16,
    /// Whether Conditional Access refuses the device code flow (53003).
    pub device_code_blocked: bool,
    /// Whether Graph and Azure demand a stronger sign-in.
    pub stronger_sign_in: StrongerSignIn,
    /// Whether the tenant refuses the Azure CLI's client id to its users (50105, microsoft-cloud 2.10).
    pub azure_cli_blocked: bool,
    /// Whether a tenant wants its guests to sign in to it themselves, a refresh token not being enough (50076).
    pub guests_need_mfa: bool,
    /// Whether the tokens of guests name them as their home does, not as the tenant's directory (unconfirmed).
    pub guests_are_named_as_at_home: bool,
    /// Whether ARM's list of tenants tells the names of those in which one is a guest (microsoft-cloud 5.2).
    pub tenants_tell_their_names: bool,
    /// Seconds that the old auth settings stay in force after a write (microsoft-cloud 6.1, unconfirmed).
    pub auth_restart_s: u32,
    /// Whether `allowedApplications: []` refuses everybody (microsoft-cloud 6.7: sources conflict).
    pub empty_allowed_applications_denies: bool,
    /// Whether a v1 sign-in of a client that lists nothing of Graph is AADSTS90008 (microsoft-cloud 3.1).
    pub v1_sign_in_needs_graph: bool,
    /// Whether `/v2.0/adminconsent` is refused without a scope (microsoft-cloud 2.1, 2.9, unconfirmed).
    pub admin_consent_needs_scope: bool,
    /// Whether its way back names the scopes that were granted (microsoft-cloud 2.9, unconfirmed).
    pub admin_consent_names_scopes: bool,
    /// Whether a secret is refused where a code went to a redirect URI of a native client (700025, microsoft-cloud 3.3).
    pub native_redirect_refuses_secret: bool,
    /// Whether a resource with a final slash finds the one without, and the reverse (power-platform 1.5).
    pub trailing_slash_resolves: bool,
    /// HTTP status of the sign-in page that shows an error (microsoft-cloud 2.3: 200 or 400).
    pub error_page_status: u16,
    /// HTTP status of `invalid_client` errors (microsoft-cloud 2.3: 401 or 400).
    pub invalid_client_status: u16,
    /// Whether `client-request-id` is echoed as a response header (microsoft-cloud 2.3).
    pub echo_client_request_id: bool,
    /// Whether an Easy Auth issuer `https://sts.windows.net/{tid}/` accepts v2 tokens (microsoft-cloud 6.6, unconfirmed).
    pub sts_v1_issuer_accepts_v2: bool,
    /// Whether an Easy Auth issuer `https://sts.windows.net/{tid}/v2.0` accepts v2 tokens (microsoft-cloud 6.6).
    pub sts_v2_issuer_accepts_v2: bool,
    /// Whether that issuer accepts v1 tokens.
    pub sts_v2_issuer_accepts_v1: bool,
    /// Whether the platform answers a browser's preflight before Easy Auth is asked (microsoft-cloud 5.6, unconfirmed).
    pub preflight_before_auth: bool,
    /// Whether the 403 of the access restrictions names the caller's address (microsoft-cloud 6.7, unconfirmed).
    pub forbidden_ip_is_named: bool,
    /// Whether a presented but invalid bearer passes as anonymous under `AllowAnonymous` (microsoft-cloud 6.2).
    pub invalid_bearer_passes_as_anonymous: bool,
    /// Whether `X-Requested-With: XMLHttpRequest` turns the login redirect into a 401 (microsoft-cloud 6.2).
    pub script_requests_get_401: bool,
    /// Whether a 403 of Easy Auth has the HTML body on Linux too (microsoft-cloud 6.7).
    pub linux_403_has_body: bool,
    /// HTTP status of a failed token exchange at `/.auth/login/aad` (microsoft-cloud 6.5: 401, sometimes 400).
    pub token_exchange_failure_status: u16,
    /// Whether the host in `authorization_uri` and the login redirect is `login.windows.net` (else `login.microsoftonline.com`).
    pub easy_auth_uses_login_windows_net: bool,
    /// Whether a binding without `authLevel` asks for a function key (microsoft-cloud 5.7).
    pub missing_auth_level_means_function: bool,
    /// Whether `GET config/authsettingsV2/list` needs `list/action` rather than `config/read` (microsoft-cloud 5.5).
    pub auth_v2_list_needs_list_action: bool,
    /// HTTP status of a restart (microsoft-cloud 5.6: 200 or 204).
    pub restart_status: u16,
    /// HTTP status when a service principal exists already (microsoft-cloud 4.6: 409 or 400).
    pub existing_service_principal_status: u16,
    /// HTTP status when a delegated grant exists already (microsoft-cloud 4.7).
    pub existing_grant_status: u16,
    /// Whether the creation of an application may let somebody in beforehand to a permission that it makes itself; a PATCH
    /// never may (microsoft-cloud 4.4, unconfirmed).
    pub created_scopes_may_be_pre_authorized: bool,
    /// Whether `ownedObjects` narrowed to a type needs the header of advanced queries (microsoft-cloud 4.3, unconfirmed).
    pub owned_cast_needs_header: bool,
    /// Whether a PATCH of `api` keeps members that were not sent (microsoft-cloud 4.4).
    pub patch_keeps_unsent_members: bool,
    /// Whether PATCH of `passwordCredentials` is refused (microsoft-cloud 4.5).
    pub patch_of_secrets_refused: bool,
    /// Whether the identifier URI of a deleted application stays taken (microsoft-cloud 4.9).
    pub deleted_identifier_uris_stay_taken: bool,
    /// Whether policies can be read with the Azure CLI's token (microsoft-cloud 2.10: no).
    pub policies_readable: bool,
    /// Whether makers may create custom connectors in their environment (power-platform 6.3).
    pub makers_may_create_connectors: bool,
    /// Whether the list of data policies tells their rules for custom connectors, or only each policy by itself does
    /// (power-platform 6.9, unconfirmed).
    pub policy_lists_tell_patterns: bool,
    /// Directory roles beyond Cloud Application Administrator that may write grants: Application Administrator (microsoft-cloud 4.7).
    pub application_administrator_may_grant: bool,
    /// Token version of API apps that the portal makes: 2 or, when absent, null (microsoft-cloud 7.1).
    pub portal_token_version: Option<u8>,
    /// Seconds until a changed `requestedAccessTokenVersion` shows in new tokens (microsoft-cloud 2.11).
    pub token_version_lag_s: u32,
    /// Items on one page of a list (microsoft-cloud 4.1).
    pub page_size: usize,
    /// Lifetime of an authorization code in seconds (microsoft-cloud 2.5).
    pub code_lifetime_s: u32,
    /// Lifetime of a device code in seconds (microsoft-cloud 2.4).
    pub device_code_lifetime_s: u32,
    /// Poll interval of the device code flow in seconds.
    pub device_code_interval_s: u32,
    /// Lifetime of an access token in seconds (microsoft-cloud 2.6).
    pub access_token_lifetime_s: u32,
    /// HTTP status of the way from plain HTTP to HTTPS (microsoft-cloud 6.1: 302 or 307).
    pub https_redirect_status: u16,
    /// Whether the connector page keeps the secret of before where it is updated with an empty field (power-platform 6.6,
    /// unconfirmed).
    pub blank_secret_keeps_the_old_one: bool,
    /// Whether the connector page refuses what practitioners saw refused: titles over 30 characters or taken already, the
    /// parameter `connectionId`, `collectionFormat: multi` (power-platform 4.1, 7.3 #36, observed).
    pub connector_page_is_strict: bool,
    /// Whether a connection with on-behalf-of login needs the API to pre-authorise Azure API Connections (power-platform
    /// 6.7, observed).
    pub on_behalf_of_needs_preauthorization: bool,
}

impl Switches {
    /// Takes every delay away, for what is tried without them.
    pub fn without_lags(&mut self) {
        (self.by_id_lag_s, self.list_lag_s, self.sign_in_lag_s) = (0, 0, 0);
        (self.auth_restart_s, self.token_version_lag_s) = (0, 0);
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            by_id_lag_s: 0,
            list_lag_s: 0,
            sign_in_lag_s: 0,
            flip_flop: false,
            user_consent: UserConsent::Allowed,
            admin_consent_workflow: false,
            users_may_create_apps: true,
            secret_policy: SecretPolicy::default(),
            secret_policy_status: 400,
            device_code_blocked: false,
            stronger_sign_in: StrongerSignIn::Never,
            azure_cli_blocked: false,
            guests_need_mfa: false,
            guests_are_named_as_at_home: true,
            tenants_tell_their_names: true,
            auth_restart_s: 0,
            empty_allowed_applications_denies: true,
            v1_sign_in_needs_graph: true,
            admin_consent_needs_scope: true,
            admin_consent_names_scopes: true,
            native_redirect_refuses_secret: true,
            trailing_slash_resolves: false,
            error_page_status: 200,
            invalid_client_status: 401,
            echo_client_request_id: true,
            sts_v1_issuer_accepts_v2: false,
            sts_v2_issuer_accepts_v2: true,
            sts_v2_issuer_accepts_v1: false,
            preflight_before_auth: true,
            forbidden_ip_is_named: true,
            invalid_bearer_passes_as_anonymous: true,
            script_requests_get_401: true,
            linux_403_has_body: false,
            token_exchange_failure_status: 401,
            easy_auth_uses_login_windows_net: true,
            missing_auth_level_means_function: true,
            auth_v2_list_needs_list_action: false,
            restart_status: 200,
            existing_service_principal_status: 409,
            existing_grant_status: 409,
            created_scopes_may_be_pre_authorized: true,
            owned_cast_needs_header: false,
            patch_keeps_unsent_members: true,
            patch_of_secrets_refused: true,
            deleted_identifier_uris_stay_taken: true,
            policies_readable: false,
            makers_may_create_connectors: true,
            policy_lists_tell_patterns: false,
            application_administrator_may_grant: true,
            portal_token_version: Some(2),
            token_version_lag_s: 0,
            page_size: 100,
            code_lifetime_s: 600,
            device_code_lifetime_s: 900,
            device_code_interval_s: 5,
            access_token_lifetime_s: 3599,
            https_redirect_status: 302,
            blank_secret_keeps_the_old_one: true,
            connector_page_is_strict: true,
            on_behalf_of_needs_preauthorization: true,
        }
    }
}
