//! Which calls are reads although they are no GET: a fixed list. Whatever else is no GET can only be sent as a write.

use http::Method;
use serde_json::Value;

use super::request::{Body, Request, Service};
use crate::engine::clean::clean_line;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// Several reads in one (microsoft-cloud 4.8), by the end of the path.
const BATCH: &str = "/$batch";
/// Authentication settings of the older kind (microsoft-cloud 5.8), by the end of the path.
const CLASSIC_SETTINGS: &str = "/config/authsettings/list";
/// Azure Resource Graph, whose questions only read (microsoft-cloud 5.3): the whole path.
const RESOURCE_GRAPH: &str = "/providers/Microsoft.ResourceGraph/resources";

/// Lets a read pass, and nothing that could change anything.
///
/// In read-only mode nothing is posted to the function app either, and no token goes there: there is no rehearsal.
///
/// # Errors
/// When the request is no read.
pub(super) fn only(request: &Request, read_only: bool) -> Result<(), Trouble> {
    let plain = request.method == Method::GET || request.method == Method::HEAD;
    let reads = match request.service {
        Service::Site => !read_only || (plain && request.token.is_none()),
        // Every token is asked for by POST, with a form.
        Service::Login => plain || (request.method == Method::POST && matches!(request.body, Body::Form(_))),
        Service::Graph | Service::Arm | Service::PowerApps => plain || by_post(request),
    };
    if reads { Ok(()) } else { Err(stopped(request)) }
}

/// Reads that a service offers by POST alone; what travels inside is held to the same.
fn by_post(request: &Request) -> bool {
    let (path, body) = (request.url.path(), request.body_text());
    request.method == Method::POST
        && match request.service {
            Service::Graph => path.ends_with(BATCH) && body.is_some_and(only_gets),
            Service::Arm if path == RESOURCE_GRAPH => body.is_some_and(only_a_question),
            Service::Arm => path.ends_with(CLASSIC_SETTINGS) && body.is_none(),
            _ => false,
        }
}

/// Whether a body is a question to Resource Graph and nothing else.
fn only_a_question(body: &str) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else { return false };
    body.get("query").is_some_and(Value::is_string)
        && body.keys().all(|name| matches!(name.as_str(), "query" | "subscriptions" | "options"))
}

/// Whether a batch asks for reads alone.
fn only_gets(body: &str) -> bool {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else { return false };
    let Some(Value::Array(requests)) = body.get("requests") else { return false };
    requests.iter().all(|request| request["method"] == "GET")
}

fn stopped(request: &Request) -> Trouble {
    let host = request.url.host_str().unwrap_or_default();
    let call = clean_line(&format!("{} {host}{}", request.method, request.url.path()), 160);
    Trouble::new(Class::Local, say_with("not_sent.no_read", &[("call", &call)]), say("not_sent.no_read_next"))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;
    use url::Url;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn batch(methods: &[&str]) -> Request {
        let requests: Vec<_> =
            methods.iter().map(|method| json!({ "method": method, "url": "/me" })).collect();
        let address = url("https://graph.microsoft.com/v1.0/$batch");
        Request::ask(Service::Graph, address).json(&json!({ "requests": requests }))
    }

    #[test]
    fn what_is_posted_to_read_is_a_fixed_list() {
        let graph = |path: &str| url(&format!("https://graph.microsoft.com/v1.0{path}"));
        let arm = |path: &str| url(&format!("https://management.azure.com/subscriptions/s/x{path}"));
        let login = || url("https://login.microsoftonline.com/t/oauth2/v2.0/token");
        let form = || SecretString::from("grant_type=refresh_token");
        let question = || {
            let address = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources";
            Request::ask(Service::Arm, url(&format!("{address}?api-version=2021-03-01")))
        };
        for (request, reads) in [
            (Request::get(Service::Graph, graph("/me")), true),
            (batch(&["GET", "GET"]), true),
            (batch(&["GET", "PATCH"]), false),
            (batch(&["get"]), false),
            (Request::ask(Service::Graph, graph("/$batch")), false),
            (Request::ask(Service::Graph, graph("/$batch")).json(&json!([])), false),
            (Request::ask(Service::Graph, graph("/applications")).json(&json!({})), false),
            (Request::ask(Service::Graph, graph("/applications")), false),
            (Request::ask(Service::Arm, arm("/config/authsettings/list")), true),
            (Request::ask(Service::Arm, arm("/config/authsettings/list")).json(&json!({ "a": 1 })), false),
            (Request::ask(Service::Arm, arm("/config/authsettingsV2")), false),
            (question().json(&json!({ "query": "where name =~ 'contoso-hello'" })), true),
            (question().json(&json!({ "query": "where true", "facets": [] })), false),
            (question().json(&json!({ "query": 1 })), false),
            (question(), false),
            (
                Request::ask(Service::Arm, arm("/providers/Microsoft.ResourceGraph/resources"))
                    .json(&json!({ "query": "where true" })),
                false,
            ),
            (Request::ask(Service::Arm, arm("/restart")), false),
            (Request::ask(Service::PowerApps, url("https://api.powerapps.com/apis")), false),
            (Request::ask(Service::Login, login()).encoded_form(form()), true),
            (Request::ask(Service::Login, login()).json(&json!({})), false),
        ] {
            let call = format!("{} {}", request.method, request.url);
            assert_eq!(only(&request, true).is_ok(), reads, "{call}");
            assert_eq!(only(&request, false).is_ok(), reads, "{call}");
        }
    }

    #[test]
    fn the_function_app_is_only_looked_at_in_read_only_mode() {
        let site = || url("https://contoso-hello.azurewebsites.net/api/Hello");
        let token = SecretString::from("token");
        for (request, looks) in [
            (Request::get(Service::Site, site()), true),
            (Request::call(site(), Method::GET), true),
            (Request::call(site(), Method::POST), false),
            (
                Request::get(Service::Site, site()).token(&token).only_to("contoso-hello.azurewebsites.net"),
                false,
            ),
        ] {
            assert_eq!(only(&request, true).is_ok(), looks, "{}", request.method);
            assert!(only(&request, false).is_ok());
        }
    }

    #[test]
    fn what_was_stopped_is_named_without_its_values() {
        let address = url("https://graph.microsoft.com/v1.0/applications?$filter=secret");
        let trouble = only(&Request::ask(Service::Graph, address), false).unwrap_err();
        assert!(trouble.what.ends_with("POST graph.microsoft.com/v1.0/applications"), "{}", trouble.what);
    }
}
