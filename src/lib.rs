//! Handclasp: from "I have an Azure Function" to "I have a working custom connector".
//! This file is the map of the house; see `ARCHITECTURE.md` for who may use whom.

pub mod cli;
pub mod cloud;
pub mod drive;
pub mod engine;
pub mod flow;
pub mod platform;
pub mod practice;
pub mod screen;
