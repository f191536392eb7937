//! Facts about what this person may do here, as far as it can be read beforehand.

use jiff::{SignedDuration, Timestamp};

use super::{DataPolicy, Seen};

/// What is known of this person's rights. Roles and being a guest stand with the person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rights {
    /// Whether the tenant lets everybody register apps (microsoft-cloud 4.3, `allowedToCreateApps`).
    pub register_apps: Seen<bool>,
    /// The tenant's policy for client secrets (microsoft-cloud 4.10).
    pub secret_policy: Seen<SecretPolicy>,
    /// Client ids of the registrations that this person owns.
    pub owned: Seen<Vec<String>>,
    /// What this person's Azure roles allow at the function app (microsoft-cloud 5.8).
    pub site: Seen<Vec<Permission>>,
    /// The Power Platform environments that this person sees (power-platform 6.3).
    pub environments: Seen<Vec<Environment>>,
    /// The tenant's data policies, which only its administrators see (power-platform 6.9).
    pub data_policies: Seen<Vec<DataPolicy>>,
    /// The service plans in this person's licences (power-platform 7.3, row 35).
    pub plans: Seen<Vec<ServicePlan>>,
}

/// What the tenant's default app management policy says of client secrets. One for a single app is not read; it may say
/// otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretPolicy {
    /// No secret may be added, to apps that the restriction is for.
    pub forbidden: Option<AppsSince>,
    /// The longest that a secret may last, for such apps.
    pub longest: Option<(SignedDuration, AppsSince)>,
}

/// The apps that a restriction is for: those made after this moment, or all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppsSince(pub Option<Timestamp>);

impl AppsSince {
    /// Whether an app made at this moment is among them. One whose making is not known is taken to be.
    fn holds(self, made: Option<Timestamp>) -> bool {
        match (self.0, made) {
            (Some(since), Some(made)) => made > since,
            _ => true,
        }
    }
}

impl SecretPolicy {
    /// Whether no secret may be added to an app made at this moment.
    pub fn forbids(&self, made: Option<Timestamp>) -> bool {
        self.forbidden.is_some_and(|since| since.holds(made))
    }

    /// The longest that a secret of an app made at this moment may last.
    pub fn limit(&self, made: Option<Timestamp>) -> Option<SignedDuration> {
        self.longest.filter(|(_, since)| since.holds(made)).map(|(longest, _)| longest)
    }
}

/// What one role assignment allows, as patterns with stars (microsoft-cloud 5.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permission {
    /// Allowed.
    pub actions: Vec<String>,
    /// Taken out of what is allowed.
    pub not_actions: Vec<String>,
}

impl Permission {
    /// Whether it allows an action.
    pub fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, action));
        any(&self.actions) && !any(&self.not_actions)
    }
}

/// Whether a pattern, in which a star stands for anything, fits a whole text. Case does not count.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let parts: Vec<&str> = pattern.split('*').collect();
    let (Some((first, rest)), Some(last)) = (parts.split_first(), parts.last()) else { return false };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let Some((_, between)) = rest.split_last() else { return left.is_empty() };
    for part in between {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(last)
}

/// A Power Platform environment, as its maker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Display name, cleaned.
    pub name: String,
    /// Whether this person may create custom connectors in it (`CreateCustomApi`).
    pub create_connectors: bool,
}

/// One service plan in a licence, such as `POWERAPPS_PER_USER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePlan {
    /// `servicePlanName`, cleaned.
    pub name: String,
    /// `provisioningStatus`, cleaned; `Success` where it can be used.
    pub status: String,
}

impl ServicePlan {
    /// Whether it can be used.
    pub fn is_ready(&self) -> bool {
        self.status.eq_ignore_ascii_case("Success")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_with_stars_fit_whole_actions() {
        let write = "Microsoft.Web/sites/config/write";
        for (pattern, action, expected) in [
            ("*", write, true),
            ("microsoft.web/SITES/*", write, true),
            ("Microsoft.Web/sites/config/write", write, true),
            ("Microsoft.Web/sites/config/writ", write, false),
            ("Microsoft.Web/*/config/*", write, true),
            ("*/write", write, true),
            ("*/read", write, false),
            ("Microsoft.Web/sites/config/write*write", write, false),
            ("", write, false),
        ] {
            assert_eq!(fits(pattern, action), expected, "{pattern}");
        }
        let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect();
        let but =
            Permission { actions: texts(&["*"]), not_actions: texts(&["Microsoft.Web/sites/config/*"]) };
        assert!(but.allows("Microsoft.Web/sites/read") && !but.allows(write));
        assert!(!Permission::default().allows(write));
    }

    #[test]
    fn a_restriction_is_for_apps_made_after_its_date() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let day = SignedDuration::from_hours(24);
        let policy = SecretPolicy {
            forbidden: Some(AppsSince(Some(at("2026-01-01T00:00:00Z")))),
            longest: Some((day, AppsSince(None))),
        };
        assert!(policy.forbids(Some(at("2026-01-02T00:00:00Z"))));
        assert!(!policy.forbids(Some(at("2025-12-31T00:00:00Z"))));
        assert!(policy.forbids(None), "one that may be among them is taken to be");
        assert_eq!(policy.limit(Some(at("2020-01-01T00:00:00Z"))), Some(day));
        assert!(!SecretPolicy::default().forbids(None));
    }
}
