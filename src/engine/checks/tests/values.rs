//! Values that have to agree to the letter: the audience with the Resource URL, the redirect URL with its registration.

use super::*;

#[test]
fn the_audience_depends_on_the_token_version_and_the_resource_url() {
    let uri = Choices { resource_url: Some(format!("https://{HOST}")), ..choices() };
    // Version 2 tokens carry the client id whatever was asked for.
    assert_eq!(verdict_with(&finished(), &uri, CheckId::ApiAudience), Verdict::Pass);
    let v1 = but(|f| api(f).token_version = Some(1));
    assert_eq!(verdict_with(&v1, &uri, CheckId::ApiAudience), Verdict::Fail);
    let listed = but(|f| {
        api(f).token_version = Some(1);
        auth(f).allowed_audiences.push(format!("https://{HOST}"));
    });
    assert_eq!(verdict_with(&listed, &uri, CheckId::ApiAudience), Verdict::Pass);
}

#[test]
fn what_helps_with_the_audience_fits_the_case_and_brings_it_to_pass() {
    let other = "99999999-0000-4000-8000-00000000000a";
    let uri = format!("https://{HOST}");
    let note = |facts: &Facts, choices: &Choices| {
        let findings = assess(&cloud(), facts, choices, &Held::default(), now());
        findings.check(CheckId::ApiAudience).and_then(|found| found.note.clone())
    };
    for (version, client, resource) in [
        (Some(2), other, None),
        (Some(2), other, Some(&uri)),
        (None, API, Some(&uri)),
        (None, other, None),
        (None, other, Some(&uri)),
    ] {
        let case = format!("{version:?} {client} {resource:?}");
        let choices = Choices { resource_url: resource.cloned(), ..choices() };
        let mut facts = but(|f| {
            api(f).token_version = version;
            auth(f).client_id = Some(client.into());
        });
        let said = note(&facts, &choices).unwrap();
        assert_eq!(said.contains("as Resource URL"), version.is_none() && client == API, "{case}: {said}");
        // Whatever is said is followed: the Resource URL is never to become what names another app.
        if said.contains("as Resource URL") {
            assert!(said.contains(&format!("client ID {API} as Resource URL")), "{case}: {said}");
            let chosen = Choices { resource_url: None, ..choices.clone() };
            assert_eq!(note(&facts, &chosen), None, "{case}");
        } else if said.contains("into it") {
            assert!(said.contains(&format!("client ID {API} into it")), "{case}: {said}");
            auth(&mut facts).client_id = Some(API.into());
            assert_eq!(note(&facts, &choices), None, "{case}");
            auth(&mut facts).client_id = Some(client.into());
        }
        let listed = if said.contains("that ID") { API } else { &uri };
        auth(&mut facts).allowed_audiences.push(listed.to_owned());
        assert_eq!(note(&facts, &choices), None, "{case}: {said}");
    }
}

#[test]
fn a_redirect_url_must_be_registered_to_the_letter_and_under_web() {
    let known = Choices { redirect_url: Some(REDIRECT.into()), ..choices() };
    assert_eq!(verdict_with(&finished(), &known, CheckId::RedirectRegistered), Verdict::Pass);
    let slash = but(|f| client(f).web_redirects = vec![format!("{REDIRECT}/")]);
    assert_eq!(verdict_with(&slash, &known, CheckId::RedirectRegistered), Verdict::Fail);
    let spa = but(|f| {
        let app = client(f);
        app.spa_redirects = std::mem::take(&mut app.web_redirects);
    });
    let findings = assess(&cloud(), &spa, &known, &Held::default(), now());
    assert!(findings.check(CheckId::RedirectRegistered).unwrap().evidence.contains("Single-page"));
}
