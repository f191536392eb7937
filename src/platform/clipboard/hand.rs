//! The thread that holds the clipboard: the only one that touches it, because Windows wants one thread and X11
//! and Wayland a handle that stays alive.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;

use super::MemoryClipboard;
use super::backend::{Backend, BackendError, NativeClipboard};

/// X11 gives the owner of a text four seconds to hand it out; Wayland sets no limit at all. The end of the program
/// waits no longer than a second for a clipboard manager to take the text over.
const PATIENCE: Patience = Patience { answer: Duration::from_secs(6), farewell: Duration::from_secs(1) };

type Job = Box<dyn FnOnce(&mut Backend) + Send>;

/// A way to ask the holder of the clipboard for something.
pub(super) enum Hand {
    /// A thread of its own, started at the first question.
    Thread(Mutex<Thread>),
    /// In memory nothing can block, and tests that pause the runtime's time must not run into time limits.
    Inline(Box<Mutex<Backend>>),
}

#[derive(Clone, Copy)]
struct Patience {
    answer: Duration,
    farewell: Duration,
}

pub(super) struct Thread {
    patience: Patience,
    jobs: Option<Sender<Job>>,
    finished: Option<oneshot::Receiver<()>>,
    ended: bool,
    /// Alive while a job is overdue: further ones would only queue up behind it.
    overdue: Weak<()>,
}

impl Hand {
    pub(super) fn native() -> Self {
        Self::patient(PATIENCE)
    }

    fn patient(patience: Patience) -> Self {
        let thread = Thread { patience, jobs: None, finished: None, ended: false, overdue: Weak::new() };
        Self::Thread(Mutex::new(thread))
    }

    pub(super) fn memory(memory: MemoryClipboard) -> Self {
        Self::Inline(Box::new(Mutex::new(Backend::Memory(memory))))
    }

    /// Has `job` done by the holder of the clipboard, and waits for it within reason.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Backend) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let thread = match self {
            Self::Inline(backend) => return job(&mut backend.lock().unwrap_or_else(PoisonError::into_inner)),
            Self::Thread(thread) => thread,
        };
        let (tell, told) = oneshot::channel();
        let (patience, running) = {
            let mut thread = thread.lock().unwrap_or_else(PoisonError::into_inner);
            if thread.overdue.strong_count() > 0 {
                return Err(BackendError::NoAnswer);
            }
            let alive = Arc::new(());
            let running = Arc::downgrade(&alive);
            thread.send(Box::new(move |backend| {
                // Whoever asked may have given up before it was this job's turn.
                if !tell.is_closed() {
                    let _ = tell.send(job(backend));
                }
                drop(alive);
            }))?;
            (thread.patience, running)
        };
        match tokio::time::timeout(patience.answer, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(BackendError::Other("the clipboard's thread has ended.".to_owned())),
            Err(_) => {
                thread.lock().unwrap_or_else(PoisonError::into_inner).overdue = running;
                Err(BackendError::NoAnswer)
            }
        }
    }

    /// Lets go of the clipboard, giving a clipboard manager a moment to take the text over.
    pub(super) async fn end(&self) {
        let Self::Thread(thread) = self else { return };
        let (patience, finished) = {
            let mut thread = thread.lock().unwrap_or_else(PoisonError::into_inner);
            thread.ended = true;
            // Without a sender the thread runs out of jobs.
            thread.jobs = None;
            (thread.patience, thread.finished.take())
        };
        if let Some(finished) = finished {
            // Either way the program goes on to its end.
            let _ = tokio::time::timeout(patience.farewell, finished).await;
        }
    }
}

impl Thread {
    fn send(&mut self, job: Job) -> Result<(), BackendError> {
        if self.ended {
            return Err(BackendError::Missing("the clipboard has been let go of.".to_owned()));
        }
        let job = match &self.jobs {
            Some(jobs) => match jobs.send(job) {
                Ok(()) => return Ok(()),
                // The thread died of a panic in a library; a new one may fare better.
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let (jobs, queue) = mpsc::channel();
        let (finish, finished) = oneshot::channel();
        std::thread::Builder::new()
            .name("clipboard".to_owned())
            .spawn(move || hold(&queue, finish))
            .map_err(|error| BackendError::Missing(error.to_string()))?;
        // The queue's other end lives in the thread that has just started.
        let _ = jobs.send(job);
        self.jobs = Some(jobs);
        self.finished = Some(finished);
        Ok(())
    }
}

fn hold(queue: &Receiver<Job>, finish: oneshot::Sender<()>) {
    let mut backend = Backend::Native(NativeClipboard::default());
    while let Ok(job) = queue.recv() {
        job(&mut backend);
    }
    drop(backend);
    // Nobody waits for it unless the service was shut down in good order.
    let _ = finish.send(());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs that never touch the backend need no display.
    #[tokio::test]
    async fn jobs_run_on_one_thread_in_order() {
        let hand = Hand::native();
        let first = hand.ask(|_| Ok(std::thread::current().id())).await.unwrap();
        let second = hand.ask(|_| Ok(std::thread::current().id())).await.unwrap();
        assert_eq!(first, second);
        assert_ne!(first, std::thread::current().id());
    }

    #[tokio::test]
    async fn after_the_end_nothing_is_done_any_more() {
        let hand = Hand::native();
        hand.ask(|_| Ok(())).await.unwrap();
        hand.end().await;
        assert!(matches!(hand.ask(|_| Ok(())).await, Err(BackendError::Missing(_))));
        hand.end().await;
    }

    #[tokio::test]
    async fn a_clipboard_that_hangs_is_given_up_and_not_queued_for() {
        let short = Duration::from_millis(5);
        let hand = Hand::patient(Patience { answer: short, farewell: short });
        let (release, held) = mpsc::channel::<()>();
        let hung = hand.ask(move |_| held.recv().map_err(|_| BackendError::NoText)).await;
        assert_eq!(hung, Err(BackendError::NoAnswer));
        let (touch, touched) = mpsc::channel();
        let next = hand.ask(move |_| touch.send(()).map_err(|_| BackendError::NoText)).await;
        assert_eq!(next, Err(BackendError::NoAnswer));
        assert!(touched.recv().is_err(), "the second job was dropped, not queued");
        hand.end().await;
        drop(hand);
        release.send(()).unwrap();
    }

    #[tokio::test]
    async fn a_thread_that_died_is_replaced() {
        let hand = Hand::native();
        let died = hand.ask(|_| -> Result<(), _> { panic!("a library's fault") }).await;
        assert!(matches!(died, Err(BackendError::Other(_))));
        // The channel closes a moment after the answer does.
        while hand.ask(|_| Ok(())).await.is_err() {}
        assert_eq!(hand.ask(|_| Ok(7)).await, Ok(7));
    }
}
