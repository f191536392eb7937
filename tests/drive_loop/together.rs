//! Others at the same things: a plan that stood open, and a wizard that is started again before the directory shows
//! what the one before it made.

use std::sync::Arc;

use handclasp::engine::ids::StageId;
use handclasp::engine::markers;
use handclasp::flow::State;
use handclasp::flow::menu::ActionId;
use handclasp::flow::state::{Asked, Panel};
use handclasp::practice::world::{Kind, View, World};
use serde_json::{Value, json};

use super::bench::Bench;
use super::run;

/// The plan of this stage on the screen, not agreed to yet.
async fn plan_open(bench: &Bench, stage: StageId) -> State {
    bench.to_stage(stage).await;
    bench.act_on(ActionId::ForMe).await;
    bench.until("the plan", |state| matches!(state.panel, Panel::Plan(_))).await
}

async fn carried_out(bench: &Bench, stages: &[StageId]) {
    for stage in stages {
        bench.for_me(*stage).await;
        bench.done().await;
    }
}

/// A registration of ours, as the directory holds it.
fn registration(world: &World, name: fn(&str) -> String) -> (String, Value) {
    let name = name(&world.sites[0].resource_id());
    let found = world.object_by(Kind::Application, world.main_tenant(), "uniqueName", &name, View::Now);
    found.map(|(object, doc)| (object.id.clone(), doc.clone())).unwrap()
}

#[test]
fn a_plan_that_stood_open_writes_over_nothing_that_was_made_meanwhile() {
    run(async {
        for stage in [StageId::Protect, StageId::Register] {
            let first = Bench::start("fresh").await;
            first.practice.world().lock().switches.without_lags();
            let second = Bench::beside(Arc::clone(&first.practice), None).await;
            first.at_the_app().await;
            let steps = [StageId::Protect, StageId::Register, StageId::Grant];
            let (before, meanwhile) = steps.split_at(steps.iter().position(|step| *step == stage).unwrap());
            carried_out(&first, before).await;
            second.at_the_app().await;
            plan_open(&second, stage).await;
            carried_out(&first, meanwhile).await;
            let made = first.world(|world| registration(world, markers::connector_unique_name));
            let calls = first.calls().len();

            second.act_on(ActionId::Confirm).await;
            let state = second.done().await;
            assert_eq!(second.calls().len(), calls, "nothing is sent: {:?}", second.called());
            assert!(
                state.note.as_deref().is_some_and(|note| note.starts_with("Nothing")),
                "{:?}",
                state.note
            );
            assert_eq!(first.world(|world| registration(world, markers::connector_unique_name)), made);
        }
    });
}

#[test]
fn settings_that_somebody_added_to_meanwhile_are_shown_again_before_they_are_written() {
    run(async {
        let bench = Bench::start("caller-not-allowed").await;
        bench.practice.world().lock().switches.without_lags();
        bench.at_the_app().await;
        plan_open(&bench, StageId::Register).await;
        let audiences = |world: &mut World| {
            let settings = world.sites[0].auth_v2.as_ref().unwrap();
            settings.pointer("/identityProviders/azureActiveDirectory/validation/allowedAudiences").cloned()
        };
        bench.practice.world().lock().sites[0].auth_v2.as_mut().unwrap()["identityProviders"]["azureActiveDirectory"]
            ["validation"]["allowedAudiences"] = json!(["api://added-meanwhile"]);
        bench.act_on(ActionId::Confirm).await;
        let asks = |state: &State| matches!(&state.panel, Panel::Plan(view) if view.asked == Asked::Changed);
        bench.until("the plan again", asks).await;
        assert!(bench.calls().is_empty(), "{:?}", bench.called());
        assert!(bench.text().contains("Something has changed since this plan was made"), "{}", bench.text());
        bench.act_on(ActionId::Confirm).await;
        bench.done().await;
        let kept = bench.world(audiences).unwrap().to_string();
        assert!(kept.contains("api://added-meanwhile"), "{kept}");
    });
}

#[test]
fn a_wizard_that_is_started_again_before_the_directory_shows_its_registration_makes_no_second_one() {
    run(async {
        for own_scope in [false, true] {
            let killed = Bench::start("fresh").await;
            let world = killed.practice.world();
            {
                let switches = &mut world.lock().switches;
                switches.without_lags();
                (switches.by_id_lag_s, switches.list_lag_s) = (40, 40);
            }
            killed.at_the_app().await;
            killed.for_me(StageId::Protect).await;
            killed.until("it to be accepted", |_| !world.lock().calls.is_empty()).await;
            let practice = Arc::clone(&killed.practice);
            drop(killed);
            if own_scope {
                // As if a permission had been made by hand: then the creation is refused, and nothing else would help.
                let mut world = world.lock();
                let (id, mut doc) = registration(&world, markers::api_unique_name);
                doc["api"]["oauth2PermissionScopes"][0]["id"] = "6f0f2b0e-0000-4000-8000-00000000a001".into();
                let (tenant, now) = (world.main_tenant().to_owned(), world.now());
                world.object_mut(Kind::Application, &tenant, &id).unwrap().replace(doc, now);
            }

            let mut again = Bench::beside(practice, None).await;
            again.at_the_app().await;
            let state = plan_open(&again, StageId::Protect).await;
            let Panel::Plan(view) = &state.panel else { unreachable!() };
            assert_eq!(view.plan.changes.len(), 4, "it is not to be seen yet");
            again.act_on(ActionId::Confirm).await;
            let sent = again.practice.world();
            again.until("an answer", |_| sent.lock().calls.len() == 2).await;
            again.hurry();
            again.done().await;
            let calls = again.calls();
            assert_eq!(calls[0].body, calls[1].body, "the same is said twice");
            let refused: Vec<_> = calls
                .iter()
                .filter(|call| {
                    call.status != Some(201) && call.status != Some(204) && call.status != Some(200)
                })
                .map(|call| call.status)
                .collect();
            assert_eq!(refused, if own_scope { vec![Some(400)] } else { vec![] });
            let made = again.world(|world| {
                world
                    .directory
                    .iter()
                    .filter(|object| object.kind == Kind::Application && !object.owners.is_empty())
                    .count()
            });
            assert_eq!(made, 1);
        }
    });
}
