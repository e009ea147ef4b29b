//! The pages' shape, and what the page formatter says where it is installed.

use std::process::{Command as Process, Stdio};

use super::*;
use crate::cli::help;

fn all() -> Vec<(String, String)> {
    let mut root = help::command();
    root.build();
    let mut pages = Vec::new();
    collect(&root, &mut pages);
    pages
}

/// The requests that the pages use.
const REQUESTS: [&str; 5] = [".TH ", ".SH ", ".TP", ".nf", ".fi"];

#[test]
fn every_page_has_its_parts_and_only_known_requests() {
    let pages = all();
    assert!(20 < pages.len());
    for (name, text) in pages {
        for part in [".TH HUBROUTE", ".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n"] {
            assert!(text.contains(part), "{name}: no {part:?}");
        }
        for line in text.lines().filter(|line| line.starts_with(['.', '\''])) {
            assert!(REQUESTS.iter().any(|it| line.starts_with(it)), "{name}: {line}");
        }
        assert_eq!(text.matches("\n.nf\n").count(), text.matches("\n.fi\n").count(), "{name}");
        assert!(!text.contains("__complete"), "{name}");
    }
}

#[test]
fn a_page_says_what_an_argument_is_takes_and_is_without_it() {
    let mut root = help::command();
    let page = page(&mut root, &["check".to_owned()]).expect("a page");
    for part in [
        "hubroute\\-check \\- Show every error",
        "\\fB\\-\\-format\\fR \\fIFORMAT\\fR\nHow findings are written\nOne of: text, json, github.\n\
         The default is text.\n",
        "\\fIRULES\\fR\nThe rules folder",
        "hubroute check rules",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn there_is_no_page_of_what_is_no_command() {
    let mut root = help::command();
    for path in [&["nope"][..], &["check", "nope"], &["__complete"]] {
        let path: Vec<String> = path.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(page(&mut root, &path), None, "{path:?}");
    }
}

#[test]
fn every_page_is_written_into_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("man1");
    let count = write_all(&mut help::command(), &inside).expect("written");
    let found = std::fs::read_dir(&inside).expect("there").count();
    assert_eq!(found, count);
    assert!(inside.join("hubroute.1").exists() && inside.join("hubroute-held-release.1").exists());
}

/// Where groff is installed it has nothing to say about any page.
#[test]
fn the_formatter_finds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    write_all(&mut help::command(), folder.path()).expect("written");
    for (name, _) in all() {
        let path = folder.path().join(format!("{name}.1"));
        let run = Process::new("groff")
            .args(["-man", "-ww", "-Kutf8", "-Tutf8", "-z"])
            .arg(path)
            .stdin(Stdio::null())
            .output();
        // Not installed: the shape is checked above.
        let Ok(run) = run else { return };
        let said = String::from_utf8_lossy(&run.stderr);
        // Debian's smallest groff has no preconv; then it cannot read the pages at all.
        if said.contains("preconv") {
            return;
        }
        assert_eq!(said, "", "{name}");
    }
}
