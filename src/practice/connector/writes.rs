//! What clients such as paconn change over the Power Apps APIs: connectors, connections and their consent (power-platform
//! 5.3, 5.4, 6.6, 6.7). Sharing, on-behalf-of connections and `confirmConsentCode` are left out.

use http::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::connect::{self, Place};
use super::provider::{self, error};
use super::{definition, save};
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{Connector, Environment, World};

/// What may stand under `properties` of a connector that is created or updated (power-platform 5.4).
const MEMBERS: [&str; 14] = [
    "displayName",
    "description",
    "iconUri",
    "iconBrandColor",
    "capabilities",
    "connectionParameters",
    "connectionParameterSets",
    "policyTemplateInstances",
    "scriptDefinitionUrl",
    "scriptOperations",
    "openApiDefinition",
    "backendService",
    "environment",
    "publisher",
];

/// Whether a path, in lower case, is one of those that only writes have.
pub fn knows(method: &Method, words: &[&str]) -> bool {
    *method == Method::POST
        && matches!(
            words,
            ["providers", _, "objectids", _, "validateapiswagger" | "generateresourcestorage"]
                | ["providers", _, "apis", _, "connections", _, "getconsentlink"]
        )
}

/// Answers a request that changes something. Who calls is known already.
pub fn handle(world: &mut World, request: &Request, caller: &Caller, words: &[&str]) -> Reply {
    let body = request.json().unwrap_or_default();
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let low: Vec<&str> = lower.iter().map(String::as_str).collect();
    let tenant = caller.tenant().unwrap_or_default().to_owned();
    if let [_, _, "objectids", id, last] = low.as_slice() {
        return if *last == "validateapiswagger" { validated(world, &body) } else { storage(id) };
    }
    let environment = match provider::filtered(world, request, &tenant) {
        Ok(environment) => environment.clone(),
        Err(refusal) => return refusal,
    };
    let name = words.get(3).copied().unwrap_or_default();
    let at = world.connectors.iter().position(|connector| {
        provider::sees(caller, connector, &environment) && connector.name.eq_ignore_ascii_case(name)
    });
    match (&request.method, low.as_slice(), at) {
        (&Method::POST, [_, _, "apis"], _) => create(world, request, caller, &environment, &body),
        (_, [_, _, "apis", _, ..], None) => provider::no_connector(name, &environment),
        (&Method::PATCH, [_, _, "apis", _], Some(at)) => update(world, at, &body),
        (&Method::DELETE, [_, _, "apis", _], Some(at)) => {
            world.connectors.remove(at);
            Reply::empty(200)
        }
        (method, [_, _, "apis", _, "connections", id, rest @ ..], Some(at)) => {
            of_connection(world, request, caller, at, &environment, (method, id, rest), &body)
        }
        _ => error(405, "MethodNotAllowed", "The method is not allowed here."),
    }
}

/// The findings as one text, empty where there are none.
fn validated(world: &World, document: &Value) -> Reply {
    let problem = definition::problem(document, world.switches.connector_page_is_strict);
    Reply::json(200, &Value::from(problem.unwrap_or_default()))
}

/// A container to upload to. Nothing can be uploaded here.
fn storage(owner: &str) -> Reply {
    let address =
        format!("https://practice.blob.core.windows.net/{owner}?sv=2018-03-28&sr=c&sig=practice&sp=rcw");
    Reply::json(200, &json!({"sharedAccessSignature": address}))
}

/// What a body says a connector is to be.
struct Wanted {
    definition: Value,
    scheme: String,
    host: String,
    oauth: Value,
    secret: Option<SecretString>,
}

/// Reads a body by the rules of the service (power-platform 4.1, 5.4, 6.2, 6.6).
fn wanted(properties: &Value) -> Result<Wanted, Reply> {
    let unknown =
        properties.as_object().and_then(|all| all.keys().find(|key| !MEMBERS.contains(&key.as_str())));
    if let Some(key) = unknown {
        let text = format!(
            "The request content is invalid and could not be deserialized: 'Could not find member '{key}' on object of type \
             'ApiPropertiesDefinition'. Path 'properties.{key}', line 1, position 1.'"
        );
        return Err(error(400, "InvalidRequestContent", &text));
    }
    let script = properties["scriptDefinitionUrl"].as_str().is_some_and(|url| !url.is_empty());
    if !script && properties["scriptOperations"].as_array().is_some_and(|list| !list.is_empty()) {
        let text = "The script operations must be null when there is no script definition URL.";
        return Err(error(400, "InvalidScriptDefinitionUrlWithNonNullOperations", text));
    }
    let hub = |text: &str| error(400, "ApiHubsRequestFailed", text);
    let document = &properties["openApiDefinition"];
    if let Some(problem) = definition::problem(document, true) {
        return Err(hub(&problem));
    }
    let service = properties["backendService"]["serviceUrl"].as_str().unwrap_or_default();
    let Ok(service) = url::Url::parse(service) else { return Err(hub(definition::ILLEGAL_HOST)) };
    let base = document["basePath"].as_str().unwrap_or("/");
    if service.path().trim_end_matches('/') != base.trim_end_matches('/') {
        return Err(hub(&format!(
            "Swagger contains base path:{base} but backend Url doesn't end on same path"
        )));
    }
    let mut oauth = properties["connectionParameters"]["token"]["oAuthSettings"].clone();
    let secret = oauth.as_object_mut().and_then(|settings| settings.remove("clientSecret"));
    let secret =
        secret.and_then(|secret| secret.as_str().filter(|text| !text.is_empty()).map(SecretString::from));
    let port = service.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok(Wanted {
        definition: document.clone(),
        scheme: service.scheme().to_owned(),
        host: format!("{}{port}", service.host_str().unwrap_or_default()),
        oauth,
        secret,
    })
}

/// The settings as they are kept: the redirect URL is the service's own (power-platform 2.1).
fn with_redirect(mut oauth: Value, redirect_url: &str) -> Value {
    if oauth.is_object() {
        oauth["redirectMode"] = "GlobalPerConnector".into();
        oauth["redirectUrl"] = redirect_url.into();
    }
    oauth
}

fn create(
    world: &mut World,
    request: &Request,
    caller: &Caller,
    environment: &Environment,
    body: &Value,
) -> Reply {
    if !world.switches.makers_may_create_connectors {
        return error(403, "Forbidden", "The caller does not have the permission CreateCustomApi.");
    }
    let properties = &body["properties"];
    let wanted = match wanted(properties) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    let title = properties["displayName"].as_str().unwrap_or_default();
    let (name, redirect_url) = save::minted(world, &environment.id, title);
    let now = world.now();
    world.connectors.push(Connector {
        name,
        environment: environment.id.clone(),
        display_name: title.to_owned(),
        owner: caller.object_id().unwrap_or_default().to_owned(),
        host: wanted.host,
        scheme: wanted.scheme,
        oauth: with_redirect(wanted.oauth, &redirect_url),
        client_secret: wanted.secret,
        redirect_url,
        definition: wanted.definition,
        imported: true,
        created_at: now,
        changed_at: now,
        connections: Vec::new(),
    });
    match world.connectors.last() {
        Some(saved) => Reply::json(201, &provider::document(world, request, saved)),
        None => Reply::empty(500),
    }
}

fn update(world: &mut World, at: usize, body: &Value) -> Reply {
    let properties = &body["properties"];
    if properties["displayName"].is_string() {
        return error(400, "CannotUpdateApiDisplayName", "The display name of an API cannot be updated.");
    }
    // Not all together is an error of the service's own (power-platform 6.2, 6.6).
    let together = ["openApiDefinition", "backendService", "environment", "connectionParameters"];
    if together.iter().any(|member| properties[*member].is_null()) {
        return Reply::empty(500);
    }
    let wanted = match wanted(properties) {
        Ok(wanted) => wanted,
        Err(refusal) => return refusal,
    };
    let (now, keeps) = (world.now(), world.switches.blank_secret_keeps_the_old_one);
    if let Some(saved) = world.connectors.get_mut(at) {
        saved.oauth = with_redirect(wanted.oauth, &saved.redirect_url);
        (saved.host, saved.scheme, saved.definition) = (wanted.host, wanted.scheme, wanted.definition);
        (saved.imported, saved.changed_at) = (true, now);
        if wanted.secret.is_some() || !keeps {
            saved.client_secret = wanted.secret;
        }
    }
    Reply::empty(204)
}

fn of_connection(
    world: &mut World,
    request: &Request,
    caller: &Caller,
    at: usize,
    environment: &Environment,
    (method, id, rest): (&Method, &str, &[&str]),
    body: &Value,
) -> Reply {
    let found = world
        .connectors
        .get(at)
        .and_then(|saved| saved.connections.iter().position(|connection| connection.name == id));
    let name = world.connectors.get(at).map(|saved| saved.name.clone()).unwrap_or_default();
    match (method, rest, found) {
        (&Method::PUT, [], _) => {
            // Made before or not, it is answered alike (power-platform 6.7).
            let connection = match found {
                Some(connection) => Ok(Place { connector: at, connection }),
                None => connect::open(world, at, id, caller.object_id().unwrap_or_default()),
            };
            let made = connection.ok().and_then(|place| connect::connection_mut(world, place));
            made.map_or_else(
                || Reply::empty(500),
                |made| Reply::json(201, &connect::document(&name, &environment.id, made)),
            )
        }
        (&Method::POST, ["getconsentlink"], Some(connection)) => {
            let place = Place { connector: at, connection };
            let back = body["redirectUrl"].as_str().unwrap_or_default();
            let Ok(uuid) = Uuid::parse_str(id) else {
                return error(
                    400,
                    "InvalidRequestContent",
                    "The name of the connection is not made of 32 digits.",
                );
            };
            match connect::consent_address(world, request, place, uuid) {
                Ok(link) => {
                    if let Some(connection) = connect::connection_mut(world, place) {
                        connection.return_to = Some(back.to_owned()).filter(|back| !back.is_empty());
                    }
                    Reply::json(
                        200,
                        &json!({"consentLink": link, "principalType": "ActiveDirectory", "redirectUrl": back}),
                    )
                }
                Err(shown) => error(400, "ApiHubsRequestFailed", &shown),
            }
        }
        (&Method::DELETE, [], Some(connection)) => {
            if let Some(saved) = world.connectors.get_mut(at) {
                saved.connections.remove(connection);
            }
            Reply::empty(200)
        }
        (_, _, None) => provider::no_connection(id, &name),
        _ => error(405, "MethodNotAllowed", "The method is not allowed here."),
    }
}
