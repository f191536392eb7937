//! The domain: choices, facts, checks, plan, report. No I/O, no clock.

pub mod clean;
pub mod clouds;
pub mod resource_url;
