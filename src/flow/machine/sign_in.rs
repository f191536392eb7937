//! Signing in, or going on without.

use crate::engine::choices::{AppChoice, NoAddress, tenant_named};
use crate::engine::error_codes::{Way, explain, explain_code};
use crate::engine::ids::StageId;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{ui, ui_with};
use crate::flow::derived::person_step;
use crate::flow::effect::{Effect, SignInMethod, Work};
use crate::flow::event::{PersonDone, SignInProgress, SignedIn};
use crate::flow::menu::{ActionId, Item};
use crate::flow::state::{Again, Field, Listing, Page, Panel, Phase, Resume, SignInState, SignInStep};

use super::Turn;

impl Turn<'_> {
    pub(super) fn sign_in(&mut self, method: SignInMethod) {
        self.drop_work();
        self.state.public_only = false;
        self.state.copied.clear();
        // What is kept cannot be asked for a stronger sign-in: that takes the person.
        self.state.again.way = (method != SignInMethod::Kept).then_some(method);
        self.sign_in_step(SignInStep::Starting(method));
        self.start(Work::SignIn(method));
    }

    /// To the sign-in: with the one that is kept, if one is; else with the ways to choose from.
    pub(super) fn begin_sign_in(&mut self) {
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
                self.is_signed_in(person);
                if kept {
                    self.note("keep.used");
                }
            }
            SignInProgress::Failed(trouble) => self.sign_in_failed(trouble),
        }
    }

    fn is_signed_in(&mut self, person: SignedIn) {
        let Again { way, resume, .. } = std::mem::take(&mut self.state.again);
        self.state.again.way = way;
        let before = self.state.signed_in.replace(person);
        self.state.public_only = false;
        let same =
            before.is_some_and(|before| self.state.signed_in.as_ref().is_some_and(|now| before.is(now)));
        match resume {
            Some(resume) if same => self.go_on(resume),
            resume => {
                self.forget_who();
                self.state.tenants = Listing::NotAsked;
                if self.state.choices.app.is_some() {
                    self.first_look();
                } else {
                    self.open_stage(StageId::Pick);
                }
                if resume.is_some_and(|resume| resume.plan.is_some()) {
                    // What one person confirmed is not done as another.
                    self.notice("flow.other_person_title", ui("flow.other_person"));
                }
            }
        }
    }

    /// Says why, and offers another way where that may help.
    fn sign_in_failed(&mut self, mut trouble: Trouble) {
        self.drop_work();
        self.sign_in_step(SignInStep::Choose);
        if self.state.again.demand.is_none() {
            self.state.again.demand.clone_from(&trouble.demand);
        }
        let named = self.state.choices.tenant.is_some() && self.state.signed_in.is_none();
        if named && trouble.says_no_such_tenant() {
            ui("sign_in.tenant_unknown_next").clone_into(&mut trouble.next);
            self.state.selected = Some(Item::Action(ActionId::NameTenant));
        } else if let Some(other) = self.other_way(&trouble) {
            let name = match other {
                SignInMethod::Browser => ui("sign_in.by_browser"),
                SignInMethod::DeviceCode => ui("sign_in.by_code"),
                SignInMethod::AzCli => ui("sign_in.by_az"),
                SignInMethod::Kept => ui("sign_in.kept"),
            };
            trouble.next = ui_with("sign_in.try_other", &[("way", name)]);
            self.state.selected = Some(Item::Action(action_of(other)));
        } else if let Some(way) = self.state.again.way {
            // What is said to do next is the same way once more.
            self.state.selected = Some(Item::Action(action_of(way)));
        }
        if let Page::SignIn(sign_in) = &mut self.state.page {
            sign_in.trouble = Some(Box::new(trouble));
        }
    }

    /// The best way to sign in that may be let through where the last one was not.
    fn other_way(&self, trouble: &Trouble) -> Option<SignInMethod> {
        let ways = trouble.code.as_deref().and_then(explain_code)?.ways;
        let tried = self.state.again.way;
        self.state.setup.methods.iter().copied().find(|method| {
            let way = match method {
                SignInMethod::Browser => Way::Browser,
                SignInMethod::DeviceCode => Way::Code,
                SignInMethod::AzCli => Way::Az,
                SignInMethod::Kept => return false,
            };
            Some(*method) != tried && ways.contains(&way)
        })
    }

    /// Signs in once more, the way the person chose before; a plan that stopped for it is kept.
    pub(super) fn sign_in_again(&mut self) {
        let (trouble, plan) = match &self.state.panel {
            Panel::Applying(apply) => match &apply.phase {
                Phase::Stopped(trouble) => (Some(trouble.as_ref().clone()), Some(apply.clone())),
                _ => (None, None),
            },
            _ => (self.state.look_trouble.clone(), None),
        };
        let trouble = trouble.filter(|trouble| trouble.class == Class::SignInRefused);
        self.state.again.demand = trouble.as_ref().and_then(|trouble| trouble.demand.clone());
        self.state.again.resume = match (self.state.stage(), &self.state.signed_in) {
            (Some(stage), Some(_)) => Some(Resume { stage, plan }),
            _ => None,
        };
        self.turn_to(Page::SignIn(SignInState { step: SignInStep::Choose, trouble: trouble.map(Box::new) }));
        // A lent sign-in cannot be asked for a stronger one.
        let lent = self.state.again.way == Some(SignInMethod::AzCli);
        if let (Some(way), Some(_)) = (self.state.again.way, &self.state.again.resume)
            && !(lent && self.state.again.demand.is_some())
        {
            self.sign_in(way);
        }
    }

    /// To the ways to sign in, for another person; Esc leads back, and the same person goes on where they were.
    pub(super) fn sign_in_other(&mut self) {
        let stage = self.state.stage().filter(|_| self.state.signed_in.is_some());
        self.state.again.demand = None;
        self.state.again.resume = stage.map(|stage| Resume { stage, plan: None });
        self.turn_to(Page::SignIn(SignInState::default()));
    }

    /// Back from the choice of a way: to where the person was, with the plan as it stopped.
    pub(super) fn leave_sign_in(&mut self) {
        let Some(Resume { stage, plan }) = self.state.again.resume.take() else {
            self.turn_to(Page::Welcome);
            return;
        };
        match plan {
            Some(plan) => {
                self.turn_to(Page::Stage(stage));
                self.show(Panel::Applying(plan));
            }
            None => self.open_stage(stage),
        }
    }

    fn go_on(&mut self, resume: Resume) {
        match resume.plan {
            Some(plan) => {
                self.turn_to(Page::Stage(resume.stage));
                self.resume_plan(plan);
            }
            None => self.open_stage(resume.stage),
        }
    }

    /// To the field for the tenant to sign in to, with the one that is named so far.
    pub(super) fn name_tenant(&mut self) {
        self.state.fields.tenant = Field::with(self.state.choices.tenant.clone().unwrap_or_default());
        self.sign_in_step(SignInStep::Tenant);
    }

    /// Takes the typed tenant; none stands for the one that the account belongs to.
    pub(super) fn submit_tenant(&mut self) {
        let typed = self.state.fields.tenant.text().trim();
        let tenant = tenant_named(typed);
        if tenant.is_none() && !typed.is_empty() {
            self.state.fields.tenant.note = Some(ui("sign_in.tenant_not_one").to_owned());
            return;
        }
        self.state.choices.tenant = tenant;
        self.sign_in_step(SignInStep::Choose);
    }

    /// Takes what the sign-in page says: it ends the sign-in as if the page had come back with it.
    pub(super) fn submit_page_error(&mut self) {
        let Some(trouble) = refused_on_the_page(self.state.fields.error.text()) else {
            self.state.fields.error.note = Some(ui("sign_in.page_error_none").to_owned());
            return;
        };
        self.state.fields.error = Field::default();
        self.sign_in_failed(trouble);
    }

    /// Takes the typed address of a function app.
    pub(super) fn submit_address(&mut self) {
        let app = match AppChoice::typed(self.state.fields.app_url.text()) {
            Ok(app) => app,
            Err(why) => {
                let what = match why {
                    NoAddress::NotOne => ui("trouble.wrong_address.what"),
                    NoAddress::Port => ui("trouble.wrong_address.port"),
                };
                let why = [what, ui("trouble.wrong_address.next")];
                self.state.fields.app_url.note = Some(why.join(" "));
                return;
            }
        };
        if app.has_braces() {
            self.state.fields.app_url.note = Some(ui("flow.braces").to_owned());
            return;
        }
        if matches!(self.state.page, Page::SignIn(_)) {
            self.state.public_only = true;
            self.state.signed_in = None;
            self.state.again = Again::default();
        }
        self.take_app(app);
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

/// The action that signs in this way.
const fn action_of(way: SignInMethod) -> ActionId {
    match way {
        SignInMethod::Browser => ActionId::SignInBrowser,
        SignInMethod::DeviceCode => ActionId::SignInCode,
        SignInMethod::AzCli => ActionId::SignInAz,
        SignInMethod::Kept => ActionId::SignInKept,
    }
}

/// The refusal that a pasted page of the sign-in service names; `None` where it names no code.
pub(super) fn refused_on_the_page(text: &str) -> Option<Trouble> {
    let explained = explain(text);
    let refusal = explained.codes.into_iter().find(|known| known.code.starts_with("AADSTS"))?;
    let what = ui_with("sign_in.page_says", &[("name", refusal.name.trim_end_matches('.'))]);
    let ids = [explained.trace_id, explained.correlation_id].into_iter().flatten();
    let original: Vec<String> = std::iter::once(refusal.code.clone()).chain(ids).collect();
    let mut trouble = Trouble::new(Class::SignInRefused, what, refusal.next)
        .meaning(refusal.means)
        .original(original.join(" "));
    trouble.code = Some(refusal.code);
    Some(trouble)
}
