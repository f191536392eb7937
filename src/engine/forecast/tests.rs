//! What each person is told, subject by subject.

use super::directory::role;
use super::*;
use crate::engine::facts::{
    AppsSince, DataPolicy, Environment, Permission, Person, Reach, SecretPolicy, ServicePlan, UrlClass,
    UrlRule, UserConsent,
};
use crate::engine::fixtures::*;
use crate::engine::trouble::{Class, Trouble};

fn person(roles: Option<&[&str]>, guest: bool) -> Seen<Person> {
    let mut person = fresh().person.value().unwrap().clone();
    person.roles = roles.map(|roles| roles.iter().map(|role| (*role).to_owned()).collect());
    person.guest = guest;
    seen(person)
}

fn refused<T>() -> Seen<T> {
    let trouble = Trouble::new(Class::NotAllowed, "You may not read this.", "Ask.");
    Seen::could_not(trouble, now(), "GET /policies")
}

fn but(mut facts: Facts, change: impl FnOnce(&mut Facts)) -> Facts {
    change(&mut facts);
    facts
}

fn told(facts: &Facts, subject: Subject) -> (Can, String) {
    let all = forecast(facts, &[], now());
    assert_eq!(all.len(), Subject::ALL.len());
    let line = all.into_iter().find(|line| line.subject == subject).unwrap();
    assert_eq!(line.can, outlook(facts, now(), subject));
    assert!(line.evidence.ends_with('.') && line.evidence.len() > 10, "{line:?}");
    (line.can, line.evidence)
}

#[test]
fn registering_apps_by_role_else_by_the_tenants_rule() {
    use Can::{CannotTell, No, Yes};
    for (roles, guest, rule, expected) in [
        (Some(&[][..]), false, seen(true), Yes),
        (Some(&[][..]), false, seen(false), No),
        (Some(&["00000000-aaaa-4000-8000-000000000001"][..]), false, seen(false), CannotTell),
        (Some(&[role::APPLICATION_DEVELOPER][..]), false, seen(false), Yes),
        (Some(&[role::CLOUD_APPLICATION_ADMINISTRATOR][..]), false, seen(false), Yes),
        (Some(&[role::PRIVILEGED_ROLE_ADMINISTRATOR][..]), false, seen(false), CannotTell),
        (Some(&[role::GLOBAL_ADMINISTRATOR][..]), false, refused(), Yes),
        (Some(&[][..]), false, refused(), CannotTell),
        (None, false, seen(false), CannotTell),
        (None, false, seen(true), Yes),
        (Some(&[][..]), true, seen(true), CannotTell),
        (Some(&[][..]), false, Seen::default(), CannotTell),
    ] {
        let facts = but(fresh(), |f| {
            f.person = person(roles, guest);
            f.rights.register_apps = rule.clone();
        });
        assert_eq!(told(&facts, Subject::CreateApps).0, expected, "{roles:?} {guest} {rule:?}");
    }
}

#[test]
fn changing_the_app_by_what_the_azure_roles_allow() {
    let with = |site: Seen<Vec<Permission>>| but(fresh(), |f| f.rights.site = site);
    let reader = Permission { actions: vec!["*/read".into()], not_actions: vec![] };
    let website = Permission { actions: vec!["Microsoft.Web/sites/*".into()], not_actions: vec![] };
    assert_eq!(told(&with(seen(vec![reader.clone()])), Subject::ChangeSite).0, Can::No);
    assert_eq!(told(&with(seen(vec![reader, website])), Subject::ChangeSite).0, Can::Yes);
    assert_eq!(told(&with(seen(vec![])), Subject::ChangeSite).0, Can::No);
    assert_eq!(told(&with(refused()), Subject::ChangeSite).0, Can::CannotTell);
}

#[test]
fn secrets_by_ownership_and_by_the_tenants_policy() {
    let limit = SignedDuration::from_hours(90 * 24);
    let limited = SecretPolicy { longest: Some((limit, AppsSince(None))), ..SecretPolicy::default() };
    let forbidden = SecretPolicy { forbidden: Some(AppsSince(None)), ..SecretPolicy::default() };
    let old_ones_may = SecretPolicy {
        forbidden: Some(AppsSince(Some("2026-01-01T00:00:00Z".parse().unwrap()))),
        ..SecretPolicy::default()
    };
    for (facts, policy, expected, says) in vec![
        (finished(), seen(SecretPolicy::default()), Can::Yes, "no limit"),
        (finished(), seen(limited.clone()), Can::Yes, "90 days"),
        (fresh(), seen(limited), Can::Yes, "90 days"),
        (finished(), seen(forbidden), Can::No, "forbids"),
        (finished(), refused(), Can::CannotTell, "You own contoso-hello connector."),
        (fresh(), refused(), Can::CannotTell, "will own"),
        (fresh(), seen(old_ones_may.clone()), Can::No, "forbids"),
        (
            but(finished(), |f| {
                let mut app = f.client_app.value().unwrap().clone();
                app.created = Some("2025-06-01T00:00:00Z".parse().unwrap());
                f.client_app = seen(app);
            }),
            seen(old_ones_may),
            Can::Yes,
            "no limit",
        ),
        (but(finished(), |f| f.rights.owned = seen(vec![])), refused(), Can::No, "somebody else"),
        (but(finished(), |f| f.rights.owned = refused()), refused(), Can::CannotTell, "What you own"),
        (
            but(finished(), |f| {
                f.rights.owned = seen(vec![]);
                f.person = person(Some(&[role::APPLICATION_ADMINISTRATOR]), false);
            }),
            seen(SecretPolicy::default()),
            Can::Yes,
            "Application Administrator",
        ),
        (
            but(fresh(), |f| f.rights.register_apps = seen(false)),
            seen(SecretPolicy::default()),
            Can::No,
            "only some roles",
        ),
    ] {
        let facts = but(facts, |f| f.rights.secret_policy = policy);
        let (can, evidence) = told(&facts, Subject::MakeSecrets);
        assert_eq!(can, expected, "{evidence}");
        assert!(evidence.contains(says), "{evidence}");
    }
}

#[test]
fn consent_by_the_tenants_rule_and_by_role() {
    use Can::{CannotTell, No, Yes};
    for (rule, roles, alone, all) in [
        (seen(UserConsent::Allowed), Some(&[][..]), Yes, No),
        (seen(UserConsent::LowRiskOnly), Some(&[][..]), CannotTell, No),
        (seen(UserConsent::Off), Some(&[][..]), No, No),
        (refused(), None, CannotTell, CannotTell),
        (seen(UserConsent::Off), Some(&[role::GLOBAL_ADMINISTRATOR][..]), Yes, Yes),
        (seen(UserConsent::Off), Some(&[role::GLOBAL_READER][..]), No, No),
        (seen(UserConsent::Off), Some(&["00000000-aaaa-4000-8000-000000000001"][..]), CannotTell, CannotTell),
        (seen(UserConsent::Off), Some(&[role::APPLICATION_ADMINISTRATOR][..]), CannotTell, CannotTell),
        (seen(UserConsent::Off), Some(&[role::CLOUD_APPLICATION_ADMINISTRATOR][..]), Yes, Yes),
        (seen(UserConsent::Off), Some(&[role::PRIVILEGED_ROLE_ADMINISTRATOR][..]), Yes, Yes),
    ] {
        let facts = but(fresh(), |f| {
            f.user_consent = rule.clone();
            f.person = person(roles, false);
        });
        assert_eq!(told(&facts, Subject::ConsentSelf).0, alone, "{rule:?} {roles:?}");
        assert_eq!(told(&facts, Subject::ConsentEveryone).0, all, "{roles:?}");
    }
    let admin_only = but(finished(), |f| {
        let mut api = f.api_app.value().unwrap().clone();
        api.scopes[0].admin_only = true;
        f.api_app = seen(api);
    });
    assert_eq!(told(&admin_only, Subject::ConsentSelf).0, No);
}

#[test]
fn power_platform_only_as_far_as_it_can_be_read() {
    let with = |list: &[(&str, bool)]| {
        let environments = list
            .iter()
            .map(|(name, may)| Environment { name: (*name).into(), create_connectors: *may })
            .collect();
        but(fresh(), |f| f.rights.environments = seen(environments))
    };
    for (list, expected, says) in [
        (&[("Contoso", true)][..], Can::Yes, "Contoso"),
        (&[("Contoso", false), ("Lab", true)][..], Can::Yes, "1 of 2"),
        (&[("Contoso", false)][..], Can::No, "Contoso"),
        (&[("Contoso", false), ("Lab", false)][..], Can::No, "2 environments"),
        (&[][..], Can::No, "no Power Platform environment"),
    ] {
        let (can, evidence) = told(&with(list), Subject::CreateConnector);
        assert_eq!(can, expected, "{evidence}");
        assert!(evidence.contains(says), "{evidence}");
    }
    let unread = but(fresh(), |f| f.rights.environments = refused());
    assert_eq!(told(&unread, Subject::CreateConnector).0, Can::CannotTell);
}

fn policy(name: &str, reach: Reach, pattern: &str, class: UrlClass) -> DataPolicy {
    let rules = vec![
        UrlRule { pattern: pattern.into(), class },
        UrlRule { pattern: "*".into(), class: UrlClass::Ignored },
    ];
    DataPolicy { name: name.into(), reach, rules: Some(rules), blocks_others: false }
}

#[test]
fn data_policies_decide_where_they_hold_everywhere_and_leave_it_open_elsewhere() {
    use Can::{CannotTell, No, Yes};
    use Reach::{Everywhere, Somewhere};
    use UrlClass::{Blocked, Grouped};
    let ours = "https://*.azurewebsites.net*";
    let open = policy("Open", Everywhere, ours, Grouped);
    let other = policy("Other", Everywhere, "https://www.bing.com*", Blocked);
    let strict = policy("Strict", Everywhere, ours, Blocked);
    let paths = policy("Paths", Everywhere, "https://*.azurewebsites.net/api*", Blocked);
    let some = policy("Some", Somewhere, ours, Blocked);
    let default = DataPolicy { blocks_others: true, ..policy("Default", Somewhere, "https://x*", Grouped) };
    let unread = DataPolicy { rules: None, ..open.clone() };
    for (policies, expected, says) in [
        (vec![], Yes, "no data policy"),
        (vec![open.clone(), other.clone()], Yes, "(2), none blocks contoso-hello.azurewebsites.net"),
        (vec![open.clone(), strict.clone()], No, "the data policy Strict"),
        (vec![some.clone(), strict], No, "the data policy Strict"),
        (vec![paths, some.clone()], CannotTell, "Paths"),
        (vec![unread], CannotTell, "Open"),
        (vec![open.clone(), some.clone()], CannotTell, "may block contoso-hello.azurewebsites.net: Some."),
        (vec![default], CannotTell, "Default"),
        (vec![policy("Mild", Somewhere, ours, Grouped)], Yes, "none blocks"),
        (vec![some.clone(); 5], CannotTell, "Some, Some, Some and 2 more"),
    ] {
        let facts = but(fresh(), |f| f.rights.data_policies = seen(policies.clone()));
        let (can, evidence) = told(&facts, Subject::DataPolicy);
        assert_eq!(can, expected, "{evidence}");
        assert!(evidence.contains(says), "{evidence}");
    }
    let down = Trouble::new(Class::TimeOut, "Power Apps did not answer.", "Look again.");
    for (seen_policies, says) in [
        (refused(), "Only administrators can read data policies. One may block contoso-hello."),
        (Seen::default(), "Only administrators can read data policies. One may block contoso-hello."),
        (Seen::could_not(down, now(), "GET /policies"), "could not be read. Power Apps did not answer."),
    ] {
        let facts = but(fresh(), |f| f.rights.data_policies = seen_policies.clone());
        let (can, evidence) = told(&facts, Subject::DataPolicy);
        assert!(can == CannotTell && evidence.contains(says), "{evidence}");
    }
    let nowhere = but(fresh(), |f| {
        f.site = Seen::default();
        f.rights.data_policies = seen(vec![some]);
    });
    assert!(told(&nowhere, Subject::DataPolicy).1.contains("not known yet"));
    let unread = but(nowhere, |f| f.rights.data_policies = refused());
    assert!(told(&unread, Subject::DataPolicy).1.contains("may block the function app."));
}

#[test]
fn a_licence_is_a_yes_by_a_plan_that_is_known_and_never_a_no() {
    use Can::{CannotTell, Yes};
    let plan = |name: &str, status: &str| ServicePlan { name: name.into(), status: status.into() };
    for (plans, expected, says) in [
        (vec![plan("POWERAPPS_PER_USER", "Success")], Yes, "Power Apps Premium (POWERAPPS_PER_USER)"),
        (vec![plan("POWERAPPS_PER_APP_NEW", "Success")], Yes, "the one app"),
        (vec![plan("FLOW_PER_USER", "Success")], Yes, "in flows"),
        (vec![plan("POWERAPPS_P2_VIRAL", "Success")], Yes, "until it ends"),
        (vec![plan("POWERAPPS_DEV_VIRAL", "Success")], Yes, "in developer environments"),
        (vec![plan("POWERAPPS_DEV_VIRAL", "Disabled")], CannotTell, "its state is Disabled"),
        (vec![plan("POWERAPPS_O365_P2", "Success")], CannotTell, "paid for as it is used"),
        (vec![], CannotTell, "paid for as it is used"),
    ] {
        let facts = but(fresh(), |f| f.rights.plans = seen(plans.clone()));
        let (can, evidence) = told(&facts, Subject::Licence);
        assert_eq!(can, expected, "{evidence}");
        assert!(evidence.contains(says), "{evidence}");
    }
    for (plans, says) in [
        (refused(), "could not be read. You may not read this."),
        (Seen::absent(now(), "GET /me/licenseDetails"), "was not seen"),
        (Seen::default(), "was not seen"),
    ] {
        let facts = but(fresh(), |f| f.rights.plans = plans.clone());
        let (can, evidence) = told(&facts, Subject::Licence);
        assert!(can == CannotTell && evidence.contains(says), "{evidence}");
    }
}

#[test]
fn without_a_sign_in_nothing_is_told() {
    for line in forecast(&Facts::default(), &[], now()) {
        assert_eq!((line.can, line.evidence.as_str()), (Can::CannotTell, "Nobody is signed in."));
    }
}

#[test]
fn what_was_refused_when_it_was_tried_is_foreseen_no_more() {
    use crate::engine::{cards::Need, change::Right};
    let facts = finished();
    for (need, subject) in [
        (Need::Right(Right::CreateApps), Subject::CreateApps),
        (Need::Right(Right::WriteSite), Subject::ChangeSite),
        (Need::Right(Right::ConsentForAll), Subject::ConsentEveryone),
        (Need::Secrets, Subject::MakeSecrets),
    ] {
        let before = forecast(&facts, &[], now());
        let after = forecast(&facts, &[need], now());
        let differs: Vec<_> = before.iter().zip(&after).filter(|(one, other)| one != other).collect();
        assert!(differs.iter().all(|(_, other)| other.subject == subject), "{need:?}");
        let told = after.iter().find(|told| told.subject == subject).unwrap();
        assert_eq!((told.can, told.evidence.as_str()), (Can::No, say("forecast.tried.refused")), "{need:?}");
    }
    let elsewhere = forecast(&facts, &[Need::Right(Right::OwnApp)], now());
    assert_eq!(elsewhere, forecast(&facts, &[], now()), "a registration of somebody else's");
}
