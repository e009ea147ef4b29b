//! HubSpot's time. Budgets, evidence and waits are about what happened over there, so the router
//! goes by HubSpot's clock as far as its answers tell it (RELIABILITY.md F17). Between two answers
//! a clock counts that nobody can set: this machine's wall clock may be an hour wrong, and may be
//! set between a decision and its call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::time::{SECOND_MS, Timestamp};
use crate::port::Told;

/// A `Date` names whole seconds and needs a moment on its way: so little is no difference.
const TOLERANCE_MS: u64 = 2 * SECOND_MS;

/// What this machine's clocks show at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The wall clock.
    pub(super) wall: Timestamp,
    /// The one that nobody sets.
    pub(super) steady: Duration,
}

/// A moment of which HubSpot's time is known.
#[derive(Clone, Copy, Debug)]
struct Known {
    at: Timestamp,
    steady: Duration,
}

impl Known {
    fn later(self, steady: Duration) -> Timestamp {
        let ms = steady.saturating_sub(self.steady).as_millis();
        self.at.plus_ms(u64::try_from(ms).unwrap_or(u64::MAX))
    }
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last answer that was heard.
    nth: u64,
    known: Option<Known>,
}

/// What HubSpot's answers have told of its clock.
#[derive(Debug, Default)]
pub(super) struct Offset(Mutex<State>);

impl Offset {
    /// Takes in what an answer told that has just come, `took` after it was asked for: it may have
    /// been written at any moment since.
    pub(super) fn hear(&self, told: Told, took: Duration, ours: Reading) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.nth <= state.nth {
            return;
        }
        state.nth = told.nth;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let is_near = |at: Timestamp| {
            told.at.since_ms(at) <= TOLERANCE_MS
                && at.since_ms(told.at) <= TOLERANCE_MS.saturating_add(took_ms)
        };
        if state.known.is_some_and(|known| is_near(known.later(ours.steady))) {
            return;
        }
        // A wall clock that is right tells the time better than whole seconds do.
        let is_right = ours.wall.since_ms(told.at).max(told.at.since_ms(ours.wall)) <= TOLERANCE_MS;
        let at = if is_right { ours.wall } else { told.at };
        state.known = Some(Known { at, steady: ours.steady });
    }

    /// HubSpot's time; before the first answer the wall clock's.
    pub(super) fn apply(&self, ours: Reading) -> Timestamp {
        self.told(ours).unwrap_or(ours.wall)
    }

    /// HubSpot's time; `None` before the first answer.
    pub(super) fn told(&self, ours: Reading) -> Option<Timestamp> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).known;
        known.map(|known| known.later(ours.steady))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    const BEGIN: u64 = 100 * HOUR_MS;

    /// How far HubSpot's time is from the true one, in milliseconds, when the wall clock is
    /// `wrong_by` in the end. What was heard: the true second, how far the wall clock was from it
    /// and how far the answer.
    #[track_caller]
    fn check(heard: &[(u64, i64, i64)], (second, wrong_by): (u64, i64), expected: i64) {
        let off = |second: u64, by: i64| {
            Timestamp::from_unix_ms((BEGIN + second * SECOND_MS).saturating_add_signed(by))
        };
        let ours = |second, by| Reading {
            wall: off(second, by),
            steady: Duration::from_secs(5_000 + second),
        };
        let offset = Offset::default();
        for (nth, (second, wrong_by, told_by)) in (1..).zip(heard) {
            let told = Told { at: off(*second, *told_by), nth };
            offset.hear(told, Duration::ZERO, ours(*second, *wrong_by));
        }
        let found = offset.apply(ours(second, wrong_by)).unix_ms().cast_signed();
        assert_eq!(found - off(second, 0).unix_ms().cast_signed(), expected);
    }

    #[test]
    fn before_the_first_answer_there_is_only_the_wall_clock() {
        check(&[], (0, 0), 0);
        check(&[], (9, -3_600_000), -3_600_000);
    }

    #[test]
    fn a_second_is_no_difference_and_an_hour_is() {
        check(&[(0, 0, 1_900), (1, 0, -1_900)], (2, 0), 0);
        check(&[(0, 3_600_000, 0)], (2, 3_600_000), 0);
        check(&[(0, -3_600_000, 300), (4, -3_600_000, -900)], (5, -3_600_000), 300);
    }

    #[test]
    fn a_wall_clock_that_is_set_between_two_answers_changes_nothing() {
        for wrong_by in [-90_000_000, -3_600_000, 0, 3_600_000, 90_000_000] {
            check(&[(0, 0, 0)], (30, wrong_by), 0);
            check(&[(0, 3_600_000, 0)], (30, wrong_by), 0);
        }
    }

    #[test]
    fn a_machine_that_lost_time_hears_of_it() {
        let offset = Offset::default();
        let at = |second| Timestamp::from_unix_ms(BEGIN + second * SECOND_MS);
        let ours =
            |second, steady| Reading { wall: at(second), steady: Duration::from_secs(steady) };
        offset.hear(Told { at: at(0), nth: 1 }, Duration::ZERO, ours(0, 10));
        offset.hear(Told { at: at(3_600), nth: 2 }, Duration::ZERO, ours(9, 11));
        assert_eq!(offset.apply(ours(9, 12)), at(3_601));
    }

    #[test]
    fn only_an_answer_tells_hubspots_time() {
        let ours =
            Reading { wall: Timestamp::from_unix_ms(9 * BEGIN), steady: Duration::from_secs(7) };
        let offset = Offset::default();
        assert_eq!(offset.told(ours), None, "the wall clock alone may be days ahead");
        let at = Timestamp::from_unix_ms(BEGIN);
        offset.hear(Told { at, nth: 1 }, Duration::ZERO, ours);
        assert_eq!(offset.told(ours), Some(at));
    }

    #[test]
    fn a_slow_answer_tells_of_its_beginning() {
        let offset = Offset::default();
        let at = |second| Timestamp::from_unix_ms(BEGIN + second * SECOND_MS);
        let ours = |second| Reading { wall: at(second), steady: Duration::from_secs(second) };
        offset.hear(Told { at: at(0), nth: 1 }, Duration::ZERO, ours(0));
        offset.hear(Told { at: at(20), nth: 2 }, Duration::from_secs(14), ours(34));
        assert_eq!(offset.apply(ours(40)), at(40));
    }

    #[test]
    fn an_answer_is_heard_once() {
        let offset = Offset::default();
        let at = |second| Timestamp::from_unix_ms(BEGIN + second * SECOND_MS);
        let ours = Reading { wall: at(0), steady: Duration::ZERO };
        offset.hear(Told { at: at(3_600), nth: 2 }, Duration::ZERO, ours);
        offset.hear(Told { at: at(0), nth: 2 }, Duration::ZERO, ours);
        offset.hear(Told { at: at(0), nth: 1 }, Duration::ZERO, ours);
        assert_eq!(offset.apply(ours), at(3_600));
    }
}
