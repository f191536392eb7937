//! Plans from hand-made facts: what is changed, in which order, and that a done stage plans nothing.

mod commands;

use super::*;
use crate::engine::change::{Method, Service};
use crate::engine::choices::AppChoice;
use crate::engine::facts::*;
use crate::engine::fixtures::*;
use crate::engine::trouble::{Class, Trouble};
use serde_json::{Value, json};

fn planned(stage: StageId, facts: &Facts) -> Plan {
    plan(stage, &cloud(), facts, &choices(), &input())
}

fn kinds(plan: &Plan) -> Vec<ChangeKind> {
    plan.changes.iter().map(|c| c.kind).collect()
}

fn but(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = finished();
    change(&mut facts);
    facts
}

fn client(facts: &mut Facts) -> &mut Application {
    match &mut facts.client_app.fact {
        Fact::Is(app) => app,
        _ => unreachable!(),
    }
}

fn api(facts: &mut Facts) -> &mut Application {
    match &mut facts.api_app.fact {
        Fact::Is(app) => app,
        _ => unreachable!(),
    }
}

#[test]
fn a_finished_stage_plans_nothing() {
    for stage in [StageId::Pick, StageId::Protect, StageId::Register, StageId::Grant, StageId::Connect] {
        let plan = planned(stage, &finished());
        assert!(plan.is_empty(), "{stage:?}: {:?}", kinds(&plan));
    }
}

#[test]
fn one_registration_for_both_parts_is_a_persons_to_take_apart() {
    let shared = but(|facts| facts.client_app = facts.api_app.clone());
    let plan = planned(StageId::Register, &shared);
    assert!(plan.changes.is_empty() && plan.blocked.is_some(), "{:?}", kinds(&plan));
}

#[test]
fn protecting_a_fresh_app_makes_four_changes_in_order() {
    let plan = planned(StageId::Protect, &fresh());
    assert_eq!(
        kinds(&plan),
        [
            ChangeKind::CreateApiApp,
            ChangeKind::SetIdentifierUri,
            ChangeKind::CreateApiPrincipal,
            ChangeKind::PutAuth
        ]
    );
    let create = &plan.changes[0];
    assert_eq!(create.prefer, Some("create-if-missing"));
    assert_eq!(create.waits_for(), None);
    assert_eq!(create.body["signInAudience"], "AzureADMyOrg");
    assert_eq!(create.body["api"]["requestedAccessTokenVersion"], 2);
    assert_eq!(plan.changes[1].waits_for(), Some(Pending::ApiObjectId));
    assert_eq!(plan.changes[2].waits_for(), Some(Pending::ApiAppId));
    let put = &plan.changes[3];
    assert_eq!((put.service, put.method), (Service::Arm, Method::Put));
    let doc = &put.body["properties"];
    assert_eq!(doc["globalValidation"]["unauthenticatedClientAction"], "Return401");
    let aad = &doc["identityProviders"]["azureActiveDirectory"];
    assert_eq!(
        aad["registration"]["openIdIssuer"],
        format!("https://login.microsoftonline.com/{TENANT}/v2.0")
    );
    assert_eq!(
        aad["validation"]["defaultAuthorizationPolicy"]["allowedApplications"],
        json!([Pending::ApiAppId.mark()])
    );
    assert!(plan.consequences.iter().any(|c| c.contains("webhooks")), "refused callers are named");
    assert!(!plan.consequences.iter().any(|c| c.contains("one way")), "nothing classic was in use");
    let classic =
        Facts { auth_version: seen(AuthVersion::V1 { enabled: true, keeps_secrets: false }), ..fresh() };
    let told = planned(StageId::Protect, &classic).consequences;
    assert!(told.iter().any(|c| c.contains("one way")), "{told:?}");
}

#[test]
fn classic_settings_are_not_written_over_where_a_secret_might_be_lost_or_in_silence() {
    let classic = |keeps_secrets| {
        but(|f| {
            f.auth_version = seen(AuthVersion::V1 { enabled: true, keeps_secrets });
            let Fact::Is(auth) = &mut f.auth.fact else { unreachable!() };
            auth.document["globalValidation"]["requireAuthentication"] = json!(false);
        })
    };
    let blocked = planned(StageId::Protect, &classic(true));
    assert!(blocked.changes.is_empty() && blocked.blocked.unwrap().contains("Upgrade"));
    let plan = planned(StageId::Protect, &classic(false));
    assert!(plan.changes[0].undo.contains("classic kind of settings cannot"), "{}", plan.changes[0].undo);
    let unread =
        Facts { auth_version: Seen { fact: Fact::NotLooked, ..seen(AuthVersion::V2) }, ..classic(false) };
    let told = planned(StageId::Protect, &unread).consequences;
    assert!(told.iter().any(|c| c.contains("could not be read") && c.contains("one way")), "{told:?}");
}

#[test]
fn what_was_confirmed_covers_what_is_planned_after_the_first_step() {
    let first = planned(StageId::Protect, &fresh());
    let mut after = fresh();
    after.api_app = finished().api_app;
    api(&mut after).identifier_uris.clear();
    let second = planned(StageId::Protect, &after);
    assert_eq!(kinds(&second), kinds(&first)[1..]);
    for change in &second.changes {
        assert_eq!(change.waits_for(), None);
        assert!(first.changes.iter().any(|c| c.covers(change)), "{:?} is covered", change.kind);
    }
}

#[test]
fn a_mismatched_issuer_is_mended_in_the_settings_and_never_in_the_tokens() {
    let old_tokens = but(|f| api(f).token_version = None);
    let plan = planned(StageId::Protect, &old_tokens);
    assert_eq!(kinds(&plan), [ChangeKind::PutAuth]);
    assert_eq!(
        plan.changes[0]
            .body
            .pointer("/properties/identityProviders/azureActiveDirectory/registration/openIdIssuer"),
        Some(&json!(format!("https://sts.windows.net/{TENANT}/")))
    );
    assert!(plan.changes[0].title.starts_with("Correct"), "it is on already: {}", plan.changes[0].title);
}

#[test]
fn whose_tokens_stop_counting_is_said_before_another_app_signs_people_in() {
    let other = but(|f| {
        if let Fact::Is(auth) = &mut f.auth.fact {
            auth.client_id = Some(CLIENT.into());
            auth.document["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"] =
                json!(CLIENT);
        }
    });
    let plan = planned(StageId::Protect, &other);
    assert_eq!(kinds(&plan), [ChangeKind::PutAuth]);
    assert!(plan.consequences.iter().any(|c| c.contains(API) && c.contains(CLIENT)), "{plan:?}");
    let same = planned(StageId::Protect, &but(|f| api(f).token_version = None));
    assert!(!same.consequences.iter().any(|c| c.contains(API)), "nothing is said of what stays");
}

#[test]
fn what_a_settings_document_holds_besides_is_put_back_unchanged() {
    let facts = but(|f| {
        if let Fact::Is(auth) = &mut f.auth.fact {
            auth.document["identityProviders"]["google"] =
                json!({"enabled": true, "registration": {"clientId": "g"}});
            auth.document["clearInboundClaimsMapping"] = json!("false");
            auth.allowed_applications = Some(vec![API.into()]);
            auth.document["identityProviders"]["azureActiveDirectory"]["validation"]["defaultAuthorizationPolicy"]
                ["allowedApplications"] = json!([API]);
        }
    });
    let plan = planned(StageId::Register, &facts);
    assert_eq!(kinds(&plan), [ChangeKind::PutAuth]);
    let (before, after) = (&plan.changes[0].before, &plan.changes[0].body);
    assert_eq!(
        after["properties"]["identityProviders"]["google"],
        before["properties"]["identityProviders"]["google"]
    );
    assert_eq!(after["properties"]["clearInboundClaimsMapping"], "false");
    assert_eq!(
        after.pointer("/properties/identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedApplications"),
        Some(&json!([API, CLIENT]))
    );
}

#[test]
fn granting_takes_the_least_privileged_way_unless_told() {
    let facts = but(|f| {
        client(f).required.truncate(1);
        api(f).pre_authorized.clear();
        api(f).api_document["preAuthorizedApplications"] = json!([]);
    });
    let first = planned(StageId::Grant, &facts);
    assert_eq!(kinds(&first), [ChangeKind::RequestPermission, ChangeKind::PreAuthorize]);
    assert!(first.changes[1].consequences.iter().any(|line| line.contains("asked for consent")), "{first:?}");
    let body = &first.changes[1].body;
    assert_eq!(body["api"]["requestedAccessTokenVersion"], 2, "the rest of `api` is sent along");
    assert_eq!(body["api"]["preAuthorizedApplications"][0]["appId"], CLIENT);

    let all = Choices { consent: Some(ConsentWay::Everyone), ..choices() };
    let made = plan(StageId::Grant, &cloud(), &facts, &all, &input());
    assert_eq!(kinds(&made), [ChangeKind::RequestPermission, ChangeKind::GrantEveryone]);
    assert!(made.consequences.iter().any(|told| told.contains("nobody in the tenant is asked")), "{made:?}");
    assert!(
        made.consequences.iter().any(|told| told.contains("probably refuse")),
        "Ada has no such role: {made:?}"
    );
    assert_eq!(made.changes[1].body["consentType"], "AllPrincipals");

    let later = Choices { consent: Some(ConsentWay::WhenConnecting), ..choices() };
    let made = plan(StageId::Grant, &cloud(), &facts, &later, &input());
    assert_eq!(kinds(&made), [ChangeKind::RequestPermission]);
}

#[test]
fn a_secret_is_added_beside_the_others_and_only_once_per_confirmation() {
    let plan = planned(StageId::Secret, &finished());
    assert_eq!(kinds(&plan), [ChangeKind::AddSecret]);
    assert_eq!(plan.changes[0].body["passwordCredential"]["endDateTime"], "2027-05-20T00:00:00Z");
    let name = plan.changes[0].body["passwordCredential"]["displayName"].as_str().unwrap().to_owned();
    assert!(name.starts_with("handclasp"));
    let after = but(|f| {
        let mut made = client(f).secrets[0].clone();
        made.display_name = name;
        client(f).secrets.push(made);
    });
    assert!(planned(StageId::Secret, &after).is_empty());
    assert!(landed(&plan.changes[0], &after));
    assert!(!landed(&plan.changes[0], &finished()));
}

#[test]
fn a_new_secret_keeps_to_the_tenants_policy() {
    let hours = jiff::SignedDuration::from_hours;
    let with = |policy: SecretPolicy| but(|f| f.rights.secret_policy = seen(policy));
    let limited = |limit| SecretPolicy { longest: Some((limit, AppsSince(None))), ..SecretPolicy::default() };
    for (limit, ends) in [
        (hours(24 * 90), "2027-02-19T00:00:00Z"),
        (hours(24 * 365), "2027-05-20T00:00:00Z"),
        (hours(24), "2026-11-22T13:53:00Z"),
    ] {
        let made = planned(StageId::Secret, &with(limited(limit)));
        let end = made.changes[0].body["passwordCredential"]["endDateTime"].as_str().unwrap().to_owned();
        assert_eq!(end, ends);
        let told = made.consequences.iter().any(|line| line.contains("at most"));
        assert_eq!(told, limit < hours(24 * 180), "{:?}", made.consequences);
        assert!(end.parse::<Timestamp>().unwrap().duration_since(now()) <= limit);
    }
    let forbidden = SecretPolicy { forbidden: Some(AppsSince(None)), ..SecretPolicy::default() };
    // An exception for this one app cannot be seen: it is said, and can be tried.
    let tried = planned(StageId::Secret, &with(forbidden));
    assert_eq!(kinds(&tried), [ChangeKind::AddSecret]);
    let said = tried.consequences.join(" ");
    assert!(said.contains("forbids") && said.contains("administrator"), "{said}");
    let refused = PlanInput { secret_days: 60, secret_shortened: true, ..input() };
    let made = plan(StageId::Secret, &cloud(), &finished(), &choices(), &refused);
    assert_eq!(made.changes[0].body["passwordCredential"]["endDateTime"], "2027-01-20T00:00:00Z");
    assert!(made.consequences.iter().any(|line| line.contains("refused a later end")));
}

#[test]
fn a_lost_secret_is_removed_by_its_id_and_nothing_else_is() {
    let key = finished().client_app.value().unwrap().secrets[0].key_id.clone();
    let input = PlanInput { remove_secret: Some(key.to_uppercase()), ..input() };
    let made = plan(StageId::Secret, &cloud(), &finished(), &choices(), &input);
    assert_eq!(kinds(&made), [ChangeKind::RemoveSecret]);
    let change = &made.changes[0];
    assert_eq!(change.path, format!("/applications/{CLIENT_OBJECT}/removePassword"));
    assert_eq!(change.body, json!({"keyId": key}), "as the directory spells it");
    assert_eq!(change.before["hint"], "8Qx");
    assert_eq!(change.az, format!("az ad app credential delete --id {CLIENT} --key-id {key}"));
    assert!(change.undo.contains("cannot be taken back"), "{}", change.undo);
    assert!(!landed(change, &finished()) && contradicts(change, &finished()));
    let after = but(|f| client(f).secrets.clear());
    assert!(landed(change, &after) && !contradicts(change, &after));
    assert!(plan(StageId::Secret, &cloud(), &after, &choices(), &input).is_empty(), "it is gone already");

    let foreign = but(|f| client(f).secrets[0].display_name = "connector".into());
    assert!(plan(StageId::Secret, &cloud(), &foreign, &choices(), &input).blocked.is_some());
    let used = Choices { handed_over: vec![key], ..choices() };
    assert!(plan(StageId::Secret, &cloud(), &finished(), &used, &input).blocked.is_some());
    let unseen = Facts { site: finished().site, ..Facts::default() };
    assert!(plan(StageId::Secret, &cloud(), &unseen, &choices(), &input).blocked.is_some());
}

#[test]
fn a_redirect_url_is_appended_and_a_leftover_taken_away() {
    let known = Choices { redirect_url: Some(REDIRECT.into()), ..choices() };
    let left = "http://localhost:51000/handclasp-a1b2c3d4e5f60718";
    let facts = but(|f| client(f).web_redirects = vec!["https://contoso.example/other".into(), left.into()]);
    let made = plan(StageId::Connect, &cloud(), &facts, &known, &input());
    assert_eq!(kinds(&made), [ChangeKind::AddRedirect, ChangeKind::RemoveRehearsalRedirect]);
    assert_eq!(
        made.changes[0].body,
        json!({"web": {"redirectUris": ["https://contoso.example/other", left, REDIRECT]}})
    );
    assert_eq!(made.changes[1].before, made.changes[0].body, "each change is shown on top of the one before");
    assert_eq!(
        made.changes[1].body,
        json!({"web": {"redirectUris": ["https://contoso.example/other", REDIRECT]}})
    );
}

#[test]
fn the_rehearsals_redirect_comes_and_goes_whatever_was_added_meanwhile() {
    let uri = "http://localhost:51000/handclasp-a1b2c3d4e5f60718";
    let input = PlanInput { rehearsal_redirect: Some(uri.into()), ..input() };
    let first = plan(StageId::Try, &cloud(), &finished(), &choices(), &input);
    assert_eq!(kinds(&first), [ChangeKind::AddRehearsalRedirect, ChangeKind::RemoveRehearsalRedirect]);
    assert_eq!(
        first.changes[1].before,
        json!({"web": {"redirectUris": [REDIRECT, uri]}}),
        "the preview shows it go"
    );
    let meanwhile = but(|f| {
        client(f).web_redirects.push(uri.into());
        client(f).web_redirects.push("https://contoso.example/theirs".into());
    });
    let second = plan(StageId::Try, &cloud(), &meanwhile, &choices(), &input);
    assert_eq!(kinds(&second), [ChangeKind::RemoveRehearsalRedirect]);
    assert!(first.changes[1].covers(&second.changes[0]));
    assert_eq!(
        second.changes[0].body,
        json!({"web": {"redirectUris": [REDIRECT, "https://contoso.example/theirs"]}})
    );
}

#[test]
fn an_app_that_is_not_seen_is_rehearsed_at_its_typed_function_and_the_plan_names_the_host() {
    let typed =
        |path: &str| Choices { app: Some(AppChoice::at(&format!("https://{HOST}{path}"))), ..choices() };
    let uri = "http://localhost:51000/handclasp-a1b2c3d4e5f60718";
    let input = PlanInput { rehearsal_redirect: Some(uri.into()), ..input() };
    let seen = plan(StageId::Try, &cloud(), &finished(), &choices(), &input);
    assert_eq!(seen.token_to, None, "what ARM reports need not be confirmed");
    let hidden = but(|f| f.site = gone());
    let made = plan(StageId::Try, &cloud(), &hidden, &typed("/api/Hello?code=a-key"), &input);
    assert_eq!((&made.changes, made.token_to.as_deref()), (&seen.changes, Some(HOST)));
    let [host, rest @ ..] = &made.consequences[..] else { panic!("{made:?}") };
    for part in [HOST, "GET /api/Hello", "typed", "No other host"] {
        assert!(host.contains(part), "{part}: {host}");
    }
    assert_eq!(rest, seen.consequences);
    assert!(!format!("{made:?}").contains("a-key"));

    for path in ["", "/", "/api/items/{id}"] {
        let made = plan(StageId::Try, &cloud(), &hidden, &typed(path), &input);
        let why = made.blocked.unwrap();
        assert!(why.contains("step 1") && why.contains("Get function URL"), "{why}");
        assert!(made.changes.is_empty() && made.token_to.is_none(), "{path}");
    }
    let unregistered = Facts { client_app: gone(), ..hidden.clone() };
    let made = plan(StageId::Try, &cloud(), &unregistered, &typed("/api/Hello"), &input);
    assert!(made.blocked.is_some() && made.token_to.is_none());
    let unreachable = Facts { host: Seen::default(), ..hidden };
    assert!(plan(StageId::Try, &cloud(), &unreachable, &typed("/api/Hello"), &input).blocked.is_some());

    // Whatever is seen of the app by then, what was registered goes.
    let mut left = unreachable;
    client(&mut left).web_redirects.push(uri.into());
    let made = plan(StageId::Try, &cloud(), &left, &typed("/api/Hello"), &input);
    assert_eq!(kinds(&made), [ChangeKind::RemoveRehearsalRedirect]);
}

#[test]
fn settings_count_as_landed_when_callers_are_refused_by_them() {
    let put = planned(
        StageId::Protect,
        &but(|f| {
            if let Fact::Is(auth) = &mut f.auth.fact {
                auth.enabled = false;
            }
        }),
    );
    let change = put.changes.iter().find(|c| c.kind == ChangeKind::PutAuth).unwrap();
    let stored = but(|f| {
        if let Fact::Is(auth) = &mut f.auth.fact {
            auth.document = change.body["properties"].clone();
        }
        f.probes = fresh().probes;
    });
    assert!(!landed(change, &stored), "stored, but the old settings are still in force");
    let in_force = but(|f| {
        if let Fact::Is(auth) = &mut f.auth.fact {
            auth.document = change.body["properties"].clone();
        }
    });
    assert!(landed(change, &in_force));
}

#[test]
fn no_plan_is_made_from_what_could_not_be_seen() {
    assert!(planned(StageId::Protect, &Facts::default()).blocked.is_some());
    for stage in [StageId::Register, StageId::Grant, StageId::Secret, StageId::Connect, StageId::Try] {
        let facts = Facts { site: finished().site, ..Facts::default() };
        let plan = planned(stage, &facts);
        assert!(plan.blocked.is_some() && plan.changes.is_empty(), "{stage:?}");
    }
}

fn auth(facts: &mut Facts) -> &mut AuthSettings {
    match &mut facts.auth.fact {
        Fact::Is(auth) => auth,
        _ => unreachable!(),
    }
}

#[test]
fn closing_an_app_that_let_anonymous_callers_in_is_said() {
    let open = but(|f| {
        auth(f).unauthenticated_action = "AllowAnonymous".into();
        auth(f).document["globalValidation"]["unauthenticatedClientAction"] = json!("AllowAnonymous");
    });
    let plan = planned(StageId::Protect, &open);
    assert_eq!(kinds(&plan), [ChangeKind::PutAuth]);
    assert!(plan.consequences.iter().any(|c| c.contains("anonymous callers")), "{:?}", plan.consequences);
}

#[test]
fn a_list_that_newly_keeps_others_out_is_said() {
    let open = but(|f| {
        auth(f).allowed_applications = Some(vec![]);
        auth(f).document["identityProviders"]["azureActiveDirectory"]["validation"]["defaultAuthorizationPolicy"] =
            json!({"allowedApplications": []});
    });
    for stage in [StageId::Protect, StageId::Register] {
        let plan = planned(stage, &open);
        assert!(plan.consequences.iter().any(|c| c.contains("403")), "{stage:?}: {:?}", plan.consequences);
    }
}

#[test]
fn after_a_refused_rehearsal_the_certain_issuer_is_written() {
    let portal = |f: &mut Facts| {
        auth(f).issuer = Some(format!("https://sts.windows.net/{TENANT}/v2.0"));
        auth(f).document["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] =
            json!(format!("https://sts.windows.net/{TENANT}/v2.0"));
    };
    assert!(planned(StageId::Protect, &but(portal)).is_empty());
    let after = |status: u16, diagnosis: Option<&str>| {
        but(|f| {
            portal(f);
            let diagnosis = diagnosis.map(Into::into);
            f.rehearsal = seen(Rehearsal { status, diagnosis, ..rehearsed() });
        })
    };
    // A 401 for the audience or for a missing key is no reason to change an issuer that works.
    for (status, diagnosis) in
        [(401, None), (401, Some("IDX10214: Audience validation failed.")), (200, None)]
    {
        assert!(planned(StageId::Protect, &after(status, diagnosis)).is_empty(), "{status} {diagnosis:?}");
    }
    let refused = after(401, Some("IDX10205: Issuer validation failed."));
    let plan = planned(StageId::Protect, &refused);
    assert_eq!(kinds(&plan), [ChangeKind::PutAuth]);
    assert!(plan.consequences.iter().any(|c| c.contains("issuer changes")), "{:?}", plan.consequences);
}

#[test]
fn a_plan_that_cannot_be_made_says_what_was_not_seen() {
    let trouble = Trouble::new(Class::NotAllowed, "You may not read this.", "Ask for the right to.")
        .meaning("It belongs to somebody else.")
        .original("403 Forbidden");
    let unread = || Fact::CouldNot(Box::new(trouble.clone()));
    let hidden: [fn(&mut Facts, Box<Trouble>); 3] = [
        |f, t| f.site.fact = Fact::CouldNot(t),
        |f, t| f.auth.fact = Fact::CouldNot(t),
        |f, t| f.api_app.fact = Fact::CouldNot(t),
    ];
    for hide in hidden {
        let plan = planned(StageId::Protect, &but(|f| hide(f, Box::new(trouble.clone()))));
        assert!(plan.blocked.is_some_and(|why| why.contains("could not be read")));
        assert_eq!(plan.unread.as_ref(), Some(&trouble), "all four parts are there to be shown");
        assert!(plan.changes.is_empty());
    }
    let facts = Facts { client_app: Seen { fact: unread(), ..Seen::default() }, ..finished() };
    assert_eq!(planned(StageId::Register, &facts).unread, Some(trouble.clone()));
}

#[test]
fn a_plan_says_what_it_asks_for_and_what_it_forgets() {
    let profile = but(|f| client(f).required.retain(|r| !r.resource_app_id.starts_with("00000003")));
    let titles = |facts: &Facts| {
        planned(StageId::Grant, facts).changes.iter().map(|c| c.title.clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&profile), ["Request User.Read for the connector"]);
    let both = but(|f| client(f).required.clear());
    assert_eq!(titles(&both), ["Request user_impersonation, User.Read for the connector"]);

    let held = PlanInput { value_not_copied: true, ..input() };
    let plan = plan(StageId::Secret, &cloud(), &finished(), &choices(), &held);
    assert!(plan.consequences.iter().any(|c| c.contains("No copy of the value")), "{:?}", plan.consequences);
}
