//! The finished set-up: what a careful admin has when all seven stages are done. Each faulty scenario spoils one thing of it.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::engine::markers;
use crate::practice::connector;
use crate::practice::entra;
use crate::practice::world::{Connector, Kind, View, World, cut_short, first_party};

/// The one thing that is wrong in a set-up that is finished otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// The API app issues v1 tokens while Easy Auth expects the v2 issuer.
    IssuerMismatch,
    /// Only the API itself is among the allowed applications (the portal's default).
    CallerNotAllowed,
    /// Easy Auth is configured for another registration's client id.
    WrongAudience,
    /// The connector's secret has ended.
    SecretExpired,
    /// It ends before the month is over, and works until then.
    SecretEndsSoon,
    /// Only the bare shared redirect URL is registered.
    RedirectMissing,
    /// The Functions host cannot start: its storage is gone from the app settings.
    HostDown,
    /// The function asks for a key beside the sign-in.
    FunctionKey,
    /// The API's permission is switched off.
    ScopeOff,
    /// Easy Auth expects the tokens of another tenant.
    ForeignIssuer,
    /// The function's path is let through without a sign-in.
    PathExcluded,
    /// The connector's registration is for personal accounts only.
    PersonalAccounts,
    /// The connector's registration does not list the API's permission.
    PermissionMissing,
    /// It does not list Graph's `User.Read`.
    ProfileMissing,
    /// The API lets in assigned people only, and nobody is assigned.
    NotAssigned,
    /// The API's registration has no service principal, so that no Resource URL finds it (AADSTS500011, microsoft-cloud 4.4).
    PrincipalMissing,
    /// The connector's registration stands for the API, too: the function app was given it in place of one of its own.
    SharedRegistration,
    /// The connector page was given the secret's value without its end.
    SecretCutShort,
    /// The function app is stopped.
    AppStopped,
    /// The function app's public network access is disabled.
    NetworkClosed,
    /// Nothing is published to the function app.
    NothingPublished,
    /// The connector's service principal is switched off (AADSTS7000112).
    ConnectorDisabled,
    /// The permission is for administrators to agree to, and none has.
    ConsentMissing,
    /// The connector's registration has lost its secret.
    SecretGone,
}

/// Days that the connector's secret lives.
const SECRET_DAYS: i64 = 180;

/// Finishes the set-up of a site for its owner.
pub fn finish(world: &mut World, site: usize, owner: &str, defect: Option<Defect>) {
    let Some((resource_id, host, name)) = world
        .sites
        .get(site)
        .map(|site| (site.resource_id(), site.default_host().to_owned(), site.name.clone()))
    else {
        return;
    };
    let tenant = world.main_tenant().to_owned();
    let scope = world.id_for(&format!("{name} scope")).to_string();

    let shared = defect == Some(Defect::SharedRegistration);
    let api_name = format!("{name} API");
    let connector_name = format!("{name} connector");
    let mut api = application(world, &api_name, &markers::api_unique_name(&resource_id));
    let mut connector = application(world, &connector_name, &markers::connector_unique_name(&resource_id));
    let connector_id = connector.app_id();
    let api_id = if shared { connector_id.clone() } else { api.app_id() };
    let graph = json!({"resourceAppId": first_party::GRAPH,
        "resourceAccess": [{"id": first_party::GRAPH_USER_READ, "type": "Scope"}]});
    api.doc["requiredResourceAccess"] = json!([graph]);
    let version = if defect == Some(Defect::IssuerMismatch) { Value::Null } else { json!(2) };
    expose(if shared { &mut connector } else { &mut api }, &host, &scope, &version);

    let api_access = json!({"resourceAppId": api_id, "resourceAccess": [{"id": scope, "type": "Scope"}]});
    connector.doc["requiredResourceAccess"] = json!([graph, api_access]);
    let redirect = save_connector(world, &name, &host, &tenant, owner, &connector_id, &api_id);
    let registered = if defect == Some(Defect::RedirectMissing) {
        "https://global.consent.azure-apim.net/redirect"
    } else {
        &redirect
    };
    if let Some(redirects) = connector.doc["web"]["redirectUris"].as_array_mut() {
        redirects.push(json!(registered));
    }

    let (api_object, connector_object) = (api.id.clone(), connector.id.clone());
    for app in [(!shared).then_some(api), Some(connector)].into_iter().flatten() {
        register(world, &tenant, owner, app);
    }
    entra::consent_everything(world, &tenant, &connector_id);
    let now = world.now();
    if let Some(object) = world.object_mut(Kind::Application, &tenant, &api_object) {
        object.doc["api"]["preAuthorizedApplications"] =
            json!([{"appId": connector_id, "delegatedPermissionIds": [scope]}]);
    }
    let day = |days: i64| now.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    let left = match defect {
        Some(Defect::SecretExpired) => -20,
        Some(Defect::SecretEndsSoon) => 12,
        _ => SECRET_DAYS - 10,
    };
    let (starts, ends) = (day(left - SECRET_DAYS), day(left));
    let secret_name = format!("{} connector", markers::SECRET_PREFIX);
    let secret = world.add_secret(&tenant, &connector_object, Some(&secret_name), starts, ends);
    if let Some(saved) = world.connectors.last_mut() {
        let cut = defect == Some(Defect::SecretCutShort);
        saved.client_secret = secret.map(|(_, value)| if cut { cut_short(&value) } else { value });
    }

    let configured = if defect == Some(Defect::WrongAudience) {
        let old = application(world, &format!("{name} (old)"), "");
        let id = old.app_id();
        register(world, &tenant, owner, old);
        id
    } else {
        api_id.clone()
    };
    let only_one = shared || defect == Some(Defect::CallerNotAllowed);
    let allowed = if only_one { json!([api_id]) } else { json!([api_id, connector_id]) };
    let settings = auth_settings(&tenant, &configured, &allowed);
    if let Some(site) = world.sites.get_mut(site) {
        site.auth_v2 = Some(settings);
    }
    if let Some(defect) = defect {
        spoil(world, site, (&tenant, &api_object, &connector_object), defect);
    }
}

/// Spoils what stands there already; the other defects are made along with what they spoil.
fn spoil(world: &mut World, site: usize, (tenant, api, connector): (&str, &str, &str), defect: Defect) {
    let now = world.now();
    let foreign = world.tenants.get(1).map(|tenant| tenant.id.clone()).unwrap_or_default();
    let graph = |entry: &Value| entry["resourceAppId"] == first_party::GRAPH;
    let mut keep = |wanted: bool| {
        let Some(object) = world.object_mut(Kind::Application, tenant, connector) else { return };
        if let Some(list) = object.doc["requiredResourceAccess"].as_array_mut() {
            list.retain(|entry| graph(entry) == wanted);
        }
    };
    match defect {
        Defect::PermissionMissing => keep(true),
        Defect::ProfileMissing => keep(false),
        Defect::PersonalAccounts => {
            if let Some(object) = world.object_mut(Kind::Application, tenant, connector) {
                object.doc["signInAudience"] = json!("PersonalMicrosoftAccount");
            }
        }
        Defect::ScopeOff => {
            if let Some(object) = world.object_mut(Kind::Application, tenant, api) {
                object.doc["api"]["oauth2PermissionScopes"][0]["isEnabled"] = json!(false);
            }
        }
        Defect::NotAssigned => {
            let principal = principal_of(world, tenant, api);
            let principal = world.directory.iter_mut().find(|object| Some(&object.id) == principal.as_ref());
            if let Some(principal) = principal {
                principal.doc["appRoleAssignmentRequired"] = json!(true);
            }
        }
        Defect::ConnectorDisabled => {
            let principal = principal_of(world, tenant, connector);
            let principal = world.directory.iter_mut().find(|object| Some(&object.id) == principal.as_ref());
            if let Some(principal) = principal {
                principal.doc["accountEnabled"] = json!(false);
            }
        }
        Defect::ConsentMissing => {
            let Some(id) = principal_of(world, tenant, connector) else { return };
            world.directory.retain(|object| object.text("clientId") != id);
            let principal = principal_of(world, tenant, api);
            if let Some(object) = world.object_mut(Kind::Application, tenant, api) {
                object.doc["api"]["preAuthorizedApplications"] = json!([]);
                object.doc["api"]["oauth2PermissionScopes"][0]["type"] = json!("Admin");
            }
            let principal = world.directory.iter_mut().find(|object| Some(&object.id) == principal.as_ref());
            if let Some(principal) = principal {
                principal.doc["oauth2PermissionScopes"][0]["type"] = json!("Admin");
            }
        }
        Defect::SecretGone => {
            if let Some(object) = world.object_mut(Kind::Application, tenant, connector) {
                object.doc["passwordCredentials"] = json!([]);
                object.secrets.clear();
            }
        }
        Defect::AppStopped => {
            if let Some(site) = world.sites.get_mut(site) {
                "Stopped".clone_into(&mut site.state);
            }
        }
        Defect::NetworkClosed => {
            if let Some(site) = world.sites.get_mut(site) {
                site.config_web["publicNetworkAccess"] = json!("Disabled");
            }
        }
        Defect::NothingPublished => {
            if let Some(site) = world.sites.get_mut(site) {
                site.functions.clear();
            }
        }
        Defect::PrincipalMissing => {
            let Some(id) = principal_of(world, tenant, api) else { return };
            world.directory.retain(|object| object.id != id && object.text("resourceId") != id);
        }
        Defect::HostDown | Defect::FunctionKey | Defect::ForeignIssuer | Defect::PathExcluded => {
            let Some(site) = world.sites.get_mut(site) else { return };
            let (names, first) = (site.app_settings.clone(), site.functions.first_mut());
            match (defect, first, &mut site.auth_v2) {
                (Defect::FunctionKey, Some(function), _) => function.auth_level = Some("function".to_owned()),
                (Defect::PathExcluded, Some(function), Some(auth)) => {
                    auth["globalValidation"]["excludedPaths"] = json!([format!("/api/{}", function.name)]);
                }
                (Defect::ForeignIssuer, _, Some(auth)) => {
                    auth["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"] =
                        json!(format!("https://login.microsoftonline.com/{foreign}/v2.0"));
                }
                _ => {
                    let mut left = names;
                    left.remove("AzureWebJobsStorage");
                    site.store_settings(left, now, 0);
                }
            }
        }
        Defect::IssuerMismatch
        | Defect::CallerNotAllowed
        | Defect::WrongAudience
        | Defect::SecretExpired
        | Defect::SecretEndsSoon
        | Defect::RedirectMissing
        | Defect::SharedRegistration
        | Defect::SecretCutShort => {}
    }
}

/// Object id of the service principal that stands for a registration.
fn principal_of(world: &World, tenant: &str, application: &str) -> Option<String> {
    let (app, _) = world.object(Kind::Application, tenant, application, View::Now)?;
    world.service_principal(tenant, app.app_id(), View::Now).map(|(principal, _)| principal.id.clone())
}

/// What makes a registration an API: its name as a resource, the permission, and the way back of Easy Auth's own sign-in.
fn expose(app: &mut NewApp, host: &str, scope: &str, version: &Value) {
    let name = app.doc["displayName"].as_str().unwrap_or_default().to_owned();
    app.doc["identifierUris"] = json!([format!("api://{}", app.app_id())]);
    app.doc["api"]["requestedAccessTokenVersion"] = version.clone();
    app.doc["api"]["oauth2PermissionScopes"] = json!([{
        "adminConsentDescription": format!("Allow the application to access {name} on behalf of the signed-in user."),
        "adminConsentDisplayName": format!("Access {name}"),
        "id": scope, "isEnabled": true, "type": "User",
        "userConsentDescription": format!("Allow the application to access {name} on your behalf."),
        "userConsentDisplayName": format!("Access {name}"),
        "value": "user_impersonation",
    }]);
    app.doc["web"]["redirectUris"] = json!([format!("https://{host}/.auth/login/aad/callback")]);
    app.doc["web"]["homePageUrl"] = json!(format!("https://{host}"));
    app.doc["web"]["implicitGrantSettings"]["enableIdTokenIssuance"] = json!(true);
}

/// A registration that is not in the directory yet.
struct NewApp {
    id: String,
    doc: Value,
}

impl NewApp {
    fn app_id(&self) -> String {
        self.doc["appId"].as_str().unwrap_or_default().to_owned()
    }
}

/// A registration; Graph adds the members that are empty.
fn application(world: &World, name: &str, unique_name: &str) -> NewApp {
    let id = world.id_for(&format!("{name} application")).to_string();
    let app_id = world.id_for(&format!("{name} client")).to_string();
    let domain = world.tenants.first().map(|tenant| tenant.domain.clone());
    let marked = !unique_name.is_empty();
    let doc = json!({
        "id": id, "appId": app_id, "createdDateTime": super::seconds(world.now()), "displayName": name,
        "identifierUris": [], "publisherDomain": domain, "signInAudience": "AzureADMyOrg",
        "tags": if marked { json!([markers::TAG]) } else { json!([]) },
        "uniqueName": if marked { json!(unique_name) } else { Value::Null },
        "api": {"acceptMappedClaims": null, "knownClientApplications": [], "requestedAccessTokenVersion": null,
            "oauth2PermissionScopes": [], "preAuthorizedApplications": []},
        "appRoles": [], "passwordCredentials": [], "requiredResourceAccess": [],
        "publicClient": {"redirectUris": []}, "spa": {"redirectUris": []},
        "web": {"homePageUrl": null, "logoutUrl": null, "redirectUris": [], "redirectUriSettings": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false}},
    });
    NewApp { id, doc }
}

/// Puts a registration and its service principal into the directory.
fn register(world: &mut World, tenant: &str, owner: &str, app: NewApp) {
    let principal = world.id_for(&format!("{} service principal", app.id)).to_string();
    let mut names = vec![app.doc["appId"].clone()];
    names.extend(app.doc["identifierUris"].as_array().cloned().unwrap_or_default());
    let doc = json!({
        "id": principal, "accountEnabled": true, "appDisplayName": app.doc["displayName"], "appId": app.doc["appId"],
        "appOwnerOrganizationId": tenant, "appRoleAssignmentRequired": false, "appRoles": [],
        "createdDateTime": app.doc["createdDateTime"], "displayName": app.doc["displayName"],
        "homepage": app.doc["web"]["homePageUrl"],
        "oauth2PermissionScopes": app.doc["api"]["oauth2PermissionScopes"],
        "replyUrls": app.doc["web"]["redirectUris"], "servicePrincipalNames": names,
        "servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg", "tags": app.doc["tags"],
    });
    world.add_object(Kind::Application, tenant, &app.id, app.doc, vec![owner.to_owned()]);
    world.add_object(Kind::ServicePrincipal, tenant, &principal, doc, vec![owner.to_owned()]);
}

/// Saves the connector with what the page asks for (power-platform 3.3) and returns its redirect URL.
fn save_connector(
    world: &mut World,
    site: &str,
    host: &str,
    tenant: &str,
    owner: &str,
    client_id: &str,
    resource: &str,
) -> String {
    let hex = |what: &str| -> String {
        world.id_for(&format!("{site} connector {what}")).simple().to_string().chars().take(16).collect()
    };
    let title = site.replace('-', "-2d");
    let internal = format!("{title}-5f{}-5f{}", hex("environment"), hex("title"));
    let redirect_url = format!("https://global.consent.azure-apim.net/redirect/{internal}");
    let oauth = json!({
        "identityProvider": "aad", "clientId": client_id, "scopes": [], "redirectMode": "GlobalPerConnector",
        "redirectUrl": redirect_url,
        "properties": {"IsFirstParty": "False", "AzureActiveDirectoryResourceId": resource,
            "IsOnbehalfofLoginSupported": true},
        "customParameters": {
            "loginUri": {"value": "https://login.microsoftonline.com"}, "tenantId": {"value": tenant},
            "resourceUri": {"value": resource}, "enableOnbehalfOfLogin": {"value": "false"},
        },
    });
    let environment = world.environments.first().map(|known| known.id.clone()).unwrap_or_default();
    let now = world.now();
    let functions = world.site_by_host(host).map_or(&[][..], |site| site.functions.as_slice());
    let definition = connector::from_blank(functions, site, "https", host, "/api");
    world.connectors.push(Connector {
        name: format!("shared_{internal}"),
        environment,
        display_name: site.to_owned(),
        owner: owner.to_owned(),
        host: host.to_owned(),
        scheme: "https".to_owned(),
        oauth,
        client_secret: None,
        redirect_url: redirect_url.clone(),
        definition,
        imported: false,
        created_at: now,
        changed_at: now,
        connections: Vec::new(),
    });
    redirect_url
}

/// V2 settings as the service stores them after a careful write (microsoft-cloud 5.5).
fn auth_settings(tenant: &str, client_id: &str, allowed: &Value) -> Value {
    let unused = |scopes: bool| {
        let mut provider = json!({"enabled": true, "registration": {}});
        if scopes {
            provider["login"] = json!({});
        }
        provider
    };
    json!({
        "platform": {"enabled": true, "runtimeVersion": "~1"},
        "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401"},
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": true,
                "registration": {
                    "openIdIssuer": format!("https://login.microsoftonline.com/{tenant}/v2.0"),
                    "clientId": client_id,
                },
                "login": {"disableWWWAuthenticate": false},
                "validation": {
                    "jwtClaimChecks": {},
                    "allowedAudiences": [format!("api://{client_id}")],
                    "defaultAuthorizationPolicy": {"allowedPrincipals": {}, "allowedApplications": allowed},
                },
            },
            "facebook": unused(true), "gitHub": unused(true), "google": unused(true), "twitter": unused(false),
            "legacyMicrosoftAccount": unused(true), "apple": unused(true),
        },
        "login": {
            "routes": {}, "tokenStore": {"enabled": true, "tokenRefreshExtensionHours": 72.0, "fileSystem": {},
                "azureBlobStorage": {}},
            "preserveUrlFragmentsForLogins": false,
            "cookieExpiration": {"convention": "FixedTime", "timeToExpiration": "08:00:00"},
            "nonce": {"validateNonce": true, "nonceExpirationInterval": "00:05:00"},
        },
        "httpSettings": {"requireHttps": true, "routes": {"apiPrefix": "/.auth"},
            "forwardProxy": {"convention": "NoProxy"}},
        "clearInboundClaimsMapping": "false",
    })
}
