//! Time that is not what this machine says: a clock that is off, a silence that a clock hides, and
//! a process that was stopped in the middle of a call (RELIABILITY.md F15 and F17).

use std::thread;
use std::time::Duration;

use hubroute::simulator::Phase;
use rustix::process::Signal;
use serde_json::json;

use crate::harness::{Harness, LONG, Setup, rule, wait_until};

/// Longer than a permit may be old, and than every wait for an answer (CONSISTENCY.md 6.17).
const STOPPED: Duration = Duration::from_millis(6_500);

fn start() -> Harness {
    Harness::start(Setup::with(rule("stage", "sequence intro")))
}

/// HubSpot's clock, by so many milliseconds ahead of this machine's from now on.
fn set_clock(harness: &Harness, ahead_ms: i64) {
    let settings = json!({ "clock_offset_ms": ahead_ms });
    harness.control("PUT /_sim/state", &json!({ "settings": settings }));
}

/// The sentence of the alert `clock-off`.
fn clock_off(harness: &Harness) -> Option<String> {
    harness.alert("clock-off")
}

#[test]
fn a_clock_that_is_off_while_running_is_an_alert_until_it_is_set() {
    let harness = start();
    // Any read of HubSpot tells the time over there.
    let ask = || harness.get("/api/v1/contacts/1/explain");
    ask();
    assert_eq!(clock_off(&harness), None);
    set_clock(&harness, 45_000);
    ask();
    wait_until(&harness, "the alert", |it| clock_off(it).is_some());
    let sentence = clock_off(&harness).unwrap_or_default();
    assert!(sentence.contains("s behind HubSpot's"), "{sentence}");
    assert!(harness.log().contains("this machine's clock is off"), "{}", harness.log());
    assert!(harness.text("/metrics").contains("hubroute_alert{code=\"clock-off\"} 1"));
    set_clock(&harness, 0);
    ask();
    wait_until(&harness, "the end of the alert", |it| clock_off(it).is_none());
}

#[test]
fn a_silence_that_this_machines_clock_hides_is_measured_by_hubspots() {
    let mut harness = start();
    assert!(harness.deliver(1, "stage", "hot"));
    harness.wait_until_idle(LONG);
    harness.stop();
    // Off for an hour, and the clock of this machine stood still meanwhile.
    set_clock(&harness, 3_600_000);
    let by_hand = json!({ "contact": 2, "sequence": 101 });
    harness.control("POST /_sim/enrollments", &by_hand);
    harness.restart();
    let is_known = |it: &Harness| it.get("/api/v1/contacts/2")["claims"] != json!([]);
    wait_until(&harness, "what was enrolled meanwhile", is_known);
    wait_until(&harness, "the end of the look", |it| it.status()["looking_back"].is_null());
    assert_eq!(harness.get("/api/v1/reconciled")["booked"], json!(1), "{}", harness.log());
}

/// Stops the process for long in the middle of a call, however far that has come.
#[track_caller]
fn stop_and_continue(fault: serde_json::Value, phase: Phase) {
    let harness = start();
    harness.faults(fault);
    assert!(harness.deliver(1, "stage", "hot"));
    harness.reach(phase);
    harness.router().signal(Signal::STOP);
    thread::sleep(STOPPED);
    harness.simulator.release();
    harness.faults(json!([]));
    harness.router().signal(Signal::CONT);
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(1), 1, "{}", harness.log());
    assert_eq!(harness.counts().duplicates, 0, "{}", harness.log());
}

#[test]
fn stopped_before_hubspot_read_the_call_nobody_is_enrolled_twice() {
    let withheld = json!({ "on": "read-contact", "kind": "accept-withheld", "times": 1 });
    stop_and_continue(withheld, Phase::Withheld(1));
}

#[test]
fn stopped_while_hubspot_holds_its_answer_nobody_is_enrolled_twice() {
    let held = json!({ "on": "enroll-sequence", "kind": "apply-then-hang", "times": 1 });
    stop_and_continue(held, Phase::Applied(1));
}
