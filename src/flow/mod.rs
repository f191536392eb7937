//! The wizard as a pure state machine: an event comes in, a new state and effects go out.
//!
//! `screen` draws a [`State`] and asks [`menu`] what can be done; `drive` feeds [`Event`]s to the machine and
//! carries out the [`Effect`]s that come back. Nothing here does I/O, reads a clock or sees a secret.

// `state` and `stage` are this room's own words; renaming either would not help a reader.
#![allow(clippy::similar_names)]

pub mod derived;
pub mod effect;
pub mod event;
pub mod hand_over;
pub mod machine;
pub mod menu;
pub mod state;

pub use effect::{Effect, Work};
pub use event::{Answer, Event, Key};
pub use machine::handle;
pub use state::State;
