//! Our share of the day, permits that run out, and the retry budget, in virtual time.

use std::time::Duration;

use hubroute::domain::calls::CallsOfDay;
use hubroute::domain::outcome::{Later, Outcome, ReadFailure};
use hubroute::domain::time::Timestamp;
use hubroute::port::{Clock as _, Page, Wanted, Window};
use serde_json::{Value, json};

use super::rig::{BEGIN, LIMIT, Rig, TODAY};
use crate::harness::{BOOK, Harness, LONG, Setup, rule, wait_until};

/// Until midnight UTC of the day the rig begins in.
const TO_MIDNIGHT_MS: u64 = (9 * 60 + 40) * 60_000;

fn exit() -> &'static str {
    "[[rule]]\nid = \"exit\"\nsays = \"Whoever changes exit leaves\"\nmode = \"live\"\n\
     when = { property = \"exit\", changes = true }\nunenroll = { workflow = \"nurture\" }\n\n"
}

/// Rules that enroll by `stage`, and take out by `exit`; so many calls were made today.
fn rig(percent_of_share: u64) -> Rig {
    let rig = Rig::new(BOOK, &(rule("stage", "workflow nurture") + exit()));
    let calls = LIMIT / 10 * percent_of_share / 100;
    rig.router.remember_calls(CallsOfDay { day: TODAY, calls, limit: None });
    rig
}

fn asked(rig: &Rig) -> Vec<&'static str> {
    rig.hub.tell().asked.iter().map(|(what, _)| *what).collect()
}

fn parked(rule: &str) -> (String, String, Option<Timestamp>) {
    let midnight = BEGIN.plus_ms(TO_MIDNIGHT_MS);
    (rule.to_owned(), "hubspot-busy".to_owned(), Some(midnight))
}

#[tokio::test(start_paused = true)]
async fn at_96_percent_of_the_share_who_opts_out_is_heard_and_nobody_is_enrolled() {
    let rig = rig(96);
    rig.hear(1, "stage");
    rig.hear(2, "exit");
    // One person with both: what enrolls is decided along and does not leave.
    rig.hear(3, "stage");
    rig.hear(3, "exit");
    rig.work(Duration::from_secs(20)).await;
    assert_eq!(asked(&rig), ["contact", "contact"], "of the two who opt out");
    assert_eq!(rig.people.waits(1), [parked("on-stage")]);
    assert_eq!(rig.people.waits(2), []);
    assert_eq!(rig.people.waits(3), [parked("on-stage")]);
    // At midnight the share is whole again.
    rig.work(Duration::from_millis(TO_MIDNIGHT_MS)).await;
    assert_eq!(asked(&rig).iter().filter(|what| **what == "enroll").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn below_it_both_are_decided_and_at_the_end_of_the_share_nobody_is() {
    let below = rig(90);
    below.hear(1, "stage");
    below.hear(2, "exit");
    below.work(Duration::from_secs(1)).await;
    assert!(asked(&below).contains(&"enroll"), "{:?}", asked(&below));
    let spent = rig(100);
    spent.hear(1, "stage");
    spent.hear(2, "exit");
    spent.work(Duration::from_secs(20)).await;
    assert_eq!(asked(&spent), [""; 0]);
    assert_eq!(spent.people.waits(2), [parked("exit")]);
}

fn window() -> Window {
    Window { from: BEGIN.minus_ms(1_000), to: BEGIN }
}

#[tokio::test(start_paused = true)]
async fn what_looks_for_something_waits_for_the_share_too() {
    let rig = rig(96);
    rig.router.changed(window(), None).await.expect("an answer");
    let waited_ms = rig.clocks.now().since_ms(BEGIN);
    assert!((TO_MIDNIGHT_MS..TO_MIDNIGHT_MS + 61_000).contains(&waited_ms), "{waited_ms} ms");
    rig.router.contacts(&[], &Wanted::default()).await.expect("an answer");
    assert_eq!(asked(&rig), ["search", "contacts"]);
}

#[tokio::test(start_paused = true)]
async fn a_daily_429_of_a_search_is_one_for_everybody() {
    let rig = rig(0);
    let message = "You have reached your daily limit.".to_owned();
    rig.hub.tell().searches = vec![
        Err(ReadFailure::Later { why: Later::Busy, delay_ms: None, message }),
        Ok(Page::default()),
    ];
    rig.hub.tell().remaining = 0;
    rig.hear(1, "stage");
    let (looked, ()) = tokio::join!(rig.router.changed(window(), None), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        rig.work(Duration::from_hours(9)).await;
        assert_eq!(asked(&rig), ["search"], "nobody calls before midnight");
    });
    looked.expect("an answer, after midnight");
    assert!(TO_MIDNIGHT_MS <= rig.clocks.now().since_ms(BEGIN));
}

/// What becomes of an enroll call whose bytes would leave so long after it was permitted.
async fn check_permit(before_enroll: u64, asleep: u64, expected: &str) {
    let rig = rig(0);
    rig.hub.tell().before_enroll = Duration::from_secs(before_enroll);
    rig.hub.tell().asleep = Duration::from_secs(asleep);
    rig.hear(1, "stage");
    rig.work(Duration::from_secs(before_enroll + 1)).await;
    let calls = asked(&rig);
    assert_eq!(calls[..2], ["contact", expected], "after {before_enroll} s and {asleep} s asleep");
}

#[tokio::test(start_paused = true)]
async fn a_permit_of_more_than_five_seconds_is_not_used_however_they_passed() {
    check_permit(4, 0, "enroll").await;
    check_permit(6, 0, "too late").await;
    check_permit(1, 3, "enroll").await;
    check_permit(1, 3_600, "too late").await;
}

const TRY_AGAIN: Outcome = Outcome::RetryAfter { why: Later::Unreachable, delay_ms: None };
/// Persons whose calls fail.
const PEOPLE: u64 = 200;

/// Of the calls of each minute, the first `from` the one that all are asked in, those that are made
/// again: some, and no more than their share of what was called at first.
#[track_caller]
fn check_retries(rig: &Rig, (what, from): (&str, u64), most: usize) {
    let calls = rig.hub.by_minute(what);
    let first = calls[&from] - usize::try_from(PEOPLE).expect("few");
    let later = (from + 1..from + 8).map(|minute| calls.get(&minute).copied().unwrap_or(0));
    let retried: Vec<usize> = std::iter::once(first).chain(later).collect();
    assert!(retried.iter().all(|retried| *retried <= most), "{what}: {retried:?}");
    assert!(most < retried.iter().sum::<usize>(), "{what} is tried again: {retried:?}");
}

fn everybody(rig: &Rig, property: &str) {
    (1..=PEOPLE).for_each(|contact| rig.hear(contact, property));
}

// A retry is two calls: of 400 at first a tenth are twenty retries, and a few more.

#[tokio::test(start_paused = true)]
async fn enrollments_that_are_tried_again_are_a_tenth_of_a_minutes_calls() {
    let rig = rig(0);
    rig.hub.tell().enrolls = TRY_AGAIN;
    everybody(&rig, "stage");
    rig.work(Duration::from_mins(10)).await;
    check_retries(&rig, ("enroll", 0), 22);
}

#[tokio::test(start_paused = true)]
async fn and_so_are_those_who_are_to_be_taken_out() {
    let rig = rig(0);
    everybody(&rig, "stage");
    rig.work(Duration::from_mins(1)).await;
    rig.hub.tell().leaves = TRY_AGAIN;
    everybody(&rig, "exit");
    rig.work(Duration::from_mins(10)).await;
    check_retries(&rig, ("unenroll", 1), 44);
}

#[tokio::test(start_paused = true)]
async fn and_claims_in_doubt_that_nobody_shows() {
    let rig = rig(0);
    rig.hub.tell().shows = false;
    everybody(&rig, "stage");
    rig.work(Duration::from_mins(10)).await;
    check_retries(&rig, ("enrollments", 0), 44);
}

/// Our share is a hundredth of a hundred thousand.
fn served() -> Harness {
    let rules = rule("stage", "workflow nurture") + exit();
    let setup = Setup::with(rules).state(json!({ "settings": { "calls_per_day": 100_000 } }));
    Harness::start(setup.hubspot("daily_share = \"1%\""))
}

fn kept(harness: &Harness) -> Value {
    let text = std::fs::read_to_string(harness.store("CALLS")).expect("it is kept");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_days_calls_outlast_a_restart_and_a_kill() {
    let mut harness = served();
    for contact in 1..=3 {
        assert!(harness.deliver(contact, "stage", "yes"));
    }
    harness.wait_until_idle(LONG);
    harness.stop();
    let counted = kept(&harness);
    let calls = counted["calls"].as_u64().expect("a number");
    assert!(6 <= calls, "three reads and three calls at least: {counted}");
    assert_eq!(counted["limit"], 100_000);
    // As if it had gone on for long, in the process before.
    let used = json!({ "day": counted["day"], "calls": 960, "limit": 100_000 });
    std::fs::write(harness.store("CALLS"), used.to_string()).expect("it can be written");
    harness.restart();
    assert!(harness.deliver(4, "stage", "yes"));
    harness.wait_for(LONG, |_| harness.verdicts(4) == ["wait hubspot-busy"]);
    assert!(harness.deliver(1, "exit", "yes"));
    wait_until(&harness, "the opt-out", |it| {
        it.verdicts(1).contains(&"unenroll matched".to_owned())
    });
    let more = 961..=990;
    wait_until(&harness, "the count", |it| more.contains(&kept(it)["calls"].as_u64().unwrap_or(0)));
    harness.kill();
    harness.restart();
    assert!(harness.deliver(5, "stage", "yes"));
    harness.wait_for(LONG, |_| harness.verdicts(5) == ["wait hubspot-busy"]);
    assert_eq!((harness.enrolled(4), harness.enrolled(5)), (0, 0));
}
