//! Segments: the files of a journal, their names, headers and contents.

use std::io;

use super::JournalError;
use super::frame::{self, ALIGN, Frame, FrameKind};
use crate::store::disk::{Disk, DiskFile};

/// Where the first frame begins.
pub(super) const FRAMES_AT: u64 = HEADER_BYTES as u64;
const HEADER_BYTES: usize = 32;
const MAGIC: [u8; 8] = *b"HRSEG001";

/// One segment that is open.
#[derive(Debug)]
pub(super) struct Segment<F> {
    pub(super) name: String,
    pub(super) number: u64,
    /// The number of its first frame.
    pub(super) first_seq: u64,
    /// Where its checksums start from.
    pub(super) salt: u32,
    pub(super) file: F,
}

pub(super) fn name(stream: &str, number: u64) -> String {
    format!("{stream}-{number:010}.seg")
}

/// The number in a segment's name, if it is one of `stream`.
pub(super) fn number(stream: &str, name: &str) -> Option<u64> {
    name.strip_prefix(stream)?.strip_prefix('-')?.strip_suffix(".seg")?.parse().ok()
}

pub(super) fn header(first_seq: u64, salt: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..16].copy_from_slice(&first_seq.to_le_bytes());
    header[16..20].copy_from_slice(&salt.to_le_bytes());
    let crc = crc32c::crc32c(&header[..20]);
    header[20..24].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Reads `first_seq` and `salt`; `None` when the header is not whole.
fn read_header(bytes: &[u8]) -> Option<(u64, u32)> {
    let header = bytes.get(..HEADER_BYTES)?;
    let word = |at: usize| Some(u32::from_le_bytes(header.get(at..at + 4)?.try_into().ok()?));
    if header[..8] != MAGIC || word(20)? != crc32c::crc32c(&header[..20]) {
        return None;
    }
    Some((frame::u64_at(header, 8)?, word(16)?))
}

/// Opens a segment; `Ok(None)` when its header never became whole.
pub(super) fn open<D: Disk>(
    disk: &D,
    stream: &str,
    number: u64,
) -> Result<Option<Segment<D::File>>, JournalError> {
    let name = name(stream, number);
    let file = disk.open(&name).map_err(|error| JournalError::io(&name, error))?;
    let mut bytes = [0; HEADER_BYTES];
    let read = read_whole(&file, &mut bytes, 0).map_err(|error| JournalError::io(&name, error))?;
    Ok(read_header(&bytes[..read]).map(|(first_seq, salt)| Segment {
        name,
        number,
        first_seq,
        salt,
        file,
    }))
}

/// Fills `into` as far as the file goes; the bytes read.
pub(super) fn read_whole<F: DiskFile>(file: &F, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match file.read_at(&mut into[filled..], offset + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// What a walk over a segment's bytes found at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Zeros, or the end of the file.
    Clean,
    /// Bytes that are no whole frame, and nothing after them that was ever on disk for sure.
    Torn,
    /// Bytes that are no whole frame, although they were on disk.
    Corrupt,
}

/// The end of the frames in `bytes` (a whole segment file): offset, next number, and how it ends.
/// `each` sees every frame but marks, with its offset.
pub(super) fn walk<'a>(
    bytes: &'a [u8],
    salt: u32,
    first_seq: u64,
    mut each: impl FnMut(usize, Frame<'a>),
) -> (usize, u64, End) {
    let mut offset = HEADER_BYTES;
    let mut next = first_seq;
    while let Some(frame) = bytes.get(offset..).and_then(|rest| frame::get(rest, salt)) {
        if frame.seq != next {
            break;
        }
        let bytes = frame.bytes();
        if frame.kind != FrameKind::Mark {
            each(offset, frame);
            next += 1;
        }
        offset += bytes;
    }
    (offset, next, ending(bytes, offset, salt, next))
}

/// A bad frame `next` is a torn tail when no later whole frame knew it to be on disk.
fn ending(bytes: &[u8], offset: usize, salt: u32, next: u64) -> End {
    let rest = bytes.get(offset..).unwrap_or(&[]);
    if rest.iter().all(|byte| *byte == 0) {
        return End::Clean;
    }
    let knew = (0..rest.len())
        .step_by(ALIGN)
        .filter_map(|at| frame::get(&rest[at..], salt))
        .any(|frame| next <= frame.synced);
    if knew { End::Corrupt } else { End::Torn }
}

/// Whether any whole frame lies in a segment whose header is not whole: then it is not an
/// unfinished segment but a damaged one. The salt is lost with the header, so only the outline
/// of a frame can be looked for.
pub(super) fn has_frames(bytes: &[u8]) -> bool {
    let rest = bytes.get(HEADER_BYTES..).unwrap_or(&[]);
    frame::claimed_bytes(rest).is_some()
        || (0..rest.len()).step_by(ALIGN).any(|at| frame::claimed_bytes(&rest[at..]).is_some())
}
