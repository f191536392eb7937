//! What an issuer setting names: at which address, and which tenant (microsoft-cloud 1.1, 6.6).

use url::Url;

use super::same;
use crate::engine::clouds::Cloud;
use crate::engine::facts::Tenant;

/// Host names of one sign-in authority each: its own, those that instance discovery names beside it, and the one in the
/// public cloud's version 1 issuers (microsoft-cloud 1.1, 2.2).
const AUTHORITIES: &[&[&str]] = &[
    &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    &["login.microsoftonline.us", "login.usgovcloudapi.net"],
    &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
];

/// The tenant part of an issuer address, in lower case.
pub(super) fn tenant_part(issuer: &str) -> Option<String> {
    let url = Url::parse(issuer).ok()?;
    url.path_segments()?.find(|s| !s.is_empty() && *s != "v2.0").map(str::to_lowercase)
}

/// Whether a tenant part stands for every tenant.
pub(super) fn is_everybody(part: &str) -> bool {
    matches!(part, "common" | "organizations" | "consumers")
}

/// Whether an issuer is at an address where this tenant signs people in: of its own issuers, as its metadata spells them,
/// of the cloud's sign-in, or another name of the same authority.
pub(super) fn is_at(cloud: &Cloud, tenant: &Tenant, issuer: &str) -> bool {
    let Ok(url) = Url::parse(issuer) else { return false };
    let metadata = [&tenant.issuer_v1, &tenant.issuer_v2].map(|own| Url::parse(own).ok());
    let own: Vec<Url> = metadata.into_iter().flatten().chain([cloud.login.clone()]).collect();
    let alias = |own: &Url| {
        let both = [own, &url].map(|url| url.host_str().unwrap_or_default());
        let plain = url.scheme() == "https" && url.port().is_none();
        plain && AUTHORITIES.iter().any(|names| both.iter().all(|host| names.contains(host)))
    };
    own.iter().any(|own| own.origin() == url.origin() || alias(own))
}

/// Whether a token of this tenant could have such an issuer, however unusually it is spelt. A domain may be one of the
/// tenant's without being the one that is known here.
pub(super) fn may_be_of(cloud: &Cloud, tenant: &Tenant, issuer: &str) -> bool {
    let Ok(url) = Url::parse(issuer) else { return false };
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let path: Vec<&str> = url.path().trim_matches('/').split('/').collect();
    let part = match path.as_slice() {
        [part] | [part, "v2.0"] => part.to_ascii_lowercase(),
        _ => return false,
    };
    let of_tenant = same(&part, &tenant.id) || is_everybody(&part) || part.contains('.');
    bare && of_tenant && is_at(cloud, tenant, issuer)
}
