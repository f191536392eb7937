//! What every command stands on: the cloud, the clock, the choices, the client. Nothing is called yet.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cloud::arm::parse::site_id_parts;
use crate::cloud::har::{BEGINNING, Har};
use crate::cloud::http::{CloudConfig, ExtraRoots, Http};
use crate::drive::Keeper;
use crate::engine::choices::{AppChoice, Choices, NoAddress};
use crate::engine::clean::clean_line;
use crate::engine::clouds::{Cloud, PRACTICE, ends_with_its_server};
use crate::platform::az::Az;
use crate::platform::clock::Clock;
use crate::platform::env::{Environment, System};
use crate::platform::files::{self, Problem};
use crate::platform::folders::Folders;
use crate::platform::keyring::Keyring;
use crate::practice::{self, Practice, scenarios};

use super::args::Common;
use super::exit::Exit;
use super::failure::Failure;
use crate::engine::words::{say, say_with};

/// Azure CLI's own public client, as paconn and Microsoft's SDKs use it (microsoft-cloud 2.10).
pub const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A cloud file or a choices file is never longer than this, in bytes.
const LONGEST_FILE: u64 = 64 * 1024;

/// A file of certificates is never longer than this, in bytes: all that systems trust take a tenth of it.
const LONGEST_BUNDLE: u64 = 4 * 1024 * 1024;

/// Whether a practice sign-in succeeds with nobody at the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PracticeSignIn {
    /// The scenario's own user is signed in by itself.
    ByItself,
    /// Somebody has to choose at the page, or have it done.
    AtThePage,
}

/// What every command stands on.
pub struct Ground {
    /// The endpoints.
    pub cloud: Arc<Cloud>,
    /// The time, corrected by the services'.
    pub clock: Clock,
    /// What the person chose, on the command line and before.
    pub choices: Choices,
    /// Where the choices are kept, if they are kept. Those of a cloud on this machine, which ends with what serves it, are
    /// only where a file was named for them.
    pub choices_file: Option<PathBuf>,
    /// How to make a client; a listener for calls may be added.
    pub config: CloudConfig,
    /// The practice cloud, where this is practice. It ends with this value.
    pub practice: Option<Practice>,
    har: Option<(PathBuf, Arc<Har>)>,
}

impl Ground {
    /// Reads the files that the options name and starts the practice cloud if it is asked for.
    ///
    /// # Errors
    /// When a name or a file cannot be used.
    pub async fn prepare(
        common: &Common,
        environment: &Environment,
        sign_in: PracticeSignIn,
    ) -> Result<Self, Failure> {
        let practice = match &common.practice {
            Some(scenario) => Some(start_practice(scenario, sign_in).await?),
            None => None,
        };
        let cloud = match (&practice, &common.cloud) {
            (Some(practice), _) => Cloud::from_toml(&practice.cloud_toml())
                .map_err(|error| Failure::new(Exit::OurFault, error.to_string()))?,
            (None, Some(name)) => cloud_called(name)?,
            (None, None) => Cloud::named("public")?,
        };
        let identity = if practice.is_some() { PRACTICE.to_owned() } else { cloud.identity() };
        let choices_file = match &common.choices {
            Some(path) => Some(path.clone()),
            None if ends_with_its_server(&identity) => None,
            None => Folders::of_this_account().ok().map(|folders| folders.choices_file()),
        };
        let kept = choices_file.as_deref().map(read_choices).transpose()?.flatten();
        if let (Some(path), None, PracticeSignIn::ByItself) = (&common.choices, &kept, sign_in) {
            // A command reads choices and never makes them: a name that was mistyped would quietly count for none.
            let shown = clean_line(&path.to_string_lossy(), 200);
            return Err(Failure::wrong_usage(say_with("given_file.no_choices", &[("shown", &shown)]))
                .means(say("given_file.choices_unread_means"))
                .next(say("given_file.no_choices_next")));
        }
        if let (Some(path), PracticeSignIn::AtThePage) = (&common.choices, sign_in) {
            // The wizard keeps choices as it goes on, where nobody would hear that it cannot.
            files::try_writing(path).map_err(|error| {
                Failure::from(error)
                    .means(say("given_file.choices_not_kept"))
                    .next(say("given_file.choices_not_kept_next"))
            })?;
        }
        let mut choices = kept.unwrap_or_default().in_cloud(&identity);
        choices.keep_signed_in |= common.keep_signed_in;
        if let Some(tenant) = &common.tenant {
            choices.tenant = Some(tenant.clone());
        }
        if let Some(app) = &common.app {
            // What was chosen for another function app says nothing about this one.
            choices = choices.with_app(app_called(app)?);
        } else if choices.app.is_none() && sign_in == PracticeSignIn::ByItself {
            choices.app = practice.as_ref().and_then(practised_app);
            let guest_in = practice.as_ref().and_then(Practice::guest_in);
            choices.tenant = choices.tenant.or(guest_in);
        }

        let clock = Clock::system();
        let cloud = Arc::new(cloud);
        let client = common.client_id.clone().unwrap_or_else(|| AZURE_CLI.to_owned());
        let (now, learns) = (clock.clone(), clock.clone());
        let mut config = CloudConfig::new(cloud.clone(), client, Arc::new(move || now.now()));
        config.on_server_time = Some(Arc::new(move |time| learns.learn(time)));
        config.read_only = common.read_only;
        if let Some(path) = &environment.certificate_file {
            config.extra_roots = in_variable(path, environment.system)?;
        }
        if let Some(path) = &common.ca_file {
            config.extra_roots = config.extra_roots.and(trusted_from(path, say("given_file.after_option"))?);
        }
        let har = common.har.as_deref().map(record_into).transpose()?;
        config.har = har.as_ref().map(|(_, har)| har.clone());
        Ok(Self { cloud, clock, choices, choices_file, config, practice, har })
    }

    /// A client with this configuration.
    pub fn client(&self) -> Http {
        Http::new(self.config.clone())
    }

    /// The Azure CLI whose sign-in may be borrowed here. Its tokens are good at Microsoft's own services, so a practice
    /// cloud or a file that names other addresses for them gets none.
    pub fn az(&self, environment: &Environment) -> Option<Az> {
        if self.cloud.is_practice() || !self.cloud.is_microsofts() {
            return None;
        }
        Az::find(environment)
    }

    /// Keeps the sign-in, where the person asked for it. A practice cloud that ends with the command has none to keep.
    pub fn keeper(&self, keyring: Keyring) -> Option<Arc<Keeper>> {
        let asked_for = self.choices.keep_signed_in && self.practice.is_none();
        asked_for.then(|| Arc::new(Keeper::new(keyring, &self.cloud, &self.config.client_id)))
    }

    /// What went wrong with the recording, if anything did.
    pub fn recording_problem(&self) -> Option<String> {
        let (path, har) = self.har.as_ref()?;
        let problem = har.problem()?;
        Some(say_with(
            "given_file.recording_incomplete",
            &[("file", &path.display().to_string()), ("problem", &problem)],
        ))
    }
}

async fn start_practice(scenario: &str, sign_in: PracticeSignIn) -> Result<Practice, Failure> {
    let user = scenarios().into_iter().find(|known| known.name == scenario).map(|known| known.default_user);
    let auto_approve = user.filter(|_| sign_in == PracticeSignIn::ByItself);
    Ok(Practice::start(scenario, practice::Options { auto_approve, ..practice::Options::default() }).await?)
}

/// The function app that a scenario is about.
fn practised_app(practice: &Practice) -> Option<AppChoice> {
    practice.summary()["app"]["name"].as_str().map(|name| AppChoice::Name(name.to_owned()))
}

/// A built-in cloud, or a file. What looks like a path is never taken for a misspelled name.
fn cloud_called(name: &str) -> Result<Cloud, Failure> {
    let next = say("given_file.cloud_next");
    let unknown = match Cloud::named(name) {
        Ok(cloud) => return Ok(cloud),
        Err(error) => error,
    };
    let path = Path::new(name);
    match files::read_text(path, LONGEST_FILE).map_err(|error| Failure::from(error).next(next))? {
        Some(text) => Cloud::from_toml(&text).map_err(|error| {
            Failure::wrong_usage(say_with("given_file.cloud_unfit", &[("file", &clean_line(name, 200))]))
                .means(error.to_string())
                .next(next)
        }),
        None if path.components().count() > 1 || path.extension().is_some() => {
            Err(Failure::wrong_usage(say_with("given_file.no_cloud", &[("file", &clean_line(name, 200))]))
                .next(next))
        }
        None => Err(Failure::from(unknown).next(next)),
    }
}

fn read_choices(path: &Path) -> Result<Option<Choices>, Failure> {
    let next = say("given_file.choices_unread_next");
    let Some(text) = files::read_text(path, LONGEST_FILE).map_err(|error| Failure::from(error).next(next))?
    else {
        return Ok(None);
    };
    let read = toml::from_str(&text).map(|choices: Choices| {
        let tidied = |choices: Choices| {
            let app = choices.app.map(AppChoice::tidied);
            Choices { app, ..choices }
        };
        let elsewhere = choices.elsewhere.iter().cloned().map(tidied).collect();
        Some(tidied(Choices { elsewhere, ..choices }))
    });
    read.map_err(|error| {
        let shown = clean_line(&path.to_string_lossy(), 200);
        Failure::wrong_usage(say_with(
            "given_file.choices_unread",
            &[("shown", &shown), ("place", &at_line(&text, &error))],
        ))
        .means(say("given_file.choices_unread_means"))
        .next(next)
        .original(clean_line(error.message(), 200))
    })
}

/// Where in a file an error is: its line, and the key that stands there if one does.
fn at_line(text: &str, error: &toml::de::Error) -> String {
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return String::new() };
    let number = before.matches('\n').count();
    let line = text.lines().nth(number).unwrap_or_default();
    let key = line.split_once('=').map(|(key, _)| clean_line(key, 60)).filter(|key| !key.is_empty());
    let key = key.map(|key| format!(" (`{key}`)")).unwrap_or_default();
    say_with("given_file.choices_place", &[("number", &(number + 1).to_string()), ("key", &key)])
}

/// A function app as it was named: by resource id, by address, or by name.
fn app_called(text: &str) -> Result<AppChoice, Failure> {
    let not_one = |what: &str| {
        Failure::wrong_usage(say_with("argument.app", &[("what", what)])).next(say("argument.app_next"))
    };
    let text = text.trim();
    if text.starts_with('/') {
        return match site_id_parts(text.trim_end_matches('/')) {
            Some(_) => Ok(AppChoice::ResourceId(text.trim_end_matches('/').to_owned())),
            None => Err(not_one(say("argument.app_id"))),
        };
    }
    if text.contains(['.', ':', '/']) {
        return AppChoice::typed(text).map_err(|why| match why {
            NoAddress::NotOne => not_one(say("argument.app_address")),
            NoAddress::Port => not_one(say("argument.app_port")),
        });
    }
    // Names of sites are host name labels, in any script.
    if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
        Ok(AppChoice::Name(text.to_owned()))
    } else {
        Err(not_one(say("argument.app_name")))
    }
}

/// The certificates that `--ca-file` names.
/// What the variable's file adds. Where the system's store reads it by itself, nothing; but one that is not there or holds no
/// certificate would leave nobody trusted, and every server would be called false.
fn in_variable(path: &Path, system: System) -> Result<ExtraRoots, Failure> {
    let holds_one = |text: &str| text.contains("-----BEGIN CERTIFICATE-----");
    let left_to_the_system = system == System::Unix
        && files::read_text(path, LONGEST_BUNDLE)?.is_some_and(|text| holds_one(&text));
    if left_to_the_system {
        return Ok(ExtraRoots::default());
    }
    trusted_from(path, say("given_file.in_variable"))
}

fn trusted_from(path: &Path, named: &str) -> Result<ExtraRoots, Failure> {
    let shown = clean_line(&path.to_string_lossy(), 200);
    let next = say_with("given_file.certificates_next", &[("named", named)]);
    let Some(text) = files::read_text(path, LONGEST_BUNDLE)? else {
        return Err(
            Failure::wrong_usage(say_with("given_file.no_certificates", &[("shown", &shown)])).next(next)
        );
    };
    ExtraRoots::from_pem(text.as_bytes()).map_err(|why| {
        Failure::wrong_usage(say_with("given_file.certificates_unfit", &[("shown", &shown)]))
            .means(why)
            .next(next)
    })
}

fn record_into(path: &Path) -> Result<(PathBuf, Arc<Har>), Failure> {
    let means = say("given_file.not_recorded_means");
    let next = say("given_file.not_recorded_next");
    let file = files::start_recording(path, BEGINNING.as_bytes())
        .map_err(|error| Failure::wrong_usage(error.to_string()).means(means).next(next))?;
    let har = Har::new(Box::new(file)).map_err(|error| {
        let shown = clean_line(&path.to_string_lossy(), 200);
        Failure::wrong_usage(say_with(
            "given_file.not_recorded",
            &[("shown", &shown), ("problem", &Problem::from(&error).to_string())],
        ))
        .means(means)
        .next(next)
        .original(error.to_string())
    })?;
    Ok((path.to_owned(), Arc::new(har)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "/subscriptions/11112222-3333-4444-8555-666677778888/resourceGroups/rg/providers/Microsoft.Web/sites/hello";

    #[test]
    fn an_app_is_told_by_its_form() {
        assert_eq!(app_called(" contoso-hello ").unwrap(), AppChoice::Name("contoso-hello".into()));
        assert_eq!(app_called(&format!("{SITE}/")).unwrap(), AppChoice::ResourceId(SITE.into()));
        assert_eq!(
            app_called("contoso-hello.azurewebsites.net").unwrap(),
            AppChoice::Url("https://contoso-hello.azurewebsites.net".into())
        );
        assert_eq!(
            app_called("https://contoso-hello.azurewebsites.net/api/Hello?code=a-key").unwrap(),
            AppChoice::Url("https://contoso-hello.azurewebsites.net/api/Hello".into()),
            "a function's key is dropped at once"
        );
        assert_eq!(
            app_called("contoso-hello.azurewebsites.net/api/Hello?code=a-key").unwrap(),
            AppChoice::Url("https://contoso-hello.azurewebsites.net/api/Hello".into())
        );
    }

    #[test]
    fn what_is_no_app_is_wrong_usage_with_an_example() {
        for text in [
            "../../etc",
            "https://contoso-hello.azurewebsites.net:8443",
            "file:///etc/passwd",
            "https://user:pw@contoso.example",
            "/subscriptions/x",
            "a b",
            "a'; drop",
            "https://",
        ] {
            let failure = app_called(text).unwrap_err();
            assert_eq!(failure.exit, Exit::WrongUsage, "{text}");
            assert!(failure.next.contains("contoso-hello"), "{text}");
        }
    }

    #[tokio::test]
    async fn another_app_starts_with_no_choices_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("choices.toml");
        let kept = Choices {
            cloud: Some("public".into()),
            tenant: Some("contoso.onmicrosoft.com".into()),
            app: Some(AppChoice::Name("old".into())),
            resource_url: Some("api://old".into()),
            handed_over: vec!["c0ffee00-0000-4000-8000-000000000001".into()],
            ..Choices::default()
        };
        std::fs::write(&file, toml::to_string(&kept).unwrap()).unwrap();
        let common = |app: Option<&str>| Common {
            choices: Some(file.clone()),
            app: app.map(str::to_owned),
            ..Common::default()
        };
        let here = Environment::desktop();
        let same = Ground::prepare(&common(Some("old")), &here, PracticeSignIn::ByItself).await.unwrap();
        assert_eq!(same.choices, kept);
        let other = Ground::prepare(&common(Some("new")), &here, PracticeSignIn::ByItself).await.unwrap();
        assert_eq!(other.choices.resource_url, None);
        assert_eq!(other.choices.tenant, kept.tenant);
        assert_eq!(other.choices.handed_over, kept.handed_over, "what is in use stays known as such");
        std::fs::write(&file, "app = 7").unwrap();
        let failure = Ground::prepare(&common(None), &here, PracticeSignIn::ByItself).await.err().unwrap();
        assert_eq!(failure.exit, Exit::WrongUsage);
        assert!(failure.next.contains("--choices"));
        std::fs::write(&file, "# mine\n\nresource_url = 7\n").unwrap();
        let failure = Ground::prepare(&common(None), &here, PracticeSignIn::ByItself).await.err().unwrap();
        assert!(failure.what.ends_with("line 3 (`resource_url`)."), "{failure:?}");
        assert!(failure.original.contains("integer"), "{failure:?}");
    }

    #[tokio::test]
    async fn a_cloud_on_this_machine_leaves_the_choices_of_the_account_alone() {
        let folder = tempfile::tempdir().unwrap();
        let served = folder.path().join("cloud.toml");
        let practice = Practice::start("fresh", practice::Options::default()).await.unwrap();
        std::fs::write(&served, practice.cloud_toml()).unwrap();
        let here = Environment::desktop();
        let common = Common { cloud: Some(served.display().to_string()), ..Common::default() };
        let ground = Ground::prepare(&common, &here, PracticeSignIn::AtThePage).await.unwrap();
        assert_eq!((ground.choices_file, ground.choices.app), (None, None));
        // Where a file was named for them, they are kept there, and those of another cloud say nothing and stay.
        let file = folder.path().join("choices.toml");
        std::fs::write(&file, "tenant = \"contoso.com\"\napp = { name = \"real\" }\n").unwrap();
        let common = Common { choices: Some(file.clone()), ..common };
        let ground = Ground::prepare(&common, &here, PracticeSignIn::AtThePage).await.unwrap();
        assert_eq!((ground.choices.tenant.as_deref(), &ground.choices.app), (None, &None));
        let chosen = ground.choices.with_app(AppChoice::Name("contoso-hello".into()));
        std::fs::write(&file, toml::to_string(&chosen).unwrap()).unwrap();
        let again = Ground::prepare(&common, &here, PracticeSignIn::AtThePage).await.unwrap();
        assert_eq!(again.choices, chosen);
        let real = Common { cloud: None, ..common };
        let ground = Ground::prepare(&real, &here, PracticeSignIn::AtThePage).await.unwrap();
        assert_eq!(ground.choices.tenant.as_deref(), Some("contoso.com"));
        assert_eq!(ground.choices.app, Some(AppChoice::Name("real".into())));
    }

    #[tokio::test]
    async fn certificates_of_the_variable_and_of_the_option_are_both_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let authority = || {
            let key = rcgen::KeyPair::generate().unwrap();
            rcgen::CertificateParams::default().self_signed(&key).unwrap().pem()
        };
        let common = Common {
            choices: Some(folder.path().join("choices.toml")),
            ca_file: Some(write("option.pem", &authority())),
            ..Common::default()
        };
        for (system, roots) in [
            (System::Windows, "ExtraRoots(2)"),
            (System::MacOs, "ExtraRoots(2)"),
            (System::Unix, "ExtraRoots(1)"),
        ] {
            let variable =
                |path| Environment { system, certificate_file: Some(path), ..Environment::desktop() };
            let here = variable(write("variable.pem", &authority()));
            let ground = Ground::prepare(&common, &here, PracticeSignIn::AtThePage).await.unwrap();
            assert_eq!(format!("{:?}", ground.config.extra_roots), roots);

            for unfit in [write("empty.pem", "nothing"), folder.path().join("not-there.pem")] {
                let failure = Ground::prepare(&common, &variable(unfit), PracticeSignIn::AtThePage)
                    .await
                    .err()
                    .unwrap();
                assert_eq!(failure.exit, Exit::WrongUsage);
                assert!(failure.next.contains("SSL_CERT_FILE"), "{failure:?}");
            }
        }
    }

    #[test]
    fn a_cloud_is_a_name_or_a_file_and_a_slip_names_the_known_ones() {
        assert!(cloud_called("public").is_ok());
        assert!(cloud_called("pubic").unwrap_err().what.contains("public"));
        assert!(cloud_called("no/such.toml").unwrap_err().what.contains("no/such.toml"));
    }
}
