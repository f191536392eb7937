//! The browser flow: a page is opened, the browser comes back to a port of ours, PKCE binds the two.

use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl};
use secrecy::ExposeSecret;
use tokio::sync::mpsc::UnboundedSender;

use super::loopback::Loopback;
use super::oauth::{TokenAnswer, Version, Via, client};
use super::session::{Session, first_scopes};
use super::{SignIn, SignInEvent, announce};
use crate::cloud::call_log::SignInUsed;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

pub(super) async fn sign_in(
    sign_in: &SignIn,
    events: &UnboundedSender<SignInEvent>,
) -> Result<Session, Trouble> {
    let http = &sign_in.http;
    let mut loopback = Loopback::bind("").await?;
    let redirect = RedirectUrl::new(loopback.redirect_uri())
        .map_err(|_| Trouble::new(Class::Local, say("sign_in.no_return"), say("sign_in.with_code")))?;
    let entra =
        client(http.cloud(), &sign_in.tenant, http.client_id(), Version::V2).set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = entra
        .authorize_url(CsrfToken::new_random)
        .add_scopes(first_scopes(http.cloud(), sign_in.audience()))
        .set_pkce_challenge(challenge)
        .add_extra_param("response_mode", "query")
        .add_extra_param("prompt", "select_account");
    if let Some(name) = &sign_in.login_hint {
        request = request.add_extra_param("login_hint", name);
    }
    if let Some(demand) = &sign_in.demand {
        request = request.add_extra_param("claims", &demand.claims);
    }
    let (url, state) = request.url();
    announce(events, SignInEvent::Browser { url });

    let code = loopback.wait(state.secret()).await?;
    announce(events, SignInEvent::Returned);
    let via = Via::new(http, SignInUsed::Person);
    let mut request = entra
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(verifier);
    if let Some(demand) = &sign_in.demand {
        request = request.add_extra_param("claims", demand.claims.clone());
    }
    let answer: TokenAnswer = request.request_async(&via).await.map_err(|error| via.trouble(error))?;
    Ok(Session::new(http, &sign_in.tenant, answer.into(), sign_in.demand.as_deref().cloned()))
}
