//! Where tests leave what went over the wire, in the target folder; `.ci/conformance` holds it against published
//! descriptions.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The folder of all recordings.
pub fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("recordings");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A name that no other recording has: its kind, the test that makes it, and how many of this test came before.
///
/// Of a `terminal` the program may be killed in the middle of a line; every other recording has to be whole.
pub fn name(kind: &str) -> String {
    static MADE: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    // Every test has a thread of its own, which is named after it.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed").replace("::", "-");
    // Tests of two programs may be called the same.
    let name = format!("{kind}-{test}-{}", env!("CARGO_CRATE_NAME"));
    let mut made = MADE.lock().unwrap();
    let number = made.entry(name.clone()).or_default();
    *number += 1;
    format!("{name}-{number}")
}

/// The file of a new recording.
pub fn file(kind: &str) -> PathBuf {
    folder().join(format!("{}.har", name(kind)))
}

/// Keeps a recording that a test has made for its own purposes.
pub fn keep(recording: &Path) {
    fs::copy(recording, file("kept")).unwrap();
}
