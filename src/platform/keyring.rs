//! The operating system's keyring, where a person's sign-in is kept if they asked for it: the Credential Manager of
//! Windows, the Keychain of macOS, and the Secret Service (GNOME Keyring, KWallet, KeePassXC) elsewhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keyring_core::{CredentialStore, Error, mock};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Under which name of a program all entries stand.
const SERVICE: &str = "handclasp";
/// A keyring may ask its owner to unlock it; nobody is waited for longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes in one entry: Windows takes 2,560 and no more, and a refresh token may be longer.
const PIECE: usize = 2_000;
/// More pieces than these are none of ours.
const MOST_PIECES: usize = 16;

/// The keyring. Cheap to clone. Nothing is asked of the system before the first entry is.
#[derive(Clone)]
pub struct Keyring {
    open: Arc<dyn Fn() -> Result<Arc<CredentialStore>, Error> + Send + Sync>,
}

/// Why the keyring did not do it. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyringError {
    /// There is none here, it is locked, or it does not answer; the system's own words.
    NotReached(String),
    /// What stands in it is not what was put there.
    Damaged,
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReached(_) => "No keyring can be reached here.",
            Self::Damaged => "What stands in the keyring cannot be read.",
        })
    }
}

impl Keyring {
    /// The keyring of this account.
    pub fn of_system() -> Self {
        Self { open: Arc::new(system) }
    }

    /// One that lives in memory and ends with its last clone, for tests.
    pub fn in_memory() -> Self {
        let store: Option<Arc<CredentialStore>> =
            mock::Store::new().ok().map(|store| -> Arc<CredentialStore> { store });
        Self { open: Arc::new(move || store.clone().ok_or(Error::NoDefaultStore)) }
    }

    /// One that cannot be reached, as over SSH or in a container, for tests.
    pub fn out_of_reach() -> Self {
        Self { open: Arc::new(|| Err(Error::NoDefaultStore)) }
    }

    /// What is kept under a name; `None` where nothing is.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn read(&self, name: &str) -> Result<Option<SecretString>, KeyringError> {
        self.with(name, |at| {
            let Some(first) = at.piece(0)? else { return Ok(None) };
            let Some((count, first)) = split(&first) else { return Err(KeyringError::Damaged) };
            let mut whole = Zeroizing::new(first.to_owned());
            for number in 1..count {
                let piece = at.piece(number)?.ok_or(KeyringError::Damaged)?;
                whole.push_str(&piece);
            }
            Ok(Some(SecretString::from(whole.as_str())))
        })
        .await
    }

    /// Keeps a value under a name, in the place of what was kept there.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn keep(&self, name: &str, value: &SecretString) -> Result<(), KeyringError> {
        let value = value.clone();
        self.with(name, move |at| {
            let before = at.count()?;
            let pieces = cut(value.expose_secret());
            // The first piece tells how many there are, so it comes last.
            for (number, piece) in pieces.iter().enumerate().skip(1).rev() {
                at.set(number, piece)?;
            }
            let head =
                Zeroizing::new(format!("{}\n{}", pieces.len(), pieces.first().copied().unwrap_or_default()));
            at.set(0, &head)?;
            for number in pieces.len()..before {
                at.remove(number)?;
            }
            Ok(())
        })
        .await
    }

    /// Forgets what is kept under a name. Whether there was anything.
    ///
    /// # Errors
    /// [`KeyringError`].
    pub async fn forget(&self, name: &str) -> Result<bool, KeyringError> {
        self.with(name, |at| {
            let count = at.count()?.max(1);
            let mut any = false;
            for number in 0..count {
                any |= at.remove(number)?;
            }
            Ok(any)
        })
        .await
    }

    /// Does something with an entry, on a thread that may wait for the keyring's owner.
    async fn with<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Entries) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let (open, name) = (self.open.clone(), name.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            let store = open().map_err(|error| not_reached(&error))?;
            work(&Entries { store, name })
        });
        let silent = |words: &str| KeyringError::NotReached(words.to_owned());
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(silent("it broke off")),
            Err(_) => Err(silent("it does not answer")),
        }
    }
}

/// The entries in which the pieces of one value stand.
struct Entries {
    store: Arc<CredentialStore>,
    name: String,
}

impl Entries {
    fn entry(&self, number: usize) -> Result<keyring_core::Entry, KeyringError> {
        let user = if number == 0 { self.name.clone() } else { format!("{} {}", self.name, number + 1) };
        self.store.build(SERVICE, &user, None).map_err(|error| not_reached(&error))
    }

    fn piece(&self, number: usize) -> Result<Option<Zeroizing<String>>, KeyringError> {
        match self.entry(number)?.get_secret() {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let text = std::str::from_utf8(&bytes).map_err(|_| KeyringError::Damaged)?;
                Ok(Some(Zeroizing::new(text.to_owned())))
            }
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(not_reached(&error)),
        }
    }

    /// How many pieces stand there; one where that cannot be told.
    fn count(&self) -> Result<usize, KeyringError> {
        Ok(self.piece(0)?.map_or(0, |first| split(&first).map_or(1, |(count, _)| count)))
    }

    fn set(&self, number: usize, piece: &str) -> Result<(), KeyringError> {
        self.entry(number)?.set_secret(piece.as_bytes()).map_err(|error| not_reached(&error))
    }

    fn remove(&self, number: usize) -> Result<bool, KeyringError> {
        match self.entry(number)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(not_reached(&error)),
        }
    }
}

/// The number of pieces, and the first of them.
fn split(first: &str) -> Option<(usize, &str)> {
    let (count, rest) = first.split_once('\n')?;
    let count = count.parse().ok().filter(|count| (1..=MOST_PIECES).contains(count))?;
    Some((count, rest))
}

/// Pieces that each fit into one entry.
fn cut(value: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = value;
    while rest.len() > PIECE {
        let at = (0..=PIECE).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(PIECE);
        let Some((piece, after)) = rest.split_at_checked(at) else { break };
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// The words of an error. Those of a value that cannot be read could hold it, so they are left out.
fn not_reached(error: &Error) -> KeyringError {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) | Error::Ambiguous(_) => {
            KeyringError::Damaged
        }
        other => KeyringError::NotReached(other.to_string()),
    }
}

#[cfg(windows)]
fn system() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = windows_native_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(target_os = "macos")]
fn system() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn system() -> Result<Arc<CredentialStore>, Error> {
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: Option<SecretString>) -> Option<String> {
        value.map(|value| value.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn what_is_kept_is_read_replaced_and_forgotten() {
        let keyring = Keyring::in_memory();
        assert_eq!(shown(keyring.read("a").await.unwrap()), None);
        assert!(!keyring.forget("a").await.unwrap(), "there was nothing");
        // Longer than one entry of Windows, and with letters of more than one byte at every border.
        let long = "ä1".repeat(3_000);
        for value in [long.as_str(), "short", "", &long] {
            keyring.keep("a", &value.into()).await.unwrap();
            assert_eq!(shown(keyring.read("a").await.unwrap()).as_deref(), Some(value));
            assert_eq!(shown(keyring.read("b").await.unwrap()), None, "each name by itself");
        }
        assert!(keyring.forget("a").await.unwrap());
        assert_eq!(shown(keyring.read("a").await.unwrap()), None);
        keyring.keep("a", &"short".into()).await.unwrap();
        assert_eq!(shown(keyring.read("a").await.unwrap()).as_deref(), Some("short"), "no old piece is left");
    }

    #[tokio::test]
    async fn every_piece_fits_where_windows_takes_the_least() {
        let value = "é".repeat(5_000);
        let pieces = cut(&value);
        assert_eq!(pieces.concat(), value);
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() + 4 <= 2_560));
    }

    #[tokio::test]
    async fn where_there_is_none_that_is_said() {
        let keyring = Keyring::out_of_reach();
        let name = "a";
        let told = keyring.read(name).await.unwrap_err();
        assert!(matches!(told, KeyringError::NotReached(_)));
        assert!(keyring.keep(name, &"x".into()).await.is_err() && keyring.forget(name).await.is_err());
    }

    #[tokio::test]
    async fn what_somebody_else_wrote_there_is_not_taken_for_a_value() {
        let keyring = Keyring::in_memory();
        let store = (keyring.open)().unwrap();
        for odd in ["", "17\nx", "0\nx", "-1\nx", "2\nonly one piece"] {
            store.build(SERVICE, "a", None).unwrap().set_secret(odd.as_bytes()).unwrap();
            assert_eq!(keyring.read("a").await.unwrap_err(), KeyringError::Damaged, "{odd:?}");
        }
        keyring.keep("a", &"ours".into()).await.unwrap();
        assert_eq!(shown(keyring.read("a").await.unwrap()).as_deref(), Some("ours"), "and is written over");
    }
}
