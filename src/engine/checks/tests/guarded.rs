//! What stands in front of the function: its network, Easy Auth, and whom that lets in.

use super::*;

#[test]
fn whom_easy_auth_lets_in_is_right_for_nobody_who_is_not_known_to_be_among_them() {
    const OTHER: &str = "aaaa1111-0000-4000-8000-0000000000ff";
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    for (people, groups, older, expected, stranger) in [
        (ids(&[]), ids(&[]), ids(&[]), Verdict::Pass, Verdict::Pass),
        (ids(&[ADA]), ids(&[]), ids(&[]), Verdict::Warn, Verdict::Unknown),
        (ids(&[OTHER]), ids(&[]), ids(&[]), Verdict::Fail, Verdict::Unknown),
        (ids(&[]), ids(&[OTHER]), ids(&[]), Verdict::Warn, Verdict::Unknown),
        (ids(&[]), ids(&[]), ids(&[OTHER]), Verdict::Warn, Verdict::Unknown),
        (ids(&[ADA]), ids(&[]), ids(&[OTHER]), Verdict::Warn, Verdict::Unknown),
        // A group may make up for not being listed; one of the older kind is a check of its own.
        (ids(&[OTHER]), ids(&[OTHER]), ids(&[]), Verdict::Warn, Verdict::Unknown),
        (ids(&[OTHER]), ids(&[]), ids(&[OTHER]), Verdict::Fail, Verdict::Unknown),
    ] {
        let case = format!("{people:?} {groups:?} {older:?}");
        let mut facts = but(|f| {
            let auth = auth(f);
            auth.allowed_identities = people;
            auth.allowed_groups = groups;
            auth.older_allowed_groups = older;
        });
        assert_eq!(verdict(&facts, CheckId::GrantAssignment), expected, "{case}");
        facts.person = Seen::default();
        assert_eq!(verdict(&facts, CheckId::GrantAssignment), stranger, "{case}, as nobody");
    }
}

#[test]
fn both_lists_of_allowed_applications_have_to_name_both_apps() {
    for (older, expected) in [
        (vec![], Verdict::Pass),
        (vec![API, CLIENT], Verdict::Pass),
        (vec![CLIENT], Verdict::Warn),
        (vec![API], Verdict::Fail),
    ] {
        let facts =
            but(|f| auth(f).older_allowed_applications = older.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(verdict(&facts, CheckId::ClientAllowed), expected, "{older:?}");
    }
}

#[test]
fn a_refusal_before_easy_auth_is_neither_a_sign_in_nor_an_open_door() {
    for by in [FrontEnd::Forbidden, FrontEnd::Stopped] {
        let facts = but(|f| turned_away(f, by));
        assert_eq!(verdict(&facts, CheckId::AppAnswers), Verdict::Warn, "connectors may be let in: {by:?}");
        assert_eq!(verdict(&facts, CheckId::AuthRefuses), Verdict::Unknown, "{by:?}");
        // One that got through says nothing for the other.
        let half = but(|f| {
            let through = f.probes.browser.clone();
            turned_away(f, by);
            f.probes.browser = through;
        });
        assert_eq!(verdict(&half, CheckId::AuthRefuses), Verdict::Unknown, "{by:?}");
        let off = but(|f| {
            turned_away(f, by);
            auth(f).enabled = false;
        });
        assert_eq!(verdict(&off, CheckId::AuthRefuses), Verdict::Fail, "the settings themselves say so");
    }
    // Whoever sits in the app's own network gets an answer; the connector does not.
    let inside = but(|f| {
        if let Fact::Is(s) = &mut f.site.fact {
            s.public_access_off = true;
        }
    });
    assert_eq!(verdict(&inside, CheckId::AppAnswers), Verdict::Fail);
    assert_eq!(verdict(&inside, CheckId::AuthRefuses), Verdict::Pass);
    // Easy Auth's own 403 has no such mark.
    let return403 = but(|f| {
        for probe in [&mut f.probes.browser, &mut f.probes.program] {
            if let Fact::Is(p) = &mut probe.fact {
                p.status = 403;
            }
        }
    });
    assert_eq!(verdict(&return403, CheckId::AuthRefuses), Verdict::Pass);
}

#[test]
fn an_issuer_counts_by_its_address_as_well_as_by_its_tenant() {
    const OTHER: &str = "99999999-0000-4000-8000-000000000009";
    let portal = format!("https://sts.windows.net/{TENANT}/v2.0");
    for (issuer, tenant, spelling) in [
        (format!("https://login.microsoftonline.com/{TENANT}/v2.0"), Verdict::Pass, Verdict::Pass),
        (portal, Verdict::Pass, Verdict::Pass),
        // Version 2 tokens, and the issuer of version 1.
        (format!("https://sts.windows.net/{TENANT}/"), Verdict::Pass, Verdict::Fail),
        // Other names of the same authority, and the tenant by a domain: nobody has confirmed what becomes of them.
        (format!("https://login.windows.net/{TENANT}/v2.0"), Verdict::Pass, Verdict::Warn),
        (format!("https://login.microsoftonline.com/{TENANT}/v2.0/"), Verdict::Pass, Verdict::Warn),
        (
            "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0".into(),
            Verdict::Pass,
            Verdict::Warn,
        ),
        ("https://login.microsoftonline.com/common/v2.0".into(), Verdict::Warn, Verdict::Warn),
        // Nobody's, another cloud's, and what only looks like the tenant's own.
        (format!("https://evil.example/{TENANT}/v2.0"), Verdict::Fail, Verdict::Fail),
        ("https://evil.example/common/v2.0".into(), Verdict::Fail, Verdict::Fail),
        (format!("https://login.microsoftonline.us/{TENANT}/v2.0"), Verdict::Fail, Verdict::Fail),
        (
            format!("https://login.microsoftonline.com@evil.example/{TENANT}/v2.0"),
            Verdict::Fail,
            Verdict::Fail,
        ),
        (format!("https://login.microsoftonline.com:8443/{TENANT}/v2.0"), Verdict::Fail, Verdict::Fail),
        (format!("http://login.microsoftonline.com/{TENANT}/v2.0"), Verdict::Fail, Verdict::Fail),
        (
            format!("https://login.microsoftonline.com.evil.example/{TENANT}/v2.0"),
            Verdict::Fail,
            Verdict::Fail,
        ),
        // The right address, and a path that no token's issuer has.
        (format!("https://login.microsoftonline.com/v2.0/{TENANT}/"), Verdict::Pass, Verdict::Fail),
        (format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0"), Verdict::Pass, Verdict::Fail),
        (format!("https://login.microsoftonline.com/{TENANT}/v2.0?x=1"), Verdict::Pass, Verdict::Fail),
        (format!("https://login.microsoftonline.com/{OTHER}/v2.0"), Verdict::Fail, Verdict::Fail),
        ("https://login.microsoftonline.com".into(), Verdict::Fail, Verdict::Fail),
        ("no address".into(), Verdict::Fail, Verdict::Fail),
    ] {
        let mut facts = but(|f| auth(f).issuer = Some(issuer.clone()));
        assert_eq!(verdict(&facts, CheckId::AuthTenant), tenant, "{issuer}");
        assert_eq!(verdict(&facts, CheckId::ApiIssuer), spelling, "{issuer}");
        // A token that was let in says more than any table.
        if spelling == Verdict::Fail && issuer.starts_with("https://evil") {
            facts.rehearsal = seen(rehearsed());
            assert_eq!(verdict(&facts, CheckId::AuthTenant), Verdict::Warn, "{issuer}");
            assert_eq!(verdict(&facts, CheckId::ApiIssuer), Verdict::Warn, "{issuer}");
        }
        // Nor is an address wrong for want of knowing the tenant.
        facts.tenant = Seen::default();
        assert_eq!(verdict(&facts, CheckId::ApiIssuer), Verdict::Unknown, "{issuer}");
    }
}

#[test]
fn an_excluded_path_is_wrong_only_where_it_lets_a_function_through() {
    for (paths, expected) in [
        (vec![], Verdict::Pass),
        (vec!["/health"], Verdict::Warn),
        (vec!["/api/H"], Verdict::Warn),
        (vec!["/health", "/api/Hello"], Verdict::Fail),
        (vec!["/api/H*"], Verdict::Fail),
    ] {
        let mut facts =
            but(|f| auth(f).excluded_paths = paths.iter().map(|path| (*path).to_owned()).collect());
        assert_eq!(verdict(&facts, CheckId::AuthExcluded), expected, "{paths:?}");
        if let Fact::Is(functions) = &mut facts.functions.fact {
            functions[0].disabled = true;
        }
        assert_ne!(verdict(&facts, CheckId::AuthExcluded), Verdict::Fail, "{paths:?}: it answers nobody");
        facts.functions = Seen::could_not(trouble(), now(), "GET");
        let unread = if paths.is_empty() { Verdict::Pass } else { Verdict::Unknown };
        assert_eq!(verdict(&facts, CheckId::AuthExcluded), unread, "{paths:?}, without the functions");
    }
}
