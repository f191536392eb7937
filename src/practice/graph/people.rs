//! `/me` and `/users`: who is signed in, roles, what they own, licences (microsoft-cloud 4.3).

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, Refusal, entity};
use super::query::{self, Set};
use super::target::{Ask, Key, Target, find};
use super::{applications, grants, rights, shape};
use crate::practice::entra;
use crate::practice::wire::{Caller, Reply};
use crate::practice::world::{Kind, User, View, World, directory_role};

const USERS: Set<'static> = Set {
    name: "users",
    type_name: "user",
    members: &[
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
        "userType",
        "accountEnabled",
        "createdDateTime",
        "mailNickname",
        "otherMails",
        "proxyAddresses",
        "usageLocation",
        "assignedLicenses",
        "identities",
        "externalUserState",
        "department",
        "companyName",
        "employeeId",
        "deletedDateTime",
        "postalCode",
    ],
    filterable: &[],
    directory: true,
};

/// How many of a person's members are shown when nothing is selected: the first ones.
const BASIC: usize = 11;

const ROLES: Set<'static> = Set {
    name: "directoryRoles",
    type_name: "directoryRole",
    members: &["id", "deletedDateTime", "description", "displayName", "roleTemplateId"],
    filterable: &[],
    directory: true,
};

const LICENCES: Set<'static> = Set {
    name: "licenseDetails",
    type_name: "licenseDetails",
    members: &["id", "skuId", "skuPartNumber", "servicePlans"],
    filterable: &[],
    directory: false,
};

/// OpenID's own question: whom the token is about. The subject is the one of the client's id token.
pub fn userinfo(world: &World, caller: &Caller) -> Answer {
    let Caller::User { id, client_id, .. } = caller else {
        let fault = if let Caller::Refused(fault) = caller { Some(*fault) } else { None };
        return Err(Refusal::unauthenticated(fault));
    };
    let user = world.user(id).ok_or_else(Refusal::denied)?;
    let (given, family) = user.display_name.split_once(' ').unwrap_or((&user.display_name, ""));
    let told = json!({
        "sub": entra::subject(world, id, client_id), "name": user.display_name, "given_name": given,
        "family_name": family, "email": user.upn, "picture": "https://graph.microsoft.com/v1.0/me/photo/$value",
    });
    Ok(Reply::json(200, &told))
}

/// Answers a request below `/me`.
pub fn me(world: &World, ask: &Ask<'_>, target: &Target) -> Answer {
    let Caller::User { id, .. } = ask.caller else {
        return Err(Refusal::new(
            400,
            "BadRequest",
            "/me request is only valid with delegated authentication flow.",
        ));
    };
    if ask.request.method != Method::GET {
        return Err(Refusal::method());
    }
    rights::read_self(ask.caller)?;
    let user = world.user(id).ok_or_else(|| {
        Refusal::new(
            403,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        )
    })?;
    let tail = target.tail();
    match tail.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {
            let item = shown(ask, user)?;
            Ok(entity(200, ask.request, "users/$entity", item))
        }
        ["memberof" | "transitivememberof"] => {
            let items = roles(world, user)
                .into_iter()
                .map(|mut role| {
                    role["@odata.type"] = "#microsoft.graph.directoryRole".into();
                    role
                })
                .collect();
            let set = Set { name: "directoryObjects", ..ROLES };
            query::list(ask.request, &set, items, world.switches.page_size)
        }
        ["memberof" | "transitivememberof", "microsoft.graph.directoryrole"] => {
            query::advanced(ask.request)?;
            query::list(ask.request, &ROLES, roles(world, user), world.switches.page_size)
        }
        ["memberof" | "transitivememberof", "microsoft.graph.group"] => {
            query::advanced(ask.request)?;
            let set = Set { name: "groups", type_name: "group", ..ROLES };
            query::list(ask.request, &set, Vec::new(), world.switches.page_size)
        }
        ["ownedobjects"] => {
            rights::read_apps(ask.caller)?;
            let apps = owned(world, ask, Kind::Application, id, "#microsoft.graph.application");
            let principals =
                owned(world, ask, Kind::ServicePrincipal, id, "#microsoft.graph.servicePrincipal");
            let set = Set { name: "directoryObjects", ..shape::APPLICATIONS };
            query::list(ask.request, &set, [apps, principals].concat(), world.switches.page_size)
        }
        ["ownedobjects", "microsoft.graph.application"] => {
            rights::read_apps(ask.caller)?;
            if world.switches.owned_cast_needs_header {
                query::advanced(ask.request)?;
            }
            let items = owned(world, ask, Kind::Application, id, "");
            query::list(ask.request, &shape::APPLICATIONS, items, world.switches.page_size)
        }
        ["ownedobjects", "microsoft.graph.serviceprincipal"] => {
            rights::read_apps(ask.caller)?;
            if world.switches.owned_cast_needs_header {
                query::advanced(ask.request)?;
            }
            let items = owned(world, ask, Kind::ServicePrincipal, id, "");
            query::list(ask.request, &shape::PRINCIPALS, items, world.switches.page_size)
        }
        ["approleassignments"] => grants::assignments(world, ask, "principalId", id),
        ["oauth2permissiongrants"] => grants::list_of(world, ask, "principalId", id),
        ["licensedetails"] => {
            let name = format!("users('{id}')/licenseDetails");
            let set = Set { name: &name, ..LICENCES };
            query::list(ask.request, &set, licences(world, user), world.switches.page_size)
        }
        _ => Ok(Reply::unknown()),
    }
}

/// Answers a request below `/users`.
pub fn users(world: &World, ask: &Ask<'_>, target: &Target) -> Answer {
    if ask.request.method != Method::GET {
        return Err(Refusal::method());
    }
    if !target.rest.is_empty() {
        return Ok(Reply::unknown());
    }
    match &target.key {
        None => {
            rights::read_users(ask.caller)?;
            let members = world.users.iter().filter(|user| user.tenant == ask.tenant);
            let items: Vec<Value> = members.map(|user| narrowed(ask, document(user))).collect();
            query::list(ask.request, &USERS, items, world.switches.page_size)
        }
        Some(key) => {
            if ask.caller.object_id() == Some(key.value()) {
                rights::read_self(ask.caller)?;
            } else {
                rights::read_users(ask.caller)?;
            }
            let user = match key {
                Key::Id(id) | Key::Alternate(_, id) => world.user(id),
            };
            let user = user
                .filter(|user| user.tenant == ask.tenant)
                .ok_or_else(|| Refusal::not_found(key.value()))?;
            Ok(entity(200, ask.request, "users/$entity", shown(ask, user)?))
        }
    }
}

/// `/directoryRoles`: the roles that somebody in the tenant holds.
pub fn directory_roles(world: &World, ask: &Ask<'_>) -> Answer {
    rights::read_users(ask.caller)?;
    let mut items: Vec<Value> = Vec::new();
    for user in world.users.iter().filter(|user| user.tenant == ask.tenant) {
        for role in roles(world, user) {
            if !items.contains(&role) {
                items.push(role);
            }
        }
    }
    query::list(ask.request, &ROLES, items, world.switches.page_size)
}

/// The owners of an object: people, and applications by their service principals.
pub fn owners(world: &World, ask: &Ask<'_>, ids: &[String]) -> Answer {
    let items = ids
        .iter()
        .filter_map(|id| {
            if let Some(user) = world.user(id) {
                let mut item = narrowed(ask, document(user));
                item["@odata.type"] = "#microsoft.graph.user".into();
                return Some(item);
            }
            let (_, doc) = world.object(Kind::ServicePrincipal, &ask.tenant, id, View::ById)?;
            let mut item = shape::principal(doc);
            item["@odata.type"] = "#microsoft.graph.servicePrincipal".into();
            Some(item)
        })
        .collect();
    query::list(ask.request, &Set { name: "directoryObjects", ..USERS }, items, world.switches.page_size)
}

/// `POST .../owners/$ref`: one more owner, named by the address of a directory object (microsoft-cloud 4.9).
pub fn add_owner(world: &mut World, ask: &Ask<'_>, kind: Kind, key: &Key) -> Answer {
    let body = applications::body(ask)?;
    let (object, _) = find(world, kind, &ask.tenant, key, View::ById)?;
    rights::change_app(world, ask.caller, object)?;
    let reference = body["@odata.id"].as_str().unwrap_or_default();
    let id = reference.trim_end_matches('/').rsplit(['/', '(']).next().unwrap_or_default();
    let id = id.trim_matches(['\'', ')']);
    let person = world.user(id).filter(|user| user.tenant == ask.tenant).map(|user| user.id.clone());
    let owner = person.or_else(|| {
        let (principal, _) = world.object(Kind::ServicePrincipal, &ask.tenant, id, View::ById)?;
        Some(principal.id.clone())
    });
    let Some(owner) = owner else {
        return Err(if reference.is_empty() {
            Refusal::bad("A value is required for property '@odata.id'.")
        } else {
            Refusal::not_found(id)
        });
    };
    if object.owners.contains(&owner) {
        return Err(Refusal::bad(
            "One or more added object references already exist for the following modified properties: 'owners'.",
        ));
    }
    let id = object.id.clone();
    if let Some(object) = world.object_mut(kind, &ask.tenant, &id) {
        object.owners.push(owner);
    }
    Ok(Reply::empty(204))
}

/// `DELETE .../owners/{id}/$ref`.
pub fn remove_owner(world: &mut World, ask: &Ask<'_>, kind: Kind, key: &Key, owner: &str) -> Answer {
    let (object, _) = find(world, kind, &ask.tenant, key, View::ById)?;
    rights::change_app(world, ask.caller, object)?;
    if !object.owners.iter().any(|known| known.eq_ignore_ascii_case(owner)) {
        return Err(Refusal::not_found(owner));
    }
    let id = object.id.clone();
    if let Some(object) = world.object_mut(kind, &ask.tenant, &id) {
        object.owners.retain(|known| !known.eq_ignore_ascii_case(owner));
    }
    Ok(Reply::empty(204))
}

/// A person with every member that the practice cloud knows.
pub fn document(user: &User) -> Value {
    let (given, family) = user.display_name.split_once(' ').unwrap_or((user.display_name.as_str(), ""));
    json!({
        "businessPhones": [], "displayName": user.display_name, "givenName": given, "jobTitle": null,
        "mail": user.upn, "mobilePhone": null, "officeLocation": null, "preferredLanguage": null,
        "surname": family, "userPrincipalName": user.upn, "id": user.id, "userType": user.user_type,
        "accountEnabled": true, "mailNickname": user.upn.split('@').next(), "otherMails": [], "proxyAddresses": [],
        "usageLocation": null, "assignedLicenses": [], "identities": [], "externalUserState": null,
        "department": null, "companyName": null, "employeeId": null, "deletedDateTime": null, "postalCode": null,
        "createdDateTime": null,
    })
}

fn shown(ask: &Ask<'_>, user: &User) -> Result<Value, Refusal> {
    query::select(ask.request, &USERS, &narrowed(ask, document(user)))
}

/// Without a selection only the basic members are shown.
fn narrowed(ask: &Ask<'_>, mut document: Value) -> Value {
    let filtered = query::option(ask.request, "filter").is_some();
    if query::option(ask.request, "select").is_none()
        && !filtered
        && let Some(members) = document.as_object_mut()
    {
        members.retain(|name, _| USERS.members[..BASIC].contains(&name.as_str()));
    }
    document
}

fn roles(world: &World, user: &User) -> Vec<Value> {
    user.directory_roles
        .iter()
        .map(|template| {
            let name = directory_role::name(template);
            let id: Uuid = world.id_for(&format!("directory role {template} in {}", user.tenant));
            json!({
                "id": id, "deletedDateTime": null, "description": format!("{name} of this directory."),
                "displayName": name, "roleTemplateId": template,
            })
        })
        .collect()
}

fn owned(world: &World, ask: &Ask<'_>, kind: Kind, user: &str, type_name: &str) -> Vec<Value> {
    world
        .objects(kind, &ask.tenant, View::List)
        .filter(|(object, _)| object.owners.iter().any(|owner| owner == user))
        .map(|(_, doc)| {
            let mut item =
                if kind == Kind::Application { shape::application(doc) } else { shape::principal(doc) };
            if !type_name.is_empty() {
                item["@odata.type"] = type_name.into();
            }
            item
        })
        .collect()
}

/// The licences of a person.
fn licences(world: &World, user: &User) -> Vec<Value> {
    user.licences
        .iter()
        .map(|licence| {
            let ((sku_id, sku), (plan_id, plan)) = (licence.sku(), licence.plan());
            json!({
                "id": world.id_for(&format!("licence {sku} of {}", user.id)).simple().to_string(),
                "skuId": sku_id, "skuPartNumber": sku,
                "servicePlans": [{
                    "servicePlanId": plan_id, "servicePlanName": plan, "provisioningStatus": "Success",
                    "appliesTo": "User",
                }],
            })
        })
        .collect()
}
