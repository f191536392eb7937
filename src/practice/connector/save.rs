//! Saving a connector: the page's fields with their defaults, and the redirect URL that is minted (power-platform 1.3,
//! 1.4, 2.2, 3.2).

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::practice::wire::find;
use crate::practice::world::{Connector, Function, World};

/// Where redirect URLs live (power-platform 2.2).
pub const REDIRECT_BASE: &str = "https://global.consent.azure-apim.net/redirect/";

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
    /// Client secret; empty on an edit means that it stays.
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
}

impl Default for Fields {
    /// The page as it opens: Generic OAuth 2, tenant `common` (power-platform 1.4).
    fn default() -> Self {
        Self {
            title: String::new(),
            scheme: "https".to_owned(),
            host: String::new(),
            base_url: "/api".to_owned(),
            provider: "oauth2generic".to_owned(),
            client_id: String::new(),
            client_secret: SecretString::default(),
            login_uri: "https://login.microsoftonline.com".to_owned(),
            tenant_id: "common".to_owned(),
            resource_uri: String::new(),
            on_behalf_of: "false".to_owned(),
            scope: String::new(),
            generic_urls: [String::new(), String::new(), String::new()],
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
        }
    }

    /// The first thing that the page would mark in red.
    fn problem(&self, is_new: bool) -> Option<&'static str> {
        use secrecy::ExposeSecret;
        let host = self.host.as_str();
        Some(match () {
            () if self.title.is_empty() => "Connector name is required.",
            () if host.is_empty()
                || host.contains("://")
                || host.contains('/')
                || host.contains(char::is_whitespace) =>
            {
                "Host is required: a host name only, without scheme and without slash."
            }
            () if !matches!(self.scheme.as_str(), "https" | "http") => "Scheme is HTTPS or HTTP.",
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
            () => return None,
        })
    }

    fn oauth(&self, redirect_url: &str) -> Value {
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

/// Saves a new connector (`existing` is `None`) or changes one, and gives its place. The redirect URL is minted on
/// creation and stays (power-platform 2.3). The error is the sentence that the page shows.
pub fn save(
    world: &mut World,
    owner: &str,
    fields: &Fields,
    existing: Option<usize>,
) -> Result<usize, String> {
    use secrecy::ExposeSecret;
    if let Some(problem) = fields.problem(existing.is_none()) {
        return Err(problem.to_owned());
    }
    let now = world.now();
    let functions = world.site_by_host(&fields.host).map_or(&[][..], |site| site.functions.as_slice());
    let definition = definition(functions, &fields.title, &fields.scheme, &fields.host, &fields.base_url);
    if let Some(at) = existing {
        let connector = world.connectors.get_mut(at).ok_or("The connector is not there any more.")?;
        connector.oauth = fields.oauth(&connector.redirect_url);
        connector.host.clone_from(&fields.host);
        connector.scheme.clone_from(&fields.scheme);
        connector.definition = definition;
        connector.changed_at = now;
        if !fields.client_secret.expose_secret().is_empty() {
            connector.client_secret = Some(fields.client_secret.clone());
        }
        return Ok(at);
    }
    let environment = world.environments.first().map(|known| known.id.clone()).unwrap_or_default();
    let internal = internal_name(world, &environment, &fields.title);
    let redirect_url = format!("{REDIRECT_BASE}{internal}");
    world.connectors.push(Connector {
        name: format!("shared_{internal}"),
        environment,
        display_name: fields.title.clone(),
        owner: owner.to_owned(),
        host: fields.host.clone(),
        scheme: fields.scheme.clone(),
        oauth: fields.oauth(&redirect_url),
        client_secret: Some(fields.client_secret.clone()),
        redirect_url,
        definition,
        created_at: now,
        changed_at: now,
        connections: Vec::new(),
    });
    Ok(world.connectors.len() - 1)
}

/// The API name without its prefix: the escaped title and two digests, stable for environment, title and how often
/// the title was used (power-platform 2.2; the real digest is unknown).
fn internal_name(world: &World, environment: &str, title: &str) -> String {
    let used = world.connectors.iter().filter(|connector| connector.display_name == title).count();
    let digest = |what: &str| -> String {
        world.id_for(&format!("connector digest {what}")).simple().to_string().chars().take(16).collect()
    };
    let escaped: String = title
        .to_lowercase()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("-{other:02x}"),
        })
        .collect();
    format!("{escaped}-5f{}-5f{}", digest(environment), digest(&format!("{environment} {title} {used}")))
}

/// A definition of a site's functions, as an import of the files would have brought it: with the name in the body where
/// the function takes a POST, else in the query.
pub fn definition(functions: &[Function], title: &str, scheme: &str, host: &str, base: &str) -> Value {
    let mut paths = Map::new();
    for function in functions.iter().filter(|function| !function.disabled) {
        let route = function.route.as_deref().unwrap_or(&function.name);
        let posts = function.methods.is_empty() || function.methods.iter().any(|method| method == "post");
        let name = if posts {
            json!({"name": "body", "in": "body", "required": true,
                "schema": {"type": "object", "properties": {"name": {"type": "string", "title": "name"}}}})
        } else {
            json!({"name": "name", "in": "query", "required": false, "type": "string"})
        };
        let operation = json!({
            "operationId": function.name, "summary": function.name, "parameters": [name],
            "responses": {"default": {"description": "default", "schema": {"type": "string"}}},
        });
        paths.insert(format!("/{route}"), json!({ (if posts { "post" } else { "get" }): operation }));
    }
    json!({
        "swagger": "2.0", "info": {"title": title, "description": "", "version": "1.0"}, "host": host,
        "basePath": base, "schemes": [scheme], "consumes": [], "produces": [], "paths": paths,
        "definitions": {}, "parameters": {}, "responses": {}, "securityDefinitions": {}, "security": [], "tags": [],
    })
}
