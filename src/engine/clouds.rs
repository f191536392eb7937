//! The clouds that Handclasp can talk to: endpoints as data, built in or from a file of the person's own.

use std::sync::OnceLock;

use super::words::{say, say_with};
use serde::Deserialize;
use url::{Host, Url};

/// The sign-in host of the public cloud.
const PUBLIC_LOGIN: &str = "https://login.microsoftonline.com";
/// The identity of the public cloud, which is also its built-in id.
pub const PUBLIC: &str = "public";
/// The identity of the practice cloud inside this process. Its port differs from run to run and means nothing.
pub const PRACTICE: &str = "practice";
const BUILT_IN: &str = include_str!("../../assets/clouds.toml");

/// Where one cloud's services live (microsoft-cloud 1.1, 1.2). Addresses hold an origin only: no path, no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// What a person calls it, such as "Azure public cloud".
    pub name: String,
    /// The sign-in authority.
    pub login: Url,
    /// Microsoft Graph.
    pub graph: Url,
    /// The audience of a token for Microsoft Graph, without a trailing slash.
    pub graph_audience: String,
    /// Azure Resource Manager.
    pub arm: Url,
    /// The audience of a token for Azure Resource Manager, spelled exactly as the cloud expects it.
    pub arm_audience: String,
    /// The Azure portal, for links.
    pub portal: Url,
    /// What the default host name of a function app usually ends with, such as `azurewebsites.net`.
    /// A hint only: the site's own `defaultHostName` is the answer (microsoft-cloud 5.4).
    pub site_suffix: String,
    /// The Power Apps service.
    pub power_apps: Option<Url>,
    /// The audience of a token for the Power Apps service, without a trailing slash. `None` where sources disagree.
    pub power_apps_audience: Option<String>,
    /// The administration side of Power Platform, which has the data policies. A token for Power Apps is good there, too
    /// (power-platform 6.1).
    pub bap: Option<Url>,
    /// The Power Automate service. `None` where sources disagree.
    pub flow: Option<Url>,
    /// Where connector redirect URLs live. Confirmed for the public cloud only (power-platform 2.4).
    pub consent: Option<Url>,
    /// Where makers open the custom connector page.
    pub maker: Option<Url>,
    /// Practice only: every site is reached at this loopback origin, its real name in the `Host` header.
    pub site_origin: Option<Url>,
}

/// Whom a token was issued for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The sign-in authority itself, which gets codes, refresh tokens and client secrets.
    Login,
    /// Microsoft Graph.
    Graph,
    /// Azure Resource Manager.
    Arm,
    /// The Power Apps service, and the administration side of Power Platform, which takes the same tokens.
    PowerApps,
}

/// Why a cloud could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// No built-in cloud has this name.
    #[error("{}", say_with("cloud_file.unknown", &[("asked", .asked), ("known", .known)])
    )]
    Unknown {
        /// The name that was asked for, cleaned for display.
        asked: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// The text is not a cloud file.
    #[error("{}", say_with("cloud_file.not_a_file", &[("problem", .0)]))]
    NotAFile(String),
    /// One value is missing or does not fit.
    #[error("{}", say_with("cloud_file.bad", &[("key", .key), ("problem", .problem)]))]
    Bad {
        /// The key as it is spelled in the file.
        key: &'static str,
        /// What is wrong with its value, as the end of a sentence.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    cloud: Vec<BuiltInCloud>,
}

#[derive(Deserialize)]
struct BuiltInCloud {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    login_names: Vec<String>,
    #[serde(flatten)]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    name: Option<String>,
    login: Option<String>,
    graph: Option<String>,
    graph_audience: Option<String>,
    arm: Option<String>,
    arm_audience: Option<String>,
    portal: Option<String>,
    site_suffix: Option<String>,
    power_apps: Option<String>,
    power_apps_audience: Option<String>,
    bap: Option<String>,
    flow: Option<String>,
    consent: Option<String>,
    maker: Option<String>,
    site_origin: Option<String>,
}

const KEYS: [&str; 15] = [
    "name",
    "login",
    "graph",
    "graph_audience",
    "arm",
    "arm_audience",
    "portal",
    "site_suffix",
    "power_apps",
    "power_apps_audience",
    "bap",
    "flow",
    "consent",
    "maker",
    "site_origin",
];

struct Known {
    id: String,
    aliases: Vec<String>,
    login_names: Vec<String>,
    cloud: Cloud,
}

impl Known {
    /// Whether tokens that are got at this host are real ones of this cloud. A region's own name stands before the usual one.
    fn signs_in_at(&self, host: &str) -> bool {
        let mut names = self.login_names.iter().map(String::as_str).chain(self.cloud.login.host_str());
        names.any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

/// The built-in clouds, parsed once. A mistake in the embedded data is held back by a test and comes out as an error.
fn known() -> Result<&'static [Known], CloudError> {
    static KNOWN: OnceLock<Result<Vec<Known>, CloudError>> = OnceLock::new();
    let parsed = KNOWN.get_or_init(|| {
        let file: BuiltIn =
            toml::from_str(BUILT_IN).map_err(|error| CloudError::NotAFile(error.message().to_owned()))?;
        file.cloud
            .into_iter()
            .map(|entry| {
                Ok(Known {
                    id: entry.id,
                    aliases: entry.aliases,
                    login_names: entry.login_names,
                    cloud: Cloud::from_endpoints(entry.endpoints)?,
                })
            })
            .collect()
    });
    parsed.as_deref().map_err(Clone::clone)
}

impl Cloud {
    /// A built-in cloud by its id (`public`, `gcc`, `gcc-high`, `dod`, `china`) or by a usual other name such as
    /// `AzureUSGovernment`. Upper case, spaces and underscores do not matter.
    ///
    /// # Errors
    /// [`CloudError::Unknown`] names the clouds there are.
    pub fn named(name: &str) -> Result<Self, CloudError> {
        let wanted = slug(name);
        let known = known()?;
        known
            .iter()
            .find(|entry| entry.id == wanted || entry.aliases.contains(&wanted))
            .map(|entry| entry.cloud.clone())
            .ok_or_else(|| CloudError::Unknown {
                asked: crate::engine::clean::clean_line(name, 40),
                known: known.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join(", "),
            })
    }

    /// The ids of the built-in clouds, in the order of the data.
    ///
    /// # Errors
    /// Only if the embedded data is broken, which a test holds back.
    pub fn names() -> Result<Vec<&'static str>, CloudError> {
        Ok(known()?.iter().map(|entry| entry.id.as_str()).collect())
    }

    /// A cloud from the text of a TOML file with the keys of `assets/clouds.toml`.
    ///
    /// Every address must use https, or http to this very machine. Unknown keys are refused, so that a slip of the
    /// pen is not taken for a value that was left out. Where the sign-in is Microsoft's own, its tokens are real, so the
    /// services that get them have to be those of the same cloud.
    ///
    /// # Errors
    /// [`CloudError`] with the key and what is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, CloudError> {
        let table: toml::Table =
            toml::from_str(text).map_err(|error| CloudError::NotAFile(one_line(&error)))?;
        if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(CloudError::NotAFile(say_with(
                "cloud_file.unknown_key",
                &[("key", &crate::engine::clean::clean_line(unknown, 40)), ("keys", &KEYS.join(", "))],
            )));
        }
        let endpoints: Endpoints =
            table.try_into().map_err(|error| CloudError::NotAFile(one_line(&error)))?;
        let cloud = Self::from_endpoints(endpoints)?;
        cloud.leads_no_token_away()?;
        Ok(cloud)
    }

    /// Only hosts are compared: another port of one is still the same owner's.
    fn leads_no_token_away(&self) -> Result<(), CloudError> {
        let login = host(&self.login);
        let real = known()?.iter().filter(|entry| entry.signs_in_at(&login));
        // Several built-in clouds share a sign-in: the nearest is the one that was meant.
        let Some(astray) = real.map(|entry| self.astray(&entry.cloud)).min_by_key(Vec::len) else {
            return Ok(());
        };
        if let Some((key, own)) = astray.first() {
            let address = origin_text(own);
            let problem = say_with("cloud_file.mixed", &[("login", &login), ("address", &address)]);
            return Err(bad(key, problem));
        }
        if self.site_origin.is_some() {
            return Err(bad("site_origin", say_with("cloud_file.mixed_practice", &[("login", &login)])));
        }
        Ok(())
    }

    /// The services that are somewhere else than in that cloud, and where it has them.
    fn astray<'a>(&self, own: &'a Self) -> Vec<(&'static str, &'a Url)> {
        let services = [
            ("graph", Some(&self.graph), Some(&own.graph)),
            ("arm", Some(&self.arm), Some(&own.arm)),
            ("power_apps", self.power_apps.as_ref(), own.power_apps.as_ref()),
            ("bap", self.bap.as_ref(), own.bap.as_ref()),
            ("flow", self.flow.as_ref(), own.flow.as_ref()),
        ];
        let both = services.into_iter().filter_map(|(key, here, there)| Some((key, here?, there?)));
        both.filter(|(_, here, there)| host(here) != host(there))
            .map(|(key, _, there)| (key, there))
            .collect()
    }

    fn from_endpoints(raw: Endpoints) -> Result<Self, CloudError> {
        let graph = required_origin("graph", raw.graph)?;
        Ok(Self {
            name: crate::engine::clean::clean_line(&required("name", raw.name)?, 60),
            login: required_origin("login", raw.login)?,
            graph_audience: raw.graph_audience.map_or_else(|| origin_text(&graph), without_end_slash),
            graph,
            arm: required_origin("arm", raw.arm)?,
            arm_audience: required("arm_audience", raw.arm_audience)?,
            portal: required_origin("portal", raw.portal)?,
            site_suffix: suffix(&required("site_suffix", raw.site_suffix)?)?,
            power_apps: optional_origin("power_apps", raw.power_apps)?,
            power_apps_audience: raw.power_apps_audience.map(without_end_slash),
            bap: optional_origin("bap", raw.bap)?,
            flow: optional_origin("flow", raw.flow)?,
            consent: optional_origin("consent", raw.consent)?,
            maker: optional_origin("maker", raw.maker)?,
            site_origin: match optional_origin("site_origin", raw.site_origin)? {
                Some(origin) if !is_loopback(&origin) => {
                    return Err(bad("site_origin", say("cloud_file.practice")));
                }
                origin => origin,
            },
        })
    }

    /// What this cloud is known by from start to start: the id of a built-in one, else its sign-in origin and the name that
    /// its file gives it.
    pub fn identity(&self) -> String {
        let built_in = known().ok().and_then(|known| known.iter().find(|entry| entry.cloud == *self));
        built_in
            .map_or_else(|| format!("{} {}", origin_text(&self.login), self.name), |entry| entry.id.clone())
    }

    /// Whether this is the practice cloud: the one whose sites are reached on this machine.
    pub fn is_practice(&self) -> bool {
        self.site_origin.is_some()
    }

    /// Whether every service lives where one of Microsoft's own clouds has it, with the same audiences. Only there may
    /// a token be brought along that was got elsewhere: it would be good at Microsoft's services, so a file that
    /// names another address for them must not get it.
    pub fn is_microsofts(&self) -> bool {
        let places = |cloud: &Self| {
            let audiences = [Audience::Graph, Audience::Arm, Audience::PowerApps]
                .map(|audience| cloud.audience(audience).map(str::to_owned));
            (cloud.login.clone(), cloud.graph.clone(), cloud.arm.clone(), cloud.power_apps.clone(), audiences)
        };
        let own = places(self);
        // A file may leave the administration side out, as nothing is sent there then.
        let administered = |cloud: &Self| self.bap.is_none() || self.bap == cloud.bap;
        let same = |cloud: &Self| places(cloud) == own && administered(cloud);
        known().is_ok_and(|known| known.iter().any(|entry| same(&entry.cloud)))
    }

    /// What a token for this service is asked for by, where the cloud has one.
    pub fn audience(&self, audience: Audience) -> Option<&str> {
        match audience {
            Audience::Graph => Some(&self.graph_audience),
            Audience::Arm => Some(&self.arm_audience),
            Audience::PowerApps => self.power_apps_audience.as_deref(),
            Audience::Login => None,
        }
    }

    /// Whether a token for `audience` may be sent to `url`: same scheme, host and port as this cloud's own service
    /// (one of the two, where Power Apps and its administration side take the same), and no user name smuggled into the address. Anything else, a link in an answer included, gets no token.
    pub fn host_may_get_token(&self, url: &Url, audience: Audience) -> bool {
        let services = match audience {
            Audience::Login => [Some(&self.login), None],
            Audience::Graph => [Some(&self.graph), None],
            Audience::Arm => [Some(&self.arm), None],
            Audience::PowerApps => [self.power_apps.as_ref(), self.bap.as_ref()],
        };
        services.into_iter().flatten().any(|service| {
            url.origin().is_tuple()
                && url.origin() == service.origin()
                && url.username().is_empty()
                && url.password().is_none()
        })
    }

    /// The scope that asks for everything already granted on Microsoft Graph.
    pub fn graph_scope(&self) -> String {
        format!("{}/.default", self.graph_audience)
    }

    /// The scope for Azure Resource Manager. The audience keeps its own trailing slash, hence two slashes, as other
    /// clients send it (microsoft-cloud 1.3).
    pub fn arm_scope(&self) -> String {
        format!("{}/.default", self.arm_audience)
    }

    /// The scope for the Power Apps service, where the cloud's audience is known.
    pub fn power_apps_scope(&self) -> Option<String> {
        self.power_apps_audience.as_ref().map(|audience| format!("{audience}/.default"))
    }

    /// The authorization URL as the connector page wants it: the sign-in host alone, without tenant or path
    /// (power-platform 1.4, field 7).
    pub fn authorization_url(&self) -> String {
        origin_text(&self.login)
    }

    /// The same for a file that is imported. The practice cloud is gone when it ends, and its port with it, so its files
    /// name the public cloud's sign-in host. A connector does not sign in by what the file says (power-platform 1.6).
    pub fn login_in_files(&self) -> String {
        if self.is_practice() { PUBLIC_LOGIN.to_owned() } else { self.authorization_url() }
    }

    /// The page that explains one AADSTS number. It exists on the public sign-in host (microsoft-cloud 2.1).
    pub fn error_lookup(number: &str) -> String {
        format!("{PUBLIC_LOGIN}/error?code={number}")
    }
}

/// An origin as text: scheme, host and port, without the slash that [`Url`] adds.
pub fn origin_text(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The host name alone, however it is spelled.
fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// Whether this address points to this very machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether what was known by this [`Cloud::identity`] lives on this machine, and no longer than what serves it.
pub fn ends_with_its_server(identity: &str) -> bool {
    let origin = identity.split(' ').next().and_then(|origin| Url::parse(origin).ok());
    identity == PRACTICE || origin.as_ref().is_some_and(is_loopback)
}

fn slug(name: &str) -> String {
    name.trim()
        .chars()
        .map(|c| if c.is_whitespace() || c == '_' { '-' } else { c.to_ascii_lowercase() })
        .collect()
}

fn without_end_slash(mut text: String) -> String {
    text.truncate(text.trim_end_matches('/').len());
    text
}

fn one_line(error: &toml::de::Error) -> String {
    crate::engine::clean::clean_line(error.message(), 200)
}

fn bad(key: &'static str, problem: impl Into<String>) -> CloudError {
    CloudError::Bad { key, problem: problem.into() }
}

fn required(key: &'static str, value: Option<String>) -> Result<String, CloudError> {
    let value = value.ok_or_else(|| bad(key, say("cloud_file.missing")))?;
    if value.trim().is_empty() {
        return Err(bad(key, say("cloud_file.empty")));
    }
    Ok(value)
}

fn required_origin(key: &'static str, value: Option<String>) -> Result<Url, CloudError> {
    origin(key, &required(key, value)?)
}

fn optional_origin(key: &'static str, value: Option<String>) -> Result<Option<Url>, CloudError> {
    value.map(|value| origin(key, &value)).transpose()
}

fn origin(key: &'static str, value: &str) -> Result<Url, CloudError> {
    let url = Url::parse(value.trim()).map_err(|_| bad(key, say("cloud_file.no_address")))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err(bad(key, say("cloud_file.http")));
        }
        _ => return Err(bad(key, say("cloud_file.scheme"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(key, say("cloud_file.user")));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(bad(key, say("cloud_file.path")));
    }
    Ok(url)
}

fn suffix(value: &str) -> Result<String, CloudError> {
    let value = value.trim().trim_start_matches('.').to_ascii_lowercase();
    let fits = value
        .split('.')
        .all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
    if fits { Ok(value) } else { Err(bad("site_suffix", say("cloud_file.suffix"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        name = "Practice"
        login = "http://127.0.0.1:7000"
        graph = "http://127.0.0.1:7000"
        graph_audience = "https://graph.microsoft.com/"
        arm = "http://127.0.0.1:7000/"
        arm_audience = "https://management.core.windows.net/"
        portal = "http://127.0.0.1:7000"
        site_suffix = ".azurewebsites.net"
        site_origin = "http://127.0.0.1:7000"
    "#;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn every_built_in_cloud_can_be_used() {
        assert_eq!(Cloud::names().unwrap(), ["public", "gcc", "gcc-high", "dod", "china"]);
        for name in Cloud::names().unwrap() {
            let cloud = Cloud::named(name).unwrap();
            assert!(!cloud.is_practice(), "{name}");
            assert!(cloud.arm_scope().ends_with("//.default"), "{name}");
            assert!(!cloud.graph_scope().ends_with("//.default"), "{name}");
        }
    }

    #[test]
    fn names_are_taken_as_people_type_them() {
        assert_eq!(Cloud::named("GCC High").unwrap(), Cloud::named("gcc-high").unwrap());
        assert_eq!(Cloud::named(" AzureCloud ").unwrap().name, "Azure public cloud");
        assert_eq!(Cloud::named("AzureChinaCloud").unwrap().site_suffix, "chinacloudsites.cn");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones_and_is_cleaned() {
        let message = Cloud::named("mars\u{1b}[31m").unwrap_err().to_string();
        assert!(message.contains("public, gcc, gcc-high, dod, china"), "{message}");
        assert!(!message.contains('\u{1b}'));
    }

    #[test]
    fn a_cloud_is_known_again_by_its_id_or_by_where_it_signs_in_and_its_name() {
        for id in Cloud::names().unwrap() {
            assert_eq!(Cloud::named(id).unwrap().identity(), id);
            assert!(!ends_with_its_server(id));
        }
        let served = Cloud::from_toml(FILE).unwrap().identity();
        assert_eq!(served, "http://127.0.0.1:7000 Practice");
        assert!(ends_with_its_server(&served) && ends_with_its_server(PRACTICE));
        assert!(!ends_with_its_server("https://login.example.com 127.0.0.1"));
    }

    #[test]
    fn what_no_source_confirms_is_not_guessed() {
        assert!(Cloud::named("public").unwrap().consent.is_some());
        for name in ["gcc", "gcc-high", "dod", "china"] {
            assert_eq!(Cloud::named(name).unwrap().consent, None, "{name}");
        }
        assert_eq!(Cloud::named("gcc").unwrap().power_apps_audience, None);
        assert_eq!(Cloud::named("gcc-high").unwrap().power_apps_scope(), None);
        assert_eq!(Cloud::named("china").unwrap().flow, None);
    }

    #[test]
    fn a_cloud_file_is_read() {
        let cloud = Cloud::from_toml(FILE).unwrap();
        assert!(cloud.is_practice());
        assert_eq!(cloud.site_suffix, "azurewebsites.net");
        assert_eq!(cloud.graph_scope(), "https://graph.microsoft.com/.default");
        assert_eq!(cloud.arm_scope(), "https://management.core.windows.net//.default");
        assert_eq!(cloud.authorization_url(), "http://127.0.0.1:7000");
        assert_eq!(cloud.login_in_files(), Cloud::named("public").unwrap().authorization_url());
        assert_eq!(cloud.consent, None);
    }

    #[test]
    fn a_bad_cloud_file_says_which_key_and_why() {
        let with =
            |from: &str, to: &str| Cloud::from_toml(&FILE.replacen(from, to, 1)).unwrap_err().to_string();
        let cases = [
            (
                with("login = \"http://127.0.0.1:7000\"", "login = \"http://login.example.com\""),
                "`login` uses http",
            ),
            (with("login = \"http://127.0.0.1:7000\"", ""), "`login` is missing"),
            (with("login = \"http://127.0.0.1:7000\"", "login = \"  \""), "`login` is empty"),
            (with("login = \"http://127.0.0.1:7000\"", "login = 7"), "cannot be read"),
            (with("login = \"http://127.0.0.1:7000\"", "login = \"ftp://127.0.0.1\""), "https://"),
            (with("login = \"http://127.0.0.1:7000\"", "login = \"https://a@b.example\""), "user name"),
            (
                with("login = \"http://127.0.0.1:7000\"", "login = \"https://b.example/tenant\""),
                "without a path",
            ),
            (with("login = \"http://127.0.0.1:7000\"", "login = \"not an address\""), "not a web address"),
            (
                with("site_origin = \"http://127.0.0.1:7000\"", "site_origin = \"https://a.example\""),
                "this machine",
            ),
            (with(".azurewebsites.net", "a b"), "`site_suffix`"),
            (with("name =", "nmae ="), "`nmae`"),
            (with("name =", "= ="), "cannot be read"),
        ];
        for (message, part) in cases {
            assert!(message.contains(part), "{message:?} does not say {part:?}");
            assert!(!message.contains('\n'), "{message:?}");
        }
    }

    #[test]
    fn a_real_sign_in_is_not_led_away_by_a_file() {
        let file = |id: &str| {
            let all: toml::Table = toml::from_str(BUILT_IN).unwrap();
            let clouds = all["cloud"].as_array().unwrap().iter();
            let mut one = clouds.filter_map(toml::Value::as_table).find(|one| one["id"].as_str() == Some(id));
            let mut one = one.take().unwrap().clone();
            one.retain(|key, _| KEYS.contains(&key));
            one
        };
        let read = |file: &toml::Table, key: &str, value: &str| {
            let mut file = file.clone();
            file.insert(key.into(), value.into());
            Cloud::from_toml(&file.to_string())
        };
        for id in Cloud::names().unwrap() {
            let own = file(id);
            let cloud = read(&own, "name", "Mine").unwrap();
            assert!(cloud.is_microsofts() && cloud.power_apps.is_some() && cloud.bap.is_some(), "{id}");
            for key in ["graph", "arm", "power_apps", "bap"] {
                for elsewhere in ["http://127.0.0.1:7399", "https://evil.example"] {
                    let error = read(&own, key, elsewhere).unwrap_err().to_string();
                    let named = own[key].as_str().unwrap();
                    assert!(error.contains(&format!("`{key}`")) && error.contains(named), "{error}");
                }
            }
            let error = read(&own, "site_origin", "http://127.0.0.1:7399").unwrap_err().to_string();
            assert!(error.contains("`site_origin`"), "{error}");
        }
        let mixed = read(&file("public"), "arm", "https://evil.example").unwrap_err();
        assert!(mixed.to_string().contains("https://management.azure.com"), "{mixed}");
        assert!(
            read(&file("public"), "power_apps", "https://high.api.powerapps.us").is_err(),
            "another cloud's"
        );
        let public = file("public");
        assert!(
            read(&public, "graph", "https://graph.microsoft.com:7443").is_ok(),
            "a port of the same host"
        );
        // However the sign-in is called, it is the same one.
        for login in [
            "https://login.microsoftonline.com.",
            "https://login.windows.net",
            "https://login.microsoft.com:443",
            "https://westeurope.login.microsoft.com",
        ] {
            let mut file = public.clone();
            file.insert("login".into(), login.into());
            assert!(Cloud::from_toml(&file.to_string()).is_ok(), "{login}");
            assert!(read(&file, "arm", "https://evil.example").is_err(), "{login}");
        }
        assert!(
            read(&public, "login", "https://notlogin.microsoft.com.evil.example").is_ok(),
            "no real token"
        );
    }

    #[test]
    fn a_token_goes_only_to_the_service_it_is_for() {
        let cloud = Cloud::named("public").unwrap();
        let may = |text: &str, audience| cloud.host_may_get_token(&url(text), audience);
        assert!(may("https://graph.microsoft.com/v1.0/me", Audience::Graph));
        assert!(may("https://GRAPH.microsoft.com:443/v1.0/me", Audience::Graph));
        assert!(may("https://management.azure.com/subscriptions?x=1", Audience::Arm));
        assert!(may("https://login.microsoftonline.com/t/oauth2/token", Audience::Login));
        assert!(may("https://api.powerapps.com/providers", Audience::PowerApps));
        assert!(may("https://api.bap.microsoft.com/providers", Audience::PowerApps));
        for (text, audience) in [
            ("https://graph.microsoft.com/v1.0/me", Audience::Arm),
            ("https://graph.microsoft.com.evil.example/v1.0/me", Audience::Graph),
            ("http://graph.microsoft.com/v1.0/me", Audience::Graph),
            ("https://graph.microsoft.com:8443/v1.0/me", Audience::Graph),
            ("https://ada@graph.microsoft.com/v1.0/me", Audience::Graph),
            ("https://graph.microsoft.com@evil.example/", Audience::Graph),
            ("https://graph.microsoft.us/v1.0/me", Audience::Graph),
            ("https://api.bap.microsoft.com/providers", Audience::Arm),
            ("https://unitedstates.api.bap.microsoft.com/providers", Audience::PowerApps),
            ("file:///etc/passwd", Audience::Graph),
        ] {
            assert!(!may(text, audience), "{text}");
        }
        let bare = Cloud { power_apps: None, bap: None, ..cloud };
        for text in ["https://api.powerapps.com/", "https://api.bap.microsoft.com/"] {
            assert!(!bare.host_may_get_token(&url(text), Audience::PowerApps), "{text}");
        }
    }

    #[test]
    fn a_cloud_is_microsofts_by_its_addresses_not_by_its_name() {
        for name in Cloud::names().unwrap() {
            assert!(Cloud::named(name).unwrap().is_microsofts(), "{name}");
        }
        let public = Cloud::named("public").unwrap();
        assert!(Cloud { name: "Mine".into(), consent: None, ..public.clone() }.is_microsofts());
        assert!(Cloud { bap: None, ..public.clone() }.is_microsofts());
        let elsewhere = url("https://evil.example");
        for other in [
            Cloud { graph: elsewhere.clone(), ..public.clone() },
            Cloud { arm: elsewhere.clone(), ..public.clone() },
            Cloud { login: elsewhere.clone(), ..public.clone() },
            Cloud { power_apps: Some(elsewhere.clone()), ..public.clone() },
            Cloud { bap: Some(elsewhere), ..public.clone() },
            Cloud { arm_audience: public.graph_audience.clone(), ..public },
            Cloud::from_toml(FILE).unwrap(),
        ] {
            assert!(!other.is_microsofts(), "{other:?}");
        }
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for text in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost", "http://site.localhost:7"] {
            assert!(is_loopback(&url(text)), "{text}");
        }
        for text in
            ["http://127.0.0.1.example", "http://10.0.0.1", "http://notlocalhost", "data:text/plain,x"]
        {
            assert!(!is_loopback(&url(text)), "{text}");
        }
    }
}
