//! A function app in another tenant than the person's own: at home nothing can be seen, there the person is a guest.

use super::bare;
use crate::practice::world::{
    Environment, ResourceGroup, Subscription, User, World, azure_role, directory_role,
};

/// Resource group of the app abroad.
const GROUP: &str = "fabrikam-rg";

/// Moves the function app of the bare world into the second tenant, where the person is a guest with what it takes to
/// do all seven stages: Contributor on the app, and the role to register applications, which guests lack by themselves
/// (microsoft-cloud 4.3).
pub fn go(world: &mut World, person: &str) {
    let (Some(tenant), Some(account)) = (world.tenants.get(1).cloned(), world.user(person).cloned()) else {
        return;
    };
    let subscription = world.id_for("subscription abroad").to_string();
    world.subscriptions.push(Subscription {
        id: subscription.clone(),
        display_name: "Fabrikam projects".to_owned(),
        tenant: tenant.id.clone(),
        state: "Enabled".to_owned(),
    });
    world.resource_groups.push(ResourceGroup {
        subscription: subscription.clone(),
        name: GROUP.to_owned(),
        location: "westeurope".to_owned(),
    });
    let mut site = bare::site(world, "fabrikam-hello", &subscription);
    GROUP.clone_into(&mut site.resource_group);
    let guest = User {
        id: world.id_for("guest abroad").to_string(),
        tenant: tenant.id.clone(),
        upn: format!("{}#EXT#@{}", account.upn.replace('@', "_"), tenant.domain),
        user_type: "Guest".to_owned(),
        home: Some(account.id.clone()),
        directory_roles: vec![directory_role::APPLICATION_DEVELOPER.to_owned()],
        // A licence is good in the tenant that gave it.
        licences: Vec::new(),
        part: "the maker as a guest of another tenant".to_owned(),
        ..account
    };
    world.azure_roles.retain(|role| role.principal != person);
    bare::grant_role(world, &guest.id, &site.resource_id(), azure_role::CONTRIBUTOR);
    world.users.push(guest);
    world.sites = vec![site];
    world.environments.insert(
        0,
        Environment {
            id: format!("Default-{}", tenant.id),
            tenant: tenant.id,
            display_name: "Fabrikam (default)".to_owned(),
            location: "unitedstates".to_owned(),
        },
    );
}
