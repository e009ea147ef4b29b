//! When it is somebody's turn at an inbox, worked out without going through those before them.

use super::{BUDGET_MS, InboxUse};
use crate::domain::slots;
use crate::domain::time::Timestamp;

impl InboxUse {
    /// When there is a place for whoever has `ahead` others before them: each of those takes the
    /// first that is free, keeps it for 24 hours, and the next keeps the pace. The places of
    /// open calls, and of a budget of 0, are a guess.
    pub fn place(&self, (budget, pace_ms): (u32, u64), ahead: usize, now: Timestamp) -> Timestamp {
        let from = self.full_until.map_or(now, |until| until.max(now));
        let mut next = self.last.map_or(from, |last| from.max(last.plus_ms(pace_ms)));
        let mut first = slots::places((self.open, &self.settled), budget, BUDGET_MS, now);
        let Some(in_last_turn) = first.len().checked_sub(1) else {
            return steps(next.max(now.plus_ms(BUDGET_MS)), ahead, pace_ms);
        };
        // Those who find the first free place at each slot of the budget.
        for place in &mut first {
            *place = next.max(*place);
            next = place.plus_ms(pace_ms);
        }
        let (round, turn) = (ahead / first.len(), ahead % first.len());
        let last = first[in_last_turn];
        let Some(before) = round.checked_sub(1) else { return first[turn] };
        // Later ones take the places of the first again, a day later each time. The pace may hold
        // them back: since the end of the first round all along, or since that of the last one.
        // Anything between is less late than one of these two, because what a round adds, a day
        // or its length at that pace, is the same for each.
        let again = steps(first[turn], round, BUDGET_MS);
        let all_along = steps(last, ahead - in_last_turn, pace_ms);
        let since_last = steps(steps(last, before, BUDGET_MS), turn + 1, pace_ms);
        again.max(all_along).max(since_last)
    }
}

/// `count` times `each_ms` after `at`.
fn steps(at: Timestamp, count: usize, each_ms: u64) -> Timestamp {
    at.plus_ms(each_ms.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

    const NOW: Timestamp = Timestamp::from_unix_ms(1_795_532_400_000);

    /// The same, turn by turn.
    fn slowly(
        inbox: &InboxUse,
        (budget, pace_ms): (u32, u64),
        ahead: usize,
        now: Timestamp,
    ) -> Timestamp {
        let free = slots::places((inbox.open, &inbox.settled), budget, BUDGET_MS, now);
        let from = inbox.full_until.map_or(now, |until| until.max(now));
        let mut last = inbox.last;
        let mut places: Vec<Timestamp> = Vec::with_capacity(ahead + 1);
        for turn in 0..=ahead {
            let again = || places[turn - free.len()].plus_ms(BUDGET_MS);
            let by_budget = match free.get(turn) {
                Some(at) => *at,
                None if free.is_empty() => now.plus_ms(BUDGET_MS),
                None => again(),
            };
            let by_pace = last.map_or(now, |last| last.plus_ms(pace_ms));
            let place = from.max(by_budget).max(by_pace);
            last = Some(place);
            places.push(place);
        }
        places.last().copied().unwrap_or(now)
    }

    fn pace() -> impl Strategy<Value = u64> {
        prop_oneof![
            Just(0),
            Just(1),
            1..2 * HOUR_MS,
            // Around the pace that fills a day with the budget.
            (1..8_u64).prop_map(|budget| BUDGET_MS / budget),
            (1..8_u64).prop_map(|budget| BUDGET_MS / budget + MINUTE_MS),
            1..30 * HOUR_MS,
        ]
    }

    fn inbox() -> impl Strategy<Value = InboxUse> {
        let ages = prop::collection::vec(0..26 * HOUR_MS, 0..9);
        let last = prop::option::of(0..40 * HOUR_MS);
        let full = prop::option::of(0..30 * HOUR_MS);
        (0..4_u32, ages, last, full).prop_map(|(open, mut ages, last, full)| {
            ages.sort_unstable_by(|a, b| b.cmp(a));
            InboxUse {
                open,
                settled: Arc::new(ages.iter().map(|age| NOW.minus_ms(*age)).collect()),
                last: last.map(|ago| NOW.minus_ms(ago)),
                full_until: full.map(|ahead| NOW.minus_ms(2 * HOUR_MS).plus_ms(ahead)),
                paused: None,
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn a_turn_is_worked_out_as_if_each_before_it_had_taken_theirs(
            inbox in inbox(), budget in 0..8_u32, pace_ms in pace(), ahead in 0..80_usize,
        ) {
            let limits = (budget, pace_ms);
            prop_assert_eq!(inbox.place(limits, ahead, NOW), slowly(&inbox, limits, ahead, NOW));
        }
    }

    #[test]
    fn a_million_before_somebody_cost_no_more_than_one() {
        let inbox = InboxUse::default();
        let days = |ahead: usize, limits| inbox.place(limits, ahead, NOW).since_ms(NOW) / DAY_MS;
        assert_eq!(
            days(1_000_000, (25, 0)),
            40_004,
            "a place comes back after a day and ten seconds"
        );
        assert_eq!(days(1_000_000, (25, HOUR_MS)), 41_666, "an hour apart, 24 a day");
        assert_eq!(days(1_000_000, (0, HOUR_MS)), 41_667);
    }
}
