//! Stronger sign-ins: what a claims request asks for, and which calls want a token that came of one.
//!
//! Published: the identity platform's page about claims challenges; `acrs` is the claim of an authentication context.

use serde_json::{Value, json};

use super::Refusal;
use super::caller::text;
use crate::practice::wire::{Request, Service};
use crate::practice::world::{StrongerSignIn, World};

/// The authentication context that this world's services ask for.
const CONTEXT: &str = "p1";

/// What a service demands, as its challenge carries it before it is encoded.
pub fn demand() -> String {
    json!({"access_token": {"acrs": {"essential": true, "values": [CONTEXT]}}}).to_string()
}

/// Whether the `claims` of a request ask for it.
pub fn asked(claims: Option<&str>) -> bool {
    let claims: Value = claims.and_then(|claims| serde_json::from_str(claims).ok()).unwrap_or_default();
    let acrs = &claims["access_token"]["acrs"];
    let listed = acrs["values"].as_array().is_some_and(|values| values.iter().any(|value| value == CONTEXT));
    listed || acrs["value"] == CONTEXT
}

/// The claim that a token of such a sign-in carries.
pub fn claim() -> Value {
    json!([CONTEXT])
}

/// Whether a call with these claims comes too weakly signed in. Apps that act by themselves are not asked.
pub fn too_weak(world: &World, service: Service, request: &Request, claims: &Value) -> bool {
    let wanted = match world.switches.stronger_sign_in {
        StrongerSignIn::Never => false,
        StrongerSignIn::Writes => World::is_mutation(service, &request.method, &request.path),
        StrongerSignIn::Everything => true,
    };
    let has = claims["acrs"].as_array().is_some_and(|list| list.iter().any(|value| value == CONTEXT));
    wanted
        && !has
        && world.user(text(claims, "oid")).is_some()
        && matches!(service, Service::Graph | Service::Arm)
}

/// The refusal of a refresh token that came of a weaker sign-in.
pub fn second_factor(resource: &str) -> Refusal {
    let text = format!(
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must use \
         multi-factor authentication to access '{resource}'."
    );
    let refusal = Refusal::new(50076, "interaction_required", text).suberror("basic_action");
    Refusal { claims: Some(demand()), ..refusal }
}
