//! What fired and which breakers are open, as rows of the index.

use std::collections::BTreeMap;

use super::book::Book;
use super::inboxes::for_each;
use super::keys;
use super::persons::load as person;
use crate::domain::breaker::{self, Fires, Fuse, Open, Tripped};
use crate::domain::id::Fingerprint;
use crate::domain::person::Person;
use crate::domain::record::{TakenEvent, Turn};
use crate::domain::time::Timestamp;
use crate::store::index::{Index, IndexError};

/// Rows after a group, by key; `None` removes one.
pub(super) type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Reads what the index has. `held` are the persons with held items.
fn load(index: &impl Index, held: impl Iterator<Item = Person>) -> Result<Fires, IndexError> {
    let mut fires = Fires::default();
    for_each(index, keys::MARK, |key, value| {
        if let [mode, rule, second] = keys::parts(key)[..]
            && let (Ok(second), Ok(count)) = (second.parse(), value.try_into())
        {
            fires.set(&keys::fuse_of(mode, rule), (second, u64::from_be_bytes(count)));
        }
    })?;
    for_each(index, keys::OPEN_BREAKER, |key, value| {
        if let [mode, rule] = keys::parts(key)[..]
            && let Ok(open) = serde_json::from_slice::<Open>(value)
        {
            fires.trip(Tripped { fuse: keys::fuse_of(mode, rule), open });
        }
    })?;
    held.for_each(|person| fires.hold(&[], &person.items));
    Ok(fires)
}

/// Takes in what an event fired and opened.
pub(super) fn take(fires: &mut Fires, event: &TakenEvent, at: Timestamp, rows: &mut Rows) {
    for (fuse, (second, count)) in fires.take(event, at) {
        rows.insert(keys::mark(&fuse, second), Some(count.to_be_bytes().to_vec()));
    }
    for Tripped { fuse, open } in &event.opened {
        let row = serde_json::to_vec(open).expect("numbers become JSON");
        rows.insert(keys::open_breaker(fuse), Some(row));
    }
}

/// Closes every breaker whose list is empty.
pub(super) fn close_emptied(fires: &mut Fires, rows: &mut Rows) {
    for (fuse, seconds) in fires.close_emptied() {
        rows.insert(keys::open_breaker(&fuse), None);
        rows.extend(seconds.into_iter().map(|second| (keys::mark(&fuse, second), None)));
    }
}

/// Forgets what no breaker looks back at.
pub(super) fn forget_before(fires: &mut Fires, at: Timestamp) -> Rows {
    let gone = |(fuse, second): (Fuse, u64)| (keys::mark(&fuse, second), None);
    fires.forget_before(at).into_iter().map(gone).collect()
}

impl<I: Index> Book<I> {
    /// What a breaker that has just opened catches of everybody who waits, as the records that
    /// hold it: all that fired in the time that opened it.
    pub(super) fn caught(
        &self,
        tripped: &Tripped,
        rules: &Fingerprint,
    ) -> Result<Vec<Turn>, IndexError> {
        if tripped.open.discards() {
            return Ok(Vec::new());
        }
        let mut turns = Vec::new();
        for contact in self.waiting()? {
            let Some(person) = self.person(contact)? else { continue };
            turns.extend(breaker::hold(tripped, &person, rules));
        }
        Ok(turns)
    }
}

/// What fired, as the index has it.
pub(super) fn load_all(index: &impl Index) -> Result<Fires, IndexError> {
    let mut held = Vec::new();
    for_each(index, keys::HELD, |key, _| held.extend(keys::contact_of(key)))?;
    let persons: Result<Vec<_>, _> =
        held.into_iter().map(|contact| person(index, contact)).collect();
    load(index, persons?.into_iter().flatten())
}
