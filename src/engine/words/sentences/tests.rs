//! What holds the sentences together: every text is said somewhere, every call names a text that exists and fills exactly
//! its placeholders, and no source has a sentence of its own. Each is also shown a planted violation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;
use crate::engine::ids::CheckId;
use crate::engine::words::next_placeholder;
use crate::engine::words::tests::visit;

/// The groups that are no check's: what several checks say.
const SHARED: [&str; 4] = ["waits", "not_seen", "registration", "principal"];

/// The rooms whose sentences are data. `platform` may use no words of ours, and what `practice` says is what Microsoft's
/// services and pages say.
const ROOMS: [&str; 6] = ["engine", "flow", "drive", "cloud", "screen", "cli"];

/// Phrases that are none of ours to say: what services, systems and pages say and is looked for, names that they have,
/// and what is said only if Handclasp itself was built wrong.
const NOT_OURS: &[(&str, &[&str])] = &[
    // The help stands beside the options that it explains, most of it as their documentation.
    (
        "cli/args.rs",
        &[
            "From an Azure Function to a working custom connector that signs people in.",
            "With every command that looks at a set-up",
            "Without a command, the wizard starts. Starting it changes nothing.\nTo practise without Azure: handclasp --practice\n\nExit codes: 0 nothing fails, 1 something fails, 2 wrong usage, 3 sign-in needed,\n4 cloud or network failure, 70 our own fault, 130 interrupted.",
        ],
    ),
    ("cli/ground.rs", &["-----BEGIN CERTIFICATE-----"]),
    ("cli/markdown.rs", &["{fence} {command} {fence}"]),
    // Said after a panic, which may have come out of reading the texts.
    (
        "cli/mod.rs",
        &[
            "This is a mistake in Handclasp itself{place}.",
            "Start it again: it goes on from what is there. Please report it with the place above.",
        ],
    ),
    ("cli/session.rs", &["GET /subscriptions"]),
    // An error that a loop hears of, and no person; the name of a program.
    ("cli/wizard.rs", &["Azure CLI", "it was given back"]),
    // What Graph says.
    (
        "cloud/change/refusal.rs",
        &[
            "already in use",
            "already exists",
            "no password credential found",
            "conflicting object",
            "reference-property objects are not present",
            "not a valid reference update",
            "does not reference a valid application object",
            "backing application",
            "local tenant",
        ],
    ),
    // What services call their ids.
    (
        "cloud/classify.rs",
        &[
            "Trace ID:",
            "{label} {id}",
            "{code}: {words}",
            "HTTP {status}",
            "correlation {id}",
            "{} bytes were read",
        ],
    ),
    // What libraries and systems say.
    (
        "cloud/classify/no_answer.rs",
        &[
            "correlation {id}, ",
            "dns error",
            "failed to lookup",
            "temporary failure",
            "try again",
            "no such host is known. (os error 11001)",
            "corrupt message",
            "authorization required",
            "not valid for name",
            "not yet valid",
        ],
    ),
    (
        "cloud/arm/index.rs",
        &[
            "where type =~ 'Microsoft.Web/sites' and kind contains 'functionapp' and {member} =~ '{value}' | project id",
        ],
    ),
    ("cloud/easy_auth.rs", &["Mozilla/5.0 (compatible; Handclasp)"]),
    ("cloud/easy_auth/parse.rs", &["error 403 - this web app is stopped"]),
    ("cloud/observe.rs", &["{method} {path}"]),
    ("cloud/observe/site.rs", &["GET /subscriptions"]),
    ("cloud/reader.rs", &["{method} {path}"]),
    ("cloud/redact.rs", &["{known} {REDACTED}"]),
    ("cloud/sign_in/loopback.rs", &["default-src 'none'; style-src 'unsafe-inline'"]),
    // What a parser is told that it should expect; its words are not kept.
    ("cloud/sign_in/oauth.rs", &["a number of seconds"]),
    // Parts of commands.
    (
        "engine/cards.rs",
        &[
            "--assignee-principal-type User --assignee-object-id",
            "$(az rest --method get --url \"{graph}/v1.0{}\" --query appId --output tsv)",
            "$(az functionapp list --query \"[?contains(hostNames, '{host}')].id\" --output tsv)",
            "Website Contributor",
        ],
    ),
    // Marks for values that are not known yet.
    (
        "engine/change.rs",
        &[
            "⟨api client id⟩",
            "⟨api object id⟩",
            "⟨api service principal⟩",
            "⟨connector client id⟩",
            "⟨grant id⟩",
            "⟨secret key id⟩",
            "⟨connector object id⟩",
            "⟨connector service principal⟩",
        ],
    ),
    // What pages call a client ID.
    ("engine/client_id.rs", &["client id", "(client) id", "application id"]),
    // What errors say, and what is said of damaged explanations.
    (
        "engine/error_codes.rs",
        &[
            "{code} is explained twice",
            "trace id",
            "request id",
            "correlation id",
            "client app id",
            "for the application",
            "application with identifier",
            "application with id",
            "the client application",
            "secret added to app",
            "secret keys for app",
            "redirect uri",
            "redirect url",
            "reply url",
            "reply address",
            "resource value from request:",
            "list of valid resources",
        ],
    ),
    // What is said of damaged texts.
    ("engine/links.rs", &["{id} needs a fallback that is sure, or none"]),
    // What the connector page says.
    ("engine/redirect_url.rs", &["to generate the redirect url"]),
    // What is said of damaged texts, when there are none.
    (
        "engine/words.rs",
        &[
            "The texts in {file} are damaged: {problem}",
            "its checks are not the known ones in chain order",
            "its stages are not the seven in their order",
            "there is no check called {}",
            "{key} is not a text",
        ],
    ),
    ("flow/machine/secret.rs", &["POST token"]),
    ("screen/view/common.rs", &["{code} {original}"]),
];

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
            '\\' => match chars.next() {
                // A line that goes on below, without what it is indented by.
                Some('\n') => chars = chars.as_str().trim_start().chars(),
                Some('n') => text.push('\n'),
                other => text.extend(other),
            },
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
        let other = at.checked_sub(1).is_some_and(|before| match &all[before] {
            Piece::Mark(mark) => *mark == '.',
            Piece::Word(word) => word == "fn",
            Piece::Text(_) => false,
        });
        if other || !matches!(word.as_str(), "say" | "say_with") {
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

/// A source without the test modules that stand in it.
fn without_tests(source: &str) -> String {
    let mut kept = String::new();
    let mut held = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let attribute = line.starts_with("#[");
        if line.starts_with("#[cfg(test)]") || (attribute && !held.is_empty()) {
            held.push_str(line);
            held.push('\n');
            continue;
        }
        let module = line.split(" {").next().is_some_and(|head| head.split(' ').any(|word| word == "mod"));
        if !held.is_empty() && module {
            held.clear();
            if line.ends_with('{') {
                lines.by_ref().find(|line| *line == "}");
            }
            continue;
        }
        kept.push_str(&std::mem::take(&mut held));
        kept.push_str(line);
        kept.push('\n');
    }
    kept + &held
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

/// The sources in a folder, without their tests, by path.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    visit(&root.join(folder), &mut |path, source| {
        let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let tests = path.ends_with("tests.rs") || path.contains("/tests/") || path.ends_with("fixtures.rs");
        // In `words` the functions themselves are.
        if !tests && !path.starts_with("engine/words/") {
            found.insert(path, without_tests(source));
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
    let texts = parse("x.toml", "[a]\nplain = \"Is.\"\nname = \"{name} is {state}.\"").unwrap();
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
    let (file, evidence) = FILES[0];
    let evidence = parse(file, evidence).unwrap();
    let groups: BTreeSet<&str> =
        evidence.keys().filter_map(|key| key.rsplit_once('.')).map(|(group, _)| group).collect();
    let checks: BTreeSet<&str> = CheckId::ALL.iter().map(|id| id.as_str()).collect();
    let known = |group: &str| SHARED.contains(&group) || group.starts_with("forecast.");
    let unknown: Vec<_> = groups.iter().filter(|group| !checks.contains(*group) && !known(group)).collect();
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
    let all = pieces(source);
    let told = |at: usize| match &all[..at] {
        // Why a lint is let off is told to whoever reads the source.
        [.., Piece::Word(name), Piece::Mark('=')] => name != "reason",
        _ => true,
    };
    let texts = all.iter().enumerate().filter_map(|(at, piece)| match piece {
        Piece::Text(text) if told(at) => Some(text.clone()),
        _ => None,
    });
    texts.filter(|text| phrase(text) && !text.starts_with("az ")).collect()
}

/// Sentences in sources that should be data, and exceptions that nothing needs any more.
fn sentences(sources: &BTreeMap<String, String>, not_ours: &[(&str, &[&str])]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, source) in sources {
        let known = not_ours.iter().find(|(file, _)| file == path).map_or(&[][..], |(_, known)| known);
        let phrases = phrases(source);
        let unneeded = known.iter().filter(|known| !phrases.iter().any(|phrase| phrase == *known));
        found.extend(unneeded.map(|known| format!("{path} is let off \"{known}\" for nothing")));
        let own = phrases.iter().filter(|phrase| !known.contains(&phrase.as_str()));
        found.extend(own.map(|own| format!("{path}: {own}")));
    }
    let gone = not_ours.iter().filter(|(file, _)| !sources.contains_key(*file));
    found.extend(gone.map(|(file, _)| format!("{file} is let off and is not there")));
    found
}

#[test]
fn no_source_has_a_sentence_of_its_own() {
    let mut all = BTreeMap::new();
    for room in ROOMS {
        let room = sources(room);
        assert!(room.len() > 5, "{}", room.len());
        all.extend(room);
    }
    let found = sentences(&all, NOT_OURS);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_planted_sentence_is_found_and_so_is_an_exception_for_nothing() {
    let judge = |path: &str, source: &str, not_ours: &[(&str, &[&str])]| {
        sentences(&BTreeMap::from([(path.to_owned(), without_tests(source))]), not_ours)
    };
    let plan = "engine/plan/apps.rs";
    for planted in [
        "Plan::blocked(\"The host is gone.\") // not this\n",
        "fn f() {}\n#[cfg(test)]\nfn g() { f(\"The host is gone.\") }\n",
        "#[cfg(test)]\nmod tests {\n    // \"Not this.\"\n}\nfn f() { f(\"The host is gone.\") }\n",
        "#[error(\"The host is gone.\")]\n",
        "Trouble::new(Class::Local, \"The host \\\n    is gone.\", say(\"a.next\"))",
    ] {
        assert_eq!(judge(plan, planted, &[]).len(), 1, "{planted}");
        assert!(judge(plan, planted, &[])[0].starts_with("engine/plan/apps.rs: The host"), "{planted}");
    }
    assert_eq!(judge("cloud/x.rs", "format!(\"{name} is there\")", &[]), ["cloud/x.rs: {name} is there"]);
    for fine in [
        "(\"az ad sp show\", \"%-d %B %Y\", \"api://{id}\", '\"', \", \", \"a.b\")",
        "fn f() {}\n#[cfg(test)]\n#[allow(x)]\npub(super) mod tests {\n    f(\"The host is gone.\");\n}\n",
        "#[expect(clippy::x, reason = \"the host is gone\")]\n",
    ] {
        assert_eq!(judge(plan, fine, &[]), Vec::<String>::new(), "{fine}");
    }
    let known: &[(&str, &[&str])] = &[(plan, &["no such host"])];
    assert_eq!(judge(plan, "text.contains(\"no such host\")", known), Vec::<String>::new());
    assert_eq!(judge("cloud/x.rs", "x(\"no such host\")", known).len(), 2);
    assert_eq!(judge(plan, "", known), ["engine/plan/apps.rs is let off \"no such host\" for nothing"]);
}

#[test]
fn a_value_is_put_in_once_and_not_looked_at_again() {
    let said = say_with("registration.is", &[("name", "{id} {name}"), ("id", "{name}")]);
    assert_eq!(said, "{id} {name} (client ID {name})");
}

#[test]
fn a_damaged_text_is_reported_with_its_file() {
    for damaged in ["[a]\nb = 1", "[a\nb = 1", "[a]\nb = \"1\"\nb = \"2\""] {
        assert_eq!(parse("x.toml", damaged).unwrap_err().file, "x.toml", "{damaged}");
    }
    let twice = parse_all(&[("x.toml", "[a]\nb = \"1\""), ("y.toml", "[a]\nb = \"1\"")]).unwrap_err();
    assert_eq!((twice.file, twice.problem.as_str()), ("y.toml", "another file has a.b already"));
}
