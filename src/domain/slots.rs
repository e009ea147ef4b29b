//! Places that enrollments take up for a while: of an inbox's budget, of a rule's limits. An
//! unsettled claim counts whatever its age, a settled one from the latest moment HubSpot may
//! have enrolled (CONSISTENCY.md 6.9 and 6.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claim::{Claim, State};
use super::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// How soon places are looked for again when only open calls stand in the way.
const OPEN_CALLS_MS: u64 = MINUTE_MS;

/// A claim's place: open, or counted from this instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The outcome of its call is open: it counts whatever its age.
    Open,
    /// The latest moment HubSpot may have enrolled.
    Settled(Timestamp),
}

impl Slot {
    /// The place `claim` takes up; `None` once it was released.
    pub fn of(claim: &Claim) -> Option<Self> {
        match &claim.state {
            State::Released { .. } => None,
            State::Confirmed { enrolled_at, .. } => Some(Self::Settled(*enrolled_at)),
            _ => Some(Self::Open),
        }
    }

    /// From when it counts, where it settled.
    pub fn settled(self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Settled(at) => Some(at),
        }
    }
}

/// The places of one inbox or of one rule. Every decision looks at them beside others that change
/// them, so a copy shares what does not change: the settled ones lie in an hour each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    open: u32,
    /// By hours since 1970, each oldest first; none is empty.
    settled: BTreeMap<u64, Arc<Vec<Timestamp>>>,
}

fn hour(at: Timestamp) -> u64 {
    at.unix_ms() / HOUR_MS
}

impl Slots {
    /// One place more.
    pub fn add(&mut self, slot: Slot) {
        match slot {
            Slot::Open => self.open += 1,
            Slot::Settled(at) => {
                let known = Arc::make_mut(self.settled.entry(hour(at)).or_default());
                known.insert(known.partition_point(|it| *it <= at), at);
            }
        }
    }

    /// One place less, which was added before.
    pub fn remove(&mut self, slot: Slot) {
        let Slot::Settled(at) = slot else {
            self.open = self.open.saturating_sub(1);
            return;
        };
        let Some(known) = self.settled.get_mut(&hour(at)) else { return };
        if let Ok(place) = known.binary_search(&at) {
            Arc::make_mut(known).remove(place);
        }
        if known.is_empty() {
            self.settled.remove(&hour(at));
        }
    }

    /// Places taken whose outcome is open.
    pub fn open(&self) -> u32 {
        self.open
    }

    /// The settled ones, oldest first.
    pub fn settled(&self) -> Vec<Timestamp> {
        self.settled.values().flat_map(|known| known.iter().copied()).collect()
    }

    /// Places taken in the `within_ms` milliseconds before `now`.
    pub fn used(&self, within_ms: u64, now: Timestamp) -> u32 {
        // The first hour of which some may count; of later ones all do.
        let first = hour(now.minus_ms(within_ms));
        let count = |known: &Arc<Vec<Timestamp>>| {
            known.len() - known.partition_point(|at| at.plus_ms(within_ms) <= now)
        };
        let settled: usize = self.settled.range(first..).map(|(_, known)| count(known)).sum();
        self.open.saturating_add(u32::try_from(settled).unwrap_or(u32::MAX))
    }

    /// Forgets settled places from before `at`, which nothing counts any more.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.settled = self.settled.split_off(&hour(at));
        if let Some(known) = self.settled.get_mut(&hour(at)) {
            let over = known.partition_point(|since| *since < at);
            Arc::make_mut(known).drain(..over);
            if known.is_empty() {
                self.settled.remove(&hour(at));
            }
        }
    }
}

/// Places used in the `within_ms` milliseconds before `now`. `settled` is oldest first.
pub fn used(open: u32, settled: &[Timestamp], within_ms: u64, now: Timestamp) -> u32 {
    let settled = settled.iter().filter(|at| now < at.plus_ms(within_ms)).count();
    open.saturating_add(u32::try_from(settled).unwrap_or(u32::MAX))
}

/// When there is a place under `max` again; `None` when there is one at `now`, or when only open
/// calls stand in the way.
pub fn next_free(
    (open, settled): (u32, &[Timestamp]),
    max: u32,
    within_ms: u64,
    now: Timestamp,
) -> Option<Timestamp> {
    let excess = used(open, settled, within_ms, now).checked_sub(max)? as usize;
    let mut running = settled.iter().filter(|at| now < at.plus_ms(within_ms));
    running.nth(excess).map(|at| at.plus_ms(within_ms))
}

/// When each of the next `max` places is free: at `now`, or when a settled one has counted for
/// `within_ms`. Nobody knows when an open call ends: its place is looked for last.
pub fn places(
    (open, settled): (u32, &[Timestamp]),
    max: u32,
    within_ms: u64,
    now: Timestamp,
) -> Vec<Timestamp> {
    let taken = used(open, settled, within_ms, now);
    let free = max.saturating_sub(taken) as usize;
    let excess = taken.saturating_sub(max) as usize;
    let running = settled.iter().map(|at| at.plus_ms(within_ms)).filter(|end| now < *end);
    let open_calls = now.plus_ms(OPEN_CALLS_MS);
    let mut places: Vec<Timestamp> =
        std::iter::repeat_n(now, free).chain(running.skip(excess)).take(max as usize).collect();
    let last = places.last().map_or(open_calls, |last| open_calls.max(*last));
    places.resize(max as usize, last);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    #[track_caller]
    fn check(open: u32, ages_ms: &[u64], max: u32, expected: (u32, Option<u64>)) {
        let now = Timestamp::from_unix_ms(100 * HOUR_MS);
        let settled: Vec<_> = ages_ms.iter().map(|age| now.minus_ms(*age)).collect();
        let free = next_free((open, &settled), max, HOUR_MS, now);
        let got = (used(open, &settled, HOUR_MS, now), free.map(|at| at.since_ms(now)));
        assert_eq!(got, expected);
    }

    #[test]
    fn places_are_counted_back_to_the_instant_and_old_ones_are_forgotten() {
        let at = |minutes: u64| Timestamp::from_unix_ms(minutes * MINUTE_MS);
        let mut slots = Slots::default();
        for minutes in [180, 60, 150, 150, 240] {
            slots.add(Slot::Settled(at(minutes)));
        }
        slots.add(Slot::Open);
        slots.remove(Slot::Settled(at(60)));
        slots.remove(Slot::Settled(at(150)));
        slots.remove(Slot::Settled(at(77)));
        assert_eq!((slots.open(), slots.settled()), (1, vec![at(150), at(180), at(240)]));
        let used = |within_minutes: u64| slots.used(within_minutes * MINUTE_MS, at(250));
        assert_eq!(
            [used(10), used(11), used(70), used(71), used(100), used(101)],
            [1, 2, 2, 3, 3, 4]
        );
        let copy = slots.clone();
        slots.forget_before(at(151));
        assert_eq!((slots.open(), slots.settled()), (1, vec![at(180), at(240)]));
        slots.remove(Slot::Open);
        slots.forget_before(at(241));
        assert_eq!(slots, Slots::default());
        assert_eq!(copy.settled().len(), 3, "a copy stays what it was");
    }

    #[test]
    fn each_place_is_free_in_its_turn() {
        let now = Timestamp::from_unix_ms(100 * HOUR_MS);
        let check = |open: u32, ages_ms: &[u64], max: u32, expected: &[u64]| {
            let settled: Vec<_> = ages_ms.iter().map(|age| now.minus_ms(*age)).collect();
            let places = places((open, &settled), max, HOUR_MS, now);
            let places: Vec<u64> = places.iter().map(|at| at.since_ms(now)).collect();
            assert_eq!(places, expected);
        };
        check(0, &[], 2, &[0, 0]);
        check(0, &[HOUR_MS, HOUR_MS - 1], 2, &[0, 1]);
        check(0, &[HOUR_MS - 1, HOUR_MS - 2, HOUR_MS - 3], 2, &[2, 3]);
        check(1, &[HOUR_MS - 1], 2, &[1, OPEN_CALLS_MS]);
        check(1, &[], 1, &[OPEN_CALLS_MS]);
        check(2, &[HOUR_MS - 1], 2, &[OPEN_CALLS_MS, OPEN_CALLS_MS]);
        check(0, &[], 0, &[]);
    }

    #[test]
    fn places_are_free_again_after_their_time_and_open_calls_keep_theirs() {
        check(0, &[], 1, (0, None));
        check(0, &[HOUR_MS, HOUR_MS - 1], 2, (1, None));
        check(0, &[HOUR_MS, HOUR_MS - 1], 1, (1, Some(1)));
        check(0, &[3_000, 2_000, 1_000], 2, (3, Some(HOUR_MS - 2_000)));
        check(1, &[], 1, (1, None));
        check(1, &[1_000], 1, (2, None));
        check(1, &[1_000], 2, (2, Some(HOUR_MS - 1_000)));
    }
}
