//! The nodes of the function app: the resource, its functions, its authentication, its anonymous face.

use futures_util::FutureExt;

use super::{Look, Node, Part};
use crate::cloud::easy_auth::{self, SiteOrigin};
use crate::cloud::reader::mapped;
use crate::engine::choices::AppChoice;
use crate::engine::facts::{AuthSettings, AuthVersion, Function, Probes, Seen, Site};
use crate::engine::trouble::Trouble;

impl<'a> Look<'a> {
    pub(super) fn site(&self) -> Node<'a, Seen<Site>> {
        let (arm, app, now) = (self.arm, self.choices.app.as_ref(), self.http.now());
        let host = self.choices.host.as_deref();
        let known = self.before.site.value().filter(|site| is_meant(site, app));
        self.fact(&[Part::Site], &self.before.site, async move {
            let Some(arm) = arm else { return Seen::default() };
            let found = |seen: Seen<Site>| mapped(seen, |site| Some(at_chosen_host(site, app, host)));
            // Once it was found there is no need to go through every app of every subscription again.
            if let Some(known) = known {
                let again = arm.site(&known.id).await;
                if again.value().is_some_and(|site| is_meant(site, app)) {
                    return found(again);
                }
            }
            found(match app {
                None => Seen::default(),
                Some(AppChoice::ResourceId(id)) => arm.site(id).await,
                Some(AppChoice::Name(name)) => arm.site_called(name).await,
                Some(AppChoice::Url(url)) => match SiteOrigin::of_text(url) {
                    Ok(origin) => arm.site_at(origin.host()).await,
                    Err(trouble) => Seen::could_not(trouble, now, "GET /subscriptions"),
                },
            })
        })
    }

    /// Names that come near the one that no app has.
    pub(super) fn alike(&self, site: &Node<'a, Seen<Site>>) -> Node<'a, Seen<Vec<String>>> {
        let (arm, app, site) = (self.arm, self.choices.app.as_ref(), site.clone());
        async move {
            match (arm, app) {
                (Some(arm), Some(AppChoice::Name(name))) if site.await.is_absent() => {
                    arm.names_like(name).await
                }
                _ => Seen::default(),
            }
        }
        .boxed()
        .shared()
    }

    /// The resource id; at once where it was chosen, so that nothing waits for the resource itself.
    pub(super) fn site_id(&self, site: &Node<'a, Seen<Site>>) -> Node<'a, Option<String>> {
        let (site, chosen) = (site.clone(), self.choices.app.as_ref());
        async move {
            match chosen {
                Some(AppChoice::ResourceId(id)) => {
                    let id = id.trim_end_matches('/');
                    crate::cloud::arm::parse::site_id_parts(id).map(|_| id.to_owned())
                }
                _ => site.await.value().map(|site| site.id.clone()),
            }
        }
        .boxed()
        .shared()
    }

    pub(super) fn functions(&self, site_id: &Node<'a, Option<String>>) -> Node<'a, Seen<Vec<Function>>> {
        let (arm, site_id) = (self.arm, site_id.clone());
        self.fact(&[Part::Site], &self.before.functions, async move {
            match (arm, site_id.await) {
                (Some(arm), Some(id)) => arm.functions(&id).await,
                _ => Seen::default(),
            }
        })
    }

    pub(super) fn auth(&self, site_id: &Node<'a, Option<String>>) -> Node<'a, Seen<AuthSettings>> {
        let (arm, site_id) = (self.arm, site_id.clone());
        self.fact(&[Part::Auth], &self.before.auth, async move {
            match (arm, site_id.await) {
                (Some(arm), Some(id)) => arm.auth_settings(&id).await,
                _ => Seen::default(),
            }
        })
    }

    pub(super) fn auth_version(&self, site_id: &Node<'a, Option<String>>) -> Node<'a, Seen<AuthVersion>> {
        let (arm, site_id) = (self.arm, site_id.clone());
        self.fact(&[Part::Auth], &self.before.auth_version, async move {
            match (arm, site_id.await) {
                (Some(arm), Some(id)) => arm.auth_version(&id).await,
                _ => Seen::default(),
            }
        })
    }

    /// The anonymous probes: at the address that was typed, else at the host that ARM reports.
    pub(super) fn probes(&self, site: &Node<'a, Seen<Site>>) -> Node<'a, Probes> {
        let known = &self.before.probes;
        let seen = [&known.login, &known.browser, &known.program].iter().all(|p| p.value().is_some());
        if seen && !self.wants(&[Part::Site, Part::Probes]) {
            return std::future::ready(known.clone()).boxed().shared();
        }
        let (http, app, site) = (self.http, self.choices.app.as_ref(), site.clone());
        async move {
            let origin = match app {
                Some(AppChoice::Url(url)) => SiteOrigin::of_text(url),
                _ => match site.await.value() {
                    Some(site) => SiteOrigin::of_host(&site.host),
                    None => return Probes::default(),
                },
            };
            match origin {
                Ok(origin) => easy_auth::probe(http, &origin).await,
                Err(trouble) => unprobed(&trouble, http.now()),
            }
        }
        .boxed()
        .shared()
    }
}

/// The app, worked with at the host name that was chosen or typed, if ARM reports that one for it.
fn at_chosen_host(site: Site, app: Option<&AppChoice>, chosen: Option<&str>) -> Site {
    if let Some(chosen) = chosen {
        return site.at(chosen);
    }
    match app {
        Some(AppChoice::Url(url)) => match SiteOrigin::of_text(url) {
            Ok(origin) => site.at(origin.host()),
            Err(_) => site,
        },
        _ => site,
    }
}

/// Whether this is the app that was named or typed.
fn is_meant(site: &Site, app: Option<&AppChoice>) -> bool {
    match app {
        Some(AppChoice::Name(name)) => site.name.eq_ignore_ascii_case(name),
        Some(AppChoice::Url(url)) => SiteOrigin::of_text(url)
            .is_ok_and(|origin| site.host_names.iter().any(|host| host.eq_ignore_ascii_case(origin.host()))),
        Some(AppChoice::ResourceId(_)) | None => false,
    }
}

fn unprobed(trouble: &Trouble, now: jiff::Timestamp) -> Probes {
    let one = || Seen::could_not(trouble.clone(), now, "GET /");
    Probes { login: one(), browser: one(), program: one() }
}
