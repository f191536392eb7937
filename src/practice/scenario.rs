//! Scenarios: a world and its faults, described as data in `assets/scenarios/*.toml`.

mod bare;

use serde::{Deserialize, Serialize};

use super::PracticeError;
use super::world::{Clock, Fault, Switches, World};

/// The scenario that is practised when none is named.
pub const DEFAULT: &str = "fresh";

/// The embedded scenario files by name, in the order in which they are listed.
const FILES: &[(&str, &str)] = &[("fresh", include_str!("../../assets/scenarios/fresh.toml"))];

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
    /// Further makers with a function app each, for a workshop.
    pub makers: u32,
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
        world.switches = description.switches;
        world.faults = description.faults;
        world.latency_ms = description.latency_ms;
        Ok(world)
    }
}

/// The bare world on a frozen clock, for tests of single services.
#[cfg(test)]
pub fn bare_world() -> World {
    let start = Clock::frozen_at("2026-11-21T09:00:00Z".parse().unwrap());
    bare::world("test", start, 0)
}
