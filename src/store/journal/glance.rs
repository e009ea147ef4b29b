//! Reading a stream beside the router that writes it: nothing is locked, cut, removed or made.
//!
//! Only frames that are surely on disk are read. A frame tells the last number known synced when
//! its group was written, so of a stream that is being written the newest group may be passed
//! over; once the writer rests or has ended, its mark covers everything.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use super::frame;
use super::open::numbers;
use super::segment::{self, FRAMES_AT};
use super::{JournalError, Reader, Shared, Sizes};
use crate::store::disk::{Disk, DiskFile};

/// A reader of what is surely on disk now; what is written later is not seen.
pub fn glance<D: Disk>(disk: &D, stream: &'static str) -> Result<Reader<D>, JournalError> {
    let shared = Shared {
        disk: disk.clone(),
        stream,
        sizes: Sizes::default(),
        synced: AtomicU64::new(0),
        segments: Mutex::new(Vec::new()),
    };
    let mut last = None;
    for number in numbers(&shared)? {
        // The newest segment may be in the making: it holds nothing yet.
        if let Some(found) = segment::open(disk, stream, number)? {
            shared.register(number, found.first_seq);
            last = Some(found);
        }
    }
    shared.check_order()?;
    if let Some(segment) = last {
        let io = |error| JournalError::io(&segment.name, error);
        let length = usize::try_from(segment.file.bytes().map_err(io)?).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        let read = segment::read_whole(&segment.file, &mut bytes, 0).map_err(io)?;
        // A segment is begun once everything before it is on disk.
        let before = segment.first_seq - 1;
        let synced = synced(&bytes[..read], segment.salt, segment.first_seq).max(before);
        shared.synced.store(synced, std::sync::atomic::Ordering::Release);
    }
    Ok(Reader::new(Arc::new(shared)))
}

/// The largest number that a whole frame of this segment knew to be on disk.
fn synced(bytes: &[u8], salt: u32, first_seq: u64) -> u64 {
    let mut at = usize::try_from(FRAMES_AT).unwrap_or(usize::MAX);
    let (mut next, mut synced) = (first_seq, 0);
    while let Some(frame) = bytes.get(at..).and_then(|rest| frame::get(rest, salt)) {
        if frame.seq != next {
            break;
        }
        next += u64::from(frame.kind != frame::FrameKind::Mark);
        synced = synced.max(frame.synced);
        at += frame.bytes();
    }
    synced
}
