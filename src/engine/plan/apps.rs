//! Changes to app registrations: creating them, and their service principals.

use serde_json::{Value, json};

use super::View;
use crate::engine::change::{Change, ChangeKind, Method, Pending, Ref, Right, Service};
use crate::engine::checks::{GRAPH_APP_ID, SCOPE, USER_READ_ID};
use crate::engine::clean::clean_line;
use crate::engine::facts::{Application, RequiredAccess, Site};
use crate::engine::markers;
use crate::engine::words::{say, say_with};

/// Graph's upsert: creates when there is none of this `uniqueName`, so that a repeat makes no twin.
const CREATE_IF_MISSING: &str = "create-if-missing";

/// The API's registration, as microsoft-cloud 4.4 describes it: single tenant, version 2 tokens.
pub(super) fn create_api(v: &View, site: &Site) -> Change {
    let name = say_with("registered.api_name", &[("app", &clean_line(&site.name, 90))]);
    let body = json!({
        "displayName": name,
        "signInAudience": "AzureADMyOrg",
        "tags": [markers::TAG],
        "api": {
            "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes": [scope(&markers::scope_id(&site.id, &[]), &name)],
        },
        "web": {
            "homePageUrl": format!("https://{}", site.host),
            "redirectUris": callbacks(site),
            "implicitGrantSettings": { "enableIdTokenIssuance": true },
        },
        "requiredResourceAccess": [user_read()],
    });
    create(v, ChangeKind::CreateApiApp, &markers::api_unique_name(&site.id), &name, body)
}

/// Where Easy Auth comes back to, for each host name that people may use (microsoft-cloud 5.4); the one that is worked
/// with first.
fn callbacks(site: &Site) -> Vec<String> {
    let others = site.host_names.iter().filter(|name| !name.eq_ignore_ascii_case(&site.host));
    let callback = |host: &String| format!("https://{host}/.auth/login/aad/callback");
    std::iter::once(&site.host).chain(others).map(callback).collect()
}

/// The connector's registration: single tenant, asking for nothing but the sign-in so far.
pub(super) fn create_client(v: &View, site: &Site) -> Change {
    let name = say_with("registered.client_name", &[("app", &clean_line(&site.name, 90))]);
    let body = json!({
        "displayName": name,
        "signInAudience": "AzureADMyOrg",
        "tags": [markers::TAG],
        "requiredResourceAccess": [user_read()],
    });
    create(v, ChangeKind::CreateClientApp, &markers::connector_unique_name(&site.id), &name, body)
}

fn create(v: &View, kind: ChangeKind, unique_name: &str, name: &str, body: Value) -> Change {
    let path = format!("/applications(uniqueName='{unique_name}')");
    Change {
        kind,
        service: Service::Graph,
        method: Method::Patch,
        az: v.az_rest(Service::Graph, Method::Patch, &path, Some(CREATE_IF_MISSING), &body),
        path,
        prefer: Some(CREATE_IF_MISSING),
        before: Value::Null,
        body,
        title: say_with("change.create_app.title", &[("name", name)]),
        consequences: vec![],
        right: Right::CreateApps,
        undo: say_with("change.create_app.undo", &[("name", name)]),
        inverse: vec![],
        undo_az: vec![],
    }
}

/// The delegated permission that the connector is granted.
fn scope(id: &str, name: &str) -> Value {
    json!({
        "id": id,
        "value": SCOPE,
        "type": "User",
        "isEnabled": true,
        "adminConsentDisplayName": say_with("registered.scope_name", &[("name", name)]),
        "adminConsentDescription": say_with("registered.scope_for_admins", &[("name", name)]),
        "userConsentDisplayName": say_with("registered.scope_name", &[("name", name)]),
        "userConsentDescription": say_with("registered.scope_for_people", &[("name", name)]),
    })
}

fn user_read() -> Value {
    json!({ "resourceAppId": GRAPH_APP_ID, "resourceAccess": [{ "id": USER_READ_ID, "type": "Scope" }] })
}

/// A PATCH of one registration.
pub(super) fn patch(
    v: &View,
    kind: ChangeKind,
    object_id: &Ref,
    before: Value,
    body: Value,
    title: String,
    undo: String,
) -> Change {
    let path = format!("/applications/{object_id}");
    Change {
        kind,
        service: Service::Graph,
        method: Method::Patch,
        az: v.az_rest(Service::Graph, Method::Patch, &path, None, &body),
        path,
        prefer: None,
        before,
        body,
        title,
        consequences: vec![],
        right: Right::OwnApp,
        undo,
        inverse: vec![],
        undo_az: vec![],
    }
}

/// `api://<client id>` as identifier URI: not needed for the token, but what the portal shows and searches by.
pub(super) fn identifier_uri(v: &View) -> Change {
    let before: &[String] = v.facts.api_app.value().map_or(&[], |a| a.identifier_uris.as_slice());
    let uri = format!("api://{}", v.api_app_id());
    let mut after: Vec<String> = before.to_vec();
    after.push(uri.clone());
    patch(
        v,
        ChangeKind::SetIdentifierUri,
        &v.api_object_id(),
        json!({ "identifierUris": before }),
        json!({ "identifierUris": after }),
        say("change.identifier_uri.title").to_owned(),
        say("change.identifier_uri.undo").into(),
    )
}

/// `user_impersonation` on an API that lacks it, or has it switched off. Everything else of its `api` object stays.
pub(super) fn expose_scope(v: &View, site: &Site, app: &Application) -> Change {
    let before = app.api_document.clone();
    let mut after = if before.is_object() { before.clone() } else { json!({}) };
    let mut scopes: Vec<Value> =
        after.get("oauth2PermissionScopes").and_then(Value::as_array).cloned().unwrap_or_default();
    let exists = scopes.iter_mut().find(|s| s.get("value").and_then(Value::as_str) == Some(SCOPE));
    let title = if let Some(Value::Object(existing)) = exists {
        existing.insert("isEnabled".into(), Value::Bool(true));
        say_with("change.scope.enable", &[("scope", SCOPE)])
    } else {
        let taken: Vec<&str> = scopes.iter().filter_map(|s| s.get("id")?.as_str()).collect();
        let id = markers::scope_id(&site.id, &taken);
        scopes.push(scope(&id, &app.display_name));
        say_with("change.scope.expose", &[("scope", SCOPE)])
    };
    after["oauth2PermissionScopes"] = Value::Array(scopes);
    patch(
        v,
        ChangeKind::ExposeScope,
        &v.api_object_id(),
        json!({ "api": before }),
        json!({ "api": after }),
        title,
        say("change.scope.undo").into(),
    )
}

/// The service principal that Graph, unlike the portal, does not make by itself (microsoft-cloud 4.4).
pub(super) fn create_principal(kind: ChangeKind, app_id: &Ref, title: &str) -> Change {
    let body = json!({ "appId": app_id.to_string() });
    Change {
        kind,
        service: Service::Graph,
        method: Method::Post,
        path: "/servicePrincipals".into(),
        prefer: None,
        before: Value::Null,
        az: format!("az ad sp create --id {app_id}"),
        body,
        title: title.to_owned(),
        consequences: vec![],
        right: Right::CreateApps,
        undo: say("change.create_principal.undo").into(),
        inverse: vec![],
        undo_az: vec![],
    }
}

/// `requiredResourceAccess` as Graph wants it.
pub(super) fn required_json(required: &[RequiredAccess]) -> Value {
    required
        .iter()
        .map(|r| {
            let access: Vec<Value> =
                r.access.iter().map(|(id, kind)| json!({ "id": id, "type": kind })).collect();
            json!({ "resourceAppId": r.resource_app_id, "resourceAccess": access })
        })
        .collect()
}

/// Whether a registration as read now shows what a PATCH body asked for.
pub(super) fn reflects(app: &Application, body: &Value) -> bool {
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let Value::Object(members) = body else { return false };
    members.iter().all(|(name, value)| match name.as_str() {
        "identifierUris" => {
            strings(value).iter().all(|uri| Pending::find(uri).is_some() || app.identifier_uris.contains(uri))
        }
        "web" => {
            let mut wanted = value.get("redirectUris").map(&strings).unwrap_or_default();
            let mut have = app.web_redirects.clone();
            wanted.sort();
            have.sort();
            wanted == have
        }
        "requiredResourceAccess" => {
            let wanted = value.as_array().map_or(&[][..], Vec::as_slice);
            wanted.iter().all(|entry| {
                let resource = entry.get("resourceAppId").and_then(Value::as_str).unwrap_or_default();
                let ids =
                    entry.get("resourceAccess").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                ids.iter().filter_map(|a| a.get("id").and_then(Value::as_str)).all(|id| {
                    app.required.iter().any(|r| {
                        r.resource_app_id.eq_ignore_ascii_case(resource)
                            && r.access.iter().any(|(have, _)| have.eq_ignore_ascii_case(id))
                    })
                })
            })
        }
        "api" => api_reflects(app, value),
        _ => true,
    })
}

fn api_reflects(app: &Application, wanted: &Value) -> bool {
    let list = |name: &str| wanted.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let scopes = list("oauth2PermissionScopes").iter().all(|s| {
        let id = s.get("id").and_then(Value::as_str).unwrap_or_default();
        let enabled = s.get("isEnabled").and_then(Value::as_bool).unwrap_or(true);
        app.scopes.iter().any(|have| have.id.eq_ignore_ascii_case(id) && have.enabled == enabled)
    });
    let clients = list("preAuthorizedApplications").iter().all(|p| {
        let id = p.get("appId").and_then(Value::as_str).unwrap_or_default();
        app.pre_authorized.iter().any(|have| have.app_id.eq_ignore_ascii_case(id))
    });
    scopes && clients
}
