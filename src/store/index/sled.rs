//! The index in sled 0.34.7, with the guards that STORAGE.md section 1 measured to be needed:
//! half-written snapshots are removed before opening, opening happens where a panic is caught,
//! values stay far below the size of a blob, and nothing but the journal is relied on.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::{Change, Index, IndexError, Pair};

/// Explicit, because the default is 1 GiB.
const CACHE_BYTES: u64 = 32 << 20;
/// Keeps sled's own background fsync and segment cleaning alive.
const FLUSH_EVERY_MS: u64 = 500;

/// See the module.
#[derive(Debug)]
pub struct SledIndex {
    db: sled::Db,
    path: PathBuf,
}

impl SledIndex {
    /// Opens the folder, making it where it is missing. The caller holds the store's lock.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        fs::create_dir_all(path)?;
        remove_unfinished_snapshots(path)?;
        let config = sled::Config::new()
            .path(path)
            .mode(sled::Mode::HighThroughput)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_EVERY_MS))
            .use_compression(false);
        let db = guarded(|| config.open())?;
        Ok(Self { db, path: path.to_owned() })
    }
}

/// A snapshot whose writing was cut off is taken for the newest one and fails the opening.
fn remove_unfinished_snapshots(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let unfinished =
            Path::new(&*name).extension().is_some_and(|extension| extension == "generating");
        if name.starts_with("snap.") && unfinished {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// sled panics on damaged files; here that is an error like any other.
fn guarded<T>(run: impl FnOnce() -> sled::Result<T>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(IndexError::Engine),
        Err(_) => Err(IndexError::Panicked),
    }
}

impl Index for SledIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        guarded(|| self.db.get(key)).map(|value| value.map(|value| value.to_vec()))
    }

    fn range(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, IndexError> {
        guarded(|| {
            let mut pairs = Vec::new();
            for row in self.db.range(from..).take(limit) {
                let (key, value) = row?;
                if !key.starts_with(prefix) {
                    break;
                }
                pairs.push((key.to_vec(), value.to_vec()));
            }
            Ok(pairs)
        })
    }

    fn apply(&self, changes: &[Change]) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        guarded(|| self.db.apply_batch(batch))
    }

    /// sled's flush alone is no fsync on Linux (STORAGE.md section 0).
    fn flush(&self) -> Result<(), IndexError> {
        guarded(|| self.db.flush())?;
        fs::File::open(self.path.join("db"))?.sync_data()?;
        Ok(())
    }
}
