//! The domain: choices, facts, checks, plan, report. No I/O, no clock.

pub mod change;
pub mod choices;
pub mod clean;
pub mod clouds;
pub mod facts;
pub mod ids;
pub mod markers;
pub mod resource_url;
pub mod trouble;
