//! The order of the gates, and what stands before the ranking.

mod absence;
mod burst;
mod conflict;
mod consistency;
mod gates;
mod leave;
mod protection;
mod recovered;
mod time;

use crate::domain::contact::PastValue;
use crate::domain::gates::fixture::{NOW, World, becomes, changes, contact, event, is, rule};
use crate::domain::id::RuleId;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::Row;
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::{Index, Mode, Rule};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

fn mql() -> Rule {
    rule("inbound", becomes("lifecyclestage", "mql"), "intro")
}

fn world() -> World {
    World::new(vec![mql()])
}

/// The one record of a decision: what was verdict, or the enrollment to be reserved.
#[track_caller]
fn verdict(world: &mut World) -> Row {
    let plan = world.decide();
    let mut rows = plan.rows;
    rows.extend(plan.enroll.map(|intent| intent.row));
    assert_eq!(rows.len(), 1, "one record: {rows:?}");
    rows.remove(0)
}

/// Ann becomes an MQL in this world, and the decision is this one.
#[track_caller]
fn check(prepare: impl FnOnce(&mut World), decision: Decision, reason: Reason) -> Row {
    let mut world = world();
    prepare(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    let row = verdict(&mut world);
    assert_eq!((row.decision, row.reason), (decision, reason), "{} {:?}", row.sentence, row.trace);
    row
}

#[track_caller]
fn skips(prepare: impl FnOnce(&mut World), reason: Reason) -> Row {
    check(prepare, Decision::Skip, reason)
}

#[test]
fn who_passes_every_gate_is_enrolled_by_the_owner() {
    let row = check(|_| (), Decision::Enroll, Reason::Matched);
    assert_eq!(row.sentence, "Enrolled in intro by dana: rule \"inbound\" matched.");
    let steps: Vec<&str> = row.trace.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(
        steps,
        [
            "expires",
            "when",
            "suppress",
            "requires",
            "theme",
            "cooldown",
            "re_enroll",
            "mode",
            "sender"
        ]
    );
}

#[test]
fn an_enrollment_is_planned_whole() {
    let mut world = world();
    world.used("dana", 1);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let intent = plan.enroll.expect("an enrollment");
    assert_eq!(plan.items.len(), 1, "the item stays until the call is settled");
    assert_eq!(plan.items[0].id, intent.item);
    assert_eq!(intent.sender.map(|it| it.user.0), Some(1));
    assert_eq!(intent.budget.map(|it| (it.used, it.budget)), Some((1, 2)));
    assert_eq!(intent.holds_until, world.now.plus_ms(60 * DAY_MS));
}

#[test]
fn a_rule_that_is_gone_or_off_does_nothing() {
    skips(
        |world| {
            world.settled(&event("lifecyclestage", "mql"));
            world.rules.rules[0].mode = Mode::Off;
            world.person.newest.clear();
        },
        Reason::RuleRemoved,
    );
    let mut gone = world();
    gone.settled(&event("lifecyclestage", "mql"));
    gone.rules.rules[0].id = "renamed".into();
    gone.rules.index = Index::of(&gone.rules.rules);
    let mut kept = world();
    kept.settled(&event("lifecyclestage", "mql"));
    kept.rules.rules[0].id = "renamed".into();
    kept.rules.rules[0].was = Some("inbound".into());
    kept.rules.index = Index::of(&kept.rules.rules);
    assert_eq!(verdict(&mut gone).reason, Reason::RuleRemoved);
    assert_eq!(verdict(&mut kept).reason, Reason::Matched, "was keeps what waits");
}

#[test]
fn the_stricter_of_the_mode_then_and_now_counts() {
    let mut world = world();
    world.rules.rules[0].mode = Mode::DryRun;
    world.settled(&event("lifecyclestage", "mql"));
    world.rules.rules[0].mode = Mode::Live;
    assert_eq!(verdict(&mut world).reason, Reason::WouldEnroll);
}

#[test]
fn what_waited_too_long_expires_from_when_it_was_first_due() {
    let mut late = world();
    late.settled(&event("lifecyclestage", "mql"));
    late.now = late.now.plus_ms(7 * DAY_MS);
    assert_eq!(verdict(&mut late).reason, Reason::Matched, "exactly seven days is not too old");
    late.now = late.now.plus_ms(1);
    late.person.items[0].due = Some(late.now);
    assert_eq!(verdict(&mut late).reason, Reason::Expired);
}

#[test]
fn hubspots_own_history_tells_whether_it_really_moved() {
    let was = |value: &str, world: &World| PastValue {
        value: value.to_owned(),
        at: world.now.minus_ms(DAY_MS),
        source: None,
    };
    let history = |value: &'static str| {
        move |world: &mut World| {
            let past = vec![was(value, world)];
            world.contact.history.insert("lifecyclestage".into(), past);
        }
    };
    check(history("lead"), Decision::Enroll, Reason::Matched);
    check(history("mql"), Decision::Ignore, Reason::NoMatch);
    // The change itself, dated a little before its event, is not the value before it.
    let skewed = |world: &mut World| {
        let at = |ms: u64| world.now.minus_ms(ms);
        let past = [("mql", at(5)), ("lead", at(DAY_MS))];
        let past = past.map(|(value, at)| PastValue { value: value.to_owned(), at, source: None });
        world.contact.history.insert("lifecyclestage".into(), past.to_vec());
    };
    check(skewed, Decision::Enroll, Reason::Matched);
}

#[test]
fn what_was_taken_back_no_longer_matches() {
    let row = skips(
        |world| world.contact = contact(&[("lifecyclestage", "lead")]),
        Reason::NoLongerMatches,
    );
    assert!(row.sentence.contains("lifecyclestage is \"lead\""), "{}", row.sentence);
}

#[test]
fn there_and_back_within_settle_is_no_change() {
    let mut world = World::new(vec![rule("any", changes("plan"), "intro")]);
    for (value, second) in [("basic", 0), ("pro", 5), ("basic", 10)] {
        world.now = NOW.plus_ms(DAY_MS + second * 1_000);
        let mut change = event("plan", value);
        change.occurred_at = world.now;
        world.take(&change);
        if value == "basic" && second == 0 {
            // The value before the burst was seen earlier, and is decided.
            world.person.items.clear();
            world.person.settling = None;
        }
    }
    world.contact = contact(&[("plan", "basic")]);
    world.now = world.now.plus_ms(MINUTE_MS);
    assert_eq!(verdict(&mut world).reason, Reason::NoLongerMatches);
}

#[test]
fn conditions_hold_all_and_unless_none() {
    let us = |world: &mut World| world.rules.rules[0].only_if = vec![is("country", "US")];
    let row = check(us, Decision::Ignore, Reason::NoMatch);
    assert_eq!(row.sentence, "No rule matched; closest was \"inbound\": country is unknown.");
    let not_us = |world: &mut World| {
        world.rules.rules[0].unless = vec![is("country", "US")];
        world.contact = contact(&[("country", "US")]);
    };
    check(not_us, Decision::Ignore, Reason::NoMatch);
}

#[test]
fn a_delay_counts_from_the_change_and_asks_everything_again() {
    let delayed = |world: &mut World| {
        world.rules.rules[0].delay = Some(Span { count: 2, unit: Unit::Hour });
        world.rules.rules[0].only_if = vec![is("country", "US")];
        world.contact = contact(&[("country", "US")]);
    };
    let mut waiting = world();
    delayed(&mut waiting);
    waiting.settled(&event("lifecyclestage", "mql"));
    let row = verdict(&mut waiting);
    let due = NOW.plus_ms(2 * HOUR_MS);
    assert_eq!((row.reason, row.until), (Reason::Delayed, Some(due)));
    assert_eq!(waiting.person.items[0].first_due, due, "expires counts from here");
    waiting.now = due;
    waiting.contact = contact(&[("country", "FR")]);
    assert_eq!(verdict(&mut waiting).reason, Reason::NoLongerMatches);
}

#[test]
fn the_best_priority_of_a_theme_wins_and_the_others_say_by_whom() {
    let mut world = World::new(vec![
        Rule { priority: 100, ..mql() },
        rule("b-late", becomes("lifecyclestage", "mql"), "revival"),
    ]);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(plan.rows.len(), 1);
    assert_eq!(plan.rows[0].reason, Reason::Outranked);
    assert_eq!(plan.rows[0].by.as_deref(), Some("inbound"));
    assert_eq!(plan.rows[0].sentence, "Rule \"inbound\" (priority 100) came first.");
    assert_eq!(plan.enroll.map(|it| it.rule), Some(RuleId::from("inbound")));
}
