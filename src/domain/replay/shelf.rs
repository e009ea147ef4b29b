//! Everybody a replay knows. Those who were needed lately lie open, the others are kept short:
//! memory grows by a few hundred bytes with each contact, whatever is known of them.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::shorten::Shortener;
use crate::domain::id::ContactId;

/// How many lie open.
const OPEN_MAX: usize = 1 << 15;

/// Values by contact. What is shut away comes back as it was.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    /// Each with the number of its opening.
    open: BTreeMap<ContactId, (u64, T)>,
    /// Those that lie open, by that number.
    opened: BTreeMap<u64, ContactId>,
    /// The number of the last opening.
    last: u64,
    shut: BTreeMap<ContactId, Box<[u8]>>,
    shortener: Shortener,
    open_max: usize,
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self::with_room(OPEN_MAX)
    }

    /// An empty one where so many lie open, one at least.
    pub(super) fn with_room(open_max: usize) -> Self {
        Self {
            open: BTreeMap::new(),
            opened: BTreeMap::new(),
            last: 0,
            shut: BTreeMap::new(),
            shortener: Shortener::new(),
            open_max,
        }
    }

    /// What is known of a contact.
    pub(super) fn get(&mut self, id: ContactId) -> Option<&mut T> {
        if !self.shut.is_empty()
            && let Some(short) = self.shut.remove(&id)
        {
            let value = self.read(&short);
            self.add(id, value);
        }
        self.open.get_mut(&id).map(|(_, value)| value)
    }

    /// The same, or `fresh` where nothing was.
    pub(super) fn get_or(&mut self, id: ContactId, fresh: impl FnOnce() -> T) -> &mut T {
        if self.get(id).is_none() {
            self.add(id, fresh());
        }
        let (_, value) = self.open.get_mut(&id).expect("it was there, or has just been added");
        value
    }

    /// Puts a value in the place of another.
    pub(super) fn insert(&mut self, id: ContactId, value: T) {
        self.remove(id);
        self.add(id, value);
    }

    /// Takes a contact out.
    pub(super) fn remove(&mut self, id: ContactId) -> Option<T> {
        if let Some(short) = self.shut.remove(&id) {
            return Some(self.read(&short));
        }
        let (number, value) = self.open.remove(&id)?;
        self.opened.remove(&number);
        Some(value)
    }

    /// Opens one more; the one that has been open longest makes room.
    fn add(&mut self, id: ContactId, value: T) {
        while self.open_max <= self.open.len() {
            let Some((_, oldest)) = self.opened.pop_first() else { break };
            if let Some((_, value)) = self.open.remove(&oldest) {
                let text = serde_json::to_vec(&value).expect("it has text keys and no odd number");
                self.shut.insert(oldest, self.shortener.shorten(&text));
            }
        }
        self.last += 1;
        self.open.insert(id, (self.last, value));
        self.opened.insert(self.last, id);
    }

    fn read(&self, short: &[u8]) -> T {
        let text = self.shortener.restore(short);
        serde_json::from_slice(&text).expect("it was written by the same type")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_shut_away_comes_back_as_they_were() {
        let mut shelf = Shelf::with_room(3);
        for id in 0..100 {
            *shelf.get_or(ContactId(id), || 0_u64) += id;
            assert!(shelf.open.len() <= 3);
        }
        for id in (0..100).rev() {
            assert_eq!(shelf.get(ContactId(id)).copied(), Some(id));
        }
        shelf.insert(ContactId(7), 70);
        assert_eq!(shelf.get_or(ContactId(7), || 1), &mut 70);
        assert_eq!((shelf.remove(ContactId(7)), shelf.remove(ContactId(7))), (Some(70), None));
        assert_eq!(shelf.get(ContactId(7)), None);
        assert_eq!(shelf.open.len() + shelf.shut.len(), 99);
        assert_eq!(shelf.opened.len(), shelf.open.len());
    }
}
