//! Diagnostics for people, for programs and for pull requests.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::rule::RuleFile;

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a terminal: the line, a caret, a hint.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
}

/// How many errors and warnings there are.
pub fn count(diagnostics: &[Diagnostic]) -> (usize, usize) {
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    (errors, diagnostics.len() - errors)
}

/// Findings with their source lines. `folder` is put before file names so that terminals can
/// open them; `color` asks for ANSI colors.
pub fn text(diagnostics: &[Diagnostic], files: &[RuleFile], folder: &str, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut output = String::new();
    for found in diagnostics {
        let level = match found.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let path = path(folder, &found.file);
        let file = files.iter().find(|file| *file.name == *found.file);
        let (line, span) = excerpt(file.map_or("", |file| &file.text), found);
        let snippet = Snippet::source(line)
            .path(path)
            .line_start(found.line as usize)
            .annotation(AnnotationKind::Primary.span(span));
        let mut group = level.primary_title(found.message.as_str()).id(found.code).element(snippet);
        if let Some(hint) = &found.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        output.push_str(&renderer.render(&[group]));
        output.push_str("\n\n");
    }
    output
}

/// The line a finding begins on, and its bytes within that line. Only one line is shown, and
/// given to the renderer: a file of ten thousand findings is not searched ten thousand times.
fn excerpt<'t>(text: &'t str, found: &Diagnostic) -> (&'t str, std::ops::Range<usize>) {
    let start = found.span.start.min(text.len());
    let begin = text.get(..start).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let rest = text.get(begin..).unwrap_or("");
    let mark = if rest.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let line = rest.lines().next().unwrap_or("").get(mark..).unwrap_or("");
    let within = |offset: usize| offset.saturating_sub(begin + mark).min(line.len());
    let (from, to) = (within(found.span.start), within(found.span.end));
    let whole = |at: &usize| line.is_char_boundary(*at);
    let from = (0..=from).rev().find(whole).unwrap_or(0);
    let to = (to..=line.len()).find(whole).unwrap_or(line.len());
    (line, from..to.max(from))
}

/// One object: whether the set is accepted, and every finding.
pub fn json(diagnostics: &[Diagnostic], rules: Option<usize>) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        accepted: bool,
        rules: Option<usize>,
        diagnostics: &'a [Diagnostic],
    }
    let accepted = count(diagnostics).0 == 0;
    let report = Report { accepted, rules, diagnostics };
    // Texts and numbers always serialize.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

/// Workflow commands that GitHub shows beside the changed lines.
pub fn github(diagnostics: &[Diagnostic], folder: &str) -> String {
    let mut output = String::new();
    for found in diagnostics {
        let level = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let hint = found.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            output,
            "::{level} file={},line={},endLine={},col={},endColumn={},title={}::{}",
            property(&path(folder, &found.file)),
            found.line,
            found.end_line,
            found.column,
            found.end_column,
            found.code,
            message(&format!("{}{hint}", found.message)),
        );
    }
    output
}

fn path(folder: &str, file: &str) -> String {
    match folder.trim_end_matches('/') {
        "" | "." => file.to_owned(),
        folder => format!("{folder}/{file}"),
    }
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, part: &str) -> Diagnostic {
        let start = text.find(part).expect(part);
        Diagnostic {
            code: "HR002",
            severity: Severity::Error,
            file: "a.toml".into(),
            span: start..start + part.len(),
            line: 2,
            column: 3,
            end_line: 2,
            end_column: 11,
            message: "unknown key \"prioirty\".".to_owned(),
            hint: Some("Did you mean \"priority\"?".to_owned()),
        }
    }

    #[test]
    fn a_finding_shows_its_line_with_a_caret_and_a_hint() {
        let source = "[[rule]]\né prioirty = 1\nnext = 2\n";
        let files = [RuleFile { name: "a.toml".to_owned(), text: source.to_owned() }];
        let shown = text(&[found(source, "prioirty")], &files, "rules/", false);
        assert_eq!(
            shown,
            "error[HR002]: unknown key \"prioirty\".\n --> rules/a.toml:2:3\n  |\n\
             2 | é prioirty = 1\n  |   ^^^^^^^^\n  |\n  = help: Did you mean \"priority\"?\n\n"
        );
    }

    #[test]
    fn a_finding_at_the_edge_of_a_file_does_not_panic() {
        for source in ["", "\u{feff}", "\u{feff}é", "a\r\nb", "é"] {
            let files = [RuleFile { name: "a.toml".to_owned(), text: source.to_owned() }];
            for (start, end) in [(0, 0), (0, 1), (1, 2), (0, 99), (99, 100)] {
                let mut found = found("x", "x");
                (found.span, found.line) = (start..end, 1);
                assert!(text(&[found], &files, "", false).contains("a.toml:1"), "{source:?}");
            }
        }
    }

    #[test]
    fn github_annotations_escape_what_would_end_them() {
        let mut found = found("x", "x");
        (found.file, found.message) = ("a,b.toml".into(), "50%\nof".to_owned());
        assert_eq!(
            github(&[found], "rules"),
            "::error file=rules/a%2Cb.toml,line=2,endLine=2,col=3,endColumn=11,title=HR002::50%25%0Aof Did you mean \
             \"priority\"?\n"
        );
    }

    #[test]
    fn json_says_whether_the_set_is_accepted() {
        let report: serde_json::Value =
            serde_json::from_str(&json(&[found("x", "x")], None)).expect("valid");
        assert_eq!(report["accepted"], false);
        assert_eq!(report["diagnostics"][0]["severity"], "error");
        assert_eq!(report["diagnostics"][0]["line"], 2);
    }
}
