//! What a person last copied from a page, for the steps that paste it.

use secrecy::{ExposeSecret, SecretString};

/// The values on a person's mind between two pages.
#[derive(Debug, Default)]
pub struct Copied {
    /// Client id of the registration made last.
    pub client_id: Option<String>,
    /// Value of the client secret made last.
    pub secret: Option<SecretString>,
    /// Its secret id, which is often pasted in its place.
    pub secret_id: Option<String>,
    /// Redirect URL that the connector page showed last.
    pub redirect_url: Option<String>,
    /// Name of the connector saved last.
    pub connector: Option<String>,
    /// How many times the person still copies a secret's value without its end.
    pub slips: u32,
}

impl Copied {
    /// Copies a secret's value from the page that shows it this once, and says what is now to be pasted.
    pub fn take_secret(&mut self, value: &SecretString) -> SecretString {
        let slips = self.slips > 0;
        self.slips = self.slips.saturating_sub(1);
        let copied = if slips { cut_short(value) } else { value.clone() };
        self.secret = Some(copied.clone());
        copied
    }
}

/// A value without its end, as it is where a person selects it by hand: long enough for a value, and none that Entra knows.
pub fn cut_short(value: &SecretString) -> SecretString {
    let all = value.expose_secret();
    let kept = all.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
    all[..kept].into()
}
