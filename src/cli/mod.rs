//! One file per command: arguments in, text or JSON out.

pub mod person;
pub mod wizard;
