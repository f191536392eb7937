//! The marks that we write into what we make, so that it is found again by looking and not by remembering.

use uuid::Uuid;

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

/// The same for every spelling of one resource id, since ARM's ids ignore case (microsoft-cloud 5.1).
fn site_hash(site_id: &str) -> String {
    let id = site_id.trim_end_matches('/').to_lowercase();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes()).simple().to_string()
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
    }

    #[test]
    fn two_apps_have_two_markers() {
        assert_ne!(api_unique_name(SITE), api_unique_name(&format!("{SITE}2")));
        assert_ne!(api_unique_name(SITE), connector_unique_name(SITE));
    }
}
