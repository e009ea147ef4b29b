//! What waits because a person has paused calls. Each look costs a read of HubSpot, so the longer
//! the pause the rarer they are; once calls are resumed everybody goes on at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::domain::id::{ContactId, RowId};
use crate::domain::person::Item;
use crate::domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// The shortest wait.
const WAIT_MS_MIN: u64 = 5 * SECOND_MS;
/// The longest while few wait.
const WAIT_MS_MAX: u64 = 5 * MINUTE_MS;
/// The more wait the longer: all of them together are looked at once in so long a time each, or a
/// pause over a weekend would use up the day's calls for nothing.
const WAIT_MS_EACH: u64 = 10 * SECOND_MS;
/// The longest however many wait.
const WAIT_MS_OF_MANY_MAX: u64 = 6 * HOUR_MS;
/// Of so many persons it is known that they wait; any other comes back after its wait.
const PERSONS_MAX: usize = 100_000;

#[derive(Debug, Default)]
struct State {
    /// When the pause was first met.
    met: Option<Instant>,
    /// Who waits, and with what.
    persons: BTreeMap<ContactId, RowId>,
}

/// See the module. In memory only: after a restart a wait is over when its time is.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<State>);

impl Pause {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait while calls are paused: as long as they have been.
    pub(super) fn wait_ms(&self) -> u64 {
        self.lock().wait_ms(WAIT_MS_MAX)
    }

    /// The same for an item of `person`, who is woken when calls are resumed.
    pub(super) fn wait_of(&self, person: ContactId, item: &RowId) -> u64 {
        let mut state = self.lock();
        if state.persons.len() < PERSONS_MAX {
            state.persons.insert(person, item.clone());
        }
        let all_ms = WAIT_MS_EACH * state.persons.len() as u64;
        state.wait_ms(all_ms.clamp(WAIT_MS_MAX, WAIT_MS_OF_MANY_MAX))
    }

    /// Some of those who wait, each once: calls are resumed.
    pub(super) fn resume(&self, most: usize) -> Vec<(ContactId, RowId)> {
        let mut state = self.lock();
        state.met = None;
        std::iter::from_fn(|| state.persons.pop_first()).take(most).collect()
    }
}

impl State {
    fn wait_ms(&mut self, most: u64) -> u64 {
        let met = *self.met.get_or_insert_with(Instant::now);
        let ms = u64::try_from(met.elapsed().as_millis()).unwrap_or(u64::MAX);
        ms.clamp(WAIT_MS_MIN, most)
    }
}

/// The item among a person's that would wait on after `now`, due at once.
pub(super) fn woken(items: Vec<Item>, id: &RowId, now: Timestamp) -> Vec<Item> {
    let waits = |item: &Item| item.id == *id && item.due.is_some_and(|due| now < due);
    let items = items.into_iter().filter(waits);
    items.map(|item| Item { due: Some(now), ..item }).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_a_long_pause_looks_are_rare_and_at_its_end_everybody_comes_once() {
        let pause = Pause::default();
        let mut looks = 0;
        let began = Instant::now();
        while began.elapsed() < Duration::from_hours(1) {
            let wait_ms = pause.wait_of(ContactId(7), &RowId::from("1.0.x"));
            assert!((5_000..=300_000).contains(&wait_ms), "{wait_ms}");
            tokio::time::advance(Duration::from_millis(wait_ms)).await;
            looks += 1;
        }
        assert!(looks <= 19, "{looks} looks in an hour");
        pause.wait_of(ContactId(8), &RowId::from("2.0.x"));
        assert_eq!(pause.wait_of(ContactId(7), &RowId::from("1.0.x")), 300_000);
        assert_eq!(pause.resume(1), [(ContactId(7), RowId::from("1.0.x"))]);
        assert_eq!(pause.resume(9), [(ContactId(8), RowId::from("2.0.x"))]);
        assert_eq!(pause.resume(9), []);
        assert_eq!(pause.wait_ms(), 5_000, "the next pause begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn the_more_wait_the_rarer_each_is_looked_at() {
        let pause = Pause::default();
        let wait = |person: u64| pause.wait_of(ContactId(person), &RowId::from("1.0.x"));
        let first = wait(0);
        assert_eq!(first, 5_000);
        tokio::time::advance(Duration::from_hours(72)).await;
        for (waiting, minutes) in [(30, 5), (60, 10), (600, 100), (9_000, 360)] {
            let last = (0..waiting).map(wait).last();
            assert_eq!(last, Some(minutes * 60_000), "{waiting} wait");
        }
    }
}
