//! The steps from end to end, with the portal's traps left in and taken out.

use super::*;
use crate::practice::connector;
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

/// Host, Base URL and Scheme as they may be typed, and what each leads to (power-platform 1.3).
#[test]
fn the_general_page_leads_where_it_leads_there() {
    let host = "contoso-hello.azurewebsites.net";
    for (typed, status) in [
        (json!({"host": host, "base_url": "/"}), 200),
        (json!({"host": host, "base_url": "/api"}), 200),
        (json!({"host": host, "base_url": "/api/"}), 200),
        (json!({"host": host, "base_url": "/v1"}), 404),
        (json!({"host": format!("{host}:443")}), 200),
        (json!({"host": format!("{host}:8443")}), 502),
        (json!({"host": "contoso-hello"}), 502),
        (json!({"host": host, "scheme": "http"}), 302),
    ] {
        let mut world = bare();
        set_up(&mut world, "");
        with(&mut world, "save-connector", &typed);
        let done = run(&mut world, "test-connection");
        assert_eq!((&done["connected"], &done["status"]), (&json!(true), &json!(status)), "{typed} {done}");
    }
}

/// The gateway gets the next token with the secret of before, and breaks where that was dropped or has ended
/// (power-platform 7.3 #30).
#[test]
fn an_ended_token_is_renewed_while_the_secret_counts() {
    let mut world = bare();
    set_up(&mut world, "");
    world.copied.connector = None;
    assert_eq!(run(&mut world, "test-connection")["status"], json!(200));
    let place = connector::Place { connector: 0, connection: 0 };
    let later = |world: &mut World, hours: i64| {
        world.clock.advance(hours * 3600);
        let tested = connector::test(world, place, &[]);
        (tested.reply.status, String::from_utf8(tested.reply.body).unwrap())
    };
    assert_eq!(later(&mut world, 2).0, 200);
    assert_eq!(later(&mut world, 2).0, 200, "and again with the newer refresh token");
    let snapshot = world.connectors[0].connections[0].client_secret.clone();
    run(&mut world, "import-solution");
    assert_eq!(later(&mut world, 0).0, 200, "the cached token hides it");
    let (status, body) = later(&mut world, 2);
    assert!(status == 401 && body.contains("AADSTS7000218"), "{status} {body}");
    world.connectors[0].connections[0].client_secret = snapshot;
    let (status, body) = later(&mut world, 24 * 200);
    assert!(status == 401 && body.contains("AADSTS7000222"), "{status} {body}");
    assert_eq!(world.connectors[0].connections[0].status, "Error");
}

/// Generic OAuth 2 connects with the v2 addresses, and not with wrong ones.
#[test]
fn generic_oauth_connects_with_the_right_addresses() {
    let mut world = bare();
    set_up(&mut world, "");
    let tenant = world.main_tenant().to_owned();
    let authority = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0");
    let api = Person::of(&world, &json!({})).unwrap().api_client_id(&world).unwrap();
    let right = json!({
        "provider": "oauth2generic", "scope": format!("api://{api}/user_impersonation offline_access"),
        "authorization_url": format!("{authority}/authorize"), "token_url": format!("{authority}/token"),
        "refresh_url": format!("{authority}/token"),
    });
    with(&mut world, "save-connector", &right);
    let done = run(&mut world, "test-connection");
    assert_eq!((&done["connected"], &done["status"]), (&json!(true), &json!(200)), "{done}");
    for (name, wrong, shown) in [
        ("authorization_url", "https://login.microsoftonline.us/x/oauth2/v2.0/authorize", "AADSTS90002"),
        ("token_url", "https://login.contoso.example/token", "can't be reached"),
        ("scope", "api://nothing/user_impersonation", "AADSTS500011"),
    ] {
        let mut typed = right.clone();
        typed[name] = wrong.into();
        with(&mut world, "save-connector", &typed);
        let done = run(&mut world, "test-connection");
        assert_eq!(done["connected"], json!(false), "{name} {done}");
        assert!(done["message"].as_str().unwrap().contains(shown), "{name} {done}");
    }
}

/// On-behalf-of login wants the API to trust Azure API Connections (power-platform 6.7).
#[test]
fn on_behalf_of_login_wants_a_preauthorization() {
    let mut world = bare();
    set_up(&mut world, "");
    with(&mut world, "save-connector", &json!({"on_behalf_of": "true"}));
    let done = run(&mut world, "test-connection");
    assert!(done["message"].as_str().unwrap().contains("fe053c5f-3692-4f14-aef2-ee34fc081cae"), "{done}");
    world.switches.on_behalf_of_needs_preauthorization = false;
    assert_eq!(run(&mut world, "test-connection")["status"], json!(200));
    world.switches.on_behalf_of_needs_preauthorization = true;
    let person = Person::of(&world, &json!({})).unwrap();
    let api = person.api_client_id(&world).unwrap();
    let (object, doc) = person.registration(&world, &api).unwrap();
    let scope = doc["api"]["oauth2PermissionScopes"][0]["id"].clone();
    let mut trusting = doc["api"].clone();
    trusting["preAuthorizedApplications"] = json!([
        {"appId": "fe053c5f-3692-4f14-aef2-ee34fc081cae", "delegatedPermissionIds": [scope]},
    ]);
    let path = format!("/applications/{object}");
    person.graph(&mut world, Method::PATCH, &path, &json!({"api": trusting})).unwrap();
    assert_eq!(run(&mut world, "test-connection")["status"], json!(200));
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
