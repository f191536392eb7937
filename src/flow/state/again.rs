//! What is kept for signing in once more: how it was done last, what is demanded, and where the person was.

use crate::engine::ids::StageId;
use crate::engine::trouble::Demand;
use crate::flow::effect::SignInMethod;

use super::Apply;

/// What is kept for signing in once more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Again {
    /// The way that was tried last.
    pub way: Option<SignInMethod>,
    /// What the next sign-in is asked with, because a service demands it.
    pub demand: Option<Box<Demand>>,
    /// Where to go on once the same person is signed in again.
    pub resume: Option<Resume>,
}

/// Where somebody was who had to sign in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The stage.
    pub stage: StageId,
    /// The plan that stopped for it. What was confirmed stays confirmed, for the same person.
    pub plan: Option<Box<Apply>>,
}
