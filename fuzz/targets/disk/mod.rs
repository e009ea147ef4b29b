//! A disk in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubroute::store::disk::{Disk, DiskFile};

type Bytes = Arc<Mutex<Vec<u8>>>;

/// One folder.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

/// One file.
#[derive(Debug)]
pub struct File(Bytes);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at(offset: u64) -> usize {
    usize::try_from(offset).expect("a small file")
}

impl Memory {
    /// A file of these bytes.
    pub fn put(&self, name: &str, bytes: Vec<u8>) {
        lock(&self.0).insert(name.to_owned(), Arc::new(Mutex::new(bytes)));
    }

    /// Changes the file that `place` falls into: a byte is flipped by `with`, or, where `with`
    /// is 0, the rest is cut off.
    pub fn edit(&self, place: usize, with: u8) {
        let files = lock(&self.0);
        if files.is_empty() {
            return;
        }
        let file = files.values().nth(place % files.len()).expect("one of them");
        let mut bytes = lock(file);
        let place = place % bytes.len().max(1);
        match (with, bytes.get_mut(place)) {
            (0, _) => bytes.truncate(place),
            (_, Some(byte)) => *byte ^= with,
            (_, None) => {}
        }
    }
}

impl Disk for Memory {
    type File = File;

    fn create(&self, name: &str) -> io::Result<File> {
        self.put(name, Vec::new());
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        lock(&self.0).get(name).cloned().map(File).ok_or(io::ErrorKind::NotFound.into())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(lock(&self.0).keys().cloned().collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = lock(&self.0);
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        lock(&self.0).remove(name).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut content = lock(&self.0);
        let end = at(offset) + bytes.len();
        if content.len() < end {
            content.resize(end, 0);
        }
        content[at(offset)..end].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = lock(&self.0);
        let from = content.get(at(offset)..).unwrap_or_default();
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(lock(&self.0).len() as u64)
    }

    fn resize(&self, bytes: u64) -> io::Result<()> {
        lock(&self.0).resize(at(bytes), 0);
        Ok(())
    }
}
