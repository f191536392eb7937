//! A tenant in which one loses one's way: function apps by the thousand over several subscriptions, with Logic Apps and
//! web apps between them.

use super::bare;
use crate::practice::world::{ResourceGroup, Subscription, World, azure_role};

/// What the further subscriptions are called.
const SUBSCRIPTIONS: [&str; 4] = ["Contoso retail", "Contoso research", "Contoso shared", "Contoso archive"];
/// Every so many-th site is followed by one of another kind, which is no function app.
const EVERY: usize = 25;

/// Adds function apps until there are so many. The person is Contributor in each of their subscriptions, but for the
/// last, which holds nothing and can only be read.
pub fn fill(world: &mut World, count: usize, person: &str) {
    if count <= world.sites.len() {
        return;
    }
    let tenant = world.main_tenant().to_owned();
    let mut homes = Vec::new();
    for name in SUBSCRIPTIONS {
        let id = world.id_for(&format!("subscription {name}")).to_string();
        let group = format!("{}-rg", name.to_lowercase().replace(' ', "-"));
        world.subscriptions.push(Subscription {
            id: id.clone(),
            display_name: name.to_owned(),
            tenant: tenant.clone(),
            state: "Enabled".to_owned(),
        });
        world.resource_groups.push(ResourceGroup {
            subscription: id.clone(),
            name: group.clone(),
            location: "westeurope".to_owned(),
        });
        let empty = homes.len() + 1 == SUBSCRIPTIONS.len();
        let role = if empty { azure_role::READER } else { azure_role::CONTRIBUTOR };
        bare::grant_role(world, person, &format!("/subscriptions/{id}"), role);
        homes.push((id, group, name.rsplit(' ').next().unwrap_or(name)));
    }
    homes.pop();
    // The first one is the one that the scenario is about; most of the others crowd into one subscription.
    for number in 1..count {
        let place = [1, 2].into_iter().find(|place| number % 8 == place - 1).unwrap_or(0);
        let Some(home) = homes.get(place) else { return };
        add(world, home, number, "func", "functionapp,linux");
        if number % EVERY == 0 {
            add(world, home, number, "logic", "functionapp,workflowapp,linux");
            add(world, home, number, "web", "app,linux");
        }
    }
}

/// A host as the portal names them today: nobody can guess it from the app's name (microsoft-cloud 5.4).
pub fn regional_host(world: &World, name: &str) -> String {
    let label = world.id_for(&format!("{name} label")).simple().to_string();
    let label = label.get(..13).unwrap_or(&label);
    format!("{name}-{label}.westeurope-01.azurewebsites.net")
}

fn add(world: &mut World, home: &(String, String, &str), number: usize, what: &str, kind: &str) {
    let (subscription, group, part) = home;
    let name = format!("{part}-{what}-{number:04}");
    let mut site = bare::site(world, &name, subscription);
    site.host_names = vec![regional_host(world, &name)];
    site.resource_group.clone_from(group);
    // Twelve thousand keys and settings that nobody asks for would only slow down the search for secrets in recordings.
    site.app_settings.clear();
    site.host_keys.clear();
    for function in &mut site.functions {
        function.keys.clear();
    }
    kind.clone_into(&mut site.kind);
    world.sites.push(site);
}
