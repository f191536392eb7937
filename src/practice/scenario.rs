//! Scenarios: a world and its faults, described as data in `assets/scenarios/*.toml`.

mod abroad;
mod bare;
mod branched;
mod finished;
mod many;

use serde::{Deserialize, Serialize};

use super::PracticeError;
use super::world::{Clock, Fault, Switches, World};
pub use finished::Defect;

/// The scenario that is practised when none is named.
pub const DEFAULT: &str = "fresh";

/// The embedded scenario files by name, in the order in which they are listed.
const FILES: &[(&str, &str)] = &[
    ("fresh", include_str!("../../assets/scenarios/fresh.toml")),
    ("finished", include_str!("../../assets/scenarios/finished.toml")),
    ("issuer-mismatch", include_str!("../../assets/scenarios/issuer-mismatch.toml")),
    ("caller-not-allowed", include_str!("../../assets/scenarios/caller-not-allowed.toml")),
    ("wrong-audience", include_str!("../../assets/scenarios/wrong-audience.toml")),
    ("secret-expired", include_str!("../../assets/scenarios/secret-expired.toml")),
    ("secret-ends-soon", include_str!("../../assets/scenarios/secret-ends-soon.toml")),
    ("redirect-missing", include_str!("../../assets/scenarios/redirect-missing.toml")),
    ("app-stopped", include_str!("../../assets/scenarios/app-stopped.toml")),
    ("host-down", include_str!("../../assets/scenarios/host-down.toml")),
    ("network-closed", include_str!("../../assets/scenarios/network-closed.toml")),
    ("nothing-published", include_str!("../../assets/scenarios/nothing-published.toml")),
    ("function-key", include_str!("../../assets/scenarios/function-key.toml")),
    ("no-enterprise-app", include_str!("../../assets/scenarios/no-enterprise-app.toml")),
    ("scope-off", include_str!("../../assets/scenarios/scope-off.toml")),
    ("foreign-issuer", include_str!("../../assets/scenarios/foreign-issuer.toml")),
    ("path-excluded", include_str!("../../assets/scenarios/path-excluded.toml")),
    ("one-registration", include_str!("../../assets/scenarios/one-registration.toml")),
    ("connector-off", include_str!("../../assets/scenarios/connector-off.toml")),
    ("personal-accounts", include_str!("../../assets/scenarios/personal-accounts.toml")),
    ("permission-missing", include_str!("../../assets/scenarios/permission-missing.toml")),
    ("profile-missing", include_str!("../../assets/scenarios/profile-missing.toml")),
    ("not-agreed", include_str!("../../assets/scenarios/not-agreed.toml")),
    ("not-assigned", include_str!("../../assets/scenarios/not-assigned.toml")),
    ("secret-gone", include_str!("../../assets/scenarios/secret-gone.toml")),
    ("secret-cut-short", include_str!("../../assets/scenarios/secret-cut-short.toml")),
    ("no-admin", include_str!("../../assets/scenarios/no-admin.toml")),
    ("code-blocked", include_str!("../../assets/scenarios/code-blocked.toml")),
    ("second-factor", include_str!("../../assets/scenarios/second-factor.toml")),
    ("secret-policy", include_str!("../../assets/scenarios/secret-policy.toml")),
    ("slow-directory", include_str!("../../assets/scenarios/slow-directory.toml")),
    ("throttled", include_str!("../../assets/scenarios/throttled.toml")),
    ("flaky", include_str!("../../assets/scenarios/flaky.toml")),
    ("workshop", include_str!("../../assets/scenarios/workshop.toml")),
    ("guest", include_str!("../../assets/scenarios/guest.toml")),
    ("slot-and-domain", include_str!("../../assets/scenarios/slot-and-domain.toml")),
    ("many-apps", include_str!("../../assets/scenarios/many-apps.toml")),
    ("unique-host", include_str!("../../assets/scenarios/unique-host.toml")),
];

/// A scenario: one of the embedded ones by name, or a description of one's own.
#[derive(Debug, Clone)]
pub enum Scenario {
    /// One of [`scenarios`].
    Named(String),
    /// Any other.
    Described {
        /// Name; ids are derived from it.
        name: String,
        /// What it holds.
        description: Box<Description>,
    },
}

impl From<&str> for Scenario {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

/// What a scenario file holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// A few words for a list.
    pub title: String,
    /// One sentence: what is there and what is wrong.
    pub sentence: String,
    /// The part before the `@` of the user whom it is about.
    pub default_user: String,
    /// What exists at the beginning.
    #[serde(default)]
    pub world: Start,
    /// Milliseconds added to every answer.
    #[serde(default)]
    pub latency_ms: u64,
    /// Policies, delays and unconfirmed behaviour.
    #[serde(default)]
    pub switches: Switches,
    /// What goes wrong at which call.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// What exists at the beginning of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// Whether the main function app is set up to the end.
    pub finished: bool,
    /// What is wrong in the finished set-up.
    pub defect: Option<Defect>,
    /// Further makers with a function app each, for a workshop.
    pub makers: u32,
    /// How many of them have finished their set-up.
    pub makers_finished: usize,
    /// The only function app is in another tenant, where the user is a guest.
    pub abroad: bool,
    /// The function app has a deployment slot and a custom domain.
    pub branched: bool,
    /// The function app's host is named as the portal names new ones today.
    pub unique_host: bool,
    /// How many function apps the user sees, where it is more than the one.
    pub apps: usize,
    /// How many times the person copies a secret's value without its end.
    pub slips: u32,
}

/// One line of the scenario list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScenarioInfo {
    /// Name, as given to `--practice`.
    pub name: String,
    /// A few words.
    pub title: String,
    /// One sentence: what is there and what is wrong.
    pub sentence: String,
    /// Principal name of the user whom it is about.
    pub default_user: String,
}

/// The embedded scenarios. One that cannot be read would be left out; a test reads them all.
pub fn scenarios() -> Vec<ScenarioInfo> {
    FILES
        .iter()
        .filter_map(|(name, text)| {
            let description: Description = toml::from_str(text).ok()?;
            Some(ScenarioInfo {
                name: (*name).to_owned(),
                title: description.title,
                sentence: description.sentence,
                default_user: format!("{}@{}", description.default_user, bare::DOMAIN),
            })
        })
        .collect()
}

impl Scenario {
    /// Builds its world.
    pub(super) fn build(self, clock: Clock) -> Result<World, PracticeError> {
        let (name, description) = match self {
            Self::Named(name) => {
                let Some((_, text)) = FILES.iter().find(|(known, _)| *known == name) else {
                    return Err(PracticeError::UnknownScenario(name));
                };
                let description = toml::from_str(text).map_err(|error| PracticeError::BadScenario {
                    name: name.clone(),
                    reason: error.to_string(),
                })?;
                (name, Box::new(description))
            }
            Self::Described { name, description } => (name, description),
        };
        let mut world = bare::world(&name, clock, description.world.makers);
        world.default_user = super::find_user(&world, &description.default_user)
            .ok_or(PracticeError::UnknownUser(description.default_user))?;
        let start = &description.world;
        if start.unique_host
            && let Some(name) = world.sites.first().map(|site| site.name.clone())
        {
            let host = many::regional_host(&world, &name);
            if let Some(site) = world.sites.first_mut() {
                site.host_names = vec![host];
            }
        }
        if start.finished {
            let owner = world.default_user.clone();
            finished::finish(&mut world, 0, &owner, start.defect);
        }
        let person = world.default_user.clone();
        if start.abroad {
            abroad::go(&mut world, &person);
        }
        if start.branched {
            branched::branch(&mut world, &person);
        }
        many::fill(&mut world, start.apps, &person);
        for number in 1..=start.makers_finished {
            let maker = super::find_user(&world, &format!("maker{number:02}")).unwrap_or_default();
            finished::finish(&mut world, number, &maker, None);
        }
        world.copied.slips = start.slips;
        world.settle();
        world.switches = description.switches;
        world.faults = description.faults;
        world.latency_ms = description.latency_ms;
        Ok(world)
    }
}

/// A moment as the directory writes it: whole seconds.
pub fn seconds(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Worlds for tests of single services.
#[cfg(test)]
pub(crate) mod worlds {
    use super::{Clock, World, bare, finished};
    use crate::practice::wire::Caller;
    use crate::practice::world::first_party;

    /// The bare world on a frozen clock.
    pub fn bare() -> World {
        bare::world("test", Clock::frozen_at("2026-11-21T09:00:00Z".parse().unwrap()), 0)
    }

    /// A world with the finished set-up on a frozen clock.
    pub fn finished() -> World {
        let mut world = bare();
        let owner = crate::practice::find_user(&world, "ada").unwrap();
        finished::finish(&mut world, 0, &owner, None);
        world.settle();
        world
    }

    /// The person whose name begins like this, through Azure CLI's client, with these delegated permissions.
    pub fn caller(world: &World, name: &str, scopes: &[&str]) -> Caller {
        let user = world.users.iter().find(|user| user.upn.starts_with(name)).unwrap();
        Caller::User {
            tenant: user.tenant.clone(),
            id: user.id.clone(),
            upn: user.upn.clone(),
            client_id: first_party::AZURE_CLI.into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::markers;
    use crate::practice::world::{Kind, View};

    fn build(name: &str) -> World {
        let clock = Clock::frozen_at("2026-11-21T09:00:00Z".parse().unwrap());
        Scenario::from(name).build(clock).unwrap()
    }

    #[test]
    fn every_scenario_is_listed_builds_and_is_the_same_each_time() {
        let list = scenarios();
        assert_eq!(list.len(), FILES.len(), "one that cannot be read is left out");
        for info in list {
            assert!(info.sentence.ends_with('.') && !info.title.is_empty(), "{}", info.name);
            let (first, second) = (build(&info.name), build(&info.name));
            assert_eq!(first.user(&first.default_user).unwrap().upn, info.default_user);
            let picture = |world: &World| serde_json::to_string(&world.directory).unwrap();
            assert_eq!(picture(&first), picture(&second), "{}", info.name);
        }
    }

    #[test]
    fn an_unknown_scenario_or_field_is_an_error() {
        let clock = Clock::frozen_at(jiff::Timestamp::UNIX_EPOCH);
        assert!(matches!(
            Scenario::from("nothing").build(clock),
            Err(PracticeError::UnknownScenario(name)) if name == "nothing"
        ));
        let text = "title = 't'\nsentence = 's.'\ndefault_user = 'ada'\ncolour = 1";
        assert!(toml::from_str::<Description>(text).is_err());
    }

    #[test]
    fn the_fresh_world_has_nothing_registered_and_no_omnipotent_maker() {
        let world = build("fresh");
        let tenant = world.main_tenant();
        let apps: Vec<_> = world.objects(Kind::Application, tenant, View::Now).collect();
        assert_eq!(apps.len(), 1, "only the client for automation");
        let ada = world.user("ada@contoso.onmicrosoft.com").unwrap();
        assert!(ada.directory_roles.is_empty());
        let site = world.sites[0].resource_id();
        assert_eq!(world.azure_roles_at(&ada.id, &site), ["Contributor"]);
        assert!(world.azure_roles_at(&ada.id, &format!("{site}x")).is_empty());
    }

    #[test]
    fn the_finished_world_carries_the_markers_of_handclasp() {
        let world = build("finished");
        let tenant = world.main_tenant();
        let site = world.sites[0].resource_id();
        for name in [markers::api_unique_name(&site), markers::connector_unique_name(&site)] {
            let (object, doc) =
                world.object_by(Kind::Application, tenant, "uniqueName", &name, View::SignIn).unwrap();
            assert_eq!(doc["tags"], serde_json::json!([markers::TAG]));
            assert!(world.service_principal(tenant, object.app_id(), View::SignIn).is_some());
        }
        assert_eq!(world.connectors.len(), 1);
        assert!(world.connectors[0].redirect_url.contains("/redirect/contoso-2dhello-5f"));
    }

    #[test]
    fn the_workshop_has_thirty_makers_with_an_app_each() {
        let world = build("workshop");
        assert_eq!((world.sites.len(), world.connectors.len()), (31, 8));
        let maker = world.user("maker30@contoso.onmicrosoft.com").unwrap();
        assert_eq!(world.azure_roles_at(&maker.id, &world.sites[30].resource_id()), ["Contributor"]);
        assert!(world.azure_roles_at(&maker.id, &world.sites[29].resource_id()).is_empty());
    }
}
