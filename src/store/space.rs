//! Free space on the store's disk. Before it runs out, deliveries are refused (HubSpot brings
//! them again) and nothing new is decided, so that what is under way can still be settled; a
//! reserve file is given up for that. Everything goes on by itself once there is space again.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Below this nothing new is taken.
const FREE_BYTES_MIN: u64 = 64 << 20;
/// On a small disk this share of it: one part in so many.
const FREE_SHARE_MIN: u64 = 20;
/// The reserve, and the share of a small disk.
const RESERVE_BYTES: u64 = 16 << 20;
const RESERVE_SHARE: u64 = 50;
/// Written at once.
const PIECE_BYTES: usize = 1 << 20;

/// What a disk holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Free for us.
    pub free: u64,
    /// In all.
    pub total: u64,
}

impl Room {
    /// On the disk of this folder.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Self { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
    }

    /// What must be free.
    fn needed(self) -> u64 {
        FREE_BYTES_MIN.min(self.total / FREE_SHARE_MIN)
    }

    fn reserve(self) -> u64 {
        RESERVE_BYTES.min(self.total / RESERVE_SHARE)
    }
}

/// Watches a store's disk.
#[derive(Debug)]
pub struct Space {
    folder: PathBuf,
    short: Option<String>,
}

impl Space {
    /// Of the disk that this folder is on.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), short: None }
    }

    /// Looks, gives the reserve up or makes it, and answers why nothing may be taken; `None`
    /// while there is enough. Blocks.
    pub fn look(&mut self) -> Option<String> {
        match Room::of(&self.folder) {
            Ok(room) => self.judge(room),
            // A disk that cannot be asked is not full; what fails on it says so itself.
            Err(_) => self.short = None,
        }
        self.short.clone()
    }

    fn judge(&mut self, room: Room) {
        // Some more than where it began, or it would begin and end with each delivery.
        let margin = if self.short.is_some() { room.needed() / 4 + room.reserve() } else { 0 };
        if room.free < room.needed() + margin {
            release(&self.folder);
            self.short = Some(format!(
                "The store's disk is almost full ({} MiB free, {} needed): deliveries are \
                 refused and come again. Free some space; it goes on by itself.",
                room.free >> 20,
                (room.needed() + margin).div_ceil(1 << 20)
            ));
            return;
        }
        self.short = None;
        if 2 * room.needed() + room.reserve() < room.free {
            // Without it there is only less to fall back on.
            drop(make(&self.folder, room.reserve()));
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("RESERVE")
}

/// Gives the reserve up, where there is one.
pub(super) fn release(folder: &Path) {
    drop(fs::remove_file(path(folder)));
}

/// Makes the reserve, where there is none. Not sparse: it must hold real blocks.
fn make(folder: &Path, bytes: u64) -> io::Result<()> {
    let path = path(folder);
    if path.exists() {
        return Ok(());
    }
    let temporary = folder.join("RESERVE.new");
    let mut file = fs::File::create(&temporary)?;
    let zeros = vec![0; PIECE_BYTES];
    let mut left = bytes;
    while left != 0 {
        let piece = zeros.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if let Err(error) = file.write_all(&zeros[..piece]) {
            fs::remove_file(&temporary)?;
            return Err(error);
        }
        left -= piece as u64;
    }
    fs::rename(temporary, path)
}

/// Whether an error is the disk's, not of what is on it: full, or not writable at all.
pub(super) fn is_of_the_disk(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[track_caller]
    fn check(space: &mut Space, free_mib: u64, expected: (bool, bool)) {
        space.judge(Room { free: free_mib * MIB, total: 10_000 * MIB });
        assert_eq!((space.short.is_some(), path(&space.folder).exists()), expected);
    }

    #[test]
    fn the_reserve_is_given_up_when_space_runs_out_and_made_again_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut space = Space::of(folder.path());
        check(&mut space, 100, (false, false));
        check(&mut space, 5_000, (false, true));
        check(&mut space, 64, (false, true));
        check(&mut space, 63, (true, false));
        // Giving it up does not end it.
        check(&mut space, 63 + 16, (true, false));
        check(&mut space, 96, (false, false));
        check(&mut space, 5_000, (false, true));
        assert_eq!(fs::metadata(path(folder.path())).expect("there").len(), RESERVE_BYTES);
    }

    #[test]
    fn a_small_disk_needs_a_share_of_it() {
        let room = Room { free: 0, total: 100 * MIB };
        assert_eq!((room.needed(), room.reserve()), (5 * MIB, 2 * MIB));
        assert!(Room::of(Path::new(".")).expect("a disk").total != 0);
    }
}
