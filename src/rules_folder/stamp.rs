//! What a look at a rules folder sees without reading a file: names, sizes, times and inodes.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{FolderError, walk};

/// See the module. Equal stamps of two looks mean that nothing was written, renamed, removed or
/// linked between them: the system's own time of the last change cannot be set back by a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(Vec<Entry>);

/// A folder, a file, or the link that the rules folder itself may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: String,
    inode: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Entry {
    fn new(name: &str, it: &Metadata) -> Self {
        Self {
            name: name.to_owned(),
            inode: (it.dev(), it.ino()),
            bytes: it.size(),
            modified: (it.mtime(), it.mtime_nsec()),
            changed: (it.ctime(), it.ctime_nsec()),
        }
    }

    /// When it last changed; `None` where the file system tells nothing usable.
    fn changed_at(&self) -> Option<SystemTime> {
        let (seconds, nanos) = self.changed;
        let since = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanos).ok()?);
        UNIX_EPOCH.checked_add(since)
    }
}

impl Stamp {
    /// Looks at the folder. Reads no file.
    pub fn of(folder: &Path) -> Result<Self, FolderError> {
        let unreadable =
            |path: &Path, source: io::Error| FolderError::Unreadable { path: path.into(), source };
        let link = fs::symlink_metadata(folder).map_err(|error| unreadable(folder, error))?;
        let mut entries = vec![Entry::new("", &link)];
        walk(folder, "", 0, &mut |_, path, name| {
            let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
            entries.push(Entry::new(name, &metadata));
            Ok(())
        })?;
        entries.sort();
        Ok(Self(entries))
    }

    /// Whether the newest change is at least `age` ago. A clock that was set back says no.
    pub(super) fn has_rested(&self, age: Duration, now: SystemTime) -> bool {
        let rested = |entry: &Entry| {
            let since = entry.changed_at().and_then(|at| now.duration_since(at).ok());
            since.is_some_and(|since| age <= since)
        };
        self.0.iter().all(rested)
    }
}
