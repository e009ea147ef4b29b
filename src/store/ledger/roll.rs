//! Who is in the ledger, and how whole its memory of enrollments is.

use super::committer::Command;
use super::{Embedded, keys};
use crate::domain::id::ContactId;
use crate::domain::recall::{Recall, Remembering};
use crate::domain::record::Press;
use crate::domain::time::Timestamp;
use crate::port::LedgerError;
use crate::store::disk::Disk;
use crate::store::index::{Index, IndexError};
use crate::store::ledger::persons::read_person;

impl<D: Disk, I: Index> Embedded<D, I> {
    /// How whole the memory of enrollments is.
    pub fn recall(&self) -> Recall {
        self.shared.meta().recall
    }

    /// Changes that, durably; `press` says who did, where somebody did.
    pub async fn remember(
        &self,
        at: Timestamp,
        change: Remembering,
        press: Option<Press>,
    ) -> Result<(), LedgerError> {
        self.ask(|reply| Command::Recall(at, change, press, reply)).await
    }

    /// Everybody who was erased.
    pub fn erased(&self) -> Vec<ContactId> {
        self.shared.erased().iter().copied().collect()
    }

    /// How many were erased.
    pub fn count_erased(&self) -> usize {
        self.shared.erased().len()
    }

    /// Those of `contacts` who are not erased here.
    pub fn not_erased(&self, contacts: &[ContactId]) -> Vec<ContactId> {
        let erased = self.shared.erased();
        contacts.iter().filter(|contact| !erased.contains(contact)).copied().collect()
    }

    /// The next of everybody known, after `after`, at most `limit` rows looked at; without those
    /// who are erased, or merged into another. Empty after the last.
    pub fn known_contacts(
        &self,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<ContactId>, IndexError> {
        let mut from = after.map_or_else(|| vec![keys::PERSON], keys::person);
        loop {
            if from.len() != 1 {
                from.push(0);
            }
            let rows = self.shared.index.range(&[keys::PERSON], &from, limit)?;
            let Some((last, _)) = rows.last() else { return Ok(Vec::new()) };
            from.clone_from(last);
            let mut known = Vec::new();
            for (_, row) in &rows {
                let person = read_person(row)?;
                if person.erased.is_none() && person.merged_into.is_none() {
                    known.push(person.contact);
                }
            }
            if !known.is_empty() {
                return Ok(known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::person::Seen;
    use crate::domain::record::{Step, Turn};
    use crate::port::{Ledger as _, Records as _};
    use crate::store::{OpenStore, Store};

    fn open(path: &Path) -> OpenStore {
        Store::open(path).expect("a store").open_ledger(|_, _| {}).expect("a ledger")
    }

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn seen(contact: u64) -> Turn {
        let (sequence, enrolled_at) = (crate::domain::id::SequenceId(1), at(1));
        let seen = vec![Seen { sequence, enrolled_at, ended_at: None }];
        Turn { seen: Some(seen), ..Turn::new(Step::Settled, ContactId(contact), at(1)) }
    }

    #[tokio::test]
    async fn what_is_remembered_lasts_over_a_restart_a_rebuild_and_a_compaction() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        store.ledger.remember(at(1), Remembering::Restored(at(7)), None).await.expect("kept");
        store.ledger.remember(at(2), Remembering::Owes(at(5)), None).await.expect("kept");
        store.ledger.remember(at(3), Remembering::Seeded, None).await.expect("kept");
        let expected = Recall { seeded: Some(at(3)), owed: Some(at(5)), restored: Some(at(7)) };
        assert_eq!(store.ledger.recall(), expected);
        assert_eq!(store.ledger.look(ContactId(1)).expect("read").counters.restored, Some(at(7)));
        let ledger = store.ledger.clone();
        let compacted = tokio::task::spawn_blocking(move || {
            ledger.compact_blocking(at(4), 0).expect("begun");
            while ledger.compaction().is_some() {
                ledger.compact_blocking(at(4), 0).expect("a step");
            }
            ledger.totals().records
        });
        let records = compacted.await.expect("compacted");
        drop(store);
        std::fs::remove_dir_all(folder.path().join("index")).expect("an index");
        let again = open(folder.path());
        assert_eq!((again.ledger.recall(), again.ledger.totals().records), (expected, records));
        again.ledger.remember(at(9), Remembering::Paid, None).await.expect("kept");
        assert_eq!(again.ledger.recall().owed, None);
    }

    #[tokio::test]
    async fn everybody_known_is_walked_through_but_who_was_erased_or_merged() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = open(folder.path());
        for contact in 1..=7 {
            store.ledger.settle(seen(contact)).await.expect("kept");
        }
        store.ledger.alias(at(2), ContactId(3), ContactId(4)).await.expect("kept");
        let press = Press { what: "forget".into(), who: "ann".into(), note: String::new() };
        store.ledger.erase(at(3), ContactId(2), press).await.expect("kept");
        let (mut known, mut after) = (Vec::new(), None);
        loop {
            let some = store.ledger.known_contacts(after, 2).expect("read");
            let Some(last) = some.last() else { break };
            after = Some(*last);
            known.extend(some.iter().map(|it| it.0));
        }
        assert_eq!(known, [1, 4, 5, 6, 7]);
        let asked = [1, 2, 99].map(ContactId);
        assert_eq!(store.ledger.not_erased(&asked), [ContactId(1), ContactId(99)]);
        assert_eq!((store.ledger.count_erased(), store.ledger.erased()), (1, vec![ContactId(2)]));
    }
}
