//! Stage 5: a new client secret beside those that are there, and the removal of one whose value is lost.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Plan, View};
use crate::engine::change::{Change, ChangeKind, Method, Right, Service};
use crate::engine::forecast::days;
use crate::engine::lost::is_ours;
use crate::engine::markers;
use crate::engine::words::{say, say_with};

/// One more client secret beside those that are there. Old ones stay until a person removes them.
pub(super) fn add(v: &View) -> Plan {
    let Some(client) = v.facts.client_app.value() else {
        return Plan::blocked(say("blocked.no_client"));
    };
    let name = secret_name(v.input.now);
    if client.secrets.iter().any(|s| s.display_name == name) {
        return Plan::default();
    }
    let policy = v.facts.rights.secret_policy.value();
    let wanted = SignedDuration::from_hours(24 * v.input.secret_days);
    let limit = policy.and_then(|policy| policy.limit(client.created));
    let length = limit.map_or(wanted, |limit| limit.min(wanted));
    let end = end(v.input.now, length);
    let body = json!({ "passwordCredential": { "displayName": name, "endDateTime": end } });
    let day = end.split('T').next().unwrap_or_default();
    let path = format!("/applications/{}/addPassword", client.object_id);
    let mut consequences = vec![say("consequence.value_held").to_owned()];
    // An exception for this one app is not to be seen from here: it can only be tried.
    if policy.is_some_and(|policy| policy.forbids(client.created)) {
        consequences.push(say("consequence.secrets_forbidden").to_owned());
    }
    match limit {
        Some(limit) if limit < wanted => {
            consequences.push(say_with("consequence.policy_limit", &[("length", &days(limit))]));
        }
        _ if v.input.secret_shortened => {
            consequences.push(say("consequence.shortened").into());
        }
        _ => {}
    }
    if !client.secrets.is_empty() {
        consequences.push(say("consequence.others_stay").into());
    }
    if v.input.value_not_copied {
        consequences.push(say("consequence.held_is_forgotten").into());
    }
    Plan {
        changes: vec![Change {
            kind: ChangeKind::AddSecret,
            service: Service::Graph,
            method: Method::Post,
            path,
            prefer: None,
            before: Value::Null,
            az: format!(
                "az ad app credential reset --id {} --append --display-name \"{name}\" --end-date {end}",
                client.app_id,
            ),
            body,
            title: say_with("change.add_secret.title", &[("day", day)]),
            consequences: vec![],
            right: Right::OwnApp,
            undo: say("change.add_secret.undo").into(),
            inverse: vec![],
            undo_az: vec![],
        }],
        consequences,
        ..Plan::default()
    }
}

/// The end of a secret of this length: the beginning of its last day, which is within every limit that the length
/// is within. A short one ends at its very moment, a little before the limit, since it begins a little after now.
fn end(now: Timestamp, length: SignedDuration) -> String {
    let short = length < SignedDuration::from_hours(48);
    let length = if short { length - SignedDuration::from_mins(10) } else { length };
    let end = now.checked_add(length).unwrap_or(Timestamp::MAX);
    end.strftime(if short { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT00:00:00Z" }).to_string()
}

/// The name of a secret made now: our marker and the time.
fn secret_name(now: Timestamp) -> String {
    format!("{} {}", markers::SECRET_PREFIX, now.strftime("%Y-%m-%d %H:%M:%S"))
}

/// Removes one secret that we made and whose value nobody has. Which one that is, is the caller's to know
/// ([`lost_secrets`](crate::engine::lost::lost_secrets)); what is not ours, or was handed over, is refused here as well.
pub(super) fn remove(v: &View, key_id: &str) -> Plan {
    let Some(client) = v.facts.client_app.value() else {
        return Plan::blocked(say("blocked.client_unseen"));
    };
    let Some(secret) = client.secrets.iter().find(|s| s.key_id.eq_ignore_ascii_case(key_id)) else {
        return Plan::default();
    };
    if !is_ours(secret) || v.choices.handed_over(key_id) {
        return Plan::blocked(say("blocked.secret_in_use"));
    }
    let body = json!({ "keyId": secret.key_id });
    let mut before = json!({
        "keyId": secret.key_id,
        "displayName": secret.display_name,
        "hint": secret.hint,
    });
    if let Some(end) = secret.end {
        before["endDateTime"] = json!(end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    Plan {
        changes: vec![Change {
            kind: ChangeKind::RemoveSecret,
            service: Service::Graph,
            method: Method::Post,
            path: format!("/applications/{}/removePassword", client.object_id),
            prefer: None,
            before,
            az: format!("az ad app credential delete --id {} --key-id {}", client.app_id, secret.key_id),
            body,
            title: say_with("change.remove_secret.title", &[("name", &secret.display_name)]),
            consequences: vec![say("change.remove_secret.consequence").into()],
            right: Right::OwnApp,
            undo: say("change.remove_secret.undo").into(),
            inverse: vec![],
            undo_az: vec![],
        }],
        consequences: vec![
            say("consequence.lost").into(),
            say("change.remove_secret.consequence").into(),
            say("consequence.rest_stays").into(),
        ],
        ..Plan::default()
    }
}
