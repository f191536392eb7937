//! The nodes of what this person may do here: policies of the tenant, ownership, Azure roles, Power Platform.
//!
//! None of them hangs on more than the site's id, so that they travel beside the longer chains and make none longer.

use std::future::Future;

use futures_util::FutureExt;

use super::{Look, Node, Part};
use crate::cloud::reader::mapped;
use crate::engine::facts::{
    Application, DataPolicy, Environment, Permission, SecretPolicy, Seen, ServicePlan, UserConsent,
};

/// What belongs to the rights, node by node.
pub(super) struct Nodes<'a> {
    user_policy: Node<'a, (Seen<UserConsent>, Seen<bool>)>,
    secret_policy: Node<'a, Seen<SecretPolicy>>,
    owned: Node<'a, Seen<Vec<Application>>>,
    site: Node<'a, Seen<Vec<Permission>>>,
    environments: Node<'a, Seen<Vec<Environment>>>,
    data_policies: Node<'a, Seen<Vec<DataPolicy>>>,
    plans: Node<'a, Seen<Vec<ServicePlan>>>,
}

impl<'a> Nodes<'a> {
    /// Every node that is to be waited for when rights are wanted.
    pub(super) fn all(&self) -> [futures_util::future::BoxFuture<'a, ()>; 6] {
        [
            self.secret_policy.clone().map(drop).boxed(),
            self.owned.clone().map(drop).boxed(),
            self.site.clone().map(drop).boxed(),
            self.environments.clone().map(drop).boxed(),
            self.data_policies.clone().map(drop).boxed(),
            self.plans.clone().map(drop).boxed(),
        ]
    }

    /// What the tenant lets everybody do; it belongs to the grants as well.
    pub(super) fn user_policy(&self) -> futures_util::future::BoxFuture<'a, ()> {
        self.user_policy.clone().map(drop).boxed()
    }

    /// Puts what was found in the place of what was known.
    pub(super) fn take(&self, facts: &mut crate::engine::facts::Facts) {
        if let Some((consent, register)) = self.user_policy.peek() {
            facts.user_consent = consent.clone();
            facts.rights.register_apps = register.clone();
        }
        super::take(&mut facts.rights.secret_policy, &self.secret_policy);
        super::take(&mut facts.rights.site, &self.site);
        super::take(&mut facts.rights.environments, &self.environments);
        super::take(&mut facts.rights.data_policies, &self.data_policies);
        super::take(&mut facts.rights.plans, &self.plans);
        if let Some(owned) = self.owned.peek() {
            let ids = |apps: Vec<Application>| Some(apps.into_iter().map(|app| app.app_id).collect());
            facts.rights.owned = mapped(owned.clone(), ids);
        }
    }
}

impl<'a> Look<'a> {
    /// The registrations that the person owns: a right over each, and candidates for the connector's.
    pub(super) fn owned(&self) -> Node<'a, Seen<Vec<Application>>> {
        let graph = self.graph;
        async move {
            match graph {
                Some(graph) => graph.my_applications().await,
                None => Seen::default(),
            }
        }
        .boxed()
        .shared()
    }

    pub(super) fn rights(
        &self,
        site_id: &Node<'a, Option<String>>,
        owned: &Node<'a, Seen<Vec<Application>>>,
    ) -> Nodes<'a> {
        let (graph, arm, power_apps, before) = (self.graph, self.arm, self.power_apps, &self.before.rights);
        let site_id = site_id.clone();
        let known = before.register_apps.value().is_some() && self.before.user_consent.value().is_some();
        let user_policy = if known && !self.wants(&[Part::Grants, Part::Rights]) {
            std::future::ready((self.before.user_consent.clone(), before.register_apps.clone()))
                .boxed()
                .shared()
        } else {
            async move {
                match graph {
                    Some(graph) => graph.user_policy().await,
                    None => <_>::default(),
                }
            }
            .boxed()
            .shared()
        };
        Nodes {
            user_policy,
            secret_policy: self.fact(&[Part::Rights], &before.secret_policy, async move {
                match graph {
                    Some(graph) => graph.secret_policy().await,
                    None => Seen::default(),
                }
            }),
            owned: owned.clone(),
            site: self.fact(&[Part::Rights], &before.site, async move {
                match (arm, site_id.await) {
                    (Some(arm), Some(id)) => arm.permissions(&id).await,
                    _ => Seen::default(),
                }
            }),
            // Another service with a token of its own: asked again only where it was not heard yet, and at its own stage.
            environments: if before.environments.value().is_some() && !self.parts.contains(&Part::Makers) {
                std::future::ready(before.environments.clone()).boxed().shared()
            } else {
                async move {
                    match power_apps {
                        Some(power_apps) => power_apps.environments().await,
                        None => Seen::default(),
                    }
                }
                .boxed()
                .shared()
            },
            data_policies: self.once(&before.data_policies, async move {
                match power_apps {
                    Some(power_apps) => power_apps.data_policies().await,
                    None => Seen::default(),
                }
            }),
            plans: self.once(&before.plans, async move {
                match graph {
                    Some(graph) => graph.my_plans().await,
                    None => Seen::default(),
                }
            }),
        }
    }

    /// What changes seldom and is refused to most: asked once, whatever the answer, and again at its own stage.
    fn once<T: Clone + Send + Sync + 'a>(
        &self,
        before: &Seen<T>,
        look: impl Future<Output = Seen<T>> + Send + 'a,
    ) -> Node<'a, Seen<T>> {
        if before.not_looked() || self.parts.contains(&Part::Makers) {
            look.boxed().shared()
        } else {
            std::future::ready(before.clone()).boxed().shared()
        }
    }
}
