//! What is done now and then: the checkpoint, and forgetting old identities.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use super::SystemClock;
use crate::domain::compaction::Forgot;
use crate::domain::time::DAY_MS;
use crate::port::Clock;
use crate::router::Rules;
use crate::store::OpenStore;

/// How often the checkpoint is written.
const CHECKPOINT_EVERY: Duration = Duration::from_mins(1);
/// How often old identities are forgotten.
const FORGET_EVERY: u32 = 60;

/// Works until `shutdown`, and leaves a fresh checkpoint.
pub(super) async fn run(store: Arc<OpenStore>, rules: Rules, shutdown: impl Future<Output = ()>) {
    let mut shutdown = std::pin::pin!(shutdown);
    let mut rounds = 0_u32;
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            () = sleep(CHECKPOINT_EVERY) => {}
        }
        checkpoint(&store).await;
        if rounds.is_multiple_of(FORGET_EVERY) {
            forget(&store, &rules).await;
        }
        rounds = rounds.wrapping_add(1);
    }
    checkpoint(&store).await;
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
