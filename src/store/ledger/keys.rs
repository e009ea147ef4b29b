//! The rows of the index: one tree, a byte for each kind, numbers big-endian so that they sort.

use crate::domain::claim::State;
use crate::domain::event::Identity;
use crate::domain::id::{ClaimId, ContactId, Inbox, RuleId};
use crate::domain::person::{Item, Person};
use crate::domain::reason::{Decision, Reason};
use crate::domain::time::{DAY_MS, Timestamp};

/// One row about the index itself.
pub(super) const META: u8 = b'M';
/// Persons, by contact.
pub(super) const PERSON: u8 = b'P';
/// Identities of events seen, by day.
pub(super) const SEEN: u8 = b'D';
/// Persons by the time they are due.
pub(super) const DUE: u8 = b'T';
/// Persons with waiting items.
pub(super) const WAITING: u8 = b'W';
/// Persons with held items.
pub(super) const HELD: u8 = b'H';
/// Persons with an unsettled claim.
pub(super) const UNSETTLED: u8 = b'U';
/// Budget slots, by inbox and claim.
pub(super) const SLOT: u8 = b'B';
/// What is known of inboxes.
pub(super) const INBOX: u8 = b'I';
/// Decisions counted, by rule, decision and reason.
pub(super) const COUNT: u8 = b'C';

fn numbered(prefix: u8, number: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(9);
    key.push(prefix);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(super) fn person(contact: ContactId) -> Vec<u8> {
    numbered(PERSON, contact.0)
}

pub(super) fn waiting(contact: ContactId) -> Vec<u8> {
    numbered(WAITING, contact.0)
}

pub(super) fn held(contact: ContactId) -> Vec<u8> {
    numbered(HELD, contact.0)
}

pub(super) fn unsettled(contact: ContactId) -> Vec<u8> {
    numbered(UNSETTLED, contact.0)
}

/// The contact in a key of one of the kinds above, and of [`due`].
pub(super) fn contact_of(key: &[u8]) -> Option<ContactId> {
    let tail = key.get(key.len().checked_sub(8)?..)?;
    Some(ContactId(u64::from_be_bytes(tail.try_into().ok()?)))
}

/// Days since 1970 of an event: the same at every redelivery, so one lookup finds it.
pub(super) fn day(occurred_at: Timestamp) -> u32 {
    u32::try_from(occurred_at.unix_ms() / DAY_MS).unwrap_or(u32::MAX)
}

pub(super) fn seen(day: u32, identity: Identity) -> Vec<u8> {
    let mut key = Vec::with_capacity(21);
    key.push(SEEN);
    key.extend_from_slice(&day.to_be_bytes());
    key.extend_from_slice(&identity.0);
    key
}

pub(super) fn due(at: Timestamp, contact: ContactId) -> Vec<u8> {
    let mut key = numbered(DUE, at.unix_ms());
    key.extend_from_slice(&contact.0.to_be_bytes());
    key
}

/// The time in a key of [`due`].
pub(super) fn due_at(key: &[u8]) -> Option<Timestamp> {
    Some(Timestamp::from_unix_ms(u64::from_be_bytes(key.get(1..9)?.try_into().ok()?)))
}

pub(super) fn slot(inbox: &Inbox, claim: &ClaimId) -> Vec<u8> {
    texts(SLOT, &[inbox.as_str(), claim.as_str()])
}

pub(super) fn inbox(inbox: &Inbox) -> Vec<u8> {
    texts(INBOX, &[inbox.as_str()])
}

pub(super) fn count(rule: Option<&RuleId>, decision: Decision, reason: Reason) -> Vec<u8> {
    texts(COUNT, &[rule.map_or("", RuleId::as_str), decision.code(), reason.code()])
}

fn texts(prefix: u8, parts: &[&str]) -> Vec<u8> {
    let mut key = vec![prefix];
    key.extend_from_slice(parts.join("\0").as_bytes());
    key
}

/// The texts of a key made by [`texts`].
pub(super) fn parts(key: &[u8]) -> Vec<&str> {
    let text = key.get(1..).and_then(|tail| std::str::from_utf8(tail).ok()).unwrap_or("");
    text.split('\0').collect()
}

/// The rows that follow from a person: what to find them by, and their budget slots.
pub(super) fn derived(person: &Person) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    if let Some(at) = person.next_due() {
        rows.push((due(at, person.contact), Vec::new()));
    }
    if person.items.iter().any(Item::is_waiting) {
        rows.push((waiting(person.contact), Vec::new()));
    }
    if person.items.iter().any(|item| item.decision == Decision::Hold) {
        rows.push((held(person.contact), Vec::new()));
    }
    if person.claims.iter().any(crate::domain::claim::Claim::is_unsettled) {
        rows.push((unsettled(person.contact), Vec::new()));
    }
    for claim in &person.claims {
        let Some(sender) = &claim.sender else { continue };
        let since = match &claim.state {
            State::Released { .. } => continue,
            State::Confirmed { enrolled_at, .. } => enrolled_at.unix_ms(),
            _ => OPEN,
        };
        rows.push((slot(&sender.inbox, &claim.id), since.to_be_bytes().to_vec()));
    }
    rows
}

/// The value of a slot whose claim is unsettled: it counts whatever its age.
pub(super) const OPEN: u64 = u64::MAX;
