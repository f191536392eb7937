//! The routes under `/.auth` (microsoft-cloud 6.3 to 6.5).

use http::Method;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::bearer::{self, Verdict};
use super::settings::Settings;
use crate::practice::wire::{Reply, Request, find};
use crate::practice::world::{Site, View, World};

/// The cookie of somebody who is signed in at a site.
const SESSION: &str = "AppServiceAuthSession";

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
        (&Method::POST, "login/aad/callback") => callback(world, site, request, settings),
        // Refreshing needs `offline_access`, which no practice sign-in at a site asks for.
        (_, "refresh" | "login/aad/callback") => Reply::empty(401),
        (_, "logout") => logout(world, site, request, settings),
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

/// A cookie of a request.
fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.header("cookie")?.split(';').find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name && !value.is_empty()).then_some(value)
    })
}

/// Who is signed in at the site in this browser (microsoft-cloud 6.4).
pub fn signed_in(world: &World, site: &Site, request: &Request) -> Option<super::Principal> {
    bearer::session(world, site, cookie(request, SESSION)?)
}

/// Whether a page of another site has a browser change something with its visitor's session (microsoft-cloud 6.7).
pub fn is_forged(site: &Site, request: &Request) -> bool {
    let changes = !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let browser = request.header("user-agent").is_some_and(|agent| agent.contains("Mozilla"));
    let from = request.header("origin").or_else(|| request.header("referer"));
    let foreign = from.and_then(|from| Url::parse(from).ok()).is_some_and(|from| {
        let host = from.host_str().unwrap_or_default();
        !site.host_names.iter().any(|known| known.eq_ignore_ascii_case(host))
    });
    changes && browser && foreign
}

/// The end of a sign-in: the ID token that Entra has the browser post here, with the nonce that the site sent it away
/// with (microsoft-cloud 6.3).
fn callback(world: &World, site: &Site, request: &Request, settings: &Settings) -> Reply {
    let form = request.form();
    let sent = |name: &str| find(&form, name).filter(|value| !value.is_empty());
    let Some(token) = sent("id_token") else { return Reply::empty(401) };
    // The code is redeemed with the secret that the settings name; with a wrong one, nobody gets in.
    if sent("code").is_some() && settings.has_secret && !secret_holds(world, site, settings) {
        return Reply::empty(401);
    }
    let nonce = cookie(request, "Nonce").filter(|nonce| is_fresh(world, nonce));
    let principal = match bearer::check_sign_in(world, settings, token, nonce) {
        Ok(principal) => principal,
        Err(Verdict::Bad(_)) => return Reply::empty(401),
        Err(Verdict::Forbidden) => return super::forbidden(world, site),
    };
    let Some(session) = bearer::session_token(world, site, &principal) else { return Reply::empty(500) };
    let state: Vec<(String, String)> =
        url::form_urlencoded::parse(sent("state").unwrap_or_default().as_bytes()).into_owned().collect();
    let back = find(&state, "redir").filter(|back| back.starts_with('/') && !back.starts_with("//"));
    Reply::redirect(back.unwrap_or("/"))
        .with("set-cookie", &format!("{SESSION}={session}; path=/; secure; HttpOnly; SameSite=None"))
}

/// Whether the app setting holds a secret of the configured application that still counts.
fn secret_holds(world: &World, site: &Site, settings: &Settings) -> bool {
    let Some(value) = site.app_settings.get(&settings.secret_setting) else { return true };
    let now = world.now();
    world.application(&settings.client_id, View::SignIn).is_some_and(|(app, _)| {
        app.secrets.iter().any(|secret| {
            secret.value.expose_secret() == value.expose_secret() && secret.starts <= now && now < secret.ends
        })
    })
}

/// Whether a nonce is one of the last five minutes (microsoft-cloud 5.5), by the time in it.
fn is_fresh(world: &World, nonce: &str) -> bool {
    let made = nonce.rsplit_once('_').and_then(|(_, time)| {
        let moment = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", time).ok()?;
        moment.to_zoned(jiff::tz::TimeZone::UTC).ok()
    });
    made.is_some_and(|made| (0..=300).contains(&world.now().duration_since(made.timestamp()).as_secs()))
}

/// Forgets the session and goes on to Entra, which comes back to the page that says so (microsoft-cloud 6.4).
fn logout(world: &World, site: &Site, request: &Request, settings: &Settings) -> Reply {
    let done = request
        .query("post_logout_redirect_uri")
        .map_or_else(|| format!("{}/logout/done", settings.prefix()), str::to_owned);
    let host = if request.is_public() { request.host_name() } else { site.default_host().to_owned() };
    let done = if done.starts_with('/') { format!("https://{host}{done}") } else { done };
    let address =
        settings.authorization_uri(&super::login_base(world, request)).replace("/authorize", "/logout");
    let location = Url::parse_with_params(&address, [("post_logout_redirect_uri", done.as_str())]);
    let location = location.map_or_else(|_| done.clone(), String::from);
    Reply::redirect(if settings.has_provider() { &location } else { &done }).with(
        "set-cookie",
        &format!("{SESSION}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; secure; HttpOnly"),
    )
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
    let who = who.or_else(|| signed_in(world, site, request));
    match who {
        Some(principal) if settings.token_store => Reply::json(
            200,
            &json!([{"provider_name": "aad", "user_id": principal.name, "user_claims": [
                {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": principal.id}]}]),
        ),
        _ => Reply::empty(401),
    }
}
