//! Which calls are reads although they are no GET: a fixed list. Whatever else is no GET can only be sent as a write.

use http::Method;
use serde_json::Value;

use super::request::{Body, Request, Service};
use crate::engine::clean::clean_line;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// Reads that a service offers by POST alone, by the end of their path: several reads in one (microsoft-cloud 4.8), and
/// authentication settings of the older kind (microsoft-cloud 5.8).
const BY_POST: [(Service, &str); 2] =
    [(Service::Graph, "/$batch"), (Service::Arm, "/config/authsettings/list")];

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

fn by_post(request: &Request) -> bool {
    let listed =
        BY_POST.iter().any(|(service, end)| *service == request.service && request.url.path().ends_with(end));
    // What travels inside is held to the same.
    let inside = match request.service {
        Service::Graph => request.body_text().is_some_and(only_gets),
        _ => request.body_text().is_none(),
    };
    request.method == Method::POST && listed && inside
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
