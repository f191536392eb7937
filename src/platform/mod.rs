//! The person's own machine: clipboard, browser, Azure CLI, keyring, folders, clock, environment.
//!
//! This is the only room that reads the environment and the clock, touches the disk, the clipboard and the
//! browser, or listens to signals. It uses nothing else of ours.

pub mod az;
pub mod browser;
pub mod clipboard;
pub mod clock;
pub mod env;
pub mod files;
pub mod folders;
pub mod keyring;
pub mod reader;
pub mod signals;
