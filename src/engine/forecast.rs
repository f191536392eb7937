//! What this person can do here, told beforehand: yes, no, or cannot tell, each with what it was read from.
//!
//! Only from reads. What cannot be read is never promised and never denied.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::checks::SCOPE;
use super::facts::{Application, Facts, Gap, Permission, Person, Seen, UserConsent};

/// Directory roles by their template ids (microsoft-cloud 4.3): those that are confirmed. Whoever holds another role is told
/// that what it allows is not known here, never that something is denied.
mod role {
    pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
    pub const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    pub const APPLICATION_DEVELOPER: &str = "cf1c38e5-3621-4004-a7cb-879624dced7c";
    pub const GLOBAL_READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
}

/// Roles that administer every registration, with their names.
const APP_ADMINS: [(&str, &str); 2] = [
    (role::APPLICATION_ADMINISTRATOR, "Application Administrator"),
    (role::GLOBAL_ADMINISTRATOR, "Global Administrator"),
];
/// Roles that may register apps where not everybody may.
const APP_CREATORS: [(&str, &str); 3] =
    [(role::APPLICATION_DEVELOPER, "Application Developer"), APP_ADMINS[0], APP_ADMINS[1]];
/// Roles that may consent for everybody.
const CONSENTERS: [(&str, &str); 1] = [APP_ADMINS[1]];
/// Roles of which it is known what they allow here.
const PLACED: [&str; 4] = [
    role::GLOBAL_ADMINISTRATOR,
    role::APPLICATION_ADMINISTRATOR,
    role::APPLICATION_DEVELOPER,
    role::GLOBAL_READER,
];
/// What writing the authentication settings needs (microsoft-cloud 5.8).
const WRITE_SETTINGS: &str = "Microsoft.Web/sites/config/write";

/// What a person may want to do on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Create app registrations.
    CreateApps,
    /// Change the function app's settings.
    ChangeSite,
    /// Make client secrets for the connector's app.
    MakeSecrets,
    /// Consent for oneself.
    ConsentSelf,
    /// Consent for everybody.
    ConsentEveryone,
    /// Create a custom connector.
    CreateConnector,
    /// Whether a data policy lets connectors call the host.
    DataPolicy,
    /// Whether the licence covers custom connectors.
    Licence,
}

impl Subject {
    /// All of them, in the order of the way.
    pub const ALL: [Self; 8] = [
        Self::CreateApps,
        Self::ChangeSite,
        Self::MakeSecrets,
        Self::ConsentSelf,
        Self::ConsentEveryone,
        Self::CreateConnector,
        Self::DataPolicy,
        Self::Licence,
    ];
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// As far as can be read.
    Yes,
    /// No.
    No,
    /// It could not be read, or what was read does not decide it.
    CannotTell,
}

/// One line of the forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outlook {
    /// What it is about.
    pub subject: Subject,
    /// The answer.
    pub can: Can,
    /// One line: what it was read from. Cleaned.
    pub evidence: String,
}

/// The whole forecast. `now` is by the services' clock.
pub fn forecast(facts: &Facts, now: Timestamp) -> Vec<Outlook> {
    let view = View { facts, now };
    Subject::ALL
        .into_iter()
        .map(|subject| {
            let (can, evidence) = view.of(subject).unwrap_or_else(|not_seen| (Can::CannotTell, not_seen));
            Outlook { subject, can, evidence }
        })
        .collect()
}

/// One line of it.
pub fn outlook(facts: &Facts, now: Timestamp, subject: Subject) -> Can {
    View { facts, now }.of(subject).map_or(Can::CannotTell, |(can, _)| can)
}

/// Whether this person may change a registration that is there.
pub fn may_change(facts: &Facts, now: Timestamp, app: &Application) -> Can {
    let Some(person) = facts.person.value() else { return Can::CannotTell };
    View { facts, now }.owns(person, Some(app)).map_or(Can::CannotTell, |(can, _)| can)
}

/// An answer with its evidence. `Err` is what could not be read: then nothing is told.
type Told = Result<(Can, String), String>;

#[expect(clippy::unnecessary_wraps, reason = "the three answers read alike")]
fn yes(evidence: impl Into<String>) -> Told {
    Ok((Can::Yes, evidence.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "the three answers read alike")]
fn no(evidence: impl Into<String>) -> Told {
    Ok((Can::No, evidence.into()))
}

fn cannot_tell(evidence: impl Into<String>) -> Told {
    Err(evidence.into())
}

/// A fact, or the words for why it is not there.
fn read<'a, T>(seen: &'a Seen<T>, what: &str) -> Result<&'a T, String> {
    seen.get().map_err(|gap| match gap {
        Gap::CouldNot(trouble) => format!("{what} could not be read. {}", trouble.what),
        Gap::NotLooked => format!("{what} was not looked at."),
        Gap::Absent => format!("{what} was not found."),
    })
}

struct View<'a> {
    facts: &'a Facts,
    now: Timestamp,
}

impl View<'_> {
    fn of(&self, subject: Subject) -> Told {
        let person = read(&self.facts.person, "Who you are").map_err(|why| {
            if self.facts.person.not_looked() { "Nobody is signed in.".to_owned() } else { why }
        })?;
        match subject {
            Subject::CreateApps => self.create_apps(person),
            Subject::ChangeSite => self.change_site(),
            Subject::MakeSecrets => self.make_secrets(person),
            Subject::ConsentSelf => self.consent_self(person),
            Subject::ConsentEveryone => consent_everyone(person),
            Subject::CreateConnector => self.create_connector(),
            Subject::DataPolicy => self.data_policy(),
            Subject::Licence => cannot_tell(
                "Custom connectors need a premium plan. Which one you have cannot be read from here.",
            ),
        }
    }

    fn create_apps(&self, person: &Person) -> Told {
        if let Some(name) = holds(person, &APP_CREATORS) {
            return yes(format!("You are {name}."));
        }
        if person.guest {
            return cannot_tell(
                "You are a guest here, and the tenant's rule for members does not count for you.",
            );
        }
        let everybody = *read(&self.facts.rights.register_apps, "Whether members may register apps")?;
        match (everybody, &person.roles) {
            (true, _) => yes("This tenant lets every member register apps."),
            (false, Some(_)) => no_unless_unplaced(
                person,
                "This tenant lets only some roles register apps, and you hold none of them.",
            ),
            (false, None) => {
                cannot_tell("This tenant lets only some roles register apps; yours could not be read.")
            }
        }
    }

    fn change_site(&self) -> Told {
        let permissions: &[Permission] = read(&self.facts.rights.site, "What your Azure roles allow")?;
        if permissions.iter().any(|permission| permission.allows(WRITE_SETTINGS)) {
            yes("Your Azure roles allow it. A lock on the app could still forbid it.")
        } else if permissions.is_empty() {
            no("You hold no Azure role at this function app.")
        } else {
            no("Your Azure roles let you look at this function app, but not change its settings.")
        }
    }

    fn make_secrets(&self, person: &Person) -> Told {
        let client = self.facts.client_app.value();
        let (can, whose) = self.owns(person, client)?;
        if can == Can::No {
            return no(whose);
        }
        let made = client.map_or(Some(self.now), |app| app.created);
        let Ok(policy) = self.facts.rights.secret_policy.get() else {
            return cannot_tell(format!(
                "{whose} Whether the tenant limits secrets could not be read; a refusal will say so."
            ));
        };
        if policy.forbids(made) {
            return no("The tenant's policy forbids client secrets.");
        }
        let mut evidence = whose;
        match policy.limit(made) {
            Some(limit) => {
                let _written = write!(evidence, " The tenant lets one last for {} at most.", days(limit));
            }
            None => evidence.push_str(" The tenant's default policy sets no limit."),
        }
        Ok((can, evidence))
    }

    /// Whether this person may change a registration, the one that is there or the one that would be made.
    fn owns(&self, person: &Person, app: Option<&Application>) -> Told {
        if let Some(name) = holds(person, &APP_ADMINS) {
            return yes(format!("You are {name}."));
        }
        let Some(app) = app else {
            return match self.create_apps(person)? {
                (Can::No, why) => no(why),
                _ => yes("You will own the registration that you make."),
            };
        };
        let owned = read(&self.facts.rights.owned, "What you own")?;
        match (owned.iter().any(|id| id.eq_ignore_ascii_case(&app.app_id)), &person.roles) {
            (true, _) => yes(format!("You own {}.", app.display_name)),
            (false, Some(_)) => {
                no_unless_unplaced(person, format!("{} belongs to somebody else.", app.display_name))
            }
            (false, None) => cannot_tell(format!(
                "{} belongs to somebody else; your roles could not be read.",
                app.display_name
            )),
        }
    }

    fn consent_self(&self, person: &Person) -> Told {
        if let Some(name) = holds(person, &CONSENTERS) {
            return yes(format!("You are {name}."));
        }
        let admin_only =
            self.facts.api_app.value().and_then(|api| api.scope(SCOPE)).is_some_and(|scope| scope.admin_only);
        if admin_only {
            return no_unless_unplaced(
                person,
                "The API asks for an administrator's consent to this permission.",
            );
        }
        match read(&self.facts.user_consent, "Whether people may agree for themselves")? {
            UserConsent::Allowed => yes("This tenant lets people agree for themselves."),
            UserConsent::LowRiskOnly => {
                cannot_tell("This tenant lets people agree only to what it calls low risk.")
            }
            UserConsent::Off => {
                no_unless_unplaced(person, "This tenant does not let people agree for themselves.")
            }
        }
    }

    fn create_connector(&self) -> Told {
        let environments = read(&self.facts.rights.environments, "Power Platform")?;
        let (may, not): (Vec<_>, Vec<_>) = environments.iter().partition(|e| e.create_connectors);
        match (may.as_slice(), not.as_slice()) {
            ([one], []) => yes(format!("In your environment {}.", one.name)),
            ([first, ..], _) => yes(format!(
                "In {} of {} environments, such as {}.",
                may.len(),
                environments.len(),
                first.name
            )),
            ([], []) => no("You see no Power Platform environment."),
            ([], [one]) => no(format!("You may not in your environment {}.", one.name)),
            ([], _) => no(format!("You may not in any of your {} environments.", not.len())),
        }
    }

    fn data_policy(&self) -> Told {
        let host = self.facts.site.value().map_or("the function app", |site| site.host.as_str());
        cannot_tell(format!("Only administrators can read data policies. One may block {host}."))
    }
}

fn consent_everyone(person: &Person) -> Told {
    if let Some(name) = holds(person, &CONSENTERS) {
        return yes(format!("You are {name}."));
    }
    if holds(person, &APP_ADMINS).is_some() {
        // Which roles may is not certain for this one (microsoft-cloud 4.7).
        return cannot_tell("You are Application Administrator, which is enough in most cases.");
    }
    match &person.roles {
        Some(_) => no_unless_unplaced(person, "You hold no directory role that may."),
        None => cannot_tell("Your directory roles could not be read."),
    }
}

/// "No", unless the person holds a role of which it is not known what it allows.
fn no_unless_unplaced(person: &Person, evidence: impl Into<String>) -> Told {
    let evidence = evidence.into();
    let mine = person.roles.as_deref().unwrap_or_default();
    match mine.iter().find(|mine| !PLACED.iter().any(|known| known.eq_ignore_ascii_case(mine))) {
        Some(id) => cannot_tell(format!(
            "{evidence} But you hold the directory role {id}, and what it allows is not known here."
        )),
        None => no(evidence),
    }
}

/// The name of a role among these that the person holds.
fn holds<'a>(person: &Person, roles: &[(&str, &'a str)]) -> Option<&'a str> {
    let mine = person.roles.as_deref().unwrap_or_default();
    roles.iter().find(|(id, _)| mine.iter().any(|m| m.eq_ignore_ascii_case(id))).map(|(_, name)| *name)
}

/// A length of time in whole days, as people say it.
pub fn days(length: SignedDuration) -> String {
    match length.as_hours() / 24 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::facts::{AppsSince, Environment, SecretPolicy};
    use crate::engine::fixtures::*;
    use crate::engine::trouble::{Class, Trouble};

    fn person(roles: Option<&[&str]>, guest: bool) -> Seen<Person> {
        let mut person = fresh().person.value().unwrap().clone();
        person.roles = roles.map(|roles| roles.iter().map(|role| (*role).to_owned()).collect());
        person.guest = guest;
        seen(person)
    }

    fn refused<T>() -> Seen<T> {
        let trouble = Trouble::new(Class::NotAllowed, "You may not read this.", "Ask.");
        Seen::could_not(trouble, now(), "GET /policies")
    }

    fn but(mut facts: Facts, change: impl FnOnce(&mut Facts)) -> Facts {
        change(&mut facts);
        facts
    }

    fn told(facts: &Facts, subject: Subject) -> (Can, String) {
        let all = forecast(facts, now());
        assert_eq!(all.len(), Subject::ALL.len());
        let line = all.into_iter().find(|line| line.subject == subject).unwrap();
        assert_eq!(line.can, outlook(facts, now(), subject));
        assert!(line.evidence.ends_with('.') && line.evidence.len() > 10, "{line:?}");
        (line.can, line.evidence)
    }

    #[test]
    fn registering_apps_by_role_else_by_the_tenants_rule() {
        use Can::{CannotTell, No, Yes};
        for (roles, guest, rule, expected) in [
            (Some(&[][..]), false, seen(true), Yes),
            (Some(&[][..]), false, seen(false), No),
            (Some(&["00000000-aaaa-4000-8000-000000000001"][..]), false, seen(false), CannotTell),
            (Some(&[role::APPLICATION_DEVELOPER][..]), false, seen(false), Yes),
            (Some(&[role::GLOBAL_ADMINISTRATOR][..]), false, refused(), Yes),
            (Some(&[][..]), false, refused(), CannotTell),
            (None, false, seen(false), CannotTell),
            (None, false, seen(true), Yes),
            (Some(&[][..]), true, seen(true), CannotTell),
            (Some(&[][..]), false, Seen::default(), CannotTell),
        ] {
            let facts = but(fresh(), |f| {
                f.person = person(roles, guest);
                f.rights.register_apps = rule.clone();
            });
            assert_eq!(told(&facts, Subject::CreateApps).0, expected, "{roles:?} {guest} {rule:?}");
        }
    }

    #[test]
    fn changing_the_app_by_what_the_azure_roles_allow() {
        let with = |site: Seen<Vec<Permission>>| but(fresh(), |f| f.rights.site = site);
        let reader = Permission { actions: vec!["*/read".into()], not_actions: vec![] };
        let website = Permission { actions: vec!["Microsoft.Web/sites/*".into()], not_actions: vec![] };
        assert_eq!(told(&with(seen(vec![reader.clone()])), Subject::ChangeSite).0, Can::No);
        assert_eq!(told(&with(seen(vec![reader, website])), Subject::ChangeSite).0, Can::Yes);
        assert_eq!(told(&with(seen(vec![])), Subject::ChangeSite).0, Can::No);
        assert_eq!(told(&with(refused()), Subject::ChangeSite).0, Can::CannotTell);
    }

    #[test]
    fn secrets_by_ownership_and_by_the_tenants_policy() {
        let limit = SignedDuration::from_hours(90 * 24);
        let limited = SecretPolicy { longest: Some((limit, AppsSince(None))), ..SecretPolicy::default() };
        let forbidden = SecretPolicy { forbidden: Some(AppsSince(None)), ..SecretPolicy::default() };
        let old_ones_may = SecretPolicy {
            forbidden: Some(AppsSince(Some("2026-01-01T00:00:00Z".parse().unwrap()))),
            ..SecretPolicy::default()
        };
        for (facts, policy, expected, says) in vec![
            (finished(), seen(SecretPolicy::default()), Can::Yes, "no limit"),
            (finished(), seen(limited.clone()), Can::Yes, "90 days"),
            (fresh(), seen(limited), Can::Yes, "90 days"),
            (finished(), seen(forbidden), Can::No, "forbids"),
            (finished(), refused(), Can::CannotTell, "You own contoso-hello connector."),
            (fresh(), refused(), Can::CannotTell, "will own"),
            (fresh(), seen(old_ones_may.clone()), Can::No, "forbids"),
            (
                but(finished(), |f| {
                    let mut app = f.client_app.value().unwrap().clone();
                    app.created = Some("2025-06-01T00:00:00Z".parse().unwrap());
                    f.client_app = seen(app);
                }),
                seen(old_ones_may),
                Can::Yes,
                "no limit",
            ),
            (but(finished(), |f| f.rights.owned = seen(vec![])), refused(), Can::No, "somebody else"),
            (but(finished(), |f| f.rights.owned = refused()), refused(), Can::CannotTell, "What you own"),
            (
                but(finished(), |f| {
                    f.rights.owned = seen(vec![]);
                    f.person = person(Some(&[role::APPLICATION_ADMINISTRATOR]), false);
                }),
                seen(SecretPolicy::default()),
                Can::Yes,
                "Application Administrator",
            ),
            (
                but(fresh(), |f| f.rights.register_apps = seen(false)),
                seen(SecretPolicy::default()),
                Can::No,
                "only some roles",
            ),
        ] {
            let facts = but(facts, |f| f.rights.secret_policy = policy);
            let (can, evidence) = told(&facts, Subject::MakeSecrets);
            assert_eq!(can, expected, "{evidence}");
            assert!(evidence.contains(says), "{evidence}");
        }
    }

    #[test]
    fn consent_by_the_tenants_rule_and_by_role() {
        use Can::{CannotTell, No, Yes};
        for (rule, roles, alone, all) in [
            (seen(UserConsent::Allowed), Some(&[][..]), Yes, No),
            (seen(UserConsent::LowRiskOnly), Some(&[][..]), CannotTell, No),
            (seen(UserConsent::Off), Some(&[][..]), No, No),
            (refused(), None, CannotTell, CannotTell),
            (seen(UserConsent::Off), Some(&[role::GLOBAL_ADMINISTRATOR][..]), Yes, Yes),
            (seen(UserConsent::Off), Some(&[role::GLOBAL_READER][..]), No, No),
            (
                seen(UserConsent::Off),
                Some(&["00000000-aaaa-4000-8000-000000000001"][..]),
                CannotTell,
                CannotTell,
            ),
            (seen(UserConsent::Off), Some(&[role::APPLICATION_ADMINISTRATOR][..]), No, CannotTell),
        ] {
            let facts = but(fresh(), |f| {
                f.user_consent = rule.clone();
                f.person = person(roles, false);
            });
            assert_eq!(told(&facts, Subject::ConsentSelf).0, alone, "{rule:?} {roles:?}");
            assert_eq!(told(&facts, Subject::ConsentEveryone).0, all, "{roles:?}");
        }
        let admin_only = but(finished(), |f| {
            let mut api = f.api_app.value().unwrap().clone();
            api.scopes[0].admin_only = true;
            f.api_app = seen(api);
        });
        assert_eq!(told(&admin_only, Subject::ConsentSelf).0, No);
    }

    #[test]
    fn power_platform_only_as_far_as_it_can_be_read() {
        let with = |list: &[(&str, bool)]| {
            let environments = list
                .iter()
                .map(|(name, may)| Environment { name: (*name).into(), create_connectors: *may })
                .collect();
            but(fresh(), |f| f.rights.environments = seen(environments))
        };
        for (list, expected, says) in [
            (&[("Contoso", true)][..], Can::Yes, "Contoso"),
            (&[("Contoso", false), ("Lab", true)][..], Can::Yes, "1 of 2"),
            (&[("Contoso", false)][..], Can::No, "Contoso"),
            (&[("Contoso", false), ("Lab", false)][..], Can::No, "2 environments"),
            (&[][..], Can::No, "no Power Platform environment"),
        ] {
            let (can, evidence) = told(&with(list), Subject::CreateConnector);
            assert_eq!(can, expected, "{evidence}");
            assert!(evidence.contains(says), "{evidence}");
        }
        let unread = but(fresh(), |f| f.rights.environments = refused());
        assert_eq!(told(&unread, Subject::CreateConnector).0, Can::CannotTell);
        assert!(told(&fresh(), Subject::DataPolicy).1.contains(HOST));
        for subject in [Subject::DataPolicy, Subject::Licence] {
            assert_eq!(told(&fresh(), subject).0, Can::CannotTell);
        }
    }

    #[test]
    fn without_a_sign_in_nothing_is_told() {
        for line in forecast(&Facts::default(), now()) {
            assert_eq!((line.can, line.evidence.as_str()), (Can::CannotTell, "Nobody is signed in."));
        }
    }
}
