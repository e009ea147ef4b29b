//! What an occupied theme means: `on_conflict`, `wait_up_to`, `if_blocked`, and what is being left.

use super::{check, skips, world};
use crate::domain::claim::{Channel, State};
use crate::domain::gates::fixture::{
    World, becomes, changes, claim, contact, event, rule, takes_out, target,
};
use crate::domain::person::Purpose;
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::span::Span;
use crate::domain::rule::{Exit, Mode, OnConflict, Rule};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The theme is held, or rests since so many days, under this `on_conflict`.
fn held(on_conflict: OnConflict, ended_days_ago: Option<u64>) -> impl Fn(&mut World) {
    move |world| {
        let began = world.now.minus_ms(20 * DAY_MS);
        let ended = ended_days_ago.map(|days| world.now.minus_ms(days * DAY_MS));
        let place = ("sales", target(Channel::Sequence, "revival"));
        world.person.claims = vec![claim(place, began, ended)];
        world.rules.rules[0].on_conflict = on_conflict;
    }
}

#[test]
fn an_occupied_or_resting_theme_is_waited_for() {
    let row = check(held(OnConflict::Wait, None), Decision::Wait, Reason::ThemeBusy);
    assert_eq!(row.sentence, "intro waits until revival is over (on_conflict = wait).");
    skips(held(OnConflict::Skip, None), Reason::AlreadyInTheme);
    let row = check(held(OnConflict::Wait, Some(3)), Decision::Wait, Reason::ThemeBusy);
    assert!(row.sentence.contains("the rest after revival"), "{}", row.sentence);
    skips(held(OnConflict::Skip, Some(3)), Reason::CoolingDown);
}

#[test]
fn a_wait_ends_with_wait_up_to_and_does_not_expire() {
    let mut world = world();
    held(OnConflict::Wait, None)(&mut world);
    world.rules.rules[0].wait_up_to = Span::days(30);
    world.person.claims[0].holds_until = world.now.plus_ms(900 * DAY_MS);
    world.settled(&event("lifecyclestage", "mql"));
    let mut since = world.now;
    let mut looks = 0;
    let last = loop {
        let plan = world.decide();
        let Some(due) = world.person.items.first().and_then(|item| item.due) else {
            break plan.rows[0].clone();
        };
        assert_eq!(plan.rows[0].reason, Reason::ThemeBusy);
        let pause = due.since_ms(since);
        assert!((15 * MINUTE_MS..=6 * HOUR_MS).contains(&pause) || 120 < looks, "{pause} ms");
        (since, world.now, looks) = (due, due, looks + 1);
    };
    assert_eq!(last.reason, Reason::AlreadyInTheme, "{}", last.sentence);
    assert!(last.sentence.starts_with("intro waited 30 days (wait_up_to)."), "{}", last.sentence);
    assert!(looks < 140, "looked {looks} times in 30 days");
}

#[test]
fn once_the_theme_is_free_the_wait_is_over() {
    let mut world = world();
    held(OnConflict::Wait, None)(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    world.decide();
    // Thirteen days later: longer than `expires`, and the rest of 30 days is over too.
    let State::Confirmed { ended_at, .. } = &mut world.person.claims[0].state else { panic!() };
    *ended_at = Some(world.now.minus_ms(18 * DAY_MS));
    world.now = world.now.plus_ms(13 * DAY_MS);
    let plan = world.decide();
    assert!(plan.enroll.is_some(), "{:?}", plan.rows);
}

#[test]
fn replace_leaves_first_and_enrolls_then() {
    let mut world = world();
    held(OnConflict::Replace, None)(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let rows: Vec<_> = plan.rows.iter().map(|row| (row.id.as_str(), row.reason)).collect();
    let expected =
        [("1.0.inbound.replace", Reason::OutcomeUnknown), ("1.0.inbound", Reason::ThemeBusy)];
    assert_eq!(rows, expected);
    assert_eq!(plan.leavings.len(), 1);
    assert_eq!(plan.enroll, None);
    // Left: the rest does not stop the rule that left it.
    world.person.items.retain(|item| item.purpose == Purpose::Rule);
    world.person.leavings.clear();
    let State::Confirmed { ended_at, .. } = &mut world.person.claims[0].state else { panic!() };
    *ended_at = Some(world.now);
    world.now = world.now.plus_ms(MINUTE_MS);
    let plan = world.decide();
    assert!(plan.enroll.is_some(), "{:?}", plan.rows);
}

#[test]
fn what_could_not_be_replaced_is_not_tried_again() {
    let mut world = world();
    held(OnConflict::Replace, None)(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    world.decide();
    world.person.items.retain(|item| item.purpose == Purpose::Rule);
    world.person.leavings.clear();
    world.now = world.now.plus_ms(MINUTE_MS);
    let plan = world.decide();
    assert_eq!(plan.rows[0].reason, Reason::AlreadyInTheme);
    assert!(plan.leavings.is_empty());
}

#[test]
fn a_theme_that_silences_another_is_never_replaced() {
    let mut world = World::new(vec![Rule {
        on_conflict: OnConflict::Replace,
        ..crate::domain::gates::fixture::nurture("soft", changes("lifecyclestage"))
    }]);
    held(OnConflict::Replace, None)(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(plan.rows[0].reason, Reason::BlockedByTheme);
    assert!(plan.leavings.is_empty());
}

#[test]
fn a_rule_that_only_watches_replaces_in_its_mind() {
    let watches = |world: &mut World| {
        held(OnConflict::Replace, None)(world);
        world.rules.rules[0].mode = Mode::DryRun;
    };
    check(watches, Decision::Enroll, Reason::WouldEnroll);
}

/// CONSISTENCY.md 6.16: the bridge ends whichever sequence runs.
#[test]
fn no_sequence_is_begun_while_another_is_being_left() {
    let mut world = World::new(vec![
        takes_out("out", changes("lifecyclestage"), Exit::Target("elsewhere".into()), false),
        rule("inbound", becomes("lifecyclestage", "mql"), "intro"),
    ]);
    let place = ("other", target(Channel::Sequence, "elsewhere"));
    world.person.claims = vec![claim(place, world.now.minus_ms(DAY_MS), None)];
    world.settled(&event("lifecyclestage", "mql"));
    assert_eq!(world.decide().leavings.len(), 1);
    let plan = world.decide();
    assert_eq!(plan.rows[0].reason, Reason::ThemeBusy);
    assert_eq!(plan.rows[0].sentence, "intro waits until the contact is out of elsewhere.");
    assert_eq!(plan.enroll, None);
}

#[test]
fn where_the_best_is_blocked_the_next_may_try() {
    let rules = |next: bool| {
        vec![
            Rule {
                priority: 1,
                next_if_blocked: next,
                ..rule("first", changes("lifecyclestage"), "intro")
            },
            Rule { priority: 2, ..rule("second", changes("lifecyclestage"), "revival") },
            Rule { priority: 3, ..rule("third", changes("lifecyclestage"), "revival") },
        ]
    };
    // The first rule's template needs a name; the second one's does not.
    for (next, name, enrolled) in
        [(true, "", Some("second")), (false, "", None), (true, "Ann", Some("first"))]
    {
        let mut world = World::new(rules(next));
        world.contact = contact(&[("firstname", name)]);
        world.settled(&event("lifecyclestage", "mql"));
        let plan = world.decide();
        let by = plan.enroll.as_ref().map(|intent| intent.rule.as_str());
        assert_eq!(by, enrolled, "next {next}, firstname {name:?}: {:?}", plan.rows);
        let outranked = plan.rows.iter().filter(|row| row.reason == Reason::Outranked).count();
        assert_eq!(outranked, if next && name.is_empty() { 1 } else { 2 }, "{:?}", plan.rows);
    }
}
