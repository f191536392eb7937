//! Easy Auth in front of a function app.

use super::wire::{Reply, Request};
use super::world::World;

/// Answers one request to a site.
pub fn handle(_world: &mut World, _request: &Request) -> Reply {
    Reply::unknown()
}
