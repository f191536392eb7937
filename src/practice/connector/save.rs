//! Saving a connector: who may, the redirect URL that is minted, and what becomes of the secret (power-platform 2.2, 2.3,
//! 6.3, 6.6, 7.3 #36).

use secrecy::ExposeSecret;
use serde_json::Value;

use super::definition;
use super::fields::Fields;
use crate::practice::world::{Connector, World};

/// Where redirect URLs live (power-platform 2.2).
pub const REDIRECT_BASE: &str = "https://global.consent.azure-apim.net/redirect/";

/// Saves a new connector (`existing` is `None`) or changes one, and gives its place. The redirect URL is minted on
/// creation and stays, and so does the name (power-platform 2.3). The error is the sentence that the page shows.
pub fn save(
    world: &mut World,
    owner: &str,
    fields: &Fields,
    existing: Option<usize>,
) -> Result<usize, String> {
    let strict = world.switches.connector_page_is_strict;
    if let Some(problem) = fields.problem(existing.is_none(), strict) {
        return Err(problem);
    }
    if existing.is_none() && !world.switches.makers_may_create_connectors {
        return Err(
            "403 Forbidden: you do not have the permission CreateCustomApi in this environment.".to_owned()
        );
    }
    let environment = world.environments.first().map(|known| known.id.clone()).unwrap_or_default();
    let taken = |saved: &Connector| {
        saved.environment == environment && saved.display_name.eq_ignore_ascii_case(&fields.title)
    };
    if strict && existing.is_none() && world.connectors.iter().any(taken) {
        return Err(format!(
            "A connector named '{}' exists already in this environment (ndx_connector_name).",
            fields.title
        ));
    }
    let now = world.now();
    let before = existing.and_then(|at| world.connectors.get(at));
    let title = before.map_or(&fields.title, |saved| &saved.display_name).clone();
    let (definition, imported) = defined(world, fields, before, &title)?;
    if let Some(at) = existing {
        let keeps = world.switches.blank_secret_keeps_the_old_one;
        let connector = world.connectors.get_mut(at).ok_or("The connector is not there any more.")?;
        connector.oauth = fields.oauth(&connector.redirect_url);
        connector.host.clone_from(&fields.host);
        connector.scheme.clone_from(&fields.scheme);
        connector.definition = definition;
        connector.imported = imported;
        connector.changed_at = now;
        if !fields.client_secret.expose_secret().is_empty() {
            connector.client_secret = Some(fields.client_secret.clone());
        } else if !keeps {
            connector.client_secret = None;
        }
        return Ok(at);
    }
    let (name, redirect_url) = minted(world, &environment, &title);
    world.connectors.push(Connector {
        name,
        environment,
        display_name: title,
        owner: owner.to_owned(),
        host: fields.host.clone(),
        scheme: fields.scheme.clone(),
        oauth: fields.oauth(&redirect_url),
        client_secret: Some(fields.client_secret.clone()),
        redirect_url,
        definition,
        imported,
        created_at: now,
        changed_at: now,
        connections: Vec::new(),
    });
    Ok(world.connectors.len() - 1)
}

/// The definition that is saved, and whether it came from a file: the one that was imported now or before, else one made
/// from blank of what the function app offers.
fn defined(
    world: &World,
    fields: &Fields,
    before: Option<&Connector>,
    title: &str,
) -> Result<(Value, bool), String> {
    let Fields { scheme, host, base_url, .. } = fields;
    let kept = before.filter(|saved| saved.imported).map(|saved| &saved.definition);
    if let Some(document) = fields.definition.as_ref().or(kept) {
        if let Some(problem) = definition::problem(document, false) {
            return Err(problem);
        }
        return Ok((definition::placed(document.clone(), title, scheme, host, base_url), true));
    }
    // Whoever fills in the page knows the functions, wherever the host that is typed leads.
    let name = host.split(':').next().unwrap_or_default();
    let site = world.site_by_host(name).or(world.sites.first());
    let functions = site.map_or(&[][..], |site| site.functions.as_slice());
    Ok((definition::from_blank(functions, title, scheme, host, base_url), false))
}

/// "Import solution": the secret stays behind, here and in every connection, while the access tokens that were given out
/// live on (power-platform 7.3 #30, 9).
pub fn import_solution(world: &mut World, connector: usize) -> Option<()> {
    let saved = world.connectors.get_mut(connector)?;
    saved.client_secret = None;
    for connection in &mut saved.connections {
        connection.client_secret = None;
    }
    Some(())
}

/// Name and redirect URL of a new connector (power-platform 2.2).
pub fn minted(world: &World, environment: &str, title: &str) -> (String, String) {
    let internal = internal_name(world, environment, title);
    (format!("shared_{internal}"), format!("{REDIRECT_BASE}{internal}"))
}

/// The API name without its prefix: the escaped title and two digests, stable for environment, title and how often
/// the title was used (power-platform 2.2; the real digest is unknown).
fn internal_name(world: &World, environment: &str, title: &str) -> String {
    let used = world.connectors.iter().filter(|connector| connector.display_name == title).count();
    let digest = |what: &str| -> String {
        world.id_for(&format!("connector digest {what}")).simple().to_string().chars().take(16).collect()
    };
    let escaped: String = title
        .to_lowercase()
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("-{other:02x}"),
        })
        .collect();
    format!("{escaped}-5f{}-5f{}", digest(environment), digest(&format!("{environment} {title} {used}")))
}
