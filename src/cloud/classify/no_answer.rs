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
    let lower = words.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    // The errors of the TLS and proxy layers are not reqwest's own types; their words are all there is.
    if error.is_builder() {
        return Trouble::new(
            Class::Local,
            format!("The request to {who} could not be made."),
            "Check the address.",
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
            "Check the spelling of the address. A function app that was just made may need a few minutes."
        } else {
            "Check that this computer is online and that the right cloud is chosen."
        };
        return Trouble::new(Class::Dns, format!("The host name of {who} is not known."), next);
    }
    if error.is_connect()
        && says(&["certificate", "tls", "handshake", "unknownissuer", "ssl", "corrupt message"])
    {
        return not_secure(&who, &says);
    }
    if error.is_timeout() {
        return Trouble::new(
            Class::TimeOut,
            format!("{who} did not answer in time."),
            "It is safe to try again.",
        );
    }
    match io_kind(error) {
        Some(
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkDown,
        ) => offline(&who),
        Some(io::ErrorKind::ConnectionRefused) => Trouble::new(
            Class::Offline,
            format!("Nothing answers at {who}."),
            "Check that the address is right and that the service is running.",
        ),
        // The connection was there, and ended before it was secure.
        Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
            if error.is_connect() && url.scheme() == "https" =>
        {
            not_secure(&who, &says)
        }
        _ => Trouble::new(
            Class::TimeOut,
            format!("The connection to {who} broke before an answer came."),
            "It is safe to look again.",
        ),
    }
}

fn offline(who: &str) -> Trouble {
    Trouble::new(
        Class::Offline,
        format!("{who} cannot be reached."),
        "Check that this computer is online, then try again.",
    )
}

fn proxy(who: &str, says: &dyn Fn(&[&str]) -> bool) -> Trouble {
    let what = format!("The proxy did not let the call to {who} through.");
    if says(&["authorization required", "407"]) {
        return Trouble::new(
            Class::Proxy,
            what,
            "Put them into HTTPS_PROXY (http://user:password@host:port), or ask whoever runs the proxy.",
        )
        .meaning("It wants a user name and a password of its own.");
    }
    Trouble::new(Class::Proxy, what, "Check HTTPS_PROXY and NO_PROXY, or ask whoever runs the proxy.")
}

/// No secure connection, by what was wrong with it.
fn not_secure(who: &str, says: &dyn Fn(&[&str]) -> bool) -> Trouble {
    let (means, next) = if says(&["unknownissuer", "badsignature", "selfsigned"]) {
        (
            "The certificate it showed comes from nobody whom this computer trusts. A company proxy that looks into \
             connections does that; so would somebody who listens in.",
            "Behind a company proxy, name its certificate with --ca-file. Else try another network.",
        )
    } else if says(&["not valid for name", "notvalidforname"]) {
        (
            "The certificate it showed is for another address: something in between answers in its place.",
            "Open any page in a browser and see what the network asks there, or try another network.",
        )
    } else if says(&["expired", "not yet valid", "notvalidyet"]) {
        (
            "The certificate it showed is not good at this time.",
            "Check the clock of this computer. If it is right, try another network.",
        )
    } else {
        (
            "The connection was ended before it was secure. A proxy or a filter in between may not let it through.",
            "Check HTTPS_PROXY, or ask whoever runs the proxy or the network.",
        )
    };
    Trouble::new(Class::Tls, format!("No secure connection to {who} could be made."), next).meaning(means)
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
