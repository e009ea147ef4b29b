//! `via = "property:NAME"`: a workflow that starts when a property is written.

use std::process::Command;

use hubroute::simulator::{Endpoint, Id};
use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

const PROPERTY: &str = "start_nurture";

/// `stage` enrolls into nurture by the property; HubSpot's workflow is in so many milliseconds
/// later, or never.
fn setup(after_ms: Option<u64>) -> Setup {
    let book =
        BOOK.replace("re_enrolls = false", "re_enrolls = false\nvia = \"property:start_nurture\"");
    let state = json!({
        "settings": {"starts": [{"property": PROPERTY, "flow": 501, "after_ms": after_ms}]},
        "workflows": [{"flow": 501, "workflow": 11, "name": "Nurture"}],
    });
    Setup::with_book(&book, rule("stage", "workflow nurture")).state(state)
}

/// What the property of contact 1 was written with, in order.
fn stamps(harness: &Harness) -> Vec<String> {
    let state = harness.simulator.state();
    let versions = state.contacts[&Id::from(1)].history.get(PROPERTY).cloned();
    versions.unwrap_or_default().into_iter().map(|version| version.value).collect()
}

fn calls(harness: &Harness, endpoint: Endpoint) -> u64 {
    harness.counts().calls.get(&endpoint).into_iter().flat_map(|it| it.values()).sum()
}

fn enroll(harness: &Harness) {
    assert!(harness.deliver(1, "stage", "hot"), "not acknowledged");
    harness.wait_until_idle(LONG);
}

#[test]
fn the_property_is_written_and_the_workflow_enrolls() {
    let harness = Harness::start(setup(Some(700)));
    enroll(&harness);
    assert_eq!(harness.verdicts(1), ["enroll matched"], "{}", harness.log());
    assert_eq!(harness.enrolled(1), 1);
    let written = calls(&harness, Endpoint::WriteContact);
    assert_eq!((written, calls(&harness, Endpoint::EnrollWorkflow)), (1, 0));
    assert_eq!(stamps(&harness).len(), 1);
    assert!(stamps(&harness)[0].ends_with(".on-stage"), "{:?}", stamps(&harness));
    // HubSpot tells of what we wrote: it is nobody's change.
    assert!(harness.deliver(1, PROPERTY, "by hand"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1).last().map(String::as_str), Some("ignore own-change"));
}

#[test]
fn an_unknown_write_is_read_back_and_asked_for_once_more_with_the_same_value() {
    for (kind, written) in [("apply-then-drop", 1), ("drop-before", 1)] {
        let harness = Harness::start(setup(Some(100)));
        harness.faults(json!({"on": "write-contact", "kind": kind, "times": 1}));
        enroll(&harness);
        assert_eq!(harness.verdicts(1), ["enroll matched"], "{kind}: {}", harness.log());
        assert_eq!((harness.enrolled(1), stamps(&harness).len()), (1, written), "{kind}");
    }
}

#[test]
fn a_workflow_that_does_not_start_is_for_a_person() {
    let harness = Harness::start(setup(None));
    enroll(&harness);
    assert_eq!(harness.verdicts(1), ["hold in-doubt"], "{}", harness.log());
    assert_eq!(stamps(&harness).len(), 1);
    harness.control(
        "PUT /_sim/state",
        &json!({"settings": {"starts": [{"property": PROPERTY, "flow": 501, "after_ms": 100}]}}),
    );
    // The same value again would be no change: who says that it did nothing has it asked anew.
    let listed = harness.listing("in-doubt");
    let id = listed[0]["id"].as_str().expect("a claim's id").to_owned();
    let words = ["in-doubt", "resolve", &id, "--as", "not-enrolled", "--who", "ann", "--note", "n"];
    let admin = harness.router().admin_url().replace("http://", "");
    let output = Command::new(env!("CARGO_BIN_EXE_hubroute"))
        .args(words)
        .current_dir(harness.folder())
        .env_clear()
        .env("HUBROUTE_ADMIN_LISTEN", admin)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["enroll matched"], "{}", harness.log());
    let stamps = stamps(&harness);
    assert_eq!(stamps.len(), 2);
    assert_eq!(stamps[1], format!("{}/1", stamps[0]));
    let claims: Vec<Value> = harness.claims(1);
    assert_eq!(claims.len(), 2, "{claims:?}");
}
