//! The one in-memory world that every practice service reads and writes.

mod app_policies;
mod calls;
mod clock;
mod connectors;
mod copied;
mod directory;
mod faults;
mod holds;
mod people;
mod sign_in;
mod sites;
mod switches;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use uuid::Uuid;

pub use app_policies::{AppPolicy, SecretRules, lifetime};
pub use calls::{Call, Consent, UnknownCall, redact};
pub use clock::Clock;
pub use connectors::{Connection, Connector, DataPolicy, Environment};
pub use copied::{Copied, cut_short};
pub use directory::{DirectoryObject, Kind, StoredSecret, View, first_party};
pub use faults::{Fault, FaultAction};
pub use holds::{HeldCall, Holds};
pub use people::{AzureRole, Licence, Tenant, User, azure_role, directory_role};
pub use sign_in::{AuthCode, DeviceFlow, DeviceState, RefreshToken, SignIn};
pub use sites::{Flavour, Function, ResourceGroup, Site, Subscription};
pub use switches::{SecretPolicy, StrongerSignIn, Switches, UserConsent};

use super::wire::Service;

/// The world shared between the server, the control endpoint and tests.
#[derive(Clone)]
pub struct Shared(Arc<Mutex<World>>);

impl Shared {
    /// Puts a world behind its lock.
    pub fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// Locks the world. A panic in another thread does not make the practice cloud unusable.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A confidential client that may do everything over the APIs, for automation (design section 7).
pub struct Automation {
    /// Client id of the registration.
    pub app_id: String,
    /// Its secret.
    pub secret: secrecy::SecretString,
}

/// Everything that exists in the practice cloud.
pub struct World {
    /// Name of the scenario that built this world; it seeds every generated id.
    pub scenario: String,
    /// Loopback address of the server, such as `http://127.0.0.1:7000`; empty before it is bound.
    pub origin: String,
    /// The world's clock. No practice code reads another one.
    pub clock: Clock,
    /// Tenants; the first is the one the scenario is about, the others are foreign.
    pub tenants: Vec<Tenant>,
    /// People of all tenants.
    pub users: Vec<User>,
    /// Azure role assignments of people and service principals.
    pub azure_roles: Vec<AzureRole>,
    /// Azure subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Resource groups.
    pub resource_groups: Vec<ResourceGroup>,
    /// Function apps and other sites.
    pub sites: Vec<Site>,
    /// Applications, service principals, delegated grants and app role assignments of all tenants.
    pub directory: Vec<DirectoryObject>,
    /// Policies for single applications' secrets.
    pub app_policies: Vec<AppPolicy>,
    /// Power Platform environments.
    pub environments: Vec<Environment>,
    /// Data policies of all tenants.
    pub data_policies: Vec<DataPolicy>,
    /// Saved custom connectors.
    pub connectors: Vec<Connector>,
    /// Behaviour that the fact sheets leave open, and policies of the tenant.
    pub switches: Switches,
    /// What a person last copied from a page.
    pub copied: Copied,
    /// Faults still waiting for their call.
    pub faults: Vec<Fault>,
    /// Calls that a fault holds back at this moment.
    pub holds: Holds,
    /// Every mutating call so far, oldest first.
    pub calls: Vec<Call>,
    /// Every consent that was given at a sign-in page, oldest first.
    pub consents: Vec<Consent>,
    /// Every request to a path that no service knows.
    pub unknown: Vec<UnknownCall>,
    /// Codes, device flows and refresh tokens.
    pub sign_in: SignIn,
    /// Delay added to every answer, in milliseconds.
    pub latency_ms: u64,
    /// Object id of the user for whom sign-ins succeed with nobody at the page.
    pub auto_approve: Option<String>,
    /// Object id of the user whom the scenario is told about.
    pub default_user: String,
    /// The client for automation, once the scenario has made it.
    pub automation: Option<Automation>,
    counters: BTreeMap<String, u32>,
    reads: Cell<u64>,
}

impl World {
    /// An empty world named after its scenario.
    pub fn new(scenario: &str, clock: Clock) -> Self {
        Self {
            scenario: scenario.to_owned(),
            origin: String::new(),
            clock,
            tenants: Vec::new(),
            users: Vec::new(),
            azure_roles: Vec::new(),
            subscriptions: Vec::new(),
            resource_groups: Vec::new(),
            sites: Vec::new(),
            directory: Vec::new(),
            app_policies: Vec::new(),
            environments: Vec::new(),
            data_policies: Vec::new(),
            connectors: Vec::new(),
            copied: Copied::default(),
            switches: Switches::default(),
            faults: Vec::new(),
            holds: Holds::default(),
            calls: Vec::new(),
            consents: Vec::new(),
            unknown: Vec::new(),
            sign_in: SignIn::default(),
            latency_ms: 0,
            auto_approve: None,
            default_user: String::new(),
            automation: None,
            counters: BTreeMap::new(),
            reads: Cell::new(0),
        }
    }

    /// The present moment of the world.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The id that belongs to a name in this scenario: the same on every run.
    pub fn id_for(&self, name: &str) -> Uuid {
        let scenario = Uuid::new_v5(&Uuid::NAMESPACE_DNS, format!("{}.practice", self.scenario).as_bytes());
        Uuid::new_v5(&scenario, name.as_bytes())
    }

    /// The next id of a kind, such as `application`: the n-th one is the same on every run.
    pub fn next_id(&mut self, kind: &str) -> Uuid {
        let name = format!("{kind}#{}", self.next_number(kind));
        self.id_for(&name)
    }

    /// The next number of a kind, from 1.
    pub fn next_number(&mut self, kind: &str) -> u32 {
        let count = self.counters.entry(kind.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// Whether an address is this server's own, by either name of this machine.
    pub fn is_own_address(&self, address: &str) -> bool {
        let address = address.trim_end_matches('/').replacen("://localhost", "://127.0.0.1", 1);
        !address.is_empty() && address == self.origin
    }

    /// The tenant that the scenario is about; the nil tenant while there is none.
    pub fn main_tenant(&self) -> &str {
        self.tenants.first().map_or("", |tenant| tenant.id.as_str())
    }

    /// A tenant by GUID or by one of its domains, ignoring case.
    pub fn tenant(&self, id_or_domain: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| {
            tenant.id.eq_ignore_ascii_case(id_or_domain) || tenant.domain.eq_ignore_ascii_case(id_or_domain)
        })
    }

    /// The tenant that a subscription belongs to.
    pub fn tenant_of(&self, subscription: &str) -> Option<&Tenant> {
        let known = self.subscriptions.iter().find(|known| known.id.eq_ignore_ascii_case(subscription))?;
        self.tenant(&known.tenant)
    }

    /// A user by object id or by user principal name, ignoring case.
    pub fn user(&self, id_or_upn: &str) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.id.eq_ignore_ascii_case(id_or_upn) || user.upn.eq_ignore_ascii_case(id_or_upn))
    }

    /// The account that a person signs in with: for a guest, the one at home.
    pub fn account_of<'a>(&'a self, person: &'a User) -> &'a User {
        person.home.as_deref().and_then(|home| self.user(home)).unwrap_or(person)
    }

    /// The person as the directory of a tenant knows them; `None` where it does not.
    pub fn known_in(&self, person: &User, tenant: &str) -> Option<&User> {
        let account = &self.account_of(person).id;
        self.users
            .iter()
            .filter(|user| user.tenant.eq_ignore_ascii_case(tenant))
            .find(|user| user.id == *account || user.home.as_ref() == Some(account))
    }

    /// Whether sign-ins of this person succeed with nobody at the page.
    pub fn approves(&self, person: &User) -> bool {
        let approved = self.auto_approve.as_deref().and_then(|id| self.user(id));
        approved.is_some_and(|approved| self.account_of(approved).id == self.account_of(person).id)
    }

    /// Whether a user holds one of these directory roles (template ids, [`directory_role`]).
    pub fn holds_directory_role(&self, user_id: &str, template_ids: &[&str]) -> bool {
        self.user(user_id)
            .is_some_and(|user| user.directory_roles.iter().any(|role| template_ids.contains(&role.as_str())))
    }

    /// The names of the Azure roles that a principal holds at a scope or above it.
    pub fn azure_roles_at(&self, principal: &str, resource_id: &str) -> Vec<&str> {
        let resource_id = resource_id.to_ascii_lowercase();
        self.azure_roles
            .iter()
            .filter(|role| role.principal.eq_ignore_ascii_case(principal))
            .filter(|role| {
                let scope = role.scope.to_ascii_lowercase();
                let scope = scope.trim_end_matches('/');
                resource_id == scope
                    || resource_id.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'))
            })
            .map(|role| role.role.as_str())
            .collect()
    }

    /// A site by its ARM resource id, ignoring case.
    pub fn site_by_id(&self, resource_id: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.resource_id().eq_ignore_ascii_case(resource_id))
    }

    /// As [`World::site_by_id`], to be changed.
    pub fn site_by_id_mut(&mut self, resource_id: &str) -> Option<&mut Site> {
        self.sites.iter_mut().find(|site| site.resource_id().eq_ignore_ascii_case(resource_id))
    }

    /// A site by one of its host names (without port) or by its name, ignoring case.
    pub fn site_by_host(&self, host_or_name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| {
            site.name.eq_ignore_ascii_case(host_or_name)
                || site.host_names.iter().any(|name| name.eq_ignore_ascii_case(host_or_name))
        })
    }

    /// Whether a request of this service changes something and belongs in the call log.
    /// Sign-in and function calls are not mutations; neither are the reads that ARM and Graph spell as POST.
    pub fn is_mutation(service: Service, method: &http::Method, path: &str) -> bool {
        calls::is_mutation(service, method, path)
    }
}
