//! What people ask: decisions, lists, totals. Reads the index and the journal, never the
//! committer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::persons::{load, unite};
use super::{Embedded, inboxes, keys};
use crate::domain::breaker::Tripped;
use crate::domain::id::{ContactId, Inbox};
use crate::domain::person::{Item, Person};
use crate::domain::query::{
    Counts, DecisionQuery, Found, FoundPage, Listed, Listing, Running, Totals,
};
use crate::domain::reason::Decision;
use crate::domain::record::{Record, Row, RulesAccepted, Turn};
use crate::domain::slots::Slot;
use crate::domain::time::Timestamp;
use crate::domain::view::{InboxUse, Memory};
use crate::port::{Ledger as _, LedgerError, Records};
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::index::Index;

/// Records looked at for one page, so that a filter that matches nothing still ends. The page
/// says where the next one goes on.
const LOOKED_AT_MAX: u64 = 200_000;

/// Where a walk began, and the ids it has met.
struct Newest {
    from: u64,
    seen: BTreeSet<String>,
}

/// The ids of one person.
type People = BTreeSet<ContactId>;

impl<D: Disk, I: Index> Records for Embedded<D, I> {
    fn decisions(&self, query: &DecisionQuery) -> Result<FoundPage, LedgerError> {
        self.find(query).map_err(|error| unreadable(&error))
    }

    fn person(&self, contact: ContactId) -> Result<Person, LedgerError> {
        self.united(contact).map(|(person, _)| person).map_err(|error| unreadable(&error.into()))
    }

    fn memory(&self, contact: ContactId) -> Result<Memory, LedgerError> {
        self.look(contact)
    }

    fn turns(&self, contact: ContactId, limit: usize) -> Result<Vec<(u64, Turn)>, LedgerError> {
        self.steps(contact, limit).map_err(|error| unreadable(&error))
    }

    fn list(
        &self,
        listing: Listing,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Listed>, LedgerError> {
        self.page(listing, after, limit).map_err(|error| unreadable(&error))
    }

    fn rule_sets(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, RulesAccepted)>, LedgerError> {
        self.accepted(before, limit).map_err(|error| unreadable(&error))
    }

    fn counts(&self) -> Result<Counts, LedgerError> {
        self.counted().map_err(|error| unreadable(&error))
    }

    fn inboxes(&self) -> Arc<BTreeMap<Inbox, InboxUse>> {
        self.shared.inboxes()
    }

    fn running(&self, since: Timestamp) -> Result<Vec<Running>, LedgerError> {
        let mut found = Vec::new();
        let scan = inboxes::for_each(&*self.shared.index, keys::SLOT, |key, value| {
            if let [inbox, _] = keys::parts(key)[..]
                && let Some((Slot::Settled(at), true, rule)) = keys::slot_of(value)
                && since <= at
                && !inbox.is_empty()
            {
                found.push(Running { inbox: inbox.into(), rule, began: at });
            }
        });
        scan.map_err(|error| unreadable(&error.into())).map(|()| found)
    }

    fn breakers(&self) -> Vec<(Tripped, u64)> {
        self.shared.breakers()
    }

    fn totals(&self) -> Totals {
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
            identities: meta.known + meta.tally.rows(keys::SEEN),
        }
    }
}

fn unreadable(error: &StoreError) -> LedgerError {
    LedgerError::Unwritable(error.to_string())
}

impl<D: Disk, I: Index> Embedded<D, I> {
    /// Follows the sets back, each record naming the one before it.
    fn accepted(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, RulesAccepted)>, StoreError> {
        let set_at = |seq: u64| -> Result<Option<RulesAccepted>, StoreError> {
            Ok(self.record_at(seq)?.and_then(|record| match record {
                Record::RulesAccepted(rules) => Some(rules),
                _ => None,
            }))
        };
        let mut seq = match before {
            Some(before) => set_at(before)?.map_or(0, |rules| rules.previous),
            None => self.shared.meta().rules,
        };
        let mut found = Vec::new();
        while found.len() < limit && seq != 0 {
            let Some(rules) = set_at(seq)? else { break };
            let previous = rules.previous;
            found.push((seq, rules));
            seq = previous;
        }
        Ok(found)
    }

    fn counted(&self) -> Result<Counts, StoreError> {
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

    fn page(
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

    fn find(&self, query: &DecisionQuery) -> Result<FoundPage, StoreError> {
        let limit = query.limit.max(1);
        let mut page = FoundPage::default();
        let mut newest = Newest { from: self.shared.meta().applied, seen: BTreeSet::new() };
        let mut looked_at = 0;
        let erased = self.shared.erased();
        let (people, mut places) = self.start(query)?;
        while let Some(seq) = self.next_place(query, &people, &mut places)? {
            looked_at += 1;
            let Some(record) = self.record_at(seq)? else {
                page.removed_before = self.history_from()?;
                break;
            };
            for row in rows(seq, &record).into_iter().rev() {
                let is_erased = |id: &ContactId| erased.contains(id);
                if row.row.contact.as_ref().is_some_and(is_erased) {
                    page.erased += u64::from(wants(query, &row, &people));
                    continue;
                }
                if !wants(query, &row, &people)
                    || !query.history && !self.is_newest(&row, &mut newest)?
                {
                    continue;
                }
                page.found.push(row);
                if page.found.len() == limit {
                    return Ok(page);
                }
            }
            let over = query.since.is_some_and(|since| time(&record).is_some_and(|at| at < since));
            if over {
                break;
            }
            if LOOKED_AT_MAX <= looked_at {
                page.cut_short = Some((seq, 0));
                break;
            }
        }
        Ok(page)
    }

    fn steps(&self, contact: ContactId, limit: usize) -> Result<Vec<(u64, Turn)>, StoreError> {
        if self.shared.erased().contains(&contact) {
            return Ok(Vec::new());
        }
        let query = DecisionQuery { contact: Some(contact), ..DecisionQuery::default() };
        let (people, mut places) = self.start(&query)?;
        let mut steps = Vec::new();
        while steps.len() < limit
            && let Some(seq) = self.next_place(&query, &people, &mut places)?
        {
            if let Some(Record::Turn(turn)) = self.record_at(seq)? {
                steps.push((seq, *turn));
            }
        }
        Ok(steps)
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
                places.extend(
                    previous(&record, people).into_iter().filter(|at| (1..seq).contains(at)),
                );
            }
            if query.before.is_none_or(|(last, _)| seq <= last) {
                return Ok(Some(seq));
            }
        }
    }

    /// Whether no later row has the same id. Only open rows can be superseded.
    fn is_newest(&self, found: &Found, walk: &mut Newest) -> Result<bool, StoreError> {
        if !walk.seen.insert(found.row.id.as_str().to_owned()) {
            return Ok(false);
        }
        let Some(contact) = found.row.contact.filter(|_| found.row.is_open()) else {
            return Ok(true);
        };
        let (person, _) = unite(contact, |id| load(&*self.shared.index, id))?;
        // A row that was superseded after the walk began is the newest that the walk can show.
        Ok(walk.from < person.last_row
            || person.items.iter().any(|item| item.is_shown_by(&found.row)))
    }
}

fn wants(query: &DecisionQuery, found: &Found, people: &People) -> bool {
    let row = &found.row;
    query.before.is_none_or(|before| (found.seq, found.place) < before)
        && query.rule.as_ref().is_none_or(|rule| row.rule.as_ref() == Some(rule))
        && query.decision.is_none_or(|decision| row.decision == decision)
        && query.reason.is_none_or(|reason| row.reason == reason)
        && query.since.is_none_or(|since| since <= found.at)
        && (people.is_empty() || row.contact.is_some_and(|id| people.contains(&id)))
}

fn entries(listing: Listing, person: &Person) -> Vec<Listed> {
    let item = |wanted: fn(&Item) -> bool| {
        let items = person.items.iter().filter(move |item| wanted(item));
        items.map(|item| Listed { contact: person.contact, item: Some(item.clone()), claim: None })
    };
    match listing {
        Listing::Waiting => item(Item::is_waiting).collect(),
        Listing::Held => item(|item| item.decision == Decision::Hold).collect(),
        Listing::InDoubt => person
            .claims
            .iter()
            .filter(|claim| claim.is_doubted())
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
