//! The next segment, filled with zeros beforehand: a write into prepared blocks needs no
//! change of the file's metadata, which halves the time of a sync (STORAGE.md 2a).

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::store::disk::{Disk, DiskFile};

const IDLE: u8 = 0;
const AT_WORK: u8 = 1;
const READY: u8 = 2;
/// Zeros are written and synced in pieces, so that a sync of the journal never waits for long.
const PIECE_BYTES: usize = 1 << 20;
/// Until it is tried again where the disk had no place for it.
const PAUSE: Duration = Duration::from_secs(30);

/// A segment in the making, on a thread of its own.
#[derive(Debug)]
pub(super) struct Spare {
    state: Arc<AtomicU8>,
    /// When the disk had no place for it.
    failed: Arc<Mutex<Option<Instant>>>,
    name: String,
    bytes: u64,
}

impl Spare {
    pub(super) fn new(stream: &str, bytes: u64) -> Self {
        let name = format!("{stream}.spare");
        Self { state: Arc::new(AtomicU8::new(IDLE)), failed: Arc::default(), name, bytes }
    }

    /// Begins to prepare the next segment, unless that was begun. A failure is not an error:
    /// the journal then makes its next segment itself.
    pub(super) fn prepare<D: Disk>(&self, disk: &D, stream: &str, number: u64) {
        let failed = *self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_some_and(|failed| failed.elapsed() < PAUSE) {
            return;
        }
        if self.state.compare_exchange(IDLE, AT_WORK, Ordering::AcqRel, Ordering::Acquire).is_err()
        {
            return;
        }
        let (disk, name, bytes) = (disk.clone(), self.name.clone(), self.bytes);
        let (state, failed) = (Arc::clone(&self.state), Arc::clone(&self.failed));
        let started =
            thread::Builder::new().name(format!("{stream}-spare-{number}")).spawn(move || {
                if fill(&disk, &name, bytes).is_ok() {
                    return state.store(READY, Ordering::Release);
                }
                // What there is of it is in the way of those who write. A prepared segment only
                // makes them quicker.
                drop(disk.remove(&name));
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                state.store(IDLE, Ordering::Release);
            });
        if started.is_err() {
            self.state.store(IDLE, Ordering::Release);
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.state.load(Ordering::Acquire) == READY
    }

    /// The name of the prepared file, once.
    pub(super) fn take(&self) -> Option<String> {
        self.state
            .compare_exchange(READY, IDLE, Ordering::AcqRel, Ordering::Acquire)
            .ok()
            .map(|_| self.name.clone())
    }
}

fn fill<D: Disk>(disk: &D, name: &str, bytes: u64) -> std::io::Result<()> {
    let file = disk.create(name)?;
    let zeros = vec![0; PIECE_BYTES.min(usize::try_from(bytes).unwrap_or(PIECE_BYTES))];
    let mut offset = 0;
    while offset < bytes {
        file.write_at(&zeros, offset)?;
        file.sync()?;
        offset += zeros.len() as u64;
    }
    Ok(())
}
