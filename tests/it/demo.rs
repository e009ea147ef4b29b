//! `hubroute demo --once`: the whole road in one command, and a judge that can say no.

use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hubroute"));
    command.args(["demo", "--once"]).args(arguments).output().expect("the demo runs")
}

/// The last line of standard output is `verdict`, and the demo ends with `exit_code`.
#[track_caller]
fn check(arguments: &[&str], exit_code: i32, verdict: impl Fn(&str) -> bool) -> String {
    let output = demo(arguments);
    let text = String::from_utf8(output.stdout).expect("text");
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit_code), "{text}\n{log}");
    let last = text.lines().last().unwrap_or_default();
    assert!(verdict(last), "{last}\n{log}");
    text
}

/// The number before `word`.
fn number(text: &str, word: &str) -> usize {
    let (before, _) = text.split_once(word).expect("the word is there");
    before.split_whitespace().last().and_then(|n| n.parse().ok()).expect("a number before it")
}

#[test]
fn a_day_goes_through_with_nothing_twice_and_nothing_lost() {
    let text = check(&[], 0, |last| last.ends_with(" enrolled, 0 duplicates, 0 overlaps, 0 lost"));
    assert!(60 <= number(&text, " deliveries:"), "{text}");
    assert!(50 <= number(&text, " enrolled,"), "{text}");
    assert_eq!(number(&text, " turned away;"), 2, "the forged and the stale one\n{text}");
    assert!(text.contains("HubSpot lost 1 answer and asked for patience 1 time"), "{text}");
    assert_eq!(text.matches("by tess").count(), 2, "the third one is a colleague's\n{text}");
    for (contact, reason) in [
        ("1101 ", "blocked-by-theme"),
        ("1206 ", "duplicate-event"),
        ("1601 ", "would-enroll"),
        ("1703 ", "outranked"),
        ("1704 ", "stale-event"),
        ("1705 ", "Enrolled in inbound"),
        ("1801 ", "no-match"),
        ("1802 ", "own-domain"),
        ("1803 ", "opted-out"),
        ("1804 ", "already-in-theme"),
        ("1805 ", "missing-data"),
        ("- ", "unreadable"),
        ("- ", "wrong-portal"),
        ("1707 ", "not-watched"),
    ] {
        let found = |line: &str| line.contains(contact) && line.contains(reason);
        assert!(text.lines().any(found), "no line of {contact} says {reason}\n{text}");
    }
}

#[test]
fn an_enrollment_booked_twice_is_reported_and_fails() {
    let twice = r#"[{"on":"enroll-sequence","kind":"enroll-twice","times":1}]"#;
    check(&["--faults", twice], 1, |last| last.contains(" enrolled, 1 duplicate, "));
}

#[test]
fn faults_that_cannot_be_read_are_a_wrong_usage() {
    let output = demo(&["--faults", r#"[{"kind":"flood"}]"#]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{log}");
    assert!(log.contains("--faults: ") && log.contains("flood"), "{log}");
}
