//! A step that began before a person pressed something does not undo it: whatever it looked at has
//! changed, so it looks again.

use std::time::Duration;

use hubroute::simulator::{Endpoint, Phase};
use serde_json::json;

use crate::harness::{Harness, LONG, Setup, rule, wait_until};

/// Longer than a press takes, shorter than the client waits.
const SLOW_MS: u64 = 2_000;

fn start(faults: serde_json::Value) -> Harness {
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")));
    harness.faults(faults);
    assert!(harness.deliver(1, "stage", "hot"));
    harness
}

#[test]
fn whoever_is_forgotten_while_they_are_read_is_not_enrolled_later() {
    let harness = start(json!([
        { "on": "read-contact", "kind": "delay", "ms": SLOW_MS, "times": 1 },
        { "on": "read-contact", "kind": "503", "times": 1 },
    ]));
    wait_until(&harness, "the event", |it| it.listing("waiting").len() == 1);
    let ended = harness.command(&["forget", "1", "--who", "ann", "--note", "request 17"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_eq!(harness.reads(), 0, "it is under way");
    // The read fails, and would be tried again soon.
    harness.reach(Phase::Calls(Endpoint::ReadContact, 1));
    std::thread::sleep(Duration::from_secs(2));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(1), 0, "{}", harness.log());
    assert_eq!(harness.listing("waiting").len(), 0, "{}", harness.log());
}

#[test]
fn a_doubt_that_a_person_resolved_meanwhile_stays_resolved() {
    let harness = start(json!([
        { "on": "enroll-sequence", "kind": "drop-before", "times": 1 },
        { "on": "read-enrollment", "kind": "delay", "ms": SLOW_MS },
    ]));
    wait_until(&harness, "the doubt", |it| it.listing("in-doubt").len() == 1);
    let id = harness.listing("in-doubt")[0]["id"].as_str().expect("an id").to_owned();
    let resolve =
        ["in-doubt", "resolve", &id, "--as", "not-enrolled", "--who", "ann", "--note", "looked"];
    let ended = harness.command(&resolve);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let again = harness.command(&resolve);
    assert_ne!(again.code, Some(0), "it is in doubt no more: {}", again.output);
    harness.wait_until_idle(LONG);
    // What the read showed afterwards neither ends it again nor repeats it once more.
    std::thread::sleep(Duration::from_millis(SLOW_MS));
    assert_eq!(harness.enrolled(1), 1, "a person said that nobody was: {}", harness.log());
    assert_eq!(harness.verdicts(1), ["enroll matched"], "{}", harness.log());
    assert_eq!(harness.counts().phases.len(), 2, "the lost call and its repeat");
}
