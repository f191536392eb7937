//! The steps from end to end, with the portal's traps left in and taken out.

use super::*;
use crate::practice::scenario::worlds;
use crate::practice::world::UserConsent;

fn bare() -> World {
    let mut world = worlds::bare();
    world.default_user = super::super::find_user(&world, "ada").unwrap();
    world
}

fn run(world: &mut World, name: &str) -> Value {
    with(world, name, &json!({}))
}

fn with(world: &mut World, name: &str, arguments: &Value) -> Value {
    step(world, name, arguments).unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

/// Everything but the step that is named.
fn set_up(world: &mut World, without: &str) {
    for name in
        ["protect", "register", "allow-connector", "grant", "secret", "save-connector", "add-redirect"]
    {
        if name != without {
            run(world, name);
        }
    }
}

#[test]
fn all_steps_in_turn_end_on_hello() {
    for (lag, methods, expected) in [
        (0, &["get", "post"] as &[&str], "POST"),
        (60, &["get", "post"], "POST"),
        (0, &[], "POST"),
        (0, &["get"], "GET"),
    ] {
        let mut world = bare();
        world.sites[0].functions[0].methods = methods.iter().map(|method| (*method).to_owned()).collect();
        (world.switches.by_id_lag_s, world.switches.list_lag_s) = (lag, lag);
        set_up(&mut world, "");
        let done = with(&mut world, "test-connection", &json!({"query_name": "Ada"}));
        assert_eq!((&done["connected"], &done["status"]), (&json!(true), &json!(200)), "{done}");
        assert_eq!((&done["method"], &done["path"]), (&json!(expected), &json!("/api/Hello")), "{done}");
        assert!(done["body"].as_str().unwrap().starts_with("Hello, Ada."), "{done}");
        assert_eq!(world.switches.by_id_lag_s, lag);
    }
}

#[test]
fn each_omission_and_mistake_shows_as_it_does_there() {
    for (without, extra, expected) in [
        ("", "paste-secret-id", "AADSTS7000215"),
        ("", "leave-tenant-common", "AADSTS50194"),
        ("add-redirect", "add-bare-redirect", "AADSTS50011"),
        ("add-redirect", "", "AADSTS500113"),
        ("grant", "", "AADSTS650057"),
    ] {
        let mut world = bare();
        set_up(&mut world, without);
        if !extra.is_empty() {
            run(&mut world, extra);
        }
        let done = run(&mut world, "test-connection");
        assert_eq!(done["connected"], json!(false), "{without} {extra} {done}");
        assert!(done["message"].as_str().unwrap().contains(expected), "{without} {extra} {done}");
    }
}

#[test]
fn the_portals_default_refuses_the_connector() {
    let mut world = bare();
    set_up(&mut world, "allow-connector");
    let done = run(&mut world, "test-connection");
    assert_eq!((&done["connected"], &done["status"]), (&json!(true), &json!(403)), "{done}");
    run(&mut world, "allow-connector");
    assert_eq!(run(&mut world, "test-connection")["status"], json!(200));
}

#[test]
fn the_older_token_version_does_not_fit_the_portals_issuer() {
    let mut world = bare();
    world.switches.portal_token_version = None;
    set_up(&mut world, "");
    assert_eq!(run(&mut world, "test-connection")["status"], json!(401));
}

#[test]
fn rights_bound_the_steps() {
    let mut world = bare();
    let as_alan = json!({"user": "alan"});
    let refused = step(&mut world, "protect", &as_alan).unwrap_err();
    assert!(refused.contains("You do not have permission"), "{refused}");
    world.switches.users_may_create_apps = false;
    let refused = step(&mut world, "register", &json!({})).unwrap_err();
    assert!(refused.contains("Authorization_RequestDenied"), "{refused}");
    world.switches.users_may_create_apps = true;
    world.switches.user_consent = UserConsent::Off;
    set_up(&mut world, "");
    assert_eq!(run(&mut world, "grant")["admin_consent"], json!(false));
    let stuck = run(&mut world, "test-connection");
    assert!(stuck["message"].as_str().unwrap().contains("AADSTS90094"), "{stuck}");
    assert_eq!(with(&mut world, "grant", &json!({"user": "grace"}))["admin_consent"], json!(true));
    assert_eq!(run(&mut world, "test-connection")["status"], json!(200));
}

#[test]
fn protecting_keeps_the_app_settings_and_marks_the_secret() {
    let mut world = bare();
    let done = with(&mut world, "protect", &json!({"action": "401"}));
    assert_eq!(done["unauthenticated_requests"], "Return401");
    let site = &world.sites[0];
    assert!(site.app_settings.contains_key("AzureWebJobsStorage"));
    assert_eq!(site.sticky_settings, ["MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"]);
    let v2 = site.auth_v2.as_ref().unwrap();
    let directory = &v2["identityProviders"]["azureActiveDirectory"];
    assert_eq!(
        directory["validation"]["defaultAuthorizationPolicy"]["allowedApplications"],
        json!([done["client_id"]])
    );
    assert!(directory["registration"]["openIdIssuer"].as_str().unwrap().ends_with("/v2.0"));
}

#[test]
fn the_page_has_a_button_for_every_step_and_hides_nothing_that_is_hostile() {
    let mut world = bare();
    let page = handle(&mut world, &Request::get("/_portal"), &Caller::Anonymous);
    let html = String::from_utf8(page.body).unwrap();
    for name in steps() {
        assert!(html.contains(&format!("value=\"{name}\"")), "{name}");
    }
    assert!(!html.contains("<script"));
    let mut post = Request::get("/_portal");
    post.method = Method::POST;
    post.body = b"step=register&name=%3Cscript%3E".to_vec();
    let html = String::from_utf8(handle(&mut world, &post, &Caller::Anonymous).body).unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
}
