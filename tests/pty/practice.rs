//! The practice cloud's control endpoint, and a practice cloud in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::Home;

/// The control endpoint of a practice cloud, wherever it runs.
pub struct Control {
    address: String,
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
}

impl Control {
    /// For the practice cloud with this control endpoint.
    pub fn at(address: impl Into<String>) -> Self {
        Self::over(address.into(), |client| client)
    }

    /// The same over TLS, the authority's certificate given as PEM.
    pub fn trusting(address: impl Into<String>, authority: &[u8]) -> Self {
        let authority = reqwest::Certificate::from_pem(authority).unwrap();
        Self::over(address.into(), |client| client.tls_certs_only([authority]))
    }

    fn over(address: String, more: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let plain = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60));
        Self { address, runtime, http: more(plain).build().unwrap() }
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        })
    }

    /// What stands under a name (`calls`, `unknown`, `world`).
    pub fn see(&self, what: &str) -> Value {
        let (status, text) = self.answer(self.http.get(format!("{}/{what}", self.address)));
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Every mutating call so far.
    pub fn calls(&self) -> Vec<Value> {
        self.see("calls").as_array().unwrap().clone()
    }

    /// Does something in a person's place.
    #[track_caller]
    pub fn act(&self, step: &str, arguments: Value) -> Value {
        let mut body = if arguments.is_null() { json!({}) } else { arguments };
        body["step"] = step.into();
        self.post("do", &body)
    }

    /// Sends something to the control endpoint (`clock`, `switches`, `faults`).
    #[track_caller]
    pub fn post(&self, what: &str, body: &Value) -> Value {
        let (status, text) = self.answer(self.http.post(format!("{}/{what}", self.address)).json(body));
        assert_eq!(status, 200, "{body}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Signs the scenario's person in at an address, as a browser does: to the page, and back to where it sends.
    #[track_caller]
    pub fn sign_in_at(&self, address: &str) -> (u16, String) {
        let done = self.act("sign-in", json!({ "url": address }));
        self.answer(self.http.get(done["location"].as_str().unwrap()))
    }

    /// Opens an address as a browser does, and follows where it leads; the hosts that were visited, and the last page.
    #[track_caller]
    pub fn browse(&self, address: &str) -> (Vec<String>, String) {
        let mut url = url::Url::parse(address).unwrap();
        let mut hosts = Vec::new();
        loop {
            hosts.push(url.host_str().unwrap().to_owned());
            assert!(hosts.len() < 10, "it leads in circles: {hosts:?}");
            let answer = self.runtime.block_on(async { self.http.get(url.clone()).send().await.unwrap() });
            let Some(location) = answer.headers().get("location") else {
                return (hosts, self.runtime.block_on(answer.text()).unwrap());
            };
            url = url.join(location.to_str().unwrap()).unwrap();
        }
    }
}

/// By hand it all takes longer than the directory does.
pub fn later(control: &Control) {
    control.post("clock", &json!({ "advance_s": 60 }));
}

/// A practice cloud in a process of its own; it ends with this value.
pub struct Serving {
    child: Child,
    pub control: Control,
    pub cloud_file: String,
    pub summary: Value,
}

impl Serving {
    pub fn start(home: &Home, scenario: &str) -> Self {
        Self::with(home, &[scenario])
    }

    /// With more arguments than the scenario.
    pub fn with(home: &Home, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handclasp"));
        command.args(["practice", "serve"]).args(args).env_clear().envs(home.variables());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let summary: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        let text = |name: &str| summary[name].as_str().unwrap().to_owned();
        let control = match summary["ca_file"].as_str() {
            Some(file) => Control::trusting(text("control"), &std::fs::read(file).unwrap()),
            None => Control::at(text("control")),
        };
        Self { control, cloud_file: text("cloud_file"), child, summary }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
