//! The device code flow: start, poll, and the page where a person enters the code (microsoft-cloud 2.4).

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::access::{self, Standing};
use super::client::Client;
use super::page::{self, escape};
use super::resource::Wanted;
use super::token::{self, Ask, Issue};
use super::{Authority, Refusal, Version, strength};
use crate::practice::wire::{Reply, Request, find};
use crate::practice::world::{DeviceFlow, DeviceState, User, World};

/// Starts a flow.
pub fn start(
    world: &mut World,
    request: &Request,
    authority: &Authority,
    version: Version,
) -> Result<Reply, Refusal> {
    let form = request.form();
    let get = |name: &str| find(&form, name).filter(|value| !value.is_empty());
    let client_id = get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let client = Client::find(world, authority, client_id)?;
    let asked = match version {
        Version::V2 => get("scope").ok_or_else(|| Refusal::missing("scope"))?,
        Version::V1 => get("resource").unwrap_or("https://graph.microsoft.com"),
    }
    .to_owned();
    let tenant = home(world, authority);
    wanted(world, &tenant, &asked, version)?;
    let user_code: String = world
        .next_id("user code")
        .simple()
        .to_string()
        .chars()
        .take(9)
        .collect::<String>()
        .to_ascii_uppercase();
    let device_code = token::mint_opaque(world, "device code");
    let state = match &world.auto_approve {
        Some(user) => DeviceState::Approved(user.clone()),
        None => DeviceState::Pending,
    };
    world.sign_in.device_flows.push(DeviceFlow {
        device_code: SecretString::from(device_code.clone()),
        user_code: user_code.clone(),
        client_id: client.app_id,
        tenant: match authority {
            Authority::Tenant(id) => id.clone(),
            Authority::Common => "common".to_owned(),
            Authority::Organizations => "organizations".to_owned(),
        },
        v1: version == Version::V1,
        asked,
        strong: strength::asked(get("claims")),
        started_at: world.now(),
        polled_at: None,
        state,
    });
    let page = format!("{}/devicelogin", request.address_of("microsoft.com"));
    let (expires, interval) = (world.switches.device_code_lifetime_s, world.switches.device_code_interval_s);
    let mut body = json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "expires_in": expires,
        "interval": interval,
        "message": format!(
            "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
        ),
    });
    if version == Version::V1 {
        body["verification_url"] = body["verification_uri"].take();
        body["expires_in"] = expires.to_string().into();
        body["interval"] = interval.to_string().into();
        if let Some(members) = body.as_object_mut() {
            members.shift_remove("verification_uri");
        }
    }
    Ok(Reply::json(200, &body))
}

/// The tenant in which something is resolved before the person is known.
fn home(world: &World, authority: &Authority) -> String {
    match authority {
        Authority::Tenant(id) => id.clone(),
        Authority::Common | Authority::Organizations => world.main_tenant().to_owned(),
    }
}

fn wanted(world: &World, tenant: &str, asked: &str, version: Version) -> Result<Wanted, Refusal> {
    match version {
        Version::V1 => Wanted::from_resource(world, tenant, asked),
        Version::V2 => Wanted::from_scope(world, tenant, asked),
    }
}

/// Answers a poll.
pub fn poll(world: &mut World, ask: &Ask<'_>) -> Result<Reply, Refusal> {
    let sent =
        ask.get("device_code").or_else(|| ask.get("code")).ok_or_else(|| Refusal::missing("device_code"))?;
    if !ask.client.is_public() {
        super::secret::check(world, &ask.client, ask.secret.as_ref())?;
    }
    let now = world.now();
    let (lifetime, interval) = (world.switches.device_code_lifetime_s, world.switches.device_code_interval_s);
    let known = world
        .sign_in
        .device_flows
        .iter_mut()
        .find(|flow| flow.device_code.expose_secret() == sent && flow.client_id == ask.client.app_id);
    let Some(flow) = known else {
        let text = "The provided value for the input parameter 'device_code' is not valid.";
        return Err(Refusal::new(70018, "bad_verification_code", text));
    };
    let last = flow.polled_at.replace(now);
    match flow.state.clone() {
        DeviceState::Redeemed => {
            let text = "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.";
            Err(Refusal::new(54005, "invalid_grant", text))
        }
        DeviceState::Declined => {
            // The number is not confirmed (microsoft-cloud 2.4); clients decide by the error value.
            let text = "The end user denied the authorization request.";
            Err(Refusal::new(0, "authorization_declined", text))
        }
        _ if now.duration_since(flow.started_at).as_secs() >= i64::from(lifetime) => {
            let error = if ask.version == Version::V1 { "code_expired" } else { "expired_token" };
            let text = "The provided value for the input parameter 'device_code' is not valid. This device code has expired.";
            Err(Refusal::new(70020, error, text))
        }
        DeviceState::Pending => {
            // A second of grace: clients count from when they read the last answer.
            let soonest = i64::from(interval) - 1;
            if last.is_some_and(|last| now.duration_since(last).as_secs() < soonest) {
                return Err(Refusal::new(0, "slow_down", "Polling too fast. Wait before the next request."));
            }
            let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            Err(Refusal::new(70016, "authorization_pending", text))
        }
        DeviceState::Approved(user) => {
            let flow = flow.clone();
            redeem(world, ask, &flow, &user)
        }
    }
}

fn redeem(world: &mut World, ask: &Ask<'_>, flow: &DeviceFlow, user: &str) -> Result<Reply, Refusal> {
    let user = token::person(world, user)?;
    if world.switches.device_code_blocked {
        let text = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.";
        let mut refusal = Refusal::new(53003, "invalid_grant", text).suberror("message_only");
        refusal.claims = Some(
            json!({"access_token": {"capolids": {"essential": true, "values": [world.id_for("policy").to_string()]}}})
                .to_string(),
        );
        return Err(refusal);
    }
    let user = signed_in_at(world, flow, &user)
        .map_err(|sentence| Refusal::new(50020, "invalid_grant", sentence))?;
    let tenant = user.tenant.clone();
    let version = if flow.v1 { Version::V1 } else { Version::V2 };
    let wanted = wanted(world, &tenant, &flow.asked, version)?;
    if world.approves(&user) {
        let pending = match access::standing(world, &tenant, &ask.client, &user.id, &wanted, false) {
            Standing::Needs(pending) => pending,
            Standing::Granted(_) => Vec::new(),
        };
        if access::may_consent(world, &user.id, &pending).is_ok()
            && let Some((principal, _)) = ask.client.principal(world, &tenant)
        {
            access::consent(world, &tenant, &principal, Some(&user.id), &pending);
        }
    }
    let scopes = token::granted(world, ask, &tenant, &user, &wanted)?;
    let sent = flow.device_code.expose_secret();
    let known = world.sign_in.device_flows.iter_mut().find(|flow| flow.device_code.expose_secret() == sent);
    if let Some(flow) = known {
        flow.state = DeviceState::Redeemed;
    }
    token::answer(
        world,
        ask,
        false,
        Issue { strong: flow.strong, acrs: flow.strong, ..Issue::new(&tenant, &user, wanted, scopes) },
    )
}

/// Answers a device code for a person: approves (with the consent that this needs) or declines. Without a code the
/// newest pending one is meant.
///
/// # Errors
/// A sentence: no such code, the person may not sign in there, or may not consent.
pub fn answer(world: &mut World, user_code: Option<&str>, user: &User, approve: bool) -> Result<(), String> {
    let now = world.now();
    let lifetime = i64::from(world.switches.device_code_lifetime_s);
    let found = world.sign_in.device_flows.iter().rposition(|flow| {
        flow.state == DeviceState::Pending
            && now.duration_since(flow.started_at).as_secs() < lifetime
            && user_code.is_none_or(|code| flow.user_code.eq_ignore_ascii_case(code.trim()))
    });
    let Some(flow) = found.and_then(|at| world.sign_in.device_flows.get(at).cloned()) else {
        return Err("That code didn't work. Check the code and try again.".to_owned());
    };
    let state = if approve {
        let there = signed_in_at(world, &flow, user)?;
        allow(world, &flow, &there)?;
        DeviceState::Approved(user.id.clone())
    } else {
        DeviceState::Declined
    };
    if let Some(flow) = found.and_then(|at| world.sign_in.device_flows.get_mut(at)) {
        flow.state = state;
    }
    Ok(())
}

/// The person as the tenant of a flow knows them; the error is the sentence for one whom it does not know.
fn signed_in_at(world: &World, flow: &DeviceFlow, user: &User) -> Result<User, String> {
    let tenant = world.tenant(&flow.tenant).map(|tenant| tenant.id.clone());
    let tenant = tenant.unwrap_or_else(|| world.account_of(user).tenant.clone());
    world.known_in(user, &tenant).cloned().ok_or_else(|| foreign(world, user, &tenant))
}

/// Writes the consent that a flow still needs, where the person may give it.
fn allow(world: &mut World, flow: &DeviceFlow, user: &User) -> Result<(), String> {
    let authority = Authority::find(world, &flow.tenant).map_err(|refusal| refusal.text)?;
    let client = Client::find(world, &authority, &flow.client_id).map_err(|refusal| refusal.text)?;
    let version = if flow.v1 { Version::V1 } else { Version::V2 };
    let wanted = wanted(world, &user.tenant, &flow.asked, version).map_err(|refusal| refusal.text)?;
    if let Standing::Needs(pending) = access::standing(world, &user.tenant, &client, &user.id, &wanted, false)
    {
        // Nobody can consent to one of Microsoft's own clients; the poll then answers 65001.
        if client.first_party {
            return Ok(());
        }
        access::may_consent(world, &user.id, &pending).map_err(|refusal| refusal.text)?;
        let (principal, _) = client.usable(world, &user.tenant).map_err(|refusal| refusal.text)?;
        access::consent(world, &user.tenant, &principal, Some(&user.id), &pending);
    }
    Ok(())
}

/// The sentence for a person of another tenant (AADSTS50020).
pub fn foreign(world: &World, user: &User, tenant: &str) -> String {
    let name = world.tenant(tenant).map_or(tenant, |tenant| tenant.display_name.as_str());
    format!(
        "User account '{}' from identity provider 'https://sts.windows.net/{}/' does not exist in tenant '{name}' and \
         cannot access the application in that tenant. The account needs to be added as an external user in the tenant \
         first. Sign out and sign in again with a different Azure Active Directory user account.",
        user.upn, user.tenant
    )
}

/// The page for the code: asks for it, then for the person, then tells the outcome.
pub fn page(world: &mut World, request: &Request) -> Reply {
    let mut pairs = request.query.clone();
    pairs.extend(request.form());
    let get = |name: &str| find(&pairs, name).filter(|value| !value.is_empty());
    let code = get("otc").or_else(|| get("user_code"));
    let Some(code) = code else {
        let field = "<label>Code <input name=\"otc\" autofocus autocomplete=\"off\"></label>\n<button>Next</button>\n";
        let form = page::form("get", "/devicelogin", &[], field);
        return page::page(
            200,
            "Enter code",
            &format!("<p>Enter the code displayed on your app or device.</p>\n{form}"),
        );
    };
    let code = code.to_owned();
    let user = get("practice_user").and_then(|id| world.user(id).cloned());
    let (Some(user), true) = (user, request.method == http::Method::POST) else {
        return pick(world, &code);
    };
    let approve = get("answer") != Some("decline");
    match answer(world, Some(&code), &user, approve) {
        Ok(()) if approve => page::message(
            200,
            "You're signed in",
            "You have signed in on your device. You may now close this window.",
        ),
        Ok(()) => {
            page::message(200, "Declined", "You have declined the sign-in. You may now close this window.")
        }
        Err(sentence) => page::message(world.switches.error_page_status, "That did not work", &sentence),
    }
}

fn pick(world: &World, code: &str) -> Reply {
    let known =
        world.sign_in.device_flows.iter().find(|flow| flow.user_code.eq_ignore_ascii_case(code.trim()));
    let Some(flow) = known else {
        return page::message(200, "Enter code", "That code didn't work. Check the code and try again.");
    };
    let name = world
        .service_principal(world.main_tenant(), &flow.client_id, crate::practice::world::View::SignIn)
        .map_or(flow.client_id.as_str(), |(object, _)| object.text("displayName"));
    let mut html = format!(
        "<p>You're signing in to <b>{}</b> on another device or service. Pick the practice user who signs in. This also \
         gives the permissions that the application asks for, where that user may give them.</p>\n",
        escape(name)
    );
    for user in world.users.iter().filter(|user| user.home.is_none()) {
        let hidden = [("otc".to_owned(), code.to_owned()), ("practice_user".to_owned(), user.id.clone())];
        let button = page::button("answer", "approve", &format!("{} ({})", user.display_name, user.upn));
        html.push_str(&page::form("post", "/devicelogin", &hidden, &button));
    }
    let hidden =
        [("otc".to_owned(), code.to_owned()), ("practice_user".to_owned(), world.default_user.clone())];
    html.push_str(&page::form("post", "/devicelogin", &hidden, &page::button("answer", "decline", "Cancel")));
    page::page(200, "Pick an account", &html)
}
