//! Observing and changing over real HTTP, against a small table of answers: batches, pages, failures of single
//! reads, which registration is whose, and what is sent again and what never is.

#![allow(clippy::unwrap_used, reason = "a failure here is the failure of a test")]

mod changes;
#[path = "observe/small_cloud.rs"]
mod small_cloud;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use changes::change;
use handclasp::cloud::arm::{AppListings, Arm};
use handclasp::cloud::change::{Patience, Stop, WaitsFor, Writer};
use handclasp::cloud::graph::Graph;
use handclasp::cloud::http::Service;
use handclasp::cloud::observe::{Observer, Part};
use handclasp::engine::change::{ChangeKind, Method, Pending};
use handclasp::engine::choices::{AppChoice, Choices};
use handclasp::engine::facts::{CandidateReason, Fact, Facts};
use handclasp::engine::trouble::Class;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use small_cloud::*;

fn chosen() -> Choices {
    Choices { app: Some(AppChoice::ResourceId(SITE.into())), ..Choices::default() }
}

async fn cloud(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> SmallCloud {
    SmallCloud::serve(answer, false).await
}

async fn observe(cloud: &SmallCloud, choices: &Choices) -> Facts {
    Observer::signed_in(cloud.reader.clone(), Some(TENANT.into())).observe(choices).await
}

#[tokio::test]
async fn a_finished_set_up_is_seen_whole() {
    let cloud = cloud(finished).await;
    let facts = observe(&cloud, &chosen()).await;
    let person = facts.person.value().unwrap();
    assert_eq!((person.object_id.as_str(), person.display_name.as_str()), (ME, "Ada [2JLovelace"));
    assert_eq!(person.roles.as_ref().unwrap().len(), 1);
    let tenant = facts.tenant.value().unwrap();
    assert_eq!(
        (tenant.display_name.as_str(), tenant.domain.as_str()),
        ("Contoso", "contoso.onmicrosoft.com")
    );
    assert_eq!(tenant.issuer_v1, format!("https://sts.windows.net/{TENANT}/"));
    assert_eq!(facts.site.value().unwrap().host, HOST);
    assert_eq!(facts.host.value().unwrap().status, 401);
    assert_eq!(facts.functions.value().unwrap()[0].name, "Hello");
    assert!(facts.auth.value().unwrap().require_authentication);
    assert!(facts.auth_version.value().is_some());
    assert_eq!(facts.probes.login.value().unwrap().client_id.as_deref(), Some(API));
    assert_eq!(facts.probes.program.value().unwrap().tenant.as_deref(), Some(TENANT));
    assert_eq!(facts.api_app.value().unwrap().app_id, API);
    assert_eq!(facts.api_principal.value().unwrap().id, format!("sp-{API}"));
    assert_eq!(facts.client_app.value().unwrap().app_id, CLIENT);
    assert_eq!(facts.client_candidates.value().unwrap()[0].why, CandidateReason::Marker);
    assert_eq!(facts.client_principal.value().unwrap().id, format!("sp-{CLIENT}"));
    assert_eq!(facts.grants.value().unwrap()[0].principal, None);
    assert_eq!(facts.api_assigned.value(), Some(&true), "through the group");
    assert!(facts.client_assigned.not_looked(), "not required there");
    assert!(facts.user_consent.value().is_some());
    assert_eq!(facts.rights.register_apps.value(), Some(&false));
    assert_eq!(
        facts.rights.secret_policy.value().unwrap().limit(None),
        Some(jiff::SignedDuration::from_hours(90 * 24))
    );
    assert_eq!(facts.rights.owned.value().unwrap(), &[CLIENT]);
    let write = "Microsoft.Web/sites/config/write";
    assert!(!facts.rights.site.value().unwrap()[0].allows(write));
    assert!(facts.rights.environments.not_looked(), "this cloud names no Power Apps service");
    assert!(facts.rights.data_policies.not_looked(), "nor its administration side");
    assert!(facts.rights.plans.value().unwrap()[0].is_ready());
    assert_eq!(facts.resource.value().unwrap().app_id, API);
    assert!(facts.person.at.is_some() && facts.person.call == "GET /me");
    // The Graph reads travelled together, and nothing that changes anything was sent.
    let graph: Vec<_> = cloud.asked().into_iter().filter(|a| a.path.starts_with("/v1.0/")).collect();
    assert_eq!(
        graph[0].body["requests"].as_array().unwrap().len(),
        9,
        "all that hangs on nothing goes first"
    );
    assert!(graph.len() <= 7, "{graph:#?}");
    for asked in cloud.asked() {
        let reads = asked.method == "GET"
            || asked.path.contains("$batch")
            || asked.path.contains("authsettings/list");
        assert!(reads, "{asked:?}");
        assert!(asked.host != HOST || asked.path.contains("unrouted") || asked.path == "/.auth/login/aad");
    }
}

#[tokio::test]
async fn one_read_that_fails_never_fails_the_others() {
    let whole = observe(&cloud(finished).await, &chosen()).await;
    let all = [
        "/me?",
        "/organization",
        "authorizationPolicy",
        "defaultAppManagementPolicy",
        "Microsoft.Authorization/permissions",
        "directoryRole",
        "ownedObjects",
        "licenseDetails",
        "/functions",
        "authsettings/list",
        "well-known",
        "unrouted",
        "oauth2PermissionGrants",
        "appRoleAssignedTo",
    ];
    for broken in all {
        for (status, body) in [
            (403, json!({"error": {"code": "Authorization_RequestDenied", "message": "no"}})),
            (200, json!(7)),
            (500, Value::Null),
        ] {
            let answer = move |asked: &Asked| {
                let path = format!("{}?", asked.path);
                if path.contains(broken) { reply(status, body.clone()) } else { finished(asked) }
            };
            let facts = observe(&cloud(answer).await, &chosen()).await;
            // What everybody else hangs on is still there.
            assert_eq!(facts.site.value(), whole.site.value(), "{broken} {status}");
            assert_eq!(facts.auth.value(), whole.auth.value(), "{broken} {status}");
            assert_eq!(facts.api_app.value(), whole.api_app.value(), "{broken} {status}");
            assert_eq!(facts.client_app.value(), whole.client_app.value(), "{broken} {status}");
            assert_eq!(facts.resource.value(), whole.resource.value(), "{broken} {status}");
            let failed = [
                matches!(facts.person.fact, Fact::CouldNot(_)),
                matches!(facts.tenant.fact, Fact::CouldNot(_)),
                matches!(facts.functions.fact, Fact::CouldNot(_)),
                matches!(facts.auth_version.fact, Fact::CouldNot(_)),
                matches!(facts.grants.fact, Fact::CouldNot(_)),
                matches!(facts.user_consent.fact, Fact::CouldNot(_)),
                matches!(facts.rights.secret_policy.fact, Fact::CouldNot(_)),
                matches!(facts.rights.site.fact, Fact::CouldNot(_)),
                matches!(facts.rights.plans.fact, Fact::CouldNot(_)),
            ];
            assert!(failed.iter().filter(|f| **f).count() <= 1, "{broken} {status}: {failed:?}");
        }
    }
}

#[tokio::test]
async fn without_a_sign_in_the_public_face_is_read() {
    let cloud = cloud(finished).await;
    let choices =
        Choices { app: Some(AppChoice::Url(format!("https://{HOST}/api/hello"))), ..Choices::default() };
    let facts = Observer::anonymous(cloud.http.clone()).observe(&choices).await;
    assert_eq!(facts.probes.program.value().unwrap().client_id.as_deref(), Some(API));
    assert_eq!(facts.tenant.value().unwrap().id, TENANT, "found from what the site says");
    assert!(facts.person.not_looked() && facts.site.not_looked() && facts.api_app.not_looked());
    assert!(cloud.asked().iter().all(|a| a.host == HOST || a.path.contains("well-known")));
}

#[tokio::test]
async fn the_app_is_found_by_name_and_by_address() {
    let cloud = cloud(finished).await;
    for app in [AppChoice::Name("Contoso-Hello".into()), AppChoice::Url(HOST.into())] {
        let choices = Choices { app: Some(app), ..Choices::default() };
        let facts = Observer::signed_in(cloud.reader.clone(), None).observe(&choices).await;
        assert_eq!(facts.site.value().unwrap().id, SITE);
        assert_eq!(facts.client_app.value().unwrap().app_id, CLIENT);
        assert_eq!(facts.tenant.value().unwrap().id, TENANT);
    }
    let choices = Choices { app: Some(AppChoice::Name("contoso-gone".into())), ..Choices::default() };
    let facts = observe(&cloud, &choices).await;
    // It may be in the subscription that could not be read.
    assert!(matches!(facts.site.fact, Fact::CouldNot(_)));
    assert!(facts.auth.not_looked() && facts.probes.login.not_looked());
}

/// One question instead of one for each subscription; what it names is looked at, and nothing else is believed.
#[tokio::test]
async fn the_index_of_all_resources_is_asked_first_and_only_leads_to_the_app() {
    const INDEX: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let by_name = Choices { app: Some(AppChoice::Name("contoso-hello".into())), ..Choices::default() };
    let objects = json!({"data": [{"id": SITE}]});
    let table = json!({"data": {"columns": [{"name": "id"}], "rows": [[SITE]]}});
    for answered in [objects, table] {
        let cloud = cloud(
            move |asked| {
                if asked.path == INDEX { reply(200, answered.clone()) } else { finished(asked) }
            },
        )
        .await;
        let facts = observe(&cloud, &by_name).await;
        assert_eq!(facts.site.value().unwrap().id, SITE);
        let asked = cloud.asked();
        let question = asked.iter().find(|asked| asked.path == INDEX).unwrap();
        assert!(question.body["query"].as_str().unwrap().contains("name =~ 'contoso-hello'"), "{question:?}");
        assert!(!asked.iter().any(|asked| asked.path.starts_with("/subscriptions?")), "no list is needed");
    }
    // One that it no longer rightly knows is not taken; the lists are asked then.
    let stale = format!("{SITE}-gone");
    for answered in [
        reply(200, json!({"data": [{"id": stale}]})),
        reply(200, json!({"data": []})),
        reply(400, json!({"error": {"code": "BadRequest"}})),
        reply(200, json!("odd")),
    ] {
        let cloud =
            cloud(move |asked| if asked.path == INDEX { answered.clone() } else { finished(asked) }).await;
        assert_eq!(observe(&cloud, &by_name).await.site.value().unwrap().id, SITE);
    }
}

#[tokio::test]
async fn a_subscription_that_cannot_be_listed_is_named_and_hides_nothing() {
    let list = async |cloud: &SmallCloud| Arm::new(cloud.reader.clone()).list_apps().await;
    let listed = list(&cloud(finished).await).await.unwrap();
    let apps: Vec<_> = listed.apps.iter().map(|app| (&*app.subscription_name, &*app.host)).collect();
    assert_eq!(apps, [("Contoso Dev", HOST)], "no Logic App");
    assert_eq!(listed.not_seen.len(), 1);
    assert_eq!(listed.not_seen[0].why.class, Class::NotAllowed);
    let line = listed.not_seen[0].to_string();
    assert!(line.starts_with("Locked: ") && line.ends_with('.'), "{line}");

    let without_the_first = |asked: &Asked| {
        let first_sites = asked.path.contains("11112222") && asked.path.contains("/sites?");
        if first_sites { small_cloud::list(json!([])) } else { finished(asked) }
    };
    let listed = list(&cloud(without_the_first).await).await.unwrap();
    assert!(listed.apps.is_empty() && listed.not_seen.len() == 1, "an empty list is a list");

    let hostile = |asked: &Asked| match asked.path.split('?').next().unwrap() {
        "/subscriptions" => small_cloud::list(json!([
            {"subscriptionId": "22223333-3333-4444-8555-666677778888", "displayName": "Lo\u{1b}[2Jcked\n", "state": "Enabled"},
            {"subscriptionId": "33334444-3333-4444-8555-666677778888", "displayName": 7},
            {"subscriptionId": "11112222-3333-4444-8555-666677778888", "displayName": "Contoso Dev"}])),
        _ => finished(asked),
    };
    let listed = list(&cloud(hostile).await).await.unwrap();
    let names: Vec<_> = listed.not_seen.iter().map(|n| n.subscription.as_str()).collect();
    assert_eq!(names.len(), 2);
    assert!(!names[0].is_empty() && !names[0].contains(|c: char| c.is_control()), "{names:?}");
    assert_eq!(names[1], "33334444-3333-4444-8555-666677778888", "without a name, its id");
    assert_eq!(listed.apps.len(), 1);

    let locked = |asked: &Asked| {
        if asked.path.contains("/sites?") {
            return reply(403, json!({"error": {"code": "AuthorizationFailed", "message": "no"}}));
        }
        finished(asked)
    };
    assert_eq!(list(&cloud(locked).await).await.unwrap_err().class, Class::NotAllowed, "nothing at all");
    let none = |asked: &Asked| {
        if asked.path.starts_with("/subscriptions?") { small_cloud::list(json!([])) } else { finished(asked) }
    };
    assert_eq!(list(&cloud(none).await).await.unwrap(), AppListings::default());
}

#[tokio::test]
async fn the_connector_without_a_marker_is_guessed_only_where_it_is_certain() {
    let other = "0badc0de-0000-4000-8000-000000000002";
    let world = move |requesting: usize| {
        move |asked: &Asked| {
            if asked.path.contains("uniqueName") {
                return not_found();
            }
            if asked.path.contains("ownedObjects") {
                return list(json!([
                    client_app(other, "Another app", None, requesting > 1),
                    api_app(),
                    client_app(
                        "0badc0de-0000-4000-8000-000000000003",
                        "Elsewhere",
                        Some("handclasp-connector-x"),
                        true
                    )
                ]));
            }
            if asked.path.contains(&format!("applications(appId='{CLIENT}')")) {
                return reply(200, client_app(CLIENT, "Hello connector", None, requesting > 0));
            }
            finished(asked)
        }
    };
    let reasons = |facts: &Facts| -> Vec<_> {
        facts.client_candidates.value().unwrap().iter().map(|c| (c.app_id.clone(), c.why)).collect()
    };
    let one = observe(&cloud(world(1)).await, &chosen()).await;
    assert_eq!(one.client_app.value().unwrap().app_id, CLIENT);
    assert_eq!(
        reasons(&one),
        [(CLIENT.to_owned(), CandidateReason::Requests), (other.to_owned(), CandidateReason::Owned)]
    );
    let two = observe(&cloud(world(2)).await, &chosen()).await;
    assert!(two.client_app.is_absent(), "two request it: ask");
    assert_eq!(reasons(&two).len(), 2);
    let none = observe(&cloud(world(0)).await, &chosen()).await;
    assert!(none.client_app.is_absent());
    assert_eq!(reasons(&none)[0], (CLIENT.to_owned(), CandidateReason::Admitted));
    // The person's word settles it.
    let choices = Choices { client_app_id: Some(other.into()), ..chosen() };
    let told = observe(&cloud(world(2)).await, &choices).await;
    assert!(told.client_app.is_absent(), "what was chosen is gone, and nothing else takes its place");
}

#[tokio::test]
async fn our_own_api_wins_over_the_one_that_easy_auth_names() {
    for gone in [true, false] {
        let world = move |asked: &Asked| {
            if gone && asked.path.contains(&format!("applications(appId='{API}')")) {
                return not_found();
            }
            if asked.path.contains("applications(uniqueName='handclasp-api-") {
                let mut app = api_app();
                app["appId"] = json!("feedf00d-0000-4000-8000-000000000009");
                return reply(200, app);
            }
            finished(asked)
        };
        let facts = observe(&cloud(world).await, &chosen()).await;
        assert_eq!(facts.api_app.value().unwrap().app_id, "feedf00d-0000-4000-8000-000000000009");
        assert!(facts.api_principal.is_absent(), "that one has none yet");
        assert_eq!(facts.auth.value().unwrap().client_id.as_deref(), Some(API), "the difference can be seen");
        let choices = Choices { api_app_id: Some(API.into()), ..chosen() };
        let facts = observe(&cloud(world).await, &choices).await;
        assert_eq!(facts.api_app.is_absent(), gone, "the person's word settles it");
    }
}

#[tokio::test]
async fn a_part_is_looked_at_alone() {
    let cloud = cloud(finished).await;
    let observer = Observer::signed_in(cloud.reader.clone(), Some(TENANT.into()));
    let before = observer.observe(&chosen()).await;
    let exchanges = cloud.asked().len();
    let after = observer.observe_part(&before, &chosen(), Part::Probes).await;
    assert_eq!(cloud.asked().len() - exchanges, 4, "two paths, each as a browser and as a program");
    assert_eq!(after, before);
    let exchanges = cloud.asked().len();
    observer.observe_part(&before, &chosen(), Part::Auth).await;
    assert_eq!(cloud.asked().len() - exchanges, 2);
    let exchanges = cloud.asked().len();
    let choices = Choices { resource_url: Some(format!("api://{API}")), ..chosen() };
    let after = observer.observe_part(&before, &choices, Part::Resource).await;
    assert_eq!(cloud.asked().len() - exchanges, 1);
    assert_eq!(after.resource.value().unwrap().value, format!("api://{API}"));
    // A part whose ground nobody has seen looks at the ground too.
    let fresh = observer.observe_part(&Facts::default(), &chosen(), Part::Grants).await;
    assert!(fresh.grants.value().is_some() && fresh.client_principal.value().is_some());
    assert!(fresh.functions.not_looked() && fresh.auth_version.not_looked());
}

fn app_number(n: usize) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

#[tokio::test]
async fn forty_five_reads_travel_in_three_batches_and_throttled_ones_go_again_alone() {
    let cloud = cloud(|asked: &Asked| {
        let number = asked.path.split('\'').nth(1).unwrap().to_owned();
        let batched = asked.method == "BATCHED";
        match &number[6..8] {
            "03" if batched => reply(429, Value::Null).with("Retry-After", "0"),
            "04" if batched => graph_error(424, "FailedDependency", "x"),
            // Left out of the answer altogether.
            "05" if batched => reply(1, Value::Null),
            "06" if batched => reply(429, Value::Null).with("Retry-After", "3600"),
            "07" => not_found(),
            "08" => graph_error(403, "Authorization_RequestDenied", "no"),
            "09" => reply(200, json!("not an object")),
            _ => reply(200, client_app(&number, "x", None, false)),
        }
    })
    .await;
    let graph = Graph::new(cloud.reader.clone());
    let ids: Vec<String> = (0..45).map(app_number).collect();
    let found = futures_util::future::join_all(ids.iter().map(|id| graph.application(id))).await;
    assert_eq!(cloud.count("$batch"), 3);
    assert_eq!(cloud.asked().len(), 6, "three batches, and three of them again alone");
    for (n, seen) in found.iter().enumerate() {
        match n {
            6 => assert!(matches!(&seen.fact, Fact::CouldNot(t) if t.class == Class::Throttled)),
            7 => assert!(seen.is_absent()),
            8 => assert!(matches!(&seen.fact, Fact::CouldNot(t) if t.class == Class::NotAllowed)),
            9 => assert!(matches!(&seen.fact, Fact::CouldNot(t) if t.class == Class::UnexpectedAnswer)),
            _ => assert_eq!(seen.value().unwrap().app_id, ids[n]),
        }
    }
}

#[tokio::test]
async fn a_batch_whose_envelope_breaks_is_read_one_by_one() {
    let cloud = cloud(|asked: &Asked| {
        assert_ne!(asked.method, "BATCHED");
        finished(asked)
    });
    // The envelope of this cloud answers 500 by itself, because the table panics on what it carries.
    let cloud = cloud.await;
    let graph = Graph::new(cloud.reader.clone());
    let (me, (policy, _)) = tokio::join!(graph.me(), graph.user_policy());
    assert!(me.value().is_some() && policy.value().is_some());
}

#[tokio::test]
async fn a_batch_that_comes_too_early_is_asked_again_as_one_and_never_piece_by_piece() {
    let ids: Vec<String> = (0..4).map(app_number).collect();
    for (status, asks, comes) in [(429, "20", true), (503, "20", true), (429, "3600", false)] {
        let cloud = cloud(|asked: &Asked| {
            reply(200, client_app(asked.path.split('\'').nth(1).unwrap(), "x", None, false))
        })
        .await;
        cloud.next_batch(reply(status, Value::Null).with("Retry-After", asks));
        let graph = Graph::new(cloud.reader.clone());
        let began = Instant::now();
        let found = futures_util::future::join_all(ids.iter().map(|id| graph.application(id))).await;
        assert_eq!(cloud.count("$batch"), if comes { 2 } else { 1 });
        assert_eq!(cloud.asked().len(), cloud.count("$batch"), "nothing was asked by itself");
        for seen in found {
            match &seen.fact {
                Fact::Is(_) => assert!(comes),
                Fact::CouldNot(told) => {
                    assert!(!comes && told.class == Class::Throttled, "{told:?}");
                    assert!(told.next.contains("60 minutes"), "{told:?}");
                }
                other => panic!("{other:?}"),
            }
        }
        // Waits go by a thousand times as fast here.
        assert!(!comes || began.elapsed() >= Duration::from_millis(20));
    }
}

#[tokio::test]
async fn pages_are_followed_as_they_are_named_but_never_elsewhere_nor_for_ever() {
    for (next, fine) in [
        (Some("PAGE2"), true),
        (Some("https://evil.example/v1.0/me"), false),
        (Some("LOOP"), false),
        (Some(""), true),
        (None, true),
    ] {
        let cloud = cloud(move |asked: &Asked| {
            if asked.path.contains("skip=2") {
                return list(json!([{"id": "g-second"}]));
            }
            let base = format!("http://{}", asked.host);
            let mut body = json!({"value": [{"id": "g-first"}]});
            match next {
                Some("PAGE2") => body["@odata.nextLink"] = json!(format!("{base}/v1.0/odd/place?skip=2")),
                Some("LOOP") => body["@odata.nextLink"] = json!(format!("{base}/v1.0/me/loop")),
                Some(elsewhere) => body["@odata.nextLink"] = json!(elsewhere),
                None => {}
            }
            reply(200, body)
        })
        .await;
        let groups = Graph::new(cloud.reader.clone()).my_groups().await;
        assert_eq!(groups.value().is_some(), fine, "{next:?}");
        if next == Some("PAGE2") {
            assert_eq!(groups.value().unwrap().len(), 2);
        }
        assert!(cloud.asked().len() <= 3);
    }
}

fn quick(cloud: &SmallCloud) -> Writer {
    let waits = vec![Duration::from_millis(1); 4];
    Writer::new(cloud.reader.clone()).unwrap().patience(Patience { waits })
}

#[tokio::test]
async fn a_change_is_sent_as_it_was_shown_and_nothing_unfinished_is() {
    let cloud = cloud(|_| reply(201, json!({"id": "obj", "appId": API}))).await;
    let body = json!({"displayName": "Hello API", "z": 1, "a": [null]});
    let mut create =
        change(ChangeKind::CreateApiApp, Method::Patch, "/applications(uniqueName='m')", body.clone());
    create.prefer = Some("create-if-missing");
    let applied = quick(&cloud).apply(&create).await.unwrap();
    assert_eq!(
        (applied.created_object_id.as_deref(), applied.created_app_id.as_deref()),
        (Some("obj"), Some(API))
    );
    let asked = cloud.asked();
    assert_eq!(
        (asked.len(), asked[0].body.to_string(), asked[0].prefer.as_deref()),
        (1, body.to_string(), Some("create-if-missing"))
    );
    create.body = json!({"x": [Pending::ClientAppId.mark()]});
    let trouble = quick(&cloud).apply(&create).await.unwrap_err();
    assert!(trouble.what.contains("connector client id"), "{trouble}");
    assert_eq!(cloud.asked().len(), 1, "nothing more was sent");
}

#[tokio::test]
async fn in_read_only_mode_there_is_no_writer() {
    let cloud = SmallCloud::serve(finished, true).await;
    assert!(Writer::new(cloud.reader.clone()).is_none());
}

#[tokio::test]
async fn an_upsert_that_met_its_registration_tells_its_ids() {
    let cloud = cloud(|asked: &Asked| match asked.method.as_str() {
        "PATCH" => reply(204, Value::Null),
        _ => reply(200, json!({"id": "obj", "appId": API})),
    })
    .await;
    let create = change(ChangeKind::CreateApiApp, Method::Patch, "/applications(uniqueName='m')", json!({}));
    assert_eq!(quick(&cloud).apply(&create).await.unwrap().created_app_id.as_deref(), Some(API));
}

#[tokio::test]
async fn what_the_directory_does_not_know_yet_is_waited_for_by_name() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let cloud = cloud(move |_: &Asked| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => graph_error(
            400,
            "Request_BadRequest",
            "The appId 'x' of the service principal does not reference a valid application object.",
        ),
        1 => reply(429, Value::Null).with("Retry-After", "0"),
        _ => reply(201, json!({"id": "sp", "appId": API})),
    })
    .await;
    let named = Arc::new(Mutex::new(Vec::new()));
    let told = named.clone();
    let writer = quick(&cloud).on_wait(Arc::new(move |what, _| told.lock().unwrap().push(what)));
    let create =
        change(ChangeKind::CreateApiPrincipal, Method::Post, "/servicePrincipals", json!({"appId": API}));
    assert_eq!(writer.apply(&create).await.unwrap().created_object_id.as_deref(), Some("sp"));
    assert_eq!(*named.lock().unwrap(), [WaitsFor::Registration, WaitsFor::Throttle]);
}

#[tokio::test]
async fn a_service_that_asks_for_a_pause_gets_it_before_a_change_is_sent_again() {
    let patch = change(ChangeKind::CreateApiApp, Method::Patch, "/applications(uniqueName='m')", json!({}));
    for (asked, sent) in [("60", 6), ("200", 2), ("600", 1)] {
        let cloud = cloud(move |_| reply(429, Value::Null).with("Retry-After", asked)).await;
        let named = Arc::new(Mutex::new(Vec::new()));
        let told = named.clone();
        let writer = Writer::new(cloud.reader.clone()).unwrap();
        let writer = writer.on_wait(Arc::new(move |what, wait| told.lock().unwrap().push((what, wait))));
        let began = Instant::now();
        let trouble = writer.apply(&patch).await.unwrap_err();
        assert_eq!(cloud.asked().len(), sent, "{asked}: five minutes in all");
        let asked = Duration::from_secs(asked.parse().unwrap());
        // Waits go by a thousand times as fast here.
        assert!(began.elapsed() >= asked * u32::try_from(sent - 1).unwrap() / 1000);
        let waits = named.lock().unwrap().clone();
        assert_eq!(waits.len(), sent - 1);
        for (what, wait) in waits {
            assert_eq!(what, WaitsFor::Pause { service: Service::Graph, asked });
            assert!(wait >= asked && wait <= asked + Duration::from_secs(5), "{wait:?}");
        }
        assert_eq!((trouble.class, trouble.uncertain), (Class::Throttled, false));
        assert_eq!(trouble.retry_after, Some(asked));
        assert!(trouble.means.contains("5 minutes") && trouble.means.contains("Nothing was changed"));
        assert!(trouble.next.contains("the service asks for that"), "{trouble}");
    }
}

#[tokio::test]
async fn a_wait_for_a_change_can_be_broken_off_and_a_call_that_is_under_way_cannot() {
    let cloud = SmallCloud::at_speed(1, |_| reply(429, Value::Null).with("Retry-After", "250")).await;
    let patch = change(ChangeKind::CreateApiApp, Method::Patch, "/applications(uniqueName='m')", json!({}));
    let stop = Stop::default();
    let word = stop.clone();
    let writer = Writer::new(cloud.reader.clone()).unwrap().on_wait(Arc::new(move |_, _| word.say()));
    let trouble = writer.until(stop).apply(&patch).await.unwrap_err();
    assert_eq!((trouble.class, trouble.uncertain), (Class::Cancelled, false));
    assert_eq!(cloud.asked().len(), 1);
    // Said before it is sent, it still is sent; only the wait is not begun.
    let stop = Stop::default();
    stop.say();
    let writer = Writer::new(cloud.reader.clone()).unwrap().until(stop);
    assert_eq!(writer.apply(&patch).await.unwrap_err().class, Class::Cancelled);
    assert_eq!(cloud.asked().len(), 2);
}

#[tokio::test]
async fn patience_ends() {
    let cloud = cloud(|_| not_found()).await;
    let patch = change(ChangeKind::SetIdentifierUri, Method::Patch, "/applications/x", json!({}));
    let trouble = quick(&cloud).apply(&patch).await.unwrap_err();
    assert_eq!((trouble.class, trouble.uncertain), (Class::NotFound, false));
    assert_eq!(cloud.asked().len(), 5);
}

#[tokio::test]
async fn a_change_of_unknown_outcome_is_never_sent_again() {
    for status in [500, 502, 504] {
        for method in [Method::Post, Method::Patch, Method::Put] {
            let cloud = cloud(move |_| reply(status, Value::Null)).await;
            let create = change(ChangeKind::AddSecret, method, "/applications/x/addPassword", json!({}));
            let trouble = quick(&cloud).apply(&create).await.unwrap_err();
            assert!(trouble.uncertain, "{status}");
            assert_eq!(cloud.asked().len(), 1, "{status}");
        }
    }
}

#[tokio::test]
async fn what_is_there_already_counts_as_made() {
    let exists = |asked: &Asked| match asked.method.as_str() {
        "POST" if asked.path.ends_with("servicePrincipals") => graph_error(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created because the service principal name is already in use.",
        ),
        "POST" => graph_error(400, "Request_BadRequest", "Permission entry already exists."),
        _ => finished(asked),
    };
    let cloud = cloud(exists).await;
    let create =
        change(ChangeKind::CreateApiPrincipal, Method::Post, "/servicePrincipals", json!({"appId": API}));
    let applied = quick(&cloud).apply(&create).await.unwrap();
    assert_eq!(applied.created_object_id, Some(format!("sp-{API}")));
    let body = |scope: &str| {
        json!({"clientId": format!("sp-{CLIENT}"), "resourceId": format!("sp-{API}"),
        "consentType": "AllPrincipals", "principalId": null, "scope": scope})
    };
    let grant = change(
        ChangeKind::GrantEveryone,
        Method::Post,
        "/oauth2PermissionGrants",
        body("user_impersonation"),
    );
    assert!(quick(&cloud).apply(&grant).await.is_ok());
    let wider = change(
        ChangeKind::GrantEveryone,
        Method::Post,
        "/oauth2PermissionGrants",
        body("user_impersonation more"),
    );
    let trouble = quick(&cloud).apply(&wider).await.unwrap_err();
    assert_eq!(trouble.class, Class::Refused);
    // One that no list shows yet is looked for, and nothing is said of what it holds.
    let mut unseen = grant;
    unseen.body["principalId"] = "somebody".into();
    let trouble = quick(&cloud).apply(&unseen).await.unwrap_err();
    assert!(trouble.uncertain && trouble.what.contains("stands there already"), "{trouble}");
}

#[tokio::test]
async fn a_new_secret_is_held_and_shown_nowhere() {
    let cloud = cloud(|_| {
        reply(200, json!({"keyId": "c0c0c0c0-0000-4000-8000-000000000001", "secretText": "abc8Q~canary", "hint": "abc",
            "endDateTime": "2027-05-21T00:00:00Z", "customKeyIdentifier": null}))
    })
    .await;
    let add = change(ChangeKind::AddSecret, Method::Post, "/applications/x/addPassword", json!({}));
    let applied = quick(&cloud).apply(&add).await.unwrap();
    assert!(!format!("{applied:?}").contains("canary"));
    let secret = applied.secret.unwrap();
    assert_eq!((secret.value.expose_secret(), secret.hint.as_str()), ("abc8Q~canary", "abc"));
    assert!(secret.ends.is_some());
}

#[tokio::test]
async fn a_secret_without_its_value_is_a_trouble() {
    let cloud =
        cloud(|_| reply(200, json!({"keyId": "c0c0c0c0-0000-4000-8000-000000000001", "secretText": null})))
            .await;
    let add = change(ChangeKind::AddSecret, Method::Post, "/applications/x/addPassword", json!({}));
    assert!(quick(&cloud).apply(&add).await.unwrap_err().uncertain);
}
