//! Every gate with every reason that it gives, as tests in the language of `hubroute test`
//! (tests/data/gates): none is missing, and each goes as it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hubroute::domain::reason::Reason;
use hubroute::domain::rule::compile;
use hubroute::domain::suite::{self, Outcome};
use hubroute::rules_folder;

/// What the language cannot bring about, and the test that does: gate, reason, file and function.
const ELSEWHERE: [(&str, &str, &str, &str); 5] = [
    (
        "merged",
        "merged-record",
        "src/domain/gates/merged/tests.rs",
        "what_a_merge_wrote_is_no_change_even_where_the_event_does_not_say_so",
    ),
    (
        "surroundings",
        "no-match",
        "src/domain/decide/tests/gates.rs",
        "a_rule_that_only_watches_judges_nothing_that_was_not_read",
    ),
    (
        "sender",
        "sender-paused",
        "src/domain/decide/tests/gates.rs",
        "nobody_usable_is_held_and_says_who_was_tried",
    ),
    (
        "recover",
        "needs-approval",
        "src/domain/gates/recover.rs",
        "after_a_restore_a_workflow_that_may_enroll_again_waits_for_a_person",
    ),
    (
        "split",
        "withdrawn",
        "src/domain/decide/tests/leave.rs",
        "a_rule_that_lost_its_then_enroll_ends_what_came_after_it",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("readable")
}

/// Gate and reason, for every verdict that the source of a gate makes.
fn given() -> BTreeSet<(String, String)> {
    let entries = fs::read_dir(root().join("src/domain/gates")).expect("the gates");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let gates = paths.filter(|path| path.extension().is_some_and(|it| it == "rs"));
    gates.flat_map(|path| given_by(&path)).collect()
}

fn given_by(path: &Path) -> Vec<(String, String)> {
    let gate = path.file_stem().and_then(|it| it.to_str()).expect("a name").to_owned();
    let text = read(path);
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let names = code.split("Reason::").skip(1).map(|rest| {
        rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default()
    });
    let code_of = |name: &str| {
        let of_name = |reason: &&Reason| format!("{reason:?}") == name;
        Reason::ALL.iter().find(of_name).map(|reason| reason.code().to_owned())
    };
    names.filter_map(|name| Some((gate.clone(), code_of(name)?))).collect()
}

/// Gate and reason that each test names, as in `says = "window: outside-window"`.
fn named() -> BTreeSet<(String, String)> {
    let text = read(&root().join("tests/data/gates/gates.test.toml"));
    let tests = text.split("[[test]]").skip(1).map(|test| {
        let says = test.split("says").nth(1).and_then(|rest| rest.split('"').nth(1));
        let (gate, reason) = says.and_then(|says| says.split_once(": ")).expect("gate: reason");
        assert!(
            test.contains(&format!("reason = \"{reason}\"")),
            "{gate} does not expect {reason}"
        );
        (gate.to_owned(), reason.to_owned())
    });
    tests.collect()
}

#[test]
fn every_gate_has_a_test_for_every_reason_it_gives() {
    let mut named = named();
    for (gate, reason, path, test) in ELSEWHERE {
        assert!(read(&root().join(path)).contains(&format!("fn {test}(")), "{path} has no {test}");
        named.insert((gate.to_owned(), reason.to_owned()));
    }
    // An approval does not expire: this gate names that reason and does not give it.
    named.insert(("expires".to_owned(), "needs-approval".to_owned()));
    let given = given();
    assert!(30 <= given.len(), "{given:?}");
    assert_eq!(named, given);
}

#[test]
fn every_gate_gives_its_reasons() {
    let files = rules_folder::read(&root().join("tests/data/gates")).expect("readable");
    let compiled = compile(&files);
    let rules = compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    let report = suite::run(&rules, &files);
    assert_eq!(report.diagnostics, []);
    for result in &report.results {
        assert_eq!(result.outcome, Outcome::Passed, "{} {}", result.place, result.says);
    }
    assert!(30 <= report.results.len(), "{} tests", report.results.len());
}
