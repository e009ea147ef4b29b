//! Reading frames back: in order from a number on, or one by its number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::frame::{self, FrameKind, HEADER_BYTES};
use super::segment::{self, FRAMES_AT, Segment};
use super::{JournalError, Shared};
use crate::store::disk::Disk;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// The offset of every n-th frame is remembered, for reads by number.
const LANDMARK_EVERY: u64 = 64;

/// A frame read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// The version of the payload's form.
    pub version: u8,
    /// The payload.
    pub payload: Vec<u8>,
}

/// Reads frames that are on disk. Each reader has its own place.
#[derive(Debug)]
pub struct Reader<D: Disk> {
    shared: Arc<Shared<D>>,
    segment: Option<Segment<D::File>>,
    offset: u64,
    next: u64,
    chunk: Vec<u8>,
    /// Where `chunk` begins in the segment.
    chunk_at: u64,
    landmarks: BTreeMap<u64, (u64, u64)>,
}

impl<D: Disk> Reader<D> {
    pub(super) fn new(shared: Arc<Shared<D>>) -> Self {
        Self {
            shared,
            segment: None,
            offset: FRAMES_AT,
            next: 1,
            chunk: Vec::new(),
            chunk_at: 0,
            landmarks: BTreeMap::new(),
        }
    }

    /// The last number that is on disk; 0 for none.
    pub fn synced(&self) -> u64 {
        self.shared.synced.load(Ordering::Acquire)
    }

    /// The first number there still is.
    pub fn first(&self) -> u64 {
        self.shared.segments().first().map_or(1, |(_, first)| *first)
    }

    /// Reads every segment but the one being written, and finds whatever is not what was
    /// written: opening looks at the last segment only. `go_on` is asked now and then.
    pub fn scrub(&mut self, mut go_on: impl FnMut() -> bool) -> Result<(), JournalError> {
        let segments = self.shared.segments();
        let Some((_, end)) = segments.last().copied() else { return Ok(()) };
        if end <= self.first() {
            return Ok(());
        }
        self.next = 0;
        while self.next < end {
            // Also where a segment was taken away under its eyes.
            let first = self.first();
            let placed = if self.next < first { self.seek(first) } else { Ok(()) };
            match placed.and_then(|()| self.step()) {
                Err(_) if first < self.first() => {}
                Err(error) => return Err(error),
                Ok(None) => break,
                Ok(Some(_)) if self.next.is_multiple_of(LANDMARK_EVERY) && !go_on() => break,
                Ok(Some(_)) => {}
            }
        }
        Ok(())
    }

    /// Goes to the frame with this number.
    pub fn seek(&mut self, seq: u64) -> Result<(), JournalError> {
        let segments = self.shared.segments();
        let Some((number, first)) = segments.iter().rev().find(|(_, first)| *first <= seq).copied()
        else {
            return Err(self.corrupt(seq));
        };
        let landmark = self.landmarks.range(..=seq).next_back();
        let (near, offset) = match landmark {
            Some((near, (at, offset))) if *at == number => (*near, *offset),
            _ => (first, FRAMES_AT),
        };
        self.enter(number)?;
        self.next = near;
        self.offset = offset;
        while self.next < seq {
            if self.step()?.is_none() {
                return Err(self.corrupt(seq));
            }
        }
        Ok(())
    }

    /// The next frame that is on disk; `None` when there is none yet.
    pub fn advance(&mut self) -> Result<Option<Entry>, JournalError> {
        if self.segment.is_none() {
            self.seek(self.next.max(self.first()))?;
        }
        self.step()
    }

    /// The frame with this number; `None` where it is not on disk yet, or not any more.
    pub fn read(&mut self, seq: u64) -> Result<Option<Entry>, JournalError> {
        if seq == 0 || self.synced() < seq || seq < self.first() {
            return Ok(None);
        }
        let placed =
            if self.next != seq || self.segment.is_none() { self.seek(seq) } else { Ok(()) };
        match placed.and_then(|()| self.step()) {
            // Its segment was taken away meanwhile.
            Err(_) if seq < self.first() => Ok(None),
            entry => entry,
        }
    }

    fn step(&mut self) -> Result<Option<Entry>, JournalError> {
        if self.synced() < self.next {
            return Ok(None);
        }
        loop {
            let Some((kind, entry, bytes)) = self.frame_here()? else {
                self.enter_next()?;
                continue;
            };
            if kind != FrameKind::Mark {
                if entry.seq != self.next {
                    return Err(self.corrupt(self.next));
                }
                self.remember();
                self.next += 1;
            }
            self.offset += bytes;
            if kind != FrameKind::Mark {
                return Ok(Some(entry));
            }
        }
    }

    /// The frame at this place. What was read ahead may have been read before it was written,
    /// so a miss is looked at again on disk.
    fn frame_here(&mut self) -> Result<Option<(FrameKind, Entry, u64)>, JournalError> {
        if let Some(found) = self.parse() {
            return Ok(Some(found));
        }
        self.fill(HEADER_BYTES)?;
        let wanted = frame::claimed_bytes(self.here()).unwrap_or(0);
        if self.here().len() < wanted {
            self.fill(wanted)?;
        }
        Ok(self.parse())
    }

    fn parse(&self) -> Option<(FrameKind, Entry, u64)> {
        let salt = self.segment.as_ref()?.salt;
        let frame = frame::get(self.here(), salt)?;
        let payload = frame.payload.to_vec();
        let entry = Entry { seq: frame.seq, version: frame.version, payload };
        Some((frame.kind, entry, frame.bytes() as u64))
    }

    fn here(&self) -> &[u8] {
        let at = self.offset.checked_sub(self.chunk_at).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.chunk.get(at..)).unwrap_or(&[])
    }

    /// Reads at least `wanted` bytes from this place on, or to the end of the file.
    fn fill(&mut self, wanted: usize) -> Result<(), JournalError> {
        let Some(segment) = &self.segment else { return Ok(()) };
        self.chunk.resize(wanted.max(CHUNK_BYTES), 0);
        let read = segment::read_whole(&segment.file, &mut self.chunk, self.offset);
        // What was read ahead is overwritten by now: after an error nothing of it is true.
        self.chunk.truncate(*read.as_ref().unwrap_or(&0));
        read.map_err(|error| JournalError::io(&segment.name, error))?;
        self.chunk_at = self.offset;
        Ok(())
    }

    /// There is no frame here although the next number is on disk: it must be the first of the
    /// next segment, or something was lost.
    fn enter_next(&mut self) -> Result<(), JournalError> {
        let current = self.segment.as_ref().map_or(0, |segment| segment.number);
        let following = self.shared.segments().into_iter().find(|(number, _)| current < *number);
        match following {
            Some((number, first)) if first == self.next => {
                self.enter(number)?;
                self.offset = FRAMES_AT;
                Ok(())
            }
            _ => Err(self.corrupt(self.next)),
        }
    }

    fn enter(&mut self, number: u64) -> Result<(), JournalError> {
        if self.segment.as_ref().is_none_or(|segment| segment.number != number) {
            let found = segment::open(&self.shared.disk, self.shared.stream, number)?;
            self.segment = Some(found.ok_or_else(|| self.corrupt(self.next))?);
            self.chunk.clear();
            self.chunk_at = 0;
        }
        Ok(())
    }

    fn remember(&mut self) {
        if self.next.is_multiple_of(LANDMARK_EVERY)
            && let Some(segment) = &self.segment
        {
            self.landmarks.insert(self.next, (segment.number, self.offset));
        }
    }

    fn corrupt(&self, seq: u64) -> JournalError {
        let name = match &self.segment {
            Some(segment) => segment.name.clone(),
            None => segment::name(self.shared.stream, 1),
        };
        JournalError::Corrupt { name, offset: self.offset, seq }
    }
}
