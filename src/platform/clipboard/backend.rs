//! The clipboard that a program can hold in its hands: the desktop's own, or one in memory.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::lease::Mark;
use super::{Cleared, MemoryClipboard, Sensitivity};

/// How often an occupied clipboard is tried before giving up.
const ATTEMPTS: u32 = 6;

/// How long to leave a program that occupies the clipboard alone.
const PAUSE: Duration = Duration::from_millis(40);

/// How long the native handle lives after its last write, so that a clipboard manager can take the text over.
const HAND_OVER: Duration = Duration::from_millis(110);

/// Why a clipboard did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BackendError {
    /// It cannot be opened here at all.
    #[error("{0}")]
    Missing(String),
    #[error("another program keeps the clipboard busy.")]
    Occupied,
    #[error("there is no text on the clipboard.")]
    NoText,
    /// The write was accepted, yet the text is not there.
    #[error("the text did not arrive there.")]
    Lost,
    #[error("the clipboard did not answer in time.")]
    NoAnswer,
    #[error("{0}")]
    Other(String),
}

impl BackendError {
    /// Whether the text may be on the clipboard in spite of the error.
    pub(super) fn may_have_written(&self) -> bool {
        !matches!(self, Self::Missing(_))
    }
}

/// A clipboard, used from one thread only.
pub(super) enum Backend {
    Native(NativeClipboard),
    Memory(MemoryClipboard),
}

impl Backend {
    /// Puts a text on the clipboard and, if `look`, makes sure that it is there.
    pub(super) fn write(
        &mut self,
        text: &SecretString,
        sensitivity: Sensitivity,
        look: bool,
    ) -> Result<(), BackendError> {
        self.retrying(|backend| backend.put(text.expose_secret(), sensitivity))?;
        if look {
            match self.read() {
                Ok(there) if *there == text.expose_secret() => {}
                Ok(_) | Err(BackendError::NoText) => return Err(BackendError::Lost),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The text on the clipboard.
    pub(super) fn read(&mut self) -> Result<Zeroizing<String>, BackendError> {
        self.retrying(Self::get)
    }

    /// Whether the marked text is on the clipboard.
    pub(super) fn holds(&mut self, mark: &Mark) -> Result<bool, BackendError> {
        match self.read() {
            Ok(text) => Ok(mark.matches(&text)),
            Err(BackendError::NoText) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Empties the clipboard if the marked text is on it.
    pub(super) fn clear_if(&mut self, mark: &Mark) -> Result<Cleared, BackendError> {
        if !self.holds(mark)? {
            return Ok(Cleared::NotOurs);
        }
        self.retrying(Self::clear)?;
        Ok(Cleared::Cleared)
    }

    fn retrying<T>(
        &mut self,
        mut step: impl FnMut(&mut Self) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        for _ in 1..ATTEMPTS {
            match step(self) {
                Err(BackendError::Occupied) => {
                    if matches!(self, Self::Native(_)) {
                        std::thread::sleep(PAUSE);
                    }
                }
                done => return done,
            }
        }
        step(self)
    }

    fn put(&mut self, text: &str, sensitivity: Sensitivity) -> Result<(), BackendError> {
        match self {
            Self::Native(native) => native.put(text, sensitivity),
            Self::Memory(memory) => memory.put(text, sensitivity),
        }
    }

    fn get(&mut self) -> Result<Zeroizing<String>, BackendError> {
        match self {
            Self::Native(native) => Ok(Zeroizing::new(native.handle()?.get_text()?)),
            Self::Memory(memory) => memory.get(),
        }
    }

    fn clear(&mut self) -> Result<(), BackendError> {
        match self {
            Self::Native(native) => Ok(native.handle()?.clear()?),
            Self::Memory(memory) => memory.clear(),
        }
    }
}

/// The desktop's clipboard. The handle lives as long as this does: on X11 and Wayland it is our process that
/// serves the text to whoever pastes.
#[derive(Default)]
pub(super) struct NativeClipboard {
    handle: Option<arboard::Clipboard>,
    last_write: Option<Instant>,
}

impl NativeClipboard {
    fn handle(&mut self) -> Result<&mut arboard::Clipboard, BackendError> {
        match &mut self.handle {
            Some(handle) => Ok(handle),
            none => {
                let handle =
                    arboard::Clipboard::new().map_err(|error| BackendError::Missing(error.to_string()))?;
                Ok(none.insert(handle))
            }
        }
    }

    fn put(&mut self, text: &str, sensitivity: Sensitivity) -> Result<(), BackendError> {
        let set = self.handle()?.set();
        let set = if sensitivity == Sensitivity::Secret { kept_out_of_history(set) } else { set };
        set.text(Cow::Borrowed(text))?;
        self.last_write = Some(Instant::now());
        Ok(())
    }
}

impl Drop for NativeClipboard {
    fn drop(&mut self) {
        if let Some(rest) = self.last_write.and_then(|write| HAND_OVER.checked_sub(write.elapsed())) {
            std::thread::sleep(rest);
        }
    }
}

/// Asks clipboard managers not to keep the text: a KDE hint on Linux, an unofficial type on macOS, and on Windows
/// the one format that covers history and cloud (rust-tui-models (c)).
fn kept_out_of_history(set: arboard::Set<'_>) -> arboard::Set<'_> {
    #[cfg(windows)]
    {
        arboard::SetExtWindows::exclude_from_monitoring(set)
    }
    #[cfg(target_os = "macos")]
    {
        arboard::SetExtApple::exclude_from_history(set)
    }
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        arboard::SetExtLinux::exclude_from_history(set)
    }
}

impl From<arboard::Error> for BackendError {
    fn from(error: arboard::Error) -> Self {
        match error {
            arboard::Error::ClipboardOccupied => Self::Occupied,
            arboard::Error::ContentNotAvailable | arboard::Error::ConversionFailure => Self::NoText,
            arboard::Error::ClipboardNotSupported => Self::Missing(error.to_string()),
            // The library's own words, without its "Unknown error" in front.
            arboard::Error::Unknown { description } => Self::Other(format!("{description}.")),
            other => Self::Other(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fault;
    use super::*;

    fn memory() -> (Backend, MemoryClipboard) {
        let memory = MemoryClipboard::default();
        (Backend::Memory(memory.clone()), memory)
    }

    #[test]
    fn an_occupied_clipboard_is_tried_again_but_not_forever() {
        let (mut backend, memory) = memory();
        memory.set_fault(Some(Fault::Occupied(ATTEMPTS - 1)));
        assert_eq!(backend.write(&"a".into(), Sensitivity::Plain, true), Ok(()));
        memory.set_fault(Some(Fault::Occupied(ATTEMPTS)));
        let refused = backend.write(&"b".into(), Sensitivity::Plain, true);
        assert_eq!(refused, Err(BackendError::Occupied));
        assert_eq!(memory.content().as_deref(), Some("a"));
    }

    #[test]
    fn a_text_that_did_not_arrive_is_noticed_only_by_looking() {
        let (mut backend, memory) = memory();
        memory.set_fault(Some(Fault::LosesWrites));
        assert_eq!(backend.write(&"a".into(), Sensitivity::Plain, true), Err(BackendError::Lost));
        assert_eq!(backend.write(&"a".into(), Sensitivity::Plain, false), Ok(()));
    }

    #[test]
    fn clearing_spares_what_is_not_ours() {
        let (mut backend, memory) = memory();
        let mark = Mark::of(&"ours".into());
        assert_eq!(backend.clear_if(&mark), Ok(Cleared::NotOurs));
        memory.copied_by_another("theirs");
        assert_eq!(backend.clear_if(&mark), Ok(Cleared::NotOurs));
        assert_eq!(memory.content().as_deref(), Some("theirs"));
        memory.copied_by_another("ours");
        assert_eq!(backend.clear_if(&mark), Ok(Cleared::Cleared));
        assert_eq!(memory.content(), None);
    }

    #[test]
    fn the_library_s_errors_become_ours() {
        let of = |error: arboard::Error| BackendError::from(error);
        assert_eq!(of(arboard::Error::ClipboardOccupied), BackendError::Occupied);
        assert_eq!(of(arboard::Error::ContentNotAvailable), BackendError::NoText);
        assert_eq!(of(arboard::Error::ConversionFailure), BackendError::NoText);
        assert!(matches!(of(arboard::Error::ClipboardNotSupported), BackendError::Missing(_)));
        let unknown = of(arboard::Error::Unknown { description: "the pipe broke".to_owned() });
        assert_eq!(unknown.to_string(), "the pipe broke.");
        assert!(!of(arboard::Error::ClipboardNotSupported).may_have_written());
    }
}
