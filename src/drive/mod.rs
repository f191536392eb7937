//! The loop that carries effects out and brings events back. It owns the clients, the vault and the timers, and decides nothing.

mod borrow;
pub mod face;
mod field;
mod hand_over;
mod keep;
mod patience;
pub mod person;
mod pick;
mod rehearse;
mod services;
mod tasks;
mod vault;
mod work;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::cloud::call_log::CallRecord;
use crate::cloud::change::Stop;
use crate::cloud::http::{Pause, Service};
use crate::engine::facts::Facts;
use crate::engine::secret_shape::is_like_one;
use crate::flow::effect::{CopyItem, Effect, Work};
use crate::flow::event::{Answer, Event, Key};
use crate::flow::{State, handle};
use crate::platform::browser::Browser;
use crate::platform::clipboard::{ClipboardService, Outcome};
use crate::platform::clock::Clock;
use crate::platform::signals::{Signal, Signals};

pub use borrow::borrow;
use face::Face;
pub use keep::{Keeper, Kept};
use person::PersonPart;
pub use services::Services;
use tasks::{Answers, Tasks};
use vault::Vault;

/// A frame counts as read once no key has come for this long after it was drawn: what was typed
/// before it could be seen must not confirm anything.
const QUIET: Duration = Duration::from_millis(20);

/// What the loop works with.
pub struct Machinery {
    /// The clients of the cloud.
    pub services: Services,
    /// The person's clipboard.
    pub clipboard: ClipboardService,
    /// The person's browser.
    pub browser: Browser,
    /// The clock.
    pub clock: Clock,
    /// Where choices are kept; nowhere when `None`.
    pub choices_file: Option<PathBuf>,
    /// Practice only: who plays the person's part.
    pub person: Option<Arc<dyn PersonPart>>,
    /// How long a copied secret stays on the clipboard.
    pub secret_on_clipboard: Duration,
    /// One record for every exchange, as the clients tell it.
    pub calls: UnboundedReceiver<CallRecord>,
    /// Every wait before a service is asked again, as the clients tell it.
    pub pauses: UnboundedReceiver<(Service, Pause)>,
}

/// The vault, shared with the work that needs a value.
type SharedVault = Arc<Mutex<Vault>>;

/// Runs the wizard until it is left. Gives the exit code.
///
/// # Errors
/// When the face can no longer draw.
pub async fn run<F: Face>(
    state: State,
    face: F,
    machinery: Machinery,
    mut input: UnboundedReceiver<F::Raw>,
    mut signals: Option<Signals>,
) -> Result<u8, F::Error> {
    let (to, mut events) = unbounded_channel();
    let (to_copies, mut copies) = unbounded_channel();
    let mut drive = Drive::new(state, face, machinery, to, to_copies);
    let mut drawn_until = None;
    loop {
        // Twice where the frame tells the machine something new: whether the page can be seen.
        while drive.shown != Some(drive.state.revision) || drive.whole {
            let seen = drive.draw()?;
            drawn_until = seen.map(|revision| (revision, tokio::time::Instant::now() + QUIET));
        }
        let next_minute = drive.until_next_minute();
        tokio::select! {
            biased;
            signal = next_signal(&mut signals) => drive.signal(signal),
            typed = input.recv() => match typed {
                Some(typed) => {
                    if let Some((_, until)) = &mut drawn_until {
                        *until = tokio::time::Instant::now() + QUIET;
                    }
                    drive.input(typed);
                }
                None => drive.handle(Event::Terminate),
            },
            Some(event) = events.recv() => {
                drive.event(event);
                while let Ok(event) = events.try_recv() {
                    drive.event(event);
                }
            }
            Some(record) = drive.machinery.calls.recv() => drive.call(record),
            Some((service, pause)) = drive.machinery.pauses.recv() => drive.paused(service, pause),
            Some((item, outcome)) = copies.recv() => drive.copy_done(item, outcome)?,
            () = quiet(drawn_until.map(|(_, until)| until)) => {
                if let Some((revision, _)) = drawn_until.take() {
                    drive.handle(Event::Drawn { revision });
                }
            }
            () = tokio::time::sleep(next_minute) => drive.tick(),
        }
        if drive.suspend {
            drive.suspend = false;
            drive.suspended(&mut signals).await?;
        }
        if let Some(code) = drive.quit {
            drive.keep_at_last().await;
            drive.machinery.clipboard.shutdown().await;
            return Ok(code);
        }
    }
}

async fn next_signal(signals: &mut Option<Signals>) -> Signal {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}

async fn quiet(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// The running loop.
struct Drive<F> {
    state: State,
    face: F,
    machinery: Machinery,
    vault: SharedVault,
    tasks: Tasks,
    /// The newest facts, for looks that go on by themselves.
    latest: Arc<Mutex<Facts>>,
    to: UnboundedSender<Event>,
    rehearsal: rehearse::Bound,
    /// The sign-in for another tenant, until the machine has taken the answer that tells of it.
    switched: pick::Switched,
    /// Breaks off what the change in hand waits for.
    stop: Stop,
    /// Copies that came back from the clipboard.
    copied: UnboundedSender<(CopyItem, Outcome)>,
    /// It was said that a secret can only go an unmarked way here.
    secret_way_told: bool,
    /// The revision that is on the terminal. What counts as read is the machine's to say, once it gets `Drawn`.
    shown: Option<u64>,
    whole: bool,
    suspend: bool,
    quit: Option<u8>,
}

impl<F: Face> Drive<F> {
    fn new(
        state: State,
        face: F,
        machinery: Machinery,
        to: UnboundedSender<Event>,
        copied: UnboundedSender<(CopyItem, Outcome)>,
    ) -> Self {
        Self {
            state,
            face,
            machinery,
            vault: SharedVault::default(),
            tasks: Tasks::default(),
            latest: Arc::default(),
            to,
            rehearsal: rehearse::Bound::default(),
            switched: pick::Switched::default(),
            stop: Stop::default(),
            copied,
            secret_way_told: false,
            shown: None,
            whole: true,
            suspend: false,
            quit: None,
        }
    }

    /// Draws a frame. The revision that can now be seen; none where the window has no room for the page.
    fn draw(&mut self) -> Result<Option<u64>, F::Error> {
        if std::mem::take(&mut self.whole) {
            self.face.redraw();
        }
        let (revision, enough) = (self.state.revision, self.face.draw(&self.state)?);
        self.shown = Some(revision);
        self.handle(Event::Room { enough });
        Ok(enough.then_some(revision))
    }

    fn with_vault<T>(&self, what: impl FnOnce(&mut Vault) -> T) -> T {
        // A poisoned vault is still a vault: its data is replaced whole, never half-written.
        what(&mut self.vault.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn handle(&mut self, event: Event) {
        for effect in handle(&mut self.state, event) {
            self.carry_out(effect);
        }
    }

    fn tick(&mut self) {
        let now = self.machinery.clock.now();
        self.handle(Event::Tick { now });
    }

    /// Until the minute on the wall changes.
    fn until_next_minute(&self) -> Duration {
        let into = self.machinery.clock.now().as_second().rem_euclid(60).unsigned_abs();
        Duration::from_secs(60 - into)
    }

    fn event(&mut self, event: Event) {
        self.tick();
        self.settle_tenant(&event);
        self.keep_sign_in();
        match event {
            Event::Answer { generation, answer: Answer::Observed { mut facts, at, next } } => {
                // What only this run knows is no part of a look at the cloud.
                facts.secret_probe.clone_from(&self.state.facts.secret_probe);
                facts.rehearsal.clone_from(&self.state.facts.rehearsal);
                self.handle(Event::Answer { generation, answer: Answer::Observed { facts, at, next } });
                self.keep_latest();
            }
            other => self.handle(other),
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Interrupt => self.handle(Event::Interrupt),
            Signal::Terminate | Signal::Hangup => self.handle(Event::Terminate),
            Signal::Continue => {
                self.whole = true;
                self.handle(Event::Resized);
            }
        }
    }

    fn input(&mut self, raw: F::Raw) {
        match self.face.read(raw, &self.state) {
            Some(event) => self.typed(event),
            // What was the face's own affair may look different now.
            None => self.shown = None,
        }
    }

    /// Keys of the masked field go to the vault; all others to the machine (law 5).
    fn typed(&mut self, event: Event) {
        let masked = self.state.secret_field_open && self.state.overlays.is_empty();
        match event {
            Event::Resized => {
                self.whole = true;
                self.handle(Event::Resized);
            }
            Event::Paste(text) if masked => {
                let text = zeroize::Zeroizing::new(text);
                self.edit_secret(|vault| vault.field.paste(&text));
            }
            Event::Key(key) if masked => match key {
                Key::Char(c) => self.edit_secret(|vault| vault.field.push(c)),
                Key::Backspace | Key::Delete => self.edit_secret(|vault| vault.field.backspace()),
                Key::CtrlU | Key::CtrlW => self.edit_secret(|vault| vault.field.clear()),
                other => self.handle(Event::Key(other)),
            },
            Event::Paste(text) if self.is_secret(&text) => {
                // It goes no way but the masked field's, and is not drawn.
                drop(zeroize::Zeroizing::new(text));
                self.handle(Event::SecretMisplaced);
            }
            Event::Key(key) => {
                self.handle(Event::Key(key));
                // Some terminals type what is pasted.
                if self.state.field().is_some_and(|field| self.is_secret(field.text())) {
                    self.handle(Event::SecretMisplaced);
                }
            }
            other => self.handle(other),
        }
    }

    /// Whether this is the connector's secret: it holds the value that is held here, or looks like one.
    fn is_secret(&self, text: &str) -> bool {
        let value = self.with_vault(|vault| vault.value());
        let secrets = self.state.facts.client_app.value().map(|app| app.secrets.as_slice());
        value.is_some_and(|value| text.contains(value.expose_secret())) || is_like_one(text.trim(), secrets)
    }

    fn edit_secret(&mut self, edit: impl FnOnce(&mut Vault)) {
        if self.state.cramped {
            return;
        }
        let empty = self.with_vault(|vault| {
            edit(vault);
            vault.field.is_empty()
        });
        self.handle(Event::SecretTyping { empty });
    }

    async fn suspended(&mut self, signals: &mut Option<Signals>) -> Result<(), F::Error> {
        if let Some(signals) = signals {
            self.face.leave()?;
            let _either_way_we_go_on = signals.suspend().await;
            self.face.enter()?;
            self.whole = true;
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Start { generation, work } => self.start(generation, work),
            Effect::Drop { before } => self.tasks.drop_before(before),
            Effect::BreakOff => self.stop.say(),
            Effect::Copy(copy) => self.copy(copy),
            Effect::ClearClipboard => self.clear_clipboard(),
            Effect::OpenSecretField | Effect::CloseSecretField => {
                self.with_vault(|vault| vault.field.clear());
            }
            Effect::ForgetSecret => {
                let held = self.with_vault(|vault| {
                    vault.forget();
                    vault.held()
                });
                self.handle(Event::Held(held));
            }
            Effect::CloseRehearsal => self.rehearsal.close(),
            Effect::SaveChoices(choices) => self.save_choices(&choices),
            Effect::Suspend => self.suspend = true,
            Effect::Quit { code } => self.quit = Some(code),
        }
    }

    fn start(&mut self, generation: u64, work: Work) {
        let answers = Answers::new(generation, self.to.clone());
        match work {
            Work::SignIn(method) => self.sign_in(generation, answers, method),
            Work::ListApps => {
                self.list_tenants(generation, answers.clone());
                self.list_apps(generation, answers);
            }
            Work::ListSlots { site } => self.list_slots(generation, answers, site),
            Work::ListTenants => self.list_tenants(generation, answers),
            Work::SwitchTenant { tenant } => self.switch_tenant(generation, answers, tenant),
            Work::Observe(part) => self.observe(generation, answers, part, None),
            Work::Watch { part, every_s } => {
                self.observe(generation, answers, part, Some(Duration::from_secs(every_s.into())));
            }
            Work::Apply { index, change } => self.apply(answers, index, *change),
            Work::ReadClipboard => self.read_clipboard(generation, answers),
            Work::OpenUrl(address) => self.open(generation, answers, &address),
            Work::WriteFiles { dir } => self.write_files(&answers, &dir),
            Work::SubmitSecretField => self.submit_secret(&answers),
            Work::ProbeSecret => self.probe_secret(generation, answers),
            Work::BindRehearsal => self.bind_rehearsal(generation, answers),
            Work::StartRehearsal { resource, redirect, token_to } => {
                let chain = self.chain(resource, token_to.as_deref());
                self.start_rehearsal(generation, answers, chain, redirect);
            }
            Work::PasteRehearsalAddress(address) => self.paste_rehearsal(&answers, address),
            Work::PersonStep(step) => self.person_step(generation, answers, step),
        }
    }
}

#[cfg(test)]
mod tests;
