//! The calls of a day, as they are counted and as they are kept over a restart.

use serde::{Deserialize, Serialize};

/// Calls made on one day of the account's zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsOfDay {
    /// A number that differs from day to day; 0 before the first.
    pub day: u64,
    /// How many were made.
    pub calls: u64,
    /// Calls a day that the account has, where HubSpot has ever told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl CallsOfDay {
    /// Counts calls on a day; a new day begins at nothing.
    pub fn count(&mut self, day: u64, calls: u64) {
        if self.day != day {
            (self.day, self.calls) = (day, 0);
        }
        self.calls += calls;
    }

    /// Adds what was counted before a restart, where it is of the same day.
    pub fn remember(&mut self, earlier: Self) {
        self.limit = self.limit.or(earlier.limit);
        if self.day == 0 || self.day == earlier.day {
            self.count(earlier.day, earlier.calls);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is counted after a start that remembers `earlier`, as (day, calls, limit).
    #[track_caller]
    fn check(now: (u64, u64), earlier: (u64, u64), expected: (u64, u64)) {
        let mut today = CallsOfDay { day: now.0, calls: now.1, limit: None };
        today.remember(CallsOfDay { day: earlier.0, calls: earlier.1, limit: Some(9) });
        assert_eq!((today.day, today.calls), expected);
        assert_eq!(today.limit, Some(9), "the limit is not of a day");
    }

    #[test]
    fn calls_of_the_same_day_are_added() {
        check((0, 0), (7, 40), (7, 40));
        check((7, 2), (7, 40), (7, 42));
        check((8, 2), (7, 40), (8, 2));
    }

    #[test]
    fn the_next_day_begins_at_nothing() {
        let mut today = CallsOfDay { day: 7, calls: 40, limit: Some(9) };
        today.count(8, 1);
        assert_eq!(today, CallsOfDay { day: 8, calls: 1, limit: Some(9) });
    }
}
