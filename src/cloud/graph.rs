//! Microsoft Graph: the reads that a check needs, batched, each as a fact with its provenance.

mod batch;
pub mod parse;
pub mod policies;
mod step_back;

use serde_json::Value;
use uuid::Uuid;

use self::batch::Batcher;
use self::parse::{Assignment, Organization};
use super::http::Service;
use super::json::id;
use super::reader::{Reader, encoded, label, literal, mapped, odd};
use crate::engine::facts::{
    Application, Fact, Grant, Person, SecretPolicy, Seen, ServicePrincipal, UserConsent,
};
use crate::engine::trouble::Trouble;
use crate::engine::words::say;

/// What is asked of a registration (microsoft-cloud 4.2).
const APPLICATION: &str = "id,appId,displayName,uniqueName,tags,signInAudience,identifierUris,api,\
requiredResourceAccess,web,spa,publicClient,passwordCredentials,createdDateTime";
/// What is asked of a service principal.
const PRINCIPAL: &str = "id,appId,displayName,accountEnabled,appRoleAssignmentRequired,servicePrincipalNames";

/// Reads of Microsoft Graph for the signed-in person. Cheap to clone; clones share one queue of reads.
///
/// Reads that are awaited together (`join!`) travel together.
#[derive(Clone)]
pub struct Graph {
    reader: Reader,
    batcher: Batcher,
}

impl Graph {
    /// Graph for this reader's person.
    pub fn new(reader: Reader) -> Self {
        Self { reader, batcher: Batcher::default() }
    }

    /// One object.
    async fn one<T>(&self, path: String, parse: impl Fn(&Value) -> Option<T>) -> Seen<T> {
        let call = label("GET", &path);
        let result = async {
            let body = self.batcher.get(&self.reader, &path, false).await?.json()?;
            parse(&body).map(Some).ok_or_else(|| odd(Service::Graph, say("odd_answer.no_ids")))
        };
        self.reader.seen(result.await, &call)
    }

    /// A whole list, page after page. Elements that cannot be used are left out.
    async fn all<T>(
        &self,
        path: String,
        eventual: bool,
        parse: impl Fn(&Value) -> Option<T>,
    ) -> Seen<Vec<T>> {
        let call = label("GET", &path);
        let result = async {
            let first = self.batcher.get(&self.reader, &path, eventual).await?.json()?;
            let items = self.reader.rest_of_list(Service::Graph, first, "@odata.nextLink", eventual).await?;
            Ok(Some(items.iter().filter_map(parse).collect()))
        };
        self.reader.seen(result.await, &call)
    }

    /// A registration by its client id. What is no GUID is no client id, and is not asked for.
    pub async fn application(&self, app_id: &str) -> Seen<Application> {
        let path = format!("/applications(appId={})?$select={APPLICATION}", literal(app_id));
        if Uuid::parse_str(app_id).is_err() {
            return Seen::absent(self.reader.http.now(), label("GET", &path));
        }
        self.one(path, parse::application).await
    }

    /// A registration by its `uniqueName`, which is our marker.
    pub async fn application_named(&self, unique_name: &str) -> Seen<Application> {
        let path = format!("/applications(uniqueName={})?$select={APPLICATION}", literal(unique_name));
        self.one(path, parse::application).await
    }

    /// The service principal of a client id.
    pub async fn principal(&self, app_id: &str) -> Seen<ServicePrincipal> {
        let path = format!("/servicePrincipals(appId={})?$select={PRINCIPAL}", literal(app_id));
        if Uuid::parse_str(app_id).is_err() {
            return Seen::absent(self.reader.http.now(), label("GET", &path));
        }
        self.one(path, parse::principal).await
    }

    /// The service principal that carries a name, which is what a Resource URL must hit (microsoft-cloud 4.3).
    pub async fn principal_with_name(&self, name: &str) -> Seen<ServicePrincipal> {
        let filter = format!("servicePrincipalNames/any(n:n%20eq%20{})", literal(name));
        let path = format!("/servicePrincipals?$filter={filter}&$select={PRINCIPAL}");
        mapped(self.all(path, false, parse::principal).await, first)
    }

    /// Delegated grants from one service principal to another, by their object ids (microsoft-cloud 4.7).
    pub async fn grants(&self, client: &str, resource: &str) -> Seen<Vec<Grant>> {
        let filter =
            format!("clientId%20eq%20{}%20and%20resourceId%20eq%20{}", literal(client), literal(resource));
        let path = format!(
            "/oauth2PermissionGrants?$filter={filter}&$select=id,clientId,consentType,principalId,resourceId,scope"
        );
        self.all(path, false, parse::grant).await
    }

    /// Who is assigned to a service principal.
    pub async fn assignments(&self, principal: &str) -> Seen<Vec<Assignment>> {
        let path = format!(
            "/servicePrincipals/{}/appRoleAssignedTo?$select=id,principalId,principalType,resourceId",
            encoded(principal)
        );
        self.all(path, false, parse::assignment).await
    }

    /// The signed-in person, roles not looked at.
    pub async fn me(&self) -> Seen<Person> {
        self.one("/me?$select=id,displayName,userPrincipalName,userType".into(), parse::person).await
    }

    /// Template ids of the person's active directory roles, those through a group included (microsoft-cloud 4.3); `None` where they cannot be read.
    pub async fn my_roles(&self) -> Option<Vec<String>> {
        let path = "/me/transitiveMemberOf/microsoft.graph.directoryRole?$select=id,displayName,roleTemplateId&$count=true";
        self.all(path.into(), true, parse::role).await.value().cloned()
    }

    /// Object ids of the groups that the person is a direct member of: nested ones do not count for
    /// assignments (microsoft-cloud 4.6).
    pub async fn my_groups(&self) -> Seen<Vec<String>> {
        let path = "/me/memberOf/microsoft.graph.group?$select=id&$count=true";
        self.all(path.into(), true, |v| id(v, &["id"])).await
    }

    /// Registrations that the person owns.
    pub async fn my_applications(&self) -> Seen<Vec<Application>> {
        let path = format!("/me/ownedObjects/microsoft.graph.application?$select={APPLICATION}&$count=true");
        self.all(path, true, parse::application).await
    }

    /// The tenant, as the directory describes itself.
    pub async fn organization(&self) -> Seen<Organization> {
        let path = "/organization?$select=id,displayName,verifiedDomains";
        mapped(self.all(path.into(), false, parse::organization).await, first)
    }

    /// Whether users may consent for themselves, and whether they may register apps. Many tokens may not read this
    /// (microsoft-cloud 2.10).
    pub async fn user_policy(&self) -> (Seen<UserConsent>, Seen<bool>) {
        let path = "/policies/authorizationPolicy?$select=defaultUserRolePermissions";
        let read =
            self.one(path.into(), |v| Some((parse::user_consent(v), policies::register_apps(v)))).await;
        let member = || odd(Service::Graph, say("odd_answer.policy"));
        let consent = told(read.clone(), |(consent, _)| consent, member);
        (consent, told(read, |(_, register)| register, member))
    }

    /// The tenant's default policy for client secrets. Many tokens may not read this either.
    pub async fn secret_policy(&self) -> Seen<SecretPolicy> {
        let path = "/policies/defaultAppManagementPolicy?$select=id,isEnabled,applicationRestrictions";
        self.one(path.into(), policies::secret_policy).await
    }
}

/// One member of an answer that was read; a trouble where it does not say.
fn told<T, U>(
    read: Seen<T>,
    member: impl FnOnce(T) -> Option<U>,
    trouble: impl FnOnce() -> Trouble,
) -> Seen<U> {
    let fact = match read.fact {
        Fact::Is(value) => member(value).map_or_else(|| Fact::CouldNot(Box::new(trouble())), Fact::Is),
        Fact::Absent => Fact::Absent,
        Fact::NotLooked => Fact::NotLooked,
        Fact::CouldNot(trouble) => Fact::CouldNot(trouble),
    };
    Seen { fact, at: read.at, call: read.call }
}

fn first<T>(items: Vec<T>) -> Option<T> {
    items.into_iter().next()
}
