//! The practice cloud: an HTTP server over one in-memory world.
//!
//! Of our own rooms it uses the engine's plain names only, so that it cannot share a misunderstanding with the clients
//! it is practised with.

pub mod arm;
pub mod connector;
mod control;
mod easy_auth;
pub mod entra;
pub mod graph;
mod keys;
pub mod portal;
pub mod scenario;
mod server;
pub mod wire;
pub mod world;

use std::net::{Ipv4Addr, SocketAddr};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub use scenario::{Scenario, ScenarioInfo, scenarios};
pub use world::Shared;
use world::{Clock, World};

/// Why a practice cloud could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// There is no scenario of that name.
    #[error("there is no practice scenario named {0:?}")]
    UnknownScenario(String),
    /// A scenario file cannot be read.
    #[error("the practice scenario {name} cannot be read: {reason}")]
    BadScenario {
        /// Its name.
        name: String,
        /// What the parser says.
        reason: String,
    },
    /// The user for whom sign-ins should succeed is not in the scenario.
    #[error("the practice scenario has no user named {0:?}")]
    UnknownUser(String),
    /// The port could not be opened.
    #[error("the practice cloud could not open its port: {0}")]
    Port(#[from] std::io::Error),
    /// The certificate could not be made.
    #[error("the practice cloud could not make its certificate: {0}")]
    Certificate(String),
}

/// How a practice cloud is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Loopback port; chosen by the system when `None`.
    pub port: Option<u16>,
    /// User (principal name, the part before the `@`, or object id) for whom sign-ins succeed with nobody at the page.
    pub auto_approve: Option<String>,
    /// Moment at which the world begins; the real one when `None`.
    pub start_at: Option<Timestamp>,
    /// Whether the clock stands still between steps.
    pub frozen: bool,
    /// Whether it speaks HTTPS, with a certificate of a certificate authority that is made for this run.
    pub tls: bool,
}

/// A running practice cloud. It stops when it is dropped.
pub struct Practice {
    origin: String,
    ca_pem: Option<String>,
    world: Shared,
    stop: Option<oneshot::Sender<()>>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Practice {
    /// Builds the world of a scenario and serves it on loopback.
    ///
    /// # Errors
    /// [`PracticeError`] if the scenario, the user or the port cannot be had.
    pub async fn start(scenario: impl Into<Scenario>, options: Options) -> Result<Self, PracticeError> {
        // Making the key takes a tenth of a second; whoever asks for the first token waits for what is left of it.
        drop(tokio::task::spawn_blocking(keys::keys));
        let clock = match (options.start_at, options.frozen) {
            (Some(at), true) => Clock::frozen_at(at),
            (Some(at), false) => Clock::starting_at(at),
            (None, true) => Clock::frozen_at(Clock::real().now()),
            (None, false) => Clock::real(),
        };
        let mut world = scenario.into().build(clock)?;
        if let Some(name) = options.auto_approve {
            let user = find_user(&world, &name).ok_or(PracticeError::UnknownUser(name))?;
            world.auto_approve = Some(user);
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port.unwrap_or(0)));
        let listener = tokio::net::TcpListener::bind(address).await?;
        let (ca_pem, lock) = if options.tls {
            let papers = server::papers(&world).map_err(PracticeError::Certificate)?;
            (
                Some(papers.ca_pem.clone()),
                Some(server::Lock::new(papers).map_err(PracticeError::Certificate)?),
            )
        } else {
            (None, None)
        };
        let scheme = if lock.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", listener.local_addr()?);
        // As others spell it: without the port where it is the usual one.
        let origin = url::Url::parse(&origin).map_or(origin, |url| url.origin().ascii_serialization());
        world.origin.clone_from(&origin);
        let world = Shared::new(world);
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server::serve(listener, lock, world.clone(), stopped));
        Ok(Self { origin, ca_pem, world, stop: Some(stop), server })
    }

    /// Address of the server, such as `http://127.0.0.1:7000`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The certificate of the authority that signed the server's own, as PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Address of the control endpoint.
    pub fn control_url(&self) -> String {
        format!("{}/_practice", self.origin)
    }

    /// The tenant of the function app, where the person of the scenario is a guest in it.
    pub fn guest_in(&self) -> Option<String> {
        let world = self.world.lock();
        let tenant = world.tenant_of(&world.sites.first()?.subscription)?;
        let at_home = world.user(&world.default_user).is_some_and(|user| user.tenant == tenant.id);
        (!at_home).then(|| tenant.id.clone())
    }

    /// The world, for tests.
    pub fn world(&self) -> Shared {
        self.world.clone()
    }

    /// The cloud file (TOML, design section 6) that points a client here. Sites keep their public host names, and
    /// `site_origin` says where to reach them: send the site's name as `Host`.
    pub fn cloud_toml(&self) -> String {
        let origin = &self.origin;
        let mut file = toml::Table::new();
        for (key, value) in [
            ("name", "practice".to_owned()),
            ("login", origin.clone()),
            ("graph", origin.clone()),
            ("graph_audience", "https://graph.microsoft.com".to_owned()),
            ("arm", origin.clone()),
            ("arm_audience", "https://management.core.windows.net/".to_owned()),
            ("portal", origin.clone()),
            ("site_suffix", "azurewebsites.net".to_owned()),
            ("site_origin", origin.clone()),
            ("power_apps", origin.clone()),
            ("power_apps_audience", "https://service.powerapps.com/".to_owned()),
            ("bap", origin.clone()),
            ("flow", origin.clone()),
            ("maker", origin.clone()),
            ("consent", "https://global.consent.azure-apim.net".to_owned()),
        ] {
            file.insert(key.to_owned(), value.into());
        }
        file.to_string()
    }

    /// The line that `practice serve` prints (design section 7), without `cloud_file` and `ca_file`, which the caller adds.
    pub fn summary(&self) -> Value {
        let world = self.world.lock();
        let site = world.sites.first();
        let of_site = site.and_then(|site| world.tenant_of(&site.subscription));
        let tenant = of_site.or(world.tenants.first());
        let users: Vec<Value> = world
            .users
            .iter()
            .filter(|user| user.tenant == world.main_tenant())
            .map(|user| json!({"name": user.upn, "role": user.part}))
            .collect();
        json!({
            "origin": self.origin,
            "control": self.control_url(),
            "tenant": tenant.map(|tenant| json!({"id": tenant.id, "domain": tenant.domain})),
            "subscription": site.map(|site| &site.subscription),
            "resource_group": site.map(|site| &site.resource_group),
            "app": site.map(|site| json!({
                "name": site.name,
                "host": site.default_host(),
                "function": site.functions.first().map(|function| &function.name),
            })),
            "users": users,
            "client": world.automation.as_ref().map(|client| json!({
                "id": client.app_id,
                "secret": client.secret.expose_secret(),
            })),
        })
    }
}

impl Drop for Practice {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The server may have ended already; then there is nothing to stop.
            let _ = stop.send(());
        }
        self.server.abort();
    }
}

/// The object id of a user by principal name, by its part before the `@`, or by object id.
fn find_user(world: &World, name: &str) -> Option<String> {
    let short = |upn: &str| upn.split('@').next().is_some_and(|part| part.eq_ignore_ascii_case(name));
    let found = world
        .user(name)
        .or_else(|| world.users.iter().find(|user| user.tenant == world.main_tenant() && short(&user.upn)));
    found.map(|user| user.id.clone())
}
