//! Stage 1: which function app, and where its set-up stands already.

use crate::engine::choices::AppChoice;
use crate::engine::client_id::{self, WhyNot};
use crate::engine::facts::Facts;
use crate::engine::findings::Verdict;
use crate::engine::ids::StageId;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{ui, ui_with, words};
use crate::flow::effect::{CopyItem, Effect, Part, Work};
use crate::flow::event::{AppList, AppRow};
use crate::flow::state::{Field, Listing, Page, Panel};

use super::Turn;

impl Turn<'_> {
    pub(super) fn list_apps(&mut self) {
        self.state.apps = Listing::Asked;
        // The tenants come along.
        if self.state.tenants.get().is_none() {
            self.state.tenants = Listing::Asked;
        }
        self.start(Work::ListApps);
    }

    pub(super) fn apps_listed(&mut self, result: Result<AppList, Trouble>) {
        self.state.apps = match result {
            Ok(list) => {
                // What was selected while there was none is no longer the next thing to do.
                if self.state.panel == Panel::PickApp {
                    self.state.selected = None;
                }
                Listing::Is(list)
            }
            Err(mut trouble) => {
                if trouble.class == Class::NotAllowed {
                    ui("flow.list_refused").clone_into(&mut trouble.means);
                    ui("flow.list_refused_next").clone_into(&mut trouble.next);
                }
                Listing::Failed(trouble)
            }
        };
        if crate::flow::derived::narrowed_to(self.state).is_none() {
            self.state.subscription = None;
        }
    }

    /// The list of apps, asked for where it is not here.
    pub(super) fn show_apps(&mut self) {
        // What was looked for before must not hide what is there now.
        self.state.fields.app_filter = Field::default();
        self.show(Panel::PickApp);
        if !matches!(self.state.apps, Listing::Is(_) | Listing::Asked) {
            self.list_apps();
        }
    }

    /// The list narrowed to one subscription, or all of it.
    pub(super) fn narrow(&mut self, subscription: Option<String>) {
        self.state.subscription = subscription;
        self.state.fields.subscription_filter = Field::default();
        self.show_apps();
    }

    pub(super) fn pick_another(&mut self) {
        if self.state.public_only {
            self.show(Panel::TypeUrl);
            return;
        }
        self.show_apps();
    }

    pub(super) fn choose_app(&mut self, id: &str) {
        self.take_app(AppChoice::ResourceId(id.to_owned()));
    }

    /// The app's slots, looked for now: they come and go with deployments.
    pub(super) fn pick_slot(&mut self) {
        let Some(site) = self.state.facts.site.value().map(|site| site.id.clone()) else { return };
        self.show(Panel::PickSlot);
        self.state.slots = Listing::Asked;
        self.start(Work::ListSlots { site });
    }

    pub(super) fn slots_listed(&mut self, result: Result<Vec<AppRow>, Trouble>) {
        // The app itself is the first of them. Nothing to choose from is said on the page that was asked from.
        if result.as_ref().is_ok_and(|all| all.len() < 2) && self.state.panel == Panel::PickSlot {
            self.show(Panel::Overview);
            self.note("screen.no_slots");
        }
        self.state.slots = match result {
            Ok(list) => Listing::Is(list),
            Err(trouble) => Listing::Failed(trouble),
        };
    }

    /// Keeps the host name that callers are to use, and looks at the set-up with it.
    pub(super) fn choose_host(&mut self, host: String) {
        let Some(site) = self.state.facts.site.value() else { return };
        let default = site.host_names.first() == Some(&host);
        self.state.choices.host = (!default).then_some(host);
        self.save_choices();
        self.first_look();
    }

    /// Takes the choice of an app, keeps it, and looks for where its set-up stands.
    pub(super) fn take_app(&mut self, app: AppChoice) {
        self.state.slots = Listing::NotAsked;
        // What was chosen for another app does not hold for this one.
        self.state.choices = std::mem::take(&mut self.state.choices).with_app(app);
        self.effects.push(Effect::SaveChoices(Box::new(self.state.choices.clone())));
        self.first_look();
    }

    /// Keeps which registration is the connector's, and looks again.
    pub(super) fn choose_client(&mut self, app_id: String) {
        self.state.choices.client_app_id = Some(app_id);
        for item in [CopyItem::ClientId, CopyItem::ClientSecret] {
            self.state.copied.remove(&item);
        }
        self.save_choices();
        self.base();
    }

    /// The field for the connector's client ID, with the one that was given before.
    pub(super) fn type_client(&mut self) {
        let said = self.state.choices.client_app_id.as_deref().unwrap_or_default();
        self.state.fields.client_id = Field::with(said);
        self.show(Panel::ClientField);
    }

    pub(super) fn submit_client(&mut self) {
        let state = &mut *self.state;
        match client_id::recognise(state.fields.client_id.text(), &state.facts, &state.choices) {
            Ok(app_id) => {
                self.choose_client(app_id);
                self.note("client_id.taken");
            }
            Err(why) => {
                let why = ui(match why {
                    WhyNot::Empty => "client_id.empty",
                    WhyNot::NotOne => "client_id.not_one",
                    WhyNot::Several => "client_id.several",
                    WhyNot::Nameless => "client_id.nameless",
                    WhyNot::Api => "client_id.api",
                    WhyNot::Tenant => "client_id.tenant",
                });
                state.fields.client_id.note = Some(why.to_owned());
            }
        }
    }

    /// The look that follows the choice of an app; where it leads is decided once, when it is complete.
    pub(super) fn first_look(&mut self) {
        self.turn_to(Page::Stage(StageId::Pick));
        self.state.facts = Facts { person: self.state.facts.person.clone(), ..Facts::default() };
        self.state.looked_at = None;
        self.state.landed.clear();
        self.state.not_allowed.clear();
        self.state.secret_days = None;
        self.state.copied.clear();
        self.state.files.clear();
        self.assess();
        self.show(Panel::Preparing);
        self.look(Part::All);
    }

    /// Where a person goes on who has just chosen an app: at the first open stage, found by looking. A set-up on which
    /// nothing was done yet begins with the stage's own checks.
    pub(super) fn first_look_done(&mut self) {
        let next = self.state.findings.first_open_stage().unwrap_or(StageId::Try);
        let untouched = next == StageId::Protect && self.state.facts.api_app.value().is_none();
        if next < StageId::Protect || untouched {
            self.show(Panel::Overview);
            return;
        }
        self.open_stage(next);
        let number = next.number().to_string();
        let broken = self.state.findings.stages.iter().find(|stage| stage.status() == Verdict::Fail);
        self.state.note = Some(if let Some(stage) = broken.filter(|stage| stage.id > next) {
            // What is left to be done before it comes first; what is wrong is not kept back meanwhile.
            let broken = stage.id.number().to_string();
            ui_with("flow.found_where_broken", &[("number", &number), ("broken", &broken)])
        } else {
            let title = words().stage(next).map_or("", |stage| stage.title.as_str());
            ui_with("flow.found_where", &[("number", &number), ("title", title)])
        });
    }

    /// A first look that could not even begin: the choice of apps is where to go on.
    pub(super) fn first_look_failed(&mut self, trouble: Trouble) {
        self.show(Panel::Overview);
        self.trouble(trouble);
        self.state.note = Some(ui("stage.nothing_changed").to_owned());
    }
}
