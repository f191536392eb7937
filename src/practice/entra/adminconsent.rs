//! The admin consent endpoints (microsoft-cloud 2.1, 2.9): an admin grants for everybody what a client lists, or at the
//! second one the permissions that the request names. Either makes the enterprise application where it is missing.

use super::access;
use super::authorize::{reachable, send_back};
use super::client::Client;
use super::page::{self, escape};
use super::resource::{Wanted, Wish};
use super::{Authority, Refusal, Version};
use crate::practice::graph;
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{World, first_party};

/// Answers the endpoint: a page to pick the admin, then the way back with `admin_consent=True` or an error.
pub fn handle(world: &mut World, request: &Request, segment: &str, version: Version) -> Reply {
    answer(world, request, segment, version).unwrap_or_else(|refusal| refusal.page(world, request))
}

fn answer(world: &mut World, request: &Request, segment: &str, version: Version) -> Result<Reply, Refusal> {
    let authority = Authority::find(world, segment)?;
    let client_id = request.query("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let client = Client::find(world, &authority, client_id)?;
    let scope = request.query("scope").filter(|scope| version == Version::V2 && !scope.is_empty());
    if version == Version::V2 && scope.is_none() && world.switches.admin_consent_needs_scope {
        return Err(Refusal::missing("scope"));
    }
    let (redirect_uri, _) = client.redirect(request.query("redirect_uri"))?;
    let picked = request.query("practice_user").or(world.auto_approve.as_deref());
    let Some(user) = picked.and_then(|id| world.user(id).cloned()) else {
        let hidden: Vec<_> =
            request.query.iter().filter(|(name, _)| !name.starts_with("practice_")).cloned().collect();
        let mut buttons = String::new();
        // Without a tenant in the address, it is the admin's own that is asked.
        let here = |tenant: &str| !matches!(&authority, Authority::Tenant(named) if named != tenant);
        for user in world.users.iter().filter(|user| here(&user.tenant)) {
            let label = format!("{} ({}): {}", user.display_name, user.upn, user.part);
            buttons.push_str(&page::button("practice_user", &user.id, &label));
        }
        let form = page::form("get", &request.path, &hidden, &buttons);
        let name = escape(&client.name);
        let html =
            format!("<p>Who grants <b>{name}</b> its permissions for the whole organization?</p>\n{form}");
        return Ok(page::page(200, "Permissions requested: review for your organization", &html));
    };
    let tenant = match authority {
        Authority::Tenant(tenant) => tenant,
        Authority::Common | Authority::Organizations => user.tenant.clone(),
    };
    let state = request.query("state").map(|state| ("state".to_owned(), state.to_owned()));
    let mut pairs: Vec<(String, String)> = if access::may_consent_for_all(world, &user.id) {
        grant(world, &tenant, &client, scope, &user.upn)?;
        let mut pairs = vec![("admin_consent".to_owned(), "True".to_owned()), ("tenant".to_owned(), tenant)];
        if let Some(scope) = scope.filter(|_| world.switches.admin_consent_names_scopes) {
            pairs.push(("scope".to_owned(), scope.to_owned()));
        }
        pairs
    } else {
        let text = "The grant requires admin permission.";
        let refusal = Refusal::new(90094, "permission_denied", text);
        let pairs = refusal.redirect_pairs(world, request);
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    pairs.extend(state);
    Ok(send_back(&reachable(request, &redirect_uri), false, false, &pairs))
}

/// Writes what is granted for everybody: all that the client lists, or what the scopes name.
fn grant(
    world: &mut World,
    tenant: &str,
    client: &Client,
    scope: Option<&str>,
    who: &str,
) -> Result<(), Refusal> {
    let list = match scope {
        None => access::everything(world, tenant, client),
        Some(scope) => {
            let wanted = Wanted::from_scope(world, tenant, scope)?;
            let mut list = match &wanted.wish {
                Wish::Listed => access::everything(world, tenant, client),
                Wish::Named(names) => access::named(world, &wanted, names)?.into_iter().collect(),
            };
            if !wanted.protocol.is_empty() {
                let of_graph = Wanted::from_resource(world, tenant, first_party::GRAPH)?;
                list.extend(access::named(world, &of_graph, &wanted.protocol)?);
            }
            list
        }
    };
    let principal = match client.principal(world, tenant) {
        Some((principal, _)) => principal,
        None => enterprise_application(world, tenant, client)?,
    };
    access::consent(world, tenant, &principal, None, &list);
    access::noted(world, who, client, true, &list);
    Ok(())
}

/// Makes the service principal that consent needs, as consenting does there.
fn enterprise_application(world: &mut World, tenant: &str, client: &Client) -> Result<String, Refusal> {
    let service = Caller::App {
        tenant: tenant.to_owned(),
        id: String::new(),
        client_id: client.app_id.clone(),
        roles: vec!["Application.ReadWrite.All".to_owned()],
    };
    graph::create_principal(world, tenant, &service, &client.app_id).map_err(|refused| {
        // It is there, and the sign-in service does not know of it yet.
        let text =
            format!("The service principal of application '{}' cannot be made. {refused}", client.app_id);
        Refusal::new(650_051, "invalid_request", text)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::practice::scenario::worlds;
    use crate::practice::world::{Kind, View};

    struct Scene {
        world: World,
        tenant: String,
        client: String,
        admin: String,
        api: String,
    }

    impl Scene {
        /// The finished set-up with nothing granted yet.
        fn new() -> Self {
            let mut world = worlds::finished();
            world.directory.retain(|object| object.kind != Kind::Grant);
            for app in world.directory.iter_mut().filter(|object| object.kind == Kind::Application) {
                app.doc["api"]["preAuthorizedApplications"] = json!([]);
            }
            let tenant = world.main_tenant().to_owned();
            let named = |world: &World, end: &str| {
                let mut apps = world.objects(Kind::Application, &tenant, View::Now);
                apps.find(|(_, doc)| doc["displayName"].as_str().unwrap().ends_with(end))
                    .unwrap()
                    .0
                    .app_id()
                    .to_owned()
            };
            let (client, api) = (named(&world, "connector"), named(&world, "API"));
            let admin = world.users.iter().find(|user| user.upn.starts_with("grace")).unwrap().id.clone();
            Self { world, tenant, client, admin, api }
        }

        fn ask(&mut self, path: &str, more: &[(&str, &str)]) -> (u16, String) {
            let (_, doc) = self.world.application(&self.client, View::Now).unwrap();
            let redirect = doc["web"]["redirectUris"][0].as_str().unwrap().to_owned();
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("client_id", &self.client)
                .append_pair("redirect_uri", &redirect)
                .append_pair("practice_user", &self.admin)
                .extend_pairs(more)
                .finish();
            let request = Request::new(http::Method::GET, "login.microsoftonline.com", path, &query);
            let reply = crate::practice::entra::handle(&mut self.world, &request);
            let location = reply.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
            (reply.status, location.unwrap_or_else(|| String::from_utf8(reply.body.clone()).unwrap()))
        }

        fn granted(&self) -> Vec<Value> {
            let grants = self.world.objects(Kind::Grant, &self.tenant, View::Now);
            let mut scopes: Vec<Value> = grants.map(|(_, doc)| doc["scope"].clone()).collect();
            scopes.sort_by_key(Value::to_string);
            scopes
        }
    }

    #[test]
    fn the_first_endpoint_grants_what_is_listed_and_makes_the_enterprise_application() {
        let mut scene = Scene::new();
        let (tenant, client) = (scene.tenant.clone(), scene.client.clone());
        scene
            .world
            .directory
            .retain(|object| !(object.kind == Kind::ServicePrincipal && object.app_id() == client));
        let (status, location) = scene.ask(&format!("/{tenant}/adminconsent"), &[("state", "s")]);
        assert_eq!(status, 302, "{location}");
        assert!(location.contains(&format!("admin_consent=True&tenant={tenant}&state=s")), "{location}");
        assert!(scene.world.service_principal(&tenant, &client, View::Now).is_some());
        assert_eq!(scene.granted(), [json!("User.Read"), json!("user_impersonation")]);
        assert_eq!(scene.world.consents.len(), 2, "one for each resource");
    }

    #[test]
    fn the_second_endpoint_grants_what_is_named() {
        let mut scene = Scene::new();
        let path = format!("/{}/v2.0/adminconsent", scene.tenant);
        let (_, page) = scene.ask(&path, &[]);
        assert!(page.contains("AADSTS900144"), "{page}");
        let (_, page) = scene.ask(&path, &[("scope", "Everything.Do")]);
        assert!(page.contains("AADSTS650053"), "{page}");
        assert_eq!(scene.granted(), [] as [Value; 0]);
        let scope = format!("{}/user_impersonation openid", scene.api);
        let (status, location) = scene.ask(&path, &[("scope", &scope)]);
        assert_eq!(status, 302, "{location}");
        assert!(location.contains("&scope="), "{location}");
        assert_eq!(scene.granted(), [json!("openid"), json!("user_impersonation")]);
        scene.world.switches.admin_consent_needs_scope = false;
        scene.ask(&path, &[]);
        assert_eq!(scene.granted().len(), 2, "one for each resource: {:?}", scene.granted());
    }

    #[test]
    fn without_a_tenant_in_the_address_a_multi_tenant_client_is_granted_at_home() {
        let mut scene = Scene::new();
        let (_, page) = scene.ask("/organizations/v2.0/adminconsent", &[("scope", "User.Read")]);
        assert!(page.contains("AADSTS50194"), "{page}");
        let client = scene.client.clone();
        let object = scene
            .world
            .directory
            .iter_mut()
            .find(|object| object.kind == Kind::Application && object.app_id() == client);
        object.unwrap().doc["signInAudience"] = json!("AzureADMultipleOrgs");
        let (status, location) = scene.ask("/organizations/v2.0/adminconsent", &[("scope", "User.Read")]);
        assert_eq!(status, 302, "{location}");
        assert_eq!(scene.granted(), [json!("User.Read")]);
    }
}
