//! A clipboard in memory, for tests and for practice walks on machines without a display.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::Sensitivity;
use super::backend::BackendError;

/// What goes wrong with a [`MemoryClipboard`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no clipboard at all.
    Missing,
    /// Another program holds the clipboard for this many attempts.
    Occupied(u32),
    /// Writing seems to work, but the text does not arrive.
    LosesWrites,
    /// Every call fails with these words.
    Broken(&'static str),
}

/// The other side of [`ClipboardService::in_memory`](super::ClipboardService::in_memory): what a person, or
/// another program, sees and does. Clones share the same clipboard.
#[derive(Clone, Default)]
pub struct MemoryClipboard(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    content: Option<Content>,
    history: Vec<String>,
    fault: Option<Fault>,
}

struct Content {
    text: Zeroizing<String>,
    sensitivity: Sensitivity,
}

impl MemoryClipboard {
    /// The text on the clipboard.
    pub fn content(&self) -> Option<String> {
        self.state().content.as_ref().map(|content| content.text.to_string())
    }

    /// Whether the text on the clipboard was marked as a secret.
    pub fn is_marked_secret(&self) -> bool {
        self.state().content.as_ref().is_some_and(|content| content.sensitivity == Sensitivity::Secret)
    }

    /// What a well-behaved clipboard manager remembers: every plain text that we copied, oldest first.
    pub fn history(&self) -> Vec<String> {
        self.state().history.clone()
    }

    /// Another program copies a text.
    pub fn copied_by_another(&self, text: &str) {
        self.state().content =
            Some(Content { text: Zeroizing::new(text.to_owned()), sensitivity: Sensitivity::Plain });
    }

    /// From now on this goes wrong; `None` mends it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    pub(super) fn put(&self, text: &str, sensitivity: Sensitivity) -> Result<(), BackendError> {
        let mut state = self.state();
        if state.trip()? == Reach::Nothing {
            return Ok(());
        }
        if sensitivity == Sensitivity::Plain {
            state.history.push(text.to_owned());
        }
        state.content = Some(Content { text: Zeroizing::new(text.to_owned()), sensitivity });
        Ok(())
    }

    pub(super) fn get(&self) -> Result<Zeroizing<String>, BackendError> {
        let mut state = self.state();
        state.trip()?;
        state.content.as_ref().map(|content| content.text.clone()).ok_or(BackendError::NoText)
    }

    pub(super) fn clear(&self) -> Result<(), BackendError> {
        let mut state = self.state();
        if state.trip()? == Reach::Clipboard {
            state.content = None;
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a write gets.
#[derive(PartialEq, Eq)]
enum Reach {
    Clipboard,
    Nothing,
}

impl State {
    fn trip(&mut self) -> Result<Reach, BackendError> {
        match self.fault {
            None => Ok(Reach::Clipboard),
            Some(Fault::LosesWrites) => Ok(Reach::Nothing),
            Some(Fault::Missing) => Err(BackendError::Missing("there is no clipboard".to_owned())),
            Some(Fault::Broken(words)) => Err(BackendError::Other(words.to_owned())),
            Some(Fault::Occupied(0 | 1)) => {
                self.fault = None;
                Err(BackendError::Occupied)
            }
            Some(Fault::Occupied(times)) => {
                self.fault = Some(Fault::Occupied(times - 1));
                Err(BackendError::Occupied)
            }
        }
    }
}

impl fmt::Debug for MemoryClipboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryClipboard").field("fault", &self.state().fault).finish_non_exhaustive()
    }
}
