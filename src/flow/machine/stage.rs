//! The stages: walking between them, looking, and doing it oneself.

use jiff::Timestamp;

use crate::engine::choices::ConsentWay;
use crate::engine::facts::Facts;
use crate::engine::ids::StageId;
use crate::engine::trouble::Trouble;
use crate::engine::words::{ui, ui_with};
use crate::flow::derived::{granted_now, way_title};
use crate::flow::effect::Part;
use crate::flow::event::Waiting;
use crate::flow::menu::{ActionId, Item};
use crate::flow::state::{Page, Panel};

use super::Turn;

impl Turn<'_> {
    pub(super) fn stage_before(&mut self) {
        match self.state.stage() {
            Some(stage) => {
                if let Some(before) = stage.previous() {
                    self.open_stage(before);
                }
            }
            None => self.open_stage(StageId::Try),
        }
    }

    pub(super) fn stage_after(&mut self) {
        match self.state.stage().map(StageId::next) {
            Some(Some(after)) => self.open_stage(after),
            Some(None) => {
                self.turn_to(Page::End);
                self.look(Part::All);
            }
            None => {}
        }
    }

    pub(super) fn look_again(&mut self) {
        let part = self.state.stage().map_or(Part::All, Part::Stage);
        self.look(part);
    }

    /// A look is complete.
    pub(super) fn observed(&mut self, facts: Facts, at: Timestamp, next: Option<Timestamp>) {
        let was_done = self.state.stage_done();
        let was_granted = self.asking().is_some_and(|stage| granted_now(self.state, stage));
        self.state.now = self.state.now.max(at);
        let refused = facts.sign_in_refused().cloned();
        if refused.is_none() && self.is_old(&facts) {
            match &self.state.panel {
                // What is looked for by itself; and a rehearsal's own address stands among what was seen before.
                Panel::Applying(apply)
                    if apply.sent.is_some() || apply.at_rest() || apply.stage == StageId::Try => {}
                Panel::Applying(_) => return self.go_on_looking(),
                _ => return self.look_past_the_lag(),
            }
        }
        self.caught_up();
        let state = &mut *self.state;
        let before = std::mem::replace(&mut state.facts, facts);
        // These come from what was tried in this run, not from looking.
        if state.facts.secret_probe.not_looked() {
            state.facts.secret_probe = before.secret_probe;
        }
        if state.facts.rehearsal.not_looked() {
            state.facts.rehearsal = before.rehearsal;
        }
        // The look that this note spoke of is over.
        if state.note.as_deref() == Some(ui("plan.done")) {
            state.note = None;
        }
        state.looking = false;
        state.looked_at = Some(at);
        state.look_trouble.clone_from(&refused);
        if let Some(watch) = &mut state.watch {
            watch.next = next;
        }
        self.assess();
        match (&self.state.panel, refused) {
            _ if self.state.stage().is_none() => {}
            (Panel::Preparing, Some(trouble)) if !self.choosing() => self.could_not_prepare(trouble),
            (Panel::Applying(apply), Some(trouble)) if !apply.at_rest() => self.sign_in_ran_out(trouble),
            (panel, _) => match panel {
                Panel::Preparing if self.choosing() => self.first_look_done(),
                Panel::Preparing => self.prepared(),
                Panel::Applying(_) => self.observed_while_applying(),
                _ => {
                    self.offer_continue(was_done);
                    self.offer_granted(was_granted);
                }
            },
        }
    }

    /// The stage whose card is shown.
    fn asking(&self) -> Option<StageId> {
        self.state.stage().filter(|_| self.state.panel == Panel::AskAdmin)
    }

    /// Where what was asked for has just been granted, the stage goes on: doing it becomes the selected action.
    fn offer_granted(&mut self, was_granted: bool) {
        let Some(stage) = self.asking().filter(|_| !was_granted && !self.state.stage_done()) else { return };
        if granted_now(self.state, stage) {
            self.state.not_allowed.remove(&stage);
            self.base();
            self.state.selected = Some(Item::Action(ActionId::ForMe));
            self.note("screen.granted");
        }
    }

    /// Without a fresh look there is no plan.
    fn could_not_prepare(&mut self, trouble: Trouble) {
        self.base();
        self.trouble(trouble);
    }

    /// Whether the look that is awaited is the first one after an app was chosen.
    fn choosing(&self) -> bool {
        self.state.stage() == Some(StageId::Pick)
    }

    pub(super) fn could_not_observe(&mut self, trouble: Trouble) {
        self.state.looking = false;
        let preparing = self.state.stage().is_some() && self.state.panel == Panel::Preparing;
        if preparing && self.choosing() {
            self.first_look_failed(trouble);
        } else if preparing {
            self.could_not_prepare(trouble);
        } else {
            self.state.look_trouble = Some(trouble);
            self.go_on_looking();
        }
    }

    /// Where the stage has just become done, "Continue" becomes the selected action. Nothing moves by itself.
    pub(super) fn offer_continue(&mut self, was_done: bool) {
        let offered =
            matches!(self.state.panel, Panel::Overview | Panel::Myself | Panel::AskAdmin | Panel::HandOver);
        if offered && self.state.stage_done() && !was_done {
            self.state.selected = Some(Item::Action(ActionId::Continue));
        }
    }

    /// Keeps how the connector is to be let in. The plan follows it; nothing is changed by choosing.
    pub(super) fn choose_consent(&mut self, way: ConsentWay) {
        self.state.choices.consent = (way != ConsentWay::PreAuthorize).then_some(way);
        self.save_choices();
        self.base();
        self.state.note = Some(ui_with("flow.consent_chosen", &[("way", ui(way_title(way)))]));
    }

    /// The portal's steps, while the checks are watched.
    pub(super) fn myself(&mut self) {
        // Nothing that is done on the Test page can be seen from here.
        if self.state.stage() == Some(StageId::Try) {
            self.drop_work();
            self.unbind();
            self.show(Panel::Myself);
            return;
        }
        self.watch_for("wait.portal", Panel::Myself);
    }

    /// The card for an administrator, while the checks are watched.
    pub(super) fn ask_admin(&mut self) {
        self.watch_for("wait.consent", Panel::AskAdmin);
    }

    fn watch_for(&mut self, text: &str, panel: Panel) {
        let Some(stage) = self.state.stage() else { return };
        self.drop_work();
        self.unbind();
        self.show(panel);
        let text = ui(text).to_owned();
        self.state.waiting = Some(Waiting { text, since: self.state.now, safe_to_leave: true, until: None });
        self.watch(Part::Stage(stage), self.state.setup.timing.watch_s);
    }
}
