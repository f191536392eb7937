//! What a change changes: the members that differ between two JSON values, before → after.

use std::collections::BTreeSet;

use serde_json::Value;

use super::doc::Doc;
use super::text::{cells, pad, wrap};
use crate::engine::words::{ui, ui_with};
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
        Some(Value::Array(list)) if list.is_empty() => Some(ui("screen.empty_list").to_owned()),
        Some(Value::Object(members)) if members.is_empty() => Some(ui("screen.nothing_in_it").to_owned()),
        Some(other) => Some(other.to_string()),
    }
}

/// Adds what differs, member by member under the path that they share; a long value goes on below itself.
pub fn changes(doc: &mut Doc, before: &Value, after: &Value) {
    let (found, same) = differences(before, after);
    for group in found.chunk_by(|a, b| parent(&a.path) == parent(&b.path)) {
        let path = group.first().map_or("", |d| parent(&d.path));
        doc.text(Role::Quiet, &without_front(path, doc.width()));
        let by = if path.is_empty() { 0 } else { 2 };
        doc.indented(by, |doc| {
            let widest = group.iter().map(|d| cells(leaf(&d.path))).max().unwrap_or(0).min(doc.width() / 2);
            let mut last = "";
            for difference in group {
                let name = if difference.path == last { "" } else { leaf(&difference.path) };
                last = &difference.path;
                one(doc, &pad(name, widest), difference);
            }
        });
    }
    match same {
        0 => {}
        1 => doc.text(Role::Quiet, ui("screen.same_one")),
        n => doc.text(Role::Quiet, &ui_with("screen.same_many", &[("count", &n.to_string())])),
    }
}

fn one(doc: &mut Doc, name: &str, difference: &Difference) {
    let room = doc.width().saturating_sub(cells(name) + 2);
    match (&difference.before, &difference.after) {
        (Some(old), Some(new)) if cells(old) + 3 + cells(new) <= room => doc.pieces(&[
            (name, Role::Plain),
            ("  ", Role::Plain),
            (old, Role::Quiet),
            (" → ", Role::Quiet),
            (new, Role::Good),
        ]),
        (old, new) => {
            let blank = " ".repeat(cells(name));
            if let Some(old) = old {
                side(doc, name, "- ", Role::Caution, old);
            }
            if let Some(new) = new {
                side(doc, if old.is_some() { &blank } else { name }, "+ ", Role::Good, new);
            }
        }
    }
}

fn side(doc: &mut Doc, name: &str, sign: &str, role: Role, value: &str) {
    let lead = cells(name) + 2;
    let room = doc.width().saturating_sub(lead + cells(sign));
    for (i, line) in wrap(value, room).iter().enumerate() {
        let (name, sign) = if i == 0 { (name.to_owned(), sign) } else { (" ".repeat(cells(name)), "  ") };
        doc.pieces(&[(&name, Role::Plain), ("  ", Role::Plain), (sign, role), (line, role)]);
    }
}

/// The path without its first members, where all of it does not fit.
fn without_front(path: &str, room: usize) -> String {
    if cells(path) <= room {
        return path.to_owned();
    }
    let ends = path.match_indices('.').map(|(i, _)| &path[i..]);
    ends.into_iter().find(|end| cells(end) < room).map_or_else(|| path.to_owned(), |end| format!("…{end}"))
}

fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(parent, _)| parent)
}

fn leaf(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, leaf)| leaf)
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
