//! The domain: choices, facts, checks, plan, report. No I/O, no clock.

pub mod alike;
pub mod cards;
pub mod change;
pub mod checks;
pub mod choices;
pub mod clean;
pub mod client_id;
pub mod clouds;
pub mod definition;
pub mod error_codes;
pub mod facts;
pub mod findings;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod forecast;
pub mod held;
pub mod ids;
pub mod known;
pub mod links;
pub mod lost;
pub mod markers;
pub mod pasted;
pub mod percent;
pub mod plan;
pub mod policies;
pub mod premium;
pub mod redirect_url;
pub mod remedy;
pub mod report;
pub mod resource_url;
pub mod secret_shape;
pub mod target;
pub mod trouble;
pub mod values;
pub mod words;
