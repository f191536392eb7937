//! Connections: the way to the v1 authorize endpoint, the redemption of the code with what was pasted, and the test call
//! (power-platform 1.6, 6.8, 9).

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::practice::wire::{Reply, Request, find};
use crate::practice::world::{Connection, World};
use crate::practice::{easy_auth, entra, server};

/// Where a connection is: places of its connector and of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Place of the connector.
    pub connector: usize,
    /// Place of the connection in it.
    pub connection: usize,
}

/// Begins a connection with a snapshot of the settings, and gives the address that the person is sent to.
pub fn begin(
    world: &mut World,
    request: &Request,
    connector: usize,
    owner: &str,
) -> Result<(Place, String), String> {
    let id = world.next_id("connection");
    let region =
        world.environments.first().map_or_else(|| "unitedstates".to_owned(), |known| known.location.clone());
    let saved = world.connectors.get_mut(connector).ok_or("There is no such connector.")?;
    if saved.oauth["identityProvider"] != json!("aad") {
        return Err("The Identity Provider of this connector is Generic Oauth 2. Choose Azure Active Directory on the Security page.".to_owned());
    }
    saved.connections.push(Connection {
        name: id.simple().to_string(),
        owner: owner.to_owned(),
        status: "Error".to_owned(),
        error: Some("This connection is not authenticated.".to_owned()),
        oauth: saved.oauth.clone(),
        client_secret: saved.client_secret.clone(),
        access_token: None,
    });
    let place = Place { connector, connection: saved.connections.len() - 1 };
    let custom = &saved.oauth["customParameters"];
    let parameter = |name: &str| custom[name]["value"].as_str().unwrap_or_default();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("client_id", saved.oauth["clientId"].as_str().unwrap_or_default())
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &saved.redirect_url)
        .append_pair("resource", parameter("resourceUri"))
        .append_pair("prompt", "select_account")
        .append_pair("state", &format!("{id}_{region}-002_azure-apim.net"));
    let login = parameter("loginUri").trim_end_matches('/');
    let login = match login.strip_prefix("https://") {
        Some(host @ ("login.microsoftonline.com" | "login.windows.net")) => request.address_of(host),
        _ => login.to_owned(),
    };
    Ok((place, format!("{login}/{}/oauth2/authorize?{}", parameter("tenantId"), query.finish())))
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
    if let Some(connection) = connection_mut(world, place) {
        match outcome {
            Ok(token) => {
                "Connected".clone_into(&mut connection.status);
                connection.error = None;
                connection.access_token = Some(token.into());
            }
            Err(error) => connection.error = Some(error),
        }
    }
    Ok(place)
}

fn redeem(world: &mut World, request: &Request, place: Place, code: &str) -> Result<String, String> {
    let saved = world.connectors.get(place.connector).ok_or("The connector is gone.")?;
    let connection = saved.connections.get(place.connection).ok_or("The connection is gone.")?;
    let custom = &connection.oauth["customParameters"];
    let parameter = |name: &str| custom[name]["value"].as_str().unwrap_or_default();
    let secret = connection.client_secret.as_ref().map_or("", |secret| secret.expose_secret());
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("client_id", connection.oauth["clientId"].as_str().unwrap_or_default())
        .append_pair("client_secret", secret)
        .append_pair("code", code)
        .append_pair("redirect_uri", &saved.redirect_url)
        .append_pair("resource", parameter("resourceUri"));
    let path = format!("/{}/oauth2/token", parameter("tenantId"));
    let mut ask = Request::new(Method::POST, &request.host, &path, "");
    ask.scheme.clone_from(&request.scheme);
    ask.body = form.finish().into_bytes();
    let form_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    ask.headers.insert(CONTENT_TYPE, form_type);
    let answer = entra::handle(world, &ask).to_json();
    match answer["access_token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => Err(answer["error_description"].as_str().unwrap_or("The token request failed.").to_owned()),
    }
}

/// What "Test operation" called, and what came back.
pub struct Tested {
    /// HTTP method of the operation.
    pub method: Method,
    /// Path that was called.
    pub path: String,
    /// The answer: the function's, Easy Auth's, or the gateway's own.
    pub reply: Reply,
}

/// "Test operation": calls the connector's first operation through Easy Auth with the connection's token. The name goes
/// into the body where the operation has one, else into the query.
pub fn test(world: &mut World, place: Place, name: &str) -> Tested {
    let gateway = |message: &str| {
        Reply::json(403, &json!({"status": 403, "source": "", "message": message}))
            .with("x-ms-failure-cause", "apihub-token-exchange")
    };
    let Some(saved) = world.connectors.get(place.connector) else {
        let reply = gateway("The connector is gone.");
        return Tested { method: Method::GET, path: String::new(), reply };
    };
    let (method, path) = first_operation(&saved.definition);
    let Some(connection) = saved.connections.get(place.connection) else {
        return Tested { method, path, reply: gateway("The connection is gone.") };
    };
    let Some(token) = &connection.access_token else {
        let reason = connection.error.as_deref().unwrap_or("This connection is not authenticated.");
        let message = format!("Error from token exchange: {reason}");
        return Tested { method, path, reply: gateway(&message) };
    };
    let has_body = method == Method::POST;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !has_body && !name.is_empty() {
        query.append_pair("name", name);
    }
    let mut request = Request::new(method.clone(), &saved.host, &path, &query.finish());
    if has_body {
        let body = if name.is_empty() { json!({}) } else { json!({"name": name}) };
        request.body = body.to_string().into_bytes();
        request.headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    }
    request.scheme.clone_from(&saved.scheme);
    let bearer = http::HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
    let site = http::HeaderValue::from_str(&request.host_name());
    if let (Ok(bearer), Ok(site)) = (bearer, site) {
        request.headers.insert(AUTHORIZATION, bearer);
        request.headers.insert(server::SITE, site);
    }
    request.headers.insert(USER_AGENT, http::HeaderValue::from_static("azure-logic-apps/1.0"));
    let reply = easy_auth::handle(world, &request);
    Tested { method, path, reply }
}

/// Method and path of a definition's first operation.
fn first_operation(definition: &Value) -> (Method, String) {
    let first = |value: &Value| {
        let (name, inner) = value.as_object()?.iter().next()?;
        Some((name.clone(), inner.clone()))
    };
    let base = definition["basePath"].as_str().unwrap_or_default().trim_end_matches('/');
    let (path, methods) = first(&definition["paths"]).unwrap_or_else(|| ("/".to_owned(), Value::Null));
    let method = first(&methods).and_then(|(name, _)| name.to_ascii_uppercase().parse().ok());
    (method.unwrap_or(Method::GET), format!("{base}{path}"))
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

/// The place of a connection by the names in a path.
pub fn find_place(world: &World, connector: usize, form: &[(String, String)]) -> Option<Place> {
    let connections = &world.connectors.get(connector)?.connections;
    let connection = match find(form, "connection") {
        Some(name) => connections.iter().position(|connection| connection.name == name)?,
        None => connections.len().checked_sub(1)?,
    };
    Some(Place { connector, connection })
}

fn connection_mut(world: &mut World, place: Place) -> Option<&mut Connection> {
    world.connectors.get_mut(place.connector)?.connections.get_mut(place.connection)
}
