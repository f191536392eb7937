//! Stage 2: the API's registration and Easy Auth in front of the function.

use super::excluded::{self, Covered};
use super::issuer;
use super::{
    Judged, Outcome, SCOPE, View, absent, fail, pass, resource_url, same, say, say_with, unknown, waiting,
    warn,
};
use crate::engine::client_id;
use crate::engine::facts::{AuthSettings, AuthVersion, Gap, ProbeAnswer, Rehearsal, Tenant};
use crate::engine::resource_url::TokenVersion;

pub(super) fn api_app(v: &View) -> Judged {
    let named = client_id::named_by_easy_auth(v.facts).next();
    let app = absent(v.facts.api_app.get(), || match named {
        Some(id) => fail(say_with("api.app.deleted", &[("id", id)])).note(say("api.app.deleted_note")),
        None if v.hidden_site() => unknown(say("not_seen.needs_role")),
        None if v.facts.site.value().is_none() => waiting(say("waits.function_app")),
        None => fail(say("api.app.missing")),
    })?;
    Ok(pass(say_with("registration.is", &[("name", &app.display_name), ("id", &app.app_id)])))
}

pub(super) fn api_principal(v: &View) -> Judged {
    v.api()?;
    let sp = absent(v.facts.api_principal.get(), || {
        fail(say("principal.missing")).note(say("api.principal.missing_note"))
    })?;
    if sp.enabled { Ok(pass(say("principal.enabled"))) } else { Ok(fail(say("principal.disabled"))) }
}

pub(super) fn api_scope(v: &View) -> Judged {
    let app = v.api()?;
    match app.scope(SCOPE) {
        None => Ok(fail(say_with("api.scope.missing", &[("scope", SCOPE)]))),
        Some(scope) if !scope.enabled => Ok(fail(say_with("api.scope.disabled", &[("scope", SCOPE)]))),
        Some(scope) if scope.admin_only => Ok(warn(say_with("api.scope.admin_only", &[("scope", SCOPE)]))),
        Some(_) => Ok(pass(say_with("api.scope.exposed", &[("scope", SCOPE)]))),
    }
}

/// The settings, once they are there and on; else the verdict of a check that needs them.
fn settings<'a>(v: &View<'a>) -> Result<&'a AuthSettings, Outcome> {
    let auth = absent(v.facts.auth.get(), || waiting(say("waits.easy_auth")))?;
    if auth.enabled && auth.provider_enabled && auth.client_id.is_some() {
        Ok(auth)
    } else {
        Err(waiting(say("waits.easy_auth")))
    }
}

pub(super) fn auth_on(v: &View) -> Judged {
    if let Ok(AuthVersion::V1 { enabled: true, .. }) = v.facts.auth_version.get() {
        return Ok(fail(say("auth.on.classic")).note(say("auth.on.classic_note")));
    }
    let auth = match v.facts.auth.get() {
        Ok(auth) => auth,
        Err(Gap::Absent) => return Ok(fail(say("auth.on.off"))),
        // Without the right to read the settings the public answer still tells.
        Err(gap) => {
            return match v.facts.probes.login.get() {
                Ok(ProbeAnswer { client_id: Some(id), .. }) => {
                    Ok(pass(say_with("auth.on.seen_outside", &[("id", id)])))
                }
                Ok(ProbeAnswer { status: 404, .. }) => {
                    Ok(unknown(say("auth.on.no_sign_in_page")).note(say("auth.on.no_sign_in_page_note")))
                }
                _ => Err(gap.into()),
            };
        }
    };
    if !auth.enabled {
        return Ok(fail(say("auth.on.off")));
    }
    if let Some(path) = &auth.config_file {
        return Ok(warn(say_with("auth.on.file", &[("path", path)])).note(say("auth.on.file_note")));
    }
    if !auth.provider_enabled {
        return Ok(fail(say("auth.on.provider_off")));
    }
    let Some(id) = &auth.client_id else {
        return Ok(fail(say("auth.on.no_provider")));
    };
    // Whether that is the API's own registration is for the audience to tell: tokens for another one may
    // still be accepted.
    Ok(pass(say_with("auth.on.on", &[("id", id)])))
}

pub(super) fn auth_tenant(v: &View) -> Judged {
    let named = match v.facts.auth.get() {
        Ok(_) => {
            let auth = settings(v)?;
            let Some(issuer) = &auth.issuer else {
                return Ok(fail(say("auth.tenant.no_issuer")));
            };
            if let Some(tenant) = v.facts.tenant.value()
                && issuer::tenant_part(issuer).is_some()
                && !issuer::is_at(v.cloud, tenant, issuer)
            {
                return Ok(elsewhere(v, tenant, issuer));
            }
            issuer::tenant_part(issuer)
        }
        Err(Gap::Absent) => return Ok(waiting(say("waits.easy_auth"))),
        Err(gap) => match v.facts.probes.login.value().and_then(|p| p.tenant.clone()) {
            Some(tenant) => Some(tenant.to_lowercase()),
            None => return Err(gap.into()),
        },
    };
    let Some(named) = named else {
        return Ok(fail(say("auth.tenant.no_address")));
    };
    if issuer::is_everybody(&named) {
        return Ok(warn(say_with("auth.tenant.every_tenant", &[("issuer", &named)]))
            .note(say("auth.tenant.every_tenant_note")));
    }
    let tenant = v.facts.tenant.get()?;
    if same(&named, &tenant.id) || same(&named, &tenant.domain) {
        Ok(pass(say_with("auth.tenant.this", &[("tenant", &tenant.display_name)])))
    } else {
        Ok(fail(say_with("auth.tenant.another", &[("named", &named), ("tenant", &tenant.display_name)])))
    }
}

/// An issuer at an address where this tenant signs nobody in, whatever its path says. Only a token of this tenant that was
/// let in all the same says more than the setting.
fn elsewhere(v: &View, tenant: &Tenant, issuer: &str) -> Outcome {
    let own =
        |done: &&Rehearsal| [&tenant.issuer_v1, &tenant.issuer_v2].iter().any(|i| same(i, &done.issuer));
    let let_in = v.facts.rehearsal_in_force().filter(own).is_some_and(Rehearsal::let_in);
    let evidence = say_with("auth.tenant.elsewhere", &[("issuer", issuer), ("tenant", &tenant.display_name)]);
    let outcome = if let_in { warn(evidence) } else { fail(evidence) };
    outcome.note(say_with(
        "auth.tenant.elsewhere_note",
        &[("older", &tenant.issuer_v1), ("newer", &tenant.issuer_v2)],
    ))
}

/// Which tokens an issuer setting accepts (microsoft-cloud 6.6).
enum Accepts {
    Version(u8),
    /// `https://sts.windows.net/{tenant}/v2.0`, the portal's own: seen to accept version 2, version 1 is unconfirmed.
    PortalForm,
    Unclear,
    /// The issuer of a tenant is compared to the letter, and no token of this one is spelt like that.
    Nothing,
}

pub(super) fn token_issuer(v: &View) -> Judged {
    let auth = settings(v)?;
    let app = v.api()?;
    let tenant = v.facts.tenant.get()?;
    let Some(configured) = auth.issuer.as_deref() else {
        return Ok(fail(say("api.issuer.missing")));
    };
    let version = app.effective_token_version();
    let expected = if version == 2 { &tenant.issuer_v2 } else { &tenant.issuer_v1 };
    let accepts = if same(configured, &tenant.issuer_v1) {
        Accepts::Version(1)
    } else if same(configured, &tenant.issuer_v2) {
        Accepts::Version(2)
    } else if same(configured, &format!("{}v2.0", tenant.issuer_v1)) {
        Accepts::PortalForm
    } else if issuer::may_be_of(v.cloud, tenant, configured) {
        Accepts::Unclear
    } else {
        Accepts::Nothing
    };
    // A token of this issuer at the function itself: what it answered says more than any table.
    let tried = v.facts.rehearsal_in_force().filter(|done| same(&done.issuer, expected));
    let refused = tried.is_some_and(Rehearsal::issuer_refused);
    let let_in = tried.is_some_and(Rehearsal::let_in);
    let ends_v2 = configured.trim_end_matches('/').ends_with("/v2.0");
    let mismatch = || {
        fail(say_with("api.issuer.wrong", &[("version", &version.to_string()), ("issuer", configured)]))
            .note(say_with("api.issuer.wrong_note", &[("fits", expected)]))
    };
    Ok(match (accepts, version) {
        (Accepts::PortalForm, 1) | (Accepts::Version(1), 2) if let_in => {
            pass(say_with("api.issuer.let_in", &[("version", &version.to_string()), ("issuer", configured)]))
        }
        // Whether this pair is refused is not confirmed (microsoft-cloud 6.6): only a rehearsal tells.
        (Accepts::PortalForm, 1) if !refused => {
            warn(say_with("api.issuer.unsure", &[("version", &version.to_string()), ("issuer", configured)]))
                .note(say_with("api.issuer.unsure_note", &[("fits", expected)]))
        }
        (Accepts::Version(a), v) if a == v => {
            pass(say_with("api.issuer.fits", &[("version", &v.to_string()), ("issuer", configured)]))
        }
        (Accepts::PortalForm, 2) if refused => fail(say_with("api.issuer.refused", &[("fits", expected)]))
            .note(say_with("api.issuer.refused_note", &[("issuer", configured), ("fits", expected)])),
        (Accepts::PortalForm, 2) => pass(say_with("api.issuer.portal_form", &[("issuer", configured)])),
        (Accepts::Nothing, _) if !let_in => mismatch(),
        (Accepts::Unclear | Accepts::Nothing, v) if ends_v2 == (v == 2) => {
            warn(say_with("api.issuer.unclear", &[("issuer", configured)]))
                .note(say_with("api.issuer.unclear_note", &[("fits", expected)]))
        }
        _ => mismatch(),
    })
}

pub(super) fn audience(v: &View) -> Judged {
    let auth = settings(v)?;
    let app = v.api()?;
    let Some(resource) = resource_url(v.facts, v.choices) else {
        return Ok(waiting(say("waits.api_app")));
    };
    let version = if app.effective_token_version() == 2 { TokenVersion::V2 } else { TokenVersion::V1 };
    // Version 2 tokens always carry the client id; version 1 tokens echo what was asked for.
    let audience = if version == TokenVersion::V2 { app.app_id.as_str() } else { resource.as_str() };
    let client = auth.client_id.as_deref().unwrap_or_default();
    if same(audience, client) {
        Ok(pass(say_with("api.audience.client_id", &[("audience", audience)])))
    } else if auth.allowed_audiences.iter().any(|a| a == audience) {
        Ok(pass(say_with("api.audience.allowed", &[("audience", audience)])))
    } else {
        // Another Resource URL helps only where the token names what was asked for, and Easy Auth has the API's own client
        // ID, which it always accepts. Otherwise it is Easy Auth that has to hear of the audience (microsoft-cloud 6.6).
        let (id, ours) = (app.app_id.as_str(), same(client, &app.app_id));
        let note = if ours && version == TokenVersion::V1 {
            say_with("api.audience.resource_note", &[("id", id), ("audience", audience)])
        } else if same(audience, id) {
            say_with("api.audience.another_note", &[("other", client), ("id", id)])
        } else {
            say_with("api.audience.allow_note", &[("other", client), ("audience", audience)])
        };
        Ok(fail(say_with("api.audience.refused", &[("audience", audience)])).note(note))
    }
}

pub(super) fn refuses(v: &View) -> Judged {
    let off = v.facts.auth.value().is_some_and(|a| !a.enabled) || v.facts.auth.is_absent();
    let program = v.facts.probes.program.get()?;
    let browser = v.facts.probes.browser.get()?;
    let seen = say_with(
        "auth.refuses.seen",
        &[("browser", &browser.status.to_string()), ("program", &program.status.to_string())],
    );
    if let Some(done) = v.facts.rehearsal_in_force().filter(|done| done.answers_anybody()) {
        let status = done.anonymous.unwrap_or_default().to_string();
        return Ok(fail(say_with("auth.refuses.answered", &[("status", &status)])));
    }
    if off {
        return Ok(fail(say_with("auth.refuses.off", &[("seen", &seen)])));
    }
    // Whoever is turned away before Easy Auth is asked sees neither that it refuses nor that it does not.
    if program.front_end.is_some() || browser.front_end.is_some() {
        return Ok(unknown(say_with("auth.refuses.not_reached", &[("seen", &seen)]))
            .note(say("auth.refuses.not_reached_note")));
    }
    let refused = |p: &ProbeAnswer| matches!(p.status, 401 | 403);
    let sent_to_sign_in = |p: &ProbeAnswer| (300..400).contains(&p.status) && p.client_id.is_some();
    if refused(program) && (refused(browser) || sent_to_sign_in(browser)) {
        return Ok(pass(seen));
    }
    if sent_to_sign_in(program) {
        return Ok(warn(seen).note(say("auth.refuses.redirects_note")));
    }
    let says_404 = v.facts.auth.value().is_some_and(|a| {
        a.enabled && a.require_authentication && a.unauthenticated_action.eq_ignore_ascii_case("Return404")
    });
    if says_404 && program.status == 404 && browser.status == 404 {
        return Ok(pass(say_with("auth.refuses.hides", &[("seen", &seen)])));
    }
    // Without the settings, a 404 may as well be Return404, or another kind of site.
    if v.facts.auth.value().is_none() && program.status == 404 && browser.status == 404 {
        return Ok(unknown(say_with("auth.refuses.unclear", &[("seen", &seen)]))
            .note(say("auth.refuses.unclear_note")));
    }
    if program.status >= 500 || browser.status >= 500 {
        return Ok(unknown(seen).note(say("auth.refuses.error_note")));
    }
    Ok(fail(say_with("auth.refuses.open", &[("seen", &seen)])).note(say("auth.refuses.open_note")))
}

pub(super) fn excluded(v: &View) -> Judged {
    let auth = settings(v)?;
    if auth.excluded_paths.is_empty() {
        return Ok(pass(say("auth.excluded.none")));
    }
    let listed = auth.excluded_paths.join(", ");
    let functions = match v.facts.functions.get() {
        Ok(functions) => functions.as_slice(),
        Err(Gap::Absent) => &[],
        Err(gap) => {
            let mut outcome: Outcome = gap.into();
            outcome.evidence = say_with("auth.excluded.unread", &[("paths", &listed)]);
            return Ok(outcome);
        }
    };
    let routes =
        functions.iter().filter(|f| !f.disabled).filter_map(|f| excluded::route(f.invoke_url.as_deref()?));
    let open = routes
        .flat_map(|route| auth.excluded_paths.iter().map(move |path| excluded::covers(path, &route)))
        .max()
        .unwrap_or(Covered::No);
    Ok(match open {
        Covered::Yes => fail(say_with("auth.excluded.function", &[("paths", &listed)])),
        Covered::Perhaps => warn(say_with("auth.excluded.unsure", &[("paths", &listed)]))
            .note(say("auth.excluded.unsure_note")),
        Covered::No => warn(say_with("auth.excluded.some", &[("paths", &listed)])),
    })
}
