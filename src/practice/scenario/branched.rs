//! A function app with a deployment slot, and with a domain of the company's own.

use super::bare;
use crate::practice::world::{World, azure_role};

/// Gives the app that the scenario is about a slot `staging` and the host name `hello.contoso.com`. A slot has its own
/// resource id, host name and authentication settings (microsoft-cloud 5.4).
pub fn branch(world: &mut World, person: &str) {
    let Some(app) = world.sites.first() else { return };
    let mut slot = bare::site(world, &format!("{}-staging", app.name), &app.subscription);
    slot.name.clone_from(&app.name);
    slot.slot = Some("staging".to_owned());
    bare::grant_role(world, person, &slot.resource_id(), azure_role::CONTRIBUTOR);
    world.sites.push(slot);
    if let Some(app) = world.sites.first_mut() {
        // Not behind the default one by chance: only `defaultHostName` tells which that is.
        app.host_names.push("hello.contoso.com".to_owned());
    }
}
