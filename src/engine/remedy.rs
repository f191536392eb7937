//! What helps when a check does not pass, with the page to open and the command, filled from what was observed.

use super::checks::{SCOPE, resource_url};
use super::choices::Choices;
use super::clouds::Cloud;
use super::facts::Facts;
use super::ids::CheckId;
use super::links::{PortalLink, link};
use super::words::{fill_command, words};

/// A check's remedy, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What helps, in a sentence.
    pub summary: &'static str,
    /// The portal page for it.
    pub portal: Option<PortalLink>,
    /// The same as an `az` command, quoted for a shell; `None` while something in it is not known.
    pub az: Option<String>,
    /// Whether Handclasp can do it, after showing the plan.
    pub automatic: bool,
}

/// The remedy of one check in this set-up. `None` only where the texts could not be read at all.
pub fn remedy(check: CheckId, cloud: &Cloud, facts: &Facts, choices: &Choices) -> Option<Remedy> {
    let words = words().check(check)?;
    let value = |name: &str| placeholder(name, facts, choices);
    Some(Remedy {
        summary: &words.remedy,
        portal: words.portal.as_ref().and_then(|id| link(id, cloud, value)),
        az: words.az.as_ref().and_then(|template| fill_command(template, value)),
        automatic: words.automatic,
    })
}

/// What stands for a name of [`super::words::PLACEHOLDERS`] in this set-up; `None` while it is not known.
pub fn placeholder(name: &str, facts: &Facts, choices: &Choices) -> Option<String> {
    let site = facts.site.value();
    let (api, client) = (facts.api_app.value(), facts.client_app.value());
    match name {
        "app" => site.map(|site| site.name.clone()),
        "resource_group" => site.map(|site| site.resource_group.clone()),
        "subscription" => site.map(|site| site.subscription.clone()),
        "site_id" => site.map(|site| site.id.clone()),
        "host" => site.map(|site| site.host.clone()),
        "tenant" => facts.tenant.value().map(|tenant| tenant.id.clone()),
        "api_app_id" => api.map(|app| app.app_id.clone()),
        "api_object_id" => api.map(|app| app.object_id.clone()),
        "api_principal" => facts.api_principal.value().map(|principal| principal.id.clone()),
        "client_app_id" => client.map(|app| app.app_id.clone()),
        "client_object_id" => client.map(|app| app.object_id.clone()),
        "client_principal" => facts.client_principal.value().map(|principal| principal.id.clone()),
        "scope_id" => api.and_then(|app| app.scope(SCOPE)).map(|scope| scope.id.clone()),
        "issuer" => facts.tenant.value().zip(api).map(|(tenant, app)| {
            let fitting =
                if app.effective_token_version() == 2 { &tenant.issuer_v2 } else { &tenant.issuer_v1 };
            fitting.clone()
        }),
        "resource_url" => resource_url(facts, choices),
        "redirect_url" => choices.redirect_url.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures::{API, CLIENT, HOST, choices, finished, fresh};
    use crate::engine::words::PLACEHOLDERS;

    fn of(check: CheckId, facts: &Facts) -> Remedy {
        remedy(check, &Cloud::named("public").unwrap(), facts, &choices()).unwrap()
    }

    #[test]
    fn every_remedy_is_complete_in_a_finished_set_up() {
        for check in CheckId::ALL {
            let remedy = of(*check, &finished());
            let words = words().check(*check).unwrap();
            assert!(remedy.summary.ends_with('.'));
            assert_eq!(remedy.az.is_some(), words.az.is_some(), "{}", check.as_str());
            assert_eq!(
                remedy.portal.and_then(|page| page.url).is_some(),
                words.portal.is_some(),
                "{}",
                check.as_str()
            );
        }
    }

    #[test]
    fn every_placeholder_has_a_value_in_a_finished_set_up() {
        let mut chosen = choices();
        chosen.redirect_url = Some("https://global.consent.azure-apim.net/redirect/new-5fhello".into());
        for name in PLACEHOLDERS.into_iter().filter(|name| !["portal", "maker"].contains(name)) {
            assert!(placeholder(name, &finished(), &chosen).is_some(), "{name}");
        }
        assert_eq!(placeholder("other", &finished(), &chosen), None);
    }

    #[test]
    fn a_command_holds_the_real_values() {
        assert_eq!(
            of(CheckId::ClientPrincipal, &finished()).az,
            Some(format!("az ad sp create --id {CLIENT}"))
        );
        let issuer = of(CheckId::ApiIssuer, &finished()).az.unwrap();
        assert!(issuer.contains("--name contoso-hello --resource-group rg-hello"), "{issuer}");
        assert!(issuer.ends_with("/v2.0"), "{issuer}");
        let page = of(CheckId::ApiScope, &finished()).portal.unwrap().url.unwrap();
        assert!(page.as_str().contains(API) && page.as_str().contains("ProtectAnAPI"), "{page}");
    }

    #[test]
    fn what_is_not_there_yet_is_left_out() {
        let remedy = of(CheckId::ClientPrincipal, &fresh());
        assert_eq!(remedy.az, None);
        assert_eq!(remedy.portal.unwrap().url, None);
        assert!(remedy.automatic);
        assert_eq!(placeholder("host", &fresh(), &choices()).as_deref(), Some(HOST));
    }
}
