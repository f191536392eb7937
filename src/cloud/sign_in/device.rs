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
    let clock = http.clone();
    let mut request = entra.exchange_device_access_token(&code);
    if let Some(demand) = &sign_in.demand {
        request = request.add_extra_param("claims", demand.claims.clone());
    }
    let answer: TokenAnswer = request
        .set_time_fn(move || std::time::SystemTime::from(clock.now()).into())
        .request_async(&via, |interval| via.wait_to_poll(interval), None)
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
            Trouble::new(
                Class::UnexpectedAnswer,
                "The sign-in service named a page that is not a secure web address.",
                "Sign in with the browser instead.",
            )
        })
}

/// Says what the end of a poll means. Decided by `error`, as the service asks (microsoft-cloud 3), except for
/// Conditional Access, which has no `error` of its own.
fn explain(trouble: Trouble, kind: Option<&DeviceCodeErrorResponseType>) -> Trouble {
    let blocked = matches!(trouble.code.as_deref(), Some("AADSTS53003" | "AADSTS530003"));
    let (what, means, next) = match kind.map(AsRef::<str>::as_ref) {
        _ if blocked => (
            "Your organisation does not allow signing in with a code here.",
            "A Conditional Access policy refused it. That is common for device codes and no fault of yours.",
            "Sign in with the browser on this computer instead, or ask your administrator.",
        ),
        Some("expired_token" | "code_expired" | "bad_verification_code") => {
            ("The code has run out before anybody used it.", "", "Start the sign-in again to get a new code.")
        }
        Some("authorization_declined" | "access_denied") => {
            ("The sign-in was declined on the page.", "", "Start the sign-in again if that was not meant.")
        }
        Some("invalid_client") => (
            "This client may not sign people in with a code.",
            "Its registration does not allow public client flows.",
            "Sign in with the browser instead, or choose another client.",
        ),
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
