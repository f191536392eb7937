//! The tenant's policies, out of Graph's JSON (microsoft-cloud 4.3, 4.10).

use jiff::{SignedDuration, Span};
use serde_json::Value;

use crate::cloud::json::{at, flag, list, moment, text};
use crate::engine::facts::{AppsSince, SecretPolicy};

/// Whether the authorization policy lets ordinary users register apps.
pub fn register_apps(v: &Value) -> Option<bool> {
    flag(v, &["defaultUserRolePermissions", "allowedToCreateApps"])
}

/// What the default app management policy says of client secrets. `None` where that is not to be understood: then
/// nothing is promised.
pub fn secret_policy(v: &Value) -> Option<SecretPolicy> {
    if !flag(v, &["isEnabled"])? {
        return Some(SecretPolicy::default());
    }
    at(v, &["applicationRestrictions"]).as_object()?;
    let mut policy = SecretPolicy::default();
    for restriction in list(v, &["applicationRestrictions", "passwordCredentials"]) {
        let on = text(restriction, &["state"]).is_none_or(|state| !state.eq_ignore_ascii_case("disabled"));
        if !on {
            continue;
        }
        let since = AppsSince(moment(restriction, &["restrictForAppsCreatedAfterDateTime"]));
        match text(restriction, &["restrictionType"])?.to_ascii_lowercase().as_str() {
            "passwordaddition" => policy.forbidden = Some(since),
            "passwordlifetime" => {
                policy.longest = Some((duration(&text(restriction, &["maxLifetime"])?)?, since));
            }
            // Symmetric keys, and passwords of the caller's own choosing: we make neither.
            _ => {}
        }
    }
    Some(policy)
}

/// An ISO 8601 duration. Months and years count as their shortest, so that no end is promised that is refused.
fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let days = i64::from(span.get_years()) * 365
        + i64::from(span.get_months()) * 28
        + i64::from(span.get_weeks()) * 7
        + i64::from(span.get_days());
    let seconds = i64::from(span.get_hours()) * 3600 + span.get_minutes() * 60 + span.get_seconds();
    let total = days.checked_mul(86_400)?.checked_add(seconds)?;
    (total > 0).then(|| SignedDuration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn policy(restrictions: &Value) -> Value {
        json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": restrictions}})
    }

    #[test]
    fn restrictions_on_secrets_are_read_and_others_are_not_ours() {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let since = AppsSince(Some("2026-01-01T00:00:00Z".parse().unwrap()));
        let both = policy(&json!([
            {"restrictionType": "passwordAddition", "state": "enabled", "maxLifetime": null,
             "restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"},
            {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"},
            {"restrictionType": "symmetricKeyLifetime", "state": "enabled", "maxLifetime": "P1D"},
        ]));
        let read = secret_policy(&both).unwrap();
        assert_eq!(read.forbidden, Some(since));
        assert_eq!(read.longest, Some((days(90), AppsSince(None))));
        for none in [
            policy(&json!([])),
            policy(&json!([{"restrictionType": "passwordAddition", "state": "disabled"}])),
            json!({"isEnabled": false, "applicationRestrictions": {"passwordCredentials": [
                {"restrictionType": "passwordAddition", "state": "enabled"}]}}),
            policy(&json!([{"restrictionType": "customPasswordAddition", "state": "enabled"}])),
        ] {
            assert_eq!(secret_policy(&none), Some(SecretPolicy::default()), "{none}");
        }
    }

    #[test]
    fn what_is_not_understood_promises_nothing() {
        for odd in [
            json!(null),
            json!({}),
            json!({"isEnabled": true}),
            policy(&json!([{"state": "enabled"}])),
            policy(
                &json!([{"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": null}]),
            ),
            policy(
                &json!([{"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "soon"}]),
            ),
            policy(
                &json!([{"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "-P3D"}]),
            ),
        ] {
            assert_eq!(secret_policy(&odd), None, "{odd}");
        }
        assert_eq!(
            register_apps(&json!({"defaultUserRolePermissions": {"allowedToCreateApps": null}})),
            None
        );
        assert_eq!(
            register_apps(&json!({"defaultUserRolePermissions": {"allowedToCreateApps": false}})),
            Some(false)
        );
    }

    #[test]
    fn durations_count_as_their_shortest() {
        for (text, hours) in [
            ("P180D", Some(180 * 24)),
            ("P4DT12H", Some(108)),
            ("P1Y", Some(365 * 24)),
            ("P6M", Some(168 * 24)),
            ("P2W", Some(14 * 24)),
            ("PT0S", None),
            ("", None),
        ] {
            assert_eq!(duration(text), hours.map(SignedDuration::from_hours), "{text}");
        }
    }
}
