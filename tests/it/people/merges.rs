//! Merges: one person, whatever ids they have (CONSISTENCY.md 6.8).

use hubroute::simulator::{Delivery, Phase};
use serde_json::{Value, json};

use super::{check, deliver, merge, run, start, wait_until};
use crate::harness::{Harness, LONG, rule};

fn both() -> String {
    rule("stage", "sequence intro") + &rule("score", "workflow nurture")
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
    let event = json!({"contact": 2, "property": "score", "value": "2"});
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
        events.iter().for_each(|it| deliver(&harness, it));
        for id in [1, 2, 3, 99, 100] {
            let known = harness.get(&format!("/api/v1/contacts/{id}"));
            assert_eq!(known["contact"], "100", "{id}, turned {turned}: {known}");
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
    let lists = ["held", "waiting"].map(|list| harness.listing(list)[0]["contact"].clone());
    assert_eq!(lists, ["99", "99"], "{}", harness.log());
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
    verdicts.sort();
    let expected = ["enroll matched", "ignore merged-record", "skip already-in-theme"];
    assert_eq!(verdicts, expected, "{}", harness.log());
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
    for (enrolls, expected) in [(false, 0), (true, 1)] {
        let mut rules = rule("stage", "sequence intro");
        if enrolls {
            rules = rules.replace("enroll =", "enroll_merged = true\nenroll =");
        }
        let harness = start(rules);
        harness.control("POST /_sim/contacts/1", &json!({"properties": {"stage": "hot"}}));
        let merged = merge(&harness, 2, 1, 99);
        assert_eq!(merged["events"].as_array().map(Vec::len), Some(3), "{merged}");
        deliver(&harness, &merged);
        harness.wait_until_idle(LONG);
        assert_eq!(harness.enrolled(99), expected, "{}", harness.log());
        let written = harness.decisions("contact=99&rule=on-stage");
        assert_eq!(written.len(), expected, "{written:?}");
        // The event may say another source: HubSpot's history tells.
        let disguised = json!({
            "contact": 99, "property": "stage", "value": "hot", "source": "CRM_UI",
            "occurred": merged["events"][1]["occurredAt"].as_i64().map(|at| at + 1),
        });
        harness.send(Delivery { events: vec![disguised], ..harness.order() });
        harness.wait_until_idle(LONG);
        let expected = if enrolls { "skip already-enrolled-once" } else { "ignore merged-record" };
        let reasons = ["skip already-in-theme", expected];
        assert!(reasons.contains(&&*last(&harness, 99)), "{:?}", harness.verdicts(99));
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
