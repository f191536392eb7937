//! Which service a request is for: by its public host name, else by its path.

use crate::practice::wire::{Request, Service};
use crate::practice::world::World;

/// Finds the service. A site that is reached by path (`/_site/{name}/...`) is put into the form in which its own host
/// name would have brought it: the name goes into the `x-practice-site` header and out of the path.
pub fn find(world: &World, request: &mut Request) -> Service {
    request.headers.remove(SITE);
    let host = request.host_name();
    if request.is_public() {
        return by_host(world, request, &host);
    }
    by_path(world, request)
}

/// Header that names the site for [`crate::practice::easy_auth`]; set by dispatch only.
pub const SITE: &str = "x-practice-site";

/// The public host names that are answered, whatever the world holds, each with its service; `None` is told by the path.
const PUBLIC: [(&str, Option<Service>); 17] = [
    ("login.microsoftonline.com", Some(Service::SignIn)),
    ("login.windows.net", Some(Service::SignIn)),
    ("login.microsoft.com", Some(Service::SignIn)),
    ("sts.windows.net", Some(Service::SignIn)),
    ("microsoft.com", None),
    ("www.microsoft.com", None),
    ("graph.microsoft.com", Some(Service::Graph)),
    ("management.azure.com", Some(Service::Arm)),
    ("management.core.windows.net", Some(Service::Arm)),
    ("make.powerapps.com", Some(Service::Maker)),
    ("make.powerautomate.com", Some(Service::Maker)),
    ("api.powerapps.com", Some(Service::Maker)),
    ("api.bap.microsoft.com", Some(Service::Maker)),
    ("api.flow.microsoft.com", Some(Service::Maker)),
    ("global.consent.azure-apim.net", Some(Service::Consent)),
    ("portal.azure.com", Some(Service::Portal)),
    ("entra.microsoft.com", Some(Service::Portal)),
];

/// The public host names that are answered, without those of the sites.
pub fn public_names() -> impl Iterator<Item = &'static str> {
    PUBLIC.iter().map(|(name, _)| *name)
}

fn by_host(world: &World, request: &mut Request, host: &str) -> Service {
    if let Some((_, service)) = PUBLIC.iter().find(|(name, _)| *name == host) {
        return service.unwrap_or_else(|| by_path(world, request));
    }
    if world.sites.iter().any(|site| site.host_names.iter().any(|name| name == host)) {
        name_site(request, host);
        Service::Site
    } else {
        Service::Nowhere
    }
}

fn by_path(world: &World, request: &mut Request) -> Service {
    let path = request.path.clone();
    let mut segments = path.split('/').skip(1);
    let first = segments.next().unwrap_or_default();
    let second = segments.next().unwrap_or_default();
    match (first.to_ascii_lowercase().as_str(), second.to_ascii_lowercase().as_str()) {
        ("_practice", _) => Service::Control,
        ("_site", name) => {
            let rest: String = path.splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or_default();
            request.path = if rest.is_empty() { "/".to_owned() } else { rest };
            if world.site_by_host(name).is_none() {
                return Service::Nowhere;
            }
            name_site(request, name);
            Service::Site
        }
        // The cloud file names the origin alone as the portal: pages are told apart behind the `#`.
        ("_portal", _) | ("", "") => Service::Portal,
        ("redirect", _) => Service::Consent,
        ("v1.0" | "beta" | "oidc", _) => Service::Graph,
        ("_make", _)
        | (
            "providers",
            "microsoft.powerapps"
            | "microsoft.businessappplatform"
            | "microsoft.processsimple"
            | "powerplatform.governance",
        ) => Service::Maker,
        ("subscriptions" | "tenants" | "providers" | "metadata", _) => Service::Arm,
        ("devicelogin" | "_sign-in", _)
        | ("error", "")
        | (
            _,
            "oauth2" | "v2.0" | ".well-known" | "discovery" | "userrealm" | "adminconsent" | "openid"
            | "kerberos",
        ) => Service::SignIn,
        _ => Service::Unknown,
    }
}

fn name_site(request: &mut Request, name: &str) {
    if let Ok(value) = http::HeaderValue::from_str(name) {
        request.headers.insert(SITE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::scenario::worlds;
    use http::Method;

    #[test]
    fn services_are_told_apart_by_public_host_then_by_path() {
        let world = worlds::bare();
        for (host, path, expected) in [
            ("login.microsoftonline.com", "/anything", Service::SignIn),
            ("LOGIN.windows.net:443", "/common/oauth2/authorize", Service::SignIn),
            ("graph.microsoft.com", "/v1.0/me", Service::Graph),
            ("management.azure.com", "/subscriptions", Service::Arm),
            ("contoso-hello.azurewebsites.net", "/api/Hello", Service::Site),
            ("global.consent.azure-apim.net", "/redirect/x", Service::Consent),
            ("contoso-helo.azurewebsites.net", "/api/Hello", Service::Nowhere),
            ("evil.example", "/v1.0/me", Service::Nowhere),
            ("www.microsoft.com", "/nothing", Service::Unknown),
            ("127.0.0.1:7000", "/v1.0/me", Service::Graph),
            ("localhost:7000", "/Tenants", Service::Arm),
            ("127.0.0.1:7000", "/subscriptions/1", Service::Arm),
            ("127.0.0.1:7000", "/metadata/endpoints", Service::Arm),
            ("127.0.0.1:7000", "/oidc/userinfo", Service::Graph),
            ("127.0.0.1:7000", "/providers/Microsoft.ResourceGraph/resources", Service::Arm),
            ("127.0.0.1:7000", "/providers", Service::Arm),
            ("127.0.0.1:7000", "/providers/Microsoft.PowerApps/apis", Service::Maker),
            ("127.0.0.1:7000", "/providers/PowerPlatform.Governance/v2/policies", Service::Maker),
            ("api.bap.microsoft.com", "/providers/PowerPlatform.Governance/v2/policies", Service::Maker),
            ("127.0.0.1:7000", "/contoso.com/oauth2/v2.0/token", Service::SignIn),
            ("127.0.0.1:7000", "/common/discovery/instance", Service::SignIn),
            ("127.0.0.1:7000", "/common/UserRealm/ada@contoso.onmicrosoft.com", Service::SignIn),
            ("127.0.0.1:7000", "/t/.well-known/openid-configuration", Service::SignIn),
            ("127.0.0.1:7000", "/devicelogin", Service::SignIn),
            ("127.0.0.1:7000", "/error", Service::SignIn),
            ("127.0.0.1:7000", "/_make/connectors/new", Service::Maker),
            ("127.0.0.1:7000", "/_practice/calls", Service::Control),
            ("127.0.0.1:7000", "/_site/contoso-hello/api/Hello", Service::Site),
            ("127.0.0.1:7000", "/_site/contoso-helo/api/Hello", Service::Nowhere),
            ("127.0.0.1:7000", "/", Service::Portal),
            ("127.0.0.1:7000", "/nothing", Service::Unknown),
        ] {
            let mut request = Request::new(Method::GET, host, path, "");
            assert_eq!(find(&world, &mut request), expected, "{host}{path}");
        }
    }

    #[test]
    fn a_site_by_path_looks_like_a_site_by_host() {
        let world = worlds::bare();
        for (path, site, expected) in [
            ("/_site/contoso-hello/api/Hello", "contoso-hello", "/api/Hello"),
            ("/_site/contoso-hello", "contoso-hello", "/"),
            ("/_site/contoso-hello/", "contoso-hello", "/"),
        ] {
            let mut request = Request::new(Method::GET, "127.0.0.1:7000", path, "");
            find(&world, &mut request);
            assert_eq!((request.header(SITE), request.path.as_str()), (Some(site), expected), "{path}");
        }
    }
}
