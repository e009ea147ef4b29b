//! What of the day's calls is used is kept over a restart: our share of them is for the day, however
//! often the process starts (`daily_share`).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::office::Office;
use crate::domain::calls::CallsOfDay;

/// How often it is written down, where it has changed. A kill forgets the calls since then.
const KEEP_EVERY: Duration = Duration::from_secs(2);

/// The router at work until `shutdown`, on what was counted before it, and what it counts.
pub(super) async fn work(office: Arc<Office>, shutdown: impl Future<Output = ()>) {
    remember(&office);
    let keeping = async {
        let mut kept = None;
        loop {
            sleep(KEEP_EVERY).await;
            kept = Some(keep(&office, kept).await);
        }
    };
    tokio::select! {
        () = Arc::clone(&office.router).run(shutdown) => {}
        () = keeping => {}
    }
    keep(&office, None).await;
}

/// Counts what an earlier start counted.
pub(super) fn remember(office: &Office) {
    if let Some(earlier) = office.store.calls_of_day() {
        office.router.remember_calls(earlier);
    }
}

/// Writes down what was counted, unless it was `kept` already; what that is.
pub(super) async fn keep(office: &Office, kept: Option<CallsOfDay>) -> CallsOfDay {
    let calls = office.router.calls_of_day();
    if kept == Some(calls) {
        return calls;
    }
    let store = Arc::clone(&office.store);
    let written = tokio::task::spawn_blocking(move || store.keep_calls(&calls)).await;
    match written {
        Ok(Ok(())) => {}
        // A full disk says so elsewhere, and louder.
        Ok(Err(error)) => debug!(%error, "the day's calls were not written down"),
        Err(error) => debug!(%error, "the day's calls were not written down"),
    }
    calls
}
