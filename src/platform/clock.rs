//! What time it is: the system's clock, corrected by what servers say, or a clock that a test steps.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A `Date` header has whole seconds and travels for a while: differences up to this are no error of ours.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// A handle on the time. Clones share the same correction.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

/// Moves a clock that was made by [`Clock::stepped`].
#[derive(Clone, Debug)]
pub struct Stepper(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    correction_ms: AtomicI64,
    /// Found out when the first clock time is shown: the whole folder of time zones is read for it.
    zone: OnceLock<TimeZone>,
}

#[derive(Debug)]
enum Source {
    System,
    Stepped(Mutex<Timestamp>),
}

impl Clock {
    /// The system's clock, shown in the system's time zone.
    pub fn system() -> Self {
        Self::with(Source::System)
    }

    /// A clock that stands still at `now`, shown in UTC.
    pub fn fixed(now: Timestamp) -> Self {
        Self::stepped(now).0
    }

    /// A clock that starts at `now`, is shown in UTC, and moves only when the stepper says so.
    pub fn stepped(now: Timestamp) -> (Self, Stepper) {
        let clock = Self::with(Source::Stepped(Mutex::new(now)));
        let stepper = Stepper(Arc::clone(&clock.0));
        (clock, stepper)
    }

    fn with(source: Source) -> Self {
        Self(Arc::new(Inner { source, correction_ms: AtomicI64::new(0), zone: OnceLock::new() }))
    }

    /// The time now, corrected by what servers said.
    pub fn now(&self) -> Timestamp {
        let own = self.0.own_time();
        own.checked_add(self.correction()).unwrap_or(own)
    }

    /// How far the servers' time is ahead of this machine's (negative: behind). Zero within two seconds.
    pub fn correction(&self) -> SignedDuration {
        SignedDuration::from_millis(self.0.correction_ms.load(Ordering::Relaxed))
    }

    /// Takes over a server's time, as of now.
    pub fn learn(&self, server: Timestamp) {
        let difference = server.duration_since(self.0.own_time());
        let correction = if difference.abs() <= TOLERANCE { SignedDuration::ZERO } else { difference };
        let milliseconds = i64::try_from(correction.as_millis()).unwrap_or(0);
        self.0.correction_ms.store(milliseconds, Ordering::Relaxed);
    }

    /// A moment as the person's wall clock shows it, "14:03".
    pub fn local_hhmm(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.zone()).strftime("%H:%M").to_string()
    }

    /// The person's time zone, for a face that draws clock times itself.
    pub fn zone(&self) -> TimeZone {
        let found = || match self.0.source {
            Source::System => TimeZone::system(),
            Source::Stepped(_) => TimeZone::UTC,
        };
        self.0.zone.get_or_init(found).clone()
    }
}

impl Stepper {
    /// Moves the clock on (or back, if negative); a step beyond the calendar's end is ignored.
    pub fn advance(&self, by: SignedDuration) {
        self.change(|now| now.checked_add(by).unwrap_or(now));
    }

    /// Sets the clock.
    pub fn set(&self, now: Timestamp) {
        self.change(|_| now);
    }

    fn change(&self, new: impl FnOnce(Timestamp) -> Timestamp) {
        if let Source::Stepped(now) = &self.0.source {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = new(*now);
        }
    }
}

impl Inner {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn own_time(&self) -> Timestamp {
        match &self.source {
            Source::System => Timestamp::now(),
            Source::Stepped(now) => *now.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_stepped_clock_moves_only_when_told() {
        let (clock, stepper) = Clock::stepped(at("2026-03-01T12:00:00Z"));
        assert_eq!(clock.now(), at("2026-03-01T12:00:00Z"));
        stepper.advance(SignedDuration::from_mins(90));
        assert_eq!(clock.now(), at("2026-03-01T13:30:00Z"));
        stepper.set(at("2026-04-01T00:00:00Z"));
        assert_eq!(clock.clone().now(), at("2026-04-01T00:00:00Z"));
        stepper.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), at("2026-04-01T00:00:00Z"));
    }

    #[test]
    fn a_server_that_is_far_off_corrects_every_clone() {
        let (clock, stepper) = Clock::stepped(at("2026-03-01T12:00:00Z"));
        let clone = clock.clone();
        clock.learn(at("2026-03-01T12:07:00Z"));
        assert_eq!(clone.now(), at("2026-03-01T12:07:00Z"));
        assert_eq!(clone.correction(), SignedDuration::from_mins(7));
        stepper.advance(SignedDuration::from_secs(1));
        assert_eq!(clone.now(), at("2026-03-01T12:07:01Z"));
    }

    #[test]
    fn a_server_that_agrees_takes_a_correction_back() {
        let clock = Clock::fixed(at("2026-03-01T12:00:00.900Z"));
        clock.learn(at("2026-03-01T11:00:00Z"));
        assert_eq!(clock.now(), at("2026-03-01T11:00:00Z"));
        clock.learn(at("2026-03-01T12:00:00Z"));
        assert_eq!(clock.correction(), SignedDuration::ZERO);
        assert_eq!(clock.now(), at("2026-03-01T12:00:00.900Z"));
    }

    #[test]
    fn the_wall_clock_uses_the_zone() {
        let clock = Clock::fixed(at("2026-03-01T12:00:00Z"));
        assert_eq!(clock.local_hhmm(at("2026-03-01T09:05:59Z")), "09:05");
        let berlin = Clock::with(Source::System);
        berlin.0.zone.set(TimeZone::fixed(jiff::tz::offset(2))).unwrap();
        assert_eq!(berlin.local_hhmm(at("2026-03-01T23:05:59Z")), "01:05");
    }

    #[test]
    fn the_system_clock_runs_and_can_be_corrected() {
        let clock = Clock::system();
        let before = clock.now();
        clock.learn(before + SignedDuration::from_hours(1));
        assert!(clock.now() >= before + SignedDuration::from_mins(59));
        assert_eq!(clock.local_hhmm(before).len(), 5);
    }
}
