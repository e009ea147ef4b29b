//! `hubroute test`: the rules' own tests, for people and for CI.

use crate::domain::diagnostic::Severity;
use crate::domain::suite::{Outcome, SuiteReport, TestResult};

/// Leaves only the tests whose sentence or place contains `text`, in any case (`--run`).
pub fn keep(report: &mut SuiteReport, text: &str) {
    let wanted = text.to_lowercase();
    let is_wanted = |result: &TestResult| {
        result.says.to_lowercase().contains(&wanted)
            || result.place.to_string().to_lowercase().contains(&wanted)
    };
    report.results.retain(is_wanted);
}

/// Whether the run is a success: a test ran, none failed, and no test file has an error. Tests
/// that wait for a key that is not built yet are named and do not fail.
pub fn is_success(report: &SuiteReport) -> bool {
    let (passed, failed, _) = report.counts();
    let broken = report.diagnostics.iter().any(|it| it.severity == Severity::Error);
    0 < passed && failed == 0 && !broken
}

/// What failed and what waits, then one line that counts. Diagnostics are not in it.
pub fn text(report: &SuiteReport) -> String {
    let mut text = String::new();
    for result in &report.results {
        text.push_str(&one(result));
    }
    text.push_str(&summary(report));
    text
}

fn one(result: &TestResult) -> String {
    let head = format!("{}  {}", result.place, title(result));
    match &result.outcome {
        Outcome::Passed => String::new(),
        Outcome::Failed(failure) => format!(
            "FAIL {head}\n     expected  {}\n     got       {}\n     because   {}\n",
            failure.expected, failure.got, failure.because
        ),
        Outcome::Waits(unbuilt) => {
            format!("WAIT {head}\n     not built yet: {} ({})\n", unbuilt.key, unbuilt.place)
        }
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
    let (passed, failed, waiting) = report.counts();
    if report.results.is_empty() {
        return "No tests found. Write them in *.test.toml beside the rules.\n".to_owned();
    }
    if waiting == 0 {
        return format!("{passed} passed, {failed} failed.\n");
    }
    let wait = if waiting == 1 { "waits" } else { "wait" };
    format!(
        "{passed} passed, {failed} failed, {waiting} {wait} for keys that are not built yet \
         (counted neither as passed nor as failed).\n"
    )
}

/// The same as a JUnit report (`--junit FILE`): waiting tests are skipped ones.
pub fn junit(report: &SuiteReport) -> String {
    let (_, failed, waiting) = report.counts();
    let cases: String = report.results.iter().map(case).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuite name=\"hubroute\" tests=\"{}\" failures=\"{failed}\" skipped=\"{waiting}\">\n\
         {cases}</testsuite>\n",
        report.results.len()
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
        Outcome::Waits(unbuilt) => {
            let message = format!("not built yet: {} ({})", unbuilt.key, unbuilt.place);
            format!("  {head}><skipped message=\"{}\"/></testcase>\n", escaped(&message))
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
    use crate::domain::rule::{Gate, Place, Unbuilt};
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

    fn waits() -> Outcome {
        let place = Place { file: "inbound.toml".into(), line: 9 };
        Outcome::Waits(Unbuilt { key: "window".to_owned(), gate: Gate::Window, place })
    }

    fn report(outcomes: Vec<Outcome>) -> SuiteReport {
        let results = outcomes.into_iter().zip(1..).map(|(it, line)| result(line, it)).collect();
        SuiteReport { results, diagnostics: Vec::new() }
    }

    #[test]
    fn a_run_reads_like_this() {
        assert_eq!(
            text(&report(vec![Outcome::Passed, failed(), waits()])),
            "FAIL inbound.test.toml:2  A \"late\" lead\n     \
             expected  decision skip\n     \
             got       enroll into a by b\n     \
             because   theme x (portal.toml:27)\n\
             WAIT inbound.test.toml:3  A \"late\" lead\n     \
             not built yet: window (inbound.toml:9)\n\
             1 passed, 1 failed, 1 waits for keys that are not built yet (counted neither as \
             passed nor as failed).\n"
        );
    }

    #[test]
    fn only_a_run_with_a_passed_and_no_failed_test_is_a_success() {
        let check = |outcomes, expected| assert_eq!(is_success(&report(outcomes)), expected);
        check(vec![Outcome::Passed], true);
        check(vec![Outcome::Passed, waits()], true);
        check(vec![Outcome::Passed, failed()], false);
        check(vec![waits()], false);
        check(vec![], false);
        assert!(text(&report(vec![])).starts_with("No tests found."));
    }

    #[test]
    fn run_picks_by_sentence_or_place_in_any_case() {
        let count = |text: &str| {
            let mut report = report(vec![Outcome::Passed, Outcome::Passed]);
            keep(&mut report, text);
            report.results.len()
        };
        assert_eq!(count("LATE"), 2);
        assert_eq!(count("inbound.test.toml:2"), 1);
        assert_eq!(count("early"), 0);
    }

    #[test]
    fn junit_escapes_and_counts() {
        let xml = junit(&report(vec![Outcome::Passed, failed(), waits()]));
        assert!(xml.contains("tests=\"3\" failures=\"1\" skipped=\"1\""), "{xml}");
        assert!(xml.contains("name=\"A &quot;late&quot; lead\"/>"), "{xml}");
        assert!(xml.contains("<skipped message=\"not built yet: window (inbound.toml:9)\"/>"));
    }
}
