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
