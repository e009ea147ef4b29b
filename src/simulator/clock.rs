//! The simulator's two clocks: HubSpot's wall clock, and a monotonic one for the phase log.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// HubSpot's wall clock: this machine's, or one that whoever owns the simulator moves.
#[derive(Clone, Default)]
pub(super) enum Clock {
    #[default]
    Machine,
    Owned(Arc<dyn Fn() -> i64 + Send + Sync>),
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "Machine",
            Self::Owned(_) => "Owned",
        })
    }
}

impl Clock {
    /// Milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        match self {
            Self::Machine => machine_ms(),
            Self::Owned(now) => now(),
        }
    }
}

fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time as HubSpot writes it: `2026-09-15T17:17:39.791Z` (HUBSPOT.md 3.6).
pub(super) fn iso(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A time as a `Date` header has it: `Tue, 15 Sep 2026 17:17:39 GMT`.
pub(super) fn http_date(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Whole milliseconds from `start` until now.
pub(super) fn since_ms(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times_are_written_with_three_digits_of_milliseconds() {
        assert_eq!(iso(1_789_492_659_791), "2026-09-15T17:17:39.791Z");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
    }
}
