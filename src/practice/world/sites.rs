//! Subscriptions, resource groups, function apps and their settings.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

/// An Azure subscription.
#[derive(Debug, Clone, Serialize)]
pub struct Subscription {
    /// Subscription GUID.
    pub id: String,
    /// Display name.
    pub display_name: String,
    /// Tenant GUID it belongs to.
    pub tenant: String,
    /// `Enabled`, `Disabled` and so on (microsoft-cloud 5.2).
    pub state: String,
}

/// A resource group.
#[derive(Debug, Clone, Serialize)]
pub struct ResourceGroup {
    /// Subscription GUID.
    pub subscription: String,
    /// Name.
    pub name: String,
    /// Region, in the short form.
    pub location: String,
}

/// Which of the two recorded 401 and 403 bodies the site's Easy Auth sends (microsoft-cloud 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flavour {
    /// Linux consumption: empty body, `Server: Kestrel`.
    Linux,
    /// Windows: a short HTML body.
    Windows,
}

/// One function of a function app.
#[derive(Debug, Serialize)]
pub struct Function {
    /// Function name.
    pub name: String,
    /// Route after the prefix; the name where the binding gives none.
    pub route: Option<String>,
    /// `anonymous`, `function` or `admin`; absent in the binding when `None`.
    pub auth_level: Option<String>,
    /// Lower-case HTTP methods; all of them when empty.
    pub methods: Vec<String>,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Its keys by name.
    #[serde(skip)]
    pub keys: BTreeMap<String, SecretString>,
}

/// One site.
#[derive(Debug, Serialize)]
pub struct Site {
    /// Site name.
    pub name: String,
    /// Name of the deployment slot, if it is one of the app's slots and not the app itself (microsoft-cloud 5.4).
    pub slot: Option<String>,
    /// Subscription GUID.
    pub subscription: String,
    /// Resource group name.
    pub resource_group: String,
    /// ARM kind, such as `functionapp,linux`.
    pub kind: String,
    /// Region in the display form.
    pub location: String,
    /// Host names; the first is the default one and is never derived from the name.
    pub host_names: Vec<String>,
    /// `Running` or `Stopped`.
    pub state: String,
    /// Whether plain HTTP is redirected by the platform.
    pub https_only: bool,
    /// Which bodies its refusals have.
    pub flavour: Flavour,
    /// Resource tags.
    pub tags: BTreeMap<String, String>,
    /// Stored V2 properties; `None` while never configured (microsoft-cloud 5.5).
    pub auth_v2: Option<Value>,
    /// V2 properties that the running instance still obeys until [`Site::in_force_at`].
    pub auth_in_force: Option<Value>,
    /// When the restart is over and [`Site::auth_v2`] counts; `None` when nothing is pending.
    pub in_force_at: Option<Timestamp>,
    /// What stands in the file that [`Site::auth_v2`] names, in the form of its properties; `None` while there is no file.
    pub auth_file: Option<Value>,
    /// From when on the host cannot start for want of its storage; `None` while it runs.
    pub host_down_from: Option<Timestamp>,
    /// Stored V1 properties; `configVersion` in them is computed from whether V2 was written.
    pub auth_v1: Value,
    /// `config/web` properties.
    pub config_web: Value,
    /// App settings. Every value is treated as a secret.
    #[serde(skip)]
    pub app_settings: BTreeMap<String, SecretString>,
    /// Names that stay with the slot.
    pub sticky_settings: Vec<String>,
    /// Its functions.
    pub functions: Vec<Function>,
    /// Host keys by name, `default` among them; the master key is apart.
    #[serde(skip)]
    pub host_keys: BTreeMap<String, SecretString>,
}

impl Site {
    /// The ARM resource id; a slot's is below its app's.
    pub fn resource_id(&self) -> String {
        let slot = self.slot.as_ref().map(|slot| format!("/slots/{slot}")).unwrap_or_default();
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Web/sites/{}{slot}",
            self.subscription, self.resource_group, self.name
        )
    }

    /// The default host name.
    pub fn default_host(&self) -> &str {
        self.host_names.first().map_or("", String::as_str)
    }

    /// The V2 settings that the running instance obeys now: the old ones until the restart is over. Where the stored ones
    /// name a file, the file rules and what else is stored is ignored (microsoft-cloud 5.5); while there is none, the
    /// former ones stay in force.
    pub fn effective_auth_v2(&self, now: Timestamp) -> Option<&Value> {
        let names_file = |stored: &Value| {
            stored["platform"]["configFilePath"].as_str().is_some_and(|path| !path.trim().is_empty())
        };
        match self.in_force_at {
            Some(at) if now < at => self.auth_in_force.as_ref(),
            _ if self.auth_v2.as_ref().is_some_and(names_file) => {
                self.auth_file.as_ref().or(self.auth_in_force.as_ref())
            }
            _ => self.auth_v2.as_ref(),
        }
    }

    /// Stores all app settings. Without the storage account the host cannot start again after the restart
    /// (microsoft-cloud 5.6).
    pub fn store_settings(
        &mut self,
        settings: BTreeMap<String, SecretString>,
        now: Timestamp,
        restart_seconds: u32,
    ) {
        let has_storage = |settings: &BTreeMap<String, SecretString>| {
            settings.keys().any(|name| name.starts_with("AzureWebJobsStorage"))
        };
        let fine = has_storage(&settings);
        if fine {
            self.host_down_from = None;
        } else if self.host_down_from.is_none() {
            self.host_down_from = now.checked_add(SignedDuration::from_secs(restart_seconds.into())).ok();
        }
        self.app_settings = settings;
    }

    /// Whether the Functions host runs.
    pub fn host_runs(&self, now: Timestamp) -> bool {
        self.host_down_from.is_none_or(|from| now < from)
    }

    /// Stores new V2 settings whole; they come into force when the restart is over.
    pub fn store_auth_v2(&mut self, settings: Value, now: Timestamp, restart_seconds: u32) {
        self.auth_in_force = self.effective_auth_v2(now).cloned();
        self.auth_v2 = Some(settings);
        self.in_force_at = now.checked_add(SignedDuration::from_secs(restart_seconds.into())).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn old_settings_stay_in_force_while_the_app_restarts() {
        let mut site = site();
        let start: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        site.store_auth_v2(json!({"n": 1}), start, 0);
        assert_eq!(site.effective_auth_v2(start), Some(&json!({"n": 1})));
        site.store_auth_v2(json!({"n": 2}), start, 30);
        assert_eq!(site.effective_auth_v2(start + SignedDuration::from_secs(29)), Some(&json!({"n": 1})));
        site.store_auth_v2(json!({"n": 3}), start + SignedDuration::from_secs(10), 30);
        assert_eq!(site.effective_auth_v2(start + SignedDuration::from_secs(39)), Some(&json!({"n": 1})));
        assert_eq!(site.effective_auth_v2(start + SignedDuration::from_secs(40)), Some(&json!({"n": 3})));
    }

    #[test]
    fn a_file_rules_where_the_settings_name_one() {
        let mut site = site();
        let start: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let named = json!({"platform": {"configFilePath": "auth.json"}, "n": 2});
        site.store_auth_v2(json!({"n": 1}), start, 0);
        site.store_auth_v2(named.clone(), start, 0);
        assert_eq!(site.effective_auth_v2(start), Some(&json!({"n": 1})), "no file yet");
        site.store_auth_v2(named, start, 0);
        assert_eq!(site.effective_auth_v2(start), Some(&json!({"n": 1})), "nor after one more write");
        site.auth_file = Some(json!({"n": 3}));
        assert_eq!(site.effective_auth_v2(start), Some(&json!({"n": 3})));
    }

    #[test]
    fn without_its_storage_the_host_is_down_after_the_restart() {
        let mut site = site();
        let start: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        site.store_settings(BTreeMap::new(), start, 30);
        assert!(site.host_runs(start + SignedDuration::from_secs(29)));
        assert!(!site.host_runs(start + SignedDuration::from_secs(30)));
        site.store_settings(BTreeMap::from([("AzureWebJobsStorage".into(), "x".into())]), start, 30);
        assert!(site.host_runs(start + SignedDuration::from_secs(99)));
    }

    fn site() -> Site {
        Site {
            name: "s".into(),
            slot: None,
            subscription: "sub".into(),
            resource_group: "rg".into(),
            kind: "functionapp".into(),
            location: "West Europe".into(),
            host_names: vec!["s.azurewebsites.net".into()],
            state: "Running".into(),
            https_only: false,
            flavour: Flavour::Linux,
            tags: BTreeMap::new(),
            auth_v2: None,
            auth_in_force: None,
            in_force_at: None,
            auth_file: None,
            host_down_from: None,
            auth_v1: json!({}),
            config_web: json!({}),
            app_settings: BTreeMap::new(),
            sticky_settings: Vec::new(),
            functions: Vec::new(),
            host_keys: BTreeMap::new(),
        }
    }
}
