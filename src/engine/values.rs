//! The values that go into the connector page, from what was observed.

use super::checks::resource_url;
use super::choices::Choices;
use super::client_id;
use super::facts::Facts;
use super::held::Held;

/// Whether a client secret is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretState {
    /// Its value is held in this run.
    Held,
    /// One exists, but its value is not here.
    Exists,
    /// There is none.
    Absent,
}

/// What is handed over, as far as it is known. Never a secret's value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Host name for the connector's General page.
    pub host: Option<String>,
    /// Client id of the connector: its registration's, or the one that the person gave where that cannot be seen.
    pub client_id: Option<String>,
    /// Tenant id.
    pub tenant_id: Option<String>,
    /// Resource URL.
    pub resource_url: Option<String>,
    /// Redirect URL: the one that came back, else the one that is registered.
    pub redirect_url: Option<String>,
    /// The secret's state; `None` when the registration could not be read.
    pub secret: Option<SecretState>,
}

/// Computes them.
pub fn values(facts: &Facts, choices: &Choices, held: &Held) -> Values {
    let client = facts.client_app.value();
    let client_id = client_id::of_connector(facts, choices);
    let holds = held
        .secret
        .as_ref()
        .is_some_and(|h| client_id.is_none_or(|id| id.eq_ignore_ascii_case(&h.client_app_id)));
    let secret = match client {
        _ if holds => Some(SecretState::Held),
        Some(app) if app.secrets.is_empty() => Some(SecretState::Absent),
        Some(_) => Some(SecretState::Exists),
        None => facts.client_app.is_absent().then_some(SecretState::Absent),
    };
    Values {
        host: facts.site.value().map(|s| s.host.clone()).or_else(|| choices.app.as_ref()?.host()),
        client_id: client_id.map(str::to_owned),
        tenant_id: facts.tenant.value().map(|t| t.id.clone()),
        resource_url: resource_url(facts, choices),
        redirect_url: choices.redirect_url.clone().or_else(|| {
            client.and_then(|c| {
                c.web_redirects
                    .iter()
                    .find(|u| u.starts_with("https://") && u.contains("/redirect/"))
                    .cloned()
            })
        }),
        secret,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures::*;
    use crate::engine::held::HeldSecret;

    #[test]
    fn a_finished_set_up_gives_every_value_and_says_where_the_secret_is() {
        let known = values(&finished(), &choices(), &Held::default());
        assert_eq!(known.host.as_deref(), Some(HOST));
        assert_eq!(known.client_id.as_deref(), Some(CLIENT));
        assert_eq!(known.tenant_id.as_deref(), Some(TENANT));
        assert_eq!(known.resource_url.as_deref(), Some(API));
        assert_eq!(known.redirect_url.as_deref(), Some(REDIRECT));
        assert_eq!(known.secret, Some(SecretState::Exists));
        let held = Held {
            secret: Some(HeldSecret {
                client_app_id: CLIENT.into(),
                key_id: None,
                ends: None,
                made: None,
                made_here: true,
            }),
        };
        assert_eq!(values(&finished(), &choices(), &held).secret, Some(SecretState::Held));
    }

    /// Without a sign-in: what the person gave, and what anybody is told.
    #[test]
    fn a_connector_that_cannot_be_seen_gives_what_is_known_and_nothing_else() {
        let (client, public) = (Some(CLIENT.to_owned()), finished());
        let public = Facts { tenant: public.tenant, probes: public.probes, ..Facts::default() };
        let said = Choices { client_app_id: client.clone(), ..choices() };
        let known = values(&public, &said, &Held::default());
        assert_eq!((known.client_id, known.secret), (client, None));
        assert_eq!(known.tenant_id.as_deref(), Some(TENANT));
        assert_eq!(known.resource_url.as_deref(), Some(API), "Easy Auth names it");
        assert_eq!(values(&public, &choices(), &Held::default()).client_id, None);
        let absent = Facts { client_app: gone(), api_app: gone(), ..public };
        let known = values(&absent, &said, &Held::default());
        assert_eq!((known.client_id, known.resource_url), (None, None), "known not to be there");
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        assert_eq!(values(&Facts::default(), &Choices::default(), &Held::default()), Values::default());
        let fresh = values(&fresh(), &choices(), &Held::default());
        assert_eq!((fresh.client_id, fresh.resource_url), (None, None));
        assert_eq!(fresh.secret, Some(SecretState::Absent));
    }
}
