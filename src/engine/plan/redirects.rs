//! Changes to the connector's redirect URIs: the real one, and the rehearsal's temporary one.

use serde_json::json;

use super::{Plan, View, apps};
use crate::engine::change::{Change, ChangeKind};
use crate::engine::choices::AppChoice;
use crate::engine::facts::Application;
use crate::engine::redirect_url;
use crate::engine::target;
use crate::engine::words::{say, say_with};

/// Stage 6: register the redirect URL that came back from the connector page; clear a leftover away.
pub(super) fn connect(v: &View) -> Plan {
    let Some(client) = v.facts.client_app.value() else {
        return Plan::blocked(say("blocked.no_client"));
    };
    let mut plan = Plan::default();
    let mut list = client.web_redirects.clone();
    if let Some(url) = v.choices.redirect_url.as_ref().filter(|u| !list.contains(u)) {
        let before = list.clone();
        list.push(url.clone());
        plan.changes.push(change(
            v,
            ChangeKind::AddRedirect,
            &before,
            &list,
            say("change.redirect.add").into(),
        ));
    }
    plan.changes.extend(leftover(v, client, &list));
    plan
}

/// Takes the redirect URI of an earlier rehearsal away from the list as it is by then.
fn leftover(v: &View, client: &Application, list: &[String]) -> Option<Change> {
    let left = client.web_redirects.iter().find(|uri| redirect_url::rehearsal(uri).is_some())?;
    Some(removal(v, list, left))
}

/// Stage 7: the temporary redirect URI, there and away again.
pub(super) fn rehearsal(v: &View) -> Plan {
    let Some(client) = v.facts.client_app.value() else {
        return Plan::blocked(say("blocked.no_client"));
    };
    let mut plan = Plan::default();
    let Some(uri) = &v.input.rehearsal_redirect else {
        plan.changes.extend(leftover(v, client, &client.web_redirects));
        return plan;
    };
    let mut list = client.web_redirects.clone();
    if !list.contains(uri) {
        let before = list.clone();
        list.push(uri.clone());
        plan.changes.push(change(
            v,
            ChangeKind::AddRehearsalRedirect,
            &before,
            &list,
            say("change.redirect.add_rehearsal").to_owned(),
        ));
    }
    plan.changes.push(removal(v, &list, uri));
    plan.consequences.push(say("consequence.sign_in_again").into());
    plan.consequences.push(say("consequence.called_twice").into());
    plan
}

/// Whether the rehearsal's redirect URI is registered by now.
pub(super) fn registered(v: &View) -> bool {
    let client = v.facts.client_app.value();
    v.input
        .rehearsal_redirect
        .as_ref()
        .is_some_and(|uri| client.is_some_and(|client| client.web_redirects.contains(uri)))
}

/// Stage 7 for an app that is not seen: the same, at the function whose whole address was typed. The token that comes of it
/// goes to that host, so that is said first.
pub(super) fn rehearsal_unseen(v: &View) -> Plan {
    let host = v.choices.app.as_ref().and_then(AppChoice::host);
    let Some((host, called)) = host.zip(target::typed(v.choices)) else {
        return Plan::blocked(say("blocked.hidden_function"));
    };
    let mut plan = rehearsal(v);
    if plan.blocked.is_none() && v.input.rehearsal_redirect.is_some() {
        let line = say_with("consequence.token_to_typed", &[("path", &called.path), ("host", &host)]);
        plan.consequences.insert(0, line);
        plan.token_to = Some(host);
    }
    plan
}

fn removal(v: &View, list: &[String], uri: &str) -> Change {
    let after: Vec<String> = list.iter().filter(|u| *u != uri).cloned().collect();
    change(
        v,
        ChangeKind::RemoveRehearsalRedirect,
        list,
        &after,
        say("change.redirect.remove_rehearsal").to_owned(),
    )
}

fn change(v: &View, kind: ChangeKind, before: &[String], after: &[String], title: String) -> Change {
    apps::patch(
        v,
        kind,
        &v.client_object_id(),
        json!({ "web": { "redirectUris": before } }),
        json!({ "web": { "redirectUris": after } }),
        title,
        say("change.redirect.undo").into(),
    )
}
