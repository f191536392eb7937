//! A secret that was just made is not known everywhere at once: its value is tried until it works.

use std::time::Duration;

use crate::engine::facts::SecretVerdict;
use crate::engine::trouble::Trouble;

/// For how long a secret that was made here may still be unknown to the sign-in service (microsoft-cloud 4.5).
pub(super) const NEW_SECRET: Duration = Duration::from_secs(120);

/// Tries a value until it works, with pauses that grow, as long as there is patience: a new one is refused at first, and
/// nobody could have mistyped it. Without patience it is tried once.
pub(super) async fn until_known<P, T>(
    mut probe: P,
    mut pause: Duration,
    mut patience: Duration,
    waits: impl Fn(),
) -> Result<SecretVerdict, Trouble>
where
    P: FnMut() -> T,
    T: Future<Output = Result<SecretVerdict, Trouble>>,
{
    loop {
        let verdict = probe().await;
        if patience.is_zero() || matches!(verdict, Ok(SecretVerdict::Works) | Err(_)) {
            return verdict;
        }
        waits();
        tokio::time::sleep(pause.min(patience)).await;
        patience = patience.saturating_sub(pause.max(Duration::from_millis(1)));
        pause = (pause * 2).min(Duration::from_secs(16));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::trouble::Class;
    use std::cell::{Cell, RefCell};
    use std::future::ready;

    #[tokio::test]
    async fn a_new_value_that_is_refused_at_first_is_tried_again_and_any_other_once() {
        for (patience, tries) in [(Duration::from_secs(1), 3), (Duration::ZERO, 1)] {
            let answers =
                RefCell::new(vec![SecretVerdict::Works, SecretVerdict::Wrong, SecretVerdict::Wrong]);
            let (tried, told) = (Cell::new(0), Cell::new(0));
            let probe = || {
                tried.set(tried.get() + 1);
                ready(answers.borrow_mut().pop().ok_or_else(|| Trouble::new(Class::Local, "none", "left")))
            };
            let verdict = until_known(probe, Duration::ZERO, patience, || told.set(told.get() + 1)).await;
            assert_eq!((tried.get(), told.get()), (tries, tries - 1));
            assert_eq!(verdict == Ok(SecretVerdict::Works), tries == 3);
        }
    }

    #[tokio::test]
    async fn patience_ends_with_the_last_verdict() {
        let tried = Cell::new(0);
        let probe = || {
            tried.set(tried.get() + 1);
            ready(Ok(SecretVerdict::Wrong))
        };
        let verdict = until_known(probe, Duration::ZERO, Duration::from_millis(3), || {}).await;
        assert_eq!((verdict, tried.get()), (Ok(SecretVerdict::Wrong), 4));
    }
}
