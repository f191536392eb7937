//! Connections: the way to the authorize endpoint, the redemption of the code with what was pasted, and the next access
//! token when one has ended (power-platform 1.6, 6.7, 9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::CONTENT_TYPE;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::login::{self, Endpoint, custom};
use crate::practice::entra;
use crate::practice::wire::{Request, find};
use crate::practice::world::{Connection, View, World};

/// Azure API Connections, which an API pre-authorises for on-behalf-of login (power-platform 6.1, 6.7).
const API_CONNECTIONS: &str = "fe053c5f-3692-4f14-aef2-ee34fc081cae";

/// Where a connection is: places of its connector and of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Place of the connector.
    pub connector: usize,
    /// Place of the connection in it.
    pub connection: usize,
}

/// A connection that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where it is.
    pub place: Place,
    /// The address that the person is sent to. The error is what the popup shows in its place.
    pub address: Result<String, String>,
}

/// Begins a connection with a snapshot of the settings, and gives the address that the person is sent to.
pub fn begin(world: &mut World, request: &Request, connector: usize, owner: &str) -> Result<Begun, String> {
    let id = world.next_id("connection");
    let place = open(world, connector, &id.simple().to_string(), owner)?;
    let address = consent_address(world, request, place, id);
    if let Err(shown) = &address {
        failed(world, place, shown);
    }
    Ok(Begun { place, address })
}

/// Makes a connection that nobody has consented to yet (power-platform 6.7: `Error` until then).
pub fn open(world: &mut World, connector: usize, name: &str, owner: &str) -> Result<Place, String> {
    let saved = world.connectors.get_mut(connector).ok_or("There is no such connector.")?;
    saved.connections.push(Connection {
        name: name.to_owned(),
        owner: owner.to_owned(),
        status: "Error".to_owned(),
        error: Some("This connection is not authenticated.".to_owned()),
        oauth: saved.oauth.clone(),
        client_secret: saved.client_secret.clone(),
        return_to: None,
        access_token: None,
        token_ends: None,
        refresh_token: None,
    });
    Ok(Place { connector, connection: saved.connections.len() - 1 })
}

/// The address at which a person consents to a connection: the recorded v1 request, or what was entered for Generic OAuth
/// 2 (power-platform 1.6).
pub fn consent_address(world: &World, request: &Request, place: Place, id: Uuid) -> Result<String, String> {
    let saved = world.connectors.get(place.connector).ok_or("The connector is gone.")?;
    let connection = saved.connections.get(place.connection).ok_or("The connection is gone.")?;
    let oauth = &connection.oauth;
    on_behalf_of(world, oauth)?;
    let mut url = login::reach(world, request, oauth, Endpoint::Authorize)?;
    let region = world.environments.first().map_or("unitedstates", |known| known.location.as_str());
    let mut query = url.query_pairs_mut();
    query
        .append_pair("client_id", oauth["clientId"].as_str().unwrap_or_default())
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &saved.redirect_url);
    if oauth["identityProvider"] == "aad" {
        query.append_pair("resource", custom(oauth, "resourceUri")).append_pair("prompt", "select_account");
    } else {
        query.append_pair("scope", &scope(oauth));
    }
    query.append_pair("state", &format!("{id}_{region}-002_azure-apim.net"));
    drop(query);
    Ok(url.to_string())
}

/// On-behalf-of login works only for an API that has pre-authorised Azure API Connections (power-platform 6.7; the text is
/// unconfirmed).
fn on_behalf_of(world: &World, oauth: &Value) -> Result<(), String> {
    let asked = custom(oauth, "enableOnbehalfOfLogin").eq_ignore_ascii_case("true");
    if !asked || !world.switches.on_behalf_of_needs_preauthorization {
        return Ok(());
    }
    let named = custom(oauth, "tenantId");
    let tenant = world.tenant(named).map_or_else(|| world.main_tenant(), |tenant| tenant.id.as_str());
    let api = world.resource_principal(tenant, custom(oauth, "resourceUri"), View::SignIn);
    let registration = api.and_then(|(api, _)| world.application(api.app_id(), View::SignIn));
    let trusted = registration.is_some_and(|(_, app)| {
        let list = app["api"]["preAuthorizedApplications"].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().any(|entry| entry["appId"] == API_CONNECTIONS)
    });
    if trusted {
        return Ok(());
    }
    Err(format!(
        "AADSTS65001: The user or administrator has not consented to use the application with ID '{API_CONNECTIONS}' named \
         'Azure API Connections'. Send an interactive authorization request for this user and resource."
    ))
}

fn scope(oauth: &Value) -> String {
    let scopes = oauth["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    scopes.collect::<Vec<_>>().join(" ")
}

/// What comes back to the consent host: a code, which is redeemed with what was pasted, or an error.
pub fn finish(world: &mut World, request: &Request, internal: &str) -> Result<Place, String> {
    let state = request.query("state").unwrap_or_default();
    let id = state.split('_').next().and_then(|id| Uuid::parse_str(id).ok());
    let name = id.map(|id| id.simple().to_string()).unwrap_or_default();
    let place = world
        .connectors
        .iter()
        .enumerate()
        .filter(|(_, connector)| connector.name.strip_prefix("shared_") == Some(internal))
        .find_map(|(connector, saved)| {
            let connection = saved.connections.iter().position(|connection| connection.name == name)?;
            Some(Place { connector, connection })
        })
        .ok_or("The consent service does not know this sign-in. Begin a new connection.")?;
    let outcome = match (request.query("code"), request.query("error_description").or(request.query("error")))
    {
        (Some(code), _) => redeem(world, request, place, code),
        (None, Some(error)) => Err(error.to_owned()),
        (None, None) => Err("The sign-in came back without a code.".to_owned()),
    };
    if let Err(shown) = outcome {
        failed(world, place, &shown);
    }
    Ok(place)
}

fn redeem(world: &mut World, request: &Request, place: Place, code: &str) -> Result<(), String> {
    let redirect_url =
        world.connectors.get(place.connector).map(|saved| saved.redirect_url.clone()).unwrap_or_default();
    let grant = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &redirect_url)];
    exchange(world, request, place, Endpoint::Token, &grant)
}

/// Gets the next access token for a connection, with the secret as it was when the connection was made. Without one that
/// still counts the connection breaks, an hour after all was well (power-platform 7.3 #30).
pub fn refresh(world: &mut World, place: Place) -> Result<(), String> {
    let kept = connection_mut(world, place).and_then(|connection| connection.refresh_token.clone());
    let outcome = match kept {
        Some(token) => {
            let request = login::at_home(world);
            let grant = [("grant_type", "refresh_token"), ("refresh_token", token.expose_secret())];
            exchange(world, &request, place, Endpoint::Refresh, &grant)
        }
        None => {
            Err("The access token has ended, and no refresh token was given for this connection.".to_owned())
        }
    };
    outcome.inspect_err(|shown| failed(world, place, shown))
}

/// Asks the token endpoint with what the connection remembers, and keeps the tokens.
fn exchange(
    world: &mut World,
    request: &Request,
    place: Place,
    endpoint: Endpoint,
    grant: &[(&str, &str)],
) -> Result<(), String> {
    let connection = connection_mut(world, place).ok_or("The connection is gone.")?;
    let (oauth, secret) = (connection.oauth.clone(), connection.client_secret.clone());
    let url = login::reach(world, request, &oauth, endpoint)?;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(grant).append_pair("client_id", oauth["clientId"].as_str().unwrap_or_default());
    if let Some(secret) = &secret {
        form.append_pair("client_secret", secret.expose_secret());
    }
    if oauth["identityProvider"] == "aad" {
        form.append_pair("resource", custom(&oauth, "resourceUri"));
    } else {
        form.append_pair("scope", &scope(&oauth));
    }
    let mut ask = login::request(Method::POST, &url);
    ask.body = form.finish().into_bytes();
    let form_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    ask.headers.insert(CONTENT_TYPE, form_type);
    let answer = entra::handle(world, &ask).to_json();
    let Some(token) = answer["access_token"].as_str() else {
        return Err(answer["error_description"].as_str().unwrap_or("The token request failed.").to_owned());
    };
    // A text on v1, a number on v2.
    let seconds = &answer["expires_in"];
    let seconds = seconds.as_i64().or_else(|| seconds.as_str()?.parse().ok()).unwrap_or(3600);
    let ends = world.now().saturating_add(SignedDuration::from_secs(seconds)).ok();
    if let Some(connection) = connection_mut(world, place) {
        "Connected".clone_into(&mut connection.status);
        connection.error = None;
        connection.access_token = Some(token.into());
        connection.token_ends = ends;
        connection.refresh_token =
            answer["refresh_token"].as_str().map(SecretString::from).or(connection.refresh_token.take());
    }
    Ok(())
}

fn failed(world: &mut World, place: Place, shown: &str) {
    if let Some(connection) = connection_mut(world, place) {
        "Error".clone_into(&mut connection.status);
        connection.error = Some(shown.to_owned());
    }
}

/// Where the person goes who consented by a link: back as it is where all went well, else with the error in Base64
/// (power-platform 6.7). `None` for a connection that was begun on the page.
pub fn return_address(world: &World, place: Place) -> Option<String> {
    let connection = world.connectors.get(place.connector)?.connections.get(place.connection)?;
    let mut url = url::Url::parse(connection.return_to.as_deref()?).ok()?;
    if let Some(error) = &connection.error {
        url.query_pairs_mut().append_pair("error", &STANDARD.encode(error));
    }
    Some(url.into())
}

/// A connection as JSON, without its secrets (power-platform 6.7).
pub fn document(api: &str, environment: &str, connection: &Connection) -> Value {
    let status = match &connection.error {
        None => json!({"status": connection.status}),
        Some(error) => {
            json!({"status": "Error", "target": "token", "error": {"code": "Unauthenticated", "message": error}})
        }
    };
    json!({
        "name": connection.name,
        "id": format!("/providers/Microsoft.PowerApps/apis/{api}/connections/{}", connection.name),
        "type": "Microsoft.PowerApps/apis/connections",
        "properties": {
            "apiId": format!("/providers/Microsoft.PowerApps/apis/{api}"), "displayName": connection.owner,
            "statuses": [status], "connectionParameters": {},
            "environment": {
                "id": format!("/providers/Microsoft.PowerApps/environments/{environment}"), "name": environment,
            },
        },
    })
}

/// The place of a connection by the names in a form; without one, of the last.
pub fn find_place(world: &World, connector: usize, form: &[(String, String)]) -> Option<Place> {
    let connections = &world.connectors.get(connector)?.connections;
    let connection = match find(form, "connection") {
        Some(name) => connections.iter().position(|connection| connection.name == name)?,
        None => connections.len().checked_sub(1)?,
    };
    Some(Place { connector, connection })
}

/// A connection, to be changed.
pub fn connection_mut(world: &mut World, place: Place) -> Option<&mut Connection> {
    world.connectors.get_mut(place.connector)?.connections.get_mut(place.connection)
}
