//! The whole way from the welcome to the end, with the arrow keys and Enter alone.

use super::*;
use crate::engine::change::ChangeKind as K;
use crate::engine::facts::{SecretProbe, SecretVerdict};
use crate::flow::event::{CopyOutcome, RehearsalProgress};

/// "Continue" is what Enter does; the next stage's own look follows.
fn go_on(walk: &mut Walk, facts: &Facts, to: StageId) {
    assert_eq!(menu::selected(walk), Some(Item::Action(ActionId::Continue)), "{:?}", walk.page);
    walk.press(Key::Enter);
    walk.observe(facts.clone());
    assert_eq!(walk.stage(), Some(to));
    walk.draw();
}

#[test]
fn from_a_bare_function_app_to_its_answer() {
    let mut walk = Walk::new();
    signed_in(&mut walk);
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    walk.press(Key::Enter);
    let mut facts = fixtures::fresh();
    walk.observe(facts.clone());
    for stage in [StageId::Protect, StageId::Register, StageId::Grant] {
        go_on(&mut walk, &facts, stage);
        walk.confirm_for_me(facts.clone());
        facts = walk.carry_out(facts);
    }
    go_on(&mut walk, &facts, StageId::Secret);
    walk.confirm_for_me(facts.clone());
    walk.hold_secret();
    facts = walk.carry_out(facts);
    let verdict = SecretVerdict::Works;
    let probe = SecretProbe { client_app_id: fixtures::CLIENT.into(), key_id: None, verdict };
    walk.answer(Answer::SecretProbed(Ok(probe)));

    facts.resource = fixtures::finished().resource;
    go_on(&mut walk, &facts, StageId::Connect);
    while let Some(Item::Row(item)) = menu::selected(&walk) {
        walk.press(Key::Enter);
        walk.give(Event::Copied { item, outcome: CopyOutcome::Copied });
    }
    let sent = walk.sent().len();
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::ReadClipboard]);
    walk.answer(Answer::ClipboardRead(Ok(fixtures::REDIRECT.into())));
    walk.observe(facts.clone());
    walk.draw();
    // The first one only shows what the next one would do.
    walk.press(Key::Enter);
    assert!(walk.sent().len() == sent && menu::selected(&walk) == Some(Item::Action(ActionId::Confirm)));
    walk.press(Key::Enter);
    facts = walk.carry_out(facts);

    go_on(&mut walk, &facts, StageId::Try);
    let uri = "http://localhost:49152/handclasp-x7k2p9";
    walk.press(Key::Enter);
    walk.answer(Answer::RehearsalBound(Ok(uri.into())));
    walk.observe(facts.clone());
    walk.draw();
    walk.agree(facts.clone());
    facts = after(&facts, walk.sent().last().unwrap());
    walk.ok();
    walk.observe(facts.clone());
    walk.answer(Answer::Rehearsal(RehearsalProgress::Done(Ok(Box::new(fixtures::rehearsed())))));
    facts = walk.carry_out(facts);
    assert_eq!(walk.panel, Panel::Answer);
    walk.press(Key::Enter);
    assert_eq!(walk.page, Page::End);
    walk.observe(facts);
    let open = walk.findings.first_open_stage();
    assert_eq!(open, None, "{:?}", open.and_then(|stage| walk.findings.stage(stage)));
    let sent: Vec<K> = walk.sent().iter().map(|change| change.kind).collect();
    assert_eq!(
        sent,
        [
            K::CreateApiApp,
            K::SetIdentifierUri,
            K::CreateApiPrincipal,
            K::PutAuth,
            K::CreateClientApp,
            K::CreateClientPrincipal,
            K::PutAuth,
            K::RequestPermission,
            K::PreAuthorize,
            K::AddSecret,
            K::AddRedirect,
            K::AddRehearsalRedirect,
            K::RemoveRehearsalRedirect,
        ]
    );
}
