//! Stage 7: the rehearsal. A temporary redirect URI is registered, used, and taken away again, whatever comes of it.

use crate::engine::change::ChangeKind;
use crate::engine::facts::Seen;
use crate::engine::ids::StageId;
use crate::engine::trouble::Trouble;
use crate::engine::words::ui;
use crate::flow::effect::{Effect, Work};
use crate::flow::event::RehearsalProgress;
use crate::flow::hand_over;
use crate::flow::menu::{ActionId, Item};
use crate::flow::state::{Apply, Field, Mark, Panel, Phase, RehearsalStep, RehearsalView, Step};

use super::Turn;
use super::sign_in::refused_on_the_page;

impl Turn<'_> {
    /// Binds the loopback port first: the plan shows the very address that will be registered.
    pub(super) fn rehearse(&mut self) {
        if !hand_over::holds_secret(self.state) {
            self.show(Panel::Overview);
            self.notice("flow.needs_secret_title", ui("rehearsal.needs_secret"));
            self.state.selected = Some(Item::Action(ActionId::ToSecret));
            return;
        }
        self.drop_work();
        self.unbind();
        self.show(Panel::Binding);
        self.start(Work::BindRehearsal);
    }

    pub(super) fn rehearsal_bound(&mut self, result: Result<String, Trouble>) {
        if self.state.panel != Panel::Binding {
            return;
        }
        match result {
            Ok(redirect) => {
                self.state.bound = Some(redirect);
                self.prepare();
            }
            Err(trouble) => {
                self.base();
                self.trouble(trouble);
            }
        }
    }

    /// The next step of a rehearsal's plan. As long as the port is bound: register, then rehearse; afterwards: take away.
    pub(super) fn next_of_rehearsal(&mut self, apply: Apply) {
        let Some(uri) = &apply.input.rehearsal_redirect else {
            self.finish();
            return;
        };
        let Some(client) = self.state.facts.client_app.value() else {
            self.go_on_looking();
            return;
        };
        let registered = client.web_redirects.contains(uri);
        let cleaning = self.state.bound.is_none();
        if registered && !cleaning {
            self.start_rehearsal(apply);
            return;
        }
        let wanted =
            if cleaning { ChangeKind::RemoveRehearsalRedirect } else { ChangeKind::AddRehearsalRedirect };
        // Taken from fresh facts: it touches nothing but our own address, whatever was added meanwhile.
        let plan = self.plan(apply.stage, &apply.input);
        if !cleaning && plan.token_to.is_some() && plan.token_to != apply.token_to {
            // The app is not seen any more: its typed host was not agreed to yet.
            self.ask_again(apply, plan);
            return;
        }
        let fresh = plan.changes.into_iter().find(|change| change.kind == wanted);
        let confirmed = apply.confirmed.iter().position(|change| change.kind == wanted);
        match (confirmed, fresh) {
            (Some(at), Some(change)) if registered == cleaning => self.send(at, change),
            _ => self.finish(),
        }
    }

    /// Stops listening: from now on a running rehearsal's plan only takes its address away.
    pub(super) fn unbind(&mut self) {
        if self.state.bound.take().is_some() {
            self.effects.push(Effect::CloseRehearsal);
        }
    }

    fn start_rehearsal(&mut self, apply: Apply) {
        let (Some(redirect), Some(resource)) =
            (self.state.bound.clone(), hand_over::resource_url(self.state))
        else {
            self.finish();
            return;
        };
        self.drop_work();
        self.show(Panel::Rehearsal(RehearsalView {
            redirect: redirect.clone(),
            confirmed: apply.confirmed,
            input: apply.input,
            token_to: apply.token_to.clone(),
            step: RehearsalStep::Starting,
            trouble: None,
        }));
        self.start(Work::StartRehearsal { resource, redirect, token_to: apply.token_to });
    }

    fn view(&mut self) -> Option<&mut RehearsalView> {
        match &mut self.state.panel {
            Panel::Rehearsal(view) | Panel::RehearsalPaste(view) => Some(view),
            _ => None,
        }
    }

    pub(super) fn rehearsal_progress(&mut self, progress: RehearsalProgress) {
        let Some(view) = self.view() else { return };
        match progress {
            RehearsalProgress::Address(address) => {
                view.step = RehearsalStep::SignIn { address };
                self.state.waiting = None;
            }
            RehearsalProgress::CodeArrived => {
                view.step = RehearsalStep::Redeeming;
                view.trouble = None;
                let view = view.clone();
                self.show(Panel::Rehearsal(view));
            }
            RehearsalProgress::Redeemed => view.step = RehearsalStep::Calling,
            RehearsalProgress::PasteRefused(trouble) => view.trouble = Some(trouble),
            RehearsalProgress::Done(Ok(outcome)) => {
                let call = outcome.called.clone();
                self.state.facts.rehearsal = Seen::is(*outcome, self.state.now, call);
                self.assess();
                self.end_rehearsal(None);
            }
            RehearsalProgress::Done(Err(trouble)) => self.rehearsal_failed(trouble),
        }
    }

    /// It ended without an answer of the function. What was proven before is kept, unless somebody said no.
    fn rehearsal_failed(&mut self, trouble: Trouble) {
        if trouble.class.is_a_no() || self.state.facts.rehearsal.value().is_none() {
            let call = self.state.facts.rehearsal.call.clone();
            self.state.facts.rehearsal = Seen::could_not(trouble.clone(), self.state.now, call);
            self.assess();
        }
        self.end_rehearsal(Some(trouble));
    }

    /// The end of the rehearsal, however it came about: looks afresh, and takes the temporary address away.
    pub(super) fn end_rehearsal(&mut self, trouble: Option<Trouble>) {
        let Some(view) = self.view().cloned() else { return };
        self.unbind();
        self.drop_work();
        let steps: Vec<_> = view
            .confirmed
            .iter()
            .map(|change| Step { title: change.title.clone(), mark: Mark::ToDo })
            .collect();
        self.show(Panel::Applying(Box::new(Apply {
            stage: StageId::Try,
            confirmed: view.confirmed,
            input: view.input,
            token_to: view.token_to,
            steps,
            current: 0,
            phase: Phase::Landing,
            stopping: false,
            sent: None,
            repeated: 0,
            seen: false,
            done: Vec::new(),
            after: trouble,
        })));
        self.go_on_looking();
    }

    pub(super) fn paste_address(&mut self) {
        if let Some(view) = self.view().cloned() {
            self.show(Panel::RehearsalPaste(view));
        }
    }

    pub(super) fn submit_final_address(&mut self) {
        let address = self.state.fields.final_address.text().trim().to_owned();
        let came_back = self.view().is_some_and(|view| address.starts_with(&view.redirect));
        if let Some(trouble) = refused_on_the_page(&address).filter(|_| !came_back) {
            // The page kept the browser: nothing comes back any more.
            self.state.fields.final_address = Field::default();
            self.rehearsal_failed(trouble);
        } else if address.is_empty() {
            self.state.fields.final_address.note = Some(ui("redirect.empty").to_owned());
        } else {
            self.start(Work::PasteRehearsalAddress(address));
        }
    }
}
