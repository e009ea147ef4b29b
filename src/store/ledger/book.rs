//! The fold: records in, rows out. The same code runs while serving and while rebuilding.
//!
//! Records of one group are applied to a stage first; the stage becomes one batch of the index
//! once the group is on disk, or is thrown away.

mod compaction;
mod counted;
mod known;
mod people;
#[cfg(test)]
mod tests;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::counted::{identity_from_hex, open_counts, superseded};
use super::inboxes::{Inboxes, for_each};
use super::meta::Meta;
use super::persons::{self, load, read_person, unite};
use super::{fires, keys, waiters};
use crate::domain::breaker::{Fires, WITHIN_MS_MAX, is_held};
use crate::domain::erasure::ErasedIds;
use crate::domain::id::{ContactId, Inbox};
use crate::domain::person::Person;
use crate::domain::queue::waits;
use crate::domain::record::{InboxState, Record, Row, Taken, TakenEvent};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::store::index::{Change, Index, IndexError};

/// What one group changes.
#[derive(Debug, Default)]
struct Stage {
    persons: BTreeMap<ContactId, Staged>,
    /// Identities seen for the first time.
    seen: BTreeSet<Vec<u8>>,
    /// Decision counts, as differences.
    counts: BTreeMap<Vec<u8>, i64>,
    inboxes: BTreeMap<Inbox, InboxState>,
    /// Rows as they are after it: what fired, open breakers, what a compaction kept.
    rows: fires::Rows,
}

/// A person after, and as they lie in the index.
#[derive(Debug)]
struct Staged {
    person: Person,
    /// Their row.
    row: Option<Vec<u8>>,
    /// The keys of the rows that follow from it.
    followed: Vec<Vec<u8>>,
}

/// A row's value before a change.
enum Before {
    /// It was read already.
    Known(Option<Vec<u8>>),
    /// It must be read: the tally needs it, and reading each written key keeps sled's memory
    /// flat (STORAGE.md section 0).
    Unread,
}

/// Changes of one batch: before and after, by key.
type Changes = BTreeMap<Vec<u8>, (Before, Option<Vec<u8>>)>;

/// See the module.
#[derive(Debug)]
pub(super) struct Book<I> {
    index: Arc<I>,
    pub(super) meta: Meta,
    /// Shared with readers; changed on a copy when they hold it.
    pub(super) inboxes: Arc<Inboxes>,
    /// What fired, and open breakers.
    pub(super) fires: Fires,
    /// Everybody who was erased. Shared with readers.
    pub(super) erased: Arc<ErasedIds>,
    /// The meta row before the stage.
    settled: Meta,
    stage: Stage,
}

impl<I: Index> Book<I> {
    pub(super) fn open(index: Arc<I>) -> Result<Self, IndexError> {
        let meta = Meta::load(&*index)?;
        let inboxes = load_inboxes(&*index, &meta)?;
        let fires = fires::load_all(&*index)?;
        let erased = Arc::new(persons::load_erased(&*index)?);
        let (settled, stage) = (meta.clone(), Stage::default());
        Ok(Self { index, meta, inboxes, fires, erased, settled, stage })
    }

    /// One record of a person by id, with what is staged.
    pub(super) fn person(&self, contact: ContactId) -> Result<Option<Person>, IndexError> {
        if let Some(staged) = self.stage.persons.get(&contact) {
            return Ok(Some(staged.person.clone()));
        }
        load(&*self.index, contact)
    }

    /// The record of a person who is about to change, read once.
    pub(super) fn stage_person(&mut self, contact: ContactId) -> Result<&mut Person, IndexError> {
        match self.stage.persons.entry(contact) {
            Entry::Occupied(staged) => Ok(&mut staged.into_mut().person),
            Entry::Vacant(place) => {
                let row = self.index.get(&keys::person(contact))?;
                let known = row.as_deref().map(read_person).transpose()?;
                let followed = known.iter().flat_map(keys::derived).map(|(key, _)| key).collect();
                let person = known.unwrap_or_else(|| Person::new(contact));
                Ok(&mut place.insert(Staged { person, row, followed }).person)
            }
        }
    }

    /// Everybody who may wait: those in the stage, and those the index lists.
    pub(super) fn waiting(&self) -> Result<BTreeSet<ContactId>, IndexError> {
        let mut waiting: BTreeSet<ContactId> = self.stage.persons.keys().copied().collect();
        for_each(&*self.index, keys::WAITING, |key, _| waiting.extend(keys::contact_of(key)))?;
        Ok(waiting)
    }

    /// A person who was staged, beside what fired so far.
    pub(super) fn staged(&self, contact: ContactId) -> (&Person, &Fires) {
        (&self.stage.persons[&contact].person, &self.fires)
    }

    /// A person under the id that counts now, united with everybody merged into them, and the
    /// versions of all records that make the union.
    pub(super) fn union(
        &self,
        contact: ContactId,
    ) -> Result<(Person, Vec<(ContactId, u64)>), IndexError> {
        unite(contact, |id| self.person(id))
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
                Ok::<_, IndexError>(())
            }
            Record::Paused(paused) => {
                self.meta.paused = paused.paused;
                Ok(())
            }
            Record::InboxesCleared(cleared) => {
                self.know_inboxes(&cleared.inboxes);
                Ok(())
            }
            Record::ReadsProven(proven) => {
                self.meta.proven.clone_from(&proven.reads);
                Ok(())
            }
            Record::Recalled(recalled) => {
                self.meta.recall = recalled.recall;
                Ok(())
            }
            Record::Erased(erased) => self.erase(seq, erased.at, &erased.erased),
            Record::Swept(swept) => {
                self.meta.swept = swept.upto;
                Ok(())
            }
            Record::Forgot(forgot) => {
                self.forgot(forgot.day);
                Ok(())
            }
            Record::CompactionBegun(begun) => {
                self.compaction_begun(seq, begun);
                Ok(())
            }
            Record::Kept(kept) => self.keep(seq, kept),
            Record::CompactionDone(done) => {
                self.compaction_done(done);
                Ok(())
            }
        }?;
        self.close_emptied();
        Ok(())
    }

    /// Breakers whose list is empty are closed (CONSISTENCY.md 6.13).
    fn close_emptied(&mut self) {
        fires::close_emptied(&mut self.fires, &mut self.stage.rows);
    }

    fn taken(&mut self, seq: u64, taken: &Taken) -> Result<(), IndexError> {
        self.begin_delivery(seq, taken.delivery, taken.at);
        taken.events.iter().try_for_each(|event| self.take_event(seq, taken.at, event))
    }

    /// Begins a delivery, whose events are staged one by one: each is judged on what the ones
    /// before it changed.
    pub(super) fn begin_delivery(&mut self, seq: u64, delivery: u64, at: Timestamp) {
        self.meta.applied = seq;
        self.meta.taken = delivery;
        self.meta.last_event_ms = Some(at.unix_ms());
    }

    /// Stages one event of the delivery that was begun.
    pub(super) fn take_event(
        &mut self,
        seq: u64,
        at: Timestamp,
        event: &TakenEvent,
    ) -> Result<(), IndexError> {
        self.meta.events += 1;
        let identity = event.identity.as_deref().and_then(identity_from_hex);
        if let (Some(identity), Some(occurred_at)) = (identity, event.occurred_at) {
            self.remember(event.contact, keys::day(occurred_at), identity)?;
        }
        fires::take(&mut self.fires, event, at, &mut self.stage.rows);
        match event.contact {
            None => self.count(Vec::new(), &event.rows),
            Some(contact) => self.event_of(seq, at, (contact, event))?,
        }
        self.close_emptied();
        Ok(())
    }

    fn know_inboxes(&mut self, inboxes: &[(Inbox, InboxState)]) {
        for (inbox, state) in inboxes {
            Arc::make_mut(&mut self.inboxes).state(inbox, state);
            self.stage.inboxes.insert(inbox.clone(), state.clone());
        }
    }

    /// Changes one person, with everything that is counted about them.
    fn change(
        &mut self,
        contact: ContactId,
        rows: &[Row],
        change: impl FnOnce(&mut Person),
    ) -> Result<(), IndexError> {
        let person = self.stage_person(contact)?;
        let superseded = superseded(person, rows);
        let before = open_counts(person);
        let held = waiters::of(person, is_held);
        let queued = waiters::of(person, waits);
        change(person);
        let after = open_counts(person);
        let now_held = waiters::of(person, is_held);
        let now_queued = waiters::of(person, waits);
        waiters::change(&mut self.inboxes, contact, &queued, &now_queued);
        self.fires.hold(&held, &now_held);
        self.count(superseded, rows);
        let moved =
            |total: u64, index: usize| total.wrapping_add(after[index]).wrapping_sub(before[index]);
        self.meta.waiting = moved(self.meta.waiting, 0);
        self.meta.held = moved(self.meta.held, 1);
        self.meta.in_doubt = moved(self.meta.in_doubt, 2);
        Ok(())
    }

    /// Counts rows, and takes back those that they supersede.
    fn count(&mut self, superseded: Vec<Vec<u8>>, rows: &[Row]) {
        for key in superseded {
            *self.stage.counts.entry(key).or_default() -= 1;
        }
        for row in rows {
            let key = keys::count(row.rule.as_ref(), row.decision, row.reason);
            *self.stage.counts.entry(key).or_default() += 1;
        }
    }

    /// Writes the stage to the index, all or nothing. Its records are on disk.
    pub(super) fn write(&mut self) -> Result<(), IndexError> {
        let stage = std::mem::take(&mut self.stage);
        let mut changes = Changes::new();
        for (contact, Staged { person, row, followed }) in stage.persons {
            // A claim that went over to another person took its rows along.
            for key in followed {
                changes.entry(key).or_insert((Before::Unread, None));
            }
            if person.version == 0 {
                // Forgotten; or looked at and not changed: an event of another portal, or of
                // another object.
                if row.is_some() {
                    changes.insert(keys::person(contact), (Before::Known(row), None));
                }
                continue;
            }
            if person.erased.is_some() && !self.erased.contains(&contact) {
                Arc::make_mut(&mut self.erased).insert(contact);
            }
            let derived = keys::derived(&person).into_iter();
            changes.extend(derived.map(|(key, row)| (key, (Before::Unread, Some(row)))));
            let after = serde_json::to_vec(&person).expect("a person becomes JSON");
            changes.insert(keys::person(contact), (Before::Known(row), Some(after)));
        }
        let seen = stage.seen.into_iter();
        changes.extend(seen.map(|key| (key, (Before::Known(None), Some(Vec::new())))));
        for (inbox, state) in stage.inboxes {
            let row = serde_json::to_vec(&state).expect("an inbox's state becomes JSON");
            changes.insert(keys::inbox(&inbox), (Before::Unread, Some(row)));
        }
        changes.extend(stage.rows.into_iter().map(|(key, row)| (key, (Before::Unread, row))));
        for (key, difference) in stage.counts {
            let row = self.index.get(&key)?;
            let kept = changes.get(&key).and_then(|(_, value)| value.as_ref());
            let old = kept.or(row.as_ref()).and_then(|row| row.as_slice().try_into().ok());
            let count = old.map_or(0, u64::from_be_bytes).wrapping_add_signed(difference);
            changes.insert(key, (Before::Known(row), Some(count.to_be_bytes().to_vec())));
        }
        self.write_rows(changes)
    }

    /// What no breaker looks back at and no budget counts goes at once, identities when they are
    /// swept or their person is touched.
    fn forgot(&mut self, day: u32) {
        self.meta.oldest_day = day;
        // An event taken later is no older than the newest one.
        let newest = Timestamp::from_unix_ms(self.meta.last_event_ms.unwrap_or_default());
        let old = fires::forget_before(&mut self.fires, newest.minus_ms(2 * WITHIN_MS_MAX));
        self.stage.rows.extend(old);
        self.forget_slots();
    }

    /// Slots from before the oldest day go, but for those that may count still.
    fn forget_slots(&mut self) {
        let inboxes = Arc::make_mut(&mut self.inboxes);
        inboxes.forget_before(begin_of(self.meta.oldest_day));
        self.meta.slots_from = inboxes.from();
    }

    /// Removes up to `limit` rows of identities that are forgotten; how many there were. Nothing
    /// may be staged.
    pub(super) fn sweep(&mut self, limit: usize) -> Result<usize, IndexError> {
        let day = self.meta.oldest_day;
        let rows = self.index.range(&[keys::SEEN], &[keys::SEEN], limit)?;
        let old = |key: &[u8]| keys::seen_of(key).is_some_and(|(found, _)| found < day);
        let rows = rows.into_iter().filter(|(key, _)| old(key));
        let changes: Changes =
            rows.map(|(key, row)| (key, (Before::Known(Some(row)), None))).collect();
        let count = changes.len();
        if count != 0 {
            self.write_rows(changes)?;
        }
        Ok(count)
    }

    fn write_rows(&mut self, rows: Changes) -> Result<(), IndexError> {
        let mut changes: Vec<Change> = Vec::with_capacity(rows.len() + 1);
        for (key, (before, value)) in rows {
            let old = match before {
                Before::Known(row) => row,
                Before::Unread => self.index.get(&key)?,
            };
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
        self.inboxes = load_inboxes(&*self.index, &self.meta)?;
        self.fires = fires::load_all(&*self.index)?;
        self.erased = Arc::new(persons::load_erased(&*self.index)?);
        Ok(())
    }
}

/// The slots that may count still, as the index has them.
fn load_inboxes(index: &impl Index, meta: &Meta) -> Result<Arc<Inboxes>, IndexError> {
    let mut inboxes = Inboxes::load(index, meta.slots_from)?;
    // An index that was made anew, or by an older version, was told of the day alone.
    inboxes.forget_before(begin_of(meta.oldest_day));
    Ok(Arc::new(inboxes))
}

/// When a day since 1970 begins.
fn begin_of(day: u32) -> Timestamp {
    Timestamp::from_unix_ms(u64::from(day) * DAY_MS)
}
