//! Observing and changing on the practice cloud: signed in as a practice user, over the same HTTP that goes to
//! Microsoft.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is the failure of a test")]

use std::sync::Arc;
use std::time::Duration;

use handclasp::cloud::arm::Arm;
use handclasp::cloud::change::{Applied, Patience, Writer};
use handclasp::cloud::http::{CloudConfig, Http};
use handclasp::cloud::observe::{Observer, Part};
use handclasp::cloud::reader::Reader;
use handclasp::cloud::sign_in::SignIn;
use handclasp::engine::checks::assess;
use handclasp::engine::choices::{AppChoice, Choices, ConsentWay};
use handclasp::engine::clouds::Cloud;
use handclasp::engine::facts::{AuthVersion, CandidateReason, Fact, Facts};
use handclasp::engine::findings::Verdict;
use handclasp::engine::held::Held;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::plan::{PlanInput, landed, plan};
use handclasp::practice::{Options, Practice};
use jiff::Timestamp;

struct Desk {
    practice: Practice,
    http: Http,
    reader: Reader,
    observer: Observer,
    choices: Choices,
}

impl Desk {
    async fn start(scenario: &'static str) -> Self {
        let start_at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let options = Options {
            start_at: Some(start_at),
            frozen: true,
            auto_approve: Some("ada".into()),
            ..Options::default()
        };
        let practice = Practice::start(scenario, options).await.unwrap();
        practice.world().lock().switches.device_code_interval_s = 0;
        let origin: url::Url = practice.origin().parse().unwrap();
        let cloud = Cloud {
            login: origin.clone(),
            graph: origin.clone(),
            arm: origin.clone(),
            site_origin: Some(origin),
            ..Cloud::named("public").unwrap()
        };
        let world = practice.world();
        let now = Arc::new(move || world.lock().now());
        let mut config = CloudConfig::new(Arc::new(cloud), "04b07795-8ddb-461a-bbee-02f9e1bf7b46", now);
        config.limits.shortest_poll = Duration::ZERO;
        config.limits.first_wait = Duration::ZERO;
        let http = Http::new(config).unwrap();
        let (events, _heard) = tokio::sync::mpsc::unbounded_channel();
        let session = SignIn::new(&http, None).with_device_code(&events).await.unwrap();
        let reader = Reader::new(http.clone(), session.tokens());
        let observer = Observer::signed_in(reader.clone(), Some(session.tenant().to_owned()));
        let app = Some(AppChoice::Name("contoso-hello".into()));
        Self { practice, http, reader, observer, choices: Choices { app, ..Choices::default() } }
    }

    async fn look(&self) -> Facts {
        self.observer.observe(&self.choices).await
    }

    /// Every mutating call that the practice cloud got, as method and path.
    fn writes(&self) -> Vec<String> {
        self.practice.world().lock().calls.iter().map(|c| format!("{} {}", c.method, c.path)).collect()
    }

    /// Plans a stage and makes its changes one after the other, each planned again from fresh facts.
    async fn work(&self, stage: StageId) -> Vec<Applied> {
        let world = self.practice.world();
        let patience = Patience { waits: vec![Duration::ZERO; 30] };
        let step = world.clone();
        let writer = Writer::new(self.reader.clone()).unwrap().patience(patience).on_wait(Arc::new(
            // The practice clock stands still, so waiting means moving it.
            move |_, _| step.lock().clock.advance(5),
        ));
        // One moment for the whole stage: the name of a new secret is made from it.
        let now = self.http.now();
        let mut done = Vec::new();
        for _ in 0..12 {
            let facts = self.look().await;
            let input = PlanInput {
                now,
                scope_id: "6f0f2b0e-0000-4000-8000-00000000a001".into(),
                rehearsal_redirect: None,
                secret_days: 180,
            };
            let plan = plan(stage, self.http.cloud(), &facts, &self.choices, &input);
            assert_eq!(plan.blocked, None, "{stage:?}");
            let Some(change) = plan.changes.first() else { return done };
            let applied = writer.apply(change).await;
            done.push(
                applied.unwrap_or_else(|trouble| panic!("{}: {trouble} {}", change.title, trouble.original)),
            );
            // Reads flip-flop while a change spreads: only the second look in a row that shows it counts.
            let (mut facts, mut in_a_row) = (facts, 0);
            for _ in 0..40 {
                facts = self.observer.observe_part(&facts, &self.choices, Part::All).await;
                in_a_row = if landed(change, &facts) { in_a_row + 1 } else { 0 };
                if in_a_row == 2 {
                    break;
                }
                world.lock().clock.advance(5);
            }
            assert_eq!(in_a_row, 2, "{}", change.title);
        }
        panic!("{stage:?} never ends");
    }

    async fn verdicts(&self, stage: StageId) -> Vec<(CheckId, Verdict)> {
        let findings =
            assess(self.http.cloud(), &self.look().await, &self.choices, &Held::default(), self.http.now());
        findings.stage(stage).unwrap().checks.iter().map(|f| (f.id, f.verdict)).collect()
    }
}

#[tokio::test]
async fn fresh_is_seen_as_it_is_and_looking_changes_nothing() {
    let desk = Desk::start("fresh").await;
    let listed = Arm::new(desk.reader.clone()).list_apps().await.unwrap();
    assert!(listed.apps.iter().any(|app| app.name == "contoso-hello"), "{listed:?}");
    assert!(listed.not_seen.is_empty(), "{listed:?}");
    let facts = desk.look().await;
    assert_eq!(facts.person.value().unwrap().upn, "ada@contoso.onmicrosoft.com");
    assert!(facts.tenant.value().unwrap().issuer_v2.ends_with("/v2.0"));
    let site = facts.site.value().unwrap();
    assert_eq!(site.name, "contoso-hello");
    assert!(facts.host.value().is_some());
    assert!(facts.functions.value().unwrap().iter().any(|f| f.name == "Hello"));
    assert!(!facts.auth.value().unwrap().enabled);
    assert_eq!(facts.auth_version.value(), Some(&AuthVersion::V1 { enabled: false }));
    assert!(facts.api_app.is_absent() && facts.client_app.is_absent());
    assert!(facts.probes.function.not_looked());
    assert_eq!(desk.writes(), Vec::<String>::new());
    // By its resource id it is the same, in fewer calls.
    let by_id = Choices { app: Some(AppChoice::ResourceId(site.id.clone())), ..Choices::default() };
    assert_eq!(desk.observer.observe(&by_id).await.site.value(), Some(site));
}

#[tokio::test]
async fn finished_is_seen_whole() {
    let desk = Desk::start("finished").await;
    let facts = desk.look().await;
    assert!(facts.auth.value().unwrap().client_id.is_some());
    assert_eq!(facts.probes.login.value().unwrap().client_id, facts.auth.value().unwrap().client_id);
    assert!(facts.api_app.value().unwrap().scope("user_impersonation").is_some());
    assert!(facts.api_principal.value().is_some());
    let client = facts.client_app.value().unwrap();
    assert_eq!(facts.client_candidates.value().unwrap()[0].app_id, client.app_id);
    assert!(matches!(
        facts.client_candidates.value().unwrap()[0].why,
        CandidateReason::Marker | CandidateReason::Requests
    ));
    assert!(facts.client_principal.value().is_some() && facts.grants.value().is_some());
    assert_eq!(facts.resource.value().unwrap().app_id, facts.api_app.value().unwrap().app_id);
    // The Azure CLI's token may not read policies; that is said, not guessed.
    assert!(matches!(facts.user_consent.fact, Fact::CouldNot(_) | Fact::Is(_)));
    for stage in [StageId::Pick, StageId::Protect, StageId::Register] {
        for (check, verdict) in desk.verdicts(stage).await {
            assert!(matches!(verdict, Verdict::Pass | Verdict::NotApplicable), "{check:?} {verdict:?}");
        }
    }
    assert_eq!(desk.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn every_stage_that_writes_is_brought_to_pass_by_its_plan() {
    let mut desk = Desk::start("fresh").await;
    desk.choices.consent = Some(ConsentWay::PreAuthorize);
    desk.work(StageId::Protect).await;
    desk.work(StageId::Register).await;
    desk.work(StageId::Grant).await;
    let secrets = desk.work(StageId::Secret).await;
    assert!(secrets.iter().any(|applied| applied.secret.is_some()));
    for stage in [StageId::Protect, StageId::Register, StageId::Grant] {
        for (check, verdict) in desk.verdicts(stage).await {
            assert!(!matches!(verdict, Verdict::Fail | Verdict::Waiting), "{check:?} {verdict:?}");
        }
    }
    // Nothing was created twice.
    let writes = desk.writes();
    assert_eq!(writes.iter().filter(|w| w.ends_with("/servicePrincipals")).count(), 2, "{writes:#?}");
    assert_eq!(writes.iter().filter(|w| w.contains("addPassword")).count(), 1, "{writes:#?}");
}

#[tokio::test]
async fn a_directory_that_lags_is_waited_for() {
    let mut desk = Desk::start("fresh").await;
    desk.choices.consent = Some(ConsentWay::PreAuthorize);
    {
        let world = desk.practice.world();
        let mut world = world.lock();
        world.switches.by_id_lag_s = 12;
        world.switches.list_lag_s = 20;
        world.switches.flip_flop = true;
    }
    desk.work(StageId::Protect).await;
    desk.work(StageId::Register).await;
    let writes = desk.writes();
    assert!(writes.len() >= 6, "{writes:#?}");
}

#[tokio::test]
async fn every_broken_set_up_shows_its_broken_link() {
    for (scenario, broken) in [
        ("finished", None),
        ("issuer-mismatch", Some(CheckId::ApiIssuer)),
        ("wrong-audience", Some(CheckId::ApiAudience)),
        ("caller-not-allowed", Some(CheckId::ClientAllowed)),
        ("secret-expired", Some(CheckId::SecretEnds)),
        ("redirect-missing", Some(CheckId::RedirectRegistered)),
        ("fresh", Some(CheckId::ApiApp)),
    ] {
        let desk = Desk::start(scenario).await;
        let facts = desk.look().await;
        let findings = assess(desk.http.cloud(), &facts, &desk.choices, &Held::default(), desk.http.now());
        // Another check of the same stage may see the same fault first and say it better.
        assert_eq!(findings.first_broken().map(CheckId::stage), broken.map(CheckId::stage), "{scenario}");
        let verdict = broken.and_then(|broken| findings.check(broken)).map(|found| found.verdict);
        assert_eq!(verdict, broken.map(|_| Verdict::Fail), "{scenario}");
        assert_eq!(desk.writes(), Vec::<String>::new(), "{scenario}");
        let world = desk.practice.world();
        let unknown: Vec<String> = world.lock().unknown.iter().map(|u| u.path.clone()).collect();
        assert_eq!(unknown, Vec::<String>::new(), "{scenario}");
    }
}

#[tokio::test]
async fn a_failing_network_and_a_crowd_are_looked_through() {
    for scenario in ["flaky", "workshop", "no-admin", "slow-directory"] {
        let desk = Desk::start(scenario).await;
        // What fails the first time may be seen the second time; nothing is lost by looking again.
        let first = desk.look().await;
        let facts = desk.observer.observe_part(&first, &desk.choices, Part::All).await;
        assert!(facts.person.value().is_some(), "{scenario}: {:?}", facts.person);
        assert!(facts.site.value().is_some(), "{scenario}: {:?}", facts.site);
        assert!(facts.auth.value().is_some(), "{scenario}: {:?}", facts.auth);
        assert!(facts.functions.value().is_some(), "{scenario}: {:?}", facts.functions);
        assert!(!matches!(facts.api_app.fact, Fact::CouldNot(_)), "{scenario}: {:?}", facts.api_app);
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_found_done_and_not_done_twice() {
    let desk = Desk::start("flaky").await;
    let writer = Writer::new(desk.reader.clone()).unwrap();
    let input = PlanInput {
        now: desk.http.now(),
        scope_id: "6f0f2b0e-0000-4000-8000-00000000a001".into(),
        rehearsal_redirect: None,
        secret_days: 180,
    };
    let mut lost = 0;
    for _ in 0..12 {
        let facts = desk.look().await;
        let plan = plan(StageId::Protect, desk.http.cloud(), &facts, &desk.choices, &input);
        let Some(change) = plan.changes.first() else { break };
        if let Err(trouble) = writer.apply(change).await {
            assert!(trouble.uncertain, "{trouble}");
            lost += 1;
        }
        assert!(landed(change, &desk.look().await), "{}", change.title);
    }
    assert_eq!(lost, 1, "the answer to the settings");
    let made = desk.writes();
    assert_eq!(made.iter().filter(|w| w.starts_with("PUT")).count(), 1, "{made:#?}");
}
