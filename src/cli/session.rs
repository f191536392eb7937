//! Common set-up of the commands that look: who is signed in, and which function app it is about.

use std::io::Write as _;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::cloud::arm::{AppListing, Arm};
use crate::cloud::http::{Http, Pause, Service};
use crate::cloud::observe::Observer;
use crate::cloud::reader::Reader;
use crate::cloud::sign_in::{Session, SignIn, SignInEvent};
use crate::drive::{Keeper, borrow};
use crate::engine::choices::AppChoice;
use crate::engine::clean::clean_line;
use crate::engine::facts::{Facts, Seen};
use crate::engine::trouble::Trouble;
use crate::engine::words::{say, say_with, ui, ui_with};
use crate::platform::browser::{Browser, BrowserOutcome};
use crate::platform::env::Environment;
use crate::platform::keyring::Keyring;

use super::args::Common;
use super::exit::Exit;
use super::failure::Failure;
use super::ground::{AZURE_CLI, Ground, PracticeSignIn};
use super::output::Output;
use super::person::sign_in_by_itself;

/// More function apps than these are not listed in a message.
const MOST_LISTED: usize = 20;

/// No name in a message is longer than this, in cells.
const LONGEST_NAME: usize = 200;

/// A signed-in person before a set-up.
pub struct Desk {
    /// What the command stands on.
    pub ground: Ground,
    /// Looks at the set-up.
    pub observer: Observer,
    /// Tenant id of the sign-in, where it told it.
    pub tenant: Option<String>,
    /// Why nobody is signed in, where only what is public can be looked at.
    pub nobody: Option<Failure>,
    arm: Option<Arm>,
    session: Option<Session>,
    keeper: Option<Arc<Keeper>>,
}

impl Desk {
    /// Signs in and settles which function app it is about.
    ///
    /// # Errors
    /// When somebody would have to sign in and nobody is there, the sign-in fails, or it is not clear which
    /// function app is meant.
    pub async fn open(
        common: &Common,
        environment: &Environment,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let ground = ground(common, environment).await?;
        let keeper = ground.keeper(Keyring::of_system());
        let session = session(&ground, keeper.as_deref(), common, environment, output).await?;
        let mut desk = Self::of_person(ground, session, keeper);
        if desk.sees_an_app(output).await? {
            return Ok(desk);
        }
        Err(Failure::new(Exit::Fails, say("at_start.no_app"))
            .means(say("at_start.no_app_means"))
            .next(say("at_start.no_app_next")))
    }

    /// The same for [`Self::look`], which settles the app by itself; where nobody can sign in, an app that was named by its
    /// address is looked at as far as anybody may.
    ///
    /// # Errors
    /// As [`Self::open`], but for that.
    pub async fn open_or_public(
        common: &Common,
        environment: &Environment,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let ground = ground(common, environment).await?;
        let keeper = ground.keeper(Keyring::of_system());
        let by_address = matches!(ground.choices.app, Some(AppChoice::Url(_)));
        match session(&ground, keeper.as_deref(), common, environment, output).await {
            Ok(session) => Ok(Self::of_person(ground, session, keeper)),
            Err(nobody) if by_address && nobody.exit == Exit::SignInNeeded => {
                let means = format!("{} {}", nobody.means, ui("sign_in.only_public"));
                Ok(Self {
                    observer: Observer::anonymous(ground.client()),
                    tenant: None,
                    nobody: Some(nobody.means(means.trim())),
                    arm: None,
                    session: None,
                    keeper: None,
                    ground,
                })
            }
            Err(failure) => Err(failure),
        }
    }

    fn of_person(ground: Ground, session: Session, keeper: Option<Arc<Keeper>>) -> Self {
        let reader = Reader::new(session.http().clone(), session.tokens());
        let arm = Some(Arm::new(reader.clone()));
        let observer = Observer::signed_in(reader, Some(session.tenant().to_owned()));
        let tenant = uuid::Uuid::try_parse(session.tenant()).ok().map(|id| id.hyphenated().to_string());
        Self { ground, observer, tenant, nobody: None, arm, session: Some(session), keeper }
    }

    /// Looks at everything. That there is no app to look at is a finding as well.
    ///
    /// # Errors
    /// When no app was named and the apps cannot be listed, or there are several.
    pub async fn look(&mut self, output: &mut Output) -> Result<Facts, Failure> {
        let sees_one = self.sees_an_app(output).await?;
        let mut facts = self.observer.observe(&self.ground.choices).await;
        if !sees_one {
            facts.site = Seen::absent(self.ground.clock.now(), "GET /subscriptions");
        }
        Ok(facts)
    }

    /// Whether there is an app to look at: one that was named, else the only one that this sign-in sees.
    async fn sees_an_app(&mut self, output: &mut Output) -> Result<bool, Failure> {
        let Some(arm) = self.arm.as_ref().filter(|_| self.ground.choices.app.is_none()) else {
            return Ok(true);
        };
        let not_listed = |trouble: Trouble| Failure {
            exit: Exit::before_a_look(&trouble, Exit::CloudFailed),
            ..Failure::from(trouble)
        };
        let listed = arm.list_apps().await.map_err(not_listed)?;
        for not_seen in &listed.not_seen {
            output.say(&format!("{} {not_seen}", ui("screen.not_seen")));
        }
        match listed.not_seen.into_iter().next() {
            // What is looked for may well be there.
            Some(not_seen) if listed.apps.is_empty() => return Err(not_listed(not_seen.why)),
            _ => {}
        }
        let one = the_one(&listed.apps)?.map(|app| AppChoice::ResourceId(app.id.clone()));
        self.ground.choices.app = one;
        Ok(self.ground.choices.app.is_some())
    }

    /// What is to be done and said once the looking is over: the sign-in is kept if that was asked for, and a recording
    /// that is not complete is told.
    pub async fn finish(&self, output: &mut Output) {
        if let Some((keeper, session)) = self.keeper.as_ref().zip(self.session.as_ref()) {
            match keeper.keep(session).await {
                Some(Ok(())) => output.say(ui("keep.kept")),
                Some(Err(trouble)) => output.say(&format!("{} {}", trouble.what, trouble.means)),
                None => {}
            }
        }
        if let Some(problem) = self.ground.recording_problem() {
            output.say(&problem);
        }
    }
}

/// What a command that looks stands on.
async fn ground(common: &Common, environment: &Environment) -> Result<Ground, Failure> {
    let mut ground = Ground::prepare(common, environment, PracticeSignIn::ByItself).await?;
    // What looks never writes.
    ground.config.read_only = true;
    ground.config.on_pause = Some(Arc::new(told_of_a_pause));
    Ok(ground)
}

/// Says on standard error what is waited for, where somebody may wonder.
fn told_of_a_pause(service: Service, pause: Pause) {
    if let Pause::Begins(wait) = pause {
        let seconds = wait.as_secs().to_string();
        let line = ui_with("wait.pause", &[("who", service.name()), ("seconds", &seconds)]);
        // Where nobody can be told, the wait is the same.
        let _told = writeln!(std::io::stderr(), "{line}");
    }
}

/// The sign-in that is kept, else a new one.
async fn session(
    ground: &Ground,
    keeper: Option<&Keeper>,
    common: &Common,
    environment: &Environment,
    output: &mut Output,
) -> Result<Session, Failure> {
    match kept(ground, keeper, output).await? {
        Some(session) => Ok(session),
        None => sign_in(ground, common, environment, output).await,
    }
}

/// The sign-in that is kept, where the person asked for that and it is still good.
async fn kept(
    ground: &Ground,
    keeper: Option<&Keeper>,
    output: &mut Output,
) -> Result<Option<Session>, Failure> {
    let Some(keeper) = keeper else { return Ok(None) };
    let tenant = ground.choices.tenant.as_deref();
    match keeper.session(&ground.client(), tenant).await {
        Ok(Some(session)) => {
            output.say(ui("keep.used"));
            return Ok(Some(session));
        }
        Ok(None) => {}
        Err(trouble) => output.say(&format!("{} {}", trouble.what, trouble.means)),
    }
    // Whoever signs in now is kept for this tenant.
    keeper.signed_in(tenant);
    Ok(None)
}

/// Signs in: by itself where that is practised, else with a person at the terminal, else with the sign-in of `az`.
async fn sign_in(
    ground: &Ground,
    common: &Common,
    environment: &Environment,
    output: &mut Output,
) -> Result<Session, Failure> {
    let http = ground.client();
    let sign_in = SignIn::new(&http, ground.choices.tenant.as_deref());
    let named = ground.choices.tenant.as_deref();
    let by_itself = if ground.cloud.is_practice() {
        let tried = sign_in_by_itself(&sign_in, &ground.config.extra_roots).await;
        tried.map_err(|trouble| not_signed_in(trouble, named))
    } else {
        Ok(None)
    };
    if let Ok(Some(session)) = by_itself {
        return Ok(session);
    }
    if let Some(practice) = &ground.practice
        && let Some(failure) = not_its_tenant(named, &practice.summary()["tenant"])
    {
        return Err(failure);
    }
    by_itself?;
    if !(environment.stdin_is_terminal && environment.stderr_is_terminal) {
        return with_nobody_there(ground, environment, &http, output).await;
    }
    if http.client_id() == AZURE_CLI {
        output.say(ui("sign_in.client"));
    }
    let browser = if common.no_browser { Browser::off() } else { Browser::new(environment) };
    let (tell, told) = unbounded_channel();
    let session = if browser.unavailable().is_none() {
        with_guide(sign_in.with_browser(&tell), told, &browser, ground, output).await
    } else {
        with_guide(sign_in.with_device_code(&tell), told, &browser, ground, output).await
    }
    .map_err(|trouble| not_signed_in(trouble, named))?;
    let person = session.person();
    output.say(&ui_with("sign_in.signed_in", &[("person", &person.upn), ("tenant", session.tenant())]));
    Ok(session)
}

/// A sign-in that did not come about. A tenant that does not exist was named wrongly; else somebody has to sign in, unless
/// the cloud failed.
fn not_signed_in(trouble: Trouble, named: Option<&str>) -> Failure {
    let exit = if named.is_some() && trouble.says_no_such_tenant() {
        Exit::WrongUsage
    } else {
        Exit::before_a_look(&trouble, Exit::SignInNeeded)
    };
    Failure { exit, ..Failure::from(trouble) }
}

/// Why nobody could be signed in by themselves: the tenant that was named is not the one of the scenario.
fn not_its_tenant(named: Option<&str>, tenant: &Value) -> Option<Failure> {
    let (id, domain) = (tenant["id"].as_str()?, tenant["domain"].as_str()?);
    let named = named?.trim();
    if [id, domain].iter().any(|own| own.eq_ignore_ascii_case(named)) {
        return None;
    }
    Some(
        Failure::wrong_usage(say_with(
            "at_start.another_tenant",
            &[("tenant", &clean_line(named, LONGEST_NAME))],
        ))
        .means(say_with("at_start.another_tenant_means", &[("domain", domain), ("id", id)]))
        .next(say("at_start.another_tenant_next")),
    )
}

/// Borrows the sign-in of the Azure CLI, unless another client was named to sign in with.
async fn with_nobody_there(
    ground: &Ground,
    environment: &Environment,
    http: &Http,
    output: &mut Output,
) -> Result<Session, Failure> {
    let next = if ground.cloud.is_practice() {
        say("at_start.nobody_practice_next")
    } else {
        say("at_start.nobody_next")
    };
    let nobody = Failure::new(Exit::SignInNeeded, say("at_start.nobody")).next(next);
    let Some(az) = ground.az(environment).filter(|_| http.client_id() == AZURE_CLI) else {
        return Err(nobody);
    };
    match borrow(&az, http, ground.choices.tenant.as_deref()).await {
        Ok(session) => {
            let (person, tenant) = (&session.person().upn, session.tenant());
            output.say(&ui_with("sign_in.borrowed", &[("person", person), ("tenant", tenant)]));
            Ok(session)
        }
        Err(trouble) => {
            let next = format!("{} {}", trouble.next, nobody.next);
            Err(Failure { original: trouble.original, ..nobody.means(trouble.what).next(next) })
        }
    }
}

/// Carries a sign-in out while telling the person what to do.
async fn with_guide(
    flow: impl Future<Output = Result<Session, Trouble>>,
    mut told: UnboundedReceiver<SignInEvent>,
    browser: &Browser,
    ground: &Ground,
    output: &mut Output,
) -> Result<Session, Trouble> {
    tokio::pin!(flow);
    loop {
        tokio::select! {
            outcome = &mut flow => return outcome,
            Some(event) = told.recv() => match event {
                SignInEvent::DeviceCode { user_code, verification_uri, expires_at, .. } => {
                    let url = verification_uri.as_str();
                    output.say(&ui_with("sign_in.code", &[("url", url), ("code", &user_code)]));
                    output.say(ui("screen.phishing"));
                    output.say(&say_with("at_start.code_ends", &[("time", &ground.clock.local_hhmm(expires_at))]));
                }
                SignInEvent::Browser { url } => {
                    if let BrowserOutcome::NotHere(reason) = browser.open(&url).await {
                        output.say(&reason.to_string());
                    }
                    output.say(&format!("{}\n{url}", say("at_start.open_address")));
                }
                SignInEvent::Returned => {}
            },
        }
    }
}

/// The only function app there is, if there is any.
fn the_one(apps: &[AppListing]) -> Result<Option<&AppListing>, Failure> {
    match apps {
        [one] => Ok(Some(one)),
        [] => Ok(None),
        several => {
            let mut list: Vec<String> = several
                .iter()
                .take(MOST_LISTED)
                .map(|app| format!("  {} ({})", app.name, app.host))
                .collect();
            if several.len() > MOST_LISTED {
                list.push(format!(
                    "  {}",
                    say_with(
                        "at_start.several_apps_more",
                        &[("number", &(several.len() - MOST_LISTED).to_string())]
                    )
                ));
            }
            Err(Failure::wrong_usage(format!(
                "{}\n{}",
                say_with("at_start.several_apps", &[("number", &several.len().to_string())]),
                list.join("\n")
            ))
            .next(say("at_start.several_apps_next")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> AppListing {
        AppListing {
            id: format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/{name}"),
            name: name.into(),
            host: format!("{name}.azurewebsites.net"),
            location: "westeurope".into(),
            subscription: "s".into(),
            subscription_name: "Contoso".into(),
            resource_group: "rg".into(),
            state: "Running".into(),
        }
    }

    #[test]
    fn a_tenant_that_the_scenario_has_not_is_named_as_the_cause() {
        let own = serde_json::json!({"id": "0f1e2d3c-0000-4000-8000-000000000001", "domain": "contoso.onmicrosoft.com"});
        for fine in [None, Some(" Contoso.onmicrosoft.com"), Some("0F1E2D3C-0000-4000-8000-000000000001")] {
            assert_eq!(not_its_tenant(fine, &own), None, "{fine:?}");
        }
        let failure = not_its_tenant(Some("other.onmicrosoft.com\u{1b}[2J"), &own).unwrap();
        assert_eq!(failure.exit, Exit::WrongUsage);
        assert!(
            failure.what.contains("other.onmicrosoft.com") && !failure.what.contains('\u{1b}'),
            "{failure:?}"
        );
        assert!(failure.means.contains("contoso.onmicrosoft.com"), "{failure:?}");
        assert_eq!(not_its_tenant(Some("other"), &Value::Null), None);
    }

    #[test]
    fn a_sign_in_that_fails_is_no_finding() {
        use crate::engine::trouble::Class;
        let trouble = |class, code: &str| Trouble { code: Some(code.into()), ..Trouble::new(class, "", "") };
        for (class, code, named, exit) in [
            (Class::Refused, "AADSTS90002", Some("nosuch.example"), Exit::WrongUsage),
            (Class::SignInRefused, "AADSTS90002", Some("nosuch.example"), Exit::WrongUsage),
            (Class::Refused, "AADSTS90002", None, Exit::SignInNeeded),
            (Class::NotAllowed, "AADSTS7000", Some("contoso.com"), Exit::SignInNeeded),
            (Class::Offline, "", Some("contoso.com"), Exit::CloudFailed),
        ] {
            assert_eq!(not_signed_in(trouble(class, code), named).exit, exit, "{class:?} {code}");
        }
    }

    #[test]
    fn only_a_single_app_goes_without_saying() {
        assert_eq!(the_one(&[app("one")]).unwrap().unwrap().name, "one");
        assert!(the_one(&[]).unwrap().is_none());
        let failure = the_one(&[app("one"), app("two")]).unwrap_err();
        assert_eq!(failure.exit, Exit::WrongUsage);
        assert!(failure.what.contains("one.azurewebsites.net") && failure.next.contains("--app"));
        let many: Vec<_> = (0..50).map(|n| app(&format!("a{n}"))).collect();
        assert!(the_one(&many).unwrap_err().what.ends_with("and 30 more"));
    }
}
