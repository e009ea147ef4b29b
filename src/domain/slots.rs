//! Places that enrollments take up for a while: of an inbox's budget, of a rule's limits. An
//! unsettled claim counts whatever its age, a settled one from the latest moment HubSpot may
//! have enrolled (CONSISTENCY.md 6.9 and 6.10).

use super::claim::{Claim, State};
use super::id::ClaimId;
use super::line::Line;
use super::time::{MINUTE_MS, Timestamp};

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

/// The places of one inbox or of one rule, by claim. What counts is found without looking at
/// what is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    by_claim: Line<ClaimId, Slot>,
    /// The settled ones once more, oldest first: their places in it count them.
    settled: Line<(Timestamp, ClaimId), ()>,
}

impl Slots {
    /// Takes in how a claim stands now.
    pub fn claim(&mut self, claim: &Claim) {
        self.replace(&claim.id, Slot::of(claim));
    }

    /// Takes in the place of one claim; `None`: it takes up none any more.
    pub fn replace(&mut self, claim: &ClaimId, slot: Option<Slot>) {
        match slot {
            Some(slot) => self.set(claim.clone(), slot),
            None => self.clear(claim),
        }
    }

    /// Takes in one place as it is stored.
    pub fn set(&mut self, claim: ClaimId, slot: Slot) {
        self.clear(&claim);
        if let Slot::Settled(at) = slot {
            self.settled.insert((at, claim.clone()), ());
        }
        self.by_claim.insert(claim, slot);
    }

    fn clear(&mut self, claim: &ClaimId) {
        if let Some(Slot::Settled(at)) = self.by_claim.remove(claim) {
            self.settled.remove(&(at, claim.clone()));
        }
    }

    /// Places taken whose outcome is open.
    pub fn open(&self) -> u32 {
        let open = self.by_claim.len() - self.settled.len();
        u32::try_from(open).unwrap_or(u32::MAX)
    }

    /// The settled ones, oldest first.
    pub fn settled(&self) -> Vec<Timestamp> {
        self.settled.iter().map(|((at, _), ())| *at).collect()
    }

    /// From when the newest settled one counts.
    pub fn newest(&self) -> Option<Timestamp> {
        self.settled.last().map(|((at, _), ())| *at)
    }

    /// Places taken in the `within_ms` milliseconds before `now`.
    pub fn used(&self, within_ms: u64, now: Timestamp) -> u32 {
        let over = self.settled.rank(|(at, _)| at.plus_ms(within_ms) <= now);
        let settled = self.settled.len() - over;
        self.open().saturating_add(u32::try_from(settled).unwrap_or(u32::MAX))
    }

    /// Forgets settled places from before `at`, which nothing counts any more.
    pub fn forget_before(&mut self, at: Timestamp) {
        while let Some((oldest, ())) = self.settled.first().filter(|((since, _), ())| *since < at) {
            let oldest = oldest.clone();
            self.settled.remove(&oldest);
            self.by_claim.remove(&oldest.1);
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
    fn a_claim_takes_one_place_as_it_stands_now_and_old_ones_are_forgotten() {
        let at = |hours: u64| Timestamp::from_unix_ms(hours * HOUR_MS);
        let mut slots = Slots::default();
        for hours in [3, 1, 2] {
            slots.set(format!("{hours}").as_str().into(), Slot::Settled(at(hours)));
        }
        slots.set("1".into(), Slot::Open);
        slots.set("2".into(), Slot::Settled(at(4)));
        assert_eq!((slots.open(), slots.settled()), (1, vec![at(3), at(4)]));
        assert_eq!(slots.newest(), Some(at(4)));
        let used = |within_hours: u64| slots.used(within_hours * HOUR_MS, at(5));
        assert_eq!([used(1), used(2), used(3)], [1, 2, 3]);
        slots.forget_before(at(4));
        assert_eq!((slots.open(), slots.settled()), (1, vec![at(4)]));
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
