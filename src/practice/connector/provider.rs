//! The Power Apps resource provider: environments, connectors and connections as JSON (power-platform 6.2 to 6.7). What
//! changes something is in `writes.rs`.

use http::Method;
use serde_json::{Value, json};

use super::{connect, writes};
use crate::practice::wire::{Caller, Reply, Request, TokenFault};
use crate::practice::world::{Connector, Environment, World};

/// Answers a request below `/providers/Microsoft.PowerApps` and its sisters.
pub fn handle(world: &mut World, request: &Request, caller: &Caller) -> Reply {
    let path = request.decoded_path();
    let words: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let low: Vec<&str> = lower.iter().map(String::as_str).collect();
    let known = matches!(
        low.as_slice(),
        ["providers", _, "environments" | "apis"]
            | ["providers", _, "environments" | "apis", _]
            | ["providers", _, "apis", _, "connections"]
            | ["providers", _, "apis", _, "connections", _]
    );
    if !known && !writes::knows(&request.method, &low) {
        let mut reply = Reply::empty(404);
        reply.unknown_path = true;
        return reply;
    }
    if let Some(refusal) = refused(caller).or_else(|| bad_version(request)) {
        return refusal;
    }
    let Some(tenant) = caller.tenant() else { return Reply::empty(401) };
    if request.method != Method::GET {
        return writes::handle(world, request, caller, &words);
    }
    match low.as_slice() {
        [_, _, "environments"] => {
            let items: Vec<Value> = environments(world, tenant)
                .map(|found| environment_document(world, request, found))
                .collect();
            Reply::json(200, &json!({"value": items}))
        }
        [_, _, "environments", id] => {
            let found = environments(world, tenant)
                .find(|environment| environment.id.eq_ignore_ascii_case(id) || *id == "~default");
            match found {
                Some(environment) => Reply::json(200, &environment_document(world, request, environment)),
                None => error(404, "EnvironmentNotFound", &missing_environment(id, tenant)),
            }
        }
        _ => apis(
            world,
            request,
            caller,
            tenant,
            words.get(3).copied(),
            words.get(5).copied(),
            words.len() > 4,
        ),
    }
}

fn apis(
    world: &World,
    request: &Request,
    caller: &Caller,
    tenant: &str,
    name: Option<&str>,
    connection: Option<&str>,
    connections: bool,
) -> Reply {
    let found = match filtered(world, request, tenant) {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let mut visible = world.connectors.iter().filter(|connector| sees(caller, connector, found));
    let Some(name) = name else {
        let items: Vec<Value> = visible.map(|connector| document(world, request, connector)).collect();
        return Reply::json(200, &json!({"value": items}));
    };
    let prefixed = format!("shared_{name}");
    let Some(connector) =
        visible.find(|connector| connector.name.eq_ignore_ascii_case(name) || connector.name == prefixed)
    else {
        return no_connector(name, found);
    };
    if !connections {
        return Reply::json(200, &document(world, request, connector));
    }
    let mut items =
        connector.connections.iter().map(|item| connect::document(&connector.name, &found.id, item));
    match connection {
        None => Reply::json(200, &json!({"value": items.collect::<Vec<_>>()})),
        Some(id) => match items.find(|item| item["name"].as_str() == Some(id)) {
            Some(item) => Reply::json(200, &item),
            None => no_connection(id, name),
        },
    }
}

/// The environment that `$filter` names, which every path of a connector wants (power-platform 6.2).
pub fn filtered<'a>(world: &'a World, request: &Request, tenant: &str) -> Result<&'a Environment, Reply> {
    let Some(environment) = request.query("$filter").and_then(environment_in) else {
        return Err(error(400, "MissingEnvironmentFilter", "The environment filter must be set."));
    };
    let found = environments(world, tenant).find(|known| known.id.eq_ignore_ascii_case(&environment));
    found.ok_or_else(|| {
        error(404, "ServiceToServiceEnvironmentNotFound", &missing_environment(&environment, tenant))
    })
}

/// Whether a caller sees a connector of an environment: only the person who made it does, as nothing is shared here.
pub fn sees(caller: &Caller, connector: &Connector, environment: &Environment) -> bool {
    connector.environment == environment.id
        && (matches!(caller, Caller::App { .. }) || caller.object_id() == Some(connector.owner.as_str()))
}

/// The answer for a connector that is not there, or not seen.
pub fn no_connector(name: &str, environment: &Environment) -> Reply {
    let text = format!("Could not find the API resource '{name}' in environment '{}'.", environment.id);
    error(404, "ApiResourceNotFound", &text)
}

/// The answer for a connection that is not there.
pub fn no_connection(id: &str, name: &str) -> Reply {
    error(404, "ConnectionNotFound", &format!("Could not find connection '{id}' for API '{name}'."))
}

/// What a caller without a good token is told.
pub(super) fn refused(caller: &Caller) -> Option<Reply> {
    match caller {
        Caller::Anonymous => Some(error(
            401,
            "MissingAuthorizationHeaderAndClientCertificate",
            "A client certificate or authorization header was not provided.",
        )),
        Caller::Refused(fault) => {
            let text = match fault {
                TokenFault::WrongAudience => {
                    "The access token has been obtained for wrong audience or resource. It should exactly match with one of \
                     the allowed audiences 'https://service.powerapps.com/'."
                }
                TokenFault::Expired => "The access token expiry time has passed.",
                TokenFault::Invalid | TokenFault::TooWeak => "The access token is invalid.",
            };
            Some(error(401, "InvalidAuthenticationToken", text))
        }
        Caller::User { .. } | Caller::App { .. } => None,
    }
}

/// What a caller is told whose `api-version` is none.
pub(super) fn bad_version(request: &Request) -> Option<Reply> {
    let version = request.query("api-version").unwrap_or_default();
    (version.split_at_checked(10).is_none_or(|(date, _)| date.parse::<jiff::civil::Date>().is_err())).then(|| {
        error(
            400,
            "InvalidApiVersion",
            &format!(
                "The api-version '{version}' is invalid. The supported versions are '2015-02-01, 2016-11-01, 2020-06-01, \
                 2025-04-01'."
            ),
        )
    })
}

fn environments<'a>(world: &'a World, tenant: &str) -> impl Iterator<Item = &'a Environment> {
    world.environments.iter().filter(move |environment| environment.tenant == tenant)
}

/// The environment in `environment eq '{env}'`, alone or among other clauses.
fn environment_in(filter: &str) -> Option<String> {
    let at = filter.to_ascii_lowercase().find("environment eq '")?;
    let rest = filter.get(at + "environment eq '".len()..)?;
    rest.split('\'').next().filter(|id| !id.is_empty()).map(str::to_owned)
}

fn missing_environment(id: &str, tenant: &str) -> String {
    format!("The environment '{id}' could not be found in the tenant '{tenant}'.")
}

/// One environment; what the caller may do in it only where that is asked for, and only what is granted.
fn environment_document(world: &World, request: &Request, environment: &Environment) -> Value {
    let mut document = json!({
        "id": format!("/providers/Microsoft.PowerApps/environments/{}", environment.id), "name": environment.id,
        "location": environment.location, "type": "Microsoft.PowerApps/environments",
        "properties": {
            "displayName": environment.display_name, "isDefault": true, "environmentSku": "Default",
            "provisioningState": "Succeeded",
        },
    });
    if request.query("$expand").is_some_and(|expand| expand.split(',').any(|part| part == "permissions")) {
        let mut granted = json!({"ReadEnvironment": {"displayName": "Read environment"}});
        if world.switches.makers_may_create_connectors {
            granted["CreateCustomApi"] = json!({"displayName": "Create custom connector"});
            granted["GenerateResourceStorage"] = json!({"displayName": "Generate resource storage"});
        }
        document["properties"]["permissions"] = granted;
    }
    document
}

/// One connector. The client secret is never part of it (power-platform 6.5).
pub fn document(world: &World, request: &Request, connector: &Connector) -> Value {
    let internal = connector.name.strip_prefix("shared_").unwrap_or(&connector.name);
    let runtime = format!("https://practice.01.common.{}.azure-apihub.net/apim/{internal}", "unitedstates");
    let owner = world.user(&connector.owner);
    let base = connector.definition["basePath"].as_str().unwrap_or_default();
    let original = format!(
        "{}/_make/definitions/{}/apiDefinition.swagger.json?sig={}",
        request.address_of("make.powerapps.com"),
        connector.name,
        signature(world, connector)
    );
    json!({
        "name": connector.name, "id": format!("/providers/Microsoft.PowerApps/apis/{}", connector.name),
        "type": "Microsoft.PowerApps/apis",
        "properties": {
            "displayName": connector.display_name, "description": connector.definition["info"]["description"],
            "iconUri": "https://content.powerapps.com/resource/makerx/static/media/default-connection-icon.png",
            "iconBrandColor": "#007ee5", "apiEnvironment": "Shared", "isCustomApi": true, "tier": "Premium",
            "capabilities": [],
            "connectionParameters": {
                "token": {"type": "oauthSetting", "oAuthSettings": connector.oauth},
                "token:TenantId": {
                    "type": "string", "metadata": {"sourceType": "AzureActiveDirectoryTenant"},
                    "uiDefinition": {"constraints": {"required": "false", "hidden": "true"}},
                },
            },
            "backendService": {"serviceUrl": format!("{}://{}{base}", connector.scheme, connector.host)},
            "policyTemplateInstances": [], "runtimeUrls": [runtime], "primaryRuntimeUrl": runtime,
            "swagger": proxied(world, connector, internal), "apiDefinitions": {"originalSwaggerUrl": original},
            "environment": {
                "id": format!("/providers/Microsoft.PowerApps/environments/{}", connector.environment),
                "name": connector.environment,
            },
            "createdBy": {
                "id": connector.owner, "displayName": owner.map(|user| &user.display_name),
                "email": owner.map(|user| &user.upn), "type": "User", "tenantId": owner.map(|user| &user.tenant),
                "userPrincipalName": owner.map(|user| &user.upn),
            },
            "createdTime": connector.created_at.to_string(), "changedTime": connector.changed_at.to_string(),
        },
    })
}

/// The definition as the service hands it out: the gateway's host and base path, and the connection in front of every
/// path (power-platform 6.5). It is not the one to send back.
fn proxied(world: &World, connector: &Connector, internal: &str) -> Value {
    let mut definition = connector.definition.clone();
    let region = world.environments.iter().find(|known| known.id == connector.environment);
    let region = region.map_or("unitedstates", |known| known.location.as_str());
    definition["host"] = format!("{region}-002.azure-apim.net").into();
    definition["basePath"] = format!("/apim/{internal}").into();
    let paths: serde_json::Map<String, Value> = definition["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(path, methods)| {
            let mut methods = methods.clone();
            for operation in methods.as_object_mut().into_iter().flat_map(|methods| methods.values_mut()) {
                if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
                    parameters.insert(
                        0,
                        json!({"name": "connectionId", "in": "path", "required": true, "type": "string",
                            "x-ms-visibility": "internal"}),
                    );
                }
            }
            (format!("/{{connectionId}}{path}"), methods)
        })
        .collect();
    definition["paths"] = paths.into();
    definition
}

/// What stands in for the signature of a storage address.
fn signature(world: &World, connector: &Connector) -> String {
    world.id_for(&format!("signature of {}", connector.name)).simple().to_string()
}

/// `originalSwaggerUrl`: the definition as it was saved, for whoever has the signed address (power-platform 5.3, 6.5).
pub fn original(world: &World, request: &Request, name: &str) -> Reply {
    let found = world.connectors.iter().find(|connector| connector.name == name);
    match found {
        Some(connector) if request.query("sig") == Some(signature(world, connector).as_str()) => {
            Reply::json(200, &connector.definition)
        }
        _ => Reply::empty(403),
    }
}

/// An error in the envelope of the service (power-platform 6.2).
pub fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"error": {"code": code, "message": message}}))
}
