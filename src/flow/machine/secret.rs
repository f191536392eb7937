//! Stage 5: the pasted secret and its probe. The value itself never comes here (law 5).

use crate::engine::facts::{SecretProbe, Seen};
use crate::engine::secret_shape::SecretShape;
use crate::engine::trouble::Trouble;
use crate::flow::effect::{Effect, Work};
use crate::flow::hand_over;
use crate::flow::state::{Panel, SecretState};

use super::Turn;

impl Turn<'_> {
    pub(super) fn enter_secret(&mut self) {
        self.show(Panel::SecretField);
        self.state.secret_field_open = true;
        self.state.secret.refused = None;
        self.state.secret.empty = true;
        self.effects.push(Effect::OpenSecretField);
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
        if !hand_over::holds_secret(self.state) || self.state.secret.probing || self.state.public_only {
            return;
        }
        self.state.secret = SecretState { probing: true, tried: true, ..SecretState::default() };
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
    }
}
