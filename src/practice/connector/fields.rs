//! What stands in the fields of the connector page, with the page's defaults, and what it marks in red (power-platform 1.3,
//! 1.4, 3.2).

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::definition;
use crate::practice::wire::find;
use crate::practice::world::Connector;

/// What stands in the page's fields.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Connector name.
    pub title: String,
    /// `https` or `http`.
    pub scheme: String,
    /// Host without scheme.
    pub host: String,
    /// Base URL.
    pub base_url: String,
    /// `aad` or `oauth2generic`.
    pub provider: String,
    /// Client ID.
    pub client_id: String,
    /// Client secret; always empty when the page is opened again.
    pub client_secret: SecretString,
    /// Authorization URL of the `aad` provider, a base.
    pub login_uri: String,
    /// Tenant ID.
    pub tenant_id: String,
    /// Resource URL.
    pub resource_uri: String,
    /// Enable on-behalf-of login, a text.
    pub on_behalf_of: String,
    /// Scope.
    pub scope: String,
    /// Authorization, token and refresh URL of the generic provider.
    pub generic_urls: [String; 3],
    /// The definition that was imported; `None` where the connector is made from blank, or stays with the one it has.
    pub definition: Option<Value>,
}

impl Default for Fields {
    /// The page as it opens: Generic OAuth 2, tenant `common` (power-platform 1.4).
    fn default() -> Self {
        Self {
            title: String::new(),
            scheme: "https".to_owned(),
            host: String::new(),
            base_url: "/".to_owned(),
            provider: "oauth2generic".to_owned(),
            client_id: String::new(),
            client_secret: SecretString::default(),
            login_uri: "https://login.microsoftonline.com".to_owned(),
            tenant_id: "common".to_owned(),
            resource_uri: String::new(),
            on_behalf_of: "false".to_owned(),
            scope: String::new(),
            generic_urls: [String::new(), String::new(), String::new()],
            definition: None,
        }
    }
}

impl Fields {
    /// The fields of a submitted page; what is not sent keeps its default.
    pub fn from_form(form: &[(String, String)]) -> Self {
        let start = Self::default();
        let text =
            |name: &str, start: String| find(form, name).map_or(start, |value| value.trim().to_owned());
        let [authorize, token, refresh] = start.generic_urls;
        Self {
            title: text("title", start.title),
            scheme: text("scheme", start.scheme),
            host: text("host", start.host),
            base_url: text("base_url", start.base_url),
            provider: text("provider", start.provider),
            client_id: text("client_id", start.client_id),
            // A secret is taken as it was pasted, blanks and all.
            client_secret: find(form, "client_secret").unwrap_or_default().into(),
            login_uri: text("login_uri", start.login_uri),
            tenant_id: text("tenant_id", start.tenant_id),
            resource_uri: text("resource_uri", start.resource_uri),
            on_behalf_of: text("on_behalf_of", start.on_behalf_of),
            scope: text("scope", start.scope),
            generic_urls: [
                text("authorization_url", authorize),
                text("token_url", token),
                text("refresh_url", refresh),
            ],
            definition: find(form, "definition").and_then(|text| serde_json::from_str(text).ok()),
        }
    }

    /// The fields of a saved connector. The secret is never shown again.
    pub fn of(connector: &Connector) -> Self {
        let start = Self::default();
        let custom = &connector.oauth["customParameters"];
        let value = |name: &str| custom[name]["value"].as_str().unwrap_or_default().to_owned();
        let member = |name: &str| connector.oauth[name].as_str().unwrap_or_default().to_owned();
        let aad = connector.oauth["identityProvider"] == json!("aad");
        let scopes = connector.oauth["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Self {
            title: connector.display_name.clone(),
            scheme: connector.scheme.clone(),
            host: connector.host.clone(),
            base_url: connector.definition["basePath"].as_str().unwrap_or("/").to_owned(),
            provider: member("identityProvider"),
            client_id: member("clientId"),
            login_uri: if aad { value("loginUri") } else { start.login_uri },
            tenant_id: if aad { value("tenantId") } else { start.tenant_id },
            resource_uri: value("resourceUri"),
            on_behalf_of: if aad { value("enableOnbehalfOfLogin") } else { start.on_behalf_of },
            scope: scopes.collect::<Vec<_>>().join(" "),
            generic_urls: [value("authorizationUrl"), value("tokenUrl"), value("refreshUrl")],
            client_secret: start.client_secret,
            definition: None,
        }
    }

    /// The first thing that the page would mark in red; `strict` adds what was only observed.
    pub fn problem(&self, is_new: bool, strict: bool) -> Option<String> {
        let missing = match () {
            () if self.title.is_empty() => "Connector name is required.",
            () if self.host.is_empty() => "Host is required.",
            () if !matches!(self.scheme.as_str(), "https" | "http") => "Scheme is HTTPS or HTTP.",
            () if !self.base_url.starts_with('/') => "Base URL has to begin with '/'.",
            () if self.client_id.is_empty() => "Client ID is required.",
            () if is_new && self.client_secret.expose_secret().is_empty() => "Client secret is required.",
            () if self.provider == "aad" && self.resource_uri.is_empty() => "Resource URL is required.",
            () if self.provider == "aad" && self.tenant_id.is_empty() => "Tenant ID is required.",
            () if self.provider == "oauth2generic" && self.generic_urls.iter().any(String::is_empty) => {
                "Authorization URL, Token URL and Refresh URL are required."
            }
            () if !matches!(self.provider.as_str(), "aad" | "oauth2generic") => {
                "Identity Provider is not known."
            }
            () => "",
        };
        if !self.host.is_empty() && !definition::is_host(&self.host) {
            let illegal = definition::ILLEGAL_HOST;
            return Some(format!(
                "Host is required: a host name only, without scheme and without slash. {illegal}"
            ));
        }
        if strict && self.title.chars().count() > definition::LONGEST_TITLE {
            return Some(definition::long_title());
        }
        (!missing.is_empty()).then(|| missing.to_owned())
    }

    /// `oAuthSettings` as they are stored (power-platform 3.2).
    pub fn oauth(&self, redirect_url: &str) -> Value {
        let scopes: Vec<&str> = self.scope.split_whitespace().collect();
        let (properties, custom) = if self.provider == "aad" {
            let properties = json!({
                "IsFirstParty": "False", "AzureActiveDirectoryResourceId": self.resource_uri,
                "IsOnbehalfofLoginSupported": true,
            });
            let custom = json!({
                "loginUri": {"value": self.login_uri}, "tenantId": {"value": self.tenant_id},
                "resourceUri": {"value": self.resource_uri},
                "enableOnbehalfOfLogin": {"value": self.on_behalf_of},
            });
            (properties, custom)
        } else {
            let [authorize, token, refresh] = &self.generic_urls;
            let custom = json!({
                "authorizationUrl": {"value": authorize}, "tokenUrl": {"value": token},
                "refreshUrl": {"value": refresh},
            });
            (json!({"IsFirstParty": "False"}), custom)
        };
        json!({
            "identityProvider": self.provider, "clientId": self.client_id, "scopes": scopes,
            "redirectMode": "GlobalPerConnector", "redirectUrl": redirect_url, "properties": properties,
            "customParameters": custom,
        })
    }
}
