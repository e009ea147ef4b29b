//! Every snippet of rules and configuration is compiled, and every test in the book passes.
//!
//! The comment before a block says what it is. Blocks of one `##` section make one rules folder
//! with the address book of docs/examples and what stands before the first `##`.
//!
//! - `rules: NAME.toml`: a file of the folder; accepted without a warning, unless `; warns: HR012`
//!   names it. Without a `[header]` it is the inside of a rule.
//! - `portal`: its tables stand in for those of the address book, in this section.
//! - `test`: tests of the folder; all pass. `fails: HR002`: `check` answers with that code.
//! - `config`: hubroute.toml. `other`: another program's file, TOML at least.
//! - `file: PATH`: written for the page's commands (see `commands`).

use std::collections::BTreeMap;
use std::path::Path;

use hubroute::config::{Config, Environment};
use hubroute::domain::diagnostic::{Diagnostic, Severity};
use hubroute::domain::rule::{RuleFile, compile_on};
use hubroute::domain::suite;

use super::page::{Block, Page, page, pages};

/// Its blocks are run by `codes.rs`, which needs no markers: wrong, then right.
const ITS_OWN_TEST: &str = "docs/diagnostics.md";
/// The address book of the examples.
const PORTAL: &str = "docs/examples/portal.toml";

#[test]
fn every_snippet_is_what_its_marker_says() {
    let mut wrong = Vec::new();
    let mut run = 0;
    for page in pages().iter().filter(|page| page.path != Path::new(ITS_OWN_TEST)) {
        let mut folders = Folders::new();
        for block in page.blocks().iter().filter(|block| block.language == "toml") {
            run += 1;
            let judged = match &block.marker {
                None => Err("no marker: say what this block is".to_owned()),
                Some(marker) => folders.judge(block, marker),
            };
            wrong.extend(judged.err().map(|why| format!("{}: {why}", page.at(block.line))));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(60 < run, "only {run} snippets found");
}

#[test]
fn a_wrong_snippet_is_found() {
    let check = |marker: &str, text: &str, part: &str| {
        let text = format!("<!-- {marker} -->\n```toml\n{text}\n```\n");
        let page = Page { path: "x.md".into(), text };
        let judged = Folders::new().judge(&page.blocks()[0], marker);
        assert!(judged.as_ref().is_err_and(|why| why.contains(part)), "{judged:?}");
    };
    check("rules: a.toml", "prioirty = 100", "HR002");
    check("rules: a.toml", "breaker = \"off\"", "HR108");
    check("fails: HR002", "priority = 100", "HR002 is not among");
    check("config", "[server]\nport = 1", "port");
    check("test", "[[test]]\nsays = \"nothing\"", "at");
    check("other", "a = ", "expected");
    check("riddle", "priority = 100", "is no marker");
}

/// Rules folders of a page, by section; 0 is what all have.
struct Folders {
    files: BTreeMap<usize, BTreeMap<String, String>>,
}

impl Folders {
    fn new() -> Self {
        let portal = page(PORTAL.into()).text;
        let first = BTreeMap::from([("portal.toml".to_owned(), portal)]);
        Self { files: BTreeMap::from([(0, first)]) }
    }

    /// The files of a section.
    fn of(&mut self, section: usize) -> &mut BTreeMap<String, String> {
        let common = self.files[&0].clone();
        self.files.entry(section).or_insert(common)
    }

    /// Takes the block for what its marker says.
    fn judge(&mut self, block: &Block, marker: &str) -> Result<(), String> {
        let (kind, value) = marker.split_once(": ").unwrap_or((marker, ""));
        let files = self.of(block.section);
        let text = as_file(&block.text, block.line);
        match kind {
            "file" => Ok(()),
            "config" => config(&block.text),
            "other" => block.text.parse::<toml::Table>().map(drop).map_err(|it| it.to_string()),
            "portal" => {
                let book = overlaid(&files["portal.toml"], &block.text);
                files.insert("portal.toml".to_owned(), book);
                accepted(files, "portal.toml", "")
            }
            "rules" => {
                let (name, warns) = value.split_once("; warns: ").unwrap_or((value, ""));
                files.insert(name.to_owned(), text);
                accepted(files, name, warns)
            }
            "fails" => {
                let mut files = files.clone();
                files.insert("wrong.toml".to_owned(), text);
                let found = of_file(&told(&files), "wrong.toml");
                if found.contains(value) {
                    Ok(())
                } else {
                    Err(format!("{value} is not among {found}"))
                }
            }
            "test" => {
                let mut files = files.clone();
                files.insert("book.test.toml".to_owned(), block.text.clone());
                passes(&files)
            }
            _ => Err(format!("\"{marker}\" is no marker")),
        }
    }
}

/// What a page shows of a file. A block without a header is the inside of a rule.
pub(super) fn as_file(text: &str, line: usize) -> String {
    if text.lines().any(|line| line.starts_with('[')) {
        return text.to_owned();
    }
    let says = |key: &str| {
        text.lines().any(|line| line.split([' ', '=']).next().is_some_and(|it| it == key))
    };
    let missing = [
        (says("id"), format!("id = \"line-{line}\"\n")),
        (says("says"), "says = \"A sentence\"\n".to_owned()),
        (says("when"), format!("when = {{ property = \"line_{line}\", changes = true }}\n")),
        (
            ["enroll", "split", "unenroll"].into_iter().any(says),
            "enroll = { workflow = \"saas-nurture\" }\n".to_owned(),
        ),
    ];
    let missing = missing.into_iter().filter(|(said, _)| !said).map(|(_, line)| line);
    "[[rule]]\n".to_owned() + &missing.collect::<String>() + text
}

/// The book with the tables of `text` in place of its own of the same header.
pub(super) fn overlaid(book: &str, text: &str) -> String {
    let header = |line: &str| line.split(']').next().unwrap_or_default().to_owned();
    let replaced: Vec<String> =
        text.lines().filter(|line| line.starts_with('[')).map(header).collect();
    let mut kept = String::new();
    let mut keep = true;
    for line in book.lines() {
        if line.starts_with('[') {
            keep = !replaced.contains(&header(line));
        }
        if keep {
            kept += line;
            kept.push('\n');
        }
    }
    kept + text
}

/// Everything that `hubroute check` would say of the rules on the day of the examples.
pub(super) fn told(files: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    compile_on(&listed(files), Some(jiff::civil::date(2026, 11, 24))).diagnostics
}

fn listed(files: &BTreeMap<String, String>) -> Vec<RuleFile> {
    let file =
        |(name, text): (&String, &String)| RuleFile { name: name.clone(), text: text.clone() };
    files.iter().map(file).collect()
}

/// Findings of one file, and errors of all.
fn of_file(found: &[Diagnostic], name: &str) -> String {
    let of_it = |it: &&Diagnostic| it.severity == Severity::Error || &*it.file == name;
    let line = |it: &Diagnostic| format!("{} {}:{} {}", it.code, it.file, it.line, it.message);
    found.iter().filter(of_it).map(line).collect::<Vec<_>>().join("; ")
}

fn accepted(files: &BTreeMap<String, String>, name: &str, warns: &str) -> Result<(), String> {
    let mut found = told(files);
    // What only stands in the address book is used by other pages.
    found.retain(|it| it.code != "HR105" && it.code != "HR115");
    let expected = found.iter().any(|it| it.code == warns);
    found.retain(|it| it.code != warns || it.severity == Severity::Error);
    match of_file(&found, name).as_str() {
        "" if warns.is_empty() || expected => Ok(()),
        "" => Err(format!("it does not warn with {warns}")),
        found => Err(found.to_owned()),
    }
}

fn passes(files: &BTreeMap<String, String>) -> Result<(), String> {
    let files = listed(files);
    let rules = compile_on(&files, None).rules.ok_or("the rules of this section have errors")?;
    let report = suite::run(&rules, &files);
    if let Some(first) = report.diagnostics.first() {
        return Err(format!("{} {}", first.code, first.message));
    }
    let (passed, failed) = report.counts();
    if 0 < passed && failed == 0 {
        return Ok(());
    }
    Err(hubroute::cli::test::text(&report, "").replace('\n', "\n    "))
}

/// An environment with every secret, and the one key that has no default.
struct Secrets;

impl Environment for Secrets {
    fn var(&self, name: &str) -> Option<String> {
        let known = match name {
            "HUBROUTE_CLIENT_SECRET" | "HUBROUTE_ACCESS_TOKEN" | "HUBROUTE_ADMIN_TOKEN" => "secret",
            "HUBROUTE_SERVER_PUBLIC_URL" => "https://hooks.example.com/webhooks/hubspot",
            _ => return None,
        };
        Some(known.to_owned())
    }
}

/// `hubroute.toml`; what is wrong with it.
pub(super) fn config(text: &str) -> Result<(), String> {
    Config::read(text, Path::new(""), &Secrets).map(drop).map_err(|found| found.0.join("; "))
}
