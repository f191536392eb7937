//! Tenants, people, and the roles they hold. Directory roles, Azure roles and ownership are independent of each other.

use serde::Serialize;

/// Template ids of directory roles (microsoft-cloud 4.3).
pub mod directory_role {
    /// Global Administrator.
    pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
    /// Application Administrator.
    pub const APPLICATION_ADMINISTRATOR: &str = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3";
    /// Application Developer.
    pub const APPLICATION_DEVELOPER: &str = "cf1c38e5-3621-4004-a7cb-879624dced7c";
    /// Cloud Application Administrator.
    pub const CLOUD_APPLICATION_ADMINISTRATOR: &str = "158c047a-c907-4556-b7ef-446551a6b5f7";
    /// Privileged Role Administrator.
    pub const PRIVILEGED_ROLE_ADMINISTRATOR: &str = "e8611ab8-c189-46e8-94e1-60213ab1f814";
    /// Power Platform Administrator.
    pub const POWER_PLATFORM_ADMINISTRATOR: &str = "11648597-926c-4cf3-9c36-bcebb0ba8dcc";
    /// Global Reader.
    pub const GLOBAL_READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";

    /// The English display name of a role the practice cloud knows, else the template id itself.
    pub fn name(template_id: &str) -> &str {
        match template_id {
            GLOBAL_ADMINISTRATOR => "Global Administrator",
            APPLICATION_ADMINISTRATOR => "Application Administrator",
            APPLICATION_DEVELOPER => "Application Developer",
            CLOUD_APPLICATION_ADMINISTRATOR => "Cloud Application Administrator",
            PRIVILEGED_ROLE_ADMINISTRATOR => "Privileged Role Administrator",
            POWER_PLATFORM_ADMINISTRATOR => "Power Platform Administrator",
            GLOBAL_READER => "Global Reader",
            other => other,
        }
    }
}

/// Names of built-in Azure roles that the practice cloud knows (microsoft-cloud 5.8).
pub mod azure_role {
    /// Everything, role assignments included.
    pub const OWNER: &str = "Owner";
    /// Everything but role assignments.
    pub const CONTRIBUTOR: &str = "Contributor";
    /// Sites and their configuration.
    pub const WEBSITE_CONTRIBUTOR: &str = "Website Contributor";
    /// `*/read` only: no app settings, no V1 auth settings.
    pub const READER: &str = "Reader";
}

/// One Entra tenant.
#[derive(Debug, Clone, Serialize)]
pub struct Tenant {
    /// Directory GUID, lower case.
    pub id: String,
    /// Its initial verified domain, such as `contoso.onmicrosoft.com`.
    pub domain: String,
    /// Display name.
    pub display_name: String,
}

/// One person. Practice users have no passwords: they are picked from a list.
#[derive(Debug, Clone, Serialize)]
pub struct User {
    /// Directory object id.
    pub id: String,
    /// Tenant GUID.
    pub tenant: String,
    /// User principal name.
    pub upn: String,
    /// Display name.
    pub display_name: String,
    /// `Member` or `Guest`.
    pub user_type: String,
    /// For a guest, object id of the account at home, with which the person signs in.
    pub home: Option<String>,
    /// Active directory roles, as template ids ([`directory_role`]).
    pub directory_roles: Vec<String>,
    /// Licences for Power Platform.
    pub licences: Vec<Licence>,
    /// What this person is in the scenario, in a few words for a reader of the scenario list.
    pub part: String,
}

/// A licence for Power Platform, as far as the practice cloud gives any. Names and ids: MicrosoftDocs `entra-docs`,
/// `docs/identity/users/licensing-service-plan-reference.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// Power Apps Premium, for whoever uses apps in earnest.
    Premium,
    /// Power Apps for Developer, free of charge, for developer environments.
    Developer,
}

impl Licence {
    /// `skuId` and `skuPartNumber`.
    pub const fn sku(self) -> (&'static str, &'static str) {
        match self {
            Self::Premium => ("b30411f5-fea1-4a59-9ad9-3db7c7ead579", "POWERAPPS_PER_USER"),
            Self::Developer => ("5b631642-bd26-49fe-bd20-1daaa972ef80", "POWERAPPS_DEV"),
        }
    }

    /// `servicePlanId` and `servicePlanName` of the plan for Power Apps.
    pub const fn plan(self) -> (&'static str, &'static str) {
        match self {
            Self::Premium => ("ea2cf03b-ac60-46ae-9c1d-eeaeb63cec86", "POWERAPPS_PER_USER"),
            Self::Developer => ("a2729df7-25f8-4e63-984b-8a8484121554", "POWERAPPS_DEV_VIRAL"),
        }
    }
}

/// One Azure role assignment.
#[derive(Debug, Clone, Serialize)]
pub struct AzureRole {
    /// Object id of the user or service principal.
    pub principal: String,
    /// ARM scope at which it holds, and below.
    pub scope: String,
    /// Role name ([`azure_role`]).
    pub role: String,
}
