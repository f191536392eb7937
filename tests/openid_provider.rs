//! The wizard's own sign-in against an OpenID provider that others wrote: by browser and by device code.
//!
//! It needs Node and the npm package oidc-provider, which `.ci/oidc-provider` fetches and then runs this.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is the failure of a test")]
#![cfg(unix)]

mod pty;
mod recordings;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use pty::{Home, Terminal, key};
use serde_json::{Value, json};

/// The provider, in a process of its own; it ends with this value.
struct Provider {
    child: Child,
    /// Kept open: the provider writes warnings there.
    _out: BufReader<ChildStdout>,
    line: Value,
}

impl Provider {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("openid-provider");
        assert!(folder.exists(), "start .ci/oidc-provider, which fetches the provider");
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/others/openid_provider.mjs");
        let mut command = Command::new("node");
        command.arg(program).arg(&folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("the provider did not start; see: node {program} {}", folder.display())
        });
        Self { child, _out: out, line }
    }

    fn text(&self, name: &str) -> &str {
        self.line[name].as_str().unwrap()
    }

    /// Asks the person who sits at a browser there.
    fn person(&self, what: &str, body: Option<Value>) -> Value {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client =
                reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
            let url = format!("{}/{what}", self.text("person"));
            let request = body.map_or_else(|| client.get(&url), |body| client.post(&url).json(&body));
            let answer = request.send().await.unwrap();
            let (status, said) = (answer.status(), answer.json::<Value>().await.unwrap());
            assert_eq!(status, 200, "{said}");
            said
        })
    }

    /// A cloud whose sign-in is this provider. A provider knows one resource per sign-in, so both services are one.
    fn cloud_file(&self, home: &Home) -> String {
        let (origin, services) = (self.text("origin"), self.text("services"));
        let mut file = toml::Table::new();
        for (name, value) in [
            ("name", "OpenID provider"),
            ("login", origin),
            ("graph", origin),
            ("graph_audience", services),
            ("arm", origin),
            ("arm_audience", services),
            ("portal", origin),
            ("site_suffix", "contoso.example"),
        ] {
            file.insert(name.to_owned(), value.into());
        }
        let path = home.file("cloud.toml");
        std::fs::write(&path, file.to_string()).unwrap();
        path
    }

    /// Asserts on every token that was given, and that nothing was refused: one by `grant`, then only renewed ones.
    fn assert_tokens(&self, grant: &str) -> Value {
        let said = self.person("seen", None);
        let seen = said["seen"].as_array().unwrap();
        let grants: Vec<&str> =
            seen.iter().map(|event| event["grant"].as_str().unwrap_or("refused")).collect();
        assert_eq!(grants.first(), Some(&grant), "{said:#}");
        assert!(grants.len() > 1 && grants[1..].iter().all(|grant| *grant == "refresh_token"), "{said:#}");
        assert!(
            seen.iter().all(|event| event["id_token"] == true && event["refresh_token"] == true),
            "{said:#}"
        );
        let calls = said["calls"].as_array().unwrap();
        assert!(!calls.is_empty() && calls.iter().all(|call| call["holds"] == true), "{said:#}");
        seen[0].clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wizard(home: &Home, provider: &Provider) -> Terminal {
    // Not recorded: what this provider answers is no matter of Microsoft's descriptions.
    let terminal = Terminal::start_program(
        home,
        (88, 40),
        env!("CARGO_BIN_EXE_handclasp"),
        &["--cloud", &provider.cloud_file(home), "--choices", &home.file("choices.toml")],
    );
    terminal.choose("Begin");
    terminal
}

/// The wizard knows who it is, has asked the services with tokens that hold, and finds nothing there.
fn signed_in(terminal: Terminal) {
    terminal.wait_for("ada@contoso.example");
    terminal.wait_for("no function app");
    terminal.send(key::CTRL_C);
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    ended.assert_terminal_is_back();
}

#[test]
#[ignore = "needs Node and a provider: .ci/oidc-provider"]
fn by_browser_with_a_proof_key_on_loopback() {
    let (home, provider) = (Home::new(), Provider::start());
    let terminal = wizard(&home, &provider);
    terminal.choose("Sign in with the browser");
    terminal.wait_for("Copy its address");
    let address = terminal.copied_by("a");
    let landed = provider.person("visit", Some(json!({ "url": address })));
    assert_eq!(landed["status"], 200, "{landed:#}");
    assert!(landed["text"].as_str().unwrap().contains("That worked"), "{landed:#}");
    assert!(landed["pages"].as_array().unwrap().len() > 2, "the provider's pages, then ours: {landed:#}");
    signed_in(terminal);
    let code = provider.assert_tokens("authorization_code");
    assert_eq!(code["proof"], "S256", "{code}");
    assert!(code["redirect"].as_str().unwrap().starts_with("http://localhost:"), "{code}");
}

#[test]
#[ignore = "needs Node and a provider: .ci/oidc-provider"]
fn by_device_code() {
    let (home, provider) = (Home::new(), Provider::start());
    let terminal = wizard(&home, &provider);
    terminal.choose("Sign in with a code");
    terminal.wait_for("Copy the code");
    let code = terminal.copied_by("c");
    let page = format!("{}/device", provider.text("origin"));
    let landed = provider.person("visit", Some(json!({ "url": page, "typed": { "user_code": code } })));
    assert_eq!(landed["status"], 200, "{landed:#}");
    assert!(landed["text"].as_str().unwrap().contains("Success"), "{landed:#}");
    signed_in(terminal);
    provider.assert_tokens("urn:ietf:params:oauth:grant-type:device_code");
}
