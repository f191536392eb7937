//! Pictures of every page at three sizes, and what must hold for all of them.

mod outside;
mod reading;
mod scenes;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier, Style};

use super::surface::tests::Counting;
use super::theme::{self, Look};
use super::widgets::frame::arrows;
use super::widgets::text::cells;
use super::{Paint, Screen};
use crate::engine::facts::{Application, Site};
use crate::engine::findings::Verdict;
use crate::engine::fixtures;
use crate::engine::ids::StageId;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words;
use crate::flow::event::{AppList, AppRow, Event, Key, SignedIn, SubscriptionRow, TenantRow};
use crate::flow::menu::{self, Item};
use crate::flow::state::{Field, Listing, Overlay, Page, Panel, SignInStep, State};

const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (120, 40)];
const LOOK: Look = Look { colour: true, unicode: true };

fn screen(width: u16, height: u16, look: Look) -> Screen<TestBackend> {
    Screen::new(TestBackend::new(width, height), Paint::new(look, || TimeZone::UTC)).unwrap()
}

fn shown(state: &State, width: u16, height: u16) -> Screen<TestBackend> {
    let mut screen = screen(width, height, LOOK);
    screen.show(state).unwrap();
    screen
}

#[test]
fn every_page_looks_as_it_did() {
    for (name, state) in scenes::all() {
        for (width, height) in SIZES {
            let screen = shown(&state, width, height);
            insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.backend());
            });
        }
    }
}

#[test]
fn where_there_is_no_room_one_sentence_says_so() {
    for (width, height) in [(59, 24), (80, 15), (20, 5)] {
        let screen = shown(&scenes::stage(StageId::Protect, fixtures::fresh()), width, height);
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("no_room_{width}x{height}"), screen.backend());
        });
    }
}

/// What a page shows, by name. The compiler holds this to every page, step, panel and overlay that there is.
fn drawn(state: &State) -> Vec<&'static str> {
    let page = match &state.page {
        Page::Welcome => "welcome",
        Page::SignIn(sign_in) => match sign_in.step {
            SignInStep::Choose => "choose",
            SignInStep::Starting(_) => "starting",
            SignInStep::Browser { .. } => "browser",
            SignInStep::DeviceCode { .. } => "code",
            SignInStep::Address => "address",
            SignInStep::Tenant => "tenant",
            SignInStep::PageError => "page error",
        },
        Page::Stage(_) => match &state.panel {
            Panel::Overview => "overview",
            Panel::Forecast => "forecast",
            Panel::PickApp => "pick app",
            Panel::TypeUrl => "type url",
            Panel::PickTenant => "pick tenant",
            Panel::Switching(_) => "switching",
            Panel::PickSubscription => "pick subscription",
            Panel::PickSlot => "pick slot",
            Panel::PickHost => "pick host",
            Panel::PickClient => "pick client",
            Panel::ClientField => "client field",
            Panel::Preparing => "preparing",
            Panel::Plan(_) => "plan",
            Panel::Applying(_) => "applying",
            Panel::Myself => "myself",
            Panel::AskAdmin => "ask admin",
            Panel::SecretField => "secret field",
            Panel::LostSecrets => "lost secrets",
            Panel::HandOver => "hand over",
            Panel::Consent => "consent",
            Panel::Resource => "resource",
            Panel::RedirectField => "redirect field",
            Panel::ErrorField => "error field",
            Panel::Binding => "binding",
            Panel::Rehearsal(_) => "rehearsal",
            Panel::RehearsalPaste(_) => "rehearsal paste",
            Panel::Answer => "answer",
            Panel::Explained(_) => "explained",
        },
        Page::End => "end",
    };
    let overlays = state.overlays.iter().map(|overlay| match overlay {
        Overlay::Help => "help",
        Overlay::CallLog { .. } => "log",
        Overlay::More => "more",
        Overlay::Explain(_) => "explain",
        Overlay::Trouble(_) => "trouble",
        Overlay::Notice { .. } => "notice",
        Overlay::ConfirmQuit { .. } => "quit",
    });
    std::iter::once(page).chain(overlays).collect()
}

/// How many names [`drawn`] has; whoever adds one adds a scene for it.
const DRAWN: usize = 44;

#[test]
fn every_page_step_panel_and_overlay_has_a_picture() {
    let seen: BTreeSet<&str> = scenes::all().iter().flat_map(|(_, state)| drawn(state)).collect();
    assert_eq!(seen.len(), DRAWN, "{seen:?}");
}

/// The style of the first cell of a text on the screen.
fn style_of(screen: &Screen<TestBackend>, text: &str) -> Style {
    let buffer = screen.backend().buffer();
    let first = text.chars().next().unwrap();
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let row: String = (x..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            if row.starts_with(first) && row.starts_with(text) {
                return buffer[(x, y)].style();
            }
        }
    }
    panic!("{text:?} is not on the screen");
}

fn text_of(screen: &Screen<TestBackend>) -> String {
    let buffer = screen.backend().buffer();
    let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>() + "\n";
    (0..buffer.area.height).map(row).collect()
}

const COLOURS: [(Verdict, Option<Color>); Verdict::ALL.len()] = [
    (Verdict::Pass, Some(Color::Green)),
    (Verdict::Warn, Some(Color::Yellow)),
    (Verdict::Fail, Some(Color::Red)),
    (Verdict::Waiting, Some(Color::LightBlue)),
    (Verdict::Unknown, Some(Color::Magenta)),
    (Verdict::NotTried, None),
    (Verdict::NotApplicable, None),
];

fn with_verdict(verdict: Verdict) -> State {
    let mut state = scenes::stage(StageId::Protect, fixtures::finished());
    state.findings.stages[1].checks[2].verdict = verdict;
    state
}

#[test]
fn every_status_is_a_word_a_mark_and_a_colour() {
    for (verdict, colour) in COLOURS {
        let state = with_verdict(verdict);
        let tag = format!("{} {}", theme::mark(verdict), words::verdict(verdict));
        let style = style_of(&shown(&state, 80, 24), &tag);
        assert_eq!(style.fg.filter(|c| *c != Color::Reset), colour, "{verdict:?}");
        assert_eq!(style.add_modifier.contains(Modifier::BOLD), verdict == Verdict::Fail);
    }
}

#[test]
fn without_colours_the_words_and_the_selection_remain() {
    let look = Look { colour: false, unicode: true };
    for (name, state) in scenes::all() {
        let mut screen = screen(100, 30, look);
        screen.show(&state).unwrap();
        let plain =
            screen.backend().buffer().content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset);
        assert!(plain, "{name} has a colour");
        assert_eq!(text_of(&screen), text_of(&shown(&state, 100, 30)), "{name} says something else");
    }
    let mut screen = screen(80, 24, look);
    let state = with_verdict(Verdict::Fail);
    screen.show(&state).unwrap();
    let first = format!("> {}", menu::actions(&state)[0].label);
    assert!(style_of(&screen, &first).add_modifier.contains(Modifier::REVERSED));
}

#[test]
fn where_only_ascii_can_be_shown_only_ascii_is_drawn() {
    for (name, state) in scenes::all() {
        let mut screen = screen(80, 24, Look { colour: true, unicode: false });
        screen.show(&state).unwrap();
        let text = text_of(&screen);
        assert!(text.is_ascii(), "{name}: {:?}", text.chars().find(|c| !c.is_ascii()));
    }
}

#[test]
fn what_is_selected_is_in_view_and_marked() {
    for (name, state) in scenes::all() {
        if menu::selected(&state).is_none() {
            continue;
        }
        for (width, height) in [(80, 24), (60, 16), (120, 40)] {
            let screen = shown(&state, width, height);
            let buffer = screen.backend().buffer();
            let marked =
                buffer.content.iter().any(|c| c.symbol() == ">" && c.modifier.contains(Modifier::REVERSED));
            // An overlay with one way out has no button: its keys stand in the footer.
            let closes = state.overlays.last().is_some() && menu::actions(&state).len() == 1;
            assert!(marked || closes, "{name} at {width}x{height}\n{}", text_of(&screen));
        }
    }
}

#[test]
fn every_key_of_the_footer_is_shown() {
    for (name, state) in scenes::all() {
        for (width, height) in SIZES {
            let text = text_of(&shown(&state, width, height));
            for hint in menu::footer(&state) {
                let named = |key: &str| text.contains(&format!("{key} {}", hint.label));
                let there = named(&hint.key) || named(&arrows(&hint.key));
                assert!(there, "{name} at {width}x{height} does not show {hint:?}");
            }
        }
    }
}

#[test]
fn every_action_is_on_the_screen_at_80_by_24() {
    for (name, state) in scenes::all() {
        if !state.overlays.is_empty() {
            continue;
        }
        let text = text_of(&shown(&state, 80, 24));
        for action in menu::actions(&state) {
            assert!(text.contains(&action.label), "{name} does not show {:?}\n{text}", action.label);
        }
    }
}

#[test]
fn what_to_know_of_a_value_fits_into_its_line() {
    let mut state = scenes::stage(StageId::Connect, fixtures::finished());
    scenes::hold(&mut state);
    for row in crate::flow::hand_over::rows(&state) {
        let Some(item) = row.item else { continue };
        state.selected = Some(Item::Row(item));
        let shown = text_of(&shown(&state, 80, 24));
        assert!(shown.contains(row.note), "{} is cut off:\n{shown}", row.label);
    }
}

#[test]
fn a_code_says_what_is_left_of_it_until_it_has_ended() {
    let (_, mut state) = scenes::all().into_iter().find(|(name, _)| *name == "sign_in_code").unwrap();
    let begun = state.now;
    for (minutes, says) in
        [(0, "in 15 minutes."), (12, "in 3 minutes."), (14, "in less than two"), (16, "ended at")]
    {
        state.now = begun + SignedDuration::from_mins(minutes);
        let shown = text_of(&shown(&state, 80, 24));
        assert!(shown.contains(says), "{minutes}: {shown}");
    }
}

#[test]
fn ten_looks_without_news_write_nothing() {
    for (name, mut state) in scenes::all() {
        let (backend, bytes) = Counting::new(80, 24);
        let mut screen = Screen::new(backend, Paint::new(LOOK, || TimeZone::UTC)).unwrap();
        assert!(screen.show(&state).unwrap());
        bytes.0.borrow_mut().clear();
        let watching = state.watch.is_some();
        for second in 0..10 {
            state.now = fixtures::now() + SignedDuration::from_secs(second);
            state.revision += 1;
            if watching {
                state.looked_at = Some(state.now);
            }
            assert!(!screen.show(&state).unwrap(), "{name}");
        }
        assert_eq!(bytes.0.borrow().len(), 0, "{name}");
    }
}

#[test]
fn a_small_terminal_gets_one_sentence_and_none_panics() {
    for (name, state) in scenes::all() {
        for (width, height) in [(1, 1), (3, 2), (20, 5), (59, 24), (80, 15)] {
            let text = text_of(&shown(&state, width, height));
            if width >= 20 {
                assert!(text.contains("Please make"), "{name} at {width}x{height}: {text}");
            }
        }
        for (width, height) in [(60, 16), (99, 16), (100, 16), (300, 100)] {
            assert!(!text_of(&shown(&state, width, height)).contains("Please make"), "{name}");
        }
    }
}

#[test]
fn the_mask_says_nothing_of_what_is_behind_it() {
    let find = |wanted: &str| scenes::all().into_iter().find(|(name, _)| *name == wanted).unwrap().1;
    let screen = shown(&find("secret_field_typed"), 80, 24);
    assert_eq!(text_of(&screen).matches('•').count(), theme::MASK.chars().count());
    assert_eq!(text_of(&shown(&find("secret_field"), 80, 24)).matches('•').count(), 0);
}

#[test]
fn a_field_has_the_cursor_and_nothing_else_has() {
    for (name, state) in scenes::all() {
        let (backend, bytes) = Counting::new(80, 24);
        let mut screen = Screen::new(backend, Paint::new(LOOK, || TimeZone::UTC)).unwrap();
        screen.show(&state).unwrap();
        let text = String::from_utf8(bytes.0.borrow().clone()).unwrap();
        let listed = match state.panel {
            Panel::PickApp => state.apps.get().is_some(),
            Panel::PickTenant => state.tenants.get().is_some(),
            _ => true,
        };
        assert_eq!(text.contains("\x1b[?25h"), state.typing() && listed, "{name}");
    }
}
