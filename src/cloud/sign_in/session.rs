//! A signed-in person: tokens for each service from one refresh token, or lent by another program's sign-in, and
//! renewed before they end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use oauth2::{RefreshToken, Scope};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex as AsyncMutex;

use super::claims::Claims;
use super::oauth::{Tokens, Version, Via, client};
use crate::cloud::call_log::SignInUsed;
use crate::cloud::http::Http;
use crate::cloud::reader::{Refused, TokenWish, Tokens as Giver};
use crate::engine::clouds::{Audience, Cloud};
use crate::engine::trouble::{Class, Demand, Trouble};
use crate::engine::words::say;

/// A token is renewed this long before its end, or at half of a shorter life.
const MARGIN: Duration = Duration::from_secs(300);

/// Who signed in, by the id token's own word: for showing only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonHint {
    /// Tenant id.
    pub tenant: String,
    /// Object id in that tenant.
    pub object_id: String,
    /// Sign-in name.
    pub upn: String,
    /// Display name.
    pub name: String,
}

/// A signed-in person. Cheap to clone; all clones share the tokens, which live in memory only.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

/// A token of a sign-in that another program holds.
#[derive(Debug)]
pub struct Lent {
    /// The access token.
    pub token: SecretString,
    /// How much longer it is good.
    pub lifetime: Duration,
    /// Tenant id, for a token that does not name it itself; may be empty.
    pub tenant: String,
}

/// Lends a token for one of Microsoft's services whenever it is asked.
pub type Lender = Arc<dyn Fn(Audience) -> BoxFuture<'static, Result<Lent, Trouble>> + Send + Sync>;

struct Inner {
    http: Http,
    authority: String,
    person: PersonHint,
    source: Source,
    graph: Slot,
    arm: Slot,
    power_apps: Slot,
    /// What services have demanded of their tokens; each further one is asked for with the same.
    demands: Mutex<Vec<Demand>>,
}

/// Where new tokens come from.
enum Source {
    /// Our own sign-in: its newest refresh token, if it gave one.
    Own(Mutex<Option<SecretString>>),
    /// Another program's.
    Lent(Lender),
}

/// One service's token. Whoever finds it stale renews it while the others wait for that one renewal.
type Slot = AsyncMutex<State>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// A demand that could not be met without the person, and why: nobody asks twice.
    unmet: Option<(String, Trouble)>,
}

struct Held {
    token: SecretString,
    renew_at: Timestamp,
    ends: Timestamp,
    /// It was got in place of one that the service had refused.
    after_refusal: bool,
}

/// What is asked for when signing in: one service, a refresh token, and who it is.
pub(super) fn first_scopes(cloud: &Cloud, audience: Audience) -> impl Iterator<Item = Scope> + use<> {
    scopes(scope_of(cloud, audience).unwrap_or_else(|| cloud.graph_scope()))
}

/// The scope that names everything of a service, where this cloud has it.
fn scope_of(cloud: &Cloud, audience: Audience) -> Option<String> {
    match audience {
        Audience::Graph => Some(cloud.graph_scope()),
        Audience::Arm => Some(cloud.arm_scope()),
        Audience::PowerApps => cloud.power_apps_scope(),
        Audience::Login => None,
    }
}

fn scopes(resource: String) -> impl Iterator<Item = Scope> {
    [resource, "offline_access".into(), "openid".into(), "profile".into()].into_iter().map(Scope::new)
}

impl Held {
    fn new(token: SecretString, lifetime: Duration, now: Timestamp) -> Self {
        let early = MARGIN.min(lifetime / 2);
        // A lifetime beyond the calendar's end is nonsense; such a token is simply renewed next time.
        let after = |span: Duration| now.checked_add(span).unwrap_or(now);
        Self {
            token,
            renew_at: after(lifetime.saturating_sub(early)),
            ends: after(lifetime),
            after_refusal: false,
        }
    }
}

impl Session {
    /// A session from the tokens of a sign-in. The access token is for Graph, or for the service whose demand the
    /// sign-in was asked with.
    pub(super) fn new(http: &Http, tenant: &str, tokens: Tokens, demand: Option<Demand>) -> Self {
        let claims = tokens.id.as_ref().map(Claims::of).unwrap_or_default();
        let first = Held::new(tokens.access, tokens.lifetime, http.now());
        Self::with(http, tenant, claims, first, Source::Own(Mutex::new(tokens.refresh)), demand)
    }

    /// A session whose tokens another program lends, asked first for Graph's: that also tells who it is.
    ///
    /// # Errors
    /// When nothing is lent.
    pub async fn borrowed(http: &Http, lender: Lender) -> Result<Self, Trouble> {
        let first = lender(Audience::Graph).await?;
        let claims = Claims::of(&first.token);
        let graph = Held::new(first.token, first.lifetime, http.now());
        Ok(Self::with(http, &first.tenant, claims, graph, Source::Lent(lender), None))
    }

    /// A session from a refresh token that was kept, for this tenant (id or domain) or for whichever it was given for.
    ///
    /// # Errors
    /// `SignInRefused` when it is not good any more, or that tenant wants a sign-in of its own.
    pub async fn kept(http: &Http, tenant: &str, refresh: SecretString) -> Result<Self, Trouble> {
        let nothing = Held::new(SecretString::default(), Duration::ZERO, http.now());
        let source = Source::Own(Mutex::new(Some(refresh)));
        Self::with(http, tenant, Claims::default(), nothing, source, None).switch_tenant(tenant).await
    }

    fn with(
        http: &Http,
        tenant: &str,
        claims: Claims,
        first: Held,
        source: Source,
        demand: Option<Demand>,
    ) -> Self {
        // From here on the tenant is known, which tokens for `organizations` would leave open.
        let authority = if claims.tenant.is_empty() { tenant.to_owned() } else { claims.tenant.clone() };
        let (mut graph, mut arm, mut power_apps) = (State::default(), State::default(), State::default());
        let slot = match demand.as_ref().map(|demand| demand.audience) {
            Some(Audience::Arm) => &mut arm,
            Some(Audience::PowerApps) => &mut power_apps,
            Some(Audience::Graph | Audience::Login) | None => &mut graph,
        };
        slot.held = Some(first);
        Self {
            inner: Arc::new(Inner {
                http: http.clone(),
                authority,
                person: PersonHint {
                    tenant: claims.tenant,
                    object_id: claims.object_id,
                    upn: claims.user,
                    name: claims.name,
                },
                source,
                graph: AsyncMutex::new(graph),
                arm: AsyncMutex::new(arm),
                power_apps: AsyncMutex::new(power_apps),
                demands: Mutex::new(demand.into_iter().collect()),
            }),
        }
    }

    /// Who signed in, for showing.
    pub fn person(&self) -> &PersonHint {
        &self.inner.person
    }

    /// The tenant that the tokens are for: its id, where the sign-in told it.
    pub fn tenant(&self) -> &str {
        &self.inner.authority
    }

    /// Whether another program lends the tokens: it also has to lend those of another tenant.
    pub fn is_lent(&self) -> bool {
        matches!(self.inner.source, Source::Lent(_))
    }

    /// The client this session was made with.
    pub fn http(&self) -> &Http {
        &self.inner.http
    }

    /// A token for one of Microsoft's services, renewed where it is about to end.
    ///
    /// # Errors
    /// When it cannot be renewed and the one at hand has ended. `SignInRefused` means: sign in again.
    pub async fn token(&self, audience: Audience) -> Result<SecretString, Trouble> {
        let slot = self.slot(audience)?;
        let mut state = slot.lock().await;
        let now = self.inner.http.now();
        if let Some(held) = state.held.as_ref()
            && now < held.renew_at
        {
            return Ok(held.token.clone());
        }
        match self.fresh(audience, None).await {
            Ok(held) => Ok(state.held.insert(held).token.clone()),
            Err(trouble) => match state.held.as_ref() {
                // A short outage need not stop anybody whose token is good for some minutes more.
                Some(held) if trouble.class.passes_by_itself() && now < held.ends => Ok(held.token.clone()),
                _ => Err(trouble),
            },
        }
    }

    /// A token in place of one that the service refused, without asking the person; the same again where a fresh one
    /// was refused as well.
    ///
    /// # Errors
    /// When there is none to be had. `SignInRefused` means: sign in again.
    pub async fn instead(&self, audience: Audience, refused: &Refused) -> Result<SecretString, Trouble> {
        let slot = self.slot(audience)?;
        let mut state = slot.lock().await;
        let claims = refused.claims.as_deref();
        if let Some(held) = &state.held {
            let same = held.token.expose_secret() == refused.token.expose_secret();
            // Somebody has renewed it meanwhile, or it cannot become better.
            if !same || (held.after_refusal && claims.is_none()) {
                return Ok(held.token.clone());
            }
        }
        if let (Some(claims), Some((unmet, trouble))) = (claims, &state.unmet)
            && unmet == claims
        {
            return Err(trouble.clone());
        }
        match self.fresh(audience, claims).await {
            Ok(held) => Ok(state.held.insert(Held { after_refusal: true, ..held }).token.clone()),
            Err(trouble) => {
                if trouble.class == Class::SignInRefused {
                    state.unmet = claims.map(|claims| (claims.to_owned(), trouble.clone()));
                }
                Err(trouble)
            }
        }
    }

    /// A new token from wherever this session has them.
    async fn fresh(&self, audience: Audience, claims: Option<&str>) -> Result<Held, Trouble> {
        let (token, lifetime) = match &self.inner.source {
            Source::Own(_) => {
                let cloud = self.inner.http.cloud();
                let scope = scope_of(cloud, audience).ok_or_else(no_such_service)?;
                let before = self.demand(audience);
                let claims = claims.map(str::to_owned).or(before);
                let asked = claims.clone().map(|claims| Demand { audience, claims });
                let tokens = self.redeem(&self.inner.authority, scope, claims).await.map_err(|trouble| {
                    // What Entra demands in its turn is for the service that was asked for.
                    let demand = trouble.demand.map(|demand| Demand { audience, ..*demand });
                    Trouble { demand: demand.or_else(|| asked.clone()).map(Box::new), ..trouble }
                })?;
                if let Some(asked) = asked {
                    let mut demands = self.demands();
                    demands.retain(|known| known.audience != audience);
                    demands.push(asked);
                }
                (tokens.access, tokens.lifetime)
            }
            Source::Lent(_) if claims.is_some() => return Err(cannot_be_lent()),
            Source::Lent(lender) => self.of_the_same_person(lender(audience).await?)?,
        };
        Ok(Held::new(token, lifetime, self.inner.http.now()))
    }

    fn demands(&self) -> MutexGuard<'_, Vec<Demand>> {
        self.inner.demands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn demand(&self, audience: Audience) -> Option<String> {
        self.demands().iter().find(|known| known.audience == audience).map(|known| known.claims.clone())
    }

    /// The tokens as a function that can be handed on.
    pub fn tokens(&self) -> Giver {
        let session = self.clone();
        Arc::new(move |wish: TokenWish| {
            let session = session.clone();
            Box::pin(async move {
                match &wish.refused {
                    Some(refused) => session.instead(wish.audience, refused).await,
                    None => session.token(wish.audience).await,
                }
            })
        })
    }

    /// The same person in another tenant (id or domain), without a new page where the tenant allows that.
    ///
    /// # Errors
    /// `SignInRefused` when that tenant wants a sign-in of its own.
    pub async fn switch_tenant(&self, tenant: &str) -> Result<Self, Trouble> {
        let tokens = self.redeem(tenant, self.inner.http.cloud().graph_scope(), None).await?;
        let kept = self.refresh_token();
        Ok(Self::new(&self.inner.http, tenant, Tokens { refresh: tokens.refresh.or(kept), ..tokens }, None))
    }

    fn slot(&self, audience: Audience) -> Result<&Slot, Trouble> {
        scope_of(self.inner.http.cloud(), audience).ok_or_else(no_such_service)?;
        match audience {
            Audience::Graph => Ok(&self.inner.graph),
            Audience::Arm => Ok(&self.inner.arm),
            Audience::PowerApps => Ok(&self.inner.power_apps),
            Audience::Login => Err(no_such_service()),
        }
    }

    /// Another program may be signed in as somebody else by now: what one person confirmed is not done as another.
    fn of_the_same_person(&self, lent: Lent) -> Result<(SecretString, Duration), Trouble> {
        let (now, person) = (Claims::of(&lent.token), &self.inner.person);
        let differ = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
        if differ(&now.tenant, &person.tenant) || differ(&now.object_id, &person.object_id) {
            return Err(Trouble::new(
                Class::SignInRefused,
                say("sign_in.somebody_else"),
                say("next.sign_in_again"),
            )
            .meaning(say("sign_in.somebody_else_means")));
        }
        Ok((lent.token, lent.lifetime))
    }

    /// The newest refresh token, if the sign-in is our own and gave one.
    pub fn refresh_token(&self) -> Option<SecretString> {
        match &self.inner.source {
            Source::Own(newest) => newest.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Source::Lent(_) => None,
        }
    }

    /// Redeems the refresh token for one resource and keeps the newest refresh token (microsoft-cloud 2.7).
    async fn redeem(&self, tenant: &str, scope: String, claims: Option<String>) -> Result<Tokens, Trouble> {
        let http = &self.inner.http;
        let Some(refresh) = self.refresh_token() else {
            return Err(Trouble::new(
                Class::SignInRefused,
                say("sign_in.cannot_renew"),
                say("next.sign_in_again"),
            ));
        };
        let via = Via::new(http, SignInUsed::Person).again();
        let entra = client(http.cloud(), tenant, http.client_id(), Version::V2);
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let mut request = entra.exchange_refresh_token(&refresh).add_scopes(scopes(scope));
        if let Some(claims) = claims {
            request = request.add_extra_param("claims", claims);
        }
        let tokens: Tokens =
            request.request_async(&via).await.map_err(|error| ended(via.trouble(error)))?.into();
        if tenant == self.inner.authority
            && let (Source::Own(kept), Some(newest)) = (&self.inner.source, &tokens.refresh)
        {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(newest.clone());
        }
        Ok(tokens)
    }
}

fn no_such_service() -> Trouble {
    Trouble::new(Class::Local, say("not_sent.no_service"), say("not_sent.no_service_next"))
}

fn cannot_be_lent() -> Trouble {
    Trouble::new(Class::SignInRefused, say("sign_in.cannot_be_lent"), say("sign_in.cannot_be_lent_next"))
}

/// Whatever the reason, a session that cannot go on is mended by a new sign-in.
fn ended(trouble: Trouble) -> Trouble {
    if trouble.class == Class::SignInRefused {
        return Trouble { next: say("next.sign_in_again").into(), ..trouble };
    }
    trouble
}
