//! Stage 1: the function app and its functions.

use super::{Judged, View, absent, fail, pass, unknown, waiting, warn};
use crate::engine::choices::AppChoice;
use crate::engine::facts::{AuthLevel, Gap};
use crate::engine::trouble::Class;

pub(super) fn exists(v: &View) -> Judged {
    match &v.choices.app {
        None => return Ok(waiting("No function app was picked yet.")),
        Some(AppChoice::Url(url)) if v.facts.site.not_looked() => {
            return Ok(unknown(format!("Only its address is known: {url}"))
                .note("Sign in to see the function app itself; until then only what is public is checked."));
        }
        Some(_) => {}
    }
    let site = absent(v.facts.site.get(), || {
        fail("No function app of this name can be seen with this sign-in.")
            .note("Look for a typing mistake, another subscription, or an app that lives in another tenant.")
    })?;
    if site.kind.split(',').any(|k| k.eq_ignore_ascii_case("workflowapp")) {
        return Ok(fail(format!("{} is a Logic App, not a function app.", site.name)));
    }
    if site.state.eq_ignore_ascii_case("running") {
        Ok(pass(format!("{} in resource group {}, {}", site.name, site.resource_group, site.location)))
    } else {
        Ok(fail(format!("{} is there, but its state is {}.", site.name, site.state))
            .note("Start the app on its Overview page, then look again."))
    }
}

pub(super) fn answers(v: &View) -> Judged {
    match v.facts.host.get() {
        Ok(answer) if answer.status >= 500 => Ok(fail(format!("The host answered HTTP {}.", answer.status))
            .note("The app is there but does not start. Its Log stream in the portal says why.")),
        Ok(answer) => Ok(pass(format!("The host answered over HTTPS (HTTP {}).", answer.status))),
        Err(Gap::CouldNot(t)) if matches!(t.class, Class::Dns | Class::Tls | Class::TimeOut) => {
            Ok(fail(t.what.clone()).note(t.next.clone()))
        }
        Err(Gap::NotLooked) if v.choices.app.is_none() => Ok(waiting("No function app was picked yet.")),
        Err(gap) => Err(gap.into()),
    }
}

pub(super) fn functions(v: &View) -> Judged {
    let all = v.facts.functions.get()?;
    let open: Vec<_> = all.iter().filter(|f| f.invoke_url.is_some() && !f.disabled).collect();
    if open.is_empty() {
        let note = "Publish a function with an HTTP trigger. Right after a deployment the list can be empty for a minute.";
        return Ok(fail(if all.is_empty() {
            "The app lists no functions."
        } else {
            "No function is triggered by HTTP."
        })
        .note(note));
    }
    let names: Vec<_> = open.iter().map(|f| f.name.as_str()).take(4).collect();
    let more = open.len() - names.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(pass(format!("{}{tail}", names.join(", "))))
}

pub(super) fn auth_level(v: &View) -> Judged {
    let all = v.facts.functions.get()?;
    let open: Vec<_> = all.iter().filter(|f| f.invoke_url.is_some() && !f.disabled).collect();
    if open.is_empty() {
        return Ok(waiting("Waits for a function."));
    }
    let names = |levels: &[AuthLevel]| {
        let hit: Vec<_> =
            open.iter().filter(|f| levels.contains(&f.auth_level)).map(|f| f.name.as_str()).collect();
        (hit.len(), hit.join(", "))
    };
    let (keyed, keyed_names) = names(&[AuthLevel::Function, AuthLevel::Admin]);
    let (unsaid, unsaid_names) = names(&[AuthLevel::Unsaid]);
    let note = "Set authLevel to anonymous: Easy Auth asks for the sign-in, and a key on top makes every call of the connector a 401.";
    if keyed == open.len() {
        Ok(fail(format!("{keyed_names}: asks for a function key on top of the sign-in.")).note(note))
    } else if keyed > 0 {
        Ok(warn(format!("{keyed_names}: asks for a function key on top of the sign-in.")).note(note))
    } else if unsaid > 0 {
        Ok(warn(format!("{unsaid_names}: says no authLevel; it may ask for a function key.")).note(note))
    } else {
        Ok(pass("anonymous: Easy Auth alone asks who is calling."))
    }
}
