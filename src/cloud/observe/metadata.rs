//! What a tenant tells anybody: its id and its issuers, from its metadata documents (microsoft-cloud 2.2).

use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::cloud::graph::parse::Organization;
use crate::cloud::http::{Http, Request, Service};
use crate::cloud::json::filled;
use crate::cloud::reader::{encoded, odd};
use crate::engine::clean::clean_line;
use crate::engine::facts::{Seen, Tenant};
use crate::engine::trouble::{Class, Trouble};

const CALL: &str = "GET /{tenant}/.well-known/openid-configuration";

/// What the two documents say.
pub(super) struct Metadata {
    asked: String,
    id: String,
    issuer_v1: String,
    issuer_v2: String,
}

/// Whether a tenant name stands for every tenant, so that its metadata names none.
pub(super) fn is_everybody(tenant: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|all| all.eq_ignore_ascii_case(tenant))
}

/// Reads the version 1 and the version 2 document of a tenant, named by id or domain, at the same time.
pub(super) async fn read(http: &Http, tenant: &str) -> Result<Metadata, Trouble> {
    let (v1, v2) = tokio::join!(document(http, tenant, ""), document(http, tenant, "/v2.0"));
    let (v1, v2) = (v1?, v2?);
    let id = tenant_in(&v2)
        .or_else(|| tenant_in(&v1))
        .ok_or_else(|| odd(Service::Login, "metadata that names no tenant"))?;
    let issuer = |v: &Value| {
        filled(v, &["issuer"])
            .filter(|issuer| issuer.len() <= 300 && Url::parse(issuer).is_ok())
            .ok_or_else(|| odd(Service::Login, "metadata without an issuer"))
    };
    Ok(Metadata { asked: tenant.to_owned(), id, issuer_v1: issuer(&v1)?, issuer_v2: issuer(&v2)? })
}

async fn document(http: &Http, tenant: &str, version: &str) -> Result<Value, Trouble> {
    let path = format!("/{}{version}/.well-known/openid-configuration", encoded(tenant));
    let url = http.cloud().login.join(&path).map_err(|_| {
        Trouble::new(Class::Local, "This is not the name of a tenant.", "Use its id or one of its domains.")
    })?;
    http.read(&Request::get(Service::Login, url)).await?.json()
}

/// The tenant id that a document's own addresses carry.
fn tenant_in(document: &Value) -> Option<String> {
    ["issuer", "token_endpoint"].iter().find_map(|member| {
        let url = Url::parse(&filled(document, &[member])?).ok()?;
        let first = url.path_segments()?.next()?.to_owned();
        Uuid::parse_str(&first).ok().map(|_| first)
    })
}

/// The tenant from its metadata and, where it could be read, the directory's own description.
pub(super) fn together(
    http: &Http,
    read: Result<Metadata, Trouble>,
    organization: Option<&Organization>,
) -> Seen<Tenant> {
    // A directory that describes another tenant than the one that was asked about is no help.
    let tenant = read.map(|m| {
        let known = organization.filter(|o| o.id.eq_ignore_ascii_case(&m.id));
        let asked = if m.asked.contains('.') { clean_line(&m.asked, 80) } else { String::new() };
        let domain = known.map(|o| o.domain.clone()).filter(|d| !d.is_empty()).unwrap_or(asked);
        let name = known.map(|o| o.display_name.clone()).filter(|n| !n.is_empty());
        let fallback = || if domain.is_empty() { m.id.clone() } else { domain.clone() };
        Some(Tenant {
            display_name: name.unwrap_or_else(fallback),
            domain: domain.clone(),
            id: m.id,
            issuer_v1: m.issuer_v1,
            issuer_v2: m.issuer_v2,
        })
    });
    Seen::from_result(tenant, http.now(), CALL)
}

/// The tenant with this id or domain.
pub(super) async fn tenant(http: &Http, tenant: &str, organization: Option<&Organization>) -> Seen<Tenant> {
    together(http, read(http, tenant).await, organization)
}
