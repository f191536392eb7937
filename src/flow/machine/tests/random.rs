//! Random walks: nothing panics, the footer tells the truth, and nothing is sent that was not confirmed on the screen.

use proptest::prelude::*;

use super::*;
use crate::flow::event::{CopyOutcome, RehearsalProgress};

const KEYS: [Key; 20] = [
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::Enter,
    Key::Enter,
    Key::Enter,
    Key::Esc,
    Key::Tab,
    Key::BackTab,
    Key::Home,
    Key::End,
    Key::PageUp,
    Key::PageDown,
    Key::Backspace,
    Key::Delete,
    Key::CtrlC,
    Key::CtrlZ,
    Key::CtrlW,
    Key::CtrlU,
];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz?123456789 ";

#[derive(Debug, Clone)]
enum Move {
    Press(Key),
    Paste(String),
    Draw,
    Wait(i64),
    /// Answers the latest work, well or badly.
    Answer(bool, u8),
    Late(bool, u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let key = prop_oneof![
        6 => (0..KEYS.len()).prop_map(|i| KEYS[i]),
        3 => (0..LETTERS.len()).prop_map(|i| Key::Char(LETTERS.as_bytes()[i] as char)),
    ];
    let one = prop_oneof![
        10 => key.prop_map(Move::Press),
        6 => Just(Move::Draw),
        6 => (any::<bool>(), 0..6u8).prop_map(|(well, which)| Move::Answer(well, which)),
        1 => (any::<bool>(), 0..6u8).prop_map(|(well, which)| Move::Late(well, which)),
        1 => (0..400i64).prop_map(Move::Wait),
        1 => "[a-z:/.\\PC\\n]{0,20}".prop_map(Move::Paste),
        1 => Just(Move::Paste(fixtures::REDIRECT.into())),
    ];
    prop::collection::vec(one, 1..120)
}

fn some_facts(which: u8, latest: &[Change]) -> Facts {
    match which {
        0 => fixtures::fresh(),
        1 => fixtures::finished(),
        2 => Facts::default(),
        3 => with_client(|app| app.secrets.clear()),
        _ => latest.iter().fold(fixtures::fresh(), |facts, change| match change.kind {
            crate::engine::change::ChangeKind::CreateApiApp => after(&facts, change),
            _ => facts,
        }),
    }
}

fn an_answer(work: &Work, well: bool, facts: Facts) -> Option<Answer> {
    let bad = || trouble(if well { Class::NotAllowed } else { Class::TimeOut });
    let result = || if well { Ok(()) } else { Err(Trouble { uncertain: true, ..bad() }) };
    Some(match work {
        Work::SignIn(SignInMethod::DeviceCode) if !well => Answer::SignIn(SignInProgress::DeviceCode {
            code: "ABCD".into(),
            address: "https://microsoft.com/devicelogin".into(),
            ends: fixtures::now(),
        }),
        Work::SignIn(_) if well => Answer::SignIn(SignInProgress::Done(ada())),
        Work::SignIn(_) => Answer::SignIn(SignInProgress::Failed(bad())),
        Work::ListApps => Answer::AppsListed(if well { Ok(two_apps()) } else { Err(bad()) }),
        Work::Observe(_) | Work::Watch { .. } if well => {
            Answer::Observed { facts: Box::new(facts), at: fixtures::now(), next: None }
        }
        Work::Observe(_) | Work::Watch { .. } => Answer::CouldNotObserve(bad()),
        Work::Apply { index, .. } => Answer::Applied { index: *index, result: result() },
        Work::ReadClipboard => {
            Answer::ClipboardRead(if well { Ok(fixtures::REDIRECT.into()) } else { Err(bad()) })
        }
        Work::BindRehearsal => Answer::RehearsalBound(if well {
            Ok("http://localhost:49152/handclasp-x7k2p9".into())
        } else {
            Err(bad())
        }),
        Work::StartRehearsal { .. } if well => {
            Answer::Rehearsal(RehearsalProgress::Address("https://login.example/".into()))
        }
        Work::StartRehearsal { .. } => Answer::Rehearsal(RehearsalProgress::Done(Err(bad()))),
        Work::ProbeSecret => Answer::SecretProbed(Err(bad())),
        Work::SubmitSecretField => Answer::SecretEntered {
            shape: if well {
                crate::engine::secret_shape::SecretShape::Possible
            } else {
                crate::engine::secret_shape::SecretShape::Empty
            },
        },
        _ => return None,
    })
}

/// Everything that a person could see, without the counters that only drive the drawing.
fn visible(state: &State) -> State {
    State { revision: 0, drawn: 0, ..state.clone() }
}

/// Every key that the bindings name does something, and every other key does nothing.
fn footer_tells_the_truth(state: &State) {
    let bound: Vec<Key> =
        menu::bindings(state).iter().flat_map(|b| b.keys.iter().map(|(key, _)| *key)).collect();
    for (index, key) in bound.iter().enumerate() {
        assert!(!bound[..index].contains(key), "{key:?} has two meanings on {:?}", state.panel);
    }
    let typing = state.typing();
    let editing = |key: Key| {
        matches!(
            key,
            Key::Char(_)
                | Key::Left
                | Key::Right
                | Key::Home
                | Key::End
                | Key::Backspace
                | Key::Delete
                | Key::CtrlW
                | Key::CtrlU
        )
    };
    let all = KEYS
        .into_iter()
        .chain(LETTERS.chars().map(Key::Char))
        .filter(|key| !matches!(key, Key::CtrlC | Key::CtrlZ));
    for key in all {
        if typing && editing(key) {
            assert!(!bound.contains(&key), "{key:?} is text on {:?}", state.panel);
            continue;
        }
        // A question is answered only once it was drawn; a note goes with any key.
        let mut after = State { drawn: state.revision, note: None, interrupted: false, ..state.clone() };
        for field in [&mut after.fields.app_url, &mut after.fields.final_address] {
            field.note = None;
        }
        let before = visible(&after);
        let effects = handle(&mut after, Event::Key(key));
        let did = !effects.is_empty() || visible(&after) != before;
        if bound.contains(&key) {
            let at_an_end = matches!(key, Key::Home | Key::End | Key::PageUp | Key::PageDown);
            assert!(
                did || at_an_end,
                "{key:?} is shown and does nothing on {:?} {:?}",
                state.page,
                state.panel
            );
        } else {
            assert!(!did, "{key:?} works and is not shown on {:?} {:?}", state.page, state.panel);
        }
    }
    for action in menu::actions(state) {
        assert!(!action.label.is_empty() && !action.label.contains("flow."), "{action:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_walk_never_panics_or_lies_or_sends_unasked(
        start in 0..9usize,
        held in any::<bool>(),
        steps in moves(),
    ) {
        let mut walk = match start {
            0 => Walk::new(),
            8 => Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear())),
            stage => Walk::at(StageId::ALL[stage - 1], if stage < 4 { fixtures::fresh() } else { fixtures::finished() }),
        };
        if held {
            walk.hold_secret();
        }
        let mut confirmable: Vec<Change> = Vec::new();
        for step in steps {
            let (drawn, revision) = (walk.drawn, walk.revision);
            let panel = walk.panel.clone();
            let effects = match step.clone() {
                Move::Press(key) => walk.press(key),
                Move::Paste(text) => walk.give(Event::Paste(text)),
                Move::Draw => { walk.draw(); vec![] }
                Move::Wait(seconds) => { walk.wait(seconds); vec![] }
                Move::Answer(well, which) => {
                    let facts = some_facts(which, &walk.sent());
                    let latest = works(&walk.all).last().and_then(|work| an_answer(work, well, facts));
                    latest.map(|answer| walk.answer(answer)).unwrap_or_default()
                }
                Move::Late(well, which) => {
                    let facts = some_facts(which, &walk.sent());
                    let latest = works(&walk.all).last().and_then(|work| an_answer(work, well, facts));
                    let generation = walk.generation + 1;
                    let before = walk.state.clone();
                    if let Some(answer) = latest {
                        let effects = walk.give(Event::Answer { generation, answer });
                        prop_assert!(effects.is_empty());
                        prop_assert_eq!(&walk.state, &before);
                    }
                    vec![]
                }
            };
            for effect in &effects {
                if let Effect::Copy(clip) = effect {
                    let item = match clip {
                        crate::flow::effect::Clip::Text { item, .. } => *item,
                        crate::flow::effect::Clip::Secret => crate::flow::effect::CopyItem::ClientSecret,
                    };
                    walk.give(Event::Copied { item, outcome: CopyOutcome::Copied });
                }
            }
            if let Panel::Plan(view) = &panel
                && matches!(step, Move::Press(Key::Enter))
                && drawn >= view.since
                && revision >= view.since
            {
                confirmable.extend(view.plan.changes.clone());
            }
            for change in applied(&effects) {
                prop_assert!(change.waits_for().is_none());
                let shown = |one: &Change| {
                    one.covers(&change) || (one.kind == change.kind && one.path == change.path)
                };
                prop_assert!(confirmable.iter().any(shown), "sent without a yes: {}", change.title);
            }
            if walk.quit.is_some() {
                prop_assert!(menu::bindings(&walk).is_empty());
                break;
            }
            footer_tells_the_truth(&walk);
        }
    }
}
