//! "Do it for me": look afresh, make the plan, show it, and take the confirmation.

use std::collections::VecDeque;

use crate::engine::change::Change;
use crate::engine::ids::StageId;
use crate::engine::plan::{self, Plan, PlanInput};
use crate::engine::words::{ui, words};
use crate::flow::derived::{self, confirmable};
use crate::flow::effect::Part;
use crate::flow::menu::{ActionId, Item};
use crate::flow::state::{Apply, Asked, Mark, Panel, Phase, PlanView, Step};

use super::Turn;

impl Turn<'_> {
    pub(super) fn for_me(&mut self) {
        // After a stop the same is planned again; else the stage's own work.
        self.state.removing = match &self.state.panel {
            Panel::Applying(apply) => apply.input.remove_secret.clone(),
            _ => None,
        };
        if self.state.stage() == Some(StageId::Try) {
            self.rehearse();
        } else {
            self.prepare();
        }
    }

    /// Looks at everything, so that the plan is made from what is there now.
    pub(super) fn prepare(&mut self) {
        self.drop_work();
        self.show(Panel::Preparing);
        self.look(Part::All);
    }

    /// The look before a plan is complete.
    pub(super) fn prepared(&mut self) {
        let Some(stage) = self.state.stage() else { return };
        let remove_secret = self.state.removing.take().filter(|_| stage == StageId::Secret);
        if remove_secret.as_ref().is_some_and(|key_id| !self.is_lost(key_id)) {
            // It is gone, or is in use: the look that was just taken says so.
            self.base();
            self.note("plan.empty");
            return;
        }
        let input = PlanInput {
            rehearsal_redirect: self.state.bound.clone().filter(|_| stage == StageId::Try),
            remove_secret,
            ..derived::plan_input(self.state)
        };
        let plan = self.plan(stage, &input);
        if plan.is_empty() {
            self.base();
            match derived::by_hand(self.state, stage).as_slice() {
                [] => self.note("plan.empty"),
                left => {
                    let remedies =
                        left.iter().filter_map(|id| words().check(*id)).map(|check| check.remedy.as_str());
                    let text: Vec<&str> = std::iter::once(ui("flow.by_hand")).chain(remedies).collect();
                    self.notice("flow.by_hand_title", text.join("\n"));
                    self.state.selected = Some(Item::Action(ActionId::Myself));
                }
            }
            return;
        }
        let new = (0..plan.changes.len()).collect();
        self.show_plan(PlanView { stage, plan, input, since: 0, asked: Asked::First, new });
    }

    pub(super) fn plan(&self, stage: StageId, input: &PlanInput) -> Plan {
        let state = &self.state;
        plan::plan(stage, &state.setup.cloud, &state.facts, &state.choices, input)
    }

    pub(super) fn show_plan(&mut self, view: PlanView) {
        self.state.waiting = None;
        // The revision is counted up once this event is done; only a frame of that revision shows the plan.
        self.show(Panel::Plan(PlanView { since: self.state.revision + 1, ..view }));
    }

    /// The person's "yes": counts only when the plan has been on the screen before the key was pressed.
    pub(super) fn confirm(&mut self) {
        let Panel::Plan(view) = &self.state.panel else { return };
        if self.state.drawn < view.since || !confirmable(self.state, view) {
            return;
        }
        let view = view.clone();
        let steps = view
            .plan
            .changes
            .iter()
            .map(|change| Step { title: change.title.clone(), mark: Mark::ToDo })
            .collect();
        let confirmed: VecDeque<Change> = view.plan.changes.into();
        self.drop_work();
        self.show(Panel::Applying(Box::new(Apply {
            stage: view.stage,
            confirmed,
            input: view.input,
            token_to: view.plan.token_to,
            steps,
            current: 0,
            phase: Phase::Landing,
            stopping: false,
            sent: None,
            repeated: 0,
            seen: false,
            done: Vec::new(),
            after: None,
        })));
        // The plan may have stood there for long, and others work on the same things: nothing is sent before a look
        // has shown that it still holds. Its creations and its settings would write over what was done meanwhile.
        self.look_before_sending();
    }
}
