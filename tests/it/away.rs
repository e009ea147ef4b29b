//! Changes that were never delivered are found and fed: the same enrollments as without the
//! outage, and nobody twice.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

const HOUR_MS: i64 = 3_600_000;
/// More than a page of the search, and than a batch of reads.
const CONTACTS: u64 = 230;

fn rules() -> String {
    rule("stage", "sequence intro")
}

/// The book with the breakers that are on unless somebody switches them off.
fn guarded() -> String {
    BOOK.replace("breaker = \"off\"", "")
}

/// A change `hours` ago that no webhook told of.
fn drop_webhook(harness: &Harness, contact: u64, hours: i64, value: &str) {
    drop_webhook_of(harness, contact, hours * HOUR_MS, value);
}

fn drop_webhook_of(harness: &Harness, contact: u64, ago_ms: i64, value: &str) {
    let at = jiff::Timestamp::now().as_millisecond() - ago_ms;
    let change = json!({ "properties": { "stage": value }, "at": at });
    harness.control(&format!("POST /_sim/contacts/{contact}"), &change);
}

#[track_caller]
fn reconcile(harness: &Harness, since: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hubroute"))
        .args(["reconcile", "--since", since])
        .current_dir(harness.folder())
        .env_clear()
        .env("HUBROUTE_ADMIN_LISTEN", harness.router().admin_url().replace("http://", ""))
        .output()
        .expect("the command can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", harness.log());
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn after_24_hours_of_dropped_webhooks_the_enrollments_are_those_without_the_outage() {
    // More of one rule than its breaker lets pass in ten minutes, found within a few seconds.
    let harness = Harness::start(Setup::with_book(&guarded(), rules()).contacts(CONTACTS));
    // Two were told of before; the others changed while nobody told us, one of them twice.
    for contact in 1..=2 {
        assert!(harness.deliver(contact, "stage", "hot"));
    }
    harness.wait_until_idle(LONG);
    for contact in 3..CONTACTS {
        drop_webhook(&harness, contact, 1 + i64::try_from(contact % 22).expect("few"), "hot");
    }
    drop_webhook(&harness, 3, 0, "hotter");
    // The last one changed before the time that is asked for.
    drop_webhook(&harness, CONTACTS, 40, "hot");
    let said = reconcile(&harness, "24h");
    let missed = CONTACTS - 2;
    assert!(said.starts_with(&format!("missed {missed}, recovered {missed} ")), "{said}");
    harness.wait_until_idle(LONG);
    for contact in 1..CONTACTS {
        assert_eq!(harness.enrolled(contact), 1, "contact {contact}\n{}", harness.log());
    }
    assert_eq!(harness.enrolled(CONTACTS), 0, "that is not asked for");
    let again = reconcile(&harness, "24h");
    assert!(again.starts_with("missed 0, recovered 0 "), "{again}");
    assert_eq!(harness.counts().enrollments, usize::try_from(CONTACTS - 1).expect("few"));
}

#[test]
fn an_import_while_the_router_was_away_is_held_as_it_would_have_been() {
    // Nobody is enrolled before the import is seen.
    let book = guarded().replace("settle = \"0 seconds\"", "settle = \"2 minutes\"");
    let harness = Harness::start(Setup::with_book(&book, rules()).contacts(CONTACTS));
    for contact in 1..=CONTACTS {
        let ago_ms = 9 * HOUR_MS + i64::try_from(contact).expect("few") * 1_000;
        drop_webhook_of(&harness, contact, ago_ms, "hot");
    }
    let said = reconcile(&harness, "24h");
    assert!(said.starts_with(&format!("missed {CONTACTS}, recovered {CONTACTS} ")), "{said}");
    harness.wait_for(LONG, |status| status["queue"]["held"] == json!(CONTACTS));
    assert_eq!(harness.status()["alerts"][0]["code"], "breaker-open", "{}", harness.status());
    assert_eq!(harness.counts().enrollments, 0);
}

#[test]
fn what_is_reconciled_and_older_than_stale_after_is_decided_all_the_same() {
    let harness = Harness::start(Setup::with(rules()));
    drop_webhook(&harness, 1, 24 * 6, "hot");
    let said = reconcile(&harness, "7d");
    assert!(said.starts_with("missed 1, recovered 1 "), "{said}");
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(1), 1, "{}", harness.log());
    let decided = harness.decisions("contact=1");
    assert_eq!(decided.last().map(|it| &it["reason"]), Some(&json!("matched")), "{decided:?}");
}

#[test]
fn a_second_one_and_a_time_to_come_are_refused() {
    let harness = Harness::start(Setup::with(rules()));
    let press = |since: &str| harness.press("/api/v1/reconcile", &json!({ "since": since }));
    assert_eq!(press("2100-01-01T00:00:00Z").0, 400);
    assert_eq!(press("soon").0, 400);
    let (status, answer) = press("2026-01-01T00:00:00Z");
    assert_eq!((status, &answer["running"]), (200, &Value::Bool(true)));
    assert_eq!(press("2026-01-01T00:00:00Z").0, 409);
}
