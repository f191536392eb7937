//! Easy Auth in front of a function app (microsoft-cloud 6): who gets through, and what the others are answered.

mod bearer;
mod front_end;
mod function;
mod routes;
mod settings;

use jiff::Timestamp;

use super::entra;
use super::wire::{Reply, Request};
use super::world::{Flavour, Site, World};
use bearer::Verdict;
use settings::{Action, Settings};

/// Who calls the function, as Easy Auth tells it in `X-MS-CLIENT-PRINCIPAL-*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Object id.
    pub id: String,
    /// Name: the principal name of a person, the client id of an application.
    pub name: String,
}

/// Header in which dispatch names the site.
const SITE: &str = super::server::SITE;

/// Answers one request to a site.
pub fn handle(world: &mut World, request: &Request) -> Reply {
    let reply = answer(world, request);
    front_end::shared(world, request, reply)
}

fn answer(world: &mut World, request: &Request) -> Reply {
    let name = request.header(SITE).unwrap_or_default();
    let Some(at) = world.sites.iter().position(|site| {
        site.name.eq_ignore_ascii_case(name)
            || site.host_names.iter().any(|host| host.eq_ignore_ascii_case(name))
    }) else {
        return Reply::html(
            404,
            "<html><head><title>404 Web Site not found</title></head><body><h1>404 Web Site not found.</h1></body></html>",
        );
    };
    let Some(site) = world.sites.get(at) else { return Reply::empty(404) };
    if site.state == "Stopped" {
        return Reply::html(403, "<html><body><h1>Error 403 - This web app is stopped.</h1></body></html>");
    }
    let now = world.now();
    let settings = Settings::in_force(site, now);
    let needs_https = site.https_only || settings.as_ref().is_some_and(|settings| settings.require_https);
    if needs_https && is_plain_http(request) {
        return to_https(world, request);
    }
    if let Some(reply) = front_end::refusal(world, site, request) {
        return reply;
    }
    if let Some(reply) = front_end::preflight(world, site, request) {
        return reply;
    }
    // On Linux consumption Easy Auth is part of the host, and down with it (6.1).
    if site.flavour == Flavour::Linux && !site.host_runs(now) {
        return function::not_running();
    }
    let Some(settings) = settings else {
        let off = request.path.to_ascii_lowercase();
        if off == "/.auth" || off.starts_with("/.auth/") {
            return Reply::empty(404);
        }
        return function::handle(world, site, request, None);
    };
    if settings.owns(&request.path) {
        return routes::handle(world, at, request, &settings);
    }
    let principal = match admit(world, site, request, &settings) {
        Ok(principal) => principal,
        Err(refusal) => return dressed(refuse(world, site, request, &settings, refusal, now), site),
    };
    function::handle(world, site, request, principal.as_ref())
}

/// Whether a request came without TLS. At the address of this server a site is the same with and without, unless a proxy
/// in front says how it was asked.
fn is_plain_http(request: &Request) -> bool {
    let forwarded = request.header("x-forwarded-proto");
    forwarded.map_or(request.scheme == "http" && request.is_public(), |scheme| scheme == "http")
}

/// The same address with TLS, query and all (microsoft-cloud 6.1).
fn to_https(world: &World, request: &Request) -> Reply {
    let host = request.host.strip_suffix(":80").unwrap_or(&request.host);
    let mark = if request.raw_query.is_empty() { "" } else { "?" };
    let address = format!("https://{host}{}{mark}{}", request.path, request.raw_query);
    Reply::empty(world.switches.https_redirect_status).with("location", &address)
}

/// Why a request does not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// No token.
    Anonymous,
    /// A token that does not hold.
    BadToken,
    /// A good token of somebody who is not let in.
    Forbidden,
}

/// Decides about a request; `None` is an anonymous caller who may pass.
fn admit(
    world: &World,
    site: &Site,
    request: &Request,
    settings: &Settings,
) -> Result<Option<Principal>, Refused> {
    let free = settings.excludes(&request.path);
    let open = settings.action == Action::AllowAnonymous || free;
    let program = request.header("x-zumo-auth").is_some() || entra::bearer(request).is_some();
    if !program && let Some(principal) = routes::signed_in(world, site, request) {
        // A page of another site may not use somebody's session (6.7).
        let forged = !free && routes::is_forged(site, request);
        return if forged { Err(Refused::Forbidden) } else { Ok(Some(principal)) };
    }
    let verdict = match (request.header("x-zumo-auth"), entra::bearer(request)) {
        (Some(session), _) => bearer::session(world, site, session).ok_or(Verdict::Bad(String::new())),
        (None, Some(token)) => bearer::check(world, settings, token),
        (None, None) if open => return Ok(None),
        (None, None) => return Err(Refused::Anonymous),
    };
    match verdict {
        Ok(principal) => Ok(Some(principal)),
        Err(Verdict::Forbidden) if !free => Err(Refused::Forbidden),
        Err(_) if free || (open && world.switches.invalid_bearer_passes_as_anonymous) => Ok(None),
        Err(_) => Err(Refused::BadToken),
    }
}

/// The refusal, by the action that is configured and by who asks (microsoft-cloud 6.2).
fn refuse(
    world: &World,
    site: &Site,
    request: &Request,
    settings: &Settings,
    refused: Refused,
    now: Timestamp,
) -> Reply {
    if refused == Refused::Forbidden {
        return forbidden(world, site);
    }
    if refused == Refused::Anonymous {
        match settings.action {
            Action::Redirect if is_browser(world, request) && settings.has_provider() => {
                return routes::login_redirect(world, site, request, settings, now);
            }
            Action::Return403 => return forbidden(world, site),
            Action::Return404 => return Reply::empty(404),
            _ => {}
        }
    }
    unauthorized(world, site, request, settings)
}

/// Whether a request looks like a person's browser.
fn is_browser(world: &World, request: &Request) -> bool {
    let mozilla = request.header("user-agent").is_some_and(|agent| agent.contains("Mozilla"));
    let script =
        request.header("x-requested-with").is_some_and(|with| with.eq_ignore_ascii_case("XMLHttpRequest"));
    mozilla && !(script && world.switches.script_requests_get_401)
}

const WINDOWS_BODY: &str = "You do not have permission to view this directory or page.";

fn unauthorized(world: &World, site: &Site, request: &Request, settings: &Settings) -> Reply {
    let reply = match site.flavour {
        Flavour::Linux => Reply::empty(401),
        Flavour::Windows => Reply::html(401, WINDOWS_BODY).with("content-type", "text/html"),
    };
    if settings.disable_www_authenticate {
        return reply;
    }
    let realm = site.default_host();
    if !settings.has_provider() {
        return reply.with("www-authenticate", &format!("Bearer realm=\"{realm}\""));
    }
    let uri = settings.authorization_uri(&login_base(world, request));
    let challenge = format!(
        "Bearer realm=\"{realm}\" authorization_uri=\"{uri}\" resource_id=\"{}\"",
        settings.client_id
    );
    reply.with("www-authenticate", &challenge)
}

fn forbidden(world: &World, site: &Site) -> Reply {
    if site.flavour == Flavour::Windows || world.switches.linux_403_has_body {
        Reply::html(403, WINDOWS_BODY).with("content-type", "text/html")
    } else {
        Reply::empty(403)
    }
}

/// The login host that Easy Auth names.
fn login_base(world: &World, request: &Request) -> String {
    let host = if world.switches.easy_auth_uses_login_windows_net {
        "login.windows.net"
    } else {
        "login.microsoftonline.com"
    };
    request.address_of(host)
}

/// The headers that tell which of the two middlewares refused.
fn dressed(reply: Reply, site: &Site) -> Reply {
    match site.flavour {
        Flavour::Linux => reply.with("server", "Kestrel"),
        Flavour::Windows => reply.with("server", "Microsoft-IIS/10.0"),
    }
}

#[cfg(test)]
mod tests;
