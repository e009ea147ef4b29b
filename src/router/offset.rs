//! HubSpot's time. Budgets, evidence and waits are about what happened over there, so the router
//! goes by HubSpot's clock as far as its answers tell it: this machine's may be an hour wrong, or
//! be set while calls are under way (RELIABILITY.md F17).

use std::sync::{Mutex, PoisonError};

use crate::domain::time::{SECOND_MS, Timestamp};
use crate::port::Told;

/// A `Date` names whole seconds and needs a moment on its way: so little is no difference.
const TOLERANCE_MS: i64 = (2 * SECOND_MS).cast_signed();

#[derive(Debug, Default)]
struct State {
    /// The number of the last answer that was heard.
    nth: u64,
    /// Milliseconds that HubSpot's clock is ahead of this machine's.
    ahead_ms: i64,
}

/// How far HubSpot's clock is ahead of this machine's.
#[derive(Debug, Default)]
pub(super) struct Offset(Mutex<State>);

impl Offset {
    /// Takes in what an answer that has just come told; `now` is this machine's time.
    pub(super) fn hear(&self, told: Told, now: Timestamp) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.nth <= state.nth {
            return;
        }
        state.nth = told.nth;
        let ahead_ms = told.at.unix_ms().cast_signed() - now.unix_ms().cast_signed();
        if TOLERANCE_MS < (ahead_ms - state.ahead_ms).abs() {
            state.ahead_ms = if ahead_ms.abs() <= TOLERANCE_MS { 0 } else { ahead_ms };
        }
    }

    /// HubSpot's time when this machine's is `now`.
    pub(super) fn apply(&self, now: Timestamp) -> Timestamp {
        let ahead_ms = self.0.lock().unwrap_or_else(PoisonError::into_inner).ahead_ms;
        Timestamp::from_unix_ms(now.unix_ms().saturating_add_signed(ahead_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    #[track_caller]
    fn check(heard: &[(u64, i64)], expected: i64) {
        let now = Timestamp::from_unix_ms(100 * HOUR_MS);
        let offset = Offset::default();
        for (nth, ahead_ms) in heard {
            let at = Timestamp::from_unix_ms(now.unix_ms().saturating_add_signed(*ahead_ms));
            offset.hear(Told { at, nth: *nth }, now);
        }
        let found = offset.apply(now).unix_ms().cast_signed() - now.unix_ms().cast_signed();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_second_is_no_difference_and_an_hour_is() {
        check(&[], 0);
        check(&[(1, 1_900), (2, -1_900)], 0);
        check(&[(1, 3_600_000)], 3_600_000);
        check(&[(1, 3_600_000), (2, 3_598_500)], 3_600_000);
    }

    #[test]
    fn a_clock_that_is_right_again_is_believed_again() {
        check(&[(1, -3_600_000), (2, -700)], 0);
    }

    #[test]
    fn an_answer_is_heard_once() {
        check(&[(2, 3_600_000), (2, 0), (1, 0)], 3_600_000);
    }
}
