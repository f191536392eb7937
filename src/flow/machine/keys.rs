//! Keys: looked up in the bindings of the moment, then done.

use crate::engine::ids::{CheckId, StageId};
use crate::engine::words::ui;
use crate::flow::derived::{logged, page_address};
use crate::flow::effect::{Clip, CopyItem, Effect, SignInMethod, Work};
use crate::flow::event::Key;
use crate::flow::hand_over;
use crate::flow::menu::{self, ActionId, Command, Item};
use crate::flow::state::{Field, Overlay, Page, Panel, SignInStep};

use super::Turn;

/// Rows that a page key moves the selection in a list: fewer than the smallest screen shows.
const LIST_PAGE: usize = 8;

impl Turn<'_> {
    /// Whether the key did anything.
    pub(super) fn key(&mut self, key: Key) -> bool {
        match key {
            Key::CtrlC => {
                self.interrupt();
                return true;
            }
            Key::CtrlZ => {
                self.effects.push(Effect::Suspend);
                return true;
            }
            // Only leaving needs no look at the page, and where `q` is a letter like any other it does not leave.
            _ if self.state.cramped && (key != Key::Char('q') || self.state.typing()) => return false,
            _ => {}
        }
        let had = self.state.note.take().is_some() | std::mem::take(&mut self.state.interrupted);
        if let Some(field) = self.field()
            && field.key(key)
        {
            if matches!(self.state.panel, Panel::PickApp | Panel::PickTenant | Panel::PickSubscription) {
                self.state.selected = None;
            }
            self.drop_function_key();
            return true;
        }
        let command = menu::bindings(self.state)
            .into_iter()
            .flat_map(|binding| binding.keys)
            .find_map(|(bound, command)| (bound == key).then_some(command));
        match command {
            Some(command) => self.command(command),
            None => return had,
        }
        true
    }

    /// The field that has the focus, to be changed.
    pub(super) fn field(&mut self) -> Option<&mut Field> {
        self.state.field()?;
        let fields = &mut self.state.fields;
        Some(match (&self.state.page, &self.state.panel) {
            (Page::SignIn(sign_in), _) if sign_in.step == SignInStep::Tenant => &mut fields.tenant,
            (Page::SignIn(sign_in), _) if sign_in.step == SignInStep::PageError => &mut fields.error,
            (Page::Stage(_), Panel::PickApp) => &mut fields.app_filter,
            (Page::Stage(_), Panel::PickTenant) => &mut fields.tenant_filter,
            (Page::Stage(_), Panel::PickSubscription) => &mut fields.subscription_filter,
            (Page::Stage(_), Panel::ClientField) => &mut fields.client_id,
            (Page::Stage(_), Panel::RedirectField) => &mut fields.redirect,
            (Page::Stage(_), Panel::ErrorField) => &mut fields.error,
            (Page::Stage(_), Panel::RehearsalPaste(_)) => &mut fields.final_address,
            _ => &mut fields.app_url,
        })
    }

    /// Puts a paste into the focused field; nothing happens where none has the focus.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        if self.state.cramped {
            return false;
        }
        let Some(field) = self.field() else { return false };
        let cleaned = crate::engine::clean::clean_paste(text);
        field.insert(&cleaned.text);
        if field.note.is_none() {
            field.note = Some(cleaned.report());
        }
        if self.state.panel == Panel::PickApp {
            self.state.selected = None;
        }
        self.drop_function_key();
        true
    }

    /// Drops what follows the question mark of a function's address as soon as it stands there: it is the function's key.
    fn drop_function_key(&mut self) {
        let field = &mut self.state.fields.app_url;
        if field.end_behind('?') {
            field.note = Some(ui("flow.key_dropped").to_owned());
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Previous => self.step(false),
            Command::Next => self.step(true),
            Command::First => self.state.selected = menu::items(self.state).first().cloned(),
            Command::Last => self.state.selected = menu::items(self.state).last().cloned(),
            Command::PageUp | Command::PageDown => {
                let down = command == Command::PageDown;
                self.state.selected = menu::further(self.state, LIST_PAGE, down);
            }
            Command::LastRow => self.state.selected = menu::last_row(self.state),
            Command::Activate => {
                match menu::selected(self.state) {
                    Some(item) => self.activate(item),
                    // Shown first, done by the next one.
                    None => self.state.selected = menu::first_action(self.state),
                }
            }
            Command::Act(id) => self.act(id),
            Command::Copy(item) => self.copy(item),
            Command::Back => self.back(),
            Command::StageBefore => self.stage_before(),
            Command::StageAfter => self.stage_after(),
            Command::Explain => self.explain(),
            Command::ExplainBefore => self.explain_other(false),
            Command::ExplainAfter => self.explain_other(true),
            Command::Log => self.state.overlays.push(Overlay::CallLog { back: 0 }),
            Command::Help => self.state.overlays.push(Overlay::Help),
            Command::OnlyChanges => {
                self.state.only_changes = !self.state.only_changes;
                self.scroll(usize::MAX, false);
            }
            Command::Older(lines) => self.scroll(lines, true),
            Command::Newer(lines) => self.scroll(lines, false),
            Command::Quit => self.ask_to_quit(0),
        }
    }

    /// Moves the selection; at the ends it goes round.
    fn step(&mut self, down: bool) {
        let round = |items: Vec<Item>| if down { items.into_iter().next() } else { items.into_iter().last() };
        let to = menu::neighbour(self.state, down).or_else(|| round(menu::items(self.state)));
        self.state.selected = to;
    }

    fn scroll(&mut self, lines: usize, older: bool) {
        let last = logged(self.state).count().saturating_sub(1);
        if let Some(Overlay::CallLog { back }) = self.state.overlays.last_mut() {
            *back = if older { (*back + lines).min(last) } else { back.saturating_sub(lines) };
        }
    }

    fn explain(&mut self) {
        let check: Option<CheckId> = match menu::selected(self.state) {
            Some(Item::Check(id)) => Some(id),
            _ => menu::default_check(self.state),
        };
        if let Some(id) = check {
            self.state.overlays.push(Overlay::Explain(id));
        }
    }

    fn explain_other(&mut self, down: bool) {
        let Some(Overlay::Explain(check)) = self.state.overlays.last() else { return };
        let other = menu::other_check(self.state, *check, down);
        if let (Some(other), Some(Overlay::Explain(check))) = (other, self.state.overlays.last_mut()) {
            *check = other;
        }
    }

    fn activate(&mut self, item: Item) {
        match item {
            Item::Check(id) => self.state.overlays.push(Overlay::Explain(id)),
            // It is unfolded already.
            Item::Outlook(_) => {}
            Item::Row(copied) => {
                self.copy(copied);
                self.state.selected = Some(self.after_row(copied));
            }
            Item::App(id) => self.choose_app(&id),
            Item::Host(host) => self.choose_host(host),
            Item::Tenant(id) => self.choose_tenant(&id),
            Item::Subscription(id) => self.narrow(id),
            Item::Client(id) => self.choose_client(id),
            Item::Resource(value) => self.choose_resource(&value),
            Item::Lost(key_id) => self.remove_secret(key_id),
            Item::Consent(way) => self.choose_consent(way),
            Item::Change(index) => self.copy_az(index),
            Item::Step(index) => {
                self.state.selected = Some(Item::Step(index));
                self.act(if self.state.setup.no_browser {
                    ActionId::CopyAddress
                } else {
                    ActionId::OpenPage
                });
            }
            Item::Action(id) => self.act(id),
        }
    }

    /// The row that can be copied next, or the question for the redirect URL after the last.
    fn after_row(&self, copied: CopyItem) -> Item {
        let rows = hand_over::rows(self.state);
        rows.into_iter()
            .skip_while(|row| row.item != Some(copied))
            .skip(1)
            // What came back from the page is nothing to put into it.
            .find(|row| row.copyable && row.item != Some(CopyItem::RedirectUrl))
            .and_then(|row| row.item)
            .map_or(Item::Action(ActionId::CopiedRedirect), Item::Row)
    }

    pub(super) fn act(&mut self, id: ActionId) {
        if id != ActionId::Close && self.state.overlays.last() == Some(&Overlay::More) {
            self.state.overlays.pop();
            self.state.selected = None;
        }
        match id {
            ActionId::Start => self.begin_sign_in(),
            ActionId::SignInKept => self.sign_in(SignInMethod::Kept),
            ActionId::SignInAgain => self.sign_in_again(),
            ActionId::SignInOther => self.sign_in_other(),
            ActionId::SignInBrowser => self.sign_in(SignInMethod::Browser),
            ActionId::SignInCode => self.sign_in(SignInMethod::DeviceCode),
            ActionId::SignInAz => self.sign_in(SignInMethod::AzCli),
            ActionId::PublicOnly => {
                self.afresh_address();
                self.sign_in_step(SignInStep::Address);
            }
            ActionId::NameTenant => self.name_tenant(),
            ActionId::PageError if self.state.stage().is_some() => self.paste_address(),
            ActionId::PageError => {
                self.drop_work();
                self.state.fields.error = Field::default();
                self.sign_in_step(SignInStep::PageError);
            }
            ActionId::CancelSignIn
            | ActionId::Back
            | ActionId::Decline
            | ActionId::Close
            | ActionId::Stay => {
                self.back();
            }
            ActionId::CopyCode => self.copy(CopyItem::DeviceCode),
            ActionId::CopyApiId => self.copy(CopyItem::ApiId),
            ActionId::CopyClientId => self.copy(CopyItem::ClientId),
            ActionId::CopyAddress => self.copy_address(),
            ActionId::OpenPage => {
                if let Some(address) = page_address(self.state) {
                    self.start(Work::OpenUrl(address));
                }
            }
            ActionId::PracticePart => self.practice_part(),
            ActionId::TypeAddress => {
                self.afresh_address();
                // From step 7 it is the way back to where addresses are typed.
                if self.state.stage() != Some(StageId::Pick) {
                    self.unbind();
                    self.turn_to(Page::Stage(StageId::Pick));
                }
                self.show(Panel::TypeUrl);
            }
            ActionId::ListAgain if self.state.panel == Panel::PickTenant => self.list_tenants(),
            ActionId::ListAgain => self.list_apps(),
            ActionId::PickTenant => self.pick_tenant(),
            ActionId::PickSlot => self.pick_slot(),
            ActionId::PickHost => self.show(Panel::PickHost),
            ActionId::PickSubscription => self.show(Panel::PickSubscription),
            ActionId::Forecast => self.show(Panel::Forecast),
            ActionId::PickAnother => self.pick_another(),
            ActionId::Submit => self.submit(),
            ActionId::Continue | ActionId::GoOnWithout => self.stage_after(),
            ActionId::ForMe | ActionId::PlanAgain => self.for_me(),
            ActionId::Myself => self.myself(),
            ActionId::AskAdmin => self.ask_admin(),
            ActionId::CopyCard => self.copy(CopyItem::AdminCard),
            ActionId::LookAgain => self.look_again(),
            ActionId::ChooseClient => self.show(Panel::PickClient),
            ActionId::TypeClient => self.type_client(),
            ActionId::Confirm => self.confirm(),
            ActionId::Stop => self.stop(),
            ActionId::KeepLooking => self.keep_looking(),
            ActionId::EnterSecret => self.enter_secret(),
            ActionId::ProbeSecret => self.probe_secret(),
            ActionId::RemoveLost => self.remove_lost(),
            ActionId::ForgetSecret => self.effects.push(Effect::ForgetSecret),
            ActionId::CopiedRedirect => self.start(Work::ReadClipboard),
            ActionId::TypeRedirect => self.show(Panel::RedirectField),
            ActionId::ForgetRedirect => self.forget_redirect(),
            ActionId::More => {
                self.state.overlays.push(Overlay::More);
                self.state.selected = None;
            }
            ActionId::LooksDifferent => {
                self.notice("action.looks_different", ui("hand_over.looks_different"));
            }
            ActionId::PasteError => self.show(Panel::ErrorField),
            ActionId::ToExplained => self.mend_explained(),
            ActionId::ChooseConsent => self.show(Panel::Consent),
            ActionId::ToOpen => {
                if let Some(stage) = self.state.findings.first_open_stage() {
                    self.open_stage(stage);
                }
            }
            ActionId::ChooseResource => self.show(Panel::Resource),
            ActionId::WriteFiles => {
                let dir = self.state.setup.files_dir.clone();
                self.start(Work::WriteFiles { dir });
            }
            ActionId::Rehearse => self.rehearse(),
            ActionId::PasteAddress => self.paste_address(),
            ActionId::CancelRehearsal => self.end_rehearsal(None),
            ActionId::ShowAnswer => self.show(Panel::Answer),
            ActionId::ToSecret => self.open_stage(StageId::Secret),
            ActionId::ClearAndQuit => self.leave(true),
            ActionId::Quit => self.leave(false),
        }
    }

    /// An address that was taken is not typed on; one that was not yet stays to be mended.
    fn afresh_address(&mut self) {
        if self.state.choices.app.is_some() {
            self.state.fields.app_url = Field::default();
        }
    }

    /// Hands in what was typed.
    fn submit(&mut self) {
        match &self.state.panel {
            _ if self.state.naming_tenant() => self.submit_tenant(),
            _ if matches!(&self.state.page, Page::SignIn(s) if s.step == SignInStep::PageError) => {
                self.submit_page_error();
            }
            _ if matches!(self.state.page, Page::SignIn(_)) => self.submit_address(),
            Panel::TypeUrl => self.submit_address(),
            Panel::SecretField => self.start(Work::SubmitSecretField),
            Panel::ClientField => self.submit_client(),
            Panel::RedirectField => self.submit_redirect(),
            Panel::ErrorField => self.submit_error(),
            Panel::RehearsalPaste(_) => self.submit_final_address(),
            _ => {}
        }
    }

    /// Copies a value by name; nothing happens where it is not known.
    pub(super) fn copy(&mut self, item: CopyItem) {
        if item == CopyItem::ClientSecret {
            if hand_over::holds_secret(self.state) {
                // Kept before it is copied, so that whatever happens then, it is not taken for lost. That it went to the
                // clipboard is another thing, and known only once that was tried.
                self.remember_handed_over();
                self.effects.push(Effect::Copy(Clip::Secret));
            }
            return;
        }
        if let Some(text) = crate::flow::derived::text_of(self.state, item) {
            self.effects.push(Effect::Copy(Clip::Text { item, text }));
        }
    }

    fn copy_address(&mut self) {
        let item = match (&self.state.page, &self.state.panel) {
            (Page::SignIn(_), _) => CopyItem::SignInAddress,
            (_, Panel::Rehearsal(_)) => CopyItem::RehearsalAddress,
            _ => CopyItem::PageAddress,
        };
        self.copy(item);
    }

    fn copy_az(&mut self, index: usize) {
        let Panel::Plan(view) = &self.state.panel else { return };
        if let Some(change) = view.plan.changes.get(index) {
            let text = change.commands(ui("plan.undo_commands"));
            self.effects.push(Effect::Copy(Clip::Text { item: CopyItem::AzCommand, text }));
            self.state.selected = Some(Item::Change(index));
        }
    }
}
