//! What everybody may read: the index, and the newest figures the committer published.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Notify, watch};

use super::book::Book;
use super::inboxes::Inboxes;
use super::meta::Meta;
use super::open::decode;
use crate::domain::breaker::{Fires, Fuse, Open, OpenBreakers, Tripped};
use crate::domain::erasure::ErasedIds;
use crate::domain::id::Inbox;
use crate::domain::record::{InboxState, Record};
use crate::domain::view::{Counters, InboxUse};
use crate::store::disk::Disk;
use crate::store::index::Index;
use crate::store::journal::{Journal, JournalError, Reader, Sweeper, Trimmer};

/// Open breakers, and how much the list of each holds.
type Listed = (Arc<OpenBreakers>, BTreeMap<Fuse, u64>);

/// See the module.
#[derive(Debug)]
pub(super) struct Shared<D: Disk, I> {
    pub(super) index: Arc<I>,
    /// Makes readers of the ledger's frames.
    frames: std::sync::Mutex<Reader<D>>,
    pub(super) trimmer: Trimmer<D>,
    pub(super) sweeper: Sweeper<D>,
    meta: RwLock<Meta>,
    inboxes: RwLock<Arc<Inboxes>>,
    breakers: RwLock<Listed>,
    erased: RwLock<Arc<ErasedIds>>,
    /// The disk is almost full: nothing new is decided.
    pub(super) is_short: AtomicBool,
    /// Woken with every group.
    pub(super) changed: Notify,
    /// Why the store has stopped; `None` while it works.
    pub(super) failure: watch::Sender<Option<String>>,
}

impl<D: Disk, I> Shared<D, I> {
    pub(super) fn new(index: Arc<I>, journal: &Journal<D>, book: &Book<I>) -> Self
    where
        I: Index,
    {
        Self {
            index,
            frames: std::sync::Mutex::new(journal.reader()),
            trimmer: journal.trimmer(),
            sweeper: journal.sweeper(),
            meta: RwLock::new(book.meta.clone()),
            inboxes: RwLock::new(Arc::clone(&book.inboxes)),
            breakers: RwLock::new(listed(&book.fires)),
            erased: RwLock::new(Arc::clone(&book.erased)),
            is_short: AtomicBool::new(false),
            changed: Notify::new(),
            failure: watch::Sender::new(None),
        }
    }

    /// The record at `seq`; `None` where it is not on disk, or not any more.
    pub(super) fn read(&self, seq: u64) -> Result<Option<Record>, JournalError> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(frames.read(seq)?.and_then(|entry| decode(&entry)))
    }

    /// The first record there still is.
    pub(super) fn first(&self) -> u64 {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).first()
    }

    /// Called by the committer once a group is on disk and in the index.
    pub(super) fn publish(&self, book: &Book<I>) {
        self.meta.write().unwrap_or_else(PoisonError::into_inner).clone_from(&book.meta);
        *self.inboxes.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book.inboxes);
        *self.breakers.write().unwrap_or_else(PoisonError::into_inner) = listed(&book.fires);
        *self.erased.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book.erased);
        self.changed.notify_one();
    }

    /// Called by the committer when nothing can go on.
    pub(super) fn fail(&self, why: &str) {
        self.failure.send_replace(Some(why.to_owned()));
        self.changed.notify_one();
    }

    pub(super) fn meta(&self) -> Meta {
        self.meta.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everybody who was erased: nothing of them is shown.
    pub(super) fn erased(&self) -> Arc<ErasedIds> {
        Arc::clone(&self.erased.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn inboxes(&self) -> Arc<BTreeMap<Inbox, InboxUse>> {
        self.inboxes.read().unwrap_or_else(PoisonError::into_inner).all()
    }

    /// What decisions see besides inboxes.
    pub(super) fn counters(&self) -> Counters {
        let inboxes = self.inboxes.read().unwrap_or_else(PoisonError::into_inner).clone();
        let breakers = self.breakers.read().unwrap_or_else(PoisonError::into_inner).0.clone();
        let (rules, queues) = (inboxes.rules().clone(), inboxes.queues().clone());
        let restored = self.meta.read().unwrap_or_else(PoisonError::into_inner).recall.restored;
        Counters { rules, breakers, queues, restored }
    }

    /// Open breakers, each with how much its list holds.
    pub(super) fn breakers(&self) -> Vec<(Tripped, u64)> {
        let listed = self.breakers.read().unwrap_or_else(PoisonError::into_inner).clone();
        let held = |fuse: &Fuse| listed.1.get(fuse).copied().unwrap_or_default();
        let tripped =
            |(fuse, open): (&Fuse, &Open)| Tripped { fuse: fuse.clone(), open: open.clone() };
        listed.0.iter().map(|it| (tripped(it), held(it.0))).collect()
    }

    pub(super) fn inbox_state(&self, inbox: &Inbox) -> InboxState {
        self.inboxes.read().unwrap_or_else(PoisonError::into_inner).state_of(inbox)
    }
}

/// What is told of breakers. While none is open nothing is copied.
fn listed(fires: &Fires) -> Listed {
    let open = Arc::clone(fires.open());
    let held = open.keys().map(|fuse| (fuse.clone(), fires.held(fuse))).collect();
    (open, held)
}
