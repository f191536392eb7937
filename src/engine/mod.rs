//! The domain: choices, facts, checks, plan, report. No I/O, no clock.

<<<<<<< HEAD
pub mod change;
pub mod choices;
pub mod facts;
pub mod ids;
pub mod trouble;
=======
pub mod clean;
pub mod clouds;
pub mod resource_url;
>>>>>>> words
