//! What the directory and Azure allow: registrations, secrets, agreeing, and the function app's settings.

use super::{Can, Told, View, days, no, read, yes};
use crate::engine::checks::SCOPE;
use crate::engine::facts::{Application, Permission, Person, UserConsent};
use crate::engine::words::{say, say_with};

/// Directory roles by their template ids (microsoft-cloud 4.3, and Microsoft's page "Microsoft Entra built-in roles"). Whoever
/// holds another role is told that what it allows is not known here, never that something is denied.
pub(super) mod role {
    pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
    pub const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    pub const APPLICATION_DEVELOPER: &str = "cf1c38e5-3621-4004-a7cb-879624dced7c";
    pub const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
    pub const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
    pub const GLOBAL_READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";
}

/// Roles that administer every registration.
const APP_ADMINS: [&str; 3] =
    [role::APPLICATION_ADMINISTRATOR, role::CLOUD_APPLICATION_ADMINISTRATOR, role::GLOBAL_ADMINISTRATOR];
/// Roles that may register apps where not everybody may.
const APP_CREATORS: [&str; 4] = [
    role::APPLICATION_DEVELOPER,
    role::APPLICATION_ADMINISTRATOR,
    role::CLOUD_APPLICATION_ADMINISTRATOR,
    role::GLOBAL_ADMINISTRATOR,
];
/// Roles that may consent for everybody (Microsoft's page "Grant tenant-wide admin consent to an application"). It names the
/// Application Administrator as well, which microsoft-cloud 4.7 leaves open.
const CONSENTERS: [&str; 3] =
    [role::CLOUD_APPLICATION_ADMINISTRATOR, role::PRIVILEGED_ROLE_ADMINISTRATOR, role::GLOBAL_ADMINISTRATOR];
/// Roles of which it is known what they allow here.
const PLACED: [&str; 5] = [
    role::GLOBAL_ADMINISTRATOR,
    role::APPLICATION_ADMINISTRATOR,
    role::CLOUD_APPLICATION_ADMINISTRATOR,
    role::APPLICATION_DEVELOPER,
    role::GLOBAL_READER,
];
/// What writing the authentication settings needs (microsoft-cloud 5.8).
const WRITE_SETTINGS: &str = "Microsoft.Web/sites/config/write";

impl View<'_> {
    pub(super) fn create_apps(&self, person: &Person) -> Told {
        if let Some(role) = holds(person, &APP_CREATORS) {
            return Ok(yes(you_are(role)));
        }
        if person.guest {
            return Err(say("forecast.create_apps.guest").to_owned());
        }
        let everybody = *read(&self.facts.rights.register_apps, say("forecast.what.register_apps"))?;
        match (everybody, &person.roles) {
            (true, _) => Ok(yes(say("forecast.create_apps.everybody"))),
            (false, Some(_)) => no_unless_unplaced(person, say("forecast.create_apps.no_role")),
            (false, None) => Err(say("forecast.create_apps.roles_not_read").to_owned()),
        }
    }

    pub(super) fn change_site(&self) -> Told {
        let permissions: &[Permission] = read(&self.facts.rights.site, say("forecast.what.site"))?;
        if permissions.iter().any(|permission| permission.allows(WRITE_SETTINGS)) {
            Ok(yes(say("forecast.change_site.allowed")))
        } else if permissions.is_empty() {
            Ok(no(say("forecast.change_site.no_role")))
        } else {
            Ok(no(say("forecast.change_site.only_looking")))
        }
    }

    pub(super) fn make_secrets(&self, person: &Person) -> Told {
        let client = self.facts.client_app.value();
        let (can, whose) = self.owns(person, client)?;
        if can == Can::No {
            return Ok(no(whose));
        }
        let made = client.map_or(Some(self.now), |app| app.created);
        let Ok(policy) = self.facts.rights.secret_policy.get() else {
            return Err(say_with("forecast.make_secrets.limits_not_read", &[("whose", &whose)]));
        };
        if policy.forbids(made) {
            return Ok(no(say("forecast.make_secrets.forbidden")));
        }
        let evidence = match policy.limit(made) {
            Some(limit) => {
                say_with("forecast.make_secrets.limit", &[("whose", &whose), ("length", &days(limit))])
            }
            None => say_with("forecast.make_secrets.no_limit", &[("whose", &whose)]),
        };
        Ok((can, evidence))
    }

    /// Whether this person may change a registration, the one that is there or the one that would be made.
    pub(super) fn owns(&self, person: &Person, app: Option<&Application>) -> Told {
        if let Some(role) = holds(person, &APP_ADMINS) {
            return Ok(yes(you_are(role)));
        }
        let Some(app) = app else {
            return Ok(match self.create_apps(person)? {
                (Can::No, why) => no(why),
                _ => yes(say("forecast.owner.will_be")),
            });
        };
        let owned = read(&self.facts.rights.owned, say("forecast.what.owned"))?;
        match (owned.iter().any(|id| id.eq_ignore_ascii_case(&app.app_id)), &person.roles) {
            (true, _) => Ok(yes(say_with("forecast.owner.you", &[("name", &app.display_name)]))),
            (false, Some(_)) => {
                no_unless_unplaced(person, &say_with("forecast.owner.other", &[("name", &app.display_name)]))
            }
            (false, None) => {
                Err(say_with("forecast.owner.other_roles_not_read", &[("name", &app.display_name)]))
            }
        }
    }

    pub(super) fn consent_self(&self, person: &Person) -> Told {
        if let Some(role) = holds(person, &CONSENTERS) {
            return Ok(yes(you_are(role)));
        }
        let admin_only =
            self.facts.api_app.value().and_then(|api| api.scope(SCOPE)).is_some_and(|scope| scope.admin_only);
        if admin_only {
            return no_unless_admin(person, say("forecast.consent_self.admin_only"));
        }
        match read(&self.facts.user_consent, say("forecast.what.user_consent"))? {
            UserConsent::Allowed => Ok(yes(say("forecast.consent_self.allowed"))),
            UserConsent::LowRiskOnly => Err(say("forecast.consent_self.low_risk").to_owned()),
            UserConsent::Off => no_unless_admin(person, say("forecast.consent_self.off")),
        }
    }
}

pub(super) fn consent_everyone(person: &Person) -> Told {
    if let Some(role) = holds(person, &CONSENTERS) {
        return Ok(yes(you_are(role)));
    }
    match &person.roles {
        Some(_) => no_unless_admin(person, say("forecast.consent_everyone.no_role")),
        None => Err(say("forecast.consent_everyone.roles_not_read").to_owned()),
    }
}

/// "No" to consenting, unless the person administers applications: then it is not certain (microsoft-cloud 4.7).
fn no_unless_admin(person: &Person, evidence: &str) -> Told {
    match holds(person, &[role::APPLICATION_ADMINISTRATOR]) {
        Some(_) => Err(say("forecast.consent_everyone.app_admin").to_owned()),
        None => no_unless_unplaced(person, evidence),
    }
}

/// "No", unless the person holds a role of which it is not known what it allows.
fn no_unless_unplaced(person: &Person, evidence: &str) -> Told {
    let mine = person.roles.as_deref().unwrap_or_default();
    match mine.iter().find(|mine| !PLACED.iter().any(|known| known.eq_ignore_ascii_case(mine))) {
        Some(id) => Err(say_with("forecast.role.unplaced", &[("id", id)])),
        None => Ok(no(evidence)),
    }
}

/// The first of these roles that the person holds.
fn holds(person: &Person, roles: &[&'static str]) -> Option<&'static str> {
    let mine = person.roles.as_deref().unwrap_or_default();
    roles.iter().copied().find(|id| mine.iter().any(|m| m.eq_ignore_ascii_case(id)))
}

/// That the person holds a role, by its name.
fn you_are(id: &str) -> String {
    let name = match id {
        role::GLOBAL_ADMINISTRATOR => say("forecast.role.global_administrator"),
        role::APPLICATION_ADMINISTRATOR => say("forecast.role.application_administrator"),
        role::CLOUD_APPLICATION_ADMINISTRATOR => say("forecast.role.cloud_application_administrator"),
        role::PRIVILEGED_ROLE_ADMINISTRATOR => say("forecast.role.privileged_role_administrator"),
        role::APPLICATION_DEVELOPER => say("forecast.role.application_developer"),
        other => other,
    };
    say_with("forecast.role.held", &[("name", name)])
}
