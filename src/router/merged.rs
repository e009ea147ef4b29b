//! Merges that a read shows (CONSISTENCY.md 6.8): an event of them may be late, or never come.

use super::Router;
use crate::domain::contact::Contact;
use crate::domain::person::Person;
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger, LedgerError};

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
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
