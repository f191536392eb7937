//! Redirect URIs and identifier URIs of an application (microsoft-cloud 4.11).

use serde_json::{Value, json};
use url::Url;

use super::items;
use crate::practice::graph::answer::Refusal;
use crate::practice::world::{Kind, World};

/// All redirect URIs of an application, as its service principal lists them.
pub fn reply_urls(doc: &Value) -> Vec<Value> {
    ["web", "spa", "publicClient"]
        .into_iter()
        .flat_map(|platform| items(&doc[platform]["redirectUris"]).iter().cloned())
        .collect()
}

/// Refuses redirect URIs that are no absolute URI, plain HTTP elsewhere than on this machine, or have a fragment.
pub fn redirects(doc: &Value) -> Result<(), Refusal> {
    for platform in ["web", "spa", "publicClient"] {
        for uri in items(&doc[platform]["redirectUris"]) {
            let text = uri.as_str().unwrap_or_default();
            let fine = Url::parse(text).is_ok_and(|uri| {
                let local = matches!(uri.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
                let scheme = match uri.scheme() {
                    "https" => true,
                    "http" => local,
                    _ => platform == "publicClient",
                };
                scheme && uri.fragment().is_none() && text.len() <= 256
            });
            if !fine {
                return Err(Refusal::new(
                    400,
                    "InvalidRedirectUri",
                    format!(
                        "Invalid value specified for redirect URI '{text}' of property '{platform}.redirectUris': it must \
                         start with 'https://' or 'http://localhost' and have no fragment."
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Refuses new identifier URIs that break the tenant's rules or belong to another application.
pub fn identifiers(world: &World, tenant: &str, old: Option<&Value>, new: &Value) -> Result<(), Refusal> {
    let app_id = new["appId"].as_str().unwrap_or_default();
    let before = old.map_or(&[][..], |old| items(&old["identifierUris"]));
    for uri in items(&new["identifierUris"]).iter().filter(|uri| !before.contains(uri)) {
        let text = uri.as_str().unwrap_or_default();
        allowed(world, tenant, app_id, &new["api"], text)?;
        let taken = world.directory.iter().any(|object| {
            object.kind == Kind::Application
                && object.tenant.eq_ignore_ascii_case(tenant)
                && object.app_id() != app_id
                && (object.deleted_at.is_none() || world.switches.deleted_identifier_uris_stay_taken)
                && items(&object.doc["identifierUris"]).contains(uri)
        });
        if taken {
            return Err(Refusal::new(
                400,
                "Request_MultipleObjectsWithSameKeyValue",
                "Another object with the same value for property identifierUris already exists.",
            ));
        }
    }
    Ok(())
}

/// Whether the last segment of an identifier is this permission's name.
fn second_is(text: &str, scope: &str) -> bool {
    text.strip_suffix(scope).is_some_and(|rest| rest.ends_with('/') && !rest.ends_with("://"))
}

fn allowed(world: &World, tenant: &str, app_id: &str, api: &Value, text: &str) -> Result<(), Refusal> {
    let version = &api["requestedAccessTokenVersion"];
    let scopes: Vec<&str> =
        items(&api["oauth2PermissionScopes"]).iter().filter_map(|scope| scope["value"].as_str()).collect();
    let invalid =
        || Refusal::bad("Invalid value specified for property 'identifierUris' of resource 'Application'.");
    let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default().to_ascii_lowercase();
    let second = parts.next().unwrap_or_default();
    // An identifier ends neither with a slash nor with what is asked of it (4.11).
    let asks = text.ends_with('/')
        || text.ends_with("/.default")
        || scopes.iter().any(|scope| second_is(text, scope));
    if host.is_empty() || text.contains(char::is_whitespace) || asks {
        return Err(invalid());
    }
    let domain = world.tenant(tenant).map(|tenant| tenant.domain.to_ascii_lowercase()).unwrap_or_default();
    let verified = host == domain || host.strip_suffix(&domain).is_some_and(|sub| sub.ends_with('.'));
    match scheme {
        "https" | "http" if verified => Ok(()),
        "https" | "http" => Err(Refusal::new(
            400,
            "HostNameNotOnVerifiedDomain",
            format!(
                "Values of identifierUris property must use a verified domain of the organization or its subdomain: '{text}'"
            ),
        )),
        "api" => {
            let own = |part: &str| !app_id.is_empty() && part.eq_ignore_ascii_case(app_id);
            // `api://{appId}` stands alone; the other forms name something beside the tenant, domain or application.
            let alone = own(&host) && second.is_empty();
            let unique = verified || alone || own(second) || host.eq_ignore_ascii_case(tenant);
            // Applications that get v2 tokens are exempt (4.11).
            if unique || *version == json!(2) {
                return Ok(());
            }
            Err(Refusal::new(
                400,
                "InvalidUniqueTenantIdentifierAsPerAppPolicy",
                format!(
                    "The newly added URI {text} must contain a tenant verified domain, tenant ID, or app ID, as per the \
                     default tenant policy of your organization. See https://aka.ms/identifier-uri-addition-error for more \
                     information on this error."
                ),
            ))
        }
        "urn" | "ms-app" => Ok(()),
        _ => Err(invalid()),
    }
}
