//! What is done now and then: the checkpoint, forgetting old identities, and taking away what is
//! kept long enough.
//!
//! How old something is, is told by HubSpot's clock. This machine's may be days ahead until somebody
//! sets it: what it calls old could be of today.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::SystemClock;
use super::office::Office;
use crate::domain::compaction::Forgot;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::port::{Clock as _, Records as _};
use crate::store::OpenStore;
use crate::store::disk::Folder;
use crate::store::index::SledIndex;
use crate::store::retention::{Keep, Retention, Round};

/// How often the checkpoint is written.
const CHECKPOINT_EVERY: Duration = Duration::from_mins(1);
/// How often the disk's free space is looked at.
const SPACE_EVERY: Duration = Duration::from_secs(1);
/// The alert of a disk that is almost full.
pub(super) const DISK_FULL: &str = "disk-full";
/// How often old identities are forgotten.
const FORGET_EVERY: u32 = 60;

/// Works until `stopped`, and leaves a fresh checkpoint.
pub(super) async fn run(office: Arc<Office>, mut stopped: watch::Receiver<bool>) {
    let store = &office.store;
    let retention = Arc::new(Mutex::new(store.retention()));
    let deliveries_for = office.config.deliveries_for.as_millis();
    let deliveries_ms = u64::try_from(deliveries_for).unwrap_or(u64::MAX);
    let mut rounds = 0_u32;
    loop {
        tokio::select! {
            // An error means that nobody can stop it any more, which is a stop too.
            _ = stopped.wait_for(|stopped| *stopped) => break,
            () = sleep(CHECKPOINT_EVERY) => {}
        }
        checkpoint(store).await;
        if rounds.is_multiple_of(FORGET_EVERY) {
            forget(&office).await;
        }
        let history_ms = office.rules.load().keep_history.approximate_ms();
        let keep = Keep { deliveries_ms, history_ms };
        retain(Arc::clone(&retention), (now(&office), keep), stopped.clone()).await;
        rounds = rounds.wrapping_add(1);
    }
    checkpoint(store).await;
}

/// The time by which it is told what is old.
fn now(office: &Office) -> Timestamp {
    office.router.told_now().unwrap_or_else(|| untold(SystemClock.now(), newest(&office.store)))
}

/// While HubSpot has told no time nothing is older than it is to the newest event.
fn untold(here: Timestamp, newest: Timestamp) -> Timestamp {
    here.min(newest)
}

/// When the newest event was received: what HubSpot signs is not taken by a clock that is minutes
/// off.
fn newest(store: &OpenStore) -> Timestamp {
    store.ledger.totals().last_event.unwrap_or_default()
}

/// Looks at the disk's free space each second; what it says is an alert.
pub(super) async fn watch_space(office: Arc<Office>, mut stopped: watch::Receiver<bool>) {
    let mut was: Option<String> = None;
    loop {
        let store = Arc::clone(&office.store);
        let short = tokio::task::spawn_blocking(move || store.look_at_space()).await.ok().flatten();
        match (&was, &short) {
            (None, Some(why)) => {
                warn!(why, "deliveries are refused");
                office.alerts.raise(DISK_FULL, SystemClock.now(), why.clone());
            }
            (Some(_), None) => {
                info!("there is space on the store's disk again; deliveries are taken");
                office.alerts.clear(DISK_FULL);
            }
            _ => {}
        }
        was = short;
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = sleep(SPACE_EVERY) => {}
        }
    }
}

async fn checkpoint(store: &Arc<OpenStore>) {
    let store = Arc::clone(store);
    let written = tokio::task::spawn_blocking(move || store.checkpoint()).await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(%error, "the checkpoint was not written"),
        Err(error) => warn!(%error, "the checkpoint was not written"),
    }
}

/// Identities are remembered a day longer than events are acted on (CONSISTENCY.md section 4).
async fn forget(office: &Office) {
    let kept_ms = office.rules.load().stale_after_ms.saturating_add(2 * DAY_MS);
    let forgot = forgotten(now(office), newest(&office.store), kept_ms);
    if let Err(error) = office.store.ledger.forget(forgot).await {
        warn!(%error, "old identities were not forgotten");
    }
}

/// What is forgotten at `now`: nothing grows old while no event comes.
fn forgotten(now: Timestamp, newest: Timestamp, kept_ms: u64) -> Forgot {
    let oldest = now.min(newest).minus_ms(kept_ms);
    Forgot { at: now, day: u32::try_from(oldest.unix_ms() / DAY_MS).unwrap_or_default() }
}

/// A round of retention, on a thread that may block.
async fn retain(
    retention: Arc<Mutex<Retention<Folder, SledIndex>>>,
    (now, keep): (Timestamp, Keep),
    stopped: watch::Receiver<bool>,
) {
    let round = move || {
        let mut retention = retention.lock().unwrap_or_else(PoisonError::into_inner);
        retention.round(now, keep, &|| !*stopped.borrow())
    };
    match tokio::task::spawn_blocking(round).await {
        Ok(Ok(Round { deliveries: 0, ledger: 0, compacted: false })) => {}
        Ok(Ok(Round { deliveries, ledger, compacted })) => {
            info!(deliveries, ledger, compacted, "old segments were taken away");
        }
        Ok(Err(error)) => warn!(%error, "old segments were not taken away; trying again"),
        Err(error) => warn!(%error, "old segments were not taken away"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Timestamp = Timestamp::from_unix_ms(20_000 * DAY_MS);

    /// On which day, from today on, identities end to be remembered for four days.
    #[track_caller]
    fn check(told: Option<u64>, here: u64, newest: u64, expected: u64) {
        let day = |ahead: u64| TODAY.plus_ms(ahead * DAY_MS);
        let now = told.map_or_else(|| untold(day(here), day(newest)), day);
        let forgot = forgotten(now, day(newest), 4 * DAY_MS);
        assert_eq!(u64::from(forgot.day), 20_000 + expected - 4);
    }

    #[test]
    fn a_clock_that_is_days_ahead_makes_nothing_old() {
        check(Some(0), 0, 0, 0);
        // The wall clock is 40 days ahead, before and after HubSpot told the time.
        check(None, 40, 0, 0);
        check(Some(0), 40, 0, 0);
        // Reconciled with it, before HubSpot told the time.
        check(Some(0), 40, 40, 0);
        // It is behind: what is old stays a while longer.
        check(None, 0, 3, 0);
        check(Some(3), 0, 3, 3);
    }

    #[test]
    fn nothing_grows_old_while_no_event_comes() {
        check(Some(90), 90, 2, 2);
    }
}
