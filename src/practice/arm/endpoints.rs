//! `/metadata/endpoints`: where the services of this cloud are, for whoever asks without a token. Its shape differs by
//! version: a few members with the first ones, a list of clouds from 2019-05-01 on, one cloud from 2022-09-01 on, as the
//! Azure CLI and the Go SDK of Terraform read them.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use crate::practice::wire::{Reply, Request};

/// The first version that lists clouds.
const LISTS: &str = "2019-05-01";
/// The first version that describes the one cloud that was asked.
const ONE: &str = "2022-09-01";

/// Answers a request for the cloud's endpoints.
pub fn answer(request: &Request) -> Answer {
    if request.method != http::Method::GET {
        return Err(Refusal::method(&request.method));
    }
    let version = request.query("api-version").unwrap_or_default();
    // Azure Stack's clients ask with 1.0, which is older than any date.
    if version != "1.0" {
        super::versions::check(request, &super::Scope::Endpoints)?;
    }
    let at = |host: &str| request.address_of(host);
    let body = if version >= ONE {
        cloud(&at)
    } else if version >= LISTS {
        json!([cloud(&at)])
    } else {
        json!({
            "galleryEndpoint": "https://gallery.azure.com/", "graphEndpoint": "https://graph.windows.net/",
            "portalEndpoint": at("portal.azure.com"),
            "authentication": {"loginEndpoint": at("login.microsoftonline.com"), "audiences": AUDIENCES},
        })
    };
    Ok(Reply::json(200, &body))
}

/// How tokens for Resource Manager may name it, the usual one first.
const AUDIENCES: [&str; 2] = ["https://management.core.windows.net/", "https://management.azure.com/"];

fn cloud(at: &dyn Fn(&str) -> String) -> Value {
    json!({
        "name": "AzureCloud",
        "portal": at("portal.azure.com"),
        "authentication": {
            "loginEndpoint": at("login.microsoftonline.com"), "audiences": AUDIENCES, "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": format!("{}/", at("management.azure.com")),
        // Clients take it for Graph's address, too.
        "microsoftGraphResourceId": format!("{}/", at("graph.microsoft.com")),
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "attestationResourceId": "https://attest.azure.net",
        "batch": "https://batch.core.windows.net/",
        "gallery": "https://gallery.azure.com/",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "media": "https://rest.media.azure.net",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
        "suffixes": {
            "acrLoginServer": "azurecr.io",
            "attestationEndpoint": "attest.azure.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "keyVaultDns": "vault.azure.net",
            "mariadbServerEndpoint": "mariadb.database.azure.com",
            "mhsmDns": "managedhsm.azure.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "sqlServerHostname": "database.windows.net",
            "storage": "core.windows.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "synapseAnalytics": "dev.azuresynapse.net",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(version: &str, host: &str) -> Value {
        let mut request = Request::get(&format!("/metadata/endpoints?api-version={version}"));
        host.clone_into(&mut request.host);
        answer(&request).unwrap_or_else(Refusal::into_reply).to_json()
    }

    #[test]
    fn each_version_has_its_shape_and_names_the_services_as_the_client_reaches_them() {
        let host = "management.azure.com";
        let old = asked("1.0", host);
        assert_eq!(old["authentication"]["loginEndpoint"], "https://login.microsoftonline.com");
        assert_eq!(old, asked("2015-01-01", host));
        let one = asked("2022-09-01", host);
        assert_eq!(
            (&one["name"], &one["resourceManager"]),
            (&json!("AzureCloud"), &json!("https://management.azure.com/"))
        );
        assert_eq!(asked("2019-05-01", host), json!([one]));
        assert_eq!(one["microsoftGraphResourceId"], "https://graph.microsoft.com/");
        let here = asked("2022-09-01", "127.0.0.1:7000");
        assert_eq!(here["microsoftGraphResourceId"], "http://127.0.0.1:7000/");
        assert_eq!(here["authentication"]["loginEndpoint"], "http://127.0.0.1:7000");
        assert_eq!(
            here["authentication"]["audiences"], one["authentication"]["audiences"],
            "an audience is a name"
        );
        assert_eq!(asked("soon", host)["error"]["code"], "InvalidApiVersionParameter");
    }
}
