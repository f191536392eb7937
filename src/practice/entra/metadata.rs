//! Metadata documents, signing keys, instance discovery and the realm of a user (microsoft-cloud 2.2).

use http::Method;
use serde_json::{Value, json};

use super::{Authority, Refusal, Version};
use crate::practice::keys;
use crate::practice::wire::{Reply, Request};
use crate::practice::world::World;

const LOGIN: &str = "login.microsoftonline.com";

/// The tenant of personal accounts (microsoft-cloud 2.11).
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The issuer that tokens of a tenant carry. It is a name, not an address: it stays the public one on loopback.
pub fn issuer(tenant: &str, version: Version) -> String {
    match version {
        Version::V1 => format!("https://sts.windows.net/{tenant}/"),
        Version::V2 => format!("https://{LOGIN}/{tenant}/v2.0"),
    }
}

/// The OpenID configuration of a tenant. Domains are answered with the GUID; `common` and `organizations` with the
/// literal `{tenantid}` in the issuer.
pub fn document(world: &mut World, request: &Request, segment: &str, version: Version) -> Reply {
    let (place, in_issuer) = if segment.eq_ignore_ascii_case("consumers") {
        ("consumers".to_owned(), CONSUMERS.to_owned())
    } else {
        match Authority::find(world, segment) {
            Ok(Authority::Tenant(id)) => (id.clone(), id),
            Ok(Authority::Common) => ("common".to_owned(), "{tenantid}".to_owned()),
            Ok(Authority::Organizations) => ("organizations".to_owned(), "{tenantid}".to_owned()),
            Err(refusal) => return refusal.json(world, request),
        }
    };
    let login = request.address_of(LOGIN);
    let base = format!("{login}/{place}");
    let oauth = match version {
        Version::V1 => format!("{base}/oauth2"),
        Version::V2 => format!("{base}/oauth2/v2.0"),
    };
    let keys = match version {
        Version::V1 => format!("{base}/discovery/keys"),
        Version::V2 => format!("{base}/discovery/v2.0/keys"),
    };
    let mut document = json!({
        "token_endpoint": format!("{oauth}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": keys,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer(&in_issuer, version),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{}/oidc/userinfo", request.address_of("graph.microsoft.com")),
        "authorization_endpoint": format!("{oauth}/authorize"),
        "device_authorization_endpoint": format!("{oauth}/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{oauth}/logout"),
        "claims_supported": ["sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce",
            "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"],
        "kerberos_endpoint": format!("{base}/kerberos"),
        "tenant_region_scope": if in_issuer.starts_with('{') { Value::Null } else { json!("WW") },
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    });
    if version == Version::V1 {
        document["scopes_supported"] = json!(["openid"]);
        document["response_types_supported"] =
            json!(["code", "id_token", "code id_token", "token id_token", "token"]);
        document["microsoft_multi_refresh_token"] = json!(true);
        document["check_session_iframe"] = json!(format!("{oauth}/checksession"));
        document["userinfo_endpoint"] = json!(format!("{base}/openid/userinfo"));
    }
    public(world, &document)
}

/// The signing keys. `x5c` is left out: it would carry a certificate, and the practice key has none.
pub fn key_set(world: &mut World, request: &Request, segment: &str, version: Version) -> Reply {
    let tenant = if segment.eq_ignore_ascii_case("consumers") {
        CONSUMERS.to_owned()
    } else {
        match Authority::find(world, segment) {
            Ok(Authority::Tenant(id)) => id,
            Ok(Authority::Common | Authority::Organizations) => "{tenantid}".to_owned(),
            Err(refusal) => return refusal.json(world, request),
        }
    };
    let mut list = Vec::new();
    if let Some(key) = keys::keys() {
        let mut entry =
            json!({"kty": "RSA", "use": "sig", "kid": key.kid, "x5t": key.kid, "n": key.n, "e": key.e});
        if version == Version::V2 {
            entry["issuer"] = json!(issuer(&tenant, version));
        }
        list.push(entry);
    }
    public(world, &json!({"keys": list}))
}

/// Which login hosts belong together. A host that is not known is AADSTS50049.
pub fn instance(world: &mut World, request: &Request) -> Reply {
    let Some(asked) = request.query("authorization_endpoint") else {
        return Refusal::missing("authorization_endpoint").json(world, request);
    };
    let aliases =
        ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"];
    let known = url::Url::parse(asked).ok().is_some_and(|url| {
        let host = url.host_str().unwrap_or_default();
        aliases.contains(&host) || world.is_own_address(&url.origin().ascii_serialization())
    });
    if !known {
        let text = "Unknown or invalid instance.";
        return Refusal::new(50049, "invalid_instance", text).json(world, request);
    }
    let place = url::Url::parse(asked)
        .ok()
        .and_then(|url| url.path_segments().and_then(|mut parts| parts.next().map(str::to_owned)))
        .unwrap_or_default();
    let login = request.address_of(LOGIN);
    public(
        world,
        &json!({
            "tenant_discovery_endpoint": format!("{login}/{place}/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [{
                "preferred_network": "login.microsoftonline.com",
                "preferred_cache": "login.windows.net",
                "aliases": aliases,
            }],
        }),
    )
}

/// Whether somebody signs in here or at a federated provider, as clients ask before they send a password: here, for the
/// domain of every tenant. Only version 1.0 is known; that of the sign-in page has another shape.
pub fn realm(world: &mut World, request: &Request) -> Reply {
    if request.method != Method::GET || request.query("api-version") != Some("1.0") {
        return Reply::unknown();
    }
    let path = request.decoded_path();
    let domain = path.rsplit_once('@').map_or("", |(_, domain)| domain.trim_end_matches('/'));
    let tenant = world.tenants.iter().find(|tenant| tenant.domain.eq_ignore_ascii_case(domain));
    let mut body =
        json!({"ver": "1.0", "account_type": if tenant.is_some() { "Managed" } else { "Unknown" }});
    if let Some(tenant) = tenant {
        body["domain_name"] = json!(tenant.domain);
    }
    body["cloud_instance_name"] = json!("microsoftonline.com");
    body["cloud_audience_urn"] = json!("urn:federation:MicrosoftOnline");
    public(world, &body)
}

fn public(world: &mut World, body: &Value) -> Reply {
    let request_id = world.next_id("request").to_string();
    Reply::json(200, body)
        .with("cache-control", "max-age=86400, private")
        .with("access-control-allow-origin", "*")
        .with("x-ms-request-id", &request_id)
}
