//! What people press about held items, and about a contact.

use super::Router;
use super::call::report;
use crate::domain::id::{ContactId, RowId};
use crate::domain::press::{self, Verdict};
use crate::domain::record::Press;
use crate::domain::take_out::{self, Asked};
use crate::port::{Clock, HubSpot, Ledger, LedgerError, Recorded, Saw};

/// How often a press is tried again because the person moved meanwhile.
const PRESSES_MAX: usize = 32;

/// What became of a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// It is on disk.
    Done,
    /// Nothing of the person is held under this id, or only a doubt to be resolved.
    NotHeld,
    /// The person was erased: nothing is kept about them, and nothing follows.
    Erased,
    /// The person moved again and again.
    Busy,
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// "Take out", "never contact again" or "allow again" of a person, under any of their ids.
    pub async fn decide_about(
        &self,
        contact: ContactId,
        asked: &Asked,
        press: Press,
    ) -> Result<Pressed, LedgerError> {
        for _ in 0..PRESSES_MAX {
            let memory = self.ledger.look(contact)?;
            if memory.person.erased.is_some() {
                return Ok(Pressed::Erased);
            }
            let (rules, now) = (self.rules.load_full(), self.clock.now());
            let turn = take_out::turn(&rules, &memory.person, asked, press.clone(), now);
            report(&turn);
            let saw = Saw { versions: memory.versions };
            if self.ledger.record(turn, saw).await? == Recorded::Done {
                return Ok(Pressed::Done);
            }
        }
        Ok(Pressed::Busy)
    }

    /// Releases or discards the held item `id` of a person.
    pub async fn decide_held(
        &self,
        contact: ContactId,
        id: &RowId,
        verdict: Verdict,
        press: Press,
    ) -> Result<Pressed, LedgerError> {
        for _ in 0..PRESSES_MAX {
            let memory = self.ledger.look(contact)?;
            let mut items = memory.person.items.into_iter();
            let Some(item) = items.find(|item| item.id == *id) else {
                return Ok(Pressed::NotHeld);
            };
            let Some(holder) = press::holder(&item) else { return Ok(Pressed::NotHeld) };
            let (rules, now) = (self.rules.load_full(), self.clock.now());
            let person = memory.person.contact;
            let turn = press::turn(&rules, (person, item), (holder, verdict), press.clone(), now);
            report(&turn);
            let saw = Saw { versions: memory.versions };
            if self.ledger.record(turn, saw).await? == Recorded::Done {
                return Ok(Pressed::Done);
            }
        }
        Ok(Pressed::Busy)
    }
}
