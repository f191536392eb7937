//! The clipboard as the rest of the program sees it: copy, read when asked, and take a secret off again.

use std::fmt;
use std::io;
use std::sync::Arc;

use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::backend::{Backend, BackendError};
use super::hand::Hand;
use super::helper::Helpers;
use super::lease::{Lease, Mark, Ticket};
use super::route::{self, Route};
use super::{
    Cleared, CopyFailure, CopyRequest, MAX_READ, MemoryClipboard, Osc52, Outcome, ReadFailure,
    SecretPresence, Sensitivity, text,
};
use crate::platform::env::{Environment, System};

/// The person's clipboard. Clones share it. Keep one for the whole run: on X11 and Wayland a copied text lives
/// only as long as this does. Dropping the last clone never waits; [`ClipboardService::shutdown`] does, a little.
#[derive(Clone)]
pub struct ClipboardService(Arc<Inner>);

struct Inner {
    here: Environment,
    hand: Hand,
    helpers: Helpers,
    /// Held through each operation, so that they follow one another.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    copies: u64,
    lease: Option<Lease>,
}

impl ClipboardService {
    /// The real clipboard of this machine. Nothing is opened before the first use.
    pub fn new(environment: &Environment) -> Self {
        Self::with(environment, Hand::native(), Helpers::usual())
    }

    /// A clipboard in memory on a local desktop, and the handle to look at it and to let it fail.
    pub fn in_memory() -> (Self, MemoryClipboard) {
        Self::in_memory_on(&Environment::desktop())
    }

    /// The same in other surroundings, such as a remote session. No other program is ever started.
    pub fn in_memory_on(environment: &Environment) -> (Self, MemoryClipboard) {
        let memory = MemoryClipboard::default();
        (Self::with(environment, Hand::memory(memory.clone()), Helpers::default()), memory)
    }

    fn with(here: &Environment, hand: Hand, helpers: Helpers) -> Self {
        Self(Arc::new(Inner { here: here.clone(), hand, helpers, state: Mutex::default() }))
    }

    /// Puts a text on the person's clipboard by the best way there is, and says what is known of it.
    pub async fn copy(&self, request: CopyRequest) -> Outcome {
        let length = request.text.expose_secret().len();
        if length == 0 {
            return Outcome::Failed(CopyFailure::Empty);
        }
        let mut state = self.0.state.lock().await;
        let mut failure = CopyFailure::NoClipboard;
        for route in route::plan(&self.0.here) {
            if length > route.limit() {
                // A clipboard that broke says more than the size limit of its substitute.
                if failure == CopyFailure::NoClipboard {
                    failure = CopyFailure::TooLong(route.limit());
                }
                continue;
            }
            if request.sensitivity == Sensitivity::Secret
                && !request.consented
                && let Some(concern) = route.concern(&self.0.here)
            {
                return Outcome::NeedsConsent(concern);
            }
            match self.try_route(route, &request, &mut state).await {
                Ok(outcome) => return outcome,
                Err(error) => failure = error,
            }
        }
        Outcome::Failed(failure)
    }

    /// The text on the person's clipboard, at most [`MAX_READ`] bytes, without control characters and with plain
    /// line ends. To be called only when the person says so.
    pub async fn read_text(&self) -> Result<String, ReadFailure> {
        if self.0.here.is_remote {
            return Err(ReadFailure::Remote);
        }
        let _turn = self.0.state.lock().await;
        let mut failure = ReadFailure::NoClipboard;
        for route in route::plan(&self.0.here) {
            let read = match route {
                Route::Native => self.0.hand.ask(Backend::read).await.map_err(ReadFailure::from),
                Route::WindowsShell => self.0.helpers.read_from_windows().await.map_err(ReadFailure::from),
                Route::Tmux | Route::Terminal => continue,
            };
            match read {
                Ok(raw) => return checked(&raw),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Takes the text of this copy off the clipboard, if it is still there and nothing newer of ours came after it.
    pub async fn clear_if_ours(&self, ticket: Ticket) -> Cleared {
        let mut state = self.0.state.lock().await;
        self.clear(&mut state, ticket).await
    }

    /// Whether a secret of ours is on the clipboard: to ask before quitting.
    pub async fn secret_on_clipboard(&self) -> SecretPresence {
        let mut state = self.0.state.lock().await;
        let Some(lease) = state.lease.clone().filter(|lease| lease.sensitivity == Sensitivity::Secret) else {
            return SecretPresence::No;
        };
        if !self.may_look() {
            return SecretPresence::Perhaps(lease.ticket);
        }
        let mark = lease.mark;
        let held = match lease.route {
            Route::WindowsShell => self.0.helpers.windows_holds(&mark).await.ok(),
            _ => self.0.hand.ask(move |backend| backend.holds(&mark)).await.ok(),
        };
        match held {
            Some(true) => SecretPresence::Yes(lease.ticket),
            Some(false) => {
                state.lease = None;
                SecretPresence::No
            }
            None => SecretPresence::Perhaps(lease.ticket),
        }
    }

    /// Ends the service before the program ends: takes a secret of ours off the clipboard, and lets a clipboard
    /// manager take over anything else. `None` if no secret was to be taken off.
    pub async fn shutdown(&self) -> Option<Cleared> {
        let mut state = self.0.state.lock().await;
        let secret = state.lease.as_ref().filter(|lease| lease.sensitivity == Sensitivity::Secret);
        let cleared = match secret.map(|lease| lease.ticket) {
            Some(ticket) => Some(self.clear(&mut state, ticket).await),
            None => None,
        };
        self.0.hand.end().await;
        cleared
    }

    async fn try_route(
        &self,
        route: Route,
        request: &CopyRequest,
        state: &mut State,
    ) -> Result<Outcome, CopyFailure> {
        match route {
            Route::Native => {
                let (text, sensitivity, look) = (request.text.clone(), request.sensitivity, self.may_look());
                let written = self.0.hand.ask(move |backend| backend.write(&text, sensitivity, look)).await;
                match written {
                    Ok(()) => Ok(Outcome::Copied(state.leased(route, request))),
                    Err(error) => {
                        if error.may_have_written() && sensitivity == Sensitivity::Secret {
                            // Should it be there after all, the end of the program still takes it off.
                            state.leased(route, request);
                        }
                        Err(error.into())
                    }
                }
            }
            Route::WindowsShell => {
                self.0.helpers.write_to_windows(&request.text).await?;
                Ok(Outcome::Copied(state.leased(route, request)))
            }
            Route::Tmux => {
                self.0.helpers.send_through_tmux(&request.text, request.sensitivity).await?;
                Ok(Outcome::SentToTerminal)
            }
            Route::Terminal => Ok(Outcome::Terminal(Osc52(request.text.clone()))),
        }
    }

    async fn clear(&self, state: &mut State, ticket: Ticket) -> Cleared {
        let Some(lease) = state.lease.clone().filter(|lease| lease.ticket == ticket) else {
            return Cleared::Superseded;
        };
        if !self.may_look() {
            return Cleared::CannotTell;
        }
        let mark = lease.mark;
        let cleared = if lease.route == Route::WindowsShell {
            self.0.helpers.clear_windows_if(&mark).await.map_err(|error| sentence(&error))
        } else {
            let asked = self.0.hand.ask(move |backend| backend.clear_if(&mark)).await;
            asked.map_err(|error| text::cleaned(&error.to_string()))
        };
        match cleared {
            Ok(cleared) => {
                state.lease = None;
                cleared
            }
            Err(words) => Cleared::Failed(words),
        }
    }

    /// On macOS a program that reads the clipboard may raise an alert (rust-tui-models (c)).
    fn may_look(&self) -> bool {
        self.0.here.system != System::MacOs
    }
}

impl State {
    fn leased(&mut self, route: Route, request: &CopyRequest) -> Ticket {
        self.copies += 1;
        let ticket = Ticket(self.copies);
        let (mark, sensitivity) = (Mark::of(&request.text), request.sensitivity);
        self.lease = Some(Lease { ticket, route, sensitivity, mark });
        ticket
    }
}

fn checked(raw: &Zeroizing<String>) -> Result<String, ReadFailure> {
    if raw.len() > MAX_READ {
        return Err(ReadFailure::TooLong(MAX_READ));
    }
    let clean = text::cleaned(raw);
    if clean.trim().is_empty() { Err(ReadFailure::NoText) } else { Ok(clean) }
}

fn sentence(error: &io::Error) -> String {
    format!("{}.", text::cleaned(&error.to_string()))
}

impl From<io::Error> for CopyFailure {
    fn from(error: io::Error) -> Self {
        Self::Refused(sentence(&error))
    }
}

impl From<io::Error> for ReadFailure {
    fn from(error: io::Error) -> Self {
        Self::Refused(sentence(&error))
    }
}

impl From<BackendError> for CopyFailure {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Missing(_) => Self::NoClipboard,
            other => Self::Refused(text::cleaned(&other.to_string())),
        }
    }
}

impl From<BackendError> for ReadFailure {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::NoText => Self::NoText,
            BackendError::Missing(_) => Self::NoClipboard,
            other => Self::Refused(text::cleaned(&other.to_string())),
        }
    }
}

impl fmt::Debug for ClipboardService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClipboardService").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Concern, Fault, MAX_COPY, MAX_TERMINAL_COPY};
    use super::*;

    fn secret() -> CopyRequest {
        CopyRequest::secret("canary-4711".into())
    }

    fn remote() -> Environment {
        Environment { is_remote: true, ..Environment::desktop() }
    }

    fn mac() -> Environment {
        Environment { system: System::MacOs, ..Environment::desktop() }
    }

    async fn copied(service: &ClipboardService, request: CopyRequest) -> Ticket {
        match service.copy(request).await {
            Outcome::Copied(ticket) => ticket,
            other => panic!("not copied: {other:?}"),
        }
    }

    #[tokio::test]
    async fn plain_values_go_on_the_clipboard_and_may_be_remembered() {
        let (service, memory) = ClipboardService::in_memory();
        copied(&service, CopyRequest::plain("contoso-hello.azurewebsites.net")).await;
        assert_eq!(memory.content().as_deref(), Some("contoso-hello.azurewebsites.net"));
        assert_eq!(memory.history(), ["contoso-hello.azurewebsites.net"]);
        assert!(!memory.is_marked_secret());
    }

    #[tokio::test]
    async fn a_secret_is_marked_as_one() {
        let (service, memory) = ClipboardService::in_memory();
        copied(&service, secret()).await;
        assert_eq!(memory.content().as_deref(), Some("canary-4711"));
        assert!(memory.is_marked_secret());
        assert!(memory.history().is_empty());
    }

    #[tokio::test]
    async fn a_remote_session_hands_plain_values_to_the_terminal() {
        let (service, memory) = ClipboardService::in_memory_on(&remote());
        let outcome = service.copy(CopyRequest::plain("host")).await;
        assert!(matches!(&outcome, Outcome::Terminal(osc) if osc.command().content == "host"));
        assert_eq!(memory.content(), None);
    }

    #[tokio::test]
    async fn a_secret_goes_to_the_terminal_only_with_consent() {
        let (service, _) = ClipboardService::in_memory_on(&remote());
        assert!(matches!(service.copy(secret()).await, Outcome::NeedsConsent(Concern::Terminal)));
        let outcome = service.copy(secret().with_consent()).await;
        assert!(matches!(&outcome, Outcome::Terminal(osc) if osc.command().content == "canary-4711"));
    }

    #[tokio::test]
    async fn a_clipboard_that_fails_leaves_the_terminal() {
        let (service, memory) = ClipboardService::in_memory();
        for fault in [Fault::Missing, Fault::Occupied(100), Fault::LosesWrites, Fault::Broken("no.")] {
            memory.set_fault(Some(fault));
            assert!(
                matches!(service.copy(CopyRequest::plain("host")).await, Outcome::Terminal(_)),
                "{fault:?}"
            );
            let outcome = service.copy(secret()).await;
            assert!(matches!(outcome, Outcome::NeedsConsent(Concern::Terminal)), "{fault:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_copied_is_never_called_copied() {
        let piped = Environment { stdout_is_terminal: false, ..Environment::desktop() };
        let (service, memory) = ClipboardService::in_memory_on(&piped);
        memory.set_fault(Some(Fault::Broken("the display\u{1b}[2J is gone.")));
        let Outcome::Failed(failure) = service.copy(CopyRequest::plain("host")).await else {
            panic!("it must fail");
        };
        assert_eq!(failure.to_string(), "The clipboard did not take the text: the display[2J is gone.");
        memory.set_fault(Some(Fault::LosesWrites));
        let outcome = service.copy(CopyRequest::plain("host")).await;
        assert!(matches!(outcome, Outcome::Failed(CopyFailure::Refused(_))));
        memory.set_fault(Some(Fault::Missing));
        let outcome = service.copy(CopyRequest::plain("host")).await;
        assert!(matches!(outcome, Outcome::Failed(CopyFailure::NoClipboard)));
        let (service, _) = ClipboardService::in_memory_on(&Environment { x11_display: None, ..piped });
        let outcome = service.copy(CopyRequest::plain("host")).await;
        assert!(matches!(outcome, Outcome::Failed(CopyFailure::NoClipboard)));
    }

    #[tokio::test]
    async fn empty_and_huge_texts_are_refused() {
        let (service, memory) = ClipboardService::in_memory();
        let copy = |length| service.copy(CopyRequest::plain("x".repeat(length)));
        assert!(matches!(copy(0).await, Outcome::Failed(CopyFailure::Empty)));
        assert!(matches!(copy(MAX_COPY + 1).await, Outcome::Failed(CopyFailure::TooLong(MAX_COPY))));
        assert_eq!(memory.content(), None);
        assert!(matches!(copy(MAX_COPY).await, Outcome::Copied(_)));
        memory.set_fault(Some(Fault::Broken("no.")));
        assert!(matches!(copy(MAX_TERMINAL_COPY).await, Outcome::Terminal(_)));
        let outcome = copy(MAX_TERMINAL_COPY + 1).await;
        assert!(matches!(outcome, Outcome::Failed(CopyFailure::Refused(_))), "{outcome:?}");
        let (service, _) = ClipboardService::in_memory_on(&remote());
        let outcome = service.copy(CopyRequest::plain("x".repeat(MAX_TERMINAL_COPY + 1))).await;
        assert!(matches!(outcome, Outcome::Failed(CopyFailure::TooLong(MAX_TERMINAL_COPY))));
    }

    #[tokio::test]
    async fn a_secret_is_taken_off_only_while_it_is_there() {
        let (service, memory) = ClipboardService::in_memory();
        let ticket = copied(&service, secret()).await;
        memory.copied_by_another("a love letter");
        assert_eq!(service.clear_if_ours(ticket).await, Cleared::NotOurs);
        assert_eq!(memory.content().as_deref(), Some("a love letter"));
        let ticket = copied(&service, secret()).await;
        assert_eq!(service.clear_if_ours(ticket).await, Cleared::Cleared);
        assert_eq!(memory.content(), None);
        assert_eq!(service.clear_if_ours(ticket).await, Cleared::Superseded);
    }

    #[tokio::test]
    async fn an_old_timer_does_not_cut_a_newer_copy_short() {
        let (service, memory) = ClipboardService::in_memory();
        let first = copied(&service, secret()).await;
        let second = copied(&service, secret()).await;
        assert_eq!(service.clear_if_ours(first).await, Cleared::Superseded);
        assert!(memory.content().is_some());
        assert_eq!(service.clear_if_ours(second).await, Cleared::Cleared);
    }

    #[tokio::test]
    async fn clearing_that_fails_can_be_tried_again() {
        let (service, memory) = ClipboardService::in_memory();
        let ticket = copied(&service, secret()).await;
        memory.set_fault(Some(Fault::Broken("busy.")));
        assert_eq!(service.clear_if_ours(ticket).await, Cleared::Failed("busy.".to_owned()));
        assert_eq!(service.secret_on_clipboard().await, SecretPresence::Perhaps(ticket));
        memory.set_fault(None);
        assert_eq!(service.clear_if_ours(ticket).await, Cleared::Cleared);
    }

    #[tokio::test]
    async fn a_live_secret_is_known_before_quitting() {
        let (service, memory) = ClipboardService::in_memory();
        assert_eq!(service.secret_on_clipboard().await, SecretPresence::No);
        let ticket = copied(&service, secret()).await;
        assert_eq!(service.secret_on_clipboard().await, SecretPresence::Yes(ticket));
        memory.copied_by_another("else");
        assert_eq!(service.secret_on_clipboard().await, SecretPresence::No);
        copied(&service, secret()).await;
        copied(&service, CopyRequest::plain("host")).await;
        assert_eq!(service.secret_on_clipboard().await, SecretPresence::No);
    }

    #[tokio::test]
    async fn on_macos_nothing_is_read_that_the_person_did_not_ask_for() {
        let (service, memory) = ClipboardService::in_memory_on(&mac());
        memory.set_fault(Some(Fault::LosesWrites));
        let ticket = copied(&service, secret()).await;
        assert_eq!(service.clear_if_ours(ticket).await, Cleared::CannotTell);
        assert_eq!(service.secret_on_clipboard().await, SecretPresence::Perhaps(ticket));
        assert_eq!(service.shutdown().await, Some(Cleared::CannotTell));
    }

    #[tokio::test]
    async fn the_end_takes_secrets_off_and_leaves_the_rest() {
        let (service, memory) = ClipboardService::in_memory();
        copied(&service, secret()).await;
        assert_eq!(service.shutdown().await, Some(Cleared::Cleared));
        assert_eq!(memory.content(), None);
        let (service, memory) = ClipboardService::in_memory();
        copied(&service, CopyRequest::plain("host")).await;
        assert_eq!(service.shutdown().await, None);
        assert_eq!(memory.content().as_deref(), Some("host"));
    }

    #[tokio::test]
    async fn reading_gives_clean_text_or_a_reason() {
        let (service, memory) = ClipboardService::in_memory();
        assert_eq!(service.read_text().await, Err(ReadFailure::NoText));
        memory.copied_by_another("https://contoso.com/redirect\r\n\u{1b}[31m");
        assert_eq!(service.read_text().await.as_deref(), Ok("https://contoso.com/redirect\n[31m"));
        memory.copied_by_another("\u{200b}\r\n ");
        assert_eq!(service.read_text().await, Err(ReadFailure::NoText));
        memory.copied_by_another(&"x".repeat(MAX_READ + 1));
        assert_eq!(service.read_text().await, Err(ReadFailure::TooLong(MAX_READ)));
        memory.set_fault(Some(Fault::Broken("no.")));
        assert_eq!(service.read_text().await, Err(ReadFailure::Refused("no.".to_owned())));
        memory.set_fault(Some(Fault::Missing));
        assert_eq!(service.read_text().await, Err(ReadFailure::NoClipboard));
    }

    #[tokio::test]
    async fn the_far_machine_s_clipboard_is_never_read() {
        let (service, memory) = ClipboardService::in_memory_on(&remote());
        memory.copied_by_another("somebody else's");
        assert_eq!(service.read_text().await, Err(ReadFailure::Remote));
        let (service, _) =
            ClipboardService::in_memory_on(&Environment { x11_display: None, ..Environment::desktop() });
        assert_eq!(service.read_text().await, Err(ReadFailure::NoClipboard));
    }

    #[cfg(unix)]
    mod with_helpers {
        use super::super::super::helper::tests::StandIn;
        use super::*;

        fn wsl() -> Environment {
            Environment { is_wsl: true, x11_display: None, ..Environment::desktop() }
        }

        fn service(here: &Environment, helpers: Helpers) -> ClipboardService {
            ClipboardService::with(here, Hand::memory(MemoryClipboard::default()), helpers)
        }

        #[tokio::test]
        async fn wsl_reaches_windows_through_its_shell() {
            let windows = StandIn::windows();
            let service = service(&wsl(), windows.as_shell());
            copied(&service, CopyRequest::plain("host")).await;
            assert_eq!(windows.left("clip").as_deref(), Some("host"));
            assert_eq!(service.read_text().await.as_deref(), Ok("host"));
        }

        #[tokio::test]
        async fn a_secret_crosses_to_windows_with_consent_and_is_taken_off() {
            let windows = StandIn::windows();
            let service = service(&wsl(), windows.as_shell());
            assert!(matches!(service.copy(secret()).await, Outcome::NeedsConsent(Concern::WindowsHistory)));
            let ticket = copied(&service, secret().with_consent()).await;
            assert_eq!(service.secret_on_clipboard().await, SecretPresence::Yes(ticket));
            assert_eq!(service.shutdown().await, Some(Cleared::Cleared));
            assert_eq!(windows.left("clip").as_deref(), Some(""));
        }

        #[tokio::test]
        async fn tmux_is_asked_first_and_the_escape_sequence_is_the_spare() {
            let here = Environment { is_tmux: true, ..remote() };
            let knows =
                StandIn::new("case $1 in display-message) echo clipboard;; load-buffer) cat >buffer;; esac");
            let outcome = service(&here, knows.as_tmux()).copy(CopyRequest::plain("host")).await;
            assert!(matches!(outcome, Outcome::SentToTerminal));
            assert_eq!(knows.left("buffer").as_deref(), Some("host"));
            let knows_not = StandIn::new("exit 1");
            let outcome = service(&here, knows_not.as_tmux()).copy(CopyRequest::plain("host")).await;
            assert!(matches!(outcome, Outcome::Terminal(_)));
        }
    }
}
