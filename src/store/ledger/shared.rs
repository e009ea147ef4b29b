//! What everybody may read: the index, and the newest figures the committer published.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Notify, watch};

use super::inboxes::Inboxes;
use super::meta::Meta;
use crate::domain::id::Inbox;
use crate::domain::record::InboxState;
use crate::domain::view::InboxUse;
use crate::store::disk::Disk;
use crate::store::journal::Reader;

/// See the module.
#[derive(Debug)]
pub(super) struct Shared<D: Disk, I> {
    pub(super) index: Arc<I>,
    /// Makes readers of the ledger's frames.
    pub(super) frames: std::sync::Mutex<Reader<D>>,
    meta: RwLock<Meta>,
    inboxes: RwLock<Arc<Inboxes>>,
    /// Woken with every group.
    pub(super) changed: Notify,
    /// Why the store has stopped; `None` while it works.
    pub(super) failure: watch::Sender<Option<String>>,
}

impl<D: Disk, I> Shared<D, I> {
    pub(super) fn new(index: Arc<I>, frames: Reader<D>, meta: Meta, inboxes: Arc<Inboxes>) -> Self {
        Self {
            index,
            frames: std::sync::Mutex::new(frames),
            meta: RwLock::new(meta),
            inboxes: RwLock::new(inboxes),
            changed: Notify::new(),
            failure: watch::Sender::new(None),
        }
    }

    /// Called by the committer once a group is on disk and in the index.
    pub(super) fn publish(&self, meta: &Meta, inboxes: &Arc<Inboxes>) {
        self.meta.write().unwrap_or_else(PoisonError::into_inner).clone_from(meta);
        *self.inboxes.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(inboxes);
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

    pub(super) fn inboxes(&self) -> BTreeMap<Inbox, InboxUse> {
        self.inboxes.read().unwrap_or_else(PoisonError::into_inner).all()
    }

    pub(super) fn inbox_state(&self, inbox: &Inbox) -> InboxState {
        self.inboxes.read().unwrap_or_else(PoisonError::into_inner).state_of(inbox)
    }
}
