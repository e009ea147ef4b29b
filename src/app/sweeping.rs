//! The sweep of the journal after somebody was erased: soon, and then no more than once an hour,
//! because it reads everything that is kept.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tracing::{info, warn};

use super::SystemClock;
use crate::port::Clock;
use crate::store::OpenStore;

/// How often it is looked whether there is something to sweep.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The least time between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// How often segments that are being sealed are looked at, before a command ends.
const LOOKS_MAX: u32 = 50;

/// Works until `shutdown`.
pub(super) async fn run(store: Arc<OpenStore>, shutdown: impl Future<Output = ()>) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut swept: Option<Instant> = None;
    let mut told = 0;
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            () = sleep(LOOK_EVERY) => {}
        }
        let erased = store.ledger.count_erased();
        if told != erased {
            tell_backups(&store).await;
            told = erased;
        }
        if swept.is_some_and(|at| at.elapsed() < SWEEP_EVERY) {
            continue;
        }
        match sweep(&store).await {
            Ok(Some(true)) | Err(Failed) => swept = Some(Instant::now()),
            Ok(Some(false) | None) => {}
        }
    }
}

/// Sweeps at once, before the store is let go.
pub(super) async fn finish(store: &Arc<OpenStore>) {
    tell_backups(store).await;
    for _ in 0..LOOKS_MAX {
        if sweep(store).await != Ok(Some(false)) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    warn!("what was erased is hidden, and goes from the journal with the next sweep");
}

/// Writes into the backups that can be reached who was erased: a restore must not bring them back.
async fn tell_backups(store: &Arc<OpenStore>) {
    let store = Arc::clone(store);
    let untold = tokio::task::spawn_blocking(move || store.tell_backups()).await;
    for backup in untold.unwrap_or_default() {
        let backup = backup.display();
        warn!(%backup, "a backup could not be told who was erased; a newer one beside it names them");
    }
}

/// It failed, and the log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Failed;

/// Whether a sweep was whole; `None` where there was nothing to do.
async fn sweep(store: &Arc<OpenStore>) -> Result<Option<bool>, Failed> {
    let store = Arc::clone(store);
    let swept = tokio::task::spawn_blocking(move || store.sweep(SystemClock.now())).await;
    match swept {
        Ok(Ok(whole)) => {
            if whole == Some(true) {
                info!("the journal was swept of who was erased");
            }
            Ok(whole)
        }
        Ok(Err(error)) => {
            warn!(%error, "the journal was not swept of who was erased");
            Err(Failed)
        }
        Err(error) => {
            warn!(%error, "the journal was not swept of who was erased");
            Err(Failed)
        }
    }
}
