//! The real program in a pseudo-terminal: its screen as a person sees it, keys, the clipboard, and how it left the terminal.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod plan;
pub mod practice;
pub mod way;

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use base64::Engine;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};

use crate::recordings;

/// How long anything may take before it counts as never happening.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a screen has to stand still before somebody has read it.
const READ: Duration = Duration::from_millis(120);

/// How long to wait for an answer to a key that may have come before its screen was read.
const PRESS_AGAIN: Duration = Duration::from_secs(4);

/// Keys as a terminal sends them.
pub mod key {
    pub const UP: &str = "\x1b[A";
    pub const DOWN: &str = "\x1b[B";
    pub const RIGHT: &str = "\x1b[C";
    pub const LEFT: &str = "\x1b[D";
    pub const ENTER: &str = "\r";
    pub const ESC: &str = "\x1b";
    pub const CTRL_C: &str = "\x03";
    pub const CTRL_Z: &str = "\x1a";
}

/// An account of one's own: a home, a place for passing files, a folder to work in.
pub struct Home {
    place: tempfile::TempDir,
    more: Vec<(&'static str, PathBuf)>,
}

impl Home {
    pub fn new() -> Self {
        let place = tempfile::Builder::new().prefix("handclasp-pty-").tempdir().unwrap();
        for folder in ["home", "tmp", "work"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        Self { place, more: Vec::new() }
    }

    /// One more variable for every program that is started from now on.
    pub fn set(&mut self, name: &'static str, value: impl Into<PathBuf>) {
        self.more.push((name, value.into()));
    }

    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// A file in the folder to work in.
    pub fn file(&self, name: &str) -> String {
        self.place.path().join("work").join(name).to_str().unwrap().to_owned()
    }

    /// Every file that stands in this account now.
    pub fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path) -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).unwrap();
            let paths = entries.map(|entry| entry.unwrap().path());
            paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
        }
        below(self.place.path())
    }

    /// The variables that every program is started with, and no others.
    pub fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let folder = |name: &str| self.place.path().join(name);
        let mut all = vec![
            ("HOME", folder("home")),
            ("TMPDIR", folder("tmp")),
            ("TZ", "UTC".into()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "xterm-256color".into()),
        ];
        all.extend(self.more.iter().cloned());
        all
    }
}

/// How a run ended.
#[must_use = "a run that nobody looks at proves nothing"]
#[derive(Debug)]
pub struct Ended {
    pub code: u32,
    pub signal: Option<String>,
    /// The terminal's settings are the ones from before the start.
    pub settings_restored: bool,
    /// The terminal shows its usual screen again, not the alternate one.
    pub usual_screen: bool,
    pub cursor_shown: bool,
    /// Bracketed paste is off.
    pub plain_paste: bool,
    /// What stands on the usual screen.
    pub screen: String,
}

impl Ended {
    /// The terminal is as it was, whatever the exit code.
    #[track_caller]
    pub fn assert_terminal_is_back(&self) {
        assert!(
            self.settings_restored && self.usual_screen && self.cursor_shown && self.plain_paste,
            "the terminal was not given back as it was: {self:?}"
        );
        assert!(!self.screen.contains("panicked"), "{self:?}");
    }
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    last: Instant,
    closed: bool,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A terminal with the program in it.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    /// Kept open, since the system forgets a terminal's settings with its last user.
    slave: Option<Box<dyn SlavePty + Send>>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    settings: String,
    seen: Shared,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts the program in a terminal of this many columns and rows. Its exchanges are recorded, where the arguments
    /// do not say where to.
    pub fn start(home: &Home, size: (u16, u16), args: &[&str]) -> Self {
        let recording = recordings::file("terminal");
        let more = ["--har", recording.to_str().unwrap()];
        let more = if args.contains(&"--har") { &[][..] } else { &more[..] };
        Self::start_program(home, size, env!("CARGO_BIN_EXE_handclasp"), &[args, more].concat())
    }

    /// Starts any program.
    pub fn start_program(home: &Home, size: (u16, u16), program: &str, args: &[&str]) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let settings = settings(&*pair.master);
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.cwd(home.path().join("work"));
        let child = pair.slave.spawn_command(command).unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let (rows, columns) = cells(size);
        let seen: Shared = Arc::new((
            Mutex::new(Seen {
                parser: vt100::Parser::new(rows, columns, 0),
                raw: Vec::new(),
                last: Instant::now(),
                closed: false,
            }),
            Condvar::new(),
        ));
        let reader = read(pair.master.try_clone_reader().unwrap(), seen.clone(), writer.clone());
        Self {
            master: pair.master,
            slave: Some(pair.slave),
            writer,
            child,
            settings,
            seen,
            reader: Some(reader),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// What is selected: the text in reverse video.
    pub fn selected(&self) -> String {
        selected(self.seen().parser.screen())
    }

    /// Everything that the program wrote to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// Every text that was sent to the terminal's clipboard, oldest first.
    pub fn clipboard(&self) -> Vec<String> {
        clipboard(&self.seen().raw)
    }

    /// Waits for something about the screen; shows all of it when that never happens.
    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn(&vt100::Screen) -> bool) {
        if !self.waited(PATIENCE, |seen| holds(seen.parser.screen())) {
            self.fail(&format!("Waited for {what}"));
        }
    }

    /// Whether something comes true in time.
    fn waited(&self, patience: Duration, holds: impl Fn(&Seen) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut seen = self.seen();
        loop {
            // Half a frame is not what a person sees.
            if !in_frame(&seen.raw) && holds(&seen) {
                return true;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|_| !seen.closed) else {
                return false;
            };
            // Some conditions come true by the passing of time alone.
            seen = self.seen.1.wait_timeout(seen, left.min(READ / 4)).unwrap().0;
        }
    }

    /// Waits until this text stands on the screen. Spaces and line breaks count alike.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} to appear"), |screen| shows(screen, text));
    }

    /// Waits until this text stands on the screen no more.
    #[track_caller]
    pub fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("{text:?} to go"), |screen| !shows(screen, text));
    }

    /// Waits for something about everything that was written so far.
    #[track_caller]
    pub fn wait_written(&self, what: &str, holds: impl Fn(&[u8]) -> bool) {
        if !self.waited(PATIENCE, |seen| holds(&seen.raw)) {
            self.fail(&format!("Waited for {what} to be written"));
        }
    }

    /// Whether this text stands on the screen now.
    pub fn shows(&self, text: &str) -> bool {
        shows(self.seen().parser.screen(), text)
    }

    /// Presses a key, or types text.
    pub fn send(&self, text: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Pastes as terminals do where a program asked for it.
    pub fn paste(&self, text: &str) {
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Lets the screen stand still for as long as somebody needs to read it.
    #[track_caller]
    pub fn read_it(&self) {
        if !self.waited(PATIENCE, |seen| seen.last.elapsed() >= READ) {
            self.fail("The screen never stands still");
        }
    }

    /// Goes to a row or button by its text with the arrow keys alone.
    #[track_caller]
    pub fn go_to(&self, label: &str) {
        self.wait_for(label);
        self.go_where(label, |selected| selected.contains(&squeezed(label)));
    }

    /// Goes to the row or button whose text, as it looks when it is selected, is the right one.
    #[track_caller]
    pub fn go_where(&self, what: &str, is_it: impl Fn(&str) -> bool) {
        self.read_it();
        let mut passed = Vec::new();
        for _ in 0..300 {
            if is_it(&self.selected()) {
                // The screen may have changed for another reason than the last key, which then moves on only now.
                self.read_it();
            }
            let selected = self.selected();
            if is_it(&selected) {
                return;
            }
            // A long text is read on first: then the page moves, and not the selection.
            let before = self.screen_with_selection();
            self.send(key::DOWN);
            if !self.waited(PATIENCE, |seen| with_selection(seen.parser.screen()) != before) {
                self.fail("Down moves nothing");
            }
            passed.push(selected);
        }
        self.fail(&format!("{what:?} cannot be reached; passed {passed:?}"));
    }

    /// Fails with a sentence and the whole screen.
    #[track_caller]
    pub fn fail(&self, what: &str) -> ! {
        let seen = self.seen();
        let closed = if seen.closed { ", which is closed" } else { "" };
        let message = format!("{what}. The screen{closed}:\n{}", frame(seen.parser.screen()));
        // Others still need the lock when this one has failed.
        drop(seen);
        panic!("{message}");
    }

    fn screen_with_selection(&self) -> String {
        with_selection(self.seen().parser.screen())
    }

    /// Goes to a row or button with the arrow keys and presses Enter. What has to be read before it may be pressed is
    /// read; where Enter still came too early, as it can on a busy machine, it is pressed again.
    #[track_caller]
    pub fn choose(&self, label: &str) {
        self.go_to(label);
        self.enter();
    }

    /// Presses Enter on what was read, and waits until it has done something.
    #[track_caller]
    pub fn enter(&self) {
        for _ in 0..15 {
            self.read_it();
            let before = self.screen_with_selection();
            let clips = self.clipboard().len();
            self.send(key::ENTER);
            let done = |seen: &Seen| {
                seen.closed
                    || with_selection(seen.parser.screen()) != before
                    || clipboard(&seen.raw).len() > clips
            };
            if self.waited(PRESS_AGAIN, done) {
                return;
            }
        }
        self.fail("Enter does nothing");
    }

    /// Presses Enter on a row that copies, and gives what was copied.
    #[track_caller]
    pub fn copy(&self, label: &str) -> String {
        self.go_to(label);
        self.copied_by(key::ENTER)
    }

    /// Presses a key that copies, and gives what was copied.
    #[track_caller]
    pub fn copied_by(&self, press: &str) -> String {
        let before = self.clipboard().len();
        self.send(press);
        if !self.waited(PATIENCE, |seen| clipboard(&seen.raw).len() > before) {
            self.fail("Nothing was copied");
        }
        self.clipboard().pop().unwrap()
    }

    /// Changes the size of the terminal's window, and waits until the program has drawn for it.
    #[track_caller]
    pub fn resize(&self, size: (u16, u16)) {
        let before = self.seen().raw.len();
        self.resize_unseen(size);
        if !self.waited(PATIENCE, |seen| seen.raw.len() > before) {
            self.fail("Nothing was drawn for the new size");
        }
    }

    /// Changes the size of the terminal's window and waits for nothing.
    pub fn resize_unseen(&self, size: (u16, u16)) {
        let (rows, columns) = cells(size);
        self.seen().parser.screen_mut().set_size(rows, columns);
        self.master.resize(pty_size(size)).unwrap();
    }

    /// The id of the program's process.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Ends the program as nothing in it can prevent or notice (SIGKILL), and waits until it is gone.
    pub fn kill(mut self) {
        let id = rustix::process::Pid::from_raw(self.process().cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some("Killed"), "{status:?}");
    }

    /// Whether the terminal's settings are the ones from before the program was started.
    pub fn settings_are_usual(&self) -> bool {
        settings(&*self.master) == self.settings
    }

    /// Waits until the terminal's settings are usual, or are not.
    #[track_caller]
    pub fn wait_for_settings(&self, usual: bool) {
        let deadline = Instant::now() + PATIENCE;
        while self.settings_are_usual() != usual {
            assert!(
                Instant::now() < deadline,
                "the settings did not become {}",
                if usual { "usual" } else { "raw" }
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the program's own end.
    #[track_caller]
    pub fn end(mut self) -> (Ended, Vec<u8>) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
                None => self.fail("The program did not end"),
            }
        };
        let settings_restored = self.settings_are_usual();
        drop(self.slave.take());
        assert!(self.waited(PATIENCE, |seen| seen.closed) || self.seen().closed, "the terminal stays open");
        let seen = self.seen();
        let screen = seen.parser.screen();
        let ended = Ended {
            code: status.exit_code(),
            signal: status.signal().map(str::to_owned),
            settings_restored,
            usual_screen: !screen.alternate_screen(),
            cursor_shown: !screen.hide_cursor(),
            plain_paste: !screen.bracketed_paste(),
            screen: screen.contents(),
        };
        let raw = seen.raw.clone();
        drop(seen);
        (ended, raw)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A test that fails must not leave its program behind.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        drop(self.slave.take());
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells((columns, rows): (u16, u16)) -> (NonZero<u16>, NonZero<u16>) {
    (NonZero::new(rows).unwrap(), NonZero::new(columns).unwrap())
}

fn size_of(screen: &vt100::Screen) -> (u16, u16) {
    let (rows, columns) = screen.size();
    (rows.get(), columns.get())
}

/// The terminal's settings as the system has them, as text to compare.
fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn read(
    mut from: Box<dyn Read + Send>,
    seen: Shared,
    answers: Arc<Mutex<Box<dyn Write + Send>>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut piece = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut piece) {
            let piece = &piece[..count];
            let mut now = seen.0.lock().unwrap();
            now.parser.process(piece);
            now.raw.extend_from_slice(piece);
            now.last = Instant::now();
            let (row, column) = now.parser.screen().cursor_position();
            drop(now);
            seen.1.notify_all();
            // A terminal says where its cursor is when it is asked.
            if piece.windows(4).any(|part| part == b"\x1b[6n") {
                let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                let _ = answers.lock().unwrap().write_all(answer.as_bytes());
            }
        }
        seen.0.lock().unwrap().closed = true;
        seen.1.notify_all();
    })
}

/// One space for every stretch of white space; the sides of boxes count as such.
fn squeezed(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text stands on a screen, maybe broken over lines.
pub fn shows(screen: &vt100::Screen, text: &str) -> bool {
    squeezed(&screen.contents()).contains(&squeezed(text))
}

fn selected(screen: &vt100::Screen) -> String {
    let (rows, columns) = size_of(screen);
    let mut text = String::new();
    for row in 0..rows {
        for column in 0..columns {
            if let Some(cell) = screen.cell(row, column).filter(|cell| cell.inverse()) {
                text.push_str(if cell.has_contents() { cell.contents() } else { " " });
            }
        }
        text.push(' ');
    }
    squeezed(&text)
}

fn with_selection(screen: &vt100::Screen) -> String {
    format!("{}\n{}", selected(screen), screen.contents())
}

/// The screen in a box, for messages.
fn frame(screen: &vt100::Screen) -> String {
    let (_, columns) = size_of(screen);
    let line = format!("+{}+\n", "-".repeat(columns.into()));
    let rows: Vec<String> = screen.rows(0, columns).map(|row| format!("|{row}\n")).collect();
    let rows = rows.concat();
    format!("{line}{rows}{line}selected: {:?}", selected(screen))
}

/// Whether a frame has begun and not ended: each is sent between the marks of a synchronized update.
fn in_frame(raw: &[u8]) -> bool {
    let marks = raw.windows(8).rev().find(|part| part.starts_with(b"\x1b[?2026"));
    marks.is_some_and(|mark| mark.ends_with(b"h"))
}

/// The texts of the OSC 52 sequences in an output.
pub fn clipboard(raw: &[u8]) -> Vec<String> {
    const START: &[u8] = b"\x1b]52;";
    let starts = raw
        .windows(START.len())
        .enumerate()
        .filter(|(_, part)| *part == START)
        .map(|(at, _)| at + START.len());
    starts
        .filter_map(|from| {
            let rest = &raw[from..];
            let end = rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b))?;
            let (_, text) = std::str::from_utf8(&rest[..end]).unwrap().split_once(';').unwrap();
            let bytes = base64::prelude::BASE64_STANDARD.decode(text).unwrap();
            Some(String::from_utf8(bytes).unwrap())
        })
        .collect()
}

/// An output without its OSC 52 sequences.
pub fn without_clipboard(raw: &[u8]) -> Vec<u8> {
    let mut left = Vec::new();
    let mut rest = raw;
    while let Some(at) = rest.windows(5).position(|part| part == b"\x1b]52;") {
        left.extend_from_slice(&rest[..at]);
        let after = &rest[at + 5..];
        let end = after.iter().position(|byte| matches!(byte, 0x07 | 0x1b)).unwrap_or(after.len());
        rest = &after[end..];
    }
    left.extend_from_slice(rest);
    left
}
