//! Observing everything of one set-up.
