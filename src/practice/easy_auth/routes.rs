//! The routes under `/.auth` (microsoft-cloud 6.3 to 6.5).

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::bearer::{self, Verdict};
use super::settings::Settings;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::{Site, World};

/// Answers a route of Easy Auth on the site at this index.
pub fn handle(world: &mut World, site: usize, request: &Request, settings: &Settings) -> Reply {
    let Some(site) = world.sites.get(site) else { return Reply::empty(404) };
    let route = settings.route(&request.path).unwrap_or_default();
    match (&request.method, route.as_str()) {
        (_, "login/aad" | "login/azureactivedirectory" | "login/aad/callback")
            if !settings.has_provider() =>
        {
            Reply::empty(404)
        }
        (&Method::GET, "login/aad" | "login/azureactivedirectory") => {
            login_redirect(world, site, request, settings, world.now())
        }
        (&Method::POST, "login/aad" | "login/azureactivedirectory") => {
            exchange(world, site, request, settings)
        }
        (_, "login/done") => Reply::html(200, "<html><body>You have successfully signed in.</body></html>"),
        (_, "me") => me(world, site, request, settings),
        // No practice page keeps anybody signed in at a site: the callback never finds its nonce.
        (_, "refresh" | "login/aad/callback") => Reply::empty(401),
        (_, "logout") => Reply::redirect(&format!("{}/logout/done", settings.prefix())),
        (_, "logout/done") => Reply::html(200, "<html><body>You have been signed out.</body></html>"),
        (_, "version") => Reply::json(200, &json!({"version": "1.3.2"})),
        _ => Reply::empty(404),
    }
}

/// The redirect to the login page (microsoft-cloud 6.3).
pub fn login_redirect(
    world: &World,
    site: &Site,
    request: &Request,
    settings: &Settings,
    now: Timestamp,
) -> Reply {
    let address = settings.authorization_uri(&super::login_base(world, request));
    let Ok(mut url) = Url::parse(&address) else { return Reply::empty(500) };
    let host = if request.is_public() { request.host_name() } else { site.default_host().to_owned() };
    let nonce =
        format!("{}_{}", world.id_for(&format!("nonce {now}")).simple(), now.strftime("%Y%m%d%H%M%S"));
    let back = request.query("post_login_redirect_uri").map_or_else(
        || if settings.owns(&request.path) { "/".to_owned() } else { request.path.clone() },
        str::to_owned,
    );
    let state = url::form_urlencoded::Serializer::new(String::new()).append_pair("redir", &back).finish();
    url.query_pairs_mut()
        .append_pair("response_type", if settings.has_secret { "code id_token" } else { "id_token" })
        .append_pair("redirect_uri", &format!("https://{host}{}/login/aad/callback", settings.prefix()))
        .append_pair("client_id", &settings.client_id)
        .append_pair("scope", "openid profile email")
        .append_pair("response_mode", "form_post")
        .append_pair("nonce", &nonce)
        .append_pair("state", &state);
    for parameter in &settings.login_parameters {
        if let Some((name, value)) = parameter.split_once('=') {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    let cookie = format!("Nonce={nonce}; path=/; secure; HttpOnly; SameSite=None");
    Reply::redirect(url.as_str()).with("set-cookie", &cookie)
}

/// The token exchange (microsoft-cloud 6.5): the diagnostic that says what is wrong with a token.
fn exchange(world: &World, site: &Site, request: &Request, settings: &Settings) -> Reply {
    let status = world.switches.token_exchange_failure_status;
    let fail = |message: &str| Reply::json(status, &json!({"code": status, "message": message}));
    let body = request.json().unwrap_or(Value::Null);
    let token = body["access_token"].as_str().or(body["id_token"].as_str());
    let Some(token) = token else { return fail("The request body must contain a token.") };
    match bearer::check(world, settings, token) {
        Ok(principal) => match bearer::session_token(world, site, &principal) {
            Some(session) => Reply::json(
                200,
                &json!({"authenticationToken": session, "user": {"userId": format!("sid:{}", principal.id)}}),
            ),
            None => Reply::empty(500),
        },
        Err(Verdict::Bad(message)) => fail(&message),
        Err(Verdict::Forbidden) => super::forbidden(world, site),
    }
}

fn me(world: &World, site: &Site, request: &Request, settings: &Settings) -> Reply {
    let who = request.header("x-zumo-auth").and_then(|session| bearer::session(world, site, session));
    match who {
        Some(principal) if settings.token_store => Reply::json(
            200,
            &json!([{"provider_name": "aad", "user_id": principal.name, "user_claims": [
                {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": principal.id}]}]),
        ),
        _ => Reply::empty(401),
    }
}
