//! Delegated permission grants, which are what consent writes, and app role assignments (microsoft-cloud 4.6, 4.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, Refusal, entity};
use super::applications::{body, seconds};
use super::query::{self, Set};
use super::rights;
use super::target::{Ask, Key, Target, find};
use crate::practice::wire::Reply;
use crate::practice::world::{Kind, View, World};

const GRANTS: Set<'static> = Set {
    name: "oauth2PermissionGrants",
    type_name: "oAuth2PermissionGrant",
    members: &["id", "clientId", "consentType", "principalId", "resourceId", "scope"],
    filterable: &["clientId", "consentType", "principalId", "resourceId"],
    directory: false,
};

const ASSIGNMENT_MEMBERS: &[&str] = &[
    "id",
    "deletedDateTime",
    "appRoleId",
    "createdDateTime",
    "principalDisplayName",
    "principalId",
    "principalType",
    "resourceDisplayName",
    "resourceId",
];

/// The default access role (microsoft-cloud 4.6).
const DEFAULT_ROLE: &str = "00000000-0000-0000-0000-000000000000";

/// Answers a request below `/oauth2PermissionGrants`.
pub fn handle(world: &mut World, ask: &Ask<'_>, target: &Target) -> Answer {
    let method = &ask.request.method;
    match (method, &target.key, target.rest.is_empty()) {
        (_, _, false) => Ok(Reply::unknown()),
        (&Method::GET, None, _) => {
            rights::read_grants(ask.caller)?;
            let items =
                world.objects(Kind::Grant, &ask.tenant, View::List).map(|(_, doc)| doc.clone()).collect();
            query::list(ask.request, &GRANTS, items, world.switches.page_size)
        }
        (&Method::POST, None, _) => post(world, ask),
        (&Method::GET, Some(key), _) => {
            rights::read_grants(ask.caller)?;
            let (_, doc) = find_grant(world, ask, key)?;
            let item = query::select(ask.request, &GRANTS, doc)?;
            Ok(entity(200, ask.request, "oauth2PermissionGrants/$entity", item))
        }
        (&Method::PATCH, Some(key), _) => {
            rights::write_grants(world, ask.caller)?;
            let body = body(ask)?;
            if body.as_object().is_some_and(|members| members.keys().any(|name| name != "scope")) {
                return Err(Refusal::bad("Only the property 'scope' of a permission grant can be updated."));
            }
            let (object, doc) = find_grant(world, ask, key)?;
            let (id, mut doc, now) = (object.id.clone(), doc.clone(), world.now());
            doc["scope"] = body["scope"].as_str().unwrap_or_default().into();
            if let Some(object) = world.object_mut(Kind::Grant, &ask.tenant, &id) {
                object.replace(doc, now);
            }
            Ok(Reply::empty(204))
        }
        (&Method::DELETE, Some(key), _) => {
            rights::write_grants(world, ask.caller)?;
            let (object, _) = find_grant(world, ask, key)?;
            let (id, now) = (object.id.clone(), world.now());
            if let Some(object) = world.object_mut(Kind::Grant, &ask.tenant, &id) {
                object.delete(now);
            }
            Ok(Reply::empty(204))
        }
        _ => Err(Refusal::method()),
    }
}

fn find_grant<'a>(
    world: &'a World,
    ask: &Ask<'_>,
    key: &Key,
) -> Result<(&'a crate::practice::world::DirectoryObject, &'a Value), Refusal> {
    find(world, Kind::Grant, &ask.tenant, key, View::ById)
}

/// The grants whose member has this value, for the paths below a service principal or a person.
pub fn list_of(world: &World, ask: &Ask<'_>, member: &str, id: &str) -> Answer {
    let items = world
        .objects(Kind::Grant, &ask.tenant, View::List)
        .filter(|(_, doc)| doc[member].as_str() == Some(id))
        .map(|(_, doc)| doc.clone())
        .collect();
    query::list(ask.request, &GRANTS, items, world.switches.page_size)
}

fn post(world: &mut World, ask: &Ask<'_>) -> Answer {
    let body = body(ask)?;
    rights::write_grants(world, ask.caller)?;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (client, resource) = (text("clientId"), text("resourceId"));
    let principal = body["principalId"].as_str().map(str::to_owned);
    match (text("consentType").as_str(), &principal) {
        ("AllPrincipals", None) | ("Principal", Some(_)) => {}
        _ => {
            return Err(Refusal::bad(
                "Invalid value specified for property 'consentType' or 'principalId' of resource 'OAuth2PermissionGrant'.",
            ));
        }
    }
    for id in [&client, &resource] {
        find(world, Kind::ServicePrincipal, &ask.tenant, &Key::Id(id.clone()), View::ById)?;
    }
    if let Some(principal) = &principal
        && world.user(principal).is_none_or(|user| user.tenant != ask.tenant)
    {
        return Err(Refusal::not_found(principal));
    }
    let id = grant(world, &ask.tenant, &client, &resource, principal.as_deref(), &text("scope")).ok_or_else(
        || {
            let status = world.switches.existing_grant_status;
            let code =
                if status == 409 { "Request_MultipleObjectsWithSameKeyValue" } else { "Request_BadRequest" };
            Refusal::new(status, code, "Permission entry already exists.")
        },
    )?;
    let (_, doc) = find(world, Kind::Grant, &ask.tenant, &Key::Id(id), View::Now)?;
    Ok(entity(201, ask.request, "oauth2PermissionGrants/$entity", doc.clone()))
}

/// Writes a grant between two service principals, for one person or (`None`) for everybody, and returns its id.
/// `None` if there is one for the same three already.
fn grant(
    world: &mut World,
    tenant: &str,
    client: &str,
    resource: &str,
    principal: Option<&str>,
    scope: &str,
) -> Option<String> {
    let same = |doc: &Value| {
        doc["clientId"].as_str() == Some(client)
            && doc["resourceId"].as_str() == Some(resource)
            && doc["principalId"].as_str() == principal
    };
    if world.objects(Kind::Grant, tenant, View::Now).any(|(_, doc)| same(doc)) {
        return None;
    }
    let id = grant_id(client, resource, principal);
    // A deleted grant between the same three would otherwise shadow the new one, whose id is the same.
    world.directory.retain(|object| !(object.kind == Kind::Grant && object.id == id));
    let consent_type = if principal.is_some() { "Principal" } else { "AllPrincipals" };
    let doc = json!({
        "clientId": client, "consentType": consent_type, "id": id, "principalId": principal, "resourceId": resource,
        "scope": scope,
    });
    world.add_object(Kind::Grant, tenant, &id, doc, Vec::new());
    Some(id)
}

/// The id of a grant: opaque, and the same whenever the same three are granted again.
fn grant_id(client: &str, resource: &str, principal: Option<&str>) -> String {
    let bytes: Vec<u8> = [Some(client), Some(resource), principal]
        .into_iter()
        .flatten()
        .flat_map(|id| match Uuid::parse_str(id) {
            Ok(id) => id.into_bytes().to_vec(),
            Err(_) => id.as_bytes().to_vec(),
        })
        .collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The app role assignments whose member has this value.
pub fn assignments(world: &World, ask: &Ask<'_>, member: &str, id: &str) -> Answer {
    let items = world
        .objects(Kind::AppRoleAssignment, &ask.tenant, View::List)
        .filter(|(_, doc)| doc[member].as_str() == Some(id))
        .map(|(_, doc)| doc.clone())
        .collect();
    let side = if member == "resourceId" { "appRoleAssignedTo" } else { "appRoleAssignments" };
    let name = format!("servicePrincipals('{id}')/{side}");
    let set = Set {
        name: &name,
        type_name: "appRoleAssignment",
        members: ASSIGNMENT_MEMBERS,
        filterable: &[],
        directory: false,
    };
    query::list(ask.request, &set, items, world.switches.page_size)
}

/// `POST .../appRoleAssignedTo`.
pub fn assign(world: &mut World, ask: &Ask<'_>) -> Answer {
    let body = body(ask)?;
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (principal, resource, role) = (text("principalId"), text("resourceId"), text("appRoleId"));
    let (object, doc) =
        find(world, Kind::ServicePrincipal, &ask.tenant, &Key::Id(resource.clone()), View::ById)?;
    rights::assign(world, ask.caller, object)?;
    let (kind, name) = match world.user(&principal) {
        Some(user) if user.tenant == ask.tenant => ("User", user.display_name.clone()),
        _ => {
            let found = world.object(Kind::ServicePrincipal, &ask.tenant, &principal, View::ById);
            let (_, client) = found.ok_or_else(|| Refusal::bad("Not a valid reference update."))?;
            ("ServicePrincipal", client["displayName"].as_str().unwrap_or_default().to_owned())
        }
    };
    let member_type = if kind == "User" { "User" } else { "Application" };
    let roles = doc["appRoles"].as_array().cloned().unwrap_or_default();
    let of_type =
        |role: &Value| role["allowedMemberTypes"].as_array().is_some_and(|t| t.contains(&json!(member_type)));
    let fits = if role == DEFAULT_ROLE {
        !roles.iter().any(of_type)
    } else {
        roles.iter().any(|known| known["id"].as_str() == Some(&role) && of_type(known))
    };
    if !fits {
        return Err(Refusal::bad("Permission being assigned was not found on application."));
    }
    let same = |doc: &Value| {
        doc["principalId"].as_str() == Some(&principal)
            && doc["resourceId"].as_str() == Some(&resource)
            && doc["appRoleId"].as_str() == Some(&role)
    };
    if world.objects(Kind::AppRoleAssignment, &ask.tenant, View::Now).any(|(_, doc)| same(doc)) {
        return Err(Refusal::bad("Permission being assigned already exists on the object"));
    }
    let resource_name = doc["displayName"].clone();
    let number = world.next_id("app role assignment");
    let id = URL_SAFE_NO_PAD.encode([number.into_bytes(), number.into_bytes()].concat());
    let doc = json!({
        "id": id, "deletedDateTime": null, "appRoleId": role, "createdDateTime": seconds(world),
        "principalDisplayName": name, "principalId": principal, "principalType": kind,
        "resourceDisplayName": resource_name, "resourceId": resource,
    });
    world.add_object(Kind::AppRoleAssignment, &ask.tenant, &id, doc.clone(), Vec::new());
    Ok(entity(201, ask.request, &format!("servicePrincipals('{resource}')/appRoleAssignedTo/$entity"), doc))
}

/// `DELETE .../appRoleAssignedTo/{id}`.
pub fn unassign(world: &mut World, ask: &Ask<'_>, id: &str) -> Answer {
    let key = Key::Id(id.to_owned());
    let (object, _) = find(world, Kind::AppRoleAssignment, &ask.tenant, &key, View::ById)?;
    let (id, now) = (object.id.clone(), world.now());
    if let Some(object) = world.object_mut(Kind::AppRoleAssignment, &ask.tenant, &id) {
        object.delete(now);
    }
    Ok(Reply::empty(204))
}
