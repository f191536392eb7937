//! Policies for single applications' secrets, which count in place of the tenant's (microsoft-cloud 4.10).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{DirectoryObject, World};

/// One policy, and the applications that it was given to.
#[derive(Debug, Clone, Serialize)]
pub struct AppPolicy {
    /// Tenant GUID.
    pub tenant: String,
    /// Object id.
    pub id: String,
    /// The document as Graph shows it.
    pub doc: Value,
    /// Object ids of the applications that have it; each has one at most.
    pub applies_to: Vec<String>,
}

/// What may be done with an application's secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRules {
    /// No secret may be added.
    pub forbidden: bool,
    /// The longest lifetime of a secret.
    pub longest: Option<SignedDuration>,
}

impl World {
    /// The policy that an application has of its own.
    pub fn app_policy_of(&self, application: &str) -> Option<&AppPolicy> {
        self.app_policies
            .iter()
            .find(|policy| policy.applies_to.iter().any(|id| id.eq_ignore_ascii_case(application)))
    }

    /// What holds for an application's secrets: the restrictions of its own policy, where that one is on and speaks of them,
    /// else the tenant's.
    pub fn secret_rules(&self, application: &DirectoryObject) -> SecretRules {
        let tenants = self.switches.secret_policy;
        let days = |days: u32| SignedDuration::from_hours(i64::from(days) * 24);
        let mut rules =
            SecretRules { forbidden: tenants.forbidden, longest: tenants.max_lifetime_days.map(days) };
        let own = self.app_policy_of(&application.id).filter(|policy| policy.doc["isEnabled"] == true);
        let restrictions = own.and_then(|own| own.doc["restrictions"]["passwordCredentials"].as_array());
        for restriction in restrictions.into_iter().flatten() {
            let from = restriction["restrictForAppsCreatedAfterDateTime"].as_str();
            let from = from.and_then(|from| from.parse::<Timestamp>().ok());
            let meant = from.is_none_or(|from| application.created_at >= from);
            let on = meant && restriction["state"] != "disabled";
            match restriction["restrictionType"].as_str() {
                Some("passwordAddition") => rules.forbidden = on,
                Some("passwordLifetime") => {
                    rules.longest = restriction["maxLifetime"].as_str().filter(|_| on).and_then(lifetime);
                }
                _ => {}
            }
        }
        rules
    }
}

/// A lifetime such as `P180D`; `None` for a text that is none.
pub fn lifetime(text: &str) -> Option<SignedDuration> {
    // Words such as `90 days` are no duration in Graph.
    let span: Span = text.starts_with('P').then(|| text.parse().ok())??;
    let start = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    span.to_duration(SpanRelativeTo::from(&start)).ok().filter(SignedDuration::is_positive)
}
