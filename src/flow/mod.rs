//! The wizard as a pure state machine: an event comes in, a new state and effects go out.
