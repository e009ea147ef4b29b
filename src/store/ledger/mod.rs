//! The ledger: durable state as the domain sees it, embedded in one process.
//!
//! The ledger stream of the journal is the truth, the index is folded from it, and one thread,
//! the committer, changes both.

mod arrivals;
mod book;
mod committer;
mod compact;
mod due;
mod fires;
mod inboxes;
mod keys;
mod merging;
mod meta;
mod open;
mod persons;
mod query;
mod roll;
mod shared;
mod waiters;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot, watch};

pub use arrivals::{Arrival, Incoming, Judge};
pub use open::{Opened, Rebuilt};
pub(super) use open::{decode, verify_index};

use self::committer::Command;
use self::compact::House;
use self::merging::People;
use self::shared::Shared;
use crate::domain::compaction::Forgot;
use crate::domain::erasure::{ErasedIds, Swept};
use crate::domain::event::Event;
use crate::domain::id::{ContactId, Inbox, PortalId};
use crate::domain::intake::kept_as;
use crate::domain::record::{
    InboxState, Paused, Press, ProvenReads, ReadsProven, Record, RulesAccepted, Turn,
};
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::domain::view::Memory;
use crate::port::{Booking, Due, Ledger, LedgerError, Recorded, Reservation, Saw};
use crate::store::disk::Disk;
use crate::store::index::{Index, IndexError};
use crate::store::journal::{JournalError, Sweeper, Trimmer};

/// The journal's stream of domain records.
pub const STREAM: &str = "ledger";
/// Commands that may wait for the committer.
const COMMANDS_MAX: usize = 1024;

/// How far a compaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compaction {
    /// Persons looked at.
    pub looked_at: u64,
    /// Persons there are.
    pub persons: u64,
}

/// The ledger of one process. Cloning gives another handle to the same one.
#[derive(Debug)]
pub struct Embedded<D: Disk, I> {
    shared: Arc<Shared<D, I>>,
    commands: mpsc::Sender<Command>,
}

impl<D: Disk, I> Clone for Embedded<D, I> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), commands: self.commands.clone() }
    }
}

impl<D: Disk, I: Index> Embedded<D, I> {
    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, LedgerError>>) -> Command,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| LedgerError::Stopped)?;
        answer.await.map_err(|_| LedgerError::Stopped)?
    }

    fn ask_blocking<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, LedgerError>>) -> Command,
    ) -> Result<T, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.commands.blocking_send(command(reply)).map_err(|_| LedgerError::Stopped)?;
        answer.blocking_recv().map_err(|_| LedgerError::Stopped)?
    }

    /// Takes deliveries: looks each event up, judges it, and records what it did. Blocks; for
    /// the intake thread.
    pub fn take_blocking(
        &self,
        arrivals: Arc<Vec<Arrival>>,
        judge: &Arc<Judge>,
    ) -> Result<(), LedgerError> {
        self.ask_blocking(|reply| Command::Take(arrivals, Arc::clone(judge), reply))
    }

    /// Keeps an accepted rule set, so that a start with broken files has one.
    pub async fn accept_rules(&self, rules: RulesAccepted) -> Result<(), LedgerError> {
        self.ask(|reply| Command::AcceptRules(Box::new(rules), reply)).await
    }

    /// Pauses calls, or resumes them.
    pub async fn pause(&self, paused: Paused) -> Result<(), LedgerError> {
        self.ask(|reply| Command::Pause(paused, reply)).await
    }

    /// Forgets what HubSpot told us of inboxes: a paused or full sender is tried again.
    pub async fn clear_inboxes(&self, at: Timestamp) -> Result<(), LedgerError> {
        self.ask(|reply| Command::ClearInboxes(at, reply)).await
    }

    /// Forgets identities of events before a day, and old budget slots.
    pub async fn forget(&self, forgot: Forgot) -> Result<(), LedgerError> {
        self.ask(|reply| Command::House(House::Forget(forgot), reply)).await
    }

    /// Makes one step of the compaction under way, or begins one. History from record `horizon`
    /// on will be kept. See [`Self::compaction`] for how far it is. Blocks.
    pub fn compact_blocking(&self, at: Timestamp, horizon: u64) -> Result<(), LedgerError> {
        self.ask_blocking(|reply| Command::House(House::Compact(at, horizon), reply))
    }

    /// The compaction under way.
    pub fn compaction(&self) -> Option<Compaction> {
        let meta = self.shared.meta();
        let persons = meta.tally.rows(keys::PERSON);
        meta.compacting.map(|it| Compaction { looked_at: it.looked_at.min(persons), persons })
    }

    /// Records before this one are history: nothing but people needs them.
    pub fn compacted(&self) -> u64 {
        self.shared.meta().compacted
    }

    /// Takes segments away once nothing needs them.
    pub fn trimmer(&self) -> &Trimmer<D> {
        &self.shared.trimmer
    }

    /// Has the next record begin a segment of its own, so that those before it can be taken away
    /// when they are old. Blocks.
    pub fn seal_blocking(&self) -> Result<(), LedgerError> {
        self.ask_blocking(|reply| Command::House(House::Seal, reply))
    }

    /// From when history is whole; `None`: from the beginning.
    pub fn history_from(&self) -> Result<Option<Timestamp>, JournalError> {
        match self.shared.first() {
            0 | 1 => Ok(None),
            first => self.recorded_at(first),
        }
    }

    /// When the record at `seq` was written; `None` where it is not on disk, or not any more.
    pub fn recorded_at(&self, seq: u64) -> Result<Option<Timestamp>, JournalError> {
        Ok(self.record_at(seq)?.map(|record| record.at()))
    }

    /// Erases a person, under every id: see [`crate::domain::erasure`].
    pub async fn erase(
        &self,
        at: Timestamp,
        contact: ContactId,
        press: Press,
    ) -> Result<(), LedgerError> {
        self.ask(|reply| Command::People(People::Erase(at, contact, press), reply)).await
    }

    /// Everybody who was erased, and up to which record and delivery a sweep must look; `None`
    /// where the journal says no more of them than it may.
    pub fn unswept(&self) -> Option<(Arc<ErasedIds>, (u64, u64))> {
        let meta = self.shared.meta();
        let upto = (meta.erased, meta.erased_delivery);
        (meta.swept < meta.erased).then(|| (self.shared.erased(), upto))
    }

    /// Whether anybody was erased.
    pub fn has_erased(&self) -> bool {
        !self.shared.erased().is_empty()
    }

    /// Records that a sweep looked at every record up to `upto`. Blocks.
    pub fn swept_blocking(&self, at: Timestamp, upto: u64) -> Result<(), LedgerError> {
        let swept = People::Swept(Swept { at, upto });
        self.ask_blocking(|reply| Command::People(swept, reply))
    }

    /// Sweeps sealed segments.
    pub fn sweeper(&self) -> &Sweeper<D> {
        &self.shared.sweeper
    }

    /// Waits until the index would survive a power cut.
    pub async fn flush(&self) -> Result<(), LedgerError> {
        self.ask(|reply| Command::House(House::Flush, reply)).await
    }

    /// The last delivery whose events were taken.
    pub fn taken(&self) -> u64 {
        self.shared.meta().taken
    }

    /// When whoever waits longest was due, or will be.
    pub fn oldest_due(&self) -> Option<Timestamp> {
        let first = self.shared.index.range(&[keys::DUE], &[keys::DUE], 1).ok()?;
        first.first().and_then(|(key, _)| keys::due_at(key))
    }

    /// The portal this store belongs to, once a rule set was accepted.
    pub fn portal(&self) -> Option<PortalId> {
        self.shared.meta().portal
    }

    /// Stops the store for good: something was found that only a person can mend.
    pub fn fail(&self, why: &str) {
        self.shared.fail(why);
    }

    /// Decides nothing new while the disk is almost full: what is under way is still settled.
    pub fn refuse_for_space(&self, is_short: bool) {
        self.shared.is_short.store(is_short, Ordering::Relaxed);
    }

    /// Whether the committer has ended.
    pub fn is_closed(&self) -> bool {
        self.commands.is_closed()
    }

    /// Becomes the reason when the store stops for good.
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.shared.failure.subscribe()
    }

    /// The accepted rule set that is kept, if any.
    pub fn accepted_rules(&self) -> Result<Option<RulesAccepted>, JournalError> {
        let seq = self.shared.meta().rules;
        Ok(self.record_at(seq)?.and_then(|record| match record {
            Record::RulesAccepted(rules) => Some(rules),
            _ => None,
        }))
    }

    /// Persons with a claim that was reserved when the router stopped: it may have been sent.
    pub fn unsettled(&self) -> Result<Vec<ContactId>, IndexError> {
        let mut contacts = Vec::new();
        inboxes::for_each(&*self.shared.index, keys::UNSETTLED, |key, _| {
            contacts.extend(keys::contact_of(key));
        })?;
        Ok(contacts)
    }

    /// Whether an event was taken, or a later one of its property, as far as the index is: what
    /// was overtaken starts nothing any more, and identities are not remembered for ever.
    pub fn knows(&self, event: &Event) -> Result<bool, IndexError> {
        let (day, identity) = (keys::day(event.occurred_at), event.identity());
        let index = &*self.shared.index;
        let Some(person) = persons::load(index, event.contact)? else { return Ok(false) };
        let newest = kept_as(event).and_then(|property| person.newest.get(&property));
        if newest.is_some_and(|newest| event.occurred_at <= newest.at)
            || person.known.contains(day, identity)
        {
            return Ok(true);
        }
        Ok(person.known.has_spilled() && index.get(&keys::seen(day, identity))?.is_some())
    }

    /// Whether anything of this contact was ever taken.
    pub fn has_met(&self, contact: ContactId) -> Result<bool, IndexError> {
        Ok(persons::load(&*self.shared.index, contact)?.is_some())
    }

    fn united(
        &self,
        contact: ContactId,
    ) -> Result<(crate::domain::person::Person, Vec<(ContactId, u64)>), IndexError> {
        persons::unite(contact, |id| persons::load(&*self.shared.index, id))
    }

    fn record_at(&self, seq: u64) -> Result<Option<Record>, JournalError> {
        self.shared.read(seq)
    }
}

fn unreadable(error: &IndexError) -> LedgerError {
    LedgerError::Unwritable(error.to_string())
}

impl<D: Disk, I: Index> Ledger for Embedded<D, I> {
    fn due(&self, now: Timestamp, limit: usize) -> Result<Due, LedgerError> {
        due::look(&*self.shared.index, now, limit).map_err(|error| unreadable(&error))
    }

    fn look(&self, contact: ContactId) -> Result<Memory, LedgerError> {
        let (person, versions) = self.united(contact).map_err(|error| unreadable(&error))?;
        let (inboxes, counters) = (self.shared.inboxes(), self.shared.counters());
        Ok(Memory { person, versions, inboxes, counters })
    }

    fn ids(&self, contact: ContactId) -> Result<Vec<ContactId>, LedgerError> {
        let (_, versions) = self.united(contact).map_err(|error| unreadable(&error))?;
        Ok(versions.into_iter().map(|(id, _)| id).collect())
    }

    async fn record(&self, turn: Turn, saw: Saw) -> Result<Recorded, LedgerError> {
        self.ask(|reply| Command::Record(Box::new(turn), saw, reply)).await
    }

    async fn reserve(
        &self,
        turn: Turn,
        saw: Saw,
        booking: Booking,
    ) -> Result<Reservation, LedgerError> {
        let booking = Box::new(booking);
        self.ask(|reply| Command::Reserve(Box::new(turn), saw, booking, reply)).await
    }

    async fn settle(&self, turn: Turn) -> Result<(), LedgerError> {
        self.ask(|reply| Command::Settle(Box::new(turn), reply)).await
    }

    async fn alias(
        &self,
        at: Timestamp,
        from: ContactId,
        into: ContactId,
    ) -> Result<(), LedgerError> {
        self.ask(|reply| Command::People(People::Alias(at, from, into), reply)).await
    }

    fn proven_reads(&self) -> ProvenReads {
        self.shared.meta().proven.clone()
    }

    async fn prove(&self, proven: ReadsProven) -> Result<(), LedgerError> {
        self.ask(|reply| Command::Prove(proven, reply)).await
    }

    fn is_paused(&self) -> bool {
        self.shared.meta().paused
    }

    fn to_wake(&self, rules: &RuleSet, now: Timestamp) -> Vec<ContactId> {
        let queues = self.shared.counters().queues;
        if queues.is_empty() {
            return Vec::new();
        }
        queues.to_wake(rules, &self.shared.inboxes(), now)
    }

    fn inbox_state(&self, inbox: Option<&Inbox>) -> InboxState {
        inbox.map(|inbox| self.shared.inbox_state(inbox)).unwrap_or_default()
    }

    async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}
