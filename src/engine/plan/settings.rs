//! Changes to Easy Auth: read the whole settings document, change only what is needed, put it all back.

use serde_json::{Map, Value, json};

use super::{Plan, View, apps};
use crate::engine::change::{Change, ChangeKind, Method, Right, Service};
use crate::engine::checks::SCOPE;
use crate::engine::facts::{AuthSettings, AuthVersion, Facts, Gap, Rehearsal, Site};
use crate::engine::markers;
use crate::engine::words::{say, say_with};

/// `api-version` of Microsoft.Web calls (microsoft-cloud 5.1).
pub const API_VERSION: &str = "2023-12-01";

/// Stage 2.
pub(super) fn protect(v: &View, site: &Site) -> Plan {
    if let Err(gap @ (Gap::NotLooked | Gap::CouldNot(_))) = v.facts.auth.get() {
        let unread = matches!(gap, Gap::CouldNot(_));
        let why = if unread { say("blocked.auth_unread") } else { say("blocked.auth_not_read") };
        return Plan::without(why, gap);
    }
    if v.facts.auth.value().is_some_and(|a| a.config_file.is_some()) {
        return Plan::blocked(say("blocked.auth_file"));
    }
    let mut plan = Plan::default();
    match v.facts.api_app.get() {
        Ok(app) => {
            if !app.scope(SCOPE).is_some_and(|s| s.enabled) {
                plan.changes.push(apps::expose_scope(v, site, app));
            }
            let ours = app.unique_name.as_deref() == Some(markers::api_unique_name(&site.id).as_str());
            if ours && app.identifier_uris.is_empty() {
                plan.changes.push(apps::identifier_uri(v));
            }
        }
        Err(Gap::Absent) => {
            plan.changes.push(apps::create_api(v, site));
            plan.changes.push(apps::identifier_uri(v));
        }
        Err(gap) => return Plan::without(say("blocked.api_unread"), gap),
    }
    if v.facts.api_principal.value().is_none() {
        plan.changes.push(apps::create_principal(
            ChangeKind::CreateApiPrincipal,
            &v.api_app_id(),
            say("change.create_principal.api"),
        ));
    }
    let before = document(v.facts);
    let after = protected(v, &before);
    if after != before {
        if keeps_classic_secrets(v.facts) {
            return Plan::blocked(say("blocked.classic_secrets"));
        }
        plan.consequences.extend(consequences(v, &before, &after));
        let title = match v.facts.auth.value() {
            Some(auth) if auth.enabled => say("change.auth.correct"),
            _ => say("change.auth.switch_on"),
        };
        plan.changes.push(put(v, site, &before, &after, title));
    }
    plan
}

/// Stage 3.
pub(super) fn register(v: &View, site: &Site) -> Plan {
    let Some(auth) = v.facts.auth.value().filter(|a| a.enabled) else {
        return Plan::blocked(say("blocked.not_protected"));
    };
    let mut plan = Plan::default();
    match v.facts.client_app.get() {
        // What either part is to keep of the one registration, a person has to decide.
        Ok(client) if v.facts.api_app.value().is_some_and(|api| api.app_id == client.app_id) => {
            return Plan::blocked(say("blocked.one_registration"));
        }
        Ok(_) => {}
        Err(Gap::Absent) => {
            plan.changes.push(apps::create_client(v, site));
            let names: Vec<_> = v
                .facts
                .client_candidates
                .value()
                .into_iter()
                .flatten()
                .map(|c| c.display_name.as_str())
                .collect();
            if !names.is_empty() {
                plan.consequences
                    .push(say_with("consequence.another_client", &[("names", &names.join(", "))]));
            }
        }
        Err(gap) => return Plan::without(say("blocked.client_unread"), gap),
    }
    if v.facts.client_principal.value().is_none() {
        plan.changes.push(apps::create_principal(
            ChangeKind::CreateClientPrincipal,
            &v.client_app_id(),
            say("change.create_principal.connector"),
        ));
    }
    let before = auth.document.clone();
    let mut after = before.clone();
    allow(v, &mut after, true);
    if after != before {
        if keeps_classic_secrets(v.facts) {
            return Plan::blocked(say("blocked.classic_secrets"));
        }
        plan.consequences.extend(consequences(v, &before, &after));
        plan.changes.push(put(v, site, &before, &after, say("change.auth.admit")));
    }
    plan
}

/// Whether the settings are of the classic kind and hold secrets, which writing today's settings might lose.
fn keeps_classic_secrets(facts: &Facts) -> bool {
    matches!(facts.auth_version.value(), Some(AuthVersion::V1 { enabled: true, keeps_secrets: true }))
}

fn document(facts: &Facts) -> Value {
    facts.auth.value().map_or_else(|| json!({}), |auth| auth.document.clone())
}

/// The settings as they should be, from the settings as they are (microsoft-cloud 5.5, recommended PUT).
fn protected(v: &View, before: &Value) -> Value {
    let mut doc = before.clone();
    let was_on = v.facts.auth.value().is_some_and(|a| a.enabled);
    set(&mut doc, &["platform", "enabled"], json!(true));
    set(&mut doc, &["globalValidation", "requireAuthentication"], json!(true));
    let action = doc.pointer("/globalValidation/unauthenticatedClientAction").and_then(Value::as_str);
    if !was_on || action.is_none_or(|a| a.eq_ignore_ascii_case("AllowAnonymous")) {
        set(&mut doc, &["globalValidation", "unauthenticatedClientAction"], json!("Return401"));
    }
    set(&mut doc, &["identityProviders", "azureActiveDirectory", "enabled"], json!(true));
    set(
        &mut doc,
        &["identityProviders", "azureActiveDirectory", "registration", "clientId"],
        json!(v.api_app_id().to_string()),
    );
    if let Some(issuer) = issuer(v) {
        set(
            &mut doc,
            &["identityProviders", "azureActiveDirectory", "registration", "openIdIssuer"],
            json!(issuer),
        );
    }
    audiences(v, &mut doc);
    allow(v, &mut doc, false);
    if !was_on {
        set(&mut doc, &["login", "tokenStore", "enabled"], json!(true));
        set(&mut doc, &["httpSettings", "requireHttps"], json!(true));
    }
    doc
}

/// The issuer that fits the API's token version; `None` when the configured one already does.
fn issuer(v: &View) -> Option<String> {
    let tenant = v.facts.tenant.value()?;
    // A registration that we are about to make issues version 2 tokens.
    let version =
        v.facts.api_app.value().map_or(2, crate::engine::facts::Application::effective_token_version);
    let fitting = if version == 2 { &tenant.issuer_v2 } else { &tenant.issuer_v1 };
    let configured = v.facts.auth.value().filter(|a| a.enabled).and_then(|a| a.issuer.as_deref());
    let portal_form = format!("{}v2.0", tenant.issuer_v1);
    // The portal's form was seen to work (microsoft-cloud 6.6); where a rehearsal was refused for it, it does not here. What
    // a rehearsal was let in with stays as well.
    let tried = v.facts.rehearsal_in_force().filter(|done| done.issuer.eq_ignore_ascii_case(fitting));
    let (refused, let_in) =
        (tried.is_some_and(Rehearsal::issuer_refused), tried.is_some_and(Rehearsal::let_in));
    let fits = configured.is_some_and(|c| {
        c.eq_ignore_ascii_case(fitting)
            || (let_in && !c.eq_ignore_ascii_case(&tenant.issuer_v2))
            || (version == 2 && !refused && c.eq_ignore_ascii_case(&portal_form))
    });
    (!fits).then(|| fitting.clone())
}

/// Adds the audience that the chosen Resource URL leads to, where it is not the client id itself.
fn audiences(v: &View, doc: &mut Value) {
    let id = v.api_app_id().to_string();
    let mut wanted = vec![format!("api://{id}")];
    let v1 = v.facts.api_app.value().is_some_and(|a| a.effective_token_version() == 1);
    if let Some(resource) = v.choices.resource_url.as_ref().filter(|r| v1 && !r.eq_ignore_ascii_case(&id)) {
        wanted.push(resource.clone());
    }
    append(doc, &["identityProviders", "azureActiveDirectory", "validation", "allowedAudiences"], &wanted);
}

/// Writes the explicit list of both client ids: what an empty list means is unconfirmed (microsoft-cloud 6.7).
fn allow(v: &View, doc: &mut Value, with_client: bool) {
    const POLICY: [&str; 5] = [
        "identityProviders",
        "azureActiveDirectory",
        "validation",
        "defaultAuthorizationPolicy",
        "allowedApplications",
    ];
    let mut wanted = vec![v.api_app_id().to_string()];
    let older = [
        "identityProviders",
        "azureActiveDirectory",
        "validation",
        "jwtClaimChecks",
        "allowedClientApplications",
    ];
    if with_client || v.facts.client_app.value().is_some() {
        wanted.push(v.client_app_id().to_string());
        let in_use = at(doc, &older).and_then(Value::as_array).is_some_and(|l| !l.is_empty());
        if in_use {
            append(doc, &older, &wanted);
        }
    }
    append(doc, &POLICY, &wanted);
}

fn at<'a>(doc: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(doc, |value, name| value.get(name))
}

/// Sets one member, making the objects on the way.
fn set(doc: &mut Value, path: &[&str], value: Value) {
    let Some((last, way)) = path.split_last() else { return };
    let mut here = doc;
    for name in way {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        here = &mut here[*name];
    }
    if !here.is_object() {
        *here = Value::Object(Map::new());
    }
    here[*last] = value;
}

/// Adds what is missing to a list of strings, comparing without regard to case.
fn append(doc: &mut Value, path: &[&str], wanted: &[String]) {
    let mut list: Vec<Value> = at(doc, path).and_then(Value::as_array).cloned().unwrap_or_default();
    for text in wanted {
        if !list.iter().any(|have| have.as_str().is_some_and(|h| h.eq_ignore_ascii_case(text))) {
            list.push(json!(text));
        }
    }
    set(doc, path, Value::Array(list));
}

fn put(v: &View, site: &Site, before: &Value, after: &Value, title: &str) -> Change {
    let path = format!("{}/config/authsettingsV2?api-version={API_VERSION}", site.id);
    let body = json!({ "properties": after });
    Change {
        kind: ChangeKind::PutAuth,
        service: Service::Arm,
        method: Method::Put,
        az: v.az_rest(Service::Arm, Method::Put, &path, None, &body),
        path,
        prefer: None,
        before: json!({ "properties": before }),
        body,
        title: title.to_owned(),
        consequences: vec![],
        right: Right::WriteSite,
        undo: match v.facts.auth_version.value() {
            Some(AuthVersion::V1 { enabled: true, .. }) => say("change.auth.undo_classic").into(),
            _ => say("change.auth.undo").into(),
        },
        inverse: vec![],
        undo_az: vec![],
    }
}

/// What the people around should know, from what the settings are and what they will be.
fn consequences(v: &View, before: &Value, after: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if !closed(before) && closed(after) {
        lines.push(say("consequence.closed").to_owned());
    }
    if on(before) {
        if listed(before).is_empty() && !listed(after).is_empty() {
            lines.push(say("consequence.listed").into());
        }
        for (member, name) in [
            ("openIdIssuer", say("consequence.changes_issuer")),
            ("clientId", say("consequence.changes_client")),
        ] {
            let path = ["identityProviders", "azureActiveDirectory", "registration", member];
            let text = |doc| at(doc, &path).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (old, new) = (text(before), text(after));
            if !old.is_empty() && !old.eq_ignore_ascii_case(&new) {
                lines.push(say_with("consequence.changes", &[("name", name), ("old", &old)]));
            }
        }
    }
    match v.facts.auth_version.get() {
        Ok(AuthVersion::V1 { enabled: true, .. }) => lines.push(say("consequence.one_way").into()),
        Err(_) if on(before) => lines.push(say("consequence.maybe_one_way").into()),
        Ok(_) | Err(_) => {}
    }
    let wanted = v.api_app_id().to_string();
    let configured = v.facts.auth.value().filter(|a| a.enabled).and_then(|a| a.client_id.as_deref());
    if let Some(old) = configured.filter(|old| !old.eq_ignore_ascii_case(&wanted)) {
        lines.push(say_with("consequence.another_api", &[("wanted", &wanted), ("old", old)]));
    }
    lines.push(say("consequence.restarts").into());
    lines
}

fn on(doc: &Value) -> bool {
    at(doc, &["platform", "enabled"]).and_then(Value::as_bool) == Some(true)
}

/// Whether these settings refuse anonymous callers.
fn closed(doc: &Value) -> bool {
    let required =
        at(doc, &["globalValidation", "requireAuthentication"]).and_then(Value::as_bool) == Some(true);
    let action = at(doc, &["globalValidation", "unauthenticatedClientAction"]).and_then(Value::as_str);
    on(doc) && required && action.is_some_and(|a| !a.eq_ignore_ascii_case("AllowAnonymous"))
}

fn listed(doc: &Value) -> &[Value] {
    let path = [
        "identityProviders",
        "azureActiveDirectory",
        "validation",
        "defaultAuthorizationPolicy",
        "allowedApplications",
    ];
    at(doc, &path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether the settings as read now hold what a PUT asked for. The service adds defaults of its own,
/// so what was sent must be contained in what is read.
pub(super) fn reflects(auth: &AuthSettings, body: &Value) -> bool {
    body.get("properties").is_some_and(|wanted| contains(&auth.document, wanted))
}

fn contains(have: &Value, wanted: &Value) -> bool {
    match (have, wanted) {
        (Value::Object(h), Value::Object(w)) => {
            w.iter().all(|(k, x)| h.get(k).map_or(x.is_null(), |y| contains(y, x)))
        }
        (Value::Array(h), Value::Array(w)) => w.iter().all(|x| h.iter().any(|y| contains(y, x))),
        (Value::String(h), Value::String(w)) => h.eq_ignore_ascii_case(w),
        (h, w) => h == w,
    }
}

/// Whether callers are refused by now: settings count when they are in force, not when they are stored.
pub(super) fn in_force(facts: &Facts) -> bool {
    let hides =
        facts.auth.value().is_some_and(|a| a.unauthenticated_action.eq_ignore_ascii_case("Return404"));
    let refused = |status: u16| matches!(status, 301..=308 | 401 | 403) || (hides && status == 404);
    facts.probes.program.value().is_some_and(|p| refused(p.status))
        && facts.probes.login.value().is_some_and(|p| p.client_id.is_some())
}
