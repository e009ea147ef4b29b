//! Writing files that others read meanwhile.

use std::fs;
use std::io;
use std::path::Path;

/// Puts a text in the place of a file at once: whoever reads it sees the old or the new one. The
/// file beside it begins with a dot, so that no router takes it for a rules file.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link keeps pointing where it does; a file that is new is none.
    let path = path.canonicalize().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(path.to_owned()),
        _ => Err(error),
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let fresh = path.with_file_name(format!(".{name}.fmt"));
    let written = fs::write(&fresh, text)
        .and_then(|()| match fs::metadata(&path) {
            Ok(before) => fs::set_permissions(&fresh, before.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&fresh, &path));
    if written.is_err() {
        // What is left of it is in nobody's way; the error above tells more.
        fs::remove_file(&fresh).ok();
    }
    written
}
