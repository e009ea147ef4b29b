//! TOML with its places: every value knows the file, line and column it stands at, and every
//! misuse becomes a diagnostic instead of an error that ends the reading.

#[cfg(test)]
pub(crate) mod asked;
mod doubled;
mod node;
mod slips;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod words;

pub use node::Node;
pub use table::Table;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeTable;

use super::code;
use super::model::Place;
use crate::domain::diagnostic::{Diagnostic, Severity};

/// One slip can make everything after it unreadable: more than this helps nobody.
const MAX_SYNTAX_ERRORS: usize = 100;

/// One file, and what was found wrong in it.
#[derive(Debug)]
pub struct Source<'f> {
    /// Relative to the rules folder.
    pub name: Arc<str>,
    text: &'f str,
    /// Where each line begins.
    lines: Vec<usize>,
    found: RefCell<Vec<Diagnostic>>,
}

impl<'f> Source<'f> {
    /// A file before anything is known about it.
    pub fn new(name: &str, text: &'f str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, lines, found: RefCell::default() }
    }

    /// Its text.
    pub fn text(&self) -> &'f str {
        self.text
    }

    /// Its TOML as far as it can be read, with its syntax errors reported.
    pub fn parse(&self) -> Spanned<DeTable<'f>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if !errors.is_empty() {
            self.report_syntax(&errors);
        }
        table
    }

    /// The slips that people make, in their words; of the parser's own complaints those that no
    /// slip explains.
    fn report_syntax(&self, errors: &[toml::de::Error]) {
        let slips = slips::find(self.text, MAX_SYNTAX_ERRORS);
        let explained = |at: usize| {
            let from = |slip: &slips::Slip| self.lines[self.line(slip.span.start) - 1];
            slips.iter().any(|slip| from(slip) <= at && at < slip.explains.max(slip.span.end + 1))
        };
        for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
            let span = error.span().unwrap_or(0..0);
            if error.message() == "duplicate key" {
                if let Some((message, hint)) = doubled::explain(self.text, &span) {
                    self.error(code::TWICE, span, message, hint);
                }
            } else if !explained(span.start) {
                let (message, hint) = worded(error.message());
                self.error(code::SYNTAX, span, message, hint);
            }
        }
        for slip in slips {
            self.error(code::SYNTAX, slip.span, slip.message, slip.hint);
        }
    }

    /// The text of `span` as its author wrote it.
    pub fn written(&self, span: Range<usize>) -> &'f str {
        self.text.get(span).unwrap_or_default()
    }

    /// Whether the bytes at `span` are an inline table, not a `[header]` or a dotted key.
    fn is_inline(&self, span: &Range<usize>) -> bool {
        self.text.get(span.start..).is_some_and(|text| text.starts_with('{'))
    }

    /// Line and column of a byte, both from 1, the column in characters.
    fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.lines[line - 1];
        let before = self.text.get(start..offset).unwrap_or("");
        let columns = before.trim_start_matches('\u{feff}').chars().count() + 1;
        (narrow(line), narrow(columns))
    }

    /// The line of a byte, from 1.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).max(1)
    }

    /// The bytes of a line, from 1, without its end.
    pub fn line_span(&self, line: u32) -> Range<usize> {
        let at = usize::try_from(line).unwrap_or(usize::MAX).clamp(1, self.lines.len());
        let start = self.lines[at - 1];
        let text = self.text[start..].lines().next().unwrap_or_default();
        start..start + text.len()
    }

    /// Where `span` begins.
    pub fn place(&self, span: &Range<usize>) -> Place {
        Place { file: self.name.clone(), line: narrow(self.line(span.start)) }
    }

    /// Reports an error: what is wrong, and what to write instead.
    pub fn error(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report(Severity::Error, code, span, (message.into(), hint.into()));
    }

    /// Reports a lint.
    pub fn warning(
        &self,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.report(Severity::Warning, code, span, (message.into(), hint.into()));
    }

    fn report(
        &self,
        severity: Severity,
        code: &'static str,
        span: Range<usize>,
        (message, hint): (String, String),
    ) {
        let (line, column) = self.position(span.start);
        let (end_line, end_column) = self.position(span.end.max(span.start));
        self.found.borrow_mut().push(Diagnostic {
            code,
            severity,
            file: self.name.clone(),
            span,
            line,
            column,
            end_line,
            end_column,
            message,
            hint: (!hint.is_empty()).then_some(hint),
        });
    }

    /// Everything found, in the order of the file. What is said about a line that is no TOML
    /// only follows from its slip.
    pub fn into_found(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        let slips: BTreeSet<u32> = found
            .iter()
            .filter(|found| found.code == code::SYNTAX)
            .map(|found| found.line)
            .collect();
        found.retain(|found| found.code == code::SYNTAX || !slips.contains(&found.line));
        found.sort_by(|a, b| (a.span.start, a.code).cmp(&(b.span.start, b.code)));
        found.dedup();
        found
    }
}

/// The parser's complaint in words for people, and what to do.
fn worded(message: &str) -> (String, &'static str) {
    // The two ways in which it says that it gives up.
    if message.contains("recurs") {
        let hint = "Write it flatter: groups of conditions may be 32 deep.";
        return ("this is nested too deep.".to_owned(), hint);
    }
    (sentence(message), "Write key = value, with texts in \"quotes\".")
}

/// Text as a sentence: a capital first, a full stop last.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Lines and columns of files of 1 MiB fit 32 bits.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
