//! Stage 4: request the permission, then let the connector in the least privileged way.

use serde_json::{Value, json};

use super::{Plan, View, apps};
use crate::engine::change::{Change, ChangeKind, Method, Right, Service};
use crate::engine::checks::{GRAPH_APP_ID, SCOPE, USER_READ_ID};
use crate::engine::choices::ConsentWay;
use crate::engine::facts::{Application, RequiredAccess};
use crate::engine::forecast::{Can, Subject, outlook};
use crate::engine::words::{say, say_with};

pub(super) fn grant(v: &View) -> Plan {
    let (Some(api), Some(client)) = (v.facts.api_app.value(), v.facts.client_app.value()) else {
        return Plan::blocked(say("blocked.no_registrations"));
    };
    let Some(scope) = api.scope(SCOPE).filter(|s| s.enabled) else {
        return Plan::blocked(say_with("blocked.no_scope", &[("scope", SCOPE)]));
    };
    let mut plan = Plan::default();
    plan.changes.extend(request(v, client, &api.app_id, &scope.id));
    match v.consent_way() {
        ConsentWay::PreAuthorize => {
            if let Some(change) = pre_authorize(v, api, client, &scope.id) {
                plan.changes.push(change);
                plan.consequences.push(say_with("consequence.pre_authorized", &[("scope", SCOPE)]));
            }
        }
        ConsentWay::Everyone => {
            if let Some(change) = everyone(v) {
                plan.changes.push(change);
                plan.consequences.push(say_with("consequence.everyone", &[("scope", SCOPE)]));
                if outlook(v.facts, v.input.now, Subject::ConsentEveryone) == Can::No {
                    plan.consequences.push(say("consequence.everyone_no_role").to_owned());
                }
            }
        }
        ConsentWay::WhenConnecting => {}
    }
    plan
}

fn request(v: &View, client: &Application, api: &str, scope: &str) -> Option<Change> {
    let mut after = client.required.clone();
    let mut asked = Vec::new();
    for (resource, id, name) in [(api, scope, SCOPE), (GRAPH_APP_ID, USER_READ_ID, "User.Read")] {
        let before = after.clone();
        ask(&mut after, resource, id);
        if after != before {
            asked.push(name);
        }
    }
    if asked.is_empty() {
        return None;
    }
    Some(apps::patch(
        v,
        ChangeKind::RequestPermission,
        &v.client_object_id(),
        json!({ "requiredResourceAccess": apps::required_json(&client.required) }),
        json!({ "requiredResourceAccess": apps::required_json(&after) }),
        say_with("change.request.title", &[("scope", &asked.join(", "))]),
        say("change.request.undo").into(),
    ))
}

/// Adds one delegated permission unless it is there.
fn ask(required: &mut Vec<RequiredAccess>, resource: &str, scope: &str) {
    let entry = (scope.to_owned(), "Scope".to_owned());
    match required.iter_mut().find(|r| r.resource_app_id.eq_ignore_ascii_case(resource)) {
        Some(found) => {
            if !found.access.iter().any(|(id, kind)| id.eq_ignore_ascii_case(scope) && kind == "Scope") {
                found.access.push(entry);
            }
        }
        None => required.push(RequiredAccess { resource_app_id: resource.to_owned(), access: vec![entry] }),
    }
}

/// Pre-authorises the connector on the API: needs only the API's owner, covers only its scope (microsoft-cloud 4.7).
fn pre_authorize(v: &View, api: &Application, client: &Application, scope: &str) -> Option<Change> {
    let done = api.pre_authorized.iter().any(|p| {
        p.app_id.eq_ignore_ascii_case(&client.app_id)
            && p.scope_ids.iter().any(|id| id.eq_ignore_ascii_case(scope))
    });
    if done {
        return None;
    }
    let before = api.api_document.clone();
    let mut after = if before.is_object() { before.clone() } else { json!({}) };
    let mut list: Vec<Value> =
        after.get("preAuthorizedApplications").and_then(Value::as_array).cloned().unwrap_or_default();
    let mine = list.iter_mut().find(|p| {
        p.get("appId").and_then(Value::as_str).is_some_and(|id| id.eq_ignore_ascii_case(&client.app_id))
    });
    match mine.and_then(|p| p.get_mut("delegatedPermissionIds")).and_then(Value::as_array_mut) {
        Some(ids) => ids.push(json!(scope)),
        None => list.push(json!({ "appId": client.app_id, "delegatedPermissionIds": [scope] })),
    }
    after["preAuthorizedApplications"] = Value::Array(list);
    let mut change = apps::patch(
        v,
        ChangeKind::PreAuthorize,
        &v.api_object_id(),
        json!({ "api": before }),
        json!({ "api": after }),
        say("change.pre_authorize.title").into(),
        say("change.pre_authorize.undo").into(),
    );
    change.consequences.push(say("change.pre_authorize.consequence").into());
    Some(change)
}

/// A grant for everyone in the tenant; an administrator's way.
fn everyone(v: &View) -> Option<Change> {
    let grants = v.facts.grants.value().map_or(&[][..], Vec::as_slice);
    let client = v.facts.client_principal.value()?;
    let api = v.facts.api_principal.value()?;
    let existing = grants.iter().find(|g| g.principal.is_none());
    if existing.is_some_and(|g| g.scopes.iter().any(|s| s == SCOPE)) {
        return None;
    }
    let (method, path, before, body) = match existing {
        Some(grant) => {
            let mut scopes = grant.scopes.clone();
            scopes.push(SCOPE.to_owned());
            (
                Method::Patch,
                format!("/oauth2PermissionGrants/{}", grant.id),
                json!({ "scope": grant.scopes.join(" ") }),
                json!({ "scope": scopes.join(" ") }),
            )
        }
        None => (
            Method::Post,
            "/oauth2PermissionGrants".to_owned(),
            Value::Null,
            json!({ "clientId": client.id, "consentType": "AllPrincipals", "resourceId": api.id, "scope": SCOPE }),
        ),
    };
    Some(Change {
        kind: ChangeKind::GrantEveryone,
        service: Service::Graph,
        method,
        az: v.az_rest(Service::Graph, method, &path, None, &body),
        path,
        prefer: None,
        before,
        body,
        title: say_with("change.everyone.title", &[("scope", SCOPE)]),
        consequences: vec![say("change.everyone.consequence").into()],
        right: Right::ConsentForAll,
        undo: say("change.everyone.undo").into(),
        inverse: vec![],
        undo_az: vec![],
    })
}
