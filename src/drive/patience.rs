//! Patience with the sign-in service, which hears of a change later than the directory: a new secret, a new redirect URI.

use std::time::Duration;

use crate::engine::facts::SecretVerdict;
use crate::engine::trouble::Trouble;

/// How long the sign-in service may take to hear of a redirect URI. Usually it is a few seconds (microsoft-cloud 4.9).
pub(super) const NEW_REDIRECT: Duration = Duration::from_secs(60);
/// What one try counts at least, since it takes time itself.
const A_TRY: Duration = Duration::from_millis(250);

/// Tries a value until it works, as long as there is patience: a new one is refused at first. Without patience it is
/// tried once.
pub(super) async fn until_known<P, T>(
    probe: P,
    pause: Duration,
    patience: Duration,
    waits: impl Fn(),
) -> Result<SecretVerdict, Trouble>
where
    P: FnMut() -> T,
    T: Future<Output = Result<SecretVerdict, Trouble>>,
{
    let settled = |verdict: &Result<_, _>| matches!(verdict, Ok(SecretVerdict::Works) | Err(_));
    until(probe, settled, pause, patience, waits).await
}

/// Asks until the answer is settled, with pauses that grow, as long as there is patience. Gives the last answer.
pub(super) async fn until<A, P, T>(
    mut ask: P,
    settled: impl Fn(&A) -> bool,
    mut pause: Duration,
    mut patience: Duration,
    waits: impl Fn(),
) -> A
where
    P: FnMut() -> T,
    T: Future<Output = A>,
{
    loop {
        let answer = ask().await;
        if patience.is_zero() || settled(&answer) {
            return answer;
        }
        waits();
        tokio::time::sleep(pause.min(patience)).await;
        patience = patience.saturating_sub(pause.max(A_TRY));
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
        let verdict = until_known(probe, Duration::ZERO, A_TRY * 3, || {}).await;
        assert_eq!((verdict, tried.get()), (Ok(SecretVerdict::Wrong), 4));
    }
}
