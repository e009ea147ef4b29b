//! Every storage call of a scenario fails once: the Nth for N = 1, 2, … to the end. Whatever
//! happens, the store works on or refuses clearly, and what was acknowledged is there afterwards.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::disk::{Disk, DiskFile};
use super::index::{MemoryIndex, Pair};
use super::journal::tests::memory_disk::MemoryDisk;
use super::retention::Keep;
use super::rig::Rig;
use crate::domain::id::ContactId;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::port::Ledger as _;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// This one, with an input/output error; a write leaves half of it behind.
    Once,
    /// Writes from this call on find no space, until the disk is mended.
    Full,
    /// Every change from this call on: the disk was mounted read-only.
    ReadOnly,
}

#[derive(Debug)]
struct Plan {
    fault: Fault,
    /// The call that fails.
    nth: u64,
    calls: AtomicU64,
    /// What failed first.
    failed: Mutex<Option<&'static str>>,
    mended: std::sync::atomic::AtomicBool,
}

/// A disk that fails as planned.
#[derive(Clone, Debug)]
struct FaultyDisk {
    disk: MemoryDisk,
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct FaultyFile {
    file: <MemoryDisk as Disk>::File,
    plan: Arc<Plan>,
}

impl Plan {
    /// Counts a call that `changes` the disk or `grows` it.
    fn call(&self, what: &'static str, changes: bool, grows: bool) -> io::Result<()> {
        let call = 1 + self.calls.fetch_add(1, Ordering::SeqCst);
        if self.mended.load(Ordering::SeqCst) {
            return Ok(());
        }
        let (fails, kind) = match self.fault {
            Fault::Once => (call == self.nth, io::ErrorKind::Other),
            Fault::Full => (self.nth <= call && grows, io::ErrorKind::StorageFull),
            Fault::ReadOnly => (self.nth <= call && changes, io::ErrorKind::ReadOnlyFilesystem),
        };
        if !fails {
            return Ok(());
        }
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
        Err(kind.into())
    }
}

impl Disk for FaultyDisk {
    type File = FaultyFile;

    fn create(&self, name: &str) -> io::Result<FaultyFile> {
        self.plan.call("create", true, true)?;
        Ok(FaultyFile { file: self.disk.create(name)?, plan: Arc::clone(&self.plan) })
    }

    fn open(&self, name: &str) -> io::Result<FaultyFile> {
        self.plan.call("open", false, false)?;
        Ok(FaultyFile { file: self.disk.open(name)?, plan: Arc::clone(&self.plan) })
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.plan.call("list", false, false)?;
        self.disk.list()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.plan.call("rename", true, false)?;
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.plan.call("remove", true, false)?;
        self.disk.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.plan.call("sync names", true, false)?;
        self.disk.sync_names()
    }
}

impl DiskFile for FaultyFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.plan.call("write", true, true).inspect_err(|_| {
            drop(self.file.write_at(&bytes[..bytes.len() / 2], offset));
        })?;
        self.file.write_at(bytes, offset)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.plan.call("read", false, false)?;
        self.file.read_at(into, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.plan.call("sync", true, false)?;
        self.file.sync()
    }

    fn bytes(&self) -> io::Result<u64> {
        self.plan.call("length", false, false)?;
        self.file.bytes()
    }

    fn resize(&self, bytes: u64) -> io::Result<()> {
        self.plan.call("resize", true, false)?;
        self.file.resize(bytes)
    }
}

/// What was acknowledged.
#[derive(Debug, Default)]
struct Acknowledged {
    deliveries: Vec<u64>,
    enrollments: Vec<(u64, Timestamp)>,
}

const KEEP: Keep = Keep { deliveries_ms: 3 * DAY_MS, history_ms: 6 * DAY_MS };
const DAYS: u64 = 12;

fn day(number: u64) -> Timestamp {
    Timestamp::from_unix_ms((20_000 + number) * DAY_MS)
}

/// Some days of work with everything the store does. What is refused is left out, as its
/// callers do; whatever says that it has stopped ends it.
fn work(rig: &mut Rig<FaultyDisk>, days: std::ops::Range<u64>, done: &mut Acknowledged) {
    for number in days {
        let at = day(number);
        for contact in 1..=8 {
            let kept = rig.deliver(contact + number % 3, "mql", at.plus_ms(contact));
            done.deliveries.extend(kept.ok());
        }
        drop(rig.take());
        let contact = 1 + number % 8;
        if rig.enroll(contact, at).is_ok() {
            done.enrollments.push((contact, at));
        }
        if number == 4 {
            drop(rig.alias(2, 3, at));
        }
        drop(rig.forget(at, u32::try_from(20_000 + number).expect("small") - 5));
        drop(rig.retain(at, KEEP, usize::MAX));
    }
}

/// One run with this fault; whether it struck.
#[track_caller]
fn check(fault: Fault, nth: u64) -> bool {
    let plan = Arc::new(Plan {
        fault,
        nth,
        calls: AtomicU64::new(0),
        failed: Mutex::new(None),
        mended: false.into(),
    });
    let disk = FaultyDisk { disk: MemoryDisk::default(), plan: Arc::clone(&plan) };
    let mut done = Acknowledged::default();
    let index: Arc<MemoryIndex> = Arc::default();
    let mut left = Arc::clone(&index);
    if let Ok(mut rig) = Rig::open(&disk, index) {
        work(&mut rig, 0..DAYS, &mut done);
        plan.mended.store(true, Ordering::SeqCst);
        // It goes on without a restart, unless it said that it stopped.
        let before = done.deliveries.len();
        work(&mut rig, DAYS..DAYS + 1, &mut done);
        let stopped = rig.deliveries.failure().borrow().is_some();
        assert!(stopped || before < done.deliveries.len(), "{fault:?} {nth}: it does not go on");
        left = rig.close();
    }
    plan.mended.store(true, Ordering::SeqCst);
    let failed = *plan.failed.lock().unwrap_or_else(PoisonError::into_inner);
    let what = format!("{fault:?} {nth}, {}", failed.unwrap_or("nothing"));
    // As it was left, and with power lost on top of it.
    let mut word = nth | 1;
    let random = move || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        word >> 33
    };
    check_left(&what, &disk.disk.after_power_cut(random), Arc::default(), &done);
    let as_left = check_left(&what, &disk.disk, left, &done);
    let rebuilt = check_left(&what, &disk.disk, Arc::default(), &done);
    assert!(as_left == rebuilt, "{what}: the index is not what the journal says");
    failed.is_some()
}

/// Everything acknowledged is there; the rows of the index.
#[track_caller]
fn check_left(
    what: &str,
    disk: &MemoryDisk,
    index: Arc<MemoryIndex>,
    done: &Acknowledged,
) -> Vec<Pair> {
    let mut rig = Rig::open(disk, index).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut reader = rig.deliveries.trimmer().reader();
    let first = reader.first();
    for seq in &done.deliveries {
        let read = reader.read(*seq).unwrap_or_else(|error| panic!("{what}: {error}"));
        let is_judged = *seq <= rig.ledger.taken();
        assert!(read.is_some() || is_judged && *seq < first, "{what}: delivery {seq} is lost");
    }
    rig.take().unwrap_or_else(|error| panic!("{what}: {error}"));
    for (contact, at) in &done.enrollments {
        let person = rig.ledger.look(ContactId(*contact)).expect("readable").person;
        let known = person.claims.iter().any(|claim| claim.first_call_at == *at);
        assert!(known, "{what}: the enrollment of {contact} is lost");
    }
    let rows = rig.rows();
    rig.close();
    rows
}

/// Tries N = 1, 2, …, and unless PROVE_FAULTS says `all`, only one in `stride` of them.
#[expect(clippy::print_stdout, reason = "scripts/prove collects the figures")]
fn check_each(fault: Fault, stride: u64) {
    let all = std::env::var("PROVE_FAULTS").is_ok_and(|wanted| wanted == "all");
    let stride = if all { 1 } else { stride };
    let mut nth = 1;
    while check(fault, nth) {
        nth += stride;
    }
    assert!(100 < nth, "the scenario makes {nth} calls only");
    println!("\nevidence: {fault:?} from call 1 to {nth}, every {stride}.: 0 acknowledged lost");
}

#[test]
fn one_call_that_fails_loses_nothing() {
    check_each(Fault::Once, 37);
}

#[test]
fn a_full_disk_loses_nothing_and_goes_on_when_there_is_space() {
    check_each(Fault::Full, 53);
}

#[test]
fn a_disk_that_turns_read_only_loses_nothing() {
    check_each(Fault::ReadOnly, 71);
}
