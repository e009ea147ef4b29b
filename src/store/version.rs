//! VERSION: which version wrote the store, so that an older one refuses it by name instead of
//! stumbling over what it does not know.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;

/// The form of the store as a whole: journal and index. A version that writes what an older one
/// must not read counts it up.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    /// The form.
    format: u32,
    /// The version of the program.
    version: String,
}

/// Refuses a store that a newer version wrote.
pub(super) fn check(folder: &Path) -> Result<(), StoreError> {
    match read(folder) {
        Some(Version { format, version }) if FORMAT < format => {
            Err(StoreError::Newer { version, format, known: FORMAT })
        }
        _ => Ok(()),
    }
}

/// Refuses a store that a newer version wrote, and says that this one writes it from now on.
pub(super) fn claim(folder: &Path) -> Result<(), StoreError> {
    check(folder)?;
    let ours = Version { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned() };
    if read(folder).as_ref() == Some(&ours) {
        return Ok(());
    }
    match write(folder, &ours) {
        // It is said the next time; a full disk must not keep a router from starting.
        Err(error) if super::space::is_of_the_disk(&error) => Ok(()),
        written => written.map_err(|source| StoreError::Folder { path: folder.to_owned(), source }),
    }
}

/// What stands there; `None` where nothing does that can be read.
fn read(folder: &Path) -> Option<Version> {
    let text = fs::read_to_string(folder.join("VERSION")).ok()?;
    serde_json::from_str(&text).ok()
}

fn write(folder: &Path, version: &Version) -> io::Result<()> {
    let temporary = folder.join("VERSION.new");
    fs::write(&temporary, serde_json::to_string(version)?)?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(&temporary, folder.join("VERSION"))?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(text: &str, refused: Option<&str>) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("VERSION"), text).expect("written");
        let found = claim(folder.path()).err().map(|error| error.to_string());
        match refused {
            None => assert_eq!(found, None),
            Some(words) => {
                assert!(found.as_ref().is_some_and(|it| it.contains(words)), "{found:?}");
            }
        }
        let ours = read(folder.path()).is_some_and(|it| it.format == FORMAT);
        assert_eq!(ours, refused.is_none(), "a refused store is left as it is");
    }

    #[test]
    fn a_newer_store_is_refused_by_name_and_any_other_is_claimed() {
        check_text("{\"format\":2,\"version\":\"0.9.0\"}", Some("hubroute 0.9.0"));
        check_text("{\"format\":1,\"version\":\"0.0.1\"}", None);
        check_text("", None);
    }
}
