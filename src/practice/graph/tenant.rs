//! The organization, its domains, its policies, and what was deleted (microsoft-cloud 4.3, 4.10).

use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, entity};
use super::query::{self, Set};
use super::target::{Ask, Target};
use super::{app_policies, rights, shape};
use crate::practice::wire::Reply;
use crate::practice::world::{DirectoryObject, Kind, UserConsent, World};

const ORGANIZATION: Set<'static> = Set {
    name: "organization",
    type_name: "organization",
    members: &[
        "id",
        "deletedDateTime",
        "assignedPlans",
        "businessPhones",
        "city",
        "country",
        "countryLetterCode",
        "createdDateTime",
        "defaultUsageLocation",
        "displayName",
        "marketingNotificationEmails",
        "onPremisesLastSyncDateTime",
        "onPremisesSyncEnabled",
        "partnerTenantType",
        "postalCode",
        "preferredLanguage",
        "privacyProfile",
        "provisionedPlans",
        "securityComplianceNotificationMails",
        "securityComplianceNotificationPhones",
        "state",
        "street",
        "technicalNotificationMails",
        "tenantType",
        "verifiedDomains",
    ],
    filterable: &[],
    directory: true,
};

const DOMAINS: Set<'static> = Set {
    name: "domains",
    type_name: "domain",
    members: &[
        "id",
        "authenticationType",
        "availabilityStatus",
        "isAdminManaged",
        "isDefault",
        "isInitial",
        "isRoot",
        "isVerified",
        "supportedServices",
    ],
    filterable: &[],
    directory: true,
};

/// `/organization` and `/organization/{id}`.
pub fn organization(world: &World, ask: &Ask<'_>, target: &Target) -> Answer {
    if ask.request.method != Method::GET {
        return Err(Refusal::method());
    }
    rights::read_self(ask.caller).or_else(|refusal| {
        if rights::reads_whole_organization(ask.caller) { Ok(()) } else { Err(refusal) }
    })?;
    let tenant = world.tenant(&ask.tenant).ok_or_else(|| Refusal::not_found(&ask.tenant))?;
    // With User.Read alone everything but id, name and domains is null (4.3).
    let whole = rights::reads_whole_organization(ask.caller);
    let only = |value: Value| if whole { value } else { Value::Null };
    let list = |value: Value| if whole { value } else { json!([]) };
    let doc = json!({
        "id": tenant.id, "deletedDateTime": null, "businessPhones": [], "city": null, "country": null,
        "countryLetterCode": only("US".into()), "createdDateTime": only("2024-01-15T08:00:00Z".into()),
        "defaultUsageLocation": null, "displayName": tenant.display_name, "marketingNotificationEmails": [],
        "onPremisesLastSyncDateTime": null, "onPremisesSyncEnabled": null, "partnerTenantType": null,
        "postalCode": null, "preferredLanguage": only("en".into()), "privacyProfile": null,
        "securityComplianceNotificationMails": [], "securityComplianceNotificationPhones": [], "state": null,
        "street": null, "technicalNotificationMails": list(json!([format!("admin@{}", tenant.domain)])),
        "tenantType": only("AAD".into()), "assignedPlans": [], "provisionedPlans": [],
        "verifiedDomains": [{
            "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": true, "isInitial": true,
            "name": tenant.domain, "type": "Managed",
        }],
    });
    match &target.key {
        None => query::list(ask.request, &ORGANIZATION, vec![doc], world.switches.page_size),
        Some(key) if key.value().eq_ignore_ascii_case(&tenant.id) && target.rest.is_empty() => {
            let item = query::select(ask.request, &ORGANIZATION, &doc)?;
            Ok(entity(200, ask.request, "organization/$entity", item))
        }
        Some(_) if !target.rest.is_empty() => Ok(Reply::unknown()),
        Some(key) => Err(Refusal::not_found(key.value())),
    }
}

/// `/domains`.
pub fn domains(world: &World, ask: &Ask<'_>) -> Answer {
    rights::read_users(ask.caller)?;
    let tenant = world.tenant(&ask.tenant).ok_or_else(|| Refusal::not_found(&ask.tenant))?;
    let doc = json!({
        "id": tenant.domain, "authenticationType": "Managed", "availabilityStatus": null, "isAdminManaged": true,
        "isDefault": true, "isInitial": true, "isRoot": true, "isVerified": true,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    });
    query::list(ask.request, &DOMAINS, vec![doc], world.switches.page_size)
}

/// `/policies/...`.
pub fn policies(world: &mut World, ask: &Ask<'_>, target: &Target) -> Answer {
    let tail = target.tail();
    let tail: Vec<&str> = tail.iter().map(String::as_str).collect();
    let doc = match tail.as_slice() {
        ["appmanagementpolicies", rest @ ..] => return app_policies::handle(world, ask, rest),
        ["authorizationpolicy"] => authorization_policy(world),
        ["defaultappmanagementpolicy"] => management_policy(world),
        _ => return Ok(Reply::unknown()),
    };
    if ask.request.method != Method::GET {
        return Err(Refusal::method());
    }
    rights::read_policies(world, ask.caller)?;
    let name = format!("policies/{}/$entity", target.rest.first().map_or("", String::as_str));
    let names: Vec<&str> = doc.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let set =
        Set { name: &name, type_name: "policyBase", members: &names, filterable: &[], directory: false };
    let item = query::select(ask.request, &set, &doc)?;
    Ok(entity(200, ask.request, &name, item))
}

fn authorization_policy(world: &World) -> Value {
    let consent = match world.switches.user_consent {
        UserConsent::Allowed => json!(["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"]),
        UserConsent::LowRisk => json!(["ManagePermissionGrantsForSelf.microsoft-user-default-low"]),
        UserConsent::Off => json!([]),
    };
    json!({
        "id": "authorizationPolicy", "deletedDateTime": null, "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "allowInvitesFrom": "everyone", "allowedToSignUpEmailBasedSubscriptions": true, "allowedToUseSSPR": true,
        "allowEmailVerifiedUsersToJoinOrganization": false, "allowUserConsentForRiskyApps": null,
        "blockMsolPowerShell": false, "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": world.switches.users_may_create_apps, "allowedToCreateSecurityGroups": true,
            "allowedToCreateTenants": true, "allowedToReadBitlockerKeysForOwnedDevice": true,
            "allowedToReadOtherUsers": true, "permissionGrantPoliciesAssigned": consent,
        },
    })
}

fn management_policy(world: &World) -> Value {
    let policy = world.switches.secret_policy;
    let state = |on: bool| if on { "enabled" } else { "disabled" };
    let restriction = |kind: &str, on: bool, lifetime: Option<String>| {
        json!({
            "restrictionType": kind, "state": state(on), "maxLifetime": lifetime,
            "restrictForAppsCreatedAfterDateTime": null, "excludeActors": null,
        })
    };
    let lifetime = policy.max_lifetime_days.map(|days| format!("P{days}D"));
    json!({
        "id": "00000000-0000-0000-0000-000000000000", "deletedDateTime": null,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service principals.",
        "isEnabled": policy.forbidden || policy.max_lifetime_days.is_some(),
        "applicationRestrictions": {
            "passwordCredentials": [
                restriction("passwordAddition", policy.forbidden, None),
                restriction("passwordLifetime", lifetime.is_some(), lifetime),
            ],
            "keyCredentials": [],
            "identifierUris": {
                "nonDefaultUriAddition": {
                    "state": "disabled", "restrictForAppsCreatedAfterDateTime": null, "isStateSetByMicrosoft": false,
                    "excludeAppsReceivingV2Tokens": true, "excludeSaml": true, "excludeActors": null,
                },
                "uriAdditionWithoutUniqueTenantIdentifier": {
                    "state": "enabled", "restrictForAppsCreatedAfterDateTime": null, "isStateSetByMicrosoft": true,
                    "excludeAppsReceivingV2Tokens": true, "excludeSaml": true, "excludeActors": null,
                },
            },
        },
        "servicePrincipalRestrictions": {"passwordCredentials": [], "keyCredentials": []},
    })
}

/// A deleted object as Graph shows it.
fn deleted_document(object: &DirectoryObject) -> Value {
    let mut doc = match object.kind {
        Kind::ServicePrincipal => shape::principal(&object.doc),
        _ => shape::application(&object.doc),
    };
    if let Some(at) = object.deleted_at {
        doc["deletedDateTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    }
    doc
}

/// One of the deleted applications and service principals.
fn deleted<'a>(world: &'a World, ask: &Ask<'_>, id: &str) -> Result<&'a DirectoryObject, Refusal> {
    let found = world.directory.iter().find(|object| {
        object.tenant == ask.tenant
            && object.deleted_at.is_some()
            && matches!(object.kind, Kind::Application | Kind::ServicePrincipal)
            && object.id.eq_ignore_ascii_case(id)
    });
    found.ok_or_else(|| Refusal::not_found(id))
}

/// `/directory/deletedItems/...`: what is deleted can be listed, read, restored and purged (microsoft-cloud 4.1, 4.9).
pub fn deleted_items(world: &mut World, ask: &Ask<'_>, target: &Target) -> Answer {
    let tail = target.tail();
    let tail: Vec<&str> = tail.iter().map(String::as_str).collect();
    match (&ask.request.method, tail.as_slice()) {
        (
            &Method::GET,
            ["deleteditems", of @ ("microsoft.graph.application" | "microsoft.graph.serviceprincipal")],
        ) => {
            rights::read_apps(ask.caller)?;
            let (kind, set) = match *of {
                "microsoft.graph.application" => (Kind::Application, shape::APPLICATIONS),
                _ => (Kind::ServicePrincipal, shape::PRINCIPALS),
            };
            let deleted = world
                .directory
                .iter()
                .filter(|object| object.kind == kind && object.tenant == ask.tenant)
                .filter(|object| object.deleted_at.is_some());
            let items = deleted.map(deleted_document).collect();
            let set = Set { name: "directoryObjects", ..set };
            query::list(ask.request, &set, items, world.switches.page_size)
        }
        (&Method::GET, ["deleteditems", id]) => {
            rights::read_apps(ask.caller)?;
            let object = deleted(world, ask, id)?;
            let mut item = deleted_document(object);
            let application = object.kind == Kind::Application;
            let name = if application { "application" } else { "servicePrincipal" };
            item["@odata.type"] = format!("#microsoft.graph.{name}").into();
            Ok(entity(200, ask.request, "directoryObjects/$entity", item))
        }
        // The service principal of a restored application stays deleted: it is restored by itself.
        (&Method::POST, ["deleteditems", id, "restore" | "microsoft.graph.restore"]) => {
            let object = deleted(world, ask, id)?;
            rights::change_app(world, ask.caller, object)?;
            let (id, kind) = (object.id.clone(), object.kind);
            let mut item = deleted_document(object);
            item["deletedDateTime"] = Value::Null;
            let name = if kind == Kind::Application { "application" } else { "servicePrincipal" };
            item["@odata.type"] = format!("#microsoft.graph.{name}").into();
            if let Some(object) = world.object_mut(kind, &ask.tenant, &id) {
                object.deleted_at = None;
            }
            Ok(entity(200, ask.request, "directoryObjects/$entity", item))
        }
        (&Method::DELETE, ["deleteditems", id]) => {
            let object = deleted(world, ask, id)?;
            rights::change_app(world, ask.caller, object)?;
            let id = object.id.clone();
            world.directory.retain(|object| !(object.id == id && object.deleted_at.is_some()));
            Ok(Reply::empty(204))
        }
        _ => Ok(Reply::unknown()),
    }
}
