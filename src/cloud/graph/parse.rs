//! Graph's JSON into facts. Whatever arrives, nothing here panics; what cannot be used is left out.

use serde_json::Value;

use crate::cloud::json::{at, filled, flag, id, list, moment, name, text, texts};
use crate::engine::clean::clean_line;
use crate::engine::facts::{
    Application, Grant, Person, PreAuthorized, RequiredAccess, Scope, SecretInfo, ServicePrincipal,
    UserConsent,
};

/// An app registration (microsoft-cloud 4.2); `None` without its two ids.
///
/// Names are cleaned. Addresses and the scopes' document stay exactly as they came: they are compared
/// letter by letter, and lists are written back whole.
pub fn application(v: &Value) -> Option<Application> {
    let version = at(v, &["api", "requestedAccessTokenVersion"]);
    Some(Application {
        object_id: id(v, &["id"])?,
        app_id: id(v, &["appId"])?,
        display_name: name(v, &["displayName"]),
        unique_name: filled(v, &["uniqueName"]),
        tags: texts(v, &["tags"]),
        sign_in_audience: name(v, &["signInAudience"]),
        identifier_uris: texts(v, &["identifierUris"]),
        token_version: version
            .as_u64()
            .and_then(|n| u8::try_from(n).ok())
            .or_else(|| version.as_str().and_then(|s| s.trim().parse().ok())),
        scopes: list(v, &["api", "oauth2PermissionScopes"]).iter().filter_map(scope).collect(),
        api_document: v.get("api").cloned().unwrap_or_default(),
        pre_authorized: list(v, &["api", "preAuthorizedApplications"])
            .iter()
            .filter_map(|p| {
                Some(PreAuthorized {
                    app_id: id(p, &["appId"])?,
                    scope_ids: texts(p, &["delegatedPermissionIds"]),
                })
            })
            .collect(),
        required: list(v, &["requiredResourceAccess"]).iter().filter_map(required).collect(),
        web_redirects: texts(v, &["web", "redirectUris"]),
        spa_redirects: texts(v, &["spa", "redirectUris"]),
        public_redirects: texts(v, &["publicClient", "redirectUris"]),
        created: moment(v, &["createdDateTime"]),
        id_tokens: flag(v, &["web", "implicitGrantSettings", "enableIdTokenIssuance"]).unwrap_or(false),
        secrets: list(v, &["passwordCredentials"]).iter().filter_map(secret).collect(),
    })
}

fn scope(v: &Value) -> Option<Scope> {
    Some(Scope {
        id: id(v, &["id"])?,
        value: text(v, &["value"]).unwrap_or_default(),
        enabled: flag(v, &["isEnabled"]).unwrap_or(false),
        admin_only: text(v, &["type"]).is_some_and(|t| t.eq_ignore_ascii_case("admin")),
    })
}

fn required(v: &Value) -> Option<RequiredAccess> {
    Some(RequiredAccess {
        resource_app_id: id(v, &["resourceAppId"])?,
        access: list(v, &["resourceAccess"])
            .iter()
            .filter_map(|a| Some((id(a, &["id"])?, text(a, &["type"])?)))
            .collect(),
    })
}

/// What is known of a client secret (microsoft-cloud 4.2, passwordCredential).
pub fn secret(v: &Value) -> Option<SecretInfo> {
    Some(SecretInfo {
        key_id: id(v, &["keyId"])?,
        display_name: name(v, &["displayName"]),
        // Three characters by Microsoft's word; should more ever come, more is not kept.
        hint: clean_line(at(v, &["hint"]).as_str().unwrap_or_default(), 3),
        start: moment(v, &["startDateTime"]),
        end: moment(v, &["endDateTime"]),
    })
}

/// A service principal (microsoft-cloud 4.2); `None` without its two ids.
pub fn principal(v: &Value) -> Option<ServicePrincipal> {
    Some(ServicePrincipal {
        id: id(v, &["id"])?,
        app_id: id(v, &["appId"])?,
        enabled: flag(v, &["accountEnabled"]).unwrap_or(true) && !flag(v, &["isDisabled"]).unwrap_or(false),
        assignment_required: flag(v, &["appRoleAssignmentRequired"]).unwrap_or(false),
        names: texts(v, &["servicePrincipalNames"]),
    })
}

/// A delegated grant (microsoft-cloud 4.7). One whose reach is not clear is left out: it must never be
/// taken for a grant to everyone.
pub fn grant(v: &Value) -> Option<Grant> {
    let principal = match at(v, &["consentType"]).as_str()? {
        "AllPrincipals" => None,
        "Principal" => Some(id(v, &["principalId"])?),
        _ => return None,
    };
    let scopes = at(v, &["scope"]).as_str().unwrap_or_default();
    Some(Grant {
        id: id(v, &["id"])?,
        principal,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
    })
}

/// The signed-in user, roles not yet known.
pub fn person(v: &Value) -> Option<Person> {
    Some(Person {
        object_id: id(v, &["id"])?,
        upn: name(v, &["userPrincipalName"]),
        display_name: name(v, &["displayName"]),
        roles: None,
        guest: text(v, &["userType"]).is_some_and(|t| t.eq_ignore_ascii_case("guest")),
    })
}

/// The template id of an active directory role.
pub fn role(v: &Value) -> Option<String> {
    id(v, &["roleTemplateId"])
}

/// What `/organization` tells: tenant id, display name, default domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Tenant id.
    pub id: String,
    /// Display name, cleaned.
    pub display_name: String,
    /// The default domain, else the first one; may be empty.
    pub domain: String,
}

/// One entry of `/organization` (microsoft-cloud 4.3).
pub fn organization(v: &Value) -> Option<Organization> {
    let domains = list(v, &["verifiedDomains"]);
    let marked = |mark: &str| domains.iter().find(|d| flag(d, &[mark]) == Some(true));
    let domain = marked("isDefault").or_else(|| marked("isInitial")).or_else(|| domains.first());
    Some(Organization {
        id: id(v, &["id"])?,
        display_name: name(v, &["displayName"]),
        domain: domain.map(|d| name(d, &["name"])).unwrap_or_default(),
    })
}

/// What the authorization policy says of users' own consent (microsoft-cloud 4.3).
///
/// The names of the policies are unconfirmed, so anything but the open one counts as limited: then
/// nobody is promised a consent that the tenant refuses.
pub fn user_consent(v: &Value) -> Option<UserConsent> {
    let path = ["defaultUserRolePermissions", "permissionGrantPoliciesAssigned"];
    at(v, &path).as_array()?;
    let own: Vec<String> = texts(v, &path)
        .into_iter()
        .map(|p| p.to_lowercase())
        .filter(|p| p.starts_with("managepermissiongrantsforself."))
        .collect();
    Some(if own.is_empty() {
        UserConsent::Off
    } else if own.iter().any(|p| p.ends_with("-legacy")) {
        UserConsent::Allowed
    } else {
        UserConsent::LowRiskOnly
    })
}

/// Who is assigned to a service principal: the object id, and whether it is a group (microsoft-cloud 4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Object id of the user, group or service principal.
    pub principal: String,
    /// Whether it is a group.
    pub group: bool,
}

/// One entry of `appRoleAssignedTo`.
pub fn assignment(v: &Value) -> Option<Assignment> {
    Some(Assignment {
        principal: id(v, &["principalId"])?,
        group: text(v, &["principalType"]).is_some_and(|t| t.eq_ignore_ascii_case("group")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Any JSON at all, with the member names that the parsers look for among its keys.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(json!("0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f")),
        ];
        let key = prop_oneof![
            Just("id"),
            Just("appId"),
            Just("api"),
            Just("web"),
            Just("oauth2PermissionScopes"),
            Just("preAuthorizedApplications"),
            Just("requestedAccessTokenVersion"),
            Just("requiredResourceAccess"),
            Just("passwordCredentials"),
            Just("keyId"),
            Just("hint"),
            Just("endDateTime"),
            Just("verifiedDomains"),
            Just("defaultUserRolePermissions"),
            Just("permissionGrantPoliciesAssigned"),
            Just("consentType"),
            Just("scope"),
            Just("redirectUris"),
        ]
        .prop_map(str::to_owned);
        leaf.prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_panics_and_ids_stay_harmless(v in any_json()) {
            for id in [
                application(&v).map(|a| a.object_id + &a.app_id),
                principal(&v).map(|p| p.id + &p.app_id),
                person(&v).map(|p| p.object_id),
                organization(&v).map(|o| o.id),
                grant(&v).map(|g| g.id),
                secret(&v).map(|s| s.key_id),
                assignment(&v).map(|a| a.principal),
                role(&v),
            ].into_iter().flatten() {
                prop_assert!(id.bytes().all(|b| b.is_ascii_graphic() && !b"/?#%'\"\\".contains(&b)));
            }
            let _ = user_consent(&v);
        }
    }

    #[test]
    fn an_application_is_read_whole() {
        let doc = json!({
            "id": "a0a0a0a0-0000-4000-8000-000000000001", "appId": "be70217c-0000-4000-8000-000000009a04",
            "displayName": "Hello\u{1b}[31m API", "uniqueName": "handclasp-api-1", "tags": ["handclasp", 3],
            "signInAudience": "AzureADMyOrg", "identifierUris": ["api://be70217c-0000-4000-8000-000000009a04"],
            "api": {
                "requestedAccessTokenVersion": 2,
                "oauth2PermissionScopes": [
                    {"id": "6f0f2b0e-0000-4000-8000-00000000a001", "value": "user_impersonation", "type": "User",
                     "isEnabled": true, "origin": "Application"},
                    {"value": "without an id"}],
                "preAuthorizedApplications": [
                    {"appId": "59259fa1-0000-4000-8000-00000000c21a",
                     "delegatedPermissionIds": ["6f0f2b0e-0000-4000-8000-00000000a001"]}]},
            "web": {"redirectUris": ["https://contoso-hello.azurewebsites.net/.auth/login/aad/callback"],
                    "implicitGrantSettings": {"enableIdTokenIssuance": true}},
            "spa": {"redirectUris": []}, "publicClient": null,
            "requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000",
                "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]}],
            "passwordCredentials": [{"keyId": "c0c0c0c0-0000-4000-8000-000000000001", "displayName": "handclasp 1",
                "hint": "abcdef", "startDateTime": "2026-11-21T00:00:00Z", "endDateTime": "2027-05-21T00:00:00Z",
                "secretText": null, "customKeyIdentifier": null}],
        });
        let app = application(&doc).unwrap();
        assert_eq!(app.display_name, "Hello[31m API");
        assert_eq!(app.effective_token_version(), 2);
        assert_eq!(app.scopes.len(), 1);
        assert!(app.scope("user_impersonation").is_some_and(|s| s.enabled && !s.admin_only));
        assert_eq!(
            app.api_document["oauth2PermissionScopes"].as_array().unwrap().len(),
            2,
            "the base of a write keeps what we do not understand"
        );
        assert_eq!(app.pre_authorized[0].scope_ids, ["6f0f2b0e-0000-4000-8000-00000000a001"]);
        assert_eq!(app.required[0].access[0].1, "Scope");
        assert!(app.id_tokens && app.public_redirects.is_empty());
        assert!(app.secrets[0].hint.chars().count() <= 3);
        assert!(app.secrets[0].end > app.secrets[0].start);
    }

    #[test]
    fn a_name_with_line_breaks_stays_one_line() {
        const FORGED: &str = "Hello\r\n\u{2713} OK  It works";
        let app = application(&json!({"id": "a", "appId": "b", "displayName": FORGED,
            "passwordCredentials": [{"keyId": "c", "displayName": FORGED, "hint": "a\r\nb"}]}))
        .unwrap();
        let person = person(&json!({"id": "p", "displayName": FORGED, "userPrincipalName": FORGED})).unwrap();
        let tenant =
            organization(&json!({"id": "t", "displayName": FORGED, "verifiedDomains": [{"name": FORGED}]}));
        let tenant = tenant.unwrap();
        for name in [
            &app.display_name,
            &app.secrets[0].display_name,
            &person.display_name,
            &person.upn,
            &tenant.display_name,
            &tenant.domain,
        ] {
            assert_eq!(name, "Hello \u{2713} OK It works");
        }
        assert_eq!(app.secrets[0].hint, "a b");
    }

    #[test]
    fn a_sparse_application_is_read_and_one_without_ids_is_not() {
        let sparse = json!({"id": "a", "appId": "b", "api": null, "web": 7, "passwordCredentials": {}});
        let app = application(&sparse).unwrap();
        assert_eq!(app.effective_token_version(), 1);
        assert!(app.scopes.is_empty() && app.secrets.is_empty());
        for broken in [
            json!({"appId": "b"}),
            json!({"id": "", "appId": "b"}),
            json!({"id": "a/../b", "appId": "b"}),
            json!([]),
        ] {
            assert_eq!(application(&broken), None);
        }
    }

    #[test]
    fn token_versions_as_they_come() {
        for (given, version) in [
            (json!(null), None),
            (json!(1), Some(1)),
            (json!("2"), Some(2)),
            (json!(-1), None),
            (json!(999), None),
        ] {
            let v = json!({"id": "a", "appId": "b", "api": {"requestedAccessTokenVersion": given}});
            assert_eq!(application(&v).unwrap().token_version, version);
        }
    }

    #[test]
    fn a_principal_is_on_unless_something_says_off() {
        let on = json!({"id": "a", "appId": "b", "servicePrincipalNames": ["b", "api://b"]});
        assert!(principal(&on).unwrap().enabled);
        for off in [json!({"accountEnabled": false}), json!({"isDisabled": true})] {
            let mut v = on.clone();
            v.as_object_mut().unwrap().extend(off.as_object().unwrap().clone());
            assert!(!principal(&v).unwrap().enabled);
        }
    }

    #[test]
    fn an_unclear_grant_is_never_one_for_everyone() {
        let all = json!({"id": "g", "consentType": "AllPrincipals", "principalId": null, "scope": " user_impersonation  openid"});
        let grant_all = grant(&all).unwrap();
        assert_eq!(grant_all.principal, None);
        assert_eq!(grant_all.scopes, ["user_impersonation", "openid"]);
        for unclear in [
            json!({"id": "g", "consentType": "Principal", "principalId": null, "scope": "x"}),
            json!({"id": "g", "scope": "x"}),
            json!({"id": "g", "consentType": "Everything", "scope": "x"}),
        ] {
            assert_eq!(grant(&unclear), None);
        }
    }

    #[test]
    fn consent_policies() {
        let policy =
            |names: Value| json!({"defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": names}});
        for (names, expected) in [
            (json!([]), Some(UserConsent::Off)),
            (json!(["ManagePermissionGrantsForOwnedResource.microsoft-all"]), Some(UserConsent::Off)),
            (
                json!(["ManagePermissionGrantsForSelf.microsoft-user-default-low"]),
                Some(UserConsent::LowRiskOnly),
            ),
            (
                json!(["managePermissionGrantsForSelf.microsoft-user-default-legacy"]),
                Some(UserConsent::Allowed),
            ),
            (json!(["ManagePermissionGrantsForSelf.contoso-own"]), Some(UserConsent::LowRiskOnly)),
            (json!(null), None),
        ] {
            assert_eq!(user_consent(&policy(names.clone())), expected, "{names}");
        }
    }

    #[test]
    fn the_default_domain_wins() {
        let v = json!({"id": "t", "displayName": "Contoso", "verifiedDomains": [
            {"name": "contoso.onmicrosoft.com", "isInitial": true, "isDefault": false},
            {"name": "contoso.com", "isInitial": false, "isDefault": true}]});
        assert_eq!(organization(&v).unwrap().domain, "contoso.com");
        assert_eq!(organization(&json!({"id": "t", "verifiedDomains": null})).unwrap().domain, "");
    }
}
