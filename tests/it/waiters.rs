//! Who waits for a sender's budget or pace: each for a place of their own (RULES.md section 6).

use std::fs;

use serde_json::json;

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

const WAITERS: u64 = 1_000;
/// Places that are watched.
const PLACES: usize = 8;

fn changes(to: u64) -> Vec<(u64, String, String)> {
    (1..=to).map(|n| (n, "stage".to_owned(), "hot".to_owned())).collect()
}

#[test]
fn a_place_that_becomes_free_wakes_one_of_a_thousand_who_wait() {
    let book = BOOK.replace("daily_budget = 10000", "pace = \"1 second\"");
    let book = book.replace("email        = \"rep", "daily_budget = 1000\nemail = \"rep");
    let setup = Setup::with_book(&book, rule("stage", "sequence intro"));
    let harness = Harness::start(setup.contacts(WAITERS));
    harness.deliver_all(&changes(WAITERS), 1);
    // Everybody was looked at: whoever has no place stands in line.
    harness.wait_for(4 * LONG, |status| {
        status["queue"]["journal"] == json!(0) && {
            let counts = harness.verdict_counts();
            let of = |verdict: &str| counts.get(verdict).copied().unwrap_or_default();
            (of("wait budget-exhausted") + of("enroll matched")) as u64 == WAITERS
        }
    });
    let (enrolled, read) = (harness.counts().enrollments, harness.reads());
    harness.wait_for(LONG, |_| enrolled + PLACES <= harness.counts().enrollments);
    let (places, more) = (harness.counts().enrollments - enrolled, harness.reads() - read);
    assert!(more <= 3 * places as u64 + 8, "{more} reads for {places} places");
    // In the order they came, give or take those who were decided at the same time.
    let counts = harness.counts();
    let last = counts.per_contact.keys().filter_map(|id| id.to_string().parse::<usize>().ok());
    let last = last.max().expect("somebody");
    assert!(last <= counts.enrollments + 16, "contact {last} is among {}", counts.enrollments);
}

#[test]
fn a_budget_that_is_raised_lets_the_first_in_line_go_on() {
    let book =
        |budget: u32| BOOK.replace("daily_budget = 10000", &format!("daily_budget = {budget}"));
    let setup = Setup::with_book(&book(2), rule("stage", "sequence intro"));
    let mut harness = Harness::start(setup);
    // Those who are decided at the same moment race for the places; so the line starts at 3.
    let all = changes(10);
    let (first, line) = all.split_at(2);
    harness.deliver_all(first, 1);
    harness.wait_for(LONG, |_| harness.verdict_counts().get("enroll matched") == Some(&2));
    harness.deliver_all(line, 1);
    let waits = |count: usize| {
        harness.wait_for(LONG, |_| {
            harness.verdict_counts().get("wait budget-exhausted") == Some(&count)
        });
    };
    waits(8);
    assert_eq!(harness.counts().enrollments, 2);
    let portal = harness.folder().join("rules").join("portal.toml");
    fs::write(&portal, book(5)).expect("the portal's file");
    waits(5);
    harness.wait_for(LONG, |_| harness.counts().enrollments == 5);
    harness.wait_for(LONG, |_| harness.verdict_counts().get("enroll matched") == Some(&5));
    // The line outlives a restart.
    harness.stop();
    harness.restart();
    fs::write(&portal, book(7)).expect("the portal's file");
    harness.wait_for(LONG, |_| harness.counts().enrollments == 7);
    let mut who: Vec<u64> =
        harness.counts().per_contact.keys().filter_map(|id| id.to_string().parse().ok()).collect();
    who.sort_unstable();
    assert_eq!(who, [1, 2, 3, 4, 5, 6, 7]);
}
