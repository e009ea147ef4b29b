//! "Take out", "never contact again", "allow again" (CONSISTENCY.md 6.2).

use serde_json::json;

use super::{check, deliver, merge, run, start, wait_until};
use crate::harness::{Harness, LONG, rule};

/// `hubroute contact …` about contact 1, beside the running router or without one.
#[track_caller]
fn press(harness: &Harness, word: &str, more: &[&str]) {
    let signed = ["--who", "Dana", "--note", "asked for it"];
    let args = [&["contact", word, "1"], more, &signed[..]].concat();
    let ended = harness.command(&args);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}

#[test]
fn what_waits_is_held_or_runs_is_taken_out() {
    let waits =
        rule("score", "workflow nurture").replace("enroll =", "delay = \"1 hour\"\nenroll =");
    let held = rule("trap", "workflow again").replace("\"live\"", "\"approval\"");
    let harness = start(rule("stage", "workflow nurture") + &waits + &held);
    assert!(harness.deliver(1, "score", "1"));
    // Decided together, one of them would come first.
    wait_until(&harness, "the delay", |it| it.verdicts(1) == ["wait delayed"]);
    assert!(harness.deliver(1, "trap", "1"));
    wait_until(&harness, "the approval", |it| it.listing("held").len() == 1);
    assert!(harness.deliver(1, "stage", "hot"));
    wait_until(&harness, "the enrollment", |it| it.enrolled(1) == 1);
    press(&harness, "take-out", &["--theme", "sales"]);
    harness.wait_until_idle(LONG);
    let mut verdicts = harness.verdicts(1);
    verdicts.sort();
    let expected = ["enroll matched", "skip withdrawn", "skip withdrawn", "unenroll matched"];
    assert_eq!(verdicts, expected, "{}", harness.log());
    assert_eq!(harness.counts().unenrolled, 1);
    let out = harness.decisions("contact=1&decision=unenroll");
    assert_eq!(out[0]["sentence"], "Taken out of nurture by Dana.");
}

#[test]
fn never_contact_again_lasts_over_restarts_and_merges_until_it_is_taken_back() {
    let mut harness = start(rule("stage", "sequence intro"));
    harness.stop();
    press(&harness, "never-contact-again", &[]);
    harness.restart();
    run(&harness, 1, "stage", "hot");
    check(&harness, 1, &["skip not-enrolled", "skip suppressed"]);
    let row = &harness.decisions("contact=1")[1];
    assert_eq!(row["by"], "never contact again");
    assert!(row["sentence"].as_str().is_some_and(|it| it.contains("Dana said so on")), "{row}");
    deliver(&harness, &merge(&harness, 2, 1, 99));
    run(&harness, 99, "stage", "hotter");
    assert_eq!(harness.verdicts(99).pop().as_deref(), Some("skip suppressed"));
    let known = harness.get("/api/v1/contacts/99");
    assert_eq!(known["never_contact_again"]["who"], "Dana", "{known}");
    press(&harness, "allow-again", &[]);
    run(&harness, 99, "stage", "hottest");
    assert_eq!(harness.verdicts(99).pop().as_deref(), Some("enroll matched"));
    assert_eq!(harness.get("/api/v1/contacts/99")["never_contact_again"], json!(null));
}

#[test]
fn a_theme_that_is_not_there_is_refused_with_those_that_are() {
    let harness = start(rule("stage", "sequence intro"));
    let args = ["contact", "take-out", "1", "--theme", "sale", "--who", "D", "--note", ""];
    let ended = harness.command(&args);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(ended.output.contains("There is no theme \"sale\"."), "{}", ended.output);
}
