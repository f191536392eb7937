//! All that a view needs to draw the wizard, as plain data.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use crate::engine::cards::Need;
use crate::engine::change::Change;
use crate::engine::choices::Choices;
use crate::engine::clouds::Cloud;
use crate::engine::facts::Facts;
use crate::engine::findings::Findings;
use crate::engine::held::Held;
use crate::engine::ids::StageId;
use crate::engine::trouble::Trouble;

use super::effect::{CopyItem, Part, SignInMethod};
use super::event::{AppList, AppRow, CallLine, CopyOutcome, Pause, SignedIn, TenantRow, Waiting};
use super::menu::Item;

mod again;
mod field;
mod panels;

pub use again::{Again, Resume};
pub use field::{Field, Fields};
pub use panels::{
    Apply, Asked, Mark, Overlay, Panel, Phase, PlanView, RehearsalStep, RehearsalView, SecretState, Step,
};

/// How many lines the log of calls keeps.
pub const CALL_LOG_LINES: usize = 500;

/// What holds for the whole run, given once at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// On the built-in practice cloud.
    pub practice: bool,
    /// Nothing may be changed: plans are shown but not carried out.
    pub read_only: bool,
    /// No browser is to be opened; addresses are only shown.
    pub no_browser: bool,
    /// The terminal is remote (SSH), so that a browser or a clipboard here may not be the person's.
    pub remote: bool,
    /// The cloud: its name, the base of its sign-in addresses, its portal and its maker pages.
    pub cloud: Cloud,
    /// The public client that signs in.
    pub client: PublicClient,
    /// The ways to sign in that can be offered here, best first.
    pub methods: Vec<SignInMethod>,
    /// The folder for the files to import.
    pub files_dir: String,
    /// How long a new secret lasts, in days.
    pub secret_days: i64,
    /// How often and how long to look.
    pub timing: Timing,
}

/// The public client whose id is used for signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicClient {
    /// Client id.
    pub id: String,
    /// Whose it is, in words (`Azure CLI`).
    pub name: String,
}

/// Poll intervals and limits, as data so that tests need not wait (law 7). All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Pause between two looks while a person works elsewhere.
    pub watch_s: u32,
    /// Pause between two looks while a change is awaited.
    pub landing_s: u32,
    /// How long to go on looking for a change before asking what to do.
    pub landing_limit_s: u32,
    /// For how long after a change was seen a look that does not show it is taken for an old one.
    pub lag_limit_s: u32,
    /// How long a copied secret stays on the clipboard.
    pub secret_s: u32,
    /// A service that asks to be left alone for longer than this is not asked again before the person says so.
    pub pause_limit_s: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            watch_s: 10,
            landing_s: 3,
            landing_limit_s: 180,
            lag_limit_s: 60,
            secret_s: 120,
            pause_limit_s: 300,
        }
    }
}

/// Where in the wizard we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// What will and will not happen.
    Welcome,
    /// Signing in.
    SignIn(SignInState),
    /// One of the seven stages.
    Stage(StageId),
    /// What exists now, and what to do next.
    End,
}

/// The state of signing in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignInState {
    /// How far it is.
    pub step: SignInStep,
    /// Why the last attempt failed, shown above the choice of a way.
    pub trouble: Option<Box<Trouble>>,
}

/// How far a sign-in is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SignInStep {
    /// Choosing a way.
    #[default]
    Choose,
    /// Started; nothing to show yet.
    Starting(SignInMethod),
    /// Waiting for the person at this address.
    Browser {
        /// The address, complete.
        address: String,
    },
    /// Waiting for the code to be typed.
    DeviceCode {
        /// The code.
        code: String,
        /// Where to type it.
        address: String,
        /// When it ends.
        ends: Timestamp,
    },
    /// No sign-in: typing the app's address, for public checks only.
    Address,
    /// Typing the tenant to sign in to.
    Tenant,
    /// Pasting what the sign-in page says instead of coming back: a refusal there reaches nobody else
    /// (microsoft-cloud 2.3).
    PageError,
}

/// A list that is fetched when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Listing<T> {
    /// Not asked for.
    #[default]
    NotAsked,
    /// On its way.
    Asked,
    /// It could not be had.
    Failed(Trouble),
    /// Here it is.
    Is(T),
}

impl<T> Listing<T> {
    /// The list, if it is here.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Is(list) => Some(list),
            Self::NotAsked | Self::Asked | Self::Failed(_) => None,
        }
    }

    /// Nothing is on its way any more: what has not come has to be asked for again.
    pub fn given_up(&mut self) {
        if matches!(self, Self::Asked) {
            *self = Self::NotAsked;
        }
    }
}

/// A watch that looks again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// What it looks at.
    pub part: Part,
    /// Pause between two looks, in seconds.
    pub every_s: u32,
    /// When the next look is due, once known.
    pub next: Option<Timestamp>,
}

/// The whole wizard.
///
/// Changed only by [`handle`](super::machine::handle). Views read it; what can be done is asked of [`menu`](super::menu).
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// What holds for the whole run.
    pub setup: Setup,
    /// Where we are.
    pub page: Page,
    /// What the page shows, on a stage.
    pub panel: Panel,
    /// What lies over it, topmost last. Keys go to the topmost.
    pub overlays: Vec<Overlay>,
    /// The selected item; use [`menu::selected`](super::menu::selected), which knows what to do when it is gone.
    pub selected: Option<Item>,
    /// What was typed, kept when a panel is left.
    pub fields: Fields,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// What is kept for signing in once more.
    pub again: Again,
    /// Only public checks: nobody is signed in, on purpose.
    pub public_only: bool,
    /// The function apps to choose from.
    pub apps: Listing<AppList>,
    /// The subscription that the list of apps is narrowed to, by id.
    pub subscription: Option<String>,
    /// The chosen app and its deployment slots.
    pub slots: Listing<Vec<AppRow>>,
    /// The tenants that know this person.
    pub tenants: Listing<Vec<TenantRow>>,
    /// What was chosen.
    pub choices: Choices,
    /// What was observed.
    pub facts: Facts,
    /// What that means.
    pub findings: Findings,
    /// What the vault holds, without values.
    pub held: Held,
    /// The present generation: answers of any other are dropped (law 7).
    pub generation: u64,
    /// Counts every change of the state that may be seen.
    pub revision: u64,
    /// The highest revision that has been drawn.
    pub drawn: u64,
    /// The window is too small for a page: what cannot be seen takes no keys, but for those that leave.
    pub cramped: bool,
    /// Now, as last told.
    pub now: Timestamp,
    /// Whether a look is under way.
    pub looking: bool,
    /// When the last look was complete.
    pub looked_at: Option<Timestamp>,
    /// Why the last look could not even begin.
    pub look_trouble: Option<Trouble>,
    /// What is being watched.
    pub watch: Option<Watch>,
    /// What we wait for, by name, where something is awaited.
    pub waiting: Option<Waiting>,
    /// The reads that wait before their service is asked again.
    pub pauses: Vec<Pause>,
    /// What became of everything that was copied, latest outcome per item.
    pub copied: BTreeMap<CopyItem, CopyOutcome>,
    /// The item that was copied last.
    pub last_copied: Option<CopyItem>,
    /// The clipboard may hold the secret now.
    pub secret_on_clipboard: bool,
    /// The masked field is open: its keys go to the vault.
    pub secret_field_open: bool,
    /// How it stands with the pasted or probed secret.
    pub secret: SecretState,
    /// The files that were written for the connector page.
    pub files: Vec<String>,
    /// The log of calls, oldest first, at most [`CALL_LOG_LINES`]: every change, and the newest reads.
    pub calls: VecDeque<CallLine>,
    /// It was said that pasting a secret takes the place of one that was not copied yet.
    pub replacing_told: bool,
    /// How many older reads the log has let go.
    pub calls_left_out: usize,
    /// The log shows the changes alone.
    pub only_changes: bool,
    /// Practice only: the person's part that is being played.
    pub person_step: Option<String>,
    /// Key id of the lost secret whose removal is being prepared.
    pub removing: Option<String>,
    /// The redirect URI of the loopback port that is bound for a rehearsal.
    pub bound: Option<String>,
    /// One line about what was just done (`The browser was opened.`); gone at the next key.
    pub note: Option<String>,
    /// What was found missing at a stage, so that asking an administrator is offered.
    pub not_allowed: BTreeMap<StageId, Need>,
    /// How many days a new secret may last, after a longer one was refused.
    pub secret_days: Option<i64>,
    /// Stages whose own work was carried out by us in this run.
    pub carried_out: BTreeSet<StageId>,
    /// Changes of this run that were seen to have taken effect, and when.
    pub landed: Vec<(Change, Timestamp)>,
    /// The watch is there only because a look did not show what was seen before it.
    pub lagging: bool,
    /// Ctrl-C was pressed once: the next one leaves at once.
    pub interrupted: bool,
    /// Leaving: nothing more is handled.
    pub quit: Option<u8>,
}

impl State {
    /// The wizard at its beginning.
    pub fn new(setup: Setup, choices: Choices, now: Timestamp) -> Self {
        Self {
            setup,
            page: Page::Welcome,
            panel: Panel::Overview,
            overlays: Vec::new(),
            selected: None,
            fields: Fields::default(),
            signed_in: None,
            again: Again::default(),
            public_only: false,
            apps: Listing::NotAsked,
            subscription: None,
            slots: Listing::NotAsked,
            tenants: Listing::NotAsked,
            choices,
            facts: Facts::default(),
            findings: Findings { stages: Vec::new() },
            held: Held::default(),
            generation: 0,
            revision: 1,
            drawn: 0,
            cramped: false,
            now,
            looking: false,
            looked_at: None,
            look_trouble: None,
            watch: None,
            waiting: None,
            pauses: Vec::new(),
            copied: BTreeMap::new(),
            last_copied: None,
            secret_on_clipboard: false,
            secret_field_open: false,
            secret: SecretState::default(),
            files: Vec::new(),
            calls: VecDeque::new(),
            replacing_told: false,
            calls_left_out: 0,
            only_changes: false,
            person_step: None,
            removing: None,
            bound: None,
            note: None,
            not_allowed: BTreeMap::new(),
            secret_days: None,
            carried_out: BTreeSet::new(),
            landed: Vec::new(),
            lagging: false,
            interrupted: false,
            quit: None,
        }
    }

    /// The stage that is shown, if one is.
    pub fn stage(&self) -> Option<StageId> {
        match self.page {
            Page::Stage(stage) => Some(stage),
            _ => None,
        }
    }

    /// Whether the shown stage's checks are done.
    pub fn stage_done(&self) -> bool {
        self.stage().and_then(|id| self.findings.stage(id)).is_some_and(|s| !s.checks.is_empty() && s.done())
    }

    /// Whether the clipboard is known to have taken the secret, and nothing was copied since. What was only sent to the
    /// terminal (OSC 52) may be there or not.
    pub fn secret_surely_on_clipboard(&self) -> bool {
        self.secret_on_clipboard
            && self.last_copied == Some(CopyItem::ClientSecret)
            && self.copied.get(&CopyItem::ClientSecret) == Some(&CopyOutcome::Copied)
    }

    /// Whether the secret was sent to the terminal (OSC 52), from where it can neither be seen nor cleared.
    pub fn secret_only_sent(&self) -> bool {
        self.copied.get(&CopyItem::ClientSecret) == Some(&CopyOutcome::Sent)
    }

    /// Whether a secret would be lost, or left lying on the clipboard, by leaving now.
    pub fn secret_live(&self) -> bool {
        self.secret_on_clipboard || self.held.secret.is_some()
    }

    /// The text field that has the focus, if one has; letters are text then.
    pub fn field(&self) -> Option<&Field> {
        if !self.overlays.is_empty() {
            return None;
        }
        match (&self.page, &self.panel) {
            (Page::SignIn(SignInState { step: SignInStep::Address, .. }), _)
            | (Page::Stage(_), Panel::TypeUrl) => Some(&self.fields.app_url),
            (Page::SignIn(sign_in), _) if sign_in.step == SignInStep::Tenant => Some(&self.fields.tenant),
            (Page::SignIn(sign_in), _) if sign_in.step == SignInStep::PageError => Some(&self.fields.error),
            (Page::Stage(_), Panel::PickApp) => Some(&self.fields.app_filter),
            (Page::Stage(_), Panel::PickTenant) => Some(&self.fields.tenant_filter),
            (Page::Stage(_), Panel::PickSubscription) => Some(&self.fields.subscription_filter),
            (Page::Stage(_), Panel::ClientField) => Some(&self.fields.client_id),
            (Page::Stage(_), Panel::RedirectField) => Some(&self.fields.redirect),
            (Page::Stage(_), Panel::ErrorField) => Some(&self.fields.error),
            (Page::Stage(_), Panel::RehearsalPaste(_)) => Some(&self.fields.final_address),
            _ => None,
        }
    }

    /// Whether the tenant to sign in to is being typed.
    pub fn naming_tenant(&self) -> bool {
        matches!(&self.page, Page::SignIn(sign_in) if sign_in.step == SignInStep::Tenant)
    }

    /// Whether letters are text just now, in an open field or in the vault's masked one.
    pub fn typing(&self) -> bool {
        self.field().is_some() || (self.secret_field_open && self.overlays.is_empty())
    }
}
