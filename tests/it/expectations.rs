//! The tests of the worked example and of the rules folder bite: a copy with any one expectation
//! changed fails.

use std::ops::Range;
use std::path::Path;

use hubroute::domain::rule::{RuleFile, RuleSet, compile};
use hubroute::domain::suite::{self, Outcome, SuiteReport, TestResult};
use hubroute::rules_folder;

/// What each key of `expect` is changed to; the second one where it says the first already.
const OTHER: [(&str, &str, &str); 9] = [
    ("decision", "\"fail\"", "\"ignore\""),
    ("reason", "\"rule-removed\"", "\"withdrawn\""),
    ("rule", "\"hot-score\"", "\"webinar-attended\""),
    ("into", "\"saas-nurture\"", "\"customer-onboarding\""),
    ("sender", "\"dana\"", "\"luis\""),
    ("by", "\"competitors\"", "\"meeting-ahead\""),
    ("until", "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"),
    ("arm", "\"control\"", "\"other\""),
    ("from", "[\"win-back\"]", "[\"revival\"]"),
];

/// One value of one expectation: its bytes, and what takes its place.
struct Change {
    key: &'static str,
    at: Range<usize>,
    other: &'static str,
}

/// Every value of every `expect = { … }`.
fn changes(text: &str) -> Vec<Change> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("expect ") {
        let Some(open) = text[start..].find('{').map(|open| start + open) else { continue };
        let Some(close) = text[open..].find('}').map(|close| open + close) else { continue };
        let before = found.len();
        for (key, first, second) in OTHER {
            let Some(at) = value_of(&text[open..close], key) else { continue };
            let at = open + at.start..open + at.end;
            let other = if &text[at.clone()] == first { second } else { first };
            found.push(Change { key, at, other });
        }
        let keys = text[open..close].matches(" = ").count();
        assert_eq!(
            found.len() - before,
            keys,
            "a key without another value: {}",
            &text[open..close]
        );
    }
    found
}

/// The bytes of a key's value inside an inline table without tables in it.
fn value_of(table: &str, key: &str) -> Option<Range<usize>> {
    let name = format!(" {key} = ");
    let start = table.find(&name)? + name.len();
    let end = if table[start..].starts_with('[') {
        table[start..].find(']')? + 1
    } else {
        table[start..].find([',', '}']).unwrap_or(table.len() - start)
    };
    Some(start..start + table[start..start + end].trim_end().len())
}

/// The test, or the row, that a line belongs to.
fn owner<'r>(report: &'r SuiteReport, file: &RuleFile, at: usize) -> &'r TestResult {
    let line = 1 + file.text[..at].matches('\n').count();
    let of_file = report.results.iter().filter(|it| *it.place.file == *file.name);
    let mut before = of_file.filter(|it| it.place.line as usize <= line);
    before.next_back().expect("an expectation belongs to a test")
}

fn play(rules: &RuleSet, file: &RuleFile) -> SuiteReport {
    let report = suite::run(rules, std::slice::from_ref(file));
    assert_eq!(report.diagnostics, [], "{}", file.text);
    report
}

/// Changes every value of every expectation in the folder, one at a time; there are so many.
#[track_caller]
fn check(folder: &str, values: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = rules_folder::read(&folder).expect("readable");
    let rules = compile(&files).rules.expect("testable");
    let mut caught = 0;
    for file in files.iter().filter(|file| file.is_test()) {
        let before = play(&rules, file);
        for change in changes(&file.text) {
            let test = owner(&before, file, change.at.start);
            assert_eq!(test.outcome, Outcome::Passed, "{} {}", test.place, test.says);
            let mut copy = file.clone();
            copy.text.replace_range(change.at.clone(), change.other);
            let after = play(&rules, &copy);
            let failed = owner(&after, &copy, change.at.start);
            let is_failure = matches!(failed.outcome, Outcome::Failed(_));
            assert!(is_failure, "{} {}: {} = {}", test.place, test.says, change.key, change.other);
            assert_eq!(after.counts().1, 1, "{}: only that one", test.place);
            caught += 1;
        }
    }
    assert_eq!(caught, values, "a value was not changed, or is new: raise the number");
}

#[test]
fn a_copy_of_the_worked_example_with_any_expectation_changed_fails() {
    check("tests/data/rules-example", 97);
}

#[test]
fn a_copy_of_the_rules_folder_with_any_expectation_changed_fails() {
    check("rules", 66);
}
