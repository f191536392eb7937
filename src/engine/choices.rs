//! What the person chose. No secrets; small enough to keep in a file.

use serde::{Deserialize, Serialize};

/// Everything the person (or the command line) has chosen so far.
///
/// What is `None` is found by looking: the API's registration through Easy Auth's settings, the
/// connector's through its marker, and so on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// Tenant id or domain to sign in to.
    pub tenant: Option<String>,
    /// The function app.
    pub app: Option<AppChoice>,
    /// Client id of the API's registration, when the person picked one.
    pub api_app_id: Option<String>,
    /// Client id of the connector's registration, when the person picked one.
    pub client_app_id: Option<String>,
    /// The Resource URL, when it is not to be the recommended one.
    pub resource_url: Option<String>,
    /// The connector's redirect URL, once it came back from the connector page.
    pub redirect_url: Option<String>,
    /// The host name that callers use, when it is not to be the default one; counts only while ARM reports it for the app.
    pub host: Option<String>,
    /// How the connector's app is to be let in at stage 4.
    pub consent: Option<ConsentWay>,
    /// The sign-in is kept in the operating system's keyring, because the person asked for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_signed_in: bool,
    /// Key ids of the client secrets whose value is in a person's hands: copied from here, or pasted here. It is kept
    /// only so that nothing in use is taken for lost; nothing else trusts it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handed_over: Vec<String>,
}

impl Choices {
    /// For another tenant, or none: what stays is how to sign in, and what is known of secrets.
    #[must_use]
    pub fn afresh(&self, tenant: Option<String>) -> Self {
        Self {
            tenant,
            keep_signed_in: self.keep_signed_in,
            handed_over: self.handed_over.clone(),
            ..Self::default()
        }
    }

    /// How the connector is to be let in: as chosen, else the way that asks least of the person.
    pub fn consent_way(&self) -> ConsentWay {
        self.consent.unwrap_or(ConsentWay::PreAuthorize)
    }

    /// Whether the value of the secret with this key id is in a person's hands.
    pub fn handed_over(&self, key_id: &str) -> bool {
        self.handed_over.iter().any(|known| known.eq_ignore_ascii_case(key_id))
    }

    /// For another app: the tenant stays, and what is known of secrets, whose ids no two apps share.
    #[must_use]
    pub fn for_app(self, app: AppChoice) -> Self {
        let tenant = self.tenant.clone();
        Self { app: Some(app), ..self.afresh(tenant) }
    }
}

/// What stands as a tenant, when it can be one: an id or a domain, as it may stand in the path of a sign-in address.
pub fn tenant_named(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let usable = !text.is_empty() && text.len() <= 253 && text.chars().all(fits) && !text.starts_with('.');
    usable.then(|| text.to_owned())
}

/// How the function app was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppChoice {
    /// By its resource id, picked from the list.
    ResourceId(String),
    /// By its name, to be looked up in every subscription that can be seen.
    Name(String),
    /// By its address only; without a sign-in nothing but the public probes can be made.
    Url(String),
}

/// Ways to let the connector in, least privileged first (microsoft-cloud 4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentWay {
    /// The API pre-authorises the connector: its owner is enough, covers only the API's scope.
    PreAuthorize,
    /// A grant for everyone; needs an administrator's role.
    Everyone,
    /// Leave it to the person's own consent when the connection is made.
    WhenConnecting,
}

impl ConsentWay {
    /// Every way, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::PreAuthorize, Self::Everyone, Self::WhenConnecting];
}
