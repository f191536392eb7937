//! Stage 4: `user_impersonation` granted to the connector's app.

use super::{
    GRAPH_APP_ID, Judged, Outcome, SCOPE, USER_READ_ID, View, absent, fail, pass, same, unknown, waiting,
    warn,
};
use crate::engine::facts::{Application, Fact, Gap, UserConsent};

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
    let scope = api.scope(SCOPE).ok_or_else(|| waiting(format!("Waits for {SCOPE} to be exposed.")))?;
    if requests(client, &api.app_id, &scope.id) {
        Ok(pass(format!("The connector requests {SCOPE} of {}.", api.display_name)))
    } else {
        Ok(fail(format!("The connector does not request {SCOPE}."))
            .note("Signing in would end with AADSTS650057."))
    }
}

pub(super) fn profile(v: &View) -> Judged {
    let client = v.client()?;
    if requests(client, GRAPH_APP_ID, USER_READ_ID) {
        Ok(pass("The connector requests Microsoft Graph's User.Read."))
    } else {
        Ok(fail("The connector does not request Microsoft Graph's User.Read.")
            .note("Every sign-in needs it; without it signing in can end with AADSTS90008."))
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
    let scope = api.scope(SCOPE).ok_or_else(|| waiting(format!("Waits for {SCOPE} to be exposed.")))?;
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
        Reach::PreAuthorised => return Ok(pass("The API pre-authorises the connector: nobody is asked.")),
        Reach::Everyone => return Ok(pass("Granted for everyone in the tenant.")),
        Reach::ThisPerson => return Ok(pass("You have consented.")),
        Reach::Nobody => {}
    }
    let admin_only = v.facts.api_app.value().and_then(|a| a.scope(SCOPE)).is_some_and(|s| s.admin_only);
    if admin_only {
        return Ok(fail("Nobody has consented, and only an administrator can."));
    }
    match &v.facts.user_consent.fact {
        Fact::Is(UserConsent::Allowed) => Ok(warn("You will be asked when you connect.")
            .note("That is fine: this tenant lets people consent for themselves.")),
        Fact::Is(UserConsent::LowRiskOnly) => Ok(unknown(
            "Nobody has consented yet. This tenant lets people consent only to what it calls low risk.",
        )
        .note("Pre-authorising the connector on the API is certain, and needs only the API's owner.")),
        Fact::Is(UserConsent::Off) => {
            Ok(fail("Nobody has consented, and this tenant does not let people consent for themselves.")
                .note("Pre-authorise the connector on the API (its owner can), or ask an administrator."))
        }
        Fact::Absent | Fact::CouldNot(_) | Fact::NotLooked => Ok(unknown(
            "Nobody has agreed yet. Whether you may agree yourself when you connect could not be read.",
        )
        .note("Pre-authorising the connector on the API is certain, and needs only the API's owner.")),
    }
}

pub(super) fn everyone(v: &View) -> Judged {
    Ok(match reach(v)? {
        Reach::PreAuthorised | Reach::Everyone => pass("Holds for everyone in the tenant."),
        Reach::ThisPerson => warn("Holds for you; others will be asked when they connect."),
        Reach::Nobody => match v.facts.user_consent.value() {
            Some(UserConsent::Off) => waiting("Waits for consent."),
            _ => warn("Everyone will be asked when they connect."),
        },
    })
}

pub(super) fn assignment(v: &View) -> Judged {
    // Without a registration nobody has looked for its service principal: that is waiting, not a failure to look.
    v.api()?;
    let api = absent(v.facts.api_principal.get(), || waiting("Waits for the API's service principal."))?;
    v.client()?;
    let client =
        absent(v.facts.client_principal.get(), || waiting("Waits for the connector's service principal."))?;
    for (principal, assigned, name) in
        [(api, &v.facts.api_assigned, "API"), (client, &v.facts.client_assigned, "connector")]
    {
        if !principal.assignment_required {
            continue;
        }
        match assigned.get() {
            Ok(true) => {}
            Ok(false) | Err(Gap::Absent) => {
                return Ok(fail(format!("The {name} asks for assignment, and you are not assigned.")).note(
                    "Assign the people who need it, or switch off “Assignment required” (AADSTS50105).",
                ));
            }
            Err(gap) => {
                let mut outcome: Outcome = gap.into();
                outcome.evidence =
                    format!("The {name} asks for assignment; whether you are assigned could not be read.");
                return Ok(outcome);
            }
        }
    }
    if let Some(auth) = v.facts.auth.value() {
        let me = v.facts.person.value().map(|p| p.object_id.as_str());
        let listed = &auth.allowed_identities;
        if !listed.is_empty() && me.is_some_and(|m| !listed.iter().any(|i| same(i, m))) {
            return Ok(fail("Easy Auth lets in only listed people, and you are not among them."));
        }
        if !listed.is_empty() || !auth.allowed_groups.is_empty() {
            return Ok(warn("Easy Auth lets in only listed people or groups. Others get a 403."));
        }
    }
    if api.assignment_required || client.assignment_required {
        return Ok(warn("You are assigned. Others who use the connector must be assigned too."));
    }
    Ok(pass("Nobody has to be assigned."))
}
