//! Segments: the files of a journal, their names, headers and contents.

use std::io;

use super::JournalError;
use super::frame;
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
