//! The secret by hand, the hand-over and the redirect URL.

use super::*;
use crate::engine::change::ChangeKind;
use crate::engine::secret_shape::SecretShape;
use crate::flow::effect::{Clip, CopyItem};
use crate::flow::event::{CopyOutcome, PersonDone};
use crate::flow::hand_over;

#[test]
fn a_secret_id_is_told_from_a_value_and_keys_never_pass_through() {
    let mut walk = Walk::at(StageId::Secret, fixtures::finished());
    assert_eq!(walk.choose(ActionId::EnterSecret), [Effect::OpenSecretField]);
    assert!(walk.secret_field_open);
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::SubmitSecretField]);
    let id = SecretShape::Id { of: None };
    walk.answer(Answer::SecretEntered { shape: id.clone() });
    assert_eq!((walk.secret.refused.clone(), &walk.panel), (Some(id), &Panel::SecretField));
    walk.press(Key::Enter);
    walk.hold_secret();
    let effects = walk.answer(Answer::SecretEntered { shape: SecretShape::Possible });
    assert!(effects.contains(&Effect::CloseSecretField));
    assert_eq!(works(&effects), [&Work::ProbeSecret]);
    assert!(!walk.secret_field_open);
}

#[test]
fn leaving_the_masked_field_wipes_it() {
    let mut walk = Walk::at(StageId::Secret, fixtures::finished());
    walk.choose(ActionId::EnterSecret);
    assert!(walk.letter('q').is_empty(), "letters belong to the vault");
    assert!(walk.press(Key::Esc).contains(&Effect::CloseSecretField));
    assert!(!walk.secret_field_open);
}

#[test]
fn enter_hands_over_one_value_after_the_other_in_the_pages_order() {
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    walk.hold_secret();
    let mut handed = Vec::new();
    while let Some(Item::Row(item)) = menu::selected(&walk) {
        let effects = walk.press(Key::Enter);
        handed.push(item);
        match (&effects[..], item) {
            ([Effect::Copy(Clip::Secret)], CopyItem::ClientSecret) => {}
            ([Effect::Copy(Clip::Text { item: named, text })], _) => {
                assert_eq!((*named, text.is_empty()), (item, false));
            }
            other => panic!("{other:?}"),
        }
        walk.give(Event::Copied { item, outcome: CopyOutcome::Copied });
    }
    assert_eq!(
        handed,
        [
            CopyItem::Host,
            CopyItem::ClientId,
            CopyItem::ClientSecret,
            CopyItem::AuthorizationUrl,
            CopyItem::TenantId,
            CopyItem::ResourceUrl
        ]
    );
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::CopiedRedirect)));
    assert!(!walk.secret_on_clipboard, "other values were copied over it");
    assert!(!works(&walk.all).contains(&&Work::ReadClipboard));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::ReadClipboard]);
}

#[test]
fn digits_copy_on_this_stage_only() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    assert!(matches!(&walk.letter('2')[..], [Effect::Copy(Clip::Text { item: CopyItem::ClientId, .. })]));
    assert!(walk.letter('3').is_empty(), "the secret is not held");
    let mut walk = Walk::at(StageId::Grant, fixtures::finished());
    assert!(walk.letter('2').is_empty());
}

#[test]
fn the_digits_that_are_shown_are_those_that_copy() {
    let digits = |walk: &Walk| {
        let hints = menu::footer(walk);
        hints.into_iter().find(|hint| hint.label == "copy" && hint.key != "Enter").map(|hint| hint.key)
    };
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    assert_eq!(digits(&walk).as_deref(), Some("1,2,4-6"), "the secret is not held");
    walk.hold_secret();
    assert_eq!(digits(&walk).as_deref(), Some("1-6"));
}

#[test]
fn a_redirect_url_that_was_taken_is_shown_and_can_be_forgotten() {
    let facts = with_client(|app| app.web_redirects.clear());
    let mut walk = Walk::at(StageId::Connect, facts.clone());
    assert!(!walk.offers(ActionId::ForgetRedirect));
    walk.state.choices.redirect_url = Some(fixtures::REDIRECT.into());
    walk.observe(facts);
    let shown = hand_over::rows(&walk).into_iter().find(|row| row.item == Some(CopyItem::RedirectUrl));
    assert_eq!(shown.unwrap().value, hand_over::RowValue::Text(fixtures::REDIRECT.into()));
    assert!(!walk.offers(ActionId::TypeRedirect));
    let effects = walk.choose(ActionId::ForgetRedirect);
    assert!(matches!(works(&effects)[..], [Work::Watch { .. }]), "looked at without it: {effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SaveChoices(_))));
    assert_eq!((walk.choices.redirect_url.clone(), walk.fields.redirect.is_empty()), (None, true));
    assert!(walk.offers(ActionId::CopiedRedirect) && walk.offers(ActionId::TypeRedirect));
}

#[test]
fn the_redirect_url_from_the_clipboard_leads_to_the_plan_that_registers_it() {
    let facts = with_client(|app| app.web_redirects.clear());
    let mut walk = Walk::at(StageId::Connect, facts.clone());
    walk.letter('u');
    let effects = walk.answer(Answer::ClipboardRead(Ok(fixtures::REDIRECT.into())));
    assert_eq!(walk.choices.redirect_url.as_deref(), Some(fixtures::REDIRECT));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::SaveChoices(_))));
    walk.observe(facts.clone());
    walk.draw();
    walk.agree(facts.clone());
    assert_eq!(walk.sent()[0].kind, ChangeKind::AddRedirect);
    walk.carry_out(facts);
    assert_eq!(walk.panel, Panel::HandOver);
    assert!(walk.stage_done(), "{:?}", walk.findings.stage(StageId::Connect));
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
}

#[test]
fn what_is_no_redirect_url_is_explained_and_not_kept() {
    for junk in [
        "",
        "dear diary",
        "https://example.com/somewhere",
        "https://global.consent.azure-apim.net/redirect",
        "Save the custom connector to generate the redirect URL",
    ] {
        let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
        walk.letter('u');
        walk.answer(Answer::ClipboardRead(Ok(junk.into())));
        assert!(matches!(walk.overlays.last(), Some(Overlay::Notice { .. })), "{junk}");
        assert_eq!(walk.choices.redirect_url, None);
        let kept = format!("{:?}", walk.state.fields);
        assert!(junk.is_empty() || !kept.contains(junk), "the clipboard's text is not kept");
        walk.press(Key::Enter);
        assert_eq!(walk.panel, Panel::HandOver);
    }
}

#[test]
fn a_redirect_url_that_was_put_right_is_looked_at_once() {
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    walk.letter('u');
    walk.answer(Answer::ClipboardRead(Ok(format!("Redirect URL: {}/", fixtures::REDIRECT))));
    assert_eq!(walk.panel, Panel::RedirectField);
    assert_eq!(walk.fields.redirect.text(), fixtures::REDIRECT);
    assert!(walk.fields.redirect.note.is_some());
    assert_eq!(walk.choices.redirect_url, None);
    walk.press(Key::Enter);
    assert_eq!(walk.choices.redirect_url.as_deref(), Some(fixtures::REDIRECT));
}

#[test]
fn the_redirect_url_is_found_in_a_pasted_error() {
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    walk.choose(ActionId::More);
    walk.letter('n');
    assert_eq!((&walk.panel, walk.overlays.len()), (&Panel::ErrorField, 0));
    let error = format!(
        "AADSTS50011: The redirect URI '{}' specified in the request does not match.",
        fixtures::REDIRECT
    );
    walk.give(Event::Paste(error));
    walk.press(Key::Enter);
    assert_eq!(walk.panel, Panel::RedirectField, "found inside other text: one look first");
    walk.press(Key::Enter);
    assert_eq!(walk.choices.redirect_url.as_deref(), Some(fixtures::REDIRECT));
}

#[test]
fn a_pasted_error_is_explained_and_leads_to_where_it_is_mended() {
    let explained = |walk: &mut Walk, text: &str| {
        walk.give(Event::Paste(text.to_owned()));
        walk.press(Key::Enter);
        match &walk.panel {
            Panel::Explained(found) => found.codes.iter().map(|one| one.code.clone()).collect(),
            _ => Vec::new(),
        }
    };
    for way in [vec![ActionId::PasteError], vec![ActionId::Myself, ActionId::PasteError]] {
        let mut walk = Walk::at(StageId::Try, fixtures::finished());
        for step in way {
            walk.choose(step);
        }
        assert_eq!(walk.panel, Panel::ErrorField);
        let error = "AADSTS650057: Invalid resource. The client has requested access to a resource.";
        assert_eq!(explained(&mut walk, error), ["AADSTS650057"]);
        walk.choose(ActionId::ToExplained);
        assert_eq!(walk.stage(), Some(StageId::Grant));
    }
    // One that is about the redirect URL brings it along.
    let mut walk = Walk::at(StageId::Try, with_client(|app| app.web_redirects.clear()));
    walk.choose(ActionId::PasteError);
    let error = format!("AADSTS50011: The redirect URI '{}' specified in the request.", fixtures::REDIRECT);
    assert_eq!(explained(&mut walk, &error), ["AADSTS50011"]);
    assert_eq!(walk.choices.redirect_url, None);
    walk.choose(ActionId::ToExplained);
    assert_eq!(walk.stage(), Some(StageId::Connect));
    assert_eq!(walk.choices.redirect_url.as_deref(), Some(fixtures::REDIRECT));
    // At the connector page another error is explained too, and is not taken for one about the redirect URL.
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    walk.choose(ActionId::More);
    walk.choose(ActionId::PasteError);
    let error = format!("{}?error=x&error_description=AADSTS65001%3a+No+consent.", fixtures::REDIRECT);
    assert_eq!(explained(&mut walk, &error), ["AADSTS65001"]);
    walk.press(Key::Esc);
    assert_eq!((&walk.panel, walk.choices.redirect_url.clone()), (&Panel::HandOver, None));
    // What says nothing is told so, and can be pasted again.
    walk.choose(ActionId::More);
    walk.choose(ActionId::PasteError);
    walk.press(Key::CtrlU);
    assert_eq!(explained(&mut walk, "dear diary"), Vec::<String>::new());
    assert!(matches!(walk.overlays.last(), Some(Overlay::Notice { .. })));
    assert_eq!(walk.panel, Panel::ErrorField);
}

#[test]
fn in_practice_the_saved_connector_brings_its_redirect_url() {
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    let effects = walk.choose(ActionId::PracticePart);
    assert_eq!(works(&effects), [&Work::PersonStep("save-connector".into())]);
    let result = Ok(PersonDone { line: "Saved.".into(), redirect_url: Some(fixtures::REDIRECT.to_owned()) });
    walk.answer(Answer::PersonStepDone { step: "save-connector".into(), result });
    assert_eq!(walk.fields.redirect.text(), fixtures::REDIRECT);
    walk.press(Key::Enter);
    assert_eq!(walk.panel, Panel::Preparing);
}

#[test]
fn in_practice_the_last_steps_by_hand_have_somebody_who_does_them_too() {
    let unregistered = with_client(|app| app.web_redirects.clear());
    for (stage, part) in [(StageId::Connect, "portal:connect"), (StageId::Try, "portal:try")] {
        let mut walk = Walk::at(stage, unregistered.clone());
        walk.state.choices.redirect_url = Some(fixtures::REDIRECT.to_owned());
        walk.observe(unregistered.clone());
        walk.choose(ActionId::Myself);
        let effects = walk.choose(ActionId::PracticePart);
        assert_eq!(works(&effects), [&Work::PersonStep(part.into())]);
    }
}

#[test]
fn the_portals_steps_are_watched_and_continue_becomes_selected() {
    let mut walk = Walk::at(StageId::Protect, fixtures::fresh());
    let effects = walk.choose(ActionId::Myself);
    let every_s = walk.setup.timing.watch_s;
    assert_eq!(works(&effects), [&Work::Watch { part: Part::Stage(StageId::Protect), every_s }]);
    walk.observe(fixtures::fresh());
    assert_ne!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    let effects = walk.choose(ActionId::PracticePart);
    assert_eq!(works(&effects), [&Work::PersonStep("portal:protect".into())]);
    walk.observe(fixtures::finished());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    assert_eq!(walk.panel, Panel::Myself);
    let leaving = walk.generation;
    walk.press(Key::Enter);
    assert_eq!(walk.stage(), Some(StageId::Register));
    assert!(walk.generation > leaving && walk.watch.is_none(), "the watch is dropped");
}

#[test]
fn another_resource_url_is_chosen_and_the_recommended_one_is_no_choice() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.choose(ActionId::More);
    walk.choose(ActionId::ChooseResource);
    let uri = format!("api://{}", fixtures::API);
    walk.select(&Item::Resource(uri.clone()));
    let before = walk.generation;
    let effects = walk.press(Key::Enter);
    assert_eq!(walk.choices.resource_url, Some(uri));
    // The watch of before would go on to look up the one of before.
    assert!(walk.generation > before && matches!(works(&effects)[..], [Work::Watch { .. }]), "{effects:?}");
    walk.choose(ActionId::More);
    walk.choose(ActionId::ChooseResource);
    walk.select(&Item::Resource(fixtures::API.into()));
    walk.press(Key::Enter);
    assert_eq!(walk.choices.resource_url, None);
}

#[test]
fn what_is_needed_now_and_then_stands_behind_one_row_and_closes_again() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    assert!(!walk.offers(ActionId::WriteFiles) && !walk.offers(ActionId::ChooseResource));
    walk.choose(ActionId::More);
    assert!(walk.offers(ActionId::WriteFiles) && walk.offers(ActionId::ChooseResource));
    walk.press(Key::Esc);
    assert!(walk.overlays.is_empty());
    walk.choose(ActionId::More);
    let effects = walk.choose(ActionId::WriteFiles);
    assert!(matches!(works(&effects)[..], [&Work::WriteFiles { .. }]));
    assert!(walk.overlays.is_empty(), "what it writes is shown on the page");
    walk.choose(ActionId::More);
    walk.choose(ActionId::LooksDifferent);
    assert!(matches!(walk.overlays[..], [Overlay::Notice { .. }]));
    walk.press(Key::Enter);
    assert_eq!((&walk.panel, walk.overlays.len()), (&Panel::HandOver, 0));
}

#[test]
fn a_new_secret_is_handed_over_before_a_connector_that_is_registered_already_is_left() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.state.choices.redirect_url = Some(fixtures::REDIRECT.into());
    walk.observe(fixtures::finished());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
    walk.hold_secret();
    walk.press(Key::Left);
    walk.press(Key::Right);
    walk.observe(fixtures::finished());
    assert_eq!(menu::selected(&walk), Some(Item::Row(CopyItem::ClientSecret)));
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Copied });
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Continue)));
}

#[test]
fn what_became_of_a_copy_is_said_where_no_row_shows_it() {
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome: CopyOutcome::Copied });
    assert!(walk.note.as_ref().is_some_and(|note| note.contains("120")), "how long is said: {:?}", walk.note);
    walk.give(Event::ClipboardCleared);
    assert!(walk.note.as_ref().is_some_and(|note| note.contains("taken out")), "{:?}", walk.note);
    let mut walk = Walk::at(StageId::Connect, fixtures::finished());
    walk.give(Event::Copied { item: CopyItem::Host, outcome: CopyOutcome::Sent });
    assert!(walk.note.is_some(), "what \"sent\" means is said");
    walk.press(Key::Down);
    walk.give(Event::Copied { item: CopyItem::ClientId, outcome: CopyOutcome::Sent });
    assert_eq!(walk.note, None, "once");
}

#[test]
fn an_app_that_the_portal_made_is_chosen_rather_than_made_twice() {
    let mut facts = fixtures::finished();
    facts.client_app = fixtures::gone();
    facts.client_candidates = fixtures::seen(vec![crate::engine::facts::Candidate {
        app_id: fixtures::CLIENT.into(),
        display_name: "contoso-hello connector".into(),
        why: crate::engine::facts::CandidateReason::Owned,
    }]);
    let mut walk = Walk::at(StageId::Register, facts.clone());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::ChooseClient)));
    walk.choose(ActionId::Myself);
    walk.observe(facts);
    assert!(walk.offers(ActionId::ChooseClient));
    assert!(!walk.offers(ActionId::PracticePart), "nobody makes one more while one is to be chosen");
    walk.choose(ActionId::ChooseClient);
    walk.press(Key::Enter);
    assert_eq!(walk.choices.client_app_id.as_deref(), Some(fixtures::CLIENT));
}

#[test]
fn a_copy_that_asks_first_or_fails_is_tried_again_with_the_next_enter() {
    let failed = CopyOutcome::Failed(trouble(Class::Local));
    for outcome in [CopyOutcome::Asks("It stays on the clipboard.".into()), failed] {
        let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
        walk.hold_secret();
        walk.select(&Item::Row(CopyItem::ClientSecret));
        assert_eq!(walk.press(Key::Enter), [Effect::Copy(Clip::Secret)]);
        walk.give(Event::Copied { item: CopyItem::ClientSecret, outcome });
        assert_eq!(walk.overlays.len(), 1);
        walk.press(Key::Enter);
        assert_eq!(walk.overlays.len(), 0);
        assert_eq!(walk.press(Key::Enter), [Effect::Copy(Clip::Secret)]);
    }
}

#[test]
fn what_was_said_of_one_value_is_not_said_of_the_next() {
    let mut walk = Walk::at(StageId::Secret, fixtures::finished());
    walk.choose(ActionId::EnterSecret);
    walk.give(Event::SecretTyping { empty: false });
    walk.press(Key::Enter);
    walk.answer(Answer::SecretEntered { shape: SecretShape::TooShort(3) });
    assert!(walk.secret.empty, "the field was wiped");
    walk.give(Event::SecretTyping { empty: false });
    assert_eq!(walk.secret.refused, None);
}

#[test]
fn the_watch_goes_on_underneath_a_field() {
    let facts = with_client(|app| app.web_redirects.clear());
    let mut walk = Walk::at(StageId::Connect, facts.clone());
    walk.choose(ActionId::TypeRedirect);
    walk.observe(facts);
    assert!(walk.watch.is_some());
}

#[test]
fn no_value_is_taken_for_an_app_that_is_not_known() {
    let walk = Walk::at(StageId::Secret, fixtures::fresh());
    assert!(!walk.offers(ActionId::EnterSecret));
}

#[test]
fn who_looked_something_up_comes_back_to_where_they_were() {
    let mut walk = Walk::at(StageId::Connect, with_client(|app| app.web_redirects.clear()));
    let row = Item::Row(CopyItem::TenantId);
    for key in ['?', 'l', 'e'] {
        walk.select(&row);
        walk.letter(key);
        assert_eq!(walk.overlays.len(), 1);
        walk.press(Key::Esc);
        assert_eq!(menu::selected(&walk), Some(row.clone()), "{key}");
    }
}
