//! Whether a redirect URL is registered, asked of the sign-in page itself: no sign-in, no rights, nothing changed.

use http::header::LOCATION;
use oauth2::{CsrfToken, RedirectUrl, Scope};
use url::Url;

use super::oauth::{Version, client};
use crate::cloud::classify;
use crate::cloud::http::{Answer, Http, Request, Service};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

/// Asks for a silent sign-in that ends at this address (microsoft-cloud 2.5): whoever is sent there, with whatever
/// refusal, shows that it is registered to the letter; AADSTS50011 that it is not.
///
/// # Errors
/// When the answer tells neither: the client is not known there, or something else answered.
pub async fn probe_redirect(
    http: &Http,
    tenant: &str,
    client_id: &str,
    redirect_url: &str,
) -> Result<bool, Trouble> {
    let redirect = RedirectUrl::new(redirect_url.to_owned()).map_err(|_| {
        Trouble::new(
            Class::Local,
            say("handing_over.no_redirect_address"),
            say("handing_over.no_redirect_address_next"),
        )
    })?;
    let entra = client(http.cloud(), tenant, client_id, Version::V2).set_redirect_uri(redirect);
    let request = entra.authorize_url(CsrfToken::new_random).add_scope(Scope::new("openid".to_owned()));
    let (url, state) = request.add_extra_param("prompt", "none").url();
    let answer = http.send(&Request::get(Service::Login, url)).await?;
    if leads_to(&answer, redirect_url, state.secret()) {
        return Ok(true);
    }
    // The status of the error page is not certain, so the code in it counts.
    match classify::aadsts(&answer.safe_text()) {
        Some(code) if code == "AADSTS50011" => Ok(false),
        Some(code) => Err(classify::on_a_page(&answer, code)),
        None if answer.is_success() => Err(classify::unexpected(&answer, say("odd_answer.word_on_redirect"))),
        None => Err(answer.ok().err().unwrap_or_else(unreachable_page)),
    }
}

/// Whether the answer sends the browser to this address, with a refusal that answers our own question. The host is not
/// compared: over loopback the practice cloud stands in for the connector's.
fn leads_to(answer: &Answer, redirect_url: &str, state: &str) -> bool {
    let target = answer.header(LOCATION.as_str()).and_then(|to| Url::parse(to).ok());
    let (Some(target), Ok(wanted)) = (target, Url::parse(redirect_url)) else { return false };
    let has = |name: &str, value: Option<&str>| {
        target.query_pairs().any(|(key, found)| key == name && value.is_none_or(|value| value == found))
    };
    (300..400).contains(&answer.status)
        && target.path() == wanted.path()
        && has("state", Some(state))
        && has("error", None)
}

fn unreachable_page() -> Trouble {
    Trouble::new(
        Class::UnexpectedAnswer,
        say("handing_over.page_silent"),
        say("handing_over.page_silent_next"),
    )
}
