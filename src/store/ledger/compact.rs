//! Compacting, as the committer does it: step by step, between everything else it is asked.

use super::committer::{Committer, Fatal};
use crate::domain::compaction::{CompactionBegun, CompactionDone, Forgot, Kept};
use crate::domain::id::ContactId;
use crate::domain::record::Record;
use crate::domain::time::Timestamp;
use crate::store::disk::Disk;
use crate::store::index::Index;

/// Rows of forgotten identities removed at once.
const SWEPT_ROWS: usize = 256;

/// What whoever keeps house asks of the committer.
#[derive(Clone, Copy)]
pub(super) enum House {
    /// Old identities are forgotten.
    Forget(Forgot),
    /// One step of a compaction: when, and from which record on history will be kept.
    Compact(Timestamp, u64),
    /// The segment is sealed.
    Seal,
    /// The index survives a power cut from here on.
    Flush,
}

impl<D: Disk, I: Index> Committer<D, I> {
    /// Does it. Nothing may be staged.
    pub(super) fn keep_house(&mut self, house: House) -> Result<(), Fatal> {
        match house {
            House::Forget(forgot) => {
                if self.book.meta.oldest_day < forgot.day {
                    self.record(&Record::Forgot(forgot))?;
                    self.finish(Vec::new())?;
                }
                while self.book.sweep(SWEPT_ROWS)? != 0 {}
            }
            House::Compact(at, horizon) => self.compact(at, horizon)?,
            // Where the disk has no place for another segment this one goes on.
            House::Seal => drop(self.journal.seal()),
            House::Flush => self.shared.index.flush()?,
        }
        Ok(())
    }

    /// The next step of the compaction under way, or the first one of a new one. Nothing may be
    /// staged. History from record `horizon` on will be kept.
    fn compact(&mut self, at: Timestamp, horizon: u64) -> Result<(), Fatal> {
        let Some(compacting) = self.book.meta.compacting.clone() else {
            return self.begin_compaction(at);
        };
        let Some((kept, after)) = self.book.next_kept(&compacting, (at, horizon))? else {
            let from = compacting.from;
            return self.record(&Record::CompactionDone(CompactionDone { at, from }));
        };
        let found = kept.persons.len() + kept.forgotten.len() + kept.identities.len();
        if found != 0 {
            self.record(&Record::Kept(Box::new(kept)))?;
        }
        self.book.meta.compacting = Some(after);
        Ok(())
    }

    fn begin_compaction(&mut self, at: Timestamp) -> Result<(), Fatal> {
        let from = self.journal.next_seq();
        for kept in self.book.figures(at)? {
            self.record(&Record::Kept(Box::new(kept)))?;
        }
        // The set in use must stay readable; the sets before it are history.
        let rules = self.shared.read(self.book.meta.rules).map_err(|it| Fatal(it.in_full()))?;
        if let Some(rules @ Record::RulesAccepted(_)) = rules {
            self.record(&rules)?;
        }
        let meta = &self.book.meta;
        let begun = CompactionBegun {
            at,
            from,
            taken: meta.taken,
            events: meta.events,
            last_event: meta.last_event_ms.map(Timestamp::from_unix_ms),
            portal: meta.portal,
            paused: meta.paused,
            proven: meta.proven.clone(),
            oldest_day: meta.oldest_day,
            recall: meta.recall,
            erased: meta.erased,
            erased_delivery: meta.erased_delivery,
            swept: meta.swept,
        };
        self.record(&Record::CompactionBegun(begun))
    }

    /// While a compaction is under way, whoever is about to change is kept first: the first
    /// record of them after its beginning is whole.
    pub(super) fn keep_first(
        &mut self,
        at: Timestamp,
        contacts: impl Iterator<Item = ContactId>,
    ) -> Result<(), Fatal> {
        let persons = self.book.unkept(contacts)?;
        if persons.is_empty() {
            return Ok(());
        }
        self.record(&Record::Kept(Box::new(Kept { at, persons, ..Kept::default() })))
    }
}
