//! When a call is sent again, and how long to wait before.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::config::Limits;

/// Whether an answer with this status may become a better one by asking again.
pub(super) fn may_help(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504)
}

/// The time a header such as `Date` tells.
pub(super) fn http_date(headers: &HeaderMap, name: &str) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// What `Retry-After` asks for: seconds, or a date, counted from the answer's own `Date` where it has one.
pub(in crate::cloud) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let until = http_date(headers, "retry-after")?;
    let from = http_date(headers, "date").unwrap_or(now);
    Duration::try_from(until.duration_since(from)).ok().or(Some(Duration::ZERO))
}

/// The wait before the next try, or `None` when there is to be none: the tries are used up, or the service
/// asks for more patience than a person at a terminal should be held for.
pub(super) fn wait(limits: &Limits, tried: u8, asked: Option<Duration>, luck: f64) -> Option<Duration> {
    if tried >= limits.tries {
        return None;
    }
    if let Some(asked) = asked {
        return (asked <= limits.longest_retry_after).then(|| asked_for(asked, luck));
    }
    let doubled = limits.first_wait.saturating_mul(1 << u32::from(tried.saturating_sub(1)).min(16));
    // Half fixed, half by chance: callers that failed together must not come back together.
    Some(doubled.min(limits.longest_wait).mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0))
}

/// No more than this is added by chance to a wait that a service asked for.
const MOST_MORE: Duration = Duration::from_secs(5);

/// A wait that a service asked for, and a little more by chance: whoever was refused together has got the same wait, and
/// must not come back together.
pub(in crate::cloud) fn asked_for(asked: Duration, luck: f64) -> Duration {
    asked + (asked / 4).min(MOST_MORE).mul_f64(luck.clamp(0.0, 1.0))
}

/// A wait that is given, up to a quarter longer by chance.
pub(in crate::cloud) fn spread(wait: Duration, luck: f64) -> Duration {
    wait.mul_f64(1.0 + luck.clamp(0.0, 1.0) / 4.0)
}

/// A number between 0 and 1 by chance.
pub(in crate::cloud) fn luck() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    f64::from((high >> 40) as u32 & 0xFFFF) / f64::from(0xFFFF_u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        for (pairs, seconds) in [
            (&[("retry-after", "7")][..], Some(7)),
            (&[("retry-after", "Sat, 21 Nov 2026 09:00:10 GMT")], Some(10)),
            (
                &[
                    ("retry-after", "Sat, 21 Nov 2026 09:00:10 GMT"),
                    ("date", "Sat, 21 Nov 2026 09:00:06 GMT"),
                ],
                Some(4),
            ),
            (&[("retry-after", "Sat, 21 Nov 2026 08:00:00 GMT")], Some(0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (&[], None),
        ] {
            assert_eq!(retry_after(&headers(pairs), now), seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn a_given_wait_is_spread_and_never_shorter() {
        let wait = Duration::from_secs(8);
        for (luck, secs) in [(-1.0, 8), (0.0, 8), (1.0, 10), (7.0, 10)] {
            assert_eq!(spread(wait, luck), Duration::from_secs(secs));
        }
        assert_eq!(spread(Duration::ZERO, 1.0), Duration::ZERO);
    }

    #[test]
    fn a_wait_that_was_asked_for_gets_a_little_more_and_never_less() {
        for (asked, luck, most) in [(8, 0.0, 8), (8, 1.0, 10), (60, 1.0, 65), (60, -1.0, 60), (0, 1.0, 0)] {
            assert_eq!(asked_for(Duration::from_secs(asked), luck), Duration::from_secs(most));
        }
        let limits = Limits::default();
        assert_eq!(wait(&limits, 1, Some(Duration::from_secs(8)), 0.5), Some(Duration::from_secs(9)));
    }

    #[test]
    fn waits_double_up_to_a_limit_and_end() {
        let limits = Limits { longest_wait: Duration::from_millis(1500), ..Limits::default() };
        let full: Vec<_> = (1..=4).map(|tried| wait(&limits, tried, None, 1.0)).collect();
        let ms = |n| Some(Duration::from_millis(n));
        assert_eq!(full, [ms(500), ms(1000), ms(1500), None]);
        assert_eq!(wait(&limits, 1, None, 0.0), ms(250));
        assert_eq!(wait(&limits, 1, Some(Duration::from_secs(20)), 0.0), ms(20_000));
        assert_eq!(wait(&limits, 1, Some(Duration::from_secs(300)), 0.0), None);
        let chance = luck();
        assert!((0.0..=1.0).contains(&chance));
    }
}
