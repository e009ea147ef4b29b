//! What a start does about the time when the router was away (CONSISTENCY.md 6.14).

use tracing::warn;

use super::SystemClock;
use super::alerts::Alerts;
use super::office::RESTORED;
use super::reconcile::BEFORE_MS;
use super::serve::RunError;
use crate::domain::record::Paused;
use crate::domain::time::Timestamp;
use crate::port::{Clock as _, Ledger as _, Records as _};
use crate::store::{OpenStore, StoreError};

/// What was missed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Missed {
    /// Whatever changed since then.
    Since(Timestamp),
    /// What HubSpot does not deliver again, if the last record is as old as that: HubSpot's clock
    /// tells, and nobody has heard it yet.
    After(Timestamp),
}

/// What is to be looked for; `None` where nothing was recorded yet. A store that came from a
/// backup is paused until a person resumes: enrollments made after the backup are not in it.
pub(super) async fn missed(store: &OpenStore, alerts: &Alerts) -> Result<Option<Missed>, RunError> {
    let last = store.ledger.totals().records;
    let last = store.ledger.recorded_at(last).map_err(StoreError::Journal)?;
    let Some(mark) = store.restored() else { return Ok(last.map(Missed::After)) };
    if !store.ledger.is_paused() {
        store.ledger.pause(Paused { at: SystemClock.now(), paused: true }).await?;
    }
    let taken = mark.taken_at;
    let sentence = format!(
        "This store is a backup of {taken}: what was enrolled after it is not known here, so no \
         call leaves. Changes since then are being looked for; look at `waiting`, and at those \
         contacts' workflows in HubSpot, then `hubroute resume`."
    );
    warn!(%taken, "the store came from a backup; calls are paused until a person resumes");
    alerts.raise(RESTORED, mark.restored_at, sentence);
    let since = last.map(|last| last.minus_ms(BEFORE_MS));
    Ok(Some(Missed::Since(since.map_or(taken, |since| since.min(taken)))))
}
