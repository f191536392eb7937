//! Who may do what in the directory: the token's permissions bounded by the person's roles and ownership
//! (microsoft-cloud 4.3, 4.7). An application's token is bounded by its roles alone.

use super::answer::Refusal;
use crate::practice::wire::Caller;
use crate::practice::world::{DirectoryObject, World, directory_role};

/// Roles that may manage every registration and service principal.
const APP_ADMINS: &[&str] = &[
    directory_role::GLOBAL_ADMINISTRATOR,
    directory_role::APPLICATION_ADMINISTRATOR,
    directory_role::CLOUD_APPLICATION_ADMINISTRATOR,
];

/// Whether the token may read registrations and service principals.
pub fn read_apps(caller: &Caller) -> Result<(), Refusal> {
    any(
        caller,
        &[
            "Application.Read.All",
            "Application.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Directory.AccessAsUser.All",
        ],
    )
}

/// Whether the token may read grants.
pub fn read_grants(caller: &Caller) -> Result<(), Refusal> {
    any(
        caller,
        &[
            "DelegatedPermissionGrant.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Directory.AccessAsUser.All",
        ],
    )
}

/// Whether the token may read about its own user.
pub fn read_self(caller: &Caller) -> Result<(), Refusal> {
    any(
        caller,
        &[
            "User.Read",
            "User.ReadWrite",
            "User.Read.All",
            "User.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Directory.AccessAsUser.All",
        ],
    )
}

/// Whether the token may read other users.
pub fn read_users(caller: &Caller) -> Result<(), Refusal> {
    any(
        caller,
        &[
            "User.ReadBasic.All",
            "User.Read.All",
            "User.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Directory.AccessAsUser.All",
        ],
    )
}

/// Whether the token may read more of the organization than its name and domains.
pub fn reads_whole_organization(caller: &Caller) -> bool {
    any(
        caller,
        &[
            "Organization.Read.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
            "Directory.AccessAsUser.All",
        ],
    )
    .is_ok()
}

/// Whether the caller may register an application.
pub fn create_app(world: &World, caller: &Caller) -> Result<(), Refusal> {
    write_apps(caller)?;
    let Caller::User { id, .. } = caller else { return Ok(()) };
    let member = world.user(id).is_some_and(|user| user.user_type != "Guest");
    let creator = [APP_ADMINS, &[directory_role::APPLICATION_DEVELOPER]].concat();
    allow((member && world.switches.users_may_create_apps) || world.holds_directory_role(id, &creator))
}

/// Whether the caller may change this registration or service principal.
pub fn change_app(world: &World, caller: &Caller, object: &DirectoryObject) -> Result<(), Refusal> {
    write_apps(caller)?;
    let Caller::User { id, .. } = caller else { return Ok(()) };
    allow(object.owners.contains(id) || world.holds_directory_role(id, APP_ADMINS))
}

/// Whether the caller may make a service principal of a registration; `None` stands for one of another tenant.
pub fn create_principal(
    world: &World,
    caller: &Caller,
    app: Option<&DirectoryObject>,
) -> Result<(), Refusal> {
    write_apps(caller)?;
    let Caller::User { id, .. } = caller else { return Ok(()) };
    let owns = app.is_some_and(|app| app.owners.contains(id));
    allow(owns || world.holds_directory_role(id, APP_ADMINS))
}

/// Whether the caller may assign people and applications to this service principal.
pub fn assign(world: &World, caller: &Caller, resource: &DirectoryObject) -> Result<(), Refusal> {
    any(
        caller,
        &["AppRoleAssignment.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
    )?;
    let Caller::User { id, .. } = caller else { return Ok(()) };
    allow(resource.owners.contains(id) || world.holds_directory_role(id, APP_ADMINS))
}

/// Whether the caller may write delegated grants (microsoft-cloud 4.7: which roles may is a switch).
pub fn write_grants(world: &World, caller: &Caller) -> Result<(), Refusal> {
    any(
        caller,
        &["DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"],
    )?;
    let Caller::User { id, .. } = caller else { return Ok(()) };
    allow(may_consent_for_all(world, id))
}

/// Whether a person may consent for everybody in the tenant.
pub fn may_consent_for_all(world: &World, user: &str) -> bool {
    let always = [
        directory_role::GLOBAL_ADMINISTRATOR,
        directory_role::PRIVILEGED_ROLE_ADMINISTRATOR,
        directory_role::CLOUD_APPLICATION_ADMINISTRATOR,
    ];
    world.holds_directory_role(user, &always)
        || (world.switches.application_administrator_may_grant
            && world.holds_directory_role(user, &[directory_role::APPLICATION_ADMINISTRATOR]))
}

/// Whether the tenant's policies can be read: not with the Azure CLI's token (microsoft-cloud 2.10).
pub fn read_policies(world: &World, caller: &Caller) -> Result<(), Refusal> {
    allow(world.switches.policies_readable || caller.may("Policy.Read.All"))
}

/// Whether the policies for single applications can be read.
pub fn read_app_policies(world: &World, caller: &Caller) -> Result<(), Refusal> {
    read_policies(world, caller).or_else(|_| any(caller, &["Policy.ReadWrite.ApplicationConfiguration"]))
}

/// Whether the caller may write policies for single applications, and say which application has one: the permission, and a
/// person's role (Graph's reference, "Create appManagementPolicy": Cloud Application Administrator, Application
/// Administrator).
pub fn write_app_policies(world: &World, caller: &Caller) -> Result<(), Refusal> {
    any(caller, &["Policy.ReadWrite.ApplicationConfiguration"])?;
    let Caller::User { id, .. } = caller else { return Ok(()) };
    allow(world.holds_directory_role(id, APP_ADMINS))
}

fn write_apps(caller: &Caller) -> Result<(), Refusal> {
    any(caller, &["Application.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"])
}

fn any(caller: &Caller, permissions: &[&str]) -> Result<(), Refusal> {
    allow(permissions.iter().any(|permission| caller.may(permission)))
}

fn allow(allowed: bool) -> Result<(), Refusal> {
    if allowed { Ok(()) } else { Err(Refusal::denied()) }
}
