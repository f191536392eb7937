//! The steps on the connector page: importing a file, saving with what was copied, right or wrong, and testing
//! (power-platform 1, 9).

use secrecy::SecretString;
use serde_json::{Value, json};

use super::person::Person;
use crate::practice::connector::{self, Begun, Fields, Place, Tested};
use crate::practice::entra;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::{Kind, View, World};

/// `save-connector`: imports the file whose text is `definition`, or begins from blank, fills the page with the values of
/// the request, else with the ones last copied, and presses Create connector (Update connector where one of that name is
/// there). `mistake` is one of `secret-id`, `tenant-common`, `generic-oauth2`.
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
    let imported = match given("definition") {
        Some(file) => connector::import(world, connector::Kind::of(file.as_bytes()), "", file.as_bytes())
            .map_err(|problem| format!("The import says: {problem}"))?,
        None => Fields { host, ..Fields::default() },
    };
    // Longer names are refused there, so people shorten them.
    let named = || site.chars().take(connector::LONGEST_TITLE).collect();
    // After an import the host stands there already: where none was copied, nobody empties the field.
    let filled = |host: &String| imported.definition.is_none() || !host.is_empty();
    let mut fields = Fields {
        title: given("name").unwrap_or_else(named),
        host: given("host").filter(filled).unwrap_or(imported.host),
        scheme: given("scheme").unwrap_or(imported.scheme),
        base_url: given("base_url").unwrap_or(imported.base_url),
        definition: imported.definition,
        client_id,
        client_secret: secret,
        resource_uri,
        provider: given("provider").unwrap_or_else(|| "aad".to_owned()),
        tenant_id: given("tenant_id").unwrap_or_else(|| person.user.tenant.clone()),
        ..Fields::default()
    };
    for (name, field) in [
        ("authorization_url", &mut fields.login_uri),
        ("on_behalf_of", &mut fields.on_behalf_of),
        ("scope", &mut fields.scope),
    ] {
        if let Some(value) = given(name) {
            *field = value;
        }
    }
    if fields.provider != "aad" {
        fields.generic_urls =
            ["authorization_url", "token_url", "refresh_url"].map(|name| given(name).unwrap_or_default());
    }
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

/// `import-solution`: the connector is carried over in a solution, which leaves its secret behind.
pub fn import_solution(world: &mut World, person: &Person, arguments: &Value) -> Result<Value, String> {
    let at = which(world, person, arguments)?;
    connector::import_solution(world, at).ok_or("There is no connector yet: save it first.")?;
    let name = world.connectors.get(at).map(|saved| saved.name.clone());
    Ok(json!({"connector": name, "message": "Imported. What was secret was not in the solution."}))
}

/// The connector that a step names, the one saved last, or the person's newest.
fn which(world: &World, person: &Person, arguments: &Value) -> Result<usize, String> {
    let named = arguments["connector"].as_str().map(str::to_owned).or_else(|| world.copied.connector.clone());
    let at = match &named {
        Some(name) => world.connectors.iter().position(|saved| saved.name == *name),
        None => world.connectors.iter().rposition(|saved| saved.owner == person.user.id),
    };
    at.ok_or_else(|| "There is no connector yet: save it first.".to_owned())
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
    let at = which(world, person, arguments)?;
    let base = connector::at_home(world);
    let Begun { place, address } = connector::begin(world, &base, at, &person.user.id)?;
    if let Err(shown) = address.and_then(|address| sign_in(world, &base, person, &address)) {
        return Ok(json!({
            "connection": "Error", "connected": false, "message": shown, "status": null, "body": null,
        }));
    }
    let failed = connection_error(world, place);
    let text = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
    let filled = [("operation".to_owned(), text("operation")), ("name".to_owned(), text("query_name"))];
    let Tested { method, path, reply } = connector::test(world, place, &filled);
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

/// Follows the popup: sign-in as the person, consent where the person may, and the way back. The error is what the popup
/// shows at its end.
fn sign_in(world: &mut World, base: &Request, person: &Person, address: &str) -> Result<(), String> {
    let before = world.auto_approve.replace(person.user.id.clone());
    let reply = visit(world, base, address);
    world.auto_approve = before;
    let reply = reply.ok_or_else(|| format!("This site can't be reached: {address}"))?;
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

/// Opens an address of this server: nothing of practice leaves it, and no other host signs anybody in.
fn visit(world: &mut World, base: &Request, address: &str) -> Option<Reply> {
    let below = address.strip_prefix(base.origin().as_str())?;
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let mut request = Request::new(http::Method::GET, &base.host, path, query);
    request.scheme.clone_from(&base.scheme);
    Some(entra::handle(world, &request))
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
