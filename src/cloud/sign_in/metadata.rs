//! What a tenant says of itself to anybody: its id and the issuers of its tokens.

use url::Url;

use super::oauth::login_url;
use crate::cloud::classify;
use crate::cloud::http::{Answer, Http, Request, Service};
use crate::engine::clean::clean_line;
use crate::engine::trouble::Trouble;
use crate::engine::words::say;

/// A tenant's public metadata (microsoft-cloud 2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantMetadata {
    /// Tenant id, also where a domain was asked for.
    pub id: String,
    /// Issuer of version 1 tokens.
    pub issuer_v1: String,
    /// Issuer of version 2 tokens.
    pub issuer_v2: String,
}

/// Reads both metadata documents of a tenant, by id or domain. Needs no sign-in.
///
/// # Errors
/// AADSTS90002 where no such tenant exists in this cloud; an unexpected answer where a document is not one.
pub async fn tenant_metadata(http: &Http, tenant: &str) -> Result<TenantMetadata, Trouble> {
    let v1 = read(http, tenant, &[".well-known", "openid-configuration"]);
    let (v1, v2) = tokio::try_join!(v1, document(http, tenant))?;
    Ok(TenantMetadata { id: tenant_id(&v2)?, issuer_v1: issuer(&v1)?, issuer_v2: issuer(&v2)? })
}

/// The version 2 document of a tenant.
///
/// # Errors
/// AADSTS90002 where no such tenant exists in this cloud.
pub(super) async fn document(http: &Http, tenant: &str) -> Result<Answer, Trouble> {
    read(http, tenant, &["v2.0", ".well-known", "openid-configuration"]).await
}

async fn read(http: &Http, tenant: &str, path: &[&str]) -> Result<Answer, Trouble> {
    http.read(&Request::get(Service::Login, login_url(http.cloud(), tenant, path))).await
}

fn member(answer: &Answer, name: &str) -> Result<String, Trouble> {
    let document = answer.json()?;
    let text = clean_line(document.get(name).and_then(|value| value.as_str()).unwrap_or_default(), 300);
    if text.is_empty() { Err(classify::unexpected(answer, name)) } else { Ok(text) }
}

fn issuer(answer: &Answer) -> Result<String, Trouble> {
    member(answer, "issuer")
}

/// The endpoints are always spelled with the tenant's id, whatever was asked for.
fn tenant_id(answer: &Answer) -> Result<String, Trouble> {
    let endpoint = member(answer, "token_endpoint")?;
    Url::parse(&endpoint)
        .ok()
        .and_then(|url| url.path_segments()?.next().map(str::to_owned))
        .filter(|segment| uuid::Uuid::try_parse(segment).is_ok())
        .ok_or_else(|| classify::unexpected(answer, say("odd_answer.tenant_id")))
}
