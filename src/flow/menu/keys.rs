//! The keys that do something now, what each does, and the footer that shows them.

use crate::engine::ids::CheckId;
use crate::engine::words::{ui, ui_with};
use crate::flow::derived::{logged, page_address};
use crate::flow::effect::CopyItem;
use crate::flow::event::Key;
use crate::flow::hand_over;
use crate::flow::state::{Field, Overlay, Page, Panel, SignInStep, State};

use super::{ActionId, Item, KeyHint, actions, first_action, items, lists, selected};

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
    /// Select the item a page further up in a list.
    PageUp,
    /// Select the item a page further down in a list.
    PageDown,
    /// Select the last row of a list.
    LastRow,
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
    /// Explain the check before the explained one.
    ExplainBefore,
    /// Explain the check after the explained one.
    ExplainAfter,
    /// Show the log of calls.
    Log,
    /// Show the help.
    Help,
    /// Scroll the log towards older lines, by this many.
    Older(usize),
    /// Scroll the log towards newer lines, by this many.
    Newer(usize),
    /// Let the log show the changes alone, or all calls again.
    OnlyChanges,
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

/// Keys whose hint is the text under this key of the words: the key's name, a space, what it does.
fn bind(keys: &[(Key, Command)], text: &str) -> Binding {
    Binding { keys: keys.to_vec(), hint: Some(hint(text)) }
}

fn hint(text: &str) -> KeyHint {
    hint_of(ui(text))
}

fn hint_of(text: &str) -> KeyHint {
    let (key, label) = text.split_once(' ').unwrap_or((text, ""));
    KeyHint { key: key.to_owned(), label: label.to_owned() }
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
    if let Some(Overlay::Explain(check)) = overlay {
        let mut keys = Vec::new();
        for (key, command, down) in
            [(Key::Left, Command::ExplainBefore, false), (Key::Right, Command::ExplainAfter, true)]
        {
            if other_check(state, *check, down).is_some() {
                keys.push((key, command));
            }
        }
        if !keys.is_empty() {
            list.push(bind(&keys, "flow.key_other_checks"));
        }
    }
    if let Some(label) = enter_label(state) {
        list.push(bind(&[(Key::Enter, Command::Activate)], label));
    }
    let count = items(state).len();
    // Where nothing is selected yet, the arrows select the only one, too.
    if count > 1 || (count == 1 && selected(state).is_none()) {
        let mut keys = vec![(Key::Up, Command::Previous), (Key::Down, Command::Next)];
        keys.extend([(Key::BackTab, Command::Previous), (Key::Tab, Command::Next)]);
        list.push(bind(&keys, "key.choose"));
        if lists(state) {
            let mut keys = vec![(Key::PageUp, Command::PageUp), (Key::PageDown, Command::PageDown)];
            // In a filter that holds something they move the cursor.
            if state.field().is_none_or(Field::is_empty) {
                keys.extend([(Key::Home, Command::First), (Key::End, Command::LastRow)]);
            }
            list.push(Binding { keys, hint: None });
        } else if !typing {
            let ends = vec![(Key::Home, Command::First), (Key::End, Command::Last)];
            list.push(Binding { keys: ends, hint: None });
        }
    }
    if overlay.is_some() {
        shortcuts(state, &mut list);
        list.push(bind(&[(Key::Esc, Command::Back)], "flow.key_close"));
        return list;
    }
    if !typing {
        digit_keys(state, &mut list);
        stage_keys(state, &mut list);
        // Where actions stand side by side, these are the keys that come to mind.
        let free = !list.iter().flat_map(|b| &b.keys).any(|(key, _)| matches!(key, Key::Left | Key::Right));
        if free && count > 1 {
            let keys = vec![(Key::Left, Command::Previous), (Key::Right, Command::Next)];
            list.push(Binding { keys, hint: None });
        }
    }
    if can_go_back(state) {
        list.push(bind(&[(Key::Esc, Command::Back)], "key.back"));
    }
    function_keys(typing, &mut list);
    if typing {
        return list;
    }
    letters(state, &mut list);
    list
}

/// Help and the log of calls by keys that are no letters, so that they are there while a field takes every letter.
fn function_keys(typing: bool, list: &mut Vec<Binding>) {
    let keys = [(Key::F1, Command::Help)];
    let hint = typing.then(|| hint("flow.key_help"));
    list.push(Binding { keys: keys.to_vec(), hint });
    list.push(Binding { keys: vec![(Key::F2, Command::Log)], hint: None });
}

fn log_keys(state: &State, back: usize, list: &mut Vec<Binding>) {
    let mut keys = Vec::new();
    if back + 1 < logged(state).count() {
        keys.extend([(Key::Up, Command::Older(1)), (Key::PageUp, Command::Older(10))]);
    }
    if back > 0 {
        keys.extend([(Key::Down, Command::Newer(1)), (Key::PageDown, Command::Newer(10))]);
    }
    if !keys.is_empty() {
        list.push(bind(&keys, "flow.key_scroll"));
    }
    if state.only_changes {
        list.push(bind(&[(Key::Char('w'), Command::OnlyChanges)], "flow.key_all_calls"));
    } else if state.calls.iter().any(|call| call.writes) {
        list.push(bind(&[(Key::Char('w'), Command::OnlyChanges)], "flow.key_only_changes"));
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
        let digits: String = keys.iter().filter_map(|(key, _)| digit_of(*key)).collect();
        let text = ui_with("flow.key_digits", &[("digits", &spans(&digits))]);
        list.push(Binding { keys, hint: Some(hint_of(&text)) });
    }
}

const fn digit_of(key: Key) -> Option<char> {
    if let Key::Char(digit) = key { Some(digit) } else { None }
}

/// Ascending digits in short: `124567` is `1,2,4-7`.
fn spans(digits: &str) -> String {
    let mut runs: Vec<(char, char)> = Vec::new();
    for digit in digits.chars() {
        match runs.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(digit) => *last = digit,
            _ => runs.push((digit, digit)),
        }
    }
    let run = |&(first, last): &(char, char)| match u32::from(last) - u32::from(first) {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    runs.iter().map(run).collect::<Vec<_>>().join(",")
}

fn stage_keys(state: &State, list: &mut Vec<Binding>) {
    let mut keys = Vec::new();
    let walkable = matches!(state.panel, Panel::Overview | Panel::HandOver | Panel::Answer);
    if let Some(stage) = state.stage().filter(|_| walkable) {
        if stage.previous().is_some() {
            keys.push((Key::Left, Command::StageBefore));
        }
        keys.push((Key::Right, Command::StageAfter));
    } else if state.page == Page::End {
        keys.push((Key::Left, Command::StageBefore));
    }
    if !keys.is_empty() {
        let text = match keys.as_slice() {
            [(Key::Left, _)] => "flow.key_stage_before",
            [_] => "flow.key_stage_after",
            _ => "flow.key_stages",
        };
        list.push(bind(&keys, text));
    }
}

/// The letters of the actions. One that stands beside its action needs no place in the footer.
fn shortcuts(state: &State, list: &mut Vec<Binding>) {
    let keys: Vec<(Key, Command)> = actions(state)
        .into_iter()
        .filter(|a| a.enabled)
        .filter_map(|a| Some((Key::Char(a.shortcut?), Command::Act(a.id))))
        .collect();
    if !keys.is_empty() {
        list.push(Binding { keys, hint: None });
    }
}

fn letters(state: &State, list: &mut Vec<Binding>) {
    shortcuts(state, list);
    if matches!(selected(state), Some(Item::Check(_))) || default_check(state).is_some() {
        list.push(bind(&[(Key::Char('e'), Command::Explain)], "key.explain"));
    }
    list.push(bind(&[(Key::Char('l'), Command::Log)], "key.log"));
    list.push(bind(&[(Key::Char('?'), Command::Help)], "key.help"));
    if !running(state) {
        list.push(bind(&[(Key::Char('q'), Command::Quit)], "key.quit"));
    }
}

/// Whether something runs that has to be stopped before leaving: a plan, or a rehearsal with its temporary address.
fn running(state: &State) -> bool {
    let running = match &state.panel {
        Panel::Applying(apply) => !apply.at_rest(),
        Panel::Rehearsal(_) | Panel::RehearsalPaste(_) => true,
        _ => false,
    };
    running && state.stage().is_some()
}

/// The check that `e` explains when none is selected: the first that does not pass.
pub(in crate::flow) fn default_check(state: &State) -> Option<CheckId> {
    if !matches!(state.panel, Panel::Overview | Panel::HandOver | Panel::Myself) {
        return None;
    }
    let stage = state.findings.stage(state.stage()?)?;
    stage.first_open().or(stage.checks.first()).map(|f| f.id)
}

/// The check before or after this one at the shown stage.
pub(in crate::flow) fn other_check(state: &State, check: CheckId, down: bool) -> Option<CheckId> {
    let checks = &state.findings.stage(state.stage()?)?.checks;
    let at = checks.iter().position(|found| found.id == check)?;
    let to = if down { at.checked_add(1) } else { at.checked_sub(1) };
    checks.get(to?).map(|found| found.id)
}

fn enter_label(state: &State) -> Option<&'static str> {
    let Some(item) = selected(state) else {
        return first_action(state).map(|_| "key.enter");
    };
    Some(match item {
        Item::Check(_) => "flow.enter_explain",
        Item::Row(_) => "key.copy_next",
        Item::Change(_) => "flow.enter_az",
        Item::Outlook(_) => return None,
        Item::Step(_) if page_address(state).is_none() => return None,
        Item::Step(_) if state.setup.no_browser => "flow.enter_address",
        Item::Step(_) => "flow.enter_page",
        Item::Action(ActionId::Close) => "flow.enter_close",
        Item::App(_)
        | Item::Host(_)
        | Item::Tenant(_)
        | Item::Subscription(_)
        | Item::Client(_)
        | Item::Resource(_)
        | Item::Lost(_)
        | Item::Consent(_)
        | Item::Action(_) => "key.enter",
    })
}

fn can_go_back(state: &State) -> bool {
    match &state.page {
        Page::Welcome => false,
        Page::SignIn(_) | Page::End => true,
        Page::Stage(_) => match &state.panel {
            Panel::Overview | Panel::HandOver => false,
            Panel::PickApp => {
                let narrowed = !state.fields.app_filter.is_empty() || state.subscription.is_some();
                narrowed || state.choices.app.is_some()
            }
            // What runs is stopped first, and says then how far it came.
            Panel::Applying(apply) => apply.at_rest(),
            _ => true,
        },
    }
}

/// The keys to show at the bottom, most useful first.
pub fn footer(state: &State) -> Vec<KeyHint> {
    let mut hints: Vec<KeyHint> = bindings(state).into_iter().filter_map(|b| b.hint).collect();
    if state.typing() {
        hints.insert(0, hint(typing_label(state)));
        // No letter leaves here, so the key that always does is named. A rehearsal it would only end.
        if !running(state) {
            hints.push(hint("flow.key_interrupt"));
        }
    }
    // Nothing leaves at once then; this key does what is safe.
    if running(state) && state.overlays.is_empty() {
        hints.push(hint("flow.key_stop"));
    }
    hints
}

/// The keys of [`footer`], and those for which it has no room.
pub fn footer_in_full(state: &State) -> Vec<KeyHint> {
    let mut hints = footer(state);
    if state.typing() {
        hints.push(hint("flow.key_calls"));
    }
    hints
}

fn typing_label(state: &State) -> &'static str {
    match (&state.page, &state.panel) {
        (Page::Stage(_), Panel::PickApp | Panel::PickTenant | Panel::PickSubscription) => {
            "flow.letters_filter"
        }
        (Page::SignIn(s), _) if s.step == SignInStep::Address => "flow.letters_type",
        _ => "flow.letters_type",
    }
}
