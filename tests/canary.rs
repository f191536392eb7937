//! A client secret goes through a whole run and leaves nothing behind: not on the terminal, not in a file, not in a
//! recording. The one place where it stands is the clipboard, once a person has asked for it there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_collect,
    reason = "a failure here is the failure of a test"
)]
#![cfg(unix)]

mod pty;
mod recordings;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use handclasp::practice::{Options, Practice};
use pty::practice::{Control, later};
use pty::way::{at_step_2, to_step_6};
use pty::{Home, Terminal, clipboard, key, without_clipboard};

/// A practice cloud in this process, whose world can be looked into.
struct Here {
    practice: Practice,
    cloud_file: String,
    _runtime: tokio::runtime::Runtime,
}

impl Here {
    fn start(home: &Home) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let practice = runtime.block_on(Practice::start("fresh", Options::default())).unwrap();
        let cloud_file = home.file("cloud.toml");
        std::fs::write(&cloud_file, practice.cloud_toml()).unwrap();
        Self { practice, cloud_file, _runtime: runtime }
    }

    /// The secret values in this world, those from before left out.
    fn secrets(&self, before: &[String]) -> Vec<String> {
        let all = self.practice.world().lock().secret_values();
        all.into_iter().filter(|value| !before.contains(value)).collect()
    }
}

/// The forms in which a value could have been written down. In base64 it looks different at each of three offsets.
fn forms(value: &str) -> Vec<(String, Vec<u8>)> {
    let url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let all = value.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let tilde = value.replace('~', "%7E");
    let json = serde_json::to_string(value).unwrap();
    let escaped = value.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<Vec<_>>().concat();
    let mut forms = vec![
        ("as it is".to_owned(), value.to_owned()),
        ("URL-encoded".to_owned(), url),
        ("URL-encoded in small letters".to_owned(), value.replace('~', "%7e")),
        ("URL-encoded".to_owned(), tilde),
        ("URL-encoded whole".to_owned(), all),
        ("JSON-escaped".to_owned(), json.trim_matches('"').to_owned()),
        ("JSON-escaped whole".to_owned(), escaped),
    ];
    for offset in 0..3 {
        let padded = format!("{}{value}", "x".repeat(offset));
        for (name, text) in [
            ("base64", BASE64_STANDARD_NO_PAD.encode(&padded)),
            ("base64 for addresses", BASE64_URL_SAFE_NO_PAD.encode(&padded)),
        ] {
            // The first and last characters depend on what stands beside the value.
            let inner = text[4 * usize::from(offset > 0)..text.len() - 3].to_owned();
            forms.push((format!("{name} at offset {offset}"), inner));
        }
    }
    forms.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|part| part == needle)
}

#[track_caller]
fn assert_not_in(place: &str, hay: &[u8], value: &str) {
    for (form, needle) in forms(value) {
        assert!(!contains(hay, &needle), "the secret stands in {place}, {form}");
    }
}

#[test]
fn every_form_would_be_found() {
    let value = "5f08Q~d4fc8f\"a055/a4d9";
    let padded = |before: &str| format!("{before}{value}, and more");
    for hay in [
        padded("client_secret="),
        url::form_urlencoded::byte_serialize(padded("a ").as_bytes()).collect(),
        padded("a").replace('~', "%7e"),
        padded("a").replace('~', "%7E"),
        serde_json::to_string(&padded("say ")).unwrap(),
        BASE64_STANDARD.encode(padded("")),
        BASE64_STANDARD.encode(padded("1")),
        BASE64_STANDARD.encode(padded("12")),
        BASE64_URL_SAFE_NO_PAD.encode(padded("a:b")),
    ] {
        assert!(forms(value).iter().any(|(_, needle)| contains(hay.as_bytes(), needle)), "{hay}");
    }
    assert!(!forms(value).iter().any(|(_, needle)| contains(b"5f0 is what it begins with", needle)));
}

#[test]
fn a_secret_that_was_made_and_handed_over_is_found_nowhere_but_on_the_clipboard() {
    let home = Home::new();
    let here = Here::start(&home);
    let before = here.secrets(&[]);
    let log = home.file("stderr.txt");
    // The shell keeps what goes to stderr apart.
    let script = r#"exec "$0" --cloud "$1" --har run.har --choices choices.toml 2> stderr.txt"#;
    let program = env!("CARGO_BIN_EXE_handclasp");
    let terminal =
        Terminal::start_program(&home, (100, 40), "/bin/sh", &["-c", script, program, &here.cloud_file]);
    let yes = "Yes, make";
    at_step_2(&terminal);
    to_step_6(&terminal);
    let made = here.secrets(&before);
    let [secret] = made.as_slice() else { panic!("one secret was made: {}", made.len()) };
    terminal.wait_for("Step 6 of 7");
    terminal.choose("More");
    terminal.choose("Write the files to import");
    terminal.wait_for("swagger");
    terminal.enter();
    terminal.wait_gone("import one of these");
    assert_eq!(clipboard(&terminal.raw()), Vec::<String>::new(), "nothing is copied unasked");
    terminal.choose("Client secret");
    terminal.wait_for("It cannot be marked as a secret there");
    terminal.enter();
    terminal.wait_gone("It cannot be marked as a secret there");
    terminal.read_it();
    assert_eq!(&terminal.copied_by(key::ENTER), secret);
    for value in ["Host", "Client ID", "Tenant ID", "Resource URL"] {
        terminal.copy(value);
    }
    terminal.choose("Save the connector for me (practice)");
    terminal.choose("Take this redirect URL");
    terminal.choose(yes);
    terminal.wait_for("The connector's redirect URL is registered");
    terminal.choose("Continue");
    terminal.choose("Rehearse the call");
    terminal.choose("Yes, rehearse");
    terminal.choose("Do my part at the sign-in page (practice)");
    terminal.wait_for("The function answered 200");
    // What is explained, logged and listed shows nothing of it either.
    for (press, text) in [("l", "Calls made"), ("?", "Help")] {
        terminal.send(press);
        terminal.wait_for(text);
        terminal.send(key::ESC);
        terminal.read_it();
    }
    terminal.choose("Continue");
    terminal.wait_for("It works");
    terminal.choose("Finish");
    terminal.choose("Leave all the same");
    let (ended, raw) = terminal.end();
    assert_eq!(ended.code, 0, "{ended:?}");

    let copied: Vec<String> =
        clipboard(&raw).into_iter().filter(|text| text.contains(secret.as_str())).collect();
    assert_eq!(copied, [secret.as_str()], "the clipboard got it once, and nothing with it");
    assert_not_in("the terminal's output", &without_clipboard(&raw), secret);
    let har = std::fs::read_to_string(home.file("run.har")).unwrap();
    for part in ["addPassword", "oauth2/token", "/api/Hello"] {
        assert!(har.contains(part), "the recording holds the whole run, {part} too");
    }
    // Kept for being held against the published descriptions.
    recordings::keep(home.file("run.har").as_ref());
    assert!(std::fs::read_to_string(home.file("choices.toml")).unwrap().contains("contoso-hello"));
    assert!(std::fs::read(log).is_ok(), "stderr was kept");
    let files = home.files();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert_not_in(&file.display().to_string(), &std::fs::read(&file).unwrap(), secret);
        assert_not_in("a file's name", file.to_string_lossy().as_bytes(), secret);
    }
}

#[test]
fn a_pasted_secret_is_found_nowhere() {
    let home = Home::new();
    let here = Here::start(&home);
    let control = Control::at(here.practice.control_url());
    control.act("protect", serde_json::json!({ "action": "401" }));
    for step in ["register", "allow-connector", "grant"] {
        control.act(step, serde_json::json!({ "user": if step == "grant" { "grace" } else { "ada" } }));
    }
    let secret = control.act("secret", serde_json::Value::Null)["value"].as_str().unwrap().to_owned();
    later(&control);
    // One that is refused must leave as little behind as one that is taken.
    let canary = "CANARY8Q~not.the_one-abcdefghijklmnopqr";
    let terminal = Terminal::start(
        &home,
        (100, 40),
        &["--cloud", &here.cloud_file, "--har", "run.har", "--choices", "choices.toml"],
    );
    terminal.choose("Begin");
    terminal.choose("Sign in with the browser");
    terminal.choose("Do my part at the sign-in page (practice)");
    terminal.choose("contoso-hello");
    terminal.wait_for("you go on at step 5");
    for value in [canary, &secret] {
        terminal.choose("Paste the secret");
        terminal.wait_for("nothing yet");
        // Typed, a value is as well hidden as pasted.
        let (typed, pasted) = value.split_at(6);
        terminal.send(typed);
        terminal.wait_for("hidden; Enter takes it");
        if value == canary {
            terminal.send(pasted);
        } else {
            terminal.send("\x15");
            terminal.wait_for("nothing yet");
            terminal.paste(value);
        }
        terminal.wait_for("hidden; Enter takes it");
        terminal.enter();
        terminal.wait_for(if value == canary { "Forget this value" } else { "its value was proven to work" });
    }
    // The likeliest slip: it goes into a field that is drawn.
    terminal.choose("Continue");
    terminal.choose("Type the redirect URL");
    terminal.paste(&secret);
    terminal.wait_for("That is the client secret");
    terminal.enter();
    terminal.send(key::CTRL_C);
    terminal.wait_for("You have the secret's value; here it is forgotten");
    terminal.send(key::CTRL_C);
    let (ended, raw) = terminal.end();
    assert_eq!(ended.code, 130, "{ended:?}");
    recordings::keep(home.file("run.har").as_ref());
    for value in [canary, &secret] {
        assert_not_in("the terminal's output", &raw, value);
        for file in home.files() {
            assert_not_in(&file.display().to_string(), &std::fs::read(&file).unwrap(), value);
        }
    }
    assert_not_in("the practice cloud's log of calls", control.see("calls").to_string().as_bytes(), &secret);
}
