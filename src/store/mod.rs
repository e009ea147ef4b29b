//! Durable state: the journal is the truth, the index is rebuilt from it (STORAGE.md).
//!
//! ```text
//! data/LOCK        held by the one process that uses the store
//! data/journal/    deliveries-N.seg (what HubSpot sent) and ledger-N.seg (what was decided)
//! data/index/      sled, folded from the ledger
//! data/CHECKPOINT  how far both streams had come, to notice a lost segment
//! data/CALLS       how many calls were made today: our share is of a day, not of a start
//! data/RESTORED    it came from a backup, and HubSpot may know more than it does
//! data/BACKUPS     where its backups are: they are told who was erased
//! ```

mod backlog;
pub mod backup;
mod calls;
mod checkpoint;
pub mod deliveries;
pub mod disk;
mod filesystem;
pub mod history;
pub mod index;
pub mod journal;
pub mod ledger;
mod lock;
pub mod retention;
pub mod space;
mod sweep;
pub mod verify;
mod version;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use thiserror::Error;

pub use self::backlog::Limits;
use self::backup::Restored;
use self::checkpoint::Checkpoint;
use self::deliveries::Deliveries;
use self::disk::Folder;
use self::index::{IndexError, SledIndex};
use self::journal::{Cut, Journal, JournalError, Reader};
use self::ledger::{Embedded, Rebuilt};
pub use self::lock::Lock;
use self::retention::{Published, Retention};
use self::space::Space;
use crate::port::Records as _;

/// How much the threads that fold and decide give way to those that acknowledge.
const YIELD: i32 = 10;

/// Why the store cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("the store {path} is in use by another process{owner}; stop that one first")]
    Locked {
        /// The store.
        path: PathBuf,
        /// What the lock file says about the owner.
        owner: String,
    },
    /// The folder cannot be used.
    #[error("cannot use the store folder {path}")]
    Folder {
        /// The store.
        path: PathBuf,
        /// The disk's own words.
        #[source]
        source: io::Error,
    },
    /// It lies on a file system of another machine.
    #[error(
        "the store {path} lies on a network file system ({kind}), where no lock and no sync can be \
         relied on; give it a disk of this machine ([store] url)"
    )]
    Network {
        /// The store.
        path: PathBuf,
        /// Which one.
        kind: String,
    },
    /// There is none.
    #[error(
        "there is no store at {path} ([store] url); has the router run with this configuration?"
    )]
    Missing {
        /// Where one was looked for.
        path: PathBuf,
    },
    /// The journal is damaged or cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A record of a later version.
    #[error(
        "record {seq} of the journal has a form this version does not know; \
         use the version that wrote it, or a later one"
    )]
    UnknownRecord {
        /// Its number.
        seq: u64,
    },
    /// Records that were there are gone.
    #[error(
        "the journal is damaged: {stream} ends at record {found}, but {expected} were there. \
         A segment is missing; restore it from a backup"
    )]
    Lost {
        /// The stream.
        stream: &'static str,
        /// The last record there is.
        found: u64,
        /// The last record there was.
        expected: u64,
    },
    /// The beginning was taken away, and not by a compaction.
    #[error(
        "the journal is damaged: the ledger begins at record {first}, and nothing after it says \
         what was before. Segments are missing; restore them from a backup"
    )]
    Beginning {
        /// The first record there is.
        first: u64,
    },
    /// A newer version wrote it.
    #[error(
        "the store was written by hubroute {version} (form {format}; this version knows forms up \
         to {known}). Use that version or a later one, or restore a backup from before the upgrade"
    )]
    Newer {
        /// The version.
        version: String,
        /// The form it wrote.
        format: u32,
        /// The newest form that this version reads.
        known: u32,
    },
    /// A record names another one before it than there is.
    #[error(
        "the journal is damaged: record {seq} of the ledger follows record {previous} of its \
         person, and {expected} was the last one"
    )]
    Chain {
        /// The record.
        seq: u64,
        /// The one it names.
        previous: u64,
        /// The last one that was read; 0 for none.
        expected: u64,
    },
    /// It is a backup: what it holds would be changed, and nobody would know that it is old.
    #[error("{path} is a backup, not a store; bring it back with: hubroute restore {path}")]
    Backup {
        /// The folder.
        path: PathBuf,
    },
    /// The index cannot be made or written.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// What was erased could not be taken out of the journal.
    #[error("record {seq} of {stream} says of somebody who was erased what it must not")]
    Unswept {
        /// The stream.
        stream: &'static str,
        /// Its number.
        seq: u64,
    },
    /// The committer has ended.
    #[error("the store has stopped")]
    Stopped,
    /// A thread cannot be started.
    #[error("cannot start a thread of the store")]
    Thread(#[source] io::Error),
}

/// What opening the store had to mend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Torn tails that were cut: nobody was told that they were kept.
    pub cuts: Vec<Cut>,
    /// The index was rebuilt from the journal.
    pub rebuilt: Option<Rebuilt>,
}

/// The embedded ledger on a real disk.
pub type DiskLedger = Embedded<Folder, SledIndex>;

/// The store of one process, open for deliveries. The lock is held until it is dropped.
#[derive(Debug)]
pub struct Store {
    /// What HubSpot sent: deliveries can be kept from now on.
    pub deliveries: Deliveries<Folder>,
    records: Journal<Folder>,
    /// Reads deliveries once more, for the scrub.
    inbound: Reader<Folder>,
    cuts: Vec<Cut>,
    path: PathBuf,
    lock: Lock,
}

/// The store with its ledger open too.
#[derive(Debug)]
pub struct OpenStore {
    /// What HubSpot sent.
    pub deliveries: Deliveries<Folder>,
    /// What was decided.
    pub ledger: DiskLedger,
    /// What opening had to mend.
    pub mended: Mended,
    /// How much it takes on disk, and what retention does about it.
    pub sizes: Published,
    space: Mutex<Space>,
    path: PathBuf,
    _lock: Lock,
}

impl Store {
    /// Opens the journal, making the store where there is none: that is quick, and enough to
    /// keep deliveries.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let folder_error = |source| StoreError::Folder { path: path.to_owned(), source };
        if path.join(backup::MANIFEST).exists() {
            return Err(StoreError::Backup { path: path.to_owned() });
        }
        fs::create_dir_all(path).map_err(folder_error)?;
        let lock = Lock::take(path)?;
        version::claim(path)?;
        let disk = Folder::at(&path.join("journal")).map_err(folder_error)?;
        let (inbound, inbound_cut) = Journal::open(&disk, deliveries::STREAM)?;
        let (records, records_cut) = Journal::open(&disk, ledger::STREAM)?;
        let ends =
            Checkpoint { deliveries: inbound.next_seq() - 1, ledger: records.next_seq() - 1 };
        checkpoint::check(path, &ends)?;
        let reader = inbound.reader();
        let deliveries = Deliveries::start(inbound)?;
        let cuts = inbound_cut.into_iter().chain(records_cut).collect();
        Ok(Self { deliveries, records, inbound: reader, cuts, path: path.to_owned(), lock })
    }

    /// Opens the ledger: checks the index, and catches it up or rebuilds it from the journal.
    /// `progress` hears how many records of how many are applied.
    pub fn open_ledger(self, progress: impl FnMut(u64, u64)) -> Result<OpenStore, StoreError> {
        let Self { deliveries, records, inbound, cuts, path, lock } = self;
        let readers = [inbound, records.reader()];
        let index_path = path.join("index");
        let existing = SledIndex::open(&index_path).or_else(|error| {
            if !error.is_of_the_disk() {
                return Err(error);
            }
            // It cannot be opened on a full disk.
            space::release(&path);
            SledIndex::open(&index_path)
        });
        let fresh = || {
            set_aside(&index_path)?;
            SledIndex::open(&index_path)
        };
        let opened = Embedded::open(records, existing, fresh, progress)?;
        let (taken, kept) = (opened.ledger.taken(), deliveries.synced());
        if kept < taken {
            let stream = deliveries::STREAM;
            return Err(StoreError::Lost { stream, found: kept, expected: taken });
        }
        if opened.rebuilt.is_some() && opened.ledger.has_erased() {
            // What was set aside holds them still.
            remove_set_aside(&path).map_err(IndexError::from)?;
        }
        let mended = Mended { cuts, rebuilt: opened.rebuilt };
        scrub(readers, opened.ledger.clone())?;
        let space = Mutex::new(Space::of(&path));
        let sizes = Published::since(opened.ledger.history_from()?);
        Ok(OpenStore { deliveries, ledger: opened.ledger, mended, sizes, space, path, _lock: lock })
    }
}

impl OpenStore {
    /// Takes old segments away, for whoever keeps house.
    pub fn retention(&self) -> Retention<Folder, SledIndex> {
        let (deliveries, ledger) = (self.deliveries.clone(), self.ledger.clone());
        Retention::new(deliveries, ledger, self.sizes.clone())
    }

    /// Looks at the disk's free space; why nothing may be taken, while there is too little.
    /// Blocks.
    pub fn look_at_space(&self) -> Option<String> {
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        let short = space.look();
        self.deliveries.refuse_for_space(short.is_some());
        self.ledger.refuse_for_space(short.is_some());
        short
    }

    /// The backup it came from, until [`Self::forget_restored`].
    pub fn restored(&self) -> Option<Restored> {
        backup::restored(&self.path)
    }

    /// Tells every backup of this store that can be reached who was erased. Blocks.
    pub fn tell_backups(&self) -> Vec<PathBuf> {
        backup::note_erased(&self.path, &self.ledger.erased())
    }

    /// Whoever starts from a backup has seen that, durably.
    pub fn forget_restored(&self) -> io::Result<()> {
        backup::forget_restored(&self.path)
    }

    /// Writes down how far both streams have come.
    pub fn checkpoint(&self) -> io::Result<()> {
        let ends = Checkpoint {
            deliveries: self.deliveries.synced(),
            ledger: self.ledger.totals().records,
        };
        checkpoint::write(&self.path, &ends)
    }
}

/// Reads sealed segments in the background. Damage stops the store: what it holds can no longer
/// be trusted as a whole, and a person must know before the index ever needs it.
fn scrub(readers: [Reader<Folder>; 2], ledger: DiskLedger) -> Result<(), StoreError> {
    let scrub = move || {
        yield_to_intake();
        for mut reader in readers {
            if let Err(error) = reader.scrub(|| !ledger.is_closed()) {
                ledger.fail(&error.in_full());
            }
        }
    };
    let thread = std::thread::Builder::new().name("scrub".to_owned());
    thread.spawn(scrub).map(|_| ()).map_err(StoreError::Thread)
}

/// Removes every index that was set aside.
fn remove_set_aside(store: &Path) -> io::Result<()> {
    for entry in fs::read_dir(store)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("index.bad-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Moves a damaged index out of the way; an older one that was set aside goes.
fn set_aside(index: &Path) -> io::Result<()> {
    if !index.exists() {
        return Ok(());
    }
    let Some(parent) = index.parent() else { return Ok(()) };
    remove_set_aside(parent)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = now.map_or(0, |elapsed| elapsed.as_secs());
    fs::rename(index, parent.join(format!("index.bad-{seconds}")))
}

/// Lets this thread give way to the threads that acknowledge deliveries: under a burst they
/// come first, and the fold catches up after it. On Linux a thread has its own niceness.
pub(crate) fn yield_to_intake() {
    // Refused only where niceness is restricted; then everybody shares evenly.
    rustix::process::setpriority_process(None, YIELD).ok();
}

#[cfg(test)]
mod chance;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod mingled;
#[cfg(test)]
mod rig;
