//! When to try again: one place only. Exponential with full jitter, so that many who wait do
//! not come back together; the seed comes from outside, so a decision can be replayed.

use std::collections::BTreeMap;

use super::time::{MINUTE_MS, SECOND_MS, Timestamp};

/// The longest wait between two tries.
const DELAY_MS_MAX: u64 = 15 * MINUTE_MS;
/// The shortest.
const DELAY_MS_MIN: u64 = SECOND_MS;

/// How long to wait before try number `attempt` (the first retry is 1): between half and all of
/// 1, 4, 16 … seconds, at most 15 minutes.
pub fn delay_ms(attempt: u32, seed: u64) -> u64 {
    let grown = DELAY_MS_MIN << (2 * attempt.saturating_sub(1).min(10));
    let longest = grown.min(DELAY_MS_MAX);
    longest / 2 + scramble(seed.wrapping_add(u64::from(attempt))) % (longest / 2 + 1)
}

/// The share of all calls that may be retries, in percent.
const SHARE_PERCENT: u64 = 10;
/// Calls of retries that are always allowed in a minute; what is urgent may make as many again, or
/// one doubt would wait for minutes where nothing else happens.
const RETRIES_MIN: u64 = 6;

/// Something to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How long it would wait by its backoff, in milliseconds.
    pub delay_ms: u64,
    /// How many calls it makes.
    pub calls: u64,
    /// It takes somebody out, or finds out what a call did: it is never put off for longer than the
    /// longest backoff, and goes where most room is.
    pub urgent: bool,
}

/// The retry budget: of the calls of a minute at most a tenth are retries. Whatever is beyond
/// waits longer, in a minute that has room; nothing is dropped.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// Calls by minute since 1970: this one and the one before.
    calls: BTreeMap<u64, u64>,
    /// Retries promised, by minute.
    retries: BTreeMap<u64, u64>,
}

impl Budget {
    /// So many calls are made at `now`.
    pub fn count(&mut self, now: Timestamp, calls: u64) {
        let minute = now.unix_ms() / MINUTE_MS;
        *self.calls.entry(minute).or_default() += calls;
        self.calls = self.calls.split_off(&minute.saturating_sub(1));
    }

    /// How long it waits, in milliseconds: by its backoff, or until a minute has room for it; `seed`
    /// spreads those that are put off over their minute.
    pub fn place(&mut self, now: Timestamp, retry: Retry, seed: u64) -> u64 {
        let Retry { delay_ms, calls: needed, urgent } = retry;
        let this = now.unix_ms() / MINUTE_MS;
        self.retries = self.retries.split_off(&this);
        // The busier of this minute, which is not over, and the one before.
        let calls = self.calls.range(this.saturating_sub(1)..).map(|(_, calls)| *calls).max();
        let least = if urgent { 2 * RETRIES_MIN } else { RETRIES_MIN };
        let allowed = (calls.unwrap_or(0) * SHARE_PERCENT / 100).max(least);
        let wanted = now.plus_ms(delay_ms).unix_ms() / MINUTE_MS;
        let needed = needed.min(RETRIES_MIN);
        let used = |minute: u64| self.retries.get(&minute).copied().unwrap_or(0);
        let latest = now.plus_ms(delay_ms.max(DELAY_MS_MAX)).unix_ms() / MINUTE_MS;
        let mut minute = wanted;
        // Each full one is an entry, so this ends after the last of them.
        while allowed < used(minute) + needed {
            minute += 1;
        }
        if urgent && latest < minute {
            minute = (wanted..=latest).min_by_key(|minute| used(*minute)).unwrap_or(wanted);
        }
        *self.retries.entry(minute).or_default() += needed;
        if minute == wanted {
            return delay_ms;
        }
        let at = minute * MINUTE_MS + scramble(seed) % MINUTE_MS;
        Timestamp::from_unix_ms(at).since_ms(now)
    }
}

/// When to read a claim in doubt back the next time, after `checks` reads: growing from
/// `first_ms`, never more than a quarter of the whole time given to it.
pub fn check_delay_ms(checks: u32, first_ms: u64, whole_ms: u64) -> u64 {
    let grown = first_ms.saturating_mul(1 << checks.min(16));
    grown.min((whole_ms / 4).max(first_ms)).max(1)
}

/// splitmix64: spreads neighboring seeds.
pub(in crate::domain) fn scramble(seed: u64) -> u64 {
    let mut word = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_hour_and_differ_by_seed() {
        for (attempt, longest) in
            [(1, 1_000), (2, 4_000), (5, 256_000), (6, 900_000), (99, 900_000)]
        {
            for seed in 0..50 {
                let delay = delay_ms(attempt, seed);
                assert!(longest / 2 <= delay && delay <= longest, "{attempt} {seed}: {delay}");
            }
        }
        assert_ne!(delay_ms(5, 1), delay_ms(5, 2));
    }

    #[test]
    fn reading_back_slows_down_and_stays_inside_its_time() {
        let delays: Vec<_> = (0..8).map(|n| check_delay_ms(n, 5_000, 900_000)).collect();
        assert_eq!(delays, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 225_000, 225_000]);
        assert_eq!(check_delay_ms(3, 50, 100), 50);
    }

    fn read(delay_ms: u64) -> Retry {
        Retry { delay_ms, calls: 1, urgent: false }
    }

    #[test]
    fn of_a_minutes_calls_a_tenth_are_retries_and_the_rest_wait_longer() {
        let mut budget = Budget::default();
        let start = Timestamp::from_unix_ms(1_000 * MINUTE_MS);
        let mut made: BTreeMap<u64, u64> = BTreeMap::new();
        // Nine calls in ten seconds for ten minutes; every third fails and wants a retry soon.
        let per_minute = 54;
        for number in 0..10 * per_minute {
            let now = start.plus_ms(number * MINUTE_MS / per_minute);
            budget.count(now, 1);
            if number % 3 == 0 {
                let delay = budget.place(now, read(1_000), number);
                assert!(1_000 <= delay, "it never comes earlier");
                *made.entry(now.plus_ms(delay).unix_ms() / MINUTE_MS).or_default() += 1;
            }
        }
        assert_eq!(made.values().sum::<u64>(), 180, "none is dropped");
        assert!(made.values().all(|retries| *retries <= RETRIES_MIN), "{made:?}");
    }

    #[test]
    fn a_busy_router_may_retry_more() {
        let mut budget = Budget::default();
        let now = Timestamp::from_unix_ms(1_000 * MINUTE_MS);
        budget.count(now, 540);
        let soon = (0..100).filter(|seed| budget.place(now, read(1_000), *seed) == 1_000).count();
        assert_eq!(soon, 54);
    }

    #[test]
    fn an_enrollment_is_two_calls_and_what_is_urgent_waits_no_longer_than_a_backoff() {
        let mut budget = Budget::default();
        let now = Timestamp::from_unix_ms(1_000 * MINUTE_MS);
        let enroll = Retry { calls: 2, ..read(1_000) };
        let minutes = |delay: u64| now.plus_ms(delay).unix_ms() / MINUTE_MS - 1_000;
        let waits: Vec<u64> =
            (0..60).map(|seed| minutes(budget.place(now, enroll, seed))).collect();
        let expected: Vec<u64> = (0..60).map(|number| number / 3).collect();
        assert_eq!(waits, expected, "three in each minute");
        let urgent = Retry { urgent: true, ..enroll };
        assert_eq!(budget.place(now, urgent, 1), 1_000, "no minute of the next fifteen has room");
        let late = Retry { delay_ms: 19 * MINUTE_MS, ..urgent };
        assert_eq!(budget.place(now, late, 1), 19 * MINUTE_MS);
        let mut free = Budget::default();
        let waits: Vec<u64> = (0..7).map(|seed| minutes(free.place(now, urgent, seed))).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 1], "twelve calls, and the next minute has room");
    }
}
