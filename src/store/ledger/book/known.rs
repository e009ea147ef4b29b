//! Which events were taken before (CONSISTENCY.md section 4).

use super::Book;
use crate::domain::event::{Event, Identity, Kind};
use crate::domain::id::ContactId;
use crate::store::index::{Index, IndexError};
use crate::store::ledger::keys;

impl<I: Index> Book<I> {
    /// Whether an event was taken before: the person knows, or, where they know too many and
    /// for objects that are no contacts, a row of its own does.
    pub(in crate::store::ledger) fn was_taken(
        &mut self,
        event: &Event,
    ) -> Result<bool, IndexError> {
        let (day, identity) = (keys::day(event.occurred_at), event.identity());
        let person = self.stage_person(event.contact)?;
        let (merged, mut spilled) = (person.merged_into.is_some(), person.known.has_spilled());
        if person.known.contains(day, identity) {
            return Ok(true);
        }
        if merged {
            // It is remembered where it was judged: under the id that counted then.
            let home = self.home(event.contact)?;
            let known = &self.stage_person(home)?.known;
            if known.contains(day, identity) {
                return Ok(true);
            }
            spilled |= known.has_spilled();
        }
        if !spilled && event.kind != Kind::Other {
            return Ok(false);
        }
        let key = keys::seen(day, identity);
        Ok(self.stage.seen.contains(&key) || self.index.get(&key)?.is_some())
    }

    /// Remembers that an event was taken.
    pub(super) fn remember(
        &mut self,
        contact: Option<ContactId>,
        day: u32,
        identity: Identity,
    ) -> Result<(), IndexError> {
        if let Some(contact) = contact {
            let oldest_day = self.meta.oldest_day;
            let known = &mut self.stage_person(contact)?.known;
            let before = known.len();
            known.forget_before(oldest_day);
            let fits = known.add(day, identity);
            let after = known.len();
            self.meta.known =
                self.meta.known.wrapping_add(after as u64).wrapping_sub(before as u64);
            if fits {
                return Ok(());
            }
        }
        self.stage.seen.insert(keys::seen(day, identity));
        Ok(())
    }
}
