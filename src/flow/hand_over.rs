//! Stage 6's rows: the connector page's fields in the page's own order, each with the value to put in.

use crate::engine::ids::StageId;
use crate::engine::resource_url::{self, Api, Candidate, TokenVersion};
use crate::engine::values::{SecretState, values};
use crate::engine::words::{ConnectorField, HandOver, words};

use super::effect::CopyItem;
use super::event::CopyOutcome;
use super::state::State;

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowValue {
    /// The same for everybody: chosen from a list on the page, or left as it is.
    Choose(&'static str),
    /// An open value of this person's, whole.
    Text(String),
    /// The secret is held: it can be copied, and is never shown.
    Hidden,
    /// Not known yet, or not held.
    Missing,
}

/// One row of the hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The page it stands on, or `Then` for what comes after.
    pub page: &'static str,
    /// Its label.
    pub label: &'static str,
    /// An older label that some pages still show.
    pub older: Option<&'static str>,
    /// What to know about it.
    pub note: &'static str,
    /// What to put in.
    pub value: RowValue,
    /// What its value is called when it is copied; `None` for a row that is the same for everybody.
    pub item: Option<CopyItem>,
    /// Whether it can be copied now.
    pub copyable: bool,
    /// The digit that copies it, for every row that has an `item`, whether or not it can be copied now, so that no digit
    /// comes to mean another row.
    pub digit: Option<char>,
    /// What became of copying it, once that was done.
    pub outcome: Option<CopyOutcome>,
}

/// The rows as they are now.
pub fn rows(state: &State) -> Vec<Row> {
    let fields = words().stage(StageId::Connect).map_or(&[][..], |stage| stage.fields.as_slice());
    let mut digits = '1'..='9';
    fields
        .iter()
        .map(|field| {
            let value = value(state, field);
            // What is still to come back from the page is nothing to copy.
            let item = field.value.map(item).filter(|_| !matches!(value, RowValue::Choose(_)));
            Row {
                page: &field.page,
                label: &field.label,
                older: field.older.as_deref(),
                note: &field.note,
                copyable: item.is_some() && value != RowValue::Missing,
                value,
                digit: item.and_then(|_| digits.next()),
                outcome: item.and_then(|item| state.copied.get(&item).cloned()),
                item,
            }
        })
        .collect()
}

const fn item(value: HandOver) -> CopyItem {
    match value {
        HandOver::Host => CopyItem::Host,
        HandOver::ClientId => CopyItem::ClientId,
        HandOver::ClientSecret => CopyItem::ClientSecret,
        HandOver::AuthorizationUrl => CopyItem::AuthorizationUrl,
        HandOver::TenantId => CopyItem::TenantId,
        HandOver::ResourceUrl => CopyItem::ResourceUrl,
        HandOver::RedirectUrl => CopyItem::RedirectUrl,
    }
}

fn value(state: &State, field: &'static ConnectorField) -> RowValue {
    let Some(value) = field.value else {
        return RowValue::Choose(field.choose.as_deref().unwrap_or_default());
    };
    if value == HandOver::ClientSecret {
        return if holds_secret(state) { RowValue::Hidden } else { RowValue::Missing };
    }
    match (open_value(state, item(value)), field.choose.as_deref()) {
        (Some(text), _) => RowValue::Text(text),
        (None, Some(todo)) => RowValue::Choose(todo),
        (None, None) => RowValue::Missing,
    }
}

/// Whether the value of this connector's secret is held; one of another app does not count.
pub fn holds_secret(state: &State) -> bool {
    values(&state.facts, &state.choices, &state.held).secret == Some(SecretState::Held)
}

/// An open value by name, as it is known now. The secret is none.
pub fn open_value(state: &State, item: CopyItem) -> Option<String> {
    let values = values(&state.facts, &state.choices, &state.held);
    match item {
        CopyItem::Host => values.host,
        CopyItem::ClientId => values.client_id,
        CopyItem::AuthorizationUrl => Some(state.setup.cloud.authorization_url()),
        CopyItem::TenantId => values.tenant_id,
        CopyItem::ResourceUrl => values.resource_url,
        CopyItem::RedirectUrl => state.choices.redirect_url.clone(),
        _ => None,
    }
}

/// The Resource URL in force: the chosen one, else the recommended one.
pub fn resource_url(state: &State) -> Option<String> {
    open_value(state, CopyItem::ResourceUrl)
}

/// Every candidate for the Resource URL, and where each would lead; none before the API's registration is known.
pub fn candidates(state: &State) -> Vec<Candidate> {
    let facts = &state.facts;
    let (Some(api), Some(site)) = (facts.api_app.value(), facts.site.value()) else { return Vec::new() };
    let client = facts.client_app.value();
    resource_url::candidates(
        &Api {
            app_id: &api.app_id,
            identifier_uris: &api.identifier_uris,
            token_version: TokenVersion::from_registration(api.token_version),
            allowed_audiences: facts.auth.value().map(|auth| auth.allowed_audiences.as_slice()),
            host: &site.host,
            client_id: client.map(|app| app.app_id.as_str()),
            client_identifier_uris: client.map_or(&[], |app| app.identifier_uris.as_slice()),
        },
        state.choices.resource_url.as_deref(),
    )
}
