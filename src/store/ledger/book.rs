//! The fold: records in, rows out. The same code runs while serving and while rebuilding.
//!
//! Records of one group are applied to a stage first; the stage becomes one batch of the index
//! once the group is on disk, or is thrown away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::inboxes::Inboxes;
use super::keys;
use super::meta::Meta;
use crate::domain::claim::State;
use crate::domain::event::Identity;
use crate::domain::id::{ContactId, Inbox};
use crate::domain::person::Person;
use crate::domain::reason::Decision;
use crate::domain::record::{Aliased, InboxState, Record, Row, Taken, TakenEvent, Turn};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::store::index::{Change, Index, IndexError};

/// Ids a person may have been merged through, one after the other.
const MERGES_MAX: usize = 16;

/// What one group changes.
#[derive(Debug, Default)]
struct Stage {
    /// Persons after, and the rows that followed from them before.
    persons: BTreeMap<ContactId, (Vec<Vec<u8>>, Person)>,
    /// Identities seen for the first time.
    seen: BTreeSet<Vec<u8>>,
    /// Decision counts, as differences.
    counts: BTreeMap<Vec<u8>, i64>,
    inboxes: BTreeMap<Inbox, InboxState>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Book<I> {
    index: Arc<I>,
    pub(super) meta: Meta,
    /// Shared with readers; changed on a copy when they hold it.
    pub(super) inboxes: Arc<Inboxes>,
    /// The meta row before the stage.
    settled: Meta,
    stage: Stage,
}

impl<I: Index> Book<I> {
    pub(super) fn open(index: Arc<I>) -> Result<Self, IndexError> {
        let meta = Meta::load(&*index)?;
        let inboxes = Arc::new(Inboxes::load(&*index)?);
        Ok(Self { index, settled: meta.clone(), meta, inboxes, stage: Stage::default() })
    }

    /// One record of a person by id, with what is staged.
    pub(super) fn person(&self, contact: ContactId) -> Result<Option<Person>, IndexError> {
        if let Some((_, person)) = self.stage.persons.get(&contact) {
            return Ok(Some(person.clone()));
        }
        load(&*self.index, contact)
    }

    /// A person under the id that counts now, united with everybody merged into them, and the
    /// versions of all records that make the union.
    pub(super) fn union(
        &self,
        contact: ContactId,
    ) -> Result<(Person, Vec<(ContactId, u64)>), IndexError> {
        unite(contact, |id| self.person(id))
    }

    /// Whether an event was taken before.
    pub(super) fn was_seen(&self, day: u32, identity: Identity) -> Result<bool, IndexError> {
        let key = keys::seen(day, identity);
        Ok(self.stage.seen.contains(&key) || self.index.get(&key)?.is_some())
    }

    /// Stages one record. A record that was applied before changes nothing.
    pub(super) fn apply(&mut self, seq: u64, record: &Record) -> Result<(), IndexError> {
        if seq <= self.meta.applied {
            return Ok(());
        }
        self.meta.applied = seq;
        match record {
            Record::Taken(taken) => self.taken(seq, taken),
            Record::Turn(turn) => self.turn(seq, turn),
            Record::Aliased(aliased) => self.aliased(seq, aliased),
            Record::RulesAccepted(rules) => {
                self.meta.rules = seq;
                self.meta.portal = Some(rules.portal);
                Ok(())
            }
            Record::Paused(paused) => {
                self.meta.paused = paused.paused;
                Ok(())
            }
            Record::InboxesCleared(cleared) => {
                self.know_inboxes(&cleared.inboxes);
                Ok(())
            }
        }
    }

    fn taken(&mut self, seq: u64, taken: &Taken) -> Result<(), IndexError> {
        self.begin_delivery(seq, taken.delivery, taken.at);
        taken.events.iter().try_for_each(|event| self.take_event(seq, event))
    }

    /// Begins a delivery, whose events are staged one by one: each is judged on what the ones
    /// before it changed.
    pub(super) fn begin_delivery(&mut self, seq: u64, delivery: u64, at: Timestamp) {
        self.meta.applied = seq;
        self.meta.taken = delivery;
        self.meta.last_event_ms = Some(at.unix_ms());
    }

    /// Stages one event of the delivery that was begun.
    pub(super) fn take_event(&mut self, seq: u64, event: &TakenEvent) -> Result<(), IndexError> {
        self.meta.events += 1;
        let identity = event.identity.as_deref().and_then(identity_from_hex);
        if let (Some(identity), Some(occurred_at)) = (identity, event.occurred_at) {
            self.stage.seen.insert(keys::seen(keys::day(occurred_at), identity));
        }
        match event.contact {
            None => {
                self.count(None, &event.rows);
                Ok(())
            }
            Some(contact) => {
                self.change(contact, &event.rows, |person| person.apply_event(seq, event))
            }
        }
    }

    fn turn(&mut self, seq: u64, turn: &Turn) -> Result<(), IndexError> {
        for claim in &turn.claims {
            Arc::make_mut(&mut self.inboxes).claim(claim);
        }
        self.know_inboxes(&turn.inboxes);
        self.change(turn.contact, &turn.rows, |person| person.apply_turn(seq, turn))
    }

    fn know_inboxes(&mut self, inboxes: &[(Inbox, InboxState)]) {
        for (inbox, state) in inboxes {
            Arc::make_mut(&mut self.inboxes).state(inbox, state);
            self.stage.inboxes.insert(inbox.clone(), state.clone());
        }
    }

    fn aliased(&mut self, seq: u64, aliased: &Aliased) -> Result<(), IndexError> {
        self.change(aliased.from, &[], |person| person.merge_into(seq, aliased.into))?;
        self.change(aliased.into, &[], |person| person.take_over(seq, aliased))
    }

    /// Changes one person, with everything that is counted about them.
    fn change(
        &mut self,
        contact: ContactId,
        rows: &[Row],
        change: impl FnOnce(&mut Person),
    ) -> Result<(), IndexError> {
        let (followed, mut person) = match self.stage.persons.remove(&contact) {
            Some(staged) => staged,
            None => match load(&*self.index, contact)? {
                Some(person) => {
                    (keys::derived(&person).into_iter().map(|(key, _)| key).collect(), person)
                }
                None => (Vec::new(), Person::new(contact)),
            },
        };
        self.count(Some(&person), rows);
        let before = open_counts(&person);
        change(&mut person);
        let after = open_counts(&person);
        let moved =
            |total: u64, index: usize| total.wrapping_add(after[index]).wrapping_sub(before[index]);
        self.meta.waiting = moved(self.meta.waiting, 0);
        self.meta.held = moved(self.meta.held, 1);
        self.meta.in_doubt = moved(self.meta.in_doubt, 2);
        self.stage.persons.insert(contact, (followed, person));
        Ok(())
    }

    /// Counts rows, and takes back the open row that each supersedes.
    fn count(&mut self, person: Option<&Person>, rows: &[Row]) {
        let mut newest: BTreeMap<&str, (Option<&_>, Decision, _)> = BTreeMap::new();
        for item in person.iter().flat_map(|person| &person.items) {
            newest.insert(item.id.as_str(), (Some(&item.rule), item.decision, item.reason));
        }
        for row in rows {
            let now = (row.rule.as_ref(), row.decision, row.reason);
            if let Some((rule, decision, reason)) = newest.insert(row.id.as_str(), now) {
                *self.stage.counts.entry(keys::count(rule, decision, reason)).or_default() -= 1;
            }
            let key = keys::count(row.rule.as_ref(), row.decision, row.reason);
            *self.stage.counts.entry(key).or_default() += 1;
        }
    }

    /// Writes the stage to the index, all or nothing. Its records are on disk.
    pub(super) fn write(&mut self) -> Result<(), IndexError> {
        let stage = std::mem::take(&mut self.stage);
        let mut changes: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        for (contact, (followed, person)) in stage.persons {
            changes.extend(followed.into_iter().map(|key| (key, None)));
            changes.extend(keys::derived(&person).into_iter().map(|(key, row)| (key, Some(row))));
            let row = serde_json::to_vec(&person).expect("a person becomes JSON");
            changes.insert(keys::person(contact), Some(row));
        }
        changes.extend(stage.seen.into_iter().map(|key| (key, Some(Vec::new()))));
        for (inbox, state) in stage.inboxes {
            let row = serde_json::to_vec(&state).expect("an inbox's state becomes JSON");
            changes.insert(keys::inbox(&inbox), Some(row));
        }
        for (key, difference) in stage.counts {
            let old = self.index.get(&key)?.and_then(|row| row.try_into().ok());
            let count = old.map_or(0, u64::from_be_bytes).wrapping_add_signed(difference);
            changes.insert(key, Some(count.to_be_bytes().to_vec()));
        }
        self.write_rows(changes)
    }

    /// Forgets up to `limit` identities of days before `day`; how many there were.
    pub(super) fn forget_days(&mut self, day: u32, limit: usize) -> Result<usize, IndexError> {
        let rows = self.index.range(&[keys::SEEN], &[keys::SEEN], limit)?;
        let old = |key: &[u8]| key.get(1..5).is_some_and(|found| found < &day.to_be_bytes()[..]);
        let changes: BTreeMap<_, _> =
            rows.into_iter().filter(|(key, _)| old(key)).map(|(key, _)| (key, None)).collect();
        let count = changes.len();
        self.meta.oldest_day = day;
        let counted_from = Timestamp::from_unix_ms(u64::from(day) * DAY_MS);
        Arc::make_mut(&mut self.inboxes).forget_before(counted_from);
        self.write_rows(changes)?;
        Ok(count)
    }

    fn write_rows(&mut self, rows: BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Result<(), IndexError> {
        let mut changes: Vec<Change> = Vec::with_capacity(rows.len() + 1);
        for (key, value) in rows {
            // Each written key is read first: the tally needs it, and it keeps sled's memory flat.
            let old = self.index.get(&key)?;
            if old != value {
                self.meta.tally.change(&key, old.as_deref(), value.as_deref());
                changes.push((key, value));
            }
        }
        changes.push(self.meta.row());
        self.index.apply(&changes)?;
        self.settled = self.meta.clone();
        Ok(())
    }

    /// Throws the stage away: its records did not reach the disk.
    pub(super) fn discard(&mut self) -> Result<(), IndexError> {
        self.stage = Stage::default();
        self.meta = self.settled.clone();
        self.inboxes = Arc::new(Inboxes::load(&*self.index)?);
        Ok(())
    }
}

/// One record of a person by id, as it lies in the index.
pub(super) fn load(index: &impl Index, contact: ContactId) -> Result<Option<Person>, IndexError> {
    let Some(bytes) = index.get(&keys::person(contact))? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| IndexError::Damaged(format!("a person's row cannot be read: {error}")))
}

/// See [`Book::union`]; also used by readers outside the committer.
pub(super) fn unite(
    contact: ContactId,
    person: impl Fn(ContactId) -> Result<Option<Person>, IndexError>,
) -> Result<(Person, Vec<(ContactId, u64)>), IndexError> {
    let mut whole = person(contact)?.unwrap_or_else(|| Person::new(contact));
    for _ in 0..MERGES_MAX {
        let Some(into) = whole.merged_into else { break };
        whole = person(into)?.unwrap_or_else(|| Person::new(into));
    }
    let mut versions = vec![(whole.contact, whole.version)];
    let mut merged = whole.merged.clone();
    while let Some(id) = merged.pop() {
        if versions.iter().any(|(known, _)| *known == id) {
            continue;
        }
        if let Some(other) = person(id)? {
            versions.push((id, other.version));
            merged.extend(&other.merged);
            whole.unite(other);
        }
    }
    Ok((whole, versions))
}

/// Waiting items, held items, claims in doubt or in need of review.
fn open_counts(person: &Person) -> [u64; 3] {
    let items = |wanted: Decision| {
        person.items.iter().filter(|item| item.decision == wanted).count() as u64
    };
    let doubts = person
        .claims
        .iter()
        .filter(|claim| matches!(claim.state, State::InDoubt { .. } | State::NeedsReview { .. }));
    [items(Decision::Wait), items(Decision::Hold), doubts.count() as u64]
}

/// Reads the 32 hexadecimal digits that an identity is shown as.
fn identity_from_hex(text: &str) -> Option<Identity> {
    let number = u128::from_str_radix(text, 16).ok()?;
    (text.len() == 32).then_some(Identity(number.to_be_bytes()))
}
