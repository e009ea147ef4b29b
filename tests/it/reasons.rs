//! Every reason code there is: something gives it, the book says what to do, the metrics count
//! it, and a test expects it.

use std::fs;
use std::path::{Path, PathBuf};

use hubroute::domain::reason::Reason;

use crate::harness::{Harness, Setup, rule};
use crate::tidy::sources;

/// Files that name reasons for other ends than giving or expecting them.
const LISTS: [&str; 3] =
    ["src/domain/reason.rs", "tests/it/reasons.rs", "tests/it/expectations.rs"];
/// Folders with tests in the language of `hubroute test`.
const SUITES: [&str; 3] = ["rules", "tests/data/rules-example", "tests/data/gates"];

/// The program's code and its tests', without comments.
struct Texts {
    code: String,
    tests: String,
}

impl Texts {
    fn read() -> Self {
        let mut read = Self { code: String::new(), tests: String::new() };
        let listed = |path: &Path| LISTS.iter().any(|it| path == Path::new(it));
        for path in sources().into_iter().filter(|path| !listed(path)) {
            let name = path.to_string_lossy();
            let text = without_comments(&fs::read_to_string(&path).expect("readable"));
            let of_tests = name.starts_with("tests/") || name.contains("/tests");
            let (code, tests) = if of_tests {
                ("", &*text)
            } else {
                text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&text, ""))
            };
            read.code += code;
            read.tests += tests;
        }
        for path in SUITES.into_iter().flat_map(suites) {
            read.tests += &fs::read_to_string(path).expect("readable");
        }
        read
    }
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn suites(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let is_suite = |path: &PathBuf| path.to_string_lossy().ends_with(".test.toml");
    entries.map(|entry| entry.path()).filter(is_suite).collect()
}

/// Whether `text` names the variant, and not one that only begins like it.
fn names(text: &str, reason: Reason) -> bool {
    let variant = format!("Reason::{reason:?}");
    text.match_indices(&variant).any(|(at, _)| {
        let after = text[at + variant.len()..].chars().next();
        after.is_none_or(|letter| !letter.is_ascii_alphanumeric())
    })
}

/// Whether a test expects it: by its name, as `decision reason` in a text, or in a suite.
fn expected(tests: &str, reason: Reason) -> bool {
    let ends = |letter: Option<char>| letter.is_none_or(|it| !it.is_ascii_lowercase() && it != '-');
    let as_verdict = |verdict: String| {
        tests.match_indices(&verdict).any(|(at, _)| {
            let after = tests[at + verdict.len()..].chars().next();
            ends(tests[..at].chars().next_back()) && ends(after)
        })
    };
    names(tests, reason)
        || reason.decisions().iter().any(|it| as_verdict(format!("{it} {reason}")))
        || tests.contains(&format!("reason = \"{reason}\""))
}

#[test]
fn every_reason_is_given_described_counted_and_expected() {
    let texts = Texts::read();
    let book = fs::read_to_string("docs/reasons.md").expect("readable");
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")));
    let metrics = harness.text("/metrics");
    let mut missing = Vec::new();
    for reason in Reason::ALL {
        let counted = |decision| {
            metrics.contains(&format!("{{decision=\"{decision}\",reason=\"{reason}\"}}"))
        };
        for (there, what) in [
            (names(&texts.code, *reason), "no code gives it"),
            (book.contains(&format!("\n## `{reason}`\n")), "docs/reasons.md has no section"),
            (reason.decisions().iter().all(counted), "the metrics do not count it"),
            (expected(&texts.tests, *reason), "no test expects it"),
        ] {
            missing.extend((!there).then(|| format!("{reason}: {what}")));
        }
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn a_name_that_begins_like_another_is_not_taken_for_it() {
    assert!(names("Reason::Suppressed,", Reason::Suppressed));
    assert!(!names("Reason::SuppressedLater", Reason::Suppressed));
    assert!(!expected("\"ignore no-consent\" reason = \"no\"", Reason::NoConsent));
    assert!(!expected("\"skip no-consent-at-all\"", Reason::NoConsent));
    assert!(expected("\"released: skip no-consent +60\"", Reason::NoConsent));
}
