//! The values of secret members in a text that is no whole JSON document: cut off, spoilt on the way, or quoted in a
//! sentence. Found by their quoted names alone, and rather too much is taken than too little.

use std::ops::Range;

use super::is_secret_name;

/// Where the values of secret members stand, in order.
pub(super) fn secret_values(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (colon, _) in text.match_indices(':') {
        if found.last().is_some_and(|last| colon < last.end) || !name_before(text, colon) {
            continue;
        }
        let value = value_behind(text, colon + 1);
        if !value.is_empty() && &text[value.clone()] != "null" {
            found.push(value);
        }
    }
    found
}

/// The text with something else in the place of these values.
pub(super) fn without_secret_values(text: &str, instead: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for value in secret_values(text) {
        out.push_str(&text[kept..value.start]);
        out.push_str(instead);
        kept = value.end;
    }
    out.push_str(&text[kept..]);
    out
}

/// Whether the quoted name of a secret ends here.
fn name_before(text: &str, colon: usize) -> bool {
    let head = text[..colon].trim_end();
    let Some(head) = head.strip_suffix(['"', '\'']) else { return false };
    let head = head.trim_end_matches('\\');
    let name = head.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).next();
    name.is_some_and(is_secret_name)
}

/// The value that begins here, without its quotes. One without an end goes on to the end of the text.
fn value_behind(text: &str, from: usize) -> Range<usize> {
    let tail = text[from..].trim_start();
    let begin = text.len() - tail.len();
    let plain = tail.trim_start_matches('\\');
    // As deep as it is quoted in other strings.
    let depth = tail.len() - plain.len();
    let Some(quote) = plain.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        // Of a list or an object nobody can tell here where it ends.
        let ends = |c: char| c == ',' || c == '}' || c == ']' || c.is_whitespace();
        let length = if tail.starts_with(['[', '{']) { None } else { tail.find(ends) };
        return begin..begin + length.unwrap_or(tail.len());
    };
    let start = begin + depth + quote.len_utf8();
    let closes = |at: &usize| {
        let before = &text[start..*at];
        let escapes = before.len() - before.trim_end_matches('\\').len();
        escapes == depth || (depth == 0 && escapes.is_multiple_of(2))
    };
    let end = text[start..].match_indices(quote).map(|(at, _)| start + at).find(closes);
    start..end.map_or(text.len(), |end| end - depth)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_found_in_what_is_no_json() {
        for (text, kept) in [
            (r#"{"secretText":"a~b","hint":"a",}"#, r#"{"secretText":"X","hint":"a",}"#),
            (r#"{"refresh_token" : "0.AX\"oA", "n":1"#, r#"{"refresh_token" : "X", "n":1"#),
            (r#"{"secretText":"cut of"#, r#"{"secretText":"X"#),
            (
                r#"{"message":"{\"access_token\":\"abc\",\"n\":1}""#,
                r#"{"message":"{\"access_token\":\"X\",\"n\":1}""#,
            ),
            ("{'password': 'p w', 'n': 1}", "{'password': 'X', 'n': 1}"),
            (r#""functionKeys":{"default":"k"},"#, r#""functionKeys":X"#),
            (r#""sig": 12345, "n": 1"#, r#""sig": X, "n": 1"#),
            (r#""secretText":null,"#, r#""secretText":null,"#),
            (r#""secretText":"","n":"#, r#""secretText":"","n":"#),
            (r#"{"code":"Request_BadRequest","#, r#"{"code":"Request_BadRequest","#),
            ("The secret: it is at 12:30.", "The secret: it is at 12:30."),
        ] {
            assert_eq!(without_secret_values(text, "X"), kept);
        }
    }

    proptest! {
        #[test]
        fn no_value_survives_wherever_the_text_is_cut(
            value in "[a-zA-Z0-9~_.\"\\\\-]{8,30}", rest in ".{0,20}", cut in 0..80usize
        ) {
            let whole = format!("{{\"secretText\":{},{rest}", serde_json::Value::from(value.as_str()));
            let cut = whole.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(whole.len());
            let clean = without_secret_values(&whole[..cut], "X");
            let quoted = serde_json::Value::from(value.as_str()).to_string();
            let start = &quoted[1..5];
            let after_name = clean.split_once(':').map_or("", |(_, after)| after);
            prop_assert!(!after_name.trim_start_matches('"').starts_with(start), "{clean}");
        }
    }
}
