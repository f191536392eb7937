//! The machine: one event in, the state changed, effects out.
//!
//! [`handle`] is the only entry. The subjects stand in files of their own; each adds methods to `Turn`, which holds the
//! state and the effects of the one event that is being handled.

use jiff::{SignedDuration, Timestamp};

use super::effect::{CopyItem, Effect, Part, Work};
use super::event::{Answer, CallLine, Event};
use super::state::{CALL_LOG_LINES, Overlay, Page, Panel, State, Watch};
use crate::engine::checks;
use crate::engine::held::Held;
use crate::engine::ids::StageId;
use crate::engine::trouble::Trouble;
use crate::engine::words::{ui, ui_with};

/// Time goes back by this much only where the clock was wrong before.
const A_WRONG_CLOCK: SignedDuration = SignedDuration::from_secs(30);

mod apply;
mod connect;
mod keys;
mod lag;
mod leave;
mod pick;
mod pick_tenant;
mod plan;
mod rehearsal;
mod secret;
mod sign_in;
mod stage;
#[cfg(test)]
mod tests;

/// Takes one event: changes the state and says what is to be done. Pure: the same state and event give the same result.
pub fn handle(state: &mut State, event: Event) -> Vec<Effect> {
    if state.quit.is_some() {
        return Vec::new();
    }
    let mut turn = Turn { state, effects: Vec::new() };
    if turn.take(event) {
        turn.state.revision += 1;
    }
    turn.effects
}

/// The handling of one event.
struct Turn<'a> {
    state: &'a mut State,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    /// Handles the event; whether anything that can be seen may have changed.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Key(key) => return self.key(key),
            Event::Paste(text) => return self.paste(&text),
            Event::Drawn { revision } => {
                self.state.drawn = self.state.drawn.max(revision);
                return false;
            }
            Event::Tick { now } => return self.tick(now),
            Event::Resized => self.unseen(),
            Event::Room { enough } => {
                if self.state.cramped != enough {
                    return false;
                }
                self.state.cramped = !enough;
                self.unseen();
            }
            Event::Interrupt => self.interrupt(),
            Event::Terminate => self.quit(130),
            Event::Call(line) => self.log(line),
            Event::Paused(pause) => self.state.pauses.push(pause),
            Event::PauseOver { who } => self.pause_over(who),
            Event::Held(held) => self.held(held),
            Event::SecretTyping { empty } => {
                self.state.secret.empty = empty;
                // What was said of the value before does not hold for this one.
                self.state.secret.refused = None;
            }
            Event::SecretMisplaced => {
                if let Some(field) = self.field() {
                    *field = super::state::Field::default();
                    self.notice("flow.secret_misplaced_title", ui("flow.secret_misplaced"));
                }
            }
            Event::Copied { item, outcome } => self.copied(item, outcome),
            Event::SignInKept(Ok(())) => self.note("keep.kept"),
            Event::SignInKept(Err(trouble)) => self.trouble(trouble),
            Event::ClipboardCleared => {
                self.state.secret_on_clipboard = false;
                self.note("clip.secret_cleared");
            }
            Event::ClipboardKept => self.note("clip.secret_left"),
            Event::Answer { generation, answer } => {
                if generation != self.state.generation {
                    return false;
                }
                self.answer(answer);
            }
        }
        true
    }

    /// What stands there may not be seen any more: only after the next frame can it be confirmed.
    fn unseen(&mut self) {
        // The revision is counted up once this event is done.
        let next = self.state.revision + 1;
        if let Panel::Plan(view) = &mut self.state.panel {
            view.since = next;
        }
        for overlay in &mut self.state.overlays {
            if let Overlay::ConfirmQuit { since, .. } = overlay {
                *since = next;
            }
        }
    }

    /// Time has passed, or was put right by a service's own.
    fn tick(&mut self, now: Timestamp) -> bool {
        let state = &mut *self.state;
        if now < state.now {
            // Answers may overtake each other; only a clock that was wrong goes back by more.
            if state.now.duration_since(now) < A_WRONG_CLOCK {
                return false;
            }
            // What was timed by the wrong clock would seem to lie ahead.
            if let Some(waiting) = &mut state.waiting {
                waiting.since = waiting.since.min(now);
            }
            for (_, at) in &mut state.landed {
                *at = (*at).min(now);
            }
        }
        if now == state.now {
            return false;
        }
        state.now = now;
        self.assess();
        true
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::SignIn(progress) => self.sign_in_progress(progress),
            Answer::AppsListed(result) => self.apps_listed(result),
            Answer::SlotsListed(result) => self.slots_listed(result),
            Answer::TenantsListed(result) => self.tenants_listed(result),
            Answer::TenantSwitched(result) => self.tenant_switched(result),
            Answer::Observed { facts, at, next } => self.observed(*facts, at, next),
            Answer::CouldNotObserve(trouble) => self.could_not_observe(trouble),
            Answer::Applied { index, result } => self.applied(index, result),
            Answer::Waiting(waiting) => self.state.waiting = Some(waiting),
            Answer::ClipboardRead(result) => self.clipboard_read(result),
            Answer::BrowserOpened(result) => match result {
                Ok(()) => self.note("flow.browser_opened"),
                Err(trouble) => self.trouble(trouble),
            },
            Answer::FilesWritten(result) => match result {
                Ok(files) => {
                    let lines: Vec<String> = files.iter().map(|file| written(file)).collect();
                    self.notice("hand_over.files_title", lines.join("\n"));
                    self.state.files = files;
                }
                Err(trouble) => self.trouble(trouble),
            },
            Answer::SecretEntered { shape } => self.secret_entered(shape),
            Answer::SecretProbed(result) => self.secret_probed(result),
            Answer::RehearsalBound(result) => self.rehearsal_bound(result),
            Answer::Rehearsal(progress) => self.rehearsal_progress(progress),
            Answer::PersonStepDone { step, result } => self.person_step_done(&step, result),
        }
    }

    /// Starts work of the present generation.
    fn start(&mut self, work: Work) {
        self.effects.push(Effect::Start { generation: self.state.generation, work });
    }

    /// Drops all work that is under way: answers that still come are late from now on.
    fn drop_work(&mut self) {
        let state = &mut *self.state;
        state.generation += 1;
        state.looking = false;
        state.watch = None;
        state.waiting = None;
        state.lagging = false;
        state.person_step = None;
        state.secret.probing = false;
        state.apps.given_up();
        state.tenants.given_up();
        state.slots.given_up();
        self.effects.push(Effect::Drop { before: state.generation });
    }

    fn look(&mut self, part: Part) {
        self.state.looking = true;
        self.start(Work::Observe(part));
    }

    fn watch(&mut self, part: Part, every_s: u32) {
        self.state.looking = true;
        self.state.watch = Some(Watch { part, every_s, next: None });
        self.start(Work::Watch { part, every_s });
    }

    /// Judges the facts again.
    fn assess(&mut self) {
        let state = &mut *self.state;
        state.findings =
            checks::assess(&state.setup.cloud, &state.facts, &state.choices, &state.held, state.now);
    }

    fn save_choices(&mut self) {
        self.effects.push(Effect::SaveChoices(Box::new(self.state.choices.clone())));
        self.assess();
    }

    fn note(&mut self, key: &str) {
        self.state.note = Some(ui(key).to_owned());
    }

    fn trouble(&mut self, trouble: Trouble) {
        self.state.overlays.push(Overlay::Trouble(trouble));
    }

    /// A short word that wants to be read.
    fn notice(&mut self, title: &str, text: impl Into<String>) {
        self.state.overlays.push(Overlay::Notice { title: ui(title).to_owned(), text: text.into() });
    }

    fn log(&mut self, line: CallLine) {
        let calls = &mut self.state.calls;
        if calls.len() >= CALL_LOG_LINES {
            // Looking goes on for as long as somebody waits; what was changed must not be crowded out by it.
            let oldest_read = calls.iter().position(|call| !call.writes).unwrap_or_default();
            calls.remove(oldest_read);
            self.state.calls_left_out += 1;
        }
        let shown = line.writes || !self.state.only_changes;
        calls.push_back(line);
        // Who has scrolled up reads on where they were.
        if let Some(Overlay::CallLog { back }) = self.state.overlays.last_mut()
            && *back > 0
            && shown
        {
            *back = (*back + 1).min(CALL_LOG_LINES - 1);
        }
    }

    /// Of several waits for one service the shortest is over first.
    fn pause_over(&mut self, who: &str) {
        let pauses = &mut self.state.pauses;
        let of_it = pauses.iter().enumerate().filter(|(_, pause)| pause.who == who);
        if let Some((first, _)) = of_it.min_by_key(|(_, pause)| pause.until) {
            pauses.remove(first);
        }
    }

    fn held(&mut self, held: Held) {
        if held.secret != self.state.held.secret {
            self.state.replacing_told = false;
            let (open, empty) = (self.state.secret_field_open, self.state.secret.empty);
            self.state.secret = super::state::SecretState { empty: open && empty, ..Default::default() };
            self.state.facts.secret_probe = crate::engine::facts::Seen::default();
            self.state.copied.remove(&CopyItem::ClientSecret);
        }
        self.state.held = held;
        if self.state.held.secret.as_ref().is_some_and(|secret| !secret.made_here) {
            self.remember_handed_over();
        }
        self.assess();
    }

    /// Shows a panel of the present stage, nothing selected yet.
    fn show(&mut self, panel: Panel) {
        if self.state.secret_field_open && panel != Panel::SecretField {
            self.state.secret_field_open = false;
            self.effects.push(Effect::CloseSecretField);
        }
        // These name something else on every panel.
        for item in
            [CopyItem::AdminCard, CopyItem::AzCommand, CopyItem::PageAddress, CopyItem::RehearsalAddress]
        {
            self.state.copied.remove(&item);
        }
        self.state.panel = panel;
        self.state.selected = None;
    }

    /// Shows another page. What the page before had under way is dropped.
    fn turn_to(&mut self, page: Page) {
        self.drop_work();
        self.show(Panel::Overview);
        self.state.page = page;
        self.state.note = None;
        self.state.look_trouble = None;
    }

    /// Opens a stage: its base panel, and a fresh look.
    fn open_stage(&mut self, stage: StageId) {
        self.turn_to(Page::Stage(stage));
        self.settle(stage);
    }

    /// Back to the base panel of the present stage, whatever was under way there.
    fn base(&mut self) {
        if let Some(stage) = self.state.stage() {
            self.drop_work();
            self.settle(stage);
        }
    }

    fn settle(&mut self, stage: StageId) {
        self.unbind();
        if stage == StageId::Pick && self.state.choices.app.is_none() {
            self.show_apps();
            return;
        }
        if stage == StageId::Connect {
            self.show(Panel::HandOver);
            self.watch(Part::Stage(stage), self.state.setup.timing.watch_s);
        } else {
            self.show(Panel::Overview);
            self.look(Part::Stage(stage));
        }
    }
}

/// A written file, and what it is imported as.
fn written(file: &str) -> String {
    let key = match file {
        _ if file.ends_with("postman-v1.json") => "hand_over.file_postman",
        _ if file.ends_with("swagger.json") => "hand_over.file_swagger",
        _ => "hand_over.file_postman_new",
    };
    ui_with(key, &[("file", file)])
}
