//! Reads that lag behind writes: a look that does not show what was seen already is an old one, and is not shown.

use crate::engine::change::{Change, ChangeKind};
use crate::engine::facts::Facts;
use crate::engine::ids::StageId;
use crate::engine::plan::contradicts;
use crate::engine::words::ui;
use crate::flow::effect::Part;
use crate::flow::event::Waiting;

use super::Turn;

impl Turn<'_> {
    /// Remembers a change that was seen. What it writes over is forgotten: that is no longer to be seen.
    pub(super) fn remember_landed(&mut self, stage: StageId, change: Change) {
        if stage == StageId::Try {
            // A rehearsal takes its own change back.
            return;
        }
        let now = self.state.now;
        self.state.landed.retain(|(before, _)| before.path != change.path || !same_members(before, &change));
        if change.kind == ChangeKind::RemoveSecret {
            // One that was made and removed in the same run is no longer to be seen either.
            let gone = change.before.get("displayName").cloned();
            self.state.landed.retain(|(before, _)| {
                before.kind != ChangeKind::AddSecret
                    || before.body.pointer("/passwordCredential/displayName") != gone.as_ref()
            });
        }
        self.state.landed.push((change, now));
    }

    /// Whether a look is older than what was seen before it.
    ///
    /// Only for a while: after that somebody has taken the change back, and the look is right.
    pub(super) fn is_old(&self, facts: &Facts) -> bool {
        let limit = i64::from(self.state.setup.timing.lag_limit_s);
        let now = self.state.now.as_second();
        self.state
            .landed
            .iter()
            .any(|(change, at)| now - at.as_second() < limit && contradicts(change, facts))
    }

    /// Looks again and again until a look shows at least what was seen before.
    pub(super) fn look_past_the_lag(&mut self) {
        if self.state.watch.is_some() {
            return;
        }
        self.state.lagging = true;
        let text = ui("wait.lag").to_owned();
        self.state.waiting = Some(Waiting { text, since: self.state.now, safe_to_leave: true, until: None });
        self.watch(Part::All, self.state.setup.timing.landing_s);
    }

    /// A look is as new as what was seen before: the looking for it ends, once nothing else is under way with it.
    pub(super) fn caught_up(&mut self) {
        if !self.state.lagging {
            return;
        }
        self.state.waiting = None;
        if !self.state.secret.probing {
            self.drop_work();
        }
    }
}

/// Whether two changes to one path write some of the same members.
fn same_members(one: &Change, other: &Change) -> bool {
    match (one.body.as_object(), other.body.as_object()) {
        (Some(one), Some(other)) => one.keys().any(|key| other.contains_key(key)),
        _ => true,
    }
}
