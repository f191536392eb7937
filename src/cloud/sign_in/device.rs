//! The device code flow: a code is shown, the person types it on a page, we ask until it is done.

use oauth2::{
    DeviceAuthorizationResponse, DeviceCodeErrorResponseType, ExtraDeviceAuthorizationFields,
    RequestTokenError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use url::Url;

use super::oauth::{TokenAnswer, Version, Via, client};
use super::session::{Session, first_scopes};
use super::{SignIn, SignInEvent, announce};
use crate::cloud::call_log::SignInUsed;
use crate::engine::clean::clean_line;
use crate::engine::clouds::is_loopback;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

type DeviceCode = DeviceAuthorizationResponse<Sentence>;

/// The service's own sentence for the person, in whatever shape it comes.
#[derive(Debug, Serialize, Deserialize)]
struct Sentence {
    #[serde(default)]
    message: Value,
}

impl ExtraDeviceAuthorizationFields for Sentence {}

pub(super) async fn sign_in(
    sign_in: &SignIn,
    events: &UnboundedSender<SignInEvent>,
) -> Result<Session, Trouble> {
    let http = &sign_in.http;
    let entra = client(http.cloud(), &sign_in.tenant, http.client_id(), Version::V2);
    let via = Via::new(http, SignInUsed::Nobody);
    let mut request = entra.exchange_device_code().add_scopes(first_scopes(http.cloud(), sign_in.audience()));
    if let Some(demand) = &sign_in.demand {
        request = request.add_extra_param("claims", demand.claims.clone());
    }
    let code: DeviceCode = request.request_async(&via).await.map_err(|error| via.trouble(error))?;
    announce(
        events,
        SignInEvent::DeviceCode {
            user_code: clean_line(code.user_code().secret(), 40),
            verification_uri: page(code.verification_uri().as_str())?,
            expires_at: http.now().checked_add(code.expires_in()).unwrap_or_else(|_| http.now()),
            message: clean_line(code.extra_fields().message.as_str().unwrap_or_default(), 300),
        },
    );

    let via = Via::polling(http);
    let shortest = http.limits().shortest_poll;
    let clock = http.clone();
    let mut request = entra.exchange_device_access_token(&code);
    if let Some(demand) = &sign_in.demand {
        request = request.add_extra_param("claims", demand.claims.clone());
    }
    let answer: TokenAnswer = request
        .set_time_fn(move || std::time::SystemTime::from(clock.now()).into())
        .request_async(&via, |wait| tokio::time::sleep(wait.max(shortest)), None)
        .await
        .map_err(|error| {
            let kind = match &error {
                RequestTokenError::ServerResponse(response) => Some(response.error().clone()),
                _ => None,
            };
            explain(via.trouble(error), kind.as_ref())
        })?;
    announce(events, SignInEvent::Returned);
    Ok(Session::new(http, &sign_in.tenant, answer.into(), sign_in.demand.as_deref().cloned()))
}

/// The page's address, if it is one that a person may be sent to.
fn page(address: &str) -> Result<Url, Trouble> {
    Url::parse(address)
        .ok()
        .filter(|url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
        .ok_or_else(|| {
            Trouble::new(Class::UnexpectedAnswer, say("sign_in.odd_page"), say("sign_in.with_browser"))
        })
}

/// Says what the end of a poll means. Decided by `error`, as the service asks (microsoft-cloud 3), except for
/// Conditional Access, which has no `error` of its own.
fn explain(trouble: Trouble, kind: Option<&DeviceCodeErrorResponseType>) -> Trouble {
    let blocked = matches!(trouble.code.as_deref(), Some("AADSTS53003" | "AADSTS530003"));
    let (what, means, next) = match kind.map(AsRef::<str>::as_ref) {
        _ if blocked => {
            (say("sign_in.code_blocked"), say("sign_in.code_blocked_means"), say("sign_in.code_blocked_next"))
        }
        Some("expired_token" | "code_expired" | "bad_verification_code") => {
            (say("sign_in.code_ended"), "", say("sign_in.code_ended_next"))
        }
        Some("authorization_declined" | "access_denied") => {
            (say("sign_in.declined"), "", say("sign_in.declined_next"))
        }
        Some("invalid_client") => {
            (say("sign_in.client"), say("sign_in.client_means"), say("sign_in.client_next"))
        }
        _ => return trouble,
    };
    Trouble {
        class: Class::SignInRefused,
        what: what.into(),
        means: means.into(),
        next: next.into(),
        ..trouble
    }
}
