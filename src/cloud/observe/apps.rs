//! The nodes of the two registrations: which one is the API's, which one the connector's (design section 3).

use std::collections::HashSet;

use futures_util::FutureExt;
use futures_util::future::{Either, join_all, select};

use super::{Look, Node, Part, hangs_on};
use crate::cloud::graph::Graph;
use crate::cloud::reader::mapped;
use crate::cloud::sign_in::probe_redirect;
use crate::engine::facts::{
    Application, AuthSettings, Candidate, CandidateReason, Fact, Probes, RedirectProbe, Resource, Seen,
    ServicePrincipal, Tenant,
};
use crate::engine::markers;

/// The connector's registration, and what it could be where that is not certain.
pub(super) type Client = (Seen<Application>, Seen<Vec<Candidate>>);

/// Most registrations that are read because something admits them, and most that are offered.
const MOST_CANDIDATES: usize = 40;

impl<'a> Look<'a> {
    /// The API's client id, where something names it: the person, Easy Auth's settings, or (where those
    /// cannot be read) what Easy Auth tells anybody.
    pub(super) fn api_id(
        &self,
        auth: &Node<'a, Seen<AuthSettings>>,
        probes: &Node<'a, Probes>,
    ) -> Node<'a, Option<String>> {
        let (auth, probes, chosen) = (auth.clone(), probes.clone(), self.choices.api_app_id.clone());
        async move {
            if chosen.is_some() {
                return chosen;
            }
            if let Some(auth) = auth.await.value() {
                return auth.client_id.clone();
            }
            let probes = probes.await;
            let answers = [&probes.program, &probes.login, &probes.browser];
            answers.iter().find_map(|p| p.value()?.client_id.clone())
        }
        .boxed()
        .shared()
    }

    pub(super) fn api_app(
        &self,
        site_id: &Node<'a, Option<String>>,
        api_id: &Node<'a, Option<String>>,
    ) -> Node<'a, Seen<Application>> {
        let (site_id, api_id) = (site_id.clone(), api_id.clone());
        let (graph, chosen) = (self.graph, self.choices.api_app_id.is_some());
        self.fact(&[Part::ApiApp, Part::Grants], &self.before.api_app, async move {
            let Some(graph) = graph else { return Seen::default() };
            // Ours wins over the one that Easy Auth names: where the two differ, the checks then say so.
            let ours = match site_id.await {
                Some(id) if !chosen => graph.application_named(&markers::api_unique_name(&id)).await,
                _ => Seen::default(),
            };
            if ours.value().is_some() {
                return ours;
            }
            match api_id.await {
                Some(id) => graph.application(&id).await,
                None => ours,
            }
        })
    }

    pub(super) fn api_principal(
        &self,
        api_id: &Node<'a, Option<String>>,
        api_app: &Node<'a, Seen<Application>>,
    ) -> Node<'a, Seen<ServicePrincipal>> {
        let (graph, api_id, api_app) = (self.graph, api_id.clone(), api_app.clone());
        self.fact(&[Part::ApiApp], &self.before.api_principal, async move {
            let Some(graph) = graph else { return Seen::default() };
            // Whichever is known first: the registration itself, or the client id that something names.
            let known = match select(api_app.clone(), api_id).await {
                Either::Left(_) => None,
                Either::Right((id, _)) => id,
            };
            principal(graph, known, api_app).await
        })
    }

    pub(super) fn client(
        &self,
        site_id: &Node<'a, Option<String>>,
        auth: &Node<'a, Seen<AuthSettings>>,
        api_app: &Node<'a, Seen<Application>>,
        owned: &Node<'a, Seen<Vec<Application>>>,
    ) -> Node<'a, Client> {
        let known = &self.before.client_app;
        if known.value().is_some() && !self.wants(&[Part::ClientApp, Part::Grants]) {
            let before = (known.clone(), self.before.client_candidates.clone());
            return std::future::ready(before).boxed().shared();
        }
        let (site_id, auth, api_app, owned) = (site_id.clone(), auth.clone(), api_app.clone(), owned.clone());
        let (graph, chosen) = (self.graph, self.choices.client_app_id.as_deref());
        async move {
            let Some(graph) = graph else { return Client::default() };
            let named = match chosen {
                Some(chosen) => graph.application(chosen).await,
                None => Seen::default(),
            };
            // One that is not there, mistyped or removed since, must not hide the one that is.
            if chosen.is_some() && !named.is_absent() {
                return (named, Seen::default());
            }
            let unique_name = match site_id.await {
                Some(site_id) => Some(markers::connector_unique_name(&site_id)),
                // An app that this sign-in does not see: its API's registration tells the same.
                None => match api_app.clone().await.value() {
                    Some(api) => api.unique_name.as_deref().and_then(markers::connector_of_api),
                    None => return (named, Seen::default()),
                },
            };
            // What the person owns is read before it is known whether it will be needed: that saves a wave.
            let ours = async {
                match &unique_name {
                    Some(unique_name) => graph.application_named(unique_name).await,
                    None => named,
                }
            };
            let (ours, owned) = tokio::join!(ours, owned);
            if let Some(app) = ours.value() {
                let candidates = vec![candidate(app, CandidateReason::Marker)];
                let list = Seen { fact: Fact::Is(candidates), at: ours.at, call: ours.call.clone() };
                return (ours, list);
            }
            if matches!(ours.fact, Fact::CouldNot(_)) {
                return (ours, Seen::default());
            }
            let (auth, api) = tokio::join!(auth, api_app);
            guess(graph, ours, owned, auth.value(), api.value()).await
        }
        .boxed()
        .shared()
    }

    pub(super) fn client_principal(&self, client: &Node<'a, Client>) -> Node<'a, Seen<ServicePrincipal>> {
        let (graph, client, chosen) = (self.graph, client.clone(), self.choices.client_app_id.clone());
        self.fact(&[Part::ClientApp], &self.before.client_principal, async move {
            let Some(graph) = graph else { return Seen::default() };
            principal(graph, chosen, client.map(|(app, _)| app).boxed().shared()).await
        })
    }

    /// What the sign-in page says of the redirect URL, where the registration cannot be read and its client id is known.
    pub(super) fn redirect_probe(
        &self,
        client: &Node<'a, Client>,
        tenant: &Node<'a, Seen<Tenant>>,
    ) -> Node<'a, Seen<RedirectProbe>> {
        let (http, client, tenant) = (self.http, client.clone(), tenant.clone());
        let wanted = self.choices.client_app_id.clone().zip(self.choices.redirect_url.clone());
        async move {
            let Some((client_app_id, redirect_url)) = wanted else { return Seen::default() };
            let (registration, _) = client.await;
            if registration.value().is_some() || registration.is_absent() {
                return Seen::default();
            }
            let tenant = tenant.await;
            let Some(tenant) = tenant.value() else { return Seen::default() };
            let asked = probe_redirect(http, &tenant.id, &client_app_id, &redirect_url).await;
            let told =
                asked.map(|registered| Some(RedirectProbe { client_app_id, redirect_url, registered }));
            Seen::from_result(told, http.now(), "GET /{tenant}/oauth2/v2.0/authorize")
        }
        .boxed()
        .shared()
    }

    /// What the Resource URL names. The default, the API's client id, is the first name of its service
    /// principal, so that needs no call of its own.
    pub(super) fn resource(
        &self,
        api_app: &Node<'a, Seen<Application>>,
        api_principal: &Node<'a, Seen<ServicePrincipal>>,
    ) -> Node<'a, Seen<Resource>> {
        let (graph, chosen) = (self.graph, self.choices.resource_url.as_deref());
        let (api_app, api_principal) = (api_app.clone(), api_principal.clone());
        self.fact(&[Part::Resource], &self.before.resource, async move {
            let Some(graph) = graph else { return Seen::default() };
            let (value, found) = if let Some(value) = chosen {
                (value.to_owned(), graph.principal_with_name(value).await)
            } else {
                let (app, principal) = tokio::join!(api_app, api_principal);
                match app.value() {
                    Some(app) => (app.app_id.clone(), principal),
                    None => return hangs_on(&app),
                }
            };
            mapped(found, |principal| Some(Resource { value, app_id: principal.app_id }))
        })
    }
}

/// The service principal of a registration, asked for at once where its client id is known already.
async fn principal(
    graph: &Graph,
    known: Option<String>,
    app: Node<'_, Seen<Application>>,
) -> Seen<ServicePrincipal> {
    if let Some(known) = known {
        let (app, principal) = tokio::join!(app.clone(), graph.principal(&known));
        match app.value() {
            Some(app) if !app.app_id.eq_ignore_ascii_case(&known) => {}
            _ => return principal,
        }
    }
    let app = app.await;
    match app.value() {
        Some(app) => graph.principal(&app.app_id).await,
        None => hangs_on(&app),
    }
}

/// Guesses the connector's registration among those that something points to. It is certain only where
/// exactly one requests the API's permission.
async fn guess(
    graph: &Graph,
    ours: Seen<Application>,
    owned: Seen<Vec<Application>>,
    auth: Option<&AuthSettings>,
    api: Option<&Application>,
) -> Client {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let is_api = |id: &str| {
        api.is_some_and(|api| same(&api.app_id, id))
            || auth.and_then(|a| a.client_id.as_deref()).is_some_and(|api| same(api, id))
    };
    let mut admitted: Vec<&str> = Vec::new();
    if let Some(auth) = auth {
        admitted.extend(auth.allowed_applications.iter().flatten().map(String::as_str));
        admitted.extend(auth.older_allowed_applications.iter().map(String::as_str));
    }
    admitted.extend(api.into_iter().flat_map(|api| &api.pre_authorized).map(|p| p.app_id.as_str()));
    let mine: &[Application] = owned.value().map_or(&[], Vec::as_slice);
    let mut asked: HashSet<String> = mine.iter().map(|app| app.app_id.to_lowercase()).collect();
    let others: Vec<&str> = admitted
        .iter()
        .copied()
        .filter(|id| !is_api(id) && asked.insert(id.to_lowercase()))
        .take(MOST_CANDIDATES)
        .collect();
    let others = join_all(others.into_iter().map(|id| graph.application(id))).await;

    let sources = mine.iter().map(|app| (app, owned.at, &owned.call));
    let sources = sources.chain(others.iter().filter_map(|s| Some((s.value()?, s.at, &s.call))));
    let mut found: Vec<(CandidateReason, Seen<Application>, &Application)> = sources
        .filter(|(app, ..)| !is_api(&app.app_id) && !belongs_elsewhere(app))
        .filter_map(|(app, at, call)| {
            let requests =
                api.is_some_and(|api| app.required.iter().any(|r| same(&r.resource_app_id, &api.app_id)));
            let reason = if requests {
                CandidateReason::Requests
            } else if admitted.iter().any(|id| same(id, &app.app_id)) {
                CandidateReason::Admitted
            } else if app.scopes.is_empty() {
                CandidateReason::Owned
            } else {
                // It exposes permissions of its own: an API, not a connector.
                return None;
            };
            Some((reason, Seen { fact: Fact::Is(app.clone()), at, call: call.clone() }, app))
        })
        .collect();
    found.sort_by_cached_key(|(reason, _, app)| {
        (*reason, app.display_name.to_lowercase(), app.app_id.clone())
    });
    let candidates: Vec<_> =
        found.iter().take(MOST_CANDIDATES).map(|(reason, _, app)| candidate(app, *reason)).collect();
    let list = if candidates.is_empty() && owned.value().is_none() {
        hangs_on(&owned)
    } else {
        Seen { fact: Fact::Is(candidates), at: owned.at.or(ours.at), call: owned.call.clone() }
    };
    let mut requesting = found.iter().filter(|(reason, ..)| *reason == CandidateReason::Requests);
    match (requesting.next(), requesting.next()) {
        (Some((_, app, _)), None) => (app.clone(), list),
        _ => (ours, list),
    }
}

/// Whether a registration carries the marker of another set-up of ours.
fn belongs_elsewhere(app: &Application) -> bool {
    app.unique_name.as_deref().is_some_and(|name| name.starts_with("handclasp-"))
}

fn candidate(app: &Application, why: CandidateReason) -> Candidate {
    Candidate { app_id: app.app_id.clone(), display_name: app.display_name.clone(), why }
}
