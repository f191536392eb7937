//! The Azure CLI of this machine: an installed and signed-in `az` is asked for an access token, and nothing else.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{fmt, io};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::clock::Clock;
use super::env::{Environment, System};

/// `az` is a large Python program that may also have to renew its sign-in over the network.
const PATIENCE: Duration = Duration::from_secs(30);

/// The answer holds one token; a token with many groups in it has some 10,000 bytes.
const MOST_OUTPUT: usize = 64 * 1024;

/// As much of its complaints as is needed to tell them apart.
const MOST_COMPLAINTS: usize = 16 * 1024;

/// Codes that mean: sign in again, with a second factor or a stronger sign-in (microsoft-cloud 3).
const MFA: [&str; 6] =
    ["AADSTS50072", "AADSTS50074", "AADSTS50076", "AADSTS50078", "AADSTS50079", "AADSTS50158"];

/// An installed `az`. Whether it is signed in is known only when it is asked.
#[derive(Clone, Debug)]
pub struct Az {
    program: PathBuf,
    leading: Vec<OsString>,
    patience: Duration,
}

/// What a signed-in `az` answered.
#[derive(Debug)]
pub struct AzToken {
    /// The access token.
    pub token: SecretString,
    /// How much longer it is good, both moments by this machine's own clock.
    pub lifetime: Duration,
    /// Tenant id; empty where `az` did not say it.
    pub tenant: String,
}

/// Why `az` gave no token. Holds nothing of what `az` wrote but the number of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AzError {
    /// The program is not there (any more).
    NotInstalled,
    /// It could not be started or listened to; the system's own words.
    NotStarted(String),
    /// The service or the tenant has a name that no command line should hold.
    OddName,
    /// Nobody is signed in, or the sign-in has ended.
    NotSignedIn(Option<String>),
    /// The organisation asks for a second factor, or a newer one.
    MfaNeeded(Option<String>),
    /// The sign-in service refused it for another reason.
    Refused(String),
    /// It ended with a complaint that names no known reason.
    Failed,
    /// It has not answered within this time.
    TimedOut(Duration),
    /// Its answer is not what its description promises.
    OddAnswer,
}

impl AzError {
    /// What to do next, one or two sentences.
    pub const fn next(&self) -> &'static str {
        match self {
            Self::NotInstalled => "Install the Azure CLI, or sign in another way.",
            Self::OddName => "Check the name of the tenant, or sign in another way.",
            Self::NotSignedIn(_) => "Run az login, then try again.",
            Self::MfaNeeded(_) => "Run az logout and az login, answer there what is asked, then try again.",
            Self::TimedOut(_) => "Try again, or sign in another way.",
            Self::OddAnswer => "Bring the Azure CLI up to date, or sign in another way.",
            Self::NotStarted(_) | Self::Refused(_) | Self::Failed => {
                "Run az account get-access-token yourself: it says what is wrong. Or sign in another way."
            }
        }
    }

    /// The sign-in service's code (`AADSTS50076`), where `az` named one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::NotSignedIn(code) | Self::MfaNeeded(code) => code.as_deref(),
            Self::Refused(code) => Some(code),
            _ => None,
        }
    }
}

impl fmt::Display for AzError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str("The Azure CLI is not installed here."),
            Self::NotStarted(why) => write!(f, "The Azure CLI could not be started: {why}."),
            Self::OddName => f.write_str("The Azure CLI cannot be asked about a tenant of this name."),
            Self::NotSignedIn(_) => f.write_str("Nobody is signed in to the Azure CLI."),
            Self::MfaNeeded(_) => {
                f.write_str("The sign-in of the Azure CLI needs another proof of who you are.")
            }
            Self::Refused(_) => f.write_str("Microsoft refused the sign-in of the Azure CLI."),
            Self::Failed => f.write_str("The Azure CLI gave no session."),
            Self::TimedOut(limit) => {
                write!(f, "The Azure CLI has not answered within {} seconds.", limit.as_secs())
            }
            Self::OddAnswer => f.write_str("The Azure CLI answered with something that cannot be used."),
        }
    }
}

impl Az {
    /// The `az` that a shell would start, found without one.
    pub fn find(environment: &Environment) -> Option<Self> {
        let names: &[&str] = match environment.system {
            System::Windows => &["az.cmd", "az.exe", "az.bat"],
            System::Unix | System::MacOs => &["az"],
        };
        let places =
            environment.program_folders.iter().flat_map(|folder| names.iter().map(|n| folder.join(n)));
        places.into_iter().find(|place| is_program(place)).map(|program| Self::at(program, Vec::new()))
    }

    /// The one at this place, with arguments that come before its own.
    pub fn at(program: PathBuf, leading: Vec<OsString>) -> Self {
        Self { program, leading, patience: PATIENCE }
    }

    /// Asks for a token for one service, in one tenant (id or domain) or in the one that `az` is set to.
    ///
    /// The program is ended when this future is dropped.
    ///
    /// # Errors
    /// When it is not there, not signed in, refused, too slow, or says something else.
    pub async fn token(&self, resource: &str, tenant: Option<&str>) -> Result<AzToken, AzError> {
        if !is_plain(resource) || !tenant.is_none_or(is_plain) {
            return Err(AzError::OddName);
        }
        let output = tokio::time::timeout(self.patience, self.run(resource, tenant))
            .await
            .map_err(|_| AzError::TimedOut(self.patience))??;
        // Its times are this machine's, so they are compared with this machine's, right or wrong.
        let clock = Clock::system();
        parse(&output, clock.now(), &clock.zone()).ok_or(AzError::OddAnswer)
    }

    /// Runs it to its end and gives what it wrote.
    async fn run(&self, resource: &str, tenant: Option<&str>) -> Result<Zeroizing<Vec<u8>>, AzError> {
        let mut command = Command::new(&self.program);
        command.args(&self.leading);
        command.args(["account", "get-access-token", "--output", "json", "--resource", resource]);
        if let Some(tenant) = tenant {
            command.args(["--tenant", tenant]);
        }
        if let Some(own) = self.program.parent().filter(|folder| folder.is_absolute()) {
            // Some installs let Python load modules from the present folder, which may be anybody's.
            command.current_dir(own);
        }
        command.env("AZURE_CORE_NO_COLOR", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut running = Running(command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => AzError::NotInstalled,
            kind => AzError::NotStarted(kind.to_string()),
        })?);
        let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
        let (output, complaints) =
            tokio::join!(head_of(stdout, MOST_OUTPUT), head_of(stderr, MOST_COMPLAINTS));
        let status = running.0.wait().await.map_err(|error| not_heard(&error))?;
        if status.success() {
            return output.map_err(|error| not_heard(&error));
        }
        Err(reason(&String::from_utf8_lossy(&complaints.unwrap_or_default())))
    }
}

/// A started `az` with everything that it starts itself: on Unix it is often a shell script around the real program.
struct Running(Child);

#[cfg(unix)]
impl Drop for Running {
    fn drop(&mut self) {
        // Once it has been waited for it has no id any more, and the number may be somebody else's.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            let _gone_already = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

fn not_heard(error: &io::Error) -> AzError {
    AzError::NotStarted(error.kind().to_string())
}

/// Whether this can stand in a command line, also where Windows needs a shell for it: no option, nothing to escape.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '/'))
}

fn is_program(place: &Path) -> bool {
    let Ok(about) = place.metadata() else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o111 == 0 {
        return false;
    }
    about.is_file()
}

/// The beginning of what comes; the rest is read and left, so that nobody has to wait with it. In one piece of memory,
/// which is wiped.
async fn head_of(from: Option<impl AsyncRead + Unpin>, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut head = Zeroizing::new(vec![0; most]);
    let mut filled = 0;
    if let Some(mut from) = from {
        while filled < most {
            match from.read(&mut head[filled..]).await? {
                0 => break,
                more => filled += more,
            }
        }
        if filled == most {
            tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
        }
    }
    head.truncate(filled);
    Ok(head)
}

/// The answer of `az account get-access-token` as it is documented. Older versions tell the end as local time only.
#[derive(Deserialize)]
struct Answer<'a> {
    /// Borrowed, so that there is no copy that is not wiped.
    #[serde(rename = "accessToken")]
    token: &'a str,
    #[serde(default)]
    expires_on: Value,
    #[serde(default, rename = "expiresOn")]
    expires_on_local: Value,
    #[serde(default)]
    tenant: Value,
}

fn parse(output: &[u8], now: Timestamp, zone: &TimeZone) -> Option<AzToken> {
    let answer: Answer<'_> = serde_json::from_slice(output).ok()?;
    if answer.token.is_empty() || !answer.token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let ends = seconds(&answer.expires_on).or_else(|| local_time(answer.expires_on_local.as_str()?, zone))?;
    let left = ends.duration_since(now).max(SignedDuration::ZERO);
    let tenant = answer.tenant.as_str().and_then(|tenant| uuid::Uuid::try_parse(tenant).ok());
    Some(AzToken {
        token: SecretString::from(answer.token),
        lifetime: Duration::try_from(left).ok()?,
        tenant: tenant.map(|id| id.hyphenated().to_string()).unwrap_or_default(),
    })
}

/// Seconds since 1970, as a number or spelt as a text.
fn seconds(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Timestamp::from_second(seconds).ok()
}

/// A local time without a zone, "2026-11-21 14:03:00.000000". In the hour that comes twice it is taken for the first.
fn local_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    text.parse::<Timestamp>().ok().or_else(|| {
        let wall_clock: DateTime = text.parse().ok()?;
        zone.to_ambiguous_timestamp(wall_clock).earlier().ok()
    })
}

/// What its complaints mean. Their words stay here: nobody promises that they are free of secrets.
fn reason(complaints: &str) -> AzError {
    let code = code_in(complaints);
    match code {
        Some(code) if MFA.contains(&code.as_str()) => AzError::MfaNeeded(Some(code)),
        code if complaints.contains("az login") => AzError::NotSignedIn(code),
        Some(code) => AzError::Refused(code),
        None => AzError::Failed,
    }
}

/// The first `AADSTS` number.
fn code_in(text: &str) -> Option<String> {
    text.match_indices("AADSTS").find_map(|(at, word)| {
        let digits: String =
            text[at + word.len()..].chars().take_while(char::is_ascii_digit).take(9).collect();
        (!digits.is_empty()).then(|| format!("{word}{digits}"))
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const NOW: &str = "2026-11-21T12:00:00Z";
    const TENANT: &str = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";

    fn parsed(answer: &str) -> Option<AzToken> {
        parse(answer.as_bytes(), NOW.parse().unwrap(), &TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn the_answer_is_read_in_the_form_of_every_version() {
        let new = format!(
            r#"{{"accessToken":"canary","expiresOn":"2020-01-01 00:00:00.000000","expires_on":1795266000,
                "subscription":"x","tenant":"{TENANT}","tokenType":"Bearer"}}"#
        );
        let token = parsed(&new).unwrap();
        assert_eq!(token.token.expose_secret(), "canary");
        assert_eq!((token.lifetime.as_secs(), token.tenant.as_str()), (3600, TENANT), "the number counts");
        for (ends, left) in [
            (r#""expires_on":"1795262430""#, 30),
            (r#""expiresOn":"2026-11-21 14:00:00.000000""#, 3600),
            (r#""expiresOn":"2026-11-21T13:00:00Z""#, 3600),
            (r#""expires_on":1795262400,"tenant":7"#, 0),
            (r#""expires_on":-1"#, 0),
        ] {
            let token = parsed(&format!(r#"{{"accessToken":"t",{ends}}}"#)).unwrap();
            assert_eq!((token.lifetime.as_secs(), token.tenant.as_str()), (left, ""), "{ends}");
        }
        // The night in which the clock is put back has this hour twice.
        let twice = local_time("2026-10-25 02:30:00", &TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(twice, Some("2026-10-25T00:30:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_answer_is_no_token() {
        for answer in [
            "",
            "[]",
            "null",
            r#"{"expires_on":1795266000}"#,
            r#"{"accessToken":7,"expires_on":1795266000}"#,
            r#"{"accessToken":"","expires_on":1795266000}"#,
            r#"{"accessToken":"a b","expires_on":1795266000}"#,
            r#"{"accessToken":"a\u001b[2J","expires_on":1795266000}"#,
            r#"{"accessToken":"t"}"#,
            r#"{"accessToken":"t","expires_on":true,"expiresOn":[]}"#,
            r#"{"accessToken":"t","expires_on":1e99}"#,
            r#"{"accessToken":"t","expiresOn":"soon"}"#,
            r#"WARNING {"accessToken":"t","expires_on":1795266000}"#,
        ] {
            assert!(parsed(answer).is_none(), "{answer}");
        }
        assert!(parse(&[0xff, 0xfe], Timestamp::UNIX_EPOCH, &TimeZone::UTC).is_none());
    }

    #[test]
    fn complaints_are_told_apart_and_not_passed_on() {
        for (complaints, error) in [
            ("ERROR: Please run 'az login' to setup account.", AzError::NotSignedIn(None)),
            (
                "ERROR: AADSTS700082: The refresh token has expired. canary\nTo re-authenticate, please run:\naz login",
                AzError::NotSignedIn(Some("AADSTS700082".into())),
            ),
            (
                "ERROR: AADSTS50076: you must use multi-factor authentication. canary\nRun: az login --scope x",
                AzError::MfaNeeded(Some("AADSTS50076".into())),
            ),
            ("ERROR: AADSTSx AADSTS65002: Consent canary", AzError::Refused("AADSTS65002".into())),
            ("Traceback canary", AzError::Failed),
            ("", AzError::Failed),
        ] {
            let found = reason(complaints);
            assert_eq!(found, error, "{complaints}");
            let said = format!("{found} {} {found:?}", found.next());
            assert!(!said.contains("canary") && said.contains('.'), "{said}");
        }
    }

    #[tokio::test]
    async fn a_name_that_could_be_an_option_is_not_handed_over() {
        let nowhere = Az::at("/no/such/az".into(), Vec::new());
        for name in ["--debug", "", "a b", "a&b", "a\"b", "%PATH%", "x\n", "a'b", "$(x)"] {
            assert_eq!(nowhere.token(name, None).await.unwrap_err(), AzError::OddName, "{name}");
            assert_eq!(nowhere.token("x", Some(name)).await.unwrap_err(), AzError::OddName, "{name}");
        }
        let asked = nowhere.token("https://graph.microsoft.com", Some("contoso.onmicrosoft.com")).await;
        assert_eq!(asked.unwrap_err(), AzError::NotInstalled);
    }

    /// A shell script stands in for the program.
    #[cfg(unix)]
    mod scripts {
        use std::fs;
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        /// The shell reads the script: starting a file that was just written may fail as busy.
        fn stand_in(script: &str) -> (tempfile::TempDir, Az) {
            let place = tempfile::tempdir().unwrap();
            let file = place.path().join("az");
            fs::write(&file, format!("cd '{}' || exit 9\n{script}", place.path().display())).unwrap();
            (place, Az::at("/bin/sh".into(), vec![file.into()]))
        }

        #[tokio::test]
        async fn it_is_asked_for_one_token_with_nothing_to_read() {
            let (place, az) = stand_in(
                "echo \"$@\" >asked; cat >>asked; echo \"$AZURE_CORE_NO_COLOR\" >>asked; echo warning >&2\n\
                 echo '{\"accessToken\": \"canary\", \"expires_on\": 4102444800}'",
            );
            let token = az.token("https://management.core.windows.net/", Some(TENANT)).await.unwrap();
            assert_eq!(token.token.expose_secret(), "canary");
            assert!(!format!("{token:?} {az:?}").contains("canary"));
            let asked = fs::read_to_string(place.path().join("asked")).unwrap();
            let command =
                "account get-access-token --output json --resource https://management.core.windows.net/";
            assert_eq!(asked, format!("{command} --tenant {TENANT}\ntrue\n"));
            az.token("https://graph.microsoft.com", None).await.unwrap();
            assert!(!fs::read_to_string(place.path().join("asked")).unwrap().contains("--tenant"));
        }

        #[tokio::test]
        async fn each_failure_has_its_sentence() {
            for (script, error) in [
                ("echo \"Please run 'az login'\" >&2; exit 1", AzError::NotSignedIn(None)),
                ("echo '{\"accessToken\": \"canary\"}'; exit 1", AzError::Failed),
                ("echo canary", AzError::OddAnswer),
                ("kill -9 $$", AzError::Failed),
            ] {
                let (_place, az) = stand_in(script);
                let found = az.token("x", None).await.unwrap_err();
                assert_eq!(found, error, "{script}");
                assert!(!format!("{found} {found:?}").contains("canary"));
            }
        }

        #[tokio::test]
        async fn more_than_an_answer_is_read_to_its_end_and_not_used() {
            let (_place, az) = stand_in("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2");
            assert_eq!(az.token("x", None).await.unwrap_err(), AzError::OddAnswer);
        }

        #[tokio::test]
        async fn one_that_hangs_is_given_up() {
            let (_place, mut az) = stand_in("exec sleep 600");
            az.patience = Duration::from_millis(50);
            assert_eq!(az.token("x", None).await.unwrap_err(), AzError::TimedOut(az.patience));
        }

        #[tokio::test]
        async fn one_that_nobody_waits_for_is_ended_with_all_that_it_started() {
            let (place, az) = stand_in("exec 3>held; sleep 600 & sleep 600");
            let held = place.path().join("held");
            assert!(std::process::Command::new("mkfifo").arg(&held).status().unwrap().success());
            let (begun, has_begun) = tokio::sync::oneshot::channel();
            let ended = tokio::task::spawn_blocking(move || {
                // Opens when the script does, and ends when the last of them is gone.
                let mut held = fs::File::open(held).unwrap();
                begun.send(()).unwrap();
                io::Read::read(&mut held, &mut [0]).unwrap()
            });
            tokio::select! {
                early = az.token("x", None) => panic!("{early:?}"),
                begun = has_begun => begun.unwrap(),
            }
            assert_eq!(ended.await.unwrap(), 0);
        }

        #[test]
        fn only_a_program_is_found() {
            let place = tempfile::tempdir().unwrap();
            let folders = ["empty", "folder", "text", "good", "later"].map(|name| place.path().join(name));
            for folder in &folders {
                fs::create_dir(folder).unwrap();
            }
            fs::create_dir(folders[1].join("az")).unwrap();
            for (folder, mode) in [(&folders[2], 0o644), (&folders[3], 0o755), (&folders[4], 0o755)] {
                fs::write(folder.join("az"), "").unwrap();
                fs::set_permissions(folder.join("az"), fs::Permissions::from_mode(mode)).unwrap();
            }
            let mut environment = Environment { program_folders: folders.to_vec(), ..Environment::desktop() };
            assert_eq!(Az::find(&environment).unwrap().program, folders[3].join("az"));
            environment.program_folders.truncate(3);
            assert!(Az::find(&environment).is_none());
            environment.system = System::Windows;
            fs::write(folders[0].join("az.cmd"), "").unwrap();
            fs::set_permissions(folders[0].join("az.cmd"), fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(Az::find(&environment).unwrap().program, folders[0].join("az.cmd"));
        }
    }
}
