use super::*;
use crate::domain::bar::{Bar, Barring};
use crate::domain::claim::Channel;
use crate::domain::contact::Owner;
use crate::domain::gates::fixture::{
    ANN, NOW, World, becomes, claim, contact, event, rule, target,
};
use crate::domain::id::{OwnerId, SequenceId};
use crate::domain::leaving::follow;
use crate::domain::person::{Seen, Shadow};
use crate::domain::reason::Reason;
use crate::domain::record::{Aliased, Step, Taken, TraceStep};

/// What no record of an erased person may hold.
const MARK: &str = "MARK";

fn world() -> World {
    World::new(vec![rule("inbound", becomes("lifecyclestage", MARK), "intro")])
}

/// A record with everything that can be said of Ann.
fn taken() -> Record {
    let mut world = world();
    let mut event = event("lifecyclestage", MARK);
    event.source_id = Some(format!("userId:{MARK}"));
    event.event_id = Some(MARK.to_owned());
    let mut taken = world.take(&event);
    taken.rows[0].sentence = format!("{MARK} waits.");
    let step = "when".to_owned();
    taken.rows[0].trace = vec![TraceStep { step, passed: true, detail: MARK.to_owned() }];
    let items = taken.items.as_mut().expect("an item");
    (items[0].from, items[0].sentence) = (Some(MARK.to_owned()), MARK.to_owned());
    Record::Taken(Taken { delivery: 1, at: NOW, events: vec![taken] })
}

fn turn() -> Record {
    let Record::Taken(taken) = taken() else { unreachable!() };
    let event = &taken.events[0];
    let items = event.items.clone().expect("an item");
    let mut turn = Turn::new(Step::Pressed, ANN, NOW);
    turn.viewed = Some(contact(&[("firstname", MARK)]));
    let owner = Owner { id: OwnerId(1), user: None, email: Some(MARK.into()), archived: false };
    turn.owner = Some(owner);
    turn.rows.clone_from(&event.rows);
    let mut claim = claim(("sales", target(Channel::Sequence, "intro")), NOW, None);
    claim.state = State::Released { at: NOW, why: MARK.to_owned() };
    let stay = crate::domain::gates::past::Stay {
        theme: "sales".into(),
        name: "intro".to_owned(),
        rule: None,
        claim: None,
        target: Some(claim.target.clone()),
        began: NOW,
        ended: None,
    };
    turn.leavings = follow::leavings(&items[0], &[&stay], NOW);
    let failed = End::Failed { reason: Reason::BridgeBroken, sentence: MARK.to_owned() };
    turn.leavings[0].stage = Stage::Over(failed);
    turn.items = items;
    turn.claims = vec![claim];
    let seen = Seen { sequence: SequenceId(11), enrolled_at: NOW, ended_at: None };
    turn.seen = Some(vec![seen]);
    turn.shadows = Some(vec![Shadow {
        rule: "inbound".into(),
        theme: "sales".into(),
        target: "intro".into(),
        at: NOW,
        holds_until: NOW,
    }]);
    let (who, note) = ("Dana".to_owned(), MARK.to_owned());
    turn.barring = Some(Barring::Set(Bar { at: NOW, who: who.clone(), note: note.clone() }));
    turn.press = Some(Press { what: "take-out".to_owned(), who, note });
    Record::Turn(Box::new(turn))
}

fn aliased() -> Record {
    let Record::Turn(turn) = turn() else { unreachable!() };
    let (items, leavings) = (turn.items, turn.leavings);
    let into = ContactId(9);
    Record::Aliased(Aliased { at: NOW, from: ANN, into, items, leavings, erased: Vec::new() })
}

#[track_caller]
fn check(mut record: Record) {
    let before = serde_json::to_string(&record).expect("a record");
    assert!(before.contains(MARK));
    let others = ErasedIds::from([ContactId(7)]);
    assert!(!redact(&mut record, &others), "another person's erasure changes nothing");
    let erased = ErasedIds::from([ANN]);
    assert!(redact(&mut record, &erased));
    let after = serde_json::to_string(&record).expect("a record");
    assert!(!after.contains(MARK), "{after}");
    assert!(after.len() <= before.len(), "it has to find place where it was");
    assert!(!redact(&mut record, &erased), "a second time");
}

#[test]
fn nothing_but_ids_is_left_of_an_erased_person() {
    check(taken());
    check(turn());
    check(aliased());
}

#[test]
fn an_event_under_a_merged_id_is_about_the_person_too() {
    let Record::Taken(mut taken) = taken() else { unreachable!() };
    taken.events[0].contact = Some(ContactId(9));
    let mut record = Record::Taken(taken);
    assert!(redact(&mut record, &ErasedIds::from([ANN])));
}

#[test]
fn enrollments_and_merges_outlast_the_person() {
    let mut person = Person::new(ANN);
    let Record::Turn(turn) = turn() else { unreachable!() };
    person.apply_turn(3, &turn);
    person.merged = vec![ContactId(5)];
    person.erase(4, NOW);
    let text = serde_json::to_string(&person).expect("a person");
    assert!(!text.contains(MARK), "{text}");
    assert_eq!((person.claims.len(), person.merged.len(), person.items.len()), (1, 1, 0));
    assert_eq!((person.erased, person.version), (Some(NOW), 4));
    person.erase(9, NOW.plus_ms(1));
    assert_eq!(person.erased, Some(NOW), "the first time counts");
}
