//! Proving a confidential client by its secret (microsoft-cloud 2.8, 3.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use super::Refusal;
use super::client::Client;
use crate::practice::wire::{Request, find};
use crate::practice::world::{Kind, World};

/// Client id and secret as a request brings them: in the form, or as HTTP Basic.
pub fn presented(request: &Request, form: &[(String, String)]) -> (Option<String>, Option<SecretString>) {
    let basic = request
        .header("authorization")
        .and_then(|header| header.strip_prefix("Basic "))
        .and_then(|encoded| STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (id, secret) = text.split_once(':')?;
            let decode = |part: &str| {
                let pair = format!("x={part}");
                url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
            };
            Some((decode(id)?, decode(secret)?))
        });
    let (basic_id, basic_secret) = basic.unzip();
    let id = find(form, "client_id").map(str::to_owned).or(basic_id);
    let secret = find(form, "client_secret").map(str::to_owned).or(basic_secret);
    (id.filter(|id| !id.is_empty()), secret.filter(|secret| !secret.is_empty()).map(SecretString::from))
}

/// Checks a secret. AADSTS7000218 if there is none, 7000215 if it is wrong (a secret ID too), 7000222 if it has ended.
pub fn check(world: &World, client: &Client, secret: Option<&SecretString>) -> Result<(), Refusal> {
    let Some(secret) = secret else {
        return Err(Refusal::new(
            7_000_218,
            "invalid_client",
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ));
    };
    let now = world.now();
    let lag = SignedDuration::from_secs(world.switches.sign_in_lag_s.into());
    let object = world
        .directory
        .iter()
        .find(|object| object.kind == Kind::Application && object.id == client.object_id);
    let known = object.and_then(|object| {
        object.secrets.iter().find(|stored| {
            stored.value.expose_secret() == secret.expose_secret()
                && now.duration_since(stored.added_at) >= lag
        })
    });
    match known {
        Some(stored) if stored.ends <= now => Err(Refusal::new(
            7_000_222,
            "invalid_client",
            format!(
                "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for \
                 your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: \
                 https://aka.ms/certCreds.",
                client.app_id
            ),
        )),
        Some(stored) if stored.starts <= now => Ok(()),
        _ => Err(Refusal::new(
            7_000_215,
            "invalid_client",
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
                 not the client secret ID, for a secret added to app '{}'.",
                client.app_id
            ),
        )),
    }
}
