//! Reading a stream beside the router that writes it: nothing is locked, cut, removed or made.
//!
//! Only frames that are surely on disk are read. A frame tells the last number known synced when
//! its group was written, so of a stream that is being written the newest group may be passed
//! over; once the writer rests or has ended, its mark covers everything.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use super::open::{corrupt, numbers};
use super::segment;
use super::walk::{End, walk};
use super::{JournalError, Reader, Shared, Sizes};
use crate::store::disk::Disk;

/// A reader of what is surely on disk now; what is written later is not seen.
pub fn glance<D: Disk>(disk: &D, stream: &'static str) -> Result<Reader<D>, JournalError> {
    let shared = Shared {
        disk: disk.clone(),
        stream,
        sizes: Sizes::default(),
        synced: AtomicU64::new(0),
        segments: Mutex::new(Vec::new()),
        files: Mutex::new(()),
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
        let found = walk(&segment).map_err(|error| JournalError::io(&segment.name, error))?;
        // A segment is begun once everything before it is on disk.
        let synced = found.synced.max(segment.first_seq - 1);
        shared.synced.store(synced, std::sync::atomic::Ordering::Release);
    }
    Ok(Reader::new(Arc::new(shared)))
}

/// Reads the newest segment to its end: a reader stops at the first bytes that are no frame, and
/// only this tells whether they were one.
pub fn newest_is_whole<D: Disk>(disk: &D, stream: &'static str) -> Result<(), JournalError> {
    let names = disk.list().map_err(|error| JournalError::io(stream, error))?;
    let newest = names.iter().filter_map(|name| segment::number(stream, name)).max();
    let Some(number) = newest else { return Ok(()) };
    // One without a header is in the making.
    let Some(segment) = segment::open(disk, stream, number)? else { return Ok(()) };
    let found = walk(&segment).map_err(|error| JournalError::io(&segment.name, error))?;
    match found.end {
        End::Corrupt => Err(corrupt(&segment.name, found.offset, found.next)),
        End::Clean | End::Torn => Ok(()),
    }
}
