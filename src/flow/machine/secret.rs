//! Stage 5: the pasted secret and its probe. The value itself never comes here (law 5).

use crate::engine::facts::{SecretProbe, Seen};
use crate::engine::secret_shape::SecretShape;
use crate::engine::trouble::Trouble;
use crate::flow::derived;
use crate::flow::effect::{Effect, Work};
use crate::flow::hand_over;
use crate::flow::menu::{ActionId, Item};
use crate::flow::state::{Panel, SecretState};

use super::Turn;

impl Turn<'_> {
    pub(super) fn enter_secret(&mut self) {
        // Another value takes the place of the one that is held, and of that one there may be no copy.
        if derived::value_not_copied(self.state) && !std::mem::replace(&mut self.state.replacing_told, true) {
            self.note("flow.secret_replaces");
            self.state.selected = Some(Item::Action(ActionId::EnterSecret));
            return;
        }
        self.show(Panel::SecretField);
        self.state.secret_field_open = true;
        self.state.secret.refused = None;
        self.state.secret.empty = true;
        self.effects.push(Effect::OpenSecretField);
    }

    /// Removes a secret whose value is lost: the only one there is, or the one that is then chosen.
    pub(super) fn remove_lost(&mut self) {
        match self.lost().as_slice() {
            [] => {}
            [only] => self.remove_secret(only.clone()),
            _ => self.show(Panel::LostSecrets),
        }
    }

    /// Looks first, then shows the plan that removes this one secret.
    pub(super) fn remove_secret(&mut self, key_id: String) {
        self.state.removing = Some(key_id);
        self.prepare();
    }

    pub(super) fn is_lost(&self, key_id: &str) -> bool {
        self.lost().iter().any(|lost| lost == key_id)
    }

    fn lost(&self) -> Vec<String> {
        derived::lost(self.state).into_iter().map(|secret| secret.key_id.clone()).collect()
    }

    /// Keeps that the held secret's value is in a person's hands: it is never taken for lost again.
    pub(super) fn remember_handed_over(&mut self) {
        let key_id = self.state.held.secret.as_ref().and_then(|held| held.key_id.clone());
        if let Some(key_id) = key_id.filter(|key_id| !self.state.choices.handed_over(key_id)) {
            self.state.choices.handed_over.push(key_id);
            self.save_choices();
        }
    }

    pub(super) fn secret_entered(&mut self, shape: SecretShape) {
        if self.state.panel != Panel::SecretField {
            return;
        }
        if !shape.can_be_taken() {
            self.state.secret.refused = Some(shape);
            // The field was wiped when the value was taken out of it.
            self.state.secret.empty = true;
            return;
        }
        self.show(Panel::Overview);
        self.probe_secret();
    }

    /// Tries the held value once. Again only when the person says so, or when another value is held.
    pub(super) fn probe_secret(&mut self) {
        if !hand_over::holds_secret(self.state) || self.state.secret.probing {
            return;
        }
        let copied = self.state.secret.copied;
        self.state.secret = SecretState { probing: true, tried: true, copied, ..SecretState::default() };
        self.start(Work::ProbeSecret);
    }

    pub(super) fn secret_probed(&mut self, result: Result<SecretProbe, Trouble>) {
        let was_done = self.state.stage_done();
        self.state.secret.probing = false;
        self.state.waiting = None;
        match result {
            Ok(probe) => {
                self.state.secret.verdict = Some(probe.verdict.clone());
                self.state.facts.secret_probe = Seen::is(probe, self.state.now, "POST token");
            }
            Err(trouble) => self.state.secret.trouble = Some(trouble),
        }
        self.assess();
        self.offer_continue(was_done);
        if derived::proven_unseen(self.state) {
            self.state.selected = Some(Item::Action(ActionId::Continue));
        }
    }
}
