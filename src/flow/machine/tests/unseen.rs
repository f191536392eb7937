//! A connector whose registration cannot be seen: its client ID is typed, and its secret tried all the same.

use super::*;
use crate::engine::facts::{Candidate, CandidateReason, SecretProbe, SecretVerdict};
use crate::engine::findings::Verdict;
use crate::engine::fixtures::{API, CLIENT, TENANT};
use crate::engine::ids::CheckId;
use crate::engine::secret_shape::SecretShape;
use crate::flow::hand_over::{RowValue, rows};

/// What is known without a sign-in.
fn public() -> Facts {
    let all = fixtures::finished();
    Facts { tenant: all.tenant, host: all.host, probes: all.probes, ..Facts::default() }
}

/// What is known where the directory's registrations may not be read.
fn forbidden() -> Facts {
    let hidden = || Seen::could_not(trouble(Class::NotAllowed), fixtures::now(), "GET /applications");
    Facts { client_app: hidden(), client_candidates: Seen::default(), ..fixtures::finished() }
}

/// Nobody is signed in, on purpose.
pub(super) fn at(stage: StageId) -> Walk {
    let mut walk = Walk::new();
    walk.choose(ActionId::Start);
    walk.choose(ActionId::PublicOnly);
    walk.type_text(fixtures::HOST);
    walk.press(Key::Enter);
    walk.observe(public());
    while walk.stage() != Some(stage) {
        walk.press(Key::Right);
        walk.observe(public());
    }
    walk.draw();
    walk
}

fn say(walk: &mut Walk, text: &str) -> Vec<Effect> {
    if walk.panel != Panel::ClientField {
        walk.choose(ActionId::TypeClient);
    }
    assert_eq!(walk.panel, Panel::ClientField);
    walk.press(Key::CtrlU);
    walk.give(Event::Paste(text.into()));
    walk.press(Key::Enter)
}

fn pasted() -> Held {
    let mut held = held();
    held.secret.as_mut().unwrap().made_here = false;
    held
}

fn verdict(walk: &Walk, id: CheckId) -> Verdict {
    walk.findings.check(id).unwrap().verdict
}

fn row(walk: &Walk, item: CopyItem) -> RowValue {
    rows(walk).into_iter().find(|row| row.item == Some(item)).unwrap().value
}

#[test]
fn a_typed_client_id_is_kept_and_looked_at_again() {
    for mut walk in [at(StageId::Register), Walk::at(StageId::Register, forbidden())] {
        let selected = menu::selected(&walk);
        assert_eq!(selected == Some(Item::Action(ActionId::TypeClient)), walk.public_only, "{selected:?}");
        let effects = say(&mut walk, &format!(" \"{}\"\r\n", CLIENT.to_uppercase()));
        assert_eq!(walk.choices.client_app_id.as_deref(), Some(CLIENT));
        let kept =
            |e: &Effect| matches!(e, Effect::SaveChoices(c) if c.client_app_id.as_deref() == Some(CLIENT));
        assert!(effects.iter().any(kept), "{effects:?}");
        assert_eq!(works(&effects), [&Work::Observe(Part::Stage(StageId::Register))]);
        assert!(walk.note.is_some() && walk.panel == Panel::Overview);
        let facts = if walk.public_only { public() } else { forbidden() };
        walk.observe(facts);
        assert!(walk.findings.check(CheckId::ClientApp).unwrap().evidence.contains(CLIENT));
        let selected = menu::selected(&walk);
        assert_eq!(selected == Some(Item::Action(ActionId::ToSecret)), walk.public_only, "{selected:?}");
        walk.choose(ActionId::TypeClient);
        assert_eq!(walk.fields.client_id.text(), CLIENT, "it can be put right");
        walk.press(Key::Esc);
        assert_eq!(walk.panel, Panel::Overview);
    }
}

#[test]
fn what_cannot_be_the_connectors_is_explained_and_not_kept() {
    let mut walk = at(StageId::Register);
    let mut told: Vec<String> = Vec::new();
    for text in ["", "my connector", API, TENANT, "AADSTS50076: More is asked of you."] {
        let effects = say(&mut walk, text);
        assert!(effects.is_empty(), "{text}: {effects:?}");
        let note = walk.fields.client_id.note.clone().unwrap();
        assert!(note.ends_with('.') && !told.contains(&note), "{text}: {note}");
        told.push(note);
    }
    assert!(told[2].contains("API itself"), "{told:?}");
    assert_eq!(walk.choices.client_app_id, None);
    say(&mut walk, &format!("https://portal.azure.com/#view/x/appId/{CLIENT}/isMSAApp~/false"));
    assert_eq!(walk.choices.client_app_id.as_deref(), Some(CLIENT));
}

#[test]
fn it_is_asked_only_where_the_registration_cannot_be_seen() {
    let candidates = || {
        let one = Candidate {
            app_id: CLIENT.into(),
            display_name: "contoso-hello connector".into(),
            why: CandidateReason::Owned,
        };
        Facts { client_candidates: fixtures::seen(vec![one]), ..forbidden() }
    };
    let cases: [(fn() -> Facts, bool); 5] = [
        (forbidden, true),
        (public, true),
        (fixtures::finished, false),
        (fixtures::fresh, false),
        (candidates, false),
    ];
    for (facts, offered) in cases {
        for stage in [StageId::Register, StageId::Secret] {
            let mut walk = Walk::at(stage, facts());
            assert_eq!(walk.offers(ActionId::TypeClient), offered, "{stage:?}");
            if walk.offers(ActionId::Myself) {
                walk.choose(ActionId::Myself);
                assert_eq!(walk.offers(ActionId::TypeClient), offered, "{stage:?}");
            }
        }
    }
}

#[test]
fn without_a_sign_in_the_secret_is_pasted_tried_and_handed_over() {
    let mut walk = at(StageId::Secret);
    assert!(!walk.offers(ActionId::EnterSecret), "nobody could tell whose it is");
    assert_eq!(row(&walk, CopyItem::ClientId), RowValue::Missing);
    say(&mut walk, CLIENT);
    walk.observe(public());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::EnterSecret)));
    walk.choose(ActionId::EnterSecret);
    assert!(walk.secret_field_open);
    let effects = walk.choose(ActionId::Submit);
    assert_eq!(works(&effects), [&Work::SubmitSecretField]);
    walk.answer(Answer::SecretEntered { shape: SecretShape::Id { of: None } });
    assert_eq!(walk.panel, Panel::SecretField, "its ID is not its value");
    walk.choose(ActionId::Submit);
    walk.give(Event::Held(pasted()));
    let effects = walk.answer(Answer::SecretEntered { shape: SecretShape::Possible });
    assert_eq!(works(&effects), [&Work::ProbeSecret]);
    for (said, found) in [(SecretVerdict::Wrong, Verdict::Fail), (SecretVerdict::Works, Verdict::Pass)] {
        let probe = SecretProbe { client_app_id: CLIENT.into(), key_id: None, verdict: said };
        walk.answer(Answer::SecretProbed(Ok(probe)));
        assert_eq!(verdict(&walk, CheckId::SecretWorks), found);
        assert_eq!(walk.offers(ActionId::Continue), found == Verdict::Pass);
        if found == Verdict::Fail {
            let effects = walk.choose(ActionId::ProbeSecret);
            assert_eq!(works(&effects), [&Work::ProbeSecret], "once more, because the person says so");
        }
    }
    for id in [CheckId::SecretExists, CheckId::SecretEnds] {
        assert_eq!(verdict(&walk, id), Verdict::Unknown, "what was not looked at stays so");
    }
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    walk.press(Key::Enter);
    assert_eq!(walk.stage(), Some(StageId::Connect));
    walk.observe(public());
    for (item, text) in
        [(CopyItem::ClientId, CLIENT), (CopyItem::TenantId, TENANT), (CopyItem::ResourceUrl, API)]
    {
        assert_eq!(row(&walk, item), RowValue::Text(text.into()));
    }
    assert_eq!(row(&walk, CopyItem::ClientSecret), RowValue::Hidden);
    assert!(walk.sent().is_empty());
}

#[test]
fn another_client_id_takes_nothing_over_from_the_one_before() {
    let mut walk = at(StageId::Secret);
    say(&mut walk, CLIENT);
    walk.observe(public());
    walk.give(Event::Held(pasted()));
    walk.give(Event::Copied { item: CopyItem::ClientId, outcome: crate::flow::event::CopyOutcome::Copied });
    assert_eq!(row(&walk, CopyItem::ClientSecret), RowValue::Hidden);
    say(&mut walk, "59259fa1-0000-4000-8000-00000000c002");
    walk.observe(public());
    assert_eq!(row(&walk, CopyItem::ClientSecret), RowValue::Missing);
    assert_eq!(verdict(&walk, CheckId::SecretWorks), Verdict::NotTried);
    assert!(!walk.offers(ActionId::ProbeSecret) && !walk.copied.contains_key(&CopyItem::ClientId));
}
