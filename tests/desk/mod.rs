//! A person at a desk, for tests: signed in to a practice cloud through the clients that go to Microsoft,
//! carrying out plans, opening pages in a browser, and recording what went over the wire.
#![allow(dead_code, reason = "each test uses its own part of the desk")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handclasp::cloud::change::{Applied, Patience, Writer};
use handclasp::cloud::har::Har;
use handclasp::cloud::http::{CloudConfig, Http};
use handclasp::cloud::observe::{Observer, Part};
use handclasp::cloud::reader::Reader;
use handclasp::cloud::rehearsal::{Chain, Listener, rehearse};
use handclasp::cloud::sign_in::{Session, SignIn, SignInEvent};
use handclasp::engine::change::Change;
use handclasp::engine::checks::assess;
use handclasp::engine::choices::{AppChoice, Choices};
use handclasp::engine::clouds::Cloud;
use handclasp::engine::facts::{Facts, Rehearsal};
use handclasp::engine::findings::Verdict;
use handclasp::engine::held::Held;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::plan::{Plan, PlanInput, landed, plan};
use handclasp::engine::policies::{SecretRefusal, secret_refusal, shorter};
use handclasp::engine::target::target;
use handclasp::engine::trouble::Trouble;
use handclasp::practice::world::{FaultAction, World};
use handclasp::practice::{Options, Practice};
use jiff::Timestamp;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::recordings;

/// Azure CLI's client id, which the practice tenants know as every tenant does.
pub const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// One change that was made, and what came of it.
pub struct Done {
    pub change: Change,
    pub applied: Applied,
}

/// The desk. Its practice cloud's clock moves only when something waits.
pub struct Desk {
    pub practice: Practice,
    pub http: Http,
    pub session: Session,
    /// The sign-in that is worked with now: a stronger one, once it was demanded.
    current: Arc<Mutex<Session>>,
    pub reader: Reader,
    pub observer: Observer,
    pub choices: Choices,
    /// What asks for a person's steps.
    hand: reqwest::Client,
    browser: Browser,
    /// What its recording is called.
    name: String,
}

impl Desk {
    /// Ada at the beginning of a scenario, signed in by device code.
    pub async fn start(scenario: &str) -> Self {
        Self::of(scenario, "ada").await
    }

    /// The same, with every exchange recorded under this name instead of the test's.
    pub async fn recorded(scenario: &str, name: &str) -> Self {
        Self::open(scenario, name, "ada").await
    }

    /// Somebody at the beginning of a scenario.
    pub async fn of(scenario: &str, user: &str) -> Self {
        Self::open(scenario, &recordings::name(&format!("desk-{scenario}")), user).await
    }

    /// The same, recorded under this name.
    pub async fn open(scenario: &str, name: &str, user: &str) -> Self {
        let practice = begin(scenario, user).await;
        let http = client(&practice, name);
        let (events, _heard) = unbounded_channel();
        match SignIn::new(&http, None).with_device_code(&events).await {
            Ok(session) => Self::sit(practice, http, session, name).await,
            Err(trouble) if trouble.code.as_deref() == Some("AADSTS53003") => {
                Self::through_a_browser(practice, http, name).await
            }
            Err(trouble) => panic!("{trouble}"),
        }
    }

    /// Ada, signed in through a browser that comes back to the loopback port.
    pub async fn by_browser(scenario: &str, name: &str) -> Self {
        let practice = begin(scenario, "ada").await;
        let http = client(&practice, name);
        Self::through_a_browser(practice, http, name).await
    }

    async fn through_a_browser(practice: Practice, http: Http, name: &str) -> Self {
        let browser = Browser::default();
        let (events, mut heard) = unbounded_channel();
        let sign_in = SignIn::new(&http, None);
        let page = async {
            match heard.recv().await {
                Some(SignInEvent::Browser { url }) => browser.open(url.as_str()).await,
                other => panic!("{other:?}"),
            }
        };
        let (session, ()) = tokio::join!(sign_in.with_browser(&events), page);
        Self { browser, ..Self::sit(practice, http, session.unwrap(), name).await }
    }

    /// Where the scenario's app is in another tenant, the person goes there with the sign-in from home.
    async fn sit(practice: Practice, http: Http, session: Session, name: &str) -> Self {
        let session = match practice.guest_in() {
            Some(tenant) => session.switch_tenant(&tenant).await.unwrap(),
            None => session,
        };
        let current = Arc::new(Mutex::new(session.clone()));
        let now = current.clone();
        let tokens = Arc::new(move |wish| (now.lock().unwrap().tokens())(wish));
        let reader = Reader::new(http.clone(), tokens);
        let observer = Observer::signed_in(reader.clone(), Some(session.tenant().to_owned()));
        let app = {
            let (world, summary) = (practice.world(), practice.summary());
            let name = summary["app"]["name"].as_str().unwrap();
            let world = world.lock();
            // By its name an app is looked for among all of them, which a recording need not hold each time.
            let many = world.sites.len() > 100;
            let id = || world.site_by_host(name).unwrap().resource_id();
            Some(if many { AppChoice::ResourceId(id()) } else { AppChoice::Name(name.to_owned()) })
        };
        let choices = Choices { app, ..Choices::default() };
        let name = name.to_owned();
        let browser = Browser::default();
        let hand = plain_client();
        Self { practice, http, session, current, reader, observer, choices, hand, browser, name }
    }

    pub async fn look(&self) -> Facts {
        self.observer.observe(&self.choices).await
    }

    /// Changes the world behind everybody's back.
    pub fn world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.practice.world().lock())
    }

    /// Every mutating call that the practice cloud got, as method and path.
    pub fn writes(&self) -> Vec<String> {
        self.world(|world| world.calls.iter().map(|c| format!("{} {}", c.method, c.path)).collect())
    }

    /// A writer whose waits move the practice clock instead of taking time.
    pub fn writer(&self) -> Writer {
        let world = self.practice.world();
        let patience = Patience { waits: vec![Duration::ZERO; 30] };
        let step = Arc::new(move |_, _| world.lock().clock.advance(5));
        Writer::new(self.reader.clone()).unwrap().patience(patience).on_wait(step)
    }

    /// What a plan is given beside facts and choices, as of now.
    pub fn input(&self) -> PlanInput {
        PlanInput {
            now: self.http.now(),
            rehearsal_redirect: None,
            secret_days: 180,
            secret_shortened: false,
            value_not_copied: false,
            remove_secret: None,
        }
    }

    /// Looks until what the stage's plan needs could be read, and plans.
    pub async fn plan(&self, stage: StageId, input: &PlanInput) -> (Facts, Plan) {
        let mut facts = self.look().await;
        for _ in 0..5 {
            let planned = plan(stage, self.http.cloud(), &facts, &self.choices, input);
            if planned.blocked.is_none() {
                return (facts, planned);
            }
            facts = self.observer.observe_part(&facts, &self.choices, Part::All).await;
        }
        let blocked = plan(stage, self.http.cloud(), &facts, &self.choices, input).blocked;
        panic!("{stage:?} is blocked: {blocked:?}");
    }

    /// Plans a stage and makes its changes one after the other, each planned again from fresh facts.
    pub async fn work(&self, stage: StageId) -> Vec<Done> {
        // One moment for the whole stage: the name of a new secret is made from it.
        let mut input = self.input();
        let mut done = Vec::new();
        for _ in 0..12 {
            let (facts, planned) = self.plan(stage, &input).await;
            let Some(change) = planned.changes.into_iter().next() else { return done };
            match self.writer().apply(&change).await {
                Ok(applied) => {
                    self.settle(&facts, &change).await;
                    done.push(Done { change, applied });
                }
                // Nothing was done: the same step follows, once the person has signed in more strongly.
                Err(trouble) if trouble.demand.is_some() => self.sign_in_more_strongly(trouble).await,
                // The answer was lost. Whatever was made is found by looking; a secret's value is not.
                Err(trouble) if trouble.uncertain => {
                    self.settle(&facts, &change).await;
                    if change.path.ends_with("/addPassword") {
                        self.world(|world| world.clock.advance(60));
                        input = self.input();
                    }
                }
                Err(trouble) if secret_refusal(&trouble) == Some(SecretRefusal::TooLong) => {
                    input.secret_days = shorter(input.secret_days).unwrap();
                    input.secret_shortened = true;
                }
                Err(trouble) => panic!("{}: {trouble} {}", change.title, trouble.original),
            }
        }
        panic!("{stage:?} never ends");
    }

    /// Waits until a change is seen. Where reads flip-flop while it spreads, only the second look in a row
    /// that shows it counts.
    pub async fn settle(&self, before: &Facts, change: &Change) {
        let enough = self.world(|world| if world.switches.flip_flop { 2 } else { 1 });
        let (mut facts, mut in_a_row) = (before.clone(), 0);
        for _ in 0..40 {
            facts = self.observer.observe_part(&facts, &self.choices, Part::All).await;
            in_a_row = if landed(change, &facts) { in_a_row + 1 } else { 0 };
            if in_a_row == enough {
                return;
            }
            self.world(|world| world.clock.advance(5));
        }
        panic!("never seen: {}", change.title);
    }

    /// Rehearses the whole chain: registers the temporary redirect URI, signs in through the browser, which
    /// brings the code to the loopback port, calls the function, and takes the redirect URI away.
    pub async fn rehearse(&self, secret: &SecretString) -> (Result<Rehearsal, Trouble>, Vec<Done>) {
        let mut listener = Listener::bind().await.unwrap();
        let uri = listener.redirect_uri();
        let input = PlanInput { rehearsal_redirect: Some(uri.clone()), ..self.input() };
        let mut done = Vec::new();
        let (facts, planned) = self.plan(StageId::Try, &input).await;
        assert_eq!(planned.changes.len(), 2, "there and away again");
        done.push(self.make(&facts, &planned.changes[0]).await);
        let chain = chain(&facts);
        let address = listener.authorize_url(&self.http, &chain).unwrap();
        let (code, ()) = tokio::join!(listener.wait_for_code(), self.browser.open(address.as_str()));
        let outcome = match code {
            Ok(code) => rehearse(&self.http, &chain, secret, &uri, code, || ()).await,
            Err(trouble) => Err(trouble),
        };
        let (facts, planned) = self.plan(StageId::Try, &input).await;
        assert_eq!(planned.changes.len(), 1, "away again");
        done.push(self.make(&facts, &planned.changes[0]).await);
        (outcome, done)
    }

    async fn sign_in_more_strongly(&self, trouble: Trouble) {
        let (events, _heard) = unbounded_channel();
        let sign_in = SignIn::new(&self.http, None).demanded(trouble.demand);
        *self.current.lock().unwrap() = sign_in.with_device_code(&events).await.unwrap();
    }

    async fn make(&self, facts: &Facts, change: &Change) -> Done {
        let mut applied = self.writer().apply(change).await;
        if let Err(trouble) = &applied
            && trouble.demand.is_some()
        {
            self.sign_in_more_strongly(trouble.clone()).await;
            applied = self.writer().apply(change).await;
        }
        let applied = applied.unwrap();
        self.settle(facts, change).await;
        Done { change: change.clone(), applied }
    }

    /// Does a person's step through the control endpoint.
    pub async fn act(&self, body: Value) -> Value {
        let (status, told) = self.try_to_act(&body).await;
        assert_eq!(status, 200, "{body}: {told}");
        told
    }

    /// A step at the portal or on the connector page, refusals included.
    pub async fn try_to_act(&self, body: &Value) -> (u16, Value) {
        let url = format!("{}/do", self.practice.control_url());
        let answer = self.hand.post(url).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn verdicts(&self, stage: StageId) -> Vec<(CheckId, Verdict)> {
        let findings =
            assess(self.http.cloud(), &self.look().await, &self.choices, &Held::default(), self.http.now());
        findings.stage(stage).unwrap().checks.iter().map(|f| (f.id, f.verdict)).collect()
    }

    /// Ends a run: nothing unknown was asked for, and no recording holds a secret.
    pub fn close(self, also: &[&SecretString]) {
        let unknown: Vec<String> =
            self.world(|world| world.unknown.iter().map(|u| format!("{} {}", u.method, u.path)).collect());
        assert_eq!(unknown, Vec::<String>::new());
        let name = &self.name;
        let pages = self.browser.recorded.into_inner().unwrap();
        fs::write(recordings::folder().join(format!("{name}.browser.jsonl")), &pages).unwrap();
        let har = fs::read_to_string(recordings::folder().join(format!("{name}.har"))).unwrap();
        let document: Value = serde_json::from_str(&har).unwrap();
        assert!(!document["log"]["entries"].as_array().unwrap().is_empty());
        let mut secrets = self.practice.world().lock().secret_values();
        self.practice.world().lock().sign_in.codes.iter().for_each(|code| {
            secrets.push(code.code.expose_secret().to_owned());
        });
        secrets.extend(also.iter().map(|secret| secret.expose_secret().to_owned()));
        // What every token begins with.
        secrets.push("eyJ".to_owned());
        // A demand for a stronger sign-in begins like a token and is none.
        let parts = har.split(r#" claims=\""#).enumerate();
        let after = |part: &str| part.split_once('"').map_or(String::new(), |(_, rest)| rest.to_owned());
        let har: String = parts.map(|(n, part)| if n == 0 { part.to_owned() } else { after(part) }).collect();
        for text in [&har, &pages] {
            for secret in &secrets {
                assert!(!text.contains(secret.as_str()), "{name} holds a secret");
            }
        }
    }
}

/// What is rehearsed, from the facts.
pub fn chain(facts: &Facts) -> Chain {
    let called = target(facts.functions.value().unwrap()).unwrap();
    Chain {
        tenant: facts.tenant.value().unwrap().id.clone(),
        client_app_id: facts.client_app.value().unwrap().app_id.clone(),
        resource: facts.api_app.value().unwrap().app_id.clone(),
        host: facts.site.value().unwrap().host.clone(),
        method: called.method,
        path: called.path,
        name: "Ada".into(),
    }
}

/// A practice cloud whose clock stands still, and in which nobody has to wait.
pub async fn begin(scenario: &str, user: &str) -> Practice {
    let start_at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let options = Options {
        start_at: Some(start_at),
        frozen: true,
        auto_approve: Some(user.into()),
        ..Options::default()
    };
    let practice = Practice::start(scenario, options).await.unwrap();
    {
        let world = practice.world();
        let mut world = world.lock();
        world.switches.device_code_interval_s = 0;
        world.latency_ms = 0;
        for fault in &mut world.faults {
            if let FaultAction::Status { retry_after_s: Some(wait), .. } = &mut fault.action {
                *wait = 0;
            }
        }
    }
    practice
}

/// The client for a practice cloud, recording under a name.
pub fn client(practice: &Practice, name: &str) -> Http {
    let origin: url::Url = practice.origin().parse().unwrap();
    let cloud = Cloud {
        login: origin.clone(),
        graph: origin.clone(),
        arm: origin.clone(),
        power_apps: Some(origin.clone()),
        bap: Some(origin.clone()),
        site_origin: Some(origin),
        ..Cloud::named("public").unwrap()
    };
    let world = practice.world();
    let now = Arc::new(move || world.lock().now());
    let mut config = CloudConfig::new(Arc::new(cloud), AZURE_CLI, now);
    config.limits.shortest_poll = Duration::ZERO;
    config.limits.first_wait = Duration::ZERO;
    let file = File::create(recordings::folder().join(format!("{name}.har"))).unwrap();
    config.har = Some(Arc::new(Har::new(Box::new(file)).unwrap()));
    Http::new(config)
}

/// A client of the desk's own, which follows no redirects. It trusts nobody, for want of TLS: reading the system's
/// certificates takes longer than most of what is asked for.
fn plain_client() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).redirect(Policy::none()).no_proxy().build().unwrap()
}

/// A person's browser: follows redirects one by one and notes what it asked the services for. Cookies it has
/// none: the practice cloud approves by itself.
#[derive(Default)]
struct Browser {
    recorded: Mutex<String>,
}

impl Browser {
    async fn open(&self, address: &str) {
        let visitor = plain_client();
        let mut next = Some(address.to_owned());
        while let Some(address) = next {
            let answer = visitor.get(&address).send().await.unwrap();
            let location = answer.headers().get("location");
            next = location.map(|to| to.to_str().unwrap().to_owned());
            // The way back to this machine carries the code, and is nobody's published interface.
            if !address.starts_with("http://localhost:") {
                let line = json!({
                    "method": "GET", "url": address, "request": {"headers": {}, "body": null},
                    "status": answer.status().as_u16(), "response": {"headers": {}, "body": null},
                });
                writeln!(self.recorded.lock().unwrap(), "{line}").unwrap();
            }
        }
    }
}
