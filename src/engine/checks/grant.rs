//! Stage 4: `user_impersonation` granted to the connector's app.

use super::{
    GRAPH_APP_ID, Judged, Outcome, SCOPE, USER_READ_ID, View, absent, fail, pass, same, say, say_with,
    unknown, waiting, warn,
};
use crate::engine::facts::{Application, AuthSettings, Fact, Gap, UserConsent};

/// Whether the client requests this delegated permission of this API.
fn requests(client: &Application, resource: &str, scope_id: &str) -> bool {
    client.required.iter().any(|r| {
        same(&r.resource_app_id, resource)
            && r.access.iter().any(|(id, kind)| kind == "Scope" && same(id, scope_id))
    })
}

pub(super) fn requested(v: &View) -> Judged {
    let client = v.client()?;
    let api = v.api()?;
    let scope = api.scope(SCOPE).ok_or_else(|| waiting(say_with("waits.scope", &[("scope", SCOPE)])))?;
    if requests(client, &api.app_id, &scope.id) {
        Ok(pass(say_with("grant.requested.requested", &[("scope", SCOPE), ("api", &api.display_name)])))
    } else {
        Ok(fail(say_with("grant.requested.missing", &[("scope", SCOPE)]))
            .note(say("grant.requested.missing_note")))
    }
}

pub(super) fn profile(v: &View) -> Judged {
    let client = v.client()?;
    if requests(client, GRAPH_APP_ID, USER_READ_ID) {
        Ok(pass(say("grant.profile.requested")))
    } else {
        Ok(fail(say("grant.profile.missing")).note(say("grant.profile.missing_note")))
    }
}

/// Who is let in without being asked.
enum Reach {
    PreAuthorised,
    Everyone,
    ThisPerson,
    Nobody,
}

fn reach(v: &View) -> Result<Reach, Outcome> {
    let client = v.client()?;
    let api = v.api()?;
    let scope = api.scope(SCOPE).ok_or_else(|| waiting(say_with("waits.scope", &[("scope", SCOPE)])))?;
    let pre_authorised = api
        .pre_authorized
        .iter()
        .any(|p| same(&p.app_id, &client.app_id) && p.scope_ids.iter().any(|id| same(id, &scope.id)));
    if pre_authorised {
        return Ok(Reach::PreAuthorised);
    }
    let grants = match v.facts.grants.get() {
        Ok(grants) => grants.as_slice(),
        Err(Gap::Absent) => &[],
        Err(gap) => return Err(gap.into()),
    };
    let holds = |scopes: &[String]| scopes.iter().any(|s| s == SCOPE);
    if grants.iter().any(|g| g.principal.is_none() && holds(&g.scopes)) {
        return Ok(Reach::Everyone);
    }
    let me = v.facts.person.value().map(|p| p.object_id.as_str());
    let mine = grants
        .iter()
        .any(|g| g.principal.as_deref().is_some_and(|p| me.is_some_and(|m| same(p, m))) && holds(&g.scopes));
    Ok(if mine { Reach::ThisPerson } else { Reach::Nobody })
}

pub(super) fn consent(v: &View) -> Judged {
    match reach(v)? {
        Reach::PreAuthorised => return Ok(pass(say("grant.consent.pre_authorised"))),
        Reach::Everyone => return Ok(pass(say("grant.consent.everyone"))),
        Reach::ThisPerson => return Ok(pass(say("grant.consent.person"))),
        Reach::Nobody => {}
    }
    let admin_only = v.facts.api_app.value().and_then(|a| a.scope(SCOPE)).is_some_and(|s| s.admin_only);
    if admin_only {
        return Ok(fail(say("grant.consent.admin_only")));
    }
    match &v.facts.user_consent.fact {
        Fact::Is(UserConsent::Allowed) => {
            Ok(warn(say("grant.consent.asked")).note(say("grant.consent.asked_note")))
        }
        Fact::Is(UserConsent::LowRiskOnly) => {
            Ok(unknown(say("grant.consent.low_risk")).note(say("grant.consent.certain_note")))
        }
        Fact::Is(UserConsent::Off) => Ok(fail(say("grant.consent.off")).note(say("grant.consent.off_note"))),
        Fact::Absent | Fact::CouldNot(_) | Fact::NotLooked => {
            Ok(unknown(say("grant.consent.unread")).note(say("grant.consent.certain_note")))
        }
    }
}

pub(super) fn everyone(v: &View) -> Judged {
    Ok(match reach(v)? {
        Reach::PreAuthorised | Reach::Everyone => pass(say("grant.everyone.holds")),
        Reach::ThisPerson => warn(say("grant.everyone.person")),
        Reach::Nobody => match v.facts.user_consent.value() {
            Some(UserConsent::Off) => waiting(say("waits.consent")),
            _ => warn(say("grant.everyone.asked")),
        },
    })
}

/// What is said where Easy Auth itself lets in only some people or groups (microsoft-cloud 6.7).
fn principals(v: &View, auth: &AuthSettings) -> Option<Outcome> {
    let people = &auth.allowed_identities;
    let groups: Vec<&str> =
        auth.allowed_groups.iter().chain(&auth.older_allowed_groups).map(String::as_str).collect();
    if people.is_empty() && groups.is_empty() {
        return None;
    }
    let listed = match v.facts.person.get() {
        Ok(me) => people.iter().any(|id| same(id, &me.object_id)),
        Err(gap) => {
            let mut outcome: Outcome = gap.into();
            say("grant.assignment.listed_unread").clone_into(&mut outcome.evidence);
            return Some(outcome);
        }
    };
    if !people.is_empty() && !listed && auth.allowed_groups.is_empty() {
        return Some(fail(say("grant.assignment.not_listed")).note(say("grant.assignment.requirement_note")));
    }
    if groups.is_empty() {
        return Some(warn(say("grant.assignment.listed")));
    }
    // Whose groups the token will name is not read; and whether a list of groups still counts for whom a list of people
    // names, or makes up for not being named, is not confirmed.
    let groups = groups.join(", ");
    let evidence = if people.is_empty() || listed {
        say_with("grant.assignment.groups", &[("groups", &groups)])
    } else {
        say_with("grant.assignment.not_listed_but_groups", &[("groups", &groups)])
    };
    Some(warn(evidence).note(say("grant.assignment.groups_note")))
}

pub(super) fn assignment(v: &View) -> Judged {
    // Without a registration nobody has looked for its service principal: that is waiting, not a failure to look.
    v.api()?;
    let api = absent(v.facts.api_principal.get(), || waiting(say("waits.api_principal")))?;
    v.client()?;
    let client = absent(v.facts.client_principal.get(), || waiting(say("waits.client_principal")))?;
    let (not_api, api_unread) = (say("grant.assignment.api"), say("grant.assignment.api_unread"));
    let (not_client, client_unread) = (say("grant.assignment.client"), say("grant.assignment.client_unread"));
    for (principal, assigned, not_assigned, unread) in [
        (api, &v.facts.api_assigned, not_api, api_unread),
        (client, &v.facts.client_assigned, not_client, client_unread),
    ] {
        if !principal.assignment_required {
            continue;
        }
        match assigned.get() {
            Ok(true) => {}
            Ok(false) | Err(Gap::Absent) => {
                return Ok(fail(not_assigned).note(say("grant.assignment.note")));
            }
            Err(gap) => {
                let mut outcome: Outcome = gap.into();
                unread.clone_into(&mut outcome.evidence);
                return Ok(outcome);
            }
        }
    }
    if let Some(said) = v.facts.auth.value().and_then(|auth| principals(v, auth)) {
        return Ok(said);
    }
    if api.assignment_required || client.assignment_required {
        return Ok(warn(say("grant.assignment.assigned")));
    }
    Ok(pass(say("grant.assignment.none")))
}
