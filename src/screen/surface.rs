//! Drawing a frame: only what changed is written, as one synchronized update, and nothing when nothing changed.

use std::io::{self, Write};
use std::mem::{Discriminant, discriminant};

use ratatui::backend::{Backend, CrosstermBackend, TestBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::QueueableCommand;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::layout::{Position, Rect};

use super::terminal::Out;
use super::view::{self, Paint};
use super::widgets::doc::Scroll;
use crate::flow::event::{Event, Key};
use crate::flow::menu::{self, Item};
use crate::flow::state::{Overlay, Page, Panel, State};

/// A backend that can bracket a frame and pass bytes through to the terminal.
pub trait Surface: Backend {
    /// Called before the first byte of a frame: the terminal shows nothing until [`Surface::end_frame`].
    ///
    /// # Errors
    /// Those of the backend.
    fn begin_frame(&mut self) -> Result<(), Self::Error>;

    /// Called after the last byte of a frame.
    ///
    /// # Errors
    /// Those of the backend.
    fn end_frame(&mut self) -> Result<(), Self::Error>;

    /// Writes bytes that are no part of the picture (an OSC 52 sequence) and flushes.
    ///
    /// # Errors
    /// Those of the backend.
    fn pass_through(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
}

impl<W: Write> Surface for CrosstermBackend<W> {
    fn begin_frame(&mut self) -> io::Result<()> {
        self.queue(BeginSynchronizedUpdate).map(|_| ())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.queue(EndSynchronizedUpdate)?;
        Write::flush(self)
    }

    fn pass_through(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)?;
        Write::flush(self)
    }
}

impl Surface for TestBackend {
    fn begin_frame(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn end_frame(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn pass_through(&mut self, _bytes: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A terminal that is drawn to, what stands on it now, and how far its page is scrolled.
///
/// It keeps its own two buffers: ratatui's `Terminal` asks where the cursor is whenever it clears, and the answer
/// would be eaten by the task that reads the keys.
pub struct Screen<B: Surface> {
    backend: B,
    paint: Paint,
    scratch: Buffer,
    shown: Option<Shown>,
    scroll: Scroll,
    place: Option<Place>,
}

/// What the scrolling belongs to: with another page, panel, overlay or selection it begins anew.
#[derive(PartialEq)]
struct Place {
    page: Page,
    panel: Discriminant<Panel>,
    overlays: usize,
    selected: Option<Item>,
}

/// Whether one of the answers to a plan is selected.
fn answering(state: &State) -> bool {
    let selected = matches!((&state.panel, &state.selected), (Panel::Plan(_), Some(Item::Action(_))));
    selected && state.overlays.is_empty()
}

/// Whether the page is a text with buttons, or details of what is selected beside it: such a text is read with the
/// arrows before they choose. In a list the arrows choose, and the page goes along.
fn text_first(state: &State) -> bool {
    let buttons_only = menu::items(state).iter().all(|item| matches!(item, Item::Action(_)));
    match state.overlays.last() {
        // Several buttons stand at the end of the overlay's text and are chosen like lines of a list.
        Some(_) => menu::items(state).len() < 2,
        None => buttons_only || matches!(state.panel, Panel::Plan(_)),
    }
}

#[derive(PartialEq)]
struct Shown {
    buffer: Buffer,
    cursor: Option<Position>,
}

impl Screen<CrosstermBackend<Out>> {
    /// The person's terminal; take it with [`super::Guard::take`] first.
    ///
    /// # Errors
    /// When its size cannot be read.
    pub fn of_terminal(paint: Paint) -> io::Result<Self> {
        Self::new(CrosstermBackend::new(Out::default()), paint)
    }
}

impl<B: Surface> Screen<B> {
    /// A screen on any backend.
    ///
    /// # Errors
    /// When its size cannot be read.
    pub fn new(backend: B, paint: Paint) -> Result<Self, B::Error> {
        backend.size()?;
        Ok(Self {
            backend,
            paint,
            scratch: Buffer::default(),
            shown: None,
            scroll: Scroll::default(),
            place: None,
        })
    }

    /// Draws the wizard as it stands. Writes nothing at all when that is what already stands there; returns whether
    /// anything was written. Tell the machine afterwards, with `Event::Drawn` and the revision that was drawn.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn show(&mut self, state: &State) -> Result<bool, B::Error> {
        let place = Place {
            page: state.page.clone(),
            panel: discriminant(&state.panel),
            overlays: state.overlays.len(),
            // Between buttons the text above them stays where it was read.
            selected: menu::selected(state).filter(|item| !matches!(item, Item::Action(_))),
        };
        if self.place.as_ref() != Some(&place) {
            self.scroll = Scroll::default();
            self.place = Some(place);
        }
        let (paint, mut scroll) =
            (self.paint.clone(), self.scroll.reading(text_first(state) && !answering(state)));
        let written = self.draw(|area, buffer| view::render(state, &paint, &mut scroll, area, buffer));
        self.scroll = scroll;
        written
    }

    /// Takes a key that is the screen's own affair: where a text is longer than its place, PgUp and PgDn turn the page,
    /// and the arrows read on, before or after they choose among what there is. Returns true when the key was used;
    /// draw again then, and do not give it to the machine.
    pub fn take(&mut self, event: &Event, state: &State) -> bool {
        // The log of calls is scrolled by the machine.
        if matches!(state.overlays.last(), Some(Overlay::CallLog { .. })) {
            return false;
        }
        // In a list the pages are turned by moving what is selected: Enter must never take what is not seen.
        let lists = menu::lists(state);
        match event {
            Event::Key(Key::PageDown | Key::PageUp) if lists => false,
            Event::Key(Key::PageDown) => self.scroll.turn(true),
            Event::Key(Key::PageUp) => self.scroll.turn(false),
            Event::Key(Key::Down) => self.arrow(true, state),
            Event::Key(Key::Up) => self.arrow(false, state),
            _ => false,
        }
    }

    /// At the last item the arrow reads on what is left before it goes round. Between the answers to a plan it only
    /// chooses: the key that means "no" on one plan must not leave "yes" selected on a longer one.
    fn arrow(&mut self, down: bool, state: &State) -> bool {
        if answering(state) {
            return false;
        }
        let reads = self.scroll.with_arrow(down) || menu::neighbour(state, down).is_none();
        self.scroll.more(down) && reads && self.scroll.step(down)
    }

    /// Draws what `paint` puts into the buffer, with the cursor where it says. Writes nothing at all when that is
    /// what already stands there; returns whether anything was written.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn draw(
        &mut self,
        paint: impl FnOnce(Rect, &mut Buffer) -> Option<Position>,
    ) -> Result<bool, B::Error> {
        let area = Rect::from((Position::ORIGIN, self.backend.size()?));
        self.scratch.resize(area);
        self.scratch.reset();
        let cursor = paint(area, &mut self.scratch);
        if self.shown.as_ref().is_some_and(|s| s.cursor == cursor && s.buffer == self.scratch) {
            return Ok(false);
        }
        self.backend.begin_frame()?;
        let standing = self.shown.take().filter(|shown| shown.buffer.area == area);
        if standing.is_none() {
            self.backend.clear()?;
        }
        let before = standing.map_or_else(|| Buffer::empty(area), |shown| shown.buffer);
        self.backend.draw(before.diff(&self.scratch).into_iter())?;
        match cursor {
            Some(position) => {
                self.backend.show_cursor()?;
                self.backend.set_cursor_position(position)?;
            }
            None => self.backend.hide_cursor()?,
        }
        self.backend.end_frame()?;
        self.shown = Some(Shown { buffer: std::mem::replace(&mut self.scratch, before), cursor });
        Ok(true)
    }

    /// Whether what stands on the terminal is a page, and not only the line that asks for a larger window.
    pub fn has_room(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| view::has_room(shown.buffer.area))
    }

    /// Forgets what stands on the terminal, so that the next draw paints all of it.
    pub fn redraw(&mut self) {
        self.shown = None;
    }

    /// Passes bytes to the terminal that are no part of the picture: the OSC 52 sequence that asks it to copy.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn pass_through(&mut self, bytes: &[u8]) -> Result<(), B::Error> {
        self.backend.pass_through(bytes)
    }

    /// The backend, for tests that look at what it holds.
    pub fn backend(&self) -> &B {
        &self.backend
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use ratatui::backend::{ClearType, WindowSize};
    use ratatui::buffer::Cell;
    use ratatui::layout::Size;

    use super::*;
    use crate::screen::theme::Look;

    /// A terminal of a fixed size that keeps every byte it is sent.
    pub struct Counting {
        inner: CrosstermBackend<Bytes>,
        size: Size,
    }

    /// The bytes, shared with the test.
    #[derive(Clone, Default)]
    pub struct Bytes(pub Rc<RefCell<Vec<u8>>>);

    impl Write for Bytes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Counting {
        pub fn new(width: u16, height: u16) -> (Self, Bytes) {
            let bytes = Bytes::default();
            (Self { inner: CrosstermBackend::new(bytes.clone()), size: Size::new(width, height) }, bytes)
        }
    }

    impl Backend for Counting {
        type Error = io::Error;
        fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
            self.inner.draw(content)
        }
        fn hide_cursor(&mut self) -> io::Result<()> {
            self.inner.hide_cursor()
        }
        fn show_cursor(&mut self) -> io::Result<()> {
            self.inner.show_cursor()
        }
        fn get_cursor_position(&mut self) -> io::Result<Position> {
            panic!("asking the terminal would race with the reading of keys")
        }
        fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
            self.inner.set_cursor_position(position)
        }
        fn clear(&mut self) -> io::Result<()> {
            self.inner.clear()
        }
        fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
            self.inner.clear_region(clear_type)
        }
        fn size(&self) -> io::Result<Size> {
            Ok(self.size)
        }
        fn window_size(&mut self) -> io::Result<WindowSize> {
            Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
        }
        fn flush(&mut self) -> io::Result<()> {
            Backend::flush(&mut self.inner)
        }
    }

    impl Surface for Counting {
        fn begin_frame(&mut self) -> io::Result<()> {
            self.inner.begin_frame()
        }
        fn end_frame(&mut self) -> io::Result<()> {
            self.inner.end_frame()
        }
        fn pass_through(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.inner.pass_through(bytes)
        }
    }

    fn paint() -> Paint {
        Paint::new(Look { colour: true, unicode: true }, || jiff::tz::TimeZone::UTC)
    }

    fn word(text: &'static str) -> impl FnOnce(Rect, &mut Buffer) -> Option<Position> {
        move |_, buffer| {
            buffer.set_string(0, 0, text, ratatui::style::Style::new());
            None
        }
    }

    #[test]
    fn nothing_is_written_while_nothing_changes() {
        let (backend, bytes) = Counting::new(20, 3);
        let mut screen = Screen::new(backend, paint()).unwrap();
        assert!(screen.draw(word("hello")).unwrap());
        bytes.0.borrow_mut().clear();
        for _ in 0..10 {
            assert!(!screen.draw(word("hello")).unwrap());
        }
        assert_eq!(bytes.0.borrow().len(), 0);
        assert!(screen.draw(word("hellO")).unwrap());
        let text = String::from_utf8_lossy(&bytes.0.borrow()).into_owned();
        assert!(text.starts_with("\x1b[?2026h") && text.ends_with("\x1b[?2026l"), "{text:?}");
        assert!(text.contains('O') && !text.contains("hell"), "{text:?}");
    }

    #[test]
    fn moving_the_cursor_alone_is_a_change() {
        let (backend, _) = Counting::new(20, 3);
        let mut screen = Screen::new(backend, paint()).unwrap();
        screen.draw(|_, _| Some(Position::new(1, 1))).unwrap();
        assert!(!screen.draw(|_, _| Some(Position::new(1, 1))).unwrap());
        assert!(screen.draw(|_, _| Some(Position::new(2, 1))).unwrap());
    }

    #[test]
    fn a_redraw_paints_everything_again() {
        let (backend, bytes) = Counting::new(20, 3);
        let mut screen = Screen::new(backend, paint()).unwrap();
        screen.draw(word("hello")).unwrap();
        bytes.0.borrow_mut().clear();
        screen.redraw();
        assert!(screen.draw(word("hello")).unwrap());
        assert!(String::from_utf8_lossy(&bytes.0.borrow()).contains("hello"));
    }

    #[test]
    fn bytes_pass_through_as_they_are() {
        let (backend, bytes) = Counting::new(20, 3);
        let mut screen = Screen::new(backend, paint()).unwrap();
        screen.pass_through(b"\x1b]52;c;aGk=\x1b\\").unwrap();
        assert_eq!(*bytes.0.borrow(), b"\x1b]52;c;aGk=\x1b\\");
    }
}
