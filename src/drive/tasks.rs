//! Work under way, by generation, so that leaving a stage drops it and late answers go nowhere (law 7).

use std::collections::BTreeMap;
use std::future::Future;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use crate::flow::event::{Answer, Event};

/// Where answers go. Cheap to clone.
#[derive(Clone)]
pub struct Answers {
    generation: u64,
    to: UnboundedSender<Event>,
}

impl Answers {
    /// Answers of one generation.
    pub const fn new(generation: u64, to: UnboundedSender<Event>) -> Self {
        Self { generation, to }
    }

    /// Hands an answer to the loop. When the loop is gone there is nobody to tell.
    pub fn give(&self, answer: Answer) {
        self.event(Event::Answer { generation: self.generation, answer });
    }

    /// Hands in an event that belongs to no generation.
    pub fn event(&self, event: Event) {
        let _gone = self.to.send(event);
    }
}

/// The running tasks.
#[derive(Default)]
pub struct Tasks {
    running: BTreeMap<u64, Vec<AbortHandle>>,
}

impl Tasks {
    /// Starts work that may be dropped at any await.
    pub fn start(&mut self, generation: u64, work: impl Future<Output = ()> + Send + 'static) {
        let handles = self.running.entry(generation).or_default();
        handles.retain(|h| !h.is_finished());
        handles.push(tokio::spawn(work).abort_handle());
    }

    /// Drops the work of every generation before this one.
    pub fn drop_before(&mut self, generation: u64) {
        let kept = self.running.split_off(&generation);
        for handle in std::mem::replace(&mut self.running, kept).into_values().flatten() {
            handle.abort();
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.drop_before(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    #[tokio::test]
    async fn work_of_an_earlier_generation_is_dropped_and_later_work_goes_on() {
        let (to, mut from) = unbounded_channel();
        let mut tasks = Tasks::default();
        let (early, late) = (Answers::new(1, to.clone()), Answers::new(2, to));
        let (gate, forever) = tokio::sync::oneshot::channel::<()>();
        tasks.start(1, async move {
            let _never = forever.await;
            early.event(Event::Resized);
        });
        tasks.drop_before(2);
        tasks.start(2, async move { late.event(Event::Interrupt) });
        assert_eq!(from.recv().await, Some(Event::Interrupt));
        assert_eq!(from.recv().await, None, "the early task is gone and has said nothing");
        assert!(gate.is_closed());
    }
}
