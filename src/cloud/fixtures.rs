//! For tests: a practice cloud with a client, and a visitor who does in its pages what a person does in a browser.

use std::cell::Cell;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use url::Url;

use super::call_log::CallRecord;
use super::har::{Har, tests::Shared as Memory};
use super::http::{CloudConfig, Http};
use crate::engine::clouds::Cloud;
use crate::practice::world::World;
use crate::practice::{Options, Practice};

/// Azure CLI's client id, which the practice tenants know as every tenant does.
pub const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A running practice cloud, and a client that listens to everything.
pub struct Stage {
    pub practice: Practice,
    pub http: Http,
    pub calls: UnboundedReceiver<CallRecord>,
    pub recorded: Memory,
    _left: Left,
}

/// Leaves the recording of a test, refusals and all, where those of the other tests are: all of them are held against
/// published descriptions. The file is named after the test, and after how many it has left before.
struct Left(Memory, String);

impl Drop for Left {
    fn drop(&mut self) {
        // Beside `deps`, where the test program lies, is what Cargo gives integration tests for their files.
        let program = std::env::current_exe().unwrap();
        let folder = program.ancestors().nth(3).unwrap().join("tmp").join("recordings");
        std::fs::create_dir_all(&folder).unwrap();
        // Every test has a thread of its own.
        thread_local!(static LEFT: Cell<usize> = const { Cell::new(0) });
        let number = LEFT.replace(LEFT.get() + 1);
        let file = folder.join(format!("stage-{}-{number}.har", self.1));
        std::fs::write(file, self.0.document().to_string()).unwrap();
    }
}

impl Stage {
    /// A practice cloud whose clock moves only when a test steps it; polls do not wait.
    pub async fn start(scenario: &'static str) -> Self {
        let start_at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let options = Options { start_at: Some(start_at), frozen: true, ..Options::default() };
        let practice = Practice::start(scenario, options).await.unwrap();
        {
            let world = practice.world();
            let switches = &mut world.lock().switches;
            switches.without_lags();
            switches.device_code_interval_s = 0;
        }
        let origin = Url::parse(practice.origin()).unwrap();
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
        let (sender, calls) = unbounded_channel();
        let recorded = Memory::default();
        let mut config = CloudConfig::new(Arc::new(cloud), AZURE_CLI, Arc::new(move || world.lock().now()));
        config.calls = Some(sender);
        config.har = Some(Arc::new(Har::new(Box::new(recorded.clone())).unwrap()));
        config.limits.shortest_poll = std::time::Duration::ZERO;
        config.limits.first_wait = std::time::Duration::ZERO;
        config.limits.speed = 1000;
        let test = std::thread::current().name().unwrap_or("unnamed").replace("::", "-");
        Self { http: Http::new(config), practice, calls, _left: Left(recorded.clone(), test), recorded }
    }

    /// Changes the world behind everybody's back.
    pub fn world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.practice.world().lock())
    }

    /// Object id of a person by the part before the `@`.
    pub fn user(&self, name: &str) -> String {
        self.world(|world| {
            world.users.iter().find(|user| user.upn.starts_with(&format!("{name}@"))).unwrap().id.clone()
        })
    }

    /// Id of the tenant that the scenario is about.
    pub fn tenant(&self) -> String {
        self.world(|world| world.main_tenant().to_owned())
    }

    /// The calls made since the last look, as method and path without the query.
    pub fn called(&mut self) -> Vec<String> {
        let mut called = Vec::new();
        while let Ok(record) = self.calls.try_recv() {
            called.push(format!("{} {}", record.method, record.path.split('?').next().unwrap()));
        }
        called
    }
}

/// A page as a browser holds it.
pub struct Page {
    pub url: Url,
    pub html: String,
}

/// A person's browser: follows redirects, also to a port of this machine.
pub struct Visitor(reqwest::Client);

impl Visitor {
    pub fn new() -> Self {
        Self(reqwest::Client::builder().no_proxy().build().unwrap())
    }

    pub async fn open(&self, url: Url) -> Page {
        Self::page(self.0.get(url).send().await.unwrap()).await
    }

    async fn page(response: reqwest::Response) -> Page {
        Page { url: response.url().clone(), html: response.text().await.unwrap() }
    }

    /// Submits the form that offers all these values, hidden or on a button.
    pub async fn submit(&self, page: &Page, wanted: &[(&str, &str)]) -> Page {
        let form = page.html.split("<form ").skip(1).find(|form| {
            wanted.iter().all(|(name, value)| form.contains(&format!("name=\"{name}\" value=\"{value}\"")))
        });
        let form = form.unwrap_or_else(|| panic!("no form with {wanted:?} in {}", page.html));
        let form = form.split("</form>").next().unwrap();
        let mut pairs: Vec<(String, String)> = form
            .split("<input type=\"hidden\" ")
            .skip(1)
            .map(|input| (attribute(input, "name"), attribute(input, "value")))
            .collect();
        for (name, value) in wanted {
            let pair = ((*name).to_owned(), (*value).to_owned());
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let mut action = page.url.join(&attribute(form, "action")).unwrap();
        let request = if attribute(form, "method") == "post" {
            self.0.post(action).form(&pairs)
        } else {
            action.set_query(None);
            action.query_pairs_mut().extend_pairs(&pairs);
            self.0.get(action)
        };
        Self::page(request.send().await.unwrap()).await
    }
}

fn attribute(html: &str, name: &str) -> String {
    let value = html.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap();
    value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
