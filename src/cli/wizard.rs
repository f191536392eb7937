//! The wizard at the person's terminal: joins the screen to the loop.

use std::sync::Arc;
use std::time::Duration;

use crossterm::Command;
use crossterm::event::Event as Raw;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::drive::face::Face;
use crate::drive::person::PersonPart;
use crate::drive::{self, Machinery, Services};
use crate::engine::clouds::origin_text;
use crate::flow::effect::SignInMethod;
use crate::flow::state::{PublicClient, Setup, Timing};
use crate::flow::{Event, State};
use crate::platform::browser::Browser;
use crate::platform::clipboard::{ClipboardService, Osc52};
use crate::platform::env::Environment;
use crate::platform::keyring::Keyring;
use crate::platform::signals::Signals;
use crate::practice::Practice;
use crate::screen::terminal::{Guard, Out, TerminalError};
use crate::screen::{Keys, Look, Paint, Screen, is_taken};

use super::args::Common;
use super::exit::Exit;
use super::failure::Failure;
use super::ground::{AZURE_CLI, Ground, PracticeSignIn};
use super::output::Output;
use super::person_part::PracticePerson;
use crate::engine::words::{say, say_with};

/// How long a new secret lasts: what the portal recommends (microsoft-cloud 7.1), in days.
const SECRET_DAYS: i64 = 180;

/// Starts the wizard at the person's terminal and runs it to its end.
///
/// # Errors
/// When there is no usable terminal, or it is lost; when a name or a file on the command line cannot be used.
pub async fn start(common: &Common, environment: &Environment, output: &mut Output) -> Result<Exit, Failure> {
    if !environment.can_draw() {
        return Err(no_terminal());
    }
    let mut ground = Ground::prepare(common, environment, PracticeSignIn::AtThePage).await?;
    let (tell, calls) = unbounded_channel();
    ground.config.calls = Some(tell);
    let (tell, pauses) = unbounded_channel();
    ground.config.on_pause = Some(Arc::new(move |service, pause| {
        // Nobody may be listening any more; then nobody misses it.
        let _told = tell.send((service, pause));
    }));
    let http = ground.client();
    let practice = control_address(&ground);
    let played_at = |control| PracticePerson::new(control, &ground.config.extra_roots);
    let person = practice.map(played_at).transpose().map_err(|error| {
        Failure::new(Exit::OurFault, say_with("practising.not_reached", &[("error", &error.to_string())]))
    })?;
    let az = ground.az(environment);
    let mut setup = setup(&ground, common, environment, person.is_some());
    if az.is_some() {
        setup.methods.push(SignInMethod::AzCli);
    }
    let keeper = ground.keeper(Keyring::of_system());
    if keeper.is_some() {
        setup.methods.insert(0, SignInMethod::Kept);
    }
    let state = State::new(setup, ground.choices.clone(), ground.clock.now());
    let secret_on_clipboard = Duration::from_secs(state.setup.timing.secret_s.into());
    let machinery = Machinery {
        services: Services::new(http).with_az(az).with_keeper(keeper),
        clipboard: ClipboardService::new(environment),
        browser: if common.no_browser { Browser::off() } else { Browser::new(environment) },
        clock: ground.clock.clone(),
        choices_file: ground.choices_file.clone(),
        person: person.map(|person| Arc::new(person) as Arc<dyn PersonPart>),
        secret_on_clipboard,
        calls,
        pauses,
    };
    let look = Look { colour: !environment.no_color, unicode: environment.unicode && !common.ascii };
    let clock = ground.clock.clone();
    let (face, input) = Terminal::take(Paint::new(look, move || clock.zone()))?;
    let run = drive::run(state, face, machinery, input, Signals::listen().ok());
    let code = Box::pin(run).await.map_err(|error| lost(&error))?;
    if let Some(problem) = ground.recording_problem() {
        output.say(&problem);
    }
    Ok(if code == Exit::Interrupted.code() { Exit::Interrupted } else { Exit::Fine })
}

/// Where the practice cloud is controlled, when this is one: our own, or one that another process serves.
fn control_address(ground: &Ground) -> Option<String> {
    let served =
        || ground.cloud.site_origin.as_ref().map(|origin| format!("{}/_practice", origin_text(origin)));
    ground.practice.as_ref().map(Practice::control_url).or_else(served)
}

fn setup(ground: &Ground, common: &Common, environment: &Environment, practice: bool) -> Setup {
    let id = ground.config.client_id.clone();
    let name = if id == AZURE_CLI { "Azure CLI" } else { "" };
    Setup {
        practice,
        read_only: common.read_only,
        no_browser: common.no_browser || Browser::new(environment).unavailable().is_some(),
        remote: environment.is_remote,
        cloud: (*ground.cloud).clone(),
        client: PublicClient { id, name: name.to_owned() },
        // The browser that the person sees is not on a machine that is reached over SSH, so it cannot come back to it.
        methods: if environment.is_remote {
            vec![SignInMethod::DeviceCode, SignInMethod::Browser]
        } else {
            vec![SignInMethod::Browser, SignInMethod::DeviceCode]
        },
        files_dir: "handclasp-files".to_owned(),
        secret_days: SECRET_DAYS,
        // Nothing is far away on the practice cloud, and nobody pays for the calls.
        timing: if practice {
            Timing { watch_s: 2, landing_s: 1, ..Timing::default() }
        } else {
            Timing::default()
        },
    }
}

fn no_terminal() -> Failure {
    Failure::wrong_usage(say("at_start.no_terminal")).next(say("at_start.no_terminal_next"))
}

fn lost(error: &std::io::Error) -> Failure {
    Failure::new(Exit::OurFault, say_with("at_start.terminal_lost", &[("error", &error.to_string())]))
        .next(say("at_start.terminal_lost_next"))
}

/// The person's terminal as a face.
struct Terminal {
    guard: Guard,
    screen: Screen<CrosstermBackend<Out>>,
    keys: Keys,
    begun: Instant,
}

impl Terminal {
    fn take(paint: Paint) -> Result<(Self, UnboundedReceiver<Raw>), Failure> {
        let guard = Guard::take().map_err(|error| match error {
            TerminalError::NotATerminal(_) => no_terminal(),
            refused @ TerminalError::Refused(_) => Failure::new(Exit::OurFault, refused.to_string()),
        })?;
        let screen = Screen::of_terminal(paint).map_err(|error| lost(&error))?;
        let (to, from) = unbounded_channel();
        read(to);
        let terminal = Self { guard, screen, keys: Keys::of_system(), begun: Instant::now() };
        Ok((terminal, from))
    }
}

/// Reads the terminal's input on a thread of its own until it ends. It waits in the system, without waking up
/// while nothing comes; where the program is suspended it stops with it, and eats nothing of what the shell gets.
fn read(to: UnboundedSender<Raw>) {
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if to.send(event).is_err() {
                break;
            }
        }
    });
}

impl Face for Terminal {
    type Raw = Raw;
    type Error = std::io::Error;

    fn read(&mut self, raw: Raw, state: &State) -> Option<Event> {
        let event = self.keys.translate(&raw, self.begun.elapsed(), state.typing())?;
        if self.screen.take(&event, state) { None } else { Some(event) }
    }

    fn draw(&mut self, state: &State) -> std::io::Result<bool> {
        // A panic elsewhere has given the terminal back: what would be drawn now would land in the shell.
        if !is_taken() {
            return Err(std::io::Error::other("it was given back"));
        }
        self.screen.show(state)?;
        Ok(self.screen.has_room())
    }

    fn send_to_clipboard(&mut self, text: &Osc52) -> std::io::Result<()> {
        let mut sequence = String::new();
        text.command().write_ansi(&mut sequence).map_err(std::io::Error::other)?;
        let sequence = zeroize::Zeroizing::new(sequence);
        self.screen.pass_through(sequence.as_bytes())
    }

    fn leave(&mut self) -> std::io::Result<()> {
        self.guard.suspend();
        Ok(())
    }

    fn enter(&mut self) -> std::io::Result<()> {
        self.guard.resume()
    }

    fn redraw(&mut self) {
        self.screen.redraw();
    }
}
