use super::{Incoming, judge, listening, unreadable};
use crate::domain::event::{Event, Kind};
use crate::domain::gates::fixture::{
    NOW, SETTLE_MS, World, also_unenroll, becomes, changes, event, is, rule, rules,
};
use crate::domain::id::{ContactId, PortalId};
use crate::domain::kept::kept;
use crate::domain::reason::Reason;
use crate::domain::record::TakenEvent;
use crate::domain::rule::trigger::{Subject, When};
use crate::domain::rule::{Mode, Rule, Suppression};
use crate::domain::time::{DAY_MS, Timestamp};

fn world() -> World {
    World::new(vec![rule("inbound", becomes("lifecyclestage", "mql"), "intro")])
}

#[track_caller]
fn check(world: &mut World, event: &Event, expected: &[Reason]) -> TakenEvent {
    let taken = world.take(event);
    let got: Vec<Reason> = taken.rows.iter().map(|row| row.reason).collect();
    assert_eq!(got, expected, "{:?}", taken.rows);
    taken
}

fn at(mut event: Event, when: Timestamp) -> Event {
    event.occurred_at = when;
    event
}

fn of_kind(kind: Kind) -> Event {
    Event { kind, subscription_type: "contact.something".to_owned(), ..event("x", "") }
}

#[test]
fn a_fired_rule_settles_and_has_its_own_record() {
    let taken = check(&mut world(), &event("lifecyclestage", "mql"), &[Reason::Settling]);
    assert_eq!(taken.rows[0].id.as_str(), "1.0.inbound");
    assert_eq!(taken.rows[0].until, Some(NOW.plus_ms(SETTLE_MS)));
    assert_eq!(taken.identity.map(|it| it.len()), Some(32));
}

#[test]
fn another_portals_event_touches_nobody() {
    let mut event = event("lifecyclestage", "mql");
    event.portal = PortalId(8);
    let taken = check(&mut world(), &event, &[Reason::WrongPortal]);
    assert_eq!((taken.contact, taken.identity, taken.newest), (None, None, None));
}

#[test]
fn the_second_delivery_is_a_duplicate_even_when_it_is_stale_too() {
    let world = world();
    let old = at(event("lifecyclestage", "mql"), NOW.minus_ms(9 * DAY_MS));
    let incoming =
        Incoming { event: &old, received: NOW, id: "2.0", duplicate: true, fires: &world.fires };
    let taken = judge(&world.rules, &world.person, &incoming);
    assert_eq!(taken.rows[0].reason, Reason::DuplicateEvent);
    assert_eq!(taken.identity, None);
}

#[test]
fn older_than_the_newest_seen_or_than_stale_after_is_stale() {
    let mut world = world();
    check(&mut world, &event("lifecyclestage", "lead"), &[Reason::NoMatch]);
    let earlier = at(event("lifecyclestage", "mql"), NOW.minus_ms(1));
    check(&mut world, &earlier, &[Reason::StaleEvent]);
    let same = event("lifecyclestage", "mql");
    check(&mut world, &same, &[Reason::Settling]);
    let mut other = self::world();
    let limit = at(event("lifecyclestage", "mql"), NOW.minus_ms(4 * DAY_MS));
    check(&mut other, &limit, &[Reason::Settling]);
    let late = at(event("lifecyclestage", "mql"), NOW.minus_ms(4 * DAY_MS + 1));
    check(&mut self::world(), &late, &[Reason::StaleEvent]);
    // What reconcile finds may be as old as it likes, and is the same change as a delivered one.
    let found = Event { subscription_type: "reconciled.propertyChange".to_owned(), ..late.clone() };
    assert_eq!(found.identity(), late.identity());
    check(&mut self::world(), &found, &[Reason::Settling]);
}

#[test]
fn an_event_dated_2100_silences_nobody() {
    let mut world = world();
    let future = at(event("lifecyclestage", "lead"), NOW.plus_ms(70 * 365 * DAY_MS));
    check(&mut world, &future, &[Reason::NoMatch]);
    world.now = NOW.plus_ms(1_000);
    let next = at(event("lifecyclestage", "mql"), world.now);
    check(&mut world, &next, &[Reason::Settling]);
}

#[test]
fn our_own_writes_are_not_routed() {
    check(&mut world(), &event("unenroll_requested", "1"), &[Reason::OwnChange]);
    let mut by_property = World::new(vec![rule("any", changes("start_it"), "intro")]);
    let workflow = by_property.rules.workflows.get_mut("nurture-flow").expect("there");
    workflow.via = Some("start_it".into());
    check(&mut by_property, &event("start_it", "1"), &[Reason::OwnChange]);
    let mut by_app = event("lifecyclestage", "mql");
    by_app.source = Some("INTEGRATION".to_owned());
    by_app.source_id = Some("55".to_owned());
    by_app.app = Some(55);
    check(&mut world(), &by_app, &[Reason::Settling]);
    let strict = || {
        let mut strict = world();
        strict.rules.portal.ignore_own_app = true;
        strict
    };
    check(&mut strict(), &by_app, &[Reason::OwnChange]);
    by_app.source_id = Some("56".to_owned());
    check(&mut strict(), &by_app, &[Reason::Settling]);
}

#[test]
fn an_event_that_fires_nothing_has_one_record() {
    check(&mut world(), &event("hair_color", "red"), &[Reason::NotWatched]);
    let taken = check(&mut world(), &event("lifecyclestage", "lead"), &[Reason::NoMatch]);
    assert!(taken.rows[0].sentence.contains("closest was \"inbound\""));
    let mut off = world();
    off.rules.rules[0].mode = Mode::Off;
    check(&mut off, &event("lifecyclestage", "mql"), &[Reason::NotWatched]);
    check(&mut world(), &of_kind(Kind::Created), &[Reason::NotWatched]);
    check(&mut world(), &of_kind(Kind::Other), &[Reason::NotWatched]);
}

#[test]
fn merged_records_do_not_enroll() {
    let merged = Kind::Merged { into: ContactId(51), from: vec![ContactId(4), ContactId(5)] };
    let taken = check(&mut world(), &of_kind(merged), &[Reason::MergedRecord]);
    assert!(taken.rows[0].sentence.contains("merging 4, 5"));
    let mut written = event("lifecyclestage", "mql");
    written.source = Some("MERGE_OBJECTS".to_owned());
    check(&mut world(), &written, &[Reason::MergedRecord]);
    let mut allowed = world();
    allowed.rules.rules[0].enroll_merged = true;
    check(&mut allowed, &written, &[Reason::Settling]);
}

#[test]
fn a_suppression_that_takes_people_out_watches_its_properties() {
    let mut world = world();
    world.rules.suppressions = vec![also_unenroll("customers", is("customer", "yes"))];
    world.rules.watched.insert("customer".into(), vec![0]);
    let taken = check(&mut world, &event("customer", "yes"), &[Reason::Settling]);
    assert_eq!(taken.rows[0].id.as_str(), "1.0.suppress.customers");
    assert_eq!(taken.rows[0].rule, None, "a suppression is no rule");
    assert_eq!(world.person.items[0].due, Some(world.now), "who must leave does not settle");
    check(&mut world, &event("hair_color", "red"), &[Reason::NotWatched]);
}

#[test]
fn a_suppression_that_is_over_watches_nothing() {
    let mut world = world();
    let ends = Some(world.now);
    let over = Suppression { ends, ..also_unenroll("customers", is("customer", "yes")) };
    world.rules.suppressions = vec![over];
    world.rules.watched.insert("customer".into(), vec![0]);
    check(&mut world, &event("customer", "yes"), &[Reason::NotWatched]);
}

#[test]
fn nothing_waits_for_somebody_who_is_gone() {
    let mut world = world();
    check(&mut world, &event("lifecyclestage", "mql"), &[Reason::Settling]);
    check(&mut world, &of_kind(Kind::PrivacyDeleted), &[Reason::Deleted, Reason::Deleted]);
    assert!(world.person.items.is_empty());
}

#[test]
fn a_burst_is_one_item_with_the_value_before_it() {
    let mut world = World::new(vec![rule("any", changes("plan"), "intro")]);
    world.person.newest.insert(
        "plan".into(),
        crate::domain::person::Newest { at: NOW.minus_ms(DAY_MS), value: Some("free".to_owned()) },
    );
    check(&mut world, &event("plan", "basic"), &[Reason::Settling]);
    world.now = NOW.plus_ms(20_000);
    let next = at(event("plan", "pro"), world.now);
    let taken = check(&mut world, &next, &[Reason::MergedIntoLater, Reason::Settling]);
    assert_eq!(taken.rows[0].id.as_str(), "1.0.any");
    let [item] = world.person.items.as_slice() else { panic!("one item") };
    assert_eq!(item.from.as_deref(), Some("free"));
    assert_eq!((item.began, item.due), (NOW, Some(world.now.plus_ms(SETTLE_MS))));
}

/// Anybody who fills in a form may send 65,536 characters, and each record keeps them many times.
#[test]
fn of_a_long_value_only_the_beginning_is_kept_and_it_is_still_told_apart() {
    let mut world = World::new(vec![rule("any", changes("plan"), "intro")]);
    let long = |last: &str| "\u{20ac}".repeat(21_845) + last;
    for (step, value) in ["a", "b"].iter().enumerate() {
        world.now = NOW.plus_ms(step as u64 * DAY_MS);
        world.person.items.clear();
        let taken = world.take(&at(event("plan", &long(value)), world.now));
        let bytes = serde_json::to_vec(&taken).expect("JSON").len();
        assert!(bytes < 8 * 1_024, "{bytes} bytes are recorded");
        assert_eq!(world.person.items.len(), 1, "{value}: {:?}", taken.rows);
    }
    let [item] = world.person.items.as_slice() else { panic!("one item") };
    assert_eq!(item.from.as_deref(), Some(&*kept(&long("a"))));
    world.now = NOW.plus_ms(9 * DAY_MS);
    let same = at(event("plan", &long("b")), world.now);
    check(&mut world, &same, &[Reason::NoMatch]);
}

#[test]
fn settle_belongs_to_the_person_and_ends_after_ten_times_its_length() {
    let mut world = World::new(vec![
        rule("a", changes("plan"), "intro"),
        rule("b", changes("color"), "revival"),
    ]);
    check(&mut world, &event("color", "0"), &[Reason::Settling]);
    for step in 1..20 {
        world.now = NOW.plus_ms(step * 20_000);
        world.take(&at(event("plan", &step.to_string()), world.now));
        let last = NOW.plus_ms(10 * SETTLE_MS);
        let settling = world.person.settling.expect("it settles");
        assert!(settling.first != NOW || settling.until <= last, "{settling:?}");
        if world.now < last {
            let due: Vec<_> = world.person.items.iter().map(|item| item.due).collect();
            let until = world.now.plus_ms(SETTLE_MS).min(last);
            assert_eq!(due, [Some(until), Some(until)], "both move together");
        }
    }
}

#[test]
fn a_rule_without_settle_is_due_at_once() {
    let mut world = world();
    world.rules.rules[0].settle_ms = 0;
    check(&mut world, &event("lifecyclestage", "mql"), &[Reason::Settling]);
    assert_eq!(world.person.items[0].due, Some(NOW));
}

#[test]
fn an_item_that_cannot_be_read_is_recorded() {
    let taken = unreadable(&rules(Vec::new()), "3.4", "no objectId");
    assert_eq!(taken.rows[0].id.as_str(), "3.4");
    assert!(taken.rows[0].sentence.ends_with("could not be read: no objectId."));
}

/// The cost of an event does not hang on rules that listen to something else.
#[test]
fn of_ten_thousand_rules_only_those_that_listen_are_looked_at() {
    let other = |n: u32| rule(&format!("other-{n}"), changes(&format!("property_{n}")), "intro");
    let mut list: Vec<Rule> = (0..10_000).map(other).collect();
    list.push(rule("inbound", becomes("lifecyclestage", "mql"), "intro"));
    list.push(rule("created", created(), "intro"));
    let world = World::new(list);
    let check = |event: &Event, expected: &[&str]| {
        let places = listening(&world.rules, event);
        let ids: Vec<&str> =
            places.iter().map(|place| world.rules.rules[*place].id.as_str()).collect();
        assert_eq!(ids, expected);
    };
    check(&event("lifecyclestage", "mql"), &["inbound"]);
    check(&event("property_77", "x"), &["other-77"]);
    check(&event("unwatched", "x"), &[]);
    check(&of_kind(Kind::Created), &["created"]);
    check(&of_kind(Kind::Restored), &[]);
    check(&of_kind(Kind::Deleted), &[]);
}

fn created() -> When {
    When { subject: Subject::ContactCreated, ..changes("x") }
}
