//! Findings as diagnostics of the rules folder.

use super::finding::{At, Finding, Sign};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::rule::RuleFile;
use crate::domain::rule::syntax::{Source, sentence};

/// A diagnostic for each finding that has a code and is not good.
pub fn diagnostics(findings: &[Finding], files: &[RuleFile]) -> Vec<Diagnostic> {
    let coded = findings.iter().filter(|found| found.sign != Sign::Good);
    coded.filter_map(|found| diagnostic(found, files)).flatten().collect()
}

fn diagnostic(found: &Finding, files: &[RuleFile]) -> Option<Vec<Diagnostic>> {
    let (code, at) = found.code.as_ref()?;
    let (file, line) = match at {
        At::Place(place) => (files.iter().find(|file| *file.name == *place.file)?, place.line),
        At::Table(header) => files
            .iter()
            .filter(|file| !file.is_test())
            .find_map(|file| Some((file, header_line(&file.text, header)?)))?,
    };
    let source = Source::new(&file.name, &file.text);
    let (message, hint) = (format!("{}.", found.what), found.todo.as_deref().map(sentence));
    let span = source.line_span(line);
    if found.sign == Sign::Wrong {
        source.error(code, span, message, hint.unwrap_or_default());
    } else {
        source.warning(code, span, message, hint.unwrap_or_default());
    }
    Some(source.into_found())
}

/// The line of a table's header, from 1.
fn header_line(text: &str, header: &str) -> Option<u32> {
    let at = text.lines().position(|line| line.trim_start().starts_with(header))?;
    u32::try_from(at + 1).ok()
}
