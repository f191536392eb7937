//! Redirect URLs: which is a connector's own, what is nearly one, where one hides in a pasted error, and what of a
//! rehearsal was left behind.
//!
//! Entra compares redirect URIs character by character, so a value is kept exactly as it came (power-platform 2).

use url::Url;

use super::clean::clean_paste;
use super::clouds::{Cloud, origin_text};
use super::pasted::readings;
use super::words::say;

const PATH: &str = "/redirect/";
const REHEARSAL: &str = "/handclasp-";
/// A connector's name is far shorter; what is longer is not one.
const MAX_NAME: usize = 200;

/// A connector's own redirect URL, exactly as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUrl {
    url: String,
    /// Whether its host is the one that this cloud is known to use. Only the public cloud's is known
    /// (power-platform 2.4); elsewhere the person should compare the host with what the connector page shows.
    pub host_known: bool,
}

impl RedirectUrl {
    /// The whole address, to be registered as it stands.
    pub fn as_str(&self) -> &str {
        &self.url
    }
}

/// What a pasted text turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// One connector's own redirect URL.
    Own(RedirectUrl),
    /// Something around or in the address had to be put right; the person should look at it once.
    Repaired {
        /// The address after the repair.
        url: RedirectUrl,
        /// What was put right.
        differences: Vec<Difference>,
    },
    /// Several different connectors' addresses were found; the person must say which.
    Several(Vec<RedirectUrl>),
    /// The old address that all connectors shared. It does not serve a connector that has its own.
    BareShared,
    /// The sentence that the connector page shows before the connector was saved.
    NotSavedYet,
    /// Our own address, from a rehearsal.
    Rehearsal,
    /// Nothing that could be one.
    NotOne(WhyNot),
}

/// Why a text holds no redirect URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// There was nothing in it.
    Empty,
    /// It is some other web address.
    OtherAddress,
    /// It is no address at all.
    NoAddress,
}

/// What distinguishes an address from the one that Entra must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// There is a slash at the end.
    TrailingSlash,
    /// It begins with http instead of https.
    Http,
    /// Upper and lower case differ.
    Case,
    /// There is a question mark or a hash with something behind it.
    Query,
    /// There are spaces, line breaks or quotes around or in it.
    Around,
    /// Some characters are spelled as percent codes.
    Encoded,
    /// It was found inside a longer text.
    InsideText,
}

impl Difference {
    /// The difference as a short phrase, to follow "It differs:".
    pub fn words(self) -> &'static str {
        match self {
            Self::TrailingSlash => say("redirect_differs.trailing_slash"),
            Self::Http => say("redirect_differs.http"),
            Self::Case => say("redirect_differs.case"),
            Self::Query => say("redirect_differs.query"),
            Self::Around => say("redirect_differs.around"),
            Self::Encoded => say("redirect_differs.encoded"),
            Self::InsideText => say("redirect_differs.inside_text"),
        }
    }
}

/// Recognises a redirect URL in what a person pasted or has in the clipboard: the bare address, a slightly damaged one,
/// or a whole error page that names it.
pub fn recognise(pasted: &str, cloud: &Cloud) -> Recognition {
    let cleaned = clean_paste(pasted);
    if cleaned.text.is_empty() {
        return Recognition::NotOne(WhyNot::Empty);
    }
    if let Some(url) = exact(&cleaned.text, cloud) {
        return if cleaned.line_breaks > 0 && pasted.trim().contains(['\n', '\r']) {
            // A line break inside the address: the pieces fit together, but a look will not hurt.
            Recognition::Repaired { url, differences: vec![Difference::Around] }
        } else {
            Recognition::Own(url)
        };
    }
    if rehearsal(&cleaned.text).is_some() {
        return Recognition::Rehearsal;
    }
    if let Some((url, differences)) = repaired(&cleaned.text, cloud) {
        return Recognition::Repaired { url, differences };
    }
    let mut found = extract(pasted, cloud);
    if found.len() > 1 {
        return Recognition::Several(found);
    }
    if let Some(url) = found.pop() {
        return Recognition::Repaired { url, differences: vec![Difference::InsideText] };
    }
    if is_bare_shared(&cleaned.text, cloud) {
        Recognition::BareShared
    } else if cleaned.text.to_ascii_lowercase().contains("to generate the redirect url") {
        Recognition::NotSavedYet
    } else if Url::parse(&cleaned.text).is_ok_and(|url| url.has_host()) {
        Recognition::NotOne(WhyNot::OtherAddress)
    } else {
        Recognition::NotOne(WhyNot::NoAddress)
    }
}

/// Every connector's redirect URL in a text, in the order of their first appearance: in a rendered AADSTS50011 page, its
/// source, JSON, an address bar or base64.
pub fn extract(text: &str, cloud: &Cloud) -> Vec<RedirectUrl> {
    let mut found: Vec<RedirectUrl> = Vec::new();
    for reading in readings(text) {
        let mut from = 0;
        while let Some(at) = reading[from..].find(PATH).map(|at| from + at) {
            from = at + PATH.len();
            let name_length = reading[from..].bytes().take_while(|byte| is_name_byte(*byte)).count();
            // A sentence may end right behind the address.
            let name = reading[from..from + name_length].trim_end_matches(['.', '_', '~', '-']);
            let start = ["https://", "http://"].iter().filter_map(|scheme| reading[..at].rfind(scheme)).max();
            if let Some(start) = start
                && let Some(url) = exact(&reading[start..from + name.len()], cloud)
                && !found.iter().any(|other| other.url == url.url)
            {
                found.push(url);
            }
        }
    }
    found
}

/// Whether this is the address that connectors shared until late 2023 (power-platform 2.1): a consent host and nothing
/// behind `/redirect`.
pub fn is_bare_shared(uri: &str, cloud: &Cloud) -> bool {
    let uri = uri.trim_end_matches('/');
    let Some(origin) = uri.strip_suffix(PATH.trim_end_matches('/')) else { return false };
    match &cloud.consent {
        Some(consent) => origin == origin_text(consent),
        None => origin.strip_prefix("https://").is_some_and(|host| is_host(host) && host.contains("consent")),
    }
}

/// The port of a rehearsal's redirect URI, `http://localhost:<port>/handclasp-<random>`, if it is one.
pub fn rehearsal(uri: &str) -> Option<u16> {
    let (port, path) = uri.strip_prefix("http://localhost:")?.split_once('/')?;
    let random = path.strip_prefix(REHEARSAL.trim_start_matches('/'))?;
    let fits =
        !random.is_empty() && random.len() <= 64 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (fits && !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| port.parse().ok())?
}

/// How the wanted redirect URL stands among the registered ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// It is there, character by character.
    Exactly,
    /// Something very like it is there, which Entra does not take for it.
    Nearly {
        /// The registered address that comes nearest.
        registered: String,
        /// In what it differs.
        differences: Vec<Difference>,
    },
    /// Only the old shared address is there.
    OnlyBareShared,
    /// Nothing like it is there.
    Missing,
}

/// Compares the wanted address with the registered ones as Entra does, and says what differs when one comes near.
pub fn compare(wanted: &str, registered: &[String], cloud: &Cloud) -> Registered {
    if registered.iter().any(|uri| uri == wanted) {
        return Registered::Exactly;
    }
    let near = registered
        .iter()
        .filter_map(|uri| differences(uri, wanted).map(|differences| (uri, differences)))
        .min_by_key(|(_, differences)| differences.len());
    if let Some((uri, differences)) = near {
        return Registered::Nearly { registered: uri.clone(), differences };
    }
    if registered.iter().any(|uri| is_bare_shared(uri, cloud)) {
        Registered::OnlyBareShared
    } else {
        Registered::Missing
    }
}

/// What must be undone in `given` to get `wanted`; `None` when they are different addresses.
fn differences(given: &str, wanted: &str) -> Option<Vec<Difference>> {
    let mut given = Shape::of(given);
    let wanted = Shape::of(wanted);
    // What the wanted address itself has is no difference.
    given.marks.retain(|mark| !wanted.marks.contains(mark));
    let same = given.core.eq_ignore_ascii_case(&wanted.core);
    if same && given.core != wanted.core {
        given.marks.push(Difference::Case);
    }
    if same && given.marks.is_empty() {
        given.marks = wanted.marks;
    }
    (same && !given.marks.is_empty()).then_some(given.marks)
}

/// An address taken apart into what matters and what was around it.
struct Shape {
    core: String,
    marks: Vec<Difference>,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut marks = Vec::new();
        let mut rest =
            text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`'));
        if rest.len() != text.len() {
            marks.push(Difference::Around);
        }
        if let Some(at) = rest.find(['?', '#']) {
            rest = &rest[..at];
            marks.push(Difference::Query);
        }
        let bare = rest.trim_end_matches('/');
        if bare.len() != rest.len() {
            marks.push(Difference::TrailingSlash);
        }
        let mut core = bare.to_owned();
        if core.contains('%') {
            core = decoded(&core);
            marks.push(Difference::Encoded);
        }
        if core.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")) {
            core = format!("https://{}", &core[7..]);
            marks.push(Difference::Http);
        }
        Self { core, marks }
    }
}

fn decoded(text: &str) -> String {
    readings(text).into_iter().next_back().unwrap_or_default()
}

/// A damaged address, put right: the case of scheme, host and `/redirect/`, http, a slash or query behind it, quotes.
fn repaired(text: &str, cloud: &Cloud) -> Option<(RedirectUrl, Vec<Difference>)> {
    let shape = Shape::of(text);
    let mut marks = shape.marks;
    let mut core = shape.core;
    let consent_is_http = cloud.consent.as_ref().is_some_and(|consent| consent.scheme() == "http");
    if consent_is_http && let Some(rest) = core.strip_prefix("https://") {
        core = format!("http://{rest}");
        marks.retain(|mark| *mark != Difference::Http);
    }
    let lower = core.to_ascii_lowercase();
    let at = lower.find(PATH)? + PATH.len();
    let lowered = format!("{}{}", &lower[..at], &core[at..]);
    if lowered != core {
        marks.push(Difference::Case);
    }
    Some((exact(&lowered, cloud)?, marks))
}

/// The address if it has exactly the form of a connector's own one.
fn exact(text: &str, cloud: &Cloud) -> Option<RedirectUrl> {
    let (origin, name) = text.split_at_checked(text.find(PATH)?)?;
    let name = &name[PATH.len()..];
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_name_byte) {
        return None;
    }
    let host_known = match &cloud.consent {
        Some(consent) if origin == origin_text(consent) => true,
        None if origin.strip_prefix("https://").is_some_and(is_host) => false,
        _ => return None,
    };
    Some(RedirectUrl { url: text.to_owned(), host_known })
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

fn is_host(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWN: &str =
        "https://global.consent.azure-apim.net/redirect/new-5fhello-20function-5ff5dc2f63c87a6469";
    const BARE: &str = "https://global.consent.azure-apim.net/redirect";

    fn public() -> Cloud {
        Cloud::named("public").unwrap()
    }

    fn own(url: &str) -> RedirectUrl {
        RedirectUrl { url: url.to_owned(), host_known: true }
    }

    #[test]
    fn the_exact_form_is_recognised() {
        for text in [OWN.to_owned(), format!("  {OWN}\r\n"), format!("\u{feff}{OWN}")] {
            assert_eq!(recognise(&text, &public()), Recognition::Own(own(OWN)), "{text:?}");
        }
    }

    #[test]
    fn a_damaged_address_is_put_right_and_said_to_be() {
        use Difference::{Around, Case, Encoded, Http, InsideText, Query, TrailingSlash};
        for (text, differences) in [
            (format!("{OWN}/"), vec![TrailingSlash]),
            (OWN.replace("https", "http"), vec![Http]),
            (OWN.replace("global", "Global"), vec![Case]),
            (format!("{OWN}?x=1"), vec![Query]),
            (format!("\"{OWN}\""), vec![Around]),
            (OWN.replace("azure-apim", "azure-\napim"), vec![Around]),
            (OWN.replacen("-5f", "%2D5f", 1), vec![Encoded]),
            (format!("Redirect URL {OWN}."), vec![InsideText]),
            (
                format!("HTTP://GLOBAL.consent.azure-apim.net/redirect/{}/", OWN.rsplit('/').next().unwrap()),
                vec![TrailingSlash, Http, Case],
            ),
        ] {
            assert_eq!(
                recognise(&text, &public()),
                Recognition::Repaired { url: own(OWN), differences },
                "{text:?}"
            );
        }
    }

    #[test]
    fn what_is_not_one_says_what_it_is() {
        for (text, what) in [
            (BARE.to_owned(), Recognition::BareShared),
            (format!("{BARE}/"), Recognition::BareShared),
            ("Save the custom connector to generate the redirect URL".into(), Recognition::NotSavedYet),
            ("http://localhost:53124/handclasp-a1B2c3".into(), Recognition::Rehearsal),
            (String::new(), Recognition::NotOne(WhyNot::Empty)),
            (" \n".into(), Recognition::NotOne(WhyNot::Empty)),
            ("https://contoso-hello.azurewebsites.net".into(), Recognition::NotOne(WhyNot::OtherAddress)),
            ("https://evil.example/redirect/new-5fhello".into(), Recognition::NotOne(WhyNot::OtherAddress)),
            (
                "https://global.consent.azure-apim.net.evil.example/redirect/x".into(),
                Recognition::NotOne(WhyNot::OtherAddress),
            ),
            (
                "https://user@global.consent.azure-apim.net/redirect/x".into(),
                Recognition::NotOne(WhyNot::OtherAddress),
            ),
            ("0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f".into(), Recognition::NotOne(WhyNot::NoAddress)),
            (format!("{BARE}/{}", "a".repeat(MAX_NAME + 1)), Recognition::NotOne(WhyNot::OtherAddress)),
        ] {
            assert_eq!(recognise(&text, &public()), what, "{text:?}");
        }
    }

    #[test]
    fn it_is_found_inside_a_pasted_error() {
        let page = format!(
            "AADSTS50011: The redirect URI '{OWN}' specified in the request does not match the redirect URIs configured \
             for the application '5f3d2c1a-0b4e-4c6d-8a77-1e2f3a4b5c6d'."
        );
        for text in [
            page.clone(),
            page.replace('\'', "&#39;").replace('/', "&#x2F;"),
            page.replace('/', "\\/"),
            page.replace('%', "%25")
                .replace('/', "%2F")
                .replace(':', "%3A")
                .replace(' ', "+")
                .replace('\'', "%27"),
        ] {
            assert_eq!(extract(&text, &public()), [own(OWN)], "{text}");
        }
        let other = format!("{BARE}/sharepointonline");
        assert_eq!(
            recognise(&format!("{OWN} or {other}"), &public()),
            Recognition::Several(vec![own(OWN), own(&other)])
        );
    }

    #[test]
    fn where_the_consent_host_is_not_known_the_form_decides() {
        let gcc = Cloud::named("gcc").unwrap();
        let url = "https://gov.consent.example.us/redirect/new-5fhello";
        let Recognition::Own(found) = recognise(url, &gcc) else { panic!("not recognised") };
        assert!(!found.host_known);
        assert!(is_bare_shared("https://gov.consent.example.us/redirect", &gcc));
        assert_eq!(
            recognise("http://gov.consent.example.us", &gcc),
            Recognition::NotOne(WhyNot::OtherAddress)
        );
    }

    #[test]
    fn a_practice_consent_host_on_this_machine_is_taken() {
        let practice = Cloud { consent: Some(Url::parse("http://127.0.0.1:7000").unwrap()), ..public() };
        let url = "http://127.0.0.1:7000/redirect/new-5fhello";
        assert_eq!(recognise(url, &practice), Recognition::Own(own(url)));
        assert_eq!(
            recognise(&format!("{url}/"), &practice),
            Recognition::Repaired { url: own(url), differences: vec![Difference::TrailingSlash] }
        );
    }

    #[test]
    fn registered_addresses_are_compared_as_entra_does() {
        use Difference::{Case, Encoded, Http, Query, TrailingSlash};
        let list = |uris: &[&str]| uris.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>();
        let nearly = |registered: &str, differences: Vec<Difference>| Registered::Nearly {
            registered: registered.to_owned(),
            differences,
        };
        let slash = format!("{OWN}/");
        let http = OWN.replace("https", "http");
        let upper = OWN.replace("hello", "Hello");
        let encoded = OWN.replace("hello", "h%65llo");
        let query = format!("{OWN}?a=b");
        for (registered, expected) in [
            (list(&["https://x.example", OWN]), Registered::Exactly),
            (list(&[&slash]), nearly(&slash, vec![TrailingSlash])),
            (list(&[&http]), nearly(&http, vec![Http])),
            (list(&[&upper]), nearly(&upper, vec![Case])),
            (list(&[&encoded]), nearly(&encoded, vec![Encoded])),
            (list(&[&query]), nearly(&query, vec![Query])),
            (list(&[BARE]), Registered::OnlyBareShared),
            (list(&["https://x.example"]), Registered::Missing),
            (list(&[]), Registered::Missing),
        ] {
            assert_eq!(compare(OWN, &registered, &public()), expected, "{registered:?}");
        }
    }

    #[test]
    fn what_a_rehearsal_leaves_is_known_again() {
        assert_eq!(rehearsal("http://localhost:53124/handclasp-a1B2"), Some(53124));
        for uri in [
            "http://localhost:53124/handclasp-",
            "http://localhost:53124/other",
            "http://localhost/handclasp-a",
            "http://localhost:0/handclasp-a",
            "http://localhost:99999/handclasp-a",
            "http://localhost:+80/handclasp-a",
            "https://localhost:53124/handclasp-a",
            "http://localhost:53124/handclasp-a/b",
            "http://127.0.0.1:53124/handclasp-a",
        ] {
            assert_eq!(rehearsal(uri), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn any_paste_is_survived(text in "(?s).{0,120}|(https?://|global.consent.azure-apim.net|/redirect/|%2F|&|[a-zA-Z0-9'?#])*") {
            let cloud = public();
            match recognise(&text, &cloud) {
                Recognition::Own(url) | Recognition::Repaired { url, .. } => {
                    prop_assert_eq!(exact(url.as_str(), &cloud), Some(url.clone()));
                }
                Recognition::Several(urls) => prop_assert!(urls.len() > 1),
                _ => {}
            }
        }

        #[test]
        fn any_own_address_survives_the_way_through_an_error_page(name in "[a-z0-9][a-z0-9-]{0,30}[a-z0-9]", around in "[A-Za-z ',]{0,20}") {
            let url = format!("{BARE}/{name}");
            let page = format!("{around} '{url}' {around}");
            prop_assert_eq!(extract(&page, &public()), vec![own(&url)]);
            prop_assert_eq!(recognise(&url, &public()), Recognition::Own(own(&url)));
        }

        #[test]
        fn comparing_is_exact(a in "https?://[ab./A?]{0,12}", b in "https?://[ab./A?]{0,12}") {
            let verdict = compare(&a, std::slice::from_ref(&b), &public());
            prop_assert_eq!(verdict == Registered::Exactly, a == b);
        }
    }
}
