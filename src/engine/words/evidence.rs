//! What checks say of what was seen: lines of evidence and notes, as data.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{WordsError, fill, flatten, read};

const EVIDENCE: &str = include_str!("../../../assets/evidence.toml");
const FILE: &str = "evidence.toml";

type Texts = BTreeMap<String, String>;

/// Parses the embedded texts. Called by [`super::load`] at start; a test holds mistakes back.
pub(super) fn load() -> Result<(), WordsError> {
    parse(EVIDENCE).map(|_| ())
}

fn parse(text: &str) -> Result<Texts, WordsError> {
    let mut texts = Texts::new();
    flatten(FILE, "", read(FILE, text)?, &mut texts)?;
    Ok(texts)
}

/// All of them, by key.
pub(super) fn texts() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(|| parse(EVIDENCE).unwrap_or_default())
}

/// The text under this key, such as `auth.on.off`. The key is written out at every call, so that a test over the
/// sources can tell that it exists, that nothing is left to be filled, and which texts nobody says.
pub(in crate::engine) fn say(key: &'static str) -> &'static str {
    texts().get(key).map_or(key, String::as_str)
}

/// The text under this key with its placeholders filled, as in `say_with("auth.on.on", &[("id", id)])`. What is put
/// in is not looked at again: a value that looks like a placeholder stays as it is.
pub(in crate::engine) fn say_with(key: &'static str, values: &[(&str, &str)]) -> String {
    let text = say(key);
    let value =
        |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    fill(text, value).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests;
