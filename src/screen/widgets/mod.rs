//! The pieces that pages are put together from. Each turns data into lines; none knows the wizard's state.

pub mod checks;
pub mod doc;
pub mod field;
pub mod frame;
pub mod json;
pub mod list;
pub mod overlay;
pub mod table;
pub mod text;
