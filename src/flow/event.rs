//! Everything that can happen to the wizard: keys, ticks, and the answers to its effects.

use jiff::Timestamp;

use crate::engine::change::Right;
use crate::engine::facts::{Facts, Rehearsal, SecretProbe};
use crate::engine::held::Held;
use crate::engine::secret_shape::SecretShape;
use crate::engine::trouble::{Class, Trouble};

use super::effect::CopyItem;

/// A key, free of any terminal library. The loop maps presses (and repeats of text and movement) to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// The first function key: help, also where letters are typed.
    F1,
    /// The second function key: the log of calls, also where letters are typed.
    F2,
    /// A printable character.
    Char(char),
    /// Control and C: stop at a safe point; a second time, leave at once.
    CtrlC,
    /// Control and Z: suspend the program.
    CtrlZ,
    /// Control and W: delete the word before the cursor.
    CtrlW,
    /// Control and U: empty the field.
    CtrlU,
}

/// What happened.
///
/// While `State::secret_field_open` is true, the loop gives characters, editing keys and pastes to the vault's masked
/// field instead of sending them here (law 5); only Enter, Esc, Tab, arrows and control chords are sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted into the terminal (bracketed paste, or a burst of keys that amounts to one). Not yet cleaned.
    Paste(String),
    /// A frame that shows the state with this [`State::revision`](super::State::revision) is on the terminal.
    ///
    /// The loop sends it after it has handed over every key that was already waiting when the frame was finished, so
    /// that what was typed blindly can never confirm anything.
    Drawn {
        /// The revision that the frame shows.
        revision: u64,
    },
    /// Time has passed; sent with every answer and at whole minutes, never more often for its own sake.
    Tick {
        /// Now, by the services' clock.
        now: Timestamp,
    },
    /// The terminal changed its size, or the program came back from being suspended: draw everything again. What was
    /// to be confirmed has to be seen again first.
    Resized,
    /// Whether the frame that was just drawn shows the page, or only that the window is too small for one. The loop
    /// sends it where that has changed, before any further key.
    Room {
        /// The page is shown.
        enough: bool,
    },
    /// SIGINT from outside: treated like Ctrl-C.
    Interrupt,
    /// SIGTERM or SIGHUP: leave at once, tidily.
    Terminate,
    /// One line for the log of calls.
    Call(CallLine),
    /// A read waits before its service is asked again; long enough to be noticed.
    Paused(Pause),
    /// A wait for this service is over, or was given up.
    PauseOver {
        /// The service.
        who: &'static str,
    },
    /// What the vault holds has changed. Never dropped as late: the vault is one for the whole run. Comes before the
    /// `Applied` or `SecretEntered` that tells of the same secret.
    Held(Held),
    /// Whether the masked field has anything in it.
    SecretTyping {
        /// Nothing has been typed yet.
        empty: bool,
    },
    /// The secret was pasted where it would be drawn; it was not taken.
    SecretMisplaced,
    /// The outcome of [`Effect::Copy`](super::Effect::Copy). Never dropped as late: the clipboard outlives stages.
    Copied {
        /// What was to be copied.
        item: CopyItem,
        /// What became of it.
        outcome: CopyOutcome,
    },
    /// The sign-in went into the operating system's keyring for the first time in this run, or why it cannot be kept there.
    /// Never dropped as late: the sign-in is one for the whole run.
    SignInKept(Result<(), Trouble>),
    /// The clipboard no longer holds our secret: it was cleared, or something else was copied over it.
    ClipboardCleared,
    /// Our secret may still be there: it could not be taken off, or that cannot be looked after (as on macOS).
    ClipboardKept,
    /// An answer to [`Effect::Start`](super::Effect::Start). Dropped when its generation is not the present one (law 7).
    Answer {
        /// The generation that the effect carried.
        generation: u64,
        /// The answer.
        answer: Answer,
    },
}

/// Answers to work that was started; see [`Work`](super::Work) for which work brings which.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// How the sign-in goes on.
    SignIn(SignInProgress),
    /// The function apps that this person can see, over all subscriptions.
    AppsListed(Result<AppList, Trouble>),
    /// The app itself and its deployment slots.
    SlotsListed(Result<Vec<AppRow>, Trouble>),
    /// The tenants that know this person.
    TenantsListed(Result<Vec<TenantRow>, Trouble>),
    /// The same person in another tenant, or why not. `SignInRefused` when that tenant wants a sign-in of its own.
    TenantSwitched(Result<SignedIn, Trouble>),
    /// A look at the cloud is complete. Brings the whole picture, parts that were not looked at again included.
    Observed {
        /// What is known now.
        facts: Box<Facts>,
        /// When the look was complete, by the services' clock.
        at: Timestamp,
        /// When the next look is due, if this came from a watch.
        next: Option<Timestamp>,
    },
    /// A look could not even begin (no sign-in any more, no network). Single failures stand in the facts. A watch goes on
    /// after it.
    CouldNotObserve(Trouble),
    /// One change was sent.
    Applied {
        /// Its index in the running plan, as in the effect.
        index: usize,
        /// Carried out, or why not. `Trouble::uncertain` when it may have been carried out nevertheless.
        result: Result<(), Trouble>,
    },
    /// The call in hand is waiting for something (a `Retry-After`, a broken connection).
    Waiting(Waiting),
    /// The clipboard's text, read because the person said so. A trouble instead when it still holds our own secret.
    ClipboardRead(Result<String, Trouble>),
    /// Whether a browser could be started.
    BrowserOpened(Result<(), Trouble>),
    /// The files to import were written, or why not.
    FilesWritten(Result<Vec<String>, Trouble>),
    /// The masked field was handed in. The value stays in the vault, which has taken it if `shape.can_be_taken()`, and has
    /// said so with `Held` before; only its shape comes here.
    SecretEntered {
        /// What the value looks like.
        shape: SecretShape,
    },
    /// The secret's value was tried once at the token endpoint.
    SecretProbed(Result<SecretProbe, Trouble>),
    /// A loopback port for the rehearsal is bound; the redirect URI that belongs to it.
    RehearsalBound(Result<String, Trouble>),
    /// How the rehearsal goes on.
    Rehearsal(RehearsalProgress),
    /// Practice only: the person's part was played, or why it could not be.
    PersonStepDone {
        /// The step's name as in the effect.
        step: String,
        /// What happened, or the trouble.
        result: Result<PersonDone, Trouble>,
    },
}

/// What came of playing the person's part on the practice cloud.
///
/// After `portal:secret` the vault holds the new value as if the person had pasted it; `Held` comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDone {
    /// One line for the screen.
    pub line: String,
    /// The redirect URL that the connector page shows after saving, as a person would copy it; `save-connector` only.
    pub redirect_url: Option<String>,
}

/// How a sign-in goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInProgress {
    /// The address to sign in at; the browser was asked to open it unless that is forbidden.
    Browser {
        /// Address, complete.
        address: String,
    },
    /// A device code to type at an address.
    DeviceCode {
        /// The code.
        code: String,
        /// Where to type it.
        address: String,
        /// When it ends.
        ends: Timestamp,
    },
    /// Signed in.
    Done(SignedIn),
    /// The keyring keeps no sign-in yet.
    NothingKept,
    /// Declined, expired, or failed otherwise.
    Failed(Trouble),
}

/// Who is signed in, known at once; more comes with the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// User principal name, cleaned.
    pub upn: String,
    /// The tenant's domain, cleaned; its id where that is not known.
    pub tenant_name: String,
    /// Tenant id.
    pub tenant_id: String,
}

impl SignedIn {
    /// Whether both are certainly the same person in the same tenant.
    pub fn is(&self, other: &Self) -> bool {
        !self.upn.is_empty() && self.upn.eq_ignore_ascii_case(&other.upn) && self.tenant_id == other.tenant_id
    }
}

/// A tenant that can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantRow {
    /// Tenant id.
    pub id: String,
    /// Display name, cleaned; its domain or id where that is not told.
    pub name: String,
    /// Default domain, cleaned; empty where it is not told.
    pub domain: String,
}

/// The function apps that can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppList {
    /// The apps, sorted by name.
    pub apps: Vec<AppRow>,
    /// Every subscription that can be seen, sorted by name.
    pub subscriptions: Vec<SubscriptionRow>,
    /// Subscriptions that could not be listed, one cleaned line each.
    pub not_seen: Vec<String>,
    /// What a filter looks in, for each of the apps: made once, since there can be thousands.
    folded: Vec<String>,
}

impl AppList {
    /// A list of these.
    pub fn new(apps: Vec<AppRow>, subscriptions: Vec<SubscriptionRow>, not_seen: Vec<String>) -> Self {
        let fold = |app: &AppRow| {
            [&app.name, &app.host, &app.subscription, &app.resource_group]
                .map(|text| text.to_lowercase())
                .join(" ")
        };
        let folded = apps.iter().map(fold).collect();
        Self { apps, subscriptions, not_seen, folded }
    }

    /// The apps in whose name, host, subscription or group every one of these words occurs. The words are in lower case.
    pub fn fitting(&self, words: &[String]) -> Vec<&AppRow> {
        let fits = |text: &String| words.iter().all(|word| text.contains(word.as_str()));
        self.apps.iter().zip(&self.folded).filter(|(_, folded)| fits(folded)).map(|(app, _)| app).collect()
    }
}

/// A subscription that can be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// Subscription id.
    pub id: String,
    /// Name, cleaned; its id where it has none.
    pub name: String,
    /// How many function apps it was seen to hold.
    pub apps: usize,
}

/// One function app in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRow {
    /// Resource id.
    pub id: String,
    /// Name, cleaned.
    pub name: String,
    /// Default host name.
    pub host: String,
    /// Id of its subscription.
    pub subscription_id: String,
    /// Name of its subscription, cleaned.
    pub subscription: String,
    /// Its resource group.
    pub resource_group: String,
}

/// What became of something that was to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyOutcome {
    /// The clipboard took it.
    Copied,
    /// It was sent to the terminal (OSC 52), which does not say whether it took it.
    Sent,
    /// Nothing was copied yet: this has to be said first, and the person copies it once more.
    Asks(String),
    /// It could not be copied.
    Failed(Trouble),
}

/// How a rehearsal goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RehearsalProgress {
    /// The address to sign in at; the browser was asked to open it unless that is forbidden.
    Address(String),
    /// The code arrived at the listener or was pasted.
    CodeArrived,
    /// The code was redeemed; the function is being called.
    Redeemed,
    /// The end: the outcome, or why there is none.
    Done(Result<Box<Rehearsal>, Trouble>),
    /// What was pasted holds no code for this rehearsal; it still waits.
    PasteRefused(Trouble),
}

/// Something outside that we wait for, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What for, in a sentence that also gives the usual range.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether the wizard may be left meanwhile without harm.
    pub safe_to_leave: bool,
    /// When it is tried again, where that is known.
    pub until: Option<Timestamp>,
}

/// A read that waits before its service is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The service.
    pub who: &'static str,
    /// When it is asked again.
    pub until: Timestamp,
}

/// One line of the log of calls. Already redacted and cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLine {
    /// When the answer came.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Host.
    pub host: String,
    /// Path and query, redacted.
    pub path: String,
    /// HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// What went wrong when there was no answer.
    pub problem: Option<Class>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Whether it could change something.
    pub writes: bool,
    /// Whose right it used.
    pub used: RightUsed,
    /// For a change: which right that was.
    pub right: Option<Right>,
    /// The id by which the service finds it again, where one was sent or told.
    pub correlation: Option<String>,
}

/// Whose right a call used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightUsed {
    /// Nobody's: anybody may ask this.
    Nobodys,
    /// The signed-in person's.
    Persons,
    /// The connector's own, by its secret.
    Connectors,
    /// The person's through the connector: the rehearsal's token.
    Rehearsals,
}
