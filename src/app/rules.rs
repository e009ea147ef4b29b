//! Loading rules: the folder is read and compiled, and its own tests are run. A set that has an
//! error or fails a test is refused as a whole.

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::cli::diagnostics;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::record::RulesAccepted;
use crate::domain::rule::{RuleFile, RuleSet, compile};
use crate::domain::suite;
use crate::domain::time::Timestamp;
use crate::rules_folder::{self, FolderError};

/// Why a rule set was refused.
#[derive(Debug, Error)]
pub enum Refused {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It has errors.
    #[error("{shown}")]
    Errors {
        /// Every finding.
        diagnostics: Vec<Diagnostic>,
        /// The same, as people read it.
        shown: String,
    },
    /// It fails its own tests.
    #[error("{shown}")]
    Tests {
        /// The failures, as people read them.
        shown: String,
    },
}

/// Reads, compiles and tests the folder.
pub fn load(folder: &Path) -> Result<(Arc<RuleSet>, Vec<RuleFile>), Refused> {
    let files = rules_folder::read(folder)?;
    let rules = accept(&files, &folder.to_string_lossy())?;
    Ok((Arc::new(rules), files))
}

/// The set a store keeps; it was accepted before.
pub(super) fn restore(kept: &RulesAccepted) -> Result<Arc<RuleSet>, Refused> {
    let files: Vec<RuleFile> = kept
        .files
        .iter()
        .map(|(name, text)| RuleFile { name: name.clone(), text: text.clone() })
        .collect();
    accept(&files, "the accepted set in the store").map(Arc::new)
}

/// The record that keeps an accepted set.
pub(super) fn record(rules: &RuleSet, files: &[RuleFile], at: Timestamp) -> RulesAccepted {
    RulesAccepted {
        at,
        portal: rules.portal.id,
        fingerprint: rules.fingerprint.clone(),
        files: files.iter().map(|file| (file.name.clone(), file.text.clone())).collect(),
    }
}

fn accept(files: &[RuleFile], shown: &str) -> Result<RuleSet, Refused> {
    let compiled = compile(files);
    if !compiled.accepted() {
        let diagnostics = compiled.diagnostics;
        let shown = diagnostics::text(&diagnostics, files, shown, false);
        return Err(Refused::Errors { diagnostics, shown });
    }
    let Some(rules) = compiled.rules else {
        return Err(Refused::Tests { shown: "the rule set is empty".to_owned() });
    };
    let report = suite::run(&rules, files);
    if !report.errors.is_empty() || report.counts().1 != 0 {
        return Err(Refused::Tests { shown: crate::cli::test::text(&report) });
    }
    Ok(rules)
}
