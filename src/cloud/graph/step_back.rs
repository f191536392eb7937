//! Stepping back once, so that everybody else who is ready gets a turn first.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Knows whether the runtime has had its turn, and whom to tell.
#[derive(Default)]
struct Turn {
    over: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.over.store(true, Ordering::Release);
        if let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }
}

/// Ends when the runtime has had its turn, however often it is polled before.
///
/// A plain `yield_now` ends when it is polled the second time. A look that several others wait for is polled
/// by each of them, so that could still be before all of them have said what they need.
pub(super) async fn step_back() {
    let turn = Arc::new(Turn::default());
    let mut yielding = pin!(tokio::task::yield_now());
    let mut begun = false;
    poll_fn(|context| {
        *turn.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        if turn.over.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if !begun {
            begun = true;
            let told = Waker::from(turn.clone());
            return yielding.as_mut().poll(&mut Context::from_waker(&told));
        }
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn polling_twice_is_not_a_turn() {
        let step = step_back().boxed().shared();
        let (one, two) = (step.clone(), step.clone());
        assert!(one.now_or_never().is_none());
        assert!(two.now_or_never().is_none(), "the second poll came in the same turn");
        step.await;
    }
}
