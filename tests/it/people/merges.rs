//! Merges: one person, whatever ids they have (CONSISTENCY.md 6.8).

use hubroute::simulator::{Delivery, Phase};
use serde_json::{Value, json};

use super::{check, deliver, merge, run, start, wait_until};
use crate::harness::{Harness, LONG, rule};

fn both() -> String {
    rule("stage", "sequence intro") + &rule("score", "workflow nurture")
}

/// The id that counts for a contact.
fn known_as(harness: &Harness, contact: u64) -> Value {
    harness.get(&format!("/api/v1/contacts/{contact}"))["contact"].clone()
}

/// The newest verdict of a contact.
fn last(harness: &Harness, contact: u64) -> String {
    harness.verdicts(contact).pop().unwrap_or_default()
}

#[test]
fn a_theme_is_held_while_any_id_holds_it_and_the_history_is_one() {
    let harness = start(both());
    run(&harness, 1, "stage", "hot");
    deliver(&harness, &merge(&harness, 2, 1, 99));
    run(&harness, 99, "score", "1");
    for id in [1, 2, 99] {
        assert_eq!(last(&harness, id), "skip already-in-theme", "{id}: {}", harness.log());
        let known = harness.get(&format!("/api/v1/contacts/{id}"));
        assert_eq!(known["contact"], "99", "{known}");
        assert_eq!(known["claims"].as_array().map(Vec::len), Some(1), "{known}");
        let explained = harness.get(&format!("/api/v1/contacts/{id}/explain"));
        assert_eq!(explained["calls"].as_array().map(Vec::len), Some(1), "{explained}");
    }
    assert_eq!(harness.enrolled(99), 1);
}

#[test]
fn without_its_event_a_merge_is_learned_from_the_read() {
    let harness = start(both());
    run(&harness, 1, "stage", "hot");
    merge(&harness, 2, 1, 99);
    // Known by the ids that the read lists, and by the id that answers for an old one.
    run(&harness, 99, "score", "1");
    assert_eq!(last(&harness, 99), "skip already-in-theme", "{}", harness.log());
    let event = json!({"contact": 2, "property": "score", "value": "1"});
    harness.send(Delivery { events: vec![event], ..harness.order() });
    harness.wait_until_idle(LONG);
    assert_eq!(last(&harness, 2), "skip already-in-theme", "{}", harness.log());
    let merged = harness.get("/api/v1/contacts/99")["merged_ids"].clone();
    assert_eq!(merged.as_array().map(Vec::len), Some(2), "{merged}");
    assert_eq!(harness.enrolled(99), 1);
}

#[test]
fn a_chain_of_merges_is_one_person_in_both_orders_of_its_events() {
    for turned in [false, true] {
        let harness = start(both());
        run(&harness, 1, "stage", "hot");
        let first = merge(&harness, 2, 1, 99);
        let second = merge(&harness, 3, 99, 100);
        let events = if turned { [second, first] } else { [first, second] };
        for it in &events {
            deliver(&harness, it);
        }
        for id in [1, 2, 3, 99, 100] {
            wait_until(&harness, "the chain", |it| known_as(it, id) == "100");
        }
        run(&harness, 100, "score", "1");
        assert_eq!(last(&harness, 1), "skip already-in-theme", "{}", harness.log());
        assert_eq!(harness.enrolled(100), 1);
    }
}

#[test]
fn what_waits_or_is_held_goes_over_and_is_decided_under_the_new_id() {
    let waits =
        rule("stage", "sequence intro").replace("enroll =", "delay = \"2 seconds\"\nenroll =");
    let held = rule("score", "workflow nurture").replace("\"live\"", "\"approval\"");
    let harness = start(waits + &held);
    assert!(harness.deliver(1, "score", "1"));
    wait_until(&harness, "the approval", |it| it.listing("held").len() == 1);
    assert!(harness.deliver(1, "stage", "hot"));
    wait_until(&harness, "the delay", |it| it.listing("waiting").len() == 1);
    deliver(&harness, &merge(&harness, 2, 1, 99));
    for list in ["held", "waiting"] {
        wait_until(&harness, list, |it| {
            it.listing(list).first().is_some_and(|entry| entry["contact"] == "99")
        });
    }
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(99), 1, "{}", harness.log());
    assert_eq!(harness.verdicts(1), harness.verdicts(99));
}

#[test]
fn a_merge_during_a_call_leaves_one_enrollment_and_one_claim() {
    let harness = start(both());
    harness.faults(json!({"on": "enroll-sequence", "kind": "delay", "ms": 600}));
    assert!(harness.deliver(1, "stage", "hot"));
    harness.reach(Phase::Received(1));
    deliver(&harness, &merge(&harness, 2, 1, 99));
    assert!(harness.deliver(99, "score", "1"));
    harness.wait_until_idle(LONG);
    let mut verdicts = harness.verdicts(99);
    verdicts.retain(|verdict| verdict != "ignore merged-record");
    verdicts.sort();
    assert_eq!(verdicts, ["enroll matched", "skip already-in-theme"], "{}", harness.log());
    assert_eq!((harness.enrolled(99), harness.claims(1).len()), (1, 1));
}

#[test]
fn a_doubt_from_before_a_merge_is_read_back_under_the_id_that_counts() {
    for told in [true, false] {
        let harness = start(both());
        harness.faults(json!({"on": "enroll-sequence", "kind": "apply-then-drop", "times": 1}));
        assert!(harness.deliver(1, "stage", "hot"));
        harness.reach(Phase::Applied(1));
        let merged = merge(&harness, 2, 1, 99);
        if told {
            deliver(&harness, &merged);
        }
        harness.wait_until_idle(LONG);
        assert!(harness.verdicts(99).contains(&"enroll matched".to_owned()), "{}", harness.log());
        run(&harness, 99, "score", "1");
        assert_eq!(last(&harness, 99), "skip already-in-theme", "{told}: {}", harness.log());
        assert_eq!(harness.enrolled(99), 1);
    }
}

#[test]
fn what_a_merge_writes_enrolls_nobody_unless_the_rule_says_so() {
    // An event may name another source: HubSpot's history tells.
    for (enrolls, disguised) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut rules = rule("stage", "sequence intro");
        if enrolls {
            rules = rules.replace("enroll =", "enroll_merged = true\nenroll =");
        }
        let harness = start(rules);
        harness.control("POST /_sim/contacts/1", &json!({"properties": {"stage": "hot"}}));
        let mut merged = merge(&harness, 2, 1, 99);
        let events = merged["events"].as_array_mut().expect("events");
        assert_eq!(events.len(), 3, "{events:?}");
        for event in events.iter_mut().filter(|_| disguised) {
            event["changeSource"] = json!("CRM_UI");
        }
        deliver(&harness, &merged);
        harness.wait_until_idle(LONG);
        assert_eq!(harness.enrolled(99), usize::from(enrolls), "{}", harness.log());
        let of_rule = harness.decisions("contact=99&rule=on-stage");
        assert_eq!(of_rule.len(), usize::from(enrolls || disguised), "{of_rule:?}");
        if let Some(row) = of_rule.first().filter(|_| !enrolls) {
            assert_eq!(row["reason"], "merged-record", "{row}");
        }
    }
}

#[test]
fn the_aliases_are_known_after_a_kill_and_from_the_journal_alone() {
    let mut harness = start(both());
    run(&harness, 1, "stage", "hot");
    deliver(&harness, &merge(&harness, 2, 1, 99));
    let shown = |it: &Harness| -> Value { it.get("/api/v1/contacts/1") };
    wait_until(&harness, "the alias", |it| shown(it)["contact"] == "99");
    let before = shown(&harness);
    harness.kill();
    harness.restart();
    assert_eq!(shown(&harness), before);
    harness.stop();
    std::fs::remove_dir_all(harness.store("index")).expect("an index");
    harness.restart();
    assert_eq!(shown(&harness), before);
    run(&harness, 99, "score", "1");
    assert_eq!(last(&harness, 99), "skip already-in-theme");
    check(&harness, 2, &harness.verdicts(1).iter().map(String::as_str).collect::<Vec<_>>());
}
