//! What a Graph path names: a set, one of its entities by id or alternate key, and the rest.

use super::answer::Refusal;
use crate::practice::wire::Request;
use crate::practice::world::{DirectoryObject, Kind, View, World};

/// One request to Graph, taken apart.
pub struct Ask<'a> {
    /// The request.
    pub request: &'a Request,
    /// Who calls.
    pub caller: &'a crate::practice::wire::Caller,
    /// Tenant GUID of the caller.
    pub tenant: String,
}

/// How an entity is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By its object id.
    Id(String),
    /// By an alternate key such as `appId='...'`.
    Alternate(String, String),
}

/// A path below the version root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The first segment in lower case.
    pub set: String,
    /// The entity, if one is named.
    pub key: Option<Key>,
    /// The segments after it, as they stand.
    pub rest: Vec<String>,
}

impl Target {
    /// Takes a path below the version root apart. `has_keys` says for which sets the second segment is an id.
    pub fn parse(path: &str, has_keys: impl Fn(&str) -> bool) -> Self {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned);
        let first = segments.next().unwrap_or_default();
        let (set, mut key) = match first.split_once('(') {
            Some((set, inner)) => (set.to_ascii_lowercase(), parse_key(inner)),
            None => (first.to_ascii_lowercase(), None),
        };
        let mut rest: Vec<String> = segments.collect();
        if key.is_none() && has_keys(&set) && !rest.is_empty() {
            key = Some(Key::Id(rest.remove(0)));
        }
        Self { set, key, rest }
    }

    /// The segments after the entity in lower case, to be matched on.
    pub fn tail(&self) -> Vec<String> {
        self.rest.iter().map(|segment| segment.to_ascii_lowercase()).collect()
    }
}

fn parse_key(inner: &str) -> Option<Key> {
    let inner = inner.strip_suffix(')')?;
    let unquote = |text: &str| text.trim_matches('\'').replace("''", "'");
    Some(match inner.split_once('=') {
        Some((name, value)) => Key::Alternate(name.trim().to_owned(), unquote(value.trim())),
        None => Key::Id(unquote(inner)),
    })
}

impl Key {
    /// The value, as error texts repeat it.
    pub fn value(&self) -> &str {
        match self {
            Self::Id(value) | Self::Alternate(_, value) => value,
        }
    }
}

/// One object that a reader of this view sees, or 404.
pub fn find<'a>(
    world: &'a World,
    kind: Kind,
    tenant: &str,
    key: &Key,
    view: View,
) -> Result<(&'a DirectoryObject, &'a serde_json::Value), Refusal> {
    let found = match key {
        Key::Id(id) => world.object(kind, tenant, id, view),
        Key::Alternate(name, value) => {
            let member = match (kind, name.to_ascii_lowercase().as_str()) {
                (_, "appid") => "appId",
                (Kind::Application, "uniquename") => "uniqueName",
                _ => {
                    let message =
                        format!("The key property '{name}' is not an alternate key of this resource.");
                    return Err(Refusal::new(400, "BadRequest", message));
                }
            };
            world.object_by(kind, tenant, member, value, view)
        }
    };
    found.ok_or_else(|| Refusal::not_found(key.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_forms_of_graph_are_understood() {
        let alternate = |name: &str, value: &str| Some(Key::Alternate(name.into(), value.into()));
        for (path, set, key, rest) in [
            ("applications", "applications", None, vec![]),
            ("applications/1/owners", "applications", Some(Key::Id("1".into())), vec!["owners"]),
            ("applications('1')/owners", "applications", Some(Key::Id("1".into())), vec!["owners"]),
            ("applications(appId='a')", "applications", alternate("appId", "a"), vec![]),
            ("Applications(uniqueName='it''s')", "applications", alternate("uniqueName", "it's"), vec![]),
            ("me/memberOf", "me", None, vec!["memberOf"]),
        ] {
            let target = Target::parse(path, |set| set == "applications");
            assert_eq!((target.set.as_str(), &target.key), (set, &key), "{path}");
            assert_eq!(target.rest, rest, "{path}");
        }
    }
}
