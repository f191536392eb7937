//! The OAuth exchanges with Entra: its endpoints, its token answers, and the road over our own client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oauth2::basic::{BasicErrorResponse, BasicTokenType};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, AuthUrl, ClientId, DeviceAuthorizationUrl, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RefreshToken, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use secrecy::SecretString;
use serde::de::{Deserializer, IgnoredAny, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::cloud::call_log::SignInUsed;
use crate::cloud::classify;
use crate::cloud::http::{Http, Request, Service};
use crate::engine::clouds::Cloud;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

/// A client of the `oauth2` crate with Entra's three endpoints.
pub(in crate::cloud) type EntraClient = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Which of Entra's two families of endpoints (microsoft-cloud 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cloud) enum Version {
    /// `resource=`, as the connector uses it.
    V1,
    /// `scope=`.
    V2,
}

/// An address below the sign-in authority: the tenant, then fixed segments.
pub(super) fn login_url(cloud: &Cloud, tenant: &str, path: &[&str]) -> Url {
    let mut url = cloud.login.clone();
    // Fails only for addresses without a host, which a cloud entry never has.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().push(tenant).extend(path);
    }
    url
}

/// A client for one tenant's endpoints.
pub(in crate::cloud) fn client(
    cloud: &Cloud,
    tenant: &str,
    client_id: &str,
    version: Version,
) -> EntraClient {
    let url = |leaf: &'static str| match version {
        Version::V1 => login_url(cloud, tenant, &["oauth2", leaf]),
        Version::V2 => login_url(cloud, tenant, &["oauth2", "v2.0", leaf]),
    };
    oauth2::Client::new(ClientId::new(client_id.to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::from_url(url("authorize")))
        .set_token_uri(TokenUrl::from_url(url("token")))
        .set_device_authorization_url(DeviceAuthorizationUrl::from_url(url("devicecode")))
}

/// A token endpoint's answer. Numbers may be spelled as strings, as version 1 does (microsoft-cloud 2.6).
#[derive(Deserialize)]
pub(in crate::cloud) struct TokenAnswer {
    access_token: AccessToken,
    #[serde(default = "bearer")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default)]
    id_token: Option<AccessToken>,
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

/// A number, or its spelling as a string; anything else counts as not given.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Seconds;
    impl<'de> Visitor<'de> for Seconds {
        type Value = Option<u64>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of seconds")
        }
        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }
        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok(u64::try_from(value).ok())
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
            Ok(value.trim().parse().ok())
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(None)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }
    }
    deserializer.deserialize_any(Seconds)
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Serialize for TokenAnswer {
    /// The `oauth2` crate asks for this; there is nothing in here that may be written down.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }
    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }
    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }
    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }
    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// Tokens as they are held.
pub(in crate::cloud) struct Tokens {
    pub access: SecretString,
    pub refresh: Option<SecretString>,
    pub id: Option<SecretString>,
    /// How long the access token lives; an hour where the answer does not say (microsoft-cloud 2.11).
    pub lifetime: Duration,
}

impl From<TokenAnswer> for Tokens {
    fn from(answer: TokenAnswer) -> Self {
        Self {
            lifetime: Duration::from_secs(answer.expires_in.unwrap_or(3600)),
            access: answer.access_token.into_secret().into(),
            refresh: answer.refresh_token.map(|token| token.into_secret().into()),
            id: answer.id_token.map(|token| token.into_secret().into()),
        }
    }
}

/// The road over our own client for the `oauth2` crate.
pub(in crate::cloud) struct Via<'a> {
    http: &'a Http,
    sign_in: SignInUsed,
    /// Whether a refusal is part of the conversation, as it is while a device code is polled.
    polling: bool,
    /// Whether what is asked may be asked again: a refresh token may, a code is good only once (microsoft-cloud 2.5, 2.7).
    again: bool,
    last: Mutex<Option<Trouble>>,
}

impl<'a> Via<'a> {
    /// For one exchange, shown in the log as made with this sign-in.
    pub(in crate::cloud) fn new(http: &'a Http, sign_in: SignInUsed) -> Self {
        Self { http, sign_in, polling: false, again: false, last: Mutex::new(None) }
    }

    /// The same for what may be asked again where no answer came.
    pub(super) fn again(self) -> Self {
        Self { again: true, ..self }
    }

    /// For polling: refusals are handed through to whoever polls, and the last one is remembered.
    pub(super) fn polling(http: &'a Http) -> Self {
        Self { polling: true, ..Self::new(http, SignInUsed::Person) }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Trouble> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| bad_address())?;
        let body = String::from_utf8(body).map_err(|_| bad_address())?;
        let request = Request::ask(Service::Login, url)
            .header(http::header::ACCEPT, "application/json")
            .encoded_form(body.into())
            .sign_in(self.sign_in);
        let request = if self.again { request.repeatable() } else { request };
        let answer = self.http.send(&request).await?;
        if !answer.is_success() {
            let trouble = classify::refusal(&answer);
            if !self.polling || trouble.class.passes_by_itself() {
                return Err(trouble);
            }
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
        } else if !answer.json()?.is_object() {
            return Err(classify::unexpected(&answer, "token"));
        }
        let mut response = HttpResponse::new(answer.body.to_vec());
        *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
        Ok(response)
    }

    /// What a failed exchange was about.
    pub(in crate::cloud) fn trouble<E: oauth2::ErrorResponse + 'static>(
        &self,
        error: RequestTokenError<Trouble, E>,
    ) -> Trouble {
        match error {
            RequestTokenError::Request(trouble) => trouble,
            // The text of a parse error may quote the answer, so it is not kept.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Trouble::new(Class::UnexpectedAnswer, say("sign_in.no_token"), say("sign_in.no_token_next"))
            }
            RequestTokenError::ServerResponse(_) => {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
                last.unwrap_or_else(|| {
                    Trouble::new(Class::SignInRefused, say("sign_in.refused"), say("next.sign_in_again"))
                })
            }
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Via<'_> {
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Trouble>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn bad_address() -> Trouble {
    Trouble::new(Class::Local, say("sign_in.no_request"), say("sign_in.no_request_next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_strings() {
        for (json, seconds) in [
            (r#"{"access_token":"a","expires_in":3599,"token_type":"Bearer"}"#, 3599),
            (r#"{"access_token":"a","expires_in":"86399","token_type":"bearer","not_before":"1"}"#, 86_399),
            (r#"{"access_token":"a","expires_in":null}"#, 3600),
            (r#"{"access_token":"a","expires_in":{"x":[1]}}"#, 3600),
            (r#"{"access_token":"a","expires_in":[1,{}]}"#, 3600),
            (r#"{"access_token":"a","expires_in":-5}"#, 3600),
            (r#"{"access_token":"a"}"#, 3600),
        ] {
            let answer: TokenAnswer = serde_json::from_str(json).unwrap();
            assert!(!format!("{answer:?}").contains('"'), "no token in the debug form");
            assert_eq!(serde_json::to_string(&answer).unwrap(), "null");
            assert_eq!(Tokens::from(answer).lifetime, Duration::from_secs(seconds), "{json}");
        }
    }

    #[test]
    fn a_tenant_cannot_leave_its_place_in_the_path() {
        let cloud = Cloud::named("public").unwrap();
        assert_eq!(
            login_url(&cloud, "contoso.onmicrosoft.com", &["oauth2", "token"]).as_str(),
            "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/token"
        );
        let odd = login_url(&cloud, "a/../b?x#y", &["token"]);
        assert_eq!(odd.path(), "/a%2F..%2Fb%3Fx%23y/token");
        assert_eq!(odd.query(), None);
    }
}
