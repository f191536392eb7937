//! Whether a bearer token is let in (microsoft-cloud 6.6, 6.7), with the IDX message of the token exchange.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;

use super::Principal;
use super::settings::Settings;
use crate::practice::entra::{in_time, issuer_of, text};
use crate::practice::keys;
use crate::practice::world::{Site, World, first_party};

/// Why a token is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The token itself does not hold; the IDX message says why.
    Bad(String),
    /// It holds, but its application, person or tenant is not let in.
    Forbidden,
}

/// Checks a token: signature, lifetime, issuer, audience, then application, person and tenant.
pub fn check(world: &World, settings: &Settings, token: &str) -> Result<Principal, Verdict> {
    let claims = held(world, settings, token)?;
    if !let_in(world, settings, &claims) {
        return Err(Verdict::Forbidden);
    }
    Ok(principal(&claims))
}

/// Checks the ID token of a sign-in that this site began: it has to carry the site's nonce. Its application is the API
/// itself (microsoft-cloud 6.3, 6.7).
pub fn check_sign_in(
    world: &World,
    settings: &Settings,
    token: &str,
    nonce: Option<&str>,
) -> Result<Principal, Verdict> {
    let mut claims = held(world, settings, token)?;
    if settings.validates_nonce && nonce.is_none_or(|nonce| text(&claims, "nonce") != nonce) {
        return Err(Verdict::Bad("IDX21323: RequireNonce is 'True'.".to_owned()));
    }
    if text(&claims, "azp").is_empty() && text(&claims, "appid").is_empty() {
        claims["azp"] = claims["aud"].clone();
    }
    if !let_in(world, settings, &claims) {
        return Err(Verdict::Forbidden);
    }
    Ok(principal(&claims))
}

/// The claims of a token that holds: signature, lifetime, issuer and audience.
fn held(world: &World, settings: &Settings, token: &str) -> Result<Value, Verdict> {
    if !settings.has_provider() {
        // Switched off, or without a client id, it validates no token at all (microsoft-cloud 5.5).
        return Err(Verdict::Bad(signature_message(token)));
    }
    let Some(claims) = keys::keys().and_then(|keys| keys.verify(token)) else {
        return Err(Verdict::Bad(signature_message(token)));
    };
    let audience = text(&claims, "aud");
    if audience == first_party::GRAPH || audience.trim_end_matches('/') == "https://graph.microsoft.com" {
        // Graph's tokens cannot be validated by anybody else (microsoft-cloud 2.11).
        return Err(Verdict::Bad(signature_message(token)));
    }
    let now = world.clock.unix();
    if !in_time(&claims, now) {
        let ends = claims["exp"].as_i64().unwrap_or_default();
        let message = if ends <= now {
            format!(
                "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '{ends}', Current time (UTC): '{now}'."
            )
        } else {
            "IDX10222: Lifetime validation failed. The token is not yet valid.".to_owned()
        };
        return Err(Verdict::Bad(message));
    }
    let issuer = text(&claims, "iss");
    let valid = valid_issuers(world, settings);
    if let Some(valid) = &valid
        && !valid.iter().any(|known| known == issuer)
    {
        return Err(Verdict::Bad(format!(
            "IDX10205: Issuer validation failed. Issuer: '{issuer}'. Did not match: validationParameters.ValidIssuer: \
             '{}' or validationParameters.ValidIssuers: '{}'.",
            settings.issuer,
            valid.join(", ")
        )));
    }
    if !audience.eq_ignore_ascii_case(&settings.client_id)
        && !settings.audiences.iter().any(|known| known == audience)
    {
        let mut known = vec![settings.client_id.clone()];
        known.extend(settings.audiences.iter().cloned());
        return Err(Verdict::Bad(format!(
            "IDX10214: Audience validation failed. Audiences: '{audience}'. Did not match: \
             validationParameters.ValidAudience: 'null' or validationParameters.ValidAudiences: '{}'.",
            known.join(", ")
        )));
    }
    Ok(claims)
}

/// What somebody is called from a token's claims.
fn principal(claims: &Value) -> Principal {
    let name = ["preferred_username", "upn", "unique_name", "name", "azp", "appid"]
        .into_iter()
        .map(|claim| text(claims, claim))
        .find(|name| !name.is_empty());
    Principal { id: text(claims, "oid").to_owned(), name: name.unwrap_or_default().to_owned() }
}

/// The issuers that the configured one stands for, found as the middleware finds them: through its metadata document.
/// `None` means that any is accepted (`common`, `organizations`, or none configured).
fn valid_issuers(world: &World, settings: &Settings) -> Option<Vec<String>> {
    let place = settings.issuer_tenant();
    if matches!(place.as_str(), "common" | "organizations") {
        return None;
    }
    let known_host = Url::parse(&settings.issuer).ok().is_some_and(|url| {
        let host = url.host_str().unwrap_or_default();
        ["login.microsoftonline.com", "login.windows.net", "sts.windows.net"].contains(&host)
            || world.is_own_address(&url.origin().ascii_serialization())
    });
    let tenant = world.tenant(&place).filter(|_| known_host).map(|tenant| tenant.id.clone());
    let Some(tenant) = tenant else { return Some(vec![settings.issuer.clone()]) };
    let (v1, v2) = (issuer_of(&tenant, false), issuer_of(&tenant, true));
    let sts = settings.issuer.contains("//sts.windows.net/");
    let list = match (settings.issuer_is_v2(), sts) {
        (false, true) if world.switches.sts_v1_issuer_accepts_v2 => vec![v1, v2],
        (false, _) => vec![v1],
        (true, false) => vec![v2],
        (true, true) => {
            let mut list = Vec::new();
            if world.switches.sts_v2_issuer_accepts_v2 {
                list.push(v2);
            }
            if world.switches.sts_v2_issuer_accepts_v1 {
                list.push(v1);
            }
            list
        }
    };
    Some(list)
}

/// The additional checks (microsoft-cloud 6.7).
fn let_in(world: &World, settings: &Settings, claims: &Value) -> bool {
    let has = |list: &[String], value: &str| list.iter().any(|known| known.eq_ignore_ascii_case(value));
    let client = [text(claims, "appid"), text(claims, "azp")].concat();
    let application = match &settings.allowed_applications {
        None => true,
        Some(list) if list.is_empty() => !world.switches.empty_allowed_applications_denies,
        Some(list) => has(list, &client),
    };
    let older = settings.allowed_client_applications.is_empty()
        || has(&settings.allowed_client_applications, &client);
    let person = settings.identities.is_empty() || has(&settings.identities, text(claims, "oid"));
    // Practice tokens carry no groups claim, so a list of groups lets nobody in.
    let groups = settings.groups.is_empty();
    let tenant = settings.tenants.is_empty() || has(&settings.tenants, text(claims, "tid"));
    application && older && person && groups && tenant
}

/// The message for a token whose signature does not hold, or that is none at all.
fn signature_message(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let header = parts
        .first()
        .filter(|_| parts.len() == 3)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    match header {
        None => "IDX12709: CanReadToken() returned false. JWT is not well formed.".to_owned(),
        Some(header) if header["kid"].is_string() => {
            "IDX10501: Signature validation failed. Unable to match key.".to_owned()
        }
        Some(_) => "IDX10516: Signature validation failed. Unable to match key: kid: 'null'.".to_owned(),
    }
}

/// Makes the session token of the token exchange.
pub fn session_token(world: &World, site: &Site, principal: &Principal) -> Option<String> {
    let now = world.clock.unix();
    let address = format!("https://{}/", site.default_host());
    keys::keys()?.sign(&json!({
        "iss": address, "aud": address, "nbf": now, "exp": now + 8 * 3600,
        "oid": principal.id, "name": principal.name, "stable_sid": format!("sid:{}", principal.id),
    }))
}

/// Who a session token of the token exchange belongs to.
pub fn session(world: &World, site: &Site, token: &str) -> Option<Principal> {
    let claims = keys::keys()?.verify(token)?;
    let address = format!("https://{}/", site.default_host());
    let good = text(&claims, "iss") == address && in_time(&claims, world.clock.unix());
    good.then(|| principal(&claims))
}
