//! Plans: what would be changed at a stage, in order, from the facts as they are now.

mod apps;
mod grants;
mod inverse;
mod redirects;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::change::{Change, ChangeKind, Inverse, Method, Pending, Ref, Service};
use super::checks::SCOPE;
use super::choices::{Choices, ConsentWay};
use super::clouds::Cloud;
use super::facts::{Fact, Facts, Gap, Seen};
use super::ids::StageId;
use super::trouble::Trouble;
use super::words::say;

/// An ordered list of changes for one stage, with what a person should know first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changes, in the order they will be made. Empty when nothing needs to change.
    pub changes: Vec<Change>,
    /// What it means for others (today's anonymous callers, other clients of an existing API, …).
    pub consequences: Vec<String>,
    /// The host name that gets the rehearsal's token although ARM does not show it: it was typed, and confirming the plan
    /// confirms it.
    pub token_to: Option<String>,
    /// Why there is no plan although something is wrong: what a person must do or tell first.
    pub blocked: Option<String>,
    /// What could not be read, where that is why: in the four parts that a person is shown.
    pub unread: Option<Trouble>,
}

impl Plan {
    fn blocked(why: impl Into<String>) -> Self {
        Self { blocked: Some(why.into()), ..Self::default() }
    }

    fn unread(why: impl Into<String>, trouble: &Trouble) -> Self {
        Self { unread: Some(trouble.clone()), ..Self::blocked(why) }
    }

    /// Blocked, where what it stands on could not be read or was not looked at.
    fn without(why: impl Into<String>, gap: Gap<'_>) -> Self {
        match gap {
            Gap::CouldNot(trouble) => Self::unread(why, trouble),
            Gap::NotLooked | Gap::Absent => Self::blocked(why),
        }
    }

    /// Whether nothing has to change.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.blocked.is_none()
    }
}

/// What a plan may need beyond facts and choices; all of it random or read from the clock elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanInput {
    /// Now, by the services' clock.
    pub now: Timestamp,
    /// The rehearsal's temporary redirect URI, once its port is bound.
    pub rehearsal_redirect: Option<String>,
    /// How long a new secret lasts, in days. The portal recommends 180 (microsoft-cloud 7.1).
    pub secret_days: i64,
    /// The tenant has refused a longer one than that.
    pub secret_shortened: bool,
    /// The value of a secret that was made here is held, and was not copied yet: a new one takes its place.
    pub value_not_copied: bool,
    /// Key id of the lost secret that is to be removed; stage 5 then does that and nothing else.
    pub remove_secret: Option<String>,
}

/// The plan that brings this stage to where its checks pass.
///
/// Stages 1 and 6 change nothing by themselves, except that stage 6 registers a redirect URL once it is known.
pub fn plan(stage: StageId, cloud: &Cloud, facts: &Facts, choices: &Choices, input: &PlanInput) -> Plan {
    let view = View { cloud, facts, choices, input };
    let mut plan = forward(stage, &view);
    for change in &mut plan.changes {
        change.inverse = inverse::inverse(&view, change);
        change.undo_az = change.inverse.iter().map(|step| view.az_undo(change.service, step)).collect();
    }
    plan
}

fn forward(stage: StageId, view: &View) -> Plan {
    let &View { facts, choices, .. } = view;
    let site = match facts.site.get() {
        Ok(site) => site,
        // What a rehearsal has registered is taken away again, whatever is seen of the app by then.
        Err(_) if stage == StageId::Try && redirects::registered(view) => return redirects::rehearsal(view),
        // What is changed at these are the registrations, and those were found without it.
        Err(_) if facts.hidden_site(choices) => match stage {
            StageId::Grant => return grants::grant(view),
            StageId::Secret => return secret(view),
            StageId::Connect => return redirects::connect(view),
            StageId::Try => return redirects::rehearsal_unseen(view),
            _ => return Plan::blocked(say("blocked.hidden_site")),
        },
        Err(Gap::CouldNot(trouble)) => {
            return Plan::unread(say("blocked.site_unread"), trouble);
        }
        Err(_) => return Plan::blocked(say("blocked.no_site")),
    };
    match stage {
        StageId::Pick => Plan::default(),
        StageId::Protect => settings::protect(view, site),
        StageId::Register => settings::register(view, site),
        StageId::Grant => grants::grant(view),
        StageId::Secret => secret(view),
        StageId::Connect => redirects::connect(view),
        StageId::Try => redirects::rehearsal(view),
    }
}

/// Stage 5: a new secret, or one that is lost taken away.
fn secret(view: &View) -> Plan {
    match &view.input.remove_secret {
        Some(key_id) => secrets::remove(view, key_id),
        None => secrets::add(view),
    }
}

/// Whether the facts show that a change has taken effect. Used after each change, since reads lag
/// behind writes (microsoft-cloud 4.9) and a restart keeps old settings in force (6.1).
pub fn landed(change: &Change, facts: &Facts) -> bool {
    match change.kind {
        ChangeKind::CreateApiApp => facts.api_app.value().is_some(),
        ChangeKind::CreateApiPrincipal => facts.api_principal.value().is_some(),
        ChangeKind::CreateClientApp => facts.client_app.value().is_some(),
        ChangeKind::CreateClientPrincipal => facts.client_principal.value().is_some(),
        ChangeKind::SetIdentifierUri | ChangeKind::ExposeScope | ChangeKind::PreAuthorize => {
            facts.api_app.value().is_some_and(|app| apps::reflects(app, &change.body))
        }
        ChangeKind::RequestPermission
        | ChangeKind::AddRedirect
        | ChangeKind::AddRehearsalRedirect
        | ChangeKind::RemoveRehearsalRedirect => {
            facts.client_app.value().is_some_and(|app| apps::reflects(app, &change.body))
        }
        ChangeKind::PutAuth => {
            facts.auth.value().is_some_and(|auth| settings::reflects(auth, &change.body))
                && settings::in_force(facts)
        }
        ChangeKind::GrantEveryone => facts
            .grants
            .value()
            .is_some_and(|g| g.iter().any(|g| g.principal.is_none() && g.scopes.iter().any(|s| s == SCOPE))),
        ChangeKind::AddSecret => {
            let name = change.body.pointer("/passwordCredential/displayName").and_then(|v| v.as_str());
            facts
                .client_app
                .value()
                .is_some_and(|app| app.secrets.iter().any(|s| Some(s.display_name.as_str()) == name))
        }
        ChangeKind::RemoveSecret => facts.client_app.value().is_some_and(|app| {
            let key_id = change.body.get("keyId").and_then(|v| v.as_str()).unwrap_or_default();
            !app.secrets.iter().any(|s| s.key_id.eq_ignore_ascii_case(key_id))
        }),
    }
}

/// Whether a look does not show a change that was seen before: reads of one replica lag behind another's
/// (microsoft-cloud 4.9). What could not be read at all contradicts nothing.
pub fn contradicts(change: &Change, facts: &Facts) -> bool {
    fn read<T>(seen: &Seen<T>) -> bool {
        matches!(seen.fact, Fact::Is(_) | Fact::Absent)
    }
    let read = match change.kind {
        ChangeKind::CreateApiPrincipal => read(&facts.api_principal),
        ChangeKind::CreateClientPrincipal => read(&facts.client_principal),
        ChangeKind::CreateApiApp
        | ChangeKind::SetIdentifierUri
        | ChangeKind::ExposeScope
        | ChangeKind::PreAuthorize => read(&facts.api_app),
        ChangeKind::PutAuth => read(&facts.auth),
        ChangeKind::GrantEveryone => read(&facts.grants),
        _ => read(&facts.client_app),
    };
    read && !landed(change, facts)
}

/// Everything a plan is made from.
struct View<'a> {
    cloud: &'a Cloud,
    facts: &'a Facts,
    choices: &'a Choices,
    input: &'a PlanInput,
}

impl View<'_> {
    fn api_app_id(&self) -> Ref {
        Ref::of(self.facts.api_app.value().map(|a| a.app_id.as_str()), Pending::ApiAppId)
    }

    fn api_object_id(&self) -> Ref {
        Ref::of(self.facts.api_app.value().map(|a| a.object_id.as_str()), Pending::ApiObjectId)
    }

    fn client_app_id(&self) -> Ref {
        Ref::of(self.facts.client_app.value().map(|a| a.app_id.as_str()), Pending::ClientAppId)
    }

    fn client_object_id(&self) -> Ref {
        Ref::of(self.facts.client_app.value().map(|a| a.object_id.as_str()), Pending::ClientObjectId)
    }

    /// How the connector is to be let in: as chosen, else the least privileged way.
    fn consent_way(&self) -> ConsentWay {
        self.choices.consent_way()
    }

    /// `az rest` for a Graph or ARM call: exact, and the same in Bash and in PowerShell. An apostrophe, which each of them
    /// quotes in its own way, stands in the body as JSON can spell it as well.
    fn az_rest(
        &self,
        service: Service,
        method: Method,
        path: &str,
        prefer: Option<&str>,
        body: &serde_json::Value,
    ) -> String {
        let url = self.url(service, path);
        let prefer = prefer.map(|prefer| format!(" Prefer={prefer}")).unwrap_or_default();
        let (method, body) = (method.as_str().to_lowercase(), body.to_string().replace('\'', "\\u0027"));
        format!(
            "az rest --method {method} --url \"{url}\" --headers Content-Type=application/json{prefer} --body '{body}'"
        )
    }

    /// The same for a request of an inverse.
    fn az_undo(&self, service: Service, step: &Inverse) -> String {
        match step {
            Inverse::Delete { path } => {
                format!("az rest --method delete --url \"{}\"", self.url(service, path))
            }
            Inverse::Send { method, path, body } => self.az_rest(service, *method, path, None, body),
        }
    }

    fn url(&self, service: Service, path: &str) -> String {
        let (base, version) = match service {
            Service::Graph => (self.cloud.graph.as_str(), "/v1.0"),
            Service::Arm => (self.cloud.arm.as_str(), ""),
        };
        format!("{}{version}{path}", base.trim_end_matches('/'))
    }
}
