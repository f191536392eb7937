//! What general-purpose clients ask of a subscription before anything else: its regions, resource providers, plans and
//! resources of any kind.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, page};
use super::{rights, site};
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{Site, Subscription, World};

/// A region: short name, name, geography, its group, latitude and longitude.
type Region = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const REGIONS: [Region; 4] = [
    ("eastus", "East US", "United States", "US", "37.3719", "-79.8164"),
    ("northeurope", "North Europe", "Ireland", "Europe", "53.3478", "-6.2597"),
    ("westeurope", "West Europe", "Netherlands", "Europe", "52.3667", "4.9"),
    ("westus", "West US", "United States", "US", "37.783", "-122.417"),
];

/// A resource provider: its namespace, and its types with their newest version.
type Provider = (&'static str, &'static [(&'static str, &'static str)]);

const PROVIDERS: [Provider; 4] = [
    ("Microsoft.Authorization", &[("permissions", "2022-04-01"), ("roleAssignments", "2022-04-01")]),
    ("Microsoft.ResourceGraph", &[("resources", "2022-10-01")]),
    (
        "Microsoft.Resources",
        &[("resources", "2022-09-01"), ("subscriptions", "2022-12-01"), ("tenants", "2022-12-01")],
    ),
    ("Microsoft.Web", &[("serverFarms", "2023-12-01"), ("sites", "2023-12-01")]),
];

/// Answers what is asked of a subscription by its tail in lower case; `None` for what is not asked here.
pub fn subscription(
    world: &World,
    request: &Request,
    caller: &Caller,
    found: &Subscription,
    rest: &[&str],
) -> Option<Answer> {
    let scope = format!("/subscriptions/{}", found.id);
    let in_it = |site: &Site| site.subscription.eq_ignore_ascii_case(&found.id);
    let answer = match rest {
        ["locations"] => {
            let regions: Vec<Value> = REGIONS.iter().map(|region| location(&scope, *region)).collect();
            readable(world, request, caller, &scope, "Microsoft.Resources/subscriptions/locations/read")
                .map(|()| Reply::json(200, &json!({"value": regions})))
        }
        ["providers"] => {
            let all = PROVIDERS.iter().map(|known| provider(&scope, *known)).collect();
            readable(world, request, caller, &scope, "Microsoft.Resources/subscriptions/providers/read")
                .map(|()| page(request, all, world.switches.page_size, false))
        }
        ["providers", namespace] => {
            readable(world, request, caller, &scope, "Microsoft.Resources/subscriptions/providers/read")
                .and_then(|()| find_provider(namespace))
                .map(|known| Reply::json(200, &provider(&scope, known)))
        }
        ["resources"] => resources(world, request, caller, in_it),
        ["providers", "microsoft.web", "serverfarms"] => plans(world, request, caller, in_it),
        _ => return None,
    };
    Some(answer)
}

/// The resource providers that there are, or one of them, for whoever is signed in. At the tenant nothing is registered, so
/// that no registration is told of.
pub fn tenant(world: &World, request: &Request, namespace: Option<&str>) -> Answer {
    only_get(request)?;
    let document = |(namespace, types): Provider| json!({"namespace": namespace, "resourceTypes": resource_types(namespace, types)});
    match namespace {
        None => {
            let all = PROVIDERS.iter().map(|known| document(*known)).collect();
            Ok(page(request, all, world.switches.page_size, false))
        }
        Some(namespace) => find_provider(namespace).map(|known| Reply::json(200, &document(known))),
    }
}

/// The same of a resource group.
pub fn group(
    world: &World,
    request: &Request,
    caller: &Caller,
    (id, name): (&str, &str),
    rest: &[&str],
) -> Option<Answer> {
    let in_it = |site: &Site| {
        site.subscription.eq_ignore_ascii_case(id) && site.resource_group.eq_ignore_ascii_case(name)
    };
    match rest {
        ["resources"] => Some(resources(world, request, caller, in_it)),
        ["providers", "microsoft.web", "serverfarms"] => Some(plans(world, request, caller, in_it)),
        _ => None,
    }
}

/// A GET by somebody with a role at or below the scope.
fn readable(
    world: &World,
    request: &Request,
    caller: &Caller,
    scope: &str,
    action: &str,
) -> Result<(), Refusal> {
    only_get(request)?;
    if rights::sees(world, caller, scope) { Ok(()) } else { rights::need(world, caller, action, scope) }
}

fn only_get(request: &Request) -> Result<(), Refusal> {
    if request.method == Method::GET { Ok(()) } else { Err(Refusal::method(&request.method)) }
}

fn location(scope: &str, (name, display, geography, group, latitude, longitude): Region) -> Value {
    json!({
        "id": format!("{scope}/locations/{name}"), "name": name, "type": "Region", "displayName": display,
        "regionalDisplayName": format!("({group}) {display}"),
        "metadata": {
            "regionType": "Physical", "regionCategory": "Recommended", "geography": geography, "geographyGroup": group,
            "latitude": latitude, "longitude": longitude, "physicalLocation": geography, "pairedRegion": [],
        },
    })
}

fn resource_types(namespace: &str, types: &[(&str, &str)]) -> Vec<Value> {
    let everywhere: Vec<&str> = REGIONS.iter().map(|region| region.1).collect();
    types
        .iter()
        .map(|(name, version)| {
            let global = namespace != "Microsoft.Web";
            json!({
                "resourceType": name, "locations": if global { vec![] } else { everywhere.clone() },
                "apiVersions": [version], "defaultApiVersion": version, "capabilities": "None",
            })
        })
        .collect()
}

fn provider(scope: &str, (namespace, types): Provider) -> Value {
    json!({
        "id": format!("{scope}/providers/{namespace}"), "namespace": namespace, "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired", "resourceTypes": resource_types(namespace, types),
    })
}

fn find_provider(namespace: &str) -> Result<Provider, Refusal> {
    let known = PROVIDERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(namespace));
    known.copied().ok_or_else(|| {
        Refusal::arm(
            404,
            "InvalidResourceNamespace",
            format!("The resource namespace '{namespace}' is invalid."),
        )
    })
}

/// The plan that a site runs on, as its document names it.
fn plan_of(world: &World, site: &Site) -> String {
    site::document(world, site)["properties"]["serverFarmId"].as_str().unwrap_or_default().to_owned()
}

fn plans(world: &World, request: &Request, caller: &Caller, in_it: impl Fn(&Site) -> bool) -> Answer {
    only_get(request)?;
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for site in world.sites.iter().filter(|site| in_it(site)) {
        let id = plan_of(world, site);
        if !rights::may(world, caller, "Microsoft.Web/serverFarms/read", &id) || !seen.insert(id.clone()) {
            continue;
        }
        let linux = site.kind.contains("linux");
        let (name, tier) = if linux { ("FC1", "FlexConsumption") } else { ("Y1", "Dynamic") };
        items.push(json!({
            "id": id, "name": id.rsplit('/').next(), "type": "Microsoft.Web/serverfarms", "kind": "functionapp",
            "location": site.location, "tags": {},
            "sku": {"name": name, "tier": tier, "size": name, "family": name.get(..name.len() - 1), "capacity": 0},
            "properties": {
                "status": "Ready", "subscription": site.subscription, "resourceGroup": site.resource_group,
                "numberOfSites": 1, "reserved": linux, "provisioningState": "Succeeded",
            },
        }));
    }
    Ok(page(request, items, world.switches.page_size, false))
}

fn resources(world: &World, request: &Request, caller: &Caller, in_it: impl Fn(&Site) -> bool) -> Answer {
    only_get(request)?;
    // The Azure CLI sends an empty filter.
    let asked = request.query("$filter").filter(|text| !text.is_empty());
    let filter = asked.map(Filter::parse).transpose()?.unwrap_or_default();
    let mut items: Vec<Value> = Vec::new();
    for site in world.sites.iter().filter(|site| in_it(site)) {
        let plan = plan_of(world, site);
        let generic = |id: &str, kind: &str, of: &str| {
            json!({
                "id": id, "name": id.rsplit('/').next(), "type": of, "kind": kind, "location": site.location,
            })
        };
        if rights::may(world, caller, "Microsoft.Web/sites/read", &site.resource_id()) {
            let mut resource = generic(&site.resource_id(), &site.kind, "Microsoft.Web/sites");
            resource["tags"] = json!(site.tags);
            items.push(resource);
        }
        if rights::may(world, caller, "Microsoft.Web/serverFarms/read", &plan) {
            items.push(generic(&plan, "functionapp", "Microsoft.Web/serverFarms"));
        }
    }
    items.retain(|item| filter.fits(item));
    let size = match request.query("$top").map(str::parse) {
        None => world.switches.page_size,
        Some(Ok(top)) => top,
        Some(Err(_)) => {
            return Err(Refusal::arm(
                400,
                "InvalidTopInQueryString",
                "The $top in the query string is not a number.",
            ));
        }
    };
    Ok(page(request, items, size, false))
}

/// Comparisons that all have to hold: member, value, and whether they are to be equal.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter(Vec<(Member, String, bool)>);

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Member {
    Name,
    Type,
    Location,
    Group,
}

impl Filter {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = || {
            let message = format!("Invalid $filter '{text}' specified in the query string.");
            Refusal::arm(400, "InvalidFilterInQueryString", message)
        };
        let all = text.split(" and ").map(|part| {
            let mut words = part.trim().splitn(3, ' ');
            let member = match words.next()?.to_ascii_lowercase().as_str() {
                "name" => Member::Name,
                "resourcetype" => Member::Type,
                "location" => Member::Location,
                "resourcegroup" => Member::Group,
                _ => return None,
            };
            let equal = match words.next()? {
                "eq" => true,
                "ne" => false,
                _ => return None,
            };
            let value = words.next()?.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            Some((member, value.to_owned(), equal))
        });
        all.collect::<Option<_>>().map(Self).ok_or_else(bad)
    }

    fn fits(&self, item: &Value) -> bool {
        let text = |name: &str| item[name].as_str().unwrap_or_default();
        self.0.iter().all(|(member, value, equal)| {
            let own = match member {
                Member::Name => text("name"),
                Member::Type => text("type"),
                Member::Location => text("location"),
                Member::Group => text("id").split('/').nth(4).unwrap_or_default(),
            };
            own.eq_ignore_ascii_case(value) == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_compare_what_the_service_compares_and_nothing_else() {
        let item = json!({
            "id": "/subscriptions/s/resourceGroups/contoso-rg/providers/Microsoft.Web/sites/contoso-hello",
            "name": "contoso-hello", "type": "Microsoft.Web/sites", "location": "westeurope",
        });
        for (text, fits) in [
            ("resourceType eq 'microsoft.web/SITES'", true),
            ("resourceType eq 'Microsoft.Storage/storageAccounts'", false),
            ("resourceType ne 'Microsoft.Storage/storageAccounts'", true),
            ("resourceGroup eq 'contoso-rg' and name eq 'contoso-hello'", true),
            ("resourceGroup eq 'contoso-rg' and location eq 'westus'", false),
        ] {
            assert_eq!(Filter::parse(text).map(|filter| filter.fits(&item)).ok(), Some(fits), "{text}");
        }
        for text in ["", "name", "name eq x", "name lt 'x'", "colour eq 'red'"] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }
}
