//! Our share of the account's daily quota: other integrations need the rest (`daily_share`).

use std::sync::{Mutex, PoisonError};

/// Calls made on one day of the account's zone.
#[derive(Clone, Copy, Debug, Default)]
struct Today {
    day: u64,
    calls: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Share {
    percent: u32,
    today: Mutex<Today>,
}

impl Share {
    pub(super) fn new(percent: u32) -> Self {
        Self { percent, today: Mutex::default() }
    }

    /// Counts calls on a day; a new day begins at nothing.
    pub(super) fn count(&self, day: u64, calls: u64) {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today { day, calls: 0 };
        }
        today.calls += calls;
    }

    /// Whether our share of `limit` calls a day is used up. Without a known limit it never is.
    pub(super) fn is_spent(&self, day: u64, limit: Option<u64>) -> bool {
        let today = *self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let share = limit.map(|limit| limit.saturating_mul(u64::from(self.percent)) / 100);
        today.day == day && share.is_some_and(|share| share <= today.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_used_up_and_comes_back_with_the_day() {
        let share = Share::new(50);
        share.count(1, 4);
        assert!(!share.is_spent(1, Some(10)));
        share.count(1, 1);
        assert!(share.is_spent(1, Some(10)));
        assert!(!share.is_spent(1, None), "the limit is not known");
        assert!(!share.is_spent(2, Some(10)), "another day");
        share.count(2, 1);
        assert!(!share.is_spent(2, Some(10)));
    }
}
