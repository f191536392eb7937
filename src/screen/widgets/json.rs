//! What a change changes: the members that differ between two JSON values, before → after.

use std::collections::BTreeSet;

use serde_json::Value;

use super::doc::Doc;
use super::text::{cells, pad};
use crate::screen::theme::Role;

/// One member that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is (`api.requestedAccessTokenVersion`).
    pub path: String,
    /// What was there, spelt as JSON; `None` when nothing was.
    pub before: Option<String>,
    /// What will be there; `None` when nothing will.
    pub after: Option<String>,
}

/// The members that differ, in the order of `after`; and how many stay as they are.
pub fn differences(before: &Value, after: &Value) -> (Vec<Difference>, usize) {
    let mut found = Vec::new();
    let mut same = 0;
    compare("", Some(before), Some(after), &mut found, &mut same);
    (found, same)
}

fn compare(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Difference>,
    same: &mut usize,
) {
    match (before, after) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for (key, value) in b {
                compare(&join(path, key), a.get(key), Some(value), found, same);
            }
            for (key, value) in a.iter().filter(|(key, _)| !b.contains_key(*key)) {
                compare(&join(path, key), Some(value), None, found, same);
            }
        }
        // An object that is new is shown member by member, else its line would be long and unreadable.
        (None | Some(Value::Null), Some(Value::Object(b))) if !b.is_empty() => {
            for (key, value) in b {
                compare(&join(path, key), None, Some(value), found, same);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a != b => lists(path, a, b, found, same),
        (None | Some(Value::Null), Some(Value::Array(b))) if !b.is_empty() => {
            lists(path, &[], b, found, same);
        }
        (a, b) if a.filter(|v| !v.is_null()) == b.filter(|v| !v.is_null()) => {
            *same += usize::from(a.is_some_and(|v| !v.is_null()));
        }
        (a, b) => found.push(Difference { path: path.to_owned(), before: spell(a), after: spell(b) }),
    }
}

/// Lists are compared as sets: services keep their order loosely, and what counts is what comes and goes.
fn lists(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>, same: &mut usize) {
    let texts = |list: &[Value]| list.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (old, new) = (texts(before), texts(after));
    *same += old.intersection(&new).count();
    for value in before.iter().filter(|v| !new.contains(&v.to_string())) {
        found.push(Difference { path: path.to_owned(), before: spell(Some(value)), after: None });
    }
    for value in after.iter().filter(|v| !old.contains(&v.to_string())) {
        match value {
            Value::Object(_) => compare(path, None, Some(value), found, same),
            _ => found.push(Difference { path: path.to_owned(), before: None, after: spell(Some(value)) }),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn spell(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => Some("\"\"".to_owned()),
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(list)) if list.is_empty() => Some("(empty list)".to_owned()),
        Some(Value::Object(members)) if members.is_empty() => Some("(nothing in it)".to_owned()),
        Some(other) => Some(other.to_string()),
    }
}

/// Adds what differs: on one line where it fits, else the path with the values below it.
pub fn changes(doc: &mut Doc, before: &Value, after: &Value) {
    let (found, same) = differences(before, after);
    let widest = found.iter().map(|d| cells(&d.path)).max().unwrap_or(0).min(doc.width() / 2);
    let mut last = String::new();
    for difference in &found {
        let path = if difference.path == last { "" } else { difference.path.as_str() };
        last.clone_from(&difference.path);
        let value = |side: &Option<String>| side.clone().unwrap_or_default();
        let (old, new) = (value(&difference.before), value(&difference.after));
        let line = match (&difference.before, &difference.after) {
            (Some(_), Some(_)) => format!("{old} → {new}"),
            (Some(_), None) => format!("- {old}"),
            _ => format!("+ {new}"),
        };
        let fits = cells(path) <= widest && widest + 2 + cells(&line) <= doc.width();
        if fits {
            let path = pad(path, widest);
            match (&difference.before, &difference.after) {
                (Some(_), Some(_)) => doc.pieces(&[
                    (&path, Role::Plain),
                    ("  ", Role::Plain),
                    (&old, Role::Bad),
                    (" → ", Role::Quiet),
                    (&new, Role::Good),
                ]),
                (Some(_), None) => {
                    doc.pieces(&[(&path, Role::Plain), ("  ", Role::Plain), (&line, Role::Bad)]);
                }
                _ => doc.pieces(&[(&path, Role::Plain), ("  ", Role::Plain), (&line, Role::Good)]),
            }
            continue;
        }
        doc.text(Role::Plain, path);
        doc.indented(2, |doc| {
            if difference.before.is_some() {
                doc.hanging("- ", Role::Bad, Role::Bad, &old);
            }
            if difference.after.is_some() {
                doc.hanging("+ ", Role::Good, Role::Good, &new);
            }
        });
    }
    match same {
        0 => {}
        1 => doc.text(Role::Quiet, "1 other value is sent again as it is."),
        n => doc.text(Role::Quiet, &format!("{n} other values are sent again as they are.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(before: &Value, after: &Value) -> Vec<String> {
        let side = |s: Option<String>| s.unwrap_or_else(|| "nothing".into());
        differences(before, after)
            .0
            .into_iter()
            .map(|d| format!("{}: {} > {}", d.path, side(d.before), side(d.after)))
            .collect()
    }

    #[test]
    fn only_what_differs_is_found() {
        let before = json!({"platform": {"enabled": false}, "list": ["a", "b"], "same": 1, "gone": true});
        let after = json!({"platform": {"enabled": true}, "list": ["b", "c"], "same": 1, "new": {"x": "y"}});
        assert_eq!(
            lines(&before, &after),
            [
                "platform.enabled: false > true",
                "list: a > nothing",
                "list: nothing > c",
                "new.x: nothing > y",
                "gone: true > nothing",
            ]
        );
        assert_eq!(differences(&before, &after).1, 2);
    }

    #[test]
    fn a_creation_lists_its_members() {
        let after = json!({"displayName": "x", "api": {"scopes": [{"id": "1", "value": "u"}]}, "empty": []});
        assert_eq!(
            lines(&Value::Null, &after),
            [
                "displayName: nothing > x",
                "api.scopes.id: nothing > 1",
                "api.scopes.value: nothing > u",
                "empty: nothing > (empty list)",
            ]
        );
    }

    #[test]
    fn equal_values_differ_in_nothing() {
        let value = json!({"a": [1, {"b": null}], "c": {}});
        assert!(lines(&value, &value).is_empty());
        assert!(lines(&json!({"a": null}), &json!({})).is_empty());
    }
}
