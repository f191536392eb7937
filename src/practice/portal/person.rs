//! A person at the portal: acts with that person's rights, through the same services as everybody else.

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{Kind, Site, User, View, World, first_party};
use crate::practice::{arm, find_user, graph};

/// Client id of the Azure portal.
const PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
/// `api-version` that the portal sends.
const VERSION: &str = "2023-12-01";

/// Whoever does a step, and the app that it is about.
pub struct Person {
    /// The person.
    pub user: User,
    /// ARM id of the function app.
    pub site: String,
}

impl Person {
    /// The person and app that a step names: by default the scenario's user and the first app that this user may
    /// configure.
    pub fn of(world: &World, arguments: &Value) -> Result<Self, String> {
        let id = match arguments["user"].as_str() {
            Some(name) => find_user(world, name).ok_or(format!("There is no user named {name}."))?,
            None => world.default_user.clone(),
        };
        let account = world.user(&id).cloned().ok_or("There is no such user.")?;
        // The portal is looked at in the app's own tenant, where the person may be a guest.
        let there = |site: &Site| {
            let tenant = world.tenant_of(&site.subscription)?;
            world.known_in(&account, &tenant.id).cloned()
        };
        let may = |site: &Site| {
            let action = "Microsoft.Web/sites/config/write";
            there(site).is_some_and(|user| arm::may(world, &caller(&user), action, &site.resource_id()))
        };
        let site = match arguments["site"].as_str() {
            Some(name) => {
                world.site_by_host(name).ok_or(format!("There is no function app named {name}."))?
            }
            None => world
                .sites
                .iter()
                .find(|site| may(site))
                .or(world.sites.first())
                .ok_or("There is no function app.")?,
        };
        Ok(Self { site: site.resource_id(), user: there(site).unwrap_or(account) })
    }

    /// Name and default host of the app.
    pub fn site_names(&self, world: &World) -> (String, String) {
        world
            .site_by_id(&self.site)
            .map(|site| (site.name.clone(), site.default_host().to_owned()))
            .unwrap_or_default()
    }

    /// Calls Graph; the error is the sentence that the portal shows.
    pub fn graph(
        &self,
        world: &mut World,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let request = request(method, &format!("/v1.0{path}"), "", body);
        read(&graph::handle(world, &request, &caller(&self.user)))
    }

    /// Calls ARM on the app; the error is the sentence that the portal shows.
    pub fn arm(&self, world: &mut World, method: Method, below: &str, body: &Value) -> Result<Value, String> {
        let request =
            request(method, &format!("{}{below}", self.site), &format!("api-version={VERSION}"), body);
        read(&arm::handle(world, &request, &caller(&self.user)))
    }

    /// Whether the person may do an action on the app.
    pub fn may(&self, world: &World, action: &str) -> bool {
        arm::may(world, &caller(&self.user), action, &self.site)
    }

    /// Adds app settings to the ones that are there, and marks them as staying with the slot.
    pub fn add_setting(&self, world: &mut World, name: &str, value: &SecretString) -> Result<(), String> {
        let listed = self.arm(world, Method::POST, "/config/appsettings/list", &Value::Null)?;
        let mut settings = listed["properties"].clone();
        settings[name] = value.expose_secret().into();
        self.arm(world, Method::PUT, "/config/appsettings", &json!({"properties": settings}))?;
        let sticky = self.arm(world, Method::GET, "/config/slotConfigNames", &Value::Null)?;
        let mut names = sticky["properties"]["appSettingNames"].as_array().cloned().unwrap_or_default();
        if !names.contains(&json!(name)) {
            names.push(name.into());
        }
        let body = json!({"properties": {"appSettingNames": names}});
        self.arm(world, Method::PUT, "/config/slotConfigNames", &body).map(|_| ())
    }

    /// The client id of the registration that the app's sign-in is configured for.
    pub fn api_client_id(&self, world: &World) -> Result<String, String> {
        world
            .site_by_id(&self.site)
            .and_then(|site| site.auth_v2.as_ref())
            .and_then(|v2| {
                v2["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"].as_str()
            })
            .map(str::to_owned)
            .ok_or_else(|| "Authentication is not set up on this function app yet.".to_owned())
    }

    /// The registration of a client id: object id and document.
    pub fn registration(&self, world: &World, client_id: &str) -> Result<(String, Value), String> {
        world
            .object_by(Kind::Application, &self.user.tenant, "appId", client_id, View::Now)
            .map(|(object, doc)| (object.id.clone(), doc.clone()))
            .ok_or_else(|| format!("There is no registration with the client ID {client_id}."))
    }

    /// The connector's registration: the one that a step names, the one made last in the portal, or the newest one that
    /// is not the API's own.
    pub fn connector_client_id(&self, world: &World, arguments: &Value) -> Result<String, String> {
        let named = arguments["client_id"].as_str().map(str::to_owned);
        if let Some(id) = named.or_else(|| world.copied.client_id.clone()) {
            return Ok(id);
        }
        let api = self.api_client_id(world).unwrap_or_default();
        let automation = world.automation.as_ref().map(|client| client.app_id.as_str());
        // The connector's app is one that asks for some API beside Graph; the newest one counts.
        let asks_for_an_api = |doc: &Value| {
            let access = doc["requiredResourceAccess"].as_array().map_or(&[][..], Vec::as_slice);
            access.iter().any(|entry| entry["resourceAppId"] != json!(first_party::GRAPH))
        };
        let newest = world
            .objects(Kind::Application, &self.user.tenant, View::Now)
            .filter(|(object, _)| object.app_id() != api && Some(object.app_id()) != automation)
            .enumerate()
            .max_by_key(|(at, (_, doc))| (asks_for_an_api(doc), *at))
            .map(|(_, (object, _))| object);
        newest
            .map(|object| object.app_id().to_owned())
            .ok_or_else(|| "There is no registration for the connector yet.".to_owned())
    }
}

/// Runs something while every replica of the directory is up to date: a person waits and looks again, a step does not.
pub fn without_lag<T>(world: &mut World, run: impl FnOnce(&mut World) -> T) -> T {
    let before = world.switches.clone();
    world.switches.without_lags();
    // How long a restart takes does not hang on who asks for it.
    world.switches.auth_restart_s = before.auth_restart_s;
    let outcome = run(world);
    world.switches = before;
    outcome
}

/// The token with which the portal calls for a person: the portal asks for everything, the person's rights decide.
fn caller(user: &User) -> Caller {
    Caller::User {
        tenant: user.tenant.clone(),
        id: user.id.clone(),
        upn: user.upn.clone(),
        client_id: PORTAL.to_owned(),
        scopes: [
            "Directory.AccessAsUser.All",
            "Application.ReadWrite.All",
            "Policy.Read.All",
            "user_impersonation",
        ]
        .map(str::to_owned)
        .to_vec(),
    }
}

fn request(method: Method, path: &str, query: &str, body: &Value) -> Request {
    let mut request = Request::new(method, "portal.azure.com", path, query);
    if !body.is_null() {
        request.body = body.to_string().into_bytes();
        request.headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    }
    request
}

fn read(reply: &Reply) -> Result<Value, String> {
    let body = reply.to_json();
    if reply.status < 400 {
        return Ok(body);
    }
    let error = if body["error"].is_object() { &body["error"] } else { &body };
    let member =
        |low: &str, high: &str| error[low].as_str().or(error[high].as_str()).unwrap_or_default().to_owned();
    Err(format!("The portal says: {} ({})", member("message", "Message"), member("code", "Code")))
}
