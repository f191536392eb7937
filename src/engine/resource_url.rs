//! What to put into the connector's Resource URL: every candidate, and what each would lead to.
//!
//! The connector asks Entra for a token with `resource=<this value>`. Entra must know the value as a name of the API
//! app, and the audience in the token that results must be one that Easy Auth accepts (power-platform 1.5,
//! microsoft-cloud 6.6). "Easy Auth always accepts its client ID" assumes that the API app described here is the one
//! that Easy Auth is configured with; the check `api.app` sees to that.

use url::Url;
use uuid::Uuid;

use super::words::{say, say_with};

/// Which tokens the API app gets, by its own `api.requestedAccessTokenVersion` (microsoft-cloud 2.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenVersion {
    /// Null or 1 in the registration: the audience echoes the resource as it was asked for.
    V1,
    /// 2 in the registration: the audience is always the client ID.
    V2,
}

impl TokenVersion {
    /// The version from the registration's value, where null means 1. `None` for a number that Entra does not define.
    pub fn from_registration(requested: Option<u8>) -> Option<Self> {
        match requested {
            None | Some(1) => Some(Self::V1),
            Some(2) => Some(Self::V2),
            Some(_) => None,
        }
    }
}

/// What is known of the API app, its Easy Auth settings and the connector's app.
#[derive(Debug, Clone, Copy)]
pub struct Api<'a> {
    /// The API app's client ID.
    pub app_id: &'a str,
    /// The API app's identifier URIs, as registered.
    pub identifier_uris: &'a [String],
    /// Which tokens it gets; `None` when that could not be read.
    pub token_version: Option<TokenVersion>,
    /// Easy Auth's allowed audiences; `None` when they could not be read.
    pub allowed_audiences: Option<&'a [String]>,
    /// The function app's host name.
    pub host: &'a str,
    /// The connector app's client ID, where there is one already.
    pub client_id: Option<&'a str>,
    /// The connector app's own identifier URIs.
    pub client_identifier_uris: &'a [String],
}

/// What kind of value a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The API app's client ID: always right.
    ClientId,
    /// `api://` and the client ID, the form that the portal proposes.
    ApiUri,
    /// The function app's own address, as the 2020 tutorial has it.
    SiteUrl,
    /// Another identifier URI of the API app.
    OtherUri,
    /// A scope: a resource with a permission behind it.
    Scope,
    /// A name of the connector's own app.
    ConnectorsOwn,
    /// Something that is no name of the API app.
    Unknown,
}

/// One value for the Resource URL, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The value itself, ready to be pasted.
    pub value: String,
    /// What kind of value it is.
    pub kind: Kind,
    /// A few words that name it in a list.
    pub label: &'static str,
    /// Whether Entra knows this value as a name of the API app.
    pub resolves: bool,
    /// The audience of a v1 token asked for with it.
    pub audience_v1: String,
    /// The audience of a v2 token asked for with it.
    pub audience_v2: String,
    /// Whether Easy Auth accepts the audience that results today; `None` when the token version or the allowed
    /// audiences are not known.
    pub accepted: Option<bool>,
    /// The audience that must be added to Easy Auth's allowed audiences before this value works.
    pub needs_audience: Option<String>,
    /// What a person should know about this value, one or two sentences.
    pub note: String,
    /// Whether it is the one to take. Exactly one candidate is.
    pub recommended: bool,
}

impl Candidate {
    /// Whether the connector works with this value as things stand. A value that Entra does not know never does.
    pub fn works(&self) -> Option<bool> {
        if self.resolves { self.accepted } else { Some(false) }
    }

    /// The audience of the token that results, once the token version is known.
    pub fn audience(&self, version: TokenVersion) -> &str {
        match version {
            TokenVersion::V1 => &self.audience_v1,
            TokenVersion::V2 => &self.audience_v2,
        }
    }
}

/// All values worth listing: the client ID first and recommended, then `api://`, the function's address, and whatever
/// else is registered. `choice` is the value that the person chose or typed, listed last when it is none of them.
pub fn candidates(api: &Api<'_>, choice: Option<&str>) -> Vec<Candidate> {
    let mut values =
        vec![api.app_id.to_owned(), format!("api://{}", api.app_id), format!("https://{}", api.host)];
    let others = api.identifier_uris.iter().cloned().chain(choice.map(|typed| normalise(typed).value));
    for value in others {
        if !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
    values.into_iter().map(|value| judge(&value, api)).collect()
}

/// Where one value leads. The value is taken as it is; see [`normalise`] for what a person typed.
pub fn judge(value: &str, api: &Api<'_>) -> Candidate {
    let kind = kind(value, api);
    let resolves = match kind {
        Kind::ClientId => true,
        Kind::Scope | Kind::ConnectorsOwn | Kind::Unknown => false,
        Kind::ApiUri | Kind::SiteUrl | Kind::OtherUri => is_registered(value, api) && !is_one_app(api),
    };
    let audience = match api.token_version {
        Some(TokenVersion::V1) => Some(value),
        Some(TokenVersion::V2) => Some(api.app_id),
        None if kind == Kind::ClientId => Some(value),
        None => None,
    };
    let accepted = audience.and_then(|audience| {
        if audience.eq_ignore_ascii_case(api.app_id) {
            return Some(true);
        }
        api.allowed_audiences.map(|allowed| allowed.iter().any(|one| one == audience))
    });
    let needs_audience = audience.filter(|_| resolves && accepted == Some(false)).map(str::to_owned);
    Candidate {
        note: note(value, kind, resolves, needs_audience.as_deref(), api),
        value: value.to_owned(),
        kind,
        label: label(kind),
        resolves,
        audience_v1: value.to_owned(),
        audience_v2: api.app_id.to_owned(),
        accepted,
        needs_audience,
        recommended: kind == Kind::ClientId,
    }
}

/// Whether one registration plays both parts. Entra then takes its client ID only (AADSTS90009).
fn is_one_app(api: &Api<'_>) -> bool {
    api.client_id.is_some_and(|id| id.eq_ignore_ascii_case(api.app_id))
}

fn is_registered(value: &str, api: &Api<'_>) -> bool {
    api.identifier_uris.iter().any(|uri| uri == value)
}

fn kind(value: &str, api: &Api<'_>) -> Kind {
    if value.eq_ignore_ascii_case(api.app_id) {
        Kind::ClientId
    } else if is_registered(value, api) {
        // A registered URI is a name of the API whatever it looks like, even one that ends like a scope.
        match value {
            _ if value.strip_prefix("api://").is_some_and(|rest| rest.eq_ignore_ascii_case(api.app_id)) => {
                Kind::ApiUri
            }
            _ if is_site(value, api.host) => Kind::SiteUrl,
            _ => Kind::OtherUri,
        }
    } else if is_connectors_own(value, api) {
        Kind::ConnectorsOwn
    } else if resource_of_scope(value, api).is_some() {
        Kind::Scope
    } else if value.strip_prefix("api://").is_some_and(|rest| rest.eq_ignore_ascii_case(api.app_id)) {
        Kind::ApiUri
    } else if is_site(value, api.host) {
        Kind::SiteUrl
    } else {
        Kind::Unknown
    }
}

fn is_site(value: &str, host: &str) -> bool {
    value
        .strip_prefix("https://")
        .is_some_and(|rest| rest.strip_suffix('/').unwrap_or(rest).eq_ignore_ascii_case(host))
}

fn is_connectors_own(value: &str, api: &Api<'_>) -> bool {
    let Some(client) = api.client_id.filter(|id| !id.eq_ignore_ascii_case(api.app_id)) else {
        return false;
    };
    value.eq_ignore_ascii_case(client)
        || value.strip_prefix("api://").is_some_and(|rest| rest.eq_ignore_ascii_case(client))
        || api.client_identifier_uris.iter().any(|uri| uri == value)
}

/// The resource in front of a scope's name, if the value is a scope: `<name of the API>/user_impersonation`,
/// `.../.default`.
fn resource_of_scope<'v>(value: &'v str, api: &Api<'_>) -> Option<&'v str> {
    let (resource, name) = value.rsplit_once('/')?;
    let looks_like_resource = resource.eq_ignore_ascii_case(api.app_id)
        || resource.strip_prefix("api://").is_some_and(|rest| rest.eq_ignore_ascii_case(api.app_id))
        || is_registered(resource, api)
        || is_site(resource, api.host);
    let usual = matches!(name, "user_impersonation" | ".default" | "access_as_user");
    ((looks_like_resource && !name.is_empty()) || (usual && !resource.is_empty())).then_some(resource)
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::ClientId => say("resource_url_label.client_id"),
        Kind::ApiUri => say("resource_url_label.api_uri"),
        Kind::SiteUrl => say("resource_url_label.site_url"),
        Kind::OtherUri => say("resource_url_label.other_uri"),
        Kind::Scope => say("resource_url_label.scope"),
        Kind::ConnectorsOwn => say("resource_url_label.connectors_own"),
        Kind::Unknown => say("resource_url_label.unknown"),
    }
}

fn note(value: &str, kind: Kind, resolves: bool, needs_audience: Option<&str>, api: &Api<'_>) -> String {
    if let Some(audience) = needs_audience {
        return say_with("resource_url.needs_audience", &[("audience", audience)]);
    }
    match kind {
        Kind::ClientId => say("resource_url.client_id").into(),
        Kind::Scope => match resource_of_scope(value, api) {
            Some(resource) => say_with("resource_url.scope_of", &[("resource", resource)]),
            None => say("resource_url.scope").into(),
        },
        Kind::ConnectorsOwn => say("resource_url.connectors_own").into(),
        Kind::Unknown => unknown_note(value, api),
        Kind::ApiUri | Kind::SiteUrl | Kind::OtherUri if is_one_app(api) => {
            say("resource_url.one_app").into()
        }
        _ if resolves => say("resource_url.resolves").into(),
        Kind::SiteUrl => say("resource_url.site_url").into(),
        Kind::ApiUri | Kind::OtherUri => say("resource_url.not_registered").into(),
    }
}

fn unknown_note(value: &str, api: &Api<'_>) -> String {
    let twin = api
        .identifier_uris
        .iter()
        .find(|uri| uri.trim_end_matches('/').eq_ignore_ascii_case(value.trim_end_matches('/')));
    if let Some(twin) = twin {
        return say_with("resource_url.nearly", &[("twin", twin)]);
    }
    if value.is_empty() {
        return say("resource_url.empty").into();
    }
    if Uuid::try_parse(value).is_ok() {
        return say("resource_url.another_id").into();
    }
    if value.eq_ignore_ascii_case(api.host) {
        return say("resource_url.bare_host").into();
    }
    let inside = Url::parse(value)
        .is_ok_and(|url| url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(api.host)));
    if inside {
        return say("resource_url.inside").into();
    }
    say("resource_url.unknown").into()
}

/// A typed value, put right where that is safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// The value without invisible characters, surrounding spaces, quotes, braces or trailing slashes.
    pub value: String,
    /// Whether anything was taken off.
    pub changed: bool,
}

/// Puts a typed Resource URL right: no surrounding spaces, quotes or braces, no trailing slash, an ID in lower case.
/// (The one API whose identifier URI really ends with a slash is still listed by [`candidates`] from its registration.)
pub fn normalise(typed: &str) -> Normalised {
    let mut value = crate::engine::clean::clean_paste(typed).text;
    // One round can uncover the next, as in `"value/ "`.
    loop {
        let bare = value
            .trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '{' | '}'));
        let bare = if bare.ends_with("://") { bare } else { bare.trim_end_matches('/') };
        if bare.len() == value.len() {
            break;
        }
        value = bare.to_owned();
    }
    if value.len() == 36 && Uuid::try_parse(&value).is_ok() {
        value.make_ascii_lowercase();
    }
    Normalised { changed: value != typed, value }
}

#[cfg(test)]
mod tests {
    use super::TokenVersion::{V1, V2};
    use super::*;
    use proptest::prelude::*;

    const API: &str = "9a8b7c6d-5e4f-4a3b-9c2d-1f0e9d8c7b6a";
    const CONNECTOR: &str = "5f3d2c1a-0b4e-4c6d-8a77-1e2f3a4b5c6d";
    const HOST: &str = "contoso-hello.azurewebsites.net";

    fn uris(list: &[&str]) -> Vec<String> {
        list.iter().map(|uri| (*uri).to_owned()).collect()
    }

    fn api<'a>(registered: &'a [String], version: TokenVersion, allowed: &'a [String]) -> Api<'a> {
        Api {
            app_id: API,
            identifier_uris: registered,
            token_version: Some(version),
            allowed_audiences: Some(allowed),
            host: HOST,
            client_id: Some(CONNECTOR),
            client_identifier_uris: &[],
        }
    }

    #[test]
    fn the_combination_table_holds() {
        let (guid, uri, site) = (API, format!("api://{API}"), format!("https://{HOST}"));
        let slashed = format!("{site}/");
        // value, registered as URI, version, listed as audience -> resolves, accepted, needs
        for (value, registered, version, listed, resolves, works, needs) in [
            (guid, false, V1, false, true, true, false),
            (guid, false, V2, false, true, true, false),
            (&uri, true, V1, true, true, true, false),
            (&uri, true, V1, false, true, false, true),
            (&uri, true, V2, false, true, true, false),
            (&uri, false, V2, true, false, false, false),
            (&site, true, V1, true, true, true, false),
            (&site, true, V1, false, true, false, true),
            (&site, false, V1, true, false, false, false),
            (&slashed, true, V1, true, true, true, false),
            (&slashed, true, V1, false, true, false, true),
        ] {
            let one = uris(&[value]);
            let none = Vec::new();
            let facts =
                api(if registered { &one } else { &none }, version, if listed { &one } else { &none });
            let candidate = judge(value, &facts);
            let row = format!("{value} registered={registered} {version:?} listed={listed}");
            assert_eq!(candidate.resolves, resolves, "{row}");
            assert_eq!(candidate.works(), Some(works), "{row}");
            assert_eq!(candidate.needs_audience.is_some(), needs, "{row}");
            assert_eq!(candidate.audience(V2), API, "{row}");
            assert_eq!(candidate.audience(V1), value, "{row}");
        }
    }

    #[test]
    fn the_client_id_comes_first_and_alone_is_recommended() {
        let registered = uris(&["api://contoso.example/hello"]);
        let list = candidates(&api(&registered, V2, &[]), Some(" api://typed/ "));
        let values: Vec<&str> = list.iter().map(|one| one.value.as_str()).collect();
        let (uri, site) = (format!("api://{API}"), format!("https://{HOST}"));
        assert_eq!(values, [API, uri.as_str(), site.as_str(), "api://contoso.example/hello", "api://typed"]);
        assert!(list[0].recommended && list[1..].iter().all(|one| !one.recommended));
        let works: Vec<_> = list.iter().map(Candidate::works).collect();
        assert_eq!(works, [Some(true), Some(false), Some(false), Some(true), Some(false)]);
    }

    #[test]
    fn a_choice_that_is_listed_already_is_not_listed_twice() {
        let list = candidates(&api(&[], V1, &[]), Some(&format!("api://{API}/")));
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn a_value_that_cannot_work_says_why() {
        let registered = uris(&[&format!("api://{API}"), "https://old.example/"]);
        let mut facts = api(&registered, V1, &[]);
        let own = uris(&["api://contoso.example/connector"]);
        facts.client_identifier_uris = &own;
        for (value, kind, part) in [
            (format!("api://{API}/user_impersonation"), Kind::Scope, format!("in front of it: api://{API}")),
            (format!("{API}/.default"), Kind::Scope, format!("in front of it: {API}")),
            ("api://elsewhere/.default".into(), Kind::Scope, "in front of it: api://elsewhere".into()),
            (CONNECTOR.to_uppercase(), Kind::ConnectorsOwn, "connector's own app".into()),
            (format!("api://{CONNECTOR}"), Kind::ConnectorsOwn, "connector's own app".into()),
            ("api://contoso.example/connector".into(), Kind::ConnectorsOwn, "connector's own app".into()),
            ("https://old.example".into(), Kind::Unknown, "Nearly: the API has https://old.example/.".into()),
            ("0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f".into(), Kind::Unknown, "not the API's client ID".into()),
            (HOST.into(), Kind::Unknown, "bare host name".into()),
            (format!("https://{HOST}/api/Hello"), Kind::Unknown, "address inside".into()),
            (String::new(), Kind::Unknown, "must not be empty".into()),
            (format!("https://{HOST}"), Kind::SiteUrl, "tutorial".into()),
            ("hello".into(), Kind::Unknown, "neither".into()),
        ] {
            let candidate = judge(&value, &facts);
            assert_eq!(candidate.kind, kind, "{value}");
            assert_eq!(candidate.works(), Some(false), "{value}");
            assert!(candidate.note.contains(&part), "{value}: {}", candidate.note);
        }
    }

    #[test]
    fn one_app_for_both_parts_is_not_called_foreign() {
        let mut facts = api(&[], V1, &[]);
        facts.client_id = Some(API);
        assert_eq!(judge(API, &facts).kind, Kind::ClientId);
        let registered = uris(&[&format!("api://{API}")]);
        facts.identifier_uris = &registered;
        let by_uri = judge(&registered[0], &facts);
        assert_eq!((by_uri.kind, by_uri.works()), (Kind::ApiUri, Some(false)));
        assert!(by_uri.note.contains("client ID only"), "{}", by_uri.note);
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let registered = uris(&[&format!("api://{API}")]);
        let mut facts = api(&registered, V1, &[]);
        facts.allowed_audiences = None;
        assert_eq!(judge(&registered[0], &facts).works(), None);
        assert_eq!(judge(API, &facts).works(), Some(true));
        facts.token_version = None;
        assert_eq!(judge(&registered[0], &facts).works(), None);
        assert_eq!(judge(API, &facts).works(), Some(true));
        assert_eq!(TokenVersion::from_registration(None), Some(V1));
        assert_eq!(TokenVersion::from_registration(Some(2)), Some(V2));
        assert_eq!(TokenVersion::from_registration(Some(3)), None);
    }

    #[test]
    fn typed_values_are_put_right() {
        for (typed, value) in [
            (API, API),
            (" api://x/ ", "api://x"),
            ("{9A8B7C6D-5E4F-4A3B-9C2D-1F0E9D8C7B6A}\n", API),
            ("\"https://a.example//\"", "https://a.example"),
            ("'api://x/ '", "api://x"),
            ("api://", "api://"),
            ("   ", ""),
        ] {
            let normalised = normalise(typed);
            assert_eq!(normalised.value, value, "{typed:?}");
            assert_eq!(normalised.changed, typed != value, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(typed in "[ \"'<>{}/a-cA-C:0-9\\n-]{0,40}|.{0,40}") {
            let once = normalise(&typed);
            let again = normalise(&once.value);
            prop_assert_eq!(&again.value, &once.value);
            prop_assert!(!again.changed);
        }

        #[test]
        fn what_works_is_a_name_of_the_api_with_an_accepted_audience(
            typed in "[a-z:/.]{0,20}", registered in proptest::collection::vec("[a-z:/.]{1,8}", 0..4),
            allowed in proptest::collection::vec("[a-z:/.]{1,8}", 0..4), v2 in any::<bool>(),
        ) {
            let version = if v2 { V2 } else { V1 };
            let facts = api(&registered, version, &allowed);
            for one in candidates(&facts, Some(&typed)) {
                let audience = one.audience(version);
                let named = one.value == API || registered.contains(&one.value);
                let accepted = audience == API || allowed.iter().any(|a| a == audience);
                prop_assert_eq!(one.works(), Some(named && accepted), "{:?}", one);
            }
        }
    }
}
