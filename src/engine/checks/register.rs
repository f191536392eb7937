//! Stage 3: the connector's own registration.

use super::{Judged, Outcome, View, absent, fail, pass, same, unknown, waiting, warn};
use crate::engine::client_id;
use crate::engine::facts::Gap;

pub(super) fn client_app(v: &View) -> Judged {
    if let Some(said) = unseen(v) {
        return Ok(said);
    }
    let app = absent(v.facts.client_app.get(), || {
        let found = v.facts.client_candidates.value().map_or(0, Vec::len);
        match found {
            0 => fail("The connector has no app registration yet."),
            1 => fail("One registration could be it.").note("Choose it, or make a new one."),
            n => fail(format!("{n} registrations could be the connector's."))
                .note("Say which one it is, or make a new one."),
        }
    })?;
    Ok(pass(format!("{} (client ID {})", app.display_name, app.app_id)))
}

/// What is said of a registration that cannot be seen, and whose client ID the person gave.
fn unseen(v: &View) -> Option<Outcome> {
    let said = client_id::of_connector(v.facts, v.choices)?;
    let outcome = match v.facts.client_app.get() {
        Err(Gap::NotLooked) => {
            unknown(format!("The client ID is {said}, as you said. Nobody has looked it up."))
        }
        Err(Gap::CouldNot(trouble)) => {
            unknown(format!("The client ID is {said}, as you said. {}", trouble.what))
                .note(trouble.next.clone())
        }
        _ => return None,
    };
    Some(outcome)
}

pub(super) fn client_principal(v: &View) -> Judged {
    v.client()?;
    let sp = absent(v.facts.client_principal.get(), || {
        fail("The registration has no service principal (enterprise application) in this tenant.")
            .note("Without it the secret gets no token: AADSTS7000229.")
    })?;
    if sp.enabled {
        Ok(pass("The service principal exists and is enabled."))
    } else {
        Ok(fail("The service principal is switched off for sign-in."))
    }
}

pub(super) fn separate(v: &View) -> Judged {
    // The client IDs tell, even where a registration itself cannot be seen.
    let ids = client_id::of_connector(v.facts, v.choices).zip(client_id::of_api(v.facts, v.choices));
    if ids.is_some_and(|(client, api)| same(client, api)) {
        return Ok(fail("The connector uses the API's own registration.")
            .note("Use two registrations: one for the API, one for the connector (AADSTS90009)."));
    }
    v.client()?;
    v.api()?;
    Ok(pass("It is a registration of its own."))
}

pub(super) fn audience(v: &View) -> Judged {
    let client = v.client()?;
    Ok(match client.sign_in_audience.as_str() {
        "AzureADMyOrg" => pass("Accounts of this organisation only."),
        "AzureADMultipleOrgs" => {
            warn("Accounts of every organisation. This organisation only is the narrower choice.")
        }
        "PersonalMicrosoftAccount" => fail("Personal Microsoft accounts only: nobody here can sign in."),
        "AzureADandPersonalMicrosoftAccount" => warn(
            "Accounts of every organisation and personal accounts. This organisation only is the narrower choice.",
        ),
        other => warn(format!("Accepts accounts of kind {other}.")),
    })
}

pub(super) fn allowed(v: &View) -> Judged {
    let client = v.client()?;
    let auth = match v.facts.auth.get() {
        Ok(auth) if auth.enabled && auth.client_id.is_some() => auth,
        Ok(_) | Err(Gap::Absent) => return Ok(waiting("Waits for Easy Auth to be on.")),
        Err(gap) => return Err(gap.into()),
    };
    let api_id = auth.client_id.as_deref().unwrap_or_default();
    let lists = |list: &[String], id: &str| list.iter().any(|a| same(a, id));
    let older = &auth.older_allowed_applications;
    if !older.is_empty() && !lists(older, &client.app_id) {
        return Ok(fail("The older list of allowed client applications leaves the connector out.")
            .note("Every call of the connector would be a 403."));
    }
    match auth.allowed_applications.as_deref() {
        None | Some([]) => Ok(warn("The list of allowed client applications is empty.")
            .note("What an empty list means is not certain: it may let every application in, or none (a bare 403). List both client IDs.")),
        Some(list) if !lists(list, &client.app_id) => {
            Ok(fail("The connector is not among the allowed client applications.")
                .note("The portal's default allows only the function's own registration. Every call of the connector would be a 403."))
        }
        Some(list) if !lists(list, api_id) => {
            Ok(warn("The connector is allowed, but the API's own client ID is not.")
                .note("Signing in to the function with a browser would be refused."))
        }
        Some(_) => Ok(pass("Both client IDs are among the allowed client applications.")),
    }
}
