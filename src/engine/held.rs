//! What this run holds for the person, seen from outside the vault: never a value.

use jiff::{SignedDuration, Timestamp};

/// For how long a new secret may be unknown to the sign-in service. Usually it is under a minute (microsoft-cloud 4.9).
const NEW: SignedDuration = SignedDuration::from_secs(120);
/// For how long a value is tried that is in no list: a secret of a moment ago, or one of another app.
const UNLISTED: SignedDuration = SignedDuration::from_secs(10);

/// What the secret vault holds. The value itself never leaves the vault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// The client secret, if its value is here.
    pub secret: Option<HeldSecret>,
}

/// A held client secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSecret {
    /// Client id of the registration it belongs to.
    pub client_app_id: String,
    /// Its key id: known when we made it, or when its first characters fit exactly one secret.
    pub key_id: Option<String>,
    /// When it ends, where known.
    pub ends: Option<Timestamp>,
    /// When it was made, where known.
    pub made: Option<Timestamp>,
    /// Whether we made it in this run (else it was pasted).
    pub made_here: bool,
}

impl HeldSecret {
    /// For how long from now on a refusal may only mean that the sign-in service does not know this secret yet; zero
    /// when a refusal is the truth.
    pub fn may_be_unknown(&self, now: Timestamp) -> SignedDuration {
        match (&self.key_id, self.made) {
            _ if self.made_here => NEW,
            (Some(_), Some(made)) => (NEW - now.duration_since(made)).clamp(SignedDuration::ZERO, NEW),
            (Some(_), None) => SignedDuration::ZERO,
            (None, _) => UNLISTED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_a_secret_is_believed_once_it_is_old_enough() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let secret = |key: bool, age: Option<i64>, made_here| HeldSecret {
            client_app_id: "client".to_owned(),
            key_id: key.then(|| "key".to_owned()),
            ends: None,
            made: age.map(|age| now - SignedDuration::from_secs(age)),
            made_here,
        };
        for (held, seconds) in [
            (secret(true, None, true), 120),
            (secret(true, Some(1), false), 119),
            (secret(true, Some(120), false), 0),
            (secret(true, Some(86_400), false), 0),
            // This machine's clock may be behind.
            (secret(true, Some(-600), false), 120),
            (secret(true, None, false), 0),
            (secret(false, None, false), 10),
        ] {
            assert_eq!(held.may_be_unknown(now).as_secs(), seconds, "{held:?}");
        }
    }
}
