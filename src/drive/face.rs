//! What the loop needs of a face: something that draws the state, and hands in what was typed.

use crate::flow::State;
use crate::flow::event::Key;
use crate::platform::clipboard::Osc52;

/// Something a person did at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// A paste, not yet cleaned.
    Paste(String),
    /// The terminal has another size.
    Resized,
}

/// A face of the wizard. The full-screen one is in `screen`; tests have their own.
pub trait Face {
    /// What can go wrong with a terminal.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Draws the state. Whether the masked field is empty is all that is told of it.
    fn draw(&mut self, state: &State, secret_typed: bool) -> Result<(), Self::Error>;

    /// Sends a text to the terminal's clipboard (OSC 52).
    fn send_to_clipboard(&mut self, text: &Osc52) -> Result<(), Self::Error>;

    /// Gives the terminal back, before the program is suspended.
    fn leave(&mut self) -> Result<(), Self::Error>;

    /// Takes the terminal again; the next frame is drawn whole.
    fn enter(&mut self) -> Result<(), Self::Error>;

    /// Forgets what was drawn, so that the next frame is drawn whole.
    fn redraw(&mut self) -> Result<(), Self::Error>;
}
