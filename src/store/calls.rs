//! CALLS: how many calls were made today, so that a process that starts again and again does not
//! use up what other integrations need. It is no record: where it cannot be read the count begins
//! at nothing, and a power cut may take the last of it.

use std::fs;
use std::io;
use std::path::Path;

use super::OpenStore;
use crate::domain::calls::CallsOfDay;

const NAME: &str = "CALLS";

impl OpenStore {
    /// What the last start counted.
    pub fn calls_of_day(&self) -> Option<CallsOfDay> {
        read(&self.path)
    }

    /// Writes down what was counted so far.
    pub fn keep_calls(&self, calls: &CallsOfDay) -> io::Result<()> {
        write(&self.path, calls)
    }
}

fn read(folder: &Path) -> Option<CallsOfDay> {
    serde_json::from_str(&fs::read_to_string(folder.join(NAME)).ok()?).ok()
}

/// Replaces the file as a whole.
fn write(folder: &Path, calls: &CallsOfDay) -> io::Result<()> {
    let temporary = folder.join("CALLS.new");
    fs::write(&temporary, serde_json::to_string(calls)?)?;
    fs::rename(&temporary, folder.join(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_read_back_and_anything_else_is_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()), None);
        for calls in [3, 400] {
            let calls = CallsOfDay { day: 2_026_328, calls, limit: Some(650_000) };
            write(folder.path(), &calls).expect("it can be written");
            assert_eq!(read(folder.path()), Some(calls));
        }
        fs::write(folder.path().join(NAME), "{\"day\":1").expect("it can be written");
        assert_eq!(read(folder.path()), None);
    }
}
