//! The Functions host behind Easy Auth: routes, keys, and the tutorial's `Hello`.

use secrecy::ExposeSecret;

use super::Principal;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::{Function, Site, World};

/// What `Hello` says when nobody is named.
const NAMELESS: &str = "This HTTP triggered function executed successfully. Pass a name in the query string or in the \
                        request body for a personalized response.";

/// Answers a request that got through.
pub fn handle(world: &World, site: &Site, request: &Request, principal: Option<&Principal>) -> Reply {
    if !site.host_runs(world.now()) {
        return not_running();
    }
    if request.path == "/" {
        return Reply::html(200, "<html><body><h1>Your Function App is up and running.</h1></body></html>");
    }
    let Some(function) = find(site, request) else { return Reply::empty(404) };
    if !key_fits(world, site, function, request) {
        // The host's own refusal: without the header that Easy Auth would send (microsoft-cloud 6.10).
        return Reply::empty(401);
    }
    let name = named(request).or_else(|| principal.map(|principal| principal.name.clone()));
    let text = name.filter(|name| !name.is_empty()).map_or_else(
        || NAMELESS.to_owned(),
        |name| format!("Hello, {name}. This HTTP triggered function executed successfully."),
    );
    Reply::text(200, text)
}

/// What is answered for a host that could not start (microsoft-cloud 6.10).
pub fn not_running() -> Reply {
    Reply::text(503, "Function host is not running.")
}

fn find<'a>(site: &'a Site, request: &Request) -> Option<&'a Function> {
    let route = request.path.strip_prefix("/api/").or_else(|| request.path.strip_prefix("/API/"))?;
    let route = route.trim_end_matches('/');
    site.functions.iter().filter(|function| !function.disabled).find(|function| {
        let own = function.route.as_deref().unwrap_or(&function.name);
        let method = request.method.as_str().to_ascii_lowercase();
        own.trim_matches('/').eq_ignore_ascii_case(route)
            && (function.methods.is_empty() || function.methods.contains(&method))
    })
}

/// Whether the key that the function asks for was sent.
fn key_fits(world: &World, site: &Site, function: &Function, request: &Request) -> bool {
    let level = match function.auth_level.as_deref() {
        None if world.switches.missing_auth_level_means_function => "function",
        None => "anonymous",
        Some(level) => level,
    };
    let sent = request.header("x-functions-key").or_else(|| request.query("code"));
    let fits = |key: &secrecy::SecretString| sent.is_some_and(|sent| sent == key.expose_secret());
    let master = site.host_keys.get("_master").is_some_and(fits);
    match level.to_ascii_lowercase().as_str() {
        "anonymous" => true,
        "admin" => master,
        _ => {
            master
                || function.keys.values().any(fits)
                || site.host_keys.iter().any(|(name, key)| name != "_master" && fits(key))
        }
    }
}

/// The name that a call brings: in the query, or in the body.
fn named(request: &Request) -> Option<String> {
    request.query("name").map(str::to_owned).or_else(|| request.json()?["name"].as_str().map(str::to_owned))
}
