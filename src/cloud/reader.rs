//! Reads as the signed-in person: a token for the service asked, an address made safe, one shape of outcome.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::HeaderName;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::challenge;
use super::http::{Answer, Http, Request, Service};
use crate::engine::clean::clean_line;
use crate::engine::clouds::Audience;
use crate::engine::facts::{Fact, Seen};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// The token that a call needs.
#[derive(Debug, Clone)]
pub struct TokenWish {
    /// For which service.
    pub audience: Audience,
    /// The one that the service has just refused, and must not be given again.
    pub refused: Option<Refused>,
}

/// A token that a service refused.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The token.
    pub token: SecretString,
    /// What the service demands of another one, if it said so.
    pub claims: Option<String>,
}

/// Gives a token for a service, refreshed where needed; the refused one again where there is no better.
pub type Tokens = Arc<dyn Fn(TokenWish) -> BoxFuture<'static, Result<SecretString, Trouble>> + Send + Sync>;

/// More pages than this is not a list that a person could use.
const MOST_PAGES: usize = 100;

/// Reads for a signed-in person. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    /// The client.
    pub http: Http,
    tokens: Tokens,
}

/// Says that Graph may answer from its slower index, as casts and counts ask for (microsoft-cloud 4.1).
pub(super) const EVENTUAL: (HeaderName, &str) = (HeaderName::from_static("consistencylevel"), "eventual");

impl Reader {
    /// A reader with this client and these tokens.
    pub fn new(http: Http, tokens: Tokens) -> Self {
        Self { http, tokens }
    }

    /// A token for a service.
    ///
    /// # Errors
    /// When the sign-in has run out or was refused.
    async fn token(&self, service: Service, refused: Option<Refused>) -> Result<SecretString, Trouble> {
        let audience = match service {
            Service::Graph => Audience::Graph,
            Service::Arm => Audience::Arm,
            Service::PowerApps => Audience::PowerApps,
            Service::Login | Service::Site => return Err(no_token_for(service)),
        };
        (self.tokens)(TokenWish { audience, refused }).await
    }

    /// A token for a call's first try.
    ///
    /// # Errors
    /// When the sign-in has run out or was refused.
    pub(super) async fn first_token(&self, service: Service) -> Result<SecretString, Trouble> {
        self.token(service, None).await
    }

    /// A better token, where a service refused this one and another can be had without asking anybody. The call may then
    /// be sent once more, also one that changes something: a 401 is proof that nothing was done.
    ///
    /// # Errors
    /// When the sign-in has run out or was refused, unless the answer itself says what is demanded.
    pub(super) async fn better_token(
        &self,
        token: SecretString,
        answer: &Answer,
    ) -> Result<Option<SecretString>, Trouble> {
        if answer.status != 401 {
            return Ok(None);
        }
        let claims = challenge::demanded(&answer.headers);
        let demanded = claims.is_some();
        match self.token(answer.service, Some(Refused { token: token.clone(), claims })).await {
            Ok(fresh) => Ok(Some(fresh).filter(|fresh| fresh.expose_secret() != token.expose_secret())),
            Err(trouble) if demanded && trouble.class == Class::SignInRefused => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Sends a call that changes nothing and gives a successful answer.
    ///
    /// # Errors
    /// When there is no token to be had, no answer came, or it is a refusal.
    pub(super) async fn ask(&self, request: Request) -> Result<Answer, Trouble> {
        let token = self.first_token(request.service()).await?;
        let answer = self.http.send(&request.clone().token(&token)).await?;
        match self.better_token(token, &answer).await? {
            Some(fresh) => self.http.read(&request.token(&fresh)).await,
            None => answer.ok(),
        }
    }

    /// The full address of a path: below `/v1.0` for Graph, below the root for ARM.
    pub(super) fn url(&self, service: Service, path: &str) -> Result<Url, Trouble> {
        let cloud = self.http.cloud();
        let joined = match service {
            Service::Graph => cloud.graph.join(&format!("/v1.0{path}")),
            Service::Arm => cloud.arm.join(path),
            Service::PowerApps => match &cloud.power_apps {
                Some(power_apps) => power_apps.join(path),
                None => return Err(no_token_for(service)),
            },
            Service::Login => cloud.login.join(path),
            Service::Site => return Err(no_token_for(service)),
        };
        joined.map_err(|_| {
            Trouble::new(Class::Local, say("not_sent.no_address"), say("not_sent.no_address_next"))
        })
    }

    /// Sends a GET and gives a successful answer.
    pub(super) async fn get(&self, service: Service, url: Url, eventual: bool) -> Result<Answer, Trouble> {
        let mut request = Request::get(service, url);
        if eventual {
            request = request.header(EVENTUAL.0, EVENTUAL.1);
        }
        self.ask(request).await
    }

    /// Goes on from the first page of a list to its end, following the service's own links as they are.
    ///
    /// The client refuses a link that leads to another host.
    pub(super) async fn rest_of_list(
        &self,
        service: Service,
        first: Value,
        link: &str,
        eventual: bool,
    ) -> Result<Vec<Value>, Trouble> {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut page = first;
        loop {
            // Some lists of ARM end with an empty link.
            let next = page.get(link).and_then(Value::as_str).filter(|l| !l.is_empty()).map(str::to_owned);
            match page.get_mut("value").map(Value::take) {
                Some(Value::Array(values)) => items.extend(values),
                _ => return Err(odd(service, say("odd_answer.list_without_values"))),
            }
            let Some(next) = next else { return Ok(items) };
            if seen.len() == MOST_PAGES || !seen.insert(next.clone()) {
                return Err(odd(service, say("odd_answer.list_without_end")));
            }
            let url = Url::parse(&next).map_err(|_| odd(service, say("odd_answer.link")))?;
            page = self.get(service, url, eventual).await?.json()?;
        }
    }

    /// A fact from the outcome of a call, seen now.
    pub(super) fn seen<T>(&self, result: Result<Option<T>, Trouble>, call: &str) -> Seen<T> {
        Seen::from_result(result, self.http.now(), call)
    }
}

/// The same fact with its value turned into another; one that gives nothing becomes "not there".
pub(super) fn mapped<T, U>(seen: Seen<T>, turn: impl FnOnce(T) -> Option<U>) -> Seen<U> {
    let fact = match seen.fact {
        Fact::Is(value) => turn(value).map_or(Fact::Absent, Fact::Is),
        Fact::Absent => Fact::Absent,
        Fact::NotLooked => Fact::NotLooked,
        Fact::CouldNot(trouble) => Fact::CouldNot(trouble),
    };
    Seen { fact, at: seen.at, call: seen.call }
}

/// A call as it stands in a fact's provenance: method and path, without the query.
pub(super) fn label(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    clean_line(&format!("{method} {path}"), 160)
}

/// A text for a query or a path: everything but letters and digits escaped.
pub(super) fn encoded(text: &str) -> String {
    // A literal plus is escaped too, so a plus can only stand for a space here.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A string literal of a filter or a key: quotes doubled, then escaped (microsoft-cloud 4.1).
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", encoded(&text.replace('\'', "''")))
}

/// An answer that is not what the service's description promises.
pub(super) fn odd(service: Service, what: &str) -> Trouble {
    Trouble::new(
        Class::UnexpectedAnswer,
        say_with("odd_answer.with", &[("who", &capital(service.name())), ("what", what)]),
        say("odd_answer.with_next"),
    )
    .meaning(say("odd_answer.with_means"))
}

fn no_token_for(service: Service) -> Trouble {
    Trouble::new(
        Class::Local,
        say_with("not_sent.no_sign_in", &[("service", service.name())]),
        say("next.sign_in_again"),
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_literal() {
        assert_eq!(literal("https://a.example/x y"), "'https%3A%2F%2Fa.example%2Fx%20y'");
        assert_eq!(
            literal("o'neil' or 1 eq 1&$top=9+"),
            "'o%27%27neil%27%27%20or%201%20eq%201%26%24top%3D9%2B'"
        );
    }

    #[test]
    fn a_label_shows_no_query() {
        assert_eq!(label("GET", "/me?$select=id"), "GET /me");
    }
}
