//! Reading a rules folder: the only I/O that rules need. `check`, `test` and `serve` share it.
//! `serve` reads it only while nobody writes in it: see [`Watch`] and [`settled`].

mod stamp;
mod text;
mod watch;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use stamp::Stamp;
pub use text::decode;
pub use watch::{ContentHash, POLL, Snapshot, Watch, settled};

use crate::domain::diagnostic::Diagnostic;
use crate::domain::rule::RuleFile;

/// Folders inside the rules folder are read this deep; deeper ones are a mistake or a loop.
const MAX_DEPTH: usize = 8;

/// More than any accepted set (8 MiB, tests apart): stop before memory does.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why the folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is nothing at this path.
    #[error("there is no folder {}; name the folder that holds the rules", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
    },
    /// There is neither a file nor a folder at this path.
    #[error("there is no file or folder {}", path.display())]
    NoFile {
        /// What was looked for.
        path: PathBuf,
    },
    /// A file stands where a folder is wanted: rules are judged together.
    #[error("{} is a file; name the folder it is in: {}", path.display(), folder(path).display())]
    NotFolder {
        /// The file.
        path: PathBuf,
    },
    /// It, or something in it, cannot be opened.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is not UTF-8.
    #[error("{}:{}:{}: {} {}: {}", path.display(), .found.line, .found.column, .found.code,
        .found.message, .found.hint.as_deref().unwrap_or_default())]
    NotText {
        /// Which.
        path: PathBuf,
        /// Where, and what to do.
        found: Box<Diagnostic>,
    },
    /// There is nothing to read in it.
    #[error("{} holds no *.toml file", path.display())]
    Empty {
        /// Which folder.
        path: PathBuf,
    },
    /// A link stands where rules are read.
    #[error(
        "{} is a link, and links in a rules folder are not followed; put the file or the folder \
         itself there, or link the rules folder as a whole",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Something that is no file has the name of one, such as a pipe.
    #[error("{} is no file; take it out of the rules folder", path.display())]
    Odd {
        /// What.
        path: PathBuf,
    },
    /// Somebody kept writing in it.
    #[error("{} keeps changing; load it again once everything is saved", path.display())]
    Restless {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder is no rules folder.
    #[error("{} holds more than 64 MiB, or folders more than 8 deep", path.display())]
    TooLarge {
        /// Where reading stopped.
        path: PathBuf,
    },
}

/// The folder that a path stands in, as one would type it.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What is wrong with a rules folder that cannot be opened, in words for people.
fn unopened(path: &Path, source: io::Error) -> FolderError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => FolderError::Missing { path },
        io::ErrorKind::NotADirectory => FolderError::NotFolder { path },
        _ => FolderError::Unreadable { path, source },
    }
}

/// Every `*.toml` and `*.txt` file of the folder, by name. Links are not followed, so no file
/// from outside the folder is ever read: one that leads to rules is an error, or they would be
/// missed in silence. Other hidden files than the lock file are passed over.
///
/// A file that is not UTF-8 is an error: [`read_all`] reads on.
pub fn read(folder: &Path) -> Result<Vec<RuleFile>, FolderError> {
    let (files, garbled) = read_all(folder)?;
    match garbled.into_iter().next() {
        Some(found) => {
            let path = folder.join(&*found.file);
            Err(FolderError::NotText { path, found: Box::new(found) })
        }
        None => Ok(files),
    }
}

/// [`read`] that reads on where a file is not UTF-8: with a finding for each such file, and its
/// text with U+FFFD for what could not be read. Such a set must be refused.
pub fn read_all(folder: &Path) -> Result<(Vec<RuleFile>, Vec<Diagnostic>), FolderError> {
    let mut reader = Reader { files: Vec::new(), garbled: Vec::new(), bytes: 0 };
    walk(folder, "", 0, &mut |kind, path, name| match kind {
        Kind::Folder => Ok(()),
        Kind::File => reader.add_file(path, name),
    })?;
    if !reader.files.iter().any(|file| is(&file.name, "toml")) {
        return Err(FolderError::Empty { path: folder.to_owned() });
    }
    reader.files.sort_by(|a, b| a.name.cmp(&b.name));
    reader.garbled.sort_by(|a, b| a.file.cmp(&b.file));
    Ok((reader.files, reader.garbled))
}

struct Reader {
    files: Vec<RuleFile>,
    garbled: Vec<Diagnostic>,
    bytes: u64,
}

impl Reader {
    fn add_file(&mut self, path: &Path, name: &str) -> Result<(), FolderError> {
        let unreadable = |source| FolderError::Unreadable { path: path.to_owned(), source };
        self.bytes += fs::metadata(path).map_err(unreadable)?.len();
        if MAX_BYTES < self.bytes {
            return Err(FolderError::TooLarge { path: path.to_owned() });
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let (text, garbled) = text::decode(name, bytes);
        self.garbled.extend(garbled);
        self.files.push(RuleFile { name: name.to_owned(), text });
        Ok(())
    }
}

/// A folder, or a file that belongs to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
}

/// Visits `folder` and everything below it that belongs to the rules, with its path and its name
/// relative to the rules folder.
fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    visit: &mut impl FnMut(Kind, &Path, &str) -> Result<(), FolderError>,
) -> Result<(), FolderError> {
    if MAX_DEPTH < depth {
        return Err(FolderError::TooLarge { path: folder.to_owned() });
    }
    visit(Kind::Folder, folder, prefix)?;
    let unreadable = |source| FolderError::Unreadable { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(|source| unopened(folder, source))? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else { continue };
        let hidden = name.starts_with('.') && name != ".properties.lock.toml";
        let name = format!("{prefix}{name}");
        if hidden {
            continue;
        }
        let is_ours = is(&name, "toml") || is(&name, "txt");
        if kind.is_dir() {
            walk(&path, &format!("{name}/"), depth + 1, visit)?;
        } else if kind.is_symlink() {
            if is_ours || path.is_dir() {
                return Err(FolderError::Link { path });
            }
        } else if is_ours && !kind.is_file() {
            return Err(FolderError::Odd { path });
        } else if is_ours {
            visit(Kind::File, &path, &name)?;
        }
    }
    Ok(())
}

fn is(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_toml_and_text_files_inside_the_folder_are_read() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = folder.path();
        fs::create_dir(root.join("emea")).expect("created");
        for name in ["portal.toml", ".properties.lock.toml", ".swap.toml", "a.md", "emea/b.txt"] {
            fs::write(root.join(name), "").expect("written");
        }
        symlink(root.join("a.md"), root.join("b.md")).expect("linked");
        symlink("somebody@host.17", root.join(".#portal.toml")).expect("linked, as Emacs does");
        let names: Vec<String> =
            read(root).expect("readable").into_iter().map(|file| file.name).collect();
        assert_eq!(names, [".properties.lock.toml", "emea/b.txt", "portal.toml"]);
    }

    #[track_caller]
    fn check_refused(prepare: impl FnOnce(&Path), part: &str) {
        let folder = tempfile::tempdir().expect("temporary folder");
        prepare(folder.path());
        let error = read(&folder.path().join("rules")).expect_err("refused").to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_named() {
        check_refused(|_| {}, "there is no folder");
        let file = |root: &Path| fs::write(root.join("rules"), "x = 1").expect("written");
        check_refused(file, "rules is a file; name the folder it is in");
        check_refused(|root| fs::create_dir(root.join("rules")).expect("created"), "no *.toml");
        let latin = |root: &Path| {
            fs::create_dir(root.join("rules")).expect("created");
            fs::write(root.join("rules/a.toml"), b"says = \"\xe9\"").expect("written");
        };
        let linked = |root: &Path| {
            fs::create_dir(root.join("rules")).expect("created");
            fs::write(root.join("secret.toml"), "x = 1").expect("written");
            symlink(root.join("secret.toml"), root.join("rules/a.toml")).expect("linked");
        };
        check_refused(linked, "rules/a.toml is a link");
        let lost = |root: &Path| {
            fs::create_dir(root.join("rules")).expect("created");
            symlink("nowhere", root.join("rules/a.toml")).expect("linked");
        };
        check_refused(lost, "rules/a.toml is a link");
        let folder = |root: &Path| {
            fs::create_dir(root.join("rules")).expect("created");
            symlink(root, root.join("rules/emea")).expect("linked");
        };
        check_refused(folder, "rules/emea is a link");
        let socket = |root: &Path| {
            fs::create_dir(root.join("rules")).expect("created");
            std::os::unix::net::UnixListener::bind(root.join("rules/a.toml")).expect("bound");
        };
        check_refused(socket, "rules/a.toml is no file");
        check_refused(latin, "rules/a.toml:1:9: HR021 byte 8 (0xe9) is not UTF-8.");
    }
}
