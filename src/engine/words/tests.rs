//! What holds the texts together: everything parses, every id has its words, every placeholder is known.

use std::path::Path;

use super::*;

/// Every text that a person may read, with a name for the message of a failing test.
fn all_texts() -> Vec<(String, String)> {
    let words = load().unwrap();
    let mut texts: Vec<(String, String)> = Vec::new();
    for check in words.checks() {
        let id = check.id.as_str();
        for (part, text) in [("title", &check.title), ("why", &check.why), ("remedy", &check.remedy)] {
            texts.push((format!("{id}.{part}"), text.clone()));
        }
        texts.extend(check.failing.iter().map(|text| (format!("{id}.failing"), text.clone())));
    }
    for id in StageId::ALL {
        let stage = words.stage(id).unwrap();
        let mut push =
            |part: &str, text: &str| texts.push((format!("{}.{part}", id.as_str()), text.to_owned()));
        push("title", &stage.title);
        push("short", &stage.short);
        push("why", &stage.why);
        push("done", &stage.done);
        push("for_me.label", &stage.for_me.label);
        push("for_me.sentence", &stage.for_me.sentence);
        for step in &stage.myself {
            push("do_it", &step.do_it);
            push("today", &step.today);
            step.trap.iter().for_each(|trap| push("trap", trap));
        }
        for field in &stage.fields {
            push("field.note", &field.note);
        }
    }
    texts.extend(words.test_failures().iter().map(|failure| (failure.seen.clone(), failure.means.clone())));
    texts.extend(words.terms().iter().map(|term| (term.word.clone(), term.means.clone())));
    texts.extend(words.ui.clone());
    texts.extend(sentences::texts().clone());
    texts
}

#[test]
fn every_embedded_text_parses() {
    let loaded = load().unwrap();
    assert_eq!(loaded.checks().len(), CheckId::ALL.len());
    assert!(!words().welcome().will_not.is_empty());
    assert!(!words().end().next.is_empty());
    assert!(words().terms().len() > 10);
}

#[test]
fn damaged_texts_are_reported_with_their_file() {
    let problem = |checks: &str, stages: &str, terms: &str| Words::parse(checks, stages, terms).unwrap_err();
    assert_eq!(problem("check = 1", STAGES, TERMS).file, "checks.toml");
    let missing = CHECKS.replacen("[[check]]", "[[chek]]", 1);
    assert_eq!(problem(&missing, STAGES, TERMS).file, "checks.toml");
    let renamed = CHECKS.replacen("app.exists", "app.is", 1);
    assert!(problem(&renamed, STAGES, TERMS).problem.contains("app.is"));
    let swapped = CHECKS.replacen("app.exists", "app.x", 1).replacen("app.answers", "app.exists", 1);
    let swapped = swapped.replacen("app.x", "app.answers", 1);
    assert!(problem(&swapped, STAGES, TERMS).problem.contains("order"));
    let unknown = STAGES.replacen("short =", "shrot =", 1);
    assert_eq!(problem(CHECKS, &unknown, TERMS).file, "stages.toml");
    let number = TERMS.replacen("pass = \"OK\"", "pass = 1", 1);
    assert!(problem(CHECKS, STAGES, &number).problem.contains("verdict.pass"));
}

#[test]
fn every_verdict_and_right_has_a_word() {
    for one in Verdict::ALL {
        assert!(!verdict(one).contains('.'), "{one:?}");
        assert_ne!(ui(&format!("verdict_means.{}", one.as_str())), format!("verdict_means.{}", one.as_str()));
    }
    for one in [Right::CreateApps, Right::OwnApp, Right::WriteSite, Right::ConsentForAll] {
        assert!(right(one).contains(' '), "{one:?}");
    }
}

#[test]
fn every_text_is_short_clean_and_ends_as_it_should() {
    for (name, text) in all_texts() {
        assert!(!text.trim().is_empty(), "{name}");
        assert_eq!(text, text.trim(), "{name}");
        assert!(text.chars().count() <= 320, "{name} is {} long", text.chars().count());
        assert_eq!(crate::engine::clean::clean_line(&text, 1000), text, "{name}");
        let part = name.rsplit('.').next().unwrap_or_default();
        let sentence = ["why", "remedy", "failing", "trap", "do_it", "done"].contains(&part);
        if sentence {
            assert!(text.ends_with('.'), "{name}: {text}");
        }
    }
    for check in words().checks() {
        assert!(check.title.chars().count() <= 48, "{}", check.title);
        assert!(!check.title.ends_with('.'), "{}", check.title);
    }
}

#[test]
fn every_command_names_only_known_placeholders() {
    for check in words().checks() {
        let Some(az) = &check.az else { continue };
        let filled = fill_command(az, |name| {
            assert!(PLACEHOLDERS.contains(&name), "{}: {{{name}}}", check.id.as_str());
            Some("x".to_owned())
        })
        .unwrap();
        assert!(!filled.contains(['{', '}']), "{filled}");
        assert!(filled.starts_with("az "), "{filled}");
    }
}

#[test]
fn the_connector_page_is_filled_in_its_own_order() {
    let fields = &words().stage(StageId::Connect).unwrap().fields;
    let values: Vec<HandOver> = fields.iter().filter_map(|field| field.value).collect();
    assert_eq!(
        values,
        [
            HandOver::Host,
            HandOver::ClientId,
            HandOver::ClientSecret,
            HandOver::AuthorizationUrl,
            HandOver::TenantId,
            HandOver::ResourceUrl,
            HandOver::RedirectUrl
        ]
    );
    for field in fields {
        let comes_back = field.value == Some(HandOver::RedirectUrl);
        let one = field.value.is_some() != field.choose.is_some();
        assert!(one != comes_back, "{} needs one of the two", field.label);
    }
    for id in StageId::ALL.into_iter().filter(|id| *id != StageId::Connect) {
        assert!(words().stage(id).unwrap().fields.is_empty());
    }
}

#[test]
fn placeholders_are_filled_or_nothing_is_given() {
    let value = |name: &str| (name == "app").then(|| "contoso".to_owned());
    assert_eq!(fill("az show {app}!", value).as_deref(), Some("az show contoso!"));
    assert_eq!(fill("az show {group}", value), None);
    assert_eq!(fill("[].{Name:name} {} {", value).as_deref(), Some("[].{Name:name} {} {"));
    assert_eq!(ui_with("stage.step", &[("number", "3")]), "Step 3 of 7");
    assert_eq!(ui("no.such.key"), "no.such.key");
}

#[test]
fn a_value_cannot_break_out_of_a_command() {
    for (value, word) in [
        ("contoso-hello", "contoso-hello"),
        ("api://x/y", "api://x/y"),
        ("", "''"),
        ("a b", "'a b'"),
        ("x; rm -rf /", "'x; rm -rf /'"),
        ("it's $(date)", r"'it'\''s $(date)'"),
    ] {
        assert_eq!(shell_word(value), word);
    }
    let filled = fill_command("az x {app}", |_| Some("a && b".to_owned()));
    assert_eq!(filled.as_deref(), Some("az x 'a && b'"));
}

/// Every `ui("key")` in the sources names a text that exists.
#[test]
fn every_key_used_in_the_sources_exists() {
    let mut missing = Vec::new();
    visit(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut |_, source| {
        for call in ["ui(\"", "ui_with(\""] {
            for (at, _) in source.match_indices(call) {
                let before = source[..at].chars().next_back();
                let key = source[at + call.len()..].split('"').next().unwrap_or_default();
                let is_call = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
                if is_call
                    && key != "no.such.key"
                    && key.contains('.')
                    && !load().unwrap().ui.contains_key(key)
                {
                    missing.push(key.to_owned());
                }
            }
        }
    });
    assert!(missing.is_empty(), "not in terms.toml: {missing:?}");
}

#[test]
fn every_key_is_used_by_some_face() {
    let mut used = String::new();
    visit(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), &mut |_, source| {
        if !source.contains("fn every_key_is_used_by_some_face") {
            used.push_str(source);
        }
    });
    let orphans: Vec<_> =
        load().unwrap().ui.keys().filter(|key| !used.contains(&format!("\"{key}\""))).collect();
    assert!(orphans.is_empty(), "texts that nobody shows: {orphans:?}");
}

/// Every Rust source in a folder, with its path.
pub(super) fn visit(folder: &Path, source: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, source);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}
