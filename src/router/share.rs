//! Our share of the account's daily quota: other integrations need the rest (`daily_share`). Of
//! the share itself the last part is kept for what cannot wait: taking people out, deciding whether
//! to, and calls whose outcome nobody knows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Router;
use super::pace::Urgency;
use crate::domain::calls::CallsOfDay;
use crate::domain::civil::{end_of, local};
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger};

/// Of our share, in percent, what enrollments and reads leave to more urgent calls.
const URGENT_PERCENT: u64 = 5;

/// See the module.
#[derive(Debug)]
pub(super) struct Share {
    percent: u32,
    today: Mutex<CallsOfDay>,
}

impl Share {
    pub(super) fn new(percent: u32) -> Self {
        Self { percent, today: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, CallsOfDay> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts calls on a day; a new day begins at nothing.
    pub(super) fn count(&self, day: u64, calls: u64) {
        self.lock().count(day, calls);
    }

    /// Takes back calls that were counted and not made.
    pub(super) fn give_back(&self, day: u64, calls: u64) {
        let mut today = self.lock();
        if today.day == day {
            today.calls = today.calls.saturating_sub(calls);
        }
    }

    /// Whether our share of `limit` calls a day is used up for calls of this kind. Where HubSpot has
    /// not told the limit yet the last one that it told counts; without one it never is.
    pub(super) fn is_spent(&self, day: u64, limit: Option<u64>, urgency: Urgency) -> bool {
        let mut today = self.lock();
        today.limit = limit.or(today.limit);
        let (today, limit) = (*today, today.limit);
        let kept = if urgency <= Urgency::Doubt { 0 } else { URGENT_PERCENT };
        let percent = u64::from(self.percent) * (100 - kept);
        let share = limit.map(|limit| limit.saturating_mul(percent) / 10_000);
        today.day == day && share.is_some_and(|share| share <= today.calls)
    }
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Waits until `calls` calls may be made now, and counts them.
    pub(super) async fn ask(&self, urgency: Urgency, calls: usize) {
        self.pace.take(urgency, calls).await;
        let now = self.now();
        self.share.count(day(now, &self.rules.load()), calls as u64);
        self.retries.lock().unwrap_or_else(PoisonError::into_inner).count(now, calls as u64);
    }

    /// One call that was counted is not made.
    pub(super) fn spare(&self) {
        self.pace.give_back(1);
        self.share.give_back(day(self.now(), &self.rules.load()), 1);
    }

    /// The calls of this day so far, for [`Self::remember_calls`] of the next start.
    pub fn calls_of_day(&self) -> CallsOfDay {
        let told = self.hubspot.daily_quota().and_then(|quota| quota.limit);
        let today = *self.share.lock();
        CallsOfDay { limit: told.or(today.limit), ..today }
    }

    /// Counts the calls that an earlier start made on the same day.
    pub fn remember_calls(&self, earlier: CallsOfDay) {
        self.share.lock().remember(earlier);
    }

    /// Milliseconds until the account's midnight, where our share of the day is used up for calls
    /// of this kind.
    pub(super) fn parked_ms(&self, urgency: Urgency) -> Option<u64> {
        let (now, rules) = (self.now(), self.rules.load());
        let limit = self.hubspot.daily_quota().and_then(|quota| quota.limit);
        let is_spent = self.share.is_spent(day(now, &rules), limit, urgency);
        is_spent.then(|| until_midnight_ms(now, &rules))
    }
}

/// The day in the account's zone, as a number that differs from day to day.
fn day(now: Timestamp, rules: &RuleSet) -> u64 {
    let date = local(now, &rules.portal.zone).date();
    let (year, day) =
        (u64::from(date.year().unsigned_abs()), u64::from(date.day_of_year().unsigned_abs()));
    year * 1_000 + day
}

/// Milliseconds until the account's next midnight, when daily counters start again.
pub(super) fn until_midnight_ms(now: Timestamp, rules: &RuleSet) -> u64 {
    let today = local(now, &rules.portal.zone).date();
    end_of(today, &rules.portal.zone).since_ms(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(calls: u64, limit: Option<u64>, day: u64, urgency: Urgency, expected: bool) {
        let share = Share::new(50);
        share.count(1, calls);
        assert_eq!(share.is_spent(day, limit, urgency), expected, "{calls} of {limit:?}");
    }

    #[test]
    fn the_share_is_used_up_and_comes_back_with_the_day() {
        use Urgency::{Doubt, Enroll, Leave, Read};
        for urgency in [Leave, Doubt] {
            check(499, Some(1_000), 1, urgency, false);
            check(500, Some(1_000), 1, urgency, true);
        }
        for urgency in [Enroll, Read] {
            check(474, Some(1_000), 1, urgency, false);
            check(475, Some(1_000), 1, urgency, true);
            check(475, None, 1, urgency, false);
            check(475, Some(1_000), 2, urgency, false);
        }
    }

    #[test]
    fn a_new_day_begins_at_nothing() {
        let share = Share::new(50);
        share.count(1, 500);
        share.count(2, 1);
        assert!(!share.is_spent(2, Some(1_000), Urgency::Enroll));
        share.count(2, 500);
        share.give_back(2, 400);
        assert!(!share.is_spent(2, Some(1_000), Urgency::Enroll), "calls that were not made");
    }
}
