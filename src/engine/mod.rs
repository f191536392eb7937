//! The domain: choices, facts, checks, plan, report. No I/O, no clock.

pub mod change;
pub mod choices;
pub mod facts;
pub mod findings;
pub mod ids;
pub mod trouble;
