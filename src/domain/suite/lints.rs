//! What `check` says about tests beside their results.

use super::SuiteReport;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::rule::syntax::Source;
use crate::domain::rule::{Mode, RuleFile, RuleSet, code};

/// Lints about live rules that no test fires.
pub fn untested(rules: &RuleSet, files: &[RuleFile], report: &SuiteReport) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for file in files {
        let live = rules
            .rules
            .iter()
            .filter(|rule| rule.mode == Mode::Live && *rule.place.file == *file.name);
        let mut silent = live.filter(|rule| !report.fired.contains(&rule.id)).peekable();
        if silent.peek().is_none() {
            continue;
        }
        let source = Source::new(&file.name, &file.text);
        for rule in silent {
            let message = format!("rule \"{}\" is live, and no test fires it.", rule.id);
            let hint = "Write a [[test]] next to it in a *.test.toml, or keep it in dry-run.";
            source.warning(code::LINT_UNTESTED, source.line_span(rule.place.line), message, hint);
        }
        found.extend(source.into_found());
    }
    found
}

/// The syntax errors of the test files, for a set whose rules cannot be built.
pub fn syntax_errors(files: &[RuleFile]) -> Vec<Diagnostic> {
    let tests = files.iter().filter(|file| file.is_test());
    let found = tests.flat_map(|file| {
        let source = Source::new(&file.name, &file.text);
        drop(source.parse());
        source.into_found()
    });
    found.collect()
}
