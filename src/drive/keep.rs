//! Keeping a sign-in in the operating system's keyring, where the person asked for it: its newest refresh token, and
//! nothing else.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex as AsyncMutex;

use crate::cloud::http::Http;
use crate::cloud::sign_in::{ANY_TENANT, Session};
use crate::engine::clouds::Cloud;
use crate::engine::trouble::{Class, Trouble};
use crate::engine::words::ui;
use crate::flow::event::Event;
use crate::platform::keyring::{Keyring, KeyringError};

use super::Drive;
use super::face::Face;

/// How long leaving waits for the keyring.
const AT_LAST: Duration = Duration::from_secs(3);

/// Keeps one person's sign-in, under the cloud, the tenant that was signed in to, and the client.
pub struct Keeper {
    keyring: Keyring,
    cloud: String,
    client: String,
    /// The tenant that was signed in to, once somebody is.
    tenant: Mutex<Option<String>>,
    /// What stands in the keyring, as far as this run knows. Held while it is written, so that the newest stays.
    written: AsyncMutex<Written>,
}

#[derive(Default)]
struct Written {
    token: Option<SecretString>,
    failed: bool,
}

/// What became of keeping a sign-in, where that is news.
pub type Kept = Option<Result<(), Trouble>>;

impl Keeper {
    /// A keeper for one cloud and client.
    pub fn new(keyring: Keyring, cloud: &Cloud, client: &str) -> Self {
        Self {
            keyring,
            cloud: cloud.login.host_str().unwrap_or_default().to_owned(),
            client: client.to_lowercase(),
            tenant: Mutex::default(),
            written: AsyncMutex::default(),
        }
    }

    fn name(&self, tenant: &str) -> String {
        format!("{} {} {}", self.cloud, tenant.to_lowercase(), self.client)
    }

    /// The entry that lists the names of this cloud's entries, there now or once, of whichever client: a keyring cannot
    /// be asked everywhere what it holds.
    fn list_name(&self) -> String {
        format!("{} (kept)", self.cloud)
    }

    async fn listed(&self) -> Result<Vec<String>, KeyringError> {
        let list = match self.keyring.read(&self.list_name()).await {
            Err(KeyringError::Damaged) => None,
            read => read?,
        };
        Ok(list.map(|list| list.expose_secret().lines().map(str::to_owned).collect()).unwrap_or_default())
    }

    /// Keeps a token, and before it that there is one: none must be left that nobody could find.
    async fn put(&self, place: &str, token: &SecretString) -> Result<(), KeyringError> {
        let (name, mut listed) = (self.name(place), self.listed().await?);
        if !listed.contains(&name) {
            listed.push(name.clone());
            self.keyring.keep(&self.list_name(), &listed.join("\n").into()).await?;
        }
        self.keyring.keep(&name, token).await
    }

    /// Where a sign-in for this tenant may have been kept, best first.
    fn places(tenant: Option<&str>) -> impl Iterator<Item = &str> {
        let named = tenant.map(str::trim).filter(|tenant| !tenant.is_empty() && *tenant != ANY_TENANT);
        named.into_iter().chain([ANY_TENANT])
    }

    /// The kept sign-in, for this tenant or for whichever it was for; `None` where nothing is kept.
    ///
    /// # Errors
    /// When the keyring cannot be reached, or what it kept is not good any more.
    pub async fn session(&self, http: &Http, tenant: Option<&str>) -> Result<Option<Session>, Trouble> {
        for place in Self::places(tenant) {
            let read = match self.keyring.read(&self.name(place)).await {
                Ok(read) => read,
                // What cannot be read is written over by the next sign-in.
                Err(KeyringError::Damaged) => None,
                Err(error) => {
                    // Said once; it is not tried again.
                    self.written.lock().await.failed = true;
                    return Err(trouble(&error));
                }
            };
            let Some(token) = read else { continue };
            let session = Session::kept(http, tenant.unwrap_or(place), token.clone()).await?;
            self.signed_in(Some(place));
            self.written.lock().await.token = Some(token);
            return Ok(Some(session));
        }
        Ok(None)
    }

    /// Somebody has signed in to this tenant: that is where their sign-in is kept from now on.
    pub fn signed_in(&self, tenant: Option<&str>) {
        let place = Self::places(tenant).next().unwrap_or(ANY_TENANT).to_owned();
        *self.tenant.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
    }

    /// Writes the newest refresh token, if it is another than the one that stands there. Told are the first success and
    /// the first failure; after a failure nothing more is tried.
    pub async fn keep(&self, session: &Session) -> Kept {
        let place = self.tenant.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let mut written = self.written.lock().await;
        let newest = session.refresh_token()?;
        let known = written.token.as_ref().is_some_and(|old| old.expose_secret() == newest.expose_secret());
        if known || written.failed {
            return None;
        }
        match self.put(&place, &newest).await {
            Ok(()) => written.token.replace(newest).is_none().then_some(Ok(())),
            Err(error) => {
                written.failed = true;
                Some(Err(trouble(&error)))
            }
        }
    }

    /// Forgets every sign-in that is kept for this cloud: for this tenant, for whichever the account belongs to, and for
    /// each tenant and client that one was ever kept for. Whether there was anything.
    ///
    /// # Errors
    /// When the keyring cannot be reached.
    pub async fn forget(&self, tenant: Option<&str>) -> Result<bool, Trouble> {
        let told = |error: KeyringError| trouble(&error);
        let listed = self.listed().await.map_err(told)?;
        let mut any = false;
        for name in Self::places(tenant).map(|place| self.name(place)).chain(listed) {
            any |= self.keyring.forget(&name).await.map_err(told)?;
        }
        // The list goes last: while an entry may be there, it can be found.
        self.keyring.forget(&self.list_name()).await.map_err(told)?;
        Ok(any)
    }
}

impl<F: Face> Drive<F> {
    /// Sees to it that the newest refresh token is the one that is kept. Nothing waits for it.
    pub(super) fn keep_sign_in(&self) {
        let services = &self.machinery.services;
        let (Some(keeper), Some(session)) = (services.keeper().cloned(), services.session()) else { return };
        let to = self.to.clone();
        tokio::spawn(async move {
            if let Some(outcome) = keeper.keep(&session).await {
                let _gone = to.send(Event::SignInKept(outcome));
            }
        });
    }

    /// The same on the way out, which is not held up for long.
    pub(super) async fn keep_at_last(&self) {
        let services = &self.machinery.services;
        if let (Some(keeper), Some(session)) = (services.keeper(), services.session()) {
            let _either_way_we_leave = tokio::time::timeout(AT_LAST, keeper.keep(&session)).await;
        }
    }
}

fn trouble(error: &KeyringError) -> Trouble {
    let original = match error {
        KeyringError::NotReached(words) => crate::engine::clean::clean_line(words, 200),
        KeyringError::Damaged => String::new(),
    };
    Trouble::new(Class::Local, error.to_string(), ui("keep.not_reached_next"))
        .meaning(ui("keep.not_reached_means"))
        .original(original)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures;

    #[tokio::test]
    async fn an_entry_is_of_one_cloud_one_tenant_and_one_client() {
        let keyring = Keyring::in_memory();
        let (here, there) = (fixtures::cloud(), Cloud::named("china").unwrap());
        let keeper = |cloud: &Cloud, client: &str| Keeper::new(keyring.clone(), cloud, client);
        let mine = keeper(&here, "04B07795-aaaa");
        keyring.keep(&mine.name("Contoso.com"), &"token".into()).await.unwrap();
        for other in [keeper(&there, "04b07795-aaaa"), keeper(&here, "other")] {
            assert_eq!(other.forget(Some("contoso.com")).await, Ok(false));
        }
        assert_eq!(mine.forget(None).await, Ok(false));
        assert_eq!(mine.forget(Some("fabrikam.com")).await, Ok(false));
        assert_eq!(keeper(&here, "04b07795-AAAA").forget(Some("contoso.com")).await, Ok(true));
        assert_eq!(mine.forget(Some("contoso.com")).await, Ok(false), "it is gone");
    }

    #[tokio::test]
    async fn signing_out_forgets_every_tenant_that_a_sign_in_was_kept_for() {
        let keyring = Keyring::in_memory();
        let cloud = fixtures::cloud();
        let keeper = Keeper::new(keyring.clone(), &cloud, "x");
        for tenant in ["contoso.com", "Fabrikam.com", "contoso.com", ANY_TENANT] {
            keeper.put(tenant, &"token".into()).await.unwrap();
        }
        let stranger = Keeper::new(keyring.clone(), &Cloud::named("china").unwrap(), "x");
        stranger.put("contoso.cn", &"token".into()).await.unwrap();

        let own_client = Keeper::new(keyring.clone(), &cloud, "own");
        own_client.put("contoso.com", &"token".into()).await.unwrap();

        assert_eq!(Keeper::new(keyring.clone(), &cloud, "other").forget(None).await, Ok(true));
        let names = ["contoso.com", "fabrikam.com", ANY_TENANT].map(|tenant| keeper.name(tenant));
        for name in names.into_iter().chain([own_client.name("contoso.com"), keeper.list_name()]) {
            assert!(keyring.read(&name).await.unwrap().is_none(), "{name}");
        }
        assert_eq!(keeper.forget(None).await, Ok(false), "there is nothing any more");
        assert!(keyring.read(&stranger.name("contoso.cn")).await.unwrap().is_some(), "another cloud's stays");
    }

    #[tokio::test]
    async fn where_no_keyring_is_that_is_told_plainly() {
        let keeper = Keeper::new(Keyring::out_of_reach(), &fixtures::cloud(), "x");
        let told = keeper.forget(None).await.unwrap_err();
        assert!(told.what.contains("keyring") && told.means.contains("memory"), "{told:?}");
    }
}
