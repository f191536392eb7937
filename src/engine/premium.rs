//! Which service plans include custom connectors, as data (power-platform 6.9: custom connectors are premium).

use std::sync::OnceLock;

use serde::Deserialize;

use super::facts::ServicePlan;

const PLANS: &str = include_str!("../../assets/licences.toml");

/// A plan that includes custom connectors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Premium {
    /// `servicePlanName`, as Microsoft Graph has it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// For what it includes them.
    pub reach: Covers,
}

/// For what a plan includes custom connectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// Apps and flows.
    All,
    /// The one app that it is given to.
    App,
    /// Flows.
    Flows,
    /// Apps, until the trial ends.
    Trial,
    /// Apps and flows in developer environments.
    Developer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plan: Vec<Premium>,
}

/// All of them, those that cover the most first. A mistake in the embedded data is held back by a test.
pub fn plans() -> &'static [Premium] {
    static ALL: OnceLock<Vec<Premium>> = OnceLock::new();
    ALL.get_or_init(|| toml::from_str::<File>(PLANS).map(|file| file.plan).unwrap_or_default())
}

/// The plan that covers the most among those that a person holds, with the person's own: one that can be used before one
/// that cannot.
pub fn held(mine: &[ServicePlan]) -> Option<(&'static Premium, &ServicePlan)> {
    let mut found = plans().iter().flat_map(|plan| {
        let same = move |held: &&ServicePlan| held.name.eq_ignore_ascii_case(&plan.name);
        mine.iter().filter(same).map(move |held| (plan, held))
    });
    let first = found.clone().next();
    found.find(|(_, held)| held.is_ready()).or(first)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_embedded_plans_parse_and_none_stands_twice() {
        let all = &toml::from_str::<File>(PLANS).unwrap().plan;
        assert_eq!(plans(), all);
        let names: BTreeSet<_> = all.iter().map(|plan| plan.name.to_ascii_uppercase()).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.len() > 10 && all.iter().all(|plan| !plan.title.is_empty()));
    }

    #[test]
    fn the_plan_that_covers_the_most_counts_and_one_that_can_be_used_first() {
        let plan = |name: &str, status: &str| ServicePlan { name: name.into(), status: status.into() };
        let named = |mine: &[ServicePlan]| held(mine).map(|(plan, _)| plan.name.as_str());
        let developer = plan("POWERAPPS_DEV_VIRAL", "Success");
        let premium = plan("powerapps_per_user", "Success");
        let waiting = plan("POWERAPPS_PER_USER", "PendingProvisioning");
        let office = plan("POWERAPPS_O365_P2", "Success");
        assert_eq!(named(&[office.clone(), developer.clone(), premium]), Some("POWERAPPS_PER_USER"));
        assert_eq!(named(&[waiting.clone(), developer]), Some("POWERAPPS_DEV_VIRAL"));
        assert_eq!(named(&[waiting]), Some("POWERAPPS_PER_USER"));
        assert_eq!(named(&[office]), None);
        assert_eq!(named(&[]), None);
    }
}
