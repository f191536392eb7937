//! The inverse of each change: the requests that take it back, from the state that it leaves to the one that it found.
//!
//! They are right at the moment after the change. Whoever uses them later reads first: lists may have grown meanwhile.

use serde_json::{Map, Value, json};

use super::View;
use crate::engine::change::{Change, ChangeKind, Inverse, Method, Pending};

/// What takes this change back, in order; empty where nothing can.
pub(super) fn inverse(v: &View, change: &Change) -> Vec<Inverse> {
    let delete = |path: String| vec![Inverse::Delete { path }];
    match change.kind {
        ChangeKind::CreateApiApp => delete(format!("/applications(appId='{}')", v.api_app_id())),
        ChangeKind::CreateClientApp => delete(format!("/applications(appId='{}')", v.client_app_id())),
        // Only what this change made: its registration may be somebody else's.
        ChangeKind::CreateApiPrincipal => delete(format!("/servicePrincipals(appId='{}')", v.api_app_id())),
        ChangeKind::CreateClientPrincipal => {
            delete(format!("/servicePrincipals(appId='{}')", v.client_app_id()))
        }
        ChangeKind::GrantEveryone if change.method == Method::Post => {
            delete(format!("{}/{}", change.path, Pending::GrantId.mark()))
        }
        ChangeKind::AddSecret => vec![Inverse::Send {
            method: Method::Post,
            path: change.path.replace("/addPassword", "/removePassword"),
            body: json!({ "keyId": Pending::SecretKeyId.mark() }),
        }],
        ChangeKind::RemoveSecret => vec![],
        ChangeKind::ExposeScope => {
            let off = switched_off(&change.before, &change.body);
            off.into_iter().chain([change.before_again()]).map(|body| send(change, body)).collect()
        }
        ChangeKind::SetIdentifierUri
        | ChangeKind::PutAuth
        | ChangeKind::RequestPermission
        | ChangeKind::PreAuthorize
        | ChangeKind::GrantEveryone
        | ChangeKind::AddRedirect
        | ChangeKind::AddRehearsalRedirect
        | ChangeKind::RemoveRehearsalRedirect => vec![send(change, change.before_again())],
    }
}

fn send(change: &Change, body: Value) -> Inverse {
    Inverse::Send { method: change.method, path: change.path.clone(), body }
}

/// The change's body with the permissions that it adds switched off: one that is on cannot be removed
/// (microsoft-cloud 4.4). Nothing where it adds none.
fn switched_off(before: &Value, body: &Value) -> Option<Value> {
    const SCOPES: &str = "/api/oauth2PermissionScopes";
    let had = before.pointer(SCOPES).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut off = body.clone();
    let mut any = false;
    for scope in off.pointer_mut(SCOPES)?.as_array_mut()? {
        if !had.iter().any(|old| old.get("id") == scope.get("id")) {
            scope["isEnabled"] = json!(false);
            any = true;
        }
    }
    any.then_some(off)
}

impl Change {
    /// The values before, spelt out for sending: what a PATCH leaves out stays as it is, so that what was not there before
    /// has to be named as empty. A PUT replaces the whole.
    fn before_again(&self) -> Value {
        if self.method == Method::Put { self.before.clone() } else { emptied(&self.before, &self.body) }
    }
}

fn emptied(before: &Value, after: &Value) -> Value {
    let Value::Object(after) = after else { return before.clone() };
    let mut all = before.as_object().cloned().unwrap_or_else(Map::new);
    for (name, new) in after {
        let old = match (all.get(name), new) {
            (None | Some(Value::Null), Value::Array(_)) => json!([]),
            (None, Value::Object(_)) => emptied(&Value::Null, new),
            (None, _) => Value::Null,
            (Some(old), _) => emptied(old, new),
        };
        all.insert(name.clone(), old);
    }
    Value::Object(all)
}
