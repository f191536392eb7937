//! The loop's work against the practice cloud, with a face that shows nothing.

use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::cloud::fixtures::{Stage, Visitor};
use crate::cloud::sign_in::{SignIn, SignInEvent};
use crate::engine::change::{Change, ChangeKind, Method, Right, Service};
use crate::engine::choices::{AppChoice, Choices};
use crate::engine::fixtures::{self, finished};
use crate::engine::trouble::{Class, Trouble};
use crate::flow::effect::SignInMethod;
use crate::flow::event::SignInProgress;
use crate::flow::state::{PublicClient, Setup, Timing};
use crate::platform::clipboard::Osc52;

struct NoFace;

impl Face for NoFace {
    type Raw = ();
    type Error = std::io::Error;

    fn read(&mut self, (): (), _: &State) -> Option<Event> {
        None
    }
    fn draw(&mut self, _: &State) -> std::io::Result<bool> {
        Ok(true)
    }
    fn send_to_clipboard(&mut self, _: &Osc52) -> std::io::Result<()> {
        Ok(())
    }
    fn leave(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    fn enter(&mut self) -> std::io::Result<()> {
        Ok(())
    }
    fn redraw(&mut self) {}
}

fn drive(services: Services) -> (Drive<NoFace>, UnboundedReceiver<Event>) {
    let cloud = services.http().cloud().clone();
    let setup = Setup {
        practice: true,
        read_only: false,
        no_browser: true,
        remote: false,
        cloud,
        client: PublicClient { id: String::new(), name: String::new() },
        methods: vec![SignInMethod::AzCli],
        files_dir: String::new(),
        secret_days: 180,
        timing: Timing::default(),
    };
    let machinery = Machinery {
        services,
        clipboard: ClipboardService::in_memory().0,
        browser: Browser::off(),
        clock: Clock::fixed(fixtures::now()),
        choices_file: None,
        person: None,
        secret_on_clipboard: Duration::from_secs(120),
        calls: unbounded_channel().1,
        pauses: unbounded_channel().1,
    };
    let ((to, events), (to_copies, _)) = (unbounded_channel(), unbounded_channel());
    let state = State::new(setup, Choices::default(), fixtures::now());
    (Drive::new(state, NoFace, machinery, to, to_copies), events)
}

async fn answer(events: &mut UnboundedReceiver<Event>) -> Answer {
    match events.recv().await {
        Some(Event::Answer { answer, .. }) => answer,
        other => panic!("{other:?}"),
    }
}

fn refused(answer: Answer) -> Trouble {
    match answer {
        Answer::SignIn(SignInProgress::Failed(trouble)) | Answer::Applied { result: Err(trouble), .. } => {
            trouble
        }
        other => panic!("{other:?}"),
    }
}

/// Ada at the practice cloud's own page.
async fn ada(stage: &Stage) -> crate::cloud::sign_in::Session {
    let (tell, mut told) = unbounded_channel();
    let sign_in = SignIn::new(&stage.http, None);
    let session = tokio::spawn(async move { sign_in.with_browser(&tell).await });
    let Some(SignInEvent::Browser { url }) = told.recv().await else { panic!("no address was shown") };
    let visitor = Visitor::new();
    let page = visitor.open(url).await;
    visitor.submit(&page, &[("practice_user", &stage.user("ada"))]).await;
    session.await.unwrap().unwrap()
}

fn new_secret(path: String) -> Change {
    Change {
        kind: ChangeKind::AddSecret,
        service: Service::Graph,
        method: Method::Post,
        path,
        prefer: None,
        before: serde_json::Value::Null,
        body: serde_json::json!({}),
        title: String::new(),
        consequences: Vec::new(),
        right: Right::OwnApp,
        az: String::new(),
        undo: String::new(),
        inverse: vec![],
        undo_az: vec![],
    }
}

#[tokio::test]
async fn no_secret_is_made_for_a_registration_that_is_not_known() {
    let mut stage = Stage::start("finished").await;
    let services = Services::new(stage.http.clone());
    services.signed_in(ada(&stage).await);
    let (mut drive, mut events) = drive(services);
    stage.called();
    let known = finished().client_app.value().unwrap().object_id.clone();
    let other = new_secret("/applications/0badc0de-0000-4000-8000-000000000009/addPassword".into());
    for (facts, change) in
        [(Facts::default(), new_secret(format!("/applications/{known}/addPassword"))), (finished(), other)]
    {
        drive.state.facts = facts;
        drive.start(1, Work::Apply { index: 3, change: Box::new(change) });
        let trouble = refused(answer(&mut events).await);
        assert_eq!(trouble.class, Class::Local);
        assert!(trouble.means.contains("Nothing was sent") && !trouble.uncertain, "{trouble}");
    }
    assert_eq!(stage.called(), [] as [&str; 0]);
    assert_eq!(drive.with_vault(|vault| vault.held().secret), None);
}

#[tokio::test]
async fn a_secret_that_was_made_is_held_for_its_own_registration() {
    let stage = Stage::start("finished").await;
    let services = Services::new(stage.http.clone());
    services.signed_in(ada(&stage).await);
    let (mut drive, mut events) = drive(services);
    let choices = Choices { app: Some(AppChoice::Name("contoso-hello".into())), ..Choices::default() };
    drive.state.facts = drive.machinery.services.observer().observe(&choices).await;
    let client = drive.state.facts.client_app.value().unwrap().clone();
    let change = new_secret(format!("/applications/{}/addPassword", client.object_id));
    drive.start(1, Work::Apply { index: 0, change: Box::new(change) });
    let Some(Event::Held(held)) = events.recv().await else { panic!("nothing is held") };
    assert_eq!(held.secret.unwrap().client_app_id, client.app_id);
    assert_eq!(answer(&mut events).await, Answer::Applied { index: 0, result: Ok(()) });
}

/// The registration cannot be seen: the value is held for the client ID that the person gave.
#[tokio::test]
async fn a_secret_is_pasted_for_a_client_id_that_was_given_and_not_tried_without_a_tenant() {
    let mut stage = Stage::start("fresh").await;
    let (mut drive, mut events) = drive(Services::new(stage.http.clone()));
    for given in [None, Some(fixtures::CLIENT)] {
        drive.state.choices.client_app_id = given.map(str::to_owned);
        drive.with_vault(|vault| vault.field.paste("8Qx8Q~not-a-real-secret-only-for-tests-0"));
        drive.start(1, Work::SubmitSecretField);
        let Some(Event::Held(held)) = events.recv().await else { panic!("nothing is said") };
        assert_eq!(held.secret.as_ref().map(|secret| secret.client_app_id.as_str()), given);
        let shape = crate::engine::secret_shape::SecretShape::Possible;
        assert_eq!(answer(&mut events).await, Answer::SecretEntered { shape });
        drive.state.held = held;
    }
    drive.start(1, Work::ProbeSecret);
    let Answer::SecretProbed(Err(told)) = answer(&mut events).await else { panic!("it was tried") };
    assert!(told.what.contains("tenant is not known"), "{told}");
    assert_eq!(stage.called(), [] as [&str; 0]);
}

#[cfg(unix)]
mod with_az {
    use std::fs;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::engine::clouds::Audience;
    use crate::platform::az::Az;

    /// A script that stands in for `az` and lends what Ada got herself. What it is asked stays in its folder.
    async fn lending(stage: &Stage) -> (tempfile::TempDir, Az, [String; 2]) {
        let own = ada(stage).await;
        let place = tempfile::tempdir().unwrap();
        let mut tokens = [Audience::Graph, Audience::Arm].map(|audience| (audience, String::new()));
        for (audience, token) in &mut tokens {
            own.token(*audience).await.unwrap().expose_secret().clone_into(token);
            let resource = stage.http.cloud().audience(*audience).unwrap().replace(['/', ':'], "_");
            let answer = serde_json::json!({"accessToken": token, "expires_on": 4_102_444_800_i64, "tenant": stage.tenant()});
            fs::write(place.path().join(resource), answer.to_string()).unwrap();
        }
        let script =
            "cd \"$1\" || exit 9; shift; echo \"$*\" >>asked; exec cat \"$(echo \"$6\" | tr '/:' '__')\"";
        let folder = place.path().as_os_str().to_owned();
        let az = Az::at("/bin/sh".into(), vec!["-c".into(), script.into(), "az".into(), folder]);
        (place, az, tokens.map(|(_, token)| token))
    }

    #[tokio::test]
    async fn the_session_of_az_signs_in_and_reads() {
        let stage = Stage::start("finished").await;
        let (place, az, tokens) = lending(&stage).await;
        let (mut drive, mut events) = drive(Services::new(stage.http.clone()).with_az(Some(az)));
        drive.start(1, Work::SignIn(SignInMethod::AzCli));
        let told = answer(&mut events).await;
        let Answer::SignIn(SignInProgress::Done(person)) = &told else { panic!("{told:?}") };
        assert_eq!(
            (person.upn.as_str(), &person.tenant_id),
            ("ada@contoso.onmicrosoft.com", &stage.tenant())
        );
        drive.start(1, Work::ListApps);
        // The tenants are asked for beside the apps; either may be told first.
        let mut listed = answer(&mut events).await;
        if matches!(listed, Answer::TenantsListed(_)) {
            listed = answer(&mut events).await;
        }
        let Answer::AppsListed(Ok(list)) = &listed else { panic!("{listed:?}") };
        assert!(list.apps.iter().any(|app| app.name == "contoso-hello") && list.not_seen.is_empty());
        let asked = fs::read_to_string(place.path().join("asked")).unwrap();
        let cloud = stage.http.cloud();
        let command = "account get-access-token --output json --resource";
        assert_eq!(
            asked,
            format!(
                "{command} {}\n{command} {} --tenant {}\n",
                cloud.graph_audience,
                cloud.arm_audience,
                stage.tenant()
            ),
            "all tokens are for the first one's tenant"
        );
        let left = format!("{told:?} {listed:?} {:?} {}", drive.state, stage.recorded.document());
        assert!(left.contains("Microsoft.Web/sites"));
        for token in tokens {
            assert!(!left.contains(&token));
        }
    }

    #[tokio::test]
    async fn an_az_that_is_not_signed_in_or_not_there_is_explained() {
        let mut stage = Stage::start("fresh").await;
        let script = "echo \"AADSTS70043: expired canary. Run: az login\" >&2; exit 1";
        let ended = Az::at("/bin/sh".into(), vec!["-c".into(), script.into()]);
        for (az, class, next, code) in [
            (Some(ended), Class::SignInRefused, "Run az login", Some("AADSTS70043")),
            (Some(Az::at("/no/such/az".into(), Vec::new())), Class::Local, "Install", None),
            (None, Class::Local, "browser", None),
        ] {
            let (mut drive, mut events) = drive(Services::new(stage.http.clone()).with_az(az));
            drive.start(1, Work::SignIn(SignInMethod::AzCli));
            let trouble = refused(answer(&mut events).await);
            assert_eq!((trouble.class, trouble.code.as_deref()), (class, code), "{trouble}");
            assert!(trouble.next.contains(next) && !format!("{trouble:?}").contains("canary"), "{trouble:?}");
        }
        assert_eq!(stage.called(), [] as [&str; 0]);
    }
}
