//! A disk that refuses to be read for a while costs time, and no delivery.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::domain::time::Timestamp;
use crate::store::deliveries::{self, Deliveries};
use crate::store::disk::{DiskFile, Folder};
use crate::store::journal::Journal;

/// Larger than what is read ahead.
const BODY_BYTES: usize = 200 << 10;
/// EMFILE and EIO (errno.h).
const TOO_MANY_FILES: i32 = 24;
const INPUT_OUTPUT: i32 = 5;

/// A folder that refuses to be read while `broken`.
#[derive(Clone, Debug)]
struct Flaky {
    folder: Folder,
    broken: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FlakyFile {
    file: fs::File,
    broken: Arc<AtomicBool>,
}

fn refuse(broken: &AtomicBool, errno: i32) -> io::Result<()> {
    let is_broken = broken.load(Ordering::SeqCst);
    if is_broken { Err(io::Error::from_raw_os_error(errno)) } else { Ok(()) }
}

impl Flaky {
    fn file(&self, file: fs::File) -> FlakyFile {
        FlakyFile { file, broken: Arc::clone(&self.broken) }
    }
}

impl Disk for Flaky {
    type File = FlakyFile;

    fn create(&self, name: &str) -> io::Result<FlakyFile> {
        self.folder.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<FlakyFile> {
        refuse(&self.broken, TOO_MANY_FILES)?;
        self.folder.open(name).map(|file| self.file(file))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.folder.sync_names()
    }
}

impl DiskFile for FlakyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        DiskFile::write_at(&self.file, bytes, offset)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        refuse(&self.broken, INPUT_OUTPUT)?;
        DiskFile::read_at(&self.file, into, offset)
    }

    fn sync(&self) -> io::Result<()> {
        DiskFile::sync(&self.file)
    }

    fn bytes(&self) -> io::Result<u64> {
        DiskFile::bytes(&self.file)
    }

    fn resize(&self, bytes: u64) -> io::Result<()> {
        DiskFile::resize(&self.file, bytes)
    }
}

/// Five deliveries on such a disk, and a source of them.
struct Bench {
    _folder: tempfile::TempDir,
    broken: Arc<AtomicBool>,
    deliveries: Deliveries<Flaky>,
    source: Source<Flaky>,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = Arc::new(AtomicBool::new(false));
    let disk =
        Flaky { folder: Folder::at(folder.path()).expect("a folder"), broken: Arc::clone(&broken) };
    let (journal, _) = Journal::open(&disk, deliveries::STREAM).expect("an empty one");
    let deliveries = Deliveries::start(journal).expect("a thread");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for seq in 1..=5 {
        let kept = deliveries.append_found(vec![b' '; BODY_BYTES], Timestamp::default());
        assert_eq!(runtime.block_on(kept), Ok(seq));
    }
    let source = Source::new(deliveries.take_reader().expect("the first time"));
    Bench { _folder: folder, broken, deliveries, source }
}

/// Takes everything, one at a time, while the disk fails before the delivery at `fails_at`, three
/// looks long; the numbers that were taken, and how often the disk's error was told.
fn take(bench: &mut Bench, fails_at: u64) -> (Vec<u64>, usize, bool) {
    let (mut taken, mut told, mut is_over) = (Vec::new(), 0, false);
    let broken = Arc::clone(&bench.broken);
    while taken.len() < 5 {
        let last = taken.last().copied().unwrap_or_default();
        broken.store(last + 1 == fails_at, Ordering::SeqCst);
        let tell = |refused: Option<&JournalError>| {
            told += usize::from(refused.is_some());
            is_over = refused.is_none();
            broken.store(told < 3, Ordering::SeqCst);
            true
        };
        let batch = bench.source.after(last, 1, tell).expect("no damage").expect("it goes on");
        taken.extend(batch.iter().map(|arrival| arrival.delivery));
    }
    (taken, told, is_over)
}

#[test]
fn whenever_the_disk_refuses_every_delivery_is_taken_once() {
    for fails_at in 1..=5 {
        let mut bench = bench();
        let (taken, told, is_over) = take(&mut bench, fails_at);
        assert_eq!(taken, [1, 2, 3, 4, 5], "it fails at {fails_at}");
        assert!(told == 0 || told == 3 && is_over, "{told} times told at {fails_at}");
        assert!(fails_at != 1 || told == 3, "nothing was read ahead yet");
        bench.deliveries.close();
    }
}

#[test]
fn a_stop_ends_it_while_the_disk_refuses_and_damage_is_no_reason_to_wait() {
    let mut bench = bench();
    bench.broken.store(true, Ordering::SeqCst);
    let stopped = bench.source.after(0, 1, |_| false);
    assert!(stopped.expect("no damage").is_none());
    bench.broken.store(false, Ordering::SeqCst);
    let beyond = bench.source.after(9, 1, |_| true);
    assert!(matches!(beyond, Err(JournalError::Corrupt { .. })), "{beyond:?}");
}
