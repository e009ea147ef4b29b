//! Contacts that are deleted, restored, or erased for privacy.

use super::{Incoming, ignored};
use crate::domain::erasure::redact_row;
use crate::domain::event::{Event, Kind};
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::person::Person;
use crate::domain::reason::Reason;
use crate::domain::record::{Row, TakenEvent};
use crate::domain::rule::RuleSet;
use crate::domain::sentence;

/// Under what name the store keeps when a contact was last deleted or restored. No property of
/// HubSpot's can have it.
const STATE: &str = "(deleted or restored)";

/// What a deletion or a restore changes: the later of them counts, whichever comes first.
pub(super) fn state(event: &Event) -> Option<PropertyName> {
    matches!(event.kind, Kind::Deleted | Kind::Restored).then(|| STATE.into())
}

/// The contact is deleted: nothing that waits for them is sent. Claims stay until evidence ends
/// them, and so does what is known: a restore goes on from there.
pub(super) fn deleted(
    rules: &RuleSet,
    person: &Person,
    incoming: &Incoming<'_>,
    taken: &mut TakenEvent,
) {
    end(rules, person, incoming, taken, false);
}

/// The contact is erased for privacy, under every id: see [`crate::domain::erasure`].
pub(super) fn erased(
    rules: &RuleSet,
    person: &Person,
    incoming: &Incoming<'_>,
    taken: &mut TakenEvent,
) {
    end(rules, person, incoming, taken, true);
    taken.erased = ids(person);
    hide(taken);
}

/// Whatever comes of somebody who is erased says nothing of them: an event that was under way, or
/// a merge that spreads the erasure.
pub(super) fn after_erasure(rules: &RuleSet, incoming: &Incoming<'_>, taken: &mut TakenEvent) {
    if let Kind::Merged { from, .. } = &incoming.event.kind {
        taken.merged.clone_from(from);
    }
    let why = (Reason::Deleted, sentence::deleted(true));
    taken.rows.push(ignored(rules, incoming, taken.contact, why));
    hide(taken);
}

fn hide(taken: &mut TakenEvent) {
    taken.identity = None;
    taken.newest = None;
    taken.rows.iter_mut().for_each(redact_row);
}

fn end(
    rules: &RuleSet,
    person: &Person,
    incoming: &Incoming<'_>,
    taken: &mut TakenEvent,
    privacy: bool,
) {
    let why = (Reason::Deleted, sentence::deleted(privacy));
    for item in &person.items {
        let fingerprint = rules.fingerprint.clone();
        taken.rows.push(Row::of_item(item, person.contact, why.clone(), fingerprint));
    }
    if !person.items.is_empty() {
        taken.items = Some(Vec::new());
    }
    taken.rows.push(ignored(rules, incoming, taken.contact, why));
}

/// Every id of the person.
fn ids(person: &Person) -> Vec<ContactId> {
    let merged = person.merged.iter().copied().filter(|id| *id != person.contact);
    std::iter::once(person.contact).chain(merged).collect()
}

#[cfg(test)]
mod tests;
