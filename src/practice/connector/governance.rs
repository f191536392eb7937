//! The data policies of a tenant, which its administrators alone may read (power-platform 6.2, 6.9).

use http::Method;
use serde_json::{Value, json};

use super::provider::{bad_version, error, refused};
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::{DataPolicy, World, directory_role};

/// Roles that administer Power Platform in the whole tenant.
const ADMINISTRATORS: [&str; 2] =
    [directory_role::GLOBAL_ADMINISTRATOR, directory_role::POWER_PLATFORM_ADMINISTRATOR];

/// Answers a request below `/providers/PowerPlatform.Governance`.
pub fn handle(world: &World, request: &Request, caller: &Caller) -> Reply {
    let path = request.decoded_path();
    let words: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let wanted = match words.as_slice() {
        [_, _, version, policies, rest @ ..]
            if version.eq_ignore_ascii_case("v2")
                && policies.eq_ignore_ascii_case("policies")
                && rest.len() < 2 =>
        {
            rest.first().copied()
        }
        _ => {
            let mut reply = Reply::empty(404);
            reply.unknown_path = true;
            return reply;
        }
    };
    // The version may be left out here: Microsoft's own client sends none (power-platform 6.9, source TF).
    let versioned = request.query("api-version").is_some();
    if let Some(refusal) = refused(caller).or_else(|| versioned.then(|| bad_version(request)).flatten()) {
        return refusal;
    }
    let administers =
        matches!(caller, Caller::User { id, .. } if world.holds_directory_role(id, &ADMINISTRATORS));
    let Some(tenant) = caller.tenant().filter(|_| administers) else {
        return error(403, "Forbidden", "The caller is not an administrator of the tenant.");
    };
    if request.method != Method::GET {
        return error(405, "MethodNotAllowed", "The practice cloud only reads data policies.");
    }
    let mut policies = world.data_policies.iter().filter(|policy| policy.tenant == tenant);
    match wanted {
        None => {
            let told = world.switches.policy_lists_tell_patterns;
            let items: Vec<Value> = policies.map(|policy| document(policy, told)).collect();
            Reply::json(200, &json!({"value": items}))
        }
        Some(id) => match policies.find(|policy| policy.id.eq_ignore_ascii_case(id)) {
            Some(policy) => Reply::json(200, &document(policy, true)),
            None => error(404, "PolicyNotFound", &format!("The policy '{id}' could not be found.")),
        },
    }
}

fn document(policy: &DataPolicy, with_patterns: bool) -> Value {
    let environments: Vec<Value> = policy
        .environments
        .iter()
        .map(|name| {
            json!({
                "name": name, "type": "Microsoft.BusinessAppPlatform/scopes/environments",
                "id": format!("/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{name}"),
            })
        })
        .collect();
    let groups = ["Confidential", "General", "Blocked"]
        .map(|classification| json!({"classification": classification, "connectors": []}));
    let mut document = json!({"policyDefinition": {
        "name": policy.id, "displayName": policy.display_name,
        "defaultConnectorsClassification": policy.default_classification, "connectorGroups": groups,
        "environmentType": policy.environment_type, "environments": environments,
        "isLegacySchemaVersion": false,
    }});
    if with_patterns {
        // The last rule is always the one for everything (power-platform 6.9).
        let last = (policy.patterns.last().is_none_or(|(pattern, _)| pattern != "*"))
            .then(|| ("*".to_owned(), "Ignore".to_owned()));
        let rules: Vec<Value> = policy
            .patterns
            .iter()
            .chain(&last)
            .zip(1..)
            .map(|((pattern, classification), order): (&(String, String), u32)| {
                json!({
                    "order": order, "customConnectorRuleClassification": classification, "pattern": pattern,
                })
            })
            .collect();
        document["customConnectorUrlPatternsDefinition"] = json!({"rules": rules});
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::scenario::worlds;

    fn get(world: &World, target: &str, caller: &Caller) -> (u16, Value) {
        let request = Request::get(&format!("/providers/PowerPlatform.Governance/v2/{target}"));
        let reply = handle(world, &request, caller);
        assert_eq!(reply.unknown_path, reply.status == 404 && reply.body.is_empty());
        (reply.status, if reply.body.is_empty() { Value::Null } else { reply.to_json() })
    }

    #[test]
    fn administrators_read_policies_and_everybody_else_is_refused() {
        let mut world = worlds::bare();
        let ada = world.users[0].clone();
        let caller = worlds::caller(&world, &ada.upn, &["User"]);
        assert_eq!(get(&world, "policies", &Caller::Anonymous).0, 401);
        let (status, body) = get(&world, "policies", &caller);
        assert_eq!((status, &body["error"]["code"]), (403, &json!("Forbidden")));
        for role in ADMINISTRATORS {
            world.users[0].directory_roles = vec![role.to_owned()];
            assert_eq!(get(&world, "policies", &caller), (200, json!({"value": []})));
        }
        world.data_policies.push(DataPolicy::blocking("Contoso main", &ada.tenant, "https://a.example*"));
        world.data_policies.push(DataPolicy::blocking("Fabrikam", "another tenant", "*"));
        let (_, list) = get(&world, "policies?api-version=2018-01-01", &caller);
        assert_eq!(list["value"].as_array().unwrap().len(), 1, "those of another tenant are not seen");
        assert_eq!(list["value"][0]["customConnectorUrlPatternsDefinition"], Value::Null);
        let id = list["value"][0]["policyDefinition"]["name"].as_str().unwrap();
        let (_, one) = get(&world, &format!("policies/{id}"), &caller);
        let rules = &one["customConnectorUrlPatternsDefinition"]["rules"];
        assert_eq!((&rules[0]["order"], &rules[0]["pattern"]), (&json!(1), &json!("https://a.example*")));
        assert_eq!(rules[1]["customConnectorRuleClassification"], "Ignore");
        world.switches.policy_lists_tell_patterns = true;
        let (_, list) = get(&world, "policies", &caller);
        assert_eq!(&list["value"][0]["customConnectorUrlPatternsDefinition"]["rules"], rules);
        assert_eq!(get(&world, "policies/nothing", &caller).0, 404);
        assert_eq!(get(&world, "policies?api-version=x", &caller).0, 400);
        assert_eq!(get(&world, "connectors", &caller).0, 404);
    }
}
