//! What is in memory is what may count still, and looks share it.

use super::*;
use crate::domain::claim::{Channel, Sender, State, Target};
use crate::domain::id::UserId;
use crate::domain::person::Person;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::index::MemoryIndex;

const NOON: Timestamp = Timestamp::from_unix_ms(20_000 * DAY_MS);

fn hours(before: u64) -> Timestamp {
    NOON.minus_ms(before * HOUR_MS)
}

/// Dana's or Luis's enrollment of so many hours ago; `None`: its call is under way.
fn claim(id: &str, inbox: &str, enrolled: Option<u64>) -> Claim {
    let state = match enrolled.map(hours) {
        Some(enrolled_at) => {
            State::Confirmed { enrolled_at, verified: true, enrollment: None, ended_at: None }
        }
        None => State::Reserved,
    };
    Claim {
        id: id.into(),
        contact: ContactId(1),
        theme: "sales".into(),
        rule: "inbound".into(),
        row: id.into(),
        target: Target { channel: Channel::Sequence, name: "intro".into(), id: 11 },
        sender: Some(Sender {
            name: "dana".into(),
            inbox: inbox.into(),
            user: UserId(1),
            alias: None,
        }),
        via: None,
        first_call_at: hours(enrolled.unwrap_or_default()),
        last_call_at: hours(enrolled.unwrap_or_default()),
        lost_answers: 0,
        evidence: None,
        holds_until: NOON,
        state,
    }
}

/// An index with these claims of one person.
fn index(claims: Vec<Claim>) -> MemoryIndex {
    let person = Person { claims, ..Person::new(ContactId(1)) };
    let rows = keys::derived(&person).into_iter();
    let index = MemoryIndex::default();
    let rows: Vec<_> = rows.map(|(key, value)| (key, Some(value))).collect();
    index.apply(&rows).expect("it is memory");
    index
}

/// How many slots are in memory, of inboxes and of rules.
fn held(inboxes: &Inboxes) -> (usize, usize) {
    let count = |slots: &Slots| slots.open() as usize + slots.settled().len();
    let by_inbox = inboxes.slots.values().map(|it| count(&it.slots)).sum();
    (by_inbox, inboxes.rules.values().map(|slots| count(slots)).sum())
}

#[test]
fn of_years_of_enrollments_only_those_that_may_count_are_loaded() {
    let old = (0..5_000).map(|n| claim(&format!("old{n}"), "dana@a.test", Some(200 + n)));
    let new = (0..3).map(|n| claim(&format!("new{n}"), "dana@a.test", Some(n)));
    let open = std::iter::once(claim("open", "dana@a.test", None));
    let index = index(old.chain(new).chain(open).collect());
    let all = Inboxes::load(&index, Timestamp::default()).expect("readable");
    assert_eq!(held(&all), (5_004, 5_004));
    let counted = Inboxes::load(&index, hours(144)).expect("readable");
    assert_eq!(held(&counted), (4, 4));
    let dana = "dana@a.test".into();
    assert_eq!(counted.used(&dana).used(NOON), all.used(&dana).used(NOON));
    assert_eq!(counted.used(&dana).last, all.used(&dana).last);
}

#[test]
fn a_look_copies_nothing_and_a_change_copies_one_inbox() {
    let claims = [("1", "dana@a.test"), ("2", "luis@a.test")];
    let claims = claims.map(|(id, inbox)| claim(id, inbox, Some(1)));
    let inboxes = Inboxes::load(&index(claims.to_vec()), Timestamp::default()).expect("readable");
    let (first, second) = (inboxes.all(), inboxes.all());
    assert!(Arc::ptr_eq(&first, &second), "two looks see the same");
    let mut changed = inboxes.clone();
    changed.claim(&claim("3", "dana@a.test", Some(0)));
    let third = changed.all();
    let shares = |inbox: &str| {
        let settled =
            |all: &BTreeMap<Inbox, InboxUse>| Arc::clone(&all[&Inbox::from(inbox)].settled);
        Arc::ptr_eq(&settled(&first), &settled(&third))
    };
    assert_eq!((shares("dana@a.test"), shares("luis@a.test")), (false, true));
    let used = |all: &BTreeMap<Inbox, InboxUse>| all[&Inbox::from("dana@a.test")].used(NOON);
    assert_eq!((used(&first), used(&third)), (1, 2), "nobody's look changes under them");
}

#[test]
fn no_clock_makes_forget_what_a_budget_counts() {
    let claims = [Some(1), Some(23), Some(25), None].into_iter().enumerate();
    let claims = claims.map(|(n, at)| claim(&n.to_string(), "dana@a.test", at)).collect();
    let index = index(claims);
    let mut inboxes = Inboxes::load(&index, Timestamp::default()).expect("readable");
    // Nothing is that old.
    inboxes.forget_before(hours(30));
    assert_eq!((held(&inboxes), inboxes.from()), ((4, 4), hours(30)));
    // A clock that is a month ahead: the day before the newest one stays.
    inboxes.forget_before(NOON.plus_ms(30 * DAY_MS));
    let kept = hours(1).minus_ms(BUDGET_MS);
    assert_eq!((held(&inboxes), inboxes.from()), ((4, 4), kept));
    inboxes.claim(&claim("new", "dana@a.test", Some(0)));
    inboxes.forget_before(NOON.plus_ms(30 * DAY_MS));
    assert_eq!(held(&inboxes), (4, 4), "of 25 hours ago none");
    // Where nothing was enrolled, what is enrolled next counts.
    let mut empty = Inboxes::default();
    empty.forget_before(NOON.plus_ms(30 * DAY_MS));
    empty.claim(&claim("1", "dana@a.test", Some(0)));
    assert_eq!(held(&empty), (1, 1));
}

#[test]
fn the_end_of_an_old_enrollment_takes_no_place_again() {
    let mut inboxes = Inboxes { from: hours(48), ..Inboxes::default() };
    inboxes.claim(&claim("1", "dana@a.test", None));
    assert_eq!(held(&inboxes), (1, 1));
    inboxes.claim(&claim("1", "dana@a.test", Some(100)));
    assert_eq!(held(&inboxes), (0, 0));
}
