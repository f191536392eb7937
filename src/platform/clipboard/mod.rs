//! The person's clipboard: which way a text takes to it, what can honestly be said afterwards, and how a secret
//! is taken off it again. The traps that shaped this are in rust-tui-models (c).
//!
//! [`ClipboardService`] is all that others need. It never writes to the terminal: where only the terminal can
//! reach the person's clipboard it hands back an [`Osc52`] for the screen to write.

mod backend;
mod hand;
mod helper;
mod lease;
mod memory;
mod route;
mod service;
mod text;

use crossterm::clipboard::CopyToClipboard;
use secrecy::{ExposeSecret, SecretString};

pub use self::lease::Ticket;
pub use self::memory::{Fault, MemoryClipboard};
pub use self::service::ClipboardService;

/// The longest text that is copied at all, in bytes.
pub const MAX_COPY: usize = 1024 * 1024;

/// The longest text that is sent through the terminal, in bytes; terminals drop longer ones silently.
pub const MAX_TERMINAL_COPY: usize = 100_000;

/// The longest text that is taken from the clipboard, in bytes.
pub const MAX_READ: usize = 64 * 1024;

/// Whether a text may be remembered by clipboard histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// An id, a host name, an address.
    Plain,
    /// A secret: clipboard managers are asked not to keep it.
    Secret,
}

/// A text to put on the clipboard.
#[derive(Clone, Debug)]
pub struct CopyRequest {
    text: SecretString,
    sensitivity: Sensitivity,
    consented: bool,
}

impl CopyRequest {
    /// A text that may be remembered by clipboard histories.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into().into(), sensitivity: Sensitivity::Plain, consented: false }
    }

    /// A secret. Some ways need the person's consent first: [`Outcome::NeedsConsent`].
    pub fn secret(text: SecretString) -> Self {
        Self { text, sensitivity: Sensitivity::Secret, consented: false }
    }

    /// The person has agreed to what [`Outcome::NeedsConsent`] asked.
    #[must_use]
    pub fn with_consent(mut self) -> Self {
        self.consented = true;
        self
    }
}

/// What became of a [`CopyRequest`], and no more than is known.
#[derive(Debug)]
pub enum Outcome {
    /// The text is on the person's clipboard (looked at afterwards wherever looking disturbs nobody).
    /// The ticket takes it off again.
    Copied(Ticket),
    /// Only the terminal can reach the person's clipboard: write this to it, then say "sent to your terminal".
    Terminal(Osc52),
    /// The text went to the person's terminal through tmux. Whether it arrived is not known.
    SentToTerminal,
    /// The secret was not copied: the person has to agree to this first.
    NeedsConsent(Concern),
    /// The text was not copied.
    Failed(CopyFailure),
}

/// What a person should know before a secret is copied on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Concern {
    /// The terminal's clipboard.
    #[error(
        "Here a secret can only be sent through the terminal. It cannot be marked as a secret there, and it cannot \
         be taken off your clipboard again."
    )]
    Terminal,
    /// Windows' clipboard, reached from WSL.
    #[error(
        "From Linux inside Windows a secret cannot be marked as one, so the Windows clipboard history may keep it."
    )]
    WindowsHistory,
}

/// Why nothing was copied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyFailure {
    /// The text is empty.
    #[error("There is nothing to copy.")]
    Empty,
    /// The text is longer than this many bytes.
    #[error("The text is too long for the clipboard here (more than {0} bytes).")]
    TooLong(usize),
    /// This machine offers no clipboard at all.
    #[error("There is no clipboard here that this program can reach.")]
    NoClipboard,
    /// A clipboard is there and did not take the text; in its own words.
    #[error("The clipboard did not take the text: {0}")]
    Refused(String),
}

/// Why nothing could be read from the clipboard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// The session is remote: the clipboard here is not the person's.
    #[error("This is a remote session, so your clipboard cannot be read from here.")]
    Remote,
    /// This machine offers no clipboard that can be read.
    #[error("There is no clipboard here that this program can read.")]
    NoClipboard,
    /// The clipboard is empty or holds something other than text.
    #[error("There is no text on the clipboard.")]
    NoText,
    /// The text is longer than this many bytes.
    #[error("The text on the clipboard is too long (more than {0} bytes).")]
    TooLong(usize),
    /// A clipboard is there and could not be read; in its own words.
    #[error("The clipboard could not be read: {0}")]
    Refused(String),
}

/// What became of an attempt to take our text off the clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// It was there, and now the clipboard is empty.
    Cleared,
    /// Something else had already taken its place; nothing was touched.
    NotOurs,
    /// A newer copy of ours replaced it; that one's own ticket counts.
    Superseded,
    /// Looking would disturb the person (macOS may raise an alert), so nothing was touched.
    CannotTell,
    /// The clipboard did not answer, in its own words; the text may still be there.
    Failed(String),
}

/// Whether a secret of ours is on the clipboard right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPresence {
    /// It is not.
    No,
    /// It is; this ticket takes it off.
    Yes(Ticket),
    /// It was put there and nothing of ours came after it; more cannot be known.
    Perhaps(Ticket),
}

/// A text on its way to the clipboard through the terminal (OSC 52).
#[derive(Clone, Debug)]
pub struct Osc52(SecretString);

impl Osc52 {
    /// The command to write to the terminal. It holds the text in the clear: write it and let it go.
    pub fn command(&self) -> CopyToClipboard<&str> {
        CopyToClipboard::to_clipboard_from(self.0.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use crossterm::Command;

    use super::*;

    #[test]
    fn the_terminal_gets_base64_for_its_clipboard() {
        let mut written = String::new();
        Osc52("hello".into()).command().write_ansi(&mut written).unwrap();
        assert_eq!(written, "\u{1b}]52;c;aGVsbG8=\u{1b}\\");
    }

    #[test]
    fn no_debug_output_shows_the_text() {
        let request = CopyRequest::secret("canary-4711".into());
        let outcome = Outcome::Terminal(Osc52("canary-4711".into()));
        assert!(!format!("{request:?} {outcome:?}").contains("canary"));
    }
}
