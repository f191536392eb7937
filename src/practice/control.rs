//! The control endpoint of the practice cloud (design section 7).

use super::wire::{Reply, Request};
use super::world::World;

/// Answers one request to the control endpoint.
pub fn handle(_world: &mut World, _request: &Request) -> Reply {
    Reply::unknown()
}
