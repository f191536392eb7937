//! Checks of what only trying tells: a secret's value, a rehearsal, and what a rehearsal says of an issuer.

use super::*;

#[test]
fn what_is_not_confirmed_of_issuers_is_a_warning_until_a_rehearsal_tells() {
    let sts = format!("https://sts.windows.net/{TENANT}/");
    let portal_form = format!("{sts}v2.0");
    let v2 = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    for (configured, version, untried) in [
        (&portal_form, 2, Verdict::Pass),
        (&portal_form, 1, Verdict::Warn),
        (&sts, 2, Verdict::Fail),
        // Confirmed: IDX10205 (microsoft-cloud 6.6).
        (&v2, 1, Verdict::Fail),
    ] {
        let own = if version == 2 { &v2 } else { &sts };
        let told = |status: Option<u16>, issuer: &String, why: &str| {
            let mut facts = finished();
            auth(&mut facts).issuer = Some(configured.clone());
            api(&mut facts).token_version = Some(version);
            if let Some(status) = status {
                let diagnosis = (status == 401).then(|| format!("{why}: refused."));
                facts.rehearsal =
                    seen(Rehearsal { status, issuer: issuer.clone(), diagnosis, ..rehearsed() });
            }
            verdict(&facts, CheckId::ApiIssuer)
        };
        let after = |status, issuer: &String| told(status, issuer, "IDX10205");
        assert_eq!(
            told(Some(401), own, "IDX10214"),
            untried,
            "another reason accuses no issuer: {configured} {version}"
        );
        assert_eq!(after(None, own), untried, "{configured} {version}");
        assert_eq!(after(Some(401), own), Verdict::Fail, "{configured} {version}");
        // What is confirmed stays so: no rehearsal of this issuer's tokens was ever let in.
        let let_in = if *configured == v2 { Verdict::Fail } else { Verdict::Pass };
        assert_eq!(after(Some(200), own), let_in, "{configured} {version}");
        // What another token met says nothing of these.
        assert_eq!(after(Some(401), &"https://other.example".to_owned()), untried, "{configured} {version}");
    }
}

#[test]
fn a_secret_is_judged_by_its_value_only_once_it_was_tried() {
    let run = |facts: &Facts, held: &Held| {
        assess(&cloud(), facts, &choices(), held, now()).check(CheckId::SecretWorks).unwrap().verdict
    };
    assert_eq!(run(&finished(), &Held::default()), Verdict::NotTried);
    assert_eq!(run(&finished(), &held()), Verdict::NotTried);
    for (verdict, expected) in [
        (SecretVerdict::Works, Verdict::Pass),
        (SecretVerdict::Wrong, Verdict::Fail),
        (SecretVerdict::Expired, Verdict::Fail),
        (SecretVerdict::Refused { code: "AADSTS53003".into(), text: "Blocked.".into() }, Verdict::Fail),
    ] {
        let probed = but(|f| {
            f.secret_probe =
                seen(SecretProbe { client_app_id: CLIENT.into(), key_id: None, verdict: verdict.clone() });
        });
        assert_eq!(run(&probed, &held()), expected, "{verdict:?}");
    }
}

#[test]
fn a_rehearsal_counts_only_for_the_set_up_it_was_made_with() {
    let rehearsal = rehearsed();
    let with = |r: Rehearsal| but(|f| f.rehearsal = seen(r));
    assert_eq!(verdict(&with(rehearsal.clone()), CheckId::TryAnswered), Verdict::Pass);
    assert_eq!(
        verdict(&with(Rehearsal { status: 403, ..rehearsal.clone() }), CheckId::TryAnswered),
        Verdict::Fail
    );
    assert_eq!(
        verdict(&with(Rehearsal { anonymous: Some(200), ..rehearsal.clone() }), CheckId::TryAnswered),
        Verdict::Fail,
        "what answers anybody proves nothing"
    );
    let settings = |document: serde_json::Value| Rehearsal { settings: Some(document), ..rehearsal.clone() };
    let now = finished().auth.value().unwrap().document.clone();
    assert_eq!(verdict(&with(settings(now)), CheckId::TryAnswered), Verdict::Pass);
    let before = with(Rehearsal {
        anonymous: Some(200),
        ..settings(serde_json::json!({"platform": {"enabled": false}}))
    });
    assert_eq!(verdict(&before, CheckId::TryAnswered), Verdict::NotTried, "the settings have changed since");
    assert_eq!(verdict(&before, CheckId::AuthRefuses), Verdict::Pass, "so that the old answer says nothing");
    assert_eq!(
        verdict(&with(Rehearsal { resource: "api://other".into(), ..rehearsal }), CheckId::TryAnswered),
        Verdict::NotTried
    );
}

#[test]
fn a_typed_function_that_does_not_answer_to_get_is_explained_where_the_app_is_not_seen() {
    let url = Choices { app: Some(AppChoice::at(&format!("https://{HOST}/api/Helo"))), ..Choices::default() };
    let note = |status, site| {
        let rehearsal = seen(Rehearsal { status, ..rehearsed() });
        let facts = Facts { site, rehearsal, ..finished() };
        let found = assess(&cloud(), &facts, &url, &Held::default(), now());
        let found = found.check(CheckId::TryAnswered).unwrap().clone();
        assert_eq!(found.verdict, Verdict::Fail);
        found.note.unwrap()
    };
    let not_there = say("try.answered.not_there_note");
    assert_eq!((note(404, gone()).as_str(), note(405, gone()).as_str()), (not_there, not_there));
    assert_ne!(note(401, gone()), not_there);
    assert_ne!(note(404, finished().site), not_there);
}

#[test]
fn the_portals_issuer_form_is_not_trusted_once_a_rehearsal_was_refused() {
    let refused = but(|f| {
        auth(f).issuer = Some(format!("https://sts.windows.net/{TENANT}/v2.0"));
        let diagnosis = Some("IDX10205: Issuer validation failed.".to_owned());
        f.rehearsal = seen(Rehearsal { status: 401, diagnosis, ..rehearsed() });
    });
    assert_eq!(verdict(&refused, CheckId::ApiIssuer), Verdict::Fail);
}

#[test]
fn a_rehearsal_that_broke_off_says_nothing_of_the_set_up() {
    let with = |class| {
        but(|f| {
            f.rehearsal = Seen::could_not(Trouble::new(class, "What happened.", "What to do."), now(), "GET");
        })
    };
    assert_eq!(verdict(&with(Class::Cancelled), CheckId::TryAnswered), Verdict::NotTried);
    assert_eq!(verdict(&with(Class::TimeOut), CheckId::TryAnswered), Verdict::NotTried);
    assert_eq!(verdict(&with(Class::SignInRefused), CheckId::TryAnswered), Verdict::Fail);
}
