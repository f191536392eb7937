//! Carrying out one planned change.
