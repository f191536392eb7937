//! The claims of tokens (microsoft-cloud 2.11) and the signing of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::client::Client;
use super::metadata::issuer;
use super::resource::Wanted;
use super::{Refusal, Version, access, strength};
use crate::practice::keys;
use crate::practice::world::{User, View, World};

/// For whom a token is.
pub enum Bearer<'a> {
    /// A person, with the delegated permissions in the token.
    Person(&'a User, &'a [String]),
    /// The same, who has shown a second factor for this token.
    Proven(&'a User, &'a [String]),
    /// The client by itself; the object id of its service principal.
    Itself(&'a str),
}

/// Which token version a resource gets: its registration decides (microsoft-cloud 2.11).
pub fn version_of(world: &World, resource_app_id: &str) -> Version {
    let Some((object, seen)) = world.application(resource_app_id, View::SignIn) else { return Version::V1 };
    let lag = SignedDuration::from_secs(world.switches.token_version_lag_s.into());
    let then = world.now().saturating_sub(lag).ok().and_then(|then| object.doc_at(then));
    let doc = if world.switches.token_version_lag_s == 0 { seen } else { then.unwrap_or(seen) };
    if doc["api"]["requestedAccessTokenVersion"].as_i64() == Some(2) { Version::V2 } else { Version::V1 }
}

/// The pairwise subject of a person for an application.
pub fn subject(world: &World, who: &str, app_id: &str) -> String {
    URL_SAFE_NO_PAD.encode(world.id_for(&format!("subject {who} {app_id}")).as_bytes())
}

/// An access token for a resource.
pub fn access_token(
    world: &mut World,
    tenant: &str,
    client: &Client,
    with_secret: bool,
    wanted: &Wanted,
    bearer: &Bearer<'_>,
) -> Result<String, Refusal> {
    let version = version_of(world, &wanted.app_id);
    let now = world.clock.unix();
    let uti = URL_SAFE_NO_PAD.encode(world.next_id("token").as_bytes());
    let proof = if with_secret { "1" } else { "0" };
    let who = match bearer {
        Bearer::Person(user, _) | Bearer::Proven(user, _) => user.id.as_str(),
        Bearer::Itself(principal) => principal,
    };
    let roles = access::roles(world, tenant, who, wanted);
    let mut claims = json!({
        "aud": if version == Version::V1 { &wanted.audience } else { &wanted.app_id },
        "iss": issuer(tenant, version),
        "iat": now,
        "nbf": now,
        "exp": now + i64::from(world.switches.access_token_lifetime_s) + 1,
        "oid": who,
        "rh": format!("1.{}", world.id_for("rh").simple()),
        "tid": tenant,
        "uti": uti,
        "ver": if version == Version::V1 { "1.0" } else { "2.0" },
    });
    let (app, how) = if version == Version::V1 { ("appid", "appidacr") } else { ("azp", "azpacr") };
    claims[app] = client.app_id.as_str().into();
    claims[how] = proof.into();
    match bearer {
        Bearer::Person(user, scopes) | Bearer::Proven(user, scopes) => {
            claims["sub"] = subject(world, &user.id, &wanted.app_id).into();
            claims["name"] = user.display_name.as_str().into();
            claims["scp"] = scopes.join(" ").into();
            if version == Version::V1 {
                claims["acr"] = "1".into();
                claims["amr"] = json!(["pwd"]);
            }
            named(world, &mut claims, user, version);
        }
        Bearer::Itself(principal) => {
            claims["sub"] = (*principal).into();
            if version == Version::V1 {
                claims["idp"] = issuer(tenant, Version::V1).into();
            }
        }
    }
    if matches!(bearer, Bearer::Proven(..)) {
        claims["acrs"] = strength::claim();
    }
    if !roles.is_empty() {
        claims["roles"] = json!(roles);
    }
    sign(&claims)
}

/// An ID token for a client.
pub fn id_token(
    world: &mut World,
    tenant: &str,
    client: &Client,
    user: &User,
    version: Version,
    nonce: Option<&str>,
) -> Result<String, Refusal> {
    let now = world.clock.unix();
    let mut claims = json!({
        "aud": client.app_id,
        "iss": issuer(tenant, version),
        "iat": now,
        "nbf": now,
        "exp": now + i64::from(world.switches.access_token_lifetime_s) + 1,
        "name": user.display_name,
        "oid": user.id,
        "sub": subject(world, &user.id, &client.app_id),
        "tid": tenant,
        "ver": if version == Version::V1 { "1.0" } else { "2.0" },
    });
    named(world, &mut claims, user, version);
    if let Some(nonce) = nonce {
        claims["nonce"] = nonce.into();
    }
    sign(&claims)
}

/// The sign-in name in the claims of a version. What a guest's tokens say is not confirmed, so it is a switch.
fn named(world: &World, claims: &mut Value, user: &User, version: Version) {
    let at_home = world.switches.guests_are_named_as_at_home;
    let name = if at_home { &world.account_of(user).upn } else { &user.upn };
    if version == Version::V2 {
        claims["preferred_username"] = name.as_str().into();
        return;
    }
    claims["unique_name"] = name.as_str().into();
    if user.home.is_none() || !at_home {
        claims["upn"] = name.as_str().into();
    }
    if user.home.is_some() {
        claims["idp"] = issuer(&world.account_of(user).tenant, Version::V1).into();
    }
}

/// `client_info`: who signed in, for clients that keep accounts apart.
pub fn client_info(user: &User, tenant: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({"uid": user.id, "utid": tenant}).to_string())
}

fn sign(claims: &Value) -> Result<String, Refusal> {
    keys::keys()
        .and_then(|keys| keys.sign(claims))
        .ok_or_else(|| Refusal::new(50000, "server_error", "There was an error issuing a token."))
}
