use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::gates::fixture::{NOW, changes, event, rule, rules};
use crate::domain::rule::Mode;
use crate::domain::time::{DAY_MS, HOUR_MS};

/// An item that waits for dana, of this delivery and first due then.
fn item(delivery: u64, first_due: Timestamp, due: Timestamp) -> Item {
    let of_rule = ("inbound".into(), Mode::Live);
    let fired = Item::fired(format!("{delivery}.0.inbound").into(), of_rule, event("p", "v"), NOW);
    Item {
        first_due,
        due: Some(due),
        decision: Decision::Wait,
        reason: Reason::BudgetExhausted,
        sender: Some("dana".into()),
        ..fired
    }
}

fn queues(items: &[Item]) -> Queues {
    let mut queues = Queues::default();
    for (number, item) in items.iter().enumerate() {
        queues.change(ContactId(number as u64), &[], std::slice::from_ref(item));
    }
    queues
}

#[test]
fn whoever_was_due_first_comes_first_then_the_earlier_delivery() {
    let early = NOW.minus_ms(HOUR_MS);
    let items = [item(9, NOW, NOW), item(10, NOW, NOW), item(11, early, NOW)];
    let queues = queues(&items);
    let before: Vec<usize> =
        items.iter().map(|it| queues.before(&"dana".into(), &Ticket::of(it))).collect();
    assert_eq!(before, [1, 2, 0], "9 before 10, though \"10\" sorts before \"9\"");
}

#[test]
fn whoever_stops_waiting_leaves_the_queue() {
    let waits = item(1, NOW, NOW);
    let mut queues = queues(std::slice::from_ref(&waits));
    let goes_on = Item { reason: Reason::OutsideWindow, ..waits.clone() };
    queues.change(ContactId(0), &[waits], &[goes_on]);
    assert!(queues.is_empty());
}

#[test]
fn nobody_who_is_stuck_keeps_others_from_a_place() {
    let queues = queues(&[item(1, NOW, NOW)]);
    let next = Ticket::of(&item(2, NOW, NOW));
    let due = |at: Timestamp| queues.due_before(&"dana".into(), &next, at);
    assert_eq!((due(NOW.minus_ms(1)), due(NOW)), (0, 1));
    assert_eq!(due(NOW.plus_ms(OVERDUE_MS_MAX + 1)), 0);
}

#[test]
fn as_many_are_woken_as_there_are_places_that_nobody_due_takes() {
    let set = rules(vec![rule("inbound", changes("p"), "intro")]);
    let later = NOW.plus_ms(HOUR_MS);
    let check = |used: usize, dues: &[Timestamp], expected: &[u64]| {
        let items: Vec<Item> =
            dues.iter().enumerate().map(|(n, due)| item(n as u64, NOW, *due)).collect();
        let settled = Arc::new(vec![NOW.minus_ms(1); used]);
        let inbox = InboxUse { settled, ..InboxUse::default() };
        let inboxes = BTreeMap::from([("dana@acme.com".into(), inbox)]);
        let woken = queues(&items).to_wake(&set, &inboxes, NOW);
        assert_eq!(woken, expected.iter().map(|id| ContactId(*id)).collect::<Vec<_>>());
    };
    // Dana's budget is 2.
    check(0, &[later, later, later], &[0, 1]);
    check(1, &[later, later, later], &[0]);
    check(0, &[NOW, later, later], &[1]);
    check(2, &[later], &[]);
}

/// A thousand people wait for a budget of 25 over three days: each is looked at when it is their
/// turn, and nobody else is.
#[test]
fn a_thousand_who_wait_are_looked_at_once_for_each_place() {
    const WAITERS: u64 = 1_000;
    let mut inbox = InboxUse::default();
    let mut items = Vec::new();
    let mut line = Queues::default();
    let limits = (25, 0);
    for delivery in 0..WAITERS {
        let mut next = item(delivery, NOW, NOW);
        let ahead = line.before(&"dana".into(), &Ticket::of(&next));
        next.due = Some(inbox.place(limits, ahead, NOW));
        line.change(ContactId(delivery), &[], std::slice::from_ref(&next));
        items.push(next);
    }
    let end = NOW.plus_ms(3 * DAY_MS);
    let (mut looks, mut order) = (0, Vec::new());
    while let Some(at) = items.iter().filter_map(|it| it.due).min().filter(|at| *at < end) {
        let index = items.iter().position(|it| it.due == Some(at)).expect("there");
        looks += 1;
        let found = items.remove(index);
        let ticket = Ticket::of(&found);
        line.change(ContactId(0), std::slice::from_ref(&found), &[]);
        let ahead = line.before(&"dana".into(), &ticket);
        let free = inbox.free(25, 0, at);
        assert!(ahead == 0 && 0 < free, "{ahead} ahead, {free} free");
        Arc::make_mut(&mut inbox.settled).push(at);
        order.push(found.id);
    }
    assert_eq!((looks, order.len()), (75, 75), "25 at once, 25 on each of the next two days");
    let wanted: Vec<RowId> = (0..75).map(|n| format!("{n}.0.inbound").into()).collect();
    assert_eq!(order, wanted);
}

/// One by one: how many come before `ticket`, and how many of them are due at `now`.
fn slowly(items: &[Item], ticket: &Ticket, now: Timestamp) -> (usize, usize) {
    let ahead: Vec<&Item> = items.iter().filter(|it| Ticket::of(it) < *ticket).collect();
    let is_due =
        |it: &&&Item| it.due.is_some_and(|at| at <= now && now.since_ms(at) <= OVERDUE_MS_MAX);
    (ahead.len(), ahead.iter().filter(is_due).count())
}

proptest! {
    #[test]
    fn a_queue_counts_as_if_one_by_one(
        changes in prop::collection::vec((0..600_u64, 0..3 * MINUTE_MS, any::<bool>()), 1..1_500),
        asked in prop::collection::vec((0..600_u64, 0..4 * MINUTE_MS), 1..20),
    ) {
        let mut line = Queues::default();
        let mut waiting = BTreeMap::new();
        for (delivery, due_ms, stays) in changes {
            let first_due = NOW.plus_ms(delivery % 7);
            let after = stays.then(|| item(delivery, first_due, NOW.plus_ms(due_ms)));
            let before = match after.clone() {
                Some(item) => waiting.insert(delivery, item),
                None => waiting.remove(&delivery),
            };
            line.change(ContactId(delivery), before.as_slice(), after.as_slice());
        }
        let items: Vec<Item> = waiting.into_values().collect();
        for (delivery, later_ms) in asked {
            let ticket = Ticket::of(&item(delivery, NOW.plus_ms(delivery % 7), NOW));
            let now = NOW.plus_ms(later_ms);
            let dana = "dana".into();
            let found = (line.before(&dana, &ticket), line.due_before(&dana, &ticket, now));
            prop_assert_eq!(found, slowly(&items, &ticket, now));
        }
    }
}
