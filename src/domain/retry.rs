//! When to try again: one place only. Exponential with full jitter, so that many who wait do
//! not come back together; the seed comes from outside, so a decision can be replayed.

use super::time::{MINUTE_MS, SECOND_MS};

/// The longest wait between two tries.
const DELAY_MS_MAX: u64 = 15 * MINUTE_MS;
/// The shortest.
const DELAY_MS_MIN: u64 = SECOND_MS;

/// How long to wait before try number `attempt` (the first retry is 1): between half and all of
/// 1, 2, 4 … seconds, at most 15 minutes.
pub fn delay_ms(attempt: u32, seed: u64) -> u64 {
    let doubled = DELAY_MS_MIN << attempt.saturating_sub(1).min(20);
    let longest = doubled.min(DELAY_MS_MAX);
    longest / 2 + scramble(seed.wrapping_add(u64::from(attempt))) % (longest / 2 + 1)
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
            [(1, 1_000), (2, 2_000), (5, 16_000), (11, 900_000), (99, 900_000)]
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
}
