//! A disk in memory that knows what is synced and what is not, so that a power cut can be tried.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::store::disk::{Disk, DiskFile};

/// A disk writes whole sectors; a torn write keeps some of them.
const SECTOR_BYTES: usize = 512;

#[derive(Clone, Debug, Default)]
struct Content {
    /// What surely survives.
    synced: Vec<u8>,
    /// Writes since: offset and bytes.
    unsynced: Vec<(usize, Vec<u8>)>,
}

impl Content {
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for (offset, write) in &self.unsynced {
            put(&mut bytes, *offset, write);
        }
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, write: &[u8]) {
    if bytes.len() < offset + write.len() {
        bytes.resize(offset + write.len(), 0);
    }
    bytes[offset..offset + write.len()].copy_from_slice(write);
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<u64, Content>,
    names: BTreeMap<String, u64>,
    synced_names: BTreeMap<String, u64>,
    next: u64,
    fail_writes: bool,
    fail_syncs: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct MemoryDisk(Arc<Mutex<State>>);

/// A file on it.
#[derive(Debug)]
pub(in crate::store) struct MemoryFile(MemoryDisk, u64);

fn refused() -> io::Error {
    io::Error::other("refused by the test")
}

impl MemoryDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with it")
    }

    pub(in crate::store) fn fail_writes(&self, fail: bool) {
        self.state().fail_writes = fail;
    }

    pub(in crate::store) fn fail_syncs(&self, fail: bool) {
        self.state().fail_syncs = fail;
    }

    /// The bytes of a file as they are now.
    pub(in crate::store) fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.files[&state.names[name]].now()
    }

    /// A disk with one file of these bytes, all synced.
    pub(in crate::store) fn holding(name: &str, bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        {
            let mut state = disk.state();
            state.files.insert(0, Content { synced: bytes, unsynced: Vec::new() });
            state.names.insert(name.to_owned(), 0);
            state.synced_names.insert(name.to_owned(), 0);
            state.next = 1;
        }
        disk
    }

    /// What a power cut may leave: everything synced, and of the rest any sectors, in any order.
    pub(in crate::store) fn after_power_cut(&self, mut random: impl FnMut() -> u64) -> Self {
        let state = self.state();
        let mut image = State { next: state.next, ..State::default() };
        for (name, id) in &state.names {
            let kept = state.synced_names.get(name) == Some(id) || random().is_multiple_of(2);
            if kept {
                image.names.insert(name.clone(), *id);
                image.synced_names.insert(name.clone(), *id);
            }
        }
        for (id, content) in &state.files {
            let mut bytes = content.synced.clone();
            for (offset, write) in &content.unsynced {
                let keep_one_in = random() % 4;
                for (number, sector) in sectors(*offset, write) {
                    if keep_one_in != 0 && random() % 4 < keep_one_in {
                        put(&mut bytes, number, sector);
                    }
                }
            }
            image.files.insert(*id, Content { synced: bytes, unsynced: Vec::new() });
        }
        Self(Arc::new(Mutex::new(image)))
    }
}

/// A write cut at sector boundaries: offset and bytes.
fn sectors(offset: usize, write: &[u8]) -> Vec<(usize, &[u8])> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < write.len() {
        let end = ((offset + at) / SECTOR_BYTES + 1) * SECTOR_BYTES - offset;
        let end = end.min(write.len());
        parts.push((offset + at, &write[at..end]));
        at = end;
    }
    parts
}

impl Disk for MemoryDisk {
    type File = MemoryFile;

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.files.insert(id, Content::default());
        state.names.insert(name.to_owned(), id);
        Ok(MemoryFile(self.clone(), id))
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        let id = self.state().names.get(name).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(MemoryFile(self.clone(), id))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let id = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().names.remove(name).map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        state.synced_names = state.names.clone();
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.0.state();
        if state.fail_writes {
            return Err(refused());
        }
        let offset = usize::try_from(offset).expect("small");
        let content = state.files.get_mut(&self.1).ok_or(io::ErrorKind::NotFound)?;
        content.unsynced.push((offset, bytes.to_vec()));
        Ok(())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.0.state();
        let content = &state.files[&self.1];
        let now;
        let bytes = if content.unsynced.is_empty() {
            &content.synced
        } else {
            now = content.now();
            &now
        };
        let offset = usize::try_from(offset).expect("small").min(bytes.len());
        let length = into.len().min(bytes.len() - offset);
        into[..length].copy_from_slice(&bytes[offset..offset + length]);
        Ok(length)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.state();
        if state.fail_syncs {
            return Err(refused());
        }
        let content = state.files.get_mut(&self.1).ok_or(io::ErrorKind::NotFound)?;
        for (offset, write) in std::mem::take(&mut content.unsynced) {
            put(&mut content.synced, offset, &write);
        }
        Ok(())
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.0.state().files[&self.1].now().len() as u64)
    }

    fn resize(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.0.state();
        let bytes = usize::try_from(bytes).expect("small");
        let content = state.files.get_mut(&self.1).ok_or(io::ErrorKind::NotFound)?;
        content.synced = content.now();
        content.unsynced.clear();
        content.synced.resize(bytes, 0);
        Ok(())
    }
}
