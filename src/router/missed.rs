//! Looking for what changed while nobody told us, at the pace of everything else.

use std::time::Duration;

use tokio::time::sleep;

use super::Router;
use super::pace::Urgency;
use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::outcome::ReadFailure;
use crate::port::{Clock, HubSpot, Ledger, Page, Search, Wanted, Window};

/// Between two searches: the account has five a second, shared with everybody (HUBSPOT.md 7.1).
pub(super) const BETWEEN: Duration = Duration::from_millis(400);
/// A read that failed for a while is made so often.
const TRIES: u32 = 8;
/// How long it rests after the first failure; twice as long after each further one.
const REST: Duration = Duration::from_secs(1);

/// Asks again, later each time, what HubSpot cannot answer now.
#[derive(Debug, Default)]
pub(super) struct Patience {
    tried: u32,
}

impl Patience {
    /// Rests after a failure that may pass; gives back any other.
    pub(super) async fn after(&mut self, failure: ReadFailure) -> Result<(), ReadFailure> {
        match failure {
            ReadFailure::Later { delay_ms, .. } if self.tried < TRIES => {
                let usual = REST * 2_u32.pow(self.tried);
                self.tried += 1;
                sleep(delay_ms.map_or(usual, Duration::from_millis)).await;
                Ok(())
            }
            failure => Err(failure),
        }
    }
}

impl<L: Ledger, H: HubSpot + Search, C: Clock> Router<L, H, C> {
    /// A page of the contacts that were changed within `window`.
    pub async fn changed(&self, window: Window, after: Option<&str>) -> Result<Page, ReadFailure> {
        let mut patience = Patience::default();
        loop {
            sleep(BETWEEN).await;
            self.ask(Urgency::Read, 1).await;
            match self.hubspot.changed(window, after).await {
                Err(failure) => patience.after(failure).await?,
                found => return found,
            }
        }
    }

    /// Contacts with their past; one that is not there is left out.
    pub async fn contacts(
        &self,
        ids: &[ContactId],
        wanted: &Wanted,
    ) -> Result<Vec<Contact>, ReadFailure> {
        let mut patience = Patience::default();
        loop {
            self.ask(Urgency::Read, 1).await;
            match self.hubspot.contacts(ids, wanted).await {
                Err(failure) => patience.after(failure).await?,
                found => return found,
            }
        }
    }
}
