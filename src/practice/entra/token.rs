//! The token endpoints, v1 and v2: code, refresh token, device code and client credentials (microsoft-cloud 2.5 to 2.8).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::access::{self, Standing};
use super::client::{Client, Platform};
use super::mint::{self, Bearer};
use super::resource::{Wanted, Wish};
use super::{Authority, Refusal, Version, device, secret, strength};
use crate::practice::wire::{Reply, Request, find};
use crate::practice::world::{RefreshToken, User, World, first_party};

/// Days until an unused refresh token is over (AADSTS700082).
const REFRESH_DAYS: i64 = 90;

/// A request to the token endpoint, read.
pub struct Ask<'a> {
    /// The HTTP request.
    pub request: &'a Request,
    /// Its form.
    pub form: Vec<(String, String)>,
    /// The authority in the path.
    pub authority: &'a Authority,
    /// Family of the endpoint.
    pub version: Version,
    /// The client, known in the authority.
    pub client: Client,
    /// The secret that was sent, if any.
    pub secret: Option<SecretString>,
}

impl Ask<'_> {
    /// A form value; empty ones count as missing.
    pub fn get(&self, name: &str) -> Option<&str> {
        find(&self.form, name).filter(|value| !value.is_empty())
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(name))
    }

    /// What is asked for: `scope` on v2, `resource` on v1; `None` where the request names nothing.
    fn wanted(&self, world: &World, tenant: &str) -> Result<Option<Wanted>, Refusal> {
        let name = if self.version == Version::V2 { "scope" } else { "resource" };
        if self.version == Version::V2 && self.get("resource").is_some() {
            let text = "The 'resource' request parameter is not supported.";
            return Err(Refusal::new(901_002, "invalid_request", text));
        }
        match (self.version, self.get(name)) {
            (_, None) => Ok(None),
            (Version::V1, Some(resource)) => Wanted::from_resource(world, tenant, resource).map(Some),
            (Version::V2, Some(scope)) => Wanted::from_scope(world, tenant, scope).map(Some),
        }
    }
}

/// Answers the token endpoint.
pub fn handle(
    world: &mut World,
    request: &Request,
    authority: &Authority,
    version: Version,
) -> Result<Reply, Refusal> {
    let form = request.form();
    let grant = find(&form, "grant_type")
        .filter(|grant| !grant.is_empty())
        .ok_or_else(|| Refusal::missing("grant_type"))?
        .to_owned();
    let (client_id, secret) = secret::presented(request, &form);
    let client_id = client_id.ok_or_else(|| Refusal::missing("client_id"))?;
    if grant == "client_credentials" && !matches!(authority, Authority::Tenant(_)) {
        return Err(Refusal::new(
            9_001_023,
            "invalid_request",
            "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or \
             tenant-specific endpoint.",
        ));
    }
    let client = Client::find(world, authority, &client_id)?;
    let ask = Ask { request, form, authority, version, client, secret };
    match grant.as_str() {
        "authorization_code" => code(world, &ask),
        "refresh_token" => refresh(world, &ask),
        "client_credentials" => client_credentials(world, &ask),
        "password" => Err(password(world, &ask)),
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => device::poll(world, &ask),
        other => Err(Refusal::new(
            70003,
            "unsupported_grant_type",
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

/// The password grant (microsoft-cloud 2.7). Nobody in practice has a password, so it ends with the refusal that fits.
fn password(world: &World, ask: &Ask<'_>) -> Refusal {
    let proven =
        if ask.client.is_public() && ask.secret.is_none() { Ok(()) } else { prove(world, ask, true) };
    let read = proven.and_then(|()| Ok((ask.need("username")?, ask.need("password")?)));
    let name = match read {
        Ok((name, _)) => name,
        Err(refusal) => return refusal,
    };
    if !world.users.iter().any(|user| user.upn.eq_ignore_ascii_case(name)) {
        let text = format!("The user account {name} does not exist in the directory.");
        return Refusal::new(50034, "invalid_grant", text);
    }
    Refusal::new(50126, "invalid_grant", "Error validating credentials due to invalid username or password.")
}

/// Checks the client's proof: the secret for a Web redirect, none for a public client.
fn prove(world: &World, ask: &Ask<'_>, confidential: bool) -> Result<(), Refusal> {
    if confidential {
        return secret::check(world, &ask.client, ask.secret.as_ref());
    }
    if ask.secret.is_some() && world.switches.native_redirect_refuses_secret {
        let text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.";
        return Err(Refusal::new(700_025, "unauthorized_client", text));
    }
    Ok(())
}

fn code(world: &mut World, ask: &Ask<'_>) -> Result<Reply, Refusal> {
    let sent = ask.need("code")?.to_owned();
    let redirect_uri = ask.need("redirect_uri")?;
    let known = world.sign_in.codes.iter().position(|code| code.code.expose_secret() == sent);
    let Some((index, code)) = known.and_then(|at| Some((at, world.sign_in.codes.get(at)?.clone()))) else {
        let text = "The request body contains an authorization code that is malformed.";
        return Err(Refusal::new(9_002_313, "invalid_request", text));
    };
    if code.spa && ask.request.header("origin").is_none() {
        // A server that redeems such a code cannot, with a secret or without (3.2).
        let text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.";
        return Err(Refusal::new(9_002_327, "invalid_request", text));
    }
    prove(world, ask, code.confidential)?;
    if code.client_id != ask.client.app_id {
        let text = "The provided authorization code was issued to another client.";
        return Err(Refusal::new(70000, "invalid_grant", text));
    }
    if matches!(ask.authority, Authority::Tenant(id) if *id != code.tenant) {
        let text = "The provided authorization code or refresh token is intended to use against other tenant, thus rejected.";
        return Err(Refusal::new(700_005, "invalid_grant", text));
    }
    if redirect_uri != code.redirect_uri {
        let text =
            "The reply address does not match the reply address provided when requesting Authorization code.";
        return Err(Refusal::new(500_112, "invalid_grant", text));
    }
    if code.redeemed {
        let text = "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.";
        return Err(Refusal::new(54005, "invalid_grant", text));
    }
    let age = world.now().duration_since(code.issued_at).as_secs();
    if age >= i64::from(world.switches.code_lifetime_s) {
        return Err(expired());
    }
    check_verifier(code.challenge.as_deref(), ask.get("code_verifier"))?;
    let user = person(world, &code.user)?;
    let mut wanted = Wanted::from_resource(world, &code.tenant, &code.audience)?;
    wanted.protocol.clone_from(&code.protocol_scopes);
    wanted.default_scope.clone_from(&code.default_scope);
    // A v1 client may name its resource here instead; it is then the one that counts.
    let (wanted, scopes) = match ask.wanted(world, &code.tenant)? {
        Some(named) if named.app_id != wanted.app_id => {
            let scopes = granted(world, ask, &code.tenant, &user, &named)?;
            (named, scopes)
        }
        _ => (wanted, code.scopes.clone()),
    };
    if let Some(code) = world.sign_in.codes.get_mut(index) {
        code.redeemed = true;
    }
    let issue = Issue {
        nonce: code.nonce.as_deref(),
        strong: code.strong,
        acrs: code.strong,
        ..Issue::new(&code.tenant, &user, wanted, scopes)
    };
    answer(world, ask, code.confidential, issue)
}

/// What PKCE compares: the digest of a verifier.
pub fn digest_of(verifier: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref())
}

fn check_verifier(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), Refusal> {
    let Some(challenge) = challenge else { return Ok(()) };
    let fits = verifier.is_some_and(|verifier| digest_of(verifier) == challenge);
    if fits {
        return Ok(());
    }
    let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
    Err(Refusal::new(501_481, "invalid_grant", text))
}

fn refresh(world: &mut World, ask: &Ask<'_>) -> Result<Reply, Refusal> {
    let sent = ask.need("refresh_token")?;
    let known =
        world.sign_in.refresh_tokens.iter().find(|token| token.token.expose_secret() == sent).cloned();
    let Some(token) = known.filter(|token| token.client_id == ask.client.app_id) else {
        let text = "The provided value for the input parameter 'refresh_token' is not valid.";
        return Err(Refusal::new(9_002_313, "invalid_grant", text));
    };
    prove(world, ask, token.confidential)?;
    if world.now().duration_since(token.issued_at).as_hours() >= REFRESH_DAYS * 24 {
        let text = format!(
            "The refresh token has expired due to inactivity. The token was issued on {} and was inactive for {REFRESH_DAYS}.00:00:00.",
            token.issued_at
        );
        return Err(Refusal::new(700_082, "invalid_grant", text));
    }
    let user = elsewhere(world, ask, &token, person(world, &token.user)?)?;
    let tenant = user.tenant.clone();
    let wanted = if let Some(wanted) = ask.wanted(world, &tenant)? {
        wanted
    } else {
        let mut wanted = Wanted::from_resource(world, &tenant, &token.audience)?;
        wanted.wish = Wish::Named(token.scopes.clone());
        wanted
    };
    let scopes = granted(world, ask, &tenant, &user, &wanted)?;
    let acrs = strength::asked(ask.get("claims"));
    if acrs && !token.strong {
        return Err(strength::second_factor(&wanted.app_id));
    }
    let issue = Issue { strong: token.strong, acrs, ..Issue::new(&tenant, &user, wanted, scopes) };
    answer(world, ask, token.confidential, issue)
}

/// The person as the tenant in the path knows them: a refresh token is the person's, and good in every tenant that
/// knows them, unless that tenant wants to see them itself (microsoft-cloud 5.2).
fn elsewhere(world: &World, ask: &Ask<'_>, token: &RefreshToken, user: User) -> Result<User, Refusal> {
    let Authority::Tenant(tenant) = ask.authority else { return Ok(user) };
    if *tenant == token.tenant {
        return Ok(user);
    }
    let Some(there) = world.known_in(&user, tenant).cloned() else {
        return Err(Refusal::new(50020, "invalid_grant", device::foreign(world, &user, tenant)));
    };
    if there.home.is_some() && world.switches.guests_need_mfa {
        let text = format!(
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must \
             use multi-factor authentication to access '{}'.",
            ask.client.app_id
        );
        return Err(Refusal::new(50076, "invalid_grant", text).suberror("basic_action"));
    }
    Ok(there)
}

fn client_credentials(world: &mut World, ask: &Ask<'_>) -> Result<Reply, Refusal> {
    let Authority::Tenant(tenant) = ask.authority else {
        return Err(Refusal::new(
            50059,
            "invalid_request",
            "No tenant-identifying information found in the request.",
        ));
    };
    secret::check(world, &ask.client, ask.secret.as_ref())?;
    let Some((principal, _)) = ask.client.principal(world, tenant) else {
        return Err(Refusal::new(
            7_000_229,
            "invalid_client",
            format!(
                "The client application {} is missing service principal in the tenant {tenant}. See instructions here: \
             https://go.microsoft.com/fwlink/?linkid=2225119",
                ask.client.app_id
            ),
        ));
    };
    ask.client.usable(world, tenant)?;
    let wanted = if ask.version == Version::V2 {
        let scope = ask.need("scope")?;
        if ask.get("resource").is_some() {
            let text = "The 'resource' request parameter is not supported.";
            return Err(Refusal::new(901_002, "invalid_request", text));
        }
        let mut parts = scope.split_whitespace();
        match (parts.next().and_then(|part| part.strip_suffix("/.default")), parts.next()) {
            (Some(resource), None) if !resource.contains('%') => {
                Wanted::from_resource(world, tenant, resource)?
            }
            _ => {
                return Err(Refusal::new(
                    1_002_012,
                    "invalid_scope",
                    format!(
                        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value \
                     with /.default suffixed to the resource identifier (application ID URI)."
                    ),
                ));
            }
        }
    } else {
        Wanted::from_resource(world, tenant, ask.need("resource")?)?
    };
    if wanted.doc["appRoleAssignmentRequired"] == Value::Bool(true)
        && !access::is_assigned(world, tenant, &principal, &wanted.principal)
    {
        return Err(Refusal::new(
            501_051,
            "invalid_grant",
            format!(
                "Application '{}'({}) is not assigned to a role for the application '{}'({}).",
                ask.client.app_id, ask.client.name, wanted.app_id, wanted.name
            ),
        ));
    }
    let bearer = Bearer::Itself(&principal);
    let token = mint::access_token(world, tenant, &ask.client, true, &wanted, &bearer)?;
    Ok(Reply::json(200, &lifetimes(world, ask.version, &wanted, json!({"token_type": "Bearer"}), token)))
}

/// The permissions that a person has granted a client; AADSTS65001 where some are missing.
pub fn granted(
    world: &World,
    ask: &Ask<'_>,
    tenant: &str,
    user: &User,
    wanted: &Wanted,
) -> Result<Vec<String>, Refusal> {
    access::required(world, tenant, &ask.client, wanted, ask.version)?;
    assigned(world, tenant, &ask.client, user, wanted)?;
    match access::standing(world, tenant, &ask.client, &user.id, wanted, false) {
        Standing::Granted(scopes) if !scopes.is_empty() || wanted.wish != Wish::Listed => Ok(scopes),
        _ => Err(access::not_consented(&ask.client)),
    }
}

/// Assignment to the client and to the resource (AADSTS50105 is `invalid_grant` here).
pub fn assigned(
    world: &World,
    tenant: &str,
    client: &Client,
    user: &User,
    wanted: &Wanted,
) -> Result<(), Refusal> {
    let (client_id, client_doc) = client.usable(world, tenant)?;
    if client.first_party && world.switches.azure_cli_blocked {
        let doc =
            json!({"appRoleAssignmentRequired": true, "displayName": client.name, "appId": client.app_id});
        return access::assigned(world, tenant, &user.id, &[("", &doc)]);
    }
    access::assigned(world, tenant, &user.id, &[(&client_id, &client_doc), (&wanted.principal, &wanted.doc)])
}

/// A person by object id; AADSTS50034 if gone.
pub fn person(world: &World, id: &str) -> Result<User, Refusal> {
    world.user(id).cloned().ok_or_else(|| {
        Refusal::new(50034, "invalid_grant", "The user account does not exist in the directory.")
    })
}

/// The refusal for a code or token that waited too long.
fn expired() -> Refusal {
    Refusal::new(
        70008,
        "invalid_grant",
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive \
         authorization request for this user and resource.",
    )
}

/// What is handed out after a person signed in.
pub struct Issue<'a> {
    /// Tenant GUID.
    pub tenant: &'a str,
    /// The person.
    pub user: &'a User,
    /// The resource.
    pub wanted: Wanted,
    /// Delegated permissions.
    pub scopes: Vec<String>,
    /// Nonce for the ID token.
    pub nonce: Option<&'a str>,
    /// Whether the person was asked for a second factor.
    pub strong: bool,
    /// Whether the token has to say so.
    pub acrs: bool,
}

impl<'a> Issue<'a> {
    /// Of a plain sign-in.
    pub fn new(tenant: &'a str, user: &'a User, wanted: Wanted, scopes: Vec<String>) -> Self {
        Self { tenant, user, wanted, scopes, nonce: None, strong: false, acrs: false }
    }
}

/// The token answer for a person.
pub fn answer(
    world: &mut World,
    ask: &Ask<'_>,
    confidential: bool,
    issue: Issue<'_>,
) -> Result<Reply, Refusal> {
    let Issue { tenant, user, wanted, scopes, nonce, strong, acrs } = issue;
    let bearer = if acrs { Bearer::Proven(user, &scopes) } else { Bearer::Person(user, &scopes) };
    let access = mint::access_token(world, tenant, &ask.client, confidential, &wanted, &bearer)?;
    let scope = if ask.version == Version::V1 { scopes.join(" ") } else { wanted.spelled(&scopes) };
    let body = json!({"token_type": "Bearer", "scope": scope});
    let mut body = lifetimes(world, ask.version, &wanted, body, access);
    let has = |name: &str| wanted.protocol.iter().any(|scope| scope == name);
    if ask.version == Version::V1 || has("offline_access") || ask.get("refresh_token").is_some() {
        let token = SecretString::from(format!("1.{}", mint_opaque(world, "refresh token")));
        body["refresh_token"] = token.expose_secret().into();
        world.sign_in.refresh_tokens.push(RefreshToken {
            token,
            client_id: ask.client.app_id.clone(),
            tenant: tenant.to_owned(),
            user: user.id.clone(),
            audience: wanted.audience.clone(),
            scopes: scopes.clone(),
            strong,
            issued_at: world.now(),
            confidential,
        });
    }
    if ask.client.app_id == first_party::AZURE_CLI {
        body["foci"] = "1".into();
    }
    // With a code, v1 always tells who signed in.
    let v1_code = ask.version == Version::V1 && ask.get("grant_type") == Some("authorization_code");
    if v1_code || has("openid") || find(&ask.form, "scope").is_some_and(|scope| scope.contains("openid")) {
        body["id_token"] = mint::id_token(world, tenant, &ask.client, user, ask.version, nonce)?.into();
    }
    if ask.get("client_info") == Some("1") {
        body["client_info"] = mint::client_info(user, tenant).into();
    }
    Ok(Reply::json(200, &body))
}

/// Adds the token and its times: numbers on v2, texts on v1 (microsoft-cloud 2.6).
fn lifetimes(world: &World, version: Version, wanted: &Wanted, mut body: Value, token: String) -> Value {
    let seconds = world.switches.access_token_lifetime_s;
    if version == Version::V1 {
        let now = world.clock.unix();
        body["expires_in"] = seconds.to_string().into();
        body["ext_expires_in"] = seconds.to_string().into();
        body["expires_on"] = (now + i64::from(seconds) + 1).to_string().into();
        body["not_before"] = now.to_string().into();
        body["resource"] = wanted.audience.as_str().into();
    } else {
        body["expires_in"] = seconds.into();
        body["ext_expires_in"] = seconds.into();
    }
    body["access_token"] = token.into();
    body
}

/// An opaque text of the length that codes and refresh tokens have about.
pub fn mint_opaque(world: &mut World, kind: &str) -> String {
    let parts: Vec<u8> = (0..6).flat_map(|_| world.next_id(kind).into_bytes()).collect();
    URL_SAFE_NO_PAD.encode(parts)
}

/// Whether redeeming a code for a redirect of this platform needs the secret.
pub fn is_confidential(platform: Platform) -> bool {
    platform == Platform::Web
}
