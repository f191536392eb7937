//! A sign-in that is kept in the keyring, over the drive loop.

use std::sync::Arc;

use handclasp::engine::words::ui;
use handclasp::flow::State;
use handclasp::flow::effect::SignInMethod;
use handclasp::flow::menu::ActionId;
use handclasp::flow::state::{Overlay, Page, Panel, SignInState, SignInStep};
use handclasp::platform::keyring::Keyring;
use secrecy::ExposeSecret;

use super::bench::{Bench, assert_helpful, trouble};
use super::{offers, run};

fn choosing(state: &State) -> bool {
    matches!(&state.page, Page::SignIn(SignInState { step: SignInStep::Choose, .. }))
}

fn at_the_list(state: &State) -> bool {
    state.panel == Panel::PickApp && state.apps.get().is_some()
}

/// How often somebody was asked to sign in at a page.
fn asked(bench: &Bench) -> usize {
    bench.world(|world| world.sign_in.device_flows.len() + world.sign_in.codes.len())
}

/// Signs in by code from the page of the ways.
async fn by_code(bench: &Bench) {
    bench.until("the ways", choosing).await;
    bench.sign_in_by_code().await;
    bench.until("the list of apps", at_the_list).await;
}

#[test]
fn the_next_start_uses_what_was_kept_and_says_so() {
    run(async {
        let keyring = Keyring::in_memory();
        let bench = Bench::keeping("fresh", keyring.clone()).await;
        bench.act_on(ActionId::Start).await;
        by_code(&bench).await;
        bench.until("the word that it is kept", |s| s.note.as_deref() == Some(ui("keep.kept"))).await;
        let practice = bench.practice.clone();
        bench.leave().await;

        for _ in 0..2 {
            // Of all tokens only the newest is good: it is the one that has to be kept.
            let newest = {
                let world = practice.world();
                let mut world = world.lock();
                let tokens = &mut world.sign_in.refresh_tokens;
                let newest = tokens.pop().unwrap();
                tokens.clear();
                tokens.push(newest.clone());
                newest.token.expose_secret().to_owned()
            };
            let bench = Bench::beside(Arc::clone(&practice), Some(keyring.clone())).await;
            let before = asked(&bench);
            bench.act_on(ActionId::Start).await;
            let state = bench.until("the list of apps", at_the_list).await;
            assert_eq!(state.note.as_deref(), Some(ui("keep.used")));
            assert_eq!(state.signed_in.unwrap().upn, "ada@contoso.onmicrosoft.com");
            assert_eq!(asked(&bench), before, "nobody was asked");
            bench.choose_the_app().await;
            bench.leave().await;
            let now = practice.world();
            let now = now.lock();
            let last = now.sign_in.refresh_tokens.last().unwrap().token.expose_secret().to_owned();
            assert_ne!(newest, last, "there is a newer one");
        }
    });
}

#[test]
fn what_is_kept_and_no_longer_good_leads_to_the_ways_to_sign_in() {
    run(async {
        let keyring = Keyring::in_memory();
        let bench = Bench::keeping("fresh", keyring.clone()).await;
        bench.act_on(ActionId::Start).await;
        by_code(&bench).await;
        bench.until("the word that it is kept", |s| s.note.as_deref() == Some(ui("keep.kept"))).await;
        let practice = bench.practice.clone();
        bench.leave().await;
        practice.world().lock().sign_in.refresh_tokens.clear();
        let bench = Bench::beside(practice, Some(keyring)).await;
        bench.act_on(ActionId::Start).await;
        let state = bench.until("the refusal", |state| choosing(state) && trouble(state).is_some()).await;
        assert_helpful(&trouble(&state).unwrap());
        assert!(offers(&state, ActionId::SignInKept) && offers(&state, ActionId::SignInCode));
        by_code(&bench).await;
    });
}

#[test]
fn without_a_keyring_that_is_said_once_and_the_sign_in_stays_in_memory() {
    run(async {
        let bench = Bench::keeping("fresh", Keyring::out_of_reach()).await;
        bench.act_on(ActionId::Start).await;
        let state = bench.until("the word", |state| choosing(state) && trouble(state).is_some()).await;
        let told = trouble(&state).unwrap();
        assert_helpful(&told);
        assert!(told.means.contains("memory"), "{told:?}");
        by_code(&bench).await;
        let state = bench.choose_the_app().await;
        assert!(!state.overlays.iter().any(|over| matches!(over, Overlay::Trouble(_))), "once is enough");
    });
}

#[test]
fn nothing_is_kept_unasked() {
    run(async {
        let bench = Bench::start("fresh").await;
        assert!(!bench.state().setup.methods.contains(&SignInMethod::Kept));
        bench.act_on(ActionId::Start).await;
        by_code(&bench).await;
        let state = bench.choose_the_app().await;
        assert_ne!(state.note.as_deref(), Some(ui("keep.kept")));
        assert!(!state.choices.keep_signed_in);
    });
}
