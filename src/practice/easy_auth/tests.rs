//! Easy Auth decision tables: anonymous callers by action, and which settings are in force.

mod around;
mod tokens;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use crate::practice::keys;
use crate::practice::scenario::worlds;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::{Flavour, World};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64)";

struct Scene {
    world: World,
    api: String,
    connector: String,
}

impl Scene {
    fn new() -> Self {
        let world = worlds::finished();
        let policy = &world.sites[0].auth_v2.as_ref().unwrap()["identityProviders"]["azureActiveDirectory"]["validation"]
            ["defaultAuthorizationPolicy"]["allowedApplications"];
        let id = |at: usize| policy[at].as_str().unwrap().to_owned();
        let (api, connector) = (id(0), id(1));
        Self { world, api, connector }
    }

    fn set(&mut self, pointer: &str, value: Value) {
        let stored = self.world.sites[0].auth_v2.as_mut().unwrap();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        stored.pointer_mut(parent).unwrap()[name] = value;
    }

    fn ask(&mut self, method: Method, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Request::new(method, "contoso-hello.azurewebsites.net", path, query);
        request.scheme = "https".into();
        request.headers = HeaderMap::new();
        request.body = body.into();
        for (name, value) in headers.iter().chain(&[(super::SITE, "contoso-hello.azurewebsites.net")]) {
            let name = HeaderName::try_from(*name).unwrap();
            request.headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        super::handle(&mut self.world, &request)
    }

    fn get(&mut self, target: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask(Method::GET, target, headers, "")
    }

    fn claims(&self) -> Value {
        let tenant = self.world.main_tenant();
        let now = self.world.clock.unix();
        json!({
            "aud": self.api, "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"), "nbf": now,
            "exp": now + 3600, "azp": self.connector, "oid": "oid-1", "tid": tenant, "ver": "2.0",
            "preferred_username": "ada@contoso.onmicrosoft.com",
        })
    }

    fn bearer(&mut self, token: &str) -> Reply {
        self.get("/api/Hello", &[("authorization", &format!("Bearer {token}"))])
    }

    fn exchange(&mut self, token: &str) -> Reply {
        let body = json!({"access_token": token}).to_string();
        self.ask(Method::POST, "/.auth/login/aad", &[], &body)
    }
}

fn sign(claims: &Value) -> String {
    keys::keys().unwrap().sign(claims).unwrap()
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

#[test]
fn anonymous_callers_are_answered_by_action_and_user_agent() {
    for (action, browser, program, script) in [
        ("RedirectToLoginPage", 302, 401, 401),
        ("Return401", 401, 401, 401),
        ("Return403", 403, 403, 403),
        ("Return404", 404, 404, 404),
        ("AllowAnonymous", 200, 200, 200),
    ] {
        let mut scene = Scene::new();
        scene.set("/globalValidation/unauthenticatedClientAction", json!(action));
        for (headers, expected) in [
            (vec![("user-agent", BROWSER)], browser),
            (vec![("user-agent", "handclasp/0.1")], program),
            (vec![], program),
            (vec![("user-agent", BROWSER), ("x-requested-with", "XMLHttpRequest")], script),
        ] {
            let reply = scene.get("/api/Hello", &headers);
            assert_eq!(reply.status, expected, "{action} {headers:?}");
            assert_eq!(
                reply.headers.contains_key("www-authenticate"),
                expected == 401,
                "{action} {headers:?}"
            );
        }
        // The login route is the probe that does not depend on the user agent.
        assert_eq!(scene.get("/.auth/login/aad", &[]).status, 302, "{action}");
        assert_eq!(scene.get("/no/such/route", &[]).status, if program == 200 { 404 } else { program });
    }
}

#[test]
fn the_login_redirect_shows_tenant_client_and_callback() {
    let mut scene = Scene::new();
    for (secret, kind) in [(false, "id_token"), (true, "code id_token")] {
        if secret {
            scene.world.sites[0].app_settings.insert("SECRET".into(), "x".into());
            scene.set(
                "/identityProviders/azureActiveDirectory/registration/clientSecretSettingName",
                json!("SECRET"),
            );
        }
        let reply = scene.get("/.auth/login/aad?post_login_redirect_uri=/api/Hello", &[]);
        let url = url::Url::parse(reply.headers["location"].to_str().unwrap()).unwrap();
        let pairs: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(url.host_str(), Some("login.windows.net"));
        assert_eq!(url.path(), format!("/{}/oauth2/v2.0/authorize", scene.world.main_tenant()));
        assert_eq!(pairs["response_type"], kind);
        assert_eq!(pairs["client_id"], scene.api);
        assert_eq!(pairs["redirect_uri"], "https://contoso-hello.azurewebsites.net/.auth/login/aad/callback");
        assert_eq!(pairs["state"], "redir=%2Fapi%2FHello");
    }
}

#[test]
fn refusals_have_the_body_of_their_platform() {
    let mut scene = Scene::new();
    let linux = scene.get("/api/Hello", &[]);
    assert_eq!((linux.body.len(), &linux.headers["server"]), (0, &HeaderValue::from_static("Kestrel")));
    scene.world.sites[0].flavour = Flavour::Windows;
    let windows = scene.get("/api/Hello", &[]);
    assert_eq!(text(&windows), "You do not have permission to view this directory or page.");
    scene.set("/identityProviders/azureActiveDirectory/login/disableWWWAuthenticate", json!(true));
    assert!(!scene.get("/api/Hello", &[]).headers.contains_key("www-authenticate"));
}

#[test]
fn excluded_paths_are_open() {
    let mut scene = Scene::new();
    scene.set("/globalValidation/excludedPaths", json!(["/api/hello"]));
    assert_eq!(scene.get("/api/Hello?name=Ada", &[]).status, 200);
    assert_eq!(scene.get("/api/Other", &[]).status, 401);
}

#[test]
fn old_settings_stay_in_force_until_the_restart_is_over() {
    let mut scene = Scene::new();
    let now = scene.world.now();
    scene.world.sites[0].store_auth_v2(json!({"platform": {"enabled": false}}), now, 30);
    assert_eq!(scene.get("/api/Hello", &[]).status, 401);
    scene.world.clock.advance(30);
    assert_eq!(scene.get("/api/Hello", &[]).status, 200);
    assert_eq!(scene.get("/.auth/login/aad", &[]).status, 404);
    assert_eq!(scene.get("/.auth/me", &[]).status, 404);
}

#[test]
fn a_file_rules_over_the_settings_that_name_it() {
    let mut scene = Scene::new();
    let (token, now) = (sign(&scene.claims()), scene.world.now());
    let stored = scene.world.sites[0].auth_v2.clone().unwrap();
    let off = json!({"platform": {"enabled": false, "configFilePath": "auth.json"}});
    scene.world.sites[0].store_auth_v2(off.clone(), now, 0);
    assert_eq!(scene.get("/api/Hello", &[]).status, 401, "the former ones stay in force");
    assert_eq!(scene.bearer(&token).status, 200);
    let mut file = stored;
    file["globalValidation"]["unauthenticatedClientAction"] = json!("Return403");
    scene.world.sites[0].auth_file = Some(file);
    assert_eq!(scene.get("/api/Hello", &[]).status, 403);
}

#[test]
fn classic_settings_guard_too_and_take_the_sites_own_address() {
    let mut scene = Scene::new();
    let tenant = scene.world.main_tenant().to_owned();
    let site = &mut scene.world.sites[0];
    site.auth_v2 = None;
    site.auth_v1 = json!({"enabled": true, "clientId": scene.api, "unauthenticatedClientAction": "RedirectToLoginPage",
        "issuer": format!("https://sts.windows.net/{tenant}/"), "configVersion": "v1"});
    assert_eq!(scene.get("/api/Hello", &[("user-agent", BROWSER)]).status, 302);
    let mut claims = scene.claims();
    claims["iss"] = json!(format!("https://sts.windows.net/{tenant}/"));
    claims["aud"] = json!("https://contoso-hello.azurewebsites.net");
    assert_eq!(scene.bearer(&sign(&claims)).status, 200);
}
