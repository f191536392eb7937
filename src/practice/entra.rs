//! Entra sign-in: who calls a service, and the sign-in endpoints.

mod caller;

pub use caller::caller;

use super::wire::{Reply, Request};
use super::world::World;

/// Answers one request to a sign-in host.
pub fn handle(_world: &mut World, _request: &Request) -> Reply {
    Reply::unknown()
}
