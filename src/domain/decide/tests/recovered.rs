//! Breakers and what `reconcile` finds: it counts when it happened, as it would have if it had been
//! told of then.

use super::mql;
use crate::domain::breaker::{Fires, Fuse};
use crate::domain::event::Event;
use crate::domain::gates::fixture::{NOW, World, event};
use crate::domain::id::ContactId;
use crate::domain::person::Person;
use crate::domain::reason::Reason;
use crate::domain::rule::{Breaker, Mode};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

const RULE: Breaker = Breaker { max: 20, within_ms: 10 * MINUTE_MS, discard: false };
const PORTAL: Breaker = Breaker { max: 200, within_ms: DAY_MS, discard: false };

fn guarded(breaker: Breaker) -> World {
    let mut world = World::new(vec![mql()]);
    world.rules.rules[0].breaker = Some(breaker);
    world.rules.portal.breakers = vec![PORTAL];
    world
}

/// A contact becomes an mql at that time, found in the history now; whether it is held.
fn found(world: &mut World, contact: u64, at: Timestamp) -> bool {
    let told = event("lifecyclestage", "mql");
    let contact = ContactId(contact);
    world.person = Person::new(contact);
    let taken = world.take(&Event {
        contact,
        occurred_at: at,
        subscription_type: "reconciled.propertyChange".to_owned(),
        ..told
    });
    assert_eq!(taken.counted_at, Some(at.min(world.now)));
    world.person.items.iter().any(|item| item.reason == Reason::BreakerOpen)
}

/// How many of those that changed so many milliseconds ago are held, in whatever order and however
/// fast they are found.
#[track_caller]
fn check(breaker: Breaker, ago: &[u64], expected: bool) {
    let reversed = ago.iter().rev().copied().collect();
    let (near, far) = ago.split_at(ago.len() / 2);
    for order in [ago.to_vec(), reversed, [far, near].concat()] {
        let mut world = guarded(breaker);
        let mut held = false;
        for (contact, ms) in (1..).zip(order) {
            held |= found(&mut world, contact, NOW.minus_ms(ms));
        }
        assert_eq!(held, expected, "{} of {:?}", ago.len(), world.fires.open());
    }
}

#[test]
fn a_days_changes_found_at_once_open_nothing_and_an_import_among_them_does() {
    // One each eight minutes of a day, as they would have been told of.
    let day: Vec<u64> = (0..180).map(|number| number * 8 * MINUTE_MS).collect();
    check(RULE, &day, false);
    let import = |count: u64| (0..count).map(|number| 10 * HOUR_MS + number * 20 * SECOND_MS);
    check(RULE, &day.iter().copied().chain(import(19)).collect::<Vec<_>>(), true);
    check(RULE, &day.iter().copied().chain(import(16)).collect::<Vec<_>>(), false);
    check(RULE, &import(21).collect::<Vec<_>>(), true);
    check(RULE, &import(20).collect::<Vec<_>>(), false);
    // More in a day than the portal's breaker lets pass, and the same in two days.
    let crowd = |apart_ms: u64| (0..210).map(|number| number * apart_ms).collect::<Vec<_>>();
    check(RULE, &crowd(5 * MINUTE_MS), true);
    check(RULE, &crowd(13 * MINUTE_MS), false);
}

#[test]
fn what_is_found_counts_beside_what_was_told() {
    let told_and_found = |told: u64, ago_ms: u64| {
        let mut world = guarded(RULE);
        let second = NOW.minus_ms(MINUTE_MS).unix_ms() / SECOND_MS;
        world.fires.set(&Fuse::of_rule(&"inbound".into(), Mode::Live), (second, told));
        let held = found(&mut world, 1, NOW.minus_ms(ago_ms));
        // The next one that is told of counts it, where it is not too long ago.
        world.person = Person::new(ContactId(2));
        let taken = world.take(&event("lifecyclestage", "mql"));
        assert_eq!(taken.counted_at, None);
        (held, !taken.opened.is_empty())
    };
    assert_eq!(told_and_found(20, 2 * MINUTE_MS), (true, false), "it is open already");
    assert_eq!(told_and_found(20, 11 * MINUTE_MS), (true, false), "that was ten minutes before");
    assert_eq!(told_and_found(20, 12 * MINUTE_MS), (false, true));
    assert_eq!(told_and_found(19, 2 * MINUTE_MS), (false, true));
    assert_eq!(told_and_found(19, 12 * MINUTE_MS), (false, false));
}

#[test]
fn one_that_discards_throws_away_of_what_is_found_only_what_is_too_much() {
    let mut world = guarded(Breaker { discard: true, ..RULE });
    let mut fate = |contact: u64, ago_ms: u64| {
        found(&mut world, contact, NOW.minus_ms(ago_ms));
        world.person.items.len()
    };
    for contact in 1..=20 {
        assert_eq!(fate(contact, 5 * HOUR_MS), 1);
    }
    assert_eq!(fate(21, 5 * HOUR_MS), 0, "one too many");
    assert_eq!(fate(22, 9 * HOUR_MS), 1);
    assert_eq!(fate(23, HOUR_MS), 1);
    world.person = Person::new(ContactId(24));
    world.take(&event("lifecyclestage", "mql"));
    assert_eq!(world.person.items.len(), 1, "what is told of now has nothing to do with it");
}

#[test]
fn the_marks_of_what_is_found_are_what_the_index_keeps() {
    let mut world = guarded(RULE);
    let mut rows = std::collections::BTreeMap::new();
    for (contact, ago_ms) in (1..).zip([5, 900, 5, 40, 900, 1].map(|minutes| minutes * MINUTE_MS)) {
        let told = event("lifecyclestage", "mql");
        world.person = Person::new(ContactId(contact));
        let told = Event {
            contact: ContactId(contact),
            occurred_at: NOW.minus_ms(ago_ms),
            subscription_type: "reconciled.propertyChange".to_owned(),
            ..told
        };
        let before = world.fires.clone();
        let taken = world.take(&told);
        let mut fires = before;
        for (fuse, (second, count)) in fires.take(&taken, world.now) {
            rows.insert((fuse, second), count);
        }
        assert_eq!(fires, world.fires);
    }
    let mut read = Fires::default();
    for ((fuse, second), count) in &rows {
        read.set(fuse, (*second, *count));
    }
    assert_eq!(read, world.fires);
    let mut kept = Fires::default();
    for (fuse, mark) in world.fires.marks() {
        kept.keep(fuse, mark);
    }
    assert_eq!(kept, world.fires);
}
