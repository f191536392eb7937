//! The client application of a sign-in: whether it is known in the tenant, and which redirect URIs it may use.

use serde_json::Value;
use url::Url;

use super::{Authority, Refusal};
use crate::practice::world::{Kind, View, World, first_party};

/// A client as the sign-in service sees it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Client id.
    pub app_id: String,
    /// Display name.
    pub name: String,
    /// Tenant it is registered in.
    pub home: String,
    /// Object id of the registration; empty for Microsoft's own.
    pub object_id: String,
    /// The registration; null for Microsoft's own.
    pub app: Value,
    /// Whether it is one of Microsoft's own applications.
    pub first_party: bool,
}

/// Under which platform a redirect URI is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Web: redeeming needs the secret.
    Web,
    /// Mobile and desktop: redeeming must not bring a secret.
    Public,
    /// Single page: redeeming needs an `Origin` header.
    Spa,
}

const NATIVE: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";

impl Client {
    /// Finds a client for an authority. AADSTS700016 if the tenant does not know it, 50194 if it may not use `common`.
    pub fn find(world: &World, authority: &Authority, app_id: &str) -> Result<Self, Refusal> {
        if app_id == first_party::AZURE_CLI {
            return Ok(Self {
                app_id: app_id.to_owned(),
                name: "Microsoft Azure CLI".to_owned(),
                home: first_party::HOME_TENANT.to_owned(),
                object_id: String::new(),
                app: Value::Null,
                first_party: true,
            });
        }
        let not_found = || {
            let place = match authority {
                Authority::Tenant(id) => world.tenant(id).map_or(id.as_str(), |tenant| &tenant.display_name),
                Authority::Common | Authority::Organizations => "Microsoft",
            };
            Refusal::new(
                700_016,
                "unauthorized_client",
                format!(
                    "Application with identifier '{app_id}' was not found in the directory '{place}'. This can happen \
                     if the application has not been installed by the administrator of the tenant or consented to by \
                     any user in the tenant. You may have sent your authentication request to the wrong tenant."
                ),
            )
        };
        let (object, doc) = world.application(app_id, View::SignIn).ok_or_else(not_found)?;
        let single = doc["signInAudience"].as_str().is_none_or(|audience| audience == "AzureADMyOrg");
        let client = Self {
            app_id: object.app_id().to_owned(),
            name: object.text("displayName").to_owned(),
            home: object.tenant.clone(),
            object_id: object.id.clone(),
            app: doc.clone(),
            first_party: false,
        };
        match authority {
            Authority::Tenant(tenant) if single && *tenant != client.home => Err(not_found()),
            Authority::Common | Authority::Organizations if single => Err(Refusal::new(
                50194,
                "unauthorized_client",
                format!(
                    "Application '{app_id}'({}) is not configured as a multi-tenant application. Usage of the /common \
                     endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint \
                     or configure the application to be multi-tenant.",
                    client.name
                ),
            )),
            _ => Ok(client),
        }
    }

    /// Its service principal in a tenant: object id and document.
    pub fn principal(&self, world: &World, tenant: &str) -> Option<(String, Value)> {
        world
            .service_principal(tenant, &self.app_id, View::SignIn)
            .map(|(object, doc)| (object.id.clone(), doc.clone()))
    }

    /// Whether people can sign in with it: the service principal exists (700016, microsoft-cloud 3.1), and neither it nor
    /// the registration is disabled (7000112).
    pub fn usable(&self, world: &World, tenant: &str) -> Result<(String, Value), Refusal> {
        let Some((id, doc)) = self.principal(world, tenant) else {
            let place = world.tenant(tenant).map_or(tenant, |tenant| &tenant.display_name);
            return Err(Refusal::new(
                700_016,
                "unauthorized_client",
                format!(
                    "Application with identifier '{}' was not found in the directory '{place}'. This can happen if the \
                     application has not been installed by the administrator of the tenant or consented to by any user \
                     in the tenant. You may have sent your authentication request to the wrong tenant.",
                    self.app_id
                ),
            ));
        };
        let disabled = doc["isDisabled"] == Value::Bool(true) || self.app["isDisabled"] == Value::Bool(true);
        if disabled || doc["accountEnabled"] == Value::Bool(false) {
            let text = format!("Application '{}'({}) is disabled.", self.app_id, self.name);
            return Err(Refusal::new(7_000_112, "unauthorized_client", text));
        }
        Ok((id, doc))
    }

    /// Whether it may run flows for public clients ("Allow public client flows").
    pub fn is_public(&self) -> bool {
        self.first_party || self.app["isFallbackPublicClient"] == Value::Bool(true)
    }

    fn redirects(&self, platform: &str) -> Vec<&str> {
        self.app[platform]["redirectUris"]
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// The redirect URI of a request and its platform. AADSTS50011 names the URI that does not match, 500113 says that
    /// none is registered, 900971 that none was given.
    pub fn redirect(&self, asked: Option<&str>) -> Result<(String, Platform), Refusal> {
        let (web, public, spa) = if self.first_party {
            (vec![], vec!["http://localhost", NATIVE], vec![])
        } else {
            (self.redirects("web"), self.redirects("publicClient"), self.redirects("spa"))
        };
        if web.is_empty() && public.is_empty() && spa.is_empty() {
            let text = "No reply address is registered for the application.";
            return Err(Refusal::new(500_113, "invalid_request", text));
        }
        let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
            let first = web.first().map(|uri| (*uri, Platform::Web));
            let first = first.or(public.first().map(|uri| (*uri, Platform::Public)));
            return first
                .map(|(uri, platform)| (uri.to_owned(), platform))
                .ok_or_else(|| Refusal::new(900_971, "invalid_request", "No reply address provided."));
        };
        let platform = if web.contains(&asked) {
            Platform::Web
        } else if public.iter().any(|known| *known == asked || same_loopback(known, asked)) {
            Platform::Public
        } else if spa.contains(&asked) {
            Platform::Spa
        } else {
            return Err(Refusal::new(
                50011,
                "invalid_request",
                format!(
                    "The redirect URI '{asked}' specified in the request does not match the redirect URIs configured \
                     for the application '{}'. Make sure the redirect URI sent in the request matches one added to your \
                     application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more \
                     about how to troubleshoot this error.",
                    self.app_id
                ),
            ));
        };
        Ok((asked.to_owned(), platform))
    }

    /// Delegated permissions that the registration lists for a resource, as scope ids.
    pub fn listed(&self, resource_app_id: &str) -> Vec<String> {
        self.listed_resources()
            .into_iter()
            .filter(|(app_id, _)| app_id.eq_ignore_ascii_case(resource_app_id))
            .flat_map(|(_, ids)| ids)
            .collect()
    }

    /// Every resource that the registration lists, with the ids of the delegated permissions.
    pub fn listed_resources(&self) -> Vec<(String, Vec<String>)> {
        let Some(list) = self.app["requiredResourceAccess"].as_array() else { return Vec::new() };
        list.iter()
            .filter_map(|entry| {
                let app_id = entry["resourceAppId"].as_str()?.to_owned();
                let ids = entry["resourceAccess"].as_array()?;
                let scopes = ids.iter().filter(|access| access["type"] == "Scope");
                let ids = scopes.filter_map(|access| access["id"].as_str().map(str::to_owned)).collect();
                Some((app_id, ids))
            })
            .collect()
    }

    /// The grants in which it is the client.
    pub fn grants<'a>(&self, world: &'a World, tenant: &'a str) -> Vec<&'a Value> {
        let Some((id, _)) = self.principal(world, tenant) else { return Vec::new() };
        world
            .objects(Kind::Grant, tenant, View::SignIn)
            .filter(|(_, doc)| {
                doc["clientId"].as_str().is_some_and(|client| client.eq_ignore_ascii_case(&id))
            })
            .map(|(_, doc)| doc)
            .collect()
    }
}

/// Whether two addresses are the same loopback address but for the port (microsoft-cloud 2.5).
fn same_loopback(known: &str, asked: &str) -> bool {
    let (Ok(known), Ok(asked)) = (Url::parse(known), Url::parse(asked)) else { return false };
    let loopback = |url: &Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    loopback(&known)
        && known.scheme() == "http"
        && known.scheme() == asked.scheme()
        && known.host_str() == asked.host_str()
        && known.path() == asked.path()
        && known.query() == asked.query()
        && asked.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn client(app: Value) -> Client {
        Client {
            app_id: "a".into(),
            name: "n".into(),
            home: "t".into(),
            object_id: "o".into(),
            app,
            first_party: false,
        }
    }

    #[test]
    fn redirects_match_exactly_but_for_the_loopback_port_of_public_clients() {
        let app = json!({
            "web": {"redirectUris": ["https://c.example/redirect/x", "http://localhost:7000/handclasp-1"]},
            "publicClient": {"redirectUris": ["http://localhost", "http://127.0.0.1/back"]},
            "spa": {"redirectUris": ["https://spa.example/"]},
        });
        let client = client(app);
        for (asked, expected) in [
            ("https://c.example/redirect/x", Ok(Platform::Web)),
            ("https://c.example/redirect/x/", Err(50011)),
            ("https://c.example/redirect", Err(50011)),
            ("https://C.example/redirect/x", Err(50011)),
            ("http://localhost:7000/handclasp-1", Ok(Platform::Web)),
            ("http://localhost:7001/handclasp-1", Err(50011)),
            ("http://localhost:53124", Ok(Platform::Public)),
            ("http://localhost:53124/", Ok(Platform::Public)),
            ("http://localhost:53124/other", Err(50011)),
            ("https://localhost:53124", Err(50011)),
            ("http://127.0.0.1:5000/back", Ok(Platform::Public)),
            ("http://localhost:5000/back", Err(50011)),
            ("https://spa.example/", Ok(Platform::Spa)),
        ] {
            let found = client.redirect(Some(asked)).map(|(_, platform)| platform).map_err(|r| r.code);
            assert_eq!(found, expected, "{asked}");
        }
    }

    #[test]
    fn no_redirect_at_all_is_another_error_than_a_wrong_one() {
        let code = |app, asked| client(app).redirect(asked).unwrap_err().code;
        assert_eq!(code(json!({}), Some("https://x.example")), 500_113);
        assert_eq!(code(json!({"spa": {"redirectUris": ["https://spa.example/"]}}), None), 900_971);
    }
}
