//! What this person can do here, told beforehand: yes, no, or cannot tell, each with what it was read from.
//!
//! Only from reads. What cannot be read is never promised and never denied.

mod directory;
mod platform;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::cards::Need;
use super::change::Right;
use super::facts::{Application, Facts, Gap, Seen};
use super::words::{say, say_with};

/// What a person may want to do on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Create app registrations.
    CreateApps,
    /// Change the function app's settings.
    ChangeSite,
    /// Make client secrets for the connector's app.
    MakeSecrets,
    /// Consent for oneself.
    ConsentSelf,
    /// Consent for everybody.
    ConsentEveryone,
    /// Create a custom connector.
    CreateConnector,
    /// Whether a data policy lets connectors call the host.
    DataPolicy,
    /// Whether the licence covers custom connectors.
    Licence,
}

impl Subject {
    /// All of them, in the order of the way.
    pub const ALL: [Self; 8] = [
        Self::CreateApps,
        Self::ChangeSite,
        Self::MakeSecrets,
        Self::ConsentSelf,
        Self::ConsentEveryone,
        Self::CreateConnector,
        Self::DataPolicy,
        Self::Licence,
    ];
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// As far as can be read.
    Yes,
    /// No.
    No,
    /// It could not be read, or what was read does not decide it.
    CannotTell,
}

/// One line of the forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outlook {
    /// What it is about.
    pub subject: Subject,
    /// The answer.
    pub can: Can,
    /// One line: what it was read from. Cleaned.
    pub evidence: String,
}

/// The whole forecast. `now` is by the services' clock; `refused` is what was found missing by trying, which counts more
/// than what was read beforehand.
pub fn forecast(facts: &Facts, refused: &[Need], now: Timestamp) -> Vec<Outlook> {
    let view = View { facts, now };
    Subject::ALL
        .into_iter()
        .map(|subject| {
            let tried = refused.iter().any(|need| concerns(*need) == Some(subject));
            let told = if tried { Ok(no(say("forecast.tried.refused"))) } else { view.of(subject) };
            let (can, evidence) = told.unwrap_or_else(|not_seen| (Can::CannotTell, not_seen));
            Outlook { subject, can, evidence }
        })
        .collect()
}

/// What a person cannot do who lacks this. A registration of somebody else's says nothing of one's own.
const fn concerns(need: Need) -> Option<Subject> {
    match need {
        Need::Right(Right::CreateApps) => Some(Subject::CreateApps),
        Need::Right(Right::WriteSite) | Need::SeeSite => Some(Subject::ChangeSite),
        Need::Right(Right::ConsentForAll) => Some(Subject::ConsentEveryone),
        Need::Secrets => Some(Subject::MakeSecrets),
        Need::Right(Right::OwnApp) => None,
    }
}

/// One line of it.
pub fn outlook(facts: &Facts, now: Timestamp, subject: Subject) -> Can {
    View { facts, now }.of(subject).map_or(Can::CannotTell, |(can, _)| can)
}

/// Whether this person may change a registration that is there.
pub fn may_change(facts: &Facts, now: Timestamp, app: &Application) -> Can {
    let Some(person) = facts.person.value() else { return Can::CannotTell };
    View { facts, now }.owns(person, Some(app)).map_or(Can::CannotTell, |(can, _)| can)
}

/// An answer with its evidence. `Err` is what could not be read: then nothing is told.
type Told = Result<(Can, String), String>;

fn yes(evidence: impl Into<String>) -> (Can, String) {
    (Can::Yes, evidence.into())
}

fn no(evidence: impl Into<String>) -> (Can, String) {
    (Can::No, evidence.into())
}

/// A fact, or the words for why it is not there.
fn read<'a, T>(seen: &'a Seen<T>, what: &str) -> Result<&'a T, String> {
    seen.get().map_err(|gap| match gap {
        Gap::CouldNot(trouble) => {
            say_with("forecast.not_seen.could_not", &[("what", what), ("why", &trouble.what)])
        }
        Gap::NotLooked => say_with("forecast.not_seen.not_looked", &[("what", what)]),
        Gap::Absent => say_with("forecast.not_seen.absent", &[("what", what)]),
    })
}

struct View<'a> {
    facts: &'a Facts,
    now: Timestamp,
}

impl View<'_> {
    fn of(&self, subject: Subject) -> Told {
        let seen = &self.facts.person;
        let person = read(seen, say("forecast.what.person")).map_err(|why| {
            if seen.not_looked() { say("forecast.not_seen.nobody").to_owned() } else { why }
        })?;
        match subject {
            Subject::CreateApps => self.create_apps(person),
            Subject::ChangeSite => self.change_site(),
            Subject::MakeSecrets => self.make_secrets(person),
            Subject::ConsentSelf => self.consent_self(person),
            Subject::ConsentEveryone => directory::consent_everyone(person),
            Subject::CreateConnector => self.create_connector(),
            Subject::DataPolicy => self.data_policy(),
            Subject::Licence => self.licence(),
        }
    }
}

/// A length of time in whole days, as people say it.
pub fn days(length: SignedDuration) -> String {
    match length.as_hours() / 24 {
        0 => say("forecast.days.none").to_owned(),
        1 => say("forecast.days.one").to_owned(),
        days => say_with("forecast.days.more", &[("days", &days.to_string())]),
    }
}

#[cfg(test)]
mod tests;
