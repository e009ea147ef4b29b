//! What a start does about the time when the router was away (CONSISTENCY.md 6.14).

use tracing::warn;

use super::SystemClock;
use super::alerts::Alerts;
use super::office::RESTORED;
use super::reconcile::{BEFORE_MS, REDELIVERY_MS};
use super::serve::RunError;
use crate::domain::record::Paused;
use crate::domain::time::Timestamp;
use crate::port::{Clock as _, Ledger as _, Records as _};
use crate::store::{OpenStore, StoreError};

/// Since when changes are to be looked for; `None` where HubSpot delivers again what was missed.
/// A store that came from a backup is paused until a person resumes: enrollments made after the
/// backup are not in it.
pub(super) async fn since(
    store: &OpenStore,
    alerts: &Alerts,
) -> Result<Option<Timestamp>, RunError> {
    let last = store.ledger.totals().records;
    let last = store.ledger.recorded_at(last).map_err(StoreError::Journal)?;
    let now = SystemClock.now();
    let since = last.map(|last| last.minus_ms(BEFORE_MS));
    let Some(mark) = store.restored() else {
        let long = last.is_some_and(|last| REDELIVERY_MS < now.since_ms(last));
        return Ok(since.filter(|_| long));
    };
    if !store.ledger.is_paused() {
        store.ledger.pause(Paused { at: now, paused: true }).await?;
    }
    let taken = mark.taken_at;
    let sentence = format!(
        "This store is a backup of {taken}: what was enrolled after it is not known here, so no \
         call leaves. Changes since then are being looked for; look at `waiting`, and at those \
         contacts' workflows in HubSpot, then `hubroute resume`."
    );
    warn!(%taken, "the store came from a backup; calls are paused until a person resumes");
    alerts.raise(RESTORED, mark.restored_at, sentence);
    Ok(Some(since.map_or(taken, |since| since.min(taken))))
}
