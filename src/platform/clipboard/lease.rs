//! Remembering what we put on the clipboard without keeping it: a keyed digest, and a number for each copy.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Sensitivity, route::Route};

/// Names one copy of ours. A newer copy has another ticket, so an old timer cannot clear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub(super) u64);

/// What we know of the text that we put on the clipboard last.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) ticket: Ticket,
    pub(super) route: Route,
    pub(super) sensitivity: Sensitivity,
    pub(super) mark: Mark,
}

/// Recognises one text without holding it.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Mark {
    pub(super) fn of(text: &SecretString) -> Self {
        // A key of its own for each text, so that equal texts leave no equal traces in memory.
        let key = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let tag = hmac::sign(&key, text.expose_secret().as_bytes());
        Self { key, tag }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        hmac::verify(&self.key, text.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_knows_its_text_and_no_other() {
        let mark = Mark::of(&"value-1".into());
        assert!(mark.matches("value-1"));
        assert!(!mark.matches("value-2"));
        assert!(!mark.matches(""));
    }

    #[test]
    fn equal_texts_leave_different_marks() {
        let (one, two) = (Mark::of(&"same".into()), Mark::of(&"same".into()));
        assert_ne!(one.tag.as_ref(), two.tag.as_ref());
        assert!(!format!("{one:?}").contains("same"));
    }
}
