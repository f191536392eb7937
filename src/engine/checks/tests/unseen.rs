//! A connector whose registration cannot be seen, and whose client ID the person gave.

use super::*;

const OTHER: &str = "59259fa1-0000-4000-8000-00000000c002";

/// What is known without a sign-in.
fn public() -> Facts {
    Facts { tenant: finished().tenant, host: finished().host, probes: finished().probes, ..Facts::default() }
}

/// What is known where the directory's registrations may not be read.
fn forbidden() -> Facts {
    let hidden = || Seen::could_not(trouble(), now(), "GET /applications");
    Facts { client_app: hidden(), api_app: hidden(), ..finished() }
}

fn said(client_app_id: &str) -> Choices {
    Choices { client_app_id: Some(client_app_id.into()), ..choices() }
}

fn find(facts: &Facts, choices: &Choices, held: &Held, id: CheckId) -> Finding {
    assess(&cloud(), facts, choices, held, now()).check(id).unwrap().clone()
}

fn probed(facts: Facts, client_app_id: &str, verdict: SecretVerdict) -> Facts {
    let probe = SecretProbe { client_app_id: client_app_id.into(), key_id: None, verdict };
    Facts { secret_probe: seen(probe), ..facts }
}

#[test]
fn a_value_is_judged_by_the_sign_in_service_alone() {
    let refused = |code: &str| SecretVerdict::Refused { code: code.into(), text: "Refused.".into() };
    for base in [public(), forbidden()] {
        for (verdict, expected, evidence) in [
            (SecretVerdict::Works, Verdict::Pass, "A token was issued"),
            (SecretVerdict::Wrong, Verdict::Fail, "the value is wrong"),
            (SecretVerdict::Expired, Verdict::Fail, "has ended"),
            (refused("700016"), Verdict::Fail, CLIENT),
            (refused("53003"), Verdict::Fail, "53003"),
        ] {
            let facts = probed(base.clone(), CLIENT, verdict);
            let found = find(&facts, &said(CLIENT), &held(), CheckId::SecretWorks);
            assert_eq!(found.verdict, expected, "{found:?}");
            assert!(found.evidence.contains(evidence), "{found:?}");
            for id in [CheckId::SecretExists, CheckId::SecretEnds, CheckId::ClientApp] {
                let found = find(&facts, &said(CLIENT), &held(), id);
                assert_eq!(found.verdict, Verdict::Unknown, "what was not looked at stays so: {found:?}");
            }
        }
    }
}

#[test]
fn a_value_counts_only_for_the_client_id_it_was_tried_for() {
    let works = probed(public(), CLIENT, SecretVerdict::Works);
    let verdict = |facts: &Facts, choices: &Choices, held: &Held| {
        find(facts, choices, held, CheckId::SecretWorks).verdict
    };
    assert_eq!(
        verdict(&works, &said(CLIENT), &Held::default()),
        Verdict::NotTried,
        "it is not here any more"
    );
    assert_eq!(verdict(&public(), &said(CLIENT), &held()), Verdict::NotTried);
    assert_eq!(
        verdict(&works, &said(OTHER), &held()),
        Verdict::NotTried,
        "another client ID was given since"
    );
    assert_eq!(verdict(&works, &choices(), &held()), Verdict::Unknown, "nobody said whose it is");
    let absent = Facts { client_app: gone(), ..works };
    assert_eq!(verdict(&absent, &said(CLIENT), &held()), Verdict::Waiting, "it is known not to be there");
}

#[test]
fn the_client_id_that_was_given_stands_there_as_what_it_is() {
    for (facts, why) in [(public(), "Nobody has looked"), (forbidden(), "You may not read this")] {
        let found = find(&facts, &said(CLIENT), &Held::default(), CheckId::ClientApp);
        assert_eq!(found.verdict, Verdict::Unknown);
        assert!(found.evidence.contains(CLIENT) && found.evidence.contains(why), "{found:?}");
        assert!(found.note.is_some(), "{found:?}");
    }
    let found = find(
        &Facts { client_app: gone(), ..finished() },
        &said(CLIENT),
        &Held::default(),
        CheckId::ClientApp,
    );
    assert_eq!(found.verdict, Verdict::Fail, "looked for, and not there: {found:?}");
}

#[test]
fn the_apis_own_client_id_is_never_the_connectors() {
    for facts in [public(), forbidden()] {
        let verdict = |id| find(&facts, &said(id), &Held::default(), CheckId::ClientSeparate).verdict;
        assert_eq!(verdict(API), Verdict::Fail);
        assert_eq!(verdict(CLIENT), Verdict::Unknown, "what it is was not seen");
    }
}

#[test]
fn a_redirect_url_that_was_asked_for_another_client_id_says_nothing() {
    let probe = |id: &str| RedirectProbe {
        client_app_id: id.into(),
        redirect_url: REDIRECT.into(),
        registered: true,
    };
    for (asked, verdict) in [(CLIENT, Verdict::Pass), (OTHER, Verdict::Unknown)] {
        let facts = Facts { redirect_probe: seen(probe(asked)), ..public() };
        let choices = Choices { redirect_url: Some(REDIRECT.into()), ..said(CLIENT) };
        assert_eq!(find(&facts, &choices, &Held::default(), CheckId::RedirectRegistered).verdict, verdict);
    }
}

#[test]
fn what_is_known_to_be_wrong_counts_more_than_what_could_not_be_seen() {
    for (verdict, first) in
        [(SecretVerdict::Wrong, CheckId::SecretWorks), (SecretVerdict::Works, CheckId::SecretExists)]
    {
        let facts = probed(public(), CLIENT, verdict);
        let findings = assess(&cloud(), &facts, &said(CLIENT), &held(), now());
        assert_eq!(findings.stage(StageId::Secret).unwrap().first_open().map(|c| c.id), Some(first));
    }
}
