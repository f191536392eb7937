//! What a stage's page can show, and what can lie over it.

use std::collections::VecDeque;

use crate::engine::change::Change;
use crate::engine::error_codes::Explained;
use crate::engine::facts::SecretVerdict;
use crate::engine::ids::{CheckId, StageId};
use crate::engine::plan::{Plan, PlanInput};
use crate::engine::trouble::Trouble;

use crate::engine::secret_shape::SecretShape;
use crate::flow::event::TenantRow;

/// What the page of a stage shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Panel {
    /// The checks, and what can be done.
    Overview,
    /// What this person can do here, told beforehand.
    Forecast,
    /// Stage 1: the list of function apps, with a filter that has the focus.
    PickApp,
    /// Stage 1: typing the function app's address.
    TypeUrl,
    /// Stage 1: the tenants that know this person, with a filter that has the focus.
    PickTenant,
    /// Stage 1: the same person's sign-in for another tenant is on its way.
    Switching(TenantRow),
    /// Stage 1: the subscriptions, to look into one of them only, with a filter that has the focus.
    PickSubscription,
    /// Stage 1: the app and its deployment slots.
    PickSlot,
    /// Stage 1: the host names that the app answers at.
    PickHost,
    /// Stage 3: choosing which registration is the connector's.
    PickClient,
    /// Stages 3 and 5: typing the connector's client ID, where its registration cannot be seen.
    ClientField,
    /// Looking afresh, before a plan is made.
    Preparing,
    /// The plan, to be confirmed.
    Plan(PlanView),
    /// The confirmed plan is being carried out, or stopped on the way.
    Applying(Box<Apply>),
    /// The portal's steps, while the checks are watched. The steps are `engine::words`' for the stage.
    Myself,
    /// A card to send to an administrator.
    AskAdmin,
    /// Stage 5: the masked field.
    SecretField,
    /// Stage 5: choosing which of several lost secrets is removed.
    LostSecrets,
    /// Stage 6: the connector page's rows, with what can be done below.
    HandOver,
    /// Stage 4: choosing how the connector is let in.
    Consent,
    /// Stage 6: choosing the Resource URL.
    Resource,
    /// Stage 6: typing the redirect URL.
    RedirectField,
    /// Stages 6 and 7: pasting the text of an error, to be told what it means, or to find the redirect URL in it.
    ErrorField,
    /// What the pasted error means, and where it is mended.
    Explained(Box<Explained>),
    /// Stage 7: a loopback port is being bound, before the rehearsal's plan is made.
    Binding,
    /// Stage 7: the rehearsal runs.
    Rehearsal(RehearsalView),
    /// Stage 7: pasting the final address of the running rehearsal.
    RehearsalPaste(RehearsalView),
    /// Stage 7: the function's answer, and what it proves.
    Answer,
}

/// A plan on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanView {
    /// The stage it is for. For [`StageId::Try`] it is the rehearsal's temporary redirect URI.
    pub stage: StageId,
    /// The changes, each with its preview, and what they mean for others.
    pub plan: Plan,
    /// What it was made from beside facts and choices; used again when it is made again, so that nothing random differs.
    pub input: PlanInput,
    /// The revision at which it appeared: it can be confirmed only after that has been drawn.
    pub since: u64,
    /// Whether it is asked for the first time.
    pub asked: Asked,
    /// The changes that are new against the confirmed plan, by index; all when it is asked for the first time.
    pub new: Vec<usize>,
}

/// How a plan stands to what the person has confirmed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing was confirmed yet.
    First,
    /// One was confirmed, and a look showed before anything was sent that it does not hold any more.
    Changed,
    /// Some of the confirmed one is carried out, and this goes beyond it.
    Beyond,
}

/// A confirmed plan under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// The stage it is for.
    pub stage: StageId,
    /// What was confirmed and is still to be done, first one next.
    pub confirmed: VecDeque<Change>,
    /// What is needed to make the plan again.
    pub input: PlanInput,
    /// The typed host name that was confirmed with it to get the rehearsal's token.
    pub token_to: Option<String>,
    /// Every step so far and to come, for the screen.
    pub steps: Vec<Step>,
    /// Index into `steps` of the one that is in hand.
    pub current: usize,
    /// What is happening.
    pub phase: Phase,
    /// Stop at the next safe point: after the call in hand has been answered.
    pub stopping: bool,
    /// The change that was sent last, as it was sent; what is looked for in the facts.
    pub sent: Option<Change>,
    /// How often the change in hand was sent again.
    pub repeated: u8,
    /// Whether the last look showed the change in hand. One more has to: the next may be answered by a server that has
    /// not heard of it yet (microsoft-cloud 4.9).
    pub seen: bool,
    /// Every change that has been seen in the facts since the plan was confirmed.
    pub done: Vec<Change>,
    /// The rehearsal this is the end of: what went wrong in it, if anything did, to be shown afterwards.
    pub after: Option<Trouble>,
}

/// One step of a plan under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change's title.
    pub title: String,
    /// How it stands.
    pub mark: Mark,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not begun.
    ToDo,
    /// Sent, no answer yet.
    Sending,
    /// Accepted; not yet seen in the facts.
    Accepted,
    /// Seen in the facts.
    Done,
    /// Turned out not to be needed any more.
    NotNeeded,
    /// Refused or failed.
    Failed,
}

/// What a running plan is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// A change was sent; its answer is awaited.
    Sending,
    /// Looking whether it has landed; `State::waiting` says since when.
    Landing,
    /// A change may or may not have been carried out: looking tells.
    FindingOut(Box<Trouble>),
    /// It has not been seen within the limit; the person decides.
    Slow,
    /// It stopped, with what happened; nothing is in hand.
    Stopped(Box<Trouble>),
    /// The person stopped it; nothing is in hand.
    StoppedByPerson,
}

impl Apply {
    /// Whether a change is on its way to the cloud and its answer still out.
    pub fn in_hand(&self) -> bool {
        matches!(self.phase, Phase::Sending)
    }

    /// Whether it has come to rest and the person decides how to go on.
    pub fn at_rest(&self) -> bool {
        matches!(self.phase, Phase::Slow | Phase::Stopped(_) | Phase::StoppedByPerson)
    }
}

/// The running rehearsal on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalView {
    /// The redirect URI that was bound and registered for it.
    pub redirect: String,
    /// What was confirmed and is still to be done: taking the redirect URI away again.
    pub confirmed: VecDeque<Change>,
    /// What is needed to make the plan again.
    pub input: PlanInput,
    /// The typed host name that was confirmed with it to get the token.
    pub token_to: Option<String>,
    /// How far it is.
    pub step: RehearsalStep,
    /// Why what was pasted did not help, or why it ended without an answer.
    pub trouble: Option<Trouble>,
}

/// How far a rehearsal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RehearsalStep {
    /// Starting.
    Starting,
    /// Waiting for the sign-in at this address.
    SignIn {
        /// The address, complete.
        address: String,
    },
    /// The code arrived and is being redeemed.
    Redeeming,
    /// The function is being called.
    Calling,
}

/// How it stands with the secret on its stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretState {
    /// The masked field is empty.
    pub empty: bool,
    /// What was entered last looked like this, and was not taken.
    pub refused: Option<SecretShape>,
    /// The value is being tried at the token endpoint.
    pub probing: bool,
    /// The last verdict on the held value.
    pub verdict: Option<SecretVerdict>,
    /// Why it could not be tried.
    pub trouble: Option<Trouble>,
    /// The held value was tried already; it is not tried again by itself.
    pub tried: bool,
    /// The held value is known to have gone to the clipboard. Asking for it is not enough, nor is a terminal that does not
    /// say whether it took it.
    pub copied: bool,
}

impl SecretState {
    /// Whether the held value was tried and is known not to work.
    pub fn refused_by_entra(&self) -> bool {
        matches!(self.verdict, Some(SecretVerdict::Wrong | SecretVerdict::Expired))
    }
}

/// What lies over a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// The keys and what this page is about.
    Help,
    /// The log of calls, scrolled by this many lines from its end.
    CallLog {
        /// Lines scrolled up from the latest.
        back: usize,
    },
    /// Stage 6: the actions that are needed now and then.
    More,
    /// One check explained: why it matters, the evidence, the remedy.
    Explain(CheckId),
    /// Something went wrong, in four parts.
    Trouble(Trouble),
    /// A short word that wants to be read.
    Notice {
        /// One line.
        title: String,
        /// Full sentences.
        text: String,
    },
    /// Leaving although a secret is held or lies on the clipboard.
    ConfirmQuit {
        /// The revision at which it appeared.
        since: u64,
    },
}
