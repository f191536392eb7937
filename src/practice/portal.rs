//! Placeholder of a service: every path is unknown until it is built.

use super::wire::{Caller, Reply, Request};
use super::world::World;

/// Answers one request.
pub fn handle(_world: &mut World, _request: &Request, _caller: &Caller) -> Reply {
    Reply::unknown()
}

/// Does what a person would do in the portal, with the portal's defaults. `arguments` is the whole body of `POST do`.
///
/// # Errors
/// A sentence that says why the step could not be done; an unknown step is one.
pub fn step(
    _world: &mut World,
    name: &str,
    _arguments: &serde_json::Value,
) -> Result<serde_json::Value, String> {
    Err(format!("There is no step named {name}."))
}
