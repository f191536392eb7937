//! Picking the tenant and the function app, over the drive loop: a guest, and two thousand apps.

use handclasp::engine::facts::AuthVersion;
use handclasp::engine::findings::Verdict;
use handclasp::engine::ids::{CheckId, StageId};
use handclasp::flow::State;
use handclasp::flow::derived::{app_rows, tenant_name};
use handclasp::flow::event::Key;
use handclasp::flow::menu::{self, ActionId, Item};
use handclasp::flow::state::{Page, Panel};

use super::bench::{Bench, assert_helpful, finding, trouble};
use super::{offers, run};

fn is_listed(state: &State) -> bool {
    state.panel == Panel::PickApp && state.apps.get().is_some() && state.tenants.get().is_some()
}

/// Whether a call asked for a list of tenants, subscriptions or apps.
fn is_list(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path == "/tenants" || path == "/subscriptions" || path.ends_with("/providers/Microsoft.Web/sites")
}

/// Goes to the tenant where the scenario's app is, by typing the beginning of its name.
async fn to_fabrikam(bench: &Bench, typed: &str) {
    let state = bench.until("the lists", is_listed).await;
    assert!(app_rows(&state).is_empty(), "at home there is no app");
    assert!(offers(&state, ActionId::PickTenant));
    bench.act_on(ActionId::PickTenant).await;
    for letter in typed.chars() {
        bench.press(Key::Char(letter));
    }
    let one = |state: &State| menu::items(state).iter().filter(|i| matches!(i, Item::Tenant(_))).count() == 1;
    bench.until("one tenant", one).await;
    let found = menu::items(&bench.state()).into_iter().find(|item| matches!(item, Item::Tenant(_)));
    bench.choose(found.unwrap()).await;
}

#[test]
fn a_guest_goes_to_the_other_tenant_and_finds_the_app_there() {
    run(async {
        let bench = Bench::start("guest").await;
        bench.sign_in().await;
        Box::pin(to_fabrikam(&bench, "fabr")).await;
        let state = bench.until("the apps there", |state| !app_rows(state).is_empty()).await;
        assert_eq!(tenant_name(&state), Some("Fabrikam"));
        assert_eq!(app_rows(&state)[0].host, "fabrikam-hello.azurewebsites.net");
        bench.choose_the_app().await;
        assert!(bench.text().contains("Fabrikam · ada@contoso.onmicrosoft.com"), "{}", bench.text());
        // What is made is made there.
        bench.for_me(StageId::Protect).await;
        bench.done().await;
        let (home, there) = bench.world(|world| {
            let fabrikam = world.tenants[1].id.clone();
            let made = |tenant: &str| {
                world
                    .directory
                    .iter()
                    .filter(|object| object.tenant == tenant && !object.owners.is_empty())
                    .count()
            };
            (made(world.main_tenant()), made(&fabrikam))
        });
        assert_eq!((home, there), (0, 2), "a registration and its service principal");
    });
}

#[test]
fn a_tenant_that_wants_to_see_its_guests_itself_gets_a_sign_in_of_its_own() {
    run(async {
        let bench = Bench::start("guest").await;
        bench.world(|world| world.switches.guests_need_mfa = true);
        bench.sign_in().await;
        Box::pin(to_fabrikam(&bench, "fabr")).await;
        let state = bench.until("the sign-in", |state| matches!(state.page, Page::SignIn(_))).await;
        let told = trouble(&state).unwrap();
        assert_helpful(&told);
        assert!(told.means.contains("Fabrikam") && told.original.contains("50076"), "{told:?}");
        bench.act_on(ActionId::SignInCode).await;
        bench.until("the code", |s| menu::items(s).contains(&Item::Action(ActionId::CopyCode))).await;
        bench.act("approve-device-code", serde_json::json!({})).await;
        let both = |state: &State| is_listed(state) && !app_rows(state).is_empty();
        let state = bench.until("the apps there", both).await;
        assert_eq!(tenant_name(&state), Some("Fabrikam"));
    });
}

#[test]
fn a_tenant_whose_name_is_not_told_is_known_by_its_id() {
    run(async {
        let bench = Bench::start("guest").await;
        let id = bench.world(|world| {
            world.switches.tenants_tell_their_names = false;
            world.switches.guests_are_named_as_at_home = false;
            world.tenants[1].id.clone()
        });
        bench.sign_in().await;
        Box::pin(to_fabrikam(&bench, &id[..8])).await;
        bench.until("the apps there", |state| !app_rows(state).is_empty()).await;
        let state = bench.choose_the_app().await;
        assert_eq!(tenant_name(&state), Some("Fabrikam"), "its own directory tells the name");
    });
}

#[test]
fn two_thousand_apps_arrive_whole_with_nothing_asked_per_app() {
    run(async {
        let bench = Bench::start("many-apps").await;
        bench.sign_in().await;
        let state = bench.until("the lists", is_listed).await;
        assert_eq!(app_rows(&state).len(), 2_000);
        assert!(app_rows(&state).iter().all(|app| !app.name.contains("logic") && !app.name.contains("web")));
        let list = state.apps.get().unwrap();
        assert_eq!(list.subscriptions.iter().map(|one| one.apps).sum::<usize>(), 2_000);
        assert!(list.subscriptions.iter().any(|one| one.apps == 0), "one without apps is listed too");
        let pages: usize = bench.world(|world| {
            let size = world.switches.page_size;
            let sites = |id: &str| world.sites.iter().filter(|site| site.subscription == id).count();
            world.subscriptions.iter().map(|one| sites(&one.id).div_ceil(size).max(1)).sum()
        });
        // The tenants, the subscriptions, the pages. The log of calls comes a moment after their answers.
        let lists = |state: &State| state.calls.iter().filter(|call| is_list(&call.path)).count();
        bench.until("every call to be told", |state| lists(state) == pages + 2).await;
        for letter in "research 1040".chars() {
            bench.press(Key::Char(letter));
        }
        let state = bench.until("one app", |state| app_rows(state).len() == 1).await;
        // Its address could not have been made up from its name.
        let host = &app_rows(&state)[0].host;
        assert!(
            host.starts_with("research-func-1040-") && host.ends_with(".westeurope-01.azurewebsites.net")
        );
        let state = bench.choose_the_app().await;
        assert_eq!(&state.facts.site.value().unwrap().host, host);
        assert_eq!(lists(&state), pages + 2, "nothing more was listed");
    });
}

#[test]
fn one_huge_page_of_apps_hides_none_of_them() {
    run(async {
        let bench = Bench::start("many-apps").await;
        // Most of them are in one subscription: its page takes more than four megabytes.
        bench.world(|world| world.switches.page_size = 5_000);
        bench.sign_in().await;
        let state = bench.until("the lists", is_listed).await;
        let list = state.apps.get().unwrap();
        assert_eq!(list.not_seen, Vec::<String>::new());
        assert_eq!(list.apps.len(), 2_000);
    });
}

#[test]
fn a_custom_domain_and_a_slot_are_worked_with_where_they_are_chosen() {
    run(async {
        let bench = Bench::start("slot-and-domain").await;
        bench.sign_in().await;
        let listed = bench.until("the list of apps", |state| !app_rows(state).is_empty()).await;
        assert_eq!(app_rows(&listed).len(), 1, "a slot is no app of the list");
        let state = bench.choose_the_app().await;
        assert_eq!(state.facts.site.value().unwrap().host, "contoso-hello.azurewebsites.net", "the default");
        bench.act_on(ActionId::PickHost).await;
        bench.choose(Item::Host("hello.contoso.com".into())).await;
        let own = |state: &State| {
            let site = state.facts.site.value();
            site.is_some_and(|site| site.host == "hello.contoso.com") && state.panel == Panel::Overview
        };
        let state = bench.until("the other name", own).await;
        assert_eq!(finding(&state, CheckId::AppAnswers).verdict, Verdict::Pass, "it was asked at that name");
        bench.for_me(StageId::Protect).await;
        bench.done().await;
        let callbacks = bench.world(|world| {
            let made = world.directory.iter().find(|o| o.doc["web"]["redirectUris"][0].is_string()).unwrap();
            made.doc["web"]["redirectUris"].clone()
        });
        assert_eq!(
            callbacks,
            serde_json::json!([
                "https://hello.contoso.com/.auth/login/aad/callback",
                "https://contoso-hello.azurewebsites.net/.auth/login/aad/callback",
            ]),
            "Easy Auth comes back to each name that people use"
        );
        bench.to_stage(StageId::Pick).await;
        bench.act_on(ActionId::PickSlot).await;
        let slots = |state: &State| state.slots.get().is_some_and(|rows| rows.len() == 2);
        let state = bench.until("the slots", slots).await;
        let slot = state.slots.get().unwrap()[1].clone();
        assert_eq!(slot.host, "contoso-hello-staging.azurewebsites.net");
        bench.choose(Item::App(slot.id.clone())).await;
        let there = |state: &State| state.facts.site.value().is_some_and(|site| site.id == slot.id);
        let state = bench.until("the slot", |state| there(state) && state.panel == Panel::Overview).await;
        // Its settings are its own: what was done to the app has not touched them.
        assert_eq!(finding(&state, CheckId::AuthOn).verdict, Verdict::Fail);
        bench.for_me(StageId::Protect).await;
        bench.done().await;
        let on = bench.world(|world| world.sites.iter().filter(|site| site.auth_v2.is_some()).count());
        assert_eq!(on, 2);
    });
}

#[test]
fn a_host_name_that_is_not_reported_any_more_falls_back_to_the_default() {
    run(async {
        let bench = Bench::start("slot-and-domain").await;
        bench.at_the_app().await;
        bench.act_on(ActionId::PickHost).await;
        bench.choose(Item::Host("hello.contoso.com".into())).await;
        let at = |host: &'static str| {
            move |state: &State| state.facts.site.value().is_some_and(|site| site.host == host)
        };
        bench.until("the other name", at("hello.contoso.com")).await;
        bench.world(|world| world.sites[0].host_names.truncate(1));
        bench.until("the overview", |state| state.panel == Panel::Overview && !state.looking).await;
        bench.act_on(ActionId::LookAgain).await;
        bench.until("the default name", at("contoso-hello.azurewebsites.net")).await;
    });
}

#[test]
fn classic_settings_are_told_and_the_upgrade_is_explained_before_it_happens() {
    run(async {
        let bench = Bench::start("fresh").await;
        bench.world(|world| {
            let tenant = world.main_tenant().to_owned();
            world.sites[0].auth_v1 = serde_json::json!({
                "enabled": true, "unauthenticatedClientAction": "RedirectToLoginPage",
                "defaultProvider": "AzureActiveDirectory", "clientId": "0badc0de-0000-4000-8000-000000000001",
                "issuer": format!("https://sts.windows.net/{tenant}/"),
            });
        });
        let state = bench.at_the_app().await;
        assert_eq!(
            state.facts.auth_version.value(),
            Some(&AuthVersion::V1 { enabled: true, keeps_secrets: false })
        );
        assert!(finding(&state, CheckId::AuthOn).evidence.contains("classic"));
        bench.to_stage(StageId::Protect).await;
        bench.act_on(ActionId::ForMe).await;
        bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await;
        assert!(bench.text().contains("That is one way"), "{}", bench.text());
        assert!(bench.calls().is_empty(), "nothing has happened yet");
        bench.act_on(ActionId::Confirm).await;
        let state = bench.done().await;
        assert_eq!(state.facts.auth_version.value(), Some(&AuthVersion::V2));
    });
}
