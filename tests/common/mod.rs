//! A hermetic runner of the real program: nothing of this machine's account or environment reaches it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::ffi::OsStr;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::recordings;

/// A run that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home of one's own: an empty account.
pub struct Home {
    place: tempfile::TempDir,
}

/// How a run ended.
#[must_use = "a run that nobody looks at proves nothing"]
pub struct Ran {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What went to stdout.
    pub stdout: String,
    /// What went to stderr.
    pub stderr: String,
    home: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        let place = tempfile::Builder::new().prefix("handclasp-test-").tempdir().unwrap();
        for folder in ["home", "tmp", "work"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        Self { place }
    }

    /// The folder that commands run in.
    pub fn work(&self) -> PathBuf {
        self.place.path().join("work")
    }

    /// Everything that was left in the account and in the folder for passing things.
    pub fn left_behind(&self) -> Vec<PathBuf> {
        ["home", "tmp"].iter().flat_map(|folder| files_below(&self.place.path().join(folder))).collect()
    }

    /// The program, ready to be started. Its exchanges are recorded, where it makes any and its arguments do not say
    /// where to.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let place = self.place.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_handclasp"));
        command.args(args).env_clear().current_dir(self.work()).stdin(Stdio::null());
        let has = |words: &[&str]| command.get_args().any(|arg| words.iter().any(|word| arg == *word));
        if has(&["check", "copy", "files"]) && !has(&["--har", "--help", "-h"]) {
            // Some scenarios answer wrongly on purpose.
            let scenario = command.get_args().skip_while(|arg| *arg != "--practice").nth(1);
            let scenario = scenario.and_then(OsStr::to_str).filter(|word| !word.starts_with('-'));
            let kind = format!("command-{}", scenario.unwrap_or("usual"));
            command.arg("--har").arg(recordings::file(&kind));
        }
        for (name, folder) in [
            ("HOME", "home"),
            ("USERPROFILE", "home"),
            ("APPDATA", "home"),
            ("LOCALAPPDATA", "home"),
            ("TMPDIR", "tmp"),
            ("TMP", "tmp"),
            ("TEMP", "tmp"),
        ] {
            command.env(name, place.join(folder));
        }
        command.env("TZ", "UTC");
        // Windows cannot open a socket without it.
        #[cfg(windows)]
        command.env("SystemRoot", r"C:\Windows");
        command
    }

    /// Runs a command line to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        self.ran(self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Waits for the end of a run.
    pub fn ran(&self, mut child: Child) -> Ran {
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let (tell, told) = mpsc::channel();
        let id = child.id();
        thread::spawn(move || tell.send(child.wait()));
        let Ok(status) = told.recv_timeout(PATIENCE) else {
            panic!("process {id} did not end by itself");
        };
        Ran {
            code: status.unwrap().code(),
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            home: self.place.path().to_owned(),
        }
    }
}

impl Ran {
    /// What went to stdout, as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

/// All of it in one text, with what differs from run to run masked.
impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mask = |text: &str| masked(text, &self.home);
        write!(
            f,
            "code {}\n--- stdout\n{}--- stderr\n{}",
            self.code.map_or_else(|| "signal".to_owned(), |code| code.to_string()),
            mask(&self.stdout),
            mask(&self.stderr)
        )
    }
}

fn reader(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut from) = from {
            from.read_to_string(&mut text).unwrap();
        }
        text
    })
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path) } else { vec![path] }
        })
        .collect()
}

/// Paths, ports, ids and times replaced by their kind.
fn masked(text: &str, home: &Path) -> String {
    let text = text.replace(&*home.to_string_lossy(), "PLACE").replace('\\', "/");
    let text = form(&text, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", "ID");
    let text = form(&form(&text, "9999-99-99", "DATE"), "99:99", "TIME");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("127.0.0.1:") {
        out.push_str(before);
        out.push_str("127.0.0.1:PORT");
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out + rest
}

/// Replaces every place of this form: `9` stands for a digit, `h` for a hexadecimal one.
fn form(text: &str, form: &str, name: &str) -> String {
    let fits = |c: char, f: char| match f {
        '9' => c.is_ascii_digit(),
        'h' => c.is_ascii_hexdigit(),
        other => c == other,
    };
    let chars: Vec<char> = text.chars().collect();
    let form: Vec<char> = form.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while at < chars.len() {
        let here = chars.get(at..at + form.len());
        if here.is_some_and(|here| here.iter().zip(&form).all(|(c, f)| fits(*c, *f))) {
            out.push_str(name);
            at += form.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}
