//! Sentences that one place in the code says of what it saw, plans or failed at, as data: the lines of checks, of plans
//! and of what goes wrong. What faces show around them is [`ui`](super::ui)'s.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{WordsError, damaged, fill, flatten, read};

/// Each file with its text. A key stands in one of them only.
const FILES: [(&str, &str); 3] = [
    ("evidence.toml", include_str!("../../../assets/evidence.toml")),
    ("plans.toml", include_str!("../../../assets/plans.toml")),
    ("troubles.toml", include_str!("../../../assets/troubles.toml")),
];

type Texts = BTreeMap<String, String>;

/// Parses the embedded texts. For the test that holds mistakes back.
#[cfg(test)]
pub(super) fn load() -> Result<(), WordsError> {
    parse_all(&FILES).map(|_| ())
}

fn parse_all(files: &[(&'static str, &str)]) -> Result<Texts, WordsError> {
    let mut all = Texts::new();
    for (file, text) in files {
        for (key, text) in parse(file, text)? {
            if all.contains_key(&key) {
                return Err(damaged(file, format!("another file has {key} already")));
            }
            all.insert(key, text);
        }
    }
    Ok(all)
}

fn parse(file: &'static str, text: &str) -> Result<Texts, WordsError> {
    let mut texts = Texts::new();
    flatten(file, "", read(file, text)?, &mut texts)?;
    Ok(texts)
}

/// All of them, by key.
pub(super) fn texts() -> &'static Texts {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    TEXTS.get_or_init(|| parse_all(&FILES).unwrap_or_default())
}

/// The text under this key, such as `auth.on.off`. The key is written out at every call, so that a test over the
/// sources can tell that it exists, that nothing is left to be filled, and which texts nobody says.
pub fn say(key: &'static str) -> &'static str {
    texts().get(key).map_or(key, String::as_str)
}

/// The text under this key with its placeholders filled, as in `say_with("auth.on.on", &[("id", id)])`. What is put
/// in is not looked at again: a value that looks like a placeholder stays as it is.
pub fn say_with(key: &'static str, values: &[(&str, &str)]) -> String {
    let text = say(key);
    let value =
        |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    fill(text, value).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests;
