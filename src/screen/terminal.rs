//! The terminal guard: which modes of the person's terminal we turned on, and giving it back as it was.
//!
//! One process has one terminal, so what is on is kept in one place that the normal way out, an error, a panic and
//! a signal can all reach. Whoever comes first takes it down; the others find nothing left to do.

use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};

use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::style::{ResetColor, SetAttribute, force_color_output};
use ratatui::crossterm::terminal::{
    Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::crossterm::{Command, QueueableCommand, style::Attribute};
use zeroize::Zeroize;

use crate::engine::words::{say, say_with};

/// Why the terminal cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Input or output is not a terminal.
    #[error("{}", say_with("at_start.not_a_terminal", &[("what", .0)]))]
    NotATerminal(&'static str),
    /// The terminal refused.
    #[error("{}", say_with("at_start.terminal_refused", &[("error", &.0.to_string())]))]
    Refused(#[from] io::Error),
}

const RAW: u8 = 1;
const ALTERNATE: u8 = 2;
const PASTE: u8 = 4;
const CURSOR: u8 = 8;

/// On Windows crossterm hands a paste over as keys, and the mode may corrupt Enter (rust-tui-models 2 e).
const BRACKETED_PASTE: bool = cfg!(not(windows));

static MODES: Modes = Modes::new();
static PANIC_HOOK: Once = Once::new();

/// The modes that are on, as bits.
struct Modes {
    on: AtomicU8,
}

impl Modes {
    const fn new() -> Self {
        Self { on: AtomicU8::new(0) }
    }

    fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst) != 0
    }

    /// Turns everything on, noting each mode before it is asked for: half a set-up can then be taken down too.
    fn enter(
        &self,
        out: &mut impl Write,
        paste: bool,
        raw: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        self.on.fetch_or(RAW, Ordering::SeqCst);
        raw()?;
        self.on.fetch_or(ALTERNATE, Ordering::SeqCst);
        // Some terminals keep one screen only; then what stood there has to go.
        out.queue(EnterAlternateScreen)?.queue(Clear(ClearType::All))?;
        if paste {
            self.on.fetch_or(PASTE, Ordering::SeqCst);
            out.queue(EnableBracketedPaste)?;
        }
        self.on.fetch_or(CURSOR, Ordering::SeqCst);
        out.queue(Hide)?;
        out.flush()
    }

    /// Takes down what is on, in reverse, each step whether or not the one before it worked. A second call finds
    /// nothing to do. Returns whether there was anything.
    fn leave(&self, out: &mut impl Write, cooked: impl FnOnce() -> io::Result<()>) -> bool {
        let on = self.on.swap(0, Ordering::SeqCst);
        if on == 0 {
            return false;
        }
        // We may have been stopped in the middle of a frame.
        attempt(out, EndSynchronizedUpdate);
        attempt(out, SetAttribute(Attribute::Reset));
        attempt(out, ResetColor);
        if on & CURSOR != 0 {
            attempt(out, Show);
        }
        if on & PASTE != 0 {
            attempt(out, DisableBracketedPaste);
        }
        if on & ALTERNATE != 0 {
            // The alternate screen is not a vault: some terminals can show it again later.
            attempt(out, Clear(ClearType::All));
            attempt(out, LeaveAlternateScreen);
        }
        out.flush().ok();
        if on & RAW != 0 {
            cooked().ok();
        }
        true
    }
}

fn attempt(out: &mut impl Write, command: impl Command) {
    out.queue(command).map(|_| ()).ok();
}

/// Holds the terminal for the wizard; gives it back when dropped.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal: raw mode, the alternate screen, bracketed paste (not on Windows), no cursor, and never
    /// the mouse, so that text can still be selected. From here on a panic gives the terminal back first.
    ///
    /// # Errors
    /// When input or output is no terminal, or it refuses; it is then left as it was.
    pub fn take() -> Result<Self, TerminalError> {
        if !io::stdin().is_terminal() {
            return Err(TerminalError::NotATerminal(say("at_start.the_input")));
        }
        if !io::stdout().is_terminal() {
            return Err(TerminalError::NotATerminal(say("at_start.the_output")));
        }
        // Our own table already leaves colours out where they are not wanted; crossterm doing it too would reset
        // bold and reverse along with them (rust-tui-models 2 g).
        force_color_output(true);
        PANIC_HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        let guard = Self(());
        guard.resume()?;
        Ok(guard)
    }

    /// Gives the terminal back for a while (Ctrl-Z); stop reading input before.
    #[allow(clippy::unused_self, reason = "only who holds the terminal may lend it")]
    pub fn suspend(&self) {
        give_back();
    }

    /// Takes it again; follow it with [`super::Screen::redraw`], since what stood there is gone.
    ///
    /// # Errors
    /// When the terminal refuses; it is then left as it was before it was taken.
    #[allow(clippy::unused_self, reason = "only who holds the terminal may take it again")]
    pub fn resume(&self) -> io::Result<()> {
        let taken = MODES.enter(&mut io::stdout().lock(), BRACKETED_PASTE, enable_raw_mode);
        if taken.is_err() {
            give_back();
        }
        taken
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once; for the panic hook and for signals. Returns whether it was ours.
pub fn give_back() -> bool {
    MODES.leave(&mut io::stdout().lock(), disable_raw_mode)
}

/// Whether the terminal is ours now. A panic on another thread gives it back behind the loop's back: a loop that is
/// woken and finds it gone should leave.
pub fn is_taken() -> bool {
    MODES.is_on()
}

/// Where frames go: collected here, and written to the terminal in one piece, as long as it is ours.
///
/// After it was given back (by a panic on another thread, say) nothing more reaches it, so that no frame lands in
/// the person's shell; ask [`is_taken`].
pub struct Out {
    frame: Vec<u8>,
}

/// Larger than any frame that is likely, so that a secret handed through is not left behind by growing.
const FRAME_BYTES: usize = 128 * 1024;

impl Default for Out {
    fn default() -> Self {
        Self { frame: Vec::with_capacity(FRAME_BYTES) }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = if MODES.is_on() {
            stdout.write_all(&self.frame).and_then(|()| stdout.flush())
        } else {
            // No error: ratatui flushes once more when it is dropped, and would complain on the person's screen.
            Ok(())
        };
        self.frame.zeroize();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(bytes: &[u8], sequence: &str) -> usize {
        let text = String::from_utf8_lossy(bytes);
        text.find(sequence).unwrap_or_else(|| panic!("{sequence:?} is missing in {text:?}"))
    }

    #[test]
    fn leaving_undoes_in_reverse_and_only_once() {
        let modes = Modes::new();
        let mut out = Vec::new();
        modes.enter(&mut out, true, || Ok(())).unwrap();
        assert!(position(&out, "\x1b[?1049h") < position(&out, "\x1b[?2004h"));
        assert!(position(&out, "\x1b[?2004h") < position(&out, "\x1b[?25l"));
        assert!(!String::from_utf8_lossy(&out).contains("\x1b[?1000h"), "the mouse is left alone");

        let mut back = Vec::new();
        let mut cooked = 0;
        assert!(modes.leave(&mut back, || {
            cooked += 1;
            Ok(())
        }));
        assert!(position(&back, "\x1b[?25h") < position(&back, "\x1b[?2004l"));
        assert!(position(&back, "\x1b[?2004l") < position(&back, "\x1b[2J"));
        assert!(position(&back, "\x1b[2J") < position(&back, "\x1b[?1049l"));
        let length = back.len();
        assert!(!modes.leave(&mut back, || {
            cooked += 1;
            Ok(())
        }));
        assert_eq!((back.len(), cooked), (length, 1));
    }

    #[test]
    fn only_what_was_turned_on_is_turned_off() {
        let modes = Modes::new();
        let refused = modes.enter(&mut Vec::new(), true, || Err(io::Error::other("no")));
        assert!(refused.is_err());
        let mut back = Vec::new();
        assert!(modes.leave(&mut back, || Ok(())));
        let text = String::from_utf8_lossy(&back);
        assert!(!text.contains("1049") && !text.contains("2004") && !text.contains("[?25"), "{text:?}");

        let modes = Modes::new();
        modes.enter(&mut Vec::new(), false, || Ok(())).unwrap();
        let mut back = Vec::new();
        modes.leave(&mut back, || Ok(()));
        assert!(!String::from_utf8_lossy(&back).contains("2004"));
    }

    #[test]
    fn a_step_that_fails_does_not_stop_the_others() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::Error::other("gone"))
            }
        }
        let modes = Modes::new();
        modes.enter(&mut Vec::new(), true, || Ok(())).unwrap();
        let mut cooked = false;
        assert!(modes.leave(&mut Broken, || {
            cooked = true;
            Ok(())
        }));
        assert!(cooked);
    }

    #[test]
    fn nothing_is_written_while_the_terminal_is_not_ours() {
        let mut out = Out::default();
        out.write_all(b"a frame").unwrap();
        out.flush().unwrap();
        assert!(out.frame.is_empty() && !is_taken());
    }

    #[test]
    fn a_refusal_names_the_command_that_works_without_a_terminal() {
        assert!(TerminalError::NotATerminal("the input").to_string().contains("`handclasp check`"));
    }
}
