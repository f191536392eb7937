//! The full documents of applications and service principals: every member that Graph v1.0 shows (microsoft-cloud 4.2).

use serde_json::{Value, json};

use super::query::Set;

/// Members of an application.
const APPLICATION: &[&str] = &[
    "id",
    "deletedDateTime",
    "addIns",
    "api",
    "appId",
    "applicationTemplateId",
    "appRoles",
    "authenticationBehaviors",
    "certification",
    "createdByAppId",
    "createdDateTime",
    "defaultRedirectUri",
    "description",
    "disabledByMicrosoftStatus",
    "displayName",
    "groupMembershipClaims",
    "identifierUris",
    "info",
    "isDeviceOnlyAuthSupported",
    "isDisabled",
    "isFallbackPublicClient",
    "keyCredentials",
    "logo",
    "managerApplications",
    "nativeAuthenticationApisEnabled",
    "notes",
    "oauth2RequirePostResponse",
    "optionalClaims",
    "parentalControlSettings",
    "passwordCredentials",
    "publicClient",
    "publisherDomain",
    "requestSignatureVerification",
    "requiredResourceAccess",
    "samlMetadataUrl",
    "serviceManagementReference",
    "servicePrincipalLockConfiguration",
    "signInAudience",
    "spa",
    "tags",
    "tokenEncryptionKeyId",
    "uniqueName",
    "verifiedPublisher",
    "web",
];

/// Members of a service principal.
const PRINCIPAL: &[&str] = &[
    "id",
    "deletedDateTime",
    "accountEnabled",
    "addIns",
    "alternativeNames",
    "appDescription",
    "appDisplayName",
    "appId",
    "applicationTemplateId",
    "appOwnerOrganizationId",
    "appRoleAssignmentRequired",
    "appRoles",
    "createdByAppId",
    "customSecurityAttributes",
    "description",
    "disabledByMicrosoftStatus",
    "displayName",
    "homepage",
    "info",
    "isDisabled",
    "keyCredentials",
    "loginUrl",
    "logoutUrl",
    "notes",
    "notificationEmailAddresses",
    "oauth2PermissionScopes",
    "passwordCredentials",
    "preferredSingleSignOnMode",
    "preferredTokenSigningKeyThumbprint",
    "replyUrls",
    "resourceSpecificApplicationPermissions",
    "samlSingleSignOnSettings",
    "servicePrincipalNames",
    "servicePrincipalType",
    "signInAudience",
    "tags",
    "tokenEncryptionKeyId",
    "verifiedPublisher",
];

/// Lists of applications.
pub const APPLICATIONS: Set<'static> = Set {
    name: "applications",
    type_name: "application",
    members: APPLICATION,
    filterable: &[
        "id",
        "appId",
        "applicationTemplateId",
        "createdDateTime",
        "description",
        "disabledByMicrosoftStatus",
        "displayName",
        "groupMembershipClaims",
        "identifierUris",
        "info",
        "notes",
        "passwordCredentials",
        "publisherDomain",
        "requiredResourceAccess",
        "serviceManagementReference",
        "signInAudience",
        "spa",
        "tags",
        "uniqueName",
        "verifiedPublisher",
        "web",
    ],
    directory: true,
};

/// Lists of service principals.
pub const PRINCIPALS: Set<'static> = Set {
    name: "servicePrincipals",
    type_name: "servicePrincipal",
    members: PRINCIPAL,
    filterable: &[
        "id",
        "accountEnabled",
        "alternativeNames",
        "appDisplayName",
        "appId",
        "appOwnerOrganizationId",
        "appRoleAssignmentRequired",
        "createdByAppId",
        "description",
        "displayName",
        "homepage",
        "replyUrls",
        "servicePrincipalNames",
        "servicePrincipalType",
        "signInAudience",
        "tags",
    ],
    directory: true,
};

/// An application as Graph shows it: missing members stand with their empty values.
pub fn application(doc: &Value) -> Value {
    known(overlay(empty_application(), doc), APPLICATION)
}

/// A service principal as Graph shows it.
pub fn principal(doc: &Value) -> Value {
    known(overlay(empty_principal(), doc), PRINCIPAL)
}

/// An application with nothing in it. Written in two halves: one `json!` of this size is too much for the compiler.
pub fn empty_application() -> Value {
    let plain = json!({
        "id": null, "deletedDateTime": null, "appId": null, "applicationTemplateId": null,
        "disabledByMicrosoftStatus": null, "createdByAppId": null, "createdDateTime": null, "displayName": null,
        "description": null, "groupMembershipClaims": null, "identifierUris": [], "isDeviceOnlyAuthSupported": null,
        "isDisabled": null, "isFallbackPublicClient": null, "nativeAuthenticationApisEnabled": null, "notes": null,
        "publisherDomain": null, "serviceManagementReference": null, "signInAudience": null, "tags": [],
        "tokenEncryptionKeyId": null, "uniqueName": null, "samlMetadataUrl": null, "defaultRedirectUri": null,
        "certification": null, "optionalClaims": null, "requestSignatureVerification": null,
        "servicePrincipalLockConfiguration": null,
    });
    let structures = json!({
        "addIns": [],
        "api": {
            "acceptMappedClaims": null, "knownClientApplications": [], "requestedAccessTokenVersion": null,
            "oauth2PermissionScopes": [], "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null,
            "termsOfServiceUrl": null,
        },
        "keyCredentials": [],
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "requiredResourceAccess": [],
        "verifiedPublisher": {"displayName": null, "verifiedPublisherId": null, "addedDateTime": null},
        "web": {
            "homePageUrl": null, "logoutUrl": null, "redirectUris": [], "redirectUriSettings": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false},
        },
        "spa": {"redirectUris": []},
    });
    overlay(plain, &structures)
}

fn empty_principal() -> Value {
    let plain = json!({
        "id": null, "deletedDateTime": null, "accountEnabled": true, "alternativeNames": [], "appDisplayName": null,
        "appDescription": null, "appId": null, "applicationTemplateId": null, "appOwnerOrganizationId": null,
        "appRoleAssignmentRequired": false, "createdByAppId": null, "description": null,
        "disabledByMicrosoftStatus": null, "displayName": null, "homepage": null, "isDisabled": null,
        "loginUrl": null, "logoutUrl": null, "notes": null, "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": null, "preferredTokenSigningKeyThumbprint": null, "replyUrls": [],
        "servicePrincipalNames": [], "servicePrincipalType": "Application", "signInAudience": null, "tags": [],
        "tokenEncryptionKeyId": null, "samlSingleSignOnSettings": null,
    });
    let structures = json!({
        "addIns": [], "appRoles": [],
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null,
            "termsOfServiceUrl": null,
        },
        "keyCredentials": [], "oauth2PermissionScopes": [], "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "verifiedPublisher": {"displayName": null, "verifiedPublisherId": null, "addedDateTime": null},
    });
    overlay(plain, &structures)
}

/// A document without members that Graph does not have.
fn known(mut doc: Value, names: &[&str]) -> Value {
    if let Some(members) = doc.as_object_mut() {
        members.retain(|name, _| names.contains(&name.as_str()));
    }
    doc
}

/// Lays a document over another, member by member; lists and plain values are replaced.
pub fn overlay(mut under: Value, over: &Value) -> Value {
    match (&mut under, over) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                let old = below.get_mut(name).map(Value::take);
                let merged = match old {
                    Some(old) => overlay(old, value),
                    None => value.clone(),
                };
                below.insert(name.clone(), merged);
            }
            under
        }
        _ => over.clone(),
    }
}
