//! Plans: what would be changed at a stage, in order, from the facts as they are now.

use super::change::Change;
use super::choices::Choices;
use super::facts::Facts;
use super::ids::StageId;

/// An ordered list of changes for one stage, with what a person should know first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changes, in the order they will be made. Empty when nothing needs to change.
    pub changes: Vec<Change>,
    /// What it means for others (today's anonymous callers, other clients of an existing API, …).
    pub consequences: Vec<String>,
    /// Why there is no plan although something is wrong: what a person must do or tell first.
    pub blocked: Option<String>,
}

/// What a plan may need beyond facts and choices; all of it random or read from the clock elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInput {
    /// Now, by the services' clock.
    pub now: jiff::Timestamp,
    /// A fresh GUID for a scope that may have to be created (Graph wants client-made ids, microsoft-cloud 4.4).
    pub scope_id: String,
    /// The rehearsal's temporary redirect URI, once its port is bound.
    pub rehearsal_redirect: Option<String>,
}

/// The plan that brings this stage to where its checks pass.
pub fn plan(_stage: StageId, _facts: &Facts, _choices: &Choices, _input: &PlanInput) -> Plan {
    Plan::default()
}
