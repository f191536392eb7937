//! Tokens by every check, and the sessions that are had for them.

use super::*;

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
