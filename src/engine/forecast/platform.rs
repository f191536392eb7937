//! What Power Platform allows: a custom connector, a data policy on the host, a licence.

use super::{Told, View, no, read, yes};
use crate::engine::facts::{DataPolicy, Gap, Reach, Word};
use crate::engine::premium::{self, Covers};
use crate::engine::trouble::Class;
use crate::engine::words::{say, say_with};

/// Most policies that are named in one line.
const MOST_NAMES: usize = 3;

impl View<'_> {
    pub(super) fn create_connector(&self) -> Told {
        let environments = read(&self.facts.rights.environments, say("forecast.what.environments"))?;
        let (may, not): (Vec<_>, Vec<_>) = environments.iter().partition(|e| e.create_connectors);
        Ok(match (may.as_slice(), not.as_slice()) {
            ([one], []) => yes(say_with("forecast.create_connector.in_one", &[("name", &one.name)])),
            ([first, ..], _) => yes(say_with(
                "forecast.create_connector.in_some",
                &[
                    ("may", &may.len().to_string()),
                    ("all", &environments.len().to_string()),
                    ("name", &first.name),
                ],
            )),
            ([], []) => no(say("forecast.create_connector.none_seen")),
            ([], [one]) => no(say_with("forecast.create_connector.not_in_one", &[("name", &one.name)])),
            ([], _) => {
                no(say_with("forecast.create_connector.not_in_any", &[("all", &not.len().to_string())]))
            }
        })
    }

    /// What the policies make of connectors that call the host. Those for every environment decide; one for some of them
    /// leaves it open, since it is not known here in which the connector will be made.
    pub(super) fn data_policy(&self) -> Told {
        let site = self.facts.site.value();
        let host = site.map_or(say("forecast.data_policy.the_app"), |site| site.host.as_str());
        let policies = match self.facts.rights.data_policies.get() {
            Ok(policies) => policies,
            Err(Gap::CouldNot(trouble)) if trouble.class != Class::NotAllowed => {
                return Err(say_with("forecast.data_policy.not_read", &[("why", &trouble.what)]));
            }
            Err(_) => return Err(say_with("forecast.data_policy.administrators", &[("host", host)])),
        };
        let count = policies.len().to_string();
        if policies.is_empty() {
            return Ok(yes(say("forecast.data_policy.none")));
        }
        if site.is_none() {
            return Err(say_with("forecast.data_policy.no_host", &[("count", &count)]));
        }
        let naming = |reach: Reach, words: &[Word]| {
            let meant = policies.iter().filter(|p| p.reach == reach && words.contains(&p.on(host)));
            names(&meant.collect::<Vec<_>>())
        };
        if let Some(name) = naming(Reach::Everywhere, &[Word::Blocked]) {
            return Ok(no(say_with("forecast.data_policy.blocked", &[("name", &name), ("host", host)])));
        }
        if let Some(name) = naming(Reach::Everywhere, &[Word::Unclear]) {
            return Err(say_with("forecast.data_policy.unclear", &[("name", &name), ("host", host)]));
        }
        if let Some(name) = naming(Reach::Somewhere, &[Word::Blocked, Word::Unclear]) {
            return Err(say_with("forecast.data_policy.somewhere", &[("name", &name), ("host", host)]));
        }
        Ok(yes(say_with("forecast.data_policy.free", &[("count", &count), ("host", host)])))
    }

    /// Whether a plan is held that includes custom connectors. To hold none that is known here is no "no": an environment
    /// that is paid for as it is used covers everybody in it (MicrosoftDocs `power-platform`, `types.md` on licences).
    pub(super) fn licence(&self) -> Told {
        let plans = match self.facts.rights.plans.get() {
            Ok(plans) => plans,
            Err(Gap::CouldNot(trouble)) => {
                return Err(say_with("forecast.licence.not_read", &[("why", &trouble.what)]));
            }
            Err(Gap::NotLooked | Gap::Absent) => return Err(say("forecast.licence.not_seen").to_owned()),
        };
        let Some((plan, mine)) = premium::held(plans) else {
            return Err(say("forecast.licence.none").to_owned());
        };
        let (title, name) = (plan.title.as_str(), plan.name.as_str());
        if !mine.is_ready() {
            return Err(say_with(
                "forecast.licence.not_ready",
                &[("title", title), ("name", name), ("status", &mine.status)],
            ));
        }
        Ok(yes(match plan.reach {
            Covers::All => say_with("forecast.licence.all", &[("title", title), ("name", name)]),
            Covers::App => say_with("forecast.licence.app", &[("title", title), ("name", name)]),
            Covers::Flows => say_with("forecast.licence.flows", &[("title", title), ("name", name)]),
            Covers::Trial => say_with("forecast.licence.trial", &[("title", title), ("name", name)]),
            Covers::Developer => say_with("forecast.licence.developer", &[("title", title), ("name", name)]),
        }))
    }
}

/// The names of policies, the first few; `None` where there are none.
fn names(policies: &[&DataPolicy]) -> Option<String> {
    let first: Vec<&str> = policies.iter().take(MOST_NAMES).map(|policy| policy.name.as_str()).collect();
    let shown = first.join(", ");
    match policies.len() {
        0 => None,
        all if all > MOST_NAMES => {
            let more = (all - MOST_NAMES).to_string();
            Some(say_with("forecast.data_policy.more", &[("names", &shown), ("more", &more)]))
        }
        _ => Some(shown),
    }
}
