//! The first live day with an empty memory (CONSISTENCY.md 6.18): `hubroute seed` books what
//! HubSpot shows and what people wrote down, so that nobody gets a second conversation.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Harness, LONG, Setup, rule};

const DAY_MS: i64 = 86_400_000;

fn days_ago(days: i64) -> i64 {
    jiff::Timestamp::now().as_millisecond() - days * DAY_MS
}

fn sequence(contact: u64, days: i64, ended_days: Option<i64>) -> Value {
    let ended = ended_days.map(|days| json!({ "at": days_ago(days), "how": "finish" }));
    json!({ "id": format!("e{contact}"), "contact": contact, "sequence": 101, "user": 71,
            "sender": "rep@us.test", "at": days_ago(days), "ended": ended, "by": "hand" })
}

/// Contact 1 is in a sequence since this minute, 2 was in one, 3 is in a workflow since a week.
fn before() -> Setup {
    let workflow = json!({ "id": "e3", "contact": 3, "workflow": 501, "at": days_ago(7),
                           "by": "hand" });
    let enrolled = json!([sequence(1, 0, None), sequence(2, 20, Some(9)), workflow]);
    let setup = Setup::with(rule("stage", "sequence intro")).unseeded();
    setup.state(json!({ "enrolled": enrolled }))
}

const TABLE: &str = "Record ID,workflow,enrolled_at\n";

#[track_caller]
fn seed(harness: &Harness, args: &[&str], code: i32, says: &str) {
    let ended = harness.command(&[&["seed"], args].concat());
    assert_eq!(ended.code, Some(code), "{}", ended.output);
    assert!(ended.output.contains(says), "{says}: {}", ended.output);
}

fn alerts(harness: &Harness) -> String {
    harness.status()["alerts"].to_string()
}

#[track_caller]
fn check(harness: &Harness, contact: u64, verdict: &str) {
    assert!(harness.deliver(contact, "stage", "hot"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(contact), [verdict], "contact {contact}\n{}", harness.log());
}

#[test]
fn the_first_live_day_begins_no_second_conversation() {
    let mut harness = Harness::prepare(before());
    let week = jiff::Timestamp::from_millisecond(days_ago(7)).expect("a time").to_string();
    let table = format!("{TABLE}3,nurture,{}\n", &week[..10]);
    fs::write(harness.folder().join("history.csv"), table).expect("written");
    // Before there is a store, and a second time.
    let file = "from the file: 1 enrollments, 1 booked, 0 known already";
    seed(&harness, &["--csv", "history.csv"], 0, file);
    let again = "from HubSpot: 2 contacts with a sequence, 0 booked, 2 known already";
    seed(&harness, &["--csv", "history.csv"], 0, again);
    harness.restart();
    assert!(!alerts(&harness).contains("not-seeded"), "{}", alerts(&harness));
    let senders = harness.get("/api/v1/senders");
    let used = senders.pointer("/results/0/used").or_else(|| senders.pointer("/0/used"));
    assert_eq!(used, Some(&json!(1)), "today's takes a place of the inbox: {senders}");
    check(&harness, 1, "skip already-in-theme");
    check(&harness, 2, "skip already-enrolled-once");
    check(&harness, 3, "skip already-in-theme");
    check(&harness, 4, "enroll matched");
    assert_eq!(harness.counts().enrollments, 1, "{}", harness.log());
}

#[test]
fn a_router_with_an_empty_memory_and_a_live_rule_says_so_until_somebody_acts() {
    let mut harness = Harness::start(before());
    assert!(alerts(&harness).contains("not-seeded"), "{}", alerts(&harness));
    assert_eq!(harness.status()["state"], "degraded");
    assert!(harness.log().contains("hubroute seed"), "the log says so");
    harness.stop();
    harness.restart();
    assert!(alerts(&harness).contains("not-seeded"), "a restart is no answer");
    // Beside the running router.
    seed(
        &harness,
        &["--who", "ann", "--note", "day one"],
        0,
        "2 contacts with a sequence, 2 booked",
    );
    assert!(!alerts(&harness).contains("not-seeded"));
    let seeded = harness.get("/api/v1/seeded");
    assert!(seeded["seeded_at"].is_string() && seeded["running"] == json!(false), "{seeded}");
    harness.stop();
    harness.restart();
    assert_eq!(harness.status()["state"], "working", "{}", harness.status());
}

#[test]
fn whoever_knows_that_nobody_was_enrolled_says_so() {
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")).unseeded());
    seed(&harness, &["--skip", "--who", "ann", "--note", "new account"], 0, "was not searched");
    assert_eq!(harness.status()["alerts"], json!([]));
    let dry = rule("stage", "sequence intro").replace("\"live\"", "\"dry-run\"");
    let harness = Harness::start(Setup::with(dry).unseeded());
    assert_eq!(harness.status()["alerts"], json!([]), "who only watches needs no memory");
}

#[test]
fn a_table_with_mistakes_books_nothing_and_names_each() {
    let harness = Harness::start(before());
    let table = format!("{TABLE}3,nurtur,2026-11-01\nann@a.test,nurture,2026-11-01\n");
    fs::write(harness.folder().join("bad.csv"), table).expect("written");
    let ended = harness.command(&["seed", "--csv", "bad.csv"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    for says in ["bad.csv: line 2:", "Did you mean \"nurture\"?", "bad.csv: line 3:", "nothing was"]
    {
        assert!(ended.output.contains(says), "{says}: {}", ended.output);
    }
    let known = harness.get("/api/v1/contacts/3");
    assert_eq!(known["claims"], json!([]));
    seed(&harness, &["--csv", "nowhere.csv"], 1, "cannot read nowhere.csv");
}
