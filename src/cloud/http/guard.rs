//! The one place that decides which host a request, and with it a token, may go to.

use url::Url;

use super::request::{Request, Service};
use crate::engine::clean::clean_line;
use crate::engine::clouds::{Audience, Cloud, is_loopback};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// Where a request really goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// The address on the wire.
    pub url: Url,
    /// The `Host` header, where it is not the one of the address.
    pub host: Option<String>,
    /// Whether it stays on this machine.
    pub loopback: bool,
}

/// Decides where a request goes, or that it must not be sent at all.
pub(super) fn route(cloud: &Cloud, request: &Request) -> Result<Route, Trouble> {
    let url = &request.url;
    let audience = match request.service {
        Service::Login => Some(Audience::Login),
        Service::Graph => Some(Audience::Graph),
        Service::Arm => Some(Audience::Arm),
        Service::PowerApps => Some(Audience::PowerApps),
        Service::Site => None,
    };
    if let Some(audience) = audience {
        // The whole request is held to this, not only its token: codes, secrets and directory data travel in bodies.
        if !cloud.host_may_get_token(url, audience) {
            return Err(elsewhere(url, request.service.name()));
        }
        return Ok(Route { url: url.clone(), host: None, loopback: is_loopback(url) });
    }
    site_route(cloud, request)
}

fn site_route(cloud: &Cloud, request: &Request) -> Result<Route, Trouble> {
    let url = &request.url;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(elsewhere(url, Service::Site.name()));
    }
    if request.token.is_some() || request.only_to.is_some() {
        let allowed = request.only_to.as_deref().unwrap_or_default();
        let same = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(allowed));
        // Another port may be another program, so the usual one is part of the host's identity.
        if !same || url.scheme() != "https" || url.port().is_some() {
            return Err(elsewhere(url, Service::Site.name()));
        }
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        _ => return Err(not_secure(url)),
    }
    match &cloud.site_origin {
        Some(origin) if !is_loopback(url) => {
            let host = url.host_str().unwrap_or_default();
            let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let mut wire = origin.clone();
            wire.set_path(url.path());
            wire.set_query(url.query());
            Ok(Route { loopback: is_loopback(&wire), url: wire, host: Some(host) })
        }
        _ => Ok(Route { url: url.clone(), host: None, loopback: is_loopback(url) }),
    }
}

fn elsewhere(url: &Url, service: &str) -> Trouble {
    Trouble::new(
        Class::UnexpectedAnswer,
        say_with("not_sent.elsewhere", &[("address", &shown(url)), ("service", service)]),
        say("not_sent.elsewhere_next"),
    )
    .meaning(say("not_sent.elsewhere_means"))
}

fn not_secure(url: &Url) -> Trouble {
    Trouble::new(
        Class::Local,
        say_with("not_sent.no_https", &[("address", &shown(url))]),
        say("not_sent.no_https_next"),
    )
    .meaning(say("not_sent.no_https_means"))
}

fn shown(url: &Url) -> String {
    clean_line(&url.origin().ascii_serialization(), 80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;
    use secrecy::SecretString;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn practice() -> Cloud {
        Cloud { site_origin: Some(url("http://127.0.0.1:7000")), ..Cloud::named("public").unwrap() }
    }

    fn token() -> SecretString {
        "token".into()
    }

    #[test]
    fn microsoft_services_are_called_at_their_own_host_only() {
        let cloud = Cloud::named("public").unwrap();
        for (service, text, fine) in [
            (Service::Graph, "https://graph.microsoft.com/v1.0/me", true),
            (Service::Graph, "https://graph.microsoft.com.evil.example/v1.0/me", false),
            (Service::Graph, "http://graph.microsoft.com/v1.0/me", false),
            (Service::Graph, "https://management.azure.com/x", false),
            (Service::Arm, "https://management.azure.com/x", true),
            (Service::PowerApps, "https://api.powerapps.com/x", true),
            (Service::PowerApps, "https://management.azure.com/x", false),
            (Service::Login, "https://login.microsoftonline.com/t/oauth2/token", true),
            (Service::Login, "https://login.microsoftonline.us/t/oauth2/token", false),
        ] {
            let plain = Request::get(service, url(text));
            assert_eq!(route(&cloud, &plain).is_ok(), fine, "{text}");
            assert_eq!(route(&cloud, &plain.token(&token())).is_ok(), fine, "{text}");
        }
    }

    #[test]
    fn the_api_token_goes_only_to_the_named_host_over_https() {
        let call = |text: &str, host: Option<&str>| {
            let request = Request::call(url(text), Method::POST).token(&token());
            let request = match host {
                Some(host) => request.only_to(host),
                None => request,
            };
            route(&practice(), &request).is_ok()
        };
        let host = "contoso-hello.azurewebsites.net";
        assert!(call("https://contoso-hello.azurewebsites.net/api/Hello", Some(host)));
        assert!(call("https://Contoso-Hello.azurewebsites.net/api/Hello", Some(host)));
        assert!(!call("https://contoso-hello.azurewebsites.net/api/Hello", None));
        assert!(!call("https://contoso-hello.azurewebsites.net:8443/api/Hello", Some(host)));
        assert!(!call("http://contoso-hello.azurewebsites.net/api/Hello", Some(host)));
        assert!(!call("https://evil.example/api/Hello", Some(host)));
        assert!(!call("https://contoso-hello.azurewebsites.net@evil.example/", Some(host)));
        assert!(!call("http://127.0.0.1:7000/api/Hello", Some("127.0.0.1")));
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let cloud = Cloud::named("public").unwrap();
        for (text, fine) in [
            ("http://127.0.0.1:7071/api/Hello", true),
            ("http://contoso.azurewebsites.net/", false),
            ("ftp://127.0.0.1/", false),
            ("https://contoso.azurewebsites.net/", true),
        ] {
            assert_eq!(route(&cloud, &Request::get(Service::Site, url(text))).is_ok(), fine, "{text}");
        }
    }

    #[test]
    fn in_practice_a_site_is_reached_on_this_machine_under_its_own_name() {
        let request = Request::get(Service::Site, url("https://contoso.azurewebsites.net/api/Hello?x=1"));
        assert_eq!(
            route(&practice(), &request).unwrap(),
            Route {
                url: url("http://127.0.0.1:7000/api/Hello?x=1"),
                host: Some("contoso.azurewebsites.net".into()),
                loopback: true
            }
        );
    }
}
