//! The authentication settings that a running site obeys, read from the stored V2 or V1 document.

use std::collections::BTreeSet;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::Url;

use crate::practice::world::Site;

/// What happens to a request without a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Browsers are sent to the login page, programs get 401.
    Redirect,
    /// 401 for everybody.
    Return401,
    /// 403 for everybody.
    Return403,
    /// 404 for everybody (the portal offers it).
    Return404,
    /// It passes.
    AllowAnonymous,
}

/// The settings, as far as they decide something.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What happens to anonymous requests.
    pub action: Action,
    /// Paths that are not guarded.
    excluded: Vec<String>,
    /// Client id of the API; empty while no provider is configured.
    pub client_id: String,
    /// Configured issuer; empty when none is.
    pub issuer: String,
    /// Audiences beside the client id.
    pub audiences: Vec<String>,
    /// `allowedApplications`; `None` where the policy or the list is absent.
    pub allowed_applications: Option<Vec<String>>,
    /// The older `jwtClaimChecks.allowedClientApplications`; empty means no check.
    pub allowed_client_applications: Vec<String>,
    /// Object ids that are let in; empty means all.
    pub identities: Vec<String>,
    /// Groups that are let in; empty means all.
    pub groups: Vec<String>,
    /// Tenants that are let in; empty means all that the issuer allows.
    pub tenants: Vec<String>,
    /// Whether the 401 goes without its header.
    pub disable_www_authenticate: bool,
    /// Whether plain HTTP is sent on to HTTPS (microsoft-cloud 6.1).
    pub require_https: bool,
    /// Where the routes of Easy Auth begin, usually `/.auth`.
    prefix: String,
    /// Whether a client secret is configured and there.
    pub has_secret: bool,
    /// The app setting that holds it; empty where none does.
    pub secret_setting: String,
    /// Whether a sign-in has to come back with the nonce that it was sent away with.
    pub validates_nonce: bool,
    /// Whether tokens are kept for the application.
    pub token_store: bool,
    /// Extra parameters for the login page, `key=value`.
    pub login_parameters: Vec<String>,
}

/// True for JSON `true` and for the text that the service accepts in its place.
fn on(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true")))
}

fn off(value: &Value) -> bool {
    !value.is_null() && !on(value)
}

fn texts(value: &Value) -> Vec<String> {
    let list =
        value.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    list.unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Settings {
    /// The settings that a site obeys at a moment; `None` while Easy Auth is off.
    pub fn in_force(site: &Site, now: Timestamp) -> Option<Self> {
        let mut settings = match site.effective_auth_v2(now) {
            Some(v2) => Self::from_v2(v2, site)?,
            None => Self::from_v1(site)?,
        };
        settings.tenants = site
            .app_settings
            .get("WEBSITE_AUTH_AAD_ALLOWED_TENANTS")
            .map(|list| {
                let list = list.expose_secret().split(',').map(|id| id.trim().to_ascii_lowercase());
                list.filter(|id| !id.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
            })
            .unwrap_or_default();
        Some(settings)
    }

    fn from_v2(stored: &Value, site: &Site) -> Option<Self> {
        if !on(&stored["platform"]["enabled"]) {
            return None;
        }
        let provider = &stored["identityProviders"]["azureActiveDirectory"];
        let registration = &provider["registration"];
        let validation = &provider["validation"];
        let policy = &validation["defaultAuthorizationPolicy"];
        let global = &stored["globalValidation"];
        let action = match global["unauthenticatedClientAction"].as_str() {
            _ if off(&global["requireAuthentication"]) => Action::AllowAnonymous,
            Some("AllowAnonymous") => Action::AllowAnonymous,
            Some("Return401" | "RejectWith401") => Action::Return401,
            Some("Return403") => Action::Return403,
            Some("Return404" | "RejectWith404") => Action::Return404,
            _ => Action::Redirect,
        };
        let secret = registration["clientSecretSettingName"].as_str().unwrap_or_default();
        let prefix = stored["httpSettings"]["routes"]["apiPrefix"].as_str().unwrap_or("/.auth");
        Some(Self {
            action,
            excluded: texts(&global["excludedPaths"]),
            client_id: if off(&provider["enabled"]) {
                String::new()
            } else {
                text(&registration["clientId"])
            },
            issuer: text(&registration["openIdIssuer"]),
            audiences: texts(&validation["allowedAudiences"]),
            allowed_applications: policy["allowedApplications"]
                .as_array()
                .map(|_| texts(&policy["allowedApplications"])),
            allowed_client_applications: texts(&validation["jwtClaimChecks"]["allowedClientApplications"]),
            identities: texts(&policy["allowedPrincipals"]["identities"]),
            groups: [
                texts(&policy["allowedPrincipals"]["groups"]),
                texts(&validation["jwtClaimChecks"]["allowedGroups"]),
            ]
            .concat(),
            tenants: Vec::new(),
            require_https: !off(&stored["httpSettings"]["requireHttps"]),
            disable_www_authenticate: on(&provider["login"]["disableWWWAuthenticate"]),
            prefix: prefix.trim_end_matches('/').to_ascii_lowercase(),
            has_secret: site.app_settings.contains_key(secret),
            secret_setting: secret.to_owned(),
            validates_nonce: !off(&stored["login"]["nonce"]["validateNonce"]),
            token_store: on(&stored["login"]["tokenStore"]["enabled"]),
            login_parameters: texts(&provider["login"]["loginParameters"]),
        })
    }

    /// Classic settings. Unlike V2 they also accept the site's own address as audience (microsoft-cloud 6.6).
    fn from_v1(site: &Site) -> Option<Self> {
        let stored = &site.auth_v1;
        if !on(&stored["enabled"]) {
            return None;
        }
        let claims: Value = stored["aadClaimsAuthorization"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let mut audiences = texts(&stored["allowedAudiences"]);
        audiences.push(format!("https://{}", site.default_host()));
        Some(Self {
            action: match stored["unauthenticatedClientAction"].as_str() {
                Some("RedirectToLoginPage") => Action::Redirect,
                _ => Action::AllowAnonymous,
            },
            excluded: Vec::new(),
            client_id: text(&stored["clientId"]),
            issuer: text(&stored["issuer"]),
            audiences,
            allowed_applications: None,
            allowed_client_applications: texts(&claims["allowed_client_applications"]),
            identities: Vec::new(),
            groups: texts(&claims["allowed_groups"]),
            tenants: Vec::new(),
            disable_www_authenticate: false,
            // The classic settings leave it to the site's own `httpsOnly`.
            require_https: false,
            prefix: "/.auth".to_owned(),
            has_secret: stored["clientSecret"].is_string() || stored["clientSecretSettingName"].is_string(),
            secret_setting: text(&stored["clientSecretSettingName"]),
            validates_nonce: true,
            token_store: on(&stored["tokenStoreEnabled"]),
            login_parameters: texts(&stored["additionalLoginParams"]),
        })
    }

    /// Whether the Microsoft provider is configured.
    pub fn has_provider(&self) -> bool {
        !self.client_id.is_empty()
    }

    /// Whether a path belongs to Easy Auth itself.
    pub fn owns(&self, path: &str) -> bool {
        self.route(path).is_some()
    }

    /// The route below the prefix, in lower case and without slashes at its ends.
    pub fn route(&self, path: &str) -> Option<String> {
        let path = path.to_ascii_lowercase();
        let rest = path.strip_prefix(&self.prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/').to_owned())
    }

    /// The prefix of Easy Auth's routes.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a path is excluded from the guard.
    pub fn excludes(&self, path: &str) -> bool {
        let path = path.to_ascii_lowercase();
        self.excluded.iter().any(|excluded| {
            let excluded = excluded.to_ascii_lowercase();
            if let Some(start) = excluded.strip_suffix('*') {
                return path.starts_with(start);
            }
            let start = excluded.trim_end_matches('/');
            path == start || path.strip_prefix(start).is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// The tenant part of the configured issuer; `common` when there is none.
    pub fn issuer_tenant(&self) -> String {
        Url::parse(&self.issuer)
            .ok()
            .and_then(|url| url.path_segments().and_then(|mut parts| parts.next().map(str::to_owned)))
            .filter(|tenant| !tenant.is_empty())
            .unwrap_or_else(|| "common".to_owned())
    }

    /// Whether the configured issuer is one of the v2 family.
    pub fn issuer_is_v2(&self) -> bool {
        self.issuer.trim_end_matches('/').ends_with("/v2.0")
    }

    /// The authorize address that the 401 names (microsoft-cloud 6.2).
    pub fn authorization_uri(&self, login: &str) -> String {
        let version = if self.issuer_is_v2() { "oauth2/v2.0" } else { "oauth2" };
        format!("{login}/{}/{version}/authorize", self.issuer_tenant())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn v2(stored: &Value) -> Option<Settings> {
        let mut world = crate::practice::scenario::worlds::bare();
        let site = &mut world.sites[0];
        site.auth_v2 = Some(stored.clone());
        Settings::in_force(site, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn it_is_on_only_when_the_platform_says_so() {
        assert!(v2(&json!({})).is_none());
        assert!(v2(&json!({"globalValidation": {"requireAuthentication": true}})).is_none());
        assert!(v2(&json!({"platform": {"enabled": "true"}})).is_some());
        assert!(!v2(&json!({"platform": {"enabled": true}})).unwrap().has_provider());
    }

    #[test]
    fn paths_are_excluded_whole_or_below() {
        let stored = json!({"platform": {"enabled": true},
            "globalValidation": {"excludedPaths": ["/api/Health", "/runtime/*"]}});
        let settings = v2(&stored).unwrap();
        for (path, expected) in [
            ("/api/health", true),
            ("/api/health/live", true),
            ("/api/healthy", false),
            ("/runtime/webhooks/x", true),
            ("/api/Hello", false),
        ] {
            assert_eq!(settings.excludes(path), expected, "{path}");
        }
    }

    #[test]
    fn an_empty_list_of_applications_is_told_from_an_absent_one() {
        let with = |policy: Value| {
            v2(&json!({"platform": {"enabled": true}, "identityProviders": {"azureActiveDirectory":
                {"validation": {"defaultAuthorizationPolicy": policy}}}}))
            .unwrap()
            .allowed_applications
        };
        assert_eq!(with(json!({})), None);
        assert_eq!(with(json!({"allowedApplications": []})), Some(vec![]));
    }
}
