//! Addresses of portal pages, made from the cloud's own portal and the ids that were observed.
//!
//! Pages get renamed, so an address is never shown without the path of clicks that leads there.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use url::Url;

use super::clouds::{Cloud, origin_text};
use super::percent::percent_encoded;
use super::words::{WordsError, fill};

const LINKS: &str = include_str!("../../assets/links.toml");

/// A portal page to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalLink {
    /// Its address; `None` where an id in it is not known, or the cloud's portal is not.
    pub url: Option<Url>,
    /// The clicks that lead there.
    pub path: &'static str,
    /// Whether the address leads to the page itself. Otherwise it leads near it, and the path says how to go on.
    pub direct: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinksFile {
    link: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    url: String,
    path: String,
    sure: bool,
    fallback: Option<String>,
}

fn parse(text: &str) -> Result<BTreeMap<String, Entry>, WordsError> {
    let damaged = |problem: String| WordsError { file: "links.toml", problem };
    let links = toml::from_str::<LinksFile>(text).map_err(|error| damaged(error.to_string()))?.link;
    for (id, entry) in &links {
        let leads = |to: &String| links.get(to).is_some_and(|target| target.sure);
        if entry.sure == entry.fallback.is_some() || !entry.fallback.as_ref().is_none_or(leads) {
            return Err(damaged(format!("{id} needs a fallback that is sure, or none")));
        }
    }
    Ok(links)
}

/// Parses the embedded links. For the test that holds mistakes back.
///
/// # Errors
/// [`WordsError`] with what is wrong in the data.
#[cfg(test)]
pub(super) fn load() -> Result<(), WordsError> {
    parse(LINKS).map(|_| ())
}

fn links() -> &'static BTreeMap<String, Entry> {
    static ALL: OnceLock<BTreeMap<String, Entry>> = OnceLock::new();
    ALL.get_or_init(|| parse(LINKS).unwrap_or_default())
}

/// Every link's id, in alphabetical order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    links().keys().map(String::as_str)
}

/// The page with this id, such as `client.permissions`. `value` gives what is known under the names of
/// [`super::words::PLACEHOLDERS`] (the portals are the cloud's and are not asked for). `None` for an unknown id.
pub fn link(id: &str, cloud: &Cloud, value: impl Fn(&str) -> Option<String>) -> Option<PortalLink> {
    let entry = links().get(id)?;
    // What nobody has confirmed is not opened: the page that is certain is, and the path leads on.
    let target = entry.fallback.as_ref().map_or(Some(entry), |fallback| links().get(fallback))?;
    let address = fill(&target.url, |name| match name {
        "portal" => Some(origin_text(&cloud.portal)),
        "maker" => cloud.maker.as_ref().map(origin_text),
        "site_id" => value(name).map(|id| percent_encoded(&id, "/")),
        _ => value(name).map(|id| percent_encoded(&id, "")),
    });
    let url = address.and_then(|address| Url::parse(&address).ok());
    Some(PortalLink { url, path: &entry.path, direct: entry.sure })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ids::StageId;
    use crate::engine::words::{PLACEHOLDERS, words};

    const SITE: &str = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/contoso rg (1)/providers/Microsoft.Web/sites/contoso-hello";

    fn public() -> Cloud {
        Cloud::named("public").unwrap()
    }

    fn values(name: &str) -> Option<String> {
        match name {
            "site_id" => Some(SITE.to_owned()),
            "client_app_id" => Some("5f3d2c1a-0b4e-4c6d-8a77-1e2f3a4b5c6d".to_owned()),
            other => PLACEHOLDERS.contains(&other).then(|| format!("<{other}>")),
        }
    }

    #[test]
    fn every_link_can_be_made_in_every_cloud() {
        load().unwrap();
        for name in Cloud::names().unwrap() {
            let cloud = Cloud::named(name).unwrap();
            for id in ids() {
                let link = link(id, &cloud, |name| {
                    assert!(PLACEHOLDERS.contains(&name), "{id}: {{{name}}}");
                    values(name)
                })
                .unwrap();
                assert!(!link.path.is_empty(), "{id}");
                if id != "maker.connectors" || cloud.maker.is_some() {
                    let url = link.url.unwrap();
                    assert_eq!(url.scheme(), "https");
                    assert!(!url.as_str().contains(['{', '}', '<', '>', ' ']), "{url}");
                }
            }
        }
    }

    #[test]
    fn every_link_that_a_text_names_exists_and_none_is_an_orphan() {
        let mut named: Vec<String> =
            words().checks().iter().filter_map(|check| check.portal.clone()).collect();
        for stage in StageId::ALL {
            named.extend(words().stage(stage).unwrap().myself.iter().filter_map(|step| step.link.clone()));
        }
        named.extend(crate::engine::cards::PAGES.map(str::to_owned));
        for id in &named {
            assert!(ids().any(|known| known == id), "{id} is not in links.toml");
        }
        let is_fallback = |id: &str| links().values().any(|entry| entry.fallback.as_deref() == Some(id));
        for id in ids() {
            assert!(named.iter().any(|name| name == id) || is_fallback(id), "nobody names {id}");
        }
    }

    #[test]
    fn addresses_have_the_known_form() {
        let url = |id: &str, cloud: &Cloud| link(id, cloud, values).unwrap().url.unwrap().to_string();
        assert_eq!(
            url("client.permissions", &public()),
            "https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/5f3d2c1a-0b4e-4c6d-8a77-1e2f3a4b5c6d/isMSAApp~/false"
        );
        assert_eq!(
            url("site", &Cloud::named("gcc-high").unwrap()),
            format!(
                "https://portal.azure.us/#resource{}",
                SITE.replace(' ', "%20").replace('(', "%28").replace(')', "%29")
            )
        );
        assert_eq!(url("maker.connectors", &public()), "https://make.powerapps.com/");
    }

    #[test]
    fn an_unconfirmed_page_is_reached_by_its_path() {
        let authentication = link("site.authentication", &public(), values).unwrap();
        assert!(!authentication.direct);
        assert_eq!(authentication.url, link("site", &public(), values).unwrap().url);
        assert!(authentication.path.ends_with("Settings > Authentication"));
    }

    #[test]
    fn what_is_not_known_gives_the_path_alone() {
        let page = link("client.permissions", &public(), |_| None).unwrap();
        assert_eq!(page.url, None);
        assert!(page.path.contains("API permissions"));
        assert_eq!(link("maker.connectors", &Cloud::named("china").unwrap(), values).unwrap().url, None);
        assert_eq!(link("no.such.page", &public(), values), None);
    }

    #[test]
    fn an_id_cannot_change_where_a_link_leads() {
        let evil = |_: &str| Some("x/../../@evil.example#?&".to_owned());
        let url = link("client.permissions", &public(), evil).unwrap().url.unwrap();
        assert_eq!(url.host_str(), Some("portal.azure.com"));
        assert!(url.as_str().contains("appId/x%2F..%2F..%2F%40evil.example%23%3F%26/isMSAApp"));
    }

    #[test]
    fn damaged_links_are_reported() {
        assert!(parse("link = 1").is_err());
        let unsure = LINKS.replacen("sure = true", "sure = false", 1);
        assert!(parse(&unsure).is_err_and(|error| error.problem.contains("fallback")));
        let nowhere = LINKS.replacen("fallback = \"site\"", "fallback = \"nowhere\"", 1);
        assert!(parse(&nowhere).is_err());
    }
}
