//! Azure Resource Manager, as far as function apps and their settings need it (microsoft-cloud 5).

mod answer;
mod auth_v1;
mod auth_v2;
mod endpoints;
mod general;
mod listing;
mod resource_graph;
mod rights;
mod scope;
mod site;
mod versions;
mod web;

use answer::{Answer, Refusal, finish};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use scope::Scope;

use super::entra;
use super::wire::{Caller, Reply, Request, TokenFault};
use super::world::World;

pub use rights::may;

/// Answers one request to ARM.
pub fn handle(world: &mut World, request: &Request, caller: &Caller) -> Reply {
    let reply = route(world, request, caller).unwrap_or_else(Refusal::into_reply);
    finish(world, request, reply)
}

fn route(world: &mut World, request: &Request, caller: &Caller) -> Answer {
    let scope = Scope::parse(&request.decoded_path());
    if scope == Scope::Unknown {
        return Ok(Reply::unknown());
    }
    if scope == Scope::Endpoints {
        return endpoints::answer(request);
    }
    authenticated(world, request, caller, &scope)?;
    versions::check(request, &scope)?;
    match &scope {
        Scope::Tenants => return listing::tenants(world, request, caller),
        Scope::Subscriptions => return listing::subscriptions(world, request, caller),
        Scope::Providers { namespace } => return general::tenant(world, request, namespace.as_deref()),
        Scope::ResourceGraph if request.method == Method::POST => {
            return resource_graph::answer(world, request, caller);
        }
        Scope::ResourceGraph => return Err(Refusal::method(&request.method)),
        _ => {}
    }
    let id = scope.subscription().unwrap_or_default();
    let found = world.subscriptions.iter().find(|subscription| subscription.id.eq_ignore_ascii_case(id));
    let found = found.ok_or_else(|| {
        Refusal::arm(404, "SubscriptionNotFound", format!("The subscription '{id}' could not be found."))
    })?;
    if caller.tenant() != Some(found.tenant.as_str()) {
        return Err(wrong_tenant(caller.tenant().unwrap_or_default(), &found.tenant));
    }
    match &scope {
        Scope::Subscription { rest, .. } => {
            let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
            general::subscription(world, request, caller, found, &rest)
                .unwrap_or_else(|| listing::subscription(world, request, caller, found, &rest))
        }
        Scope::Group { id, group, rest } => {
            let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
            general::group(world, request, caller, (id, group), &rest)
                .unwrap_or_else(|| listing::group(world, request, caller, id, group, &rest))
        }
        Scope::Site { id, group, name, rest } => {
            web::handle(world, request, caller, &web::Place { id, group, name, rest })
        }
        Scope::Tenants
        | Scope::Subscriptions
        | Scope::ResourceGraph
        | Scope::Providers { .. }
        | Scope::Endpoints
        | Scope::Unknown => Ok(Reply::unknown()),
    }
}

/// 401 for a missing token or one that does not hold. The challenge names the subscription's tenant, so that a client can
/// learn it without a token.
fn authenticated(world: &World, request: &Request, caller: &Caller, scope: &Scope) -> Result<(), Refusal> {
    let (code, message) = match caller {
        Caller::User { .. } | Caller::App { .. } => return Ok(()),
        Caller::Anonymous => {
            ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        }
        Caller::Refused(TokenFault::Invalid) => {
            ("InvalidAuthenticationToken", "The access token is invalid.")
        }
        Caller::Refused(TokenFault::Expired) => {
            ("ExpiredAuthenticationToken", "The access token expiry time has passed.")
        }
        Caller::Refused(TokenFault::WrongAudience) => (
            "InvalidAuthenticationToken",
            "The access token has been obtained for wrong audience or resource. It should exactly match with one of the \
             allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net',\
             'https://management.azure.com/','https://management.azure.com'.",
        ),
        Caller::Refused(TokenFault::TooWeak) => return Err(too_weak(request)),
    };
    let tenant = scope
        .subscription()
        .and_then(|id| world.subscriptions.iter().find(|known| known.id.eq_ignore_ascii_case(id)))
        .map_or("common", |subscription| subscription.tenant.as_str());
    let authority = request.address_of("login.microsoftonline.com");
    Err(Refusal::Arm {
        status: 401,
        code,
        message: message.to_owned(),
        challenge: Some(format!(
            "Bearer authorization_uri=\"{authority}/{tenant}\", error=\"invalid_token\", error_description=\"{message}\""
        )),
    })
}

/// 401 that demands a stronger sign-in.
fn too_weak(request: &Request) -> Refusal {
    let authority = request.address_of("login.microsoftonline.com");
    let claims = BASE64_STANDARD.encode(entra::demanded_claims());
    Refusal::Arm {
        status: 401,
        code: "InsufficientClaims",
        message: "The access token does not satisfy the authentication context that this operation requires."
            .to_owned(),
        challenge: Some(format!(
            "Bearer realm=\"\", authorization_uri=\"{authority}/common/oauth2/authorize\", \
             error=\"insufficient_claims\", claims=\"{claims}\""
        )),
    }
}

fn wrong_tenant(token: &str, subscription: &str) -> Refusal {
    Refusal::arm(
        401,
        "InvalidAuthenticationTokenTenant",
        format!(
            "The access token is from the wrong issuer 'https://sts.windows.net/{token}/'. It must match the tenant \
             'https://sts.windows.net/{subscription}/' associated with this subscription. Please use the authority (URL) \
             'https://login.windows.net/{subscription}' to get the token. Note, if the subscription is transferred to \
             another tenant there is no impact to the services, but information about new tenant could take time to \
             propagate (up to an hour). If you just transferred your subscription and see this error message, please try \
             back later."
        ),
    )
}

#[cfg(test)]
mod tests;
