//! Loading rules: the folder is read and compiled, and its own tests are run. A set that has an
//! error or fails a test is refused as a whole.

use std::collections::BTreeMap;
use std::path::Path;

use thiserror::Error;

use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::id::{PortalId, RuleId};
use crate::domain::record::RulesAccepted;
use crate::domain::rule::{RuleFile, RuleSet, Setting, compile_for};
use crate::domain::suite::{self, Outcome, SuiteReport};
use crate::domain::time::Timestamp;
use crate::hubspot::Profile;
use crate::rules_folder::{self, ContentHash, FolderError};

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
                    Outcome::Passed => None,
                });
                failed.collect()
            }
            other => vec![serde_json::json!({ "message": other.to_string() })],
        }
    }
}

/// A rule set with the files it was made of.
pub(super) type LoadedRules = (RuleSet, Vec<RuleFile>);

/// A rules folder as it was read once, judged.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Of everything that was read.
    pub(super) hash: ContentHash,
    /// The set; `Err` with everything wrong with it.
    pub(super) set: Result<LoadedRules, Refused>,
}

/// Reads the folder once nobody writes in it, compiles it for this profile and runs its tests.
/// Blocks.
pub(super) fn load(folder: &Path, profile: Profile) -> Loaded {
    let snapshot = rules_folder::settled(folder);
    let leaves_sequences = profile.leaves_sequences();
    let judge = |files: Vec<RuleFile>| accept(&files, leaves_sequences).map(|rules| (rules, files));
    Loaded { hash: snapshot.hash, set: snapshot.files.map_err(Refused::Folder).and_then(judge) }
}

/// A set that a store keeps, without its tests; nothing where it does not compile any more.
fn compile_kept(kept: &RulesAccepted) -> Option<RuleSet> {
    let setting = Setting { leaves_sequences: true, ..Setting::default() };
    compile_for(&files_of(kept), setting).rules
}

/// The set a store keeps; it was accepted before, under the profile of then.
pub(super) fn restore(kept: &RulesAccepted) -> Result<RuleSet, Refused> {
    let mut rules = accept(&files_of(kept), true)?;
    rules.born = kept.born.iter().cloned().collect();
    Ok(rules)
}

fn files_of(kept: &RulesAccepted) -> Vec<RuleFile> {
    let file =
        |(name, text): &(String, String)| RuleFile { name: name.clone(), text: text.clone() };
    kept.files.iter().map(file).collect()
}

/// Since when the rules of `after` exist, where they came after a set before it. A new id ignores
/// older events; `was` is no new id (CONSISTENCY.md 6.12).
pub(super) fn births(
    before: &RuleSet,
    after: &RuleSet,
    now: Timestamp,
) -> BTreeMap<RuleId, Timestamp> {
    let born = |id: &RuleId| {
        let known = before.named(id).is_some();
        if known { before.born.get(id).copied() } else { Some(now) }
    };
    let of = |rule: &crate::domain::rule::Rule| {
        let earlier = rule.was.as_ref().filter(|was| before.named(was).is_some());
        Some((rule.id.clone(), born(earlier.unwrap_or(&rule.id))?))
    };
    after.rules.iter().filter_map(of).collect()
}

/// [`births`] after a set that a store keeps. One that does not compile any more tells nothing.
pub(super) fn births_after(
    kept: &RulesAccepted,
    after: &RuleSet,
    now: Timestamp,
) -> BTreeMap<RuleId, Timestamp> {
    let born = kept.born.iter().cloned().collect();
    if kept.fingerprint == after.fingerprint {
        return born;
    }
    let Some(mut before) = compile_kept(kept) else { return BTreeMap::new() };
    before.born = born;
    births(&before, after, now)
}

/// The record that keeps an accepted set.
pub(super) fn record(rules: &RuleSet, files: &[RuleFile], at: Timestamp) -> RulesAccepted {
    RulesAccepted {
        at,
        previous: 0,
        born: rules.born.iter().map(|(id, at)| (id.clone(), *at)).collect(),
        portal: rules.portal.id,
        fingerprint: rules.fingerprint.clone(),
        files: files.iter().map(|file| (file.name.clone(), file.text.clone())).collect(),
    }
}

fn accept(files: &[RuleFile], leaves_sequences: bool) -> Result<RuleSet, Refused> {
    let compiled = compile_for(files, Setting { leaves_sequences, ..Setting::default() });
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
