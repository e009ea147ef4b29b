//! The backlog: deliveries that are on disk and that the intake has not taken yet. It costs disk
//! and time, and both are bounded: beyond, deliveries are refused and HubSpot comes again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::{HOUR_MS, SECOND_MS, Timestamp};

/// How much may wait for the intake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deliveries.
    pub deliveries: u64,
    /// Bytes of their bodies (`[server] backlog_limit`). What an earlier run left counts by its
    /// number and not by its bytes: that run had bounded them.
    pub bytes: u64,
    /// Milliseconds since the oldest was received (`[server] backlog_age`).
    pub age_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deliveries: 1_000_000, bytes: 1 << 30, age_ms: HOUR_MS }
    }
}

/// Deliveries of about one second.
#[derive(Clone, Copy, Debug)]
struct Group {
    last: u64,
    bytes: u64,
    since: Timestamp,
}

#[derive(Debug)]
struct State {
    limits: Limits,
    /// Kept by this run and not taken, oldest first.
    groups: VecDeque<Group>,
    bytes: u64,
    kept: u64,
    taken: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Backlog(Mutex<State>);

impl Backlog {
    /// Nothing of this run yet; `kept` is the last number on disk.
    pub(super) fn new(kept: u64) -> Self {
        let limits = Limits::default();
        let state = State { limits, groups: VecDeque::new(), bytes: 0, kept, taken: kept };
        Self(Mutex::new(state))
    }

    pub(super) fn limit(&self, limits: Limits) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).limits = limits;
    }

    /// A group is on disk: up to the delivery `last`, received since `since`.
    pub(super) fn keep(&self, last: u64, bytes: u64, since: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.kept = last;
        state.bytes += bytes;
        match state.groups.back_mut() {
            Some(group) if since.since_ms(group.since) < SECOND_MS => {
                group.last = last;
                group.bytes += bytes;
            }
            _ => state.groups.push_back(Group { last, bytes, since }),
        }
    }

    /// The intake is done with everything up to `taken`; what an earlier run left counts from the
    /// first time on.
    pub(super) fn take(&self, taken: u64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken = taken;
        while let Some(group) = state.groups.pop_front_if(|group| group.last <= taken) {
            state.bytes -= group.bytes;
        }
    }

    /// Why no more may come at `now`, as a sentence; `None` while there is room.
    pub(super) fn obstacle(&self, now: Timestamp) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let deliveries = state.kept.saturating_sub(state.taken);
        let age_ms = state.groups.front().map_or(0, |group| now.since_ms(group.since));
        if state.limits.deliveries <= deliveries {
            Some(format!("{deliveries} deliveries wait to be taken"))
        } else if state.limits.bytes <= state.bytes {
            Some(format!("{} MiB of deliveries wait to be taken", state.bytes >> 20))
        } else if state.limits.age_ms <= age_ms {
            Some(format!("the oldest delivery has waited {} s to be taken", age_ms / SECOND_MS))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the way of a backlog of groups (last number, bytes, second of receipt)
    /// once the intake took so much, at second 100. Five were on disk before.
    #[track_caller]
    fn check(groups: &[(u64, u64, u64)], taken: u64, expected: Option<&str>) {
        let at = |second: u64| Timestamp::from_unix_ms(second * SECOND_MS);
        let backlog = Backlog::new(5);
        backlog.limit(Limits { deliveries: 20, bytes: 4 << 20, age_ms: 30 * SECOND_MS });
        for (last, bytes, second) in groups {
            backlog.keep(*last, *bytes, at(*second));
        }
        backlog.take(taken);
        assert_eq!(backlog.obstacle(at(100)).as_deref(), expected);
    }

    #[test]
    fn it_is_bounded_by_count_bytes_and_age() {
        check(&[], 5, None);
        check(&[(24, 10, 99)], 5, None);
        check(&[(25, 10, 99)], 5, Some("20 deliveries wait to be taken"));
        check(
            &[(10, 3 << 20, 90), (11, 1 << 20, 99)],
            5,
            Some("4 MiB of deliveries wait to be taken"),
        );
        check(&[(10, 3 << 20, 90), (11, 1 << 20, 99)], 10, None);
        check(&[(6, 1, 71)], 5, None);
        check(&[(6, 1, 70)], 5, Some("the oldest delivery has waited 30 s to be taken"));
        check(&[(6, 1, 70), (7, 1, 80)], 6, None);
    }

    #[test]
    fn what_an_earlier_run_left_counts_by_its_number() {
        check(&[], 0, None);
        check(&[(20, 10, 99)], 0, Some("20 deliveries wait to be taken"));
    }
}
