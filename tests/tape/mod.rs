//! A tape: what a client of the practice cloud asked and was answered, as JSON lines in the target folder.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

use crate::recordings;

/// One tape for all tests of a binary. The practice cloud's secrets are on it; they are nobody's.
pub struct Tape {
    name: &'static str,
    file: OnceLock<Mutex<File>>,
}

impl Tape {
    pub const fn new(name: &'static str) -> Self {
        Self { name, file: OnceLock::new() }
    }

    /// Adds one exchange: `method`, `url`, `request` and `response` with `headers` and `body`, `status`.
    pub fn note(&self, exchange: &Value) {
        let file =
            self.file.get_or_init(|| Mutex::new(File::create(recordings::folder().join(self.name)).unwrap()));
        file.lock().unwrap().write_all(format!("{exchange}\n").as_bytes()).unwrap();
    }
}
