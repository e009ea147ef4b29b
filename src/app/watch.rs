//! Loading the rules when their files change, and when SIGHUP asks for it.

use std::sync::Arc;

use tracing::{error, warn};

use super::office::Office;
use crate::admin::{Office as _, ReloadError};
use crate::rules_folder::{POLL, Watch};

/// SIGHUP loads the rules.
pub(super) async fn on_hangup(office: Arc<Office>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        note(office.reload().await);
    }
}

/// Looks at the rules folder every [`POLL`], and loads it once what changed there has settled
/// (`[rules] watch`). What was loaded or refused already is not loaded again.
pub(super) async fn on_change(office: Arc<Office>) {
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(POLL).await;
        let folder = office.rules_folder();
        let look = move || {
            let settled = watch.poll(&folder).is_some();
            (watch, settled)
        };
        let settled;
        (watch, settled) = match tokio::task::spawn_blocking(look).await {
            Ok(looked) => looked,
            Err(error) => {
                error!(%error, "a look at the rules folder gave up");
                (Watch::default(), false)
            }
        };
        if settled && !note(office.load_changed().await) {
            watch.forget();
        }
    }
}

/// Logs why rules were not loaded, where that was not said yet. Whether that is settled: an
/// accepted set that could not be kept is tried again.
fn note<T>(loaded: Result<T, ReloadError>) -> bool {
    match loaded {
        Ok(_) | Err(ReloadError::Refused(_)) => true,
        Err(ReloadError::Ledger(error)) => {
            warn!(%error, "the rules were not loaded");
            false
        }
    }
}
