//! `hubroute test`: the rules' own tests, for people and for CI.

use std::path::Path;

use regex_lite::{Regex, RegexBuilder};

use super::diagnostics;
use crate::domain::diagnostic::Severity;
use crate::domain::rule::{Setting, compile_for};
use crate::domain::suite::{self, Outcome, SuiteReport, TestResult, Uncovered};
use crate::rules_folder::{self, FolderError};

/// Where there is no rule set to test.
const NOT_RUN: &str = "The rules have errors; their tests were not run because of them.";

/// What `test` is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Only tests whose sentence or place this finds (`--run`).
    pub only: Option<&'a Regex>,
    /// Also what no test exercised (`--cover`).
    pub cover: bool,
    /// ANSI colors in diagnostics.
    pub color: bool,
    /// The profile has a call that takes a contact out of a sequence: no bridge is needed.
    pub leaves_sequences: bool,
}

/// What `test` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub output: String,
    /// The same as a JUnit report, for `--junit FILE`.
    pub junit: String,
    /// 0 when [`is_success`], else 1.
    pub exit_code: u8,
}

/// Runs the tests of a rules folder. A folder that cannot be read is an error of its own; rules
/// with errors are shown instead of their tests.
pub fn run(folder: &Path, options: Options<'_>) -> Result<Answer, FolderError> {
    let (files, garbled) = rules_folder::read_all(folder)?;
    let setting = Setting { leaves_sequences: options.leaves_sequences, ..Setting::default() };
    let mut compiled = compile_for(&files, setting);
    let shown = folder.to_string_lossy();
    let is_text = garbled.is_empty();
    compiled.diagnostics.extend(garbled);
    let Some(rules) = compiled.rules.filter(|_| is_text) else {
        let found = diagnostics::text(&compiled.diagnostics, &files, &shown, options.color);
        let output = found + NOT_RUN + "\n";
        return Ok(Answer { output, junit: junit_not_run(), exit_code: 1 });
    };
    let mut report = suite::run(&rules, &files);
    let all = report.results.len();
    if let Some(only) = options.only {
        keep(&mut report, only);
    }
    let found_none = report.results.is_empty() && 0 < all;
    let found = diagnostics::text(&report.diagnostics, &files, &shown, options.color);
    let uncovered = if options.cover { cover(&report) } else { String::new() };
    let told = match options.only {
        Some(only) if found_none => {
            format!("No test matches --run \"{}\"; {shown} holds {all}.\n", only.as_str())
        }
        _ => text(&report, &shown),
    };
    Ok(Answer {
        output: found + &uncovered + &told,
        junit: junit(&report),
        exit_code: u8::from(!is_success(&report)),
    })
}

/// The pattern of `--run`: a regular expression, in any case. The error says what is wrong with it.
pub fn pattern(text: &str) -> Result<Regex, String> {
    let any_case = RegexBuilder::new(text).case_insensitive(true).build();
    any_case.map_err(|error| format!("--run \"{text}\" is no regular expression: {error}"))
}

/// Leaves only the tests whose sentence or place `pattern` finds (`--run`).
pub fn keep(report: &mut SuiteReport, pattern: &Regex) {
    let is_wanted = |result: &TestResult| {
        pattern.is_match(&result.says) || pattern.is_match(&result.place.to_string())
    };
    report.results.retain(is_wanted);
}

/// Whether the run is a success: a test ran, none failed, and no test file has an error.
pub fn is_success(report: &SuiteReport) -> bool {
    let (passed, failed) = report.counts();
    let broken = report.diagnostics.iter().any(|it| it.severity == Severity::Error);
    0 < passed && failed == 0 && !broken
}

/// What failed, then one line that counts. Diagnostics are not in it. `folder`
/// stands before the name of a test's file.
pub fn text(report: &SuiteReport, folder: &str) -> String {
    let mut text = String::new();
    for result in &report.results {
        text.push_str(&one(result, folder));
    }
    text.push_str(&summary(report));
    text
}

fn one(result: &TestResult, folder: &str) -> String {
    let file = Path::new(folder).join(&*result.place.file);
    let head = format!("{}:{}  {}", file.display(), result.place.line, title(result));
    match &result.outcome {
        Outcome::Passed => String::new(),
        Outcome::Failed(failure) => format!(
            "FAIL {head}\n     expected  {}\n     got       {}\n     because   {}\n",
            failure.expected, failure.got, failure.because
        ),
    }
}

/// The sentence, with the row where there are several.
fn title(result: &TestResult) -> String {
    match result.row {
        Some(row) => format!("{} (row {row})", result.says),
        None => result.says.clone(),
    }
}

fn summary(report: &SuiteReport) -> String {
    let (passed, failed) = report.counts();
    if report.results.is_empty() {
        return "No tests found. Write them in *.test.toml beside the rules.\n".to_owned();
    }
    format!("{passed} passed, {failed} failed.\n")
}

/// Rules and conditions that no test exercised, one a line.
pub fn cover(report: &SuiteReport) -> String {
    let line = |it: &Uncovered| format!("COVER {}  {}", it.place, it.what);
    let lines: Vec<String> = report.uncovered.iter().map(line).collect();
    lines.join("\n") + if lines.is_empty() { "" } else { "\n" }
}

/// The same as a JUnit report (`--junit FILE`).
pub fn junit(report: &SuiteReport) -> String {
    let (_, failed) = report.counts();
    let cases: String = report.results.iter().map(case).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"hubroute\" tests=\"{}\" failures=\"{failed}\" skipped=\"0\">\n\
         {cases}</testsuite>\n",
        report.results.len()
    )
}

/// The report where no test was run: an error, so that nobody takes it for a success.
fn junit_not_run() -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"hubroute\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n  \
         <testcase classname=\"rules\" name=\"the rules are accepted\">\
         <error message=\"{}\"/></testcase>\n</testsuite>\n",
        escaped(NOT_RUN)
    )
}

fn case(result: &TestResult) -> String {
    let place = escaped(&result.place.to_string());
    let head = format!("<testcase classname=\"{place}\" name=\"{}\"", escaped(&title(result)));
    match &result.outcome {
        Outcome::Passed => format!("  {head}/>\n"),
        Outcome::Failed(failure) => {
            let message = format!(
                "expected {}; got {}; because {}",
                failure.expected, failure.got, failure.because
            );
            format!("  {head}><failure message=\"{}\"/></testcase>\n", escaped(&message))
        }
    }
}

/// Text inside an XML attribute. XML has no way to write control characters: they are left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rule::Place;
    use crate::domain::suite::Failure;

    fn result(line: u32, outcome: Outcome) -> TestResult {
        let place = Place { file: "inbound.test.toml".into(), line };
        TestResult { place, says: "A \"late\" lead".to_owned(), row: None, outcome }
    }

    fn failed() -> Outcome {
        Outcome::Failed(Failure {
            expected: "decision skip".to_owned(),
            got: "enroll into a by b".to_owned(),
            because: "theme x (portal.toml:27)".to_owned(),
        })
    }

    fn report(outcomes: Vec<Outcome>) -> SuiteReport {
        let results = outcomes.into_iter().zip(1..).map(|(it, line)| result(line, it)).collect();
        SuiteReport { results, ..SuiteReport::default() }
    }

    #[test]
    fn a_run_reads_like_this() {
        assert_eq!(
            text(&report(vec![Outcome::Passed, failed()]), "rules/"),
            "FAIL rules/inbound.test.toml:2  A \"late\" lead\n     \
             expected  decision skip\n     \
             got       enroll into a by b\n     \
             because   theme x (portal.toml:27)\n\
             1 passed, 1 failed.\n"
        );
    }

    #[test]
    fn only_a_run_with_a_passed_and_no_failed_test_is_a_success() {
        let check = |outcomes, expected| assert_eq!(is_success(&report(outcomes)), expected);
        check(vec![Outcome::Passed], true);
        check(vec![Outcome::Passed, failed()], false);
        check(vec![failed()], false);
        check(vec![], false);
        assert!(text(&report(vec![]), "rules").starts_with("No tests found."));
    }

    #[test]
    fn run_picks_by_sentence_or_place_in_any_case() {
        let count = |text: &str| {
            let mut report = report(vec![Outcome::Passed, Outcome::Passed]);
            keep(&mut report, &pattern(text).expect("a pattern"));
            report.results.len()
        };
        assert_eq!(count("LATE"), 2);
        assert_eq!(count("inbound.test.toml:2$"), 1);
        assert_eq!(count("early|late"), 2);
        assert_eq!(count("early"), 0);
        assert!(pattern("(").expect_err("no pattern").contains("--run \"(\" is no regular"));
    }

    #[test]
    fn a_folder_is_read_and_its_tests_run() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rules-example");
        let answer = run(&folder, Options::default()).expect("readable");
        assert_eq!(answer.exit_code, 0, "{}", answer.output);
        let no_such = pattern("no such test").expect("a pattern");
        let none = Options { only: Some(&no_such), ..Options::default() };
        let none = run(&folder, none).expect("readable");
        assert_eq!(none.exit_code, 1);
        let told = "No test matches --run \"no such test\"; ";
        assert!(none.output.contains(told), "{}", none.output);
    }

    #[test]
    fn junit_escapes_and_counts() {
        let xml = junit(&report(vec![Outcome::Passed, failed()]));
        assert!(xml.contains("tests=\"2\" failures=\"1\" skipped=\"0\""), "{xml}");
        assert!(xml.contains("name=\"A &quot;late&quot; lead\"/>"), "{xml}");
        assert!(
            xml.contains("<failure message=\"expected decision skip; got enroll into a by b; ")
        );
    }
}
