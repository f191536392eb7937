//! Going back a level, stopping, and leaving: never in the middle of a change, never with a secret unasked.

use crate::engine::change::Pending;
use crate::engine::ids::StageId;
use crate::engine::words::{ui, ui_with};
use crate::flow::effect::{CopyItem, Effect};
use crate::flow::event::CopyOutcome;
use crate::flow::menu::{self, Item};
use crate::flow::state::{Overlay, Page, Panel, SignInStep};

use super::Turn;

impl Turn<'_> {
    /// One level back: the topmost overlay, else the panel, else the page. What was typed is kept.
    pub(super) fn back(&mut self) {
        if let Some(overlay) = self.state.overlays.pop() {
            // Where one only reads, one comes back to where one was.
            if matches!(overlay, Overlay::ConfirmQuit { .. } | Overlay::More) {
                self.state.selected = None;
            }
            // What lay over the plan may have hidden it: it has to be seen before it can be confirmed.
            self.unseen();
            return;
        }
        match self.state.page.clone() {
            Page::Welcome => {}
            Page::SignIn(sign_in) => {
                if sign_in.step == SignInStep::Choose {
                    self.leave_sign_in();
                } else {
                    self.drop_work();
                    self.sign_in_step(SignInStep::Choose);
                }
            }
            Page::End => self.open_stage(StageId::Try),
            Page::Stage(_) => self.panel_back(),
        }
    }

    fn panel_back(&mut self) {
        match &self.state.panel {
            Panel::PickApp if self.state.choices.app.is_none() => {
                let filter = std::mem::take(&mut self.state.fields.app_filter);
                if filter.is_empty() {
                    self.state.subscription = None;
                }
                self.state.selected = None;
            }
            Panel::Switching(_) => {
                self.drop_work();
                self.pick_tenant();
            }
            // Without a sign-in there is no list to go back to.
            Panel::TypeUrl if self.state.public_only => self.show(Panel::Overview),
            Panel::PickTenant | Panel::PickSubscription | Panel::TypeUrl => self.show_apps(),
            Panel::Rehearsal(_) => self.end_rehearsal(None),
            Panel::RehearsalPaste(view) => {
                let view = view.clone();
                self.show(Panel::Rehearsal(view));
            }
            Panel::PickSlot
            | Panel::PickHost
            | Panel::PickClient
            | Panel::ClientField
            | Panel::Consent
            | Panel::SecretField
            | Panel::Answer => {
                self.show(Panel::Overview);
            }
            // The watch goes on underneath.
            Panel::Resource | Panel::RedirectField => self.show(Panel::HandOver),
            Panel::ErrorField | Panel::Explained(_) if self.state.stage() == Some(StageId::Connect) => {
                self.show(Panel::HandOver);
            }
            _ => self.base(),
        }
    }

    /// Control and C: stop what runs at a safe point; a second time, leave at once.
    pub(super) fn interrupt(&mut self) {
        if std::mem::replace(&mut self.state.interrupted, true) {
            self.quit(130);
            return;
        }
        match &self.state.panel {
            Panel::Applying(apply) if self.state.stage().is_some() && !apply.at_rest() => {
                self.stop();
                // Where nothing was in hand it has stopped already.
                if self.applying().is_some_and(|apply| !apply.at_rest()) {
                    self.note("flow.stopping");
                }
            }
            Panel::Rehearsal(_) | Panel::RehearsalPaste(_) => {
                self.end_rehearsal(None);
                self.note("flow.stopping");
            }
            _ => self.ask_to_quit(130),
        }
    }

    /// Leaves, or asks first where a secret is held or may lie on the clipboard.
    pub(super) fn ask_to_quit(&mut self, code: u8) {
        if !self.state.secret_live() {
            self.quit(code);
            return;
        }
        if !matches!(self.state.overlays.last(), Some(Overlay::ConfirmQuit { .. })) {
            // The revision is counted up once this event is done.
            self.state.overlays.push(Overlay::ConfirmQuit { since: self.state.revision + 1 });
            self.state.selected = None;
        }
    }

    /// The person's "leave": counts only once the question has been on the screen.
    pub(super) fn leave(&mut self, clear: bool) {
        if let Some(Overlay::ConfirmQuit { since }) = self.state.overlays.last() {
            if self.state.drawn < *since {
                return;
            }
            if clear {
                self.effects.push(Effect::ClearClipboard);
            }
            self.quit(0);
        } else {
            self.ask_to_quit(0);
        }
    }

    pub(super) fn quit(&mut self, code: u8) {
        self.unbind();
        self.state.quit = Some(code);
        self.effects.push(Effect::Quit { code });
    }

    /// Back to the row that was not copied, so that trying once more is the next key.
    fn back_to_row(&mut self, item: CopyItem) {
        if self.state.panel == Panel::HandOver {
            self.state.selected = Some(Item::Row(item));
        }
    }

    /// Whether the selected change's command waits for what an earlier change makes.
    fn az_has_marks(&self) -> bool {
        let Panel::Plan(view) = &self.state.panel else { return false };
        let Some(Item::Change(index)) = menu::selected(self.state) else { return false };
        view.plan.changes.get(index).is_some_and(|change| Pending::find(&change.az).is_some())
    }

    /// What became of a copy.
    pub(super) fn copied(&mut self, item: CopyItem, outcome: CopyOutcome) {
        match &outcome {
            CopyOutcome::Copied => {
                self.state.secret_on_clipboard = item == CopyItem::ClientSecret;
                if item == CopyItem::ClientSecret {
                    let seconds = self.state.setup.timing.secret_s.to_string();
                    self.state.note = Some(ui_with("clip.secret_copied", &[("seconds", &seconds)]));
                } else if self.state.panel != Panel::HandOver {
                    let marked = item == CopyItem::AzCommand && self.az_has_marks();
                    self.note(if marked { "clip.copied_marks" } else { "clip.copied_long" });
                }
            }
            CopyOutcome::Sent => {
                // Whether the terminal took it is not known: the worse of the two is assumed.
                self.state.secret_on_clipboard |= item == CopyItem::ClientSecret;
                // Said once; after that the word beside the row is enough.
                let said = self.state.copied.values().any(|before| *before == CopyOutcome::Sent);
                if !said || self.state.panel != Panel::HandOver {
                    self.note("clip.copied_osc");
                }
            }
            CopyOutcome::Asks(concern) => {
                self.back_to_row(item);
                self.notice("flow.copy_asks_title", format!("{concern}\n{}", ui("flow.copy_asks")));
                return;
            }
            CopyOutcome::Failed(trouble) => {
                self.back_to_row(item);
                self.trouble(trouble.clone());
            }
        }
        let copied = outcome == CopyOutcome::Copied;
        self.state.secret.copied |= copied && item == CopyItem::ClientSecret;
        self.state.copied.insert(item, outcome);
        self.state.last_copied = Some(item);
    }
}
