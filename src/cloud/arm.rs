//! Azure Resource Manager: the reads that a check needs, each as a fact with its provenance.

mod index;
pub mod parse;

use std::fmt;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value;

use self::index::Where;
use self::parse::{Subscription, Tenant};
use super::http::{Answer, Request, Service};
use super::reader::{Reader, label, odd};
use crate::engine::alike;
use crate::engine::clean::clean_line;
use crate::engine::facts::{AuthSettings, AuthVersion, Function, Permission, Seen, Site};
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::{say, say_with};

/// `api-version` of Microsoft.Web: read by shipped clients, and by no recording refused (microsoft-cloud 5.1).
pub const WEB_API: &str = "2023-12-01";
/// `api-version` of subscriptions and tenants (microsoft-cloud 5.2).
pub const SUBSCRIPTIONS_API: &str = "2022-12-01";

/// `api-version` of permissions (microsoft-cloud 5.8).
pub const AUTHORIZATION_API: &str = "2022-04-01";

/// What asking every subscription for its apps is called.
const ALL_SITES: &str = "GET /subscriptions/*/providers/Microsoft.Web/sites";

/// How many names are told that come near a wrong one.
const MOST_ALIKE: usize = 3;

/// How many subscriptions are asked at the same time: a person in a large company may see hundreds.
const AT_ONCE: usize = 8;

/// A function app in the list to pick from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppListing {
    /// Resource id.
    pub id: String,
    /// Name, cleaned.
    pub name: String,
    /// Default host name.
    pub host: String,
    /// Location as ARM spells it.
    pub location: String,
    /// Subscription id.
    pub subscription: String,
    /// Subscription's display name, cleaned.
    pub subscription_name: String,
    /// Resource group.
    pub resource_group: String,
    /// `Running` or `Stopped`.
    pub state: String,
}

/// The function apps that a person can see, and where they could not be looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppListings {
    /// The apps, by name.
    pub apps: Vec<AppListing>,
    /// Every subscription that can be seen, by name, those without function apps included.
    pub subscriptions: Vec<Subscription>,
    /// The subscriptions whose apps could not be listed, in the order of the service.
    pub not_seen: Vec<NotSeen>,
}

/// A subscription whose function apps could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSeen {
    /// Its display name, cleaned; its id where it has none.
    pub subscription: String,
    /// Why.
    pub why: Trouble,
}

impl fmt::Display for NotSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subscription, self.why.what)
    }
}

/// Reads of Azure Resource Manager for the signed-in person. Cheap to clone.
#[derive(Clone)]
pub struct Arm {
    reader: Reader,
}

impl Arm {
    /// ARM for this reader's person.
    pub fn new(reader: Reader) -> Self {
        Self { reader }
    }

    async fn get(&self, path: &str) -> Result<Answer, Trouble> {
        self.reader.get(Service::Arm, self.reader.url(Service::Arm, path)?, false).await
    }

    async fn one<T>(&self, path: String, parse: impl Fn(&Value) -> Option<T>) -> Seen<T> {
        let result = async {
            let body = self.get(&path).await?.json()?;
            parse(&body).map(Some).ok_or_else(|| odd(Service::Arm, say("odd_answer.incomplete")))
        };
        self.reader.seen(result.await, &label("GET", &path))
    }

    async fn all<T>(&self, path: &str, parse: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, Trouble> {
        let first = self.get(path).await?.json()?;
        let items = self.reader.rest_of_list(Service::Arm, first, "nextLink", false).await?;
        Ok(items.iter().filter_map(parse).collect())
    }

    /// The subscriptions of the token's own tenant.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn subscriptions(&self) -> Result<Vec<Subscription>, Trouble> {
        self.all(&format!("/subscriptions?api-version={SUBSCRIPTIONS_API}"), parse::subscription).await
    }

    /// The tenants that know this person, by name: whichever the token is for, all are listed (microsoft-cloud 5.2).
    ///
    /// # Errors
    /// When the list cannot be read.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Trouble> {
        let mut all = self.all(&format!("/tenants?api-version={SUBSCRIPTIONS_API}"), parse::tenant).await?;
        all.sort_by_cached_key(|tenant| (tenant.name.to_lowercase(), tenant.id.to_lowercase()));
        all.dedup_by(|a, b| a.id.eq_ignore_ascii_case(&b.id));
        Ok(all)
    }

    /// The function apps of one subscription; Logic Apps are left out.
    async fn sites(&self, subscription: &str) -> Result<Vec<Site>, Trouble> {
        let path =
            format!("/subscriptions/{subscription}/providers/Microsoft.Web/sites?api-version={WEB_API}");
        let sites = self.all(&path, parse::site).await?;
        Ok(sites.into_iter().filter(|s| parse::is_function_app(&s.kind)).collect())
    }

    /// The function apps of each subscription.
    async fn all_sites(&self) -> Result<Vec<(Subscription, Result<Vec<Site>, Trouble>)>, Trouble> {
        let subscriptions = self.subscriptions().await?;
        Ok(stream::iter(subscriptions)
            .map(|subscription| async move {
                let sites = self.sites(&subscription.id).await;
                (subscription, sites)
            })
            .buffered(AT_ONCE)
            .collect()
            .await)
    }

    /// All function apps that the person can see, by name. A subscription that cannot be read does not hide
    /// the others, and is named.
    ///
    /// # Errors
    /// When nothing could be listed at all.
    pub async fn list_apps(&self) -> Result<AppListings, Trouble> {
        let subscriptions = self.all_sites().await?;
        let all = subscriptions.len();
        let mut listed = AppListings::default();
        for (subscription, sites) in subscriptions {
            listed.subscriptions.push(subscription.clone());
            match sites {
                Ok(sites) => listed.apps.extend(sites.into_iter().map(|site| AppListing {
                    id: site.id,
                    name: site.name,
                    host: site.host,
                    location: site.location,
                    subscription: subscription.id.clone(),
                    subscription_name: subscription.name.clone(),
                    resource_group: site.resource_group,
                    state: site.state,
                })),
                Err(why) => listed.not_seen.push(NotSeen {
                    subscription: if subscription.name.is_empty() {
                        subscription.id
                    } else {
                        subscription.name
                    },
                    why,
                }),
            }
        }
        if all > 0 && listed.not_seen.len() == all {
            return Err(listed.not_seen.swap_remove(0).why);
        }
        listed.apps.sort_by_cached_key(|app| (app.name.to_lowercase(), app.id.to_lowercase()));
        listed.subscriptions.sort_by_cached_key(|one| (one.name.to_lowercase(), one.id.to_lowercase()));
        Ok(listed)
    }

    /// The app itself and its deployment slots, from the id of either (microsoft-cloud 5.4).
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn slots(&self, id: &str) -> Result<Vec<Site>, Trouble> {
        let app = parse::app_of_slot(id).unwrap_or(id);
        let (own, slots) =
            (format!("{app}?api-version={WEB_API}"), format!("{app}/slots?api-version={WEB_API}"));
        let (own, slots) = tokio::join!(self.get(&own), self.all(&slots, parse::site));
        let own = parse::site(&own?.json()?);
        Ok(own.into_iter().chain(slots?).collect())
    }

    /// One function app by its resource id.
    pub async fn site(&self, id: &str) -> Seen<Site> {
        if parse::site_id_parts(id).is_none() {
            return Seen::absent(self.reader.http.now(), label("GET", id));
        }
        self.one(format!("{}?api-version={WEB_API}", id.trim_end_matches('/')), parse::site).await
    }

    /// The one function app, over all subscriptions, that answers to a name.
    pub async fn site_called(&self, name: &str) -> Seen<Site> {
        self.search(&clean_line(name, 60), Where::Name(name), |site| site.name.eq_ignore_ascii_case(name))
            .await
    }

    /// The names of function apps that come near this one, the nearest first.
    pub async fn names_like(&self, name: &str) -> Seen<Vec<String>> {
        let near = self.list_apps().await.map(|listed| {
            Some(alike::nearest(name, listed.apps.iter().map(|app| app.name.as_str()), MOST_ALIKE))
        });
        self.reader.seen(near, ALL_SITES)
    }

    /// The one function app, over all subscriptions, that answers at a host name.
    pub async fn site_at(&self, host: &str) -> Seen<Site> {
        let at_host = |site: &Site| site.host_names.iter().any(|h| h.eq_ignore_ascii_case(host));
        self.search(&clean_line(host, 60), Where::DefaultHost(host), at_host).await
    }

    async fn search(&self, shown: &str, condition: Where<'_>, is_it: impl Fn(&Site) -> bool) -> Seen<Site> {
        let result = async {
            let indexed = self.indexed(condition).await;
            let looked_at = stream::iter(indexed)
                .map(|id| async move { self.site(&id).await })
                .buffered(AT_ONCE)
                .collect::<Vec<_>>()
                .await;
            let is_app = |site: &Site| parse::is_function_app(&site.kind) && is_it(site);
            let mut matching: Vec<Site> =
                looked_at.into_iter().filter_map(|site| site.value().cloned()).filter(is_app).collect();
            let mut trouble = None;
            if matching.is_empty() {
                for (_, sites) in self.all_sites().await? {
                    match sites {
                        Ok(sites) => matching.extend(sites.into_iter().filter(&is_it)),
                        Err(error) => trouble = trouble.or(Some(error)),
                    }
                }
            }
            let mut matching = matching.into_iter();
            match (matching.next(), matching.next(), trouble) {
                (Some(site), None, _) => Ok(Some(site)),
                (Some(_), Some(_), _) => Err(Trouble::new(
                    Class::Refused,
                    say_with("looking.several", &[("shown", shown)]),
                    say("looking.several_next"),
                )),
                // It may be in the subscription that could not be read.
                (None, _, Some(trouble)) => Err(trouble),
                (None, _, None) => Ok(None),
            }
        };
        self.reader.seen(result.await, ALL_SITES)
    }

    /// The functions of an app (microsoft-cloud 5.7).
    pub async fn functions(&self, site_id: &str) -> Seen<Vec<Function>> {
        let path = format!("{site_id}/functions?api-version={WEB_API}");
        let result = self.all(&path, parse::function).await.map(Some);
        self.reader.seen(result, &label("GET", &path))
    }

    /// What the person's roles allow at the app (microsoft-cloud 5.8). Locks and policies stand beside roles.
    pub async fn permissions(&self, site_id: &str) -> Seen<Vec<Permission>> {
        let path = format!(
            "{site_id}/providers/Microsoft.Authorization/permissions?api-version={AUTHORIZATION_API}"
        );
        let result = self.all(&path, |v| Some(parse::permission(v))).await.map(Some);
        self.reader.seen(result, &label("GET", &path))
    }

    /// The authentication settings, version 2 (microsoft-cloud 5.5). They name secrets, they hold none.
    pub async fn auth_settings(&self, site_id: &str) -> Seen<AuthSettings> {
        self.one(format!("{site_id}/config/authsettingsV2?api-version={WEB_API}"), parse::auth_settings).await
    }

    /// Which generation of authentication settings the app runs on. A POST that changes nothing, and one
    /// that a Reader may not make (microsoft-cloud 5.8); its answer holds secrets, which are dropped here.
    pub async fn auth_version(&self, site_id: &str) -> Seen<AuthVersion> {
        let path = format!("{site_id}/config/authsettings/list?api-version={WEB_API}");
        let result = async {
            let request = Request::ask(Service::Arm, self.reader.url(Service::Arm, &path)?);
            let body = self.reader.ask(request).await?.json()?;
            parse::auth_version(&body)
                .map(Some)
                .ok_or_else(|| odd(Service::Arm, say("odd_answer.no_version")))
        };
        self.reader.seen(result.await, &label("POST", &path))
    }
}
