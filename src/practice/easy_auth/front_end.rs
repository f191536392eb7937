//! What App Service's front ends decide before Easy Auth sees a request: who may reach the site at all, and which pages of
//! other origins a browser lets read its answers (microsoft-cloud 5.6, 6.7).

use std::net::IpAddr;

use http::Method;
use serde_json::Value;

use crate::practice::server::SITE;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::{Site, World};

const FORBIDDEN: &str = "<html><head><title>403 - Forbidden</title></head><body><h1>Error 403 - Forbidden</h1><p>The web \
                         app you have attempted to reach has blocked your access.</p></body></html>";

/// 403 for a caller whom the access restrictions keep out.
pub fn refusal(world: &World, site: &Site, request: &Request) -> Option<Reply> {
    let closed =
        site.config_web["publicNetworkAccess"].as_str().is_some_and(|a| a.eq_ignore_ascii_case("Disabled"));
    let caller = caller(request);
    if !closed && admitted(&site.config_web, caller) {
        return None;
    }
    let reply = Reply::html(403, FORBIDDEN);
    Some(if world.switches.forbidden_ip_is_named {
        reply.with("x-ms-forbidden-ip", &caller.to_string())
    } else {
        reply
    })
}

/// The caller's address: the one that a proxy in front names, else this machine.
fn caller(request: &Request) -> IpAddr {
    let forwarded = request.header("x-forwarded-for").and_then(|list| list.split(',').next());
    forwarded.and_then(|ip| ip.trim().parse().ok()).unwrap_or(IpAddr::from([127, 0, 0, 1]))
}

/// Whether the rules let an address in: the first that fits decides, in the order of their priority. Without one that
/// fits, the default action does, and else whether there is any rule that allows somebody.
fn admitted(config: &Value, caller: IpAddr) -> bool {
    let denies =
        |rule: &Value| rule["action"].as_str().is_some_and(|action| action.eq_ignore_ascii_case("Deny"));
    let mut rules: Vec<&Value> = config["ipSecurityRestrictions"].as_array().into_iter().flatten().collect();
    rules.sort_by_key(|rule| rule["priority"].as_i64().unwrap_or(i64::from(i32::MAX)));
    if let Some(rule) = rules.iter().find(|rule| covers(rule, caller)) {
        return !denies(rule);
    }
    match config["ipSecurityRestrictionsDefaultAction"].as_str() {
        Some(action) => !action.eq_ignore_ascii_case("Deny"),
        None => rules.iter().all(|rule| denies(rule)),
    }
}

/// Whether a rule is about an address. Those about service tags or virtual networks never fit here.
fn covers(rule: &Value, caller: IpAddr) -> bool {
    let Some(range) = rule["ipAddress"].as_str() else { return false };
    if range.eq_ignore_ascii_case("Any") {
        return true;
    }
    let (base, bits) = range.split_once('/').unwrap_or((range, ""));
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let (base, caller, width) = match (base, caller) {
        (IpAddr::V4(base), IpAddr::V4(caller)) => {
            (u128::from(base.to_bits()), u128::from(caller.to_bits()), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(caller)) => (base.to_bits(), caller.to_bits(), 128),
        _ => return false,
    };
    let bits: u32 = if bits.is_empty() { width } else { bits.parse().unwrap_or(width) };
    let unlike = (base ^ caller).checked_shr(width.saturating_sub(bits)).unwrap_or(0);
    unlike == 0
}

/// The origin of a request, if the site's settings let its pages read the answers.
fn origin<'a>(site: &Site, request: &'a Request) -> Option<&'a str> {
    let origin = request.header("origin")?;
    let list = site.config_web["cors"]["allowedOrigins"].as_array()?;
    let known =
        |item: &Value| item.as_str().is_some_and(|item| item == "*" || item.eq_ignore_ascii_case(origin));
    list.iter().any(known).then_some(origin)
}

/// The answer to a browser that asks beforehand, where the platform gives it before Easy Auth is asked.
pub fn preflight(world: &World, site: &Site, request: &Request) -> Option<Reply> {
    if request.method != Method::OPTIONS || !world.switches.preflight_before_auth {
        return None;
    }
    let method = request.header("access-control-request-method")?;
    origin(site, request)?;
    let reply = Reply::empty(204).with("access-control-allow-methods", method);
    Some(match request.header("access-control-request-headers") {
        Some(names) => reply.with("access-control-allow-headers", names),
        None => reply,
    })
}

/// An answer with the headers that let a page of an allowed origin read it.
pub fn shared(world: &World, request: &Request, reply: Reply) -> Reply {
    let site = request.header(SITE).and_then(|name| {
        world.sites.iter().find(|site| {
            site.name.eq_ignore_ascii_case(name)
                || site.host_names.iter().any(|host| host.eq_ignore_ascii_case(name))
        })
    });
    let Some((site, origin)) = site.and_then(|site| Some((site, origin(site, request)?))) else {
        return reply;
    };
    let reply = reply.with("access-control-allow-origin", origin).with("vary", "Origin");
    if site.config_web["cors"]["supportCredentials"] == Value::Bool(true) {
        return reply.with("access-control-allow-credentials", "true");
    }
    reply
}
