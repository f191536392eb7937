//! Calls that a fault holds back, so that a test can see one arrive and decide what becomes of it.

use serde_json::Value;
use tokio::sync::watch;

/// One call that is held back.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldCall {
    /// Tells it from every other held call of this world.
    pub id: u32,
    /// Whether it was done already, and only its answer is missing. Else it has arrived, and nothing was changed.
    pub done: bool,
    /// HTTP method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Request body as JSON; null when there was none.
    pub body: Value,
}

/// The calls that are held back at this moment.
#[derive(Debug, Clone, Default)]
pub struct Holds(watch::Sender<Vec<HeldCall>>);

/// Takes a held call off the list when it is let go, and when its caller is gone.
struct Place<'a>(&'a Holds, u32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.release(self.1);
    }
}

impl Holds {
    /// Follows what is held: the list changes with every call that arrives, is let go, or loses its caller.
    pub fn follow(&self) -> watch::Receiver<Vec<HeldCall>> {
        self.0.subscribe()
    }

    /// Lets a call go on.
    pub fn release(&self, id: u32) {
        self.0.send_if_modified(|held| {
            let before = held.len();
            held.retain(|call| call.id != id);
            held.len() != before
        });
    }

    /// Holds a call back until it is released.
    pub(in crate::practice) async fn hold(&self, call: HeldCall) {
        let id = call.id;
        let mut list = self.follow();
        self.0.send_modify(|held| held.push(call));
        let _place = Place(self, id);
        // The sender lives in `self`, so waiting cannot end for another reason.
        let _released = list.wait_for(|held| held.iter().all(|call| call.id != id)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: u32) -> HeldCall {
        HeldCall { id, done: false, method: "POST".into(), path: "/x".into(), body: Value::Null }
    }

    #[tokio::test]
    async fn a_call_is_held_until_it_is_released_or_its_caller_is_gone() {
        let holds = Holds::default();
        let mut list = holds.follow();
        let released = tokio::spawn({
            let holds = holds.clone();
            async move { holds.hold(call(1)).await }
        });
        let left = tokio::spawn({
            let holds = holds.clone();
            async move { holds.hold(call(2)).await }
        });
        list.wait_for(|held| held.len() == 2).await.unwrap();
        holds.release(1);
        released.await.unwrap();
        assert_eq!(*list.borrow_and_update(), [call(2)]);
        left.abort();
        list.wait_for(Vec::is_empty).await.unwrap();
    }
}
