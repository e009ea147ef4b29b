//! The work loop: whoever is due gets a worker, one at a time for a person.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

use super::Router;
use super::pace::Urgency;
use super::paused;
use crate::domain::id::ContactId;
use crate::domain::outcome::{Later, ReadFailure};
use crate::domain::person::Item;
use crate::domain::queue;
use crate::domain::record::{Step, Turn};
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger, LedgerError, Saw};

/// How often our access is tried while HubSpot refuses it.
const PROBE_EVERY: Duration = Duration::from_mins(1);

/// Of those who waited while calls were paused, how many are woken in one round.
const RESUMED_AT_ONCE: usize = 16;
/// How long calls under way may take to end at a stop.
const GRACE: Duration = Duration::from_secs(6);
/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_millis(20);

/// Who is worked on.
#[derive(Debug, Default)]
struct Work {
    tasks: JoinSet<()>,
    by_task: HashMap<Id, ContactId>,
    busy: BTreeSet<ContactId>,
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Works until `shutdown`, then lets the calls under way end, for a few seconds.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut work = Work::default();
        let mut probed = Instant::now();
        let mut looked = Instant::now();
        // What is ready at once is taken in this order, so that the same happens wherever the same
        // happened before it.
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = self.probe(&mut probed) => {}
            }
            self.resumed().await;
            self.pass_on(&mut looked).await;
            let nap = self.start_due(&mut work);
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(ended) = work.tasks.join_next_with_id() => self.ended(&mut work, ended).await,
                () = self.ledger.changed() => {}
                () = sleep(nap) => {}
            }
        }
        self.pace.close();
        let end = Instant::now() + GRACE;
        // Whoever waits for the pace has called nobody. A call that is cut off is a claim on
        // disk, which the next start reads back.
        while self.pace.waiting() < work.tasks.len() && Instant::now() < end {
            tokio::select! {
                biased;
                _ = work.tasks.join_next() => {}
                () = sleep(LOOK) => {}
            }
        }
        work.tasks.shutdown().await;
    }

    /// A worker is done with its person, or gave up.
    async fn ended(&self, work: &mut Work, ended: Result<(Id, ()), JoinError>) {
        let (id, error) = match ended {
            Ok((id, ())) => (id, None),
            Err(error) => (error.id(), Some(error)),
        };
        let Some(contact) = work.by_task.remove(&id) else { return };
        if let Some(error) = error {
            error!(%error, "contact {contact}: a worker gave up");
            // Where that fails too the person stays busy: they are looked at after a restart,
            // and nobody else waits for them.
            if self.bury(contact).await.is_err() {
                return;
            }
        }
        work.busy.remove(&contact);
    }

    /// Starts workers for whoever is due; how long to sleep at most.
    fn start_due(self: &Arc<Self>, work: &mut Work) -> Duration {
        if self.halts.of_everything().is_some() {
            return self.nap;
        }
        if let Some(rest) = self.circuits.rest() {
            return rest.min(self.nap);
        }
        // Whoever ends wakes the loop.
        if self.workers <= work.tasks.len() {
            return self.nap;
        }
        let now = self.now();
        let due = match self.ledger.due(now, self.workers + work.busy.len()) {
            Ok(due) => due,
            Err(error) => {
                warn!(%error, "cannot read who is due");
                return self.nap;
            }
        };
        for contact in due.contacts {
            if self.workers <= work.tasks.len() {
                break;
            }
            if let Some(contact) = self.free(contact, &work.busy) {
                work.busy.insert(contact);
                let router = Arc::clone(self);
                let task = work.tasks.spawn(async move { router.work_on(contact).await });
                work.by_task.insert(task.id(), contact);
            }
        }
        // Whoever is due already waits for a worker, and a worker's end wakes the loop.
        let next = due.next.filter(|at| now < *at);
        next.map_or(self.nap, |at| Duration::from_millis(at.since_ms(now)).min(self.nap))
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
        if looked.elapsed() < self.nap || self.halts.of_everything().is_some() || self.keeps_back()
        {
            return;
        }
        *looked = Instant::now();
        let now = self.now();
        for contact in self.ledger.to_wake(&self.rules.load(), now) {
            if let Err(error) =
                self.wake_items(contact, |items| queue::woken(items, now), now).await
            {
                warn!(contact.id = %contact, %error, "contact {contact}: not woken");
                return;
            }
        }
    }

    /// Wakes some of those who waited while no call that enrolls could leave.
    async fn resumed(&self) {
        if self.keeps_back() {
            return;
        }
        let now = self.now();
        for (contact, id) in self.pause.resume(RESUMED_AT_ONCE) {
            let items = |items| paused::woken(items, &id, now);
            if let Err(error) = self.wake_items(contact, items, now).await {
                // Their wait ends by itself.
                warn!(contact.id = %contact, %error, "contact {contact}: not woken");
                return;
            }
        }
    }

    /// Records what `woken` makes of a person's items.
    async fn wake_items(
        &self,
        contact: ContactId,
        woken: impl FnOnce(Vec<Item>) -> Vec<Item>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let memory = self.ledger.look(contact)?;
        let mut turn = Turn::new(Step::Decided, memory.person.contact, now);
        turn.items = woken(memory.person.items);
        if !turn.items.is_empty() {
            // Whoever has moved meanwhile is looked at anyway.
            self.ledger.record(turn, Saw { versions: memory.versions }).await?;
        }
        Ok(())
    }

    /// While our access is refused or HubSpot does not answer, a cheap read now and then shows
    /// whether it works again.
    async fn probe(&self, probed: &mut Instant) {
        let is_refused = self.halts.of_everything().is_some();
        if is_refused && PROBE_EVERY <= probed.elapsed() {
            *probed = Instant::now();
            self.ask(Urgency::Read, 1).await;
            if self.heard(self.hubspot.probe()).await.is_ok() {
                info!("HubSpot accepts our access again");
                self.halts.clear_everything();
            }
        }
        if !is_refused && self.circuits.rest() == Some(Duration::ZERO) {
            self.ask(Urgency::Read, 1).await;
            match self.heard(self.hubspot.probe()).await {
                Err(ReadFailure::Later { why: Later::Unreachable, message, .. }) => {
                    self.circuits.unanswered(Later::Unreachable, &message);
                }
                Err(ReadFailure::Halted { message }) => {
                    self.circuits.answered();
                    self.halts.everything(self.now(), &message);
                }
                Ok(()) | Err(ReadFailure::Later { .. } | ReadFailure::Refused { .. }) => {
                    info!("HubSpot answers again");
                    self.circuits.answered();
                }
            }
        }
    }
}
