//! Who calls Graph, ARM or Power Apps, as the bearer token says.

use serde_json::Value;

use super::strength;
use crate::practice::keys;
use crate::practice::wire::{Caller, Request, Service, TokenFault};
use crate::practice::world::{View, World, first_party};

/// Seconds of clock difference that services forgive.
const SKEW_S: i64 = 300;

/// Reads and checks the bearer token of a request to one of Microsoft's own services.
pub fn caller(world: &World, service: Service, request: &Request) -> Caller {
    let Some(token) = bearer(request) else { return Caller::Anonymous };
    let Some(claims) = keys::keys().and_then(|keys| keys.verify(token)) else {
        return Caller::Refused(TokenFault::Invalid);
    };
    if !in_time(&claims, world.clock.unix()) {
        return Caller::Refused(TokenFault::Expired);
    }
    let tenant = text(&claims, "tid").to_owned();
    let resource = match service {
        Service::Arm => first_party::ARM,
        Service::Maker => first_party::POWER_APPS,
        _ => first_party::GRAPH,
    };
    let meant_for = world.resource_principal(&tenant, text(&claims, "aud"), View::Now);
    if meant_for.is_none_or(|(principal, _)| principal.app_id() != resource) {
        return Caller::Refused(TokenFault::WrongAudience);
    }
    let client_id = [text(&claims, "appid"), text(&claims, "azp")].concat();
    if strength::too_weak(world, service, request, &claims) {
        return Caller::Refused(TokenFault::TooWeak);
    }
    let id = text(&claims, "oid").to_owned();
    match world.user(&id) {
        Some(user) => Caller::User {
            tenant,
            upn: user.upn.clone(),
            client_id,
            scopes: text(&claims, "scp").split_whitespace().map(str::to_owned).collect(),
            id,
        },
        None => Caller::App {
            tenant,
            id,
            client_id,
            roles: claims["roles"]
                .as_array()
                .map(|roles| roles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
        },
    }
}

/// The bearer token of a request, if it has one.
pub fn bearer(request: &Request) -> Option<&str> {
    let header = request.header("authorization")?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a token has begun and is not over, with the usual forgiveness.
pub fn in_time(claims: &Value, now: i64) -> bool {
    let begins = claims["nbf"].as_i64().unwrap_or(i64::MIN);
    let ends = claims["exp"].as_i64().unwrap_or(i64::MIN);
    begins.saturating_sub(SKEW_S) <= now && now < ends.saturating_add(SKEW_S)
}

/// A claim as text; empty where it is missing.
pub fn text<'a>(claims: &'a Value, name: &str) -> &'a str {
    claims.get(name).and_then(Value::as_str).unwrap_or_default()
}
