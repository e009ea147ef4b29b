//! One process per store: a lock on a file that the system frees when the process ends.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::{StoreError, filesystem};

/// The store's lock, held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the store in `folder`, which exists. On a network file system there is
    /// none that holds.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        filesystem::check(folder)?;
        let folder_error = |source| StoreError::Folder { path: folder.to_owned(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("LOCK"))
            .map_err(folder_error)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut owner = String::new();
            // Only for the message: a lock without a readable owner is a lock all the same.
            drop(file.read_to_string(&mut owner));
            let owner = owner.trim();
            let owner = if owner.is_empty() { String::new() } else { format!(" ({owner})") };
            return Err(StoreError::Locked { path: folder.to_owned(), owner });
        }
        // Only for the message too: a full disk must not keep a router from starting.
        let named = file.set_len(0).and_then(|()| file.rewind());
        drop(named.and_then(|()| writeln!(file, "pid {}", std::process::id())));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_and_told_who_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(folder.path()).expect("free");
        let error = Lock::take(folder.path()).expect_err("taken").to_string();
        assert!(error.contains(&format!("pid {}", std::process::id())), "{error}");
        drop(lock);
        Lock::take(folder.path()).expect("free again");
    }
}
