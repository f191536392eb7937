//! Microsoft's services over HTTP: sign-in, Graph, ARM, probes, facts and changes.
//!
//! Nothing in here knows whether it talks to Microsoft or to the practice cloud: the endpoints come
//! with the cloud entry, and only they differ.

pub mod arm;
pub mod call_log;
mod challenge;
pub mod change;
pub mod classify;
pub mod easy_auth;
pub mod graph;
pub mod har;
pub mod http;
mod json;
pub mod observe;
pub mod power_apps;
pub mod reader;
pub mod redact;
pub mod rehearsal;
pub mod sign_in;

#[cfg(test)]
pub(crate) mod fixtures;
