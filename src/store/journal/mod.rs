//! The journal: append-only segments, the system of record (STORAGE.md, CONSISTENCY.md 3).
//!
//! A group of frames is written, then synced, and only then the next group is written. An error
//! of a sync is final: what the disk holds is unknown, so nothing is accepted until a restart
//! has read it back.

mod frame;
mod glance;
mod open;
mod pieces;
mod reader;
mod segment;
mod spare;
mod sweep;
mod trim;
mod walk;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

pub use frame::{FrameKind, PAYLOAD_BYTES_MAX};
pub use glance::{glance, newest_is_whole};
pub use open::Cut;
pub use pieces::{Pieces, end, has_no_segment, pieces};
pub use reader::{Entry, Reader};
pub use sweep::{Sweeper, Unswept};
pub use trim::{Extent, Trimmer};

use self::segment::Segment;
use self::spare::Spare;
use super::disk::{Disk, DiskFile};

/// How large segments are made, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// The first segment of an empty store: small, so that a cold start is quick.
    pub first: u64,
    /// Every later one. One that waits for its successor may grow to twice this.
    pub full: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { first: 1 << 20, full: 64 << 20 }
    }
}

/// Why a journal cannot be opened, read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The disk failed.
    #[error("cannot use {name} in the journal")]
    Io {
        /// The segment.
        name: String,
        /// The disk's own words.
        #[source]
        source: io::Error,
    },
    /// Bytes that were on disk are not what was written.
    #[error(
        "the journal is damaged: {name} at offset {offset} (record {seq}) is not what was written. \
         Nothing was changed. Restore the file from a backup, or move the store away to start \
         with an empty one"
    )]
    Corrupt {
        /// The segment.
        name: String,
        /// Where, in bytes.
        offset: u64,
        /// The number of the record that should stand there.
        seq: u64,
    },
    /// A segment is not there.
    #[error(
        "the journal is damaged: {name} does not begin with record {expected}. \
         A segment is missing; restore it from a backup"
    )]
    Gap {
        /// The segment after the gap.
        name: String,
        /// The number it should begin with.
        expected: u64,
    },
    /// A sync failed earlier; only a restart can tell what is on disk.
    #[error("the disk refused to keep what was written; restart to read back what it holds")]
    Poisoned,
}

impl JournalError {
    fn io(name: &str, source: io::Error) -> Self {
        Self::Io { name: name.to_owned(), source }
    }

    /// The error with its cause, in one line.
    pub fn in_full(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

/// What readers share with the one writer.
#[derive(Debug)]
struct Shared<D: Disk> {
    disk: D,
    stream: &'static str,
    sizes: Sizes,
    /// The last number known to be on disk; 0 for none.
    synced: AtomicU64,
    /// Segments by number: the number, and that of the first frame.
    segments: Mutex<Vec<(u64, u64)>>,
    /// Held while a sealed segment is taken away or written anew.
    files: Mutex<()>,
}

/// One stream of frames, with its only writer.
#[derive(Debug)]
pub struct Journal<D: Disk> {
    shared: Arc<Shared<D>>,
    segment: Segment<D::File>,
    /// The size the segment was made with.
    capacity: u64,
    /// Where the next frame goes.
    tail: u64,
    /// The number of the next frame.
    next: u64,
    /// The bytes of the group being made.
    group: Vec<u8>,
    spare: Spare,
    poisoned: bool,
    /// Frames were written since the last mark.
    unmarked: bool,
    /// Up to where a group lies that was refused, whole or in part: it is wiped before anything
    /// is written there, or frames of it could follow those of a later group.
    refused: Option<u64>,
}

/// One frame to append: its kind, its version, and its payload in parts.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// What the payload is.
    pub kind: FrameKind,
    /// The version of the payload's form.
    pub version: u8,
    /// The payload.
    pub parts: &'a [&'a [u8]],
}

impl<D: Disk> Journal<D> {
    /// The number the next frame will have; numbers begin at 1.
    pub fn next_seq(&self) -> u64 {
        self.next
    }

    /// A reader of the frames that are on disk.
    pub fn reader(&self) -> Reader<D> {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Adds a frame to the group; its number.
    pub fn put(&mut self, draft: &Draft<'_>) -> u64 {
        let seq = self.next;
        let head = (draft.kind, draft.version, seq, self.synced());
        frame::put(&mut self.group, self.segment.salt, head, draft.parts);
        self.next += 1;
        seq
    }

    /// The bytes of the group so far.
    pub fn group_bytes(&self) -> usize {
        self.group.len()
    }

    /// Writes the group and waits until it is on disk. After an error none of it counts; after
    /// an error of the sync nothing is taken any more.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        if self.poisoned {
            return Err(JournalError::Poisoned);
        }
        if let Err(error) = self.wipe_refused() {
            self.abandon();
            return Err(JournalError::io(&self.segment.name, error));
        }
        let written = self.segment.file.write_at(&self.group, self.tail);
        if let Err(error) = written {
            self.refused = Some(self.tail + self.group.len() as u64);
            self.abandon();
            return Err(JournalError::io(&self.segment.name, error));
        }
        if let Err(error) = self.segment.file.sync() {
            self.poisoned = true;
            self.abandon();
            return Err(JournalError::io(&self.segment.name, error));
        }
        self.tail += self.group.len() as u64;
        self.group.clear();
        self.unmarked = true;
        self.shared.synced.store(self.next - 1, Ordering::Release);
        self.rotate();
        Ok(())
    }

    /// Zeros what is left of a refused group, on disk.
    fn wipe_refused(&mut self) -> io::Result<()> {
        let Some(end) = self.refused else { return Ok(()) };
        let end = end.min(self.segment.file.bytes()?);
        if self.tail < end {
            open::zero(&self.segment.file, self.tail, end)?;
            self.segment.file.sync().inspect_err(|_| self.poisoned = true)?;
        }
        self.refused = None;
        Ok(())
    }

    /// Forgets the group: its numbers are given again.
    fn abandon(&mut self) {
        self.group.clear();
        self.next = self.synced() + 1;
    }

    /// Writes, without waiting, that everything so far is on disk. Called when nothing else
    /// waits to be written, so that damage to the last group cannot pass for a torn tail.
    pub fn mark(&mut self) {
        if self.poisoned || !self.unmarked || self.refused.is_some() {
            return;
        }
        let mut mark = Vec::new();
        let head = (FrameKind::Mark, 0, self.next, self.synced());
        frame::put(&mut mark, self.segment.salt, head, &[]);
        // Losing it loses nothing: it is a hint about what is on disk already.
        if self.segment.file.write_at(&mark, self.tail).is_ok() {
            self.tail += mark.len() as u64;
            self.unmarked = false;
        }
    }

    /// Whether a sync failed: only a restart helps.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    fn synced(&self) -> u64 {
        self.shared.synced.load(Ordering::Acquire)
    }

    /// Goes on in the next segment where this one is full and the next one is ready.
    fn rotate(&mut self) {
        if self.tail < self.capacity / 2 {
            return;
        }
        self.spare.prepare(&self.shared.disk, self.shared.stream, self.segment.number + 1);
        if self.tail < self.capacity
            || (!self.spare.is_ready() && self.tail < 2 * self.shared.sizes.full)
        {
            return;
        }
        let prepared = self.spare.take();
        // Where the disk has no place for it this one goes on: what was committed stays so.
        drop(self.next_segment(prepared.as_deref(), self.shared.sizes.full));
    }

    /// Goes on in a segment of its own, so that what was written until now can be taken away
    /// when it is old. Nothing to do where nothing was written. The group must be empty.
    pub fn seal(&mut self) -> Result<(), JournalError> {
        if self.tail <= segment::FRAMES_AT || self.poisoned {
            return Ok(());
        }
        self.next_segment(None, self.shared.sizes.first)
    }

    fn next_segment(&mut self, prepared: Option<&str>, bytes: u64) -> Result<(), JournalError> {
        self.mark();
        let number = self.segment.number + 1;
        match open::make_segment(&self.shared, number, self.next, prepared) {
            Ok(made) => {
                let sealed = std::mem::replace(&mut self.segment, made);
                // What was prepared and not needed goes back; losing that costs only space.
                drop(sealed.file.resize(self.tail));
                self.capacity = bytes;
                self.tail = segment::FRAMES_AT;
                self.refused = None;
                Ok(())
            }
            Err(error) => {
                // One that began here and is found at the next start would hide what this one
                // takes from now on.
                self.poisoned = open::remove_segment(&self.shared, number).is_err();
                Err(error)
            }
        }
    }
}

impl<D: Disk> Shared<D> {
    fn segments(&self) -> Vec<(u64, u64)> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
pub(super) mod tests;
