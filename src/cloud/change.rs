//! Carrying out one planned change: sent exactly as it was shown, once, and waited for by name.

mod refusal;
mod stop;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use self::refusal::Refusal;
pub use self::stop::Stop;
use super::classify;
use super::graph::Graph;
use super::http::{Answer, Service, WriteRequest, Writes, asked_for, luck, retry_after, spread};
use super::json::{id, moment};
use super::reader::Reader;
use crate::engine::change::{self, Change, ChangeKind, Method};
use crate::engine::clean::clean_line;
use crate::engine::facts::Fact;
use crate::engine::trouble::{Class, Trouble, spoken};
use crate::engine::words::{say, say_with};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What came of a change that was made.
#[derive(Debug, Default)]
pub struct Applied {
    /// Graph object id of what was created (or was there already), where the answer told it.
    pub created_object_id: Option<String>,
    /// Client id of what was created (or was there already), where the answer told it.
    pub created_app_id: Option<String>,
    /// The secret that was made. Its value exists here and nowhere else.
    pub secret: Option<NewSecret>,
}

/// A client secret just made (microsoft-cloud 4.5). Its value is told once and never again.
#[derive(Debug)]
pub struct NewSecret {
    /// Key id.
    pub key_id: String,
    /// The value.
    pub value: SecretString,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// Its first three characters, as the directory will show them.
    pub hint: String,
}

/// What a change is waiting for before it is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitsFor {
    /// The directory has not spread a new registration yet.
    Registration,
    /// The directory has not spread a new service principal yet.
    Principal,
    /// Another change to the same thing is still being worked in.
    OtherChange,
    /// The service asked for patience.
    Throttle,
    /// The same, for so long.
    Pause {
        /// Which service.
        service: Service,
        /// How long it asked for.
        asked: Duration,
    },
}

impl WaitsFor {
    /// The wait's name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => say("changing.waits_registration"),
            Self::Principal => say("changing.waits_principal"),
            Self::OtherChange => say("changing.waits_other_change"),
            Self::Throttle | Self::Pause { .. } => say("changing.waits_throttle"),
        }
    }
}

/// How long a change that came too early is tried again: data, so that tests need not wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The waits between tries, in order; when they are used up the change has failed.
    pub waits: Vec<Duration>,
}

impl Default for Patience {
    /// One, two, four, eight, then ten seconds, two minutes in all (microsoft-cloud 4.9).
    fn default() -> Self {
        let growing = [1, 2, 4, 8].into_iter().chain(std::iter::repeat_n(10, 10));
        Self { waits: growing.map(Duration::from_secs).collect() }
    }
}

/// Told whenever a change has to wait: for what, and how long until the next try.
pub type OnWait = Arc<dyn Fn(WaitsFor, Duration) + Send + Sync>;

/// Carries out changes. In read-only mode there is none.
#[derive(Clone)]
pub struct Writer {
    reader: Reader,
    writes: Writes,
    patience: Patience,
    on_wait: Option<OnWait>,
    stop: Stop,
}

impl Writer {
    /// A writer for this reader's person; `None` in read-only mode.
    pub fn new(reader: Reader) -> Option<Self> {
        let writes = reader.http.writes()?;
        Some(Self { reader, writes, patience: Patience::default(), on_wait: None, stop: Stop::default() })
    }

    /// With another patience.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// With somebody who is told of waits.
    #[must_use]
    pub fn on_wait(mut self, on_wait: OnWait) -> Self {
        self.on_wait = Some(on_wait);
        self
    }

    /// With somebody who can break off its waits.
    #[must_use]
    pub fn until(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Carries out one change.
    ///
    /// What the service refuses because it has not caught up with an earlier change is sent again after a
    /// wait: a refusal is proof that nothing was made. What got no answer is never sent again. A service that asks
    /// for a pause gets it, within a limit; a wait can be broken off, a call that is under way cannot.
    ///
    /// # Errors
    /// When the change is not ready to be sent, when it was refused, or when no answer came: then
    /// `uncertain` says that it may have been made all the same, and only a look can tell. `Cancelled` when a wait was
    /// broken off: then nothing was made.
    pub async fn apply(&self, change: &Change) -> Result<Applied, Trouble> {
        if let Some(pending) = change.waits_for() {
            return Err(not_ready(pending.mark()));
        }
        let service = match change.service {
            change::Service::Graph => Service::Graph,
            change::Service::Arm => Service::Arm,
        };
        let limits = self.reader.http.limits();
        let mut waits = self.patience.waits.iter();
        let mut left_alone = Duration::ZERO;
        loop {
            let answer = self.send(service, change).await?;
            if answer.is_success() {
                return self.applied(change, &answer).await;
            }
            if classify::in_between(&answer) {
                // Whatever it says of what is not there, or not there yet, is not the service's word.
                return Err(trouble(answer));
            }
            let refusal = Refusal::of(&answer);
            if let Some(applied) = self.already_there(change, &refusal).await? {
                return Ok(applied);
            }
            if refusal.registration_exists(change) {
                return Err(stands_there_already(answer));
            }
            let Some(waits_for) = refusal.passes(change) else { return Err(trouble(answer)) };
            let Some(own) = waits.next() else { return Err(trouble(answer)) };
            let asked = retry_after(&answer.headers, answer.at).filter(|asked| !asked.is_zero());
            left_alone += asked.unwrap_or_default();
            if left_alone > limits.longest_pause {
                return Err(longer_than(limits.longest_pause, trouble(answer)));
            }
            // Callers that were refused together must not come back together.
            let (waits_for, wait) = match (asked, waits_for) {
                (Some(asked), WaitsFor::Throttle) => {
                    (WaitsFor::Pause { service, asked }, asked_for(asked, luck()))
                }
                (Some(asked), other) => (other, asked_for(asked, luck())),
                (None, other) => (other, spread(*own, luck())),
            };
            if let Some(tell) = &self.on_wait {
                tell(waits_for, wait);
            }
            tokio::select! {
                biased;
                () = self.stop.said() => return Err(broken_off()),
                () = tokio::time::sleep(limits.lasting(wait)) => {}
            }
        }
    }

    async fn send(&self, service: Service, change: &Change) -> Result<Answer, Trouble> {
        let url = self.reader.url(service, &change.path)?;
        let request = match change.method {
            Method::Post => WriteRequest::post(service, url),
            // Not even these are repeated unseen: each writing of the settings restarts the app, and between
            // two tries the person may have changed the same thing elsewhere.
            Method::Patch => WriteRequest::patch(service, url),
            Method::Put => WriteRequest::put(service, url),
        };
        let mut request = request.json(&change.body).right(change.right);
        if let Some(prefer) = change.prefer {
            request = request.header(PREFER, prefer);
        }
        let token = self.reader.first_token(service).await?;
        let answer = self.writes.send(&request.with_token(&token)).await?;
        match self.reader.better_token(token, &answer).await? {
            Some(fresh) => self.writes.send(&request.with_token(&fresh)).await,
            None => Ok(answer),
        }
    }

    /// What a successful answer tells.
    async fn applied(&self, change: &Change, answer: &Answer) -> Result<Applied, Trouble> {
        if change.kind == ChangeKind::AddSecret {
            return secret(answer);
        }
        // What is no JSON was written by something in between: only a look can tell whether the change was made.
        let body = answer.json().map_err(|trouble| Trouble { uncertain: true, ..trouble })?;
        let creates = matches!(
            change.kind,
            ChangeKind::CreateApiApp
                | ChangeKind::CreateApiPrincipal
                | ChangeKind::CreateClientApp
                | ChangeKind::CreateClientPrincipal
        );
        if !creates {
            return Ok(Applied::default());
        }
        // That it was made is certain: a missing id is found by looking again.
        let mut applied = Applied {
            created_object_id: id(&body, &["id"]),
            created_app_id: id(&body, &["appId"]),
            secret: None,
        };
        if applied.created_object_id.is_none() && change.method == Method::Patch {
            // An upsert that met an existing registration answers with nothing (microsoft-cloud 4.1).
            if let Ok(found) = self.look(&format!("{}?$select=id,appId", change.path)).await {
                applied.created_object_id = id(&found, &["id"]);
                applied.created_app_id = id(&found, &["appId"]);
            }
        }
        Ok(applied)
    }

    async fn look(&self, path: &str) -> Result<Value, Trouble> {
        let url = self.reader.url(Service::Graph, path)?;
        self.reader.get(Service::Graph, url, false).await?.json()
    }

    /// Whether a refusal only says that what was to be made is there already; then it is looked at.
    async fn already_there(&self, change: &Change, refusal: &Refusal) -> Result<Option<Applied>, Trouble> {
        if change.service != change::Service::Graph || change.method != Method::Post {
            return Ok(None);
        }
        if change.kind == ChangeKind::RemoveSecret && refusal.secret_gone() {
            return Ok(Some(Applied::default()));
        }
        let graph = Graph::new(self.reader.clone());
        if change.path == "/servicePrincipals" && refusal.principal_exists() {
            let Some(app_id) = id(&change.body, &["appId"]) else { return Ok(None) };
            let found = graph.principal(&app_id).await;
            return Ok(Some(Applied {
                created_object_id: found.value().map(|principal| principal.id.clone()),
                created_app_id: Some(app_id),
                secret: None,
            }));
        }
        if change.path == "/oauth2PermissionGrants" && refusal.grant_exists() {
            let (Some(client), Some(resource)) =
                (id(&change.body, &["clientId"]), id(&change.body, &["resourceId"]))
            else {
                return Ok(None);
            };
            let found = graph.grants(&client, &resource).await;
            let grants = match found.fact {
                Fact::Is(grants) => grants,
                Fact::CouldNot(trouble) => return Err(*trouble),
                Fact::Absent | Fact::NotLooked => Vec::new(),
            };
            let principal = id(&change.body, &["principalId"]);
            let wanted = change.body.get("scope").and_then(Value::as_str).unwrap_or_default();
            let mut alike = grants.iter().filter(|grant| grant.principal == principal).peekable();
            if alike.peek().is_none() {
                return Err(grant_stands_there_already(refusal));
            }
            let covered = alike.any(|grant| {
                wanted.split_whitespace().all(|scope| grant.scopes.iter().any(|have| have == scope))
            });
            if covered {
                return Ok(Some(Applied::default()));
            }
            return Err(Trouble::new(Class::Refused, say("changing.grant"), say("changing.grant_next"))
                .meaning(say("changing.nothing_changed"))
                .original(refusal.words()));
        }
        Ok(None)
    }
}

/// The secret of an `addPassword` answer. Without its value it would be a secret that nobody has.
fn secret(answer: &Answer) -> Result<Applied, Trouble> {
    let mut body = answer.json().unwrap_or_default();
    let key_id = id(&body, &["keyId"]);
    let ends = moment(&body, &["endDateTime"]);
    let hint = clean_line(body.get("hint").and_then(Value::as_str).unwrap_or_default(), 3);
    let value = match body.get_mut("secretText").map(Value::take) {
        Some(Value::String(value)) if !value.is_empty() => SecretString::from(value),
        _ => return Err(valueless(answer)),
    };
    let Some(key_id) = key_id else { return Err(valueless(answer)) };
    Ok(Applied { secret: Some(NewSecret { key_id, value, ends, hint }), ..Applied::default() })
}

fn valueless(answer: &Answer) -> Trouble {
    let mut trouble =
        Trouble::new(Class::UnexpectedAnswer, say("changing.valueless"), say("changing.valueless_next"))
            .meaning(say("changing.valueless_means"));
    trouble.status = Some(answer.status);
    trouble.uncertain = true;
    trouble
}

/// A creation found what it was to make. Nothing was changed; a look shows it once the directory does.
fn stands_there_already(answer: Answer) -> Trouble {
    let refused = trouble(answer);
    Trouble {
        what: say("changing.there_already").into(),
        means: say("changing.there_already_means").into(),
        next: say("changing.there_already_next").into(),
        uncertain: true,
        ..refused
    }
}

/// The pause that a service asks for is longer than is waited here.
fn longer_than(longest: Duration, refused: Trouble) -> Trouble {
    let most = spoken(longest);
    refused.meaning(say_with("changing.longer", &[("most", &most)]))
}

fn broken_off() -> Trouble {
    Trouble::new(Class::Cancelled, say("changing.stopped"), say("changing.stopped_next"))
        .meaning(say("changing.nothing_changed"))
}

/// The same of a grant, which no list shows yet: what it holds, nobody can tell before.
fn grant_stands_there_already(refusal: &Refusal) -> Trouble {
    let told = Trouble::new(Class::Refused, say("changing.grant_stands"), say("changing.grant_stands_next"));
    let told = told.meaning(say("changing.grant_stands_means")).original(refusal.words());
    Trouble { uncertain: true, ..told }
}

fn trouble(answer: Answer) -> Trouble {
    let status = answer.status;
    answer.ok().err().unwrap_or_else(|| {
        Trouble::new(
            Class::UnexpectedAnswer,
            say_with("changing.status", &[("status", &status.to_string())]),
            say("next.look_again"),
        )
    })
}

fn not_ready(mark: &str) -> Trouble {
    let missing = mark.trim_matches(['⟨', '⟩']);
    Trouble::new(
        Class::Local,
        say_with("changing.not_ready", &[("missing", missing)]),
        say("changing.not_ready_next"),
    )
    .meaning(say("changing.nothing_sent"))
}
