//! A program in a pseudo-terminal: what it writes and when, and the keys that it is given.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::Result;

/// The rows of the terminal: 24.
const ROWS: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(23);
/// Its columns: 80.
const COLUMNS: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(79);
/// A program that has not shown something after this long never will.
const PATIENCE: Duration = Duration::from_secs(20);
/// A frame has come as a whole once nothing more came for this long.
const QUIET: Duration = Duration::from_millis(30);
/// A question to the terminal where the cursor is, which a console of Windows asks at the start.
const WHERE_IS_THE_CURSOR: &[u8] = b"\x1b[6n";

/// A running program. It is ended when this is dropped.
pub struct Program {
    started: Instant,
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    /// Closing it would take the terminal away from the program.
    _terminal: Box<dyn MasterPty + Send>,
}

impl Program {
    /// Starts a program in a terminal of its own.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Self> {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        let mut reader = pair.master.try_clone_reader()?;
        let input = pair.master.take_writer()?;
        let (to, output) = channel();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        std::thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if to.send((Instant::now(), bytes[..read].to_vec())).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        Ok(Self { started, child, input, output, screen, _terminal: pair.master })
    }

    /// The process.
    pub fn id(&self) -> Option<u32> {
        self.child.process_id()
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// How long after the start this text stood on the screen.
    pub fn until_shown(&mut self, text: &str) -> Result<Duration> {
        let shown = self.until(|screen| screen.contains(text));
        shown.map(|at| at - self.started).map_err(|_| self.never(text))
    }

    /// How long after a key the last of what it changes had reached the terminal.
    pub fn answer_to(&mut self, key: &[u8]) -> Result<Duration> {
        self.drain();
        let pressed = Instant::now();
        self.press(key)?;
        let (mut last, bytes) =
            self.output.recv_timeout(PATIENCE).map_err(|_| "a key changed nothing on the screen")?;
        self.take(&bytes)?;
        while let Ok((at, bytes)) = self.output.recv_timeout(QUIET) {
            last = at;
            self.take(&bytes)?;
        }
        Ok(last - pressed)
    }

    /// Moves the cursor to the row or button with this label, and presses Enter.
    pub fn choose(&mut self, label: &str) -> Result<()> {
        let marked = format!("> {label}");
        self.until(|screen| screen.contains(label)).map_err(|_| self.never(label))?;
        for _ in 0..40 {
            if self.text().contains(&marked) {
                // Enter counts only once what is shown had time to be read.
                std::thread::sleep(Duration::from_millis(100));
                return self.press(b"\r");
            }
            self.answer_to(b"\x1b[B")?;
        }
        Err(format!("the cursor never came to {label:?}").into())
    }

    /// How many bytes come in this time.
    pub fn bytes_within(&mut self, time: Duration) -> usize {
        std::thread::sleep(time);
        self.drain()
    }

    /// Takes in what has come by now; how many bytes.
    pub fn drain(&mut self) -> usize {
        let chunks: Vec<_> = self.output.try_iter().collect();
        for (_, bytes) in &chunks {
            self.screen.process(bytes);
        }
        chunks.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn until(&mut self, shown: impl Fn(&str) -> bool) -> std::result::Result<Instant, RecvTimeoutError> {
        let end = Instant::now() + PATIENCE;
        if shown(&self.text()) {
            return Ok(Instant::now());
        }
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let (at, bytes) = self.output.recv_timeout(left)?;
            // A program that is gone can no longer be answered; the next read then says so.
            let _ = self.take(&bytes);
            if shown(&self.text()) {
                return Ok(at);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.screen.process(bytes);
        if bytes.windows(WHERE_IS_THE_CURSOR.len()).any(|part| part == WHERE_IS_THE_CURSOR) {
            self.press(b"\x1b[1;1R")?;
        }
        Ok(())
    }

    fn press(&mut self, key: &[u8]) -> Result<()> {
        self.input.write_all(key)?;
        Ok(self.input.flush()?)
    }

    fn never(&self, text: &str) -> Box<dyn std::error::Error> {
        let screen = self.text();
        let lines: Vec<&str> = screen.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        format!("{text:?} never stood on the screen, which said: {}", lines.join(" | ")).into()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
