//! What an application may look like: defaults on creation, merging on change, and the refusals
//! (microsoft-cloud 4.4, 4.10, 4.11).

mod uris;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::Refusal;
use super::shape;
use crate::practice::world::World;

pub use uris::reply_urls;

/// Members that the service sets.
const READ_ONLY: &[&str] = &[
    "id",
    "appId",
    "deletedDateTime",
    "createdDateTime",
    "createdByAppId",
    "publisherDomain",
    "applicationTemplateId",
    "certification",
    "verifiedPublisher",
];
/// Members that have no empty value in the template and may be sent all the same.
const FURTHER: &[&str] =
    &["authenticationBehaviors", "logo", "managerApplications", "oauth2RequirePostResponse"];
const AUDIENCES: &[&str] = &[
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
];

/// The document of a new application from what was sent, without its ids.
pub fn created(world: &World, tenant: &str, body: &Value) -> Result<Value, Refusal> {
    let sent = members(body)?;
    if sent.get("displayName").and_then(Value::as_str).is_none_or(|name| name.trim().is_empty()) {
        return Err(missing("displayName"));
    }
    if sent.get("passwordCredentials").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
        return Err(Refusal::bad("New password credentials must be generated with the addPassword action."));
    }
    known_members("application", sent, &shape::empty_application())?;
    let mut doc = shape::application(body);
    // The trap of 4.4: silence means work, school and personal accounts, and those need version 2.
    if doc["signInAudience"].is_null() {
        doc["signInAudience"] = "AzureADandPersonalMicrosoftAccount".into();
    }
    if is_personal(&doc) && doc["api"]["requestedAccessTokenVersion"].is_null() {
        doc["api"]["requestedAccessTokenVersion"] = 2.into();
    }
    check(world, tenant, None, &doc)?;
    Ok(doc)
}

/// The document of an application after a PATCH.
pub fn patched(world: &World, tenant: &str, old: &Value, body: &Value) -> Result<Value, Refusal> {
    let sent = members(body)?;
    known_members("application", sent, &shape::empty_application())?;
    let old = shape::application(old);
    if let Some(name) = sent.get("uniqueName")
        && !old["uniqueName"].is_null()
        && *name != old["uniqueName"]
    {
        return Err(Refusal::bad("Property 'uniqueName' is immutable and cannot be changed."));
    }
    if sent.contains_key("passwordCredentials") && world.switches.patch_of_secrets_refused {
        return Err(Refusal::bad(
            "Password credentials can only be changed with addPassword and removePassword.",
        ));
    }
    let under = if world.switches.patch_keeps_unsent_members {
        old.clone()
    } else {
        without_sent_structures(&old, sent)
    };
    let doc = shape::overlay(under, body);
    check(world, tenant, Some(&old), &doc)?;
    Ok(doc)
}

fn without_sent_structures(old: &Value, sent: &Map<String, Value>) -> Value {
    let empty = shape::empty_application();
    let mut doc = old.clone();
    for (name, value) in sent {
        if value.is_object() && empty[name].is_object() {
            doc[name.as_str()] = empty[name].clone();
        }
    }
    doc
}

fn members(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    body.as_object().ok_or_else(|| {
        Refusal::new(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set.",
        )
    })
}

fn missing(name: &str) -> Refusal {
    Refusal::bad(format!("A value is required for property '{name}' of resource 'Application'."))
}

/// Refuses members that Graph does not have, sets itself, or has with another type.
fn known_members(type_name: &str, sent: &Map<String, Value>, template: &Value) -> Result<(), Refusal> {
    let outermost = type_name == "application";
    for (name, value) in sent.iter().filter(|(name, _)| !name.contains('@')) {
        if outermost && READ_ONLY.contains(&name.as_str()) {
            return Err(Refusal::bad(format!("Property '{name}' is read-only and cannot be set.")));
        }
        let Some(expected) = template.get(name) else {
            if outermost && FURTHER.contains(&name.as_str()) {
                continue;
            }
            return Err(Refusal::bad(format!("Invalid property '{name}'.")));
        };
        match (expected, value) {
            (Value::Array(_), Value::Array(_)) | (_, Value::Null) | (Value::Null, _) => {}
            (Value::Object(_), Value::Object(inner)) => known_members(name, inner, expected)?,
            (Value::Array(_) | Value::Object(_), _) => {
                return Err(Refusal::bad(format!(
                    "Invalid value specified for property '{name}' of resource 'Application'."
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check(world: &World, tenant: &str, old: Option<&Value>, new: &Value) -> Result<(), Refusal> {
    let name = new["displayName"].as_str().unwrap_or_default();
    if name.trim().is_empty() || name.chars().count() > 120 {
        return Err(Refusal::bad(
            "Invalid value specified for property 'displayName' of resource 'Application'.",
        ));
    }
    if !AUDIENCES.contains(&new["signInAudience"].as_str().unwrap_or_default()) {
        return Err(Refusal::bad(
            "Invalid value specified for property 'signInAudience' of resource 'Application'.",
        ));
    }
    let version = &new["api"]["requestedAccessTokenVersion"];
    if !(version.is_null() || matches!(version.as_i64(), Some(1 | 2)))
        || (is_personal(new) && *version != json!(2))
    {
        return Err(Refusal::bad("Property api.requestedAccessTokenVersion is invalid."));
    }
    scopes(&new["api"]["oauth2PermissionScopes"])?;
    entitlements(
        old.map(|old| &old["api"]["oauth2PermissionScopes"]),
        &new["api"]["oauth2PermissionScopes"],
    )?;
    entitlements(old.map(|old| &old["appRoles"]), &new["appRoles"])?;
    // A permission has to stand there before somebody is let in to it beforehand; in one PATCH with it, it does not yet.
    let at_once = old.is_none() && world.switches.created_scopes_may_be_pre_authorized;
    let stored = if at_once { new } else { old.unwrap_or(&Value::Null) };
    pre_authorized(&new["api"], &stored["api"]["oauth2PermissionScopes"])?;
    required_access(&new["requiredResourceAccess"])?;
    uris::redirects(new)?;
    uris::identifiers(world, tenant, old, new)
}

fn is_personal(doc: &Value) -> bool {
    doc["signInAudience"].as_str().is_some_and(|audience| audience.contains("Personal"))
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn is_guid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok())
}

fn fields(item: &Value, property: &str, allowed: &[&str]) -> Result<(), Refusal> {
    let Some(members) = item.as_object() else {
        return Err(Refusal::bad(format!(
            "Invalid value specified for property '{property}' of resource 'Application'."
        )));
    };
    match members.keys().find(|name| !name.contains('@') && !allowed.contains(&name.as_str())) {
        Some(name) => Err(Refusal::bad(format!("Invalid property '{name}'."))),
        None => Ok(()),
    }
}

fn scopes(list: &Value) -> Result<(), Refusal> {
    let list = items(list);
    for (index, scope) in list.iter().enumerate() {
        fields(
            scope,
            "oauth2PermissionScopes",
            &[
                "id",
                "value",
                "type",
                "isEnabled",
                "adminConsentDisplayName",
                "adminConsentDescription",
                "userConsentDisplayName",
                "userConsentDescription",
                "origin",
            ],
        )?;
        if !is_guid(&scope["id"]) {
            return Err(Refusal::bad(
                "Invalid value specified for property 'id' of resource 'PermissionScope'.",
            ));
        }
        for name in ["value", "adminConsentDisplayName", "adminConsentDescription"] {
            if scope[name].as_str().is_none_or(str::is_empty) {
                return Err(Refusal::bad(format!(
                    "A value is required for property '{name}' of resource 'PermissionScope'."
                )));
            }
        }
        if !matches!(scope["type"].as_str(), Some("User" | "Admin")) {
            return Err(Refusal::bad(
                "Invalid value specified for property 'type' of resource 'PermissionScope'.",
            ));
        }
        if list.iter().take(index).any(|other| other["id"] == scope["id"] || other["value"] == scope["value"])
        {
            return Err(Refusal::bad("It contains duplicate value. Please Provide unique value."));
        }
    }
    Ok(())
}

/// A scope or role that is enabled can be neither removed nor renamed (microsoft-cloud 4.4).
fn entitlements(old: Option<&Value>, new: &Value) -> Result<(), Refusal> {
    let Some(old) = old else { return Ok(()) };
    let kept = |scope: &Value| {
        items(new).iter().any(|item| item["id"] == scope["id"] && item["value"] == scope["value"])
    };
    if items(old).iter().any(|scope| scope["isEnabled"] != json!(false) && !kept(scope)) {
        return Err(Refusal::new(
            400,
            "CannotDeleteOrUpdateEnabledEntitlement",
            "Permission (scope or role) cannot be deleted or updated unless disabled first.",
        ));
    }
    Ok(())
}

/// Checks who is let in beforehand against the permissions that were there before the request, and are there after it
/// (microsoft-cloud 4.4).
fn pre_authorized(api: &Value, stored: &Value) -> Result<(), Refusal> {
    for client in items(&api["preAuthorizedApplications"]) {
        fields(client, "preAuthorizedApplications", &["appId", "delegatedPermissionIds"])?;
        if !is_guid(&client["appId"]) {
            return Err(Refusal::bad(
                "Property api.preAuthorizedApplications references applications or permissions that cannot be found.",
            ));
        }
        let among = |list: &Value, id: &Value| items(list).iter().any(|scope| scope["id"] == *id);
        let exposed = |id: &Value| among(stored, id) && among(&api["oauth2PermissionScopes"], id);
        if !items(&client["delegatedPermissionIds"]).iter().all(exposed) {
            return Err(Refusal::new(
                400,
                "InvalidValue",
                "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be \
                 found in the AppPermissions sets.",
            ));
        }
    }
    Ok(())
}

fn required_access(list: &Value) -> Result<(), Refusal> {
    for entry in items(list) {
        fields(entry, "requiredResourceAccess", &["resourceAppId", "resourceAccess"])?;
        let fine = |access: &Value| {
            is_guid(&access["id"]) && matches!(access["type"].as_str(), Some("Scope" | "Role"))
        };
        if !is_guid(&entry["resourceAppId"]) || !items(&entry["resourceAccess"]).iter().all(fine) {
            return Err(Refusal::bad(
                "Invalid value specified for property 'requiredResourceAccess' of resource 'Application'.",
            ));
        }
    }
    Ok(())
}
