//! What this run holds for the person, seen from outside the vault: never a value.

use jiff::Timestamp;

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
    /// Whether we made it in this run (else it was pasted).
    pub made_here: bool,
}
