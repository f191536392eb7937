//! Borrowing a sign-in: joins this machine's Azure CLI to a session of the cloud.

use std::sync::{Arc, OnceLock};

use crate::cloud::http::Http;
use crate::cloud::sign_in::{Lender, Lent, Session};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;
use crate::platform::az::{Az, AzError};

/// A session whose tokens a signed-in `az` lends, in this tenant (id or domain) or in the one that it is set to.
///
/// # Errors
/// When `az` is not signed in, is refused, or does not answer.
pub async fn borrow(az: &Az, http: &Http, tenant: Option<&str>) -> Result<Session, Trouble> {
    let (az, cloud) = (az.clone(), http.cloud().clone());
    let chosen = tenant.map(str::trim).filter(|tenant| !tenant.is_empty()).map(str::to_owned);
    // Somebody may set az to another tenant while we work; all our tokens are for the first one's.
    let first = Arc::new(OnceLock::new());
    let lend: Lender = Arc::new(move |audience| {
        let resource = cloud.audience(audience).map(str::to_owned);
        let (az, chosen, first) = (az.clone(), chosen.clone(), first.clone());
        Box::pin(async move {
            let resource = resource.ok_or_else(no_service)?;
            let tenant = chosen.as_deref().or_else(|| first.get().map(String::as_str));
            let mut got = az.token(&resource, tenant).await;
            // In Azure Cloud Shell, and where a machine's own identity is signed in, az refuses to be told a tenant.
            if chosen.is_none() && tenant.is_some() && matches!(got, Err(AzError::Failed)) {
                got = az.token(&resource, None).await;
            }
            let got = got.map_err(|error| trouble(&error))?;
            if !got.tenant.is_empty() {
                let _kept_before = first.set(got.tenant.clone());
            }
            Ok(Lent { token: got.token, lifetime: got.lifetime, tenant: got.tenant })
        })
    });
    Session::borrowed(http, lend).await
}

fn no_service() -> Trouble {
    Trouble::new(Class::Local, say("sign_in.az_lacks_service"), say("sign_in.another_way"))
}

fn trouble(error: &AzError) -> Trouble {
    let class = match error {
        AzError::NotSignedIn(_) | AzError::MfaNeeded(_) | AzError::Refused(_) => Class::SignInRefused,
        AzError::TimedOut(_) => Class::TimeOut,
        AzError::OddAnswer => Class::UnexpectedAnswer,
        AzError::NotInstalled | AzError::NotStarted(_) | AzError::OddName | AzError::Failed => Class::Local,
    };
    let code = error.code().map(str::to_owned);
    let original = code.clone().unwrap_or_default();
    Trouble { code, ..Trouble::new(class, error.to_string(), error.next()).original(original) }
}
