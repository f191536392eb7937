//! The rehearsal: a user token got by the connector's own road, and the function called with it.
//!
//! The access token never leaves this file; what goes out is what happened.

use http::Method;
use oauth2::{AuthorizationCode, ClientSecret, CsrfToken, RedirectUrl};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::call_log::SignInUsed;
use super::http::{Answer, Http, Request, Service};
use super::sign_in::claims::Claims;
use super::sign_in::loopback::{Loopback, read_return};
use super::sign_in::oauth::{Tokens, Version, Via, client};
use crate::engine::clean::{clean_block, clean_line};
use crate::engine::facts::Rehearsal;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// What is rehearsed: the values that stand on the connector page, and the function behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Tenant id.
    pub tenant: String,
    /// The connector's client id.
    pub client_app_id: String,
    /// The Resource URL.
    pub resource: String,
    /// Host name of the function app: the only one that gets the token.
    pub host: String,
    /// HTTP method of the function.
    pub method: String,
    /// Path of the function, such as `/api/Hello`; a query may follow.
    pub path: String,
    /// The name that the function is to greet: sent as JSON, or in the query where the method has no body.
    pub name: String,
}

/// The port a browser comes back to. Bound before anything is changed, so that the plan can show the redirect URI.
pub struct Listener {
    loopback: Loopback,
    state: CsrfToken,
}

/// An authorization code: good once, for about ten minutes.
pub struct Code(SecretString);

impl Listener {
    /// Binds a port and makes the redirect URI, `http://localhost:PORT/handclasp-RANDOM`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn bind() -> Result<Self, Trouble> {
        let path = format!("/handclasp-{}", Uuid::new_v4().simple());
        Ok(Self { loopback: Loopback::bind(&path).await?, state: CsrfToken::new_random() })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.loopback.port()
    }

    /// The redirect URI, exactly as it must be registered under the Web platform.
    pub fn redirect_uri(&self) -> String {
        self.loopback.redirect_uri()
    }

    /// The page the person opens: the request a connection makes (power-platform 1.6).
    ///
    /// # Errors
    /// When the redirect URI is no address, which a bound port rules out.
    pub fn authorize_url(&self, http: &Http, chain: &Chain) -> Result<Url, Trouble> {
        let state = self.state.clone();
        let (url, _) = client(http.cloud(), &chain.tenant, &chain.client_app_id, Version::V1)
            .set_redirect_uri(redirect(self.redirect_uri())?)
            .authorize_url(|| state)
            .add_extra_param("resource", chain.resource.as_str())
            .add_extra_param("prompt", "select_account")
            .url();
        Ok(url)
    }

    /// Waits until the browser comes back. Dropping the future stops the wait; the port stays bound.
    ///
    /// # Errors
    /// When the page sends a refusal back.
    pub async fn wait_for_code(&mut self) -> Result<Code, Trouble> {
        self.loopback.wait(self.state.secret()).await.map(Code)
    }

    /// Takes the code out of the final address, pasted from a browser that could not come back.
    ///
    /// # Errors
    /// When the address is not the one this sign-in ends at, or tells of a refusal.
    pub fn code_from_address(&self, pasted: &str) -> Result<Code, Trouble> {
        let not_ours = || {
            Trouble::new(
                Class::Local,
                say("rehearsing.another_address"),
                say_with("rehearsing.another_address_next", &[("address", &self.redirect_uri())]),
            )
        };
        let url = Url::parse(pasted.trim()).map_err(|_| not_ours())?;
        let bare = format!("{}{}", url.origin().ascii_serialization(), url.path());
        if bare != self.redirect_uri() {
            return Err(not_ours());
        }
        let outcome = read_return(url.query().unwrap_or_default(), self.state.secret());
        outcome.ok_or_else(not_ours)?.map(Code)
    }
}

/// Whether the sign-in service knows the rehearsal's redirect URI by now, which it hears of later than the directory.
///
/// Asked as nobody and without a page: where it is known, the answer leads to it with `login_required`; where it is not,
/// it is a page that says AADSTS50011 (microsoft-cloud 2.5). Whatever else is wrong shows at the sign-in itself.
///
/// # Errors
/// When the sign-in service cannot be reached.
pub async fn redirect_is_known(http: &Http, address: &Url) -> Result<bool, Trouble> {
    let mut url = address.clone();
    let pairs = address.query_pairs().filter(|(name, _)| name != "prompt");
    url.query_pairs_mut().clear().extend_pairs(pairs).append_pair("prompt", "none");
    let answer = http.send(&Request::get(Service::Login, url)).await?;
    Ok(!answer.safe_text().contains("AADSTS50011"))
}

fn redirect(uri: String) -> Result<RedirectUrl, Trouble> {
    RedirectUrl::new(uri).map_err(|_| {
        Trouble::new(Class::Local, say("rehearsing.no_return"), say("rehearsing.no_return_next"))
    })
}

/// Redeems the code as the connector would, calls the function with the token, and tells what happened. `redeemed` is
/// called in between: from then on the function runs.
///
/// # Errors
/// When the code or the secret was refused, or the function's host could not be reached. A function that refuses
/// is no error: its status stands in the outcome.
pub async fn rehearse(
    http: &Http,
    chain: &Chain,
    secret: &SecretString,
    redirect_uri: &str,
    code: Code,
    redeemed: impl FnOnce() + Send,
) -> Result<Rehearsal, Trouble> {
    // Whatever is wrong with the call is found before the code is used up.
    let call = call(chain)?;
    let token = redeem(http, chain, secret, redirect_uri, code).await?;
    redeemed();
    let claims = Claims::of(&token);
    let called = format!("{} {}", call.0, call.1);
    let answer = http.send(&with_token(&call, chain, &token)).await?;
    let diagnosis =
        if matches!(answer.status, 401 | 403) { diagnose(http, chain, &token).await } else { None };
    Ok(Rehearsal {
        client_app_id: chain.client_app_id.clone(),
        resource: chain.resource.clone(),
        anonymous: None,
        settings: None,
        audience: claims.audience,
        issuer: claims.issuer,
        caller: claims.user,
        scopes: claims.scopes,
        called: clean_line(&called, 200),
        status: answer.status,
        answer: clean_block(&answer.safe_text(), 200, 8),
        diagnosis,
    })
}

/// Redeems the code at the version 1 token endpoint (power-platform 1.6).
async fn redeem(
    http: &Http,
    chain: &Chain,
    secret: &SecretString,
    redirect_uri: &str,
    code: Code,
) -> Result<SecretString, Trouble> {
    let via = Via::new(http, SignInUsed::Connector);
    let answer = client(http.cloud(), &chain.tenant, &chain.client_app_id, Version::V1)
        .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        .set_redirect_uri(redirect(redirect_uri.to_owned())?)
        .exchange_code(AuthorizationCode::new(code.0.expose_secret().to_owned()))
        .add_extra_param("resource", chain.resource.as_str())
        .request_async(&via)
        .await
        .map_err(|error| via.trouble(error))?;
    Ok(Tokens::from(answer).access)
}

/// Method and address of the call.
fn call(chain: &Chain) -> Result<(Method, Url), Trouble> {
    let wrong = || Trouble::new(Class::Local, say("rehearsing.no_call"), say("rehearsing.no_call_next"));
    let method = Method::from_bytes(chain.method.to_ascii_uppercase().as_bytes()).map_err(|_| wrong())?;
    let mut url = site(chain, &chain.path).ok_or_else(wrong)?;
    if !has_body(&method) {
        url.query_pairs_mut().append_pair("name", &chain.name);
    }
    Ok((method, url))
}

fn has_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// An address on the site itself; a path that would lead to another host gives none.
fn site(chain: &Chain, path: &str) -> Option<Url> {
    let path = path.trim_start_matches('/');
    let url = Url::parse(&format!("https://{}/{path}", chain.host)).ok()?;
    url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&chain.host)).then_some(url)
}

fn with_token((method, url): &(Method, Url), chain: &Chain, token: &SecretString) -> Request {
    let request = Request::call(url.clone(), method.clone()).token(token).only_to(&chain.host);
    if has_body(method) { request.json(&json!({ "name": chain.name })) } else { request }
}

/// Posts the token to the runtime's own sign-in, which says why it refuses, as the plain call does not
/// (microsoft-cloud 6.5).
async fn diagnose(http: &Http, chain: &Chain, token: &SecretString) -> Option<String> {
    let url = site(chain, "/.auth/login/aad")?;
    let request = Request::ask(Service::Site, url)
        .json(&json!({ "access_token": token.expose_secret() }))
        .only_to(&chain.host)
        .sign_in(SignInUsed::Rehearsal);
    let answer = http.send(&request).await.ok()?;
    if answer.is_success() { None } else { message(&answer) }
}

fn message(answer: &Answer) -> Option<String> {
    let body = answer.json().ok()?;
    let text = answer.redactor.text(body.get("message")?.as_str()?);
    Some(clean_line(&text, 400)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
