//! Azure roles as actions, and who may do what at which scope (microsoft-cloud 5.8).

use serde_json::{Value, json};

use super::answer::Refusal;
use crate::practice::wire::Caller;
use crate::practice::world::{World, azure_role};

/// What a role allows: actions and, taken out of them, not-actions.
struct Role {
    actions: &'static [&'static str],
    not_actions: &'static [&'static str],
}

fn role(name: &str) -> Role {
    match name {
        azure_role::OWNER => Role { actions: &["*"], not_actions: &[] },
        azure_role::CONTRIBUTOR => Role {
            actions: &["*"],
            not_actions: &[
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
                "Microsoft.Blueprint/blueprintAssignments/write",
                "Microsoft.Blueprint/blueprintAssignments/delete",
                "Microsoft.Compute/galleries/share/action",
            ],
        },
        azure_role::WEBSITE_CONTRIBUTOR => Role {
            actions: &[
                "Microsoft.Authorization/*/read",
                "Microsoft.Insights/alertRules/*",
                "Microsoft.Insights/components/*",
                "Microsoft.ResourceHealth/availabilityStatuses/read",
                "Microsoft.Resources/deployments/*",
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                "Microsoft.Support/*",
                "Microsoft.Web/certificates/*",
                "Microsoft.Web/listSitesAssignedToHostName/read",
                "Microsoft.Web/serverFarms/join/action",
                "Microsoft.Web/serverFarms/read",
                "Microsoft.Web/sites/*",
            ],
            not_actions: &[],
        },
        azure_role::READER => Role { actions: &["*/read"], not_actions: &[] },
        _ => Role { actions: &[], not_actions: &[] },
    }
}

/// Whether a pattern with stars covers an action, ignoring case.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = action.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Whether a caller may do an action at a scope.
pub fn may(world: &World, caller: &Caller, action: &str, scope: &str) -> bool {
    let Some(principal) = caller.object_id() else { return false };
    world.azure_roles_at(principal, scope).into_iter().any(|name| {
        let role = role(name);
        role.actions.iter().any(|pattern| covers(pattern, action))
            && !role.not_actions.iter().any(|pattern| covers(pattern, action))
    })
}

/// 403 unless the caller may do an action at a scope.
pub fn need(world: &World, caller: &Caller, action: &str, scope: &str) -> Result<(), Refusal> {
    if may(world, caller, action, scope) {
        return Ok(());
    }
    Err(Refusal::arm(
        403,
        "AuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' does not have authorization to perform action '{action}' over scope \
             '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
            caller.name(),
            caller.object_id().unwrap_or_default()
        ),
    ))
}

/// Whether a caller has any role at or below a scope: such scopes are listed.
pub fn sees(world: &World, caller: &Caller, scope: &str) -> bool {
    let Some(principal) = caller.object_id() else { return false };
    let below = format!("{}/", scope.to_ascii_lowercase());
    !world.azure_roles_at(principal, scope).is_empty()
        || world.azure_roles.iter().any(|role| {
            role.principal.eq_ignore_ascii_case(principal)
                && role.scope.to_ascii_lowercase().starts_with(&below)
        })
}

/// The answer of `.../providers/Microsoft.Authorization/permissions`.
pub fn permissions(world: &World, caller: &Caller, scope: &str) -> Value {
    let names = caller.object_id().map(|id| world.azure_roles_at(id, scope)).unwrap_or_default();
    let value: Vec<Value> = names
        .into_iter()
        .map(|name| {
            let role = role(name);
            json!({"actions": role.actions, "notActions": role.not_actions, "dataActions": [], "notDataActions": []})
        })
        .collect();
    json!({"value": value})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_actions() {
        for (pattern, action, expected) in [
            ("*", "Microsoft.Web/sites/write", true),
            ("*/read", "Microsoft.Web/sites/config/Read", true),
            ("*/read", "Microsoft.Web/sites/config/list/action", false),
            ("Microsoft.Web/sites/*", "microsoft.web/sites/config/write", true),
            ("Microsoft.Web/sites/*", "Microsoft.Web/serverFarms/read", false),
            ("Microsoft.Authorization/*/Write", "Microsoft.Authorization/roleAssignments/write", true),
            ("Microsoft.Web/sites/read", "Microsoft.Web/sites/read", true),
            ("Microsoft.Web/sites/read", "Microsoft.Web/sites/read/more", false),
        ] {
            assert_eq!(covers(pattern, action), expected, "{pattern} {action}");
        }
    }
}
