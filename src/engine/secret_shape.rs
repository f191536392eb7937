//! Whether a pasted text can be a client secret's value at all: tells the secret's ID from its value.
//!
//! The value is looked at and never kept, copied or quoted here. What a real value looks like is not documented
//! (microsoft-cloud 4.5), so only what certainly is none is refused.

use uuid::Uuid;

use super::facts::SecretInfo;

/// No client secret that Entra makes is shorter; today's have about 40 characters.
const SHORTEST: usize = 16;
/// What Entra makes today is not shorter than this.
const TODAYS: usize = 30;
/// A text longer than this was copied with something around it.
const LONGEST: usize = 200;
/// How many characters of a value Entra keeps as its hint.
const HINT: usize = 3;

/// What a pasted text looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretShape {
    /// Nothing was pasted.
    Empty,
    /// A GUID: the secret's ID, not its value. Holds the key id where it is one of this app's secrets.
    Id {
        /// The key id of this app's secret that has this ID.
        of: Option<String>,
    },
    /// Too short to be one. Holds the number of characters.
    TooShort(usize),
    /// Too long to be one. Holds the number of characters.
    TooLong(usize),
    /// There is a space or a line break in the middle.
    HasSpaces,
    /// There are characters that no secret has.
    Foreign,
    /// It can be a value, and begins like exactly one of the app's secrets.
    Fits {
        /// The key id of that secret.
        key_id: String,
    },
    /// It can be a value; it begins like several of the app's secrets, or the app's secrets could not be read.
    Possible,
    /// It has the form of a value, but begins like none of the app's secrets.
    NotThisApps,
}

impl SecretShape {
    /// Whether it is worth taking: it can be a value. One that begins like none of the app's secrets is taken too, since
    /// a secret made a moment ago may not be listed yet.
    pub const fn can_be_taken(&self) -> bool {
        matches!(self, Self::Fits { .. } | Self::Possible | Self::NotThisApps)
    }
}

/// Judges a pasted value that was cleaned already ([`super::clean::clean_paste`]). `secrets` are those of the
/// connector's app; `None` when they could not be read.
pub fn judge(value: &str, secrets: Option<&[SecretInfo]>) -> SecretShape {
    let count = value.chars().count();
    if count == 0 {
        return SecretShape::Empty;
    }
    let bare = value.trim_matches(['{', '}', '(', ')', '"']);
    if let Ok(id) = Uuid::try_parse(bare) {
        let id = id.hyphenated().to_string();
        let of = secrets
            .unwrap_or_default()
            .iter()
            .find(|secret| secret.key_id.eq_ignore_ascii_case(&id))
            .map(|secret| secret.key_id.clone());
        return SecretShape::Id { of };
    }
    if value.chars().any(char::is_whitespace) {
        return SecretShape::HasSpaces;
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return SecretShape::Foreign;
    }
    if count < SHORTEST {
        return SecretShape::TooShort(count);
    }
    if count > LONGEST {
        return SecretShape::TooLong(count);
    }
    by_hint(value, secrets)
}

/// Whether a text that was pasted somewhere else is a secret: by its form and its first characters one of the app's, or
/// of the form that Entra's have today. That form is not documented, so nothing but not showing it rests on it.
pub fn is_like_one(text: &str, secrets: Option<&[SecretInfo]>) -> bool {
    let shape = judge(text, secrets);
    let todays = text.contains('~') && text.len() >= TODAYS;
    // An address can begin like anything.
    !text.contains('/') && (matches!(shape, SecretShape::Fits { .. }) || (todays && shape.can_be_taken()))
}

/// Compares the first characters with the hints that Entra keeps.
fn by_hint(value: &str, secrets: Option<&[SecretInfo]>) -> SecretShape {
    let Some(secrets) = secrets else { return SecretShape::Possible };
    let begins = |secret: &&SecretInfo| secret.hint.len() == HINT && value.starts_with(secret.hint.as_str());
    let mut fitting = secrets.iter().filter(begins);
    match (fitting.next(), fitting.next()) {
        (Some(secret), None) => SecretShape::Fits { key_id: secret.key_id.clone() },
        (Some(_), Some(_)) => SecretShape::Possible,
        // A secret without a usable hint may be the one.
        (None, _) if secrets.iter().any(|secret| secret.hint.len() != HINT) => SecretShape::Possible,
        (None, _) => SecretShape::NotThisApps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALUE: &str = "Xy78Q~not-a-real-secret-only-for-tests-0";

    #[test]
    fn a_secret_that_was_pasted_elsewhere_is_known_by_its_form_or_its_first_characters() {
        let secrets = vec![secret("c0ffee00-0000-4000-8000-000000000001", "Xy7")];
        assert!(is_like_one("Xy7-is-not-of-the-usual-form", Some(&secrets)));
        assert!(is_like_one(VALUE, None), "of another app");
        for (text, known) in [
            ("Xy7-is-not-of-the-usual-form-at-all", None),
            ("contoso-hello~1", None),
            ("A sentence with a ~ in it, which is long enough", None),
            ("https://global.consent.azure-apim.net/redirect/a", Some(&secrets)),
            ("Xy7 is where the error was on the page", Some(&secrets)),
            ("Xy78", Some(&secrets)),
        ] {
            assert!(!is_like_one(text, known.map(Vec::as_slice)), "{text}");
        }
    }

    fn secret(key_id: &str, hint: &str) -> SecretInfo {
        SecretInfo {
            key_id: key_id.to_owned(),
            display_name: "connector".to_owned(),
            hint: hint.to_owned(),
            start: None,
            end: None,
        }
    }

    #[test]
    fn an_id_is_told_from_a_value() {
        let id = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
        let ours = [secret(id, "Xy7")];
        for pasted in [id.to_owned(), id.to_uppercase(), format!("{{{id}}}")] {
            assert_eq!(judge(&pasted, Some(&ours)), SecretShape::Id { of: Some(id.to_owned()) });
        }
        assert_eq!(judge(&id.replace('0', "1"), Some(&ours)), SecretShape::Id { of: None });
        assert_eq!(judge(id, None), SecretShape::Id { of: None });
        assert!(!judge(id, None).can_be_taken());
    }

    #[test]
    fn what_cannot_be_a_secret_says_why() {
        for (pasted, shape) in [
            (String::new(), SecretShape::Empty),
            ("Xy78Q~abc".to_owned(), SecretShape::TooShort(9)),
            (format!("{VALUE} {VALUE}"), SecretShape::HasSpaces),
            (format!("{VALUE}…"), SecretShape::Foreign),
            ("x".repeat(201), SecretShape::TooLong(201)),
        ] {
            assert_eq!(judge(&pasted, None), shape);
            assert!(!shape.can_be_taken());
        }
    }

    #[test]
    fn the_hint_says_which_secret_it_is() {
        let one = secret("k1", "Xy7");
        let other = secret("k2", "abc");
        let blank = secret("k3", "");
        for (secrets, shape) in [
            (vec![one.clone(), other.clone()], SecretShape::Fits { key_id: "k1".to_owned() }),
            (vec![one.clone(), one.clone()], SecretShape::Possible),
            (vec![other.clone()], SecretShape::NotThisApps),
            (vec![other, blank], SecretShape::Possible),
            (vec![], SecretShape::NotThisApps),
        ] {
            assert_eq!(judge(VALUE, Some(&secrets)), shape);
            assert!(shape.can_be_taken());
        }
        assert_eq!(judge(VALUE, None), SecretShape::Possible);
    }

    proptest! {
        #[test]
        fn a_verdict_never_holds_the_value(value in "[!-~]{16,60}", hint in "[!-~]{3}") {
            let secrets = [secret("k1", &hint), secret("k2", &value[..3])];
            let shape = judge(&value, Some(&secrets));
            let shown = format!("{shape:?}");
            prop_assert!(!shown.contains(&value));
            let is_id = matches!(shape, SecretShape::Id { .. });
            prop_assert_ne!(shape.can_be_taken(), is_id);
        }
    }
}
