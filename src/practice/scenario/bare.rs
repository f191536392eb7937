//! The bare world: tenants, people, Microsoft's own applications, a subscription, and a published function app.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::practice::world::{
    Automation, AzureRole, Clock, Environment, Flavour, Function, Kind, Licence, ResourceGroup, Site,
    Subscription, Tenant, User, World, azure_role, directory_role, first_party,
};

/// Domain of the tenant that the scenarios are about.
pub const DOMAIN: &str = "contoso.onmicrosoft.com";
/// Resource group of the practice sites.
const GROUP: &str = "contoso-rg";

/// Builds the bare world of a scenario with so many makers beside the usual people.
pub fn world(scenario: &str, clock: Clock, makers: u32) -> World {
    let mut world = World::new(scenario, clock);
    for (domain, display_name) in [(DOMAIN, "Contoso"), ("fabrikam.onmicrosoft.com", "Fabrikam")] {
        let id = world.id_for(&format!("tenant {domain}")).to_string();
        world.tenants.push(Tenant { id, domain: domain.to_owned(), display_name: display_name.to_owned() });
    }
    let tenant = world.main_tenant().to_owned();
    for index in 0..world.tenants.len() {
        let tenant = world.tenants[index].id.clone();
        first_party_principals(&mut world, &tenant);
    }
    graph_powershell(&mut world);

    let subscription = world.id_for("subscription").to_string();
    world.subscriptions.push(Subscription {
        id: subscription.clone(),
        display_name: "Contoso practice".to_owned(),
        tenant: tenant.clone(),
        state: "Enabled".to_owned(),
    });
    world.resource_groups.push(ResourceGroup {
        subscription: subscription.clone(),
        name: GROUP.to_owned(),
        location: "westeurope".to_owned(),
    });
    world.environments.push(Environment {
        id: format!("Default-{tenant}"),
        tenant: tenant.clone(),
        display_name: "Contoso (default)".to_owned(),
        location: "unitedstates".to_owned(),
    });

    let site = site(&world, "contoso-hello", &subscription);
    let scope = site.resource_id();
    world.sites.push(site);
    let ada = person(&mut world, "ada", "Ada Byron", "maker: owns the function app, may register apps", &[]);
    grant_role(&mut world, &ada, &scope, azure_role::CONTRIBUTOR);
    license(&mut world, &ada, Licence::Developer);
    let grace = person(
        &mut world,
        "grace",
        "Grace Hopper",
        "admin: Cloud Application Administrator, reads Azure",
        &[directory_role::CLOUD_APPLICATION_ADMINISTRATOR],
    );
    license(&mut world, &grace, Licence::Premium);
    grant_role(&mut world, &grace, &format!("/subscriptions/{subscription}"), azure_role::READER);
    person(&mut world, "alan", "Alan Turing", "plain user: no rights in Azure", &[]);
    foreign_user(&mut world);

    for number in 1..=makers {
        let site = self::site(&world, &format!("contoso-maker{number:02}"), &subscription);
        let scope = site.resource_id();
        world.sites.push(site);
        let maker = person(
            &mut world,
            &format!("maker{number:02}"),
            &format!("Maker {number}"),
            "workshop maker",
            &[],
        );
        grant_role(&mut world, &maker, &scope, azure_role::CONTRIBUTOR);
        license(&mut world, &maker, Licence::Developer);
    }
    automation(&mut world, &tenant, &subscription);
    world
}

/// Adds a member of the main tenant and returns the object id.
fn person(world: &mut World, name: &str, display_name: &str, part: &str, roles: &[&str]) -> String {
    let id = world.id_for(&format!("user {name}")).to_string();
    world.users.push(User {
        id: id.clone(),
        tenant: world.main_tenant().to_owned(),
        upn: format!("{name}@{DOMAIN}"),
        display_name: display_name.to_owned(),
        user_type: "Member".to_owned(),
        home: None,
        directory_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        licences: Vec::new(),
        part: part.to_owned(),
    });
    id
}

fn foreign_user(world: &mut World) {
    let Some(foreign) = world.tenants.get(1).cloned() else { return };
    let id = world.id_for("user katherine").to_string();
    world.users.push(User {
        id,
        tenant: foreign.id,
        upn: format!("katherine@{}", foreign.domain),
        display_name: "Katherine Johnson".to_owned(),
        user_type: "Member".to_owned(),
        home: None,
        directory_roles: Vec::new(),
        licences: Vec::new(),
        part: "a person of another tenant".to_owned(),
    });
}

/// Gives somebody an Azure role at a scope.
pub fn grant_role(world: &mut World, principal: &str, scope: &str, role: &str) {
    world.azure_roles.push(AzureRole {
        principal: principal.to_owned(),
        scope: scope.to_owned(),
        role: role.to_owned(),
    });
}

fn license(world: &mut World, person: &str, licence: Licence) {
    world.users.iter_mut().filter(|user| user.id == person).for_each(|user| user.licences.push(licence));
}

/// A published function app with the tutorial's function and no authentication.
pub fn site(world: &World, name: &str, subscription: &str) -> Site {
    let key = |what: &str| world.id_for(&format!("{name} {what}")).simple().to_string().into();
    let host = format!("{name}.azurewebsites.net");
    Site {
        name: name.to_owned(),
        slot: None,
        subscription: subscription.to_owned(),
        resource_group: GROUP.to_owned(),
        kind: "functionapp,linux".to_owned(),
        location: "West Europe".to_owned(),
        host_names: vec![host],
        state: "Running".to_owned(),
        https_only: true,
        flavour: Flavour::Linux,
        tags: BTreeMap::new(),
        auth_v2: None,
        auth_in_force: None,
        in_force_at: None,
        auth_file: None,
        host_down_from: None,
        auth_v1: json!({"enabled": false}),
        config_web: json!({
            "ftpsState": "FtpsOnly", "http20Enabled": false, "minTlsVersion": "1.2",
            "publicNetworkAccess": null, "cors": null, "ipSecurityRestrictions": [],
        }),
        app_settings: BTreeMap::from([
            ("AzureWebJobsStorage".to_owned(), key("storage key")),
            ("FUNCTIONS_EXTENSION_VERSION".to_owned(), "~4".into()),
            ("FUNCTIONS_WORKER_RUNTIME".to_owned(), "node".into()),
        ]),
        sticky_settings: Vec::new(),
        functions: vec![Function {
            name: "Hello".to_owned(),
            route: None,
            auth_level: Some("anonymous".to_owned()),
            methods: vec!["get".to_owned(), "post".to_owned()],
            disabled: false,
            keys: BTreeMap::from([("default".to_owned(), key("function key"))]),
        }],
        host_keys: BTreeMap::from([
            ("default".to_owned(), key("host key")),
            ("_master".to_owned(), key("master key")),
        ]),
    }
}

/// Client id, name, delegated permissions, app roles, names beside the client id.
type FirstParty = (&'static str, &'static str, Vec<Value>, Vec<Value>, &'static [&'static str]);

/// Microsoft's own applications as every tenant has them.
fn first_party_principals(world: &mut World, tenant: &str) {
    let scope = |id: &str, value: &str, kind: &str| {
        json!({"id": id, "value": value, "type": kind, "isEnabled": true,
            "adminConsentDisplayName": value, "adminConsentDescription": value,
            "userConsentDisplayName": value, "userConsentDescription": value})
    };
    let role = |id: &str, value: &str| {
        json!({"id": id, "value": value, "displayName": value, "description": value, "isEnabled": true,
            "allowedMemberTypes": ["Application"], "origin": "Application"})
    };
    let graph_scopes = [
        (first_party::GRAPH_USER_READ, "User.Read", "User"),
        ("37f7f235-527c-4136-accd-4a02d197296e", "openid", "User"),
        ("14dad69e-099b-42c9-810b-d002981feec1", "profile", "User"),
        ("64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", "email", "User"),
        ("7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "offline_access", "User"),
        ("bdfbf15f-ee85-4955-8675-146e8e5296b5", "Application.ReadWrite.All", "Admin"),
        ("c79f8feb-a9db-4090-85f9-90d820caa0eb", "Application.Read.All", "Admin"),
        ("84bccea3-f856-4a8a-967b-dbe0a3d53a64", "AppRoleAssignment.ReadWrite.All", "Admin"),
        ("41ce6ca6-6826-4807-84f1-1c82854f7ee5", "DelegatedPermissionGrant.ReadWrite.All", "Admin"),
        ("0e263e50-5827-48a4-b97c-d940288653c7", "Directory.AccessAsUser.All", "Admin"),
        ("06da0dbc-49e2-44d2-8312-53f166ab848a", "Directory.Read.All", "Admin"),
        ("a154be20-db9c-4678-8ab7-66f6cc099a59", "User.Read.All", "Admin"),
        ("572fea84-0151-49b2-9301-11cb16974376", "Policy.Read.All", "Admin"),
        ("b27add92-efb2-4f16-84f5-8108ba77985c", "Policy.ReadWrite.ApplicationConfiguration", "Admin"),
    ]
    .map(|(id, value, kind)| scope(id, value, kind));
    let graph_roles = [
        ("1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9", "Application.ReadWrite.All"),
        ("06b708a9-e830-4db3-a914-8e69da51d44f", "AppRoleAssignment.ReadWrite.All"),
        ("8e8e4742-1d95-4f68-9d56-6ee75648c72a", "DelegatedPermissionGrant.ReadWrite.All"),
        ("19dbc75e-c2e2-444c-a770-ec69d8559fc7", "Directory.ReadWrite.All"),
        ("246dd0d5-5bd0-4def-940b-0421030a5b68", "Policy.Read.All"),
        ("be74164b-cff1-491c-8741-e671cb536e13", "Policy.ReadWrite.ApplicationConfiguration"),
        ("df021288-bdef-4463-88db-98f22de89214", "User.Read.All"),
        ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "Organization.Read.All"),
    ]
    .map(|(id, value)| role(id, value));
    let arm_scope = scope(first_party::ARM_USER_IMPERSONATION, "user_impersonation", "User");
    let apps_scope = scope("0eb56b90-a7b5-43b5-9402-8137a8083e90", "User", "User");
    let azure_scope = scope("3b7d1d2c-6f4e-4f7a-9b8a-1c5f0f0b7d11", "user_impersonation", "User");
    let list: [FirstParty; 5] = [
        (
            first_party::GRAPH,
            "Microsoft Graph",
            graph_scopes.to_vec(),
            graph_roles.to_vec(),
            &["https://graph.microsoft.com", "https://graph.microsoft.com/"],
        ),
        (
            first_party::ARM,
            "Windows Azure Service Management API",
            vec![arm_scope],
            vec![],
            &[
                "https://management.azure.com",
                "https://management.azure.com/",
                "https://management.core.windows.net",
                "https://management.core.windows.net/",
            ],
        ),
        (
            first_party::POWER_APPS,
            "PowerApps Service",
            vec![apps_scope, azure_scope],
            vec![],
            &["https://service.powerapps.com", "https://service.powerapps.com/"],
        ),
        (first_party::AZURE_CLI, "Microsoft Azure CLI", vec![], vec![], &[]),
        (first_party::GRAPH_POWERSHELL, "Microsoft Graph Command Line Tools", vec![], vec![], &[]),
    ];
    for (app_id, name, scopes, roles, names) in list {
        let id = world.id_for(&format!("service principal {app_id} in {tenant}")).to_string();
        let mut all_names = vec![app_id];
        all_names.extend(names);
        let doc = json!({
            "id": id, "appId": app_id, "displayName": name, "appDisplayName": name,
            "accountEnabled": true, "appOwnerOrganizationId": first_party::HOME_TENANT,
            "appRoleAssignmentRequired": false, "appRoles": roles, "oauth2PermissionScopes": scopes,
            "servicePrincipalNames": all_names, "servicePrincipalType": "Application",
            "signInAudience": "AzureADMultipleOrgs", "tags": [], "replyUrls": [],
            "passwordCredentials": [], "keyCredentials": [],
        });
        world.add_object(Kind::ServicePrincipal, tenant, &id, doc, Vec::new());
    }
}

/// The registration of Graph's PowerShell module, which lives in Microsoft's own tenant. Unlike the Azure CLI it holds
/// nothing: it asks for what its user wants (microsoft-cloud 2.10).
fn graph_powershell(world: &mut World) {
    let id = world.id_for("Microsoft Graph Command Line Tools").to_string();
    let doc = json!({
        "id": id, "appId": first_party::GRAPH_POWERSHELL, "displayName": "Microsoft Graph Command Line Tools",
        "signInAudience": "AzureADMultipleOrgs", "identifierUris": [], "tags": [], "uniqueName": null,
        "api": {"oauth2PermissionScopes": [], "preAuthorizedApplications": []}, "appRoles": [],
        "passwordCredentials": [], "requiredResourceAccess": [], "isFallbackPublicClient": true,
        "publicClient": {"redirectUris": ["http://localhost"]}, "spa": {"redirectUris": []},
        "web": {"redirectUris": []},
    });
    world.add_object(Kind::Application, first_party::HOME_TENANT, &id, doc, Vec::new());
}

/// The confidential client that may do everything over the APIs (design section 7).
fn automation(world: &mut World, tenant: &str, subscription: &str) {
    let app_id = world.id_for("automation client").to_string();
    let object_id = world.id_for("automation application").to_string();
    let principal = world.id_for("automation service principal").to_string();
    let name = "Practice automation";
    let app = json!({
        "id": object_id, "appId": app_id, "displayName": name, "signInAudience": "AzureADMyOrg",
        "identifierUris": [], "tags": ["HideApp"], "uniqueName": null, "passwordCredentials": [], "keyCredentials": [],
        "api": {"oauth2PermissionScopes": [], "preAuthorizedApplications": [], "knownClientApplications": [],
            "requestedAccessTokenVersion": null, "acceptMappedClaims": null},
        "appRoles": [], "requiredResourceAccess": [], "isFallbackPublicClient": null,
        "publicClient": {"redirectUris": []}, "spa": {"redirectUris": []},
        "web": {"redirectUris": [], "redirectUriSettings": [], "homePageUrl": null, "logoutUrl": null,
            "implicitGrantSettings": {"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false}},
    });
    world.add_object(Kind::Application, tenant, &object_id, app, Vec::new());
    let now = world.now();
    let ends = now.checked_add(jiff::SignedDuration::from_hours(24 * 365)).unwrap_or(now);
    let secret = world.add_secret(tenant, &object_id, Some("automation"), now, ends);
    let service_principal = json!({
        "id": principal, "appId": app_id, "displayName": name, "appDisplayName": name, "accountEnabled": true,
        "appOwnerOrganizationId": tenant, "appRoleAssignmentRequired": false, "appRoles": [],
        "oauth2PermissionScopes": [], "servicePrincipalNames": [app_id], "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg", "tags": ["HideApp"], "replyUrls": [],
        "passwordCredentials": [], "keyCredentials": [],
    });
    world.add_object(Kind::ServicePrincipal, tenant, &principal, service_principal, Vec::new());
    let graph = world
        .service_principal(tenant, first_party::GRAPH, crate::practice::world::View::Now)
        .map(|(object, doc)| (object.id.clone(), doc["appRoles"].as_array().cloned().unwrap_or_default()));
    if let Some((graph_id, roles)) = graph {
        for role in roles {
            let id = world.next_id("app role assignment").to_string();
            let doc = json!({
                "id": id, "appRoleId": role["id"], "createdDateTime": super::seconds(now),
                "principalDisplayName": name, "principalId": principal, "principalType": "ServicePrincipal",
                "resourceDisplayName": "Microsoft Graph", "resourceId": graph_id,
            });
            world.add_object(Kind::AppRoleAssignment, tenant, &id, doc, Vec::new());
        }
    }
    grant_role(world, &principal, &format!("/subscriptions/{subscription}"), azure_role::OWNER);
    world.automation = secret.map(|(_, secret)| Automation { app_id, secret });
}
