//! Merges over merges, in every order: a person is one person, whichever id is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Book;
use crate::domain::claim::{Channel, Claim, State, Target};
use crate::domain::id::ContactId;
use crate::domain::record::{Record, Step, Turn};
use crate::domain::time::{MINUTE_MS, Timestamp};
use crate::store::chance::Chance;
use crate::store::index::MemoryIndex;
use crate::store::ledger::merging::Says;

/// Random merge trees; with `PROVE_TREES` as many as it says (RELIABILITY.md F13: 100,000).
const TREES: u64 = 5_000;
/// What happens to the contacts of one tree.
const STEPS: u64 = 10;
/// Contacts there are at its beginning.
const CONTACTS: u64 = 6;

/// HubSpot, as far as merges go: which id answers for which.
#[derive(Default)]
struct Portal {
    /// Ids that answer under another one.
    answers_as: BTreeMap<ContactId, ContactId>,
    next: u64,
}

impl Portal {
    fn read(&self, asked: ContactId) -> ContactId {
        self.answers_as.get(&asked).copied().unwrap_or(asked)
    }

    /// Every id that answers as `contact`.
    fn merged(&self, contact: ContactId) -> Vec<ContactId> {
        let of = self.answers_as.iter().filter(|(_, into)| **into == contact);
        of.map(|(id, _)| *id).collect()
    }

    /// Two contacts become one: under the id of the first, or under a new one.
    fn merge(&mut self, (a, b): (ContactId, ContactId), anew: bool) -> ContactId {
        let (a, b) = (self.read(a), self.read(b));
        let into = if anew { ContactId(self.next) } else { a };
        self.next += 1;
        for id in self.answers_as.values_mut().filter(|id| [a, b].contains(*id)) {
            *id = into;
        }
        for id in [a, b].into_iter().filter(|id| *id != into) {
            self.answers_as.insert(id, into);
        }
        into
    }
}

/// The book, the portal, and merge events that are under way.
struct World {
    book: Book<MemoryIndex>,
    portal: Portal,
    seq: u64,
    late: Vec<(ContactId, ContactId)>,
    /// Whom the portal was asked to enroll.
    enrolled: Vec<ContactId>,
}

impl World {
    fn new() -> Self {
        let book = Book::open(Arc::new(MemoryIndex::default())).expect("an empty index");
        let portal = Portal { next: 100, ..Portal::default() };
        Self { book, portal, seq: 0, late: Vec::new(), enrolled: Vec::new() }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(1_795_532_400_000 + self.seq * MINUTE_MS)
    }

    fn apply(&mut self, record: &Record) {
        self.seq += 1;
        self.book.apply(self.seq, record).expect("it is in memory");
    }

    fn learn(&mut self, from: ContactId, into: ContactId, says: Says) {
        let merge = (self.now(), from, into);
        if let Some(aliased) = self.book.merge(merge, says).expect("it is in memory") {
            self.apply(&Record::Aliased(aliased));
        }
    }

    /// A worker on an event of `asked`: a fresh read, merges first, then at most one call.
    fn work_on(&mut self, asked: ContactId) {
        for _ in 0..32 {
            let (person, _) = self.book.union(asked).expect("it is in memory");
            let answered = self.portal.read(person.contact);
            for id in self.portal.merged(answered) {
                let known = self.book.union(id).expect("it is in memory").0;
                if known.contact != answered && known.version != 0 {
                    self.learn(id, answered, Says::Read);
                }
            }
            if answered != person.contact {
                self.learn(person.contact, answered, Says::Read);
                continue;
            }
            let (person, _) = self.book.union(asked).expect("it is in memory");
            assert_eq!(person.contact, answered, "what is called is what was read");
            if person.holder(&"sales".into(), &BTreeSet::new(), self.now()).is_none() {
                self.enroll(answered);
            }
            return;
        }
        panic!("{asked} is never the id that was read");
    }

    fn enroll(&mut self, contact: ContactId) {
        let now = self.now();
        let mut turn = Turn::new(Step::Reserved, contact, now);
        turn.claims = vec![claim(contact, self.seq, now)];
        self.apply(&Record::Turn(Box::new(turn)));
        self.enrolled.push(contact);
    }
}

fn claim(contact: ContactId, number: u64, now: Timestamp) -> Claim {
    Claim {
        id: format!("{number}").as_str().into(),
        contact,
        theme: "sales".into(),
        rule: "inbound".into(),
        row: format!("{number}.0.inbound").as_str().into(),
        target: Target { channel: Channel::Sequence, name: "intro".into(), id: 11 },
        sender: None,
        first_call_at: now,
        last_call_at: now,
        lost_answers: 0,
        via: None,
        holds_until: now.plus_ms(60 * 24 * 60 * MINUTE_MS),
        evidence: None,
        state: if number.is_multiple_of(2) {
            State::Reserved
        } else {
            State::Confirmed { enrolled_at: now, verified: true, enrollment: None, ended_at: None }
        },
    }
}

fn play(seed: u64) -> World {
    let mut chance = Chance::of(seed);
    let mut world = World::new();
    for _ in 0..STEPS {
        let ids = world.portal.next - 100 + CONTACTS;
        let mut any = || {
            let n = chance.below(ids);
            ContactId(if n < CONTACTS { n + 1 } else { n - CONTACTS + 100 })
        };
        let (a, b) = (any(), any());
        match chance.below(8) {
            0..4 => world.work_on(a),
            4..7 if world.portal.read(a) != world.portal.read(b) => {
                // Two who were enrolled before the merge are no mistake of the router's.
                let is_enrolled = |id: ContactId| {
                    world.enrolled.iter().any(|it| world.portal.read(*it) == world.portal.read(id))
                };
                if is_enrolled(a) && is_enrolled(b) {
                    continue;
                }
                let gone = [world.portal.read(a), world.portal.read(b)];
                let into = world.portal.merge((a, b), chance.below(2) == 0);
                world.late.extend(gone.iter().filter(|id| **id != into).map(|id| (*id, into)));
            }
            _ if !world.late.is_empty() => {
                // Events come late, in any order, or never.
                let at = usize::try_from(chance.below(world.late.len() as u64)).expect("small");
                let (from, into) = world.late.swap_remove(at);
                world.learn(from, into, Says::Event);
            }
            _ => {}
        }
    }
    world
}

#[test]
#[expect(clippy::print_stdout, reason = "scripts/prove collects the figures")]
fn over_random_merge_trees_nobody_is_enrolled_twice_through_an_alias() {
    let trees = std::env::var("PROVE_TREES").ok().and_then(|text| text.parse().ok());
    let trees = trees.unwrap_or(TREES);
    let (mut enrolled, mut merged) = (0, 0);
    for seed in 1..=trees {
        let world = play(seed);
        let people: BTreeSet<_> = world.enrolled.iter().map(|id| world.portal.read(*id)).collect();
        assert_eq!(people.len(), world.enrolled.len(), "seed {seed}: {:?}", world.enrolled);
        enrolled += world.enrolled.len() as u64;
        merged += world.portal.answers_as.len() as u64;
    }
    assert!(trees < enrolled && trees < merged, "{enrolled} enrolled, {merged} merged");
    println!("\nevidence: {trees} merge trees, {merged} merged ids, {enrolled} enrolled: 0 twice");
}

/// Aliases that are learned one after the other.
#[track_caller]
fn check(merges: &[(u64, u64, Says)], home: u64, ids: &[u64]) {
    let mut world = World::new();
    for (from, into, says) in merges {
        world.learn(ContactId(*from), ContactId(*into), *says);
    }
    for id in ids {
        assert_eq!(world.book.home(ContactId(*id)).expect("known"), ContactId(home), "{id}");
        let union = world.book.ids(ContactId(*id)).expect("known");
        let union: BTreeSet<u64> = union.into_iter().map(|id| id.0).collect();
        assert_eq!(union, ids.iter().copied().collect(), "{id}");
    }
}

#[test]
fn chains_of_merges_end_at_the_last_id_in_both_orders_of_their_events() {
    use Says::{Event, Read};
    let (first, second) = ([(1, 9, Event), (2, 9, Event)], [(9, 10, Event), (3, 10, Event)]);
    check(&[first, second].concat(), 10, &[1, 2, 3, 9, 10]);
    check(&[second, first].concat(), 10, &[1, 2, 3, 9, 10]);
    check(&[(1, 2, Event), (1, 2, Event)], 2, &[1, 2]);
    check(&[(1, 1, Event)], 1, &[1]);
    // An event never takes back what is known, and what a read answers counts.
    check(&[(1, 2, Event), (2, 1, Event)], 2, &[1, 2]);
    check(&[(1, 2, Event), (2, 1, Read)], 1, &[1, 2]);
    check(&[(1, 2, Event), (2, 3, Event), (3, 1, Read)], 1, &[1, 2, 3]);
    let long: Vec<_> = (1..250).map(|id| (id, id + 1, Event)).collect();
    check(&long, 250, &(1..=250).collect::<Vec<_>>());
}

#[test]
fn what_is_open_goes_over_and_settled_claims_stay_and_end_where_they_lie() {
    let mut world = World::new();
    let (old, new) = (ContactId(1), ContactId(9));
    let now = world.now();
    let mut turn = Turn::new(Step::Reserved, old, now);
    turn.claims = vec![claim(old, 2, now), claim(old, 3, now)];
    world.apply(&Record::Turn(Box::new(turn)));
    world.learn(old, new, Says::Event);
    let states = |world: &World, id: ContactId| {
        let person = world.book.person(id).expect("readable").expect("known");
        person.claims.iter().map(Claim::state_word).collect::<Vec<_>>()
    };
    assert_eq!((states(&world, old), states(&world, new)), (vec!["confirmed"], vec!["reserved"]));
    // The call was under way when the merge came: it settles under the id it was made for.
    let mut settled = Turn::new(Step::Settled, old, now);
    settled.claims = vec![claim(old, 2, now), claim(old, 3, now)];
    for claim in &mut settled.claims {
        claim.state = State::Released { at: now, why: "nothing was done".to_owned() };
    }
    world.apply(&Record::Turn(Box::new(settled)));
    assert_eq!((states(&world, old), states(&world, new)), (vec!["released"], vec!["released"]));
    assert_eq!(world.book.union(old).expect("readable").0.claims.len(), 2);
}
