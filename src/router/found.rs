//! Finding who was enrolled and who is gone, and booking what the store does not know, at the
//! pace of everything else (CONSISTENCY.md 6.14 and 6.18).

use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::Router;
use super::missed::{BETWEEN, Patience};
use crate::domain::found::{Fate, Found, Where, judge, sender};
use crate::domain::gates::past;
use crate::domain::id::{ContactId, SequenceId};
use crate::domain::outcome::ReadFailure;
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::port::{
    Clock, Enrolled, HubSpot, Ledger, LedgerError, Lookback, Recorded, Saw, SeenPage, Window,
};

/// How often one is booked again because the person moved meanwhile.
const BOOKINGS_MAX: usize = 100;
/// How long a person is left alone who moved.
const MOVED_PAUSE: Duration = Duration::from_millis(20);

impl<L: Ledger, H: HubSpot + Lookback, C: Clock> Router<L, H, C> {
    /// A page of the contacts whose latest sequence began within `window`.
    pub async fn sequenced(
        &self,
        window: Window,
        after: Option<&str>,
    ) -> Result<SeenPage, ReadFailure> {
        let mut patience = Patience::default();
        loop {
            sleep(BETWEEN).await;
            self.ask_to_look().await;
            match self.hubspot.sequenced(window, after).await {
                Err(failure) => self.rest_after(failure, &mut patience).await?,
                found => return found,
            }
        }
    }

    /// Those of these contacts who were deleted and can be restored, and when.
    pub async fn deleted(
        &self,
        ids: &[ContactId],
    ) -> Result<Vec<(ContactId, Timestamp)>, ReadFailure> {
        let mut patience = Patience::default();
        loop {
            self.ask_to_look().await;
            match self.hubspot.deleted(ids).await {
                Err(failure) => self.rest_after(failure, &mut patience).await?,
                found => return found,
            }
        }
    }

    /// Books an enrollment that was found, where the store does not know it. One of the last 24
    /// hours is read, to know whose inbox it takes a place of.
    pub async fn book(&self, mut found: Found) -> Result<Fate, LedgerError> {
        let rules = self.rules.load_full();
        for tried in 0..BOOKINGS_MAX {
            let memory = self.ledger.look(found.contact)?;
            let now = self.now();
            if tried == 0 && found.counts_for_budget(now) && !found.is_known(&memory.person) {
                self.learn_sender(&rules, &mut found).await;
            }
            let fate = judge(&rules, &memory.person, &found, now);
            let Fate::Book(turn) = &fate else { return Ok(fate) };
            let saw = Saw { versions: memory.versions };
            if self.ledger.record((**turn).clone(), saw).await? == Recorded::Done {
                return Ok(fate);
            }
            sleep(MOVED_PAUSE).await;
        }
        Err(LedgerError::Unwritable("a contact changed each time it was to be booked".to_owned()))
    }

    /// In whose name it was, where HubSpot still shows that: it shows what runs.
    async fn learn_sender(&self, rules: &RuleSet, found: &mut Found) {
        let Where::Sequence(sequence) = found.into else { return };
        let mut patience = Patience::default();
        let shown = loop {
            self.ask_to_look().await;
            match self.hubspot.enrolled(found.contact).await {
                Ok(shown) => break shown,
                Err(failure) => {
                    if let Err(failure) = self.rest_after(failure, &mut patience).await {
                        debug!(?failure, "nobody can tell whose inbox an enrollment is of");
                        return;
                    }
                }
            }
        };
        if let Some(it) = shown.into_iter().find(|it| is_it(it, sequence, found.enrolled_at)) {
            found.sender = sender(rules, it.user, it.email.as_deref());
            found.enrollment = it.sighting.enrollment;
        }
    }
}

/// Whether what is shown is the enrollment in `sequence` that began at `at`.
fn is_it(shown: &Enrolled, sequence: SequenceId, at: Timestamp) -> bool {
    let began = shown.sighting.enrolled_at;
    shown.sighting.sequence == sequence && began.is_none_or(|began| past::is_about(None, began, at))
}
