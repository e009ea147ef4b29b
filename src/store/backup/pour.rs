//! Copying a file while its checksum is made.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BackupError;

/// Bytes moved at once.
const BYTES_AT_ONCE: usize = 256 << 10;

/// What went through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Poured {
    pub(super) bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub(super) sha256: String,
}

/// Reads at most `limit` bytes of `from` and writes them, durably, where `into` says. `told`
/// hears how many bytes each step moved.
pub(super) fn pour(
    from: &Path,
    into: Option<&Path>,
    limit: u64,
    told: &mut dyn FnMut(u64),
) -> Result<Poured, BackupError> {
    let mut source = File::open(from).map_err(BackupError::file(from))?.take(limit);
    let mut target = into
        .map(|into| File::create(into).map(|file| (into, file)).map_err(BackupError::file(into)))
        .transpose()?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; BYTES_AT_ONCE];
    loop {
        let read = source.read(&mut buffer).map_err(BackupError::file(from))?;
        let piece = &buffer[..read];
        if piece.is_empty() {
            break;
        }
        hash.update(piece);
        if let Some((into, file)) = &mut target {
            file.write_all(piece).map_err(BackupError::file(into))?;
        }
        bytes += read as u64;
        told(read as u64);
    }
    if let Some((into, file)) = target {
        file.sync_all().map_err(BackupError::file(into))?;
    }
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    let sha256 = hash.finalize().iter().flat_map(digits).map(char::from).collect();
    Ok(Poured { bytes, sha256 })
}

/// Waits until the names in a folder would survive a power cut.
pub(super) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(BackupError::file(path))
}
