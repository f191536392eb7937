//! `/policies/appManagementPolicies`, and which application has one of them (microsoft-cloud 4.10; Graph's reference, "Create
//! appManagementPolicy" and "Assign appliesTo").

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, entity};
use super::applications::body;
use super::query::{self, Set};
use super::rights;
use super::target::{Ask, Key, find};
use crate::practice::wire::Reply;
use crate::practice::world::{AppPolicy, Kind, View, World, lifetime};

const SET: Set<'static> = Set {
    name: "policies/appManagementPolicies",
    type_name: "appManagementPolicy",
    members: &["id", "deletedDateTime", "description", "displayName", "isEnabled", "restrictions"],
    filterable: &[],
    directory: false,
};

/// What a client may write.
const WRITABLE: [&str; 4] = ["displayName", "description", "isEnabled", "restrictions"];
/// Kinds of restrictions, and whether each has a lifetime.
const OF_PASSWORDS: &[(&str, bool)] = &[
    ("passwordAddition", false),
    ("passwordLifetime", true),
    ("symmetricKeyAddition", false),
    ("symmetricKeyLifetime", true),
    ("customPasswordAddition", false),
];
const OF_KEYS: &[(&str, bool)] = &[("asymmetricKeyLifetime", true), ("trustedCertificateAuthority", false)];

/// `/policies/appManagementPolicies` and what is below it; `rest` are the segments after it.
pub fn handle(world: &mut World, ask: &Ask<'_>, rest: &[&str]) -> Answer {
    match (&ask.request.method, rest) {
        (&Method::GET, []) => {
            rights::read_app_policies(world, ask.caller)?;
            let of_tenant = world.app_policies.iter().filter(|policy| policy.tenant == ask.tenant);
            let items = of_tenant.map(|policy| policy.doc.clone()).collect();
            query::list(ask.request, &SET, items, world.switches.page_size)
        }
        (&Method::POST, []) => create(world, ask),
        (&Method::GET, [id]) => {
            rights::read_app_policies(world, ask.caller)?;
            let item = query::select(ask.request, &SET, &known(world, ask, id)?.doc)?;
            Ok(entity(200, ask.request, "policies/appManagementPolicies/$entity", item))
        }
        (&Method::PATCH, [id]) => {
            rights::write_app_policies(world, ask.caller)?;
            let body = body(ask)?;
            let mut doc = known(world, ask, id)?.doc.clone();
            write(&mut doc, &body)?;
            let id = known(world, ask, id)?.id.clone();
            if let Some(policy) = world.app_policies.iter_mut().find(|policy| policy.id == id) {
                policy.doc = doc;
            }
            Ok(Reply::empty(204))
        }
        (&Method::DELETE, [id]) => {
            rights::write_app_policies(world, ask.caller)?;
            let id = known(world, ask, id)?.id.clone();
            world.app_policies.retain(|policy| policy.id != id);
            Ok(Reply::empty(204))
        }
        (_, [] | [_]) => Err(Refusal::method()),
        _ => Ok(Reply::unknown()),
    }
}

fn create(world: &mut World, ask: &Ask<'_>) -> Answer {
    rights::write_app_policies(world, ask.caller)?;
    let body = body(ask)?;
    for name in ["displayName", "description"] {
        if body[name].as_str().is_none_or(str::is_empty) {
            let message =
                format!("A value is required for property '{name}' of resource 'AppManagementPolicy'.");
            return Err(Refusal::bad(message));
        }
    }
    let id = world.next_id("app management policy").to_string();
    let mut doc = json!({
        "id": id, "deletedDateTime": null, "displayName": null, "description": null, "isEnabled": false,
        "restrictions": {"passwordCredentials": [], "keyCredentials": []},
    });
    write(&mut doc, &body)?;
    let tenant = ask.tenant.clone();
    world.app_policies.push(AppPolicy { tenant, id, doc: doc.clone(), applies_to: Vec::new() });
    Ok(entity(201, ask.request, "policies/appManagementPolicies/$entity", doc))
}

/// `/applications/{id}/appManagementPolicies` and its references; `rest` are the segments after it.
pub fn of_application(world: &mut World, ask: &Ask<'_>, key: &Key, rest: &[&str]) -> Answer {
    let (object, _) = find(world, Kind::Application, &ask.tenant, key, View::ById)?;
    let application = object.id.clone();
    match (&ask.request.method, rest) {
        (&Method::GET, []) => {
            rights::read_app_policies(world, ask.caller)?;
            let own = world.app_policy_of(&application).map(|policy| policy.doc.clone());
            query::list(ask.request, &SET, own.into_iter().collect(), world.switches.page_size)
        }
        (&Method::POST, ["$ref"]) => {
            rights::read_apps(ask.caller)?;
            rights::write_app_policies(world, ask.caller)?;
            let body = body(ask)?;
            let reference = body["@odata.id"].as_str().unwrap_or_default();
            let (set, id) = reference.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
            if !set.to_ascii_lowercase().ends_with("/policies/appmanagementpolicies") {
                return Err(Refusal::bad("A value is required for property '@odata.id'."));
            }
            let id = known(world, ask, id)?.id.clone();
            match world.app_policy_of(&application) {
                Some(own) if own.id == id => {
                    return Err(Refusal::bad(
                        "One or more added object references already exist for the following modified properties: \
                         'appManagementPolicies'.",
                    ));
                }
                Some(_) => {
                    return Err(Refusal::bad("Only one policy object can be assigned to an application."));
                }
                None => {}
            }
            if let Some(policy) = world.app_policies.iter_mut().find(|policy| policy.id == id) {
                policy.applies_to.push(application);
            }
            Ok(Reply::empty(204))
        }
        (&Method::DELETE, [id, "$ref"]) => {
            rights::read_apps(ask.caller)?;
            rights::write_app_policies(world, ask.caller)?;
            let own = world.app_policy_of(&application).filter(|own| own.id.eq_ignore_ascii_case(id));
            let own = own.map(|own| own.id.clone()).ok_or_else(|| Refusal::not_found(id))?;
            if let Some(policy) = world.app_policies.iter_mut().find(|policy| policy.id == own) {
                policy.applies_to.retain(|known| *known != application);
            }
            Ok(Reply::empty(204))
        }
        (_, [] | ["$ref"] | [_, "$ref"]) => Err(Refusal::method()),
        _ => Ok(Reply::unknown()),
    }
}

fn known<'a>(world: &'a World, ask: &Ask<'_>, id: &str) -> Result<&'a AppPolicy, Refusal> {
    let mut of_tenant = world.app_policies.iter().filter(|policy| policy.tenant == ask.tenant);
    of_tenant.find(|policy| policy.id.eq_ignore_ascii_case(id)).ok_or_else(|| Refusal::not_found(id))
}

/// Takes over what a body says, once all of it was looked at.
fn write(doc: &mut Value, body: &Value) -> Result<(), Refusal> {
    for (name, value) in body.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('@')) {
        let fits = match name.as_str() {
            "displayName" | "description" => value.as_str().is_some_and(|text| !text.is_empty()),
            "isEnabled" => value.is_boolean(),
            "restrictions" => value.is_object(),
            _ => false,
        };
        if !WRITABLE.contains(&name.as_str()) || !fits {
            return Err(Refusal::bad(format!("Invalid value specified for property '{name}' of resource.")));
        }
        if name != "restrictions" {
            doc[name.as_str()] = value.clone();
            continue;
        }
        // What is not named of the restrictions stays: `restrictions` is written member by member.
        for (list, value) in value.as_object().into_iter().flatten() {
            let kinds = match list.as_str() {
                "passwordCredentials" => OF_PASSWORDS,
                "keyCredentials" => OF_KEYS,
                // For identifier URIs and audiences, which nothing here looks at.
                "applicationRestrictions" | "servicePrincipalRestrictions" if value.is_object() => &[],
                _ => return Err(odd(list)),
            };
            let entries = match value {
                Value::Array(entries) => entries.iter().map(|entry| restriction(entry, kinds)).collect(),
                other if kinds.is_empty() => Ok(other.clone()),
                _ => Err(odd(list)),
            }?;
            doc["restrictions"][list.as_str()] = entries;
        }
    }
    Ok(())
}

fn odd(member: &str) -> Refusal {
    Refusal::bad(format!("Invalid value specified for property '{member}' of resource 'restrictions'."))
}

/// One restriction as it is kept: on, unless it says otherwise.
fn restriction(entry: &Value, kinds: &[(&str, bool)]) -> Result<Value, Refusal> {
    let kind = entry["restrictionType"].as_str().unwrap_or_default();
    let (kind, lasts) =
        *kinds.iter().find(|(name, _)| *name == kind).ok_or_else(|| odd("restrictionType"))?;
    let state = match &entry["state"] {
        Value::Null => "enabled",
        state => state
            .as_str()
            .filter(|state| matches!(*state, "enabled" | "disabled"))
            .ok_or_else(|| odd("state"))?,
    };
    let longest = &entry["maxLifetime"];
    if !longest.is_null() && (!lasts || longest.as_str().and_then(lifetime).is_none()) {
        return Err(odd("maxLifetime"));
    }
    let from = &entry["restrictForAppsCreatedAfterDateTime"];
    let moment = |from: &Value| from.as_str().and_then(|from| from.parse::<Timestamp>().ok());
    if !from.is_null() && moment(from).is_none() {
        return Err(odd("restrictForAppsCreatedAfterDateTime"));
    }
    Ok(json!({
        "restrictionType": kind, "state": state, "maxLifetime": longest,
        "restrictForAppsCreatedAfterDateTime": from,
    }))
}
