//! The only printer of the commands: data to stdout, everything else to stderr, and no word about a closed pipe.

use std::io::{self, ErrorKind, Write};

use crossterm::style::{ContentStyle, StyledContent};
use ratatui::backend::IntoCrossterm;

use super::failure::Failure;
use crate::engine::clean::{clean_block, clean_line};
use crate::platform::env::{Environment, Terminal};
use crate::platform::reader::nobody_reads;
use crate::screen::theme::{Look, Role, Theme, ascii};

/// An error's own words are never longer than this, in cells and lines.
const LONGEST_LINE: usize = 2_000;
const MOST_LINES: usize = 20;

/// How a stream may be written to.
#[derive(Debug, Clone, Copy)]
pub struct Ink {
    theme: Theme,
    styled: bool,
    unicode: bool,
}

impl Ink {
    /// No styles and no marks beyond ASCII: what a file gets.
    pub const fn plain() -> Self {
        Self::new(false, false, false)
    }

    const fn new(styled: bool, colour: bool, unicode: bool) -> Self {
        Self { theme: Theme::new(Look { colour, unicode }), styled, unicode }
    }

    /// A text in the style of its role.
    pub fn paint(self, role: Role, text: &str) -> String {
        let text = self.settle(text);
        if !self.styled || text.is_empty() {
            return text;
        }
        let style: ContentStyle = self.theme.style(role).into_crossterm();
        StyledContent::new(style, text).to_string()
    }

    /// Our own marks as this stream can show them.
    pub fn settle(self, text: &str) -> String {
        if self.unicode { text.to_owned() } else { text.chars().map(|c| ascii(c).unwrap_or(c)).collect() }
    }
}

/// The two streams of one run.
pub struct Output {
    data: Stream,
    notes: Stream,
    data_ink: Ink,
    notes_ink: Ink,
}

struct Stream {
    to: Box<dyn Write + Send>,
    /// Nobody reads any more.
    closed: bool,
    problem: Option<io::Error>,
}

impl Stream {
    fn new(to: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(to), closed: false, problem: None }
    }

    fn write(&mut self, text: &str) -> bool {
        if !self.closed
            && let Err(error) = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush())
        {
            self.closed = true;
            if error.kind() != ErrorKind::BrokenPipe {
                self.problem = Some(error);
            }
        }
        !self.closed
    }
}

impl Output {
    /// The process's own streams, in a style that fits them. `only_ascii` keeps to plain letters whatever they can.
    pub fn of_process(environment: &Environment, only_ascii: bool) -> Self {
        let unicode = environment.unicode && !only_ascii && environment.terminal != Terminal::LinuxConsole;
        let ink = |is_terminal: bool| {
            Ink::new(is_terminal && environment.terminal != Terminal::Dumb, !environment.no_color, unicode)
        };
        Self {
            data: Stream::new(io::stdout()),
            notes: Stream::new(io::stderr()),
            data_ink: ink(environment.stdout_is_terminal),
            notes_ink: ink(environment.stderr_is_terminal),
        }
    }

    /// How data may be styled.
    pub const fn ink(&self) -> Ink {
        self.data_ink
    }

    /// Writes data, which must end with a line end. `false` when nobody reads it any more.
    pub fn data(&mut self, text: &str) -> bool {
        self.data.write(text)
    }

    /// Whether the process's own standard output has lost its reader, as far as that can be told without writing.
    pub fn reader_has_gone() -> bool {
        nobody_reads(&io::stdout())
    }

    /// Says something to the person beside the data. The text is cleaned, its lines are kept.
    pub fn say(&mut self, text: &str) {
        let text = self.notes_ink.settle(&clean_block(text, LONGEST_LINE, MOST_LINES));
        self.notes.write(&format!("{text}\n"));
    }

    /// Writes a text to the person's terminal as it is: help, or a command for the terminal itself.
    pub fn note_raw(&mut self, text: &str) {
        self.notes.write(text);
    }

    /// Says what went wrong, what it means, what to do next, and then the original words.
    pub fn fail(&mut self, failure: &Failure) {
        let ink = self.notes_ink;
        let mut text = format!(
            "{} {}\n",
            ink.paint(Role::Bad, "Error:"),
            ink.settle(&clean_block(&failure.what, LONGEST_LINE, MOST_LINES))
        );
        for (label, role, words) in [
            ("Means:", Role::Strong, &failure.means),
            ("Next: ", Role::Strong, &failure.next),
            ("Words:", Role::Quiet, &failure.original),
        ] {
            let words = clean_line(words, LONGEST_LINE);
            if !words.is_empty() {
                text.extend([&ink.paint(role, label), " ", &ink.settle(&words), "\n"]);
            }
        }
        self.notes.write(&text);
    }

    /// What kept data from its reader, such as a full disk. A reader that had enough is none.
    pub fn finish(self) -> Option<io::Error> {
        self.data.problem
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Memory {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(data: impl Write + Send + 'static) -> (Output, Memory) {
        let notes = Memory::default();
        let output = Output {
            data: Stream::new(data),
            notes: Stream::new(notes.clone()),
            data_ink: Ink::plain(),
            notes_ink: Ink::plain(),
        };
        (output, notes)
    }

    #[test]
    fn data_and_notes_go_their_own_ways() {
        let data = Memory::default();
        let (mut output, notes) = output(data.clone());
        assert!(output.data("value\n"));
        output.say("by the way\u{1b}[2J");
        assert_eq!(data.text(), "value\n");
        assert_eq!(notes.text(), "by the way[2J\n");
        assert!(output.finish().is_none());
    }

    #[test]
    fn a_reader_that_had_enough_is_no_error_but_a_full_disk_is() {
        let (mut had_enough, notes) = output(Broken(ErrorKind::BrokenPipe));
        assert!(!had_enough.data("value\n"));
        assert_eq!(notes.text(), "");
        assert!(had_enough.finish().is_none());
        let (mut full, _) = output(Broken(ErrorKind::StorageFull));
        assert!(!full.data("value\n"));
        assert_eq!(full.finish().unwrap().kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn a_failure_is_told_in_four_parts_without_control_characters() {
        let (mut output, notes) = output(Memory::default());
        output.fail(&Failure {
            what: "It failed.".into(),
            means: String::new(),
            next: "Try\u{7} again.".into(),
            original: "AADSTS1\u{1b}]0;x".into(),
            ..Failure::wrong_usage("")
        });
        assert_eq!(notes.text(), "Error: It failed.\nNext:  Try again.\nWords: AADSTS1]0;x\n");
    }

    #[test]
    fn styles_and_marks_are_for_terminals_that_take_them() {
        assert_eq!(Ink::plain().paint(Role::Bad, "✗ broken"), "x broken");
        assert_eq!(Ink::new(false, false, true).paint(Role::Bad, "✗"), "✗");
        let painted = Ink::new(true, true, true).paint(Role::Good, "OK");
        assert!(painted.starts_with('\u{1b}') && painted.contains("OK") && painted != "OK", "{painted:?}");
    }
}
