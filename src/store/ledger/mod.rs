//! The ledger: durable state as the domain sees it, embedded in one process.
//!
//! The ledger stream of the journal is the truth, the index is folded from it, and one thread,
//! the committer, changes both.

mod arrivals;
mod book;
mod committer;
mod due;
mod fires;
mod inboxes;
mod keys;
mod meta;
mod open;
mod persons;
mod query;
mod shared;

use std::sync::{Arc, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

pub use arrivals::{Arrival, Incoming, Judge};
pub(super) use open::decode;
pub use open::{Opened, Rebuilt};

use self::committer::Command;
use self::shared::Shared;
use crate::domain::id::{ContactId, Inbox, PortalId};
use crate::domain::record::{
    InboxState, Paused, ProvenReads, ReadsProven, Record, RulesAccepted, Turn,
};
use crate::domain::time::Timestamp;
use crate::domain::view::Memory;
use crate::port::{Booking, Due, Ledger, LedgerError, Recorded, Reservation, Saw};
use crate::store::disk::Disk;
use crate::store::index::{Index, IndexError};
use crate::store::journal::JournalError;

/// The journal's stream of domain records.
pub const STREAM: &str = "ledger";
/// Commands that may wait for the committer.
const COMMANDS_MAX: usize = 1024;

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

    /// Takes deliveries: looks each event up, judges it, and records what it did. Blocks; for
    /// the intake thread.
    pub fn take_blocking(
        &self,
        arrivals: Arc<Vec<Arrival>>,
        judge: &Arc<Judge>,
    ) -> Result<(), LedgerError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Take(arrivals, Arc::clone(judge), reply);
        self.commands.blocking_send(command).map_err(|_| LedgerError::Stopped)?;
        answer.blocking_recv().map_err(|_| LedgerError::Stopped)?
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

    /// Forgets identities of events before a day (days since 1970), and old budget slots.
    pub async fn forget(&self, day: u32) -> Result<(), LedgerError> {
        self.ask(|reply| Command::Forget(day, reply)).await
    }

    /// Waits until the index would survive a power cut.
    pub async fn flush(&self) -> Result<(), LedgerError> {
        self.ask(Command::Flush).await
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

    fn united(
        &self,
        contact: ContactId,
    ) -> Result<(crate::domain::person::Person, Vec<(ContactId, u64)>), IndexError> {
        persons::unite(contact, |id| persons::load(&*self.shared.index, id))
    }

    fn record_at(&self, seq: u64) -> Result<Option<Record>, JournalError> {
        let mut frames = self.shared.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = frames.read(seq)?;
        Ok(entry.and_then(|entry| open::decode(&entry)))
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
        self.ask(|reply| Command::Alias(at, from, into, reply)).await
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

    fn inbox_state(&self, inbox: Option<&Inbox>) -> InboxState {
        inbox.map(|inbox| self.shared.inbox_state(inbox)).unwrap_or_default()
    }

    async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}
