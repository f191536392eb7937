//! Stage 5: the connector's client secret.

use jiff::{SignedDuration, Timestamp};

use super::{Judged, Outcome, View, fail, not_tried, pass, same, say, say_with, waiting, warn};
use crate::engine::client_id;
use crate::engine::facts::{Application, Gap, SecretInfo, SecretVerdict};
use crate::engine::lost::lost_secrets;

/// How long before its end a secret is worth a warning.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The refusal of a client ID that is none in the tenant (microsoft-cloud 2.8).
const UNKNOWN_CLIENT: &str = "700016";

pub(super) fn exists(v: &View) -> Judged {
    let client = v.client()?;
    let found = match client.secrets.as_slice() {
        [] => fail(say("secret.exists.missing")),
        [one] => pass(say_with("secret.exists.one", &[("secret", &describe(one))])),
        several => pass(say_with(
            "secret.exists.several",
            &[("number", &several.len().to_string()), ("secret", &describe(newest(several)))],
        )),
    };
    let lost = lost_secrets(client, v.choices, v.held, v.now);
    let names: Vec<String> = lost
        .iter()
        .map(|secret| say_with("secret.exists.quoted", &[("name", &secret.display_name)]))
        .collect();
    if names.is_empty() {
        return Ok(found);
    }
    Ok(found.note(say_with("secret.exists.lost_note", &[("names", &names.join(", "))])))
}

fn newest(secrets: &[SecretInfo]) -> &SecretInfo {
    let mut best = &secrets[0];
    for secret in secrets {
        if secret.end > best.end {
            best = secret;
        }
    }
    best
}

/// A secret as a person may know it: its name and first characters, never more.
fn describe(secret: &SecretInfo) -> String {
    let name =
        if secret.display_name.is_empty() { say("secret.exists.unnamed") } else { &secret.display_name };
    say_with("secret.exists.secret", &[("name", name), ("hint", &secret.hint)])
}

/// The secret that counts: the held one where we know which it is, else the one that lasts longest.
fn chosen<'a>(v: &View<'a>, client: &'a Application) -> Result<&'a SecretInfo, Outcome> {
    let held = v.held.secret.as_ref().and_then(|h| h.key_id.as_deref());
    client
        .secrets
        .iter()
        .find(|s| held.is_some_and(|id| same(&s.key_id, id)))
        .or_else(|| if client.secrets.is_empty() { None } else { Some(newest(&client.secrets)) })
        .ok_or_else(|| waiting(say("waits.secret")))
}

fn day(time: Timestamp) -> String {
    time.strftime("%-d %B %Y").to_string()
}

pub(super) fn ends(v: &View) -> Judged {
    let client = v.client()?;
    let secret = chosen(v, client)?;
    let Some(end) = secret.end else {
        return Ok(warn(say("secret.ends.unread")));
    };
    Ok(if end <= v.now {
        fail(say_with("secret.ends.ended", &[("day", &day(end))])).note(say("secret.ends.ended_note"))
    } else if end.duration_since(v.now) < SOON {
        warn(say_with("secret.ends.ends", &[("day", &day(end))])).note(say("secret.ends.soon_note"))
    } else {
        pass(say_with("secret.ends.ends", &[("day", &day(end))]))
    })
}

pub(super) fn works(v: &View) -> Judged {
    let client_id = match v.client() {
        Ok(client) if client.secrets.is_empty() => return Ok(waiting(say("waits.secret"))),
        Ok(client) => &client.app_id,
        // The sign-in service tells of a value whatever can be read in the directory.
        Err(unseen) => client_id::of_connector(v.facts, v.choices).ok_or(unseen)?,
    };
    let Some(held) = &v.held.secret else {
        return Ok(not_tried(say("secret.works.not_here")).note(say("secret.works.not_here_note")));
    };
    if !same(&held.client_app_id, client_id) {
        return Ok(not_tried(say("secret.works.another")));
    }
    let probe = match v.facts.secret_probe.get() {
        Ok(probe) if same(&probe.client_app_id, client_id) && probe.key_id == held.key_id => probe,
        Ok(_) | Err(Gap::NotLooked | Gap::Absent) => {
            return Ok(not_tried(say("secret.works.not_tried")));
        }
        Err(gap) => return Err(gap.into()),
    };
    Ok(match &probe.verdict {
        SecretVerdict::Works => pass(say("secret.works.works")),
        SecretVerdict::Wrong => fail(say("secret.works.wrong")).note(say("secret.works.wrong_note")),
        SecretVerdict::Expired => fail(say("secret.works.ended")),
        SecretVerdict::Refused { code, .. } if code == UNKNOWN_CLIENT => {
            fail(say_with("secret.works.unknown_client", &[("id", client_id)]))
                .note(say("secret.works.unknown_client_note"))
        }
        SecretVerdict::Refused { code, text } => {
            fail(say_with("secret.works.refused", &[("code", code)])).note(text.clone())
        }
    })
}
