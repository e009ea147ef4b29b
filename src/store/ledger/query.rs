//! What people ask: decisions, lists, totals. Reads the index and the journal, never the
//! committer.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{load, unite};
use super::{Embedded, inboxes, keys};
use crate::domain::claim::{Claim, State};
use crate::domain::id::{ContactId, RuleId};
use crate::domain::person::Item;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Record, Row};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::index::Index;

/// Records looked at for one page, so that a filter that matches nothing still ends.
const LOOKED_AT_MAX: u64 = 200_000;

/// Which decision records, newest first.
#[derive(Clone, Debug, Default)]
pub struct DecisionQuery {
    /// Only this person (merged ids included).
    pub contact: Option<ContactId>,
    /// Only this rule.
    pub rule: Option<RuleId>,
    /// Only this decision.
    pub decision: Option<Decision>,
    /// Only this reason.
    pub reason: Option<Reason>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only records before this place: the `after` of the page before.
    pub before: Option<(u64, u64)>,
    /// Every row, not only the newest of each id.
    pub history: bool,
    /// At most this many.
    pub limit: usize,
}

/// One decision record with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The number of the journal record.
    pub seq: u64,
    /// The row's place in that record.
    pub place: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The row.
    pub row: Row,
}

/// Decisions counted by rule (`None` where no rule is concerned), decision and reason.
pub type Counts = BTreeMap<(Option<String>, String, String), u64>;

/// Figures for `/api/v1/status` and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Events taken.
    pub events: u64,
    /// The last delivery whose events were taken.
    pub taken: u64,
    /// Waiting items.
    pub waiting: u64,
    /// Held items.
    pub held: u64,
    /// Claims in doubt or in need of review.
    pub in_doubt: u64,
    /// When the newest event was received.
    pub last_event: Option<Timestamp>,
    /// Journal records applied.
    pub records: u64,
    /// Persons known.
    pub persons: u64,
    /// Event identities remembered.
    pub identities: u64,
}

/// The ids of one person.
type People = BTreeSet<ContactId>;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Waiting items.
    Waiting,
    /// Held items.
    Held,
    /// Claims in doubt or in need of review.
    InDoubt,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub contact: ContactId,
    /// The item, where there is one.
    pub item: Option<Item>,
    /// The claim, where there is one.
    pub claim: Option<Claim>,
}

impl<D: Disk, I: Index> Embedded<D, I> {
    /// Figures.
    pub fn totals(&self) -> Totals {
        let meta = self.shared.meta();
        Totals {
            events: meta.events,
            taken: meta.taken,
            waiting: meta.waiting,
            held: meta.held,
            in_doubt: meta.in_doubt,
            last_event: meta.last_event_ms.map(Timestamp::from_unix_ms),
            records: meta.applied,
            persons: meta.tally.rows(keys::PERSON),
            identities: meta.tally.rows(keys::SEEN),
        }
    }

    /// Decisions counted.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::new();
        inboxes::for_each(&*self.shared.index, keys::COUNT, |key, value| {
            if let [rule, decision, reason] = keys::parts(key)[..]
                && let Ok(count) = value.try_into().map(u64::from_be_bytes)
            {
                let rule = (!rule.is_empty()).then(|| rule.to_owned());
                counts.insert((rule, decision.to_owned(), reason.to_owned()), count);
            }
        })?;
        Ok(counts)
    }

    /// One page of a list, by contact, after the contact that ended the page before.
    pub fn list(
        &self,
        listing: Listing,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let (prefix, from) = match listing {
            Listing::Waiting => (keys::WAITING, after.map(keys::waiting)),
            Listing::Held => (keys::HELD, after.map(keys::held)),
            Listing::InDoubt => (keys::UNSETTLED, after.map(keys::unsettled)),
        };
        let mut from = from.unwrap_or_else(|| vec![prefix]);
        from.extend(after.map(|_| 0));
        let mut listed = Vec::new();
        for (key, _) in self.shared.index.range(&[prefix], &from, limit)? {
            let Some(contact) = keys::contact_of(&key) else { continue };
            if let Some(person) = load(&*self.shared.index, contact)? {
                listed.extend(entries(listing, &person));
            }
        }
        Ok(listed)
    }

    /// Decision records, newest first.
    pub fn decisions(&self, query: &DecisionQuery) -> Result<Vec<Found>, StoreError> {
        let limit = query.limit.max(1);
        let mut found = Vec::new();
        let mut newest = BTreeSet::new();
        let mut looked_at = 0;
        let (people, mut places) = self.start(query)?;
        while let Some(seq) = self.next_place(query, &people, &mut places)? {
            looked_at += 1;
            let Some(record) = self.record_at(seq)? else { break };
            for row in rows(seq, &record).into_iter().rev() {
                if !query.wants(&row, &people) || !query.history && !self.is_newest(&row, &mut newest)? {
                    continue;
                }
                found.push(row);
                if found.len() == limit {
                    return Ok(found);
                }
            }
            let over = query.since.is_some_and(|since| time(&record).is_some_and(|at| at < since));
            if over || LOOKED_AT_MAX <= looked_at {
                break;
            }
        }
        Ok(found)
    }

    /// Whom a walk is about (nobody in particular: empty), and where it begins: at their newest
    /// records, or at the journal's last one.
    fn start(&self, query: &DecisionQuery) -> Result<(People, BTreeSet<u64>), StoreError> {
        let Some(contact) = query.contact else {
            let last = self.shared.meta().applied;
            let from = query.before.map_or(last, |(seq, _)| seq.min(last));
            return Ok((People::new(), BTreeSet::from([from])));
        };
        let load = |id| load(&*self.shared.index, id);
        let (whole, versions) = unite(contact, load)?;
        let mut people: People = versions.iter().map(|(id, _)| *id).collect();
        people.extend([contact, whole.contact]);
        let mut places = BTreeSet::new();
        for id in &people {
            places.extend(load(*id)?.map(|person| person.last_row).filter(|seq| *seq != 0));
        }
        Ok((people, places))
    }

    /// The next record of the walk: for one person along their chain, else one before the other.
    fn next_place(
        &self,
        query: &DecisionQuery,
        people: &People,
        places: &mut BTreeSet<u64>,
    ) -> Result<Option<u64>, StoreError> {
        loop {
            let Some(seq) = places.pop_last().filter(|seq| *seq != 0) else { return Ok(None) };
            if query.contact.is_none() {
                places.insert(seq - 1);
                return Ok(Some(seq));
            }
            if let Some(record) = self.record_at(seq)? {
                places.extend(previous(&record, people).into_iter().filter(|at| (1..seq).contains(at)));
            }
            if query.before.is_none_or(|(last, _)| seq <= last) {
                return Ok(Some(seq));
            }
        }
    }

    /// Whether no later row has the same id. Only open rows can be superseded.
    fn is_newest(&self, found: &Found, seen: &mut BTreeSet<String>) -> Result<bool, StoreError> {
        if !seen.insert(found.row.id.as_str().to_owned()) {
            return Ok(false);
        }
        let Some(contact) = found.row.contact.filter(|_| found.row.decision.is_open()) else {
            return Ok(true);
        };
        let (person, _) = unite(contact, |id| load(&*self.shared.index, id))?;
        Ok(person.items.iter().any(|item| item.is_shown_by(&found.row)))
    }
}

impl DecisionQuery {
    fn wants(&self, found: &Found, people: &People) -> bool {
        let row = &found.row;
        self.before.is_none_or(|before| (found.seq, found.place) < before)
            && self.rule.as_ref().is_none_or(|rule| row.rule.as_ref() == Some(rule))
            && self.decision.is_none_or(|decision| row.decision == decision)
            && self.reason.is_none_or(|reason| row.reason == reason)
            && self.since.is_none_or(|since| since <= found.at)
            && (people.is_empty() || row.contact.is_some_and(|id| people.contains(&id)))
    }
}

fn entries(listing: Listing, person: &crate::domain::person::Person) -> Vec<Listed> {
    let item = |wanted: Decision| {
        let items = person.items.iter().filter(move |item| item.decision == wanted);
        items.map(|item| Listed { contact: person.contact, item: Some(item.clone()), claim: None })
    };
    match listing {
        Listing::Waiting => item(Decision::Wait).collect(),
        Listing::Held => item(Decision::Hold).collect(),
        Listing::InDoubt => person
            .claims
            .iter()
            .filter(|claim| matches!(claim.state, State::InDoubt { .. } | State::NeedsReview { .. }))
            .map(|claim| Listed {
                contact: person.contact,
                item: person.items.iter().find(|item| item.id == claim.row).cloned(),
                claim: Some(claim.clone()),
            })
            .collect(),
    }
}

fn rows(seq: u64, record: &Record) -> Vec<Found> {
    let (at, rows): (Timestamp, Vec<&Row>) = match record {
        Record::Taken(taken) => {
            (taken.at, taken.events.iter().flat_map(|event| &event.rows).collect())
        }
        Record::Turn(turn) => (turn.at, turn.rows.iter().collect()),
        _ => return Vec::new(),
    };
    rows.into_iter()
        .zip(0..)
        .map(|(row, place)| Found { seq, place, at, row: row.clone() })
        .collect()
}

fn time(record: &Record) -> Option<Timestamp> {
    match record {
        Record::Taken(taken) => Some(taken.at),
        Record::Turn(turn) => Some(turn.at),
        _ => None,
    }
}

/// The records before this one in the chains of these people.
fn previous(record: &Record, people: &People) -> Vec<u64> {
    match record {
        Record::Taken(taken) => taken
            .events
            .iter()
            .filter(|event| event.contact.is_some_and(|id| people.contains(&id)))
            .map(|event| event.previous)
            .collect(),
        Record::Turn(turn) if people.contains(&turn.contact) => vec![turn.previous],
        _ => Vec::new(),
    }
}
