//! The work loop: whoever is due gets a worker, one at a time for a person.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::Router;
use crate::domain::id::ContactId;
use crate::domain::queue;
use crate::domain::record::{Step, Turn};
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger, LedgerError, Saw};

/// The longest the loop sleeps: wall clocks jump, timers do not.
const NAP: Duration = Duration::from_secs(1);
/// How often our access is tried while HubSpot refuses it.
const PROBE_EVERY: Duration = Duration::from_mins(1);

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Works until `shutdown`, then lets the calls under way end.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut tasks: JoinSet<ContactId> = JoinSet::new();
        let mut busy = BTreeSet::new();
        let mut probed = Instant::now();
        let mut looked = Instant::now();
        loop {
            self.probe(&mut probed).await;
            self.pass_on(&mut looked).await;
            let nap = self.start_due(&mut tasks, &mut busy);
            tokio::select! {
                () = &mut shutdown => break,
                () = self.ledger.changed() => {}
                Some(ended) = tasks.join_next() => forget(&mut busy, ended),
                () = sleep(nap) => {}
            }
        }
        while let Some(ended) = tasks.join_next().await {
            forget(&mut busy, ended);
        }
    }

    /// Starts workers for whoever is due; how long to sleep at most.
    fn start_due(
        self: &Arc<Self>,
        tasks: &mut JoinSet<ContactId>,
        busy: &mut BTreeSet<ContactId>,
    ) -> Duration {
        if self.halts.of_everything().is_some() {
            return NAP;
        }
        let now = self.clock.now();
        let due = match self.ledger.due(now, self.workers + busy.len()) {
            Ok(due) => due,
            Err(error) => {
                warn!(%error, "cannot read who is due");
                return NAP;
            }
        };
        for contact in due.contacts {
            if self.workers <= tasks.len() {
                break;
            }
            if let Some(contact) = self.free(contact, busy) {
                busy.insert(contact);
                let router = Arc::clone(self);
                tasks.spawn(async move {
                    router.work_on(contact).await;
                    contact
                });
            }
        }
        due.next.map_or(NAP, |at| Duration::from_millis(at.since_ms(now)).min(NAP))
    }

    /// Whom to work on for somebody who is due: under the id that counts, unless a worker has the
    /// person already, under whichever of their ids (CONSISTENCY.md 6.15).
    fn free(&self, due: ContactId, busy: &BTreeSet<ContactId>) -> Option<ContactId> {
        if busy.contains(&due) {
            return None;
        }
        match self.ledger.ids(due) {
            Ok(ids) if ids.iter().any(|id| busy.contains(id)) => None,
            Ok(ids) => ids.first().copied(),
            Err(error) => {
                warn!(%error, "cannot read who is due");
                None
            }
        }
    }

    /// Wakes the first in line where a sender has a place earlier than was thought.
    async fn pass_on(&self, looked: &mut Instant) {
        if looked.elapsed() < NAP || self.halts.of_everything().is_some() || self.ledger.is_paused()
        {
            return;
        }
        *looked = Instant::now();
        let now = self.clock.now();
        for contact in self.ledger.to_wake(&self.rules.load(), now) {
            if let Err(error) = self.give_place(contact, now).await {
                warn!(contact.id = %contact, %error, "contact {contact}: not woken");
                return;
            }
        }
    }

    async fn give_place(&self, contact: ContactId, now: Timestamp) -> Result<(), LedgerError> {
        let memory = self.ledger.look(contact)?;
        let mut turn = Turn::new(Step::Decided, memory.person.contact, now);
        turn.items = queue::woken(memory.person.items, now);
        if !turn.items.is_empty() {
            // Whoever has moved meanwhile is looked at anyway.
            self.ledger.record(turn, Saw { versions: memory.versions }).await?;
        }
        Ok(())
    }

    /// While our access is refused, a cheap read each minute shows whether it works again.
    async fn probe(&self, probed: &mut Instant) {
        if self.halts.of_everything().is_none() || probed.elapsed() < PROBE_EVERY {
            return;
        }
        *probed = Instant::now();
        self.pace.take(1).await;
        if self.hubspot.probe().await.is_ok() {
            info!("HubSpot accepts our access again");
            self.halts.clear_everything();
        }
    }
}

fn forget(busy: &mut BTreeSet<ContactId>, ended: Result<ContactId, tokio::task::JoinError>) {
    match ended {
        Ok(contact) => {
            busy.remove(&contact);
        }
        // A worker that panicked leaves its person busy: they are looked at after a restart,
        // and nobody else waits for them.
        Err(error) => tracing::error!(%error, "a worker gave up"),
    }
}
