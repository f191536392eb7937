//! The machine: one event in, the state changed, effects out.

use super::effect::Effect;
use super::event::Event;
use super::state::State;

/// Takes one event: changes the state and says what is to be done. Pure: the same state and event give the same result.
pub fn handle(state: &mut State, event: &Event) -> Vec<Effect> {
    let _ = (state, event);
    Vec::new()
}
