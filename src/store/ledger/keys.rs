//! The rows of the index: one tree, a byte for each kind, numbers big-endian so that they sort.

use crate::domain::breaker::Fuse;
use crate::domain::claim::{Claim, State};
use crate::domain::event::Identity;
use crate::domain::id::{ClaimId, ContactId, Inbox, RuleId};
use crate::domain::person::{Item, Person};
use crate::domain::reason::{Decision, Reason};
use crate::domain::slots::Slot;
use crate::domain::time::{DAY_MS, Timestamp};

/// One row about the index itself.
pub(super) const META: u8 = b'M';
/// Persons, by contact.
pub(super) const PERSON: u8 = b'P';
/// Identities of events seen, by day.
pub(super) const SEEN: u8 = b'D';
/// Persons by the time they are due.
pub(super) const DUE: u8 = b'T';
/// Persons by the time at which they are due for what cannot wait: a leaving, a doubt, an item that
/// takes them out. Whoever is here is among [`DUE`] too.
pub(super) const URGENT: u8 = b'S';
/// Persons by rule and the time at which its items are due: no rule waits behind another's
/// multitude. Whoever is here is among [`DUE`] too.
pub(super) const RULE_DUE: u8 = b'R';
/// Persons with waiting items.
pub(super) const WAITING: u8 = b'W';
/// Persons with held items.
pub(super) const HELD: u8 = b'H';
/// Persons with an unsettled claim.
pub(super) const UNSETTLED: u8 = b'U';
/// Persons who were erased.
pub(super) const ERASED: u8 = b'X';
/// Slots of enrollments, by inbox (none for a workflow) and claim; the value names the rule.
pub(super) const SLOT: u8 = b'B';
/// What fired, by fuse and second: how many in that second.
pub(super) const MARK: u8 = b'F';
/// Open breakers, by fuse.
pub(super) const OPEN_BREAKER: u8 = b'O';
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

pub(super) fn urgent(at: Timestamp, contact: ContactId) -> Vec<u8> {
    let mut key = due(at, contact);
    key[0] = URGENT;
    key
}

/// The row of one rule's items; the rule's name ends with a byte that no name holds.
fn rule_due(rule: &RuleId, at: Timestamp, contact: ContactId) -> Vec<u8> {
    let mut key = texts(RULE_DUE, &[rule.as_str(), ""]);
    key.extend_from_slice(&at.unix_ms().to_be_bytes());
    key.extend_from_slice(&contact.0.to_be_bytes());
    key
}

/// Rule's part of a key of [`rule_due`], and its time.
pub(super) fn of_rule_due(key: &[u8]) -> Option<(&[u8], Timestamp)> {
    let (rule, rest) = key.split_at_checked(key.len().checked_sub(16)?)?;
    Some((rule, Timestamp::from_unix_ms(u64::from_be_bytes(rest.get(..8)?.try_into().ok()?))))
}

/// The time in a key of [`due`].
pub(super) fn due_at(key: &[u8]) -> Option<Timestamp> {
    Some(Timestamp::from_unix_ms(u64::from_be_bytes(key.get(1..9)?.try_into().ok()?)))
}

fn slot(inbox: &str, claim: &ClaimId) -> Vec<u8> {
    texts(SLOT, &[inbox, claim.as_str()])
}

/// The value of a slot's row: since when it counts, whether it may run still, and which rule's.
fn slot_value(slot: Slot, claim: &Claim) -> Vec<u8> {
    let since = match slot {
        Slot::Open => OPEN,
        Slot::Settled(at) => at.unix_ms(),
    };
    let over = matches!(claim.state, State::Confirmed { ended_at: Some(_), .. });
    [&since.to_be_bytes(), &[u8::from(!over)][..], claim.rule.as_str().as_bytes()].concat()
}

/// Reads what [`slot_value`] wrote.
pub(super) fn slot_of(value: &[u8]) -> Option<(Slot, bool, RuleId)> {
    let (since, rest) = value.split_first_chunk::<8>()?;
    let (running, rule) = rest.split_first()?;
    let slot = match u64::from_be_bytes(*since) {
        OPEN => Slot::Open,
        at => Slot::Settled(Timestamp::from_unix_ms(at)),
    };
    Some((slot, *running != 0, RuleId::from(std::str::from_utf8(rule).ok()?)))
}

fn fuse_parts(fuse: &Fuse) -> [&str; 2] {
    [if fuse.live { "live" } else { "dry-run" }, fuse.rule.as_ref().map_or("", RuleId::as_str)]
}

/// The fuse in the parts of a key of [`mark`] or [`open_breaker`].
pub(super) fn fuse_of(mode: &str, rule: &str) -> Fuse {
    let rule = (!rule.is_empty()).then(|| RuleId::from(rule));
    Fuse { rule, live: mode == "live" }
}

/// Seconds sort as texts: ten digits last until the year 2286.
pub(super) fn mark(fuse: &Fuse, second: u64) -> Vec<u8> {
    let [mode, rule] = fuse_parts(fuse);
    texts(MARK, &[mode, rule, &format!("{second:010}")])
}

pub(super) fn open_breaker(fuse: &Fuse) -> Vec<u8> {
    texts(OPEN_BREAKER, &fuse_parts(fuse))
}

pub(super) fn inbox(inbox: &Inbox) -> Vec<u8> {
    texts(INBOX, &[inbox.as_str()])
}

pub(super) fn count(rule: Option<&RuleId>, decision: Decision, reason: Reason) -> Vec<u8> {
    count_of(rule, decision.code(), reason.code())
}

/// The same by the codes that stand in [`parts`] of such a key.
pub(super) fn count_of(rule: Option<&RuleId>, decision: &str, reason: &str) -> Vec<u8> {
    texts(COUNT, &[rule.map_or("", RuleId::as_str), decision, reason])
}

/// The day and the identity in a key of [`seen`].
pub(super) fn seen_of(key: &[u8]) -> Option<(u32, Identity)> {
    let (day, identity) = key.get(1..)?.split_first_chunk()?;
    Some((u32::from_be_bytes(*day), Identity(identity.try_into().ok()?)))
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
    for (rule, at) in person.due_by_rule() {
        rows.push((rule_due(rule, at, person.contact), Vec::new()));
    }
    if let Some(at) = person.next_urgent() {
        rows.push((urgent(at, person.contact), Vec::new()));
    }
    if person.items.iter().any(Item::is_waiting) {
        rows.push((waiting(person.contact), Vec::new()));
    }
    if person.items.iter().any(|item| item.decision == Decision::Hold) {
        rows.push((held(person.contact), Vec::new()));
    }
    if person.claims.iter().any(Claim::is_unsettled) {
        rows.push((unsettled(person.contact), Vec::new()));
    }
    if person.erased.is_some() {
        rows.push((numbered(ERASED, person.contact.0), Vec::new()));
    }
    for claim in &person.claims {
        let Some(slot) = Slot::of(claim) else { continue };
        let inbox = claim.sender.as_ref().map_or("", |sender| sender.inbox.as_str());
        rows.push((self::slot(inbox, &claim.id), slot_value(slot, claim)));
    }
    rows
}

/// The value of a slot whose claim is unsettled: it counts whatever its age.
const OPEN: u64 = u64::MAX;
