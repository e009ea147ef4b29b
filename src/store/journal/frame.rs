//! Frames: how a record lies in a segment.
//!
//! ```text
//! magic u32 | length u32 | crc32c u32 | kind u8 | version u8 | 0 u16 | seq u64 | synced u64 | payload, padded to 8
//! ```
//! Little-endian. The checksum starts from the segment's salt and covers everything after itself
//! and the length, so no payload can pose as a frame. `synced` is the last sequence number known
//! to be on disk when the frame's group was written: it tells a torn tail from corruption
//! (CONSISTENCY.md section 3).

/// Frames begin at multiples of this.
pub(super) const ALIGN: usize = 8;
/// The bytes before the payload.
pub(super) const HEADER_BYTES: usize = 32;
/// The longest payload: four times the largest delivery accepted. A longer one is not written, for
/// nobody could read it back.
pub const PAYLOAD_BYTES_MAX: usize = 64 << 20;
const MAGIC: [u8; 4] = *b"HRf1";

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Nothing: it only tells that everything before it is on disk. It has no number of its own.
    Mark,
    /// A delivery as received.
    Delivery,
    /// A domain record.
    Record,
}

impl FrameKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Mark => 0,
            Self::Delivery => 1,
            Self::Record => 2,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Mark),
            1 => Some(Self::Delivery),
            2 => Some(Self::Record),
            _ => None,
        }
    }
}

/// A frame read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: FrameKind,
    pub(super) version: u8,
    pub(super) seq: u64,
    pub(super) synced: u64,
    pub(super) payload: &'a [u8],
}

impl Frame<'_> {
    /// The bytes it takes in the segment.
    pub(super) fn bytes(&self) -> usize {
        framed_bytes(self.payload.len())
    }
}

/// The bytes a payload of this length takes in a segment.
pub(super) const fn framed_bytes(payload: usize) -> usize {
    (HEADER_BYTES + payload).next_multiple_of(ALIGN)
}

/// Appends one frame to `group`; `payload` comes in parts.
pub(super) fn put(
    group: &mut Vec<u8>,
    salt: u32,
    head: (FrameKind, u8, u64, u64),
    parts: &[&[u8]],
) {
    let (kind, version, seq, synced) = head;
    let start = group.len();
    let length: usize = parts.iter().map(|part| part.len()).sum();
    group.reserve(framed_bytes(length));
    group.extend_from_slice(&MAGIC);
    group.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    group.extend_from_slice(&[0; 4]);
    group.extend_from_slice(&[kind.byte(), version, 0, 0]);
    group.extend_from_slice(&seq.to_le_bytes());
    group.extend_from_slice(&synced.to_le_bytes());
    for part in parts {
        group.extend_from_slice(part);
    }
    let crc = checksum(salt, length, &group[start + 12..]);
    group[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
    group.resize(start + framed_bytes(length), 0);
}

/// Reads the frame at the start of `bytes`; `None` when there is none, or not a whole and
/// unchanged one. Padding is not checked: nothing is kept in it.
pub(super) fn get(bytes: &[u8], salt: u32) -> Option<Frame<'_>> {
    let header = bytes.get(..HEADER_BYTES)?;
    if header[..4] != MAGIC {
        return None;
    }
    let length = usize::try_from(u32_at(header, 4)?).ok()?;
    if PAYLOAD_BYTES_MAX < length {
        return None;
    }
    let covered = bytes.get(12..HEADER_BYTES + length)?;
    if u32_at(header, 8)? != checksum(salt, length, covered) {
        return None;
    }
    Some(Frame {
        kind: FrameKind::from_byte(header[12])?,
        version: header[13],
        seq: u64_at(header, 16)?,
        synced: u64_at(header, 24)?,
        payload: &bytes[HEADER_BYTES..HEADER_BYTES + length],
    })
}

/// The length that a header at the start of `bytes` claims, checked against the limit only.
pub(super) fn claimed_bytes(bytes: &[u8]) -> Option<usize> {
    if bytes.get(..4)? != MAGIC {
        return None;
    }
    let length = usize::try_from(u32_at(bytes, 4)?).ok()?;
    (length <= PAYLOAD_BYTES_MAX).then(|| framed_bytes(length))
}

fn checksum(salt: u32, length: usize, covered: &[u8]) -> u32 {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    crc32c::crc32c_append(crc32c::crc32c_append(salt, &length.to_le_bytes()), covered)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnoli() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn a_frame_reads_back_and_any_flipped_bit_is_seen() {
        let mut group = Vec::new();
        put(&mut group, 7, (FrameKind::Record, 3, 42, 41), &[b"hello ", b"world"]);
        let frame = get(&group, 7).expect("whole");
        assert_eq!((frame.seq, frame.synced, frame.version), (42, 41, 3));
        assert_eq!(frame.payload, b"hello world");
        assert_eq!(frame.bytes(), group.len());
        assert_eq!(get(&group, 8), None, "another segment's salt");
        for bit in 0..(HEADER_BYTES + 11) * 8 {
            let mut changed = group.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(get(&changed, 7), None, "bit {bit}");
        }
    }
}
