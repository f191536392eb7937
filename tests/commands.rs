//! The commands as a shell runs them: stdout, stderr and exit code of the real program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod common;
mod recordings;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::Home;
use handclasp::engine::ids::CheckId;
use serde_json::Value;

/// The report's schema as it is kept.
const SCHEMA: &str = "assets/check.schema.json";

/// Every scenario, its exit code and what is broken first.
const SCENARIOS: [(&str, i32, Option<&str>); 38] = [
    ("fresh", 1, Some("api.app")),
    ("finished", 0, None),
    ("issuer-mismatch", 1, Some("api.issuer")),
    ("caller-not-allowed", 1, Some("client.allowed")),
    ("wrong-audience", 1, Some("api.audience")),
    ("secret-expired", 1, Some("secret.ends")),
    ("secret-ends-soon", 0, None),
    ("redirect-missing", 1, Some("redirect.registered")),
    ("app-stopped", 1, Some("app.exists")),
    ("host-down", 1, Some("app.answers")),
    ("network-closed", 1, Some("app.answers")),
    ("nothing-published", 1, Some("app.functions")),
    ("function-key", 1, Some("app.authlevel")),
    ("no-enterprise-app", 1, Some("api.principal")),
    ("scope-off", 1, Some("api.scope")),
    ("foreign-issuer", 1, Some("auth.tenant")),
    ("path-excluded", 1, Some("auth.excluded")),
    ("one-registration", 1, Some("client.separate")),
    ("connector-off", 1, Some("client.principal")),
    ("personal-accounts", 1, Some("client.audience")),
    ("permission-missing", 1, Some("grant.requested")),
    ("profile-missing", 1, Some("grant.profile")),
    ("not-agreed", 1, Some("grant.consent")),
    ("not-assigned", 1, Some("grant.assignment")),
    ("secret-gone", 1, Some("secret.exists")),
    ("secret-cut-short", 0, None),
    ("no-admin", 1, Some("api.app")),
    ("code-blocked", 1, Some("api.app")),
    ("second-factor", 1, Some("api.app")),
    ("secret-policy", 1, Some("api.app")),
    ("slow-directory", 1, Some("api.app")),
    ("throttled", 1, Some("api.app")),
    ("flaky", 1, Some("api.app")),
    ("workshop", 1, Some("api.app")),
    ("guest", 1, Some("api.app")),
    ("slot-and-domain", 1, Some("api.app")),
    ("many-apps", 1, Some("api.app")),
    ("unique-host", 1, Some("api.app")),
];

/// Checks that fail in no scenario's look, and why.
const FAIL_IN_NONE: [(&str, &str); 5] = [
    ("grant.everyone", "it warns, and never fails"),
    // A scenario never hands over a value that a real service would not; in `secret-cut-short` the person's own part does.
    (
        "secret.works",
        "no look holds a value: what comes of `secret-cut-short`'s is tried in `tests/full_run.rs`",
    ),
    ("redirect.known", "it warns, and never fails"),
    ("redirect.leftover", "it warns, and never fails"),
    ("try.answered", "no look rehearses: `tests/full_run/refusals.rs` rehearses where the function refuses"),
];

fn generated_schema() -> String {
    format!("{:#}\n", handclasp::engine::report::schema().to_value())
}

fn schema_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA)
}

#[test]
fn the_stored_schema_is_the_one_of_the_types() {
    let stored = fs::read_to_string(schema_path()).unwrap_or_default().replace("\r\n", "\n");
    if stored != generated_schema() {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check.schema.json");
        fs::write(&fresh, generated_schema()).unwrap();
        panic!(
            "{SCHEMA} is stale. Fields may be added, none removed. To renew it, copy {} over it.",
            fresh.display()
        );
    }
}

#[test]
fn check_finds_what_each_scenario_has_broken() {
    let home = Home::new();
    let mut failing = BTreeSet::new();
    for (scenario, code, first_broken) in SCENARIOS {
        let mut line = vec!["check", "--practice", scenario, "--json"];
        if scenario == "workshop" {
            // Thirty-one apps: the one that it is about is named.
            line.extend(["--app", "contoso-hello"]);
        }
        let ran = home.run(line);
        let json = ran.json();
        assert_eq!(json["first_broken"].as_str(), first_broken, "{scenario}: {ran}");
        assert_eq!(ran.code, Some(code), "{scenario}");
        assert_eq!(ran.stderr, "", "{scenario}");
        assert_eq!(json["schema"], 1);
        assert_eq!(json["stages"].as_array().unwrap().len(), 7);
        assert!(json["values"]["host"].as_str().unwrap().ends_with(".azurewebsites.net"));
        for check in json["stages"].as_array().unwrap().iter().flat_map(|s| s["checks"].as_array().unwrap()) {
            let id = check["id"].as_str().unwrap().to_owned();
            match check["status"].as_str().unwrap() {
                "fail" => drop(failing.insert(id)),
                // A value that nobody pasted is not held, whatever is wrong with the one that the connector has.
                status if id == "secret.works" => {
                    assert!(["not_tried", "waiting"].contains(&status), "{check}");
                }
                _ => (),
            }
        }
    }
    // One scenario for each failure that the checks know.
    let all: BTreeSet<String> = CheckId::ALL.iter().map(|id| id.as_str().to_owned()).collect();
    let none: BTreeSet<String> = FAIL_IN_NONE.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(all.difference(&failing).cloned().collect::<BTreeSet<_>>(), none);
    assert_eq!(home.left_behind(), [] as [std::path::PathBuf; 0], "a look leaves nothing behind");
}

#[test]
fn a_resource_url_that_the_tenant_does_not_know_is_the_first_broken_link_where_it_was_chosen() {
    // The address of the function app, as the 2020 tutorial has it.
    let home = Home::new();
    let choices = "cloud = \"practice\"\nresource_url = \"https://contoso-hello.azurewebsites.net\"\n";
    fs::write(home.work().join("choices.toml"), choices).unwrap();
    let ran = home.run(["check", "--practice", "finished", "--choices", "choices.toml", "--json"]);
    assert_eq!((ran.code, &ran.json()["first_broken"]), (Some(1), &"resource.resolves".into()), "{ran}");
}

#[test]
fn strict_asks_for_more_than_nothing_broken() {
    let home = Home::new();
    // What is not tried needs somebody's hands, so it does not count; a warning does.
    for (scenario, usual, strict) in
        [("finished", 0, 0), ("secret-ends-soon", 0, 1), ("issuer-mismatch", 1, 1)]
    {
        let ran = home.run(["check", "--practice", scenario, "--json"]);
        assert_eq!(ran.code, Some(usual), "{scenario}: {ran}");
        let ran = home.run(["check", "--practice", scenario, "--strict", "--json"]);
        assert_eq!(ran.code, Some(strict), "{scenario}: {ran}");
        if (usual, strict) == (0, 1) {
            let json = ran.json();
            assert_eq!(json["first_broken"], Value::Null, "{ran}");
            let stages = json["stages"].as_array().unwrap().iter();
            let checks = stages.flat_map(|stage| stage["checks"].as_array().unwrap());
            let warned: Vec<_> = checks.filter(|check| check["status"] == "warn").collect();
            assert_eq!(warned.len(), 1, "{ran}");
            assert_eq!(warned[0]["id"], "secret.ends", "{ran}");
        }
    }
}

#[test]
fn text_and_markdown_name_what_to_mend_first() {
    let home = Home::new();
    let text = home.run(["check", "--practice", "issuer-mismatch"]);
    assert_eq!((text.code, text.stderr.as_str()), (Some(1), ""), "{text}");
    assert!(text.stdout.is_ascii(), "without a locale, nothing beyond ASCII is written: {text}");
    assert!(text.stdout.lines().last().unwrap().contains("[api.issuer]"), "{text}");
    assert!(text.stdout.contains("Why it matters"), "{text}");
    let ticket = home.run(["--practice", "issuer-mismatch", "check", "--markdown"]);
    assert_eq!(ticket.code, Some(1));
    assert!(ticket.stdout.starts_with("# Handclasp: contoso-hello"), "{ticket}");
}

#[test]
fn wrong_usage_is_told_and_has_its_code() {
    let home = Home::new();
    insta::assert_snapshot!("unknown_command", home.run(["fly"]));
    insta::assert_snapshot!("unknown_scenario", home.run(["check", "--practice", "frsh"]));
    insta::assert_snapshot!(
        "unknown_tenant",
        home.run(["check", "--practice", "finished", "--tenant", "other.onmicrosoft.com"])
    );
    insta::assert_snapshot!("unknown_cloud", home.run(["check", "--cloud", "pubic"]));
    insta::assert_snapshot!("cloud_file_missing", home.run(["check", "--cloud", "no/such.toml"]));
    insta::assert_snapshot!("copy_secret", home.run(["copy", "secret", "--practice"]));
    insta::assert_snapshot!("practice_twice", home.run(["practice", "serve", "--practice", "finished"]));
    insta::assert_snapshot!("no_terminal", home.run(["--practice"]));
    for line in [
        &["check", "--json", "--markdown"] as &[&str],
        &["check", "--watch", "0"],
        &["practice", "serve", "nowhere"],
        &["practice", "serve", "--auto-approve", "nobody"],
        &["practice", "scenarios", "--har", "zz.har", "--app", "x", "--read-only"],
        &["practice", "serve", "--cloud", "nofile.toml"],
        &["copy", "everything"],
        &["files"],
    ] {
        let ran = home.run(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{line:?}: {ran}");
        assert!(!ran.stderr.is_empty(), "{line:?}");
    }
}

#[test]
fn a_hostile_app_never_reaches_the_terminal_as_it_is() {
    let home = Home::new();
    for app in
        ["a\u{1b}[2Jb", "\u{202e}olleh", "../../etc/passwd", "x?y=z", "'; drop table", "https://x.example:81"]
    {
        let ran = home.run(["check", "--practice", "finished", "--app", app]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{app:?}: {ran}");
        assert!(!ran.stderr.contains(['\u{1b}', '\u{202e}']), "{app:?}: {:?}", ran.stderr);
    }
    let unknown = home.run(["check", "--practice", "finished", "--app", "contoso-helo", "--json"]);
    assert_eq!(unknown.code, Some(1));
    assert_eq!(unknown.json()["first_broken"], "app.exists");
    // Nor is there anybody at its address.
    let address = "contoso-helo.azurewebsites.net";
    let nobody = home.run(["check", "--practice", "fresh", "--app", address, "--json"]);
    assert_eq!(nobody.code, Some(1), "{nobody}");
    let json = nobody.json();
    let checks = json["stages"].as_array().unwrap().iter().flat_map(|s| s["checks"].as_array().unwrap());
    for check in checks {
        let expected: &[&str] = match check["id"].as_str().unwrap() {
            "app.exists" | "app.answers" => &["fail"],
            _ => &["waiting"],
        };
        assert!(expected.contains(&check["status"].as_str().unwrap()), "{check}");
    }
}

#[test]
fn without_a_terminal_nobody_is_waited_for() {
    let home = Home::new();
    insta::assert_snapshot!("sign_in_needed", home.run(["check", "--app", "contoso-hello", "--json"]));
}

#[test]
fn help_is_the_reference() {
    let home = Home::new();
    insta::assert_snapshot!("help", home.run(["--help"]));
    insta::assert_snapshot!("help_check", home.run(["check", "--help"]));
    insta::assert_snapshot!("help_copy", home.run(["copy", "-h"]));
    insta::assert_snapshot!("help_practice_serve", home.run(["practice", "serve", "-h"]));
    insta::assert_snapshot!("help_sign_out", home.run(["sign-out", "-h"]));
    let version = home.run(["--version"]);
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout, format!("handclasp {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_value_is_printed_and_nothing_else() {
    let home = Home::new();
    let print = |value: &str, scenario: &str| home.run(["copy", value, "--print", "--practice", scenario]);
    let report = home.run(["check", "--practice", "finished", "--json"]).json();
    for (value, key) in [
        ("host", "host"),
        ("client-id", "client_id"),
        ("tenant-id", "tenant_id"),
        ("resource-url", "resource_url"),
    ] {
        let ran = print(value, "finished");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{value}: {ran}");
        assert_eq!(ran.stdout.trim_end(), report["values"][key].as_str().unwrap(), "{value}");
    }
    insta::assert_snapshot!("value_not_known", print("client-id", "fresh"));
    insta::assert_snapshot!("no_clipboard", home.run(["copy", "host", "--practice", "finished"]));
}

#[test]
fn files_are_written_once_and_never_over_others_unasked() {
    let home = Home::new();
    let line = ["files", "import", "--practice", "finished"];
    let first = home.run(line);
    assert_eq!((first.code, first.stderr.as_str()), (Some(0), ""), "{first}");
    let written: Vec<_> = first.stdout.lines().map(|name| home.work().join(name)).collect();
    assert_eq!(written.len(), 3, "{first}");
    for path in &written {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("contoso-hello.azurewebsites.net") && text.contains("Hello"), "{text}");
        assert!(!text.contains("127.0.0.1"), "the practice cloud is gone by the time it is imported: {text}");
        serde_json::from_str::<Value>(&text).unwrap();
    }
    let again = home.run(line);
    assert_eq!(again.code, Some(0), "{again}");
    fs::write(&written[0], "mine").unwrap();
    insta::assert_snapshot!("a_file_in_the_way", home.run(line));
    assert_eq!(fs::read_to_string(&written[0]).unwrap(), "mine");
    assert_eq!(home.run(["files", "import", "--practice", "finished", "--force"]).code, Some(0));
    assert_ne!(fs::read_to_string(&written[0]).unwrap(), "mine");
}

#[test]
fn the_scenarios_are_listed() {
    let home = Home::new();
    let json = home.run(["practice", "scenarios", "--json"]).json();
    let names: Vec<_> = json.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, SCENARIOS.map(|(scenario, _, _)| scenario), "each has its row in this file");
    let text = home.run(["practice", "scenarios"]);
    assert_eq!(text.code, Some(0));
    assert!(names.iter().all(|name| text.stdout.lines().any(|line| line.starts_with(name))), "{text}");
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn every_exchange_is_recorded_without_tokens() {
    let home = Home::new();
    let ran = home.run(["check", "--practice", "finished", "--json", "--har", "run.har"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let text = fs::read_to_string(home.work().join("run.har")).unwrap();
    let har: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(har["log"]["version"], "1.2");
    assert!(har["log"]["entries"].as_array().unwrap().len() > 10);
    assert!(!text.contains("eyJ"), "a token looks like this");
    // An earlier recording is replaced; what is something else may be all that somebody has of it.
    let again = home.run(["check", "--practice", "finished", "--json", "--har", "run.har"]);
    assert_eq!(again.code, Some(0), "{again}");
    fs::write(home.work().join("notes.txt"), "mine").unwrap();
    for unusable in [".", "no-such-folder/run.har", "run.har/run.har", "notes.txt"] {
        let refused = home.run(["check", "--practice", "finished", "--har", unusable]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused}");
        assert!(refused.stderr.contains(unusable) && refused.stderr.contains("--har"), "{refused}");
    }
    assert!(!home.work().join("no-such-folder").exists(), "a slip makes no folder");
    assert_eq!(fs::read_to_string(home.work().join("notes.txt")).unwrap(), "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_cannot_be_used_is_wrong_usage_in_four_parts() {
    let home = Home::new();
    fs::write(home.work().join("bad.toml"), "\nresource_url = 7\n").unwrap();
    for (line, says) in [
        (["--har", "/dev/full"], "the disk is full"),
        (["--choices", "/dev/full"], "/dev/full"),
        (["--choices", "mistyped.toml"], "There is no choices file mistyped.toml."),
        (["--choices", "."], "folder"),
        (["--choices", "bad.toml"], "bad.toml cannot be read: line 2 (`resource_url`)"),
    ] {
        let ran = home.run([&["check", "--practice", "finished"][..], &line[..]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
        for part in [says, "Error:", "Means:", "Next:", line[0]] {
            assert!(ran.stderr.contains(part), "{part}: {ran}");
        }
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let home = Home::new();
    let mut child = home
        .command(["check", "--practice", "finished"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = home.ran(child);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
}

#[test]
fn a_cloud_that_does_not_answer_is_told_from_a_broken_set_up() {
    let home = Home::new();
    // A port that was free a moment ago, and has nobody behind it.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let file = format!(
        "name = \"gone\"\nlogin = \"{origin}\"\ngraph = \"{origin}\"\narm = \"{origin}\"\nportal = \"{origin}\"\n\
         arm_audience = \"https://management.core.windows.net/\"\nsite_suffix = \"azurewebsites.net\"\n\
         site_origin = \"{origin}\"\n"
    );
    fs::write(home.work().join("gone.toml"), file).unwrap();
    let mut ran = home.run(["check", "--cloud", "gone.toml", "--app", "contoso-hello"]);
    // The last words of the cause are the operating system's own, and other ones on each.
    let (told, system) = ran.stderr.split_once("tcp connect error: ").unwrap();
    assert!(!system.trim().is_empty(), "{ran}");
    ran.stderr = format!("{told}tcp connect error: [the system's words]\n");
    insta::assert_snapshot!("offline", ran);
}

/// A practice cloud of its own, and the first line that it printed.
struct Served {
    child: Child,
    line: Value,
}

impl Served {
    fn start(home: &Home, args: &[&str]) -> Self {
        let line = [&["practice", "serve"], args].concat();
        let mut child = home.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { line: serde_json::from_str(&line).unwrap(), child }
    }

    /// Sets a fault through the control endpoint.
    fn fault(&self, fault: &Value) {
        let origin = self.line["origin"].as_str().unwrap().strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(origin).unwrap();
        let body = fault.to_string();
        let length = body.len();
        let head = format!(
            "POST /_practice/faults HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn cloud_file(&self) -> &str {
        self.line["cloud_file"].as_str().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_app_that_the_tenant_does_not_know_is_named_where_nobody_is_waited_for() {
    let home = Home::new();
    let served = Served::start(&home, &["finished", "--auto-approve", "ada"]);
    let cloud = served.line["cloud_file"].as_str().unwrap();
    let unknown = "11111111-2222-4333-8444-555555555555";
    let ran = home.run(["check", "--cloud", cloud, "--app", "contoso-hello", "--client-id", unknown]);
    assert_eq!(ran.code, Some(3), "{ran}");
    for part in [unknown, "AADSTS700016", "--client-id"] {
        assert!(ran.stderr.contains(part), "{part}: {ran}");
    }
}

#[test]
fn other_clients_find_everything_on_the_first_line() {
    let home = Home::new();
    let served = Served::start(&home, &["finished", "--auto-approve", "ada"]);
    let line = &served.line;
    assert!(line["origin"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(line["control"], format!("{}/_practice", line["origin"].as_str().unwrap()));
    for pointer in [
        "/tenant/id",
        "/tenant/domain",
        "/subscription",
        "/resource_group",
        "/app/name",
        "/app/host",
        "/client/id",
        "/client/secret",
    ] {
        assert!(!line.pointer(pointer).unwrap().as_str().unwrap().is_empty(), "{pointer}");
    }
    assert_eq!(line["app"]["function"], "Hello");
    assert!(line["users"][0]["name"].as_str().unwrap().contains('@'));

    // Another run of the program is such a client; nobody is at the page, and the only app goes without saying.
    let ran = home.run(["check", "--cloud", served.cloud_file(), "--json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn the_port_is_the_one_that_was_asked_for_and_zero_asks_for_any() {
    let home = Home::new();
    let any = Served::start(&home, &["fresh", "--port", "0"]);
    let origin = any.line["origin"].as_str().unwrap();
    let port: u16 = origin.strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap();
    assert_ne!(port, 0, "the port that it really has is printed");
    any.fault(&serde_json::json!({"path": "/nothing", "action": {"kind": "not_json"}}));

    let taken = home.run(["practice", "serve", "--port", &port.to_string()]);
    assert_eq!((taken.code, taken.stdout.as_str()), (Some(2), ""), "{taken}");
    drop(any);
    let again = Served::start(&home, &["fresh", "--port", &port.to_string()]);
    assert_eq!(again.line["origin"], format!("http://127.0.0.1:{port}"));
}

/// Elsewhere the system's own store is asked, which no test may change.
#[cfg(target_os = "linux")]
#[test]
fn over_tls_the_authority_is_on_the_first_line_and_has_to_be_trusted() {
    let home = Home::new();
    let served = Served::start(&home, &["finished", "--auto-approve", "ada", "--tls"]);
    assert!(served.line["origin"].as_str().unwrap().starts_with("https://127.0.0.1:"));
    let authority = served.line["ca_file"].as_str().unwrap();
    let pem = fs::read_to_string(authority).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && !pem.contains("PRIVATE KEY"), "{pem}");

    let check = || home.command(["check", "--cloud", served.cloud_file(), "--json"]);
    let run = |mut command: Command| {
        home.ran(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let (mut by_variable, mut by_option) = (check(), check());
    by_variable.env("SSL_CERT_FILE", authority);
    by_option.args(["--ca-file", authority]);
    for trusting in [by_variable, by_option] {
        let ran = run(trusting);
        assert_eq!((ran.code, &ran.json()["first_broken"]), (Some(0), &Value::Null), "{ran}");
    }

    let ran = run(check());
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), ""), "{ran}");
    assert!(ran.stderr.contains("certificate") && ran.stderr.contains("--ca-file"), "{ran}");
}

#[test]
fn a_practice_page_that_wants_somebody_is_not_waited_for() {
    let home = Home::new();
    let served = Served::start(&home, &["finished"]);
    let ran = home.run(["check", "--cloud", served.cloud_file(), "--json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran}");
    assert!(ran.stderr.contains("sign in"), "{ran}");
}

#[test]
fn a_sign_in_page_that_is_none_is_named_as_the_cause() {
    let home = Home::new();
    let served = Served::start(&home, &["finished", "--auto-approve", "ada"]);
    served.fault(&serde_json::json!({"path": "/authorize", "times": 0, "action": {"kind": "not_json"}}));
    let ran = home.run(["check", "--cloud", served.cloud_file(), "--app", "contoso-hello"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(4), ""), "{ran}");
    assert!(ran.stderr.contains("something else answered"), "{ran}");
}

#[test]
fn where_nobody_can_sign_in_an_address_is_checked_as_far_as_anybody_may() {
    let home = Home::new();
    let served = Served::start(&home, &["finished"]);
    let address = "https://contoso-hello.azurewebsites.net";
    let ran = home.run(["check", "--cloud", served.cloud_file(), "--app", address, "--json"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("sign in") && ran.stderr.contains("public"), "{ran}");
    let report = ran.json();
    let status = |id: &str| {
        let stages = report["stages"].as_array().unwrap().iter();
        let mut checks = stages.flat_map(|stage| stage["checks"].as_array().unwrap());
        checks.find(|check| check["id"] == id).unwrap()["status"].clone()
    };
    for (id, expected) in [
        ("app.answers", "pass"),
        ("auth.on", "pass"),
        ("auth.refuses", "pass"),
        ("app.exists", "unknown"),
        ("client.app", "unknown"),
    ] {
        assert_eq!(status(id), expected, "{id}: {ran}");
    }
}

#[test]
fn without_findings_no_look_ends_with_the_code_of_findings() {
    let home = Home::new();
    let served = Served::start(&home, &["finished", "--auto-approve", "ada"]);
    let ran = home.run(["check", "--cloud", served.cloud_file(), "--tenant", "nosuch.example", "--json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("AADSTS90002"), "{ran}");
    drop(served);
    // Where there is nothing to look at, that is what was found.
    let guest = Served::start(&home, &["guest", "--auto-approve", "ada"]);
    let ran = home.run(["check", "--cloud", guest.cloud_file(), "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{ran}");
    assert_eq!(ran.json()["first_broken"], "app.exists", "{ran}");
    assert_eq!(ran.json()["setup"]["app"], Value::Null, "{ran}");
    let text = home.run(["check", "--cloud", guest.cloud_file()]);
    assert!(text.stdout.contains("sees no function app"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_could_not_be_written_claims_no_findings() {
    let home = Home::new();
    for scenario in ["finished", "issuer-mismatch"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = home.command(["check", "--practice", scenario, "--json"]);
        let ran = home.ran(command.stdout(full).stderr(Stdio::piped()).spawn().unwrap());
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains("The output could not be written"), "{ran}");
    }
}

#[test]
fn several_apps_are_listed_instead_of_one_being_guessed() {
    let home = Home::new();
    let served = Served::start(&home, &["workshop", "--auto-approve", "grace"]);
    let ran = home.run(["check", "--cloud", served.cloud_file()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("contoso-hello.azurewebsites.net") && ran.stderr.contains("--app"), "{ran}");
    let chosen = home.run(["check", "--cloud", served.cloud_file(), "--app", "contoso-hello", "--json"]);
    assert_eq!(chosen.json()["first_broken"], "api.app", "{chosen}");
}

#[cfg(unix)]
mod stopping {
    use rustix::process::{Pid, Signal, kill_process};

    use super::*;

    fn stop(child: &Child, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
    }

    #[test]
    fn the_practice_cloud_takes_its_file_along() {
        for signal in [Signal::TERM, Signal::INT] {
            let home = Home::new();
            let mut served = Served::start(&home, &["fresh"]);
            let file = std::path::PathBuf::from(served.cloud_file());
            assert!(file.exists());
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
            stop(&served.child, signal);
            assert_eq!(served.child.wait().unwrap().code(), Some(130), "{signal:?}");
            assert!(!file.exists(), "{signal:?}");
            assert_eq!(home.left_behind(), [] as [std::path::PathBuf; 0]);
        }
    }

    #[test]
    fn watching_ends_when_its_reader_has_gone_though_there_is_no_news() {
        let home = Home::new();
        // Long before the next look.
        let line = ["check", "--practice", "issuer-mismatch", "--watch", "600"];
        let mut command = home.command(line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.contains("[api.issuer]"), "{first}");
        let ran = home.ran(child);
        assert_eq!(ran.code, Some(0), "{ran}");
    }

    #[test]
    fn watching_goes_on_until_it_is_interrupted() {
        let home = Home::new();
        let mut child = home
            .command(["check", "--practice", "finished", "--watch", "1", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(first["schema"], 1);
        stop(&child, Signal::INT);
        let ran = home.ran(child);
        assert_eq!(ran.code, Some(130), "{ran}");
        line.clear();
        assert_eq!(out.read_line(&mut line).unwrap(), 0, "nothing changed, so nothing more was said: {line}");
    }
}

/// With a person at a terminal, who has no display: the code is typed elsewhere.
#[cfg(unix)]
mod at_a_terminal {

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    /// A look in a terminal of its own.
    struct Terminal {
        child: Box<dyn portable_pty::Child + Send + Sync>,
        screen: Box<dyn Read + Send>,
        keys: Box<dyn Write + Send>,
        code: String,
    }

    /// Starts a look and waits for the code to type.
    fn asked_for_a_code(home: &Home, served: &Served) -> Terminal {
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        let plain = home.command(["check", "--cloud", served.cloud_file(), "--json"]);
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        command.env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut screen = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let mut seen = String::new();
        let code = loop {
            let mut bytes = [0; 256];
            let read = screen.read(&mut bytes).unwrap();
            assert_ne!(read, 0, "it ended: {seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
            if let Some((_, rest)) = seen.split_once("and type ")
                && let Some((code, _)) = rest.split_once(['\r', '\n'])
            {
                break code.trim_end_matches('.').to_owned();
            }
        };
        Terminal { child, screen, keys, code }
    }

    #[test]
    fn a_code_is_shown_and_the_look_goes_on_once_it_was_typed() {
        let home = Home::new();
        let served = Served::start(&home, &["finished"]);
        let Terminal { mut child, mut screen, keys: _keys, code } = asked_for_a_code(&home, &served);
        let step = serde_json::json!({"step": "approve-device-code", "user": "ada", "user_code": code});
        let control = format!("{}/do", served.line["control"].as_str().unwrap());
        let status =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let client = reqwest::Client::builder().no_proxy().build().unwrap();
                client.post(control).json(&step).send().await.unwrap().status()
            });
        assert!(status.is_success(), "{status}");
        let mut rest = Vec::new();
        // Reading from a terminal whose other end has gone is an error on some systems.
        let _ = screen.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest);
        assert!(rest.contains("Signed in as ada@contoso.onmicrosoft.com"), "{rest}");
        assert!(rest.contains("\"first_broken\": null"), "{rest}");
        assert_eq!(child.wait().unwrap().exit_code(), 0, "{rest}");
    }

    #[test]
    fn ctrl_c_ends_the_waiting() {
        let home = Home::new();
        let served = Served::start(&home, &["finished"]);
        let Terminal { mut child, screen: _screen, mut keys, .. } = asked_for_a_code(&home, &served);
        keys.write_all(b"\x03").unwrap();
        assert_eq!(child.wait().unwrap().exit_code(), 130);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn signing_out_where_no_keyring_can_be_reached_says_so_and_claims_nothing() {
    let home = Home::new();
    let mut command = home.command(["sign-out"]);
    let out = command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains("No keyring can be reached here.") && out.stdout.is_empty(), "{said}");
}
