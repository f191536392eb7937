//! The secret vault: the one place where the client secret's value lives, in memory only.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::engine::facts::SecretInfo;
use crate::engine::held::{Held, HeldSecret};

use super::field::MaskedField;

/// Holds at most one client secret, and the masked field that one is typed into.
#[derive(Default)]
pub struct Vault {
    /// The masked field.
    pub field: MaskedField,
    held: Option<(HeldSecret, SecretString)>,
}

impl Vault {
    /// What is held, without values.
    pub fn held(&self) -> Held {
        Held { secret: self.held.as_ref().map(|(known, _)| known.clone()) }
    }

    /// The value, for the call or the clipboard that needs it.
    pub fn value(&self) -> Option<SecretString> {
        self.held.as_ref().map(|(_, value)| value.clone())
    }

    /// Takes a value that we just made.
    pub fn keep_made(
        &mut self,
        client_app_id: &str,
        key_id: &str,
        ends: Option<Timestamp>,
        value: SecretString,
    ) {
        let known = HeldSecret {
            client_app_id: client_app_id.to_owned(),
            key_id: Some(key_id.to_owned()),
            ends,
            made: None,
            made_here: true,
        };
        self.held = Some((known, value));
    }

    /// Takes a value that a person pasted, for this client. Which of its secrets it is is known only when its first
    /// characters fit exactly one (Graph's `hint` holds three, microsoft-cloud 4.5); where none can be read, it is not.
    pub fn keep_pasted(&mut self, client_app_id: &str, secrets: &[SecretInfo], value: SecretString) {
        let mut fitting =
            secrets.iter().filter(|s| !s.hint.is_empty() && value.expose_secret().starts_with(&s.hint));
        let one = fitting.next().filter(|_| fitting.next().is_none());
        let known = HeldSecret {
            client_app_id: client_app_id.to_owned(),
            key_id: one.map(|s| s.key_id.clone()),
            ends: one.and_then(|s| s.end),
            made: one.and_then(|s| s.start),
            made_here: false,
        };
        self.held = Some((known, value));
    }

    /// Forgets the value; its memory is wiped.
    pub fn forget(&mut self) {
        self.held = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures::{CLIENT, finished};

    fn secrets() -> Vec<SecretInfo> {
        finished().client_app.value().unwrap().secrets.clone()
    }

    #[test]
    fn a_pasted_value_is_matched_by_its_first_characters_when_only_one_fits() {
        let mut vault = Vault::default();
        let mut known = secrets();
        vault.keep_pasted(CLIENT, &known, "8QxSECRET".to_owned().into());
        assert_eq!(vault.held().secret.unwrap().key_id.as_deref(), Some(known[0].key_id.as_str()));
        let mut twin = known[0].clone();
        twin.key_id = "another".into();
        known.push(twin);
        vault.keep_pasted(CLIENT, &known, "8QxSECRET".to_owned().into());
        assert_eq!(vault.held().secret.unwrap().key_id, None, "two fit, so it is not known which");
        vault.keep_pasted(CLIENT, &[], "8QxSECRET".to_owned().into());
        let held = vault.held().secret.unwrap();
        assert_eq!((held.client_app_id.as_str(), held.key_id, held.ends), (CLIENT, None, None));
    }

    #[test]
    fn what_is_held_shows_nothing_of_the_value() {
        let mut vault = Vault::default();
        vault.keep_made(CLIENT, "key", None, "canary-value".to_owned().into());
        assert!(!format!("{:?}", vault.held()).contains("canary"));
        assert_eq!(vault.value().unwrap().expose_secret(), "canary-value");
        vault.forget();
        assert!(vault.value().is_none() && vault.held().secret.is_none());
    }
}
