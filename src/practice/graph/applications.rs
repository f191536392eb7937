//! `/applications`: create, read, change, delete, upsert on `uniqueName`, owners (microsoft-cloud 4.2 to 4.5).

use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, entity};
use super::target::{Ask, Key, Target, find};
use super::{app_policies, people, principals, query, rights, rules, secrets, shape};
use crate::practice::wire::{Caller, Reply};
use crate::practice::world::{Kind, View, World};

/// Answers a request below `/applications`.
pub fn handle(world: &mut World, ask: &Ask<'_>, target: &Target) -> Answer {
    let tail = target.tail();
    let tail: Vec<&str> = tail.iter().map(String::as_str).collect();
    let Some(key) = &target.key else {
        return match ask.request.method {
            Method::GET => list(world, ask),
            Method::POST => {
                let id = create(world, ask, &body(ask)?)?;
                created(world, ask, &id)
            }
            _ => Err(Refusal::method()),
        };
    };
    match (&ask.request.method, tail.as_slice()) {
        (&Method::GET, []) => {
            rights::read_apps(ask.caller)?;
            let (_, doc) = find(world, Kind::Application, &ask.tenant, key, View::ById)?;
            let item = query::select(ask.request, &shape::APPLICATIONS, &shape::application(doc))?;
            Ok(entity(200, ask.request, "applications/$entity", item))
        }
        (&Method::PATCH, []) => patch(world, ask, key),
        (&Method::DELETE, []) => {
            let id = changeable(world, ask, key)?;
            delete(world, &ask.tenant, &id);
            Ok(Reply::empty(204))
        }
        (&Method::POST, ["addpassword" | "microsoft.graph.addpassword"]) => {
            let id = changeable(world, ask, key)?;
            secrets::add(world, ask, &id)
        }
        (&Method::POST, ["removepassword" | "microsoft.graph.removepassword"]) => {
            let id = changeable(world, ask, key)?;
            secrets::remove(world, ask, &id)
        }
        (&Method::GET, ["owners"]) => {
            rights::read_apps(ask.caller)?;
            let (object, _) = find(world, Kind::Application, &ask.tenant, key, View::ById)?;
            people::owners(world, ask, &object.owners)
        }
        (&Method::POST, ["owners", "$ref"]) => people::add_owner(world, ask, Kind::Application, key),
        (&Method::DELETE, ["owners", id, "$ref"]) => {
            people::remove_owner(world, ask, Kind::Application, key, id)
        }
        (_, ["appmanagementpolicies", rest @ ..]) => app_policies::of_application(world, ask, key, rest),
        (&Method::GET, ["federatedidentitycredentials"]) => {
            rights::read_apps(ask.caller)?;
            find(world, Kind::Application, &ask.tenant, key, View::ById)?;
            let set = format!("applications('{}')/federatedIdentityCredentials", key.value());
            Ok(entity(200, ask.request, &set, json!({"value": []})))
        }
        (
            _,
            []
            | ["addpassword" | "removepassword" | "owners" | "federatedidentitycredentials"]
            | ["owners", "$ref"]
            | ["owners", _, "$ref"],
        ) => Err(Refusal::method()),
        _ => Ok(Reply::unknown()),
    }
}

/// The JSON body of a request, which has to say that it is JSON (microsoft-cloud 4.8).
pub fn body(ask: &Ask<'_>) -> Result<Value, Refusal> {
    let said = ask.request.header("content-type").is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    });
    ask.request.json().filter(|value| said && value.is_object()).ok_or_else(|| {
        Refusal::new(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )
    })
}

fn list(world: &World, ask: &Ask<'_>) -> Answer {
    rights::read_apps(ask.caller)?;
    let items = world
        .objects(Kind::Application, &ask.tenant, View::List)
        .map(|(_, doc)| shape::application(doc))
        .collect();
    query::list(ask.request, &shape::APPLICATIONS, items, world.switches.page_size)
}

/// Registers an application for the caller and returns its object id.
pub fn create(world: &mut World, ask: &Ask<'_>, body: &Value) -> Result<String, Refusal> {
    rights::create_app(world, ask.caller)?;
    let mut doc = rules::created(world, &ask.tenant, body)?;
    if let Some(name) = doc["uniqueName"].as_str()
        && world.object_by(Kind::Application, &ask.tenant, "uniqueName", name, View::Now).is_some()
    {
        return Err(Refusal::new(
            400,
            "Request_MultipleObjectsWithSameKeyValue",
            "Another object with the same value for property uniqueName already exists.",
        ));
    }
    let id = world.next_id("application object").to_string();
    doc["id"] = id.as_str().into();
    doc["appId"] = world.next_id("application").to_string().into();
    doc["createdDateTime"] = seconds(world).into();
    doc["publisherDomain"] = world.tenant(&ask.tenant).map(|tenant| tenant.domain.clone()).into();
    let mut owners = Vec::new();
    match ask.caller {
        Caller::User { id, client_id, .. } => {
            owners.push(id.clone());
            doc["createdByAppId"] = client_id.as_str().into();
        }
        Caller::App { client_id, .. } => doc["createdByAppId"] = client_id.as_str().into(),
        Caller::Anonymous | Caller::Refused(_) => {}
    }
    world.add_object(Kind::Application, &ask.tenant, &id, doc, owners);
    Ok(id)
}

fn created(world: &World, ask: &Ask<'_>, id: &str) -> Answer {
    // The answer to the creation itself comes from the store, not from a replica that lags.
    let (_, doc) = find(world, Kind::Application, &ask.tenant, &Key::Id(id.to_owned()), View::Now)?;
    let location = format!(
        "{}/v2/{}/directoryObjects/{id}/Microsoft.DirectoryServices.Application",
        ask.request.address_of("graph.microsoft.com"),
        ask.tenant
    );
    let reply = entity(201, ask.request, "applications/$entity", shape::application(doc));
    Ok(reply.with("location", &location))
}

fn patch(world: &mut World, ask: &Ask<'_>, key: &Key) -> Answer {
    let body = body(ask)?;
    let create_if_missing = ask.request.header("prefer").is_some_and(|prefer| {
        prefer.split(',').any(|wish| wish.trim().eq_ignore_ascii_case("create-if-missing"))
    });
    if let (Key::Alternate(name, value), true) = (key, create_if_missing)
        && name.eq_ignore_ascii_case("uniqueName")
        // Upserts are decided in the store: two of them in a row make no twin even while replicas lag.
        && find(world, Kind::Application, &ask.tenant, key, View::Now).is_err()
    {
        let mut body = body;
        body["uniqueName"] = value.as_str().into();
        let id = create(world, ask, &body)?;
        return created(world, ask, &id);
    }
    let view = if create_if_missing { View::Now } else { View::ById };
    let (object, _) = find(world, Kind::Application, &ask.tenant, key, view)?;
    rights::change_app(world, ask.caller, object)?;
    let id = object.id.clone();
    change(world, &ask.tenant, &id, &body)?;
    Ok(Reply::empty(204))
}

/// Applies a PATCH body to an application and to what its service principal mirrors.
pub fn change(world: &mut World, tenant: &str, id: &str, body: &Value) -> Result<(), Refusal> {
    let now = world.now();
    let (_, old) =
        world.object(Kind::Application, tenant, id, View::Now).ok_or_else(|| Refusal::not_found(id))?;
    let doc = rules::patched(world, tenant, old, body)?;
    if let Some(object) = world.object_mut(Kind::Application, tenant, id) {
        let kept: Vec<String> = secrets::key_ids(&doc);
        object.secrets.retain(|secret| kept.contains(&secret.key_id));
        object.replace(doc, now);
    }
    principals::mirror(world, tenant, id);
    Ok(())
}

/// Deletes an application softly, with its service principal and that one's grants.
pub fn delete(world: &mut World, tenant: &str, id: &str) {
    let now = world.now();
    let app_id = world.object_mut(Kind::Application, tenant, id).map(|object| {
        object.delete(now);
        object.app_id().to_owned()
    });
    let principal = app_id.and_then(|app_id| {
        world.service_principal(tenant, &app_id, View::Now).map(|(object, _)| object.id.clone())
    });
    if let Some(principal) = principal {
        principals::delete(world, tenant, &principal);
    }
}

fn changeable(world: &World, ask: &Ask<'_>, key: &Key) -> Result<String, Refusal> {
    let (object, _) = find(world, Kind::Application, &ask.tenant, key, View::ById)?;
    rights::change_app(world, ask.caller, object)?;
    Ok(object.id.clone())
}

/// The present moment as Graph spells it.
pub fn seconds(world: &World) -> String {
    world.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
