//! Deciding once what kind of trouble an error or a refusing answer is, and saying it in four parts.

mod no_answer;

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

pub(super) use no_answer::{no_answer, with_ids};

use super::challenge;
use super::http::{Answer, Service};
use super::redact::Redactor;
use crate::engine::clean::clean_line;
use crate::engine::clouds::Audience;
use crate::engine::error_codes::explain_code;
use crate::engine::trouble::{Class, Demand, Trouble, spoken};
use crate::engine::words::{say, say_with};

/// How much of a service's own words is kept, in terminal cells.
const WORDS: usize = 600;

/// The causes of an error, outermost first, in one clean line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !text.contains(&words) {
            let _ = write!(text, ": {words}");
        }
        source = cause.source();
    }
    clean_line(&text, WORDS)
}

/// What a service's error body says, whichever of the known shapes it has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// `error` of an OAuth answer: the part that may be decided upon (microsoft-cloud 2.3).
    oauth: Option<String>,
    /// The claims that a new sign-in has to be asked with, where one would help (microsoft-cloud 2.3).
    claims: Option<String>,
    /// The code: `AADSTS65001`, `Authorization_RequestDenied`, `AuthorizationFailed`.
    code: Option<String>,
    /// The service's words, without the trailer of ids.
    words: String,
    /// Request or trace id, correlation id, time, in this order where they are known.
    ids: Vec<String>,
}

/// The AADSTS number in a text: `AADSTS65001`.
pub(super) fn aadsts(text: &str) -> Option<String> {
    let at = text.find("AADSTS")?;
    let digits: String = text[at + 6..].chars().take_while(char::is_ascii_digit).take(10).collect();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}

/// A member that should be text, but may be an object with the text inside (microsoft-cloud 4.10).
fn words_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(members)) => ["value", "message", "lang"]
            .iter()
            .find_map(|name| members.get(*name).and_then(Value::as_str))
            .map_or_else(|| value.map(Value::to_string).unwrap_or_default(), str::to_owned),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// A member by name, whatever its case (ARM's two envelopes differ in it, microsoft-cloud 5.9).
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, member)| member)
}

fn told(body: &Value) -> Told {
    if let Some(Value::String(oauth)) = member(body, "error") {
        let description = words_of(body.get("error_description"));
        let words = description.split("Trace ID:").next().unwrap_or_default().trim().to_owned();
        let number = body.get("error_codes").and_then(|codes| codes.get(0)).and_then(Value::as_u64);
        let ids = [("trace", "trace_id"), ("correlation", "correlation_id"), ("time", "timestamp")]
            .into_iter()
            .filter_map(|(label, name)| Some(format!("{label} {}", body.get(name)?.as_str()?)))
            .collect();
        return Told {
            code: aadsts(&words).or_else(|| number.map(|n| format!("AADSTS{n}"))).or(Some(oauth.clone())),
            oauth: Some(oauth.clone()),
            claims: claims(body),
            words,
            ids,
        };
    }
    let envelope = member(body, "error").filter(|error| error.is_object()).unwrap_or(body);
    let words = words_of(member(envelope, "message"));
    let code = match member(envelope, "code") {
        Some(Value::String(code)) if !code.is_empty() => Some(code.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let inner = member(envelope, "innerError");
    let ids = [("request", "request-id"), ("correlation", "client-request-id"), ("time", "date")]
        .into_iter()
        .filter_map(|(label, name)| {
            let id = inner.and_then(|inner| member(inner, name))?.as_str()?;
            Some(format!("{label} {id}"))
        })
        .collect();
    Told { oauth: None, claims: None, code, words, ids }
}

/// The claims to ask with. With `message_only`, nothing that a person does at a page will help.
fn claims(body: &Value) -> Option<String> {
    if body.get("suberror").and_then(Value::as_str) == Some("message_only") {
        return None;
    }
    challenge::checked(body.get("claims").and_then(Value::as_str)?)
}

/// The stronger sign-in that a refusal asks for.
fn demand(answer: &Answer, told: &Told) -> Option<Demand> {
    let (audience, claims) = match answer.service {
        Service::Graph => (Audience::Graph, challenge::demanded(&answer.headers)?),
        Service::Arm => (Audience::Arm, challenge::demanded(&answer.headers)?),
        // Whoever asked for a token for another service says so.
        Service::Login => (Audience::Graph, told.claims.clone()?),
        // What Power Apps would add is a forecast, for which nobody is asked to sign in once more.
        Service::PowerApps => (Audience::PowerApps, challenge::demanded(&answer.headers)?),
        Service::Site => return None,
    };
    Some(Demand { audience, claims })
}

/// Trouble for an answer that refuses.
pub(super) fn refusal(answer: &Answer) -> Trouble {
    let body = answer.json().unwrap_or_default();
    refused(answer, &body)
}

fn refused(answer: &Answer, body: &Value) -> Trouble {
    let mut told = told(body);
    if told.words.is_empty() && body.is_null() {
        told.words = clean_line(&answer.safe_text(), 200);
    }
    let patience = super::http::retry_after(&answer.headers, answer.at).filter(|wait| !wait.is_zero());
    trouble_of(answer, told, patience, spoken_for(answer, body))
}

/// Whether something on the way refused in the service's place: a gateway, a filter, a captive portal. Nothing that it
/// says of the service may be believed, least of all that something is not there.
pub(super) fn in_between(answer: &Answer) -> bool {
    spoken_for(answer, &answer.json().unwrap_or_default())
}

fn spoken_for(answer: &Answer, body: &Value) -> bool {
    match answer.status {
        // The function app's own pages and those of its platform are HTML.
        _ if answer.service == Service::Site => false,
        // Who sends this is by its definition not the service that was asked (RFC 6585, section 6).
        511 => true,
        // What a proxy, a slow network and a crowd bring, whoever says it.
        407 | 408 | 429 => false,
        400..=499 => {
            let own = told(body);
            // The services say why they refuse, in JSON (microsoft-cloud 2.3, 4.10, 5.9), or nothing at all, as for an
            // address that is not there (power-platform 1.5). The sign-in service has pages, which name a code.
            let speaks = member(body, "error").is_some() || own.code.is_some() || !own.words.is_empty();
            let silent = answer.body.iter().all(u8::is_ascii_whitespace);
            let page = answer.service == Service::Login && aadsts(&answer.safe_text()).is_some();
            !speaks && !silent && !page && challenge::demanded(&answer.headers).is_none()
        }
        _ => false,
    }
}

fn trouble_of(answer: &Answer, told: Told, patience: Option<Duration>, between: bool) -> Trouble {
    let status = answer.status;
    let class = if between {
        Class::UnexpectedAnswer
    } else {
        class_of(answer.service, status, told.oauth.as_deref())
    };
    let demand = demand(answer, &told).filter(|_| class == Class::SignInRefused);
    let code = told.code.map(|code| clean_line(&answer.redactor.text(&code), 80)).filter(|c| !c.is_empty());
    let (what, next) = phrases(class, answer.service, status, patience);
    let mut trouble = Trouble::new(class, what, next).original(original(
        answer,
        status,
        code.as_deref(),
        &told.words,
        &told.ids,
    ));
    trouble.status = Some(status);
    trouble.code = code;
    match demand {
        Some(_) if answer.service != Service::Login => stronger(&mut trouble, answer),
        _ => explain(&mut trouble, answer.service),
    }
    trouble.demand = demand.map(Box::new);
    trouble.retry_after = patience.filter(|_| matches!(class, Class::Throttled | Class::ServiceFault));
    if between {
        let (who, status) = (answer.service.name(), status.to_string());
        trouble.what = say_with("refusal.not_the_service", &[("who", who), ("status", &status)]);
    }
    if between || ((300..400).contains(&status) && answer.service != Service::Site) {
        // These services send nobody elsewhere; a network that wants to be agreed with first does.
        trouble.means = say("refusal.in_between").into();
        trouble.next = say("refusal.in_between_next").into();
    }
    // A gateway's word that the service failed does not say what the service had done by then.
    trouble.uncertain = answer.write && (between || matches!(status, 500 | 502 | 504));
    trouble
}

/// Puts our own words for a known code in place of the general ones.
fn explain(trouble: &mut Trouble, service: Service) {
    // Waiting is the answer to these, and how long stands in the general words.
    if matches!(trouble.class, Class::Throttled | Class::ServiceFault) {
        return;
    }
    if let Some(known) = trouble.code.as_deref().and_then(explain_code) {
        trouble.what =
            say_with("refusal.known", &[("who", service.name()), ("code", known.name.trim_end_matches('.'))]);
        trouble.means = known.means;
        trouble.next = known.next;
    }
}

/// Says that the service wants to be sure who it is before it goes on.
fn stronger(trouble: &mut Trouble, answer: &Answer) {
    let who = answer.service.name();
    if answer.write {
        trouble.what = say_with("stronger_sign_in.change", &[("who", who)]);
        trouble.means = say("stronger_sign_in.change_means").into();
    } else {
        trouble.what = say_with("stronger_sign_in.answer", &[("who", who)]);
        trouble.means = say("stronger_sign_in.answer_means").into();
    }
    trouble.next = say("stronger_sign_in.next").into();
}

fn original(answer: &Answer, status: u16, code: Option<&str>, words: &str, ids: &[String]) -> String {
    let words = answer.redactor.text(words);
    let mut text = match code {
        Some(code) if !words.contains(code) => format!("{code}: {words}"),
        _ => words,
    };
    text = clean_line(&text, WORDS);
    let mut notes = vec![format!("HTTP {status}")];
    notes.extend(ids.iter().cloned());
    for (label, name) in [
        ("request", "request-id"),
        ("request", "x-ms-request-id"),
        ("correlation", "x-ms-correlation-request-id"),
        ("time", "date"),
    ] {
        if !notes.iter().any(|note| note.starts_with(label))
            && let Some(id) = answer.header(name)
        {
            notes.push(format!("{label} {id}"));
        }
    }
    if !notes.iter().any(|note| note.starts_with("correlation"))
        && let Some(id) = &answer.correlation
    {
        notes.push(format!("correlation {id}"));
    }
    let notes = clean_line(&answer.redactor.text(&notes.join(", ")), WORDS);
    let gap = if text.is_empty() { "" } else { " " };
    format!("{text}{gap}({notes}; {})", clean_line(&answer.call, 200))
}

/// OAuth errors that are about the request, not about the person or the client (microsoft-cloud 2.3).
const ABOUT_THE_REQUEST: [&str; 6] = [
    "invalid_request",
    "invalid_scope",
    "invalid_resource",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_instance",
];

fn class_of(service: Service, status: u16, oauth: Option<&str>) -> Class {
    match (status, oauth) {
        (429, _) => Class::Throttled,
        (_, Some("temporarily_unavailable" | "server_error")) | (500.., _) => Class::ServiceFault,
        (_, Some(error)) if ABOUT_THE_REQUEST.contains(&error) => Class::Refused,
        (400..=403, Some(_)) | (401, _) => Class::SignInRefused,
        (403, _) => Class::NotAllowed,
        (404 | 410, _) => Class::NotFound,
        (407, _) => Class::Proxy,
        (408, _) => Class::TimeOut,
        (400..=499, _) if service == Service::Login && oauth.is_none() => Class::UnexpectedAnswer,
        (400..=499, _) => Class::Refused,
        _ => Class::UnexpectedAnswer,
    }
}

fn phrases(class: Class, service: Service, status: u16, patience: Option<Duration>) -> (String, String) {
    let who = service.name();
    match class {
        Class::Throttled | Class::ServiceFault => {
            let next = match patience {
                Some(wait) => say_with("refusal.try_again_in", &[("time", &spoken(wait))]),
                None => say("refusal.try_again").to_owned(),
            };
            let what = if class == Class::Throttled {
                say_with("refusal.throttled", &[("who", who)])
            } else {
                say_with("refusal.service_fault", &[("who", who), ("status", &status.to_string())])
            };
            (what, next)
        }
        Class::SignInRefused => {
            let next = if service == Service::Site {
                say("refusal.sign_in_site_next")
            } else {
                say("next.sign_in_again")
            };
            (say_with("refusal.sign_in", &[("who", who)]), next.into())
        }
        Class::NotAllowed => {
            (say_with("refusal.not_allowed", &[("who", who)]), say("refusal.not_allowed_next").into())
        }
        Class::NotFound => {
            (say_with("refusal.not_found", &[("who", who)]), say("refusal.not_found_next").into())
        }
        Class::Proxy => (say_with("refusal.proxy", &[("who", who)]), say("refusal.proxy_next").into()),
        Class::Refused => (
            say_with("refusal.refused", &[("who", who), ("status", &status.to_string())]),
            say("refusal.refused_next").into(),
        ),
        _ => (
            say_with("refusal.unexpected", &[("who", who), ("status", &status.to_string())]),
            say("refusal.unexpected_next").into(),
        ),
    }
}

/// Trouble for a refusal that the sign-in page sent back with the browser (microsoft-cloud 2.3).
pub(super) fn sign_in_page(error: &str, description: &str) -> Trouble {
    let redactor = Redactor::default();
    let words = redactor.text(description.split("Trace ID:").next().unwrap_or_default());
    let error = clean_line(error, 80);
    let class = class_of(Service::Login, 400, Some(&error));
    let (what, next) = if error == "access_denied" {
        (say("refusal.declined").into(), say("refusal.declined_next").into())
    } else {
        phrases(class, Service::Login, 400, None)
    };
    let mut trouble =
        Trouble::new(class, what, next).original(clean_line(&redactor.text(description), WORDS));
    trouble.code = Some(aadsts(&words).unwrap_or(error));
    explain(&mut trouble, Service::Login);
    trouble
}

/// Trouble for a page of the sign-in service that names this code.
pub(super) fn on_a_page(answer: &Answer, code: String) -> Trouble {
    let (what, next) = phrases(Class::Refused, answer.service, answer.status, None);
    let original = original(answer, answer.status, Some(&code), "", &[]);
    let mut trouble = Trouble::new(Class::Refused, what, next).original(original);
    trouble.status = Some(answer.status);
    trouble.code = Some(code);
    explain(&mut trouble, answer.service);
    trouble
}

/// Trouble for the text of a page of the sign-in service on which a sign-in ended; `None` where it names no code.
pub fn refused_on_a_page(text: &str) -> Option<Trouble> {
    let code = aadsts(text)?;
    let (what, next) = phrases(Class::SignInRefused, Service::Login, 400, None);
    let mut trouble = Trouble::new(Class::SignInRefused, what, next).original(code.clone());
    trouble.code = Some(code);
    explain(&mut trouble, Service::Login);
    Some(trouble)
}

/// Trouble for a body that should be JSON and is not.
pub(super) fn not_json(answer: &Answer) -> Trouble {
    if answer.truncated {
        return too_large(answer);
    }
    // Where tokens are handed out, an answer that was let through is not quoted, however it is spoilt.
    let hands_out = answer.service == Service::Login && answer.is_success();
    let start = if hands_out { String::new() } else { clean_line(&answer.safe_text(), 200) };
    let mut trouble = Trouble::new(
        Class::UnexpectedAnswer,
        say_with("odd_answer.not_json", &[("who", answer.service.name())]),
        say("odd_answer.not_json_next"),
    )
    .meaning(say("refusal.in_between"))
    .original(original(answer, answer.status, None, &start, &[]));
    trouble.status = Some(answer.status);
    trouble
}

/// Trouble for an answer whose end was not read.
fn too_large(answer: &Answer) -> Trouble {
    let read = format!("{} bytes were read", answer.body.len());
    let mut trouble = Trouble::new(
        Class::UnexpectedAnswer,
        say_with("odd_answer.too_large", &[("who", answer.service.name())]),
        say("odd_answer.too_large_next"),
    )
    .meaning(say("odd_answer.too_large_means"))
    .original(original(answer, answer.status, None, &read, &[]));
    trouble.status = Some(answer.status);
    trouble
}

/// Trouble for an answer that lacks what its description promises.
pub fn unexpected(answer: &Answer, missing: &str) -> Trouble {
    let mut trouble = Trouble::new(
        Class::UnexpectedAnswer,
        say_with("odd_answer.lacks", &[("who", answer.service.name()), ("missing", missing)]),
        say("odd_answer.lacks_next"),
    )
    .original(original(answer, answer.status, None, "", &[]));
    trouble.status = Some(answer.status);
    trouble
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;
    use url::Url;

    fn answer(service: Service, status: u16, body: &str) -> Answer {
        Answer {
            service,
            status,
            headers: [("x-ms-request-id".parse().unwrap(), "r-1".parse().unwrap())].into_iter().collect(),
            body: body.as_bytes().to_vec().into(),
            truncated: false,
            at: "2026-11-21T12:00:00Z".parse().unwrap(),
            call: "GET /x".into(),
            url: Url::parse("https://graph.microsoft.com/x").unwrap(),
            correlation: Some("c-1".into()),
            write: false,
            redactor: Arc::default(),
        }
    }

    #[test]
    fn every_error_shape_gives_its_class_and_code() {
        use Class::{
            NotAllowed, NotFound, Refused, ServiceFault, SignInRefused, Throttled, UnexpectedAnswer,
        };
        let cases = [
            (
                Service::Login,
                400,
                json!({"error": "invalid_grant", "error_description": "AADSTS65001: no consent. Trace ID: t", "trace_id": "t"}),
                SignInRefused,
                Some("AADSTS65001"),
            ),
            (
                Service::Login,
                401,
                json!({"error": "invalid_client", "error_codes": [7_000_215], "error_description": "Wrong."}),
                SignInRefused,
                Some("AADSTS7000215"),
            ),
            (
                Service::Login,
                400,
                json!({"error": "invalid_resource", "error_description": "AADSTS500011: none\r\nTrace ID: t"}),
                Refused,
                Some("AADSTS500011"),
            ),
            (
                Service::Login,
                400,
                json!({"error": "invalid_request", "error_description": 7}),
                Refused,
                Some("invalid_request"),
            ),
            (
                Service::Login,
                503,
                json!({"error": "temporarily_unavailable"}),
                ServiceFault,
                Some("temporarily_unavailable"),
            ),
            (
                Service::Graph,
                403,
                json!({"error": {"code": "Authorization_RequestDenied", "message": "No.", "innerError": {"request-id": "r", "date": "d"}}}),
                NotAllowed,
                Some("Authorization_RequestDenied"),
            ),
            (
                Service::Graph,
                404,
                json!({"error": {"code": "Request_ResourceNotFound", "message": {"lang": "en", "value": "Gone."}}}),
                NotFound,
                Some("Request_ResourceNotFound"),
            ),
            (
                Service::Graph,
                400,
                json!({"error": {"code": "Request_BadRequest", "message": "x", "details": {}}}),
                Refused,
                Some("Request_BadRequest"),
            ),
            (
                Service::Graph,
                429,
                json!({"error": {"code": "TooManyRequests"}}),
                Throttled,
                Some("TooManyRequests"),
            ),
            (
                Service::Arm,
                401,
                json!({"error": {"code": "InvalidAuthenticationTokenTenant", "message": "m"}}),
                SignInRefused,
                Some("InvalidAuthenticationTokenTenant"),
            ),
            (
                Service::Arm,
                409,
                json!({"Code": "Conflict", "Message": "Busy.", "Target": null, "Innererror": null}),
                Refused,
                Some("Conflict"),
            ),
            (Service::Arm, 500, json!([1]), ServiceFault, None),
            (Service::Login, 400, json!("junk"), UnexpectedAnswer, None),
            (Service::Graph, 404, json!({"message": "No."}), NotFound, None),
            (Service::Graph, 403, json!({"error": {}}), NotAllowed, None),
            (Service::Arm, 404, json!({"html": 1}), UnexpectedAnswer, None),
            (Service::Site, 401, json!(null), SignInRefused, None),
        ];
        for (service, status, body, class, code) in cases {
            let trouble = refusal(&answer(service, status, &body.to_string()));
            assert_eq!(
                (trouble.class, trouble.code.as_deref(), trouble.status),
                (class, code, Some(status)),
                "{body}"
            );
            assert!(!trouble.next.is_empty() && !trouble.what.is_empty(), "{body}");
            assert!(trouble.original.contains(&format!("HTTP {status}")), "{}", trouble.original);
        }
    }

    #[test]
    fn a_page_is_no_word_of_a_service_but_silence_and_the_function_apps_own_pages_are() {
        let page = "<html><h1>Not Found</h1></html>";
        for service in [Service::Login, Service::Graph, Service::Arm, Service::PowerApps] {
            for status in [400, 401, 403, 404, 410, 511] {
                let trouble = refusal(&answer(service, status, page));
                assert_eq!((trouble.class, trouble.status), (Class::UnexpectedAnswer, Some(status)));
                assert!(trouble.what.contains("on the way") && trouble.original.contains("Not Found"));
                assert!(in_between(&answer(service, status, page)));
            }
            for (status, class) in [
                (407, Class::Proxy),
                (408, Class::TimeOut),
                (429, Class::Throttled),
                (503, Class::ServiceFault),
            ] {
                assert_eq!(refusal(&answer(service, status, page)).class, class, "{status}");
            }
            assert_eq!(refusal(&answer(service, 404, " \r\n")).class, Class::NotFound);
        }
        assert_eq!(refusal(&answer(Service::Site, 404, page)).class, Class::NotFound);
        let told = "<html>AADSTS90002: Tenant 'x' not found.</html>";
        assert!(!in_between(&answer(Service::Login, 404, told)));
    }

    #[test]
    fn what_was_sent_into_a_page_may_have_been_done() {
        let sent = Answer { write: true, ..answer(Service::Graph, 404, "<html>") };
        assert!(refusal(&sent).uncertain);
        assert!(!refusal(&Answer { write: true, ..answer(Service::Graph, 404, "") }).uncertain);
    }

    #[test]
    fn the_original_words_and_ids_are_kept_and_cleaned() {
        let body = json!({"error": {"code": "Bad\u{1b}[31m", "message": "Line one\nline two\u{202e}",
            "innerError": {"request-id": "r-2", "client-request-id": "c-2", "date": "2026-11-21T09:34:12"}}});
        let trouble = refusal(&answer(Service::Graph, 400, &body.to_string()));
        assert_eq!(
            trouble.original,
            "Bad[31m: Line one line two (HTTP 400, request r-2, correlation c-2, time 2026-11-21T09:34:12; GET /x)"
        );
        let plain = refusal(&answer(Service::Arm, 502, "<h1>Bad gateway</h1>"));
        assert_eq!(plain.original, "<h1>Bad gateway</h1> (HTTP 502, request r-1, correlation c-1; GET /x)");
    }

    #[test]
    fn a_known_code_is_explained_in_our_own_words() {
        let body = json!({"error": "unauthorized_client", "error_description": "AADSTS700016: Application not found."});
        let trouble = refusal(&answer(Service::Login, 400, &body.to_string()));
        assert_eq!(trouble.what, "Microsoft Entra sign-in says: App not found in this tenant.");
        assert!(trouble.means.contains("client ID") && trouble.next.contains("client ID"), "{trouble}");
        let body = json!({"error": "temporarily_unavailable", "error_description": "AADSTS90033: later"});
        let trouble = refusal(&answer(Service::Login, 503, &body.to_string()));
        assert!(trouble.next.contains("Wait"), "{trouble}");
    }

    #[test]
    fn an_aadsts_number_is_found_in_a_sentence() {
        assert_eq!(aadsts("Error: AADSTS50011: The redirect").as_deref(), Some("AADSTS50011"));
        assert_eq!(aadsts("AADSTS"), None);
        assert_eq!(aadsts("nothing"), None);
    }
}
