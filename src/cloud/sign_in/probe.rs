//! Proving a client secret's value by asking for a token with it, which is dropped at once.

use oauth2::{ClientSecret, Scope};
use secrecy::{ExposeSecret, SecretString};

use super::oauth::{Version, Via, client};
use crate::cloud::call_log::SignInUsed;
use crate::cloud::http::Http;
use crate::engine::facts::SecretVerdict;
use crate::engine::trouble::{Class, Trouble};

/// Asks for a token with the secret (microsoft-cloud 2.8). Changes nothing.
///
/// Within about a minute of a secret's creation `Wrong` may only mean that it has not arrived everywhere yet;
/// whoever knows its age decides whether to ask again.
///
/// # Errors
/// When no verdict could be had: the service cannot be reached, fails, or asks for patience.
pub async fn probe_secret(
    http: &Http,
    tenant: &str,
    client_id: &str,
    secret: &SecretString,
) -> Result<SecretVerdict, Trouble> {
    let via = Via::new(http, SignInUsed::Connector);
    let outcome = client(http.cloud(), tenant, client_id, Version::V2)
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        .exchange_client_credentials()
        .add_scope(Scope::new(http.cloud().graph_scope()))
        .request_async(&via)
        .await;
    match outcome {
        Ok(_token) => Ok(SecretVerdict::Works),
        Err(error) => verdict(via.trouble(error)),
    }
}

fn verdict(trouble: Trouble) -> Result<SecretVerdict, Trouble> {
    if !matches!(trouble.class, Class::SignInRefused | Class::Refused) {
        return Err(trouble);
    }
    let Some(number) = trouble.code.as_deref().and_then(|code| code.strip_prefix("AADSTS")) else {
        return Err(trouble);
    };
    Ok(match number {
        // 70002 is the older spelling (microsoft-cloud 3.3).
        "7000215" | "70002" => SecretVerdict::Wrong,
        "7000222" => SecretVerdict::Expired,
        other => SecretVerdict::Refused { code: other.to_owned(), text: trouble.original },
    })
}
