//! Walking over a segment, piece by piece: where its frames end, and how. A segment is never held
//! in memory as a whole.

use std::io;

use super::frame::{self, ALIGN, FrameKind, HEADER_BYTES};
use super::segment::{FRAMES_AT, Segment, read_whole};
use crate::store::disk::DiskFile;

/// Bytes read at once.
const PIECE_BYTES: usize = 256 << 10;

/// How the frames of a segment end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Zeros, or the end of the file.
    Clean,
    /// Bytes that are no whole frame, and nothing after them that was ever on disk for sure.
    Torn,
    /// Bytes that are no whole frame, although they were on disk.
    Corrupt,
}

/// What a walk found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walk {
    /// Where the frames end.
    pub(super) offset: u64,
    /// The number that the next frame would have.
    pub(super) next: u64,
    /// The largest number that a frame knew to be on disk; 0 for none.
    pub(super) synced: u64,
    /// How they end.
    pub(super) end: End,
}

/// A piece of a file, moved along it.
struct Window<'f, F> {
    file: &'f F,
    /// The file's length.
    length: u64,
    at: u64,
    bytes: Vec<u8>,
}

impl<'f, F: DiskFile> Window<'f, F> {
    fn new(file: &'f F) -> io::Result<Self> {
        Ok(Self { file, length: file.bytes()?, at: 0, bytes: Vec::new() })
    }

    /// What lies at `offset`: at least `wanted` bytes, fewer only at the end of the file.
    fn look(&mut self, offset: u64, wanted: usize) -> io::Result<&[u8]> {
        let start = offset.checked_sub(self.at).and_then(|at| usize::try_from(at).ok());
        let here = start.and_then(|start| self.bytes.get(start..)).map_or(0, <[u8]>::len);
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        if here < wanted.min(left) {
            self.bytes.resize(wanted.max(PIECE_BYTES).min(left), 0);
            let read = read_whole(self.file, &mut self.bytes, offset)?;
            self.bytes.truncate(read);
            self.at = offset;
        }
        let start = offset.checked_sub(self.at).and_then(|at| usize::try_from(at).ok());
        Ok(start.and_then(|start| self.bytes.get(start..)).unwrap_or_default())
    }

    /// The frame at `offset`, with what lies after it.
    fn frame(&mut self, offset: u64, salt: u32) -> io::Result<Option<frame::Frame<'_>>> {
        let Some(wanted) = frame::claimed_bytes(self.look(offset, HEADER_BYTES)?) else {
            return Ok(None);
        };
        Ok(frame::get(self.look(offset, wanted)?, salt))
    }
}

/// Walks from the first frame to the last.
pub(super) fn walk<F: DiskFile>(segment: &Segment<F>) -> io::Result<Walk> {
    let mut window = Window::new(&segment.file)?;
    let (mut offset, mut next, mut synced) = (FRAMES_AT, segment.first_seq, 0);
    while let Some(frame) = window.frame(offset, segment.salt)? {
        if frame.seq != next {
            break;
        }
        next += u64::from(frame.kind != FrameKind::Mark);
        synced = synced.max(frame.synced);
        offset += frame.bytes() as u64;
    }
    let end = ending(&mut window, offset, (segment.salt, next))?;
    Ok(Walk { offset, next, synced, end })
}

/// A bad frame `next` is a torn tail when no later whole frame knew it to be on disk.
fn ending<F: DiskFile>(
    window: &mut Window<'_, F>,
    offset: u64,
    (salt, next): (u32, u64),
) -> io::Result<End> {
    let mut end = End::Clean;
    let mut at = offset;
    loop {
        let piece = window.look(at, PIECE_BYTES)?;
        let length = piece.len();
        if length == 0 {
            return Ok(end);
        }
        // Most of what follows the last frame was prepared and never written.
        if piece.iter().any(|byte| *byte != 0) {
            end = End::Torn;
            let places: Vec<u64> = claims(piece).map(|place| at + place).collect();
            for place in places {
                if window.frame(place, salt)?.is_some_and(|frame| next <= frame.synced) {
                    return Ok(End::Corrupt);
                }
            }
        }
        at += length.next_multiple_of(ALIGN) as u64;
    }
}

/// Where the outline of a frame is seen in `piece`.
fn claims(piece: &[u8]) -> impl Iterator<Item = u64> {
    let places = (0..piece.len()).step_by(ALIGN);
    places.filter(|at| frame::claimed_bytes(&piece[*at..]).is_some()).map(|at| at as u64)
}

/// Whether any whole frame lies in a segment whose header is not whole: then it is not an
/// unfinished segment but a damaged one. The salt is lost with the header, so only the outline
/// of a frame can be looked for.
pub(super) fn has_frames<F: DiskFile>(file: &F) -> io::Result<bool> {
    let mut window = Window::new(file)?;
    let mut at = FRAMES_AT;
    loop {
        let piece = window.look(at, PIECE_BYTES)?;
        if piece.is_empty() {
            return Ok(false);
        }
        if claims(piece).next().is_some() {
            return Ok(true);
        }
        at += piece.len().next_multiple_of(ALIGN) as u64;
    }
}
