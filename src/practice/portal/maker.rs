//! The steps on the connector page: saving it with what was copied, right or wrong, and testing it (power-platform 1, 9).

use secrecy::SecretString;
use serde_json::{Value, json};

use super::person::Person;
use crate::practice::connector::{self, Fields, Place, Tested};
use crate::practice::entra;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::{Kind, View, World};

/// `save-connector`: fills the page with the values of the request, else with the ones last copied, and presses
/// Create connector (Update connector where one of that name is there). `mistake` is one of `secret-id`,
/// `tenant-common`, `generic-oauth2`.
pub fn save(world: &mut World, person: &Person, arguments: &Value) -> Result<Value, String> {
    let (site, host) = person.site_names(world);
    let given = |name: &str| arguments[name].as_str().map(str::to_owned);
    let client_id = person.connector_client_id(world, arguments)?;
    let mistake = arguments["mistake"].as_str().unwrap_or_default();
    let secret = match (mistake, given("client_secret")) {
        ("secret-id", _) => secret_id(world, person, &client_id).into(),
        (_, Some(secret)) => secret.into(),
        (_, None) => copied_secret(world, person, &client_id).ok_or("No client secret was copied yet.")?,
    };
    let resource_uri = match given("resource_url") {
        Some(resource) => resource,
        None => person.api_client_id(world)?,
    };
    let mut fields = Fields {
        title: given("name").unwrap_or(site),
        host: given("host").unwrap_or(host),
        client_id,
        client_secret: secret,
        resource_uri,
        provider: "aad".to_owned(),
        tenant_id: given("tenant_id").unwrap_or_else(|| person.user.tenant.clone()),
        ..Fields::default()
    };
    match mistake {
        "tenant-common" => fields.tenant_id = Fields::default().tenant_id,
        "generic-oauth2" => fields.provider = Fields::default().provider,
        _ => {}
    }
    let existing = world
        .connectors
        .iter()
        .position(|saved| saved.display_name == fields.title && saved.owner == person.user.id);
    let at = connector::save(world, &person.user.id, &fields, existing)
        .map_err(|problem| format!("The connector page says: {problem}"))?;
    let saved = world.connectors.get(at).ok_or("The connector is gone.")?;
    let (name, redirect_url) = (saved.name.clone(), saved.redirect_url.clone());
    world.copied.redirect_url = Some(redirect_url.clone());
    world.copied.connector = Some(name.clone());
    Ok(json!({
        "connector": name, "display_name": fields.title, "host": fields.host, "client_id": fields.client_id,
        "tenant_id": fields.tenant_id, "resource_url": fields.resource_uri, "redirect_url": redirect_url,
        "updated": existing.is_some(),
    }))
}

/// The secret last copied in the portal; else the newest one of the registration, which the person has copied from where
/// it was made.
fn copied_secret(world: &World, person: &Person, client_id: &str) -> Option<SecretString> {
    let newest = || {
        let found = world.object_by(Kind::Application, &person.user.tenant, "appId", client_id, View::Now);
        found.and_then(|(object, _)| object.secrets.last()).map(|secret| secret.value.clone())
    };
    world.copied.secret.clone().or_else(newest)
}

fn secret_id(world: &World, person: &Person, client_id: &str) -> String {
    let newest = || {
        let found = world.object_by(Kind::Application, &person.user.tenant, "appId", client_id, View::Now);
        found.and_then(|(object, _)| object.secrets.last()).map(|secret| secret.key_id.clone())
    };
    world.copied.secret_id.clone().or_else(newest).unwrap_or_default()
}

/// `test-connection`: New connection, sign-in as the person, Test operation.
pub fn test(world: &mut World, person: &Person, arguments: &Value) -> Result<Value, String> {
    let named = arguments["connector"].as_str().map(str::to_owned).or_else(|| world.copied.connector.clone());
    let at = match &named {
        Some(name) => world.connectors.iter().position(|saved| saved.name == *name),
        None => world.connectors.iter().rposition(|saved| saved.owner == person.user.id),
    };
    let at = at.ok_or("There is no connector yet: save it first.")?;
    let base = base_request(world);
    let (place, address) = connector::begin(world, &base, at, &person.user.id)?;
    if let Err(shown) = sign_in(world, &base, person, &address) {
        return Ok(json!({
            "connection": "Error", "connected": false, "message": shown, "status": null, "body": null,
        }));
    }
    let failed = connection_error(world, place);
    let name = arguments["query_name"].as_str().unwrap_or_default();
    let Tested { method, path, reply } = connector::test(world, place, name);
    Ok(json!({
        "connection": if failed.is_some() { "Error" } else { "Connected" }, "connected": failed.is_none(),
        "message": failed, "method": method.as_str(), "path": path, "status": reply.status,
        "body": String::from_utf8_lossy(&reply.body),
    }))
}

fn connection_error(world: &World, place: Place) -> Option<String> {
    let connection = world.connectors.get(place.connector)?.connections.get(place.connection)?;
    connection.error.clone()
}

/// A request as the person's browser would send it to this server.
fn base_request(world: &World) -> Request {
    let (scheme, host) = world.origin.split_once("://").unwrap_or(("http", "127.0.0.1"));
    let mut request = Request::new(http::Method::GET, host, "/", "");
    scheme.clone_into(&mut request.scheme);
    request
}

/// Follows the popup: sign-in as the person, consent where the person may, and the way back. The error is what the popup
/// shows at its end.
fn sign_in(world: &mut World, base: &Request, person: &Person, address: &str) -> Result<(), String> {
    let before = world.auto_approve.replace(person.user.id.clone());
    let reply = visit(world, base, address);
    world.auto_approve = before;
    let Some(location) = reply.headers.get("location").and_then(|value| value.to_str().ok()) else {
        return Err(error_text(&reply));
    };
    let origin = base.origin();
    let local = location.strip_prefix(origin.as_str());
    let path = local.or(location.strip_prefix("https://global.consent.azure-apim.net")).unwrap_or(location);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let internal = path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut back = Request::new(http::Method::GET, &base.host, path, query);
    back.scheme.clone_from(&base.scheme);
    connector::finish(world, &back, &internal).map(|_| ())
}

fn visit(world: &mut World, base: &Request, address: &str) -> Reply {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut request = Request::new(http::Method::GET, &base.host, path, query);
    request.scheme.clone_from(&base.scheme);
    entra::handle(world, &request)
}

/// The message on an error page of the sign-in service.
fn error_text(reply: &Reply) -> String {
    let html = String::from_utf8_lossy(&reply.body);
    let message = html
        .split_once("id=\"exceptionMessage\">")
        .and_then(|(_, rest)| rest.split_once("</p>"))
        .map_or("The sign-in page did not come to an end.", |(message, _)| message);
    message
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
