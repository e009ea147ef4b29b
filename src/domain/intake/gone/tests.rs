use crate::domain::event::{Event, Kind};
use crate::domain::gates::fixture::{ANN, NOW, World, becomes, event, rule};
use crate::domain::id::ContactId;
use crate::domain::reason::Reason;
use crate::domain::record::TakenEvent;
use crate::domain::time::{DAY_MS, MINUTE_MS, Timestamp};

const OLD: ContactId = ContactId(50);

fn world() -> World {
    World::new(vec![rule("inbound", becomes("lifecyclestage", "mql"), "intro")])
}

fn of_kind(kind: Kind, at: Timestamp) -> Event {
    let word = "contact.something".to_owned();
    Event { kind, occurred_at: at, subscription_type: word, ..event("x", "") }
}

#[track_caller]
fn check(world: &mut World, event: &Event, expected: &[Reason]) -> TakenEvent {
    let taken = world.take(event);
    let got: Vec<Reason> = taken.rows.iter().map(|row| row.reason).collect();
    assert_eq!(got, expected, "{:?}", taken.rows);
    taken
}

#[test]
fn what_waits_ends_with_the_contact_and_a_restore_works_again() {
    let mut world = world();
    check(&mut world, &event("lifecyclestage", "mql"), &[Reason::Settling]);
    let gone = of_kind(Kind::Deleted, NOW.plus_ms(1_000));
    let taken = check(&mut world, &gone, &[Reason::Deleted, Reason::Deleted]);
    assert!(world.person.items.is_empty() && world.person.erased.is_none());
    assert_eq!(taken.rows[0].rule, Some("inbound".into()));
    assert_eq!(taken.rows[0].sentence, "The contact was deleted.");
    world.now = NOW.plus_ms(MINUTE_MS);
    let back = of_kind(Kind::Restored, world.now.minus_ms(1));
    check(&mut world, &back, &[Reason::NotWatched]);
    let again = Event { occurred_at: world.now, ..event("lifecyclestage", "mql") };
    check(&mut world, &again, &[Reason::NoMatch]);
    let back = Event { occurred_at: world.now, ..event("lifecyclestage", "lead") };
    check(&mut world, &back, &[Reason::NoMatch]);
    world.now = world.now.plus_ms(1_000);
    let again = Event { occurred_at: world.now, ..event("lifecyclestage", "mql") };
    check(&mut world, &again, &[Reason::Settling]);
}

#[test]
fn the_later_of_a_deletion_and_a_restore_counts_whichever_comes_first() {
    let mut world = world();
    world.now = NOW.plus_ms(MINUTE_MS);
    check(&mut world, &of_kind(Kind::Restored, NOW.plus_ms(2_000)), &[Reason::NotWatched]);
    check(&mut world, &event("lifecyclestage", "mql"), &[Reason::Settling]);
    check(&mut world, &of_kind(Kind::Deleted, NOW), &[Reason::StaleEvent]);
    assert_eq!(world.person.items.len(), 1, "it was restored since");
    let gone = of_kind(Kind::Deleted, NOW.plus_ms(3_000));
    check(&mut world, &gone, &[Reason::Deleted, Reason::Deleted]);
    check(&mut world, &of_kind(Kind::Restored, NOW.plus_ms(2_500)), &[Reason::StaleEvent]);
}

#[test]
fn who_is_gone_or_merged_is_so_however_late_it_is_heard() {
    let late = NOW.minus_ms(30 * DAY_MS);
    check(&mut world(), &of_kind(Kind::Deleted, late), &[Reason::Deleted]);
    check(&mut world(), &of_kind(Kind::PrivacyDeleted, late), &[Reason::Deleted]);
    let merged = Kind::Merged { into: ANN, from: vec![OLD] };
    let taken = check(&mut world(), &of_kind(merged, late), &[Reason::MergedRecord]);
    assert_eq!(taken.merged, [OLD]);
    check(&mut world(), &of_kind(Kind::Created, late), &[Reason::StaleEvent]);
}

#[test]
fn an_erasure_names_every_id_and_says_nothing_of_the_person() {
    let mut world = world();
    world.person.merged = vec![OLD];
    check(&mut world, &event("lifecyclestage", "mql"), &[Reason::Settling]);
    let erased = of_kind(Kind::PrivacyDeleted, NOW);
    let taken = check(&mut world, &erased, &[Reason::Deleted, Reason::Deleted]);
    assert_eq!(taken.erased, [ANN, OLD]);
    let text = serde_json::to_string(&taken).expect("a record");
    assert!(!text.contains("mql"), "{text}");
}

#[test]
fn both_events_of_a_privacy_deletion_and_all_after_it_are_deleted() {
    for first in [Kind::Deleted, Kind::PrivacyDeleted] {
        let mut world = world();
        check(&mut world, &of_kind(first.clone(), NOW), &[Reason::Deleted]);
        world.person.erase(9, NOW);
        for kind in [Kind::Deleted, Kind::PrivacyDeleted, Kind::Restored, Kind::Created] {
            check(&mut world, &of_kind(kind, NOW), &[Reason::Deleted]);
        }
        let taken = check(&mut world, &event("lifecyclestage", "mql"), &[Reason::Deleted]);
        assert_eq!((&taken.newest, &taken.identity, &taken.items), (&None, &None, &None));
        let text = serde_json::to_string(&taken).expect("a record");
        assert!(!text.contains("mql"), "{text}");
        let merged = Kind::Merged { into: ANN, from: vec![OLD] };
        let taken = check(&mut world, &of_kind(merged, NOW), &[Reason::Deleted]);
        assert_eq!(taken.merged, [OLD], "the erasure spreads");
    }
}
