//! The authorize endpoints, v1 and v2 (microsoft-cloud 2.5, power-platform 1.6): checks in the service's order, a page
//! to pick a practice user, a page to consent, and the way back to the client.

use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::access::{self, Pending, Standing};
use super::client::{Client, Platform};
use super::page::{self, escape};
use super::resource::{Wanted, Wish};
use super::{Authority, Refusal, Version, device, mint, strength, token};
use crate::practice::wire::{Reply, Request, find};
use crate::practice::world::{AuthCode, User, World};

/// A request whose client and redirect URI are trusted: from here on errors travel back to the client.
struct Ask<'a> {
    request: &'a Request,
    pairs: Vec<(String, String)>,
    authority: Authority,
    version: Version,
    client: Client,
    redirect_uri: String,
    platform: Platform,
}

/// How the answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Query,
    Fragment,
    FormPost,
}

/// What the client wants back.
struct Types {
    code: bool,
    id_token: bool,
}

/// What ends a request: an answer to the client, or something a person sees first.
enum Outcome {
    Back(Vec<(&'static str, String)>),
    Shown(Reply),
}

/// Answers the authorize endpoint.
pub fn handle(world: &mut World, request: &Request, segment: &str, version: Version) -> Reply {
    let ask = match trust(world, request, segment, version) {
        Ok(ask) => ask,
        Err(refusal) => return refusal.page(world, request),
    };
    let pairs = match proceed(world, &ask) {
        Ok(Outcome::Shown(reply)) => return reply,
        Ok(Outcome::Back(pairs)) => pairs,
        Err(refusal) => refusal.redirect_pairs(world, request),
    };
    ask.back(pairs)
}

/// The checks whose failure is shown on a page: tenant, client, redirect URI.
fn trust<'a>(
    world: &World,
    request: &'a Request,
    segment: &str,
    version: Version,
) -> Result<Ask<'a>, Refusal> {
    let mut pairs = request.query.clone();
    pairs.extend(request.form());
    let authority = Authority::find(world, segment)?;
    let client_id =
        find(&pairs, "client_id").filter(|id| !id.is_empty()).ok_or_else(|| Refusal::missing("client_id"))?;
    let client = Client::find(world, &authority, client_id)?;
    if let Authority::Tenant(tenant) = &authority {
        client.usable(world, tenant)?;
    }
    let (redirect_uri, platform) = client.redirect(find(&pairs, "redirect_uri"))?;
    Ok(Ask { request, pairs, authority, version, client, redirect_uri, platform })
}

impl Ask<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        find(&self.pairs, name).filter(|value| !value.is_empty())
    }

    fn mode(&self) -> Result<Mode, Refusal> {
        match self.get("response_mode") {
            Some("fragment") => Ok(Mode::Fragment),
            Some("form_post") => Ok(Mode::FormPost),
            None if self.wants_token() => Ok(Mode::Fragment),
            // A token never travels in a query, where logs would keep it.
            Some("query") if self.wants_token() => Err(Refusal::new(
                70007,
                "unsupported_response_mode",
                "'query' is not a supported value of 'response_mode' when requesting a token.",
            )),
            None | Some("query") => Ok(Mode::Query),
            Some(_) => Err(Refusal::new(
                70007,
                "unsupported_response_mode",
                "The 'response_mode' returned by the app is not supported when requesting a token.",
            )),
        }
    }

    fn wants_token(&self) -> bool {
        self.get("response_type").is_some_and(|kind| kind.contains("token"))
    }

    fn types(&self) -> Result<Types, Refusal> {
        let asked = self.get("response_type").ok_or_else(|| Refusal::missing("response_type"))?;
        let mut types = Types { code: false, id_token: false };
        for part in asked.split_whitespace() {
            match part {
                "code" => types.code = true,
                "id_token" => types.id_token = true,
                "token" => {
                    return Err(Refusal::new(
                        700_051,
                        "unsupported_response_type",
                        "The response_type 'token' is not enabled for the application.",
                    ));
                }
                _ => {
                    return Err(Refusal::new(
                        70005,
                        "unsupported_response_type",
                        "The app returned an unsupported response type.",
                    ));
                }
            }
        }
        let settings = &self.client.app["web"]["implicitGrantSettings"];
        if types.id_token && settings["enableIdTokenIssuance"] != Value::Bool(true) {
            return Err(Refusal::new(
                700_054,
                "unsupported_response_type",
                "The response_type 'id_token' is not enabled for the application.",
            ));
        }
        Ok(types)
    }

    /// What is asked for, in a tenant.
    fn wanted(&self, world: &World, tenant: &str) -> Result<Wanted, Refusal> {
        match self.version {
            Version::V1 => {
                let resource = self.get("resource").unwrap_or("https://graph.microsoft.com");
                let mut wanted = Wanted::from_resource(world, tenant, resource)?;
                let scopes = self.get("scope").unwrap_or_default().split_whitespace();
                wanted.protocol = scopes.map(str::to_owned).collect();
                Ok(wanted)
            }
            Version::V2 if self.get("resource").is_some() => {
                let text = "The 'resource' request parameter is not supported.";
                Err(Refusal::new(901_002, "invalid_request", text))
            }
            Version::V2 => {
                let scope = self.get("scope").ok_or_else(|| Refusal::missing("scope"))?;
                Wanted::from_scope(world, tenant, scope)
            }
        }
    }

    /// Sends pairs back to the client the way it asked for.
    fn back(&self, pairs: Vec<(&'static str, String)>) -> Reply {
        let mut pairs: Vec<(String, String)> =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(state) = self.get("state") {
            pairs.push(("state".to_owned(), state.to_owned()));
        }
        // A refusal may travel in a query that no token may.
        let query = self.get("response_mode") == Some("query") || !self.wants_token();
        let mode = self.mode().unwrap_or(if query { Mode::Query } else { Mode::Fragment });
        let redirect_uri = reachable(self.request, &self.redirect_uri);
        send_back(&redirect_uri, mode == Mode::Fragment, mode == Mode::FormPost, &pairs)
    }

    /// The request's own parameters, without those that the pages added.
    fn own_pairs(&self) -> Vec<(String, String)> {
        self.pairs.iter().filter(|(name, _)| !name.starts_with("practice_")).cloned().collect()
    }
}

/// Where a browser finds a redirect URI. Over loopback the consent host is this server: a browser must not carry a
/// practice code to the real one.
pub fn reachable(request: &Request, redirect_uri: &str) -> String {
    match redirect_uri.strip_prefix("https://global.consent.azure-apim.net/") {
        Some(rest) if !request.is_public() => format!("{}/{rest}", request.origin()),
        _ => redirect_uri.to_owned(),
    }
}

/// Builds the way back to a redirect URI.
pub fn send_back(redirect_uri: &str, fragment: bool, form_post: bool, pairs: &[(String, String)]) -> Reply {
    if form_post {
        return page::form_post(redirect_uri, pairs);
    }
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return page::message(400, "That did not work", "The redirect address cannot be read.");
    };
    if fragment {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(pairs);
        url.set_fragment(Some(&text.finish()));
    } else {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Reply::redirect(url.as_str()).with("cache-control", "no-store, no-cache").with("pragma", "no-cache")
}

/// The checks and pages from the response type on.
fn proceed(world: &mut World, ask: &Ask<'_>) -> Result<Outcome, Refusal> {
    let types = ask.types()?;
    ask.mode()?;
    let challenge = challenge(ask)?;
    let provisional = match &ask.authority {
        Authority::Tenant(id) => id.clone(),
        Authority::Common | Authority::Organizations => world.main_tenant().to_owned(),
    };
    let wanted = ask.wanted(world, &provisional)?;
    access::required(world, &provisional, &ask.client, &wanted, ask.version)?;
    let prompt = ask.get("prompt").unwrap_or_default();
    match prompt {
        "" | "login" | "select_account" | "consent" | "admin_consent" | "attempt_none" => {}
        // No page keeps anybody signed in, so a silent request never finds a session.
        "none" => {
            let text = "Session information is not sufficient for single-sign-on. A silent sign-in request was sent but no user is signed in.";
            return Err(Refusal::new(50058, "login_required", text));
        }
        _ => {
            let text = "The value of the parameter 'prompt' is not valid.";
            return Err(Refusal::new(90023, "invalid_request", text));
        }
    }
    let picked = ask.get("practice_user").or(world.auto_approve.as_deref());
    let Some(account) = picked.and_then(|id| world.user(id).cloned()) else {
        return Ok(Outcome::Shown(pick_page(world, ask)));
    };
    let tenant = match &ask.authority {
        Authority::Tenant(tenant) => tenant.clone(),
        Authority::Common | Authority::Organizations => world.account_of(&account).tenant.clone(),
    };
    let Some(user) = world.known_in(&account, &tenant).cloned() else {
        let text = device::foreign(world, &account, &provisional);
        let refusal = Refusal::new(50020, "access_denied", text);
        return Ok(Outcome::Shown(refusal.page(world, ask.request)));
    };
    let wanted = ask.wanted(world, &tenant)?;
    token::assigned(world, &tenant, &ask.client, &user, &wanted)
        .map_err(|refusal| Refusal { error: "access_denied", ..refusal })?;
    let force = prompt == "consent";
    let scopes = match access::standing(world, &tenant, &ask.client, &user.id, &wanted, force) {
        Standing::Granted(scopes) => scopes,
        Standing::Needs(pending) => match decide(world, ask, &tenant, &user, &pending)? {
            None => {
                let mut scopes: Vec<String> =
                    match access::standing(world, &tenant, &ask.client, &user.id, &wanted, false) {
                        Standing::Granted(scopes) => scopes,
                        Standing::Needs(_) => Vec::new(),
                    };
                let new = pending.into_iter().filter(|item| item.app_id == wanted.app_id);
                scopes.extend(new.flat_map(|item| item.scopes));
                scopes.sort();
                scopes.dedup();
                scopes
            }
            Some(shown) => return Ok(Outcome::Shown(shown)),
        },
    };
    if scopes.is_empty() && wanted.wish == Wish::Listed {
        return Err(Refusal { error: "consent_required", ..access::not_consented(&ask.client) });
    }
    let mut pairs = Vec::new();
    if types.code {
        pairs.push(("code", issue_code(world, ask, &tenant, &user, &wanted, scopes, challenge)));
    }
    if types.id_token {
        let nonce = ask.get("nonce");
        pairs.push(("id_token", mint::id_token(world, &tenant, &ask.client, &user, ask.version, nonce)?));
    }
    pairs.push(("session_state", world.id_for(&format!("session {}", user.id)).to_string()));
    Ok(Outcome::Back(pairs))
}

/// The PKCE challenge, checked for its form (AADSTS50147, 501491).
fn challenge(ask: &Ask<'_>) -> Result<Option<String>, Refusal> {
    let Some(challenge) = ask.get("code_challenge") else { return Ok(None) };
    let plain = match ask.get("code_challenge_method") {
        Some("S256") => false,
        // RFC 7636, 4.3: what is not named is plain.
        None | Some("plain") => true,
        Some(_) => {
            let text = "Invalid size of Code_Challenge_method parameter.";
            return Err(Refusal::new(501_491, "invalid_request", text));
        }
    };
    if !(43..=128).contains(&challenge.len()) {
        return Err(Refusal::new(50147, "invalid_request", "Invalid size of Code_Challenge parameter."));
    }
    // A plain one is kept as the digest that its verifier will have, too.
    Ok(Some(if plain { token::digest_of(challenge) } else { challenge.to_owned() }))
}

/// What becomes of missing consent: `None` once it is written, else the page to show.
fn decide(
    world: &mut World,
    ask: &Ask<'_>,
    tenant: &str,
    user: &User,
    pending: &[Pending],
) -> Result<Option<Reply>, Refusal> {
    if ask.client.first_party {
        return Err(Refusal { error: "consent_required", ..access::not_consented(&ask.client) });
    }
    let declined = || {
        let text = "User declined to consent to access the app.";
        Refusal::new(65004, "access_denied", text).suberror("cancel")
    };
    let automatic = world.approves(user);
    let decision = ask.get("practice_consent").or(automatic.then_some("accept"));
    if decision == Some("decline") {
        return Err(declined());
    }
    if let Err(refusal) = access::may_consent(world, &user.id, pending) {
        return if automatic { Err(refusal) } else { Ok(Some(approval_page(ask, user, &refusal))) };
    }
    let for_all = decision == Some("accept_all") && access::may_consent_for_all(world, &user.id);
    if decision.is_none() {
        return Ok(Some(consent_page(world, ask, user, pending)));
    }
    let (principal, _) = ask.client.usable(world, tenant)?;
    access::consent(world, tenant, &principal, (!for_all).then_some(&user.id), pending);
    access::noted(world, &user.upn, &ask.client, for_all, pending);
    Ok(None)
}

fn issue_code(
    world: &mut World,
    ask: &Ask<'_>,
    tenant: &str,
    user: &User,
    wanted: &Wanted,
    scopes: Vec<String>,
    challenge: Option<String>,
) -> String {
    let code = SecretString::from(format!("1.{}", token::mint_opaque(world, "code")));
    let text = code.expose_secret().to_owned();
    world.sign_in.codes.push(AuthCode {
        code,
        client_id: ask.client.app_id.clone(),
        tenant: tenant.to_owned(),
        user: user.id.clone(),
        redirect_uri: ask.redirect_uri.clone(),
        audience: wanted.audience.clone(),
        scopes,
        protocol_scopes: wanted.protocol.clone(),
        default_scope: wanted.default_scope.clone(),
        challenge,
        nonce: ask.get("nonce").map(str::to_owned),
        confidential: token::is_confidential(ask.platform),
        spa: ask.platform == Platform::Spa,
        strong: strength::asked(ask.get("claims")),
        issued_at: world.now(),
        redeemed: false,
    });
    text
}

/// The page to pick a person.
fn pick_page(world: &World, ask: &Ask<'_>) -> Reply {
    let mut buttons = String::new();
    for user in world.users.iter().filter(|user| user.home.is_none()) {
        let label = format!("{} ({}): {}", user.display_name, user.upn, user.part);
        buttons.push_str(&page::button("practice_user", &user.id, &label));
    }
    let form = page::form("get", &ask.request.path, &ask.own_pairs(), &buttons);
    let name = escape(&ask.client.name);
    let factor = if strength::asked(ask.get("claims")) {
        "<p class=\"note\">More is asked for than a password: whoever is picked here has the second factor at hand.</p>\n"
    } else {
        ""
    };
    page::page(200, "Pick an account", &format!("<p>to continue to <b>{name}</b></p>\n{factor}{form}"))
}

/// The page to consent.
fn consent_page(world: &World, ask: &Ask<'_>, user: &User, pending: &[Pending]) -> Reply {
    let mut html = format!(
        "<p>{}</p>\n<p><b>{}</b> would like to:</p>\n<ul>\n",
        escape(&user.upn),
        escape(&ask.client.name)
    );
    for item in pending {
        for scope in &item.scopes {
            // Writing to a String cannot fail.
            let _ = writeln!(html, "<li>{}: {}</li>", escape(&item.name), escape(scope));
        }
    }
    html.push_str("</ul>\n");
    let mut buttons = page::button("practice_consent", "accept", "Accept");
    if access::may_consent_for_all(world, &user.id) {
        buttons.push_str(&page::button(
            "practice_consent",
            "accept_all",
            "Accept, and consent on behalf of your organization",
        ));
    }
    buttons.push_str(&page::button("practice_consent", "decline", "Cancel"));
    let mut hidden = ask.own_pairs();
    hidden.push(("practice_user".to_owned(), user.id.clone()));
    html.push_str(&page::form("get", &ask.request.path, &hidden, &buttons));
    page::page(200, "Permissions requested", &html)
}

/// The page for somebody who may not consent.
fn approval_page(ask: &Ask<'_>, user: &User, refusal: &Refusal) -> Reply {
    let mut hidden = ask.own_pairs();
    hidden.push(("practice_user".to_owned(), user.id.clone()));
    let back =
        page::button("practice_consent", "decline", "Return to the application without granting consent");
    let form = page::form("get", &ask.request.path, &hidden, &back);
    page::page(
        200,
        "Need admin approval",
        &format!(
            "<p><b>{}</b> needs permission to access resources in your organization that only an admin can grant. Please \
             ask an admin to grant permission to this app before you can use it.</p>\n<p id=\"exceptionMessage\">\
             AADSTS{}: {}</p>\n{form}",
            escape(&ask.client.name),
            refusal.code,
            escape(&refusal.text)
        ),
    )
}
