//! The probes of Easy Auth: what an anonymous caller is told (microsoft-cloud 6.2, 6.3). None of them runs
//! the customer's code, but for the one that is only made when the person said so.

pub mod parse;

use http::header::{LOCATION, USER_AGENT, WWW_AUTHENTICATE};
use url::Url;

use super::arm::parse::is_host_name;
use super::http::{Answer, Http, Request, Service};
use super::reader::{label, mapped};
use crate::engine::clouds::is_loopback;
use crate::engine::facts::{HostAnswer, ProbeAnswer, Probes, Seen};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

/// Where the sign-in begins, in every mode of Easy Auth.
pub const LOGIN_PATH: &str = "/.auth/login/aad";
/// A path that no function serves, so that nobody's code runs.
pub const UNROUTED_PATH: &str = "/handclasp-8c1f6b0e-unrouted";

/// Easy Auth tells browsers from programs by this header (microsoft-cloud 6.2).
const BROWSER: &str = "Mozilla/5.0 (compatible; Handclasp)";

/// The header in which the front end names a caller that it does not let in (microsoft-cloud 6.7).
const FORBIDDEN_IP: &str = "x-ms-forbidden-ip";

/// A site as the probes reach it: its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteOrigin(Url);

impl SiteOrigin {
    /// From a host name, as ARM gives it.
    ///
    /// # Errors
    /// When it is not a plain host name.
    pub fn of_host(host: &str) -> Result<Self, Trouble> {
        Some(host)
            .filter(|host| is_host_name(host))
            .and_then(|host| Url::parse(&format!("https://{host}/")).ok())
            .map(Self)
            .ok_or_else(not_an_address)
    }

    /// From what a person typed: an address or a host name. Only its origin counts.
    ///
    /// # Errors
    /// When it is no web address, or not a secure one.
    pub fn of_text(text: &str) -> Result<Self, Trouble> {
        let text = text.trim();
        let Ok(mut url) =
            (if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) })
        else {
            return Err(not_an_address());
        };
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
        if !secure || !plain {
            return Err(not_an_address());
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The host name alone.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        url.set_path(path);
        url.set_query(query);
        url
    }
}

fn not_an_address() -> Trouble {
    Trouble::new(Class::Local, say("looking.no_site_address"), say("looking.no_site_address_next"))
}

/// Makes the harmless probes at the same time: both paths, as a browser and as a program.
pub async fn probe(http: &Http, origin: &SiteOrigin) -> Probes {
    let (login, login_of_a_program, browser, program) = tokio::join!(
        ask(http, origin, LOGIN_PATH, Some(BROWSER)),
        ask(http, origin, LOGIN_PATH, None),
        ask(http, origin, UNROUTED_PATH, Some(BROWSER)),
        ask(http, origin, UNROUTED_PATH, None),
    );
    // That both are told the same is not confirmed (microsoft-cloud 6.3): the one that is told more counts.
    let tells = |seen: &Seen<ProbeAnswer>| seen.value().is_some_and(|answer| answer.tenant.is_some());
    let login = if !tells(&login) && tells(&login_of_a_program) { login_of_a_program } else { login };
    Probes { login, browser, program }
}

/// Whether the host answers at all, told from the probes: any answer over HTTPS counts.
pub fn host_answer(probes: &Probes) -> Seen<HostAnswer> {
    let all = [&probes.program, &probes.browser, &probes.login];
    let best = all.into_iter().find(|p| p.value().is_some()).unwrap_or(&probes.program);
    mapped(best.clone(), |answer| Some(HostAnswer { status: answer.status, front_end: answer.front_end }))
}

/// Calls a function anonymously, as a program. This runs the customer's code if it is not protected: only
/// ever after the person confirmed it.
pub async fn probe_function(
    http: &Http,
    origin: &SiteOrigin,
    path: &str,
    method: http::Method,
) -> Seen<ProbeAnswer> {
    let call = label(method.as_str(), path);
    let answer = http.send(&Request::call(origin.at(path), method)).await;
    seen(http, answer, call)
}

async fn ask(http: &Http, origin: &SiteOrigin, path: &str, agent: Option<&str>) -> Seen<ProbeAnswer> {
    let mut request = Request::get(Service::Site, origin.at(path));
    if let Some(agent) = agent {
        request = request.header(USER_AGENT, agent);
    }
    seen(http, http.send(&request).await, label("GET", path))
}

/// A 404 is an answer here like any other: Easy Auth can be told to give it.
fn seen(http: &Http, answer: Result<Answer, Trouble>, call: String) -> Seen<ProbeAnswer> {
    match answer {
        Ok(answer) => Seen::is(read(&answer), answer.at, call),
        Err(trouble) => Seen::could_not(trouble, http.now(), call),
    }
}

fn read(answer: &Answer) -> ProbeAnswer {
    let challenges: Vec<String> = answer
        .headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let challenges: Vec<&str> = challenges.iter().map(String::as_str).collect();
    ProbeAnswer {
        front_end: parse::front_end(answer.status, answer.header(FORBIDDEN_IP).is_some(), &answer.body),
        ..parse::answer(answer.status, &challenges, answer.header(LOCATION.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_type_them() {
        for (text, host) in [
            ("https://contoso-hello.azurewebsites.net/api/Hello?x=1#y", "contoso-hello.azurewebsites.net"),
            (" contoso-hello.azurewebsites.net ", "contoso-hello.azurewebsites.net"),
            ("http://127.0.0.1:7071/api", "127.0.0.1"),
        ] {
            let origin = SiteOrigin::of_text(text).unwrap();
            assert_eq!(origin.host(), host);
            assert_eq!(origin.at("/a?b=c").path(), "/a");
        }
        for text in
            ["", "http://contoso-hello.azurewebsites.net", "ftp://x.example", "https://ada@x.example", "a b"]
        {
            assert!(SiteOrigin::of_text(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_host_name_is_nothing_but_one() {
        assert!(SiteOrigin::of_host("contoso-hello.azurewebsites.net").is_ok());
        for host in ["x.example/path", "ada@x.example", "x.example:8443", ""] {
            assert!(SiteOrigin::of_host(host).is_err(), "{host:?}");
        }
    }
}
