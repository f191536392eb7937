//! The nodes of the person and the tenant: who is signed in, what is granted, who is assigned.

use super::{Look, Node, Part, hangs_on, metadata};
use crate::cloud::sign_in::tenant_metadata;
use crate::engine::facts::{Fact, Grant, Person, Probes, Seen, ServicePrincipal, Tenant};

impl<'a> Look<'a> {
    pub(super) fn person(&self) -> Node<'a, Seen<Person>> {
        let graph = self.graph;
        self.fact(&[Part::Rights], &self.before.person, async move {
            let Some(graph) = graph else { return Seen::default() };
            let (mut person, roles) = tokio::join!(graph.me(), graph.my_roles());
            if let Fact::Is(person) = &mut person.fact {
                person.roles = roles;
            }
            person
        })
    }

    /// The tenant: the one of the sign-in, else the one that Easy Auth names to anybody.
    pub(super) fn tenant(&self, probes: &Node<'a, Probes>) -> Node<'a, Seen<Tenant>> {
        let (http, graph, probes) = (self.http, self.graph, probes.clone());
        let hint = self.tenant.or(self.choices.tenant.as_deref()).filter(|t| !metadata::is_everybody(t));
        self.fact(&[], &self.before.tenant, async move {
            let Some(graph) = graph else {
                let named = if let Some(hint) = hint {
                    Some(hint.to_owned())
                } else {
                    let probes = probes.await;
                    let answers = [&probes.login, &probes.program, &probes.browser];
                    answers.iter().find_map(|p| p.value()?.tenant.clone())
                };
                return match named.filter(|t| !metadata::is_everybody(t)) {
                    Some(named) => metadata::tenant(http, &named, None).await,
                    None => Seen::default(),
                };
            };
            let organization = graph.organization();
            if let Some(hint) = hint {
                let (organization, read) = tokio::join!(organization, tenant_metadata(http, hint));
                return metadata::together(http, hint, read, organization.value());
            }
            let organization = organization.await;
            match organization.value() {
                Some(known) => metadata::tenant(http, &known.id, Some(known)).await,
                None => hangs_on(&organization),
            }
        })
    }

    pub(super) fn grants(
        &self,
        client: &Node<'a, Seen<ServicePrincipal>>,
        api: &Node<'a, Seen<ServicePrincipal>>,
    ) -> Node<'a, Seen<Vec<Grant>>> {
        let (graph, client, api) = (self.graph, client.clone(), api.clone());
        self.fact(&[Part::Grants], &self.before.grants, async move {
            let Some(graph) = graph else { return Seen::default() };
            let (client, api) = tokio::join!(client, api);
            match (client.value(), api.value()) {
                (Some(client), Some(api)) => graph.grants(&client.id, &api.id).await,
                (None, _) => hangs_on(&client),
                (_, None) => hangs_on(&api),
            }
        })
    }

    /// Whether the person is let in by the assignments of a service principal; looked at only where it
    /// requires them (microsoft-cloud 4.6).
    pub(super) fn assigned(
        &self,
        before: &Seen<bool>,
        person: &Node<'a, Seen<Person>>,
        principal: &Node<'a, Seen<ServicePrincipal>>,
    ) -> Node<'a, Seen<bool>> {
        let (graph, person, principal) = (self.graph, person.clone(), principal.clone());
        self.fact(&[Part::Grants], before, async move {
            let Some(graph) = graph else { return Seen::default() };
            let principal = principal.await;
            let Some(principal) = principal.value().filter(|p| p.assignment_required) else {
                return hangs_on(&principal);
            };
            let (person, assignments) = tokio::join!(person, graph.assignments(&principal.id));
            let Some(person) = person.value() else { return hangs_on(&person) };
            let Some(list) = assignments.value() else { return hangs_on(&assignments) };
            let is = |id: &str, other: &str| id.eq_ignore_ascii_case(other);
            let answer = |assigned, at| Seen { fact: Fact::Is(assigned), at, call: assignments.call.clone() };
            if list.iter().any(|a| !a.group && is(&a.principal, &person.object_id)) {
                return answer(true, assignments.at);
            }
            if !list.iter().any(|a| a.group) {
                return answer(false, assignments.at);
            }
            let groups = graph.my_groups().await;
            let Some(mine) = groups.value() else { return hangs_on(&groups) };
            let through = list.iter().any(|a| a.group && mine.iter().any(|g| is(g, &a.principal)));
            answer(through, groups.at.or(assignments.at))
        })
    }
}
