//! The drive loop with a face in memory, on a practice cloud in the same process.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs::File;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use handclasp::cloud::har::Har;
use handclasp::cloud::http::{CloudConfig, Http};
use handclasp::drive::face::Face;
use handclasp::drive::{self, Keeper, Machinery, Services};
use handclasp::engine::choices::Choices;
use handclasp::engine::clouds::Cloud;
use handclasp::engine::findings::Finding;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::trouble::Trouble;
use handclasp::flow::State;
use handclasp::flow::effect::SignInMethod;
use handclasp::flow::event::{Event, Key};
use handclasp::flow::menu::{self, ActionId, Item};
use handclasp::flow::state::{Overlay, Page, Panel, PublicClient, Setup, Timing};
use handclasp::platform::browser::Browser;
use handclasp::platform::clipboard::{ClipboardService, MemoryClipboard, Osc52};
use handclasp::platform::clock::Clock;
use handclasp::platform::keyring::Keyring;
use handclasp::practice::world::{Call, Fault, World};
use handclasp::practice::{Options, Practice};
use handclasp::screen::Look;
use handclasp::screen::view::{Paint, render};
use handclasp::screen::widgets::doc::Scroll;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::recordings;
use tokio::task::JoinHandle;

/// How long anything may take before it counts as never happening.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long somebody reads before pressing Enter.
const READ: Duration = Duration::from_millis(60);
/// When Enter is pressed again that came before its page was read.
const PRESS_AGAIN: Duration = Duration::from_secs(4);

const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A face that remembers the last state it drew.
struct Memory {
    drawn: watch::Sender<State>,
}

impl Face for Memory {
    type Raw = Event;
    type Error = Infallible;

    fn read(&mut self, raw: Event, _state: &State) -> Option<Event> {
        Some(raw)
    }

    fn draw(&mut self, state: &State) -> Result<bool, Infallible> {
        self.drawn.send_replace(state.clone());
        Ok(true)
    }

    fn send_to_clipboard(&mut self, _text: &Osc52) -> Result<(), Infallible> {
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn redraw(&mut self) {}
}

/// A running wizard and its practice cloud.
pub struct Bench {
    pub practice: Arc<Practice>,
    pub clipboard: MemoryClipboard,
    keys: UnboundedSender<Event>,
    drawn: watch::Receiver<State>,
    run: JoinHandle<u8>,
    http: reqwest::Client,
    ticking: Option<JoinHandle<()>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.run.abort();
        if let Some(ticking) = &self.ticking {
            ticking.abort();
        }
    }
}

impl Bench {
    pub async fn start(scenario: &str) -> Self {
        Self::beside(begin(scenario).await, None).await
    }

    /// One whose waits go by so many times as fast as they are called.
    pub async fn at_speed(scenario: &str, speed: u32) -> Self {
        Self::run(begin(scenario).await, None, false, speed).await
    }

    /// A wizard that may only look.
    pub async fn read_only(scenario: &str) -> Self {
        Self::run(begin(scenario).await, None, true, 1).await
    }

    /// The same, keeping the sign-in in this keyring.
    pub async fn keeping(scenario: &str, keyring: Keyring) -> Self {
        Self::beside(begin(scenario).await, Some(keyring)).await
    }

    /// One more start of the wizard on a practice cloud that is there.
    pub async fn beside(practice: Arc<Practice>, keyring: Option<Keyring>) -> Self {
        Self::run(practice, keyring, false, 1).await
    }

    #[allow(clippy::unused_async, reason = "it starts tasks")]
    async fn run(practice: Arc<Practice>, keyring: Option<Keyring>, read_only: bool, speed: u32) -> Self {
        let cloud = Cloud::from_toml(&practice.cloud_toml()).unwrap();
        let clock = Clock::system();
        let (now, learns) = (clock.clone(), clock.clone());
        let mut config = CloudConfig::new(Arc::new(cloud.clone()), AZURE_CLI, Arc::new(move || now.now()));
        let (tell, calls) = unbounded_channel();
        config.calls = Some(tell);
        let (tell, pauses) = unbounded_channel();
        config.on_pause = Some(Arc::new(move |service, pause| {
            let _gone = tell.send((service, pause));
        }));
        config.on_server_time = Some(Arc::new(move |time| learns.learn(time)));
        config.limits.shortest_poll = Duration::from_millis(10);
        config.limits.first_wait = Duration::from_millis(1);
        config.limits.speed = speed;
        config.read_only = read_only;
        config.har = Some(recording());
        let mut setup = Setup {
            practice: true,
            read_only,
            no_browser: true,
            remote: false,
            cloud,
            client: PublicClient { id: AZURE_CLI.into(), name: "Azure CLI".into() },
            methods: vec![SignInMethod::Browser, SignInMethod::DeviceCode],
            files_dir: "handclasp-files".into(),
            secret_days: 180,
            timing: Timing { watch_s: 0, landing_s: 0, ..Timing::default() },
        };
        let choices = Choices { keep_signed_in: keyring.is_some(), ..Choices::default() };
        let keeper = keyring.map(|keyring| Arc::new(Keeper::new(keyring, &setup.cloud, AZURE_CLI)));
        if keeper.is_some() {
            setup.methods.insert(0, SignInMethod::Kept);
        }
        let state = State::new(setup, choices, clock.now());
        let (service, clipboard) = ClipboardService::in_memory();
        let machinery = Machinery {
            services: Services::new(Http::new(config)).with_keeper(keeper),
            clipboard: service,
            browser: Browser::off(),
            clock,
            choices_file: None,
            person: None,
            secret_on_clipboard: PATIENCE,
            calls,
            pauses,
        };
        let (keys, input) = unbounded_channel();
        let (draws, frames) = watch::channel(state.clone());
        let run = tokio::spawn(async move {
            let Ok(code) = Box::pin(drive::run(state, Memory { drawn: draws }, machinery, input, None)).await;
            code
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { practice, clipboard, keys, drawn: frames, run, http, ticking: None }
    }

    /// Changes the world behind everybody's back.
    pub fn world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.practice.world().lock())
    }

    /// From now on these faults strike, and no others.
    pub fn faults(&self, faults: &Value) {
        let faults: Vec<Fault> = serde_json::from_value(faults.clone()).unwrap();
        self.world(|world| world.faults = faults);
    }

    /// Lets the world's time run some twenty times as fast, so that its delays need not be waited for.
    /// Not faster: the wizard's own limits are counted by that clock, too.
    pub fn hurry(&mut self) {
        let world = self.practice.world();
        self.ticking = Some(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                world.lock().clock.advance(1);
            }
        }));
    }

    /// Every mutating call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.world(|world| world.calls.clone())
    }

    /// Method, end of the path and status of every mutating call.
    pub fn called(&self) -> Vec<(String, String, Option<u16>)> {
        let calls = self.calls().into_iter();
        calls
            .map(|call| {
                let end = call.path.rsplit('/').next().unwrap_or_default();
                let end = end.split('(').next().unwrap_or_default();
                let end = if uuid::Uuid::try_parse(end).is_ok() { "ID" } else { end };
                (call.method, end.to_owned(), call.status)
            })
            .collect()
    }

    /// What a person does at the practice cloud's pages.
    pub async fn act(&self, step: &str, mut arguments: Value) -> Value {
        arguments["step"] = step.into();
        let address = format!("{}/do", self.practice.control_url());
        let answer = self.http.post(address).json(&arguments).send().await.unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().await.unwrap());
        assert!(status.is_success(), "{step}: {body}");
        body
    }

    /// Goes to a sign-in page, decides there, and follows it back to the wizard.
    pub async fn visit(&self, address: &str, decline: bool) {
        let sent = self.act("sign-in", json!({ "url": address, "decline": decline })).await;
        self.http.get(sent["location"].as_str().unwrap()).send().await.unwrap();
    }

    pub fn press(&self, key: Key) {
        self.keys.send(Event::Key(key)).unwrap();
    }

    pub fn paste(&self, text: &str) {
        self.keys.send(Event::Paste(text.to_owned())).unwrap();
    }

    /// The wizard as it was drawn last.
    pub fn state(&self) -> State {
        self.drawn.borrow().clone()
    }

    /// Waits for the wizard to be drawn so; shows the whole screen when that never happens.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn(&State) -> bool) -> impl Future<Output = State> {
        let mut drawn = self.drawn.clone();
        let what = what.to_owned();
        let place = std::panic::Location::caller();
        async move {
            let found = tokio::time::timeout(PATIENCE, drawn.wait_for(|state| holds(state))).await;
            if let Ok(Ok(state)) = found {
                return state.clone();
            }
            drop(found);
            panic!("{place}: waited for {what}. The screen:\n{}", text_of(&drawn.borrow()));
        }
    }

    /// Goes to an item with the arrow keys.
    pub async fn go_to(&self, item: Item) {
        let wanted = item.clone();
        self.until(&format!("{item:?} to be offered"), move |state| menu::items(state).contains(&wanted))
            .await;
        for _ in 0..80 {
            let now = menu::selected(&self.state());
            if now.as_ref() == Some(&item) {
                return;
            }
            self.press(Key::Down);
            self.until("the selection to move", |state| menu::selected(state) != now).await;
        }
        panic!("{item:?} cannot be reached. The screen:\n{}", self.text());
    }

    /// Goes to an item and presses Enter, once it was read.
    pub async fn choose(&self, item: Item) {
        self.go_to(item).await;
        for _ in 0..15 {
            tokio::time::sleep(READ).await;
            let before = self.state();
            let page =
                (before.page.clone(), before.panel.clone(), before.overlays.clone(), before.copied.clone());
            self.press(Key::Enter);
            let mut drawn = self.drawn.clone();
            let moved = drawn.wait_for(|state| {
                (&state.page, &state.panel, &state.overlays, &state.copied)
                    != (&page.0, &page.1, &page.2, &page.3)
                    || state.looking != before.looking
                    || state.generation != before.generation
                    || state.apps != before.apps
            });
            if tokio::time::timeout(PRESS_AGAIN, moved).await.is_ok() {
                return;
            }
        }
        panic!("Enter does nothing. The screen:\n{}", self.text());
    }

    pub async fn act_on(&self, id: ActionId) {
        self.choose(Item::Action(id)).await;
    }

    /// Signs the scenario's person in with a code, and waits for the list of apps.
    pub async fn sign_in(&self) {
        self.act_on(ActionId::Start).await;
        self.sign_in_by_code().await;
    }

    /// Signs the scenario's person in with a code, from the page of the ways.
    pub async fn sign_in_by_code(&self) {
        self.act_on(ActionId::SignInCode).await;
        self.until("the code", |state| menu::items(state).contains(&Item::Action(ActionId::CopyCode))).await;
        self.act("approve-device-code", json!({})).await;
        self.until("the sign-in", |state| state.signed_in.is_some()).await;
    }

    /// Signs in and chooses the function app; where its set-up stands is found by looking.
    pub async fn at_the_app(&self) -> State {
        self.sign_in().await;
        self.choose_the_app().await
    }

    /// Chooses the function app from the list.
    pub fn choose_the_app(&self) -> LocalBoxFuture<'_, State> {
        // Boxed, since the states in it are large.
        Box::pin(async {
            let listed = self.until("the list of apps", |state| app(state).is_some()).await;
            self.choose(app(&listed).unwrap()).await;
            self.until("the first look", |state| state.looked_at.is_some() && state.panel != Panel::Preparing)
                .await
        })
    }

    /// On to a stage with the arrow keys.
    pub async fn to_stage(&self, stage: StageId) {
        while self.state().stage() != Some(stage) {
            let before = self.state().stage();
            self.press(if before < Some(stage) { Key::Right } else { Key::Left });
            self.until("another stage", |state| state.stage() != before).await;
        }
        self.until("a look", |state| !state.looking).await;
    }

    /// "For me", and yes to the plan.
    pub async fn for_me(&self, stage: StageId) {
        self.to_stage(stage).await;
        self.act_on(ActionId::ForMe).await;
        self.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        self.act_on(ActionId::Confirm).await;
    }

    /// Waits until the stage is done, agreeing to nothing more.
    pub async fn done(&self) -> State {
        self.until("the stage to be done", |state| state.stage_done() && state.panel == Panel::Overview).await
    }

    /// Waits for a message over the page.
    pub async fn told(&self) -> Trouble {
        let state = self.until("a message", |state| trouble(state).is_some()).await;
        trouble(&state).unwrap()
    }

    /// What stands on the screen, spaces and line breaks alike.
    pub fn text(&self) -> String {
        text_of(&self.state())
    }

    /// Presses Ctrl-C until the wizard has left; its exit code.
    pub async fn leave(mut self) -> u8 {
        self.press(Key::CtrlC);
        // With nothing at stake the first one was enough, and nobody may be there for the second.
        let _gone = self.keys.send(Event::Key(Key::CtrlC));
        tokio::time::timeout(PATIENCE, &mut self.run).await.unwrap().unwrap()
    }
}

/// A recording of this wizard's exchanges, refusals and all, to be held against published descriptions; one file for
/// each wizard of each test, named after the test.
fn recording() -> Arc<Har> {
    let file = File::create(recordings::file("wizard")).unwrap();
    Arc::new(Har::new(Box::new(file)).unwrap())
}

async fn begin(scenario: &str) -> Arc<Practice> {
    let practice = Practice::start(scenario, Options::default()).await.unwrap();
    practice.world().lock().switches.device_code_interval_s = 0;
    Arc::new(practice)
}

/// The first function app of the list.
fn app(state: &State) -> Option<Item> {
    menu::items(state).into_iter().find(|item| matches!(item, Item::App(_)))
}

/// The message that is shown: over the page, or on the page of the sign-in.
pub fn trouble(state: &State) -> Option<Trouble> {
    match (state.overlays.last(), &state.page) {
        (Some(Overlay::Trouble(trouble)), _) => Some(trouble.clone()),
        (None, Page::SignIn(sign_in)) => sign_in.trouble.as_deref().cloned(),
        _ => None,
    }
}

/// A check as it stands.
pub fn finding(state: &State, id: CheckId) -> Finding {
    state.findings.check(id).unwrap().clone()
}

/// The wizard drawn large, as one line of text; no character of it may do anything to a terminal.
pub fn text_of(state: &State) -> String {
    let area = Rect::new(0, 0, 120, 60);
    let mut buffer = Buffer::empty(area);
    let paint = Paint::new(Look { colour: true, unicode: true }, || TimeZone::UTC);
    render(state, &paint, &mut Scroll::default(), area, &mut buffer);
    let mut text = String::new();
    for y in 0..area.height {
        let row: String = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
        writeln!(text, "{}", row.trim_end()).unwrap();
    }
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    text
}

/// A message has what happened and what to do next, in sentences, and nothing that acts on a terminal.
#[track_caller]
pub fn assert_helpful(trouble: &Trouble) {
    assert!(!trouble.what.trim().is_empty() && !trouble.next.trim().is_empty(), "{trouble:?}");
    for text in [&trouble.what, &trouble.means, &trouble.next, &trouble.original] {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{trouble:?}");
    }
}
