//! From the terminal's events to the wizard's: which keys count, and when a burst of keys is really a paste.

use std::time::Duration;

use ratatui::crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::flow::event::{Event, Key};

/// Keys that come closer together than this were not typed (rust-tui-models 2 e: 8 ms proved too tight).
const BURST: Duration = Duration::from_millis(30);

/// Turns terminal events into events of the wizard.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    bursts: bool,
    last: Option<Duration>,
}

impl Keys {
    /// For this system: Windows hands a paste over as keys, elsewhere it is marked as one.
    pub fn of_system() -> Self {
        Self { bursts: cfg!(windows), last: None }
    }

    /// One that looks for bursts, or not.
    pub fn new(bursts: bool) -> Self {
        Self { bursts, last: None }
    }

    /// The wizard's event for a terminal's, if it means one.
    ///
    /// `at` is when it came, on any clock that only goes forward. `typing` says whether a field takes letters now:
    /// in a burst an Enter or a Tab is part of what was pasted and does nothing, and where no field is open neither
    /// does a letter, so that pasted text never presses buttons.
    pub fn translate(&mut self, raw: &Raw, at: Duration, typing: bool) -> Option<Event> {
        match raw {
            Raw::Key(key) => self.key(key, at, typing).map(Event::Key),
            Raw::Paste(text) => Some(Event::Paste(text.clone())),
            Raw::Resize(..) => Some(Event::Resized),
            Raw::FocusGained | Raw::FocusLost | Raw::Mouse(_) => None,
        }
    }

    fn key(&mut self, event: &KeyEvent, at: Duration, typing: bool) -> Option<Key> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let key = read(event)?;
        let burst = self.bursts && self.last.is_some_and(|last| at.saturating_sub(last) < BURST);
        if matches!(key, Key::Char(_) | Key::Enter | Key::Tab) {
            self.last = Some(at);
        }
        let repeated = event.kind == KeyEventKind::Repeat;
        match key {
            Key::Enter | Key::Tab if burst => None,
            Key::Char(_) if burst && !typing => None,
            // Holding a key down repeats text and movement only: nothing is confirmed twice by a heavy hand.
            Key::Enter | Key::Esc | Key::Tab | Key::BackTab | Key::CtrlC | Key::CtrlZ if repeated => None,
            Key::Char(_) if repeated && !typing => None,
            key => Some(key),
        }
    }
}

fn read(event: &KeyEvent) -> Option<Key> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let alt = event.modifiers.contains(KeyModifiers::ALT);
    Some(match event.code {
        // AltGr arrives as control and alt together, with the character that it makes.
        KeyCode::Char(c) if control && !alt => match c.to_ascii_lowercase() {
            'c' => Key::CtrlC,
            'z' => Key::CtrlZ,
            'w' => Key::CtrlW,
            'u' => Key::CtrlU,
            'h' => Key::Backspace,
            'a' => Key::Home,
            'e' => Key::End,
            'm' | 'j' => Key::Enter,
            _ => return None,
        },
        KeyCode::Char(_) if alt && !control => return None,
        KeyCode::Char(c) if c.is_control() => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Backspace if control || alt => Key::CtrlW,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::F(1) => Key::F1,
        KeyCode::F(2) => Key::F2,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: KeyCode, modifiers: KeyModifiers, kind: KeyEventKind) -> Raw {
        Raw::Key(KeyEvent::new_with_kind(code, modifiers, kind))
    }

    fn press(code: KeyCode) -> Raw {
        event(code, KeyModifiers::NONE, KeyEventKind::Press)
    }

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn presses_count_and_releases_do_not() {
        let mut keys = Keys::new(false);
        for (code, key) in [
            (KeyCode::Enter, Key::Enter),
            (KeyCode::Char('x'), Key::Char('x')),
            (KeyCode::Up, Key::Up),
            (KeyCode::BackTab, Key::BackTab),
        ] {
            assert_eq!(keys.translate(&press(code), ms(0), false), Some(Event::Key(key)));
            let release = event(code, KeyModifiers::NONE, KeyEventKind::Release);
            assert_eq!(keys.translate(&release, ms(0), true), None);
        }
    }

    #[test]
    fn repeats_move_and_type_but_confirm_nothing() {
        let mut keys = Keys::new(false);
        let repeat = |code| event(code, KeyModifiers::NONE, KeyEventKind::Repeat);
        assert_eq!(keys.translate(&repeat(KeyCode::Down), ms(0), false), Some(Event::Key(Key::Down)));
        assert_eq!(
            keys.translate(&repeat(KeyCode::Char('a')), ms(0), true),
            Some(Event::Key(Key::Char('a')))
        );
        assert_eq!(keys.translate(&repeat(KeyCode::Char('a')), ms(0), false), None);
        assert_eq!(keys.translate(&repeat(KeyCode::Enter), ms(0), false), None);
    }

    #[test]
    fn chords_are_named_and_alt_gr_types() {
        let mut keys = Keys::new(false);
        let with = |c, m| event(KeyCode::Char(c), m, KeyEventKind::Press);
        let control = KeyModifiers::CONTROL;
        for (c, key) in [('c', Key::CtrlC), ('Z', Key::CtrlZ), ('w', Key::CtrlW), ('u', Key::CtrlU)] {
            assert_eq!(keys.translate(&with(c, control), ms(0), false), Some(Event::Key(key)));
        }
        assert_eq!(keys.translate(&with('x', control), ms(0), true), None);
        assert_eq!(keys.translate(&with('x', KeyModifiers::ALT), ms(0), true), None);
        let alt_gr = control | KeyModifiers::ALT;
        assert_eq!(keys.translate(&with('@', alt_gr), ms(0), true), Some(Event::Key(Key::Char('@'))));
    }

    #[test]
    fn an_enter_inside_a_burst_does_not_submit() {
        let mut keys = Keys::new(true);
        let typed = |keys: &mut Keys, code, at| keys.translate(&press(code), ms(at), true);
        assert!(typed(&mut keys, KeyCode::Char('a'), 0).is_some());
        assert!(typed(&mut keys, KeyCode::Char('b'), 5).is_some());
        assert_eq!(typed(&mut keys, KeyCode::Enter, 34), None);
        assert!(typed(&mut keys, KeyCode::Char('c'), 40).is_some());
        assert_eq!(typed(&mut keys, KeyCode::Enter, 500), Some(Event::Key(Key::Enter)));
    }

    #[test]
    fn a_burst_presses_no_buttons() {
        let mut keys = Keys::new(true);
        assert!(keys.translate(&press(KeyCode::Char('h')), ms(0), false).is_some());
        assert_eq!(keys.translate(&press(KeyCode::Char('q')), ms(3), false), None);
        assert_eq!(
            keys.translate(&press(KeyCode::Char('q')), ms(33), false),
            Some(Event::Key(Key::Char('q')))
        );
    }

    #[test]
    fn without_burst_detection_fast_keys_are_keys() {
        let mut keys = Keys::new(false);
        keys.translate(&press(KeyCode::Char('a')), ms(0), true);
        assert_eq!(keys.translate(&press(KeyCode::Enter), ms(1), true), Some(Event::Key(Key::Enter)));
    }

    #[test]
    fn pastes_and_sizes_pass() {
        let mut keys = Keys::new(false);
        assert_eq!(keys.translate(&Raw::Paste("x\n".into()), ms(0), true), Some(Event::Paste("x\n".into())));
        assert_eq!(keys.translate(&Raw::Resize(80, 24), ms(0), true), Some(Event::Resized));
        assert_eq!(keys.translate(&Raw::FocusLost, ms(0), true), None);
    }
}
