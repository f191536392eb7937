//! Everything the wizard can ask the loop to do. Plain data; nothing happens in here.

use crate::engine::change::Change;
use crate::engine::choices::Choices;
use crate::engine::ids::StageId;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Start work that brings one or more [`Answer`](super::Answer)s, each with this generation.
    Start {
        /// Comes back with every answer.
        generation: u64,
        /// The work.
        work: Work,
    },
    /// Abort all work (sign-ins, looks, watches, probes, rehearsals) of generations before this one, and forget its
    /// answers. A change that has been sent is never aborted: none is in hand when this effect is given.
    Drop {
        /// The present generation.
        before: u64,
    },
    /// Break off what the change in hand waits for before it is sent again, if it waits: then its `Applied` says
    /// `Cancelled`. A call that is under way is not broken off.
    BreakOff,
    /// Put something on the clipboard; answered by [`Event::Copied`](super::Event::Copied).
    Copy(Clip),
    /// Clear the clipboard if it still holds our secret; answered by `ClipboardCleared`.
    ClearClipboard,
    /// Clear and show the masked field; from now on its keys go to the vault.
    OpenSecretField,
    /// Hide and wipe the masked field without taking its value.
    CloseSecretField,
    /// Forget the held secret; answered by `Held`.
    ForgetSecret,
    /// Close the rehearsal's loopback port, if one is bound.
    CloseRehearsal,
    /// Keep these choices in their file.
    SaveChoices(Box<Choices>),
    /// Give the terminal back and stop the process group (Ctrl-Z); on return draw everything again.
    Suspend,
    /// Leave, with this exit code.
    Quit {
        /// Exit code (design section 6).
        code: u8,
    },
}

/// Work that takes time and brings answers.
///
/// Looks, plans and rehearsals use the choices that stand in [`State::choices`](super::State::choices) when the effect is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Sign in. Brings `SignIn` answers until done or failed.
    SignIn(SignInMethod),
    /// List the function apps of every subscription, and the tenants beside. Brings `TenantsListed` and `AppsListed`.
    ListApps,
    /// List an app and its deployment slots, by the id of either. Brings `SlotsListed`.
    ListSlots {
        /// Resource id.
        site: String,
    },
    /// List the tenants that know this person. Brings `TenantsListed`.
    ListTenants,
    /// Go on as the same person in another tenant. Brings `TenantSwitched`.
    SwitchTenant {
        /// Tenant id.
        tenant: String,
    },
    /// Look once. Brings `Observed` or `CouldNotObserve`.
    Observe(Part),
    /// Look now and then again and again, the pause being this many seconds. Brings `Observed` each time.
    Watch {
        /// What to look at.
        part: Part,
        /// Pause between two looks, in seconds.
        every_s: u32,
    },
    /// Send one change. Brings `Applied`, and `Waiting` while a call waits. Given only for what the person confirmed.
    Apply {
        /// Its index in the running plan; comes back.
        index: usize,
        /// What to send; no pending value is left in it.
        change: Box<Change>,
    },
    /// Read the clipboard's text. Brings `ClipboardRead`. Given only when the person said so.
    ReadClipboard,
    /// Open an address in the browser. Brings `BrowserOpened`.
    OpenUrl(String),
    /// Write the files that the connector page imports. Brings `FilesWritten`.
    WriteFiles {
        /// The folder, made where it does not exist.
        dir: String,
    },
    /// Judge what the masked field holds; take it into the vault if it looks like a value. Brings `SecretEntered`.
    SubmitSecretField,
    /// Try the held secret once at the token endpoint. Brings `SecretProbed`.
    ProbeSecret,
    /// Bind a loopback port for the rehearsal. Brings `RehearsalBound`; the port stays until `CloseRehearsal`.
    BindRehearsal,
    /// Rehearse over the bound port, the connector's own way. Brings `Rehearsal` answers until `Done`.
    StartRehearsal {
        /// The Resource URL to ask for.
        resource: String,
        /// The redirect URI that was bound and registered.
        redirect: String,
        /// The typed host name that was confirmed to get the token, where ARM does not show the app.
        token_to: Option<String>,
    },
    /// Use this final address, pasted by the person, for the running rehearsal. Brings `Rehearsal` answers.
    PasteRehearsalAddress(String),
    /// Practice only: play the person's part outside the terminal. Brings `PersonStepDone`.
    PersonStep(String),
}

/// Ways to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInMethod {
    /// In the browser on this machine.
    Browser,
    /// With a code, on any device.
    DeviceCode,
    /// With the session of a signed-in `az`.
    AzCli,
    /// With the sign-in that the operating system's keyring keeps.
    Kept,
}

/// Which part of the picture to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    All,
    /// What one stage's checks need.
    Stage(StageId),
}

/// What to put on the clipboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clip {
    /// An open value.
    Text {
        /// Which value it is.
        item: CopyItem,
        /// The value.
        text: String,
    },
    /// The held secret, taken from the vault by the loop (law 5).
    Secret,
}

/// A thing that can be copied, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CopyItem {
    /// The function app's host name.
    Host,
    /// The connector app's client id.
    ClientId,
    /// The connector app's client secret.
    ClientSecret,
    /// The base of the sign-in addresses.
    AuthorizationUrl,
    /// The tenant id.
    TenantId,
    /// The Resource URL.
    ResourceUrl,
    /// The redirect URL that came back.
    RedirectUrl,
    /// The API app's client id.
    ApiId,
    /// The device code.
    DeviceCode,
    /// The address of a sign-in.
    SignInAddress,
    /// The address of the rehearsal's sign-in.
    RehearsalAddress,
    /// The card for an administrator.
    AdminCard,
    /// The `az` command of a planned change.
    AzCommand,
    /// The address of a portal page.
    PageAddress,
}
