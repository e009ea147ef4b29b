//! Commands in the book: those that need no router are run and answer what is shown; of the others
//! the words are checked.
//!
//! A `console` block holds `$ command` lines, each followed by what it prints. `…` alone on a line
//! stands for lines left out, `…` within a line for anything. All blocks of a page run in one
//! folder that holds a copy of `rules`, and what the page's `file: PATH` blocks write. What was
//! run by hand says `<!-- by hand -->`; an `sh` block is never run.

use std::fs;
use std::path::Path;
use std::process::Command;

use regex_lite::Regex;
use tempfile::TempDir;

use super::page::{Block, pages};

/// Commands that ask a running router, or are one, or read what only one has written.
const NEED_A_ROUTER: &[&str] = &[
    "serve",
    "demo",
    "simulate",
    "explain",
    "waiting",
    "pause",
    "resume",
    "reload",
    "health",
    "held",
    "in-doubt",
    "reconcile",
];

#[test]
fn commands_print_what_the_book_shows() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for page in pages() {
        let folder = folder();
        for block in page.blocks() {
            let marker = block.marker.as_deref().unwrap_or_default();
            if let Some(path) = marker.strip_prefix("file: ") {
                write(&folder, path, &block.text);
            }
            if block.language != "console" {
                continue;
            }
            if marker == "by hand" {
                wrong.extend(
                    not_by_hand(&block).map(|why| format!("{}: {why}", page.at(block.line))),
                );
                continue;
            }
            for (command, expected) in steps(&block.text) {
                run += 1;
                let got = output(&folder, command);
                if !shows(&expected, &got) {
                    let at = page.at(block.line);
                    wrong.push(format!(
                        "{at}: $ {command}\n--- the book\n{expected}--- it prints\n{got}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(10 < run, "only {run} commands found");
}

#[test]
fn every_command_has_words_that_the_command_line_takes() {
    let mut wrong = Vec::new();
    for page in pages() {
        let mut check = |at: usize, line: &str| {
            wrong.extend(refused(line).map(|why| format!("{}: {line}: {why}", page.at(at))));
        };
        for block in page.blocks() {
            if ["sh", "console"].contains(&&*block.language) {
                block.text.lines().zip(block.line + 1..).for_each(|(line, at)| check(at, line));
            }
        }
        page.code().into_iter().for_each(|(at, code)| check(at, code));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn left_out_parts_match_and_others_do_not() {
    assert!(shows("a\n…\nz\n", "a\nb\nc\nz\n"));
    assert!(shows("a\n…\nz\n", "a\nz\n"));
    assert!(shows("accepted as …\n", "accepted as 51c.a(\n"));
    assert!(!shows("a\n", "a\nb\n"));
    assert!(!shows("a.c\n", "abc\n"));
    assert!(refused("$ hubroute chekc").is_some());
    assert!(refused("hubroute held release --frist 3").is_some());
    assert_eq!(refused("hubroute held release --rule x --first 10 --who ann"), None);
}

/// A new folder with the project's rules.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    for entry in fs::read_dir(rules).expect("rules is a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("rules are text");
        write(&folder, &format!("rules/{name}"), &text);
    }
    folder
}

fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// Each command of a console block with what it prints.
fn steps(text: &str) -> Vec<(&str, String)> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command, String::new())),
            (None, Some((_, output))) => output.extend([line, "\n"]),
            (None, None) => panic!("a console block starts with \"$ \": {line}"),
        }
    }
    steps
}

/// Standard output, then standard error.
fn output(folder: &TempDir, command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_hubroute"));
    let beside = binary.parent().expect("a folder").to_string_lossy();
    let path = std::env::var("PATH").unwrap_or_default();
    let done = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder.path())
        .env("PATH", format!("{beside}:{path}"))
        .output()
        .expect("sh runs");
    let text = [done.stdout, done.stderr].concat();
    String::from_utf8(text).expect("it prints text")
}

fn shows(expected: &str, got: &str) -> bool {
    let mut pattern = "^".to_owned();
    for line in expected.lines() {
        if line.trim() == "…" {
            pattern += "(?:.*\n)*?";
        } else {
            let parts: Vec<String> = line.split('…').map(regex_lite::escape).collect();
            pattern += &(parts.join(".*?") + "\n");
        }
    }
    Regex::new(&(pattern + "$")).expect("a pattern").is_match(got)
}

/// Why a block that is marked as run by hand could be run.
fn not_by_hand(block: &Block) -> Option<String> {
    let needs = |command: &str| {
        let word = command.strip_prefix("hubroute ").unwrap_or(command).split(' ').next();
        command.starts_with("curl") || word.is_some_and(|word| NEED_A_ROUTER.contains(&word))
    };
    let all = steps(&block.text);
    let stored = |command: &str| command.contains("--last") || command.contains("--record");
    let alone = all.iter().find(|(command, _)| !needs(command) && !stored(command));
    alone.map(|(command, _)| format!("\"{command}\" needs no router: let the test run it"))
}

/// What the command line says against a line that starts with `hubroute`.
fn refused(line: &str) -> Option<String> {
    let line = line.strip_prefix("$ ").unwrap_or(line).trim();
    let words = line.strip_prefix("hubroute ")?;
    // What the shell takes, and `[OPTIONAL]`, `this|that` and `…` of a table, end it here.
    let ends = ['#', '|', '\\', '[', '…', '>', '&', ';'];
    let words = words.split(ends).next().unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Help ends the reading of the command line: what stands before it is checked, nothing runs.
    let got = output(&folder, &format!("hubroute {words} --help"));
    got.starts_with("error:").then(|| got.lines().next().unwrap_or_default().to_owned())
}
