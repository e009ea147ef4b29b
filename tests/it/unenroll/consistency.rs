//! CONSISTENCY.md 6.2 and 6.16: each fails when its rule is taken out (tests/mutants).

use hubroute::simulator::{Endpoint, EnrollCall};
use serde_json::json;

use super::{SALES, THEN, book, booked, check, enter_and_leave, exit, run, setup};
use crate::harness::{Harness, LONG, Setup, rule, wait_until};

// 6.2

#[test]
fn an_unenroll_ends_what_waits() {
    let book = book("1 minute").replace("daily_budget = 10000", "daily_budget = 1");
    let rules = rule("stage", "sequence intro") + &exit(SALES, "");
    let harness = Harness::start(Setup::with_book(&book, rules));
    assert!(harness.deliver(2, "stage", "yes"));
    harness.wait_until_idle(LONG);
    assert!(harness.deliver(1, "stage", "yes"));
    harness.wait_for(LONG, |_| harness.verdicts(1) == ["wait budget-exhausted"]);
    run(&harness, "exit");
    check(&harness, &["skip withdrawn", "skip not-enrolled"]);
    assert_eq!(harness.enrolled(1), 0);
}

#[test]
fn a_call_in_doubt_is_left_and_never_repeated() {
    // The call had no effect: nothing is left to leave, and nobody asks again.
    let setup_ = |after| setup("sequence intro", THEN, (after, "1 minute")).verify_for("4 seconds");
    let harness = Harness::start(setup_(None));
    harness.faults(json!({"on": "enroll-sequence", "kind": "drop-before", "times": 1}));
    in_doubt(&harness);
    run(&harness, "exit");
    let verdicts = harness.verdicts(1);
    assert_eq!(verdicts[..2], ["skip withdrawn", "skip not-enrolled"], "{}", harness.log());
    assert_eq!(enroll_calls(&harness), 1, "called again\n{}", harness.log());
    // It had one: the unenroll goes out, as soon as HubSpot shows what it means.
    let harness = Harness::start(setup_(Some(50)));
    harness.faults(json!([
        {"on": "enroll-sequence", "kind": "apply-then-drop", "times": 1},
        {"on": "read-enrollment", "kind": "503"},
    ]));
    in_doubt(&harness);
    run(&harness, "exit");
    let verdicts = harness.verdicts(1);
    let expected = ["skip withdrawn", "unenroll matched", "enroll matched"];
    assert_eq!(verdicts, expected, "{}", harness.log());
    assert_eq!(harness.counts().unenrolled, 1);
    assert_eq!(enroll_calls(&harness), 1, "called again\n{}", harness.log());
}

#[track_caller]
fn in_doubt(harness: &Harness) {
    assert!(harness.deliver(1, "stage", "yes"));
    wait_until(harness, "the doubt", |it| it.listing("in-doubt").len() == 1);
}

/// Calls that enroll into a sequence; none of these tests has another one.
fn enroll_calls(harness: &Harness) -> usize {
    let of_sequences = |call: &&EnrollCall| call.endpoint == Endpoint::EnrollSequence;
    harness.counts().phases.iter().filter(of_sequences).count()
}

// 6.16

/// Contact 1 answered, and a rep put them into another sequence by hand.
fn comes_after(harness: &Harness) {
    harness.control("POST /_sim/enrollments/end", &json!({"contact": 1, "how": "reply"}));
    let by_hand = json!({"contact": 1, "sequence": 102, "user": 71});
    harness.control("POST /_sim/enrollments", &by_hand);
}

#[track_caller]
fn check_untouched(harness: &Harness) {
    let booked = booked(harness);
    assert_eq!(booked.len(), 2, "{booked:?}");
    assert!(booked[1].ended.is_none(), "what came after was left: {booked:?}\n{}", harness.log());
}

#[test]
fn nothing_is_stamped_once_another_sequence_has_come_after() {
    let harness = Harness::start(setup("sequence intro", "", (Some(50), "1 minute")));
    run(&harness, "stage");
    // The read before the stamp comes late: the decision's own read passes.
    let late = json!({"on": "read-contact", "kind": "delay", "ms": 1_500, "times": 1, "after": 1});
    harness.faults(late);
    assert!(harness.deliver(1, "exit", "yes"));
    wait_until(&harness, "the decision", |it| {
        it.verdicts(1).contains(&"wait outcome-unknown".to_owned())
    });
    comes_after(&harness);
    harness.wait_until_idle(LONG);
    check(&harness, &["enroll matched", "skip not-enrolled"]);
    assert_eq!(harness.counts().bridge.started, 0, "stamped\n{}", harness.log());
    check_untouched(&harness);
}

#[test]
fn a_late_bridge_finds_its_stamp_gone() {
    let harness = Harness::start(setup("sequence intro", "", (Some(4_000), "1 second")));
    enter_and_leave(&harness);
    check(&harness, &["enroll matched", "fail bridge-broken"]);
    comes_after(&harness);
    wait_until(&harness, "the late bridge", |it| {
        let bridge = it.counts().bridge;
        bridge.idle + bridge.unenrolled == 1
    });
    assert_eq!(harness.counts().bridge.unenrolled, 0);
    check_untouched(&harness);
}
