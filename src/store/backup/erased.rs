//! Who was erased after a backup was taken. A backup keeps everybody who was in the store then,
//! so that a restore would bring back who was erased since. Therefore each backup's manifest
//! names everybody who was erased before it; whoever is erased later is written into every backup
//! that can still be reached; and a restore asks its own backup and those that lie beside it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::BackupError;
use super::manifest::{Manifest, is_backup};
use super::pour::sync_folder;
use crate::domain::erasure::ErasedIds;
use crate::domain::id::ContactId;

/// In a store: where its backups are, a path a line.
const BACKUPS: &str = "BACKUPS";
/// In a backup: who was erased after it, as JSON.
const ERASED: &str = "ERASED";

/// Notes durably that there is a backup of the store at `backup`.
pub(super) fn remember(store: &Path, backup: &Path) -> Result<(), BackupError> {
    let path = store.join(BACKUPS);
    let keep = || -> io::Result<()> {
        let line = backup.canonicalize()?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&path)?;
        writeln!(file, "{}", line.display())?;
        file.sync_all()
    };
    keep().map_err(BackupError::file(&path))
}

/// Writes who was erased into every backup of the store that is there; those it could not be
/// written into. A backup that was moved or removed is none of them.
pub fn note(store: &Path, erased: &[ContactId]) -> Vec<PathBuf> {
    let Ok(known) = fs::read_to_string(store.join(BACKUPS)) else { return Vec::new() };
    let backups = known.lines().map(PathBuf::from).filter(|path| is_backup(path));
    backups.filter(|backup| note_in(backup, erased).is_err()).collect()
}

fn note_in(backup: &Path, erased: &[ContactId]) -> Result<(), BackupError> {
    let known = of(backup);
    if erased.iter().all(|id| known.contains(id)) {
        return Ok(());
    }
    let all: ErasedIds = known.into_iter().chain(erased.iter().copied()).collect();
    let (path, temporary) = (backup.join(ERASED), backup.join("ERASED.new"));
    let text = serde_json::to_string(&all).map_err(io::Error::from);
    text.and_then(|text| fs::write(&temporary, text + "\n"))
        .and_then(|()| fs::File::open(&temporary)?.sync_all())
        .and_then(|()| fs::rename(&temporary, &path))
        .map_err(BackupError::file(&path))?;
    sync_folder(backup)
}

/// Who is written in a backup as erased after it.
fn of(backup: &Path) -> ErasedIds {
    let text = fs::read_to_string(backup.join(ERASED)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Everybody who was erased after the backup at `from`, by what is written in it and in every
/// backup of the same portal beside it.
pub(super) fn after(from: &Path, manifest: &Manifest) -> ErasedIds {
    let mut erased = of(from);
    for (path, other) in beside(from, manifest) {
        erased.extend(of(&path));
        erased.extend(other.erased);
    }
    erased.retain(|id| !manifest.erased.contains(id));
    erased
}

/// Notes in a store that was made of the backup at `from` where its backups are.
pub(super) fn take_over(store: &Path, from: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    remember(store, from)?;
    beside(from, manifest).iter().try_for_each(|(path, _)| remember(store, path))
}

/// The backups of the same portal that lie beside the one at `from`.
fn beside(from: &Path, manifest: &Manifest) -> Vec<(PathBuf, Manifest)> {
    let Ok(from) = from.canonicalize() else { return Vec::new() };
    let folder = from.parent().and_then(|folder| fs::read_dir(folder).ok());
    let paths = folder.into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let others = paths.filter(|path| *path != from && is_backup(path));
    let read = others.filter_map(|path| Manifest::read(&path).ok().map(|other| (path, other)));
    let same = |other: &Manifest| other.portal.is_some() && other.portal == manifest.portal;
    read.filter(|(_, other)| same(other)).collect()
}
