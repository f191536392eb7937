//! Stage 5: the connector's client secret.

use jiff::{SignedDuration, Timestamp};

use super::{Judged, Outcome, View, fail, not_tried, pass, same, waiting, warn};
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
        [] => fail("The connector's registration has no client secret."),
        [one] => pass(format!("One secret: {}", describe(one))),
        several => pass(format!("{} secrets; the newest: {}", several.len(), describe(newest(several)))),
    };
    let lost = lost_secrets(client, v.choices, v.held, v.now);
    let names: Vec<String> = lost.iter().map(|secret| format!("“{}”", secret.display_name)).collect();
    if names.is_empty() {
        return Ok(found);
    }
    Ok(found.note(format!(
        "We made {}, and nobody is known to have the value. Step 5 of the wizard can remove it.",
        names.join(", ")
    )))
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
    let name = if secret.display_name.is_empty() { "unnamed" } else { &secret.display_name };
    format!("{name}, begins with {}…", secret.hint)
}

/// The secret that counts: the held one where we know which it is, else the one that lasts longest.
fn chosen<'a>(v: &View<'a>, client: &'a Application) -> Result<&'a SecretInfo, Outcome> {
    let held = v.held.secret.as_ref().and_then(|h| h.key_id.as_deref());
    client
        .secrets
        .iter()
        .find(|s| held.is_some_and(|id| same(&s.key_id, id)))
        .or_else(|| if client.secrets.is_empty() { None } else { Some(newest(&client.secrets)) })
        .ok_or_else(|| waiting("Waits for a secret."))
}

fn day(time: Timestamp) -> String {
    time.strftime("%-d %B %Y").to_string()
}

pub(super) fn ends(v: &View) -> Judged {
    let client = v.client()?;
    let secret = chosen(v, client)?;
    let Some(end) = secret.end else {
        return Ok(warn("Its end could not be read."));
    };
    Ok(if end <= v.now {
        fail(format!("It ended on {}.", day(end)))
            .note("Make a new one, put it into the connector, then remove the old one.")
    } else if end.duration_since(v.now) < SOON {
        warn(format!("It ends on {}.", day(end)))
            .note("Make a new one before that day, put it into the connector, then remove the old one.")
    } else {
        pass(format!("It ends on {}.", day(end)))
    })
}

pub(super) fn works(v: &View) -> Judged {
    let client_id = match v.client() {
        Ok(client) if client.secrets.is_empty() => return Ok(waiting("Waits for a secret.")),
        Ok(client) => &client.app_id,
        // The sign-in service tells of a value whatever can be read in the directory.
        Err(unseen) => client_id::of_connector(v.facts, v.choices).ok_or(unseen)?,
    };
    let Some(held) = &v.held.secret else {
        return Ok(not_tried("Its value is not here, so it was not tried.").note(
            "A value is shown only once, when it is made. Paste it here, or make a new one beside it.",
        ));
    };
    if !same(&held.client_app_id, client_id) {
        return Ok(not_tried("The value held here belongs to another registration."));
    }
    let probe = match v.facts.secret_probe.get() {
        Ok(probe) if same(&probe.client_app_id, client_id) && probe.key_id == held.key_id => probe,
        Ok(_) | Err(Gap::NotLooked | Gap::Absent) => {
            return Ok(not_tried("Its value is here and was not tried yet."));
        }
        Err(gap) => return Err(gap.into()),
    };
    Ok(match &probe.verdict {
        SecretVerdict::Works => pass("A token was issued for it just now."),
        SecretVerdict::Wrong => fail("The sign-in service says that the value is wrong.")
            .note("A new secret needs up to a minute before it works. Else the value was cut short, or it is the secret's ID."),
        SecretVerdict::Expired => fail("The sign-in service says that this secret has ended."),
        SecretVerdict::Refused { code, .. } if code == UNKNOWN_CLIENT => {
            fail(format!("The sign-in service knows no application {client_id} in this tenant."))
                .note("Compare the client ID with the one on the registration's Overview page, and the tenant too.")
        }
        SecretVerdict::Refused { code, text } => fail(format!("The sign-in service refused: {code}")).note(text.clone()),
    })
}
