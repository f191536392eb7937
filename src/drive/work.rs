//! Carrying out work in the cloud: signing in, looking, changing, trying the secret.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use tokio::sync::mpsc::unbounded_channel;

use crate::cloud::call_log::{CallRecord, SignInUsed};
use crate::cloud::change::{Stop, WaitsFor};
use crate::cloud::http::{Pause, Service};
use crate::cloud::observe;
use crate::cloud::sign_in::{Session, SignIn, SignInEvent, probe_secret};
use crate::engine::change::{Change, ChangeKind};
use crate::engine::clean::clean_line;
use crate::engine::client_id;
use crate::engine::facts::{Facts, SecretProbe};
use crate::engine::secret_shape;
use crate::engine::trouble::{Class, Trouble, spoken};
use crate::engine::values::values;
use crate::engine::words::{say, say_with, ui, ui_with};
use crate::flow::effect::{CopyItem, Part, SignInMethod};
use crate::flow::event::{
    self, Answer, CallLine, CopyOutcome, Event, RightUsed, SignInProgress, SignedIn, Waiting,
};
use crate::flow::state::{Page, Panel, RehearsalStep, RehearsalView, SignInState, SignInStep};
use crate::platform::browser::Browser;
use crate::platform::files;

use super::Drive;
use super::borrow::borrow;
use super::face::Face;
use super::patience::until_known;
use super::person::Scene;
use super::tasks::Answers;

/// Largest file, in bytes, that somebody imports for the person.
const LARGEST_IMPORT: u64 = 1024 * 1024;

impl<F: Face> Drive<F> {
    pub(super) fn sign_in(&mut self, generation: u64, answers: Answers, method: SignInMethod) {
        let services = self.machinery.services.clone();
        let browser = self.machinery.browser.clone();
        let tenant = self.state.choices.tenant.clone();
        let mut sign_in =
            SignIn::new(services.http(), tenant.as_deref()).demanded(self.state.again.demand.clone());
        if let (Some(person), Some(_)) = (&self.state.signed_in, &self.state.again.resume) {
            sign_in = sign_in.login_hint(&person.upn);
        }
        self.tasks.start(generation, async move {
            let (to, mut from) = unbounded_channel();
            let attempt = async {
                let session = match method {
                    SignInMethod::Browser => sign_in.with_browser(&to).await,
                    SignInMethod::DeviceCode => sign_in.with_device_code(&to).await,
                    SignInMethod::Kept => return services.kept_session(tenant.as_deref()).await,
                    SignInMethod::AzCli => match services.az() {
                        Some(az) => borrow(az, services.http(), tenant.as_deref()).await,
                        None => {
                            Err(Trouble::new(Class::Local, say("sign_in.no_az"), say("sign_in.no_az_next")))
                        }
                    },
                };
                if let (Ok(_), Some(keeper)) = (&session, services.keeper()) {
                    keeper.signed_in(tenant.as_deref());
                }
                session.map(Some)
            };
            tokio::pin!(attempt);
            let outcome = loop {
                tokio::select! {
                    outcome = &mut attempt => break outcome,
                    Some(event) = from.recv() => progress(&answers, &browser, event).await,
                }
            };
            let told = match outcome {
                Ok(Some(session)) => {
                    let person = signed_in(&session, tenant.as_deref());
                    services.signed_in(session);
                    SignInProgress::Done(person)
                }
                Ok(None) => SignInProgress::NothingKept,
                Err(trouble) => SignInProgress::Failed(trouble),
            };
            answers.give(Answer::SignIn(told));
        });
    }

    /// Looks once, or again and again with this pause. Each look starts from the newest facts, since
    /// other work may have looked meanwhile.
    pub(super) fn observe(&mut self, generation: u64, answers: Answers, part: Part, every: Option<Duration>) {
        let observer = self.machinery.services.observer();
        let clock = self.machinery.clock.clone();
        let choices = self.state.choices.clone();
        // A look goes on from what was taken, not from one that was too old to be taken; and it begins before the
        // event that led to it is over.
        self.keep_latest();
        let latest = self.latest.clone();
        let parts: &'static [observe::Part] = match part {
            Part::All => &[observe::Part::All],
            Part::Stage(stage) => observe::Part::of_stage(stage),
        };
        self.tasks.start(generation, async move {
            loop {
                let before = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let facts = observer.observe_parts(&before, &choices, parts).await;
                let at = clock.now();
                let next = every.and_then(|pause| {
                    at.checked_add(SignedDuration::try_from(pause).unwrap_or(SignedDuration::ZERO)).ok()
                });
                answers.give(Answer::Observed { facts: Box::new(facts), at, next });
                match every {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => break,
                }
            }
        });
    }

    pub(super) fn keep_latest(&self) {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.state.facts);
    }

    /// Sends one change. Never aborted: a call that is under way is reported, whatever it comes to. Only a wait before
    /// it is sent again can be broken off.
    pub(super) fn apply(&mut self, answers: Answers, index: usize, change: Change) {
        let stop = Stop::default();
        self.stop = stop.clone();
        let services = self.machinery.services.clone();
        let (vault, to) = (self.vault.clone(), self.to.clone());
        let client = match secret_for(&change, &self.state.facts) {
            Ok(client) => client,
            Err(trouble) => {
                answers.give(Answer::Applied { index, result: Err(trouble) });
                return;
            }
        };
        let waiting = answers.clone();
        let clock = self.machinery.clock.clone();
        // What a rehearsal has registered has yet to be taken away.
        let takes_away = change.kind == ChangeKind::RemoveRehearsalRedirect;
        tokio::spawn(async move {
            let result = match services.writer() {
                Some(writer) => {
                    writer
                        .on_wait(Arc::new(move |reason, wait| {
                            waiting.give(Answer::Waiting(waits(reason, wait, clock.now(), takes_away)));
                        }))
                        .until(stop)
                        .apply(&change)
                        .await
                }
                None => {
                    Err(Trouble::new(Class::Local, say("changing.read_only"), say("changing.read_only_next")))
                }
            };
            let result = result.map(|applied| {
                if let (Some(secret), Some(client)) = (applied.secret, &client) {
                    let held = {
                        let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
                        vault.keep_made(client, &secret.key_id, secret.ends, secret.value);
                        vault.held()
                    };
                    let _gone = to.send(Event::Held(held));
                }
            });
            answers.give(Answer::Applied { index, result });
        });
    }

    pub(super) fn submit_secret(&mut self, answers: &Answers) {
        let facts = &self.state.facts;
        let client_id = client_id::of_connector(facts, &self.state.choices).map(str::to_owned);
        let known = facts.client_app.value().map(|client| client.secrets.clone());
        let (shape, held) = self.with_vault(|vault| {
            let value = vault.field.take();
            let shape = secret_shape::judge(value.expose_secret(), known.as_deref());
            if let Some(client_id) = client_id.filter(|_| shape.can_be_taken()) {
                vault.keep_pasted(&client_id, known.as_deref().unwrap_or_default(), value);
            }
            (shape, vault.held())
        });
        answers.event(Event::Held(held));
        answers.give(Answer::SecretEntered { shape });
    }

    pub(super) fn probe_secret(&mut self, generation: u64, answers: Answers) {
        let http = self.machinery.services.http().clone();
        let held = self.state.held.secret.clone();
        let value = self.with_vault(|vault| vault.value());
        let tenant = self.state.facts.tenant.value().map(|t| t.id.clone());
        let pause = Duration::from_secs(self.state.setup.timing.landing_s.into());
        let clock = self.machinery.clock.clone();
        self.tasks.start(generation, async move {
            let (Some(held), Some(value), Some(tenant)) = (&held, value, &tenant) else {
                let (what, next) = if held.is_some() && tenant.is_none() {
                    (say("secret_value.no_tenant"), say("secret_value.no_tenant_next"))
                } else {
                    (say("secret_value.not_here"), say("secret_value.not_here_next"))
                };
                answers.give(Answer::SecretProbed(Err(Trouble::new(Class::Local, what, next))));
                return;
            };
            let (since, waits) = (clock.now(), answers.clone());
            let probe = || probe_secret(&http, tenant, &held.client_app_id, &value);
            let patience = Duration::try_from(held.may_be_unknown(since)).unwrap_or_default();
            let verdict = until_known(probe, pause, patience, || {
                let text = ui("wait.secret").to_owned();
                waits.give(Answer::Waiting(Waiting { text, since, safe_to_leave: false, until: None }));
            })
            .await;
            answers.give(Answer::SecretProbed(verdict.map(|verdict| SecretProbe {
                client_app_id: held.client_app_id.clone(),
                key_id: held.key_id.clone(),
                verdict,
            })));
        });
    }

    pub(super) fn person_step(&mut self, generation: u64, answers: Answers, step: String) {
        let scene = self.scene();
        let playing = self.machinery.person.as_ref().map(|person| person.play(&step, scene));
        let vault = self.vault.clone();
        let client_id = client_id::of_connector(&self.state.facts, &self.state.choices).map(str::to_owned);
        let known = self.state.facts.client_app.value().map(|client| client.secrets.clone());
        self.tasks.start(generation, async move {
            let result = match playing {
                Some(playing) => playing.await,
                None => {
                    Err(Trouble::new(Class::Local, say("practising.nobody"), say("practising.nobody_next")))
                }
            };
            let result = result.map(|part| {
                if let (Some(value), Some(client_id)) = (part.secret, client_id) {
                    let held = {
                        let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
                        vault.keep_pasted(&client_id, &known.unwrap_or_default(), value);
                        vault.held()
                    };
                    answers.event(Event::Held(held));
                }
                part.done
            });
            answers.give(Answer::PersonStepDone { step, result });
        });
    }

    /// What the person has before their eyes: only what was really copied can be pasted.
    fn scene(&self) -> Scene {
        let copied =
            |item| matches!(self.state.copied.get(&item), Some(CopyOutcome::Copied | CopyOutcome::Sent));
        let known = values(&self.state.facts, &self.state.choices, &self.state.held);
        let written = self.state.files.first();
        Scene {
            definition: written
                .and_then(|path| files::read_text(Path::new(path), LARGEST_IMPORT).ok().flatten()),
            address: self.awaited_address(),
            host: known.host.filter(|_| copied(CopyItem::Host)),
            client_id: known.client_id.filter(|_| copied(CopyItem::ClientId)),
            tenant_id: known.tenant_id.filter(|_| copied(CopyItem::TenantId)),
            resource_url: known.resource_url.filter(|_| copied(CopyItem::ResourceUrl)),
            secret: self.with_vault(|vault| vault.value()).filter(|_| copied(CopyItem::ClientSecret)),
        }
    }

    /// The address that the screen shows and the wizard waits at.
    fn awaited_address(&self) -> Option<String> {
        let sign_in = match &self.state.page {
            Page::SignIn(SignInState { step: SignInStep::Browser { address }, .. }) => Some(address.clone()),
            _ => None,
        };
        sign_in.or_else(|| match &self.state.panel {
            Panel::Rehearsal(RehearsalView { step: RehearsalStep::SignIn { address }, .. }) => {
                Some(address.clone())
            }
            _ => None,
        })
    }

    /// A wait before a service is asked again, or the end of one.
    pub(super) fn paused(&mut self, service: Service, pause: Pause) {
        let who = service.name();
        match pause {
            Pause::Begins(wait) => {
                let now = self.machinery.clock.now();
                if let Some(until) = later(now, wait) {
                    self.handle(Event::Paused(event::Pause { who, until }));
                }
            }
            Pause::Ends => self.handle(Event::PauseOver { who }),
        }
    }

    /// One line for the log of calls.
    pub(super) fn call(&mut self, record: CallRecord) {
        self.handle(Event::Call(CallLine {
            at: record.at,
            // Whatever changes something names the right that it needs; nothing else does.
            writes: record.right.is_some(),
            method: record.method,
            host: record.host,
            path: record.path,
            status: record.status,
            problem: record.problem,
            millis: u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX),
            used: match record.sign_in {
                SignInUsed::Nobody => RightUsed::Nobodys,
                SignInUsed::Person => RightUsed::Persons,
                SignInUsed::Connector => RightUsed::Connectors,
                SignInUsed::Rehearsal => RightUsed::Rehearsals,
            },
            right: record.right,
            correlation: record.correlation,
        }));
    }
}

/// What a change waits for before it is sent again, on the screen. Nothing was made by it yet, so that it may be left,
/// unless it takes away what was made.
fn waits(reason: WaitsFor, wait: Duration, since: Timestamp, takes_away: bool) -> Waiting {
    let WaitsFor::Pause { service, asked } = reason else {
        let text = say_with("changing.waits", &[("what", reason.name())]);
        return Waiting { text, since, safe_to_leave: false, until: None };
    };
    let text = ui_with("wait.asked", &[("who", service.name()), ("wait", &spoken(asked))]);
    Waiting { text, since, safe_to_leave: !takes_away, until: later(since, wait) }
}

fn later(now: Timestamp, wait: Duration) -> Option<Timestamp> {
    now.checked_add(SignedDuration::try_from(wait).ok()?).ok()
}

/// Client id of the registration that a change makes a secret for; `None` for other changes.
///
/// # Errors
/// When the registration is not known, or is another one by now: nobody could tell later whose secret it was.
fn secret_for(change: &Change, facts: &Facts) -> Result<Option<String>, Trouble> {
    if change.kind != ChangeKind::AddSecret {
        return Ok(None);
    }
    let known = facts.client_app.value().filter(|client| {
        !client.app_id.is_empty() && change.path.split('/').any(|part| part == client.object_id)
    });
    known.map(|client| Some(client.app_id.clone())).ok_or_else(|| {
        Trouble::new(
            Class::Local,
            say("changing.which_registration"),
            say("changing.which_registration_next"),
        )
        .meaning(say("changing.nothing_sent"))
    })
}

async fn progress(answers: &Answers, browser: &Browser, event: SignInEvent) {
    let told = match event {
        SignInEvent::Browser { url } => {
            // Whether a browser came up is not known either way; the address stands on the screen.
            let _outcome = browser.open(&url).await;
            SignInProgress::Browser { address: url.to_string() }
        }
        SignInEvent::DeviceCode { user_code, verification_uri, expires_at, .. } => {
            SignInProgress::DeviceCode {
                code: user_code,
                address: verification_uri.to_string(),
                ends: expires_at,
            }
        }
        SignInEvent::Returned => return,
    };
    answers.give(Answer::SignIn(told));
}

/// Who is signed in. Only somebody who named no tenant is surely at home in it: a guest's name says nothing of the tenant.
pub(super) fn signed_in(session: &Session, asked: Option<&str>) -> SignedIn {
    let person = session.person();
    let at_home = person.upn.split_once('@').map(|(_, domain)| domain).filter(|_| asked.is_none());
    let named = asked.filter(|asked| asked.contains('.')).map(|asked| clean_line(asked, 120));
    let domain = at_home.map(str::to_owned).or(named).unwrap_or_else(|| session.tenant().to_owned());
    SignedIn { upn: person.upn.clone(), tenant_name: domain, tenant_id: person.tenant.clone() }
}

pub(super) fn not_signed_in() -> Trouble {
    Trouble::new(Class::SignInRefused, say("sign_in.nobody"), say("sign_in.nobody_next"))
}
