//! What is known of a set-up by name: fills the placeholders of texts, commands and links.

use super::checks::{SCOPE, resource_url};
use super::choices::Choices;
use super::client_id;
use super::clouds::{Cloud, origin_text};
use super::facts::{Application, Facts};
use super::held::Held;
use super::values::values;

/// The value behind one of [`super::words::PLACEHOLDERS`], or `None` while it is not known.
pub fn known(cloud: &Cloud, facts: &Facts, choices: &Choices, name: &str) -> Option<String> {
    let site = facts.site.value();
    let api = facts.api_app.value();
    let client = facts.client_app.value();
    let text = |t: &String| t.clone();
    match name {
        "app" => site.map(|s| s.name.clone()),
        "resource_group" => site.map(|s| s.resource_group.clone()),
        "subscription" => site.map(|s| s.subscription.clone()),
        "site_id" => site.map(|s| s.id.clone()),
        "host" => values(facts, choices, &Held::default()).host,
        "tenant" => facts.tenant.value().map(|t| t.id.clone()),
        "api_app_id" => api.map(|a| a.app_id.clone()),
        "api_object_id" => api.map(|a| a.object_id.clone()),
        "api_principal" => facts.api_principal.value().map(|p| p.id.clone()),
        "client_app_id" => client_id::of_connector(facts, choices).map(str::to_owned),
        "client_object_id" => client.map(|c| c.object_id.clone()),
        "client_principal" => facts.client_principal.value().map(|p| p.id.clone()),
        "scope_id" => api.and_then(|a| a.scope(SCOPE)).map(|s| s.id.clone()),
        "issuer" => facts.tenant.value().map(|t| match api.map(Application::effective_token_version) {
            Some(1) => t.issuer_v1.clone(),
            _ => t.issuer_v2.clone(),
        }),
        "resource_url" => resource_url(facts, choices),
        "redirect_url" => choices.redirect_url.as_ref().map(text),
        "portal" => Some(origin_text(&cloud.portal)),
        "maker" => cloud.maker.as_ref().map(origin_text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures;
    use crate::engine::words::PLACEHOLDERS;

    #[test]
    fn every_placeholder_is_known_of_a_finished_set_up_and_none_is_invented() {
        let choices = Choices { redirect_url: Some(fixtures::REDIRECT.into()), ..fixtures::choices() };
        for name in PLACEHOLDERS {
            let value = known(&fixtures::cloud(), &fixtures::finished(), &choices, name);
            assert!(value.is_some_and(|v| !v.is_empty()), "{name}");
        }
        let blank = known(&fixtures::cloud(), &Facts::default(), &Choices::default(), "client_app_id");
        assert_eq!(blank, None);
    }
}
