//! One file per command: arguments in, text or JSON out.

pub mod args;
pub mod exit;
pub mod failure;
pub mod markdown;
pub mod output;
pub mod text;
