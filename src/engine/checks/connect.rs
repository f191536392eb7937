//! Stages 6 and 7: what goes into the connector page, what comes back, and the final call.

use super::{Judged, View, absent, fail, not_tried, pass, resource_url, same, waiting, warn};
use crate::engine::client_id;
use crate::engine::facts::{Application, Gap, RedirectProbe};
use crate::engine::redirect_url::{self, Recognition, Registered};
use crate::engine::trouble::Class;

pub(super) fn resolves(v: &View) -> Judged {
    let api = v.api()?;
    let Some(asked) = resource_url(v.facts, v.choices) else {
        return Ok(waiting("Waits for the API's registration."));
    };
    let found = absent(v.facts.resource.get(), || {
        fail(format!("No service principal of this tenant answers to {asked}"))
            .note("Signing in would end with AADSTS500011. Use the API's client ID.")
    })?;
    if found.value != asked {
        return Ok(not_tried(format!("{asked} was not looked up yet.")));
    }
    if same(&found.app_id, &api.app_id) {
        Ok(pass(format!("{asked} names the API.")))
    } else {
        Ok(fail(format!("{asked} names another application ({}).", found.app_id)))
    }
}

/// The connectors' own redirect URLs among the registered ones.
fn own_ones<'a>(v: &View, client: &'a Application) -> Vec<&'a str> {
    let own = |uri: &&str| matches!(redirect_url::recognise(uri, v.cloud), Recognition::Own(_));
    client.web_redirects.iter().map(String::as_str).filter(own).collect()
}

pub(super) fn known(v: &View) -> Judged {
    if let Some(url) = &v.choices.redirect_url {
        return Ok(match redirect_url::recognise(url, v.cloud) {
            Recognition::Own(_) => pass(url.clone()),
            _ => warn(format!("{url} does not look like a connector's redirect URL.")),
        });
    }
    let client = v.client()?;
    Ok(match own_ones(v, client).as_slice() {
        [] => not_tried("It comes from the connector page, once the connector has been created."),
        [one] => not_tried(format!("One is registered: {one}"))
            .note("Whether it is this connector's, only its page shows. Copy it there to be sure."),
        several => not_tried(format!(
            "{} are registered; the connector page shows which one is yours.",
            several.len()
        )),
    })
}

/// What the sign-in page said of the redirect URL that is wanted, where the registration cannot be read.
fn probed<'a>(v: &'a View) -> Option<&'a RedirectProbe> {
    let probe = v.facts.redirect_probe.value()?;
    let wanted = v.choices.redirect_url.as_ref() == Some(&probe.redirect_url)
        && client_id::of_connector(v.facts, v.choices).is_some_and(|id| same(id, &probe.client_app_id));
    (wanted && v.facts.client_app.value().is_none()).then_some(probe)
}

pub(super) fn registered(v: &View) -> Judged {
    if let Some(probe) = probed(v) {
        return Ok(if probe.registered {
            pass("The sign-in page knows it, to the letter.")
                .note("Whether it is under Web, only the registration shows, which cannot be read here.")
        } else {
            fail("The sign-in page does not know it (AADSTS50011).")
                .note("It must be registered exactly, under Web. Whoever owns the registration can add it.")
        });
    }
    let client = v.client()?;
    let Some(wanted) = &v.choices.redirect_url else {
        let found = own_ones(v, client);
        let shared = client.web_redirects.iter().any(|u| redirect_url::is_bare_shared(u, v.cloud));
        return Ok(if !found.is_empty() {
            pass(format!("Registered under Web: {}", found.join(", ")))
        } else if shared {
            fail("Only the shared redirect URL is registered.")
                .note("Every connector has its own now. Copy it from the connector page, all of it.")
        } else {
            fail("No connector's redirect URL is registered yet.")
        });
    };
    let outcome = redirect_url::compare(wanted, &client.web_redirects, v.cloud);
    if outcome != Registered::Exactly {
        for (list, platform) in [
            (&client.spa_redirects, "Single-page application"),
            (&client.public_redirects, "Mobile and desktop"),
        ] {
            if list.contains(wanted) {
                return Ok(fail(format!("Registered under {platform}, not under Web."))
                    .note("The connector keeps a secret, so it needs the Web platform."));
            }
        }
    }
    Ok(match outcome {
        Registered::Exactly => pass("Registered exactly, under Web."),
        Registered::Nearly { registered, differences } => {
            let words: Vec<_> = differences.iter().map(|d| d.words()).collect();
            fail(format!("Registered is {registered}"))
                .note(format!("It differs: {}. It must be the same to the letter.", words.join(", ")))
        }
        Registered::OnlyBareShared => fail("Only the shared redirect URL is registered.")
            .note("Every connector has its own now, and it must be registered exactly (AADSTS50011)."),
        Registered::Missing => fail("The redirect URL is not registered yet."),
    })
}

pub(super) fn leftover(v: &View) -> Judged {
    let client = v.client()?;
    Ok(match client.web_redirects.iter().find(|u| redirect_url::rehearsal(u).is_some()) {
        Some(uri) => {
            warn(format!("A rehearsal left {uri} behind.")).note("It can be removed; nothing uses it.")
        }
        None => pass("No rehearsal left anything behind."),
    })
}

pub(super) fn answered(v: &View) -> Judged {
    let outcome = match v.facts.rehearsal.get() {
        Ok(outcome) => outcome,
        Err(Gap::NotLooked | Gap::Absent) => {
            return Ok(not_tried("Nobody has called the function the connector's way yet."));
        }
        // What broke off says nothing of the set-up; what was refused does.
        Err(Gap::CouldNot(t)) => {
            let refused = matches!(
                t.class,
                Class::SignInRefused | Class::NotAllowed | Class::Refused | Class::NotFound
            );
            let verdict = if refused { fail(t.what.clone()) } else { not_tried(t.what.clone()) };
            return Err(verdict.note(t.next.clone()));
        }
    };
    let now = v.facts.client_app.value().map(|c| c.app_id.as_str());
    let resource = resource_url(v.facts, v.choices);
    if now.is_some_and(|id| !same(id, &outcome.client_app_id))
        || resource.is_some_and(|r| r != outcome.resource)
    {
        return Ok(not_tried("The set-up has changed since the last rehearsal."));
    }
    if !outcome.redeemed {
        return Ok(fail("The sign-in came back, but no token was issued."));
    }
    Ok(if outcome.status == 200 {
        pass(format!("HTTP 200 for {}: {}", outcome.caller, outcome.answer))
    } else {
        let answer = fail(format!("The function answered HTTP {} to {}.", outcome.status, outcome.caller));
        match &outcome.diagnosis {
            Some(words) => answer.note(words.clone()),
            None => answer.note("After a change of the settings the old ones stay in force for up to a minute: then rehearse once more."),
        }
    })
}
