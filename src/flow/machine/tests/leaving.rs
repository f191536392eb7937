//! Overlays, walking between stages, and leaving.

use super::*;
use crate::flow::effect::{Clip, CopyItem};
use crate::flow::event::{CallLine, CopyOutcome};

#[test]
fn leaving_without_a_secret_is_immediate() {
    let mut walk = Walk::at(StageId::Grant, fixtures::finished());
    assert_eq!(walk.letter('q'), [Effect::Quit { code: 0 }]);
    assert!(walk.letter('r').is_empty(), "nothing is handled any more");
}

#[test]
fn leaving_with_a_held_secret_asks_and_stays_by_default() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    assert!(walk.letter('q').is_empty());
    assert!(matches!(walk.overlays.last(), Some(Overlay::ConfirmQuit { .. })));
    walk.draw();
    walk.press(Key::Enter);
    assert!(walk.overlays.is_empty() && walk.quit.is_none());
    walk.letter('q');
    // Typed ahead, before the question was drawn: does not count.
    walk.press(Key::Down);
    walk.press(Key::Enter);
    assert_eq!(walk.quit, None);
    walk.draw();
    assert_eq!(walk.choose(ActionId::Quit), [Effect::Quit { code: 0 }]);
}

#[test]
fn leaving_with_the_secret_on_the_clipboard_can_clear_it() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    assert_eq!(walk.letter('3'), [Effect::Copy(Clip::Secret)]);
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Copied });
    walk.letter('q');
    walk.draw();
    let effects = walk.choose(ActionId::ClearAndQuit);
    assert_eq!(effects, [Effect::ClearClipboard, Effect::Quit { code: 0 }]);
}

#[test]
fn what_was_only_sent_to_the_terminal_is_not_offered_to_be_cleared() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Sent });
    assert!(walk.secret_on_clipboard && !walk.secret_surely_on_clipboard(), "a terminal does not tell");
    walk.letter('q');
    walk.draw();
    assert!(!walk.offers(ActionId::ClearAndQuit) && walk.offers(ActionId::Quit));
}

#[test]
fn a_copy_whose_stage_was_left_still_counts_as_live() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    walk.letter('3');
    walk.press(Key::Right);
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Copied });
    assert!(walk.secret_on_clipboard && walk.secret_surely_on_clipboard());
    walk.give(Event::Copied { item: CopyItem::Host, outcome: CopyOutcome::Sent });
    assert!(walk.secret_on_clipboard && !walk.secret_surely_on_clipboard(), "it may have been replaced");
    walk.give(Event::ClipboardKept);
    assert_eq!(walk.note.as_deref(), Some(ui("clip.secret_left")), "what is not known to be gone is said");
    assert!(walk.secret_on_clipboard);
    walk.give(Event::ClipboardCleared);
    assert!(!walk.secret_on_clipboard);
}

#[test]
fn a_copy_that_failed_is_never_called_copied() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.letter('1');
    let failed = CopyOutcome::Failed(trouble(Class::Local));
    walk.give(Event::Copied { item: CopyItem::Host, outcome: failed.clone() });
    assert_eq!(crate::flow::hand_over::rows(&walk)[1].outcome, Some(failed));
    assert!(matches!(walk.overlays.last(), Some(Overlay::Trouble(_))));
}

#[test]
fn ctrl_c_leaves_or_asks_and_a_second_one_leaves_at_once() {
    let mut walk = Walk::new();
    assert_eq!(walk.press(Key::CtrlC), [Effect::Quit { code: 130 }]);
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    assert!(walk.press(Key::CtrlC).is_empty());
    assert_eq!(walk.give(Event::Interrupt), [Effect::Quit { code: 130 }]);
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.hold_secret();
    walk.press(Key::CtrlC);
    walk.press(Key::Esc);
    assert!(walk.press(Key::CtrlC).is_empty(), "another key in between starts anew");
    assert_eq!(walk.give(Event::Terminate), [Effect::Quit { code: 130 }]);
}

#[test]
fn ctrl_z_suspends_anywhere() {
    let mut walk = Walk::at(StageId::Secret, fixtures::finished());
    walk.choose(ActionId::EnterSecret);
    assert_eq!(walk.press(Key::CtrlZ), [Effect::Suspend]);
}

#[test]
fn stages_are_walked_freely_and_drop_their_work() {
    let mut walk = Walk::at(StageId::Pick, fixtures::fresh());
    assert!(walk.press(Key::Left).is_empty());
    let mut seen = vec![walk.page.clone()];
    for _ in 0..7 {
        let before = walk.generation;
        let effects = walk.press(Key::Right);
        assert!(effects.contains(&Effect::Drop { before: walk.generation }));
        assert!(walk.generation > before);
        seen.push(walk.page.clone());
    }
    let expected: Vec<Page> = StageId::ALL.into_iter().map(Page::Stage).chain([Page::End]).collect();
    assert_eq!(seen, expected);
    walk.press(Key::Left);
    assert_eq!(walk.stage(), Some(StageId::Try));
    assert!(walk.sent().is_empty());
}

#[test]
fn from_one_explanation_the_arrows_lead_to_the_next() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    let checks: Vec<_> =
        walk.findings.stage(StageId::Protect).unwrap().checks.iter().map(|check| check.id).collect();
    walk.select(&Item::Check(checks[0]));
    walk.letter('e');
    walk.press(Key::Left);
    assert_eq!(walk.overlays, [Overlay::Explain(checks[0])], "there is none before it");
    for check in &checks[1..] {
        walk.press(Key::Right);
        assert_eq!(walk.overlays, [Overlay::Explain(*check)]);
    }
    walk.press(Key::Right);
    walk.press(Key::Left);
    assert_eq!(walk.overlays, [Overlay::Explain(checks[checks.len() - 2])]);
}

#[test]
fn a_check_is_explained_and_the_overlay_closes_with_enter() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.letter('e');
    let first_open = walk.findings.stage(StageId::Protect).unwrap().first_open().unwrap().id;
    assert_eq!(walk.overlays, [Overlay::Explain(first_open)]);
    walk.press(Key::Enter);
    assert!(walk.overlays.is_empty());
    walk.select(&Item::Check(crate::engine::ids::CheckId::AuthOn));
    walk.press(Key::Enter);
    assert_eq!(walk.overlays, [Overlay::Explain(crate::engine::ids::CheckId::AuthOn)]);
}

#[test]
fn the_log_scrolls_and_keeps_its_place_while_lines_arrive() {
    let line = || CallLine {
        at: fixtures::now(),
        method: "GET".into(),
        host: "graph.microsoft.com".into(),
        path: "/v1.0/me".into(),
        status: Some(200),
        problem: None,
        millis: 12,
        writes: false,
        used: crate::flow::event::RightUsed::Persons,
        right: None,
        correlation: None,
    };
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    walk.give(Event::Call(CallLine { method: "PATCH".into(), writes: true, ..line() }));
    for _ in 0..CALL_LOG_LINES + 20 {
        walk.give(Event::Call(line()));
    }
    assert_eq!(walk.calls.len(), CALL_LOG_LINES);
    assert_eq!(walk.calls_left_out, 21);
    assert!(walk.calls[0].writes, "what was changed stays, however long is looked");
    walk.letter('l');
    walk.press(Key::Up);
    walk.press(Key::PageUp);
    assert_eq!(walk.overlays, [Overlay::CallLog { back: 11 }]);
    walk.give(Event::Call(line()));
    assert_eq!(walk.overlays, [Overlay::CallLog { back: 12 }]);
    walk.press(Key::PageDown);
    walk.press(Key::PageDown);
    assert_eq!(walk.overlays, [Overlay::CallLog { back: 0 }]);
    walk.press(Key::Up);
    walk.letter('w');
    assert_eq!(walk.overlays, [Overlay::CallLog { back: 0 }]);
    let shown = |walk: &Walk| crate::flow::derived::logged(walk).count();
    assert_eq!(shown(&walk), 1, "the one change");
    walk.press(Key::Up);
    assert_eq!(walk.overlays, [Overlay::CallLog { back: 0 }], "there is nothing above it");
    walk.letter('w');
    assert_eq!(shown(&walk), CALL_LOG_LINES);
    walk.press(Key::Esc);
    assert!(walk.overlays.is_empty());
}

#[test]
fn done_somewhere_else_selects_continue_but_moves_nobody() {
    let mut walk = Walk::at(StageId::Grant, with_client(|app| app.required.clear()));
    assert!(!walk.stage_done());
    walk.letter('r');
    walk.observe(fixtures::finished());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    assert_eq!(walk.stage(), Some(StageId::Grant));
}
