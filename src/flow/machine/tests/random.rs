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
    /// Looks at the screen, goes to an item with the arrow keys, and presses Enter.
    Choose(usize),
    Paste(String),
    Draw,
    Wait(i64),
    /// Answers the latest work, well or badly.
    Answer(bool, u8),
    Late(bool, u8),
    /// Somebody else changes something meanwhile.
    Meddle(u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    // Keys that leave are rare, or no walk gets far.
    let rare = |key: &Key| !matches!(key, Key::CtrlC | Key::Char('q'));
    let key = prop_oneof![
        1 => Just(Key::CtrlC),
        1 => Just(Key::Char('q')),
        40 => (0..KEYS.len()).prop_map(|i| KEYS[i]).prop_filter("leaves", move |key| rare(key)),
        20 => (0..LETTERS.len()).prop_map(|i| Key::Char(LETTERS.as_bytes()[i] as char))
            .prop_filter("leaves", move |key| rare(key)),
    ];
    let one = prop_oneof![
        8 => key.prop_map(Move::Press),
        8 => (0..64usize).prop_map(Move::Choose),
        3 => Just(Move::Draw),
        12 => (prop::bool::weighted(0.85), 0..24u8).prop_map(|(well, which)| Move::Answer(well, which)),
        1 => (any::<bool>(), 0..24u8).prop_map(|(well, which)| Move::Late(well, which)),
        1 => (0..5u8).prop_map(Move::Meddle),
        1 => (0..400i64).prop_map(Move::Wait),
        1 => "[a-z:/.\\PC\\n]{0,20}".prop_map(Move::Paste),
        1 => Just(Move::Paste(fixtures::REDIRECT.into())),
        1 => Just(Move::Paste(fixtures::CLIENT.into())),
    ];
    prop::collection::vec(one, 1..120)
}

/// What a look may bring: mostly how things are, sometimes how they were, or something else altogether.
fn some_facts(which: u8, world: &Facts) -> Facts {
    match which {
        0 => fixtures::fresh(),
        1 => fixtures::finished(),
        2 => Facts::default(),
        3 => with_client(|app| app.secrets.clear()),
        _ => world.clone(),
    }
}

/// What somebody else does meanwhile, where it can be done.
fn meddle(which: u8, world: &mut Facts) {
    if let (0, Fact::Is(auth)) = (which, &mut world.auth.fact) {
        auth.document["platform"]["runtimeVersion"] = "~2".into();
    }
    if let (1, Fact::Is(app)) = (which, &mut world.api_app.fact) {
        app.token_version = None;
    }
    if let Fact::Is(app) = &mut world.client_app.fact {
        match which {
            2 => app.required.clear(),
            3 => app.web_redirects.push("https://mine.example/".into()),
            4 => app.web_redirects.clear(),
            _ => {}
        }
    }
}

/// Whether what is changed is there: a plan may have been made from a look that showed something else altogether.
fn can_happen(world: &Facts, change: &Change) -> bool {
    use crate::engine::change::ChangeKind as K;
    match change.kind {
        K::SetIdentifierUri => world.api_app.value().is_some(),
        K::RequestPermission
        | K::AddSecret
        | K::RemoveSecret
        | K::AddRedirect
        | K::AddRehearsalRedirect
        | K::RemoveRehearsalRedirect => world.client_app.value().is_some(),
        _ => true,
    }
}

fn an_answer(work: &Work, well: bool, which: u8, facts: Facts) -> Option<Answer> {
    let bad = || trouble(if well { Class::NotAllowed } else { Class::TimeOut });
    Some(match work {
        Work::SignIn(SignInMethod::DeviceCode) if !well => Answer::SignIn(SignInProgress::DeviceCode {
            code: "ABCD".into(),
            address: "https://microsoft.com/devicelogin".into(),
            ends: fixtures::now(),
        }),
        Work::SignIn(_) if well => Answer::SignIn(SignInProgress::Done(ada())),
        Work::SignIn(_) => Answer::SignIn(SignInProgress::Failed(bad())),
        Work::ListApps => Answer::AppsListed(if well { Ok(two_apps()) } else { Err(bad()) }),
        Work::ListSlots { .. } => Answer::SlotsListed(if well { Ok(two_apps().apps) } else { Err(bad()) }),
        Work::ListTenants => Answer::TenantsListed(if well { Ok(two_tenants()) } else { Err(bad()) }),
        Work::SwitchTenant { .. } => Answer::TenantSwitched(if well {
            Ok(ada())
        } else if which.is_multiple_of(2) {
            Err(trouble(Class::SignInRefused))
        } else {
            Err(bad())
        }),
        Work::Observe(_) | Work::Watch { .. } if well => {
            Answer::Observed { facts: Box::new(facts), at: fixtures::now(), next: None }
        }
        Work::Observe(_) | Work::Watch { .. } => Answer::CouldNotObserve(bad()),
        // Only a sign-in helps: it is refused before anything is done.
        Work::Apply { index, .. } if !well && which < 8 => {
            Answer::Applied { index: *index, result: Err(trouble(Class::SignInRefused)) }
        }
        Work::Apply { index, .. } => Answer::Applied {
            index: *index,
            result: if well { Ok(()) } else { Err(Trouble { uncertain: true, ..bad() }) },
        },
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
            Key::Char(_) | Key::Left | Key::Right | Key::Backspace | Key::Delete | Key::CtrlW | Key::CtrlU
        ) || (matches!(key, Key::Home | Key::End) && state.field().is_some_and(|field| !field.is_empty()))
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
        let fields = &mut after.fields;
        for field in [
            &mut fields.app_url,
            &mut fields.tenant,
            &mut fields.error,
            &mut fields.client_id,
            &mut fields.final_address,
        ] {
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
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_walk_never_panics_or_lies_or_sends_unasked(
        start in 0..12usize,
        held in any::<bool>(),
        steps in moves(),
    ) {
        let mut walk = match start {
            0 => Walk::new(),
            9 => rehearsing::rehearsing().0,
            10 => applying::protecting(),
            11 => unseen::at(StageId::Register),
            8 => Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear())),
            stage => Walk::at(StageId::ALL[stage - 1], if stage < 4 { fixtures::fresh() } else { fixtures::finished() }),
        };
        if held {
            walk.hold_secret();
        }
        let mut world = if walk.facts == Facts::default() { fixtures::fresh() } else { walk.facts.clone() };
        // What was confirmed on the way to the start, and the rest of that plan.
        let mut confirmable: Vec<Change> = match &walk.panel {
            Panel::Applying(apply) => apply.confirmed.iter().chain(&apply.sent).cloned().collect(),
            Panel::Rehearsal(view) => view.confirmed.iter().cloned().collect(),
            _ => Vec::new(),
        };
        for (number, step) in steps.into_iter().enumerate() {
            let panel = walk.panel.clone();
            let seen = matches!(step, Move::Choose(_)) || matches!(&panel, Panel::Plan(view) if walk.drawn >= view.since);
            let yes = Some(Item::Action(ActionId::Confirm));
            let agrees = match &step {
                Move::Press(Key::Enter) => menu::selected(&walk) == yes,
                Move::Choose(index) => {
                    let items = menu::items(&walk);
                    !items.is_empty() && Some(items[index % items.len()].clone()) == yes
                }
                _ => false,
            };
            let effects = match step.clone() {
                Move::Press(key) => walk.press(key),
                Move::Choose(index) => {
                    walk.draw();
                    let items = menu::items(&walk);
                    if !items.is_empty() {
                        walk.select(&items[index % items.len()]);
                    }
                    walk.press(Key::Enter)
                }
                Move::Paste(text) => walk.give(Event::Paste(text)),
                Move::Draw => { walk.draw(); vec![] }
                Move::Wait(seconds) => { walk.wait(seconds); vec![] }
                Move::Answer(well, which) => {
                    let facts = some_facts(which, &world);
                    let latest = works(&walk.all).last().and_then(|work| an_answer(work, well, which, facts));
                    if let (true, Some(Work::Apply { change, .. })) = (well, works(&walk.all).last())
                        && which > 3
                        && walk.state.panel != Panel::Overview
                        && can_happen(&world, change)
                    {
                        world = after(&world, change);
                    }
                    if works(&walk.all).last() == Some(&&Work::ListApps) && which % 3 > 0 {
                        walk.answer(Answer::TenantsListed(Ok(two_tenants())));
                    }
                    latest.map(|answer| walk.answer(answer)).unwrap_or_default()
                }
                Move::Meddle(which) => { meddle(which, &mut world); vec![] }
                Move::Late(well, which) => {
                    let facts = some_facts(which, &world);
                    let latest = works(&walk.all).last().and_then(|work| an_answer(work, well, which, facts));
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
                        crate::flow::effect::Clip::Secret => CopyItem::ClientSecret,
                    };
                    walk.give(Event::Copied { item, outcome: CopyOutcome::Copied });
                }
            }
            if let Panel::Plan(view) = &panel
                && agrees
                && seen
            {
                confirmable.clone_from(&view.plan.changes);
            } else if matches!(walk.panel, Panel::Plan(_)) {
                // What was agreed to before does not count for a plan that stands there anew.
                confirmable.clear();
            }
            for change in applied(&effects) {
                prop_assert!(change.waits_for().is_none());
                let shown = confirmable.iter().any(|one| one.covers(&change));
                prop_assert!(shown, "sent without a yes: {}", change.title);
            }
            if walk.quit.is_some() {
                prop_assert!(menu::bindings(&walk).is_empty());
                break;
            }
            // Every key is tried in every fifth state: a state that lies rarely does so only once.
            if number % 5 == 0 {
                footer_tells_the_truth(&walk);
            }
        }
    }
}
