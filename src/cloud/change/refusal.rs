//! Which refusals of Graph pass by themselves, and which say that the work is done already
//! (microsoft-cloud 4.6, 4.7, 4.9).

use serde_json::Value;

use super::WaitsFor;
use crate::cloud::http::Answer;
use crate::cloud::json::at;
use crate::engine::change::{Change, Method, Service};
use crate::engine::clean::clean_line;

/// What a refusing answer says.
pub(super) struct Refusal {
    status: u16,
    code: String,
    /// Lower case.
    message: String,
}

impl Refusal {
    pub(super) fn of(answer: &Answer) -> Self {
        Self::read(answer.status, &answer.json().unwrap_or_default())
    }

    fn read(status: u16, body: &Value) -> Self {
        let message = match at(body, &["error", "message"]) {
            Value::String(text) => text.clone(),
            // Seen as an object too (microsoft-cloud 4.10).
            other => other.to_string(),
        };
        Self {
            status,
            code: at(body, &["error", "code"]).as_str().unwrap_or_default().to_owned(),
            message: message.to_lowercase(),
        }
    }

    /// The code, cleaned, for showing.
    pub(super) fn words(&self) -> String {
        clean_line(&format!("{} (HTTP {})", self.code, self.status), 200)
    }

    fn says(&self, words: &str) -> bool {
        self.message.contains(words)
    }

    /// The service principal that was to be made is there already (status 409 or 400).
    pub(super) fn principal_exists(&self) -> bool {
        matches!(self.status, 400 | 409)
            && (self.code == "Request_MultipleObjectsWithSameKeyValue" || self.says("already in use"))
    }

    /// The grant that was to be made is there already.
    pub(super) fn grant_exists(&self) -> bool {
        matches!(self.status, 400 | 409) && self.says("already exists")
    }

    /// What was to be created stands there already, with a permission of its own that a creation must not write over
    /// (microsoft-cloud 4.4): the look before did not show it yet.
    pub(super) fn registration_exists(&self, change: &Change) -> bool {
        change.prefer.is_some() && self.status == 400 && self.code == "CannotDeleteOrUpdateEnabledEntitlement"
    }

    /// The secret that was to be removed is not there any more. Graph's words are not documented; anything else
    /// stays a refusal, and a look tells.
    pub(super) fn secret_gone(&self) -> bool {
        self.status == 400 && self.says("no password credential found")
    }

    /// What to wait for before the change is sent again, if that may help. Only refusals that the service is
    /// known to give while it has not caught up; anything else is meant.
    pub(super) fn passes(&self, change: &Change) -> Option<WaitsFor> {
        if self.status == 429 || (self.status == 503 && change.method != Method::Post) {
            return Some(WaitsFor::Throttle);
        }
        if change.service != Service::Graph {
            return None;
        }
        let conflict =
            self.code == "Request_MultipleObjectsWithSameKeyValue" || self.says("conflicting object");
        let below = |resource: &str| change.path.starts_with(resource);
        let unknown_reference = self.status == 400
            && (self.says("reference-property objects are not present")
                || self.says("not a valid reference update"));
        match (change.method, self.status) {
            (_, 409) if conflict => None,
            (_, 404) if below("/applications") => Some(WaitsFor::Registration),
            (_, 404) if below("/servicePrincipals/") || below("/oauth2PermissionGrants") => {
                Some(WaitsFor::Principal)
            }
            (Method::Patch, 409) if below("/applications") => Some(WaitsFor::OtherChange),
            (Method::Post, 400)
                if below("/servicePrincipals")
                    && self.says("does not reference a valid application object") =>
            {
                Some(WaitsFor::Registration)
            }
            (Method::Post, 403)
                if below("/servicePrincipals")
                    && self.says("backing application")
                    && self.says("local tenant") =>
            {
                Some(WaitsFor::Registration)
            }
            (Method::Post, _) if unknown_reference => Some(WaitsFor::Principal),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::change::{ChangeKind, Right};
    use serde_json::json;

    fn change(service: Service, method: Method, path: &str) -> Change {
        Change {
            kind: ChangeKind::SetIdentifierUri,
            service,
            method,
            path: path.into(),
            prefer: None,
            before: Value::Null,
            body: json!({}),
            title: String::new(),
            consequences: vec![],
            right: Right::OwnApp,
            az: String::new(),
            undo: String::new(),
            inverse: vec![],
            undo_az: vec![],
        }
    }

    fn refusal(status: u16, code: &str, message: &str) -> Refusal {
        Refusal::read(status, &json!({"error": {"code": code, "message": message}}))
    }

    #[test]
    fn only_the_documented_refusals_are_waited_for() {
        use Method::{Patch, Post, Put};
        use Service::{Arm, Graph};
        use WaitsFor::{OtherChange, Principal, Registration, Throttle};
        let gone =
            "Resource 'x' does not exist or one of its queried reference-property objects are not present.";
        for (service, method, path, status, code, message, waits) in [
            (Graph, Patch, "/applications/x", 404, "Request_ResourceNotFound", gone, Some(Registration)),
            (
                Graph,
                Post,
                "/applications/x/addPassword",
                404,
                "Request_ResourceNotFound",
                gone,
                Some(Registration),
            ),
            (Graph, Patch, "/applications/x", 409, "Conflict", "try again", Some(OtherChange)),
            (
                Graph,
                Post,
                "/servicePrincipals",
                400,
                "Request_BadRequest",
                "The appId 'x' of the service principal does not reference a valid application object.",
                Some(Registration),
            ),
            (
                Graph,
                Post,
                "/servicePrincipals",
                403,
                "Authorization_RequestDenied",
                "When using this permission, the backing application of the service principal being created must in the local tenant",
                Some(Registration),
            ),
            (Graph, Post, "/oauth2PermissionGrants", 404, "Request_ResourceNotFound", gone, Some(Principal)),
            (Graph, Post, "/oauth2PermissionGrants", 400, "Request_BadRequest", gone, Some(Principal)),
            (
                Graph,
                Post,
                "/servicePrincipals/x/appRoleAssignedTo",
                400,
                "Request_BadRequest",
                "Not a valid reference update.",
                Some(Principal),
            ),
            (Arm, Put, "/subscriptions/x", 429, "TooManyRequests", "slow down", Some(Throttle)),
            (Arm, Put, "/subscriptions/x", 503, "ServiceUnavailable", "later", Some(Throttle)),
            // Meant as they are said.
            (Graph, Post, "/servicePrincipals", 503, "ServiceUnavailable", "later", None),
            (
                Graph,
                Post,
                "/servicePrincipals",
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges",
                None,
            ),
            (Graph, Patch, "/applications/x", 409, "Request_MultipleObjectsWithSameKeyValue", "x", None),
            (
                Graph,
                Patch,
                "/applications/x",
                409,
                "Conflict",
                "A conflicting object with one or more of the specified property values is present in the directory.",
                None,
            ),
            (Graph, Patch, "/applications/x", 400, "HostNameNotOnVerifiedDomain", "x", None),
            (Graph, Patch, "/applications/x", 400, "CannotDeleteOrUpdateEnabledEntitlement", "x", None),
            (Arm, Put, "/subscriptions/x", 404, "ResourceNotFound", "x", None),
            (Arm, Put, "/subscriptions/x", 409, "Conflict", "x", None),
        ] {
            let said = refusal(status, code, message).passes(&change(service, method, path));
            assert_eq!(said, waits, "{status} {code} for {path}");
        }
    }

    #[test]
    fn what_is_there_already_is_recognised() {
        assert!(refusal(409, "Request_MultipleObjectsWithSameKeyValue", "").principal_exists());
        assert!(refusal(400, "Request_MultipleObjectsWithSameKeyValue", "").principal_exists());
        assert!(!refusal(403, "Request_MultipleObjectsWithSameKeyValue", "").principal_exists());
        assert!(refusal(400, "Request_BadRequest", "Permission entry already exists.").grant_exists());
        assert!(!refusal(400, "Request_BadRequest", "Something else").grant_exists());
        assert!(refusal(400, "Request_BadRequest", "No password credential found with keyId.").secret_gone());
        assert!(!refusal(404, "Request_ResourceNotFound", "No password credential found.").secret_gone());
        let enabled = refusal(400, "CannotDeleteOrUpdateEnabledEntitlement", "");
        let patch = change(Service::Graph, Method::Patch, "/applications(uniqueName='x')");
        assert!(!enabled.registration_exists(&patch));
        let create = Change { prefer: Some("create-if-missing"), ..patch };
        assert!(enabled.registration_exists(&create));
        assert!(!refusal(400, "Request_BadRequest", "").registration_exists(&create));
    }

    #[test]
    fn strange_bodies_are_read() {
        for body in [
            json!(null),
            json!([]),
            json!({"error": "x"}),
            json!({"error": {"message": {"value": "Already Exists"}}}),
        ] {
            let _ = Refusal::read(400, &body).passes(&change(Service::Graph, Method::Post, "/x"));
        }
        assert!(
            Refusal::read(400, &json!({"error": {"message": {"value": "Already Exists"}}})).grant_exists()
        );
    }
}
