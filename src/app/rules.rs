//! Loading rules: the folder is read and compiled, and its own tests are run. A set that has an
//! error or fails a test is refused as a whole.

use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::id::PortalId;
use crate::domain::record::RulesAccepted;
use crate::domain::rule::{RuleFile, RuleSet, compile};
use crate::domain::suite::{self, Outcome, SuiteReport};
use crate::domain::time::Timestamp;
use crate::rules_folder::{self, FolderError};

/// Why a rule set was refused.
#[derive(Debug, Error)]
pub enum Refused {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It has errors, or its test files have.
    #[error("the rules have errors")]
    Errors {
        /// Every finding.
        diagnostics: Vec<Diagnostic>,
        /// The files, to show the lines from.
        files: Vec<RuleFile>,
    },
    /// It fails its own tests.
    #[error("the rules fail their own tests")]
    Tests(Box<SuiteReport>),
    /// The store belongs to another portal.
    #[error(
        "the rules are for portal {0}, and this store belongs to another one; \
             name another folder in [store] url"
    )]
    OtherPortal(PortalId),
}

impl Refused {
    /// One sentence: how much is wrong, and where to begin.
    pub fn sentence(&self) -> String {
        match self {
            Self::Errors { diagnostics, .. } => {
                let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error);
                let first = errors.clone().next();
                let first = first.map_or_else(String::new, |it| {
                    format!(", the first at {}:{}: {}", it.file, it.line, it.message)
                });
                format!("the rules have {} error(s){first}", errors.count())
            }
            Self::Tests(report) => {
                format!("the rules fail {} of their own tests", report.counts().1)
            }
            other => other.to_string(),
        }
    }

    /// Each finding, as an object.
    pub fn as_json(&self) -> Vec<serde_json::Value> {
        match self {
            Self::Errors { diagnostics, .. } => {
                diagnostics.iter().filter_map(|it| serde_json::to_value(it).ok()).collect()
            }
            Self::Tests(report) => {
                let failed = report.results.iter().filter_map(|result| match &result.outcome {
                    Outcome::Failed(failure) => Some(serde_json::json!({
                        "file": result.place.file.as_ref(),
                        "line": result.place.line,
                        "message": result.says,
                        "expected": failure.expected,
                        "got": failure.got,
                        "because": failure.because,
                    })),
                    _ => None,
                });
                failed.collect()
            }
            other => vec![serde_json::json!({ "message": other.to_string() })],
        }
    }
}

/// Reads, compiles and tests the folder.
pub fn load(folder: &Path) -> Result<(Arc<RuleSet>, Vec<RuleFile>), Refused> {
    let files = rules_folder::read(folder)?;
    let rules = accept(&files)?;
    Ok((Arc::new(rules), files))
}

/// The set a store keeps; it was accepted before.
pub(super) fn restore(kept: &RulesAccepted) -> Result<Arc<RuleSet>, Refused> {
    let files: Vec<RuleFile> = kept
        .files
        .iter()
        .map(|(name, text)| RuleFile { name: name.clone(), text: text.clone() })
        .collect();
    accept(&files).map(Arc::new)
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

fn accept(files: &[RuleFile]) -> Result<RuleSet, Refused> {
    let compiled = compile(files);
    let errors = |diagnostics| Refused::Errors { diagnostics, files: files.to_vec() };
    let accepted = compiled.accepted();
    let Some(rules) = compiled.rules.filter(|_| accepted) else {
        return Err(errors(compiled.diagnostics));
    };
    let report = suite::run(&rules, files);
    if report.diagnostics.iter().any(|it| it.severity == Severity::Error) {
        return Err(errors(report.diagnostics));
    }
    if report.counts().1 != 0 {
        return Err(Refused::Tests(Box::new(report)));
    }
    Ok(rules)
}
