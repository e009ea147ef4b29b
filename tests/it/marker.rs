//! `marker` of a workflow: its first action stamps a property, so that a run is seen however short
//! it is (RELIABILITY.md section 4, "Marker option").

use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

/// `stage` enrolls into a workflow that re-enrolls and is over at once.
fn setup(stamps: &Value) -> Setup {
    let book =
        BOOK.replace("id        = 502", "id = 502\nre_enrolls = true\nmarker = \"last_run\"");
    let state = json!({"workflows": [
        {"flow": 502, "workflow": 12, "name": "Again", "re_enrolls": true, "runs_for_ms": 0,
         "stamps": stamps},
    ]});
    let rules = rule("stage", "workflow again") + &rule("score", "sequence intro");
    Setup::with_book(&book, rules).state(state)
}

fn stamps() -> Value {
    json!({"property": "last_run", "after_ms": 100})
}

fn enroll(harness: &Harness, contact: u64) {
    assert!(harness.deliver(contact, "stage", "hot"), "not acknowledged");
    harness.wait_until_idle(LONG);
}

/// A router that has seen the marker of another contact stamped: from then on its absence counts.
fn proven(setup: Setup) -> Harness {
    let harness = Harness::start(setup);
    enroll(&harness, 2);
    assert_eq!(harness.verdicts(2), ["enroll matched"], "{}", harness.log());
    harness
}

fn fault(harness: &Harness, kind: &str, times: u64) {
    let fault = json!({"on": "enroll-workflow", "kind": kind, "times": times, "contact": 1});
    harness.faults(fault);
}

/// How contact 1 ended: the verdict, how often HubSpot enrolled them, what the last claim says of it.
#[track_caller]
fn check(harness: &Harness, verdict: &str, enrolled: usize, showed: &str) -> Value {
    assert_eq!(harness.verdicts(1), [verdict], "{}", harness.log());
    assert_eq!(harness.enrolled(1), enrolled, "{}", harness.log());
    let claim = harness.claims(1).last().cloned().expect("a claim");
    assert_eq!(claim["evidence"]["showed"], showed, "{claim}");
    claim
}

#[test]
fn a_204_of_a_workflow_that_is_over_at_once_is_verified_by_its_stamp() {
    let harness = Harness::start(setup(&stamps()));
    enroll(&harness, 1);
    let claim = check(&harness, "enroll matched", 1, "stamped");
    assert_eq!(claim["verified"], true);
    let said = claim["evidence"]["says"].as_str().unwrap_or_default();
    assert!(said.contains("the workflow stamped its marker on"), "{said}");
}

#[test]
fn a_lost_answer_is_confirmed_by_the_stamp_or_repeated_once() {
    for (profile, lag_ms) in [("2026-03", 0), ("2026-03", 900), ("route-map", 0)] {
        for kind in ["apply-then-drop", "drop-before"] {
            let mut stamps = stamps();
            stamps["lag_ms"] = json!(lag_ms);
            let hubspot = if profile == "route-map" { "profile = \"route-map\"" } else { "" };
            let harness = proven(setup(&stamps).hubspot(hubspot));
            fault(&harness, kind, 1);
            enroll(&harness, 1);
            let claim = check(&harness, "enroll matched", 1, "stamped");
            assert_eq!(claim["verified"], true, "{profile} {kind}");
            assert_eq!(harness.listing("in-doubt"), [] as [Value; 0], "{profile} {kind}");
        }
    }
}

#[test]
fn a_second_lost_answer_is_for_a_person() {
    let harness = proven(setup(&stamps()));
    fault(&harness, "408", 2);
    enroll(&harness, 1);
    check(&harness, "hold in-doubt", 0, "unstamped");
    let listed = harness.listing("in-doubt");
    assert!(listed[0]["evidence"]["correlation"].is_string(), "{listed:?}");
    let said = listed[0]["evidence"]["says"].as_str().unwrap_or_default();
    assert!(said.contains("its marker was not stamped"), "{listed:?}");
}

#[test]
fn a_marker_that_was_never_seen_to_be_stamped_proves_nothing_by_its_absence() {
    // Nobody has built the first action: a repeat would enroll twice.
    for (kind, enrolled) in [("apply-then-drop", 1), ("drop-before", 0)] {
        let harness = Harness::start(setup(&Value::Null));
        fault(&harness, kind, 1);
        enroll(&harness, 1);
        check(&harness, "hold in-doubt", enrolled, "unstamped");
        let listed = harness.listing("in-doubt");
        let sentence = listed[0]["sentence"].as_str().unwrap_or_default();
        assert!(
            sentence.contains("its marker was not stamped, and never seen to be"),
            "{sentence}"
        );
    }
}

#[test]
fn what_was_proved_is_known_after_a_restart() {
    let mut harness = proven(setup(&stamps()));
    harness.stop();
    harness.restart();
    fault(&harness, "drop-before", 1);
    enroll(&harness, 1);
    check(&harness, "enroll matched", 1, "stamped");
}

#[test]
fn a_204_without_a_stamp_is_no_enrollment_and_frees_the_theme() {
    let harness = proven(setup(&stamps()));
    let off = json!([{"flow": 502, "workflow": 12, "name": "Again", "re_enrolls": true,
                      "enabled": false, "stamps": stamps()}]);
    harness.control("PUT /_sim/state", &json!({ "workflows": off }));
    enroll(&harness, 1);
    check(&harness, "fail not-confirmed", 0, "unstamped");
    assert!(harness.deliver(1, "score", "1"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["fail not-confirmed", "enroll matched"]);
}
