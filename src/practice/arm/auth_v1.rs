//! Authentication settings V1, the classic ones (microsoft-cloud 5.5).

use serde_json::{Value, json};

use super::answer::Refusal;
use crate::practice::world::Site;

/// The properties as `POST authsettings/list` shows them: most are null on a fresh site.
pub fn read(site: &Site) -> Value {
    let nulls = [
        "enabled",
        "runtimeVersion",
        "unauthenticatedClientAction",
        "tokenStoreEnabled",
        "allowedExternalRedirectUrls",
        "defaultProvider",
        "tokenRefreshExtensionHours",
        "clientId",
        "clientSecret",
        "clientSecretSettingName",
        "clientSecretCertificateThumbprint",
        "issuer",
        "validateIssuer",
        "allowedAudiences",
        "additionalLoginParams",
        "aadClaimsAuthorization",
        "googleClientId",
        "googleClientSecret",
        "googleClientSecretSettingName",
        "googleOAuthScopes",
        "facebookAppId",
        "facebookAppSecret",
        "facebookAppSecretSettingName",
        "facebookOAuthScopes",
        "gitHubClientId",
        "gitHubClientSecret",
        "gitHubClientSecretSettingName",
        "gitHubOAuthScopes",
        "twitterConsumerKey",
        "twitterConsumerSecret",
        "twitterConsumerSecretSettingName",
        "microsoftAccountClientId",
        "microsoftAccountClientSecret",
        "microsoftAccountClientSecretSettingName",
        "microsoftAccountOAuthScopes",
        "authFilePath",
    ];
    let mut properties: Value = nulls.into_iter().map(|name| (name.to_owned(), Value::Null)).collect();
    properties["isAuthFromFile"] = "False".into();
    let known = match &site.auth_v2 {
        Some(v2) => from_v2(v2),
        None => site.auth_v1.clone(),
    };
    for (name, value) in known.as_object().into_iter().flatten() {
        properties[name.as_str()] = value.clone();
    }
    properties["configVersion"] = if site.auth_v2.is_some() { "v2" } else { "v1" }.into();
    properties
}

/// What is stored of a PUT. A site that was moved to V2 refuses it.
pub fn replaced(site: &Site, sent: &Value) -> Result<Value, Refusal> {
    if site.auth_v2.is_some() {
        return Err(Refusal::Web {
            status: 409,
            code: "Conflict",
            extended: "04523",
            message: format!(
                "Cannot execute the request for site {} because the site is running on auth version v2.",
                site.name
            ),
        });
    }
    match sent.get("properties") {
        Some(properties) if properties.is_object() => Ok(properties.clone()),
        _ => Err(Refusal::content("The request content was invalid: the member 'properties' is missing.")),
    }
}

fn from_v2(v2: &Value) -> Value {
    let directory = &v2["identityProviders"]["azureActiveDirectory"];
    let action = match v2["globalValidation"]["unauthenticatedClientAction"].as_str() {
        Some("AllowAnonymous") => "AllowAnonymous",
        _ => "RedirectToLoginPage",
    };
    let policy = &directory["validation"]["defaultAuthorizationPolicy"];
    let claims = json!({
        "allowed_groups": policy["allowedPrincipals"]["groups"],
        "allowed_client_applications": policy["allowedApplications"],
    });
    json!({
        "enabled": v2["platform"]["enabled"], "runtimeVersion": v2["platform"]["runtimeVersion"],
        "unauthenticatedClientAction": action, "tokenStoreEnabled": v2["login"]["tokenStore"]["enabled"],
        "clientId": directory["registration"]["clientId"], "issuer": directory["registration"]["openIdIssuer"],
        "clientSecretSettingName": directory["registration"]["clientSecretSettingName"],
        "allowedAudiences": directory["validation"]["allowedAudiences"],
        "aadClaimsAuthorization": claims.to_string(),
    })
}
