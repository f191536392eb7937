//! Stage 6's rows: the connector page's fields in the page's own order, each with the value to put in.

use crate::engine::facts::{Facts, Site};
use crate::engine::resource_url::{self, Api, Candidate, TokenVersion};

use super::effect::CopyItem;
use super::event::CopyOutcome;
use super::state::State;

/// Which field of the connector page (power-platform 1.3, 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowId {
    /// General: Scheme.
    Scheme,
    /// General: Host.
    Host,
    /// Security: Authentication type.
    Authentication,
    /// Security: Identity Provider.
    Provider,
    /// Security: Client ID.
    ClientId,
    /// Security: Client secret.
    ClientSecret,
    /// Security: Authorization URL.
    AuthorizationUrl,
    /// Security: Tenant ID.
    TenantId,
    /// Security: Resource URL.
    ResourceUrl,
    /// Security: Enable on-behalf-of login.
    OnBehalfOf,
    /// Security: Scope.
    Scope,
    /// Then: Create connector, and copy the redirect URL.
    Create,
}

impl RowId {
    /// All rows in the page's order.
    pub const ALL: [Self; 12] = [
        Self::Scheme,
        Self::Host,
        Self::Authentication,
        Self::Provider,
        Self::ClientId,
        Self::ClientSecret,
        Self::AuthorizationUrl,
        Self::TenantId,
        Self::ResourceUrl,
        Self::OnBehalfOf,
        Self::Scope,
        Self::Create,
    ];

    /// What this row's value is called when it is copied; `None` for a row that is chosen from a list on the page.
    pub const fn item(self) -> Option<CopyItem> {
        match self {
            Self::Host => Some(CopyItem::Host),
            Self::ClientId => Some(CopyItem::ClientId),
            Self::ClientSecret => Some(CopyItem::ClientSecret),
            Self::AuthorizationUrl => Some(CopyItem::AuthorizationUrl),
            Self::TenantId => Some(CopyItem::TenantId),
            Self::ResourceUrl => Some(CopyItem::ResourceUrl),
            _ => None,
        }
    }

    /// The section of the page it stands in.
    pub const fn section(self) -> &'static str {
        match self {
            Self::Scheme | Self::Host => "General",
            Self::Create => "Then",
            _ => "Security",
        }
    }

    /// The field's label on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Scheme => "Scheme",
            Self::Host => "Host",
            Self::Authentication => "Authentication type",
            Self::Provider => "Identity Provider",
            Self::ClientId => "Client ID",
            Self::ClientSecret => "Client secret",
            Self::AuthorizationUrl => "Authorization URL",
            Self::TenantId => "Tenant ID",
            Self::ResourceUrl => "Resource URL",
            Self::OnBehalfOf => "Enable on-behalf-of login",
            Self::Scope => "Scope",
            Self::Create => "Create connector",
        }
    }
}

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowValue {
    /// An open value, whole.
    Text(String),
    /// The secret is held: it can be copied, and is never shown.
    Hidden,
    /// Not known yet, or not held.
    Missing,
}

/// One row of the hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which field.
    pub id: RowId,
    /// What to put in.
    pub value: RowValue,
    /// Whether it can be copied now.
    pub copyable: bool,
    /// The digit that copies it, for every field that has one, whether or not it can be copied now.
    pub digit: Option<char>,
    /// What to watch out for, a few words; empty where there is nothing.
    pub hint: &'static str,
    /// What became of copying it, once that was done.
    pub outcome: Option<CopyOutcome>,
}

/// The rows as they are now.
pub fn rows(state: &State) -> Vec<Row> {
    let mut digits = '1'..='9';
    RowId::ALL
        .into_iter()
        .map(|id| {
            let value = value(state, id);
            let digit = id.item().and_then(|_| digits.next());
            let copyable = id.item().is_some() && value != RowValue::Missing;
            let outcome = id.item().and_then(|item| state.copied.get(&item).cloned());
            Row { id, hint: hint(id, &value), value, copyable, digit, outcome }
        })
        .collect()
}

fn value(state: &State, id: RowId) -> RowValue {
    let text = |known: Option<&str>| match known {
        Some(text) if !text.is_empty() => RowValue::Text(text.to_owned()),
        _ => RowValue::Missing,
    };
    match id {
        RowId::Scheme => text(Some("HTTPS")),
        RowId::Host => text(state.facts.site.value().map(|s| s.host.as_str())),
        RowId::Authentication => text(Some("OAuth 2.0")),
        RowId::Provider => text(Some("Azure Active Directory")),
        RowId::ClientId => text(state.facts.client_app.value().map(|a| a.app_id.as_str())),
        RowId::ClientSecret if state.held.secret.is_some() => RowValue::Hidden,
        RowId::ClientSecret => RowValue::Missing,
        RowId::AuthorizationUrl => text(Some(&state.setup.cloud.authorization_url())),
        RowId::TenantId => text(state.facts.tenant.value().map(|t| t.id.as_str())),
        RowId::ResourceUrl => text(resource_url(state).as_deref()),
        RowId::OnBehalfOf => text(Some("false")),
        RowId::Scope => RowValue::Text(String::new()),
        RowId::Create => text(Some("scroll down, copy the Redirect URL")),
    }
}

fn hint(id: RowId, value: &RowValue) -> &'static str {
    match id {
        RowId::Scheme => "choose it; an import may say HTTP",
        RowId::Provider => "not Generic",
        RowId::ClientSecret if *value == RowValue::Missing => "not held here: see the secret stage",
        RowId::ClientSecret => "ready, hidden",
        RowId::AuthorizationUrl => "usually there already",
        RowId::TenantId => "instead of \"common\"",
        RowId::OnBehalfOf => "leave it",
        RowId::Scope => "leave it empty",
        RowId::Host | RowId::Authentication | RowId::ClientId | RowId::ResourceUrl | RowId::Create => "",
    }
}

/// The Resource URL that is handed over: the chosen one, else the recommended one.
pub fn resource_url(state: &State) -> Option<String> {
    if let Some(chosen) = &state.choices.resource_url {
        return Some(chosen.clone());
    }
    candidates(state).into_iter().find(|c| c.recommended).map(|c| c.value)
}

/// Every candidate for the Resource URL, and where each would lead; none before the API's registration is known.
pub fn candidates(state: &State) -> Vec<Candidate> {
    let facts: &Facts = &state.facts;
    let (Ok(api), Ok(Site { host, .. })) = (facts.api_app.get(), facts.site.get()) else { return Vec::new() };
    let client = facts.client_app.value();
    resource_url::candidates(
        &Api {
            app_id: &api.app_id,
            identifier_uris: &api.identifier_uris,
            token_version: TokenVersion::from_registration(api.token_version),
            allowed_audiences: facts.auth.value().map(|a| a.allowed_audiences.as_slice()),
            host,
            client_id: client.map(|c| c.app_id.as_str()),
            client_identifier_uris: client.map_or(&[], |c| c.identifier_uris.as_slice()),
        },
        state.choices.resource_url.as_deref(),
    )
}
