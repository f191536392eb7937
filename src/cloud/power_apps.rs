//! The Power Apps service and its administration side: the reads that tell beforehand whether this person may create a
//! connector (power-platform 6.3), and whether a data policy lets it call the host (power-platform 6.9).

mod data_policies;

use futures_util::future::join_all;
use serde_json::Value;
use url::Url;

use self::data_policies::{policies, policy};
use super::http::Service;
use super::json::{at, name};
use super::reader::{Reader, encoded, label, odd};
use crate::engine::facts::{DataPolicy, Environment, Seen};
use crate::engine::trouble::Trouble;
use crate::engine::words::say;

/// The data policies of the tenant.
const POLICIES: &str = "/providers/PowerPlatform.Governance/v2/policies";
/// Most policies that are read one by one.
const MOST_READ: usize = 40;

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

    /// The tenant's data policies, which only its administrators may read. Not looked at in a cloud whose address of
    /// them, or whose audience, is not known.
    ///
    /// Whether the list tells the rules for custom connectors is not confirmed; Microsoft's own client reads each policy
    /// by itself for them (power-platform 6.9, source TF). So those that come without are read, side by side.
    pub async fn data_policies(&self) -> Seen<Vec<DataPolicy>> {
        let cloud = self.reader.http.cloud();
        let (Some(bap), Some(_)) = (&cloud.bap, &cloud.power_apps_audience) else { return Seen::default() };
        let result = async {
            let url = joined(bap, POLICIES)?;
            let body = self.reader.get(Service::PowerApps, url, false).await?.json()?;
            let listed = policies(&body)
                .ok_or_else(|| odd(Service::PowerApps, say("odd_answer.list_without_values")))?;
            let bare =
                |(id, read): &(Option<String>, DataPolicy)| id.clone().filter(|_| read.rules.is_none());
            let wanted: Vec<String> = listed.iter().filter_map(bare).take(MOST_READ).collect();
            let read = join_all(wanted.into_iter().map(|id| self.data_policy(bap, id))).await;
            let found = |id: &Option<String>| {
                read.iter().flatten().find(|(known, _)| id.as_ref() == Some(known)).map(|(_, whole)| whole)
            };
            let filled =
                listed.into_iter().map(|(id, listed)| found(&id).cloned().unwrap_or(listed)).collect();
            Ok(Some(filled))
        };
        self.reader.seen(result.await, &label("GET", POLICIES))
    }

    /// One policy by itself, with its id; `None` where it cannot be read: then its rules stay unknown.
    async fn data_policy(&self, bap: &Url, id: String) -> Option<(String, DataPolicy)> {
        let url = joined(bap, &format!("{POLICIES}/{}", encoded(&id))).ok()?;
        let body = self.reader.get(Service::PowerApps, url, false).await.ok()?.json().ok()?;
        policy(&body).map(|(_, policy)| (id, policy))
    }
}

fn joined(bap: &Url, path: &str) -> Result<Url, Trouble> {
    bap.join(path).map_err(|_| odd(Service::PowerApps, say("odd_answer.no_address")))
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
