//! A person's word that a wait is to end.

use std::sync::Arc;

use tokio::sync::watch;

/// The word to stop waiting, once it is said. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// Says it.
    pub fn say(&self) {
        self.0.send_replace(true);
    }

    /// Comes back once it is said.
    pub(super) async fn said(&self) {
        let mut word = self.0.subscribe();
        // It fails only where the sender is gone, and that is held here.
        let _said = word.wait_for(|said| *said).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_said_before_anybody_listened_is_heard() {
        let stop = Stop::default();
        stop.clone().say();
        stop.said().await;
    }
}
