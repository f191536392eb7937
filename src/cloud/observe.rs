//! Observing one set-up: every read of a check, as early as what it hangs on is known.
//!
//! Each fact is a node that starts when somebody needs it and is looked at once. A node waits for nothing
//! but the nodes it hangs on, so the waves of reads overlap where they can, and Graph reads that are ready
//! at the same time travel in one batch. A read that fails becomes a fact that could not be looked at; it
//! never fails the others.

mod access;
mod apps;
mod metadata;
mod rights;
mod site;

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};

use super::arm::Arm;
use super::easy_auth::{self, SiteOrigin};
use super::graph::Graph;
use super::http::Http;
use super::power_apps::PowerApps;
use super::reader::Reader;
use crate::engine::choices::{AppChoice, Choices};
use crate::engine::facts::{Fact, Facts, ProbeAnswer, Seen};
use crate::engine::ids::StageId;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::say;

/// Something to look at again by itself, without a full check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The function app, its host and its functions.
    Site,
    /// The authentication settings and their generation.
    Auth,
    /// What an anonymous caller is told.
    Probes,
    /// The API's registration and service principal.
    ApiApp,
    /// The connector's registration and service principal.
    ClientApp,
    /// Who may call: both registrations, the grants, assignments, and the tenant's consent policy.
    Grants,
    /// What the Resource URL names.
    Resource,
    /// What this person may do here: roles, ownership, the tenant's policies.
    Rights,
    /// What this person may do in Power Platform.
    Makers,
    /// Everything.
    All,
}

impl Part {
    /// What to look at while a person works at a stage.
    pub const fn of_stage(stage: StageId) -> &'static [Self] {
        match stage {
            StageId::Pick => &[Self::Site, Self::Rights, Self::Makers],
            StageId::Protect => &[Self::Auth, Self::Probes, Self::ApiApp, Self::Rights],
            StageId::Register => &[Self::ClientApp, Self::Auth, Self::Rights],
            StageId::Grant => &[Self::Grants, Self::Rights],
            StageId::Secret => &[Self::ClientApp, Self::Rights],
            StageId::Connect => &[Self::ClientApp, Self::Resource, Self::Rights],
            StageId::Try => &[Self::All],
        }
    }
}

/// Looks at a set-up. Cheap to clone. It only reads.
#[derive(Clone)]
pub struct Observer {
    http: Http,
    signed_in: Option<SignedIn>,
}

/// The services that need a sign-in, and the tenant it is for.
#[derive(Clone)]
struct SignedIn {
    graph: Graph,
    arm: Arm,
    power_apps: PowerApps,
    tenant: Option<String>,
}

impl Observer {
    /// Without a sign-in: only what anybody may ask.
    pub fn anonymous(http: Http) -> Self {
        Self { http, signed_in: None }
    }

    /// For a signed-in person. `tenant` is the tenant that the tokens are for, where it is known.
    pub fn signed_in(reader: Reader, tenant: Option<String>) -> Self {
        Self {
            http: reader.http.clone(),
            signed_in: Some(SignedIn {
                graph: Graph::new(reader.clone()),
                arm: Arm::new(reader.clone()),
                power_apps: PowerApps::new(reader),
                tenant,
            }),
        }
    }

    /// Looks at everything.
    pub async fn observe(&self, choices: &Choices) -> Facts {
        self.observe_part(&Facts::default(), choices, Part::All).await
    }

    /// Looks again at one part; the other facts stay as they were, but for those it hangs on and that
    /// nobody has seen yet.
    pub async fn observe_part(&self, before: &Facts, choices: &Choices, part: Part) -> Facts {
        self.observe_parts(before, choices, &[part]).await
    }

    /// The same for several parts at once.
    pub async fn observe_parts(&self, before: &Facts, choices: &Choices, parts: &[Part]) -> Facts {
        Look {
            http: &self.http,
            graph: self.signed_in.as_ref().map(|s| &s.graph),
            arm: self.signed_in.as_ref().map(|s| &s.arm),
            power_apps: self.signed_in.as_ref().map(|s| &s.power_apps),
            tenant: self.signed_in.as_ref().and_then(|s| s.tenant.as_deref()),
            before,
            choices,
            parts,
        }
        .run()
        .await
    }

    /// Calls a function anonymously. This may run the customer's code: only after the person confirmed it.
    pub async fn probe_function(
        &self,
        facts: &Facts,
        choices: &Choices,
        path: &str,
        method: http::Method,
    ) -> Seen<ProbeAnswer> {
        let origin = match (facts.site.value(), &choices.app) {
            (Some(site), _) => SiteOrigin::of_host(&site.host),
            (None, Some(AppChoice::Url(url))) => SiteOrigin::of_text(url),
            (None, _) => Err(Trouble::new(Class::Local, say("looking.no_site"), say("looking.no_site_next"))),
        };
        match origin {
            Ok(origin) => easy_auth::probe_function(&self.http, &origin, path, method).await,
            Err(trouble) => Seen::could_not(trouble, self.http.now(), format!("{method} {path}")),
        }
    }
}

/// A look that several others may wait for; it begins when the first of them does.
type Node<'a, T> = Shared<BoxFuture<'a, T>>;

/// One look: what is to be looked at, and with what.
struct Look<'a> {
    http: &'a Http,
    graph: Option<&'a Graph>,
    arm: Option<&'a Arm>,
    power_apps: Option<&'a PowerApps>,
    tenant: Option<&'a str>,
    before: &'a Facts,
    choices: &'a Choices,
    parts: &'a [Part],
}

impl<'a> Look<'a> {
    /// Whether one of these parts, or everything, is to be looked at.
    fn wants(&self, parts: &[Part]) -> bool {
        self.parts.iter().any(|p| *p == Part::All || parts.contains(p))
    }

    /// A fact to look at if one of these parts is wanted, or if something hangs on it that is not known.
    fn fact<T: Clone + Send + Sync + 'a>(
        &self,
        parts: &[Part],
        before: &Seen<T>,
        look: impl Future<Output = Seen<T>> + Send + 'a,
    ) -> Node<'a, Seen<T>> {
        let known = before.value().is_some() || before.is_absent();
        if known && !self.wants(parts) {
            std::future::ready(before.clone()).boxed().shared()
        } else {
            look.boxed().shared()
        }
    }

    async fn run(self) -> Facts {
        let person = self.person();
        let site = self.site();
        let site_id = self.site_id(&site);
        let functions = self.functions(&site_id);
        let auth = self.auth(&site_id);
        let auth_version = self.auth_version(&site_id);
        let probes = self.probes(&site);
        let tenant = self.tenant(&probes);
        let api_id = self.api_id(&auth, &probes);
        let api_app = self.api_app(&site_id, &api_id);
        let api_principal = self.api_principal(&api_id, &api_app);
        let owned = self.owned();
        let client = self.client(&site_id, &auth, &api_app, &owned);
        let client_principal = self.client_principal(&client);
        let grants = self.grants(&client_principal, &api_principal);
        let api_assigned = self.assigned(&self.before.api_assigned, &person, &api_principal);
        let client_assigned = self.assigned(&self.before.client_assigned, &person, &client_principal);
        let rights = self.rights(&site_id, &owned);
        let resource = self.resource(&api_app, &api_principal);
        let redirect_probe = self.redirect_probe(&client, &tenant);

        let mut wanted: Vec<BoxFuture<'_, ()>> = Vec::new();
        let mut want = |parts: &[Part], node: BoxFuture<'a, ()>| {
            if self.wants(parts) {
                wanted.push(node);
            }
        };
        want(&[Part::Rights], person.clone().map(drop).boxed());
        want(&[], tenant.clone().map(drop).boxed());
        want(&[Part::Site], site.clone().map(drop).boxed());
        want(&[Part::Site], functions.clone().map(drop).boxed());
        want(&[Part::Site, Part::Probes], probes.clone().map(drop).boxed());
        want(&[Part::Auth], auth.clone().map(drop).boxed());
        want(&[Part::Auth], auth_version.clone().map(drop).boxed());
        want(&[Part::ApiApp, Part::Grants], api_app.clone().map(drop).boxed());
        want(&[Part::ApiApp], api_principal.clone().map(drop).boxed());
        want(&[Part::ClientApp, Part::Grants], client.clone().map(drop).boxed());
        want(&[Part::ClientApp], client_principal.clone().map(drop).boxed());
        want(&[Part::Grants], grants.clone().map(drop).boxed());
        want(&[Part::Grants], api_assigned.clone().map(drop).boxed());
        want(&[Part::Grants], client_assigned.clone().map(drop).boxed());
        want(&[Part::Grants, Part::Rights], rights.user_policy());
        for node in rights.all() {
            want(&[Part::Rights, Part::Makers], node);
        }
        want(&[Part::Resource], resource.clone().map(drop).boxed());
        want(&[Part::ClientApp], redirect_probe.clone().map(drop).boxed());
        join_all(wanted).await;

        let mut facts = self.before.clone();
        take(&mut facts.person, &person);
        take(&mut facts.tenant, &tenant);
        take(&mut facts.site, &site);
        take(&mut facts.functions, &functions);
        take(&mut facts.auth, &auth);
        take(&mut facts.auth_version, &auth_version);
        if let Some(found) = probes.peek() {
            facts.host = easy_auth::host_answer(found);
            facts.probes.login = found.login.clone();
            facts.probes.browser = found.browser.clone();
            facts.probes.program = found.program.clone();
        }
        take(&mut facts.api_app, &api_app);
        take(&mut facts.api_principal, &api_principal);
        if let Some((app, candidates)) = client.peek() {
            facts.client_app = app.clone();
            facts.client_candidates = candidates.clone();
        }
        take(&mut facts.client_principal, &client_principal);
        take(&mut facts.grants, &grants);
        take(&mut facts.api_assigned, &api_assigned);
        take(&mut facts.client_assigned, &client_assigned);
        rights.take(&mut facts);
        take(&mut facts.resource, &resource);
        take(&mut facts.redirect_probe, &redirect_probe);
        facts
    }
}

/// Puts what a node found in the place of what was known; nothing where nobody looked.
fn take<T: Clone>(fact: &mut Seen<T>, node: &Node<'_, Seen<T>>) {
    if let Some(found) = node.peek() {
        *fact = found.clone();
    }
}

/// The fact that could not be looked at because of another one: its trouble; not there either where the other
/// is not there; or else nobody looked.
fn hangs_on<T, U>(other: &Seen<T>) -> Seen<U> {
    let fact = match &other.fact {
        Fact::CouldNot(trouble) => Fact::CouldNot(trouble.clone()),
        Fact::Absent => Fact::Absent,
        Fact::NotLooked | Fact::Is(_) => return Seen::default(),
    };
    Seen { fact, at: other.at, call: other.call.clone() }
}
