//! Enrollments that this router did not make, in the middle of its own work: a second router with
//! a store of its own on the same account (RELIABILITY.md F16), or somebody who enrolls by hand.
//!
//! Two such routers share the deliveries of one app, so each decides about a contact in the same
//! minutes as the other, and what the one enrolled the other sees without a claim for it.

use std::collections::{BTreeMap, BTreeSet};

use super::claim::Claim;
use super::gates::past::is_ours;
use super::id::{ContactId, SequenceId};
use super::person::Seen;
use super::record::Turn;
use super::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

/// An enrollment that began longer before the look is no sign of somebody who works beside us.
const SUDDEN_MS: u64 = 10 * MINUTE_MS;
/// So many contacts within an hour are no coincidence.
const MANY: usize = 3;
/// How long a sighting is remembered.
const REMEMBERED_MS: u64 = 7 * DAY_MS;
/// Claims that explain a sudden enrollment are younger than this.
const CLAIM_MS: u64 = DAY_MS;

/// One sighting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    at: Timestamp,
    contact: ContactId,
    sequence: SequenceId,
}

/// What was seen of others, as the ledger's turns tell it.
#[derive(Clone, Debug, Default)]
pub struct Strangers {
    sightings: BTreeSet<Sighting>,
    /// Claims of the last day, by contact; only where the turns are read back.
    claims: BTreeMap<ContactId, Vec<Claim>>,
    /// When claims were last forgotten.
    tidied: Timestamp,
    last: Timestamp,
}

impl Strangers {
    /// A decision about `contact` saw these sequences, and the person has these claims.
    pub fn look(&mut self, contact: ContactId, claims: &[Claim], seen: &[Seen], now: Timestamp) {
        let strange = seen
            .iter()
            .filter(|it| now.since_ms(it.enrolled_at) < SUDDEN_MS && !is_ours(claims, it));
        let found = strange.map(|it| Sighting { at: now, contact, sequence: it.sequence });
        self.sightings.extend(found);
        self.sightings.retain(|it| now.since_ms(it.at) < REMEMBERED_MS);
    }

    /// One turn of the past, in their order.
    pub fn record(&mut self, turn: &Turn) {
        self.last = self.last.max(turn.at);
        if HOUR_MS < turn.at.since_ms(self.tidied) {
            let is_recent = |claim: &Claim| turn.at.since_ms(claim.last_call_at) < CLAIM_MS;
            self.claims.retain(|_, claims| claims.iter().any(is_recent));
            self.tidied = turn.at;
        }
        if let Some(seen) = &turn.seen {
            let claims = self.claims.get(&turn.contact).cloned().unwrap_or_default();
            self.look(turn.contact, &claims, seen, turn.at);
        }
        if !turn.claims.is_empty() {
            let known = self.claims.entry(turn.contact).or_default();
            known.retain(|old| turn.claims.iter().all(|new| new.id != old.id));
            known.extend(turn.claims.iter().cloned());
        }
    }

    /// When the last turn was.
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// Since when and of how many contacts others were seen at work in `sequences`, where they
    /// were many within an hour; the latest time, at most a week before `now`.
    pub fn at_work(&self, sequences: &BTreeSet<SequenceId>, now: Timestamp) -> Option<AtWork> {
        let found = self.sightings.iter().filter(|it| sequences.contains(&it.sequence));
        let found: Vec<_> = found.filter(|it| now.since_ms(it.at) < REMEMBERED_MS).collect();
        found.iter().rev().find_map(|last| {
            let hour =
                found.iter().filter(|it| it.at <= last.at && last.at.since_ms(it.at) < HOUR_MS);
            let contacts: BTreeSet<ContactId> = hour.clone().map(|it| it.contact).collect();
            let since = hour.map(|it| it.at).min()?;
            let contacts = contacts.len();
            (MANY <= contacts).then_some(AtWork { since, last: last.at, contacts })
        })
    }
}

/// Others at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtWork {
    /// When the first of them was seen.
    pub since: Timestamp,
    /// When the last of them was seen.
    pub last: Timestamp,
    /// Contacts that others enrolled within an hour.
    pub contacts: usize,
}

impl AtWork {
    /// What it means, for people.
    pub fn sentence(&self) -> String {
        format!(
            "{} contacts were put into sequences of the address book within an hour, in the \
             minutes before this router decided about them, and not by it: by hand, or by a second \
             router with a store of its own.",
            self.contacts
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(100 * DAY_MS);

    fn seen(minutes_ago: u64) -> Vec<Seen> {
        let enrolled_at = NOW.minus_ms(minutes_ago * MINUTE_MS);
        vec![Seen { sequence: SequenceId(101), enrolled_at, ended_at: None }]
    }

    /// Others who enrolled these contacts so many minutes before each was looked at.
    #[track_caller]
    fn check(looks: &[(u64, u64)], expected: Option<usize>) {
        let mut strangers = Strangers::default();
        for (contact, minutes_ago) in looks {
            strangers.look(ContactId(*contact), &[], &seen(*minutes_ago), NOW);
        }
        let found = strangers.at_work(&[SequenceId(101)].into(), NOW);
        assert_eq!(found.map(|it| it.contacts), expected, "{looks:?}");
        assert_eq!(strangers.at_work(&[SequenceId(102)].into(), NOW), None, "not in the book");
        let later = NOW.plus_ms(REMEMBERED_MS);
        assert_eq!(strangers.at_work(&[SequenceId(101)].into(), later), None, "long ago");
    }

    #[test]
    fn many_sudden_enrollments_of_others_are_somebody_at_work() {
        check(&[(1, 0), (2, 1), (3, 9)], Some(3));
        check(&[(1, 0), (2, 1)], None);
        check(&[(1, 0), (1, 0), (2, 1)], None);
        check(&[(1, 0), (2, 1), (3, 10)], None);
    }

    #[test]
    fn those_of_different_hours_do_not_count_together() {
        let mut strangers = Strangers::default();
        for hour in 0..10 {
            let at = NOW.plus_ms(hour * HOUR_MS);
            let seen = [Seen { sequence: SequenceId(101), enrolled_at: at, ended_at: None }];
            strangers.look(ContactId(hour), &[], &seen, at);
        }
        let now = NOW.plus_ms(10 * HOUR_MS);
        assert_eq!(strangers.at_work(&[SequenceId(101)].into(), now), None);
    }
}
