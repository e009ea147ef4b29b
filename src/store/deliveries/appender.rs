//! The appender: writes whatever waits as one group, syncs once, and answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::{NotKept, Shared, VERSION, Waiting};
use crate::store::disk::Disk;
use crate::store::journal::{Draft, FrameKind, Journal, JournalError};

/// Bytes in one group.
const GROUP_BYTES_MAX: usize = 4 << 20;

/// The one writer of the stream.
pub struct Appender<D: Disk> {
    journal: Journal<D>,
    shared: Arc<Shared>,
}

impl<D: Disk> std::fmt::Debug for Appender<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Appender(next {})", self.journal.next_seq())
    }
}

impl<D: Disk> Appender<D> {
    pub(super) fn new(journal: Journal<D>, shared: Arc<Shared>) -> Self {
        Self { journal, shared }
    }

    /// Works until the stream is closed, or the disk fails for good. Blocks its thread. Where it
    /// gives up, the stream has failed.
    pub fn run(self) {
        let shared = Arc::clone(&self.shared);
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            let why = "what keeps deliveries gave up; please report it with the log";
            shared.failure.send_replace(Some(why.to_owned()));
        }
    }

    fn serve(mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some((waiting, seal)) = shared.next(|| self.journal.mark()) {
            self.write(waiting, seal);
            if self.journal.is_poisoned() {
                let why = || JournalError::Poisoned.to_string();
                self.shared.failure.send_if_modified(|failure| {
                    failure.get_or_insert_with(why);
                    true
                });
                return;
            }
        }
        self.journal.mark();
    }

    /// Writes whatever waits now, answers, and returns: for whoever has no thread for it.
    pub fn turn(&mut self) {
        let (waiting, seal) = self.shared.take();
        self.write(waiting, seal);
        self.journal.mark();
    }

    fn write(&mut self, waiting: Vec<Waiting>, seal: bool) {
        let mut group = Vec::new();
        for one in waiting {
            group.push(self.put(one));
            if GROUP_BYTES_MAX <= self.journal.group_bytes() {
                self.commit(std::mem::take(&mut group));
            }
        }
        self.commit(group);
        if seal {
            // Where the disk has no place for another segment this one goes on.
            drop(self.journal.seal());
        }
    }

    fn put(&mut self, waiting: Waiting) -> (u64, Waiting) {
        let received = waiting.received.unix_ms().to_le_bytes();
        let parts: [&[u8]; 2] = [&received, (*waiting.body).as_ref()];
        let draft = Draft { kind: FrameKind::Delivery, version: VERSION, parts: &parts };
        (self.journal.put(&draft), waiting)
    }

    fn commit(&mut self, group: Vec<(u64, Waiting)>) {
        let Some((last, _)) = group.last() else { return };
        let last = *last;
        let result = self.journal.commit();
        if result.is_ok() {
            let bytes = group.iter().map(|(_, waiting)| waiting.bytes as u64).sum();
            let since = group.iter().map(|(_, waiting)| waiting.received).min();
            self.shared.backlog.keep(last, bytes, since.unwrap_or_default());
            self.shared.synced.store(last, Ordering::Release);
        }
        let refusal = result.as_ref().err().map(JournalError::in_full);
        let trouble = self.shared.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone_from(&refusal);
        for (seq, waiting) in group {
            self.shared.bytes.fetch_sub(waiting.bytes, Ordering::Relaxed);
            let answer = match &refusal {
                None => Ok(seq),
                Some(why) => Err(NotKept::Refused(why.clone())),
            };
            // Whoever asked may have gone; the delivery is kept all the same.
            drop(waiting.kept.send(answer));
        }
        if refusal.is_none() {
            let (newest, appended) = &self.shared.appended;
            *newest.lock().unwrap_or_else(PoisonError::into_inner) = last;
            appended.notify_all();
        }
        if self.journal.is_poisoned() && refusal.is_some() {
            self.shared.failure.send_replace(refusal);
        }
    }
}

impl<D: Disk> Drop for Appender<D> {
    /// Nobody may wait for an appender that is gone.
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.closed = true;
        queue.waiting.clear();
    }
}
