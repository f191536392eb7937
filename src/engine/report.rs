//! The versioned report that `check --json` prints: schema version 1 (design section 6).
//!
//! Ids are stable; fields may be added, none removed; what is not known is null.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::choices::{AppChoice, Choices};
use super::clouds::Cloud;
use super::facts::Facts;
use super::findings::{Finding, Findings, Verdict};
use super::forecast::{Outlook, forecast};
use super::held::Held;
use super::ids::StageId;
use super::known::known;
use super::links;
use super::remedy::command;
use super::values::{self, SecretState};
use super::words;

/// The version of this document's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// One look at one set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this document's shape: 1.
    pub schema: u32,
    /// Which set-up was looked at.
    pub setup: Setup,
    /// The seven stages in order.
    pub stages: Vec<StageReport>,
    /// The values for the connector page. Never a secret.
    pub values: ValuesReport,
    /// What this person can do here, as far as it can be read beforehand.
    pub forecast: Vec<Outlook>,
    /// Id of the first failing check in chain order.
    pub first_broken: Option<String>,
}

/// Which set-up was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Setup {
    /// Name of the cloud.
    pub cloud: String,
    /// Tenant id.
    pub tenant: Option<String>,
    /// The function app's resource id, else its name or address as given.
    pub app: Option<String>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StageReport {
    /// Stable id.
    pub id: StageId,
    /// Title for people.
    pub title: String,
    /// The worst of its checks, in the order fail, warn, unknown, waiting, not_tried, pass.
    pub status: Verdict,
    /// Its checks in chain order.
    pub checks: Vec<CheckReport>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckReport {
    /// Stable id.
    pub id: String,
    /// Verdict.
    pub status: Verdict,
    /// What is so when it passes.
    pub title: String,
    /// One line: what was seen.
    pub evidence: String,
    /// Why it matters.
    pub why: String,
    /// What to do; null when nothing is to be done.
    pub remedy: Option<Remedy>,
}

/// What to do about a check that does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remedy {
    /// One or two sentences.
    pub summary: String,
    /// The portal page.
    pub portal: Option<String>,
    /// The same as a command; null where one cannot be given with what is known.
    pub az: Option<String>,
    /// Whether Handclasp can do it, after showing the plan.
    pub automatic: bool,
}

/// The values for the connector page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ValuesReport {
    /// Host name.
    pub host: Option<String>,
    /// Client id of the connector's registration.
    pub client_id: Option<String>,
    /// Tenant id.
    pub tenant_id: Option<String>,
    /// Resource URL.
    pub resource_url: Option<String>,
    /// Whether the client secret is held, exists, or is absent.
    pub secret: Option<SecretState>,
    /// The connector's redirect URL.
    pub redirect_url: Option<String>,
}

/// Makes the report of one look, taken at this moment.
pub fn report(
    cloud: &Cloud,
    facts: &Facts,
    choices: &Choices,
    held: &Held,
    findings: &Findings,
    now: Timestamp,
) -> Report {
    let values = values::values(facts, choices, held);
    let value = |name: &str| known(cloud, facts, choices, name);
    let az = |finding: &Finding| command(finding, cloud, facts, choices);
    let app = facts.site.value().map(|s| s.id.clone()).or_else(|| {
        choices.app.as_ref().map(|app| match app {
            AppChoice::ResourceId(text) | AppChoice::Name(text) | AppChoice::Url(text) => text.clone(),
        })
    });
    Report {
        schema: SCHEMA_VERSION,
        setup: Setup {
            cloud: cloud.name.clone(),
            tenant: values.tenant_id.clone().or_else(|| choices.tenant.clone()),
            app,
        },
        stages: findings
            .stages
            .iter()
            .map(|stage| StageReport {
                id: stage.id,
                title: words::words().stage(stage.id).map_or_else(String::new, |w| w.title.clone()),
                status: stage.status(),
                checks: stage.checks.iter().map(|c| check(cloud, &value, &az, c)).collect(),
            })
            .collect(),
        values: ValuesReport {
            host: values.host,
            client_id: values.client_id,
            tenant_id: values.tenant_id,
            resource_url: values.resource_url,
            secret: values.secret,
            redirect_url: values.redirect_url,
        },
        forecast: forecast(facts, &[], now),
        first_broken: findings.first_broken().map(|id| id.as_str().to_owned()),
    }
}

fn check(
    cloud: &Cloud,
    value: &dyn Fn(&str) -> Option<String>,
    az: &dyn Fn(&Finding) -> Option<String>,
    finding: &Finding,
) -> CheckReport {
    let words = words::words().check(finding.id);
    let remedy = words.filter(|_| !finding.verdict.settled()).map(|w| Remedy {
        summary: match &finding.note {
            Some(note) => format!("{} {note}", w.remedy),
            None => w.remedy.clone(),
        },
        portal: w.portal.as_deref().and_then(|id| links::link(id, cloud, value)?.url).map(String::from),
        az: az(finding),
        automatic: w.automatic,
    });
    CheckReport {
        id: finding.id.as_str().to_owned(),
        status: finding.verdict,
        title: words.map_or_else(String::new, |w| w.title.clone()),
        evidence: finding.evidence.clone(),
        why: words.map_or_else(String::new, |w| w.why.clone()),
        remedy,
    }
}

/// The JSON Schema of the report, from its types.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::checks::assess;
    use crate::engine::fixtures;
    use serde_json::Value;

    fn of(facts: &Facts) -> Value {
        let (cloud, choices, held) = (fixtures::cloud(), fixtures::choices(), Held::default());
        let findings = assess(&cloud, facts, &choices, &held, fixtures::now());
        serde_json::to_value(report(&cloud, facts, &choices, &held, &findings, fixtures::now())).unwrap()
    }

    #[test]
    fn it_has_the_shape_of_the_contract() {
        let json = of(&fixtures::finished());
        assert_eq!(json["schema"], 1);
        assert_eq!(json["first_broken"], Value::Null);
        let ids: Vec<_> =
            json["stages"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["pick", "protect", "register", "grant", "secret", "connect", "try"]);
        assert_eq!(json["values"]["client_id"], fixtures::CLIENT);
        assert_eq!(json["values"]["secret"], "exists");
        assert_eq!(json["setup"]["tenant"], fixtures::TENANT);
        let forecast = json["forecast"].as_array().unwrap();
        assert_eq!(forecast.len(), 8);
        assert_eq!((&forecast[0]["subject"], &forecast[0]["can"]), (&"create_apps".into(), &"yes".into()));
        assert_eq!((&forecast[6]["can"], &forecast[7]["can"]), (&"cannot_tell".into(), &"yes".into()));
    }

    #[test]
    fn what_is_not_known_is_null_and_what_is_broken_has_a_remedy() {
        let json = of(&fixtures::fresh());
        assert_eq!(json["first_broken"], "api.app");
        assert_eq!(json["values"]["client_id"], Value::Null);
        assert_eq!(json["values"]["secret"], "absent");
        let check = &json["stages"][1]["checks"][0];
        assert_eq!(check["status"], "fail");
        assert!(check["remedy"]["summary"].as_str().unwrap().len() > 10);
        assert!(check["remedy"]["portal"].as_str().unwrap().starts_with("https://portal.azure.com/"));
        assert_eq!(json["stages"][0]["checks"][0]["remedy"], Value::Null, "what passes needs none");
    }
}
