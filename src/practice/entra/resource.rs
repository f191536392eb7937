//! What a sign-in asks for: one resource and its permissions, from `resource=` (v1) or `scope=` (v2).

use serde_json::Value;

use super::Refusal;
use crate::practice::world::{View, World, first_party};

/// Scopes of the protocol itself; they belong to no resource.
const PROTOCOL: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Which permissions of the resource are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// All that the registration lists (`/.default`, and every v1 request).
    Listed,
    /// These, by value.
    Named(Vec<String>),
}

/// One resource with what is wanted of it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Object id of the resource's service principal.
    pub principal: String,
    /// Client id of the resource.
    pub app_id: String,
    /// Display name of the resource.
    pub name: String,
    /// Its service principal.
    pub doc: Value,
    /// The resource as it was asked for; v1 tokens echo it as audience.
    pub audience: String,
    /// Its permissions that are wanted.
    pub wish: Wish,
    /// Protocol scopes asked for.
    pub protocol: Vec<String>,
    /// The `/.default` scope as it was spelled, where that was asked for.
    pub default_scope: Option<String>,
}

/// The parts of a `scope` text.
#[derive(Debug, PartialEq, Eq)]
struct Scopes {
    resource: String,
    wish: Wish,
    protocol: Vec<String>,
}

/// Takes a `scope` text apart. `/.default` may follow a resource that ends with a slash of its own: azd asks for
/// `https://management.azure.com//.default` (microsoft-cloud 1.3). A bare name belongs to Graph.
fn parse_scopes(scope: &str) -> Result<Scopes, Refusal> {
    let (mut resources, mut named, mut protocol) = (Vec::<String>::new(), Vec::new(), Vec::new());
    let mut listed = false;
    for part in scope.split_whitespace() {
        let plain = part.strip_prefix("https://graph.microsoft.com/").unwrap_or(part);
        if PROTOCOL.contains(&plain) {
            protocol.push(plain.to_owned());
            continue;
        }
        let (resource, value) = part.rsplit_once('/').unwrap_or(("https://graph.microsoft.com", part));
        if value == ".default" {
            listed = true;
        } else {
            named.push(value.to_owned());
        }
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    if resources.len() > 1 {
        let text = "The provided value for the input parameter 'scope' is not valid because it contains more than one resource.";
        return Err(Refusal::new(700_022, "invalid_request", text));
    }
    if listed && !named.is_empty() {
        let text = format!(
            "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' is not valid: .default \
             scope can't be combined with resource-specific scopes."
        );
        return Err(Refusal::new(70011, "invalid_scope", text));
    }
    let resource = resources.pop().unwrap_or_else(|| "https://graph.microsoft.com".to_owned());
    let wish = if listed { Wish::Listed } else { Wish::Named(named) };
    Ok(Scopes { resource, wish, protocol })
}

impl Wanted {
    /// From the `scope` of a v2 request.
    pub fn from_scope(world: &World, tenant: &str, scope: &str) -> Result<Self, Refusal> {
        let Scopes { resource, wish, protocol } = parse_scopes(scope)?;
        let mut wanted = Self::from_resource(world, tenant, &resource)?;
        wanted.default_scope = (wish == Wish::Listed).then(|| format!("{resource}/.default"));
        wanted.wish = wish;
        wanted.protocol = protocol;
        Ok(wanted)
    }

    /// From the `resource` of a v1 request. AADSTS500011 if no service principal of the tenant has that name.
    pub fn from_resource(world: &World, tenant: &str, resource: &str) -> Result<Self, Refusal> {
        let Some((object, doc)) = world.resource_principal(tenant, resource, View::SignIn) else {
            let place = world.tenant(tenant).map_or(tenant, |tenant| &tenant.display_name);
            return Err(Refusal::new(
                500_011,
                "invalid_resource",
                format!(
                    "The resource principal named {resource} was not found in the tenant named {place}. This can happen \
                     if the application has not been installed by the administrator of the tenant or consented to by any \
                     user in the tenant. You might have sent your authentication request to the wrong tenant."
                ),
            ));
        };
        let registration = world.application(object.app_id(), View::SignIn);
        let disabled = doc["isDisabled"] == Value::Bool(true)
            || registration.is_some_and(|(_, app)| app["isDisabled"] == Value::Bool(true));
        if disabled || doc["accountEnabled"] == Value::Bool(false) {
            let text = format!("The resource '{resource}' is disabled.");
            return Err(Refusal::new(50001, "invalid_resource", text));
        }
        // The address of this server is only another name of Graph; tokens carry the real one.
        let audience = if object.app_id() == first_party::GRAPH && world.is_own_address(resource) {
            "https://graph.microsoft.com"
        } else {
            resource
        };
        Ok(Self {
            principal: object.id.clone(),
            app_id: object.app_id().to_owned(),
            name: doc["displayName"].as_str().unwrap_or_default().to_owned(),
            doc: doc.clone(),
            audience: audience.to_owned(),
            wish: Wish::Listed,
            protocol: Vec::new(),
            default_scope: None,
        })
    }

    /// The resource's delegated permissions that are enabled: id, value, and whether only an admin may consent.
    pub fn permissions(&self, world: &World) -> Vec<(String, String, bool)> {
        let registration = world.application(&self.app_id, View::SignIn);
        let list = match &registration {
            Some((_, app)) => &app["api"]["oauth2PermissionScopes"],
            None => &self.doc["oauth2PermissionScopes"],
        };
        let Some(list) = list.as_array() else { return Vec::new() };
        list.iter()
            .filter(|scope| scope["isEnabled"] != Value::Bool(false))
            .filter_map(|scope| {
                let (id, value) = (scope["id"].as_str()?, scope["value"].as_str()?);
                Some((id.to_owned(), value.to_owned(), scope["type"] == "Admin"))
            })
            .collect()
    }

    /// Whether it is one of Microsoft's own.
    pub fn is_first_party(&self) -> bool {
        [first_party::GRAPH, first_party::ARM, first_party::POWER_APPS].contains(&self.app_id.as_str())
    }

    /// Scopes as a v2 answer spells them: qualified by the resource, but for Graph where they were asked for by bare
    /// names. A `/.default` that was asked for is named as well; clients find the token in their cache by it.
    pub fn spelled(&self, scopes: &[String]) -> String {
        let graph = self.app_id == first_party::GRAPH;
        let mut list: Vec<String> = Vec::new();
        if graph {
            list.extend(self.protocol.iter().filter(|scope| *scope != "offline_access").cloned());
        }
        for scope in scopes {
            let spelled = match (graph, &self.default_scope) {
                (true, None) => scope.clone(),
                _ => format!("{}/{scope}", self.audience),
            };
            if !list.contains(&spelled) {
                list.push(spelled);
            }
        }
        list.extend(self.default_scope.clone());
        list.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::scenario::worlds;

    #[test]
    fn an_answer_names_what_was_granted_and_the_default_scope_as_it_was_asked_for() {
        let world = worlds::bare();
        for (asked, granted, spelled) in [
            ("User.Read openid offline_access", "User.Read", "openid User.Read"),
            (
                "https://graph.microsoft.com/.default openid profile",
                "User.Read",
                "openid profile https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default",
            ),
            (
                "https://management.core.windows.net//.default",
                "user_impersonation",
                "https://management.core.windows.net//user_impersonation https://management.core.windows.net//.default",
            ),
        ] {
            let wanted = Wanted::from_scope(&world, world.main_tenant(), asked).unwrap();
            assert_eq!(wanted.spelled(&[granted.to_owned()]), spelled);
        }
    }

    #[test]
    fn scopes_are_taken_apart_into_resource_and_names() {
        let named = |names: &[&str]| Wish::Named(names.iter().map(|n| (*n).to_owned()).collect());
        for (scope, resource, wish, protocol) in [
            ("https://management.azure.com//.default", "https://management.azure.com/", Wish::Listed, vec![]),
            ("https://management.azure.com/.default", "https://management.azure.com", Wish::Listed, vec![]),
            ("User.Read openid", "https://graph.microsoft.com", named(&["User.Read"]), vec!["openid"]),
            ("https://graph.microsoft.com/openid", "https://graph.microsoft.com", named(&[]), vec!["openid"]),
            ("api://x/user_impersonation", "api://x", named(&["user_impersonation"]), vec![]),
            ("guid/.default offline_access", "guid", Wish::Listed, vec!["offline_access"]),
        ] {
            let found = parse_scopes(scope).unwrap();
            let protocol = protocol.into_iter().map(str::to_owned).collect();
            assert_eq!(found, Scopes { resource: resource.to_owned(), wish, protocol }, "{scope}");
        }
        assert_eq!(parse_scopes("a/x b/y").unwrap_err().code, 700_022);
        assert_eq!(parse_scopes("a/x a/.default").unwrap_err().code, 70011);
    }
}
