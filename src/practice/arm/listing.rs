//! Tenants, subscriptions, resource groups and lists of sites (microsoft-cloud 5.2, 5.3).

use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, page, page_of};
use super::{rights, site};
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{ResourceGroup, Site, Subscription, World};

/// `/tenants`: the ones that know the caller, at home or as a guest.
pub fn tenants(world: &World, request: &Request, caller: &Caller) -> Answer {
    only_get(request)?;
    let person = caller.object_id().and_then(|id| world.user(id));
    let items = world
        .tenants
        .iter()
        .filter_map(|tenant| {
            let own = caller.tenant() == Some(tenant.id.as_str());
            let known = person.and_then(|person| world.known_in(person, &tenant.id));
            let guest = known.is_some_and(|known| known.home.is_some());
            (own || known.is_some()).then_some((tenant, guest))
        })
        .map(|(tenant, guest)| {
            let mut item = json!({
                "id": format!("/tenants/{}", tenant.id), "tenantId": tenant.id, "tenantCategory": "Home",
            });
            if !guest || world.switches.tenants_tell_their_names {
                item["countryCode"] = "US".into();
                item["displayName"] = tenant.display_name.as_str().into();
                item["domains"] = json!([tenant.domain]);
                item["defaultDomain"] = tenant.domain.as_str().into();
                item["tenantType"] = "AAD".into();
            }
            item
        })
        .collect();
    Ok(page(request, items, world.switches.page_size, true))
}

/// `/subscriptions`: those of the token's tenant in which the caller has a role.
pub fn subscriptions(world: &World, request: &Request, caller: &Caller) -> Answer {
    only_get(request)?;
    let items = world
        .subscriptions
        .iter()
        .filter(|subscription| caller.tenant() == Some(subscription.tenant.as_str()))
        .filter(|subscription| rights::sees(world, caller, &subscription_scope(&subscription.id)))
        .map(subscription_document)
        .collect();
    Ok(page(request, items, world.switches.page_size, true))
}

/// What is at and below a subscription.
pub fn subscription(
    world: &World,
    request: &Request,
    caller: &Caller,
    found: &Subscription,
    rest: &[&str],
) -> Answer {
    let scope = subscription_scope(&found.id);
    match rest {
        [] => {
            only_get(request)?;
            if !rights::sees(world, caller, &scope) {
                rights::need(world, caller, "Microsoft.Resources/subscriptions/read", &scope)?;
            }
            Ok(Reply::json(200, &subscription_document(found)))
        }
        ["resourcegroups"] => {
            only_get(request)?;
            let items = world
                .resource_groups
                .iter()
                .filter(|group| group.subscription.eq_ignore_ascii_case(&found.id))
                .filter(|group| rights::sees(world, caller, &group_scope(&found.id, &group.name)))
                .map(group_document)
                .collect();
            Ok(page(request, items, world.switches.page_size, false))
        }
        ["providers", "microsoft.web", "sites"] => {
            only_get(request)?;
            Ok(sites(world, request, caller, &found.id, None))
        }
        ["providers", "microsoft.authorization", "permissions"] => {
            only_get(request)?;
            Ok(Reply::json(200, &rights::permissions(world, caller, &scope)))
        }
        _ => Ok(Reply::unknown()),
    }
}

/// What is at and below a resource group.
pub fn group(
    world: &World,
    request: &Request,
    caller: &Caller,
    id: &str,
    name: &str,
    rest: &[&str],
) -> Answer {
    let scope = group_scope(id, name);
    if rest == ["providers", "microsoft.authorization", "permissions"] {
        only_get(request)?;
        return Ok(Reply::json(200, &rights::permissions(world, caller, &scope)));
    }
    let list = rest == ["providers", "microsoft.web", "sites"];
    if !(rest.is_empty() || list) {
        return Ok(Reply::unknown());
    }
    if request.method != Method::HEAD {
        only_get(request)?;
    }
    if !rights::sees(world, caller, &scope) {
        let action = if list {
            "Microsoft.Web/sites/read"
        } else {
            "Microsoft.Resources/subscriptions/resourceGroups/read"
        };
        rights::need(world, caller, action, &scope)?;
    }
    let found = find_group(world, id, name)?;
    if list {
        return Ok(sites(world, request, caller, id, Some(name)));
    }
    if request.method == Method::HEAD {
        return Ok(Reply::empty(204));
    }
    Ok(Reply::json(200, &group_document(found)))
}

/// A resource group of a subscription, or 404.
pub fn find_group<'a>(world: &'a World, id: &str, name: &str) -> Result<&'a ResourceGroup, Refusal> {
    world
        .resource_groups
        .iter()
        .find(|group| group.subscription.eq_ignore_ascii_case(id) && group.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            Refusal::arm(404, "ResourceGroupNotFound", format!("Resource group '{name}' could not be found."))
        })
}

fn sites(
    world: &World,
    request: &Request,
    caller: &Caller,
    subscription: &str,
    group: Option<&str>,
) -> Reply {
    let items: Vec<&Site> = world
        .sites
        .iter()
        // A slot is listed with its app, and nowhere else.
        .filter(|site| site.slot.is_none() && site.subscription.eq_ignore_ascii_case(subscription))
        .filter(|site| group.is_none_or(|group| site.resource_group.eq_ignore_ascii_case(group)))
        .filter(|site| rights::may(world, caller, "Microsoft.Web/sites/read", &site.resource_id()))
        .collect();
    page_of(request, items, world.switches.page_size, false, |site| site::document(world, site))
}

fn subscription_scope(id: &str) -> String {
    format!("/subscriptions/{id}")
}

fn group_scope(id: &str, name: &str) -> String {
    format!("/subscriptions/{id}/resourceGroups/{name}")
}

fn subscription_document(subscription: &Subscription) -> Value {
    json!({
        "id": subscription_scope(&subscription.id), "authorizationSource": "RoleBased", "managedByTenants": [],
        "subscriptionId": subscription.id, "tenantId": subscription.tenant,
        "displayName": subscription.display_name, "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off",
        },
    })
}

fn group_document(group: &ResourceGroup) -> Value {
    json!({
        "id": group_scope(&group.subscription, &group.name), "name": group.name,
        "type": "Microsoft.Resources/resourceGroups", "location": group.location, "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    })
}

fn only_get(request: &Request) -> Result<(), Refusal> {
    if request.method == Method::GET { Ok(()) } else { Err(Refusal::method(&request.method)) }
}
