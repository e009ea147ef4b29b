//! Erasing: a privacy deletion, and `hubroute forget` (RELIABILITY.md T12).

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{deliver, merge, run, start, wait_until};
use crate::harness::{Harness, rule};

/// What the store must not hold of contact 1 afterwards.
const MARKS: [&str; 3] = ["canary-ann", "canary-hot", "canary-first"];

fn rules() -> String {
    let waits = rule("later", "sequence intro").replace("enroll =", "delay = \"1 hour\"\nenroll =");
    let named = "only_if = [{ property = \"firstname\", is_known = true }]\nenroll =";
    rule("stage", "sequence intro").replace("enroll =", named) + &waits
}

/// Contact 1 is enrolled, something waits for them, and the store knows their address.
fn enrolled() -> Harness {
    let harness = start(rules());
    let known = json!({"properties": {
        "email": "canary-ann@a.test", "firstname": "canary-first",
    }});
    harness.control("POST /_sim/contacts/1", &known);
    harness.control("POST /_sim/contacts/2", &json!({"properties": {"firstname": "Bob"}}));
    run(&harness, 1, "stage", "canary-hot");
    run(&harness, 2, "stage", "hot");
    assert!(harness.deliver(1, "later", "canary-hot"));
    wait_until(&harness, "the delay", |it| it.listing("waiting").len() == 1);
    assert!(hits(&harness) != 0, "what is looked for is there before");
    harness
}

/// Places in the store that hold a mark.
fn hits(harness: &Harness) -> usize {
    let mut found = 0;
    let mut folders = vec![harness.store("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found += hits_in(&path) }
        }
    }
    found
}

fn hits_in(path: &Path) -> usize {
    let bytes = fs::read(path).unwrap_or_default();
    let holds = |mark: &&&str| bytes.windows(mark.len()).any(|it| it == mark.as_bytes());
    MARKS.iter().filter(holds).count()
}

/// Nothing of contact 1 is shown, on any path; others are as they were.
#[track_caller]
fn assert_hidden(harness: &Harness) {
    let shown = [
        harness.get("/api/v1/contacts/1"),
        harness.get("/api/v1/decisions?limit=1000&history=true"),
        harness.get("/api/v1/decisions?limit=1000&contact=1"),
        harness.get("/api/v1/waiting"),
        harness.get("/api/v1/held"),
    ];
    for shown in &shown {
        let text = shown.to_string();
        assert!(MARKS.iter().all(|mark| !text.contains(mark)), "{text}");
    }
    let known = &shown[0];
    assert!(known["erased_at"].is_string() && known["decisions"] == json!([]), "{known}");
    assert!(known["erased_decisions"].as_u64().is_some_and(|count| 0 < count), "{known}");
    assert_eq!(known["claims"].as_array().map(Vec::len), Some(1), "an enrollment stays: {known}");
    assert_eq!(shown[2]["results"], json!([]));
    assert_eq!(harness.verdicts(2), ["enroll matched"]);
    assert!(harness.listing("waiting").is_empty());
}

/// A start whose signals are heard before it is stopped.
fn restart_and_stop(harness: &mut Harness) {
    let starts = |it: &Harness| it.log().matches("\"message\":\"ready\"").count();
    let before = starts(harness);
    harness.restart();
    wait_until(harness, "the start", |it| before < starts(it));
    harness.stop();
}

/// The sweep is over, and the next start has made the index anew.
#[track_caller]
fn assert_gone(harness: &mut Harness) {
    wait_until(harness, "the sweep", |it| it.log().contains("the journal was swept"));
    harness.stop();
    restart_and_stop(harness);
    assert_eq!(hits(harness), 0, "{}", harness.log());
    harness.restart();
    assert_hidden(harness);
}

#[test]
fn a_privacy_deletion_hides_at_once_and_takes_everything_but_ids_out_of_the_store() {
    for turned in [false, true] {
        let mut harness = enrolled();
        let mut gone = harness.control("DELETE /_sim/contacts/1?privacy=true", &json!({}));
        let events = gone["events"].as_array_mut().expect("events");
        assert_eq!(events.len(), 2, "it arrives twice");
        if turned {
            events.reverse();
        }
        deliver(&harness, &gone);
        wait_until(&harness, "the tombstone", |it| {
            it.get("/api/v1/contacts/1")["erased_at"].is_string()
        });
        assert_hidden(&harness);
        assert_gone(&mut harness);
        assert_eq!(harness.enrolled(1), 1);
    }
}

#[test]
fn forget_does_the_same_by_hand_and_whatever_follows_is_deleted() {
    let mut harness = enrolled();
    let args = ["forget", "canary-ann@a.test", "--who", "Dana", "--note", "asked for it"];
    let ended = harness.command(&args);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_hidden(&harness);
    let ended = harness.command(&args);
    assert_eq!(ended.code, Some(1), "nobody has this address any more: {}", ended.output);
    // HubSpot still has the contact: what it tells of them says nothing here.
    run(&harness, 1, "stage", "canary-hot again");
    assert_hidden(&harness);
    assert_eq!(harness.enrolled(1), 1);
    // Merged into somebody else, they are erased too.
    deliver(&harness, &merge(&harness, 3, 1, 99));
    run(&harness, 99, "stage", "warm");
    let known = harness.get("/api/v1/contacts/99");
    assert!(known["erased_at"].is_string(), "{known}");
    assert_eq!(harness.enrolled(99), 1, "the one from before");
    let waits = |it: &Harness| -> Value { it.status()["queue"].clone() };
    assert_eq!(waits(&harness)["held"], json!(0));
    assert_gone(&mut harness);
}

#[test]
fn without_a_router_forget_sweeps_the_store_itself() {
    let mut harness = enrolled();
    harness.stop();
    let ended = harness.command(&["forget", "1", "--who", "Dana", "--note", ""]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    restart_and_stop(&mut harness);
    assert_eq!(hits(&harness), 0, "{}", harness.log());
    harness.restart();
    assert_hidden(&harness);
}

#[test]
fn replay_and_recorded_tests_say_nothing_of_who_was_erased() {
    let mut harness = enrolled();
    let args = ["replay", "--format", "json"];
    let before = harness.command(&args);
    assert!(before.output.contains("canary-"), "{}", before.output);
    let ended = harness.command(&["forget", "1", "--who", "Dana", "--note", ""]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let after = harness.command(&args);
    assert!(MARKS.iter().all(|mark| !after.output.contains(mark)), "{}", after.output);
    harness.stop();
}
