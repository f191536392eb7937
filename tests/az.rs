//! The real program beside an `az` that is a script: offered in the wizard, used where nobody can be asked, and never for
//! a cloud that is not Microsoft's.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

#[allow(dead_code, reason = "each test program uses a part of it")]
mod common;
mod pty;
mod recordings;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::{Home, Ran};

const TENANT: &str = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
const CANARY: &str = "canary8731canary";

const SIGNED_OUT: &str = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1";

/// A folder with an `az` in it, which leaves a note when it was asked.
struct FakeAz(tempfile::TempDir);

impl FakeAz {
    fn new(script: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let asked = place.path().join("asked");
        let az = place.path().join("az");
        fs::write(&az, format!("#!/bin/sh\necho \"$*\" >>'{}'\n{script}\n", asked.display())).unwrap();
        fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).unwrap();
        Self(place)
    }

    /// One that is signed in as Ada.
    fn signed_in() -> Self {
        Self::new(&format!("echo '{}'", Self::answer()))
    }

    /// The same, where az takes no tenant.
    fn in_cloud_shell() -> Self {
        let refusal = "ERROR: Tenant shouldn't be specified for Cloud Shell account";
        let rule = format!("case \"$*\" in *--tenant*) echo \"{refusal}\" >&2; exit 1;; esac");
        Self::new(&format!("{rule}\necho '{}'", Self::answer()))
    }

    fn answer() -> String {
        let claims = format!(r#"{{"tid":"{TENANT}","oid":"ada","upn":"ada@contoso.example"}}"#);
        let token = format!("e30.{}.{CANARY}", BASE64_URL_SAFE_NO_PAD.encode(claims));
        format!(r#"{{"accessToken":"{token}","expires_on":4102444800,"tenant":"{TENANT}"}}"#)
    }

    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.0.path().join("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }
}

/// A proxy that lets nothing through and keeps what it was told.
fn closed_proxy() -> (String, thread::JoinHandle<()>, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    let serving = thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let read = stream.read(&mut asked).unwrap_or(0);
            let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
            let _gone = stream.write_all(refusal);
            if tell.send(String::from_utf8_lossy(&asked[..read]).into_owned()).is_err() {
                break;
            }
        }
    });
    (address, serving, told)
}

fn check(home: &Home, az: &FakeAz, proxy: &str, args: &[&str]) -> Ran {
    let mut command =
        home.command(["check", "--app", "contoso-hello", "--har", "calls.har"].iter().chain(args));
    command.env("PATH", az.0.path()).env("HTTPS_PROXY", proxy);
    home.ran(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

#[test]
fn where_nobody_can_be_asked_the_session_of_az_is_used_and_said() {
    let (home, az) = (Home::new(), FakeAz::signed_in());
    let (proxy, _serving, told) = closed_proxy();
    let ran = check(&home, &az, &proxy, &["--json"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    let said = "Using the session of the Azure CLI: signed in as ada@contoso.example, in 0f1e2d3c-";
    assert!(ran.stderr.contains(said), "{ran}");
    let asked = az.asked();
    let command = "account get-access-token --output json --resource";
    assert_eq!(asked[0], format!("{command} https://graph.microsoft.com"));
    let mut later = asked[1..].to_vec();
    later.sort();
    assert_eq!(
        later,
        ["https://management.core.windows.net/", "https://service.powerapps.com"]
            .map(|audience| format!("{command} {audience} --tenant {TENANT}")),
        "all tokens are for the first one's tenant"
    );
    let heard: Vec<String> = told.try_iter().collect();
    assert!(!heard.is_empty());
    for words in &heard {
        let host = words.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next()).unwrap();
        let microsofts = [
            "graph.microsoft.com",
            "management.azure.com",
            "login.microsoftonline.com",
            "api.powerapps.com",
            "api.bap.microsoft.com",
        ];
        assert!(microsofts.contains(&host), "{words}");
    }
    let recorded = fs::read_to_string(home.work().join("calls.har")).unwrap();
    recordings::keep(&home.work().join("calls.har"));
    for left in [&ran.stdout, &ran.stderr, &recorded, &heard.concat()] {
        assert!(!left.contains(CANARY), "{left}");
    }
}

/// Azure Cloud Shell's az, and one that is signed in as a machine, refuse to be told a tenant.
#[test]
fn an_az_that_takes_no_tenant_is_asked_without_one() {
    let (home, az) = (Home::new(), FakeAz::in_cloud_shell());
    let (proxy, _serving, _told) = closed_proxy();
    let ran = check(&home, &az, &proxy, &["--json"]);
    recordings::keep(&home.work().join("calls.har"));
    assert_eq!(ran.code, Some(4), "the proxy lets nothing through: {ran}");
    assert!(!ran.stdout.contains("gave no session") && !ran.stderr.contains("gave no session"), "{ran}");
    let asked = az.asked();
    for audience in ["https://management.core.windows.net/", "https://service.powerapps.com"] {
        let alone = format!("account get-access-token --output json --resource {audience}");
        assert!(asked.contains(&alone), "{asked:?}");
    }
}

#[test]
fn an_az_that_is_signed_out_says_what_to_do_and_no_call_is_made() {
    let (home, az) = (Home::new(), FakeAz::new(SIGNED_OUT));
    let (proxy, _serving, told) = closed_proxy();
    let ran = check(&home, &az, &proxy, &["--tenant", "contoso.onmicrosoft.com"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran}");
    assert!(
        ran.stderr.contains("Nobody is signed in to the Azure CLI.") && ran.stderr.contains("az login"),
        "{ran}"
    );
    assert!(az.asked()[0].ends_with("--tenant contoso.onmicrosoft.com"), "{:?}", az.asked());
    assert_eq!(told.try_iter().count(), 0);
}

#[test]
fn nothing_is_borrowed_for_another_client_or_for_addresses_that_are_not_microsofts() {
    let (home, az) = (Home::new(), FakeAz::signed_in());
    let (proxy, _serving, told) = closed_proxy();
    let file = home.work().join("cloud.toml");
    let elsewhere = "name = \"Mine\"\nlogin = \"https://login.example\"\n\
        graph = \"https://graph.microsoft.com\"\narm = \"https://evil.example\"\n\
        arm_audience = \"https://management.core.windows.net/\"\nportal = \"https://portal.azure.com\"\n\
        site_suffix = \"azurewebsites.net\"\n";
    fs::write(&file, elsewhere).unwrap();
    let own_client = "11111111-2222-4333-8444-555555555555";
    for args in [["--client-id", own_client], ["--cloud", file.to_str().unwrap()]] {
        let ran = check(&home, &az, &proxy, &args);
        assert_eq!(ran.code, Some(3), "{args:?}: {ran}");
    }
    // A real sign-in beside another's services is no cloud at all.
    fs::write(&file, elsewhere.replace("login.example", "login.microsoftonline.com")).unwrap();
    let ran = check(&home, &az, &proxy, &["--cloud", file.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("`arm`") && ran.stderr.contains("https://management.azure.com"), "{ran}");
    assert_eq!(az.asked(), [] as [&str; 0]);
    assert_eq!(told.try_iter().count(), 0);
}

#[test]
fn the_wizard_offers_az_only_where_it_is_installed_and_explains_a_refusal() {
    const OFFER: &str = "Use the session of the Azure CLI";
    let start = |home: &pty::Home, folder: PathBuf, more: &[&str]| {
        let path = format!("PATH={}", folder.display());
        let program = [path.as_str(), env!("CARGO_BIN_EXE_handclasp")];
        let args: Vec<&str> = program.iter().chain(more).copied().collect();
        pty::Terminal::start_program(home, (100, 30), "/usr/bin/env", &args)
    };
    let az = FakeAz::new(SIGNED_OUT);
    let home = pty::Home::new();
    let with = start(&home, az.0.path().to_owned(), &[]);
    with.choose("Begin");
    with.choose(OFFER);
    with.wait_for("Run az login");
    assert!(with.screen().contains("Nobody is signed in to the Azure CLI."), "{}", with.screen());
    let asked = az.asked();
    assert_eq!(asked, ["account get-access-token --output json --resource https://graph.microsoft.com"]);
    drop(with);

    let nothing = tempfile::tempdir().unwrap();
    for (folder, more) in [(nothing.path(), &[][..]), (az.0.path(), &["--practice"][..])] {
        let without = start(&home, folder.to_owned(), more);
        without.choose("Begin");
        without.wait_for("Sign in with a code");
        assert!(!without.screen().contains(OFFER), "{}", without.screen());
    }
    assert_eq!(az.asked().len(), 1);
}
