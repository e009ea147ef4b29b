//! Opening a journal: finding its end, and telling a torn tail from corruption.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use super::segment::{self, FRAMES_AT, Segment};
use super::spare::Spare;
use super::walk::{End, Walk, has_frames, walk};
use super::{Journal, JournalError, Shared, Sizes};
use crate::store::disk::{Disk, DiskFile};

/// Bytes wiped at once.
const WIPED_BYTES: usize = 64 << 10;

/// A torn tail that was cut: bytes of a group that no sync ever covered, so nobody was told
/// that they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub name: String,
    /// Where it was cut, in bytes.
    pub offset: u64,
}

impl<D: Disk> Journal<D> {
    /// Opens the stream, making it where there is none.
    pub fn open(disk: &D, stream: &'static str) -> Result<(Self, Option<Cut>), JournalError> {
        Self::open_sized(disk, stream, Sizes::default())
    }

    /// The same with segments of other sizes than usual.
    pub fn open_sized(
        disk: &D,
        stream: &'static str,
        sizes: Sizes,
    ) -> Result<(Self, Option<Cut>), JournalError> {
        let shared = Arc::new(Shared {
            disk: disk.clone(),
            stream,
            sizes,
            synced: AtomicU64::new(0),
            segments: Mutex::new(Vec::new()),
            files: Mutex::new(()),
        });
        let mut numbers = numbers(&shared)?;
        let mut opened = None;
        while opened.is_none()
            && let Some(number) = numbers.pop()
        {
            opened = open_last(&shared, number)?;
        }
        for number in numbers {
            let found = segment::open(disk, stream, number)?
                .ok_or_else(|| corrupt(&segment::name(stream, number), 0, 0))?;
            shared.register(number, found.first_seq);
        }
        let segment = if let Some(found) = opened {
            shared.register(found.number, found.first_seq);
            found
        } else {
            let segment = make_segment(&shared, 1, 1, None)?;
            fill_first(&segment, sizes.first)
                .map_err(|error| JournalError::io(&segment.name, error))?;
            segment
        };
        shared.check_order()?;
        finish(shared, segment)
    }
}

fn finish<D: Disk>(
    shared: Arc<Shared<D>>,
    segment: Segment<D::File>,
) -> Result<(Journal<D>, Option<Cut>), JournalError> {
    let io = |error| JournalError::io(&segment.name, error);
    let capacity = segment.file.bytes().map_err(io)?;
    let Walk { offset: tail, next, end, .. } = walk(&segment).map_err(io)?;
    let cut = match end {
        End::Clean => None,
        End::Corrupt => return Err(corrupt(&segment.name, tail, next)),
        End::Torn => {
            wipe(&segment.file, tail, capacity).map_err(io)?;
            Some(Cut { name: segment.name.clone(), offset: tail })
        }
    };
    shared.synced.store(next - 1, std::sync::atomic::Ordering::Release);
    let spare = Spare::new(shared.stream, shared.sizes.full);
    let journal = Journal {
        shared,
        segment,
        capacity,
        tail,
        next,
        group: Vec::new(),
        spare,
        poisoned: false,
        unmarked: true,
        refused: None,
    };
    Ok((journal, cut))
}

/// The last segment; `None` for one that was never finished, which is removed.
fn open_last<D: Disk>(
    shared: &Shared<D>,
    number: u64,
) -> Result<Option<Segment<D::File>>, JournalError> {
    if let Some(segment) = segment::open(&shared.disk, shared.stream, number)? {
        return Ok(Some(segment));
    }
    let name = segment::name(shared.stream, number);
    let io = |error| JournalError::io(&name, error);
    if has_frames(&shared.disk.open(&name).map_err(io)?).map_err(io)? {
        return Err(corrupt(&name, 0, 0));
    }
    shared.disk.remove(&name).map_err(io)?;
    shared.disk.sync_names().map_err(io)?;
    Ok(None)
}

/// Makes a segment whose header, and whose name, are on disk before any frame is.
pub(super) fn make_segment<D: Disk>(
    shared: &Shared<D>,
    number: u64,
    first_seq: u64,
    prepared: Option<&str>,
) -> Result<Segment<D::File>, JournalError> {
    let name = segment::name(shared.stream, number);
    let io = |error| JournalError::io(&name, error);
    let file = match prepared {
        Some(spare) => {
            shared.disk.rename(spare, &name).map_err(io)?;
            shared.disk.open(&name).map_err(io)?
        }
        None => shared.disk.create(&name).map_err(io)?,
    };
    let salt = salt();
    file.write_at(&segment::header(first_seq, salt), 0).map_err(io)?;
    file.sync().map_err(io)?;
    shared.disk.sync_names().map_err(io)?;
    shared.register(number, first_seq);
    Ok(Segment { name, number, first_seq, salt, file })
}

/// Takes away a segment that could not be made whole, durably.
pub(super) fn remove_segment<D: Disk>(shared: &Shared<D>, number: u64) -> std::io::Result<()> {
    match shared.disk.remove(&segment::name(shared.stream, number)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    shared.disk.sync_names()
}

/// Gives the first segment of a store its blocks; the header stands already.
fn fill_first<F: DiskFile>(segment: &Segment<F>, bytes: u64) -> std::io::Result<()> {
    let zeros = vec![0; usize::try_from(bytes.saturating_sub(FRAMES_AT)).unwrap_or(0)];
    segment.file.write_at(&zeros, FRAMES_AT)?;
    segment.file.sync()
}

/// Zeros from `from` to `to`, on disk: what lay there can never be taken for a frame again.
fn wipe<F: DiskFile>(file: &F, from: u64, to: u64) -> std::io::Result<()> {
    zero(file, from, to)?;
    file.sync()
}

/// Writes zeros, not synced yet.
pub(super) fn zero<F: DiskFile>(file: &F, from: u64, to: u64) -> std::io::Result<()> {
    let zeros = vec![0; WIPED_BYTES];
    let mut at = from;
    while at < to {
        let piece = zeros.len().min(usize::try_from(to - at).unwrap_or(usize::MAX));
        file.write_at(&zeros[..piece], at)?;
        at += piece as u64;
    }
    Ok(())
}

/// A number nobody outside can know, so that no payload can pose as a frame.
fn salt() -> u32 {
    let word = RandomState::new().build_hasher().finish();
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0)
}

pub(super) fn numbers<D: Disk>(shared: &Shared<D>) -> Result<Vec<u64>, JournalError> {
    let names = shared.disk.list().map_err(|error| JournalError::io(shared.stream, error))?;
    let mut numbers: Vec<u64> =
        names.iter().filter_map(|name| segment::number(shared.stream, name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) fn corrupt(name: &str, offset: u64, seq: u64) -> JournalError {
    JournalError::Corrupt { name: name.to_owned(), offset, seq }
}

impl<D: Disk> Shared<D> {
    pub(super) fn register(&self, number: u64, first_seq: u64) {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.push((number, first_seq));
        segments.sort_unstable();
    }

    /// Segments follow each other by number and by first frame.
    pub(super) fn check_order(&self) -> Result<(), JournalError> {
        for pair in self.segments().windows(2) {
            let [(number, first), (next_number, next_first)] = pair else { continue };
            if number + 1 != *next_number || next_first < first {
                let name = segment::name(self.stream, *next_number);
                return Err(JournalError::Gap { name, expected: *first });
            }
        }
        Ok(())
    }
}
