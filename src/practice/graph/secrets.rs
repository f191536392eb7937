//! `addPassword` and `removePassword`, with the tenant's policy for secrets (microsoft-cloud 4.5, 4.10).

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::answer::{Answer, Refusal, entity};
use super::applications::body;
use super::target::Ask;
use crate::practice::wire::Reply;
use crate::practice::world::{Kind, View, World};

/// `POST .../addPassword` on an application that the caller may change.
pub fn add(world: &mut World, ask: &Ask<'_>, object_id: &str) -> Answer {
    let wanted =
        if ask.request.body.is_empty() { Value::Null } else { body(ask)?["passwordCredential"].clone() };
    let now = world.now();
    let starts = moment(&wanted["startDateTime"])?.unwrap_or(now);
    let ends = moment(&wanted["endDateTime"])?.map_or_else(|| years_after(starts, 2), Ok)?;
    let (mut metadata, value) =
        new_secret(world, &ask.tenant, object_id, wanted["displayName"].as_str(), starts, ends)?;
    // The one and only time that the value is shown.
    metadata["secretText"] = value.expose_secret().into();
    Ok(entity(200, ask.request, "microsoft.graph.passwordCredential", metadata))
}

/// Adds a secret under the tenant's policy, or the application's own; gives its metadata and value.
pub fn new_secret(
    world: &mut World,
    tenant: &str,
    object_id: &str,
    name: Option<&str>,
    starts: Timestamp,
    ends: Timestamp,
) -> Result<(Value, SecretString), Refusal> {
    if ends <= starts {
        return Err(Refusal::bad("The end date of a credential has to be after its start date."));
    }
    let status = world.switches.secret_policy_status;
    let (application, _) = world
        .object(Kind::Application, tenant, object_id, View::Now)
        .ok_or_else(|| Refusal::not_found(object_id))?;
    let rules = world.secret_rules(application);
    if rules.forbidden {
        return Err(Refusal::new(
            status,
            "CredentialTypeNotAllowedAsPerAppPolicy",
            "Credential type not allowed as per assigned policy.",
        ));
    }
    if rules.longest.is_some_and(|longest| ends.duration_since(starts) > longest) {
        return Err(Refusal::new(
            status,
            "CredentialInvalidLifetimeAsPerAppPolicy",
            "Credential lifetime exceeds the max value allowed as per assigned policy.",
        ));
    }
    world.add_secret(tenant, object_id, name, starts, ends).ok_or_else(|| Refusal::not_found(object_id))
}

/// `POST .../removePassword` on an application that the caller may change.
pub fn remove(world: &mut World, ask: &Ask<'_>, object_id: &str) -> Answer {
    let body = body(ask)?;
    let key_id = body["keyId"].as_str().unwrap_or_default().to_owned();
    let now = world.now();
    let object = world
        .object_mut(Kind::Application, &ask.tenant, object_id)
        .ok_or_else(|| Refusal::not_found(object_id))?;
    if !key_ids(&object.doc).iter().any(|known| known.eq_ignore_ascii_case(&key_id)) {
        return Err(Refusal::bad("No password credential found with keyId."));
    }
    let mut doc = object.doc.clone();
    if let Some(list) = doc.get_mut("passwordCredentials").and_then(Value::as_array_mut) {
        list.retain(|secret| !secret["keyId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&key_id)));
    }
    object.secrets.retain(|secret| !secret.key_id.eq_ignore_ascii_case(&key_id));
    object.replace(doc, now);
    Ok(Reply::empty(204))
}

/// Key ids of the secrets that a document lists.
pub fn key_ids(doc: &Value) -> Vec<String> {
    let list = doc["passwordCredentials"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|secret| secret["keyId"].as_str()).map(str::to_owned).collect()
}

/// The same day and time some years later, as the portal and Graph count.
pub fn years_after(start: Timestamp, years: i64) -> Result<Timestamp, Refusal> {
    let later = start.to_zoned(TimeZone::UTC).checked_add(years.years());
    later.map(|zoned| zoned.timestamp()).map_err(|_| Refusal::bad("The date is out of range."))
}

fn moment(value: &Value) -> Result<Option<Timestamp>, Refusal> {
    match value {
        Value::Null => Ok(None),
        value => value.as_str().and_then(|text| text.parse().ok()).map(Some).ok_or_else(|| {
            Refusal::new(400, "BadRequest", "Cannot convert a value to target type 'Edm.DateTimeOffset'.")
        }),
    }
}
