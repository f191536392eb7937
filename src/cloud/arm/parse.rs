//! ARM's JSON into facts: sites, functions, authentication settings. Whatever arrives, nothing here panics.

use serde_json::Value;

use crate::cloud::json::{at, filled, flag, id, list, name, text, texts};
use crate::engine::clean::clean_line;
use crate::engine::facts::{AuthLevel, AuthSettings, AuthVersion, Function, Permission, Site};

/// A subscription that the token can see (microsoft-cloud 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Subscription id.
    pub id: String,
    /// Display name, cleaned.
    pub name: String,
}

/// One entry of `/subscriptions`; `None` for one that is deleted.
pub fn subscription(v: &Value) -> Option<Subscription> {
    let gone = text(v, &["state"]).is_some_and(|s| s.eq_ignore_ascii_case("deleted"));
    let id = id(v, &["subscriptionId"])?;
    (!gone).then(|| Subscription { id, name: name(v, &["displayName"]) })
}

/// A tenant that knows the signed-in person (microsoft-cloud 5.2). What it is to the person is not told reliably.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Tenant id.
    pub id: String,
    /// Display name, cleaned; its domain or id where that is not told.
    pub name: String,
    /// Default domain, cleaned; empty where it is not told.
    pub domain: String,
}

/// One entry of `/tenants`.
pub fn tenant(v: &Value) -> Option<Tenant> {
    let id = id(v, &["tenantId"])?;
    let first = || list(v, &["domains"]).first().and_then(Value::as_str).map(|d| clean_line(d, 120));
    let domain = Some(name(v, &["defaultDomain"])).filter(|d| !d.is_empty()).or_else(first);
    let domain = domain.unwrap_or_default();
    let shown = [name(v, &["displayName"]), domain.clone(), id.clone()].into_iter().find(|n| !n.is_empty());
    Some(Tenant { name: shown.unwrap_or_default(), domain, id })
}

/// What one role assignment allows (microsoft-cloud 5.8). One that says nothing allows nothing.
pub fn permission(v: &Value) -> Permission {
    Permission { actions: texts(v, &["actions"]), not_actions: texts(v, &["notActions"]) }
}

/// Whether a `kind` is a function app and not a Logic App, which wears the same word (microsoft-cloud 5.3).
pub fn is_function_app(kind: &str) -> bool {
    let has = |word: &str| kind.split(',').any(|w| w.trim().eq_ignore_ascii_case(word));
    has("functionapp") && !has("workflowapp")
}

/// The parts of a site's resource id: subscription, resource group, name. ARM's ids ignore case (microsoft-cloud 5.1).
/// The id of a slot, which is a site of its own, has its app's parts (microsoft-cloud 5.4).
pub fn site_id_parts(id: &str) -> Option<(&str, &str, &str)> {
    let fits = |part: &str| {
        !part.is_empty()
            && part.len() <= 90
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')'))
    };
    let parts: Vec<&str> = id.strip_prefix('/')?.trim_end_matches('/').split('/').collect();
    let (parts, slot) = match parts.as_slice() {
        [app @ .., slots, slot] if app.len() == 8 && slots.eq_ignore_ascii_case("slots") => {
            (app, Some(*slot))
        }
        app => (app, None),
    };
    let [a, subscription, b, group, c, provider, d, site] = parts else { return None };
    let words = [(a, "subscriptions"), (b, "resourceGroups"), (c, "providers"), (d, "sites")];
    let known = words.iter().all(|(found, wanted)| found.eq_ignore_ascii_case(wanted))
        && provider.eq_ignore_ascii_case("Microsoft.Web");
    let all_fit = [subscription, group, site].into_iter().all(|p| fits(p)) && slot.is_none_or(fits);
    (known && all_fit).then_some((*subscription, *group, *site))
}

/// The resource id of the app that a slot belongs to; `None` for what is no slot's id.
pub fn app_of_slot(id: &str) -> Option<&str> {
    let (app, slot) = id.rsplit_once('/')?;
    let (app, slots) = app.rsplit_once('/')?;
    (slots.eq_ignore_ascii_case("slots") && !slot.is_empty() && site_id_parts(app).is_some()).then_some(app)
}

/// Whether a text is a plain host name: nothing but labels, so that it cannot smuggle a path or a user name.
pub fn is_host_name(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

/// A function app's resource (microsoft-cloud 5.4); `None` where its id or its host name cannot be used.
pub fn site(v: &Value) -> Option<Site> {
    let site_id = filled(v, &["id"])?;
    let (subscription, group, name_in_id) = site_id_parts(&site_id)?;
    let host = filled(v, &["properties", "defaultHostName"]).filter(|h| is_host_name(h))?;
    // The deployment site (SCM) has a host name too, which is not for callers.
    let deployment: Vec<&str> = list(v, &["properties", "hostNameSslStates"])
        .iter()
        .filter(|s| at(s, &["hostType"]).as_str().is_some_and(|t| t.eq_ignore_ascii_case("Repository")))
        .filter_map(|s| at(s, &["name"]).as_str())
        .collect();
    let mut host_names = vec![host.clone()];
    for other in texts(v, &["properties", "hostNames"]) {
        let known = host_names.iter().any(|h| h.eq_ignore_ascii_case(&other));
        let scm = deployment.iter().any(|d| d.eq_ignore_ascii_case(&other));
        if is_host_name(&other) && !known && !scm {
            host_names.push(other);
        }
    }
    Some(Site {
        name: Some(name(v, &["name"])).filter(|n| !n.is_empty()).unwrap_or_else(|| name_in_id.to_owned()),
        kind: name(v, &["kind"]),
        location: name(v, &["location"]),
        state: name(v, &["properties", "state"]),
        subscription: subscription.to_owned(),
        resource_group: group.to_owned(),
        public_access_off: text(v, &["properties", "publicNetworkAccess"])
            .is_some_and(|access| access.eq_ignore_ascii_case("disabled")),
        id: site_id.clone(),
        host,
        host_names,
    })
}

/// One function (microsoft-cloud 5.7).
pub fn function(v: &Value) -> Option<Function> {
    let full = name(v, &["name"]);
    let own_name = full.rsplit('/').next().filter(|n| !n.is_empty())?.to_owned();
    let config = at(v, &["properties", "config"]);
    let trigger = list(config, &["bindings"])
        .iter()
        .find(|b| at(b, &["type"]).as_str().is_some_and(|t| t.eq_ignore_ascii_case("httpTrigger")));
    // Without bindings only the template can tell whether it answers HTTP.
    let bindings_known = at(config, &["bindings"]).is_array();
    let http = trigger.is_some() || !bindings_known;
    let trigger = trigger.unwrap_or(&Value::Null);
    Some(Function {
        name: own_name,
        invoke_url: filled(v, &["properties", "invoke_url_template"]).filter(|_| http),
        methods: texts(trigger, &["methods"]).iter().map(|m| m.to_uppercase()).collect(),
        auth_level: match at(trigger, &["authLevel"]).as_str().map(str::to_lowercase).as_deref() {
            Some("anonymous") => AuthLevel::Anonymous,
            Some("function") => AuthLevel::Function,
            Some("admin") => AuthLevel::Admin,
            _ => AuthLevel::Unsaid,
        },
        disabled: flag(v, &["properties", "isDisabled"])
            .or_else(|| flag(config, &["disabled"]))
            .unwrap_or(false),
    })
}

/// The authentication settings, version 2 (microsoft-cloud 5.5); `None` where the answer has no properties.
///
/// Members that are missing read as "not said": an action that is not spelt out is empty, and a sign-in
/// that is not said to be required counts as not required.
pub fn auth_settings(v: &Value) -> Option<AuthSettings> {
    let p = v.get("properties").filter(|p| p.is_object())?;
    let aad = at(p, &["identityProviders", "azureActiveDirectory"]);
    let validation = at(aad, &["validation"]);
    let policy = at(validation, &["defaultAuthorizationPolicy"]);
    Some(AuthSettings {
        enabled: flag(p, &["platform", "enabled"]).unwrap_or(false),
        config_file: filled(p, &["platform", "configFilePath"]),
        require_authentication: flag(p, &["globalValidation", "requireAuthentication"]).unwrap_or(false),
        unauthenticated_action: name(p, &["globalValidation", "unauthenticatedClientAction"]),
        excluded_paths: texts(p, &["globalValidation", "excludedPaths"]),
        provider_enabled: flag(aad, &["enabled"]).unwrap_or(true),
        issuer: filled(aad, &["registration", "openIdIssuer"]),
        client_id: filled(aad, &["registration", "clientId"]),
        allowed_audiences: texts(validation, &["allowedAudiences"]),
        allowed_applications: at(policy, &["allowedApplications"])
            .as_array()
            .map(|_| texts(policy, &["allowedApplications"])),
        older_allowed_applications: texts(validation, &["jwtClaimChecks", "allowedClientApplications"]),
        allowed_identities: texts(policy, &["allowedPrincipals", "identities"]),
        allowed_groups: texts(policy, &["allowedPrincipals", "groups"]),
        older_allowed_groups: texts(validation, &["jwtClaimChecks", "allowedGroups"]),
        document: p.clone(),
    })
}

/// Which generation the site runs on, from the V1 document (microsoft-cloud 5.5). That document also
/// holds secrets: nothing else of it is kept.
pub fn auth_version(v: &Value) -> Option<AuthVersion> {
    match text(v, &["properties", "configVersion"])?.to_lowercase().as_str() {
        "v1" => Some(AuthVersion::V1 {
            enabled: flag(v, &["properties", "enabled"]).unwrap_or(false),
            keeps_secrets: v.get("properties").is_some_and(keeps_secrets),
        }),
        "v2" => Some(AuthVersion::V2),
        _ => None,
    }
}

/// Whether one of the providers' secrets is among the members: `clientSecret`, `googleClientSecret`, `facebookAppSecret`, …
fn keeps_secrets(properties: &Value) -> bool {
    let members = properties.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| name.to_ascii_lowercase().ends_with("secret"))
        .any(|(_, value)| value.as_str().is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ID: &str = "/subscriptions/11112222-3333-4444-8555-666677778888/resourceGroups/rg-hello/providers/Microsoft.Web/sites/contoso-hello";

    fn a_site() -> Value {
        json!({
            "id": ID, "name": "contoso-hello", "type": "Microsoft.Web/sites", "kind": "functionapp,linux",
            "location": "East US 2",
            "properties": {
                "state": "Running", "hostNames": ["Contoso-Hello-ds27.westus-01.azurewebsites.net", "hello.contoso.com",
                    "contoso-hello.scm.azurewebsites.net", "evil.example/path", 7],
                "hostNameSslStates": [{"name": "contoso-hello.scm.azurewebsites.net", "hostType": "Repository"}, null],
                "defaultHostName": "contoso-hello-ds27.westus-01.azurewebsites.net", "siteConfig": {"cors": null}},
            "identity": {"type": "SystemAssigned"}
        })
    }

    #[test]
    fn a_tenant_is_called_by_the_best_that_is_told_of_it() {
        let id = "0f1e2d3c-0000-4000-8000-000000000001";
        let called = |v: Value| tenant(&v).map(|t| (t.name, t.domain));
        let told = json!({"tenantId": id, "displayName": "Fab\u{1b}rikam", "defaultDomain": "fabrikam.com"});
        assert_eq!(called(told), Some(("Fabrikam".into(), "fabrikam.com".into())));
        let domains = json!({"tenantId": id, "displayName": null, "domains": ["fabrikam.com", 7]});
        assert_eq!(called(domains), Some(("fabrikam.com".into(), "fabrikam.com".into())));
        assert_eq!(called(json!({"tenantId": id})), Some((id.into(), String::new())));
        assert_eq!(called(json!({"tenantId": "../x", "displayName": "Evil"})), None);
        assert_eq!(called(json!({"displayName": "No id"})), None);
    }

    #[test]
    fn a_site_is_read_and_its_host_is_never_composed() {
        let site = site(&a_site()).unwrap();
        assert_eq!(site.host, "contoso-hello-ds27.westus-01.azurewebsites.net");
        assert_eq!(site.host_names, ["contoso-hello-ds27.westus-01.azurewebsites.net", "hello.contoso.com"]);
        assert_eq!(
            (site.subscription.as_str(), site.resource_group.as_str()),
            ("11112222-3333-4444-8555-666677778888", "rg-hello")
        );
    }

    #[test]
    fn only_public_access_that_is_said_to_be_off_counts_as_off() {
        for (said, off) in [
            (json!("Disabled"), true),
            (json!("disabled"), true),
            (json!("Enabled"), false),
            (json!(null), false),
        ] {
            let mut v = a_site();
            v["properties"]["publicNetworkAccess"] = said.clone();
            assert_eq!(site(&v).unwrap().public_access_off, off, "{said}");
        }
        assert!(!site(&a_site()).unwrap().public_access_off);
    }

    #[test]
    fn a_slot_is_a_site_of_its_own() {
        let mut v = a_site();
        v["id"] = json!(format!("{ID}/slots/staging"));
        v["name"] = json!("contoso-hello/staging");
        v["properties"]["defaultHostName"] = json!("contoso-hello-staging.azurewebsites.net");
        let slot = site(&v).unwrap();
        assert_eq!(
            (slot.name.as_str(), slot.id.as_str()),
            ("contoso-hello/staging", v["id"].as_str().unwrap())
        );
        for odd in ["/slots", "/slots/", "/slots/..", "/slots/a/b", "/slots/a?b", "/functions/x"] {
            assert_eq!(site_id_parts(&format!("{ID}{odd}")), None, "{odd}");
        }
        assert_eq!(app_of_slot(&slot.id), Some(ID));
        assert_eq!(app_of_slot(ID), None);
    }

    #[test]
    fn a_site_with_a_dangerous_host_or_id_is_refused() {
        for (member, bad) in [
            ("/properties/defaultHostName", json!("evil.example/x@y")),
            ("/properties/defaultHostName", json!("user@evil.example")),
            ("/properties/defaultHostName", json!(null)),
            ("/id", json!("/subscriptions/x/resourceGroups/../providers/Microsoft.Web/sites/y")),
            ("/id", json!("/subscriptions/x/resourceGroups/g/providers/Microsoft.Web/sites/y?a=b")),
            ("/id", json!("https://evil.example/")),
        ] {
            let mut v = a_site();
            *v.pointer_mut(member).unwrap() = bad.clone();
            assert_eq!(site(&v), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_read_in_any_case() {
        let parts = site_id_parts("/SUBSCRIPTIONS/s/resourcegroups/g (x)/providers/microsoft.web/sites/n");
        assert_eq!(parts, None, "a space is not part of a group name");
        let parts = site_id_parts("/SUBSCRIPTIONS/s/resourcegroups/g(x)/providers/microsoft.web/Sites/n/");
        assert_eq!(parts, Some(("s", "g(x)", "n")));
    }

    #[test]
    fn logic_apps_are_not_function_apps() {
        for (kind, is) in [
            ("functionapp", true),
            ("functionapp,linux,container", true),
            ("FunctionApp, linux", true),
            ("functionapp,workflowapp", false),
            ("functionapp,linux,workflowapp", false),
            ("app,linux", false),
            ("", false),
        ] {
            assert_eq!(is_function_app(kind), is, "{kind}");
        }
    }

    #[test]
    fn functions_with_their_triggers() {
        let of = |name: &str, properties: Value| function(&json!({"name": name, "properties": properties}));
        let hello = of("contoso-hello/Hello", json!({
            "invoke_url_template": "https://contoso-hello.azurewebsites.net/api/hello/{id?}",
            "config": {"bindings": [{"type": "httpTrigger", "authLevel": "Function", "methods": ["get", "post"]},
                {"type": "http", "direction": "out"}], "disabled": "true"}})).unwrap();
        assert_eq!((hello.name.as_str(), hello.auth_level), ("Hello", AuthLevel::Function));
        assert_eq!(hello.methods, ["GET", "POST"]);
        assert!(hello.disabled && hello.invoke_url.is_some());
        let timer = of(
            "contoso-hello/Nightly",
            json!({"invoke_url_template": "https://x.example/api/nightly",
            "config": {"bindings": [{"type": "timerTrigger"}]}, "isDisabled": false}),
        )
        .unwrap();
        assert_eq!((timer.invoke_url, timer.auth_level), (None, AuthLevel::Unsaid));
        let unknown =
            of("Bare", json!({"invoke_url_template": "https://x.example/api/bare", "config": null})).unwrap();
        assert!(unknown.invoke_url.is_some());
        assert_eq!(of("", json!({})), None);
    }

    #[test]
    fn settings_never_configured() {
        let auth = auth_settings(&json!({"properties": {"platform": {"enabled": false}}})).unwrap();
        assert!(!auth.enabled && !auth.require_authentication && auth.client_id.is_none());
        assert_eq!(auth.allowed_applications, None);
        assert_eq!(auth_settings(&json!({"properties": null})), None);
        assert_eq!(auth_settings(&json!([])), None);
    }

    #[test]
    fn settings_in_full_and_with_booleans_as_words() {
        let properties = json!({
            "platform": {"enabled": "true", "runtimeVersion": "~1", "configFilePath": ""},
            "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401",
                "excludedPaths": ["/api/open"]},
            "identityProviders": {"azureActiveDirectory": {"enabled": true,
                "registration": {"openIdIssuer": "https://login.microsoftonline.com/0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f/v2.0",
                    "clientId": "be70217c-0000-4000-8000-000000009a04"},
                "validation": {"jwtClaimChecks": {"allowedClientApplications": ["old"], "allowedGroups": ["og"]},
                    "allowedAudiences": ["api://be70217c-0000-4000-8000-000000009a04"],
                    "defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ["i"], "groups": ["g"]},
                        "allowedApplications": []}}}},
            "clearInboundClaimsMapping": "false"});
        let auth = auth_settings(&json!({"properties": properties})).unwrap();
        assert!(auth.enabled && auth.require_authentication && auth.provider_enabled);
        assert_eq!(auth.config_file, None);
        assert_eq!(auth.allowed_applications, Some(vec![]), "an empty list is not an absent one");
        assert_eq!(auth.older_allowed_applications, ["old"]);
        assert_eq!(auth.older_allowed_groups, ["og"]);
        assert_eq!((auth.allowed_identities, auth.allowed_groups), (vec!["i".into()], vec!["g".into()]));
        assert_eq!(auth.document, properties);
    }

    #[test]
    fn generations() {
        let of = |p: Value| auth_version(&json!({"properties": p}));
        assert_eq!(
            of(json!({"configVersion": "v1", "enabled": "True", "googleClientSecret": "x"})),
            Some(AuthVersion::V1 { enabled: true, keeps_secrets: true })
        );
        assert_eq!(
            of(json!({"configVersion": "v1", "enabled": null, "clientSecret": "", "facebookAppSecret": null,
                "clientSecretSettingName": "SETTING"})),
            Some(AuthVersion::V1 { enabled: false, keeps_secrets: false })
        );
        assert_eq!(of(json!({"configVersion": "v2"})), Some(AuthVersion::V2));
        assert_eq!(of(json!({"enabled": true})), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            Just(json!(ID)),
            Just(json!("contoso-hello.azurewebsites.net")),
        ];
        let names = [
            "id",
            "name",
            "kind",
            "properties",
            "config",
            "bindings",
            "type",
            "defaultHostName",
            "hostNames",
            "hostNameSslStates",
            "platform",
            "enabled",
            "globalValidation",
            "identityProviders",
            "validation",
            "azureActiveDirectory",
            "registration",
            "configVersion",
            "subscriptionId",
        ];
        let key = prop::sample::select(names.to_vec()).prop_map(str::to_owned);
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
        fn nothing_that_arrives_panics_and_hosts_stay_plain(v in any_json()) {
            if let Some(site) = site(&v) {
                for host in site.host_names {
                    prop_assert!(host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
                }
            }
            let _ = (function(&v), auth_settings(&v), auth_version(&v), subscription(&v));
        }
    }
}
