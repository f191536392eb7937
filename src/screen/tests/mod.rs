//! Pictures of every page at three sizes, and what must hold for all of them.

mod scenes;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;
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

/// The texts of a page, or of what lies over it, hints of scrolling left out.
fn lines_of(screen: &Screen<TestBackend>, overlay: bool) -> BTreeSet<String> {
    let text = text_of(screen);
    let lines = text.lines().filter(|line| !overlay || line.matches('│').count() == 2);
    let words =
        lines.map(|line| line.replace(['│', '>', '─'], " ").split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|line| !line.is_empty() && !line.contains("more lines")).collect()
}

#[test]
fn every_text_can_be_read_with_the_arrow_keys_alone() {
    for (name, scene) in scenes::all() {
        for (width, height) in [(80, 24), (60, 16)] {
            let overlay = !scene.overlays.is_empty();
            let all = lines_of(&shown(&scene, width, 400), overlay);
            let mut state = scene.clone();
            let mut screen = screen(width, height, LOOK);
            screen.show(&state).unwrap();
            let mut seen = lines_of(&screen, overlay);
            for key in [Key::Down, Key::Up] {
                let mut pictures = BTreeSet::new();
                while pictures.insert(text_of(&screen)) {
                    let event = Event::Key(key);
                    if !screen.take(&event, &state) {
                        let _effects = crate::flow::handle(&mut state, event);
                    }
                    screen.show(&state).unwrap();
                    seen.append(&mut lines_of(&screen, overlay));
                }
            }
            // Buttons that stand below each other where there is room stand beside each other where there is none.
            let missed: Vec<&String> =
                all.iter().filter(|line| !seen.iter().any(|s| s.contains(line.as_str()))).collect();
            assert!(missed.is_empty(), "{name} at {width}x{height}: {missed:#?}");
        }
    }
}

#[test]
fn a_key_that_is_said_to_show_more_does() {
    let keys = [("(Down)", Key::Down), ("(PgDn)", Key::PageDown), ("(Up)", Key::Up), ("(PgUp)", Key::PageUp)];
    for (name, state) in scenes::all() {
        // There the machine moves the selection, and the view goes along.
        if matches!(state.overlays.last(), Some(Overlay::CallLog { .. })) || menu::lists(&state) {
            continue;
        }
        for (width, height) in [(80, 24), (60, 16), (120, 40)] {
            for (said, key) in keys {
                let mut screen = screen(width, height, LOOK);
                screen.show(&state).unwrap();
                if matches!(key, Key::Up | Key::PageUp) && screen.take(&Event::Key(Key::PageDown), &state) {
                    screen.show(&state).unwrap();
                }
                let before = text_of(&screen);
                if before.contains(&format!("more lines above {said}"))
                    || before.contains(&format!("more lines below {said}"))
                {
                    assert!(screen.take(&Event::Key(key), &state), "{name} at {width}x{height}: {said}");
                    screen.show(&state).unwrap();
                    assert_ne!(text_of(&screen), before, "{name} at {width}x{height}: {said}");
                }
            }
        }
    }
}

#[test]
fn two_calls_of_one_resource_are_told_apart_in_the_log() {
    let state = scenes::all().into_iter().find(|(name, _)| *name == "over_log").unwrap().1;
    for (width, height) in [(80, 24), (60, 16), (120, 40)] {
        let mut screen = screen(width, height, LOOK);
        screen.show(&state).unwrap();
        let text = text_of(&screen).replace(|c: char| c.is_whitespace() || "│\"".contains(c), "");
        assert!(text.contains("/config/authsettingsV2"), "{text}");
    }
}

#[test]
fn a_page_that_is_too_long_is_read_by_turning_it() {
    let state = scenes::all().into_iter().find(|(name, _)| *name == "myself_protect").unwrap().1;
    let mut screen = screen(80, 24, LOOK);
    screen.show(&state).unwrap();
    let (down, up) = (Event::Key(Key::PageDown), Event::Key(Key::PageUp));
    assert!(!screen.take(&up, &state), "it is at its beginning");
    let before = text_of(&screen);
    assert!(before.contains("more lines below"));
    assert!(screen.take(&down, &state));
    screen.show(&state).unwrap();
    assert_ne!(text_of(&screen), before);
    while screen.take(&down, &state) {
        screen.show(&state).unwrap();
    }
    assert!(!text_of(&screen).contains("more lines below"));
    let mut other = state.clone();
    other.selected = menu::items(&state).first().cloned();
    screen.show(&other).unwrap();
    assert!(!text_of(&screen).contains("more lines above"), "another selection begins at the top");
}

/// Every text in a state that comes from outside, replaced.
fn hostile(mut state: State, text: &str) -> State {
    let text = || text.to_owned();
    state.signed_in = Some(SignedIn { upn: text(), tenant_name: text(), tenant_id: text() });
    state.note = Some(text());
    state.apps = Listing::Is(AppList::new(
        vec![AppRow {
            id: text(),
            name: text(),
            host: text(),
            subscription_id: text(),
            subscription: text(),
            resource_group: text(),
        }],
        vec![SubscriptionRow { id: text(), name: text(), apps: 1 }],
        vec![text()],
    ));
    state.tenants = Listing::Is(vec![TenantRow { id: text(), name: text(), domain: text() }]);
    for stage in &mut state.findings.stages {
        for check in &mut stage.checks {
            check.verdict = Verdict::Fail;
            check.evidence = text();
            check.note = Some(text());
        }
    }
    let app = Application { app_id: text(), display_name: text(), ..Application::default() };
    state.facts.client_app = fixtures::seen(app.clone());
    state.facts.api_app = fixtures::seen(app);
    if let Some(site) = state.facts.site.value().cloned() {
        state.facts.site = fixtures::seen(Site { host: text(), name: text(), ..site });
    }
    if let Some(mut seen) = state.facts.rehearsal.value().cloned() {
        (seen.answer, seen.caller, seen.diagnosis) = (text(), text(), Some(text()));
        state.facts.rehearsal = fixtures::seen(seen);
    }
    let trouble = Trouble::new(Class::Refused, text(), text()).meaning(text()).original(text());
    state.look_trouble = Some(trouble.clone());
    state.files = vec![text()];
    for field in [
        &mut state.fields.app_url,
        &mut state.fields.app_filter,
        &mut state.fields.redirect,
        &mut state.fields.error,
        &mut state.fields.final_address,
    ] {
        *field = Field::with(text());
    }
    if let Page::SignIn(sign_in) = &mut state.page {
        sign_in.trouble = Some(Box::new(trouble.clone()));
    }
    match &mut state.panel {
        Panel::Plan(view) => {
            for change in &mut view.plan.changes {
                change.title = text();
                change.az = text();
                change.body = serde_json::json!({ text(): [text(), {text(): text()}] });
            }
        }
        Panel::Applying(apply) => apply.steps.iter_mut().for_each(|step| step.title = text()),
        _ => {}
    }
    for call in &mut state.calls {
        (call.path, call.host, call.method) = (text(), text(), text());
    }
    if let Some(Overlay::Trouble(over)) = state.overlays.last_mut() {
        *over = trouble;
    }
    state
}

fn assert_harmless(name: &str, state: &State) {
    for (width, height) in [(60, 16), (100, 30)] {
        let screen = shown(state, width, height);
        let buffer = screen.backend().buffer();
        for cell in &buffer.content {
            let symbol = cell.symbol();
            assert!(!symbol.contains(char::is_control), "{name}: {symbol:?}");
            let turns =
                |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(!symbol.contains(turns), "{name}: {symbol:?}");
        }
        // A wide character takes two cells: none may stick out of its row.
        for y in 0..height {
            assert!(cells(buffer[(width - 1, y)].symbol()) <= 1, "{name} at {width}x{height}, row {y}");
        }
    }
}

#[test]
fn known_attacks_do_not_reach_the_terminal() {
    for text in [
        "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}",
        "\u{9b}31m\u{202e}txt.exe\u{2066}",
        "日本語の名前はとても長いのでここで切らなければならないかもしれません、それでも壊れません",
        "a\u{200b}\u{200d}\u{feff}e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\r\n\tb\0c",
        "👩\u{200d}👩\u{200d}👧 🏳\u{fe0f}\u{200d}🌈 \u{1f1e9}\u{1f1ea}",
        "",
    ] {
        for (name, state) in scenes::all() {
            assert_harmless(name, &hostile(state, text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_text_from_outside_reaches_the_terminal_uncleaned(
        text in "(\\PC|[\\x00-\\x20\\x7f-\\u{9f}\\u{200b}-\\u{202e}日本é]){0,90}",
        pick in 0_usize..1000,
    ) {
        let all = scenes::all();
        let (name, state) = &all[pick % all.len()];
        assert_harmless(name, &hostile(state.clone(), &text));
    }
}
