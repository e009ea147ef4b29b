//! Unenrolling for real: HubSpot's calls, the bridge quick, slow and broken, kills in between.

mod consistency;

use hubroute::simulator::{Enrollment, Id};
use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule, wait_until};

/// The usual address book with a bridge, and a theme of its own for what comes then.
fn book(confirm_within: &str) -> String {
    let bridge = format!(
        "[portal.unenroll_bridge]\nproperty = \"out\"\nconfirm_within = \"{confirm_within}\"\n\n"
    );
    BOOK.replace("[defaults]", &format!("{bridge}[defaults]"))
        + r#"
[sequences.other]
id    = 102
theme = "sales"

[themes.care]
says     = "Marketing writes"
cooldown = "0 days"

[workflows.caring]
id         = 504
theme      = "care"
holds_for  = "45 days"
re_enrolls = false
"#
}

/// A live rule that takes whoever changes `exit` out, with more keys.
fn exit(unenroll: &str, more: &str) -> String {
    format!(
        "[[rule]]\nid = \"exit\"\nsays = \"Whoever changes exit leaves\"\nmode = \"live\"\n\
         when = {{ property = \"exit\", changes = true }}\nunenroll = {unenroll}\n{more}\n"
    )
}

const SALES: &str = "{ themes = [\"sales\"] }";
const THEN: &str = "then_enroll = { workflow = \"caring\" }";

/// `stage` enrolls into `into`, `exit` takes out of sales; the bridge acts after so many
/// milliseconds, or never.
fn setup(into: &str, more: &str, (after_ms, confirm_within): (Option<u64>, &str)) -> Setup {
    let rules = rule("stage", into) + &exit(SALES, more);
    let state = json!({
        "settings": {"bridge": {"property": "out", "after_ms": after_ms}},
        "workflows": [
            {"flow": 501, "workflow": 11, "name": "Nurture"},
            {"flow": 504, "workflow": 14, "name": "Caring"},
        ],
        "conversations": [
            {"name": "sales", "sequences": [101, 102], "workflows": [501], "blocks": ["care"]},
            {"name": "care", "workflows": [504]},
        ],
    });
    Setup::with_book(&book(confirm_within), rules).state(state)
}

#[track_caller]
fn run(harness: &Harness, property: &str) {
    assert!(harness.deliver(1, property, "yes"), "not acknowledged");
    harness.wait_until_idle(LONG);
}

/// Enrolled by `stage`, then taken out by `exit`.
#[track_caller]
fn enter_and_leave(harness: &Harness) {
    run(harness, "stage");
    assert_eq!(harness.verdicts(1), ["enroll matched"], "{}", harness.log());
    run(harness, "exit");
}

#[track_caller]
fn check(harness: &Harness, verdicts: &[&str]) {
    assert_eq!(harness.verdicts(1), verdicts, "{}", harness.log());
}

/// Contact 1's enrollments, as HubSpot booked them.
fn booked(harness: &Harness) -> Vec<Enrollment> {
    let all = harness.simulator.state().enrolled;
    all.into_iter().filter(|entry| entry.contact == Id::from(1)).collect()
}

/// What contact 1's bridge property holds, and its versions.
fn stamps(harness: &Harness) -> Vec<(i64, String)> {
    let state = harness.simulator.state();
    let versions = state.contacts[&Id::from(1)].history.get("out").cloned().unwrap_or_default();
    versions.into_iter().map(|version| (version.at, version.value)).collect()
}

#[test]
fn a_workflow_is_left_by_hubspots_own_call() {
    let harness = Harness::start(setup("workflow nurture", "", (None, "5 minutes")));
    enter_and_leave(&harness);
    check(&harness, &["enroll matched", "unenroll matched"]);
    let counts = harness.counts();
    assert_eq!((counts.unenrolled, counts.bridge.started), (1, 0));
    assert!(booked(&harness)[0].ended.is_some());
    assert!(harness.claims(1)[0]["ended_at"].is_string(), "{:?}", harness.claims(1));
    let decisions = harness.decisions("contact=1");
    assert_eq!(decisions[1]["from"], json!(["nurture"]));
    // Nothing is left to leave.
    assert!(harness.deliver(1, "exit", "again"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1).pop().as_deref(), Some("skip not-enrolled"));
}

#[test]
fn a_lost_answer_of_an_unenroll_is_read_back() {
    for kind in ["apply-then-drop", "drop-before", "502", "408"] {
        let harness = Harness::start(setup("workflow nurture", THEN, (None, "5 minutes")));
        harness.faults(json!({"on": "unenroll-workflow", "kind": kind, "times": 1}));
        enter_and_leave(&harness);
        check(&harness, &["enroll matched", "unenroll matched", "enroll matched"]);
        assert_eq!(harness.counts().unenrolled, 1, "{kind}");
        // HubSpot's id of the call is there for its support, where an answer had one.
        let calls = harness.get("/api/v1/contacts/1/explain")["calls"].clone();
        let named = |call: &&Value| call["correlation"].is_string();
        let named = calls.as_array().into_iter().flatten().filter(named).count();
        assert_eq!(named, usize::from(kind == "408"), "{kind}: {calls}");
    }
}

#[test]
fn under_the_route_map_a_sequence_is_left_by_its_delete() {
    let setup = setup("sequence intro", THEN, (None, "5 minutes"));
    let harness = Harness::start(setup.hubspot("profile = \"route-map\"\n"));
    enter_and_leave(&harness);
    check(&harness, &["enroll matched", "unenroll matched", "enroll matched"]);
    let counts = harness.counts();
    assert_eq!((counts.unenrolled, counts.bridge.started), (1, 0));
    assert!(booked(&harness)[0].ended.is_some());
}

#[test]
fn a_quick_bridge_takes_the_contact_out_and_is_cleared() {
    let harness = Harness::start(setup("sequence intro", "", (Some(50), "1 minute")));
    enter_and_leave(&harness);
    check(&harness, &["enroll matched", "unenroll matched"]);
    let bridge = harness.counts().bridge;
    assert_eq!((bridge.started, bridge.unenrolled), (1, 1));
    let stamps = stamps(&harness);
    assert_eq!(stamps.len(), 2, "{stamps:?}");
    assert_eq!(stamps[1].1, "", "it can fire again");
    assert!(harness.claims(1)[0]["ended_at"].is_string(), "{:?}", harness.claims(1));
    // It does: the second time is as good as the first.
    for property in ["stage", "exit"] {
        assert!(harness.deliver(1, property, "again"));
        harness.wait_until_idle(LONG);
    }
    check(
        &harness,
        &["enroll matched", "unenroll matched", "skip already-enrolled-once", "skip not-enrolled"],
    );
}

#[test]
fn a_slow_bridge_is_waited_for_and_nothing_follows_before_it_has_acted() {
    let harness = Harness::start(setup("sequence intro", THEN, (Some(2_000), "1 minute")));
    run(&harness, "stage");
    assert!(harness.deliver(1, "exit", "yes"));
    wait_until(&harness, "bridge-pending", |harness| {
        harness.verdicts(1).contains(&"unenroll bridge-pending".to_owned())
    });
    assert_eq!(harness.listing("waiting").len(), 1, "it is visible while it waits");
    harness.wait_until_idle(LONG);
    check(&harness, &["enroll matched", "unenroll matched", "enroll matched"]);
    let (booked, stamps) = (booked(&harness), stamps(&harness));
    let ended = booked[0].ended.expect("an end").at;
    assert!(ended <= booked[1].at, "then_enroll before the end: {booked:?}");
    assert!(stamps[1].0 <= booked[1].at, "then_enroll before the clear: {stamps:?} {booked:?}");
}

#[test]
fn a_broken_bridge_is_reported_and_holds_everything_as_it_was() {
    let harness = Harness::start(setup("sequence intro", THEN, (None, "1 second")));
    enter_and_leave(&harness);
    check(&harness, &["enroll matched", "fail bridge-broken"]);
    assert_eq!(stamps(&harness).last().map(|it| it.1.clone()).as_deref(), Some(""));
    assert!(booked(&harness)[0].ended.is_none());
    assert_eq!(harness.enrolled(1), 1, "nothing is enrolled then");
    let text = "The unenroll bridge did not act within 1 second. Is the workflow on?";
    assert_eq!(harness.decisions("contact=1")[1]["sentence"], text);
}

#[test]
fn what_somebody_started_by_hand_is_left_by_the_bridge() {
    for (sequence, name) in [(102, "other"), (103, "sequence 103")] {
        let harness = Harness::start(setup("sequence intro", "", (Some(50), "1 minute")));
        let by_hand = json!({"contact": 1, "sequence": sequence, "user": 71});
        harness.control("POST /_sim/enrollments", &by_hand);
        run(&harness, "exit");
        check(&harness, &["unenroll matched"]);
        assert_eq!(harness.decisions("contact=1")[0]["from"], json!([name]));
        assert!(booked(&harness)[0].ended.is_some());
    }
}

#[test]
fn replace_is_an_unenroll_and_then_an_enroll() {
    let mut setup = setup("sequence intro", "", (Some(50), "1 minute"));
    setup.files[1].1 += &(rule("better", "sequence other") + "on_conflict = \"replace\"\n");
    let harness = Harness::start(setup);
    run(&harness, "stage");
    run(&harness, "better");
    let mut verdicts = harness.verdicts(1);
    verdicts.sort();
    assert_eq!(verdicts, ["enroll matched", "enroll matched", "unenroll matched"]);
    let booked = booked(&harness);
    assert!(booked[0].ended.is_some_and(|end| end.at <= booked[1].at), "{booked:?}");
}

#[test]
fn a_suppression_that_comes_to_hold_takes_the_contact_out() {
    let mut setup = setup("sequence intro", "", (Some(50), "1 minute"));
    setup.files[1].1 += "[[suppress]]\nid = \"customers\"\nsays = \"Customers are left alone\"\n\
                         also_unenroll = true\nif = [{ property = \"customer\", is = \"yes\" }]\n";
    let harness = Harness::start(setup);
    run(&harness, "stage");
    run(&harness, "customer");
    check(&harness, &["enroll matched", "unenroll suppressed-later"]);
    assert_eq!(harness.decisions("contact=1")[1]["by"], "customers");
    assert!(booked(&harness)[0].ended.is_some());
}

#[test]
fn killed_between_stamp_and_confirmation_nobody_is_lost_or_left_twice() {
    for kill_unanswered in [false, true] {
        let setup = setup("sequence intro", THEN, (Some(700), "1 minute"));
        let mut harness = Harness::start(setup.contacts(4));
        for n in 1..=4_usize {
            let contact = u64::try_from(n).expect("few");
            assert!(harness.deliver(contact, "stage", "yes"));
            harness.wait_until_idle(LONG);
            if kill_unanswered {
                let hang = json!({"on": "write-contact", "kind": "apply-then-hang", "times": 1});
                harness.faults(hang);
            }
            assert!(harness.deliver(contact, "exit", "yes"));
            wait_until(&harness, "the stamp", |it| it.counts().bridge.started == n);
            harness.kill();
            harness.faults(json!([]));
            harness.simulator.release();
            harness.restart();
            harness.wait_until_idle(LONG);
            let verdicts = harness.verdicts(contact);
            let expected = ["enroll matched", "unenroll matched", "enroll matched"];
            assert_eq!(verdicts, expected, "{}", harness.log());
            let counts = harness.counts();
            let seen = (counts.bridge.started, counts.unenrolled, counts.enrollments);
            assert_eq!(seen, (n, n, 2 * n), "stamped, left, enrolled\n{}", harness.log());
        }
        assert_eq!(harness.counts().repeats, 0);
    }
}

#[test]
fn killed_around_the_call_that_leaves_a_workflow_nobody_is_lost() {
    for kind in ["hang", "apply-then-hang"] {
        let mut harness = Harness::start(setup("workflow nurture", THEN, (None, "1 minute")));
        run(&harness, "stage");
        harness.faults(json!({"on": "unenroll-workflow", "kind": kind, "times": 1}));
        assert!(harness.deliver(1, "exit", "yes"));
        let applied = usize::from(kind == "apply-then-hang");
        let asked = |it: &Harness| {
            it.counts().unenrolled == applied
                && it.verdicts(1).contains(&"wait outcome-unknown".to_owned())
        };
        wait_until(&harness, "the call", asked);
        harness.kill();
        harness.faults(json!([]));
        harness.simulator.release();
        harness.restart();
        harness.wait_until_idle(LONG);
        check(&harness, &["enroll matched", "unenroll matched", "enroll matched"]);
        assert_eq!(harness.counts().unenrolled, 1);
    }
}

#[test]
fn the_status_shows_what_is_being_left() {
    let harness = Harness::start(setup("sequence intro", "", (None, "1 minute")));
    run(&harness, "stage");
    assert!(harness.deliver(1, "exit", "yes"));
    wait_until(&harness, "the stamp", |it| it.counts().bridge.started == 1);
    wait_until(&harness, "the record", |it| {
        let known = it.get("/api/v1/contacts/1");
        known["leavings"][0]["stage"] == json!("stamped")
    });
    let known: Value = harness.get("/api/v1/contacts/1");
    assert_eq!(known["leavings"][0]["target"], "intro");
}
