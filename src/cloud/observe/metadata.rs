//! The tenant: what it tells anybody, and what its directory says of itself (microsoft-cloud 2.2, 4.3).

use crate::cloud::graph::parse::Organization;
use crate::cloud::http::Http;
use crate::cloud::sign_in::{TenantMetadata, tenant_metadata};
use crate::engine::clean::clean_line;
use crate::engine::facts::{Seen, Tenant};
use crate::engine::trouble::Trouble;

/// Whether a tenant name stands for every tenant, so that its metadata names none.
pub(super) fn is_everybody(tenant: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|all| all.eq_ignore_ascii_case(tenant))
}

/// The tenant with this id or domain.
pub(super) async fn tenant(http: &Http, asked: &str, organization: Option<&Organization>) -> Seen<Tenant> {
    together(http, asked, tenant_metadata(http, asked).await, organization)
}

/// The tenant from its metadata and, where it could be read, the directory's own description.
pub(super) fn together(
    http: &Http,
    asked: &str,
    read: Result<TenantMetadata, Trouble>,
    organization: Option<&Organization>,
) -> Seen<Tenant> {
    let tenant = read.map(|read| {
        // A directory that describes another tenant than the one that was asked about is no help.
        let known = organization.filter(|o| o.id.eq_ignore_ascii_case(&read.id));
        let asked = if asked.contains('.') { clean_line(asked, 80) } else { String::new() };
        let domain = known.map(|o| o.domain.clone()).filter(|d| !d.is_empty()).unwrap_or(asked);
        let name = known.map(|o| o.display_name.clone()).filter(|n| !n.is_empty());
        let fallback = || if domain.is_empty() { read.id.clone() } else { domain.clone() };
        Some(Tenant {
            display_name: name.unwrap_or_else(fallback),
            domain: domain.clone(),
            id: read.id.clone(),
            issuer_v1: read.issuer_v1,
            issuer_v2: read.issuer_v2,
        })
    });
    Seen::from_result(tenant, http.now(), "GET /{tenant}/.well-known/openid-configuration")
}
