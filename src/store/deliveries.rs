//! What HubSpot sent, kept before it is acknowledged: one thread appends whatever waits, syncs
//! once, and answers everybody who waited.

mod appender;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{oneshot, watch};

pub use self::appender::Appender;
use super::backlog::Backlog;
use super::disk::Disk;
use super::journal::{Entry, Journal, Reader, Sweeper, Trimmer};
use super::{Limits, StoreError};
use crate::domain::signature::VerifiedDelivery;
use crate::domain::time::Timestamp;

/// The journal's stream of deliveries.
pub const STREAM: &str = "deliveries";
/// The version of a delivery's form: the time of receipt, then the body.
const VERSION: u8 = 1;
/// Bytes that may wait to be written; beyond, deliveries are refused.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Deliveries that may wait to be written: each costs more memory than its bytes.
const WAITING_MAX: usize = 16_384;

/// After so long without a delivery the last group is marked as synced.
const REST: Duration = Duration::from_millis(2);
/// Between further looks, which find nothing to do.
const LONG_REST: Duration = Duration::from_hours(1);

/// Why a delivery was not kept. HubSpot is told to come again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotKept {
    /// Too much waits for the disk already.
    #[error("too much waits for the disk")]
    Full,
    /// The intake is too far behind what is on disk.
    #[error("{0}")]
    Behind(String),
    /// The disk is almost full.
    #[error("the store's disk is almost full")]
    NoSpace,
    /// The disk refused it.
    #[error("the disk refused it: {0}")]
    Refused(String),
    /// The store has stopped.
    #[error("the store has stopped")]
    Stopped,
}

/// A delivery that waits to be written.
struct Waiting {
    received: Timestamp,
    body: Box<dyn AsRef<[u8]> + Send>,
    bytes: usize,
    kept: oneshot::Sender<Result<u64, NotKept>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    closed: bool,
    /// The segment is to be sealed.
    seal: bool,
}

/// What handlers, the appender and readers share.
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    bytes: AtomicUsize,
    backlog: Backlog,
    synced: AtomicU64,
    /// For the intake thread, which sleeps while there is nothing new.
    appended: (Mutex<u64>, Condvar),
    /// The disk is almost full: nothing is taken.
    is_short: AtomicBool,
    /// Why the last group was refused; `None` once one was kept.
    trouble: Mutex<Option<String>>,
    failure: watch::Sender<Option<String>>,
}

/// The stream of deliveries. Cloning gives another handle to it.
pub struct Deliveries<D: Disk> {
    shared: Arc<Shared>,
    /// Makes readers; one is enough for the intake thread.
    reader: Arc<Mutex<Option<Reader<D>>>>,
    trimmer: Trimmer<D>,
    sweeper: Sweeper<D>,
}

impl<D: Disk> Clone for Deliveries<D> {
    fn clone(&self) -> Self {
        let (shared, reader) = (Arc::clone(&self.shared), Arc::clone(&self.reader));
        let (trimmer, sweeper) = (self.trimmer.clone(), self.sweeper.clone());
        Self { shared, reader, trimmer, sweeper }
    }
}

impl<D: Disk> std::fmt::Debug for Deliveries<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Deliveries(synced {})", self.synced())
    }
}

impl<D: Disk> Deliveries<D> {
    /// Starts the appender on a thread of its own.
    pub fn start(journal: Journal<D>) -> Result<Self, StoreError> {
        let (deliveries, appender) = Self::prepare(journal);
        thread::Builder::new()
            .name("appender".to_owned())
            .spawn(move || appender.run())
            .map_err(StoreError::Thread)?;
        Ok(deliveries)
    }

    /// The same, without a thread: nothing is kept until somebody lets the appender work.
    pub fn prepare(journal: Journal<D>) -> (Self, Appender<D>) {
        let synced = journal.next_seq() - 1;
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::default()),
            arrived: Condvar::new(),
            bytes: AtomicUsize::new(0),
            backlog: Backlog::new(synced),
            synced: AtomicU64::new(synced),
            appended: (Mutex::new(synced), Condvar::new()),
            is_short: AtomicBool::new(false),
            trouble: Mutex::new(None),
            failure: watch::Sender::new(None),
        });
        let reader = Arc::new(Mutex::new(Some(journal.reader())));
        let (trimmer, sweeper) = (journal.trimmer(), journal.sweeper());
        let appender = Appender::new(journal, Arc::clone(&shared));
        (Self { shared, reader, trimmer, sweeper }, appender)
    }

    /// Keeps a delivery; its number. `Ok` means it is on disk and may be acknowledged.
    pub async fn append<B>(&self, delivery: VerifiedDelivery<B>) -> Result<u64, NotKept>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let received = delivery.received();
        self.keep(received, Box::new(delivery.into_body())).await
    }

    /// Keeps what `reconcile` found, in the form of a delivery; its number.
    pub async fn append_found(&self, found: Vec<u8>, at: Timestamp) -> Result<u64, NotKept> {
        self.keep(at, Box::new(found)).await
    }

    async fn keep(
        &self,
        received: Timestamp,
        body: Box<dyn AsRef<[u8]> + Send>,
    ) -> Result<u64, NotKept> {
        if let Some(why) = self.shared.backlog.obstacle(received) {
            return Err(NotKept::Behind(why));
        }
        if self.shared.is_short.load(Ordering::Relaxed) {
            return Err(NotKept::NoSpace);
        }
        let bytes = (*body).as_ref().len();
        if WAITING_BYTES_MAX < self.shared.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(NotKept::Full);
        }
        let (kept, answer) = oneshot::channel();
        let waiting = Waiting { received, body, bytes, kept };
        self.shared.push(waiting)?;
        answer.await.unwrap_or(Err(NotKept::Stopped))
    }

    /// Bounds what may wait for the intake.
    pub fn limit(&self, limits: Limits) {
        self.shared.backlog.limit(limits);
    }

    /// The intake is done with everything up to this number.
    pub fn taken(&self, seq: u64) {
        self.shared.backlog.take(seq);
    }

    /// Why deliveries are refused at `now` although the disk takes them: the intake is too far
    /// behind. `None` while they are kept.
    pub fn behind(&self, now: Timestamp) -> Option<String> {
        self.shared.backlog.obstacle(now)
    }

    /// The last number that is on disk.
    pub fn synced(&self) -> u64 {
        self.shared.synced.load(Ordering::Acquire)
    }

    /// Whether somebody waits for an acknowledgement now.
    pub fn is_waited_for(&self) -> bool {
        self.shared.bytes.load(Ordering::Relaxed) != 0
    }

    /// The reader, for the one intake thread. `None` the second time.
    pub fn take_reader(&self) -> Option<Reader<D>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Blocks until a delivery after `seq` is on disk, at most for `patience`.
    pub fn wait_beyond(&self, seq: u64, patience: Duration) {
        let (last, appended) = &self.shared.appended;
        let last = last.lock().unwrap_or_else(PoisonError::into_inner);
        // What woke us is looked at by the caller anyway.
        drop(appended.wait_timeout_while(last, patience, |last| *last <= seq));
    }

    /// Refuses whatever comes while the disk is almost full.
    pub fn refuse_for_space(&self, is_short: bool) {
        self.shared.is_short.store(is_short, Ordering::Relaxed);
    }

    /// Why the disk refused the last group; `None` once it kept one.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Becomes the reason when the stream stops for good.
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.shared.failure.subscribe()
    }

    /// Takes segments away once nothing needs them.
    pub fn trimmer(&self) -> &Trimmer<D> {
        &self.trimmer
    }

    /// Sweeps sealed segments.
    pub fn sweeper(&self) -> &Sweeper<D> {
        &self.sweeper
    }

    /// Has the next delivery begin a segment of its own, so that those before it can be taken
    /// away when they are old.
    pub fn seal(&self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).seal = true;
        self.shared.arrived.notify_one();
    }

    /// Takes no more; what waits is still written.
    pub fn close(&self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.arrived.notify_one();
    }
}

/// A delivery read back: when it was received, and its body.
pub fn decode(entry: &Entry) -> Option<(Timestamp, &[u8])> {
    let (received, body) = entry.payload.split_first_chunk::<8>()?;
    (entry.version == VERSION)
        .then(|| (Timestamp::from_unix_ms(u64::from_le_bytes(*received)), body))
}

impl Shared {
    fn push(&self, waiting: Waiting) -> Result<(), NotKept> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.closed {
            return Err(NotKept::Stopped);
        }
        if WAITING_MAX <= queue.waiting.len() {
            self.bytes.fetch_sub(waiting.bytes, Ordering::Relaxed);
            return Err(NotKept::Full);
        }
        queue.waiting.push(waiting);
        let first = queue.waiting.len() == 1;
        drop(queue);
        if first {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Whatever waits now, without waiting; whether the segment is to be sealed after it.
    fn take(&self) -> (Vec<Waiting>, bool) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let seal = std::mem::take(&mut queue.seal);
        (std::mem::take(&mut queue.waiting), seal)
    }

    /// Whatever waits now, and whether the segment is to be sealed after it; `None` when nothing
    /// more can come. `idle` runs once nothing came for a moment: within a burst it would only
    /// be in the way.
    fn next(&self, mut idle: impl FnMut()) -> Option<(Vec<Waiting>, bool)> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = REST;
        while queue.waiting.is_empty() && !queue.seal {
            if queue.closed {
                return None;
            }
            let waited = self.arrived.wait_timeout(queue, rest);
            let timeout;
            (queue, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && queue.waiting.is_empty() {
                idle();
                rest = LONG_REST;
            }
        }
        Some((std::mem::take(&mut queue.waiting), std::mem::take(&mut queue.seal)))
    }
}

#[cfg(test)]
mod tests;
