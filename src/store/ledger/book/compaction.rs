//! The fold of a compaction's records, and what they are made of. In the index that made them
//! they change nothing but what is forgotten; in one that is rebuilt from them they are all
//! there is.

use std::sync::Arc;

use super::counted::{identity_from_hex, open_counts};
use super::{Book, Person, for_each, keys, waiters, waits};
use crate::domain::breaker::Tripped;
use crate::domain::compaction::{CompactionBegun, CompactionDone, Fate, Kept, fate};
use crate::domain::id::{ContactId, RuleId};
use crate::domain::time::Timestamp;
use crate::store::index::{Index, IndexError};
use crate::store::ledger::meta::Compacting;

/// Figures in one record, so that it stays far below the largest frame.
const FIGURES_MAX: usize = 4096;
/// Persons looked at in one step, and the bytes of their rows that end it.
const PERSONS_MAX: usize = 128;
const KEPT_BYTES_MAX: usize = 4 << 20;
/// Identities in one step.
const IDENTITIES_MAX: usize = 2048;

impl<I: Index> Book<I> {
    /// Begins with an empty index where the journal's beginning was taken away: `from` is the
    /// first record of a compaction.
    pub(in crate::store::ledger) fn begin_partial(&mut self, from: u64) {
        self.meta.partial = true;
        self.meta.applied = from - 1;
    }

    pub(super) fn compaction_begun(&mut self, seq: u64, begun: &CompactionBegun) {
        let next = vec![keys::PERSON];
        self.meta.compacting =
            Some(Compacting { from: begun.from, begun: seq, next, looked_at: 0 });
        self.meta.taken = begun.taken;
        self.meta.events = begun.events;
        self.meta.last_event_ms = begun.last_event.map(Timestamp::unix_ms);
        self.meta.portal = begun.portal;
        self.meta.paused = begun.paused;
        self.meta.proven.clone_from(&begun.proven);
        self.meta.oldest_day = self.meta.oldest_day.max(begun.oldest_day);
        self.meta.recall = begun.recall;
        // A sweep is still owed, although the record that asked for it is history.
        self.meta.erased = self.meta.erased.max(begun.erased);
        self.meta.erased_delivery = self.meta.erased_delivery.max(begun.erased_delivery);
        self.meta.swept = self.meta.swept.max(begun.swept);
    }

    pub(super) fn compaction_done(&mut self, done: &CompactionDone) {
        self.meta.compacting = None;
        self.meta.compacted = done.from;
        self.meta.partial = false;
        // Whoever was kept was kept with every enrollment there ever was.
        self.forget_slots();
    }

    pub(super) fn keep(&mut self, seq: u64, kept: &Kept) -> Result<(), IndexError> {
        for person in &kept.persons {
            if person.erased.is_some() && !self.erased.contains(&person.contact) {
                Arc::make_mut(&mut self.erased).insert(person.contact);
            }
            self.replace(Person { version: seq, ..person.clone() })?;
            for claim in &person.claims {
                Arc::make_mut(&mut self.inboxes).claim(claim);
            }
        }
        for contact in &kept.forgotten {
            self.replace(Person::new(*contact))?;
        }
        let identities = kept.identities.iter();
        let identities = identities.filter_map(|(day, hex)| Some((*day, identity_from_hex(hex)?)));
        let seen = identities.map(|(day, identity)| (keys::seen(day, identity), Some(Vec::new())));
        self.stage.rows.extend(seen);
        for (fuse, second, total) in &kept.marks {
            let Some(count) = self.fires.keep(fuse, (*second, *total)) else { continue };
            let row = Some(count.to_be_bytes().to_vec());
            self.stage.rows.insert(keys::mark(fuse, *second), row);
        }
        for (fuse, held) in &kept.held {
            self.fires.keep_held(fuse, *held);
        }
        for Tripped { fuse, open } in &kept.breakers {
            self.fires.trip(Tripped { fuse: fuse.clone(), open: open.clone() });
            let row = serde_json::to_vec(open).expect("numbers become JSON");
            self.stage.rows.insert(keys::open_breaker(fuse), Some(row));
        }
        self.know_inboxes(&kept.inboxes);
        for (rule, decision, reason, count) in &kept.counts {
            let key = keys::count_of(rule.as_ref(), decision, reason);
            // What is staged was counted before it.
            self.stage.counts.remove(&key);
            self.stage.rows.insert(key, Some(count.to_be_bytes().to_vec()));
        }
        Ok(())
    }

    /// Puts a person in the place of what is known. What is held of breakers was kept as figures.
    fn replace(&mut self, after: Person) -> Result<(), IndexError> {
        let person = self.stage_person(after.contact)?;
        let (open, known) = (open_counts(person), person.known.len());
        let (now_open, now_known) = (open_counts(&after), after.known.len());
        let (contact, queued) = (after.contact, waiters::of(person, waits));
        let now_queued = waiters::of(&after, waits);
        *person = after;
        waiters::change(&mut self.inboxes, contact, &queued, &now_queued);
        let moved =
            |total: u64, before: u64, after: u64| total.wrapping_add(after).wrapping_sub(before);
        let meta = &mut self.meta;
        meta.waiting = moved(meta.waiting, open[0], now_open[0]);
        meta.held = moved(meta.held, open[1], now_open[1]);
        meta.in_doubt = moved(meta.in_doubt, open[2], now_open[2]);
        meta.known = moved(meta.known, known as u64, now_known as u64);
        Ok(())
    }

    /// Every figure that belongs to nobody in particular, as records that keep it.
    pub(in crate::store::ledger) fn figures(&self, at: Timestamp) -> Result<Vec<Kept>, IndexError> {
        let blank = || Kept { at, ..Kept::default() };
        let mut figures = vec![Kept {
            breakers: (self.fires.open().iter())
                .map(|(fuse, open)| Tripped { fuse: fuse.clone(), open: open.clone() })
                .collect(),
            held: self.fires.all_held().map(|(fuse, held)| (fuse.clone(), held)).collect(),
            ..blank()
        }];
        let marks: Vec<_> = self
            .fires
            .marks()
            .map(|(fuse, (second, total))| (fuse.clone(), second, total))
            .collect();
        figures.extend(marks.chunks(FIGURES_MAX).map(|it| Kept { marks: it.to_vec(), ..blank() }));
        let mut counts = Vec::new();
        for_each(&*self.index, keys::COUNT, |key, value| {
            if let [rule, decision, reason] = keys::parts(key)[..]
                && let Ok(count) = value.try_into().map(u64::from_be_bytes)
            {
                let rule = (!rule.is_empty()).then(|| RuleId::from(rule));
                counts.push((rule, decision.to_owned(), reason.to_owned(), count));
            }
        })?;
        figures
            .extend(counts.chunks(FIGURES_MAX).map(|it| Kept { counts: it.to_vec(), ..blank() }));
        let inboxes = self.inboxes.marked();
        let inboxes: Vec<_> = inboxes
            .into_iter()
            .map(|inbox| (inbox.clone(), self.inboxes.state_of(&inbox)))
            .collect();
        figures
            .extend(inboxes.chunks(FIGURES_MAX).map(|it| Kept { inboxes: it.to_vec(), ..blank() }));
        Ok(figures)
    }

    /// Those of `contacts` who were not kept since the compaction under way began.
    pub(in crate::store::ledger) fn unkept(
        &self,
        contacts: impl Iterator<Item = ContactId>,
    ) -> Result<Vec<Person>, IndexError> {
        let Some(compacting) = &self.meta.compacting else { return Ok(Vec::new()) };
        let mut unkept: Vec<Person> = Vec::new();
        for contact in contacts {
            let known =
                self.person(contact)?.filter(|it| (1..compacting.begun).contains(&it.version));
            unkept
                .extend(known.filter(|it| unkept.iter().all(|other| other.contact != it.contact)));
        }
        Ok(unkept)
    }

    /// The next piece of the compaction under way, and the row it goes on with; `None` when
    /// everything was kept. The stage must be empty.
    pub(in crate::store::ledger) fn next_kept(
        &self,
        compacting: &Compacting,
        (at, horizon): (Timestamp, u64),
    ) -> Result<Option<(Kept, Compacting)>, IndexError> {
        let oldest_day = self.meta.oldest_day;
        let mut kept = Kept { at, ..Kept::default() };
        let mut after = compacting.clone();
        let prefix = compacting.next.first().copied().unwrap_or_default();
        let limit = if prefix == keys::PERSON { PERSONS_MAX } else { IDENTITIES_MAX };
        let mut rows = self.index.range(&[prefix], &compacting.next, limit)?;
        let mut bytes = 0;
        let fits = rows.iter().take_while(|(_, row)| {
            let fits = bytes < KEPT_BYTES_MAX;
            bytes += row.len();
            fits
        });
        rows.truncate(fits.count());
        match rows.last() {
            Some((key, _)) => after.next = [key, &[0][..]].concat(),
            None if prefix == keys::PERSON => after.next = vec![keys::SEEN],
            None => return Ok(None),
        }
        if prefix == keys::SEEN {
            let seen = rows.iter().filter_map(|(key, _)| keys::seen_of(key));
            let seen = seen.filter(|(day, _)| oldest_day <= *day);
            kept.identities = seen.map(|(day, it)| (day, it.to_string())).collect();
            return Ok(Some((kept, after)));
        }
        after.looked_at += rows.len() as u64;
        for (_, row) in &rows {
            let person = super::read_person(row)?;
            let contact = person.contact;
            match fate(person, compacting.begun, horizon, oldest_day) {
                Fate::Done => {}
                Fate::Keep(person) => kept.persons.push(*person),
                Fate::Forget => kept.forgotten.push(contact),
            }
        }
        Ok(Some((kept, after)))
    }
}
