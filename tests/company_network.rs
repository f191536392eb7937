//! The real program, with Microsoft's own addresses compiled in, behind the proxy of a company: one that wants a password,
//! and one that looks into every connection and is trusted by `--ca-file`. Behind it is the practice cloud.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

#[allow(dead_code, reason = "each test program uses a part of it")]
mod common;
mod recordings;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use common::{Home, Ran};
use handclasp::practice::world::StrongerSignIn;
use handclasp::practice::{Options, Practice};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A proxy that opens every connection, certifies itself as whoever was asked for, and passes it on to one server.
struct Company {
    address: String,
    /// Its authority, as a PEM file holds it.
    authority: String,
}

impl Company {
    async fn open(password: bool, behind: String) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let names = [
            "login.microsoftonline.com",
            "graph.microsoft.com",
            "management.azure.com",
            "*.azurewebsites.net",
        ];
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(names.map(str::to_owned)).unwrap().signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, password, acceptor.clone(), behind.clone()));
            }
        });
        Self { address, authority: authority.pem() }
    }
}

/// One connection: `CONNECT`, then whatever is said in it.
async fn pass(stream: TcpStream, password: bool, acceptor: TlsAcceptor, behind: String) {
    let mut stream = BufReader::new(stream);
    let mut known = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        known |= line.to_ascii_lowercase().starts_with("proxy-authorization: basic ");
        if line == "\r\n" {
            break;
        }
    }
    if password && !known {
        let wants =
            b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"Contoso\"\r\n\
            content-length: 0\r\n\r\n";
        let _gone = stream.write_all(wants).await;
        let _gone = stream.shutdown().await;
        return;
    }
    if stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_err() {
        return;
    }
    // Whoever does not trust it hangs up here.
    let Ok(mut inside) = acceptor.accept(stream.into_inner()).await else { return };
    let Ok(mut server) = TcpStream::connect(behind).await else { return };
    let _over = tokio::io::copy_bidirectional(&mut inside, &mut server).await;
    let mut rest = Vec::new();
    let _over = server.read_to_end(&mut rest).await;
}

/// A practice cloud with everything set up, and an `az` that lends Ada's tokens for it.
async fn finished(home: &Home) -> (Practice, std::path::PathBuf) {
    let options = Options { auto_approve: Some("ada".into()), ..Options::default() };
    let practice = Practice::start("finished", options).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let tenant = practice.summary()["tenant"]["id"].as_str().unwrap().to_owned();
    let url = |leaf: &str| format!("{}/{tenant}/oauth2/v2.0/{leaf}", practice.origin());
    let ask = async |leaf: &str, form: &[(&str, &str)]| -> Value {
        http.post(url(leaf)).form(form).send().await.unwrap().json().await.unwrap()
    };
    let scope = "https://graph.microsoft.com/.default offline_access";
    let code = ask("devicecode", &[("client_id", AZURE_CLI), ("scope", scope)]).await;
    let graph = ask(
        "token",
        &[
            ("client_id", AZURE_CLI),
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", code["device_code"].as_str().unwrap()),
        ],
    )
    .await;
    let arm = ask(
        "token",
        &[
            ("client_id", AZURE_CLI),
            ("grant_type", "refresh_token"),
            ("refresh_token", graph["refresh_token"].as_str().unwrap()),
            ("scope", "https://management.core.windows.net//.default"),
        ],
    )
    .await;
    let lent = |answer: &Value| {
        let token = answer["access_token"].as_str().unwrap();
        format!(r#"{{"accessToken":"{token}","expires_on":4102444800,"tenant":"{tenant}"}}"#)
    };
    let folder = home.work().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*management*) echo '{}' ;;\n*) echo '{}' ;;\nesac\n",
        lent(&arm),
        lent(&graph)
    );
    fs::write(folder.join("az"), script).unwrap();
    fs::set_permissions(folder.join("az"), fs::Permissions::from_mode(0o755)).unwrap();
    (practice, folder)
}

fn check(home: &Home, az: &Path, proxy: &str, args: &[&str]) -> Ran {
    let mut command = home.command(["check", "--app", "contoso-hello"].iter().chain(args));
    command.env("PATH", az).env("HTTPS_PROXY", proxy);
    home.ran(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

#[test]
fn a_proxy_that_looks_into_connections_is_trusted_by_its_certificate_alone() {
    let (home, runtime) = (Home::new(), Runtime::new().unwrap());
    let (practice, az) = runtime.block_on(finished(&home));
    let behind = practice.origin().trim_start_matches("http://").to_owned();
    let company = runtime.block_on(Company::open(false, behind));
    let ran = check(&home, &az, &company.address, &[]);
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(ran.stderr.contains("No secure connection to ") && ran.stderr.contains("--ca-file"), "{ran}");

    let file = home.work().join("company.pem");
    fs::write(&file, format!("Contoso's own authority\n{}", company.authority)).unwrap();
    let ran = check(&home, &az, &company.address, &["--ca-file", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(practice.world().lock().calls.len(), 0, "looking changes nothing");
}

#[test]
fn a_stronger_sign_in_that_nobody_can_give_here_is_code_3_and_said() {
    let (home, runtime) = (Home::new(), Runtime::new().unwrap());
    let (practice, az) = runtime.block_on(finished(&home));
    practice.world().lock().switches.stronger_sign_in = StrongerSignIn::Everything;
    let behind = practice.origin().trim_start_matches("http://").to_owned();
    let company = runtime.block_on(Company::open(false, behind));
    let file = home.work().join("company.pem");
    fs::write(&file, &company.authority).unwrap();
    let ran = check(&home, &az, &company.address, &["--ca-file", file.to_str().unwrap(), "--json"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("asks for a stronger sign-in") && ran.stderr.contains("the wizard"), "{ran}");
    assert_eq!(ran.json()["schema"], 1);
}

#[test]
fn a_proxy_that_wants_a_password_says_so_and_is_passed_with_one() {
    let (home, runtime) = (Home::new(), Runtime::new().unwrap());
    let (practice, az) = runtime.block_on(finished(&home));
    let behind = practice.origin().trim_start_matches("http://").to_owned();
    let company = runtime.block_on(Company::open(true, behind));
    let file = home.work().join("company.pem");
    fs::write(&file, &company.authority).unwrap();
    let trusting = ["--ca-file", file.to_str().unwrap()];
    let ran = check(&home, &az, &company.address, &trusting);
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(ran.stderr.contains("The proxy did not let the call to "), "{ran}");
    assert!(ran.stderr.contains("user name and a password") && ran.stderr.contains("HTTPS_PROXY"), "{ran}");

    let known = company.address.replace("http://", "http://ada:canary8731@");
    let ran = check(&home, &az, &known, &[&trusting[..], &["--har", "calls.har"]].concat());
    assert_eq!(ran.code, Some(0), "{ran}");
    let recorded = fs::read_to_string(home.work().join("calls.har")).unwrap();
    recordings::keep(&home.work().join("calls.har"));
    for left in [&ran.stdout, &ran.stderr, &recorded] {
        assert!(!left.contains("canary8731"), "the proxy's password is nowhere to be read");
    }
}

#[test]
fn a_page_in_the_place_of_an_answer_says_nothing_of_the_set_up() {
    let (home, runtime) = (Home::new(), Runtime::new().unwrap());
    let (practice, az) = runtime.block_on(finished(&home));
    let behind = practice.origin().trim_start_matches("http://").to_owned();
    let company = runtime.block_on(Company::open(false, behind));
    let file = home.work().join("company.pem");
    fs::write(&file, &company.authority).unwrap();
    for (service, status) in [("graph", 401), ("graph", 403), ("graph", 404), ("arm", 404), ("arm", 511)] {
        let page = "<html><body>Not in this company.</body></html>";
        let action = json!({"kind": "status", "status": status, "body": page});
        let fault = json!({"service": service, "method": "GET", "times": 0, "action": action});
        let batch = json!({"service": service, "path": "$batch", "times": 0, "action": action});
        let faults = [fault, batch].map(|fault| serde_json::from_value(fault).unwrap());
        practice.world().lock().faults = faults.into();
        let ran = check(&home, &az, &company.address, &["--ca-file", file.to_str().unwrap()]);
        assert_eq!(ran.code, Some(4), "{service} {status}: {ran}");
        assert!(format!("{ran}").contains("Something on the way answered in the place of "), "{ran}");
        for believed in ["no such", "can be seen", "may not do this"] {
            assert!(!ran.stdout.contains(believed), "{service} {status}: {ran}");
        }
    }
}

#[test]
fn a_file_that_holds_no_certificate_is_wrong_usage() {
    let home = Home::new();
    let file = home.work().join("none.pem");
    let named = file.to_str().unwrap();
    let ran = home.run(["check", "--practice", "--ca-file", named]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
    assert!(ran.stderr.contains("There is no certificate file"), "{ran}");
    for text in ["no certificate in here", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(&file, text).unwrap();
        let ran = home.run(["check", "--practice", "--ca-file", named]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
        assert!(ran.stderr.contains("cannot be used") && ran.stderr.contains("PEM"), "{ran}");
    }
}
