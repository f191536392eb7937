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
const MACHINE: &[&str] =
    &["std::env", "env::var", "std::fs", "fs::", "SystemTime", "Timestamp::now", "arboard", "webbrowser::"];

/// What only `screen` and `cli` may touch.
const TERMINAL: &[&str] = &["println!", "print!(", "io::stdout", "io::stderr", "ratatui"];

/// Lines a file may have before its tests.
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

    /// The lines before the tests, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .take_while(|(_, line)| {
                !line.starts_with("#[cfg(test)]\nmod") && !line.starts_with("mod tests {")
            })
            .map(|(n, line)| (n + 1, line.split("//").next().unwrap_or_default()))
    }
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
        for (n, line) in source.code() {
            if let Some(what) = law(source, line) {
                found.push(format!("{}:{n}: {what}", source.path));
            }
        }
    }
    found
}

fn imports(source: &Source, line: &str) -> Option<String> {
    let (_, allowed) = MAY_USE.iter().find(|(room, _)| *room == source.room)?;
    MAY_USE.iter().map(|(room, _)| *room).find_map(|room| {
        let used =
            line.contains(&format!("crate::{room}::")) || line.contains(&format!("use crate::{room};"));
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
    // Asking whether it is a terminal is no writing.
    if matches!(source.room.as_str(), "screen" | "cli") || line.contains(".is_terminal()") {
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
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            || (word.contains("::") && line[..at].ends_with("::"))
    })
}

fn shape(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    if !source.text.starts_with("//!") {
        found.push(format!("{}: its first line does not say its subject", source.path));
    }
    let before_tests =
        source.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().lines().count();
    if !source.is_test() && before_tests > LONGEST {
        found.push(format!("{}: {before_tests} lines before its tests", source.path));
    }
    found
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    none(&breaches(&sources(), imports));
    let planted = [Source::new("src/practice/x.rs", "//! x\nuse crate::cloud::http::Http;\n")];
    assert_eq!(breaches(&planted, imports).len(), 1);
}

#[test]
fn engine_and_flow_do_no_io_and_read_no_clock() {
    none(&breaches(&sources(), impure));
    for line in ["use tokio::sync::mpsc;", "let t = Timestamp::now();", "std::fs::read(p)"] {
        let planted = [Source::new("src/engine/x.rs", &format!("//! x\n{line}\n"))];
        assert_eq!(breaches(&planted, impure).len(), 1, "{line}");
    }
}

#[test]
fn only_platform_touches_the_machine() {
    none(&breaches(&sources(), machine));
    let planted = [Source::new("src/drive/x.rs", "//! x\nstd::fs::write(a, b);\n")];
    assert_eq!(breaches(&planted, machine).len(), 1);
}

#[test]
fn only_faces_write_to_the_terminal() {
    none(&breaches(&sources(), terminal));
    let planted = [Source::new("src/cloud/x.rs", "//! x\nprintln!(\"x\");\n")];
    assert_eq!(breaches(&planted, terminal).len(), 1);
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
}
