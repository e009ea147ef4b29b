//! The judge. It shares no code with the router and asks it for one thing only, the list of calls
//! whose outcome nobody knows; everything else are the simulator's counts and the
//! acknowledgements that the senders saw.

use std::collections::{BTreeMap, BTreeSet};

use hubroute::simulator::{By, Target};
use serde_json::Value;

use super::portal::{Conversation, WATCHED, of_id, of_target};
use super::sender::Book;
use crate::harness::Harness;

/// A person and a conversation.
type Place = (u64, Conversation);

/// Of how many calls nobody knows the outcome, by why nobody does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InDoubt {
    /// A workflow that takes people again and may be over at once (RELIABILITY.md section 4).
    pub(super) come_and_gone: u64,
    /// The call was interrupted, and its one repeat too (CONSISTENCY.md 6.6).
    pub(super) two_lost: u64,
}

/// Everything acknowledged has led to an enrollment or is listed; nobody was enrolled twice, or
/// without a change; what is in doubt is of the class that may be.
#[track_caller]
pub(super) fn judge(harness: &Harness, book: &Book, kills: usize) -> InDoubt {
    let counts = harness.counts();
    let wrong = (counts.duplicates, counts.overlaps, counts.repeats);
    assert_eq!(wrong, (0, 0, 0), "duplicates, overlaps and repeats\n{}", harness.log());
    let enrolled = enrolled(harness);
    let listed = harness.listing("in-doubt");
    let doubts: BTreeSet<Place> = listed.iter().map(place).collect();
    let twice: Vec<_> = enrolled.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "enrolled twice: {twice:?}\n{}", harness.log());
    let wanted = |(contact, name): &(u64, &'static str)| (*contact, conversation(name));
    let lost: BTreeSet<Place> = book.acknowledged.iter().map(wanted).collect();
    let lost: Vec<_> =
        lost.iter().filter(|it| !enrolled.contains_key(it) && !doubts.contains(it)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}\n{}", harness.log());
    let sent: BTreeSet<Place> = book.sent.keys().map(wanted).collect();
    let unasked: Vec<_> = enrolled.keys().filter(|it| !sent.contains(it)).collect();
    assert!(unasked.is_empty(), "nobody asked for: {unasked:?}\n{}", harness.log());
    let mut in_doubt = InDoubt::default();
    for entry in &listed {
        match place(entry) {
            (_, Conversation::Care) => in_doubt.come_and_gone += 1,
            (contact, Conversation::Sales) => {
                let interrupted = interrupted(harness, book, kills, contact);
                assert!(2 <= interrupted, "interrupted {interrupted} times only: {entry}");
                in_doubt.two_lost += 1;
            }
        }
    }
    in_doubt
}

/// Effects through HubSpot's API by person and conversation.
fn enrolled(harness: &Harness) -> BTreeMap<Place, usize> {
    let mut enrolled = BTreeMap::new();
    for entry in harness.simulator.state().enrolled.iter().filter(|entry| entry.by == By::Api) {
        let (Target::Sequence(id) | Target::Workflow(id)) = &entry.target;
        *enrolled.entry((entry.contact.number(), of_id(id.number()))).or_default() += 1;
    }
    enrolled
}

#[track_caller]
fn place(entry: &Value) -> Place {
    let contact = entry["contact"].as_str().and_then(|id| id.parse().ok());
    let target = entry["target"].as_str().and_then(of_target);
    contact.zip(target).unwrap_or_else(|| panic!("nobody knows who and where: {entry}"))
}

fn conversation(property: &str) -> Conversation {
    let watched = WATCHED.iter().find(|(name, _)| *name == property);
    watched.expect("only these are sent").1
}

/// How often a call for this contact may have been interrupted: kills since HubSpot first sent
/// its change, and calls that HubSpot did not answer as it should.
fn interrupted(harness: &Harness, book: &Book, kills: usize, contact: u64) -> usize {
    let of_contact = book.sent.iter().filter(|((of, _), _)| *of == contact);
    let since = of_contact.map(|(_, kills)| *kills).min().unwrap_or(kills);
    let counts = harness.counts();
    let calls = counts.phases.iter().filter(|call| {
        let is_theirs = call.contact.as_ref().is_some_and(|id| id.number() == contact);
        let answered = call.outcome.as_deref().is_some_and(|it| it.starts_with('2'));
        is_theirs && !answered
    });
    kills - since + calls.count()
}
