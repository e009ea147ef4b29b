//! The ledger's records, read in order beside a running router: no lock is taken and nothing is
//! changed. See [`glance`] for how far it reads.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Disk, Folder};
use super::journal::{Reader, glance};
use super::{StoreError, ledger, version};
use crate::domain::erasure::{ErasedIds, redact};
use crate::domain::record::Record;

/// A store's folder that is only read.
#[derive(Clone, Debug)]
pub struct ReadOnly(PathBuf);

/// The records of a ledger, in their order.
#[derive(Debug)]
pub struct History {
    records: Reader<ReadOnly>,
    /// Of them nothing is told, whenever it was written.
    erased: ErasedIds,
}

impl History {
    /// Looks at the store in `path`, which exists.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let folder = path.join("journal");
        if !folder.is_dir() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        version::check(path)?;
        let disk = ReadOnly(folder);
        let erased = erased(glance(&disk, ledger::STREAM)?)?;
        Ok(Self { records: glance(&disk, ledger::STREAM)?, erased })
    }

    /// The number of the last record that can be read; 0 for none.
    pub fn last(&self) -> u64 {
        self.records.synced()
    }

    /// The next record with its number; `None` after the last.
    pub fn advance(&mut self) -> Result<Option<(u64, Record)>, StoreError> {
        if self.records.synced() == 0 {
            return Ok(None);
        }
        let Some(entry) = self.records.advance()? else { return Ok(None) };
        let mut record =
            ledger::decode(&entry).ok_or(StoreError::UnknownRecord { seq: entry.seq })?;
        if !self.erased.is_empty() {
            redact(&mut record, &self.erased);
        }
        Ok(Some((entry.seq, record)))
    }
}

/// How an erasure stands in a record: the others are not read for it.
const ERASES: &[u8] = b"\"erased\":[";

/// Everybody whom a record erases.
fn erased(mut records: Reader<ReadOnly>) -> Result<ErasedIds, StoreError> {
    let mut erased = ErasedIds::new();
    if records.synced() == 0 {
        return Ok(erased);
    }
    while let Some(entry) = records.advance()? {
        if entry.payload.windows(ERASES.len()).any(|bytes| bytes == ERASES)
            && let Some(record) = ledger::decode(&entry)
        {
            erased.extend(record.erases());
        }
    }
    Ok(erased)
}

impl ReadOnly {
    /// The journal in this folder.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn refuse<T>() -> io::Result<T> {
        Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the store is only read"))
    }
}

impl Disk for ReadOnly {
    type File = std::fs::File;

    fn create(&self, _: &str) -> io::Result<Self::File> {
        Self::refuse()
    }

    fn open(&self, name: &str) -> io::Result<Self::File> {
        std::fs::File::open(self.0.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Folder::at(&self.0)?.list()
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Self::refuse()
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Self::refuse()
    }

    fn sync_names(&self) -> io::Result<()> {
        Self::refuse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Paused;
    use crate::domain::time::Timestamp;
    use crate::store::Store;

    #[test]
    fn records_are_read_while_the_store_is_open_and_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = History::open(&folder.path().join("nowhere"));
        assert!(matches!(missing, Err(StoreError::Missing { .. })));
        let store = Store::open(folder.path()).expect("a store");
        let store = store.open_ledger(|_, _| {}).expect("a ledger");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for ms in 1..=3 {
            let paused = Paused { at: Timestamp::from_unix_ms(ms), paused: true };
            runtime.block_on(store.ledger.pause(paused)).expect("kept");
        }
        let seen = |history: &mut History| {
            let mut seqs = Vec::new();
            while let Some((seq, record)) = history.advance().expect("readable") {
                assert!(matches!(record, Record::Paused(_)));
                seqs.push(seq);
            }
            seqs
        };
        // The last group may still be passed over, never more than that.
        let beside = seen(&mut History::open(folder.path()).expect("beside it"));
        assert!(beside == [1, 2] || beside == [1, 2, 3], "{beside:?}");
        drop(store);
        // The committer writes its mark when nothing waits any more.
        let mut after = Vec::new();
        for _ in 0..500 {
            after = seen(&mut History::open(folder.path()).expect("after it"));
            if after.len() == 3 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        assert_eq!(after, [1, 2, 3]);
    }

    #[test]
    fn nothing_is_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = ReadOnly(folder.path().to_owned());
        assert!(disk.create("a").is_err() && disk.rename("a", "b").is_err());
        assert!(disk.remove("a").is_err() && disk.sync_names().is_err());
        assert_eq!(disk.list().ok(), Some(Vec::new()));
    }
}
