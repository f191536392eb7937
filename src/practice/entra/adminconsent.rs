//! The admin consent endpoint (microsoft-cloud 2.9): an admin grants everything that a client lists, for everybody.

use super::access;
use super::authorize::{reachable, send_back};
use super::client::Client;
use super::page::{self, escape};
use super::{Authority, Refusal};
use crate::practice::wire::{Reply, Request};
use crate::practice::world::World;

/// Answers the endpoint: a page to pick the admin, then the way back with `admin_consent=True` or an error.
pub fn handle(world: &mut World, request: &Request, segment: &str) -> Reply {
    answer(world, request, segment).unwrap_or_else(|refusal| refusal.page(world, request))
}

fn answer(world: &mut World, request: &Request, segment: &str) -> Result<Reply, Refusal> {
    let Authority::Tenant(tenant) = Authority::find(world, segment)? else {
        let text = "No tenant-identifying information found in the request.";
        return Err(Refusal::new(50059, "invalid_request", text));
    };
    let client_id = request.query("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let client = Client::find(world, &Authority::Tenant(tenant.clone()), client_id)?;
    let (redirect_uri, _) = client.redirect(request.query("redirect_uri"))?;
    let picked = request.query("practice_user").or(world.auto_approve.as_deref());
    let Some(user) = picked.and_then(|id| world.user(id).cloned()) else {
        let hidden: Vec<_> =
            request.query.iter().filter(|(name, _)| !name.starts_with("practice_")).cloned().collect();
        let mut buttons = String::new();
        for user in world.users.iter().filter(|user| user.tenant == tenant) {
            let label = format!("{} ({}): {}", user.display_name, user.upn, user.part);
            buttons.push_str(&page::button("practice_user", &user.id, &label));
        }
        let form = page::form("get", &request.path, &hidden, &buttons);
        let name = escape(&client.name);
        let html =
            format!("<p>Who grants <b>{name}</b> its permissions for the whole organization?</p>\n{form}");
        return Ok(page::page(200, "Permissions requested: review for your organization", &html));
    };
    let state = request.query("state").map(|state| ("state".to_owned(), state.to_owned()));
    let mut pairs: Vec<(String, String)> = if access::may_consent_for_all(world, &user.id) {
        access::consent_everything(world, &tenant, &client.app_id);
        vec![("admin_consent".to_owned(), "True".to_owned()), ("tenant".to_owned(), tenant)]
    } else {
        let text = "The grant requires admin permission.";
        let refusal = Refusal::new(90094, "permission_denied", text);
        let pairs = refusal.redirect_pairs(world, request);
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    pairs.extend(state);
    Ok(send_back(&reachable(request, &redirect_uri), false, false, &pairs))
}
