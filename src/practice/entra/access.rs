//! Who may have what: required access, pre-authorisation, consent and assignment (microsoft-cloud 3.4, 4.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::client::Client;
use super::resource::{Wanted, Wish};
use super::{Refusal, Version};
use crate::practice::world::{Consent, Kind, UserConsent, View, World, directory_role, first_party};

/// Graph permissions that Azure CLI holds without any prompt (microsoft-cloud 2.10).
const AZURE_CLI_GRAPH: [&str; 11] = [
    "email",
    "openid",
    "profile",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "AuditLog.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Group.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
];

/// Directory roles whose holders may consent for everybody.
const CONSENTING_ROLES: [&str; 4] = [
    directory_role::GLOBAL_ADMINISTRATOR,
    directory_role::PRIVILEGED_ROLE_ADMINISTRATOR,
    directory_role::CLOUD_APPLICATION_ADMINISTRATOR,
    directory_role::APPLICATION_ADMINISTRATOR,
];

/// Permissions that are classified as low impact in every practice tenant.
const LOW_IMPACT: [&str; 5] = ["openid", "profile", "email", "offline_access", "User.Read"];

/// One resource for which consent is still missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Object id of the resource's service principal.
    pub principal: String,
    /// Client id of the resource.
    pub app_id: String,
    /// Display name of the resource.
    pub name: String,
    /// Permissions by value.
    pub scopes: Vec<String>,
    /// Whether one of them is for admins only.
    pub admin_only: bool,
}

/// What stands between a person and a token.
#[derive(Debug)]
pub enum Standing {
    /// Nothing: these delegated permissions go into the token.
    Granted(Vec<String>),
    /// Consent for these.
    Needs(Vec<Pending>),
}

/// Checks the required access of a client before anybody signs in (AADSTS650057, 90009, 65002, 650053, 90008).
pub fn required(
    world: &World,
    tenant: &str,
    client: &Client,
    wanted: &Wanted,
    version: Version,
) -> Result<(), Refusal> {
    let permissions = wanted.permissions(world);
    if client.app_id == wanted.app_id {
        if wanted.audience.eq_ignore_ascii_case(&client.app_id) {
            return Ok(());
        }
        return Err(Refusal::new(
            90009,
            "invalid_resource",
            format!(
                "Application '{}'({}) is requesting a token for itself. This scenario is supported only if resource is \
             specified using the GUID based App Identifier.",
                client.app_id, client.name
            ),
        ));
    }
    if client.first_party && wanted.is_first_party() {
        let unheld = |name: &String| !first_party_scopes(&wanted.app_id).contains(&name.as_str());
        return match &wanted.wish {
            Wish::Named(names) if names.iter().any(unheld) => Err(Refusal::new(
                65002,
                "invalid_client",
                format!(
                    "Consent between first party application '{}' and first party resource '{}' must be configured via \
                 preauthorization - applications owned and operated by Microsoft must get approval from the API owner \
                 before requesting tokens for that API.",
                    client.app_id, wanted.app_id
                ),
            )),
            _ => Ok(()),
        };
    }
    match &wanted.wish {
        Wish::Listed => {
            let none_held = held(world, tenant, client, None, wanted).is_empty();
            if !client.first_party && client.listed(&wanted.app_id).is_empty() && none_held {
                let valid: Vec<String> =
                    client.listed_resources().into_iter().map(|(app_id, _)| app_id).collect();
                return Err(Refusal::new(
                    650_057,
                    "invalid_resource",
                    format!(
                        "Invalid resource. The client has requested access to a resource which is not listed in the \
                     requested permissions in the client's application registration. Client app ID: {}({}). Resource \
                     value from request: {}. Resource app ID: {}. List of valid resources from app registration: {}.",
                        client.app_id,
                        client.name,
                        wanted.audience,
                        wanted.app_id,
                        valid.join(", ")
                    ),
                ));
            }
        }
        Wish::Named(names) => {
            let known = |name: &&String| permissions.iter().any(|(_, value, _)| value == *name);
            if let Some(unknown) = names.iter().find(|name| !known(name)) {
                return Err(Refusal::new(
                    650_053,
                    "invalid_scope",
                    format!(
                        "The application '{}' asked for scope '{unknown}' that doesn't exist on the resource '{}'. Contact \
                     the app vendor.",
                        client.name, wanted.app_id
                    ),
                ));
            }
        }
    }
    if version == Version::V1
        && world.switches.v1_sign_in_needs_graph
        && !client.first_party
        && client.listed(first_party::GRAPH).is_empty()
        && !grants_graph(world, tenant, client)
    {
        return Err(Refusal::new(
            90008,
            "invalid_request",
            format!(
                "The user or administrator has not consented to use the application with ID '{}'. This happened because \
             application is misconfigured: it must require access to Windows Azure Active Directory by specifying at \
             least 'Sign in and read user profile' permission.",
                client.app_id
            ),
        ));
    }
    Ok(())
}

fn grants_graph(world: &World, tenant: &str, client: &Client) -> bool {
    let graph = world.service_principal(tenant, first_party::GRAPH, View::SignIn);
    graph.is_some_and(|(graph, _)| {
        client.grants(world, tenant).iter().any(|grant| grant["resourceId"].as_str() == Some(&graph.id))
    })
}

fn first_party_scopes(resource: &str) -> &'static [&'static str] {
    if resource == first_party::GRAPH { &AZURE_CLI_GRAPH } else { &["user_impersonation"] }
}

/// The permissions of a resource that a client holds for a person (or for everybody, without one).
fn held(world: &World, tenant: &str, client: &Client, user: Option<&str>, wanted: &Wanted) -> Vec<String> {
    if client.first_party && wanted.is_first_party() {
        return first_party_scopes(&wanted.app_id).iter().map(|scope| (*scope).to_owned()).collect();
    }
    let mut list = Vec::new();
    if let Some((_, app)) = world.application(&wanted.app_id, View::SignIn) {
        let permissions = wanted.permissions(world);
        let entries = app["api"]["preAuthorizedApplications"].as_array();
        for entry in entries.into_iter().flatten() {
            if !entry["appId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&client.app_id)) {
                continue;
            }
            let ids = entry["delegatedPermissionIds"].as_array();
            for id in ids.into_iter().flatten().filter_map(Value::as_str) {
                let found = permissions.iter().find(|(known, ..)| known.eq_ignore_ascii_case(id));
                list.extend(found.map(|(_, value, _)| value.clone()));
            }
        }
    }
    for grant in client.grants(world, tenant) {
        let for_this =
            grant["resourceId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&wanted.principal));
        let for_them = grant["consentType"] == "AllPrincipals"
            || user.is_some_and(|user| grant["principalId"].as_str() == Some(user));
        if for_this && for_them {
            list.extend(grant["scope"].as_str().unwrap_or_default().split_whitespace().map(str::to_owned));
        }
    }
    list.sort();
    list.dedup();
    list
}

/// Where a person stands with a client and a resource. With `force` (`prompt=consent`) consent is asked for anew.
pub fn standing(
    world: &World,
    tenant: &str,
    client: &Client,
    user: &str,
    wanted: &Wanted,
    force: bool,
) -> Standing {
    if client.app_id == wanted.app_id {
        return Standing::Granted(vec!["User.Read".to_owned()]);
    }
    let held = held(world, tenant, client, Some(user), wanted);
    let missing = missing(world, client, wanted, &held);
    if missing.is_empty() && !force {
        return Standing::Granted(held);
    }
    let mut list = Vec::new();
    list.extend(pending(world, wanted, if force { asked(world, client, wanted) } else { missing }));
    if wanted.wish == Wish::Listed {
        list.extend(pending_elsewhere(world, tenant, client, Some(user), &wanted.app_id));
    }
    if list.is_empty() { Standing::Granted(held) } else { Standing::Needs(list) }
}

/// The permissions of other listed resources that a client does not hold yet: the consent page shows them along.
fn pending_elsewhere(
    world: &World,
    tenant: &str,
    client: &Client,
    user: Option<&str>,
    but: &str,
) -> Vec<Pending> {
    client
        .listed_resources()
        .into_iter()
        .filter(|(app_id, _)| !app_id.eq_ignore_ascii_case(but))
        .filter_map(|(app_id, _)| {
            let other = Wanted::from_resource(world, tenant, &app_id).ok()?;
            let held = held(world, tenant, client, user, &other);
            pending(world, &other, missing(world, client, &other, &held))
        })
        .collect()
}

/// The permissions asked for, by value.
fn asked(world: &World, client: &Client, wanted: &Wanted) -> Vec<String> {
    match &wanted.wish {
        Wish::Named(names) => names.clone(),
        Wish::Listed => {
            let ids = client.listed(&wanted.app_id);
            wanted
                .permissions(world)
                .into_iter()
                .filter(|(id, ..)| ids.iter().any(|listed| listed.eq_ignore_ascii_case(id)))
                .map(|(_, value, _)| value)
                .collect()
        }
    }
}

fn missing(world: &World, client: &Client, wanted: &Wanted, held: &[String]) -> Vec<String> {
    asked(world, client, wanted).into_iter().filter(|name| !held.contains(name)).collect()
}

fn pending(world: &World, wanted: &Wanted, scopes: Vec<String>) -> Option<Pending> {
    if scopes.is_empty() {
        return None;
    }
    let permissions = wanted.permissions(world);
    let admin_only = permissions.iter().any(|(_, value, admin)| *admin && scopes.contains(value));
    Some(Pending {
        principal: wanted.principal.clone(),
        app_id: wanted.app_id.clone(),
        name: wanted.name.clone(),
        scopes,
        admin_only,
    })
}

/// The refusal for a token request where consent is missing.
pub fn not_consented(client: &Client) -> Refusal {
    Refusal::new(
        65001,
        "invalid_grant",
        format!(
            "The user or administrator has not consented to use the application with ID '{}' named '{}'. Send an \
             interactive authorization request for this user and resource.",
            client.app_id, client.name
        ),
    )
    .suberror("consent_required")
}

/// Whether a person may consent for everybody.
pub fn may_consent_for_all(world: &World, user: &str) -> bool {
    world.holds_directory_role(user, &CONSENTING_ROLES)
}

/// Whether a person may consent to these. AADSTS90094, or 90095 where the tenant lets them ask an admin.
pub fn may_consent(world: &World, user: &str, list: &[Pending]) -> Result<(), Refusal> {
    if may_consent_for_all(world, user) {
        return Ok(());
    }
    let low = |pending: &Pending| {
        pending.app_id == first_party::GRAPH
            && pending.scopes.iter().all(|scope| LOW_IMPACT.contains(&scope.as_str()))
    };
    let allowed = match world.switches.user_consent {
        UserConsent::Allowed => list.iter().all(|pending| !pending.admin_only),
        UserConsent::LowRisk => list.iter().all(low),
        UserConsent::Off => false,
    };
    if allowed {
        Ok(())
    } else if world.switches.admin_consent_workflow {
        let text = "Admin consent is required for the permissions requested by this application. An admin consent request may be sent to the admin.";
        Err(Refusal::new(90095, "access_denied", text))
    } else {
        let text = "An administrator of the tenant has set a policy that prevents you from granting the application the permissions it is requesting. The grant requires admin permission.";
        Err(Refusal::new(90094, "access_denied", text))
    }
}

/// Writes consent: one grant per resource, for a person or (without one) for everybody.
pub fn consent(
    world: &mut World,
    tenant: &str,
    client_principal: &str,
    user: Option<&str>,
    list: &[Pending],
) {
    let kind = if user.is_some() { "Principal" } else { "AllPrincipals" };
    for pending in list {
        let existing = world
            .objects(Kind::Grant, tenant, View::Now)
            .find(|(_, doc)| {
                doc["clientId"].as_str() == Some(client_principal)
                    && doc["resourceId"].as_str() == Some(&pending.principal)
                    && doc["consentType"] == kind
                    && doc["principalId"].as_str() == user
            })
            .map(|(object, doc)| (object.id.clone(), doc.clone()));
        if let Some((id, mut doc)) = existing {
            let mut scopes: Vec<&str> =
                doc["scope"].as_str().unwrap_or_default().split_whitespace().collect();
            for scope in &pending.scopes {
                if !scopes.contains(&scope.as_str()) {
                    scopes.push(scope);
                }
            }
            doc["scope"] = Value::from(scopes.join(" "));
            let now = world.now();
            if let Some(object) = world.object_mut(Kind::Grant, tenant, &id) {
                object.replace(doc, now);
            }
        } else {
            let id = grant_id(world);
            let doc = json!({
                "clientId": client_principal, "consentType": kind, "id": id, "principalId": user,
                "resourceId": pending.principal, "scope": pending.scopes.join(" "),
            });
            world.add_object(Kind::Grant, tenant, &id, doc, Vec::new());
        }
    }
}

/// An id shaped like those of grants: opaque base64url.
pub fn grant_id(world: &mut World) -> String {
    let (first, second) = (world.next_id("grant"), world.next_id("grant"));
    URL_SAFE_NO_PAD.encode([first.as_bytes().as_slice(), second.as_bytes().as_slice()].concat())
}

/// What a client lists and does not hold for everybody yet.
pub fn everything(world: &World, tenant: &str, client: &Client) -> Vec<Pending> {
    pending_elsewhere(world, tenant, client, None, "")
}

/// Permissions of a resource by name; AADSTS650053 for one that it does not have.
pub fn named(world: &World, wanted: &Wanted, names: &[String]) -> Result<Option<Pending>, Refusal> {
    let permissions = wanted.permissions(world);
    if let Some(unknown) = names.iter().find(|name| !permissions.iter().any(|(_, value, _)| value == *name)) {
        let text = format!("The scope '{unknown}' doesn't exist on the resource '{}'.", wanted.app_id);
        return Err(Refusal::new(650_053, "invalid_scope", text));
    }
    Ok(pending(world, wanted, names.to_vec()))
}

/// Notes a consent that somebody gave at a sign-in page: what it writes comes by no call of Graph (design section 7).
pub fn noted(world: &mut World, who: &str, client: &Client, for_all: bool, list: &[Pending]) {
    let time = world.now();
    for pending in list {
        world.consents.push(Consent {
            time,
            who: who.to_owned(),
            client: client.app_id.clone(),
            resource: pending.app_id.clone(),
            scopes: pending.scopes.clone(),
            for_all,
        });
    }
}

/// Tenant-wide consent to everything that a client lists ("Grant admin consent for ..."). Says how many grants it wrote
/// or widened; 0 too if the client is not there.
pub fn consent_everything(world: &mut World, tenant: &str, app_id: &str) -> usize {
    let authority = super::Authority::Tenant(tenant.to_owned());
    let Ok(client) = Client::find(world, &authority, app_id) else { return 0 };
    let Some((principal, _)) = client.principal(world, tenant) else { return 0 };
    let list = everything(world, tenant, &client);
    consent(world, tenant, &principal, None, &list);
    list.len()
}

/// Whether a person may use these service principals: where assignment is required, they need one (AADSTS50105).
pub fn assigned(
    world: &World,
    tenant: &str,
    user: &str,
    principals: &[(&str, &Value)],
) -> Result<(), Refusal> {
    for (id, doc) in principals {
        if doc["appRoleAssignmentRequired"] != Value::Bool(true) || is_assigned(world, tenant, user, id) {
            continue;
        }
        let upn = world.user(user).map_or("", |user| user.upn.as_str());
        return Err(Refusal::new(
            50105,
            "access_denied",
            format!(
                "Your administrator has configured the application {} ('{}') to block users unless they are specifically \
             granted ('assigned') access to the application. The signed in user '{upn}' is blocked because they are not \
             a direct member of a group with access, nor had access directly assigned by an administrator. Please contact \
             your administrator to assign access to this application.",
                doc["displayName"].as_str().unwrap_or_default(),
                doc["appId"].as_str().unwrap_or_default()
            ),
        ));
    }
    Ok(())
}

/// Whether a user or service principal is assigned to a service principal.
pub fn is_assigned(world: &World, tenant: &str, who: &str, principal: &str) -> bool {
    world.objects(Kind::AppRoleAssignment, tenant, View::SignIn).any(|(_, doc)| {
        doc["principalId"].as_str() == Some(who) && doc["resourceId"].as_str() == Some(principal)
    })
}

/// The app roles of a resource that somebody is assigned to, by value.
pub fn roles(world: &World, tenant: &str, who: &str, wanted: &Wanted) -> Vec<String> {
    let defined = wanted.doc["appRoles"].as_array();
    world
        .objects(Kind::AppRoleAssignment, tenant, View::SignIn)
        .filter(|(_, doc)| {
            doc["principalId"].as_str() == Some(who)
                && doc["resourceId"].as_str() == Some(wanted.principal.as_str())
        })
        .filter_map(|(_, doc)| {
            let role = defined?.iter().find(|role| role["id"] == doc["appRoleId"])?;
            role["value"].as_str().map(str::to_owned)
        })
        .collect()
}
