//! What the loop needs of a face: something that draws the state, and says what was typed.

use crate::flow::{Event, State};
use crate::platform::clipboard::Osc52;

/// A face of the wizard. The full-screen one is in `cli`, over `screen`; tests have their own.
pub trait Face {
    /// What the terminal hands in, before it is known what it means.
    type Raw: Send + 'static;
    /// What can go wrong with a terminal.
    type Error: std::error::Error + Send + Sync + 'static;

    /// What a raw input means to the wizard as it stands. `None` when it means nothing, or was the face's own
    /// affair (scrolling).
    fn read(&mut self, raw: Self::Raw, state: &State) -> Option<Event>;

    /// Draws the state; writes nothing when that is what already stands there. Returns whether the page can be seen:
    /// false where there was only room to say that there is none.
    fn draw(&mut self, state: &State) -> Result<bool, Self::Error>;

    /// Sends a text to the terminal's clipboard (OSC 52).
    fn send_to_clipboard(&mut self, text: &Osc52) -> Result<(), Self::Error>;

    /// Gives the terminal back, before the program is suspended.
    fn leave(&mut self) -> Result<(), Self::Error>;

    /// Takes the terminal again.
    fn enter(&mut self) -> Result<(), Self::Error>;

    /// Forgets what was drawn, so that the next frame is drawn whole.
    fn redraw(&mut self);
}
