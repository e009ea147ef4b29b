use crate::domain::contact::PastValue;
use crate::domain::event::{Event, Kind};
use crate::domain::gates::fixture::{NOW, World, becomes, event, rule};
use crate::domain::id::ContactId;
use crate::domain::reason::Reason;
use crate::domain::rule::trigger::{Change, Subject};

const MERGE: &str = "MERGE_OBJECTS";

/// What becomes of a change that HubSpot's history gives these sources, so many milliseconds
/// later than the event says.
#[track_caller]
fn check(sources: &[(&str, u64)], enroll_merged: bool, expected: Option<Reason>) {
    let mut world = World::new(vec![rule("inbound", becomes("lifecyclestage", "mql"), "intro")]);
    world.rules.rules[0].enroll_merged = enroll_merged;
    let past = |(source, later): &(&str, u64)| PastValue {
        value: "mql".to_owned(),
        at: NOW.plus_ms(*later),
        source: Some((*source).to_owned()),
    };
    let history = sources.iter().map(past).collect();
    world.contact.history.insert("lifecyclestage".into(), history);
    world.contact.merged = vec![ContactId(4), ContactId(5)];
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(plan.rows.first().map(|row| row.reason), expected, "{:?}", plan.rows);
    assert_eq!(plan.enroll.is_some(), expected.is_none());
}

#[test]
fn what_a_merge_wrote_is_no_change_even_where_the_event_does_not_say_so() {
    check(&[(MERGE, 0)], false, Some(Reason::MergedRecord));
    check(&[("merge_contacts", 1_500)], false, Some(Reason::MergedRecord));
    check(&[(MERGE, 0)], true, None);
    check(&[("FORM", 0)], false, None);
    check(&[(MERGE, 5_000)], false, None);
    check(&[], false, None);
    // Somebody wrote it, and a merge wrote it again.
    check(&[("FORM", 0), (MERGE, 100)], false, None);
}

#[test]
fn what_came_under_an_id_from_before_the_merge_was_not_written_by_it() {
    let mut world = World::new(vec![rule("inbound", becomes("lifecyclestage", "mql"), "intro")]);
    let source = Some(MERGE.to_owned());
    let past = PastValue { value: "mql".to_owned(), at: NOW.plus_ms(500), source };
    world.contact.history.insert("lifecyclestage".into(), vec![past]);
    world.contact.merged = vec![ContactId(4)];
    world.settled(&Event { contact: ContactId(4), ..event("lifecyclestage", "mql") });
    assert!(world.decide().enroll.is_some());
}

#[test]
fn the_record_that_a_merge_made_anew_is_no_new_contact() {
    for (merged, expected) in [(vec![ContactId(4)], Some(Reason::MergedRecord)), (vec![], None)] {
        let mut created = rule("new", becomes("lifecyclestage", "mql"), "intro");
        created.when.subject = Subject::ContactCreated;
        created.when.change = Change::Any;
        let mut world = World::new(vec![created]);
        world.contact.merged = merged;
        world.settled(&Event { kind: Kind::Created, ..event("x", "") });
        let plan = world.decide();
        assert_eq!(plan.rows.first().map(|row| row.reason), expected, "{:?}", plan.rows);
    }
}
