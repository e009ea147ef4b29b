//! Sweeping: payloads of sealed segments are written anew, each frame in its place and of its
//! length, so that every number and every offset stays true.
//!
//! A segment is copied with the changes, synced, and takes the old one's name: a crash at any
//! step leaves one of the two, whole.

use std::sync::{Arc, PoisonError};

use thiserror::Error;

use super::frame::{self, FrameKind};
use super::segment::{self, FRAMES_AT};
use super::{Entry, Journal, JournalError, Shared};
use crate::store::disk::{Disk, DiskFile};

/// What a shorter payload is filled up with: JSON may end with it.
const FILL: u8 = b' ';

/// Why a sweep stopped.
#[derive(Debug, Error)]
pub enum Unswept {
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A payload has no place: it would be longer than before.
    #[error("record {seq} would be longer than it was")]
    NoPlace {
        /// Its number.
        seq: u64,
    },
}

/// Sweeps the sealed segments of one stream, beside its writer, its readers and its trimmer.
#[derive(Debug)]
pub struct Sweeper<D: Disk> {
    shared: Arc<Shared<D>>,
}

impl<D: Disk> Clone for Sweeper<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Disk> Journal<D> {
    /// Sweeps sealed segments of this stream.
    pub fn sweeper(&self) -> Sweeper<D> {
        Sweeper { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Disk> Sweeper<D> {
    /// The first number of the segment that is written: everything before it can be swept.
    pub fn end(&self) -> u64 {
        self.shared.segments().last().map_or(1, |(_, first)| *first)
    }

    /// Has `change` look at every payload in sealed segments; what it gives takes the payload's
    /// place. How many it changed.
    pub fn sweep(
        &self,
        mut change: impl FnMut(&Entry) -> Option<Vec<u8>>,
    ) -> Result<usize, Unswept> {
        let segments = self.shared.segments();
        let mut changed = 0;
        for (number, _) in segments.iter().rev().skip(1).rev() {
            changed += self.sweep_one(*number, &mut change)?;
        }
        Ok(changed)
    }

    fn sweep_one(
        &self,
        number: u64,
        change: &mut impl FnMut(&Entry) -> Option<Vec<u8>>,
    ) -> Result<usize, Unswept> {
        let Shared { disk, stream, .. } = &*self.shared;
        let _files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shared.segments().iter().all(|(known, _)| *known != number) {
            // It was taken away meanwhile.
            return Ok(0);
        }
        let Some(found) = segment::open(disk, stream, number)? else { return Ok(0) };
        let io = |error| JournalError::io(&found.name, error);
        let length = usize::try_from(found.file.bytes().map_err(io)?).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        let read = segment::read_whole(&found.file, &mut bytes, 0).map_err(io)?;
        bytes.truncate(read);
        let changed = rewrite(&mut bytes, found.salt, change)?;
        if changed != 0 {
            // Another name than a segment's: what a crash leaves is written over by the next.
            let copy = format!("{stream}.swept");
            let file = disk.create(&copy).map_err(io)?;
            file.write_at(&bytes, 0).and_then(|()| file.sync()).map_err(io)?;
            disk.rename(&copy, &found.name).and_then(|()| disk.sync_names()).map_err(io)?;
        }
        Ok(changed)
    }
}

/// Changes the payloads in a segment's bytes.
fn rewrite(
    bytes: &mut [u8],
    salt: u32,
    change: &mut impl FnMut(&Entry) -> Option<Vec<u8>>,
) -> Result<usize, Unswept> {
    let mut at = usize::try_from(FRAMES_AT).unwrap_or(usize::MAX);
    let mut changed = 0;
    while let Some(frame) = bytes.get(at..).and_then(|rest| frame::get(rest, salt)) {
        let (length, whole) = (frame.payload.len(), frame.bytes());
        let head = (frame.kind, frame.version, frame.seq, frame.synced);
        let payload = frame.payload.to_vec();
        let entry = Entry { seq: frame.seq, version: frame.version, payload };
        if let Some(mut payload) = change(&entry).filter(|_| head.0 != FrameKind::Mark) {
            if length < payload.len() {
                return Err(Unswept::NoPlace { seq: entry.seq });
            }
            payload.resize(length, FILL);
            let mut anew = Vec::with_capacity(whole);
            frame::put(&mut anew, salt, head, &[&payload]);
            bytes[at..at + whole].copy_from_slice(&anew);
            changed += 1;
        }
        at += whole;
    }
    Ok(changed)
}
