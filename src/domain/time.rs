//! Time as a value. Instants are milliseconds since the Unix epoch, in UTC.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One second, in milliseconds.
pub const SECOND_MS: u64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE_MS: u64 = 60 * SECOND_MS;
/// One hour, in milliseconds.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// Twenty-four hours, in milliseconds; not a calendar day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// Milliseconds since the Unix epoch. Made only at the edge, by a `Clock` or from input.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The instant `unix_ms` milliseconds after the Unix epoch.
    pub const fn from_unix_ms(unix_ms: u64) -> Self {
        Self(unix_ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// This instant moved `delay_ms` later, saturating.
    #[must_use]
    pub const fn plus_ms(self, delay_ms: u64) -> Self {
        Self(self.0.saturating_add(delay_ms))
    }

    /// This instant moved `delay_ms` earlier, stopping at the epoch.
    #[must_use]
    pub const fn minus_ms(self, delay_ms: u64) -> Self {
        Self(self.0.saturating_sub(delay_ms))
    }

    /// Milliseconds from `earlier` to this instant; 0 when `earlier` is later.
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 instant such as HubSpot's `2026-09-15T17:17:39.791Z`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let instant: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(instant.as_millisecond()).ok().map(Self)
    }

    /// The same instant for calendar arithmetic. Instants past the year 9999 become its end.
    pub fn to_jiff(self) -> jiff::Timestamp {
        i64::try_from(self.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .unwrap_or(jiff::Timestamp::MAX)
    }

    /// From calendar arithmetic; instants before 1970 become the epoch.
    pub fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self(u64::try_from(instant.as_millisecond()).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_as_rfc3339_and_read_back() {
        let instant = Timestamp::from_unix_ms(1_700_000_300_000);
        assert_eq!(instant.to_string(), "2023-11-14T22:18:20.000Z");
        assert_eq!(Timestamp::parse_rfc3339(&instant.to_string()), Some(instant));
    }

    #[test]
    fn the_far_future_does_not_overflow() {
        assert_eq!(Timestamp::from_unix_ms(u64::MAX).plus_ms(1).unix_ms(), u64::MAX);
        assert!(Timestamp::from_unix_ms(u64::MAX).to_string().starts_with("9999-"));
    }
}
