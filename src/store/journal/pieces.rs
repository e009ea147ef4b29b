//! What of a stream a copy takes, beside the router that writes it: every segment, and of the
//! newest one as much as holds whole frames now.

use std::path::Path;

use super::open::{corrupt, numbers};
use super::segment;
use super::walk::{End, walk};
use super::{Journal, JournalError, Shared, Sizes};
use crate::store::disk::{Disk, DiskFile};

/// One segment, as far as it is to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its name in the journal's folder.
    pub name: String,
    /// Bytes from its beginning.
    pub bytes: u64,
}

/// A stream as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Its segments, oldest first.
    pub pieces: Vec<Piece>,
    /// The last record in them; 0 for none. It was written, and may not be on disk yet.
    pub last: u64,
}

impl Pieces {
    /// The oldest segment.
    pub fn oldest(&self) -> Option<&str> {
        self.pieces.first().map(|piece| piece.name.as_str())
    }
}

/// Looks at the stream; what is written later is not in it. A segment that is taken away
/// meanwhile is an error of its file.
pub fn pieces<D: Disk>(disk: &D, stream: &'static str) -> Result<Pieces, JournalError> {
    let shared = Shared {
        disk: disk.clone(),
        stream,
        sizes: Sizes::default(),
        synced: std::sync::atomic::AtomicU64::new(0),
        segments: std::sync::Mutex::new(Vec::new()),
        files: std::sync::Mutex::new(()),
    };
    let (mut found, mut newest) = (Vec::new(), None);
    for number in numbers(&shared)? {
        // The newest may be in the making: it holds nothing yet.
        let Some(segment) = segment::open(disk, stream, number)? else { continue };
        let io = |error| JournalError::io(&segment.name, error);
        let bytes = segment.file.bytes().map_err(io)?;
        shared.register(number, segment.first_seq);
        found.push(Piece { name: segment.name.clone(), bytes });
        newest = Some(segment);
    }
    shared.check_order()?;
    let mut last = 0;
    if let (Some(segment), Some(piece)) = (newest, found.last_mut()) {
        let walked = walk(&segment).map_err(|error| JournalError::io(&segment.name, error))?;
        if walked.end == End::Corrupt {
            return Err(corrupt(&segment.name, walked.offset, walked.next));
        }
        piece.bytes = walked.offset;
        last = walked.next - 1;
    }
    Ok(Pieces { pieces: found, last })
}

/// Ends a copied stream with the mark that everything before it is on disk: its last group is then
/// told from a torn tail. Waits until it is.
pub fn end<D: Disk>(disk: &D, stream: &'static str) -> Result<(), JournalError> {
    let (mut journal, _) = Journal::open(disk, stream)?;
    journal.mark();
    let segment = &journal.segment;
    segment.file.sync().map_err(|error| JournalError::io(&segment.name, error))
}

/// Whether a journal's folder holds no segment at all.
pub fn has_no_segment(folder: &Path) -> std::io::Result<bool> {
    if !folder.is_dir() {
        return Ok(true);
    }
    for entry in std::fs::read_dir(folder)? {
        if entry?.path().extension().is_some_and(|it| it == "seg") {
            return Ok(false);
        }
    }
    Ok(true)
}
