//! Picking the tenant, the subscription and the function app.

use super::*;
use crate::engine::facts::{AuthLevel, HostAnswer};
use crate::engine::ids::CheckId;
use crate::flow::derived::{app_rows, page_address, portal_steps, tenant_name};
use crate::flow::state::{Listing, SignInState, SignInStep};

const FABRIKAM: &str = "fab00000-0000-4000-8000-000000000001";

/// Signed in, the tenants known, and these apps listed.
fn listed(apps: AppList) -> Walk {
    let mut walk = Walk::new();
    signed_in(&mut walk);
    walk.answer(Answer::TenantsListed(Ok(two_tenants())));
    walk.answer(Answer::AppsListed(Ok(apps)));
    walk
}

fn guest() -> SignedIn {
    SignedIn { tenant_name: FABRIKAM.into(), tenant_id: FABRIKAM.into(), ..ada() }
}

/// On the way to the other tenant.
fn switching() -> (Walk, Vec<Effect>) {
    let mut walk = listed(AppList::default());
    walk.choose(ActionId::PickTenant);
    walk.select(&Item::Tenant(FABRIKAM.into()));
    let effects = walk.press(Key::Enter);
    (walk, effects)
}

#[test]
fn the_tenants_are_listed_with_the_apps_and_name_the_present_one() {
    let mut walk = Walk::new();
    let person = SignedIn { tenant_name: "contoso.onmicrosoft.com".into(), ..ada() };
    walk.choose(ActionId::Start);
    walk.choose(ActionId::SignInBrowser);
    let effects = walk.answer(Answer::SignIn(SignInProgress::Done(person)));
    assert_eq!(works(&effects), [&Work::ListApps]);
    assert_eq!(tenant_name(&walk), Some("contoso.onmicrosoft.com"), "all that the sign-in told");
    assert!(!walk.offers(ActionId::PickTenant), "whether there is another is not known yet");
    walk.answer(Answer::TenantsListed(Ok(two_tenants())));
    assert_eq!(tenant_name(&walk), Some("Contoso"));
    assert!(walk.offers(ActionId::PickTenant));
    walk.answer(Answer::TenantsListed(Ok(two_tenants()[..1].to_vec())));
    assert!(!walk.offers(ActionId::PickTenant), "there is no other");
    walk.answer(Answer::TenantsListed(Err(trouble(Class::TimeOut))));
    assert!(walk.offers(ActionId::PickTenant), "there may be one");
    assert!(works(&walk.choose(ActionId::PickTenant)).contains(&&Work::ListTenants), "so it is asked again");
}

#[test]
fn an_empty_list_leads_to_the_other_tenant_with_enter_alone() {
    let mut walk = listed(AppList::default());
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::PickTenant)));
    assert!(works(&walk.press(Key::Enter)).is_empty(), "they are known already");
    walk.type_text("fabr");
    assert_eq!(menu::selected(&walk), Some(Item::Tenant(FABRIKAM.into())));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::SwitchTenant { tenant: FABRIKAM.into() }]);
    let effects = walk.answer(Answer::TenantSwitched(Ok(guest())));
    assert_eq!(works(&effects), [&Work::ListApps]);
    let kept = Choices { tenant: Some(FABRIKAM.into()), ..Choices::default() };
    assert!(effects.contains(&Effect::SaveChoices(Box::new(kept))));
    assert_eq!((&walk.panel, tenant_name(&walk)), (&Panel::PickApp, Some("Fabrikam")));
    assert_eq!(walk.apps, Listing::Asked);
}

#[test]
fn the_keys_that_turn_pages_move_the_selection_in_a_long_list() {
    let one = two_apps().apps[0].clone();
    let row = |n: usize| AppRow { id: format!("/sites/{n}"), name: format!("app-{n}"), ..one.clone() };
    let mut walk = listed(AppList::new((0..50).map(row).collect(), vec![], vec![]));
    let at = |walk: &Walk| match menu::selected(&walk.state) {
        Some(Item::App(id)) => id.trim_start_matches("/sites/").parse().ok(),
        _ => None,
    };
    assert_eq!(at(&walk), Some(0_usize));
    walk.press(Key::PageDown);
    let page = at(&walk).unwrap();
    assert!(page > 1 && page < 20, "{page}");
    walk.press(Key::PageUp);
    assert_eq!(at(&walk), Some(0));
    walk.press(Key::End);
    assert_eq!(at(&walk), Some(49));
    walk.press(Key::PageDown);
    assert!(
        matches!(menu::selected(&walk.state), Some(Item::Action(_))),
        "what can be done stands behind the rows"
    );
    walk.press(Key::PageUp);
    assert_eq!(at(&walk), Some(49), "and the list begins again at its end");
    walk.press(Key::Home);
    assert_eq!(at(&walk), Some(0));
    walk.press(Key::Char('4'));
    walk.press(Key::Home);
    assert_eq!(at(&walk), Some(4), "in a filter that holds something the key moves the cursor");
}

#[test]
fn what_was_chosen_and_seen_in_one_tenant_is_not_taken_to_the_other() {
    let mut walk = Walk::at(StageId::Pick, fixtures::finished());
    walk.choose(ActionId::PickAnother);
    walk.answer(Answer::TenantsListed(Ok(two_tenants())));
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    walk.choose(ActionId::PickTenant);
    walk.select(&Item::Tenant(FABRIKAM.into()));
    walk.press(Key::Enter);
    assert_eq!(walk.facts, fixtures::finished(), "until it is there, nothing is given up");
    walk.answer(Answer::TenantSwitched(Ok(guest())));
    assert_eq!(walk.facts, Facts::default());
    assert_eq!(walk.choices, Choices { tenant: Some(FABRIKAM.into()), ..Choices::default() });
    assert_eq!(walk.signed_in, Some(guest()));
}

#[test]
fn a_tenant_that_wants_to_see_the_person_itself_leads_to_the_sign_in_for_it() {
    let (mut walk, _) = switching();
    walk.answer(Answer::TenantSwitched(Err(trouble(Class::SignInRefused))));
    let Page::SignIn(SignInState { step: SignInStep::Choose, trouble: Some(told) }) = &walk.page else {
        panic!("{:?}", walk.page);
    };
    assert!(told.means.contains("Fabrikam"), "{told:?}");
    assert_eq!(walk.choices.tenant.as_deref(), Some(FABRIKAM), "the sign-in goes there");
    let effects = walk.choose(ActionId::SignInBrowser);
    assert_eq!(works(&effects), [&Work::SignIn(SignInMethod::Browser)]);
}

#[test]
fn a_switch_that_fails_or_is_stopped_leaves_everything_as_it_was() {
    let (mut walk, _) = switching();
    let before = (walk.signed_in.clone(), walk.choices.clone());
    walk.answer(Answer::TenantSwitched(Err(trouble(Class::TimeOut))));
    assert!(matches!(walk.overlays.last(), Some(Overlay::Trouble(_))));
    assert_eq!(walk.panel, Panel::PickTenant);
    assert_eq!((walk.signed_in.clone(), walk.choices.clone()), before);

    let (mut walk, _) = switching();
    let late = walk.generation;
    walk.press(Key::Esc);
    assert_eq!(walk.panel, Panel::PickTenant);
    let answer = Answer::TenantSwitched(Ok(guest()));
    assert!(walk.give(Event::Answer { generation: late, answer }).is_empty());
    assert_eq!((walk.signed_in.clone(), walk.choices.clone()), before);
    // The present tenant is simply gone on in.
    walk.select(&Item::Tenant(fixtures::TENANT.into()));
    assert!(works(&walk.press(Key::Enter)).is_empty());
    assert_eq!(walk.panel, Panel::PickApp);
}

#[test]
fn a_list_that_was_still_awaited_is_asked_for_again_after_a_stopped_switch() {
    let mut walk = Walk::new();
    signed_in(&mut walk);
    walk.answer(Answer::TenantsListed(Ok(two_tenants())));
    walk.choose(ActionId::PickTenant);
    walk.select(&Item::Tenant(FABRIKAM.into()));
    walk.press(Key::Enter);
    walk.press(Key::Esc);
    let effects = walk.press(Key::Esc);
    assert_eq!(works(&effects), [&Work::ListApps]);
}

#[test]
fn another_sign_in_sees_with_its_own_eyes() {
    let mut walk = Walk::at(StageId::Pick, fixtures::finished());
    walk.state.apps = Listing::Is(two_apps());
    walk.state.tenants = Listing::Is(two_tenants());
    walk.state.page = Page::SignIn(SignInState::default());
    walk.choose(ActionId::SignInBrowser);
    walk.answer(Answer::SignIn(SignInProgress::Done(guest())));
    assert!(walk.facts.person.not_looked());
    assert_eq!((&walk.apps, &walk.tenants), (&Listing::NotAsked, &Listing::NotAsked));
}

#[test]
fn somebody_else_signs_in_from_the_list_and_esc_leads_back_to_it() {
    let mut walk = listed(two_apps());
    let effects = walk.choose(ActionId::SignInOther);
    assert!(matches!(&walk.page, Page::SignIn(sign_in) if sign_in.step == SignInStep::Choose));
    assert!(works(&effects).is_empty(), "nobody is signed in before a way is chosen");
    walk.press(Key::Esc);
    assert_eq!((walk.stage(), &walk.panel), (Some(StageId::Pick), &Panel::PickApp));
    assert_eq!(app_rows(&walk).len(), 2);

    walk.choose(ActionId::SignInOther);
    walk.choose(ActionId::SignInCode);
    let effects = walk.answer(Answer::SignIn(SignInProgress::Done(guest())));
    assert_eq!(works(&effects), [&Work::ListApps], "the list is the other person's");
    assert!(walk.overlays.is_empty(), "nothing had been confirmed");
}

#[test]
fn help_and_the_calls_are_there_while_letters_filter() {
    let mut walk = listed(two_apps());
    assert!(walk.typing());
    walk.letter('?');
    assert!(walk.overlays.is_empty(), "a letter is a letter");
    walk.press(Key::F1);
    assert_eq!(walk.overlays, [Overlay::Help]);
    walk.press(Key::Esc);
    walk.press(Key::F2);
    assert_eq!(walk.overlays, [Overlay::CallLog { back: 0 }]);
    walk.press(Key::Esc);
    assert_eq!(walk.fields.app_filter.text(), "?", "what was typed is still there");
}

#[test]
fn the_list_is_narrowed_to_one_subscription_and_widened_again() {
    let mut apps = two_apps().apps;
    apps[1].subscription_id = "t".into();
    let list = AppList::new(apps, two_apps().subscriptions, vec![]);
    let mut walk = listed(list);
    walk.choose(ActionId::PickSubscription);
    walk.type_text("train");
    walk.press(Key::Enter);
    assert_eq!((&walk.panel, walk.subscription.as_deref()), (&Panel::PickApp, Some("t")));
    let names: Vec<_> = app_rows(&walk).iter().map(|app| app.name.as_str()).collect();
    assert_eq!(names, ["fabrikam-api"]);
    walk.type_text("contoso");
    assert!(app_rows(&walk).is_empty(), "the filter works inside it");
    walk.press(Key::Esc);
    assert_eq!(app_rows(&walk).len(), 1, "first the filter goes");
    walk.press(Key::Esc);
    assert_eq!(app_rows(&walk).len(), 2, "then the subscription");
    walk.choose(ActionId::PickSubscription);
    assert_eq!(menu::selected(&walk), Some(Item::Subscription(None)));
    // A subscription that is gone from a new list narrows nothing.
    walk.select(&Item::Subscription(Some("t".into())));
    walk.press(Key::Enter);
    walk.choose(ActionId::ListAgain);
    let fewer = AppList::new(two_apps().apps, two_apps().subscriptions[..1].to_vec(), vec![]);
    walk.answer(Answer::AppsListed(Ok(fewer)));
    assert_eq!((walk.subscription.as_deref(), app_rows(&walk).len()), (None, 2));
}

#[test]
fn a_slot_is_chosen_like_an_app_of_its_own() {
    let mut walk = Walk::at(StageId::Pick, fixtures::finished());
    let site = fixtures::SITE.to_owned();
    let effects = walk.choose(ActionId::PickSlot);
    assert_eq!(works(&effects), [&Work::ListSlots { site: site.clone() }]);
    let mut rows = two_apps().apps;
    rows[0].id.clone_from(&site);
    rows[1].id = format!("{site}/slots/staging");
    walk.answer(Answer::SlotsListed(Ok(rows.clone())));
    walk.select(&Item::App(rows[1].id.clone()));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    assert_eq!(walk.choices.app, Some(crate::engine::choices::AppChoice::ResourceId(rows[1].id.clone())));
    let mut walk = Walk::at(StageId::Pick, fixtures::finished());
    walk.choose(ActionId::PickSlot);
    walk.answer(Answer::SlotsListed(Err(trouble(Class::NotAllowed))));
    assert!(matches!(walk.slots, Listing::Failed(_)));
    walk.press(Key::Esc);
    assert_eq!(walk.panel, Panel::Overview);
}

#[test]
fn where_there_are_no_slots_that_is_said_on_the_page_and_not_offered_again() {
    let mut walk = Walk::at(StageId::Pick, fixtures::finished());
    walk.choose(ActionId::PickSlot);
    let only = two_apps().apps.into_iter().take(1).collect();
    walk.answer(Answer::SlotsListed(Ok(only)));
    assert_eq!((&walk.panel, walk.note.as_deref()), (&Panel::Overview, Some(ui("screen.no_slots"))));
    assert!(!walk.offers(ActionId::PickSlot));
}

/// An app that somebody stopped, one that cannot start, and one whose functions ask for a key.
#[test]
fn what_is_wrong_with_an_app_that_is_there_is_mended_in_the_portal_or_gone_past() {
    let stopped: fn(&mut Facts) = |facts| {
        let mut site = facts.site.value().unwrap().clone();
        site.state = "Stopped".into();
        facts.site = fixtures::seen(site);
    };
    let broken: fn(&mut Facts) =
        |facts| facts.host = fixtures::seen(HostAnswer { status: 503, front_end: None });
    let keyed: fn(&mut Facts) = |facts| {
        let mut all = facts.functions.value().unwrap().clone();
        for one in &mut all {
            one.auth_level = AuthLevel::Function;
        }
        facts.functions = fixtures::seen(all);
    };
    for (spoil, mends) in
        [(stopped, CheckId::AppExists), (broken, CheckId::AppAnswers), (keyed, CheckId::AppAuthLevel)]
    {
        let mut facts = fixtures::finished();
        spoil(&mut facts);
        let mut walk = Walk::at(StageId::Pick, facts);
        assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::Myself)), "{mends:?}");
        walk.choose(ActionId::Myself);
        let steps = portal_steps(&walk);
        assert_eq!(steps.iter().map(|step| step.check).collect::<Vec<_>>(), [Some(mends)]);
        assert!(page_address(&walk).is_some() && walk.watch.is_some());
        walk.press(Key::Esc);
        walk.choose(ActionId::GoOnWithout);
        assert_eq!(walk.stage(), Some(StageId::Protect));
    }
    // One that is not there is none to be mended.
    let walk = Walk::at(StageId::Pick, Facts { site: fixtures::gone(), ..fixtures::finished() });
    assert!(!walk.offers(ActionId::Myself) && !walk.offers(ActionId::GoOnWithout));
    assert_eq!(menu::selected(&walk), Some(Item::Action(ActionId::PickAnother)));
}

#[test]
fn another_host_name_is_offered_where_there_is_one_and_is_no_longer_kept_when_it_is_the_default() {
    let walk = Walk::at(StageId::Pick, fixtures::finished());
    assert!(!walk.offers(ActionId::PickHost), "there is only one");
    let mut facts = fixtures::finished();
    let mut site = facts.site.value().unwrap().clone();
    site.host_names.push("hello.contoso.com".into());
    let default = site.host.clone();
    facts.site = fixtures::seen(site);
    let mut walk = Walk::at(StageId::Pick, facts.clone());
    walk.choose(ActionId::PickHost);
    walk.select(&Item::Host("hello.contoso.com".into()));
    let effects = walk.press(Key::Enter);
    assert_eq!(works(&effects), [&Work::Observe(Part::All)]);
    assert_eq!(walk.choices.host.as_deref(), Some("hello.contoso.com"));
    walk.observe(facts.clone());
    let mut again = Walk::at(StageId::Pick, facts);
    again.state.choices.host = Some("hello.contoso.com".into());
    again.choose(ActionId::PickHost);
    again.select(&Item::Host(default));
    again.press(Key::Enter);
    assert_eq!(again.choices.host, None);
}

#[test]
fn a_sign_in_that_is_kept_is_used_at_the_beginning_and_said() {
    let methods = vec![SignInMethod::Kept, SignInMethod::Browser];
    let mut walk = Walk::with(Setup { practice: false, methods, ..setup() });
    walk.state.choices.keep_signed_in = true;
    let effects = walk.choose(ActionId::Start);
    assert_eq!(works(&effects), [&Work::SignIn(SignInMethod::Kept)]);
    let effects = walk.answer(Answer::SignIn(SignInProgress::Done(ada())));
    assert_eq!(walk.note.as_deref(), Some(ui("keep.used")));
    assert!(effects.iter().any(|e| matches!(e, Effect::SaveChoices(kept) if kept.keep_signed_in)));
    // Whatever is chosen afterwards, the wish to be kept stays.
    walk.answer(Answer::AppsListed(Ok(two_apps())));
    walk.press(Key::Enter);
    assert!(walk.choices.keep_signed_in);

    let mut walk = Walk::with(Setup { methods: vec![SignInMethod::Kept, SignInMethod::Browser], ..setup() });
    walk.choose(ActionId::Start);
    walk.answer(Answer::SignIn(SignInProgress::NothingKept));
    assert_eq!(walk.page, Page::SignIn(SignInState::default()), "nothing is kept yet: no trouble");
}
