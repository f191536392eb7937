//! Microsoft Graph v1.0, as far as setting up a connector needs it (microsoft-cloud 4).

mod answer;
mod app_policies;
mod applications;
mod batch;
mod filter;
mod grants;
mod people;
mod principals;
mod query;
mod rights;
mod rules;
mod secrets;
mod shape;
mod target;
mod tenant;

use answer::{Answer, Refusal, finish};
use http::Method;
use serde_json::{Value, json};
use target::{Ask, Target};

use super::wire::{Caller, Reply, Request};
use super::world::{Kind, View, World};

pub use principals::create_for as create_principal;
pub use rights::may_consent_for_all;

/// Sets whose entities are named by an id in the next segment.
const KEYED: &[&str] =
    &["applications", "serviceprincipals", "oauth2permissiongrants", "users", "organization"];

/// Answers one request to Graph.
pub fn handle(world: &mut World, request: &Request, caller: &Caller) -> Reply {
    let path = request.decoded_path();
    if path.eq_ignore_ascii_case("/v1.0/$batch") {
        let reply = match allowed(caller) {
            Ok(_) => batch::answer(world, request, caller).unwrap_or_else(Refusal::into_reply),
            Err(refusal) => refusal.into_reply(),
        };
        return finish(world, request, reply);
    }
    answer_one(world, request, caller)
}

/// Answers one request that is no batch.
fn answer_one(world: &mut World, request: &Request, caller: &Caller) -> Reply {
    let reply = route(world, request, caller).unwrap_or_else(Refusal::into_reply);
    finish(world, request, reply)
}

/// The tenant of a caller with a token that holds.
fn allowed(caller: &Caller) -> Result<String, Refusal> {
    match caller {
        Caller::User { tenant, .. } | Caller::App { tenant, .. } => Ok(tenant.clone()),
        Caller::Anonymous => Err(Refusal::unauthenticated(None)),
        Caller::Refused(fault) => Err(Refusal::unauthenticated(Some(*fault))),
    }
}

fn route(world: &mut World, request: &Request, caller: &Caller) -> Answer {
    let path = request.decoded_path();
    if path == "/oidc/userinfo" {
        return people::userinfo(world, caller);
    }
    if let Some(of) = path.strip_suffix("/$count") {
        return count(world, request, caller, of);
    }
    let Some(path) = path.strip_prefix("/v1.0/") else { return Ok(Reply::unknown()) };
    let target = Target::parse(path, |set| KEYED.contains(&set));
    let ask = Ask { request, caller, tenant: allowed(caller)? };
    query::known_options(request)?;
    match target.set.as_str() {
        "applications" => applications::handle(world, &ask, &target),
        "serviceprincipals" => principals::handle(world, &ask, &target),
        "oauth2permissiongrants" => grants::handle(world, &ask, &target),
        "me" => people::me(world, &ask, &target),
        "users" => people::users(world, &ask, &target),
        "directoryroles" if target.rest.is_empty() => people::directory_roles(world, &ask),
        "organization" => tenant::organization(world, &ask, &target),
        "domains" if target.rest.is_empty() => tenant::domains(world, &ask),
        "policies" => tenant::policies(world, &ask, &target),
        "directory" => tenant::deleted_items(world, &ask, &target),
        "directoryobjects" => get_by_ids(world, &ask, &target),
        _ => Ok(Reply::unknown()),
    }
}

/// How many there are in a list, as text: the list is asked for its first page and its count.
fn count(world: &mut World, request: &Request, caller: &Caller, of: &str) -> Answer {
    if request.method != Method::GET {
        return Err(Refusal::method());
    }
    let mut list = request.clone();
    of.clone_into(&mut list.path);
    let narrows = |name: &str| matches!(name.trim_start_matches('$'), "filter" | "search");
    list.query.retain(|(name, _)| narrows(name));
    list.query.push(("$count".to_owned(), "true".to_owned()));
    let reply = route(world, &list, caller)?;
    if reply.unknown_path {
        return Ok(Reply::unknown());
    }
    let counted = reply.to_json()["@odata.count"].as_u64();
    let count = counted.ok_or_else(|| Refusal::unsupported("$count is not currently supported."))?;
    Ok(Reply::text(200, count.to_string()).with("content-type", "text/plain"))
}

/// `POST /directoryObjects/getByIds`.
fn get_by_ids(world: &World, ask: &Ask<'_>, target: &Target) -> Answer {
    if target.tail() != ["getbyids"] {
        return Ok(Reply::unknown());
    }
    if ask.request.method != Method::POST {
        return Err(Refusal::method());
    }
    rights::read_apps(ask.caller)?;
    let body = applications::body(ask)?;
    let ids = body["ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let found: Vec<Value> = ids
        .filter_map(|id| {
            let typed = |mut doc: Value, name: &str| {
                doc["@odata.type"] = format!("#microsoft.graph.{name}").into();
                doc
            };
            let object = |kind| world.object(kind, &ask.tenant, id, View::ById).map(|(_, doc)| doc);
            object(Kind::Application)
                .map(|doc| typed(shape::application(doc), "application"))
                .or_else(|| {
                    object(Kind::ServicePrincipal).map(|doc| typed(shape::principal(doc), "servicePrincipal"))
                })
                .or_else(|| {
                    let user = world.user(id).filter(|user| user.tenant == ask.tenant)?;
                    Some(typed(people::document(user), "user"))
                })
        })
        .collect();
    let context = answer::context(ask.request, "directoryObjects");
    Ok(answer::body(200, &json!({"@odata.context": context, "value": found})))
}

#[cfg(test)]
mod tests;
