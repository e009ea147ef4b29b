//! When what failed is tried again: by its backoff, where the retry budget has room for it
//! (RELIABILITY.md F6). What HubSpot itself asks to wait for is waited for, and no more.

use std::sync::PoisonError;

use super::Router;
use crate::domain::leaving;
use crate::domain::outcome::{Observation, Outcome};
use crate::domain::retry::{self, Retry};
use crate::domain::settle::{self, Case};
use crate::port::{Clock, HubSpot, Ledger};

/// An enrollment that did nothing is decided anew: a read and a call.
const ENROLL_CALLS: u64 = 2;
/// A claim in doubt, or a leaving, is looked at on both sides.
const LOOK_CALLS: u64 = 2;

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Milliseconds until this retry.
    pub(super) fn placed_ms(&self, retry: Retry, seed: u64) -> u64 {
        let now = self.now();
        let mut retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        retries.place(now, retry, seed.wrapping_add(now.unix_ms()))
    }

    /// The outcome of an enroll call, with the time of the retry where it is tried again.
    pub(super) fn retried(&self, outcome: Outcome, case: &Case) -> Outcome {
        let Outcome::RetryAfter { why, delay_ms: None } = outcome else { return outcome };
        let attempts = case.item.as_ref().map_or(1, |item| item.attempts + 1);
        let delay_ms = retry::delay_ms(attempts, case.seed);
        let retry = Retry { delay_ms, calls: ENROLL_CALLS, urgent: false };
        Outcome::RetryAfter { why, delay_ms: Some(self.placed_ms(retry, case.seed)) }
    }

    /// What a read-back showed, with the time of the next one where HubSpot could not be asked.
    pub(super) fn looked_again(&self, observation: Observation, case: &Case) -> Observation {
        let Observation::NotNow { why, delay_ms: None } = observation else { return observation };
        let delay_ms = settle::unasked_ms(case);
        let retry = Retry { delay_ms, calls: LOOK_CALLS, urgent: true };
        Observation::NotNow { why, delay_ms: Some(self.placed_ms(retry, case.seed)) }
    }

    /// Milliseconds until a leaving is gone on with that HubSpot did not answer.
    pub(super) fn left_again_ms(&self, case: &leaving::Case<'_>) -> u64 {
        let delay_ms = leaving::next_try_ms(case);
        let retry = Retry { delay_ms, calls: LOOK_CALLS, urgent: true };
        self.placed_ms(retry, case.person.contact.0)
    }

    /// The outcome of a call of a leaving, for everybody else too, with the time of the retry where
    /// it is tried again.
    pub(super) fn left(&self, outcome: Outcome, case: &leaving::Case<'_>) -> Outcome {
        match self.heed(case.rules, &case.leaving.target, outcome) {
            Outcome::RetryAfter { why, delay_ms: None } => {
                Outcome::RetryAfter { why, delay_ms: Some(self.left_again_ms(case)) }
            }
            other => other,
        }
    }
}
