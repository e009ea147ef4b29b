//! HubSpot in trouble: circuits of targets and of HubSpot as a whole, and contacts that nobody
//! can read. Nothing is dropped; others go on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Harness, LONG, Setup, rule};

fn alerts(harness: &Harness) -> Vec<String> {
    let status = harness.status();
    let alerts = status["alerts"].as_array().cloned().unwrap_or_default();
    alerts.iter().filter_map(|alert| alert["code"].as_str().map(str::to_owned)).collect()
}

fn has(harness: &Harness, code: &str) -> bool {
    alerts(harness).iter().any(|alert| alert == code)
}

fn hot(contacts: impl Iterator<Item = u64>) -> Vec<(u64, String, String)> {
    contacts.map(|contact| (contact, "stage".to_owned(), "hot".to_owned())).collect()
}

#[test]
fn a_target_that_does_not_answer_rests_and_is_tried_again_by_itself() {
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")).contacts(20));
    harness.faults(json!({"on": "enroll-sequence", "kind": "503"}));
    harness.deliver_all(&hot(1..=20), 4);
    harness.wait_for(LONG, |_| has(&harness, "circuit-open"));
    let calls = harness.counts().phases.len();
    assert!(calls < 20, "{calls} calls left although none was answered");
    harness.wait_for(LONG, |_| harness.verdict_counts().contains_key("wait hubspot-unreachable"));
    assert!(harness.text("/metrics").contains("hubroute_alert{code=\"circuit-open\"} 1"));
    harness.faults(json!([]));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.counts().enrollments, 20, "{:?}", harness.verdict_counts());
    assert!(!has(&harness, "circuit-open"), "{:?}", alerts(&harness));
}

#[test]
fn while_hubspot_does_not_answer_nobody_is_tried_and_then_everybody_goes_on() {
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")).contacts(60));
    harness.faults(json!({"on": "any", "kind": "503"}));
    harness.deliver_all(&hot(1..=60), 4);
    harness.wait_for(LONG, |_| has(&harness, "hubspot-unreachable"));
    std::thread::sleep(Duration::from_secs(3));
    let reads: u64 = calls(&harness);
    assert!(reads <= 40, "{reads} calls of 60 contacts in an outage");
    harness.faults(json!([]));
    harness.wait_until_idle(LONG * 2);
    assert_eq!(harness.counts().enrollments, 60, "{:?}", harness.verdict_counts());
    assert!(!has(&harness, "hubspot-unreachable"));
}

fn calls(harness: &Harness) -> u64 {
    let counts = serde_json::to_value(harness.counts().calls).expect("counts are JSON");
    counts.as_object().into_iter().flatten().filter_map(|(_, count)| Value::as_u64(count)).sum()
}

#[test]
fn a_contact_that_cannot_be_read_becomes_a_dead_letter_and_the_others_go_on() {
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")).contacts(100));
    harness.faults(json!({"on": "read-contact", "kind": "500", "contact": 7}));
    harness.deliver_all(&hot(1..=100), 4);
    harness.wait_for(LONG, |_| harness.counts().enrollments == 99);
    assert_eq!(harness.verdicts(7), ["wait hubspot-unreachable"]);
    harness.wait_for(LONG * 4, |_| harness.verdicts(7) == ["hold dead-letter"]);
    // Five reads where a good contact takes a read and a call: three calls more than 200.
    let held = harness.listing("held");
    assert_eq!(held.len(), 1, "{held:?}");
    let id = held[0]["id"].as_str().expect("an id");
    harness.faults(json!([]));
    let press = json!({"who": "ann", "note": "mended"});
    let (status, answer) = harness.press(&format!("/api/v1/held/{id}/release"), &press);
    assert_eq!(status, 200, "{answer}");
    harness.wait_for(LONG, |_| harness.verdicts(7)[0].starts_with("enroll "));
    assert_eq!(harness.enrolled(7), 1);
}
