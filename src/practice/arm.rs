//! Placeholder of a service: every path is unknown until it is built.

use super::wire::{Caller, Reply, Request};
use super::world::World;

/// Answers one request.
pub fn handle(_world: &mut World, _request: &Request, _caller: &Caller) -> Reply {
    Reply::unknown()
}
