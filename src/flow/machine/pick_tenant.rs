//! Stage 1: which tenant. A person may be known in several; each has subscriptions, apps and rights of its own.

use crate::engine::facts::Facts;
use crate::engine::ids::StageId;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{ui, ui_with};
use crate::flow::derived::tenant_rows;
use crate::flow::effect::{Effect, Work};
use crate::flow::event::{SignedIn, TenantRow};
use crate::flow::state::{Field, Listing, Page, Panel, SignInState, SignInStep};

use super::Turn;

impl Turn<'_> {
    /// The list of tenants, asked for where it is not here.
    pub(super) fn pick_tenant(&mut self) {
        self.show(Panel::PickTenant);
        if !matches!(self.state.tenants, Listing::Is(_) | Listing::Asked) {
            self.list_tenants();
        }
    }

    pub(super) fn list_tenants(&mut self) {
        self.state.tenants = Listing::Asked;
        self.start(Work::ListTenants);
    }

    pub(super) fn tenants_listed(&mut self, result: Result<Vec<TenantRow>, Trouble>) {
        self.state.tenants = match result {
            Ok(list) => Listing::Is(list),
            Err(trouble) => Listing::Failed(trouble),
        };
    }

    /// Goes to a tenant of the list. The present one is simply gone on in.
    pub(super) fn choose_tenant(&mut self, id: &str) {
        let here = self.state.signed_in.as_ref().is_some_and(|p| p.tenant_id.eq_ignore_ascii_case(id));
        if here {
            self.show_apps();
            return;
        }
        let Some(row) = tenant_rows(self.state).into_iter().find(|row| row.id == id).cloned() else { return };
        self.drop_work();
        self.start(Work::SwitchTenant { tenant: row.id.clone() });
        self.show(Panel::Switching(row));
    }

    pub(super) fn tenant_switched(&mut self, result: Result<SignedIn, Trouble>) {
        let Panel::Switching(row) = self.state.panel.clone() else { return };
        match result {
            Ok(person) => {
                self.begin_in(&row);
                self.state.signed_in = Some(person);
                self.save_choices();
                self.open_stage(StageId::Pick);
                self.state.note = Some(ui_with("flow.tenant_switched", &[("tenant", &row.name)]));
            }
            // Each tenant has rules of its own: this one wants to see the person itself (microsoft-cloud 5.2).
            Err(trouble) if trouble.class == Class::SignInRefused => {
                self.begin_in(&row);
                let means = ui_with("flow.tenant_wants_sign_in", &[("tenant", &row.name)]);
                let next = ui("flow.tenant_sign_in_next").to_owned();
                let trouble = Trouble { means, next, ..trouble };
                self.turn_to(Page::SignIn(SignInState {
                    step: SignInStep::Choose,
                    trouble: Some(Box::new(trouble)),
                }));
            }
            Err(trouble) => {
                self.show(Panel::PickTenant);
                self.trouble(trouble);
            }
        }
    }

    /// What was chosen and seen in one tenant does not hold in another.
    fn begin_in(&mut self, row: &TenantRow) {
        let state = &mut *self.state;
        state.choices = state.choices.afresh(Some(row.id.clone()));
        state.fields.tenant_filter = Field::default();
        state.fields.app_filter = Field::default();
        state.not_allowed.clear();
        state.carried_out.clear();
        state.landed.clear();
        state.copied.clear();
        state.files.clear();
        self.forget_who();
        self.effects.push(Effect::CloseRehearsal);
        self.assess();
    }

    /// Somebody else is signed in, or the same person elsewhere: what was read before was read with other eyes.
    pub(super) fn forget_who(&mut self) {
        let state = &mut *self.state;
        state.apps = Listing::NotAsked;
        state.subscription = None;
        state.facts = Facts::default();
        state.looked_at = None;
    }
}
