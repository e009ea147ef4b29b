//! People change: merges, deletions, privacy, restores, presses, our own writes, and addresses
//! that change (CONSISTENCY.md 6.2, 6.6 and 6.8; RELIABILITY.md F13 and T12).

mod erasure;
mod merges;
mod presses;

use hubroute::simulator::Delivery;
use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule, wait_until};

fn start(rules: String) -> Harness {
    Harness::start(Setup::with(rules))
}

/// Delivers events that the simulator gave, in its order.
#[track_caller]
fn deliver(harness: &Harness, answer: &Value) {
    let events = answer["events"].as_array().cloned().expect("events");
    let sent = harness.send(Delivery { events, ..harness.order() });
    assert!(sent[0].acknowledged, "{sent:?}");
}

/// A contact's change and everything that follows from it.
#[track_caller]
fn run(harness: &Harness, contact: u64, property: &str, value: &str) {
    assert!(harness.deliver(contact, property, value), "not acknowledged");
    harness.wait_until_idle(LONG);
}

#[track_caller]
fn merge(harness: &Harness, primary: u64, merged: u64, new_id: u64) -> Value {
    let merge = json!({"primary": primary, "merged": [merged], "new_id": new_id});
    harness.control("POST /_sim/merge", &merge)
}

#[track_caller]
fn check(harness: &Harness, contact: u64, verdicts: &[&str]) {
    assert_eq!(harness.verdicts(contact), verdicts, "{}", harness.log());
}

#[test]
fn what_waits_for_somebody_who_is_deleted_ends_and_a_restore_works_again() {
    let waits = rule("stage", "sequence intro").replace("enroll =", "delay = \"1 hour\"\nenroll =");
    let harness = start(waits + &rule("score", "sequence intro"));
    assert!(harness.deliver(1, "stage", "hot"));
    wait_until(&harness, "the delay", |it| it.listing("waiting").len() == 1);
    let gone = harness.control("DELETE /_sim/contacts/1", &json!({}));
    deliver(&harness, &gone);
    harness.wait_until_idle(LONG);
    check(&harness, 1, &["ignore deleted", "ignore deleted"]);
    // A change that was under way: the contact is looked for three times.
    let event = json!({"contact": 1, "property": "score", "value": "1"});
    harness.send(Delivery { events: vec![event], ..harness.order() });
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1).pop().as_deref(), Some("ignore deleted"));
    deliver(&harness, &harness.control("POST /_sim/restore", &json!({"contact": 1})));
    run(&harness, 1, "score", "2");
    assert_eq!(harness.verdicts(1).pop().as_deref(), Some("enroll matched"));
    assert_eq!((harness.enrolled(1), harness.verdicts(1).len()), (1, 5), "history is kept");
}

#[test]
fn an_open_claim_of_somebody_who_is_deleted_stays_until_evidence() {
    let harness = start(rule("stage", "sequence intro"));
    // Whoever reads the doubt back is put off until the contact is gone.
    harness.faults(json!([
        {"on": "enroll-sequence", "kind": "apply-then-drop", "times": 1},
        {"on": "read-contact", "kind": "503", "after": 1, "times": 4},
    ]));
    assert!(harness.deliver(1, "stage", "hot"));
    wait_until(&harness, "the doubt", |it| {
        it.claims(1).first().is_some_and(|claim| claim["state"] == "in-doubt")
    });
    deliver(&harness, &harness.control("DELETE /_sim/contacts/1", &json!({})));
    wait_until(&harness, "the review", |it| it.claims(1)[0]["state"] == "needs-review");
    assert_eq!(harness.listing("in-doubt").len(), 1);
    assert_eq!(harness.claims(1)[0]["why"], "the contact is deleted");
}

#[test]
fn an_address_that_changes_before_the_call_is_the_one_that_is_used() {
    let harness = start(rule("stage", "workflow nurture"));
    let address = json!({"properties": {"email": "ann+new@a.test"}});
    // The change of address comes between the event and the fresh read.
    harness.faults(json!({"on": "read-contact", "kind": "503", "times": 1}));
    assert!(harness.deliver(1, "stage", "hot"));
    harness.control("POST /_sim/contacts/1", &address);
    harness.wait_until_idle(LONG);
    check(&harness, 1, &["enroll matched"]);
    assert_eq!(harness.enrolled(1), 1, "{}", harness.log());
}

#[test]
fn a_doubt_is_read_back_by_id_where_the_address_changed_meanwhile() {
    let harness = start(rule("stage", "workflow nurture"));
    harness.faults(json!({"on": "enroll-workflow", "kind": "apply-then-drop", "times": 1}));
    assert!(harness.deliver(1, "stage", "hot"));
    wait_until(&harness, "the doubt", |it| !it.claims(1).is_empty());
    harness.control("POST /_sim/contacts/1", &json!({"properties": {"email": "other@a.test"}}));
    harness.wait_until_idle(LONG);
    check(&harness, 1, &["enroll matched"]);
    assert_eq!(harness.enrolled(1), 1);
}

#[test]
fn what_this_router_or_its_own_app_writes_fires_no_rule() {
    let bridge = "[portal.unenroll_bridge]\nproperty = \"out\"\n\n[defaults]";
    let book = BOOK.replace("[defaults]", bridge);
    let rules = rule("out", "sequence intro") + &rule("stage", "sequence intro");
    for (ignores, verdict) in [(false, "enroll matched"), (true, "ignore own-change")] {
        let book = if ignores {
            book.replace("[portal]", "[portal]\nignore_own_app = true")
        } else {
            book.clone()
        };
        let harness = Harness::start(Setup::with_book(&book, rules.clone()));
        run(&harness, 1, "out", "anything");
        check(&harness, 1, &["ignore own-change"]);
        // Another script that shares the app's token.
        let change = json!({
            "properties": {"stage": "hot"}, "source": "INTEGRATION", "source_id": "1160452",
            "deliver": serde_json::to_value(harness.order()).expect("an order"),
        });
        harness.control("POST /_sim/contacts/1", &change);
        harness.wait_until_idle(LONG);
        check(&harness, 1, &["ignore own-change", verdict]);
    }
}
