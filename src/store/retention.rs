//! Retention: old segments are taken away, and what they say that is still needed is kept first,
//! by a compaction. Everything happens in small steps beside the work, and each is crash-safe.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

use super::deliveries::{self, Deliveries};
use super::disk::Disk;
use super::index::Index;
use super::journal::{Entry, Extent, JournalError, Reader, Trimmer};
use super::ledger::{self, Compaction, Embedded};
use crate::domain::time::Timestamp;
use crate::port::LedgerError;

/// A segment is sealed after so much of the time its records are kept, however small it is: so
/// they do not stay for much longer.
const SEALED_AFTER: u64 = 8;
/// Between two steps.
const PAUSE: Duration = Duration::from_millis(2);
/// How often a step makes way for acknowledgements, `PAUSE` each time.
const PAUSES_MAX: usize = 100;

/// How long what is kept, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// What HubSpot sent (`[store] deliveries_for`).
    pub deliveries_ms: u64,
    /// Decisions (`[defaults] keep_history`).
    pub history_ms: u64,
}

/// Why a round ended early. The next one goes on.
#[derive(Debug, Error)]
pub enum RetentionError {
    /// A segment cannot be read or removed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// State cannot be kept anew.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Segments of deliveries that were taken away.
    pub deliveries: u64,
    /// Segments of the ledger that were taken away.
    pub ledger: u64,
    /// A compaction ended.
    pub compacted: bool,
}

/// Figures for people; those of the last round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of deliveries on disk.
    pub deliveries: u64,
    /// Bytes of the ledger on disk.
    pub ledger: u64,
    /// Segments taken away since the start.
    pub removed: u64,
    /// From when history is whole; `None`: from the beginning.
    pub history_from: Option<Timestamp>,
    /// The compaction under way.
    pub compaction: Option<Compaction>,
}

/// The published figures; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Published(Arc<Mutex<Sizes>>);

impl Published {
    /// What is known at the start: from when history is whole.
    pub(super) fn since(history_from: Option<Timestamp>) -> Self {
        Self(Arc::new(Mutex::new(Sizes { history_from, ..Sizes::default() })))
    }

    /// The newest.
    pub fn get(&self) -> Sizes {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut Sizes)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// One stream, and when the first record of each segment was written.
struct Ages<D: Disk> {
    trimmer: Trimmer<D>,
    reader: Reader<D>,
    time: fn(&Entry) -> Option<Timestamp>,
    began: BTreeMap<u64, Timestamp>,
}

/// See the module.
pub struct Retention<D: Disk, I> {
    inbound: Deliveries<D>,
    ledger: Embedded<D, I>,
    deliveries: Ages<D>,
    records: Ages<D>,
    figures: Published,
}

impl<D: Disk, I> std::fmt::Debug for Retention<D, I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Retention({:?})", self.figures.get())
    }
}

impl<D: Disk, I: Index> Retention<D, I> {
    /// Of these two streams; `figures` is what people are told.
    pub fn new(inbound: Deliveries<D>, ledger: Embedded<D, I>, figures: Published) -> Self {
        let received = |entry: &Entry| deliveries::decode(entry).map(|(received, _)| received);
        let recorded = |entry: &Entry| ledger::decode(entry).map(|record| record.at());
        Self {
            deliveries: Ages::new(inbound.trimmer(), received),
            records: Ages::new(ledger.trimmer(), recorded),
            inbound,
            ledger,
            figures,
        }
    }

    /// Takes away what is older than `keep` says. Blocks; between two steps it rests, and asks
    /// `go_on`.
    pub fn round(
        &mut self,
        now: Timestamp,
        keep: Keep,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Round, RetentionError> {
        let mut round = Round::default();
        let ended = self.steps(now, keep, (go_on, &mut round));
        let (deliveries, ledger) = (self.deliveries.trimmer.bytes(), self.records.trimmer.bytes());
        let history_from = self.ledger.history_from();
        self.figures.set(|it| {
            it.deliveries = deliveries.unwrap_or(it.deliveries);
            it.ledger = ledger.unwrap_or(it.ledger);
            it.history_from = history_from.unwrap_or(it.history_from);
            it.removed += round.deliveries + round.ledger;
        });
        ended.map(|()| round)
    }

    fn steps(
        &mut self,
        now: Timestamp,
        keep: Keep,
        (go_on, round): (&dyn Fn() -> bool, &mut Round),
    ) -> Result<(), RetentionError> {
        if self.deliveries.is_to_be_sealed(now, keep.deliveries_ms)? {
            self.inbound.seal();
        }
        if self.records.is_to_be_sealed(now, keep.history_ms)? {
            self.ledger.seal_blocking()?;
        }
        // Only what was judged; what was judged is on disk too.
        let judged = self.ledger.taken() + 1;
        let expired = self.deliveries.expired_before(now.minus_ms(keep.deliveries_ms))?;
        round.deliveries = self.deliveries.remove_before(expired.min(judged), go_on)?;
        let expired = self.records.expired_before(now.minus_ms(keep.history_ms))?;
        // One that began is ended, or a journal that begins later could not be read.
        let wanted = self.ledger.compacted() < expired && self.records.begins_before(expired);
        if wanted || self.ledger.compaction().is_some() {
            round.compacted = self.compact(now, expired, go_on)?;
        }
        let needed = self.ledger.compacted();
        round.ledger = self.records.remove_before(expired.min(needed), go_on)?;
        Ok(())
    }

    /// Whether the compaction ended.
    fn compact(
        &mut self,
        now: Timestamp,
        horizon: u64,
        go_on: &dyn Fn() -> bool,
    ) -> Result<bool, RetentionError> {
        loop {
            self.ledger.compact_blocking(now, horizon)?;
            let compaction = self.ledger.compaction();
            self.figures.set(|it| it.compaction = compaction);
            if compaction.is_none() {
                return Ok(true);
            }
            if !go_on() {
                return Ok(false);
            }
            self.make_way();
        }
    }

    fn make_way(&self) {
        for _ in 0..PAUSES_MAX {
            std::thread::sleep(PAUSE);
            if !self.inbound.is_waited_for() {
                return;
            }
        }
    }
}

impl<D: Disk> Ages<D> {
    fn new(trimmer: &Trimmer<D>, time: fn(&Entry) -> Option<Timestamp>) -> Self {
        let (trimmer, reader) = (trimmer.clone(), trimmer.reader());
        Self { trimmer, reader, time, began: BTreeMap::new() }
    }

    /// When the segment's first record was written; `None` where there is none yet.
    fn began(&mut self, extent: &Extent) -> Result<Option<Timestamp>, JournalError> {
        if let Some(began) = self.began.get(&extent.number) {
            return Ok(Some(*began));
        }
        let began = self.reader.read(extent.first)?.and_then(|entry| (self.time)(&entry));
        if let Some(began) = began {
            self.began.insert(extent.number, began);
        }
        Ok(began)
    }

    /// The first record that is not surely older than `limit`: those before it are in segments
    /// that another follows which is older.
    fn expired_before(&mut self, limit: Timestamp) -> Result<u64, JournalError> {
        let extents = self.trimmer.extents();
        let mut expired = extents.first().map_or(1, |oldest| oldest.first);
        for following in extents.iter().skip(1) {
            if self.began(following)?.is_none_or(|began| limit <= began) {
                break;
            }
            expired = following.first;
        }
        Ok(expired)
    }

    fn begins_before(&self, seq: u64) -> bool {
        self.trimmer.extents().first().is_some_and(|oldest| oldest.first < seq)
    }

    /// Whether the segment that is written began long ago.
    fn is_to_be_sealed(&mut self, now: Timestamp, kept_ms: u64) -> Result<bool, JournalError> {
        let Some(newest) = self.trimmer.extents().pop() else { return Ok(false) };
        let began = self.began(&newest)?;
        Ok(began.is_some_and(|began| kept_ms / SEALED_AFTER <= now.since_ms(began)))
    }

    /// Takes away every segment whose records are all numbered below `seq`; how many.
    fn remove_before(&mut self, seq: u64, go_on: &dyn Fn() -> bool) -> Result<u64, JournalError> {
        let mut removed = 0;
        while go_on()
            && let Some(extent) = self.trimmer.remove_before(seq)?
        {
            self.began.remove(&extent.number);
            removed += 1;
            std::thread::sleep(PAUSE);
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests;
