//! Stages 6 and 7: what goes into the connector page, what comes back, and the final call.

use super::{Judged, View, absent, fail, not_tried, pass, resource_url, same, say, say_with, waiting, warn};
use crate::engine::client_id;
use crate::engine::facts::{Application, Gap, RedirectProbe};
use crate::engine::redirect_url::{self, Recognition, Registered};

/// The person chose Cancel where agreement was asked for.
const CANCELLED: &str = "AADSTS65004";

pub(super) fn resolves(v: &View) -> Judged {
    let api = v.api()?;
    let Some(asked) = resource_url(v.facts, v.choices) else {
        return Ok(waiting(say("waits.api_app")));
    };
    let found = absent(v.facts.resource.get(), || {
        fail(say_with("resource.resolves.nobody", &[("resource", &asked)]))
            .note(say("resource.resolves.nobody_note"))
    })?;
    if found.value != asked {
        return Ok(not_tried(say_with("resource.resolves.not_looked", &[("resource", &asked)])));
    }
    if same(&found.app_id, &api.app_id) {
        Ok(pass(say_with("resource.resolves.api", &[("resource", &asked)])))
    } else {
        Ok(fail(say_with("resource.resolves.another", &[("resource", &asked), ("id", &found.app_id)])))
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
            _ => warn(say_with("redirect.known.odd", &[("url", url)])),
        });
    }
    let client = v.client()?;
    Ok(match own_ones(v, client).as_slice() {
        [] => not_tried(say("redirect.known.not_yet")),
        [one] => {
            not_tried(say_with("redirect.known.one", &[("url", one)])).note(say("redirect.known.one_note"))
        }
        several => not_tried(say_with("redirect.known.several", &[("number", &several.len().to_string())])),
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
            pass(say("redirect.registered.probed")).note(say("redirect.registered.probed_note"))
        } else {
            fail(say("redirect.registered.unknown")).note(say("redirect.registered.unknown_note"))
        });
    }
    let client = v.client()?;
    let Some(wanted) = &v.choices.redirect_url else {
        let found = own_ones(v, client);
        let shared = client.web_redirects.iter().any(|u| redirect_url::is_bare_shared(u, v.cloud));
        return Ok(if !found.is_empty() {
            pass(say_with("redirect.registered.found", &[("urls", &found.join(", "))]))
        } else if shared {
            fail(say("redirect.registered.shared")).note(say("redirect.registered.shared_note"))
        } else {
            fail(say("redirect.registered.none"))
        });
    };
    let outcome = redirect_url::compare(wanted, &client.web_redirects, v.cloud);
    if outcome != Registered::Exactly {
        for (list, elsewhere) in [
            (&client.spa_redirects, say("redirect.registered.spa")),
            (&client.public_redirects, say("redirect.registered.public")),
        ] {
            if list.contains(wanted) {
                return Ok(fail(elsewhere).note(say("redirect.registered.platform_note")));
            }
        }
    }
    Ok(match outcome {
        Registered::Exactly => pass(say("redirect.registered.exactly")),
        Registered::Nearly { registered, differences } => {
            let words: Vec<_> = differences.iter().map(|d| d.words()).collect();
            fail(say_with("redirect.registered.nearly", &[("url", &registered)]))
                .note(say_with("redirect.registered.nearly_note", &[("differences", &words.join(", "))]))
        }
        Registered::OnlyBareShared => {
            fail(say("redirect.registered.shared")).note(say("redirect.registered.shared_exactly_note"))
        }
        Registered::Missing => fail(say("redirect.registered.missing")),
    })
}

pub(super) fn leftover(v: &View) -> Judged {
    let client = v.client()?;
    Ok(match client.web_redirects.iter().find(|u| redirect_url::rehearsal(u).is_some()) {
        Some(uri) => {
            warn(say_with("redirect.leftover.left", &[("url", uri)])).note(say("redirect.leftover.left_note"))
        }
        None => pass(say("redirect.leftover.none")),
    })
}

pub(super) fn answered(v: &View) -> Judged {
    let outcome = match v.facts.rehearsal.get() {
        Ok(outcome) => outcome,
        Err(Gap::NotLooked | Gap::Absent) => {
            return Ok(not_tried(say("try.answered.not_tried")));
        }
        // What broke off says nothing of the set-up, nor does a person who cancelled; what was refused does.
        Err(Gap::CouldNot(t)) => {
            let evidence = say_with("try.answered.ended", &[("what", &t.what)]);
            let refused = t.class.is_a_no() && t.code.as_deref() != Some(CANCELLED);
            let verdict = if refused { fail(evidence) } else { not_tried(evidence) };
            return Err(verdict.note(t.next.clone()));
        }
    };
    let now = v.facts.client_app.value().map(|c| c.app_id.as_str());
    let resource = resource_url(v.facts, v.choices);
    if now.is_some_and(|id| !same(id, &outcome.client_app_id))
        || resource.is_some_and(|r| r != outcome.resource)
    {
        return Ok(not_tried(say("try.answered.changed")));
    }
    if v.facts.rehearsal_in_force().is_none() {
        return Ok(not_tried(say("try.answered.settings_changed")));
    }
    if outcome.answers_anybody() {
        return Ok(fail(say("try.answered.anybody")).note(say("try.answered.anybody_note")));
    }
    Ok(if outcome.status == 200 {
        pass(say_with("try.answered.answered", &[("caller", &outcome.caller), ("answer", &outcome.answer)]))
    } else {
        let answer = fail(say_with(
            "try.answered.refused",
            &[("status", &outcome.status.to_string()), ("caller", &outcome.caller)],
        ));
        match &outcome.diagnosis {
            Some(words) => answer.note(words.clone()),
            None if v.hidden_site() && matches!(outcome.status, 404 | 405) => {
                answer.note(say("try.answered.not_there_note"))
            }
            None => answer.note(say("try.answered.refused_note")),
        }
    })
}
