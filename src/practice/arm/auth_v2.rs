//! Authentication settings V2: read, full replacement with materialised defaults (microsoft-cloud 5.5).

use serde_json::{Value, json};

use super::answer::Refusal;
use crate::practice::world::Site;

/// How long all allowed audiences together may be (microsoft-cloud 6.6: about so long).
const AUDIENCES_LIMIT: usize = 500;

/// The properties as a read shows them.
pub fn read(site: &Site) -> Value {
    if let Some(stored) = &site.auth_v2 {
        return described(stored);
    }
    if site.auth_v1["enabled"] == json!(true) {
        return from_v1(&site.auth_v1);
    }
    json!({"platform": {"enabled": false}})
}

/// The settings without the one member that recordings show and the published description does not have (5.5).
fn described(properties: &Value) -> Value {
    let mut properties = properties.clone();
    if let Some(members) = properties.as_object_mut() {
        members.shift_remove("clearInboundClaimsMapping");
    }
    properties
}

/// What is stored of a PUT: nothing is kept of before, and every default is written out.
pub fn materialised(sent: &Value) -> Result<Value, Refusal> {
    let Some(properties) = sent.get("properties").filter(|properties| properties.is_object()) else {
        return Err(Refusal::content("The request content was invalid: the member 'properties' is missing."));
    };
    let mut stored = fill(&defaults(), &described(properties), "properties")?;
    let directory = &mut stored["identityProviders"]["azureActiveDirectory"];
    let configured = directory["registration"]["clientId"].as_str().is_some_and(|id| !id.is_empty());
    let policy = &mut directory["validation"]["defaultAuthorizationPolicy"];
    if configured && policy["allowedApplications"].is_null() {
        // An empty list appears on its own (5.5; what it means is unconfirmed, 6.7).
        policy["allowedApplications"] = json!([]);
    }
    let audiences = directory["validation"]["allowedAudiences"].as_array().into_iter().flatten();
    if audiences.filter_map(Value::as_str).map(str::len).sum::<usize>() > AUDIENCES_LIMIT {
        return Err(Refusal::content(format!(
            "The request content was invalid: 'allowedAudiences' must not be longer than {AUDIENCES_LIMIT} characters."
        )));
    }
    let action = stored["globalValidation"]["unauthenticatedClientAction"].as_str().unwrap_or_default();
    if !["RedirectToLoginPage", "AllowAnonymous", "Return401", "Return403", "Return404"].contains(&action) {
        return Err(Refusal::content(format!(
            "The request content was invalid: '{action}' is not a value of UnauthenticatedClientActionV2."
        )));
    }
    Ok(stored)
}

/// The recorded defaults.
fn defaults() -> Value {
    let simple = json!({"enabled": true, "registration": {}, "login": {}});
    let with_audiences = json!({"enabled": true, "registration": {}, "login": {}, "validation": {}});
    json!({
        "platform": {"enabled": false, "runtimeVersion": "~1"},
        "globalValidation": {
            "requireAuthentication": true, "unauthenticatedClientAction": "RedirectToLoginPage",
        },
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": true, "registration": {}, "login": {"disableWWWAuthenticate": false},
                "validation": {"jwtClaimChecks": {}, "defaultAuthorizationPolicy": {"allowedPrincipals": {}}},
            },
            "facebook": simple, "gitHub": simple, "google": with_audiences,
            "twitter": {"enabled": true, "registration": {}},
            "legacyMicrosoftAccount": with_audiences, "apple": simple,
        },
        "login": {
            "routes": {},
            "tokenStore": {
                "enabled": false, "tokenRefreshExtensionHours": 72.0, "fileSystem": {}, "azureBlobStorage": {},
            },
            "preserveUrlFragmentsForLogins": false,
            "cookieExpiration": {"convention": "FixedTime", "timeToExpiration": "08:00:00"},
            "nonce": {"validateNonce": true, "nonceExpirationInterval": "00:05:00"},
        },
        "httpSettings": {
            "requireHttps": true, "routes": {"apiPrefix": "/.auth"}, "forwardProxy": {"convention": "NoProxy"},
        },
    })
}

/// Booleans of the settings; they may come as texts and are stored as booleans.
const BOOLEANS: &[&str] = &[
    "enabled",
    "requireAuthentication",
    "disableWWWAuthenticate",
    "isAutoProvisioned",
    "requireHttps",
    "preserveUrlFragmentsForLogins",
    "validateNonce",
];

/// Lists of texts.
const LISTS: &[&str] = &[
    "excludedPaths",
    "allowedAudiences",
    "allowedApplications",
    "allowedClientApplications",
    "allowedGroups",
    "groups",
    "identities",
    "loginParameters",
    "scopes",
    "allowedExternalRedirectUrls",
];

/// Lays what was sent over the defaults and checks its types. Nulls leave the default.
fn fill(under: &Value, sent: &Value, name: &str) -> Result<Value, Refusal> {
    let wrong = || {
        Refusal::content(format!(
            "The request content was invalid and could not be deserialized: '{name}' has the wrong type."
        ))
    };
    match (under, sent) {
        (under, Value::Null) => Ok(under.clone()),
        (Value::Object(_) | Value::Null, Value::Object(members)) => {
            let mut merged = under.as_object().cloned().unwrap_or_default();
            for (member, value) in members {
                let below = merged.get(member).cloned().unwrap_or_default();
                let value = fill(&below, value, member)?;
                if !value.is_null() {
                    merged.insert(member.clone(), value);
                }
            }
            Ok(Value::Object(merged))
        }
        (Value::Object(_), _) => Err(wrong()),
        (_, value) if BOOLEANS.contains(&name) => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true.into()),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false.into()),
            _ => Err(wrong()),
        },
        (_, value) if LISTS.contains(&name) => {
            let texts = value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
            if texts { Ok(value.clone()) } else { Err(wrong()) }
        }
        (_, value) if value.is_array() => Err(wrong()),
        (_, value) => Ok(value.clone()),
    }
}

/// V1 settings in the words of V2, as a site shows them that was never moved.
fn from_v1(v1: &Value) -> Value {
    let mut properties = json!({
        "platform": {"enabled": true, "runtimeVersion": "~1"},
        "globalValidation": {
            "requireAuthentication": v1["unauthenticatedClientAction"] != json!("AllowAnonymous"),
            "unauthenticatedClientAction": v1["unauthenticatedClientAction"].as_str().unwrap_or("RedirectToLoginPage"),
        },
    });
    if let Some(client) = v1["clientId"].as_str() {
        properties["identityProviders"] = json!({"azureActiveDirectory": {
            "enabled": true,
            "registration": {"clientId": client, "openIdIssuer": v1["issuer"]},
            "validation": {"allowedAudiences": v1["allowedAudiences"].as_array().cloned().unwrap_or_default()},
        }});
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_it_off_writes_every_default_out() {
        let stored = materialised(&json!({"properties": {"platform": {"enabled": "false"}}})).unwrap();
        assert_eq!(stored["platform"], json!({"enabled": false, "runtimeVersion": "~1"}));
        assert_eq!(stored["globalValidation"]["requireAuthentication"], json!(true));
        assert_eq!(stored["identityProviders"]["google"]["enabled"], json!(true));
        let policy =
            &stored["identityProviders"]["azureActiveDirectory"]["validation"]["defaultAuthorizationPolicy"];
        assert_eq!(*policy, json!({"allowedPrincipals": {}}));
    }

    #[test]
    fn an_empty_list_of_applications_appears_by_itself() {
        let put = |policy: Value| {
            let sent = json!({"properties": {"platform": {"enabled": true}, "identityProviders": {
                "azureActiveDirectory": {"registration": {"clientId": "c"},
                    "validation": {"defaultAuthorizationPolicy": policy}}}}});
            let stored = materialised(&sent).unwrap();
            stored["identityProviders"]["azureActiveDirectory"]["validation"]["defaultAuthorizationPolicy"]
                ["allowedApplications"]
                .clone()
        };
        assert_eq!(put(json!({"allowedPrincipals": {"identities": ["x"]}})), json!([]));
        assert_eq!(put(Value::Null), json!([]));
        assert_eq!(put(json!({"allowedApplications": ["a", "b"]})), json!(["a", "b"]));
    }

    #[test]
    fn what_has_the_wrong_type_is_refused() {
        for properties in [
            json!({"platform": []}),
            json!({"platform": {"enabled": "perhaps"}}),
            json!({"globalValidation": {"excludedPaths": "/x"}}),
            json!({"globalValidation": {"unauthenticatedClientAction": "Shrug"}}),
            json!({"identityProviders": {"azureActiveDirectory": {"validation": {
                "allowedAudiences": ["a".repeat(300), "b".repeat(300)]}}}}),
            json!("x"),
        ] {
            assert!(materialised(&json!({"properties": properties})).is_err(), "{properties}");
        }
    }

    #[test]
    fn what_was_stored_can_be_put_back_unchanged() {
        let once = materialised(&json!({"properties": {"identityProviders": {"azureActiveDirectory":
            {"registration": {"clientId": "c", "openIdIssuer": "https://x"}}}}}))
        .unwrap();
        assert_eq!(materialised(&json!({"properties": once})).unwrap(), once);
    }
}
