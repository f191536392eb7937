//! Stage 2: the API's registration and Easy Auth in front of the function.

use super::{Judged, Outcome, SCOPE, View, absent, fail, pass, resource_url, same, unknown, waiting, warn};
use crate::engine::facts::{AuthSettings, AuthVersion, Gap, ProbeAnswer};
use crate::engine::resource_url::TokenVersion;

pub(super) fn api_app(v: &View) -> Judged {
    let named = v.facts.auth.value().and_then(|a| a.client_id.as_deref());
    let app = absent(v.facts.api_app.get(), || match named {
        Some(id) => {
            fail(format!("Easy Auth names client ID {id}, but this tenant has no such registration."))
                .note("It was deleted, or it belongs to another tenant. A new one can be made beside it.")
        }
        None if v.facts.site.value().is_none() => waiting("Waits for the function app."),
        None => fail("The function has no app registration yet."),
    })?;
    Ok(pass(format!("{} (client ID {})", app.display_name, app.app_id)))
}

pub(super) fn api_principal(v: &View) -> Judged {
    v.api()?;
    let sp = absent(v.facts.api_principal.get(), || {
        fail("The registration has no service principal (enterprise application) in this tenant.")
            .note("Without it nobody can ask for a token: AADSTS500011 or AADSTS650052.")
    })?;
    if sp.enabled {
        Ok(pass("The service principal exists and is enabled."))
    } else {
        Ok(fail("The service principal is switched off for sign-in."))
    }
}

pub(super) fn api_scope(v: &View) -> Judged {
    let app = v.api()?;
    match app.scope(SCOPE) {
        None => Ok(fail(format!("The registration does not expose {SCOPE}."))),
        Some(scope) if !scope.enabled => Ok(fail(format!("{SCOPE} is exposed, but switched off."))),
        Some(scope) if scope.admin_only => {
            Ok(warn(format!("{SCOPE} is exposed, but only an administrator can consent to it.")))
        }
        Some(_) => Ok(pass(format!("{SCOPE} is exposed and enabled."))),
    }
}

/// The settings, once they are there and on; else the verdict of a check that needs them.
fn settings<'a>(v: &View<'a>) -> Result<&'a AuthSettings, Outcome> {
    let auth = absent(v.facts.auth.get(), || waiting("Waits for Easy Auth to be on."))?;
    if auth.enabled && auth.provider_enabled && auth.client_id.is_some() {
        Ok(auth)
    } else {
        Err(waiting("Waits for Easy Auth to be on."))
    }
}

pub(super) fn auth_on(v: &View) -> Judged {
    if let Ok(AuthVersion::V1 { enabled: true }) = v.facts.auth_version.get() {
        return Ok(fail("Authentication runs on the classic settings (version 1).")
            .note("The first change moves the app to the current settings. That is one way, and secrets move to app settings."));
    }
    let auth = match v.facts.auth.get() {
        Ok(auth) => auth,
        Err(Gap::Absent) => return Ok(fail("Authentication is off.")),
        // Without the right to read the settings the public answer still tells.
        Err(gap) => {
            return match v.facts.probes.login.get() {
                Ok(ProbeAnswer { client_id: Some(id), .. }) => {
                    Ok(pass(format!("On: the app sends callers to sign in for client ID {id}.")))
                }
                Ok(ProbeAnswer { status: 404, .. }) => Ok(unknown(
                    "No sign-in page is there: authentication is off, or this is no function app.",
                )
                .note("Sign in to see the settings themselves.")),
                _ => Err(gap.into()),
            };
        }
    };
    if !auth.enabled {
        return Ok(fail("Authentication is off."));
    }
    if let Some(path) = &auth.config_file {
        return Ok(warn(format!("The file {path} rules; the settings in the portal are ignored."))
            .note("Handclasp can only check what callers are told. Change the file, or remove it."));
    }
    if !auth.provider_enabled {
        return Ok(fail("Authentication is on, but its Microsoft provider is switched off."));
    }
    let Some(id) = &auth.client_id else {
        return Ok(fail("Authentication is on, but no Microsoft provider is configured."));
    };
    // Whether that is the API's own registration is for the audience to tell: tokens for another one may
    // still be accepted.
    Ok(pass(format!("On, for client ID {id}.")))
}

/// The tenant part of an issuer address.
fn issuer_tenant(issuer: &str) -> Option<String> {
    let url = url::Url::parse(issuer).ok()?;
    url.path_segments()?.find(|s| !s.is_empty() && *s != "v2.0").map(str::to_lowercase)
}

pub(super) fn auth_tenant(v: &View) -> Judged {
    let named = match v.facts.auth.get() {
        Ok(_) => {
            let auth = settings(v)?;
            let Some(issuer) = &auth.issuer else {
                return Ok(fail("No issuer is configured, so tokens of any tenant could be meant."));
            };
            issuer_tenant(issuer)
        }
        Err(Gap::Absent) => return Ok(waiting("Waits for Easy Auth to be on.")),
        Err(gap) => match v.facts.probes.login.value().and_then(|p| p.tenant.clone()) {
            Some(tenant) => Some(tenant.to_lowercase()),
            None => return Err(gap.into()),
        },
    };
    let Some(named) = named else {
        return Ok(fail("The configured issuer is not a sign-in address."));
    };
    if matches!(named.as_str(), "common" | "organizations" | "consumers") {
        return Ok(warn(format!("The issuer is {named}: accounts of every tenant are let in."))
            .note("Set the issuer to this tenant, or list the allowed tenants in the app's settings."));
    }
    let tenant = v.facts.tenant.get()?;
    if same(&named, &tenant.id) || same(&named, &tenant.domain) {
        Ok(pass(format!("The provider is {}.", tenant.display_name)))
    } else {
        Ok(fail(format!("The provider is tenant {named}, not {}.", tenant.display_name)))
    }
}

/// Which tokens an issuer setting accepts (microsoft-cloud 6.6).
enum Accepts {
    Version(u8),
    /// `https://sts.windows.net/{tenant}/v2.0`, the portal's own: seen to accept version 2.
    PortalForm,
    Unclear,
}

pub(super) fn issuer(v: &View) -> Judged {
    let auth = settings(v)?;
    let app = v.api()?;
    let tenant = v.facts.tenant.get()?;
    let Some(configured) = auth.issuer.as_deref() else {
        return Ok(fail("No issuer is configured."));
    };
    let version = app.effective_token_version();
    let expected = if version == 2 { &tenant.issuer_v2 } else { &tenant.issuer_v1 };
    let accepts = if same(configured, &tenant.issuer_v1) {
        Accepts::Version(1)
    } else if same(configured, &tenant.issuer_v2) {
        Accepts::Version(2)
    } else if same(configured, &format!("{}v2.0", tenant.issuer_v1)) {
        Accepts::PortalForm
    } else {
        Accepts::Unclear
    };
    let refused = v.facts.rehearsal.value().is_some_and(|r| r.status == 401 && same(&r.issuer, expected));
    let ends_v2 = configured.trim_end_matches('/').ends_with("/v2.0");
    let mismatch = || {
        fail(format!("The API's tokens are version {version}, but the issuer is {configured}")).note(format!(
            "Every call of the connector would most likely be a 401. The issuer that fits is {expected}"
        ))
    };
    Ok(match (accepts, version) {
        (Accepts::Version(a), v) if a == v => pass(format!("Version {v} tokens, issuer {configured}")),
        (Accepts::PortalForm, 2) if refused => fail(format!("The function refused a token of {expected}"))
            .note(format!(
                "The issuer is {configured}, the portal's own form. The certain spelling is {expected}"
            )),
        (Accepts::PortalForm, 2) => {
            pass(format!("Version 2 tokens, issuer {configured} (the portal's form)"))
        }
        (Accepts::Unclear, v) if ends_v2 == (v == 2) => {
            warn(format!("The issuer {configured} is not spelt as the tenant's own documents spell it."))
                .note(format!("The certain spelling is {expected}"))
        }
        _ => mismatch(),
    })
}

pub(super) fn audience(v: &View) -> Judged {
    let auth = settings(v)?;
    let app = v.api()?;
    let Some(resource) = resource_url(v.facts, v.choices) else {
        return Ok(waiting("Waits for the API's registration."));
    };
    let version = if app.effective_token_version() == 2 { TokenVersion::V2 } else { TokenVersion::V1 };
    // Version 2 tokens always carry the client id; version 1 tokens echo what was asked for.
    let audience = if version == TokenVersion::V2 { app.app_id.as_str() } else { resource.as_str() };
    let client = auth.client_id.as_deref().unwrap_or_default();
    if same(audience, client) {
        Ok(pass(format!("Tokens will be for {audience}, the client ID itself: always accepted.")))
    } else if auth.allowed_audiences.iter().any(|a| a == audience) {
        Ok(pass(format!("Tokens will be for {audience}, which is an allowed audience.")))
    } else {
        Ok(fail(format!("Tokens will be for {audience}, which Easy Auth does not accept.")).note(format!(
            "Use the client ID {client} as Resource URL, or add {audience} to the allowed token audiences."
        )))
    }
}

pub(super) fn refuses(v: &View) -> Judged {
    let off = v.facts.auth.value().is_some_and(|a| !a.enabled) || v.facts.auth.is_absent();
    let program = v.facts.probes.program.get()?;
    let browser = v.facts.probes.browser.get()?;
    let evidence = format!("As a browser: HTTP {}. As a program: HTTP {}.", browser.status, program.status);
    if let Some(function) = v.facts.probes.function.value()
        && (200..300).contains(&function.status)
    {
        return Ok(fail(format!("The function answered an anonymous call (HTTP {}).", function.status)));
    }
    if off {
        return Ok(fail(format!("Nobody is asked to sign in. {evidence}")));
    }
    let refused = |p: &ProbeAnswer| matches!(p.status, 401 | 403);
    let sent_to_sign_in = |p: &ProbeAnswer| (300..400).contains(&p.status) && p.client_id.is_some();
    if refused(program) && (refused(browser) || sent_to_sign_in(browser)) {
        return Ok(pass(evidence));
    }
    if sent_to_sign_in(program) {
        return Ok(warn(evidence).note(
            "Programs are sent to the sign-in page too. HTTP 401 suits a connector better: it then says what is wrong.",
        ));
    }
    let says_404 = v.facts.auth.value().is_some_and(|a| {
        a.enabled && a.require_authentication && a.unauthenticated_action.eq_ignore_ascii_case("Return404")
    });
    if says_404 && program.status == 404 && browser.status == 404 {
        return Ok(pass(format!("{evidence} (set to answer 404)")));
    }
    // Without the settings, a 404 may as well be Return404, or another kind of site.
    if v.facts.auth.value().is_none() && program.status == 404 && browser.status == 404 {
        return Ok(unknown(format!("Nobody was asked to sign in. {evidence}")).note(
            "Without the settings it cannot be told whether callers are refused or the address is another's.",
        ));
    }
    if program.status >= 500 || browser.status >= 500 {
        return Ok(unknown(evidence).note("The app did not answer properly. It may be starting; look again."));
    }
    Ok(fail(format!("Anonymous callers get through. {evidence}"))
        .note("Require authentication, and answer unauthenticated requests with HTTP 401. Right after a change the old settings stay in force while the app restarts."))
}

pub(super) fn excluded(v: &View) -> Judged {
    let auth = settings(v)?;
    if auth.excluded_paths.is_empty() {
        return Ok(pass("No path is let through without a sign-in."));
    }
    let listed = auth.excluded_paths.join(", ");
    let routes: Vec<String> = v
        .facts
        .functions
        .value()
        .into_iter()
        .flatten()
        .filter_map(|f| f.invoke_url.as_deref())
        .filter_map(|u| {
            u.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, p)| format!("/{p}"))
        })
        .collect();
    let open = auth.excluded_paths.iter().any(|path| {
        let stem = path.trim_end_matches('*').trim_end_matches('/').to_lowercase();
        routes.iter().any(|r| r.to_lowercase().starts_with(&stem))
    });
    if open {
        Ok(fail(format!("Let through without a sign-in: {listed}. A function is among them.")))
    } else {
        Ok(warn(format!("Let through without a sign-in: {listed}")))
    }
}
