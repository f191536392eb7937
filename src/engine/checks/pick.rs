//! Stage 1: the function app and its functions.

use super::{Judged, View, absent, fail, pass, say, say_with, unknown, waiting, warn};
use crate::engine::choices::AppChoice;
use crate::engine::facts::{AuthLevel, FrontEnd, Gap, HostAnswer};
use crate::engine::trouble::Class;

pub(super) fn exists(v: &View) -> Judged {
    match &v.choices.app {
        // Nobody named one, and among what this sign-in sees there is none to pick.
        None if v.facts.site.is_absent() => {
            return Ok(fail(say("app.exists.none_seen")).note(say("app.exists.none_seen_note")));
        }
        None => return Ok(waiting(say("app.exists.none_picked"))),
        Some(AppChoice::Url(url)) if v.facts.site.not_looked() => {
            return Ok(unknown(say_with("app.exists.address_only", &[("url", url)]))
                .note(say("app.exists.address_only_note")));
        }
        Some(app @ AppChoice::Url(url)) if v.hidden_site() => {
            // It is the host that answers: no function was asked.
            let origin = app.origin().unwrap_or_else(|| url.clone());
            return Ok(unknown(say_with("app.exists.hidden", &[("url", &origin)]))
                .note(say("app.exists.hidden_note")));
        }
        Some(_) => {}
    }
    let none = match &v.choices.app {
        Some(AppChoice::Url(url)) => say_with("app.exists.no_address", &[("url", url)]),
        _ => say("app.exists.missing").to_owned(),
    };
    let site = absent(v.facts.site.get(), || fail(none).note(missing(v)))?;
    if site.kind.split(',').any(|k| k.eq_ignore_ascii_case("workflowapp")) {
        return Ok(fail(say_with("app.exists.logic_app", &[("name", &site.name)])));
    }
    if site.state.eq_ignore_ascii_case("running") {
        Ok(pass(say_with(
            "app.exists.is",
            &[("name", &site.name), ("group", &site.resource_group), ("location", &site.location)],
        )))
    } else {
        Ok(fail(say_with("app.exists.not_running", &[("name", &site.name), ("state", &site.state)]))
            .note(say("app.exists.not_running_note")))
    }
}

/// What may help where no app is found: the name that was probably meant, if there is one.
fn missing(v: &View) -> String {
    if let Some(AppChoice::Url(_)) = v.choices.app {
        return say("app.exists.no_address_note").to_owned();
    }
    match v.facts.alike.value().map(Vec::as_slice) {
        None | Some([]) => say("app.exists.missing_note").to_owned(),
        Some(names) => say_with("app.exists.missing_alike", &[("names", &names.join(", "))]),
    }
}

pub(super) fn answers(v: &View) -> Judged {
    // What the resource itself says holds for every caller, whatever this machine is answered.
    if v.facts.site.value().is_some_and(|site| site.public_access_off) {
        return Ok(fail(say("app.answers.closed")).note(say("app.answers.closed_note")));
    }
    match v.facts.host.get() {
        Ok(answer) if answer.status >= 500 => {
            Ok(fail(say_with("app.answers.error", &[("status", &answer.status.to_string())]))
                .note(say("app.answers.error_note")))
        }
        // A rule about addresses may keep this machine out and let the connectors in, or not: from here nobody can tell. And
        // that the page means this is not confirmed (microsoft-cloud 6.7).
        Ok(HostAnswer { front_end: Some(FrontEnd::Forbidden), status }) => {
            Ok(warn(say_with("app.answers.kept_out", &[("status", &status.to_string())]))
                .note(say("app.answers.kept_out_note")))
        }
        Ok(HostAnswer { front_end: Some(FrontEnd::Stopped), status }) => {
            Ok(warn(say_with("app.answers.stopped", &[("status", &status.to_string())]))
                .note(say("app.exists.not_running_note")))
        }
        Ok(answer) => Ok(pass(say_with("app.answers.answered", &[("status", &answer.status.to_string())]))),
        Err(Gap::CouldNot(t)) if matches!(t.class, Class::Dns | Class::Tls | Class::TimeOut) => {
            let typed = matches!(v.choices.app, Some(AppChoice::Url(_)));
            let note =
                if typed { say_with("app.answers.slip", &[("next", &t.next)]) } else { t.next.clone() };
            Ok(fail(t.what.clone()).note(note))
        }
        Err(Gap::NotLooked) if v.choices.app.is_none() => Ok(waiting(say("app.exists.none_picked"))),
        Err(gap) => Err(gap.into()),
    }
}

pub(super) fn functions(v: &View) -> Judged {
    let all = v.facts.functions.get()?;
    let open: Vec<_> = all.iter().filter(|f| f.invoke_url.is_some() && !f.disabled).collect();
    if open.is_empty() {
        let none = if all.is_empty() { say("app.functions.none") } else { say("app.functions.none_by_http") };
        return Ok(fail(none).note(say("app.functions.none_note")));
    }
    let names: Vec<_> = open.iter().map(|f| f.name.as_str()).take(4).collect();
    let more = open.len() - names.len();
    let names = names.join(", ");
    Ok(pass(if more > 0 {
        say_with("app.functions.more", &[("names", &names), ("more", &more.to_string())])
    } else {
        names
    }))
}

pub(super) fn auth_level(v: &View) -> Judged {
    let all = v.facts.functions.get()?;
    let open: Vec<_> = all.iter().filter(|f| f.invoke_url.is_some() && !f.disabled).collect();
    if open.is_empty() {
        return Ok(waiting(say("waits.function")));
    }
    let names = |levels: &[AuthLevel]| {
        let hit: Vec<_> =
            open.iter().filter(|f| levels.contains(&f.auth_level)).map(|f| f.name.as_str()).collect();
        (hit.len(), hit.join(", "))
    };
    let (keyed, keyed_names) = names(&[AuthLevel::Function, AuthLevel::Admin]);
    let (unsaid, unsaid_names) = names(&[AuthLevel::Unsaid]);
    let note = say("app.authlevel.note");
    if keyed == open.len() {
        Ok(fail(say_with("app.authlevel.keyed", &[("names", &keyed_names)])).note(note))
    } else if keyed > 0 {
        Ok(warn(say_with("app.authlevel.keyed", &[("names", &keyed_names)])).note(note))
    } else if unsaid > 0 {
        Ok(warn(say_with("app.authlevel.unsaid", &[("names", &unsaid_names)])).note(note))
    } else {
        Ok(pass(say("app.authlevel.anonymous")))
    }
}
