//! The Power Apps service: the one read that tells beforehand whether this person may create a connector
//! (power-platform 6.3).

use serde_json::Value;

use super::http::Service;
use super::json::{at, name};
use super::reader::{Reader, label, odd};
use crate::engine::facts::{Environment, Seen};
use crate::engine::words::say;

/// The capability that creating a custom connector needs.
const CREATE_CONNECTOR: &str = "CreateCustomApi";

/// Reads of the Power Apps service for the signed-in person. Cheap to clone.
#[derive(Clone)]
pub struct PowerApps {
    reader: Reader,
}

impl PowerApps {
    /// The service for this reader's person.
    pub fn new(reader: Reader) -> Self {
        Self { reader }
    }

    /// The environments that the person sees, and whether connectors may be made there. Not looked at in a cloud whose
    /// address of the service is not known.
    pub async fn environments(&self) -> Seen<Vec<Environment>> {
        if self.reader.http.cloud().power_apps.is_none() {
            return Seen::default();
        }
        let path = "/providers/Microsoft.PowerApps/environments?api-version=2016-11-01&$expand=permissions";
        let result = async {
            let url = self.reader.url(Service::PowerApps, path)?;
            let body = self.reader.get(Service::PowerApps, url, false).await?.json()?;
            let items = at(&body, &["value"]).as_array();
            let items =
                items.ok_or_else(|| odd(Service::PowerApps, say("odd_answer.list_without_values")))?;
            Ok(Some(items.iter().filter_map(environment).collect()))
        };
        self.reader.seen(result.await, &label("GET", path))
    }
}

/// One environment. Capabilities that are not granted are absent.
fn environment(v: &Value) -> Option<Environment> {
    let shown = name(v, &["properties", "displayName"]);
    let id = name(v, &["name"]);
    let name = if shown.is_empty() { id } else { shown };
    if name.is_empty() {
        return None;
    }
    let granted = |path: &[&str]| !at(v, path).is_null();
    let create_connectors = granted(&["properties", "permissions", CREATE_CONNECTOR])
        || granted(&["permissions", CREATE_CONNECTOR]);
    Some(Environment { name, create_connectors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_capability_that_is_not_granted_is_absent() {
        let of = |permissions: Value| {
            environment(&json!({"name": "Default-1", "properties": {
                "displayName": "Contoso\u{1b} (default)", "permissions": permissions}}))
            .unwrap()
        };
        assert!(of(json!({"CreateCustomApi": {"displayName": "x"}})).create_connectors);
        assert!(!of(json!({"ReadEnvironment": {}})).create_connectors);
        assert!(!of(Value::Null).create_connectors);
        assert_eq!(of(Value::Null).name, "Contoso (default)");
        let beside = json!({"name": "e", "permissions": {"CreateCustomApi": {}}});
        assert!(environment(&beside).is_some_and(|e| e.create_connectors && e.name == "e"));
        for broken in [json!(7), json!({}), json!({"name": ["e"]})] {
            assert_eq!(environment(&broken), None);
        }
    }
}
