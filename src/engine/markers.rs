//! The marks that we write into what we make, so that it is found again by looking and not by remembering.

use uuid::Uuid;

use super::checks::SCOPE;

/// The tag on every registration that we made.
pub const TAG: &str = "handclasp";

/// What the display name of every client secret that we made begins with.
pub const SECRET_PREFIX: &str = "handclasp";

/// `uniqueName` of the API's registration for this function app.
pub fn api_unique_name(site_id: &str) -> String {
    format!("handclasp-api-{}", site_hash(site_id))
}

/// `uniqueName` of the connector's registration for this function app.
pub fn connector_unique_name(site_id: &str) -> String {
    format!("handclasp-connector-{}", site_hash(site_id))
}

/// `uniqueName` of the connector's registration that belongs to an API's, where that one is ours: for an app whose
/// resource ID is not known.
pub fn connector_of_api(api_unique_name: &str) -> Option<String> {
    let hash = api_unique_name.strip_prefix("handclasp-api-")?;
    (hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| format!("handclasp-connector-{hash}"))
}

/// The id of the permission that an API for this function app exposes, other than those that the registration has
/// already (`taken`).
///
/// Graph wants an id made by the client (microsoft-cloud 4.4), unique within the registration. It is the same each time,
/// so that a creation that is sent twice, because the directory did not show the first one yet, says the same twice.
pub fn scope_id(site_id: &str, taken: &[&str]) -> String {
    let id = canonical(site_id);
    let made =
        |n: usize| Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{id}#{SCOPE}-{n}").as_bytes()).to_string();
    let free = |id: &String| !taken.iter().any(|other| other.eq_ignore_ascii_case(id));
    // One more than are taken is always enough.
    (0..taken.len()).map(made).find(free).unwrap_or_else(|| made(taken.len()))
}

/// The same for every spelling of one resource id, since ARM's ids ignore case (microsoft-cloud 5.1).
fn site_hash(site_id: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, canonical(site_id).as_bytes()).simple().to_string()
}

fn canonical(site_id: &str) -> String {
    site_id.trim_end_matches('/').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "/subscriptions/11112222-3333-4444-8555-666677778888/resourceGroups/rg-hello/providers/Microsoft.Web/sites/contoso-hello";

    #[test]
    fn a_marker_ignores_how_arm_spells_the_id() {
        let other = SITE.replace("resourceGroups", "resourcegroups").replace("contoso", "Contoso");
        assert_eq!(api_unique_name(SITE), api_unique_name(&other));
        assert_eq!(api_unique_name(SITE), api_unique_name(&format!("{SITE}/")));
    }

    #[test]
    fn a_marker_never_changes_between_releases() {
        assert_eq!(api_unique_name(SITE), "handclasp-api-cbf480288a075557b91cc1be3004e0c2");
        assert_eq!(connector_unique_name(SITE), "handclasp-connector-cbf480288a075557b91cc1be3004e0c2");
        assert_eq!(connector_of_api(&api_unique_name(SITE)), Some(connector_unique_name(SITE)));
        for other in [connector_unique_name(SITE), "handclasp-api-x'y".into(), "contoso".into()] {
            assert_eq!(connector_of_api(&other), None);
        }
    }

    #[test]
    fn a_permission_has_one_id_that_is_not_taken() {
        let id = scope_id(SITE, &[]);
        assert_eq!(id, scope_id(&SITE.to_uppercase(), &["6f0f2b0e-0000-4000-8000-00000000a001"]));
        let next = scope_id(SITE, &[&id.to_uppercase()]);
        assert_ne!(id, next);
        assert!(![id.as_str(), &next].contains(&scope_id(SITE, &[&id, &next]).as_str()));
        assert_ne!(id, scope_id(&format!("{SITE}2"), &[]));
    }

    #[test]
    fn two_apps_have_two_markers() {
        assert_ne!(api_unique_name(SITE), api_unique_name(&format!("{SITE}2")));
        assert_ne!(api_unique_name(SITE), connector_unique_name(SITE));
    }
}
