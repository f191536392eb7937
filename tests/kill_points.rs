//! Kill points: the wizard is killed (SIGKILL) before and after every single write, and started again. It finds what
//! exists, goes on to the function's answer, and leaves nothing twice.
//!
//! Before: the request has arrived and nothing was changed. After: it was done and its answer was never sent. One way
//! is walked for each, from a bare function app; on a third an administrator agrees for everyone, and the API's
//! permission has to be exposed again. On a fourth the directory lags: it is killed after what was made in the directory,
//! and started again before anything of that is to be seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failure here is the failure of a test, and it says how many kill points it tried"
)]
#![cfg(unix)]

mod pty;
mod recordings;

use std::cell::{Cell, RefCell};
use std::io::Write as _;
use std::thread;

use handclasp::engine::markers;
use handclasp::practice::world::{
    Clock, DirectoryObject, HeldCall, Holds, Kind, View, World, directory_role,
};
use handclasp::practice::{Options, Practice};
use pty::practice::Control;
use pty::{Home, Terminal, key, shows};
use serde_json::{Value, json};

/// Which kill points a way tries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Before,
    After,
    ForEveryone,
    Lagging,
}

impl Way {
    /// Whether an administrator agrees for everyone, instead of the API knowing the connector beforehand.
    fn for_everyone(self) -> bool {
        matches!(self, Self::ForEveryone | Self::Lagging)
    }
}

/// The answer that agrees to a plan.
const YES: &str = "Yes, make";

/// How exposing the permission is described.
const EXPOSE: &str = "PATCH applications (api)";

/// The wizard was killed while this write was held.
struct Killed;

/// A person who starts the wizard again and again, in one practice cloud.
struct Person {
    way: Way,
    home: Home,
    practice: Practice,
    control: Control,
    holds: Holds,
    runtime: tokio::runtime::Runtime,
    /// Every kill point so far, as it is printed.
    tried: RefCell<Vec<String>>,
    /// The secret's value, once it was copied to the connector page.
    secret: RefCell<Option<String>>,
    /// How often something that a killed run left behind was found and said.
    found: RefCell<Vec<&'static str>>,
    /// How often the wizard was started again while the directory did not show everything yet.
    unseen: Cell<usize>,
}

/// One run of the wizard: what is being done, and the terminal it is done in.
struct Run<'a> {
    person: &'a Person,
    terminal: RefCell<Option<Terminal>>,
}

impl Person {
    fn new(way: Way) -> Self {
        let home = Home::new();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let practice = runtime.block_on(Practice::start("fresh", Options::default())).unwrap();
        std::fs::write(home.file("cloud.toml"), practice.cloud_toml()).unwrap();
        let control = Control::at(practice.control_url());
        let world = practice.world();
        let mut world = world.lock();
        // But for the way that is about lags, nothing is to be waited for but the kills.
        world.switches.without_lags();
        if way == Way::Lagging {
            let switches = &mut world.switches;
            (switches.by_id_lag_s, switches.list_lag_s, switches.sign_in_lag_s) = (2, 4, 2);
            switches.flip_flop = true;
        }
        let hold = json!({ "writes": true, "service": "graph", "times": 0, "action": { "kind": "hold" } });
        for service in ["graph", "arm"] {
            let mut hold = hold.clone();
            hold["service"] = service.into();
            world.faults.push(serde_json::from_value(hold).unwrap());
        }
        if way.for_everyone() {
            let ada = world.default_user.clone();
            let user = world.users.iter_mut().find(|user| user.id == ada).unwrap();
            user.directory_roles.push(directory_role::CLOUD_APPLICATION_ADMINISTRATOR.to_owned());
        }
        let holds = world.holds.clone();
        drop(world);
        Self {
            way,
            home,
            practice,
            control,
            holds,
            runtime,
            tried: RefCell::default(),
            secret: RefCell::default(),
            found: RefCell::default(),
            unseen: Cell::default(),
        }
    }

    fn world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.practice.world().lock())
    }

    /// Walks the whole way, started again after each kill.
    fn walk(&self) {
        for _ in 0..60 {
            let run = Run::start(self);
            let Err(Killed) = run.go_on() else { return };
            if self.way == Way::ForEveryone && self.tried.borrow().len() == 1 {
                self.remove_the_permission();
            }
        }
        panic!("it never comes to an end: {:#?}", self.tried);
    }

    /// Whether the wizard is killed at this call; each point is tried once.
    fn kills(&self, doing: &str, call: &HeldCall) -> bool {
        let what = described(call);
        let here = match self.way {
            Way::Before => !call.done,
            // Only on this way a secret's value dies.
            Way::After => call.done || doing == "lost",
            Way::ForEveryone => doing == "grant" || (doing, what.as_str()) == ("protect", EXPOSE),
            // After what was made in the directory.
            Way::Lagging => {
                call.done
                    && call.method != "PUT"
                    && !what.contains("identifierUris")
                    && !what.contains("removePassword")
            }
        };
        let point = format!("{} {doing}: {what}", if call.done { "after " } else { "before" });
        let new = here && !self.tried.borrow().contains(&point);
        if new {
            self.tried.borrow_mut().push(point);
        }
        new
    }

    /// The world's clock stands still, so that nothing spreads while the wizard is started again.
    fn stop_the_clock(&self) {
        let world = self.practice.world();
        let mut world = world.lock();
        world.clock = Clock::frozen_at(world.now());
    }

    fn start_the_clock(&self) {
        let world = self.practice.world();
        let mut world = world.lock();
        world.clock = Clock::starting_at(world.now());
    }

    /// Whether the directory's lists do not show all that there is.
    fn directory_is_behind(&self) -> bool {
        self.world(|world| {
            let shown = |kind, view| -> Vec<(String, Value)> {
                let all = world.objects(kind, world.main_tenant(), view);
                all.map(|(object, doc)| (object.id.clone(), doc.clone())).collect()
            };
            [Kind::Application, Kind::ServicePrincipal, Kind::Grant]
                .into_iter()
                .any(|kind| shown(kind, View::List) != shown(kind, View::Now))
        })
    }

    /// Somebody takes the API's permission away, so that the plan has to expose it again.
    fn remove_the_permission(&self) {
        let world = self.practice.world();
        let mut world = world.lock();
        let name = markers::api_unique_name(&world.sites[0].resource_id());
        let tenant = world.main_tenant().to_owned();
        let found = world.object_by(Kind::Application, &tenant, "uniqueName", &name, View::Now);
        let (id, mut doc) = found.map(|(object, doc)| (object.id.clone(), doc.clone())).unwrap();
        doc["api"]["oauth2PermissionScopes"] = json!([]);
        let now = world.now();
        world.object_mut(Kind::Application, &tenant, &id).unwrap().replace(doc, now);
    }
}

/// A write, without the ids that differ from run to run.
fn described(call: &HeldCall) -> String {
    let mut words = call.path.split('/').filter(|part| uuid::Uuid::parse_str(part).is_err());
    let last = words.next_back().unwrap().split('(').next().unwrap();
    let members: Vec<&str> = call.body.as_object().into_iter().flatten().map(|(name, _)| &**name).collect();
    let ours = call.body.to_string().contains("http://localhost:");
    let with = if ours { " with the rehearsal's address" } else { "" };
    format!("{} {last} ({}){with}", call.method, members.join(", "))
}

impl<'a> Run<'a> {
    fn start(person: &'a Person) -> Self {
        let (cloud, choices) = (person.home.file("cloud.toml"), person.home.file("choices.toml"));
        let arguments = ["--cloud", &cloud, "--choices", &choices];
        let terminal = Terminal::start(&person.home, (88, 60), &arguments);
        Self { person, terminal: RefCell::new(Some(terminal)) }
    }

    fn on<T>(&self, look: impl FnOnce(&Terminal) -> T) -> T {
        look(self.terminal.borrow().as_ref().unwrap())
    }

    /// Waits until something stands on the screen. Writes that are held meanwhile go on, or the wizard is killed.
    fn until(&self, doing: &str, what: &str, holds: impl Fn(&vt100::Screen) -> bool) -> Result<(), Killed> {
        let person = self.person;
        let list = person.holds.follow();
        loop {
            self.on(|terminal| {
                terminal.wait_until(what, |screen| !list.borrow().is_empty() || holds(screen));
            });
            let Some(call) = list.borrow().first().cloned() else { return Ok(()) };
            if person.kills(doing, &call) {
                if person.way == Way::Lagging {
                    person.stop_the_clock();
                }
                self.terminal.take().unwrap().kill();
                person.runtime.block_on(person.holds.follow().wait_for(Vec::is_empty)).unwrap();
                return Err(Killed);
            }
            person.holds.release(call.id);
        }
    }

    fn until_shown(&self, doing: &str, text: &str) -> Result<(), Killed> {
        self.until(doing, text, |screen| shows(screen, text))
    }

    fn choose(&self, label: &str) {
        self.on(|terminal| terminal.choose(label));
    }

    fn shows(&self, text: &str) -> bool {
        self.on(|terminal| terminal.shows(text))
    }

    /// Agrees to the plan that is asked for, and waits until it is carried out.
    fn for_me(&self, doing: &str, ask: &str, done: &str) -> Result<(), Killed> {
        if self.person.way == Way::Lagging {
            return self.for_me_in_time(doing, ask, done);
        }
        self.until_shown(doing, ask)?;
        self.choose(ask);
        self.choose(YES);
        self.until_shown(doing, done)
    }

    /// The same where the directory lags: it all may come to be seen before it is asked for, and a plan that was made
    /// from what was seen too early is shown anew.
    fn for_me_in_time(&self, doing: &str, ask: &str, done: &str) -> Result<(), Killed> {
        self.until(doing, ask, |screen| shows(screen, ask) || shows(screen, done))?;
        if self.shows(ask) {
            self.choose(ask);
            self.on(|terminal| terminal.wait_for(YES));
        }
        while self.shows(YES) {
            self.choose(YES);
            // Only now time goes on: what was agreed to was planned without what the killed run had made.
            self.person.start_the_clock();
            self.until(doing, "the plan to be carried out", |screen| !shows(screen, YES))?;
            self.until(doing, done, |screen| shows(screen, done) || shows(screen, YES))?;
        }
        self.person.start_the_clock();
        Ok(())
    }

    fn found(&self, what: &'static str) {
        self.person.found.borrow_mut().push(what);
    }

    /// Signs in and goes on wherever the wizard says, to the end.
    fn go_on(&self) -> Result<(), Killed> {
        self.choose("Begin");
        self.choose("Sign in with the browser");
        self.choose("Do my part at the sign-in page (practice)");
        if !std::path::Path::new(&self.person.home.file("choices.toml")).exists() {
            self.choose("contoso-hello");
        }
        let begins = "Function keys";
        let goes_on = "Found by looking: you go on at step ";
        self.until("start", "where to go on", |screen| shows(screen, begins) || shows(screen, goes_on))?;
        let first = if self.shows(goes_on) {
            let screen = self.on(Terminal::screen).split_whitespace().collect::<Vec<_>>().join(" ");
            screen.split_once(goes_on).unwrap().1[..1].parse().unwrap()
        } else {
            self.choose("Continue");
            2
        };
        if self.person.way == Way::Lagging && self.person.directory_is_behind() {
            self.person.unseen.set(self.person.unseen.get() + 1);
        }
        for step in first..=7 {
            self.until("start", "the step", |screen| shows(screen, &format!("Step {step} of 7")))?;
            match step {
                2 => self.for_me("protect", "Set it up for me", "All checks pass")?,
                3 => self.for_me("register", "Register it for me", "All checks pass")?,
                4 => self.grant()?,
                5 if self.person.way == Way::Lagging => return self.secret_in_time(),
                5 => self.secret()?,
                6 => self.connect()?,
                _ => self.rehearse()?,
            }
            self.choose("Continue");
        }
        self.until_shown("end", "It works")
    }

    fn grant(&self) -> Result<(), Killed> {
        if self.person.way.for_everyone() {
            self.choose("Choose another way");
            self.choose("An administrator agrees for everyone");
        }
        self.for_me("grant", "Grant it for me", "All checks pass")
    }

    fn secret(&self) -> Result<(), Killed> {
        let proven = "its value was proven to work";
        self.until("secret", "what there is", |screen| {
            shows(screen, "Paste the secret") && !shows(screen, "looking now")
        })?;
        let value = self.person.secret.borrow().clone();
        if let Some(value) = value {
            self.choose("Paste the secret");
            self.on(|terminal| terminal.paste(&value));
            self.until_shown("secret", "hidden; Enter takes it")?;
            self.on(Terminal::enter);
            return self.until_shown("secret", proven);
        }
        let beside = "Create a new one beside it";
        if self.shows(beside) {
            // The one whose value died with the process is found by its marker, and its removal offered.
            self.on(|terminal| terminal.go_to("The client secret"));
            self.until_shown("secret", &format!("One secret: {} ", markers::SECRET_PREFIX))?;
            self.found("a secret without its value");
            self.for_me(
                "lost",
                "Remove one whose value is lost",
                "The connector's registration has no client secret",
            )?;
        }
        self.for_me("secret", "Create a new secret", proven)
    }

    /// Makes a secret where the one of the killed run may not be seen yet. As soon as it is, its removal is offered.
    fn secret_in_time(&self) -> Result<(), Killed> {
        let proven = "its value was proven to work";
        let lost = "Remove one whose value is lost";
        self.until("secret", "what there is", |screen| {
            shows(screen, "Paste the secret") && !shows(screen, "looking now")
        })?;
        if self.shows(lost) {
            let done = "The connector's registration has no client secret";
            self.for_me("lost", lost, done)?;
            self.found("a secret without its value");
        }
        self.for_me("secret", "Create a new secret", proven)?;
        if self.person.world(|world| ours(world).1.0.secrets.len()) > 1 {
            self.until_shown("secret", lost)?;
            self.found("a secret without its value");
            self.for_me("lost", lost, proven)?;
        }
        Ok(())
    }

    fn connect(&self) -> Result<(), Killed> {
        let registered = "The connector's redirect URL is registered";
        self.until("connect", "the rows", |screen| {
            shows(screen, "Resource URL") && !shows(screen, "looking now")
        })?;
        if self.person.secret.borrow().is_none() {
            for row in ["Host", "Client ID", "Tenant ID", "Resource URL"] {
                self.on(|terminal| terminal.copy(row));
            }
            self.choose("Client secret");
            self.until_shown("connect", "It cannot be marked as a secret there")?;
            self.on(Terminal::enter);
            let value = self.on(|terminal| terminal.copied_by(key::ENTER));
            *self.person.secret.borrow_mut() = Some(value);
            self.choose("Save the connector for me (practice)");
            self.choose("Take this redirect URL");
            self.choose("Yes, make");
            self.until_shown("connect", registered)?;
        } else if self.shows("Register the redirect URL") {
            self.for_me("connect", "Register the redirect URL", registered)?;
        }
        let leftover =
            self.person.world(|world| redirects(world).iter().any(|uri| uri.contains("localhost")));
        if leftover {
            // What a killed rehearsal left behind is a finding, and its removal is offered.
            self.until_shown("connect", "A rehearsal left")?;
            self.found("a rehearsal's address");
            self.for_me("leftover", "Take the leftover away", registered)?;
        }
        Ok(())
    }

    fn rehearse(&self) -> Result<(), Killed> {
        let part = "Do my part at the sign-in page (practice)";
        self.choose("Rehearse the call");
        self.choose("Yes, rehearse");
        self.until_shown("rehearsal", part)?;
        self.choose(part);
        self.until_shown("rehearsal", "The function answered 200 to ada@contoso.onmicrosoft.com")
    }
}

/// The redirect URIs of the connector's registration.
fn redirects(world: &World) -> Vec<String> {
    let name = markers::connector_unique_name(&world.sites[0].resource_id());
    let tenant = world.main_tenant();
    let found = world.object_by(Kind::Application, tenant, "uniqueName", &name, View::Now);
    let list = found.map(|(_, doc)| doc["web"]["redirectUris"].clone());
    list.iter().filter_map(Value::as_array).flatten().map(|uri| uri.as_str().unwrap().to_owned()).collect()
}

/// A registration as it stands.
type Registration<'a> = (&'a DirectoryObject, &'a Value);

/// Both registrations that we made, the API's first. There are no others of ours.
fn ours(world: &World) -> (Registration<'_>, Registration<'_>) {
    let site = world.sites[0].resource_id();
    let mut all: Vec<_> = world
        .objects(Kind::Application, world.main_tenant(), View::Now)
        .filter(|(_, doc)| doc["tags"] == json!([markers::TAG]))
        .collect();
    all.sort_by_key(|(object, _)| object.text("uniqueName") != markers::api_unique_name(&site));
    let names: Vec<&str> = all.iter().map(|(object, _)| object.text("uniqueName")).collect();
    assert_eq!(names, [markers::api_unique_name(&site), markers::connector_unique_name(&site)]);
    (all[0], all[1])
}

/// What the way was for exists once, and nothing else was made.
fn assert_nothing_twice(person: &Person) {
    person.world(|world| {
        let tenant = world.main_tenant();
        let (api, client) = ours(world);
        for (application, doc) in [api, client] {
            let principals = world
                .objects(Kind::ServicePrincipal, tenant, View::Now)
                .filter(|(object, _)| object.app_id() == application.app_id());
            assert_eq!(principals.count(), 1, "{}", doc["displayName"]);
        }
        let length = |value: &Value| value.as_array().map_or(0, Vec::len);
        assert_eq!(length(&api.1["identifierUris"]), 1, "{:#}", api.1);
        assert_eq!(length(&api.1["api"]["oauth2PermissionScopes"]), 1, "{:#}", api.1);
        assert_eq!(length(&api.1["web"]["redirectUris"]), 1, "{:#}", api.1);
        assert_eq!(length(&client.1["requiredResourceAccess"]), 2, "{:#}", client.1);
        for resource in client.1["requiredResourceAccess"].as_array().unwrap() {
            assert_eq!(length(&resource["resourceAccess"]), 1, "{:#}", client.1);
        }

        let everyone = person.way.for_everyone();
        assert_eq!(length(&api.1["api"]["preAuthorizedApplications"]), usize::from(!everyone));
        let grants = world.objects(Kind::Grant, tenant, View::Now);
        let for_all = grants.filter(|(_, doc)| doc["consentType"] == "AllPrincipals");
        assert_eq!(for_all.count(), usize::from(everyone));

        let auth = world.sites[0].auth_v2.as_ref().unwrap();
        let validation = &auth["identityProviders"]["azureActiveDirectory"]["validation"];
        let allowed = &validation["defaultAuthorizationPolicy"]["allowedApplications"];
        assert_eq!(*allowed, json!([api.0.app_id(), client.0.app_id()]));
        assert_eq!(length(&validation["allowedAudiences"]), 1);
        assert_eq!(client.0.secrets.len(), 1, "the one in use");
    });
    assert_eq!(person.control.see("unknown"), json!([]));
}

/// The connector that was saved works, and nothing was left behind in its registration.
fn assert_it_connects(person: &Person) {
    person.world(|world| {
        assert_eq!(redirects(world), [world.connectors[0].redirect_url.clone()]);
        assert_eq!(world.connectors.len(), 1);
    });
    let told = person.control.act("test-connection", json!({ "query_name": "Ada" }));
    assert_eq!((&told["connected"], &told["status"]), (&json!(true), &json!(200)), "{told}");
}

/// Walks a way in a thread of its own, which is named after it as its recordings are; what was tried and found on it.
fn walked(
    way: Way,
    end: impl FnOnce(&Person) + Send + 'static,
) -> thread::JoinHandle<(Vec<String>, Vec<&'static str>)> {
    let walk = move || {
        let person = Person::new(way);
        person.walk();
        end(&person);
        (person.tried.into_inner(), person.found.into_inner())
    };
    thread::Builder::new().name(format!("{way:?}")).spawn(walk).unwrap()
}

/// Past the capture of the test runner, so that every run shows it.
fn tell(points: &[String], how: &str) {
    for point in points {
        println!("killed {point}");
    }
    let mut out = std::io::stderr();
    writeln!(out, "kill points tried{how}: {}", points.len()).unwrap();
}

#[test]
fn killed_while_the_directory_lags_and_started_again_at_once_it_makes_nothing_twice() {
    let way = walked(Way::Lagging, |person| {
        assert_nothing_twice(person);
        let (unseen, tried) = (person.unseen.get(), person.tried.borrow().len());
        assert!(unseen + 2 >= tried, "of {tried} restarts only {unseen} came before the directory knew");
    });
    let (points, found) = way.join().unwrap();
    tell(&points, " while the directory lags");
    for what in ["protect", "register", "grant", "secret: POST addPassword"] {
        assert!(points.iter().any(|point| point.contains(what)), "{what}: {points:#?}");
    }
    assert!(points.len() >= 7, "{points:#?}");
    assert_eq!(found, ["a secret without its value"]);
}

#[test]
fn killed_before_and_after_every_write_it_goes_on_to_the_answer_and_leaves_nothing_twice() {
    let ways = [Way::Before, Way::After, Way::ForEveryone].map(|way| {
        walked(way, |person| {
            assert_nothing_twice(person);
            assert_it_connects(person);
        })
    });
    let mut points = Vec::new();
    let mut found = Vec::new();
    for way in ways {
        let (tried, said) = way.join().unwrap();
        points.extend(tried);
        found.extend(said);
    }
    tell(&points, "");
    let count = |what: &str| points.iter().filter(|point| point.contains(what)).count();
    assert!(count("before") >= 17 && count("after") >= 17, "{points:#?}");
    assert!(found.contains(&"a secret without its value") && found.contains(&"a rehearsal's address"));
}
