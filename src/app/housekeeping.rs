//! What is done now and then: the checkpoint, forgetting old identities, and taking away what is
//! kept long enough.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::SystemClock;
use super::office::Office;
use crate::domain::compaction::Forgot;
use crate::domain::time::DAY_MS;
use crate::port::Clock;
use crate::router::Rules;
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

/// Works until `stopped`, and leaves a fresh checkpoint. `deliveries_for` is of the
/// configuration, everything else of the rules.
pub(super) async fn run(
    store: Arc<OpenStore>,
    (rules, deliveries_for): (Rules, Duration),
    mut stopped: watch::Receiver<bool>,
) {
    let retention = Arc::new(Mutex::new(store.retention()));
    let deliveries_ms = u64::try_from(deliveries_for.as_millis()).unwrap_or(u64::MAX);
    let mut rounds = 0_u32;
    loop {
        tokio::select! {
            // An error means that nobody can stop it any more, which is a stop too.
            _ = stopped.wait_for(|stopped| *stopped) => break,
            () = sleep(CHECKPOINT_EVERY) => {}
        }
        checkpoint(&store).await;
        if rounds.is_multiple_of(FORGET_EVERY) {
            forget(&store, &rules).await;
        }
        let keep = Keep { deliveries_ms, history_ms: rules.load().keep_history.approximate_ms() };
        retain(Arc::clone(&retention), keep, stopped.clone()).await;
        rounds = rounds.wrapping_add(1);
    }
    checkpoint(&store).await;
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
async fn forget(store: &OpenStore, rules: &Rules) {
    let kept_ms = rules.load().stale_after_ms.saturating_add(2 * DAY_MS);
    let at = SystemClock.now();
    let Ok(day) = u32::try_from(at.minus_ms(kept_ms).unix_ms() / DAY_MS) else { return };
    if let Err(error) = store.ledger.forget(Forgot { at, day }).await {
        warn!(%error, "old identities were not forgotten");
    }
}

/// A round of retention, on a thread that may block.
async fn retain(
    retention: Arc<Mutex<Retention<Folder, SledIndex>>>,
    keep: Keep,
    stopped: watch::Receiver<bool>,
) {
    let round = move || {
        let mut retention = retention.lock().unwrap_or_else(PoisonError::into_inner);
        retention.round(SystemClock.now(), keep, &|| !*stopped.borrow())
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
