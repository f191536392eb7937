//! Stage 3: the connector's own registration.

use super::{Judged, Outcome, View, absent, fail, pass, same, say, say_with, unknown, waiting, warn};
use crate::engine::client_id;
use crate::engine::facts::Gap;

pub(super) fn client_app(v: &View) -> Judged {
    if let Some(said) = unseen(v) {
        return Ok(said);
    }
    let app = absent(v.facts.client_app.get(), || {
        let found = v.facts.client_candidates.value().map_or(0, Vec::len);
        match found {
            0 => fail(say("client.app.missing")),
            1 => fail(say("client.app.one")).note(say("client.app.one_note")),
            n => fail(say_with("client.app.several", &[("number", &n.to_string())]))
                .note(say("client.app.several_note")),
        }
    })?;
    Ok(pass(say_with("registration.is", &[("name", &app.display_name), ("id", &app.app_id)])))
}

/// What is said of a registration that cannot be seen, and whose client ID the person gave.
fn unseen(v: &View) -> Option<Outcome> {
    let said = client_id::of_connector(v.facts, v.choices)?;
    let outcome = match v.facts.client_app.get() {
        Err(Gap::NotLooked) => unknown(say_with("client.app.said", &[("id", said)])),
        Err(Gap::CouldNot(trouble)) => {
            unknown(say_with("client.app.said_unseen", &[("id", said), ("why", &trouble.what)]))
                .note(trouble.next.clone())
        }
        _ => return None,
    };
    Some(outcome)
}

pub(super) fn client_principal(v: &View) -> Judged {
    v.client()?;
    let sp = absent(v.facts.client_principal.get(), || {
        fail(say("principal.missing")).note(say("client.principal.missing_note"))
    })?;
    if sp.enabled { Ok(pass(say("principal.enabled"))) } else { Ok(fail(say("principal.disabled"))) }
}

pub(super) fn separate(v: &View) -> Judged {
    // The client IDs tell, even where a registration itself cannot be seen.
    let ids = client_id::of_connector(v.facts, v.choices).zip(client_id::of_api(v.facts, v.choices));
    if ids.is_some_and(|(client, api)| same(client, api)) {
        return Ok(fail(say("client.separate.shared")).note(say("client.separate.shared_note")));
    }
    v.client()?;
    v.api()?;
    Ok(pass(say("client.separate.own")))
}

pub(super) fn audience(v: &View) -> Judged {
    let client = v.client()?;
    Ok(match client.sign_in_audience.as_str() {
        "AzureADMyOrg" => pass(say("client.audience.this")),
        "AzureADMultipleOrgs" => warn(say("client.audience.every")),
        "PersonalMicrosoftAccount" => fail(say("client.audience.personal")),
        "AzureADandPersonalMicrosoftAccount" => warn(say("client.audience.every_and_personal")),
        other => warn(say_with("client.audience.other", &[("kind", other)])),
    })
}

pub(super) fn allowed(v: &View) -> Judged {
    let client = v.client()?;
    let auth = match v.facts.auth.get() {
        Ok(auth) if auth.enabled && auth.client_id.is_some() => auth,
        Ok(_) | Err(Gap::Absent) => return Ok(waiting(say("waits.easy_auth"))),
        Err(gap) => return Err(gap.into()),
    };
    let api_id = auth.client_id.as_deref().unwrap_or_default();
    let lists = |list: &[String], id: &str| list.iter().any(|a| same(a, id));
    let older = &auth.older_allowed_applications;
    if !older.is_empty() && !lists(older, &client.app_id) {
        return Ok(fail(say("client.allowed.older_list")).note(say("client.allowed.older_list_note")));
    }
    match auth.allowed_applications.as_deref() {
        None | Some([]) => Ok(warn(say("client.allowed.empty")).note(say("client.allowed.empty_note"))),
        Some(list) if !lists(list, &client.app_id) => {
            Ok(fail(say("client.allowed.left_out")).note(say("client.allowed.left_out_note")))
        }
        Some(list) if !lists(list, api_id) || (!older.is_empty() && !lists(older, api_id)) => {
            Ok(warn(say("client.allowed.api_left_out")).note(say("client.allowed.api_left_out_note")))
        }
        Some(_) => Ok(pass(say("client.allowed.both"))),
    }
}
