//! Merges that a read shows (CONSISTENCY.md 6.8): an event of them may be late, or never come.

use super::Router;
use crate::domain::contact::Contact;
use crate::domain::person::Person;
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger, LedgerError};

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Takes in what a read for another purpose shows of merges; whether it showed one that was
    /// not known.
    pub async fn see_merges(&self, read: &Contact) -> Result<bool, LedgerError> {
        let before = self.ledger.ids(read.id)?;
        let person = self.ledger.look(read.id)?.person;
        self.is_known_as(&person, read, self.clock.now()).await?;
        Ok(self.ledger.ids(read.id)? != before)
    }

    /// Whether HubSpot answered under another id than the person is known by: they are given
    /// back, and decided again under that id. Ids that HubSpot says were merged into this contact
    /// share its history from now on.
    pub(super) async fn is_known_as(
        &self,
        person: &Person,
        read: &Contact,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        for id in &read.merged {
            if !person.merged.contains(id) && *id != person.contact {
                let known = self.ledger.look(*id)?.person;
                if known.contact != read.id && known.version != 0 {
                    self.ledger.alias(now, *id, read.id).await?;
                }
            }
        }
        if read.id == person.contact {
            return Ok(false);
        }
        self.ledger.alias(now, person.contact, read.id).await?;
        Ok(true)
    }
}
