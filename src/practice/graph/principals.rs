//! `/servicePrincipals`: create, read, change, assignments; and what they mirror of their application
//! (microsoft-cloud 4.6, 4.9).

use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, entity};
use super::applications::body;
use super::target::{Ask, Key, Target, find};
use super::{grants, people, query, rights, rules, shape};
use crate::practice::wire::{Caller, Reply};
use crate::practice::world::{Kind, View, World};

/// Members that a PATCH may change; the others follow the application.
const WRITABLE: &[&str] = &[
    "accountEnabled",
    "alternativeNames",
    "appRoleAssignmentRequired",
    "description",
    "displayName",
    "homepage",
    "isDisabled",
    "loginUrl",
    "logoutUrl",
    "notes",
    "notificationEmailAddresses",
    "preferredSingleSignOnMode",
    "servicePrincipalNames",
    "tags",
];

/// Answers a request below `/servicePrincipals`.
pub fn handle(world: &mut World, ask: &Ask<'_>, target: &Target) -> Answer {
    let tail = target.tail();
    let tail: Vec<&str> = tail.iter().map(String::as_str).collect();
    let method = &ask.request.method;
    let Some(key) = &target.key else {
        return match *method {
            Method::GET => {
                rights::read_apps(ask.caller)?;
                let items = world
                    .objects(Kind::ServicePrincipal, &ask.tenant, View::List)
                    .map(|(_, doc)| shape::principal(doc))
                    .collect();
                query::list(ask.request, &shape::PRINCIPALS, items, world.switches.page_size)
            }
            Method::POST => create(world, ask),
            _ => Err(Refusal::method()),
        };
    };
    match (method, tail.as_slice()) {
        (&Method::GET, []) => {
            rights::read_apps(ask.caller)?;
            let (_, doc) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            let item = query::select(ask.request, &shape::PRINCIPALS, &shape::principal(doc))?;
            Ok(entity(200, ask.request, "servicePrincipals/$entity", item))
        }
        (&Method::PATCH, []) => patch(world, ask, key),
        (&Method::DELETE, []) => {
            let (object, _) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            rights::change_app(world, ask.caller, object)?;
            let id = object.id.clone();
            delete(world, &ask.tenant, &id);
            Ok(Reply::empty(204))
        }
        (&Method::GET, ["approleassignedto" | "approleassignments"]) => {
            rights::read_apps(ask.caller)?;
            let (object, _) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            let given = tail == ["approleassignedto"];
            let member = if given { "resourceId" } else { "principalId" };
            Ok(grants::assignments(world, ask, member, &object.id)?)
        }
        (&Method::POST, ["approleassignedto" | "approleassignments"]) => {
            find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            grants::assign(world, ask)
        }
        (&Method::DELETE, ["approleassignedto" | "approleassignments", id]) => {
            let (object, _) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            rights::assign(world, ask.caller, object)?;
            grants::unassign(world, ask, id)
        }
        (&Method::GET, ["oauth2permissiongrants"]) => {
            rights::read_grants(ask.caller)?;
            let (object, _) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            grants::list_of(world, ask, "clientId", &object.id)
        }
        (&Method::GET, ["owners"]) => {
            rights::read_apps(ask.caller)?;
            let (object, _) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
            people::owners(world, ask, &object.owners)
        }
        (&Method::POST, ["owners", "$ref"]) => people::add_owner(world, ask, Kind::ServicePrincipal, key),
        (&Method::DELETE, ["owners", id, "$ref"]) => {
            people::remove_owner(world, ask, Kind::ServicePrincipal, key, id)
        }
        (
            _,
            []
            | ["approleassignedto" | "approleassignments" | "oauth2permissiongrants" | "owners"]
            | ["owners", "$ref"]
            | ["owners", _, "$ref"],
        ) => Err(Refusal::method()),
        _ => Ok(Reply::unknown()),
    }
}

fn create(world: &mut World, ask: &Ask<'_>) -> Answer {
    let body = body(ask)?;
    let Some(app_id) = body["appId"].as_str() else {
        return Err(Refusal::bad("A value is required for property 'appId' of resource 'ServicePrincipal'."));
    };
    for (name, value) in body.as_object().into_iter().flatten() {
        matches_home(world, app_id, None, name, value)?;
    }
    let id = create_for(world, &ask.tenant, ask.caller, app_id)?;
    let location = format!(
        "{}/v2/{}/directoryObjects/{id}/Microsoft.DirectoryServices.ServicePrincipal",
        ask.request.address_of("graph.microsoft.com"),
        ask.tenant
    );
    let sent: serde_json::Map<String, Value> = body
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| WRITABLE.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let now = world.now();
    if let Some(object) = world.object_mut(Kind::ServicePrincipal, &ask.tenant, &id) {
        let doc = shape::overlay(object.doc.clone(), &Value::Object(sent));
        object.replace(doc, now);
    }
    let (_, doc) = find(world, Kind::ServicePrincipal, &ask.tenant, &Key::Id(id), View::Now)?;
    let reply = entity(201, ask.request, "servicePrincipals/$entity", shape::principal(doc));
    Ok(reply.with("location", &location))
}

/// Makes the service principal of an application in a tenant and returns its object id.
pub fn create_for(world: &mut World, tenant: &str, caller: &Caller, app_id: &str) -> Result<String, Refusal> {
    let invalid = || {
        Refusal::bad(format!(
            "The appId '{app_id}' of the service principal does not reference a valid application object."
        ))
    };
    // An application that has not spread yet is not a valid reference (4.9).
    let (app, doc) = world.application(app_id, View::ById).ok_or_else(invalid)?;
    let at_home = app.tenant.eq_ignore_ascii_case(tenant);
    if !at_home && doc["signInAudience"] == json!("AzureADMyOrg") {
        return Err(invalid());
    }
    rights::create_principal(world, caller, at_home.then_some(app))?;
    if world.service_principal(tenant, app_id, View::Now).is_some() {
        return Err(Refusal::new(
            world.switches.existing_service_principal_status,
            "Request_MultipleObjectsWithSameKeyValue",
            format!(
                "The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
            ),
        ));
    }
    let home = app.tenant.clone();
    let source = doc.clone();
    let id = world.next_id("service principal").to_string();
    let (client, owners) = match caller {
        Caller::User { id, client_id, .. } => (Some(client_id.clone()), vec![id.clone()]),
        Caller::App { client_id, .. } => (Some(client_id.clone()), Vec::new()),
        Caller::Anonymous | Caller::Refused(_) => (None, Vec::new()),
    };
    let base = shape::principal(&json!({
        "id": id, "displayName": source["displayName"], "appOwnerOrganizationId": home, "createdByAppId": client,
    }));
    let doc = mirrored(base, &source);
    world.add_object(Kind::ServicePrincipal, tenant, &id, doc, owners);
    Ok(id)
}

/// Brings the service principal of an application up to what the application now says.
pub fn mirror(world: &mut World, tenant: &str, application_object: &str) {
    let Some((_, source)) = world.object(Kind::Application, tenant, application_object, View::Now) else {
        return;
    };
    let source = source.clone();
    let app_id = source["appId"].as_str().unwrap_or_default();
    let Some((principal, old)) = world.service_principal(tenant, app_id, View::Now) else { return };
    let doc = mirrored(old.clone(), &source);
    if doc == *old {
        return;
    }
    let (id, now) = (principal.id.clone(), world.now());
    if let Some(object) = world.object_mut(Kind::ServicePrincipal, tenant, &id) {
        object.replace(doc, now);
    }
}

fn mirrored(mut principal: Value, app: &Value) -> Value {
    let app = shape::application(app);
    principal["appId"] = app["appId"].clone();
    principal["appDisplayName"] = app["displayName"].clone();
    principal["displayName"] = app["displayName"].clone();
    principal["appRoles"] = app["appRoles"].clone();
    principal["oauth2PermissionScopes"] = app["api"]["oauth2PermissionScopes"].clone();
    principal["signInAudience"] = app["signInAudience"].clone();
    principal["homepage"] = app["web"]["homePageUrl"].clone();
    principal["logoutUrl"] = app["web"]["logoutUrl"].clone();
    principal["replyUrls"] = rules::reply_urls(&app).into();
    let uris = app["identifierUris"].as_array().cloned().unwrap_or_default();
    principal["servicePrincipalNames"] = std::iter::once(app["appId"].clone()).chain(uris).collect();
    principal
}

fn patch(world: &mut World, ask: &Ask<'_>, key: &Key) -> Answer {
    let body = body(ask)?;
    let (object, _) = find(world, Kind::ServicePrincipal, &ask.tenant, key, View::ById)?;
    rights::change_app(world, ask.caller, object)?;
    let id = object.id.clone();
    for (name, value) in body.as_object().into_iter().flatten() {
        if !WRITABLE.contains(&name.as_str()) {
            return Err(Refusal::bad(format!(
                "Property '{name}' on the service principal does not match the application object or cannot be set."
            )));
        }
        matches_home(world, object.app_id(), Some(&object.doc), name, value)?;
        let boolean = matches!(name.as_str(), "accountEnabled" | "appRoleAssignmentRequired");
        if boolean && !value.is_boolean() {
            return Err(Refusal::bad(format!(
                "Invalid value specified for property '{name}' of resource 'ServicePrincipal'."
            )));
        }
    }
    let now = world.now();
    if let Some(object) = world.object_mut(Kind::ServicePrincipal, &ask.tenant, &id) {
        let doc = shape::overlay(object.doc.clone(), &body);
        object.replace(doc, now);
    }
    Ok(Reply::empty(204))
}

/// Refuses a name, or names that a resource may be asked for by, which the home application does not have: what an
/// enterprise application answers to is what its registration says (microsoft-cloud 4.2, 4.11).
fn matches_home(
    world: &World,
    app_id: &str,
    own: Option<&Value>,
    name: &str,
    value: &Value,
) -> Result<(), Refusal> {
    let home = world.application(app_id, View::Now).map(|(_, app)| mirrored(json!({}), app));
    // Microsoft's own have their registration elsewhere: they stay as they are.
    let Some(known) = home.as_ref().or(own) else { return Ok(()) };
    let same = match name {
        "displayName" => *value == known[name],
        "servicePrincipalNames" => {
            let has = |item: &Value| known[name].as_array().is_some_and(|names| names.contains(item));
            value.as_array().is_some_and(|names| names.iter().all(has))
        }
        _ => true,
    };
    if same {
        return Ok(());
    }
    Err(Refusal::bad(format!(
        "Property {name} on the service principal does not match the application object."
    )))
}

/// Deletes a service principal with the grants and assignments that name it.
pub fn delete(world: &mut World, tenant: &str, id: &str) {
    let now = world.now();
    for object in &mut world.directory {
        let names = ["clientId", "resourceId", "principalId"].iter().any(|member| object.text(member) == id);
        let dependent = matches!(object.kind, Kind::Grant | Kind::AppRoleAssignment) && names;
        let own = object.kind == Kind::ServicePrincipal && object.id == id;
        if (own || dependent) && object.tenant == tenant && object.deleted_at.is_none() {
            object.delete(now);
        }
    }
}
