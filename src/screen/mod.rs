//! What is drawn: ratatui views over the flow's state, and the terminal guard.

pub mod keys;
pub mod surface;
pub mod terminal;
pub mod theme;
pub mod view;
pub mod widgets;

pub use keys::Keys;
pub use surface::{Screen, Surface};
pub use terminal::{Guard, Out, TerminalError, give_back, is_taken};
pub use theme::{Look, Theme};
pub use view::Paint;

#[cfg(test)]
mod tests;
