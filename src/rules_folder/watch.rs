//! Noticing that a rules folder changed, and that whoever changed it is done.
//!
//! Editors save in many ways: in place, truncating first, renaming a new file over the old one,
//! removing and writing anew, switching a link. On the way the folder may hold half a file, an
//! empty one or none. What is there counts only once it was left alone for [`POLL`]: two looks
//! that far apart see the same names, sizes, times and inodes, and read the same bytes.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};

use super::{FolderError, Stamp, read};
use crate::domain::rule::RuleFile;

/// Between two looks. Whoever pauses longer inside a save is taken to be done.
pub const POLL: Duration = Duration::from_millis(250);
/// How long [`settled`] waits for a folder that keeps changing.
const PATIENCE: Duration = Duration::from_secs(5);

/// A hash over every file's name and text, tests among them; of a folder that cannot be read,
/// over why.
pub type ContentHash = [u8; 32];

/// What a folder held while nobody wrote in it.
#[derive(Debug)]
pub struct Snapshot {
    /// Equal exactly where the content is.
    pub hash: ContentHash,
    /// The files, by name.
    pub files: Result<Vec<RuleFile>, FolderError>,
}

impl Snapshot {
    fn new(files: Result<Vec<RuleFile>, FolderError>) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        match &files {
            Ok(files) => files.iter().for_each(|file| {
                add(&file.name);
                add(&file.text);
            }),
            Err(error) => add(&error.to_string()),
        }
        Self { hash: hash.finalize().into(), files }
    }
}

/// One look: the stamp, and the hash of what was read under it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    /// `None` where even that cannot be read: the folder is gone, for example.
    stamp: Option<Stamp>,
    hash: ContentHash,
}

/// Looks at a folder again and again. See the module.
#[derive(Debug, Default)]
pub struct Watch {
    /// The look before, while what it saw does not count yet.
    before: Option<Look>,
    /// The stamp that counted last.
    counted: Option<Counted>,
}

/// A stamp that counted, be it that of a folder which is gone.
#[derive(Debug, PartialEq, Eq)]
struct Counted(Option<Stamp>);

impl Watch {
    /// One look; call it [`POLL`] after the last one ended. Gives the folder's content when it
    /// counts, once for each time it moved. Only stamps are read while nothing moves. Blocks.
    pub fn poll(&mut self, folder: &Path) -> Option<Snapshot> {
        let stamp = Stamp::of(folder).ok();
        if self.counted.as_ref().is_some_and(|counted| counted.0 == stamp) {
            self.before = None;
            return None;
        }
        let Some((look, snapshot)) = look(folder, stamp) else {
            self.before = None;
            return None;
        };
        if self.before.as_ref() != Some(&look) {
            self.before = Some(look);
            return None;
        }
        self.before = None;
        self.counted = Some(Counted(look.stamp));
        Some(snapshot)
    }

    /// Forgets what counted: it is given again.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Reads the folder; `None` where it moved while it was read.
fn look(folder: &Path, stamp: Option<Stamp>) -> Option<(Look, Snapshot)> {
    let snapshot = Snapshot::new(read(folder));
    if Stamp::of(folder).ok() != stamp {
        return None;
    }
    Some((Look { stamp, hash: snapshot.hash }, snapshot))
}

/// The folder's content now, or as soon as it was left alone for [`POLL`]: at once where its
/// newest change is older. Blocks, for a few seconds where somebody keeps writing; then it is
/// [`FolderError::Restless`].
pub fn settled(folder: &Path) -> Snapshot {
    let began = Instant::now();
    let mut before = None;
    loop {
        let stamp = Stamp::of(folder).ok();
        let rested = stamp.as_ref().is_some_and(|it| it.has_rested(POLL, SystemTime::now()));
        let seen = look(folder, stamp);
        match seen {
            Some((look, snapshot)) if rested || before.as_ref() == Some(&look) => return snapshot,
            seen => before = seen.map(|(look, _)| look),
        }
        if PATIENCE < began.elapsed() {
            return Snapshot::new(Err(FolderError::Restless { path: folder.to_owned() }));
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("a.toml"), text).expect("written");
        folder
    }

    /// The text of `a.toml` where the poll gave the folder.
    #[track_caller]
    fn check(watch: &mut Watch, folder: &Path, expected: Option<&str>) {
        let given = watch.poll(folder).map(|snapshot| snapshot.files.expect("readable"));
        assert_eq!(given.map(|files| files[0].text.clone()).as_deref(), expected);
    }

    #[test]
    fn content_counts_at_the_second_equal_look_and_only_once() {
        let folder = folder("x = 1");
        let mut watch = Watch::default();
        check(&mut watch, folder.path(), None);
        check(&mut watch, folder.path(), Some("x = 1"));
        check(&mut watch, folder.path(), None);
        watch.forget();
        check(&mut watch, folder.path(), None);
        check(&mut watch, folder.path(), Some("x = 1"));
    }

    #[test]
    fn a_look_while_it_is_written_starts_again() {
        let folder = folder("x = 1");
        let path = folder.path().join("a.toml");
        let mut watch = Watch::default();
        check(&mut watch, folder.path(), None);
        // The same length; another inode, so that the clock's tick does not matter.
        fs::write(folder.path().join("b"), "x = 2").expect("written");
        fs::rename(folder.path().join("b"), &path).expect("renamed");
        check(&mut watch, folder.path(), None);
        check(&mut watch, folder.path(), Some("x = 2"));
    }

    #[test]
    fn the_same_empty_file_of_two_saves_does_not_count() {
        let folder = folder("");
        let mut watch = Watch::default();
        check(&mut watch, folder.path(), None);
        // Another save has begun: the same bytes, in another file.
        fs::write(folder.path().join("b"), "").expect("written");
        fs::rename(folder.path().join("b"), folder.path().join("a.toml")).expect("renamed");
        check(&mut watch, folder.path(), None);
    }

    #[test]
    fn a_switched_link_is_noticed() {
        let (first, second) = (folder("x = 1"), folder("x = 2"));
        let place = tempfile::tempdir().expect("temporary folder");
        let (link, fresh) = (place.path().join("rules"), place.path().join("fresh"));
        symlink(first.path(), &link).expect("linked");
        let mut watch = Watch::default();
        check(&mut watch, &link, None);
        check(&mut watch, &link, Some("x = 1"));
        symlink(second.path(), &fresh).expect("linked");
        fs::rename(&fresh, &link).expect("renamed");
        check(&mut watch, &link, None);
        check(&mut watch, &link, Some("x = 2"));
    }

    #[test]
    fn a_folder_that_is_gone_counts_too() {
        let folder = folder("x = 1");
        let gone = folder.path().join("rules");
        let mut watch = Watch::default();
        assert!(watch.poll(&gone).is_none());
        let snapshot = watch.poll(&gone).expect("the second look");
        assert!(matches!(snapshot.files, Err(FolderError::Missing { .. })));
        assert!(watch.poll(&gone).is_none(), "once");
    }

    #[test]
    fn what_rests_is_taken_at_once_and_what_moves_is_waited_for() {
        let folder = folder("x = 1");
        let stamp = Stamp::of(folder.path()).expect("readable");
        let now = SystemTime::now();
        assert!(!stamp.has_rested(POLL, now - Duration::from_mins(1)), "the clock was set back");
        assert!(!stamp.has_rested(Duration::from_mins(1), now));
        assert!(stamp.has_rested(POLL, now + Duration::from_mins(1)));
        let began = Instant::now();
        let files = settled(folder.path()).files.expect("readable");
        assert_eq!(files[0].text, "x = 1");
        assert!(POLL <= began.elapsed(), "it was written just now");
    }
}
