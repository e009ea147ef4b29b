//! Interleavings of CONSISTENCY.md section 6 against the running router, each named by the fact
//! that closes it.

use std::time::SystemTime;

use hubroute::simulator::{Delivery, Phase};
use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

fn start(into: &str) -> Harness {
    Harness::start(Setup::with(rule("stage", into)))
}

/// Contact 1's event, then a wait until nothing comes back by itself.
#[track_caller]
fn run(harness: &Harness) {
    assert!(harness.deliver(1, "stage", "hot"), "not acknowledged");
    harness.wait_until_idle(LONG);
}

/// How contact 1's event ended, and how often HubSpot enrolled them through the API.
#[track_caller]
fn check(harness: &Harness, verdict: &str, enrolled: usize) {
    assert_eq!(harness.verdicts(1), [verdict], "{}", harness.log());
    assert_eq!(harness.enrolled(1), enrolled, "{}", harness.log());
}

// 6.1

#[test]
fn a_dry_run_rule_of_better_priority_does_not_hold_the_theme_against_a_live_one() {
    let watching = rule("stage", "workflow nurture")
        .replace("\"live\"", "\"dry-run\"\npriority = 1")
        .replace("on-stage", "watching");
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro") + &watching));
    run(&harness);
    let mut verdicts = harness.verdicts(1);
    verdicts.sort();
    assert_eq!(verdicts, ["enroll matched", "enroll would-enroll"]);
    assert_eq!(harness.enrolled(1), 1);
}

// 6.3 and 6.15

#[test]
fn of_two_themes_due_together_the_blocking_one_goes_first_and_the_other_never() {
    let book =
        BOOK.replace("cooldown = \"0 days\"", "cooldown = \"0 days\"\nblocks = [\"care\"]") + CARE;
    let rules = rule("stage", "sequence intro")
        + &rule("stage", "sequence care").replace("on-stage", "care");
    let harness = Harness::start(Setup::with_book(&book, rules));
    run(&harness);
    let mut verdicts = harness.verdicts(1);
    verdicts.sort();
    assert_eq!(verdicts, ["enroll matched", "skip blocked-by-theme"]);
    let enrolled = harness.simulator.state().enrolled;
    assert_eq!(format!("{:?}", enrolled[0].target), "Sequence(Id(\"101\"))");
}

#[test]
fn of_two_themes_due_together_one_call_is_under_way_at_a_time() {
    let rules = rule("stage", "sequence intro")
        + &rule("stage", "sequence care").replace("on-stage", "care");
    let state = json!({
        "conversations": [{"name": "sales", "sequences": [101]}, {"name": "care", "sequences": [102]}],
    });
    let setup = Setup::with_book(&(BOOK.to_owned() + CARE), rules).state(state);
    let harness = Harness::start(setup);
    let delay = json!({"on": "enroll-sequence", "kind": "delay", "ms": 300});
    harness.faults(delay);
    let changes: Vec<_> = (1..=4).map(|n| (n, "stage".to_owned(), "hot".to_owned())).collect();
    harness.deliver_all(&changes, 4);
    harness.wait_until_idle(LONG);
    let phases = harness.counts().phases;
    assert_eq!(phases.len(), 8, "two calls for each of four");
    for contact in 1..=4_u64 {
        let id = contact.to_string();
        let mut calls: Vec<_> = phases
            .iter()
            .filter(|call| call.contact.as_ref().is_some_and(|known| known.as_str() == id))
            .map(|call| (call.received_at, call.answered_at.expect("an answer")))
            .collect();
        calls.sort_unstable();
        assert!(calls[0].1 <= calls[1].0, "contact {contact}: {calls:?} overlap");
    }
}

const CARE: &str = r#"
[themes.care]
says     = "Somebody else writes"
cooldown = "0 days"

[sequences.care]
id    = 102
theme = "care"
"#;

// 6.4

#[test]
fn last_months_end_date_does_not_free_the_theme_and_the_end_of_ours_does() {
    let rules = rule("stage", "sequence intro") + &rule("score", "sequence intro");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let days_ago = |days: u64| now.as_secs().saturating_sub(days * 86_400) * 1_000;
    // HubSpot's properties lag: they show last month's sequence and its end.
    let state = json!({
        "settings": {"properties_lag_ms": 600_000},
        "enrolled": [{
            "contact": 1, "sequence": 101, "at": days_ago(30), "by": "hand",
            "ended": {"at": days_ago(20), "how": "finish"},
        }],
    });
    let harness = Harness::start(Setup::with(rules).state(state));
    run(&harness);
    check(&harness, "enroll matched", 1);
    assert!(harness.deliver(1, "score", "1"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["enroll matched", "skip already-in-theme"]);
    harness.control("POST /_sim/enrollments/end", &json!({"contact": 1, "how": "reply"}));
    harness.control("PUT /_sim/state", &json!({"settings": {"properties_lag_ms": 0}}));
    assert!(harness.deliver(1, "score", "2"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1)[2..], ["enroll matched"], "{}", harness.log());
    assert_eq!(harness.enrolled(1), 2);
}

#[test]
fn the_end_of_an_enrollment_from_before_a_merge_frees_the_theme() {
    let rules = ["stage", "score", "third"].map(|property| rule(property, "sequence intro"));
    let rules = rules.concat();
    let harness = Harness::start(Setup::with(rules));
    run(&harness);
    check(&harness, "enroll matched", 1);
    let merge = json!({"primary": 2, "merged": [1], "new_id": 99});
    let merged = harness.control("POST /_sim/merge", &merge);
    let events = merged["events"].as_array().cloned().expect("events");
    assert!(harness.send(Delivery { events, ..harness.order() })[0].acknowledged);
    assert!(harness.deliver(99, "score", "1"));
    harness.wait_until_idle(LONG);
    assert_eq!(last_verdict(&harness), "skip already-in-theme", "{}", harness.log());
    // What ends it is read for one event, and still known for the next.
    for property in ["score", "third"] {
        harness.control("POST /_sim/enrollments/end", &json!({"contact": 99, "how": "reply"}));
        assert!(harness.deliver(99, property, "2"));
        harness.wait_until_idle(LONG);
        assert_eq!(last_verdict(&harness), "enroll matched", "{}", harness.log());
    }
    assert_eq!(harness.enrolled(99), 3);
}

fn last_verdict(harness: &Harness) -> String {
    harness.verdicts(99).pop().expect("a decision")
}

// 6.6

#[test]
fn a_lost_answer_is_read_back_and_not_repeated() {
    for kind in ["apply-then-drop", "truncated", "wrong-shape", "502", "apply-then-hang"] {
        let harness = start("sequence intro");
        harness.faults(json!({"on": "enroll-sequence", "kind": kind, "times": 1, "effect": true}));
        run(&harness);
        check(&harness, "enroll matched", 1);
        assert_eq!(harness.counts().phases.len(), 1, "{kind}: called again");
    }
}

#[test]
fn an_enrollment_that_is_over_before_we_look_is_confirmed_and_not_repeated() {
    for shows_ended in [true, false] {
        let state = json!({"settings": {"shows_ended": shows_ended}});
        let setup = Setup::with(rule("stage", "sequence intro")).state(state);
        let harness = Harness::start(setup);
        // Nobody can look before the enrollment is over.
        harness.faults(json!([
            {"on": "enroll-sequence", "kind": "apply-then-drop", "times": 1},
            {"on": "read-enrollment", "kind": "503", "times": 1},
        ]));
        assert!(harness.deliver(1, "stage", "hot"));
        harness.reach(Phase::Applied(1));
        harness.control("POST /_sim/enrollments/end", &json!({"contact": 1, "how": "reply"}));
        harness.wait_until_idle(LONG);
        check(&harness, "enroll matched", 1);
    }
}

#[test]
fn a_call_that_had_no_effect_is_repeated_once_after_verify_for() {
    let harness = start("sequence intro");
    harness.faults(json!({"on": "enroll-sequence", "kind": "drop-before", "times": 1}));
    run(&harness);
    check(&harness, "enroll matched", 1);
    let phases = harness.counts().phases;
    assert_eq!(phases.len(), 2, "{phases:?}");
    let pause = phases[1].received_at - phases[0].received_at;
    assert!(2_000 <= pause, "repeated after {pause} ms, within verify_for");
}

#[test]
fn after_a_second_lost_answer_only_a_person_decides() {
    let harness = start("sequence intro");
    harness.faults(json!({"on": "enroll-sequence", "kind": "drop-before", "times": 2}));
    run(&harness);
    check(&harness, "hold in-doubt", 0);
    assert_eq!(harness.counts().phases.len(), 2);
    assert_eq!(harness.listing("in-doubt").len(), 1);
}

#[test]
fn a_404_that_never_proved_itself_is_not_absence() {
    let state = json!({"settings": {"no_enrollment": "not-found"}});
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")).state(state));
    harness.faults(json!({"on": "enroll-sequence", "kind": "drop-before", "times": 1}));
    run(&harness);
    check(&harness, "hold in-doubt", 0);
    assert_eq!(harness.counts().phases.len(), 1, "called again without a read that counts");
}

#[test]
fn a_404_counts_where_an_earlier_run_proved_the_read() {
    let state = json!({"settings": {"no_enrollment": "not-found"}});
    let mut harness = Harness::start(Setup::with(rule("stage", "sequence intro")).state(state));
    assert!(harness.deliver(2, "stage", "hot"));
    harness.wait_until_idle(LONG);
    harness.stop();
    harness.restart();
    harness.faults(json!({"on": "enroll-sequence", "kind": "drop-before", "times": 1}));
    run(&harness);
    assert_eq!(harness.verdicts(1), ["enroll matched"], "{}", harness.log());
    assert_eq!(harness.counts().phases.len(), 3, "one for contact 2, two for contact 1");
}

#[test]
fn already_enrolled_in_ours_is_an_enrollment() {
    // The first call's answer is a refusal, although it enrolled.
    let harness = start("sequence intro");
    harness.faults(json!({
        "on": "enroll-sequence", "kind": "400", "times": 1, "effect": true,
        "error_type": "SequenceError.ALREADY_ENROLLED",
    }));
    run(&harness);
    check(&harness, "enroll matched", 1);
}

#[test]
fn already_enrolled_in_another_is_a_skip_that_frees_the_slot() {
    let state = json!({"settings": {"already_enrolled": "refuse", "properties_lag_ms": 600_000}});
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")).state(state));
    // A rep enrolls them by hand, and HubSpot's properties do not show it yet.
    harness.control("POST /_sim/enrollments", &json!({"contact": 1, "sequence": 102, "user": 71}));
    run(&harness);
    check(&harness, "skip already-in-theme", 0);
    assert_eq!(harness.counts().phases.len(), 1, "HubSpot refused the one call");
    assert_eq!(used(&harness, "rep"), json!(0), "the slot");
}

// 6.7

#[test]
fn a_204_of_a_workflow_that_is_off_is_no_enrollment_and_frees_the_theme() {
    let rules = rule("stage", "workflow off") + &rule("score", "sequence intro");
    let harness = Harness::start(Setup::with(rules));
    run(&harness);
    check(&harness, "fail not-confirmed", 0);
    assert!(harness.deliver(1, "score", "1"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["fail not-confirmed", "enroll matched"]);
}

#[test]
fn a_204_of_a_workflow_that_shows_is_a_verified_enrollment() {
    let harness = start("workflow nurture");
    run(&harness);
    check(&harness, "enroll matched", 1);
    assert_eq!(claim(&harness)["verified"], true);
}

#[test]
fn a_204_of_a_workflow_that_may_be_over_is_an_unverified_enrollment() {
    let state = json!({"workflows": [
        {"flow": 502, "workflow": 12, "name": "Instant", "re_enrolls": true, "runs_for_ms": 0},
    ]});
    let harness = Harness::start(Setup::with(rule("stage", "workflow again")).state(state));
    run(&harness);
    check(&harness, "enroll matched", 1);
    assert_eq!(claim(&harness)["verified"], false);
}

fn claim(harness: &Harness) -> Value {
    harness.claims(1).first().cloned().expect("a claim")
}

// 6.9 and 6.10

#[test]
fn eight_workers_that_see_three_free_slots_give_three_of_ten_and_seven_wait() {
    let book = BOOK.replace("daily_budget = 10000", "daily_budget = 3");
    let harness = Harness::start(Setup::with_book(&book, rule("stage", "sequence intro")));
    all_but_waiting(&harness, 7);
    assert_eq!(harness.counts().enrollments, 3);
    let verdicts = harness.verdict_counts();
    assert_eq!(verdicts.get("wait budget-exhausted"), Some(&7), "{verdicts:?}");
    assert_eq!(used(&harness, "rep"), json!(3));
}

#[test]
fn a_full_sender_means_the_next_one() {
    let book = BOOK.replace("daily_budget = 10000", "daily_budget = 3") + SECOND;
    let rules =
        rule("stage", "sequence intro").replace("[\"user:rep\"]", "[\"user:rep\", \"user:two\"]");
    let harness = Harness::start(Setup::with_book(&book, rules));
    all_but_waiting(&harness, 3);
    assert_eq!(harness.counts().enrollments, 7);
    assert_eq!((used(&harness, "rep"), used(&harness, "two")), (json!(3), json!(4)));
}

#[test]
fn two_senders_of_one_inbox_share_its_budget() {
    let book = BOOK.replace("daily_budget = 10000", "daily_budget = 3")
        + &SECOND.replace("two@us.test", "REP@us.test").replace("= 4", "= 3");
    let rules =
        rule("stage", "sequence intro").replace("[\"user:rep\"]", "[\"user:rep\", \"user:two\"]");
    let harness = Harness::start(Setup::with_book(&book, rules));
    all_but_waiting(&harness, 7);
    assert_eq!(harness.counts().enrollments, 3);
}

#[test]
fn a_call_in_doubt_keeps_its_budget_slot() {
    let book = BOOK.replace("daily_budget = 10000", "daily_budget = 1");
    let harness = Harness::start(Setup::with_book(&book, rule("stage", "sequence intro")));
    harness.faults(json!({"on": "enroll-sequence", "kind": "drop-before", "contact": 1}));
    run(&harness);
    check(&harness, "hold in-doubt", 0);
    assert!(harness.deliver(2, "stage", "hot"));
    harness.wait_for(LONG, |_| harness.verdicts(2) == ["wait budget-exhausted"]);
    assert_eq!(harness.enrolled(2), 0);
}

const SECOND: &str = r#"
[senders.two]
email        = "two@us.test"
user_id      = 72
daily_budget = 4
"#;

/// Ten contacts at once; waits until all are decided and so many wait for a sender.
#[track_caller]
fn all_but_waiting(harness: &Harness, waiting: u64) {
    let changes: Vec<_> = (1..=10).map(|n| (n, "stage".to_owned(), "hot".to_owned())).collect();
    harness.deliver_all(&changes, 10);
    let settled = 10 - waiting;
    harness.wait_for(LONG, |status| {
        status["queue"]["journal"] == json!(0)
            && status["queue"]["waiting"] == json!(waiting)
            && status["decisions"]["enroll"] == json!(settled)
            // A settling item waits too; it is not decided yet.
            && (0 == waiting || harness.verdict_counts().contains_key("wait budget-exhausted"))
            && !harness.verdict_counts().contains_key("wait settling")
    });
}

/// How many slots of a sender are used.
fn used(harness: &Harness, name: &str) -> Value {
    let senders = harness.get("/api/v1/senders")["results"].clone();
    let sender = senders.as_array().into_iter().flatten().find(|sender| sender["name"] == name);
    sender.expect("the sender")["used"].clone()
}
