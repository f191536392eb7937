//! The wizard at the person's terminal: joins the screen to the loop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::Command;
use crossterm::event::{Event as Raw, EventStream};
use futures_util::StreamExt;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::cloud::call_log::CallRecord;
use crate::cloud::http::Http;
use crate::drive::face::Face;
use crate::drive::person::PersonPart;
use crate::drive::{self, Machinery, Services};
use crate::engine::choices::Choices;
use crate::engine::clouds::Cloud;
use crate::flow::effect::SignInMethod;
use crate::flow::state::{PublicClient, Setup, Timing};
use crate::flow::{Event, State};
use crate::platform::browser::Browser;
use crate::platform::clipboard::{ClipboardService, Osc52};
use crate::platform::clock::Clock;
use crate::platform::env::Environment;
use crate::platform::signals::Signals;
use crate::screen::terminal::{Guard, Out, TerminalError};
use crate::screen::{Keys, Look, Paint, Screen};

/// How long a copied secret stays on the clipboard.
const SECRET_ON_CLIPBOARD: Duration = Duration::from_secs(120);

/// How long a new secret lasts: what the portal recommends (microsoft-cloud 7.1), in days.
const SECRET_DAYS: i64 = 180;

/// Everything that the wizard starts with.
pub struct Start {
    /// The surroundings.
    pub environment: Environment,
    /// The cloud.
    pub cloud: Arc<Cloud>,
    /// Its HTTP client.
    pub http: Http,
    /// One record for every exchange.
    pub calls: UnboundedReceiver<CallRecord>,
    /// The clock.
    pub clock: Clock,
    /// What was chosen before or on the command line.
    pub choices: Choices,
    /// Where choices are kept.
    pub choices_file: Option<PathBuf>,
    /// Control endpoint of the practice cloud, when practising.
    pub practice: Option<String>,
    /// Nothing may be changed.
    pub read_only: bool,
    /// No browser is to be opened.
    pub no_browser: bool,
    /// Plain letters only.
    pub ascii: bool,
    /// The public client that signs in.
    pub client: PublicClient,
}

/// Why the wizard could not run.
#[derive(Debug, thiserror::Error)]
pub enum WizardError {
    /// The terminal could not be taken, or was lost.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// It could not be drawn on any more.
    #[error("The terminal can no longer be drawn on: {0}")]
    Drawing(#[from] std::io::Error),
    /// The practice cloud's person could not be set up.
    #[error("The practice cloud could not be reached: {0}")]
    Practice(#[from] reqwest::Error),
}

/// Runs the wizard; gives its exit code.
///
/// # Errors
/// When there is no usable terminal, or it is lost.
pub async fn run(start: Start) -> Result<u8, WizardError> {
    let clipboard = ClipboardService::new(&start.environment);
    let person = match &start.practice {
        Some(control) => Some(super::person::PracticePerson::new(control.clone())?),
        None => None,
    };
    let look =
        Look { colour: !start.environment.no_color, unicode: start.environment.unicode && !start.ascii };
    let paint = Paint::new(look, start.clock.zone());
    let (face, input) = Terminal::take(paint)?;
    let machinery = Machinery {
        services: Services::new(start.http.clone()),
        clipboard,
        browser: if start.no_browser { Browser::off() } else { Browser::new(&start.environment) },
        clock: start.clock.clone(),
        choices_file: start.choices_file.clone(),
        person: person.map(|p| Arc::new(p) as Arc<dyn PersonPart>),
        secret_on_clipboard: SECRET_ON_CLIPBOARD,
        calls: start.calls,
    };
    let practice = start.practice.is_some();
    let setup = Setup {
        practice,
        read_only: start.read_only,
        no_browser: start.no_browser,
        remote: start.environment.is_remote,
        cloud: (*start.cloud).clone(),
        client: start.client,
        methods: vec![SignInMethod::Browser, SignInMethod::DeviceCode],
        files_dir: "handclasp-files".to_owned(),
        scope_id: uuid::Uuid::new_v4().to_string(),
        secret_days: SECRET_DAYS,
        timing: if practice {
            Timing { watch_s: 2, landing_s: 1, ..Timing::default() }
        } else {
            Timing::default()
        },
    };
    let state = State::new(setup, start.choices, start.clock.now());
    let signals = Signals::listen().ok();
    Ok(drive::run(state, face, machinery, input, signals).await?)
}

/// The person's terminal as a face.
struct Terminal {
    guard: Guard,
    screen: Screen<CrosstermBackend<Out>>,
    keys: Keys,
    begun: Instant,
    to: UnboundedSender<Raw>,
    reading: JoinHandle<()>,
}

impl Terminal {
    fn take(paint: Paint) -> Result<(Self, UnboundedReceiver<Raw>), WizardError> {
        let guard = Guard::take()?;
        let screen = Screen::of_terminal(paint)?;
        let (to, from) = unbounded_channel();
        let reading = read(to.clone());
        let terminal = Self { guard, screen, keys: Keys::of_system(), begun: Instant::now(), to, reading };
        Ok((terminal, from))
    }
}

/// Reads the terminal's input until it ends or the task is dropped.
fn read(to: UnboundedSender<Raw>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut events = EventStream::new();
        while let Some(Ok(event)) = events.next().await {
            if to.send(event).is_err() {
                break;
            }
        }
    })
}

impl Face for Terminal {
    type Raw = Raw;
    type Error = std::io::Error;

    fn read(&mut self, raw: Raw, state: &State) -> Option<Event> {
        let event = self.keys.translate(&raw, self.begun.elapsed(), state.typing())?;
        if self.screen.take(&event, state) { None } else { Some(event) }
    }

    fn draw(&mut self, state: &State) -> std::io::Result<()> {
        self.screen.show(state).map(|_| ())
    }

    fn send_to_clipboard(&mut self, text: &Osc52) -> std::io::Result<()> {
        let mut sequence = String::new();
        text.command().write_ansi(&mut sequence).map_err(std::io::Error::other)?;
        let sequence = zeroize::Zeroizing::new(sequence);
        self.screen.pass_through(sequence.as_bytes())
    }

    fn leave(&mut self) -> std::io::Result<()> {
        // The reader would go on eating input while another program has the terminal.
        self.reading.abort();
        self.guard.suspend();
        Ok(())
    }

    fn enter(&mut self) -> std::io::Result<()> {
        self.guard.resume()?;
        self.reading = read(self.to.clone());
        Ok(())
    }

    fn redraw(&mut self) {
        self.screen.redraw();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
