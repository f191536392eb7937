//! The control endpoint (design section 7): what tests and menus see of the world, and what they do in a person's place.

use http::Method;
use serde_json::{Value, json};

use super::wire::{Reply, Request};
use super::world::{Fault, Switches, User, World, redact};
use super::{entra, find_user, portal};

/// Answers one request to the control endpoint.
pub fn handle(world: &mut World, request: &Request) -> Reply {
    if request.method == Method::POST
        && let Some(refusal) = from_elsewhere(world, request)
    {
        return refusal;
    }
    let what = request.path.trim_start_matches('/').strip_prefix("_practice").unwrap_or_default();
    match (&request.method, what.trim_matches('/')) {
        (&Method::GET, "calls") => Reply::json(200, &json!(world.calls)),
        (&Method::GET, "consents") => Reply::json(200, &json!(world.consents)),
        (&Method::GET, "unknown") => Reply::json(200, &json!(world.unknown)),
        (&Method::GET, "world") => Reply::json(200, &picture(world)),
        (&Method::GET, "switches") => Reply::json(200, &json!(world.switches)),
        (&Method::GET, "faults") => Reply::json(200, &json!(world.faults)),
        (&Method::POST, "clock") => said(clock(world, &body(request))),
        (&Method::POST, "do") => said(act(world, &body(request))),
        (&Method::POST, "switches") => said(switches(world, &body(request))),
        (&Method::POST, "faults") => said(faults(world, body(request))),
        _ => Reply::unknown(),
    }
}

/// Refuses what a page of another origin can have a browser send: such a page's own origin, and any body that a form
/// could make. Clients other than browsers send no origin.
fn from_elsewhere(world: &World, request: &Request) -> Option<Reply> {
    let refused = |status, sentence: &str| Some(Reply::json(status, &json!({"error": sentence})));
    if request.headers.get("origin").is_some_and(|origin| origin.as_bytes() != world.origin.as_bytes()) {
        return refused(403, "Pages of another origin may not change the practice world.");
    }
    let kind = request.header("content-type").and_then(|kind| kind.split(';').next()).unwrap_or_default();
    if !kind.trim().eq_ignore_ascii_case("application/json") {
        return refused(415, "Send the body as application/json.");
    }
    None
}

fn body(request: &Request) -> Value {
    request.json().unwrap_or(Value::Null)
}

/// An outcome as an answer: a sentence with 400 where it could not be done.
fn said(outcome: Result<Value, String>) -> Reply {
    match outcome {
        Ok(value) => Reply::json(200, &value),
        Err(sentence) => Reply::json(400, &json!({"error": sentence})),
    }
}

fn clock(world: &mut World, body: &Value) -> Result<Value, String> {
    let seconds = body["advance_s"].as_i64().ok_or("Send {\"advance_s\": seconds}.")?;
    if seconds < 0 {
        return Err("The clock only goes forward.".to_owned());
    }
    world.clock.advance(seconds);
    Ok(json!({"now": world.now().to_string()}))
}

/// Does a step of a person: the sign-in steps here, everything else in the portal.
pub fn act(world: &mut World, body: &Value) -> Result<Value, String> {
    let step = body["step"].as_str().ok_or("Send {\"step\": \"name\"}.")?.to_owned();
    match step.as_str() {
        "approve-device-code" | "decline-device-code" => {
            let user = chosen_user(world, body)?;
            let approve = step == "approve-device-code";
            entra::answer_device_code(world, body["user_code"].as_str(), &user, approve)?;
            Ok(json!({"done": step, "user": user.upn}))
        }
        "sign-in" => sign_in(world, body),
        _ => portal::step(world, &step, body),
    }
}

/// Signs a person in at an authorize address that a client would open in a browser: picks the user, consents (or
/// declines, with `"decline": true`), and says where the browser is sent back to. The caller goes there.
fn sign_in(world: &mut World, body: &Value) -> Result<Value, String> {
    let address = body["url"].as_str().ok_or("Send the address as \"url\".")?;
    let url = url::Url::parse(address).map_err(|error| format!("The address cannot be read: {error}."))?;
    let user = chosen_user(world, body)?;
    let decision = if body["decline"] == Value::Bool(true) { "decline" } else { "accept" };
    let mut query = url::form_urlencoded::Serializer::new(url.query().unwrap_or_default().to_owned());
    query.append_pair("practice_user", &user.id).append_pair("practice_consent", decision);
    let request = Request::new(Method::GET, url.authority(), url.path(), &query.finish());
    let reply = entra::handle(world, &request);
    match reply.headers.get("location").and_then(|location| location.to_str().ok()) {
        Some(location) => Ok(json!({"done": "sign-in", "user": user.upn, "location": location})),
        None => Err(told(&String::from_utf8_lossy(&reply.body))),
    }
}

/// What a page says, for somebody who cannot see it: the error text, else that there was none.
fn told(page: &str) -> String {
    let text = page.split_once("id=\"exceptionMessage\">").and_then(|(_, rest)| rest.split_once("</p>"));
    text.map_or_else(
        || "The sign-in page did not send anybody back.".to_owned(),
        |(text, _)| {
            text.replace("&#39;", "'")
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        },
    )
}

/// The person that a step names, else the one the scenario is about.
fn chosen_user(world: &World, body: &Value) -> Result<User, String> {
    let id = match body["user"].as_str() {
        Some(name) => find_user(world, name).ok_or(format!("There is no user named {name}."))?,
        None => world.default_user.clone(),
    };
    world.user(&id).cloned().ok_or_else(|| "There is no such user.".to_owned())
}

/// Changes the switches that are named; the others stay.
fn switches(world: &mut World, body: &Value) -> Result<Value, String> {
    let mut all = serde_json::to_value(&world.switches).map_err(|error| error.to_string())?;
    let named = body.as_object().ok_or("Send an object of switches.")?;
    for (name, value) in named {
        all[name.as_str()] = value.clone();
    }
    world.switches = serde_json::from_value::<Switches>(all).map_err(|error| error.to_string())?;
    Ok(json!(world.switches))
}

/// One fault is added; a list replaces all.
fn faults(world: &mut World, body: Value) -> Result<Value, String> {
    let one = |value: Value| serde_json::from_value::<Fault>(value).map_err(|error| error.to_string());
    if let Value::Array(list) = body {
        world.faults = list.into_iter().map(one).collect::<Result<_, _>>()?;
    } else {
        world.faults.push(one(body)?);
    }
    Ok(json!(world.faults))
}

/// The world as JSON, secrets left out.
fn picture(world: &World) -> Value {
    let directory: Vec<Value> = world
        .directory
        .iter()
        .map(|object| {
            let secrets: Vec<Value> = object
                .secrets
                .iter()
                .map(|secret| json!({"key_id": secret.key_id, "starts": secret.starts, "ends": secret.ends}))
                .collect();
            let mut value = json!(object);
            value["secrets"] = secrets.into();
            value
        })
        .collect();
    let settings: Vec<Value> = world
        .sites
        .iter()
        .map(|site| {
            let mut value = json!(site);
            value["resource_id"] = site.resource_id().into();
            value["app_settings"] = site.app_settings.keys().map(String::as_str).collect();
            value["auth_in_force_now"] = json!(site.effective_auth_v2(world.now()));
            value
        })
        .collect();
    let all = json!({
        "scenario": world.scenario,
        "now": world.now().to_string(),
        "tenants": world.tenants,
        "users": world.users,
        "azure_roles": world.azure_roles,
        "subscriptions": world.subscriptions,
        "resource_groups": world.resource_groups,
        "sites": settings,
        "directory": directory,
        "app_policies": world.app_policies,
        "environments": world.environments,
        "data_policies": world.data_policies,
        "connectors": world.connectors,
        "switches": world.switches,
        "faults": world.faults,
        "latency_ms": world.latency_ms,
    });
    redact(&all, &world.secret_values())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::scenario::worlds;
    use secrecy::ExposeSecret;

    fn post(world: &mut World, path: &str, body: &Value) -> Reply {
        let mut request = Request::get(path);
        request.method = Method::POST;
        request.headers.insert("content-type", http::HeaderValue::from_static("application/json"));
        request.body = body.to_string().into_bytes();
        handle(world, &request)
    }

    #[test]
    fn what_a_page_of_another_origin_can_send_is_refused_and_changes_nothing() {
        let mut world = worlds::bare();
        world.origin = "http://127.0.0.1:7000".to_owned();
        let before = picture(&world);
        let mut send = |path: &str, origin: Option<&str>, kind: Option<&str>| {
            let mut request = Request::get(path);
            request.method = Method::POST;
            for (name, value) in [("origin", origin), ("content-type", kind)] {
                if let Some(value) = value {
                    request.headers.insert(name, http::HeaderValue::from_str(value).unwrap());
                }
            }
            request.body = b"{}".to_vec();
            handle(&mut world, &request).status
        };
        let (own, json) = (Some("http://127.0.0.1:7000"), Some("application/json"));
        for path in ["clock", "do", "switches", "faults"] {
            let path = format!("/_practice/{path}");
            for foreign in
                ["https://evil.example", "null", "http://127.0.0.1:7001", "http://localhost:7000", ""]
            {
                assert_eq!(send(&path, Some(foreign), json), 403, "{path} from {foreign}");
            }
            for form in [
                None,
                Some("text/plain"),
                Some("application/x-www-form-urlencoded"),
                Some("application/jsonx"),
            ] {
                assert_eq!(send(&path, None, form), 415, "{path} as {form:?}");
                assert_eq!(send(&path, own, form), 415, "{path} as {form:?}");
            }
        }
        assert_eq!(picture(&world), before);
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            let mut request = Request::get("/_practice/clock");
            request.method = Method::POST;
            request.headers.insert("origin", http::HeaderValue::from_static("http://127.0.0.1:7000"));
            request.headers.insert("content-type", http::HeaderValue::from_str(kind).unwrap());
            request.body = b"{\"advance_s\": 60}".to_vec();
            assert_eq!(handle(&mut world, &request).status, 200, "{kind}");
        }
    }

    #[test]
    fn the_clock_is_stepped() {
        let mut world = worlds::bare();
        let reply = post(&mut world, "/_practice/clock", &json!({"advance_s": 60}));
        assert_eq!(reply.to_json(), json!({"now": "2026-11-21T09:01:00Z"}));
        for refused in [json!({}), json!({"advance_s": -1})] {
            assert_eq!(post(&mut world, "/_practice/clock", &refused).status, 400, "{refused}");
        }
    }

    #[test]
    fn switches_change_by_name_and_unknown_ones_are_refused() {
        let mut world = worlds::bare();
        assert_eq!(post(&mut world, "/_practice/switches", &json!({"user_consent": "off"})).status, 200);
        assert_eq!(world.switches.user_consent, crate::practice::world::UserConsent::Off);
        assert_eq!(post(&mut world, "/_practice/switches", &json!({"colour": 1})).status, 400);
    }

    #[test]
    fn the_picture_of_the_world_holds_no_secret() {
        let mut world = worlds::bare();
        let site = &mut world.sites[0];
        site.auth_v1 = json!({"clientSecret": "plainly-visible"});
        let text = String::from_utf8(handle(&mut world, &Request::get("/_practice/world")).body).unwrap();
        assert!(text.contains("contoso-hello"));
        assert!(!text.contains("plainly-visible"));
        assert!(!text.contains(world.automation.as_ref().unwrap().secret.expose_secret()));
        for secret in world.secret_values() {
            assert!(!text.contains(&secret));
        }
    }

    #[test]
    fn faults_are_added_one_by_one_or_replaced_by_a_list() {
        let mut world = worlds::bare();
        let fault = json!({"action": {"kind": "not_json"}});
        post(&mut world, "/_practice/faults", &fault);
        post(&mut world, "/_practice/faults", &fault);
        assert_eq!(world.faults.len(), 2);
        post(&mut world, "/_practice/faults", &json!([]));
        assert!(world.faults.is_empty());
        assert_eq!(post(&mut world, "/_practice/faults", &json!({"action": {"kind": "?"}})).status, 400);
    }

    #[test]
    fn a_sign_in_in_the_browser_ends_at_the_redirect_or_with_the_pages_words() {
        let mut world = worlds::finished();
        world.default_user = find_user(&world, "ada").unwrap();
        let tenant = world.main_tenant().to_owned();
        let cli = crate::practice::world::first_party::AZURE_CLI;
        let address = |redirect: &str| {
            format!(
                "http://127.0.0.1:7000/{tenant}/oauth2/v2.0/authorize?client_id={cli}&response_type=code&state=s\
                 &redirect_uri={redirect}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
            )
        };
        let body = json!({"step": "sign-in", "url": address("http%3A%2F%2Flocalhost%3A5000")});
        let done = act(&mut world, &body).unwrap();
        assert_eq!(done["user"], "ada@contoso.onmicrosoft.com");
        assert!(done["location"].as_str().unwrap().starts_with("http://localhost:5000/?code="));
        let body = json!({"step": "sign-in", "url": address("https%3A%2F%2Fx.example")});
        let told = act(&mut world, &body).unwrap_err();
        assert!(told.starts_with("AADSTS50011: The redirect URI 'https://x.example'"), "{told}");
    }

    #[test]
    fn an_unknown_step_says_so() {
        let reply = post(&mut worlds::bare(), "/_practice/do", &json!({"step": "dance"}));
        assert_eq!(reply.status, 400);
        assert!(reply.to_json()["error"].as_str().unwrap().contains("dance"));
    }
}
