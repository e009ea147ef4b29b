//! Merges and erasures, as the committer records them: one person, whatever ids they have
//! (CONSISTENCY.md 6.8).

use std::collections::BTreeSet;

use super::committer::{Committer, Fatal};
use crate::domain::erasure::{Erased, Swept, redact_row};
use crate::domain::id::{ContactId, Fingerprint};
use crate::domain::reason::Reason;
use crate::domain::record::{Press, Record, Row, Step, Taken, TakenEvent, Turn};
use crate::domain::sentence;
use crate::domain::time::Timestamp;
use crate::store::disk::Disk;
use crate::store::index::Index;

/// Who says that two ids are one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// A merge event. It may be late, so it never takes back what is known.
    Event,
    /// A read: HubSpot's answer of this moment.
    Read,
}

/// What is changed about people, besides their work.
#[derive(Debug)]
pub(super) enum People {
    /// A read showed that the first id answers under the second.
    Alias(Timestamp, ContactId, ContactId),
    /// Somebody pressed `forget`.
    Erase(Timestamp, ContactId, Press),
    /// The journal was swept.
    Swept(Swept),
}

/// The merges that a delivery tells of: which id, into which.
pub(super) fn merges(taken: &Taken) -> Vec<(ContactId, ContactId)> {
    let of_event = |event: &TakenEvent| {
        let into = event.contact.into_iter();
        into.flat_map(|into| event.merged.iter().map(move |from| (*from, into))).collect::<Vec<_>>()
    };
    taken.events.iter().flat_map(of_event).collect()
}

impl<D: Disk, I: Index> Committer<D, I> {
    /// While a compaction is under way, every record of the people about to change is kept first.
    pub(super) fn keep_whole(
        &mut self,
        at: Timestamp,
        contacts: impl Iterator<Item = ContactId>,
    ) -> Result<(), Fatal> {
        if self.book.meta.compacting.is_none() {
            return Ok(());
        }
        let mut ids = BTreeSet::new();
        for contact in contacts {
            ids.extend(self.book.ids(contact)?);
        }
        self.keep_first(at, ids.into_iter())
    }

    pub(super) fn change(&mut self, change: People) -> Result<(), Fatal> {
        match change {
            People::Alias(at, from, into) => self.merge((at, from, into), Says::Read),
            People::Erase(at, contact, press) => self.erase((at, contact), press),
            People::Swept(swept) => self.record(&Record::Swept(swept)),
        }
    }

    /// Records that two ids are one person.
    pub(super) fn merge(
        &mut self,
        merge: (Timestamp, ContactId, ContactId),
        says: Says,
    ) -> Result<(), Fatal> {
        self.keep_whole(merge.0, [merge.1, merge.2].into_iter())?;
        let Some(mut aliased) = self.book.merge(merge, says)? else { return Ok(()) };
        if !aliased.erased.is_empty() {
            for id in [aliased.from, aliased.into] {
                self.end_all(aliased.at, id, None)?;
            }
            aliased.items.clear();
        }
        self.record(&Record::Aliased(aliased))
    }

    /// Erases a person by hand, under every id.
    fn erase(&mut self, (at, contact): (Timestamp, ContactId), press: Press) -> Result<(), Fatal> {
        self.keep_whole(at, std::iter::once(contact))?;
        self.end_all(at, contact, Some(press.clone()))?;
        let erased = self.book.ids(contact)?;
        self.record(&Record::Erased(Erased { at, erased, press }))
    }

    /// Whatever waits or is held ends, with a record that says no more than that.
    fn end_all(
        &mut self,
        at: Timestamp,
        contact: ContactId,
        press: Option<Press>,
    ) -> Result<(), Fatal> {
        let contact = self.book.home(contact)?;
        let items = self.book.stage_person(contact)?.items.clone();
        if items.is_empty() {
            return Ok(());
        }
        let mut turn = Turn::new(Step::Pressed, contact, at);
        for item in &items {
            let why = (Reason::Deleted, sentence::deleted(true));
            let mut row = Row::of_item(item, contact, why, Fingerprint::from(""));
            redact_row(&mut row);
            turn.rows.push(row);
            turn.done.push(item.id.clone());
        }
        turn.press = press;
        self.turn(turn)
    }
}
