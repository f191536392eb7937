//! The laws of the house (ARCHITECTURE.md), held against the sources. Each law is also shown a planted violation.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom: a room, and the rooms it may import.
const MAY_USE: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("platform", &[]),
    ("practice", &["engine"]),
    ("flow", &["engine"]),
    ("cloud", &["engine"]),
    ("screen", &["flow", "engine"]),
    ("drive", &["flow", "cloud", "platform", "engine"]),
    ("cli", &["screen", "drive", "practice", "flow", "cloud", "platform", "engine"]),
];

/// What the pure rooms must not touch.
const NOT_PURE: &[&str] = &[
    "tokio",
    "reqwest",
    "ratatui",
    "crossterm",
    "axum",
    "arboard",
    "webbrowser",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::io",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
];

/// What only `platform` may touch.
const MACHINE: &[&str] = &[
    "std::env",
    "env::var",
    "std::fs",
    "fs::",
    "SystemTime::now",
    "Timestamp::now",
    "arboard",
    "keyring_core",
    "webbrowser::",
];

/// What only `screen` and `cli` may touch.
const TERMINAL: &[&str] =
    &["println!", "print!(", "eprintln!", "eprint!(", "io::stdout", "io::stderr", "ratatui", "crossterm"];

/// Lines a file may have without its tests.
const LONGEST: usize = 500;

struct Source {
    room: String,
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let room = path.split('/').nth(1).unwrap_or_default().to_owned();
        Self { room, path: path.to_owned(), text: text.to_owned() }
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.ends_with("fixtures.rs")
    }

    /// The lines outside test modules, without comments, each with its number.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut kept = Vec::new();
        let mut lines = self.text.lines().enumerate();
        // Lines that may turn out to belong to a test module: `#[cfg(test)]` and what stands between it and `mod`.
        let mut held: Vec<(usize, &str)> = Vec::new();
        while let Some((n, line)) = lines.next() {
            let line = without_comment(line);
            let bare = line.trim_start();
            if bare.starts_with("#[cfg(test)]") || (!held.is_empty() && bare.starts_with("#[")) {
                held.push((n + 1, line));
            } else if !held.is_empty() && is_module(bare) {
                held.clear();
                let indent = line.len() - bare.len();
                if line.trim_end().ends_with('{') {
                    let end = format!("{}}}", " ".repeat(indent));
                    lines.by_ref().find(|(_, line)| line.trim_end() == end);
                }
            } else {
                kept.append(&mut held);
                kept.push((n + 1, line));
            }
        }
        kept.append(&mut held);
        kept
    }

    /// A line with the paths in it that begin at `super` spelt from the crate's root.
    fn rooted(&self, line: &str) -> String {
        let mut rooted = String::new();
        let mut rest = line;
        while let Some(at) = rest.find("super::") {
            let (before, from) = rest.split_at(at);
            let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            let length = from.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            let (path, after) = from.split_at(length.unwrap_or(from.len()));
            rooted.push_str(before);
            rooted.push_str(&if inside { path.to_owned() } else { self.resolved(path) });
            rest = after;
        }
        rooted + rest
    }

    /// The code, with every import spelt out: one line for each path that it brings in.
    fn statements(&self) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        let mut lines = self.code().into_iter();
        while let Some((n, line)) = lines.next() {
            if !is_import(line) {
                all.push((n, self.rooted(line)));
                continue;
            }
            let mut whole = line.to_owned();
            while !whole.contains(';') {
                let Some((_, more)) = lines.next() else { break };
                whole.push_str(more);
            }
            let (import, rest) = whole.split_once(';').unwrap_or((&whole, ""));
            let tree = import.split_once("use ").map_or("", |(_, tree)| tree);
            all.extend(spelt_out(tree).iter().map(|path| (n, format!("use {};", self.resolved(path)))));
            all.push((n, rest.to_owned()));
        }
        all
    }

    /// A path of an import with `self` and `super` at its beginning resolved.
    fn resolved(&self, path: &str) -> String {
        let file = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let mut module: Vec<&str> = file.split('/').collect();
        let mut rest = path;
        let mut relative = false;
        loop {
            if let Some(after) = rest.strip_prefix("super::") {
                module.pop();
                rest = after;
            } else if let Some(after) = rest.strip_prefix("self::") {
                rest = after;
            } else {
                break;
            }
            relative = true;
        }
        if !relative {
            return path.to_owned();
        }
        module.insert(0, "crate");
        format!("{}::{rest}", module.join("::"))
    }
}

/// A line up to its comment. Two slashes inside a text are none.
fn without_comment(line: &str) -> &str {
    let in_text = |at: usize| line[..at].replace("\\\"", "").matches('"').count() % 2 == 1;
    line.match_indices("//").find(|(at, _)| !in_text(*at)).map_or(line, |(at, _)| &line[..at])
}

fn without_visibility(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("pub") else { return line };
    let rest = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest);
    rest.trim_start()
}

fn is_module(line: &str) -> bool {
    without_visibility(line).starts_with("mod ")
}

fn is_import(line: &str) -> bool {
    without_visibility(line.trim_start()).starts_with("use ")
}

/// The paths of an import's tree.
fn spelt_out(tree: &str) -> Vec<String> {
    let Some((head, rest)) = tree.split_once('{') else {
        return vec![tree.trim().to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| spelt_out(part))
        .map(|path| format!("{}{path}", head.trim()))
        .collect()
}

fn sources() -> Vec<Source> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("src"), &mut found);
    found.sort();
    found
        .iter()
        .map(|path| {
            let short = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            Source::new(&short, &fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn breaches(sources: &[Source], law: impl Fn(&Source, &str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.is_test()) {
        for (n, line) in source.statements() {
            if let Some(what) = law(source, &line) {
                found.push(format!("{}:{n}: {what}", source.path));
            }
        }
    }
    // An import that brings in several things of one room is one breach.
    found.dedup();
    found
}

fn imports(source: &Source, line: &str) -> Option<String> {
    let (_, allowed) = MAY_USE.iter().find(|(room, _)| *room == source.room)?;
    MAY_USE.iter().map(|(room, _)| *room).find_map(|room| {
        let path = format!("crate::{room}");
        let used = line
            .match_indices(&path)
            .any(|(at, _)| !line[at + path.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        (used && room != source.room && !allowed.contains(&room)).then(|| format!("uses {room}"))
    })
}

fn impure(source: &Source, line: &str) -> Option<String> {
    if !matches!(source.room.as_str(), "engine" | "flow") {
        return None;
    }
    NOT_PURE.iter().find(|word| mentions(line, word)).map(|word| format!("a pure room mentions {word}"))
}

fn machine(source: &Source, line: &str) -> Option<String> {
    // The practice world's clock starts at the real time; everything else in it is told the time.
    if source.room == "platform" || source.path == "src/practice/world/clock.rs" {
        return None;
    }
    MACHINE.iter().find(|word| mentions(line, word)).map(|word| format!("only platform may touch {word}"))
}

fn terminal(source: &Source, line: &str) -> Option<String> {
    // Asking whether it is a terminal is no writing; nor is spelling the sequence that the clipboard hands to a face.
    let spelling = source.path == "src/platform/clipboard/mod.rs" && line.starts_with("use crossterm::");
    if matches!(source.room.as_str(), "screen" | "cli") || line.contains(".is_terminal()") || spelling {
        return None;
    }
    TERMINAL.iter().find(|word| mentions(line, word)).map(|word| format!("only a face may touch {word}"))
}

fn secrets(source: &Source, line: &str) -> Option<String> {
    (source.room == "flow" && ["SecretString", "secrecy", "expose_secret"].iter().any(|w| line.contains(w)))
        .then(|| "a secret passes through flow".to_owned())
}

/// Whether a line mentions a word, and not merely a longer one that ends in it.
fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn shape(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if !source.text.starts_with("//!") {
        found.push(format!("{}: its first line does not say its subject", source.path));
    }
    let lines = source.code().len();
    if !source.is_test() && lines > LONGEST {
        found.push(format!("{}: {lines} lines without its tests", source.path));
    }
    found
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    none(&breaches(&sources(), imports));
    for line in [
        "use crate::cloud::http::Http;",
        "use crate::cloud;",
        "pub use crate::cloud as twin;",
        "use crate::{cloud::http::Http, engine};",
        "use crate::{\n    engine::{ids, markers},\n    cloud::{self, http},\n};",
        "pub(crate) use super::super::cloud::http;",
        "fn f() { crate::cloud::look() }",
        "fn f() { super::super::cloud::look() }",
        "const ADDRESS: &str = \"http://x\"; use crate::cloud::har;",
    ] {
        let planted = [Source::new("src/practice/wire.rs", &format!("//! x\n{line}\n"))];
        let found = breaches(&planted, imports);
        assert_eq!(found, ["src/practice/wire.rs:2: uses cloud"], "{line}");
    }
    for line in [
        "use crate::{engine::ids, practice};",
        "use super::cloud;",
        "fn f() { super::cloud::look() }",
        "// crate::cloud",
        "crate::clouds::x",
    ] {
        let fine = [Source::new("src/practice/wire.rs", &format!("//! x\n{line}\n"))];
        none(&breaches(&fine, imports));
    }
}

#[test]
fn engine_and_flow_do_no_io_and_read_no_clock() {
    none(&breaches(&sources(), impure));
    for line in [
        "use tokio::sync::mpsc;",
        "let t = Timestamp::now();",
        "std::fs::read(p)",
        "use std::{fmt, io};",
        "use std::time::{Duration, Instant};",
    ] {
        let planted = [Source::new("src/engine/x.rs", &format!("//! x\n{line}\n"))];
        assert_eq!(breaches(&planted, impure).len(), 1, "{line}");
    }
}

#[test]
fn only_platform_touches_the_machine() {
    none(&breaches(&sources(), machine));
    for line in ["std::fs::write(a, b);", "use std::{fs, time::Duration};", "std::time::SystemTime::now()"] {
        let planted = [Source::new("src/drive/x.rs", &format!("//! x\n{line}\n"))];
        assert_eq!(breaches(&planted, machine).len(), 1, "{line}");
    }
}

#[test]
fn only_faces_write_to_the_terminal() {
    none(&breaches(&sources(), terminal));
    for line in [
        "println!(\"x\");",
        "eprintln!(\"x\");",
        "let out = std::io::stdout();",
        "use std::io::{stdout, Write};",
        "use std::{\n    fmt,\n    io::{\n        Write,\n        stderr,\n    },\n};",
        "use crossterm::execute;",
        "crossterm::terminal::enable_raw_mode()",
    ] {
        for path in ["src/cloud/x.rs", "src/platform/x.rs"] {
            let planted = [Source::new(path, &format!("//! x\n{line}\n"))];
            assert_eq!(breaches(&planted, terminal).len(), 1, "{line}");
        }
    }
}

#[test]
fn only_the_tests_of_a_file_are_left_out() {
    for tests in [
        "#[cfg(test)]\nmod tests {\n    println!();\n}",
        "#[cfg(test)]\npub(crate) mod worlds {\n    println!();\n}",
        "#[cfg(test)]\n#[cfg(unix)]\nmod tests {\n    println!();\n}",
        "#[cfg(test)]\nmod tests;",
    ] {
        let file = Source::new("src/cloud/x.rs", &format!("//! x\n{tests}\nprintln!();\n"));
        let last = file.text.lines().count();
        assert_eq!(
            breaches(&[file], terminal),
            [format!("src/cloud/x.rs:{last}: only a face may touch println!")],
            "{tests}"
        );
    }
    let item = Source::new("src/cloud/x.rs", "//! x\n#[cfg(test)]\nfn f() { println!() }\n");
    assert_eq!(breaches(&[item], terminal).len(), 1, "only modules are left out");
}

#[test]
fn no_secret_passes_through_flow() {
    none(&breaches(&sources(), secrets));
    let planted = [Source::new("src/flow/x.rs", "//! x\nfn f(s: SecretString) {}\n")];
    assert_eq!(breaches(&planted, secrets).len(), 1);
}

#[test]
fn every_file_says_its_subject_and_stays_short() {
    none(&sources().iter().flat_map(shape).collect::<Vec<_>>());
    let long = format!("//! x\n{}", "fn f() {}\n".repeat(LONGEST));
    assert_eq!(shape(&Source::new("src/engine/x.rs", &long)).len(), 1);
    assert_eq!(shape(&Source::new("src/engine/x.rs", "fn f() {}\n")).len(), 1);
    let tested = format!("//! x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn f() {}\n".repeat(LONGEST));
    assert_eq!(shape(&Source::new("src/engine/x.rs", &tested)).len(), 0);
}
