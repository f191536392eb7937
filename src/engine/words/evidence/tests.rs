//! What holds the lines of evidence together: every text is said by somebody, every call names a text that exists and
//! fills exactly its placeholders, and neither a check nor the forecast has a sentence of its own. Each is also shown a planted violation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::engine::ids::CheckId;
use crate::engine::words::next_placeholder;
use crate::engine::words::tests::visit;

/// The groups that are no check's: what several checks say.
const SHARED: [&str; 4] = ["waits", "not_seen", "registration", "principal"];

/// One call of `say` or `say_with`, as it stands in the sources.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    key: String,
    filled: BTreeSet<String>,
}

/// A source as far as it matters here: its texts, its words, and single marks. Comments and spaces are left out.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Word(String),
    Mark(char),
}

fn pieces(source: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        rest = if rest.starts_with("//") {
            rest.split_once('\n').map_or("", |(_, next)| next)
        } else if c == '"' {
            let (text, next) = text(after);
            found.push(Piece::Text(text));
            next
        } else if let Some(quote) = ["'\"'", "'\\\"'", "'\\''"].iter().find(|quote| rest.starts_with(**quote))
        {
            &rest[quote.len()..]
        } else if is_word(c) {
            let (word, next) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
            found.push(Piece::Word(word.to_owned()));
            next
        } else {
            if !c.is_whitespace() {
                found.push(Piece::Mark(c));
            }
            after
        };
    }
    found
}

/// The text that begins here, and what follows its closing quote.
fn text(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    (text, chars.as_str())
}

/// Every call in a source, and how many have a key that is not written out.
fn calls(source: &str) -> (Vec<Call>, usize) {
    let all = pieces(source);
    let (mut found, mut hidden) = (Vec::new(), 0);
    for (at, piece) in all.iter().enumerate() {
        let Piece::Word(word) = piece else { continue };
        let method = at.checked_sub(1).is_some_and(|before| all[before] == Piece::Mark('.'));
        if method || !matches!(word.as_str(), "say" | "say_with") {
            continue;
        }
        match &all[at + 1..] {
            [Piece::Mark('('), Piece::Text(key), rest @ ..] => {
                found.push(Call { key: key.clone(), filled: names(rest) });
            }
            [Piece::Mark('(' | ')'), ..] => hidden += 1,
            _ => {}
        }
    }
    (found, hidden)
}

/// The names that a call fills: the texts that begin a tuple of its list, up to the call's end.
fn names(rest: &[Piece]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut depth = 0_usize;
    for (at, piece) in rest.iter().enumerate() {
        match piece {
            Piece::Mark('(') => {
                if let (1, Some(Piece::Text(name))) = (depth, rest.get(at + 1)) {
                    names.insert(name.clone());
                }
                depth += 1;
            }
            Piece::Mark('[') => depth += 1,
            Piece::Mark(')') if depth == 0 => break,
            Piece::Mark(')' | ']') => depth -= 1,
            _ => {}
        }
    }
    names
}

fn placeholders(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some((_, name, after)) = next_placeholder(rest) {
        names.insert(name.to_owned());
        rest = after;
    }
    names
}

/// What is wrong between the texts and the sources that say them.
fn problems(texts: &Texts, sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut said = BTreeSet::new();
    for (path, source) in sources {
        let (calls, hidden) = calls(source);
        if hidden > 0 {
            found.push(format!("{path}: {hidden} keys that are not written out"));
        }
        for call in calls {
            match texts.get(&call.key).map(|text| placeholders(text)) {
                None => found.push(format!("{path}: no text {}", call.key)),
                Some(wanted) if wanted != call.filled => {
                    found.push(format!("{path}: {} wants {wanted:?}, is given {:?}", call.key, call.filled));
                }
                Some(_) => {}
            }
            said.insert(call.key);
        }
    }
    found.extend(texts.keys().filter(|key| !said.contains(*key)).map(|key| format!("nobody says {key}")));
    found
}

/// The sources in a folder of the engine, without their tests, by path.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut found = BTreeMap::new();
    visit(&root.join(folder), &mut |path, source| {
        let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let tests = path.ends_with("tests.rs") || path.contains("/tests/");
        // In `words` the functions themselves are.
        if !tests && !path.starts_with("words") {
            found.insert(path, source.to_owned());
        }
    });
    found
}

#[test]
fn every_line_is_said_every_key_exists_and_every_placeholder_is_filled() {
    load().unwrap();
    let sources = sources("");
    assert!(sources.len() > 20, "{}", sources.len());
    let found = problems(texts(), &sources);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_planted_orphan_a_missing_key_and_an_unfilled_placeholder_are_found() {
    let texts = parse("[a]\nplain = \"Is.\"\nname = \"{name} is {state}.\"").unwrap();
    let judge = |source: &str| problems(&texts, &BTreeMap::from([("x.rs".to_owned(), source.to_owned())]));
    let plain = "pass(say(\"a.plain\"))";
    let named =
        "say_with(\n    \"a.name\",\n    &[(\"name\", &f(\"x\").join(\", \")), (\"state\", s[0])],\n)";
    let fine = format!("{plain}; {named}");
    assert_eq!(judge(&fine), Vec::<String>::new());
    assert_eq!(judge(plain), ["nobody says a.name"]);
    assert_eq!(judge(&format!("{fine}; // say(\"a.other\")")), Vec::<String>::new());
    assert_eq!(judge(&format!("{fine}; say(\"a.other\")")), ["x.rs: no text a.other"]);
    for hidden in ["say(key)", "keys.map(say)"] {
        let found = judge(&format!("{fine}; {hidden}"));
        assert_eq!(found, ["x.rs: 1 keys that are not written out"], "{hidden}");
    }
    for wrong in [
        "say(\"a.name\")",
        "say_with(\"a.name\", &[(\"name\", a)])",
        "say_with(\"a.name\", &[(\"name\", a), (\"status\", b)])",
        "say_with(\"a.plain\", &[(\"name\", a)])",
    ] {
        let found = judge(&format!("{fine}; {wrong}"));
        assert!(found.len() == 1 && found[0].contains("is given"), "{wrong}: {found:?}");
    }
}

#[test]
fn every_group_is_a_check_what_several_say_or_the_forecast_and_every_check_has_one() {
    let groups: BTreeSet<&str> =
        texts().keys().filter_map(|key| key.rsplit_once('.')).map(|(group, _)| group).collect();
    let checks: BTreeSet<&str> = CheckId::ALL.iter().map(|id| id.as_str()).collect();
    let forecast = |group: &str| group.starts_with("forecast.");
    let unknown: Vec<_> = groups
        .iter()
        .filter(|group| !checks.contains(*group) && !SHARED.contains(group) && !forecast(group))
        .collect();
    assert!(unknown.is_empty(), "no check is called {unknown:?}");
    let without: Vec<_> = checks.difference(&groups).collect();
    assert!(without.is_empty(), "checks that have nothing to say: {without:?}");
}

/// Texts in a source that a person could read as a phrase: two words or more side by side. Commands are none.
fn phrases(source: &str) -> Vec<String> {
    let word = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.chars().count() > 1 && word.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
    };
    let phrase = |text: &str| {
        text.split_whitespace().collect::<Vec<_>>().windows(2).any(|two| two.iter().all(|w| word(w)))
    };
    let texts = pieces(source).into_iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text),
        _ => None,
    });
    texts.filter(|text| phrase(text) && !text.starts_with("az ")).collect()
}

#[test]
fn neither_a_check_nor_the_forecast_has_a_sentence_of_its_own() {
    let checks = sources("checks");
    assert!(checks.len() > 5, "{}", checks.len());
    let mut forecast = sources("");
    forecast.retain(|path, _| path.starts_with("forecast"));
    assert!(forecast.len() > 2, "{}", forecast.len());
    for (path, source) in checks.into_iter().chain(forecast) {
        assert_eq!(phrases(&source), Vec::<String>::new(), "{path}");
    }
    assert_eq!(phrases("fail(\"The host is gone.\") // not this\n"), ["The host is gone."]);
    assert_eq!(phrases("format!(\"{name} is there\")"), ["{name} is there"]);
    let none = phrases("(\"az ad sp show\", \"%-d %B %Y\", \"api://{id}\", '\"', \", \", \"a.b\")");
    assert_eq!(none, Vec::<String>::new());
}

#[test]
fn a_value_is_put_in_once_and_not_looked_at_again() {
    let said = say_with("registration.is", &[("name", "{id} {name}"), ("id", "{name}")]);
    assert_eq!(said, "{id} {name} (client ID {name})");
}

#[test]
fn a_damaged_text_is_reported_with_its_file() {
    for damaged in ["[a]\nb = 1", "[a\nb = 1", "[a]\nb = \"1\"\nb = \"2\""] {
        assert_eq!(parse(damaged).unwrap_err().file, "evidence.toml", "{damaged}");
    }
}
