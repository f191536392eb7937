//! Reading members of a JSON answer that may be missing, null, or of another type than promised.

use jiff::Timestamp;
use serde_json::Value;

use crate::engine::clean::clean_line;

/// Widest name that is kept from an answer, in terminal cells.
const NAME_CELLS: usize = 120;

/// The member at a path of names; `Null` where any of them is missing.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |v, name| v.get(name).unwrap_or(&Value::Null))
}

/// A string, exactly as it came: for values that are compared or sent back.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<String> {
    at(value, path).as_str().map(str::to_owned)
}

/// A string that is not empty.
pub(super) fn filled(value: &Value, path: &[&str]) -> Option<String> {
    text(value, path).filter(|s| !s.trim().is_empty())
}

/// An identifier: not empty, and without anything that could act in a path, a header or a terminal.
pub(super) fn id(value: &Value, path: &[&str]) -> Option<String> {
    text(value, path).filter(|s| is_id(s))
}

/// Whether a text can be an identifier of Graph: a GUID, or an opaque word of the base64url letters.
pub(super) fn is_id(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'='))
}

/// A name for people, cleaned; empty where there is none.
pub(super) fn name(value: &Value, path: &[&str]) -> String {
    clean_line(at(value, path).as_str().unwrap_or_default(), NAME_CELLS)
}

/// A boolean. The words `"true"` and `"false"` count, as ARM accepts them too (microsoft-cloud 5.5).
pub(super) fn flag(value: &Value, path: &[&str]) -> Option<bool> {
    match at(value, path) {
        Value::Bool(b) => Some(*b),
        Value::String(s) if s.eq_ignore_ascii_case("true") => Some(true),
        Value::String(s) if s.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A moment.
pub(super) fn moment(value: &Value, path: &[&str]) -> Option<Timestamp> {
    at(value, path).as_str()?.parse().ok()
}

/// The elements of an array; none where it is missing or something else.
pub(super) fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}

/// The strings of an array, exactly as they came; other elements are left out.
pub(super) fn texts(value: &Value, path: &[&str]) -> Vec<String> {
    list(value, path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn missing_null_and_wrong_types_read_as_nothing() {
        let v = json!({"a": null, "b": 7, "c": {"d": ["x", 1, null]}, "e": "TRUE", "f": "\u{1b}[2Jname"});
        assert_eq!(text(&v, &["a"]), None);
        assert_eq!(text(&v, &["b", "deeper"]), None);
        assert_eq!(texts(&v, &["c", "d"]), ["x"]);
        assert!(texts(&v, &["b"]).is_empty());
        assert_eq!(flag(&v, &["e"]), Some(true));
        assert_eq!(flag(&v, &["b"]), None);
        assert_eq!(name(&v, &["f"]), "[2Jname");
        assert_eq!(moment(&v, &["e"]), None);
        assert_eq!(moment(&json!("2026-11-21T09:34:12Z"), &[]).unwrap().as_second(), 1_795_253_652);
    }

    #[test]
    fn an_identifier_cannot_act() {
        assert!(is_id("0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f"));
        for bad in ["", "a/b", "a?b", "a b", "a'b", "..", "a\u{1b}b", &"a".repeat(300)] {
            assert!(!is_id(bad), "{bad:?}");
        }
    }
}
