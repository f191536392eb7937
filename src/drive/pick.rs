//! Carrying out what picking asks for: listing tenants and function apps, and going to another tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cloud::arm::{AppListings, Arm};
use crate::cloud::sign_in::Session;
use crate::engine::facts::Site;
use crate::flow::event::{Answer, AppList, AppRow, Event, SubscriptionRow, TenantRow};

use super::Drive;
use super::borrow::borrow;
use super::face::Face;
use super::tasks::Answers;
use super::work::{not_signed_in, signed_in};

/// A sign-in for another tenant that is not in use yet.
pub type Switched = Arc<Mutex<Option<Session>>>;

impl<F: Face> Drive<F> {
    pub(super) fn list_apps(&mut self, generation: u64, answers: Answers) {
        let reader = self.machinery.services.reader();
        self.tasks.start(generation, async move {
            let listed = match reader {
                Some(reader) => Arm::new(reader).list_apps().await,
                None => Err(not_signed_in()),
            };
            answers.give(Answer::AppsListed(listed.map(rows)));
        });
    }

    pub(super) fn list_slots(&mut self, generation: u64, answers: Answers, site: String) {
        let reader = self.machinery.services.reader();
        self.tasks.start(generation, async move {
            let listed = match reader {
                Some(reader) => Arm::new(reader).slots(&site).await,
                None => Err(not_signed_in()),
            };
            let row = |site: Site| AppRow {
                id: site.id,
                name: site.name,
                host: site.host,
                subscription_id: site.subscription.clone(),
                subscription: site.subscription,
                resource_group: site.resource_group,
            };
            answers.give(Answer::SlotsListed(listed.map(|all| all.into_iter().map(row).collect())));
        });
    }

    pub(super) fn list_tenants(&mut self, generation: u64, answers: Answers) {
        let reader = self.machinery.services.reader();
        self.tasks.start(generation, async move {
            let listed = match reader {
                Some(reader) => Arm::new(reader).tenants().await,
                None => Err(not_signed_in()),
            };
            let row = |tenant: crate::cloud::arm::parse::Tenant| TenantRow {
                id: tenant.id,
                name: tenant.name,
                domain: tenant.domain,
            };
            answers.give(Answer::TenantsListed(listed.map(|all| all.into_iter().map(row).collect())));
        });
    }

    /// Gets the same person's tokens for another tenant. They are put to use with the answer.
    pub(super) fn switch_tenant(&mut self, generation: u64, answers: Answers, tenant: String) {
        let (services, ready) = (self.machinery.services.clone(), self.switched.clone());
        self.tasks.start(generation, async move {
            let there = match (services.session(), services.az()) {
                (Some(session), Some(az)) if session.is_lent() => {
                    borrow(az, services.http(), Some(&tenant)).await
                }
                (Some(session), _) => session.switch_tenant(&tenant).await,
                (None, _) => Err(not_signed_in()),
            };
            answers.give(Answer::TenantSwitched(there.map(|session| {
                let person = signed_in(&session, Some(&tenant));
                *ready.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
                person
            })));
        });
    }

    /// Uses the sign-in for another tenant from now on, if the machine is about to take the answer that tells of it.
    pub(super) fn settle_tenant(&self, event: &Event) {
        let Event::Answer { generation, answer: Answer::TenantSwitched(Ok(_)) } = event else { return };
        let session = self.switched.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session.filter(|_| *generation == self.state.generation) {
            self.machinery.services.signed_in(session);
        }
    }
}

fn rows(listed: AppListings) -> AppList {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for app in &listed.apps {
        *counts.entry(app.subscription.clone()).or_default() += 1;
    }
    let subscriptions = listed
        .subscriptions
        .into_iter()
        .map(|one| SubscriptionRow {
            apps: counts.get(&one.id).copied().unwrap_or_default(),
            name: if one.name.is_empty() { one.id.clone() } else { one.name },
            id: one.id,
        })
        .collect();
    let apps = listed
        .apps
        .into_iter()
        .map(|app| AppRow {
            id: app.id,
            name: app.name,
            host: app.host,
            subscription_id: app.subscription,
            subscription: app.subscription_name,
            resource_group: app.resource_group,
        })
        .collect();
    AppList::new(apps, subscriptions, listed.not_seen.iter().map(ToString::to_string).collect())
}
