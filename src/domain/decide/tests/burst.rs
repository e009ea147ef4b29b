//! `settle` and bursts (CONSISTENCY.md 6.11, RULES.md section 6): one change, from the value
//! before the first event to the value after the last, and the settle time that ends.

use super::verdict;
use crate::domain::contact::PastValue;
use crate::domain::gates::fixture::{NOW, SETTLE_MS, World, becomes, changes, event, rule};
use crate::domain::person::Newest;
use crate::domain::reason::Reason;
use crate::domain::rule::trigger::When;
use crate::domain::time::{DAY_MS, SECOND_MS, Timestamp};

/// A change of `plan`: its value, when it happened, and when it arrived, in seconds.
type Change = (&'static str, u64, u64);

/// When somebody's plan was `before` yesterday and these changes arrive, in this order, one
/// decision ends like this. With `history` HubSpot tells every value; without, what the store
/// saw counts.
#[track_caller]
fn check(when: &When, before: Option<&str>, changes: &[Change], expected: Reason) {
    for history in [true, false] {
        let mut world = World::new(vec![rule("any", when.clone(), "intro")]);
        let yesterday = NOW.minus_ms(DAY_MS);
        if let Some(before) = before {
            let newest = Newest { at: yesterday, value: Some(before.to_owned()) };
            world.person.newest.insert("plan".into(), newest);
        }
        for (value, happened, arrived) in changes {
            world.now = second(*arrived);
            let mut change = event("plan", value);
            change.occurred_at = second(*happened);
            world.take(&change);
        }
        let mut past: Vec<PastValue> =
            changes.iter().map(|(value, at, _)| past(value, second(*at))).collect();
        past.extend(before.map(|value| self::past(value, yesterday)));
        past.sort_by_key(|past| std::cmp::Reverse(past.at));
        let current = past.first().map_or("", |past| past.value.as_str()).to_owned();
        world.contact.properties.insert("plan".into(), current);
        if history {
            world.contact.history.insert("plan".into(), past);
        }
        world.now = world.now.plus_ms(SETTLE_MS);
        let row = verdict(&mut world);
        let shown = (&row.sentence, changes, history);
        assert_eq!(row.reason, expected, "{shown:?}");
    }
}

fn second(count: u64) -> Timestamp {
    NOW.plus_ms(count * SECOND_MS)
}

fn past(value: &str, at: Timestamp) -> PastValue {
    PastValue { value: value.to_owned(), at, source: None }
}

#[test]
fn a_burst_is_one_change_from_before_its_first_to_after_its_last() {
    let any = changes("plan");
    check(&any, Some("a"), &[("b", 0, 0)], Reason::Matched);
    check(&any, Some("a"), &[("b", 0, 0), ("c", 5, 5)], Reason::Matched);
    check(&any, Some("a"), &[("b", 0, 0), ("a", 5, 5)], Reason::NoLongerMatches);
    check(&any, Some("a"), &[("b", 0, 0), ("c", 5, 5), ("a", 9, 9)], Reason::NoLongerMatches);
    check(&any, Some("a"), &[("b", 0, 0), ("a", 5, 5), ("b", 9, 9)], Reason::Matched);
    // Nobody knows what was before: it counts as a move.
    check(&any, None, &[("b", 0, 0)], Reason::Matched);
}

#[test]
fn a_value_reached_and_left_within_settle_no_longer_matches() {
    let pro = becomes("plan", "pro");
    check(&pro, Some("free"), &[("pro", 0, 0)], Reason::Matched);
    check(&pro, Some("free"), &[("pro", 0, 0), ("free", 5, 5)], Reason::NoLongerMatches);
    check(&pro, Some("free"), &[("pro", 0, 0), ("basic", 5, 5)], Reason::NoLongerMatches);
    check(&pro, Some("free"), &[("basic", 0, 0), ("pro", 5, 5)], Reason::Matched);
    let again = [("pro", 0, 0), ("free", 5, 5), ("pro", 9, 9)];
    check(&pro, Some("free"), &again, Reason::Matched);
    // It was there before the burst: leaving and coming back within it is no change.
    check(&pro, Some("pro"), &[("free", 0, 0), ("pro", 5, 5)], Reason::Matched);
}

#[test]
fn a_change_that_arrives_late_still_belongs_to_its_burst() {
    // The store never saw the plan; HubSpot's history does, and tells what was before.
    let ends = |last: &str, longer_ago: bool, expected: Reason| {
        let mut world = World::new(vec![rule("any", changes("plan"), "intro")]);
        let first = if longer_ago { NOW.minus_ms(SETTLE_MS) } else { NOW };
        for (value, happened, arrived) in [(last, second(5), second(5)), ("b", first, second(6))] {
            world.now = arrived;
            let mut change = event("plan", value);
            change.occurred_at = happened;
            world.take(&change);
        }
        let values = [(last, second(5)), ("b", first), ("a", NOW.minus_ms(DAY_MS))];
        let history = values.map(|(value, at)| past(value, at)).to_vec();
        world.contact.history.insert("plan".into(), history);
        world.contact.properties.insert("plan".into(), last.to_owned());
        world.now = second(6).plus_ms(SETTLE_MS);
        let row = verdict(&mut world);
        assert_eq!(row.reason, expected, "{last}: {}", row.sentence);
    };
    ends("a", false, Reason::NoLongerMatches);
    ends("c", false, Reason::Matched);
    // What came before by more than settle was another change.
    ends("a", true, Reason::Matched);
}

#[test]
fn a_settle_time_that_is_over_does_not_begin_again() {
    // An event each 20 seconds for 10 minutes, and nobody has time to decide.
    let mut world = World::new(vec![rule("any", changes("plan"), "intro")]);
    for step in 0..30 {
        world.now = second(step * 20);
        let mut change = event("plan", &step.to_string());
        change.occurred_at = world.now;
        world.take(&change);
        let [item] = world.person.items.as_slice() else { panic!("one item") };
        assert!(
            item.due <= Some(NOW.plus_ms(10 * SETTLE_MS)),
            "due {:?} at {}",
            item.due,
            world.now
        );
        assert_eq!(item.began, NOW, "the value before the first one counts");
    }
    world.contact.properties.insert("plan".into(), "29".to_owned());
    assert_eq!(verdict(&mut world).reason, Reason::Matched);
}

/// The next order of these places, in the order of dictionaries; `false` after the last.
fn next_order(places: &mut [usize]) -> bool {
    let Some(left) = places.windows(2).rposition(|pair| pair[0] < pair[1]) else { return false };
    let greater = |place: &usize| places[left] < *place;
    let right = places.iter().rposition(greater).expect("the one after it is");
    places.swap(left, right);
    places[left + 1..].reverse();
    true
}

/// HubSpot promises no order (HUBSPOT.md 1.7): in whichever of the 5,040 orders these seven changes
/// of a moment arrive, somebody is enrolled or is not.
#[track_caller]
fn check_every_order(when: &When, values: [&str; 7], enrolls: bool) {
    let at = |place: usize| second(place as u64);
    let mut history: Vec<PastValue> =
        values.iter().enumerate().map(|(place, value)| past(value, at(place))).collect();
    history.reverse();
    history.push(past("a", NOW.minus_ms(DAY_MS)));
    let mut order = [0, 1, 2, 3, 4, 5, 6];
    let mut orders = 0;
    loop {
        let mut world = World::new(vec![rule("any", when.clone(), "intro")]);
        for (arrived, place) in (10..).zip(order) {
            world.now = second(arrived);
            let mut change = event("plan", values[place]);
            change.occurred_at = at(place);
            world.take(&change);
        }
        world.contact.properties.insert("plan".into(), values[6].to_owned());
        world.contact.history.insert("plan".into(), history.clone());
        world.now = world.now.plus_ms(SETTLE_MS);
        let enrolled =
            !world.person.items.is_empty() && verdict(&mut world).reason == Reason::Matched;
        assert_eq!(enrolled, enrolls, "{values:?} in the order {order:?}");
        orders += 1;
        if !next_order(&mut order) {
            break;
        }
    }
    assert_eq!(orders, 5_040);
}

#[test]
fn in_whichever_order_a_history_arrives_it_is_decided_the_same() {
    check_every_order(&changes("plan"), ["b", "c", "b", "d", "c", "b", "e"], true);
    check_every_order(&changes("plan"), ["b", "c", "b", "d", "c", "b", "a"], false);
    check_every_order(&becomes("plan", "pro"), ["b", "pro", "b", "pro", "c", "b", "pro"], true);
    check_every_order(&becomes("plan", "pro"), ["b", "pro", "b", "pro", "c", "pro", "b"], false);
}
