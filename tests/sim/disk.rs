//! The simulated machine's disk: it knows what is synced, loses what is not, and can stop the
//! machine at any write.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubroute::store::disk::{Disk, DiskFile};

use crate::random::Random;

/// A disk writes whole sectors; a torn write keeps some of them.
const SECTOR_BYTES: usize = 512;

/// How the machine stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The process was killed: what it had written, the system still writes.
    Kill,
    /// The power went: of what was not synced, any sectors may be there.
    PowerCut,
}

/// A write that no sync has made safe: where, and what lay there before.
#[derive(Debug)]
struct Unsynced {
    offset: usize,
    before: Vec<u8>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Content {
    now: Vec<u8>,
    synced_bytes: usize,
    unsynced: Vec<Unsynced>,
    /// Sealed segments lie in a file of the real machine: months of them do not fit in memory.
    spilled: Option<(File, u64)>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<u64, Content>,
    names: BTreeMap<String, u64>,
    synced_names: BTreeMap<String, u64>,
    next: u64,
    /// Writes and syncs until the machine stops; `None`: it goes on.
    stops_after: Option<u64>,
    stopped: bool,
    /// Nothing more can be written.
    full: bool,
}

/// See the module. Cloning gives another handle to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

/// A file on it.
#[derive(Debug)]
pub(crate) struct SimFile(SimDisk, u64);

impl SimDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the machine after so many more writes and syncs.
    pub(crate) fn stop_after(&self, steps: u64) {
        self.state().stops_after = Some(steps);
    }

    /// Fills the disk up, or makes space on it.
    pub(crate) fn fill(&self, full: bool) {
        self.state().full = full;
    }

    /// Whether it stopped there.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// What the disk holds when the machine starts again.
    pub(crate) fn restart(&self, stop: Stop, random: &mut Random) {
        let mut guard = self.state();
        let state = &mut *guard;
        (state.stopped, state.stops_after) = (false, None);
        if stop == Stop::PowerCut {
            let synced = &state.synced_names;
            state.names.retain(|name, id| synced.get(name) == Some(id) || random.chance(500));
        }
        state.synced_names.clone_from(&state.names);
        for content in state.files.values_mut() {
            let unsynced = std::mem::take(&mut content.unsynced);
            if stop == Stop::PowerCut {
                tear(content, unsynced, random);
            }
            content.synced_bytes = content.now.len();
        }
    }

    /// Moves every segment but the last two of each stream out of memory.
    pub(crate) fn spill(&self) {
        let mut guard = self.state();
        let state = &mut *guard;
        let segments: Vec<(String, u64)> = state
            .names
            .iter()
            .filter(|(name, _)| name.rsplit('.').next() == Some("seg"))
            .map(|(name, id)| (name.clone(), *id))
            .collect();
        for pair in segments.windows(3) {
            let [(name, id), _, (later, _)] = pair else { continue };
            let stream = |name: &str| name.split('-').next().unwrap_or_default().to_owned();
            let Some(content) = state.files.get_mut(id) else { continue };
            if stream(name) != stream(later) || content.spilled.is_some() {
                continue;
            }
            let file = tempfile::tempfile().expect("a file for a sealed segment");
            file.write_all_at(&content.now, 0).expect("room for a sealed segment");
            let bytes = content.now.len() as u64;
            *content = Content { spilled: Some((file, bytes)), ..Content::default() };
        }
        let kept: Vec<u64> = state.names.values().copied().collect();
        state.files.retain(|id, _| kept.contains(id));
    }

    /// One write or sync: an error once the machine has stopped.
    fn step(state: &mut State) -> io::Result<()> {
        if let Some(left) = state.stops_after.as_mut() {
            state.stopped |= *left == 0;
            *left = left.saturating_sub(1);
        }
        if state.stopped { Err(io::Error::other("the machine has stopped")) } else { Ok(()) }
    }
}

/// Takes back what was not synced, and puts any sectors of it there again.
fn tear(content: &mut Content, unsynced: Vec<Unsynced>, random: &mut Random) {
    let after: Vec<(usize, Vec<u8>)> = unsynced
        .iter()
        .map(|write| {
            let end = (write.offset + write.bytes).min(content.now.len());
            (write.offset, content.now[write.offset.min(end)..end].to_vec())
        })
        .collect();
    for write in unsynced.into_iter().rev() {
        put(&mut content.now, write.offset, &write.before);
    }
    content.now.truncate(content.synced_bytes.max(1).min(content.now.len()));
    for (offset, bytes) in after {
        let kept = random.below(4);
        let mut at = 0;
        while at < bytes.len() {
            let end = (((offset + at) / SECTOR_BYTES + 1) * SECTOR_BYTES - offset).min(bytes.len());
            if random.below(4) < kept {
                put(&mut content.now, offset + at, &bytes[at..end]);
            }
            at = end;
        }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, write: &[u8]) {
    if bytes.len() < offset + write.len() {
        bytes.resize(offset + write.len(), 0);
    }
    bytes[offset..offset + write.len()].copy_from_slice(write);
}

impl Disk for SimDisk {
    type File = SimFile;

    fn create(&self, name: &str) -> io::Result<SimFile> {
        let mut state = self.state();
        Self::step(&mut state)?;
        let id = state.next;
        state.next += 1;
        state.files.insert(id, Content::default());
        state.names.insert(name.to_owned(), id);
        Ok(SimFile(self.clone(), id))
    }

    fn open(&self, name: &str) -> io::Result<SimFile> {
        let id = self.state().names.get(name).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(SimFile(self.clone(), id))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        Self::step(&mut state)?;
        let id = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        Self::step(&mut state)?;
        state.names.remove(name).map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        Self::step(&mut state)?;
        state.synced_names = state.names.clone();
        Ok(())
    }

    /// At once: on this machine nothing happens beside anything else.
    fn aside(&self, _name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        work();
        Ok(())
    }
}

impl SimFile {
    fn with<T>(&self, at: impl FnOnce(&mut State, u64) -> io::Result<T>) -> io::Result<T> {
        at(&mut self.0.state(), self.1)
    }
}

fn content(state: &mut State, id: u64) -> io::Result<&mut Content> {
    state.files.get_mut(&id).ok_or_else(|| io::ErrorKind::NotFound.into())
}

impl DiskFile for SimFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.with(|state, id| {
            // The write at which the machine stops is begun: any part of it may be there.
            let before = state.stopped;
            let stops = SimDisk::step(state);
            if before {
                return stops;
            }
            if state.full {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let content = content(state, id)?;
            let offset = usize::try_from(offset).map_err(io::Error::other)?;
            let end = content.now.len().min(offset + bytes.len());
            let before = content.now[offset.min(end)..end].to_vec();
            content.unsynced.push(Unsynced { offset, before, bytes: bytes.len() });
            put(&mut content.now, offset, bytes);
            stops
        })
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|state, id| {
            let content = content(state, id)?;
            if let Some((file, _)) = &content.spilled {
                return FileExt::read_at(file, into, offset);
            }
            let offset = usize::try_from(offset).map_err(io::Error::other)?.min(content.now.len());
            let length = into.len().min(content.now.len() - offset);
            into[..length].copy_from_slice(&content.now[offset..offset + length]);
            Ok(length)
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|state, id| {
            SimDisk::step(state)?;
            let content = content(state, id)?;
            content.unsynced.clear();
            content.synced_bytes = content.now.len();
            Ok(())
        })
    }

    fn bytes(&self) -> io::Result<u64> {
        self.with(|state, id| {
            let content = content(state, id)?;
            Ok(content.spilled.as_ref().map_or(content.now.len() as u64, |(_, bytes)| *bytes))
        })
    }

    fn resize(&self, bytes: u64) -> io::Result<()> {
        self.with(|state, id| {
            SimDisk::step(state)?;
            let content = content(state, id)?;
            content.unsynced.clear();
            content.now.resize(usize::try_from(bytes).map_err(io::Error::other)?, 0);
            content.synced_bytes = content.now.len();
            Ok(())
        })
    }
}
