//! What an error means here: finds the codes in any pasted text and explains each in our own words.
//!
//! Numbers are taken from a text to explain it, never to decide by (microsoft-cloud 3, reading advice).

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use uuid::Uuid;

use super::clean::clean_line;
use super::clouds::Cloud;
use super::ids::StageId;
use super::pasted::readings;
use super::words::{WordsError, say_with, ui, ui_with};

const ERRORS: &str = include_str!("../../assets/errors.toml");
const PREFIX: &str = "AADSTS";
/// A list of codes longer than this is an attempt to fill the screen.
const MAX_CODES: usize = 12;

/// One code, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The code as the service spells it, such as `AADSTS50011` or `Authorization_RequestDenied`; for an answer without
    /// a code, its HTTP status.
    pub code: String,
    /// What it is called in short.
    pub name: String,
    /// What it means here.
    pub means: String,
    /// What to do next.
    pub next: String,
    /// The stage that mends it, where one does.
    pub stage: Option<StageId>,
    /// The ways of signing in that may be let through where another one was not.
    pub ways: Vec<Way>,
    /// Microsoft's page about the number, where we have no words of our own.
    pub lookup: Option<String>,
}

/// A way of signing in, as a tenant's rules tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// The browser on this machine, which can show what the machine is.
    Browser,
    /// A code, typed on any device.
    Code,
    /// The session of the Azure CLI.
    Az,
}

/// Everything that a pasted error tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// The codes in it, in the order of their appearance, each once.
    pub codes: Vec<Explanation>,
    /// Entra's trace id, or the request id of another service.
    pub trace_id: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
    /// When it happened, by the service's clock.
    pub timestamp: Option<Timestamp>,
    /// The redirect URI that an AADSTS50011 text names, exactly.
    pub redirect_uri: Option<String>,
    /// The client ID of the app that asked, where the text names it.
    pub client_app_id: Option<String>,
    /// The resource that was asked for, where an AADSTS650057 text names it.
    pub requested_resource: Option<String>,
    /// The client IDs of the resources that the app may ask for, from an AADSTS650057 text.
    pub valid_resources: Vec<String>,
}

impl Explained {
    /// The stage that mends it: the first that one of the codes names.
    pub fn stage(&self) -> Option<StageId> {
        self.codes.iter().find_map(|code| code.stage)
    }

    /// The ids that support asks for, as one line each; empty where the text had none.
    pub fn support_lines(&self) -> Vec<String> {
        [
            self.trace_id.as_ref().map(|id| say_with("for_support.trace", &[("id", id)])),
            self.correlation_id.as_ref().map(|id| say_with("for_support.correlation", &[("id", id)])),
            self.timestamp.map(|at| say_with("for_support.time", &[("at", &at.to_string())])),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// An answer that carries no code of its own.
#[derive(Debug, Clone, Copy)]
struct BareAnswer<'a> {
    /// Its HTTP status.
    status: u16,
    /// Whether the header `WWW-Authenticate` came with it.
    challenged: bool,
    /// Whether the call carried no token.
    anonymous: bool,
    /// Its body, or the beginning of it.
    body: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorsFile {
    aadsts: Vec<Entry>,
    idx: Vec<Entry>,
    graph: Vec<Entry>,
    arm: Vec<Entry>,
    platform: Vec<Entry>,
    status: Vec<StatusEntry>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    codes: Vec<String>,
    name: String,
    means: String,
    #[serde(rename = "do")]
    next: String,
    stage: Option<StageId>,
    #[serde(default)]
    ways: Vec<Way>,
    /// An ordinary word, which is a code only where it stands as one in a JSON body.
    #[serde(default)]
    only_as_code: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusEntry {
    status: Vec<u16>,
    header: Option<bool>,
    contains: Option<String>,
    anonymous: Option<bool>,
    name: String,
    means: String,
    #[serde(rename = "do")]
    next: String,
    stage: Option<StageId>,
}

/// The explained codes.
#[derive(Default)]
struct Catalogue {
    entries: Vec<Entry>,
    /// From a code in lower case (a bare number for AADSTS) to its spelling and its entry.
    index: HashMap<String, (String, usize)>,
    statuses: Vec<StatusEntry>,
}

impl Catalogue {
    fn parse(text: &str) -> Result<Self, WordsError> {
        let damaged = |problem: String| WordsError { file: "errors.toml", problem };
        let file: ErrorsFile = toml::from_str(text).map_err(|error| damaged(error.to_string()))?;
        let mut all = Self { statuses: file.status, ..Self::default() };
        let families =
            [(PREFIX, file.aadsts), ("", file.idx), ("", file.graph), ("", file.arm), ("", file.platform)];
        for (prefix, entries) in families {
            for entry in entries {
                for code in &entry.codes {
                    let spelled = format!("{prefix}{code}");
                    let place = all.entries.len();
                    if all.index.insert(code.to_ascii_lowercase(), (spelled, place)).is_some() {
                        return Err(damaged(format!("{code} is explained twice")));
                    }
                }
                all.entries.push(entry);
            }
        }
        Ok(all)
    }

    /// The explanation of a bare number (AADSTS) or a named code.
    fn explain(&self, code: &str) -> Option<Explanation> {
        let (spelled, place) = self.index.get(&code.to_ascii_lowercase())?;
        let entry = self.entries.get(*place)?;
        Some(Explanation {
            code: spelled.clone(),
            name: entry.name.clone(),
            means: entry.means.clone(),
            next: entry.next.clone(),
            stage: entry.stage,
            ways: entry.ways.clone(),
            lookup: None,
        })
    }

    fn is_only_as_code(&self, code: &str) -> Option<bool> {
        let (_, place) = self.index.get(&code.to_ascii_lowercase())?;
        self.entries.get(*place).map(|entry| entry.only_as_code)
    }
}

/// Parses the embedded explanations. For the test that holds mistakes back.
///
/// # Errors
/// [`WordsError`] with what is wrong in the data.
#[cfg(test)]
pub(super) fn load() -> Result<(), WordsError> {
    Catalogue::parse(ERRORS).map(|_| ())
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::parse(ERRORS).unwrap_or_default())
}

/// Explains one code: a bare number, `AADSTS` with a number, or a named code. `None` for a name that we have no words
/// for; an unknown number gets the address of Microsoft's own page.
pub fn explain_code(code: &str) -> Option<Explanation> {
    let code = code.trim();
    let number = strip_prefix(code).unwrap_or(code);
    if is_number(number) { Some(by_number(number)) } else { catalogue().explain(code) }
}

/// Explains a pasted text of any kind: a number, an error page, its source, a JSON body, an address, a base64 error of
/// the consent page. Nothing in it is trusted; every part that is given back is cleaned or checked.
pub fn explain(text: &str) -> Explained {
    let mut all = Explained::default();
    let trimmed = text.trim();
    if is_number(trimmed) {
        all.codes.push(by_number(trimmed));
        return all;
    }
    for reading in readings(text) {
        for found in codes(&reading) {
            if all.codes.len() < MAX_CODES && !all.codes.iter().any(|known| known.code == found.code) {
                all.codes.push(found);
            }
        }
        // ASCII lower case keeps every position, so that what is found in one is cut out of the other.
        let lower = reading.to_ascii_lowercase();
        all.trace_id = all.trace_id.or_else(|| {
            guid_after(&lower, &["trace id", "trace_id", "x-ms-request-id", "request id", "request-id"])
        });
        all.correlation_id = all
            .correlation_id
            .or_else(|| guid_after(&lower, &["correlation id", "correlation_id", "client-request-id"]));
        all.timestamp = all.timestamp.or_else(|| timestamp(&reading, &lower));
        all.redirect_uri = all.redirect_uri.or_else(|| redirect_uri(&reading, &lower));
        all.client_app_id = all.client_app_id.or_else(|| {
            guid_after(
                &lower,
                &[
                    "client app id",
                    "for the application",
                    "application with identifier",
                    "application with id",
                    "the client application",
                    "secret added to app",
                    "secret keys for app",
                ],
            )
        });
        all.requested_resource = all.requested_resource.or_else(|| requested_resource(&reading, &lower));
        if all.valid_resources.is_empty() {
            all.valid_resources = valid_resources(&lower);
        }
    }
    let has = |code: &str| all.codes.iter().any(|known| known.code == code);
    if !has("AADSTS50011") {
        all.redirect_uri = None;
    }
    if !has("AADSTS650057") {
        all.requested_resource = None;
        all.valid_resources.clear();
    }
    all
}

/// Explains a pasted text as [`explain`] does; one that holds no code, but the status of an answer, by that.
pub fn explain_pasted(text: &str) -> Explained {
    let mut all = explain(text);
    if all.codes.is_empty() {
        let challenged = text.to_ascii_lowercase().contains("www-authenticate");
        let answer = |status| BareAnswer { status, challenged, anonymous: false, body: text };
        all.codes.extend(status_in(text).and_then(|status| explain_status(&answer(status))));
    }
    all
}

/// The HTTP status that a text begins with, or that stands behind a word for it.
fn status_in(text: &str) -> Option<u16> {
    let lower = text.to_ascii_lowercase();
    let lower = lower.as_str();
    let words = ["http/1.1", "http/2", "http", "statuscode", "status", "error"];
    let behind = words
        .into_iter()
        .flat_map(|word| lower.match_indices(word).map(move |(at, found)| &lower[at + found.len()..]));
    std::iter::once(lower).chain(behind).find_map(|text| {
        let text = text.trim_start_matches([' ', ':', '"', '\'', '=', '\t', '\r', '\n']);
        let digits = leading_digits(text);
        let alone = text[digits.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '-');
        digits.parse().ok().filter(|status| alone && (200..600).contains(status))
    })
}

/// Explains an answer by its status alone; `None` for a status that says nothing by itself.
fn explain_status(answer: &BareAnswer<'_>) -> Option<Explanation> {
    let body = answer.body.to_ascii_lowercase();
    let fits = |entry: &&StatusEntry| {
        entry.status.contains(&answer.status)
            && entry.header.is_none_or(|header| header == answer.challenged)
            && entry.anonymous.is_none_or(|anonymous| anonymous == answer.anonymous)
            && entry.contains.as_ref().is_none_or(|part| body.contains(part.as_str()))
    };
    catalogue().statuses.iter().find(fits).map(|entry| Explanation {
        code: answer.status.to_string(),
        name: entry.name.clone(),
        means: entry.means.clone(),
        next: entry.next.clone(),
        stage: entry.stage,
        ways: Vec::new(),
        lookup: None,
    })
}

/// Whether this can be an AADSTS number.
fn is_number(text: &str) -> bool {
    (4..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn by_number(number: &str) -> Explanation {
    catalogue().explain(number).unwrap_or_else(|| {
        let lookup = Cloud::error_lookup(number);
        Explanation {
            code: format!("{PREFIX}{number}"),
            name: ui("explain.unknown_name").to_owned(),
            means: ui("explain.unknown_means").to_owned(),
            next: ui_with("explain.unknown", &[("url", &lookup)]),
            stage: None,
            ways: Vec::new(),
            lookup: Some(lookup),
        }
    })
}

fn strip_prefix(text: &str) -> Option<&str> {
    text.get(..PREFIX.len()).filter(|start| start.eq_ignore_ascii_case(PREFIX))?;
    Some(text[PREFIX.len()..].trim_start_matches([' ', ':']))
}

/// All codes in one reading, in order.
fn codes(text: &str) -> Vec<Explanation> {
    let mut found: Vec<(usize, Explanation)> = Vec::new();
    let lower = text.to_ascii_lowercase();
    for marker in ["aadsts", "error?code=", "\"error_codes\""] {
        for (at, _) in lower.match_indices(marker) {
            let rest = lower[at + marker.len()..].trim_start_matches([' ', ':']);
            // Only the list of a JSON body holds more than one number.
            let list = rest.strip_prefix('[').and_then(|list| list.split(']').next());
            let numbers = list
                .map_or_else(|| vec![leading_digits(rest)], |list| list.split(',').map(str::trim).collect());
            found.extend(
                numbers.into_iter().filter(|number| is_number(number)).map(|number| (at, by_number(number))),
            );
        }
    }
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut at = 0;
    for token in text.split(|c: char| !inside(c)) {
        // Bare numbers are codes only where something says so, which was looked for above.
        if !token.is_empty() && !token.bytes().all(|byte| byte.is_ascii_digit()) {
            let only_as_code = catalogue().is_only_as_code(token);
            let counts =
                only_as_code == Some(false) || (only_as_code == Some(true) && stands_as_code(&lower[..at]));
            if counts && let Some(explanation) = catalogue().explain(token) {
                found.push((at, explanation));
            }
        }
        at += token.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, explanation)| explanation).collect()
}

fn leading_digits(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
}

/// Whether what follows is the value of a JSON member called code.
fn stands_as_code(before: &str) -> bool {
    before
        .strip_suffix('"')
        .map(str::trim_end)
        .and_then(|before| before.strip_suffix(':'))
        .is_some_and(|before| before.trim_end().ends_with("code\""))
}

/// The first GUID that stands right behind one of the labels.
fn guid_after(lower: &str, labels: &[&str]) -> Option<String> {
    labels.iter().find_map(|label| {
        lower.match_indices(label).find_map(|(at, _)| {
            // `request-id` is also the end of `client-request-id`, which is another thing.
            if lower[..at].ends_with(['-', '_']) {
                return None;
            }
            let rest =
                lower[at + label.len()..].trim_start_matches([' ', ':', '"', '\'', '=', '\n', '\r', '\t']);
            let guid = rest.get(..36)?;
            Uuid::try_parse(guid).ok().map(|guid| guid.hyphenated().to_string())
        })
    })
}

/// The time behind `Timestamp:`, spelled with a space or a T (microsoft-cloud 2.3), or behind Graph's `date`.
fn timestamp(text: &str, lower: &str) -> Option<Timestamp> {
    ["timestamp", "\"date\""].iter().find_map(|label| {
        lower.match_indices(label).find_map(|(at, _)| {
            let rest = text[at + label.len()..].trim_start_matches([' ', ':', '"', '\n', '\r', '\t']);
            let spelled = rest.get(..19)?.replacen(' ', "T", 1);
            let when: DateTime = spelled.parse().ok()?;
            when.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })
    })
}

/// The address in `The redirect URI '<address>' specified in the request`.
fn redirect_uri(text: &str, lower: &str) -> Option<String> {
    ["redirect uri", "redirect url", "reply url", "reply address"].iter().find_map(|label| {
        lower.match_indices(label).find_map(|(at, _)| {
            let rest = text[at + label.len()..].trim_start_matches([' ', ':']);
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let address = rest[1..].split(quote).next()?;
            let is_address = address.starts_with("https://") || address.starts_with("http://");
            let is_plain = address.len() <= 500 && address.bytes().all(|byte| byte.is_ascii_graphic());
            (is_address && is_plain).then(|| address.to_owned())
        })
    })
}

fn requested_resource(text: &str, lower: &str) -> Option<String> {
    let label = "resource value from request:";
    let rest = &text[lower.find(label)? + label.len()..];
    let value = rest.trim_start().split([' ', '\n', '\r', '<', '"']).next()?;
    let value = clean_line(value.trim_end_matches('.'), 200);
    (!value.is_empty()).then_some(value)
}

/// The GUIDs behind `List of valid resources from app registration:`, up to the trailer.
fn valid_resources(lower: &str) -> Vec<String> {
    let Some((_, rest)) = lower.split_once("list of valid resources") else { return Vec::new() };
    let list = rest.split("trace id").next().unwrap_or_default();
    list.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'))
        .filter(|word| word.len() == 36)
        .filter_map(|word| Uuid::try_parse(word).ok())
        .map(|guid| guid.hyphenated().to_string())
        .take(50)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use proptest::prelude::*;

    const URL: &str = "https://global.consent.azure-apim.net/redirect/new-5fhello";
    const TRACE: &str = "0a1b2c3d-0000-4000-8000-00000000f001";
    const CORRELATION: &str = "0a1b2c3d-0000-4000-8000-00000000f002";
    const CLIENT: &str = "5f3d2c1a-0b4e-4c6d-8a77-1e2f3a4b5c6d";

    fn page() -> String {
        format!(
            "AADSTS50011: The redirect URI '{URL}' specified in the request does not match the redirect URIs configured \
             for the application '{CLIENT}'. Trace ID: {TRACE} Correlation ID: {CORRELATION} Timestamp: 2026-11-21 09:34:12Z"
        )
    }

    fn found(text: &str) -> Vec<String> {
        explain(text).codes.into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn the_explanations_parse_and_are_fit_to_be_read() {
        load().unwrap();
        let all = catalogue();
        assert!(all.index.len() > 200, "{}", all.index.len());
        for Entry { codes, name, means, next, .. } in &all.entries {
            let code = &codes[0];
            assert!(name.chars().count() <= 52 && !name.ends_with('.'), "{code}: {name}");
            for text in [means, next] {
                assert!(text.ends_with('.') && text.chars().count() <= 260, "{code}: {text}");
                assert_eq!(&clean_line(text, 1000), text, "{code}");
            }
        }
        for entry in &all.statuses {
            assert!(entry.means.ends_with('.') && entry.next.ends_with('.'), "{:?}", entry.status);
            assert!(entry.contains.as_ref().is_none_or(|part| *part == part.to_ascii_lowercase()));
        }
    }

    #[test]
    fn damaged_explanations_are_reported() {
        let twice = format!("{ERRORS}\n[[graph]]\ncodes=[\"50011\"]\nname=\"x\"\nmeans=\"x\"\ndo=\"x\"\n");
        assert!(Catalogue::parse(&twice).is_err_and(|error| error.problem.contains("twice")));
        assert!(Catalogue::parse("aadsts = 1").is_err());
    }

    #[test]
    fn every_form_of_an_error_page_is_understood() {
        let page = page();
        let encoded = base64::engine::general_purpose::STANDARD.encode(&page);
        let json = serde_json::json!({ "error": "invalid_request", "error_description": page, "error_codes": [50011] });
        for text in [
            page.clone(),
            page.replace(" Trace", "\r\nTrace").replace(" Correlation", "\r\nCorrelation"),
            page.replace("Trace ID", "Request Id")
                .replace(" Correlation ID", "\nCorrelation Id")
                .replace("21 09", "21T09"),
            format!("<div>{}</div>", page.replace('\'', "&#39;").replace('/', "&#x2F;")),
            json.to_string(),
            format!("https://make.powerapps.com/x?error={encoded}"),
            format!(
                "?error_description={}",
                page.replace(' ', "+").replace('\'', "%27").replace(':', "%3a").replace('/', "%2f")
            ),
        ] {
            let all = explain(&text);
            assert_eq!(all.codes.len(), 1, "{text}");
            assert_eq!(all.codes[0].code, "AADSTS50011", "{text}");
            assert_eq!(all.codes[0].stage, Some(StageId::Connect));
            assert_eq!(all.redirect_uri.as_deref(), Some(URL), "{text}");
            assert_eq!(all.client_app_id.as_deref(), Some(CLIENT), "{text}");
            assert_eq!(all.trace_id.as_deref(), Some(TRACE), "{text}");
            assert_eq!(all.correlation_id.as_deref(), Some(CORRELATION), "{text}");
            assert_eq!(all.timestamp, Some("2026-11-21T09:34:12Z".parse().unwrap()), "{text}");
            assert_eq!(all.support_lines().len(), 3);
        }
    }

    #[test]
    fn codes_are_found_wherever_they_stand() {
        for (text, codes) in [
            ("50011", vec!["AADSTS50011"]),
            (" 7000215\n", vec!["AADSTS7000215"]),
            ("aadsts 65001", vec!["AADSTS65001"]),
            ("{\"error_codes\":[70002,70008]}", vec!["AADSTS70002", "AADSTS70008"]),
            ("https://login.microsoftonline.com/error?code=90094", vec!["AADSTS90094"]),
            ("AADSTS70002: x AADSTS7000215: y AADSTS70002", vec!["AADSTS70002", "AADSTS7000215"]),
            (
                "{\"code\":401,\"message\":\"IDX10214: Audience validation failed. Audiences: 'x'.\"}",
                vec!["IDX10214"],
            ),
            (
                "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"Insufficient privileges\"}}",
                vec!["Authorization_RequestDenied"],
            ),
            ("{\"Code\":\"Conflict\",\"Message\":\"x\"}", vec!["Conflict"]),
            ("There was a conflict in the meeting.", vec![]),
            ("X-Ms-Failure-Cause: apihub-token-exchange", vec!["apihub-token-exchange"]),
            ("The client does not have authorization (AuthorizationFailed)", vec!["AuthorizationFailed"]),
            ("port 50011, room 65001", vec![]),
            ("AADSTS", vec![]),
            ("AADSTS1", vec![]),
            ("AADSTS999999999999", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(found(text), codes, "{text}");
        }
    }

    #[test]
    fn an_unknown_number_gets_microsofts_page() {
        let one = explain("AADSTS123456: never seen").codes.remove(0);
        assert_eq!(one.code, "AADSTS123456");
        assert_eq!(one.lookup.as_deref(), Some("https://login.microsoftonline.com/error?code=123456"));
        assert!(one.next.contains("code=123456"));
        assert_eq!(explain_code("AADSTS123456"), Some(one));
        assert_eq!(explain_code("NoSuchCode"), None);
        assert_eq!(explain_code("50011").map(|one| one.lookup), Some(None));
    }

    #[test]
    fn the_resources_of_a_missing_permission_are_read() {
        let graph = "00000003-0000-0000-c000-000000000000";
        let text = format!(
            "AADSTS650057: Invalid resource. The client has requested access to a resource which is not listed in the \
             requested permissions in the client's application registration. Client app ID: {CLIENT}(Hello connector). \
             Resource value from request: api://9a8b7c6d-5e4f-4a3b-9c2d-1f0e9d8c7b6a. Resource app ID: \
             9a8b7c6d-5e4f-4a3b-9c2d-1f0e9d8c7b6a. List of valid resources from app registration: {graph}. \
             Trace ID: {TRACE}"
        );
        let all = explain(&text);
        assert_eq!(all.client_app_id.as_deref(), Some(CLIENT));
        assert_eq!(all.requested_resource.as_deref(), Some("api://9a8b7c6d-5e4f-4a3b-9c2d-1f0e9d8c7b6a"));
        assert_eq!(all.valid_resources, [graph]);
        assert_eq!(all.trace_id.as_deref(), Some(TRACE));
    }

    #[test]
    fn graphs_ids_are_told_apart() {
        let text = format!(
            "{{\"error\":{{\"code\":\"Request_ResourceNotFound\",\"innerError\":{{\"date\":\"2026-11-21T09:34:12\",\
             \"client-request-id\":\"{CORRELATION}\",\"request-id\":\"{TRACE}\"}}}}}}"
        );
        let all = explain(&text);
        assert_eq!(all.trace_id.as_deref(), Some(TRACE));
        assert_eq!(all.correlation_id.as_deref(), Some(CORRELATION));
        assert_eq!(all.timestamp, Some("2026-11-21T09:34:12Z".parse().unwrap()));
    }

    #[test]
    fn a_bare_status_is_told_by_header_and_body() {
        let answer = |status, challenged, anonymous, body| BareAnswer { status, challenged, anonymous, body };
        for (answer, stage) in [
            (answer(401, true, false, ""), Some(StageId::Protect)),
            (answer(401, false, false, ""), Some(StageId::Pick)),
            (answer(403, false, false, ""), Some(StageId::Register)),
            (answer(403, false, false, "Error 403 - This web app is Stopped."), Some(StageId::Pick)),
            (answer(503, false, false, "Function host is not running."), Some(StageId::Pick)),
            (answer(404, false, false, ""), Some(StageId::Connect)),
            (answer(302, false, true, ""), Some(StageId::Protect)),
            (answer(200, false, true, "Hello"), Some(StageId::Protect)),
            (answer(429, false, false, ""), None),
        ] {
            let explained = explain_status(&answer).unwrap();
            assert_eq!(explained.stage, stage, "{answer:?}");
            assert_eq!(explained.code, answer.status.to_string());
        }
        assert_eq!(explain_status(&answer(200, false, false, "Hello")), None);
        assert_eq!(explain_status(&answer(204, false, false, "")), None);
    }

    #[test]
    fn a_pasted_answer_without_a_code_is_told_by_its_status() {
        for (text, code) in [
            ("401", Some("401")),
            ("403 Forbidden", Some("403")),
            ("HTTP/1.1 404 Not Found\r\nServer: Kestrel", Some("404")),
            ("{\"statusCode\": 502, \"message\": \"Bad gateway\"}", Some("502")),
            ("Response\nStatus\n(500)", None),
            ("Status: 503", Some("503")),
            ("AADSTS65001: x 401", Some("AADSTS65001")),
            ("401-dash", None),
            ("room 401", None),
            ("The call took 500 ms.", None),
            ("", None),
        ] {
            let found = explain_pasted(text).codes;
            assert_eq!(found.first().map(|one| one.code.as_str()), code, "{text}");
        }
        let with =
            |headers: &str| explain_pasted(&format!("HTTP/1.1 401 Unauthorized{headers}")).codes[0].stage;
        assert_eq!(with("\r\nWWW-Authenticate: Bearer realm=\"x\""), Some(StageId::Protect));
        assert_eq!(with(""), Some(StageId::Pick));
    }

    #[test]
    fn a_hostile_address_is_not_taken_over() {
        for address in [
            "javascript:alert(1)",
            "https://a.example/\u{1b}[2J",
            "https://a.example/\u{202e}x",
            "https://a b",
        ] {
            let all = explain(&format!("AADSTS50011: The redirect URI '{address}' specified"));
            assert_eq!(all.redirect_uri, None, "{address:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(?s).{0,200}|(AADSTS|[0-9]{3,9}|trace id: |redirect uri '|error?code=|[ é%&#;'\"]){0,12}") {
            let all = explain_pasted(&text);
            prop_assert!(all.codes.len() <= MAX_CODES);
            for one in all.codes {
                prop_assert!(!one.name.is_empty() && !one.means.is_empty() && !one.next.is_empty());
            }
        }
    }
}
