//! Erasing a person: a privacy deletion, or `hubroute forget`. Ids, times, rules, targets and
//! counts stay, and so do claims, because an enrollment that was made must never be made again;
//! every value, sentence, trace and note of the person goes (RELIABILITY.md T12).
//!
//! The record of an erasure hides the person at once. [`redact`] is what a sweep of the journal
//! writes in the place of each record that says more.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::claim::{Claim, State};
use super::event::{Event, Kind};
use super::id::ContactId;
use super::leaving::{End, Leaving, Stage};
use super::person::{Item, Known, Person};
use super::record::{Press, Record, Row, TakenEvent, Turn};
use super::time::Timestamp;

/// People were erased by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When.
    pub at: Timestamp,
    /// Every id of the person.
    pub erased: Vec<ContactId>,
    /// Who pressed it. What they wrote is about the house, not about the person.
    pub press: Press,
}

/// A sweep ended: of whoever was erased before it, the journal says no more than this module
/// leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// When.
    pub at: Timestamp,
    /// The last record it looked at.
    pub upto: u64,
}

/// Contacts that are erased.
pub type ErasedIds = BTreeSet<ContactId>;

impl Record {
    /// The ids that this record erases.
    pub fn erases(&self) -> Vec<ContactId> {
        match self {
            Self::Taken(taken) => taken.events.iter().flat_map(|it| it.erased.clone()).collect(),
            Self::Aliased(aliased) => aliased.erased.clone(),
            Self::Erased(erased) => erased.erased.clone(),
            _ => Vec::new(),
        }
    }
}

impl Person {
    /// Forgets everything but ids, enrollments and merges.
    pub fn erase(&mut self, seq: u64, at: Timestamp) {
        self.erased.get_or_insert(at);
        self.items.clear();
        self.redact();
        self.touch(seq, false);
    }

    /// Takes out what an erasure does not leave. Items stay, and say nothing: later records end
    /// them, and what is counted of them must come out the same.
    pub fn redact(&mut self) {
        self.newest.clear();
        self.known = Known::default();
        self.items.iter_mut().for_each(redact_item);
        self.claims.iter_mut().for_each(redact_claim);
        self.leavings.iter_mut().for_each(redact_leaving);
        self.seen.clear();
        self.shadows.clear();
        self.settling = None;
        if let Some(bar) = &mut self.barred {
            bar.note.clear();
        }
    }
}

/// Takes everything about `erased` out of a record. Whether there was anything.
pub fn redact(record: &mut Record, erased: &ErasedIds) -> bool {
    let before = record.clone();
    match record {
        Record::Taken(taken) => taken.events.iter_mut().for_each(|it| redact_taken(it, erased)),
        Record::Turn(turn) if erased.contains(&turn.contact) => redact_turn(turn),
        Record::Aliased(it) if erased.contains(&it.from) || erased.contains(&it.into) => {
            it.items.iter_mut().for_each(redact_item);
            it.leavings.iter_mut().for_each(redact_leaving);
        }
        Record::Kept(kept) => {
            let theirs = kept.persons.iter_mut().filter(|it| erased.contains(&it.contact));
            theirs.for_each(Person::redact);
        }
        _ => return false,
    }
    *record != before
}

fn redact_taken(taken: &mut TakenEvent, erased: &ErasedIds) {
    let about = |row: &Row| row.event.as_ref().is_some_and(|event| erased.contains(&event.contact));
    let is_own = taken.contact.is_some_and(|contact| erased.contains(&contact));
    if !is_own && !taken.rows.iter().any(about) {
        return;
    }
    taken.identity = None;
    taken.newest = None;
    taken.items.iter_mut().flatten().for_each(redact_item);
    taken.rows.iter_mut().for_each(redact_row);
}

fn redact_turn(turn: &mut Turn) {
    turn.viewed = None;
    turn.owner = None;
    turn.rows.iter_mut().for_each(redact_row);
    turn.items.iter_mut().for_each(redact_item);
    turn.claims.iter_mut().for_each(redact_claim);
    turn.leavings.iter_mut().for_each(redact_leaving);
    if let Some(seen) = &mut turn.seen {
        seen.clear();
    }
    if let Some(shadows) = &mut turn.shadows {
        shadows.clear();
    }
    if let Some(press) = &mut turn.press {
        press.note.clear();
    }
    if let Some(super::bar::Barring::Set(bar)) = &mut turn.barring {
        bar.note.clear();
    }
}

/// Takes everything but ids, the decision, its reason and its rule out of a decision record.
pub fn redact_row(row: &mut Row) {
    if let Some(event) = &mut row.event {
        redact_event(event);
    }
    row.sentence.clear();
    row.trace.clear();
}

/// An event without what changed, and by whom.
fn redact_event(event: &mut Event) {
    if let Kind::Property { value, .. } | Kind::Nearby { value, .. } = &mut event.kind {
        value.clear();
    }
    event.source_id = None;
    event.event_id = None;
}

fn redact_item(item: &mut Item) {
    redact_event(&mut item.event);
    item.from = None;
    item.sentence.clear();
}

/// What HubSpot said in its own words may name the person.
fn redact_claim(claim: &mut Claim) {
    match &mut claim.state {
        State::InDoubt { why, .. }
        | State::NeedsReview { why, .. }
        | State::Released { why, .. } => {
            why.clear();
        }
        State::Reserved | State::Confirmed { .. } => {}
    }
}

fn redact_leaving(leaving: &mut Leaving) {
    if let Stage::Clearing(end) | Stage::Over(end) = &mut leaving.stage
        && let End::Failed { sentence, .. } = end
    {
        sentence.clear();
    }
}

#[cfg(test)]
mod tests;
