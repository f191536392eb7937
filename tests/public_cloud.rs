//! The whole way with the built-in public cloud: compiled-in addresses, the trust store, token audiences and HTTP/2, on a
//! machine where Microsoft's names lead to `practice serve --tls`.
//!
//! It needs a network of its own, which `.ci/public-cloud` makes and then runs this.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failure here is the failure of a test, and what was asked is told"
)]
#![cfg(target_os = "linux")]

mod pty;
mod recordings;

use pty::practice::{Control, Serving};
use pty::way::{agree, assert_as_shown, hand_over, plan};
use pty::{Home, Terminal};
use serde_json::{Value, json};

const LOGIN: &str = "login.microsoftonline.com";
const YES: &str = "Yes, make";

/// Whether this machine takes the public names for its own, without asking any name server.
fn names_lead_here() -> bool {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    hosts.lines().any(|line| line.split_whitespace().eq(["127.0.0.1", LOGIN]))
}

/// The person's part at the sign-in page: the address is taken along to a browser, and leads back to the wizard.
fn at_the_page(terminal: &Terminal, control: &Control) {
    terminal.wait_for("Copy its address");
    let address = terminal.copied_by("a");
    assert!(address.starts_with(&format!("https://{LOGIN}/")), "{address}");
    let (hosts, page) = control.browse(&address);
    assert_eq!(hosts.first().map(String::as_str), Some(LOGIN));
    assert!(matches!(hosts.last().unwrap().as_str(), "localhost" | "127.0.0.1"), "{hosts:?}: {page}");
}

#[test]
#[ignore = "needs a network of its own: .ci/public-cloud"]
fn the_built_in_public_cloud_from_the_sign_in_to_the_functions_answer() {
    assert!(names_lead_here(), "here the public names are Microsoft's; start .ci/public-cloud instead");
    let mut home = Home::new();
    let serving = Serving::with(&home, &["fresh", "--tls", "--port", "443", "--auto-approve", "ada"]);
    home.set("SSL_CERT_FILE", serving.summary["ca_file"].as_str().unwrap());
    let control = &serving.control;
    let choices = home.file("choices.toml");
    let har = home.file("run.har");
    // No cloud is named: the public one is what everybody starts with.
    let terminal = Terminal::start(&home, (88, 60), &["--choices", &choices, "--har", &har]);

    terminal.choose("Begin");
    terminal.choose("Sign in with the browser");
    at_the_page(&terminal, control);
    terminal.choose("contoso-hello");
    terminal.wait_for("Function keys");
    assert!(!terminal.screen().contains("PRACTICE"), "the wizard cannot know: {}", terminal.screen());
    terminal.choose("Continue");
    for (ask, done) in [
        ("Set it up for me", "All checks pass"),
        ("Register it for me", "All checks pass"),
        ("Grant it for me", "All checks pass"),
        ("Create a new secret", "its value was proven to work"),
    ] {
        assert_as_shown(control, &agree(&terminal, control, ask, YES, done));
        terminal.choose("Continue");
    }

    let pasted = hand_over(&terminal, control);
    assert_eq!(terminal.copy("Authorization URL"), format!("https://{LOGIN}"));
    let saved = control.act("save-connector", pasted);
    terminal.choose("Type the redirect URL");
    terminal.paste(saved["redirect_url"].as_str().unwrap());
    terminal.wait_for("characters pasted");
    let before = control.calls().len();
    terminal.choose("Take this redirect URL");
    let shown = plan(&terminal, YES);
    terminal.choose(YES);
    terminal.wait_for("The connector's redirect URL is registered");
    assert_as_shown(control, &(shown, control.calls().split_off(before)));
    terminal.choose("Continue");

    terminal.choose("Rehearse the call");
    terminal.choose("Yes, rehearse");
    at_the_page(&terminal, control);
    terminal.wait_for("The function answered 200 to ada@contoso.onmicrosoft.com");
    terminal.wait_for("Hello, Ada. This HTTP triggered function executed successfully.");
    terminal.choose("Continue");
    terminal.wait_for("It works");
    let connected = control.act("test-connection", json!({ "query_name": "Ada" }));
    assert_eq!(connected["status"], 200, "and so does the connector: {connected}");
    terminal.choose("Finish");
    terminal.choose("Leave all the same");
    let (ended, _) = terminal.end();
    assert_eq!(ended.code, 0, "{ended:?}");
    ended.assert_terminal_is_back();

    assert_eq!(control.see("unknown"), json!([]), "nothing was asked that the services do not have");
    assert_addresses(&har, control);
}

/// Every call went to a public name over HTTPS and HTTP/2, and the changes reached the names that the built-in cloud has.
fn assert_addresses(har: &str, control: &Control) {
    recordings::keep(har.as_ref());
    let record: Value = serde_json::from_str(&std::fs::read_to_string(har).unwrap()).unwrap();
    let entries = record["log"]["entries"].as_array().unwrap();
    let mut asked: Vec<String> = Vec::new();
    for entry in entries {
        let url = url::Url::parse(entry["request"]["url"].as_str().unwrap()).unwrap();
        assert_eq!((url.scheme(), url.port()), ("https", None), "{url}");
        asked.push(url.host_str().unwrap().to_owned());
        // The handshake (ALPN) chose it, as it does with the services themselves.
        let answer = &entry["response"];
        if answer["status"] != 0 {
            assert_eq!(answer["httpVersion"], "HTTP/2", "{url}");
        }
    }
    asked.sort();
    asked.dedup();
    let services =
        ["api.bap.microsoft.com", "api.powerapps.com", "graph.microsoft.com", LOGIN, "management.azure.com"];
    let mut names = [&services[..], &["contoso-hello.azurewebsites.net"]].concat();
    names.sort_unstable();
    assert_eq!(asked, names);
    for call in control.calls() {
        let host = call["host"].as_str().unwrap();
        assert!(["graph.microsoft.com", "management.azure.com"].contains(&host), "{call}");
    }
    println!("{} calls to {}", entries.len(), asked.join(", "));
}
