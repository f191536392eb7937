//! Secrets that we made and whose value nobody has any more: found by their marker, so that they can be removed.
//!
//! A value exists only in the process that made it. Where that ended too early, the secret stays in the registration as
//! a password that nobody knows.

use jiff::Timestamp;

use super::choices::Choices;
use super::facts::{Application, SecretInfo};
use super::held::Held;
use super::markers;
use super::redirect_url::rehearsal;

/// The secrets of the connector's registration that may be removed, in the order in which the directory lists them.
///
/// Never one that is not ours, that is held here, or whose value went to a person. Where the connector was saved already
/// and the value of none of its living secrets is known to have gone to a person, any of them may be the one that it uses,
/// also beside a new one that is held here: then only those that have ended are named.
pub fn lost_secrets<'a>(
    client: &'a Application,
    choices: &Choices,
    held: &Held,
    now: Timestamp,
) -> Vec<&'a SecretInfo> {
    let held = held.secret.as_ref().filter(|held| held.client_app_id.eq_ignore_ascii_case(&client.app_id));
    if held.is_some_and(|held| held.key_id.is_none()) {
        // A value is here, and which of the secrets it belongs to is not known.
        return Vec::new();
    }
    let here = |secret: &SecretInfo| {
        let known = held.and_then(|held| held.key_id.as_deref());
        known.is_some_and(|id| id.eq_ignore_ascii_case(&secret.key_id)) || choices.handed_over(&secret.key_id)
    };
    let ended = |secret: &SecretInfo| secret.end.is_some_and(|end| end <= now);
    let saved =
        choices.redirect_url.is_some() || client.web_redirects.iter().any(|uri| rehearsal(uri).is_none());
    let given = |secret: &SecretInfo| choices.handed_over(&secret.key_id) && !ended(secret);
    let in_doubt = saved && !client.secrets.iter().any(given);
    client
        .secrets
        .iter()
        .filter(|secret| is_ours(secret) && !here(secret) && (ended(secret) || !in_doubt))
        .collect()
}

/// Whether we made this secret, by the name that we gave it.
pub fn is_ours(secret: &SecretInfo) -> bool {
    secret.display_name.strip_prefix(markers::SECRET_PREFIX).is_some_and(|rest| rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures::{self, CLIENT, REDIRECT, now};
    use crate::engine::held::HeldSecret;

    const ENDS: &str = "2027-05-19T00:00:00Z";
    const ENDED: &str = "2026-11-20T00:00:00Z";

    fn app(secrets: &[(&str, &str, &str)], redirects: &[&str]) -> Application {
        let mut app = fixtures::finished().client_app.value().unwrap().clone();
        app.web_redirects = redirects.iter().map(|uri| (*uri).to_owned()).collect();
        app.secrets = secrets
            .iter()
            .map(|(key_id, name, end)| SecretInfo {
                key_id: (*key_id).into(),
                display_name: (*name).into(),
                hint: "8Qx".into(),
                start: None,
                end: Some(end.parse().unwrap()),
            })
            .collect();
        app
    }

    fn holding(client: &str, key_id: Option<&str>) -> Held {
        Held {
            secret: Some(HeldSecret {
                client_app_id: client.into(),
                key_id: key_id.map(Into::into),
                ends: None,
                made: None,
                made_here: true,
            }),
        }
    }

    fn lost(app: &Application, choices: &Choices, held: &Held) -> Vec<String> {
        lost_secrets(app, choices, held, now()).into_iter().map(|s| s.key_id.clone()).collect()
    }

    #[test]
    fn only_what_is_ours_and_in_nobodys_hands_is_lost() {
        let two =
            [("a", "handclasp 2026-11-20 09:00:00", ENDS), ("b", "handclasp 2026-11-21 09:00:00", ENDS)];
        let nothing = Held::default();
        let none = Choices::default();
        let handed = |keys: &[&str]| Choices {
            handed_over: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..Choices::default()
        };
        for (name, secrets, redirects, choices, held, expected) in [
            ("alone", &two[..1], &[][..], none.clone(), nothing.clone(), &["a"][..]),
            ("held", &two[..], &[], none.clone(), holding(CLIENT, Some("B")), &["a"]),
            ("held, which is not known", &two[..], &[], none.clone(), holding(CLIENT, None), &[]),
            ("held for another app", &two[..1], &[], none.clone(), holding("other", None), &["a"]),
            ("handed over", &two[..], &[], handed(&["A"]), nothing.clone(), &["b"]),
            ("saved, and one of them is used", &two[..], &[REDIRECT], none.clone(), nothing.clone(), &[]),
            ("saved, used is the other", &two[..], &[REDIRECT], handed(&["a"]), nothing.clone(), &["b"]),
            (
                "saved, here is the other",
                &two[..],
                &[REDIRECT],
                none.clone(),
                holding(CLIENT, Some("b")),
                &[],
            ),
            (
                "saved, the other went to the person",
                &two[..],
                &[REDIRECT],
                handed(&["b"]),
                holding(CLIENT, Some("b")),
                &["a"],
            ),
            (
                "saved, as the person says",
                &two[..],
                &[],
                Choices { redirect_url: Some(REDIRECT.into()), ..Choices::default() },
                nothing.clone(),
                &[],
            ),
            (
                "a rehearsal's address is no connector",
                &two[..1],
                &["http://localhost:51000/handclasp-a1b2c3d4e5f60718"],
                none.clone(),
                nothing.clone(),
                &["a"],
            ),
            ("ended", &[("a", "handclasp 1", ENDED)], &[REDIRECT], none.clone(), nothing.clone(), &["a"]),
            (
                "not ours",
                &[
                    ("a", "connector", ENDS),
                    ("b", "", ENDS),
                    ("c", "handclasps", ENDS),
                    ("d", "my handclasp 1", ENDS),
                ],
                &[],
                none.clone(),
                nothing.clone(),
                &[],
            ),
        ] {
            assert_eq!(lost(&app(secrets, redirects), &choices, &held), expected, "{name}");
        }
    }
}
