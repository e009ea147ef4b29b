//! The rules' own tests (RULES.md section 2): `*.test.toml`, run through the same [`intake`] and
//! [`decide`] as the server, in virtual time.
//!
//! [`intake`]: super::intake
//! [`decide`]: super::decide

mod cover;
mod expect;
mod lints;
mod play;
mod read;
mod scene;
#[cfg(test)]
mod tests;
mod world;

pub use cover::Uncovered;
pub use lints::{syntax_errors, untested};

use std::collections::BTreeSet;

use super::diagnostic::Diagnostic;
use super::id::RuleId;
use super::rule::syntax::Source;
use super::rule::{Place, RuleFile, RuleSet};

/// What became of all tests.
#[derive(Clone, Debug, Default)]
pub struct SuiteReport {
    /// One for each test, and one for each row of a test with rows, by file and line.
    pub results: Vec<TestResult>,
    /// What is wrong in the test files. With an error among it the run says nothing.
    pub diagnostics: Vec<Diagnostic>,
    /// Rules and conditions that no test exercised.
    pub uncovered: Vec<Uncovered>,
    /// Rules that a test fired, whatever came of it.
    pub fired: BTreeSet<RuleId>,
}

impl SuiteReport {
    /// How many passed and how many failed.
    pub fn counts(&self) -> (usize, usize) {
        let passed = self.results.iter().filter(|it| it.outcome == Outcome::Passed).count();
        (passed, self.results.len() - passed)
    }
}

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// Where the test stands, or its row.
    pub place: Place,
    /// Its sentence.
    pub says: String,
    /// Which of its `rows`, from 1.
    pub row: Option<usize>,
    /// What became of it.
    pub outcome: Outcome,
}

/// How a test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Otherwise.
    Failed(Failure),
}

/// Why a test failed, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the test names.
    pub expected: String,
    /// What was decided.
    pub got: String,
    /// The step of the decision that made the difference, with its place in the rules.
    pub because: String,
}

/// Runs every test of the `*.test.toml` among `files`.
pub fn run(rules: &RuleSet, files: &[RuleFile]) -> SuiteReport {
    let mut files: Vec<&RuleFile> = files.iter().filter(|file| file.is_test()).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut report = SuiteReport::default();
    let mut cover = cover::Cover::default();
    for file in files {
        let source = Source::new(&file.name, &file.text);
        let root = source.parse();
        let tests = read::tests(rules, &source, &root);
        report.results.extend(tests.into_iter().map(|test| TestResult {
            outcome: play::run(rules, &test, &mut cover),
            place: test.place,
            says: test.says,
            row: test.row,
        }));
        drop(root);
        report.diagnostics.extend(source.into_found());
    }
    report.uncovered = cover.missing(rules);
    report.fired = cover.into_fired();
    report
}
