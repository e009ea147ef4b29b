//! What is wrong in a rules folder or a configuration, as data: every finding at once.

use std::sync::Arc;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The set is refused.
    Error,
    /// A lint: the set is accepted.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Its stable code, for example `HR001`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// File name relative to the rules folder.
    pub file: Arc<str>,
    /// The bytes it is about, in that file.
    pub span: std::ops::Range<usize>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The line on which it ends.
    pub end_line: u32,
    /// The column behind its last character.
    pub end_column: u32,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}
