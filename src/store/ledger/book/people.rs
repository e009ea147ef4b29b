//! Records that touch a person under several ids: claims lie with the id they were made under,
//! and everything else with the id that counts now.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Book;
use crate::domain::claim::Claim;
use crate::domain::id::ContactId;
use crate::domain::record::{Aliased, TakenEvent, Turn};
use crate::domain::time::Timestamp;
use crate::store::index::{Index, IndexError};
use crate::store::ledger::merging::Says;
use crate::store::ledger::persons;

impl<I: Index> Book<I> {
    /// The id that counts now for `contact`, who is looked at once and staged.
    pub(in crate::store::ledger) fn home(
        &mut self,
        contact: ContactId,
    ) -> Result<ContactId, IndexError> {
        if self.stage_person(contact)?.merged_into.is_none() {
            return Ok(contact);
        }
        persons::home(contact, |id| self.person(id))
    }

    /// Every id of a person, the one that counts first.
    pub(in crate::store::ledger) fn ids(
        &self,
        contact: ContactId,
    ) -> Result<Vec<ContactId>, IndexError> {
        let (_, versions) = self.union(contact)?;
        Ok(versions.into_iter().map(|(id, _)| id).collect())
    }

    pub(super) fn turn(&mut self, seq: u64, turn: &Turn) -> Result<(), IndexError> {
        for claim in &turn.claims {
            Arc::make_mut(&mut self.inboxes).claim(claim);
        }
        self.know_inboxes(&turn.inboxes);
        let known = self.stage_person(turn.contact)?;
        if known.merged.is_empty() && known.merged_into.is_none() {
            self.change(turn.contact, &turn.rows, |person| person.apply_turn(seq, turn))?;
        } else {
            self.turn_of_merged(seq, turn)?;
        }
        self.see_erased(seq, turn.contact);
        Ok(())
    }

    /// A step of somebody who has several ids.
    fn turn_of_merged(&mut self, seq: u64, turn: &Turn) -> Result<(), IndexError> {
        let ids = self.ids(turn.contact)?;
        let home = ids[0];
        let mut own = turn.clone();
        for id in &ids[1..] {
            let known = self.person(*id)?.map(|person| person.claims).unwrap_or_default();
            let is_theirs = |claim: &Claim| known.iter().any(|it| it.id == claim.id);
            let (theirs, rest) = std::mem::take(&mut own.claims).into_iter().partition(is_theirs);
            own.claims = rest;
            let theirs: Vec<Claim> = theirs;
            if !theirs.is_empty() {
                self.change(*id, &[], |person| person.apply_claims(seq, &theirs))?;
            }
            if turn.barring.is_some() {
                let barring =
                    Turn { barring: turn.barring.clone(), ..Turn::new(turn.step, *id, turn.at) };
                self.change(*id, &[], |person| person.apply_turn(seq, &barring))?;
            }
        }
        // The chain of records goes on under the id that the record names.
        let last = self.stage_person(home)?.last_row;
        self.change(home, &turn.rows, |person| person.apply_turn(seq, &own))?;
        if turn.contact != home {
            self.stage_person(home)?.last_row = last;
            self.stage_person(turn.contact)?.touch(seq, !turn.rows.is_empty());
        }
        Ok(())
    }

    /// What is recorded of `from` and `into` being one person; `None` where that is known. Both
    /// may have been merged before: the ids that count are what is merged, so that a chain of
    /// merges ends at its last id, in whichever order its events come.
    pub(in crate::store::ledger) fn merge(
        &mut self,
        (at, from, into): (Timestamp, ContactId, ContactId),
        says: Says,
    ) -> Result<Option<Aliased>, IndexError> {
        let (old, mut new) = (self.home(from)?, self.home(into)?);
        if old == new {
            // One person already. What a read answers is the id that counts now.
            if says == Says::Event || into == new {
                return Ok(None);
            }
            new = into;
        }
        let mut ids = self.ids(old)?;
        ids.extend(self.ids(new)?);
        ids.sort_unstable();
        ids.dedup();
        // An erasure spreads through merges.
        let is_erased = ids.iter().any(|id| self.erased.contains(id));
        let from = self.stage_person(old)?.clone();
        let into = self.stage_person(new)?.clone();
        Ok(Some(Aliased {
            at,
            from: old,
            into: new,
            items: into.items.into_iter().chain(from.items).collect(),
            leavings: into.leavings.into_iter().chain(from.leavings).collect(),
            erased: if is_erased { ids } else { Vec::new() },
        }))
    }

    pub(super) fn aliased(&mut self, seq: u64, aliased: &Aliased) -> Result<(), IndexError> {
        let mut open = Vec::new();
        self.change(aliased.from, &[], |old| open = old.merge_into(seq, aliased.into))?;
        self.change(aliased.into, &[], |new| new.take_over(seq, aliased, open))?;
        self.erase(seq, aliased.at, &aliased.erased)
    }

    /// What an event did to a person. Under an id that was merged, what waits goes over.
    pub(super) fn event_of(
        &mut self,
        seq: u64,
        at: Timestamp,
        (contact, event): (ContactId, &TakenEvent),
    ) -> Result<(), IndexError> {
        let home = self.home(contact)?;
        if home == contact {
            self.change(contact, &event.rows, |person| person.apply_event(seq, event))?;
        } else {
            let mut own = event.clone();
            let items = own.items.take();
            self.change(contact, &event.rows, |person| person.apply_event(seq, &own))?;
            let mut turn = Turn::new(crate::domain::record::Step::Decided, home, at);
            turn.items = items.unwrap_or_default();
            self.change(home, &[], |person| person.apply_turn(seq, &turn))?;
        }
        self.erase(seq, at, &event.erased)?;
        self.see_erased(seq, contact);
        Ok(())
    }

    /// Forgets everything but ids of these, and hides them from now on.
    pub(super) fn erase(
        &mut self,
        seq: u64,
        at: Timestamp,
        ids: &[ContactId],
    ) -> Result<(), IndexError> {
        for id in ids {
            let known = self.stage_person(*id)?.known.len() as u64;
            self.meta.known = self.meta.known.wrapping_sub(known);
            self.change(*id, &[], |person| person.erase(seq, at))?;
        }
        if !ids.is_empty() {
            let all: BTreeSet<ContactId> = self.erased.iter().chain(ids).copied().collect();
            self.erased = Arc::new(all);
            (self.meta.erased, self.meta.erased_delivery) = (seq, self.meta.taken);
        }
        Ok(())
    }

    /// Called once everything is applied, before anybody is served, where the index was made anew:
    /// of whom the journal was swept it holds nothing.
    pub(in crate::store::ledger) fn begins_clean(&mut self) -> Result<(), IndexError> {
        if self.meta.clean == self.meta.swept {
            return Ok(());
        }
        self.meta.clean = self.meta.swept;
        self.write()
    }

    /// A record about somebody who was erased may say something of them again.
    fn see_erased(&mut self, seq: u64, contact: ContactId) {
        if self.erased.contains(&contact) {
            (self.meta.erased, self.meta.erased_delivery) = (seq, self.meta.taken);
        }
    }
}
