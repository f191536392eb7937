//! Picking the tenant and the function app, over the drive loop: a guest, and two thousand apps.

use handclasp::engine::ids::StageId;
use handclasp::flow::State;
use handclasp::flow::derived::{app_rows, tenant_name};
use handclasp::flow::event::Key;
use handclasp::flow::menu::{self, ActionId, Item};
use handclasp::flow::state::{Page, Panel};

use super::bench::{Bench, assert_helpful, trouble};
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
        to_fabrikam(&bench, "fabr").await;
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
        to_fabrikam(&bench, "fabr").await;
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
        to_fabrikam(&bench, &id[..8]).await;
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
        for letter in "research 1041".chars() {
            bench.press(Key::Char(letter));
        }
        let state = bench.until("one app", |state| app_rows(state).len() == 1).await;
        // Its address could not have been made up from its name.
        let host = &app_rows(&state)[0].host;
        assert!(
            host.starts_with("research-func-1041-") && host.ends_with(".westeurope-01.azurewebsites.net")
        );
        let state = bench.choose_the_app().await;
        assert_eq!(&state.facts.site.value().unwrap().host, host);
        assert_eq!(lists(&state), pages + 2, "nothing more was listed");
    });
}
