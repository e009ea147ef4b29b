//! Bringing a backup back, into a place where no store is.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, verify_backup};
use super::pour::sync_folder;
use super::{BackupError, Progress, erased};
use crate::domain::id::ContactId;
use crate::domain::time::Timestamp;
use crate::store::checkpoint::{self, Checkpoint};
use crate::store::journal::has_no_segment;
use crate::store::{Lock, version};

/// The file that says that a store came from a backup.
const RESTORED: &str = "RESTORED";

/// Where a store came from: HubSpot may know of enrollments that it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When the backup was taken.
    pub taken_at: Timestamp,
    /// When it was brought back.
    pub restored_at: Timestamp,
    /// Everybody who was erased after it, as far as this backup and those beside it tell.
    #[serde(default)]
    pub erased: Vec<ContactId>,
}

/// Verifies the backup in `from` and makes the store at `store` of it. The next start makes the
/// index. A restore that was broken off leaves a store that does not open.
pub fn restore(
    from: &Path,
    store: &Path,
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let (manifest, _) = verify_backup(from, progress)?;
    let there = || BackupError::StoreThere { path: store.to_owned() };
    if store.exists() && !store.is_dir() {
        return Err(there());
    }
    fs::create_dir_all(store.join("journal")).map_err(BackupError::file(store))?;
    let _lock = Lock::take(store)?;
    let journal = store.join("journal");
    let is_new = has_no_segment(&journal).map_err(BackupError::file(&journal))?
        && !store.join("index").exists()
        && !store.join("CHECKPOINT").exists();
    if !is_new {
        return Err(there());
    }
    // Before the segments: a part of them alone is refused, and never taken for a store that
    // was not restored.
    let ends = Checkpoint { deliveries: manifest.deliveries, ledger: manifest.ledger };
    let erased = erased::after(from, &manifest).into_iter().collect();
    let restored = Restored { taken_at: manifest.taken_at, restored_at: at, erased };
    mark(store, &restored).map_err(BackupError::file(store))?;
    checkpoint::write(store, &ends).map_err(BackupError::file(store))?;
    version::claim(store)?;
    erased::take_over(store, from, &manifest)?;
    manifest.pour(from, Some(store), progress)?;
    sync_folder(&journal)?;
    sync_folder(store)?;
    Ok(manifest)
}

fn mark(store: &Path, restored: &Restored) -> io::Result<()> {
    let path = store.join(RESTORED);
    fs::write(&path, serde_json::to_string(restored)?)?;
    fs::File::open(&path)?.sync_all()
}

/// The backup that the store at `path` came from, until that is forgotten. A mark that cannot be
/// read is one.
pub fn restored(path: &Path) -> Option<Restored> {
    let text = fs::read_to_string(path.join(RESTORED)).ok()?;
    Some(serde_json::from_str(&text).unwrap_or_default())
}

/// Takes the mark away, durably.
pub fn forget_restored(path: &Path) -> io::Result<()> {
    match fs::remove_file(path.join(RESTORED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::File::open(path)?.sync_all()
}
