//! Seeding: before the first live day everything is booked that HubSpot already shows, so that
//! nobody gets a second conversation (CONSISTENCY.md 6.18).

use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};

use super::{DiskRouter, roll};
use crate::admin::{PressError, SeedStanding};
use crate::domain::found::{Found, Tally};
use crate::domain::recall::Remembering;
use crate::domain::record::Press;
use crate::domain::time::Timestamp;
use crate::port::LedgerError;
use crate::store::OpenStore;

/// See the module. Clones share how far it is.
#[derive(Clone, Debug)]
pub(super) struct Seeder {
    store: Arc<OpenStore>,
    router: Arc<DiskRouter>,
    standing: Arc<Mutex<SeedStanding>>,
}

impl Seeder {
    pub(super) fn new(store: Arc<OpenStore>, router: Arc<DiskRouter>) -> Self {
        Self { store, router, standing: Arc::default() }
    }

    /// How far it is, and when the store was seeded.
    pub(super) fn standing(&self) -> SeedStanding {
        let seeded = self.store.ledger.recall().seeded;
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        SeedStanding { seeded, ..standing.clone() }
    }

    fn set(&self, change: impl FnOnce(&mut SeedStanding)) {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Begins to search HubSpot, in the background.
    pub(super) fn begin(&self, press: Press) -> Result<(), PressError> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.running {
            return Err(PressError::Conflict("seeding is under way already".to_owned()));
        }
        *standing = SeedStanding { running: true, ..SeedStanding::default() };
        drop(standing);
        let this = self.clone();
        tokio::spawn(async move {
            let ended = this.run(press).await;
            let Tally { found, booked, .. } = this.standing().tally;
            match &ended {
                Ok(()) => info!(found, booked, "seeded"),
                Err(why) => warn!(found, booked, why, "seeding ended early"),
            }
            this.set(|it| {
                it.running = false;
                it.failed = ended.err();
            });
        });
        Ok(())
    }

    async fn run(&self, press: Press) -> Result<(), String> {
        let told = |tally, percent| {
            self.set(|it| {
                it.tally = tally;
                it.percent = percent;
            });
        };
        roll::call(&self.router, Timestamp::default(), told).await?;
        self.done(press).await.map_err(|error| error.to_string())
    }

    /// From now on nobody is told that nothing was seeded.
    pub(super) async fn done(&self, press: Press) -> Result<(), LedgerError> {
        let now = self.router.now();
        self.store.ledger.remember(now, Remembering::Seeded, Some(press)).await
    }

    /// Books what a person wrote down.
    pub(super) async fn book(&self, all: Vec<Found>) -> Result<Tally, LedgerError> {
        let mut tally = Tally::default();
        for found in all {
            tally.count(&self.router.book(found).await?);
        }
        Ok(tally)
    }
}
