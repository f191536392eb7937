//! What can be done now, computed from the state: the items to select among, the actions, and the keys.
//!
//! The machine carries out a key only by looking it up in [`bindings`], and the footer shows the same list, so that a
//! key that is shown works and a key that works is shown.

use crate::engine::choices::ConsentWay;
use crate::engine::forecast::Subject;
use crate::engine::ids::CheckId;

use super::effect::CopyItem;

mod actions;
mod connect;
mod items;
mod keys;
mod pick;
mod register;
mod secret;

pub use actions::actions;
pub use items::{first_action, further, items, last_row, lists, neighbour, preferred, selected};
pub use keys::{Binding, Command, bindings, footer, footer_in_full};
pub(super) use keys::{default_check, other_check};

/// Something that can be selected with the arrow keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Item {
    /// A check; Enter explains it.
    Check(CheckId),
    /// A line of the forecast; its evidence is unfolded while it is selected.
    Outlook(Subject),
    /// A row of the connector page that can be copied; Enter copies it.
    Row(CopyItem),
    /// A function app of the list, by resource id; Enter chooses it.
    App(String),
    /// A host name of the app; Enter chooses it.
    Host(String),
    /// A tenant of the list, by id; Enter goes to it.
    Tenant(String),
    /// A subscription to narrow the list of apps to, by id; `None` for all of them. Enter chooses it.
    Subscription(Option<String>),
    /// A registration that could be the connector's, by client id; Enter chooses it.
    Client(String),
    /// A candidate for the Resource URL; Enter chooses it.
    Resource(String),
    /// A lost secret, by key id; Enter plans its removal.
    Lost(String),
    /// A way to let the connector in; Enter chooses it.
    Consent(ConsentWay),
    /// A change of the shown plan, by index; Enter copies its `az` command.
    Change(usize),
    /// One of the portal's steps, by index; Enter opens its page.
    Step(usize),
    /// An action; Enter does it.
    Action(ActionId),
}

/// Every action there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionId {
    /// From the welcome to the sign-in.
    Start,
    /// Sign in with the browser.
    SignInBrowser,
    /// Sign in with a device code.
    SignInCode,
    /// Sign in with the session of `az`.
    SignInAz,
    /// Sign in with what the keyring keeps.
    SignInKept,
    /// Name the tenant to sign in to.
    NameTenant,
    /// Paste what the sign-in page says instead of coming back, at a sign-in or in a rehearsal.
    PageError,
    /// No sign-in: public checks only.
    PublicOnly,
    /// To the sign-in, from a stage: nobody is signed in, or no longer.
    SignInAgain,
    /// To the sign-in, for another person.
    SignInOther,
    /// Stop waiting for the sign-in.
    CancelSignIn,
    /// Copy the device code.
    CopyCode,
    /// Copy the address that is shown.
    CopyAddress,
    /// Open the page that is talked about.
    OpenPage,
    /// Practice only: play the person's part.
    PracticePart,
    /// Type the function app's address.
    TypeAddress,
    /// List the function apps, or the tenants, again.
    ListAgain,
    /// Choose another tenant.
    PickTenant,
    /// Look into one subscription only.
    PickSubscription,
    /// Choose one of the app's deployment slots.
    PickSlot,
    /// Choose another of the app's host names.
    PickHost,
    /// What this person can do here.
    Forecast,
    /// Choose another function app.
    PickAnother,
    /// Hand in what was typed.
    Submit,
    /// One level back.
    Back,
    /// On to the next stage, or to the end.
    Continue,
    /// Let the wizard do it: look afresh and show the plan.
    ForMe,
    /// Do it oneself, with the steps shown and the checks watched.
    Myself,
    /// A card for an administrator.
    AskAdmin,
    /// Copy that card.
    CopyCard,
    /// Look again now.
    LookAgain,
    /// Choose which registration is the connector's.
    ChooseClient,
    /// Copy the API's client ID, for a portal step that asks for it.
    CopyApiId,
    /// Copy the connector's client ID, for a portal step that asks for it.
    CopyClientId,
    /// Type the connector's client ID, where its registration cannot be seen.
    TypeClient,
    /// Carry the shown plan out.
    Confirm,
    /// Do not.
    Decline,
    /// Stop the running plan at a safe point.
    Stop,
    /// Go on looking for a change that has not been seen yet.
    KeepLooking,
    /// Make the plan again, after it stopped.
    PlanAgain,
    /// Paste the secret's value.
    EnterSecret,
    /// Try the held value once.
    ProbeSecret,
    /// Forget the held value, which was refused.
    ForgetSecret,
    /// Remove a secret of ours whose value is lost.
    RemoveLost,
    /// Leave the secret as it is and go on.
    GoOnWithout,
    /// "I copied the redirect URL": read the clipboard.
    CopiedRedirect,
    /// Type or paste the redirect URL.
    TypeRedirect,
    /// Forget the redirect URL that was taken.
    ForgetRedirect,
    /// What is needed now and then on the connect stage.
    More,
    /// "The page looks different": what to know then.
    LooksDifferent,
    /// Paste the text of an error, to have it explained.
    PasteError,
    /// To the stage where an error is mended that was explained, or that a rehearsal ended with.
    ToExplained,
    /// Choose how the connector is let in.
    ChooseConsent,
    /// To the first stage that is not done.
    ToOpen,
    /// Choose another Resource URL.
    ChooseResource,
    /// Write the files to import.
    WriteFiles,
    /// Try the whole chain.
    Rehearse,
    /// Paste the final address of the rehearsal's sign-in.
    PasteAddress,
    /// Stop the rehearsal.
    CancelRehearsal,
    /// Show the last answer again.
    ShowAnswer,
    /// To the stage where the secret is made or pasted.
    ToSecret,
    /// Close what lies on top.
    Close,
    /// Stay, after all.
    Stay,
    /// Clear the clipboard, then leave.
    ClearAndQuit,
    /// Leave.
    Quit,
}

/// Something that can be done, as a row or button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Which.
    pub id: ActionId,
    /// What it says.
    pub label: String,
    /// Whether it can be chosen now; shown in grey otherwise.
    pub enabled: bool,
    /// The letter that does it, where no text field has the focus.
    pub shortcut: Option<char>,
}

/// A key and what it does, for the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHint {
    /// The key, as people call it (`Enter`, `Up/Down`).
    pub key: String,
    /// What it does, one or two words.
    pub label: String,
}
