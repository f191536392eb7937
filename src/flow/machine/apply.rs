//! Carrying a confirmed plan out: one change, then a look, then the plan again from what is there.
//!
//! What the plan made again asks for beyond the confirmed one is shown and confirmed anew. A change that got no answer,
//! or one that may pass, is never sent again before a look; then, if it may be repeated, a few times.

use jiff::SignedDuration;

use crate::engine::cards::Need;
use crate::engine::change::{Change, ChangeKind, Service};
use crate::engine::facts::Facts;
use crate::engine::ids::StageId;
use crate::engine::plan::landed;
use crate::engine::policies::{SecretRefusal, secret_refusal, shorter};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::ui;
use crate::engine::words::ui_with;
use crate::flow::effect::{Effect, Part, Work};
use crate::flow::event::Waiting;
use crate::flow::hand_over;
use crate::flow::state::{Apply, Asked, Mark, Panel, Phase, PlanView};

use super::Turn;

/// How often a change that may be repeated is sent again.
const MOST_REPEATS: u8 = 2;

impl Turn<'_> {
    pub(super) fn applying(&mut self) -> Option<&mut Apply> {
        match &mut self.state.panel {
            Panel::Applying(apply) => Some(apply),
            _ => None,
        }
    }

    /// Sends the next change if the plan, made again from the present facts, begins with a confirmed one.
    pub(super) fn next_change(&mut self) {
        let Panel::Applying(apply) = &self.state.panel else { return };
        let apply = Apply::clone(apply);
        if apply.stage == StageId::Try {
            self.next_of_rehearsal(apply);
            return;
        }
        let plan = self.plan(apply.stage, &apply.input);
        let Some(first) = plan.changes.first() else {
            if plan.blocked.is_some() {
                self.ask_again(apply, plan);
            } else {
                self.finish();
            }
            return;
        };
        if let Some(at) = apply.confirmed.iter().position(|confirmed| confirmed.covers(first)) {
            let first = first.clone();
            self.send(at, first);
        } else if apply.done.iter().any(|done| done.kind == first.kind && done.covers(first)) {
            // It was seen already, and this look does not show it: reads lag behind writes. Looking goes on.
            self.go_on_looking();
        } else {
            self.ask_again(apply, plan);
        }
    }

    /// Sends the confirmed change at this place, in the form that fresh facts gave it. Those before it are not needed.
    pub(super) fn send(&mut self, at: usize, change: Change) {
        if change.waits_for().is_some() {
            // A value of an earlier step is not to be seen yet.
            self.go_on_looking();
            return;
        }
        self.drop_work();
        let Some(apply) = self.applying() else { return };
        let offset = apply.steps.len().saturating_sub(apply.confirmed.len());
        for step in apply.steps.iter_mut().skip(offset).take(at) {
            step.mark = Mark::NotNeeded;
        }
        apply.confirmed.drain(..=at);
        apply.current = offset + at;
        let index = apply.current;
        if let Some(step) = apply.steps.get_mut(index) {
            step.title.clone_from(&change.title);
            step.mark = Mark::Sending;
        }
        apply.phase = Phase::Sending;
        apply.sent = Some(change.clone());
        self.start(Work::Apply { index, change: Box::new(change) });
    }

    pub(super) fn ask_again(&mut self, apply: Apply, plan: crate::engine::plan::Plan) {
        self.drop_work();
        let new = plan
            .changes
            .iter()
            .enumerate()
            .filter(|(_, change)| !apply.confirmed.iter().any(|confirmed| confirmed.covers(change)))
            .map(|(index, _)| index)
            .collect();
        self.show_plan(PlanView {
            stage: apply.stage,
            plan,
            input: apply.input,
            since: 0,
            asked: if apply.done.is_empty() { Asked::Changed } else { Asked::Beyond },
            new,
        });
    }

    /// The answer to a change that was sent.
    pub(super) fn applied(&mut self, index: usize, result: Result<(), Trouble>) {
        let Some(apply) = self.applying() else { return };
        if !apply.in_hand() || apply.current != index {
            return;
        }
        let stage = apply.stage;
        let mark = match &result {
            Ok(()) => Mark::Accepted,
            // It was not made, and nobody refused it.
            Err(trouble) if trouble.class == Class::Cancelled => Mark::ToDo,
            Err(_) => Mark::Failed,
        };
        if let Some(step) = apply.steps.get_mut(index) {
            step.mark = mark;
        }
        let stops = apply.stopping && stage != StageId::Try;
        self.state.waiting = None;
        match result {
            // It is not awaited any more: what comes next shows whether it is to be seen.
            Ok(()) if stops => self.rest(Phase::StoppedByPerson),
            Ok(()) => self.await_landing(Phase::Landing),
            Err(trouble) if trouble.uncertain => {
                self.mark_sending(index);
                self.await_landing(Phase::FindingOut(Box::new(trouble)));
            }
            // It did not arrive, and the same may well arrive in a moment.
            Err(trouble) if self.passes(&trouble) && self.may_repeat() => {
                self.mark_sending(index);
                self.await_landing(Phase::FindingOut(Box::new(trouble)));
            }
            Err(trouble) => {
                self.remember_missing(stage, &trouble);
                self.rest(if trouble.class == Class::Cancelled {
                    Phase::StoppedByPerson
                } else {
                    Phase::Stopped(Box::new(trouble))
                });
            }
        }
    }

    fn mark_sending(&mut self, index: usize) {
        if let Some(step) = self.applying().and_then(|apply| apply.steps.get_mut(index)) {
            step.mark = Mark::Sending;
        }
    }

    /// Whether a trouble may be over after a while. A service that gets too many requests has been waited for already
    /// when it comes here, or asks for more than anybody should be held for.
    fn passes(&self, trouble: &Trouble) -> bool {
        let limit = u64::from(self.state.setup.timing.pause_limit_s);
        trouble.class.passes_by_itself()
            && trouble.class != Class::Throttled
            && trouble.retry_after.is_none_or(|asked| asked.as_secs() <= limit)
    }

    /// Whether the change that was sent is one that may be sent again.
    fn may_repeat(&self) -> bool {
        let Panel::Applying(apply) = &self.state.panel else { return false };
        apply.repeated < MOST_REPEATS
            && !apply.stopping
            && apply.sent.as_ref().is_some_and(Change::repeatable)
    }

    /// Sends the change once more that a look did not show, if it is still what the plan begins with. One that may have
    /// arrived is given the time that the directory takes to show it.
    fn repeat(&mut self) -> bool {
        let Panel::Applying(apply) = &self.state.panel else { return false };
        let Phase::FindingOut(trouble) = &apply.phase else { return false };
        let since = self.state.waiting.as_ref().map_or(self.state.now, |waiting| waiting.since);
        let waited = self.state.now.as_second() - since.as_second();
        if !self.may_repeat()
            || !self.passes(trouble)
            || waited < asked_s(trouble)
            || (trouble.uncertain && waited < i64::from(self.state.setup.timing.lag_limit_s))
        {
            return false;
        }
        let plan = self.plan(apply.stage, &apply.input);
        let wanted = |sent: &Change| plan.changes.first().is_some_and(|first| sent.covers(first));
        if !apply.sent.as_ref().is_some_and(wanted) {
            return false;
        }
        if let Some(apply) = self.applying()
            && let Some(sent) = apply.sent.take()
        {
            apply.confirmed.push_front(sent);
            apply.repeated += 1;
            if let Some(step) = apply.steps.get_mut(apply.current) {
                step.mark = Mark::ToDo;
            }
        }
        self.state.waiting = None;
        self.next_change();
        true
    }

    /// Keeps what a refusal says is missing: it is what the card asks for, and what the next plan keeps to.
    fn remember_missing(&mut self, stage: StageId, trouble: &Trouble) {
        let Some(sent) = self.applying().and_then(|apply| apply.sent.clone()) else { return };
        let need = match secret_refusal(trouble) {
            Some(SecretRefusal::TooLong) => {
                let asked = self.state.secret_days.unwrap_or(self.state.setup.secret_days);
                self.state.secret_days = shorter(asked);
                self.state.secret_days.is_none().then_some(Need::Secrets)
            }
            Some(SecretRefusal::Forbidden) => Some(Need::Secrets),
            None => (trouble.class == Class::NotAllowed).then_some(Need::Right(sent.right)),
        };
        if let Some(need) = need {
            self.state.not_allowed.insert(stage, need);
        }
    }

    /// Looks again and again whether the change that was sent is to be seen.
    fn await_landing(&mut self, phase: Phase) {
        let Some(apply) = self.applying() else { return };
        apply.phase = phase;
        let kind = apply.sent.as_ref().map(|change| change.kind);
        self.watch_landing(kind);
    }

    fn watch_landing(&mut self, kind: Option<ChangeKind>) {
        let Panel::Applying(apply) = &self.state.panel else { return };
        let part = shown_by(kind, apply.stage);
        // A secret's value is only here, and a rehearsal's address has yet to be taken away.
        let safe_to_leave = !matches!(apply.stage, StageId::Secret | StageId::Try);
        let since = self.state.now;
        // Before that it is not sent again, whatever the looks show.
        let until = match &apply.phase {
            Phase::FindingOut(trouble) if trouble.retry_after.is_some() && self.may_repeat() => {
                since.checked_add(SignedDuration::from_secs(asked_s(trouble))).ok()
            }
            _ => None,
        };
        self.drop_work();
        self.state.waiting = Some(Waiting { text: wait_text(kind), since, safe_to_leave, until });
        self.watch(part, self.state.setup.timing.landing_s);
    }

    /// Keeps the watch running, or gives the decision to the person once the limit is reached.
    pub(super) fn go_on_looking(&mut self) {
        let Panel::Applying(apply) = &self.state.panel else { return };
        if apply.at_rest() {
            return;
        }
        if self.state.watch.is_none() {
            let kind = apply.sent.as_ref().map(|change| change.kind);
            if let Some(apply) = self.applying() {
                apply.phase = Phase::Landing;
            }
            self.watch_landing(kind);
            return;
        }
        let timing = &self.state.setup.timing;
        let limit = match &apply.phase {
            // What may not be sent yet has not been given its chance.
            Phase::FindingOut(trouble) => asked_s(trouble) + i64::from(timing.landing_limit_s),
            _ => i64::from(timing.landing_limit_s),
        };
        let since = self.state.waiting.as_ref().map_or(self.state.now, |waiting| waiting.since);
        if self.state.now.as_second() - since.as_second() < limit {
            return;
        }
        let phase = match &apply.phase {
            Phase::FindingOut(trouble) => Phase::Stopped(trouble.clone()),
            _ => Phase::Slow,
        };
        self.rest(phase);
    }

    /// A look is complete while a plan is under way.
    pub(super) fn observed_while_applying(&mut self) {
        let Panel::Applying(apply) = &self.state.panel else { return };
        if apply.phase == Phase::StoppedByPerson {
            return self.seen_at_rest();
        }
        if !matches!(apply.phase, Phase::Landing | Phase::FindingOut(_)) {
            return;
        }
        let (current, stage, sent) = (apply.current, apply.stage, apply.sent.clone());
        let looked_for = apply.sent.as_ref().map(|sent| {
            let seen = has_landed(sent, apply, &self.state.facts);
            (seen, seen && !apply.seen && sent.service == Service::Graph)
        });
        if let Some((seen, once)) = looked_for {
            if let Some(apply) = self.applying() {
                apply.seen = seen;
            }
            if once || !seen {
                if seen || !self.repeat() {
                    self.go_on_looking();
                }
                return;
            }
        }
        if let Some(sent) = sent {
            self.remember_landed(stage, sent);
        }
        let Some(apply) = self.applying() else { return };
        if let Some(sent) = apply.sent.take() {
            apply.done.push(sent);
            apply.repeated = 0;
            apply.seen = false;
            if let Some(step) = apply.steps.get_mut(current) {
                step.mark = Mark::Done;
            }
        }
        apply.phase = Phase::Landing;
        if apply.stopping && apply.stage == StageId::Try {
            // Stopping a rehearsal means taking its address away, which is part of what was confirmed.
            self.unbind();
            self.next_change();
        } else if apply.stopping {
            self.rest(Phase::StoppedByPerson);
        } else {
            self.next_change();
        }
    }

    /// The sign-in ran out while a change was awaited: nothing can be seen until somebody signs in again.
    pub(super) fn sign_in_ran_out(&mut self, trouble: Trouble) {
        if self.applying().is_some_and(|apply| !apply.in_hand()) {
            self.rest(Phase::Stopped(Box::new(trouble)));
        }
    }

    /// Goes on with a plan that stopped because somebody had to sign in again: after a fresh look, with the very step
    /// that was refused. One that may have been carried out is looked for first.
    pub(super) fn resume_plan(&mut self, mut apply: Box<Apply>) {
        let refused = apply.steps.get(apply.current).is_some_and(|step| step.mark == Mark::Failed);
        if let Some(sent) = apply.sent.take_if(|_| refused) {
            apply.confirmed.push_front(sent);
            if let Some(step) = apply.steps.get_mut(apply.current) {
                step.mark = Mark::ToDo;
            }
        }
        apply.phase = Phase::Landing;
        apply.stopping = false;
        self.show(Panel::Applying(apply));
        self.look_before_sending();
    }

    /// Looks at everything before the next change is sent; the plan is then made again from what is there.
    pub(super) fn look_before_sending(&mut self) {
        self.drop_work();
        let text = ui("flow.looking_afresh").to_owned();
        // What was sent before somebody had to sign in again may have brought a secret.
        let safe_to_leave = self.applying().is_none_or(|apply| apply.sent.is_none());
        self.state.waiting = Some(Waiting { text, since: self.state.now, safe_to_leave, until: None });
        self.watch(Part::All, self.state.setup.timing.landing_s);
    }

    /// Comes to rest: nothing is in hand, the person decides. One look shows what is there now.
    pub(super) fn rest(&mut self, phase: Phase) {
        self.drop_work();
        let Some(apply) = self.applying() else { return };
        let wants_sign_in = matches!(&phase, Phase::Stopped(t) if t.class == Class::SignInRefused);
        apply.phase = phase;
        let stage = apply.stage;
        let unseen = accepted(apply).cloned().filter(|_| apply.phase == Phase::StoppedByPerson);
        // It has stopped: nothing more is said of stopping.
        self.state.interrupted = false;
        self.state.note = None;
        if stage == StageId::Try && self.state.bound.is_none() && !wants_sign_in {
            // The rehearsal is over and its address is still there: it becomes a finding with a plan of its own.
            self.finish();
            self.notice("flow.leftover_title", ui("rehearsal.leftover"));
            return;
        }
        self.state.selected = None;
        match unseen {
            Some(sent) => {
                // A look that does not show it, here or back on the stage, is an old one.
                self.watch(shown_by(Some(sent.kind), stage), self.state.setup.timing.landing_s);
                self.remember_landed(stage, sent);
            }
            None => self.look(Part::Stage(stage)),
        }
    }

    /// A look after the person stopped: what had been accepted is shown as done once it is seen.
    fn seen_at_rest(&mut self) {
        let Panel::Applying(apply) = &self.state.panel else { return };
        let seen = accepted(apply).filter(|sent| has_landed(sent, apply, &self.state.facts)).cloned();
        let Some(sent) = seen else { return };
        self.drop_work();
        let Some(apply) = self.applying() else { return };
        apply.sent = None;
        apply.done.push(sent);
        if let Some(step) = apply.steps.get_mut(apply.current) {
            step.mark = Mark::Done;
        }
    }

    /// "Stop after this step": at once where no call is in hand, or it only waits to be sent again.
    pub(super) fn stop(&mut self) {
        let Some(apply) = self.applying() else { return };
        if apply.at_rest() {
            return;
        }
        if apply.in_hand() || apply.stage == StageId::Try {
            apply.stopping = true;
            let in_hand = apply.in_hand();
            self.state.selected = None;
            if in_hand {
                self.effects.push(Effect::BreakOff);
            }
        } else {
            self.rest(Phase::StoppedByPerson);
        }
    }

    pub(super) fn keep_looking(&mut self) {
        let Some(apply) = self.applying() else { return };
        apply.phase = Phase::Landing;
        let kind = apply.sent.as_ref().map(|change| change.kind);
        self.state.selected = None;
        self.watch_landing(kind);
    }

    /// The plan is carried out: back to the stage, which looks at everything once more.
    pub(super) fn finish(&mut self) {
        let Panel::Applying(apply) = &self.state.panel else { return };
        let (stage, after) = (apply.stage, apply.after.clone());
        let nothing_sent = apply.done.is_empty() && stage != StageId::Try;
        let made = apply.done.iter().any(|change| change.kind == ChangeKind::AddSecret);
        let secret_lost = made && !hand_over::holds_secret(self.state);
        if !nothing_sent {
            self.state.carried_out.insert(stage);
        }
        self.base();
        // Where nothing was sent, it was done elsewhere between the plan and the yes.
        self.note(if nothing_sent { "plan.empty" } else { "plan.done" });
        if made && !self.state.secret.tried {
            self.probe_secret();
        }
        if secret_lost {
            self.notice("flow.secret_lost_title", ui("flow.secret_lost"));
        }
        if stage == StageId::Try && after.is_none() && self.state.facts.rehearsal.value().is_some() {
            self.show(Panel::Answer);
        }
        if let Some(trouble) = after {
            self.trouble(trouble);
        }
    }
}

/// The change that was accepted and has not been seen.
fn accepted(apply: &Apply) -> Option<&Change> {
    let mark = apply.steps.get(apply.current).map(|step| step.mark);
    apply.sent.as_ref().filter(|_| mark == Some(Mark::Accepted))
}

/// What has to be looked at to see a change. Settings are in force only when the probes say so, and those belong to
/// another stage's part.
fn shown_by(kind: Option<ChangeKind>, stage: StageId) -> Part {
    if kind == Some(ChangeKind::PutAuth) { Part::All } else { Part::Stage(stage) }
}

/// How many seconds the service asked to be left alone.
fn asked_s(trouble: &Trouble) -> i64 {
    trouble.retry_after.map_or(0, |asked| i64::try_from(asked.as_secs()).unwrap_or(i64::MAX / 2))
}

/// Whether a change has taken effect. A redirect URI is looked for by itself: the person may have changed the list meanwhile.
fn has_landed(sent: &Change, apply: &Apply, facts: &Facts) -> bool {
    let registered = |uri: &Option<String>| {
        let uri = uri.as_ref()?;
        facts.client_app.value().map(|app| app.web_redirects.contains(uri))
    };
    match sent.kind {
        ChangeKind::AddRehearsalRedirect => registered(&apply.input.rehearsal_redirect).unwrap_or(false),
        ChangeKind::RemoveRehearsalRedirect if apply.stage == StageId::Try => {
            !registered(&apply.input.rehearsal_redirect).unwrap_or(true)
        }
        _ => landed(sent, facts),
    }
}

fn wait_text(kind: Option<ChangeKind>) -> String {
    match kind {
        Some(ChangeKind::PutAuth) => ui("wait.restart").to_owned(),
        Some(ChangeKind::AddSecret) => ui("wait.secret").to_owned(),
        None => ui("flow.looking_afresh").to_owned(),
        Some(_) => ui_with("wait.directory", &[("range", ui("flow.range_directory"))]),
    }
}
