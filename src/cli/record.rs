//! `hubroute test --record`: a test from a stored decision, which passes with the same rules.

use std::path::Path;

use indicatif::ProgressBar;
use thiserror::Error;

use super::contact::{self, Unknown};
use crate::domain::recording::{Recording, Unwritable};
use crate::domain::rule::{RuleFile, RuleSet, compile};
use crate::domain::suite;
use crate::rules_folder::{self, FolderError};
use crate::store::StoreError;
use crate::store::history::History;

/// Why no test was written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The rules folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The rules have errors.
    #[error("the rules have errors; hubroute check shows them")]
    Rules,
    /// Nobody was found.
    #[error(transparent)]
    Unknown(Unknown),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is nothing to write.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// The test does not pass.
    #[error(
        "the decision cannot be repeated with these rules: it was made by the rule set {decided}, \
         and this is {here}, or it hangs on a name that a test may not hold"
    )]
    Otherwise {
        /// The fingerprint of the rules that decided.
        decided: String,
        /// Of these.
        here: String,
    },
}

impl From<Unknown> for RecordError {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Store(error) => Self::Store(error),
            other => Self::Unknown(other),
        }
    }
}

/// The test. It reads the journal beside a running router, and was run before it is shown.
pub fn run(
    store: &Path,
    rules: &Path,
    (whom, rule): (&str, Option<&str>),
    progress: &ProgressBar,
) -> Result<String, RecordError> {
    let files = rules_folder::read(rules)?;
    let rules = compile(&files).rules.ok_or(RecordError::Rules)?;
    let contact = contact::find(whom, store, progress)?;
    let mut history = History::open(store)?;
    progress.set_length(history.last());
    let mut recording = Recording::new(contact, rule.map(Into::into));
    while let Some((seq, record)) = history.advance()? {
        progress.set_position(seq);
        recording.record(seq, &record);
    }
    let tests = recording.tests(&rules)?;
    tests.into_iter().find(|test| passes(&rules, test)).ok_or_else(|| RecordError::Otherwise {
        decided: recording.decided_by().unwrap_or_default(),
        here: rules.fingerprint.to_string(),
    })
}

fn passes(rules: &RuleSet, test: &str) -> bool {
    let file = RuleFile { name: "recorded.test.toml".to_owned(), text: test.to_owned() };
    let report = suite::run(rules, &[file]);
    report.counts() == (1, 0) && report.diagnostics.is_empty()
}
