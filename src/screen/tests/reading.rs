//! What is longer than the screen, or is told apart only in its detail: all of it can be read.

use super::*;
use crate::flow::menu::ActionId;

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

#[test]
fn down_from_yes_is_no_on_every_plan_however_long() {
    let mut plans = 0;
    for (name, mut state) in scenes::all() {
        let can = |state: &State, id| menu::items(state).contains(&Item::Action(id));
        if !matches!(state.panel, Panel::Plan(_)) || !can(&state, ActionId::Confirm) {
            continue;
        }
        plans += 1;
        for (width, height) in [(80, 24), (60, 16), (120, 40)] {
            state.selected = Some(Item::Action(ActionId::Confirm));
            let mut screen = screen(width, height, LOOK);
            screen.show(&state).unwrap();
            let text = text_of(&screen);
            assert!(!text.contains("more lines below (Down)"), "{name}: {text}");
            let down = Event::Key(Key::Down);
            assert!(!screen.take(&down, &state), "{name} at {width}x{height}");
            let _effects = crate::flow::handle(&mut state, down);
            assert_eq!(menu::selected(&state), Some(Item::Action(ActionId::Decline)), "{name}");
        }
    }
    assert!(plans > 3, "{plans}");
}
