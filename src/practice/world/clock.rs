//! The world's own clock: real time at the start, plus what has passed, plus what a test stepped over.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A clock that runs with real time unless it is frozen, and can be stepped forward.
#[derive(Debug, Clone)]
pub struct Clock {
    base: Timestamp,
    started: Option<Instant>,
    advanced: SignedDuration,
}

impl Clock {
    /// A clock that starts at the present real moment and runs.
    pub fn real() -> Self {
        Self { base: real_now(), started: Some(Instant::now()), advanced: SignedDuration::ZERO }
    }

    /// A clock that starts at a given moment and runs.
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base, started: Some(Instant::now()), advanced: SignedDuration::ZERO }
    }

    /// A clock that stands still at a given moment until it is stepped.
    pub fn frozen_at(base: Timestamp) -> Self {
        Self { base, started: None, advanced: SignedDuration::ZERO }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        let passed = self.started.map_or(SignedDuration::ZERO, |started| {
            SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::MAX)
        });
        after(after(self.base, passed), self.advanced)
    }

    /// The present moment as seconds since 1970, as tokens spell it.
    pub fn unix(&self) -> i64 {
        self.now().as_second()
    }

    /// Steps the clock forward (or back, with a negative number) by whole seconds.
    pub fn advance(&mut self, seconds: i64) {
        self.advanced = self.advanced.saturating_add(SignedDuration::from_secs(seconds));
    }
}

/// A moment moved by a duration, held at the ends of what can be written.
fn after(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(moment)
}

#[allow(clippy::disallowed_methods, reason = "the practice world takes the real time once, when it begins")]
fn real_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_stepped() {
        let start: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        let mut clock = Clock::frozen_at(start);
        assert_eq!(clock.now(), start);
        clock.advance(90);
        assert_eq!(clock.now().to_string(), "2026-11-21T09:01:30Z");
        assert_eq!(clock.unix() - start.as_second(), 90);
    }

    #[test]
    fn a_step_beyond_the_end_of_time_is_held() {
        let mut clock = Clock::frozen_at(Timestamp::UNIX_EPOCH);
        clock.advance(i64::MAX);
        assert!(clock.now() >= Timestamp::UNIX_EPOCH);
    }
}
