//! What stands before Easy Auth and behind it: the front ends, the way to HTTPS, the site's own state, the function and its key.

use secrecy::ExposeSecret;

use super::*;

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
        request
            .headers
            .insert(super::super::SITE, HeaderValue::from_static("contoso-hello.azurewebsites.net"));
        if let Some(scheme) = forwarded {
            request.headers.insert("x-forwarded-proto", HeaderValue::from_str(scheme).unwrap());
        }
        super::super::handle(&mut scene.world, &request)
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
