//! Entra sign-in: who calls a service, and the sign-in endpoints (microsoft-cloud 2).

mod access;
mod adminconsent;
mod authorize;
mod caller;
mod client;
mod device;
mod metadata;
mod mint;
pub(super) mod page;
mod refusal;
mod resource;
mod secret;
mod strength;
mod token;

use std::borrow::Cow;

use http::Method;

pub use access::consent_everything;
pub use caller::{bearer, caller, in_time, text};
pub use device::answer as answer_device_code;
pub use mint::subject;
pub use strength::demand as demanded_claims;

use super::wire::{Reply, Request};
use super::world::{Kind, World};
use refusal::Refusal;

/// Which of the two families of endpoints was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `/oauth2/...`
    V1,
    /// `/oauth2/v2.0/...`
    V2,
}

/// What stands in the tenant's place of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// One tenant, by GUID.
    Tenant(String),
    /// `common`.
    Common,
    /// `organizations`.
    Organizations,
}

impl Authority {
    /// Reads the tenant's place of a path. AADSTS90002 for a tenant that does not exist.
    fn find(world: &World, segment: &str) -> Result<Self, Refusal> {
        match segment.to_ascii_lowercase().as_str() {
            "common" => Ok(Self::Common),
            "organizations" => Ok(Self::Organizations),
            // Nobody in practice has a personal account, and no application is for them alone.
            "consumers" => Err(Refusal::new(
                9_002_332,
                "invalid_request",
                "The application is configured for use by Microsoft Entra users only. Please do not use the /consumers \
                 endpoint to serve this request.",
            )),
            _ => match world.tenant(segment) {
                Some(tenant) => Ok(Self::Tenant(tenant.id.clone())),
                None => Err(Refusal::new(
                    90002,
                    "invalid_request",
                    format!(
                        "Tenant '{segment}' not found. Check to make sure you have the correct tenant ID and are signing \
                     into the correct cloud. Check with your subscription administrator, this may happen if there are \
                     no active subscriptions for the tenant."
                    ),
                )),
            },
        }
    }
}

/// Answers one request to a sign-in host.
pub fn handle(world: &mut World, request: &Request) -> Reply {
    let path = request.path.clone();
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match segments.as_slice() {
        ["devicelogin" | "device"] | ["common", "oauth2", "deviceauth"] => device::page(world, request),
        ["common", "discovery", "instance"] => metadata::instance(world, request),
        ["common", realm, _] if realm.eq_ignore_ascii_case("userrealm") => metadata::realm(world, request),
        [tenant, "v2.0", ".well-known", "openid-configuration"] => {
            metadata::document(world, request, tenant, Version::V2)
        }
        [tenant, ".well-known", "openid-configuration"] => {
            metadata::document(world, request, tenant, Version::V1)
        }
        [tenant, "discovery", "v2.0", "keys"] => metadata::key_set(world, request, tenant, Version::V2),
        [tenant, "discovery", "keys"] => metadata::key_set(world, request, tenant, Version::V1),
        [tenant, "oauth2", "v2.0", "authorize"] => authorize::handle(world, request, tenant, Version::V2),
        [tenant, "oauth2", "authorize"] => authorize::handle(world, request, tenant, Version::V1),
        [tenant, "oauth2", "v2.0", "token"] => post(world, request, tenant, Version::V2, token::handle),
        [tenant, "oauth2", "token"] => post(world, request, tenant, Version::V1, token::handle),
        [tenant, "oauth2", "v2.0", "devicecode"] => post(world, request, tenant, Version::V2, device::start),
        [tenant, "oauth2", "devicecode"] => post(world, request, tenant, Version::V1, device::start),
        [tenant, "oauth2", "logout"] | [tenant, "oauth2", "v2.0", "logout"] => {
            match Authority::find(world, tenant) {
                Ok(_) => match request.query("post_logout_redirect_uri").filter(|back| is_known(world, back))
                {
                    Some(back) => Reply::redirect(back),
                    None => page::message(200, "Signed out", "You signed out of your account."),
                },
                Err(refusal) => refusal.page(world, request),
            }
        }
        [tenant, "adminconsent"] => adminconsent::handle(world, request, tenant, Version::V1),
        [tenant, "v2.0", "adminconsent"] => adminconsent::handle(world, request, tenant, Version::V2),
        ["error"] => {
            let code = request.query("code").unwrap_or_default();
            page::message(200, "Error lookup", &format!("AADSTS{code}"))
        }
        ["common", "oauth2", "nativeclient"] => page::page(200, "", ""),
        _ => Reply::unknown(),
    }
}

/// Whether an address is one of a registered application's: its host stands among the redirect URIs or logout addresses.
fn is_known(world: &World, back: &str) -> bool {
    let host = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
    let Some(origin) = host(back) else { return false };
    world.directory.iter().filter(|object| object.kind == Kind::Application).any(|object| {
        let web = &object.doc["web"];
        let uris = web["redirectUris"].as_array().into_iter().flatten().chain([&web["logoutUrl"]]);
        uris.filter_map(serde_json::Value::as_str).any(|uri| host(uri).as_ref() == Some(&origin))
    })
}

/// The issuer that tokens of a tenant carry, in either version.
pub fn issuer_of(tenant: &str, v2: bool) -> String {
    metadata::issuer(tenant, if v2 { Version::V2 } else { Version::V1 })
}

/// A request as an endpoint for forms reads it: a body of another kind says nothing to it (microsoft-cloud 2.1).
fn readable(request: &Request) -> Cow<'_, Request> {
    let kind = request.header("content-type").and_then(|kind| kind.split(';').next()).map(str::trim);
    if kind.is_none_or(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
        return Cow::Borrowed(request);
    }
    let mut request = request.clone();
    request.body.clear();
    Cow::Owned(request)
}

type Endpoint = fn(&mut World, &Request, &Authority, Version) -> Result<Reply, Refusal>;

/// Runs an endpoint that takes a form by POST and answers JSON, with the headers of the token endpoint.
fn post(world: &mut World, request: &Request, tenant: &str, version: Version, endpoint: Endpoint) -> Reply {
    let outcome = if request.method == Method::POST {
        Authority::find(world, tenant)
            .and_then(|authority| endpoint(world, &readable(request), &authority, version))
    } else {
        Err(Refusal::new(
            900_561,
            "invalid_request",
            format!("The endpoint only accepts POST requests. Received a {} request.", request.method),
        ))
    };
    let reply = match outcome {
        Ok(reply) => reply,
        Err(refusal) => refusal.json(world, request),
    };
    let request_id = world.next_id("request").to_string();
    reply
        .with("cache-control", "no-store, no-cache")
        .with("pragma", "no-cache")
        .with("expires", "-1")
        .with("x-ms-request-id", &request_id)
        .with("x-ms-ests-server", "2.1.1 - practice")
        .with("x-ms-clitelem", "1,0,0,,")
        .with("p3p", "CP=\"DSP CUR OTPi IND OTRi ONL FIN\"")
}
