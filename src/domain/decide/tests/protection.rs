//! Limits, cap, breaker and approval: what each gate answers, and CONSISTENCY.md 6.13.

use std::sync::Arc;

use super::{check, mql, skips, verdict, world};
use crate::domain::breaker::{Fires, Fuse, hold};
use crate::domain::claim::Channel;
use crate::domain::gates::fixture::{NOW, SETTLE_MS, World, claim, event, place, target};
use crate::domain::id::{ContactId, ThemeName};
use crate::domain::person::{Holder, Item, Person, Released};
use crate::domain::press::{self, Verdict};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Press, Row};
use crate::domain::rule::span::Span;
use crate::domain::rule::{Breaker, Cap, Limit, Limits, Mode, Rule};
use crate::domain::slots::{Slot, Slots};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The rule enrolled so many people so long ago.
fn enrolled(world: &mut World, count: u32, ago_ms: u64) {
    let mut slots = Slots::default();
    for number in 0..count {
        let at = NOW.minus_ms(ago_ms);
        slots.set(format!("{number}.0.inbound#1").into(), Slot::Settled(at));
    }
    world.enrolled.insert("inbound".into(), Arc::new(slots));
}

fn limited(max: u32, within_ms: u64, skip: bool) -> impl Fn(&mut World) {
    move |world| {
        world.rules.rules[0].limits =
            Limits { rolling: vec![Limit { max, within_ms }], skip, ..Limits::default() };
    }
}

#[test]
fn a_limit_waits_for_a_place_or_skips() {
    let row = check(
        |world| {
            limited(2, HOUR_MS, false)(world);
            enrolled(world, 2, 20 * MINUTE_MS);
        },
        Decision::Wait,
        Reason::RuleLimit,
    );
    assert_eq!(row.until, Some(NOW.plus_ms(40 * MINUTE_MS)));
    assert_eq!(row.sentence, "Rule \"inbound\" reached 2 per hour; continues 24 Nov 2026 10:40.");
    skips(
        |world| {
            limited(2, DAY_MS, true)(world);
            enrolled(world, 2, 3 * HOUR_MS);
        },
        Reason::RuleLimit,
    );
    for (count, ago_ms) in [(1, MINUTE_MS), (9, HOUR_MS)] {
        let free = |world: &mut World| {
            limited(2, HOUR_MS, false)(world);
            enrolled(world, count, ago_ms);
        };
        check(free, Decision::Enroll, Reason::Matched);
    }
    // A former id counts too, and so does an open call, whatever its age.
    let row = check(
        |world| {
            limited(1, HOUR_MS, false)(world);
            world.rules.rules[0].was = Some("older".into());
            let mut slots = Slots::default();
            slots.set("1".into(), Slot::Open);
            world.enrolled.insert("older".into(), Arc::new(slots));
        },
        Decision::Wait,
        Reason::RuleLimit,
    );
    assert!(row.sentence.ends_with("once an open call is settled."), "{}", row.sentence);
}

fn capped(days_ago: &'static [u64], themes: &'static [&'static str]) -> impl Fn(&mut World) {
    move |world| {
        let themes = themes.iter().map(|theme| ThemeName::from(*theme)).collect();
        let cap = Cap { max: 2, within: Span::days(90), themes, place: place(8) };
        world.rules.caps = vec![cap];
        let past = days_ago.iter().map(|days| {
            let began = NOW.minus_ms(days * DAY_MS);
            let flow = target(Channel::Workflow, "nurture-flow");
            claim(("nurture", flow), began, Some(began.plus_ms(DAY_MS)))
        });
        world.person.claims = past.collect();
    }
}

#[test]
fn a_person_is_enrolled_no_more_often_than_the_cap_says() {
    let row = skips(capped(&[80, 20], &[]), Reason::OverCap);
    assert_eq!(row.sentence, "2 enrollments in 90 days (limit 2).");
    assert_eq!(
        row.until,
        Some(Span::days(90).after(NOW.minus_ms(80 * DAY_MS), &world().rules.portal.zone,))
    );
    skips(capped(&[80, 20], &["sales", "nurture"]), Reason::OverCap);
    check(capped(&[91, 20], &[]), Decision::Enroll, Reason::Matched);
    check(capped(&[80, 20], &["nurture"]), Decision::Enroll, Reason::Matched);
    check(capped(&[80, 20], &["sales"]), Decision::Enroll, Reason::Matched);
}

const SMALL: Breaker = Breaker { max: 3, within_ms: 10 * MINUTE_MS, discard: false };

/// So many others fired the rule a minute ago.
fn fired(world: &mut World, mode: Mode, count: u64) {
    let minute_ago = NOW.minus_ms(MINUTE_MS).unix_ms() / 1_000;
    world.fires = Fires::default();
    world.fires.set(&Fuse::of_rule(&"inbound".into(), mode), (minute_ago, count));
    world.fires.set(&Fuse::of_portal(mode), (minute_ago, count));
}

fn guarded(count: u64, breaker: Breaker) -> impl Fn(&mut World) {
    move |world| {
        world.rules.rules[0].breaker = Some(breaker);
        fired(world, Mode::Live, count);
    }
}

/// The one row of Ann's event at the door.
fn at_the_door(prepare: impl Fn(&mut World)) -> (World, Row) {
    let mut world = world();
    prepare(&mut world);
    let taken = world.take(&event("lifecyclestage", "mql"));
    let [row] = &taken.rows[..] else { panic!("{:?}", taken.rows) };
    let row = row.clone();
    (world, row)
}

#[track_caller]
fn opens(prepare: impl Fn(&mut World), decision: Decision, reason: Reason) -> World {
    let (world, row) = at_the_door(prepare);
    assert_eq!((row.decision, row.reason), (decision, reason), "{}", row.sentence);
    world
}

/// CONSISTENCY.md 6.13.
#[test]
fn one_trigger_too_many_opens_the_breaker_before_anything_is_decided() {
    opens(guarded(2, SMALL), Decision::Wait, Reason::Settling);
    let world = opens(guarded(3, SMALL), Decision::Hold, Reason::BreakerOpen);
    let item = &world.person.items[0];
    assert_eq!(item.due, None);
    assert_eq!(
        item.sentence,
        "4 contacts matched \"inbound\" in 10 minutes (limit 3); held until a person decides."
    );
    // The portal's, by other rules too; and none where it is off.
    let portal = |world: &mut World| {
        fired(world, Mode::Live, 3);
        world.rules.portal.breakers = vec![SMALL];
    };
    opens(portal, Decision::Hold, Reason::BreakerOpen);
    opens(|world| fired(world, Mode::Live, 99), Decision::Wait, Reason::Settling);
    let discards = Breaker { discard: true, ..SMALL };
    let world = opens(guarded(3, discards), Decision::Skip, Reason::Discarded);
    assert!(world.person.items.is_empty());
}

/// CONSISTENCY.md 6.1.
#[test]
fn dry_run_and_live_triggers_are_counted_apart() {
    let other = |fired_by: Mode, mode: Mode| {
        move |world: &mut World| {
            world.rules.rules[0].breaker = Some(SMALL);
            world.rules.portal.breakers = vec![SMALL];
            world.rules.rules[0].mode = mode;
            fired(world, fired_by, 99);
        }
    };
    opens(other(Mode::DryRun, Mode::Live), Decision::Wait, Reason::Settling);
    opens(other(Mode::Live, Mode::DryRun), Decision::Wait, Reason::Settling);
    opens(other(Mode::DryRun, Mode::DryRun), Decision::Hold, Reason::BreakerOpen);
    opens(other(Mode::Live, Mode::Approval), Decision::Hold, Reason::BreakerOpen);
}

#[test]
fn a_burst_of_one_contact_fires_once() {
    let mut world = world();
    guarded(2, SMALL)(&mut world);
    for value in ["mql", "lead", "mql", "other", "mql"] {
        let taken = world.take(&event("lifecyclestage", value));
        assert!(taken.opened.is_empty(), "{value}: {:?}", taken.opened);
        world.now = world.now.plus_ms(1_000);
    }
    assert_eq!(world.person.items.len(), 1);
}

/// A value that flaps for a weekend is one thing to decide about, and one place in the store.
#[test]
fn whose_value_flaps_while_the_breaker_is_open_is_held_once() {
    let mut world = world();
    guarded(3, SMALL)(&mut world);
    for step in 0..50 {
        let value = if step % 2 == 0 { "mql" } else { "lead" };
        let mut change = event("lifecyclestage", value);
        change.occurred_at = world.now;
        let taken = world.take(&change);
        for tripped in taken.opened {
            world.fires.trip(tripped);
        }
        let held: Vec<_> = world.person.items.iter().map(|it| (it.reason, it.due)).collect();
        assert_eq!(held, [(Reason::BreakerOpen, None)], "after {} changes", step + 1);
        world.now = world.now.plus_ms(10 * MINUTE_MS);
    }
    assert_eq!(world.person.items[0].began, NOW, "from the first change on");
}

#[test]
fn what_came_before_the_breaker_opened_is_held_and_what_was_released_is_not() {
    let mut world = world();
    guarded(2, SMALL)(&mut world);
    world.take(&event("lifecyclestage", "mql"));
    let taken = {
        let mut other = World::new(vec![mql()]);
        other.rules.rules[0].breaker = Some(SMALL);
        fired(&mut other, Mode::Live, 3);
        other.take(&event("lifecyclestage", "mql"))
    };
    let [tripped] = &taken.opened[..] else { panic!("{:?}", taken.opened) };
    let caught = |person: &Person| hold(tripped, person, &"f".into());
    let turn = caught(&world.person).expect("she fired a moment before");
    assert_eq!(turn.rows[0].reason, Reason::BreakerOpen);
    let mut other = world.person.clone();
    let spared = |change: fn(&mut Item)| {
        let mut other = world.person.clone();
        change(&mut other.items[0]);
        assert_eq!(caught(&other), None);
    };
    spared(|item| item.fired_at = NOW.minus_ms(HOUR_MS));
    spared(|item| item.mode = Mode::DryRun);
    spared(|item| item.rule = "else".into());
    spared(|item| item.due = None);
    spared(|item| item.released.push(Released { from: Holder::Breaker, by: "Ann".into() }));
    // Its list is emptied by the press, and the breaker closes and counts anew.
    world.fires.trip(tripped.clone());
    other.apply_turn(9, &turn);
    world.fires.hold(&[], &other.items);
    assert!(world.fires.close_emptied().is_empty(), "one is held");
    world.fires.hold(&other.items, &[]);
    assert_eq!(world.fires.close_emptied().len(), 1);
    assert!(world.fires.open().is_empty());
    assert_eq!(world.fires.count(&tripped.fuse, HOUR_MS, NOW), 0);
}

#[test]
fn an_open_breaker_stops_what_comes_due() {
    let open = |breaker: Breaker| {
        move |world: &mut World| {
            world.rules.rules[0].breaker = Some(breaker);
            world.take(&event("lifecyclestage", "mql"));
            world.fires = Fires::default();
            let mut other = World::new(vec![mql()]);
            guarded(3, breaker)(&mut other);
            let taken = other.take(&event("lifecyclestage", "mql"));
            world.fires.trip(taken.opened[0].clone());
            world.now = world.now.plus_ms(SETTLE_MS);
        }
    };
    let due = |breaker: Breaker| {
        let mut world = world();
        open(breaker)(&mut world);
        world
    };
    assert_eq!(verdict(&mut due(SMALL)).reason, Reason::BreakerOpen);
    let discards = Breaker { discard: true, ..SMALL };
    assert_eq!(verdict(&mut due(discards)).reason, Reason::Discarded);
    let mut off = due(SMALL);
    off.rules.rules[0].breaker = None;
    assert_eq!(verdict(&mut off).reason, Reason::Matched);
    let mut released = due(SMALL);
    released.person.items[0].released = vec![Released { from: Holder::Breaker, by: "Ann".into() }];
    let row = verdict(&mut released);
    assert_eq!((row.decision, row.reason), (Decision::Enroll, Reason::Released));
    assert_eq!(row.sentence, "Enrolled after Ann released it from the breaker.");
    // It is asked again when the enrollment is reserved.
    let mut closed = due(SMALL);
    closed.fires = Fires::default();
    let intent = closed.decide().enroll.expect("an enrollment");
    assert_eq!(intent.breakers, [Fuse::of_rule(&"inbound".into(), Mode::Live)]);
}

fn asks(world: &mut World) {
    world.rules.rules = vec![Rule { mode: Mode::Approval, ..mql() }];
}

fn press(world: &mut World, verdict: Verdict) -> Row {
    let item = world.person.items[0].clone();
    let holder = press::holder(&item).expect("it is held");
    let by = Press { what: String::new(), who: "Kim".to_owned(), note: String::new() };
    let at = (ContactId(51), item);
    let turn = press::turn(&world.rules, at, (holder, verdict), by, world.now);
    world.person.apply_turn(world.person.version + 1, &turn);
    turn.rows[0].clone()
}

#[test]
fn an_approval_waits_for_a_person_and_lapses() {
    let row = check(asks, Decision::Hold, Reason::NeedsApproval);
    assert!(row.sentence.starts_with("Waiting for a person to approve; lapses 1 Dec 2026"));
    let held = || {
        let mut world = world();
        asks(&mut world);
        world.settled(&event("lifecyclestage", "mql"));
        world.decide();
        world
    };
    let mut lapsed = held();
    lapsed.now = lapsed.now.plus_ms(7 * DAY_MS - 1);
    assert_eq!(lapsed.decide().rows, [], "not due yet");
    lapsed.now = lapsed.now.plus_ms(1);
    let row = verdict(&mut lapsed);
    assert_eq!((row.decision, row.reason), (Decision::Skip, Reason::NotApproved));
    assert_eq!(row.sentence, "The approval lapsed.");
    let mut approved = held();
    let row = press(&mut approved, Verdict::Release);
    assert_eq!((row.decision, row.reason), (Decision::Wait, Reason::Released));
    let row = verdict(&mut approved);
    assert_eq!((row.decision, row.reason), (Decision::Enroll, Reason::Released));
    assert_eq!(row.sentence, "Enrolled after Kim released it from approval.");
    let mut declined = held();
    let row = press(&mut declined, Verdict::Discard);
    assert_eq!((row.reason, &*row.sentence), (Reason::NotApproved, "Kim declined."));
    assert!(declined.person.items.is_empty());
    // Every other gate is passed again.
    let mut changed = held();
    changed.contact.properties.insert("lifecyclestage".into(), "customer".to_owned());
    press(&mut changed, Verdict::Release);
    assert_eq!(verdict(&mut changed).reason, Reason::NoLongerMatches);
}

#[test]
fn only_what_is_held_can_be_pressed_and_a_doubt_is_resolved_instead() {
    let mut world = world();
    world.take(&event("lifecyclestage", "mql"));
    let mut item = world.person.items[0].clone();
    assert_eq!(press::holder(&item), None);
    item.decision = Decision::Hold;
    for (reason, holder) in [
        (Reason::InDoubt, None),
        (Reason::BreakerOpen, Some(Holder::Breaker)),
        (Reason::NeedsApproval, Some(Holder::Approval)),
        (Reason::NoSender, Some(Holder::Other)),
    ] {
        item.reason = reason;
        assert_eq!(press::holder(&item), holder, "{reason}");
    }
    item.reason = Reason::BreakerOpen;
    world.person.items = vec![item];
    let row = press(&mut world, Verdict::Discard);
    assert_eq!(row.sentence, "Kim discarded it from the held list.");
    assert_eq!(row.by.as_deref(), Some("Kim"));
}
