//! Easy Auth decision tables: anonymous callers by action, tokens by every check, the function behind it.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::ExposeSecret;
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
fn every_part_of_a_token_is_checked() {
    let mut scene = Scene::new();
    let good = scene.claims();
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        sign(&claims)
    };
    let now = scene.world.clock.unix();
    let tenant = scene.world.main_tenant().to_owned();
    let foreign = scene.world.tenants[1].id.clone();
    let (body, _) = sign(&good).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let payload = body.split_once('.').unwrap().1.to_owned();
    let cases = [
        ("good", sign(&good), 200, ""),
        ("expired", with("exp", json!(now - 301)), 401, "IDX10223"),
        ("not yet", with("nbf", json!(now + 301)), 401, "IDX10222"),
        (
            "other tenant",
            with("iss", json!(format!("https://login.microsoftonline.com/{foreign}/v2.0"))),
            401,
            "IDX10205",
        ),
        ("v1 issuer", with("iss", json!(format!("https://sts.windows.net/{tenant}/"))), 401, "IDX10205"),
        ("wrong audience", with("aud", json!("other")), 401, "IDX10214"),
        ("listed audience", with("aud", json!(format!("api://{}", scene.api))), 200, ""),
        ("site address", with("aud", json!("https://contoso-hello.azurewebsites.net")), 401, "IDX10214"),
        ("graph", with("aud", json!("https://graph.microsoft.com")), 401, "IDX10501"),
        ("stranger", with("azp", json!("other")), 403, ""),
        ("alg none", format!("eyJhbGciOiJub25lIn0.{payload}."), 401, "IDX10516"),
        ("bad signature", format!("{body}.AAAA"), 401, "IDX10501"),
        ("junk", "junk".to_owned(), 401, "IDX12709"),
    ];
    for (what, token, status, message) in cases {
        let reply = scene.bearer(&token);
        assert_eq!(reply.status, status, "{what}");
        assert_eq!(reply.body.is_empty(), status != 200, "{what}: refusals on Linux are silent");
        let exchange = scene.exchange(&token);
        assert_eq!(exchange.status, status, "{what}");
        assert!(text(&exchange).contains(message), "{what}: {}", text(&exchange));
    }
}

#[test]
fn an_issuer_stands_for_what_its_metadata_names() {
    let scene = Scene::new();
    let tenant = scene.world.main_tenant().to_owned();
    let (v1, v2) = (
        format!("https://sts.windows.net/{tenant}/"),
        format!("https://login.microsoftonline.com/{tenant}/v2.0"),
    );
    for (configured, takes_v1, takes_v2) in [
        (v1.clone(), true, false),
        (v2.clone(), false, true),
        (format!("https://sts.windows.net/{tenant}/v2.0"), false, true),
        ("https://login.microsoftonline.com/common/v2.0".to_owned(), true, true),
        (format!("https://login.microsoftonline.com/{}/v2.0", scene.world.tenants[1].id), false, false),
        ("https://evil.example/x/v2.0".to_owned(), false, false),
    ] {
        let mut scene = Scene::new();
        scene.set("/identityProviders/azureActiveDirectory/registration/openIdIssuer", json!(configured));
        for (issuer, expected) in [(&v1, takes_v1), (&v2, takes_v2)] {
            let mut claims = scene.claims();
            claims["iss"] = json!(issuer);
            assert_eq!(scene.bearer(&sign(&claims)).status == 200, expected, "{configured} takes {issuer}");
        }
    }
    let mut scene = Scene::new();
    scene.world.switches.sts_v2_issuer_accepts_v1 = true;
    scene.world.switches.sts_v2_issuer_accepts_v2 = false;
    let issuer = format!("https://sts.windows.net/{tenant}/v2.0");
    scene.set("/identityProviders/azureActiveDirectory/registration/openIdIssuer", json!(issuer));
    let mut claims = scene.claims();
    assert_eq!(scene.bearer(&sign(&claims)).status, 401);
    claims["iss"] = json!(v1);
    assert_eq!(scene.bearer(&sign(&claims)).status, 200);
    // The same for version 2 under the issuer of version 1.
    let mut scene = Scene::new();
    scene.set("/identityProviders/azureActiveDirectory/registration/openIdIssuer", json!(v1));
    let token = sign(&scene.claims());
    for (accepts, status) in [(false, 401), (true, 200)] {
        scene.world.switches.sts_v1_issuer_accepts_v2 = accepts;
        assert_eq!(scene.bearer(&token).status, status);
    }
}

#[test]
fn a_provider_that_is_switched_off_takes_no_token() {
    let mut scene = Scene::new();
    let token = sign(&scene.claims());
    assert_eq!(scene.bearer(&token).status, 200);
    for (pointer, value) in [
        ("/identityProviders/azureActiveDirectory/enabled", json!(false)),
        ("/identityProviders/azureActiveDirectory/registration/clientId", json!(null)),
    ] {
        let mut scene = Scene::new();
        scene.set(pointer, value);
        // A list of audiences alone lets nobody in either.
        let mut claims = scene.claims();
        claims["aud"] = json!(format!("api://{}", scene.api));
        for token in [&token, &sign(&claims)] {
            assert_eq!(scene.bearer(token).status, 401, "{pointer}");
        }
        assert_eq!(scene.get("/.auth/login/aad", &[]).status, 404, "{pointer}");
    }
}

#[test]
fn an_empty_list_of_applications_denies_or_not_as_the_switch_says() {
    let pointer = "/identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy";
    for (policy, denies, expected) in [
        (json!({"allowedApplications": []}), true, 403),
        (json!({"allowedApplications": []}), false, 200),
        (json!({}), true, 200),
        (json!({"allowedPrincipals": {"identities": ["oid-1"]}}), true, 200),
        (json!({"allowedPrincipals": {"identities": ["oid-2"]}}), true, 403),
        (json!({"allowedPrincipals": {"groups": ["g"]}}), true, 403),
    ] {
        let mut scene = Scene::new();
        scene.world.switches.empty_allowed_applications_denies = denies;
        scene.set(pointer, policy.clone());
        let token = sign(&scene.claims());
        assert_eq!(scene.bearer(&token).status, expected, "{policy} {denies}");
    }
    let mut scene = Scene::new();
    let foreign = scene.world.tenants[1].id.clone();
    scene.world.sites[0].app_settings.insert("WEBSITE_AUTH_AAD_ALLOWED_TENANTS".into(), foreign.into());
    let token = sign(&scene.claims());
    assert_eq!(scene.bearer(&token).status, 403);
}

#[test]
fn a_bad_bearer_under_allow_anonymous_passes_or_not_as_the_switch_says() {
    for (passes, expected) in [(true, 200), (false, 401)] {
        let mut scene = Scene::new();
        scene.set("/globalValidation/unauthenticatedClientAction", json!("AllowAnonymous"));
        scene.world.switches.invalid_bearer_passes_as_anonymous = passes;
        assert_eq!(scene.bearer("junk").status, expected);
    }
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
fn the_exchanged_session_opens_the_function_too() {
    let mut scene = Scene::new();
    let token = sign(&scene.claims());
    let session = scene.exchange(&token).to_json()["authenticationToken"].as_str().unwrap().to_owned();
    let reply = scene.get("/api/Hello", &[("x-zumo-auth", &session)]);
    assert!(text(&reply).starts_with("Hello, ada@contoso.onmicrosoft.com."));
    assert_eq!(scene.get("/.auth/me", &[("x-zumo-auth", &session)]).status, 200);
    assert_eq!(scene.get("/.auth/me", &[]).status, 401);
    assert_eq!(scene.get("/api/Hello", &[("x-zumo-auth", &token)]).status, 401);
}

#[test]
fn a_sign_in_in_the_browser_ends_with_a_session() {
    let mut scene = Scene::new();
    let away = scene.get("/.auth/login/aad?post_login_redirect_uri=/api/Hello", &[]);
    let nonce = away.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let value = nonce.strip_prefix("Nonce=").unwrap().to_owned();
    let mut claims = scene.claims();
    claims["nonce"] = json!(value);
    claims.as_object_mut().unwrap().remove("azp");
    let form = |claims: &Value| {
        let state = "redir=%2Fapi%2FHello";
        let token = sign(claims);
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("id_token", token.as_str()), ("state", state)])
            .finish()
    };
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let target = "/.auth/login/aad/callback";
    let post = |scene: &mut Scene, claims: &Value, cookie: &str| {
        scene.ask(Method::POST, target, &[kind, ("cookie", cookie)], &form(claims))
    };
    let mut other = claims.clone();
    other["nonce"] = json!("other");
    assert_eq!(post(&mut scene, &other, &nonce).status, 401);
    assert_eq!(post(&mut scene, &claims, "x=y").status, 401);
    let reply = post(&mut scene, &claims, &nonce);
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (302, "/api/Hello"));
    let session = reply.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(session.starts_with("AppServiceAuthSession="));
    let cookie = ("cookie", session.as_str());
    assert!(text(&scene.get("/api/Hello", &[cookie])).starts_with("Hello, ada@contoso.onmicrosoft.com."));
    assert_eq!(scene.get("/.auth/me", &[cookie]).status, 200);
    // A page of another site may not use it.
    let browser = ("user-agent", BROWSER);
    for (origin, status) in [("https://contoso-hello.azurewebsites.net", 200), ("https://evil.example", 403)]
    {
        let headers = [cookie, browser, ("origin", origin)];
        assert_eq!(scene.ask(Method::POST, "/api/Hello", &headers, "").status, status, "{origin}");
    }
    let out = scene.get("/.auth/logout", &[cookie]);
    assert_eq!(out.status, 302);
    assert!(
        out.headers["location"].to_str().unwrap().contains("/oauth2/v2.0/logout?post_logout_redirect_uri=")
    );
    assert!(out.headers["set-cookie"].to_str().unwrap().starts_with("AppServiceAuthSession=;"));
    // The portal's own list of applications holds the API itself, so a browser's sign-in passes it; a list without does not.
    scene.set(
        "/identityProviders/azureActiveDirectory/validation/defaultAuthorizationPolicy/allowedApplications",
        json!(["other"]),
    );
    assert_eq!(post(&mut scene, &claims, &nonce).status, 403);
    scene.world.clock.advance(301);
    assert_eq!(post(&mut scene, &claims, &nonce).status, 401, "the nonce is too old");
}

#[test]
fn the_front_end_keeps_out_whom_the_restrictions_name() {
    let rule = |action: &str, range: &str, priority: u32| json!({"action": action, "ipAddress": range, "priority": priority});
    let token = sign(&Scene::new().claims());
    let auth = format!("Bearer {token}");
    for (config, expected) in [
        (json!({"publicNetworkAccess": "Disabled"}), 403),
        (json!({"publicNetworkAccess": "Enabled"}), 200),
        (json!({"ipSecurityRestrictions": [rule("Allow", "10.0.0.0/8", 100)]}), 403),
        (json!({"ipSecurityRestrictions": [rule("Allow", "127.0.0.0/8", 100)]}), 200),
        (json!({"ipSecurityRestrictions": [rule("Deny", "127.0.0.1/32", 100)]}), 403),
        (json!({"ipSecurityRestrictions": [rule("Deny", "10.0.0.0/8", 100)]}), 200),
        (json!({"ipSecurityRestrictions": [rule("Deny", "Any", 200), rule("Allow", "127.0.0.1", 100)]}), 200),
        (json!({"ipSecurityRestrictionsDefaultAction": "Deny"}), 403),
    ] {
        let mut scene = Scene::new();
        scene.world.sites[0].config_web = config.clone();
        let reply = scene.get("/api/Hello", &[("authorization", &auth)]);
        assert_eq!(reply.status, expected, "{config}");
        assert_eq!(reply.headers.contains_key("x-ms-forbidden-ip"), expected == 403, "{config}");
        if expected == 403 {
            assert!(text(&reply).contains("Error 403 - Forbidden"));
        }
    }
}

#[test]
fn a_preflight_is_answered_before_easy_auth_or_not_as_the_switch_says() {
    let origin = ("origin", "https://make.powerapps.com");
    let asks = [
        origin,
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    for (allowed, before, status) in [
        (json!(["https://make.powerapps.com"]), true, 204),
        (json!(["*"]), true, 204),
        (json!(["https://other.example"]), true, 401),
        (json!(["*"]), false, 401),
    ] {
        let mut scene = Scene::new();
        scene.world.switches.preflight_before_auth = before;
        scene.world.sites[0].config_web = json!({"cors": {"allowedOrigins": allowed}});
        let reply = scene.ask(Method::OPTIONS, "/api/Hello", &asks, "");
        assert_eq!(reply.status, status, "{allowed} {before}");
        let shown = reply.headers.contains_key("access-control-allow-origin");
        assert_eq!(shown, allowed != json!(["https://other.example"]));
    }
}

#[test]
fn a_host_without_its_storage_does_not_run() {
    let mut scene = Scene::new();
    let (token, now) = (sign(&scene.claims()), scene.world.now());
    scene.world.sites[0].store_settings(std::collections::BTreeMap::new(), now, 30);
    assert_eq!(scene.bearer(&token).status, 200);
    scene.world.clock.advance(30);
    let reply = scene.bearer(&token);
    assert_eq!((reply.status, text(&reply).as_str()), (503, "Function host is not running."));
    assert_eq!(scene.get("/api/Hello", &[]).status, 503);
    scene.world.sites[0].flavour = Flavour::Windows;
    assert_eq!(scene.get("/api/Hello", &[]).status, 401, "there Easy Auth stands before the host");
    assert_eq!(scene.bearer(&token).status, 503);
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
fn hello_answers_like_the_tutorial() {
    let mut scene = Scene::new();
    scene.world.sites[0].auth_v2 = None;
    let nameless = "This HTTP triggered function executed successfully. Pass a name in the query string or in the \
                    request body for a personalized response.";
    let hello = "Hello, Grace. This HTTP triggered function executed successfully.";
    for (method, target, body, status, expected) in [
        (Method::GET, "/api/Hello?name=Grace", "", 200, hello),
        (Method::GET, "/api/hello/?name=Grace", "", 200, hello),
        (Method::POST, "/api/Hello", r#"{"name": "Grace"}"#, 200, hello),
        (Method::POST, "/api/Hello", "not json", 200, nameless),
        (Method::GET, "/api/Hello", "", 200, nameless),
        (Method::DELETE, "/api/Hello", "", 404, ""),
        (Method::GET, "/api/Nothing", "", 404, ""),
        (Method::GET, "/Hello", "", 404, ""),
    ] {
        let reply = scene.ask(method, target, &[], body);
        assert_eq!((reply.status, text(&reply).as_str()), (status, expected), "{target} {body}");
    }
}

#[test]
fn the_function_key_is_asked_for_after_easy_auth() {
    let mut scene = Scene::new();
    let key = scene.world.sites[0].functions[0].keys["default"].expose_secret().to_owned();
    let host_key = scene.world.sites[0].host_keys["default"].expose_secret().to_owned();
    let token = sign(&scene.claims());
    let auth = format!("Bearer {token}");
    for (level, key_sent, expected) in [
        (Some("function"), None, 401),
        (Some("function"), Some("wrong"), 401),
        (Some("function"), Some(key.as_str()), 200),
        (Some("function"), Some(host_key.as_str()), 200),
        (Some("admin"), Some(key.as_str()), 401),
        (Some("anonymous"), None, 200),
        (None, None, 401),
    ] {
        scene.world.sites[0].functions[0].auth_level = level.map(str::to_owned);
        let mut headers = vec![("authorization", auth.as_str())];
        headers.extend(key_sent.map(|key| ("x-functions-key", key)));
        let reply = scene.get("/api/Hello", &headers);
        assert_eq!(reply.status, expected, "{level:?} {key_sent:?}");
        assert!(!reply.headers.contains_key("www-authenticate"), "the host sends no challenge");
    }
    // Easy Auth refuses first, with its own challenge.
    let reply = scene.get("/api/Hello", &[("x-functions-key", &key)]);
    assert!(reply.headers.contains_key("www-authenticate"));
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

#[test]
fn a_stopped_or_unknown_site_answers_for_itself() {
    let mut scene = Scene::new();
    scene.world.sites[0].state = "Stopped".into();
    let reply = scene.get("/api/Hello", &[]);
    assert_eq!(reply.status, 403);
    assert!(text(&reply).contains("This web app is stopped"));
    scene.world.sites.clear();
    assert_eq!(scene.get("/api/Hello", &[]).status, 404);
}

/// Plain HTTP is sent on, query and all, by `httpsOnly` or by `requireHttps` alone (microsoft-cloud 6.1).
#[test]
fn plain_http_is_sent_on_to_https() {
    let plain = |scene: &mut Scene, forwarded: Option<&str>| {
        let mut request =
            Request::new(Method::GET, "contoso-hello.azurewebsites.net", "/api/Hello", "name=Ada%20L");
        request.headers.insert(super::SITE, HeaderValue::from_static("contoso-hello.azurewebsites.net"));
        if let Some(scheme) = forwarded {
            request.headers.insert("x-forwarded-proto", HeaderValue::from_str(scheme).unwrap());
        }
        super::handle(&mut scene.world, &request)
    };
    for (https_only, require_https, status) in
        [(true, true, 302), (true, false, 302), (false, true, 302), (false, false, 401)]
    {
        let mut scene = Scene::new();
        scene.world.sites[0].https_only = https_only;
        scene.set("/httpSettings/requireHttps", json!(require_https));
        let reply = plain(&mut scene, None);
        assert_eq!(reply.status, status, "{https_only} {require_https}");
        if status == 302 {
            let address = "https://contoso-hello.azurewebsites.net/api/Hello?name=Ada%20L";
            assert_eq!(reply.headers["location"], address);
        }
    }
    let mut scene = Scene::new();
    scene.world.switches.https_redirect_status = 307;
    assert_eq!(plain(&mut scene, Some("http")).status, 307);
    assert_eq!(plain(&mut scene, Some("https")).status, 401);
    scene.world.sites[0].https_only = false;
    scene.world.sites[0].auth_v2 = None;
    assert_eq!(plain(&mut scene, None).status, 200, "without Easy Auth and httpsOnly it answers");
}
