//! Backups: a copy of the journal that is consistent although a router writes on, with a manifest
//! of what it holds. The index is not in it: it is made from the journal.
//!
//! The ledger's end is fixed first and that of the deliveries after it, so that no record names a
//! delivery that is not there. Everything acknowledged before the backup began is in it.

mod erased;
mod manifest;
mod pour;
mod restore;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use erased::note as note_erased;
pub use manifest::{MANIFEST, Manifest, is_backup, verify_backup};
pub use restore::{Restored, forget_restored, restore, restored};

use self::manifest::CopiedFile;
use self::pour::pour;
use super::checkpoint::{self, Checkpoint};
use super::disk::Folder;
use super::history::ReadOnly;
use super::journal::{self, JournalError, Pieces, pieces};
use super::verify::verify;
use super::{Lock, StoreError, deliveries, ledger, version};
use crate::domain::time::Timestamp;

/// How often it begins again where retention takes a segment away under its eyes, or where what
/// is being written was read too early.
const TRIES: u32 = 3;

/// What a backup or a restore is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes are copied.
    Copying,
    /// Bytes are compared with the manifest.
    Comparing,
    /// Records are read.
    Reading,
}

/// Hears the step, and how much of how much of it is done.
pub type Progress<'p> = &'p mut dyn FnMut(Step, u64, u64);

/// Why there is no backup, or no restore.
#[derive(Debug, Error)]
pub enum BackupError {
    /// It would be mixed with something else.
    #[error("{path} is not empty; name a folder that is not there yet, or an empty one")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is a store already.
    #[error(
        "there is a store at {path} ([store] url) already, and a restore would replace it. \
         Move it away first"
    )]
    StoreThere {
        /// The store.
        path: PathBuf,
    },
    /// A file or folder cannot be used.
    #[error("cannot use {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// The disk's own words.
        #[source]
        source: io::Error,
    },
    /// It is none, or was never ended.
    #[error(
        "{path} is no whole backup: it has no MANIFEST that can be read, which is written last"
    )]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// A file of it is not what was copied.
    #[error("the backup is damaged: {name} is not what was copied ({what}). Use another backup")]
    Damaged {
        /// The file, from the backup's folder.
        name: String,
        /// What is different.
        what: &'static str,
    },
    /// The store's own trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// Copies the store at `store` into the folder `into`, which is empty or not there; then reads
/// the copy as a whole. Runs beside a router; where none runs, none starts meanwhile.
pub fn backup(
    store: &Path,
    into: &Path,
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let journal = store.join("journal");
    if !journal.is_dir() {
        return Err(StoreError::Missing { path: store.to_owned() }.into());
    }
    version::check(store)?;
    let disk = ReadOnly::of(journal.clone());
    // Held where nobody has it; a router that has it keeps it.
    let _lock = Lock::take(store);
    prepare(into)?;
    let target = into.join("journal");
    let mut tried = 1;
    let copied = loop {
        match plan(&disk).and_then(|plan| copy(&journal, &target, &plan, progress)) {
            Err(error) if tried < TRIES && is_passing(&error) => clear(&target)?,
            copied => break copied?,
        }
        tried += 1;
    };
    let manifest = seal(into, &copied, at, progress)?;
    erased::remember(store, into)?;
    Ok(manifest)
}

/// Both streams as they are copied.
struct Plan {
    deliveries: Pieces,
    ledger: Pieces,
}

/// What was copied, and how far both streams reach in it.
struct Copied {
    files: Vec<CopiedFile>,
    ends: Checkpoint,
}

/// Fixes what is copied. Deliveries that retention takes away between the two looks may be ones
/// that the ledger's copy has not judged: then it is looked again.
fn plan(disk: &ReadOnly) -> Result<Plan, BackupError> {
    let of = |stream| pieces(disk, stream).map_err(StoreError::Journal);
    let before = of(deliveries::STREAM)?;
    let ledger = of(ledger::STREAM)?;
    let deliveries = of(deliveries::STREAM)?;
    if before.oldest() != deliveries.oldest() {
        let name = before.oldest().unwrap_or(deliveries::STREAM);
        let gone = io::Error::from(io::ErrorKind::NotFound);
        return Err(BackupError::file(&disk.path().join(name))(gone));
    }
    Ok(Plan { deliveries, ledger })
}

/// Whether another try may find it otherwise.
fn is_passing(error: &BackupError) -> bool {
    match error {
        BackupError::File { source, .. }
        | BackupError::Store(StoreError::Journal(JournalError::Io { source, .. })) => {
            source.kind() == io::ErrorKind::NotFound
        }
        BackupError::Store(StoreError::Journal(JournalError::Corrupt { .. })) => true,
        _ => false,
    }
}

fn copy(
    from: &Path,
    into: &Path,
    plan: &Plan,
    progress: Progress<'_>,
) -> Result<Copied, BackupError> {
    let all = plan.deliveries.pieces.iter().chain(&plan.ledger.pieces);
    let bytes: u64 = all.clone().map(|piece| piece.bytes).sum();
    let mut done = 0;
    let mut files = Vec::new();
    for piece in all {
        let (source, target) = (from.join(&piece.name), into.join(&piece.name));
        let poured = pour(&source, Some(&target), piece.bytes, &mut |read| {
            done += read;
            progress(Step::Copying, done, bytes);
        })?;
        files.push(CopiedFile { name: format!("journal/{}", piece.name), poured });
    }
    for (stream, pieces) in [(deliveries::STREAM, &plan.deliveries), (ledger::STREAM, &plan.ledger)]
    {
        let Some(newest) = pieces.pieces.last() else { continue };
        let disk = Folder::at(into).map_err(BackupError::file(into))?;
        journal::end(&disk, stream).map_err(StoreError::Journal)?;
        let name = format!("journal/{}", newest.name);
        let poured = pour(&into.join(&newest.name), None, u64::MAX, &mut |_| {})?;
        files.iter_mut().filter(|file| file.name == name).for_each(|it| it.poured = poured.clone());
    }
    let ends = Checkpoint { deliveries: plan.deliveries.last, ledger: plan.ledger.last };
    Ok(Copied { files, ends })
}

/// Reads the copy as a whole, and only then says what it is.
fn seal(
    into: &Path,
    copied: &Copied,
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    version::claim(into)?;
    checkpoint::write(into, &copied.ends).map_err(BackupError::file(into))?;
    pour::sync_folder(&into.join("journal"))?;
    let found = verify(into, |read, all| progress(Step::Reading, read, all))?;
    // The lock that reading took is the copy's own.
    fs::remove_file(into.join("LOCK")).map_err(BackupError::file(into))?;
    for (name, found, expected) in [
        (deliveries::STREAM, found.deliveries.last, copied.ends.deliveries),
        (ledger::STREAM, found.ledger.last, copied.ends.ledger),
    ] {
        if found != expected {
            return Err(BackupError::Damaged { name: name.to_owned(), what: "its end" });
        }
    }
    let manifest = Manifest::of(&copied.files, &copied.ends, found, at);
    manifest.write(into)?;
    Ok(manifest)
}

/// The folder, empty, with a place for the journal.
fn prepare(into: &Path) -> Result<(), BackupError> {
    if into.is_dir() && fs::read_dir(into).map_err(BackupError::file(into))?.next().is_some() {
        return Err(BackupError::NotEmpty { path: into.to_owned() });
    }
    fs::create_dir_all(into.join("journal")).map_err(BackupError::file(into))
}

fn clear(journal: &Path) -> Result<(), BackupError> {
    fs::remove_dir_all(journal)
        .and_then(|()| fs::create_dir(journal))
        .map_err(BackupError::file(journal))
}
