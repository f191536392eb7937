//! What the checks found: verdicts, evidence, and which link of the chain is broken first.

use serde::Serialize;

use super::ids::{CheckId, StageId};

/// The verdict of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Observed to be right.
    Pass,
    /// Works, but somebody should look at it.
    Warn,
    /// Observed to be wrong.
    Fail,
    /// An earlier link is broken or missing, so this one cannot be judged yet.
    Waiting,
    /// We could not look.
    Unknown,
    /// Needs something to be done or held first (a rehearsal, the secret's value).
    NotTried,
    /// Does not apply to this set-up.
    NotApplicable,
}

impl Verdict {
    /// Every verdict, in the order in which they are explained.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Warn,
        Self::Fail,
        Self::Waiting,
        Self::Unknown,
        Self::NotTried,
        Self::NotApplicable,
    ];

    /// As spelt in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Waiting => "waiting",
            Self::Unknown => "unknown",
            Self::NotTried => "not_tried",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// How bad it is; a stage's status is its worst check's (design section 6).
    const fn rank(self) -> u8 {
        match self {
            Self::Fail => 6,
            Self::Warn => 5,
            Self::Unknown => 4,
            Self::Waiting => 3,
            Self::NotTried => 2,
            Self::Pass => 1,
            Self::NotApplicable => 0,
        }
    }

    /// Whether nothing more is to be done about it.
    pub const fn settled(self) -> bool {
        matches!(self, Self::Pass | Self::NotApplicable)
    }
}

/// The outcome of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub id: CheckId,
    /// Its verdict.
    pub verdict: Verdict,
    /// One line of evidence: what was seen. Cleaned, no secrets.
    pub evidence: String,
    /// What it means or what to do in this very case, where the general remedy is not enough.
    pub note: Option<String>,
}

/// One stage's findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFindings {
    /// Which stage.
    pub id: StageId,
    /// Its checks in chain order.
    pub checks: Vec<Finding>,
}

impl StageFindings {
    /// The worst verdict of its checks.
    pub fn status(&self) -> Verdict {
        self.checks.iter().map(|c| c.verdict).max_by_key(|v| v.rank()).unwrap_or(Verdict::NotTried)
    }

    /// What is to be done here next: the first check that is known to be wrong, else the first that does not pass.
    pub fn first_open(&self) -> Option<&Finding> {
        let failing = self.checks.iter().find(|c| c.verdict == Verdict::Fail);
        failing.or_else(|| self.checks.iter().find(|c| !c.verdict.settled()))
    }

    /// Whether the stage is done: nothing fails, waits, could not be seen or is still to be tried.
    /// A warning does not hold anybody up.
    pub fn done(&self) -> bool {
        self.checks.iter().all(|c| c.verdict.settled() || c.verdict == Verdict::Warn)
    }
}

/// All findings, stage by stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The seven stages in order.
    pub stages: Vec<StageFindings>,
}

impl Findings {
    /// The finding of one check.
    pub fn check(&self, id: CheckId) -> Option<&Finding> {
        self.stages.iter().flat_map(|s| &s.checks).find(|c| c.id == id)
    }

    /// One stage's findings.
    pub fn stage(&self, id: StageId) -> Option<&StageFindings> {
        self.stages.iter().find(|s| s.id == id)
    }

    /// The first failing check in chain order.
    pub fn first_broken(&self) -> Option<CheckId> {
        self.all().find(|c| c.verdict == Verdict::Fail).map(|c| c.id)
    }

    /// The first stage that is not done: where a person should go on.
    pub fn first_open_stage(&self) -> Option<StageId> {
        self.stages.iter().find(|s| !s.done()).map(|s| s.id)
    }

    /// Every finding in chain order.
    pub fn all(&self) -> impl Iterator<Item = &Finding> {
        self.stages.iter().flat_map(|s| &s.checks)
    }
}
