//! The log of mutating calls and of unknown paths, with secrets taken out.

use http::Method;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value};

use super::World;
use crate::practice::wire::Service;

/// One mutating call.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// When it came, by the world's clock.
    pub time: Timestamp,
    /// Which service took it.
    pub service: Service,
    /// HTTP method.
    pub method: String,
    /// Host as the client named it.
    pub host: String,
    /// Path.
    pub path: String,
    /// Query, as it stood in the address.
    pub query: String,
    /// HTTP status of the answer; `None` when the connection was dropped.
    pub status: Option<u16>,
    /// User principal name or client id of the caller; `anonymous` without a token.
    pub who: String,
    /// Request body with secrets taken out; null when there was none.
    pub body: Value,
}

/// Permissions of one resource that somebody granted a client at a sign-in page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// When, by the world's clock.
    pub time: Timestamp,
    /// User principal name of the one who agreed.
    pub who: String,
    /// Client id.
    pub client: String,
    /// Client id of the resource.
    pub resource: String,
    /// Permissions by value.
    pub scopes: Vec<String>,
    /// Whether for everybody in the tenant.
    pub for_all: bool,
}

/// One request to a path that no service knows.
#[derive(Debug, Clone, Serialize)]
pub struct UnknownCall {
    /// When it came.
    pub time: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Host as the client named it.
    pub host: String,
    /// Path.
    pub path: String,
}

/// What stands in place of a secret.
const REMOVED: &str = "(removed)";

pub(super) fn is_mutation(service: Service, method: &Method, path: &str) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let last = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    match service {
        Service::SignIn | Service::Site | Service::Control | Service::Unknown | Service::Nowhere => false,
        Service::Graph => *method != Method::POST || !matches!(last.as_str(), "$batch" | "getbyids"),
        Service::Arm => {
            *method != Method::POST
                || !(matches!(last.as_str(), "list" | "listkeys" | "listsecrets")
                    || path.to_ascii_lowercase().ends_with("/microsoft.resourcegraph/resources"))
        }
        Service::Maker | Service::Portal | Service::Consent => true,
    }
}

/// Takes secrets out of a body: by the names of members, and every value that `known` says is a secret.
pub fn redact(body: &Value, known: &[String]) -> Value {
    match body {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let value = if is_secret_name(name) && !value.is_null() {
                    Value::from(REMOVED)
                } else {
                    redact(value, known)
                };
                (name.clone(), value)
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| redact(item, known)).collect()),
        Value::String(text) => {
            let clean =
                known.iter().filter(|secret| !secret.is_empty()).fold(text.clone(), |text, secret| {
                    if text.contains(secret.as_str()) { text.replace(secret.as_str(), REMOVED) } else { text }
                });
            Value::String(clean)
        }
        other => other.clone(),
    }
}

fn is_secret_name(name: &str) -> bool {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    matches!(
        name.as_str(),
        "secrettext"
            | "clientsecret"
            | "secret"
            | "password"
            | "code"
            | "devicecode"
            | "refreshtoken"
            | "accesstoken"
            | "idtoken"
            | "clientassertion"
            | "codeverifier"
            | "microsoftproviderauthenticationsecret"
            | "azurewebjobsstorage"
    )
}

impl World {
    /// Every secret value that exists in this world, for taking them out of what is logged.
    pub fn secret_values(&self) -> Vec<String> {
        let of_apps = self.directory.iter().flat_map(|object| &object.secrets).map(|secret| &secret.value);
        let of_sites = self.sites.iter().flat_map(|site| {
            site.app_settings
                .iter()
                .filter(|(name, _)| name.to_ascii_lowercase().contains("secret"))
                .map(|(_, value)| value)
                .chain(site.host_keys.values())
                .chain(site.functions.iter().flat_map(|function| function.keys.values()))
        });
        let of_connectors = self.connectors.iter().filter_map(|connector| connector.client_secret.as_ref());
        of_apps
            .chain(of_sites)
            .chain(of_connectors)
            .map(|secret| secret.expose_secret().to_owned())
            .filter(|secret| secret.len() >= 8)
            .collect()
    }

    /// Adds a call to the log. Its body is redacted here.
    pub fn record(&mut self, mut call: Call) {
        call.body = redact(&call.body, &self.secret_values());
        self.calls.push(call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_that_are_spelled_as_post_are_no_mutations() {
        for (service, method, path, expected) in [
            (Service::Graph, Method::GET, "/v1.0/applications", false),
            (Service::Graph, Method::POST, "/v1.0/applications", true),
            (Service::Graph, Method::POST, "/v1.0/$batch", false),
            (Service::Graph, Method::POST, "/v1.0/applications/1/addPassword", true),
            (Service::Arm, Method::POST, "/subscriptions/1/x/config/appsettings/list", false),
            (Service::Arm, Method::POST, "/subscriptions/1/x/host/default/listkeys", false),
            (Service::Arm, Method::POST, "/providers/Microsoft.ResourceGraph/resources", false),
            (Service::Arm, Method::POST, "/subscriptions/1/x/restart", true),
            (Service::Arm, Method::PUT, "/subscriptions/1/x/config/authsettingsV2", true),
            (Service::SignIn, Method::POST, "/common/oauth2/v2.0/token", false),
            (Service::Site, Method::POST, "/api/Hello", false),
            (Service::Maker, Method::POST, "/_make/connectors", true),
        ] {
            assert_eq!(is_mutation(service, &method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn secrets_are_taken_out_by_name_and_by_value() {
        let body = json!({
            "clientSecret": "one", "clientSecretSettingName": "NAME", "properties": {"X": "see abc8Q~value here"},
            "list": [{"secretText": "two"}], "secretText": null,
        });
        let clean = redact(&body, &["abc8Q~value".to_owned()]);
        assert_eq!(
            clean,
            json!({
                "clientSecret": "(removed)", "clientSecretSettingName": "NAME",
                "properties": {"X": "see (removed) here"}, "list": [{"secretText": "(removed)"}], "secretText": null,
            })
        );
    }
}
