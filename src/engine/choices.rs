//! What the person chose. No secrets; small enough to keep in a file.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::clouds::{PUBLIC, ends_with_its_server};

/// Of no more other clouds than these is anything kept: nobody works in so many.
const MOST_CLOUDS: usize = 8;

/// Everything the person (or the command line) has chosen so far.
///
/// What is `None` is found by looking: the API's registration through Easy Auth's settings, the
/// connector's through its marker, and so on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// The cloud that these were chosen in, by `Cloud::identity`. Without one, as files of earlier versions are, the
    /// public cloud's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
    /// Tenant id or domain to sign in to.
    pub tenant: Option<String>,
    /// The function app.
    pub app: Option<AppChoice>,
    /// Client id of the API's registration, when the person picked one.
    pub api_app_id: Option<String>,
    /// Client id of the connector's registration, when the person picked one.
    pub client_app_id: Option<String>,
    /// The Resource URL, when it is not to be the recommended one.
    pub resource_url: Option<String>,
    /// The connector's redirect URL, once it came back from the connector page.
    pub redirect_url: Option<String>,
    /// The host name that callers use, when it is not to be the default one; counts only while ARM reports it for the app.
    pub host: Option<String>,
    /// How the connector's app is to be let in at stage 4.
    pub consent: Option<ConsentWay>,
    /// The sign-in is kept in the operating system's keyring, because the person asked for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keep_signed_in: bool,
    /// Key ids of the client secrets whose value is in a person's hands: copied from here, or pasted here. It is kept
    /// only so that nothing in use is taken for lost; nothing else trusts it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handed_over: Vec<String>,
    /// What was chosen in other clouds, the last used first: carried along, so that the same file keeps it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Self>,
}

impl Choices {
    /// For another tenant, or none: what stays is the cloud, how to sign in, and what is known of secrets.
    #[must_use]
    pub fn afresh(&self, tenant: Option<String>) -> Self {
        Self {
            cloud: self.cloud.clone(),
            tenant,
            keep_signed_in: self.keep_signed_in,
            handed_over: self.handed_over.clone(),
            elsewhere: self.elsewhere.clone(),
            ..Self::default()
        }
    }

    /// Those of this cloud, as they were left there; none where nothing was chosen in it yet. What was chosen in the cloud
    /// that was used before waits in `elsewhere`, unless that one ran on this machine: it has ended, and its apps with it.
    /// What is known of secrets stays, since no two secrets share a key id.
    #[must_use]
    pub fn in_cloud(mut self, identity: &str) -> Self {
        let before = self.cloud.take().unwrap_or_else(|| PUBLIC.to_owned());
        if before == identity {
            return Self { cloud: Some(before), ..self };
        }
        let mut elsewhere = std::mem::take(&mut self.elsewhere);
        let handed_over = std::mem::take(&mut self.handed_over);
        let known = elsewhere.iter().position(|other| other.cloud.as_deref() == Some(identity));
        let here = known.map(|at| elsewhere.remove(at)).unwrap_or_default();
        let left = Self { cloud: Some(before), ..self };
        if !left.cloud.as_deref().is_some_and(ends_with_its_server) && left != left.untouched() {
            elsewhere.insert(0, left);
        }
        elsewhere.truncate(MOST_CLOUDS);
        Self { cloud: Some(identity.to_owned()), handed_over, elsewhere, ..here }
    }

    /// Nothing chosen in the same cloud.
    fn untouched(&self) -> Self {
        Self { cloud: self.cloud.clone(), ..Self::default() }
    }

    /// How the connector is to be let in: as chosen, else the way that asks least of the person.
    pub fn consent_way(&self) -> ConsentWay {
        self.consent.unwrap_or(ConsentWay::PreAuthorize)
    }

    /// Whether the value of the secret with this key id is in a person's hands.
    pub fn handed_over(&self, key_id: &str) -> bool {
        self.handed_over.iter().any(|known| known.eq_ignore_ascii_case(key_id))
    }

    /// With this app: of another one the tenant stays, and what is known of secrets, whose ids no two apps share. The same
    /// app by another address of its own keeps everything; an address without a path says nothing of the one that is known.
    #[must_use]
    pub fn with_app(self, app: AppChoice) -> Self {
        let same = self.app.as_ref().is_some_and(|before| before.is_app_of(&app));
        if same && app.path().is_none() && self.app.as_ref().is_some_and(|before| before.path().is_some()) {
            return self;
        }
        if same {
            return Self { app: Some(app), ..self };
        }
        let tenant = self.tenant.clone();
        Self { app: Some(app), ..self.afresh(tenant) }
    }
}

/// What stands as a tenant, when it can be one: an id or a domain, as it may stand in the path of a sign-in address.
pub fn tenant_named(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let usable = !text.is_empty() && text.len() <= 253 && text.chars().all(fits) && !text.starts_with('.');
    usable.then(|| text.to_owned())
}

/// Why a text is not taken as the address of a function app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAddress {
    /// It is no web address with a public host name.
    NotOne,
    /// It names a port.
    Port,
}

/// How the function app was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppChoice {
    /// By its resource id, picked from the list.
    ResourceId(String),
    /// By its name, to be looked up in every subscription that can be seen.
    Name(String),
    /// By its address only; without a sign-in nothing but the public probes can be made. The path of one of its functions
    /// may stand in it, but nothing that comes after a path.
    Url(String),
}

impl AppChoice {
    /// The function app that a typed address stands for. Names without a scheme get `https`, and so does `http`, which leads
    /// there. The path of a function's own address is kept, and what comes after it is not.
    ///
    /// # Errors
    /// When it cannot be the address of one.
    pub fn typed(text: &str) -> Result<Self, NoAddress> {
        let text = text.trim();
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&with_scheme).map_err(|_| NoAddress::NotOne)?;
        let plain = url.username().is_empty() && url.password().is_none();
        let Some(Host::Domain(host)) = url.host() else { return Err(NoAddress::NotOne) };
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let named = host.len() <= 253 && host.contains('.') && host.split('.').all(label);
        if !plain || !named || !matches!(url.scheme(), "https" | "http") {
            return Err(NoAddress::NotOne);
        }
        // Another port is another server. Function apps have none, and what is found at the usual one would be taken for it.
        if url.port().is_some() {
            return Err(NoAddress::Port);
        }
        Ok(Self::at(&format!("https://{host}{}", url.path())))
    }

    /// By an address. What comes after its path is left out at once: where the portal gives a function's address, its key
    /// stands there.
    pub fn at(address: &str) -> Self {
        let bare = address.split(['?', '#']).next().unwrap_or_default();
        Self::Url(bare.trim().trim_end_matches('/').to_owned())
    }

    /// The same without anything that comes after a path, as files of earlier versions may hold it.
    #[must_use]
    pub fn tidied(self) -> Self {
        match self {
            Self::Url(address) => Self::at(&address),
            other => other,
        }
    }

    fn url(&self) -> Option<Url> {
        let Self::Url(address) = self else { return None };
        let whole = if address.contains("://") { address.clone() } else { format!("https://{address}") };
        Url::parse(&whole).ok()
    }

    /// The origin of an address that was given instead of a name.
    pub fn origin(&self) -> Option<String> {
        self.url().map(|url| url.origin().ascii_serialization())
    }

    /// The host name of an address that was given instead of a name.
    pub fn host(&self) -> Option<String> {
        self.url()?.host_str().map(str::to_owned)
    }

    /// The path in such an address, where it has one.
    pub fn path(&self) -> Option<String> {
        let url = self.url()?;
        let path = url.path().trim_end_matches('/');
        (!path.is_empty()).then(|| path.to_owned())
    }

    /// Whether a part of the path waits for a value, as in `/api/items/{id}`.
    pub fn has_braces(&self) -> bool {
        let path = self.path().unwrap_or_default().to_ascii_lowercase();
        ["{", "}", "%7b", "%7d"].iter().any(|brace| path.contains(brace))
    }

    /// Whether a token may be sent to such an address at all: at the usual port of HTTPS, which is part of a host's identity.
    pub fn is_secure(&self) -> bool {
        self.url().is_some_and(|url| url.scheme() == "https" && url.port().is_none())
    }

    /// Whether this names the same app as another one, whatever the paths.
    fn is_app_of(&self, other: &Self) -> bool {
        match (self.origin(), other.origin()) {
            (Some(one), Some(another)) => one == another,
            _ => self == other,
        }
    }
}

/// Ways to let the connector in, least privileged first (microsoft-cloud 4.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentWay {
    /// The API pre-authorises the connector: its owner is enough, covers only the API's scope.
    PreAuthorize,
    /// A grant for everyone; needs an administrator's role.
    Everyone,
    /// Leave it to the person's own consent when the connection is made.
    WhenConnecting,
}

impl ConsentWay {
    /// Every way, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::PreAuthorize, Self::Everyone, Self::WhenConnecting];
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "https://contoso-hello.azurewebsites.net/api/Hello";

    #[test]
    fn an_address_is_taken_in_every_form_a_person_has_it_in() {
        for (typed, path) in [
            ("contoso-hello.azurewebsites.net", ""),
            (" https://Contoso-Hello.azurewebsites.net/ ", ""),
            ("https://contoso-hello.azurewebsites.net:443", ""),
            ("http://contoso-hello.azurewebsites.net?code=1", ""),
            ("https://contoso-hello.azurewebsites.net/api/Hello?code=1", "/api/Hello"),
            ("Contoso-Hello.azurewebsites.net/api/Hello/#top", "/api/Hello"),
            ("https://contoso-hello.azurewebsites.net/api/../api/Hello", "/api/Hello"),
        ] {
            let site = format!("https://contoso-hello.azurewebsites.net{path}");
            assert_eq!(AppChoice::typed(typed), Ok(AppChoice::Url(site)), "{typed}");
        }
    }

    #[test]
    fn what_is_no_public_host_name_is_refused_and_a_port_is_named_as_the_cause() {
        for typed in [
            "",
            "contoso",
            "ftp://a.b",
            "https://10.0.0.1",
            "http://127.0.0.1:7071/api",
            "https://[::1]",
            "https://u:p@a.b",
            "a b.c",
            "a'b.c",
            "a.b.",
            "../../etc",
        ] {
            assert_eq!(AppChoice::typed(typed), Err(NoAddress::NotOne), "{typed}");
        }
        for typed in ["a.b:81", "https://contoso-hello.azurewebsites.net:8443/api/Hello", "http://a.b:443"] {
            assert_eq!(AppChoice::typed(typed), Err(NoAddress::Port), "{typed}");
        }
    }

    #[test]
    fn an_address_keeps_its_path_and_never_what_comes_after_it() {
        for typed in [WHOLE.to_owned(), format!("{WHOLE}/?code=a-key"), format!(" {WHOLE}?code=a#b")] {
            assert_eq!(AppChoice::at(&typed), AppChoice::Url(WHOLE.into()), "{typed}");
        }
        let app = AppChoice::at(WHOLE);
        assert_eq!(app.origin().as_deref(), Some("https://contoso-hello.azurewebsites.net"));
        assert_eq!(app.host().as_deref(), Some("contoso-hello.azurewebsites.net"));
        assert_eq!(app.path().as_deref(), Some("/api/Hello"));
        assert_eq!(AppChoice::at("https://contoso-hello.azurewebsites.net/").path(), None);
        assert_eq!(AppChoice::Name("contoso-hello".into()).host(), None);
        // As earlier versions kept it.
        let kept: Choices =
            serde_json::from_str(r#"{"app":{"url":"https://a.example/api/x?code=k"}}"#).unwrap();
        assert_eq!(kept.app.unwrap().tidied(), AppChoice::Url("https://a.example/api/x".into()));
    }

    #[test]
    fn what_was_chosen_in_one_cloud_says_nothing_in_another_and_waits_there() {
        let old: Choices =
            toml::from_str("tenant = \"contoso.com\"\nhanded_over = [\"key\"]\napp = { name = \"real\" }")
                .unwrap();
        let public = old.clone().in_cloud("public");
        assert_eq!(public, Choices { cloud: Some("public".into()), ..old }, "as earlier versions kept it");
        let china = public.clone().in_cloud("china");
        assert_eq!((&china.tenant, &china.app), (&None, &None));
        assert!(china.handed_over("key"), "key ids are everybody's");
        let china = china.with_app(AppChoice::Name("other".into()));
        let kept: Choices = toml::from_str(&toml::to_string(&china).unwrap()).unwrap();
        assert_eq!(kept, china);
        let back = kept.in_cloud("public");
        assert_eq!((&back.tenant, &back.app), (&public.tenant, &public.app));
        assert!(back.handed_over("key"));
        assert_eq!(back.in_cloud("china").app, china.app);
        // What ran on this machine has ended, and goes; what was chosen elsewhere outlives it.
        let practised = public.clone().in_cloud("http://127.0.0.1:7000 practice");
        let again = practised.with_app(AppChoice::Name("hello".into())).in_cloud("public");
        assert_eq!(again, public);
    }

    #[test]
    fn only_another_app_takes_away_what_was_chosen_for_one() {
        let origin = AppChoice::at("https://contoso-hello.azurewebsites.net");
        let before = Choices {
            tenant: Some("contoso.onmicrosoft.com".into()),
            app: Some(origin.clone()),
            client_app_id: Some("an id".into()),
            ..Choices::default()
        };
        let whole = before.clone().with_app(AppChoice::at(WHOLE));
        assert_eq!(whole, Choices { app: Some(AppChoice::at(WHOLE)), ..before.clone() });
        assert_eq!(whole.clone().with_app(origin), whole, "its path is still known");
        let other = AppChoice::at(&format!("{WHOLE}2"));
        assert_eq!(whole.clone().with_app(other.clone()).app, Some(other), "a path can be mended");
        for other in [AppChoice::at("https://fabrikam.example/api/Hello"), AppChoice::Name("hello".into())] {
            let after = whole.clone().with_app(other.clone());
            assert_eq!((after.app, after.client_app_id), (Some(other), None));
            assert_eq!(after.tenant, before.tenant);
        }
    }
}
