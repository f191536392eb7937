//! Signing in, or going on without.

use crate::engine::choices::AppChoice;
use crate::engine::ids::StageId;
use crate::engine::trouble::Trouble;
use crate::engine::words::ui;
use crate::flow::derived::person_step;
use crate::flow::effect::{Effect, SignInMethod, Work};
use crate::flow::event::{PersonDone, SignInProgress};
use crate::flow::state::{Field, Listing, Page, Panel, SignInState, SignInStep};

use super::Turn;
use super::pick::app_address;

impl Turn<'_> {
    pub(super) fn sign_in(&mut self, method: SignInMethod) {
        self.drop_work();
        self.state.public_only = false;
        self.state.copied.clear();
        self.sign_in_step(SignInStep::Starting(method));
        self.start(Work::SignIn(method));
    }

    /// To the sign-in: with the one that is kept, if one is; else with the ways to choose from.
    pub(super) fn to_sign_in(&mut self) {
        self.turn_to(Page::SignIn(SignInState::default()));
        if self.state.setup.methods.contains(&SignInMethod::Kept) {
            self.sign_in(SignInMethod::Kept);
        }
    }

    fn starting_with(&self, method: SignInMethod) -> bool {
        matches!(&self.state.page, Page::SignIn(sign_in) if sign_in.step == SignInStep::Starting(method))
    }

    /// Shows how far the sign-in is; an earlier trouble is gone.
    pub(super) fn sign_in_step(&mut self, step: SignInStep) {
        self.state.page = Page::SignIn(SignInState { step, trouble: None });
        self.state.selected = None;
    }

    pub(super) fn sign_in_progress(&mut self, progress: SignInProgress) {
        if !matches!(self.state.page, Page::SignIn(_)) {
            return;
        }
        match progress {
            SignInProgress::Browser { address } => self.sign_in_step(SignInStep::Browser { address }),
            SignInProgress::DeviceCode { code, address, ends } => {
                self.sign_in_step(SignInStep::DeviceCode { code, address, ends });
            }
            SignInProgress::NothingKept => self.sign_in_step(SignInStep::Choose),
            SignInProgress::Done(person) => {
                let kept = self.starting_with(SignInMethod::Kept);
                if self.state.choices.keep_signed_in {
                    self.effects.push(Effect::SaveChoices(Box::new(self.state.choices.clone())));
                }
                self.forget_who();
                self.state.tenants = Listing::NotAsked;
                self.state.signed_in = Some(person);
                self.state.public_only = false;
                if self.state.choices.app.is_some() {
                    self.first_look();
                } else {
                    self.open_stage(StageId::Pick);
                }
                if kept {
                    self.note("keep.used");
                }
            }
            SignInProgress::Failed(trouble) => {
                self.drop_work();
                self.sign_in_step(SignInStep::Choose);
                if let Page::SignIn(sign_in) = &mut self.state.page {
                    sign_in.trouble = Some(trouble);
                }
            }
        }
    }

    /// Takes the typed address of a function app.
    pub(super) fn submit_address(&mut self) {
        let Some(address) = app_address(self.state.fields.app_url.text()) else {
            let why = [ui("trouble.wrong_address.what"), ui("trouble.wrong_address.next")];
            self.state.fields.app_url.note = Some(why.join(" "));
            return;
        };
        if matches!(self.state.page, Page::SignIn(_)) {
            self.state.public_only = true;
            self.state.signed_in = None;
        }
        self.take_app(AppChoice::Url(address));
    }

    /// Practice: has the person's part played.
    pub(super) fn practice_part(&mut self) {
        if let Some(step) = person_step(self.state) {
            self.state.person_step = Some(step.to_owned());
            self.start(Work::PersonStep(step.to_owned()));
        }
    }

    pub(super) fn person_step_done(&mut self, step: &str, result: Result<PersonDone, Trouble>) {
        self.state.person_step = None;
        match result {
            Err(trouble) => self.trouble(trouble),
            Ok(done) => {
                if step.starts_with("portal:") {
                    self.look_again();
                }
                if step == "portal:secret" && !self.state.secret.tried {
                    self.probe_secret();
                }
                if let Some(url) = done.redirect_url
                    && self.state.panel == Panel::HandOver
                {
                    self.state.fields.redirect = Field::with(url);
                    self.show(Panel::RedirectField);
                }
                self.state.note = Some(done.line);
            }
        }
    }
}
