//! For each check a world in which it passes, fails, waits, or cannot look.

mod guarded;
mod tried;
mod unseen;
mod values;

use super::*;
use crate::engine::choices::AppChoice;
use crate::engine::facts::*;
use crate::engine::fixtures::*;
use crate::engine::held::HeldSecret;
use crate::engine::trouble::{Class, Trouble};
use proptest::prelude::*;

fn verdict(facts: &Facts, id: CheckId) -> Verdict {
    verdict_with(facts, &choices(), id)
}

fn verdict_with(facts: &Facts, choices: &Choices, id: CheckId) -> Verdict {
    assess(&cloud(), facts, choices, &Held::default(), now()).check(id).unwrap().verdict
}

fn held() -> Held {
    Held {
        secret: Some(HeldSecret {
            client_app_id: CLIENT.into(),
            key_id: None,
            ends: None,
            made: None,
            made_here: false,
        }),
    }
}

#[test]
fn that_no_app_can_be_seen_is_the_first_broken_link_and_all_else_waits_for_it() {
    let facts = Facts { site: gone(), ..Facts::default() };
    let findings = assess(&cloud(), &facts, &Choices::default(), &Held::default(), now());
    assert_eq!(findings.first_broken(), Some(CheckId::AppExists));
    for finding in findings.all().filter(|finding| finding.id != CheckId::AppExists) {
        assert_eq!(finding.verdict, Verdict::Waiting, "{finding:?}");
    }
    assert_eq!(verdict_with(&Facts::default(), &Choices::default(), CheckId::AppExists), Verdict::Waiting);
}

/// The finished facts with one thing changed.
fn but(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = finished();
    change(&mut facts);
    facts
}

fn auth(facts: &mut Facts) -> &mut AuthSettings {
    match &mut facts.auth.fact {
        Fact::Is(auth) => auth,
        _ => unreachable!(),
    }
}

fn api(facts: &mut Facts) -> &mut Application {
    match &mut facts.api_app.fact {
        Fact::Is(app) => app,
        _ => unreachable!(),
    }
}

fn client(facts: &mut Facts) -> &mut Application {
    match &mut facts.client_app.fact {
        Fact::Is(app) => app,
        _ => unreachable!(),
    }
}

/// Every call is answered by the front end.
fn turned_away(facts: &mut Facts, by: FrontEnd) {
    let answer = ProbeAnswer {
        status: 403,
        challenged: false,
        tenant: None,
        client_id: None,
        redirect_host: None,
        front_end: Some(by),
    };
    facts.host = seen(HostAnswer { status: 403, front_end: Some(by) });
    facts.probes =
        Probes { login: seen(answer.clone()), browser: seen(answer.clone()), program: seen(answer) };
}

fn trouble() -> Trouble {
    Trouble::new(Class::NotAllowed, "You may not read this.", "Ask an administrator.")
}

#[test]
fn a_finished_set_up_has_nothing_broken() {
    let findings = assess(&cloud(), &finished(), &choices(), &Held::default(), now());
    for finding in findings.all() {
        let expected = match finding.id {
            CheckId::SecretWorks | CheckId::RedirectKnown | CheckId::TryAnswered => Verdict::NotTried,
            _ => Verdict::Pass,
        };
        assert_eq!(finding.verdict, expected, "{}: {}", finding.id.as_str(), finding.evidence);
    }
    assert_eq!(findings.first_broken(), None);
}

#[test]
fn a_fresh_app_fails_at_its_registration_and_the_rest_waits() {
    let findings = assess(&cloud(), &fresh(), &choices(), &Held::default(), now());
    assert_eq!(findings.first_broken(), Some(CheckId::ApiApp));
    assert_eq!(findings.first_open_stage(), Some(StageId::Protect));
    assert!(findings.stage(StageId::Pick).unwrap().done());
    for id in [
        CheckId::ApiIssuer,
        CheckId::ApiAudience,
        CheckId::ClientAllowed,
        CheckId::GrantConsent,
        CheckId::SecretEnds,
    ] {
        assert_eq!(findings.check(id).unwrap().verdict, Verdict::Waiting, "{}", id.as_str());
    }
}

#[test]
fn what_nobody_could_look_for_yet_waits() {
    let mut facts = fresh();
    facts.api_principal = Seen::default();
    facts.client_principal = Seen::default();
    assert_eq!(verdict(&facts, CheckId::GrantAssignment), Verdict::Waiting);
    let facts = but(|f| {
        f.client_app = gone();
        f.client_principal = Seen::default();
    });
    assert_eq!(verdict(&facts, CheckId::GrantAssignment), Verdict::Waiting);
}

#[test]
fn what_only_a_sign_in_shows_says_so() {
    let facts = Facts { person: Seen::default(), api_app: Seen::default(), ..fresh() };
    let findings = assess(&cloud(), &facts, &choices(), &Held::default(), now());
    let found = findings.check(CheckId::ApiApp).unwrap();
    assert_eq!(found.verdict, Verdict::Unknown);
    assert!(found.note.as_ref().is_some_and(|note| note.contains("sign-in")), "{found:?}");
}

#[test]
fn nothing_looked_at_is_unknown_or_waiting_never_right_or_wrong() {
    let findings = assess(&cloud(), &Facts::default(), &choices(), &Held::default(), now());
    for finding in findings.all() {
        assert!(
            matches!(finding.verdict, Verdict::Unknown | Verdict::Waiting | Verdict::NotTried),
            "{}: {:?}",
            finding.id.as_str(),
            finding.verdict
        );
    }
}

#[test]
fn what_could_not_be_read_is_unknown_with_the_next_step() {
    let facts = but(|f| f.api_app = Seen::could_not(trouble(), now(), "GET"));
    let findings = assess(&cloud(), &facts, &choices(), &Held::default(), now());
    let finding = findings.check(CheckId::ApiApp).unwrap();
    assert_eq!(finding.verdict, Verdict::Unknown);
    assert_eq!(finding.note.as_deref(), Some("Ask an administrator."));
}

#[test]
fn each_single_defect_is_named_as_the_first_broken_link() {
    type Case = (&'static str, fn(&mut Facts), CheckId);
    let cases: &[Case] = &[
        (
            "stopped",
            |f| {
                if let Fact::Is(s) = &mut f.site.fact {
                    s.state = "Stopped".into();
                }
            },
            CheckId::AppExists,
        ),
        (
            "logic app",
            |f| {
                if let Fact::Is(s) = &mut f.site.fact {
                    s.kind = "functionapp,workflowapp".into();
                }
            },
            CheckId::AppExists,
        ),
        ("host broken", |f| f.host = seen(HostAnswer { status: 503, front_end: None }), CheckId::AppAnswers),
        (
            "closed to everybody",
            |f| {
                if let Fact::Is(s) = &mut f.site.fact {
                    s.public_access_off = true;
                }
                turned_away(f, FrontEnd::Forbidden);
            },
            CheckId::AppAnswers,
        ),
        ("no functions", |f| f.functions = seen(vec![]), CheckId::AppFunctions),
        (
            "key needed",
            |f| {
                if let Fact::Is(fs) = &mut f.functions.fact {
                    fs[0].auth_level = AuthLevel::Function;
                }
            },
            CheckId::AppAuthLevel,
        ),
        ("api app gone", |f| f.api_app = gone(), CheckId::ApiApp),
        ("no principal", |f| f.api_principal = gone(), CheckId::ApiPrincipal),
        ("scope off", |f| api(f).scopes[0].enabled = false, CheckId::ApiScope),
        ("no scope", |f| api(f).scopes.clear(), CheckId::ApiScope),
        ("auth off", |f| auth(f).enabled = false, CheckId::AuthOn),
        (
            "classic",
            |f| f.auth_version = seen(AuthVersion::V1 { enabled: true, keeps_secrets: false }),
            CheckId::AuthOn,
        ),
        ("no provider", |f| auth(f).client_id = None, CheckId::AuthOn),
        ("other app", |f| auth(f).client_id = Some(CLIENT.into()), CheckId::ApiAudience),
        (
            "foreign tenant",
            |f| {
                auth(f).issuer = Some(
                    "https://login.microsoftonline.com/99999999-0000-4000-8000-000000000009/v2.0".into(),
                );
            },
            CheckId::AuthTenant,
        ),
        ("v1 tokens", |f| api(f).token_version = None, CheckId::ApiIssuer),
        (
            "v1 issuer",
            |f| auth(f).issuer = Some(format!("https://sts.windows.net/{TENANT}/")),
            CheckId::ApiIssuer,
        ),
        (
            "anonymous",
            |f| {
                if let Fact::Is(p) = &mut f.probes.program.fact {
                    p.status = 404;
                    p.client_id = None;
                }
            },
            CheckId::AuthRefuses,
        ),
        (
            "function open",
            |f| {
                f.rehearsal = seen(Rehearsal { anonymous: Some(200), ..rehearsed() });
            },
            CheckId::AuthRefuses,
        ),
        ("function excluded", |f| auth(f).excluded_paths = vec!["/api/*".into()], CheckId::AuthExcluded),
        ("no client", |f| f.client_app = gone(), CheckId::ClientApp),
        ("no client principal", |f| f.client_principal = gone(), CheckId::ClientPrincipal),
        (
            "personal only",
            |f| client(f).sign_in_audience = "PersonalMicrosoftAccount".into(),
            CheckId::ClientAudience,
        ),
        ("not allowed", |f| auth(f).allowed_applications = Some(vec![API.into()]), CheckId::ClientAllowed),
        ("older list", |f| auth(f).older_allowed_applications = vec![API.into()], CheckId::ClientAllowed),
        ("not requested", |f| client(f).required.truncate(1), CheckId::GrantRequested),
        (
            "no profile",
            |f| {
                client(f).required.remove(0);
            },
            CheckId::GrantProfile,
        ),
        (
            "no consent",
            |f| {
                api(f).pre_authorized.clear();
                f.user_consent = seen(UserConsent::Off);
            },
            CheckId::GrantConsent,
        ),
        (
            "locked out",
            |f| {
                if let Fact::Is(p) = &mut f.api_principal.fact {
                    p.assignment_required = true;
                }
                f.api_assigned = seen(false);
            },
            CheckId::GrantAssignment,
        ),
        ("no secret", |f| client(f).secrets.clear(), CheckId::SecretExists),
        (
            "expired",
            |f| client(f).secrets[0].end = Some("2026-01-01T00:00:00Z".parse().unwrap()),
            CheckId::SecretEnds,
        ),
        ("unresolved", |f| f.resource = gone(), CheckId::ResourceResolves),
        ("no redirect", |f| client(f).web_redirects.clear(), CheckId::RedirectRegistered),
        (
            "bare redirect",
            |f| client(f).web_redirects = vec!["https://global.consent.azure-apim.net/redirect".into()],
            CheckId::RedirectRegistered,
        ),
    ];
    for (name, break_it, expected) in cases {
        let facts = but(break_it);
        let findings = assess(&cloud(), &facts, &choices(), &Held::default(), now());
        assert_eq!(findings.first_broken(), Some(*expected), "{name}");
        assert_eq!(findings.stage(expected.stage()).unwrap().status(), Verdict::Fail, "{name}");
    }
}

#[test]
fn warnings_do_not_hold_a_stage_up() {
    type Case = (fn(&mut Facts), CheckId);
    let cases: &[Case] = &[
        (|f| auth(f).allowed_applications = Some(vec![]), CheckId::ClientAllowed),
        (|f| auth(f).allowed_applications = None, CheckId::ClientAllowed),
        (
            |f| client(f).sign_in_audience = "AzureADandPersonalMicrosoftAccount".into(),
            CheckId::ClientAudience,
        ),
        (|f| api(f).pre_authorized.clear(), CheckId::GrantConsent),
        (|f| client(f).secrets[0].end = Some("2026-12-01T00:00:00Z".parse().unwrap()), CheckId::SecretEnds),
        (
            |f| client(f).web_redirects.push("http://localhost:51000/handclasp-a1b2c3d4e5f60718".into()),
            CheckId::RedirectLeftover,
        ),
        (|f| auth(f).excluded_paths = vec!["/health".into()], CheckId::AuthExcluded),
    ];
    for (change, id) in cases {
        let findings = assess(&cloud(), &but(change), &choices(), &Held::default(), now());
        assert_eq!(findings.check(*id).unwrap().verdict, Verdict::Warn, "{}", id.as_str());
        assert_eq!(findings.first_broken(), None, "{}", id.as_str());
    }
}

#[test]
fn an_app_that_is_not_there_leaves_everything_else_waiting() {
    let facts = Facts { site: gone(), probes: fresh().probes, ..finished() };
    let findings = assess(&cloud(), &facts, &choices(), &Held::default(), now());
    assert_eq!(findings.first_broken(), Some(CheckId::AppExists));
    assert!(findings.all().skip(1).all(|c| c.verdict == Verdict::Waiting));
}

#[test]
fn a_host_that_is_no_function_app_is_not_accused_of_anything() {
    let facts = Facts { host: fresh().host, probes: fresh().probes, ..Facts::default() };
    let url = Choices { app: Some(AppChoice::Url("https://contoso.example".into())), ..Choices::default() };
    for id in [CheckId::AuthOn, CheckId::AuthRefuses] {
        assert_eq!(verdict_with(&facts, &url, id), Verdict::Unknown, "{}", id.as_str());
    }
}

#[test]
fn without_a_sign_in_the_public_answers_still_tell() {
    let facts = Facts {
        tenant: finished().tenant,
        host: finished().host,
        probes: finished().probes,
        ..Facts::default()
    };
    let url = Choices { app: Some(AppChoice::Url(format!("https://{HOST}"))), ..Choices::default() };
    assert_eq!(verdict_with(&facts, &url, CheckId::AppAnswers), Verdict::Pass);
    assert_eq!(verdict_with(&facts, &url, CheckId::AppExists), Verdict::Unknown);
    assert_eq!(verdict_with(&facts, &url, CheckId::AuthOn), Verdict::Pass);
    assert_eq!(verdict_with(&facts, &url, CheckId::AuthTenant), Verdict::Pass);
    assert_eq!(verdict_with(&facts, &url, CheckId::AuthRefuses), Verdict::Pass);
}

#[test]
fn an_app_that_a_sign_in_does_not_see_hides_only_what_is_read_from_it() {
    let mut facts = finished();
    facts.site = gone();
    (facts.functions, facts.auth, facts.auth_version) = Default::default();
    let url = Choices { app: Some(AppChoice::Url(format!("https://{HOST}"))), ..Choices::default() };
    let findings = assess(&cloud(), &facts, &url, &Held::default(), now());
    for (id, verdict) in [
        (CheckId::AppExists, Verdict::Unknown),
        (CheckId::AppFunctions, Verdict::Unknown),
        (CheckId::ApiApp, Verdict::Pass),
        (CheckId::AuthOn, Verdict::Pass),
        (CheckId::ApiIssuer, Verdict::Unknown),
        (CheckId::ClientApp, Verdict::Pass),
        (CheckId::GrantConsent, Verdict::Pass),
        (CheckId::SecretExists, Verdict::Pass),
    ] {
        let found = findings.check(id).unwrap();
        assert_eq!(found.verdict, verdict, "{found:?}");
        assert_ne!(found.evidence, say("waits.function_app"), "{found:?}");
    }
    let exists = findings.check(CheckId::AppExists).unwrap();
    assert!(exists.note.as_deref().is_some_and(|note| note.contains("Reader")), "{exists:?}");
    let functions = findings.check(CheckId::AppFunctions).unwrap();
    assert_eq!(functions.evidence, say("not_seen.needs_role"));
}

proptest! {
    /// Hiding any facts never makes a check pass that did not pass before.
    #[test]
    fn not_seeing_never_helps(hide in proptest::collection::vec(any::<bool>(), 12)) {
        let before = assess(&cloud(), &finished(), &choices(), &Held::default(), now());
        let mut facts = finished();
        let blind = Facts::default();
        if hide[0] { facts.person = blind.person }
        if hide[1] { facts.tenant = blind.tenant }
        if hide[2] { facts.site = blind.site }
        if hide[3] { facts.host = blind.host }
        if hide[4] { facts.functions = blind.functions }
        if hide[5] { facts.auth = blind.auth }
        if hide[6] { facts.probes = blind.probes }
        if hide[7] { facts.api_app = blind.api_app }
        if hide[8] { facts.client_app = blind.client_app }
        if hide[9] { facts.api_principal = blind.api_principal }
        if hide[10] { facts.grants = blind.grants }
        if hide[11] { facts.resource = blind.resource }
        let after = assess(&cloud(), &facts, &choices(), &Held::default(), now());
        for (b, a) in before.all().zip(after.all()) {
            prop_assert!(a.verdict != Verdict::Pass || b.verdict == Verdict::Pass, "{}", a.id.as_str());
            prop_assert!(a.verdict != Verdict::Fail, "{} fails only because something was not seen", a.id.as_str());
        }
    }
}

#[test]
fn a_value_with_line_breaks_forges_no_finding() {
    const FORGED: &str = "x\r\n  \u{2713} OK   Everything works\u{2028}y";
    let hostile = but(|facts| {
        let auth = auth(facts);
        auth.issuer = Some(FORGED.into());
        auth.allowed_audiences = vec![FORGED.into()];
        auth.excluded_paths = vec![FORGED.into()];
        api(facts).identifier_uris = vec![FORGED.into()];
        let client = client(facts);
        client.web_redirects = vec![FORGED.into()];
        client.secrets[0].display_name = FORGED.into();
    });
    let choices =
        Choices { resource_url: Some(FORGED.into()), redirect_url: Some(FORGED.into()), ..choices() };
    let findings = assess(&cloud(), &hostile, &choices, &Held::default(), now());
    let lines: Vec<&str> =
        findings.all().flat_map(|f| std::iter::once(f.evidence.as_str()).chain(f.note.as_deref())).collect();
    assert!(lines.iter().any(|line| line.contains("x \u{2713} OK Everything works y")), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains(['\r', '\n', '\u{2028}'])), "{lines:#?}");
}
