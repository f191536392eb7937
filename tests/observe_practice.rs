//! Observing and changing on the practice cloud: signed in as a practice user, over the same HTTP that goes to
//! Microsoft.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is the failure of a test")]

mod desk;
mod recordings;

use desk::Desk;
use handclasp::cloud::arm::Arm;
use handclasp::cloud::observe::{Observer, Part};
use handclasp::engine::checks::assess;
use handclasp::engine::choices::{AppChoice, Choices, ConsentWay};
use handclasp::engine::facts::{AuthVersion, CandidateReason, Fact};
use handclasp::engine::findings::Verdict;
use handclasp::engine::forecast::{Can, Subject, forecast};
use handclasp::engine::held::Held;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::engine::trouble::Class;
use handclasp::practice;
use handclasp::practice::world::{DataPolicy, SecretPolicy, World, directory_role};
use serde_json::json;

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
    assert_eq!(facts.auth_version.value(), Some(&AuthVersion::V1 { enabled: false, keeps_secrets: false }));
    assert!(facts.api_app.is_absent() && facts.client_app.is_absent());
    assert_eq!(desk.writes(), Vec::<String>::new());
    // By its resource id it is the same, in fewer calls.
    let by_id = Choices { app: Some(AppChoice::ResourceId(site.id.clone())), ..Choices::default() };
    assert_eq!(desk.observer.observe(&by_id).await.site.value(), Some(site));
}

/// What each person is told beforehand, subject by subject in the order of the way.
async fn told(desk: &Desk) -> Vec<Can> {
    let facts = desk.look().await;
    forecast(&facts, &[], desk.http.now()).into_iter().map(|line| line.can).collect()
}

#[tokio::test]
async fn what_a_person_can_do_is_told_beforehand_and_trying_bears_it_out() {
    use Can::{CannotTell, No, Yes};
    // Ada owns what she makes, and signs in with a token that may not read policies (microsoft-cloud 2.10).
    let desk = Desk::start("fresh").await;
    // Data policies are her administrators' to read; her plan is a developer's.
    assert_eq!(told(&desk).await, [CannotTell, Yes, CannotTell, CannotTell, No, Yes, CannotTell, Yes]);
    desk.world(|world| world.switches.policies_readable = true);
    assert_eq!(told(&desk).await, [Yes, Yes, Yes, Yes, No, Yes, CannotTell, Yes]);
    desk.world(|world| {
        world.switches.users_may_create_apps = false;
        world.switches.user_consent = practice::world::UserConsent::Off;
        world.switches.secret_policy = SecretPolicy { forbidden: true, max_lifetime_days: None };
        world.switches.makers_may_create_connectors = false;
    });
    assert_eq!(told(&desk).await, [No, Yes, No, No, No, No, CannotTell, Yes]);
    let input = desk.input();
    let (_, planned) = desk.plan(StageId::Protect, &input).await;
    let refused = desk.writer().apply(&planned.changes[0]).await.unwrap_err();
    assert_eq!(refused.class, Class::NotAllowed, "the forecast was right");
    assert_eq!(desk.writes().len(), 1, "and was made without a single write");

    // Grace administers applications, and only looks at Azure.
    let desk = Desk::of("finished", "grace").await;
    let grace = [Yes, No, CannotTell, Yes, Yes, Yes, CannotTell, Yes];
    assert_eq!(told(&desk).await, grace);
    // Alan sees nothing of Azure, so that nothing of the app can be told.
    let desk = Desk::of("finished", "alan").await;
    let alan = told(&desk).await;
    assert_eq!((alan[1], alan[4], alan[7]), (CannotTell, No, CannotTell), "and he has no licence");
}

#[tokio::test]
async fn data_policies_are_read_by_administrators_whatever_the_list_tells_of_them() {
    let outlook = async |desk: &Desk| {
        let facts = desk.look().await;
        let all = forecast(&facts, &[], desk.http.now());
        let line = all.into_iter().find(|line| line.subject == Subject::DataPolicy).unwrap();
        (line.can, line.evidence)
    };
    for told_by_the_list in [false, true] {
        let desk = Desk::start("fresh").await;
        desk.world(|world| {
            world.switches.policy_lists_tell_patterns = told_by_the_list;
            let tenant = world.main_tenant().to_owned();
            world.data_policies.push(DataPolicy::blocking("Strict", &tenant, "https://*.azurewebsites.net*"));
        });
        let (can, evidence) = outlook(&desk).await;
        assert!(can == Can::CannotTell && evidence.starts_with("Only administrators"), "{evidence}");
        desk.world(|world| {
            let ada = world.default_user.clone();
            let ada = world.users.iter_mut().find(|user| user.id == ada).unwrap();
            ada.directory_roles.push(directory_role::POWER_PLATFORM_ADMINISTRATOR.to_owned());
        });
        let (can, evidence) = outlook(&desk).await;
        assert!(can == Can::No && evidence.contains("Strict"), "{evidence}");
        desk.world(|world| world.data_policies[0].environment_type = "OnlyEnvironments".to_owned());
        let (can, evidence) = outlook(&desk).await;
        assert!(can == Can::CannotTell && evidence.contains("Strict"), "{evidence}");
        desk.world(|world| {
            world.data_policies[0].patterns = vec![("https://www.bing.com*".into(), "Blocked".into())];
        });
        let (can, evidence) = outlook(&desk).await;
        assert!(can == Can::Yes && evidence.contains("contoso-hello.azurewebsites.net"), "{evidence}");
        desk.world(|world| world.data_policies.clear());
        assert_eq!(outlook(&desk).await.0, Can::Yes);
        assert_eq!(desk.writes(), Vec::<String>::new());
        desk.world(|world| assert!(world.unknown.is_empty()));
    }
}

#[tokio::test]
async fn without_a_sign_in_the_redirect_url_is_asked_of_the_page() {
    let desk = Desk::start("finished").await;
    let facts = desk.look().await;
    let client = facts.client_app.value().unwrap();
    assert!(facts.redirect_probe.not_looked(), "what can be read is not asked for");
    let observer = Observer::anonymous(desk.http.clone());
    let app = Some(AppChoice::Url("https://contoso-hello.azurewebsites.net".into()));
    let verdict = async |redirect_url: &str| {
        let choices = Choices {
            app: app.clone(),
            client_app_id: Some(client.app_id.clone()),
            redirect_url: Some(redirect_url.to_owned()),
            ..Choices::default()
        };
        let facts = observer.observe(&choices).await;
        let findings = assess(desk.http.cloud(), &facts, &choices, &Held::default(), desk.http.now());
        findings.check(CheckId::RedirectRegistered).unwrap().verdict
    };
    assert_eq!(verdict(&client.web_redirects[0]).await, Verdict::Pass);
    assert_eq!(verdict(&format!("{}x", client.web_redirects[0])).await, Verdict::Fail);
    assert_eq!(desk.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_role_on_the_app_its_address_leads_to_both_registrations() {
    // Alan has no role in Azure; the directory shows him its registrations all the same.
    let desk = Desk::of("finished", "alan").await;
    let address = AppChoice::Url("https://contoso-hello.azurewebsites.net".into());
    let choices = Choices { app: Some(address), ..Choices::default() };
    let facts = desk.observer.observe(&choices).await;
    assert!(facts.hidden_site(&choices), "{:?}", facts.site);
    assert_eq!(facts.api_app.value().unwrap().display_name, "contoso-hello API");
    assert_eq!(facts.client_app.value().unwrap().display_name, "contoso-hello connector");
    let cloud = desk.http.cloud();
    let findings = assess(cloud, &facts, &choices, &Held::default(), desk.http.now());
    for id in [CheckId::ApiApp, CheckId::AuthRefuses, CheckId::ClientApp, CheckId::SecretExists] {
        assert_eq!(findings.check(id).unwrap().verdict, Verdict::Pass, "{id:?}");
    }
    assert_eq!(findings.check(CheckId::AppExists).unwrap().verdict, Verdict::Unknown);
    assert_eq!(findings.first_broken(), None);
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
    assert!(secrets.iter().any(|done| done.applied.secret.is_some()));
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

/// What a look at the finished set-up comes to, spoilt like this: verdict and evidence of one check.
async fn judged(spoil: impl FnOnce(&mut World), id: CheckId) -> (Verdict, String) {
    let desk = Desk::start("finished").await;
    desk.world(spoil);
    let facts = desk.look().await;
    let findings = assess(desk.http.cloud(), &facts, &desk.choices, &Held::default(), desk.http.now());
    let found = findings.check(id).unwrap();
    (found.verdict, found.evidence.clone())
}

#[tokio::test]
async fn a_network_that_keeps_callers_out_is_no_sign_in_that_refuses_them() {
    // One rule that lets somebody else in; whether that is Power Platform, this machine cannot see.
    let rule = json!([{"action": "Allow", "ipAddress": "192.0.2.0/24", "priority": 100}]);
    for named in [true, false] {
        for (member, value, answers) in [
            ("publicNetworkAccess", json!("Disabled"), Verdict::Fail),
            ("ipSecurityRestrictions", rule.clone(), Verdict::Warn),
            ("ipSecurityRestrictionsDefaultAction", json!("Deny"), Verdict::Warn),
        ] {
            for (id, expected) in [(CheckId::AppAnswers, answers), (CheckId::AuthRefuses, Verdict::Unknown)] {
                let spoil = |world: &mut World| {
                    world.switches.forbidden_ip_is_named = named;
                    world.sites[0].config_web[member] = value.clone();
                };
                let (verdict, evidence) = judged(spoil, id).await;
                assert_eq!(verdict, expected, "{member} {id:?}: {evidence}");
            }
        }
    }
    let (stopped, evidence) =
        judged(|world| world.sites[0].state = "Stopped".into(), CheckId::AuthRefuses).await;
    assert_eq!(stopped, Verdict::Unknown, "{evidence}");
}

#[tokio::test]
async fn people_and_groups_that_easy_auth_asks_for_are_seen_wherever_they_stand() {
    let other = "99999999-0000-4000-8000-000000000009";
    for (place, ids, expected) in [
        ("/jwtClaimChecks/allowedGroups", json!([other]), Verdict::Warn),
        ("/defaultAuthorizationPolicy/allowedPrincipals/groups", json!([other]), Verdict::Warn),
        ("/defaultAuthorizationPolicy/allowedPrincipals/identities", json!([other]), Verdict::Fail),
        ("/defaultAuthorizationPolicy/allowedPrincipals/identities", json!("ada"), Verdict::Warn),
    ] {
        let spoil = |world: &mut World| {
            let ids = if ids == "ada" { json!([world.default_user]) } else { ids.clone() };
            let (parent, member) = place.rsplit_once('/').unwrap();
            let auth = world.sites[0].auth_v2.as_mut().unwrap();
            let validation = &mut auth["identityProviders"]["azureActiveDirectory"]["validation"];
            validation.pointer_mut(parent).unwrap()[member] = ids;
        };
        let (verdict, evidence) = judged(spoil, CheckId::GrantAssignment).await;
        assert_eq!(verdict, expected, "{place}: {evidence}");
    }
}

#[tokio::test]
async fn an_issuer_of_the_right_tenant_at_the_wrong_address_is_seen() {
    for host in ["evil.example", "login.microsoftonline.us"] {
        for id in [CheckId::AuthTenant, CheckId::ApiIssuer] {
            let spoil = |world: &mut World| {
                let issuer = format!("https://{host}/{}/v2.0", world.main_tenant());
                let auth = world.sites[0].auth_v2.as_mut().unwrap();
                auth["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] =
                    json!(issuer);
            };
            let (verdict, evidence) = judged(spoil, id).await;
            assert_eq!(verdict, Verdict::Fail, "{host} {id:?}: {evidence}");
        }
    }
}

#[tokio::test]
async fn an_excluded_path_is_wrong_only_where_the_function_answers_anybody() {
    for (path, expected) in [
        ("/api/H", Verdict::Warn),
        ("/api/H*", Verdict::Fail),
        ("/api", Verdict::Fail),
        ("/x", Verdict::Warn),
    ] {
        let spoil = |world: &mut World| {
            let auth = world.sites[0].auth_v2.as_mut().unwrap();
            auth["globalValidation"]["excludedPaths"] = json!([path]);
        };
        let (verdict, evidence) = judged(spoil, CheckId::AuthExcluded).await;
        assert_eq!(verdict, expected, "{path}: {evidence}");
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
    let (writer, input) = (desk.writer(), desk.input());
    let mut lost = 0;
    for _ in 0..12 {
        let (facts, plan) = desk.plan(StageId::Protect, &input).await;
        let Some(change) = plan.changes.first() else { break };
        if let Err(trouble) = writer.apply(change).await {
            assert!(trouble.uncertain, "{trouble}");
            lost += 1;
        }
        desk.settle(&facts, change).await;
    }
    assert_eq!(lost, 2, "the answers to the registration and to the settings");
    let made = desk.writes();
    assert_eq!(made.iter().filter(|w| w.contains("(uniqueName=")).count(), 1, "{made:#?}");
    assert_eq!(made.iter().filter(|w| w.starts_with("PUT")).count(), 1, "{made:#?}");
}
