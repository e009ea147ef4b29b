//! Looking for what changed while nobody told us, at the pace of everything else.

use std::time::Duration;

use tokio::time::sleep;
use tracing::info;

use super::Router;
use super::pace::Urgency;
use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::outcome::ReadFailure;
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger, Page, Search, Wanted, Window};

/// Between two searches: the account has five a second, shared with everybody (HUBSPOT.md 7.1).
pub(super) const BETWEEN: Duration = Duration::from_millis(400);
/// A read that failed for a while is made so often.
const TRIES: u32 = 8;
/// How long it rests after the first failure; twice as long after each further one.
const REST: Duration = Duration::from_secs(1);
/// How often it is looked whether our share of the day has room again.
const PARKED_LOOK: Duration = Duration::from_mins(1);

/// Asks again, later each time, what HubSpot cannot answer now.
#[derive(Debug, Default)]
pub(super) struct Patience {
    tried: u32,
}

impl Patience {
    /// Rests after a failure that may pass; gives back any other.
    async fn after(&mut self, failure: ReadFailure) -> Result<(), ReadFailure> {
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

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Waits until a call may be made that looks for something, and counts it: our share of the day
    /// must have room for it, which it may have only after the account's midnight.
    pub(super) async fn ask_to_look(&self) {
        let mut told = false;
        while let Some(delay_ms) = self.parked_ms(Urgency::Read) {
            if !std::mem::replace(&mut told, true) {
                info!(delay_ms, "our share of the day's calls is used up; looking goes on then");
            }
            sleep(Duration::from_millis(delay_ms).min(PARKED_LOOK)).await;
        }
        self.ask(Urgency::Read, 1).await;
    }

    /// Rests after a failure that may pass; gives back any other. What HubSpot asks for here it
    /// asks of everybody.
    pub(super) async fn rest_after(
        &self,
        failure: ReadFailure,
        patience: &mut Patience,
    ) -> Result<(), ReadFailure> {
        let failure = match failure {
            ReadFailure::Later { why, delay_ms, message } => {
                let delay_ms = self.slow_down(&self.rules.load(), why, delay_ms);
                ReadFailure::Later { why, delay_ms, message }
            }
            failure => failure,
        };
        patience.after(failure).await
    }

    /// The time now by HubSpot's clock, which is asked where no answer has told it yet.
    pub async fn now_there(&self) -> Timestamp {
        if self.hubspot.told().is_none() {
            self.ask(Urgency::Read, 1).await;
            // An answer that refuses tells it too, and without one ours has to do.
            drop(self.heard(self.hubspot.probe()).await);
        }
        self.now()
    }
}

impl<L: Ledger, H: HubSpot + Search, C: Clock> Router<L, H, C> {
    /// A page of the contacts that were changed within `window`.
    pub async fn changed(&self, window: Window, after: Option<&str>) -> Result<Page, ReadFailure> {
        let mut patience = Patience::default();
        loop {
            sleep(BETWEEN).await;
            self.ask_to_look().await;
            match self.heard(self.hubspot.changed(window, after)).await {
                Err(failure) => self.rest_after(failure, &mut patience).await?,
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
            self.ask_to_look().await;
            match self.heard(self.hubspot.contacts(ids, wanted)).await {
                Err(failure) => self.rest_after(failure, &mut patience).await?,
                found => return found,
            }
        }
    }
}
