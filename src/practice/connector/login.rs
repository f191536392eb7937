//! Where a connection signs in: which sign-in addresses answer here, and what the others answer (power-platform 1.6, 2.4,
//! 3.2).

use http::Method;
use serde_json::Value;
use url::Url;

use crate::practice::wire::Request;
use crate::practice::world::World;

/// The sign-in hosts of this cloud.
const HERE: [&str; 3] = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com"];
/// Those of other national clouds, which know neither the tenants nor the applications of this one (microsoft-cloud 1.1).
const ELSEWHERE: [&str; 3] =
    ["login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"];

/// Which address of the provider is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Where the person signs in.
    Authorize,
    /// Where the code is redeemed.
    Token,
    /// Where the next access token comes from.
    Refresh,
}

/// The address that the settings name: the v1 endpoints below the base for `aad`, the ones that were entered for Generic
/// OAuth 2.
pub fn entered(oauth: &Value, endpoint: Endpoint) -> String {
    if oauth["identityProvider"] == "aad" {
        let base = custom(oauth, "loginUri").trim_end_matches('/');
        let last = if endpoint == Endpoint::Authorize { "authorize" } else { "token" };
        return format!("{base}/{}/oauth2/{last}", custom(oauth, "tenantId"));
    }
    let name = match endpoint {
        Endpoint::Authorize => "authorizationUrl",
        Endpoint::Token => "tokenUrl",
        Endpoint::Refresh => "refreshUrl",
    };
    custom(oauth, name).to_owned()
}

/// A custom parameter of the settings; empty when there is none.
pub fn custom<'a>(oauth: &'a Value, name: &str) -> &'a str {
    oauth["customParameters"][name]["value"].as_str().unwrap_or_default()
}

/// Where the address that the settings name is found by whoever sent `request`. The error is what a person sees there
/// instead: tenants and applications do not cross clouds, and no other host signs anybody in.
pub fn reach(world: &World, request: &Request, oauth: &Value, endpoint: Endpoint) -> Result<Url, String> {
    let entered = entered(oauth, endpoint);
    let Ok(url) = Url::parse(&entered) else {
        return Err(format!("This page can't be opened: {entered} is not an address."));
    };
    let host = url.host_str().unwrap_or_default();
    let origin = url.origin().ascii_serialization();
    if origin == request.origin() || world.is_own_address(&origin) {
        return Ok(url);
    }
    if url.scheme() == "https" && url.port().is_none() && HERE.contains(&host) {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let here = format!("{}{}{query}", request.address_of(host), url.path());
        return Url::parse(&here).map_err(|error| format!("This page can't be opened: {error}."));
    }
    if ELSEWHERE.contains(&host) {
        return Err(of_another_cloud(&url, oauth));
    }
    Err(format!("This site can't be reached. Check if there is a typo in {origin}."))
}

fn of_another_cloud(url: &Url, oauth: &Value) -> String {
    let tenant = url.path_segments().and_then(|mut parts| parts.next()).unwrap_or_default();
    if matches!(tenant, "common" | "organizations") {
        return format!(
            "AADSTS700016: Application with identifier '{}' was not found in the directory 'Microsoft'. This can happen if \
             the application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant.",
            oauth["clientId"].as_str().unwrap_or_default()
        );
    }
    format!(
        "AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into \
         the correct cloud. Check with your subscription administrator, this may happen if there are no active \
         subscriptions for the tenant."
    )
}

/// A request to an address that was found to be here.
pub fn request(method: Method, url: &Url) -> Request {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut request = Request::new(method, &host, url.path(), url.query().unwrap_or_default());
    url.scheme().clone_into(&mut request.scheme);
    request
}

/// A request as somebody on this machine sends it: a person's browser, or the gateway.
pub fn at_home(world: &World) -> Request {
    let (scheme, host) = world.origin.split_once("://").unwrap_or(("http", "127.0.0.1"));
    let mut request = Request::new(Method::GET, host, "/", "");
    scheme.clone_into(&mut request.scheme);
    request
}
