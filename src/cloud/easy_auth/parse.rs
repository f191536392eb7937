//! What an anonymous answer gives away: the tenant and the API's client id (microsoft-cloud 6.2, 6.3).

use url::Url;

use crate::engine::facts::{FrontEnd, ProbeAnswer};

/// Longest header value that is looked at, in bytes: more is not a challenge of Easy Auth's.
const LONGEST_HEADER: usize = 8 * 1024;

/// Reads an answer: its status, its `WWW-Authenticate` values and its `Location`.
pub fn answer(status: u16, challenges: &[&str], location: Option<&str>) -> ProbeAnswer {
    let mut read = ProbeAnswer {
        status,
        challenged: !challenges.is_empty(),
        tenant: None,
        client_id: None,
        redirect_host: None,
        front_end: None,
    };
    for challenge in challenges {
        read.tenant = read.tenant.or_else(|| {
            parameter(challenge, "authorization_uri")
                .and_then(|u| Url::parse(&u).ok())
                .and_then(|u| tenant(&u))
        });
        read.client_id =
            read.client_id.or_else(|| parameter(challenge, "resource_id").filter(|id| is_client_id(id)));
    }
    let redirects = matches!(status, 301 | 302 | 303 | 307 | 308);
    if let Some(target) = location.filter(|l| redirects && l.len() <= LONGEST_HEADER)
        && let Ok(url) = Url::parse(target)
    {
        read.redirect_host = url.host_str().map(str::to_owned);
        let client =
            url.query_pairs().find(|(name, _)| name == "client_id").map(|(_, value)| value.into_owned());
        // Only a sign-in page is asked with a client id; its path begins with the tenant.
        if let Some(client) = client.filter(|id| is_client_id(id)) {
            read.tenant = read.tenant.or_else(|| tenant(&url));
            read.client_id = read.client_id.or(Some(client));
        }
    }
    read
}

/// Longest part of a page that is looked at, in bytes: the front end's own says it at once.
const LONGEST_PAGE: usize = 16 * 1024;

/// Whether a refusal is the front end's, and which: by the header in which it names the caller, or by its page. Easy Auth's
/// own has neither (microsoft-cloud 6.7).
pub fn front_end(status: u16, names_the_caller: bool, page: &[u8]) -> Option<FrontEnd> {
    if status != 403 {
        return None;
    }
    if names_the_caller {
        return Some(FrontEnd::Forbidden);
    }
    let page = String::from_utf8_lossy(page.get(..LONGEST_PAGE).unwrap_or(page)).to_ascii_lowercase();
    if page.contains("error 403 - this web app is stopped") {
        Some(FrontEnd::Stopped)
    } else {
        page.contains("error 403 - forbidden").then_some(FrontEnd::Forbidden)
    }
}

/// One parameter of a challenge. Easy Auth separates them with spaces, without commas (not the form of
/// RFC 7235); commas are taken too. Values stand in double quotes, or go up to the next separator.
pub(in crate::cloud) fn parameter(challenge: &str, wanted: &str) -> Option<String> {
    let mut rest = challenge.get(..LONGEST_HEADER).unwrap_or(challenge);
    while let Some((before, after)) = rest.split_once('=') {
        let key = before.rsplit([' ', ',', '\t']).next().unwrap_or(before);
        let (value, next) = if let Some(quoted) = after.strip_prefix('"') {
            quoted.split_once('"')?
        } else {
            let end = after.find([' ', ',', '\t']).unwrap_or(after.len());
            after.split_at(end)
        };
        if key.eq_ignore_ascii_case(wanted) {
            return Some(value.to_owned());
        }
        rest = next;
    }
    None
}

/// The tenant in the path of an authorization address: a GUID or a domain, always the first segment.
fn tenant(url: &Url) -> Option<String> {
    let first = url.path_segments()?.next()?;
    let fits = (1..=253).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && !first.starts_with('.');
    fits.then(|| first.to_owned())
}

fn is_client_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TENANT: &str = "0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f";
    const CLIENT: &str = "be70217c-0000-4000-8000-000000009a04";

    #[test]
    fn challenges_as_they_are_seen() {
        for challenge in [
            // Recorded on Linux and on Windows: spaces, no commas.
            &format!(
                "Bearer realm=\"contoso-hello.azurewebsites.net\" authorization_uri=\"https://login.windows.net/{TENANT}/oauth2/v2.0/authorize\" resource_id=\"{CLIENT}\""
            ),
            // A version 1 issuer, and the form that the standard would want.
            &format!(
                "Bearer realm=\"x\", authorization_uri=\"https://login.windows.net/{TENANT}/oauth2/authorize\", resource_id=\"{CLIENT}\""
            ),
            &format!(
                "Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize resource_id={CLIENT}"
            ),
        ] {
            let read = answer(401, &[challenge], None);
            assert!(read.challenged);
            assert_eq!(read.tenant.as_deref(), Some(TENANT), "{challenge}");
            assert_eq!(read.client_id.as_deref(), Some(CLIENT), "{challenge}");
        }
    }

    #[test]
    fn a_bare_challenge_names_nobody() {
        let read = answer(401, &["Bearer realm=\"x\""], None);
        assert!(read.challenged && read.tenant.is_none() && read.client_id.is_none());
        assert!(!answer(401, &[], None).challenged);
    }

    #[test]
    fn a_redirect_to_the_sign_in_names_both() {
        let location = format!(
            "https://login.windows.net/{TENANT}/oauth2/v2.0/authorize?response_type=code+id_token&redirect_uri=https%3A%2F%2Fcontoso-hello.azurewebsites.net%2F.auth%2Flogin%2Faad%2Fcallback&client_id={CLIENT}&scope=openid"
        );
        let read = answer(302, &[], Some(&location));
        assert_eq!(read.redirect_host.as_deref(), Some("login.windows.net"));
        assert_eq!((read.tenant.as_deref(), read.client_id.as_deref()), (Some(TENANT), Some(CLIENT)));
        assert_eq!(answer(200, &[], Some(&location)).redirect_host, None, "no redirect without its status");
    }

    #[test]
    fn another_redirect_names_no_tenant() {
        let read = answer(302, &[], Some("https://www.contoso.com/welcome?x=1"));
        assert_eq!(read.redirect_host.as_deref(), Some("www.contoso.com"));
        assert!(read.tenant.is_none() && read.client_id.is_none());
        assert_eq!(answer(302, &[], Some("/relative")).redirect_host, None);
    }

    #[test]
    fn a_refusal_of_the_front_end_is_told_from_easy_auths() {
        let page = "<html><body><h1>Error 403 - Forbidden</h1></body></html>";
        let stopped = "<h1>Error 403 - This web app is stopped.</h1>";
        for (status, header, page, expected) in [
            (403, true, "", Some(FrontEnd::Forbidden)),
            (403, false, page, Some(FrontEnd::Forbidden)),
            (403, false, stopped, Some(FrontEnd::Stopped)),
            (403, false, "You do not have permission to view this directory or page.", None),
            (403, false, "", None),
            (200, true, page, None),
        ] {
            assert_eq!(front_end(status, header, page.as_bytes()), expected, "{status} {header} {page}");
        }
    }

    #[test]
    fn what_is_no_id_is_not_taken() {
        let read = answer(
            401,
            &["Bearer authorization_uri=\"https://login.windows.net/a%1bb/x\" resource_id=\"\u{1b}[2J\""],
            Some("https://login.windows.net/t/authorize?client_id=%1b%5B2J"),
        );
        assert!(read.tenant.is_none() && read.client_id.is_none());
    }

    proptest! {
        #[test]
        fn no_header_panics(status: u16, challenge in "(?s).{0,80}|[a-z_]{0,9}=\"?[a-z =,\"]{0,30}", location in "(?s).{0,80}") {
            let read = answer(status, &[&challenge], Some(&location));
            prop_assert_eq!(read.status, status);
        }
    }
}
