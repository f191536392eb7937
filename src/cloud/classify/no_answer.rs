//! Calls that got no answer: what stood in the way, and what can be done about it.

use std::error::Error;
use std::io;

use jiff::Timestamp;
use url::Url;

use super::chain;
use crate::cloud::http::Service;
use crate::cloud::redact::Redactor;
use crate::engine::clean::clean_line;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// Trouble for a call that got no answer. The error must have lost its address already.
pub(in crate::cloud) fn no_answer(
    error: &reqwest::Error,
    service: Service,
    url: &Url,
    redactor: &Redactor,
) -> Trouble {
    let words = redactor.text(&chain(error));
    class(error, &words, service, url).original(words)
}

/// The words of a call without an answer, with what it can be found by at the service: the id that was sent, and when.
pub(in crate::cloud) fn with_ids(words: &str, sent: Option<&str>, at: Timestamp, call: &str) -> String {
    let id = sent.map(|id| format!("correlation {id}, ")).unwrap_or_default();
    format!("{words} ({id}time {at:.0}; {call})")
}

fn class(error: &reqwest::Error, words: &str, service: Service, url: &Url) -> Trouble {
    let host = clean_line(url.host_str().unwrap_or_default(), 80);
    let who = format!("{} ({host})", service.name());
    let lower = unquoted(words, &host).to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    // The errors of the TLS and proxy layers are not reqwest's own types; their words are all there is.
    if error.is_builder() {
        return Trouble::new(
            Class::Local,
            say_with("no_answer.bad_request", &[("who", &who)]),
            say("no_answer.bad_request_next"),
        );
    }
    if error.is_connect() && says(&["proxy", "tunnel"]) {
        return proxy(&who, &says);
    }
    if error.is_dns() || says(&["dns error", "failed to lookup"]) {
        if says(&["temporary failure", "try again", "no such host is known. (os error 11001)"]) {
            return offline(&who);
        }
        let next = if service == Service::Site {
            say("no_answer.unknown_host_site_next")
        } else {
            say("no_answer.unknown_host_next")
        };
        return Trouble::new(Class::Dns, say_with("no_answer.unknown_host", &[("who", &who)]), next);
    }
    if error.is_connect()
        && says(&["certificate", "tls", "handshake", "unknownissuer", "ssl", "corrupt message"])
    {
        return not_secure(&who, &says);
    }
    if error.is_timeout() {
        return Trouble::new(
            Class::TimeOut,
            say_with("no_answer.in_time", &[("who", &who)]),
            say("no_answer.in_time_next"),
        );
    }
    match io_kind(error) {
        Some(
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown,
        ) => offline(&who),
        Some(io::ErrorKind::ConnectionRefused) => Trouble::new(
            Class::Offline,
            say_with("no_answer.nothing_there", &[("who", &who)]),
            say("no_answer.nothing_there_next"),
        ),
        // The connection was there, and ended before it was secure.
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
            if error.is_connect() && url.scheme() == "https" =>
        {
            not_secure(&who, &says)
        }
        _ => Trouble::new(
            Class::TimeOut,
            say_with("no_answer.broke", &[("who", &who)]),
            say("no_answer.broke_next"),
        ),
    }
}

/// The words without the names in them: one may be called "proxy" or "tls" without being at fault.
fn unquoted(words: &str, host: &str) -> String {
    let own: String = words.split('"').step_by(2).collect();
    if host.is_empty() { own } else { own.replace(host, "") }
}

fn offline(who: &str) -> Trouble {
    Trouble::new(
        Class::Offline,
        say_with("no_answer.offline", &[("who", who)]),
        say("no_answer.offline_next"),
    )
}

fn proxy(who: &str, says: &dyn Fn(&[&str]) -> bool) -> Trouble {
    let what = say_with("no_answer.proxy", &[("who", who)]);
    if says(&["authorization required", "407"]) {
        return Trouble::new(Class::Proxy, what, say("no_answer.proxy_password_next"))
            .meaning(say("no_answer.proxy_password_means"));
    }
    Trouble::new(Class::Proxy, what, say("no_answer.proxy_next"))
}

/// No secure connection, by what was wrong with it.
fn not_secure(who: &str, says: &dyn Fn(&[&str]) -> bool) -> Trouble {
    let (means, next) = if says(&["unknownissuer", "badsignature", "selfsigned"]) {
        (say("not_secure.untrusted_means"), say("not_secure.untrusted_next"))
    } else if says(&["not valid for name", "notvalidforname"]) {
        (say("not_secure.another_means"), say("not_secure.another_next"))
    } else if says(&["expired", "not yet valid", "notvalidyet"]) {
        (say("not_secure.expired_means"), say("not_secure.expired_next"))
    } else {
        (say("not_secure.ended_means"), say("not_secure.ended_next"))
    };
    Trouble::new(Class::Tls, say_with("not_secure.what", &[("who", who)]), next).meaning(means)
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut source = Some(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            if io.kind() != io::ErrorKind::Other {
                return Some(io.kind());
            }
            // What such an error wraps is passed over by its source.
            if let Some(kind) = io.get_ref().and_then(|inner| io_kind(inner)) {
                return Some(kind);
            }
        }
        source = cause.source();
    }
    None
}
