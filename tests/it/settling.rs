//! CONSISTENCY.md 6.11: settle belongs to the person, starts again with each event that may fire
//! a rule, and ends. Each fails when its rule is taken out (tests/mutants).

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

/// Two rules on two properties, and this settle time.
fn start(settle: &str) -> Harness {
    let book = BOOK.replace("\"0 seconds\"", &format!("\"{settle}\""));
    let rules = rule("stage", "sequence intro") + &rule("score", "workflow nurture");
    Harness::start(Setup::with_book(&book, rules))
}

/// When each thing that waits comes due, once so many wait.
#[track_caller]
fn dues(harness: &Harness, waiting: usize) -> Vec<Value> {
    harness.wait_for(LONG, |_| harness.listing("waiting").len() == waiting);
    harness.listing("waiting").into_iter().map(|it| it["until"].clone()).collect()
}

#[test]
fn settle_is_of_the_person_and_starts_again_with_each_event() {
    let harness = start("1 hour");
    assert!(harness.deliver(1, "stage", "a"));
    let first = dues(&harness, 1);
    assert!(harness.deliver(1, "score", "1"));
    let both = dues(&harness, 2);
    assert_eq!(both[0], both[1], "the rules of one person are decided together");
    assert!(first[0].as_str() < both[0].as_str(), "{first:?} did not move: {both:?}");
    // Somebody else's event moves nothing of theirs, and one that fires no rule neither.
    assert!(harness.deliver(2, "stage", "a"));
    assert!(harness.deliver(1, "unheard-of", "a"));
    let all = dues(&harness, 3);
    assert_eq!(all.iter().filter(|due| **due == both[0]).count(), 2, "{both:?} {all:?}");
}

#[test]
fn settle_ends_after_ten_times_its_length_however_many_events_come() {
    let harness = start("1 second");
    let began = Instant::now();
    let mut events = 0;
    while harness.enrolled(1) == 0 {
        let late = Duration::from_secs(20) < began.elapsed();
        assert!(!late, "{events} events, and still settling:\n{}", harness.log());
        events += 1;
        assert!(harness.deliver(1, "stage", &format!("value {events}")));
        std::thread::sleep(Duration::from_millis(150));
    }
    harness.wait_until_idle(LONG);
}
