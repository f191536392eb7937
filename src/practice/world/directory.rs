//! Directory objects as JSON documents, with what each reader sees of them while a change is still spreading.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};

use super::World;

/// Microsoft's own applications (microsoft-cloud 2.10).
pub mod first_party {
    /// Microsoft Graph.
    pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
    /// Azure Service Management.
    pub const ARM: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
    /// PowerApps Service.
    pub const POWER_APPS: &str = "475226c6-020e-4fb2-8a90-7a972cbfc1d4";
    /// Azure CLI, a public client.
    pub const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    /// Microsoft Graph Command Line Tools, the public client of Graph's PowerShell module: nothing is agreed to for it
    /// beforehand.
    pub const GRAPH_POWERSHELL: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
    /// Graph's delegated permission `User.Read`.
    pub const GRAPH_USER_READ: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";
    /// `user_impersonation` of Azure Service Management.
    pub const ARM_USER_IMPERSONATION: &str = "41094075-9dad-400e-a0bd-54e686782033";
    /// The tenant that Microsoft's own applications live in.
    pub const HOME_TENANT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";
}

/// What a directory object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An application registration.
    Application,
    /// A service principal ("enterprise application").
    ServicePrincipal,
    /// A delegated permission grant, which is what consent writes.
    Grant,
    /// An app role assignment.
    AppRoleAssignment,
}

/// Through which of the directory's replicas something is read. Each has its own lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The truth, as the store has it: for writes and for the practice cloud's own upkeep.
    Now,
    /// Reads of one object by its id or key.
    ById,
    /// Lists and filters.
    List,
    /// The sign-in service.
    SignIn,
}

/// A secret of an application. The metadata is in the document; this holds the value.
#[derive(Debug)]
pub struct StoredSecret {
    /// Key id, as in `passwordCredentials`.
    pub key_id: String,
    /// The value.
    pub value: SecretString,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it begins to count.
    pub starts: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

/// One object of the directory.
#[derive(Debug, Serialize)]
pub struct DirectoryObject {
    /// What it is.
    pub kind: Kind,
    /// Tenant GUID it lives in.
    pub tenant: String,
    /// Object id.
    pub id: String,
    /// The document as Graph would show it, secret values left out.
    pub doc: Value,
    /// Object ids of the owners.
    pub owners: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Earlier documents, oldest first, each with the moment until which it was current.
    #[serde(skip)]
    pub history: Vec<(Timestamp, Value)>,
    /// When it was deleted; it then rests among the deleted items.
    pub deleted_at: Option<Timestamp>,
    /// Values of its secrets.
    #[serde(skip)]
    pub secrets: Vec<StoredSecret>,
}

impl DirectoryObject {
    /// A text member of the document; empty where it is missing.
    pub fn text(&self, member: &str) -> &str {
        self.doc.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// The `appId` of an application or service principal; empty for others.
    pub fn app_id(&self) -> &str {
        self.text("appId")
    }

    /// The document as it stood at a moment; `None` if it did not exist then or was deleted by then.
    pub fn doc_at(&self, moment: Timestamp) -> Option<&Value> {
        if moment < self.created_at || self.deleted_at.is_some_and(|deleted| deleted <= moment) {
            return None;
        }
        let earlier = self.history.iter().find(|(until, _)| moment < *until);
        Some(earlier.map_or(&self.doc, |(_, doc)| doc))
    }

    /// When it last changed in any way.
    pub fn changed_at(&self) -> Timestamp {
        let edited = self.history.last().map_or(self.created_at, |(at, _)| *at);
        self.deleted_at.map_or(edited, |deleted| deleted.max(edited))
    }

    /// Replaces the document and remembers the old one for readers that lag behind.
    pub fn replace(&mut self, doc: Value, now: Timestamp) {
        let old = std::mem::replace(&mut self.doc, doc);
        self.history.push((now, old));
    }

    /// Marks it deleted.
    pub fn delete(&mut self, now: Timestamp) {
        self.deleted_at = Some(now);
    }
}

impl World {
    /// Adds a directory object and returns its id.
    pub fn add_object(&mut self, kind: Kind, tenant: &str, id: &str, doc: Value, owners: Vec<String>) {
        let created_at = self.now();
        self.directory.push(DirectoryObject {
            kind,
            tenant: tenant.to_owned(),
            id: id.to_owned(),
            doc,
            owners,
            created_at,
            history: Vec::new(),
            deleted_at: None,
            secrets: Vec::new(),
        });
    }

    /// Makes everything in the directory old enough that every replica has it, as it is before a scenario begins.
    pub fn settle(&mut self) {
        let long = SignedDuration::from_hours(24 * 30);
        for object in &mut self.directory {
            object.history.clear();
            object.created_at = object.created_at.saturating_sub(long).unwrap_or(object.created_at);
            for secret in &mut object.secrets {
                secret.added_at = secret.added_at.saturating_sub(long).unwrap_or(secret.added_at);
            }
        }
    }

    /// What a reader sees of an object now, with the lag of the reader's replica; `None` for not there (yet, or any more).
    pub fn seen<'a>(&self, object: &'a DirectoryObject, view: View) -> Option<&'a Value> {
        let lag = match view {
            View::Now => 0,
            View::ById => self.switches.by_id_lag_s,
            View::List => self.switches.list_lag_s,
            View::SignIn => self.switches.sign_in_lag_s,
        };
        let now = self.now();
        if lag == 0 {
            return object.doc_at(now);
        }
        let lag = SignedDuration::from_secs(lag.into());
        let age = now.duration_since(object.changed_at());
        let behind = if age >= lag && self.switches.flip_flop && age < lag + lag {
            self.reads.set(self.reads.get() + 1);
            self.reads.get() % 2 == 1
        } else {
            age < lag
        };
        if !behind {
            return object.doc_at(now);
        }
        // A replica that is behind sees the world as it was one lag ago, or just before the last change.
        let just_before = object.changed_at() - SignedDuration::from_nanos(1);
        object.doc_at(now.saturating_sub(lag).map_or(just_before, |then| then.min(just_before)))
    }

    /// All objects of a kind in a tenant with what a reader sees of them.
    pub fn objects<'a, 'b>(
        &'a self,
        kind: Kind,
        tenant: &'b str,
        view: View,
    ) -> impl Iterator<Item = (&'a DirectoryObject, &'a Value)> + use<'a, 'b> {
        self.directory
            .iter()
            .filter(move |object| object.kind == kind && object.tenant.eq_ignore_ascii_case(tenant))
            .filter_map(move |object| self.seen(object, view).map(|doc| (object, doc)))
    }

    /// One object by its id.
    pub fn object(
        &self,
        kind: Kind,
        tenant: &str,
        id: &str,
        view: View,
    ) -> Option<(&DirectoryObject, &Value)> {
        let found = self.directory.iter().find(|object| {
            object.kind == kind
                && object.id.eq_ignore_ascii_case(id)
                && object.tenant.eq_ignore_ascii_case(tenant)
        })?;
        self.seen(found, view).map(|doc| (found, doc))
    }

    /// One object to be changed, deleted ones included.
    pub fn object_mut(&mut self, kind: Kind, tenant: &str, id: &str) -> Option<&mut DirectoryObject> {
        self.directory.iter_mut().find(|object| {
            object.kind == kind
                && object.id.eq_ignore_ascii_case(id)
                && object.tenant.eq_ignore_ascii_case(tenant)
        })
    }

    /// The first object of a kind whose text member has this value, ignoring case: `appId`, `uniqueName` and the like.
    pub fn object_by(
        &self,
        kind: Kind,
        tenant: &str,
        member: &str,
        value: &str,
        view: View,
    ) -> Option<(&DirectoryObject, &Value)> {
        self.directory
            .iter()
            .filter(|object| object.kind == kind && object.tenant.eq_ignore_ascii_case(tenant))
            .filter(|object| object.text(member).eq_ignore_ascii_case(value))
            .find_map(|object| self.seen(object, view).map(|doc| (object, doc)))
    }

    /// An application registration by client id, in whichever tenant it lives.
    pub fn application(&self, app_id: &str, view: View) -> Option<(&DirectoryObject, &Value)> {
        self.directory
            .iter()
            .filter(|object| object.kind == Kind::Application && object.app_id().eq_ignore_ascii_case(app_id))
            .find_map(|object| self.seen(object, view).map(|doc| (object, doc)))
    }

    /// The service principal of a client id in a tenant.
    pub fn service_principal(
        &self,
        tenant: &str,
        app_id: &str,
        view: View,
    ) -> Option<(&DirectoryObject, &Value)> {
        self.object_by(Kind::ServicePrincipal, tenant, "appId", app_id, view)
    }

    /// The service principal that a resource text names: its client id or one of its `servicePrincipalNames`, exactly
    /// but for the case of a GUID (power-platform 1.5). `None` is AADSTS500011.
    pub fn resource_principal(
        &self,
        tenant: &str,
        resource: &str,
        view: View,
    ) -> Option<(&DirectoryObject, &Value)> {
        // Over loopback a client only knows Graph by the address of this server.
        let resource = if self.is_own_address(resource) { "https://graph.microsoft.com" } else { resource };
        let spellings: &[&str] = if self.switches.trailing_slash_resolves {
            let bare = resource.strip_suffix('/').unwrap_or(resource);
            &[resource, bare, &format!("{bare}/")]
        } else {
            &[resource]
        };
        self.objects(Kind::ServicePrincipal, tenant, view).find(|(object, doc)| {
            let registration = self.application(object.app_id(), view);
            spellings.iter().any(|name| {
                object.app_id().eq_ignore_ascii_case(name)
                    || list_has(doc, "servicePrincipalNames", name)
                    || registration.is_some_and(|(_, app)| list_has(app, "identifierUris", name))
            })
        })
    }

    /// Adds a secret to an application: metadata into the document, the value beside it. Returns the metadata.
    pub fn add_secret(
        &mut self,
        tenant: &str,
        object_id: &str,
        display_name: Option<&str>,
        starts: Timestamp,
        ends: Timestamp,
    ) -> Option<(Value, SecretString)> {
        let key_id = self.next_id("secret key").to_string();
        let value = self.new_secret_value();
        let now = self.now();
        let hint: String = value.expose_secret().chars().take(3).collect();
        let metadata = json!({
            "customKeyIdentifier": null,
            "displayName": display_name,
            "endDateTime": crate::practice::scenario::seconds(ends),
            "hint": hint,
            "keyId": key_id,
            "secretText": null,
            "startDateTime": crate::practice::scenario::seconds(starts),
        });
        let object = self.object_mut(Kind::Application, tenant, object_id)?;
        let mut doc = object.doc.clone();
        if let Some(list) = doc.get_mut("passwordCredentials").and_then(Value::as_array_mut) {
            list.push(metadata.clone());
        } else {
            doc["passwordCredentials"] = json!([metadata.clone()]);
        }
        object.replace(doc, now);
        object.secrets.push(StoredSecret { key_id, value: value.clone(), added_at: now, starts, ends });
        Some((metadata, value))
    }

    /// A value shaped like the ones Entra makes: forty characters, `8Q~` after the first few (microsoft-cloud 4.5).
    pub fn new_secret_value(&mut self) -> SecretString {
        let first = self.next_id("secret value").simple().to_string();
        let second = self.next_id("secret value").simple().to_string();
        let (head, tail) = (&first[..3], &first[3..]);
        let mut value = format!("{head}8Q~{tail}{second}");
        value.truncate(40);
        value.into()
    }
}

/// Whether a list of texts in a document holds a value exactly.
pub(crate) fn list_has(doc: &Value, member: &str, value: &str) -> bool {
    doc.get(member)
        .and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|item| item.as_str() == Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::world::Clock;

    fn world() -> World {
        let mut world = World::new("test", Clock::frozen_at("2026-11-21T09:00:00Z".parse().unwrap()));
        world.add_object(Kind::Application, "t", "o", json!({"appId": "a", "n": 1}), vec![]);
        world
    }

    fn n(world: &World, view: View) -> Option<i64> {
        world.object(Kind::Application, "t", "o", view).and_then(|(_, doc)| doc["n"].as_i64())
    }

    #[test]
    fn each_replica_lags_by_itself() {
        let mut world = world();
        world.switches.by_id_lag_s = 5;
        world.switches.list_lag_s = 20;
        assert_eq!(
            (n(&world, View::Now), n(&world, View::ById), n(&world, View::SignIn)),
            (Some(1), None, Some(1))
        );
        world.clock.advance(5);
        assert_eq!((n(&world, View::ById), n(&world, View::List)), (Some(1), None));
        world.clock.advance(60);
        let now = world.now();
        world.object_mut(Kind::Application, "t", "o").unwrap().replace(json!({"appId": "a", "n": 2}), now);
        assert_eq!(
            (n(&world, View::Now), n(&world, View::ById), n(&world, View::List)),
            (Some(2), Some(1), Some(1))
        );
        world.clock.advance(5);
        assert_eq!((n(&world, View::ById), n(&world, View::List)), (Some(2), Some(1)));
        let now = world.now();
        world.object_mut(Kind::Application, "t", "o").unwrap().delete(now);
        assert_eq!((n(&world, View::Now), n(&world, View::ById)), (None, Some(2)));
        world.clock.advance(20);
        assert_eq!((n(&world, View::ById), n(&world, View::List)), (None, None));
    }

    #[test]
    fn flip_flop_shows_old_and_new_in_turn_and_settles() {
        let mut world = world();
        world.switches.by_id_lag_s = 10;
        world.switches.flip_flop = true;
        world.clock.advance(10);
        let seen: Vec<_> = (0..4).map(|_| n(&world, View::ById)).collect();
        assert_eq!(seen, [None, Some(1), None, Some(1)]);
        world.clock.advance(10);
        assert_eq!([n(&world, View::ById), n(&world, View::ById)], [Some(1), Some(1)]);
    }

    #[test]
    fn secrets_look_like_the_real_ones_and_stay_out_of_the_document() {
        let mut world = world();
        let now = world.now();
        let (metadata, value) = world.add_secret("t", "o", Some("handclasp"), now, now).unwrap();
        assert_eq!(value.expose_secret().len(), 40);
        assert_eq!(metadata["hint"].as_str(), value.expose_secret().get(..3));
        let doc = world.object(Kind::Application, "t", "o", View::Now).unwrap().1.to_string();
        assert!(!doc.contains(value.expose_secret()));
    }
}
