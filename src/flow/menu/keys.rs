//! The keys that do something now, what each does, and the footer that shows them.

use crate::flow::effect::CopyItem;
use crate::flow::event::Key;
use crate::flow::hand_over;
use crate::flow::state::{Overlay, Page, Panel, Phase, SignInStep, State};

use super::{ActionId, Item, KeyHint, actions, items, selected};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Select the item above.
    Previous,
    /// Select the item below.
    Next,
    /// Select the first item.
    First,
    /// Select the last item.
    Last,
    /// Do what the selected item stands for.
    Activate,
    /// Do this action.
    Act(ActionId),
    /// Copy this value.
    Copy(CopyItem),
    /// One level back.
    Back,
    /// To the stage before.
    StageBefore,
    /// To the stage after.
    StageAfter,
    /// Explain the selected check.
    Explain,
    /// Show the log of calls.
    Log,
    /// Show the help.
    Help,
    /// Scroll the log towards older lines, by this many.
    Older(usize),
    /// Scroll the log towards newer lines, by this many.
    Newer(usize),
    /// Leave, asking first where a secret would be lost.
    Quit,
}

/// Keys with one meaning, and how the footer shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The keys and what each does.
    pub keys: Vec<(Key, Command)>,
    /// How the footer shows them; `None` for a letter that stands beside its action, and for a second way to do the same.
    pub hint: Option<KeyHint>,
}

fn bind(keys: &[(Key, Command)], key: &str, label: &str) -> Binding {
    Binding { keys: keys.to_vec(), hint: Some(KeyHint { key: key.to_owned(), label: label.to_owned() }) }
}

/// The keys that do something now, most useful first. Control chords and the editing keys of a focused field are not
/// among them: they always work.
pub fn bindings(state: &State) -> Vec<Binding> {
    if state.quit.is_some() {
        return Vec::new();
    }
    let mut list = Vec::new();
    let typing = state.typing();
    let overlay = state.overlays.last();
    if let Some(Overlay::CallLog { back }) = overlay {
        log_keys(state, *back, &mut list);
    }
    if let Some(label) = enter_label(state) {
        list.push(bind(&[(Key::Enter, Command::Activate)], "Enter", label));
    }
    let count = items(state).len();
    if count > 1 {
        let mut keys = vec![(Key::Up, Command::Previous), (Key::Down, Command::Next)];
        keys.extend([(Key::BackTab, Command::Previous), (Key::Tab, Command::Next)]);
        list.push(bind(&keys, "Up/Down", "move"));
        if !typing {
            let ends = vec![
                (Key::Home, Command::First),
                (Key::PageUp, Command::First),
                (Key::End, Command::Last),
                (Key::PageDown, Command::Last),
            ];
            list.push(Binding { keys: ends, hint: None });
        }
    }
    if overlay.is_some() {
        list.push(bind(&[(Key::Esc, Command::Back)], "Esc", "close"));
        return list;
    }
    if !typing {
        digit_keys(state, &mut list);
        stage_keys(state, &mut list);
    }
    if can_go_back(state) {
        list.push(bind(&[(Key::Esc, Command::Back)], "Esc", "back"));
    }
    if typing {
        return list;
    }
    letters(state, &mut list);
    list
}

fn log_keys(state: &State, back: usize, list: &mut Vec<Binding>) {
    let mut keys = Vec::new();
    if back + 1 < state.calls.len() {
        keys.extend([(Key::Up, Command::Older(1)), (Key::PageUp, Command::Older(10))]);
    }
    if back > 0 {
        keys.extend([(Key::Down, Command::Newer(1)), (Key::PageDown, Command::Newer(10))]);
    }
    if !keys.is_empty() {
        list.push(bind(&keys, "Up/Down", "scroll"));
    }
}

fn digit_keys(state: &State, list: &mut Vec<Binding>) {
    if !matches!((&state.page, &state.panel), (Page::Stage(_), Panel::HandOver)) {
        return;
    }
    let keys: Vec<(Key, Command)> = hand_over::rows(state)
        .into_iter()
        .filter(|row| row.copyable)
        .filter_map(|row| Some((Key::Char(row.digit?), Command::Copy(row.item?))))
        .collect();
    if !keys.is_empty() {
        list.push(bind(&keys, "1-6", "copy"));
    }
}

fn stage_keys(state: &State, list: &mut Vec<Binding>) {
    let mut keys = Vec::new();
    let mut names = Vec::new();
    let walkable = matches!(state.panel, Panel::Overview | Panel::HandOver | Panel::Answer);
    if let Some(stage) = state.stage().filter(|_| walkable) {
        if stage.previous().is_some() {
            keys.push((Key::Left, Command::StageBefore));
            names.push("Left");
        }
        keys.push((Key::Right, Command::StageAfter));
        names.push("Right");
    } else if state.page == Page::End {
        keys.push((Key::Left, Command::StageBefore));
        names.push("Left");
    }
    if !keys.is_empty() {
        list.push(bind(&keys, &names.join("/"), "stages"));
    }
}

fn letters(state: &State, list: &mut Vec<Binding>) {
    // A letter that stands beside its action needs no place in the footer.
    let shortcuts: Vec<(Key, Command)> = actions(state)
        .into_iter()
        .filter(|a| a.enabled)
        .filter_map(|a| Some((Key::Char(a.shortcut?), Command::Act(a.id))))
        .collect();
    if !shortcuts.is_empty() {
        list.push(Binding { keys: shortcuts, hint: None });
    }
    if matches!(selected(state), Some(Item::Check(_))) || default_check(state).is_some() {
        list.push(bind(&[(Key::Char('e'), Command::Explain)], "e", "explain"));
    }
    list.push(bind(&[(Key::Char('l'), Command::Log)], "l", "log"));
    list.push(bind(&[(Key::Char('?'), Command::Help)], "?", "help"));
    if !applying_in_hand(state) {
        list.push(bind(&[(Key::Char('q'), Command::Quit)], "q", "quit"));
    }
}

/// Whether a change is on its way, so that leaving has to wait for its answer.
pub(in crate::flow) fn applying_in_hand(state: &State) -> bool {
    matches!((&state.page, &state.panel), (Page::Stage(_), Panel::Applying(apply)) if apply.in_hand())
}

/// The check that `e` explains when none is selected: the first that does not pass.
pub(in crate::flow) fn default_check(state: &State) -> Option<crate::engine::ids::CheckId> {
    if !matches!(state.panel, Panel::Overview | Panel::HandOver | Panel::Myself) {
        return None;
    }
    let stage = state.findings.stage(state.stage()?)?;
    stage.first_open().or(stage.checks.first()).map(|f| f.id)
}

fn enter_label(state: &State) -> Option<&'static str> {
    Some(match selected(state)? {
        Item::Check(_) => "explain",
        Item::Row(_) => "copy, next",
        Item::App(_) | Item::Client(_) | Item::Resource(_) => "choose",
        Item::Change(_) => "copy az command",
        Item::Step(_) => "open page",
        Item::Action(ActionId::Close) => "close",
        Item::Action(_) => "do it",
    })
}

fn can_go_back(state: &State) -> bool {
    match &state.page {
        Page::Welcome => false,
        Page::SignIn(_) | Page::End => true,
        Page::Stage(_) => match &state.panel {
            Panel::Overview | Panel::HandOver => false,
            Panel::PickApp => !state.fields.app_filter.is_empty() || state.choices.app.is_some(),
            Panel::Applying(apply) => apply.at_rest() || matches!(apply.phase, Phase::Landing),
            _ => true,
        },
    }
}

/// The keys to show at the bottom, most useful first.
pub fn footer(state: &State) -> Vec<KeyHint> {
    let mut hints: Vec<KeyHint> = bindings(state).into_iter().filter_map(|b| b.hint).collect();
    if state.typing() {
        hints.insert(0, KeyHint { key: "Letters".into(), label: typing_label(state).into() });
    }
    hints
}

fn typing_label(state: &State) -> &'static str {
    match (&state.page, &state.panel) {
        (Page::Stage(_), Panel::PickApp) => "filter",
        (Page::SignIn(s), _) if s.step == SignInStep::Address => "type",
        _ => "type or paste",
    }
}
